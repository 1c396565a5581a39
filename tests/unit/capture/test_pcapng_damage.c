/*
 * Unit tests of capture: damaged pcapng files: what is read of them and what is said of the rest.
 * SPDX-License-Identifier: MIT
 */
#include "ng.h"

/* ---- damage that costs one block ---------------------------------------------------------------- */

/* Writes packet "a", then the block of `spoil`, then packet "z"; reads `expected` frames. */
static void check_spoilt(struct fixture *fx, void (*spoil)(struct ng *n), const char *expected,
                         const char *text)
{
    for (enum order order = LITTLE; order <= BIG; order++) {
        struct ng n = ng_start(fx, order);
        ng_packet(&n, 0, NS0, "a");
        size_t offset = fx->b.len;
        spoil(&n);
        ng_packet(&n, 0, NS0, "z");
        struct capture *c = open_with(save(fx, 0), NULL);
        char seen[64];
        assert_string_equal(drain(c, seen), expected);
        char full[256];
        (void)snprintf(full, sizeof full,
                       "broken (%s) after packet 1 (byte offset %zu): the report covers the rest",
                       text, offset);
        assert_damaged(c, full);
        capture_close(c);
    }
}

static void packet_too_long(struct ng *n)
{
    ng_begin(n);
    ng_u32(n, 0);
    ng_ticks(n, NS0);
    ng_u32(n, 9);
    ng_u32(n, 9);
    ng_padded(n, "7 bytes", 7);
    ng_end(n, NG_PACKET);
}

static void packet_without_head(struct ng *n)
{
    ng_begin(n);
    ng_u32(n, 0);
    ng_end(n, NG_PACKET);
}

static void old_packet_too_long(struct ng *n)
{
    ng_begin(n);
    ng_u16(n, 0);
    ng_u16(n, 0);
    ng_ticks(n, NS0);
    ng_u32(n, 0xffffffff);
    ng_u32(n, 9);
    ng_end(n, NG_OLD_PACKET);
}

static void simple_packet_too_long(struct ng *n)
{
    ng_simple_packet(n, 9, "7 bytes");
}

static void packet_of_unknown_interface(struct ng *n)
{
    ng_packet(n, 1, NS0, "b");
}

static void packet_with_option_overrun(struct ng *n)
{
    ng_begin_packet(n, 0, NS0, "b");
    ng_u16(n, 1);
    ng_u16(n, 400);
    ng_u32(n, 0);
    ng_end(n, NG_PACKET);
}

static void packet_with_short_option(struct ng *n)
{
    ng_begin_packet(n, 0, NS0, "b");
    ng_option(n, 5, "\1\2\3\4", 4);
    ng_end(n, NG_PACKET);
}

static void statistics_of_unknown_interface(struct ng *n)
{
    ng_statistics(n, 2, 1, 1);
}

static void statistics_with_short_count(struct ng *n)
{
    ng_begin(n);
    ng_u32(n, 0);
    ng_ticks(n, NS0);
    ng_u32_option(n, 5, 7);
    ng_end(n, NG_STATISTICS);
}

static void test_spoilt_blocks(void **state)
{
    struct fixture *fx = *state;
    check_spoilt(fx, packet_too_long, "az", "a packet of 9 bytes in a block of 40");
    check_spoilt(fx, packet_without_head, "az", "a packet of 0 bytes in a block of 16");
    check_spoilt(fx, old_packet_too_long, "az", "a packet of 4294967295 bytes in a block of 32");
    check_spoilt(fx, simple_packet_too_long, "az", "a packet of 9 bytes in a block of 24");
    check_spoilt(fx, packet_of_unknown_interface, "az", "a packet of interface 1 of 1");
    check_spoilt(fx, packet_with_option_overrun, "abz", "the options of a packet");
    check_spoilt(fx, packet_with_short_option, "abz", "the options of a packet");
    check_spoilt(fx, statistics_of_unknown_interface, "az", "statistics of interface 2 of 1");
    check_spoilt(fx, statistics_with_short_count, "az", "the statistics of interface 0");
}

/* The first is described, the others are counted; a spoilt packet keeps its number. */
static void test_several_spoilt(void **state)
{
    struct fixture *fx = *state;
    struct ng n = ng_start(fx, LITTLE);
    ng_packet(&n, 3, NS0, "a");
    packet_too_long(&n);
    ng_packet(&n, 7, NS0, "b");
    ng_packet(&n, 0, NS0, "c");
    struct capture *c = open_with(save(fx, 0), NULL);
    struct frame f = next(c);
    assert_int_equal(f.at.frame, 4);
    assert_damaged(c, "a packet of interface 3 of 1) after packet 0");
    assert_false(capture_next(c, &f));
    assert_damaged(c, "a packet of interface 3 of 1) after packet 0");
    assert_damaged(c, ", and 2 more later: ");
    assert_false(capture_next(c, &f));
    assert_damaged(c, ", and 2 more later: ");
    capture_close(c);
}

