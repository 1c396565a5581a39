/*
 * proto/http: the two directions of a connection as a list of exchanges.
 * SPDX-License-Identifier: MIT
 * RFC 9112 sections 6.3 (which responses have no body), 9.3 (persistence); RFC 9110 sections 9.3.6
 * (CONNECT), 15.2 (1xx).
 *
 * Each direction is a loop of head and body. A gap within a head, between messages or in chunk framing
 * loses the direction's place: it is found again at the next packet that begins with a start line.
 */
#include "proto/http.h"

#include "http_body.h"
#include "http_head.h"
#include "http_queue.h"

/* A capture that lacks the beginning may show a response whose request came before it: only a request
 * that follows at once is taken for a mirror port's swap. */
#define SWAP_MAX_NS (20 * NS_PER_MS)
/* What a client may send behind CONNECT before its answer; more means that the answer is not captured. */
#define TUNNEL_WAIT_MAX 16384U

enum side_state {
    SIDE_START, /* a message begins */
    SIDE_BODY,
    SIDE_EARLY_BODY, /* behind an early response's head: whether it has a body depends */
    SIDE_TUNNEL,     /* behind a CONNECT: what follows is not ours until it is answered */
    SIDE_LOST,       /* looking for a start line */
    SIDE_OVER,       /* nothing more is told */
};

struct side {
    struct http_body body;
    uint32_t scanned; /* of an incomplete head */
    uint8_t state;    /* enum side_state */
};

struct http_session {
    struct side side[2];
    struct http_queue queue;
    struct http_record *current; /* whose response's body is being read */
    uint32_t owed;               /* responses to requests that were given up */
    bool midstream;
    bool client_gap; /* requests may be missing */
    bool server_gap; /* responses may be missing, since the last one seen */
    bool pipelined;  /* a request came before the response to the last one */
    bool seen;       /* a message was parsed */
    bool left;       /* the client ended its side */
};

/* One call of data(). */
struct reader {
    struct http_session *s;
    struct side *side;
    struct slice bytes;
    size_t pos;
    const struct mark *first;
    const struct mark *at;
    struct proto_env *env;
    enum dir dir;
    enum feed_state state;
};

static void set_state(struct side *side, enum side_state state)
{
    side->state = (uint8_t)state;
    side->scanned = 0;
}

static struct slice rest_of(const struct reader *r)
{
    return slice_sub(r->bytes, r->pos, r->bytes.len);
}

/* ---- emitting ---- */

static void tell(struct http_session *s, struct http_record *r, enum tx_outcome outcome,
                 struct proto_env *env)
{
    http_record_emit(r, r->lost ? TX_REPLY_ONLY : outcome, env);
    http_record_release(&s->queue, r);
}

/* A request that will get no response: at `now_ns` it had time enough or not. */
static void tell_unanswered(struct http_session *s, struct http_record *r, bool waited,
                            struct proto_env *env)
{
    if (r->lost)
        http_record_release(&s->queue, r);
    else
        tell(s, r, waited ? TX_NO_REPLY : TX_PENDING, env);
}

/* The response being read is over, complete or not. */
static void finish_response(struct http_session *s, struct proto_env *env)
{
    struct http_record *r = s->current;
    if (!r)
        return;
    s->current = NULL;
    r->length = s->side[DIR_TO_CLIENT].body.seen;
    r->body_over = true;
    if (r->has_request)
        tell(s, r, TX_ANSWERED, env);
}

/* The longest waiting response gets no request any more. */
static void drop_early(struct http_session *s, struct proto_env *env)
{
    struct http_record *r = http_queue_pop(&s->queue);
    if (r == s->current) {
        r->length = s->side[DIR_TO_CLIENT].body.seen;
        s->current = NULL;
    }
    tell(s, r, TX_REPLY_ONLY, env);
}

/* The longest waiting request's response is lost in a hole of the capture: no failure of anyone's. */
static void drop_pending(struct http_session *s, struct proto_env *env)
{
    tell_unanswered(s, http_queue_pop(&s->queue), false, env);
}

