/*
 * Tests of live/roster and live/device: whose packet it is, and when a deployment is over.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "../../../src/live/roster.h"
#include "unit.h"

struct bench {
    struct roster roster;
    unsigned dropped;
    struct packet p;
};

static void on_drop(void *ctx, struct device *d)
{
    struct bench *b = ctx;
    (void)d;
    b->dropped++;
}

static int set_up(void **state)
{
    static struct bench bench;
    memset(&bench, 0, sizeof bench);
    roster_init(&bench.roster, on_drop, &bench);
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    roster_clear(&b->roster);
    return 0;
}

static struct ip_addr addr(const char *text)
{
    struct ip_addr a;
    assert_true(addr_parse(&a, text));
    return a;
}

static struct mac_addr mac(uint8_t n)
{
    return (struct mac_addr){{2, 0, 0, 0, 0, n}};
}

/* A UDP packet, between MACs 02::n where they are not 0. */
static struct packet *udp(struct bench *b, const char *src, uint16_t src_port, const char *dst,
                          uint16_t dst_port)
{
    b->p = (struct packet){.kind = PACKET_UDP, .at = {1000 * NS_PER_S, 1, 0}};
    b->p.tuple.src = addr(src);
    b->p.tuple.dst = addr(dst);
    b->p.tuple.src_port = src_port;
    b->p.tuple.dst_port = dst_port;
    b->p.tuple.proto = IP_PROTO_UDP;
    return &b->p;
}

static struct packet *between(struct packet *p, uint8_t src, uint8_t dst)
{
    p->has_mac = true;
    p->src_mac = mac(src);
    p->dst_mac = mac(dst);
    return p;
}

static struct device *route(struct bench *b, const struct packet *p)
{
    struct device *owners[ROSTER_OWNERS_MAX];
    unsigned count = roster_route(&b->roster, p, owners);
    assert_true(count <= 1);
    return count ? owners[0] : NULL;
}

static struct device *expect(const struct bench *b, const struct packet *p)
{
    struct roster_place place;
    roster_bring(&b->roster, p, &place);
    roster_bring_devices(&b->roster, &place);
    return roster_expect(p, &place);
}

/* Looking ahead finds whose a packet is, or says that it cannot; whatever may change that is counted. */
static void expectations_hold_until_something_changes(void **state)
{
    struct bench *b = *state;
    struct packet sent = *udp(b, "10.0.0.5", 40000, "10.0.0.53", 53);
    struct packet back = *udp(b, "10.0.0.53", 53, "10.0.0.5", 40000);
    assert_null(expect(b, &sent)); /* nobody knows it yet */
    uint32_t changes = b->roster.changes;
    struct device *d = route(b, &sent);
    assert_non_null(d);
    assert_int_not_equal(b->roster.changes, changes);
    changes = b->roster.changes;
    assert_ptr_equal(expect(b, &sent), d);
    assert_ptr_equal(expect(b, &back), d);
    assert_ptr_equal(route(b, &back), d);
    assert_int_equal(b->roster.changes, changes);
    back.kind = PACKET_ICMP;
    assert_null(expect(b, &back));
    roster_server(&b->roster, &sent.tuple.src);
    assert_int_not_equal(b->roster.changes, changes);
    assert_null(expect(b, &sent));
}

static void both_directions_are_the_devices(void **state)
{
    struct bench *b = *state;
    struct device *d = route(b, udp(b, "10.0.0.5", 40000, "10.0.0.53", 53));
    assert_non_null(d);
    assert_ptr_equal(route(b, udp(b, "10.0.0.53", 53, "10.0.0.5", 40000)), d);
    assert_ptr_equal(route(b, udp(b, "10.0.0.5", 50000, "192.0.2.1", 443)), d);
    assert_ptr_not_equal(route(b, udp(b, "10.0.0.6", 50000, "192.0.2.1", 443)), d);
    assert_int_equal(b->roster.count, 2);
}

