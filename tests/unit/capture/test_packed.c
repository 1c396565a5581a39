/*
 * Unit tests of capture: compressed files, whole and damaged.
 * SPDX-License-Identifier: MIT
 */
#include "ng.h"
#include "pack.h"

/* What was read of a file, boiled down. */
struct digest {
    unsigned frames;
    uint64_t sum;
};

static struct digest digest_of(struct capture *c)
{
    struct digest d = {0, 0};
    struct frame f;
    while (capture_next(c, &f)) {
        d.frames++;
        d.sum = d.sum * 31 + (uint64_t)f.at.ts_ns + f.at.frame + f.wire_len + f.bytes.len;
        for (size_t i = 0; i < f.bytes.len; i++)
            d.sum = d.sum * 31 + f.bytes.data[i];
    }
    return d;
}

static struct digest digest_of_file(const char *path)
{
    struct capture *c = open_with(path, NULL);
    struct digest d = digest_of(c);
    if (capture_file(c, 0)->damaged)
        fail_msg("%s", capture_file(c, 0)->damage.text);
    capture_close(c);
    return d;
}

static void assert_same(struct digest a, struct digest b)
{
    assert_int_equal(a.frames, b.frames);
    assert_true(a.sum == b.sum);
}

/* Frames from empty to the biggest: more than one block. */
static void put_big_capture(struct fixture *fx)
{
    begin(fx);
    for (uint32_t i = 0; i < 300; i++) {
        uint32_t size = i % 50 == 49 ? 262144 : i * 37 % 9000;
        put_record(&fx->b, LITTLE, T0 + i, i, size, size, (char)(i * 7));
    }
}

static void put_small_capture(struct fixture *fx)
{
    begin(fx);
    for (uint32_t i = 0; i < 40; i++)
        simple_record(&fx->b, i, (char)('a' + i));
}

/* Takes what was put so far out of the fixture. */
static struct buf take(struct fixture *fx)
{
    struct buf taken = fx->b;
    buf_init(&fx->b);
    return taken;
}

static void test_same_as_plain(void **state)
{
    struct fixture *fx = *state;
    for (int ng = 0; ng < 2; ng++) {
        if (ng) {
            struct ng n = ng_start(fx, BIG);
            for (uint64_t i = 0; i < 1000; i++)
                ng_packet(&n, 0, NS0 + i, "a packet among others");
        } else {
            put_big_capture(fx);
        }
        struct buf plain = take(fx);
        write_bytes(fx->path[0], plain.data, plain.len);
        struct digest expected = digest_of_file(fx->path[0]);
        for (size_t i = 0; i < PACKER_COUNT; i++) {
            packers[i].pack(&fx->b, buf_view(&plain));
            assert_same(digest_of_file(save(fx, 1)), expected);
        }
        buf_clear(&plain);
    }
}

/* Members one after the other, cut anywhere, with empty ones between. */
static void test_members(void **state)
{
    struct fixture *fx = *state;
    put_small_capture(fx);
    struct buf plain = take(fx);
    write_bytes(fx->path[0], plain.data, plain.len);
    struct digest expected = digest_of_file(fx->path[0]);
    for (size_t i = 0; i < PACKER_COUNT; i++) {
        for (size_t cut = 0; cut <= plain.len; cut += 50) {
            packers[i].pack(&fx->b, slice_sub(buf_view(&plain), 0, cut));
            buf_bytes(&fx->b, packers[i].skippable, packers[i].skippable_len);
            packers[i].pack(&fx->b, slice_of(NULL, 0));
            packers[i].pack(&fx->b, slice_sub(buf_view(&plain), cut, plain.len));
            assert_same(digest_of_file(save(fx, 1)), expected);
        }
    }
    buf_clear(&plain);
}

/* A file may begin with a member without content. LZ4's looks like Zstandard's, whose tools write such
 * files. */
static void test_empty_member_first(void **state)
{
    struct fixture *fx = *state;
    put_small_capture(fx);
    struct buf plain = take(fx);
    for (size_t i = 0; i < PACKER_COUNT && strcmp(packers[i].name, "LZ4") != 0; i++) {
        buf_bytes(&fx->b, packers[i].skippable, packers[i].skippable_len);
        packers[i].pack(&fx->b, buf_view(&plain));
        assert_int_equal(digest_of_file(save(fx, 1)).frames, 40);
    }
    buf_clear(&plain);
}

static void test_from_a_pipe(void **state)
{
    struct fixture *fx = *state;
    put_small_capture(fx);
    struct buf plain = take(fx);
    for (size_t i = 0; i < PACKER_COUNT; i++) {
        packers[i].pack(&fx->b, buf_view(&plain));
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        int saved = dup(STDIN_FILENO);
        assert_true(saved >= 0 && dup2(ends[0], STDIN_FILENO) >= 0);
        assert_int_equal(write(ends[1], fx->b.data, fx->b.len), (ssize_t)fx->b.len);
        assert_int_equal(close(ends[1]) | close(ends[0]), 0);
        assert_int_equal(digest_of_file("-").frames, 40);
        assert_true(dup2(saved, STDIN_FILENO) >= 0);
        assert_int_equal(close(saved), 0);
        buf_reset(&fx->b);
    }
    buf_clear(&plain);
}

