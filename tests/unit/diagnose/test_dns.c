/*
 * tests/unit/diagnose/test_dns: names that fail, and the noise that only looks so.
 * SPDX-License-Identifier: MIT
 */
#include "lab.h"

#define HOST "ztd.example.com"

/* Asks for HOST, A and AAAA, with one fate, and for another host that works. */
static const struct result *fate(struct lab *l, int rcode)
{
    lab_open(l);
    lab_use(l, 0, "login.example.net");
    lab_dns(l, 1000, HOST, LAB_A, rcode, NULL);
    lab_dns(l, 1001, HOST, LAB_AAAA, rcode, NULL);
    return lab_judge(l);
}

static void each_rcode_fails_the_question(void **state)
{
    (void)state;
    static const struct {
        int rcode;
        enum finding_kind kind;
    } ROWS[] = {
        {NXDOMAIN, FINDING_DNS_NXDOMAIN}, {SERVFAIL, FINDING_DNS_SERVFAIL},
        {REFUSED, FINDING_DNS_REFUSED},   {NO_REPLY, FINDING_DNS_NO_REPLY},
        {LAB_OK, FINDING_DNS_NO_ADDRESS},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        const struct result *r = fate(&l, ROWS[i].rcode);
        const struct finding *f = lab_finding(r, ROWS[i].kind, HOST);
        assert_non_null(f);
        assert_int_equal(f->severity, SEVERITY_ERROR);
        assert_string_equal(f->service->id, "profile");
        assert_int_equal(f->count, 1);
        assert_int_equal(lab_troubles(r), 1);
        assert_int_equal(r->verdict, VERDICT_BLOCKED);
        assert_int_equal(lab_status(r, "profile"), STATUS_FAILED);
        assert_int_equal(lab_status(r, "dns"), STATUS_REACHABLE);
        assert_string_equal(f->display_filter,
                            "ip.addr == 10.0.0.5 && dns.qry.name == \"ztd.example.com\"");
        lab_close(&l);
    }
}

static void a_retry_within_the_timeout_is_no_failure(void **state)
{
    (void)state;
    static const int RCODES[] = {SERVFAIL, NO_REPLY, REFUSED, NXDOMAIN};
    for (size_t i = 0; i < sizeof RCODES / sizeof *RCODES; i++) {
        struct lab l;
        lab_open(&l);
        lab_use(&l, 0, "login.example.net");
        lab_dns(&l, 1000, HOST, LAB_A, RCODES[i], NULL);
        l.resolver = "10.0.0.54";
        lab_use(&l, 2000, HOST);
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->finding_count, 0);
        assert_int_equal(r->verdict, VERDICT_CLEAR);
        lab_close(&l);
    }
}

static void a_lost_query_told_after_its_retry_is_no_failure(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 2000, HOST);
    lab_dns(&l, 1000, HOST, LAB_A, NO_REPLY, NULL); /* time-outs are told late */
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->finding_count, 0);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

static void a_late_recovery_is_a_note(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_dns(&l, 1000, HOST, LAB_A, NXDOMAIN, NULL);
    lab_use(&l, 90000, HOST);
    const struct result *r = lab_judge(&l);
    const struct finding *f = lab_finding(r, FINDING_DNS_NXDOMAIN, HOST);
    assert_non_null(f);
    assert_int_equal(f->severity, SEVERITY_INFO);
    assert_true(f->recovered);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

static void a_bad_aaaa_beside_a_good_a_is_normal(void **state)
{
    (void)state;
    static const int RCODES[] = {SERVFAIL, NO_REPLY, NXDOMAIN, LAB_OK};
    for (size_t i = 0; i < sizeof RCODES / sizeof *RCODES; i++) {
        struct lab l;
        lab_open(&l);
        lab_dns(&l, 0, HOST, LAB_A, LAB_OK, "203.0.113.7");
        lab_tls(&l, 20, HOST, (struct lab_tls){.outcome = TLS_COMPLETED});
        lab_dns(&l, 60000, HOST, LAB_AAAA, RCODES[i], NULL);
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->finding_count, 0);
        assert_int_equal(r->verdict, VERDICT_CLEAR);
        lab_close(&l);
    }
}

