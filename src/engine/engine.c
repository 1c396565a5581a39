/*
 * engine/engine: the whole way of a packet, on one page.
 * SPDX-License-Identifier: MIT
 *
 * frame -> packet -> datagram -> flow -> bytes in order -> transactions -> services -> diagnosis -> sink.
 * What happens inside a flow (classification, dissectors, settling) is in talk.c; what belongs to no flow
 * (ARP, 802.1X, DHCP) in link.c.
 */
#include "engine.h"

#include <assert.h>
#include <stdlib.h>

#include "base/bring.h"
#include "classify/classify.h"
#include "net/decode.h"

/* What a flow says is asked for so many packets ahead, when the flow itself has come. */
#define APP_AHEAD 3

/* What goes back further is a clock that was set, not packets out of order; and how far it is followed. */
#define CLOCK_BACK_NS   (10 * NS_PER_S)
#define CLOCK_BACK_MOST (20LL * 365 * 86400 * NS_PER_S)

/* Of a sensor's devices, which have their own caps: some 300 MB. */
#define MANY_FLOWS_MAX (1U << 20)
/* A sensor's packets wait in a ring that is full in tenths of a second: not all flows of one end at once. */
#define MANY_ENDS_A_PACKET 4
#define MANY_ENDS_A_TIME   8192

static void flow_ended(void *ctx, struct flow *flow, const struct flow_end *how);

struct engine *engine_new(const struct engine_options *options, struct err *err)
{
    struct engine *e = calloc(1, sizeof *e);
    if (!e) {
        err_set(err, NULL, "out of memory");
        return NULL;
    }
    struct flow_config config = flow_config_default();
    if (options->many) {
        config.grouped = true;
        config.max_flows = MANY_FLOWS_MAX;
        config.max_queued = 0; /* each device's flows have a cap */
    }
    e->options = *options;
    e->ends_a_packet = options->many ? MANY_ENDS_A_PACKET : UINT32_MAX;
    e->ends_a_time = options->many ? MANY_ENDS_A_TIME : UINT32_MAX;
    talk_pools_init(e->talks);
    e->whole = subject_whole(e);
    if (e->whole)
        e->flows = flow_table_new(&config, flow_ended, &e->whole->flows);
    e->mirror = options->many ? NULL : mirror_new();
    e->certificates = certificates_new();
    e->names = e->whole ? names_new(diagnosis_names(e->whole->diagnosis)) : NULL;
    if (!e->flows || !(e->mirror || options->many) || !e->certificates || !e->names) {
        err_set(err, NULL, "out of memory");
        engine_free(e);
        return NULL;
    }
    if (options->ndpi && !(e->labeller = labeller_new(err))) {
        engine_free(e);
        return NULL;
    }
    return e;
}

void engine_free(struct engine *e)
{
    if (!e)
        return;
    if (e->flows)
        flow_table_each(e->flows, talk_drop, NULL);
    flow_table_free(e->flows);
    ipfrag_free(e->fragments);
    mirror_free(e->mirror);
    names_free(e->names);
    labeller_free(e->labeller);
    certificates_free(e->certificates);
    talk_pools_clear(e->talks); /* after the flows, whose streams lie there */
    subject_free(e->whole);
    free(e);
}

bool engine_prepare(struct engine *e)
{
    return !e->labeller || labeller_prepare(e->labeller);
}

static void count_time(struct engine_stats *s, const struct mark *at)
{
    if (!mark_set(s->first) || at->ts_ns < s->first.ts_ns)
        s->first = *at;
    if (!mark_set(s->last) || at->ts_ns >= s->last.ts_ns)
        s->last = *at;
}

static void count_kind(struct engine_stats *s, const struct packet *p)
{
    switch (p->kind) {
    case PACKET_TCP:
    case PACKET_UDP:
    case PACKET_ICMP:
        break;
    case PACKET_BAD:
    case PACKET_SHORT:
        s->undecoded_packets++;
        s->aggregated_packets += p->part > 0;
        break;
    case PACKET_OTHER:
    case PACKET_ARP:
    case PACKET_EAPOL:
        s->other_packets++;
        break;
    case PACKET_FRAGMENT:
        s->fragments++;
        break;
    }
}

static void count_truncated(struct engine_stats *s, const struct mark *at)
{
    if (s->truncated_packets++ == 0)
        s->first_truncated = *at;
    s->last_truncated = *at;
}

static void count_packet(struct engine_stats *s, const struct packet *p, size_t captured, bool copy)
{
    s->packets++;
    s->bytes += captured;
    s->duplicate_packets += copy;
    if (!copy && captured < p->wire_len)
        count_truncated(s, &p->at);
    count_kind(s, p);
    count_time(s, &p->at);
}

/* True when `p` has become a datagram that is news: the same packet may have been seen uncut. Most networks
 * have no fragments, so their memory waits for the first. */
