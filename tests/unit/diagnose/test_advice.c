/*
 * tests/unit/diagnose/test_advice: what is asked for fits who did it, and what is certain has no "unless".
 * SPDX-License-Identifier: MIT
 */
#include "lab.h"

#define HOST  "ztd.example.com"
#define OTHER "login.example.net"
#define PROBE "www.probe.example"
#define FAR   20 /* ms */

static void assert_advises(const struct finding *f, const char *text)
{
    assert_non_null(f);
    if (!strstr(f->advice, text))
        fail_msg("\"%s\" does not say \"%s\"", f->advice, text);
}

static void a_refusal_asks_whoever_refused(void **state)
{
    static const struct {
        struct lab_tcp how;
        enum culprit culprit;
        const char *advice;
    } ROWS[] = {
        {{.refused = true, .rtt_ms = FAR, .ttl = LAB_TTL}, CULPRIT_SERVER, "who runs the host"},
        {{.refused = true, .rtt_ms = 1, .ttl = 64}, CULPRIT_MIDDLEBOX, "a firewall rule"},
    };
    static const char *const SERVERS[] = {"203.0.113.7", "203.0.114.7", "198.51.100.7"};
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        for (int64_t k = 0; k < 3; k++) {
            l.server = SERVERS[k];
            lab_tls(&l, 100 * k, OTHER, (struct lab_tls){.outcome = TLS_COMPLETED, .rtt_ms = FAR});
        }
        l.server = "203.0.113.8";
        lab_tcp(&l, 1100, HOST, 443, ROWS[i].how);
        const struct finding *f = lab_finding(lab_judge(&l), FINDING_TCP_REFUSED, HOST);
        assert_non_null(f);
        assert_int_equal(f->culprit, ROWS[i].culprit);
        assert_advises(f, ROWS[i].advice);
        lab_close(&l);
    }
}

static void an_alert_is_advised_by_what_it_says(void **state)
{
    static const struct {
        uint8_t alert;
        bool from_client;
        const char *advice;
    } ROWS[] = {
        {112, false, "resolves to the host's own address"},
        {116, false, "cannot hand on the certificate"},
        {80, false, "own connection to the host fails"},
        {70, false, "TLS versions"},
        {48, true, "who signed the certificate"},
        {112, true, "TLS versions"}, /* no device says so in earnest */
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_resolve(&l, 0, HOST);
        lab_tls(&l, 100, HOST,
                (struct lab_tls){.outcome = TLS_ALERT,
                                 .alert = ROWS[i].alert,
                                 .alert_from_client = ROWS[i].from_client});
        assert_advises(lab_finding(lab_judge(&l), FINDING_TLS_ALERT, HOST), ROWS[i].advice);
        lab_close(&l);
    }
}

/* Size is no matter where a short greeting is swallowed, or another name passes. */
static void a_swallowed_greeting_is_advised_by_its_length(void **state)
{
    static const struct {
        const char *what;
        bool shared; /* another name works at the address */
        uint16_t hello_len;
        uint32_t heard;
        bool size; /* is spoken of */
    } ROWS[] = {
        {"short, another name passes", true, 517, 0, false},
        {"short", false, 517, 0, false},
        {"short, arrived: the answer may be lost", false, 517, 517, true},
        {"long", false, 1800, 0, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_use(&l, 0, OTHER);
        lab_resolve(&l, 1000, HOST);
        l.server = ROWS[i].shared ? NULL : "203.0.113.8";
        lab_tls(&l, 1100, HOST,
                (struct lab_tls){.outcome = TLS_NO_SERVER_HELLO,
                                 .hello_len = ROWS[i].hello_len,
                                 .heard = ROWS[i].heard});
        const struct finding *f = lab_finding(lab_judge(&l), FINDING_TLS_NO_SERVER_HELLO, HOST);
        assert_non_null(f);
        if (!strstr(f->advice, "MTU") == ROWS[i].size)
            fail_msg("%s: %s", ROWS[i].what, f->advice);
        assert_int_equal(strstr(f->advice, "goes by TLS server names") != NULL, ROWS[i].shared);
        lab_close(&l);
    }
}

/* What a portal's resolver answers is not mended at the resolver. */
static void consequences_are_advised_like_their_cause(void **state)
{
    (void)state;
    for (int portal = 0; portal < 2; portal++) {
        struct lab l;
        lab_open(&l);
        l.server = "10.0.0.80";
        if (portal) {
            lab_dns(&l, 0, PROBE, LAB_A, LAB_OK, "10.0.0.80");
            lab_http(&l, 100, PROBE,
                     (struct lab_http){.status = 302,
                                       .target = "/connecttest.txt",
                                       .location = "http://portal.corp/login"});
        }
        lab_dns(&l, 1000, HOST, LAB_A, LAB_OK, "0.0.0.0");
        const struct result *r = lab_judge(&l);
        assert_advises(lab_finding(r, FINDING_DNS_SINKHOLE, HOST),
                       portal ? "past the portal" : "DNS filter");
        lab_close(&l);
    }
}

static void however_sure_each_says_what_would_disprove_it(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_connect(&l, 0, HOST ":443", 407);
    lab_dns(&l, 1000, OTHER, LAB_A, REFUSED, NULL);
    lab_resolve(&l, 2000, "act.example.org");
    lab_tls(&l, 2100, "act.example.org", (struct lab_tls){.outcome = TLS_NO_SERVER_HELLO});
    const struct result *r = lab_judge(&l);
    uint32_t certain = 0;
    for (uint32_t i = 0; i < r->finding_count; i++) {
        const struct finding *f = &r->findings[i];
        certain += f->confidence == CONFIDENCE_CERTAIN;
        assert_true(f->disproof[0] != '\0');
    }
    assert_int_equal(certain, 2);
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_asks_whoever_refused),
        cmocka_unit_test(an_alert_is_advised_by_what_it_says),
        cmocka_unit_test(a_swallowed_greeting_is_advised_by_its_length),
        cmocka_unit_test(consequences_are_advised_like_their_cause),
        cmocka_unit_test(however_sure_each_says_what_would_disprove_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
