/*
 * flow/wheel: the table's clock and time-outs.
 * SPDX-License-Identifier: MIT
 *
 * A wheel of buckets of about a second. A packet only notes the time in its flow; a flow whose bucket
 * comes up and that was touched since is put into a later one. Flows that a flood makes many of have
 * queues, in order of their last packet, since the oldest of a queue goes when there are too many.
 */
#include "base/bring.h"
#include "table.h"

/* A clock that jumps ahead (a packet with a wrong time, a capture that was put together) ages flows by
 * no more than this, one that goes back by less is a matter of order between interfaces. */
#define JUMP_MAX_NS (3600 * NS_PER_S)
#define BACK_MAX_NS (60 * NS_PER_S)

/* One side has said FIN, then silence: what a vanished peer leaves. */
#define HALF_CLOSED_NS (60 * NS_PER_S)
/* Every query has its answer: what may still come is a second answer to one of them, by somebody else. */
#define ANSWERED_NS (4 * NS_PER_S)

/* Flows looked at for one to evict. */
#define EVICT_TRIES 64

/* Flows asked for before the one that ends. */
#define SCOUT_STEPS 4

static uint32_t ticks(int64_t ns)
{
    int64_t n = ns >> TICK_SHIFT;
    return n < 1 ? 1 : n > TICKS_MAX ? TICKS_MAX : (uint32_t)n;
}

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void wheel_init(struct flow_table *t, const struct flow_config *config)
{
    for (uint32_t i = 0; i < LISTS; i++)
        t->heads[i] = (struct link){i, i};
    t->timeout[TIMER_HALF_OPEN] = ticks(config->syn_idle_ns);
    t->timeout[TIMER_ONE_SIDED] = ticks(config->udp_idle_ns);
    t->timeout[TIMER_ANSWERED] = ticks(lesser(ANSWERED_NS, config->udp_idle_ns));
    t->timeout[TIMER_TCP] = ticks(config->tcp_idle_ns);
    t->timeout[TIMER_HALF_CLOSED] = ticks(lesser(HALF_CLOSED_NS, config->tcp_idle_ns));
    t->timeout[TIMER_LINGER] = ticks(config->linger_ns);
    t->timeout[TIMER_UDP] = ticks(config->udp_idle_ns);
}

void wheel_clock(struct flow_table *t, int64_t ts_ns)
{
    if (!t->started) {
        t->started = true;
        t->raw_ns = ts_ns;
    }
    if (ts_ns > t->raw_ns) {
        /* Unsigned: the times of a broken file may be further apart than an int64_t reaches. */
        uint64_t step = (uint64_t)ts_ns - (uint64_t)t->raw_ns;
        t->clock_ns += step > JUMP_MAX_NS ? JUMP_MAX_NS : (int64_t)step;
        t->raw_ns = ts_ns;
        t->now = (uint32_t)((uint64_t)t->clock_ns >> TICK_SHIFT);
    } else if ((uint64_t)t->raw_ns - (uint64_t)ts_ns > BACK_MAX_NS) {
        t->raw_ns = ts_ns;
    }
}

static void unlink_node(struct flow_table *t, uint32_t node)
{
    struct link *l = table_link(t, node);
    table_link(t, l->prev)->next = l->next;
    table_link(t, l->next)->prev = l->prev;
}

static void append(struct flow_table *t, uint32_t list, uint32_t node)
{
    struct link *head = &t->heads[list];
    uint32_t last = head->prev;
    *table_link(t, node) = (struct link){last, list};
    table_link(t, last)->next = node;
    head->prev = node;
}

/* The bucket in which the flow's time is up. Buckets come up when all of their time has passed. */
static uint32_t bucket_of(const struct flow_table *t, const struct flow *f)
{
    uint32_t deadline = f->seen + t->timeout[f->timer];
    uint32_t ahead = (deadline - (t->bucket << BUCKET_SHIFT)) >> BUCKET_SHIFT;
    /* Longer than the wheel: comes up early and is put off again. */
    return (t->bucket + (ahead < BUCKETS ? ahead : BUCKETS - 1)) % BUCKETS;
}

static void insert(struct flow_table *t, uint32_t node, const struct flow *f)
{
    if (f->timer >= QUEUES) {
        append(t, bucket_of(t, f), node);
        return;
    }
    append(t, BUCKETS + f->timer, node);
    t->queued[f->timer]++;
}

void wheel_remove(struct flow_table *t, uint32_t node)
{
    unsigned timer = table_flow(t, node)->timer;
    unlink_node(t, node);
    if (timer < QUEUES)
        t->queued[timer]--;
}

