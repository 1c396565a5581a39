/*
 * tests/unit/diagnose/test_web: portals, filters, proxies, downloads, revocation, idle connections.
 * SPDX-License-Identifier: MIT
 */
#include "lab.h"

#define HOST  "ztd.example.com"
#define FILES "dl.do.example.com"
#define TRACK "kv.do.example.com"
#define CRL   "crl1.example.org"
#define CRL2  "crl2.example.org"
#define OCSP  "ocsp.example.org"
#define PUSH  "push.example.com"
#define TPM   "ek.example.com"
#define PROBE "www.probe.example"

static const char WEB_LIST[] =
    "{\"format\": \"oobescope-services/1\", \"as_of\": \"2026-01-01\", \"services\": ["
    "{\"id\": \"profile\", \"need\": \"required\", \"phase\": \"profile\", \"endpoints\": ["
    "  {\"host\": \"ztd.example.com\", \"ports\": [443, 80]},"
    "  {\"host\": \"open.example.com\", \"no_proxy_auth\": true}]},"
    "{\"id\": \"ncsi\", \"need\": \"required\", \"phase\": \"network\", \"endpoints\": ["
    "  {\"host\": \"www.probe.example\", \"ports\": [80], \"probe_path\": \"/connecttest.txt\","
    "   \"probe_body\": \"Microsoft Connect Test\"}]},"
    "{\"id\": \"crl\", \"need\": \"conditional\", \"phase\": \"network\", \"endpoints\": ["
    "  {\"host\": \"crl1.example.org\", \"ports\": [80], \"role\": \"crl\"},"
    "  {\"host\": \"crl2.example.org\", \"ports\": [80], \"role\": \"crl\"},"
    "  {\"host\": \"ocsp.example.org\", \"ports\": [80], \"role\": \"ocsp\"},"
    "  {\"host\": \"ctl.example.net\", \"ports\": [80], \"role\": \"ctl\"}]},"
    "{\"id\": \"delivery-optimization\", \"need\": \"optional\", \"phase\": \"updates\","
    " \"endpoints\": ["
    "  {\"host\": \"kv.do.example.com\"}, {\"host\": \"dl.do.example.com\", \"ports\": [80]}]},"
    "{\"id\": \"wns\", \"need\": \"optional\", \"phase\": \"notification\", \"endpoints\": ["
    "  {\"host\": \"push.example.com\"}]},"
    "{\"id\": \"tpm\", \"need\": \"conditional\", \"other_modes\": true, \"endpoints\": ["
    "  {\"host\": \"ek.example.com\", \"need\": \"optional\"}]},"
    "{\"id\": \"proxy\", \"need\": \"conditional\", \"endpoints\": ["
    "  {\"host\": \"wpad.*\", \"ports\": [80], \"need\": \"optional\"}]}]}";

static void open_web(struct lab *l)
{
    lab_open_with(l, WEB_LIST);
    lab_tls(l, 0, HOST, (struct lab_tls){.outcome = TLS_COMPLETED});
}

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

/* ---- downloads ---- */

static void ranges_that_are_not_served(void **state)
{
    static const struct {
        struct lab_http how;
        bool bad;
    } ROWS[] = {
        {{.status = 200, .range_from = 1000000, .range_to = 1999999, .length = 90000000}, true},
        {{.status = 200, .range_to = 999999, .length = 90000000, .no_ranges = true}, true},
        {{.status = 501, .range_to = 999999}, false}, /* an error already */
        {{.status = 416, .range_to = 999999}, true},
        {{.status = 206, .range_from = 1000, .range_to = 1999, .length = 1000}, true}, /* from 0 */
        {{.status = 206, .range_from = 1000, .range_to = 1999, .content_from = 1000}, false},
        {{.status = 416, .range_from = 90000000, .range_to = 91000000}, false}, /* behind the end */
        {{.status = 200, .range_from = 0, .range_to = 4095, .length = 4096}, false}, /* the whole */
        {{.status = 200, .range_from = 10, .range_to = 20, .length = 30000}, false}, /* small */
        {{.status = 200, .length = 90000000}, false}, /* no range asked for */
        /* chunked: no length is announced */
        {{.status = 200, .range_from = 1000000, .range_to = 1999999, .came = 90000000}, true},
        {{.status = 200, .range_from = 10, .range_to = 20, .came = 30000}, false},
        {{.status = 200, .range_to = 99999, .came = 100000}, false}, /* the whole */
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        open_web(&l);
        lab_http(&l, 1000, FILES, ROWS[i].how);
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_HTTP_RANGE_IGNORED, FILES);
        assert_int_equal(f != NULL, ROWS[i].bad);
        if (f) {
            assert_int_equal(f->severity, SEVERITY_WARNING);
            assert_int_equal(lab_status(r, "delivery-optimization"), STATUS_DEGRADED);
            assert_non_null(lab_cause(r, "ranges-ignored"));
        }
        lab_close(&l);
    }
}

