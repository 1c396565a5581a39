/*
 * tests/unit/diagnose/test_names: resolvers that filter, shadow, mislead, are slow or shut.
 * SPDX-License-Identifier: MIT
 */
#include "lab.h"

#define HOST  "ztd.example.com"
#define OTHER "login.example.net"
#define PROBE "dns.probe.example"

enum {
    FORMERR = 1,
    NOTIMP = 4
};

/* ---- filters ---- */

static void a_filter_is_told_by_what_it_answers(void **state)
{
    static const struct {
        struct lab_reply how;
        enum finding_kind kind;
        const char *detail;
    } ROWS[] = {
        {{.address = "146.112.61.106"},
         FINDING_DNS_SINKHOLE,
         "resolves to 146.112.61.106 (Cisco Umbrella)"},
        {{.address = "203.0.113.9", .ede = 15},
         FINDING_DNS_SINKHOLE,
         "resolves to 203.0.113.9, extended error 15 (blocked)"},
        {{.address = "203.0.113.9", .cname = "sinkhole.paloaltonetworks.com"},
         FINDING_DNS_SINKHOLE,
         "resolves to 203.0.113.9 (Palo Alto Networks sinkhole)"},
        {{.rcode = NXDOMAIN, .ede = 17},
         FINDING_DNS_NXDOMAIN,
         "no SOA came with it, extended error 17 (filtered)"},
        {{.rcode = REFUSED, .ede = 16}, FINDING_DNS_REFUSED, "extended error 16 (censored)"},
        {{.ede = 4}, FINDING_DNS_NO_ADDRESS, "extended error 4 (forged answer)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_use(&l, 0, OTHER);
        lab_ask(&l, 1000, HOST, ROWS[i].how);
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, ROWS[i].kind, HOST);
        assert_non_null(f);
        assert_int_equal(f->severity, SEVERITY_ERROR);
        assert_int_equal(f->culprit, CULPRIT_RESOLVER);
        assert_string_equal(f->detail, ROWS[i].detail);
        assert_int_equal(r->cause_count, 1);
        assert_string_equal(r->causes[0].kind, "dns-filtered");
        lab_close(&l);
    }
}

static void answers_that_only_look_filtered_are_silent(void **state)
{
    static const struct lab_reply ROWS[] = {
        {.address = "146.112.61.111"},        /* beside the block pages */
        {.address = "203.0.113.9", .ede = 3}, /* a stale answer */
        {.address = "203.0.113.9", .cname = "x.trafficmanager.net"},
        {.address = "203.0.113.9", .cname = "ak.privatelink.msidentity.com"},
        {.address = "203.0.113.9", .aa = true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_use(&l, 0, OTHER);
        lab_ask(&l, 1000, HOST, ROWS[i]);
        lab_tls(&l, 1100, HOST, (struct lab_tls){.outcome = TLS_COMPLETED});
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->finding_count, 0);
        assert_int_equal(r->verdict, VERDICT_CLEAR);
        lab_close(&l);
    }
}

static void what_happens_at_a_block_page_is_the_filters_doing(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, OTHER);
    lab_ask(&l, 1000, HOST, (struct lab_reply){.address = "146.112.61.104"});
    l.server = "146.112.61.104";
    lab_tls(&l, 1100, HOST,
            (struct lab_tls){.outcome = TLS_ALERT, .alert = 48, .alert_from_client = true});
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->cause_count, 1);
    assert_string_equal(r->causes[0].kind, "dns-filtered");
    assert_int_equal(r->causes[0].explain_count, 2);
    lab_close(&l);
}

/* ---- injection ---- */

static void two_answers_to_one_question_are_injected(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, OTHER);
    lab_dns(&l, 1000, HOST, LAB_A, LAB_OK, "203.0.113.66");
    lab_ask(&l, 1000, HOST, (struct lab_reply){.address = "203.0.113.7", .second = true});
    l.server = "203.0.113.66";
    lab_tcp(&l, 1100, HOST, 443, (struct lab_tcp){.refused = true});
    const struct result *r = lab_judge(&l);
    const struct finding *f = lab_finding(r, FINDING_DNS_INJECTED, HOST);
    assert_non_null(f);
    assert_int_equal(f->severity, SEVERITY_ERROR);
    assert_int_equal(f->culprit, CULPRIT_MIDDLEBOX);
    assert_string_equal(f->detail, "the other one is 203.0.113.7");
    assert_int_equal(r->cause_count, 1);
    assert_string_equal(r->causes[0].kind, "dns-injected");
    assert_int_equal(r->causes[0].explain_count, 2);
    lab_close(&l);
}