void wheel_touch(struct flow_table *t, uint32_t node, struct flow *f, bool is_new)
{
    enum flow_timer timer = flow_timer(f);
    enum flow_timer before = (enum flow_timer)f->timer;
    bool queued = before < QUEUES || timer < QUEUES;
    f->seen = t->now;
    if (!is_new) {
        if (timer == before && !queued)
            return;
        /* A longer time-out is noticed when the bucket of the shorter comes up. */
        if (!queued && t->timeout[timer] >= t->timeout[before]) {
            f->timer = timer & 7U;
            return;
        }
        wheel_remove(t, node);
    }
    f->timer = timer & 7U;
    insert(t, node, f);
}

uint32_t wheel_surplus(const struct flow_table *t, const struct flow *f)
{
    bool crowded = f->timer < QUEUES && t->queued[f->timer] > t->max_queued;
    return crowded ? t->heads[BUCKETS + f->timer].next : 0;
}

uint32_t wheel_next_half_open(const struct flow_table *t, uint32_t node)
{
    const uint32_t queue = BUCKETS + TIMER_HALF_OPEN;
    uint32_t i = node - LISTS;
    const struct link *link =
        node ? &t->chunks[i >> CHUNK_SHIFT].links[i & (CHUNK_FLOWS - 1)] : &t->heads[queue];
    return link->next == queue ? 0 : link->next;
}

/* Flows whose time is up lie anywhere. While one ends, the memory of some that follow is on its way, and what
 * the next one says. */
static void look_ahead(struct flow_table *t, uint32_t *scout, uint32_t node)
{
    for (int steps = *scout ? 1 : SCOUT_STEPS; steps > 0; steps--) {
        uint32_t from = *scout ? *scout : node;
        *scout = from < LISTS ? from : table_link(t, from)->next;
        if (*scout >= LISTS)
            bring_bytes(table_flow(t, *scout), sizeof(struct flow));
    }
    uint32_t next = table_link(t, node)->next;
    const struct flow *f = next < LISTS ? NULL : table_flow(t, next);
    if (f && !f->settled && f->app)
        bring_bytes(f->app, FLOW_APP_NEAR);
}

/* The first node of the queue if its time is up. */
static uint32_t queue_due(struct flow_table *t, uint32_t queue)
{
    uint32_t list = BUCKETS + queue;
    uint32_t node = t->heads[list].next;
    if (node == list || !wheel_timed_out(t, table_flow(t, node))) {
        t->scouts[queue] = 0;
        return 0;
    }
    look_ahead(t, &t->scouts[queue], node);
    return node;
}

/* The first node of the bucket whose time is up; the others go where they belong by now. */
static uint32_t bucket_due(struct flow_table *t, uint32_t list)
{
    for (;;) {
        uint32_t node = t->heads[list].next;
        if (node == list) {
            t->scouts[QUEUES] = 0;
            return 0;
        }
        const struct flow *f = table_flow(t, node);
        look_ahead(t, &t->scouts[QUEUES], node);
        if (wheel_timed_out(t, f))
            return node;
        unlink_node(t, node);
        insert(t, node, f);
    }
}

uint32_t wheel_due(struct flow_table *t)
{
    uint32_t current = t->now >> BUCKET_SHIFT;
    if (t->bucket == current)
        return 0;
    for (uint32_t queue = 0; queue < QUEUES; queue++) {
        uint32_t node = queue_due(t, queue);
        if (node)
            return node;
    }
    /* After a jump one turn of the wheel shows every flow. */
    uint32_t behind = (current - t->bucket) & (UINT32_MAX >> BUCKET_SHIFT);
    if (behind > BUCKETS)
        t->bucket = (current - BUCKETS) & (UINT32_MAX >> BUCKET_SHIFT);
    while (t->bucket != current) {
        uint32_t node = bucket_due(t, t->bucket % BUCKETS);
        if (node)
            return node;
        t->bucket = (t->bucket + 1) & (UINT32_MAX >> BUCKET_SHIFT);
    }
    return 0;
}

/* The first flow of the wheel. Where it was touched since, it is put into its bucket and the next one
 * looked at, but not for ever. */
static uint32_t wheel_first(struct flow_table *t)
{
    uint32_t i = 0;
    for (uint32_t tries = 0; i < BUCKETS;) {
        uint32_t list = (t->bucket + i) % BUCKETS;
        uint32_t node = t->heads[list].next;
        if (node == list) {
            i++;
            continue;
        }
        const struct flow *f = table_flow(t, node);
        if (tries++ == EVICT_TRIES || bucket_of(t, f) == list)
            return node;
        unlink_node(t, node);
        insert(t, node, f);
    }
    return 0;
}

static int32_t ticks_left(const struct flow_table *t, uint32_t node)
{
    const struct flow *f = table_flow(t, node);
    return (int32_t)(f->seen + t->timeout[f->timer] - t->now);
}

uint32_t wheel_nearest(struct flow_table *t)
{
    uint32_t nearest = wheel_first(t);
    for (uint32_t list = BUCKETS; list < LISTS; list++) {
        uint32_t node = t->heads[list].next;
        if (node != list && (!nearest || ticks_left(t, node) <= ticks_left(t, nearest)))
            nearest = node;
    }
    return nearest;
}
