/*
 * proto/quic: handshakes of QUIC connections.
 * SPDX-License-Identifier: MIT
 *
 * RFC 9000 sections 7 and 17.2, RFC 9001 sections 4 and 5, RFC 9368 (compatible versions), RFC 9369.
 */
#include "proto/quic.h"

#include "proto/quic_crypto.h"
#include "proto/quic_packet.h"
#include "proto/tls_hello.h"
#include "quic_stream.h"

#define TRIES_MAX      256 /* decryptions a connection is worth */
#define UNKNOWN_MAX    32  /* datagrams without a connection that can be opened */
#define DATAGRAM_MAX   16  /* packets read of a datagram */
#define ONE_RTT_ENOUGH 8   /* client packets that prove the handshake without its ServerHello */
#define ALERT_FIRST    0x0100
#define ALERT_LAST     0x01ff
#define SNI_MAX        1024

/* What becomes the transaction. */
struct facts {
    struct mark first;
    struct mark request;
    struct mark reply;
    struct mark last;
    struct mark retry; /* HelloRetryRequest */
    struct slice sni;
    struct slice alpn;
    uint8_t random[32];
    uint32_t hello_len;
    uint32_t attempts;
    uint32_t one_rtt; /* packets of the client with a short header */
    uint16_t version;
    uint16_t offered;
    uint16_t cipher;
    uint16_t hybrid;
    uint16_t error;
    enum dir error_by;
    enum tls_stage stage;
    bool hello; /* the ClientHello is whole */
    bool server_hello;
    bool server_spoke;
    bool closed;
    bool ech;
};

struct connection {
    struct quic_keys keys[2];
    struct quic_stream crypto[2];
    uint32_t parsed[2]; /* bytes of the streams that were read as messages */
    uint32_t version;
    uint8_t dcid[QUIC_CID_MAX]; /* of the client's first Initial: the keys' origin */
    uint8_t dcid_len;
    struct facts facts;
};

struct quic_session {
    struct connection *connection; /* NULL until an Initial of the client could be opened */
    uint16_t tries;
    uint16_t unknown;
    bool told;
};

/* One call of the dissector. */
struct step {
    struct quic_session *s;
    struct connection *c;
    enum dir dir;
    const struct mark *at;
    struct proto_env *env;
};

/* ---- emission -------------------------------------------------------------------------------- */

static void emit(const struct connection *c, enum tls_outcome outcome, struct mark done,
                 struct proto_env *env)
{
    const struct facts *f = &c->facts;
    struct tx tx = {
        .kind = TX_TLS,
        .first = f->first,
        .request = f->request,
        .reply = f->reply,
        .done = done,
        .rtt_ns = -1,
    };
    if (mark_set(f->reply))
        tx.rtt_ns = f->reply.ts_ns > f->request.ts_ns ? f->reply.ts_ns - f->request.ts_ns : 0;
    tx.u.tls = (struct tx_tls){
        .sni = f->sni,
        .alpn = f->alpn,
        .hello_retry = f->retry,
        .quic_version = c->version,
        .quic_error = f->error,
        .quic_error_by = f->error_by,
        .hello_len = f->hello_len,
        .attempts = f->attempts,
        .version = f->version,
        .offered_version = f->offered,
        .cipher = f->cipher,
        .ech = f->ech,
        .server_hello = f->server_hello,
        .hybrid = f->hybrid,
        .hello_cut = !f->hello,
        .stage = outcome == TLS_COMPLETED ? TLS_STAGE_COMPLETED : f->stage,
        .outcome = outcome,
    };
    env->emit(env->ctx, &tx);
}

/* `how` is NULL when another connection took the flow over. */
static enum tls_outcome judge(const struct facts *f, const struct flow_end *how)
{
    if (f->one_rtt > 0 && f->server_spoke)
        return TLS_COMPLETED;
    if (f->closed)
        return f->error >= ALERT_FIRST && f->error <= ALERT_LAST ? TLS_ALERT : TLS_CLOSED;
    bool cut_off = how && (how->reason == END_CAPTURE || how->reason == END_EVICTED);
    /* The client repeats its Initials: patience counts from the first. */
    int64_t since = f->server_spoke ? f->last.ts_ns : f->first.ts_ns;
    if (cut_off && how->at.ts_ns - since < TLS_PATIENCE_NS)
        return TLS_PENDING;
    return f->server_spoke ? TLS_INCOMPLETE : TLS_NO_SERVER_HELLO;
}

static void reach(struct facts *f, enum tls_stage stage)
{
    if (f->stage < stage)
        f->stage = stage;
}

/* ---- hellos ---------------------------------------------------------------------------------- */

static struct slice keep_lower(struct slice s, struct arena *a)
{
    s = slice_sub(s, 0, SNI_MAX);
    uint8_t *copy = arena_alloc(a, s.len);
    for (size_t i = 0; copy && i < s.len; i++)
        copy[i] = ascii_lower(s.data[i]);
    return slice_of(copy, copy ? s.len : 0);
}

