/*
 * diagnose/matches: which services a listed name belongs to, looked up once a name and port.
 * SPDX-License-Identifier: MIT
 *
 * Going through the patterns of a list costs as much as a dozen packets, and every event and every host of
 * every device asks. Bounded: what finds no room is matched anew. Private to diagnose.
 */
#ifndef DIAGNOSE_MATCHES_H
#define DIAGNOSE_MATCHES_H

#include "base/intern.h"
#include "base/map.h"
#include "services/services.h"

#define MATCHES_MAX       131072U
#define MATCH_LISTS_MAX   16384U
#define MATCH_LISTS_BYTES (1U << 20)

struct matches {
    const struct service_list *list;
    const struct intern *names; /* of the list: their numbers are asked with */
    struct map by_name;         /* name, transport and port to a number in lists */
    struct intern *lists;       /* arrays of struct service_match; many names have the same */
};

/* NULL when memory is out. The list and the names must outlive it. */
struct matches *matches_new(const struct service_list *list, const struct intern *names);
void matches_free(struct matches *m);

/* As services_match; INTERN_NONE for `name`: by port alone. */
uint32_t matches_find(struct matches *m, uint32_t name, enum transport transport, uint16_t port,
                      struct service_match out[SERVICE_MATCHES_MAX]);

#endif