static void the_answer_alone_tells_the_client(void **state)
{
    struct bench *b = *state;
    struct device *d = route(b, udp(b, "10.0.0.53", 53, "10.0.0.5", 40000));
    char text[ADDR_TEXT_SIZE];
    assert_string_equal(device_address(d, text), "10.0.0.5");
    /* Both ports 123: the private address asks the public one. */
    d = route(b, udp(b, "192.0.2.123", 123, "10.0.0.7", 123));
    assert_string_equal(device_address(d, text), "10.0.0.7");
    b->p = *udp(b, "192.0.2.1", 443, "10.0.0.8", 60000);
    b->p.kind = PACKET_TCP;
    b->p.tcp.flags = TCP_SYN;
    d = route(b, &b->p);
    assert_string_equal(device_address(d, text), "192.0.2.1"); /* it sends the SYN */
}

static void ipv6_joins_the_only_ipv4_of_its_mac(void **state)
{
    struct bench *b = *state;
    struct device *d = route(b, between(udp(b, "2001:db8::5", 40000, "2001:db8::53", 53), 5, 1));
    assert_ptr_equal(route(b, between(udp(b, "10.0.0.5", 40001, "10.0.0.53", 53), 5, 1)), d);
    assert_ptr_equal(route(b, between(udp(b, "fe80::5", 40002, "fe80::53", 53), 5, 1)), d);
    assert_int_equal(d->address_count, 3);
    char text[ADDR_TEXT_SIZE];
    assert_string_equal(device_address(d, text), "10.0.0.5");
    /* Answers come from the router's MAC to the device's. */
    assert_ptr_equal(route(b, between(udp(b, "2001:db8::53", 53, "2001:db8::5", 40000), 1, 5)), d);
    assert_int_equal(b->roster.count, 1);
}

static void a_router_is_no_device(void **state)
{
    struct bench *b = *state;
    struct device *one = route(b, between(udp(b, "10.1.0.5", 40000, "192.0.2.53", 53), 9, 1));
    struct device *two = route(b, between(udp(b, "10.1.0.6", 40000, "192.0.2.53", 53), 9, 1));
    assert_ptr_not_equal(one, two);
    struct device *six = route(b, between(udp(b, "2001:db8::7", 40000, "2001:db8::53", 53), 9, 1));
    assert_true(six != one && six != two);
    /* What is no IP belongs to none of them. */
    b->p = (struct packet){.kind = PACKET_EAPOL};
    assert_null(route(b, between(&b->p, 9, 1)));
}

static void a_resolver_is_no_device(void **state)
{
    struct bench *b = *state;
    struct ip_addr resolver = addr("10.0.0.53");
    assert_non_null(route(b, udp(b, "10.0.0.53", 40000, "192.0.2.53", 53)));
    roster_server(&b->roster, &resolver);
    assert_int_equal(b->dropped, 1);
    assert_null(route(b, udp(b, "10.0.0.53", 40000, "192.0.2.53", 53)));
    assert_non_null(route(b, udp(b, "10.0.0.5", 40000, "10.0.0.53", 53)));
}

static void dhcp_is_about_the_address_in_it(void **state)
{
    struct bench *b = *state;
    uint8_t message[240] = {1, 1, 6};
    const struct mac_addr own = mac(5);
    memcpy(message + 28, own.bytes, sizeof own.bytes);
    udp(b, "0.0.0.0", 68, "255.255.255.255", 67)->payload = slice_of(message, sizeof message);
    struct device *d = route(b, between(&b->p, 5, 255));
    assert_non_null(d);
    char text[ADDR_TEXT_SIZE];
    assert_string_equal(device_address(d, text), "02:00:00:00:00:05");
    /* The offer goes to everybody. */
    udp(b, "10.0.0.1", 67, "255.255.255.255", 68)->payload = slice_of(message, sizeof message);
    assert_ptr_equal(route(b, between(&b->p, 1, 255)), d);
    assert_ptr_equal(route(b, between(udp(b, "10.0.0.5", 40001, "10.0.0.53", 53), 5, 1)), d);
    /* Every prefix is nobody's, and no message of a stranger makes a device out of an offer. */
    for (size_t len = 0; len < 34; len++) {
        udp(b, "10.0.0.1", 67, "255.255.255.255", 68)->payload = slice_of(message, len);
        assert_null(route(b, &b->p));
    }
    message[33] = 6;
    udp(b, "10.0.0.1", 67, "255.255.255.255", 68)->payload = slice_of(message, sizeof message);
    assert_null(route(b, &b->p));
    assert_int_equal(b->roster.count, 1);
}

