/*
 * live/http: a small HTTP server for numbers and reports, within the sensor's one loop.
 * SPDX-License-Identifier: MIT
 *
 * RFC 9110, RFC 9112. GET and HEAD of pages that are made in memory; there is no way to a file. One
 * request a connection; connections, the size of a request and the time it may take are bounded. Nothing
 * here waits: the loop polls the descriptor and calls http_run.
 */
#ifndef LIVE_HTTP_H
#define LIVE_HTTP_H

#include "base/buf.h"
#include "base/err.h"

#define HTTP_CONNECTIONS_MAX 16U
#define HTTP_PER_HOST_MAX    8U
#define HTTP_REQUEST_MAX     8192U /* bytes of a request, as the memory of a connection */
#define HTTP_SILENCE_S       10U   /* a connection on which nothing happens is closed, */
#define HTTP_DEADLINE_S      30    /* and one that has taken so long, whatever happens on it */

struct http_answer {
    unsigned status;  /* 200 when the page is asked for; the page may say another */
    const char *type; /* media type, a constant */
    struct buf body;  /* the page writes it; a failed one becomes status 500 */
};

/* Fills the answer for a path, which is the client's: compare it, do not print it. */
typedef void http_page_fn(void *ctx, const char *path, struct http_answer *answer);

struct http;

/* Listens at `where`: "ADDRESS:PORT", "[IPv6]:PORT", or a port of 127.0.0.1 alone. Before rights are
 * dropped, since the port may need them. NULL with `err` filled. */
struct http *http_open(const char *where, http_page_fn *page, void *ctx, struct err *err);
void http_close(struct http *h);

/* Polls readable when http_run has something to do; -1 for NULL. */
int http_fd(const struct http *h);
/* Milliseconds after which http_run has something to do anyway, at most `most`. */
int http_wait_ms(const struct http *h, int most);
/* Takes, answers and closes what can be now, by a clock that never steps. NULL: nothing. */
void http_run(struct http *h, int64_t steady_ns);

/* The port it listens at. */
unsigned http_port(const struct http *h);

#endif
