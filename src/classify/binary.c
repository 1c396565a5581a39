/*
 * classify/binary: SOCKS, QUIC, NTP and DHCP.
 * SPDX-License-Identifier: MIT
 * RFC 1928 section 3 (SOCKS 5); RFC 8999, 9000 section 17.2, 9369 (QUIC); RFC 5905 section 7.3 (NTP);
 * RFC 2131 section 3 (DHCP).
 */
#include "base/cursor.h"
#include "signature.h"

#define SOCKS_METHODS_MAX 8
#define SOCKS4_MAX        512
#define QUIC_CID_MAX      20
#define NTP_SIZE          48
#define DHCP_COOKIE_AT    236
#define DHCP_COOKIE       0x63825363

/* ---- SOCKS ---- */

/* Reads up to a NUL; false when it is not there yet. `bad` is set at control characters. */
static bool read_text(struct cursor *c, bool *bad)
{
    while (cur_left(c) > 0) {
        uint8_t byte = cur_u8(c);
        if (byte == 0)
            return true;
        if (byte < 0x20 || byte == 0x7f)
            *bad = true;
    }
    return false;
}

static enum match socks4_signature(struct slice s)
{
    struct cursor c = cursor_of(s, VERDICT_SHORT);
    cur_skip(&c, 1);
    uint8_t command = cur_u8(&c);
    uint16_t port = cur_be16(&c);
    uint32_t address = cur_be32(&c);
    if ((s.len > 1 && command != 1 && command != 2) || s.len > SOCKS4_MAX)
        return MATCH_NO;
    if (c.verdict != VERDICT_OK)
        return MATCH_MAYBE;
    bool bad = port == 0 || address == 0;
    bool whole = read_text(&c, &bad);
    if (whole && address < 256) /* 0.0.0.x: a name follows (4a) */
        whole = read_text(&c, &bad);
    if (bad || cur_left(&c) > 0)
        return MATCH_NO;
    return whole ? MATCH_CLIENT : MATCH_MAYBE;
}

static enum match socks5_signature(struct slice s)
{
    struct cursor c = cursor_of(s, VERDICT_SHORT);
    cur_skip(&c, 1);
    uint8_t count = cur_u8(&c);
    if (s.len == 1)
        return MATCH_MAYBE;
    if (count == 0 || count > SOCKS_METHODS_MAX || s.len > 2U + count)
        return MATCH_NO;
    bool usual = false; /* none, GSSAPI, user name and password */
    while (cur_left(&c) > 0) {
        uint8_t method = cur_u8(&c);
        if (method > 9 && method < 0x80)
            return MATCH_NO;
        usual |= method <= 2;
    }
    if (s.len < 2U + count)
        return MATCH_MAYBE;
    return usual ? MATCH_CLIENT : MATCH_NO;
}

enum match socks_signature(struct slice s)
{
    if (slice_starts(s, "\x05"))
        return socks5_signature(s);
    return slice_starts(s, "\x04") ? socks4_signature(s) : MATCH_NO;
}

/* ---- QUIC ---- */

static bool is_quic_version(uint32_t version)
{
    return version == 1 || version == 0x6b3343cf ||          /* RFC 9000, RFC 9369 */
           (version >= 0xff000017 && version <= 0xff000022); /* drafts 23 to 34 */
}

enum match quic_signature(struct slice s)
{
    struct cursor c = cursor_of(s, VERDICT_SHORT);
    uint8_t first = cur_u8(&c);
    uint32_t version = cur_be32(&c);
    uint8_t dcid = cur_u8(&c);
    cur_skip(&c, dcid);
    uint8_t scid = cur_u8(&c);
    cur_skip(&c, scid);
    if (c.verdict != VERDICT_OK || !(first & 0x80) || dcid > QUIC_CID_MAX || scid > QUIC_CID_MAX)
        return MATCH_NO;
    if (version == 0) { /* Version Negotiation: a list of versions */
        bool listed = cur_left(&c) >= 4 && cur_left(&c) % 4 == 0;
        bool ours = false;
        while (listed && cur_left(&c) > 0)
            ours |= is_quic_version(cur_be32(&c));
        return ours ? MATCH_SERVER : MATCH_NO;
    }
    return (first & 0x40) && is_quic_version(version) && cur_left(&c) >= 2 ? MATCH_EITHER
                                                                           : MATCH_NO;
}

/* ---- NTP ---- */

enum match ntp_signature(struct slice s)
{
    struct cursor c = cursor_of(s, VERDICT_SHORT);
    uint8_t first = cur_u8(&c);
    unsigned version = first >> 3 & 7;
    unsigned mode = first & 7;
    if (s.len < NTP_SIZE || version < 1 || version > 4 || mode < 1 || mode > 5)
        return MATCH_NO;
    if (mode == 3)
        return MATCH_CLIENT;
    return mode == 4 ? MATCH_SERVER : MATCH_EITHER;
}

/* ---- DHCP ---- */

enum match dhcp_signature(struct slice s)
{
    struct cursor c = cursor_of(s, VERDICT_SHORT);
    uint8_t op = cur_u8(&c);
    cur_skip(&c, DHCP_COOKIE_AT - 1);
    uint32_t cookie = cur_be32(&c);
    if (c.verdict != VERDICT_OK || cookie != DHCP_COOKIE || op < 1 || op > 2)
        return MATCH_NO;
    return op == 1 ? MATCH_CLIENT : MATCH_SERVER;
}