/* ---- requests ---- */

/* The early response that belongs to a request beginning at `first`; NULL when there is none. */
static struct http_record *adopt_early(struct reader *r, const struct mark *first)
{
    struct http_session *s = r->s;
    while (http_queue_has_responses(&s->queue)) {
        int64_t later = first->ts_ns - s->queue.head->reply.ts_ns;
        if ((!s->midstream && !s->client_gap) || later <= SWAP_MAX_NS)
            return http_queue_pop(&s->queue);
        drop_early(s, r->env);
    }
    return NULL;
}

/* A record for a request, paired already when its response was early. */
static struct http_record *place_request(struct reader *r, const struct mark *first)
{
    struct http_session *s = r->s;
    struct http_record *record = adopt_early(r, first);
    if (record)
        return record;
    /* A client that asks one by one had the answer to what the capture lacks, or asked nothing there. */
    if (!s->pipelined && s->queue.head && s->queue.head->lost)
        drop_pending(s, r->env);
    const struct http_record *oldest = s->queue.head;
    if (oldest && s->queue.count >= HTTP_PENDING_MAX) {
        bool waited = r->at->ts_ns - oldest->first.ts_ns >= HTTP_PATIENCE_NS;
        tell_unanswered(s, http_queue_pop(&s->queue), waited, r->env);
        s->owed++;
    }
    return http_record_new(&s->queue, r->env->arena);
}

static bool is_tunnel(const struct http_record *record)
{
    return record->status / 100 == 2 && http_record_method_is(record, "CONNECT");
}

/* After a CONNECT that was refused the client's side is read again. */
static void end_wait(struct http_session *s, const struct http_record *record)
{
    struct side *client = &s->side[DIR_TO_SERVER];
    if (client->state == SIDE_TUNNEL && http_record_method_is(record, "CONNECT"))
        set_state(client, SIDE_START);
}

/* A request found its response waiting. */
static void join_early(struct reader *r, struct http_record *record)
{
    struct http_session *s = r->s;
    bool tunnel = is_tunnel(record);
    bool over = record->body_over;
    if (tunnel || record->status == 101) {
        r->state = tunnel ? FEED_UPGRADE : FEED_DONE;
        over = true;
    }
    end_wait(s, record);
    if (!over)
        return;
    if (s->current == record)
        s->current = NULL;
    tell(s, record, TX_ANSWERED, r->env);
}

static void begin_request_body(struct side *side, const struct http_head *head)
{
    if (head->chunked)
        http_body_chunked(&side->body);
    else
        http_body_counted(&side->body,
                          head->content_length > 0 ? (uint64_t)head->content_length : 0);
    set_state(side, SIDE_BODY);
}

static bool on_request(struct reader *r, const struct http_head *head, const struct mark *first)
{
    struct http_session *s = r->s;
    struct http_record *record = place_request(r, first);
    if (!record || !http_record_keep(record, head, r->env->arena)) {
        r->state = FEED_DONE;
        return false;
    }
    record->has_request = true;
    record->to_proxy = head->to_proxy;
    record->range = head->range;
    record->accepts = head->coded;
    record->range_from = head->range_from;
    record->range_to = head->range_to;
    record->first = *first;
    record->request = *r->at;
    bool connect = http_record_method_is(record, "CONNECT");
    begin_request_body(r->side, head);
    if (connect)
        set_state(r->side, SIDE_TUNNEL);
    if (mark_set(record->reply)) {
        join_early(r, record);
        return true;
    }
    record->done = *r->at;
    s->pipelined |= !s->server_gap && s->queue.count > 0;
    http_queue_push(&s->queue, record);
    return true;
}

/* ---- responses ---- */

