/*
 * tests/unit/proto/test_tls: TLS connections and how they end.
 * SPDX-License-Identifier: MIT
 */
#include "tls_lab.h"

static const struct client_options hello = {
    .sni = "Login.Example.NET", .alpn = "h2", .modern = true};
static const struct server_options answer_1_2 = {
    .version = 0x0303, .cipher = 0xc02f, .alpn = "http/1.1"};
static const struct server_options answer_1_3 = {.version = 0x0304, .cipher = 0x1301};

#define CLIENT DIR_TO_SERVER
#define SERVER DIR_TO_CLIENT

static struct bytes changed(size_t finished)
{
    struct bytes b = {.len = 0};
    put_ccs(&b);
    put_encrypted(&b, 22, finished);
    return b;
}

static struct bytes encrypted(size_t len)
{
    struct bytes b = {.len = 0};
    put_encrypted(&b, 23, len);
    return b;
}

static struct bytes alert_record(uint8_t level, uint8_t code)
{
    struct bytes b = {.len = 0};
    put_record(&b, 21, (uint8_t[]){level, code}, 2);
    return b;
}

/* A TLS 1.3 connection up to the end of the server's flight. */
static struct lab *lab_1_3(void)
{
    struct lab *lab = lab_open(&tls_ops);
    lab_send(lab, CLIENT, client_hello_records(&hello, BYTES_MAX));
    lab_send(lab, SERVER, server_hello_records(&answer_1_3));
    lab_send(lab, SERVER, encrypted(2000));
    return lab;
}

static void test_1_2_in_pieces(size_t record, size_t piece)
{
    struct lab *lab = lab_open(&tls_ops);
    lab_pieces(lab, CLIENT, client_hello_records(&hello, record), piece);
    uint32_t hello_frame = lab->now.frame;
    lab_pieces(lab, SERVER, server_flight_records(&answer_1_2, record), piece);
    lab_pieces(lab, CLIENT, changed(40), piece);
    assert_int_equal(lab->count, 0);
    lab_pieces(lab, SERVER, changed(40), piece);
    assert_int_equal(lab->count, 1);
    assert_int_equal(lab->state, FEED_DONE);
    const struct tx_tls *tls = &lab->tx.u.tls;
    assert_int_equal(tls->outcome, TLS_COMPLETED);
    assert_int_equal(tls->stage, TLS_STAGE_COMPLETED);
    assert_string_equal(lab->sni, "login.example.net");
    assert_string_equal(lab->alpn, "http/1.1");
    assert_int_equal(tls->version, 0x0303);
    assert_int_equal(tls->cipher, 0xc02f);
    assert_true(tls->server_hello);
    assert_false(tls->hello_cut);
    assert_int_equal(lab->tx.first.frame, 1);
    assert_int_equal(lab->tx.request.frame, hello_frame);
    assert_true(lab->tx.reply.frame > hello_frame);
    assert_int_equal(lab->tx.done.frame, lab->now.frame);
    assert_non_null(tls->certificate);
    assert_string_equal(lab->subject, "CN=login.example.net,O=Example\\, Inc.,C=US");
    assert_string_equal(lab->names, "login.example.net *.example.net 192.0.2.7 2001:db8::7 ");
    assert_int_equal(tls->chain, 1);
    assert_false(tls->chain_root);
    lab_end(lab, END_FIN, CLIENT, 0);
    assert_int_equal(lab->count, 1);
    lab_close(lab);
}

static void test_root_in_chain(void **state)
{
    (void)state;
    static const size_t records[] = {BYTES_MAX, 60};
    struct server_options below_root = answer_1_2;
    below_root.root = true;
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        struct lab *lab = lab_open(&tls_ops);
        lab_send(lab, CLIENT, client_hello_records(&hello, BYTES_MAX));
        lab_send(lab, SERVER, server_flight_records(&below_root, records[i]));
        lab_send(lab, CLIENT, changed(40));
        lab_send(lab, SERVER, changed(40));
        assert_int_equal(lab->tx.u.tls.chain, 2);
        assert_true(lab->tx.u.tls.chain_root);
        lab_close(lab);
    }
}

static void test_full_1_2(void **state)
{
    (void)state;
    static const size_t records[] = {BYTES_MAX, 60, 23, 3, 1};
    static const size_t pieces[] = {BYTES_MAX, 1460, 97, 23, 1};
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++)
        for (size_t j = 0; j < sizeof pieces / sizeof pieces[0]; j++)
            test_1_2_in_pieces(records[i], pieces[j]);
}

