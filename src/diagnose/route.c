/*
 * diagnose/route: the table of ways that were tried.
 * SPDX-License-Identifier: MIT
 */
#include "route.h"

#include "base/intern.h"
#include "clue.h"

#define WAY_KEY  0x726f7574U
#define ADDR_KEY 0x61646473U

void routes_init(struct routes *r)
{
    finder_init(&r->by_way);
    finder_init(&r->by_addr);
    pool_init(&r->by_name, sizeof(uint32_t), ROUTES_MAX, POOL_BLOCK);
    pool_init(&r->pool, sizeof(struct route), ROUTES_MAX, POOL_BLOCK);
}

void routes_clear(struct routes *r)
{
    finder_clear(&r->by_way);
    finder_clear(&r->by_addr);
    pool_clear(&r->by_name);
    pool_clear(&r->pool);
}

const struct route *route_at(const struct routes *r, uint32_t index)
{
    return index == POOL_NONE ? NULL : pool_at(&r->pool, index);
}

static uint64_t addr_hash_of(const void *table, uint32_t index)
{
    const struct route *route = pool_at(table, index);
    return addr_hash(ADDR_KEY, &route->addr);
}

/* A hash for a name, an address and a port. */
static uint64_t way_hash(uint32_t name, const struct ip_addr *addr, uint16_t port)
{
    return addr_hash(hash_mix(WAY_KEY, (uint64_t)name << 16 | port), addr);
}

static uint64_t way_hash_of(const void *table, uint32_t index)
{
    const struct route *route = pool_at(table, index);
    return way_hash(route->name, &route->addr, route->port);
}

static uint32_t newest_of_addr(const struct routes *r, const struct ip_addr *addr, uint64_t hash)
{
    uint32_t step = 0;
    uint32_t id = finder_next(&r->by_addr, hash, &step);
    while (id != FINDER_NONE && !addr_eq(&route_at(r, id)->addr, addr))
        id = finder_next(&r->by_addr, hash, &step);
    return id;
}

const struct route *route_of_addr(const struct routes *r, const struct ip_addr *addr)
{
    return route_at(r, newest_of_addr(r, addr, addr_hash(ADDR_KEY, addr)));
}

static uint32_t newest_of_name(const struct routes *r, uint32_t name)
{
    return name < r->by_name.count ? *(const uint32_t *)pool_at(&r->by_name, name) - 1 : POOL_NONE;
}

const struct route *route_of_name(const struct routes *r, uint32_t name)
{
    return route_at(r, newest_of_name(r, name));
}

static bool file_by_name(struct routes *r, uint32_t name, uint32_t id)
{
    while (r->by_name.count <= name) {
        if (pool_add(&r->by_name) == POOL_NONE)
            return false;
    }
    *(uint32_t *)pool_at(&r->by_name, name) = id + 1;
    return true;
}

/* Puts a new route in front of those of its address and of its name. */
static bool link_route(struct routes *r, uint32_t id, struct route *route, uint64_t way)
{
    uint64_t hash = addr_hash(ADDR_KEY, &route->addr);
    uint32_t head = newest_of_addr(r, &route->addr, hash);
    route->next_addr = head;
    route->next_name = newest_of_name(r, route->name);
    if (head != POOL_NONE)
        finder_replace(&r->by_addr, hash, head, id);
    else if (!finder_add(&r->by_addr, hash, id, addr_hash_of, &r->pool))
        return false;
    return finder_add(&r->by_way, way, id, way_hash_of, &r->pool) &&
           (route->name == INTERN_NONE || file_by_name(r, route->name, id));
}

static bool is_way(const struct route *route, uint32_t name, const struct flow *flow)
{
    return route->name == name && route->port == flow->key.dst_port &&
           addr_eq(&route->addr, &flow->key.dst);
}

static struct route *find(struct routes *r, uint32_t name, const struct flow *flow)
{
    uint64_t way = way_hash(name, &flow->key.dst, flow->key.dst_port);
    uint32_t step = 0, id;
    while ((id = finder_next(&r->by_way, way, &step)) != FINDER_NONE) {
        struct route *old = pool_at(&r->pool, id);
        if (is_way(old, name, flow))
            return old;
    }
    id = pool_add(&r->pool);
    if (id == POOL_NONE)
        return NULL;
    struct route *route = pool_at(&r->pool, id);
    *route = (struct route){.name = name,
                            .addr = flow->key.dst,
                            .first = flow->first,
                            .port = flow->key.dst_port,
                            .client = POOL_NONE};
    return link_route(r, id, route, way) ? route : NULL;
}