static void test_filter(void **state)
{
    struct fixture *fx = *state;
    put_small_capture(fx);
    struct buf plain = take(fx);
    pack_gzip(&fx->b, buf_view(&plain));
    struct capture *c = open_with(save(fx, 1), "ether[0] == 0x63");
    char seen[64];
    assert_string_equal(drain(c, seen), "c");
    assert_int_equal(capture_file(c, 0)->packets, 40);
    capture_close(c);
    buf_clear(&plain);
}

/* ---- damage ------------------------------------------------------------------------------------- */

/* A cut file gives the frames that can be unpacked, and says where it ends. */
static void test_every_prefix(void **state)
{
    struct fixture *fx = *state;
    put_small_capture(fx);
    struct buf plain = take(fx);
    for (size_t i = 0; i < PACKER_COUNT; i++) {
        packers[i].pack(&fx->b, buf_view(&plain));
        struct slice all = buf_view(&fx->b);
        for (size_t len = 4; len < all.len; len++) {
            write_bytes(fx->path[1], all.data, len);
            const char *name = fx->path[1];
            struct capture *c = capture_open(&name, 1, NULL, NULL);
            assert_non_null(c);
            struct frame f;
            unsigned frames = 0;
            for (; capture_next(c, &f); frames++)
                assert_int_equal(f.bytes.data[0], 'a' + frames);
            const struct capture_file *file = capture_file(c, 0);
            assert_true(file->damaged);
            assert_one_line(&file->damage);
            char where[64];
            (void)snprintf(where, sizeof where, "ends at byte offset %zu (cut off)", len);
            assert_true(strstr(file->damage.text, where) ||
                        strstr(file->damage.text, "within its file header"));
            assert_non_null(strstr(file->damage.text, file->unread ? "" : packers[i].name));
            capture_close(c);
        }
        buf_reset(&fx->b);
    }
    buf_clear(&plain);
}

static void test_every_byte_changed(void **state)
{
    struct fixture *fx = *state;
    put_small_capture(fx);
    struct buf plain = take(fx);
    for (size_t i = 0; i < PACKER_COUNT; i++) {
        packers[i].pack(&fx->b, buf_view(&plain));
        for (size_t at = 0; at < fx->b.len; at++) {
            fx->b.data[at] = (char)~fx->b.data[at];
            write_bytes(fx->path[1], fx->b.data, fx->b.len);
            fx->b.data[at] = (char)~fx->b.data[at];
            const char *name = fx->path[1];
            struct capture *c = capture_open(&name, 1, NULL, NULL);
            assert_non_null(c);
            (void)digest_of(c);
            if (capture_file(c, 0)->damaged)
                assert_one_line(&capture_file(c, 0)->damage);
            capture_close(c);
        }
        buf_reset(&fx->b);
    }
    buf_clear(&plain);
}

/* What was unpacked before the damage is all read. */
static void test_damage_behind_the_frames(void **state)
{
    struct fixture *fx = *state;
    put_small_capture(fx);
    struct buf plain = take(fx);
    for (size_t i = 0; i < PACKER_COUNT; i++) {
        packers[i].pack(&fx->b, buf_view(&plain));
        buf_str(&fx->b, "this does not belong here");
        struct capture *c = open_with(save(fx, 1), NULL);
        assert_int_equal(digest_of(c).frames, 40);
        assert_damaged(c, "ends at byte offset ");
        assert_damaged(c, " after packet 40: the report covers what was read");
        capture_close(c);
    }
    buf_clear(&plain);
}

/* gzip alone has padding. */
static void test_zero_padding(void **state)
{
    struct fixture *fx = *state;
    put_small_capture(fx);
    struct buf plain = take(fx);
    pack_gzip(&fx->b, buf_view(&plain));
    for (int i = 0; i < 2000; i++)
        buf_char(&fx->b, '\0');
    assert_int_equal(digest_of_file(save(fx, 1)).frames, 40);
    buf_clear(&plain);
}

/* Damage of the capture within a whole compression is told where it is when unpacked. */
static void test_broken_capture_within(void **state)
{
    struct fixture *fx = *state;
    begin(fx);
    simple_record(&fx->b, 0, 'a');
    put_record(&fx->b, LITTLE, T0, 0, 262145, 262145, 'b');
    struct buf broken = take(fx);
    for (size_t i = 0; i < PACKER_COUNT; i++) {
        packers[i].pack(&fx->b, buf_view(&broken));
        struct capture *c = open_with(save(fx, 1), NULL);
        assert_int_equal(digest_of(c).frames, 1);
        assert_damaged(c, "broken (a record of 262145 bytes) after packet 1 (byte offset 60 "
                          "unpacked)");
        capture_close(c);
        packers[i].pack(&fx->b, slice_sub(buf_view(&broken), 0, 70));
        c = open_with(save(fx, 1), NULL);
        assert_int_equal(digest_of(c).frames, 1);
        assert_damaged(c, "cut off after packet 1 (byte offset 60 unpacked)");
        capture_close(c);
    }
    buf_clear(&broken);
}

