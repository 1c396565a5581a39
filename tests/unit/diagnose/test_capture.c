/*
 * tests/unit/diagnose/test_capture: what a capture lacks is nobody's failure.
 * SPDX-License-Identifier: MIT
 */
#include "lab.h"

#define HOST  "ztd.example.com"
#define OTHER "act.example.org"
#define TIME  "time.example.com"

static void one_direction_proves_no_failure(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_dns(&l, 0, HOST, LAB_A, NO_REPLY, NULL);
    lab_tls(&l, 50, HOST, (struct lab_tls){.outcome = TLS_NO_SERVER_HELLO});
    for (int i = 0; i < 4; i++)
        lab_tcp(&l, 100 + i, HOST, 443, (struct lab_tcp){.half = true});
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(r->finding_count, 1);
    assert_int_equal(r->findings[0].kind, FINDING_CAPTURE_ONE_WAY);
    assert_int_equal(r->findings[0].culprit, CULPRIT_CAPTURE);
    assert_string_equal(r->findings[0].detail, "4 of 5 connections");
    assert_int_equal(r->findings[0].severity, SEVERITY_INFO);
    assert_int_equal(lab_status(r, "profile"), STATUS_INCONCLUSIVE);
    assert_int_equal(lab_status(r, "dns"), STATUS_INCONCLUSIVE);
    assert_string_equal(r->causes[0].kind, "capture-limits");
    lab_close(&l);
}

static void cut_packets_leave_doubt(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    l.capture.truncated_packets = l.capture.packets / 2;
    lab_use(&l, 0, "login.example.net");
    lab_dns(&l, 100, HOST, LAB_A, LAB_OK, NULL); /* the addresses were cut off */
    lab_tls(&l, 200, HOST, (struct lab_tls){.outcome = TLS_INCOMPLETE});
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(r->finding_count, 1);
    assert_int_equal(r->findings[0].kind, FINDING_CAPTURE_TRUNCATED);
    assert_int_equal(r->findings[0].severity, SEVERITY_INFO);
    assert_string_equal(r->causes[0].kind, "capture-limits");
    lab_close(&l);

    /* What does not depend on the missing bytes still counts. */
    lab_open(&l);
    l.capture.truncated_packets = l.capture.packets / 2;
    lab_tcp(&l, 0, HOST, 443, (struct lab_tcp){0});
    r = lab_judge(&l);
    assert_int_equal(r->verdict, VERDICT_BLOCKED);
    lab_close(&l);
}

static void gaps_are_noted(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    l.capture.gap_bytes = 1460;
    lab_use(&l, 0, HOST);
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->finding_count, 1);
    assert_int_equal(r->findings[0].kind, FINDING_CAPTURE_GAPS);
    assert_string_equal(r->findings[0].detail, "1460 bytes are missing");
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

