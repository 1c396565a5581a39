/*
 * tests/unit/diagnose/test_blame: whose doing a dead connection was, and when that is not said.
 * SPDX-License-Identifier: MIT
 */
#include "lab.h"

#define HOST  "ztd.example.com"
#define OTHER "login.example.net"
#define FAR   20 /* ms to the servers of these tests */

/* One failed handshake beside a good one at another address. */
static const struct finding *judge_tls(struct lab *l, struct lab_tls how, enum finding_kind kind)
{
    lab_open(l);
    lab_use(l, 0, OTHER);
    lab_resolve(l, 1000, HOST);
    l->server = "203.0.113.8";
    lab_tls(l, 1100, HOST, how);
    const struct finding *f = lab_finding(lab_judge(l), kind, HOST);
    assert_non_null(f);
    return f;
}

static void a_cut_is_weighed_by_what_the_server_cannot_do(void **state)
{
    static const struct {
        const char *what;
        struct lab_tls how;
        enum culprit culprit;
        enum confidence confidence;
        int hops;
    } ROWS[] = {
        {"sooner than a round trip after the handshake",
         {.rst_ttl = LAB_TTL, .rtt_ms = FAR, .end_ms = 2},
         CULPRIT_MIDDLEBOX,
         CONFIDENCE_CERTAIN,
         -1},
        {"the server sent on",
         {.rst_ttl = LAB_TTL, .rtt_ms = FAR, .rst_marks = RST_OUTLIVED},
         CULPRIT_MIDDLEBOX,
         CONFIDENCE_CERTAIN,
         -1},
        {"from nearer", {.rst_ttl = 62, .rtt_ms = FAR}, CULPRIT_MIDDLEBOX, CONFIDENCE_LIKELY, 2},
        {"from nearer, with the device's IP ID",
         {.rst_ttl = 62, .rtt_ms = FAR, .rst_marks = RST_ID_COPIED},
         CULPRIT_MIDDLEBOX,
         CONFIDENCE_CERTAIN,
         2},
        {"with the device's IP ID only",
         {.rst_ttl = LAB_TTL, .rst_marks = RST_ID_COPIED},
         CULPRIT_MIDDLEBOX,
         CONFIDENCE_LIKELY,
         -1},
        /* Look-alikes: a server, or its balancer, that cuts. */
        {"from the server, in time",
         {.rst_ttl = LAB_TTL, .rtt_ms = FAR},
         CULPRIT_SERVER,
         CONFIDENCE_POSSIBLE,
         -1},
        {"a balancer one hop nearer",
         {.rst_ttl = LAB_TTL + 1, .rtt_ms = FAR},
         CULPRIT_SERVER,
         CONFIDENCE_POSSIBLE,
         -1},
        {"a balancer that begins at 128",
         {.rst_ttl = LAB_TTL + 64, .rtt_ms = FAR},
         CULPRIT_SERVER,
         CONFIDENCE_POSSIBLE,
         -1},
        {"half-way in time",
         {.rst_ttl = LAB_TTL, .rtt_ms = FAR, .end_ms = 12},
         CULPRIT_NONE,
         CONFIDENCE_POSSIBLE,
         -1},
    };
    static const enum tls_outcome OUTCOMES[] = {TLS_RESET_BY_SERVER, TLS_CLOSED};
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        for (size_t k = 0; k < 2; k++) {
            struct lab l;
            struct lab_tls how = ROWS[i].how;
            how.outcome = OUTCOMES[k];
            const struct finding *f = judge_tls(&l, how, FINDING_TLS_RESET);
            if (f->culprit != ROWS[i].culprit || f->confidence != ROWS[i].confidence ||
                f->hops != ROWS[i].hops)
                fail_msg("%s: %s %s %d", ROWS[i].what, culprit_text(f->culprit),
                         confidence_text(f->confidence), f->hops);
            lab_close(&l);
        }
    }
}

