/*
 * DHCPv6 messages.
 * SPDX-License-Identifier: MIT
 */
#include "proto/dhcp6.h"
#include "unit.h"

#define SERVER_AT    4
#define IA_AT        (SERVER_AT + 14)
#define RESOLVERS_AT (IA_AT + 16 + 28)
#define REPLY_LEN    (RESOLVERS_AT + 20)

/* Reply 5a2664: server 00:00:5e:00:01:0a; address 2001:db8:20::114 for an hour; resolver
 * 2001:db8:20::1. */
static const uint8_t REPLY[REPLY_LEN] = {
    7, 0x5a, 0x26, 0x64,                                                   /* head */
    0, 2,    0,    10,   0,    3,    0,    1,    0, 0,    0x5e, 0,  1, 10, /* server: DUID-LL */
    0, 3,    0,    40,   2,    0,    0x15, 0x5d, 0, 0,    7,    8,  0, 0,  12, 0x4e, /* IA_NA, */
    0, 5,    0,    24,   0x20, 0x01, 0x0d, 0xb8, 0, 0x20, 0,    0,  0, 0,  0,  0, /* its address, */
    0, 0,    1,    0x14, 0,    0,    14,   16,   0, 0,    14,   16, /* preferred, valid */
    0, 23,   0,    16,   0x20, 0x01, 0x0d, 0xb8, 0, 0x20, 0,    0,  0, 0,  0,  0,    0, 0, 0, 1,
};

/* Solicit of a Windows client: enterprise 311, "MSFT 5.0". */
static const uint8_t SOLICIT[] = {
    1, 0x60, 0xc1, 0x1c, 0, 16, 0, 14, 0, 0, 1, 0x37, 0, 8, 'M', 'S', 'F', 'T', ' ', '5', '.', '0',
};

static enum verdict parse(struct dhcp6_message *m, const uint8_t *bytes, size_t len,
                          enum verdict on_overrun)
{
    uint8_t *copy = unit_copy(bytes, len);
    enum verdict verdict = dhcp6_parse(m, slice_of(copy, len), on_overrun);
    m->vendor = slice_of(NULL, 0); /* it lay in the copy */
    free(copy);
    return verdict;
}

static void all_is_read(void **state)
{
    struct dhcp6_message m;
    char text[ADDR_TEXT_SIZE];
    (void)state;
    assert_int_equal(dhcp6_parse(&m, slice_of(REPLY, sizeof REPLY), VERDICT_BAD), VERDICT_OK);
    assert_int_equal(m.type, DHCP6_REPLY);
    assert_string_equal(addr_text(&m.address, text), "2001:db8:20::114");
    assert_int_equal(m.resolvers.count, 1);
    assert_string_equal(addr_text(&m.resolvers.at[0], text), "2001:db8:20::1");
    assert_int_equal(m.vendor.len, 0);

    assert_int_equal(dhcp6_parse(&m, slice_of(SOLICIT, sizeof SOLICIT), VERDICT_BAD), VERDICT_OK);
    assert_int_equal(m.type, DHCP6_SOLICIT);
    assert_slice_equal(m.vendor, "MSFT 5.0");
    assert_int_equal(m.address.family, 0);
    assert_int_equal(m.resolvers.count, 0);
}

static void an_address_that_is_taken_back(void **state)
{
    struct dhcp6_message m;
    uint8_t bytes[REPLY_LEN];
    (void)state;
    memcpy(bytes, REPLY, sizeof bytes);
    memset(bytes + RESOLVERS_AT - 4, 0, 4);
    assert_int_equal(parse(&m, bytes, sizeof bytes, VERDICT_BAD), VERDICT_OK);
    assert_int_equal(m.address.family, 0);
    assert_int_equal(m.resolvers.count, 1);
}

static void more_resolvers_than_are_kept(void **state)
{
    enum {
        MANY = DHCP_ADDRS_MAX + 2
    };
    struct dhcp6_message m;
    uint8_t bytes[4 + 4 + MANY * 16] = {DHCP6_REPLY, 0, 0, 1, 0, 23, 0, MANY * 16};
    (void)state;
    assert_int_equal(parse(&m, bytes, sizeof bytes, VERDICT_BAD), VERDICT_OK);
    assert_int_equal(m.resolvers.count, DHCP_ADDRS_MAX);
}

static void every_prefix(void **state)
{
    static const size_t ends[] = {SERVER_AT, IA_AT, RESOLVERS_AT, REPLY_LEN};
    (void)state;
    for (size_t len = 0; len <= sizeof REPLY; len++) {
        bool ok = false;
        struct dhcp6_message m;
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
            ok |= ends[i] == len;
        assert_int_equal(parse(&m, REPLY, len, VERDICT_SHORT), ok ? VERDICT_OK : VERDICT_SHORT);
        assert_int_equal(parse(&m, REPLY, len, VERDICT_BAD), ok ? VERDICT_OK : VERDICT_BAD);
        assert_int_equal(m.address.family, len >= RESOLVERS_AT ? 6 : 0);
    }
}

static void wrong_lengths_and_flipped_bytes(void **state)
{
    struct dhcp6_message m;
    uint8_t bytes[REPLY_LEN];
    (void)state;
    memcpy(bytes, REPLY, sizeof bytes);
    bytes[RESOLVERS_AT + 3] = 17; /* runs over the end */
    assert_int_equal(parse(&m, bytes, sizeof bytes, VERDICT_BAD), VERDICT_BAD);
    memcpy(bytes, REPLY, sizeof bytes);
    bytes[IA_AT + 16 + 3] = 25; /* runs over the end of what it is in */
    assert_int_equal(parse(&m, bytes, sizeof bytes, VERDICT_BAD), VERDICT_OK);
    assert_int_equal(m.address.family, 0);
    for (size_t i = 0; i < sizeof REPLY; i++) {
        memcpy(bytes, REPLY, sizeof bytes);
        bytes[i] ^= 0xff;
        (void)parse(&m, bytes, sizeof bytes, VERDICT_BAD);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_read),
        cmocka_unit_test(an_address_that_is_taken_back),
        cmocka_unit_test(more_resolvers_than_are_kept),
        cmocka_unit_test(every_prefix),
        cmocka_unit_test(wrong_lengths_and_flipped_bytes),
    };
    return cmocka_run_group_tests_name("proto/dhcp6", tests, NULL, NULL);
}
