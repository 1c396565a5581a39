/*
 * tests/fuzz/halves: both directions of a connection, shown to a dissector in pieces and with gaps.
 * SPDX-License-Identifier: MIT
 *
 * A piece is one control byte (bit 7: to the client; bit 6: a gap of that many bytes; else a length of
 * `unit` times the low bits plus 1) and its bytes.
 */
#ifndef HALVES_H
#define HALVES_H

#include <stdlib.h>

#include "base/cursor.h"
#include "proto/proto.h"

struct half {
    uint8_t *held; /* shown, not yet consumed */
    size_t len;
    uint64_t skip;
};

struct halves {
    const struct proto_ops *ops;
    void *session;
    struct proto_env *env;
    struct half half[2];
};

static inline struct halves halves_new(const struct proto_ops *ops, struct proto_env *env)
{
    struct halves h = {.ops = ops, .session = calloc(1, ops->session_size), .env = env};
    if (!h.session)
        abort();
    return h;
}

static inline void halves_free(struct halves *h)
{
    free(h->half[0].held);
    free(h->half[1].held);
    free(h->session);
}

/* Puts `piece` behind what is held, in memory of exactly that size. */
static inline void half_hold(struct half *half, struct slice piece)
{
    uint8_t *held = malloc(half->len + piece.len);
    if (!held)
        abort();
    if (half->len > 0)
        memcpy(held, half->held, half->len);
    memcpy(held + half->len, piece.data, piece.len);
    free(half->held);
    half->held = held;
    half->len += piece.len;
}

static inline enum feed_state halves_show(struct halves *h, enum dir dir, struct slice piece)
{
    struct half *half = &h->half[dir];
    struct mark at = {NS_PER_S, 1, 0};
    size_t passed = half->skip < piece.len ? (size_t)half->skip : piece.len;
    half->skip -= half->skip == TAKE_REST ? 0 : passed;
    piece = slice_sub(piece, passed, piece.len);
    if (piece.len == 0)
        return FEED_MORE;
    half_hold(half, piece);
    struct feed feed =
        h->ops->data(h->session, dir, slice_of(half->held, half->len), &at, &at, h->env);
    if (feed.take.consumed > half->len)
        abort();
    half->len -= feed.take.consumed;
    memmove(half->held, half->held + feed.take.consumed, half->len);
    half->skip = feed.take.skip;
    if (half->len > 0 && half->skip > 0)
        abort(); /* what can be skipped is consumed first */
    return feed.state;
}

static inline enum feed_state halves_lose(struct halves *h, enum dir dir, uint64_t len)
{
    struct mark at = {NS_PER_S, 1, 0};
    h->half[dir].len = 0;
    struct feed feed = h->ops->gap(h->session, dir, len, &at, h->env);
    h->half[dir].skip = feed.take.skip;
    return feed.state;
}

/* All pieces of `c`, or those up to the dissector's last word. */
static inline enum feed_state halves_feed(struct halves *h, struct cursor *c, size_t unit)
{
    enum feed_state state = FEED_MORE;
    while (cur_left(c) > 0 && state == FEED_MORE) {
        uint8_t control = cur_u8(c);
        enum dir dir = control & 0x80 ? DIR_TO_CLIENT : DIR_TO_SERVER;
        size_t n = (control & 0x3fU) * unit + 1;
        if (control & 0x40)
            state = halves_lose(h, dir, n - 1);
        else
            state = halves_show(h, dir, cur_take(c, n < cur_left(c) ? n : cur_left(c)));
    }
    return state;
}

#endif
