/*
 * tests/unit/diagnose/test_network: DHCP, ARP, 802.1X, and devices that change their network.
 * SPDX-License-Identifier: MIT
 */
#include "lab.h"

#define HOST   "ztd.example.com"
#define SECOND "act.example.org"

static const struct mac_addr DEVICE_MAC = {{2, 0, 0, 0, 0, 0x31}};
static const struct mac_addr OTHER_MAC = {{2, 0, 0, 0, 0, 0x99}};

static void open_lab(struct lab *l)
{
    lab_open(l);
    l->has_mac = true;
    l->mac = DEVICE_MAC;
}

/* ---- scripts ---- */

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

static enum dhcp_type newest_of(unsigned types)
{
    static const enum dhcp_type order[] = {DHCP_DECLINE, DHCP_NAK,      DHCP_ACK,   DHCP_REQUEST,
                                           DHCP_OFFER,   DHCP_DISCOVER, DHCP_INFORM};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (types >> order[i] & 1)
            return order[i];
    }
    return DHCP_NONE;
}

static enum dhcp_type oldest_of(unsigned types)
{
    static const enum dhcp_type order[] = {DHCP_DISCOVER, DHCP_INFORM, DHCP_REQUEST, DHCP_DECLINE};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (types >> order[i] & 1)
            return order[i];
    }
    return DHCP_NONE;
}

static void set_list(struct dhcp_addrs *list, const char *text)
{
    if (text[0] == '\0')
        return;
    list->at[0] = lab_addr(text);
    list->count = 1;
}

static struct dhcp_lease lab_lease(const struct lab_dhcp *how)
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

static void lab_dhcp(struct lab *l, int64_t at, struct lab_dhcp how)
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

static void lab_arp(struct lab *l, int64_t at, const struct mac_addr *mac, uint16_t op,
                    const char *sender, const char *target)
{
    struct packet p = {.kind = PACKET_ARP, .at = lab_mark(l, at), .has_mac = true};
    p.src_mac = *mac;
    p.arp.op = op;
    p.arp.sender_mac = *mac;
    p.arp.sender = lab_addr(sender);
    p.arp.target = lab_addr(target);
    diagnosis_link(l->d, &p);
}

/* A gratuitous announcement. */
static void lab_announce(struct lab *l, int64_t at, const struct mac_addr *mac, const char *address)
{
    lab_arp(l, at, mac, ARP_REQUEST, address, address);
}

static void lab_eapol(struct lab *l, int64_t at, bool from_device, uint8_t type, uint8_t code)
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

static void expect_only(const struct result *r, enum finding_kind kind, enum severity severity)
{
    assert_int_equal(r->finding_count, 1);
    assert_int_equal(r->findings[0].kind, kind);
    assert_int_equal(r->findings[0].severity, severity);
}

/* ---- leases ---- */

static void a_lease_names_the_device(void **state)
{
    struct lab l;
    (void)state;
    open_lab(&l);
    lab_dhcp(&l, 0, (struct lab_dhcp){.types = D | O | R | A, .proxy = "http://wpad/x"});
    lab_use(&l, 1000, HOST);
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->device_count, 1);
    assert_int_equal(r->finding_count, 0);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    assert_int_equal(lab_status(r, "dhcp"), STATUS_REACHABLE);
    assert_string_equal(r->devices[0].name, "DESKTOP-1");
    lab_close(&l);
}

static void nobody_offers(void **state)
{
    struct lab l;
    (void)state;
    open_lab(&l);
    lab_dhcp(&l, 0, (struct lab_dhcp){.types = D, .outcome = TX_NO_REPLY});
    lab_dhcp(&l, 60000, (struct lab_dhcp){.types = D, .outcome = TX_NO_REPLY});
    lab_announce(&l, 70000, &DEVICE_MAC, "169.254.3.4");
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->device_count, 1);
    expect_only(r, FINDING_DHCP_NO_OFFER, SEVERITY_ERROR);
    assert_int_equal(r->findings[0].count, 2);
    assert_string_equal(r->findings[0].display_filter, "dhcp.hw.mac_addr == 02:00:00:00:00:31");
    assert_int_equal(r->verdict, VERDICT_BLOCKED);
    assert_int_equal(lab_status(r, "dhcp"), STATUS_FAILED);
    assert_non_null(lab_cause(r, "no-address"));
    assert_non_null(lab_device(r, "169.254.3.4"));
    lab_close(&l);
}

