/*
 * Unit tests of capture: pcapng files, their packets and every other kind of block.
 * SPDX-License-Identifier: MIT
 */
#include "ng.h"

/* ---- packets ------------------------------------------------------------------------------------ */

static void test_packets(void **state)
{
    struct fixture *fx = *state;
    for (enum order order = LITTLE; order <= BIG; order++) {
        struct ng n = ng_to(&fx->b, order);
        ng_section(&n);
        ng_interface(&n, 101);
        ng_packet(&n, 0, NS0 + 123456789, "hello");
        ng_packet(&n, 0, NS0 + 123456790, "");
        struct capture *c = open_with(save(fx, 0), NULL);
        struct frame f = next(c);
        assert_true(f.at.ts_ns == T0 * NS_PER_S + 123456789);
        assert_int_equal(f.at.frame, 1);
        assert_int_equal(f.at.file, 0);
        assert_int_equal(f.linktype, 101);
        assert_int_equal(f.wire_len, 1000);
        assert_slice_equal(f.bytes, "hello");
        assert_int_equal(f.interface, 0);
        assert_int_equal(f.direction, FRAME_DIRECTION_UNKNOWN);
        assert_false(f.dropped);
        assert_true(f.group == 0);
        f = next(c);
        assert_int_equal(f.at.frame, 2);
        assert_int_equal(f.bytes.len, 0);
        assert_int_equal(capture_file(c, 0)->packets, 2);
        assert_int_equal(capture_file(c, 0)->bytes, 5);
        assert_whole(c);
    }
}

/* What etl2pcapng writes of pktmon's packets, and what other programs write. */
static void test_packet_options(void **state)
{
    struct fixture *fx = *state;
    for (enum order order = LITTLE; order <= BIG; order++) {
        struct ng n = ng_start(fx, order);
        ng_begin_packet(&n, 0, NS0, "a");
        ng_u32_option(&n, 2, 0xff000001); /* inbound; errors of the link layer */
        ng_u64_option(&n, 5, 0x1122334455667788);
        ng_option(&n, 7, order == LITTLE ? "\2\1\0\0\0\0\0\0\0" : "\2\0\0\0\0\0\0\0\1", 9);
        ng_u64_option(&n, 8, 4711);
        ng_option(&n, 0, "", 0);
        ng_end(&n, NG_PACKET);
        ng_begin_packet(&n, 0, NS0, "bb");
        ng_u32_option(&n, 2, 2);
        ng_option(&n, 7, order == LITTLE ? "\1\2\0\0\0\0\0\0\0" : "\1\0\0\0\0\0\0\0\2", 9);
        ng_end(&n, NG_PACKET); /* the end of the list may be missing */
        ng_begin_packet(&n, 0, NS0, "ccc");
        ng_u32_option(&n, 2, 3);
        ng_option(&n, 7, order == LITTLE ? "\2\2\0\0\0\0\0\0\0" : "\2\0\0\0\0\0\0\0\2", 9);
        ng_option(&n, 7, "\0hardware says", 14);
        ng_option(&n, 0x8001, "someone's own", 13);
        ng_end(&n, NG_PACKET);
        ng_packet(&n, 0, NS0, "dddd");
        struct capture *c = open_with(save(fx, 0), NULL);
        struct frame f = next(c);
        assert_int_equal(f.direction, FRAME_INBOUND);
        assert_true(f.dropped);
        assert_true(f.group == 0x1122334455667788);
        f = next(c);
        assert_int_equal(f.direction, FRAME_OUTBOUND);
        assert_true(f.dropped);
        assert_true(f.group == 0);
        f = next(c);
        assert_int_equal(f.direction, FRAME_DIRECTION_UNKNOWN);
        assert_false(f.dropped);
        f = next(c);
        assert_int_equal(f.direction, FRAME_DIRECTION_UNKNOWN);
        assert_slice_equal(f.bytes, "dddd");
        const struct capture_interface *i = &capture_file(c, 0)->interfaces[0];
        assert_int_equal(i->packets, 4);
        assert_int_equal(i->inbound, 1);
        assert_int_equal(i->outbound, 1);
        assert_int_equal(i->dropped, 2);
        assert_whole(c);
    }
}