static void test_abbreviated_1_2(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&tls_ops);
    lab_send(lab, CLIENT, client_hello_records(&hello, BYTES_MAX));
    struct bytes b = server_hello_records(&answer_1_2);
    put_ccs(&b);
    put_encrypted(&b, 22, 40);
    lab_send(lab, SERVER, b);
    assert_int_equal(lab->count, 0);
    lab_send(lab, CLIENT, changed(40));
    assert_int_equal(lab->tx.u.tls.outcome, TLS_COMPLETED);
    assert_null(lab->tx.u.tls.certificate);
    lab_close(lab);
}

static void test_1_2_without_last_finished(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&tls_ops);
    lab_send(lab, CLIENT, client_hello_records(&hello, BYTES_MAX));
    lab_send(lab, SERVER, server_flight_records(&answer_1_2, BYTES_MAX));
    lab_send(lab, CLIENT, changed(40));
    struct bytes b = {.len = 0};
    put_ccs(&b);
    lab_send(lab, SERVER, b);
    assert_int_equal(lab->count, 0);
    lab_end(lab, END_CAPTURE, SERVER, 0);
    assert_int_equal(lab->tx.u.tls.outcome, TLS_COMPLETED);
    lab_close(lab);
}

/* Directions may be delivered in any order. */
static void test_server_first(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&tls_ops);
    struct bytes server = server_flight_records(&answer_1_2, BYTES_MAX);
    put_ccs(&server);
    put_encrypted(&server, 22, 40);
    lab_send(lab, SERVER, server);
    assert_int_equal(lab->state, FEED_MORE);
    struct bytes client = client_hello_records(&hello, BYTES_MAX);
    put_ccs(&client);
    put_encrypted(&client, 22, 40);
    lab_send(lab, CLIENT, client);
    assert_int_equal(lab->count, 1);
    assert_int_equal(lab->tx.u.tls.outcome, TLS_COMPLETED);
    assert_int_equal(lab->tx.rtt_ns, 0);
    lab_close(lab);
}

static void test_1_3_completed(void **state)
{
    (void)state;
    struct lab *lab = lab_1_3();
    struct bytes b = {.len = 0};
    put_ccs(&b);
    put_encrypted(&b, 23, 53);
    lab_send(lab, CLIENT, b);
    assert_int_equal(lab->count, 0);
    lab_send(lab, CLIENT, encrypted(300));
    assert_int_equal(lab->state, FEED_DONE);
    assert_int_equal(lab->tx.u.tls.outcome, TLS_COMPLETED);
    assert_int_equal(lab->tx.u.tls.version, 0x0304);
    assert_string_equal(lab->alpn, "h2");
    lab_close(lab);
}

/* Certificate, CertificateVerify, Finished: the records before Finished are no data. */
static void test_1_3_client_certificate(void **state)
{
    (void)state;
    struct lab *lab = lab_1_3();
    lab_send(lab, CLIENT, encrypted(900));
    lab_send(lab, CLIENT, encrypted(150));
    lab_send(lab, CLIENT, encrypted(53));
    assert_int_equal(lab->count, 0);
    lab_send(lab, CLIENT, encrypted(60));
    assert_int_equal(lab->tx.u.tls.outcome, TLS_COMPLETED);
    lab_close(lab);
}

/* No record has the length of a Finished: the server's answer separates flight and data. */
static void test_1_3_padded_flight(void **state)
{
    (void)state;
    struct lab *lab = lab_1_3();
    lab_send(lab, CLIENT, encrypted(1100));
    lab_send(lab, CLIENT, encrypted(1100));
    assert_int_equal(lab->count, 0);
    lab_send(lab, SERVER, encrypted(250));
    lab_send(lab, CLIENT, encrypted(1100));
    assert_int_equal(lab->tx.u.tls.outcome, TLS_COMPLETED);
    lab_close(lab);
}

static void expect_1_3(size_t first, size_t second, enum end_reason reason, enum dir by,
                       enum tls_outcome outcome, enum tls_stage stage)
{
    struct lab *lab = lab_1_3();
    if (first)
        lab_send(lab, CLIENT, encrypted(first));
    if (second)
        lab_send(lab, CLIENT, encrypted(second));
    lab_end(lab, reason, by, 0);
    assert_int_equal(lab->count, 1);
    assert_int_equal(lab->tx.u.tls.outcome, outcome);
    assert_int_equal(lab->tx.u.tls.stage, stage);
    lab_close(lab);
}

