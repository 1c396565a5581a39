/*
 * flow/table: from tuples to flows: the index, the pool of flows, and how flows come and go.
 * SPDX-License-Identifier: MIT
 */
#include "table.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/bring.h"
#include "base/pages.h"

/* A flow, its links and about two slots: 216 bytes; the session's memory comes on top. */
_Static_assert(sizeof(struct flow) == 192, "struct flow: three cache lines");
_Static_assert(offsetof(struct flow, first) == 128, "struct flow: settled ones take two of them");

/* Who has more flows than this when the table is full makes room of its own. */
#define GROUP_SHARE 256
/* Offline analyses are the same on every run. */
#define HASH_KEY 0x6f6f6265666c6f77ULL
/* Chunks from here on ask for huge pages: few flows need not pay for them. Of a sensor's all do. */
#define HUGE_CHUNKS 1

struct flow_config flow_config_default(void)
{
    return (struct flow_config){
        .max_flows = 4U << 20,
        /* Only a flood has more connections that nobody answers: a thousand devices that reach nothing
         * have some twenty each. Bounds a flood's memory. */
        .max_queued = 128U << 10,
        /* Longer than the keep-alives of HTTP/2 and of push services; what is silent for longer has
         * usually lost its entry in a firewall on the way as well. */
        .tcp_idle_ns = 900 * NS_PER_S,
        /* A SYN is repeated 1, 2, 4, 8, 16 and 32 s later; the last one waits for up to 64 s. */
        .syn_idle_ns = 120 * NS_PER_S,
        /* QUIC ends a connection after 30 s of silence at most servers; NAT entries live for 30-60 s. */
        .udp_idle_ns = 60 * NS_PER_S,
        /* Enough for swapped packets, and for the next try after a refusal (0.5 s later). */
        .linger_ns = 2 * NS_PER_S,
    };
}

/* ---- index ----------------------------------------------------------------------------------- */

static uint64_t hash_end(uint64_t key, const struct ip_addr *a, uint16_t port)
{
    uint64_t low;
    uint64_t high;
    memcpy(&low, a->bytes, sizeof low);
    memcpy(&high, a->bytes + sizeof low, sizeof high);
    /* The upper half of an IPv4 address is zero. */
    uint64_t h = a->family == 4 ? key ^ low : hash_mix(key ^ low, high);
    return hash_mix(h, port);
}

/* The same for both directions. */
static uint32_t hash_tuple(uint64_t key, const struct tuple *tuple)
{
    uint64_t sum =
        hash_end(key, &tuple->src, tuple->src_port) + hash_end(key, &tuple->dst, tuple->dst_port);
    return (uint32_t)hash_mix(sum, tuple->proto);
}

static inline bool same_direction(const struct tuple *a, const struct tuple *b)
{
    return a->src_port == b->src_port && a->dst_port == b->dst_port && addr_eq(&a->src, &b->src) &&
           addr_eq(&a->dst, &b->dst);
}

static inline bool other_direction(const struct tuple *a, const struct tuple *b)
{
    return a->src_port == b->dst_port && a->dst_port == b->src_port && addr_eq(&a->src, &b->dst) &&
           addr_eq(&a->dst, &b->src);
}

static inline bool tuple_match(const struct tuple *key, const struct tuple *tuple, enum dir *dir)
{
    if (key->proto != tuple->proto)
        return false;
    if (same_direction(key, tuple)) {
        *dir = DIR_TO_SERVER;
        return true;
    }
    *dir = DIR_TO_CLIENT;
    return other_direction(key, tuple);
}

/* The first slot from `at` on that has the tag, or is empty. */
static inline const struct slot *index_slot(const struct flow_table *t, uint32_t tag, uint32_t at)
{
    while (t->slots[at & t->mask].tag != tag && t->slots[at & t->mask].node != 0)
        at++;
    return &t->slots[at & t->mask];
}

/* The node of the tuple, 0 when there is none. */
static uint32_t index_find(const struct flow_table *t, uint32_t tag, const struct tuple *tuple,
                           enum dir *dir)
{
    const struct slot *slot = index_slot(t, tag, tag);
    while (slot->node && !tuple_match(&table_flow(t, slot->node)->key, tuple, dir))
        slot = index_slot(t, tag, (uint32_t)(slot - t->slots) + 1);
    return slot->node;
}

struct flow_place flow_expect(const struct flow_table *t, const struct tuple *tuple)
{
    struct flow_place place = {.tag = hash_tuple(t->key, tuple)};
    bring(&t->slots[place.tag & t->mask]);
    return place;
}

