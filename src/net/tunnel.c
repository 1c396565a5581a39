/*
 * net/tunnel: packets and frames within packets, where a header says so.
 * SPDX-License-Identifier: MIT
 *
 * RFC 2784, 2890, 1701 (GRE), 7637 (NVGRE), 2637 (its version of PPTP), draft-foschiano-erspan, RFC 2003,
 * 4213 (IP in IP), 3378 (EtherIP), 8300 (NSH), 8986 (Ethernet as a protocol), IEEE 802.1ah, Aruba's and
 * WCCP's use of GRE. Tunnels over UDP are in overlay.c.
 */
#include "rare.h"

enum {
    GRE_CHECKSUM = 0x8000,
    GRE_ROUTING = 0x4000,
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_ACK = 0x0080, /* version 1 */
    GRE_VERSION = 0x0007,
};

#define GRE_ROUTES_MAX   16
#define ERSPAN_BSO_FRAME 0
#define ERSPAN_BSO_IP    2
#define ETHERIP_VERSION  3
#define NSH_LEN_LEAST    8
#define ARUBA_TYPES      0xfe0f /* 0x8200, 0x8210, ... 0x83f0 */

void tunnel_enter(struct decode *d)
{
    struct packet *p = d->p;
    p->has_mac = false;
    p->vlan = 0;
    p->vlan_outer = 0;
    p->vlan_count = 0;
    p->tuple = (struct tuple){.proto = 0};
    p->ttl = 0;
    p->ip_id = 0;
    p->dont_fragment = false;
    p->ip = slice_of(d->c.pos, 0);
}

enum step tunnel_enter_frame(struct decode *d)
{
    tunnel_enter(d);
    d->bounded = false;
    return STEP_ETHERNET;
}

bool tunnel_frame_begins(const struct decode *d, size_t skip)
{
    struct cursor look = d->c;
    cur_skip(&look, skip + 12);
    enum step step = step_of_ethertype(cur_be16(&look));
    return look.verdict == VERDICT_OK && step != STEP_END && step != STEP_LLC;
}

bool tunnel_ip_fits(const struct decode *d)
{
    struct cursor look = d->c;
    unsigned version_ihl = cur_u8(&look);
    cur_skip(&look, 1);
    size_t total = cur_be16(&look);
    size_t payload = cur_be16(&look);
    if (look.verdict != VERDICT_OK)
        return false;
    if (version_ihl >> 4 == 6)
        return 40 + payload <= announced(d);
    return version_ihl >> 4 == 4 && (version_ihl & 15) >= 5 && total >= 20 && total <= announced(d);
}

bool tunnel_checksum_fits(const struct decode *d)
{
    struct cursor look = d->c;
    struct cursor count = d->c;
    struct cursor header = cur_sub(&look, (size_t)(cur_u8(&count) & 15) * 4);
    uint32_t sum = 0;
    while (cur_left(&header) > 0)
        sum += cur_be16(&header);
    sum = (sum & 0xffff) + (sum >> 16);
    return look.verdict == VERDICT_OK && (sum & 0xffff) + (sum >> 16) == 0xffff;
}

/* ---- GRE ---------------------------------------------------------------------------------------- */

/* Source routes, until one without an address family and without bytes. */
static void skip_routes(struct cursor *c)
{
    for (int i = 0; i < GRE_ROUTES_MAX; i++) {
        uint16_t family = cur_be16(c);
        cur_skip(c, 1);
        uint8_t len = cur_u8(c);
        cur_skip(c, len);
        if (c->verdict != VERDICT_OK || (family == 0 && len == 0))
            return;
    }
    cur_fail(c, VERDICT_BAD);
}

static enum step step_of_gre(struct decode *d, uint16_t flags, uint16_t type)
{
    if ((type & ARUBA_TYPES) == ETHERTYPE_ARUBA)
        return STEP_WIFI;
    switch (type) {
    case ETHERTYPE_BRIDGED:
        return tunnel_enter_frame(d);
    case ETHERTYPE_ERSPAN: /* type I has no header of its own, and no sequence number */
        return flags & GRE_SEQUENCE ? STEP_ERSPAN_II : tunnel_enter_frame(d);
    case ETHERTYPE_ERSPAN_III:
        return STEP_ERSPAN_III;
    case ETHERTYPE_WCCP:
        return STEP_WCCP;
    default:
        return type < ETHERTYPE_LEAST ? STEP_END : step_of_ethertype(type);
    }
}

