/*
 * flow/table: the parts of the flow table. Private to the layer.
 * SPDX-License-Identifier: MIT
 *
 * Four parts share struct flow_table: the index (tuple to node number), the pool (node number to
 * struct flow, which never moves), the groups (whose nodes they are) and the wheel (which nodes time out when). Node numbers below LISTS
 * are the heads of the wheel's lists, so that 0 means "none" for a flow.
 *
 * The table's clock counts ticks of 2^20 ns (about 1 ms), never goes back and wraps; since every flow
 * is looked at within its time-out, differences of 32 bits are enough.
 */
#ifndef FLOW_TABLE_H
#define FLOW_TABLE_H

#include "base/bring.h"
#include "early.h"
#include "flow/flow.h"
#include "tcp.h"

#define TICK_SHIFT    20
#define BUCKET_SHIFT  10 /* ticks of a bucket of the wheel: about 1.07 s */
#define BUCKETS       1024
#define LISTS         (BUCKETS + QUEUES) /* those of the queues have the longest silent flow first */
#define TICKS_MAX     (1U << 30)
#define CHUNK_SHIFT   15 /* 32,768 flows of 192 bytes: three huge pages */
#define CHUNK_FLOWS   (1U << CHUNK_SHIFT)
#define SLOTS_FIRST   4096U
#define MAX_FLOWS_TOP (1U << 30)

struct slot {
    uint32_t tag;  /* of the tuple's hash; its low bits are the home slot */
    uint32_t node; /* 0: empty */
};

struct link {
    uint32_t prev;
    uint32_t next;
};

/* In a table with groups: the flow's group, and its neighbours there. */
struct member {
    struct flow_group *group;
    uint32_t prev;
    uint32_t next;
};

struct chunk {
    struct flow *flows;
    struct link *links;
    struct member *members; /* NULL without groups */
};

struct flow_table {
    /* index: open addressing, linear probing, no tombstones */
    struct slot *slots;
    uint32_t mask; /* number of slots - 1 */
    uint64_t key;
    /* pool */
    struct chunk *chunks;
    uint32_t fresh;     /* nodes used so far, heads included */
    uint32_t free_node; /* list of free ones by link.next; 0: none */
    bool grouped;
    struct early early;
    /* wheel */
    uint32_t bucket; /* the next bucket to expire */
    uint32_t queued[QUEUES];
    uint32_t scouts[QUEUES +
                    1]; /* in the lists of queues and in that of the bucket, while flows of it time
                                    out: up to here they were asked for; 0: none was yet */
    uint32_t timeout[TIMERS];
    /* clock */
    int64_t raw_ns;   /* highest time of a packet since the clock was last set back */
    int64_t clock_ns; /* the table's own */
    uint32_t now;     /* the same in ticks */
    bool started;
    uint32_t max_flows;
    uint32_t max_queued;
    uint32_t next_id;
    struct flow_stats stats;
    flow_end_fn *on_end;
    void *ctx;
    struct link heads[LISTS]; /* of the wheel; last, since the rest is what each packet touches */
};

static inline struct flow *table_flow(const struct flow_table *t, uint32_t node)
{
    uint32_t i = node - LISTS;
    return &t->chunks[i >> CHUNK_SHIFT].flows[i & (CHUNK_FLOWS - 1)];
}

static inline struct link *table_link(struct flow_table *t, uint32_t node)
{
    if (node < LISTS)
        return &t->heads[node];
    uint32_t i = node - LISTS;
    return &t->chunks[i >> CHUNK_SHIFT].links[i & (CHUNK_FLOWS - 1)];
}

static inline struct member *table_member(const struct flow_table *t, uint32_t node)
{
    uint32_t i = node - LISTS;
    return &t->chunks[i >> CHUNK_SHIFT].members[i & (CHUNK_FLOWS - 1)];
}

/* ---- group.c ---- */

/* The node's flow is one of the group from now on, and no longer. */
void group_join(const struct flow_table *t, struct flow_group *group, uint32_t node);
void group_leave(const struct flow_table *t, uint32_t node);

/* ---- wheel.c ---- */

void wheel_init(struct flow_table *t, const struct flow_config *config);

/* Brings the clock up to a packet's time. */
void wheel_clock(struct flow_table *t, int64_t ts_ns);
/* Whether wheel_due has anything to look at: once a bucket. */
static inline bool wheel_turned(const struct flow_table *t)
{
    return t->bucket != t->now >> BUCKET_SHIFT;
}

/* The node's flow `f` was touched now: puts it into the list of its timer. `is_new`: it is in none yet. */
void wheel_touch(struct flow_table *t, uint32_t node, struct flow *f, bool is_new);
void wheel_remove(struct flow_table *t, uint32_t node);

static inline bool wheel_timed_out(const struct flow_table *t, const struct flow *f)
{
    return t->now - f->seen >= t->timeout[f->timer];
}

/* A node whose time is up, 0 when there is none. Looks once a bucket: about every second. */
uint32_t wheel_due(struct flow_table *t);

/* The node nearest to its time-out; 0 when there is none. */
uint32_t wheel_nearest(struct flow_table *t);
/* The node longest silent of the flow's queue, where that has more than its cap; else 0. */
uint32_t wheel_surplus(const struct flow_table *t, const struct flow *f);
/* The flow that is half open and silent longest, next to `node`, or of all (0); 0 when there is none. */
uint32_t wheel_next_half_open(const struct flow_table *t, uint32_t node);

#endif
