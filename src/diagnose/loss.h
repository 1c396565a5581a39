/*
 * diagnose/loss: when the capture lost packets, by the minute.
 * SPDX-License-Identifier: MIT
 *
 * Drops that whoever captures told of with their time, conversations that lack packets. What cannot be put
 * into a few minutes (the count at the end of a file, a long connection) is not here. Of several losses
 * in one minute nobody knows which one took the packet that is missing. And silences: whether nothing was
 * sent then or nothing captured, no packet tells. Private to diagnose.
 */
#ifndef DIAGNOSE_LOSS_H
#define DIAGNOSE_LOSS_H

#include "base/map.h"
#include "base/mark.h"
#include "pool.h"

#define LOSS_MINUTES_MAX  10080U /* a week */
#define LOSS_SILENCES_MAX 4096U

struct losses {
    struct map by_minute;
    struct pool minutes;  /* struct loss */
    struct pool silences; /* int64_t: when each began, in this order */
    uint64_t drops;       /* that the minutes know of */
};

/* What was lost in a minute, or around something. */
struct loss {
    uint64_t drops;  /* frames, by the capture's own count */
    uint32_t gapped; /* conversations that lack packets */
};

/* `frames` were dropped at some time from `since_ns` to `until_ns`. */
void loss_drops(struct losses *l, int64_t since_ns, int64_t until_ns, uint64_t frames);
/* A conversation that lasted so long lacks packets. */
void loss_gap(struct losses *l, int64_t since_ns, int64_t until_ns);
/* After `since_ns` no packet came for a while. Told in order of time. */
void loss_silence(struct losses *l, int64_t since_ns);
/* What was lost in the minutes of an exchange that began at `at_ns` and of its answer. */
struct loss loss_around(const struct losses *l, int64_t at_ns);
/* Whether a silence begins in this time. */
bool loss_silent(const struct losses *l, int64_t from_ns, int64_t until_ns);

#endif
