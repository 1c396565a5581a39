/*
 * proto/dns_queue: the queries of a flow, open and lately answered.
 * SPDX-License-Identifier: MIT
 *
 * Most flows have one query, so a list is all there is; a resolver's long-lived port can have thousands,
 * so from DNS_INDEX_FROM on there is an index by id. Memory is the flow's arena; records that are done
 * are used again.
 */
#ifndef DNS_QUEUE_H
#define DNS_QUEUE_H

#include "proto/dns.h"

/* Queries of one flow that wait at once; the oldest one gives way. */
#define DNS_OPEN_MAX 2048
/* Answered ones that are remembered, to tell a second answer from one that nobody asked for. */
#define DNS_ANSWERED_MAX 16
#define DNS_INDEX_FROM   24
#define DNS_INDEX_SIZE   512 /* power of two */

struct dns_query {
    struct dns_query *next;
    struct dns_query *prev;
    struct dns_query *chain; /* in the index */
    struct mark first;
    struct mark request; /* the packet that completes the first query */
    struct mark last;    /* the newest repeat */
    uint32_t digest;     /* of the answer */
    uint16_t attempts;
    uint16_t replies;
    int16_t rcode; /* of the answer */
    uint16_t id;
    uint16_t qtype;
    uint16_t qclass;
    uint16_t name_len;
    uint16_t name_cap;
    bool lost;      /* its reply may be in a gap of the capture */
    bool edns;      /* it has additional records */
    uint8_t name[]; /* text */
};

struct dns_list {
    struct dns_query *head; /* longest without news */
    struct dns_query *tail;
};

struct dns_index {
    struct dns_query *heads[DNS_INDEX_SIZE];
};

struct dns_queue {
    struct dns_list open;
    struct dns_list answered;
    struct dns_query *spare;
    struct dns_index *index; /* of open, or NULL */
    uint16_t open_count;
    uint8_t answered_count;
    uint8_t flags; /* the owner's: there is one queue a flow, and flows are many */
};

/* What a message asks or answers. */
struct dns_key {
    struct slice name;
    uint16_t id;
    uint16_t qtype;
    bool has_question; /* else only the id counts */
};

struct dns_query *dns_queue_find_open(const struct dns_queue *q, const struct dns_key *key);
struct dns_query *dns_queue_find_answered(const struct dns_queue *q, const struct dns_key *key);

/* A new open query; NULL when memory is out. */
struct dns_query *dns_queue_add(struct dns_queue *q, const struct dns_key *key,
                                struct arena *arena);

/* Its news are the newest. */
void dns_queue_touch(struct dns_queue *q, struct dns_query *query);

/* From open to answered. The longest answered one is forgotten when there are too many. */
void dns_queue_answer(struct dns_queue *q, struct dns_query *query);

/* Forgets an open query. */
void dns_queue_remove(struct dns_queue *q, struct dns_query *query);

/* Forgets the answered ones without news since `before_ns`. */
void dns_queue_forget(struct dns_queue *q, int64_t before_ns);

#endif
