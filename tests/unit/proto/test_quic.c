/*
 * tests/unit/proto/test_quic: QUIC connections and how they end.
 * SPDX-License-Identifier: MIT
 */
#include "quic_lab.h"

#define CLIENT DIR_TO_SERVER
#define SERVER DIR_TO_CLIENT

static const struct client_options hello = {
    .sni = "Login.Example.NET", .alpn = "h3", .modern = true, .key_share = 0x11ec, .padding = 400};
static const struct server_options answer = {.version = 0x0304, .cipher = 0x1301};

#define ORIGIN slice_of("\x10\x11\x12\x13\x14\x15\x16\x17", 8)
#define OTHER  slice_of("\x20\x21\x22\x23\x24\x25\x26\x27", 8)
#define NEAR   slice_of("\x31\x32\x33\x34", 4)

static struct initial from_client(uint8_t number)
{
    return (struct initial){QUIC_V1, CLIENT, ORIGIN, ORIGIN, NEAR, number};
}

static struct initial from_server(uint8_t number)
{
    return (struct initial){QUIC_V1, SERVER, ORIGIN, NEAR, OTHER, number};
}

static struct bytes client_hello_message(uint8_t random)
{
    struct bytes b = {.len = 0};
    put_message(&b, 1, client_hello_body(&hello));
    memset(b.data + 6, random, 32);
    return b;
}

static struct bytes crypto(struct bytes message)
{
    struct bytes frames = {.len = 0};
    put_crypto_frame(&frames, 0, message.data, message.len);
    return frames;
}

static struct bytes client_initial(void)
{
    struct bytes b = {.len = 0};
    struct initial p = from_client(0);
    put_initial(&b, &p, crypto(client_hello_message(0x11)));
    return b;
}

static struct bytes server_initial(void)
{
    struct bytes message = {.len = 0};
    struct bytes b = {.len = 0};
    struct initial p = from_server(0);
    put_message(&message, 2, server_hello_body(&answer));
    put_initial(&b, &p, crypto(message));
    put_handshake(&b);
    return b;
}

static struct bytes one_rtt(void)
{
    struct bytes b = {.len = 0};
    put_int(&b, 0x45, 1);
    put_fill(&b, 0x99, 40);
    return b;
}

static struct bytes handshake_packet(void)
{
    struct bytes b = {.len = 0};
    put_handshake(&b);
    return b;
}

static void test_completed(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&quic_ops);
    lab_datagram(lab, CLIENT, client_initial());
    lab_datagram(lab, SERVER, server_initial());
    lab_datagram(lab, CLIENT, handshake_packet());
    assert_int_equal(lab->count, 0);
    lab_datagram(lab, CLIENT, one_rtt());
    assert_int_equal(lab->state, FEED_DONE);
    lab_end(lab, END_TIMEOUT, SERVER, 0);
    assert_int_equal(lab->count, 1);
    const struct tx_tls *tls = &lab->tx.u.tls;
    assert_int_equal(tls->outcome, TLS_COMPLETED);
    assert_int_equal(tls->quic_version, QUIC_V1);
    assert_int_equal(tls->version, 0x0304);
    assert_int_equal(tls->cipher, 0x1301);
    assert_int_equal(tls->attempts, 1);
    assert_true(tls->server_hello);
    assert_int_not_equal(tls->hybrid, 0);
    assert_string_equal(lab->sni, "login.example.net");
    assert_string_equal(lab->alpn, "h3");
    assert_int_equal(lab->tx.request.frame, 1);
    assert_int_equal(lab->tx.reply.frame, 2);
    assert_int_equal(lab->tx.rtt_ns, NS_PER_MS);
    lab_close(lab);
}

static void test_rfc_sample(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&quic_ops);
    struct bytes b = {.len = 0};
    put(&b, rfc_client_initial, sizeof rfc_client_initial);
    lab_datagram(lab, CLIENT, b);
    b.len = 0;
    put(&b, rfc_server_initial, sizeof rfc_server_initial);
    lab_datagram(lab, SERVER, b);
    lab_end(lab, END_TIMEOUT, SERVER, 0);
    assert_string_equal(lab->sni, "example.com");
    assert_string_equal(lab->alpn, "alpn");
    assert_int_equal(lab->tx.u.tls.version, 0x0304);
    assert_int_equal(lab->tx.u.tls.outcome, TLS_INCOMPLETE);
    lab_close(lab);
}

/* Pieces of `piece` bytes of the hello, backwards, `each` of them in a packet. */
static void run_shuffled(size_t piece, size_t each)
{
    struct lab *lab = lab_open(&quic_ops);
    struct bytes message = client_hello_message(0x11);
    size_t pieces = (message.len + piece - 1) / piece;
    uint8_t number = 0;
    for (size_t done = 0; done < pieces;) {
        struct bytes frames = {.len = 0};
        struct bytes b = {.len = 0};
        for (size_t i = 0; i < each && done < pieces; i++, done++) {
            size_t at = (pieces - 1 - done) * piece;
            size_t len = message.len - at < piece ? message.len - at : piece;
            put_crypto_frame(&frames, at, message.data + at, len);
            put_int(&frames, 0, 1); /* PADDING */
            put_int(&frames, 1, 1); /* PING */
        }
        struct initial p = from_client(number++);
        put_initial(&b, &p, frames);
        lab_datagram(lab, CLIENT, b);
    }
    uint32_t frame = lab->now.frame;
    lab_end(lab, END_TIMEOUT, SERVER, 0);
    assert_int_equal(lab->count, 1);
    assert_string_equal(lab->sni, "login.example.net");
    assert_int_equal(lab->tx.first.frame, 1);
    assert_int_equal(lab->tx.request.frame, frame);
    assert_int_equal(lab->tx.u.tls.outcome, TLS_NO_SERVER_HELLO);
    lab_close(lab);
}

