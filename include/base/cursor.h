/*
 * base/cursor: the only reader of untrusted bytes.
 * SPDX-License-Identifier: MIT
 *
 * A cursor is a value: copy it to look ahead. Reads never fail loudly: after the
 * first one that runs off the end every read gives 0 or an empty slice, nothing
 * is left, and the verdict stays. Check it once, at the end of a unit:
 *
 *     struct cursor c = cursor_of(bytes, VERDICT_SHORT);
 *     uint16_t id = cur_be16(&c);
 *     struct cursor body = cur_sub(&c, cur_be16(&c));
 *     ... read body ...
 *     cur_close(&c, &body);
 *     if (c.verdict != VERDICT_OK) ...
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include <stdint.h>

#include "base/slice.h"

enum verdict {
    VERDICT_OK,
    VERDICT_SHORT, /* ran off what was captured or has arrived so far: nobody's fault */
    VERDICT_BAD,   /* the bytes contradict the protocol */
};

struct cursor {
    const uint8_t *pos;
    const uint8_t *end;
    enum verdict verdict;
    enum verdict on_overrun; /* what running off the end means: SHORT where the packet was cut
                                or the stream may grow, BAD where all bytes are there */
};

static inline struct cursor cursor_of(struct slice s, enum verdict on_overrun)
{
    return (struct cursor){s.data, s.data ? s.data + s.len : s.data, VERDICT_OK, on_overrun};
}

static inline size_t cur_left(const struct cursor *c)
{
    return (size_t)(c->end - c->pos);
}

/* Ends reading with `verdict`, unless an earlier verdict stands. A failed cursor has 0 bytes left,
 * so `while (cur_left(&c) > 0)` always ends. */
static inline void cur_fail(struct cursor *c, enum verdict verdict)
{
    if (c->verdict == VERDICT_OK)
        c->verdict = verdict;
    c->pos = c->end;
}

static inline bool cur_need(struct cursor *c, size_t n)
{
    if (cur_left(c) >= n)
        return true;
    cur_fail(c, c->on_overrun);
    return false;
}

static inline uint8_t cur_u8(struct cursor *c)
{
    if (!cur_need(c, 1))
        return 0;
    return *c->pos++;
}

static inline uint16_t cur_be16(struct cursor *c)
{
    if (!cur_need(c, 2))
        return 0;
    const uint8_t *p = c->pos;
    c->pos += 2;
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t cur_be24(struct cursor *c)
{
    if (!cur_need(c, 3))
        return 0;
    const uint8_t *p = c->pos;
    c->pos += 3;
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t cur_be32(struct cursor *c)
{
    if (!cur_need(c, 4))
        return 0;
    const uint8_t *p = c->pos;
    c->pos += 4;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t cur_be64(struct cursor *c)
{
    if (!cur_need(c, 8))
        return 0;
    uint64_t high = cur_be32(c);
    return high << 32 | cur_be32(c);
}

static inline uint16_t cur_le16(struct cursor *c)
{
    uint16_t v = cur_be16(c);
    return (uint16_t)(v >> 8 | v << 8);
}

static inline uint32_t cur_le32(struct cursor *c)
{
    return __builtin_bswap32(cur_be32(c));
}

/* The next `n` bytes. */
static inline struct slice cur_take(struct cursor *c, size_t n)
{
    if (!cur_need(c, n))
        return (struct slice){c->end, 0};
    struct slice s = {c->pos, n};
    c->pos += n;
    return s;
}

static inline void cur_skip(struct cursor *c, size_t n)
{
    if (cur_need(c, n))
        c->pos += n;
}

/* All that is left. */
static inline struct slice cur_rest(struct cursor *c)
{
    return cur_take(c, cur_left(c));
}

/* A length-prefixed block as a cursor of its own. Where the parent has fewer than `n` bytes, the
 * child holds what there is and inherits the parent's view of an overrun, so a message that is
 * still arriving can be read as far as it goes; the parent fails at once. Otherwise an overrun
 * within the child is BAD: its length was known. */
static inline struct cursor cur_sub(struct cursor *c, size_t n)
{
    if (cur_left(c) < n) {
        struct cursor part = *c;
        cur_fail(c, c->on_overrun);
        return part;
    }
    struct cursor child = {c->pos, c->pos + n, c->verdict, VERDICT_BAD};
    c->pos += n;
    return child;
}

/* Ends a block: what the child left unread, or read too far, becomes the parent's BAD. To accept
 * trailing bytes, skip them visibly with cur_rest(&child). */
static inline void cur_close(struct cursor *parent, const struct cursor *child)
{
    if (child->verdict != VERDICT_OK)
        cur_fail(parent, child->verdict);
    else if (cur_left(child) > 0)
        cur_fail(parent, VERDICT_BAD);
}

#endif
