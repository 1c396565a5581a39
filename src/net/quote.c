/*
 * net/quote: reads the head of a packet that an ICMP error quotes.
 * SPDX-License-Identifier: MIT
 *
 * RFC 792, RFC 4443 section 2.4. A quote ends where the sender or the capture cut it, and its lengths
 * may have been changed on the way: only addresses, protocol and ports are read.
 */
#include "quote.h"

#include "base/cursor.h"

#define EXTENSIONS_MAX 8

bool quote_follows_icmp(uint8_t type)
{
    /* unreachable, source quench, redirect, time exceeded, parameter problem */
    return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

bool quote_follows_icmpv6(uint8_t type)
{
    /* unreachable, too big, time exceeded, parameter problem */
    return type >= 1 && type <= 4;
}

/* Leaves the cursor at the transport header, or failed when it is not in the quote. */
static void read_v4(struct tuple *out, struct cursor *c)
{
    size_t header_len = (size_t)(cur_u8(c) & 15) * 4;
    cur_skip(c, 5); /* service, length, id */
    uint16_t fragment_bits = cur_be16(c);
    cur_skip(c, 1);
    out->proto = cur_u8(c);
    cur_skip(c, 2);
    out->src = addr_from_bytes(cur_take(c, 4));
    out->dst = addr_from_bytes(cur_take(c, 4));
    if (header_len < 20)
        cur_fail(c, VERDICT_BAD);
    else
        cur_skip(c, header_len - 20);
    if (fragment_bits & 0x1fff)
        cur_fail(c, VERDICT_BAD);
}

static void read_v6(struct tuple *out, struct cursor *c)
{
    cur_skip(c, 6); /* version, class, flow, length */
    out->proto = cur_u8(c);
    cur_skip(c, 1);
    out->src = addr_from_bytes(cur_take(c, 16));
    out->dst = addr_from_bytes(cur_take(c, 16));
    for (int i = 0; i < EXTENSIONS_MAX && cur_left(c) > 0; i++) {
        bool is_fragment = out->proto == 44;
        bool is_extension = out->proto == 0 || out->proto == 43 || out->proto == 60;
        if (!is_fragment && !is_extension)
            return;
        out->proto = cur_u8(c);
        size_t units = cur_u8(c);
        uint16_t bits = cur_be16(c);
        cur_skip(c, is_fragment ? 4 : units * 8 + 4);
        if (is_fragment && bits & 0xfff8)
            cur_fail(c, VERDICT_BAD);
    }
}

bool quote_parse(struct tuple *out, struct slice quoted)
{
    *out = (struct tuple){.proto = 0};
    struct cursor c = cursor_of(quoted, VERDICT_SHORT);
    struct cursor look = c;
    uint8_t version = cur_u8(&look) >> 4;
    if (version == 4)
        read_v4(out, &c);
    else if (version == 6)
        read_v6(out, &c);
    if (out->dst.family == 0) {
        *out = (struct tuple){.proto = 0};
        return false;
    }
    if ((out->proto == IP_PROTO_TCP || out->proto == IP_PROTO_UDP) && cur_left(&c) >= 4) {
        out->src_port = cur_be16(&c);
        out->dst_port = cur_be16(&c);
    }
    return true;
}
