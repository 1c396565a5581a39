/*
 * tests/unit/diagnose/test_exchanges: HTTP, proxies, portals and time.
 * SPDX-License-Identifier: MIT
 */
#include "lab.h"

#define HOST  "ztd.example.com"
#define PROBE "www.probe.example"
#define NTP   "time.example.com"
#define CRL   "crl.example.org"

/* ---- the connectivity probe ---- */

static void other_content_is_a_captive_portal(void **state)
{
    static const struct lab_http ROWS[] = {
        {.status = 302, .location = "http://portal.test/login"},
        {.status = 200, .body = "<html>Please log in"},
        {.status = 511, .body = "Network Authentication Required"},
        {.status = 204},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        struct lab_http how = ROWS[i];
        lab_open(&l);
        lab_resolve(&l, 0, PROBE);
        how.target = "/connecttest.txt";
        lab_http(&l, 100, PROBE, how);
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_HTTP_CAPTIVE_PORTAL, PROBE);
        assert_non_null(f);
        assert_int_equal(f->severity, SEVERITY_ERROR);
        assert_int_equal(lab_status(r, "ncsi"), STATUS_FAILED);
        assert_non_null(lab_cause(r, "captive-portal"));
        lab_close(&l);

        /* A later probe that passes shows that the portal let the device in. */
        lab_open(&l);
        lab_resolve(&l, 0, PROBE);
        lab_http(&l, 100, PROBE, how);
        lab_probe(&l, 60000);
        r = lab_judge(&l);
        f = lab_finding(r, FINDING_HTTP_CAPTIVE_PORTAL, PROBE);
        assert_non_null(f);
        assert_int_equal(f->severity, SEVERITY_INFO);
        assert_true(f->recovered);
        assert_int_equal(r->verdict, VERDICT_CLEAR);
        lab_close(&l);
    }
}

static void a_good_probe_is_no_portal(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_probe(&l, 0);
    /* The page that a user opens later is meant to redirect. */
    lab_http(&l, 100, PROBE,
             (struct lab_http){
                 .status = 302, .target = "/redirect", .location = "http://go.example.com/"});
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->finding_count, 0);
    assert_int_equal(lab_status(r, "ncsi"), STATUS_REACHABLE);
    assert_string_equal(r->devices[0].phase, "connectivity");
    lab_close(&l);
}

/* ---- answers ---- */

static void statuses_that_matter_are_errors(void **state)
{
    static const struct {
        const char *host, *target;
        uint16_t status;
        bool fails;
    } ROWS[] = {
        {"act.example.org", "/", 503, true},  {"act.example.org", "/", 403, true},
        {"act.example.org", "/", 451, true},  {"act.example.org", "/", 404, false},
        {"act.example.org", "/", 401, false}, {"act.example.org", "/", 304, false},
        {CRL, "/base.crl", 404, true},        {CRL, "/base+.crl", 404, false},
        {CRL, "/base.crl", 304, false},       {PROBE, "/connecttest.txt", 404, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_resolve(&l, 0, ROWS[i].host);
        lab_http(&l, 100, ROWS[i].host,
                 (struct lab_http){.status = ROWS[i].status, .target = ROWS[i].target});
        const struct result *r = lab_judge(&l);
        assert_int_equal(lab_finding(r, FINDING_HTTP_ERROR, ROWS[i].host) != NULL, ROWS[i].fails);
        assert_int_equal(r->finding_count, ROWS[i].fails);
        lab_close(&l);
    }
}

static void silence_after_a_request_fails_the_host(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, HOST);
    lab_http(&l, 1000, CRL, (struct lab_http){.target = "/base.crl"});
    const struct result *r = lab_judge(&l);
    const struct finding *f = lab_finding(r, FINDING_HTTP_NO_RESPONSE, CRL);
    assert_non_null(f);
    assert_int_equal(r->verdict, VERDICT_DEGRADED); /* conditional service */
    assert_int_equal(lab_status(r, "crl"), STATUS_FAILED);
    lab_close(&l);

    lab_open(&l);
    lab_use(&l, 0, HOST);
    lab_http(&l, 1000, CRL, (struct lab_http){.target = "/base.crl", .pending = true});
    r = lab_judge(&l);
    assert_int_equal(r->finding_count, 0);
    assert_int_equal(lab_status(r, "crl"), STATUS_INCONCLUSIVE);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

/* ---- proxies ---- */

static void a_proxy_that_wants_credentials_blocks(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    l.server = "10.0.0.8";
    lab_connect(&l, 0, HOST ":443", 407);
    lab_connect(&l, 100, "login.example.net:443", 407);
    lab_http(&l, 200, PROBE,
             (struct lab_http){.status = 407,
                               .to_proxy = true,
                               .target = "http://www.probe.example/connecttest.txt"});
    const struct result *r = lab_judge(&l);
    const struct finding *f = lab_finding(r, FINDING_HTTP_PROXY_AUTH, HOST);
    assert_non_null(f);
    assert_int_equal(f->severity, SEVERITY_ERROR);
    assert_int_equal(f->culprit, CULPRIT_PROXY);
    assert_string_equal(f->detail, "status 407, asks for Negotiate");
    assert_int_equal(lab_status(r, "proxy"), STATUS_FAILED);
    assert_int_equal(lab_status(r, "profile"), STATUS_FAILED);
    assert_int_equal(lab_status(r, "ncsi"), STATUS_FAILED);
    assert_int_equal(r->cause_count, 1);
    assert_string_equal(r->causes[0].kind, "proxy-auth");
    assert_int_equal(r->device_count, 1); /* the proxy is none */
    lab_close(&l);
}

static void refusals_on_the_way_to_authentication_are_harmless(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_connect(&l, 0, HOST ":443", 407);
    lab_connect(&l, 100, HOST ":443", 407);
    lab_connect(&l, 200, HOST ":443", 200);
    lab_tls(&l, 300, HOST, (struct lab_tls){.outcome = TLS_COMPLETED, .via = "http"});
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->finding_count, 0);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    assert_int_equal(lab_status(r, "proxy"), STATUS_REACHABLE);
    lab_close(&l);
}