static void keep_client_hello(struct step *step, const struct tls_client_hello *hello, size_t len)
{
    struct facts *f = &step->c->facts;
    memcpy(f->random, hello->random.data, sizeof f->random);
    f->request = *step->at;
    f->hello_len = (uint32_t)len;
    f->offered = hello->version;
    f->ech = hello->ech;
    f->hybrid = hello->hybrid;
    f->sni = keep_lower(hello->sni, step->env->arena);
    f->alpn = arena_copy(step->env->arena, hello->alpn);
}

static void client_hello(struct step *step, struct slice body)
{
    struct facts *f = &step->c->facts;
    struct tls_client_hello hello;
    (void)tls_client_hello_parse(body, VERDICT_BAD, &hello);
    if (hello.random.len == 0)
        return;
    bool same = slice_eq(hello.random, slice_of(f->random, sizeof f->random));
    if (f->hello && (same || mark_set(f->retry)))
        return; /* after Retry or HelloRetryRequest, or a repeat */
    if (f->hello) {
        /* Another connection between the same ports: the old one is over. */
        emit(step->c, judge(f, NULL), f->last, step->env);
        *f = (struct facts){.first = *step->at, .attempts = 1};
    }
    f->last = *step->at;
    keep_client_hello(step, &hello, body.len);
    f->hello = true;
}

static void server_hello(struct step *step, struct slice body)
{
    struct facts *f = &step->c->facts;
    struct tls_server_hello hello;
    (void)tls_server_hello_parse(body, VERDICT_BAD, &hello);
    if (hello.random.len == 0 || f->server_hello)
        return;
    f->last = *step->at;
    if (hello.retry) {
        if (!mark_set(f->retry))
            f->retry = *step->at;
        return;
    }
    f->server_hello = true;
    f->reply = *step->at;
    f->version = hello.version;
    f->cipher = hello.cipher;
    reach(f, TLS_STAGE_SERVER_HELLO);
}

static void read_messages(struct step *step)
{
    struct slice head = quic_stream_head(&step->c->crypto[step->dir]);
    uint32_t *parsed = &step->c->parsed[step->dir];
    struct cursor c = cursor_of(slice_sub(head, *parsed, head.len), VERDICT_SHORT);
    while (cur_left(&c) > 0) {
        size_t before = cur_left(&c);
        uint8_t type = cur_u8(&c);
        struct slice body = cur_take(&c, cur_be24(&c));
        if (c.verdict != VERDICT_OK)
            return;
        *parsed += (uint32_t)(before - cur_left(&c));
        if (type == TLS_MSG_CLIENT_HELLO && step->dir == DIR_TO_SERVER)
            client_hello(step, body);
        else if (type == TLS_MSG_SERVER_HELLO && step->dir == DIR_TO_CLIENT)
            server_hello(step, body);
    }
}

/* The rest of the ClientHello never came: its beginning may still name the server. */
static void use_part_of_hello(struct step *step)
{
    struct slice head = quic_stream_head(&step->c->crypto[DIR_TO_SERVER]);
    struct cursor c = cursor_of(head, VERDICT_SHORT);
    struct tls_client_hello hello;
    uint8_t type = cur_u8(&c);
    uint32_t len = cur_be24(&c);
    (void)tls_client_hello_parse(slice_sub(cur_rest(&c), 0, len), VERDICT_SHORT, &hello);
    if (type == TLS_MSG_CLIENT_HELLO && hello.random.len > 0)
        keep_client_hello(step, &hello, len);
}

/* ---- packets --------------------------------------------------------------------------------- */

static void read_frames(struct step *step, struct slice payload)
{
    struct connection *c = step->c;
    struct facts *f = &c->facts;
    struct cursor rest = cursor_of(payload, VERDICT_BAD);
    struct quic_frame frame;
    bool flight = false;
    while (quic_frame_next(&rest, &frame)) {
        if (frame.kind == QUIC_FRAME_CRYPTO) {
            quic_stream_add(&c->crypto[step->dir], frame.offset, frame.data, step->env->arena);
            flight = flight || frame.offset == 0;
        } else if (frame.kind == QUIC_FRAME_CLOSE && !f->closed) {
            f->closed = true;
            f->error = frame.application ? 0 : (uint16_t)frame.error;
            f->error_by = step->dir;
        }
    }
    if (step->dir == DIR_TO_SERVER && flight)
        f->attempts++;
    read_messages(step);
}

static bool open_with(struct step *step, const struct quic_keys keys[2],
                      const struct quic_header *h)
{
    uint8_t out[QUIC_PACKET_MAX];
    struct slice plain;
    step->s->tries++;
    if (!quic_open(&keys[step->dir], h->packet, h->pn_offset, out, &plain))
        return false;
    if (!step->c) {
        step->c = arena_alloc(step->env->arena, sizeof *step->c);
        step->s->connection = step->c;
    }
    if (!step->c)
        return true;
    step->c->version = h->version;
    step->c->keys[0] = keys[0];
    step->c->keys[1] = keys[1];
    if (!mark_set(step->c->facts.first))
        step->c->facts.first = *step->at;
    step->c->facts.last = *step->at;
    read_frames(step, plain);
    return true;
}

