/*
 * flow/tcp: what a packet's headers say about its flow. Private to the layer.
 * SPDX-License-Identifier: MIT
 *
 * No memory, no table: works on one struct flow.
 */
#ifndef FLOW_TCP_H
#define FLOW_TCP_H

#include "flow/flow.h"

/* Which time-out applies to a flow. A flood makes flows of the first ones: these have queues and a cap. */
enum flow_timer {
    TIMER_HALF_OPEN, /* TCP, nobody answered and nothing but headers came */
    TIMER_ONE_SIDED, /* UDP of one side only */
    TIMER_ANSWERED,  /* DNS over UDP with an answer for every query */
    QUEUES,
    TIMER_TCP = QUEUES,
    TIMER_HALF_CLOSED, /* one FIN */
    TIMER_LINGER,      /* ended */
    TIMER_UDP,
    TIMERS,
};

/* The direction of the first packet of a flow. */
enum dir flow_first_dir(const struct packet *p);

/* Whether a TCP packet of the tuple is the start of another connection. */
bool flow_restarts(const struct flow *f, const struct packet *p, enum dir dir);

/* Whether the packet shows that client and server are the other way round. */
bool flow_turns(const struct flow *f, const struct packet *p, enum dir dir);

/* Counters and TCP state. */
void flow_update(struct flow *f, const struct packet *p, enum dir dir);

enum flow_timer flow_timer(const struct flow *f);

/* How the flow ended; `otherwise` and `ts_ns` where it did not end itself. */
struct flow_end flow_end_of(const struct flow *f, enum end_reason otherwise, int64_t ts_ns);

/* Everything in the flow turned round. */
void flow_turn(struct flow *f);

#endif