void flow_bring(const struct flow_table *t, struct flow_place *place)
{
    place->node = index_slot(t, place->tag, place->tag)->node;
    if (!place->node)
        return;
    place->flow = table_flow(t, place->node);
    bring_bytes(place->flow, sizeof *place->flow);
    if (t->grouped)
        bring(table_member(t, place->node));
}

struct flow_group *flow_group_of(const struct flow_table *t, const struct flow_place *place,
                                 const struct tuple *tuple)
{
    enum dir dir;
    bool here = place->node && tuple_match(&place->flow->key, tuple, &dir);
    return here ? table_member(t, place->node)->group : NULL;
}

static void index_put(struct slot *slots, uint32_t mask, struct slot slot)
{
    uint32_t at = slot.tag & mask;
    while (slots[at].node)
        at = (at + 1) & mask;
    slots[at] = slot;
}

/* Fills the hole with what probing had moved past it, so that no tombstone is needed. */
static void index_remove(struct flow_table *t, uint32_t tag, uint32_t node)
{
    uint32_t hole = tag & t->mask;
    while (t->slots[hole].node != node)
        hole = (hole + 1) & t->mask;
    for (uint32_t at = (hole + 1) & t->mask; t->slots[at].node; at = (at + 1) & t->mask) {
        uint32_t home = t->slots[at].tag & t->mask;
        if (((at - home) & t->mask) >= ((at - hole) & t->mask)) {
            t->slots[hole] = t->slots[at];
            hole = at;
        }
    }
    t->slots[hole] = (struct slot){0, 0};
}

/* Keeps a quarter of the slots free; when memory is out, one in 16. */
static bool index_room(struct flow_table *t)
{
    uint32_t size = t->mask + 1;
    if (t->stats.open < size / 4 * 3)
        return true;
    struct slot *bigger = size <= UINT32_MAX / 4 ? calloc((size_t)size * 2, sizeof *bigger) : NULL;
    if (!bigger)
        return t->stats.open < size - size / 16;
    for (uint32_t i = 0; i < size; i++) {
        if (t->slots[i].node)
            index_put(bigger, size * 2 - 1, t->slots[i]);
    }
    free(t->slots);
    t->slots = bigger;
    t->mask = size * 2 - 1;
    return true;
}

/* ---- pool ------------------------------------------------------------------------------------ */

static void chunk_free(struct chunk *c)
{
    free(c->flows);
    free(c->links);
    free(c->members);
    *c = (struct chunk){NULL, NULL, NULL};
}

static bool chunk_new(struct chunk *c, bool grouped)
{
    c->flows = aligned_alloc(PAGES_LEAST, CHUNK_FLOWS * sizeof *c->flows);
    c->links = malloc(CHUNK_FLOWS * sizeof *c->links);
    c->members = grouped ? malloc(CHUNK_FLOWS * sizeof *c->members) : NULL;
    if (c->flows && c->links && (c->members || !grouped))
        return true;
    chunk_free(c);
    return false;
}

static uint32_t node_take(struct flow_table *t)
{
    uint32_t node = t->free_node;
    if (node) {
        t->free_node = table_link(t, node)->next;
        if (t->free_node) { /* the next new flow's */
            bring_bytes(table_flow(t, t->free_node), sizeof(struct flow));
            bring(table_link(t, t->free_node));
        }
        return node;
    }
    uint32_t i = t->fresh - LISTS;
    if (i % CHUNK_FLOWS == 0) {
        struct chunk *c = &t->chunks[i >> CHUNK_SHIFT];
        if (!chunk_new(c, t->grouped))
            return 0;
        if (t->grouped || i >> CHUNK_SHIFT >= HUGE_CHUNKS)
            pages_advise(c->flows, CHUNK_FLOWS * sizeof *c->flows);
    }
    return t->fresh++;
}

static void node_give(struct flow_table *t, uint32_t node)
{
    struct flow *f = table_flow(t, node);
    free(f->signs);
    f->id = 0; /* marks a free one; and no packet is of it */
    f->key.proto = 0;
    table_link(t, node)->next = t->free_node;
    t->free_node = node;
}

/* Gives the memory of all flows back; none may be left. */
static void pool_free(struct flow_table *t)
{
    for (uint32_t i = 0; t->chunks && i <= t->max_flows >> CHUNK_SHIFT; i++)
        chunk_free(&t->chunks[i]);
    t->fresh = LISTS;
    t->free_node = 0;
}

