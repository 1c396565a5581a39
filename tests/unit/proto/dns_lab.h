/*
 * tests/unit/proto/dns_lab: messages made by hand, and a flow that writes down what it is told.
 * SPDX-License-Identifier: MIT
 *
 * Transactions are written as one line each: "outcome id name type rcode attempts answers", with "2" at
 * the end for a second reply.
 */
#ifndef DNS_LAB_H
#define DNS_LAB_H

#include <stdio.h>

#include "proto/dns.h"
#include "unit.h"

enum {
    T_A = 1,
    T_CNAME = 5,
    T_AAAA = 28,
    T_AXFR = 252
};

struct wire {
    uint8_t bytes[8192];
    size_t len;
};

static inline void wire_bytes(struct wire *w, const void *bytes, size_t len)
{
    assert_true(w->len + len <= sizeof w->bytes);
    memcpy(w->bytes + w->len, bytes, len);
    w->len += len;
}

static inline void wire_u16(struct wire *w, unsigned v)
{
    const uint8_t bytes[2] = {(uint8_t)(v >> 8), (uint8_t)v};
    wire_bytes(w, bytes, 2);
}

/* "www.example.org" as labels; "" is the root. */
static inline void wire_name(struct wire *w, const char *name)
{
    while (*name) {
        size_t n = strcspn(name, ".");
        const uint8_t len = (uint8_t)n;
        wire_bytes(w, &len, 1);
        wire_bytes(w, name, n);
        name += n + (name[n] == '.');
    }
    wire_bytes(w, "", 1);
}

static inline void wire_header(struct wire *w, unsigned id, unsigned flags, unsigned questions,
                               unsigned answers)
{
    w->len = 0;
    wire_u16(w, id);
    wire_u16(w, flags);
    wire_u16(w, questions);
    wire_u16(w, answers);
    wire_u16(w, 0);
    wire_u16(w, 0);
}

static inline struct wire wire_query(unsigned id, const char *name, unsigned type)
{
    struct wire w;
    wire_header(&w, id, 0x0100, 1, 0);
    wire_name(&w, name);
    wire_u16(&w, type);
    wire_u16(&w, 1);
    return w;
}

/* Record whose owner is the question's name. */
static inline void wire_record(struct wire *w, unsigned type, const void *rdata, size_t len)
{
    wire_u16(w, 0xc00c);
    wire_u16(w, type);
    wire_u16(w, 1);
    wire_u16(w, 0);
    wire_u16(w, 60);
    wire_u16(w, (unsigned)len);
    wire_bytes(w, rdata, len);
}

/* A reply with an address whose last byte is `last`; 0: without. */
static inline struct wire wire_reply(unsigned id, const char *name, unsigned type, unsigned rcode,
                                     unsigned last)
{
    struct wire w;
    wire_header(&w, id, 0x8180 | rcode, 1, last ? 1 : 0);
    wire_name(&w, name);
    wire_u16(&w, type);
    wire_u16(&w, 1);
    const uint8_t address[4] = {192, 0, 2, (uint8_t)last};
    if (last)
        wire_record(&w, T_A, address, sizeof address);
    return w;
}

/* A message with its length before it, as over TCP. */
static inline struct wire wire_framed(const struct wire *message)
{
    struct wire w = {.len = 0};
    wire_u16(&w, (unsigned)message->len);
    wire_bytes(&w, message->bytes, message->len);
    return w;
}

struct lab {
    struct arena arena;
    struct proto_env env;
    void *session;
    struct mark at;
    enum feed_state state;
    uint8_t held[2][8192];
    size_t held_len[2];
    size_t want[2];
    char told[8192];
    size_t told_len;
    unsigned count;
    struct mark first, request, reply, done; /* of the last one */
    int64_t rtt_ns;
};

