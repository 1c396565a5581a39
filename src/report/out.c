/*
 * report/out: descriptors, partial writes, atomic replacement.
 * SPDX-License-Identifier: MIT
 */
#include "report/out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void fail(struct out *o, const char *what)
{
    if (o->failed)
        return;
    o->failed = true;
    char reason[128];
    if (strerror_r(errno, reason, sizeof reason) != 0)
        reason[0] = '\0';
    err_set(&o->err, o->path ? o->path : "standard output", "%s: %s", what, reason);
}

/* Devices and pipes are written in place: there is nothing to replace. */
static bool is_special(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
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
        fail(o, "cannot create the output file");
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
        fail(o, "cannot gather the output");
    }
    if (o->deliver && !o->failed)
        o->deliver(o->ctx, buf_view(&o->buf));
    while (!o->deliver && !o->failed && done < o->buf.len) {
        ssize_t n = write(o->fd, o->buf.data + done, o->buf.len - done);
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR)
            fail(o, "cannot write the output");
    }
    buf_reset(&o->buf);
}

bool out_commit(struct out *o)
{
    out_flush(o);
    if (o->path && !o->failed) {
        if (close(o->fd) != 0)
            fail(o, "cannot write the output file");
        o->fd = -1;
        if (o->temporary && !o->failed && rename(o->temporary, o->path) != 0)
            fail(o, "cannot put the output file in its place");
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
    if (o->temporary)
        (void)unlink(o->temporary);
    free(o->temporary);
    free(o->path);
    buf_clear(&o->buf);
}
