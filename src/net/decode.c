/*
 * net/decode: frames to packets, one header a step.
 * SPDX-License-Identifier: MIT
 *
 * RFC 791, 8200, 9293, 768, 792, 4443 (headers), RFC 4302 (AH), RFC 2003, 4213 (IP in
 * IP), RFC 4884 (ICMP quotes), IEEE 802.1Q.
 *
 * The usual frame, whole TCP or UDP in IPv4 in Ethernet, is read at one go; any other takes the steps that
 * net/steps.h tells of. Every IP header narrows the cursor to the length it announces, so that padding of
 * the link layer is never payload.
 */
#include "net/decode.h"

#include "base/cursor.h"
#include "quote.h"
#include "steps.h"

/* Headers of one frame. Eight IPv6 extension headers within two tags and PPPoE fit twice. */
#define STEPS_MAX 32

/* ---- ends --------------------------------------------------------------------------------------- */

static inline enum step end(struct decode *d, enum packet_kind kind)
{
    d->p->kind = kind;
    return STEP_END;
}

/* All that is left is the payload. */
static inline enum step end_payload(struct decode *d, enum packet_kind kind)
{
    d->p->payload = cur_rest(&d->c);
    d->p->payload_len = (uint32_t)d->p->payload.len + d->missing;
    return end(d, kind);
}

/* ---- Ethernet ----------------------------------------------------------------------------------- */

static enum step ethernet(struct decode *d)
{
    if (!cur_need(&d->c, 14))
        return STEP_END;
    struct cursor h = cur_sub(&d->c, 14);
    memcpy(d->p->dst_mac.bytes, cur_take(&h, 6).data, 6);
    memcpy(d->p->src_mac.bytes, cur_take(&h, 6).data, 6);
    d->p->has_mac = true;
    return step_of_ethertype(cur_be16(&h));
}

static enum step vlan(struct decode *d)
{
    d->p->vlan = cur_be16(&d->c) & 0x0fff;
    if (d->p->vlan_count++ == 0)
        d->p->vlan_outer = d->p->vlan;
    return step_of_ethertype(cur_be16(&d->c));
}

/* ---- IP ----------------------------------------------------------------------------------------- */

static const uint8_t steps_of_protocol[256] = {
    [NEXT_HOP_BY_HOP] = STEP_IPV6_EXTENSION,
    [IP_PROTO_ICMP] = STEP_ICMP,
    [NEXT_IPV4] = STEP_IPV4, /* hosts make such tunnels: the MAC addresses are still theirs */
    [IP_PROTO_TCP] = STEP_TCP,
    [IP_PROTO_UDP] = STEP_UDP,
    [NEXT_IPV6] = STEP_IPV6,
    [NEXT_ROUTING] = STEP_IPV6_EXTENSION,
    [NEXT_FRAGMENT] = STEP_IPV6_FRAGMENT,
    [NEXT_AH] = STEP_AH,
    [IP_PROTO_ICMPV6] = STEP_ICMPV6,
    [NEXT_DEST_OPTIONS] = STEP_IPV6_EXTENSION,
    [NEXT_MOBILITY] = STEP_IPV6_EXTENSION,
    [NEXT_HIP] = STEP_IPV6_EXTENSION,
    [NEXT_SHIM6] = STEP_IPV6_EXTENSION,
    [NEXT_GRE] = STEP_GRE,
    [NEXT_ETHERIP] = STEP_ETHERIP,
    [NEXT_MPLS] = STEP_MPLS,
    [NEXT_ETHERNET] = STEP_BRIDGED,
};

static inline enum step step_of_protocol(struct decode *d, uint8_t protocol)
{
    d->p->tuple.proto = protocol;
    return (enum step)steps_of_protocol[protocol];
}

static enum step ip(struct decode *d)
{
    struct cursor look = d->c;
    uint8_t version = cur_u8(&look) >> 4;
    if (!cur_need(&d->c, 1))
        return STEP_END;
    return version == 4 ? STEP_IPV4 : version == 6 ? STEP_IPV6 : STEP_END;
}

static inline void read_v4(struct ip_addr *out, struct cursor *h)
{
    memset(out->bytes, 0, sizeof out->bytes);
    memcpy(out->bytes, cur_take(h, 4).data, 4);
    out->family = 4;
}

static inline void read_v6(struct ip_addr *out, struct cursor *h)
{
    memcpy(out->bytes, cur_take(h, 16).data, 16);
    out->family = 6;
}