/* Whoever dislikes an answer leaves at once. */
static void a_device_that_waited_long_lacked_the_rest(void **state)
{
    static const struct {
        enum tls_outcome outcome;
        enum finding_kind kind;
        int64_t end_ms;
        enum culprit culprit;
    } ROWS[] = {
        {TLS_CLOSED, FINDING_TLS_RESET, 300, CULPRIT_DEVICE},
        {TLS_CLOSED, FINDING_TLS_RESET, 10000, CULPRIT_NETWORK},
        {TLS_RESET_BY_CLIENT, FINDING_TLS_RESET, 10000, CULPRIT_NETWORK},
        {TLS_INCOMPLETE, FINDING_TLS_INCOMPLETE, 300, CULPRIT_DEVICE},
        {TLS_INCOMPLETE, FINDING_TLS_INCOMPLETE, 10000, CULPRIT_NETWORK},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        struct lab_tls how = {.outcome = ROWS[i].outcome,
                              .client_ends = true,
                              .issuer = "CN=DigiCert TLS RSA SHA256 2020 CA1",
                              .rtt_ms = FAR,
                              .end_ms = ROWS[i].end_ms};
        const struct finding *f = judge_tls(&l, how, ROWS[i].kind);
        assert_int_equal(f->culprit, ROWS[i].culprit);
        assert_int_equal(lab_proves(f, "gave up"), ROWS[i].culprit == CULPRIT_NETWORK);
        lab_close(&l);
    }
}

static void an_alert_is_the_servers_unless_it_came_from_nearer(void **state)
{
    (void)state;
    for (int nearer = 0; nearer < 2; nearer++) {
        struct lab l;
        const struct finding *f = judge_tls(
            &l,
            (struct lab_tls){.outcome = TLS_ALERT, .alert = 40, .alert_ttl = nearer ? 63 : LAB_TTL},
            FINDING_TLS_ALERT);
        assert_int_equal(f->culprit, nearer ? CULPRIT_MIDDLEBOX : CULPRIT_SERVER);
        assert_int_equal(f->hops, nearer ? 1 : -1);
        assert_true(lab_proves(f, "TTL of the alert"));
        lab_close(&l);
    }
}

/* ---- refusals ---- */

/* Connections to four servers, FAR and more away, and one refusal. */
static const struct finding *refuse(struct lab *l, struct lab_tcp how, bool other_port)
{
    static const char *const SERVERS[] = {"203.0.113.7", "203.0.114.7", "198.51.100.7",
                                          "192.0.2.7"};
    lab_open(l);
    for (int i = 0; i < 4; i++) {
        l->server = SERVERS[i];
        lab_tls(l, 100 * i, OTHER, (struct lab_tls){.outcome = TLS_COMPLETED, .rtt_ms = FAR + i});
    }
    l->server = "203.0.113.8";
    if (other_port)
        lab_tcp(l, 900, HOST, 8443, (struct lab_tcp){.conversation = true, .rtt_ms = 40});
    how.refused = true;
    lab_tcp(l, 1100, HOST, 443, how);
    const struct finding *f = lab_finding(lab_judge(l), FINDING_TCP_REFUSED, HOST);
    assert_non_null(f);
    return f;
}

