/*
 * Unit tests of capture: opening, filters, several files, pipes.
 * SPDX-License-Identifier: MIT
 */
#include <sys/stat.h>

#include "ng.h"

/* ---- opening ------------------------------------------------------------------------------------ */

static void test_no_capture(void **state)
{
    struct fixture *fx = *state;
    static const struct {
        const char *bytes, *expected;
    } cases[] = {
        {"hello, this is some text\n", "is no capture file (begins with \"hell\")"},
        {"\"quoted\",\"text\"..............\n", "(begins with 22 71 75 6f)"},
        {"\377\376t\1..........................", "(begins with ff fe 74 01)"},
        {"BZh91AY&SYzzzzzzzzzzzzzzzzzzzzzzz", "bunzip2"},
        {"PK\x03\x04zzzzzzzzzzzzzzzzzzzzzzzzzzzz", "unzip"},
        {"snoop\x01\x01\x01zzzzzzzzzzzzzzzzzzzzz", "editcap"},
        {"\n\r\r\nnot pcapng at all, is it?....", "is broken"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_bytes(fx->path[0], cases[i].bytes, strlen(cases[i].bytes));
        assert_refused(fx->path[0], cases[i].expected);
    }
}

static void test_not_readable(void **state)
{
    struct fixture *fx = *state;
    assert_refused(fx->path[3], "No such file");
    assert_refused(fx->folder, "is a directory");
    if (geteuid() != 0) {
        begin(fx);
        assert_int_equal(chmod(save(fx, 0), 0), 0);
        assert_refused(fx->path[0], "ermission");
    }
}

static void test_bad_calls(void **state)
{
    struct fixture *fx = *state;
    struct err err = {"", ""};
    const char *names[] = {"-", fx->path[0], "-"};
    assert_null(capture_open(names, 0, NULL, &err));
    assert_one_line(&err);
    assert_null(capture_open(names, CAPTURE_FILES_MAX + 1, NULL, &err));
    assert_one_line(&err);
    assert_null(capture_open(names, 3, NULL, &err));
    assert_non_null(strstr(err.text, "only once"));
    capture_close(NULL);
}

/* Files that cannot be read cost the others nothing. */
static void test_some_of_several_unreadable(void **state)
{
    struct fixture *fx = *state;
    write_bytes(fx->path[0], "this is text", 12);
    write_bytes(fx->path[2], "", 0);
    begin(fx);
    simple_record(&fx->b, 0, 'a');
    const char *names[] = {fx->path[0], save(fx, 1), fx->path[2], fx->path[3]};
    struct err err = {"", ""};
    const struct capture_options options = {.filter = "greater 1"};
    struct capture *c = capture_open(names, 4, &options, &err);
    assert_non_null(c);
    char seen[64];
    assert_string_equal(drain(c, seen), "a");
    static const char *const expected[] = {"is no capture file", NULL, "is empty", "No such file"};
    for (unsigned i = 0; i < 4; i++) {
        const struct capture_file *file = capture_file(c, i);
        assert_int_equal(file->unread, expected[i] != NULL);
        assert_int_equal(file->damaged, expected[i] != NULL);
        if (!expected[i])
            continue;
        assert_one_line(&file->damage);
        assert_non_null(strstr(file->damage.text, expected[i]));
        assert_string_equal(file->damage.where, names[i]);
    }
    assert_int_equal(capture_totals(c).files, 4);
    assert_int_equal(capture_totals(c).unread_files, 3);
    assert_int_equal(capture_totals(c).damaged_files, 3);
    capture_close(c);
}

/* ---- filters ------------------------------------------------------------------------------------ */

/* An Ethernet frame of `type` whose first byte is `mark`. */
static void put_ether(struct buf *b, uint32_t second, char mark, const char *type)
{
    put(b, LITTLE, 4, T0 + second);
    put(b, LITTLE, 4, 0);
    put(b, LITTLE, 4, 14);
    put(b, LITTLE, 4, 60);
    buf_char(b, mark);
    buf_bytes(b, "\2\2\2\2\2\2\2\2\2\2\2", 11);
    buf_bytes(b, type, 2);
}

static void test_filter_keeps_numbers(void **state)
{
    struct fixture *fx = *state;
    begin(fx);
    put_ether(&fx->b, 0, 'a', "\x08\x06");
    put_ether(&fx->b, 1, 'b', "\x08\x00");
    put_ether(&fx->b, 2, 'c', "\x08\x06");
    put_ether(&fx->b, 3, 'd', "\x08\x00");
    put_ether(&fx->b, 4, 'e', "\x08\x06");
    struct capture *c = open_with(save(fx, 0), "ip");
    struct frame f;
    assert_true(capture_next(c, &f));
    assert_int_equal(f.at.frame, 2);
    assert_true(capture_next(c, &f));
    assert_int_equal(f.at.frame, 4);
    assert_false(capture_next(c, &f));
    assert_int_equal(capture_file(c, 0)->packets, 5);
    capture_close(c);
}

static void test_filter_on_raw_ip(void **state)
{
    struct fixture *fx = *state;
    put_header(&fx->b, LITTLE, 0xa1b2c3d4, 101);
    put_record(&fx->b, LITTLE, T0, 0, 20, 20, 0x60);
    put_record(&fx->b, LITTLE, T0, 0, 20, 20, 0x45);
    struct capture *c = open_with(save(fx, 0), "ip");
    char seen[64];
    assert_string_equal(drain(c, seen), "E");
    capture_close(c);
}

static void test_filter_error(void **state)
{
    struct fixture *fx = *state;
    begin(fx);
    const char *name = save(fx, 0);
    const struct capture_options options = {.filter = "udp prt 53"};
    struct err err = {"", ""};
    assert_null(capture_open(&name, 1, &options, &err));
    assert_string_equal(err.where, "udp prt 53");
    assert_one_line(&err);
}

/* ---- several files, pipes, progress ------------------------------------------------------------- */

static void test_merge(void **state)
{
    struct fixture *fx = *state;
    static const char *const files[] = {"adf", "beh", "", "cg"};
    const char *names[4];
    for (int i = 0; i < 4; i++) {
        begin(fx);
        for (const char *at = files[i]; *at; at++)
            simple_record(&fx->b, (uint32_t)(*at - 'a'), *at);
        names[i] = save(fx, i);
    }
    struct capture *c = capture_open(names, 4, NULL, NULL);
    assert_non_null(c);
    struct frame f;
    char seen[9] = "";
    static const unsigned from[] = {0, 1, 3, 0, 1, 0, 3, 1}, number[] = {1, 1, 1, 2, 2, 3, 2, 3};
    for (int i = 0; i < 8; i++) {
        assert_true(capture_next(c, &f));
        seen[i] = (char)f.bytes.data[0];
        assert_int_equal(f.bytes.data[19], seen[i]);
        assert_int_equal(f.at.file, from[i]);
        assert_int_equal(f.at.frame, number[i]);
    }
    assert_string_equal(seen, "abcdefgh");
    assert_false(capture_next(c, &f));
    assert_false(capture_next(c, &f));
    assert_int_equal(capture_file_count(c), 4);
    capture_close(c);
}

/* Equal times keep the order of the files; damage in one does not stop the others. */
/* All frames of a batch are where they were said to be, also where the file's next block begins. */
static void test_batches_and_blocks(void **state)
{
    enum {
        FRAMES = 2000,
        LEN = 1000,
        BATCH = 16
    };
    struct fixture *fx = *state;
    begin(fx);
    for (uint32_t i = 0; i < FRAMES; i++)
        put_record(&fx->b, LITTLE, T0 + i, 0, LEN, LEN, (char)(i % 251));
    buf_bytes(&fx->b, "cut", 3);
    struct capture *c = open_with(save(fx, 0), NULL);
    struct frame frames[BATCH];
    uint32_t seen = 0;
    unsigned short_batches = 0;
    for (size_t n; (n = capture_batch(c, frames, BATCH)) > 0; seen += (uint32_t)n) {
        assert_true(n <= BATCH);
        short_batches += n < BATCH;
        assert_false(capture_file(c, 0)->damaged);
        for (uint32_t i = 0; i < n; i++) {
            const struct slice bytes = frames[i].bytes;
            assert_int_equal(frames[i].at.frame, seen + i + 1);
            assert_int_equal(bytes.len, LEN);
            assert_int_equal(bytes.data[0], (seen + i) % 251);
            assert_int_equal(bytes.data[LEN - 1], (seen + i) % 251);
        }
    }
    assert_int_equal(seen, FRAMES);
    assert_true(short_batches > 1); /* there were several blocks */
    assert_true(capture_file(c, 0)->damaged);
    assert_non_null(strstr(capture_file(c, 0)->damage.text, "cut off after packet 2000"));
    capture_close(c);
}

static void test_merge_ties_and_damage(void **state)
{
    struct fixture *fx = *state;
    begin(fx);
    simple_record(&fx->b, 0, 'a');
    buf_bytes(&fx->b, "junk", 4);
    const char *first = save(fx, 0);
    begin(fx);
    simple_record(&fx->b, 0, 'b');
    simple_record(&fx->b, 1, 'c');
    const char *names[] = {first, save(fx, 1)};
    struct capture *c = capture_open(names, 2, NULL, NULL);
    assert_non_null(c);
    char seen[64];
    assert_string_equal(drain(c, seen), "abc");
    assert_damaged(c, "cut off after packet 1 (byte offset 60)");
    assert_false(capture_file(c, 1)->damaged);
    capture_close(c);
}

/* Makes standard input a pipe; returns its writing end. */
static int pipe_to_stdin(int *saved)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    *saved = dup(STDIN_FILENO);
    assert_true(*saved >= 0);
    assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
    assert_int_equal(close(ends[0]), 0);
    return ends[1];
}