static void a_second_answer_for_a_host_that_works_is_a_note(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_dns(&l, 0, HOST, LAB_A, LAB_OK, "203.0.113.7");
    lab_ask(&l, 0, HOST, (struct lab_reply){.address = "203.0.113.8", .second = true});
    lab_tls(&l, 100, HOST, (struct lab_tls){.outcome = TLS_COMPLETED});
    const struct result *r = lab_judge(&l);
    assert_int_equal(lab_finding(r, FINDING_DNS_INJECTED, HOST)->severity, SEVERITY_INFO);
    assert_int_equal(lab_troubles(r), 0);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

/* ---- zones of the site ---- */

static void zones_of_the_site_shadow_names(void **state)
{
    static const struct {
        struct lab_reply how;
        const char *cause;
        const char *detail;
    } ROWS[] = {
        {{.rcode = NXDOMAIN,
          .cname = "lgm.privatelink.blob.core.windows.net",
          .soa = "privatelink.blob.core.windows.net",
          .soa_server = "azureprivatedns.net"},
         "private-link",
         "CNAME into privatelink.blob.core.windows.net"},
        {{.rcode = NXDOMAIN, .soa = "example.com", .soa_server = "dc1.corp.local"},
         "private-zone",
         "zone of dc1.corp.local"},
        {{.rcode = NXDOMAIN, .soa = HOST, .soa_server = "ns1.contoso.com"},
         "private-zone",
         "zone of ns1.contoso.com"},
        {{.soa = "example.com", .soa_server = "azureprivatedns.net"},
         "private-zone",
         "zone of azureprivatedns.net"},
        {{.rcode = NXDOMAIN, .soa = "example.com", .soa_server = "ns1.contoso.com", .aa = true},
         "private-zone",
         "answered with authority"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_use(&l, 0, OTHER);
        lab_use(&l, 500, "act.example.org");
        lab_ask(&l, 1000, HOST, ROWS[i].how);
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->cause_count, 1);
        assert_string_equal(r->causes[0].kind, ROWS[i].cause);
        assert_string_equal(r->findings[0].detail, ROWS[i].detail);
        lab_close(&l);
    }
}

static void public_denials_are_no_zones_of_the_site(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, OTHER);
    lab_ask(&l, 1000, HOST,
            (struct lab_reply){
                .rcode = NXDOMAIN, .soa = "example.com", .soa_server = "ns1-39.azure-dns.com"});
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->cause_count, 1);
    assert_string_equal(r->causes[0].kind, "name-not-found");
    lab_close(&l);

    /* A resolver that sets AA in all its answers tells nothing by it. */
    lab_open(&l);
    lab_ask(&l, 0, OTHER, (struct lab_reply){.address = "203.0.113.7", .aa = true});
    lab_tls(&l, 100, OTHER, (struct lab_tls){.outcome = TLS_COMPLETED});
    lab_ask(
        &l, 1000, HOST,
        (struct lab_reply){
            .rcode = NXDOMAIN, .soa = "example.com", .soa_server = "ns1.example.com", .aa = true});
    r = lab_judge(&l);
    assert_string_equal(r->causes[0].kind, "name-not-found");
    lab_close(&l);
}

static void an_address_of_the_sites_zone_that_fails_is_its_doing(void **state)
{
    struct lab l;
    (void)state;
    for (int aa = 0; aa < 2; aa++) {
        lab_open(&l);
        lab_use(&l, 0, OTHER);
        lab_use(&l, 500, "act.example.org");
        lab_ask(&l, 1000, HOST, (struct lab_reply){.address = "203.0.113.9", .aa = aa == 1});
        lab_tcp(&l, 1100, HOST, 443, (struct lab_tcp){0});
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->cause_count, 1);
        assert_int_equal(strcmp(r->causes[0].kind, "private-zone") == 0, aa == 1);
        lab_close(&l);
    }
}

/* ---- names whose address is known ---- */

