/*
 * proto/http_head: the head of one HTTP/1.x message.
 * SPDX-License-Identifier: MIT
 *
 * Knows start lines and the few fields that matter; no connection, no memory: all slices borrow the
 * bytes that were parsed.
 */
#ifndef PROTO_HTTP_HEAD_H
#define PROTO_HTTP_HEAD_H

#include "base/slice.h"

/* What is kept of a head, one text each. */
enum http_field {
    HTTP_METHOD,
    HTTP_TARGET,
    HTTP_VERSION,
    HTTP_HOST,
    HTTP_USER_AGENT,
    HTTP_LOCATION,
    HTTP_VIA,
    HTTP_SERVER,
    HTTP_PROXY_AUTHENTICATE,
    HTTP_CONTENT_TYPE,
    HTTP_BOX, /* of the fields that only proxies send, the first one */
    HTTP_FIELDS,
};

struct http_head {
    struct slice field[HTTP_FIELDS]; /* empty where the head has none; host also as in tx_http */
    struct slice host_field;
    int64_t content_length; /* -1 without; saturates */
    int64_t date;           /* -1 without */
    int64_t range_from;     /* of Range in a request, of Content-Range in a response; -1 without */
    int64_t range_to;
    uint16_t status; /* 0 for a request */
    bool chunked;
    bool range;
    bool no_ranges;
    bool coded;  /* request: a content coding is accepted; response: one was applied */
    bool cookie; /* Set-Cookie */
    bool to_proxy;
};

enum http_match {
    HTTP_MATCH_NO,
    HTTP_MATCH_PARTIAL, /* so far it could be */
    HTTP_MATCH_YES,
};

/* Whether `bytes` begin with a request line or status line; on YES its parts are set in `head`. */
enum http_match http_request_line(struct slice bytes, struct http_head *head);
enum http_match http_status_line(struct slice bytes, struct http_head *head);

/* Length of the head that `bytes` begin with, its blank line included; 0 when it is not complete.
 * `scanned` remembers between calls what needs no second look; 0 at first. */
size_t http_head_length(struct slice bytes, uint32_t *scanned);

/* Reads the fields of a whole head, start line included. */
void http_head_fields(struct slice bytes, struct http_head *head);

/* Seconds since 1970 of an IMF-fixdate (RFC 9110 section 5.6.7); -1 for anything else. */
int64_t http_date(struct slice text);

#endif
