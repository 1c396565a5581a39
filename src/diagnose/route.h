/*
 * diagnose/route: what became of the connections to a name at one address and port, over all devices.
 * SPDX-License-Identifier: MIT
 *
 * The control to every failure: whether the same address serves another name, another port or another
 * device, and the same name another address; how far away servers are. TCP without a proxy; names that
 * no list has share one entry an address and port. Private to diagnose.
 */
#ifndef DIAGNOSE_ROUTE_H
#define DIAGNOSE_ROUTE_H

#include "base/finder.h"
#include "flow/flow.h"
#include "pool.h"
#include "proto/tx.h"

#define ROUTES_MAX 65536U

struct route {
    struct mark first;  /* of its first connection */
    uint32_t name;      /* listed; INTERN_NONE: all others */
    uint32_t next_addr; /* next one of the address, of the name: POOL_NONE at the end */
    uint32_t next_name;
    uint32_t client;  /* token of the first that was answered (kin.c); POOL_NONE */
    uint32_t rtt_us;  /* the shortest, SYN to SYN-ACK; 0 unknown */
    uint32_t wait_us; /* the shortest, ClientHello to ServerHello; 0 unknown */
    uint32_t shape;   /* of its ServerHellos; 0 none */
    struct ip_addr addr;
    uint16_t port;
    uint16_t hello_passed; /* the longest ClientHello that was answered, 0 none */
    uint8_t ttl;           /* of a SYN-ACK; 0 unknown */
    bool answered : 1;     /* a connection stood */
    bool completed : 1;    /* a TLS handshake; a success */
    bool left : 1;         /* by a device, right after it had seen the certificate */
    bool clients : 1;      /* several were answered */
    bool shapes : 1;       /* several */
    bool retries : 1;      /* each handshake went through a HelloRetryRequest */
    bool genuine : 1;      /* showed a certificate of a public authority */
};

/* Segments that were lost until smaller ones replaced them: large packets do not pass. */
struct route_shrunk {
    struct ip_addr at; /* family 0: never seen */
    uint16_t from;     /* bytes */
    uint16_t to;
};

/* How near the nearest servers of the internet are, those with public addresses. */
struct route_floor {
    uint32_t servers; /* addresses measured */
    uint32_t rtt_us;  /* the shortest */
    int hops;         /* the fewest */
};

struct routes {
    struct finder by_way;  /* name, address and port */
    struct finder by_addr; /* the newest one */
    struct pool by_name;   /* by number of a listed name: 1 + that of its newest route, 0 none */
    struct pool pool;
    struct route_shrunk shrunk; /* the newest case */
    struct route_floor floor;
};

void routes_init(struct routes *r);
void routes_clear(struct routes *r);

/* A TCP flow that ended and spoke no TLS. `client` is a token. */
void route_flow(struct routes *r, uint32_t client, uint32_t name, const struct flow *flow);
/* A TLS handshake over TCP. `genuine` as in struct route. */
void route_tls(struct routes *r, uint32_t client, uint32_t name, const struct flow *flow,
               const struct tx *tx, bool genuine);

/* The newest route of an address, of a name; follow next_addr or next_name. NULL: none. */
const struct route *route_of_addr(const struct routes *r, const struct ip_addr *addr);
const struct route *route_of_name(const struct routes *r, uint32_t name);
const struct route *route_at(const struct routes *r, uint32_t index); /* NULL for POOL_NONE */

/* Whether connections of the name to the address and port were tried, and no name's ever answered. */
bool route_shut(const struct routes *r, uint32_t name, const struct ip_addr *addr, uint16_t port);
/* Another address of the same family at which the name is answered on the port; NULL: none. */
const struct route *route_elsewhere(const struct routes *r, uint32_t name,
                                    const struct ip_addr *addr, uint16_t port);
/* Whether the name or the address answers ClientHellos, but none as long as `len`; the longest answered,
 * 0 when it is not so. */
uint16_t route_longest_hello(const struct routes *r, uint32_t name, const struct ip_addr *addr,
                             uint16_t len);

#endif
