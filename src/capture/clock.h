/*
 * capture/clock: time stamps of any resolution to nanoseconds.
 * SPDX-License-Identifier: MIT
 *
 * if_tsresol and if_tsoffset of draft-ietf-opsawg-pcapng, section 4.2. Times before 1970 and after
 * CLOCK_NS_MAX are clamped.
 */
#ifndef CAPTURE_CLOCK_H
#define CAPTURE_CLOCK_H

#include <stdint.h>

/* In the year 2116: sums and differences of times do not overflow. */
#define CLOCK_NS_MAX (INT64_MAX / 2)

/* ns = (ticks * multiply >> shift) / divide + offset_ns */
struct clock {
    uint64_t multiply;
    uint64_t divide; /* 0: not (a check for 1 would be optimized into a division) */
    unsigned shift;
    int64_t offset_ns; /* within CLOCK_NS_MAX, either way */
};

/* Microseconds since 1970. */
struct clock clock_default(void);

/* `resolution` is a negative power of 10, or of 2 when the upper bit is set. */
void clock_set_resolution(struct clock *clock, uint8_t resolution);
void clock_set_offset(struct clock *clock, int64_t seconds);

static inline int64_t clock_ns(const struct clock *clock, uint64_t ticks)
{
    __uint128_t scaled = (__uint128_t)ticks * clock->multiply >> clock->shift;
    if (clock->divide != 0)
        scaled /= clock->divide;
    int64_t ns = scaled > CLOCK_NS_MAX ? CLOCK_NS_MAX : (int64_t)scaled;
    ns += clock->offset_ns;
    return ns < 0 ? 0 : ns > CLOCK_NS_MAX ? CLOCK_NS_MAX : ns;
}

#endif