static void the_last_answer_counts(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, "login.example.net");
    l.resolver = "10.0.0.54";
    lab_dns(&l, 1000, HOST, LAB_A, NO_REPLY, NULL);
    l.resolver = "10.0.0.53";
    lab_dns(&l, 2000, HOST, LAB_A, NXDOMAIN, NULL);
    const struct result *r = lab_judge(&l);
    assert_non_null(lab_finding(r, FINDING_DNS_NXDOMAIN, HOST));
    assert_null(lab_finding(r, FINDING_DNS_NO_REPLY, HOST));
    lab_close(&l);
}

static void the_fate_of_the_aaaa_does_not_hide_that_of_the_a(void **state)
{
    static const int FATES[] = {LAB_OK, SERVFAIL, NO_REPLY, REFUSED};
    (void)state;
    for (size_t i = 0; i < sizeof FATES / sizeof *FATES; i++) {
        struct lab l;
        lab_open(&l);
        lab_use(&l, 0, "login.example.net");
        lab_dns(&l, 1000, HOST, LAB_A, NXDOMAIN, NULL);
        lab_dns(&l, 1001, HOST, LAB_AAAA, FATES[i], NULL);
        const struct result *r = lab_judge(&l);
        assert_non_null(lab_finding(r, FINDING_DNS_NXDOMAIN, HOST));
        assert_int_equal(lab_troubles(r), 1);
        lab_close(&l);
    }
}

static void search_suffixes_and_wpad_are_noise(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, HOST);
    lab_dns(&l, 1000, HOST ".corp.test", LAB_A, NXDOMAIN, NULL);
    lab_dns(&l, 1100, "wpad", LAB_A, NXDOMAIN, NULL);
    lab_dns(&l, 1200, "wpad.corp.test", LAB_A, NO_REPLY, NULL);
    /* A name of the list behind which the suffix is a listed domain too. */
    lab_dns(&l, 1300, HOST ".store.example.com", LAB_A, NXDOMAIN, NULL);
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->finding_count, 0);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    assert_int_equal(lab_status(r, "proxy"), STATUS_NOT_SEEN);
    lab_close(&l);
}

static void a_pending_question_is_no_failure(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_dns(&l, 0, HOST, LAB_A, NOT_YET, NULL);
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->finding_count, 0);
    assert_int_equal(r->verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(lab_status(r, "profile"), STATUS_INCONCLUSIVE);
    assert_int_equal(lab_status(r, "dns"), STATUS_INCONCLUSIVE);
    lab_close(&l);
}

static void silent_resolvers_are_one_cause(void **state)
{
    static const char *const HOSTS[] = {HOST, "login.example.net", "act.example.org",
                                        "www.probe.example", "a.store.example.com"};
    struct lab l;
    (void)state;
    lab_open(&l);
    for (int i = 0; i < 5; i++)
        lab_dns(&l, 1000 * i, HOSTS[i], LAB_A, NO_REPLY, NULL);
    const struct result *r = lab_judge(&l);
    assert_int_equal(lab_status(r, "dns"), STATUS_FAILED);
    assert_int_equal(r->verdict, VERDICT_BLOCKED);
    assert_int_equal(r->cause_count, 1);
    assert_string_equal(r->causes[0].kind, "resolver-silent");
    assert_int_equal(r->causes[0].explain_count, 6);
    const struct finding *f = lab_finding(r, FINDING_DNS_NO_REPLY, "");
    assert_non_null(f);
    assert_string_equal(f->service->id, "dns");
    assert_int_equal(f->count, 5);
    assert_string_equal(r->devices[0].stopped_at, "connectivity");
    lab_close(&l);
}

