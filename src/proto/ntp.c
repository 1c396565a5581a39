/*
 * proto/ntp: requests of NTP clients and their replies.
 * SPDX-License-Identifier: MIT
 * RFC 5905 sections 7.3 (packet), 7.4 (kiss codes), 8 (offset); RFC 4330 section 3 (eras).
 */
#include "proto/ntp.h"

#include "base/cursor.h"

#define NTP_OPEN_MAX   64 /* requests that wait at once; the oldest one gives way */
#define NTP_EARLY_MAX  4
#define NTP_GIVE_UP_NS (15 * NS_PER_S)
/* How long a reply waits for its request: mirror ports swap packets. */
#define EARLY_WAIT_NS (50 * NS_PER_MS)
/* A request repeated this soon was captured twice, not sent twice. */
#define DUPLICATE_NS (10 * NS_PER_MS)

#define YEAR_NS (INT64_C(31536000) * NS_PER_S)
/* Clients may send a random number as their transmit timestamp: an offset beyond these is not one. */
#define TRUST_REPLY_NS   (68 * YEAR_NS)
#define TRUST_REQUEST_NS (20 * YEAR_NS)
#define TRUST_BARE_NS    YEAR_NS /* of requests that carry nothing else, as such clients' do */
/* Precision that clients send who tell nothing of themselves: 2^32 seconds. */
#define PRECISION_HIDDEN 0x20

#define VERSION_MAX 4
#define MODE_CLIENT 3
#define MODE_SERVER 4

struct ntp_packet {
    uint64_t origin;
    uint64_t receive;
    uint64_t transmit;
    uint32_t reference_id;
    uint8_t leap;
    uint8_t version;
    uint8_t mode;
    uint8_t stratum;
    uint8_t precision;
    bool bare; /* nothing set but the first byte, precision and the transmit timestamp */
};

/* An open request, or a reply that waits for its request. */
struct ntp_record {
    struct ntp_record *next;
    struct mark first;
    struct mark last; /* newest repeat */
    struct ntp_packet packet;
    uint32_t attempts;
};

struct ntp_session {
    struct ntp_record *open; /* oldest first */
    struct ntp_record *early;
    struct ntp_record *spare;
    uint64_t answered;   /* transmit timestamp of the newest answered request */
    int64_t answered_ns; /* when that was sent */
    uint8_t open_count;
    uint8_t early_count;
    bool has_answered;
    bool seen;
};

/* ---- packet ---- */

static enum verdict ntp_parse(struct ntp_packet *p, struct slice bytes)
{
    struct cursor c = cursor_of(bytes, VERDICT_SHORT);
    uint8_t head = cur_u8(&c);
    p->leap = head >> 6;
    p->version = head >> 3 & 7;
    p->mode = head & 7;
    p->stratum = cur_u8(&c);
    uint8_t poll = cur_u8(&c);
    p->precision = cur_u8(&c);
    uint64_t root = cur_be64(&c);
    p->reference_id = cur_be32(&c);
    uint64_t reference = cur_be64(&c);
    p->origin = cur_be64(&c);
    p->receive = cur_be64(&c);
    p->transmit = cur_be64(&c);
    p->bare = !p->stratum && !poll && !root && !p->reference_id && !reference && !p->origin &&
              !p->receive;
    if (p->version == 0 || p->version > VERSION_MAX)
        cur_fail(&c, VERDICT_BAD);
    return c.verdict;
}

/* Nanoseconds since 1970. Seconds without the highest bit are of the era that begins in 2036. */
static int64_t ntp_time_ns(uint64_t stamp)
{
    const int64_t unix_epoch_s = 2208988800; /* since 1900 */
    const int64_t era_s = INT64_C(1) << 32;
    int64_t seconds = (int64_t)(stamp >> 32);
    if (!(stamp >> 63))
        seconds += era_s;
    int64_t fraction_ns = (int64_t)((stamp & UINT32_MAX) * (uint64_t)NS_PER_S >> 32);
    return (seconds - unix_epoch_s) * NS_PER_S + fraction_ns;
}

