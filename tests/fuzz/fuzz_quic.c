/*
 * tests/fuzz/fuzz_quic: datagrams of a connection.
 * SPDX-License-Identifier: MIT
 *
 * Input: one byte for the end, then datagrams with a head of two bytes: bit 15 for the direction, the
 * length. Random bytes do not authenticate, so fuzz_quic_packet has what lies behind decryption.
 */
#include <stdlib.h>

#include "base/cursor.h"
#include "fuzz.h"
#include "proto/quic.h"

static void check_tx(void *ctx, const struct tx *tx)
{
    int *told = ctx;
    (*told)++;
    if (tx->kind != TX_TLS || !mark_set(tx->request))
        abort();
    if (tx->u.tls.server_hello != mark_set(tx->reply))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    int told = 0;
    arena_init(&arena, (size_t)128 * 1024);
    struct proto_env env = {.arena = &arena, .emit = check_tx, .ctx = &told};
    void *session = calloc(1, quic_ops.session_size);
    if (!session)
        abort();
    struct cursor c = cursor_of(slice_of(data, size), VERDICT_SHORT);
    struct mark at = {NS_PER_S, 1, 0};
    uint8_t reason = cur_u8(&c);
    quic_ops.begin(session, &(struct proto_begin){.datagram = true}, &env);
    struct feed feed = {.state = FEED_MORE};
    while (cur_left(&c) > 0 && feed.state == FEED_MORE) {
        uint16_t head = cur_be16(&c);
        size_t len = head & 0x7fffU;
        struct slice datagram = cur_take(&c, len < cur_left(&c) ? len : cur_left(&c));
        feed = quic_ops.data(session, head >> 15 ? DIR_TO_CLIENT : DIR_TO_SERVER, datagram, &at,
                             &at, &env);
    }
    struct flow_end how = {.reason = (enum end_reason)(reason % (END_EVICTED + 1))};
    quic_ops.end(session, &how, &env);
    free(session);
    arena_clear(&arena);
    return 0;
}
