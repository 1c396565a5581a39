/*
 * proto/http_body: counted, chunked and endless bodies.
 * SPDX-License-Identifier: MIT
 * RFC 9112 sections 6.3 (length), 7.1 (chunks).
 */
#include "http_body.h"

#include "base/cursor.h"

#define CHUNK_LINE_MAX 4096U  /* a longer size line or trailer line is none */
#define EXACT_MAX      65536U /* so much of a body is counted byte by byte; then in strides */
#define STRIDE         65536U

static void begin(struct http_body *b, enum http_body_state state, uint64_t left)
{
    *b = (struct http_body){.left = left, .state = (uint8_t)state};
}

void http_body_none(struct http_body *b)
{
    begin(b, HTTP_BODY_DONE, 0);
}

void http_body_counted(struct http_body *b, uint64_t length)
{
    begin(b, length > 0 ? HTTP_BODY_COUNTED : HTTP_BODY_DONE, length);
}

void http_body_chunked(struct http_body *b)
{
    begin(b, HTTP_BODY_CHUNK_SIZE, 0);
}

void http_body_until_close(struct http_body *b)
{
    begin(b, HTTP_BODY_UNTIL_CLOSE, 0);
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "1a; extension": false when it is no size, or one beyond 2^60. */
static bool read_size(struct slice line, uint64_t *size)
{
    struct slice text = slice_trim(line);
    struct cursor c = cursor_of(text, VERDICT_BAD);
    size_t digits = 0;
    *size = 0;
    while (cur_left(&c) > 0) {
        int value = hex_value(cur_u8(&c));
        if (value < 0)
            break;
        if (*size >> 56)
            return false;
        *size = *size << 4 | (unsigned)value;
        digits++;
    }
    return digits > 0;
}

static void next_state(struct http_body *b, enum http_body_state state)
{
    b->state = (uint8_t)state;
}

/* A line of the chunked framing, its end included; 0 while it is not complete. */
static size_t framing_line(struct http_body *b, struct slice bytes)
{
    size_t end = slice_find(slice_sub(bytes, 0, CHUNK_LINE_MAX), 0, '\n');
    if (end < bytes.len && end < CHUNK_LINE_MAX)
        return end + 1;
    if (bytes.len >= CHUNK_LINE_MAX)
        next_state(b, HTTP_BODY_BROKEN);
    return 0;
}

static size_t read_chunk_size(struct http_body *b, struct slice bytes)
{
    size_t len = framing_line(b, bytes);
    if (len == 0)
        return 0;
    uint64_t size;
    if (!read_size(slice_sub(bytes, 0, len - 1), &size)) {
        next_state(b, HTTP_BODY_BROKEN);
        return 0;
    }
    b->left = size;
    next_state(b, size > 0 ? HTTP_BODY_CHUNK_DATA : HTTP_BODY_TRAILER);
    return len;
}

static bool is_empty_line(struct slice bytes, size_t len)
{
    return len == 1 || (len == 2 && slice_starts(bytes, "\r"));
}

static size_t read_chunk_end(struct http_body *b, struct slice bytes)
{
    size_t len = framing_line(b, bytes);
    if (len > 0)
        next_state(b, is_empty_line(bytes, len) ? HTTP_BODY_CHUNK_SIZE : HTTP_BODY_BROKEN);
    return b->state == HTTP_BODY_BROKEN ? 0 : len;
}

static size_t read_trailer(struct http_body *b, struct slice bytes)
{
    size_t len = framing_line(b, bytes);
    if (len > 0 && is_empty_line(bytes, len))
        next_state(b, HTTP_BODY_DONE);
    return len;
}

static void pass(struct http_body *b, uint64_t n)
{
    b->seen += n;
    if (b->state == HTTP_BODY_UNTIL_CLOSE)
        return;
    b->left -= n;
    if (b->left == 0)
        next_state(b, b->state == HTTP_BODY_COUNTED ? HTTP_BODY_DONE : HTTP_BODY_CHUNK_END);
}

static void settle_skip(struct http_body *b)
{
    uint32_t n = b->skipped;
    b->skipped = 0;
    if (n > 0)
        pass(b, n);
}

static size_t read_content(struct http_body *b, struct slice bytes, struct slice *content)
{
    bool endless = b->state == HTTP_BODY_UNTIL_CLOSE;
    size_t n = endless || b->left > bytes.len ? bytes.len : (size_t)b->left;
    *content = slice_sub(bytes, 0, n);
    if (n > 0)
        pass(b, n);
    return n;
}

size_t http_body_piece(struct http_body *b, struct slice bytes, struct slice *content)
{
    *content = slice_sub(bytes, 0, 0);
    settle_skip(b);
    switch ((enum http_body_state)b->state) {
    case HTTP_BODY_COUNTED:
    case HTTP_BODY_UNTIL_CLOSE:
    case HTTP_BODY_CHUNK_DATA:
        return read_content(b, bytes, content);
    case HTTP_BODY_CHUNK_SIZE:
        return read_chunk_size(b, bytes);
    case HTTP_BODY_CHUNK_END:
        return read_chunk_end(b, bytes);
    case HTTP_BODY_TRAILER:
        return read_trailer(b, bytes);
    case HTTP_BODY_DONE:
    case HTTP_BODY_BROKEN:
        break;
    }
    return 0;
}

/* The last byte of what is counted is always looked at, so that the end has its packet; long bodies go
 * by in strides, so that of one that breaks off nearly all is counted. */
uint64_t http_body_skip(struct http_body *b)
{
    bool endless = b->state == HTTP_BODY_UNTIL_CLOSE;
    bool counted = b->state == HTTP_BODY_COUNTED || b->state == HTTP_BODY_CHUNK_DATA;
    if (b->seen < EXACT_MAX || (!endless && !counted))
        return 0;
    b->skipped = endless || b->left > STRIDE ? STRIDE : (uint32_t)(b->left - 1);
    return b->skipped;
}

uint64_t http_body_gap(struct http_body *b, uint64_t len)
{
    settle_skip(b);
    switch ((enum http_body_state)b->state) {
    case HTTP_BODY_UNTIL_CLOSE:
        return 0;
    case HTTP_BODY_COUNTED:
        if (len > 0 && len < b->left) {
            b->left -= len;
            return 0;
        }
        next_state(b, HTTP_BODY_DONE);
        len -= len > 0 ? b->left : 0;
        b->left = 0;
        return len;
    case HTTP_BODY_CHUNK_DATA:
        if (len > 0 && len < b->left) {
            b->left -= len;
            return 0;
        }
        break;
    case HTTP_BODY_CHUNK_SIZE:
    case HTTP_BODY_CHUNK_END:
    case HTTP_BODY_TRAILER:
        break;
    case HTTP_BODY_DONE:
    case HTTP_BODY_BROKEN:
        return len;
    }
    next_state(b, HTTP_BODY_BROKEN);
    return 0;
}