static void silence_that_ends_or_does_not_matter_is_none(void **state)
{
    struct lab l;
    (void)state;
    /* A port that forwards late, and a server that is slow at first. */
    open_lab(&l);
    lab_dhcp(&l, 0, (struct lab_dhcp){.types = D, .outcome = TX_NO_REPLY});
    lab_dhcp(&l, 12000, (struct lab_dhcp){.types = D | O | R | A});
    lab_use(&l, 13000, HOST);
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->finding_count, 0);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);

    /* An address set by hand. */
    open_lab(&l);
    lab_dhcp(&l, 0, (struct lab_dhcp){.types = D, .outcome = TX_NO_REPLY});
    lab_use(&l, 1000, HOST);
    r = lab_judge(&l);
    assert_int_equal(lab_troubles(r), 0);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);

    /* The capture ended too soon. */
    open_lab(&l);
    lab_dhcp(&l, 0, (struct lab_dhcp){.types = D, .outcome = TX_PENDING});
    r = lab_judge(&l);
    assert_int_equal(r->finding_count, 0);
    assert_int_equal(r->verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(lab_status(r, "dhcp"), STATUS_INCONCLUSIVE);
    lab_close(&l);

    /* Renewals and DHCPINFORM may go unanswered. */
    open_lab(&l);
    lab_dhcp(&l, 0, (struct lab_dhcp){.types = R, .outcome = TX_NO_REPLY});
    lab_dhcp(&l, 10, (struct lab_dhcp){.types = INFORM, .outcome = TX_NO_REPLY});
    lab_use(&l, 1000, HOST);
    r = lab_judge(&l);
    assert_int_equal(r->finding_count, 0);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

static void bystanders_are_no_devices(void **state)
{
    struct lab l;
    (void)state;
    /* A printer that gets no address beside a device that deploys. */
    open_lab(&l);
    lab_use(&l, 0, HOST);
    lab_dhcp(&l, 0,
             (struct lab_dhcp){
                 .types = D, .outcome = TX_NO_REPLY, .vendor = "Printer", .mac = &OTHER_MAC});
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->device_count, 1);
    assert_int_equal(r->finding_count, 0);
    lab_close(&l);
    /* The same beside a machine that asks for nothing that is listed. */
    open_lab(&l);
    lab_use(&l, 0, "www.example.org");
    lab_dhcp(&l, 0,
             (struct lab_dhcp){
                 .types = D, .outcome = TX_NO_REPLY, .vendor = "Printer", .mac = &OTHER_MAC});
    r = lab_judge(&l);
    assert_int_equal(r->device_count, 1);
    assert_int_equal(r->finding_count, 0);
    assert_int_equal(r->verdict, VERDICT_INCONCLUSIVE);
    lab_close(&l);
    /* A second Windows machine is one. */
    open_lab(&l);
    lab_use(&l, 0, HOST);
    lab_dhcp(&l, 0, (struct lab_dhcp){.types = D, .outcome = TX_NO_REPLY, .mac = &OTHER_MAC});
    r = lab_judge(&l);
    assert_int_equal(r->device_count, 2);
    expect_only(r, FINDING_DHCP_NO_OFFER, SEVERITY_ERROR);
    assert_non_null(lab_device(r, "0.0.0.0"));
    lab_close(&l);
}

