/*
 * capture/clock: time stamps of any resolution to nanoseconds.
 * SPDX-License-Identifier: MIT
 *
 * if_tsresol and if_tsoffset of draft-ietf-opsawg-pcapng, section 4.2. Times that 64 bits of nanoseconds
 * do not hold are clamped.
 */
#ifndef CAPTURE_CLOCK_H
#define CAPTURE_CLOCK_H

#include <stdint.h>

/* ns = (ticks * multiply >> shift) / divide + offset_ns */
struct clock {
    uint64_t multiply;
    uint64_t divide;
    unsigned shift;
    int64_t offset_ns;
};

/* Microseconds since 1970. */
struct clock clock_default(void);

/* `resolution` is a negative power of 10, or of 2 when the upper bit is set. */
void clock_set_resolution(struct clock *clock, uint8_t resolution);
void clock_set_offset(struct clock *clock, int64_t seconds);

static inline int64_t clock_ns(const struct clock *clock, uint64_t ticks)
{
    __uint128_t scaled = (__uint128_t)ticks * clock->multiply >> clock->shift;
    if (clock->divide != 1)
        scaled /= clock->divide;
    int64_t ns = scaled > INT64_MAX ? INT64_MAX : (int64_t)scaled;
    int64_t sum;
    if (__builtin_add_overflow(ns, clock->offset_ns, &sum))
        return clock->offset_ns < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

#endif
