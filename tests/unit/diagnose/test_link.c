/*
 * tests/unit/diagnose/test_link: 802.1X, ARP conflicts, and devices that change their network.
 * SPDX-License-Identifier: MIT
 */
#include "lab_link.h"

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
