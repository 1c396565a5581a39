/*
 * tests/unit/unit: what every unit test includes first.
 * SPDX-License-Identifier: MIT
 */
#ifndef UNIT_H
#define UNIT_H

/* clang-format off: cmocka.h needs these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "base/slice.h"

/* An exact-size heap copy, so that the sanitizer sees the first byte read too far. Free with free(). */
static inline uint8_t *unit_copy(const void *data, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    if (len)
        memcpy(copy, data, len);
    return copy;
}

/* The bytes of a slice equal a C string. */
#define assert_slice_equal(s, text)                                  \
    do {                                                             \
        struct slice slice_equal_s = (s);                            \
        assert_int_equal(slice_equal_s.len, strlen(text));           \
        assert_memory_equal(slice_equal_s.data, text, strlen(text)); \
    } while (0)

#endif
