/*
 * tests/unit/diagnose/test_requests: connections that end as soon as they carry a request.
 * SPDX-License-Identifier: MIT
 */
#include "lab.h"

#define HOST  "ztd.example.com"
#define OTHER "login.example.net"
#define FAR   20 /* ms */

static const struct lab_tls WORKS = {
    .outcome = TLS_COMPLETED, .rtt_ms = FAR, .hello_len = 517, .end_ms = 200};
static const struct lab_tls RESET = {
    .outcome = TLS_COMPLETED, .rtt_ms = FAR, .end_ms = 200, .refused = 300, .rst_ttl = LAB_TTL};

static struct lab_tls swallowed(int64_t at, uint16_t size)
{
    struct lab_tls how = WORKS;
    how.end_ms = 9000;
    how.hole_up = (struct flow_hole){.since_ns = LAB_START + (at + 300) * NS_PER_MS,
                                     .ack = LAB_ISN + 1,
                                     .beyond = LAB_ISN + 1,
                                     .repeats = 5,
                                     .most = size,
                                     .least = size,
                                     .open = true};
    return how;
}

/* Connections to one host by letters: W works, R is reset on its request, S is swallowed, L likewise with
 * full-size segments. */
static const struct finding *play(struct lab *l, const char *script, const struct result **r)
{
    int64_t at = 1000;
    lab_open(l);
    lab_use(l, 0, OTHER);
    lab_resolve(l, 900, HOST);
    l->server = "203.0.114.8";
    for (; *script; script++, at += 10000) {
        struct lab_tls how = *script == 'W'   ? WORKS
                             : *script == 'R' ? RESET
                                              : swallowed(at, *script == 'L' ? 1460 : 300);
        lab_tls(l, at, HOST, how);
    }
    *r = lab_judge(l);
    const struct finding *f = lab_finding(*r, FINDING_TCP_RESET, HOST);
    return f ? f : lab_finding(*r, FINDING_TCP_STALLED, HOST);
}

