/*
 * tests/unit/diagnose/test_dhcp6: devices that have nothing but IPv6, and what it must bring them.
 * SPDX-License-Identifier: MIT
 */
#include "lab_link.h"

#define OWN    "fe80::31"
#define ROUTER "fe80::1"
#define SERVER "fe80::547"
#define NOBODY "fec0:0:0:ffff::1"

static const struct mac_addr ROUTER_MAC = {{2, 0, 0, 0, 0, 1}};

static struct packet packet6(struct lab *l, int64_t at, bool from_device, const char *from)
{
    struct packet p = {.kind = PACKET_UDP, .at = lab_mark(l, at), .has_mac = true};
    p.src_mac = from_device ? DEVICE_MAC : ROUTER_MAC;
    p.dst_mac = from_device ? ROUTER_MAC : DEVICE_MAC;
    p.tuple.src = lab_addr(from);
    p.tuple.dst_port = from_device ? DHCP6_PORT_SERVER : DHCP6_PORT_CLIENT;
    return p;
}

static void seek(struct lab *l, int64_t at)
{
    struct packet p = packet6(l, at, true, OWN);
    p.kind = PACKET_ICMP;
    diagnosis_link(l->d, &p);
}

struct six {
    bool managed, other, autonomous, rdnss, cut;
    uint16_t vlan;
    bool no_way_out;
};

static void advertise(struct lab *l, int64_t at, struct six how)
{
    struct packet p = packet6(l, at, false, ROUTER);
    struct ndp_advert a = {.lifetime_s = how.no_way_out ? 0 : 1800,
                           .managed = how.managed,
                           .other = how.other,
                           .autonomous = how.autonomous,
                           .global = how.autonomous};
    p.kind = PACKET_ICMP;
    p.vlan = how.vlan;
    p.cut = how.cut;
    if (how.rdnss)
        set_list(&a.resolvers, "2001:db8::53");
    diagnosis_advert(l->d, &p, &a);
}

/* `count` requests, each twice as long after the one before as that one. */
static void ask(struct lab *l, int64_t at, uint8_t type, int count)
{
    struct dhcp6_message m = {.type = type, .vendor = slice_str("MSFT 5.0")};
    for (int64_t wait = 1000; count > 0; count--, at += wait, wait *= 2) {
        struct packet p = packet6(l, at, true, OWN);
        diagnosis_dhcp6(l->d, &p, &m);
    }
}

static void answer(struct lab *l, int64_t at, uint8_t type, bool address, bool resolver)
{
    struct packet p = packet6(l, at, false, SERVER);
    struct dhcp6_message m = {.type = type};
    if (address)
        m.address = lab_addr("2001:db8::31");
    if (resolver)
        set_list(&m.resolvers, "2001:db8::53");
    diagnosis_dhcp6(l->d, &p, &m);
}

/* A device with IPv6 alone whose router said so much; it is 40 s until the capture ends. */
static void begin(struct lab *l, struct six how)
{
    open_lab(l);
    l->capture.last.ts_ns = LAB_START + 40 * NS_PER_S;
    l->device = "2001:db8::31";
    l->resolver = NOBODY;
    seek(l, 0);
    advertise(l, 10, how);
}

static void ask_nobody(struct lab *l)
{
    lab_dns(l, 1500, "wpad.corp.example", LAB_A, NO_REPLY, NULL); /* a search is no answer */
    lab_dns(l, 2000, HOST, LAB_AAAA, NO_REPLY, NULL);
    lab_dns(l, 12000, SECOND, LAB_AAAA, NO_REPLY, NULL);
}

static const struct finding *finding_of(const struct result *r, enum finding_kind kind)
{
    for (uint32_t i = 0; i < r->finding_count; i++) {
        if (r->findings[i].kind == kind)
            return &r->findings[i];
    }
    return NULL;
}

static void assert_no_resolver(struct lab *l)
{
    const struct result *r = lab_judge(l);
    const struct finding *f = finding_of(r, FINDING_DHCP_NO_RESOLVER);
    assert_non_null(f);
    assert_int_equal(f->severity, SEVERITY_ERROR);
    assert_int_equal(f->culprit, CULPRIT_NETWORK);
    assert_int_equal(r->verdict, VERDICT_BLOCKED);
    /* That the resolvers of nobody do not answer is no trouble of its own. */
    assert_int_equal(r->cause_count, 1);
    assert_string_equal(r->causes[0].kind, "poor-lease");
    assert_int_equal(lab_status(r, "dhcp"), STATUS_FAILED);
    lab_close(l);
}

static void assert_silent(struct lab *l)
{
    const struct result *r = lab_judge(l);
    assert_null(finding_of(r, FINDING_DHCP_NO_RESOLVER));
    assert_null(finding_of(r, FINDING_DHCP_NO_OFFER));
    lab_close(l);
}