/* ---- what a transaction tells ---- */

static bool within(int64_t ns, int64_t limit_ns)
{
    return ns < limit_ns && ns > -limit_ns;
}

/* The time the client says it is; false when it does not say. */
static bool client_time(const struct ntp_packet *request, int64_t *ns)
{
    *ns = ntp_time_ns(request->transmit);
    return request->transmit != 0 && request->precision != PRECISION_HIDDEN;
}

static int64_t trust(const struct ntp_packet *request, int64_t limit_ns)
{
    return request->bare ? TRUST_BARE_NS : limit_ns;
}

static void offset_of_reply(struct tx_ntp *n, const struct ntp_packet *request,
                            const struct ntp_packet *reply, int64_t rtt_ns)
{
    int64_t t1 = 0;
    if (!client_time(request, &t1) || reply->receive == 0 || reply->transmit == 0)
        return;
    /* Times lie in 1968..2104, so differences fit in 64 bits and their sum is taken by halves. */
    int64_t there = ntp_time_ns(reply->receive) - t1;
    int64_t back = ntp_time_ns(reply->transmit) - (t1 + rtt_ns);
    n->offset_ns = there / 2 + back / 2;
    n->has_offset = within(there, trust(request, TRUST_REPLY_NS)) &&
                    within(back, trust(request, TRUST_REPLY_NS));
}

/* The server's clock beside that of the capture. */
static void time_of_server(struct tx_ntp *n, const struct ntp_packet *reply, const struct mark *at)
{
    if (reply->transmit == 0 || !within(at->ts_ns, INT64_MAX / 4))
        return;
    n->server_ns = ntp_time_ns(reply->transmit) - at->ts_ns;
    n->has_server_time = within(n->server_ns, TRUST_REPLY_NS);
}

/* The clock of the capture stands for the true time. */
static void offset_of_request(struct tx_ntp *n, const struct ntp_record *r)
{
    int64_t t1 = 0;
    if (!client_time(&r->packet, &t1) || !within(r->first.ts_ns, INT64_MAX / 4))
        return;
    n->offset_ns = r->first.ts_ns - t1;
    n->has_offset = within(n->offset_ns, trust(&r->packet, TRUST_REQUEST_NS));
}

static bool is_printable(uint8_t c)
{
    return c > ' ' && c <= '~';
}

/* Four characters, right-padded with zeros; false when they are not. */
static bool put_code(char out[5], const uint8_t bytes[4])
{
    size_t n = 0;
    while (n < 4 && is_printable(bytes[n])) {
        out[n] = (char)bytes[n];
        n++;
    }
    out[n] = '\0';
    for (size_t i = n; i < 4; i++) {
        if (bytes[i] != 0 && bytes[i] != ' ')
            n = 0;
    }
    return n > 0;
}

static void put_hex(char out[9], uint32_t v)
{
    static const char digits[] = "0123456789abcdef";
    for (unsigned i = 0; i < 8; i++)
        out[i] = digits[v >> (28 - 4 * i) & 15];
    out[8] = '\0';
}

static void fill_source(struct tx_ntp *n, const struct ntp_packet *reply)
{
    uint32_t id = reply->reference_id;
    const uint8_t bytes[4] = {(uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8),
                              (uint8_t)id};
    char code[5];
    n->leap = reply->leap;
    n->stratum = reply->stratum;
    if (reply->stratum > 1) {
        char text[ADDR_TEXT_SIZE];
        struct ip_addr a = addr_v4(id);
        const char *dotted = addr_text(&a, text);
        memcpy(n->reference_id, dotted, strlen(dotted) + 1);
    } else if (put_code(code, bytes)) {
        memcpy(n->reference_id, code, sizeof code);
        if (reply->stratum == 0)
            memcpy(n->kiss_code, code, sizeof code);
    } else {
        put_hex(n->reference_id, id);
    }
}

/* ---- records ---- */

static struct ntp_record *new_record(struct ntp_session *s, struct arena *arena)
{
    struct ntp_record *r = s->spare;
    if (!r)
        return arena_alloc(arena, sizeof *r);
    s->spare = r->next;
    *r = (struct ntp_record){.next = NULL};
    return r;
}

