/*
 * base/arena: memory that is freed all at once.
 * SPDX-License-Identifier: MIT
 *
 * An arena belongs to one owner (a flow, a report) and dies with it; nothing in it is freed alone, but what
 * was handed out last can be taken back.
 * The first block is small and blocks grow, since most flows need little. Arenas that come and go by the
 * thousand share a pool: the block that one gave back last is the next one's first.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/slice.h"

struct arena_block;

/* Blocks of one size for short-lived arenas. */
struct arena_pool {
    size_t room; /* of a block */
    struct arena_block *spare;
    struct arena_block *chunks; /* what blocks are cut from */
};

struct arena {
    struct arena_block *blocks;
    size_t used;             /* bytes handed out */
    size_t cap;              /* most bytes it may hand out */
    struct arena_pool *pool; /* or NULL */
};

void arena_init(struct arena *a, size_t cap);
/* The same with blocks from a pool, which must outlive the arena. */
void arena_init_pooled(struct arena *a, size_t cap, struct arena_pool *pool);
void arena_clear(struct arena *a);
/* Takes back all that was handed out since `used` was as it is given. */
void arena_rewind(struct arena *a, size_t used);

/* For blocks that hold `room` bytes, a multiple of eight. */
void arena_pool_init(struct arena_pool *pool, size_t room);
/* Frees all blocks, also those of arenas that were not cleared. */
void arena_pool_clear(struct arena_pool *pool);

/* Zeroed, aligned for any object; NULL at the cap or out of memory. */
void *arena_alloc(struct arena *a, size_t size);

/* A copy of `s`, aligned for nothing and followed by a NUL byte that does not count. On failure an empty
 * slice with a NULL data pointer (a copy of an empty slice has a pointer). */
struct slice arena_copy(struct arena *a, struct slice s);

#endif
