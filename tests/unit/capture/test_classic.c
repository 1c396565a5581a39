/*
 * Unit tests of capture: classic pcap files, whole and damaged.
 * SPDX-License-Identifier: MIT
 */
#include "files.h"

/* ---- formats ------------------------------------------------------------------------------------ */

static void test_byte_orders_and_clocks(void **state)
{
    struct fixture *fx = *state;
    static const struct {
        enum order order;
        uint32_t magic;
        int64_t tick_ns;
    } cases[] = {
        {LITTLE, 0xa1b2c3d4, 1000},
        {BIG, 0xa1b2c3d4, 1000},
        {LITTLE, 0xa1b23c4d, 1},
        {BIG, 0xa1b23c4d, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_header(&fx->b, cases[i].order, cases[i].magic, 113);
        put_record(&fx->b, cases[i].order, T0, 123456, 3, 1500, 'a');
        put_record(&fx->b, cases[i].order, T0 + 1, 999999, 0, 60, 'b');
        struct capture *c = open_with(save(fx, 0), NULL);
        struct frame f;
        assert_true(capture_next(c, &f));
        assert_true(f.at.ts_ns == T0 * NS_PER_S + 123456 * cases[i].tick_ns);
        assert_int_equal(f.at.frame, 1);
        assert_int_equal(f.at.file, 0);
        assert_int_equal(f.linktype, 113);
        assert_int_equal(f.wire_len, 1500);
        assert_slice_equal(f.bytes, "aaa");
        assert_true(capture_next(c, &f));
        assert_true(f.at.ts_ns == (T0 + 1) * NS_PER_S + 999999 * cases[i].tick_ns);
        assert_int_equal(f.at.frame, 2);
        assert_int_equal(f.bytes.len, 0);
        assert_int_equal(f.wire_len, 60);
        assert_false(capture_next(c, &f));
        const struct capture_file *file = capture_file(c, 0);
        assert_int_equal(capture_file_count(c), 1);
        assert_string_equal(file->name, fx->path[0]);
        assert_int_equal(file->interface_count, 1);
        assert_int_equal(file->interfaces[0].linktype, 113);
        assert_int_equal(file->interfaces[0].snaplen, 262144);
        assert_int_equal(file->interfaces[0].packets, 2);
        assert_string_equal(file->interfaces[0].name, "");
        assert_int_equal(file->comment_count, 0);
        assert_int_equal(file->packets, 2);
        assert_int_equal(file->bytes, 3);
        assert_false(file->damaged);
        capture_close(c);
    }
}

static void test_no_packets(void **state)
{
    struct fixture *fx = *state;
    begin(fx);
    struct capture *c = open_with(save(fx, 0), NULL);
    struct frame f;
    assert_false(capture_next(c, &f));
    assert_false(capture_file(c, 0)->damaged);
    capture_close(c);
}

/* The upper bits of the link type hold the length of the FCS. A wire length below the captured one is
 * a writer's slip. */
static void test_odd_headers(void **state)
{
    struct fixture *fx = *state;
    put_header(&fx->b, LITTLE, 0xa1b2c3d4, 0x54000001);
    put_record(&fx->b, LITTLE, T0, 0, 20, 10, 'a');
    struct capture *c = open_with(save(fx, 0), NULL);
    struct frame f;
    assert_true(capture_next(c, &f));
    assert_int_equal(f.linktype, 1);
    assert_int_equal(f.wire_len, 20);
    capture_close(c);
}

/* What Alexey Kuznetzov's libpcap wrote: eight more bytes on each record, in either byte order. */
static void test_patched_headers(void **state)
{
    struct fixture *fx = *state;
    for (enum order order = LITTLE; order <= BIG; order++) {
        put_header(&fx->b, order, 0xa1b2cd34, 1);
        for (uint32_t i = 0; i < 2; i++) {
            put(&fx->b, order, 4, T0 + i);
            put(&fx->b, order, 4, 5);
            put(&fx->b, order, 4, 2);
            put(&fx->b, order, 4, 60);
            buf_bytes(&fx->b, "\1\0\0\0\10\0\3\0zz", 10);
        }
        struct capture *c = open_with(save(fx, 0), NULL);
        struct frame f;
        for (uint32_t i = 0; i < 2; i++) {
            assert_true(capture_next(c, &f));
            assert_true(f.at.ts_ns == (T0 + i) * NS_PER_S + 5000);
            assert_int_equal(f.wire_len, 60);
            assert_slice_equal(f.bytes, "zz");
        }
        assert_false(capture_next(c, &f));
        assert_false(capture_file(c, 0)->damaged);
        capture_close(c);
    }
}

/* What no program of this century writes is named, not guessed. */
static void test_old_version(void **state)
{
    struct fixture *fx = *state;
    for (enum order order = LITTLE; order <= BIG; order++) {
        put_header(&fx->b, order, 0xa1b2c3d4, 1);
        memset(&fx->b.data[4], 0, 4);
        fx->b.data[order == LITTLE ? 4 : 5] = 2;
        fx->b.data[order == LITTLE ? 6 : 7] = 3;
        assert_refused(save(fx, 0), "is pcap of version 2.3");
    }
}

/* Times of an unsigned 32-bit second, beyond 2038, and a fraction beyond a second, as some write. */
static void test_odd_times(void **state)
{
    struct fixture *fx = *state;
    begin(fx);
    put_record(&fx->b, LITTLE, 0xffffffff, 2000000, 1, 1, 'a');
    struct capture *c = open_with(save(fx, 0), NULL);
    struct frame f;
    assert_true(capture_next(c, &f));
    assert_true(f.at.ts_ns == 4294967297LL * NS_PER_S);
    capture_close(c);
}

/* Frames that straddle blocks, from empty to the biggest, come out as they went in. */
static void test_block_borders(void **state)
{
    struct fixture *fx = *state;
    begin(fx);
    uint32_t sizes[400];
    for (uint32_t i = 0; i < 400; i++) {
        sizes[i] = i % 50 == 49 ? 262144 : i * 37 % 9000;
        put_record(&fx->b, LITTLE, T0 + i, 0, sizes[i], sizes[i], (char)('a' + i % 26));
    }
    const char *name = save(fx, 0);
    for (unsigned files = 1; files <= 2; files++) { /* two: smaller blocks */
        const char *names[] = {name, name};
        struct capture *c = capture_open(names, files, NULL, NULL);
        assert_non_null(c);
        struct frame f;
        for (uint32_t i = 0; i < 400 * files; i++) {
            assert_true(capture_next(c, &f));
            uint32_t n = i / files;
            assert_int_equal(f.at.frame, n + 1);
            assert_int_equal(f.at.file, i % files);
            assert_int_equal(f.bytes.len, sizes[n]);
            for (size_t at = 0; at < f.bytes.len; at += 511)
                assert_int_equal(f.bytes.data[at], 'a' + n % 26);
        }
        assert_false(capture_next(c, &f));
        capture_close(c);
    }
}

/* ---- files behind each other -------------------------------------------------------------------- */

static const uint32_t magics[] = {0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34};

static void put_other(struct buf *b, enum order order, uint32_t magic, uint32_t second, char fill)
{
    put(b, order, 4, T0 + second);
    put(b, order, 4, 5);
    put(b, order, 4, 2);
    put(b, order, 4, 60);
    if (magic == 0xa1b2cd34)
        buf_bytes(b, "\1\0\0\0\10\0\3\0", 8);
    buf_char(b, fill);
    buf_char(b, fill);
}

/* Each has its own byte order, clock and link type; frames are numbered through. */
static void test_files_behind_each_other(void **state)
{
    struct fixture *fx = *state;
    for (unsigned pair = 0; pair < 36; pair++) {
        const struct {
            enum order order;
            uint32_t magic;
        } parts[] = {{pair % 2, magics[pair / 2 % 3]}, {pair / 6 % 2, magics[pair / 12]}};
        for (unsigned i = 0; i < 3; i++) {
            put_header(&fx->b, parts[i % 2].order, parts[i % 2].magic, i % 2 ? 113 : 1);
            put_other(&fx->b, parts[i % 2].order, parts[i % 2].magic, i, (char)('a' + i));
        }
        struct capture *c = open_with(save(fx, 0), NULL);
        struct frame f;
        for (unsigned i = 0; i < 3; i++) {
            assert_true(capture_next(c, &f));
            int64_t tick_ns = parts[i % 2].magic == 0xa1b23c4d ? 1 : 1000;
            assert_true(f.at.ts_ns == (T0 + i) * NS_PER_S + 5 * tick_ns);
            assert_int_equal(f.at.frame, i + 1);
            assert_int_equal(f.linktype, i % 2 ? 113 : 1);
            assert_int_equal(f.interface, i % 2);
            assert_int_equal(f.bytes.len, 2);
            assert_int_equal(f.bytes.data[0], 'a' + i);
        }
        assert_false(capture_next(c, &f));
        const struct capture_file *file = capture_file(c, 0);
        assert_false(file->damaged);
        assert_int_equal(file->packets, 3);
        assert_int_equal(file->interface_count, 2);
        assert_int_equal(file->interfaces[0].packets, 2);
        assert_int_equal(file->interfaces[1].packets, 1);
        assert_int_equal(file->interfaces[1].linktype, 113);
        capture_close(c);
    }
}

static void test_files_without_packets_behind_each_other(void **state)
{
    struct fixture *fx = *state;
    char seen[64];
    begin(fx);
    begin(fx);
    simple_record(&fx->b, 0, 'a');
    begin(fx);
    begin(fx);
    struct capture *c = open_with(save(fx, 0), NULL);
    assert_string_equal(drain(c, seen), "a");
    assert_false(capture_file(c, 0)->damaged);
    assert_int_equal(capture_file(c, 0)->interface_count, 1);
    capture_close(c);
}

/* The second file's header or packet lacks bytes. */
static void test_second_file_cut_at_every_byte(void **state)
{
    struct fixture *fx = *state;
    char seen[64];
    begin(fx);
    simple_record(&fx->b, 0, 'a');
    size_t first = fx->b.len;
    begin(fx);
    simple_record(&fx->b, 1, 'b');
    struct slice all = buf_view(&fx->b);
    for (size_t len = first; len <= all.len; len++) {
        write_bytes(fx->path[0], all.data, len);
        struct capture *c = open_with(fx->path[0], NULL);
        assert_string_equal(drain(c, seen), len == all.len ? "ab" : "a");
        if (len == first || len == first + 24 || len == all.len)
            assert_false(capture_file(c, 0)->damaged);
        else
            assert_damaged(c, len < first + 24 ? "cut off after packet 1 (byte offset 60)"
                                               : "cut off after packet 1 (byte offset 84)");
        capture_close(c);
    }
}

/* Wherever the header lies in a block, and however many frames are asked for at once. */
static void test_file_headers_at_block_borders(void **state)
{
    struct fixture *fx = *state;
    enum {
        FILES = 3000
    };
    for (uint32_t i = 0; i < FILES; i++) {
        begin(fx);
        put_record(&fx->b, LITTLE, T0 + i, 0, i % 90, 90, (char)('a' + i % 26));
    }
    const char *name = save(fx, 0);
    for (unsigned files = 1; files <= 2; files++) {
        const char *names[] = {name, name};
        struct capture *c = capture_open(names, files, NULL, NULL);
        assert_non_null(c);
        struct frame f[16];
        uint32_t n = 0;
        for (size_t got; (got = capture_batch(c, f, 16)) > 0;) {
            for (size_t i = 0; i < got; i++, n++) {
                uint32_t number = n / files;
                assert_int_equal(f[i].at.frame, number + 1);
                assert_int_equal(f[i].bytes.len, number % 90);
                if (f[i].bytes.len > 0)
                    assert_int_equal(f[i].bytes.data[0], 'a' + number % 26);
            }
        }
        assert_int_equal(n, FILES * files);
        assert_false(capture_file(c, 0)->damaged);
        assert_int_equal(capture_file(c, 0)->interfaces[0].packets, FILES);
        capture_close(c);
    }
}

/* A record of that second is none of a file as long as it tells of a packet. */
static void test_times_like_magic_numbers(void **state)
{
    struct fixture *fx = *state;
    char seen[64];
    begin(fx);
    put_record(&fx->b, LITTLE, 0xa1b2c3d4, 0x00040002, 0, 60, 'a');
    put_record(&fx->b, LITTLE, 0xa1b2c3d4, 0x00040002, 3, 3, 'b');
    put_record(&fx->b, LITTLE, T0, 0x00040002, 0, 0, 'c');
    struct capture *c = open_with(save(fx, 0), NULL);
    assert_string_equal(drain(c, seen), "0b0");
    assert_false(capture_file(c, 0)->damaged);
    capture_close(c);
}

static void test_what_cannot_be_read_behind_a_file(void **state)
{
    struct fixture *fx = *state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *text;
    } rows[] = {
        {"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0", 16,
         "a pcapng file begins after packet 1"},
        {"\x0a\x0d\x0d\x0a\0\0\0\x1c\x1a\x2b\x3c\x4d\0\1\0\0", 16,
         "a pcapng file begins after packet 1"},
        {"\xd4\xc3\xb2\xa1\2\0\3\0\0\0\0\0\0\0\0\0\0\0\4\0\1\0\0\0", 24,
         "broken (a file of version 2.3) after packet 1"},
        {"\x1f\x8b\x08\0\0\0\0\0\0\3\x4b\x4c\0\0\0\0", 16, "broken (a record of"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char seen[64];
        begin(fx);
        simple_record(&fx->b, 0, 'a');
        buf_bytes(&fx->b, rows[i].bytes, rows[i].len);
        struct capture *c = open_with(save(fx, 0), NULL);
        assert_string_equal(drain(c, seen), "a");
        assert_damaged(c, rows[i].text);
        capture_close(c);
    }
}

/* ---- damage ------------------------------------------------------------------------------------- */

static void test_cut_at_every_byte(void **state)
{
    struct fixture *fx = *state;
    begin(fx);
    simple_record(&fx->b, 0, 'a');
    simple_record(&fx->b, 1, 'b');
    size_t whole = fx->b.len;
    simple_record(&fx->b, 2, 'c');
    struct slice all = buf_view(&fx->b);
    for (size_t len = whole; len <= all.len; len++) {
        write_bytes(fx->path[0], all.data, len);
        struct capture *c = open_with(fx->path[0], NULL);
        char seen[64];
        assert_string_equal(drain(c, seen), len == all.len ? "abc" : "ab");
        const struct capture_file *file = capture_file(c, 0);
        assert_int_equal(file->damaged, len != whole && len != all.len);
        if (file->damaged) {
            assert_string_equal(file->damage.text,
                                "cut off after packet 2 (byte offset 96): the report covers what "
                                "was read; capture again or repair it with pcapfix");
            assert_string_equal(file->damage.where, fx->path[0]);
        }
        capture_close(c);
    }
}

static void test_cut_file_header(void **state)
{
    struct fixture *fx = *state;
    begin(fx);
    struct slice all = buf_view(&fx->b);
    write_bytes(fx->path[0], "", 0);
    assert_refused(fx->path[0], "is empty");
    for (size_t len = 1; len < 24; len++) {
        write_bytes(fx->path[0], all.data, len);
        assert_refused(fx->path[0], "cut off within its file header");
    }
}

static void test_broken_record(void **state)
{
    struct fixture *fx = *state;
    begin(fx);
    simple_record(&fx->b, 0, 'a');
    put_record(&fx->b, LITTLE, T0, 0, 262145, 262145, 'b');
    struct capture *c = open_with(save(fx, 0), NULL);
    char seen[64];
    assert_string_equal(drain(c, seen), "a");
    assert_true(capture_file(c, 0)->damaged);
    assert_non_null(strstr(capture_file(c, 0)->damage.text,
                           "a record of 262145 bytes) after packet 1 (byte offset 60)"));
    capture_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_byte_orders_and_clocks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_packets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_odd_headers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_patched_headers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_old_version, setup, teardown),
        cmocka_unit_test_setup_teardown(test_odd_times, setup, teardown),
        cmocka_unit_test_setup_teardown(test_block_borders, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files_behind_each_other, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files_without_packets_behind_each_other, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_second_file_cut_at_every_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file_headers_at_block_borders, setup, teardown),
        cmocka_unit_test_setup_teardown(test_times_like_magic_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_read_behind_a_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut_at_every_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut_file_header, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broken_record, setup, teardown),
    };
    return cmocka_run_group_tests_name("capture/classic", tests, NULL, NULL);
}
