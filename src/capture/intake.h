/*
 * capture/intake: the bytes of a file or pipe, a block at a time.
 * SPDX-License-Identifier: MIT
 *
 * Frames are handed out where read(2) put them. What straddles the end of the block is moved to its
 * front before the next read; a pipe gives what has arrived, and nothing ever seeks.
 */
#ifndef CAPTURE_INTAKE_H
#define CAPTURE_INTAKE_H

#include "base/cursor.h"

struct intake {
    int fd;
    bool ended; /* nothing more comes */
    int error;  /* errno of the read or allocation that ended it, else 0 */
    uint8_t *block;
    size_t room;          /* of the block */
    struct cursor unread; /* overruns are SHORT */
};

/* `room` is how much to read at once. False when memory is out. The descriptor stays the caller's. */
bool intake_init(struct intake *in, int fd, size_t room);
void intake_clear(struct intake *in);

/* Reads more behind what is unread, which may move; at least `need` bytes fit in all. False when
 * nothing came: the end, or `error`. */
bool intake_more(struct intake *in, size_t need);

/* Drops what is unread; nothing more comes. */
void intake_stop(struct intake *in);

#endif