/* Simple packets have no time of their own and are cut at the first interface's snaplen. */
static void test_simple_packets(void **state)
{
    struct fixture *fx = *state;
    for (enum order order = LITTLE; order <= BIG; order++) {
        struct ng n = ng_to(&fx->b, order);
        ng_section(&n);
        ng_begin_interface(&n, 1, 6);
        ng_option(&n, 9, "\x09", 1);
        ng_end(&n, NG_INTERFACE);
        ng_packet(&n, 0, NS0, "timed");
        ng_simple_packet(&n, 5, "whole");
        ng_simple_packet(&n, 1500, "cutoff");
        struct capture *c = open_with(save(fx, 0), NULL);
        (void)next(c);
        struct frame f = next(c);
        assert_slice_equal(f.bytes, "whole");
        assert_int_equal(f.wire_len, 5);
        assert_int_equal(f.at.frame, 2);
        assert_true(f.at.ts_ns == T0 * NS_PER_S);
        f = next(c);
        assert_slice_equal(f.bytes, "cutoff");
        assert_int_equal(f.wire_len, 1500);
        assert_whole(c);
    }
}

static void test_old_packets(void **state)
{
    struct fixture *fx = *state;
    for (enum order order = LITTLE; order <= BIG; order++) {
        struct ng n = ng_start(fx, order);
        ng_interface(&n, 101);
        ng_old_packet(&n, 1, 0xffff, "old");
        ng_old_packet(&n, 0, 3, "er");
        ng_old_packet(&n, 0, 4, "");
        struct capture *c = open_with(save(fx, 0), NULL);
        struct frame f = next(c);
        assert_slice_equal(f.bytes, "old");
        assert_int_equal(f.linktype, 101);
        assert_int_equal(f.wire_len, 99);
        assert_int_equal(f.interface, 1);
        assert_int_equal(f.direction, FRAME_OUTBOUND);
        (void)next(c);
        (void)next(c);
        assert_int_equal(capture_file(c, 0)->kernel_drops, 7);
        assert_int_equal(capture_file(c, 0)->interfaces[0].drops, 7);
        assert_int_equal(capture_file(c, 0)->interfaces[1].drops, 0);
        assert_whole(c);
    }
}

/* A length without the padding that follows it, as the first programs wrote. */
static void test_unpadded_length(void **state)
{
    struct fixture *fx = *state;
    struct ng n = ng_start(fx, LITTLE);
    ng_begin_packet(&n, 0, NS0, "five5");
    uint32_t len = (uint32_t)n.body.len - 3 + 12;
    put(&fx->b, LITTLE, 4, NG_PACKET);
    put(&fx->b, LITTLE, 4, len);
    buf_bytes(&fx->b, n.body.data, n.body.len);
    put(&fx->b, LITTLE, 4, len);
    buf_clear(&n.body);
    ng_packet(&n, 0, NS0, "next");
    struct capture *c = open_with(save(fx, 0), NULL);
    assert_slice_equal(next(c).bytes, "five5");
    assert_slice_equal(next(c).bytes, "next");
    assert_whole(c);
}

/* ---- clocks ------------------------------------------------------------------------------------- */

