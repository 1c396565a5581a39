/*
 * flow/early: ICMP errors that a mirror port put before the packet they quote. Private to the layer.
 * SPDX-License-Identifier: MIT
 *
 * A few of the newest wait for a short time; the flow that begins with the quoted packet takes its own.
 */
#ifndef SRC_FLOW_EARLY_H
#define SRC_FLOW_EARLY_H

#include "flow/flow.h"

#define EARLY_MAX 4

struct early {
    struct packet errors[EARLY_MAX]; /* without their bytes */
    uint32_t next;                   /* place of the next one, modulo EARLY_MAX */
    uint32_t waiting;                /* bits of places */
};

void early_keep(struct early *e, const struct packet *icmp);
/* Gives a new flow the error that waits for it. */
void early_claim(struct early *e, struct flow *f);

#endif
