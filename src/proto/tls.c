/*
 * proto/tls: TLS handshakes over a stream.
 * SPDX-License-Identifier: MIT
 *
 * RFC 5246 section 6.2 and RFC 8446 section 5 (records), RFC 5246 sections 7.1 to 7.3, RFC 8446
 * sections 2 and 5.1, appendix D.4 (middlebox compatibility).
 */
#include "proto/tls.h"

#include "tls_session.h"

#define RECORD_HEAD_LEN     5
#define RECORD_LEN_MAX      0x4800 /* RFC 5246 section 6.2.3: 2^14 + 2048 */
#define OLD_HEAD_LEN        3      /* SSLv2 length and message type */
#define HELLO_MIN           38
#define STRAYS_MAX          16 /* chunks that are no records, before a direction is given up */
#define ENCRYPTED_ALERT_MAX 24 /* 2 bytes, content type, 16 of authentication tag, some padding */
#define FINISHED_OVERHEAD   (TLS_MSG_HEAD_LEN + 1 + 16) /* message head, content type, tag */

enum record_type {
    RECORD_CCS = 20,
    RECORD_ALERT = 21,
    RECORD_HANDSHAKE = 22,
    RECORD_APP_DATA = 23,
    RECORD_HEARTBEAT = 24,
};

enum {
    LEVEL_WARNING = 1,
    LEVEL_FATAL = 2,
};

struct record {
    uint8_t type;
    uint16_t len;
};

static bool read_record_head(struct cursor *c, struct record *out)
{
    out->type = cur_u8(c);
    uint16_t version = cur_be16(c);
    out->len = cur_be16(c);
    return out->type >= RECORD_CCS && out->type <= RECORD_HEARTBEAT && version >> 8 == 3 &&
           (version & 0xff) <= 4 && out->len <= RECORD_LEN_MAX;
}

/* ---- emission -------------------------------------------------------------------------------- */

static void emit(const struct tls_session *t, enum tls_outcome outcome, struct mark done,
                 struct proto_env *env)
{
    struct tx tx = {
        .kind = TX_TLS,
        .first = t->first,
        .request = t->request,
        .reply = t->reply,
        .done = done,
        .rtt_ns = mark_set(t->reply) ? t->reply.ts_ns - t->request.ts_ns : -1,
    };
    struct tx_tls *tls = &tx.u.tls;
    if (tx.rtt_ns < -1)
        tx.rtt_ns = 0; /* a capture that swapped the two directions */
    tls->sni = slice_of(t->sni, t->sni_len);
    tls->alpn = slice_of(t->alpn, t->alpn_len);
    tls->via = t->via;
    tls->hello_len = t->hello_len;
    tls->hello_time = t->hello_time;
    tls->attempts = 1;
    tls->version = t->version;
    tls->offered_version = t->offered;
    tls->cipher = t->cipher;
    tls->ech = t->ech;
    tls->server_hello = t->server_hello;
    tls->hybrid = t->hybrid;
    tls->server_shape = t->server_shape;
    tls->hello_cut = t->hello == HELLO_PART;
    tls->gap = t->gap;
    tls->client_data = t->client_data;
    tls->stage = outcome == TLS_COMPLETED ? TLS_STAGE_COMPLETED : (enum tls_stage)t->stage;
    tls->outcome = outcome;
    if (t->extra) {
        tls->hello_retry = t->extra->hello_retry;
        memcpy(tls->alerts, t->extra->alerts, sizeof tls->alerts);
        tls->alert_count = t->extra->alert_count;
        tls->certificate = t->extra->certificate;
        tls->chain = t->extra->chain;
        tls->chain_root = t->extra->chain_root;
    }
    env->emit(env->ctx, &tx);
}

/* ---- what a record says ---------------------------------------------------------------------- */

static void alert(struct tls_step *step, struct cursor body)
{
    uint8_t level = cur_u8(&body);
    uint8_t code = cur_u8(&body);
    /* Any other length is an encrypted one. */
    if (body.verdict != VERDICT_OK || cur_left(&body) > 0)
        return;
    if (level != LEVEL_WARNING && level != LEVEL_FATAL)
        return;
    step->t->last = *step->at;
    struct tls_extra *extra = tls_extra(step->t, step->env->arena);
    if (!extra)
        return;
    extra->fatal = extra->fatal || level == LEVEL_FATAL;
    if (extra->alert_count < TLS_ALERTS_MAX)
        extra->alerts[extra->alert_count++] = (struct tls_alert){step->dir, level, code};
}