static void append(struct ntp_record **list, struct ntp_record *r)
{
    while (*list)
        list = &(*list)->next;
    *list = r;
}

/* Takes the record out of the list that `link` is in; it can be used again. */
static void release(struct ntp_session *s, struct ntp_record **link)
{
    struct ntp_record *r = *link;
    *link = r->next;
    r->next = s->spare;
    s->spare = r;
}

/* The link to the record with that timestamp as transmit (of requests) or origin (of replies). */
static struct ntp_record **find_open(struct ntp_session *s, uint64_t transmit)
{
    struct ntp_record **link = &s->open;
    while (*link && (*link)->packet.transmit != transmit)
        link = &(*link)->next;
    return link;
}

static struct ntp_record **find_early(struct ntp_session *s, uint64_t origin)
{
    struct ntp_record **link = &s->early;
    while (*link && (*link)->packet.origin != origin)
        link = &(*link)->next;
    return link;
}

/* ---- telling ---- */

static struct tx tx_of(const struct ntp_record *request)
{
    struct tx tx = {.kind = TX_NTP,
                    .first = request->first,
                    .request = request->first,
                    .done = request->last,
                    .rtt_ns = -1};
    tx.u.ntp = (struct tx_ntp){.attempts = request->attempts, .version = request->packet.version};
    return tx;
}

static void tell_unanswered(struct ntp_session *s, bool waited, struct proto_env *env)
{
    struct tx tx = tx_of(s->open);
    tx.outcome = waited ? TX_NO_REPLY : TX_PENDING;
    offset_of_request(&tx.u.ntp, s->open);
    release(s, &s->open);
    s->open_count--;
    env->emit(env->ctx, &tx);
}

static void tell_answered(struct ntp_session *s, struct ntp_record **request,
                          const struct ntp_packet *reply, const struct mark *at,
                          struct proto_env *env)
{
    const struct ntp_record *r = *request;
    struct tx tx = tx_of(r);
    int64_t rtt_ns = at->ts_ns - r->last.ts_ns;
    tx.outcome = TX_ANSWERED;
    tx.reply = *at;
    tx.done = *at;
    tx.rtt_ns = rtt_ns > 0 ? rtt_ns : 0;
    fill_source(&tx.u.ntp, reply);
    offset_of_reply(&tx.u.ntp, &r->packet, reply, tx.rtt_ns);
    time_of_server(&tx.u.ntp, reply, at);
    s->answered = r->packet.transmit;
    s->answered_ns = r->last.ts_ns;
    s->has_answered = true;
    release(s, request);
    s->open_count--;
    env->emit(env->ctx, &tx);
}

static void tell_reply_only(const struct ntp_packet *reply, const struct mark *at,
                            struct proto_env *env)
{
    struct tx tx = {.kind = TX_NTP,
                    .outcome = TX_REPLY_ONLY,
                    .first = *at,
                    .reply = *at,
                    .done = *at,
                    .rtt_ns = -1};
    tx.u.ntp = (struct tx_ntp){.attempts = 1, .version = reply->version};
    fill_source(&tx.u.ntp, reply);
    env->emit(env->ctx, &tx);
}

static bool was_answered(const struct ntp_session *s, uint64_t stamp)
{
    return s->has_answered && s->answered == stamp;
}

/* Nobody asks for the longest waiting reply any more. */
static void tell_early(struct ntp_session *s, struct proto_env *env)
{
    struct ntp_record *r = s->early;
    release(s, &s->early);
    s->early_count--;
    if (!was_answered(s, r->packet.origin))
        tell_reply_only(&r->packet, &r->first, env);
}

/* ---- packets ---- */

static void expire(struct ntp_session *s, int64_t now_ns, struct proto_env *env)
{
    while (s->early && now_ns - s->early->first.ts_ns > EARLY_WAIT_NS)
        tell_early(s, env);
    while (s->open && now_ns - s->open->last.ts_ns > NTP_GIVE_UP_NS)
        tell_unanswered(s, true, env);
}

