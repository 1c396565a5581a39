/*
 * tests/fuzz/fuzz_http: both directions of a connection, in pieces, with gaps.
 * SPDX-License-Identifier: MIT
 *
 * Input: pieces of one control byte (bit 7: to the client; bit 6: a gap of that many bytes; else a
 * length of 4 times the low bits plus 1) and their bytes.
 */
#include <stdlib.h>

#include "base/cursor.h"
#include "fuzz.h"
#include "proto/http.h"

struct half {
    uint8_t *held;
    size_t len;
    uint64_t skip;
};

static void check_tx(void *ctx, const struct tx *tx)
{
    size_t *told = ctx;
    const struct tx_http *h = &tx->u.http;
    if (tx->kind != TX_HTTP || h->body_head.len > HTTP_PAGE_HEAD_MAX)
        abort();
    if (tx->outcome == TX_ANSWERED && h->status == 0)
        abort();
    *told += h->target.len;
}

static enum feed_state show(void *session, enum dir dir, struct half *half, struct slice piece,
                            struct proto_env *env)
{
    struct mark at = {NS_PER_S, 1, 0};
    uint64_t passed = half->skip < piece.len ? half->skip : piece.len;
    half->skip -= passed;
    piece = slice_sub(piece, (size_t)passed, piece.len);
    if (piece.len == 0)
        return FEED_MORE;
    uint8_t *held = malloc(half->len + piece.len);
    if (!held)
        abort();
    if (half->len > 0)
        memcpy(held, half->held, half->len);
    memcpy(held + half->len, piece.data, piece.len);
    free(half->held);
    half->held = held;
    half->len += piece.len;
    struct feed feed = http_ops.data(session, dir, slice_of(held, half->len), &at, &at, env);
    if (feed.take.consumed > half->len)
        abort();
    half->len -= feed.take.consumed;
    memmove(held, held + feed.take.consumed, half->len);
    half->skip = feed.take.skip;
    return feed.state;
}

static enum feed_state lose(void *session, enum dir dir, struct half *half, uint64_t len,
                            struct proto_env *env)
{
    struct mark at = {NS_PER_S, 1, 0};
    half->len = 0;
    half->skip = 0;
    struct feed feed = http_ops.gap(session, dir, len, &at, env);
    half->skip = feed.take.skip;
    return feed.state;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    size_t told = 0;
    arena_init(&arena, 262144);
    struct proto_env env = {.arena = &arena, .emit = check_tx, .ctx = &told};
    void *session = calloc(1, http_ops.session_size);
    if (!session)
        abort();
    struct half half[2] = {{NULL, 0, 0}, {NULL, 0, 0}};
    struct cursor c = cursor_of(slice_of(data, size), VERDICT_SHORT);
    http_ops.begin(session, &(struct proto_begin){.midstream = size % 2 == 1}, &env);
    enum feed_state state = FEED_MORE;
    while (cur_left(&c) > 0 && state == FEED_MORE) {
        uint8_t control = cur_u8(&c);
        enum dir dir = control & 0x80 ? DIR_TO_CLIENT : DIR_TO_SERVER;
        size_t low = control & 0x3f;
        size_t n = low * 4 + 1;
        if (control & 0x40)
            state = lose(session, dir, &half[dir], n - 1, &env);
        else
            state = show(session, dir, &half[dir],
                         cur_take(&c, n < cur_left(&c) ? n : cur_left(&c)), &env);
    }
    struct flow_end how = {.reason = END_CAPTURE};
    if (state != FEED_UPGRADE)
        http_ops.end(session, &how, &env);
    free(half[0].held);
    free(half[1].held);
    free(session);
    arena_clear(&arena);
    return 0;
}
