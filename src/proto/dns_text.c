/*
 * proto/dns_text: appending to the text of a message, within bounds.
 * SPDX-License-Identifier: MIT
 * RFC 1035 section 5.1 (zone files), RFC 4648 (base 64 and 16).
 */
#include "dns_text.h"

#define U32_DIGITS 10

void text_bytes(struct text *t, struct slice s)
{
    size_t room = t->cap - t->len;
    size_t n = s.len < room ? s.len : room;
    if (n > 0)
        memcpy(t->data + t->len, s.data, n);
    t->len += (uint32_t)n;
    t->cut |= n < s.len;
}

void text_str(struct text *t, const char *s)
{
    text_bytes(t, slice_str(s));
}

void text_u32(struct text *t, uint32_t v)
{
    uint8_t digits[U32_DIGITS];
    size_t at = sizeof digits;
    do {
        digits[--at] = (uint8_t)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    text_bytes(t, slice_of(digits + at, sizeof digits - at));
}

void text_hex(struct text *t, struct slice s)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < s.len && !t->cut; i++) {
        text_char(t, (uint8_t)digits[s.data[i] >> 4]);
        text_char(t, (uint8_t)digits[s.data[i] & 15]);
    }
}

void text_base64(struct text *t, struct slice s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < s.len && !t->cut; i += 3) {
        size_t left = s.len - i;
        uint32_t group = (uint32_t)s.data[i] << 16;
        if (left > 1)
            group |= (uint32_t)s.data[i + 1] << 8;
        if (left > 2)
            group |= s.data[i + 2];
        text_char(t, (uint8_t)digits[group >> 18]);
        text_char(t, (uint8_t)digits[group >> 12 & 63]);
        text_char(t, left > 1 ? (uint8_t)digits[group >> 6 & 63] : '=');
        text_char(t, left > 2 ? (uint8_t)digits[group & 63] : '=');
    }
}

void text_decimal_escape(struct text *t, uint8_t c)
{
    const uint8_t escaped[4] = {'\\', (uint8_t)('0' + c / 100), (uint8_t)('0' + c / 10 % 10),
                                (uint8_t)('0' + c % 10)};
    text_bytes(t, slice_of(escaped, sizeof escaped));
}

void text_quoted(struct text *t, struct slice s)
{
    text_char(t, '"');
    for (size_t i = 0; i < s.len && !t->cut; i++) {
        uint8_t c = s.data[i];
        if (c < ' ' || c > '~') {
            text_decimal_escape(t, c);
            continue;
        }
        if (c == '"' || c == '\\')
            text_char(t, '\\');
        text_char(t, c);
    }
    text_char(t, '"');
}