static void another_address_than_expected_misleads(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, HOST);
    lab_ask(&l, 1000, PROBE, (struct lab_reply){.address = "203.0.113.80"});
    const struct result *r = lab_judge(&l);
    const struct finding *f = lab_finding(r, FINDING_DNS_UNEXPECTED_ADDRESS, PROBE);
    assert_non_null(f);
    assert_int_equal(f->severity, SEVERITY_WARNING);
    assert_non_null(lab_cause(r, "resolver-misleads"));
    lab_close(&l);

    /* Beside a probe page that is right it decides nothing. */
    lab_open(&l);
    lab_use(&l, 0, HOST);
    lab_probe(&l, 500);
    lab_ask(&l, 1000, PROBE, (struct lab_reply){.address = "203.0.113.80"});
    r = lab_judge(&l);
    assert_int_equal(lab_finding(r, FINDING_DNS_UNEXPECTED_ADDRESS, PROBE)->severity,
                     SEVERITY_INFO);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

static void expected_addresses_are_silent(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, HOST);
    lab_ask(&l, 1000, PROBE, (struct lab_reply){.address = "192.0.2.55"});
    lab_ask(&l, 1000, PROBE, (struct lab_reply){.type = LAB_AAAA, .address = "2001:db8::55"});
    lab_ask(&l, 2000, PROBE, (struct lab_reply){.type = LAB_AAAA}); /* no IPv6 here */
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->finding_count, 0);
    lab_close(&l);
}

/* ---- resolvers ---- */

static void a_form_the_resolver_rejects(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct lab l;
        lab_open(&l);
        lab_ask(&l, 0, HOST, (struct lab_reply){.rcode = i ? NOTIMP : FORMERR, .edns = true});
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_DNS_SERVFAIL, HOST);
        assert_string_equal(f->detail, i ? "response code 4 to a question with EDNS"
                                         : "response code 1 to a question with EDNS");
        assert_non_null(lab_cause(r, "resolver-rejects-form"));
        lab_close(&l);

        /* Asked again without EDNS it answers: no harm done. */
        lab_open(&l);
        lab_ask(&l, 0, HOST, (struct lab_reply){.rcode = i ? NOTIMP : FORMERR, .edns = true});
        lab_use(&l, 20, HOST);
        r = lab_judge(&l);
        assert_int_equal(r->finding_count, 0);
        lab_close(&l);
    }
}

static void tcp_that_is_shut_after_a_truncated_answer(void **state)
{
    struct lab l;
    (void)state;
    for (int refused = 0; refused < 2; refused++) {
        lab_open(&l);
        lab_use(&l, 0, OTHER);
        lab_ask(&l, 1000, HOST, (struct lab_reply){.tc = true});
        l.server = l.resolver;
        lab_tcp(&l, 1020, "", 53, (struct lab_tcp){.refused = refused == 1});
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_DNS_TCP_BLOCKED, HOST);
        assert_non_null(f);
        assert_int_equal(f->severity, SEVERITY_ERROR);
        assert_int_equal(r->cause_count, 1);
        assert_string_equal(r->causes[0].kind, "dns-tcp-blocked");
        lab_close(&l);
    }
}

static void truncation_alone_is_no_failure(void **state)
{
    struct lab l;
    (void)state;
    /* TCP answers. */
    lab_open(&l);
    lab_ask(&l, 0, HOST, (struct lab_reply){.tc = true});
    lab_ask(&l, 20, HOST, (struct lab_reply){.address = "203.0.113.7", .tcp = true});
    lab_tls(&l, 100, HOST, (struct lab_tls){.outcome = TLS_COMPLETED});
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->finding_count, 0);
    lab_close(&l);

    /* TCP is shut, but nothing was cut. */
    lab_open(&l);
    lab_use(&l, 0, HOST);
    l.server = l.resolver;
    lab_tcp(&l, 1020, "", 53, (struct lab_tcp){0});
    r = lab_judge(&l);
    assert_int_equal(r->finding_count, 0);
    lab_close(&l);

    /* The device asks no further: nothing can be said. */
    lab_open(&l);
    lab_use(&l, 0, OTHER);
    lab_ask(&l, 1000, HOST, (struct lab_reply){.tc = true});
    r = lab_judge(&l);
    assert_int_equal(lab_troubles(r), 0);
    lab_close(&l);
}