static void a_proxy_that_refuses_is_the_culprit(void **state)
{
    static const uint16_t STATUSES[] = {403, 502, 503, 504};
    (void)state;
    for (size_t i = 0; i < sizeof STATUSES / sizeof *STATUSES; i++) {
        struct lab l;
        lab_open(&l);
        lab_connect(&l, 0, "login.example.net:443", 200);
        lab_tls(&l, 100, "login.example.net",
                (struct lab_tls){.outcome = TLS_COMPLETED, .via = "http"});
        lab_connect(&l, 1000, HOST ":443", STATUSES[i]);
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_HTTP_ERROR, HOST);
        assert_non_null(f);
        assert_int_equal(f->culprit, CULPRIT_PROXY);
        assert_int_equal(f->port, 443);
        assert_non_null(lab_cause(r, "proxy-refuses"));
        assert_int_equal(lab_status(r, "proxy"), STATUS_REACHABLE);
        assert_int_equal(r->verdict, VERDICT_BLOCKED);
        lab_close(&l);
    }
}

/* ---- time ---- */

static void time_servers_that_fail_degrade(void **state)
{
    static const struct {
        struct lab_ntp how;
        enum finding_kind kind;
        const char *cause;
    } ROWS[] = {
        {{.unanswered = true}, FINDING_NTP_NO_REPLY, "ntp-blocked"},
        {{.kiss = "DENY"}, FINDING_NTP_KISS_OF_DEATH, "ntp-refused"},
        {{.kiss = "RATE"}, FINDING_NTP_KISS_OF_DEATH, "ntp-refused"},
        {{.leap = 3}, FINDING_NTP_UNSYNCHRONIZED, "ntp-unsynchronized"},
        {{.stratum = 16}, FINDING_NTP_UNSYNCHRONIZED, "ntp-unsynchronized"},
        {{.kiss = "INIT"}, FINDING_NTP_UNSYNCHRONIZED, "ntp-unsynchronized"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_use(&l, 0, HOST);
        lab_resolve(&l, 100, NTP);
        lab_ntp(&l, 200, NTP, ROWS[i].how);
        const struct result *r = lab_judge(&l);
        assert_non_null(lab_finding(r, ROWS[i].kind, NTP));
        assert_int_equal(lab_troubles(r), 1);
        assert_int_equal(lab_status(r, "ntp"), STATUS_FAILED);
        assert_int_equal(r->verdict, VERDICT_DEGRADED);
        assert_non_null(lab_cause(r, ROWS[i].cause));
        lab_close(&l);
    }
}

static void a_first_request_lost_is_harmless(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, HOST);
    lab_ntp(&l, 1000, NTP, (struct lab_ntp){.unanswered = true});
    lab_ntp(&l, 3000, NTP, (struct lab_ntp){0});
    lab_ntp(&l, 9000, NTP, (struct lab_ntp){.kiss = "RATE"}); /* enough for now */
    const struct result *r = lab_judge(&l);
    assert_int_equal(lab_troubles(r), 0);
    assert_int_equal(lab_status(r, "ntp"), STATUS_REACHABLE);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

static void a_wrong_clock_is_told_and_degrades(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, HOST);
    lab_ntp(&l, 1000, NTP, (struct lab_ntp){.offset_s = -7200});
    const struct result *r = lab_judge(&l);
    const struct finding *f = lab_finding(r, FINDING_CLOCK_SKEW, NTP);
    assert_non_null(f);
    assert_int_equal(f->severity, SEVERITY_WARNING);
    assert_string_equal(f->detail, "clock is 7200 s (2 hours) fast, against the time server");
    assert_int_equal(f->culprit, CULPRIT_DEVICE);
    assert_int_equal(r->verdict, VERDICT_DEGRADED);
    assert_non_null(lab_cause(r, "clock-wrong"));
    lab_close(&l);
}

