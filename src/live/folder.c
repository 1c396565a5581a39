/*
 * live/folder: openat and its kin.
 * SPDX-License-Identifier: MIT
 */
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_MODE 0750
#define FILE_MODE   0640
#define PROBE_NAME  ".oobescope"

static bool failed(struct err *err, const char *path, const char *what, const char *remedy)
{
    char reason[ERR_REASON_SIZE];
    err_set(err, path, "%s: %s; %s", what, err_reason(errno, reason), remedy);
    return false;
}

bool folder_open(struct folder *f, const char *path, const struct rights_user *user,
                 struct err *err)
{
    *f = (struct folder){-1, path};
    bool made = mkdir(path, FOLDER_MODE) == 0;
    if (!made && errno != EEXIST)
        return failed(err, path, "cannot be made", "make the folder it lies in first");
    f->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->fd < 0)
        return failed(err, path, "cannot be opened", "name a folder");
    if (made && user->change && fchown(f->fd, user->uid, user->gid) != 0)
        return failed(err, path, "cannot be handed to the user", "make it by hand");
    return true;
}

void folder_close(struct folder *f)
{
    if (f->fd >= 0)
        (void)close(f->fd);
    f->fd = -1;
}

static bool write_all(int fd, struct slice bytes)
{
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = write(fd, bytes.data + done, bytes.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

/* A leftover of a run that was killed is in nobody's way: it is written over. */
static bool put(const struct folder *f, const char *temporary, const char *name, struct slice bytes)
{
    int fd =
        openat(f->fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return false;
    bool good = write_all(fd, bytes);
    good = close(fd) == 0 && good;
    if (good && renameat(f->fd, temporary, f->fd, name) == 0)
        return true;
    int why = errno;
    (void)unlinkat(f->fd, temporary, 0);
    errno = why;
    return false;
}

bool folder_put(const struct folder *f, const char *name, struct slice bytes, struct err *err)
{
    char temporary[FOLDER_NAME_MAX + 16];
    (void)snprintf(temporary, sizeof temporary, ".%.*s.part", FOLDER_NAME_MAX, name);
    if (put(f, temporary, name, bytes))
        return true;
    return failed(err, f->path, "a file cannot be written there", "make room, or check its owner");
}

bool folder_remove(const struct folder *f, const char *name)
{
    return unlinkat(f->fd, name, 0) == 0;
}

bool folder_check(const struct folder *f, struct err *err)
{
    struct slice nothing = slice_of("", 0);
    if (put(f, PROBE_NAME ".part", PROBE_NAME, nothing) && folder_remove(f, PROBE_NAME))
        return true;
    return failed(err, f->path, "the user that --user names cannot write there",
                  "chown the folder to that user");
}
