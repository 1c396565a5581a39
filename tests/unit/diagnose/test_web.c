/*
 * tests/unit/diagnose/test_web: portals, filters, proxies, idle connections.
 * SPDX-License-Identifier: MIT
 */
#include "lab_web.h"

/* ---- redirects, pages ---- */

static void redirects_to_the_site_are_a_portals(void **state)
{
    static const struct {
        const char *host, *location;
        bool captive;
    } ROWS[] = {
        {HOST, "http://10.1.1.1/login", true},
        {HOST, "https://portal.corp.local:8443/?u=http://x.com/", true},
        {HOST, "http://guest/", true},
        {HOST, "http://block.opendns.com/?x", true},
        {CRL, "http://block.contoso.com/", true},
        {HOST, "https://www.contoso.com/", false}, /* short links lead anywhere */
        {HOST, "/other", false},
        {HOST, "https://ztd.example.com/", false},
        {CRL, "https://cdn.example.org/base.crl", false},
        {CRL, "http://dl.do.example.com/base.crl", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        open_web(&l);
        lab_http(
            &l, 1000, ROWS[i].host,
            (struct lab_http){.status = 302, .target = "/base.crl", .location = ROWS[i].location});
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_HTTP_CAPTIVE_PORTAL, ROWS[i].host);
        assert_int_equal(f != NULL, ROWS[i].captive);
        assert_int_equal(r->finding_count, ROWS[i].captive);
        if (f)
            assert_non_null(strstr(f->summary, "sent on to another place"));
        lab_close(&l);
    }
}

static void the_step_at_which_the_check_stops_is_said(void **state)
{
    (void)state;
    for (int step = 0; step < 4; step++) {
        static const char *const WANT[] = {"at its name", "at its connection", "at its request",
                                           "at its answer"};
        struct lab l;
        open_web(&l);
        if (step == 0)
            lab_dns(&l, 1000, PROBE, LAB_A, NXDOMAIN, NULL);
        else if (step == 1)
            lab_tcp(&l, 1000, PROBE, 80, (struct lab_tcp){0});
        else
            lab_http(&l, 1000, PROBE,
                     (struct lab_http){.status = step == 2 ? 0 : 200,
                                       .target = "/connecttest.txt",
                                       .body = "<html>"});
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->finding_count, 1);
        assert_non_null(strstr(r->findings[0].detail, WANT[step]));
        lab_close(&l);
    }
}

static void text_behind_the_probes_is_an_alteration(void **state)
{
    static const struct {
        const char *body;
        bool altered;
    } ROWS[] = {
        {"Microsoft Connect Test<script src=//ads>", true},
        {"Microsoft Connect Test", false},
        {"Microsoft Connect Test\r\n", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        open_web(&l);
        lab_http(
            &l, 1000, PROBE,
            (struct lab_http){.status = 200, .target = "/connecttest.txt", .body = ROWS[i].body});
        const struct result *r = lab_judge(&l);
        assert_int_equal(lab_finding(r, FINDING_HTTP_ALTERED, PROBE) != NULL, ROWS[i].altered);
        assert_int_equal(lab_cause(r, "content-altered") != NULL, ROWS[i].altered);
        assert_int_equal(r->finding_count, ROWS[i].altered);
        lab_close(&l);
    }
}

static void block_pages_are_a_filters(void **state)
{
    static const struct {
        struct lab_http how;
        const char *cause;
    } ROWS[] = {
        {{.status = 403, .type = "text/html", .body = "<html><title>Web Page Blocked!</title>"},
         "web-filter"},
        {{.status = 503, .body = "<!DOCTYPE html><h1>FortiGuard Intrusion Prevention"},
         "web-filter"},
        {{.status = 451}, "web-filter"},
        {{.status = 403, .box = "ERR_ACCESS_DENIED 0", .via = "1.1 gate (squid/5.7)"},
         "web-filter"},
        /* A content network's own page. */
        {{.status = 403, .type = "text/html", .body = "<HTML><TITLE>Access Denied</TITLE>"},
         "server-error"},
        {{.status = 502, .via = "1.1 varnish"}, "server-error"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        open_web(&l);
        lab_http(&l, 1000, HOST, ROWS[i].how);
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_HTTP_ERROR, HOST);
        assert_non_null(f);
        assert_int_equal(r->cause_count, 1);
        assert_string_equal(r->causes[0].kind, ROWS[i].cause);
        assert_int_equal(f->culprit == CULPRIT_MIDDLEBOX, strcmp(ROWS[i].cause, "web-filter") == 0);
        lab_close(&l);
    }
}

static void a_transparent_proxy_is_a_note(void **state)
{
    static const struct {
        struct lab_http how;
        bool box;
    } ROWS[] = {
        {{.status = 200, .via = "1.1 gate.contoso.com (squid/5.7)", .rtt_ms = 40}, true},
        {{.status = 200, .box = "HIT from gate:3128"}, true},
        {{.status = 200, .via = "1.1 google"}, false}, /* content networks write one too */
        {{.status = 200, .server = "ECAcc (ams/1234)"}, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        open_web(&l);
        lab_http(&l, 1000, FILES, ROWS[i].how);
        lab_http(&l, 1000, FILES, ROWS[i].how);
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->finding_count, ROWS[i].box);
        assert_int_equal(r->verdict, VERDICT_CLEAR);
        if (ROWS[i].box) {
            assert_int_equal(r->findings[0].kind, FINDING_HTTP_INTERCEPTED);
            assert_int_equal(r->findings[0].severity, SEVERITY_INFO);
            assert_int_equal(r->findings[0].culprit, CULPRIT_PROXY);
        }
        if (i == 0)
            assert_string_equal(r->findings[0].detail,
                                "1.1 gate.contoso.com (squid/5.7); SYN answered after 1.0 ms, "
                                "request after 40.0 ms");
        lab_close(&l);
    }
}

/* ---- proxies ---- */

static void what_a_proxy_says_to_connect(void **state)
{
    static const struct {
        uint16_t status;
        const char *summary;
    } ROWS[] = {
        {403, HOST ": the proxy's policy does not let the host pass"},
        {502, HOST ": the proxy does not get through to the host"},
        {503, HOST ": the proxy does not get through to the host"},
        {504, HOST ": the proxy does not get through to the host"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open_with(&l, WEB_LIST);
        lab_http(&l, 1000, HOST ":443",
                 (struct lab_http){.status = ROWS[i].status,
                                   .method = "CONNECT",
                                   .target = HOST ":443",
                                   .to_proxy = true,
                                   .via = "1.1 gate.contoso.com (squid/5.7)",
                                   .box = "ERR_CONNECT_FAIL 110"});
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_HTTP_ERROR, HOST);
        assert_int_equal(f->culprit, CULPRIT_PROXY);
        assert_string_equal(f->summary, ROWS[i].summary);
        assert_non_null(
            strstr(f->detail, "from gate.contoso.com (squid/5.7) (ERR_CONNECT_FAIL 110)"));
        assert_string_equal(r->causes[0].kind, "proxy-refuses");
        lab_close(&l);
    }
}

static void hosts_that_must_pass_without_credentials(void **state)
{
    (void)state;
    for (int must = 0; must < 2; must++) {
        struct lab l;
        lab_open_with(&l, WEB_LIST);
        const char *host = must ? "open.example.com" : HOST;
        lab_connect(&l, 0, must ? "open.example.com:443" : HOST ":443", 407);
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_HTTP_PROXY_AUTH, host);
        assert_int_equal(strstr(f->summary, "none may be needed") != NULL, must);
        lab_close(&l);
    }
}

