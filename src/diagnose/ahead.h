/*
 * diagnose/ahead: has what is known of a device brought near while its conversation goes on.
 * SPDX-License-Identifier: MIT
 *
 * The facts of a fleet lie all over memory, each behind a number in the one before. When a flow begins, it is
 * known whose they are; when it has something to tell, some packets later, they are wanted. Each packet in
 * between moves the flows before it a step on: from the store to its table, to the record, to what that points
 * at. Kin have stores of their own, but one queue of steps. Changes nothing that can be seen. Private to
 * diagnose.
 */
#ifndef DIAGNOSE_AHEAD_H
#define DIAGNOSE_AHEAD_H

#include "facts.h"

#define AHEAD_STEPS 4

struct ahead {
    struct step {
        const struct facts *facts; /* NULL: nothing to do */
        uint64_t client_key;       /* in by_addr */
        uint64_t mac_key;          /* in by_mac of stations; 0 unknown */
        uint32_t client;           /* beyond all of them: unknown */
        uint32_t station;
    } steps[AHEAD_STEPS];
    uint32_t newest;
    uint32_t idle; /* packets since a flow began, up to AHEAD_STEPS */
};

/* A packet came; `begun` is the flow that began with it, or NULL, whose device's facts are `f`. `a` is zeroed to
 * begin with. */
void ahead_packet(struct ahead *a, const struct facts *f, const struct flow *begun);

/* The store goes. */
void ahead_forget(struct ahead *a, const struct facts *f);

#endif
