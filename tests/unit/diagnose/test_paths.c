/*
 * tests/unit/diagnose/test_paths: causes on the way to a server, each with its harmless look-alike.
 * SPDX-License-Identifier: MIT
 */
#include "lab.h"

#define HOST  "ztd.example.com"
#define OTHER "login.example.net"
#define THIRD "act.example.org"
#define FAR   20 /* ms */

static const struct lab_tls WORKS = {.outcome = TLS_COMPLETED, .rtt_ms = FAR, .hello_len = 517};

static void use(struct lab *l, int64_t at, const char *server, const char *host, struct lab_tls how)
{
    l->server = server;
    lab_resolve(l, at, host);
    lab_tls(l, at + 20, host, how);
}

/* ---- size ---- */

/* The peer has what lies 1460 bytes behind the hole, and said so at `since_ms`. */
static struct flow_hole hole(int64_t since_ms, bool up, uint16_t size, bool sack)
{
    uint32_t ack = up ? LAB_ISN + 1 : 1;
    return (struct flow_hole){.since_ns = LAB_START + since_ms * NS_PER_MS,
                              .ack = ack,
                              .beyond = sack ? ack + size : ack,
                              .reports = 1,
                              .repeats = 4,
                              .most = size,
                              .least = size,
                              .open = true};
}

static void a_hole_that_stays_is_a_black_hole(void **state)
{
    static const struct {
        const char *what;
        bool up;
        uint16_t size;
        int64_t end_ms;
        bool sack;
        const char *cause;
    } ROWS[] = {
        {"upward", true, 1460, 9000, true, "mtu-black-hole"},
        {"downward", false, 2920, 9000, true, "mtu-black-hole"},
        {"a short segment passes every path", true, 400, 9000, true, "tls-silent"},
        {"the end came too soon to say", true, 1460, 1500, true, "tls-silent"},
        {"one repeated acknowledgement proves nothing", true, 1460, 9000, false, "tls-silent"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        use(&l, 0, "203.0.113.7", OTHER, WORKS);
        struct lab_tls how = {.outcome = TLS_NO_SERVER_HELLO,
                              .client_ends = true,
                              .rtt_ms = FAR,
                              .end_ms = ROWS[i].end_ms,
                              .hello_len = 1700};
        *(ROWS[i].up ? &how.hole_up : &how.hole_down) =
            hole(1030, ROWS[i].up, ROWS[i].size, ROWS[i].sack);
        use(&l, 1000, "203.0.114.8", HOST, how);
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_TLS_NO_SERVER_HELLO, HOST);
        assert_non_null(f);
        if (!lab_cause(r, ROWS[i].cause))
            fail_msg("%s: %s", ROWS[i].what, r->causes[0].kind);
        assert_int_equal(f->culprit, CULPRIT_NETWORK);
        assert_int_equal(lab_proves(f, "no ICMP message"),
                         strcmp(ROWS[i].cause, "tls-silent") != 0);
        lab_close(&l);
    }
}