static bool both_changed_cipher(const struct tls_session *t)
{
    return t->side[DIR_TO_SERVER].ccs && t->side[DIR_TO_CLIENT].ccs;
}

/* An encrypted handshake message of TLS 1.2 or older: Finished. */
static void encrypted_handshake(struct tls_step *step)
{
    struct tls_session *t = step->t;
    t->last = *step->at;
    if (both_changed_cipher(t) && !tls_is_1_3(t))
        t->complete = true;
}

/* The hash of the cipher suite gives the client's Finished its length. */
static uint16_t finished_len(const struct tls_session *t)
{
    enum {
        AES_256_GCM_SHA384 = 0x1302
    };
    return FINISHED_OVERHEAD + (t->cipher == AES_256_GCM_SHA384 ? 48 : 32);
}

static void client_data_1_3(struct tls_session *t, uint16_t len)
{
    if (len <= ENCRYPTED_ALERT_MAX)
        return; /* or EndOfEarlyData */
    tls_reach(t, TLS_STAGE_CLIENT_DONE);
    if (t->flight == FLIGHT_FINISHED || t->flight == FLIGHT_ANSWERED)
        t->complete = true;
    else
        t->flight = len == finished_len(t) ? FLIGHT_FINISHED : FLIGHT_SOME;
}

static void app_data(struct tls_step *step, uint16_t len)
{
    struct tls_session *t = step->t;
    bool from_client = step->dir == DIR_TO_SERVER;
    t->last = *step->at;
    if (t->server_hello && !tls_is_1_3(t)) {
        /* A client may send data before the server's Finished (RFC 7918). */
        t->client_data = t->client_data || from_client;
        t->complete = t->complete || !from_client || both_changed_cipher(t);
        return;
    }
    if (!t->server_hello && !t->side[DIR_TO_CLIENT].resync)
        return; /* early data, or a side that ran ahead */
    if (from_client)
        client_data_1_3(t, len);
    else
        tls_reach(t, TLS_STAGE_SERVER_DONE);
    if (!from_client && t->flight == FLIGHT_SOME)
        t->flight = FLIGHT_ANSWERED;
}

static void change_cipher_spec(struct tls_step *step)
{
    struct tls_session *t = step->t;
    t->last = *step->at;
    tls_handshake_cut(step);
    step->side->ccs = true;
    step->side->opaque = false;
    if (!t->server_hello || tls_is_1_3(t))
        return;
    tls_reach(t, step->dir == DIR_TO_SERVER ? TLS_STAGE_CLIENT_DONE : TLS_STAGE_SERVER_DONE);
}

/* After a dummy ChangeCipherSpec of TLS 1.3 a hello in the clear may come (HelloRetryRequest). */
static bool is_hello(const struct tls_step *step, struct slice payload)
{
    struct cursor c = cursor_of(payload, VERDICT_BAD);
    uint8_t type = cur_u8(&c);
    uint32_t len = cur_be24(&c);
    bool fits = len <= cur_left(&c) || (step->t->extra && mark_set(step->t->extra->hello_retry));
    uint8_t major = cur_u8(&c);
    uint8_t wanted = step->dir == DIR_TO_SERVER ? TLS_MSG_CLIENT_HELLO : TLS_MSG_SERVER_HELLO;
    return c.verdict == VERDICT_OK && type == wanted && major == 3 && len >= HELLO_MIN && fits;
}

static void handshake(struct tls_step *step, struct slice payload)
{
    struct tls_side *side = step->side;
    if (side->ccs && !is_hello(step, payload)) {
        encrypted_handshake(step);
        return;
    }
    side->ccs = false;
    tls_handshake_bytes(step, payload);
}

/* ---- records of a direction ------------------------------------------------------------------ */

static struct feed more(void)
{
    return (struct feed){.state = FEED_MORE};
}

static struct feed wait_for(struct tls_side *side, size_t want, size_t have)
{
    side->record_left = (uint32_t)(want - have);
    return (struct feed){.take = {.want = want}, .state = FEED_MORE};
}

static bool opening(const struct tls_step *step)
{
    return step->dir == DIR_TO_SERVER && step->t->hello == HELLO_NONE && !step->side->spoke;
}

