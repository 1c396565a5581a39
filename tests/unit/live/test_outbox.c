/*
 * Tests of live/outbox and live/folder: nothing waits, nothing is cut, what is lost is counted.
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../../src/live/outbox.h"
#include "base/mark.h"
#include "unit.h"

struct bench {
    char dir[64];
    char path[128];
    struct rights_user user;
    struct outbox box;
};

static int set_up(void **state)
{
    static struct bench b;
    struct err err;
    memset(&b, 0, sizeof b);
    (void)snprintf(b.dir, sizeof b.dir, "/tmp/oobescope-XXXXXX");
    assert_non_null(mkdtemp(b.dir));
    b.user.uid = geteuid();
    (void)err;
    *state = &b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    outbox_close(&b->box);
    (void)unlink(b->path);
    (void)rmdir(b->dir);
    return 0;
}

static void open_box(struct bench *b, const char *target)
{
    struct err err;
    assert_true(outbox_open(&b->box, target, &b->user, &err));
}

static void put(struct bench *b, const char *text)
{
    outbox_put(&b->box, slice_str(text));
}

static size_t read_file(const char *path, char *out, size_t size)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(out, 1, size - 1, f);
    out[n] = '\0';
    assert_int_equal(fclose(f), 0);
    return n;
}

static void a_file_that_was_moved_away_is_made_anew(void **state)
{
    struct bench *b = *state;
    char moved[160], text[64];
    (void)snprintf(b->path, sizeof b->path, "%s/eve.json", b->dir);
    (void)snprintf(moved, sizeof moved, "%s.1", b->path);
    open_box(b, b->path);
    put(b, "one\n");
    outbox_drain(&b->box, 1);
    assert_int_equal(rename(b->path, moved), 0);
    put(b, "two\n");
    outbox_drain(&b->box, 2);
    outbox_reopen(&b->box);
    put(b, "three\n");
    outbox_drain(&b->box, 3);
    (void)read_file(moved, text, sizeof text);
    assert_string_equal(text, "one\ntwo\n");
    (void)read_file(b->path, text, sizeof text);
    assert_string_equal(text, "three\n");
    assert_int_equal(b->box.lines, 3);
    assert_int_equal(b->box.lost, 0);
    (void)unlink(moved);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The disk was full in the middle of a line when the file is moved away. With room again the line ends where
 * it began; without, a whole one begins the new file. */
static void no_line_is_torn_between_files(void **state)
{
    struct bench *b = *state;
    char moved[160], text[64];
    (void)snprintf(b->path, sizeof b->path, "%s/eve.json", b->dir);
    (void)snprintf(moved, sizeof moved, "%s.1", b->path);
    open_box(b, b->path);
    for (int full = 0; full < 2; full++) {
        put(b, "one\ntwo and two\nthree\n");
        limit_files(8);
        outbox_drain(&b->box, full * NS_PER_S);
        outbox_drain(&b->box, full * NS_PER_S + 2);
        if (!full)
            limit_files(RLIM_INFINITY);
        assert_int_equal(rename(b->path, moved), 0);
        outbox_reopen(&b->box);
        limit_files(RLIM_INFINITY);
        outbox_drain(&b->box, full * NS_PER_S + 3);
        (void)read_file(moved, text, sizeof text);
        assert_string_equal(text, full ? "one\ntwo " : "one\ntwo and two\n");
        (void)read_file(b->path, text, sizeof text);
        assert_string_equal(text, "three\n");
        assert_int_equal(b->box.lost, full);
        assert_int_equal(unlink(b->path), 0);
        outbox_reopen(&b->box);
    }
    (void)unlink(moved);
}

/* /dev/full is a disk without room. */
static void a_full_disk_costs_lines_not_time(void **state)
{
    struct bench *b = *state;
    open_box(b, "/dev/full");
    static char line[1024];
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 2] = '\n';
    uint64_t count = 2 * OUTBOX_BYTES_MAX / strlen(line);
    for (uint64_t i = 0; i < count; i++) {
        put(b, line);
        outbox_drain(&b->box, (int64_t)i);
    }
    assert_int_equal(b->box.error, ENOSPC);
    assert_int_equal(b->box.lines, count);
    assert_in_range(b->box.lost, count / 2, count / 2 + 1);
    assert_true(b->box.waiting.len <= OUTBOX_BYTES_MAX);
}