static void an_address_conflict_concerns_both(void **state)
{
    struct bench *b = *state;
    struct device *owners[ROSTER_OWNERS_MAX];
    struct device *five = route(b, between(udp(b, "10.0.0.5", 40000, "10.0.0.53", 53), 5, 1));
    struct device *six = route(b, between(udp(b, "10.0.0.6", 40000, "10.0.0.53", 53), 6, 1));
    b->p = (struct packet){.kind = PACKET_ARP, .has_mac = true};
    b->p.arp = (struct packet_arp){ARP_REPLY, mac(6), mac(5), addr("10.0.0.5"), addr("10.0.0.5")};
    assert_int_equal(roster_route(&b->roster, &b->p, owners), 2);
    assert_ptr_equal(owners[0], six);
    assert_ptr_equal(owners[1], five);
}

static void announce(struct bench *b, uint8_t sender, const char *address)
{
    struct device *owners[ROSTER_OWNERS_MAX];
    b->p = (struct packet){.kind = PACKET_ARP, .has_mac = true};
    b->p.arp =
        (struct packet_arp){ARP_REQUEST, mac(sender), mac(0), addr(address), addr("10.0.0.1")};
    (void)roster_route(&b->roster, &b->p, owners);
}

/* Another VLAN, another lease: one deployment goes on. */
static void a_new_address_of_its_own_makes_no_new_device(void **state)
{
    struct bench *b = *state;
    char text[ADDR_TEXT_SIZE];
    struct device *d = route(b, between(udp(b, "10.0.0.5", 40000, "10.0.0.53", 53), 5, 1));
    announce(b, 5, "10.7.0.5");
    assert_ptr_equal(route(b, between(udp(b, "10.7.0.5", 40000, "10.7.0.53", 53), 5, 1)), d);
    const struct ip_addr leased = addr("10.8.0.5");
    roster_own(&b->roster, d, &leased);
    assert_ptr_equal(route(b, udp(b, "10.8.0.5", 40000, "10.8.0.53", 53)), d);
    assert_string_equal(device_address(d, text), "10.0.0.5");
    /* One that another device has stays with it; one that nobody announced is a router's client. */
    struct device *six = route(b, between(udp(b, "10.0.0.6", 40000, "10.0.0.53", 53), 6, 1));
    announce(b, 5, "10.0.0.6");
    assert_ptr_equal(route(b, udp(b, "10.0.0.6", 40000, "10.0.0.53", 53)), six);
    assert_ptr_not_equal(route(b, between(udp(b, "10.9.0.5", 40000, "10.9.0.53", 53), 5, 1)), d);
    announce(b, 5, "10.7.0.6");
    assert_null(roster_find(&b->roster, &b->p.arp.sender));
}

static void addresses_of_one_device_are_bounded(void **state)
{
    struct bench *b = *state;
    char text[ADDR_TEXT_SIZE];
    struct device *d = route(b, between(udp(b, "10.0.0.5", 40000, "10.0.0.53", 53), 5, 1));
    for (int i = 0; i < 300; i++) {
        (void)snprintf(text, sizeof text, "10.1.%d.%d", i / 256, i % 256);
        announce(b, 5, text);
    }
    assert_int_equal(d->address_count, DEVICE_ADDRESSES_MAX);
    announce(b, 5, "0.0.0.0");
    assert_null(roster_find(&b->roster, &b->p.arp.sender));
}