/* Of one direction the device's own end is all that tells how a handshake failed. */
static void a_black_hole_seen_from_one_side(void **state)
{
    static const struct {
        enum tls_outcome outcome; /* with both directions in the capture */
        bool half;
        enum finding_kind kind;
        const char *detail;
    } ROWS[] = {
        {TLS_NO_SERVER_HELLO, false, FINDING_TLS_NO_SERVER_HELLO, ""},
        {TLS_NO_SERVER_HELLO, true, FINDING_TLS_RESET, "closed (FIN) by the device"},
        {TLS_RESET_BY_CLIENT, true, FINDING_TLS_RESET, "reset by the device"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        use(&l, 0, "203.0.113.7", OTHER, WORKS);
        use(&l, 1000, "203.0.114.8", HOST,
            (struct lab_tls){.outcome = ROWS[i].outcome,
                             .client_ends = true,
                             .half = ROWS[i].half,
                             .end_ms = 9000,
                             .hole_down = hole(30, false, 2920, true)});
        const struct result *r = lab_judge(&l);
        assert_int_equal(lab_troubles(r), 1);
        const struct finding *f = lab_finding(r, ROWS[i].kind, HOST);
        assert_non_null(f);
        assert_string_equal(f->detail, ROWS[i].detail);
        assert_int_equal(f->culprit, CULPRIT_NETWORK);
        assert_non_null(lab_cause(r, "mtu-black-hole"));
        lab_close(&l);
    }
}

static void smaller_segments_that_pass_prove_it(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    struct lab_tls slow = WORKS;
    slow.hole_up = (struct flow_hole){.shrunk_from = 1460, .shrunk_to = 536};
    use(&l, 0, "203.0.113.7", OTHER, slow);
    use(&l, 1000, "203.0.114.8", HOST,
        (struct lab_tls){.outcome = TLS_NO_SERVER_HELLO,
                         .end_ms = 9000,
                         .client_ends = true,
                         .hello_len = 1700,
                         .hole_up = hole(1030, true, 1460, true)});
    const struct result *r = lab_judge(&l);
    const struct finding *f = lab_finding(r, FINDING_TLS_NO_SERVER_HELLO, HOST);
    assert_int_equal(f->confidence, CONFIDENCE_CERTAIN);
    assert_true(
        lab_proves(f, "1460 bytes were lost until 536 bytes replaced them, to 203.0.113.7"));
    assert_string_equal(r->causes[0].kind, "mtu-black-hole");
    lab_close(&l);
}

static void connections_stall_behind_their_handshake(void **state)
{
    static const struct {
        const char *what;
        bool up;
        uint16_t size;
        int64_t end_ms;
        uint32_t stalls, works; /* connections */
        int32_t passed;         /* bytes that the receiver acknowledged of what it lacked */
        enum severity severity;
        const char *cause; /* NULL: no finding */
    } ROWS[] = {
        {"long requests", true, 1460, 9000, 2, 0, 0, SEVERITY_ERROR, "mtu-black-hole"},
        {"long answers", false, 1460, 9000, 1, 0, 0, SEVERITY_ERROR, "mtu-black-hole"},
        {"short requests pass", true, 1460, 9000, 2, 1, 0, SEVERITY_WARNING, "mtu-black-hole"},
        {"one of two", true, 1460, 9000, 1, 1, 0, SEVERITY_INFO, NULL},
        {"it arrived after all", true, 1460, 9000, 2, 0, 1, SEVERITY_INFO, NULL},
        {"the end came soon", true, 1460, 4000, 2, 0, 0, SEVERITY_INFO, NULL},
        {"short segments pass every path", true, 400, 9000, 2, 0, 0, SEVERITY_INFO, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        for (uint32_t k = 0; k < ROWS[i].works; k++)
            use(&l, 100 * k, "203.0.114.8", HOST, WORKS);
        for (uint32_t k = 0; k < ROWS[i].stalls; k++) {
            int64_t at = 1000 + 10000 * k;
            struct lab_tls how = WORKS;
            how.end_ms = ROWS[i].end_ms;
            struct flow_hole *lacks = ROWS[i].up ? &how.hole_up : &how.hole_down;
            *lacks = hole(at + 100, ROWS[i].up, ROWS[i].size, true);
            lacks->ack -= (uint32_t)ROWS[i].passed;
            use(&l, at, "203.0.114.8", HOST, how);
        }
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_TCP_STALLED, HOST);
        const struct cause *c = lab_cause(r, "mtu-black-hole");
        if ((f ? f->severity : SEVERITY_INFO) != ROWS[i].severity || !c != !ROWS[i].cause)
            fail_msg("%s", ROWS[i].what);
        if (f && f->severity > SEVERITY_INFO) {
            assert_int_equal(f->culprit, CULPRIT_NETWORK);
            assert_int_equal(f->count, ROWS[i].stalls);
            assert_true(lab_proves(f, "has what follows, but lacks 1460 bytes"));
        }
        lab_close(&l);
    }
}

static void several_hosts_behind_a_black_hole_are_one_cause(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    const struct lab_tls dead = {.outcome = TLS_INCOMPLETE,
                                 .client_ends = true,
                                 .end_ms = 9000,
                                 .hole_down = hole(30, false, 2920, true)};
    use(&l, 0, "203.0.113.7", OTHER, dead);
    use(&l, 10000, "203.0.114.8", HOST, dead);
    use(&l, 20000, "203.0.115.9", THIRD, dead);
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->cause_count, 1);
    assert_string_equal(r->causes[0].kind, "mtu-black-hole");
    assert_int_equal(r->causes[0].explain_count, 3);
    lab_close(&l);
}