/* A section whose options are broken can still be read. */
static void test_spoilt_section_options(void **state)
{
    struct fixture *fx = *state;
    struct ng n = ng_to(&fx->b, LITTLE);
    ng_begin_section(&n);
    ng_u16(&n, 1);
    ng_u16(&n, 5000);
    ng_end(&n, NG_SECTION);
    ng_interface(&n, 1);
    ng_packet(&n, 0, NS0, "a");
    struct capture *c = open_with(save(fx, 0), NULL);
    assert_slice_equal(next(c).bytes, "a");
    assert_damaged(c, "broken (the options of a section) after packet 0 (byte offset 0)");
    capture_close(c);
}

/* ---- damage that ends reading ------------------------------------------------------------------- */

/* Packet "a", the bytes of `spoil`, packet "z": reading ends after "a". */
static void check_fatal(struct fixture *fx, void (*spoil)(struct ng *n), const char *text)
{
    for (enum order order = LITTLE; order <= BIG; order++) {
        struct ng n = ng_start(fx, order);
        ng_packet(&n, 0, NS0, "a");
        size_t offset = fx->b.len;
        spoil(&n);
        ng_packet(&n, 0, NS0, "z");
        struct capture *c = open_with(save(fx, 0), NULL);
        char seen[64];
        assert_string_equal(drain(c, seen), "a");
        char full[256];
        (void)snprintf(full, sizeof full, "broken (%s) after packet 1 (byte offset %zu): ", text,
                       offset);
        assert_damaged(c, full);
        capture_close(c);
    }
}

static void raw_block(struct ng *n, uint32_t type, uint32_t before, uint32_t after)
{
    put(n->out, n->order, 4, type);
    put(n->out, n->order, 4, before);
    put(n->out, n->order, 4, 0);
    put(n->out, n->order, 4, after);
}

static void length_too_small(struct ng *n)
{
    raw_block(n, NG_NAMES, 11, 16);
}

static void length_too_big(struct ng *n)
{
    raw_block(n, NG_NAMES, 16 * 1024 * 1024 + 4, 16);
}

static void lengths_differ(struct ng *n)
{
    raw_block(n, NG_NAMES, 16, 20);
}

static void section_too_small(struct ng *n)
{
    put(n->out, n->order, 4, NG_SECTION);
    put(n->out, n->order, 4, 16);
    put(n->out, n->order, 4, 0x1a2b3c4d);
    put(n->out, n->order, 4, 16);
}

static void section_without_order(struct ng *n)
{
    raw_block(n, NG_SECTION, 28, 0);
}

static void section_of_version_2(struct ng *n)
{
    ng_begin(n);
    ng_u32(n, 0x1a2b3c4d);
    ng_u16(n, 2);
    ng_u16(n, 1);
    ng_u64(n, UINT64_MAX);
    ng_end(n, NG_SECTION);
}

static void interface_with_option_overrun(struct ng *n)
{
    ng_begin_interface(n, 1, 0);
    ng_u16(n, 9);
    ng_u16(n, 100);
    ng_end(n, NG_INTERFACE);
}

static void interface_with_short_clock(struct ng *n)
{
    ng_begin_interface(n, 1, 0);
    ng_option(n, 9, "", 0);
    ng_end(n, NG_INTERFACE);
}

static void interface_without_body(struct ng *n)
{
    ng_begin(n);
    ng_end(n, NG_INTERFACE);
}

static void test_fatal_blocks(void **state)
{
    struct fixture *fx = *state;
    check_fatal(fx, length_too_small, "a block of 11 bytes");
    check_fatal(fx, length_too_big, "a block of 16777220 bytes");
    check_fatal(fx, lengths_differ, "a block of 16 or 20 bytes");
    check_fatal(fx, section_too_small, "a block of 16 bytes");
    check_fatal(fx, section_without_order, "a section without byte order");
    check_fatal(fx, section_of_version_2, "a section of version 2.1");
    check_fatal(fx, interface_with_option_overrun, "the description of interface 1");
    check_fatal(fx, interface_with_short_clock, "the description of interface 1");
    check_fatal(fx, interface_without_body, "the description of interface 1");
}

/* What was left out before is told with what ended reading. */
static void test_spoilt_then_fatal(void **state)
{
    struct fixture *fx = *state;
    struct ng n = ng_start(fx, LITTLE);
    ng_packet(&n, 0, NS0, "a");
    packet_too_long(&n);
    packet_too_long(&n);
    lengths_differ(&n);
    struct capture *c = open_with(save(fx, 0), NULL);
    char seen[64];
    assert_string_equal(drain(c, seen), "a");
    assert_damaged(c, "broken (a block of 16 or 20 bytes) after packet 1");
    assert_damaged(c, "; 2 broken blocks before it");
    capture_close(c);
}

