/*
 * tests/unit/classify/test_classify: protocols by their first bytes.
 * SPDX-License-Identifier: MIT
 */
#include "classify/classify.h"
#include "unit.h"

#define BYTES(text) text, sizeof(text) - 1

/* ClientHello: record 3.1 of 0x200 bytes, message of 0x1fc bytes, version 3.3 */
#define CLIENT_HELLO "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
/* ServerHello: record 3.3 of 0x5a bytes, message of 0x56 bytes */
#define SERVER_HELLO "\x16\x03\x03\x00\x5a\x02\x00\x00\x56\x03\x03"
/* query 0x1234, RD, one question: a.example A IN */
#define QUERY                                              \
    "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01" \
    "a\x07"                                                \
    "example\x00\x00\x01\x00\x01"
/* its reply, NXDOMAIN, without records */
#define REPLY                                              \
    "\x12\x34\x81\x83\x00\x01\x00\x00\x00\x00\x00\x00\x01" \
    "a\x07"                                                \
    "example\x00\x00\x01\x00\x01"
/* NTP: 48 bytes from the first byte on */
#define NTP(first)       \
    first "00000000000"  \
          "000000000000" \
          "000000000000" \
          "000000000000"
/* QUIC Initial, version 1, destination id of 8 bytes, source id empty, token length 0 */
#define QUIC                   \
    "\xc3\x00\x00\x00\x01\x08" \
    "12345678"                 \
    "\x00\x00\x44\x9e"

static struct classify_result run(bool tcp, uint16_t client, uint16_t server, enum dir dir,
                                  const char *data, size_t len)
{
    uint8_t *copy = unit_copy(data, len);
    struct classify_input in = {.tcp = tcp,
                                .client_port = client,
                                .server_port = server,
                                .dir = dir,
                                .bytes = slice_of(copy, len)};
    struct classify_result r = classify_bytes(&in);
    free(copy);
    return r;
}

static void test_streams(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        size_t len;
        uint16_t port;
        enum dir from; /* in which direction this is right */
        enum app app;
    } cases[] = {
        {BYTES(CLIENT_HELLO), 8443, DIR_TO_SERVER, APP_TLS},
        {BYTES(SERVER_HELLO), 443, DIR_TO_CLIENT, APP_TLS},
        {BYTES("\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10"), 443, DIR_TO_SERVER, APP_TLS},
        {BYTES("GET / HTTP/1.1\r\n"), 4711, DIR_TO_SERVER, APP_HTTP},
        {BYTES("\r\nBREW /pot HTTP/1.0\n"), 80, DIR_TO_SERVER, APP_HTTP},
        {BYTES("POST /a/very/long"), 80, DIR_TO_SERVER, APP_HTTP},
        {BYTES("CONNECT a:443"), 3128, DIR_TO_SERVER, APP_HTTP},
        {BYTES("HTTP/1.1 200"), 80, DIR_TO_CLIENT, APP_HTTP},
        {BYTES("\x05\x01\x00"), 1080, DIR_TO_SERVER, APP_SOCKS},
        {BYTES("\x05\x02\x00\x02"), 9999, DIR_TO_SERVER, APP_SOCKS},
        {BYTES("\x04\x01\x01\xbb\x0a\x00\x00\x01user\x00"), 1080, DIR_TO_SERVER, APP_SOCKS},
        {BYTES("\x04\x01\x01\xbb\x00\x00\x00\x01\x00host\x00"), 1080, DIR_TO_SERVER, APP_SOCKS},
        {BYTES("\x00\x1b" QUERY), 53, DIR_TO_SERVER, APP_DNS},
        {BYTES("\x00\x1b" QUERY), 5300, DIR_TO_SERVER, APP_DNS},
        {BYTES("\x00\x1b" REPLY), 53, DIR_TO_CLIENT, APP_DNS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct classify_result r =
            run(true, 50000, cases[i].port, cases[i].from, cases[i].data, cases[i].len);
        assert_int_equal(r.app, cases[i].app);
        assert_false(r.reversed);
        r = run(true, 50000, cases[i].port, dir_other(cases[i].from), cases[i].data, cases[i].len);
        assert_int_equal(r.app, cases[i].app);
        assert_true(r.reversed);
    }
}

