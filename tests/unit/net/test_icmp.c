/*
 * Unit tests of net/decode: ICMP errors and the packets they quote.
 * SPDX-License-Identifier: MIT
 */
#include "frames.h"

#define RAW 101
/* the quoted packet: 10.0.0.1:49152 to 198.51.100.7:443 */
#define QUOTE4                       IPV4("05dc", "4000", "06") "c000 01bb 01020304 "
#define QUOTE6                       IPV6("05b4", "06") "c000 01bb 01020304 "
#define ICMP(type_code, total, rest) IPV4(total, "0000", "01") type_code " 0000 " rest " "
#define ICMPV6(type_code, len, rest) IPV6(len, "3a") type_code " 0000 " rest " "

static void assert_quote(const struct packet *p, const char *src, const char *dst, uint16_t port)
{
    char text[ADDR_TEXT_SIZE];
    assert_int_equal(p->kind, PACKET_ICMP);
    assert_true(p->icmp.has_quote);
    assert_string_equal(addr_text(&p->icmp.quote.src, text), src);
    assert_string_equal(addr_text(&p->icmp.quote.dst, text), dst);
    assert_int_equal(p->icmp.quote.proto, IP_PROTO_TCP);
    assert_int_equal(p->icmp.quote.src_port, port ? 49152 : 0);
    assert_int_equal(p->icmp.quote.dst_port, port);
}

static void test_unreachable(void **state)
{
    (void)state;
    struct decoded d = decode_hex(RAW, ICMP("0301", "0038", "00000000") QUOTE4);
    assert_quote(&d.p, "10.0.0.1", "198.51.100.7", 443);
    assert_int_equal(d.p.icmp.type, 3);
    assert_int_equal(d.p.icmp.code, 1);
    assert_int_equal(d.p.icmp.mtu, 0);
    assert_int_equal(d.p.tuple.proto, IP_PROTO_ICMP);
    free(d.bytes);
}

static void test_too_big(void **state)
{
    (void)state;
    struct decoded d = decode_hex(RAW, ICMP("0304", "0038", "00000578") QUOTE4);
    assert_quote(&d.p, "10.0.0.1", "198.51.100.7", 443);
    assert_int_equal(d.p.icmp.mtu, 1400);
    free(d.bytes);
    d = decode_hex(RAW, ICMPV6("0200", "0038", "00000500") QUOTE6);
    assert_quote(&d.p, "2001:db8::1", "2001:db8::2", 443);
    assert_int_equal(d.p.icmp.mtu, 1280);
    free(d.bytes);
    d = decode_hex(RAW, ICMPV6("0200", "0038", "00010000") QUOTE6);
    assert_int_equal(d.p.icmp.mtu, 65535);
    free(d.bytes);
}

static void test_echo_has_no_quote(void **state)
{
    (void)state;
    struct decoded d = decode_hex(RAW, ICMP("0800", "0038", "00010001") QUOTE4);
    assert_int_equal(d.p.kind, PACKET_ICMP);
    assert_false(d.p.icmp.has_quote);
    assert_int_equal(d.p.icmp.quote.src.family, 0);
    free(d.bytes);
    d = decode_hex(RAW, ICMPV6("8700", "0008", "00000000")); /* neighbour solicitation */
    assert_int_equal(d.p.kind, PACKET_ICMP);
    assert_int_equal(d.p.icmp.type, 135);
    assert_false(d.p.icmp.has_quote);
    free(d.bytes);
}

/* A quote may end anywhere: without addresses there is none, without ports they are 0. */
static void test_quote_cut_everywhere(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        size_t quote_at, addresses, ports;
    } cases[] = {
        {ICMP("0301", "0000", "00000000") QUOTE4, 28, 20, 24},
        {ICMPV6("0100", "0000", "00000000") QUOTE6, 48, 40, 44},
        {ICMPV6("0103", "0000", "00000000") IPV6("05b4", "2c") "06 00 0001 00000001 c000 01bb ", 48,
         40, 52},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len;
        uint8_t *bytes = hex_bytes(cases[i].hex, &len);
        for (size_t cut = cases[i].quote_at; cut <= len; cut++) {
            uint8_t *copy = unit_copy(bytes, cut);
            struct packet p;
            net_decode(&p, RAW, slice_of(copy, cut), (uint32_t)cut, &test_mark);
            size_t quoted = cut - cases[i].quote_at;
            assert_int_equal(p.kind, PACKET_ICMP);
            assert_int_equal(p.icmp.has_quote, quoted >= cases[i].addresses);
            assert_int_equal(p.icmp.quote.dst_port, quoted >= cases[i].ports ? 443 : 0);
            assert_int_equal(p.icmp.quote.src.family != 0, p.icmp.has_quote);
            free(copy);
        }
        free(bytes);
    }
}

static void test_quote_of_a_later_fragment(void **state)
{
    (void)state;
    struct decoded d = decode_hex(RAW, ICMP("0b01", "0038", "00000000")
                                           IPV4("05dc", "00b9", "06") "c000 01bb 01020304 ");
    assert_quote(&d.p, "10.0.0.1", "198.51.100.7", 0);
    free(d.bytes);
}

static void test_quote_of_nothing_known(void **state)
{
    (void)state;
    struct decoded d = decode_hex(RAW, ICMP("0301", "0024", "00000000") "00112233 44556677 ");
    assert_int_equal(d.p.kind, PACKET_ICMP);
    assert_false(d.p.icmp.has_quote);
    free(d.bytes);
}

static void test_short_header(void **state)
{
    (void)state;
    assert_int_equal(kind_of(RAW, IPV4("001a", "0000", "01") "0301 0000 0000 "), PACKET_BAD);
    assert_int_equal(kind_of(RAW, IPV6("0006", "3a") "0100 0000 0000 "), PACKET_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_too_big),
        cmocka_unit_test(test_echo_has_no_quote),
        cmocka_unit_test(test_quote_cut_everywhere),
        cmocka_unit_test(test_quote_of_a_later_fragment),
        cmocka_unit_test(test_quote_of_nothing_known),
        cmocka_unit_test(test_short_header),
    };
    return cmocka_run_group_tests_name("net/icmp", tests, NULL, NULL);
}