static void one_silent_resolver_of_several_degrades(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    for (int i = 0; i < 3; i++) {
        const char *host = i == 0 ? HOST : i == 1 ? "login.example.net" : "act.example.org";
        l.resolver = "10.0.0.53";
        lab_dns(&l, 10000 * i, host, LAB_A, NO_REPLY, NULL);
        l.resolver = "10.0.0.54";
        lab_use(&l, 10000 * i + 1000, host);
    }
    const struct result *r = lab_judge(&l);
    assert_int_equal(lab_status(r, "dns"), STATUS_DEGRADED);
    assert_int_equal(lab_status(r, "profile"), STATUS_REACHABLE);
    assert_int_equal(r->verdict, VERDICT_DEGRADED);
    assert_int_equal(r->finding_count, 1);
    assert_int_equal(r->findings[0].severity, SEVERITY_WARNING);
    struct ip_addr silent = lab_addr("10.0.0.53");
    assert_true(addr_eq(&r->findings[0].server, &silent));
    lab_close(&l);
}

/* What Windows asks on its own for lack of a resolver; it is named only where there is no other. */
static void resolvers_that_nobody_named_are_silent(void **state)
{
    static const char *const HOSTS[] = {HOST, "login.example.net", "act.example.org"};
    static const struct {
        const char *second; /* NULL: none */
        bool works;
        enum status_word dns;
        const char *blamed;
    } ROWS[] = {
        {"10.0.0.53", true, STATUS_REACHABLE, NULL},
        {"10.0.0.53", false, STATUS_FAILED, "10.0.0.53"},
        {NULL, false, STATUS_FAILED, "fec0:0:0:ffff::1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        for (int h = 0; h < 3; h++) {
            l.resolver = "fec0:0:0:ffff::1";
            lab_dns(&l, 10000 * h, HOSTS[h], LAB_A, NO_REPLY, NULL);
            l.resolver = ROWS[i].second;
            if (ROWS[i].works)
                lab_use(&l, 10000 * h + 1000, HOSTS[h]);
            else if (l.resolver)
                lab_dns(&l, 10000 * h + 1000, HOSTS[h], LAB_A, NO_REPLY, NULL);
        }
        const struct result *r = lab_judge(&l);
        assert_int_equal(lab_status(r, "dns"), ROWS[i].dns);
        const struct finding *f = lab_finding(r, FINDING_DNS_NO_REPLY, "");
        assert_int_equal(f != NULL, ROWS[i].blamed != NULL);
        if (f) {
            struct ip_addr blamed = lab_addr(ROWS[i].blamed);
            assert_true(addr_eq(&f->server, &blamed));
        }
        lab_close(&l);
    }
}

static void addresses_that_lead_nowhere_are_sinkholes(void **state)
{
    static const char *const ADDRESSES[] = {"0.0.0.0", "127.0.0.1"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct lab l;
        lab_open(&l);
        lab_use(&l, 0, "login.example.net");
        lab_dns(&l, 1000, HOST, LAB_A, LAB_OK, ADDRESSES[i]);
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_DNS_SINKHOLE, HOST);
        assert_non_null(f);
        assert_int_equal(f->severity, SEVERITY_ERROR);
        assert_non_null(lab_cause(r, "dns-filtered"));
        assert_int_equal(lab_status(r, "profile"), STATUS_FAILED);
        lab_close(&l);
    }
}

/* One private address for unrelated names is a sinkhole when nothing there works, else a lab. */
static void private_addresses(struct lab *l, bool works)
{
    static const char *const HOSTS[] = {HOST, "login.example.net", "act.example.org"};
    lab_open(l);
    l->server = "192.168.7.7";
    for (int i = 0; i < 3; i++) {
        lab_dns(l, 1000 * i, HOSTS[i], LAB_A, LAB_OK, "192.168.7.7");
        if (works && i == 0)
            lab_tls(l, 1000 * i + 20, HOSTS[i], (struct lab_tls){.outcome = TLS_COMPLETED});
        else
            lab_tcp(l, 1000 * i + 20, HOSTS[i], 443, (struct lab_tcp){.refused = true});
    }
}

