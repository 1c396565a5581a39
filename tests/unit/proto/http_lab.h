/*
 * tests/unit/proto/http_lab: a connection that feeds http_ops as the engine does.
 * SPDX-License-Identifier: MIT
 *
 * Unconsumed bytes are shown again, skipped ones never. What is emitted is written down as text, one
 * line a transaction: "METHOD target host -> status length/announced".
 */
#ifndef HTTP_LAB_H
#define HTTP_LAB_H

#include <stdio.h>

#include "proto/http.h"
#include "unit.h"

struct lab_side {
    uint8_t *held;
    size_t len;
    uint64_t skip;
    struct mark first;
};

struct lab {
    struct arena arena;
    struct proto_env env;
    void *session;
    struct lab_side side[2];
    struct mark at;
    enum feed_state state;
    char told[65536];
    size_t told_len;
    unsigned count;
    enum tx_outcome outcome; /* of the last one */
    struct mark first, request, reply, done;
    int64_t rtt_ns, date;
    char body_head[HTTP_PAGE_HEAD_MAX + 1];
    char box[64];
    int64_t range_from, range_to, content_from;
    char location[2048];
    bool to_proxy, range, no_ranges, cut, recoded, cookie;
};

static inline void lab_emit(void *ctx, const struct tx *tx)
{
    struct lab *lab = ctx;
    const struct tx_http *h = &tx->u.http;
    assert_int_equal(tx->kind, TX_HTTP);
    int n = snprintf(lab->told + lab->told_len, sizeof lab->told - lab->told_len,
                     "%.*s %.*s %.*s -> %u %llu/%lld\n", (int)h->method.len,
                     h->method.len ? (const char *)h->method.data : "", (int)h->target.len,
                     h->target.len ? (const char *)h->target.data : "", (int)h->host.len,
                     h->host.len ? (const char *)h->host.data : "", h->status,
                     (unsigned long long)h->length, (long long)h->content_length);
    assert_true(n > 0 && (size_t)n < sizeof lab->told - lab->told_len);
    lab->told_len += (size_t)n;
    lab->count++;
    lab->outcome = tx->outcome;
    lab->first = tx->first;
    lab->request = tx->request;
    lab->reply = tx->reply;
    lab->done = tx->done;
    lab->rtt_ns = tx->rtt_ns;
    lab->date = h->date;
    lab->to_proxy = h->to_proxy;
    lab->range = h->range;
    lab->no_ranges = h->no_ranges;
    lab->cut = h->cut;
    lab->recoded = h->recoded;
    lab->cookie = h->cookie;
    lab->range_from = h->range_from;
    lab->range_to = h->range_to;
    lab->content_from = h->content_from;
    snprintf(lab->box, sizeof lab->box, "%.*s", (int)h->box.len,
             h->box.len ? (const char *)h->box.data : "");
    memset(lab->body_head, 0, sizeof lab->body_head);
    if (h->body_head.len > 0)
        memcpy(lab->body_head, h->body_head.data, h->body_head.len);
    snprintf(lab->location, sizeof lab->location, "%.*s", (int)h->location.len,
             h->location.len ? (const char *)h->location.data : "");
}

static inline struct lab *lab_new(const struct proto_begin *how, size_t arena_cap)
{
    struct lab *lab = calloc(1, sizeof *lab);
    assert_non_null(lab);
    arena_init(&lab->arena, arena_cap);
    lab->env = (struct proto_env){.arena = &lab->arena, .emit = lab_emit, .ctx = lab};
    lab->session = calloc(1, http_ops.session_size);
    assert_non_null(lab->session);
    http_ops.begin(lab->session, how, &lab->env);
    lab->at = (struct mark){1000 * NS_PER_S, 0, 0};
    return lab;
}

static inline struct lab *lab_open(void)
{
    return lab_new(&(struct proto_begin){.server_port = 80}, 1 << 20);
}

static inline void lab_close(struct lab *lab)
{
    free(lab->side[0].held);
    free(lab->side[1].held);
    free(lab->session);
    arena_clear(&lab->arena);
    free(lab);
}

static inline void lab_tick(struct lab *lab)
{
    lab->at.ts_ns += NS_PER_MS;
    lab->at.frame++;
}

static inline void lab_take(struct lab *lab, enum dir dir, const struct feed *feed)
{
    struct lab_side *side = &lab->side[dir];
    assert_true(feed->take.consumed <= side->len);
    if (feed->take.consumed > 0 && feed->take.consumed < side->len)
        memmove(side->held, side->held + feed->take.consumed, side->len - feed->take.consumed);
    side->len -= feed->take.consumed;
    if (feed->take.consumed > 0)
        side->first = lab->at;
    if (feed->take.skip > 0)
        assert_int_equal(side->len, 0);
    side->skip = feed->take.skip;
    if (feed->state != FEED_MORE)
        lab->state = feed->state;
}

/* One packet with payload. */
static inline void lab_bytes(struct lab *lab, enum dir dir, const void *data, size_t len)
{
    struct lab_side *side = &lab->side[dir];
    lab_tick(lab);
    uint64_t passed = side->skip < len ? side->skip : len;
    side->skip -= passed;
    len -= (size_t)passed;
    if (len == 0 || lab->state != FEED_MORE)
        return;
    uint8_t *held = malloc(side->len + len); /* exact, for the sanitizer */
    assert_non_null(held);
    if (side->len > 0)
        memcpy(held, side->held, side->len);
    else
        side->first = lab->at;
    memcpy(held + side->len, (const uint8_t *)data + passed, len);
    free(side->held);
    side->held = held;
    side->len += len;
    struct feed feed = http_ops.data(lab->session, dir, slice_of(held, side->len), &side->first,
                                     &lab->at, &lab->env);
    lab_take(lab, dir, &feed);
    if (lab->state == FEED_MORE && http_ops.idle(lab->session))
        arena_rewind(&lab->arena, 0);
}

static inline void lab_text(struct lab *lab, enum dir dir, const char *text)
{
    lab_bytes(lab, dir, text, strlen(text));
}

static inline void lab_client(struct lab *lab, const char *text)
{
    lab_text(lab, DIR_TO_SERVER, text);
}

static inline void lab_server(struct lab *lab, const char *text)
{
    lab_text(lab, DIR_TO_CLIENT, text);
}

static inline void lab_gap(struct lab *lab, enum dir dir, uint64_t len)
{
    struct lab_side *side = &lab->side[dir];
    lab_tick(lab);
    uint64_t passed = side->skip < len ? side->skip : len;
    side->skip -= passed;
    if (passed == len && len > 0)
        return;
    side->len = 0;
    struct feed feed = http_ops.gap(lab->session, dir, len - passed, &lab->at, &lab->env);
    lab_take(lab, dir, &feed);
}

static inline void lab_end(struct lab *lab, enum end_reason reason)
{
    struct flow_end how = {.reason = reason, .by = DIR_TO_SERVER, .at = lab->at};
    http_ops.end(lab->session, &how, &lab->env);
}

#define assert_told(lab, text) assert_string_equal((lab)->told, text)

#endif