static void restore_stdin(int saved)
{
    assert_true(dup2(saved, STDIN_FILENO) >= 0);
    assert_int_equal(close(saved), 0);
}

static void send_all(int fd, struct buf *b)
{
    assert_int_equal(write(fd, b->data, b->len), (ssize_t)b->len);
    buf_reset(b);
}

/* A frame comes out as soon as it is in the pipe: the test would hang otherwise. */
static void test_pipe_streams(void **state)
{
    struct fixture *fx = *state;
    for (int ng = 0; ng < 2; ng++) {
        int saved;
        int fd = pipe_to_stdin(&saved);
        struct ng n;
        if (ng) {
            n = ng_start(fx, LITTLE);
            ng_packet(&n, 0, NS0, "a");
        } else {
            begin(fx);
            simple_record(&fx->b, 0, 'a');
        }
        send_all(fd, &fx->b);
        struct capture *c = open_with("-", NULL);
        struct frame frames[4];
        struct frame f;
        assert_int_equal(capture_batch(c, frames, 4), 1);
        assert_int_equal(frames[0].bytes.data[0], 'a');
        if (ng)
            ng_packet(&n, 0, NS0, "b");
        else
            simple_record(&fx->b, 1, 'b');
        send_all(fd, &fx->b);
        assert_true(capture_next(c, &f));
        assert_int_equal(f.bytes.data[0], 'b');
        assert_int_equal(close(fd), 0);
        assert_false(capture_next(c, &f));
        assert_false(capture_file(c, 0)->damaged);
        assert_string_equal(capture_file(c, 0)->name, "-");
        capture_close(c);
        restore_stdin(saved);
    }
}

