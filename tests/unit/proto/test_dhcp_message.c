/*
 * DHCP messages: options, parts of them, lengths.
 * SPDX-License-Identifier: MIT
 */
#include "dhcp_made.h"

static enum verdict parse(struct dhcp_message *out, const void *bytes, size_t len,
                          struct arena *arena)
{
    uint8_t *copy = unit_copy(bytes, len);
    enum verdict verdict = dhcp_parse(out, slice_of(copy, len), VERDICT_SHORT, arena);
    free(copy);
    return verdict;
}

static void assert_slice(struct slice s, const char *text)
{
    assert_int_equal(s.len, strlen(text));
    assert_memory_equal(s.data, text, s.len);
}

static void all_options_are_read(void **state)
{
    (void)state;
    struct arena arena;
    struct dhcp_message m;
    struct message raw = lease_of(DHCP_ACK, 0x1234, 7);
    arena_init(&arena, 1 << 16);
    assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena), VERDICT_OK);
    assert_int_equal(m.type, DHCP_ACK);
    assert_true(m.reply);
    assert_int_equal(m.id, 0x1234);
    assert_int_equal(m.client.bytes[5], 7);
    assert_addr(&m.lease.address, "10.20.0.31");
    assert_addr(&m.lease.server, "10.20.0.1");
    assert_addr(&m.lease.mask, "255.255.255.0");
    assert_int_equal(m.lease.lease_s, 3600);
    assert_int_equal(m.lease.routers.count, 1);
    assert_int_equal(m.lease.resolvers.count, 2);
    assert_addr(&m.lease.resolvers.at[1], "10.20.0.2");
    assert_addr(&m.lease.time_servers.at[0], "10.20.0.7");
    assert_true(m.lease.default_route);
    assert_slice(m.lease.domain, "corp.contoso.com");
    assert_slice(m.lease.search, "corp.contoso.com lab.contoso.com");
    assert_slice(m.lease.portal, "https://portal.contoso.com/api");
    assert_slice(m.lease.proxy, "http://wpad/wpad.dat");
    arena_clear(&arena);
}

static void names_of_clients(void **state)
{
    (void)state;
    static const uint8_t plain[] = "\0\0\0PC-81.corp";
    static const uint8_t encoded[] = "\4\0\0\5PC-81\4corp\0";
    struct arena arena;
    struct dhcp_message m;
    arena_init(&arena, 1 << 16);

    struct message raw = message_of(DHCP_REQUEST, 1, 1);
    option_text(&raw, 12, "PC-12");
    option_text(&raw, 60, "MSFT 5.0");
    assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena), VERDICT_OK);
    assert_slice(m.name, "PC-12");
    assert_slice(m.vendor, "MSFT 5.0");

    option(&raw, 81, plain, sizeof plain - 1);
    assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena), VERDICT_OK);
    assert_slice(m.name, "PC-81.corp");

    raw = message_of(DHCP_REQUEST, 1, 1);
    option(&raw, 81, encoded, sizeof encoded - 1);
    option_text(&raw, 12, "PC-12");
    assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena), VERDICT_OK);
    assert_slice(m.name, "PC-81.corp");
    arena_clear(&arena);
}

static void overload_reads_the_other_fields(void **state)
{
    (void)state;
    struct arena arena;
    struct dhcp_message m;
    struct message raw = message_of(DHCP_OFFER, 1, 1);
    arena_init(&arena, 1 << 16);
    memcpy(raw.bytes + 44, "\3\4\12\24\0\1\377", 7);              /* sname: router 10.20.0.1 */
    memcpy(raw.bytes + 108, "\6\4\12\24\0\2\377\0\0\17\2zz", 13); /* file: resolver; end */
    static const struct {
        uint8_t overload, routers, resolvers;
    } rows[] = {{0, 0, 0}, {1, 0, 1}, {2, 1, 0}, {3, 1, 1}};
    size_t len = raw.len;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        raw.len = len;
        option(&raw, 52, &rows[i].overload, 1);
        assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena),
                         VERDICT_OK);
        assert_int_equal(m.lease.routers.count, rows[i].routers);
        assert_int_equal(m.lease.resolvers.count, rows[i].resolvers);
        assert_int_equal(m.lease.domain.len, 0);
    }
    arena_clear(&arena);
}