static void a_network_that_names_no_resolver(void **state)
{
    struct lab l;
    (void)state;
    begin(&l, (struct six){.autonomous = true});
    ask_nobody(&l);
    assert_no_resolver(&l);

    /* Windows asks for DHCPv6 all the same: that says nothing. */
    begin(&l, (struct six){.autonomous = true});
    ask(&l, 1000, DHCP6_SOLICIT, 5);
    ask_nobody(&l);
    assert_no_resolver(&l);

    /* The router points to DHCPv6, which names none, or does not answer. */
    begin(&l, (struct six){.autonomous = true, .other = true});
    ask(&l, 1000, DHCP6_INFORMATION_REQUEST, 1);
    answer(&l, 1010, DHCP6_REPLY, false, false);
    ask_nobody(&l);
    assert_no_resolver(&l);
    begin(&l, (struct six){.autonomous = true, .other = true});
    ask(&l, 1000, DHCP6_INFORMATION_REQUEST, 5);
    ask_nobody(&l);
    assert_no_resolver(&l);

    begin(&l, (struct six){.managed = true});
    ask(&l, 1000, DHCP6_SOLICIT, 1);
    answer(&l, 1010, DHCP6_ADVERTISE, true, false);
    ask(&l, 1020, DHCP6_REQUEST, 1);
    answer(&l, 1030, DHCP6_REPLY, true, false);
    ask_nobody(&l);
    assert_no_resolver(&l);
}

static void devices_that_have_what_they_need(void **state)
{
    struct lab l;
    (void)state;
    begin(&l, (struct six){.autonomous = true, .rdnss = true});
    ask_nobody(&l);
    assert_silent(&l);

    begin(&l, (struct six){.autonomous = true, .other = true});
    ask(&l, 1000, DHCP6_INFORMATION_REQUEST, 1);
    answer(&l, 1010, DHCP6_REPLY, false, true);
    ask_nobody(&l);
    assert_silent(&l);

    begin(&l, (struct six){.autonomous = true}); /* set by hand */
    l.resolver = "2001:db8::53";
    lab_use(&l, 1000, HOST);
    assert_silent(&l);

    begin(&l, (struct six){.autonomous = true}); /* IPv4 as well, with a resolver that answers */
    lab_dhcp(&l, 20, (struct lab_dhcp){.types = D | O | R | A});
    l.device = "10.0.0.31";
    l.resolver = "10.0.0.53";
    lab_use(&l, 1000, HOST);
    assert_silent(&l);

    begin(&l, (struct six){.autonomous = true}); /* or an address, of which more is not seen */
    lab_announce(&l, 20, &DEVICE_MAC, "10.0.0.31");
    ask_nobody(&l);
    assert_silent(&l);
}

static void what_the_capture_does_not_show(void **state)
{
    static const struct six ROWS[] = {
        {.autonomous = true, .cut = true},
        {.autonomous = true, .no_way_out = true},
        {.autonomous = true, .vlan = 7},     /* another link's router */
        {.autonomous = true, .other = true}, /* DHCPv6 was asked before the capture began */
        {.managed = true},
    };
    struct lab l;
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        begin(&l, ROWS[i]);
        ask_nobody(&l);
        assert_silent(&l);
    }
    begin(&l, (struct six){.autonomous = true}); /* nothing shows that it misses one */
    assert_silent(&l);

    begin(&l, (struct six){.autonomous = true, .other = true}); /* it stopped: it was answered */
    ask(&l, 1000, DHCP6_INFORMATION_REQUEST, 2);
    ask_nobody(&l);
    assert_silent(&l);

    begin(&l, (struct six){.managed = true}); /* renews what it got before */
    ask(&l, 1000, 5, 4);
    ask_nobody(&l);
    assert_silent(&l);

    open_lab(&l); /* too soon */
    l.capture.last.ts_ns = LAB_START + 8 * NS_PER_S;
    l.device = "2001:db8::31";
    l.resolver = NOBODY;
    seek(&l, 0);
    advertise(&l, 10, (struct six){.autonomous = true});
    lab_dns(&l, 2000, HOST, LAB_AAAA, NO_REPLY, NULL);
    assert_silent(&l);
}