static enum step fragment(struct decode *d, uint32_t id, uint32_t offset, bool more)
{
    d->p->frag = (struct packet_frag){id, offset, more};
    return end_payload(d, PACKET_FRAGMENT);
}

static enum step ipv4(struct decode *d)
{
    struct packet *p = d->p;
    if (!cur_need(&d->c, 20))
        return STEP_END;
    struct cursor look = d->c;
    struct cursor h = cur_sub(&look, 20);
    uint8_t version_ihl = cur_u8(&h);
    size_t header_len = (size_t)(version_ihl & 15) * 4;
    cur_skip(&h, 1);
    size_t total = cur_be16(&h);
    uint16_t id = cur_be16(&h);
    uint16_t fragment_bits = cur_be16(&h);
    uint8_t ttl = cur_u8(&h);
    uint8_t protocol = cur_u8(&h);
    cur_skip(&h, 2); /* checksum */
    if (version_ihl >> 4 != 4 || header_len < 20)
        return step_bad(d);
    /* 0: the network card was to cut this into segments, so all that is there belongs to it. */
    if (total != 0) {
        if (total < header_len)
            return step_bad(d);
        announce(d, total);
    }
    p->ip = slice_of(d->c.pos, cur_left(&d->c));
    p->ip_id = id;
    p->ttl = ttl;
    p->dont_fragment = fragment_bits & 0x4000;
    read_v4(&p->tuple.src, &h);
    read_v4(&p->tuple.dst, &h);
    cur_skip(&d->c, header_len);
    enum step next = step_of_protocol(d, protocol);
    if (fragment_bits & 0x3fff && d->c.verdict == VERDICT_OK)
        return fragment(d, id, (uint32_t)(fragment_bits & 0x1fff) * 8, fragment_bits & 0x2000);
    return next;
}

static enum step ipv6(struct decode *d)
{
    struct packet *p = d->p;
    if (!cur_need(&d->c, 40))
        return STEP_END;
    struct cursor look = d->c;
    struct cursor h = cur_sub(&look, 40);
    if (cur_be32(&h) >> 28 != 6)
        return step_bad(d);
    size_t len = cur_be16(&h);
    uint8_t protocol = cur_u8(&h);
    /* 0: a jumbogram, or left to the network card. */
    if (len != 0)
        announce(d, 40 + len);
    p->ip = slice_of(d->c.pos, cur_left(&d->c));
    p->ip_id = 0;
    p->dont_fragment = false;
    p->ttl = cur_u8(&h);
    read_v6(&p->tuple.src, &h);
    read_v6(&p->tuple.dst, &h);
    cur_skip(&d->c, 40);
    return step_of_protocol(d, protocol);
}

static enum step ipv6_extension(struct decode *d)
{
    uint8_t next = cur_u8(&d->c);
    size_t len = ((size_t)cur_u8(&d->c) + 1) * 8;
    cur_skip(&d->c, len - 2);
    return step_of_protocol(d, next);
}

static enum step authentication(struct decode *d)
{
    uint8_t next = cur_u8(&d->c);
    size_t len = ((size_t)cur_u8(&d->c) + 2) * 4;
    cur_skip(&d->c, len - 2);
    return step_of_protocol(d, next);
}

static enum step ipv6_fragment(struct decode *d)
{
    uint8_t next = cur_u8(&d->c);
    cur_skip(&d->c, 1);
    uint16_t bits = cur_be16(&d->c);
    uint32_t id = cur_be32(&d->c);
    enum step step = step_of_protocol(d, next);
    if (d->c.verdict != VERDICT_OK)
        return STEP_END;
    if ((bits & 0xfff9) == 0) /* RFC 6946: a fragment that is the whole */
        return step;
    return fragment(d, id, bits & 0xfff8, bits & 1);
}

/* ---- transport ---------------------------------------------------------------------------------- */

enum {
    TCP_OPTION_END = 0,
    TCP_OPTION_NOP = 1,
    TCP_OPTION_MSS = 2,
    TCP_OPTION_SACK = 5,
    TCP_OPTION_TIMESTAMP = 8,
};

/* RFC 2018; a block below the acknowledgement tells of a duplicate (RFC 2883). */
static void tcp_sack(struct packet_tcp *tcp, struct cursor *blocks)
{
    while (cur_left(blocks) >= 8) {
        uint32_t from = cur_be32(blocks);
        cur_skip(blocks, 4);
        uint32_t ahead = from - tcp->ack;
        bool first = tcp->sack == 0 || ahead < tcp->sack - tcp->ack;
        if (ahead != 0 && ahead <= INT32_MAX && first)
            tcp->sack = from;
    }
}

