/*
 * net/overlay: tunnels over UDP.
 * SPDX-License-Identifier: MIT
 *
 * RFC 7348 (VXLAN), draft-ietf-nvo3-vxlan-gpe, RFC 8926 (Geneve), 3GPP TS 29.281 (GTP-U), RFC 4380
 * (Teredo), draft-massar-v6ops-ayiya, RFC 2661 (L2TP), RFC 5415, 5416 (CAPWAP), TZSP as Wireshark and
 * MikroTik know it.
 *
 * Ordinary traffic uses these ports too: a datagram is a tunnel's only where its header has the form of one
 * and a packet can begin behind it. Where the capture was cut before that shows, the beginning decides.
 */
#include "rare.h"

#define GTP_EXTENSIONS_MAX 8
#define TZSP_TAGS_MAX      32
#define TRAILER_MAX        64 /* padding and checksum of a small frame */
#define IP_LENGTH_END      6  /* where the length fields of both versions end */

/* Whether the cursor ran off what was captured: nothing more can be checked. */
static bool was_cut(const struct cursor *c)
{
    return c->verdict == VERDICT_SHORT;
}

/* The packet behind the header that `d` has read is IP, or the capture was cut before that shows. */
static enum step enter_ip(struct decode *d)
{
    bool unseen = was_cut(&d->c) || (cur_left(&d->c) < IP_LENGTH_END && d->missing > 0);
    if (!unseen && !tunnel_ip_fits(d))
        return STEP_END;
    tunnel_enter(d);
    return STEP_IP;
}

/* The frame behind it is there at least with its header. */
static enum step enter_frame(struct decode *d)
{
    if (d->c.verdict == VERDICT_BAD || announced(d) < 14)
        return STEP_END;
    return tunnel_enter_frame(d);
}

/* The same where the header before says little: the frame's type is one of ours. */
static enum step enter_known_frame(struct decode *d)
{
    bool unseen = was_cut(&d->c) || (cur_left(&d->c) < 14 && d->missing > 0);
    return unseen || tunnel_frame_begins(d, 0) ? enter_frame(d) : STEP_END;
}

/* ---- VXLAN -------------------------------------------------------------------------------------- */

/* Whether an IP packet begins at the cursor, ends with the datagram and has a right checksum. */
static bool is_surely_ip(const struct decode *d)
{
    struct cursor look = d->c;
    unsigned version = cur_u8(&look) >> 4;
    cur_skip(&look, 1);
    size_t total = cur_be16(&look);
    size_t payload = cur_be16(&look);
    size_t len = version == 4 ? total : 40 + payload;
    return tunnel_ip_fits(d) && announced(d) - len <= TRAILER_MAX &&
           (version == 6 || tunnel_checksum_fits(d));
}

/* On a port that says nothing all must fit: the header's constant bytes, and a frame with IP. */
static enum step vxlan_anywhere(struct decode *d)
{
    uint32_t flags = cur_be32(&d->c);
    uint32_t network = cur_be32(&d->c);
    if (d->c.verdict != VERDICT_OK || flags != VXLAN_FIRST_WORD || network & 0xff)
        return STEP_END;
    struct decode look = *d;
    cur_skip(&look.c, 12);
    enum step step = step_of_ethertype(cur_be16(&look.c));
    if (step == STEP_VLAN) {
        cur_skip(&look.c, 2);
        step = step_of_ethertype(cur_be16(&look.c));
    }
    if ((step != STEP_IPV4 && step != STEP_IPV6) || !is_surely_ip(&look))
        return STEP_END;
    return enter_frame(d);
}

static enum step vxlan_gpe(struct decode *d, uint8_t next)
{
    switch (next) {
    case 1:
    case 2:
        return enter_ip(d);
    case 3:
        return enter_frame(d);
    case 4:
        tunnel_enter(d);
        return STEP_NSH;
    default:
        return STEP_END;
    }
}

/* Flags: group policy 0x80 (its id follows), network is valid 0x08; VXLAN-GPE: version 0x30, next
 * protocol is given 0x04, maintenance 0x01. */
static enum step vxlan(struct decode *d)
{
    uint8_t flags = cur_u8(&d->c);
    uint32_t others = cur_be24(&d->c);
    cur_skip(&d->c, 4); /* network, reserved */
    if ((flags & 0xbe) == 0x0c && others >> 8 == 0)
        return vxlan_gpe(d, (uint8_t)others);
    if (flags == 0x88 || (flags == 0x08 && others == 0))
        return enter_frame(d);
    return STEP_END;
}

/* ---- Geneve ------------------------------------------------------------------------------------- */