static void test_streams_of_others(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        size_t len;
    } cases[] = {
        {BYTES("SSH-2.0-OpenSSH_9.2\r\n")},
        {BYTES("220 mail.example ESMTP\r\n")},
        {BYTES("EHLO a.example\r\n")},
        {BYTES("OPTIONS rtsp://a/ RTSP/1.0\r\n")},
        {BYTES("INVITE sip:a SIP/2.0\r\n")},
        {BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")},
        {BYTES("HTTP/2.0 200 OK\r\n")},
        {BYTES("GET /old\r\n")},
        {BYTES("\x16\x03\x01\x02\x00\x05")}, /* no hello */
        {BYTES("\x16\x03\x01\x00\x00\x01")}, /* empty record */
        {BYTES("\x16\x03\x01\x60\x00\x01")}, /* record too long */
        {BYTES("\x16\x07\x01")},
        {BYTES("\x05\x01\x00more")},
        {BYTES("\x05\x00")},
        {BYTES("\x05\xff\x00")},
        {BYTES("\x05\x01\x50")},
        {BYTES("\x04\x03\x01\xbb\x0a\x00\x00\x01\x00")},
        {BYTES("\x04\x01\x00\x00\x0a\x00\x00\x01\x00")},
        {BYTES("\x04\x01\x01\xbb\x0a\x00\x00\x01\x00x")},
        {BYTES("\x00\x1c" QUERY)},                   /* length too big */
        {BYTES("\x00\x00\x00\x90\xfe\x53\x4d\x42")}, /* SMB */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(run(true, 50000, 4444, DIR_TO_SERVER, cases[i].data, cases[i].len).app,
                         APP_OTHER);
}

/* Every prefix either waits or says the same as the whole. */
static void test_prefixes_of_streams(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        size_t len;
        enum app app;
    } cases[] = {
        {BYTES(CLIENT_HELLO), APP_TLS},
        {BYTES("GET / HTTP/1.1\r\n"), APP_HTTP},
        {BYTES("BREW / HTTP/1.1\r\n"), APP_HTTP},
        {BYTES("HTTP/1.1 200 OK\r\n"), APP_HTTP},
        {BYTES("\x05\x02\x00\x02"), APP_SOCKS},
        {BYTES("\x04\x01\x01\xbb\x0a\x00\x00\x01user\x00"), APP_SOCKS},
        {BYTES("\x00\x1b" QUERY), APP_DNS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t len = 0; len <= cases[i].len; len++) {
            enum app app = run(true, 50000, 53, DIR_TO_SERVER, cases[i].data, len).app;
            assert_true(app == cases[i].app || (app == APP_UNKNOWN && len < cases[i].len));
        }
    }
}

static void test_datagrams(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        size_t len;
        uint16_t client, server;
        enum dir from;
        enum app app;
        bool reversed;
    } cases[] = {
        {BYTES(QUERY), 50000, 53, DIR_TO_SERVER, APP_DNS, false},
        {BYTES(REPLY), 50000, 53, DIR_TO_CLIENT, APP_DNS, false},
        {BYTES(REPLY), 53, 50000, DIR_TO_SERVER, APP_DNS, true},
        {BYTES(QUERY), 50000, 5300, DIR_TO_SERVER, APP_DNS, false},
        {BYTES(REPLY), 50000, 5300, DIR_TO_SERVER, APP_DNS, true},
        {BYTES(QUERY), 5353, 5353, DIR_TO_SERVER, APP_MDNS, false},
        {BYTES(QUERY), 5353, 53, DIR_TO_SERVER, APP_DNS, false},
        {BYTES(QUERY), 50000, 5355, DIR_TO_SERVER, APP_LLMNR, false},
        {BYTES(QUERY), 137, 137, DIR_TO_SERVER, APP_NBNS, false},
        {BYTES(QUIC), 50000, 443, DIR_TO_SERVER, APP_QUIC, false},
        {BYTES("\xd3\x6b\x33\x43\xcf\x00\x00\x00\x00"), 50000, 4433, DIR_TO_SERVER, APP_QUIC,
         false},
        {BYTES("\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"), 50000, 443, DIR_TO_CLIENT, APP_QUIC,
         false},
        {BYTES(NTP("\x23")), 50000, 123, DIR_TO_SERVER, APP_NTP, false},
        {BYTES(NTP("\x24")), 50000, 123, DIR_TO_CLIENT, APP_NTP, false},
        {BYTES(NTP("\x23")), 123, 123, DIR_TO_CLIENT, APP_NTP, true},
        {BYTES("M-SEARCH * HTTP/1.1\r\n"), 50000, 1900, DIR_TO_SERVER, APP_SSDP, false},
        {BYTES("NOTIFY * HTTP/1.1\r\n"), 1900, 1900, DIR_TO_SERVER, APP_SSDP, false},
        /* ports do not speak against bytes */
        {BYTES(NTP("\x3b")), 50000, 123, DIR_TO_SERVER, APP_UNKNOWN, false}, /* version 7 */
        {BYTES(NTP("\x23")), 50000, 124, DIR_TO_SERVER, APP_OTHER, false},
        {BYTES("\x40\x00\x00\x00\x01\x00\x00\x00\x00"), 50000, 443, DIR_TO_SERVER, APP_UNKNOWN,
         false},
        {BYTES("\xc3\x51\x30\x35\x30\x08"
               "12345678"
               "\x00\x00"),
         50000, 9, DIR_TO_SERVER, APP_OTHER, false},
        {BYTES(QUERY "x"), 50000, 5300, DIR_TO_SERVER, APP_OTHER, false},
        {BYTES("garbage"), 50000, 53, DIR_TO_SERVER, APP_UNKNOWN, false},
        {BYTES("garbage"), 68, 67, DIR_TO_SERVER, APP_OTHER, false},
        {BYTES("garbage"), 5353, 5353, DIR_TO_SERVER, APP_OTHER, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct classify_result r = run(false, cases[i].client, cases[i].server, cases[i].from,
                                       cases[i].data, cases[i].len);
        assert_int_equal(r.app, cases[i].app);
        assert_int_equal(r.reversed, cases[i].reversed);
    }
}

