/*
 * tests/unit/frames: Ethernet frames made in memory, for tests that need packets.
 * SPDX-License-Identifier: MIT
 *
 * Addresses are 10.0.0.<n>; MACs 02:00:00:00:00:<n>. Checksums are zero: the decoder does not verify them.
 */
#ifndef FRAMES_H
#define FRAMES_H

#include "capture/capture.h"
#include "net/packet.h"

#define FRAME_MAX 1600

struct frame_maker {
    uint8_t bytes[FRAME_MAX];
    struct frame frame; /* its bytes point into the maker */
};

struct frame_ends {
    uint8_t src;
    uint8_t dst;
    uint16_t src_port;
    uint16_t dst_port;
};

static inline void frame_put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void frame_put32(uint8_t *p, uint32_t v)
{
    frame_put16(p, v >> 16);
    frame_put16(p + 2, v & 0xffff);
}

/* Ethernet and IPv4 headers before `transport` bytes of transport; returns where these begin. */
static inline uint8_t *frame_ip(struct frame_maker *m, struct frame_ends e, uint8_t proto,
                                size_t transport)
{
    static const uint8_t ether[14] = {2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 8, 0};
    memset(m->bytes, 0, 54);
    memcpy(m->bytes, ether, sizeof ether);
    m->bytes[5] = e.dst;
    m->bytes[11] = e.src;
    uint8_t *ip = m->bytes + 14;
    ip[0] = 0x45;
    frame_put16(ip + 2, (unsigned)(20 + transport));
    ip[8] = 64;
    ip[9] = proto;
    frame_put32(ip + 12, 0x0a000000U | e.src);
    frame_put32(ip + 16, 0x0a000000U | e.dst);
    frame_put16(ip + 20, e.src_port);
    frame_put16(ip + 22, e.dst_port);
    m->frame.bytes = slice_of(m->bytes, 34 + transport);
    m->frame.wire_len = (uint32_t)(34 + transport);
    m->frame.linktype = 1;
    m->frame.at.frame++;
    return ip + 20;
}

static inline const struct frame *frame_udp(struct frame_maker *m, struct frame_ends e,
                                            struct slice payload)
{
    uint8_t *udp = frame_ip(m, e, IP_PROTO_UDP, 8 + payload.len);
    frame_put16(udp + 4, (unsigned)(8 + payload.len));
    memcpy(udp + 8, payload.data, payload.len);
    return &m->frame;
}

static inline const struct frame *frame_tcp(struct frame_maker *m, struct frame_ends e,
                                            uint8_t flags, uint32_t seq, uint32_t ack,
                                            struct slice payload)
{
    uint8_t *tcp = frame_ip(m, e, IP_PROTO_TCP, 20 + payload.len);
    frame_put32(tcp + 4, seq);
    frame_put32(tcp + 8, ack);
    tcp[12] = 0x50;
    tcp[13] = flags;
    frame_put16(tcp + 14, 0xffff);
    if (payload.len > 0)
        memcpy(tcp + 20, payload.data, payload.len);
    return &m->frame;
}

#endif
