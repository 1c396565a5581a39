/*
 * tests/fuzz/fuzz_socks: both directions of an opening, cut where the input says.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "base/cursor.h"
#include "fuzz.h"
#include "proto/socks.h"

static void never(void *ctx, const struct tx *tx)
{
    (void)ctx;
    (void)tx;
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proto_env env = {.arena = NULL, .emit = never, .ctx = NULL};
    struct mark at = {NS_PER_S, 1, 0};
    uint8_t session[16] = {0};
    if (socks_ops.session_size > sizeof session)
        abort();
    struct cursor c = cursor_of(slice_of(data, size), VERDICT_SHORT);
    size_t cut = cur_u8(&c);
    socks_ops.begin(session, &(struct proto_begin){.server_port = 1080}, &env);
    struct slice client = cur_take(&c, cut < cur_left(&c) ? cut : cur_left(&c));
    struct slice server = cur_rest(&c);
    enum feed_state state = FEED_MORE;
    for (unsigned turn = 0; turn < 64 && state == FEED_MORE; turn++) {
        struct slice *side = turn % 2 ? &server : &client;
        enum dir dir = turn % 2 ? DIR_TO_CLIENT : DIR_TO_SERVER;
        struct feed feed = socks_ops.data(session, dir, *side, &at, &at, &env);
        if (feed.take.consumed > side->len)
            abort();
        *side = slice_sub(*side, feed.take.consumed, side->len);
        state = feed.state;
    }
    if (socks_is_greeting(slice_of(data, size)) && size < 3)
        abort();
    return 0;
}