/* An SSLv2 ClientHello, alone and first: true when these bytes are (the beginning of) one. */
static bool old_hello(struct tls_step *step, struct cursor *c, struct feed *f)
{
    struct cursor ahead = *c;
    uint16_t head = cur_be16(&ahead);
    uint16_t len = head & 0x7fff;
    if ((head & 0x8000) == 0 || len < OLD_HEAD_LEN)
        return false;
    struct cursor start = ahead;
    uint8_t type = cur_u8(&start);
    uint8_t major = cur_u8(&start);
    if (start.verdict != VERDICT_OK || type != TLS_MSG_CLIENT_HELLO || (major != 3 && major != 0))
        return false;
    if (cur_left(&ahead) < len) {
        *f = wait_for(step->side, (size_t)len + 2, cur_left(c));
        return true;
    }
    step->side->spoke = true;
    tls_handshake_old_hello(step, cur_take(&ahead, len));
    *c = ahead;
    *f = more();
    return true;
}

/* Bytes that are no record: another protocol, or the place in the stream is lost. */
static struct feed stray(struct tls_step *step, struct cursor *c)
{
    struct tls_side *side = step->side;
    struct feed f = more();
    if (step->dir == DIR_TO_SERVER && step->t->hello == HELLO_NONE) {
        f.state = FEED_NOT_MINE;
        return f;
    }
    tls_handshake_cut(step);
    (void)cur_rest(c);
    side->resync = true;
    if (++side->strays >= STRAYS_MAX)
        f.take.skip = TAKE_REST;
    return f;
}

/* Of application data the head is enough: the rest need not even be shown. */
static struct feed pass_app_data(struct tls_step *step, struct cursor *c, uint16_t len)
{
    struct feed f = more();
    size_t here = cur_left(c) < len ? cur_left(c) : len;
    cur_skip(c, here);
    f.take.skip = len - here;
    app_data(step, len);
    return f;
}

static void read_record(struct tls_step *step, uint8_t type, struct slice body)
{
    if (type == RECORD_HANDSHAKE)
        handshake(step, body);
    else if (type == RECORD_ALERT)
        alert(step, cursor_of(body, VERDICT_BAD));
    else if (type == RECORD_CCS)
        change_cipher_spec(step);
}

/* The client speaks, encrypted, and its hello was not captured: there will be no transaction. */
static bool without_hello(const struct tls_step *step, uint8_t type)
{
    return step->dir == DIR_TO_SERVER && step->t->hello == HELLO_NONE &&
           (type == RECORD_APP_DATA || type == RECORD_CCS);
}

static struct feed next_record(struct tls_step *step, struct cursor *c)
{
    struct tls_side *side = step->side;
    struct cursor ahead = *c;
    struct record r;
    struct feed f = more();
    if (opening(step) && old_hello(step, c, &f))
        return f;
    if (cur_left(c) < RECORD_HEAD_LEN)
        return wait_for(side, RECORD_HEAD_LEN, cur_left(c));
    if (!read_record_head(&ahead, &r))
        return stray(step, c);
    side->spoke = true;
    if (without_hello(step, r.type)) {
        f.state = FEED_DONE;
        return f;
    }
    if (r.type != RECORD_APP_DATA && cur_left(&ahead) < r.len) {
        if (r.type == RECORD_HANDSHAKE && step->dir == DIR_TO_SERVER)
            tls_handshake_peek(step, cur_rest(&ahead));
        return wait_for(side, (size_t)RECORD_HEAD_LEN + r.len, cur_left(c));
    }
    *c = ahead;
    side->strays = 0;
    if (r.type == RECORD_APP_DATA)
        return pass_app_data(step, c, r.len);
    read_record(step, r.type, cur_take(c, r.len));
    return f;
}

/* ---- operations ------------------------------------------------------------------------------ */

static void tls_begin(void *session, const struct proto_begin *how, struct proto_env *env)
{
    struct tls_session *t = session;
    (void)env;
    t->via = how->via;
}

static struct feed tls_data(void *session, enum dir dir, struct slice bytes,
                            const struct mark *first, const struct mark *at, struct proto_env *env)
{
    struct tls_session *t = session;
    if (!mark_set(*at))
        at = first; /* bytes that waited until the flow ended */
    struct tls_step step = {t, &t->side[dir], dir, first, at, env};
    struct cursor c = cursor_of(bytes, VERDICT_SHORT);
    struct feed f = more();
    step.side->record_left = 0;
    while (f.state == FEED_MORE && f.take.want == 0 && f.take.skip == 0 && cur_left(&c) > 0) {
        size_t before = cur_left(&c);
        f = next_record(&step, &c);
        if (cur_left(&c) < before)
            step.first = at; /* what follows came with a later packet, as far as is known */
        if (t->complete && t->hello != HELLO_NONE) {
            emit(t, TLS_COMPLETED, *at, env);
            t->hello = HELLO_NONE; /* told */
            f.state = FEED_DONE;
        }
    }
    f.take.consumed = bytes.len - cur_left(&c);
    return f;
}

