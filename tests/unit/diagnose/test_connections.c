/*
 * tests/unit/diagnose/test_connections: TCP and TLS that fail, and what only looks so.
 * SPDX-License-Identifier: MIT
 */
#include "lab.h"

#define HOST  "ztd.example.com"
#define FORTI "CN=FG100,O=Fortinet,C=US"
#define INNER "CN=Contoso Web Gateway CA,O=Contoso"
#define GOOD  "CN=Microsoft Azure RSA TLS Issuing CA 04,O=Microsoft Corporation,C=US"

/* ---- TCP ---- */

static void dead_connections_fail_the_host(void **state)
{
    static const struct {
        struct lab_tcp how;
        enum finding_kind kind;
        const char *detail;
        const char *cause;
    } ROWS[] = {
        {{.refused = false}, FINDING_TCP_NO_REPLY, "", "host-unreachable"},
        {{.refused = true}, FINDING_TCP_REFUSED, "", "host-unreachable"},
        {{.unreachable = true},
         FINDING_TCP_UNREACHABLE,
         "ICMP type 3 code 13 (administratively prohibited) from 10.0.0.1",
         "connection-rejected"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_use(&l, 0, "login.example.net");
        lab_resolve(&l, 1000, HOST);
        lab_tcp(&l, 1100, HOST, 443, ROWS[i].how);
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, ROWS[i].kind, HOST);
        assert_non_null(f);
        assert_int_equal(f->severity, SEVERITY_ERROR);
        assert_int_equal(f->port, 443);
        assert_string_equal(f->proto, "TCP");
        assert_string_equal(f->detail, ROWS[i].detail);
        assert_string_equal(f->display_filter,
                            "ip.addr == 10.0.0.5 && ip.addr == 203.0.113.7 && tcp.port == 443");
        assert_int_equal(lab_troubles(r), 1);
        assert_int_equal(lab_status(r, "profile"), STATUS_FAILED);
        assert_int_equal(lab_status(r, "activation"), STATUS_NOT_SEEN);
        assert_int_equal(r->verdict, VERDICT_BLOCKED);
        assert_non_null(lab_cause(r, ROWS[i].cause));
        assert_string_equal(r->devices[0].stopped_at, "profile");
        lab_close(&l);
    }
}

static void a_syn_is_pending_until_the_patience_is_over(void **state)
{
    (void)state;
    for (int64_t watched = 2999; watched <= 3000; watched++) {
        struct lab l;
        lab_open(&l);
        lab_resolve(&l, 0, HOST);
        lab_tcp(&l, 100, HOST, 443, (struct lab_tcp){.watched_ms = watched});
        const struct result *r = lab_judge(&l);
        bool failed = watched == 3000;
        assert_int_equal(lab_troubles(r), failed);
        assert_int_equal(lab_status(r, "profile"), failed ? STATUS_FAILED : STATUS_INCONCLUSIVE);
        assert_int_equal(r->verdict, failed ? VERDICT_BLOCKED : VERDICT_INCONCLUSIVE);
        lab_close(&l);
    }
}

static void one_dead_address_of_two_is_a_note(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_resolve(&l, 0, HOST);
    l.server = "203.0.113.8";
    lab_tcp(&l, 100, HOST, 443, (struct lab_tcp){0});
    l.server = "203.0.113.7";
    lab_tls(&l, 400, HOST, (struct lab_tls){.outcome = TLS_COMPLETED});
    const struct result *r = lab_judge(&l);
    const struct finding *f = lab_finding(r, FINDING_TCP_NO_REPLY, HOST);
    assert_non_null(f);
    assert_int_equal(f->severity, SEVERITY_INFO);
    assert_true(f->recovered);
    assert_int_equal(r->cause_count, 0);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

static void the_last_attempts_decide(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, HOST);
    for (int i = 1; i <= 3; i++)
        lab_tcp(&l, 60000 * i, HOST, 443, (struct lab_tcp){0});
    const struct result *r = lab_judge(&l);
    const struct finding *f = lab_finding(r, FINDING_TCP_NO_REPLY, HOST);
    assert_non_null(f);
    assert_int_equal(f->severity, SEVERITY_ERROR);
    assert_int_equal(f->count, 3);
    assert_int_equal(lab_status(r, "profile"), STATUS_FAILED);
    lab_close(&l);
}

