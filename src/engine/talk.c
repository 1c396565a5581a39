/*
 * engine/talk: what a flow says: classified, dissected, settled.
 * SPDX-License-Identifier: MIT
 *
 * A flow has a talk while its payload may still tell something. Its arena holds the talk itself, the
 * dissector's session and partial messages, and goes as a whole when the flow is settled. Between exchanges
 * what the session needs only while one is under way goes as well (idle).
 */
#include <stdlib.h>

#include "base/arena.h"
#include "classify/classify.h"
#include "engine.h"
#include "flow/stream.h"
#include "proto/dns.h"
#include "proto/http.h"
#include "proto/ntp.h"
#include "proto/proto.h"
#include "proto/quic.h"
#include "proto/socks.h"
#include "proto/tls.h"

/* Memory of one flow's dissector, at most. */
#define TALK_BYTES_MAX 262144U
/* Messages of an unknown dialogue that are watched for a turn to TLS (STARTTLS and its kin). */
#define WATCH_MAX 16
/* Bytes that may be needed to tell a protocol. */
#define CLASSIFY_BYTES_MAX 64

#define PORT_QUIC 443

/* Room of a talk's blocks: for a talk with its session where that waits for the next exchange (NTP, HTTP), or
 * has to remember the one that is over (DNS). A session that needs more takes more blocks. */
static const size_t rooms[TALK_SIZES] = {
    [TALK_DATAGRAMS] = 152,
    [TALK_DNS] = 304,
    [TALK_STREAMS] = 416,
};

/* What nDPI makes of a dialogue that is none of ours. */
struct naming {
    struct labeller_flow *flow;
    const char *label; /* or NULL */
    uint8_t packets;   /* shown to it */
};

struct talk {
    struct arena arena;
    struct subject *subject;
    struct flow *flow;
    const struct proto_ops *ops; /* NULL: not classified, or unknown dialogue */
    void *session;
    struct stream *stream[2]; /* of the side that spoke first, and of the other; NULL: none yet */
    const char *via;          /* the protocol this one is wrapped in, or NULL */
    struct naming *naming;    /* NULL: not (yet) wanted */
    uint32_t kept;            /* bytes of the arena that idle sessions keep */
    uint8_t watched;          /* messages of an unknown dialogue */
    bool unknown;             /* the first bytes are nobody's */
    bool upgraded;            /* streams are to be shown again to the next protocol */
    bool settle;              /* after this call */
};

_Static_assert(sizeof(struct talk) <= 104, "the rooms are for talks of this size");

/* Who reads which direction, for the stream callbacks. */
struct turn {
    struct talk *talk;
    enum dir dir;
};

static const struct proto_ops *ops_of(enum app app)
{
    static const struct {
        enum app app;
        const struct proto_ops *ops;
    } table[] = {
        {APP_DNS, &dns_ops},   {APP_TLS, &tls_ops}, {APP_QUIC, &quic_ops},
        {APP_HTTP, &http_ops}, {APP_NTP, &ntp_ops}, {APP_SOCKS, &socks_ops},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].app == app)
            return table[i].ops;
    }
    return NULL;
}

static struct stream **stream_of(struct talk *talk, enum dir dir)
{
    return &talk->stream[(unsigned)dir ^ talk->flow->began];
}

void talk_pools_init(struct arena_pool pools[TALK_SIZES])
{
    for (size_t i = 0; i < TALK_SIZES; i++)
        arena_pool_init(&pools[i], rooms[i]);
}

void talk_pools_clear(struct arena_pool pools[TALK_SIZES])
{
    for (size_t i = 0; i < TALK_SIZES; i++)
        arena_pool_clear(&pools[i]);
}

static enum talk_size size_of(const struct tuple *key)
{
    if (key->proto == IP_PROTO_TCP || key->dst_port == PORT_QUIC)
        return TALK_STREAMS;
    return key->dst_port == PORT_DNS ? TALK_DNS : TALK_DATAGRAMS;
}

static struct talk *talk_of(struct subject *s, struct flow *flow)
{
    if (flow->app)
        return flow->app;
    struct arena arena;
    arena_init_pooled(&arena, TALK_BYTES_MAX, &s->engine->talks[size_of(&flow->key)]);
    struct talk *talk = arena_alloc(&arena, sizeof *talk);
    if (!talk) {
        s->stats.dropped++;
        flow->settled = true;
        return NULL;
    }
    talk->arena = arena;
    talk->subject = s;
    talk->flow = flow;
    flow->app = talk;
    return talk;
}

/* ---- transactions out ---- */

static const char *label_of(const struct talk *talk)
{
    return talk->naming ? talk->naming->label : NULL;
}