/* version (2 bits), length of options in words (6), flags (2), 6 bits of zero, protocol, network, 0 */
static enum step geneve(struct decode *d)
{
    uint8_t first = cur_u8(&d->c);
    uint8_t flags = cur_u8(&d->c);
    uint16_t type = cur_be16(&d->c);
    uint32_t network = cur_be32(&d->c);
    if (first >> 6 != 0 || flags & 0x3f || network & 0xff)
        return STEP_END;
    cur_skip(&d->c, (size_t)first * 4);
    switch (type) {
    case ETHERTYPE_BRIDGED:
        return enter_frame(d);
    case ETHERTYPE_IPV4:
    case ETHERTYPE_IPV6:
        return enter_ip(d);
    default:
        return STEP_END;
    }
}

/* ---- GTP-U -------------------------------------------------------------------------------------- */

/* Sequence, N-PDU, and extensions of a length in words, each with the type of the next one. */
static bool gtp_skip_options(struct cursor *c)
{
    cur_skip(c, 3);
    uint8_t next = cur_u8(c);
    for (int i = 0; next != 0; i++) {
        size_t len = (size_t)cur_u8(c) * 4;
        if (len == 0 || i == GTP_EXTENSIONS_MAX)
            return was_cut(c);
        cur_skip(c, len - 2);
        next = cur_u8(c);
    }
    return true;
}

/* version 1 (3 bits), GTP (1), 0, extension, sequence, N-PDU; kind, length, tunnel */
static enum step gtp(struct decode *d)
{
    uint8_t flags = cur_u8(&d->c);
    uint8_t kind = cur_u8(&d->c);
    size_t len = cur_be16(&d->c);
    cur_skip(&d->c, 4);
    if ((flags & 0xf8) != 0x30 || kind != 0xff || len > announced(d))
        return STEP_END;
    announce(d, len);
    if (flags & 7 && !gtp_skip_options(&d->c))
        return STEP_END;
    return enter_ip(d);
}

/* ---- IPv6 of hosts ------------------------------------------------------------------------------ */

/* Whether an IPv6 packet fills what is left; MAC addresses stay, as the host itself makes the tunnel. */
static enum step enter_ipv6(struct decode *d)
{
    struct cursor look = d->c;
    uint32_t first = cur_be32(&look);
    size_t len = cur_be16(&look);
    if (was_cut(&look))
        return STEP_IPV6;
    if (look.verdict != VERDICT_OK || first >> 28 != 6 || 40 + len != announced(d))
        return STEP_END;
    d->p->tuple.src_port = 0;
    d->p->tuple.dst_port = 0;
    return STEP_IPV6;
}

/* Authentication (00 01) and origin (00 00) may come before the packet. */
static enum step teredo(struct decode *d)
{
    struct cursor look = d->c;
    uint16_t head = cur_be16(&look);
    if (head == 1) {
        size_t client = cur_u8(&look);
        size_t value = cur_u8(&look);
        cur_skip(&look, client + value + 9);
        d->c = look;
        head = cur_be16(&look);
    }
    if (head == 0) {
        cur_skip(&look, 6);
        d->c = look;
    }
    return enter_ipv6(d);
}

/* 2^n bytes of identity, kind of it, words of signature, hash; authentication, operation; protocol; time */
static enum step ayiya(struct decode *d)
{
    uint8_t identity = cur_u8(&d->c);
    uint8_t signature = cur_u8(&d->c) >> 4;
    uint8_t operation = cur_u8(&d->c) & 15;
    uint8_t protocol = cur_u8(&d->c);
    cur_skip(&d->c, 4);
    if (operation != 1 || protocol != NEXT_IPV6)
        return STEP_END;
    cur_skip(&d->c, ((size_t)1 << (identity >> 4)) + (size_t)signature * 4);
    return enter_ipv6(d);
}

/* ---- L2TP --------------------------------------------------------------------------------------- */

enum {
    L2TP_CONTROL = 0x8000,
    L2TP_LENGTH = 0x4000,
    L2TP_SEQUENCE = 0x0800,
    L2TP_OFFSET = 0x0200,
    L2TP_ZERO = 0x34f0,
    L2TP_VERSION = 0x000f,
};

/* Whether PPP with IP begins at the cursor. */
static bool is_ppp_of_ip(struct cursor c)
{
    struct cursor look = c;
    if (cur_be16(&look) == 0xff03)
        c = look;
    uint32_t protocol = cur_u8(&c);
    if (!(protocol & 1))
        protocol = protocol << 8 | cur_u8(&c);
    return was_cut(&c) || protocol == PPP_IPV4 || protocol == PPP_IPV6;
}