/* ---- table ----------------------------------------------------------------------------------- */

struct flow_table *flow_table_new(const struct flow_config *config, flow_end_fn *on_end, void *ctx)
{
    struct flow_table *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->max_flows = config->max_flows < 1               ? 1
                   : config->max_flows > MAX_FLOWS_TOP ? MAX_FLOWS_TOP
                                                       : config->max_flows;
    t->max_queued = config->max_queued ? config->max_queued : t->max_flows;
    t->slots = calloc(SLOTS_FIRST, sizeof *t->slots);
    t->mask = SLOTS_FIRST - 1;
    t->chunks = calloc((t->max_flows >> CHUNK_SHIFT) + 1, sizeof *t->chunks);
    t->key = HASH_KEY;
    t->grouped = config->grouped;
    t->fresh = LISTS;
    t->on_end = on_end;
    t->ctx = ctx;
    wheel_init(t, config);
    if (!t->slots || !t->chunks) {
        flow_table_free(t);
        return NULL;
    }
    return t;
}

void flow_table_free(struct flow_table *t)
{
    if (!t)
        return;
    for (uint32_t node = LISTS; t->chunks && node < t->fresh; node++) {
        const struct flow *f = table_flow(t, node);
        if (f->id)
            free(f->signs);
    }
    pool_free(t);
    free(t->chunks);
    free(t->slots);
    free(t);
}

static void let_go(struct flow_table *t, uint32_t node)
{
    wheel_remove(t, node);
    if (t->grouped)
        group_leave(t, node);
    node_give(t, node);
    t->stats.open--;
}

static void give_up(struct flow_table *t, uint32_t node, enum end_reason otherwise, int64_t ts_ns)
{
    struct flow *f = table_flow(t, node);
    struct flow_end how = flow_end_of(f, otherwise, ts_ns);
    t->on_end(t->grouped ? table_member(t, node)->group : t->ctx, f, &how);
    let_go(t, node);
}

static void end_flow(struct flow_table *t, uint32_t node, enum end_reason otherwise, int64_t ts_ns)
{
    index_remove(t, hash_tuple(t->key, &table_flow(t, node)->key), node);
    give_up(t, node, otherwise, ts_ns);
}

static void time_out(struct flow_table *t, uint32_t node)
{
    const struct flow *f = table_flow(t, node);
    /* When silence was long enough, not when it was noticed. Saturates: broken files have any time. */
    int64_t span = (int64_t)t->timeout[f->timer] << TICK_SHIFT;
    int64_t ts_ns = f->last.ts_ns > INT64_MAX - span ? INT64_MAX : f->last.ts_ns + span;
    end_flow(t, node, END_TIMEOUT, ts_ns);
}

static void evict(struct flow_table *t, uint32_t node)
{
    t->stats.evicted++;
    if (t->grouped)
        table_member(t, node)->group->stats.evicted++;
    end_flow(t, node, END_EVICTED, t->raw_ns);
}

static void make_room(struct flow_table *t, const struct flow_group *group)
{
    if (group && group->stats.open >= group->max_flows && group->first)
        evict(t, group->first);
    if (t->stats.open < t->max_flows && (index_room(t) || t->stats.open == 0))
        return;
    bool pays = group && group->stats.open > GROUP_SHARE;
    evict(t, pays ? group->first : wheel_nearest(t));
}

/* Thousands of millions of flows later numbers begin again. */
static uint32_t new_id(struct flow_table *t)
{
    if (++t->next_id == 0)
        t->next_id = 1;
    return t->next_id;
}

static uint32_t create(struct flow_table *t, struct flow_group *group, uint32_t tag,
                       const struct packet *p, enum dir *dir)
{
    make_room(t, group);
    uint32_t node = node_take(t);
    if (!node)
        return 0;
    struct flow *f = table_flow(t, node);
    *f = (struct flow){
        .key = p->tuple,
        .first = p->at,
        .last = p->at,
        .id = new_id(t),
        .vlan = p->vlan,
        .midstream = p->kind == PACKET_TCP,
    };
    *dir = flow_first_dir(p);
    if (*dir == DIR_TO_CLIENT)
        flow_turn(f);
    index_put(t->slots, t->mask, (struct slot){tag, node});
    if (t->grouped)
        group_join(t, group, node);
    t->stats.created++;
    if (++t->stats.open > t->stats.open_max)
        t->stats.open_max = t->stats.open;
    return node;
}

