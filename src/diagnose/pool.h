/*
 * diagnose/pool: records of one size, known by number, that never move.
 * SPDX-License-Identifier: MIT
 *
 * Grows by blocks, so that growing copies nothing and wastes little. Private to diagnose.
 */
#ifndef DIAGNOSE_POOL_H
#define DIAGNOSE_POOL_H

#include <stddef.h>
#include <stdint.h>

#define POOL_NONE  UINT32_MAX
#define POOL_BLOCK 256U /* records */

struct pool {
    void **blocks;
    size_t size; /* of a record */
    uint32_t count;
    uint32_t block_count;
    uint32_t cap; /* most records */
};

void pool_init(struct pool *p, size_t size, uint32_t cap);
void pool_clear(struct pool *p);

/* The number of a new zeroed record; POOL_NONE at the cap or out of memory. */
uint32_t pool_add(struct pool *p);
/* The record of a number below count. */
static inline void *pool_at(const struct pool *p, uint32_t index)
{
    char *block = p->blocks[index / POOL_BLOCK];
    return block + index % POOL_BLOCK * p->size;
}

#endif