static void long_greetings_fail_where_short_ones_pass(void **state)
{
    static const struct {
        const char *what;
        uint16_t passes; /* bytes of the greeting that works at the same host; 0: none does */
        uint32_t fails;
        enum severity severity;
        const char *cause; /* NULL: none */
    } ROWS[] = {
        {"short ones pass", 517, 2, SEVERITY_WARNING, "long-hello"},
        {"it failed once", 517, 1, SEVERITY_INFO, NULL},
        {"long ones pass too", 1790, 2, SEVERITY_INFO, NULL},
        {"none passes", 0, 2, SEVERITY_ERROR, "tls-silent"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        for (uint32_t k = 0; k < ROWS[i].fails; k++)
            use(&l, 1000 + 20000 * k, "203.0.113.8", HOST,
                (struct lab_tls){.outcome = TLS_NO_SERVER_HELLO,
                                 .rtt_ms = FAR,
                                 .hello_len = 1790,
                                 .hybrid = 0x11ec});
        struct lab_tls good = WORKS;
        good.hello_len = ROWS[i].passes;
        if (ROWS[i].passes != 0)
            use(&l, 60000, "203.0.113.8", HOST, good);
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_TLS_NO_SERVER_HELLO, HOST);
        assert_non_null(f);
        if (f->severity != ROWS[i].severity || (r->cause_count > 0) != (ROWS[i].cause != NULL))
            fail_msg("%s: %s, %u causes", ROWS[i].what, severity_text(f->severity),
                     (unsigned)r->cause_count);
        if (ROWS[i].cause)
            assert_string_equal(r->causes[0].kind, ROWS[i].cause);
        assert_true(lab_proves(f, "greeting of 1790 bytes (X25519MLKEM768)"));
        assert_int_equal(lab_proves(f, "a greeting of 517 bytes is answered there"), i < 2);
        lab_close(&l);
    }
}

/* ---- certificates, parameters ---- */

static void a_device_that_leaves_at_the_certificate_rejects_it(void **state)
{
    static const struct {
        int64_t end_ms;
        int times;
        const char *cause;
    } ROWS[] = {
        {60, 2, "certificate-rejected"},
        {60, 1, "tls-stopped"},
        {4000, 2, "tls-stopped"}, /* it waited for something else */
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        use(&l, 0, "203.0.113.7", OTHER, WORKS);
        for (int k = 0; k < ROWS[i].times; k++)
            use(&l, 1000 * (k + 1), "203.0.114.8", HOST,
                (struct lab_tls){.outcome = TLS_INCOMPLETE,
                                 .client_ends = true,
                                 .rtt_ms = FAR,
                                 .end_ms = ROWS[i].end_ms});
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->cause_count, 1);
        assert_string_equal(r->causes[0].kind, ROWS[i].cause);
        lab_close(&l);
    }
}