/* The record a response belongs to; NULL when nobody waits for it or memory is out. */
static struct http_record *place_response(struct reader *r)
{
    struct http_session *s = r->s;
    /* A client that asks one by one has had all answers but the newest one's. */
    while (s->server_gap && !s->pipelined && s->queue.count > 1 &&
           http_queue_has_requests(&s->queue))
        drop_pending(s, r->env);
    s->server_gap = false;
    if (s->owed > 0) {
        s->owed--;
        return NULL;
    }
    if (http_queue_has_requests(&s->queue))
        return http_queue_pop(&s->queue);
    if (s->queue.count >= HTTP_EARLY_MAX)
        drop_early(s, r->env);
    struct http_record *record = http_record_new(&s->queue, r->env->arena);
    if (!record)
        return NULL;
    http_queue_push(&s->queue, record);
    return record;
}

static bool has_no_body(const struct http_record *record, uint16_t status)
{
    if (status / 100 == 1 || status == 204 || status == 304)
        return true;
    return record && record->has_request && http_record_method_is(record, "HEAD");
}

static void begin_response_body(struct side *side, const struct http_head *head)
{
    if (head->chunked)
        http_body_chunked(&side->body);
    else if (head->content_length >= 0)
        http_body_counted(&side->body, (uint64_t)head->content_length);
    else
        http_body_until_close(&side->body);
    set_state(side, SIDE_BODY);
}

static void fill_response(struct http_record *record, const struct http_head *head,
                          const struct reader *r, const struct mark *first)
{
    record->status = head->status;
    record->content_length = head->content_length;
    record->date = head->date;
    record->content_from = head->range_from;
    record->no_ranges = head->no_ranges;
    record->coded = head->coded;
    record->cookie = head->cookie;
    record->reply = *r->at;
    record->done = *r->at;
    if (!record->has_request || record->lost)
        record->first = *first;
}

static bool on_response(struct reader *r, const struct http_head *head, const struct mark *first)
{
    struct http_session *s = r->s;
    bool switching = head->status == 101;
    if (head->status / 100 == 1 && !switching) {
        set_state(r->side, SIDE_START);
        return true;
    }
    struct http_record *record = place_response(r);
    if (record) {
        fill_response(record, head, r, first);
        http_record_keep(record, head, r->env->arena); /* without memory: without texts */
    }
    s->current = record;
    bool asked = record && record->has_request;
    if (asked && (switching || is_tunnel(record))) {
        r->state = switching ? FEED_DONE : FEED_UPGRADE;
        http_body_none(&r->side->body);
        set_state(r->side, SIDE_OVER);
        finish_response(s, r->env);
        return true;
    }
    begin_response_body(r->side, head);
    if (switching) {
        set_state(r->side, SIDE_OVER);
    } else if (has_no_body(record, head->status)) {
        http_body_none(&r->side->body);
    } else if (!asked && !http_body_ended(&r->side->body)) {
        set_state(r->side, SIDE_EARLY_BODY);
    }
    if (asked)
        end_wait(s, record);
    return true;
}

/* ---- one step of a direction; false: no step can be made with these bytes ---- */

static bool step_blank_lines(struct reader *r)
{
    struct slice rest = rest_of(r);
    size_t n = slice_starts(rest, "\r\n") ? 2 : slice_starts(rest, "\n") ? 1 : 0;
    r->pos += n;
    return n > 0;
}

static enum http_match start_line(const struct reader *r, struct http_head *head)
{
    return r->dir == DIR_TO_SERVER ? http_request_line(rest_of(r), head)
                                   : http_status_line(rest_of(r), head);
}

/* Bytes that are no message. The client's very first ones say that this is not HTTP. */
static bool lose_place(struct reader *r)
{
    if (!r->s->seen && !r->s->midstream && r->dir == DIR_TO_SERVER) {
        r->state = FEED_NOT_MINE;
        return false;
    }
    set_state(r->side, SIDE_LOST);
    r->pos = r->bytes.len;
    return false;
}

