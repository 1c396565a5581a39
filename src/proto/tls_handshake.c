/*
 * proto/tls_handshake: handshake messages of a TLS connection to facts.
 * SPDX-License-Identifier: MIT
 *
 * A message that lies within one record is read where it is; one that spans records is put together
 * in the arena, if it is one of those that are read. RFC 5246 sections 6.2.1 and 7.4, RFC 8446
 * section 4.
 */
#include "proto/certificates.h"
#include "proto/x509.h"
#include "tls_session.h"

#define MESSAGE_MAX (128 * 1024) /* announced: more is no handshake */
#define HELLO_KEEP  (16 * 1024)  /* kept of a hello that spans records */
#define CERTIFICATE_KEEP \
    (12 * 1024) /* kept of a Certificate that spans records: the leaf is first */
#define CHAIN_MAX       10
#define SNI_MAX         1024
#define OLD_HELLO_FIXED 9

struct tls_extra *tls_extra(struct tls_session *t, struct arena *a)
{
    if (!t->extra)
        t->extra = arena_alloc(a, sizeof *t->extra);
    return t->extra;
}

static bool is_message_type(uint8_t type)
{
    return type <= 26 || type == 67 || type == 254; /* next_protocol, message_hash */
}

/* ---- hellos ---------------------------------------------------------------------------------- */

static const uint8_t *keep_lower(struct slice s, struct arena *a)
{
    uint8_t *copy = arena_alloc(a, s.len);
    for (size_t i = 0; copy && i < s.len; i++)
        copy[i] = ascii_lower(s.data[i]);
    return copy;
}

static void keep_sni(struct tls_session *t, struct slice sni, struct arena *a)
{
    sni = slice_sub(sni, 0, SNI_MAX);
    if (sni.len == 0 || t->sni_len == sni.len)
        return; /* none, or known from the first look at a part */
    t->sni = keep_lower(sni, a);
    t->sni_len = t->sni ? (uint16_t)sni.len : 0;
}

static void keep_alpn(struct tls_session *t, struct slice alpn, struct arena *a)
{
    if (alpn.len == 0 || slice_eq(alpn, slice_of(t->alpn, t->alpn_len)))
        return;
    struct slice copy = arena_copy(a, alpn);
    t->alpn = copy.data;
    t->alpn_len = (uint8_t)copy.len;
}

static void note_hello(struct tls_step *step, bool whole, size_t len)
{
    struct tls_session *t = step->t;
    if (t->hello == HELLO_NONE && !mark_set(t->first))
        t->first = *step->first;
    t->hello = whole ? HELLO_WHOLE : HELLO_PART;
    t->request = *step->at;
    t->last = *step->at;
    t->hello_len = (uint32_t)len;
}

static void client_hello(struct tls_step *step, struct slice body, size_t len, bool whole)
{
    struct tls_session *t = step->t;
    t->last = *step->at;
    if (t->hello == HELLO_WHOLE)
        return; /* the second one, after a HelloRetryRequest: the same transaction */
    struct tls_client_hello hello;
    (void)tls_client_hello_parse(body, whole ? VERDICT_BAD : VERDICT_SHORT, &hello);
    if (hello.random.len == 0)
        return;
    note_hello(step, whole, len);
    t->offered = hello.version;
    t->ech = hello.ech;
    t->hybrid = hello.hybrid;
    struct cursor random = cursor_of(hello.random, VERDICT_SHORT);
    t->hello_time = cur_be32(&random);
    keep_sni(t, hello.sni, step->env->arena);
    keep_alpn(t, hello.alpn, step->env->arena);
}

void tls_handshake_old_hello(struct tls_step *step, struct slice message)
{
    struct cursor c = cursor_of(message, VERDICT_BAD);
    cur_skip(&c, 1); /* message type */
    uint16_t version = cur_be16(&c);
    uint16_t ciphers = cur_be16(&c);
    uint16_t session_id = cur_be16(&c);
    uint16_t challenge = cur_be16(&c);
    cur_skip(&c, (size_t)ciphers + session_id + challenge);
    if (c.verdict != VERDICT_OK || ciphers % 3 != 0)
        return;
    note_hello(step, true, message.len);
    step->t->offered = version;
}

