/*
 * base/arena: memory that is freed all at once.
 * SPDX-License-Identifier: MIT
 *
 * An arena belongs to one owner (a flow, a report) and dies with it; nothing in it is freed alone.
 * The first block is small and blocks grow, since most flows need little.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/slice.h"

struct arena_block;

struct arena {
    struct arena_block *blocks;
    size_t used; /* bytes handed out */
    size_t cap;  /* most bytes it may hand out */
};

void arena_init(struct arena *a, size_t cap);
void arena_clear(struct arena *a);

/* Zeroed, aligned for any object; NULL at the cap or out of memory. */
void *arena_alloc(struct arena *a, size_t size);

/* A copy of `s`, followed by a NUL byte that does not count. On failure an empty slice with a NULL
 * data pointer (a copy of an empty slice has a pointer). */
struct slice arena_copy(struct arena *a, struct slice s);

#endif
