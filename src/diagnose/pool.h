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

#define POOL_NONE UINT32_MAX

struct pool {
    void **blocks;
    size_t size; /* of a record */
    uint32_t count;
    uint32_t block_count;
    uint32_t block_room;
    uint32_t shift; /* records of a block, as a power of two */
    uint32_t cap;   /* most records */
};

/* Bytes of a block: much is kept of a network, little of one device, and there are thousands of them. */
#define POOL_BLOCK       8192U
#define POOL_BLOCK_SMALL 512U

/* `size` bytes of a record, most records, and bytes of a block (above). */
void pool_init(struct pool *p, size_t size, uint32_t cap, uint32_t block);
void pool_clear(struct pool *p);
/* A pool of its own with the same records, numbers and all. 0 when memory is out: clear it all the same. */
int pool_copy(struct pool *out, const struct pool *p);

/* The number of a new zeroed record; POOL_NONE at the cap or out of memory. */
uint32_t pool_add(struct pool *p);
/* The record of a number below count. */
static inline void *pool_at(const struct pool *p, uint32_t index)
{
    char *block = p->blocks[index >> p->shift];
    return block + (index & ((1U << p->shift) - 1)) * p->size;
}

#endif