static void an_alert_says_whether_parameters_or_the_name_did_not_fit(void **state)
{
    static const struct {
        uint8_t alert;
        const char *cause;
    } ROWS[] = {
        {40, "tls-parameters"}, {70, "tls-parameters"}, {71, "tls-parameters"},
        {112, "tls-refused"},   {80, "tls-refused"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        use(&l, 0, "203.0.114.8", HOST,
            (struct lab_tls){.outcome = TLS_ALERT, .alert = ROWS[i].alert, .offered = 0x0303});
        const struct result *r = lab_judge(&l);
        assert_string_equal(r->causes[0].kind, ROWS[i].cause);
        assert_true(lab_proves(&r->findings[0], "the device offers up to TLS 1.2"));
        lab_close(&l);
    }
}

/* ---- filters ---- */

static void a_filter_by_name_names_the_domain(void **state)
{
    (void)state;
    for (int some_work = 0; some_work < 2; some_work++) {
        struct lab l;
        const struct lab_tls cut = {.outcome = TLS_RESET_BY_SERVER, .rst_ttl = 63};
        lab_open(&l);
        use(&l, 0, "203.0.113.7", OTHER, WORKS);
        use(&l, 1000, "203.0.114.8", "a.store.example.com", cut);
        use(&l, 2000, "203.0.114.9", "b.store.example.com", cut);
        if (some_work)
            use(&l, 3000, "203.0.114.9", "c.store.example.com", WORKS);
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->cause_count, 1);
        assert_string_equal(r->causes[0].kind, "host-filtered");
        assert_string_equal(r->causes[0].summary,
                            some_work ? "A box on the way cuts connections by name: 2 hosts"
                                      : "A box on the way cuts connections by name: 2 hosts in "
                                        "store.example.com");
        lab_close(&l);
    }
}

static void the_same_address_with_another_name_shows_a_name_filter(void **state)
{
    (void)state;
    for (int shared = 0; shared < 2; shared++) {
        struct lab l;
        lab_open(&l);
        use(&l, 0, "203.0.113.7", OTHER, WORKS);
        use(&l, 1000, shared ? "203.0.113.7" : "203.0.114.8", HOST,
            (struct lab_tls){.outcome = TLS_NO_SERVER_HELLO, .hello_len = 517, .rtt_ms = FAR});
        const struct result *r = lab_judge(&l);
        assert_string_equal(r->causes[0].kind, shared ? "host-filtered" : "tls-silent");
        lab_close(&l);
    }
}

static const char RANGES[] =
    "{\"format\": \"oobescope-services/1\", \"as_of\": \"2026-01-01\", \"sources\": {}, "
    "\"services\": [{\"id\": \"profile\", \"name\": \"Profiles\", \"need\": \"required\", "
    "\"ip_ranges\": [\"203.0.114.0/24\"], \"endpoints\": [{\"host\": \"ztd.example.com\", "
    "\"ports\": [443], \"need\": \"required\"}]}]}";

static void some_addresses_of_a_name_blocked(void **state)
{
    static const struct {
        const char *what;
        int dead;
        bool answered_before; /* the silent address, by another device */
        enum severity severity;
        const char *cause;
    } ROWS[] = {
        {"again and again", 3, false, SEVERITY_WARNING, "address-gap"},
        {"one dead address, and the next at once", 1, false, SEVERITY_INFO, NULL},
        {"an address that answers at times is not blocked", 3, true, SEVERITY_INFO, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open_with(&l, RANGES);
        l.server = "203.0.114.8";
        if (ROWS[i].answered_before)
            lab_tls(&l, 0, HOST, WORKS);
        for (int k = 0; k < ROWS[i].dead; k++)
            lab_tcp(&l, 1000 + 30000 * k, HOST, 443, (struct lab_tcp){0});
        use(&l, 120000, "203.0.115.9", HOST, WORKS);
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_TCP_NO_REPLY, HOST);
        assert_non_null(f);
        if (f->severity != ROWS[i].severity)
            fail_msg("%s: %s", ROWS[i].what, severity_text(f->severity));
        assert_int_equal(r->cause_count, ROWS[i].cause ? 1 : 0);
        if (ROWS[i].cause) {
            assert_string_equal(r->causes[0].kind, ROWS[i].cause);
            assert_true(lab_proves(f, "203.0.114.8 never answers, 203.0.115.9 does"));
            assert_true(lab_proves(f, "it lies in 203.0.114.0/24, published for Profiles"));
        }
        lab_close(&l);
    }
}

static void another_device_that_comes_through_shows_a_filter_by_source(void **state)
{
    (void)state;
    for (int own = 0; own < 2; own++) {
        struct lab l;
        lab_open(&l);
        if (own) /* it came through itself before: no filter by source */
            use(&l, 0, "203.0.114.8", HOST, WORKS);
        l.device = "10.0.0.6";
        use(&l, 500, "203.0.114.8", HOST, WORKS);
        l.device = "10.0.0.5";
        l.server = "203.0.114.8";
        lab_resolve(&l, 60000, HOST);
        lab_tcp(&l, 60100, HOST, 443, (struct lab_tcp){0});
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->cause_count, 1);
        assert_string_equal(r->causes[0].kind, own ? "host-unreachable" : "source-filtered");
        lab_close(&l);
    }
}

