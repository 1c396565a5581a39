/*
 * tests/unit/diagnose/test_ipv6: IPv6 that fails where IPv4 works, and what looks like it.
 * SPDX-License-Identifier: MIT
 */
#include "lab.h"

#define HOST  "ztd.example.com"
#define OTHER "login.example.net"
#define THIRD "act.example.org"

/* A device with both families; IPv4 works with two hosts from `at` and 300 ms later on. */
static void open_dual(struct lab *l, int64_t at)
{
    lab_open(l);
    l->mac = (struct mac_addr){{2, 0, 0, 0, 0, 5}};
    l->has_mac = true;
    lab_use(l, 0, THIRD); /* tells the MAC of the IPv4 address */
    l->server = "203.0.113.8";
    lab_tls(l, at, HOST, (struct lab_tls){.outcome = TLS_COMPLETED});
    l->server = "203.0.113.9";
    lab_tls(l, at + 300, OTHER, (struct lab_tls){.outcome = TLS_COMPLETED});
    l->device = "2001:db8::5";
    l->server = "2001:db8:1::7";
}

static const struct finding *broken(const struct result *r)
{
    assert_int_equal(lab_troubles(r), 0);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    assert_int_equal(r->device_count, 1);
    return lab_finding(r, FINDING_IPV6_BROKEN, "");
}