static void exchanges_that_break_off(void **state)
{
    static const struct {
        struct lab_dhcp how;
        enum finding_kind kind;
    } ROWS[] = {
        {{.types = D | O, .outcome = TX_ANSWERED}, FINDING_DHCP_OFFER_UNUSED},
        {{.types = D | O | R, .outcome = TX_NO_REPLY}, FINDING_DHCP_NO_ACK},
        {{.types = D | O | R | N, .refusal = "wrong network"}, FINDING_DHCP_NAK},
        {{.types = DECLINE}, FINDING_DHCP_DECLINED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        open_lab(&l);
        lab_dhcp(&l, 0, ROWS[i].how);
        const struct result *r = lab_judge(&l);
        expect_only(r, ROWS[i].kind, SEVERITY_ERROR);
        assert_int_equal(r->verdict, VERDICT_BLOCKED);
        lab_close(&l);

        /* The next exchange works: what was before is how DHCP works. */
        open_lab(&l);
        lab_dhcp(&l, 0, ROWS[i].how);
        lab_dhcp(&l, 5000, (struct lab_dhcp){.types = D | O | R | A});
        lab_use(&l, 6000, HOST);
        r = lab_judge(&l);
        assert_int_equal(lab_troubles(r), 0);
        assert_int_equal(r->finding_count, ROWS[i].kind == FINDING_DHCP_DECLINED);
        assert_int_equal(r->verdict, VERDICT_CLEAR);
        lab_close(&l);
    }
}

static void leases_that_lack_something(void **state)
{
    static const struct {
        struct lab_dhcp how;
        enum finding_kind kind;
    } ROWS[] = {
        {{.types = D | O | R | A, .resolver = ""}, FINDING_DHCP_NO_RESOLVER},
        {{.types = D | O | R | A, .router = ""}, FINDING_DHCP_NO_ROUTER},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        open_lab(&l);
        lab_dhcp(&l, 0, ROWS[i].how);
        const struct result *r = lab_judge(&l);
        expect_only(r, ROWS[i].kind, SEVERITY_ERROR);
        assert_non_null(lab_cause(r, "poor-lease"));
        assert_int_equal(r->verdict, VERDICT_BLOCKED);
        lab_close(&l);

        /* The device has it from elsewhere. */
        open_lab(&l);
        lab_dhcp(&l, 0, ROWS[i].how);
        lab_use(&l, 1000, HOST);
        r = lab_judge(&l);
        assert_int_equal(lab_troubles(r), 0);
        assert_int_equal(r->verdict, VERDICT_CLEAR);
        lab_close(&l);

        /* The capture ends before that can be seen. */
        open_lab(&l);
        lab_dhcp(&l, 595000, ROWS[i].how);
        r = lab_judge(&l);
        assert_int_equal(r->finding_count, 0);
        lab_close(&l);
    }
    struct lab l;
    open_lab(&l);
    lab_dhcp(&l, 0, (struct lab_dhcp){.types = D | O | R | A, .router = "", .classless = true});
    assert_int_equal(lab_judge(&l)->finding_count, 0);
    lab_close(&l);
}

/* A resolver next to the device answers without a router; one elsewhere does not. */
static void answers_without_a_router(void **state)
{
    static const struct lab_dhcp HOW = {.types = D | O | R | A, .router = ""};
    (void)state;
    struct lab l;
    open_lab(&l);
    lab_dhcp(&l, 0, HOW);
    l.resolver = "10.0.0.53";
    lab_dns(&l, 1000, HOST, LAB_A, LAB_OK, "203.0.113.7");
    expect_only(lab_judge(&l), FINDING_DHCP_NO_ROUTER, SEVERITY_ERROR);
    lab_close(&l);

    open_lab(&l);
    lab_dhcp(&l, 0, HOW);
    l.resolver = "192.0.2.53";
    lab_dns(&l, 1000, HOST, LAB_A, LAB_OK, "203.0.113.7");
    assert_int_equal(lab_troubles(lab_judge(&l)), 0);
    lab_close(&l);
}

/* What the capture has not of an answer may have been the router. */
static void leases_that_were_cut(void **state)
{
    (void)state;
    struct lab l;
    open_lab(&l);
    lab_dhcp(&l, 0,
             (struct lab_dhcp){.types = D | O | R | A, .router = "", .resolver = "", .cut = true});
    assert_int_equal(lab_judge(&l)->finding_count, 0);
    lab_close(&l);
}

static void a_second_server(void **state)
{
    struct lab l;
    (void)state;
    open_lab(&l);
    lab_dhcp(&l, 0,
             (struct lab_dhcp){.types = D | O | R | A,
                               .second_server = "192.168.1.1",
                               .second_address = "192.168.1.40",
                               .second_router = "192.168.1.1"});
    lab_use(&l, 1000, HOST);
    const struct result *r = lab_judge(&l);
    expect_only(r, FINDING_DHCP_SEVERAL_SERVERS, SEVERITY_WARNING);
    assert_string_equal(r->findings[0].detail, "servers 10.0.0.1 and 192.168.1.1");
    assert_int_equal(lab_status(r, "dhcp"), STATUS_DEGRADED);
    assert_int_equal(r->verdict, VERDICT_DEGRADED);
    lab_close(&l);

    /* Two that share the work. */
    open_lab(&l);
    lab_dhcp(&l, 0,
             (struct lab_dhcp){.types = D | O | R | A,
                               .second_server = "10.0.0.2",
                               .second_address = "10.0.0.77",
                               .second_router = "10.0.0.1"});
    lab_use(&l, 1000, HOST);
    assert_int_equal(lab_judge(&l)->finding_count, 0);
    lab_close(&l);
}

static void self_assigned_addresses(void **state)
{
    struct lab l;
    (void)state;
    open_lab(&l);
    lab_eapol(&l, 0, true, EAPOL_START, 0);
    lab_eapol(&l, 100, false, EAPOL_EAP, EAP_REQUEST);
    lab_announce(&l, 1000, &DEVICE_MAC, "169.254.3.4");
    const struct result *r = lab_judge(&l);
    expect_only(r, FINDING_ADDRESS_SELF_ASSIGNED, SEVERITY_WARNING);
    assert_int_equal(r->verdict, VERDICT_DEGRADED);
    lab_close(&l);

    /* For a moment, before DHCP answers. */
    open_lab(&l);
    lab_announce(&l, 0, &DEVICE_MAC, "169.254.3.4");
    lab_dhcp(&l, 3000, (struct lab_dhcp){.types = D | O | R | A});
    lab_use(&l, 5000, HOST);
    r = lab_judge(&l);
    assert_int_equal(r->finding_count, 0);
    assert_int_equal(r->device_count, 1);
    lab_close(&l);
}

static void a_silent_resolver_that_dhcp_handed_out(void **state)
{
    struct lab l;
    (void)state;
    open_lab(&l);
    lab_dhcp(&l, 0, (struct lab_dhcp){.types = D | O | R | A, .resolver = l.resolver});
    lab_dns(&l, 1000, HOST, LAB_A, NO_REPLY, NULL);
    lab_dns(&l, 2000, SECOND, LAB_A, NO_REPLY, NULL);
    const struct result *r = lab_judge(&l);
    const struct finding *f = lab_finding(r, FINDING_DNS_NO_REPLY, "");
    assert_non_null(f);
    assert_true(f->proof_count >= 2);
    assert_non_null(strstr(f->proof[f->proof_count - 1], "DHCP handed out this resolver"));
    lab_close(&l);
}

/* What DHCP handed out explains what a proxy or a portal did, and nothing else. */
static void options_explain_other_findings(void **state)
{
    static const char *const PROXY = "a proxy script (option 252): http://10.0.0.8/wpad.dat";
    static const char *const PORTAL = "a captive portal (option 114): https://10.0.0.80/api";
    (void)state;
    for (int with = 0; with < 2; with++) {
        struct lab l;
        open_lab(&l);
        lab_dhcp(&l, 0,
                 (struct lab_dhcp){.types = D | O | R | A,
                                   .proxy = with ? "http://10.0.0.8/wpad.dat" : NULL,
                                   .portal = with ? "https://10.0.0.80/api" : NULL});
        l.device = "10.0.0.31";
        lab_resolve(&l, 1000, "www.probe.example");
        lab_http(&l, 1100, "www.probe.example",
                 (struct lab_http){
                     .status = 302, .target = "/connecttest.txt", .location = "http://10.0.0.80/"});
        lab_connect(&l, 2000, "ztd.example.com:443", 407);
        lab_resolve(&l, 3000, SECOND);
        lab_tcp(&l, 3100, SECOND, 443, (struct lab_tcp){.watched_ms = 0});
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_HTTP_PROXY_AUTH, HOST);
        assert_int_equal(lab_proves(f, PROXY), with);
        assert_false(lab_proves(f, PORTAL));
        f = lab_finding(r, FINDING_HTTP_CAPTIVE_PORTAL, "www.probe.example");
        assert_int_equal(lab_proves(f, PORTAL), with);
        assert_false(lab_proves(f, PROXY));
        f = lab_finding(r, FINDING_TCP_NO_REPLY, SECOND);
        assert_false(lab_proves(f, PORTAL) || lab_proves(f, PROXY));
        lab_close(&l);
    }
}