/* Until DHCP answered it called itself something. */
static void a_self_assigned_address_is_no_name(void **state)
{
    struct bench *b = *state;
    char text[ADDR_TEXT_SIZE];
    uint8_t message[240] = {1, 1, 6};
    const struct mac_addr own = mac(5);
    memcpy(message + 28, own.bytes, sizeof own.bytes);
    udp(b, "0.0.0.0", 68, "255.255.255.255", 67)->payload = slice_of(message, sizeof message);
    struct device *d = route(b, between(&b->p, 5, 255));
    announce(b, 5, "169.254.7.7");
    assert_string_equal(device_address(d, text), "169.254.7.7");
    assert_ptr_equal(route(b, between(udp(b, "10.0.0.5", 40000, "10.0.0.53", 53), 5, 1)), d);
    assert_string_equal(device_address(d, text), "10.0.0.5");
}

static void an_error_is_whose_packet_it_quotes(void **state)
{
    struct bench *b = *state;
    struct device *d = route(b, udp(b, "10.0.0.5", 40000, "10.0.0.53", 53));
    b->p = (struct packet){.kind = PACKET_ICMP};
    b->p.tuple.src = addr("10.0.0.1");
    b->p.tuple.dst = addr("10.9.9.9");
    b->p.icmp.has_quote = true;
    b->p.icmp.quote.src = addr("10.0.0.5");
    assert_ptr_equal(route(b, &b->p), d);
}

/* ---- caps ---- */

enum {
    BURST = 16384, /* new devices at once */
    PORTION = 164, /* so many again after 10 ms */
    SUSPECTS = 64, /* looked at for one that goes */
};

/* A made-up sender sends the packet that the bench has. */
static struct device *made_up(struct bench *b, uint32_t number, int64_t second)
{
    b->p.tuple.src = addr_v4(0x0b000000U + number);
    b->p.at.ts_ns = (1000 + second) * NS_PER_S;
    return route(b, &b->p);
}

/* As many devices as there is room for, in four seconds. The next second is 4, the next number the cap. */
static void fill(struct bench *b)
{
    (void)udp(b, "11.0.0.0", 40000, "10.0.0.53", 53);
    for (uint32_t i = 0; i < ROSTER_DEVICES_MAX; i++)
        assert_non_null(made_up(b, i, i / BURST));
    assert_int_equal(b->roster.count, ROSTER_DEVICES_MAX);
    assert_int_equal(b->roster.top, ROSTER_DEVICES_MAX);
    assert_int_equal(b->roster.turned_away + b->dropped, 0);
}

/* New devices come in a burst, then so many a second, and those that are known are not turned away. */
static void new_devices_are_bounded_in_time(void **state)
{
    struct bench *b = *state;
    (void)udp(b, "11.0.0.0", 40000, "10.0.0.53", 53);
    struct device *known = made_up(b, 0, 0);
    for (uint32_t i = 1; i < BURST + 10; i++)
        assert_int_equal(made_up(b, i, 0) != NULL, i < BURST);
    assert_int_equal(b->roster.turned_away, 10);
    assert_ptr_equal(made_up(b, 0, 0), known);
    /* A second has its share in a hundred portions. */
    b->p.at.ts_ns += 10 * NS_PER_MS - 1;
    b->p.tuple.src = addr_v4(0x0b000000U + BURST);
    assert_null(route(b, &b->p));
    b->p.at.ts_ns += 1;
    for (uint32_t i = 0; i < PORTION + 10; i++) {
        b->p.tuple.src = addr_v4(0x0b000000U + BURST + i);
        assert_int_equal(route(b, &b->p) != NULL, i < PORTION);
    }
    for (uint32_t i = 0; i < BURST + 10; i++)
        assert_int_equal(made_up(b, 2 * BURST + i, 2) != NULL, i < BURST);
    /* Time without new ones saves nothing up; a clock that is set back does no harm. */
    for (uint32_t i = 0; i < 100; i++)
        assert_non_null(made_up(b, 4 * BURST + i, 100));
    assert_int_equal(b->roster.tokens, BURST - 100);
    assert_non_null(made_up(b, 5 * BURST, 50));
    assert_int_equal(b->roster.tokens, BURST - 1);
    assert_int_equal(b->roster.count, 2 * BURST + PORTION + 101);
}