static bool put_together(struct subject *s, struct packet *p)
{
    struct engine *e = s->engine;
    if (!e->fragments)
        e->fragments = ipfrag_new();
    if (!e->fragments)
        s->stats.dropped++;
    if (!e->fragments || !ipfrag_push(e->fragments, p))
        return false;
    bool copy = e->mirror && mirror_is_copy(e->mirror, p, 0);
    s->stats.duplicate_packets += copy;
    s->stats.aggregated_packets +=
        !copy && p->has_more; /* in a tunnel: the first alone is followed */
    return !copy;
}

/* A flow is named by what its device asked last before it: later questions may give the same address
 * other names. What the flow says of itself comes to replace it. Resolvers are known by address, and
 * half of all flows go to them. */
static void name_flow(const struct subject *s, struct flow *flow)
{
    if (flow->key.dst_port == PORT_DNS)
        return;
    uint32_t asked = names_find(s->engine->names, s->number, &flow->key.src, &flow->key.dst);
    flow->host = asked == INTERN_NONE ? 0 : asked + 1;
}

/* A capturing clock that is set back does not turn time round: it goes on from where it was. */
static void keep_odd_time(struct engine *e, struct mark *at)
{
    struct engine_clock *c = &e->clock;
    int64_t back = c->last_ns - at->ts_ns;
    if (back < -DIAGNOSIS_SILENCE_NS &&
        !e->options.many) /* that of a sensor's packets is no sign */
        diagnosis_silence(e->whole->diagnosis, c->last_ns);
    if (back > CLOCK_BACK_NS && back <= CLOCK_BACK_MOST - c->set_back_ns) {
        c->steps++;
        c->set_back_ns += back;
        at->ts_ns += back;
    }
}

static void keep_time(struct engine *e, struct mark *at)
{
    struct engine_clock *c = &e->clock;
    at->ts_ns += c->set_back_ns;
    int64_t since = at->ts_ns - c->last_ns;
    if (c->begun && (since > DIAGNOSIS_SILENCE_NS || since < -CLOCK_BACK_NS))
        keep_odd_time(e, at);
    if (at->ts_ns > c->last_ns || !c->begun)
        c->last_ns = at->ts_ns;
    c->begun = true;
}

/* Whose the packet's flow is: it stays its first packet's, whoever sends a later one. */
static struct subject *owner_of(struct subject *s, const struct packet *p)
{
    struct flow_place place = engine_expect(s->engine, p);
    engine_bring_flow(s->engine, &place);
    struct subject *owner = engine_owner(s->engine, p, &place);
    return owner ? owner : s;
}

struct flow *subject_packet(struct subject *s, struct packet *p, struct flow_place place,
                            size_t captured, bool copy)
{
    struct engine *e = s->engine;
    keep_time(e, &p->at);
    count_packet(&s->stats, p, captured, copy);
    flow_table_expire(e->flows, p->at.ts_ns, e->ends_a_packet);

    if (copy)
        return NULL;
    if (p->kind == PACKET_FRAGMENT) {
        if (!put_together(s, p))
            return NULL;
        place = flow_expect(e->flows, &p->tuple);
    }
    if (p->kind == PACKET_ICMP)
        flow_table_icmp(e->flows, p);
    if (link_is(p))
        link_packet(s, p);
    if (p->kind != PACKET_TCP && p->kind != PACKET_UDP)
        return NULL;

    enum dir dir;
    struct flow_group *group = e->options.many ? &s->flows : NULL;
    struct flow *flow = flow_take(e->flows, group, p, &place, &dir);
    if (!flow) {
        s->stats.dropped++;
        return NULL;
    }
    if (flow->settled)
        return flow;
    bool begun = flow->side[0].packets + flow->side[1].packets == 1;
    if (begun)
        name_flow(s, flow);
    else if (group && !flow->app && p->payload_len > 0)
        s = owner_of(s, p);
    diagnosis_expect(s->diagnosis, begun ? flow : NULL);
    if (p->kind == PACKET_TCP)
        talk_segment(s, flow, dir, p);
    else
        talk_datagram(s, flow, dir, p);
    return flow;
}

/* A frame decoded, and what the tables will be asked for. */
struct arrival {
    struct packet packet;
    uint64_t hash;
    struct flow_place place;
};

static void arrive(const struct engine *e, struct arrival *a, const struct frame *frame)
{
    struct packet *p = &a->packet;
    net_decode(p, frame->linktype, frame->bytes, frame->wire_len, &frame->at);
    a->hash = e->mirror ? mirror_expect(e->mirror, p) : 0;
    a->place = flow_expect(e->flows, &p->tuple);
}

/* The packets of an 802.11 frame that holds several. */
__attribute__((cold, noinline)) static void take_several(struct engine *e, struct arrival *first,
                                                         const struct frame *frame, bool copy)
{
    struct packet p = first->packet;
    (void)subject_packet(e->whole, &first->packet, first->place, frame->bytes.len, copy);
    while (net_decode_more(&p, &frame->at)) {
        struct packet next = p; /* which the engine changes */
        copy = e->mirror && mirror_is_copy(e->mirror, &next, frame->group);
        (void)subject_packet(e->whole, &next, flow_expect(e->flows, &next.tuple), 0, copy);
    }
}

