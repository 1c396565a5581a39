/*
 * proto/dns: the messages of a flow as questions with their replies.
 * SPDX-License-Identifier: MIT
 * RFC 1035 section 4.2 (UDP, TCP), RFC 5452 section 9.1 (what a reply must match), RFC 7766 (pipelining).
 *
 * A reply that nobody asked for yet waits a moment for its query: the two directions of a mirror port
 * can come in the wrong order. Queries stay open until DNS_GIVE_UP_NS after their newest repeat; a reply
 * that comes later stands alone.
 */
#include "proto/dns.h"

#include "dns_queue.h"

#define DNS_GIVE_UP_NS (15 * NS_PER_S)
/* How long a reply waits for its query. */
#define EARLY_WAIT_NS (50 * NS_PER_MS)
/* A query repeated this soon was captured twice, not sent twice. */
#define DUPLICATE_NS (10 * NS_PER_MS)
/* How long an answered question is remembered. */
#define ANSWERED_NS     (5 * NS_PER_S)
#define EARLY_MAX       8
#define EARLY_BYTES_MAX 2048 /* of a reply that waits; longer ones are cut */
#define EARLY_STEP      256

#define LENGTH_LEN     2
#define HEADER_LEN     12
#define OPCODE_QUERY   0
#define OPCODE_LAST    6 /* DSO */
#define QUERY_SECTIONS 1 /* records a query has in answer or authority, at most */

enum {
    TYPE_IXFR = 251,
    TYPE_AXFR = 252
};

/* Flags of a session. */
enum {
    IS_STREAM = 1,
    HAS_SEEN = 2,    /* a message was understood */
    LOST_CLIENT = 4, /* this direction's message boundaries are unknown */
    LOST_SERVER = 8,
};

/* A reply before its query. */
struct early {
    struct early *next;
    struct mark first;
    struct mark at;
    uint8_t *bytes;
    uint32_t len; /* 0: spare */
    uint32_t cap;
};

struct dns_session {
    struct dns_queue queue;
    struct early *early; /* in order of arrival, spare ones last */
};

/* One message in one call. */
struct visit {
    struct dns_session *s;
    struct proto_env *env;
    struct mark first; /* the packet with its first byte */
    struct mark at;
};

/* ---- telling ---- */

static void tell(const struct visit *v, struct tx *tx, enum tx_outcome outcome)
{
    tx->kind = TX_DNS;
    tx->outcome = outcome;
    v->env->emit(v->env->ctx, tx);
}

static void fill_query(struct tx *tx, const struct dns_query *q)
{
    tx->first = q->first;
    tx->request = q->request;
    tx->done = q->last;
    tx->rtt_ns = -1;
    tx->u.dns = (struct tx_dns){.qname = slice_of(q->name, q->name_len),
                                .attempts = q->attempts,
                                .id = q->id,
                                .qtype = q->qtype,
                                .qclass = q->qclass,
                                .rcode = -1,
                                .ede = -1,
                                .edns = q->edns};
}

static void fill_reply(struct tx *tx, const struct dns_message *m)
{
    struct tx_dns *d = &tx->u.dns;
    d->answers = m->answers;
    d->answer_count = m->answer_count;
    d->soa = m->soa;
    d->soa_server = m->soa_server;
    d->rcode = m->rcode;
    d->ede = m->ede;
    d->truncated = m->truncated;
    d->authoritative = m->authoritative;
    d->recursion_available = m->recursion_available;
}

/* What makes two answers different: order and TTLs do not. */
static uint32_t digest_of(const struct dns_message *m)
{
    uint64_t sum = hash_mix((uint64_t)m->rcode, m->answer_count);
    for (uint32_t i = 0; i < m->answer_count; i++) {
        const struct dns_answer *a = &m->answers[i];
        sum += a->addr.family ? addr_hash(a->type, &a->addr) : hash_bytes(a->type, a->rdata);
    }
    return (uint32_t)(sum ^ sum >> 32);
}

static void tell_unanswered(const struct visit *v, struct dns_query *q, bool waited)
{
    struct tx tx = {.kind = TX_DNS};
    fill_query(&tx, q);
    dns_queue_remove(&v->s->queue, q);
    tell(v, &tx, waited && !q->lost ? TX_NO_REPLY : TX_PENDING);
}

/* `v` has the reply's marks, `m` its question. */
static void tell_answered(const struct visit *v, struct dns_query *q, struct dns_message *m)
{
    struct tx tx = {.kind = TX_DNS};
    dns_parse_records(m); /* what is there of a cut message is told */
    fill_query(&tx, q);
    fill_reply(&tx, m);
    tx.reply = v->at;
    tx.done = v->at;
    tx.rtt_ns = v->at.ts_ns > q->request.ts_ns ? v->at.ts_ns - q->request.ts_ns : 0;
    q->digest = digest_of(m);
    q->rcode = m->rcode;
    q->replies = 1;
    dns_queue_answer(&v->s->queue, q);
    tell(v, &tx, TX_ANSWERED);
}

