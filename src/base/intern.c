/*
 * base/intern: names in large blocks, found by hash.
 * SPDX-License-Identifier: MIT
 */
#include "base/intern.h"

#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/finder.h"

#define INTERN_KEY 0x6e616d65U

struct entry {
    const uint8_t *data;
    uint32_t len;
};

struct intern {
    struct arena bytes;
    struct finder by_hash;
    struct entry *entries;
    uint32_t count;
    uint32_t room;
    uint32_t cap;
};

struct intern *intern_new(uint32_t cap_names, size_t cap_bytes)
{
    assert(cap_names <= FINDER_MAX);
    struct intern *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    arena_init(&t->bytes, cap_bytes);
    finder_init(&t->by_hash);
    t->cap = cap_names;
    return t;
}

void intern_free(struct intern *t)
{
    if (!t)
        return;
    arena_clear(&t->bytes);
    finder_clear(&t->by_hash);
    free(t->entries);
    free(t);
}

uint64_t intern_hash(struct slice name)
{
    return hash_bytes(INTERN_KEY, name);
}

static uint64_t hash_of(const void *table, uint32_t id)
{
    return intern_hash(intern_name(table, id));
}

uint32_t intern_find_hashed(const struct intern *t, struct slice name, uint64_t hash)
{
    uint32_t step = 0;
    uint32_t id = finder_next(&t->by_hash, hash, &step);
    while (id != FINDER_NONE && !slice_eq(intern_name(t, id), name))
        id = finder_next(&t->by_hash, hash, &step);
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

uint32_t intern_add_hashed(struct intern *t, struct slice name, uint64_t hash)
{
    uint32_t id = intern_find_hashed(t, name, hash);
    if (id != INTERN_NONE)
        return id;
    if (t->count >= t->cap || name.len > UINT32_MAX || !make_room(t))
        return INTERN_NONE;
    struct slice copy = arena_copy(&t->bytes, name);
    if (!copy.data || !finder_add(&t->by_hash, hash, t->count, hash_of, t))
        return INTERN_NONE;
    t->entries[t->count] = (struct entry){copy.data, (uint32_t)copy.len};
    return t->count++;
}

uint32_t intern_add(struct intern *t, struct slice name)
{
    return intern_add_hashed(t, name, intern_hash(name));
}

struct slice intern_name(const struct intern *t, uint32_t id)
{
    return slice_of(t->entries[id].data, t->entries[id].len);
}

uint32_t intern_count(const struct intern *t)
{
    return t->count;
}
