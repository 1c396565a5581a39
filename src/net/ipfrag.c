/*
 * net/ipfrag: puts IP datagrams together from fragments.
 * SPDX-License-Identifier: MIT
 *
 * RFC 791 section 3.2, RFC 8200 section 4.5, RFC 5722 (see the header for what is done otherwise).
 *
 * Fragments are rare, so a datagram's slot is found by going through all of them. Offsets are counted
 * in units of 8 bytes: a bit for each says that its bytes are there.
 */
#include "net/ipfrag.h"

#include <stdlib.h>

#include "net/decode.h"

#define SLOTS      128
#define BYTES_MAX  65536 /* of one datagram */
#define UNIT       8
#define UNITS_MAX  (BYTES_MAX / UNIT)
#define GIVE_UP_NS (30 * NS_PER_S)
#define NESTED_MAX 4
#define HASH_KEY   0x66726167U
/* Buffers grow by doubling from here; together they hold this much at most. */
#define BUFFER_FIRST 4096
#define MEMORY_MAX   (4U * 1024 * 1024)
#define NO_ORDER     UINT64_MAX
#define NO_END       UINT32_MAX

struct slot {
    bool used;
    uint64_t hash;
    struct tuple tuple; /* ports 0; protocol 0 for IPv6, whose id is of all protocols */
    uint32_t id;
    uint64_t order; /* counts up with each datagram */
    int64_t first_ns;
    uint32_t end;        /* length of the datagram's payload, NO_END until its last fragment */
    uint32_t reach;      /* where the farthest fragment ends */
    uint32_t captured;   /* bytes below are captured where they are there: least of the cut ends */
    uint32_t units;      /* how many bits are set in `have` */
    uint8_t first_proto; /* of the fragment with offset 0; IPv6 may change it in others */
    uint8_t *bytes;
    uint32_t cap;
    uint64_t have[UNITS_MAX / 64];
};

struct ipfrag {
    struct slot slots[SLOTS];
    uint8_t *done; /* the payload handed out last */
    uint32_t memory;
    uint64_t order;
    struct ipfrag_stats stats;
};

struct ipfrag *ipfrag_new(void)
{
    return calloc(1, sizeof(struct ipfrag));
}

void ipfrag_free(struct ipfrag *f)
{
    if (!f)
        return;
    for (int i = 0; i < SLOTS; i++)
        free(f->slots[i].bytes);
    free(f->done);
    free(f);
}

struct ipfrag_stats ipfrag_stats(const struct ipfrag *f)
{
    return f->stats;
}

static void drop_bytes(struct ipfrag *f, struct slot *s)
{
    f->memory -= s->cap;
    free(s->bytes);
    s->bytes = NULL;
    s->cap = 0;
}

static void give_up(struct ipfrag *f, struct slot *s)
{
    s->used = false;
    drop_bytes(f, s);
    f->stats.given_up++;
}

static uint64_t hash_of(const struct tuple *t, uint32_t id)
{
    return addr_hash(addr_hash(hash_mix(HASH_KEY + t->proto, id), &t->src), &t->dst);
}

/* The datagram that began first, other than the one with the order `keep`; NULL when there is none. */
static struct slot *oldest(struct ipfrag *f, uint64_t keep)
{
    struct slot *found = NULL;
    for (int i = 0; i < SLOTS; i++) {
        struct slot *s = &f->slots[i];
        if (s->used && s->order != keep && (!found || s->order < found->order))
            found = s;
    }
    return found;
}

static struct slot *start(struct ipfrag *f, struct slot *s, const struct tuple *key, uint32_t id)
{
    if (!s) {
        s = oldest(f, NO_ORDER);
        give_up(f, s);
    }
    s->used = true;
    s->hash = hash_of(key, id);
    s->tuple = *key;
    s->id = id;
    s->order = f->order++;
    s->end = NO_END;
    s->reach = 0;
    s->captured = BYTES_MAX;
    s->units = 0;
    memset(s->have, 0, sizeof s->have);
    return s;
}

