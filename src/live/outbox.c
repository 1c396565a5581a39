/*
 * live/outbox: non-blocking writes.
 * SPDX-License-Identifier: MIT
 */
#include "outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mark.h"

#define FILE_MODE  0640
#define RETRY_NS   NS_PER_S
#define WRITE_MOST (4U << 20) /* at once, so that frames are read in between */

/* ---- opening ------------------------------------------------------------------------------------ */

static void open_file(struct outbox *o)
{
    o->fd = openat(o->folder.fd, o->name, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
                   FILE_MODE);
    o->error = o->fd < 0 ? errno : 0;
}

static void open_socket(struct outbox *o)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s", o->target + strlen(OUTBOX_UNIX));
    o->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    o->error = o->fd < 0 ? errno : 0;
    if (o->fd >= 0 && connect(o->fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        o->error = errno;
        (void)close(o->fd);
        o->fd = -1;
    }
}

/* The folder of a file's path and the name in it. */
static bool split(struct outbox *o, const char *target, struct err *err)
{
    const char *slash = strrchr(target, '/');
    size_t len = slash ? (size_t)(slash - target) : 0;
    o->name = slash ? slash + 1 : target;
    if (o->name[0] == '\0' || len >= sizeof o->folder_path) {
        err_set(err, target, "is no file name");
        return false;
    }
    if (!slash)
        (void)snprintf(o->folder_path, sizeof o->folder_path, ".");
    else if (len == 0)
        (void)snprintf(o->folder_path, sizeof o->folder_path, "/");
    else
        (void)snprintf(o->folder_path, sizeof o->folder_path, "%.*s", (int)len, target);
    return true;
}

/* A device or a pipe: there is no file to make anew. */
static bool is_special(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static bool open_special(struct outbox *o, struct err *err)
{
    o->kind = OUTBOX_STREAM;
    o->fd = open(o->target, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (o->fd < 0)
        err_set(err, o->target, "cannot be written to; a pipe needs its reader first");
    return o->fd >= 0;
}

bool outbox_open(struct outbox *o, const char *target, const struct rights_user *user,
                 struct err *err)
{
    *o = (struct outbox){.fd = -1, .folder = {.fd = -1}, .target = target};
    if (!target)
        return true;
    if (strcmp(target, "-") == 0)
        return outbox_stream(o, STDOUT_FILENO, err);
    if (strncmp(target, OUTBOX_UNIX, strlen(OUTBOX_UNIX)) == 0) {
        struct sockaddr_un to;
        o->kind = OUTBOX_SOCKET;
        if (strlen(target) - strlen(OUTBOX_UNIX) < sizeof to.sun_path)
            return true;
        err_set(err, target, "is too long for the path of a socket");
        return false;
    }
    if (is_special(target))
        return open_special(o, err);
    o->kind = OUTBOX_FILE;
    return split(o, target, err) && folder_open(&o->folder, o->folder_path, user, err);
}

/* A pipe or terminal is opened once more: not waiting must be this program's own affair, the
 * descriptor is shared with others. */
bool outbox_stream(struct outbox *o, int fd, struct err *err)
{
    struct stat st;
    char path[64];
    *o = (struct outbox){.fd = -1, .folder = {.fd = -1}, .kind = OUTBOX_STREAM};
    o->target = fd == STDOUT_FILENO ? "standard output" : "standard error";
    if (fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))) {
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        o->fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    }
    if (o->fd < 0)
        o->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (o->fd < 0)
        err_set(err, o->target, "is closed");
    return o->fd >= 0;
}

void outbox_close(struct outbox *o)
{
    if (o->fd >= 0)
        (void)close(o->fd);
    folder_close(&o->folder);
    buf_clear(&o->waiting);
    o->kind = OUTBOX_NONE;
    o->fd = -1;
}

/* ---- lines -------------------------------------------------------------------------------------- */

static uint64_t count_lines(struct slice s)
{
    uint64_t count = 0;
    for (size_t at = slice_find(s, 0, '\n'); at < s.len; at = slice_find(s, at + 1, '\n'))
        count++;
    return count;
}