static void test_no_capture_within(void **state)
{
    struct fixture *fx = *state;
    for (size_t i = 0; i < PACKER_COUNT; i++) {
        packers[i].pack(&fx->b, slice_str("a log file, compressed"));
        assert_refused(save(fx, 1), "unpacked, it is no capture file (begins with \"a lo\")");
        packers[i].pack(&fx->b, slice_str("PK\3\4 and so on and so on"));
        assert_refused(save(fx, 1), "unpacked, it is a ZIP archive");
        packers[i].pack(&fx->b, slice_of(NULL, 0));
        assert_refused(save(fx, 1), "is empty within its compression");
        packers[i].pack(&fx->b, slice_str("ab"));
        assert_refused(save(fx, 1), "cut off within its file header (2 bytes)");
    }
}

static void test_compressed_twice(void **state)
{
    struct fixture *fx = *state;
    put_small_capture(fx);
    struct buf plain = take(fx);
    struct buf once;
    buf_init(&once);
    pack_gzip(&once, buf_view(&plain));
    for (size_t i = 0; i < PACKER_COUNT; i++) {
        packers[i].pack(&fx->b, buf_view(&once));
        assert_refused(save(fx, 1), "is compressed twice (gzip within ");
    }
    buf_clear(&once);
    buf_clear(&plain);
}

/* ---- limits ------------------------------------------------------------------------------------- */

/* A small file that unpacks to very much is read like any other, a block at a time. */
static void test_much_of_nothing(void **state)
{
    struct fixture *fx = *state;
    enum {
        RECORDS = 3000
    };
    struct buf record, header;
    buf_init(&record);
    buf_init(&header);
    put_header(&header, LITTLE, 0xa1b2c3d4, 1);
    for (int i = 0; i < RECORDS; i++)
        put_record(&record, LITTLE, T0, 0, 5000, 5000, 0);
    for (size_t i = 0; i < PACKER_COUNT; i++) {
        packers[i].pack(&fx->b, buf_view(&header));
        for (int again = 0; again < 3; again++)
            packers[i].pack(&fx->b, buf_view(&record));
        assert_true(fx->b.len * 20 < 3 * record.len);
        struct capture *c = open_with(save(fx, 1), NULL);
        struct frame f;
        while (capture_next(c, &f))
            continue;
        assert_int_equal(capture_file(c, 0)->packets, 3 * RECORDS);
        assert_false(capture_file(c, 0)->damaged);
        capture_close(c);
    }
    buf_clear(&record);
    buf_clear(&header);
}

#ifdef HAVE_LIBZSTD
/* A frame that would make the library keep a gigabyte is refused. */
static void test_window_too_big(void **state)
{
    struct fixture *fx = *state;
    static const char frame[] = "\x28\xb5\x2f\xfd\x00\xa0\x01\x00\x00";
    write_bytes(fx->path[1], frame, sizeof frame - 1);
    assert_refused(fx->path[1], "too much memory");
}
#else
static void test_without_zstd(void **state)
{
    struct fixture *fx = *state;
    write_bytes(fx->path[1], "\x28\xb5\x2f\xfd\x00\xa0\x01\x00\x00", 9);
    assert_refused(fx->path[1], "was built without libzstd");
}
#endif

#ifndef HAVE_LIBLZ4
static void test_without_lz4(void **state)
{
    struct fixture *fx = *state;
    write_bytes(fx->path[1], "\x04\x22\x4d\x18\x64\x40\xa7\0\0\0\0", 11);
    assert_refused(fx->path[1], "was built without liblz4");
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same_as_plain, setup, teardown),
        cmocka_unit_test_setup_teardown(test_members, setup, teardown),
        cmocka_unit_test_setup_teardown(test_empty_member_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_from_a_pipe, setup, teardown),
        cmocka_unit_test_setup_teardown(test_filter, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_prefix, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_byte_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damage_behind_the_frames, setup, teardown),
        cmocka_unit_test_setup_teardown(test_zero_padding, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broken_capture_within, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_capture_within, setup, teardown),
        cmocka_unit_test_setup_teardown(test_compressed_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_much_of_nothing, setup, teardown),
#ifdef HAVE_LIBZSTD
        cmocka_unit_test_setup_teardown(test_window_too_big, setup, teardown),
#else
        cmocka_unit_test_setup_teardown(test_without_zstd, setup, teardown),
#endif
#ifndef HAVE_LIBLZ4
        cmocka_unit_test_setup_teardown(test_without_lz4, setup, teardown),
#endif
    };
    return cmocka_run_group_tests_name("capture/packed", tests, NULL, NULL);
}
