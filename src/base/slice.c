/*
 * base/slice: comparing and cutting views of bytes.
 * SPDX-License-Identifier: MIT
 */
#include "base/slice.h"

bool slice_eq_nocase(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
            return false;
    }
    return true;
}

bool slice_starts(struct slice s, const char *prefix)
{
    size_t len = strlen(prefix);
    return s.len >= len && slice_eq(slice_sub(s, 0, len), slice_str(prefix));
}

bool slice_starts_nocase(struct slice s, const char *prefix)
{
    size_t len = strlen(prefix);
    return s.len >= len && slice_eq_nocase(slice_sub(s, 0, len), slice_str(prefix));
}

bool slice_has_nocase(struct slice s, const char *text)
{
    size_t len = strlen(text);
    uint8_t first = ascii_lower((uint8_t)text[0]);
    for (size_t i = 0; i + len <= s.len; i++) {
        if ((len == 0 || ascii_lower(s.data[i]) == first) &&
            slice_eq_nocase(slice_sub(s, i, len), slice_of(text, len)))
            return true;
    }
    return false;
}

size_t slice_find(struct slice s, size_t from, uint8_t c)
{
    if (from >= s.len)
        return s.len;
    const uint8_t *hit = memchr(s.data + from, c, s.len - from);
    return hit ? (size_t)(hit - s.data) : s.len;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

struct slice slice_trim(struct slice s)
{
    while (s.len > 0 && is_blank(s.data[s.len - 1]))
        s.len--;
    while (s.len > 0 && is_blank(s.data[0])) {
        s.data++;
        s.len--;
    }
    return s;
}