static void test_shuffled_frames(void **state)
{
    (void)state;
    run_shuffled(100, 1);
    run_shuffled(100, 3);
    run_shuffled(17, 40);
    run_shuffled(300, 10);
}

static void test_repeated(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&quic_ops);
    for (int i = 0; i < 5; i++)
        lab_datagram(lab, CLIENT, client_initial());
    lab_end(lab, END_CAPTURE, SERVER, TLS_PATIENCE_NS);
    assert_int_equal(lab->count, 1);
    assert_int_equal(lab->tx.u.tls.attempts, 5);
    assert_int_equal(lab->tx.request.frame, 1);
    assert_int_equal(lab->tx.u.tls.outcome, TLS_NO_SERVER_HELLO);
    lab_close(lab);
}

static void test_pending(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&quic_ops);
    lab_datagram(lab, CLIENT, client_initial());
    lab_end(lab, END_CAPTURE, SERVER, NS_PER_S);
    assert_int_equal(lab->tx.u.tls.outcome, TLS_PENDING);
    lab_close(lab);
}

/* After Retry the client repeats its hello, with keys from the id that Retry gave. */
static void test_retry(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&quic_ops);
    struct bytes b = {.len = 0};
    lab_datagram(lab, CLIENT, client_initial());
    put_int(&b, 0xf0, 1);
    put_int(&b, QUIC_V1, 4);
    put_block(&b, 1, NEAR.data, NEAR.len);
    put_block(&b, 1, OTHER.data, OTHER.len);
    put_fill(&b, 0x77, 40);
    lab_datagram(lab, SERVER, b);
    b.len = 0;
    struct initial again = {QUIC_V1, CLIENT, OTHER, OTHER, NEAR, 1};
    put_initial(&b, &again, crypto(client_hello_message(0x11)));
    lab_datagram(lab, CLIENT, b);
    struct bytes message = {.len = 0};
    b.len = 0;
    struct initial reply = {QUIC_V1, SERVER, OTHER, NEAR, OTHER, 0};
    put_message(&message, 2, server_hello_body(&answer));
    put_initial(&b, &reply, crypto(message));
    lab_datagram(lab, SERVER, b);
    lab_datagram(lab, CLIENT, one_rtt());
    assert_int_equal(lab->count, 1);
    assert_int_equal(lab->tx.u.tls.outcome, TLS_COMPLETED);
    assert_int_equal(lab->tx.u.tls.attempts, 2);
    assert_int_equal(lab->tx.request.frame, 1);
    assert_int_equal(lab->tx.reply.frame, 4);
    lab_close(lab);
}

static void test_another_connection(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&quic_ops);
    struct bytes b = {.len = 0};
    lab_datagram(lab, CLIENT, client_initial());
    struct initial other = {QUIC_V1, CLIENT, OTHER, OTHER, NEAR, 0};
    put_initial(&b, &other, crypto(client_hello_message(0x66)));
    lab_datagram(lab, CLIENT, b);
    assert_int_equal(lab->count, 1);
    assert_int_equal(lab->tx.u.tls.outcome, TLS_NO_SERVER_HELLO);
    assert_int_equal(lab->tx.request.frame, 1);
    lab_end(lab, END_TIMEOUT, SERVER, 0);
    assert_int_equal(lab->count, 2);
    assert_int_equal(lab->tx.request.frame, 2);
    assert_int_equal(lab->tx.u.tls.attempts, 1);
    lab_close(lab);
}

static void test_hello_retry(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&quic_ops);
    struct bytes first = client_hello_message(0x11);
    struct server_options retry = answer;
    struct bytes message = {.len = 0};
    struct bytes frames = {.len = 0};
    struct bytes b = {.len = 0};
    retry.retry = true;
    put_message(&message, 2, server_hello_body(&retry));
    size_t retry_len = message.len;
    lab_datagram(lab, CLIENT, client_initial());
    struct initial p = from_server(0);
    put_initial(&b, &p, crypto(message));
    lab_datagram(lab, SERVER, b);
    b.len = 0;
    put_crypto_frame(&frames, first.len, first.data, first.len);
    p = from_client(1);
    put_initial(&b, &p, frames);
    lab_datagram(lab, CLIENT, b);
    b.len = frames.len = message.len = 0;
    put_message(&message, 2, server_hello_body(&answer));
    put_crypto_frame(&frames, retry_len, message.data, message.len);
    p = from_server(1);
    put_initial(&b, &p, frames);
    lab_datagram(lab, SERVER, b);
    lab_datagram(lab, CLIENT, one_rtt());
    assert_int_equal(lab->count, 1);
    assert_int_equal(lab->tx.u.tls.hello_retry.frame, 2);
    assert_int_equal(lab->tx.reply.frame, 4);
    lab_close(lab);
}

