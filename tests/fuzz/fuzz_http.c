/*
 * tests/fuzz/fuzz_http: both directions of a connection, in pieces, with gaps.
 * SPDX-License-Identifier: MIT
 *
 * Input: pieces as in halves.h, in units of 4 bytes.
 */
#include "fuzz.h"
#include "halves.h"
#include "proto/http.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    size_t told = 0;
    arena_init(&arena, 262144);
    struct proto_env env = {.arena = &arena, .emit = check_tx, .ctx = &told};
    struct halves h = halves_new(&http_ops, &env);
    struct cursor c = cursor_of(slice_of(data, size), VERDICT_SHORT);
    http_ops.begin(h.session, &(struct proto_begin){.midstream = size % 2 == 1}, &env);
    struct flow_end how = {.reason = END_CAPTURE};
    if (halves_feed(&h, &c, 4) != FEED_UPGRADE)
        http_ops.end(h.session, &how, &env);
    halves_free(&h);
    arena_clear(&arena);
    return 0;
}
