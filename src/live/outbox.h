/*
 * live/outbox: lines on their way to a file, standard output or a Unix socket.
 * SPDX-License-Identifier: MIT
 *
 * Nothing here waits for a reader or a disk: lines that cannot be written yet wait in a bounded buffer,
 * and when that is full new ones are counted and let go. A line is never cut: what follows a partial
 * write is its rest, or, to a reader that went away and came back, the next whole line.
 * (A write to a file waits for the file system; on a local disk that is its cache.)
 */
#ifndef LIVE_OUTBOX_H
#define LIVE_OUTBOX_H

#include "base/buf.h"
#include "folder.h"

#define OUTBOX_BYTES_MAX (16U << 20)
#define OUTBOX_UNIX      "unix:" /* a target that begins so is the path of a socket */

enum outbox_kind {
    OUTBOX_NONE,
    OUTBOX_FILE,
    OUTBOX_STREAM, /* standard output or error */
    OUTBOX_SOCKET,
};

struct outbox {
    enum outbox_kind kind;
    const char *target;
    struct folder folder; /* of OUTBOX_FILE */
    const char *name;     /* in it */
    int fd;               /* -1: closed, to be tried again */
    struct buf waiting;
    size_t sent;     /* of waiting */
    bool mid_line;   /* the last byte that went out did not end a line */
    int error;       /* why nothing goes out now, as an errno; 0 where it does */
    int64_t next_ns; /* when to try again */
    uint64_t lines;  /* taken */
    uint64_t lost;   /* let go */
    char folder_path[4096];
};

/* A target is a file, "-" (standard output) or "unix:PATH"; NULL: lines go nowhere. A socket nobody
 * listens on yet is tried again and again. */
bool outbox_open(struct outbox *o, const char *target, const struct rights_user *user,
                 struct err *err);
/* An open descriptor: standard output or error. */
bool outbox_stream(struct outbox *o, int fd, struct err *err);
void outbox_close(struct outbox *o);

/* Takes whole lines. */
void outbox_put(struct outbox *o, struct slice lines);
/* Writes what can be written at `now_ns`. */
void outbox_drain(struct outbox *o, int64_t now_ns);
/* Opens the file anew, as after logrotate moved it away. */
void outbox_reopen(struct outbox *o);

#endif
