/*
 * tests/unit/diagnose/test_path: networks that are slow or lose packets, and what looks like it.
 * SPDX-License-Identifier: MIT
 */
#include "lab.h"

#define HOST "ztd.example.com"

static const char *const SERVERS[] = {"203.0.113.7", "203.0.113.8", "203.0.113.9", "203.0.113.10"};

/* `count` connections to `servers` addresses in turn, a second apart. */
static void connect_all(struct lab *l, uint32_t count, uint32_t servers, struct lab_tls how)
{
    how.outcome = TLS_COMPLETED;
    for (uint32_t i = 0; i < count; i++) {
        l->server = SERVERS[i % servers];
        lab_tls(l, 1000 * (1 + i), HOST, how);
    }
}

static void expect(struct lab *l, enum finding_kind kind, const char *detail)
{
    const struct result *r = lab_judge(l);
    const struct finding *f = lab_finding(r, kind, "");
    if (!detail) {
        assert_null(f);
        assert_int_equal(lab_troubles(r), 0);
        assert_int_equal(r->verdict, VERDICT_CLEAR);
        return;
    }
    assert_non_null(f);
    assert_int_equal(f->severity, SEVERITY_WARNING);
    assert_int_equal(f->culprit, CULPRIT_NETWORK);
    assert_string_equal(f->detail, detail);
    assert_non_null(lab_cause(r, kind == FINDING_PATH_SLOW ? "path-slow" : "path-lossy"));
    assert_int_equal(lab_troubles(r), 1);
    assert_int_equal(r->verdict, VERDICT_DEGRADED);
}

static void round_trips(void **state)
{
    static const struct {
        uint32_t slow, servers, fast_before, fast_after;
        int64_t rtt_ms;
        const char *detail;
    } ROWS[] = {
        {5, 3, 0, 0, 600,
         "5 of 5 connections were answered after more than 500 ms, the last after 600 ms"},
        /* What was before it became slow does not count. */
        {5, 3, 20, 4, 600,
         "5 of 9 connections were answered after more than 500 ms, the last after 600 ms"},
        {5, 3, 0, 5, 600, NULL},
        {4, 3, 0, 0, 600, NULL},
        {9, 2, 0, 0, 600, NULL}, /* the way to these servers */
        {9, 3, 0, 0, 500, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        connect_all(&l, ROWS[i].fast_before, 4, (struct lab_tls){.rtt_ms = 20});
        connect_all(&l, ROWS[i].slow, ROWS[i].servers, (struct lab_tls){.rtt_ms = ROWS[i].rtt_ms});
        connect_all(&l, ROWS[i].fast_after, 4, (struct lab_tls){.rtt_ms = 20});
        expect(&l, FINDING_PATH_SLOW, ROWS[i].detail);
        lab_close(&l);
    }
}

/* A service that thinks for long, behind a network that does not. */
static void slow_services_are_none(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    connect_all(&l, 9, 4, (struct lab_tls){.rtt_ms = 20, .wait_ms = 3000, .stall_ms = 3000});
    assert_null(lab_finding(lab_judge(&l), FINDING_PATH_SLOW, ""));
    lab_close(&l);
}

/* RFC 6298: a SYN is repeated after a second. Its answer may be one to the first. */
static void repeated_greetings(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    connect_all(&l, 5, 3, (struct lab_tls){.rtt_ms = 700, .syns = 2});
    connect_all(&l, 9, 3, (struct lab_tls){.rtt_ms = 100, .syns = 2});
    expect(&l, FINDING_PATH_SLOW,
           "5 of 5 connections were answered after more than 500 ms, the last after 700 ms");
    lab_close(&l);
}

static void losses(void **state)
{
    static const struct {
        uint32_t count, servers;
        uint16_t down, up;
        uint32_t packets;
        const char *detail;
    } ROWS[] = {
        {4, 3, 2, 0, 90, "8 of 360 packets from the internet (2.2 %), in 4 connections"},
        {4, 3, 2, 2, 90,
         "8 of 360 packets to the internet (2.2 %), 8 of 360 packets from the internet (2.2 %), in "
         "4 connections"},
        {4, 3, 2, 0, 100, NULL}, /* two in a hundred happen */
        {3, 3, 2, 0, 20, NULL},  /* so few as well */
        {9, 2, 5, 0, 90, NULL},  /* the way to these servers */
        {9, 3, 0, 0, 90, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        connect_all(&l, ROWS[i].count, ROWS[i].servers,
                    (struct lab_tls){.packets = ROWS[i].packets,
                                     .hole_down = {.repaired = ROWS[i].down},
                                     .hole_up = {.repaired = ROWS[i].up}});
        expect(&l, FINDING_PATH_LOSSY, ROWS[i].detail);
        lab_close(&l);
    }
}

/* A capture that lost packets is no network that did: nobody asks for them again. Nor is a hole that
 * nothing closes, which other findings tell of. */
static void what_the_capture_lost_is_not_lost(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    connect_all(&l, 9, 4,
                (struct lab_tls){.lost = true, .hole_down = {.reports = 3, .repeats = 5}});
    assert_null(lab_finding(lab_judge(&l), FINDING_PATH_LOSSY, ""));
    lab_close(&l);
}

static void one_direction_tells_nothing(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    connect_all(&l, 9, 4,
                (struct lab_tls){.rtt_ms = 600, .half = true, .hole_up = {.repaired = 9}});
    const struct result *r = lab_judge(&l);
    assert_null(lab_finding(r, FINDING_PATH_SLOW, ""));
    assert_null(lab_finding(r, FINDING_PATH_LOSSY, ""));
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips),
        cmocka_unit_test(slow_services_are_none),
        cmocka_unit_test(repeated_greetings),
        cmocka_unit_test(losses),
        cmocka_unit_test(what_the_capture_lost_is_not_lost),
        cmocka_unit_test(one_direction_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
