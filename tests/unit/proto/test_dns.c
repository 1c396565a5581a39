/*
 * Pairing of DNS queries and replies of one flow of datagrams.
 * SPDX-License-Identifier: MIT
 */
#include "dns_lab.h"

#define ARENA_CAP (1 << 20)

static struct lab *lab_udp(void)
{
    return lab_open(true, false, ARENA_CAP);
}

static void test_answered(void **state)
{
    (void)state;
    struct lab *lab = lab_udp();
    lab_query(lab, 0, 7, "www.Example.org", T_A);
    assert_told(lab, "");
    lab_reply(lab, 20, 7, "wWw.eXample.org", T_A, 1);
    assert_told(lab, "answered 7 www.example.org A NOERROR 1 1\n");
    assert_int_equal(lab->rtt_ns, 20 * NS_PER_MS);
    assert_int_equal(lab->request.frame, 1);
    assert_int_equal(lab->reply.frame, 2);
    lab_end(lab, 0, END_TIMEOUT);
    assert_int_equal(lab->count, 1);
    lab_close(lab);
}

static void test_repeats(void **state)
{
    (void)state;
    struct lab *lab = lab_udp();
    lab_query(lab, 0, 7, "a.test", T_A);
    lab_query(lab, 1000, 7, "a.test", T_A);
    lab_query(lab, 2000, 7, "a.test", T_A);
    lab_query(lab, 1, 7, "a.test", T_A); /* captured twice */
    lab_query(lab, 0, 7, "a.test", T_AAAA);
    lab_query(lab, 0, 7, "b.test", T_A);
    lab_reply(lab, 100, 7, "a.test", T_A, 1);
    assert_told(lab, "answered 7 a.test A NOERROR 3 1\n");
    assert_int_equal(lab->request.frame, 1);
    lab_end(lab, 5000, END_TIMEOUT);
    assert_told(lab, "answered 7 a.test A NOERROR 3 1\n"
                     "no-reply 7 a.test AAAA - 1 0\n"
                     "no-reply 7 b.test A - 1 0\n");
    lab_close(lab);
}

static void test_asked_again(void **state)
{
    (void)state;
    struct lab *lab = lab_udp();
    lab_query(lab, 0, 7, "a.test", T_A);
    lab_reply(lab, 3, 7, "a.test", T_A, 1);
    lab_query(lab, 2, 7, "a.test", T_A); /* captured twice */
    lab_query(lab, 2000, 7, "a.test", T_A);
    lab_reply(lab, 3, 7, "a.test", T_A, 1);
    assert_told(lab, "answered 7 a.test A NOERROR 1 1\nanswered 7 a.test A NOERROR 1 1\n");
    lab_end(lab, 0, END_TIMEOUT);
    assert_int_equal(lab->count, 2);
    lab_close(lab);
}