/* The slot of a fragment, new if need be; what is too old goes on the way. */
static struct slot *find(struct ipfrag *f, const struct packet *p)
{
    struct tuple key = {.src = p->tuple.src, .dst = p->tuple.dst, .proto = p->tuple.proto};
    if (key.src.family == 6)
        key.proto = 0;
    uint64_t hash = hash_of(&key, p->frag.id);
    struct slot *unused = NULL;
    for (int i = 0; i < SLOTS; i++) {
        struct slot *s = &f->slots[i];
        if (s->used && p->at.ts_ns - s->first_ns > GIVE_UP_NS)
            give_up(f, s);
        if (!s->used)
            unused = s;
        else if (s->hash == hash && s->id == p->frag.id && s->tuple.proto == key.proto &&
                 addr_eq(&s->tuple.src, &key.src) && addr_eq(&s->tuple.dst, &key.dst))
            return s;
    }
    struct slot *s = start(f, unused, &key, p->frag.id);
    s->first_ns = p->at.ts_ns;
    s->first_proto = p->tuple.proto;
    return s;
}

/* Room for `len` bytes in all; older datagrams make place. */
static bool reserve(struct ipfrag *f, struct slot *s, uint32_t len)
{
    if (len <= s->cap)
        return true;
    uint32_t cap = s->cap ? s->cap : BUFFER_FIRST;
    while (cap < len)
        cap *= 2;
    while (f->memory - s->cap + cap > MEMORY_MAX) {
        struct slot *old = oldest(f, s->order);
        if (!old)
            return false;
        give_up(f, old);
    }
    uint8_t *bytes = realloc(s->bytes, cap);
    if (!bytes)
        return false;
    f->memory += cap - s->cap;
    s->bytes = bytes;
    s->cap = cap;
    return true;
}

/* Whether a fragment [from, to) fits to what is known of the datagram's length. */
static bool fits(struct slot *s, const struct packet *p, uint32_t from, uint32_t to)
{
    if (to > BYTES_MAX - 1 || to == from || (p->frag.more && to % UNIT != 0))
        return false;
    if (!p->frag.more) {
        if (s->end != NO_END && s->end != to)
            return false;
        s->end = to;
    }
    if (to > s->reach)
        s->reach = to;
    return s->end == NO_END || s->reach <= s->end;
}

/* Copies the units that are not there yet. The part of the fragment that was not captured counts as
 * there; `captured` remembers from where on it is not. */
static void store(struct slot *s, struct slice part, uint32_t from, uint32_t to)
{
    uint32_t cut_at = from + (uint32_t)part.len;
    if (cut_at < to && cut_at < s->captured)
        s->captured = cut_at;
    for (uint32_t at = from; at < to; at += UNIT) {
        uint64_t bit = 1ULL << (at / UNIT % 64);
        uint64_t *word = &s->have[at / UNIT / 64];
        if (*word & bit)
            continue;
        *word |= bit;
        s->units++;
        struct slice unit = slice_sub(part, at - from, UNIT);
        if (unit.len > 0)
            memcpy(&s->bytes[at], unit.data, unit.len);
    }
}

/* Turns the last fragment into the whole packet. */
static void deliver(struct ipfrag *f, struct slot *s, struct packet *p)
{
    free(f->done);
    f->done = s->bytes;
    f->memory -= s->cap;
    s->bytes = NULL;
    s->cap = 0;
    s->used = false;
    f->stats.datagrams++;
    uint32_t len = s->captured < s->end ? s->captured : s->end;
    p->tuple.proto = s->first_proto;
    net_decode_transport(p, slice_of(f->done, len), s->end);
}

static bool push(struct ipfrag *f, struct packet *p)
{
    f->stats.fragments++;
    uint32_t from = p->frag.offset;
    uint32_t to = from + p->payload_len;
    struct slot *s = find(f, p);
    if (to < from || !fits(s, p, from, to) || !reserve(f, s, to)) {
        give_up(f, s);
        return false;
    }
    if (from == 0)
        s->first_proto = p->tuple.proto;
    store(s, p->payload, from, to);
    if (s->end == NO_END || s->units < (s->end + UNIT - 1) / UNIT)
        return false;
    deliver(f, s, p);
    return true;
}

bool ipfrag_push(struct ipfrag *f, struct packet *p)
{
    /* A tunnel's packet may have been cut again within. */
    for (int i = 0; i < NESTED_MAX && p->kind == PACKET_FRAGMENT; i++) {
        if (!push(f, p))
            return false;
    }
    return p->kind != PACKET_FRAGMENT;
}
