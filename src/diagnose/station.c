/*
 * diagnose/station: the store of MAC addresses.
 * SPDX-License-Identifier: MIT
 *
 * RFC 5227 (who defends an address), 5798 (VRRP). One address and two machines is a conflict where both
 * claim it at the same time; one machine after the other is a failover.
 */
#include "station.h"

#include "facts.h"

#define ADDR_KEY  0x73746174U
#define DEFEND_NS (2 * NS_PER_S)  /* an owner objects this soon to another one */
#define FLAP_NS   (10 * NS_PER_S) /* A, B and A again within this: both are there */

void stations_init(struct stations *s, uint32_t block)
{
    map_init(&s->by_mac, STATIONS_MAX);
    map_init(&s->by_lease, STATIONS_MAX);
    map_init(&s->by_claim, CLAIMS_MAX);
    pool_init(&s->all, sizeof(struct station), STATIONS_MAX, block);
    pool_init(&s->stays, sizeof(struct stay), STAYS_MAX, block);
    pool_init(&s->claims, sizeof(struct claim), CLAIMS_MAX, block);
    pool_init(&s->neighbours, sizeof(struct neighbour), NEIGHBOURS_MAX, block);
    pool_init(&s->routers, sizeof(struct router), ROUTERS_MAX, block);
    pool_init(&s->seekers, sizeof(struct seeker), STATIONS_MAX, block);
    s->talker = POOL_NONE;
}

void stations_clear(struct stations *s)
{
    map_clear(&s->by_mac);
    map_clear(&s->by_lease);
    map_clear(&s->by_claim);
    pool_clear(&s->all);
    pool_clear(&s->stays);
    pool_clear(&s->claims);
    pool_clear(&s->neighbours);
    pool_clear(&s->routers);
    pool_clear(&s->seekers);
}

bool stations_copy(struct stations *out, const struct stations *s)
{
    *out = *s;
    bool good = map_copy(&out->by_mac, &s->by_mac);
    good &= map_copy(&out->by_lease, &s->by_lease);
    good &= map_copy(&out->by_claim, &s->by_claim);
    good &= pool_copy(&out->all, &s->all) != 0;
    good &= pool_copy(&out->stays, &s->stays) != 0;
    good &= pool_copy(&out->claims, &s->claims) != 0;
    good &= pool_copy(&out->neighbours, &s->neighbours) != 0;
    good &= pool_copy(&out->routers, &s->routers) != 0;
    good &= pool_copy(&out->seekers, &s->seekers) != 0;
    return good;
}

/* ---- stations ---- */

uint64_t station_key(const struct mac_addr *mac)
{
    uint64_t key = 0;
    for (size_t i = 0; i < sizeof mac->bytes; i++)
        key = key << 8 | mac->bytes[i];
    return key;
}

struct station *station_find(const struct stations *s, const struct mac_addr *mac)
{
    uint32_t id = map_get(&s->by_mac, station_key(mac));
    return id == MAP_NONE ? NULL : pool_at(&s->all, id);
}

struct station *station_make(struct stations *s, const struct mac_addr *mac)
{
    struct station *st = station_find(s, mac);
    if (st)
        return st;
    uint32_t id = pool_add(&s->all);
    if (id == POOL_NONE || !map_put(&s->by_mac, station_key(mac), id))
        return NULL;
    st = pool_at(&s->all, id);
    *st = (struct station){.mac = *mac, .stays = POOL_NONE, .seeker = POOL_NONE};
    st->neighbours = POOL_NONE;
    st->name = st->vendor = st->refusal = INTERN_NONE;
    st->lease.domain = st->lease.search = st->lease.proxy = st->lease.portal = INTERN_NONE;
    return st;
}

struct station *station_by_lease(const struct stations *s, const struct ip_addr *addr)
{
    uint32_t id = s->by_lease.count ? map_get(&s->by_lease, addr_hash(ADDR_KEY, addr)) : MAP_NONE;
    struct station *st = id == MAP_NONE ? NULL : pool_at(&s->all, id);
    return st && station_has(s, st, addr) ? st : NULL;
}

struct station *station_of(const struct facts *f, uint32_t client)
{
    const struct stations *s = &f->stations;
    const struct client *c = facts_at(f, client);
    struct station *leased = station_by_lease(s, &c->addr);
    if (leased)
        return leased;
    if (c->mac == POOL_NONE)
        return NULL;
    struct station *st =
        station_find(s, &((const struct mac_entry *)pool_at(&f->macs, c->mac))->mac);
    return st && !st->many ? st : NULL;
}

uint32_t station_number(const struct stations *s, const struct station *st)
{
    return map_get(&s->by_mac, station_key(&st->mac));
}

/* ---- addresses ---- */

struct stay *station_stay(const struct stations *s, uint32_t index)
{
    return index == POOL_NONE ? NULL : pool_at(&s->stays, index);
}