static inline void lab_emit(void *ctx, const struct tx *tx)
{
    static const char *const outcomes[] = {"answered", "no-reply", "pending", "reply-only"};
    struct lab *lab = ctx;
    const struct tx_dns *d = &tx->u.dns;
    char type[DNS_MNEMONIC_SIZE];
    char rcode[DNS_MNEMONIC_SIZE];
    assert_int_equal(tx->kind, TX_DNS);
    assert_true(d->answer_count == 0 || d->answers);
    int n = snprintf(lab->told + lab->told_len, sizeof lab->told - lab->told_len,
                     "%s %u %.*s %s %s %u %u%s\n", outcomes[tx->outcome], d->id, (int)d->qname.len,
                     d->qname.len ? (const char *)d->qname.data : "", dns_type_text(d->qtype, type),
                     d->rcode < 0 ? "-" : dns_rcode_text(d->rcode, rcode), d->attempts,
                     d->answer_count, d->second_reply ? " 2" : "");
    assert_true(n > 0);
    if ((size_t)n < sizeof lab->told - lab->told_len)
        lab->told_len += (size_t)n;
    lab->count++;
    lab->first = tx->first;
    lab->request = tx->request;
    lab->reply = tx->reply;
    lab->done = tx->done;
    lab->rtt_ns = tx->rtt_ns;
}

static inline struct lab *lab_open(bool datagram, bool midstream, size_t arena_cap)
{
    struct lab *lab = calloc(1, sizeof *lab);
    assert_non_null(lab);
    arena_init(&lab->arena, arena_cap);
    lab->env = (struct proto_env){.arena = &lab->arena, .emit = lab_emit, .ctx = lab};
    lab->session = calloc(1, dns_ops.session_size);
    assert_non_null(lab->session);
    struct proto_begin how = {.server_port = 53, .datagram = datagram, .midstream = midstream};
    dns_ops.begin(lab->session, &how, &lab->env);
    lab->at = (struct mark){1000 * NS_PER_S, 0, 0};
    return lab;
}

static inline void lab_close(struct lab *lab)
{
    arena_clear(&lab->arena);
    free(lab->session);
    free(lab);
}

/* A packet `ms` milliseconds after the last one, in a copy of exact size. */
static inline void lab_bytes(struct lab *lab, enum dir dir, int ms, const void *data, size_t len)
{
    lab->at.ts_ns += ms * NS_PER_MS;
    lab->at.frame++;
    uint8_t *copy = unit_copy(data, len);
    struct feed feed =
        dns_ops.data(lab->session, dir, slice_of(copy, len), &lab->at, &lab->at, &lab->env);
    assert_true(feed.take.consumed <= len);
    lab->want[dir] = feed.take.want;
    lab->state = feed.state;
    size_t left = len - feed.take.consumed;
    assert_true(left <= sizeof lab->held[dir]);
    memcpy(lab->held[dir], copy + feed.take.consumed, left);
    lab->held_len[dir] = left;
    free(copy);
}

static inline void lab_query(struct lab *lab, int ms, unsigned id, const char *name, unsigned type)
{
    struct wire w = wire_query(id, name, type);
    lab_bytes(lab, DIR_TO_SERVER, ms, w.bytes, w.len);
}

static inline void lab_reply(struct lab *lab, int ms, unsigned id, const char *name, unsigned type,
                             unsigned last)
{
    struct wire w = wire_reply(id, name, type, 0, last);
    lab_bytes(lab, DIR_TO_CLIENT, ms, w.bytes, w.len);
}

/* More bytes of a stream, behind those that were not consumed. */
static inline void lab_stream(struct lab *lab, enum dir dir, const void *data, size_t len)
{
    uint8_t bytes[16384];
    size_t held = lab->held_len[dir];
    assert_true(held + len <= sizeof bytes);
    memcpy(bytes, lab->held[dir], held);
    memcpy(bytes + held, data, len);
    lab_bytes(lab, dir, 1, bytes, held + len);
}

static inline void lab_end(struct lab *lab, int ms, enum end_reason reason)
{
    struct flow_end how = {.reason = reason, .at = {lab->at.ts_ns + ms * NS_PER_MS, 0, 0}};
    dns_ops.end(lab->session, &how, &lab->env);
}

#define assert_told(lab, text) assert_string_equal((lab)->told, text)

#endif