static const char *label_text(const struct flow *flow)
{
    const struct talk *talk = flow->settled ? NULL : flow->app;
    const char *label = flow->settled ? flow->label : talk ? label_of(talk) : NULL;
    return label ? label : "";
}

uint64_t talk_flow_id(const struct subject *s, const struct flow *flow)
{
    return (uint64_t)s->number << 32 | flow->id;
}

struct event talk_event(struct subject *s, const struct flow *flow, struct slice host)
{
    enum transport transport = flow->key.proto == IP_PROTO_TCP ? TRANSPORT_TCP : TRANSPORT_UDP;
    return (struct event){
        .flow = flow,
        .device = diagnosis_device_of(s->diagnosis, &flow->key.src),
        .service = diagnosis_service_of(s->diagnosis, host, transport, flow->key.dst_port),
        .hostname = host,
        .app = app_name(flow->app_kind),
        .label = label_text(flow),
        .flow_id = talk_flow_id(s, flow),
    };
}

/* Host field or authority without its port; IPv6 literals keep their brackets. */
static struct slice without_port(struct slice host)
{
    size_t bracket = slice_find(host, 0, ']');
    size_t colon = slice_find(host, bracket < host.len ? bracket : 0, ':');
    return slice_sub(host, 0, colon);
}

/* The name a transaction counts for: what the device said itself, else what it asked DNS for. */
static struct slice host_of(const struct subject *s, const struct flow *flow, const struct tx *tx)
{
    if (tx->kind == TX_DNS)
        return slice_of(NULL, 0);
    struct slice said = tx->kind == TX_TLS    ? tx->u.tls.sni
                        : tx->kind == TX_HTTP ? without_port(tx->u.http.host)
                                              : slice_of(NULL, 0);
    return said.len > 0 ? said : subject_host(s, flow);
}

static void emit(void *ctx, const struct tx *tx)
{
    struct talk *talk = ctx;
    struct subject *s = talk->subject;
    struct engine *e = s->engine;
    struct flow *flow = talk->flow;
    s->stats.transactions++;
    if (flow->transactions < UINT16_MAX)
        flow->transactions++;
    struct slice host = host_of(s, flow, tx);
    if (host.len > 0)
        engine_set_host(e, flow, host);
    if (s->sink.transaction) {
        struct event event = talk_event(s, flow, tx->kind == TX_DNS ? tx->u.dns.qname : host);
        if (tx->kind == TX_DNS)
            event.service =
                diagnosis_service_of(s->diagnosis, tx->u.dns.qname, TRANSPORT_UDP, PORT_ANY);
        s->sink.transaction(s->sink.ctx, &event, tx);
    }
    diagnosis_transaction(s->diagnosis, flow, tx, host);
    if (tx->kind == TX_DNS && tx->outcome == TX_ANSWERED) /* a name that was judged is known */
        names_learn(e->names, s->number, &flow->key.src, &tx->u.dns);
}

static struct proto_env env_of(struct talk *talk)
{
    return (struct proto_env){
        .arena = &talk->arena,
        .emit = emit,
        .ctx = talk,
        .certificates = talk->subject->engine->certificates,
    };
}

/* ---- settling ---- */

static void free_talk(struct talk *talk)
{
    stream_free(talk->stream[0]);
    stream_free(talk->stream[1]);
    if (talk->naming)
        labeller_flow_free(talk->naming->flow);
    struct arena arena = talk->arena; /* the talk lies in it */
    arena_clear(&arena);
}

/* Nothing more is wanted of the flow's payload: all its memory goes but the flow itself. */
static void settle(struct talk *talk)
{
    struct flow *flow = talk->flow;
    const char *label = label_of(talk);
    if (!label && talk->naming && talk->naming->flow)
        label = labeller_guess(talk->subject->engine->labeller, talk->naming->flow, &flow->key);
    free_talk(talk);
    flow->settled = true;
    flow->label = label;
}

/* What is in the arena by now stays for as long as the talk. */
static void keep(struct talk *talk)
{
    talk->kept = (uint32_t)talk->arena.used;
}

/* After a packet: the flow is settled, or what only the exchange needed that is over goes. */
static void rest(struct talk *talk)
{
    if (talk->settle)
        settle(talk);
    else if (talk->arena.used > talk->kept && talk->ops && talk->ops->idle &&
             talk->ops->idle(talk->session))
        arena_rewind(&talk->arena, talk->kept);
}

/* ---- classification ---- */

