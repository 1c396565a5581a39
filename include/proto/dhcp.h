/*
 * proto/dhcp: exchanges between DHCPv4 clients and servers.
 * SPDX-License-Identifier: MIT
 *
 * A client without an address sends from 0.0.0.0 and is answered by broadcast, so an exchange is no
 * flow: it is known by the client's hardware address and the transaction id, whichever relays and
 * addresses its messages took. DHCPDISCOVER to DHCPACK of one id are one exchange. Told when it is
 * over: at the ACK or NAK, with messages that want no answer at once, else after a long silence.
 * RFC 2131, 2132; options 81 (RFC 4702), 119 (RFC 3397), 121 (RFC 3442), 114 (RFC 8910), 252 and 249 (in
 * use without an RFC). An option in several parts is put together first (RFC 3396).
 */
#ifndef PROTO_DHCP_H
#define PROTO_DHCP_H

#include "base/arena.h"
#include "base/cursor.h"
#include "proto/proto.h"

enum {
    DHCP_PORT_SERVER = 67,
    DHCP_PORT_CLIENT = 68,
};

/* One message. Slices borrow its bytes or the arena. */
struct dhcp_message {
    enum dhcp_type type; /* DHCP_NONE: plain BOOTP */
    bool reply;          /* from a server or relay */
    uint32_t id;
    struct mac_addr client;
    struct ip_addr client_addr; /* ciaddr; family 0 without, like those below */
    struct ip_addr requested;   /* option 50 */
    struct ip_addr relay;
    struct slice name;   /* option 81, else 12 */
    struct slice vendor; /* option 60 */
    struct dhcp_lease lease;
};

/* BAD: no DHCP over Ethernet, or an option runs over the end. SHORT: the capture cut it. Names that
 * must be decoded lie in `arena`. `on_overrun` as for cursor_of. */
enum verdict dhcp_parse(struct dhcp_message *m, struct slice bytes, enum verdict on_overrun,
                        struct arena *arena);

/* How long after its first packet an unanswered exchange is a failure; before that it is pending.
 * Servers probe an address for seconds before they offer it. */
#define DHCP_PATIENCE_NS (10 * NS_PER_S)

/* The open exchanges of a network. */
struct dhcp;

typedef void dhcp_emit_fn(void *ctx, const struct tx *tx);

/* NULL when memory is out. */
struct dhcp *dhcp_new(dhcp_emit_fn *emit, void *ctx);
void dhcp_free(struct dhcp *d);

/* Whether a packet may be DHCP by its ports. */
static inline bool dhcp_is(const struct packet *p)
{
    uint16_t to = p->tuple.dst_port;
    return p->kind == PACKET_UDP && (to == DHCP_PORT_SERVER || to == DHCP_PORT_CLIENT);
}

/* A UDP datagram of these ports; what is no DHCP is passed over. */
void dhcp_datagram(struct dhcp *d, const struct packet *p);

/* Tells of all open exchanges, as of `now_ns`. */
void dhcp_finish(struct dhcp *d, int64_t now_ns);

const char *dhcp_type_text(enum dhcp_type type); /* "discover", ... */

#endif
