/*
 * proto/http_queue: the exchanges of a connection that are not over.
 * SPDX-License-Identifier: MIT
 *
 * A record holds one request with its response. Requests wait in order for their responses; where the
 * capture shows a response before its request, the response waits. Records and their texts come from
 * the flow's arena and are used again, so a connection needs as many as it has exchanges open at once.
 */
#ifndef PROTO_HTTP_QUEUE_H
#define PROTO_HTTP_QUEUE_H

#include "http_head.h"
#include "proto/proto.h"

#define HTTP_PENDING_MAX 128 /* requests that wait for a response */
#define HTTP_EARLY_MAX   16  /* responses that wait for their request */

/* Texts of a record beside those of the head. */
enum {
    HTTP_TEXT_HOST_FIELD = HTTP_FIELDS,
    HTTP_TEXT_BODY,
    HTTP_TEXTS,
};

/* Texts side by side. */
struct http_texts {
    uint8_t *data;
    uint16_t size;
    uint16_t used;
};

struct http_record {
    struct http_record *next;
    struct http_texts request_texts;
    struct http_texts response_texts;
    uint16_t text_at[HTTP_TEXTS];
    uint16_t text_len[HTTP_TEXTS];
    uint16_t status;
    uint16_t body_room; /* of the body, so much is kept at most */
    bool has_request;
    bool lost; /* stands for a request that the capture has not */
    bool to_proxy;
    bool range;
    bool no_ranges;
    bool accepts; /* the request takes a content coding */
    bool coded;   /* the response has one */
    bool cookie;
    bool cut;
    bool body_over; /* the response is complete */
    struct mark first;
    struct mark request;
    struct mark reply;
    struct mark done;
    uint64_t length;
    int64_t content_length;
    int64_t date;
    int64_t range_from; /* asked for */
    int64_t range_to;
    int64_t content_from;
};

struct http_queue {
    struct http_record *head; /* the longest waiting; all of them requests, or all responses */
    struct http_record *tail;
    struct http_record *free;
    uint32_t count;
};

/* An empty record; NULL when the arena is full. */
struct http_record *http_record_new(struct http_queue *q, struct arena *arena);
void http_record_release(struct http_queue *q, struct http_record *r);

void http_queue_push(struct http_queue *q, struct http_record *r);
struct http_record *http_queue_pop(struct http_queue *q); /* NULL when empty */

static inline bool http_queue_has_requests(const struct http_queue *q)
{
    return q->head && q->head->has_request;
}

static inline bool http_queue_has_responses(const struct http_queue *q)
{
    return q->head && !q->head->has_request;
}

/* Copies the texts of a head; false when the arena is full. */
bool http_record_keep(struct http_record *r, const struct http_head *head, struct arena *arena);
/* Adds to the beginning of the body, as far as its kind of response deserves. */
void http_record_body(struct http_record *r, struct slice content);

bool http_record_method_is(const struct http_record *r, const char *method);

void http_record_emit(const struct http_record *r, enum tx_outcome outcome, struct proto_env *env);

#endif
