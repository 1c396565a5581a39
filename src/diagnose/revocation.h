/*
 * diagnose/revocation: handshakes that wait for a revocation list that does not come.
 * SPDX-License-Identifier: MIT
 *
 * A device that sees a certificate may fetch its revocation status before it goes on. Where that fetch
 * stays unanswered, the handshake stalls until it is given up. Both are remembered apart while packets
 * pass and brought together in the end. Private to diagnose.
 */
#ifndef DIAGNOSE_REVOCATION_H
#define DIAGNOSE_REVOCATION_H

#include "pool.h"

#define REVOCATION_MAX 65536U /* waits, and stalls */

struct revocation {
    struct pool waits;  /* struct wait: of rules_revocation */
    struct pool stalls; /* struct stall */
};

/* `block`: bytes, as for a pool. */
void revocation_init(struct revocation *r, uint32_t block);
void revocation_clear(struct revocation *r);

#endif