static void tell_reply_only(const struct visit *v, const struct dns_message *m, bool second)
{
    struct tx tx = {.first = v->first, .reply = v->at, .done = v->at, .rtt_ns = -1};
    tx.u.dns = (struct tx_dns){.qname = m->qname,
                               .attempts = 1,
                               .id = m->id,
                               .qtype = m->qtype,
                               .qclass = m->qclass,
                               .second_reply = second};
    fill_reply(&tx, m);
    tell(v, &tx, TX_REPLY_ONLY);
}

/* Another reply to an answered question. Repeated queries are owed one answer each, and servers of many
 * addresses rotate them; transfers have many messages. */
static void on_second_reply(const struct visit *v, struct dns_query *q, struct dns_message *m)
{
    if (!m->has_question || q->qtype == TYPE_AXFR || q->qtype == TYPE_IXFR)
        return;
    dns_parse_records(m);
    bool owed = q->replies < q->attempts && m->rcode == q->rcode;
    if (q->replies < UINT16_MAX)
        q->replies++;
    if (!owed && digest_of(m) != q->digest)
        tell_reply_only(v, m, true);
}

/* ---- replies that wait ---- */

/* A record with room for `len` bytes at the end of the list; NULL when too many wait. */
static struct early *new_early(struct dns_session *s, size_t len, struct arena *arena)
{
    struct early **link = &s->early;
    unsigned count = 0;
    while (*link && (*link)->len > 0) {
        link = &(*link)->next;
        count++;
    }
    if (count >= EARLY_MAX)
        return NULL;
    while (*link && (*link)->cap < len)
        link = &(*link)->next;
    struct early *e = *link;
    if (e) {
        *link = e->next;
    } else {
        size_t cap = (len + EARLY_STEP - 1) / EARLY_STEP * EARLY_STEP;
        e = arena_alloc(arena, sizeof *e);
        if (e)
            e->bytes = arena_alloc(arena, cap);
        if (!e || !e->bytes)
            return NULL;
        e->cap = (uint32_t)cap;
    }
    link = &s->early;
    while (*link && (*link)->len > 0)
        link = &(*link)->next;
    e->next = *link;
    *link = e;
    return e;
}

static void drop_early(struct dns_session *s, struct early *e)
{
    struct early **link = &s->early;
    while (*link != e)
        link = &(*link)->next;
    *link = e->next;
    e->len = 0;
    while (*link)
        link = &(*link)->next;
    e->next = NULL;
    *link = e;
}

static bool hold_early(const struct visit *v, struct slice bytes)
{
    struct slice kept = slice_sub(bytes, 0, EARLY_BYTES_MAX);
    struct early *e = new_early(v->s, kept.len, v->env->arena);
    if (!e)
        return false;
    memcpy(e->bytes, kept.data, kept.len);
    e->len = (uint32_t)kept.len;
    e->first = v->first;
    e->at = v->at;
    return true;
}

static struct dns_key key_of(const struct dns_message *m)
{
    return (struct dns_key){m->qname, m->id, m->qtype, m->has_question};
}

/* Reads the reply again that waits in `e`. */
static struct visit reopen(const struct visit *v, const struct early *e, struct dns_message *m)
{
    dns_parse_question(m, slice_of(e->bytes, e->len));
    return (struct visit){v->s, v->env, e->first, e->at};
}

/* Nobody asks for the reply any more. */
static void tell_early(const struct visit *v, struct early *e)
{
    struct dns_message m;
    struct visit then = reopen(v, e, &m);
    struct dns_key key = key_of(&m);
    struct dns_query *answered = dns_queue_find_answered(&v->s->queue, &key);
    if (answered) {
        on_second_reply(&then, answered, &m);
    } else if (m.has_question) {
        dns_parse_records(&m);
        tell_reply_only(&then, &m, false);
    }
    drop_early(v->s, e);
}

static bool suits(const struct early *e, const struct dns_query *q, struct dns_message *m)
{
    dns_parse_question(m, slice_of(e->bytes, e->len));
    if (m->id != q->id)
        return false;
    return !m->has_question ||
           (m->qtype == q->qtype && slice_eq(m->qname, slice_of(q->name, q->name_len)));
}

/* A new query finds its reply waiting. `m` is free to be used. */
static void adopt_early(const struct visit *v, struct dns_query *q, struct dns_message *m)
{
    struct early *e = v->s->early;
    while (e && e->len > 0 && !suits(e, q, m))
        e = e->next;
    if (!e || e->len == 0)
        return;
    struct visit then = {v->s, v->env, e->first, e->at};
    tell_answered(&then, q, m);
    drop_early(v->s, e);
}

