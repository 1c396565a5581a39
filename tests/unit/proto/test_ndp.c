/*
 * Router advertisements.
 * SPDX-License-Identifier: MIT
 */
#include "proto/ndp.h"
#include "unit.h"

#define HEAD_LEN   12
#define PREFIX_AT  HEAD_LEN
#define PREFIX_LEN 32
#define RDNSS_AT   (PREFIX_AT + PREFIX_LEN)
#define ADVERT_LEN (RDNSS_AT + 24)

/* Hop limit 64, O flag, a router for 1800 s; prefix 2001:db8:20::/64, on link and autonomous, for an
 * hour; resolver 2001:db8:20::1 for an hour. */
static const uint8_t ADVERT[ADVERT_LEN] = {
    64,   0x40, 0x07, 0x08, 0, 0,    0,    0,    0, 0, 0,    0,                /* head */
    3,    4,    64,   0xc0, 0, 0,    0x0e, 0x10, 0, 0, 0x0e, 0x10, 0, 0, 0, 0, /* prefix option */
    0x20, 0x01, 0x0d, 0xb8, 0, 0x20, 0,    0,    0, 0, 0,    0,    0, 0, 0, 0, /* the prefix */
    25,   3,    0,    0,    0, 0,    0x0e, 0x10,                               /* resolver option */
    0x20, 0x01, 0x0d, 0xb8, 0, 0x20, 0,    0,    0, 0, 0,    0,    0, 0, 0, 1, /* the resolver */
};

static enum verdict parse(struct ndp_advert *a, const uint8_t *bytes, size_t len,
                          enum verdict on_overrun)
{
    uint8_t *copy = unit_copy(bytes, len);
    enum verdict verdict = ndp_advert_parse(a, slice_of(copy, len), on_overrun);
    free(copy);
    return verdict;
}

/* ADVERT with one byte changed, whole. */
static struct ndp_advert changed(size_t at, uint8_t value)
{
    struct ndp_advert a;
    uint8_t bytes[ADVERT_LEN];
    memcpy(bytes, ADVERT, sizeof bytes);
    bytes[at] = value;
    assert_int_equal(parse(&a, bytes, sizeof bytes, VERDICT_BAD), VERDICT_OK);
    return a;
}

static void all_is_read(void **state)
{
    struct ndp_advert a;
    char text[ADDR_TEXT_SIZE];
    (void)state;
    assert_int_equal(parse(&a, ADVERT, sizeof ADVERT, VERDICT_BAD), VERDICT_OK);
    assert_int_equal(a.lifetime_s, 1800);
    assert_false(a.managed);
    assert_true(a.other);
    assert_true(a.autonomous);
    assert_true(a.global);
    assert_int_equal(a.resolvers.count, 1);
    assert_string_equal(addr_text(&a.resolvers.at[0], text), "2001:db8:20::1");
    assert_true(changed(1, 0x80).managed);
}

static void what_does_not_count(void **state)
{
    struct ndp_advert a;
    (void)state;
    a = changed(PREFIX_AT + 3, 0x80); /* on link, no addresses of the device's making */
    assert_false(a.autonomous || a.global);
    assert_false(changed(PREFIX_AT + 2, 56).autonomous); /* no room for 64 bits */
    a = changed(PREFIX_AT + 16, 0xfd);                   /* a private prefix */
    assert_true(a.autonomous);
    assert_false(a.global);
    uint8_t bytes[ADVERT_LEN];
    memcpy(bytes, ADVERT, sizeof bytes);
    memset(bytes + PREFIX_AT + 4, 0, 4); /* taken back, like the resolver */
    memset(bytes + RDNSS_AT + 4, 0, 4);
    assert_int_equal(parse(&a, bytes, sizeof bytes, VERDICT_BAD), VERDICT_OK);
    assert_false(a.autonomous);
    assert_int_equal(a.resolvers.count, 0);
    assert_int_equal(changed(RDNSS_AT, 31).resolvers.count, 0); /* another option */
}

static void more_resolvers_than_are_kept(void **state)
{
    enum {
        MANY = DHCP_ADDRS_MAX + 2
    };
    struct ndp_advert a;
    uint8_t bytes[HEAD_LEN + 8 + MANY * 16] = {0};
    (void)state;
    bytes[HEAD_LEN] = 25;
    bytes[HEAD_LEN + 1] = 1 + 2 * MANY;
    bytes[HEAD_LEN + 7] = 60;
    assert_int_equal(parse(&a, bytes, sizeof bytes, VERDICT_BAD), VERDICT_OK);
    assert_int_equal(a.resolvers.count, DHCP_ADDRS_MAX);
}

static void every_prefix(void **state)
{
    static const size_t ends[] = {HEAD_LEN, RDNSS_AT, ADVERT_LEN};
    (void)state;
    for (size_t len = 0; len <= sizeof ADVERT; len++) {
        bool ok = false;
        struct ndp_advert a;
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
            ok |= ends[i] == len;
        assert_int_equal(parse(&a, ADVERT, len, VERDICT_SHORT), ok ? VERDICT_OK : VERDICT_SHORT);
        assert_int_equal(parse(&a, ADVERT, len, VERDICT_BAD), ok ? VERDICT_OK : VERDICT_BAD);
        assert_int_equal(a.autonomous, len >= RDNSS_AT);
    }
}

static void wrong_lengths_and_flipped_bytes(void **state)
{
    struct ndp_advert a;
    uint8_t bytes[ADVERT_LEN];
    (void)state;
    memcpy(bytes, ADVERT, sizeof bytes);
    bytes[PREFIX_AT + 1] = 0; /* an option of no length never ends */
    assert_int_equal(parse(&a, bytes, sizeof bytes, VERDICT_SHORT), VERDICT_BAD);
    bytes[PREFIX_AT + 1] = 200;
    assert_int_equal(parse(&a, bytes, sizeof bytes, VERDICT_BAD), VERDICT_BAD);
    bytes[PREFIX_AT + 1] = 1; /* too short for what it is: nothing of it counts */
    (void)parse(&a, bytes, sizeof bytes, VERDICT_BAD);
    assert_false(a.autonomous);
    for (size_t i = 0; i < sizeof ADVERT; i++) {
        memcpy(bytes, ADVERT, sizeof bytes);
        bytes[i] ^= 0xff;
        (void)parse(&a, bytes, sizeof bytes, VERDICT_BAD);
    }
}

static void who_is_on_the_link(void **state)
{
    struct packet p = {.kind = PACKET_ICMP, .ttl = NDP_HOPS};
    (void)state;
    p.tuple.proto = IP_PROTO_ICMPV6;
    p.icmp.type = NDP_ROUTER_ADVERT;
    assert_true(ndp_is(&p));
    p.icmp.type = NDP_ROUTER_SOLICIT;
    assert_true(ndp_is(&p));
    p.icmp.type = 135;
    assert_false(ndp_is(&p));
    p.icmp.type = NDP_ROUTER_ADVERT;
    p.ttl = NDP_HOPS - 1; /* it came through a router */
    assert_false(ndp_is(&p));
    p.ttl = NDP_HOPS;
    p.tuple.proto = IP_PROTO_ICMP;
    assert_false(ndp_is(&p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_read),
        cmocka_unit_test(what_does_not_count),
        cmocka_unit_test(more_resolvers_than_are_kept),
        cmocka_unit_test(every_prefix),
        cmocka_unit_test(wrong_lengths_and_flipped_bytes),
        cmocka_unit_test(who_is_on_the_link),
    };
    return cmocka_run_group_tests_name("proto/ndp", tests, NULL, NULL);
}
