/*
 * tests/unit/diagnose/test_revocation: revocation lists and responders, and what waits for them.
 * SPDX-License-Identifier: MIT
 */
#include "lab_web.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_authorities_are_no_pages),
        cmocka_unit_test(another_host_of_the_authority_makes_up),
        cmocka_unit_test(handshakes_that_wait_for_revocation),
        cmocka_unit_test(most_findings_speak_for_a_cause),
        cmocka_unit_test(a_blocked_port_80_explains_the_stall_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
