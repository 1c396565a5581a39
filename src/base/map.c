/*
 * base/map: open addressing with linear probing; slots double at three quarters.
 * SPDX-License-Identifier: MIT
 */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_FIRST 16

void map_init(struct map *m, uint32_t cap)
{
    *m = (struct map){NULL, 0, 0, cap};
}

void map_clear(struct map *m)
{
    free(m->slots);
    map_init(m, m->cap);
}

bool map_copy(struct map *out, const struct map *m)
{
    *out = *m;
    out->slots = m->size ? malloc(m->size * sizeof *m->slots) : NULL;
    if (m->size && !out->slots) {
        map_init(out, m->cap);
        return false;
    }
    if (m->size)
        memcpy(out->slots, m->slots, m->size * sizeof *m->slots);
    return true;
}

static bool grow(struct map *m)
{
    if (m->size > UINT32_MAX / 4)
        return false;
    struct map bigger = {NULL, m->count, m->size ? m->size * 2 : SIZE_FIRST, m->cap};
    bigger.slots = calloc(bigger.size, sizeof *bigger.slots);
    if (!bigger.slots)
        return false;
    for (uint32_t i = 0; i < bigger.size; i++)
        bigger.slots[i].value = MAP_NONE;
    for (uint32_t i = 0; i < m->size; i++) {
        const struct map_slot *slot = &m->slots[i];
        if (slot->value != MAP_NONE)
            *map_slot(&bigger, (uint64_t)slot->key_high << 32 | slot->key_low) = *slot;
    }
    free(m->slots);
    *m = bigger;
    return true;
}

bool map_put(struct map *m, uint64_t key, uint32_t value)
{
    if (m->size > 0) {
        struct map_slot *slot = map_slot(m, key);
        if (slot->value != MAP_NONE) {
            slot->value = value;
            return true;
        }
    }
    if (m->count >= m->cap || (m->count >= m->size / 4 * 3 && !grow(m)))
        return false;
    *map_slot(m, key) = (struct map_slot){(uint32_t)key, (uint32_t)(key >> 32), value};
    m->count++;
    return true;
}

/* Fills the hole with what probing had moved past it, so that no tombstone is needed. */
void map_remove(struct map *m, uint64_t key)
{
    struct map_slot *hole = m->size ? map_slot(m, key) : NULL;
    if (!hole || hole->value == MAP_NONE)
        return;
    uint32_t mask = m->size - 1;
    uint32_t empty = (uint32_t)(hole - m->slots);
    for (uint32_t at = (empty + 1) & mask; m->slots[at].value != MAP_NONE; at = (at + 1) & mask) {
        const struct map_slot *slot = &m->slots[at];
        uint64_t other = (uint64_t)slot->key_high << 32 | slot->key_low;
        uint32_t home = (uint32_t)hash_mix(MAP_KEY, other) & mask;
        if (((at - home) & mask) >= ((at - empty) & mask)) {
            m->slots[empty] = *slot;
            empty = at;
        }
    }
    m->slots[empty].value = MAP_NONE;
    m->count--;
}
