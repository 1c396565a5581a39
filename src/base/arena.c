/*
 * base/arena: blocks that grow from small to middling.
 * SPDX-License-Identifier: MIT
 */
#include "base/arena.h"

#include <assert.h>
#include <sanitizer/asan_interface.h>
#include <stdlib.h>

#include "base/bring.h"

#define BLOCK_FIRST  240 /* with malloc's own header a round 256 */
#define BLOCK_MAX    4080
#define CHUNK_BLOCKS 16
#define ALIGNMENT    (sizeof(union alignment))

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
    *a = (struct arena){NULL, 0, cap, NULL};
}

void arena_init_pooled(struct arena *a, size_t cap, struct arena_pool *pool)
{
    *a = (struct arena){NULL, 0, cap, pool};
}

static void free_list(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
}

/* ---- the pool ---- */

void arena_pool_init(struct arena_pool *pool, size_t room)
{
    assert(room % ALIGNMENT == 0 && room > 0);
    *pool = (struct arena_pool){room, NULL, NULL};
}

void arena_pool_clear(struct arena_pool *pool)
{
    free_list(pool->chunks);
    arena_pool_init(pool, pool->room);
}

/* A spare block is out of bounds to the sanitizer, as if it were freed. */
static void give_back(struct arena_pool *pool, struct arena_block *block)
{
    ASAN_POISON_MEMORY_REGION(block->bytes, pool->room);
    block->next = pool->spare;
    pool->spare = block;
}

static bool add_chunk(struct arena_pool *pool)
{
    size_t size = sizeof(struct arena_block) + pool->room;
    struct arena_block *chunk = malloc(sizeof *chunk + CHUNK_BLOCKS * size);
    if (!chunk)
        return false;
    chunk->next = pool->chunks;
    pool->chunks = chunk;
    for (size_t i = CHUNK_BLOCKS; i-- > 0;)
        give_back(pool, (void *)((char *)chunk->bytes + i * size));
    return true;
}

static struct arena_block *take_pooled(struct arena_pool *pool)
{
    if (!pool->spare && !add_chunk(pool))
        return NULL;
    struct arena_block *block = pool->spare;
    pool->spare = block->next;
    if (pool->spare) /* the next arena's */
        bring_bytes(pool->spare, sizeof *block + pool->room);
    ASAN_UNPOISON_MEMORY_REGION(block->bytes, pool->room);
    return block;
}

/* ---- arenas ---- */

static void drop_block(struct arena *a)
{
    struct arena_block *block = a->blocks;
    a->blocks = block->next;
    a->used -= block->used;
    if (a->pool && block->size == a->pool->room)
        give_back(a->pool, block);
    else
        free(block);
}

void arena_clear(struct arena *a)
{
    while (a->blocks)
        drop_block(a);
}

void arena_rewind(struct arena *a, size_t used)
{
    assert(used <= a->used);
    while (a->blocks && a->used - used >= a->blocks->used)
        drop_block(a);
    struct arena_block *block = a->blocks;
    uint32_t surplus = (uint32_t)(a->used - used);
    if (!block || surplus == 0)
        return;
    block->used -= surplus;
    a->used = used;
    ASAN_POISON_MEMORY_REGION((char *)block->bytes + block->used, surplus);
}

/* Room for what is `need`ed: as much again as the newest block, within bounds. */
static size_t next_size(const struct arena *a, size_t need)
{
    size_t size =
        a->blocks ? (size_t)a->blocks->size * 2 : BLOCK_FIRST - sizeof(struct arena_block);
    if (size > BLOCK_MAX)
        size = BLOCK_MAX;
    return size < need ? need : size;
}

static struct arena_block *add_block(struct arena *a, size_t need)
{
    bool pooled = a->pool && need <= a->pool->room;
    size_t size = pooled ? a->pool->room : next_size(a, need);
    struct arena_block *block = pooled ? take_pooled(a->pool) : malloc(sizeof *block + size);
    if (!block)
        return NULL;
    *block = (struct arena_block){.next = a->blocks, .used = 0, .size = (uint32_t)size};
    a->blocks = block;
    return block;
}

/* `size` bytes from a multiple of `alignment` on. */
static void *carve(struct arena *a, size_t size, size_t alignment)
{
    struct arena_block *block = a->blocks;
    size_t skip = block ? (alignment - block->used % alignment) % alignment : 0;
    if (size > a->cap || a->used > a->cap - size || size > UINT32_MAX / 2)
        return NULL;
    if (!block || block->size - block->used < size + skip) {
        block = add_block(a, size);
        skip = 0;
    }
    if (!block)
        return NULL;
    void *p = (char *)block->bytes + block->used + skip;
    ASAN_UNPOISON_MEMORY_REGION(p, size);
    block->used += (uint32_t)(size + skip);
    a->used += size + skip; /* what the blocks have used in all: see arena_rewind */
    return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
    void *p = carve(a, size, ALIGNMENT);
    if (p)
        memset(p, 0, size);
    return p;
}

/* Bytes lie side by side: names are short, and there can be many. */
struct slice arena_copy(struct arena *a, struct slice s)
{
    uint8_t *copy = s.len < SIZE_MAX ? carve(a, s.len + 1, 1) : NULL;
    if (!copy)
        return (struct slice){NULL, 0};
    if (s.len > 0)
        memcpy(copy, s.data, s.len);
    copy[s.len] = 0;
    return slice_of(copy, s.len);
}
