/*
 * capture/clock: time stamps of any resolution to nanoseconds.
 * SPDX-License-Identifier: MIT
 */
#include "clock.h"

#include "base/mark.h"

#define POWERS_OF_TEN        20 /* 10^19 is the last that 64 bits hold */
#define NANO_EXPONENT        9
#define DEFAULT_RESOLUTION   6    /* microseconds */
#define RESOLUTION_IS_BINARY 0x80 /* the rest is a negative power of 2, not of 10 */

static uint64_t power_of_ten(unsigned exponent)
{
    uint64_t power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

struct clock clock_default(void)
{
    struct clock clock = {.offset_ns = 0};
    clock_set_resolution(&clock, DEFAULT_RESOLUTION);
    return clock;
}

void clock_set_resolution(struct clock *clock, uint8_t resolution)
{
    unsigned exponent = resolution & (RESOLUTION_IS_BINARY - 1U);
    clock->shift = 0;
    clock->divide = 0;
    if (resolution & RESOLUTION_IS_BINARY) {
        clock->multiply = NS_PER_S;
        clock->shift = exponent;
    } else if (exponent <= NANO_EXPONENT) {
        clock->multiply = power_of_ten(NANO_EXPONENT - exponent);
    } else if (exponent < NANO_EXPONENT + POWERS_OF_TEN) {
        clock->multiply = 1;
        clock->divide = power_of_ten(exponent - NANO_EXPONENT);
    } else {
        clock->multiply = 0; /* all that 64 bits count is less than a nanosecond */
    }
}

void clock_set_offset(struct clock *clock, int64_t seconds)
{
    const int64_t most = CLOCK_NS_MAX / NS_PER_S;
    clock->offset_ns = (seconds > most ? most : seconds < -most ? -most : seconds) * NS_PER_S;
}