static void ipv6_that_falls_back_is_harmless(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_resolve(&l, 0, HOST);
    lab_tls(&l, 300, HOST, (struct lab_tls){.outcome = TLS_COMPLETED});
    l.mac = (struct mac_addr){{2, 0, 0, 0, 0, 5}};
    l.has_mac = true;
    lab_use(&l, 400, "login.example.net"); /* tells the MAC of the IPv4 address */
    l.device = "2001:db8::5";
    l.server = "2001:db8:1::7";
    for (int i = 0; i < 5; i++)
        lab_tcp(&l, 10000 * i, HOST, 443, (struct lab_tcp){0});
    const struct result *r = lab_judge(&l);
    assert_int_equal(lab_troubles(r), 0);
    assert_int_equal(r->device_count, 1);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

static void a_blocked_port_is_one_cause(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, HOST);
    lab_use(&l, 100, "act.example.org");
    lab_resolve(&l, 200, "www.probe.example");
    lab_tcp(&l, 1000, "www.probe.example", 80, (struct lab_tcp){0});
    lab_tcp(&l, 2000, "crl.example.org", 80, (struct lab_tcp){0});
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->cause_count, 1);
    assert_string_equal(r->causes[0].kind, "port-blocked");
    assert_int_equal(r->causes[0].explain_count, 2);
    assert_int_equal(lab_status(r, "ncsi"), STATUS_FAILED);
    assert_int_equal(lab_status(r, "profile"), STATUS_REACHABLE);
    lab_close(&l);
}

static void a_conversation_of_unknown_protocol_works(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_tcp(&l, 0, HOST, 443, (struct lab_tcp){.conversation = true});
    const struct result *r = lab_judge(&l);
    assert_int_equal(lab_status(r, "profile"), STATUS_REACHABLE);
    lab_close(&l);
}

/* ---- TLS ---- */

static void broken_handshakes_fail_the_host(void **state)
{
    static const struct {
        struct lab_tls how;
        enum finding_kind kind;
        const char *detail;
        enum culprit culprit;
        int hops;
    } ROWS[] = {
        {{.outcome = TLS_NO_SERVER_HELLO}, FINDING_TLS_NO_SERVER_HELLO, "", CULPRIT_NETWORK, -1},
        {{.outcome = TLS_RESET_BY_SERVER, .rst_ttl = LAB_TTL},
         FINDING_TLS_RESET,
         "reset by the server's side",
         CULPRIT_SERVER,
         -1},
        {{.outcome = TLS_RESET_BY_SERVER, .rst_ttl = 62},
         FINDING_TLS_RESET,
         "reset by the server's side, injected about 2 hops from the capture point",
         CULPRIT_MIDDLEBOX,
         2},
        {{.outcome = TLS_RESET_BY_SERVER, .rst_ttl = 63},
         FINDING_TLS_RESET,
         "reset by the server's side, injected about 1 hop from the capture point",
         CULPRIT_MIDDLEBOX,
         1},
        {{.outcome = TLS_CLOSED},
         FINDING_TLS_RESET,
         "closed (FIN) by the server's side",
         CULPRIT_NONE,
         -1},
        {{.outcome = TLS_RESET_BY_CLIENT, .client_ends = true},
         FINDING_TLS_RESET,
         "reset by the device",
         CULPRIT_DEVICE,
         -1},
        {{.outcome = TLS_ALERT, .alert = 40},
         FINDING_TLS_ALERT,
         "server sent handshake_failure",
         CULPRIT_SERVER,
         -1},
        {{.outcome = TLS_ALERT, .alert = 48, .alert_from_client = true},
         FINDING_TLS_ALERT,
         "client sent unknown_ca",
         CULPRIT_DEVICE,
         -1},
        {{.outcome = TLS_INCOMPLETE, .client_ends = true},
         FINDING_TLS_INCOMPLETE,
         "",
         CULPRIT_DEVICE,
         -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_use(&l, 0, "login.example.net");
        lab_resolve(&l, 1000, HOST);
        l.server = "203.0.113.8";
        lab_tls(&l, 1100, HOST, ROWS[i].how);
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, ROWS[i].kind, HOST);
        assert_non_null(f);
        assert_string_equal(f->detail, ROWS[i].detail);
        assert_int_equal(f->culprit, ROWS[i].culprit);
        assert_int_equal(f->hops, ROWS[i].hops);
        assert_int_equal(f->severity, SEVERITY_ERROR);
        assert_int_equal(lab_troubles(r), 1);
        assert_int_equal(r->cause_count, 1);
        assert_int_equal(lab_status(r, "profile"), STATUS_FAILED);
        assert_int_equal(r->verdict, VERDICT_BLOCKED);
        lab_close(&l);
    }
}