static void tcp_timestamp(struct packet_tcp *tcp, struct cursor *value)
{
    tcp->has_timestamp = true;
    tcp->timestamp = cur_be32(value);
}

/* Options that make no sense are ignored from there on, as hosts do. */
static void tcp_options(struct packet_tcp *tcp, struct slice options)
{
    struct cursor c = cursor_of(options, VERDICT_BAD);
    while (cur_left(&c) > 0) {
        uint8_t kind = cur_u8(&c);
        if (kind == TCP_OPTION_END)
            return;
        if (kind == TCP_OPTION_NOP)
            continue;
        uint8_t len = cur_u8(&c);
        if (len < 2)
            return;
        struct slice value = cur_take(&c, len - 2u);
        struct cursor v = cursor_of(value, VERDICT_BAD);
        if (kind == TCP_OPTION_MSS && value.len == 2 && tcp->flags & TCP_SYN)
            tcp->mss = cur_be16(&v);
        else if (kind == TCP_OPTION_TIMESTAMP && value.len == 8)
            tcp_timestamp(tcp, &v);
        else if (kind == TCP_OPTION_SACK)
            tcp_sack(tcp, &v);
    }
}

/* All but options; gives the length with them. */
static inline size_t tcp_header(struct packet *p, struct cursor *h)
{
    p->tuple.src_port = cur_be16(h);
    p->tuple.dst_port = cur_be16(h);
    p->tcp.seq = cur_be32(h);
    p->tcp.ack = cur_be32(h);
    size_t len = (size_t)(cur_u8(h) >> 4) * 4;
    p->tcp.flags = cur_u8(h);
    p->tcp.window = cur_be16(h);
    return len;
}

static enum step tcp(struct decode *d)
{
    struct packet *p = d->p;
    if (!cur_need(&d->c, 20))
        return STEP_END;
    struct cursor h = cur_sub(&d->c, 20);
    size_t header_len = tcp_header(p, &h);
    if (header_len < 20)
        return step_bad(d);
    if (header_len > 20) {
        struct slice options = cur_take(&d->c, header_len - 20);
        if (d->c.verdict != VERDICT_OK)
            return STEP_END;
        tcp_options(&p->tcp, options);
    }
    return end_payload(d, PACKET_TCP);
}

static inline bool is_tunnel_port(uint16_t port)
{
    switch (port) {
    case PORT_L2TP:
    case PORT_GTP_U:
    case PORT_TEREDO:
    case PORT_VXLAN:
    case PORT_VXLAN_GPE:
    case PORT_AYIYA:
    case PORT_CAPWAP_DATA:
    case PORT_GENEVE:
    case PORT_VXLAN_OLD:
    case PORT_TZSP:
        return true;
    default:
        return false;
    }
}

/* Whether a datagram is worth the look of overlay_step: by its port, or the first bytes of VXLAN. */
static inline bool may_be_tunnel(const struct packet *p, struct cursor look)
{
    return is_tunnel_port(p->tuple.dst_port) || is_tunnel_port(p->tuple.src_port) ||
           cur_be32(&look) == VXLAN_FIRST_WORD;
}

/* The length it gives counts the header. */
static inline size_t udp_header(struct packet *p, struct cursor *h)
{
    p->tuple.src_port = cur_be16(h);
    p->tuple.dst_port = cur_be16(h);
    return cur_be16(h);
}

static enum step udp(struct decode *d)
{
    struct packet *p = d->p;
    if (!cur_need(&d->c, 8))
        return STEP_END;
    struct cursor h = cur_sub(&d->c, 8);
    size_t len = udp_header(p, &h);
    /* 0: a jumbogram, or left to the network card. */
    if (len != 0) {
        if (len < 8 || len - 8 > cur_left(&d->c) + d->missing)
            return step_bad(d);
        announce(d, len - 8);
    }
    if (may_be_tunnel(p, d->c)) {
        struct decode copy = *d;
        enum step within = overlay_step(&copy);
        if (within != STEP_END) {
            *d = copy;
            return within;
        }
    }
    return end_payload(d, PACKET_UDP);
}

static enum step end_icmp(struct decode *d, struct cursor message)
{
    d->c = message;
    return end_payload(d, PACKET_ICMP);
}

