/*
 * tests/unit/proto/tls_lab: messages built by hand, a connection in any pieces, what was emitted.
 * SPDX-License-Identifier: MIT
 */
#ifndef TLS_LAB_H
#define TLS_LAB_H

#include <stdio.h>

#include "certificate.h"
#include "proto/tls.h"
#include "proto/tls_hello.h"
#include "unit.h"

/* ---- bytes ----------------------------------------------------------------------------------- */

#define BYTES_MAX 8192

struct bytes {
    uint8_t data[BYTES_MAX];
    size_t len;
};

static inline void put(struct bytes *b, const void *data, size_t len)
{
    assert_true(b->len + len <= sizeof b->data);
    if (len)
        memcpy(b->data + b->len, data, len);
    b->len += len;
}

static inline void put_int(struct bytes *b, uint32_t value, int width)
{
    for (int i = width - 1; i >= 0; i--)
        put(b, &(uint8_t){(uint8_t)(value >> (8 * i))}, 1);
}

static inline void put_block(struct bytes *b, int width, const void *data, size_t len)
{
    put_int(b, (uint32_t)len, width);
    put(b, data, len);
}

static inline void put_fill(struct bytes *b, uint8_t value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        put(b, &value, 1);
}

static inline void put_extension(struct bytes *b, uint16_t type, const void *data, size_t len)
{
    put_int(b, type, 2);
    put_block(b, 2, data, len);
}

struct client_options {
    const char *sni;
    const char *alpn;
    bool grease;
    bool modern; /* supported_versions with TLS 1.3 */
    uint16_t key_share;
    bool ech;
    size_t padding;
};

static inline void put_client_extensions(struct bytes *all, const struct client_options *o)
{
    struct bytes ext = {.len = 0};
    if (o->grease)
        put_extension(all, 0x5a5a, "", 0);
    if (o->sni) {
        put_int(&ext, (uint32_t)strlen(o->sni) + 3, 2);
        put_int(&ext, 0, 1);
        put_block(&ext, 2, o->sni, strlen(o->sni));
        put_extension(all, 0, ext.data, ext.len);
    }
    ext.len = 0;
    if (o->alpn) {
        put_int(&ext, (uint32_t)strlen(o->alpn) + 1 + (o->grease ? 3 : 0), 2);
        if (o->grease)
            put_block(&ext, 1, "\x1a\x1a", 2);
        put_block(&ext, 1, o->alpn, strlen(o->alpn));
        put_extension(all, 16, ext.data, ext.len);
    }
    if (o->modern)
        put_extension(all, 43, "\x06\xfa\xfa\x03\x04\x03\x03", 7);
    ext.len = 0;
    if (o->key_share) {
        put_int(&ext, 2 + 2 + 4, 2);
        put_int(&ext, o->key_share, 2);
        put_block(&ext, 2, "\1\2\3\4", 4);
        put_extension(all, 51, ext.data, ext.len);
    }
    if (o->ech)
        put_extension(all, 0xfe0d, "\0\0\1", 3);
    ext.len = 0;
    put_fill(&ext, 0, o->padding);
    if (o->padding)
        put_extension(all, 21, ext.data, ext.len);
}

/* The body of a ClientHello. */
static inline struct bytes client_hello_body(const struct client_options *o)
{
    struct bytes b = {.len = 0};
    struct bytes ext = {.len = 0};
    put_int(&b, 0x0303, 2);
    put_fill(&b, 0x11, 32);
    put_block(&b, 1, "\x22\x22\x22\x22", 4);
    put_block(&b, 2, "\x0a\x0a\x13\x01\xc0\x2f", 6);
    put_block(&b, 1, "\0", 1);
    put_client_extensions(&ext, o);
    put_block(&b, 2, ext.data, ext.len);
    return b;
}

struct server_options {
    uint16_t version; /* 0x0304: by extension */
    uint16_t cipher;
    const char *alpn;
    bool retry;
    uint16_t group; /* of a key share without its key; 0: no such extension */
    bool root;      /* sent behind the leaf */
};

static const uint8_t retry_random[32] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