/* RFC 3396: the value goes on in the next instance, wherever the server split it. */
static void parts_are_put_together(void **state)
{
    (void)state;
    static const uint8_t routes[] = {24, 10, 9, 8, 10, 20, 0, 9, 0, 10, 20, 0, 1};
    static const uint8_t search[] = "\4corp\7contoso\3com\0\3lab\300\5";
    for (size_t cut = 0; cut <= sizeof routes; cut++) {
        struct arena arena;
        struct dhcp_message m;
        struct message raw = message_of(DHCP_ACK, 1, 1);
        arena_init(&arena, 1 << 16);
        option(&raw, 121, routes, cut);
        option(&raw, 119, search, cut);
        option(&raw, 6, "\12\24\0\1\12", 5);
        option(&raw, 119, search + cut, 6);
        option(&raw, 121, routes + cut, sizeof routes - cut);
        option(&raw, 119, search + cut + 6, sizeof search - 1 - cut - 6);
        option(&raw, 6, "\24\0\2", 3);
        raw.bytes[raw.len++] = 255;
        assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena),
                         VERDICT_OK);
        assert_true(m.lease.default_route);
        assert_slice(m.lease.search, "corp.contoso.com lab.contoso.com");
        assert_int_equal(m.lease.resolvers.count, 2);
        assert_addr(&m.lease.resolvers.at[1], "10.20.0.2");
        arena_clear(&arena);
    }
}

/* RFC 3396 section 5: options, then `file`, then `sname`. */
static void parts_go_on_in_the_other_fields(void **state)
{
    (void)state;
    struct arena arena;
    struct dhcp_message m;
    struct message raw = message_of(DHCP_ACK, 1, 1);
    arena_init(&arena, 1 << 16);
    option(&raw, 121, (uint8_t[]){24, 10, 9}, 3);
    option(&raw, 52, &(uint8_t){3}, 1);
    raw.bytes[raw.len++] = 255;
    memcpy(raw.bytes + 108, "\171\5\10\12\24\0\11\377", 8); /* file: the first route's end */
    memcpy(raw.bytes + 44, "\171\5\0\12\24\0\1\377", 8);    /* sname: 0.0.0.0/0 */
    assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena), VERDICT_OK);
    assert_true(m.lease.default_route);
    assert_false(m.lease.cut);
    arena_clear(&arena);
}

static void long_lists_of_routes(void **state)
{
    (void)state;
    uint8_t routes[264] = {0};
    for (size_t i = 0; i < 256; i += 8)
        memcpy(routes + i, (uint8_t[]){24, 10, 9, (uint8_t)i, 10, 20, 0, 9}, 8);
    memcpy(routes + 256, (uint8_t[]){0, 10, 20, 0, 1}, 5);
    static const uint8_t codes[] = {121, 249};
    for (size_t i = 0; i < sizeof codes; i++) {
        struct arena arena;
        struct dhcp_message m;
        struct message raw = message_of(DHCP_ACK, 1, 1);
        arena_init(&arena, 1 << 16);
        option(&raw, codes[i], routes, 255);
        option(&raw, codes[i], routes + 255, 6);
        assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena),
                         VERDICT_OK);
        assert_true(m.lease.default_route);
        arena_clear(&arena);

        /* Without room for the whole of it the beginning stays. */
        arena_init(&arena, 64);
        assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena),
                         VERDICT_OK);
        assert_false(m.lease.default_route);
        arena_clear(&arena);
    }
}