/* The keys at hand; those of a version that both sides agreed on; those of the packet's own id, which
 * a client uses in its first Initial, and anew after Retry. */
static void open_initial(struct step *step, const struct quic_header *h)
{
    struct quic_keys keys[2];
    struct connection *c = step->c;
    if (step->s->tries >= TRIES_MAX)
        return;
    if (c && h->version == c->version) {
        keys[0] = c->keys[0];
        keys[1] = c->keys[1];
        if (open_with(step, keys, h))
            return;
    } else if (c && quic_initial_keys(h->version, slice_of(c->dcid, c->dcid_len), keys) &&
               open_with(step, keys, h)) {
        return;
    }
    if (step->dir == DIR_TO_CLIENT || !quic_initial_keys(h->version, h->dcid, keys))
        return;
    if (c) {
        /* Only a packet that opens may disturb what is there. */
        uint8_t out[QUIC_PACKET_MAX];
        struct slice plain;
        if (!quic_open(&keys[DIR_TO_SERVER], h->packet, h->pn_offset, out, &plain))
            return;
        quic_stream_reset(&c->crypto[0]);
        quic_stream_reset(&c->crypto[1]);
        c->parsed[0] = 0;
        c->parsed[1] = 0;
    }
    if (open_with(step, keys, h) && step->c) {
        memcpy(step->c->dcid, h->dcid.data, h->dcid.len);
        step->c->dcid_len = (uint8_t)h->dcid.len;
    }
}

static void read_packet(struct step *step, const struct quic_header *h)
{
    bool from_client = step->dir == DIR_TO_SERVER;
    if (h->type == QUIC_INITIAL)
        open_initial(step, h);
    if (!step->c)
        return;
    struct facts *f = &step->c->facts;
    f->server_spoke = f->server_spoke || !from_client;
    if (!from_client)
        f->last = *step->at;
    if (h->type == QUIC_HANDSHAKE)
        reach(f, from_client ? TLS_STAGE_CLIENT_DONE : TLS_STAGE_SERVER_DONE);
    if (h->type == QUIC_ONE_RTT && from_client)
        f->one_rtt++;
}

static bool is_complete(const struct quic_session *s)
{
    const struct connection *c = s->connection;
    if (!c || !c->facts.hello || c->facts.one_rtt == 0)
        return false;
    return c->facts.server_hello || (c->facts.server_spoke && c->facts.one_rtt >= ONE_RTT_ENOUGH);
}

/* ---- operations ------------------------------------------------------------------------------ */

static void quic_begin(void *session, const struct proto_begin *how, struct proto_env *env)
{
    (void)session;
    (void)how;
    (void)env;
}

static struct feed quic_data(void *session, enum dir dir, struct slice bytes,
                             const struct mark *first, const struct mark *at, struct proto_env *env)
{
    (void)first;
    struct quic_session *s = session;
    struct step step = {s, s->connection, dir, at, env};
    struct feed f = {.take = {.consumed = bytes.len}, .state = FEED_MORE};
    struct cursor c = cursor_of(bytes, VERDICT_SHORT);
    struct quic_header h;
    for (int i = 0; i < DATAGRAM_MAX && cur_left(&c) > 0; i++) {
        enum verdict v = quic_header_next(&c, &h);
        bool odd = v == VERDICT_BAD || h.type == QUIC_ONE_RTT;
        if (odd && i == 0 && !step.c && dir == DIR_TO_SERVER && s->unknown == 0)
            f.state = FEED_NOT_MINE;
        if (v != VERDICT_OK)
            break;
        read_packet(&step, &h);
    }
    if (is_complete(s)) {
        emit(s->connection, TLS_COMPLETED, *at, env);
        s->told = true;
        f.state = FEED_DONE;
    } else if (!s->connection && ++s->unknown >= UNKNOWN_MAX) {
        f.state = FEED_DONE;
    }
    return f;
}

static void quic_end(void *session, const struct flow_end *how, struct proto_env *env)
{
    struct quic_session *s = session;
    struct connection *c = s->connection;
    if (!c || s->told)
        return;
    struct facts *f = &c->facts;
    struct step step = {s, c, DIR_TO_SERVER, &f->first, env};
    if (!f->hello)
        use_part_of_hello(&step);
    if (!mark_set(f->request))
        return;
    emit(c, judge(f, how), mark_set(how->at) ? how->at : f->last, env);
}

const struct proto_ops quic_ops = {
    .name = "quic",
    .session_size = sizeof(struct quic_session),
    .begin = quic_begin,
    .data = quic_data,
    .gap = NULL,
    .fin = NULL,
    .end = quic_end,
};