/* ---- 802.1X ---- */

static void the_switch_does_not_ask(void **state)
{
    struct lab l;
    (void)state;
    open_lab(&l);
    lab_eapol(&l, 0, true, EAPOL_START, 0);
    lab_eapol(&l, 5000, true, EAPOL_START, 0);
    const struct result *r = lab_judge(&l);
    expect_only(r, FINDING_EAP_NO_REQUEST, SEVERITY_ERROR);
    assert_int_equal(r->verdict, VERDICT_BLOCKED);
    assert_non_null(lab_cause(r, "network-refuses"));
    lab_close(&l);

    /* A switch without 802.1X lets everybody in. */
    open_lab(&l);
    lab_eapol(&l, 0, true, EAPOL_START, 0);
    lab_eapol(&l, 5000, true, EAPOL_START, 0);
    lab_dhcp(&l, 6000, (struct lab_dhcp){.types = D | O | R | A});
    lab_use(&l, 7000, HOST);
    r = lab_judge(&l);
    assert_int_equal(r->finding_count, 0);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

static void the_port_opens_late(void **state)
{
    struct lab l;
    (void)state;
    open_lab(&l);
    lab_eapol(&l, 0, true, EAPOL_START, 0);
    lab_dhcp(&l, 45000, (struct lab_dhcp){.types = D | O | R | A});
    lab_use(&l, 50000, HOST);
    const struct result *r = lab_judge(&l);
    expect_only(r, FINDING_NETWORK_DELAYED, SEVERITY_INFO);
    assert_string_equal(r->findings[0].detail, "after 45 s");
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

static void the_network_refuses(void **state)
{
    struct lab l;
    (void)state;
    open_lab(&l);
    lab_eapol(&l, 0, true, EAPOL_START, 0);
    lab_eapol(&l, 10, false, EAPOL_EAP, EAP_REQUEST);
    lab_eapol(&l, 20, true, EAPOL_EAP, EAP_RESPONSE);
    lab_eapol(&l, 30, false, EAPOL_EAP, EAP_FAILURE);
    const struct result *r = lab_judge(&l);
    expect_only(r, FINDING_EAP_FAILURE, SEVERITY_ERROR);
    assert_string_equal(r->findings[0].display_filter,
                        "eapol || (eth.addr == 02:00:00:00:00:31 && (dhcp || arp))");
    assert_int_equal(r->verdict, VERDICT_BLOCKED);
    lab_close(&l);

    /* The next try succeeds, or the port falls back to the MAC address. */
    for (int way = 0; way < 2; way++) {
        open_lab(&l);
        lab_eapol(&l, 0, true, EAPOL_EAP, EAP_RESPONSE);
        lab_eapol(&l, 30, false, EAPOL_EAP, EAP_FAILURE);
        if (way == 0)
            lab_eapol(&l, 3000, false, EAPOL_EAP, EAP_SUCCESS);
        lab_dhcp(&l, 4000, (struct lab_dhcp){.types = D | O | R | A});
        lab_use(&l, 5000, HOST);
        r = lab_judge(&l);
        assert_int_equal(lab_troubles(r), 0);
        assert_int_equal(r->verdict, VERDICT_CLEAR);
        lab_close(&l);
    }
}

/* ---- conflicts ---- */

static void two_machines_claim_one_address(void **state)
{
    struct lab l;
    (void)state;
    open_lab(&l);
    lab_use(&l, 0, HOST);
    lab_announce(&l, 1000, &DEVICE_MAC, l.device);
    lab_arp(&l, 4000, &OTHER_MAC, ARP_REPLY, l.device, "10.0.0.1");
    lab_arp(&l, 4001, &DEVICE_MAC, ARP_REPLY, l.device, "10.0.0.1");
    const struct result *r = lab_judge(&l);
    expect_only(r, FINDING_ADDRESS_CONFLICT, SEVERITY_WARNING);
    assert_int_equal(r->verdict, VERDICT_DEGRADED);
    assert_non_null(lab_cause(r, "address-conflict"));
    lab_close(&l);

    /* What stays without answer meanwhile went to the other one. */
    open_lab(&l);
    lab_announce(&l, 0, &OTHER_MAC, l.device);
    lab_announce(&l, 1000, &DEVICE_MAC, l.device);
    lab_announce(&l, 1400, &OTHER_MAC, l.device);
    lab_tcp(&l, 2000, HOST, 443, (struct lab_tcp){.watched_ms = 0});
    r = lab_judge(&l);
    assert_int_equal(r->verdict, VERDICT_BLOCKED);
    assert_int_equal(r->cause_count, 1);
    assert_int_equal(lab_cause(r, "address-conflict")->explain_count, 2);
    lab_close(&l);

    /* The router's address, and the device goes on. */
    open_lab(&l);
    lab_dhcp(&l, 0, (struct lab_dhcp){.types = D | O | R | A});
    lab_announce(&l, 100, &OTHER_MAC, "10.0.0.1");
    lab_arp(&l, 200, &DEVICE_MAC, ARP_REQUEST, l.device, "10.0.0.1");
    lab_arp(&l, 201, &(struct mac_addr){{2, 0, 0, 0, 0, 1}}, ARP_REPLY, "10.0.0.1", l.device);
    lab_use(&l, 60000, HOST);
    r = lab_judge(&l);
    expect_only(r, FINDING_ADDRESS_CONFLICT, SEVERITY_WARNING);
    lab_close(&l);
}

static void an_owner_defends_its_address(void **state)
{
    struct lab l;
    (void)state;
    open_lab(&l);
    lab_dhcp(&l, 0, (struct lab_dhcp){.types = D | O | R | A});
    lab_arp(&l, 50, &DEVICE_MAC, ARP_REQUEST, "0.0.0.0", "10.0.0.31");
    lab_arp(&l, 51, &OTHER_MAC, ARP_REPLY, "10.0.0.31", "0.0.0.0");
    lab_dhcp(&l, 60, (struct lab_dhcp){.types = DECLINE});
    const struct result *r = lab_judge(&l);
    assert_non_null(lab_finding(r, FINDING_DHCP_DECLINED, ""));
    assert_non_null(lab_finding(r, FINDING_ADDRESS_CONFLICT, ""));
    const struct cause *c = lab_cause(r, "address-conflict");
    assert_non_null(c);
    assert_int_equal(c->explain_count, 2);
    lab_close(&l);
}

static void addresses_that_move_on_purpose(void **state)
{
    static const struct mac_addr VRRP = {{0, 0, 0x5e, 0, 1, 10}};
    static const struct mac_addr ROUTER = {{2, 0, 0, 0, 0, 1}};
    struct lab l;
    (void)state;
    /* One router takes over from another: it announces the address, the other one is gone. */
    open_lab(&l);
    lab_dhcp(&l, 0, (struct lab_dhcp){.types = D | O | R | A});
    lab_arp(&l, 100, &ROUTER, ARP_REPLY, "10.0.0.1", "10.0.0.31");
    lab_announce(&l, 20000, &OTHER_MAC, "10.0.0.1");
    lab_announce(&l, 21000, &OTHER_MAC, "10.0.0.1");
    lab_announce(&l, 90000, &ROUTER, "10.0.0.1"); /* and back */
    lab_use(&l, 95000, HOST);
    assert_int_equal(lab_judge(&l)->finding_count, 0);
    lab_close(&l);

    /* VRRP answers with its own address, its routers speak with theirs. */
    open_lab(&l);
    lab_dhcp(&l, 0, (struct lab_dhcp){.types = D | O | R | A});
    for (int i = 0; i < 5; i++) {
        lab_arp(&l, 100 + i * 1000, &VRRP, ARP_REPLY, "10.0.0.1", "10.0.0.31");
        lab_arp(&l, 200 + i * 1000, &ROUTER, ARP_REQUEST, "10.0.0.1", "10.0.0.31");
    }
    lab_use(&l, 95000, HOST);
    assert_int_equal(lab_judge(&l)->finding_count, 0);
    lab_close(&l);
}

/* ---- change of network ---- */

/* The device works in one network, asks for an address in another, and works there (or not). */
static void move(struct lab *l, bool works)
{
    lab_dhcp(l, 0, (struct lab_dhcp){.types = D | O | R | A, .address = "10.0.0.31"});
    l->device = "10.0.0.31";
    lab_use(l, 1000, HOST);
    /* Under way when the port changes its VLAN: */
    lab_tls(l, 60000, SECOND, (struct lab_tls){.outcome = TLS_NO_SERVER_HELLO});
    lab_tcp(l, 64000, "login.example.net", 443, (struct lab_tcp){.watched_ms = 0});
    lab_dhcp(
        l, 65000,
        (struct lab_dhcp){.types = D | O | R | A, .address = "10.9.0.31", .router = "10.9.0.1"});
    l->device = "10.9.0.31";
    if (works)
        lab_use(l, 70000, "extra.example.com");
    else
        lab_tcp(l, 90000, HOST, 443, (struct lab_tcp){.watched_ms = 0});
}

static void flows_cut_by_a_change_are_nobodys_fault(void **state)
{
    struct lab l;
    (void)state;
    open_lab(&l);
    move(&l, true);
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->device_count, 1);
    assert_int_equal(r->devices[0].address_count, 2);
    expect_only(r, FINDING_NETWORK_CHANGED, SEVERITY_INFO);
    assert_string_equal(r->findings[0].display_filter,
                        "eth.addr == 02:00:00:00:00:31 && (!tcp || tcp.flags.syn == 1)");
    assert_string_equal(r->findings[0].detail, "address 10.0.0.31 to 10.9.0.31");
    assert_int_equal(lab_status(r, "activation"), STATUS_INCONCLUSIVE);
    assert_int_equal(lab_status(r, "profile"), STATUS_REACHABLE);
    lab_close(&l);
}

static void a_resolver_that_was_left_behind_is_not_silent(void **state)
{
    static const struct {
        int64_t at;
        enum status_word dns;
    } ROWS[] = {{62000, STATUS_REACHABLE}, {20000, STATUS_DEGRADED}};
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        open_lab(&l);
        l.device = "10.0.0.31";
        l.resolver = "10.0.0.54"; /* the second one, asked when the first one falls silent */
        lab_dns(&l, ROWS[i].at, SECOND, LAB_A, NO_REPLY, NULL);
        lab_dns(&l, ROWS[i].at + 1000, "extra.example.com", LAB_A, NO_REPLY, NULL);
        l.resolver = "10.0.0.53";
        move(&l, true);
        const struct result *r = lab_judge(&l);
        assert_int_equal(lab_status(r, "dns"), ROWS[i].dns);
        assert_int_equal(lab_finding(r, FINDING_DNS_NO_REPLY, "") != NULL,
                         ROWS[i].dns == STATUS_DEGRADED);
        lab_close(&l);
    }
}

