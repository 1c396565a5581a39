/*
 * report/out: where a report goes.
 * SPDX-License-Identifier: MIT
 *
 * Writers append to `buf`; out_flush hands it to the descriptor. A file is written beside its place and
 * put there by out_commit, so that a reader never sees half a report; standard output is written as it
 * comes. The first error stays in `err`; what follows is dropped.
 */
#ifndef REPORT_OUT_H
#define REPORT_OUT_H

#include "base/buf.h"
#include "base/err.h"

/* Above this many bytes out_wrote flushes. */
#define OUT_FLUSH_BYTES 262144U

/* Gets the finished bytes of a writer that has no descriptor. */
typedef void out_deliver_fn(void *ctx, struct slice bytes);

struct out {
    struct buf buf;
    struct err err;
    char *path; /* NULL: standard output */
    char *temporary;
    int fd;
    bool nameless; /* the file: it gets the name `temporary` when it is complete */
    bool failed;
    out_deliver_fn *deliver; /* takes the bytes instead of a descriptor, or NULL */
    void *ctx;
};

/* `path` NULL or "-": standard output. false with out->err filled when it cannot be created. */
bool out_open(struct out *o, const char *path);

/* Hands everything to `deliver`, at least after every OUT_FLUSH_BYTES. */
void out_open_deliver(struct out *o, out_deliver_fn *deliver, void *ctx);

void out_flush(struct out *o);

/* A writer finished a record: flushes when much has gathered. */
static inline void out_wrote(struct out *o)
{
    if (o->buf.len >= OUT_FLUSH_BYTES)
        out_flush(o);
}

/* Writes the rest and puts the file in its place. false when anything failed, with out->err filled. */
bool out_commit(struct out *o);

/* Frees; a file that was not committed is removed. */
void out_close(struct out *o);

#endif
