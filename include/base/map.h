/*
 * base/map: a capped table from 64-bit keys to 32-bit values.
 * SPDX-License-Identifier: MIT
 *
 * Keys are made by the caller: two 32-bit indexes side by side, or a hash whose hits the caller checks.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/bring.h"
#include "base/hash.h"

#define MAP_NONE UINT32_MAX /* no value; cannot be stored */
#define MAP_KEY  0x6f6f6265U

struct map_slot {
    uint32_t key_low;
    uint32_t key_high;
    uint32_t value; /* MAP_NONE: empty */
};

struct map {
    struct map_slot *slots;
    uint32_t count;
    uint32_t size; /* power of two, or 0 */
    uint32_t cap;  /* most entries */
};

void map_init(struct map *m, uint32_t cap);
void map_clear(struct map *m);
/* A map of its own with the same entries. false when memory is out: `out` is empty then. */
bool map_copy(struct map *out, const struct map *m);

/* The slot of the key, or the empty one where it belongs. The map must have slots. */
static inline struct map_slot *map_slot(const struct map *m, uint64_t key)
{
    uint32_t mask = m->size - 1;
    uint32_t at = (uint32_t)hash_mix(MAP_KEY, key) & mask;
    for (;; at = (at + 1) & mask) {
        struct map_slot *slot = &m->slots[at];
        if (slot->value == MAP_NONE ||
            (slot->key_low == (uint32_t)key && slot->key_high == (uint32_t)(key >> 32)))
            return slot;
    }
}

static inline uint32_t map_get(const struct map *m, uint64_t key)
{
    return m->size ? map_slot(m, key)->value : MAP_NONE;
}

/* Has the slot of a key brought near, for a look-up some time later. */
BRINGS void map_bring(const struct map *m, uint64_t key)
{
    if (m->size)
        bring(&m->slots[(uint32_t)hash_mix(MAP_KEY, key) & (m->size - 1)]);
}

/* Stores or replaces. false at the cap or out of memory: nothing was stored. */
bool map_put(struct map *m, uint64_t key, uint32_t value);

/* Forgets a key; nothing happens when it is not there. */
void map_remove(struct map *m, uint64_t key);

#endif
