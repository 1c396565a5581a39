/*
 * flow/signs: how the signs of trouble are gathered. Private to the layer.
 * SPDX-License-Identifier: MIT
 */
#ifndef SRC_FLOW_SIGNS_H
#define SRC_FLOW_SIGNS_H

#include "flow/flow.h"

/* Those of the flow, made on first use; NULL when memory is out. */
struct flow_signs *signs_of(struct flow *f);

/* Each before the packet changes the flow's counters and numbers. */
void signs_rst(struct flow *f, const struct packet *p, enum dir dir);
void signs_segment(struct flow *f, const struct packet *p, enum dir dir);

#endif
