/*
 * engine/engine (private): what engine.c, subject.c, link.c and talk.c share.
 * SPDX-License-Identifier: MIT
 */
#ifndef SRC_ENGINE_ENGINE_H
#define SRC_ENGINE_ENGINE_H

#include <stddef.h>

#include "base/arena.h"
#include "classify/ndpi.h"
#include "engine/subject.h"
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

/* The time of packets. */
struct engine_clock {
    int64_t last_ns;     /* the newest so far, of packets or told */
    int64_t set_back_ns; /* by how much the capturing clock was set back in all */
    uint32_t steps;      /* how often */
    bool begun;
};

struct engine {
    struct engine_options options;
    struct engine_clock clock;
    uint32_t ends_a_packet; /* most flows that end by time with a packet, and with engine_time */
    uint32_t ends_a_time;
    struct flow_table *flows;
    struct subject *whole;     /* for many: none of their packets, but what they learn together */
    struct ipfrag *fragments;  /* NULL: none seen yet */
    struct mirror *mirror;     /* NULL for many: others look for copies */
    struct names *names;       /* of hosts, and what devices asked their resolvers for */
    struct labeller *labeller; /* NULL without nDPI */
    struct certificates *certificates;
    struct arena_pool talks[TALK_SIZES]; /* memory of what flows say, by enum talk_size */
};

/* What each packet touches stands first. */
struct subject {
    struct engine *engine;
    struct sink sink;
    struct engine_stats stats;
    struct diagnosis *diagnosis;
    struct dhcp *dhcp;       /* exchanges under way; NULL: none seen yet */
    struct flow_group flows; /* the whole of an analysis has its flows without group */
    uint32_t number;
    struct engine_clock before; /* what the engine's was at its beginning */
};

static inline struct subject *subject_of(struct flow_group *flows)
{
    return (void *)((char *)flows - offsetof(struct subject, flows));
}

/* The name a flow goes to; empty when unknown. */
struct slice subject_host(const struct subject *s, const struct flow *flow);
void engine_set_host(struct engine *e, struct flow *flow, struct slice host);

/* The host of a flow as its sender's device knows it: over IPv4 it learned what it connects to over IPv6. */
struct slice subject_host_of_device(const struct subject *s, const struct flow *flow);

/* ---- subject ---- */

/* Makes the whole's, which is one of no group. */
struct subject *subject_whole(struct engine *e);

/* Tells the sink what `diagnosis`, its own or a copy, comes to. False when memory is out. */
bool subject_conclude(struct subject *s, struct diagnosis *diagnosis,
                      const struct capture_totals *captured);

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
void link_packet(struct subject *s, const struct packet *p);

/* ---- talk: what a flow says ---- */

void talk_pools_init(struct arena_pool pools[TALK_SIZES]);
void talk_pools_clear(struct arena_pool pools[TALK_SIZES]);

/* A segment or datagram of an unsettled flow. */
void talk_segment(struct subject *s, struct flow *flow, enum dir dir, const struct packet *p);
void talk_datagram(struct subject *s, struct flow *flow, enum dir dir, const struct packet *p);

/* The flow ended: the last transactions come out, its memory goes. */
void talk_end(struct flow *flow, const struct flow_end *how);
/* Its memory goes, nothing comes out, for who walks flows. The flow must not be used any more. */
void talk_drop(void *ctx, const struct flow *flow);

/* The number of a flow of the subject, its own among all. */
uint64_t talk_flow_id(const struct subject *s, const struct flow *flow);
/* The event members that a flow determines. */
struct event talk_event(struct subject *s, const struct flow *flow, struct slice host);

#endif