/* ---- the search for a proxy ---- */

static void search(struct lab *l, int64_t ms)
{
    lab_open_with(l, WEB_LIST);
    for (int64_t at = 0; at <= ms; at += 500)
        lab_dns(l, at, "wpad.corp.test", LAB_A, NXDOMAIN, NULL);
}

static void a_slow_search_for_a_proxy_is_a_note(void **state)
{
    struct lab l;
    (void)state;
    search(&l, 4500);
    lab_tls(&l, 5000, HOST, (struct lab_tls){.outcome = TLS_COMPLETED});
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->finding_count, 1);
    assert_int_equal(r->findings[0].kind, FINDING_PROXY_SEARCH_SLOW);
    assert_int_equal(r->findings[0].severity, SEVERITY_INFO);
    assert_string_equal(r->findings[0].detail,
                        "5.0 s from the first question to the first connection");
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

static void other_searches_are_silent(void **state)
{
    struct lab l;
    (void)state;
    /* A quick one. */
    search(&l, 500);
    lab_tls(&l, 900, HOST, (struct lab_tls){.outcome = TLS_COMPLETED});
    assert_int_equal(lab_judge(&l)->finding_count, 0);
    lab_close(&l);
    /* Nobody waited for it: the device idled, or had begun already. */
    search(&l, 500);
    lab_tls(&l, 9000, HOST, (struct lab_tls){.outcome = TLS_COMPLETED});
    assert_int_equal(lab_judge(&l)->finding_count, 0);
    lab_close(&l);
    search(&l, 4500);
    lab_tls(&l, 100, HOST, (struct lab_tls){.outcome = TLS_COMPLETED});
    assert_int_equal(lab_judge(&l)->finding_count, 0);
    lab_close(&l);
}

/* ---- idle connections, other modes ---- */

static void push(struct lab *l, int64_t at, int64_t length_ms, enum end_reason reason, enum dir by)
{
    struct flow f = lab_flow(l, at, IP_PROTO_TCP, "203.0.113.7", 443);
    struct flow_end how = {reason, by, lab_mark(l, at + length_ms)};
    f.side[DIR_TO_CLIENT] = (struct flow_side){.packets = 9, .ttl = LAB_TTL, .data = true};
    struct flow_signs signs = {.end_at = how.at};
    f.signs = &signs;
    f.end_by = by;
    f.rst_first = reason == END_RST;
    f.last = how.at;
    diagnosis_flow(l->d, &f, &how, slice_str(PUSH), "tls", 1);
}