static struct feed tls_gap(void *session, enum dir dir, uint64_t len, const struct mark *at,
                           struct proto_env *env)
{
    struct tls_session *t = session;
    struct tls_side *side = &t->side[dir];
    struct tls_step step = {t, side, dir, at, at, env};
    struct feed f = more();
    if (len > 0 && len <= side->record_left)
        f.take.skip = side->record_left - len; /* the next record begins after it */
    tls_handshake_cut(&step);
    side->record_left = 0;
    side->resync = true;
    side->spoke = true;
    t->gap = true;
    return f;
}

static void tls_fin(void *session, enum dir dir, const struct mark *at, struct proto_env *env)
{
    struct tls_session *t = session;
    (void)at;
    (void)env;
    if (!t->side[dir_other(dir)].fin && !t->side[dir].fin)
        t->end_by = (uint8_t)dir;
    t->side[dir].fin = true;
}

static bool server_silent(const struct tls_session *t)
{
    return !t->side[DIR_TO_CLIENT].spoke && t->side[DIR_TO_CLIENT].strays == 0;
}

/* The client gave up on a server that had time enough: the silence is what went wrong. */
static bool gave_up(const struct tls_session *t, enum dir by, int64_t now_ns)
{
    return by == DIR_TO_SERVER && server_silent(t) && now_ns - t->first.ts_ns >= TLS_PATIENCE_NS;
}

static enum tls_outcome closed(const struct tls_session *t, enum dir by, int64_t now_ns)
{
    bool finished = t->stage >= TLS_STAGE_CLIENT_DONE;
    bool left = by == DIR_TO_SERVER && t->stage >= TLS_STAGE_SERVER_DONE;
    if (gave_up(t, by, now_ns))
        return TLS_NO_SERVER_HELLO;
    /* Encrypted alerts and data look alike: why the client left is not in the clear. */
    return tls_is_1_3(t) && (finished || left) ? TLS_INCOMPLETE : TLS_CLOSED;
}

static enum tls_outcome judge(const struct tls_session *t, const struct flow_end *how)
{
    int64_t now_ns = how->at.ts_ns;
    if (t->server_hello && !tls_is_1_3(t) && both_changed_cipher(t))
        return TLS_COMPLETED; /* the second one to change has verified the first one's Finished */
    if (t->extra && t->extra->fatal)
        return TLS_ALERT;
    if (how->reason == END_RST) {
        if (gave_up(t, how->by, now_ns))
            return TLS_NO_SERVER_HELLO;
        return how->by == DIR_TO_SERVER ? TLS_RESET_BY_CLIENT : TLS_RESET_BY_SERVER;
    }
    if (how->reason == END_FIN)
        return closed(t, how->by, now_ns);
    if (t->side[DIR_TO_SERVER].fin || t->side[DIR_TO_CLIENT].fin)
        return closed(t, (enum dir)t->end_by, now_ns);
    bool cut_off = how->reason == END_CAPTURE || how->reason == END_EVICTED;
    if (cut_off && now_ns - t->last.ts_ns < TLS_PATIENCE_NS)
        return TLS_PENDING;
    return server_silent(t) ? TLS_NO_SERVER_HELLO : TLS_INCOMPLETE;
}

static void tls_end(void *session, const struct flow_end *how, struct proto_env *env)
{
    struct tls_session *t = session;
    if (t->complete)
        return; /* told, or nobody asked */
    struct tls_step step = {t, &t->side[DIR_TO_SERVER], DIR_TO_SERVER, &t->last, &t->last, env};
    tls_handshake_cut(&step);
    if (t->hello == HELLO_NONE)
        return;
    emit(t, judge(t, how), mark_set(how->at) ? how->at : t->last, env);
}

const struct proto_ops tls_ops = {
    .name = "tls",
    .session_size = sizeof(struct tls_session),
    .begin = tls_begin,
    .data = tls_data,
    .gap = tls_gap,
    .fin = tls_fin,
    .end = tls_end,
};