static void test_clocks(void **state)
{
    struct fixture *fx = *state;
    static const struct {
        const char *resolution; /* NULL: none told */
        int64_t offset_s;       /* 0: none told */
        uint64_t ticks;
        int64_t ns;
    } cases[] = {
        {NULL, 0, T0 * 1000000ULL + 7, T0 * NS_PER_S + 7000},
        {"\x06", 0, T0 * 1000000ULL + 7, T0 * NS_PER_S + 7000},
        {"\x00", 0, T0, T0 * NS_PER_S},
        {"\x03", 0, T0 * 1000ULL + 7, T0 * NS_PER_S + 7 * NS_PER_MS},
        {"\x09", 0, NS0 + 7, T0 * NS_PER_S + 7},
        {"\x0c", 0, 5000000000007999ULL, 5 * NS_PER_S * 1000 + 7}, /* picoseconds */
        {"\x1c", 0, UINT64_MAX, 1},                                /* 10^-28 s */
        {"\x1d", 0, UINT64_MAX, 0},
        {"\x7f", 0, UINT64_MAX, 0},
        {"\x80", 0, T0, T0 * NS_PER_S}, /* 2^0 */
        {"\x8a", 0, (uint64_t)T0 * 1024 + 512, T0 * NS_PER_S + 500 * NS_PER_MS},
        {"\xa0", 0, (uint64_t)T0 << 32 | 1U << 31, T0 * NS_PER_S + 500 * NS_PER_MS},
        {"\xff", 0, UINT64_MAX, 0},
        {"\x06", 100, T0 * 1000000ULL, (T0 + 100) * NS_PER_S},
        {"\x06", -T0, T0 * 1000000ULL + 1, 1000},
        {"\x00", 0, UINT64_MAX, INT64_MAX / 2},
        {"\x00", 1, UINT64_MAX, INT64_MAX / 2},
        {"\x00", -1, UINT64_MAX, INT64_MAX / 2 - NS_PER_S},
        {"\x09", INT64_MIN, NS0, 0},
        {"\x09", INT64_MAX, UINT64_MAX, INT64_MAX / 2},
        {"\x06", -T0, 1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ng n = ng_to(&fx->b, i % 2 ? BIG : LITTLE);
        ng_section(&n);
        ng_begin_interface(&n, 1, 0);
        if (cases[i].resolution)
            ng_option(&n, 9, cases[i].resolution, 1);
        if (cases[i].offset_s)
            ng_u64_option(&n, 14, (uint64_t)cases[i].offset_s);
        ng_end(&n, NG_INTERFACE);
        ng_packet(&n, 0, cases[i].ticks, "a");
        struct capture *c = open_with(save(fx, 0), NULL);
        int64_t ns = next(c).at.ts_ns;
        if (ns != cases[i].ns)
            fail_msg("case %zu: %lld", i, (long long)ns);
        assert_whole(c);
    }
}

/* ---- other blocks ------------------------------------------------------------------------------- */

/* Frame numbers are Wireshark's: custom blocks, journal entries and the like have one, names and keys
 * have none. */
static void test_other_blocks(void **state)
{
    struct fixture *fx = *state;
    static const struct {
        uint32_t type;
        unsigned numbers;
    } cases[] = {
        {NG_NAMES, 0},
        {NG_SECRETS, 0},
        {NG_JOURNAL, 1},
        {NG_CUSTOM, 1},
        {0x40000000 | NG_CUSTOM, 1},
        {0x204, 1},
        {0x216, 1},
        {0x221, 1},
        {7, 0},
        {0x80000001, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ng n = ng_to(&fx->b, i % 2 ? BIG : LITTLE);
        ng_section(&n);
        ng_block_of(&n, cases[i].type, "before any interface");
        ng_interface(&n, 1);
        ng_block_of(&n, cases[i].type, "");
        ng_packet(&n, 0, NS0, "a");
        ng_block_of(&n, cases[i].type, "MESSAGE=something else that Windows noted\n");
        ng_packet(&n, 0, NS0, "b");
        struct capture *c = open_with(save(fx, 0), NULL);
        assert_int_equal(next(c).at.frame, 1 + 2 * cases[i].numbers);
        assert_int_equal(next(c).at.frame, 2 + 3 * cases[i].numbers);
        assert_int_equal(capture_file(c, 0)->packets, 2);
        assert_whole(c);
    }
}

static void test_no_packets(void **state)
{
    struct fixture *fx = *state;
    struct ng n = ng_to(&fx->b, LITTLE);
    ng_section(&n);
    assert_whole(open_with(save(fx, 0), NULL));
    (void)ng_start(fx, BIG);
    assert_whole(open_with(save(fx, 0), NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_packets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_packet_options, setup, teardown),
        cmocka_unit_test_setup_teardown(test_simple_packets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_old_packets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unpadded_length, setup, teardown),
        cmocka_unit_test_setup_teardown(test_clocks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_blocks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_packets, setup, teardown),
    };
    return cmocka_run_group_tests_name("capture/pcapng", tests, NULL, NULL);
}
