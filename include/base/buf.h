/*
 * base/buf: a growing buffer for output.
 * SPDX-License-Identifier: MIT
 *
 * Appending never fails loudly: when memory runs out `failed` is set and what follows is dropped;
 * the owner checks it once, before using the bytes.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/slice.h"

struct buf {
    char *data;
    size_t len;
    size_t cap;
    bool failed;
};

void buf_init(struct buf *b);
void buf_clear(struct buf *b); /* frees; the buffer can be used again */

static inline void buf_reset(struct buf *b)
{
    b->len = 0;
}

/* Room for `n` more bytes; false when there is none. */
bool buf_reserve(struct buf *b, size_t n);

void buf_bytes(struct buf *b, const void *data, size_t len);
void buf_str(struct buf *b, const char *text);
void buf_slice(struct buf *b, struct slice s);
void buf_char(struct buf *b, char c);
void buf_u64(struct buf *b, uint64_t v);
void buf_i64(struct buf *b, int64_t v);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline struct slice buf_view(const struct buf *b)
{
    return slice_of(b->data, b->len);
}

#endif
