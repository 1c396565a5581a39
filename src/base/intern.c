/*
 * base/intern: names in large blocks, found by hash.
 * SPDX-License-Identifier: MIT
 */
#include "base/intern.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/map.h"

#define INTERN_KEY 0x6e616d65U

struct entry {
    const uint8_t *data;
    uint32_t len;
    uint32_t next; /* another name of the same hash, INTERN_NONE at the end */
};

struct intern {
    struct arena bytes;
    struct map by_hash; /* to the first entry of a hash */
    struct entry *entries;
    uint32_t count;
    uint32_t room;
    uint32_t cap;
};

struct intern *intern_new(uint32_t cap_names, size_t cap_bytes)
{
    struct intern *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    arena_init(&t->bytes, cap_bytes);
    map_init(&t->by_hash, cap_names);
    t->cap = cap_names;
    return t;
}

void intern_free(struct intern *t)
{
    if (!t)
        return;
    arena_clear(&t->bytes);
    map_clear(&t->by_hash);
    free(t->entries);
    free(t);
}

uint64_t intern_hash(struct slice name)
{
    return hash_bytes(INTERN_KEY, name);
}

uint32_t intern_find_hashed(const struct intern *t, struct slice name, uint64_t hash)
{
    uint32_t id = map_get(&t->by_hash, hash);
    while (id != INTERN_NONE && !slice_eq(intern_name(t, id), name))
        id = t->entries[id].next;
    return id;
}

uint32_t intern_find(const struct intern *t, struct slice name)
{
    return intern_find_hashed(t, name, intern_hash(name));
}

static bool make_room(struct intern *t)
{
    if (t->count < t->room)
        return true;
    uint32_t room = t->room ? t->room * 2 : 64;
    struct entry *entries = realloc(t->entries, room * sizeof *entries);
    if (!entries)
        return false;
    t->entries = entries;
    t->room = room;
    return true;
}

uint32_t intern_add(struct intern *t, struct slice name)
{
    uint64_t hash = intern_hash(name);
    uint32_t id = intern_find_hashed(t, name, hash);
    if (id != INTERN_NONE)
        return id;
    if (t->count >= t->cap || name.len > UINT32_MAX || !make_room(t))
        return INTERN_NONE;
    struct slice copy = arena_copy(&t->bytes, name);
    uint32_t first = map_get(&t->by_hash, hash);
    if (!copy.data || !map_put(&t->by_hash, hash, t->count))
        return INTERN_NONE;
    t->entries[t->count] = (struct entry){copy.data, (uint32_t)copy.len, first};
    return t->count++;
}

struct slice intern_name(const struct intern *t, uint32_t id)
{
    return slice_of(t->entries[id].data, t->entries[id].len);
}

uint32_t intern_count(const struct intern *t)
{
    return t->count;
}
