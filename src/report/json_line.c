/*
 * report/json_line: RFC 8259 objects, one a line.
 * SPDX-License-Identifier: MIT
 */
#include "json_line.h"

static void comma(struct buf *b)
{
    char last = '{';
    if (b->len > 0)
        last = b->data[b->len - 1];
    if (last != '{' && last != '[' && last != '\n')
        buf_char(b, ',');
}

void line_key(struct buf *b, const char *key)
{
    comma(b);
    buf_char(b, '"');
    buf_str(b, key);
    buf_bytes(b, "\":", 2);
}

void line_open(struct buf *b, const char *key, char bracket)
{
    if (key)
        line_key(b, key);
    else
        comma(b);
    buf_char(b, bracket);
}

void line_close(struct buf *b, char bracket)
{
    buf_char(b, bracket);
}

void line_slice(struct buf *b, const char *key, struct slice value)
{
    if (key)
        line_key(b, key);
    else
        comma(b);
    escape_json(b, value);
}

void line_text(struct buf *b, const char *key, const char *value)
{
    line_slice(b, key, slice_str(value));
}

void line_u64(struct buf *b, const char *key, uint64_t value)
{
    if (key)
        line_key(b, key);
    else
        comma(b);
    buf_u64(b, value);
}

void line_bool(struct buf *b, const char *key, bool value)
{
    line_key(b, key);
    buf_str(b, value ? "true" : "false");
}

void line_ms(struct buf *b, const char *key, int64_t ns)
{
    line_key(b, key);
    uint64_t us = (uint64_t)((ns < 0 ? -ns : ns) / NS_PER_US);
    if (ns < 0)
        buf_char(b, '-');
    buf_u64(b, us / 1000);
    char decimals[4] = {'.', (char)('0' + us / 100 % 10), (char)('0' + us / 10 % 10),
                        (char)('0' + us % 10)};
    buf_bytes(b, decimals, sizeof decimals);
}

void line_time(struct buf *b, const char *key, int64_t ts_ns)
{
    char text[TIME_TEXT_SIZE];
    line_key(b, key);
    buf_char(b, '"');
    buf_str(b, time_text(ts_ns, text));
    buf_char(b, '"');
}

void line_addr(struct buf *b, const char *key, const struct ip_addr *a)
{
    char text[ADDR_TEXT_SIZE];
    if (key)
        line_key(b, key);
    else
        comma(b);
    buf_char(b, '"');
    buf_str(b, addr_text(a, text));
    buf_char(b, '"');
}

void line_slice_if(struct buf *b, const char *key, struct slice value)
{
    if (value.len > 0)
        line_slice(b, key, value);
}

void line_text_if(struct buf *b, const char *key, const char *value)
{
    if (value && value[0] != '\0')
        line_text(b, key, value);
}
