/*
 * diagnose/answer: what an HTTP response means for who asked.
 * SPDX-License-Identifier: MIT
 *
 * RFC 9110, 6585 (511), 7725 (451). Any answer of the server shows that it can be reached; the others here
 * keep a service from working or were not given by the server. Private to diagnose.
 */
#ifndef DIAGNOSE_ANSWER_H
#define DIAGNOSE_ANSWER_H

#include "facts.h"
#include "proto/tx.h"

enum answer {
    ANSWER_GOOD,
    ANSWER_BAD,
    ANSWER_CAPTIVE, /* a portal's, or a redirect to one */
    ANSWER_PROXY_AUTH,
    ANSWER_ALTERED, /* a page in place of the file */
    ANSWER_UNSEEN,  /* the capture has not what decides */
};

/* A request and where it was meant to go. */
struct question {
    struct slice host; /* as compared */
    struct slice path;
    uint16_t port;
    const struct endpoint *endpoint; /* the one that says most of the path; NULL without */
};

/* `host` must outlive it. */
struct question answer_question(const struct facts *f, const struct flow *flow,
                                const struct tx_http *http, struct slice host);
enum answer answer_judge(const struct facts *f, const struct question *q,
                         const struct tx_http *http);

bool answer_is_connect(const struct tx_http *http);
/* Whether a file, or a part of one, came in a coding that nobody asked for: who fetches it cannot read it. */
bool answer_is_recoded(const struct question *q, const struct tx_http *http);
/* Whether a server that has no visitors, only files, set a cookie. */
bool answer_is_marked(const struct question *q, const struct tx_http *http);
/* Whether the body is a page, by its type or its first bytes. */
bool answer_is_page(const struct tx_http *http);

#endif
