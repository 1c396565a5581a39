/*
 * tests/unit/proto/test_tls_hello: ClientHello and ServerHello.
 * SPDX-License-Identifier: MIT
 */
#include "tls_lab.h"

static const struct client_options full = {.sni = "Login.Example.NET",
                                           .alpn = "h2",
                                           .grease = true,
                                           .modern = true,
                                           .key_share = 0x11ec,
                                           .ech = true};

static void test_client_hello(void **state)
{
    (void)state;
    struct bytes b = client_hello_body(&full);
    struct tls_client_hello hello;
    assert_int_equal(tls_client_hello_parse(slice_of(b.data, b.len), VERDICT_BAD, &hello),
                     VERDICT_OK);
    assert_slice_equal(hello.sni, "Login.Example.NET");
    assert_slice_equal(hello.alpn, "h2");
    assert_int_equal(hello.version, 0x0304);
    assert_int_equal(hello.random.len, 32);
    assert_true(hello.ech);
    assert_int_equal(hello.hybrid, 0x11ec);
}

static void test_plain_client_hello(void **state)
{
    (void)state;
    struct bytes b = client_hello_body(&(struct client_options){.key_share = 0x001d});
    struct tls_client_hello hello;
    assert_int_equal(tls_client_hello_parse(slice_of(b.data, b.len), VERDICT_BAD, &hello),
                     VERDICT_OK);
    assert_int_equal(hello.sni.len, 0);
    assert_int_equal(hello.alpn.len, 0);
    assert_int_equal(hello.version, 0x0303);
    assert_false(hello.ech);
    assert_int_equal(hello.hybrid, 0);
}

/* Offsets within client_hello_body: 2 version, 32 random, 5 session, 8 suites, 2 compression. */
#define CLIENT_EXTENSIONS_AT 49

static void test_client_hello_without_extensions(void **state)
{
    (void)state;
    struct bytes b = client_hello_body(&full);
    struct tls_client_hello hello;
    assert_int_equal(
        tls_client_hello_parse(slice_of(b.data, CLIENT_EXTENSIONS_AT), VERDICT_BAD, &hello),
        VERDICT_OK);
    assert_int_equal(hello.random.len, 32);
}

static void test_client_hello_prefixes(void **state)
{
    (void)state;
    struct bytes b = client_hello_body(&full);
    for (size_t len = 0; len < b.len; len++) {
        uint8_t *copy = unit_copy(b.data, len);
        struct tls_client_hello hello;
        enum verdict v = tls_client_hello_parse(slice_of(copy, len), VERDICT_SHORT, &hello);
        assert_int_equal(v, VERDICT_SHORT);
        v = tls_client_hello_parse(slice_of(copy, len), VERDICT_BAD, &hello);
        assert_int_equal(v, len == CLIENT_EXTENSIONS_AT ? VERDICT_OK : VERDICT_BAD);
        free(copy);
    }
}

/* What came of a cut hello is used: the name is there before the key share. */
static void test_cut_client_hello_keeps_the_name(void **state)
{
    (void)state;
    struct bytes b = client_hello_body(&full);
    struct tls_client_hello hello;
    enum verdict v = tls_client_hello_parse(slice_of(b.data, b.len - 20), VERDICT_SHORT, &hello);
    assert_int_equal(v, VERDICT_SHORT);
    assert_slice_equal(hello.sni, "Login.Example.NET");
}

static void test_client_hello_lengths(void **state)
{
    (void)state;
    static const size_t lengths[] = {34, 39, 47, CLIENT_EXTENSIONS_AT, CLIENT_EXTENSIONS_AT + 4};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct bytes b = client_hello_body(&full);
        struct tls_client_hello hello;
        b.data[lengths[i]] = 0xff;
        assert_int_equal(tls_client_hello_parse(slice_of(b.data, b.len), VERDICT_BAD, &hello),
                         VERDICT_BAD);
    }
}

static void test_client_hello_flipped_bytes(void **state)
{
    (void)state;
    struct bytes b = client_hello_body(&full);
    int good = 0;
    for (size_t i = 0; i < b.len; i++) {
        uint8_t *copy = unit_copy(b.data, b.len);
        struct tls_client_hello hello;
        copy[i] ^= 0xff;
        good += tls_client_hello_parse(slice_of(copy, b.len), VERDICT_BAD, &hello) == VERDICT_OK;
        assert_true(hello.sni.len <= b.len);
        free(copy);
    }
    assert_in_range(good, 32, b.len - 1); /* the random at least is free */
}