static void test_compatible_version(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&quic_ops);
    struct bytes message = {.len = 0};
    struct bytes b = {.len = 0};
    struct initial p = from_server(0);
    p.version = QUIC_V2;
    put_message(&message, 2, server_hello_body(&answer));
    put_initial(&b, &p, crypto(message));
    lab_datagram(lab, CLIENT, client_initial());
    lab_datagram(lab, SERVER, b);
    lab_end(lab, END_TIMEOUT, SERVER, 0);
    assert_true(lab->tx.u.tls.server_hello);
    assert_int_equal(lab->tx.u.tls.quic_version, QUIC_V2);
    lab_close(lab);
}

static void expect_close(size_t error, enum tls_outcome outcome)
{
    struct lab *lab = lab_open(&quic_ops);
    struct bytes frames = {.len = 0};
    struct bytes b = {.len = 0};
    struct initial p = from_server(0);
    put_close_frame(&frames, error);
    put_initial(&b, &p, frames);
    lab_datagram(lab, CLIENT, client_initial());
    lab_datagram(lab, SERVER, b);
    lab_end(lab, END_TIMEOUT, SERVER, 0);
    assert_int_equal(lab->tx.u.tls.outcome, outcome);
    assert_int_equal(lab->tx.u.tls.quic_error, error);
    assert_int_equal(lab->tx.u.tls.quic_error_by, SERVER);
    assert_int_equal(lab->tx.u.tls.alert_count, 0);
    lab_close(lab);
}

static void test_close(void **state)
{
    (void)state;
    expect_close(0x128, TLS_ALERT);
    expect_close(0x2, TLS_CLOSED);
}

/* The ServerHello was lost, but the client's packets prove that it had it. */
static void test_lost_server_hello(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&quic_ops);
    lab_datagram(lab, CLIENT, client_initial());
    lab_datagram(lab, SERVER, handshake_packet());
    for (int i = 0; i < 8; i++)
        lab_datagram(lab, CLIENT, one_rtt());
    assert_int_equal(lab->state, FEED_DONE);
    assert_int_equal(lab->tx.u.tls.outcome, TLS_COMPLETED);
    assert_false(lab->tx.u.tls.server_hello);
    lab_close(lab);
}

static void test_part_of_hello(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&quic_ops);
    struct bytes message = client_hello_message(0x11);
    struct bytes frames = {.len = 0};
    struct bytes b = {.len = 0};
    struct initial p = from_client(0);
    put_crypto_frame(&frames, 0, message.data, message.len - 300);
    put_initial(&b, &p, frames);
    lab_datagram(lab, CLIENT, b);
    lab_end(lab, END_TIMEOUT, SERVER, 0);
    assert_int_equal(lab->count, 1);
    assert_true(lab->tx.u.tls.hello_cut);
    assert_string_equal(lab->sni, "login.example.net");
    lab_close(lab);
}

static void test_not_quic(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&quic_ops);
    struct bytes b = {.len = 0};
    put(&b, "\x01\x02\x03", 3);
    lab_datagram(lab, CLIENT, b);
    assert_int_equal(lab->state, FEED_NOT_MINE);
    lab_end(lab, END_TIMEOUT, SERVER, 0);
    assert_int_equal(lab->count, 0);
    lab_close(lab);
}

static void test_nothing_opens(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&quic_ops);
    struct bytes b = client_initial();
    b.data[b.len - 1] ^= 1;
    for (int i = 0; i < 64; i++)
        lab_datagram(lab, CLIENT, b);
    assert_int_equal(lab->state, FEED_DONE);
    lab_end(lab, END_TIMEOUT, SERVER, 0);
    assert_int_equal(lab->count, 0);
    lab_close(lab);
}

static void test_full_arena(void **state)
{
    (void)state;
    struct lab *lab = lab_open(&quic_ops);
    lab->arena.cap = lab->arena.used;
    lab_datagram(lab, CLIENT, client_initial());
    lab_datagram(lab, SERVER, server_initial());
    lab_datagram(lab, CLIENT, one_rtt());
    lab_end(lab, END_TIMEOUT, SERVER, 0);
    assert_int_equal(lab->count, 0);
    lab_close(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_completed),
        cmocka_unit_test(test_rfc_sample),
        cmocka_unit_test(test_shuffled_frames),
        cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_pending),
        cmocka_unit_test(test_retry),
        cmocka_unit_test(test_another_connection),
        cmocka_unit_test(test_hello_retry),
        cmocka_unit_test(test_compatible_version),
        cmocka_unit_test(test_close),
        cmocka_unit_test(test_lost_server_hello),
        cmocka_unit_test(test_part_of_hello),
        cmocka_unit_test(test_not_quic),
        cmocka_unit_test(test_nothing_opens),
        cmocka_unit_test(test_full_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
