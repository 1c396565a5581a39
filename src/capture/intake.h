/*
 * capture/intake: the bytes of a file or pipe, a block at a time, unpacked where they are compressed.
 * SPDX-License-Identifier: MIT
 *
 * Frames are handed out where read(2) or the codec put them. What straddles the end of the block is moved
 * to its front before the next read; a pipe gives what has arrived, and nothing ever seeks.
 */
#ifndef CAPTURE_INTAKE_H
#define CAPTURE_INTAKE_H

#include "base/cursor.h"
#include "unpack.h"

struct intake {
    int fd;
    bool ended;  /* nothing more comes */
    bool pinned; /* what was shown has to stay where it is: nothing is read for now */
    int error;   /* errno of the read or allocation that ended it, else 0 */
    uint8_t *block;
    size_t room;           /* of the block */
    struct cursor unread;  /* overruns are SHORT */
    uint64_t taken;        /* bytes read from the file so far */
    struct unpack *unpack; /* or NULL: the bytes are as in the file */
};

/* `room` is how much to read at once. False when memory is out. The descriptor stays the caller's. */
bool intake_init(struct intake *in, int fd, size_t room);
void intake_clear(struct intake *in);

/* From here on, what is unread and what follows is unpacked. False when memory is out. */
bool intake_unpack(struct intake *in, const struct packing *packing);

/* Reads more behind what is unread, which may move; at least `need` bytes fit in all. False when
 * nothing came: pinned, the end, `error`, or trouble with unpacking. */
bool intake_more(struct intake *in, size_t need);

/* Drops what is unread; nothing more comes. */
void intake_stop(struct intake *in);

#endif
