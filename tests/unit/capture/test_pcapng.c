/*
 * Unit tests of capture: pcapng files, every kind of block, whole and damaged.
 * SPDX-License-Identifier: MIT
 */
#include "ng.h"

static enum order other(enum order order)
{
    return order == LITTLE ? BIG : LITTLE;
}

static struct frame next(struct capture *c)
{
    struct frame f;
    assert_true(capture_next(c, &f));
    return f;
}

static void assert_whole(struct capture *c)
{
    struct frame f;
    assert_false(capture_next(c, &f));
    if (capture_file(c, 0)->damaged)
        fail_msg("%s", capture_file(c, 0)->damage.text);
    capture_close(c);
}

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

static void simple_packet(struct ng *n, uint32_t wire_len, const char *data)
{
    ng_begin(n);
    ng_u32(n, wire_len);
    ng_padded(n, data, strlen(data));
    ng_end(n, NG_SIMPLE);
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
        simple_packet(&n, 5, "whole");
        simple_packet(&n, 1500, "cutoff");
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

static void old_packet(struct ng *n, uint32_t interface, uint32_t drops, const char *data)
{
    ng_begin(n);
    ng_u16(n, interface);
    ng_u16(n, drops);
    ng_ticks(n, NS0);
    ng_u32(n, (uint32_t)strlen(data));
    ng_u32(n, 99);
    ng_padded(n, data, strlen(data));
    ng_u32_option(n, 2, 2);
    ng_option(n, 0, "", 0);
    ng_end(n, NG_OLD_PACKET);
}

static void test_old_packets(void **state)
{
    struct fixture *fx = *state;
    for (enum order order = LITTLE; order <= BIG; order++) {
        struct ng n = ng_start(fx, order);
        ng_interface(&n, 101);
        old_packet(&n, 1, 0xffff, "old");
        old_packet(&n, 0, 3, "er");
        old_packet(&n, 0, 4, "");
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

/* ---- interfaces and sections -------------------------------------------------------------------- */

static void named_interface(struct ng *n, uint32_t linktype, const char *name,
                            const char *description)
{
    ng_begin_interface(n, linktype, 96);
    if (name)
        ng_text_option(n, 2, name);
    if (description)
        ng_text_option(n, 3, description);
    ng_option(n, 0, "", 0);
    ng_end(n, NG_INTERFACE);
}

static void test_mixed_interfaces(void **state)
{
    struct fixture *fx = *state;
    struct ng n = ng_to(&fx->b, LITTLE);
    ng_section(&n);
    named_interface(&n, 1, "\\Device\\NPF_{1}", "Wi-Fi");
    ng_packet(&n, 0, 0, "first");
    named_interface(&n, 101, NULL, NULL);
    ng_packet(&n, 1, 0, "second");
    ng_packet(&n, 0, 0, "third");
    named_interface(&n, 113, "never used", NULL);
    struct capture *c = open_with(save(fx, 0), NULL);
    struct frame f = next(c);
    assert_int_equal(f.linktype, 1);
    assert_int_equal(f.interface, 0);
    f = next(c);
    assert_int_equal(f.linktype, 101);
    assert_int_equal(f.interface, 1);
    assert_int_equal(next(c).interface, 0);
    const struct capture_file *file = capture_file(c, 0);
    assert_false(capture_next(c, &f));
    assert_int_equal(file->interface_count, 3);
    assert_string_equal(file->interfaces[0].name, "\\Device\\NPF_{1}");
    assert_string_equal(file->interfaces[0].description, "Wi-Fi");
    assert_int_equal(file->interfaces[0].snaplen, 96);
    assert_int_equal(file->interfaces[0].packets, 2);
    assert_string_equal(file->interfaces[1].name, "");
    assert_string_equal(file->interfaces[1].description, "");
    assert_int_equal(file->interfaces[1].linktype, 101);
    assert_int_equal(file->interfaces[1].packets, 1);
    assert_string_equal(file->interfaces[2].name, "never used");
    assert_int_equal(file->interfaces[2].packets, 0);
    assert_whole(c);
}

/* Each section has its own byte order and interfaces; those that are the same are told as one. */
static void test_sections(void **state)
{
    struct fixture *fx = *state;
    for (enum order order = LITTLE; order <= BIG; order++) {
        struct ng n = ng_to(&fx->b, order);
        ng_section(&n);
        named_interface(&n, 1, "eth0", NULL);
        named_interface(&n, 101, "tun0", NULL);
        ng_packet(&n, 1, 1000000, "a");
        n.order = other(order);
        ng_section(&n);
        named_interface(&n, 1, "eth0", NULL);
        ng_packet(&n, 0, 2000000, "b");
        ng_section(&n);
        named_interface(&n, 101, "eth0", NULL);
        ng_packet(&n, 0, 3000000, "c");
        struct capture *c = open_with(save(fx, 0), NULL);
        struct frame f = next(c);
        assert_int_equal(f.linktype, 101);
        assert_int_equal(f.interface, 1);
        f = next(c);
        assert_true(f.at.ts_ns == 2 * NS_PER_S);
        assert_int_equal(f.linktype, 1);
        assert_int_equal(f.interface, 0);
        assert_int_equal(f.at.frame, 2);
        f = next(c);
        assert_int_equal(f.linktype, 101);
        assert_int_equal(f.interface, 2);
        assert_int_equal(capture_file(c, 0)->interface_count, 3);
        assert_whole(c);
    }
}

/* More interfaces than are told: their packets are read all the same. */
static void test_many_interfaces(void **state)
{
    struct fixture *fx = *state;
    struct ng n = ng_to(&fx->b, LITTLE);
    ng_section(&n);
    for (uint32_t i = 0; i < CAPTURE_INTERFACES_MAX + 20; i++)
        named_interface(&n, i, "same name", NULL);
    ng_packet(&n, CAPTURE_INTERFACES_MAX - 1, 0, "last told");
    ng_packet(&n, CAPTURE_INTERFACES_MAX + 10, 0, "beyond");
    struct capture *c = open_with(save(fx, 0), NULL);
    struct frame f = next(c);
    assert_int_equal(f.interface, CAPTURE_INTERFACES_MAX - 1);
    assert_int_equal(f.linktype, CAPTURE_INTERFACES_MAX - 1);
    f = next(c);
    assert_int_equal(f.interface, CAPTURE_INTERFACES_MAX);
    assert_int_equal(f.linktype, CAPTURE_INTERFACES_MAX + 10);
    assert_int_equal(capture_file(c, 0)->interface_count, CAPTURE_INTERFACES_MAX);
    assert_int_equal(capture_file(c, 0)->packets, 2);
    assert_whole(c);
}

/* Names end at a NUL byte and are cut. */
static void test_odd_names(void **state)
{
    struct fixture *fx = *state;
    char longish[5000];
    memset(longish, 'x', sizeof longish);
    struct ng n = ng_to(&fx->b, LITTLE);
    ng_section(&n);
    ng_begin_interface(&n, 1, 0);
    ng_option(&n, 2, "eth0\0rubbish", 12);
    ng_option(&n, 3, longish, sizeof longish);
    ng_end(&n, NG_INTERFACE);
    struct capture *c = open_with(save(fx, 0), NULL);
    struct frame f;
    assert_false(capture_next(c, &f));
    const struct capture_interface *i = &capture_file(c, 0)->interfaces[0];
    assert_string_equal(i->name, "eth0");
    assert_int_equal(strlen(i->description), 256);
    assert_whole(c);
}

/* ---- drops -------------------------------------------------------------------------------------- */

static void statistics(struct ng *n, uint32_t interface, uint64_t ifdrop, uint64_t osdrop)
{
    ng_begin(n);
    ng_u32(n, interface);
    ng_ticks(n, NS0);
    ng_u64_option(n, 4, 1000); /* received: no matter */
    ng_u64_option(n, 5, ifdrop);
    ng_u64_option(n, 7, osdrop);
    ng_option(n, 0, "", 0);
    ng_end(n, NG_STATISTICS);
}

static void test_statistics(void **state)
{
    struct fixture *fx = *state;
    for (enum order order = LITTLE; order <= BIG; order++) {
        struct ng n = ng_start(fx, order);
        ng_interface(&n, 101);
        statistics(&n, 0, 2, 1);
        statistics(&n, 0, 5, 5); /* counts from the start: 10 in all */
        statistics(&n, 0, 4, 1); /* of another program: no less than before */
        statistics(&n, 1, UINT64_MAX, 7);
        ng_section(&n);
        ng_interface(&n, 1);
        statistics(&n, 0, 100, 0); /* another run of the same interface */
        struct capture *c = open_with(save(fx, 0), NULL);
        struct frame f;
        assert_false(capture_next(c, &f));
        const struct capture_file *file = capture_file(c, 0);
        assert_int_equal(file->interfaces[0].drops, 110);
        assert_int_equal(file->interfaces[1].drops, 7);
        assert_int_equal(file->kernel_drops, 117);
        assert_int_equal(capture_totals(c).kernel_drops, 117);
        assert_whole(c);
    }
}

/* The end that the statistics tell is believed where they count the packets that are there. */
static void test_end_of_capture(void **state)
{
    struct fixture *fx = *state;
    static const struct {
        uint64_t delivered;
        uint64_t after_ns; /* the last packet */
        int64_t told;
    } cases[] = {
        {2, 5000, 5000},
        {1, 5000, 0},
        {3, 5000, 0},
        {2, 0, 0},
        {2, 7200 * NS_PER_S, 3600 * NS_PER_S},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum order order = i % 2 ? BIG : LITTLE;
        struct ng n = ng_start(fx, order);
        ng_packet(&n, 0, NS0, "a");
        ng_packet(&n, 0, NS0 + 1, "b");
        ng_begin(&n);
        ng_u32(&n, 0);
        ng_ticks(&n, 0);
        ng_u16(&n, 3);
        ng_u16(&n, 8);
        ng_ticks(&n, NS0 + 1 + cases[i].after_ns);
        ng_u64_option(&n, 8, cases[i].delivered);
        ng_end(&n, NG_STATISTICS);
        struct capture *c = open_with(save(fx, 0), NULL);
        (void)next(c);
        (void)next(c);
        struct frame f;
        assert_false(capture_next(c, &f));
        int64_t expected = cases[i].told ? T0 * NS_PER_S + 1 + cases[i].told : 0;
        assert_true(capture_file(c, 0)->ended_ns == expected);
        assert_true(capture_totals(c).ended_ns == expected);
        assert_whole(c);
    }
}

/* Drops told packet by packet and in the statistics are the same drops. */
static void test_drop_counts(void **state)
{
    struct fixture *fx = *state;
    struct ng n = ng_start(fx, LITTLE);
    for (uint64_t drops = 0; drops < 3; drops++) {
        ng_begin_packet(&n, 0, NS0, "a");
        ng_u64_option(&n, 4, drops * 10);
        ng_end(&n, NG_PACKET);
    }
    statistics(&n, 0, 25, 0);
    struct capture *c = open_with(save(fx, 0), NULL);
    (void)next(c);
    assert_int_equal(capture_file(c, 0)->kernel_drops, 0);
    (void)next(c);
    assert_int_equal(capture_file(c, 0)->kernel_drops, 10);
    (void)next(c);
    assert_int_equal(capture_file(c, 0)->kernel_drops, 30);
    assert_whole(c);
}

static void test_drops_do_not_overflow(void **state)
{
    struct fixture *fx = *state;
    struct ng n = ng_start(fx, LITTLE);
    ng_interface(&n, 101);
    statistics(&n, 0, UINT64_MAX - 1, UINT64_MAX - 1);
    statistics(&n, 1, UINT64_MAX - 1, 0);
    const char *name = save(fx, 0);
    const char *names[] = {name, name};
    struct capture *c = capture_open(names, 2, NULL, NULL);
    assert_non_null(c);
    struct frame f;
    assert_false(capture_next(c, &f));
    assert_true(capture_file(c, 0)->kernel_drops == UINT64_MAX);
    assert_true(capture_totals(c).kernel_drops == UINT64_MAX);
    capture_close(c);
}

/* ---- comments ----------------------------------------------------------------------------------- */

static void test_comments(void **state)
{
    struct fixture *fx = *state;
    for (enum order order = LITTLE; order <= BIG; order++) {
        struct ng n = ng_to(&fx->b, order);
        ng_begin_section(&n);
        ng_text_option(&n, 4, "Dumpcap");
        ng_text_option(&n, 1, "floor 3, mirror port");
        ng_option(&n, 0, "", 0);
        ng_end(&n, NG_SECTION);
        ng_interface(&n, 1);
        ng_packet(&n, 0, NS0, "a");
        ng_begin_packet(&n, 0, NS0, "b");
        ng_text_option(&n, 1, "error 0x800705b4 on the screen");
        ng_text_option(&n, 1, " and again ");
        ng_end(&n, NG_PACKET);
        ng_begin_packet(&n, 0, NS0, "c");
        ng_text_option(&n, 1, "PID=4 TID=128"); /* etl2pcapng's: on every packet */
        ng_end(&n, NG_PACKET);
        ng_begin_packet(&n, 0, NS0, "d");
        ng_text_option(&n, 1, "  ");
        ng_option(&n, 1, "\0hidden", 7);
        ng_end(&n, NG_PACKET);
        struct capture *c = open_with(save(fx, 0), NULL);
        char seen[64];
        assert_string_equal(drain(c, seen), "abcd");
        const struct capture_file *file = capture_file(c, 0);
        assert_int_equal(file->comment_count, 3);
        assert_int_equal(file->comments[0].frame, 0);
        assert_string_equal(file->comments[0].text, "floor 3, mirror port");
        assert_int_equal(file->comments[1].frame, 2);
        assert_string_equal(file->comments[1].text, "error 0x800705b4 on the screen");
        assert_int_equal(file->comments[2].frame, 2);
        assert_string_equal(file->comments[2].text, "and again");
        assert_whole(c);
    }
}

static void test_comments_are_capped(void **state)
{
    struct fixture *fx = *state;
    char longish[3000];
    memset(longish, 'x', sizeof longish);
    struct ng n = ng_start(fx, LITTLE);
    for (uint32_t i = 0; i < CAPTURE_COMMENTS_MAX + 10; i++) {
        ng_begin_packet(&n, 0, NS0, "a");
        ng_option(&n, 1, longish, sizeof longish - i);
        ng_end(&n, NG_PACKET);
    }
    struct capture *c = open_with(save(fx, 0), NULL);
    struct frame f;
    while (capture_next(c, &f))
        continue;
    const struct capture_file *file = capture_file(c, 0);
    assert_int_equal(file->comment_count, CAPTURE_COMMENTS_MAX);
    assert_int_equal(file->packets, CAPTURE_COMMENTS_MAX + 10);
    assert_int_equal(strlen(file->comments[CAPTURE_COMMENTS_MAX - 1].text), 512);
    assert_whole(c);
}

/* ---- other blocks ------------------------------------------------------------------------------- */

static void block_of(struct ng *n, uint32_t type, const char *text)
{
    ng_begin(n);
    ng_padded(n, text, strlen(text));
    ng_end(n, type);
}

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
        block_of(&n, cases[i].type, "before any interface");
        ng_interface(&n, 1);
        block_of(&n, cases[i].type, "");
        ng_packet(&n, 0, NS0, "a");
        block_of(&n, cases[i].type, "MESSAGE=something else that Windows noted\n");
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
    simple_packet(n, 9, "7 bytes");
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
    statistics(n, 2, 1, 1);
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
        named_interface(&n, 1, "eth0", "Ethernet");
        ng_interface(&n, 101);
        ng_begin_packet(&n, 1, NS0, "first");
        ng_text_option(&n, 1, "look here");
        ng_u32_option(&n, 2, 1);
        ng_u64_option(&n, 5, 42);
        ng_end(&n, NG_PACKET);
        simple_packet(&n, 6, "simple");
        old_packet(&n, 1, 2, "third");
        block_of(&n, NG_NAMES, "");
        block_of(&n, NG_JOURNAL, "MESSAGE=hello\n");
        statistics(&n, 0, 3, 4);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_packets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_packet_options, setup, teardown),
        cmocka_unit_test_setup_teardown(test_simple_packets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_old_packets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unpadded_length, setup, teardown),
        cmocka_unit_test_setup_teardown(test_clocks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mixed_interfaces, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sections, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_interfaces, setup, teardown),
        cmocka_unit_test_setup_teardown(test_odd_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_statistics, setup, teardown),
        cmocka_unit_test_setup_teardown(test_end_of_capture, setup, teardown),
        cmocka_unit_test_setup_teardown(test_drop_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_drops_do_not_overflow, setup, teardown),
        cmocka_unit_test_setup_teardown(test_comments, setup, teardown),
        cmocka_unit_test_setup_teardown(test_comments_are_capped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_blocks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_packets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_spoilt_blocks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_several_spoilt, setup, teardown),
        cmocka_unit_test_setup_teardown(test_spoilt_section_options, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fatal_blocks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_spoilt_then_fatal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broken_at_the_start, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_prefix, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_byte_changed, setup, teardown),
    };
    return cmocka_run_group_tests_name("capture/pcapng", tests, NULL, NULL);
}