static void test_1_3_left_early(void **state)
{
    (void)state;
    const enum tls_stage server_done = TLS_STAGE_SERVER_DONE;
    const enum tls_stage client_done = TLS_STAGE_CLIENT_DONE;
    expect_1_3(0, 0, END_FIN, CLIENT, TLS_INCOMPLETE, server_done);
    expect_1_3(19, 0, END_FIN, CLIENT, TLS_INCOMPLETE, server_done);
    expect_1_3(53, 0, END_FIN, CLIENT, TLS_INCOMPLETE, client_done);
    expect_1_3(53, 19, END_FIN, CLIENT, TLS_INCOMPLETE, client_done);
    expect_1_3(53, 0, END_FIN, SERVER, TLS_INCOMPLETE, client_done);
    expect_1_3(0, 0, END_FIN, SERVER, TLS_CLOSED, server_done);
    expect_1_3(0, 0, END_RST, CLIENT, TLS_RESET_BY_CLIENT, server_done);
    expect_1_3(0, 0, END_RST, SERVER, TLS_RESET_BY_SERVER, server_done);
    expect_1_3(53, 0, END_CAPTURE, SERVER, TLS_PENDING, client_done);
    expect_1_3(53, 0, END_TIMEOUT, SERVER, TLS_INCOMPLETE, client_done);
}

static void test_hello_retry(void **state)
{
    (void)state;
    struct server_options retry = answer_1_3;
    retry.retry = true;
    struct lab *lab = lab_open(&tls_ops);
    lab_send(lab, CLIENT, client_hello_records(&hello, BYTES_MAX));
    struct bytes b = server_hello_records(&retry);
    put_ccs(&b);
    lab_send(lab, SERVER, b);
    b.len = 0;
    put_ccs(&b);
    lab_send(lab, CLIENT, b);
    lab_send(lab, CLIENT, client_hello_records(&hello, 60));
    lab_send(lab, SERVER, server_hello_records(&answer_1_3));
    lab_send(lab, SERVER, encrypted(900));
    lab_send(lab, CLIENT, encrypted(53));
    lab_send(lab, CLIENT, encrypted(99));
    assert_int_equal(lab->count, 1);
    assert_int_equal(lab->tx.u.tls.outcome, TLS_COMPLETED);
    assert_int_equal(lab->tx.u.tls.hello_retry.frame, 2);
    assert_int_equal(lab->tx.request.frame, 1);
    assert_int_equal(lab->tx.reply.frame, 5);
    lab_close(lab);
}

static void expect_after_hello(enum end_reason reason, enum dir by, int64_t after_ns,
                               enum tls_outcome outcome)
{
    struct lab *lab = lab_open(&tls_ops);
    lab_send(lab, CLIENT, client_hello_records(&hello, BYTES_MAX));
    lab_end(lab, reason, by, after_ns);
    assert_int_equal(lab->count, 1);
    assert_int_equal(lab->tx.u.tls.outcome, outcome);
    assert_int_equal(lab->tx.u.tls.stage, TLS_STAGE_CLIENT_HELLO);
    assert_int_equal(lab->tx.u.tls.version, 0);
    assert_int_equal(lab->tx.rtt_ns, -1);
    assert_string_equal(lab->sni, "login.example.net");
    lab_close(lab);
}

static void test_silent_server(void **state)
{
    (void)state;
    expect_after_hello(END_TIMEOUT, SERVER, 60 * NS_PER_S, TLS_NO_SERVER_HELLO);
    expect_after_hello(END_ICMP, SERVER, NS_PER_S, TLS_NO_SERVER_HELLO);
    expect_after_hello(END_CAPTURE, SERVER, TLS_PATIENCE_NS, TLS_NO_SERVER_HELLO);
    expect_after_hello(END_CAPTURE, SERVER, TLS_PATIENCE_NS - 1, TLS_PENDING);
    expect_after_hello(END_EVICTED, SERVER, NS_PER_S, TLS_PENDING);
    expect_after_hello(END_RST, SERVER, 0, TLS_RESET_BY_SERVER);
    expect_after_hello(END_RST, CLIENT, 0, TLS_RESET_BY_CLIENT);
    expect_after_hello(END_FIN, SERVER, 0, TLS_CLOSED);
    expect_after_hello(END_FIN, CLIENT, 0, TLS_CLOSED);
    /* The client waited, then gave up: what went wrong is the silence. */
    expect_after_hello(END_FIN, CLIENT, 10 * NS_PER_S, TLS_NO_SERVER_HELLO);
    expect_after_hello(END_RST, CLIENT, 10 * NS_PER_S, TLS_NO_SERVER_HELLO);
    expect_after_hello(END_RST, SERVER, 10 * NS_PER_S, TLS_RESET_BY_SERVER);
}

