/*
 * base/escape: UTF-8 (RFC 3629), JSON strings (RFC 8259 section 7), terminal-safe text.
 * SPDX-License-Identifier: MIT
 */
#include "base/escape.h"

static const char hex_digits[] = "0123456789abcdef";

/* Smallest code point that needs 2, 3 and 4 bytes: shorter ones are overlong. */
static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};

static size_t announced_length(uint8_t lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead < 0xe0)
        return 2;
    if ((lead & 0xf0) == 0xe0)
        return 3;
    return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

/* The code point of the character `s` begins with; `length` 0 when it is not valid. */
static uint32_t decode(struct slice s, size_t *length)
{
    *length = 0;
    size_t n = s.len > 0 ? announced_length(s.data[0]) : 0;
    if (n == 0 || n > s.len)
        return 0;
    uint32_t point = n == 1 ? s.data[0] : s.data[0] & (0x7fU >> n);
    for (size_t i = 1; i < n; i++) {
        if ((s.data[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (s.data[i] & 0x3f);
    }
    bool surrogate = point >= 0xd800 && point <= 0xdfff;
    if (point < smallest[n] || surrogate || point > 0x10ffff)
        return 0;
    *length = n;
    return point;
}

size_t utf8_length(struct slice s)
{
    size_t length = 0;
    decode(s, &length);
    return length;
}

/* Characters that change what a terminal shows without being seen: C0, DEL, C1, line separators,
 * zero-width and bidirectional controls, byte order mark. All of the basic plane. */
static bool is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) ||
           (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

static void json_point(struct buf *b, uint32_t point)
{
    buf_str(b, "\\u");
    for (unsigned shift = 16; shift > 0; shift -= 4)
        buf_char(b, hex_digits[point >> (shift - 4) & 15]);
}

static void json_special(struct buf *b, uint8_t c)
{
    switch (c) {
    case '"':
        buf_str(b, "\\\"");
        break;
    case '\\':
        buf_str(b, "\\\\");
        break;
    case '\n':
        buf_str(b, "\\n");
        break;
    case '\r':
        buf_str(b, "\\r");
        break;
    case '\t':
        buf_str(b, "\\t");
        break;
    default:
        json_point(b, c);
        break;
    }
}

static bool json_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

#define EACH(byte) (0x0101010101010101ULL * (byte))

/* The high bit of each byte of `word` that is zero; of those behind the first one it may be set as well. */
static uint64_t zeros(uint64_t word)
{
    return (word - EACH(1)) & ~word & EACH(0x80);
}

/* How many bytes at the front are plain, looked at eight by eight as long as there are so many. */
static size_t plain_length(struct slice s)
{
    size_t n = 0;
    for (; s.len - n >= 8; n += 8) {
        uint64_t w;
        memcpy(&w, s.data + n, sizeof w);
        uint64_t low = (w - EACH(0x20)) & ~w & EACH(0x80); /* control characters */
        uint64_t odd = low | (w & EACH(0x80)) | zeros(w ^ EACH('"')) | zeros(w ^ EACH('\\')) |
                       zeros(w ^ EACH(0x7f));
        if (odd)
            break;
    }
    while (n < s.len && json_plain(s.data[n]))
        n++;
    return n;
}

/* The character that `s` begins with, which is not plain; its length. */
static size_t json_odd(struct buf *b, struct slice s)
{
    size_t length;
    uint32_t point = decode(s, &length);
    if (length == 0) {
        buf_str(b, "\xef\xbf\xbd"); /* U+FFFD */
        return 1;
    }
    if (length == 1)
        json_special(b, s.data[0]);
    else if (is_control(point))
        json_point(b, point);
    else
        buf_bytes(b, s.data, length);
    return length;
}

void escape_json(struct buf *b, struct slice s)
{
    buf_char(b, '"');
    while (s.len > 0) {
        size_t plain = plain_length(s);
        buf_bytes(b, s.data, plain);
        s = slice_sub(s, plain, s.len);
        if (s.len > 0)
            s = slice_sub(s, json_odd(b, s), s.len);
    }
    buf_char(b, '"');
}

void escape_text(struct buf *b, struct slice s)
{
    while (s.len > 0) {
        size_t length = 0;
        uint32_t point = decode(s, &length);
        if (length > 0 && !is_control(point)) {
            buf_bytes(b, s.data, length);
        } else {
            length = length ? length : 1;
            for (size_t i = 0; i < length; i++) {
                buf_str(b, "\\x");
                buf_char(b, hex_digits[s.data[i] >> 4]);
                buf_char(b, hex_digits[s.data[i] & 15]);
            }
        }
        s = slice_sub(s, length, s.len);
    }
}
