/*
 * live/roster: addresses to devices.
 * SPDX-License-Identifier: MIT
 */
#include "roster.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"

#define ADDR_KEY 0x726f73746572ULL
#define BURST    16384U /* new devices at once: a building that is switched on */
/* New devices so often after that, 16,400 a second: made up, they cost some of the time. */
#define REFILL_NS        (10 * NS_PER_MS)
#define DEVICES_A_REFILL 164
#define SUSPECTS         64 /* looked at for one that goes */
#define PORT_DHCP        67
#define PORT_BOOTPC      68
#define DHCP_CHADDR      28 /* offset of the client's address in a DHCP message, RFC 2131 */

void roster_init(struct roster *r, void (*drop)(void *ctx, struct device *d), void *ctx)
{
    *r = (struct roster){.next = 1, .tokens = BURST, .drop = drop, .ctx = ctx};
    map_init(&r->by_addr, ROSTER_DEVICES_MAX * DEVICE_ADDRESSES);
    map_init(&r->by_mac, ROSTER_DEVICES_MAX);
    map_init(&r->servers, ROSTER_SERVERS_MAX);
}

void roster_clear(struct roster *r)
{
    for (uint32_t i = 0; i < r->top; i++) {
        if (r->devices[i])
            roster_remove(r, r->devices[i]);
    }
    map_clear(&r->by_addr);
    map_clear(&r->by_mac);
    map_clear(&r->servers);
}

/* ---- look-up ------------------------------------------------------------------------------------ */

static uint64_t addr_key(const struct ip_addr *a)
{
    return addr_hash(ADDR_KEY, a);
}

static uint64_t mac_key(const struct mac_addr *mac)
{
    uint64_t key = 0;
    for (size_t i = 0; i < sizeof mac->bytes; i++)
        key = key << 8 | mac->bytes[i];
    return key;
}

static bool has_address(const struct device *d, const struct ip_addr *addr)
{
    for (uint32_t i = 0; i < d->address_count; i++) {
        if (addr_eq(&d->addresses[i], addr))
            return true;
    }
    return false;
}

/* Who most likely has the address of this key. */
static struct device *guess(const struct roster *r, uint64_t key)
{
    uint32_t slot = map_get(&r->by_addr, key);
    return slot == MAP_NONE ? NULL : r->devices[slot];
}

static struct device *if_has(struct device *d, const struct ip_addr *addr)
{
    return d && has_address(d, addr) ? d : NULL;
}

struct device *roster_find(const struct roster *r, const struct ip_addr *addr)
{
    return if_has(guess(r, addr_key(addr)), addr);
}

static struct device *find_mac(const struct roster *r, const struct mac_addr *mac)
{
    uint32_t slot = map_get(&r->by_mac, mac_key(mac));
    return slot == MAP_NONE ? NULL : r->devices[slot];
}

/* The device alone that a MAC speaks for. */
static struct device *find_own_mac(const struct roster *r, const struct mac_addr *mac)
{
    struct device *d = find_mac(r, mac);
    return d && !d->mac_shared ? d : NULL;
}

/* ---- coming and going --------------------------------------------------------------------------- */

static void add_address(struct roster *r, struct device *d, const struct ip_addr *addr)
{
    if (d->address_count >= DEVICE_ADDRESSES || !map_put(&r->by_addr, addr_key(addr), d->slot))
        return;
    r->changes++;
    d->addresses[d->address_count++] = *addr;
    d->has_v4 |= addr->family == 4 && !addr_is_link_local(addr);
}

void roster_own(struct roster *r, struct device *d, const struct ip_addr *addr)
{
    if (addr->family != 0 && !addr_is_unspecified(addr) && !d->mac_shared &&
        d->address_count < DEVICE_ADDRESSES_MAX && !roster_find(r, addr))
        add_address(r, d, addr);
}

void roster_remove(struct roster *r, struct device *d)
{
    for (uint32_t i = 0; i < d->address_count; i++) {
        uint64_t key = addr_key(&d->addresses[i]);
        if (map_get(&r->by_addr, key) == d->slot)
            map_remove(&r->by_addr, key);
    }
    if (d->has_mac && find_mac(r, &d->mac) == d)
        map_remove(&r->by_mac, mac_key(&d->mac));
    r->changes++;
    r->drop(r->ctx, d);
    r->devices[d->slot] = NULL;
    r->spare[r->spare_count++] = d->slot;
    r->count--;
    free(d);
}

/* The most silent of some that asked for nothing yet; NULL when all of these have. */
static struct device *least_wanted(struct roster *r)
{
    struct device *found = NULL;
    for (uint32_t i = 0; i < SUSPECTS; i++) {
        struct device *d = r->devices[r->suspect++ % r->top];
        if (d && d->sign_ns == 0 && (!found || d->last_ns < found->last_ns))
            found = d;
    }
    return found;
}