static void test_fin_seen_before_the_capture_ends(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&tls_ops);
    lab_send(lab, CLIENT, client_hello_records(&hello, BYTES_MAX));
    tls_ops.fin(lab->session, SERVER, &lab->now, &lab->env);
    lab_end(lab, END_CAPTURE, CLIENT, 0);
    assert_int_equal(lab->tx.u.tls.outcome, TLS_CLOSED);
    lab_close(lab);
}

static void test_alerts(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&tls_ops);
    lab_send(lab, CLIENT, client_hello_records(&hello, BYTES_MAX));
    lab_send(lab, SERVER, alert_record(1, 112));
    lab_send(lab, SERVER, alert_record(2, 40));
    lab_send(lab, CLIENT, alert_record(1, 0));
    lab_send(lab, CLIENT, alert_record(7, 0)); /* encrypted, as it seems */
    lab_end(lab, END_FIN, SERVER, 0);
    const struct tx_tls *tls = &lab->tx.u.tls;
    assert_int_equal(tls->outcome, TLS_ALERT);
    assert_int_equal(tls->alert_count, 3);
    assert_int_equal(tls->alerts[0].level, 1);
    assert_int_equal(tls->alerts[0].code, 112);
    assert_int_equal(tls->alerts[1].from, SERVER);
    assert_int_equal(tls->alerts[1].code, 40);
    assert_int_equal(tls->alerts[2].from, CLIENT);
    lab_close(lab);
}

static void test_many_alerts(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&tls_ops);
    lab_send(lab, CLIENT, client_hello_records(&hello, BYTES_MAX));
    for (int i = 0; i < 100; i++)
        lab_send(lab, SERVER, alert_record(1, 112));
    lab_end(lab, END_TIMEOUT, SERVER, 0);
    assert_int_equal(lab->tx.u.tls.alert_count, TLS_ALERTS_MAX);
    assert_int_equal(lab->tx.u.tls.outcome, TLS_INCOMPLETE);
    lab_close(lab);
}

static void test_not_tls(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&tls_ops);
    lab_push(lab, CLIENT, (const uint8_t *)"GET / HTTP/1.1\r\n", 16);
    assert_int_equal(lab->state, FEED_NOT_MINE);
    lab_end(lab, END_FIN, CLIENT, 0);
    assert_int_equal(lab->count, 0);
    lab_close(lab);
}

/* A web server that answers in plain text is no TLS server, and not silent. */
static void test_plain_answer(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&tls_ops);
    lab_send(lab, CLIENT, client_hello_records(&hello, BYTES_MAX));
    lab_push(lab, SERVER, (const uint8_t *)"HTTP/1.1 400 Bad Request\r\n\r\n", 28);
    assert_int_equal(lab->state, FEED_MORE);
    lab_end(lab, END_TIMEOUT, SERVER, 0);
    assert_int_equal(lab->tx.u.tls.outcome, TLS_INCOMPLETE);
    lab_close(lab);
}

static void test_without_hello(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&tls_ops);
    lab_send(lab, SERVER, encrypted(1000));
    lab_send(lab, CLIENT, encrypted(1000));
    assert_int_equal(lab->state, FEED_DONE);
    lab_end(lab, END_FIN, CLIENT, 0);
    assert_int_equal(lab->count, 0);
    lab_close(lab);
}

static void test_gap_in_client_hello(void **state)
{
    (void)state;
    struct bytes b = client_hello_records(&hello, BYTES_MAX);
    struct lab *lab = lab_open(&tls_ops);
    lab_push(lab, CLIENT, b.data, b.len - 15);
    lab_gap(lab, CLIENT, 10);
    lab_push(lab, CLIENT, b.data + b.len - 5, 5);
    lab_send(lab, SERVER, server_flight_records(&answer_1_2, BYTES_MAX));
    lab_send(lab, CLIENT, changed(40));
    lab_send(lab, SERVER, changed(40));
    assert_int_equal(lab->tx.u.tls.outcome, TLS_COMPLETED);
    assert_true(lab->tx.u.tls.hello_cut);
    assert_string_equal(lab->sni, "login.example.net");
    lab_close(lab);
}