static void a_refusal_is_held_against_known_distances(void **state)
{
    static const struct {
        struct lab_tcp how;
        bool other_port;
        enum culprit culprit;
        enum confidence confidence;
        int hops;
    } ROWS[] = {
        /* sooner and nearer than any server */
        {{.rtt_ms = 1, .ttl = 64}, false, CULPRIT_MIDDLEBOX, CONFIDENCE_CERTAIN, 0},
        /* sooner only */
        {{.rtt_ms = 9, .ttl = LAB_TTL}, false, CULPRIT_MIDDLEBOX, CONFIDENCE_LIKELY, 7},
        /* the closed port of a server */
        {{.rtt_ms = 22, .ttl = LAB_TTL}, false, CULPRIT_SERVER, CONFIDENCE_LIKELY, -1},
        {{.rtt_ms = 11, .ttl = LAB_TTL}, false, CULPRIT_SERVER, CONFIDENCE_LIKELY, -1},
        /* its other port says how far away it is */
        {{.rtt_ms = 11, .ttl = LAB_TTL}, true, CULPRIT_MIDDLEBOX, CONFIDENCE_LIKELY, 7},
        {{.rtt_ms = 38, .ttl = LAB_TTL}, true, CULPRIT_SERVER, CONFIDENCE_LIKELY, -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        const struct finding *f = refuse(&l, ROWS[i].how, ROWS[i].other_port);
        if (f->culprit != ROWS[i].culprit || f->confidence != ROWS[i].confidence ||
            f->hops != ROWS[i].hops)
            fail_msg("row %zu: %s %s %d", i, culprit_text(f->culprit),
                     confidence_text(f->confidence), f->hops);
        lab_close(&l);
    }
}

static void a_refusal_without_anything_to_hold_it_against_accuses_nobody(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_tcp(&l, 1100, HOST, 443, (struct lab_tcp){.refused = true, .rtt_ms = 1, .ttl = 64});
    const struct finding *f = lab_finding(lab_judge(&l), FINDING_TCP_REFUSED, HOST);
    assert_int_equal(f->culprit, CULPRIT_NONE);
    assert_int_equal(f->confidence, CONFIDENCE_POSSIBLE);
    lab_close(&l);
}

static void a_server_does_not_accept_what_it_refused(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_tcp(&l, 1100, HOST, 443,
            (struct lab_tcp){.refused = true, .rst_marks = RST_OVERTOOK | RST_ID_COPIED});
    const struct finding *f = lab_finding(lab_judge(&l), FINDING_TCP_REFUSED, HOST);
    assert_int_equal(f->culprit, CULPRIT_MIDDLEBOX);
    assert_int_equal(f->confidence, CONFIDENCE_CERTAIN);
    assert_true(lab_proves(f, "accepted the same attempt after the reset"));
    lab_close(&l);
}

/* ---- control pairs ---- */

static void silence_with_a_living_server_is_a_filter(void **state)
{
    static const struct {
        const char *name;   /* what else the same address did; NULL: nothing */
        const char *device; /* who */
        uint16_t port;
        enum culprit culprit;
        const char *proof;
    } ROWS[] = {
        {NULL, NULL, 0, CULPRIT_NETWORK, "seen in "},
        {HOST, "10.0.0.5", 80, CULPRIT_MIDDLEBOX, "answers on port 80"},
        {HOST, "10.0.0.6", 443, CULPRIT_MIDDLEBOX, "answer another device"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_use(&l, 0, OTHER);
        l.server = "203.0.113.8";
        if (ROWS[i].name) {
            l.device = ROWS[i].device;
            lab_resolve(&l, 100, ROWS[i].name);
            lab_tcp(&l, 200, ROWS[i].name, ROWS[i].port, (struct lab_tcp){.conversation = true});
        }
        l.device = "10.0.0.5";
        lab_resolve(&l, 1000, HOST);
        lab_tcp(&l, 1100, HOST, 443, (struct lab_tcp){0});
        const struct finding *f = lab_finding(lab_judge(&l), FINDING_TCP_NO_REPLY, HOST);
        assert_non_null(f);
        assert_int_equal(f->culprit, ROWS[i].culprit);
        assert_true(lab_proves(f, ROWS[i].proof));
        lab_close(&l);
    }
}

static void a_name_is_filtered_where_its_address_serves_another(void **state)
{
    (void)state;
    for (int shared = 0; shared < 2; shared++) {
        struct lab l;
        lab_open(&l);
        lab_use(&l, 0, OTHER);
        lab_resolve(&l, 1000, HOST);
        l.server = shared ? NULL : "203.0.113.8";
        lab_tls(&l, 1100, HOST, (struct lab_tls){.outcome = TLS_NO_SERVER_HELLO, .hello_len = 517});
        const struct finding *f = lab_finding(lab_judge(&l), FINDING_TLS_NO_SERVER_HELLO, HOST);
        assert_int_equal(f->culprit, shared ? CULPRIT_MIDDLEBOX : CULPRIT_NETWORK);
        assert_true(lab_proves(f, "greeting of 517 bytes was never acknowledged"));
        assert_int_equal(lab_proves(f, "completes handshakes for " OTHER), shared);
        lab_close(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_is_weighed_by_what_the_server_cannot_do),
        cmocka_unit_test(a_device_that_waited_long_lacked_the_rest),
        cmocka_unit_test(an_alert_is_the_servers_unless_it_came_from_nearer),
        cmocka_unit_test(a_refusal_is_held_against_known_distances),
        cmocka_unit_test(a_refusal_without_anything_to_hold_it_against_accuses_nobody),
        cmocka_unit_test(a_server_does_not_accept_what_it_refused),
        cmocka_unit_test(silence_with_a_living_server_is_a_filter),
        cmocka_unit_test(a_name_is_filtered_where_its_address_serves_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
