/*
 * tests/unit/net/frames: frames written as hexadecimal text, piece by piece.
 * SPDX-License-Identifier: MIT
 *
 * Pieces are string literals that stand side by side: ETH("0800") IPV4("0028", "4000", "06") TCP("50").
 */
#ifndef FRAMES_H
#define FRAMES_H

#include "net/decode.h"
#include "unit.h"

#define HEX_MAX 4096

/* 02:00:00:00:00:01 to 02:00:00:00:00:02 */
#define ETH(type) "020000000002 020000000001 " type " "
/* 10.0.0.1 to 198.51.100.7, id 0x1234, TTL 64; total length, flags and offset, protocol */
#define IPV4(total, frag, proto) \
    "45 00 " total " 1234 " frag " 40 " proto " 0000 0a000001 c6336407 "
/* 2001:db8::1 to 2001:db8::2, hop limit 64; payload length, next header */
#define V6_SRC          "20010db8000000000000000000000001 "
#define V6_DST          "20010db8000000000000000000000002 "
#define IPV6(len, next) "60000000 " len " " next " 40 " V6_SRC V6_DST
/* port 49152 to 443, seq 0x01020304, ack 0x05060708, PSH ACK, window 0x2000; data offset in the high nibble */
#define TCP(offset) "c000 01bb 01020304 05060708 " offset " 18 2000 0000 0000 "
/* port 53000 to 53; length */
#define UDP(len) "cf08 0035 " len " 0000 "
#define DATA8    "6461746164617461 "
/* Packets of 48 and 68 bytes, the first one in a frame of 62. */
#define TCP_DATA  IPV4("0030", "4000", "06") TCP("50") DATA8
#define TCP6_DATA IPV6("001c", "06") TCP("50") DATA8
#define TCP_FRAME ETH("0800") TCP_DATA

static inline unsigned hex_digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(ascii_lower((uint8_t)c) - 'a' + 10);
}

/* The bytes of hexadecimal text (spaces do not count), on the heap in their exact size. */
static inline uint8_t *hex_bytes(const char *text, size_t *len)
{
    uint8_t bytes[HEX_MAX];
    size_t digits = 0;
    for (; *text; text++) {
        if (*text == ' ')
            continue;
        assert_true(digits / 2 < HEX_MAX);
        unsigned high = digits % 2 ? bytes[digits / 2] : 0;
        bytes[digits / 2] = (uint8_t)(high << 4 | hex_digit(*text));
        digits++;
    }
    assert_int_equal(digits % 2, 0);
    *len = digits / 2;
    return unit_copy(bytes, *len);
}

/* A decoded frame and the bytes it borrows: free(d.bytes). */
struct decoded {
    uint8_t *bytes;
    size_t len;
    struct packet p;
};

static const struct mark test_mark = {.ts_ns = 1700000000000000000, .frame = 7, .file = 1};

/* The frame was `more` bytes longer on the wire. A junk-filled packet shows fields left out. */
static inline struct decoded decode_cut(int linktype, const char *hex, uint32_t more)
{
    struct decoded d;
    d.bytes = hex_bytes(hex, &d.len);
    memset(&d.p, 0xa5, sizeof d.p);
    net_decode(&d.p, linktype, slice_of(d.bytes, d.len), (uint32_t)d.len + more, &test_mark);
    return d;
}

static inline struct decoded decode_hex(int linktype, const char *hex)
{
    return decode_cut(linktype, hex, 0);
}

static inline void assert_addr(const struct ip_addr *a, const char *text)
{
    char out[ADDR_TEXT_SIZE];
    assert_string_equal(addr_text(a, out), text);
}

static inline void assert_mac(const struct mac_addr *m, const char *text)
{
    char out[MAC_TEXT_SIZE];
    assert_string_equal(mac_text(m, out), text);
}

/* TCP_DATA: 10.0.0.1:49152 to 198.51.100.7:443 with 8 bytes of data */
static inline void assert_tcp4(const struct decoded *d)
{
    const struct packet *p = &d->p;
    assert_int_equal(p->kind, PACKET_TCP);
    assert_addr(&p->tuple.src, "10.0.0.1");
    assert_addr(&p->tuple.dst, "198.51.100.7");
    assert_int_equal(p->tuple.src_port, 49152);
    assert_int_equal(p->tuple.dst_port, 443);
    assert_int_equal(p->tuple.proto, IP_PROTO_TCP);
    assert_int_equal(p->ttl, 64);
    assert_int_equal(p->ip_id, 0x1234);
    assert_slice_equal(p->payload, "datadata");
    assert_int_equal(p->payload_len, 8);
    assert_false(p->cut);
}

/* TCP6_DATA */
static inline void assert_tcp6(const struct decoded *d)
{
    const struct packet *p = &d->p;
    assert_int_equal(p->kind, PACKET_TCP);
    assert_addr(&p->tuple.src, "2001:db8::1");
    assert_addr(&p->tuple.dst, "2001:db8::2");
    assert_int_equal(p->tuple.dst_port, 443);
    assert_int_equal(p->tuple.proto, IP_PROTO_TCP);
    assert_slice_equal(p->payload, "datadata");
}

/* Only the kind. */
static inline enum packet_kind kind_of(int linktype, const char *hex)
{
    struct decoded d = decode_hex(linktype, hex);
    free(d.bytes);
    return d.p.kind;
}

#endif