static void test_pipe_closed_at_once(void **state)
{
    (void)state;
    int saved;
    assert_int_equal(close(pipe_to_stdin(&saved)), 0);
    assert_refused("-", "is empty");
    restore_stdin(saved);
}

struct progress {
    unsigned calls;
    uint64_t last, total;
};

static void on_progress(void *ctx, uint64_t bytes_read, uint64_t bytes_total)
{
    struct progress *p = ctx;
    assert_true(bytes_read >= p->last && bytes_read <= bytes_total);
    p->calls++;
    p->last = bytes_read;
    p->total = bytes_total;
}

static void test_progress(void **state)
{
    struct fixture *fx = *state;
    begin(fx);
    for (uint32_t i = 0; i < 10000; i++)
        simple_record(&fx->b, i, 'a');
    const char *name = save(fx, 0);
    struct progress progress = {0, 0, 0};
    const struct capture_options options = {.progress = on_progress, .progress_ctx = &progress};
    struct capture *c = capture_open(&name, 1, &options, NULL);
    assert_non_null(c);
    struct frame f;
    unsigned frames = 0;
    while (capture_next(c, &f))
        frames++;
    assert_int_equal(frames, 10000);
    assert_true(progress.calls >= 2);
    assert_int_equal(progress.total, 24 + 10000 * 36);
    capture_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_capture, setup, teardown),
        cmocka_unit_test_setup_teardown(test_not_readable, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_calls, setup, teardown),
        cmocka_unit_test_setup_teardown(test_some_of_several_unreadable, setup, teardown),
        cmocka_unit_test_setup_teardown(test_filter_keeps_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_filter_on_raw_ip, setup, teardown),
        cmocka_unit_test_setup_teardown(test_filter_error, setup, teardown),
        cmocka_unit_test_setup_teardown(test_merge, setup, teardown),
        cmocka_unit_test_setup_teardown(test_batches_and_blocks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_merge_ties_and_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pipe_streams, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pipe_closed_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_progress, setup, teardown),
    };
    return cmocka_run_group_tests_name("capture", tests, NULL, NULL);
}