static void test_server_hello(void **state)
{
    (void)state;
    struct bytes b = server_hello_body(
        &(struct server_options){.version = 0x0303, .cipher = 0xc02f, .alpn = "http/1.1"});
    struct tls_server_hello hello;
    assert_int_equal(tls_server_hello_parse(slice_of(b.data, b.len), VERDICT_BAD, &hello),
                     VERDICT_OK);
    assert_int_equal(hello.version, 0x0303);
    assert_int_equal(hello.cipher, 0xc02f);
    assert_slice_equal(hello.alpn, "http/1.1");
    assert_false(hello.retry);
}

static void test_server_hello_1_3(void **state)
{
    (void)state;
    struct bytes b =
        server_hello_body(&(struct server_options){.version = 0x0304, .cipher = 0x1301});
    struct tls_server_hello hello;
    for (size_t len = 0; len < b.len; len++) {
        uint8_t *copy = unit_copy(b.data, len);
        assert_int_equal(tls_server_hello_parse(slice_of(copy, len), VERDICT_SHORT, &hello),
                         VERDICT_SHORT);
        free(copy);
    }
    assert_int_equal(tls_server_hello_parse(slice_of(b.data, b.len), VERDICT_BAD, &hello),
                     VERDICT_OK);
    assert_int_equal(hello.version, 0x0304);
}

static void test_hello_retry_request(void **state)
{
    (void)state;
    struct bytes b = server_hello_body(
        &(struct server_options){.version = 0x0304, .cipher = 0x1301, .retry = true});
    struct tls_server_hello hello;
    assert_int_equal(tls_server_hello_parse(slice_of(b.data, b.len), VERDICT_BAD, &hello),
                     VERDICT_OK);
    assert_true(hello.retry);
}

static void test_grease(void **state)
{
    (void)state;
    assert_true(tls_is_grease(0x0a0a));
    assert_true(tls_is_grease(0xfafa));
    assert_false(tls_is_grease(0x0a1a));
    assert_false(tls_is_grease(0x0304));
}

static void test_texts(void **state)
{
    (void)state;
    char out[TLS_TEXT_SIZE];
    assert_string_equal(tls_version_text(0x0303, out), "TLS 1.2");
    assert_string_equal(tls_version_text(0x0300, out), "SSLv3");
    assert_string_equal(tls_version_text(0xfb1a, out), "0xfb1a");
    assert_string_equal(tls_group_text(0x11ec, out), "X25519MLKEM768");
    assert_string_equal(tls_group_text(0x001d, out), "0x001d");
    assert_string_equal(tls_alert_text(40, out), "handshake_failure");
    assert_string_equal(tls_alert_text(0, out), "close_notify");
    assert_string_equal(tls_alert_text(99, out), "alert_99");
    assert_string_equal(tls_cipher_text(0x1301, out), "TLS_AES_128_GCM_SHA256");
    assert_string_equal(tls_cipher_text(0xfefe, out), "0xfefe");
    assert_string_equal(tls_outcome_text(TLS_COMPLETED), "completed");
    assert_string_equal(tls_outcome_text(TLS_PENDING), "pending");
}

static uint32_t shape_of(struct server_options o, uint8_t random)
{
    struct bytes b = server_hello_body(&o);
    struct tls_server_hello hello;
    memset(b.data + 2, random, 32);
    assert_int_equal(tls_server_hello_parse(slice_of(b.data, b.len), VERDICT_BAD, &hello),
                     VERDICT_OK);
    return hello.shape;
}

static void test_server_shape(void **state)
{
    (void)state;
    struct server_options base = {.version = 0x0304, .cipher = 0x1302, .group = 0x001d};
    uint32_t shape = shape_of(base, 1);
    assert_int_equal(shape_of(base, 2), shape);
    struct server_options others[] = {base, base, base, base};
    others[0].cipher = 0x1301;
    others[1].group = 0x0018;
    others[2].version = 0x7f1c;
    others[3].alpn = "h2";
    for (size_t i = 0; i < 4; i++)
        assert_int_not_equal(shape_of(others[i], 1), shape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client_hello),
        cmocka_unit_test(test_plain_client_hello),
        cmocka_unit_test(test_client_hello_without_extensions),
        cmocka_unit_test(test_client_hello_prefixes),
        cmocka_unit_test(test_cut_client_hello_keeps_the_name),
        cmocka_unit_test(test_client_hello_lengths),
        cmocka_unit_test(test_client_hello_flipped_bytes),
        cmocka_unit_test(test_server_hello),
        cmocka_unit_test(test_server_hello_1_3),
        cmocka_unit_test(test_server_shape),
        cmocka_unit_test(test_hello_retry_request),
        cmocka_unit_test(test_grease),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