static void test_dhcp(void **state)
{
    (void)state;
    char data[240] = {1};
    memcpy(data + 236, "\x63\x82\x53\x63", 4);
    assert_int_equal(run(false, 68, 67, DIR_TO_SERVER, data, sizeof data).app, APP_DHCP);
    assert_int_equal(run(false, 68, 67, DIR_TO_SERVER, data, sizeof data - 1).app, APP_OTHER);
    data[236] = 0;
    assert_int_equal(run(false, 68, 67, DIR_TO_SERVER, data, sizeof data).app, APP_OTHER);
}

static void test_multicast_is_no_unicast_dns(void **state)
{
    (void)state;
    struct classify_input in = {.client_port = 50000,
                                .server_port = 53,
                                .multicast = true,
                                .bytes = slice_of(BYTES(QUERY))};
    assert_int_not_equal(classify_bytes(&in).app, APP_DNS);
}

static void test_client_hello(void **state)
{
    (void)state;
    static const char hello[] = CLIENT_HELLO;
    assert_true(classify_is_client_hello(slice_of(hello, sizeof hello - 1)));
    for (size_t len = 0; len < sizeof hello - 1; len++) {
        uint8_t *copy = unit_copy(hello, len);
        assert_false(classify_is_client_hello(slice_of(copy, len)));
        free(copy);
    }
    assert_false(classify_is_client_hello(slice_of(BYTES(SERVER_HELLO))));
    assert_false(classify_is_client_hello(slice_of(BYTES("STARTTLS\r\nQUIT\r\n"))));
}

static void test_flipped_bytes(void **state)
{
    (void)state;
    char data[] = "\x00\x1b" REPLY;
    for (size_t i = 0; i < sizeof data - 1; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            data[i] = (char)(data[i] ^ (1 << bit));
            assert_true(run(true, 1, 2, DIR_TO_SERVER, data, sizeof data - 1).app <= APP_DHCP);
            assert_true(run(false, 1, 2, DIR_TO_SERVER, data, sizeof data - 1).app <= APP_DHCP);
            data[i] = (char)(data[i] ^ (1 << bit));
        }
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(app_name(APP_UNKNOWN), "unknown");
    assert_string_equal(app_name(APP_DNS), "dns");
    assert_string_equal(app_name(APP_DHCP), "dhcp");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_streams_of_others),
        cmocka_unit_test(test_prefixes_of_streams),
        cmocka_unit_test(test_datagrams),
        cmocka_unit_test(test_dhcp),
        cmocka_unit_test(test_multicast_is_no_unicast_dns),
        cmocka_unit_test(test_client_hello),
        cmocka_unit_test(test_flipped_bytes),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
