/*
 * proto/dhcp6: messages between DHCPv6 clients and servers of one link.
 * SPDX-License-Identifier: MIT
 *
 * One message, read on its own: a client repeats a request until it is answered, so whether it was needs
 * no pairs. What relays say to servers is not read: on the client's link both speak as if there were none.
 * RFC 8415, RFC 3646 section 3 (resolvers).
 */
#ifndef PROTO_DHCP6_H
#define PROTO_DHCP6_H

#include "base/cursor.h"
#include "proto/tx.h"

enum {
    DHCP6_PORT_CLIENT = 546,
    DHCP6_PORT_SERVER = 547,
};

enum dhcp6_type {
    DHCP6_SOLICIT = 1,
    DHCP6_ADVERTISE = 2,
    DHCP6_REQUEST = 3,
    DHCP6_REPLY = 7,
    DHCP6_INFORMATION_REQUEST = 11,
};

/* Slices borrow the message's bytes. */
struct dhcp6_message {
    uint8_t type;           /* an enum dhcp6_type, or one of those between */
    struct ip_addr address; /* given to the client; family 0 without */
    struct dhcp_addrs resolvers;
    struct slice vendor; /* class, as text; empty without */
};

/* BAD: an option runs over the end. SHORT: the capture cut it. What was read before counts. */
enum verdict dhcp6_parse(struct dhcp6_message *m, struct slice bytes, enum verdict on_overrun);

/* Whether a packet may be DHCPv6 by its ports. */
static inline bool dhcp6_is(const struct packet *p)
{
    uint16_t to = p->tuple.dst_port;
    return p->kind == PACKET_UDP && (to == DHCP6_PORT_SERVER || to == DHCP6_PORT_CLIENT);
}

#endif