static void server_hello(struct tls_step *step, struct slice body)
{
    struct tls_session *t = step->t;
    struct tls_server_hello hello;
    (void)tls_server_hello_parse(body, VERDICT_BAD, &hello);
    if (hello.random.len == 0 || t->server_hello)
        return;
    t->last = *step->at;
    if (hello.retry) {
        struct tls_extra *extra = tls_extra(t, step->env->arena);
        if (extra && !mark_set(extra->hello_retry))
            extra->hello_retry = *step->at;
        return;
    }
    t->server_hello = true;
    t->reply = *step->at;
    t->version = hello.version;
    t->cipher = hello.cipher;
    t->server_shape = hello.shape;
    tls_reach(t, TLS_STAGE_SERVER_HELLO);
    keep_alpn(t, hello.alpn, step->env->arena);
}

/* ---- certificate ----------------------------------------------------------------------------- */

/* What comes behind the leaf. Of a list that was not kept whole nothing is told. */
static void chain(struct tls_extra *extra, struct cursor *list)
{
    uint8_t count = 1;
    bool root = false;
    while (cur_left(list) > 0 && count < CHAIN_MAX) {
        struct slice next = cur_take(list, cur_be24(list));
        if (++count == 2)
            root = x509_self_issued(next);
    }
    extra->chain = list->verdict == VERDICT_OK ? count : 0;
    extra->chain_root = extra->chain > 0 && root;
}

static void certificate(struct tls_step *step, struct slice body)
{
    struct tls_session *t = step->t;
    struct cursor c = cursor_of(body, VERDICT_SHORT);
    struct cursor list = cur_sub(&c, cur_be24(&c));
    struct slice leaf = cur_take(&list, cur_be24(&list));
    if (list.verdict != VERDICT_OK || leaf.len == 0)
        return;
    struct tls_extra *extra = tls_extra(t, step->env->arena);
    if (!extra || extra->certificate)
        return;
    extra->certificate = certificates_get(step->env->certificates, leaf, step->env->arena);
    chain(extra, &list);
}

static bool wants_certificate(const struct tls_step *step)
{
    const struct tls_session *t = step->t;
    return step->dir == DIR_TO_CLIENT && !(t->extra && t->extra->certificate);
}

/* ---- messages -------------------------------------------------------------------------------- */

/* How much of a message's body is worth keeping: 0 when it is not read. */
static uint32_t message_keep(const struct tls_step *step, uint8_t type, uint32_t len)
{
    const struct tls_session *t = step->t;
    bool from_client = step->dir == DIR_TO_SERVER;
    bool is_hello = from_client ? type == TLS_MSG_CLIENT_HELLO && t->hello != HELLO_WHOLE
                                : type == TLS_MSG_SERVER_HELLO && !t->server_hello;
    uint32_t most = 0;
    if (is_hello)
        most = HELLO_KEEP;
    else if (type == TLS_MSG_CERTIFICATE && wants_certificate(step))
        most = CERTIFICATE_KEEP;
    return len < most ? len : most;
}

/* A whole message of `len` bytes, of which `body` was kept. */
static void message(struct tls_step *step, uint8_t type, struct slice body, uint32_t len)
{
    struct tls_session *t = step->t;
    bool from_client = step->dir == DIR_TO_SERVER;
    if (type == TLS_MSG_CLIENT_HELLO && from_client)
        client_hello(step, body, len, body.len == len);
    else if (type == TLS_MSG_SERVER_HELLO && !from_client)
        server_hello(step, body);
    else if (type == TLS_MSG_CERTIFICATE && wants_certificate(step))
        certificate(step, body);
    else if (type == TLS_MSG_SERVER_HELLO_DONE && !from_client && t->server_hello)
        tls_reach(t, TLS_STAGE_SERVER_DONE);
}

static uint32_t head_len(const uint8_t head[TLS_MSG_HEAD_LEN])
{
    struct cursor c = cursor_of(slice_of(head, TLS_MSG_HEAD_LEN), VERDICT_BAD);
    cur_skip(&c, 1);
    return cur_be24(&c);
}