/* Asymmetric routes: of some connections only one direction passes the capture point. */
static void half_connections_prove_nothing(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    for (int i = 0; i < 8; i++)
        lab_use(&l, i * 1000, OTHER);
    lab_resolve(&l, 20000, HOST);
    lab_tls(&l, 20100, HOST, (struct lab_tls){.outcome = TLS_INCOMPLETE, .half = true});
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(lab_status(r, "profile"), STATUS_INCONCLUSIVE);
    assert_int_equal(lab_status(r, "activation"), STATUS_REACHABLE);
    assert_int_equal(r->finding_count, 1);
    assert_int_equal(r->findings[0].kind, FINDING_CAPTURE_ONE_WAY);
    assert_int_equal(r->findings[0].severity, SEVERITY_INFO);
    assert_string_equal(r->findings[0].detail, "1 of 9 connections");
    lab_close(&l);

    /* Another connection to the host shows that it works. */
    lab_open(&l);
    for (int i = 0; i < 8; i++)
        lab_use(&l, i * 1000, HOST);
    lab_tls(&l, 20100, HOST, (struct lab_tls){.outcome = TLS_INCOMPLETE, .half = true});
    r = lab_judge(&l);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

/* A reset may come after all that the capture has not. */
static void gaps_in_a_handshake_leave_doubt(void **state)
{
    const struct lab_tls cases[] = {
        {.outcome = TLS_RESET_BY_SERVER, .gap = true},
        {.outcome = TLS_INCOMPLETE, .gap = true},
        {.outcome = TLS_CLOSED, .lost = true},
        {.outcome = TLS_NO_SERVER_HELLO, .lost = true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lab l;
        lab_open(&l);
        lab_use(&l, 0, OTHER);
        lab_resolve(&l, 1000, HOST);
        lab_tls(&l, 1100, HOST, cases[i]);
        l.capture.gap_bytes = 1460;
        const struct result *r = lab_judge(&l);
        assert_int_equal(lab_troubles(r), 0);
        assert_int_equal(lab_status(r, "profile"), STATUS_INCONCLUSIVE);
        assert_int_equal(r->verdict, VERDICT_INCONCLUSIVE);
        assert_non_null(lab_cause(r, "capture-limits"));
        lab_close(&l);
    }
}

/* An alert says what it says, whatever is missing. */
static void what_was_seen_counts_beside_gaps(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_resolve(&l, 0, HOST);
    lab_tls(&l, 100, HOST, (struct lab_tls){.outcome = TLS_ALERT, .alert = 40, .lost = true});
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->verdict, VERDICT_BLOCKED);
    lab_close(&l);
}

/* Whether the device went on after a bad certificate lies in the gap. */
static void a_reaction_in_a_gap_is_unknown(void **state)
{
    struct lab_tls expired = {
        .outcome = TLS_COMPLETED, .issuer = "CN=DigiCert TLS RSA SHA256 2020 CA1", .leaves = true};
    struct lab l;
    (void)state;
    expired.valid_from = -9000;
    expired.valid_to = -100;
    lab_open(&l);
    lab_resolve(&l, 0, HOST);
    lab_tls(&l, 100, HOST, expired);
    assert_int_equal(lab_judge(&l)->verdict, VERDICT_BLOCKED);
    lab_close(&l);

    expired.lost = true;
    lab_open(&l);
    lab_resolve(&l, 0, HOST);
    lab_tls(&l, 100, HOST, expired);
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(lab_troubles(r), 0);
    lab_close(&l);

    /* A request that overtook the server's last message. */
    expired.lost = false;
    expired.early = true;
    lab_open(&l);
    lab_resolve(&l, 0, HOST);
    lab_tls(&l, 100, HOST, expired);
    r = lab_judge(&l);
    assert_int_equal(lab_status(r, "profile"), STATUS_REACHABLE);
    assert_int_equal(lab_troubles(r), 0);
    lab_close(&l);
}

/* A device that has its answer does not ask again. */
static void silence_in_a_lossy_capture(void **state)
{
    struct lab l;
    (void)state;
    for (int drops = 0; drops < 2; drops++) {
        for (int requests = 1; requests <= 2; requests++) {
            lab_open(&l);
            if (drops)
                l.capture.kernel_drops = l.capture.packets / 100;
            else
                lab_tls(&l, 0, OTHER, (struct lab_tls){.outcome = TLS_COMPLETED, .lost = true});
            lab_use(&l, 100, HOST);
            lab_resolve(&l, 1000, TIME);
            for (int i = 0; i < requests; i++)
                lab_ntp(&l, 1100 + i * 1000, TIME, (struct lab_ntp){.unanswered = true});
            const struct result *r = lab_judge(&l);
            assert_int_equal(r->verdict, requests > 1 ? VERDICT_DEGRADED : VERDICT_CLEAR);
            assert_int_equal(lab_status(r, "ntp"),
                             requests > 1 ? STATUS_FAILED : STATUS_INCONCLUSIVE);
            lab_close(&l);
        }
    }
    /* Without losses one request is enough. */
    lab_open(&l);
    lab_use(&l, 100, HOST);
    lab_ntp(&l, 1100, TIME, (struct lab_ntp){.unanswered = true});
    assert_int_equal(lab_judge(&l)->verdict, VERDICT_DEGRADED);
    lab_close(&l);
}

static void a_single_question_in_a_lossy_capture(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    l.capture.kernel_drops = l.capture.packets / 100;
    lab_dns(&l, 0, HOST, LAB_A, NO_REPLY, NULL);
    const struct result *r = lab_judge(&l);
    assert_int_equal(lab_troubles(r), 0);
    assert_int_equal(r->verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(lab_status(r, "dns"), STATUS_INCONCLUSIVE);
    const struct finding *f = lab_finding(r, FINDING_CAPTURE_GAPS, "");
    assert_non_null(f);
    assert_string_equal(f->detail, "1000 packets were dropped by the capture's own count");
    lab_close(&l);
}

enum asking {
    ONCE,
    AGAIN,
    AGAIN_AT_ANOTHER, /* resolver */
    FEW,
    CONNECTED, /* a connection shows both directions */
};

/* Who gets no answer asks again; a device that asks for one name after the other, each once, has heard
 * answers that the capture has not. */
static void questions_asked_once_were_answered(void **state)
{
    static const char *const NAMES[] = {HOST, OTHER, "login.example.net", TIME,
                                        "www.probe.example"};
    static const struct {
        enum asking how;
        enum verdict_word verdict;
        enum status_word dns;
    } ROWS[] = {
        {ONCE, VERDICT_INCONCLUSIVE, STATUS_INCONCLUSIVE},  {AGAIN, VERDICT_BLOCKED, STATUS_FAILED},
        {AGAIN_AT_ANOTHER, VERDICT_BLOCKED, STATUS_FAILED}, {FEW, VERDICT_BLOCKED, STATUS_FAILED},
        {CONNECTED, VERDICT_BLOCKED, STATUS_FAILED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        for (int n = 0; n < (ROWS[i].how == FEW ? 3 : 5); n++) {
            lab_dns(&l, n * 500, NAMES[n], LAB_A, NO_REPLY, NULL);
            lab_dns(&l, n * 500 + 1, NAMES[n], LAB_AAAA, NO_REPLY, NULL);
        }
        if (ROWS[i].how == AGAIN_AT_ANOTHER)
            l.resolver = "10.0.0.54";
        if (ROWS[i].how == AGAIN || ROWS[i].how == AGAIN_AT_ANOTHER)
            lab_dns(&l, 5000, HOST, LAB_A, NO_REPLY, NULL);
        if (ROWS[i].how == CONNECTED)
            lab_tcp(&l, 6000, "events.example.com", 443, (struct lab_tcp){.conversation = true});
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->verdict, ROWS[i].verdict);
        assert_int_equal(lab_status(r, "dns"), ROWS[i].dns);
        if (ROWS[i].how == ONCE) {
            assert_int_equal(lab_troubles(r), 0);
            const struct finding *f = lab_finding(r, FINDING_CAPTURE_ONE_WAY, "");
            assert_non_null(f);
            assert_int_equal(f->count, 10);
            assert_string_equal(
                f->detail, "10 DNS questions without answer, none of which the device asked again");
        }
        lab_close(&l);
    }
}

/* The check that a portal let pass may be among what was lost: who goes on by TLS got past it. */
static void a_portal_that_was_passed(void **state)
{
    static const struct {
        bool lossy;
        int64_t use_ms; /* when the device comes through to another host */
        enum severity severity;
    } ROWS[] = {
        {true, 2000, SEVERITY_INFO},
        {true, 500, SEVERITY_ERROR},
        {false, 2000, SEVERITY_ERROR},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        if (ROWS[i].lossy)
            l.capture.kernel_drops = l.capture.packets / 100;
        lab_resolve(&l, 900, "www.probe.example");
        lab_http(&l, 1000, "www.probe.example",
                 (struct lab_http){.status = 302,
                                   .target = "/connecttest.txt",
                                   .location = "http://portal.corp.example/"});
        lab_use(&l, ROWS[i].use_ms, HOST);
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_HTTP_CAPTIVE_PORTAL, "www.probe.example");
        assert_non_null(f);
        assert_int_equal(f->severity, ROWS[i].severity);
        bool passed = ROWS[i].severity == SEVERITY_INFO;
        assert_int_equal(r->verdict, passed ? VERDICT_INCONCLUSIVE : VERDICT_BLOCKED);
        assert_int_equal(lab_status(r, "ncsi"), passed ? STATUS_INCONCLUSIVE : STATUS_FAILED);
        lab_close(&l);
    }
}

/* A device that sends an alert resets the connection: the alert of one of them is missing. */
static void a_reset_whose_alert_was_lost(void **state)
{
    (void)state;
    for (int lossy = 0; lossy < 2; lossy++) {
        struct lab l;
        lab_open(&l);
        if (lossy)
            l.capture.kernel_drops = l.capture.packets / 100;
        lab_resolve(&l, 0, HOST);
        lab_tls(&l, 100, HOST,
                (struct lab_tls){.outcome = TLS_ALERT, .alert = 48, .alert_from_client = true});
        lab_tls(&l, 2000, HOST,
                (struct lab_tls){.outcome = TLS_RESET_BY_CLIENT, .client_ends = true});
        const struct result *r = lab_judge(&l);
        assert_non_null(lab_finding(r, FINDING_TLS_ALERT, HOST));
        assert_int_equal(lab_finding(r, FINDING_TLS_RESET, HOST) != NULL, !lossy);
        assert_int_equal(r->verdict, VERDICT_BLOCKED);
        lab_close(&l);
    }
}

static void damage_is_a_reason(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, HOST);
    l.capture.damaged_files = 1;
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    assert_int_equal(r->reason_count, 2);
    assert_non_null(strstr(r->reasons[1], "could not be read"));
    lab_close(&l);
}

/* A required service that was only looked up is told of. */
static void clear_does_not_hide_what_is_unknown(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, HOST);
    lab_resolve(&l, 1000, OTHER);
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    assert_string_equal(r->reasons[0],
                        "nothing failed, but the capture does not show whether these "
                        "worked: Activation");
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_direction_proves_no_failure),
        cmocka_unit_test(half_connections_prove_nothing),
        cmocka_unit_test(cut_packets_leave_doubt),
        cmocka_unit_test(gaps_are_noted),
        cmocka_unit_test(gaps_in_a_handshake_leave_doubt),
        cmocka_unit_test(what_was_seen_counts_beside_gaps),
        cmocka_unit_test(a_reaction_in_a_gap_is_unknown),
        cmocka_unit_test(silence_in_a_lossy_capture),
        cmocka_unit_test(a_single_question_in_a_lossy_capture),
        cmocka_unit_test(questions_asked_once_were_answered),
        cmocka_unit_test(a_portal_that_was_passed),
        cmocka_unit_test(a_reset_whose_alert_was_lost),
        cmocka_unit_test(damage_is_a_reason),
        cmocka_unit_test(clear_does_not_hide_what_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
