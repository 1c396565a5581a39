/*
 * base/mark: where and when in the captures something was seen.
 * SPDX-License-Identifier: MIT
 *
 * Times are nanoseconds since 1970 UTC, taken from the packets, never from the wall clock. Frame
 * numbers are 1-based positions in their capture file, as Wireshark shows them; 0 means "never".
 */
#ifndef BASE_MARK_H
#define BASE_MARK_H

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_US 1000LL
#define NS_PER_MS 1000000LL
#define NS_PER_S  1000000000LL

struct mark {
    int64_t ts_ns;
    uint32_t frame;
    uint32_t file; /* index of the capture file, 0-based */
};

static inline bool mark_set(struct mark m)
{
    return m.frame != 0;
}

#define TIME_TEXT_SIZE 32

/* Writes `ts_ns` as RFC 3339 UTC with microseconds ("2026-03-01T08:00:00.000000Z"); returns `out`.
 * Years outside 0..9999 are clamped. */
const char *time_text(int64_t ts_ns, char out[TIME_TEXT_SIZE]);

/* The newest time as text: the next one is mostly of the same second. Zeroed to begin with. */
struct time_memo {
    int64_t second;
    char text[TIME_TEXT_SIZE];
};

/* The same, in `memo`. */
const char *time_text_memo(int64_t ts_ns, struct time_memo *memo);

#endif
