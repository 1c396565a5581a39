/*
 * base/slice: a borrowed view of bytes.
 * SPDX-License-Identifier: MIT
 *
 * A slice never owns what it points at: whoever hands one out says how long it
 * stays valid (usually: for the call). Keep it longer by copying it into an arena.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const uint8_t *data;
    size_t len;
};

static inline struct slice slice_of(const void *data, size_t len)
{
    return (struct slice){data, len};
}

static inline struct slice slice_str(const char *text)
{
    return (struct slice){(const uint8_t *)text, strlen(text)};
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline uint8_t ascii_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* Equal but for the case of ASCII letters. */
bool slice_eq_nocase(struct slice a, struct slice b);

/* Whether `s` begins with the text `prefix` (case counts / does not count). */
bool slice_starts(struct slice s, const char *prefix);
bool slice_starts_nocase(struct slice s, const char *prefix);

/* Whether the text stands somewhere in `s`, whatever the case of ASCII letters. */
bool slice_has_nocase(struct slice s, const char *text);

/* Position of the first byte `c` at or after `from`; s.len when there is none. */
size_t slice_find(struct slice s, size_t from, uint8_t c);

/* The bytes [from, from + len), cut to what there is. */
static inline struct slice slice_sub(struct slice s, size_t from, size_t len)
{
    if (from >= s.len)
        return slice_of(s.data, 0);
    size_t left = s.len - from;
    return slice_of(s.data + from, len < left ? len : left);
}

/* Without spaces and tabs at both ends. */
struct slice slice_trim(struct slice s);

#endif
