/*
 * base/arena: blocks that grow from small to middling.
 * SPDX-License-Identifier: MIT
 */
#include "base/arena.h"

#include <stdlib.h>

#define BLOCK_FIRST 240 /* with malloc's own header a round 256 */
#define BLOCK_MAX   4080
#define ALIGNMENT   (sizeof(union alignment))

union alignment {
    void *pointer;
    int64_t integer;
};

struct arena_block {
    struct arena_block *next;
    uint32_t used;
    uint32_t size; /* of bytes */
    union alignment bytes[];
};

void arena_init(struct arena *a, size_t cap)
{
    *a = (struct arena){NULL, 0, cap};
}

void arena_clear(struct arena *a)
{
    struct arena_block *block = a->blocks;
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    a->blocks = NULL;
    a->used = 0;
}

static struct arena_block *add_block(struct arena *a, size_t need)
{
    size_t size =
        a->blocks ? (size_t)a->blocks->size * 2 : BLOCK_FIRST - sizeof(struct arena_block);
    if (size > BLOCK_MAX)
        size = BLOCK_MAX;
    if (size < need)
        size = need;
    struct arena_block *block = malloc(sizeof *block + size);
    if (!block)
        return NULL;
    *block = (struct arena_block){.next = a->blocks, .used = 0, .size = (uint32_t)size};
    a->blocks = block;
    return block;
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > UINT32_MAX / 2)
        return NULL;
    size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    if (size > a->cap || a->used > a->cap - size)
        return NULL;
    struct arena_block *block = a->blocks;
    if (!block || block->size - block->used < size) {
        block = add_block(a, size);
        if (!block)
            return NULL;
    }
    void *p = (char *)block->bytes + block->used;
    block->used += (uint32_t)size;
    a->used += size;
    memset(p, 0, size);
    return p;
}

struct slice arena_copy(struct arena *a, struct slice s)
{
    uint8_t *copy = s.len < SIZE_MAX ? arena_alloc(a, s.len + 1) : NULL;
    if (!copy)
        return (struct slice){NULL, 0};
    if (s.len > 0)
        memcpy(copy, s.data, s.len);
    return slice_of(copy, s.len);
}
