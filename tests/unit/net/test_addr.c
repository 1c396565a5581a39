/*
 * Unit tests of net/addr.
 * SPDX-License-Identifier: MIT
 */
#include "net/addr.h"
#include "unit.h"

static struct ip_addr parse(const char *text)
{
    struct ip_addr a;
    assert_true(addr_parse(&a, text));
    return a;
}

static void test_text(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"0.0.0.0", "0.0.0.0"},
        {"10.64.3.129", "10.64.3.129"},
        {"255.255.255.255", "255.255.255.255"},
        {"::", "::"},
        {"::1", "::1"},
        {"2001:0db8:0000:0000:0000:0000:0002:0001", "2001:db8::2:1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"}, /* one zero group stays */
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},          /* the longest run */
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},    /* the first of equal ones */
        {"fe80:0:0:0:0:0:0:0", "fe80::"},
        {"0:0:1:2:3:4:5:6", "::1:2:3:4:5:6"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
        {"2001:DB8::ABCD", "2001:db8::abcd"},
        {"1234:5678:9abc:def0:1234:5678:9abc:def0", "1234:5678:9abc:def0:1234:5678:9abc:def0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[ADDR_TEXT_SIZE];
        struct ip_addr a = parse(cases[i].in);
        assert_string_equal(addr_text(&a, text), cases[i].out);
    }
}

static void test_no_family(void **state)
{
    (void)state;
    char text[ADDR_TEXT_SIZE];
    struct ip_addr none = addr_from_bytes(slice_of("abcde", 5));
    assert_int_equal(none.family, 0);
    assert_string_equal(addr_text(&none, text), "-");
    assert_false(addr_is_loopback(&none));
    assert_false(addr_is_unspecified(&none));
    assert_false(addr_is_private(&none));
}

static void test_parse_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {"",          "1.2.3",       "1.2.3.256", "1.2.3.4 ",
                                      "01.2.3.4x", ":::",         "1::2::3",   "g::",
                                      "12345::",   "example.com", "1.2.3.4.5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ip_addr a;
        assert_false(addr_parse(&a, bad[i]));
        assert_int_equal(a.family, 0);
    }
}

static void test_from_bytes(void **state)
{
    (void)state;
    struct ip_addr a = addr_from_bytes(slice_of("\x0a\x40\x00\x01", 4));
    struct ip_addr b = addr_v4(0x0a400001);
    struct ip_addr c = parse("10.64.0.1");
    assert_true(addr_eq(&a, &b));
    assert_true(addr_eq(&a, &c));
    assert_int_equal(addr_hash(1, &a), addr_hash(1, &b));
    assert_int_not_equal(addr_hash(1, &a), addr_hash(2, &a));
    struct ip_addr v6 = addr_from_bytes(slice_of("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16));
    struct ip_addr same = parse("2001:db8::1");
    assert_true(addr_eq(&v6, &same));
}

static void test_order(void **state)
{
    (void)state;
    struct ip_addr low = parse("10.0.0.1"), high = parse("10.0.1.0"), v6 = parse("::1");
    assert_true(addr_cmp(&low, &high) < 0);
    assert_true(addr_cmp(&high, &low) > 0);
    assert_int_equal(addr_cmp(&low, &low), 0);
    assert_true(addr_cmp(&high, &v6) < 0);
    assert_true(addr_cmp(&v6, &low) > 0);
}

static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *text,
            *kinds; /* u l m k s p: unspecified, loopback, multicast, link, site, private */
    } cases[] = {
        {"0.0.0.0", "u"},         {"::", "u"},           {"127.0.0.1", "l"},
        {"127.255.0.1", "l"},     {"::1", "l"},          {"::2", ""},
        {"224.0.0.251", "m"},     {"239.1.1.1", "m"},    {"240.0.0.1", ""},
        {"255.255.255.255", "m"}, {"ff02::fb", "m"},     {"169.254.1.1", "k"},
        {"169.253.1.1", ""},      {"fe80::1", "k"},      {"febf::1", "k"},
        {"fec0::1", "s"},         {"10.255.0.1", "p"},   {"11.0.0.1", ""},
        {"172.16.0.1", "p"},      {"172.31.255.1", "p"}, {"172.32.0.1", ""},
        {"192.168.3.4", "p"},     {"192.169.0.1", ""},   {"100.64.0.1", "p"},
        {"100.127.255.1", "p"},   {"100.128.0.1", ""},   {"fd00::1", "p"},
        {"fc00::1", "p"},         {"fe00::1", ""},       {"2001:db8::1", ""},
        {"0.0.0.1", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ip_addr a = parse(cases[i].text);
        char kinds[8] = "";
        size_t n = 0;
        if (addr_is_unspecified(&a))
            kinds[n++] = 'u';
        if (addr_is_loopback(&a))
            kinds[n++] = 'l';
        if (addr_is_multicast(&a))
            kinds[n++] = 'm';
        if (addr_is_link_local(&a))
            kinds[n++] = 'k';
        if (addr_is_site_local(&a))
            kinds[n++] = 's';
        if (addr_is_private(&a))
            kinds[n++] = 'p';
        assert_string_equal(kinds, cases[i].kinds);
    }
}

static void test_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *range, *address;
        bool in;
    } cases[] = {
        {"192.0.2.0/24", "192.0.2.255", true},        {"192.0.2.0/24", "192.0.3.0", false},
        {"13.107.228.0/23", "13.107.229.1", true},    {"13.107.228.0/23", "13.107.230.1", false},
        {"192.0.2.1/32", "192.0.2.1", true},          {"192.0.2.1/32", "192.0.2.0", false},
        {"0.0.0.0/0", "203.0.113.1", true},           {"0.0.0.0/0", "2001:db8::1", false},
        {"2620:1ec:4a::/47", "2620:1ec:4b::1", true}, {"2620:1ec:4a::/47", "2620:1ec:4c::1", false},
        {"2001:db8::1/128", "2001:db8::1", true},     {"2001:db8::1/128", "2001:db8::2", false},
    };
    static const char *const bad[] = {
        "192.0.2.0", "192.0.2.0/",     "192.0.2.0/33", "192.0.2/24",           "192.0.2.0/2x",
        "/24",       "2001:db8::/129", "192.0.2.0/-1", "192.0.2.0/4294967296", ""};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ip_range range;
        struct ip_addr a = parse(cases[i].address);
        assert_true(addr_parse_range(&range, cases[i].range));
        assert_int_equal(addr_in_range(&a, &range), cases[i].in);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ip_range range;
        assert_false(addr_parse_range(&range, bad[i]));
    }
}

static void test_mac(void **state)
{
    (void)state;
    char text[MAC_TEXT_SIZE];
    const struct mac_addr m = {{0x02, 0x1b, 0x21, 0x00, 0xff, 0x0a}};
    assert_string_equal(mac_text(&m, text), "02:1b:21:00:ff:0a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),          cmocka_unit_test(test_no_family),
        cmocka_unit_test(test_parse_refuses), cmocka_unit_test(test_from_bytes),
        cmocka_unit_test(test_order),         cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_mac),           cmocka_unit_test(test_ranges),
    };
    return cmocka_run_group_tests_name("net/addr", tests, NULL, NULL);
}
