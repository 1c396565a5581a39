/*
 * Fuzz target: fragments one after another.
 * SPDX-License-Identifier: MIT
 *
 * A fragment of the input is 8 bytes (seconds, id, protocol, flags, offset / 8, length) and its bytes.
 */
#include <assert.h>

#include "base/cursor.h"
#include "fuzz.h"
#include "net/ipfrag.h"

static void push(struct ipfrag *f, struct cursor *c, int64_t *now_ns)
{
    *now_ns += cur_u8(c) * NS_PER_S / 4;
    struct packet p = {.at = {.ts_ns = *now_ns, .frame = 1}, .kind = PACKET_FRAGMENT};
    p.frag.id = cur_u8(c);
    p.tuple.proto = cur_u8(c);
    uint8_t flags = cur_u8(c);
    p.frag.offset = cur_be16(c) % 8192 * 8u;
    p.frag.more = flags & 1;
    p.tuple.src = p.tuple.dst = (struct ip_addr){.family = flags & 2 ? 6 : 4};
    size_t len = cur_be16(c);
    p.payload = cur_take(c, len < cur_left(c) ? len : cur_left(c));
    p.payload_len = (uint32_t)(flags & 4 ? len : p.payload.len);
    if (p.payload_len < p.payload.len)
        p.payload_len = (uint32_t)p.payload.len;
    if (ipfrag_push(f, &p)) {
        assert(p.payload.len <= p.payload_len);
        /* Every byte handed out is there to be read. */
        volatile uint8_t sum = 0;
        for (size_t i = 0; i < p.payload.len; i++)
            sum = sum ^ p.payload.data[i];
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ipfrag *f = ipfrag_new();
    if (!f)
        return 0;
    struct cursor c = cursor_of(slice_of(data, size), VERDICT_SHORT);
    int64_t now_ns = 0;
    while (cur_left(&c) > 0)
        push(f, &c, &now_ns);
    ipfrag_free(f);
    return 0;
}
