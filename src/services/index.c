/*
 * services/index: exact names and suffixes by hash, globs by length.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "base/hash.h"
#include "list.h"

#define INDEX_KEY 0x73657276U

uint64_t index_hash(struct slice name)
{
    return hash_bytes(INDEX_KEY, name);
}

uint16_t pattern_literals(const char *pattern)
{
    uint16_t literals = 0;
    for (; pattern && *pattern; pattern++)
        literals = (uint16_t)(literals + (*pattern != '*'));
    return literals;
}

void index_clear(struct services_index *index)
{
    map_clear(&index->exact);
    map_clear(&index->suffix);
    free(index->globs);
    free(index->any_host);
    free(index->entries);
    *index = (struct services_index){0};
}

static bool reserve(struct services_index *index, uint32_t endpoints)
{
    size_t room = endpoints ? endpoints : 1;
    map_init(&index->exact, SERVICES_ENDPOINTS_MAX);
    map_init(&index->suffix, SERVICES_ENDPOINTS_MAX);
    index->entries = malloc(room * sizeof *index->entries);
    index->globs = calloc(room, sizeof *index->globs);
    index->any_host = calloc(room, sizeof *index->any_host);
    return index->entries && index->globs && index->any_host;
}

static bool chain(struct services_index *index, struct map *map, struct slice text, uint32_t entry)
{
    uint64_t hash = index_hash(text);
    index->entries[entry].next = map_get(map, hash);
    return map_put(map, hash, entry);
}

/* Each entry goes to the front of its chain, so what is added last is met first. */
static bool add(struct services_index *index, uint32_t service, uint32_t number,
                const struct endpoint *endpoint)
{
    uint32_t entry = index->entry_count++;
    index->entries[entry] = (struct index_entry){
        .next = MAP_NONE,
        .service = (uint16_t)service,
        .endpoint = (uint16_t)number,
        .literals = pattern_literals(endpoint->pattern),
    };
    switch (endpoint->match) {
    case MATCH_EXACT:
    case MATCH_LABEL:
        return chain(index, &index->exact, slice_str(endpoint->pattern), entry);
    case MATCH_SUFFIX:
        return chain(index, &index->suffix, slice_str(endpoint->pattern + 2), entry);
    case MATCH_GLOB:
        index->entries[entry].length = (uint16_t)strlen(endpoint->pattern);
        index->globs[index->glob_count++] = entry;
        return true;
    case MATCH_PORT:
        index->any_host[index->any_host_count++] = entry;
        return true;
    }
    return false;
}

/* Backwards, and greater needs last: chains then run in the order in which services_match decides. */
static bool add_service(struct services_index *index, uint32_t number, const struct service *s)
{
    for (enum need need = NEED_OPTIONAL; need <= NEED_REQUIRED; need++) {
        for (uint32_t e = s->endpoint_count; e-- > 0;) {
            if (s->endpoints[e].need == need && !add(index, number, e, &s->endpoints[e]))
                return false;
        }
    }
    return true;
}

struct glob_key {
    uint32_t entry;
    uint16_t literals;
};

static int by_literals(const void *left, const void *right)
{
    const struct glob_key *a = left;
    const struct glob_key *b = right;
    if (a->literals != b->literals)
        return a->literals > b->literals ? -1 : 1;
    /* Entries were made backwards. */
    return a->entry > b->entry ? -1 : 1;
}

static bool sort_globs(struct services_index *index)
{
    struct glob_key *keys = malloc((index->glob_count + 1) * sizeof *keys);
    if (!keys)
        return false;
    for (uint32_t i = 0; i < index->glob_count; i++) {
        uint32_t entry = index->globs[i];
        keys[i] = (struct glob_key){entry, index->entries[entry].literals};
    }
    qsort(keys, index->glob_count, sizeof *keys, by_literals);
    for (uint32_t i = 0; i < index->glob_count; i++)
        index->globs[i] = keys[i].entry;
    free(keys);
    return true;
}

static void reverse(uint32_t *list, uint32_t count)
{
    for (uint32_t i = 0; i < count / 2; i++) {
        uint32_t swap = list[i];
        list[i] = list[count - 1 - i];
        list[count - 1 - i] = swap;
    }
}

bool index_build(struct services_index *index, const struct service *services, uint32_t count)
{
    uint32_t endpoints = 0;
    for (uint32_t i = 0; i < count; i++)
        endpoints += services[i].endpoint_count;
    bool ok = reserve(index, endpoints);
    for (uint32_t i = count; ok && i-- > 0;)
        ok = add_service(index, i, &services[i]);
    ok = ok && sort_globs(index);
    if (ok)
        reverse(index->any_host, index->any_host_count);
    else
        index_clear(index);
    return ok;
}