static void a_later_handshake_makes_up_for_it(void **state)
{
    static const struct lab_tls ROWS[] = {
        {.outcome = TLS_NO_SERVER_HELLO},
        {.outcome = TLS_RESET_BY_SERVER, .rst_ttl = LAB_TTL},
        {.outcome = TLS_ALERT, .alert = 40},
        {.outcome = TLS_INCOMPLETE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_resolve(&l, 0, HOST);
        lab_tls(&l, 100, HOST, ROWS[i]);
        lab_tls(&l, 5000, HOST, (struct lab_tls){.outcome = TLS_COMPLETED});
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->finding_count, 1);
        assert_int_equal(r->findings[0].severity, SEVERITY_INFO);
        assert_int_equal(r->verdict, VERDICT_CLEAR);
        lab_close(&l);
    }
}

static void what_the_device_ends_itself_is_harmless_beside_another(void **state)
{
    (void)state;
    for (int last = 1; last <= 3; last++) {
        struct lab l;
        lab_open(&l);
        lab_use(&l, 0, HOST);
        for (int i = 0; i < last; i++)
            lab_tls(&l, 60000 + i, HOST,
                    (struct lab_tls){.outcome = TLS_RESET_BY_CLIENT, .client_ends = true});
        const struct result *r = lab_judge(&l);
        assert_int_equal(lab_troubles(r), last == 3); /* in a row: more than tidiness */
        lab_close(&l);
    }
}

static void quic_that_falls_back_is_harmless(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_resolve(&l, 0, HOST);
    lab_tls(&l, 100, HOST, (struct lab_tls){.outcome = TLS_NO_SERVER_HELLO, .quic = true});
    lab_tls(&l, 400, HOST, (struct lab_tls){.outcome = TLS_COMPLETED});
    lab_tls(&l, 90000, HOST, (struct lab_tls){.outcome = TLS_NO_SERVER_HELLO, .quic = true});
    const struct result *r = lab_judge(&l);
    assert_int_equal(lab_troubles(r), 0);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);

    /* Where nothing follows, it is what failed. */
    lab_open(&l);
    lab_resolve(&l, 0, HOST);
    lab_tls(&l, 100, HOST, (struct lab_tls){.outcome = TLS_NO_SERVER_HELLO, .quic = true});
    r = lab_judge(&l);
    const struct finding *f = lab_finding(r, FINDING_TLS_NO_SERVER_HELLO, HOST);
    assert_non_null(f);
    assert_string_equal(f->proto, "UDP");
    lab_close(&l);
}

static void a_pending_or_cut_handshake_is_no_failure(void **state)
{
    static const struct lab_tls ROWS[] = {
        {.outcome = TLS_PENDING},
        {.outcome = TLS_NO_SERVER_HELLO, .hello_cut = true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_resolve(&l, 0, HOST);
        lab_tls(&l, 100, HOST, ROWS[i]);
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->finding_count, 0);
        assert_int_equal(lab_status(r, "profile"), STATUS_INCONCLUSIVE);
        assert_int_equal(r->verdict, VERDICT_INCONCLUSIVE);
        lab_close(&l);
    }
}

/* ---- certificates ---- */

