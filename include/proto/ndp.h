/*
 * proto/ndp: what routers advertise to the devices of an IPv6 link.
 * SPDX-License-Identifier: MIT
 *
 * One message, read on its own: routers repeat all they have to say, or say it in several messages. RFC 4861
 * section 4.2, RFC 4862 section 5.5.3 (prefixes for addresses of the devices' own making), RFC 8106
 * section 5.1 (resolvers).
 */
#ifndef PROTO_NDP_H
#define PROTO_NDP_H

#include "base/cursor.h"
#include "proto/tx.h"

enum {
    NDP_ROUTER_SOLICIT = 133,
    NDP_ROUTER_ADVERT = 134,
};

#define NDP_HOPS 255 /* no router passes such a message on */

struct ndp_advert {
    uint16_t lifetime_s; /* as the way out; 0: it is none */
    bool managed;        /* M: addresses come by DHCPv6, */
    bool other;          /* O: other things do */
    bool autonomous;     /* with a prefix of which devices make addresses; */
    bool global;         /* one of these is no private one (RFC 4193) */
    struct dhcp_addrs resolvers;
};

/* `message` is what follows the ICMPv6 checksum. BAD: an option of no length, or one that runs over the
 * end. SHORT: the capture cut it. What was read before counts. */
enum verdict ndp_advert_parse(struct ndp_advert *a, struct slice message, enum verdict on_overrun);

/* Whether a packet is a router's advertisement, or the question for one. */
static inline bool ndp_is(const struct packet *p)
{
    return p->kind == PACKET_ICMP && p->tuple.proto == IP_PROTO_ICMPV6 && p->ttl == NDP_HOPS &&
           (p->icmp.type == NDP_ROUTER_SOLICIT || p->icmp.type == NDP_ROUTER_ADVERT);
}

#endif
