/*
 * flow/signs: how the signs of trouble are gathered. Private to the layer.
 * SPDX-License-Identifier: MIT
 */
#ifndef SRC_FLOW_SIGNS_H
#define SRC_FLOW_SIGNS_H

#include "flow/flow.h"

/* Those of the flow, made on first use; NULL when memory is out. */
struct flow_signs *signs_of(struct flow *f);

/* Whether a packet tells of bytes that did not arrive, by what is at hand for every packet: of a settled flow
 * nothing else is looked at. */
static inline bool signs_of_loss(const struct flow *f, const struct packet *p, enum dir dir)
{
    const struct flow_side *from = &f->side[dir];
    bool waited_for = p->tcp.seq == f->side[dir_other(dir)].ack;
    return p->tcp.sack != 0 || (waited_for && p->payload_len > 1 && from->seq_end != p->tcp.seq);
}

/* Each before the packet changes the flow's counters and numbers. */
void signs_rst(struct flow *f, const struct packet *p, enum dir dir);
void signs_segment(struct flow *f, const struct packet *p, enum dir dir);

#endif