static void two_hosts_are_one_finding_with_the_cost(void **state)
{
    static const struct {
        struct lab_tcp how;
        enum finding_kind alone;
        const char *detail;
    } ROWS[] = {
        {{0},
         FINDING_TCP_NO_REPLY,
         "2 not answered, to 2 hosts; IPv4 was first tried up to 21.0 s later, 41.3 s in all at "
         "most"},
        {{.refused = true},
         FINDING_TCP_REFUSED,
         "2 refused, to 2 hosts; IPv4 was first tried up to 21.0 s later, 41.3 s in all at most"},
        {{.unreachable = true},
         FINDING_TCP_UNREACHABLE,
         "2 rejected by ICMP from 10.0.0.1, to 2 hosts; IPv4 was first tried up to 21.0 s later, "
         "41.3 s in all at most"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        open_dual(&l, 22000);
        lab_tcp(&l, 1000, HOST, 443, ROWS[i].how);
        lab_tcp(&l, 2000, OTHER, 443, ROWS[i].how);
        const struct result *r = lab_judge(&l);
        const struct finding *f = broken(r);
        assert_non_null(f);
        assert_int_equal(f->severity, SEVERITY_INFO);
        assert_int_equal(f->count, 2);
        assert_string_equal(f->detail, ROWS[i].detail);
        assert_true(lab_proves(f, HOST));
        assert_true(lab_proves(f, OTHER));
        assert_null(lab_finding(r, ROWS[i].alone, HOST)); /* told once */
        lab_close(&l);
    }
}

static void one_host_counts_when_it_fails_again(void **state)
{
    (void)state;
    for (int times = 1; times <= 2; times++) {
        struct lab l;
        open_dual(&l, 1300);
        for (int i = 0; i < times; i++)
            lab_tcp(&l, 1000 + 60000 * i, HOST, 443, (struct lab_tcp){0});
        const struct result *r = lab_judge(&l);
        assert_int_equal(broken(r) != NULL, times == 2);
        assert_int_equal(lab_finding(r, FINDING_TCP_NO_REPLY, HOST) != NULL, times == 1);
        lab_close(&l);
    }
}

static void a_race_that_ipv6_lost_is_none(void **state)
{
    struct lab l;
    (void)state;
    open_dual(&l, 1250);
    lab_tcp(&l, 1000, HOST, 443, (struct lab_tcp){.conversation = true});
    lab_tcp(&l, 1300, OTHER, 443, (struct lab_tcp){.conversation = true});
    const struct result *r = lab_judge(&l);
    assert_null(broken(r));
    lab_close(&l);
}

static void where_some_of_it_works_hosts_are_named(void **state)
{
    (void)state;
    for (int hosts = 1; hosts <= 2; hosts++) {
        struct lab l;
        open_dual(&l, 1300);
        lab_tls(&l, 500, THIRD, (struct lab_tls){.outcome = TLS_COMPLETED});
        l.server = "2001:db8:2::7";
        lab_tcp(&l, 1000, HOST, 443, (struct lab_tcp){0});
        lab_tcp(&l, 40000, hosts == 2 ? OTHER : HOST, 443, (struct lab_tcp){0});
        const struct result *r = lab_judge(&l);
        const struct finding *f = broken(r);
        assert_int_equal(f != NULL, hosts == 2);
        if (f) {
            assert_int_equal(f->confidence, CONFIDENCE_POSSIBLE);
            assert_true(lab_proves(f, "IPv6 works with " THIRD));
        }
        lab_close(&l);
    }
}

static void a_capture_that_cannot_tell_says_nothing(void **state)
{
    (void)state;
    for (int how = 0; how < 2; how++) {
        struct lab l;
        open_dual(&l, 1300);
        struct lab_tcp seen = {.half = how == 0, .watched_ms = how == 1 ? 2000 : 0};
        lab_tcp(&l, 1000, HOST, 443, seen);
        lab_tcp(&l, 1300, OTHER, 443, seen);
        assert_null(lab_finding(lab_judge(&l), FINDING_IPV6_BROKEN, ""));
        lab_close(&l);
    }
}

static void a_capture_that_lost_packets_is_less_sure(void **state)
{
    struct lab l;
    (void)state;
    open_dual(&l, 1300);
    l.capture.kernel_drops = 700;
    lab_tcp(&l, 1000, HOST, 443, (struct lab_tcp){0});
    lab_tcp(&l, 1300, OTHER, 443, (struct lab_tcp){0});
    const struct finding *f = broken(lab_judge(&l));
    assert_non_null(f);
    assert_int_equal(f->confidence, CONFIDENCE_POSSIBLE);
    lab_close(&l);
}

/* IPv4 fails, too: that is what the host suffers from. */
static void a_host_that_fails_over_ipv4_is_told_by_that(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    l.mac = (struct mac_addr){{2, 0, 0, 0, 0, 5}};
    l.has_mac = true;
    lab_resolve(&l, 0, HOST);
    lab_tcp(&l, 300, HOST, 443, (struct lab_tcp){.refused = true});
    l.device = "2001:db8::5";
    l.server = "2001:db8:1::7";
    for (int i = 0; i < 2; i++)
        lab_tcp(&l, 10 + 60000 * i, HOST, 443, (struct lab_tcp){0});
    const struct result *r = lab_judge(&l);
    assert_null(lab_finding(r, FINDING_IPV6_BROKEN, ""));
    assert_null(lab_finding(r, FINDING_TCP_NO_REPLY, HOST));
    assert_non_null(lab_finding(r, FINDING_TCP_REFUSED, HOST));
    assert_int_equal(r->verdict, VERDICT_BLOCKED);
    lab_close(&l);
}

static void the_sender_of_a_first_flow_is_known_by_its_mac(void **state)
{
    struct lab l;
    (void)state;
    open_dual(&l, 1300);
    struct ip_addr v4 = lab_addr("10.0.0.5");
    struct flow f = lab_flow(&l, 1000, IP_PROTO_TCP, l.server, 443);
    struct ip_addr known = diagnosis_sender_of(l.d, &f);
    assert_true(addr_eq(&known, &v4));
    f.has_mac = false;
    known = diagnosis_sender_of(l.d, &f);
    assert_true(addr_eq(&known, &f.key.src));
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_hosts_are_one_finding_with_the_cost),
        cmocka_unit_test(one_host_counts_when_it_fails_again),
        cmocka_unit_test(a_race_that_ipv6_lost_is_none),
        cmocka_unit_test(where_some_of_it_works_hosts_are_named),
        cmocka_unit_test(a_capture_that_cannot_tell_says_nothing),
        cmocka_unit_test(a_capture_that_lost_packets_is_less_sure),
        cmocka_unit_test(a_host_that_fails_over_ipv4_is_told_by_that),
        cmocka_unit_test(the_sender_of_a_first_flow_is_known_by_its_mac),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