static void a_change_that_leads_nowhere(void **state)
{
    struct lab l;
    (void)state;
    open_lab(&l);
    move(&l, false);
    const struct result *r = lab_judge(&l);
    const struct finding *f = lab_finding(r, FINDING_NETWORK_CHANGED, "");
    assert_non_null(f);
    assert_int_equal(f->severity, SEVERITY_ERROR);
    assert_int_equal(r->verdict, VERDICT_BLOCKED);
    assert_int_equal(r->cause_count, 1);
    assert_string_equal(r->causes[0].kind, "network-changed");
    assert_int_equal(r->causes[0].explain_count, 2);
    lab_close(&l);
}

static void a_renewal_is_no_change(void **state)
{
    struct lab l;
    (void)state;
    open_lab(&l);
    lab_dhcp(&l, 0, (struct lab_dhcp){.types = D | O | R | A});
    l.device = "10.0.0.31";
    lab_use(&l, 1000, HOST);
    lab_dhcp(&l, 60000, (struct lab_dhcp){.types = R | A});
    lab_use(&l, 61000, "extra.example.com");
    /* Another address of the same network is none either. */
    lab_dhcp(&l, 70000, (struct lab_dhcp){.types = D | O | R | A, .address = "10.0.0.99"});
    l.device = "10.0.0.99";
    lab_use(&l, 71000, SECOND);
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->device_count, 1);
    assert_int_equal(r->finding_count, 0);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

