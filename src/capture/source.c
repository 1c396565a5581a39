/*
 * capture/source: opens captures and finds their format.
 * SPDX-License-Identifier: MIT
 *
 * The first four bytes tell pcapng from all others.
 */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC_LEN    4
#define MAGIC_PCAPNG 0x0a0d0d0aU

/* How the file ended, after which packet and where; the rest of the line is common. */
static void note_damage(struct source *s, const char *how)
{
    s->file.damaged = true;
    err_set(&s->file.damage, s->where,
            "%s after packet %llu (byte offset %llu): the report covers what was read; "
            "capture again or repair it with pcapfix",
            how, (unsigned long long)s->file.packets, (unsigned long long)s->position);
}

bool source_end(struct source *s)
{
    if (s->file.damaged)
        return false;
    if (s->intake.error == ENOMEM)
        note_damage(s, "not read any further (out of memory)");
    else if (s->intake.error != 0)
        note_damage(s, "cannot be read any further");
    else if (cur_left(&s->intake.unread) > 0)
        note_damage(s, "cut off");
    intake_stop(&s->intake);
    return false;
}

bool source_broken(struct source *s, const char *format, ...)
{
    char what[96];
    char how[sizeof what + 16];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    (void)snprintf(how, sizeof how, "broken (%s)", what);
    note_damage(s, how);
    intake_stop(&s->intake);
    return false;
}

/* ---- opening ------------------------------------------------------------------------------------ */

static void fail_errno(struct err *err, const char *where, int code)
{
    char reason[128];
    if (strerror_r(code, reason, sizeof reason) != 0)
        (void)snprintf(reason, sizeof reason, "error %d", code);
    const char *hint = code == ENOMEM                     ? "close other programs"
                       : code == ENOENT                   ? "check the path"
                       : code == EACCES || code == EPERM  ? "give yourself read permission"
                       : code == EMFILE || code == ENFILE ? "raise the limit with ulimit -n"
                                                          : "check the file and its disk";
    err_set(err, where, "cannot be read: %s; %s", reason, hint);
}

static int open_input(const char *name, const char *where, struct err *err)
{
    bool is_stdin = strcmp(name, "-") == 0;
    if (is_stdin && isatty(STDIN_FILENO)) {
        err_set(err, where, "is a terminal; pipe a capture into it");
        return -1;
    }
    int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fail_errno(err, where, errno);
    return fd;
}

/* What the descriptor is; its size, 0 for pipes. */
static bool examine(int fd, const char *where, uint64_t *size, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        fail_errno(err, where, errno);
        return false;
    }
    if (S_ISDIR(st.st_mode)) {
        err_set(err, where, "is a directory; name the capture files in it");
        return false;
    }
    *size = S_ISREG(st.st_mode) && st.st_size > 0 ? (uint64_t)st.st_size : 0;
    return true;
}

/* The reader that knows the first four bytes; the classic one knows what else people name. */
static struct source *open_format(struct intake *in, const char *where, struct err *err)
{
    while (cur_left(&in->unread) < MAGIC_LEN && intake_more(in, MAGIC_LEN))
        continue;
    if (in->error != 0) {
        fail_errno(err, where, in->error);
        return NULL;
    }
    if (cur_left(&in->unread) == 0) {
        err_set(err, where, "is empty (0 bytes), not even a file header; capture again");
        return NULL;
    }
    struct cursor look = in->unread;
    return cur_be32(&look) == MAGIC_PCAPNG ? pcapng_open(in, where, err)
                                           : classic_open(in, where, err);
}

static struct source *open_intake(int fd, const char *where, size_t block, struct err *err)
{
    struct intake in;
    if (!intake_init(&in, fd, block)) {
        fail_errno(err, where, ENOMEM);
        return NULL;
    }
    struct source *s = open_format(&in, where, err);
    if (!s)
        intake_clear(&in);
    return s;
}

struct source *source_open(const char *name, size_t block, struct err *err)
{
    const char *where = strcmp(name, "-") == 0 ? "standard input" : name;
    int fd = open_input(name, where, err);
    if (fd < 0)
        return NULL;
    uint64_t size = 0;
    struct source *s = examine(fd, where, &size, err) ? open_intake(fd, where, block, err) : NULL;
    if (!s) {
        (void)close(fd);
        return NULL;
    }
    s->size = size;
    s->file.name = name;
    return s;
}

void source_close(struct source *s)
{
    if (!s)
        return;
    (void)close(s->intake.fd);
    intake_clear(&s->intake);
    s->free(s);
}
