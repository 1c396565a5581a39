/*
 * diagnose/kin: clients of several facts in one table of routes.
 * SPDX-License-Identifier: MIT
 *
 * Kin have their listed names and their routes in common and number their clients each for itself: a token
 * is both numbers in 32 bits. Facts that are alone have the number 0 and more clients; theirs are tokens as they
 * are. Numbers of kin come round after a million: that two share one is rare, and costs them one proof.
 */
#include "facts.h"

#define TOKEN_SHIFT 12
_Static_assert(KIN_CLIENTS_MAX <= 1U << TOKEN_SHIFT, "a client's number fits below its kin's");

uint32_t facts_token(const struct facts *f, uint32_t client)
{
    return f->number << TOKEN_SHIFT | client;
}

bool facts_is_token(const struct facts *f, uint32_t token, uint32_t client)
{
    uint32_t id = f->number ? token & ((1U << TOKEN_SHIFT) - 1) : token;
    return facts_token(f, id) == token && id < f->clients.count && facts_primary(f, id) == client;
}