/* A gap within a record whose head was seen: the next record is found. */
static void test_gap_in_certificate(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&tls_ops);
    lab_send(lab, CLIENT, client_hello_records(&hello, BYTES_MAX));
    lab_send(lab, SERVER, server_hello_records(&answer_1_2));
    struct bytes b = {.len = 0};
    put_encrypted(&b, 22, 3000); /* stands for the Certificate */
    lab_push(lab, SERVER, b.data, 1000);
    lab_gap(lab, SERVER, 1000);
    lab_push(lab, SERVER, b.data + 2000, b.len - 2000);
    lab_send(lab, CLIENT, changed(40));
    lab_send(lab, SERVER, changed(40));
    assert_int_equal(lab->tx.u.tls.outcome, TLS_COMPLETED);
    lab_close(lab);
}

/* The ServerHello was lost: nobody is said to be silent. */
static void test_gap_instead_of_server_hello(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&tls_ops);
    lab_send(lab, CLIENT, client_hello_records(&hello, BYTES_MAX));
    lab_gap(lab, SERVER, 1460);
    lab_push(lab, SERVER, (const uint8_t *)"\xa1\xb2\xc3\xd4\xe5\xf6", 6);
    lab_end(lab, END_TIMEOUT, SERVER, 0);
    assert_int_equal(lab->tx.u.tls.outcome, TLS_INCOMPLETE);
    assert_false(lab->tx.u.tls.server_hello);
    assert_true(lab->tx.u.tls.gap);
    lab_close(lab);
}

/* A request that a mirror port put before the server's last message is a request all the same. */
static void test_request_before_the_end(void **state)
{
    (void)state;
    for (int early = 0; early < 2; early++) {
        struct bytes request = {.len = 0};
        put_encrypted(&request, 23, 200);
        struct lab *lab = lab_open(&tls_ops);
        lab_send(lab, CLIENT, client_hello_records(&hello, BYTES_MAX));
        lab_send(lab, SERVER, server_flight_records(&answer_1_2, BYTES_MAX));
        lab_send(lab, CLIENT, changed(40));
        if (early)
            lab_send(lab, CLIENT, request);
        lab_send(lab, SERVER, changed(40));
        assert_int_equal(lab->tx.u.tls.outcome, TLS_COMPLETED);
        assert_int_equal(lab->tx.u.tls.client_data, early);
        assert_false(lab->tx.u.tls.gap);
        lab_close(lab);
    }
}

static void test_server_gives_up_on_strays(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&tls_ops);
    lab_send(lab, CLIENT, client_hello_records(&hello, BYTES_MAX));
    for (int i = 0; i < 16; i++)
        lab_push(lab, SERVER, (const uint8_t *)"\xa1\xb2\xc3\xd4\xe5\xf6", 6);
    assert_true(lab->side[SERVER].skip == TAKE_REST);
    lab_close(lab);
}

static void test_old_hello(void **state)
{
    (void)state;
    /* SSLv2 length and type, version 3.1, 3 bytes of cipher specs, no session, 16 of challenge */
    static const uint8_t head[] = {0x80, 0x1c, 0x01, 0x03, 0x01, 0, 3, 0, 0, 0, 16, 0, 0, 5};
    struct bytes b = {.len = 0};
    put(&b, head, sizeof head);
    put_fill(&b, 0x44, 16);
    struct lab *lab = lab_open(&tls_ops);
    lab_pieces(lab, CLIENT, b, 7);
    struct server_options answer = {.version = 0x0301, .cipher = 0x0005};
    lab_send(lab, SERVER, server_flight_records(&answer, BYTES_MAX));
    lab_send(lab, CLIENT, changed(40));
    lab_send(lab, SERVER, changed(40));
    assert_int_equal(lab->tx.u.tls.outcome, TLS_COMPLETED);
    assert_int_equal(lab->tx.u.tls.version, 0x0301);
    assert_int_equal(lab->tx.u.tls.offered_version, 0x0301);
    assert_string_equal(lab->sni, "");
    lab_close(lab);
}