/* The stay of an address in a VLAN, made when new: newest first. */
static struct stay *stay_of(struct stations *s, struct station *st, const struct ip_addr *addr,
                            uint16_t vlan)
{
    uint32_t count = 0;
    for (struct stay *stay = station_stay(s, st->stays); stay;
         stay = station_stay(s, stay->next), count++) {
        if (stay->vlan == vlan && addr_eq(&stay->addr, addr))
            return stay;
    }
    if (count >= STAYS_A_STATION) {
        st->many = true;
        return NULL;
    }
    uint32_t id = pool_add(&s->stays);
    if (id == POOL_NONE)
        return NULL;
    struct stay *stay = pool_at(&s->stays, id);
    *stay = (struct stay){.addr = *addr, .vlan = vlan, .next = st->stays};
    stay->owned = station_has(s, st, addr);
    st->stays = id;
    return stay;
}

bool station_has(const struct stations *s, const struct station *st, const struct ip_addr *addr)
{
    for (const struct stay *stay = station_stay(s, st->stays); stay;
         stay = station_stay(s, stay->next)) {
        if (stay->owned && addr_eq(&stay->addr, addr))
            return true;
    }
    return false;
}

bool station_is_one(const struct stations *s, const struct station *st)
{
    uint32_t before =
        0; /* an address that it gave up for its lease: the capture began in between */
    bool one = !st->many;
    for (const struct stay *stay = station_stay(s, st->stays); stay;
         stay = station_stay(s, stay->next)) {
        if (stay->owned || !mark_set(stay->first))
            continue;
        one &= mark_set(st->lease.at) && stay->last.ts_ns < st->lease.at.ts_ns && before++ == 0;
    }
    return one;
}

void station_owns(struct stations *s, struct station *st, const struct ip_addr *addr, uint16_t vlan)
{
    struct stay *stay = stay_of(s, st, addr, vlan);
    if (!stay)
        return;
    for (stay = station_stay(s, st->stays); stay; stay = station_stay(s, stay->next))
        stay->owned |= addr_eq(&stay->addr, addr);
}

void station_saw(struct facts *f, const struct flow *flow)
{
    if (flow->key.src.family != 4 || addr_is_unspecified(&flow->key.src))
        return;
    struct station *st = station_by_lease(&f->stations, &flow->key.src);
    if (!st && flow->has_mac)
        st = station_make(&f->stations, &flow->client_mac);
    struct stay *stay =
        st && !st->many ? stay_of(&f->stations, st, &flow->key.src, flow->vlan) : NULL;
    if (!stay)
        return;
    if (!mark_set(stay->first) || flow->first.ts_ns < stay->first.ts_ns)
        stay->first = flow->first;
    if (flow->first.ts_ns >= stay->last.ts_ns)
        stay->last = flow->first;
    struct claim *claim = stay->owned ? station_claim(&f->stations, &flow->key.src, false) : NULL;
    if (claim)
        claim_note(claim, &st->mac, &flow->first);
    if (addr_is_link_local(&flow->key.src)) {
        st->self = flow->key.src;
        run_add(&st->self_assigned, &flow->first);
    }
}

/* ---- claims ---- */

/* Addresses that stand for a group of routers: they wander by design. */
static bool is_virtual(const struct mac_addr *mac)
{
    static const struct {
        uint8_t len;
        uint8_t prefix[5];
    } groups[] = {
        {5, {0x00, 0x00, 0x5e, 0x00, 0x01}}, /* VRRP for IPv4 */
        {5, {0x00, 0x00, 0x5e, 0x00, 0x02}}, /* VRRP for IPv6 */
        {5, {0x00, 0x00, 0x0c, 0x07, 0xac}}, /* HSRP */
        {4, {0x00, 0x00, 0x0c, 0x9f}},       /* HSRP 2 */
        {4, {0x00, 0x07, 0xb4, 0x00}},       /* GLBP */
    };
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        if (memcmp(mac->bytes, groups[i].prefix, groups[i].len) == 0)
            return true;
    }
    return false;
}