/* PPTP's: a key (payload length, call), then sequence and acknowledgement; PPP if there is payload. */
static enum step gre_of_pptp(struct decode *d, uint16_t flags)
{
    size_t len = cur_be16(&d->c);
    cur_skip(&d->c, 2);
    cur_skip(&d->c, (flags & GRE_SEQUENCE ? 4 : 0) + (flags & GRE_ACK ? 4 : 0));
    if (d->c.verdict != VERDICT_OK || len == 0)
        return STEP_END;
    announce(d, len);
    tunnel_enter(d);
    return STEP_PPP;
}

enum step tunnel_gre(struct decode *d)
{
    uint16_t flags = cur_be16(&d->c);
    uint16_t type = cur_be16(&d->c);
    if (d->c.verdict != VERDICT_OK)
        return STEP_END;
    if ((flags & GRE_VERSION) == 1)
        return type == ETHERTYPE_PPP ? gre_of_pptp(d, flags) : STEP_END;
    if ((flags & GRE_VERSION) != 0)
        return STEP_END;
    if (flags & (GRE_CHECKSUM | GRE_ROUTING))
        cur_skip(&d->c, 4); /* checksum, offset */
    cur_skip(&d->c, (flags & GRE_KEY ? 4 : 0) + (flags & GRE_SEQUENCE ? 4 : 0));
    if (flags & GRE_ROUTING)
        skip_routes(&d->c);
    if (d->c.verdict != VERDICT_OK)
        return STEP_END;
    tunnel_enter(d);
    return step_of_gre(d, flags, type);
}

/* A redirect header of four bytes, which the first version had not. */
enum step tunnel_wccp(struct decode *d)
{
    struct cursor look = d->c;
    if (cur_u8(&look) >> 4 != 4)
        cur_skip(&d->c, 4);
    return STEP_IP;
}

/* ---- ERSPAN ------------------------------------------------------------------------------------- */

/* version (4 bits), VLAN (12), class, encapsulation, cut, session (16 bits), index (32) */
enum step tunnel_erspan_ii(struct decode *d)
{
    cur_skip(&d->c, 8);
    return tunnel_enter_frame(d);
}

/* The same first 4 bytes, time stamp (32), group tag (16), then: Ethernet (1 bit), kind of frame (5),
 * hardware (6), direction (1), granularity (2), whether 8 more bytes follow (1) */
enum step tunnel_erspan_iii(struct decode *d)
{
    cur_skip(&d->c, 10);
    uint16_t last = cur_be16(&d->c);
    if (last & 1)
        cur_skip(&d->c, 8);
    switch (last >> 10 & 31) {
    case ERSPAN_BSO_FRAME:
        return tunnel_enter_frame(d);
    case ERSPAN_BSO_IP:
        return STEP_IP;
    default:
        return STEP_END;
    }
}

/* ---- others ------------------------------------------------------------------------------------- */

/* Service functions: ver (2), O, unassigned, TTL (6), length in words (6), unassigned, type (4), next (8) */
enum step tunnel_nsh(struct decode *d)
{
    size_t len = (size_t)(cur_be16(&d->c) & 63) * 4;
    cur_skip(&d->c, 1);
    uint8_t next = cur_u8(&d->c);
    if (d->c.verdict != VERDICT_OK)
        return STEP_END;
    if (len < NSH_LEN_LEAST)
        return step_bad(d);
    cur_skip(&d->c, len - 4);
    switch (next) {
    case 1:
        return STEP_IPV4;
    case 2:
        return STEP_IPV6;
    case 3:
        return tunnel_enter_frame(d);
    case 5:
        return STEP_MPLS;
    default:
        return STEP_END;
    }
}

enum step tunnel_etherip(struct decode *d)
{
    uint16_t head = cur_be16(&d->c);
    if (d->c.verdict != VERDICT_OK)
        return STEP_END;
    if (head >> 12 != ETHERIP_VERSION)
        return step_bad(d);
    return tunnel_enter_frame(d);
}

enum step tunnel_bridged(struct decode *d)
{
    return tunnel_enter_frame(d);
}

/* A service tag, then the customer's frame. */
enum step tunnel_pbb(struct decode *d)
{
    cur_skip(&d->c, 4);
    return tunnel_enter_frame(d);
}