static bool take_token(struct roster *r, int64_t now_ns)
{
    int64_t since = now_ns - r->refilled_ns;
    if (since >= REFILL_NS || since < 0) {
        int64_t more = since < 0 || since > NS_PER_S ? BURST : since / REFILL_NS * DEVICES_A_REFILL;
        r->tokens = r->tokens + more > BURST ? BURST : r->tokens + (uint32_t)more;
        r->refilled_ns = now_ns;
    }
    if (r->tokens == 0)
        return false;
    r->tokens--;
    return true;
}

static uint32_t free_slot(struct roster *r)
{
    if (r->count == ROSTER_DEVICES_MAX) {
        struct device *d = least_wanted(r);
        if (!d)
            return ROSTER_DEVICES_MAX;
        roster_remove(r, d);
    }
    return r->spare_count ? r->spare[--r->spare_count] : r->top++;
}

static struct device *take_in(struct roster *r, const struct packet *p)
{
    uint32_t slot = take_token(r, p->at.ts_ns) ? free_slot(r) : ROSTER_DEVICES_MAX;
    struct device *d = slot < ROSTER_DEVICES_MAX ? calloc(1, sizeof *d) : NULL;
    if (!d) {
        if (slot < ROSTER_DEVICES_MAX)
            r->spare[r->spare_count++] = slot;
        r->turned_away++;
        return NULL;
    }
    d->number = r->next;
    r->next += r->next == UINT32_MAX ? 2 : 1; /* 0 is nobody's */
    d->slot = slot;
    d->first_ns = p->at.ts_ns;
    d->last_ns = p->at.ts_ns;
    r->devices[slot] = d;
    r->count++;
    return d;
}

static void learn_mac(struct roster *r, struct device *d, const struct mac_addr *mac)
{
    struct device *other = find_mac(r, mac);
    d->has_mac = true;
    d->mac = *mac;
    if (other) {
        other->mac_shared = true;
        d->mac_shared = true;
    } else {
        (void)map_put(&r->by_mac, mac_key(mac), d->slot);
    }
}

/* The device of a client address that is new. */
static struct device *adopt(struct roster *r, const struct packet *p, const struct ip_addr *addr,
                            const struct mac_addr *mac)
{
    struct device *d = mac ? find_own_mac(r, mac) : NULL;
    if (d && (addr->family == 6 || !d->has_v4)) {
        add_address(r, d, addr);
        return d;
    }
    if (addr_is_link_local(addr))
        return NULL; /* alone it asks for nothing beyond its segment */
    d = take_in(r, p);
    if (!d)
        return NULL;
    add_address(r, d, addr);
    if (mac)
        learn_mac(r, d, mac);
    return d;
}

void roster_server(struct roster *r, const struct ip_addr *addr)
{
    if (!map_put(&r->servers, addr_key(addr), 1))
        return;
    struct device *d = roster_find(r, addr);
    if (d)
        roster_remove(r, d);
}

/* ---- whose packet ------------------------------------------------------------------------------- */

static bool can_be_client(const struct roster *r, const struct ip_addr *a)
{
    return !addr_is_unspecified(a) && !addr_is_multicast(a) && !addr_is_loopback(a) &&
           map_get(&r->servers, addr_key(a)) == MAP_NONE;
}

/* Whether the sender is the client, as far as one packet tells. */
static bool from_client(const struct packet *p)
{
    const struct tuple *t = &p->tuple;
    if (p->kind == PACKET_TCP && (p->tcp.flags & TCP_SYN))
        return (p->tcp.flags & TCP_ACK) == 0;
    if (t->src_port != t->dst_port)
        return t->src_port > t->dst_port;
    bool src_private = addr_is_private(&t->src);
    if (src_private != addr_is_private(&t->dst))
        return src_private;
    return true;
}

static struct device *route_known(struct device *src, struct device *dst, const struct packet *p)
{
    if (src && dst)
        return from_client(p) ? src : dst;
    return src ? src : dst;
}

static bool is_dhcp(const struct packet *p)
{
    return p->kind == PACKET_UDP &&
           (p->tuple.src_port == PORT_DHCP || p->tuple.dst_port == PORT_DHCP);
}

