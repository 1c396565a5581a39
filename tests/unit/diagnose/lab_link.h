/*
 * tests/unit/diagnose/lab_link: what a device says on its own link: DHCP exchanges, ARP and 802.1X.
 * SPDX-License-Identifier: MIT
 */
#ifndef LAB_LINK_H
#define LAB_LINK_H

#include "lab.h"

#define HOST   "ztd.example.com"
#define SECOND "act.example.org"

static const struct mac_addr DEVICE_MAC = {{2, 0, 0, 0, 0, 0x31}};
static const struct mac_addr OTHER_MAC = {{2, 0, 0, 0, 0, 0x99}};

static inline void open_lab(struct lab *l)
{
    lab_open(l);
    l->has_mac = true;
    l->mac = DEVICE_MAC;
}

enum {
    D = 1 << DHCP_DISCOVER,
    O = 1 << DHCP_OFFER,
    R = 1 << DHCP_REQUEST,
    A = 1 << DHCP_ACK,
    N = 1 << DHCP_NAK,
    DECLINE = 1 << DHCP_DECLINE,
    INFORM = 1 << DHCP_INFORM,
};

struct lab_dhcp {
    unsigned types;
    enum tx_outcome outcome;
    enum dhcp_type last; /* 0: by the types */
    const char *address;
    const char *server;
    const char *router; /* "" for none */
    const char *resolver;
    const char *proxy;
    const char *portal;
    const char *vendor;
    const char *refusal;
    const char *second_server; /* offers `second_address` too */
    const char *second_address;
    const char *second_router;
    const struct mac_addr *mac;
    int64_t took_ms;
    uint16_t vlan;
    bool classless; /* the way out comes as option 121 */
    bool cut;
};

static inline enum dhcp_type newest_of(unsigned types)
{
    static const enum dhcp_type order[] = {DHCP_DECLINE, DHCP_NAK,      DHCP_ACK,   DHCP_REQUEST,
                                           DHCP_OFFER,   DHCP_DISCOVER, DHCP_INFORM};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (types >> order[i] & 1)
            return order[i];
    }
    return DHCP_NONE;
}

static inline enum dhcp_type oldest_of(unsigned types)
{
    static const enum dhcp_type order[] = {DHCP_DISCOVER, DHCP_INFORM, DHCP_REQUEST, DHCP_DECLINE};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (types >> order[i] & 1)
            return order[i];
    }
    return DHCP_NONE;
}

static inline void set_list(struct dhcp_addrs *list, const char *text)
{
    if (text[0] == '\0')
        return;
    list->at[0] = lab_addr(text);
    list->count = 1;
}

static inline struct dhcp_lease lab_lease(const struct lab_dhcp *how)
{
    struct dhcp_lease l = {.lease_s = 3600, .default_route = how->classless, .cut = how->cut};
    l.address = lab_addr(how->address ? how->address : "10.0.0.31");
    l.server = lab_addr(how->server ? how->server : "10.0.0.1");
    l.mask = lab_addr("255.255.255.0");
    set_list(&l.routers, how->router ? how->router : "10.0.0.1");
    set_list(&l.resolvers, how->resolver ? how->resolver : "10.0.0.53");
    l.proxy = slice_str(how->proxy ? how->proxy : "");
    l.portal = slice_str(how->portal ? how->portal : "");
    l.refusal = slice_str(how->refusal ? how->refusal : "");
    return l;
}

static inline void lab_dhcp(struct lab *l, int64_t at, struct lab_dhcp how)
{
    struct tx_dhcp t = {.types = (uint16_t)how.types, .attempts = 1, .vlan = how.vlan};
    struct tx tx = {.kind = TX_DHCP, .outcome = how.outcome, .rtt_ns = -1};
    struct flow f = {.id = 0};
    t.client = how.mac ? *how.mac : DEVICE_MAC;
    t.began = oldest_of(how.types);
    t.last = how.last ? how.last : newest_of(how.types);
    t.vendor = slice_str(how.vendor ? how.vendor : "MSFT 5.0");
    t.name = slice_str("DESKTOP-1");
    t.requested = lab_addr("10.0.0.31");
    if (how.types & (O | A | N))
        t.lease = lab_lease(&how);
    if (how.types & O) {
        t.offers[t.offer_count++] = t.lease;
        t.offered = lab_mark(l, at + 1);
    }
    if (how.second_server) {
        struct lab_dhcp second = {.server = how.second_server,
                                  .address = how.second_address,
                                  .router = how.second_router};
        t.offers[t.offer_count++] = lab_lease(&second);
    }
    tx.first = tx.request = lab_mark(l, at);
    tx.done = lab_mark(l, at + how.took_ms + 2);
    if (how.types & (O | A | N))
        tx.reply = tx.done;
    tx.u.dhcp = &t;
    diagnosis_transaction(l->d, &f, &tx, slice_str(""));
}

static inline void lab_arp_to(struct lab *l, int64_t at, const struct mac_addr *mac,
                              const struct mac_addr *to, uint16_t op, const char *sender,
                              const char *target)
{
    struct packet p = {.kind = PACKET_ARP, .at = lab_mark(l, at), .has_mac = true};
    p.src_mac = *mac;
    p.dst_mac = *to;
    p.arp.op = op;
    p.arp.sender_mac = *mac;
    p.arp.sender = lab_addr(sender);
    p.arp.target = lab_addr(target);
    diagnosis_link(l->d, &p);
}

/* To all. */
static inline void lab_arp(struct lab *l, int64_t at, const struct mac_addr *mac, uint16_t op,
                           const char *sender, const char *target)
{
    static const struct mac_addr all = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    lab_arp_to(l, at, mac, &all, op, sender, target);
}

/* A gratuitous announcement. */
static inline void lab_announce(struct lab *l, int64_t at, const struct mac_addr *mac,
                                const char *address)
{
    lab_arp(l, at, mac, ARP_REQUEST, address, address);
}

static inline void lab_eapol(struct lab *l, int64_t at, bool from_device, uint8_t type,
                             uint8_t code)
{
    static const struct mac_addr group = {{0x01, 0x80, 0xc2, 0, 0, 3}};
    static const struct mac_addr port = {{2, 0xaa, 0, 0, 0, 1}};
    struct packet p = {.kind = PACKET_EAPOL, .at = lab_mark(l, at), .has_mac = true};
    p.src_mac = from_device ? DEVICE_MAC : port;
    p.dst_mac = group;
    p.eapol.type = type;
    p.eapol.eap_code = code;
    p.eapol.eap_id = 7;
    diagnosis_link(l->d, &p);
}

static inline void expect_only(const struct result *r, enum finding_kind kind,
                               enum severity severity)
{
    assert_int_equal(r->finding_count, 1);
    assert_int_equal(r->findings[0].kind, kind);
    assert_int_equal(r->findings[0].severity, severity);
}

#endif
