/*
 * diagnose/ahead: has what is known of a device brought near while its conversation goes on.
 * SPDX-License-Identifier: MIT
 *
 * The facts of a fleet lie all over memory, each behind a number in the one before. When a flow begins, it is
 * known whose they are; when it has something to tell, some packets later, they are wanted. Each packet in
 * between moves the flows before it a step on: from table to record, from record to what it points at. Changes
 * nothing that can be seen. Private to diagnose.
 */
#ifndef DIAGNOSE_AHEAD_H
#define DIAGNOSE_AHEAD_H

#include "facts.h"

#define AHEAD_STEPS 3

struct ahead {
    struct step {
        uint64_t client_key; /* in by_addr */
        uint64_t mac_key;    /* in by_mac of stations; 0 unknown */
        uint32_t client;     /* beyond all of them: unknown */
        uint32_t station;
    } steps[AHEAD_STEPS];
    uint32_t newest;
    uint32_t idle; /* packets since a flow began, up to AHEAD_STEPS */
};

/* A packet came; `begun` is the flow that began with it, or NULL. `a` is zeroed to begin with. */
void ahead_packet(struct ahead *a, const struct facts *f, const struct flow *begun);

#endif
