/*
 * Fuzz target: a link type and a frame.
 * SPDX-License-Identifier: MIT
 */
#include <assert.h>

#include "fuzz.h"
#include "net/decode.h"
#include "net/ipfrag.h"
#include "net/mirror.h"
#include "net/same.h"

/* The first packet is no copy; the second one reads all that is hashed. */
static void look_twice(const struct packet *p)
{
    struct mirror *m = mirror_new();
    if (!m)
        return;
    assert(!mirror_is_copy(m, p, 1));
    bool copy = mirror_is_copy(m, p, 1);
    assert(copy == (p->kind != PACKET_OTHER && p->kind != PACKET_BAD && p->kind != PACKET_SHORT));
    mirror_free(m);
}

static bool is_ipv4_in_ethernet(int linktype, struct slice bytes)
{
    return linktype == 1 && bytes.len >= SAME_ETHERNET && bytes.data[12] == 0x08 &&
           bytes.data[13] == 0x00;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int linktypes[] = {1,   0,   9,  12,  14,  50,  101, 108, 113, 228, 229, 276,
                                    239, 105, 51, 104, 119, 127, 163, 166, 192, 204, 205, 219};
    if (size < 2)
        return 0;
    int linktype = linktypes[data[0] % (sizeof linktypes / sizeof *linktypes)];
    struct slice bytes = slice_sub(slice_of(data, size), 2, size);
    uint32_t wire_len = (uint32_t)bytes.len + data[1] * 8u;
    const struct mark at = {.ts_ns = 1, .frame = 1};
    struct packet p;
    net_decode(&p, linktype, bytes, wire_len, &at);
    assert(p.payload.len <= p.payload_len && p.payload.len <= bytes.len);
    look_twice(&p);
    if (is_ipv4_in_ethernet(linktype, bytes))
        assert(same_both_ways(bytes, data[1] * 8u, &at));
    unsigned parts = 1;
    struct packet next = p;
    for (; net_decode_more(&next, &at); parts++) {
        assert(next.payload.len <= next.payload_len && next.payload.len <= bytes.len);
        look_twice(&next);
    }
    assert(parts <= NET_PARTS_MAX + 1);
    if (p.kind == PACKET_FRAGMENT) {
        struct ipfrag *f = ipfrag_new();
        if (f)
            ipfrag_push(f, &p);
        ipfrag_free(f);
    }
    return 0;
}
