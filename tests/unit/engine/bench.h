/*
 * tests/unit/engine/bench: an engine, and the packets of a device that asks and connects.
 * SPDX-License-Identifier: MIT
 */
#ifndef ENGINE_BENCH_H
#define ENGINE_BENCH_H

#include "engine/subject.h"
#include "frames.h"
#include "net/decode.h"
#include "unit.h"

#define START_NS (1772352000 * NS_PER_S)

enum {
    DEVICE = 5,
    RESOLVER = 53,
    SERVER = 80
};

static const struct frame_ends query_way = {DEVICE, RESOLVER, 40000, 53};
static const struct frame_ends reply_way = {RESOLVER, DEVICE, 53, 40000};
static const struct frame_ends up = {DEVICE, SERVER, 50000, 80};
static const struct frame_ends down = {SERVER, DEVICE, 80, 50000};

/* id 1, RD, question www.msftconnecttest.com A */
static const uint8_t query[] = "\0\1\1\0\0\1\0\0\0\0\0\0\3www\17msftconnecttest\3com\0\0\1\0\1";
/* the same with an answer 10.0.0.80 */
static const uint8_t answer[] = "\0\1\x81\x80\0\1\0\1\0\0\0\0\3www\17msftconnecttest\3com\0\0\1\0\1"
                                "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\0\0\x50";
static const char request[] =
    "GET /connecttest.txt HTTP/1.1\r\nHost: www.msftconnecttest.com\r\n\r\n";
static const char response[] =
    "HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\nMicrosoft Connect Test";

struct seen {
    unsigned transactions;
    unsigned flows;
    unsigned results;
    struct tx last;
    char host[64];
    enum flow_state state;
    uint64_t flow_id; /* of the newest flow */
    uint64_t said_in; /* the same, of the newest transaction */
    enum verdict_word verdict;
};

static inline void on_transaction(void *ctx, const struct event *event, const struct tx *tx)
{
    struct seen *seen = ctx;
    seen->transactions++;
    seen->last = *tx;
    seen->said_in = event->flow_id;
    if (tx->kind == TX_DHCP)
        return; /* of no host, and of services that are none of these tests */
    assert_true(event->hostname.len < sizeof seen->host);
    memcpy(seen->host, event->hostname.data, event->hostname.len);
    seen->host[event->hostname.len] = '\0';
    assert_non_null(event->service);
    assert_string_equal(event->service->id, "ncsi");
}

static inline void on_flow(void *ctx, const struct event *event, const struct flow_end *how)
{
    (void)how;
    struct seen *seen = ctx;
    seen->flows++;
    seen->state = flow_state(event->flow);
    seen->flow_id = event->flow_id;
}

static inline void on_result(void *ctx, const struct result *result,
                             const struct engine_stats *stats)
{
    struct seen *seen = ctx;
    seen->results++;
    seen->verdict = result->verdict;
    assert_int_equal(stats->flows.created - stats->flows.open, seen->flows);
}

struct bench {
    struct service_list *services;
    struct engine *engine;
    struct seen seen;
    struct frame_maker maker;
    bool doubled; /* a mirror shows every packet on its way in and on its way out */
};

static inline struct engine *new_engine(struct bench *b, bool many)
{
    struct err err;
    struct engine_options options = {
        .services = b->services,
        .many = many,
        .sink = {&b->seen, on_transaction, on_flow, on_result},
    };
    struct engine *e = engine_new(&options, &err);
    assert_non_null(e);
    return e;
}

static inline int set_up(void **state)
{
    static struct bench bench;
    struct err err;
    memset(&bench, 0, sizeof bench);
    bench.services = services_embedded(&err);
    assert_non_null(bench.services);
    bench.engine = new_engine(&bench, false);
    bench.maker.frame.at.ts_ns = START_NS;
    *state = &bench;
    return 0;
}

static inline int tear_down(void **state)
{
    struct bench *b = *state;
    engine_free(b->engine);
    services_free(b->services);
    return 0;
}

static inline struct engine_stats stats_of(const struct bench *b)
{
    return subject_stats(engine_whole(b->engine));
}

/* The next packet comes 1 ms later. */
static inline void push(struct bench *b, const struct frame *frame)
{
    engine_packet(b->engine, frame);
    if (b->doubled)
        engine_packet(b->engine, frame);
    b->maker.frame.at.ts_ns += NS_PER_MS;
}

static inline void udp(struct bench *b, struct frame_ends ends, const uint8_t *bytes, size_t size)
{
    push(b, frame_udp(&b->maker, ends, slice_of(bytes, size - 1)));
}

static inline void tcp(struct bench *b, struct frame_ends ends, uint8_t flags, uint32_t seq,
                       uint32_t ack, const char *text)
{
    push(b, frame_tcp(&b->maker, ends, flags, seq, ack, slice_str(text)));
}

static inline void connect_and_ask(struct bench *b)
{
    tcp(b, up, TCP_SYN, 100, 0, "");
    tcp(b, down, TCP_SYN | TCP_ACK, 900, 101, "");
    tcp(b, up, TCP_ACK, 101, 901, "");
    tcp(b, up, TCP_ACK | TCP_PSH, 101, 901, request);
}

#endif
