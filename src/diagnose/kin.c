/*
 * diagnose/kin: clients of several facts in one table of routes.
 * SPDX-License-Identifier: MIT
 *
 * Kin have their listed names and their routes in common and number their clients each for itself: a token
 * is both numbers in 32 bits. Numbers of kin come round after 16,384; those that exist at the same time
 * stay apart.
 */
#include "facts.h"

#define TOKEN_SHIFT 18
_Static_assert(CLIENTS_MAX <= 1U << TOKEN_SHIFT, "a client's number fits below its kin's");

uint32_t facts_token(const struct facts *f, uint32_t client)
{
    return f->number << TOKEN_SHIFT | client;
}

bool facts_is_token(const struct facts *f, uint32_t token, uint32_t client)
{
    uint32_t id = token & ((1U << TOKEN_SHIFT) - 1);
    return facts_token(f, id) == token && id < f->clients.count && facts_primary(f, id) == client;
}