static void ranges_that_work_later_are_a_note(void **state)
{
    struct lab l;
    (void)state;
    open_web(&l);
    lab_http(&l, 1000, FILES,
             (struct lab_http){.status = 200, .range_to = 999999, .length = 90000000});
    lab_http(&l, 2000, FILES,
             (struct lab_http){.status = 206, .range_to = 999999, .length = 1000000});
    const struct result *r = lab_judge(&l);
    assert_int_equal(lab_finding(r, FINDING_HTTP_RANGE_IGNORED, FILES)->severity, SEVERITY_INFO);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

static void download(struct lab *l, int64_t at, int64_t came, bool cut)
{
    lab_http(l, at, FILES,
             (struct lab_http){.status = 200, .length = 90000000, .came = came, .cut = cut});
}

static void downloads_cut_at_one_size(void **state)
{
    struct lab l;
    (void)state;
    open_web(&l);
    download(&l, 1000, 10485760, true);
    download(&l, 2000, 10450000, true);
    download(&l, 3000, 10485000, true);
    const struct result *r = lab_judge(&l);
    const struct finding *f = lab_finding(r, FINDING_HTTP_CUT_SHORT, FILES);
    assert_int_equal(f->severity, SEVERITY_ERROR);
    assert_string_equal(f->detail,
                        "the server's side ends the body after about 10.5 MB, 3 times in a row "
                        "at this size");
    assert_non_null(lab_cause(r, "downloads-cut"));
    assert_int_equal(r->verdict, VERDICT_DEGRADED); /* an optional service */
    lab_close(&l);
}

static void other_cuts_are_notes(void **state)
{
    struct lab l;
    (void)state;
    /* Once, and at different sizes: a network that is bad, no limit. */
    open_web(&l);
    download(&l, 1000, 10485760, true);
    download(&l, 2000, 3000000, true);
    const struct result *r = lab_judge(&l);
    const struct finding *f = lab_finding(r, FINDING_HTTP_CUT_SHORT, FILES);
    assert_int_equal(f->severity, SEVERITY_INFO);
    assert_int_equal(f->culprit, CULPRIT_NONE); /* nothing tells */
    assert_int_equal(f->confidence, CONFIDENCE_POSSIBLE);
    lab_close(&l);
    /* The whole came in the end. */
    open_web(&l);
    download(&l, 1000, 10485760, true);
    download(&l, 2000, 10485760, true);
    download(&l, 3000, 90000000, false);
    r = lab_judge(&l);
    assert_int_equal(lab_finding(r, FINDING_HTTP_CUT_SHORT, FILES)->severity, SEVERITY_INFO);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
    /* Content by address comes from a cache of the site: nobody's business. */
    open_web(&l);
    lab_http(&l, 1000, "10.0.0.77",
             (struct lab_http){.status = 200, .range_to = 999999, .length = 90000000});
    r = lab_judge(&l);
    assert_int_equal(r->finding_count, 0);
    lab_close(&l);
}

static void delivery_without_its_service_goes_on(void **state)
{
    (void)state;
    for (int content = 0; content < 2; content++) {
        struct lab l;
        open_web(&l);
        lab_tcp(&l, 1000, TRACK, 443, (struct lab_tcp){0});
        if (content)
            download(&l, 2000, 90000000, false);
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->verdict, VERDICT_DEGRADED);
        assert_int_equal(r->cause_count, 1);
        assert_string_equal(r->causes[0].kind,
                            content ? "delivery-optimization" : "host-unreachable");
        lab_close(&l);
    }
}

/* ---- revocation ---- */

static void files_of_authorities_are_no_pages(void **state)
{
    static const struct {
        const char *host, *target, *body;
        bool altered;
    } ROWS[] = {
        {CRL, "/a.crl", "<html><body>Please log in", true},
        {CRL, "/a.crl", "Access is denied", true},
        {OCSP, "/MFEw", "<!DOCTYPE html>", true},
        {"ctl.example.net", "/x/authrootstl.cab?1", "<html>", true},
        {CRL, "/a.crl", "0\x82\x01\x02", false},
        {CRL, "/a.crl", "", false}, /* not captured */
        {CRL, "/a.crl", "-----BEGIN X509 CRL", false},
        {OCSP, "/MFEw", "0\x82", false},
        {"ctl.example.net", "/x/authrootstl.cab?1", "MSCF", false},
        {CRL, "/index", "<html>", false}, /* a page was asked for */
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        open_web(&l);
        lab_http(&l, 1000, ROWS[i].host,
                 (struct lab_http){.status = 200, .target = ROWS[i].target, .body = ROWS[i].body});
        const struct result *r = lab_judge(&l);
        assert_int_equal(lab_finding(r, FINDING_HTTP_ALTERED, ROWS[i].host) != NULL,
                         ROWS[i].altered);
        assert_int_equal(r->finding_count, ROWS[i].altered);
        assert_int_equal(lab_cause(r, "revocation-unreachable") != NULL, ROWS[i].altered);
        lab_close(&l);
    }
}

