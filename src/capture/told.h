/*
 * capture/told: what a file tells of itself: its interfaces and people's comments.
 * SPDX-License-Identifier: MIT
 *
 * Sections of one file that describe the same interfaces (files put behind each other, a capture that was
 * stopped and started) are told as one. Capped: what is beyond is counted with the file, not told.
 */
#ifndef CAPTURE_TOLD_H
#define CAPTURE_TOLD_H

#include "base/arena.h"
#include "base/intern.h"
#include "capture/capture.h"

struct told {
    struct capture_file *file; /* whose lists these are */
    struct intern *descriptions;
    struct capture_interface *interfaces; /* one more than are told: all beyond the cap */
    struct capture_comment *comments;
    struct arena texts;
};

/* What an interface is recognised by. */
struct description {
    uint32_t number; /* in its section */
    int linktype;
    uint32_t snaplen;
    struct slice name;
    struct slice text;
};

/* False when memory is out; told_clear is due all the same. */
bool told_init(struct told *t, struct capture_file *file);
void told_clear(struct told *t);

/* Index of the interface, added when new; CAPTURE_INTERFACES_MAX beyond the cap. */
uint32_t told_interface(struct told *t, const struct description *d);

/* `frame` 0: on the file. Comments that programs write on every packet are left out. */
void told_comment(struct told *t, uint32_t frame, struct slice text);

#endif
