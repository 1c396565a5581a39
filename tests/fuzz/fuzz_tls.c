/*
 * tests/fuzz/fuzz_tls: both directions of a connection, in pieces, with gaps.
 * SPDX-License-Identifier: MIT
 *
 * Input: why the connection ended, then pieces as in halves.h, in units of 8 bytes.
 */
#include "fuzz.h"
#include "halves.h"
#include "proto/tls.h"

static void check_tx(void *ctx, const struct tx *tx)
{
    int *told = ctx;
    const struct tx_tls *tls = &tx->u.tls;
    if (++*told > 1 || tx->kind != TX_TLS || tls->alert_count > TLS_ALERTS_MAX)
        abort();
    if (tls->server_hello != mark_set(tx->reply) || !mark_set(tx->request))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    int told = 0;
    arena_init(&arena, (size_t)128 * 1024);
    struct proto_env env = {.arena = &arena, .emit = check_tx, .ctx = &told};
    struct halves h = halves_new(&tls_ops, &env);
    struct cursor c = cursor_of(slice_of(data, size), VERDICT_SHORT);
    uint8_t reason = cur_u8(&c);
    tls_ops.begin(h.session, &(struct proto_begin){.server_port = 443}, &env);
    (void)halves_feed(&h, &c, 8);
    struct flow_end how = {.reason = (enum end_reason)(reason % (END_EVICTED + 1)),
                           .by = reason & 0x80 ? DIR_TO_SERVER : DIR_TO_CLIENT};
    tls_ops.end(h.session, &how, &env);
    halves_free(&h);
    arena_clear(&arena);
    return 0;
}
