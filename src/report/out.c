/*
 * report/out: descriptors, partial writes, atomic replacement.
 * SPDX-License-Identifier: MIT
 */
/* For O_TMPFILE; the name is the C library's. */
// NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,readability-identifier-naming)
#define _GNU_SOURCE

#include "report/out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void fail(struct out *o, const char *what, const char *remedy)
{
    if (o->failed)
        return;
    o->failed = true;
    char reason[ERR_REASON_SIZE];
    err_set(&o->err, o->path ? o->path : "standard output", "%s: %s%s", what,
            err_reason(errno, reason), remedy);
}

/* Devices and pipes are written in place: there is nothing to replace. */
static bool is_special(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

/* A file without a name goes with the process, whatever ends it. -1 where the file system has none. */
static int open_nameless(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    int fd = folder ? open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600) : -1;
    free(folder);
    return fd;
}

/* Only a file with a name can take the place of another one: it gets its own beside it first. */
static bool give_name(struct out *o)
{
    char self[48];
    (void)snprintf(self, sizeof self, "/proc/self/fd/%d", o->fd);
    int taken = mkstemp(o->temporary);
    if (taken < 0)
        return false;
    (void)close(taken);
    o->nameless = unlink(o->temporary) != 0 ||
                  linkat(AT_FDCWD, self, AT_FDCWD, o->temporary, AT_SYMLINK_FOLLOW) != 0;
    return !o->nameless;
}

static bool open_file(struct out *o, const char *path)
{
    o->path = strdup(path);
    if (!o->path)
        return false;
    if (is_special(path)) {
        o->fd = open(path, O_WRONLY | O_CLOEXEC);
        return o->fd >= 0;
    }
    size_t size = strlen(path) + sizeof ".XXXXXX";
    o->temporary = malloc(size);
    if (!o->temporary)
        return false;
    (void)snprintf(o->temporary, size, "%s.XXXXXX", path);
    o->fd = open_nameless(path);
    o->nameless = o->fd >= 0;
    if (!o->nameless)
        o->fd = mkstemp(o->temporary);
    if (o->fd < 0) {
        free(o->temporary);
        o->temporary = NULL;
        return false;
    }
    /* mkstemp makes private files; a report is as readable as any other new file. */
    mode_t mask = umask(0);
    (void)umask(mask);
    return fchmod(o->fd, 0666 & ~mask) == 0;
}

bool out_open(struct out *o, const char *path)
{
    *o = (struct out){.fd = STDOUT_FILENO};
    if (path && strcmp(path, "-") != 0 && !open_file(o, path))
        fail(o, "cannot create the output file", "; check its folder");
    return !o->failed;
}

void out_open_deliver(struct out *o, out_deliver_fn *deliver, void *ctx)
{
    *o = (struct out){.fd = -1, .deliver = deliver, .ctx = ctx};
}

void out_flush(struct out *o)
{
    size_t done = 0;
    if (o->buf.failed) {
        errno = ENOMEM;
        fail(o, "cannot gather the output", "");
    }
    if (o->deliver && !o->failed)
        o->deliver(o->ctx, buf_view(&o->buf));
    while (!o->deliver && !o->failed && done < o->buf.len) {
        ssize_t n = write(o->fd, o->buf.data + done, o->buf.len - done);
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR)
            fail(o, "cannot write the output", "");
    }
    buf_reset(&o->buf);
}

bool out_commit(struct out *o)
{
    out_flush(o);
    if (o->path && !o->failed) {
        if (o->nameless && !give_name(o))
            fail(o, "cannot put the output file in its place", "");
        if (close(o->fd) != 0)
            fail(o, "cannot write the output file", "");
        o->fd = -1;
        if (o->temporary && !o->failed && rename(o->temporary, o->path) != 0)
            fail(o, "cannot put the output file in its place", "");
        if (!o->failed) {
            free(o->temporary);
            o->temporary = NULL;
        }
    }
    return !o->failed;
}

void out_close(struct out *o)
{
    if (o->path && o->fd >= 0)
        (void)close(o->fd);
    if (o->temporary && !o->nameless)
        (void)unlink(o->temporary);
    free(o->temporary);
    free(o->path);
    buf_clear(&o->buf);
}
