/*
 * diagnose/inspection: the signs and their weight.
 * SPDX-License-Identifier: MIT
 */
#include "inspection.h"

#include "clue.h"

#define HTTPS_PORT     443
#define NEAR_HOPS      2
#define EARLY_US       2000 /* the longest SYN to SYN-ACK of a box nearby */
#define WAIT_US        5000 /* so much longer the ServerHello took: it came from farther away */
#define SERVERS_LEAST  5    /* fewer may be alike by chance */
#define NETWORKS_LEAST 4
#define SERVERS_MANY   6 /* so many may speak without a device that leaves */
#define NETWORKS_MANY  5
#define REJECTED_LEAST 2
#define NETWORKS_ROOM  8

/* Networks of the addresses, by their first three bytes (IPv6: six). */
struct networks {
    uint64_t ids[NETWORKS_ROOM];
    uint32_t count;
};

static void add_network(struct networks *n, const struct ip_addr *a)
{
    uint64_t id = a->family;
    for (size_t i = 0; i < (a->family == 6 ? 6U : 3U); i++)
        id = id << 8 | a->bytes[i];
    for (uint32_t i = 0; i < n->count; i++) {
        if (n->ids[i] == id)
            return;
    }
    if (n->count < NETWORKS_ROOM)
        n->ids[n->count++] = id;
}

static bool counts(const struct route *route)
{
    return route->port == HTTPS_PORT && route->shape != 0 && route->rtt_us != 0 &&
           route->ttl != 0 && !addr_is_private(&route->addr);
}

static void weigh(struct inspection *i, const struct route *route, uint32_t shape)
{
    int hops = clue_hops(route->ttl);
    bool accepts_early = route->rtt_us <= EARLY_US && route->wait_us >= route->rtt_us + WAIT_US;
    if (i->servers == 0 || hops < i->hops)
        i->hops = hops;
    i->servers++;
    i->near &= hops <= NEAR_HOPS;
    i->early &= accepts_early;
    i->alike &= !route->shapes && route->shape == shape;
    i->retries &= route->retries;
    i->rejected += route->left && !route->completed;
    if (!mark_set(i->first) || route->first.ts_ns < i->first.ts_ns)
        i->first = route->first;
    if (route->first.ts_ns >= i->last.ts_ns)
        i->last = route->first;
}

static enum suspicion suspicion_of(const struct inspection *i, uint32_t networks)
{
    if (i->servers < SERVERS_LEAST || networks < NETWORKS_LEAST || !(i->near || i->early))
        return SUSPECT_NONE;
    if (i->rejected >= REJECTED_LEAST)
        return SUSPECT_LIKELY;
    if (!i->alike && !i->retries)
        return SUSPECT_NONE;
    bool many = i->servers >= SERVERS_MANY && networks >= NETWORKS_MANY;
    return many && i->near && i->early && i->alike ? SUSPECT_LIKELY : SUSPECT_POSSIBLE;
}

struct inspection inspection_of(const struct routes *r)
{
    struct inspection i = {.near = true, .early = true, .alike = true, .retries = true};
    struct networks networks = {.count = 0};
    uint32_t shape = 0;
    for (uint32_t n = 0; n < r->pool.count; n++) {
        const struct route *route = route_at(r, n);
        if (route->genuine)
            return (struct inspection){.suspicion = SUSPECT_NONE};
        if (!counts(route))
            continue;
        shape = shape ? shape : route->shape;
        weigh(&i, route, shape);
        add_network(&networks, &route->addr);
    }
    i.suspicion = suspicion_of(&i, networks.count);
    return i;
}

void inspection_text(struct buf *b, const struct inspection *i)
{
    buf_printf(b, "signs at %u servers:", i->servers);
    if (i->near)
        buf_printf(b, " all answer from at most %d hops away;", NEAR_HOPS);
    if (i->early)
        buf_str(b, " connections are accepted long before the server can know of them;");
    if (i->alike)
        buf_str(b, " all send the same ServerHello;");
    if (i->retries)
        buf_str(b, " all ask for a second ClientHello;");
    if (i->rejected)
        buf_printf(b, " devices leave at the certificate of %u;", i->rejected);
    buf_str(b, " TLS 1.3 hides the certificates");
}