/* ---- bursts, IPv6, QUIC ---- */

static void unrelated_hosts_that_starve_together(void **state)
{
    static const struct {
        const char *host, *server;
        uint16_t port;
    } HOSTS[] = {
        {HOST, "203.0.113.8", 443},
        {OTHER, "203.0.114.8", 443},
        {THIRD, "198.51.100.8", 443},
        {"x.store.example.com", "192.0.2.8", 443},
    };
    (void)state;
    for (int apart = 0; apart < 2; apart++) {
        struct lab l;
        lab_open(&l);
        for (int i = 0; i < 4; i++)
            use(&l, 1000 * i, HOSTS[i].server, HOSTS[i].host, WORKS);
        for (int i = 0; i < 4; i++) {
            l.server = HOSTS[i].server;
            lab_tcp(&l, 100000 + (apart ? 40000 : 500) * i, HOSTS[i].host, HOSTS[i].port,
                    (struct lab_tcp){0});
        }
        const struct result *r = lab_judge(&l);
        assert_int_equal(lab_cause(r, "connections-starve") != NULL, !apart);
        if (!apart) {
            assert_int_equal(r->cause_count, 1);
            assert_int_equal(r->causes[0].explain_count, 4);
        }
        lab_close(&l);
    }
}

static void silence_of_ipv6_is_told_with_its_cost(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    l.mac = (struct mac_addr){{2, 0, 0, 0, 0, 5}};
    l.has_mac = true;
    lab_use(&l, 0, OTHER); /* tells the MAC of the IPv4 address */
    use(&l, 21500 - 20, "203.0.113.8", HOST, WORKS);
    l.device = "2001:db8::5";
    l.server = "2001:db8:1::7";
    lab_tcp(&l, 500, HOST, 443, (struct lab_tcp){0});
    const struct result *r = lab_judge(&l);
    const struct finding *f = lab_finding(r, FINDING_TCP_NO_REPLY, HOST);
    assert_non_null(f);
    assert_int_equal(f->severity, SEVERITY_INFO);
    assert_string_equal(f->detail, "IPv6 only; IPv4 was tried 21.0 s later");
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

static void quic_that_is_blocked_says_so_and_no_more(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    use(&l, 0, "203.0.113.8", HOST, (struct lab_tls){.outcome = TLS_NO_SERVER_HELLO, .quic = true});
    use(&l, 300, "203.0.113.8", HOST, WORKS);
    const struct result *r = lab_judge(&l);
    assert_string_equal(r->findings[0].detail, "QUIC only: the device goes on over TCP");
    assert_int_equal(r->cause_count, 0);
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hole_that_stays_is_a_black_hole),
        cmocka_unit_test(a_black_hole_seen_from_one_side),
        cmocka_unit_test(smaller_segments_that_pass_prove_it),
        cmocka_unit_test(connections_stall_behind_their_handshake),
        cmocka_unit_test(several_hosts_behind_a_black_hole_are_one_cause),
        cmocka_unit_test(long_greetings_fail_where_short_ones_pass),
        cmocka_unit_test(a_device_that_leaves_at_the_certificate_rejects_it),
        cmocka_unit_test(an_alert_says_whether_parameters_or_the_name_did_not_fit),
        cmocka_unit_test(a_filter_by_name_names_the_domain),
        cmocka_unit_test(the_same_address_with_another_name_shows_a_name_filter),
        cmocka_unit_test(some_addresses_of_a_name_blocked),
        cmocka_unit_test(another_device_that_comes_through_shows_a_filter_by_source),
        cmocka_unit_test(unrelated_hosts_that_starve_together),
        cmocka_unit_test(silence_of_ipv6_is_told_with_its_cost),
        cmocka_unit_test(quic_that_is_blocked_says_so_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
