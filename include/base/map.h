/*
 * base/map: a capped table from 64-bit keys to 32-bit values.
 * SPDX-License-Identifier: MIT
 *
 * Keys are made by the caller: two 32-bit indexes side by side, or a hash whose hits the caller checks.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stdint.h>

#define MAP_NONE UINT32_MAX /* no value; cannot be stored */

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

uint32_t map_get(const struct map *m, uint64_t key);

/* Stores or replaces. false at the cap or out of memory: nothing was stored. */
bool map_put(struct map *m, uint64_t key, uint32_t value);

/* Forgets a key; nothing happens when it is not there. */
void map_remove(struct map *m, uint64_t key);

#endif