struct flow *flow_take(struct flow_table *t, struct flow_group *group, const struct packet *p,
                       const struct flow_place *place, enum dir *dir)
{
    wheel_clock(t, p->at.ts_ns);
    uint32_t node = place->node;
    /* The expected one may have ended meanwhile, or begun. */
    if (!node || !tuple_match(&place->flow->key, &p->tuple, dir))
        node = index_find(t, place->tag, &p->tuple, dir);
    struct flow *f = node ? table_flow(t, node) : NULL;
    if (f && wheel_timed_out(t, f)) {
        time_out(t, node);
        f = NULL;
    } else if (f && flow_restarts(f, p, *dir)) {
        end_flow(t, node, END_TIMEOUT, p->at.ts_ns);
        f = NULL;
    }
    bool is_new = !f;
    if (is_new) {
        node = create(t, group, place->tag, p, dir);
        if (!node)
            return NULL;
        f = table_flow(t, node);
    }
    if (flow_turns(f, p, *dir)) {
        flow_reverse(t, f);
        *dir = dir_other(*dir);
    }
    flow_update(f, p, *dir);
    if (is_new && t->early.waiting)
        early_claim(&t->early, f);
    wheel_touch(t, node, f, is_new);
    uint32_t surplus = wheel_surplus(t, f);
    if (surplus) /* not this flow: it is the newest of its queue */
        evict(t, surplus);
    return f;
}

struct flow *flow_find(struct flow_table *t, const struct tuple *tuple, enum dir *dir)
{
    uint32_t node = index_find(t, hash_tuple(t->key, tuple), tuple, dir);
    return node ? table_flow(t, node) : NULL;
}

void flow_table_icmp(struct flow_table *t, const struct packet *p)
{
    enum dir dir;
    struct flow *f = p->icmp.has_quote ? flow_find(t, &p->icmp.quote, &dir) : NULL;
    if (f)
        flow_icmp(f, p);
    else if (p->icmp.has_quote)
        early_keep(&t->early, p);
}

void flow_reverse(struct flow_table *t, struct flow *f)
{
    /* The hash is the same for both directions: the index does not change. */
    (void)t;
    flow_turn(f);
}

void flow_table_expire(struct flow_table *t, int64_t now_ns, uint32_t most)
{
    wheel_clock(t, now_ns);
    if (!wheel_turned(t))
        return;
    for (uint32_t node = wheel_due(t); node; node = --most > 0 ? wheel_due(t) : 0)
        time_out(t, node);
}

/* By the flows that began after it: none stays while four thousand million others begin. */
static int by_age(const void *a, const void *b)
{
    const struct slot *x = a;
    const struct slot *y = b;
    return (x->tag < y->tag) - (x->tag > y->tag);
}

/* Nothing is looked up any more, so the index becomes the list of what is to end: no memory on top of all flows. */
static uint32_t index_to_order(struct flow_table *t)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i <= t->mask; i++) {
        uint32_t node = t->slots[i].node;
        if (node)
            t->slots[count++] = (struct slot){t->next_id - table_flow(t, node)->id, node};
    }
    qsort(t->slots, count, sizeof *t->slots, by_age);
    return count;
}

void flow_table_finish(struct flow_table *t, int64_t now_ns)
{
    uint32_t count = index_to_order(t);
    for (uint32_t i = 0; i < count; i++)
        give_up(t, t->slots[i].node, END_CAPTURE, now_ns);
    memset(t->slots, 0, ((size_t)t->mask + 1) * sizeof *t->slots);
    pool_free(t);
}

void flow_group_finish(struct flow_table *t, struct flow_group *group, int64_t now_ns)
{
    while (group->first)
        end_flow(t, group->first, END_CAPTURE, now_ns);
}

void flow_group_drop(struct flow_table *t, struct flow_group *group, flow_fn *fn, void *ctx)
{
    while (group->first) {
        uint32_t node = group->first;
        const struct flow *f = table_flow(t, node);
        fn(ctx, f);
        index_remove(t, hash_tuple(t->key, &f->key), node);
        let_go(t, node);
    }
}

void flow_table_each(const struct flow_table *t, flow_fn *fn, void *ctx)
{
    for (uint32_t node = LISTS; node < t->fresh; node++) {
        const struct flow *f = table_flow(t, node);
        if (f->id)
            fn(ctx, f);
    }
}

struct flow_stats flow_table_stats(const struct flow_table *t)
{
    return t->stats;
}