static void nobody_gives_an_address(void **state)
{
    struct lab l;
    (void)state;
    begin(&l, (struct six){.managed = true});
    ask(&l, 1000, DHCP6_SOLICIT, 5);
    const struct result *r = lab_judge(&l);
    expect_only(r, FINDING_DHCP_NO_OFFER, SEVERITY_ERROR);
    assert_int_equal(r->findings[0].count, 5);
    assert_int_equal(r->findings[0].port, DHCP6_PORT_SERVER);
    assert_int_equal(r->verdict, VERDICT_BLOCKED);
    assert_non_null(lab_cause(r, "no-address"));
    assert_non_null(lab_device(r, OWN));
    lab_close(&l);

    begin(&l, (struct six){.autonomous = true, .rdnss = true}); /* it needs none */
    ask(&l, 1000, DHCP6_SOLICIT, 5);
    assert_silent(&l);
    begin(&l, (struct six){.managed = true}); /* the capture saw one who stopped asking */
    ask(&l, 1000, DHCP6_SOLICIT, 2);
    assert_silent(&l);
    begin(&l, (struct six){.managed = true});
    ask(&l, 1000, DHCP6_SOLICIT, 3);
    answer(&l, 5000, DHCP6_ADVERTISE, true, true);
    assert_silent(&l);
    begin(&l, (struct six){.managed = true}); /* IPv4 is enough */
    ask(&l, 1000, DHCP6_SOLICIT, 5);
    lab_dhcp(&l, 20, (struct lab_dhcp){.types = D | O | R | A});
    l.device = "10.0.0.31";
    l.resolver = "10.0.0.53";
    lab_use(&l, 1000, HOST);
    assert_silent(&l);
}

/* A server of IPv4 that does not answer: IPv6 stands in for it, or does not, which is said with it. */
static void beside_a_silent_server(void **state)
{
    struct lab l;
    (void)state;
    begin(&l, (struct six){.autonomous = true});
    lab_dhcp(&l, 20, (struct lab_dhcp){.types = D, .outcome = TX_NO_REPLY});
    lab_announce(&l, 9000, &DEVICE_MAC, "169.254.3.4");
    ask_nobody(&l);
    const struct result *r = lab_judge(&l);
    const struct finding *f = finding_of(r, FINDING_DHCP_NO_OFFER);
    assert_non_null(f);
    assert_int_equal(f->severity, SEVERITY_ERROR);
    assert_int_equal(f->proof_count, 2);
    assert_string_equal(f->summary,
                        "no DHCP server answers the device, and IPv6 comes without a DNS resolver");
    assert_null(finding_of(r, FINDING_DHCP_NO_RESOLVER));
    assert_int_equal(r->cause_count, 1);
    assert_string_equal(r->causes[0].kind, "no-address");
    lab_close(&l);

    begin(&l, (struct six){.autonomous = true, .rdnss = true});
    lab_dhcp(&l, 20, (struct lab_dhcp){.types = D, .outcome = TX_NO_REPLY});
    l.resolver = "2001:db8::53";
    lab_use(&l, 1000, HOST);
    r = lab_judge(&l);
    f = finding_of(r, FINDING_DHCP_NO_OFFER);
    assert_true(!f || f->severity == SEVERITY_INFO);
    assert_int_equal(lab_troubles(r), 0);
    lab_close(&l);
}

/* IPv4 works; who advertised IPv6 is proof that the device was led to try it. */
static void ipv6_that_leads_nowhere(void **state)
{
    struct lab l;
    (void)state;
    for (int led = 0; led < 2; led++) {
        open_lab(&l);
        l.device = "10.0.0.31";
        lab_use(&l, 0, "login.example.net");
        seek(&l, 10);
        if (led)
            advertise(&l, 20, (struct six){.autonomous = true});
        l.server = "203.0.113.8";
        lab_tls(&l, 1300, HOST, (struct lab_tls){.outcome = TLS_COMPLETED});
        l.device = "2001:db8::31";
        l.server = "2001:db8:1::7";
        lab_tcp(&l, 1000, HOST, 443, (struct lab_tcp){.unreachable = true});
        lab_tcp(&l, 60000, HOST, 443, (struct lab_tcp){.unreachable = true});
        const struct finding *f = finding_of(lab_judge(&l), FINDING_IPV6_BROKEN);
        assert_non_null(f);
        assert_int_equal(lab_proves(f, "router " ROUTER " advertises itself"), led);
        lab_close(&l);
    }
}

static void copies_judge_alike(void **state)
{
    struct lab l;
    (void)state;
    begin(&l, (struct six){.managed = true});
    ask(&l, 1000, DHCP6_SOLICIT, 5);
    struct diagnosis *copy = diagnosis_copy(l.d);
    assert_non_null(copy);
    const struct result *r = diagnosis_finish(copy, &l.capture);
    assert_non_null(r);
    expect_only(r, FINDING_DHCP_NO_OFFER, SEVERITY_ERROR);
    diagnosis_free(copy);
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_that_names_no_resolver),
        cmocka_unit_test(devices_that_have_what_they_need),
        cmocka_unit_test(what_the_capture_does_not_show),
        cmocka_unit_test(nobody_gives_an_address),
        cmocka_unit_test(beside_a_silent_server),
        cmocka_unit_test(ipv6_that_leads_nowhere),
        cmocka_unit_test(copies_judge_alike),
    };
    return cmocka_run_group_tests_name("diagnose/dhcp6", tests, NULL, NULL);
}