static enum step icmp(struct decode *d)
{
    struct packet_icmp *out = &d->p->icmp;
    out->type = cur_u8(&d->c);
    out->code = cur_u8(&d->c);
    cur_skip(&d->c, 2); /* checksum */
    struct cursor message = d->c;
    cur_skip(&d->c, 2); /* unused */
    uint16_t mtu = cur_be16(&d->c);
    if (d->c.verdict != VERDICT_OK)
        return STEP_END;
    if (quote_follows_icmp(out->type))
        out->has_quote = quote_parse(&out->quote, cur_rest(&d->c));
    if (out->type == 3 && out->code == 4)
        out->mtu = mtu;
    return end_icmp(d, message);
}

static enum step icmpv6(struct decode *d)
{
    struct packet_icmp *out = &d->p->icmp;
    out->type = cur_u8(&d->c);
    out->code = cur_u8(&d->c);
    cur_skip(&d->c, 2); /* checksum */
    struct cursor message = d->c;
    uint32_t mtu = cur_be32(&d->c);
    if (d->c.verdict != VERDICT_OK)
        return STEP_END;
    if (quote_follows_icmpv6(out->type))
        out->has_quote = quote_parse(&out->quote, cur_rest(&d->c));
    if (out->type == 2)
        out->mtu = mtu > UINT16_MAX ? UINT16_MAX : (uint16_t)mtu;
    return end_icmp(d, message);
}

/* ---- the way through ---------------------------------------------------------------------------- */

/* Each step is called from here alone, so that all become one function whose state lives in registers;
 * what other files do works on a copy for the same reason. */
static inline enum step take_step(struct decode *d, enum step step)
{
    switch ((int)step) {
    case STEP_ETHERNET:
        return ethernet(d);
    case STEP_VLAN:
        return vlan(d);
    case STEP_IP:
        return ip(d);
    case STEP_IPV4:
        return ipv4(d);
    case STEP_IPV6:
        return ipv6(d);
    case STEP_IPV6_EXTENSION:
        return ipv6_extension(d);
    case STEP_IPV6_FRAGMENT:
        return ipv6_fragment(d);
    case STEP_AH:
        return authentication(d);
    case STEP_TCP:
        return tcp(d);
    case STEP_UDP:
        return udp(d);
    case STEP_ICMP:
        return icmp(d);
    case STEP_ICMPV6:
        return icmpv6(d);
    default: {
        struct decode copy = *d;
        step = rare_step(&copy, step);
        *d = copy;
        return step;
    }
    }
}

/* What no header or more than one may set. */
static inline void clear_transport(struct packet *p, struct slice empty)
{
    p->kind = PACKET_OTHER;
    p->tuple.src_port = 0;
    p->tuple.dst_port = 0;
    p->tcp = (struct packet_tcp){0};
    p->icmp = (struct packet_icmp){0};
    p->frag = (struct packet_frag){0};
    p->payload = empty;
    p->payload_len = 0;
}

/* Reads headers from `step` on; `announced` bytes are there to be read, the capture has bytes.len. */
static void run(struct packet *p, enum step step, struct slice bytes, uint32_t announced)
{
    bool cut = announced > bytes.len;
    /* What a capture says of a frame's length is no bound: tools that cut frames may say they were so. */
    struct decode d = {.p = p,
                       .c = cursor_of(bytes, cut ? VERDICT_SHORT : VERDICT_BAD),
                       .missing = cut ? announced - (uint32_t)bytes.len : 0,
                       .bounded = false};
    for (int left = STEPS_MAX; step != STEP_END; left--) {
        if (left == 0) {
            step_bad(&d);
            break;
        }
        step = take_step(&d, step);
    }
    if (d.c.verdict != VERDICT_OK)
        p->kind = d.c.verdict == VERDICT_SHORT ? PACKET_SHORT : PACKET_BAD;
    p->cut = d.missing > 0;
}

/* ---- the usual frame ---------------------------------------------------------------------------- */

#define USUAL_LEN   34       /* Ethernet and IPv4 without options */
#define USUAL_FIRST 0x080045 /* Ethertype; version and length of the header */