static void test_unanswered(void **state)
{
    (void)state;
    static const struct {
        enum end_reason reason;
        int ms;
        const char *told;
    } cases[] = {
        {END_CAPTURE, 1999, "pending 9 a.test A - 1 0\n"},
        {END_CAPTURE, 2000, "no-reply 9 a.test A - 1 0\n"},
        {END_EVICTED, 10, "pending 9 a.test A - 1 0\n"},
        {END_TIMEOUT, 10, "no-reply 9 a.test A - 1 0\n"},
        {END_ICMP, 10, "no-reply 9 a.test A - 1 0\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lab *lab = lab_udp();
        lab_query(lab, 0, 9, "a.test", T_A);
        lab_end(lab, cases[i].ms, cases[i].reason);
        assert_told(lab, cases[i].told);
        assert_int_equal(lab->rtt_ns, -1);
        assert_int_equal(lab->reply.frame, 0);
        lab_close(lab);
    }
}

/* A query that got no reply is told when the flow goes on long enough, and its reply is late then. */
static void test_given_up(void **state)
{
    (void)state;
    struct lab *lab = lab_udp();
    lab_query(lab, 0, 1, "a.test", T_A);
    lab_query(lab, 14000, 2, "b.test", T_A);
    assert_told(lab, "");
    lab_reply(lab, 500, 2, "b.test", T_A, 1);
    lab_query(lab, 1000, 3, "c.test", T_A);
    assert_told(lab, "answered 2 b.test A NOERROR 1 1\nno-reply 1 a.test A - 1 0\n");
    lab_reply(lab, 10, 1, "a.test", T_A, 1);
    lab_end(lab, 0, END_TIMEOUT);
    assert_told(lab, "answered 2 b.test A NOERROR 1 1\nno-reply 1 a.test A - 1 0\n"
                     "reply-only 1 a.test A NOERROR 1 1\nno-reply 3 c.test A - 1 0\n");
    lab_close(lab);
}

static void test_early_reply(void **state)
{
    (void)state;
    struct lab *lab = lab_udp();
    lab_reply(lab, 0, 1, "a.test", T_A, 1);
    lab_reply(lab, 0, 1, "a.test", T_A, 1); /* captured twice */
    lab_reply(lab, 0, 2, "b.test", T_A, 1);
    lab_query(lab, 2, 1, "A.test", T_A);
    assert_told(lab, "answered 1 a.test A NOERROR 1 1\n");
    assert_int_equal(lab->request.frame, 4);
    assert_int_equal(lab->reply.frame, 1);
    assert_int_equal(lab->rtt_ns, 0);
    lab_query(lab, 100, 2, "b.test", T_A); /* too late */
    lab_end(lab, 0, END_TIMEOUT);
    assert_told(lab, "answered 1 a.test A NOERROR 1 1\nreply-only 2 b.test A NOERROR 1 1\n"
                     "no-reply 2 b.test A - 1 0\n");
    lab_close(lab);
}

static void test_many_early(void **state)
{
    (void)state;
    struct lab *lab = lab_udp();
    for (unsigned i = 0; i < 20; i++)
        lab_reply(lab, 0, i, "a.test", T_A, 1);
    assert_int_equal(lab->count, 12); /* no more than so many wait */
    for (unsigned i = 0; i < 20; i++)
        lab_query(lab, 0, i, "a.test", T_A);
    assert_int_equal(lab->count, 20);
    lab_end(lab, 3000, END_CAPTURE);
    assert_int_equal(lab->count, 32);
    lab_close(lab);
}

static void test_second_reply(void **state)
{
    (void)state;
    struct lab *lab = lab_udp();
    lab_query(lab, 0, 1, "a.test", T_A);
    lab_reply(lab, 1, 1, "a.test", T_A, 1);
    lab_reply(lab, 1, 1, "a.test", T_A, 1); /* the same */
    assert_int_equal(lab->count, 1);
    lab_reply(lab, 1, 1, "a.test", T_A, 9); /* forged, or the other one was */
    assert_told(lab, "answered 1 a.test A NOERROR 1 1\nreply-only 1 a.test A NOERROR 1 1 2\n");
    lab_end(lab, 0, END_TIMEOUT);
    assert_int_equal(lab->count, 2);
    lab_close(lab);
}

/* A query sent twice is answered twice, perhaps with another of many addresses. */
static void test_second_reply_owed(void **state)
{
    (void)state;
    struct lab *lab = lab_udp();
    lab_query(lab, 0, 1, "a.test", T_A);
    lab_query(lab, 1000, 1, "a.test", T_A);
    lab_reply(lab, 1, 1, "a.test", T_A, 1);
    lab_reply(lab, 1, 1, "a.test", T_A, 2);
    assert_int_equal(lab->count, 1);
    lab_reply(lab, 1, 1, "a.test", T_A, 3);
    assert_int_equal(lab->count, 2);
    lab_close(lab);
}

static void test_reply_without_question(void **state)
{
    (void)state;
    struct lab *lab = lab_udp();
    struct wire w;
    wire_header(&w, 5, 0x8005, 0, 0);
    lab_bytes(lab, DIR_TO_CLIENT, 0, w.bytes, w.len); /* waits, but for nobody */
    lab_query(lab, 100, 5, "a.test", T_A);
    lab_query(lab, 0, 5, "b.test", T_A);
    lab_bytes(lab, DIR_TO_CLIENT, 1, w.bytes, w.len);
    assert_told(lab, "answered 5 a.test A REFUSED 1 0\n");
    lab_bytes(lab, DIR_TO_CLIENT, 1, w.bytes, w.len);
    assert_told(lab, "answered 5 a.test A REFUSED 1 0\nanswered 5 b.test A REFUSED 1 0\n");
    lab_end(lab, 0, END_TIMEOUT);
    assert_int_equal(lab->count, 2);
    lab_close(lab);
}

/* A reply cut by the capture counts as far as its question goes; cut within it, its id counts. */
static void test_cut_reply(void **state)
{
    (void)state;
    struct wire w = wire_reply(5, "a.test", T_A, 3, 1);
    for (size_t len = 0; len < w.len; len++) {
        struct lab *lab = lab_udp();
        lab_query(lab, 0, 5, "a.test", T_A);
        lab_bytes(lab, DIR_TO_CLIENT, 1, w.bytes, len);
        assert_told(lab, len < 12 ? "" : "answered 5 a.test A NXDOMAIN 1 0\n");
        lab_close(lab);
    }
}

static void test_other_question(void **state)
{
    (void)state;
    struct lab *lab = lab_udp();
    lab_query(lab, 0, 5, "a.test", T_A);
    lab_reply(lab, 1, 5, "b.test", T_A, 1);
    lab_reply(lab, 1, 5, "a.test", T_AAAA, 0);
    lab_reply(lab, 1, 6, "a.test", T_A, 1);
    assert_told(lab, "");
    lab_reply(lab, 1, 5, "a.test", T_A, 1);
    lab_end(lab, 0, END_TIMEOUT);
    assert_told(lab, "answered 5 a.test A NOERROR 1 1\nreply-only 5 b.test A NOERROR 1 1\n"
                     "reply-only 5 a.test AAAA NOERROR 1 0\nreply-only 6 a.test A NOERROR 1 1\n");
    lab_close(lab);
}

static void test_passed_over(void **state)
{
    (void)state;
    struct lab *lab = lab_udp();
    struct wire w = wire_query(1, "a.test", 6);
    w.bytes[2] = 0x28; /* UPDATE */
    lab_bytes(lab, DIR_TO_SERVER, 0, w.bytes, w.len);
    lab_reply(lab, 0, 2, "a.test", T_A, 1);
    w = wire_query(3, "a.test", T_A);
    lab_bytes(lab, DIR_TO_CLIENT, 0, w.bytes, w.len);     /* against the direction */
    lab_bytes(lab, DIR_TO_SERVER, 0, w.bytes, w.len - 4); /* cut */
    lab_bytes(lab, DIR_TO_SERVER, 0, w.bytes, 11);        /* no header */
    wire_header(&w, 4, 0x0100, 0, 0);
    lab_bytes(lab, DIR_TO_SERVER, 0, w.bytes, w.len); /* without a question */
    lab_end(lab, 0, END_TIMEOUT);
    assert_told(lab, "reply-only 2 a.test A NOERROR 1 1\n");
    lab_close(lab);
}

static void test_not_dns(void **state)
{
    (void)state;
    static const char text[] = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
    struct lab *lab = lab_udp();
    lab_bytes(lab, DIR_TO_SERVER, 0, text, strlen(text));
    assert_int_equal(lab->state, FEED_NOT_MINE);
    lab_close(lab);

    struct wire w = wire_query(1, "a.test", T_A);
    w.bytes[12] = 0x41; /* a kind of label that there is not */
    lab = lab_udp();
    lab_bytes(lab, DIR_TO_SERVER, 0, w.bytes, w.len);
    assert_int_equal(lab->state, FEED_NOT_MINE);
    lab_query(lab, 0, 1, "a.test", T_A);
    assert_int_equal(lab->state, FEED_MORE);
    lab_bytes(lab, DIR_TO_SERVER, 0, w.bytes, w.len);
    assert_int_equal(lab->state, FEED_MORE); /* once seen it stays DNS */
    lab_close(lab);
}

/* A resolver's port: a thousand in flight, replies in another order. */
static void test_many_in_flight(void **state)
{
    (void)state;
    struct lab *lab = lab_udp();
    char name[32];
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 1000; i++) {
            (void)snprintf(name, sizeof name, "host-%u.test", i % 500);
            lab_query(lab, 0, i * 61 % 4096, name, T_A);
        }
        for (unsigned i = 1000; i-- > 0;) {
            (void)snprintf(name, sizeof name, "host-%u.test", i % 500);
            lab_reply(lab, 0, i * 61 % 4096, name, T_A, 1);
        }
        assert_int_equal(lab->count, 1000 * (round + 1));
        assert_int_equal(lab->reply.frame - lab->request.frame, 1999);
        lab->at.ts_ns += 20 * NS_PER_S;
    }
    assert_true(lab->arena.used < 204800); /* records were used again */
    lab_end(lab, 0, END_TIMEOUT);
    assert_int_equal(lab->count, 3000);
    lab_close(lab);
}

