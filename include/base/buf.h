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

/* Where `n` bytes can be written, of which buf_wrote then says how many were; NULL when there is no room. */
static inline char *buf_room(struct buf *b, size_t n)
{
    return b->cap - b->len >= n || buf_reserve(b, n) ? b->data + b->len : NULL;
}

static inline void buf_wrote(struct buf *b, const char *end)
{
    b->len = (size_t)(end - b->data);
}

static inline void buf_bytes(struct buf *b, const void *data, size_t len)
{
    if (len == 0 || (b->cap - b->len < len && !buf_reserve(b, len)))
        return;
    memcpy(b->data + b->len, data, len);
    b->len += len;
}

static inline void buf_str(struct buf *b, const char *text)
{
    buf_bytes(b, text, strlen(text));
}

static inline void buf_slice(struct buf *b, struct slice s)
{
    buf_bytes(b, s.data, s.len);
}

static inline void buf_char(struct buf *b, char c)
{
    if (b->len < b->cap || buf_reserve(b, 1))
        b->data[b->len++] = c;
}

void buf_u64(struct buf *b, uint64_t v);
void buf_i64(struct buf *b, int64_t v);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline struct slice buf_view(const struct buf *b)
{
    return slice_of(b->data, b->len);
}

#endif
