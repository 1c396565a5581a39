/*
 * tests/unit/diagnose/test_dhcp: leases, the lack of them, and what they explain.
 * SPDX-License-Identifier: MIT
 */
#include "lab_link.h"

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

/* What worked before an address was lost is no comfort; what works over IPv6 beside it is. */
static void an_address_of_its_own(void **state)
{
    struct lab l;
    (void)state;
    for (int six = 0; six < 2; six++) {
        open_lab(&l);
        l.device = "10.0.0.31";
        l.server = "203.0.113.8";
        if (six) {
            lab_announce(&l, 0, &DEVICE_MAC, "169.254.3.4");
            l.device = "2001:db8::31";
            l.server = "2001:db8:1::7";
            l.resolver = "2001:db8::53";
        }
        lab_use(&l, 10, HOST);
        lab_announce(&l, 60000, &DEVICE_MAC, "169.254.3.4");
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->finding_count, !six);
        if (!six)
            expect_only(r, FINDING_ADDRESS_SELF_ASSIGNED, SEVERITY_WARNING);
        lab_close(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lease_names_the_device),
        cmocka_unit_test(an_address_of_its_own),
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