static void three_in_a_row_are_no_accident(void **state)
{
    static const struct {
        const char *script;
        enum severity severity;
        enum verdict_word verdict;
        const char *detail;
        bool recovered;
    } ROWS[] = {
        {"RRR", SEVERITY_ERROR, VERDICT_BLOCKED, "3 in a row", false},
        {"SSS", SEVERITY_ERROR, VERDICT_BLOCKED, "3 in a row", false},
        {"WRRRR", SEVERITY_ERROR, VERDICT_BLOCKED, "4 in a row", false},
        {"RRRW", SEVERITY_WARNING, VERDICT_DEGRADED, "3 in a row", false},
        {"SSSWS", SEVERITY_ERROR, VERDICT_BLOCKED, "3 in a row", false},
        /* Look-alikes. */
        {"R", SEVERITY_INFO, VERDICT_CLEAR, "", false},
        {"RR", SEVERITY_INFO, VERDICT_CLEAR, "2 in a row", false},
        {"RW", SEVERITY_INFO, VERDICT_CLEAR, "", true},
        {"SW", SEVERITY_INFO, VERDICT_CLEAR, "", true},
        {"RWRWRW", SEVERITY_INFO, VERDICT_CLEAR, "", true},
        {"RWRRWR", SEVERITY_INFO, VERDICT_CLEAR, "2 in a row", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        const struct result *r;
        const struct finding *f = play(&l, ROWS[i].script, &r);
        if (!f || f->severity != ROWS[i].severity || r->verdict != ROWS[i].verdict ||
            strcmp(f->detail, ROWS[i].detail) != 0 || f->recovered != ROWS[i].recovered)
            fail_msg("%s: %s", ROWS[i].script, f ? f->detail : "no finding");
        lab_close(&l);
    }
}

static void what_is_over_is_no_failure(void **state)
{
    static const struct {
        const char *what;
        struct lab_tls how;
    } ROWS[] = {
        {"everything was acknowledged", {.outcome = TLS_COMPLETED, .end_ms = 200}},
        {"an alert is no request",
         {.outcome = TLS_COMPLETED, .end_ms = 200, .refused = 31, .rst_ttl = LAB_TTL}},
        {"an old connection was forgotten",
         {.outcome = TLS_COMPLETED, .end_ms = 60000, .refused = 300, .rst_ttl = LAB_TTL}},
        {"the capture lacks the answer",
         {.outcome = TLS_COMPLETED, .end_ms = 200, .refused = 300, .lost = true}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_resolve(&l, 0, HOST);
        for (int64_t at = 100; at < 300000; at += 80000)
            lab_tls(&l, at, HOST, ROWS[i].how);
        const struct result *r = lab_judge(&l);
        if (lab_finding(r, FINDING_TCP_RESET, HOST))
            fail_msg("%s", ROWS[i].what);
        lab_close(&l);
    }
}

static void a_sender_that_nobody_hears(void **state)
{
    static const struct {
        const char *what;
        uint16_t repeats, reports, size;
        int64_t since_ms, end_ms;
        int32_t passed; /* bytes acknowledged later */
        bool told;
    } ROWS[] = {
        {"it gives up", 5, 0, 300, 300, 9000, 0, true},
        {"sent again twice only", 2, 0, 300, 300, 9000, 0, false},
        {"the end came soon", 5, 0, 300, 300, 4000, 0, false},
        {"it arrived after all", 5, 0, 300, 300, 9000, 300, false},
        {"an alert", 5, 0, 31, 300, 9000, 0, false},
        {"an old connection", 5, 0, 300, 30000, 50000, 0, false},
        {"the server says what it lacks", 5, 3, 300, 300, 9000, 0, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_resolve(&l, 0, HOST);
        for (int64_t at = 100; at < 300000; at += 80000) {
            struct lab_tls how = swallowed(at, ROWS[i].size);
            how.hole_up.since_ns = LAB_START + (at + ROWS[i].since_ms) * NS_PER_MS;
            how.hole_up.repeats = ROWS[i].repeats;
            how.hole_up.reports = ROWS[i].reports;
            how.hole_up.ack -= (uint32_t)ROWS[i].passed;
            how.end_ms = ROWS[i].end_ms;
            lab_tls(&l, at, HOST, how);
        }
        const struct finding *f = lab_finding(lab_judge(&l), FINDING_TCP_STALLED, HOST);
        if (!f != !ROWS[i].told)
            fail_msg("%s", ROWS[i].what);
        lab_close(&l);
    }
}

/* Whose doing the reset is, its headers tell. */
static void a_reset_is_weighed_by_its_headers(void **state)
{
    static const struct {
        uint8_t ttl, marks;
        enum culprit culprit;
        enum confidence confidence;
    } ROWS[] = {
        {LAB_TTL, 0, CULPRIT_SERVER, CONFIDENCE_POSSIBLE},
        {62, 0, CULPRIT_MIDDLEBOX, CONFIDENCE_LIKELY},
        {62, RST_ID_COPIED, CULPRIT_MIDDLEBOX, CONFIDENCE_CERTAIN},
        {0, 0, CULPRIT_NONE, CONFIDENCE_POSSIBLE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_resolve(&l, 0, HOST);
        for (int64_t at = 1000; at < 40000; at += 10000) {
            struct lab_tls how = RESET;
            how.rst_ttl = ROWS[i].ttl;
            how.rst_marks = ROWS[i].marks;
            lab_tls(&l, at, HOST, how);
        }
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_TCP_RESET, HOST);
        assert_non_null(f);
        assert_int_equal(f->culprit, ROWS[i].culprit);
        assert_int_equal(f->confidence, ROWS[i].confidence);
        assert_true(lab_proves(f, "300 more bytes of the device were not yet acknowledged"));
        assert_non_null(lab_cause(r, "requests-reset"));
        lab_close(&l);
    }
}

/* Full-size segments may be too long for the path, unless some arrived there. */
static void size_is_suspected_where_nothing_long_arrived(void **state)
{
    static const struct {
        uint16_t hello_len;
        const char *cause;
    } ROWS[] = {{517, "mtu-black-hole"}, {1800, "connections-stall"}};
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_resolve(&l, 0, HOST);
        for (int64_t at = 1000; at < 40000; at += 10000) {
            struct lab_tls how = swallowed(at, 1460);
            how.hello_len = ROWS[i].hello_len;
            how.hole_up.ack += 517;
            how.heard = 517;
            lab_tls(&l, at, HOST, how);
        }
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->cause_count, 1);
        assert_string_equal(r->causes[0].kind, ROWS[i].cause);
        lab_close(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_in_a_row_are_no_accident),
        cmocka_unit_test(what_is_over_is_no_failure),
        cmocka_unit_test(a_sender_that_nobody_hears),
        cmocka_unit_test(a_reset_is_weighed_by_its_headers),
        cmocka_unit_test(size_is_suspected_where_nothing_long_arrived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
