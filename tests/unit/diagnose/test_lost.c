/*
 * tests/unit/diagnose/test_lost: a network that goes away while the device works, and what only looks so.
 * SPDX-License-Identifier: MIT
 */
#include "lab_link.h"

#define THIRD "login.example.net"
#define NEW   "extra.example.com"
#define OTHER "events.example.com"
#define GONE  60000 /* when nothing comes back any more, ms */

static const struct mac_addr ROUTER = {{2, 0, 0, 0, 0, 1}};

static void use(struct lab *l, int64_t at, const char *host, const char *server)
{
    l->server = server;
    lab_use(l, at, host);
}

/* A device with a lease whose hosts all work, each at a server of its own. */
static void work(struct lab *l)
{
    open_lab(l);
    lab_dhcp(l, 0, (struct lab_dhcp){.types = D | O | R | A});
    l->device = "10.0.0.31";
    use(l, 1000, HOST, "203.0.113.7");
    use(l, 2000, SECOND, "203.0.113.8");
    use(l, 3000, THIRD, "203.0.113.9");
    use(l, 4000, OTHER, "203.0.113.10");
}

static void connect_in_vain(struct lab *l, int64_t at, const char *host, const char *server)
{
    l->server = server;
    lab_tcp(l, at, host, 443, (struct lab_tcp){.watched_ms = 0});
}

static void ask_in_vain(struct lab *l, int64_t at)
{
    for (int i = 0; i < 4; i++)
        lab_dns(l, at + i * 1000, NEW, LAB_A, NO_REPLY, NULL);
}

/* What a device does whose network is gone. */
static void try_all(struct lab *l)
{
    ask_in_vain(l, GONE);
    connect_in_vain(l, GONE + 8000, HOST, "203.0.113.7");
    connect_in_vain(l, GONE + 30000, SECOND, "203.0.113.8");
}

static void expect_not_lost(struct lab *l)
{
    const struct result *r = lab_judge(l);
    assert_null(lab_finding(r, FINDING_NETWORK_LOST, ""));
    assert_null(lab_cause(r, "network-lost"));
    lab_close(l);
}

static void expect_lost(struct lab *l, const char *what, const char *proof)
{
    const struct result *r = lab_judge(l);
    const struct finding *f = lab_finding(r, FINDING_NETWORK_LOST, "");
    assert_non_null(f);
    assert_int_equal(f->culprit, CULPRIT_NETWORK);
    assert_int_equal(lab_proves(f, "ARP"), proof != NULL);
    if (proof)
        assert_true(lab_proves(f, proof));
    assert_int_equal(r->cause_count, 1);
    assert_string_equal(r->causes[0].kind, "network-lost");
    assert_int_equal(r->causes[0].explain_count, lab_troubles(r));
    assert_string_equal(f->advice, r->causes[0].advice);
    if (!strstr(r->causes[0].summary, what))
        fail_msg("%s", r->causes[0].summary);
    lab_close(l);
}

/* ---- it is so ---- */

static void nothing_comes_back(void **state)
{
    struct lab l;
    (void)state;
    work(&l);
    try_all(&l);
    const struct result *r = lab_judge(&l);
    const struct finding *f = lab_finding(r, FINDING_NETWORK_LOST, "");
    assert_non_null(f);
    assert_int_equal(f->severity, SEVERITY_ERROR);
    assert_int_equal(f->first.ts_ns, LAB_START + GONE * NS_PER_MS);
    assert_non_null(strstr(f->detail, ", 60 s after the capture began"));
    assert_string_equal(f->display_filter, "ip.addr == 10.0.0.31 || arp");
    assert_int_equal(r->verdict, VERDICT_BLOCKED);
    assert_int_equal(lab_status(r, "telemetry"),
                     STATUS_REACHABLE); /* reached before, and not tried since */
    assert_int_equal(lab_status(r, "activation"), STATUS_FAILED);
    lab_close(&l);

    work(&l);
    try_all(&l);
    expect_lost(&l, "The device's network went away while it worked (frame ", NULL);
}

static void three_servers_of_one_port(void **state)
{
    struct lab l;
    (void)state;
    work(&l);
    connect_in_vain(&l, GONE, HOST, "203.0.113.7");
    connect_in_vain(&l, GONE + 5000, SECOND, "203.0.113.8");
    connect_in_vain(&l, GONE + 10000, THIRD, "203.0.113.9");
    expect_lost(&l, "went away", NULL);
}