static void begin(struct talk *talk, enum app app, const struct proto_ops *ops)
{
    void *session = arena_alloc(&talk->arena, ops->session_size);
    if (!session) {
        talk->subject->stats.dropped++;
        talk->settle = true;
        return;
    }
    struct flow *flow = talk->flow;
    struct proto_begin how = {
        .server_port = flow->key.dst_port,
        .datagram = flow->key.proto == IP_PROTO_UDP,
        .midstream = flow->midstream,
        .via = talk->via,
    };
    struct proto_env env = env_of(talk);
    talk->ops = ops;
    talk->session = session;
    flow->app_kind = (uint8_t)app;
    ops->begin(session, &how, &env);
    keep(talk);
}

/* Decides what the flow speaks, as far as `bytes` tell. */
static void classify(struct talk *talk, enum dir *dir, struct slice bytes)
{
    struct flow *flow = talk->flow;
    struct classify_input in = {
        .tcp = flow->key.proto == IP_PROTO_TCP,
        .client_port = flow->key.src_port,
        .server_port = flow->key.dst_port,
        .multicast = addr_is_multicast(&flow->key.dst),
        .dir = *dir,
        .bytes = bytes,
    };
    struct classify_result result = classify_bytes(&in);
    if (result.app == APP_UNKNOWN && (bytes.len < CLASSIFY_BYTES_MAX && in.tcp))
        return;
    if (result.reversed) {
        flow_reverse(talk->subject->engine->flows, flow);
        *dir = dir_other(*dir);
    }
    const struct proto_ops *ops = ops_of(result.app);
    if (ops) {
        begin(talk, result.app, ops);
        return;
    }
    talk->unknown = true;
    if (result.app != APP_UNKNOWN)
        flow->app_kind = (uint8_t)result.app;
}

/* Whether nDPI needs no more packets, or is not asked. */
static bool named(const struct talk *talk)
{
    const struct naming *n = talk->naming;
    return !talk->subject->engine->labeller || (n && (n->label || n->packets >= LABEL_PACKETS_MAX));
}

/* A message of a dialogue in a protocol of others: it may turn to TLS. */
static void watch(struct talk *talk, struct slice bytes)
{
    bool tcp = talk->flow->key.proto == IP_PROTO_TCP;
    if (tcp && classify_is_client_hello(bytes)) {
        talk->via = "starttls";
        talk->unknown = false;
        begin(talk, APP_TLS, &tls_ops);
        return;
    }
    if (++talk->watched > WATCH_MAX || (!tcp && named(talk)))
        talk->settle = true;
}

/* nDPI is shown the first packets of a dialogue that is none of ours. */
static void label(struct talk *talk, const struct packet *p)
{
    struct labeller *l = talk->subject->engine->labeller;
    if (!talk->unknown || named(talk))
        return;
    if (!talk->naming)
        talk->naming = arena_alloc(&talk->arena, sizeof *talk->naming);
    struct naming *n = talk->naming;
    if (n && !n->flow)
        n->flow = labeller_flow_new(l);
    if (!n || !n->flow)
        return;
    n->packets++;
    n->label = labeller_feed(l, n->flow, p);
}

/* ---- payload ---- */

/* Carries out what a dissector said of the flow. */
static struct take heed(struct talk *talk, struct feed feed)
{
    switch (feed.state) {
    case FEED_DONE:
        talk->settle = true;
        break;
    case FEED_UPGRADE:
        talk->via = talk->ops->name;
        talk->ops = NULL;
        talk->session = NULL;
        talk->upgraded = true;
        break;
    case FEED_NOT_MINE:
        talk->ops = NULL;
        talk->session = NULL;
        talk->unknown = true;
        break;
    case FEED_MORE:
        break;
    }
    return feed.take;
}

static struct feed show(struct talk *talk, enum dir dir, struct slice bytes,
                        const struct mark *first, const struct mark *at)
{
    struct feed none = {.take = {.consumed = 0, .skip = 0, .want = bytes.len + 1}};
    if (!talk->ops && !talk->unknown)
        classify(talk, &dir, bytes);
    if (talk->unknown)
        watch(talk, bytes);
    if (talk->settle)
        return (struct feed){.take = {bytes.len, TAKE_REST, 0}, .state = FEED_DONE};
    if (talk->unknown)
        return (struct feed){.take = {bytes.len, 0, 0}};
    if (!talk->ops)
        return none;
    struct proto_env env = env_of(talk);
    return talk->ops->data(talk->session, dir, bytes, first, at, &env);
}

static struct take on_data(void *ctx, struct slice bytes, const struct mark *first,
                           const struct mark *at)
{
    struct turn *turn = ctx;
    struct talk *talk = turn->talk;
    return heed(talk, show(talk, turn->dir, bytes, first, at));
}