static void a_router_is_not_one_device(void **state)
{
    struct lab l;
    (void)state;
    /* Two clients behind one MAC that announces neither. */
    open_lab(&l);
    lab_use(&l, 0, HOST);
    l.device = "10.0.1.7";
    lab_use(&l, 60000, HOST);
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->device_count, 2);
    assert_int_equal(r->finding_count, 0);
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lease_names_the_device),
        cmocka_unit_test(nobody_offers),
        cmocka_unit_test(silence_that_ends_or_does_not_matter_is_none),
        cmocka_unit_test(bystanders_are_no_devices),
        cmocka_unit_test(exchanges_that_break_off),
        cmocka_unit_test(leases_that_lack_something),
        cmocka_unit_test(answers_without_a_router),
        cmocka_unit_test(leases_that_were_cut),
        cmocka_unit_test(a_second_server),
        cmocka_unit_test(self_assigned_addresses),
        cmocka_unit_test(a_silent_resolver_that_dhcp_handed_out),
        cmocka_unit_test(options_explain_other_findings),
        cmocka_unit_test(the_switch_does_not_ask),
        cmocka_unit_test(the_port_opens_late),
        cmocka_unit_test(the_network_refuses),
        cmocka_unit_test(two_machines_claim_one_address),
        cmocka_unit_test(an_owner_defends_its_address),
        cmocka_unit_test(addresses_that_move_on_purpose),
        cmocka_unit_test(flows_cut_by_a_change_are_nobodys_fault),
        cmocka_unit_test(a_resolver_that_was_left_behind_is_not_silent),
        cmocka_unit_test(a_change_that_leads_nowhere),
        cmocka_unit_test(a_renewal_is_no_change),
        cmocka_unit_test(a_router_is_not_one_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