/* It failed, worked, and failed again with all others. */
static void an_earlier_failure_is_another_one(void **state)
{
    struct lab l;
    (void)state;
    work(&l);
    lab_dns(&l, 500, NEW, LAB_A, NO_REPLY, NULL);
    use(&l, 20000, NEW, "203.0.113.11");
    try_all(&l);
    const struct result *r = lab_judge(&l);
    const struct finding *f = lab_finding(r, FINDING_NETWORK_LOST, "");
    assert_non_null(f);
    assert_true(f->first.ts_ns >= LAB_START + GONE * NS_PER_MS);
    lab_close(&l);

    /* What failed all the time is not explained by it. */
    work(&l);
    connect_in_vain(&l, 10000, "more.example.com", "203.0.113.12");
    use(&l, 20000, OTHER, "203.0.113.10");
    try_all(&l);
    r = lab_judge(&l);
    assert_int_equal(r->cause_count, 2);
    assert_int_equal(lab_cause(r, "network-lost")->explain_count, lab_troubles(r) - 1);
    lab_close(&l);
}

/* ---- the router ---- */

static void arp(struct lab *l, int64_t at, bool answered)
{
    lab_arp(l, at, &DEVICE_MAC, ARP_REQUEST, "10.0.0.31", "10.0.0.1");
    if (answered)
        lab_arp_to(l, at + 1, &ROUTER, &DEVICE_MAC, ARP_REPLY, "10.0.0.1", "10.0.0.31");
}

static void the_router_does_not_answer(void **state)
{
    static const struct {
        int requests;
        bool known;
        int64_t back; /* it speaks again, 0 never */
        bool gone;
    } ROWS[] = {
        {3, true, 0, true}, {2, true, 0, false}, {3, false, 0, false}, {3, true, 90000, false}};
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        work(&l);
        if (ROWS[i].known)
            arp(&l, 100, true);
        lab_dns(&l, GONE, NEW, LAB_A, NO_REPLY, NULL);
        for (int k = 0; k < ROWS[i].requests; k++)
            arp(&l, GONE + 1000 + k * 1000, false);
        lab_dns(&l, GONE + 8000, NEW, LAB_A, NO_REPLY, NULL);
        if (ROWS[i].back)
            lab_announce(&l, ROWS[i].back, &ROUTER, "10.0.0.1");
        if (ROWS[i].gone)
            expect_lost(&l, "gateway went away",
                        "the router 10.0.0.1 answers none of 3 ARP requests since frame ");
        else
            expect_not_lost(&l);
    }
}

/* Without a lease nobody is known to be the router: a neighbour that is switched off, and a blocked host. */
static void a_neighbour_is_switched_off(void **state)
{
    struct lab l;
    (void)state;
    open_lab(&l);
    use(&l, 1000, HOST, "203.0.113.7");
    lab_arp(&l, 2000, &DEVICE_MAC, ARP_REQUEST, l.device, "10.0.0.77");
    lab_arp_to(&l, 2001, &OTHER_MAC, &DEVICE_MAC, ARP_REPLY, "10.0.0.77", l.device);
    connect_in_vain(&l, GONE, SECOND, "203.0.113.8");
    for (int k = 0; k < 5; k++)
        lab_arp(&l, GONE + k * 1000, &DEVICE_MAC, ARP_REQUEST, l.device, "10.0.0.77");
    connect_in_vain(&l, GONE + 20000, SECOND, "203.0.113.8");
    expect_not_lost(&l);
}

/* A device that has the router's address asks it alone. */
static void the_capture_began_later(void **state)
{
    struct lab l;
    (void)state;
    work(&l);
    ask_in_vain(&l, GONE);
    for (int k = 0; k < 3; k++)
        lab_arp_to(&l, GONE + 5000 + k * 1000, &DEVICE_MAC, &ROUTER, ARP_REQUEST, "10.0.0.31",
                   "10.0.0.1");
    lab_dns(&l, GONE + 9000, NEW, LAB_A, NO_REPLY, NULL);
    expect_lost(&l, "gateway went away", "answers none of 3 ARP requests");
}

static void the_router_is_there(void **state)
{
    struct lab l;
    (void)state;
    work(&l);
    arp(&l, 100, true);
    try_all(&l);
    arp(&l, GONE + 20000, true);
    expect_lost(&l, "The network behind the gateway went away",
                "the router 10.0.0.1 still answers ARP, in frame ");

    /* Who else answers or not is nobody's router. */
    work(&l);
    try_all(&l);
    lab_arp(&l, GONE + 20000, &DEVICE_MAC, ARP_REQUEST, "10.0.0.31", "10.0.0.77");
    lab_arp_to(&l, GONE + 20001, &OTHER_MAC, &DEVICE_MAC, ARP_REPLY, "10.0.0.77", "10.0.0.31");
    expect_lost(&l, "The device's network went away", NULL);
}

/* ---- it only looks so ---- */