/* The steps tcp() and udp() where all that is announced is there; false where they have more to say. */
static inline bool usual_transport(struct packet *p, struct cursor c)
{
    if (p->tuple.proto == IP_PROTO_TCP && cur_left(&c) >= 20) {
        struct cursor h = cur_sub(&c, 20);
        size_t len = tcp_header(p, &h);
        if (len < 20 || len - 20 > cur_left(&c))
            return false;
        struct slice options = cur_take(&c, len - 20);
        if (options.len > 0)
            tcp_options(&p->tcp, options);
        p->kind = PACKET_TCP;
    } else if (p->tuple.proto == IP_PROTO_UDP && cur_left(&c) >= 8) {
        struct cursor h = cur_sub(&c, 8);
        size_t len = udp_header(p, &h);
        if (len < 8 || len - 8 > cur_left(&c) || may_be_tunnel(p, c))
            return false;
        c = cursor_of(cur_take(&c, len - 8), VERDICT_BAD);
        p->kind = PACKET_UDP;
    } else {
        return false;
    }
    p->payload = cur_rest(&c);
    p->payload_len = (uint32_t)p->payload.len;
    return true;
}

/* Nearly all frames are TCP or UDP in IPv4 without options in Ethernet, and whole. What the steps do for such
 * a frame, at one go; false where it is another, and what was set is of no meaning. */
static inline bool usual_frame(struct packet *p, struct slice bytes)
{
    struct cursor c = cursor_of(bytes, VERDICT_BAD);
    if (cur_left(&c) < USUAL_LEN)
        return false;
    struct cursor h = cur_sub(&c, USUAL_LEN);
    memcpy(p->dst_mac.bytes, cur_take(&h, 6).data, 6);
    memcpy(p->src_mac.bytes, cur_take(&h, 6).data, 6);
    uint32_t first = cur_be32(&h) >> 8;
    size_t total = cur_be16(&h);
    p->ip_id = cur_be16(&h);
    uint16_t fragment_bits = cur_be16(&h);
    if (first != USUAL_FIRST || fragment_bits & 0x3fff || total < 20 || total - 20 > cur_left(&c))
        return false;
    p->has_mac = true;
    p->dont_fragment = fragment_bits & 0x4000;
    p->ttl = cur_u8(&h);
    p->tuple.proto = cur_u8(&h);
    cur_skip(&h, 2); /* checksum */
    read_v4(&p->tuple.src, &h);
    read_v4(&p->tuple.dst, &h);
    p->ip = slice_sub(bytes, 14, total);
    return usual_transport(p, cursor_of(cur_take(&c, total - 20), VERDICT_BAD));
}

/* ---- what others call --------------------------------------------------------------------------- */

bool net_linktype_known(int linktype)
{
    return step_of_linktype(linktype) != STEP_END;
}

/* What is set by the headers of Ethernet and IP, where a frame has them. */
static inline void clear_headers(struct packet *p, struct slice empty)
{
    p->has_mac = false;
    p->src_mac = (struct mac_addr){{0}};
    p->dst_mac = (struct mac_addr){{0}};
    p->tuple = (struct tuple){.proto = 0};
    p->ttl = 0;
    p->ip_id = 0;
    p->dont_fragment = false;
    p->ip = empty;
}

void net_decode(struct packet *out, int linktype, struct slice bytes, uint32_t wire_len,
                const struct mark *at)
{
    struct slice empty = slice_of(bytes.data, 0);
    out->at = *at;
    out->wire_len = wire_len;
    out->cut = false;
    out->has_more = false;
    out->part = 0;
    out->vlan = 0;
    out->vlan_outer = 0;
    out->vlan_count = 0;
    clear_transport(out, empty);
    if (linktype == LINK_ETHERNET && usual_frame(out, bytes))
        return;
    clear_headers(out, empty);
    clear_transport(out, empty);
    run(out, step_of_linktype(linktype), bytes, wire_len);
}

bool net_decode_more(struct packet *p, const struct mark *at)
{
    if (!p->has_more)
        return false;
    struct slice empty = slice_of(p->more.data, 0);
    p->at = *at;
    p->wire_len = 0;
    p->has_more = false;
    p->part++;
    p->vlan = 0;
    p->vlan_outer = 0;
    p->vlan_count = 0;
    clear_headers(p, empty);
    clear_transport(p, empty);
    if (p->part < NET_PARTS_MAX)
        run(p, STEP_SUBFRAME, p->more, p->more_len);
    else
        p->kind = PACKET_BAD;
    return true;
}

void net_decode_transport(struct packet *p, struct slice ip_payload, uint32_t announced)
{
    p->has_more = false;
    clear_transport(p, slice_of(ip_payload.data, 0));
    run(p, (enum step)steps_of_protocol[p->tuple.proto], ip_payload, announced);
}