/* What has one value may come twice. */
static void repeated_options(void **state)
{
    (void)state;
    struct arena arena;
    struct dhcp_message m;
    struct message raw = lease_of(DHCP_ACK, 1, 1);
    arena_init(&arena, 1 << 16);
    raw.len--;
    option_u32(&raw, 1, 0xffff0000);
    option_u32(&raw, 54, 0x0a140002);
    option_u32(&raw, 51, 60);
    option_u32(&raw, 3, 0x0a140001);
    option(&raw, 53, &(uint8_t){DHCP_NAK}, 1);
    assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena), VERDICT_OK);
    assert_int_equal(m.type, DHCP_ACK);
    assert_addr(&m.lease.mask, "255.255.255.0");
    assert_addr(&m.lease.server, "10.20.0.1");
    assert_int_equal(m.lease.lease_s, 3600);
    assert_int_equal(m.lease.routers.count, 1);
    arena_clear(&arena);
}

static void every_prefix_is_short(void **state)
{
    (void)state;
    struct message raw = lease_of(DHCP_ACK, 1, 1);
    for (size_t len = 0; len < raw.len; len++) {
        struct arena arena;
        struct dhcp_message m;
        arena_init(&arena, 1 << 16);
        enum verdict verdict = parse(&m, raw.bytes, len, &arena);
        /* Between two options a message may end: the last one is not compulsory in practice. */
        size_t at = OPTIONS_AT;
        while (at < len && raw.bytes[at] != 255)
            at += 2U + raw.bytes[at + 1];
        assert_int_equal(verdict, at == len ? VERDICT_OK : VERDICT_SHORT);
        assert_int_equal(m.lease.cut, at > len && len >= OPTIONS_AT);
        arena_clear(&arena);
    }
}

static void wrong_lengths_and_flipped_bytes(void **state)
{
    (void)state;
    struct message raw = lease_of(DHCP_ACK, 1, 1);
    struct arena arena;
    struct dhcp_message m;
    arena_init(&arena, 1 << 16);
    struct message bad = raw;
    bad.bytes[raw.len - 24] = 200; /* option 252 runs over the end */
    assert_int_equal(dhcp_parse(&m, slice_of(bad.bytes, bad.len), VERDICT_BAD, &arena),
                     VERDICT_BAD);
    static const size_t fixed[] = {0, 1, 2, 236};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        bad = raw;
        bad.bytes[fixed[i]] ^= 0xff;
        assert_int_equal(parse(&m, bad.bytes, bad.len, &arena), VERDICT_BAD);
    }
    for (size_t i = 0; i < raw.len; i++) {
        bad = raw;
        bad.bytes[i] ^= 0xff;
        (void)parse(&m, bad.bytes, bad.len, &arena);
    }
    arena_clear(&arena);
}

static void search_lists_that_never_end(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *text;
    } rows[] = {
        {"\300\0", 2, ""},            /* points at itself */
        {"\1a\300\0", 4, ""},         /* a.a.a.a... */
        {"\1a\0\77", 4, "a"},         /* the second one is cut */
        {"\1a\0\1b\300\377", 7, "a"}, /* points behind the end */
        {"\0\1a\0", 4, "a"},
        {"\77a", 2, ""},
        {"", 0, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena;
        struct dhcp_message m;
        struct message raw = message_of(DHCP_ACK, 1, 1);
        arena_init(&arena, 1 << 16);
        option(&raw, 119, rows[i].bytes, rows[i].len);
        assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena),
                         VERDICT_OK);
        assert_slice(m.lease.search, rows[i].text);
        arena_clear(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_options_are_read),
        cmocka_unit_test(names_of_clients),
        cmocka_unit_test(overload_reads_the_other_fields),
        cmocka_unit_test(parts_are_put_together),
        cmocka_unit_test(parts_go_on_in_the_other_fields),
        cmocka_unit_test(long_lists_of_routes),
        cmocka_unit_test(repeated_options),
        cmocka_unit_test(every_prefix_is_short),
        cmocka_unit_test(wrong_lengths_and_flipped_bytes),
        cmocka_unit_test(search_lists_that_never_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
