/*
 * live/drops: how many packets a sensor missed, and when.
 * SPDX-License-Identifier: MIT
 *
 * Interfaces count drops, they do not say when: what a count rose by was lost since it was looked at
 * before. Frames that are read now were captured before that, as far back as the ring reaches; so the last
 * losses are kept, for devices whose first packet was captured before a loss and read after it.
 */
#ifndef LIVE_DROPS_H
#define LIVE_DROPS_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/tap.h"

#define DROPS_KEPT 64

/* Lost at some time between two looks, of the clock that stamps packets. */
struct loss_span {
    int64_t since_ns;
    int64_t until_ns;
    uint64_t frames;
};

/* What never became an analysis. */
struct drop_counts {
    struct tap_drops tap;
    uint64_t turned_away; /* packets of devices there was no room for */
};

struct drops {
    struct drop_counts all;
    struct drop_counts minute; /* in the minute before this one */
    struct drop_counts minute_start;
    int64_t minute_ns;
    int64_t looked_ns; /* 0: never */
    struct loss_span kept[DROPS_KEPT];
    uint32_t count; /* of losses so far; the newest DROPS_KEPT are kept */
};

/* All frames that were dropped so far. */
static inline uint64_t drops_frames(const struct drops *d)
{
    return d->all.tap.kernel + d->all.tap.interface;
}

/* Takes what the counts are now; true when frames were lost since the last look: see drops_newest. */
bool drops_look(struct drops *d, struct drop_counts now, int64_t clock_ns);
struct loss_span drops_newest(const struct drops *d);

/* Every minute once true: `minute` is new then. */
bool drops_minute(struct drops *d, int64_t clock_ns);

/* The losses kept that may have hit something that began at `ts_ns`, the oldest first; their number. */
uint32_t drops_after(const struct drops *d, int64_t ts_ns, struct loss_span out[DROPS_KEPT]);

#endif
