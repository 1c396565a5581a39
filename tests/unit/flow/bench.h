/*
 * tests/unit/flow/bench: a flow table and the packets of one connection, step by step.
 * SPDX-License-Identifier: MIT
 *
 * C is 10.0.0.1:50000, S is 10.0.0.2:443. A step is a packet at a time in milliseconds.
 */
#ifndef FLOW_BENCH_H
#define FLOW_BENCH_H

#include "flow/flow.h"
#include "unit.h"

#define CLIENT      0x0a000001U
#define SERVER      0x0a000002U
#define CLIENT_PORT 50000
#define SERVER_PORT 443
#define ISN_C       1000U
#define ISN_S       9000U
#define START_NS    (NS_PER_S * 1000)
#define ENDS_MAX    64

enum {
    S = TCP_SYN,
    A = TCP_ACK,
    SA = TCP_SYN | TCP_ACK,
    F = TCP_FIN | TCP_ACK,
    R = TCP_RST,
    RA = TCP_RST | TCP_ACK,
};

struct ended {
    struct flow flow;
    struct flow_end how;
    enum flow_state state;
};

struct bench {
    struct flow_table *table;
    struct flow_config config;
    struct ended ended[ENDS_MAX];
    size_t ends;
    uint32_t frame;
};

static inline void on_end(void *ctx, struct flow *flow, const struct flow_end *how)
{
    struct bench *b = ctx;
    assert_true(b->ends < ENDS_MAX);
    b->ended[b->ends++] = (struct ended){*flow, *how, flow_state(flow)};
}

static inline int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->config = flow_config_default();
    b->table = flow_table_new(&b->config, on_end, b);
    assert_non_null(b->table);
    *state = b;
    return 0;
}

static inline int tear_down(void **state)
{
    struct bench *b = *state;
    flow_table_free(b->table);
    free(b);
    return 0;
}

static inline struct ip_addr v4(uint32_t a)
{
    return (struct ip_addr){{(uint8_t)(a >> 24), (uint8_t)(a >> 16), (uint8_t)(a >> 8), (uint8_t)a},
                            4};
}

static inline struct packet packet(struct bench *b, int64_t ms, enum dir dir)
{
    struct packet p = {
        .at = {START_NS + ms * NS_PER_MS, ++b->frame, 0},
        .kind = PACKET_TCP,
        .tuple = {v4(CLIENT), v4(SERVER), CLIENT_PORT, SERVER_PORT, IP_PROTO_TCP},
        .ttl = 64,
        .ip_id = (uint16_t)b->frame,
        .has_mac = true,
        .src_mac = {{1}},
        .dst_mac = {{2}},
    };
    if (dir == DIR_TO_CLIENT) {
        p.tuple = (struct tuple){v4(SERVER), v4(CLIENT), SERVER_PORT, CLIENT_PORT, IP_PROTO_TCP};
        p.src_mac.bytes[0] = 2;
        p.dst_mac.bytes[0] = 1;
    }
    return p;
}

/* A packet goes in; checks the direction the table sees. */
static inline struct flow *look_up(struct bench *b, const struct packet *p, enum dir dir)
{
    enum dir seen = dir_other(dir);
    flow_table_expire(b->table, p->at.ts_ns, UINT32_MAX);
    struct flow *f = flow_lookup(b->table, p, &seen);
    assert_non_null(f);
    assert_int_equal(seen, dir);
    return f;
}

/* A TCP packet of the client. */
static inline struct flow *up(struct bench *b, int64_t ms, uint8_t flags, uint32_t seq,
                              uint32_t ack, uint32_t len)
{
    struct packet p = packet(b, ms, DIR_TO_SERVER);
    p.tcp.flags = flags;
    p.tcp.seq = seq;
    p.tcp.ack = ack;
    p.payload_len = len;
    return look_up(b, &p, DIR_TO_SERVER);
}

/* A TCP packet of the server. */
static inline struct flow *down(struct bench *b, int64_t ms, uint8_t flags, uint32_t seq,
                                uint32_t ack, uint32_t len)
{
    struct packet p = packet(b, ms, DIR_TO_CLIENT);
    p.tcp.flags = flags;
    p.tcp.seq = seq;
    p.tcp.ack = ack;
    p.payload_len = len;
    return look_up(b, &p, DIR_TO_CLIENT);
}

static inline struct flow *udp(struct bench *b, int64_t ms, enum dir dir, uint16_t client_port,
                               uint16_t server_port)
{
    struct packet p = packet(b, ms, dir);
    p.kind = PACKET_UDP;
    p.tuple.proto = IP_PROTO_UDP;
    p.tuple.src_port = dir == DIR_TO_SERVER ? client_port : server_port;
    p.tuple.dst_port = dir == DIR_TO_SERVER ? server_port : client_port;
    p.payload_len = 40;
    return look_up(b, &p, dir);
}

#define UP   DIR_TO_SERVER
#define DOWN DIR_TO_CLIENT

static inline void expire(struct bench *b, int64_t ms)
{
    flow_table_expire(b->table, NS_PER_S * 1000 + ms * NS_PER_MS, UINT32_MAX);
}

static inline void finish(struct bench *b, int64_t ms)
{
    flow_table_finish(b->table, NS_PER_S * 1000 + ms * NS_PER_MS);
    assert_int_equal(flow_table_stats(b->table).open, 0);
}

static inline struct flow *handshake(struct bench *b, int64_t ms)
{
    up(b, ms, S, ISN_C, 0, 0);
    down(b, ms + 20, SA, ISN_S, ISN_C + 1, 0);
    return up(b, ms + 21, A, ISN_C + 1, ISN_S + 1, 0);
}

#endif
