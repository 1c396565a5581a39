/*
 * tests/unit/net/tunnels: what holds for every frame that has TCP_DATA within a tunnel.
 * SPDX-License-Identifier: MIT
 */
#ifndef TUNNELS_H
#define TUNNELS_H

#include "frames.h"

/* 192.0.2.1 to 192.0.2.2, id 1, TTL 255; total length, protocol */
#define OUTER(total, proto) "45 00 " total " 0001 0000 ff " proto " 0000 c0000201 c0000202 "
/* TCP_FRAME within VLAN 200, 66 bytes */
#define TAGGED_FRAME ETH("8100") "00c8 0800 " TCP_DATA

struct tunnel {
    const char *hex;
    int linktype;
    uint16_t vlan;
    bool has_mac;
    bool guessed; /* what lies within shows only from its own header */
};

/* The whole frame, and each beginning of it. */
static inline void assert_tunnel(const struct tunnel *t)
{
    struct decoded d = decode_hex(t->linktype, t->hex);
    assert_tcp4(&d);
    assert_int_equal(d.p.has_mac, t->has_mac);
    assert_int_equal(d.p.vlan, t->vlan);
    assert_int_equal(d.p.vlan_count, t->vlan != 0);
    if (d.p.has_mac) {
        assert_mac(&d.p.src_mac, "02:00:00:00:00:01");
        assert_mac(&d.p.dst_mac, "02:00:00:00:00:02");
    }
    assert_int_equal(d.p.ip.len, 48);
    for (size_t cut = 0; cut < d.len; cut++) {
        uint8_t *copy = unit_copy(d.bytes, cut);
        struct packet p;
        net_decode(&p, t->linktype, slice_of(copy, cut), (uint32_t)d.len, &test_mark);
        assert_true(p.cut);
        assert_true(p.payload_len >= p.payload.len);
        if (cut >= d.len - 8)
            assert_int_equal(p.kind, PACKET_TCP);
        else if (t->guessed)
            assert_int_not_equal(p.kind, PACKET_TCP);
        else
            assert_int_equal(p.kind, PACKET_SHORT);
        free(copy);
    }
    free(d.bytes);
}

/* No bit of it makes the decoder read what is not there. */
static inline void assert_flips(const struct tunnel *t)
{
    size_t len;
    uint8_t *bytes = hex_bytes(t->hex, &len);
    for (size_t at = 0; at < len * 8; at++) {
        bytes[at / 8] ^= (uint8_t)(1U << at % 8);
        struct packet p;
        net_decode(&p, t->linktype, slice_of(bytes, len), (uint32_t)len, &test_mark);
        assert_true(p.payload.len <= len);
        assert_true(p.payload_len >= p.payload.len);
        bytes[at / 8] ^= (uint8_t)(1U << at % 8);
    }
    free(bytes);
}

#endif