static void bad_certificates_fail_the_host_when_the_device_stops(void **state)
{
    static const struct {
        struct lab_tls how;
        enum finding_kind kind;
        const char *detail;
    } ROWS[] = {
        {{.issuer = GOOD, .valid_from = -900, .valid_to = -1},
         FINDING_TLS_CERTIFICATE_EXPIRED,
         "expired 2025-12-31T23:59:59.000000Z, issuer " GOOD},
        {{.issuer = GOOD, .valid_from = 3600, .valid_to = 7200},
         FINDING_TLS_CERTIFICATE_NOT_YET_VALID,
         "valid from 2026-01-01T01:00:00.000000Z, issuer " GOOD},
        {{.issuer = GOOD, .subject_name = "*.example.org"},
         FINDING_TLS_NAME_MISMATCH,
         "certificate is for *.example.org"},
        {{.issuer = GOOD, .subject_name = "*.com"},
         FINDING_TLS_NAME_MISMATCH,
         "certificate is for *.com"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        struct lab_tls how = ROWS[i].how;
        lab_open(&l);
        lab_resolve(&l, 0, HOST);
        how.outcome = TLS_ALERT;
        how.alert = 45;
        how.alert_from_client = true;
        lab_tls(&l, 100, HOST, how);
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, ROWS[i].kind, HOST);
        assert_non_null(f);
        assert_int_equal(f->severity, SEVERITY_ERROR);
        assert_string_equal(f->detail, ROWS[i].detail);
        assert_int_equal(f->confidence, CONFIDENCE_LIKELY);
        assert_int_equal(lab_status(r, "profile"), STATUS_FAILED);
        assert_int_equal(r->cause_count, 1);
        assert_string_equal(r->causes[0].kind, "server-certificate");
        assert_int_equal(r->causes[0].confidence, CONFIDENCE_LIKELY);
        lab_close(&l);

        /* One that looks at it only after the handshake, and leaves without a request. */
        lab_open(&l);
        lab_resolve(&l, 0, HOST);
        how.outcome = TLS_COMPLETED;
        how.leaves = true;
        lab_tls(&l, 100, HOST, how);
        r = lab_judge(&l);
        assert_int_equal(lab_troubles(r), 1);
        assert_int_equal(r->findings[0].kind, ROWS[i].kind);
        assert_int_equal(lab_status(r, "profile"), STATUS_FAILED);
        lab_close(&l);

        /* A device that goes on anyway is not stopped by it. */
        lab_open(&l);
        lab_resolve(&l, 0, HOST);
        how.leaves = false;
        lab_tls(&l, 100, HOST, how);
        r = lab_judge(&l);
        assert_int_equal(lab_troubles(r), 0);
        assert_int_equal(r->verdict, VERDICT_CLEAR);
        lab_close(&l);
    }
}

static void a_wildcard_stands_for_one_label(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_resolve(&l, 0, HOST);
    lab_tls(&l, 100, HOST,
            (struct lab_tls){
                .outcome = TLS_COMPLETED, .issuer = GOOD, .subject_name = "*.EXAMPLE.com"});
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->finding_count, 0);
    lab_close(&l);
}

static void inspect(struct lab *l, const char *issuer, bool two_domains, enum tls_outcome outcome)
{
    struct lab_tls how = {.outcome = outcome,
                          .issuer = issuer,
                          .alert = 48,
                          .alert_from_client = true,
                          .client_ends = true};
    lab_open(l);
    lab_resolve(l, 0, HOST);
    lab_tls(l, 100, HOST, how);
    if (two_domains) {
        lab_resolve(l, 200, "act.example.org");
        lab_tls(l, 300, "act.example.org", how);
    }
}

static void inspection_is_told_by_product_or_by_breadth(void **state)
{
    static const struct {
        const char *issuer;
        bool two_domains;
        enum tls_outcome outcome;
        int severity; /* -1: no finding */
        enum confidence confidence;
    } ROWS[] = {
        {FORTI, false, TLS_COMPLETED, SEVERITY_WARNING, CONFIDENCE_CERTAIN},
        {INNER, true, TLS_COMPLETED, SEVERITY_WARNING, CONFIDENCE_LIKELY},
        {INNER, true, TLS_ALERT, SEVERITY_WARNING, CONFIDENCE_CERTAIN},
        {INNER, false, TLS_ALERT, SEVERITY_WARNING, CONFIDENCE_LIKELY},
        {INNER, false, TLS_COMPLETED, SEVERITY_INFO, CONFIDENCE_POSSIBLE},
        {GOOD, true, TLS_COMPLETED, -1, CONFIDENCE_POSSIBLE},
        {"CN=DigiCert SHA2 Secure Server CA,O=DigiCert Inc,C=US", true, TLS_COMPLETED, -1,
         CONFIDENCE_POSSIBLE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        inspect(&l, ROWS[i].issuer, ROWS[i].two_domains, ROWS[i].outcome);
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_TLS_INSPECTED, HOST);
        if (ROWS[i].severity < 0) {
            assert_null(f);
            assert_int_equal(r->verdict, VERDICT_CLEAR);
        } else {
            assert_non_null(f);
            assert_int_equal(f->severity, ROWS[i].severity);
            assert_int_equal(f->confidence, ROWS[i].confidence);
        }
        lab_close(&l);
    }
}

