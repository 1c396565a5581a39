/*
 * diagnose/station: what is known of a MAC address: the IP addresses it had and when, what DHCP and
 * 802.1X told it, and which addresses several machines claim.
 * SPDX-License-Identifier: MIT
 *
 * A device that gets no address, or another one in mid-run, is no client of the facts yet, or two: its
 * MAC tells. Aggregated like the facts, with caps. Private to diagnose.
 */
#ifndef DIAGNOSE_STATION_H
#define DIAGNOSE_STATION_H

#include "base/map.h"
#include "base/mark.h"
#include "diagnose/result.h"
#include "pool.h"
#include "proto/ndp.h"

#define STATIONS_MAX         65536U
#define NEIGHBOURS_MAX       131072U
#define NEIGHBOURS_A_STATION 8U /* whoever asks for more is a router itself */
#define STAYS_MAX            131072U
#define STAYS_A_STATION      8U /* more addresses behind one MAC are those of others: a router */
#define CLAIMS_MAX           65536U
#define ROUTERS_MAX          64U /* that advertise themselves; looked through one by one */

struct facts;
struct flow;

/* Something that happened once or several times. */
struct run {
    struct mark first;
    struct mark last;
    uint32_t count;
};

static inline void run_add(struct run *r, const struct mark *at)
{
    if (r->count == 0 || at->ts_ns < r->first.ts_ns)
        r->first = *at;
    if (r->count++ == 0 || at->ts_ns >= r->last.ts_ns)
        r->last = *at;
}

/* An address of a station in one VLAN, from the first of its conversations to the newest. */
struct stay {
    struct ip_addr addr;
    uint16_t vlan;
    bool owned; /* leased to the station, or announced by it: no other's that it forwards for */
    uint32_t next;
    struct mark first; /* both: when a conversation began; frame 0: none yet */
    struct mark last;
};

/* What the newest DHCPACK gave. Texts are numbers in the facts' texts. */
struct lease {
    struct mark at; /* the ACK; frame 0 without */
    struct mark began;
    struct ip_addr address;
    struct ip_addr server;
    struct ip_addr mask;
    struct dhcp_addrs routers;
    struct dhcp_addrs resolvers;
    struct dhcp_addrs time_servers;
    uint32_t lease_s;
    bool default_route;
    bool cut; /* the capture lacks some of it, or what it answers */
    uint32_t domain;
    uint32_t search;
    uint32_t proxy;
    uint32_t portal;
};

/* A device that moved to another VLAN or network while the capture ran. */
struct change {
    bool happened;
    int64_t begin_ns; /* of the first change */
    int64_t end_ns;   /* of the last one: the new address is in use */
    const struct stay *from;
    const struct stay *to;
};

/* A router that advertises itself in a VLAN: all it said, whichever message said it. */
struct router {
    struct ip_addr addr; /* link-local */
    uint16_t vlan;
    bool cut; /* the capture lacks some of it */
    struct mark at;
    struct ndp_advert said;
};

/* What a station asked IPv6's own configuration for, and what it got: RFC 4861, 8415. */
struct seeker {
    uint16_t vlan;
    bool address; /* got by DHCPv6, like the next one */
    bool resolver;
    bool cut;           /* the capture lacks some of it, or what came before */
    struct ip_addr own; /* it asked from */
    struct ip_addr server;
    struct mark first;    /* question */
    struct mark answered; /* newest answer of a DHCPv6 server; frame 0 without */
    struct run solicit;   /* since then, like the next one */
    struct run inform;
};

/* Whom a station asks for by ARP. */
struct neighbour {
    struct ip_addr addr;
    bool known; /* the station had its MAC address */
    uint32_t next;
    struct run asked;     /* since it spoke last */
    struct mark answered; /* it spoke to the station, newest; frame 0 never */
};

struct station {
    struct mac_addr mac;
    bool many;    /* more addresses than one machine has */
    bool split;   /* servers disagree about the network: see `other` */
    bool client;  /* it asked for something: set by station_devices */
    bool carried; /* its frames bear another MAC */
    uint32_t stays;
    uint32_t neighbours;
    uint32_t seeker; /* POOL_NONE: it does not ask for IPv6 */
    uint32_t name;   /* texts: what it calls itself, and its vendor class */
    uint32_t vendor;
    uint32_t refusal; /* text of the newest NAK */