static enum step l2tp(struct decode *d)
{
    uint16_t flags = cur_be16(&d->c);
    if (flags & (L2TP_CONTROL | L2TP_ZERO) || (flags & L2TP_VERSION) != 2)
        return STEP_END;
    size_t len = flags & L2TP_LENGTH ? cur_be16(&d->c) : 0;
    if (len > announced(d) + 4)
        return STEP_END;
    cur_skip(&d->c, 4 + (flags & L2TP_SEQUENCE ? 4 : 0)); /* tunnel, session */
    if (flags & L2TP_OFFSET)
        cur_skip(&d->c, cur_be16(&d->c));
    if (!is_ppp_of_ip(d->c))
        return STEP_END;
    tunnel_enter(d);
    return STEP_PPP;
}

/* ---- radio -------------------------------------------------------------------------------------- */

enum {
    CAPWAP_NATIVE = 0x0100, /* the frame is as it was on the air, else Ethernet */
    CAPWAP_FRAGMENT = 0x0080,
    CAPWAP_KEEP_ALIVE = 0x0008,
    CAPWAP_WIFI = 1,
};

/* Many access points swap the two bytes of frame control. The right first byte has version 0. */
static enum step enter_wifi(struct decode *d)
{
    struct cursor look = d->c;
    uint8_t first = cur_u8(&look);
    uint8_t second = cur_u8(&look);
    bool swapped = (first & 3) != 0;
    if ((swapped ? second : first) & 3)
        return STEP_END;
    tunnel_enter(d);
    return swapped ? STEP_WIFI_SWAPPED : STEP_WIFI;
}

/* version and kind (8 bits, 0), length in words (5), radio (5), binding (5), flags (9), fragment (32) */
static enum step capwap(struct decode *d)
{
    uint8_t preamble = cur_u8(&d->c);
    uint8_t len = cur_u8(&d->c) >> 3;
    struct cursor look = d->c;
    uint16_t flags = cur_be16(&look);
    unsigned binding = flags >> 9 & 31;
    if (preamble != 0 || len < 2 || flags & (CAPWAP_FRAGMENT | CAPWAP_KEEP_ALIVE))
        return STEP_END;
    cur_skip(&d->c, (size_t)len * 4 - 2);
    if (!(flags & CAPWAP_NATIVE))
        return enter_known_frame(d);
    return binding == CAPWAP_WIFI ? enter_wifi(d) : STEP_END;
}

enum {
    TZSP_ETHERNET = 1,
    TZSP_WIFI = 18,
    TZSP_PRISM = 119,
    TZSP_AVS = 127,
};

/* Tags of one byte (0: padding, 1: end) or with a length. */
static bool tzsp_skip_tags(struct cursor *c)
{
    for (int i = 0; i < TZSP_TAGS_MAX && c->verdict == VERDICT_OK; i++) {
        uint8_t tag = cur_u8(c);
        if (tag == 1)
            return true;
        if (tag != 0)
            cur_skip(c, cur_u8(c));
    }
    return was_cut(c);
}

static enum step step_of_tzsp(uint16_t protocol)
{
    switch (protocol) {
    case TZSP_WIFI:
        return STEP_WIFI;
    case TZSP_PRISM:
        return STEP_PRISM;
    case TZSP_AVS:
        return STEP_AVS;
    default:
        return STEP_END;
    }
}

static enum step tzsp(struct decode *d)
{
    uint8_t version = cur_u8(&d->c);
    uint8_t kind = cur_u8(&d->c); /* 0: received, 1: to be sent */
    uint16_t protocol = cur_be16(&d->c);
    if (version != 1 || kind > 1 || !tzsp_skip_tags(&d->c))
        return STEP_END;
    if (protocol == TZSP_ETHERNET)
        return enter_known_frame(d);
    enum step step = step_of_tzsp(protocol);
    if (step != STEP_END)
        tunnel_enter(d);
    return step;
}

/* ---- the ports ---------------------------------------------------------------------------------- */

static enum step step_of_port(struct decode *d, uint16_t port)
{
    switch (port) {
    case PORT_L2TP:
        return l2tp(d);
    case PORT_GTP_U:
        return gtp(d);
    case PORT_TEREDO:
        return teredo(d);
    case PORT_VXLAN:
    case PORT_VXLAN_GPE:
    case PORT_VXLAN_OLD:
        return vxlan(d);
    case PORT_AYIYA:
        return ayiya(d);
    case PORT_CAPWAP_DATA:
        return capwap(d);
    case PORT_GENEVE:
        return geneve(d);
    case PORT_TZSP:
        return tzsp(d);
    default:
        return vxlan_anywhere(d);
    }
}

enum step overlay_step(struct decode *d)
{
    struct decode first = *d;
    enum step step = step_of_port(&first, d->p->tuple.dst_port);
    if (step != STEP_END) {
        *d = first;
        return step;
    }
    return step_of_port(d, d->p->tuple.src_port);
}