static void somebody_still_answers(void **state)
{
    struct lab l;
    (void)state;
    /* A host that is used later. */
    work(&l);
    try_all(&l);
    use(&l, GONE + 60000, OTHER, "203.0.113.10");
    expect_not_lost(&l);

    /* A download that goes on. */
    work(&l);
    l.server = "203.0.113.10";
    lab_tls(&l, 50000, OTHER,
            (struct lab_tls){.outcome = TLS_COMPLETED, .end_ms = 90000, .heard = 599});
    try_all(&l);
    expect_not_lost(&l);

    /* A router that says that there is no way. */
    work(&l);
    try_all(&l);
    lab_tcp(&l, GONE + 60000, THIRD, 443, (struct lab_tcp){.unreachable = true});
    expect_not_lost(&l);

    /* IPv4, where IPv6 falls silent. */
    work(&l);
    l.device = "2001:db8::31";
    for (int i = 0; i < 3; i++) {
        static const char *const hosts[] = {HOST, SECOND, THIRD};
        static const char *const servers[] = {"2001:db8:1::7", "2001:db8:2::7", "2001:db8:3::7"};
        use(&l, 10000 + i, hosts[i], servers[i]);
        connect_in_vain(&l, GONE + i * 10000, hosts[i], servers[i]);
    }
    l.device = "10.0.0.31";
    use(&l, GONE + 40000, OTHER, "203.0.113.10");
    expect_not_lost(&l);
}

static void one_of_them_falls_silent(void **state)
{
    struct lab l;
    (void)state;
    work(&l);
    ask_in_vain(&l, GONE);
    ask_in_vain(&l, GONE + 10000);
    expect_not_lost(&l); /* a resolver */

    work(&l);
    connect_in_vain(&l, GONE, HOST, "203.0.113.7");
    connect_in_vain(&l, GONE + 10000, HOST, "203.0.113.7");
    expect_not_lost(&l); /* a host */

    work(&l);
    connect_in_vain(&l, GONE, HOST, "203.0.113.7");
    connect_in_vain(&l, GONE + 10000, SECOND, "203.0.113.8");
    expect_not_lost(&l); /* two of one port: a filter does that as well */

    work(&l);
    ask_in_vain(&l, GONE);
    connect_in_vain(&l, GONE + 10000, "more.example.com", "203.0.113.12");
    expect_not_lost(&l); /* who never answered tells nothing */
}

static void the_end_came(void **state)
{
    struct lab l;
    (void)state;
    /* Of the device: it sends nothing more either. */
    work(&l);
    connect_in_vain(&l, GONE, HOST, "203.0.113.7");
    connect_in_vain(&l, GONE + 1000, SECOND, "203.0.113.8");
    connect_in_vain(&l, GONE + 2000, THIRD, "203.0.113.9");
    expect_not_lost(&l);

    /* Of the capture. */
    work(&l);
    try_all(&l);
    l.capture.last.ts_ns = LAB_START + (GONE + 14000) * NS_PER_MS;
    expect_not_lost(&l);
}

static void the_capture_lacks_it(void **state)
{
    struct lab l;
    (void)state;
    work(&l);
    try_all(&l);
    l.capture.kernel_drops = 10000;
    expect_not_lost(&l);

    work(&l);
    try_all(&l);
    diagnosis_drops(l.d, LAB_START + GONE * NS_PER_MS, LAB_START + (GONE + 10000) * NS_PER_MS, 50);
    expect_not_lost(&l);

    /* One direction from then on: the device goes on, so it heard. */
    work(&l);
    try_all(&l);
    l.server = "203.0.113.10";
    lab_tcp(&l, GONE + 60000, OTHER, 443, (struct lab_tcp){.half = true});
    expect_not_lost(&l);

    /* A clock that was set on, or a hole: what was under way then was asked once. */
    work(&l);
    lab_dns(&l, GONE, NEW, LAB_A, NO_REPLY, NULL);
    lab_ntp(&l, GONE + 10000, "time.example.com", (struct lab_ntp){.unanswered = true});
    expect_not_lost(&l);
}

/* Another network, or another machine, says more. */
static void it_has_another_name(void **state)
{
    struct lab l;
    (void)state;
    work(&l);
    lab_dhcp(
        &l, GONE - 1000,
        (struct lab_dhcp){.types = D | O | R | A, .address = "10.9.0.31", .router = "10.9.0.1"});
    l.device = "10.9.0.31";
    try_all(&l);
    const struct result *r = lab_judge(&l);
    assert_non_null(lab_cause(r, "network-changed"));
    assert_null(lab_cause(r, "network-lost"));
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_comes_back),
        cmocka_unit_test(three_servers_of_one_port),
        cmocka_unit_test(an_earlier_failure_is_another_one),
        cmocka_unit_test(the_router_does_not_answer),
        cmocka_unit_test(a_neighbour_is_switched_off),
        cmocka_unit_test(the_capture_began_later),
        cmocka_unit_test(the_router_is_there),
        cmocka_unit_test(somebody_still_answers),
        cmocka_unit_test(one_of_them_falls_silent),
        cmocka_unit_test(the_end_came),
        cmocka_unit_test(the_capture_lacks_it),
        cmocka_unit_test(it_has_another_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