    bool eap_answered; /* it spoke EAP, not only EAPOL-Start */
    uint8_t eap_id;    /* of its newest response */
    struct run eap_start;
    struct run eap_request;
    struct run eap_success;
    struct run eap_failure;

    struct run no_offer;
    struct run offer_unused;
    struct run no_ack;
    struct run nak;
    struct run decline;
    struct run ack;
    bool dhcp_pending;     /* something waited for its answer at the end */
    struct mark asked;     /* first sign that it wants an address: Discover or Request */
    struct ip_addr server; /* of the offer that was not used, of the NAK, ... */
    struct ip_addr declined;
    struct ip_addr other; /* a second server that offers another network */
    struct mark other_at;
    struct run self_assigned; /* 169.254/16 in use: RFC 3927 */
    struct ip_addr self;
    struct lease lease;
};

/* Who says that an IPv4 address is his. */
struct claim {
    struct ip_addr addr;
    struct mac_addr mac; /* the newest claimant */
    struct mac_addr other;
    struct mac_addr wanter; /* who last probed for it, announced it or got it by DHCP */
    struct mark since;      /* its first claim in a row */
    struct mark at;         /* its newest */
    struct mark other_at;
    struct mark wanted;
    struct run conflicts;
};

struct stations {
    struct map by_mac;
    struct map by_lease; /* address to station */
    struct map by_claim; /* address to claim */
    struct pool all;
    struct pool stays;
    struct pool claims;
    struct pool neighbours;
    struct pool routers;
    struct pool seekers;
    uint32_t talker; /* station that spoke 802.1X last, POOL_NONE none */
    int64_t talked_ns;
};

/* `block`: bytes, as for a pool. */
void stations_init(struct stations *s, uint32_t block);
/* Where by_mac has an address. */
uint64_t station_key(const struct mac_addr *mac);
void stations_clear(struct stations *s);
/* false when memory is out: clear it all the same. */
bool stations_copy(struct stations *out, const struct stations *s);

/* NULL when it is not known, or (`make`) at the cap. */
struct station *station_find(const struct stations *s, const struct mac_addr *mac);
struct station *station_make(struct stations *s, const struct mac_addr *mac);
uint32_t station_number(const struct stations *s, const struct station *st);
/* The station that DHCP gave an address last; NULL when none. */
struct station *station_by_lease(const struct stations *s, const struct ip_addr *addr);
/* The station a client of the facts is, by its lease, else by its MAC; NULL when unknown. */
struct station *station_of(const struct facts *f, uint32_t client);

/* A conversation of a client. */
void station_saw(struct facts *f, const struct flow *flow);
/* An address that is the station's own. */
void station_owns(struct stations *s, struct station *st, const struct ip_addr *addr,
                  uint16_t vlan);
/* Files the station under the address of its lease. */
void station_leased(struct stations *s, const struct station *st);
/* Whether the address is the station's own as far as the capture shows. */
bool station_has(const struct stations *s, const struct station *st, const struct ip_addr *addr);

struct stay *station_stay(const struct stations *s, uint32_t index); /* NULL for POOL_NONE */

/* A machine speaks as the owner of the address, at a time that may lie behind others told before. */
void claim_note(struct claim *c, const struct mac_addr *mac, const struct mark *at);
struct claim *station_claim(struct stations *s, const struct ip_addr *addr, bool make);

/* NULL without, or (`make`) at the cap. The others follow by their `next`. */
struct neighbour *station_neighbour(struct stations *s, struct station *st,
                                    const struct ip_addr *addr, bool make);
const struct neighbour *station_neighbour_at(const struct stations *s, uint32_t index);

/* NULL without, or (`make`) at the cap. */
struct seeker *station_seeker(struct stations *s, struct station *st, bool make);
/* A router that advertises itself, made when new; NULL at the cap. */
struct router *station_router(struct stations *s, const struct ip_addr *addr, uint16_t vlan);

/* Whether all addresses that a station used are its own: one machine, however many they are. */
bool station_is_one(const struct stations *s, const struct station *st);

/* Gives stations that never asked anything a client, so that they can be judged as devices. Once,
 * before judging. */
void station_devices(struct facts *f);

#endif