static void test_broken_at_the_start(void **state)
{
    struct fixture *fx = *state;
    struct ng n = ng_to(&fx->b, LITTLE);
    section_of_version_2(&n);
    assert_refused(save(fx, 0), "is broken or cut off within its file header");
    section_without_order(&n);
    assert_refused(save(fx, 0), "is broken or cut off within its file header");
}

/* ---- all of it ---------------------------------------------------------------------------------- */

static void write_everything(struct fixture *fx)
{
    struct ng n = ng_to(&fx->b, LITTLE);
    for (int i = 0; i < 2; i++) {
        ng_begin_section(&n);
        ng_text_option(&n, 1, "all kinds of blocks");
        ng_end(&n, NG_SECTION);
        ng_named_interface(&n, 1, "eth0", "Ethernet");
        ng_interface(&n, 101);
        ng_begin_packet(&n, 1, NS0, "first");
        ng_text_option(&n, 1, "look here");
        ng_u32_option(&n, 2, 1);
        ng_u64_option(&n, 5, 42);
        ng_end(&n, NG_PACKET);
        ng_simple_packet(&n, 6, "simple");
        ng_old_packet(&n, 1, 2, "third");
        ng_block_of(&n, NG_NAMES, "");
        ng_block_of(&n, NG_JOURNAL, "MESSAGE=hello\n");
        ng_statistics(&n, 0, 3, 4);
        ng_packet(&n, 1, NS0 + 1, "z");
        n.order = BIG;
    }
}

/* Every prefix gives the frames that are whole in it, and is damaged unless it ends with a block. */
static void test_every_prefix(void **state)
{
    struct fixture *fx = *state;
    write_everything(fx);
    struct slice all = buf_view(&fx->b);
    size_t begun = 0;
    unsigned whole = 0;
    char last[64] = "";
    for (size_t len = 28; len <= all.len; len++) {
        write_bytes(fx->path[0], all.data, len);
        const char *name = fx->path[0];
        struct capture *c = capture_open(&name, 1, NULL, NULL);
        assert_non_null(c);
        if (capture_file(c, 0)->unread) {
            assert_true(begun == 0); /* not even the section header */
        } else {
            char seen[64];
            (void)drain(c, seen);
            assert_memory_equal(seen, last, strlen(last));
            memcpy(last, seen, sizeof last);
            begun++;
            whole += !capture_file(c, 0)->damaged;
            if (capture_file(c, 0)->damaged)
                assert_damaged(c, "cut off after packet ");
        }
        capture_close(c);
    }
    assert_string_equal(last, "fstzfstz");
    assert_int_equal(whole, 20); /* blocks */
}

/* Whatever a byte is changed to, the reader ends, and says why if frames are missing. */
static void test_every_byte_changed(void **state)
{
    struct fixture *fx = *state;
    write_everything(fx);
    struct buf all = fx->b;
    buf_init(&fx->b);
    static const uint8_t flips[] = {0x01, 0x80, 0xff};
    for (size_t at = 0; at < all.len; at++) {
        for (size_t i = 0; i < sizeof flips; i++) {
            all.data[at] = (char)(all.data[at] ^ flips[i]);
            write_bytes(fx->path[0], all.data, all.len);
            all.data[at] = (char)(all.data[at] ^ flips[i]);
            const char *name = fx->path[0];
            struct capture *c = capture_open(&name, 1, NULL, NULL);
            assert_non_null(c);
            struct frame f;
            unsigned frames = 0;
            while (capture_next(c, &f))
                frames++;
            assert_int_equal(frames, capture_file(c, 0)->packets);
            if (capture_file(c, 0)->damaged)
                assert_one_line(&capture_file(c, 0)->damage);
            capture_close(c);
        }
    }
    buf_clear(&all);
}

/* Of a pcap file that stands behind, whatever its byte order, nothing is taken for a block. */
static void test_pcap_behind(void **state)
{
    struct fixture *fx = *state;
    static const uint32_t magics[] = {0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34};
    for (unsigned i = 0; i < 12; i++) {
        struct ng n = ng_start(fx, i % 2 ? LITTLE : BIG);
        ng_packet(&n, 0, NS0, "a");
        put_header(&fx->b, i / 2 % 2 ? LITTLE : BIG, magics[i / 4], 1);
        simple_record(&fx->b, 0, 'b');
        struct capture *c = open_with(save(fx, 0), NULL);
        char seen[64];
        assert_string_equal(drain(c, seen), "a");
        assert_damaged(c, "a pcap file begins after packet 1");
        capture_close(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_spoilt_blocks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_several_spoilt, setup, teardown),
        cmocka_unit_test_setup_teardown(test_spoilt_section_options, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fatal_blocks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_spoilt_then_fatal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broken_at_the_start, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pcap_behind, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_prefix, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_byte_changed, setup, teardown),
    };
    return cmocka_run_group_tests_name("capture/pcapng_damage", tests, NULL, NULL);
}