static void free_slots_are_used_again(void **state)
{
    struct bench *b = *state;
    struct device *devices[8];
    bool used[8] = {false};
    (void)udp(b, "11.0.0.0", 40000, "10.0.0.53", 53);
    for (uint32_t i = 0; i < 8; i++)
        devices[i] = made_up(b, i, 0);
    assert_int_equal(b->roster.top, 8);
    uint32_t last = devices[6]->slot;
    for (uint32_t i = 0; i < 8; i += 2)
        roster_remove(&b->roster, devices[i]);
    assert_int_equal(b->roster.count, 4);
    assert_int_equal(b->roster.spare_count, 4);
    for (uint32_t i = 0; i < 8; i += 2) {
        assert_null(roster_find(&b->roster, &(struct ip_addr){{11, 0, 0, (uint8_t)i}, 4}));
        devices[i] = made_up(b, 100 + i, 0);
        assert_true(i > 0 || devices[i]->slot == last); /* the one that went last */
    }
    assert_int_equal(b->roster.top, 8);
    assert_int_equal(b->roster.spare_count, 0);
    for (uint32_t i = 0; i < 8; i++) {
        assert_ptr_equal(b->roster.devices[devices[i]->slot], devices[i]);
        assert_false(used[devices[i]->slot]);
        used[devices[i]->slot] = true;
        assert_ptr_equal(made_up(b, i % 2 ? i : 100 + i, 0), devices[i]);
    }
    assert_int_equal(made_up(b, 200, 0)->slot, 8);
    assert_int_equal(made_up(b, 200, 0)->number, 13);
}

/* Of so many that are looked at, the one that was silent longest; one that asked for something stays. */
static void the_silent_make_room(void **state)
{
    struct bench *b = *state;
    fill(b);
    for (uint32_t i = 0; i < SUSPECTS; i++)
        b->roster.devices[i]->last_ns = 1100 * NS_PER_S - (i == 33 || i == 44);
    b->roster.devices[33]->sign_ns = 1;
    const struct ip_addr gone = b->roster.devices[44]->addresses[0];
    struct device *d = made_up(b, ROSTER_DEVICES_MAX, 4);
    assert_non_null(d);
    assert_int_equal(d->slot, 44);
    assert_int_equal(b->dropped, 1);
    assert_null(roster_find(&b->roster, &gone));
    for (uint32_t i = 1; i < BURST; i++)
        assert_non_null(made_up(b, ROSTER_DEVICES_MAX + i, 4));
    assert_int_equal(b->dropped, BURST);
    assert_int_equal(b->roster.count, ROSTER_DEVICES_MAX);
    assert_int_equal(b->roster.top, ROSTER_DEVICES_MAX);
    assert_int_equal(b->roster.spare_count, 0);
    assert_int_equal(b->roster.devices[33]->sign_ns, 1);
}

/* The whole way round there is one that may go: it does, sooner or later, and nobody else. */
static void who_asked_for_something_stays(void **state)
{
    struct bench *b = *state;
    const uint32_t only = 1000;
    unsigned tries = 1;
    fill(b);
    for (uint32_t i = 0; i < ROSTER_DEVICES_MAX; i++)
        b->roster.devices[i]->sign_ns = i != only;
    while (!made_up(b, ROSTER_DEVICES_MAX, 4) && tries < BURST)
        tries++;
    assert_int_equal(tries, only / SUSPECTS + 1);
    assert_int_equal(b->roster.turned_away, tries - 1);
    assert_int_equal(b->dropped, 1);
    b->roster.devices[only]->sign_ns = 1;
    for (uint32_t i = 0; i < 2 * ROSTER_DEVICES_MAX / SUSPECTS; i++)
        assert_null(made_up(b, ROSTER_DEVICES_MAX + 1, 4));
    assert_int_equal(b->dropped, 1);
    assert_int_equal(b->roster.count, ROSTER_DEVICES_MAX);
    for (uint32_t i = 0; i < ROSTER_DEVICES_MAX; i += 997)
        assert_non_null(made_up(b, i, 4));
}

