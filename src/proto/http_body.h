/*
 * proto/http_body: where the body of an HTTP/1.x message ends.
 * SPDX-License-Identifier: MIT
 *
 * Counts body bytes and finds the end; looks at none but chunk headers. RFC 9112 sections 6 and 7.
 */
#ifndef PROTO_HTTP_BODY_H
#define PROTO_HTTP_BODY_H

#include "base/slice.h"

enum http_body_state {
    HTTP_BODY_DONE,
    HTTP_BODY_COUNTED,     /* `left` bytes to go */
    HTTP_BODY_UNTIL_CLOSE, /* as long as bytes come */
    HTTP_BODY_CHUNK_SIZE,
    HTTP_BODY_CHUNK_DATA,
    HTTP_BODY_CHUNK_END, /* the line end behind a chunk's data */
    HTTP_BODY_TRAILER,
    HTTP_BODY_BROKEN, /* no end can be found */
};

struct http_body {
    uint64_t left;    /* of the counted body or the chunk */
    uint64_t seen;    /* bytes of content so far; behind a skip only when it is over */
    uint32_t skipped; /* bytes the stream was told to pass over */
    uint8_t state;    /* enum http_body_state */
};

void http_body_none(struct http_body *b);
void http_body_counted(struct http_body *b, uint64_t length);
void http_body_chunked(struct http_body *b);
void http_body_until_close(struct http_body *b);

/* Reads one piece from the front of `bytes` and returns its length, 0 when more is needed (or the body
 * is done or broken). `content` gets the bytes of the piece that belong to the content. */
size_t http_body_piece(struct http_body *b, struct slice bytes, struct slice *content);

/* How many bytes behind those shown need not be shown. */
uint64_t http_body_skip(struct http_body *b);

/* A gap of `len` bytes (0: unknown). Returns how many of them lie behind the end of the body; those of a
 * broken one all count as within. */
uint64_t http_body_gap(struct http_body *b, uint64_t len);

static inline bool http_body_ended(const struct http_body *b)
{
    return b->state == HTTP_BODY_DONE || b->state == HTTP_BODY_BROKEN;
}

#endif
