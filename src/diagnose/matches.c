/*
 * diagnose/matches: results of services_match, kept.
 * SPDX-License-Identifier: MIT
 */
#include "matches.h"

#include <stdlib.h>

struct matches *matches_new(const struct service_list *list, const struct intern *names)
{
    struct matches *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->list = list;
    m->names = names;
    map_init(&m->by_name, MATCHES_MAX);
    m->lists = intern_new(MATCH_LISTS_MAX, MATCH_LISTS_BYTES);
    if (!m->lists) {
        free(m);
        return NULL;
    }
    return m;
}

void matches_free(struct matches *m)
{
    if (!m)
        return;
    map_clear(&m->by_name);
    intern_free(m->lists);
    free(m);
}

uint32_t matches_find(struct matches *m, uint32_t name, enum transport transport, uint16_t port,
                      struct service_match out[SERVICE_MATCHES_MAX])
{
    uint64_t key = (uint64_t)name << 32 | (uint64_t)transport << 16 | port;
    uint32_t id = map_get(&m->by_name, key);
    if (id != MAP_NONE) {
        struct slice kept = intern_name(m->lists, id);
        memcpy(out, kept.data, kept.len);
        return (uint32_t)(kept.len / sizeof *out);
    }
    struct slice host = name == INTERN_NONE ? slice_of(NULL, 0) : intern_name(m->names, name);
    uint32_t count = services_match(m->list, host, transport, port, out);
    id = intern_add(m->lists, slice_of(out, count * sizeof *out));
    if (id != INTERN_NONE)
        (void)map_put(&m->by_name, key, id);
    return count;
}