/* What is a conversation between two is told by its ports: DHCP speaks of others. */
static void dhcp_is_no_conversation(void **state)
{
    struct bench *b = *state;
    assert_true(roster_is_conversation(udp(b, "10.0.0.5", 40000, "10.0.0.53", 53)));
    assert_true(roster_is_conversation(udp(b, "10.0.0.5", 68, "10.0.0.1", 68)));
    assert_false(roster_is_conversation(udp(b, "10.0.0.5", 68, "10.0.0.1", 67)));
    assert_false(roster_is_conversation(udp(b, "10.0.0.1", 67, "10.0.0.5", 68)));
    b->p.kind = PACKET_TCP;
    assert_true(roster_is_conversation(&b->p));
    static const enum packet_kind others[] = {PACKET_ICMP,    PACKET_ARP, PACKET_EAPOL,
                                              PACKET_OTHER,   PACKET_BAD, PACKET_SHORT,
                                              PACKET_FRAGMENT};
    udp(b, "10.0.0.5", 40000, "10.0.0.53", 53);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        b->p.kind = others[i];
        assert_false(roster_is_conversation(&b->p));
    }
}

/* ---- device ---- */

static void a_deployment_ends_when_it_is_done_failed_or_silent(void **state)
{
    (void)state;
    struct device d = {.last_ns = 100 * NS_PER_S, .active_ns = 100 * NS_PER_S};
    const int64_t timeout = 60 * NS_PER_S;
    assert_int_equal(device_standing(&d, 120 * NS_PER_S, timeout), DEVICE_RUNNING);
    assert_int_equal(device_standing(&d, 160 * NS_PER_S, timeout), DEVICE_SILENT);
    d.last_ns = 159 * NS_PER_S; /* it talks, but not of its deployment */
    assert_int_equal(device_standing(&d, 160 * NS_PER_S, timeout), DEVICE_RUNNING);
    d.summary.judged = true;
    d.summary.verdict = VERDICT_BLOCKED;
    assert_int_equal(device_standing(&d, 160 * NS_PER_S, timeout), DEVICE_FAILED);
    assert_int_equal(device_standing(&d, 159 * NS_PER_S, timeout), DEVICE_RUNNING);
    d.summary.verdict = VERDICT_CLEAR;
    assert_int_equal(device_standing(&d, 160 * NS_PER_S, timeout), DEVICE_RUNNING);
    d.summary.all_required = true;
    assert_int_equal(device_standing(&d, 160 * NS_PER_S, timeout), DEVICE_DONE);
    d.changed = true; /* since that was judged */
    assert_int_equal(device_standing(&d, 160 * NS_PER_S, timeout), DEVICE_RUNNING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(expectations_hold_until_something_changes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(both_directions_are_the_devices, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_answer_alone_tells_the_client, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ipv6_joins_the_only_ipv4_of_its_mac, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_router_is_no_device, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_resolver_is_no_device, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dhcp_is_about_the_address_in_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_address_conflict_concerns_both, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_address_of_its_own_makes_no_new_device, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(addresses_of_one_device_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_self_assigned_address_is_no_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_error_is_whose_packet_it_quotes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(new_devices_are_bounded_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(free_slots_are_used_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_silent_make_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_asked_for_something_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dhcp_is_no_conversation, set_up, tear_down),
        cmocka_unit_test(a_deployment_ends_when_it_is_done_failed_or_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
