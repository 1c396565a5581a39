/*
 * proto/quic_packet: headers and frames of QUIC.
 * SPDX-License-Identifier: MIT
 *
 * RFC 9000 sections 12.4 (frames of Initial packets), 16, 17, 19; RFC 8999; RFC 9369 section 3.2. The
 * fixed bit says nothing: RFC 9287 lets either side clear it.
 */
#include "proto/quic_packet.h"

#include "proto/quic_crypto.h"

#define LONG_HEADER    0x80
#define ACK_RANGES_MAX 1024

uint64_t quic_varint(struct cursor *c)
{
    uint8_t first = cur_u8(c);
    uint64_t value = first & 0x3f;
    for (int more = (1 << (first >> 6)) - 1; more > 0; more--)
        value = value << 8 | cur_u8(c);
    return c->verdict == VERDICT_OK ? value : 0;
}

static enum quic_type long_type(uint32_t version, uint8_t first)
{
    static const enum quic_type types[4] = {QUIC_INITIAL, QUIC_ZERO_RTT, QUIC_HANDSHAKE,
                                            QUIC_RETRY};
    uint8_t bits = first >> 4 & 3;
    if (version == QUIC_V2)
        bits = (uint8_t)(bits - 1) & 3; /* version 2 numbers them anew */
    return types[bits];
}

static struct slice connection_id(struct cursor *c)
{
    uint8_t len = cur_u8(c);
    if (len > QUIC_CID_MAX)
        cur_fail(c, VERDICT_BAD);
    return cur_take(c, len);
}

enum verdict quic_header_next(struct cursor *datagram, struct quic_header *out)
{
    struct cursor c = *datagram;
    struct cursor start = c;
    size_t left = cur_left(&c);
    *out = (struct quic_header){.type = QUIC_ONE_RTT};
    uint8_t first = cur_u8(&c);
    if (c.verdict == VERDICT_OK && !(first & LONG_HEADER)) {
        out->packet = cur_rest(datagram);
        return VERDICT_OK;
    }
    out->version = cur_be32(&c);
    out->dcid = connection_id(&c);
    out->scid = connection_id(&c);
    if (c.verdict == VERDICT_OK && out->version == 0) {
        out->type = QUIC_VERSION_NEGOTIATION;
        out->packet = cur_rest(datagram);
        return VERDICT_OK;
    }
    if (c.verdict == VERDICT_OK && (!quic_version_known(out->version)))
        cur_fail(&c, VERDICT_BAD);
    out->type = long_type(out->version, first);
    if (out->type == QUIC_RETRY) {
        out->packet = cur_rest(datagram);
        return c.verdict;
    }
    if (out->type == QUIC_INITIAL)
        cur_skip(&c, (size_t)quic_varint(&c)); /* token */
    uint64_t len = quic_varint(&c);
    out->pn_offset = left - cur_left(&c);
    cur_skip(&c, (size_t)len);
    out->packet = cur_take(&start, left - cur_left(&c));
    *datagram = c;
    return c.verdict;
}

static void skip_ack(struct cursor *c, bool with_ecn)
{
    (void)quic_varint(c); /* largest acknowledged */
    (void)quic_varint(c); /* delay */
    uint64_t ranges = quic_varint(c);
    (void)quic_varint(c); /* first range */
    if (ranges > ACK_RANGES_MAX)
        cur_fail(c, VERDICT_BAD);
    for (uint64_t i = 0; i < ranges && c->verdict == VERDICT_OK; i++) {
        (void)quic_varint(c);
        (void)quic_varint(c);
    }
    for (int i = 0; with_ecn && i < 3; i++)
        (void)quic_varint(c);
}

static void read_close(struct cursor *c, bool application, struct quic_frame *out)
{
    out->kind = QUIC_FRAME_CLOSE;
    out->application = application;
    out->error = quic_varint(c);
    if (!application)
        (void)quic_varint(c); /* frame type */
    cur_skip(c, (size_t)quic_varint(c));
}

bool quic_frame_next(struct cursor *payload, struct quic_frame *out)
{
    enum {
        PADDING = 0x00,
        PING = 0x01,
        ACK = 0x02,
        ACK_ECN = 0x03,
        CRYPTO = 0x06,
        CLOSE = 0x1c,
        CLOSE_APPLICATION = 0x1d,
    };
    *out = (struct quic_frame){.kind = QUIC_FRAME_OTHER};
    uint64_t type = PADDING;
    while (type == PADDING && cur_left(payload) > 0)
        type = quic_varint(payload);
    switch (type) {
    case PADDING: /* nothing else was left */
        return false;
    case PING:
        break;
    case ACK:
    case ACK_ECN:
        skip_ack(payload, type == ACK_ECN);
        break;
    case CRYPTO:
        out->kind = QUIC_FRAME_CRYPTO;
        out->offset = quic_varint(payload);
        out->data = cur_take(payload, (size_t)quic_varint(payload));
        break;
    case CLOSE:
    case CLOSE_APPLICATION:
        read_close(payload, type == CLOSE_APPLICATION, out);
        break;
    default:
        cur_fail(payload, VERDICT_BAD);
        break;
    }
    return payload->verdict == VERDICT_OK;
}