static void test_open_cap(void **state)
{
    (void)state;
    struct lab *lab = lab_udp();
    for (unsigned i = 0; i < 2100; i++)
        lab_query(lab, 0, i, "a.test", T_A);
    assert_int_equal(lab->count, 52);
    assert_memory_equal(lab->told, "pending 0 a.test A - 1 0\n", 25);
    lab_end(lab, 2000, END_CAPTURE);
    assert_int_equal(lab->count, 2100);
    lab_close(lab);
}

/* Without memory the oldest query makes room, and nothing breaks. */
static void test_memory_out(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 1024; cap += 64) {
        struct lab *lab = lab_open(true, false, cap);
        lab_reply(lab, 0, 500, "early.test", T_A, 1);
        for (unsigned i = 0; i < 40; i++)
            lab_query(lab, 0, i, "a.test", T_A);
        lab_reply(lab, 0, 39, "a.test", T_A, 1);
        lab_end(lab, 2000, END_TIMEOUT);
        assert_true(cap >= 512 ? lab->count == 41 : lab->count >= 1);
        lab_close(lab);
    }
}

static void test_transfer(void **state)
{
    (void)state;
    struct lab *lab = lab_udp();
    lab_query(lab, 0, 5, "a.test", T_AXFR);
    for (unsigned i = 1; i < 5; i++)
        lab_reply(lab, 1, 5, "a.test", T_AXFR, i);
    lab_end(lab, 0, END_TIMEOUT);
    assert_told(lab, "answered 5 a.test AXFR NOERROR 1 1\n");
    lab_close(lab);
}

static void test_small(void **state)
{
    (void)state;
    struct lab *lab = lab_udp();
    assert_true(dns_ops.session_size <= 64);
    lab_query(lab, 0, 5, "enterpriseregistration.windows.net", T_A);
    assert_true(dns_ops.session_size + lab->arena.used <= 224);
    lab_close(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answered),
        cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_asked_again),
        cmocka_unit_test(test_unanswered),
        cmocka_unit_test(test_given_up),
        cmocka_unit_test(test_early_reply),
        cmocka_unit_test(test_many_early),
        cmocka_unit_test(test_second_reply),
        cmocka_unit_test(test_second_reply_owed),
        cmocka_unit_test(test_reply_without_question),
        cmocka_unit_test(test_cut_reply),
        cmocka_unit_test(test_other_question),
        cmocka_unit_test(test_passed_over),
        cmocka_unit_test(test_not_dns),
        cmocka_unit_test(test_many_in_flight),
        cmocka_unit_test(test_open_cap),
        cmocka_unit_test(test_memory_out),
        cmocka_unit_test(test_transfer),
        cmocka_unit_test(test_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
