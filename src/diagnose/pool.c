/*
 * diagnose/pool: blocks of records.
 * SPDX-License-Identifier: MIT
 */
#include "pool.h"

#include <stdlib.h>

void pool_init(struct pool *p, size_t size, uint32_t cap)
{
    *p = (struct pool){NULL, size, 0, 0, cap};
}

void pool_clear(struct pool *p)
{
    for (uint32_t i = 0; i < p->block_count; i++)
        free(p->blocks[i]);
    free(p->blocks);
    pool_init(p, p->size, p->cap);
}

static int add_block(struct pool *p)
{
    void **blocks = realloc(p->blocks, (p->block_count + 1) * sizeof *blocks);
    if (!blocks)
        return 0;
    p->blocks = blocks;
    blocks[p->block_count] = calloc(POOL_BLOCK, p->size);
    if (!blocks[p->block_count])
        return 0;
    p->block_count++;
    return 1;
}

uint32_t pool_add(struct pool *p)
{
    if (p->count >= p->cap)
        return POOL_NONE;
    if (p->count == p->block_count * POOL_BLOCK && !add_block(p))
        return POOL_NONE;
    return p->count++;
}
