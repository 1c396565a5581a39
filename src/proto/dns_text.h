/*
 * proto/dns_text: appending to the text of a message, within bounds.
 * SPDX-License-Identifier: MIT
 *
 * What does not fit is dropped and remembered: the text is then cut, never too long.
 */
#ifndef DNS_TEXT_H
#define DNS_TEXT_H

#include "proto/dns.h"

struct text {
    uint8_t *data;
    uint32_t len;
    uint32_t cap;
    bool cut;
};

static inline void text_char(struct text *t, uint8_t c)
{
    if (t->len < t->cap)
        t->data[t->len++] = c;
    else
        t->cut = true;
}

void text_bytes(struct text *t, struct slice s);
void text_str(struct text *t, const char *s);
void text_u32(struct text *t, uint32_t v);
void text_hex(struct text *t, struct slice s);
void text_base64(struct text *t, struct slice s);

/* A character-string of a zone file in quotes; bytes that are not printable ASCII as \DDD. */
void text_quoted(struct text *t, struct slice s);

/* Three decimal digits after a backslash. */
void text_decimal_escape(struct text *t, uint8_t c);

static inline struct slice text_view(const struct text *t)
{
    return slice_of(t->data, t->len);
}

#endif