static void keep_least(uint32_t *least, uint32_t value)
{
    if (value != 0 && (*least == 0 || value < *least))
        *least = value;
}

/* The route's address is counted with the first of its routes that was measured. */
static bool is_measured(const struct routes *r, const struct ip_addr *addr)
{
    const struct route *route = route_of_addr(r, addr);
    while (route && route->rtt_us == 0)
        route = route_at(r, route->next_addr);
    return route != NULL;
}

static void measure(struct routes *r, struct route *route, const struct flow *flow)
{
    struct route_floor *floor = &r->floor;
    bool public = flow->rtt_us != 0 && !addr_is_private(&route->addr);
    bool known = public && is_measured(r, &route->addr);
    keep_least(&route->rtt_us, flow->rtt_us);
    if (route->ttl == 0)
        route->ttl = flow->side[DIR_TO_CLIENT].ttl;
    if (!public)
        return;
    int hops = clue_hops(route->ttl);
    if (floor->servers == 0 || hops < floor->hops)
        floor->hops = hops;
    keep_least(&floor->rtt_us, flow->rtt_us);
    floor->servers += !known;
}

static void note_answer(struct routes *r, struct route *route, uint32_t client,
                        const struct flow *flow)
{
    route->answered = true;
    if (route->client == POOL_NONE)
        route->client = client;
    route->clients |= route->client != client;
    if (flow->side[DIR_TO_CLIENT].syn)
        measure(r, route, flow);
}

void route_flow(struct routes *r, uint32_t client, uint32_t name, const struct flow *flow)
{
    struct route *route = find(r, name, flow);
    enum flow_state state = flow_state(flow);
    if (!route)
        return;
    if (state != FLOW_NO_REPLY && state != FLOW_REFUSED && state != FLOW_UNREACHABLE)
        note_answer(r, route, client, flow);
}

static void note_server_hello(struct route *route, const struct tx *tx)
{
    const struct tx_tls *tls = &tx->u.tls;
    bool first = route->shape == 0;
    int64_t wait_us = tx->rtt_ns / NS_PER_US;
    keep_least(&route->wait_us, wait_us > 0 && wait_us < UINT32_MAX ? (uint32_t)wait_us : 0);
    if (tls->hello_len <= UINT16_MAX && tls->hello_len > route->hello_passed)
        route->hello_passed = (uint16_t)tls->hello_len;
    if (tls->server_shape == 0)
        return;
    route->shapes |= !first && route->shape != tls->server_shape;
    route->shape = tls->server_shape;
    route->retries = mark_set(tls->hello_retry) && (first || route->retries);
}

void route_tls(struct routes *r, uint32_t client, uint32_t name, const struct flow *flow,
               const struct tx *tx, bool genuine)
{
    struct route *route = find(r, name, flow);
    if (!route)
        return;
    note_answer(r, route, client, flow);
    struct clue clue = clue_of_tls(flow, tx);
    route->completed |= tx->u.tls.outcome == TLS_COMPLETED;
    route->genuine |= genuine;
    route->left |= clue.left;
    if (tx->u.tls.server_hello)
        note_server_hello(route, tx);
    if (clue.shrunk_to != 0)
        r->shrunk = (struct route_shrunk){flow->key.dst, clue.shrunk_from, clue.shrunk_to};
}

/* ---- control pairs ---- */

bool route_shut(const struct routes *r, uint32_t name, const struct ip_addr *addr, uint16_t port)
{
    bool tried = false;
    for (const struct route *route = route_of_addr(r, addr); route;
         route = route_at(r, route->next_addr)) {
        if (route->port == port && route->answered)
            return false;
        tried |= route->port == port && route->name == name;
    }
    return tried;
}

const struct route *route_elsewhere(const struct routes *r, uint32_t name,
                                    const struct ip_addr *addr, uint16_t port)
{
    const struct route *route = route_of_name(r, name);
    while (route && (route->port != port || !route->answered ||
                     route->addr.family != addr->family || addr_eq(&route->addr, addr)))
        route = route_at(r, route->next_name);
    return route;
}

uint16_t route_longest_hello(const struct routes *r, uint32_t name, const struct ip_addr *addr,
                             uint16_t len)
{
    uint16_t longest = 0;
    for (const struct route *route = route_of_name(r, name); route;
         route = route_at(r, route->next_name)) {
        if (route->hello_passed > longest)
            longest = route->hello_passed;
    }
    for (const struct route *route = route_of_addr(r, addr); route;
         route = route_at(r, route->next_addr)) {
        if (route->hello_passed > longest)
            longest = route->hello_passed;
    }
    return longest < len ? longest : 0;
}
