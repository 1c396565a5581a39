/*
 * tests/unit/proto/test_http: exchanges of a connection that was captured whole.
 * SPDX-License-Identifier: MIT
 */
#include "http_lab.h"

#define GET(target)      "GET " target " HTTP/1.1\r\nHost: a.example\r\n\r\n"
#define OK(length, body) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n" body

static void test_one_exchange(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    lab_client(lab, "GET /connecttest.txt HTTP/1.1\r\nHost: www.msftconnecttest.com\r\n\r\n");
    lab_server(lab, "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                    "Content-Length: 22\r\n\r\nMicrosoft Connect");
    assert_told(lab, "");
    lab_server(lab, " Test");
    assert_told(lab, "GET /connecttest.txt www.msftconnecttest.com -> 200 22/22\n");
    assert_int_equal(lab->outcome, TX_ANSWERED);
    assert_string_equal(lab->body_head, "Microsoft Connect Test");
    assert_int_equal(lab->date, 784111777);
    assert_int_equal(lab->first.frame, 1);
    assert_int_equal(lab->request.frame, 1);
    assert_int_equal(lab->reply.frame, 2);
    assert_int_equal(lab->done.frame, 3);
    assert_int_equal(lab->rtt_ns, NS_PER_MS);
    lab_end(lab, END_FIN);
    assert_int_equal(lab->count, 1);
    lab_close(lab);
}

static void test_keep_alive_uses_memory_again(void **state)
{
    (void)state;
    struct lab *lab = lab_new(&(struct proto_begin){.server_port = 80}, 2048);
    lab_client(lab, GET("/0")); /* one is always open */
    for (int i = 0; i < 500; i++) {
        lab_client(lab, GET("/1"));
        lab_server(lab, OK("2", "ab"));
    }
    assert_int_equal(lab->count, 500);
    assert_true(lab->arena.used < 1536);
    lab_end(lab, END_FIN);
    lab_close(lab);
}

/* The lab takes back what an idle session leaves. */
static void test_an_idle_connection_keeps_nothing(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    for (int i = 0; i < 3; i++) {
        lab_client(lab, GET("/1"));
        assert_true(lab->arena.used > 0);
        lab_server(lab, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
        assert_true(lab->arena.used > 0);
        lab_server(lab, "cd");
        assert_int_equal(lab->arena.used, 0);
    }
    assert_told(lab, "GET /1 a.example -> 200 4/4\nGET /1 a.example -> 200 4/4\n"
                     "GET /1 a.example -> 200 4/4\n");
    lab_server(lab, OK("2", "ab")); /* waits for its request */
    assert_true(lab->arena.used > 0);
    lab_close(lab);
}

static void test_pipelining_in_one_packet(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    lab_client(lab, GET("/1") "HEAD /2 HTTP/1.1\r\nHost: a\r\n\r\n" GET("/3"));
    lab_server(lab, OK("1", "x") OK("99", "") "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
    assert_told(lab, "GET /1 a.example -> 200 1/1\nHEAD /2 a -> 200 0/99\n"
                     "GET /3 a.example -> 404 0/0\n");
    lab_close(lab);
}

/* Requests and responses with every kind of body, in pieces of `step` bytes. */
static void run_in_pieces(size_t step)
{
    static const char client[] =
        "POST /chunked HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n00a;x=y\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n"
        "POST /counted HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"
        "\r\nGET /none HTTP/1.1\nHost: lf.example\n\n"
        "GET http://b.example:81/x?y HTTP/1.1\r\nHost: other\r\nRange: bytes=0-1\r\n\r\n"
        "GET /close HTTP/1.0\r\n\r\n";
    static const char server[] =
        "HTTP/1.1 100 Continue\r\n\r\n"
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n"
        "HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\n\r\nzz"
        "HTTP/1.0 302 Found\r\nLocation:\r\n http://c.example/\r\nServer: s\r\n\r\nuntil the end";
    struct lab *lab = lab_open();
    for (size_t i = 0; i < sizeof client - 1; i += step) {
        size_t left = sizeof client - 1 - i;
        lab_bytes(lab, DIR_TO_SERVER, client + i, left < step ? left : step);
    }
    for (size_t i = 0; i < sizeof server - 1; i += step) {
        size_t left = sizeof server - 1 - i;
        lab_bytes(lab, DIR_TO_CLIENT, server + i, left < step ? left : step);
    }
    http_ops.fin(lab->session, DIR_TO_CLIENT, &lab->at, &lab->env);
    assert_told(lab, "POST /chunked a -> 200 7/-1\nPOST /counted a -> 204 0/-1\n"
                     "GET /none lf.example -> 304 0/77\n"
                     "GET http://b.example:81/x?y b.example:81 -> 206 2/2\n"
                     "GET /close  -> 302 13/-1\n");
    assert_string_equal(lab->location, "http://c.example/");
    assert_string_equal(lab->body_head, "until the end");
    assert_int_equal(lab->state, FEED_MORE);
    lab_end(lab, END_FIN);
    assert_int_equal(lab->count, 5);
    lab_close(lab);
}

static void test_pieces_of_any_size(void **state)
{
    (void)state;
    for (size_t step = 1; step < 80; step++)
        run_in_pieces(step);
    run_in_pieces(4096);
}

static void test_large_body_is_skipped(void **state)
{
    (void)state;
    static const uint8_t block[65536];
    struct lab *lab = lab_open();
    lab_client(lab, GET("/big"));
    lab_server(lab, OK("10000000", ""));
    for (uint64_t sent = 0; sent < 10000000; sent += 1000)
        lab_bytes(lab, DIR_TO_CLIENT, block, 1000);
    assert_told(lab, "GET /big a.example -> 200 10000000/10000000\n");
    assert_int_equal(lab->done.frame, 10002);
    lab_client(lab, GET("/next"));
    lab_server(lab, OK("0", ""));
    assert_int_equal(lab->count, 2);
    lab_close(lab);
}

static void test_cut_download(void **state)
{
    (void)state;
    static const uint8_t block[1000];
    struct lab *lab = lab_open();
    lab_client(lab, GET("/small"));
    lab_server(lab, OK("5000", ""));
    lab_bytes(lab, DIR_TO_CLIENT, block, 1000);
    lab_end(lab, END_RST);
    assert_told(lab, "GET /small a.example -> 200 1000/5000\n");
    assert_int_equal(lab->outcome, TX_ANSWERED);
    lab_close(lab);
}

/* Who ends the connection before the body does. */
static void test_who_cuts(void **state)
{
    static const struct {
        const char *head;
        bool fin;
        enum end_reason reason;
        enum dir by;
        bool cut;
        bool left; /* the client ended its side before */
    } ROWS[] = {
        {OK("5000", ""), true, END_FIN, DIR_TO_CLIENT, true, false},
        {OK("5000", ""), false, END_RST, DIR_TO_CLIENT, true, false},
        {OK("5000", ""), false, END_RST, DIR_TO_SERVER, false, false},
        {OK("5000", ""), false, END_CAPTURE, DIR_TO_SERVER, false, false},
        {OK("5000", ""), false, END_TIMEOUT, DIR_TO_SERVER, false, false},
        {OK("100", ""), true, END_FIN, DIR_TO_CLIENT, false, false},
        {OK("5000", ""), true, END_FIN, DIR_TO_SERVER, false, true},
        {OK("5000", ""), false, END_RST, DIR_TO_CLIENT, false, true},
        {"HTTP/1.1 200 OK\r\n\r\n", true, END_FIN, DIR_TO_CLIENT, false, false},
    };
    static const uint8_t block[100];
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab *lab = lab_open();
        lab_client(lab, GET("/file"));
        lab_server(lab, ROWS[i].head);
        lab_bytes(lab, DIR_TO_CLIENT, block, sizeof block);
        if (ROWS[i].left)
            http_ops.fin(lab->session, DIR_TO_SERVER, &lab->at, &lab->env);
        if (ROWS[i].fin)
            http_ops.fin(lab->session, DIR_TO_CLIENT, &lab->at, &lab->env);
        struct flow_end how = {ROWS[i].reason, ROWS[i].by, lab->at};
        http_ops.end(lab->session, &how, &lab->env);
        assert_int_equal(lab->count, 1);
        assert_int_equal(lab->cut, ROWS[i].cut);
        lab_close(lab);
    }
}

static void test_ranges_and_boxes(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    lab_client(lab, "GET /a HTTP/1.1\r\nHost: a\r\nRange: bytes=1000-1999\r\n\r\n");
    lab_server(lab, "HTTP/1.1 206 Partial\r\nContent-Range: bytes 1000-1999/5000\r\n"
                    "Accept-Ranges: bytes\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(lab->range_from, 1000);
    assert_int_equal(lab->range_to, 1999);
    assert_int_equal(lab->content_from, 1000);
    assert_false(lab->no_ranges);
    lab_client(lab, "GET /a HTTP/1.1\r\nHost: a\r\nRange: bytes=500-\r\n\r\n");
    lab_server(lab, "HTTP/1.1 200 OK\r\nAccept-Ranges: none\r\nProxy-Agent: Gate/1\r\n"
                    "X-Squid-Error: second\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(lab->range_from, 500);
    assert_int_equal(lab->range_to, -1);
    assert_int_equal(lab->content_from, -1);
    assert_true(lab->no_ranges);
    assert_string_equal(lab->box, "Gate/1");
    lab_client(lab, "GET /a HTTP/1.1\r\nHost: a\r\nRange: bytes=-500\r\n\r\n");
    lab_server(lab, "HTTP/1.1 416 No\r\nContent-Range: bytes */300\r\n"
                    "Content-Length: 0\r\n\r\n");
    assert_int_equal(lab->range_from, -1);
    assert_int_equal(lab->range_to, -1);
    assert_int_equal(lab->content_from, -1);
    assert_string_equal(lab->box, "");
    lab_close(lab);
}

/* What is put into a response on the way. */
static void test_codings_and_cookies(void **state)
{
    static const struct {
        const char *asks, *has;
        bool recoded, cookie;
    } ROWS[] = {
        {"", "Content-Encoding: gzip\r\n", true, false},
        {"Accept-Encoding: identity\r\n", "content-encoding: br\r\n", true, false},
        {"Accept-Encoding: gzip, deflate\r\n", "Content-Encoding: gzip\r\n", false, false},
        {"Accept-Encoding: *\r\n", "Content-Encoding: gzip\r\n", false, false},
        {"", "Content-Encoding: identity\r\nSet-Cookie: id=1; path=/\r\n", false, true},
        {"Content-Encoding: gzip\r\n", "Accept-Encoding: gzip\r\n", false, false},
        {"", "", false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        char head[256];
        struct lab *lab = lab_open();
        snprintf(head, sizeof head, "GET /a HTTP/1.1\r\nHost: a\r\n%s\r\n", ROWS[i].asks);
        lab_client(lab, head);
        snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\n%sContent-Length: 0\r\n\r\n", ROWS[i].has);
        lab_server(lab, head);
        assert_int_equal(lab->count, 1);
        assert_int_equal(lab->recoded, ROWS[i].recoded);
        assert_int_equal(lab->cookie, ROWS[i].cookie);
        lab_close(lab);
    }
    /* Of a request that the capture has not nobody knows what it asked for. */
    struct lab *lab = lab_open();
    lab_server(lab, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n");
    lab_end(lab, END_FIN);
    assert_false(lab->recoded);
    lab_close(lab);
}

/* Of a page more is kept than of a file. */
static void test_pages_keep_their_titles(void **state)
{
    static const struct {
        const char *head;
        size_t kept;
    } ROWS[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", HTTP_BODY_HEAD_MAX},
        {"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=x\r\nContent-Length: 500\r\n\r\n",
         HTTP_PAGE_HEAD_MAX},
        {"HTTP/1.1 403 No\r\nContent-Length: 500\r\n\r\n", HTTP_PAGE_HEAD_MAX},
    };
    uint8_t page[500];
    (void)state;
    memset(page, 'p', sizeof page);
    struct lab *lab = lab_open();
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        lab_client(lab, GET("/"));
        lab_server(lab, ROWS[i].head);
        lab_bytes(lab, DIR_TO_CLIENT, page, sizeof page);
        assert_int_equal(strlen(lab->body_head), ROWS[i].kept);
    }
    lab_close(lab);
}

static void test_connect(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    lab_client(lab, "CONNECT login.example:443 HTTP/1.1\r\nHost: proxy\r\n\r\n\x16\x03\x01");
    assert_int_equal(lab->side[DIR_TO_SERVER].len, 3);
    lab_server(lab, "HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno");
    assert_true(lab->to_proxy);
    lab->side[DIR_TO_SERVER].len = 0;
    lab_client(lab, "CONNECT login.example:443 HTTP/1.1\r\nHost: proxy\r\n\r\n");
    lab_server(lab, "HTTP/1.1 200 Connection established\r\n\r\n\x16\x03\x03");
    assert_int_equal(lab->state, FEED_UPGRADE);
    assert_int_equal(lab->side[DIR_TO_CLIENT].len, 3);
    assert_told(lab, "CONNECT login.example:443 login.example:443 -> 407 2/2\n"
                     "CONNECT login.example:443 login.example:443 -> 200 0/-1\n");
    lab_close(lab);
}

static void test_connect_without_answer(void **state)
{
    (void)state;
    static const uint8_t block[20000] = {0x16};
    struct lab *lab = lab_open();
    lab_client(lab, "CONNECT a:443 HTTP/1.1\r\n\r\n");
    lab_bytes(lab, DIR_TO_SERVER, block, sizeof block);
    assert_int_equal(lab->state, FEED_DONE);
    lab_end(lab, END_TIMEOUT);
    assert_told(lab, "CONNECT a:443 a:443 -> 0 0/-1\n");
    assert_int_equal(lab->outcome, TX_NO_REPLY);
    lab_close(lab);
}

static void test_switching_protocols(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    lab_client(lab, "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n");
    lab_server(lab, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x05");
    assert_int_equal(lab->state, FEED_DONE);
    assert_told(lab, "GET /ws a -> 101 0/-1\n");
    lab_end(lab, END_FIN);
    assert_int_equal(lab->count, 1);
    lab_close(lab);
}

static void test_unanswered(void **state)
{
    (void)state;
    static const struct {
        int64_t after_ns;
        enum end_reason reason;
        enum tx_outcome outcome;
    } cases[] = {
        {0, END_FIN, TX_NO_REPLY},
        {0, END_RST, TX_NO_REPLY},
        {60 * NS_PER_S, END_TIMEOUT, TX_NO_REPLY},
        {HTTP_PATIENCE_NS - 1, END_CAPTURE, TX_PENDING},
        {HTTP_PATIENCE_NS, END_CAPTURE, TX_NO_REPLY},
        {NS_PER_S, END_EVICTED, TX_PENDING},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *lab = lab_open();
        lab_client(lab, GET("/"));
        lab->at.ts_ns += cases[i].after_ns;
        lab_end(lab, cases[i].reason);
        assert_told(lab, "GET / a.example -> 0 0/-1\n");
        assert_int_equal(lab->outcome, cases[i].outcome);
        assert_int_equal(lab->rtt_ns, -1);
        assert_false(mark_set(lab->reply));
        lab_close(lab);
    }
}

static void test_other_protocols(void **state)
{
    (void)state;
    static const char *const first[] = {
        "EHLO host\r\n",
        "\x16\x03\x01",
        "OPTIONS rtsp://a/ RTSP/1.0\r\n\r\n",
        "INVITE sip:a SIP/2.0\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\n",
        "GET /old\r\n",
        "GET HTTP/1.1\r\n",
        " GET / HTTP/1.1\r\n",
    };
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        struct lab *lab = lab_open();
        lab_client(lab, first[i]);
        assert_int_equal(lab->state, FEED_NOT_MINE);
        assert_false(http_is_request(slice_str(first[i])));
        lab_end(lab, END_FIN);
        assert_int_equal(lab->count, 0);
        lab_close(lab);
    }
}

static void test_recognisers(void **state)
{
    (void)state;
    assert_true(http_is_request(slice_str("GET / HTTP/1.1\r\n")));
    assert_true(http_is_request(slice_str("M-SEARCH two words  HTTP/1.0\n")));
    assert_false(http_is_request(slice_str("GET / HTTP/1.1")));
    assert_true(http_is_response(slice_str("HTTP/1.1 200\r\n")));
    assert_true(http_is_response(slice_str("HTTP/1.0 404 Not Found\n")));
    assert_false(http_is_response(slice_str("HTTP/1.1 20\r\n")));
    assert_false(http_is_response(slice_str("HTTP/1.1 2000\r\n")));
    assert_false(http_is_response(slice_str("HTTP/2 200\r\n")));
    assert_false(http_is_response(slice_str("HTTP/1.1200 OK\r\n")));
}

/* Every prefix of an exchange: told whole only at the end of the head, never read too far. */
static void test_prefixes(void **state)
{
    (void)state;
    static const char server[] = OK("4", "body");
    size_t head = sizeof server - 1 - 4;
    for (size_t len = 0; len < sizeof server; len++) {
        struct lab *lab = lab_open();
        lab_client(lab, GET("/"));
        lab_bytes(lab, DIR_TO_CLIENT, server, len);
        assert_int_equal(lab->count, len == sizeof server - 1 ? 1 : 0);
        lab_end(lab, END_RST);
        assert_int_equal(lab->count, 1);
        assert_int_equal(lab->outcome, len >= head ? TX_ANSWERED : TX_NO_REPLY);
        lab_close(lab);
    }
}

static void test_request_prefixes(void **state)
{
    (void)state;
    static const char client[] = GET("/");
    for (size_t len = 1; len < sizeof client - 1; len++) {
        struct lab *lab = lab_open();
        lab_bytes(lab, DIR_TO_SERVER, client, len);
        assert_int_equal(lab->state, FEED_MORE);
        lab_end(lab, END_RST);
        assert_int_equal(lab->count, 0);
        lab_close(lab);
    }
}

static void test_flipped_bytes(void **state)
{
    (void)state;
    char client[] =
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    char server[] = OK("4", "body") OK("1", "x");
    for (size_t i = 0; i < sizeof client - 1 + sizeof server - 1; i++) {
        char *byte = i < sizeof client - 1 ? &client[i] : &server[i - (sizeof client - 1)];
        *byte = (char)~*byte;
        struct lab *lab = lab_open();
        lab_client(lab, client);
        lab_server(lab, server);
        lab_end(lab, END_RST);
        assert_true(lab->count <= 3);
        lab_close(lab);
        *byte = (char)~*byte;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_exchange),
        cmocka_unit_test(test_keep_alive_uses_memory_again),
        cmocka_unit_test(test_an_idle_connection_keeps_nothing),
        cmocka_unit_test(test_pipelining_in_one_packet),
        cmocka_unit_test(test_pieces_of_any_size),
        cmocka_unit_test(test_large_body_is_skipped),
        cmocka_unit_test(test_cut_download),
        cmocka_unit_test(test_who_cuts),
        cmocka_unit_test(test_ranges_and_boxes),
        cmocka_unit_test(test_codings_and_cookies),
        cmocka_unit_test(test_pages_keep_their_titles),
        cmocka_unit_test(test_connect),
        cmocka_unit_test(test_connect_without_answer),
        cmocka_unit_test(test_switching_protocols),
        cmocka_unit_test(test_unanswered),
        cmocka_unit_test(test_other_protocols),
        cmocka_unit_test(test_recognisers),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_request_prefixes),
        cmocka_unit_test(test_flipped_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