static void test_large_hello(void **state)
{
    (void)state;
    struct client_options large = hello;
    large.padding = 3000;
    large.key_share = 0x11ec;
    struct lab *lab = lab_open(&tls_ops);
    struct bytes b = client_hello_records(&large, BYTES_MAX);
    lab_pieces(lab, CLIENT, b, 1400);
    lab_end(lab, END_TIMEOUT, SERVER, 0);
    assert_int_equal(lab->tx.u.tls.hello_len, b.len - 9);
    assert_int_equal(lab->tx.first.frame, 1);
    assert_int_equal(lab->tx.request.frame, 3);
    assert_int_equal(lab->tx.u.tls.hybrid, 0x11ec);
    assert_int_equal(lab->tx.u.tls.hello_time, 0x11111111); /* of the lab's random */
    assert_false(lab->tx.u.tls.hello_cut);
    lab_close(lab);
}

static void test_flipped_bytes(void **state)
{
    (void)state;
    struct bytes client = client_hello_records(&hello, 60);
    struct bytes server = server_flight_records(&answer_1_2, 100);
    int told = 0;
    for (size_t i = 0; i < client.len + server.len; i++) {
        struct lab *lab = lab_open(&tls_ops);
        uint8_t *byte = i < client.len ? &client.data[i] : &server.data[i - client.len];
        *byte ^= 0xff;
        lab_pieces(lab, CLIENT, client, 50);
        lab_pieces(lab, SERVER, server, 50);
        lab_end(lab, END_CAPTURE, SERVER, 0);
        *byte ^= 0xff;
        told += lab->count;
        assert_in_range(lab->count, 0, 1);
        lab_close(lab);
    }
    assert_true(told > (int)server.len);
}

/* Bytes that waited for what might precede them, until the flow ended: no packet is under way. */
static void test_bytes_shown_at_the_end(void **state)
{
    (void)state;
    struct bytes b = client_hello_records(&hello, BYTES_MAX);
    struct lab *lab = lab_open(&tls_ops);
    struct mark first = {NS_PER_S, 7, 0};
    struct mark at = {2 * NS_PER_S, 0, 0};
    (void)tls_ops.data(lab->session, CLIENT, slice_of(b.data, b.len), &first, &at, &lab->env);
    lab_end(lab, END_TIMEOUT, SERVER, 0);
    assert_int_equal(lab->tx.request.frame, 7);
    assert_int_equal(lab->tx.first.frame, 7);
    lab_close(lab);
}

/* With no memory left the handshake is still followed. */
static void test_full_arena(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&tls_ops);
    lab->arena.cap = lab->arena.used;
    lab_send(lab, CLIENT, client_hello_records(&hello, 60));
    lab_send(lab, CLIENT, client_hello_records(&hello, BYTES_MAX));
    lab_send(lab, SERVER, alert_record(2, 40));
    lab_send(lab, SERVER, server_flight_records(&answer_1_2, BYTES_MAX));
    lab_end(lab, END_TIMEOUT, SERVER, 0);
    assert_int_equal(lab->count, 1);
    assert_int_equal(lab->tx.u.tls.version, 0x0303);
    assert_string_equal(lab->sni, "");
    lab_close(lab);
}

static void test_session_is_small(void **state)
{
    (void)state;
    assert_true(tls_ops.session_size <= 208);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_1_2),
        cmocka_unit_test(test_root_in_chain),
        cmocka_unit_test(test_abbreviated_1_2),
        cmocka_unit_test(test_1_2_without_last_finished),
        cmocka_unit_test(test_server_first),
        cmocka_unit_test(test_1_3_completed),
        cmocka_unit_test(test_1_3_client_certificate),
        cmocka_unit_test(test_1_3_padded_flight),
        cmocka_unit_test(test_1_3_left_early),
        cmocka_unit_test(test_hello_retry),
        cmocka_unit_test(test_silent_server),
        cmocka_unit_test(test_fin_seen_before_the_capture_ends),
        cmocka_unit_test(test_alerts),
        cmocka_unit_test(test_many_alerts),
        cmocka_unit_test(test_not_tls),
        cmocka_unit_test(test_plain_answer),
        cmocka_unit_test(test_without_hello),
        cmocka_unit_test(test_gap_in_client_hello),
        cmocka_unit_test(test_gap_in_certificate),
        cmocka_unit_test(test_gap_instead_of_server_hello),
        cmocka_unit_test(test_request_before_the_end),
        cmocka_unit_test(test_server_gives_up_on_strays),
        cmocka_unit_test(test_old_hello),
        cmocka_unit_test(test_large_hello),
        cmocka_unit_test(test_flipped_bytes),
        cmocka_unit_test(test_bytes_shown_at_the_end),
        cmocka_unit_test(test_full_arena),
        cmocka_unit_test(test_session_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