static void a_clock_within_five_minutes_or_set_is_fine(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, HOST);
    lab_ntp(&l, 1000, NTP, (struct lab_ntp){.offset_s = 300});
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->finding_count, 0);
    lab_close(&l);

    lab_open(&l);
    lab_use(&l, 0, HOST);
    lab_ntp(&l, 1000, NTP, (struct lab_ntp){.offset_s = 86400});
    lab_ntp(&l, 9000, NTP, (struct lab_ntp){.offset_s = 0});
    r = lab_judge(&l);
    assert_int_equal(lab_finding(r, FINDING_CLOCK_SKEW, NTP)->severity, SEVERITY_INFO);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

static void a_wrong_clock_explains_refused_certificates(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, "login.example.net");
    lab_ntp(&l, 1000, NTP, (struct lab_ntp){.unanswered = true, .offset_s = 400 * 86400});
    lab_tls(&l, 2000, HOST,
            (struct lab_tls){.outcome = TLS_ALERT, .alert = 45, .alert_from_client = true});
    const struct result *r = lab_judge(&l);
    const struct cause *c = lab_cause(r, "clock-wrong");
    assert_non_null(c);
    assert_int_equal(c->explain_count, 2);
    assert_int_equal(c->severity, SEVERITY_ERROR);
    assert_int_equal(r->causes[0].id, c->id); /* it blocks: first */
    assert_non_null(lab_cause(r, "ntp-blocked"));
    assert_int_equal(r->cause_count, 2);
    lab_close(&l);
}

/* Behind a proxy that wants credentials: what the device gets round it is no failure, and what it does not get
 * is the proxy's. */
static void a_device_goes_round_the_proxy(void **state)
{
    static const struct {
        const char *what;
        int direct;     /* 1 works, 0 is silent, -1 is not tried */
        bool other;     /* a host that was never asked of the proxy is silent, too */
        uint16_t later; /* status of a later CONNECT; 0: none */
        enum verdict_word verdict;
        enum severity severity;
        uint32_t explains; /* by the cause; 0: no cause */
    } ROWS[] = {
        {"the direct way works", 1, false, 0, VERDICT_CLEAR, SEVERITY_INFO, 0},
        {"it is shut", 0, false, 0, VERDICT_BLOCKED, SEVERITY_ERROR, 2},
        {"it is shut to all", 0, true, 0, VERDICT_BLOCKED, SEVERITY_ERROR, 3},
        {"it works, though not to all", 1, true, 0, VERDICT_BLOCKED, SEVERITY_INFO, 0},
        {"it is not tried", -1, false, 0, VERDICT_BLOCKED, SEVERITY_ERROR, 1},
        {"the proxy was only negotiating", -1, false, 200, VERDICT_CLEAR, SEVERITY_INFO, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_connect(&l, 0, HOST ":443", 407);
        if (ROWS[i].later) {
            lab_connect(&l, 100, HOST ":443", ROWS[i].later);
            lab_tls(&l, 200, HOST, (struct lab_tls){.outcome = TLS_COMPLETED, .via = "http"});
        }
        if (ROWS[i].direct == 1)
            lab_use(&l, 1000, HOST);
        l.server = "203.0.113.8";
        if (ROWS[i].direct == 0)
            lab_tcp(&l, 1000, HOST, 443, (struct lab_tcp){0});
        if (ROWS[i].other)
            lab_tcp(&l, 1100, "act.example.org", 443, (struct lab_tcp){0});
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_HTTP_PROXY_AUTH, HOST);
        const struct cause *c = lab_cause(r, "proxy-auth");
        if (r->verdict != ROWS[i].verdict || !f != (ROWS[i].later == 200) ||
            (f && f->severity != ROWS[i].severity) ||
            (c ? c->explain_count : 0) != ROWS[i].explains)
            fail_msg("%s: verdict %d", ROWS[i].what, (int)r->verdict);
        if (c)
            assert_non_null(strstr(c->advice, "Let the proxy pass"));
        if (ROWS[i].direct == 1)
            assert_non_null(strstr(f->summary, "the direct way works"));
        lab_close(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_content_is_a_captive_portal),
        cmocka_unit_test(a_good_probe_is_no_portal),
        cmocka_unit_test(statuses_that_matter_are_errors),
        cmocka_unit_test(silence_after_a_request_fails_the_host),
        cmocka_unit_test(a_proxy_that_wants_credentials_blocks),
        cmocka_unit_test(refusals_on_the_way_to_authentication_are_harmless),
        cmocka_unit_test(a_proxy_that_refuses_is_the_culprit),
        cmocka_unit_test(time_servers_that_fail_degrade),
        cmocka_unit_test(a_first_request_lost_is_harmless),
        cmocka_unit_test(a_wrong_clock_is_told_and_degrades),
        cmocka_unit_test(a_clock_within_five_minutes_or_set_is_fine),
        cmocka_unit_test(a_wrong_clock_explains_refused_certificates),
        cmocka_unit_test(a_device_goes_round_the_proxy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