static struct ntp_record *add_request(struct ntp_session *s, const struct mark *at,
                                      struct proto_env *env)
{
    if (s->open_count >= NTP_OPEN_MAX)
        tell_unanswered(s, at->ts_ns - s->open->first.ts_ns >= NTP_PATIENCE_NS, env);
    struct ntp_record *r = new_record(s, env->arena);
    if (r) {
        append(&s->open, r);
        s->open_count++;
    }
    return r;
}

static void on_request(struct ntp_session *s, const struct ntp_packet *p, const struct mark *at,
                       struct proto_env *env)
{
    struct ntp_record *known = *find_open(s, p->transmit);
    if (known) {
        if (at->ts_ns - known->last.ts_ns > DUPLICATE_NS && known->attempts < UINT32_MAX)
            known->attempts++;
        known->last = *at;
        return;
    }
    if (was_answered(s, p->transmit) && at->ts_ns - s->answered_ns <= DUPLICATE_NS)
        return;
    struct ntp_record *r = add_request(s, at, env);
    if (!r)
        return;
    r->packet = *p;
    r->first = *at;
    r->last = *at;
    r->attempts = 1;
    struct ntp_record **early = find_early(s, p->transmit);
    if (!*early)
        return;
    struct ntp_packet reply = (*early)->packet;
    struct mark reply_at = (*early)->first;
    release(s, early);
    s->early_count--;
    tell_answered(s, find_open(s, p->transmit), &reply, &reply_at, env);
}

static void on_reply(struct ntp_session *s, const struct ntp_packet *p, const struct mark *at,
                     struct proto_env *env)
{
    struct ntp_record **request = find_open(s, p->origin);
    if (*request) {
        tell_answered(s, request, p, at, env);
        return;
    }
    if (was_answered(s, p->origin))
        return;
    struct ntp_record *r = s->early_count < NTP_EARLY_MAX ? new_record(s, env->arena) : NULL;
    if (!r) {
        tell_reply_only(p, at, env);
        return;
    }
    r->packet = *p;
    r->first = *at;
    append(&s->early, r);
    s->early_count++;
}

/* ---- the dissector ---- */

static void ntp_begin(void *session, const struct proto_begin *how, struct proto_env *env)
{
    (void)session;
    (void)how;
    (void)env;
}

static struct feed ntp_data(void *session, enum dir dir, struct slice bytes,
                            const struct mark *first, const struct mark *at, struct proto_env *env)
{
    struct ntp_session *s = session;
    struct feed feed = {.take.consumed = bytes.len, .state = FEED_MORE};
    struct ntp_packet p;
    (void)first;
    expire(s, at->ts_ns, env);
    enum verdict verdict = ntp_parse(&p, bytes);
    if (verdict == VERDICT_BAD && !s->seen)
        feed.state = FEED_NOT_MINE;
    if (verdict != VERDICT_OK)
        return feed;
    s->seen = true;
    if (p.mode == MODE_CLIENT && dir == DIR_TO_SERVER)
        on_request(s, &p, at, env);
    else if (p.mode == MODE_SERVER && dir == DIR_TO_CLIENT)
        on_reply(s, &p, at, env);
    return feed;
}

static void ntp_end(void *session, const struct flow_end *how, struct proto_env *env)
{
    struct ntp_session *s = session;
    bool cut_short = how->reason == END_CAPTURE || how->reason == END_EVICTED;
    while (s->early)
        tell_early(s, env);
    while (s->open) {
        bool waited = !cut_short || how->at.ts_ns - s->open->first.ts_ns >= NTP_PATIENCE_NS;
        tell_unanswered(s, waited, env);
    }
}

static bool ntp_idle(void *session)
{
    struct ntp_session *s = session;
    if (s->open || s->early)
        return false;
    s->spare = NULL;
    return true;
}

const struct proto_ops ntp_ops = {
    .name = "ntp",
    .session_size = sizeof(struct ntp_session),
    .begin = ntp_begin,
    .data = ntp_data,
    .gap = NULL,
    .end = ntp_end,
    .idle = ntp_idle,
};
