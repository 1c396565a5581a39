/*
 * capture/tap: frames from network interfaces as they pass.
 * SPDX-License-Identifier: MIT
 *
 * The counterpart of capture/capture for live traffic: each interface has a ring in the kernel that is
 * emptied in batches. An interface that goes down is waited for; one that is gone for good is told once.
 * Interfaces count as files: a frame's mark has the interface's index and its own count of frames.
 */
#ifndef CAPTURE_TAP_H
#define CAPTURE_TAP_H

#include "capture/capture.h"

#define TAP_INTERFACES_MAX 16
#define TAP_SNAPLEN_MAX    262144U
#define TAP_BUFFER_MIN     (1U << 20)
#define TAP_BUFFER_MAX     (1U << 30)

struct tap_options {
    const char *filter;    /* BPF expression, or NULL */
    uint32_t snaplen;      /* bytes kept of a frame */
    uint32_t buffer_bytes; /* of each interface's ring in the kernel */
    bool promiscuous;      /* frames for others too: what a mirror port gives */
};

struct tap;

/* Opens all interfaces. NULL with `err` filled: what is wrong with which, and the remedy. The names
 * must outlive the tap. Needs the right to capture; reading does not. */
struct tap *tap_open(const char *const *names, unsigned count, const struct tap_options *options,
                     struct err *err);
void tap_close(struct tap *t);

unsigned tap_count(const struct tap *t);
/* Name, link type, counts and, in `kernel_drops`, what tap_drops found last. */
const struct capture_file *tap_file(const struct tap *t, unsigned index);

/* Time of the frame that was handed out last; 0: none yet. */
int64_t tap_newest(const struct tap *t, unsigned index);

/* A descriptor that polls readable when frames wait; -1 for an interface that is gone. */
int tap_fd(const struct tap *t, unsigned index);

/* In order, up to TAP_BATCH of them; valid for the call. */
#define TAP_BATCH 32
typedef void tap_frames_fn(void *ctx, const struct frame *frames, size_t count);

enum tap_state {
    TAP_IDLE, /* the ring is empty */
    TAP_MORE, /* frames were handed out, there may be more */
    TAP_GONE, /* the interface is gone for good: `err` says it, this once */
};

/* Hands out what waits, up to some thousand frames. */
enum tap_state tap_read(struct tap *t, unsigned index, tap_frames_fn *fn, void *ctx,
                        struct err *err);

struct tap_drops {
    uint64_t kernel;    /* the ring was full */
    uint64_t interface; /* the interface or its driver lost them */
};

/* Since the interface was opened. */
struct tap_drops tap_drops(struct tap *t, unsigned index);

/* Calls `fn` for every interface that can be captured. */
bool tap_list(void (*fn)(void *ctx, const char *name, const char *description), void *ctx,
              struct err *err);

#endif