static bool same_mac(const struct mac_addr *a, const struct mac_addr *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

void claim_note(struct claim *c, const struct mac_addr *mac, const struct mark *at)
{
    bool known = mark_set(c->at);
    bool same = known && same_mac(&c->mac, mac);
    if (is_virtual(mac) || (known && is_virtual(&c->mac)))
        return;
    if (known && at->ts_ns < c->at.ts_ns) { /* told late: between two claims of another one? */
        if (!same && at->ts_ns > c->since.ts_ns)
            run_add(&c->conflicts, at);
        return;
    }
    bool defended = mark_set(c->wanted) && !same_mac(&c->wanter, mac) &&
                    at->ts_ns - c->wanted.ts_ns <= DEFEND_NS;
    bool flaps = !same && mark_set(c->other_at) && same_mac(&c->other, mac) &&
                 at->ts_ns - c->other_at.ts_ns <= FLAP_NS;
    if (defended || flaps)
        run_add(&c->conflicts, at);
    if (!same) {
        c->other = c->mac;
        c->other_at = c->at;
        c->mac = *mac;
        c->since = *at;
    }
    c->at = *at;
}

struct claim *station_claim(struct stations *s, const struct ip_addr *addr, bool make)
{
    uint64_t key = addr_hash(ADDR_KEY, addr);
    uint32_t id = map_get(&s->by_claim, key);
    if (id != MAP_NONE) {
        struct claim *c = pool_at(&s->claims, id);
        return addr_eq(&c->addr, addr) ? c : NULL;
    }
    id = make ? pool_add(&s->claims) : POOL_NONE;
    if (id == POOL_NONE || !map_put(&s->by_claim, key, id))
        return NULL;
    struct claim *c = pool_at(&s->claims, id);
    *c = (struct claim){.addr = *addr};
    return c;
}

void station_leased(struct stations *s, const struct station *st)
{
    (void)map_put(&s->by_lease, addr_hash(ADDR_KEY, &st->lease.address), station_number(s, st));
}

/* ---- neighbours ---- */

const struct neighbour *station_neighbour_at(const struct stations *s, uint32_t index)
{
    return index == POOL_NONE ? NULL : pool_at(&s->neighbours, index);
}

struct neighbour *station_neighbour(struct stations *s, struct station *st,
                                    const struct ip_addr *addr, bool make)
{
    uint32_t count = 0;
    for (uint32_t i = st->neighbours; i != POOL_NONE; count++) {
        struct neighbour *n = pool_at(&s->neighbours, i);
        if (addr_eq(&n->addr, addr))
            return n;
        i = n->next;
    }
    uint32_t id = make && count < NEIGHBOURS_A_STATION ? pool_add(&s->neighbours) : POOL_NONE;
    if (id == POOL_NONE)
        return NULL;
    struct neighbour *n = pool_at(&s->neighbours, id);
    *n = (struct neighbour){.addr = *addr, .next = st->neighbours};
    st->neighbours = id;
    return n;
}

/* ---- IPv6's own configuration ---- */

struct seeker *station_seeker(struct stations *s, struct station *st, bool make)
{
    if (st->seeker == POOL_NONE && make)
        st->seeker = pool_add(&s->seekers);
    return st->seeker == POOL_NONE ? NULL : pool_at(&s->seekers, st->seeker);
}

struct router *station_router(struct stations *s, const struct ip_addr *addr, uint16_t vlan)
{
    for (uint32_t i = 0; i < s->routers.count; i++) {
        struct router *r = pool_at(&s->routers, i);
        if (r->vlan == vlan && addr_eq(&r->addr, addr))
            return r;
    }
    uint32_t id = pool_add(&s->routers);
    struct router *r = id == POOL_NONE ? NULL : pool_at(&s->routers, id);
    if (r)
        *r = (struct router){.addr = *addr, .vlan = vlan};
    return r;
}

/* ---- devices that never asked ---- */

/* What a station may be that no client is known to be. */
struct others {
    bool any;      /* clients that asked for something */
    bool six;      /* of IPv6 */
    bool nameless; /* of IPv6, and of no MAC */
};

/* Marks the stations that clients are. */
static struct others note_clients(struct facts *f)
{
    struct others o = {.any = false};
    for (uint32_t i = 0; i < f->clients.count; i++) {
        const struct client *c = facts_at(f, i);
        if (!(c->flags & CLIENT_ASKED))
            continue;
        struct station *st = station_of(f, i);
        if (st)
            st->client = true;
        o.any = true;
        o.six |= c->addr.family == 6;
        o.nameless |= c->addr.family == 6 && c->mac == POOL_NONE;
    }
    return o;
}

static bool is_windows(const struct facts *f, const struct station *st)
{
    return st->vendor != INTERN_NONE &&
           slice_starts_nocase(intern_name(f->texts, st->vendor), "MSFT");
}

void station_devices(struct facts *f)
{
    struct others others = note_clients(f);
    for (uint32_t i = 0; i < f->stations.all.count; i++) {
        struct station *st = pool_at(&f->stations.all, i);
        const struct seeker *six = station_seeker(&f->stations, st, false);
        bool wants =
            mark_set(st->asked) || st->eap_start.count > 0 || (six && six->solicit.count > 0);
        /* Without a MAC in common nothing tells that it is not one of those with IPv6. */
        bool hidden = others.nameless || (others.six && st->carried);
        if (!wants || (others.any && !is_windows(f, st)) || st->client || hidden)
            continue;
        struct ip_addr addr = st->lease.address;
        if (addr.family == 0)
            addr = st->self.family ? st->self : six && !mark_set(st->asked) ? six->own : addr_v4(0);
        uint32_t id = facts_unheard(f, &addr, &st->mac);
        if (id != POOL_NONE && others.any)
            facts_at(f, id)->flags |= CLIENT_LISTED;
    }
}
