/*
 * engine/engine (private): what engine.c, link.c and talk.c share.
 * SPDX-License-Identifier: MIT
 */
#ifndef SRC_ENGINE_ENGINE_H
#define SRC_ENGINE_ENGINE_H

#include "base/arena.h"
#include "classify/ndpi.h"
#include "engine/engine.h"
#include "net/ipfrag.h"
#include "net/mirror.h"
#include "proto/certificates.h"
#include "proto/dhcp.h"
#include "proto/dhcp6.h"
#include "proto/ndp.h"
#include "services/names.h"

#define PORT_DNS 53

/* Talks by the memory that they will need. */
enum talk_size {
    TALK_DATAGRAMS,
    TALK_DNS,
    TALK_STREAMS,
    TALK_SIZES,
};

struct engine {
    struct engine_options options;
    struct flow_table *flows;
    struct ipfrag *fragments;  /* NULL: none seen yet */
    struct mirror *mirror;     /* NULL with kin: others look for copies */
    struct names *names;       /* of hosts, and what devices asked their resolvers for */
    struct dhcp *dhcp;         /* exchanges under way; NULL: none seen yet */
    struct labeller *labeller; /* NULL without nDPI; the kin's where there is one, like the next */
    struct certificates *certificates;
    struct arena_pool
        *talks; /* memory of what flows say; of all kin, since most flows soon have said it */
    struct arena_pool own_talks[TALK_SIZES]; /* by enum talk_size, as `talks` */
    struct diagnosis *diagnosis;
    struct engine_stats stats;
};

/* The name a flow goes to; empty when unknown. */
struct slice engine_host(const struct engine *e, const struct flow *flow);
void engine_set_host(struct engine *e, struct flow *flow, struct slice host);

/* ---- link: what belongs to no flow ---- */

/* Whether a packet is of these: most are not, by their kind. */
static inline bool link_is(const struct packet *p)
{
    if (p->kind == PACKET_TCP)
        return false;
    if (p->kind == PACKET_UDP)
        return dhcp_is(p) || dhcp6_is(p);
    return p->kind == PACKET_ARP || p->kind == PACKET_EAPOL || ndp_is(p);
}

/* ARP, 802.1X, DHCP, DHCPv6, router advertisements and solicitations. */
void link_packet(struct engine *e, const struct packet *p);

/* ---- talk: what a flow says ---- */

void talk_pools_init(struct arena_pool pools[TALK_SIZES]);
void talk_pools_clear(struct arena_pool pools[TALK_SIZES]);

/* A segment or datagram of an unsettled flow. */
void talk_segment(struct engine *e, struct flow *flow, enum dir dir, const struct packet *p);
void talk_datagram(struct engine *e, struct flow *flow, enum dir dir, const struct packet *p);

/* The flow ended: the last transactions come out, its memory goes. */
void talk_end(struct flow *flow, const struct flow_end *how);
/* Its memory goes, nothing comes out. The flow must not be used any more. */
void talk_drop(const struct flow *flow);

/* The event members that a flow determines. */
struct event talk_event(struct engine *e, const struct flow *flow, struct slice host);

#endif