static void a_slow_resolver_is_named(void **state)
{
    struct lab l;
    (void)state;
    for (int slow = 0; slow < 2; slow++) {
        lab_open(&l);
        for (int i = 0; i < 10; i++)
            lab_ask(&l, 5000 * i, HOST,
                    (struct lab_reply){.address = "203.0.113.7",
                                       .rtt_ms = i % 2  ? 10
                                                 : slow ? 2400
                                                        : 900});
        lab_tls(&l, 60000, HOST, (struct lab_tls){.outcome = TLS_COMPLETED});
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->finding_count, slow);
        if (slow) {
            assert_int_equal(r->findings[0].kind, FINDING_DNS_SLOW);
            assert_string_equal(r->findings[0].detail,
                                "5 of 10 answers took more than a second, the slowest 2.4 s");
            assert_non_null(lab_cause(r, "resolver-slow"));
            assert_int_equal(lab_status(r, "dns"), STATUS_DEGRADED);
            assert_int_equal(r->verdict, VERDICT_DEGRADED);
        }
        lab_close(&l);
    }
}

static void a_late_answer_is_an_answer(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_ask(&l, 0, HOST, (struct lab_reply){.address = "203.0.113.7", .rtt_ms = 9000});
    lab_tls(&l, 9100, HOST, (struct lab_tls){.outcome = TLS_COMPLETED});
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->finding_count, 0);
    assert_int_equal(lab_status(r, "dns"), STATUS_REACHABLE);
    lab_close(&l);
}

static void silence_for_one_name_is_not_the_resolvers(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, OTHER);
    lab_dns(&l, 1000, HOST, LAB_A, NO_REPLY, NULL);
    lab_use(&l, 20000, "act.example.org");
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->cause_count, 1);
    assert_string_equal(r->causes[0].kind, "name-unanswered");
    assert_string_equal(r->findings[0].summary,
                        HOST ": questions for this name stay without answer while others are "
                             "answered");
    lab_close(&l);
}

static void icmp_says_who_refuses_the_question(void **state)
{
    static const struct {
        const char *from;
        enum culprit culprit;
    } ROWS[] = {{"10.0.0.53", CULPRIT_RESOLVER}, {"10.0.0.1", CULPRIT_MIDDLEBOX}};
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_ask(&l, 0, HOST, (struct lab_reply){.rcode = NO_REPLY, .icmp_from = ROWS[i].from});
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->findings[0].culprit, ROWS[i].culprit);
        assert_int_equal(r->findings[1].culprit, ROWS[i].culprit);
        assert_int_equal(lab_status(r, "dns"), STATUS_FAILED);
        assert_int_equal(r->cause_count, 1);
        lab_close(&l);
    }
}

/* Names that are asked where the capture cannot read them are not unasked. */
static void encrypted_dns_is_no_failure(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    l.server = l.resolver;
    lab_tcp(&l, 0, "", 853, (struct lab_tcp){0}); /* DNS over TLS is tried and given up */
    l.server = NULL;
    lab_tls(&l, 100, "dns.example", (struct lab_tls){.outcome = TLS_COMPLETED});
    lab_tls(&l, 200, HOST, (struct lab_tls){.outcome = TLS_COMPLETED});
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->finding_count, 0);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filter_is_told_by_what_it_answers),
        cmocka_unit_test(answers_that_only_look_filtered_are_silent),
        cmocka_unit_test(what_happens_at_a_block_page_is_the_filters_doing),
        cmocka_unit_test(two_answers_to_one_question_are_injected),
        cmocka_unit_test(a_second_answer_for_a_host_that_works_is_a_note),
        cmocka_unit_test(zones_of_the_site_shadow_names),
        cmocka_unit_test(public_denials_are_no_zones_of_the_site),
        cmocka_unit_test(an_address_of_the_sites_zone_that_fails_is_its_doing),
        cmocka_unit_test(another_address_than_expected_misleads),
        cmocka_unit_test(expected_addresses_are_silent),
        cmocka_unit_test(a_form_the_resolver_rejects),
        cmocka_unit_test(tcp_that_is_shut_after_a_truncated_answer),
        cmocka_unit_test(truncation_alone_is_no_failure),
        cmocka_unit_test(a_slow_resolver_is_named),
        cmocka_unit_test(a_late_answer_is_an_answer),
        cmocka_unit_test(silence_for_one_name_is_not_the_resolvers),
        cmocka_unit_test(icmp_says_who_refuses_the_question),
        cmocka_unit_test(encrypted_dns_is_no_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