static int listen_at(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void receive(int fd, const char *want)
{
    char text[64];
    ssize_t n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
    assert_true(n > 0);
    text[n] = '\0';
    assert_string_equal(text, want);
}

static void a_reader_may_come_late_and_come_back(void **state)
{
    struct bench *b = *state;
    char target[160];
    (void)snprintf(b->path, sizeof b->path, "%s/events", b->dir);
    (void)snprintf(target, sizeof target, OUTBOX_UNIX "%s", b->path);
    open_box(b, target);
    put(b, "one\n");
    outbox_drain(&b->box, NS_PER_S);
    assert_int_equal(b->box.error, ENOENT);

    int listener = listen_at(b->path);
    outbox_drain(&b->box, 3 * NS_PER_S);
    int reader = accept(listener, NULL, NULL);
    receive(reader, "one\n");
    (void)close(reader);
    put(b, "two\n");
    outbox_drain(&b->box, 4 * NS_PER_S);
    assert_int_equal(b->box.error, EPIPE);
    outbox_drain(&b->box, 6 * NS_PER_S);
    reader = accept(listener, NULL, NULL);
    receive(reader, "two\n");
    assert_int_equal(b->box.lost, 0);
    (void)close(reader);
    (void)close(listener);
}

/* A reader that takes nothing, then dies with half a line: the next one begins with a whole line. */
static void a_new_reader_begins_with_a_whole_line(void **state)
{
    struct bench *b = *state;
    char target[160];
    (void)snprintf(b->path, sizeof b->path, "%s/events", b->dir);
    (void)snprintf(target, sizeof target, OUTBOX_UNIX "%s", b->path);
    int listener = listen_at(b->path);
    open_box(b, target);
    char *big = malloc(1U << 20);
    assert_non_null(big);
    memset(big, 'y', (1U << 20) - 1);
    big[(1U << 20) - 1] = '\n';
    outbox_put(&b->box, slice_of(big, 1U << 20));
    free(big);
    put(b, "next\n");
    outbox_drain(&b->box, NS_PER_S); /* the socket's buffer takes a part */
    assert_true(b->box.sent > 0 && b->box.mid_line);
    int reader = accept(listener, NULL, NULL);
    (void)close(reader);
    outbox_drain(&b->box, 2 * NS_PER_S);
    outbox_drain(&b->box, 4 * NS_PER_S);
    reader = accept(listener, NULL, NULL);
    receive(reader, "next\n");
    assert_int_equal(b->box.lost, 1);
    (void)close(reader);
    (void)close(listener);
}

static void a_pipe_nobody_reads_does_not_block(void **state)
{
    struct bench *b = *state;
    int ends[2];
    struct err err;
    assert_int_equal(pipe(ends), 0);
    assert_true(outbox_stream(&b->box, ends[1], &err));
    for (int i = 0; i < 20000; i++) {
        put(b, "a line of the events that nobody reads\n");
        outbox_drain(&b->box, i);
    }
    assert_true(b->box.sent < b->box.waiting.len);
    assert_int_equal(b->box.lost, 0);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void a_file_is_whole_or_not_there(void **state)
{
    struct bench *b = *state;
    struct folder f;
    struct err err;
    struct stat st;
    char text[64];
    assert_true(folder_open(&f, b->dir, &b->user, &err));
    assert_true(folder_check(&f, &err));
    assert_true(folder_put(&f, "report.json", slice_str("{}\n"), &err));
    (void)snprintf(b->path, sizeof b->path, "%s/report.json", b->dir);
    assert_int_equal(read_file(b->path, text, sizeof text), 3);
    assert_int_equal(stat(b->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_false(folder_put(&f, "no/such/place", slice_str("x"), &err));
    assert_true(folder_remove(&f, "report.json"));
    assert_false(folder_remove(&f, "report.json"));
    folder_close(&f);
    assert_false(folder_open(&f, "/nowhere/below", &b->user, &err));
    assert_non_null(strstr(err.text, "cannot be made"));
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_that_was_moved_away_is_made_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_line_is_torn_between_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_costs_lines_not_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reader_may_come_late_and_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_reader_begins_with_a_whole_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pipe_nobody_reads_does_not_block, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_is_whole_or_not_there, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