/* ---- messages ---- */

static void expire(const struct visit *v)
{
    struct dns_session *s = v->s;
    int64_t now_ns = v->at.ts_ns;
    while (s->early && s->early->len > 0 && now_ns - s->early->at.ts_ns > EARLY_WAIT_NS)
        tell_early(v, s->early);
    dns_queue_forget(&s->queue, now_ns - ANSWERED_NS);
    while (s->queue.open.head && now_ns - s->queue.open.head->last.ts_ns > DNS_GIVE_UP_NS)
        tell_unanswered(v, s->queue.open.head, true);
}

/* The longest waiting query makes room. */
static void give_way(const struct visit *v)
{
    struct dns_query *oldest = v->s->queue.open.head;
    if (oldest)
        tell_unanswered(v, oldest, v->at.ts_ns - oldest->first.ts_ns >= DNS_PATIENCE_NS);
}

static struct dns_query *add_query(const struct visit *v, const struct dns_key *key)
{
    struct dns_queue *queue = &v->s->queue;
    if (queue->open_count >= DNS_OPEN_MAX)
        give_way(v);
    struct dns_query *q = dns_queue_add(queue, key, v->env->arena);
    if (q || queue->open_count == 0)
        return q;
    give_way(v);
    return dns_queue_add(queue, key, v->env->arena);
}

static void repeat_query(const struct visit *v, struct dns_query *q)
{
    if (v->at.ts_ns - q->last.ts_ns > DUPLICATE_NS && q->attempts < UINT16_MAX)
        q->attempts++;
    q->last = v->at;
    dns_queue_touch(&v->s->queue, q);
}

static void on_query(const struct visit *v, struct dns_message *m)
{
    struct dns_key key = key_of(m);
    struct dns_query *q = dns_queue_find_open(&v->s->queue, &key);
    if (q) {
        repeat_query(v, q);
        return;
    }
    q = dns_queue_find_answered(&v->s->queue, &key);
    if (q && v->at.ts_ns - q->last.ts_ns <= DUPLICATE_NS)
        return;
    q = add_query(v, &key);
    if (!q)
        return;
    q->first = v->first;
    q->request = v->at;
    q->last = v->at;
    q->qclass = m->qclass;
    q->edns = m->counts[3] > 0;
    if (v->s->early && v->s->early->len > 0)
        adopt_early(v, q, m);
}

static void on_reply(const struct visit *v, struct dns_message *m)
{
    struct dns_key key = key_of(m);
    struct dns_query *q = dns_queue_find_open(&v->s->queue, &key);
    if (q) {
        tell_answered(v, q, m);
        return;
    }
    q = dns_queue_find_answered(&v->s->queue, &key);
    if (q) {
        on_second_reply(v, q, m);
        return;
    }
    if (hold_early(v, m->bytes) || !m->has_question)
        return;
    dns_parse_records(m);
    tell_reply_only(v, m, false);
}

/* Whether a header can be one: opcode known, the bit that must be zero is, counts as messages have. */
static bool is_plausible(const struct dns_message *m)
{
    enum {
        FLAG_Z = 0x40
    };
    if (m->opcode > OPCODE_LAST || (m->flags & FLAG_Z) || m->counts[0] > 1)
        return false;
    if (m->is_reply || m->opcode != OPCODE_QUERY)
        return true;
    return m->counts[0] == 1 && m->counts[1] <= QUERY_SECTIONS && m->counts[2] <= QUERY_SECTIONS;
}

/* false: the bytes are no DNS message. */
static bool on_message(const struct visit *v, enum dir dir, struct slice bytes)
{
    struct dns_message m;
    uint8_t *flags = &v->s->queue.flags;
    expire(v);
    if (bytes.len < HEADER_LEN)
        return true;
    enum verdict verdict = dns_parse_question(&m, bytes);
    if (!(*flags & HAS_SEEN) && (verdict == VERDICT_BAD || !is_plausible(&m)))
        return false;
    *flags |= HAS_SEEN;
    /* A message against the flow's direction has its port at the wrong side: nobody's transaction. */
    if (m.opcode != OPCODE_QUERY || m.is_reply != (dir == DIR_TO_CLIENT))
        return true;
    if (m.is_reply)
        on_reply(v, &m);
    else if (m.has_question)
        on_query(v, &m);
    return true;
}

/* ---- streams ---- */

static uint8_t lost_flag(enum dir dir)
{
    return dir == DIR_TO_SERVER ? LOST_CLIENT : LOST_SERVER;
}

