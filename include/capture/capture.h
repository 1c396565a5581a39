/*
 * capture/capture: frames from files and pipes, in time order.
 * SPDX-License-Identifier: MIT
 *
 * Several files are one deployment: their frames are merged by time, each keeping the number it has in
 * its own file. A file that ends in damage is read up to the damage; capture_error then says where.
 */
#ifndef CAPTURE_CAPTURE_H
#define CAPTURE_CAPTURE_H

#include "base/err.h"
#include "base/intern.h"
#include "base/mark.h"
#include "base/slice.h"

#define CAPTURE_FILES_MAX 512

struct frame {
    struct mark at;
    int linktype; /* LINKTYPE_ value as stored in the file */
    uint32_t wire_len;
    struct slice bytes; /* valid until the next capture_next */
};

struct capture_file {
    const char *name;                /* as given; "-" is standard input */
    const struct intern *interfaces; /* names the file has told so far, or NULL; as the network's
                                        names they are bytes, to be escaped */
    int linktype;                    /* of the first interface; frames tell their own */
    uint32_t snaplen;                /* of the first interface */
    uint64_t packets;                /* read so far */
    uint64_t bytes;                  /* captured bytes read so far */
    uint64_t kernel_drops;           /* frames that the file says its capture missed */
    bool damaged;                    /* it ended before its end: damage.text says how */
    struct err damage;
};

/* Sums over all files. */
struct capture_totals {
    uint32_t files;
    uint64_t kernel_drops;
};

struct capture;

struct capture_options {
    const char *filter; /* BPF expression, or NULL */
    void (*progress)(void *ctx, uint64_t bytes_read,
                     uint64_t bytes_total); /* or NULL; now and then */
    void *progress_ctx;
};

/* Opens all files ("-": standard input, once). NULL with `err` filled when one cannot be read or is
 * no capture: nothing was read then. The names must outlive the capture. */
struct capture *capture_open(const char *const *names, unsigned count,
                             const struct capture_options *options, struct err *err);
void capture_close(struct capture *c);

/* The next frame in time order; false at the end of all files. Frames that the filter rejects are
 * passed over but keep their numbers. */
bool capture_next(struct capture *c, struct frame *out);

unsigned capture_file_count(const struct capture *c);
const struct capture_file *capture_file(const struct capture *c, unsigned index);

/* Final once capture_next gave false. */
struct capture_totals capture_totals(const struct capture *c);

#endif
