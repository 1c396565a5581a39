/*
 * DNS over TCP: messages behind their lengths.
 * SPDX-License-Identifier: MIT
 */
#include "dns_lab.h"

#define ARENA_CAP (1 << 20)

static void send_framed(struct lab *lab, enum dir dir, const struct wire *message)
{
    struct wire w = wire_framed(message);
    lab_stream(lab, dir, w.bytes, w.len);
}

/* Two queries and their replies, in each direction cut in two at every place. */
static void test_every_cut(void **state)
{
    (void)state;
    struct wire queries = {.len = 0};
    struct wire replies = {.len = 0};
    for (unsigned id = 1; id <= 2; id++) {
        struct wire query = wire_query(id, "a.test", T_A);
        struct wire reply = wire_reply(3 - id, "a.test", T_A, 0, 1);
        query = wire_framed(&query);
        reply = wire_framed(&reply);
        wire_bytes(&queries, query.bytes, query.len);
        wire_bytes(&replies, reply.bytes, reply.len);
    }
    for (size_t cut = 0; cut <= replies.len; cut++) {
        struct lab *lab = lab_open(false, false, ARENA_CAP);
        size_t query_cut = cut < queries.len ? cut : queries.len;
        lab_stream(lab, DIR_TO_SERVER, queries.bytes, query_cut);
        lab_stream(lab, DIR_TO_SERVER, queries.bytes + query_cut, queries.len - query_cut);
        lab_stream(lab, DIR_TO_CLIENT, replies.bytes, cut);
        if (lab->held_len[DIR_TO_CLIENT] >= 2)
            assert_true(lab->want[DIR_TO_CLIENT] > lab->held_len[DIR_TO_CLIENT]);
        lab_stream(lab, DIR_TO_CLIENT, replies.bytes + cut, replies.len - cut);
        assert_told(lab, "answered 2 a.test A NOERROR 1 1\nanswered 1 a.test A NOERROR 1 1\n");
        lab_close(lab);
    }
}

static void test_not_dns(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n",
        "\x16\x03\x01\x02\x01\x01\x01\x01\xfc\x03\x03\x01\x01\x01\x01\x01",
        "SSH-2.0-OpenSSH_9.2\r\n",
    };
    for (size_t i = 0; i < 3; i++) {
        struct lab *lab = lab_open(false, false, ARENA_CAP);
        lab_stream(lab, DIR_TO_SERVER, texts[i], strlen(texts[i]));
        assert_int_equal(lab->state, FEED_NOT_MINE);
        lab_close(lab);
    }
}

static void test_gap(void **state)
{
    (void)state;
    struct lab *lab = lab_open(false, false, ARENA_CAP);
    struct wire query = wire_query(1, "a.test", T_A);
    struct wire reply = wire_reply(2, "b.test", T_A, 0, 1);
    send_framed(lab, DIR_TO_SERVER, &query);
    query = wire_query(2, "b.test", T_A);
    send_framed(lab, DIR_TO_SERVER, &query);
    struct feed feed = dns_ops.gap(lab->session, DIR_TO_CLIENT, 100, &lab->at, &lab->env);
    assert_int_equal(feed.state, FEED_MORE);
    /* The end of some message, then one that begins with its packet. */
    lab_stream(lab, DIR_TO_CLIENT, "no message begins here", 22);
    send_framed(lab, DIR_TO_CLIENT, &reply);
    lab_end(lab, 9000, END_TIMEOUT);
    /* The reply to the first one may be in the gap: no one's failure. */
    assert_told(lab, "answered 2 b.test A NOERROR 1 1\npending 1 a.test A - 1 0\n");
    lab_close(lab);
}

static void test_midstream(void **state)
{
    (void)state;
    struct lab *lab = lab_open(false, true, ARENA_CAP);
    struct wire query = wire_query(1, "a.test", T_A);
    struct wire reply = wire_reply(1, "a.test", T_A, 2, 0);
    lab_stream(lab, DIR_TO_SERVER, "the rest of some message", 24);
    assert_int_equal(lab->state, FEED_MORE);
    send_framed(lab, DIR_TO_SERVER, &query);
    send_framed(lab, DIR_TO_CLIENT, &reply);
    assert_told(lab, "answered 1 a.test A SERVFAIL 1 0\n");
    lab_close(lab);
}

static void test_length_too_small(void **state)
{
    (void)state;
    struct lab *lab = lab_open(false, false, ARENA_CAP);
    struct wire query = wire_query(1, "a.test", T_A);
    struct wire reply = wire_reply(1, "a.test", T_A, 0, 1);
    send_framed(lab, DIR_TO_SERVER, &query);
    lab_stream(lab, DIR_TO_CLIENT, "\0\5\0\1\x81\x80\0", 7);
    assert_int_equal(lab->held_len[DIR_TO_CLIENT], 0);
    send_framed(lab, DIR_TO_CLIENT, &reply);
    assert_told(lab, "answered 1 a.test A NOERROR 1 1\n");
    lab_close(lab);
}

/* A message longer than what is ever held is told as far as it is there. */
static void test_message_beyond_hold(void **state)
{
    (void)state;
    struct lab *lab = lab_open(false, false, ARENA_CAP);
    struct wire query = wire_query(1, "a.test", T_A);
    struct wire reply = wire_reply(1, "a.test", T_A, 0, 1);
    send_framed(lab, DIR_TO_SERVER, &query);
    uint8_t *bytes = calloc(1, PROTO_HOLD_MAX);
    assert_non_null(bytes);
    bytes[0] = 0xff;
    bytes[1] = 0xff;
    memcpy(bytes + 2, reply.bytes, reply.len);
    struct slice shown = slice_of(bytes, PROTO_HOLD_MAX - 1);
    struct feed feed =
        dns_ops.data(lab->session, DIR_TO_CLIENT, shown, &lab->at, &lab->at, &lab->env);
    assert_int_equal(feed.take.consumed, 0);
    assert_int_equal(feed.take.want, PROTO_HOLD_MAX);
    shown.len++;
    feed = dns_ops.data(lab->session, DIR_TO_CLIENT, shown, &lab->at, &lab->at, &lab->env);
    assert_int_equal(feed.take.consumed, PROTO_HOLD_MAX);
    assert_int_equal(feed.take.skip, 65535 + 2 - PROTO_HOLD_MAX);
    assert_told(lab, "answered 1 a.test A NOERROR 1 1\n");
    free(bytes);
    lab_close(lab);
}

static void test_early(void **state)
{
    (void)state;
    struct lab *lab = lab_open(false, false, ARENA_CAP);
    struct wire query = wire_query(1, "a.test", T_A);
    struct wire reply = wire_reply(1, "a.test", T_A, 0, 1);
    send_framed(lab, DIR_TO_CLIENT, &reply);
    send_framed(lab, DIR_TO_SERVER, &query);
    assert_told(lab, "answered 1 a.test A NOERROR 1 1\n");
    lab_close(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_not_dns),
        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_midstream),
        cmocka_unit_test(test_length_too_small),
        cmocka_unit_test(test_message_beyond_hold),
        cmocka_unit_test(test_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
