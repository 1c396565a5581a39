/*
 * base/finder: open addressing with linear probing; slots double at three quarters.
 * SPDX-License-Identifier: MIT
 */
#include "base/finder.h"

#include <stdlib.h>

#define SIZE_FIRST 16

void finder_init(struct finder *f)
{
    *f = (struct finder){NULL, 0, 0};
}

void finder_clear(struct finder *f)
{
    free(f->slots);
    finder_init(f);
}

bool finder_copy(struct finder *out, const struct finder *f)
{
    finder_init(out);
    if (f->size == 0)
        return true;
    out->slots = malloc(f->size * sizeof *out->slots);
    if (!out->slots)
        return false;
    memcpy(out->slots, f->slots, f->size * sizeof *out->slots);
    out->count = f->count;
    out->size = f->size;
    return true;
}

static void put(const struct finder *f, uint64_t hash, uint32_t number)
{
    uint32_t at = (uint32_t)hash & (f->size - 1);
    while (f->slots[at] != 0)
        at = (at + 1) & (f->size - 1);
    f->slots[at] = finder_tag(hash) | (number + 1);
}

static bool grow(struct finder *f, finder_hash_fn *hash_of, const void *table)
{
    uint32_t size = f->size ? f->size * 2 : SIZE_FIRST;
    struct finder bigger = {calloc(size, sizeof *bigger.slots), f->count, size};
    if (!bigger.slots)
        return false;
    for (uint32_t i = 0; i < f->size; i++) {
        uint32_t number = (f->slots[i] & FINDER_MAX) - 1;
        if (f->slots[i] != 0)
            put(&bigger, hash_of(table, number), number);
    }
    free(f->slots);
    *f = bigger;
    return true;
}

bool finder_add(struct finder *f, uint64_t hash, uint32_t number, finder_hash_fn *hash_of,
                const void *table)
{
    if (number >= FINDER_MAX || (f->count >= f->size / 4 * 3 && !grow(f, hash_of, table)))
        return false;
    put(f, hash, number);
    f->count++;
    return true;
}

void finder_replace(const struct finder *f, uint64_t hash, uint32_t old, uint32_t number)
{
    uint32_t at = (uint32_t)hash & (f->size - 1);
    while (f->slots[at] != (finder_tag(hash) | (old + 1)))
        at = (at + 1) & (f->size - 1);
    f->slots[at] = finder_tag(hash) | (number + 1);
}