static struct take on_gap(void *ctx, uint64_t len, const struct mark *at)
{
    struct turn *turn = ctx;
    struct talk *talk = turn->talk;
    if (!talk->ops || !talk->ops->gap)
        return (struct take){0, 0, 0};
    struct proto_env env = env_of(talk);
    return heed(talk, talk->ops->gap(talk->session, turn->dir, len, at, &env));
}

static struct stream_reader reader_of(struct turn *turn)
{
    return (struct stream_reader){.data = on_data, .gap = on_gap, .ctx = turn};
}

/* After an upgrade what was held belongs to the next protocol, in both directions. */
static void resume(struct talk *talk, const struct mark *at)
{
    while (talk->upgraded && !talk->settle) {
        talk->upgraded = false;
        for (int d = 0; d < 2; d++) {
            struct turn turn = {talk, (enum dir)d};
            struct stream_reader reader = reader_of(&turn);
            struct stream *stream = *stream_of(talk, (enum dir)d);
            if (stream)
                stream_resume(stream, at, &reader);
        }
    }
}

static struct stream *open_stream(struct talk *talk, enum dir dir)
{
    const struct flow_side *side = &talk->flow->side[dir];
    struct stream *s =
        side->syn ? stream_new(side->isn + 1, &talk->arena) : stream_new_midstream(&talk->arena);
    keep(talk);
    return s;
}

/* The stream of a side that has shown no payload yet, so that what its peer acknowledges of it is known
 * to be missing. The first data of the peer acknowledge the handshake alone. */
static struct stream *await_stream(struct talk *talk, enum dir dir, const struct packet *p)
{
    const struct flow *flow = talk->flow;
    if (flow->side[dir].syn)
        return open_stream(talk, dir);
    bool begun = flow->side[dir_other(dir)].syn && (p->tcp.flags & TCP_ACK);
    struct stream *s = begun ? stream_new(p->tcp.ack, &talk->arena) : NULL;
    keep(talk);
    return s;
}

void talk_segment(struct subject *s, struct flow *flow, enum dir dir, const struct packet *p)
{
    bool payload = p->payload_len > 0;
    bool fin = (p->tcp.flags & TCP_FIN) != 0;
    /* Most packets without payload concern nobody here: no talk is made for them. */
    if (!payload && !flow->app)
        return;
    struct talk *talk = talk_of(s, flow);
    if (!talk)
        return;
    struct stream **stream = stream_of(talk, dir);
    struct stream *other = *stream_of(talk, dir_other(dir));
    if (!payload && !other && !(fin && *stream))
        return;
    if (payload && !other)
        other = *stream_of(talk, dir_other(dir)) = await_stream(talk, dir_other(dir), p);
    struct turn turn = {talk, dir};
    struct turn other_turn = {talk, dir_other(dir)};
    struct stream_reader reader = reader_of(&turn);
    struct stream_reader other_reader = reader_of(&other_turn);
    if (other && (p->tcp.flags & TCP_ACK))
        stream_acked(other, p->tcp.ack, &p->at, &other_reader);
    if (payload && !*stream && !(*stream = open_stream(talk, dir))) {
        s->stats.dropped++;
        talk->settle = true;
    } else if (payload && !talk->settle) {
        stream_push(*stream, p, &reader);
        label(talk, p);
    }
    resume(talk, &p->at);
    if (fin && talk->ops && talk->ops->fin && *stream && !talk->settle &&
        stream_reached(*stream, p->tcp.seq + p->payload_len)) {
        struct proto_env env = env_of(talk);
        talk->ops->fin(talk->session, dir, &p->at, &env);
    }
    rest(talk);
}

void talk_datagram(struct subject *s, struct flow *flow, enum dir dir, const struct packet *p)
{
    struct talk *talk = p->payload.len > 0 ? talk_of(s, flow) : NULL;
    if (!talk)
        return;
    heed(talk, show(talk, dir, p->payload, &p->at, &p->at));
    label(talk, p);
    rest(talk);
}

/* ---- end ---- */

static void end_session(struct talk *talk, const struct flow_end *how)
{
    for (int d = 0; d < 2; d++) {
        struct turn turn = {talk, (enum dir)d};
        struct stream_reader reader = reader_of(&turn);
        struct stream *stream = *stream_of(talk, (enum dir)d);
        if (stream && !talk->settle)
            stream_finish(stream, &how->at, &reader);
    }
    if (talk->ops && !talk->settle) {
        struct proto_env env = env_of(talk);
        talk->ops->end(talk->session, how, &env);
    }
    settle(talk);
}

void talk_end(struct flow *flow, const struct flow_end *how)
{
    if (!flow->settled && flow->app)
        end_session(flow->app, how);
}

void talk_drop(void *ctx, const struct flow *flow)
{
    (void)ctx;
    if (!flow->settled && flow->app)
        free_talk(flow->app);
}
