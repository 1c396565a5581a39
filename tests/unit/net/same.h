/*
 * tests/unit/net/same: a frame read the usual way and step by step.
 * SPDX-License-Identifier: MIT
 *
 * Decode reads usual frames at one go. The IP packet within goes through the steps where its link type says that no
 * Ethernet is around it, and through as many as the frame would: both ways must tell the same, at the cap as well.
 */
#ifndef SAME_H
#define SAME_H

#include "net/decode.h"

#define SAME_ETHERNET      14 /* bytes of its header */
#define SAME_LINK_ETHERNET 1
#define SAME_LINK_RAW      101

static inline bool same_slice(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || a.data == b.data);
}

static inline bool same_tuple(const struct tuple *a, const struct tuple *b)
{
    return addr_eq(&a->src, &b->src) && addr_eq(&a->dst, &b->dst) && a->src_port == b->src_port &&
           a->dst_port == b->dst_port && a->proto == b->proto;
}

static inline bool same_tcp(const struct packet_tcp *a, const struct packet_tcp *b)
{
    return a->seq == b->seq && a->ack == b->ack && a->sack == b->sack &&
           a->timestamp == b->timestamp && a->window == b->window && a->mss == b->mss &&
           a->flags == b->flags && a->has_timestamp == b->has_timestamp;
}

static inline bool same_icmp(const struct packet_icmp *a, const struct packet_icmp *b)
{
    return a->type == b->type && a->code == b->code && a->mtu == b->mtu &&
           a->has_quote == b->has_quote && same_tuple(&a->quote, &b->quote);
}

static inline bool same_frag(const struct packet_frag *a, const struct packet_frag *b)
{
    return a->id == b->id && a->offset == b->offset && a->more == b->more;
}

/* But for what Ethernet tells. */
static inline bool same_packet(const struct packet *a, const struct packet *b)
{
    return a->at.ts_ns == b->at.ts_ns && a->at.frame == b->at.frame && a->at.file == b->at.file &&
           a->kind == b->kind && a->cut == b->cut && same_tuple(&a->tuple, &b->tuple) &&
           a->ttl == b->ttl && a->ip_id == b->ip_id && a->dont_fragment == b->dont_fragment &&
           same_tcp(&a->tcp, &b->tcp) && same_icmp(&a->icmp, &b->icmp) &&
           same_frag(&a->frag, &b->frag) && same_slice(a->payload, b->payload) &&
           a->payload_len == b->payload_len && same_slice(a->ip, b->ip);
}

static inline bool same_mac(const struct mac_addr *m, struct slice frame, size_t at)
{
    return memcmp(m->bytes, frame.data + at, sizeof m->bytes) == 0;
}

static inline bool has_ethernet_of(const struct packet *p, struct slice frame)
{
    return p->has_mac && same_mac(&p->dst_mac, frame, 0) && same_mac(&p->src_mac, frame, 6) &&
           p->vlan_count == 0 && p->vlan == 0 && p->vlan_outer == 0;
}

/* Whether an Ethernet frame that holds IPv4 reads the same on both ways; `more` bytes were on the wire. Of another
 * version without Ethernet nobody said that it is IPv4. */
static inline bool same_both_ways(struct slice frame, uint32_t more, const struct mark *at)
{
    struct packet usual;
    struct packet steps;
    struct slice ip = slice_sub(frame, SAME_ETHERNET, frame.len);
    if (ip.len > 0 && ip.data[0] >> 4 != 4)
        return true;
    memset(&usual, 0xa5, sizeof usual); /* junk shows fields left out */
    memset(&steps, 0x5a, sizeof steps);
    net_decode(&usual, SAME_LINK_ETHERNET, frame, (uint32_t)frame.len + more, at);
    net_decode(&steps, SAME_LINK_RAW, ip, (uint32_t)ip.len + more, at);
    bool tunnelled = usual.ip.data != ip.data; /* what is within may have its own Ethernet */
    return same_packet(&usual, &steps) && usual.wire_len == frame.len + more &&
           (tunnelled || has_ethernet_of(&usual, frame));
}

#endif