void engine_frames(struct engine *e, const struct frame *frames, size_t count)
{
    struct arrival arrivals[ENGINE_BATCH];
    assert(count <= ENGINE_BATCH);
    for (size_t i = 0; i < count; i++)
        arrive(e, &arrivals[i], &frames[i]);
    for (size_t i = 0; i < count; i++)
        flow_bring(e->flows, &arrivals[i].place);
    for (size_t i = 0; i < count; i++) {
        struct arrival *a = &arrivals[i];
        if (i + APP_AHEAD < count)
            flow_bring_app(&arrivals[i + APP_AHEAD].place);
        bool copy = e->mirror && mirror_knows(e->mirror, &a->packet, a->hash, frames[i].group);
        if (a->packet.has_more)
            take_several(e, a, &frames[i], copy);
        else
            (void)subject_packet(e->whole, &a->packet, a->place, frames[i].bytes.len, copy);
    }
}

struct flow_place engine_expect(const struct engine *e, const struct packet *p)
{
    return flow_expect(e->flows, &p->tuple);
}

void engine_bring_flow(const struct engine *e, struct flow_place *place)
{
    flow_bring(e->flows, place);
}

struct subject *engine_owner(const struct engine *e, const struct packet *p,
                             const struct flow_place *place)
{
    struct flow_group *group = flow_group_of(e->flows, place, &p->tuple);
    return group ? subject_of(group) : NULL;
}

void engine_time(struct engine *e, int64_t now_ns)
{
    if (!e->clock.begun || now_ns <= e->clock.last_ns)
        return;
    e->clock.last_ns = now_ns;
    flow_table_expire(e->flows, now_ns, e->ends_a_time);
}

static void count_missing(struct engine_stats *s, const struct flow *flow)
{
    for (int d = 0; d < 2; d++) {
        uint32_t bytes = flow_missing(flow, (enum dir)d);
        s->gap_bytes += bytes;
        s->gaps += bytes > 0;
    }
}

struct slice subject_host_of_device(const struct subject *s, const struct flow *flow)
{
    struct slice host = subject_host(s, flow);
    if (host.len > 0 || flow->key.src.family != 6)
        return host;
    struct ip_addr device = diagnosis_sender_of(s->diagnosis, flow);
    uint32_t id = names_find(s->engine->names, s->number, &device, &flow->key.dst);
    return id == INTERN_NONE ? host : names_text(s->engine->names, id);
}

/* Every flow ends here, for whatever reason; `ctx` is its group. */
static void flow_ended(void *ctx, struct flow *flow, const struct flow_end *how)
{
    struct subject *s = subject_of(ctx);
    talk_end(flow, how);
    if (flow_is_stray(flow))
        return; /* the rest of a connection that ended before: nothing to say of it */
    /* Nobody else asks where a flow went that is no connection. */
    bool named = s->sink.flow || flow->key.proto == IP_PROTO_TCP;
    struct slice host = named ? subject_host_of_device(s, flow) : slice_of(NULL, 0);
    s->stats.one_way_flows += flow_is_one_way(flow);
    count_missing(&s->stats, flow);
    if (s->sink.flow) {
        struct event event = talk_event(s, flow, host);
        s->sink.flow(s->sink.ctx, &event, how);
    }
    diagnosis_flow(s->diagnosis, flow, how, host, app_name(flow->app_kind), flow->transactions);
}

/* Ends all flows. What only packets need goes before the judging, which takes memory of its own. */
static void end_packets(struct engine *e)
{
    if (e->whole->dhcp)
        dhcp_finish(e->whole->dhcp, e->clock.last_ns);
    flow_table_finish(e->flows, e->clock.last_ns);
    talk_pools_clear(e->talks);
    names_free(e->names);
    e->names = NULL;
}

void engine_finish(struct engine *e, const struct capture_totals *captured)
{
    if (captured->ended_ns)
        engine_time(e, captured->ended_ns + e->clock.set_back_ns);
    end_packets(e);
    (void)subject_conclude(e->whole, e->whole->diagnosis, captured);
}

struct slice subject_host(const struct subject *s, const struct flow *flow)
{
    struct names *names = s->engine->names;
    uint32_t id = flow->host > 0 ? flow->host - 1
                                 : names_find(names, s->number, &flow->key.src, &flow->key.dst);
    return id == INTERN_NONE ? slice_of(NULL, 0) : names_text(names, id);
}

void engine_set_host(struct engine *e, struct flow *flow, struct slice host)
{
    if (flow->host > 0 && slice_eq(names_text(e->names, flow->host - 1), host))
        return;
    uint32_t id = names_number(e->names, host);
    flow->host = id == INTERN_NONE ? 0 : id + 1;
}
