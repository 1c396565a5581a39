/*
 * capture/source: one file or pipe that gives frames, whatever its format.
 * SPDX-License-Identifier: MIT
 *
 * A reader of a format is a constructor that takes over an open descriptor and a pair of functions.
 * Frames borrow the reader's buffer until its next call, so look-ahead over several sources needs no
 * copies.
 */
#ifndef CAPTURE_SOURCE_H
#define CAPTURE_SOURCE_H

#include "capture/capture.h"

/* No capture program writes bigger frames; libpcap draws the line here too. */
#define FRAME_BYTES_MAX 262144

struct source {
    /* Fills time, frame number, link type, lengths and bytes (not the file's index). False at the end,
     * also when that is damage. */
    bool (*next)(struct source *s, struct frame *out);
    void (*close)(struct source *s); /* frees `s` too */
    const char *where;               /* the name in messages */
    struct capture_file file;        /* kept up to date by the reader */
    uint64_t position;               /* bytes of the file behind the frames given so far */
    uint64_t size;                   /* of the file; 0 for pipes */
};

/* What the readers are given: they own `fd` only when they succeed. */
struct source_input {
    const char *name;
    const char *where;
    int fd;
    uint8_t first; /* the byte that was read to tell the formats apart */
    uint64_t size;
    size_t block; /* how much to read at once */
};

/* Opens a file or "-" and finds its format. */
struct source *source_open(const char *name, size_t block, struct err *err);

/* Notes damage: how the file ended, after which packet and where; the rest of the line is common. */
void source_damage(struct source *s, const char *how);

/* read(2) until something came: bytes, 0 at the end, -1 with errno. */
long source_read(int fd, void *out, size_t room);

/* src/capture/classic.c: the pcap format. `odd` is set when it is a variant left to libpcap. */
struct source *classic_open(const struct source_input *in, bool *odd, struct err *err);

/* src/capture/pcap.c: what libpcap reads. `unread` says that in->first was taken off the descriptor. */
struct source *pcap_source_open(const struct source_input *in, bool unread, struct err *err);

/* src/capture/pcap.c: BPF expressions. */
struct filter;
struct filter *filter_new(const char *expression, int linktype, struct err *err);
bool filter_match(const struct filter *f, const struct frame *frame);
void filter_free(struct filter *f);

#endif