/* DHCP is about the hardware address in the message, whichever way it goes. */
static struct device *route_dhcp(struct roster *r, const struct packet *p)
{
    struct mac_addr mac;
    struct cursor c = cursor_of(p->payload, VERDICT_SHORT);
    cur_skip(&c, DHCP_CHADDR);
    struct slice bytes = cur_take(&c, sizeof mac.bytes);
    if (c.verdict != VERDICT_OK)
        return NULL;
    memcpy(mac.bytes, bytes.data, sizeof mac.bytes);
    struct device *d = find_mac(r, &mac);
    if (d || p->tuple.src_port != PORT_BOOTPC)
        return d && !d->mac_shared ? d : NULL;
    d = take_in(r, p);
    if (d)
        learn_mac(r, d, &mac);
    return d;
}

static struct device *route_conversation(struct roster *r, const struct packet *p)
{
    const struct tuple *t = &p->tuple;
    struct device *known = route_known(roster_find(r, &t->src), roster_find(r, &t->dst), p);
    if (known)
        return known;
    bool sent = from_client(p);
    const struct ip_addr *client = sent ? &t->src : &t->dst;
    if (!can_be_client(r, client))
        return NULL;
    const struct mac_addr *mac = sent ? &p->src_mac : &p->dst_mac;
    return adopt(r, p, client, p->has_mac ? mac : NULL);
}

/* An error belongs to whom it quotes. */
static struct device *route_icmp(const struct roster *r, const struct packet *p)
{
    struct device *d = p->icmp.has_quote ? roster_find(r, &p->icmp.quote.src) : NULL;
    if (!d)
        d = roster_find(r, &p->tuple.dst);
    return d ? d : roster_find(r, &p->tuple.src);
}

/* Beside the sender, whoever has the address that the sender claims. One that nobody has is the sender's own. */
static unsigned route_arp(struct roster *r, const struct packet *p,
                          struct device *owners[ROSTER_OWNERS_MAX])
{
    unsigned count = 0;
    struct device *sender = find_own_mac(r, &p->arp.sender_mac);
    struct device *claimed = roster_find(r, &p->arp.sender);
    struct device *asked = p->arp.op == ARP_REPLY ? find_own_mac(r, &p->arp.target_mac) : NULL;
    if (sender)
        owners[count++] = sender;
    if (sender && !claimed)
        roster_own(r, sender, &p->arp.sender);
    if (claimed && claimed != sender)
        owners[count++] = claimed;
    else if (asked && asked != sender)
        owners[count++] = asked;
    return count;
}

static struct device *route_link(const struct roster *r, const struct packet *p)
{
    struct device *d = p->has_mac ? find_own_mac(r, &p->src_mac) : NULL;
    return d || !p->has_mac ? d : find_own_mac(r, &p->dst_mac);
}

unsigned roster_route(struct roster *r, const struct packet *p,
                      struct device *owners[ROSTER_OWNERS_MAX])
{
    struct device *d = NULL;
    switch (p->kind) {
    case PACKET_TCP:
    case PACKET_UDP:
        d = is_dhcp(p) ? route_dhcp(r, p) : route_conversation(r, p);
        break;
    case PACKET_FRAGMENT:
        d = route_known(roster_find(r, &p->tuple.src), roster_find(r, &p->tuple.dst), p);
        break;
    case PACKET_ICMP:
        d = route_icmp(r, p);
        break;
    case PACKET_ARP:
        return route_arp(r, p, owners);
    case PACKET_EAPOL:
    case PACKET_OTHER:
    case PACKET_BAD:
    case PACKET_SHORT:
        d = route_link(r, p);
        break;
    }
    owners[0] = d;
    return d != NULL;
}

/* ---- ahead -------------------------------------------------------------------------------------- */

bool roster_is_conversation(const struct packet *p)
{
    return (p->kind == PACKET_TCP || p->kind == PACKET_UDP) && !is_dhcp(p);
}

void roster_bring(const struct roster *r, const struct packet *p, struct roster_place *place)
{
    *place = (struct roster_place){.src_key = addr_key(&p->tuple.src),
                                   .dst_key = addr_key(&p->tuple.dst)};
    map_bring(&r->by_addr, place->src_key);
    map_bring(&r->by_addr, place->dst_key);
}

static struct device *bring_device(const struct roster *r, uint64_t key)
{
    struct device *d = guess(r, key);
    if (d) {
        bring(d);
        bring(&d->addresses[1]); /* of IPv4 and IPv6, it is seldom a third */
    }
    return d;
}

void roster_bring_devices(const struct roster *r, struct roster_place *place)
{
    place->src = bring_device(r, place->src_key);
    place->dst = bring_device(r, place->dst_key);
}

struct device *roster_expect(const struct packet *p, const struct roster_place *place)
{
    if (!roster_is_conversation(p))
        return NULL;
    return route_known(if_has(place->src, &p->tuple.src), if_has(place->dst, &p->tuple.dst), p);
}