static void push_connections_cut_by_the_clock(void **state)
{
    static const struct {
        int64_t ms[3];
        enum end_reason reason;
        enum dir by;
        bool cut;
    } ROWS[] = {
        {{60000, 60400, 59800}, END_RST, DIR_TO_CLIENT, true},
        {{60000, 25000, 110000}, END_RST, DIR_TO_CLIENT, false},
        {{60000, 60400, 59800}, END_FIN, DIR_TO_CLIENT, false},
        {{60000, 60400, 59800}, END_RST, DIR_TO_SERVER, false},
        {{900, 900, 900}, END_RST, DIR_TO_CLIENT, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        open_web(&l);
        lab_tls(&l, 500, PUSH, (struct lab_tls){.outcome = TLS_COMPLETED});
        for (int k = 0; k < 3; k++)
            push(&l, 1000 + k * 120000, ROWS[i].ms[k], ROWS[i].reason, ROWS[i].by);
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->finding_count, ROWS[i].cut);
        if (ROWS[i].cut) {
            assert_int_equal(r->findings[0].kind, FINDING_TCP_IDLE_CUT);
            assert_string_equal(r->findings[0].detail, "the last 3 were reset after 59 s");
            assert_int_equal(lab_status(r, "wns"), STATUS_DEGRADED);
            assert_non_null(lab_cause(r, "idle-cut"));
        }
        lab_close(&l);
    }
}

static void what_only_other_modes_need_is_a_note(void **state)
{
    struct lab l;
    (void)state;
    open_web(&l);
    lab_tcp(&l, 1000, TPM, 443, (struct lab_tcp){0});
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->finding_count, 1);
    assert_int_equal(r->findings[0].severity, SEVERITY_INFO);
    assert_non_null(strstr(r->findings[0].advice, "self-deploying mode"));
    assert_int_equal(lab_status(r, "tpm"), STATUS_FAILED);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

/* What is put into responses on the way: a coding that the device cannot read is a warning, a cookie a note. */
static void codings_and_cookies(void **state)
{
    static const struct {
        const char *host;
        struct lab_http how;
        enum finding_kind kind;
        int severity; /* -1: no finding at all */
        enum verdict_word verdict;
    } ROWS[] = {
        {CRL,
         {.status = 200, .target = "/a.crl", .body = "\x1f\x8b", .recoded = true},
         FINDING_HTTP_ALTERED,
         SEVERITY_WARNING,
         VERDICT_DEGRADED},
        {FILES,
         {.status = 206, .range_to = 999999, .length = 900000, .recoded = true},
         FINDING_HTTP_ALTERED,
         SEVERITY_WARNING,
         VERDICT_DEGRADED},
        /* It is the check that fails, and no portal that answers it. */
        {PROBE,
         {.status = 200, .target = "/connecttest.txt", .body = "\x1f\x8b", .recoded = true},
         FINDING_HTTP_ALTERED,
         SEVERITY_ERROR,
         VERDICT_BLOCKED},
        {CRL,
         {.status = 200, .target = "/a.crl", .body = "0\x82", .cookie = true},
         FINDING_HTTP_INTERCEPTED,
         SEVERITY_INFO,
         VERDICT_CLEAR},
        /* Web servers do both. */
        {HOST,
         {.status = 200, .body = "{}", .cookie = true, .recoded = true},
         FINDING_HTTP_ALTERED,
         -1,
         VERDICT_CLEAR},
        {CRL, {.status = 404, .cookie = true}, FINDING_HTTP_INTERCEPTED, -1, VERDICT_CLEAR},
        {CRL,
         {.status = 200, .target = "/a.crl", .body = "\x1f\x8b"},
         FINDING_HTTP_ALTERED,
         -1,
         VERDICT_CLEAR},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        open_web(&l);
        lab_http(&l, 1000, ROWS[i].host, ROWS[i].how);
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, ROWS[i].kind, ROWS[i].host);
        assert_int_equal(f ? (int)f->severity : -1, ROWS[i].severity);
        if (ROWS[i].how.status == 200)
            assert_int_equal(r->verdict, ROWS[i].verdict);
        assert_null(lab_finding(r, FINDING_HTTP_CAPTIVE_PORTAL, ROWS[i].host));
        lab_close(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codings_and_cookies),
        cmocka_unit_test(redirects_to_the_site_are_a_portals),
        cmocka_unit_test(the_step_at_which_the_check_stops_is_said),
        cmocka_unit_test(text_behind_the_probes_is_an_alteration),
        cmocka_unit_test(block_pages_are_a_filters),
        cmocka_unit_test(a_transparent_proxy_is_a_note),
        cmocka_unit_test(what_a_proxy_says_to_connect),
        cmocka_unit_test(hosts_that_must_pass_without_credentials),
        cmocka_unit_test(a_slow_search_for_a_proxy_is_a_note),
        cmocka_unit_test(other_searches_are_silent),
        cmocka_unit_test(push_connections_cut_by_the_clock),
        cmocka_unit_test(what_only_other_modes_need_is_a_note),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
