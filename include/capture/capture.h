/*
 * capture/capture: frames from files and pipes, in time order.
 * SPDX-License-Identifier: MIT
 *
 * Formats: pcap and pcapng, as they are or compressed (gzip, Zstandard, LZ4), told by their first bytes.
 * Behind each other in one file or pipe they are read as one, unless their formats differ.
 * Several files are one deployment: their frames are merged by time, each keeping the number it has in
 * its own file. What of a file cannot be read costs no other: it is noted with the file.
 *
 * Names and comments that a file tells are bytes of strangers, to be escaped like names from the network.
 */
#ifndef CAPTURE_CAPTURE_H
#define CAPTURE_CAPTURE_H

#include "base/err.h"
#include "base/mark.h"
#include "base/slice.h"

#define CAPTURE_FILES_MAX      512
#define CAPTURE_INTERFACES_MAX 256 /* told of one file */
#define CAPTURE_COMMENTS_MAX   32  /* told of one file */

enum frame_direction {
    FRAME_DIRECTION_UNKNOWN,
    FRAME_INBOUND, /* seen by the capturing host as it came in */
    FRAME_OUTBOUND,
};

struct frame {
    struct mark at;
    int linktype; /* LINKTYPE_ value as stored in the file */
    uint32_t wire_len;
    struct slice bytes; /* valid until capture_batch is called again */

    /* What only pcapng files tell; 0 where they do not. */
    uint32_t
        interface; /* index in the file's interfaces, CAPTURE_INTERFACES_MAX for those beyond */
    enum frame_direction direction;
    bool dropped; /* the capturing host let the packet go no further (a filter, a firewall) */
    uint64_t
        group; /* Frames of one file that share this number may be copies of one packet, seen on
                       its way through the host (epb_packetid; pktmon's PktGroupId, which packets sent
                       down together share too: compare them); 0: not told */
};

struct capture_interface {
    const char *name;        /* "" where the file does not tell */
    const char *description; /* likewise */
    int linktype;
    uint32_t snaplen; /* 0: none */
    uint64_t packets; /* read so far */
    uint64_t inbound; /* of them, where the file tells directions */
    uint64_t outbound;
    uint64_t dropped; /* of them, frame.dropped */
    uint64_t drops;   /* frames that the file says the capture missed here */
};

struct capture_comment {
    uint32_t frame; /* 0: of the file as a whole */
    const char *text;
};

struct capture_file {
    const char *name;                           /* as given; "-" is standard input */
    const struct capture_interface *interfaces; /* in order of first sight */
    uint32_t interface_count;
    const struct capture_comment *comments; /* people's, on the file and on packets */
    uint32_t comment_count;
    uint64_t packets;      /* read so far */
    uint64_t bytes;        /* captured bytes read so far */
    uint64_t kernel_drops; /* frames that the file says its capture missed, on all interfaces */
    int64_t ended_ns; /* when the capture ended, of a file that tells and has all it had; else 0 */
    bool damaged;     /* some of it could not be read: damage says what */
    bool unread;      /* nothing of it could */
    struct err damage;
};

/* Sums over all files. */
struct capture_totals {
    uint32_t files;
    uint32_t unread_files;
    uint32_t damaged_files; /* some of which could not be read, or nothing */
    uint64_t kernel_drops;
    int64_t ended_ns; /* the latest */
};

struct capture;

struct capture_options {
    const char *filter; /* BPF expression, or NULL */
    void (*progress)(void *ctx, uint64_t bytes_read,
                     uint64_t bytes_total); /* or NULL; now and then */
    void *progress_ctx;
};

/* Opens all files ("-": standard input, once). A file that cannot be read, or is no capture, is noted as
 * such (unread) and gives no frames. NULL with `err` filled when names, filter or memory do not allow
 * reading any. The names must outlive the capture. */
struct capture *capture_open(const char *const *names, unsigned count,
                             const struct capture_options *options, struct err *err);
/* A capture to tell of: files that were read otherwise (the frames of interfaces). Nothing can be read from
 * it. NULL when memory is out; the files must outlive it, their array need not. */
struct capture *capture_view(const struct capture_file *const *files, unsigned count);
void capture_close(struct capture *c);

/* The next frames in time order, at most `max`: as many as lie side by side, at least one. 0 at the end of
 * all files. Frames that the filter rejects are passed over but keep their numbers. */
size_t capture_batch(struct capture *c, struct frame *out, size_t max);

/* The next one alone; false at the end. */
static inline bool capture_next(struct capture *c, struct frame *out)
{
    return capture_batch(c, out, 1) > 0;
}

unsigned capture_file_count(const struct capture *c);
const struct capture_file *capture_file(const struct capture *c, unsigned index);

/* Final once there are no more frames. */
struct capture_totals capture_totals(const struct capture *c);

#endif