/* Whether bytes can begin with a length and a message; `more` when there are too few to say. */
static bool begins_message(struct slice bytes, enum dir dir, bool *more)
{
    struct dns_message m;
    struct cursor c = cursor_of(bytes, VERDICT_SHORT);
    uint16_t len = cur_be16(&c);
    *more = bytes.len < LENGTH_LEN + HEADER_LEN;
    if (*more)
        return false;
    if (len < HEADER_LEN)
        return false;
    enum verdict verdict = dns_parse_question(&m, slice_sub(bytes, LENGTH_LEN, len));
    return verdict != VERDICT_BAD && is_plausible(&m) && m.is_reply == (dir == DIR_TO_CLIENT);
}

/* Finds a message's beginning where there is none for sure. */
static bool find_place(struct dns_session *s, enum dir dir, struct slice bytes, struct feed *feed)
{
    bool lost = s->queue.flags & lost_flag(dir);
    if (!lost && (s->queue.flags & HAS_SEEN))
        return true;
    bool more = false;
    if (begins_message(bytes, dir, &more)) {
        s->queue.flags &= (uint8_t)~lost_flag(dir);
        return true;
    }
    if (more) {
        feed->take.want = LENGTH_LEN + HEADER_LEN;
        return false;
    }
    feed->take.consumed += bytes.len;
    if (!lost && dir == DIR_TO_SERVER)
        feed->state = FEED_NOT_MINE;
    s->queue.flags |= lost_flag(dir);
    return false;
}

/* One message of a stream; false when there is no further step to make. */
static bool step_stream(struct visit *v, enum dir dir, struct slice bytes, struct feed *feed)
{
    struct slice rest = slice_sub(bytes, feed->take.consumed, bytes.len);
    if (rest.len < LENGTH_LEN || !find_place(v->s, dir, rest, feed))
        return false;
    struct cursor c = cursor_of(rest, VERDICT_SHORT);
    size_t len = cur_be16(&c);
    if (len < HEADER_LEN) {
        v->s->queue.flags |= lost_flag(dir);
        feed->take.consumed = bytes.len;
        return false;
    }
    size_t whole = LENGTH_LEN + len;
    if (rest.len < whole && rest.len < PROTO_HOLD_MAX) {
        feed->take.want = whole < PROTO_HOLD_MAX ? whole : PROTO_HOLD_MAX;
        return false;
    }
    struct slice message = slice_sub(rest, LENGTH_LEN, len);
    on_message(v, dir, message);
    feed->take.skip = len - message.len; /* more than is ever held: told as far as it is there */
    feed->take.consumed += LENGTH_LEN + message.len;
    v->first = v->at;
    return feed->take.consumed < bytes.len;
}

static struct feed on_stream(struct visit *v, enum dir dir, struct slice bytes)
{
    struct feed feed = {.state = FEED_MORE};
    while (step_stream(v, dir, bytes, &feed)) {
    }
    return feed;
}

/* ---- the dissector ---- */

static void dns_begin(void *session, const struct proto_begin *how, struct proto_env *env)
{
    struct dns_session *s = session;
    (void)env;
    if (!how->datagram)
        s->queue.flags |= IS_STREAM;
    if (how->midstream && !how->datagram)
        s->queue.flags |= LOST_CLIENT | LOST_SERVER;
}

static struct feed dns_data(void *session, enum dir dir, struct slice bytes,
                            const struct mark *first, const struct mark *at, struct proto_env *env)
{
    struct visit v = {session, env, *first, *at};
    if (v.s->queue.flags & IS_STREAM)
        return on_stream(&v, dir, bytes);
    bool mine = on_message(&v, dir, bytes);
    return (struct feed){.take.consumed = bytes.len, .state = mine ? FEED_MORE : FEED_NOT_MINE};
}

static struct feed dns_gap(void *session, enum dir dir, uint64_t len, const struct mark *at,
                           struct proto_env *env)
{
    struct dns_session *s = session;
    (void)len;
    (void)at;
    (void)env;
    s->queue.flags |= lost_flag(dir);
    if (dir == DIR_TO_CLIENT) {
        for (struct dns_query *q = s->queue.open.head; q; q = q->next)
            q->lost = true;
    }
    return (struct feed){.state = FEED_MORE};
}

static void dns_end(void *session, const struct flow_end *how, struct proto_env *env)
{
    struct dns_session *s = session;
    struct visit v = {s, env, how->at, how->at};
    bool cut_short = how->reason == END_CAPTURE || how->reason == END_EVICTED;
    while (s->early && s->early->len > 0)
        tell_early(&v, s->early);
    while (s->queue.open.head) {
        struct dns_query *q = s->queue.open.head;
        bool waited = !cut_short || how->at.ts_ns - q->first.ts_ns >= DNS_PATIENCE_NS;
        tell_unanswered(&v, q, waited);
    }
}

const struct proto_ops dns_ops = {
    .name = "dns",
    .session_size = sizeof(struct dns_session),
    .begin = dns_begin,
    .data = dns_data,
    .gap = dns_gap,
    .end = dns_end,
};