static void one_private_address_for_all_is_a_sinkhole(void **state)
{
    struct lab l;
    (void)state;
    private_addresses(&l, false);
    const struct result *r = lab_judge(&l);
    assert_non_null(lab_finding(r, FINDING_DNS_SINKHOLE, HOST));
    assert_non_null(lab_finding(r, FINDING_DNS_SINKHOLE, "act.example.org"));
    lab_close(&l);

    private_addresses(&l, true);
    r = lab_judge(&l);
    assert_null(lab_finding(r, FINDING_DNS_SINKHOLE, HOST));
    assert_null(lab_finding(r, FINDING_DNS_SINKHOLE, "act.example.org"));
    lab_close(&l);
}

static void refusals_of_one_resolver_are_one_cause(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_dns(&l, 0, HOST, LAB_A, REFUSED, NULL);
    lab_dns(&l, 1000, "act.example.org", LAB_A, REFUSED, NULL);
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->cause_count, 1);
    assert_string_equal(r->causes[0].kind, "resolver-refuses");
    assert_int_equal(r->causes[0].explain_count, 2);
    lab_close(&l);
}

static void a_name_of_the_ipv6_probe_alone_is_harmless(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_probe(&l, 0);
    lab_dns(&l, 10, "ipv6.probe.example", LAB_A, NXDOMAIN, NULL);
    const struct result *r = lab_judge(&l);
    assert_int_equal(lab_troubles(r), 0);
    assert_int_equal(lab_status(r, "ncsi"), STATUS_REACHABLE);
    lab_close(&l);
}

static void a_name_that_failed_but_worked_by_proxy_recovered(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_dns(&l, 0, HOST, LAB_A, NXDOMAIN, NULL);
    lab_connect(&l, 100, HOST ":443", 200);
    lab_tls(&l, 200, HOST, (struct lab_tls){.outcome = TLS_COMPLETED, .via = "http"});
    lab_dns(&l, 30000, HOST, LAB_A, NXDOMAIN, NULL);
    const struct result *r = lab_judge(&l);
    assert_int_equal(lab_troubles(r), 0);
    assert_int_equal(lab_status(r, "profile"), STATUS_REACHABLE);
    assert_int_equal(lab_status(r, "proxy"), STATUS_REACHABLE);
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rcode_fails_the_question),
        cmocka_unit_test(a_retry_within_the_timeout_is_no_failure),
        cmocka_unit_test(a_lost_query_told_after_its_retry_is_no_failure),
        cmocka_unit_test(a_late_recovery_is_a_note),
        cmocka_unit_test(a_bad_aaaa_beside_a_good_a_is_normal),
        cmocka_unit_test(the_last_answer_counts),
        cmocka_unit_test(the_fate_of_the_aaaa_does_not_hide_that_of_the_a),
        cmocka_unit_test(search_suffixes_and_wpad_are_noise),
        cmocka_unit_test(a_pending_question_is_no_failure),
        cmocka_unit_test(silent_resolvers_are_one_cause),
        cmocka_unit_test(one_silent_resolver_of_several_degrades),
        cmocka_unit_test(resolvers_that_nobody_named_are_silent),
        cmocka_unit_test(addresses_that_lead_nowhere_are_sinkholes),
        cmocka_unit_test(one_private_address_for_all_is_a_sinkhole),
        cmocka_unit_test(refusals_of_one_resolver_are_one_cause),
        cmocka_unit_test(a_name_of_the_ipv6_probe_alone_is_harmless),
        cmocka_unit_test(a_name_that_failed_but_worked_by_proxy_recovered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
