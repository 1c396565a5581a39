/*
 * capture/source: opens captures and finds their format.
 * SPDX-License-Identifier: MIT
 *
 * The first byte tells pcapng (0x0a) from all others, and one byte can be given back to a pipe.
 */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PCAPNG_FIRST 0x0a

long source_read(int fd, void *out, size_t room)
{
    ssize_t got;
    do
        got = read(fd, out, room);
    while (got < 0 && errno == EINTR);
    return got;
}

void source_damage(struct source *s, const char *how)
{
    s->file.damaged = true;
    err_set(&s->file.damage, s->where,
            "%s after packet %llu (byte offset %llu): the report covers what was read; "
            "capture again or repair it with pcapfix",
            how, (unsigned long long)s->file.packets, (unsigned long long)s->position);
}

static void fail_errno(struct err *err, const char *where, int code)
{
    char reason[128];
    if (strerror_r(code, reason, sizeof reason) != 0)
        (void)snprintf(reason, sizeof reason, "error %d", code);
    const char *hint = code == ENOENT                     ? "check the path"
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

/* Looks at what the descriptor is and takes its first byte. */
static bool examine(struct source_input *in, struct err *err)
{
    struct stat st;
    if (fstat(in->fd, &st) != 0) {
        fail_errno(err, in->where, errno);
        return false;
    }
    if (S_ISDIR(st.st_mode)) {
        err_set(err, in->where, "is a directory; name the capture files in it");
        return false;
    }
    in->size = S_ISREG(st.st_mode) && st.st_size > 0 ? (uint64_t)st.st_size : 0;
    long got = source_read(in->fd, &in->first, 1);
    if (got < 0)
        fail_errno(err, in->where, errno);
    else if (got == 0)
        err_set(err, in->where, "is empty (0 bytes), not even a file header; capture again");
    return got == 1;
}

static struct source *open_format(const struct source_input *in, struct err *err)
{
    if (in->first == PCAPNG_FIRST)
        return pcap_source_open(in, true, err);
    bool odd = false;
    struct source *s = classic_open(in, &odd, err);
    if (s || !odd)
        return s;
    if (lseek(in->fd, 0, SEEK_SET) != 0) {
        err_set(err, in->where, "is a rare variant of pcap on a pipe; save it to a file first");
        return NULL;
    }
    return pcap_source_open(in, false, err);
}

struct source *source_open(const char *name, size_t block, struct err *err)
{
    struct source_input in = {.name = name, .where = name, .block = block};
    if (strcmp(name, "-") == 0)
        in.where = "standard input";
    in.fd = open_input(name, in.where, err);
    if (in.fd < 0)
        return NULL;
    struct source *s = examine(&in, err) ? open_format(&in, err) : NULL;
    if (!s) {
        (void)close(in.fd);
        return NULL;
    }
    s->where = in.where;
    s->size = in.size;
    s->file.name = name;
    return s;
}