/* What went out makes room. */
static void compact(struct outbox *o)
{
    if (o->sent == 0)
        return;
    memmove(o->waiting.data, o->waiting.data + o->sent, o->waiting.len - o->sent);
    o->waiting.len -= o->sent;
    o->sent = 0;
}

void outbox_put(struct outbox *o, struct slice lines)
{
    if (o->kind == OUTBOX_NONE)
        return;
    o->lines += count_lines(lines);
    if (o->waiting.len - o->sent + lines.len > OUTBOX_BYTES_MAX) {
        o->lost += count_lines(lines);
        return;
    }
    if (o->waiting.len + lines.len > OUTBOX_BYTES_MAX)
        compact(o);
    if (!buf_reserve(&o->waiting, lines.len)) {
        o->waiting.failed = false; /* what it holds is whole */
        o->lost += count_lines(lines);
        return;
    }
    buf_slice(&o->waiting, lines);
}

/* A new reader begins with a whole line: the rest of one whose beginning went elsewhere is lost. */
static void skip_rest_of_line(struct outbox *o)
{
    if (!o->mid_line)
        return;
    struct slice all = buf_view(&o->waiting);
    size_t end = slice_find(all, o->sent, '\n');
    o->sent = end < all.len ? end + 1 : all.len;
    o->mid_line = false;
    o->lost++;
}

static ssize_t send_some(const struct outbox *o, const char *data, size_t len)
{
    if (o->kind == OUTBOX_FILE)
        return write(o->fd, data, len);
    ssize_t n = send(o->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    return n < 0 && errno == ENOTSOCK ? write(o->fd, data, len) : n;
}

static void lose_reader(struct outbox *o, int why, int64_t now_ns)
{
    o->error = why;
    o->next_ns = now_ns + RETRY_NS;
    if (o->kind != OUTBOX_SOCKET)
        return; /* a full disk: the same descriptor is tried again */
    (void)close(o->fd);
    o->fd = -1;
    skip_rest_of_line(o);
}

static void open_again(struct outbox *o, int64_t now_ns)
{
    if (o->kind == OUTBOX_FILE)
        open_file(o);
    else if (o->kind == OUTBOX_SOCKET)
        open_socket(o);
    if (o->fd < 0)
        o->next_ns = now_ns + RETRY_NS;
}

/* The rest of a line that was begun still goes where its beginning went. */
static void finish_line(struct outbox *o)
{
    struct slice all = buf_view(&o->waiting);
    size_t end = o->mid_line ? slice_find(all, o->sent, '\n') : all.len;
    size_t rest = end < all.len ? end + 1 - o->sent : 0;
    ssize_t n = rest > 0 ? write(o->fd, o->waiting.data + o->sent, rest) : 0;
    if (n > 0)
        o->sent += (size_t)n;
    if (n >= 0 && (size_t)n == rest)
        o->mid_line = false;
    else
        skip_rest_of_line(o);
}

void outbox_reopen(struct outbox *o)
{
    if (o->kind != OUTBOX_FILE)
        return;
    if (o->fd >= 0) {
        finish_line(o);
        (void)close(o->fd);
    }
    open_file(o);
    o->next_ns = 0;
}

/* The bytes that went out: 0 when nothing can now. */
static size_t send_next(struct outbox *o, size_t most, int64_t now_ns)
{
    size_t len = o->waiting.len - o->sent;
    ssize_t n = send_some(o, o->waiting.data + o->sent, len < most ? len : most);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            lose_reader(o, errno, now_ns);
        return 0;
    }
    o->error = 0;
    o->sent += (size_t)n;
    o->mid_line = o->waiting.data[o->sent - 1] != '\n';
    return (size_t)n;
}

void outbox_drain(struct outbox *o, int64_t now_ns)
{
    if (o->kind == OUTBOX_NONE || now_ns < o->next_ns)
        return;
    if (o->fd < 0)
        open_again(o, now_ns);
    for (size_t most = WRITE_MOST; o->fd >= 0 && o->sent < o->waiting.len && most > 0;) {
        size_t n = send_next(o, most, now_ns);
        if (n == 0)
            return;
        most -= n;
    }
    if (o->sent == o->waiting.len) {
        buf_reset(&o->waiting);
        o->sent = 0;
    }
}
