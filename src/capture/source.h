/*
 * capture/source: one file or pipe that gives frames, whatever its format.
 * SPDX-License-Identifier: MIT
 *
 * A reader of a format is a constructor that takes over the bytes of an open descriptor and a pair of
 * functions. Frames borrow the intake's block until the reader's next call, so look-ahead over several
 * sources needs no copies. A file that cannot be read is a source too, one without frames.
 */
#ifndef CAPTURE_SOURCE_H
#define CAPTURE_SOURCE_H

#include "capture/capture.h"
#include "intake.h"

#define SPOILT_SIZE 96

/* What was passed over because it is broken inside, while the format goes on behind it. */
struct spoilt {
    uint32_t count;
    char what[SPOILT_SIZE]; /* the first one, */
    uint64_t packets;       /* how many packets before it, */
    uint64_t position;      /* and where */
};

struct source {
    /* Fills time, frame number, link type, lengths and bytes (not the file's index). False at the end,
     * also when that is damage. */
    bool (*next)(struct source *s, struct frame *out);
    void (*free)(struct source *s); /* what the reader allocated, `s` included */
    const char *where;              /* the name in messages */
    struct capture_file file;       /* kept up to date by the reader */
    uint64_t position;              /* bytes (unpacked) behind what was given so far */
    uint64_t size;                  /* of the file; 0 for pipes */
    bool over; /* nothing more comes: what there is to say of its end is said */
    struct spoilt spoilt;
    struct intake intake;
};

/* Opens a file or "-" and finds its format. A file that cannot be read gives a source without frames,
 * its damage noted. NULL when memory is out. */
struct source *source_open(const char *name, size_t block);
void source_close(struct source *s);

/* ---- for readers -------------------------------------------------------------------------------- */

/* Constructors: a source that takes over `in`; or NULL with `err` filled, and `in` is still the
 * caller's to clear. */
struct source *classic_open(struct intake *in, const char *where, struct err *err);
struct source *pcapng_open(struct intake *in, const char *where, struct err *err);

/* Whether a file of the format begins here. */
bool classic_begins(struct cursor look);
bool pcapng_begins(struct cursor look);

/* Nothing more comes: noted as damage when bytes are left over, unpacking or reading failed; or, while the
 * intake is pinned, nothing more of its block. Always false. */
bool source_end(struct source *s);

/* What comes next contradicts the format: noted as damage, nothing more is read. Always false. */
bool source_broken(struct source *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A file of another format stands behind this one: noted as damage, nothing more is read. Always false. */
bool source_followed(struct source *s, const char *format);

/* What stands at `position` is broken inside: noted as damage, but reading goes on behind it. */
void source_spoilt(struct source *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A number of a file whose byte order is the writer's; `swapped` says that it is little-endian. */
static inline uint32_t source_u32(struct cursor *c, bool swapped)
{
    uint32_t v = cur_be32(c);
    return swapped ? __builtin_bswap32(v) : v;
}

#endif
