/*
 * tests/unit/flow/book: a table with groups, and what each group should have.
 * SPDX-License-Identifier: MIT
 */
#ifndef FLOW_BOOK_H
#define FLOW_BOOK_H

#include "../../../src/flow/table.h"
#include "bench.h"

enum {
    GROUPS = 5,
    OPEN_MAX = 1024, /* flows of a group at once */
};

/* A group, and what it should be: what the table says when flows begin and end. */
struct owner {
    struct flow_group group; /* first: on_end is called with it */
    uint32_t ids[OPEN_MAX];  /* open, in order */
    uint32_t open;
    uint32_t created;
    uint32_t evicted;
    uint32_t dropped;
    uint32_t ended;
    uint32_t last_ended;
    enum end_reason last_reason;
};

struct book {
    struct bench bench; /* makes packets; its own table is not used */
    struct flow_config config;
    struct flow_table *table;
    struct owner owners[GROUPS];
    uint32_t newest; /* id */
};

static inline void strike(struct owner *o, uint32_t id)
{
    uint32_t at = 0;
    while (at < o->open && o->ids[at] != id)
        at++;
    assert_true(at < o->open);
    o->open--;
    memmove(&o->ids[at], &o->ids[at + 1], (o->open - at) * sizeof *o->ids);
}

static inline void ends(void *ctx, struct flow *flow, const struct flow_end *how)
{
    struct owner *o = ctx;
    strike(o, flow->id);
    o->ended++;
    /* One that was over when it was evicted ended otherwise. */
    bool evicted = o->group.stats.evicted > o->evicted;
    assert_true(evicted || how->reason != END_EVICTED);
    o->evicted += evicted;
    o->last_ended = flow->id;
    o->last_reason = how->reason;
}

static inline void make_table(struct book *b)
{
    flow_table_free(b->table);
    b->table = flow_table_new(&b->config, ends, NULL);
    assert_non_null(b->table);
}

static inline int open_book(void **state)
{
    struct book *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->config = flow_config_default();
    b->config.grouped = true;
    make_table(b);
    for (unsigned g = 0; g < GROUPS; g++)
        b->owners[g].group.max_flows = OPEN_MAX;
    *state = b;
    return 0;
}

static inline int close_book(void **state)
{
    struct book *b = *state;
    flow_table_free(b->table);
    free(b);
    return 0;
}

/* ---- packets ---- */

static inline struct packet datagram(struct book *b, int64_t ms, uint16_t port)
{
    struct packet p = packet(&b->bench, ms, UP);
    p.kind = PACKET_UDP;
    p.tuple.proto = IP_PROTO_UDP;
    p.tuple.src_port = port;
    p.payload_len = 40;
    return p;
}

static inline struct packet segment(struct book *b, int64_t ms, uint16_t port, uint8_t flags,
                                    uint32_t seq)
{
    struct packet p = packet(&b->bench, ms, UP);
    p.tuple.src_port = port;
    p.tcp.flags = flags;
    p.tcp.seq = seq;
    return p;
}

static inline struct packet answer(struct book *b, int64_t ms, uint16_t port, uint8_t flags,
                                   uint32_t ack)
{
    struct packet p = packet(&b->bench, ms, DOWN);
    p.tuple.dst_port = port;
    p.tcp.flags = flags;
    p.tcp.seq = ISN_S;
    p.tcp.ack = ack;
    return p;
}

static inline struct flow_place expect(const struct book *b, const struct packet *p)
{
    struct flow_place place = flow_expect(b->table, &p->tuple);
    flow_bring(b->table, &place);
    return place;
}

static inline struct flow_group *group_of(const struct book *b, const struct packet *p)
{
    struct flow_place place = expect(b, p);
    return flow_group_of(b->table, &place, &p->tuple);
}

/* The packet is handed in for a group. */
static inline const struct flow *take(struct book *b, unsigned g, const struct packet *p)
{
    struct owner *o = &b->owners[g];
    enum dir dir;
    flow_table_expire(b->table, p->at.ts_ns, UINT32_MAX);
    struct flow_place place = expect(b, p);
    const struct flow *f = flow_take(b->table, &o->group, p, &place, &dir);
    assert_non_null(f);
    if (f->id > b->newest) {
        assert_true(o->open < OPEN_MAX);
        o->ids[o->open++] = f->id;
        o->created++;
        b->newest = f->id;
    }
    return f;
}

static inline uint32_t ask(struct book *b, unsigned g, int64_t ms, uint16_t port)
{
    struct packet p = datagram(b, ms, port);
    return take(b, g, &p)->id;
}

static inline uint32_t syn(struct book *b, unsigned g, int64_t ms, uint16_t port)
{
    struct packet p = segment(b, ms, port, S, ISN_C);
    return take(b, g, &p)->id;
}

/* ---- what is and what should be ---- */

/* The list has the open flows, forwards and backwards; and the counts are right. */
static inline void check_owner(const struct book *b, const struct owner *o)
{
    uint32_t count = 0;
    uint32_t last = 0;
    for (uint32_t node = o->group.first; node; node = table_member(b->table, node)->next) {
        assert_true(count < o->open);
        assert_int_equal(table_flow(b->table, node)->id, o->ids[count++]);
        assert_ptr_equal(table_member(b->table, node)->group, &o->group);
        assert_int_equal(table_member(b->table, node)->prev, last);
        last = node;
    }
    assert_int_equal(count, o->open);
    assert_int_equal(o->group.last, last);
    assert_int_equal(o->group.stats.open, o->open);
    assert_int_equal(o->group.stats.created, o->created);
    assert_int_equal(o->group.stats.evicted, o->evicted);
    assert_int_equal(o->created, o->open + o->ended + o->dropped);
    assert_in_range(o->group.stats.open_max, o->open, o->group.max_flows);
}

static inline void check(const struct book *b)
{
    struct flow_stats sum = {0};
    for (unsigned g = 0; g < GROUPS; g++) {
        check_owner(b, &b->owners[g]);
        sum.open += b->owners[g].open;
        sum.created += b->owners[g].created;
        sum.evicted += b->owners[g].evicted;
    }
    struct flow_stats stats = flow_table_stats(b->table);
    assert_int_equal(stats.open, sum.open);
    assert_int_equal(stats.created, sum.created);
    assert_int_equal(stats.evicted, sum.evicted);
    assert_in_range(stats.open, 0, b->config.max_flows);
}

/* ---- tests ---- */

#endif
