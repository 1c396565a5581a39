/*
 * services/place: walks a JSON text along a path, without building anything.
 * SPDX-License-Identifier: MIT
 * RFC 8259.
 */
#include "place.h"

static uint8_t at(struct slice s, size_t pos)
{
    return pos < s.len ? s.data[pos] : 0;
}

static size_t skip_space(struct slice s, size_t pos)
{
    while (at(s, pos) == ' ' || at(s, pos) == '\t' || at(s, pos) == '\n' || at(s, pos) == '\r')
        pos++;
    return pos;
}

/* From an opening quote to behind the closing one. */
static size_t skip_string(struct slice s, size_t pos)
{
    for (pos++; pos < s.len && s.data[pos] != '"'; pos++) {
        if (s.data[pos] == '\\')
            pos++;
    }
    return pos + 1;
}

static bool ends_scalar(uint8_t c)
{
    return c == ',' || c == ']' || c == '}' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_nested(struct slice s, size_t pos)
{
    size_t depth = 0;
    while (pos < s.len) {
        uint8_t c = s.data[pos];
        if (c == '"') {
            pos = skip_string(s, pos);
            continue;
        }
        pos++;
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            break;
    }
    return pos;
}

static size_t skip_value(struct slice s, size_t pos)
{
    uint8_t c = at(s, pos);
    if (c == '"')
        return skip_string(s, pos);
    if (c == '{' || c == '[')
        return skip_nested(s, pos);
    while (pos < s.len && !ends_scalar(s.data[pos]))
        pos++;
    return pos;
}

/* To the next element or member; s.len behind the last. */
static size_t next(struct slice s, size_t pos)
{
    pos = skip_space(s, skip_value(s, pos));
    return at(s, pos) == ',' ? skip_space(s, pos + 1) : s.len;
}

static size_t find_element(struct slice s, size_t pos, size_t index)
{
    pos = skip_space(s, pos + 1);
    while (index-- > 0 && pos < s.len)
        pos = next(s, pos);
    return pos;
}

/* A key that is written with escapes is not found: then its object is the place. */
static size_t find_member(struct slice s, size_t pos, const char *key)
{
    pos = skip_space(s, pos + 1);
    while (at(s, pos) == '"') {
        size_t end = skip_string(s, pos);
        struct slice name = end > pos + 2 ? slice_sub(s, pos + 1, end - pos - 2) : slice_of("", 0);
        size_t value = skip_space(s, skip_space(s, end) + 1);
        if (slice_eq(name, slice_str(key)))
            return value;
        pos = next(s, value);
    }
    return s.len;
}

static struct place count(struct slice s, size_t pos)
{
    struct place p = {1, 1};
    for (size_t i = 0; i < pos && i < s.len; i++) {
        if (s.data[i] == '\n') {
            p.line++;
            p.column = 1;
        } else if ((s.data[i] & 0xc0) != 0x80) {
            p.column++;
        }
    }
    return p;
}

struct place place_find(struct slice json, const struct place_step *path, size_t depth)
{
    size_t pos = skip_space(json, 0);
    for (size_t i = 0; i < depth; i++) {
        size_t inner = json.len;
        if (path[i].key && at(json, pos) == '{')
            inner = find_member(json, pos, path[i].key);
        else if (!path[i].key && at(json, pos) == '[')
            inner = find_element(json, pos, path[i].index);
        if (inner >= json.len)
            break;
        pos = inner;
    }
    return count(json, pos);
}
