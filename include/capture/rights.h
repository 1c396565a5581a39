/*
 * capture/rights: the process gives its rights up before it reads the first packet.
 * SPDX-License-Identifier: MIT
 *
 * Order: open interfaces, folders and sockets; rights_drop; rights_confine; read. Neither can be undone,
 * and both report failure instead of going on half-way: the caller must not read a packet then.
 */
#ifndef CAPTURE_RIGHTS_H
#define CAPTURE_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define RIGHTS_NAME_MAX 64

struct rights_user {
    char name[RIGHTS_NAME_MAX];
    uint32_t uid;
    uint32_t gid;
    bool change; /* the process is root and is to become this user; else it stays who it is */
};

/* Who the process is to be: `name`, or NULL for "nobody" when it is root. Root itself is refused. */
bool rights_user(struct rights_user *out, const char *name, struct err *err);

/* Becomes the user, with no capability left and no way to new ones, and checks that it is so. */
bool rights_drop(const struct rights_user *user, struct err *err);

/* From here on a system call that the loop has no need of ends the process (SIGSYS). Files can be
 * opened for reading anywhere the user may, for writing only relative to an open folder. */
bool rights_confine(struct err *err);

#endif
