/*
 * tests/fuzz/fuzz_tls: both directions of a connection, in pieces, with gaps.
 * SPDX-License-Identifier: MIT
 *
 * Input: pieces of one control byte (bit 7: to the client; bit 6: a gap of that many bytes; else a
 * length of 8 times the low bits plus 1) and their bytes.
 */
#include <stdlib.h>

#include "base/cursor.h"
#include "fuzz.h"
#include "proto/tls.h"

struct half {
    uint8_t *held;
    size_t len;
    uint64_t skip;
};

static void check_tx(void *ctx, const struct tx *tx)
{
    int *told = ctx;
    const struct tx_tls *tls = &tx->u.tls;
    if (++*told > 1 || tx->kind != TX_TLS || tls->alert_count > TLS_ALERTS_MAX)
        abort();
    if (tls->server_hello != mark_set(tx->reply) || !mark_set(tx->request))
        abort();
}

static struct feed show(void *session, enum dir dir, struct half *half, struct slice piece,
                        struct proto_env *env)
{
    struct mark at = {NS_PER_S, 1, 0};
    struct feed feed = {.state = FEED_MORE};
    size_t passed = half->skip < piece.len ? (size_t)half->skip : piece.len;
    half->skip -= half->skip == TAKE_REST ? 0 : passed;
    piece = slice_sub(piece, passed, piece.len);
    if (piece.len == 0)
        return feed;
    uint8_t *held = malloc(half->len + piece.len);
    if (!held)
        abort();
    if (half->len > 0)
        memcpy(held, half->held, half->len);
    memcpy(held + half->len, piece.data, piece.len);
    free(half->held);
    half->held = held;
    half->len += piece.len;
    feed = tls_ops.data(session, dir, slice_of(held, half->len), &at, &at, env);
    if (feed.take.consumed > half->len)
        abort();
    half->len -= feed.take.consumed;
    memmove(held, held + feed.take.consumed, half->len);
    half->skip = feed.take.skip;
    if (half->len > 0 && feed.take.skip > 0)
        abort();
    return feed;
}

static struct feed lose(void *session, enum dir dir, struct half *half, uint64_t len,
                        struct proto_env *env)
{
    struct mark at = {NS_PER_S, 1, 0};
    half->len = 0;
    struct feed feed = tls_ops.gap(session, dir, len, &at, env);
    half->skip = feed.take.skip;
    return feed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    int told = 0;
    arena_init(&arena, (size_t)128 * 1024);
    struct proto_env env = {.arena = &arena, .emit = check_tx, .ctx = &told};
    void *session = calloc(1, tls_ops.session_size);
    if (!session)
        abort();
    struct half half[2] = {{NULL, 0, 0}, {NULL, 0, 0}};
    struct cursor c = cursor_of(slice_of(data, size), VERDICT_SHORT);
    uint8_t reason = cur_u8(&c);
    tls_ops.begin(session, &(struct proto_begin){.server_port = 443}, &env);
    struct feed feed = {.state = FEED_MORE};
    while (cur_left(&c) > 0 && feed.state == FEED_MORE) {
        uint8_t control = cur_u8(&c);
        enum dir dir = control & 0x80 ? DIR_TO_CLIENT : DIR_TO_SERVER;
        size_t n = (control & 0x3fU) * 8U + 1;
        if (control & 0x40)
            feed = lose(session, dir, &half[dir], n - 1, &env);
        else
            feed = show(session, dir, &half[dir], cur_take(&c, n < cur_left(&c) ? n : cur_left(&c)),
                        &env);
    }
    struct flow_end how = {.reason = (enum end_reason)(reason % (END_EVICTED + 1)),
                           .by = reason & 0x80 ? DIR_TO_SERVER : DIR_TO_CLIENT};
    tls_ops.end(session, &how, &env);
    free(half[0].held);
    free(half[1].held);
    free(session);
    arena_clear(&arena);
    return 0;
}
