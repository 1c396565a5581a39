/*
 * diagnose/pool: blocks of records.
 * SPDX-License-Identifier: MIT
 *
 * Blocks stay as small as they were asked for; the list of blocks doubles.
 */
#include "pool.h"

#include <stdlib.h>
#include <string.h>

#define SHIFT_MAX 8

void pool_init(struct pool *p, size_t size, uint32_t cap, uint32_t block)
{
    uint32_t shift = 0;
    while (shift < SHIFT_MAX && size << (shift + 1) <= block)
        shift++;
    *p = (struct pool){.size = size, .shift = shift, .cap = cap};
}

void pool_clear(struct pool *p)
{
    for (uint32_t i = 0; i < p->block_count; i++)
        free(p->blocks[i]);
    free(p->blocks);
    *p = (struct pool){.size = p->size, .shift = p->shift, .cap = p->cap};
}

static int make_room(struct pool *p)
{
    if (p->block_count < p->block_room)
        return 1;
    uint32_t room = p->block_room ? p->block_room * 2 : 4;
    void **blocks = realloc(p->blocks, room * sizeof *blocks);
    if (!blocks)
        return 0;
    p->blocks = blocks;
    p->block_room = room;
    return 1;
}

static int add_block(struct pool *p)
{
    void *block = make_room(p) ? calloc((size_t)1 << p->shift, p->size) : NULL;
    if (!block)
        return 0;
    p->blocks[p->block_count++] = block;
    return 1;
}

int pool_copy(struct pool *out, const struct pool *p)
{
    *out = (struct pool){.size = p->size, .shift = p->shift, .cap = p->cap};
    for (uint32_t i = 0; i < p->block_count; i++) {
        if (!add_block(out))
            return 0;
        memcpy(out->blocks[i], p->blocks[i], p->size << p->shift);
    }
    out->count = p->count;
    return 1;
}

uint32_t pool_add(struct pool *p)
{
    if (p->count >= p->cap)
        return POOL_NONE;
    if (p->count == p->block_count << p->shift && !add_block(p))
        return POOL_NONE;
    return p->count++;
}