/* The body of a ServerHello. */
static inline struct bytes server_hello_body(const struct server_options *o)
{
    struct bytes b = {.len = 0};
    struct bytes all = {.len = 0};
    struct bytes ext = {.len = 0};
    put_int(&b, o->version > 0x0303 ? 0x0303 : o->version, 2);
    if (o->retry)
        put(&b, retry_random, sizeof retry_random);
    else
        put_fill(&b, 0x33, 32);
    put_block(&b, 1, "", 0);
    put_int(&b, o->cipher, 2);
    put_int(&b, 0, 1);
    if (o->version > 0x0303)
        put_extension(&all, 43, (uint8_t[]){(uint8_t)(o->version >> 8), (uint8_t)o->version}, 2);
    if (o->group)
        put_extension(&all, 51, (uint8_t[]){(uint8_t)(o->group >> 8), (uint8_t)o->group}, 2);
    if (o->alpn) {
        put_int(&ext, (uint32_t)strlen(o->alpn) + 1, 2);
        put_block(&ext, 1, o->alpn, strlen(o->alpn));
        put_extension(&all, 16, ext.data, ext.len);
    }
    put_block(&b, 2, all.data, all.len);
    return b;
}

static inline void put_message(struct bytes *b, uint8_t type, struct bytes body)
{
    put_int(b, type, 1);
    put_block(b, 3, body.data, body.len);
}

static inline void put_record(struct bytes *b, uint8_t type, const void *data, size_t len)
{
    put_int(b, type, 1);
    put_int(b, 0x0303, 2);
    put_block(b, 2, data, len);
}

/* Handshake messages in records of at most `most` bytes. */
static inline void put_records(struct bytes *b, struct bytes messages, size_t most)
{
    for (size_t at = 0; at < messages.len; at += most) {
        size_t len = messages.len - at < most ? messages.len - at : most;
        put_record(b, 22, messages.data + at, len);
    }
}

static inline void put_encrypted(struct bytes *b, uint8_t type, size_t len)
{
    struct bytes cipher = {.len = 0};
    put_fill(&cipher, 0xe5, len);
    put_record(b, type, cipher.data, cipher.len);
}

static inline void put_ccs(struct bytes *b)
{
    put_record(b, 20, "\1", 1);
}

static inline struct bytes client_hello_records(const struct client_options *o, size_t most)
{
    struct bytes messages = {.len = 0};
    struct bytes b = {.len = 0};
    put_message(&messages, 1, client_hello_body(o));
    put_records(&b, messages, most);
    return b;
}

/* ServerHello, Certificate, ServerHelloDone of TLS 1.2. */
static inline struct bytes server_flight_records(const struct server_options *o, size_t most)
{
    struct bytes messages = {.len = 0};
    struct bytes chain = {.len = 0};
    struct bytes b = {.len = 0};
    put_message(&messages, 2, server_hello_body(o));
    put_int(&chain,
            (uint32_t)sizeof certificate_der + 3 + (o->root ? (uint32_t)sizeof root_der + 3 : 0),
            3);
    put_block(&chain, 3, certificate_der, sizeof certificate_der);
    if (o->root)
        put_block(&chain, 3, root_der, sizeof root_der);
    put_message(&messages, 11, chain);
    put_message(&messages, 14, (struct bytes){.len = 0});
    put_records(&b, messages, most);
    return b;
}

static inline struct bytes server_hello_records(const struct server_options *o)
{
    struct bytes messages = {.len = 0};
    struct bytes b = {.len = 0};
    put_message(&messages, 2, server_hello_body(o));
    put_records(&b, messages, BYTES_MAX);
    return b;
}

/* ---- a connection ---------------------------------------------------------------------------- */

struct lab_side {
    uint8_t *held;
    size_t len;
    uint64_t skip;
    size_t want;
    struct mark first;
};

struct lab {
    const struct proto_ops *ops;
    struct arena arena;
    struct proto_env env;
    void *session;
    struct lab_side side[2];
    enum feed_state state;
    struct mark now;
    int count;
    struct tx tx; /* the last one emitted, with copies of its texts */
    char sni[256];
    char alpn[64];
    char subject[256];
    char issuer[256];
    char names[512];
};

static inline void lab_copy(char *out, size_t size, struct slice s)
{
    assert_true(s.len < size);
    if (s.len)
        memcpy(out, s.data, s.len);
    out[s.len] = 0;
}

