/*
 * report/json: RFC 8259.
 * SPDX-License-Identifier: MIT
 */
#include "report/json.h"

#define INDENT 2

/* A new line, indented; there is room for it. */
static char *put_line(const struct json *j, char *at)
{
    *at++ = '\n';
    memset(at, ' ', (size_t)j->depth * INDENT);
    return at + (size_t)j->depth * INDENT;
}

void json_member(struct json *j, const char *key, size_t len)
{
    char *at = buf_room(j->buf, len + (size_t)j->depth * INDENT + sizeof ",\n\"\": ");
    if (!at)
        return;
    if (j->depth > 0) {
        if (j->filled)
            *at++ = ',';
        if (j->indented)
            at = put_line(j, at);
    }
    j->filled = true;
    if (key) {
        *at++ = '"';
        memcpy(at, key, len);
        at += len;
        *at++ = '"';
        *at++ = ':';
        if (j->indented)
            *at++ = ' ';
    }
    buf_wrote(j->buf, at);
}

void json_open(struct json *j, const char *key, char bracket)
{
    json_key(j, key);
    buf_char(j->buf, bracket);
    j->depth++;
    j->filled = false;
}

void json_close(struct json *j, char bracket)
{
    j->depth--;
    char *at = buf_room(j->buf, (size_t)j->depth * INDENT + sizeof "\n}");
    if (!at)
        return;
    if (j->indented && j->filled)
        at = put_line(j, at);
    *at++ = bracket;
    j->filled = true;
    buf_wrote(j->buf, at);
}

void json_slice(struct json *j, const char *key, struct slice value)
{
    json_key(j, key);
    escape_json(j->buf, value);
}

void json_text(struct json *j, const char *key, const char *value)
{
    json_slice(j, key, slice_str(value));
}

void json_u64(struct json *j, const char *key, uint64_t value)
{
    json_key(j, key);
    buf_u64(j->buf, value);
}

void json_bool(struct json *j, const char *key, bool value)
{
    json_key(j, key);
    buf_str(j->buf, value ? "true" : "false");
}

void json_null(struct json *j, const char *key)
{
    json_key(j, key);
    buf_str(j->buf, "null");
}

void json_real(struct json *j, const char *key, double value)
{
    json_key(j, key);
    size_t start = j->buf->len;
    buf_printf(j->buf, "%.12g", value);
    struct slice text = slice_sub(buf_view(j->buf), start, j->buf->len);
    if (slice_find(text, 0, '.') == text.len && slice_find(text, 0, 'e') == text.len)
        buf_str(j->buf, ".0");
}

void json_ms(struct json *j, const char *key, int64_t ns)
{
    json_key(j, key);
    uint64_t us = (uint64_t)((ns < 0 ? -ns : ns) / NS_PER_US);
    if (ns < 0)
        buf_char(j->buf, '-');
    buf_u64(j->buf, us / 1000);
    char decimals[4] = {'.', (char)('0' + us / 100 % 10), (char)('0' + us / 10 % 10),
                        (char)('0' + us % 10)};
    buf_bytes(j->buf, decimals, sizeof decimals);
}

/* Text of our own that needs no escaping. */
static void plain(struct json *j, const char *key, const char *text)
{
    json_key(j, key);
    buf_char(j->buf, '"');
    buf_str(j->buf, text);
    buf_char(j->buf, '"');
}

void json_time(struct json *j, const char *key, int64_t ts_ns)
{
    char text[TIME_TEXT_SIZE];
    plain(j, key, j->times ? time_text_memo(ts_ns, j->times) : time_text(ts_ns, text));
}

void json_addr(struct json *j, const char *key, const struct ip_addr *a)
{
    char text[ADDR_TEXT_SIZE];
    plain(j, key, addr_text(a, text));
}

void json_slice_if(struct json *j, const char *key, struct slice value)
{
    if (value.len > 0)
        json_slice(j, key, value);
}

void json_text_if(struct json *j, const char *key, const char *value)
{
    if (value && value[0] != '\0')
        json_text(j, key, value);
}

void json_addr_if(struct json *j, const char *key, const struct ip_addr *a)
{
    if (a->family != 0)
        json_addr(j, key, a);
}