static bool step_start(struct reader *r)
{
    if (r->pos == r->bytes.len)
        return false;
    if (step_blank_lines(r))
        return true;
    struct slice rest = rest_of(r);
    if (slice_eq(rest, slice_str("\r")))
        return false;
    struct http_head head = {.status = 0};
    enum http_match match = start_line(r, &head);
    if (match == HTTP_MATCH_NO)
        return lose_place(r);
    size_t len = match == HTTP_MATCH_YES ? http_head_length(rest, &r->side->scanned) : 0;
    if (len == 0)
        return rest.len >= PROTO_HOLD_MAX ? lose_place(r) : false;
    http_head_fields(slice_sub(rest, 0, len), &head);
    r->s->seen = true;
    r->side->scanned = 0;
    const struct mark *first = r->pos == 0 ? r->first : r->at;
    r->pos += len;
    return r->dir == DIR_TO_SERVER ? on_request(r, &head, first) : on_response(r, &head, first);
}

static void end_body(struct reader *r)
{
    bool broken = r->side->body.state == HTTP_BODY_BROKEN;
    set_state(r->side, broken ? SIDE_LOST : SIDE_START);
    if (broken)
        r->pos = r->bytes.len;
    if (r->dir == DIR_TO_CLIENT)
        finish_response(r->s, r->env);
}

static bool step_body(struct reader *r)
{
    struct http_body *body = &r->side->body;
    struct slice content = slice_sub(r->bytes, 0, 0);
    size_t n = http_body_ended(body) ? 0 : http_body_piece(body, rest_of(r), &content);
    r->pos += n;
    if (r->dir == DIR_TO_CLIENT && r->s->current) {
        if (n > 0)
            r->s->current->done = *r->at;
        http_record_body(r->s->current, content);
    }
    if (!http_body_ended(body))
        return n > 0;
    end_body(r);
    return true;
}

/* Whether the early response was to HEAD is told by its request, or by what follows its head. */
static bool step_early_body(struct reader *r)
{
    struct http_record *record = r->s->current;
    struct slice rest = rest_of(r);
    bool known = record && record->has_request;
    if (!known && rest.len == 0)
        return false;
    struct http_head head;
    bool none = known ? has_no_body(record, record->status)
                      : http_status_line(rest, &head) == HTTP_MATCH_YES;
    if (none)
        http_body_none(&r->side->body);
    set_state(r->side, SIDE_BODY);
    return true;
}

static bool step_lost(struct reader *r)
{
    struct http_head head;
    enum http_match match = start_line(r, &head);
    if (r->bytes.len > 0 && match == HTTP_MATCH_YES) {
        set_state(r->side, SIDE_START);
        return true;
    }
    r->pos = r->bytes.len;
    return false;
}

static bool step_tunnel(struct reader *r)
{
    if (r->bytes.len - r->pos >= TUNNEL_WAIT_MAX)
        r->state = FEED_DONE;
    return false;
}

static bool step(struct reader *r)
{
    if (r->state != FEED_MORE)
        return false;
    switch ((enum side_state)r->side->state) {
    case SIDE_START:
        return step_start(r);
    case SIDE_BODY:
        return step_body(r);
    case SIDE_EARLY_BODY:
        return step_early_body(r);
    case SIDE_TUNNEL:
        return step_tunnel(r);
    case SIDE_LOST:
        return step_lost(r);
    case SIDE_OVER:
        r->pos = r->bytes.len;
        break;
    }
    return false;
}

/* ---- the dissector ---- */

static void http_begin(void *session, const struct proto_begin *how, struct proto_env *env)
{
    struct http_session *s = session;
    (void)env;
    s->midstream = how->midstream;
}

static struct feed http_data(void *session, enum dir dir, struct slice bytes,
                             const struct mark *first, const struct mark *at, struct proto_env *env)
{
    struct http_session *s = session;
    struct reader r = {
        .s = s,
        .side = &s->side[dir],
        .bytes = bytes,
        .first = first,
        .at = at,
        .env = env,
        .dir = dir,
        .state = FEED_MORE,
    };
    while (step(&r))
        continue;
    struct feed feed = {.take = {.consumed = r.pos}, .state = r.state};
    if (r.state == FEED_MORE && r.pos == bytes.len && r.side->state == SIDE_BODY)
        feed.take.skip = http_body_skip(&r.side->body);
    return feed;
}