static void drop_message(struct tls_side *side)
{
    side->msg = NULL; /* its memory is the arena's */
    side->head_have = 0;
    side->msg_have = 0;
    side->msg_room = 0;
}

/* Takes head bytes; true when the head is there and the body can be collected. */
static bool collect_head(struct tls_step *step, struct cursor *c)
{
    struct tls_side *side = step->side;
    while (side->head_have < TLS_MSG_HEAD_LEN && cur_left(c) > 0)
        side->head[side->head_have++] = cur_u8(c);
    if (side->head_have < TLS_MSG_HEAD_LEN)
        return false;
    uint32_t len = head_len(side->head);
    if (!is_message_type(side->head[0]) || len > MESSAGE_MAX) {
        side->opaque = true;
        drop_message(side);
        return false;
    }
    uint32_t keep = message_keep(step, side->head[0], len);
    side->msg = keep > 0 ? arena_alloc(step->env->arena, keep) : NULL;
    side->msg_room = side->msg ? keep : 0;
    side->msg_have = 0;
    return true;
}

static void collect_body(struct tls_step *step, struct cursor *c)
{
    struct tls_side *side = step->side;
    uint32_t len = head_len(side->head);
    size_t take = len - side->msg_have;
    if (take > cur_left(c))
        take = cur_left(c);
    struct slice part = cur_take(c, take);
    if (side->msg_have < side->msg_room) {
        struct slice kept = slice_sub(part, 0, side->msg_room - side->msg_have);
        if (kept.len > 0)
            memcpy(side->msg + side->msg_have, kept.data, kept.len);
    }
    side->msg_have += (uint32_t)take;
    if (side->msg_have < len)
        return;
    message(step, side->head[0], slice_of(side->msg, side->msg_room), len);
    drop_message(side);
}

/* A message that lies whole in the record, the common case: no copy. */
static bool message_in_place(struct tls_step *step, struct cursor *c)
{
    struct cursor ahead = *c;
    uint8_t type = cur_u8(&ahead);
    uint32_t len = cur_be24(&ahead);
    struct slice body = cur_take(&ahead, len);
    if (ahead.verdict != VERDICT_OK || !is_message_type(type))
        return false;
    message(step, type, body, len);
    *c = ahead;
    return true;
}

void tls_handshake_bytes(struct tls_step *step, struct slice payload)
{
    struct tls_side *side = step->side;
    struct cursor c = cursor_of(payload, VERDICT_SHORT);
    if (step->dir == DIR_TO_SERVER && !mark_set(step->t->first))
        step->t->first = *step->first;
    step->t->last = *step->at;
    /* After a gap records may begin within a message: only one that holds whole messages is read. */
    bool strict = side->resync;
    side->resync = false;
    while (cur_left(&c) > 0 && !side->opaque) {
        if (side->head_have == 0 && message_in_place(step, &c))
            continue;
        if (strict) {
            side->resync = true;
            return;
        }
        if (side->head_have < TLS_MSG_HEAD_LEN && !collect_head(step, &c))
            continue;
        collect_body(step, &c);
    }
}

void tls_handshake_peek(struct tls_step *step, struct slice payload)
{
    struct cursor c = cursor_of(payload, VERDICT_SHORT);
    uint8_t type = cur_u8(&c);
    uint32_t len = cur_be24(&c);
    if (step->side->head_have != 0 || step->t->hello != HELLO_NONE)
        return;
    if (c.verdict == VERDICT_OK && type == TLS_MSG_CLIENT_HELLO && len <= MESSAGE_MAX)
        client_hello(step, slice_sub(cur_rest(&c), 0, len), len, false);
}

void tls_handshake_cut(struct tls_step *step)
{
    struct tls_side *side = step->side;
    bool hello = side->head_have == TLS_MSG_HEAD_LEN && side->head[0] == TLS_MSG_CLIENT_HELLO;
    if (hello && step->dir == DIR_TO_SERVER && side->msg) {
        uint32_t have = side->msg_have < side->msg_room ? side->msg_have : side->msg_room;
        client_hello(step, slice_of(side->msg, have), head_len(side->head), false);
    }
    drop_message(side);
}
