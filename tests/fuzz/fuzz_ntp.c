/*
 * tests/fuzz/fuzz_ntp: packets of one flow.
 * SPDX-License-Identifier: MIT
 *
 * Input: packets of one control byte (bit 7: to the client; low bits: 100 ms later each), a length byte
 * and their bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "fuzz.h"
#include "proto/ntp.h"

static void check_tx(void *ctx, const struct tx *tx)
{
    const struct tx_ntp *n = &tx->u.ntp;
    (void)ctx;
    if (tx->kind != TX_NTP || n->attempts == 0)
        abort();
    if (!memchr(n->reference_id, 0, sizeof n->reference_id) ||
        !memchr(n->kiss_code, 0, sizeof n->kiss_code))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct proto_env env = {.arena = &arena, .emit = check_tx, .ctx = NULL};
    struct proto_begin how = {.server_port = 123, .datagram = true};
    struct cursor c = cursor_of(slice_of(data, size), VERDICT_SHORT);
    struct mark at = {INT64_C(1772352000) * NS_PER_S, 0, 0};
    arena_init(&arena, 4096);
    void *session = calloc(1, ntp_ops.session_size);
    if (!session)
        abort();
    ntp_ops.begin(session, &how, &env);
    enum feed_state state = FEED_MORE;
    while (state == FEED_MORE && cur_left(&c) > 0) {
        uint8_t control = cur_u8(&c);
        size_t len = cur_u8(&c);
        struct slice packet = cur_take(&c, len < cur_left(&c) ? len : cur_left(&c));
        at.ts_ns += (int64_t)(control & 0x7f) * 100 * NS_PER_MS;
        at.frame++;
        enum dir dir = control & 0x80 ? DIR_TO_CLIENT : DIR_TO_SERVER;
        state = ntp_ops.data(session, dir, packet, &at, &at, &env).state;
        if (ntp_ops.idle(session))
            arena_rewind(&arena, 0);
    }
    struct flow_end end = {.reason = END_CAPTURE, .at = at};
    if (state == FEED_MORE)
        ntp_ops.end(session, &end, &env);
    free(session);
    arena_clear(&arena);
    return 0;
}