/* A box signs when it is asked: a certificate of an unknown authority that is hours old is its work. */
static void a_fresh_certificate_is_a_sign_of_inspection(void **state)
{
    static const struct {
        const char *issuer;
        int64_t age_s;
        int severity; /* -1: no finding */
        enum confidence confidence;
    } ROWS[] = {
        {INNER, 3 * 3600, SEVERITY_WARNING, CONFIDENCE_LIKELY},
        {INNER, 0, SEVERITY_INFO, CONFIDENCE_POSSIBLE}, /* a day, in the lab */
        {INNER, 90 * 86400, SEVERITY_INFO, CONFIDENCE_POSSIBLE},
        {INNER, -3600, SEVERITY_INFO, CONFIDENCE_POSSIBLE}, /* not valid yet */
        {GOOD, 3 * 3600, -1, CONFIDENCE_POSSIBLE},          /* renewed this morning */
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_resolve(&l, 0, HOST);
        lab_tls(&l, 20, HOST,
                (struct lab_tls){.outcome = TLS_COMPLETED,
                                 .issuer = ROWS[i].issuer,
                                 .valid_from = -ROWS[i].age_s});
        const struct finding *f = lab_finding(lab_judge(&l), FINDING_TLS_INSPECTED, HOST);
        assert_int_equal(f ? (int)f->severity : -1, ROWS[i].severity);
        if (f) {
            assert_int_equal(f->confidence, ROWS[i].confidence);
            assert_int_equal(lab_proves(f, "valid since 3.0 hours"), i == 0);
        }
        lab_close(&l);
    }
}

/* What one device did on a certificate is not held for what the next one does. */
static void each_connection_has_its_own_reaction(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    for (int i = 0; i < 6; i++) {
        bool leaves = i % 2 == 0;
        l.device = leaves ? "10.0.0.5" : "10.0.0.6";
        lab_resolve(&l, i * 1000, HOST);
        lab_tls(&l, i * 1000 + 20, HOST,
                (struct lab_tls){.outcome = TLS_COMPLETED,
                                 .issuer = GOOD,
                                 .valid_to = -3600 - (leaves ? 60 : 0),
                                 .leaves = leaves});
    }
    const struct result *r = lab_judge(&l);
    unsigned found = 0;
    for (uint32_t i = 0; i < r->finding_count; i++) {
        const struct finding *f = &r->findings[i];
        if (f->kind != FINDING_TLS_CERTIFICATE_EXPIRED)
            continue;
        bool left = f->device.bytes[3] == 5;
        assert_int_equal(f->count, 3);
        assert_int_equal(f->severity, left ? SEVERITY_ERROR : SEVERITY_INFO);
        found++;
    }
    assert_int_equal(found, 2);
    lab_close(&l);
}

static void inspection_degrades_and_explains_refusals(void **state)
{
    struct lab l;
    (void)state;
    inspect(&l, INNER, true, TLS_COMPLETED);
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->verdict, VERDICT_DEGRADED);
    assert_int_equal(lab_status(r, "profile"), STATUS_DEGRADED);
    lab_close(&l);

    inspect(&l, INNER, true, TLS_ALERT);
    r = lab_judge(&l);
    assert_int_equal(r->verdict, VERDICT_BLOCKED);
    assert_int_equal(lab_troubles(r), 4); /* two refusals, two foreign certificates */
    assert_int_equal(r->cause_count, 1);
    assert_string_equal(r->causes[0].kind, "tls-inspection");
    assert_int_equal(r->causes[0].explain_count, 4);
    assert_int_equal(r->causes[0].severity, SEVERITY_ERROR);
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dead_connections_fail_the_host),
        cmocka_unit_test(a_syn_is_pending_until_the_patience_is_over),
        cmocka_unit_test(one_dead_address_of_two_is_a_note),
        cmocka_unit_test(the_last_attempts_decide),
        cmocka_unit_test(ipv6_that_falls_back_is_harmless),
        cmocka_unit_test(a_blocked_port_is_one_cause),
        cmocka_unit_test(a_conversation_of_unknown_protocol_works),
        cmocka_unit_test(broken_handshakes_fail_the_host),
        cmocka_unit_test(a_later_handshake_makes_up_for_it),
        cmocka_unit_test(what_the_device_ends_itself_is_harmless_beside_another),
        cmocka_unit_test(quic_that_falls_back_is_harmless),
        cmocka_unit_test(a_pending_or_cut_handshake_is_no_failure),
        cmocka_unit_test(bad_certificates_fail_the_host_when_the_device_stops),
        cmocka_unit_test(a_wildcard_stands_for_one_label),
        cmocka_unit_test(inspection_is_told_by_product_or_by_breadth),
        cmocka_unit_test(a_fresh_certificate_is_a_sign_of_inspection),
        cmocka_unit_test(each_connection_has_its_own_reaction),
        cmocka_unit_test(inspection_degrades_and_explains_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