static void another_host_of_the_authority_makes_up(void **state)
{
    (void)state;
    for (int second = 0; second < 2; second++) {
        struct lab l;
        open_web(&l);
        lab_tcp(&l, 1000, CRL, 80, (struct lab_tcp){0});
        if (second)
            lab_http(&l, 16000, CRL2, (struct lab_http){.status = 200, .target = "/a.crl"});
        const struct result *r = lab_judge(&l);
        assert_int_equal(lab_finding(r, FINDING_TCP_NO_REPLY, CRL)->severity,
                         second ? SEVERITY_INFO : SEVERITY_ERROR);
        assert_int_equal(r->verdict, second ? VERDICT_CLEAR : VERDICT_DEGRADED);
        lab_close(&l);
    }
}

/* A handshake that takes long is laid to the revocation check that begins within it. */
static void handshakes_that_wait_for_revocation(void **state)
{
    static const struct {
        int64_t tls_at, stall_ms, crl_at;
        bool answered;
        bool stalled;
    } ROWS[] = {
        {1000, 15000, 1100, false, true},   {1000, 15000, 600, false, true},
        {1000, 15000, 1100, true, false},   /* the list came */
        {1000, 900, 1100, false, false},    /* no stall */
        {1000, 15000, 17000, false, false}, /* after it */
        {60000, 15000, 1100, false, false}, /* long before */
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        open_web(&l);
        lab_tls(&l, ROWS[i].tls_at, HOST,
                (struct lab_tls){.outcome = TLS_COMPLETED, .stall_ms = ROWS[i].stall_ms});
        if (ROWS[i].answered)
            lab_http(&l, ROWS[i].crl_at, CRL, (struct lab_http){.status = 200, .target = "/a.crl"});
        else
            lab_tcp(&l, ROWS[i].crl_at, CRL, 80, (struct lab_tcp){0});
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_TLS_STALLED, HOST);
        assert_int_equal(f != NULL, ROWS[i].stalled);
        if (f) {
            assert_int_equal(f->severity, SEVERITY_WARNING);
            assert_non_null(strstr(f->detail, "15.1 s after the server's greeting, while " CRL));
            assert_int_equal(r->cause_count, 1);
            assert_string_equal(r->causes[0].kind, "revocation-unreachable");
            assert_int_equal(r->causes[0].explain_count, 2);
            assert_string_equal(r->causes[0].advice,
                                lab_finding(r, FINDING_TCP_NO_REPLY, CRL)->advice);
            assert_int_equal(lab_status(r, "profile"), STATUS_DEGRADED);
        }
        lab_close(&l);
    }
}

static const char *advice_of(const struct result *r, enum finding_kind kind)
{
    for (uint32_t i = 0; i < r->finding_count; i++) {
        if (r->findings[i].kind == kind)
            return r->findings[i].advice;
    }
    fail_msg("no finding of kind %d", (int)kind);
    return NULL;
}

/* What a cause advises is what most of its findings do. */
static void most_findings_speak_for_a_cause(void **state)
{
    static const char *const DEVICES[] = {"10.0.0.4", "10.0.0.5", "10.0.0.6"};
    (void)state;
    for (size_t silent = 0; silent < 3; silent++) {
        struct lab l;
        open_web(&l);
        for (size_t i = 0; i < 3; i++) {
            l.device = DEVICES[i];
            lab_use(&l, 500, HOST);
            lab_resolve(&l, 900, CRL);
            if (i == silent)
                lab_tcp(&l, 1000, CRL, 80, (struct lab_tcp){0});
            else
                lab_http(&l, 1000, CRL, (struct lab_http){.status = 503, .target = "/a.crl"});
        }
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->cause_count, 1);
        assert_string_equal(r->causes[0].kind, "revocation-unreachable");
        assert_int_equal(r->causes[0].explain_count, 3);
        assert_string_equal(r->causes[0].advice, advice_of(r, FINDING_HTTP_ERROR));
        lab_close(&l);
    }
}

static void a_blocked_port_80_explains_the_stall_too(void **state)
{
    struct lab l;
    (void)state;
    open_web(&l);
    lab_tls(&l, 1000, HOST, (struct lab_tls){.outcome = TLS_COMPLETED, .stall_ms = 15000});
    lab_tcp(&l, 1100, CRL, 80, (struct lab_tcp){0});
    lab_tcp(&l, 1200, OCSP, 80, (struct lab_tcp){0});
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->cause_count, 1);
    assert_string_equal(r->causes[0].kind, "port-blocked");
    assert_int_equal(r->causes[0].explain_count, 3);
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
        cmocka_unit_test(ranges_that_are_not_served),
        cmocka_unit_test(ranges_that_work_later_are_a_note),
        cmocka_unit_test(downloads_cut_at_one_size),
        cmocka_unit_test(other_cuts_are_notes),
        cmocka_unit_test(delivery_without_its_service_goes_on),
        cmocka_unit_test(files_of_authorities_are_no_pages),
        cmocka_unit_test(another_host_of_the_authority_makes_up),
        cmocka_unit_test(handshakes_that_wait_for_revocation),
        cmocka_unit_test(most_findings_speak_for_a_cause),
        cmocka_unit_test(a_blocked_port_80_explains_the_stall_too),
        cmocka_unit_test(push_connections_cut_by_the_clock),
        cmocka_unit_test(what_only_other_modes_need_is_a_note),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
