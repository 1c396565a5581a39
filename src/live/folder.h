/*
 * live/folder: a folder that was opened before rights were dropped, and files put into it.
 * SPDX-License-Identifier: MIT
 *
 * Files are made relative to the open folder, so that it stays the same one whatever becomes of its
 * path. A new folder is handed to the user the process will be; one that was there stays its owner's.
 */
#ifndef LIVE_FOLDER_H
#define LIVE_FOLDER_H

#include "base/slice.h"
#include "capture/rights.h"

#define FOLDER_NAME_MAX 128

struct folder {
    int fd; /* -1: none */
    const char *path;
};

/* Opens `path`, making it where it is not there. The path must outlive the folder. */
bool folder_open(struct folder *f, const char *path, const struct rights_user *user,
                 struct err *err);
void folder_close(struct folder *f);

/* After rights were dropped: whether this user can make files in it. */
bool folder_check(const struct folder *f, struct err *err);

/* Puts a whole file there, or none: readers never see half of it. */
bool folder_put(const struct folder *f, const char *name, struct slice bytes, struct err *err);
bool folder_remove(const struct folder *f, const char *name);

#endif