static inline void lab_emit(void *ctx, const struct tx *tx)
{
    struct lab *lab = ctx;
    lab->count++;
    lab->tx = *tx;
    assert_int_equal(tx->kind, TX_TLS);
    lab_copy(lab->sni, sizeof lab->sni, tx->u.tls.sni);
    lab_copy(lab->alpn, sizeof lab->alpn, tx->u.tls.alpn);
    const struct tls_certificate *c = tx->u.tls.certificate;
    if (!c)
        return;
    lab_copy(lab->subject, sizeof lab->subject, c->subject);
    lab_copy(lab->issuer, sizeof lab->issuer, c->issuer);
    size_t at = 0;
    for (uint32_t i = 0; i < c->name_count; i++) {
        char name[256];
        lab_copy(name, sizeof name, c->names[i]);
        assert_true(at < sizeof lab->names);
        at += (size_t)snprintf(lab->names + at, sizeof lab->names - at, "%s ", name);
    }
}

static inline struct lab *lab_open(const struct proto_ops *ops)
{
    struct lab *lab = calloc(1, sizeof *lab);
    assert_non_null(lab);
    lab->ops = ops;
    arena_init(&lab->arena, (size_t)128 * 1024);
    lab->env = (struct proto_env){.arena = &lab->arena, .emit = lab_emit, .ctx = lab};
    lab->session = arena_alloc(&lab->arena, ops->session_size);
    assert_non_null(lab->session);
    struct proto_begin how = {.server_port = 443, .via = NULL};
    ops->begin(lab->session, &how, &lab->env);
    return lab;
}

static inline void lab_close(struct lab *lab)
{
    free(lab->side[0].held);
    free(lab->side[1].held);
    arena_clear(&lab->arena);
    free(lab);
}

/* The next packet: a millisecond later. */
static inline void lab_tick(struct lab *lab)
{
    lab->now.frame++;
    lab->now.ts_ns += NS_PER_MS;
}

static inline void lab_apply(struct lab_side *s, struct feed f)
{
    assert_true(f.take.consumed <= s->len);
    s->len -= f.take.consumed;
    if (s->len > 0)
        memmove(s->held, s->held + f.take.consumed, s->len);
    s->want = f.take.want;
    s->skip = f.take.skip;
    if (s->skip > 0)
        assert_int_equal(s->len, 0);
}

/* Bytes of one packet, delivered as a stream does it. */
static inline void lab_push(struct lab *lab, enum dir dir, const uint8_t *data, size_t len)
{
    struct lab_side *s = &lab->side[dir];
    lab_tick(lab);
    size_t passed = s->skip < len ? (size_t)s->skip : len;
    if (s->skip != TAKE_REST)
        s->skip -= passed;
    if (lab->state != FEED_MORE || passed == len)
        return;
    uint8_t *grown = malloc(s->len + len - passed);
    assert_non_null(grown);
    if (s->len)
        memcpy(grown, s->held, s->len);
    else
        s->first = lab->now;
    memcpy(grown + s->len, data + passed, len - passed);
    free(s->held);
    s->held = grown;
    s->len += len - passed;
    if (s->len < s->want)
        return;
    struct feed f = lab->ops->data(lab->session, dir, slice_of(s->held, s->len), &s->first,
                                   &lab->now, &lab->env);
    lab->state = f.state;
    if (f.take.consumed > 0)
        s->first = lab->now; /* what is left came with this packet */
    lab_apply(s, f);
}

static inline void lab_send(struct lab *lab, enum dir dir, struct bytes b)
{
    lab_push(lab, dir, b.data, b.len);
}

static inline void lab_pieces(struct lab *lab, enum dir dir, struct bytes b, size_t piece)
{
    for (size_t at = 0; at < b.len; at += piece)
        lab_push(lab, dir, b.data + at, b.len - at < piece ? b.len - at : piece);
}

static inline void lab_gap(struct lab *lab, enum dir dir, uint64_t len)
{
    struct lab_side *s = &lab->side[dir];
    lab_tick(lab);
    s->len = 0;
    s->want = 0;
    struct feed f = lab->ops->gap(lab->session, dir, len, &lab->now, &lab->env);
    lab->state = f.state;
    lab_apply(s, f);
}

static inline void lab_end(struct lab *lab, enum end_reason reason, enum dir by, int64_t after_ns)
{
    struct flow_end how = {.reason = reason, .by = by, .at = lab->now};
    how.at.ts_ns += after_ns;
    how.at.frame = reason == END_FIN || reason == END_RST ? lab->now.frame + 1 : 0;
    lab->ops->end(lab->session, &how, &lab->env);
}

#endif
