/*
 * tests/unit/proto/test_http_stream: holes, swapped directions, missing beginnings, caps.
 * SPDX-License-Identifier: MIT
 */
#include "http_lab.h"

#define GET(target)      "GET " target " HTTP/1.1\r\nHost: a\r\n\r\n"
#define OK(length, body) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n" body

static void test_response_before_request(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    lab_server(lab, OK("4", "body") OK("2", "xx"));
    lab_client(lab, GET("/1"));
    assert_told(lab, "GET /1 a -> 200 4/4\n");
    assert_string_equal(lab->body_head, "body");
    lab_client(lab, GET("/2"));
    assert_told(lab, "GET /1 a -> 200 4/4\nGET /2 a -> 200 2/2\n");
    lab_close(lab);
}

static void test_early_response_to_head(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    lab_server(lab, OK("400", ""));
    lab_client(lab, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" GET("/2"));
    lab_server(lab, OK("2", "xx"));
    assert_told(lab, "HEAD / a -> 200 0/400\nGET /2 a -> 200 2/2\n");
    lab_close(lab);
}

static void test_early_answer_to_connect(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    lab_server(lab, "HTTP/1.1 200 Connection established\r\n\r\n");
    lab_client(lab, "CONNECT b:443 HTTP/1.1\r\n\r\nnext");
    assert_int_equal(lab->state, FEED_UPGRADE);
    assert_int_equal(lab->side[DIR_TO_SERVER].len, 4);
    assert_told(lab, "CONNECT b:443 b:443 -> 200 0/-1\n");
    lab_close(lab);
}

static void test_midstream_response_is_not_the_next_requests(void **state)
{
    (void)state;
    struct lab *lab = lab_new(&(struct proto_begin){.server_port = 80, .midstream = true}, 65536);
    lab_server(lab, "rest of a body");
    lab_server(lab, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    lab->at.ts_ns += NS_PER_S;
    lab_client(lab, GET("/"));
    assert_told(lab, "   -> 403 0/0\n");
    assert_int_equal(lab->outcome, TX_REPLY_ONLY);
    lab_server(lab, OK("0", ""));
    assert_told(lab, "   -> 403 0/0\nGET / a -> 200 0/0\n");
    lab_close(lab);
}

static void test_gap_in_body(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    lab_client(lab, GET("/1"));
    lab_server(lab, OK("100", "0123456789"));
    lab_gap(lab, DIR_TO_CLIENT, 80);
    lab_server(lab, "0123456789");
    assert_told(lab, "GET /1 a -> 200 20/100\n");
    lab_client(lab, GET("/2"));
    lab_server(lab, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n01");
    lab_gap(lab, DIR_TO_CLIENT, 4);
    lab_server(lab, "67\r\n0\r\n\r\n");
    assert_told(lab, "GET /1 a -> 200 20/100\nGET /2 a -> 200 4/-1\n");
    lab_close(lab);
}

static void test_gap_over_the_end_of_a_body(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    lab_client(lab, GET("/1"));
    lab_server(lab, OK("100", "0123456789"));
    lab_gap(lab, DIR_TO_CLIENT, 90); /* exactly */
    lab_client(lab, GET("/2"));
    lab_server(lab, OK("100", "0123456789"));
    lab_client(lab, GET("/3"));
    lab_gap(lab, DIR_TO_CLIENT, 200); /* the response to /3 begins in it */
    lab_server(lab, "somewhere in a body");
    lab_client(lab, GET("/4"));
    lab_server(lab, OK("0", ""));
    assert_told(lab, "GET /1 a -> 200 10/100\nGET /2 a -> 200 10/100\n"
                     "GET /3 a -> 0 0/-1\nGET /4 a -> 200 0/0\n");
    lab_close(lab);
}

static void test_gap_in_response_head(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    lab_client(lab, GET("/1"));
    lab_server(lab, "HTTP/1.1 200 OK\r\nContent-");
    lab_client(lab, GET("/2"));
    lab_client(lab, GET("/3"));
    lab_gap(lab, DIR_TO_CLIENT, 1000);
    assert_told(lab, "GET /1 a -> 0 0/-1\n");
    assert_int_equal(lab->outcome, TX_PENDING);
    lab_server(lab, OK("0", "") OK("1", "x"));
    assert_told(lab, "GET /1 a -> 0 0/-1\nGET /2 a -> 200 0/0\nGET /3 a -> 200 1/1\n");
    lab_close(lab);
}

static void test_gap_between_requests(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    lab_client(lab, GET("/1"));
    lab_server(lab, OK("0", ""));
    lab_gap(lab, DIR_TO_SERVER, 300);
    lab_server(lab, "HTTP/1.1 500 Error\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(lab->outcome, TX_REPLY_ONLY);
    lab_client(lab, "x=y");
    lab_client(lab, GET("/3"));
    lab_server(lab, OK("0", ""));
    assert_told(lab, "GET /1 a -> 200 0/0\n   -> 500 0/0\nGET /3 a -> 200 0/0\n");
    lab_end(lab, END_FIN);
    assert_int_equal(lab->count, 3);
    lab_close(lab);
}

static void test_gap_that_held_no_request(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    lab_client(lab, GET("/1"));
    lab_server(lab, OK("0", ""));
    lab_gap(lab, DIR_TO_SERVER, 1);
    lab_client(lab, GET("/2"));
    lab_server(lab, OK("0", ""));
    assert_told(lab, "GET /1 a -> 200 0/0\nGET /2 a -> 200 0/0\n");
    lab_close(lab);
}

static void test_broken_chunks(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "10000000000000000\r\n", "x\r\n", "\r\n", "3\r\nabcdef\r\n", "-1\r\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct lab *lab = lab_open();
        lab_client(lab, GET("/1"));
        lab_server(lab, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        lab_server(lab, bad[i]);
        assert_int_equal(lab->count, 1);
        assert_int_equal(lab->outcome, TX_ANSWERED);
        lab_server(lab, "more of it");
        lab_client(lab, GET("/2"));
        lab_server(lab, OK("0", ""));
        assert_int_equal(lab->count, 2);
        lab_close(lab);
    }
}

static void test_head_without_end(void **state)
{
    (void)state;
    static const char line[] = "X-Filler: 0123456789012345678901234567890123456789\r\n";
    struct lab *lab = lab_open();
    lab_client(lab, "GET / HTTP/1.1\r\n");
    for (size_t sent = 0; sent < PROTO_HOLD_MAX + 100; sent += sizeof line - 1) {
        lab_client(lab, line);
        assert_true(lab->side[DIR_TO_SERVER].len < PROTO_HOLD_MAX + sizeof line);
    }
    assert_true(lab->side[DIR_TO_SERVER].len == 0 || lab->state == FEED_NOT_MINE);
    lab_end(lab, END_FIN);
    assert_int_equal(lab->count, 0);
    lab_close(lab);
}

static void test_long_target_is_cut(void **state)
{
    (void)state;
    static const char tail[] = " HTTP/1.1\r\nHost: a\r\n\r\n";
    char request[20005 + sizeof tail] = "GET /";
    memset(request + 5, 'a', 20000);
    memcpy(request + 20005, tail, sizeof tail);
    struct lab *lab = lab_open();
    lab_text(lab, DIR_TO_SERVER, request);
    lab_server(lab, OK("0", ""));
    assert_int_equal(lab->count, 1);
    assert_int_equal(lab->told_len, strlen("GET  a -> 200 0/0\n") + 8192);
    lab_close(lab);
}

static void test_many_requests_without_response(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    for (int i = 0; i < 1000; i++)
        lab_client(lab, GET("/"));
    assert_true(lab->count >= 500);
    assert_true(lab->arena.used < 100000);
    lab_end(lab, END_TIMEOUT);
    assert_int_equal(lab->count, 1000);
    lab_close(lab);
}

static void test_many_responses_without_request(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    for (int i = 0; i < 1000; i++)
        lab_server(lab, OK("1", "x"));
    lab_end(lab, END_TIMEOUT);
    assert_int_equal(lab->count, 1000);
    assert_int_equal(lab->outcome, TX_REPLY_ONLY);
    assert_true(lab->arena.used < 20000);
    lab_close(lab);
}

static void test_no_memory(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 1024; cap += 16) {
        struct lab *lab = lab_new(&(struct proto_begin){.server_port = 80}, cap);
        lab_client(lab, GET("/1") GET("/2"));
        lab_server(lab, OK("1", "x") OK("1", "y"));
        lab_end(lab, END_FIN);
        assert_true(lab->count <= 2);
        assert_true(lab->count == 2 || lab->state == FEED_DONE);
        lab_close(lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_response_before_request),
        cmocka_unit_test(test_early_response_to_head),
        cmocka_unit_test(test_early_answer_to_connect),
        cmocka_unit_test(test_midstream_response_is_not_the_next_requests),
        cmocka_unit_test(test_gap_in_body),
        cmocka_unit_test(test_gap_over_the_end_of_a_body),
        cmocka_unit_test(test_gap_in_response_head),
        cmocka_unit_test(test_gap_between_requests),
        cmocka_unit_test(test_gap_that_held_no_request),
        cmocka_unit_test(test_broken_chunks),
        cmocka_unit_test(test_head_without_end),
        cmocka_unit_test(test_long_target_is_cut),
        cmocka_unit_test(test_many_requests_without_response),
        cmocka_unit_test(test_many_responses_without_request),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