/* A hole where a message begins: at least one is lost. */
static void lose_message(struct http_session *s, enum dir dir, struct proto_env *env)
{
    set_state(&s->side[dir], SIDE_LOST);
    if (dir == DIR_TO_CLIENT) {
        if (http_queue_has_requests(&s->queue) && s->owed == 0)
            drop_pending(s, env);
        s->server_gap = true;
        return;
    }
    s->client_gap = true;
    if (http_queue_has_responses(&s->queue) || s->queue.count >= HTTP_PENDING_MAX)
        return;
    struct http_record *record = http_record_new(&s->queue, env->arena);
    if (!record)
        return;
    record->has_request = true;
    record->lost = true;
    http_queue_push(&s->queue, record);
}

static struct feed http_gap(void *session, enum dir dir, uint64_t len, const struct mark *at,
                            struct proto_env *env)
{
    struct http_session *s = session;
    struct side *side = &s->side[dir];
    (void)at;
    bool in_body = side->state == SIDE_BODY || side->state == SIDE_EARLY_BODY;
    if (in_body) {
        uint64_t behind = http_body_gap(&side->body, len);
        bool broken = side->body.state == HTTP_BODY_BROKEN;
        if (http_body_ended(&side->body)) {
            set_state(side, broken ? SIDE_LOST : SIDE_START);
            if (dir == DIR_TO_CLIENT)
                finish_response(s, env);
            if (!broken && (behind > 0 || len == 0))
                lose_message(s, dir, env);
        } else {
            set_state(side, SIDE_BODY);
        }
    } else if (side->state == SIDE_START) {
        lose_message(s, dir, env);
    }
    return (struct feed){
        .take = {.skip = side->state == SIDE_BODY ? http_body_skip(&side->body) : 0},
        .state = FEED_MORE};
}

/* The server's side ends the connection now: the response being read lacks its end, or not. A client that
 * has left wants no more of it. */
static void note_cut(struct http_session *s)
{
    const struct http_body *body = &s->side[DIR_TO_CLIENT].body;
    if (s->current && !s->left && !http_body_ended(body) && body->state != HTTP_BODY_UNTIL_CLOSE)
        s->current->cut = true;
}

static void http_fin(void *session, enum dir dir, const struct mark *at, struct proto_env *env)
{
    struct http_session *s = session;
    (void)at;
    if (dir == DIR_TO_CLIENT) {
        note_cut(s);
        finish_response(s, env);
        set_state(&s->side[dir], SIDE_OVER);
    } else {
        s->left = true;
    }
}

static void http_end(void *session, const struct flow_end *how, struct proto_env *env)
{
    struct http_session *s = session;
    if (how->reason == END_RST && how->by == DIR_TO_CLIENT)
        note_cut(s);
    finish_response(s, env);
    bool cut = how->reason == END_CAPTURE || how->reason == END_EVICTED;
    while (http_queue_has_responses(&s->queue))
        drop_early(s, env);
    while (s->queue.count > 0) {
        struct http_record *r = http_queue_pop(&s->queue);
        bool waited = !cut || how->at.ts_ns - r->first.ts_ns >= HTTP_PATIENCE_NS;
        tell_unanswered(s, r, waited, env);
    }
}

static bool http_idle(void *session)
{
    struct http_session *s = session;
    if (s->current || s->queue.head)
        return false;
    s->queue.free = NULL;
    return true;
}

const struct proto_ops http_ops = {
    .name = "http",
    .session_size = sizeof(struct http_session),
    .begin = http_begin,
    .data = http_data,
    .gap = http_gap,
    .fin = http_fin,
    .end = http_end,
    .idle = http_idle,
};
