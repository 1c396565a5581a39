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

static void flow_ended(void *ctx, struct flow *flow, const struct flow_end *how);

struct engine *engine_new(const struct engine_options *options, struct err *err)
{
    struct engine *e = calloc(1, sizeof *e);
    if (!e) {
        err_set(err, NULL, "out of memory");
        return NULL;
    }
    struct flow_config config = flow_config_default();
    e->options = *options;
    talk_pools_init(e->own_talks);
    e->talks = options->kin ? options->kin->talks : e->own_talks;
    if (options->max_flows) {
        config.max_flows = options->max_flows;
        config.small = true;
    }
    e->flows = flow_table_new(&config, flow_ended, e);
    e->mirror = options->kin ? NULL : mirror_new();
    e->certificates = options->kin ? options->kin->certificates : certificates_new();
    e->diagnosis = diagnosis_new(options->services, options->kin ? options->kin->diagnosis : NULL,
                                 options->number);
    if (e->diagnosis)
        e->names = names_new(diagnosis_names(e->diagnosis),
                             options->max_flows ? NAMES_SMALL : NAMES_LARGE);
    if (!e->flows || !(e->mirror || options->kin) || !e->certificates || !e->names) {
        err_set(err, NULL, "out of memory");
        engine_free(e);
        return NULL;
    }
    if (options->ndpi && options->kin) {
        e->labeller = options->kin->labeller;
    } else if (options->ndpi && !(e->labeller = labeller_new(err))) {
        engine_free(e);
        return NULL;
    }
    return e;
}

static void drop_flow(void *ctx, const struct flow *flow)
{
    (void)ctx;
    talk_drop(flow);
}

void engine_free(struct engine *e)
{
    if (!e)
        return;
    if (e->flows)
        flow_table_each(e->flows, drop_flow, NULL);
    flow_table_free(e->flows);
    ipfrag_free(e->fragments);
    mirror_free(e->mirror);
    names_free(e->names);
    dhcp_free(e->dhcp);
    if (!e->options.kin) {
        labeller_free(e->labeller);
        certificates_free(e->certificates);
    }
    talk_pools_clear(e->own_talks); /* after the flows, whose streams lie there */
    diagnosis_free(e->diagnosis);
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
static bool put_together(struct engine *e, struct packet *p)
{
    if (!e->fragments)
        e->fragments = ipfrag_new();
    if (!e->fragments)
        e->stats.dropped++;
    if (!e->fragments || !ipfrag_push(e->fragments, p))
        return false;
    bool copy = e->mirror && mirror_is_copy(e->mirror, p, 0);
    e->stats.duplicate_packets += copy;
    e->stats.aggregated_packets +=
        !copy && p->has_more; /* in a tunnel: the first alone is followed */
    return !copy;
}

/* A flow is named by what its device asked last before it: later questions may give the same address
 * other names. What the flow says of itself comes to replace it. Resolvers are known by address, and
 * half of all flows go to them. */
static void name_flow(struct engine *e, struct flow *flow)
{
    if (flow->key.dst_port == PORT_DNS)
        return;
    uint32_t asked = names_find(e->names, &flow->key.src, &flow->key.dst);
    flow->host = asked == INTERN_NONE ? 0 : asked + 1;
}

/* A capturing clock that is set back does not turn time round: it goes on from where it was. */
static void keep_time(struct engine *e, struct mark *at)
{
    struct engine_stats *s = &e->stats;
    at->ts_ns += s->set_back_ns;
    int64_t back = s->last.ts_ns - at->ts_ns;
    if (!mark_set(s->last) || (back <= CLOCK_BACK_NS && back > -DIAGNOSIS_SILENCE_NS))
        return;
    /* One device's silence is not that of the capture. */
    if (back < 0 && !e->options.kin)
        diagnosis_silence(e->diagnosis, s->last.ts_ns);
    if (back <= CLOCK_BACK_NS || back > CLOCK_BACK_MOST - s->set_back_ns)
        return;
    s->clock_steps++;
    s->set_back_ns += back;
    at->ts_ns += back;
}

struct flow *engine_decoded(struct engine *e, struct packet *p, struct flow_place place,
                            size_t captured, bool copy)
{
    keep_time(e, &p->at);
    count_packet(&e->stats, p, captured, copy);
    flow_table_expire(e->flows, p->at.ts_ns);

    if (copy)
        return NULL;
    if (p->kind == PACKET_FRAGMENT) {
        if (!put_together(e, p))
            return NULL;
        place = flow_expect(e->flows, &p->tuple);
    }
    if (p->kind == PACKET_ICMP)
        flow_table_icmp(e->flows, p);
    if (link_is(p))
        link_packet(e, p);
    if (p->kind != PACKET_TCP && p->kind != PACKET_UDP)
        return NULL;

    enum dir dir;
    struct flow *flow = flow_take(e->flows, p, &place, &dir);
    if (!flow) {
        e->stats.dropped++;
        return NULL;
    }
    if (flow->settled)
        return flow;
    bool begun = flow->side[0].packets + flow->side[1].packets == 1;
    if (begun)
        name_flow(e, flow);
    diagnosis_expect(e->diagnosis, begun ? flow : NULL);
    if (p->kind == PACKET_TCP)
        talk_segment(e, flow, dir, p);
    else
        talk_datagram(e, flow, dir, p);
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
    (void)engine_decoded(e, &first->packet, first->place, frame->bytes.len, copy);
    while (net_decode_more(&p, &frame->at)) {
        struct packet next = p; /* which the engine changes */
        copy = e->mirror && mirror_is_copy(e->mirror, &next, frame->group);
        (void)engine_decoded(e, &next, flow_expect(e->flows, &next.tuple), 0, copy);
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
            (void)engine_decoded(e, &a->packet, a->place, frames[i].bytes.len, copy);
    }
}

void engine_bring(const struct engine *e)
{
    bring(&e->flows);
    bring(&e->stats);
    bring(&e->stats.first);
}

void engine_bring_tables(const struct engine *e)
{
    flow_table_bring(e->flows);
}

struct flow_place engine_expect(const struct engine *e, const struct packet *p)
{
    return flow_expect(e->flows, &p->tuple);
}

void engine_bring_flow(const struct engine *e, struct flow_place *place)
{
    flow_bring(e->flows, place);
}

void engine_time(struct engine *e, int64_t now_ns)
{
    if (!mark_set(e->stats.last) || now_ns <= e->stats.last.ts_ns)
        return;
    e->stats.last.ts_ns = now_ns;
    flow_table_expire(e->flows, now_ns);
}

void engine_drops(struct engine *e, int64_t since_ns, int64_t until_ns, uint64_t frames)
{
    diagnosis_drops(e->diagnosis, since_ns + e->stats.set_back_ns, until_ns + e->stats.set_back_ns,
                    frames);
}

static void count_missing(struct engine_stats *s, const struct flow *flow)
{
    for (int d = 0; d < 2; d++) {
        uint32_t bytes = flow_missing(flow, (enum dir)d);
        s->gap_bytes += bytes;
        s->gaps += bytes > 0;
    }
}

/* The host as the sender's device knows it: over IPv4 it learned what it connects to over IPv6. */
static struct slice host_of_device(const struct engine *e, const struct flow *flow)
{
    struct slice host = engine_host(e, flow);
    if (host.len > 0 || flow->key.src.family != 6)
        return host;
    struct ip_addr device = diagnosis_sender_of(e->diagnosis, flow);
    uint32_t id = names_find(e->names, &device, &flow->key.dst);
    return id == INTERN_NONE ? host : names_text(e->names, id);
}

/* Every flow ends here, for whatever reason. */
static void flow_ended(void *ctx, struct flow *flow, const struct flow_end *how)
{
    struct engine *e = ctx;
    talk_end(flow, how);
    if (flow_is_stray(flow))
        return; /* the rest of a connection that ended before: nothing to say of it */
    /* Nobody else asks where a flow went that is no connection. */
    bool named = e->options.sink.flow || flow->key.proto == IP_PROTO_TCP;
    struct slice host = named ? host_of_device(e, flow) : slice_of(NULL, 0);
    e->stats.one_way_flows += flow_is_one_way(flow);
    count_missing(&e->stats, flow);
    if (e->options.sink.flow) {
        struct event event = talk_event(e, flow, host);
        e->options.sink.flow(e->options.sink.ctx, &event, how);
    }
    diagnosis_flow(e->diagnosis, flow, how, host, app_name(flow->app_kind), flow->transactions);
}

/* Ends all flows. What only packets need goes before the judging, which takes memory of its own. */
static void end_packets(struct engine *e)
{
    if (e->dhcp)
        dhcp_finish(e->dhcp, e->stats.last.ts_ns);
    flow_table_finish(e->flows, e->stats.last.ts_ns);
    talk_pools_clear(e->own_talks);
    names_free(e->names);
    e->names = NULL;
}

/* Tells the sink what `diagnosis` comes to. */
static bool conclude(struct engine *e, struct diagnosis *diagnosis,
                     const struct capture_totals *captured)
{
    e->stats.kernel_drops = captured->kernel_drops;
    struct capture_facts facts = {
        .first = e->stats.first,
        .last = e->stats.last,
        .packets = e->stats.packets,
        .truncated_packets = e->stats.truncated_packets,
        .first_truncated = e->stats.first_truncated,
        .last_truncated = e->stats.last_truncated,
        .gap_bytes = e->stats.gap_bytes,
        .kernel_drops = captured->kernel_drops,
        .file_count = captured->files,
        .complete = captured->files == 1 && captured->ended_ns != 0,
        .damaged_files = captured->damaged_files,
    };
    const struct result *result = diagnosis ? diagnosis_finish(diagnosis, &facts) : NULL;
    struct engine_stats stats = engine_stats(e);
    if (!result)
        e->stats.dropped++;
    else if (e->options.sink.result)
        e->options.sink.result(e->options.sink.ctx, result, &stats);
    return result != NULL;
}

struct judged_copy {
    struct engine *engine;
    struct diagnosis *diagnosis;
};

static void tell_unanswered(void *ctx, const struct flow *flow)
{
    const struct judged_copy *c = ctx;
    diagnosis_unanswered(c->diagnosis, flow, c->engine->stats.last.ts_ns,
                         host_of_device(c->engine, flow));
}

bool engine_judge(struct engine *e, const struct capture_totals *captured)
{
    struct diagnosis *copy = diagnosis_copy(e->diagnosis);
    if (copy)
        flow_table_unanswered(e->flows, tell_unanswered, &(struct judged_copy){e, copy});
    bool judged = conclude(e, copy, captured);
    diagnosis_free(copy);
    return judged;
}

void engine_finish(struct engine *e, const struct capture_totals *captured)
{
    if (captured->ended_ns)
        engine_time(e, captured->ended_ns + e->stats.set_back_ns);
    end_packets(e);
    (void)conclude(e, e->diagnosis, captured);
}

struct engine_stats engine_stats(const struct engine *e)
{
    struct engine_stats stats = e->stats;
    stats.flows = flow_table_stats(e->flows);
    return stats;
}

struct slice engine_host(const struct engine *e, const struct flow *flow)
{
    uint32_t id =
        flow->host > 0 ? flow->host - 1 : names_find(e->names, &flow->key.src, &flow->key.dst);
    return id == INTERN_NONE ? slice_of(NULL, 0) : names_text(e->names, id);
}

void engine_set_host(struct engine *e, struct flow *flow, struct slice host)
{
    if (flow->host > 0 && slice_eq(names_text(e->names, flow->host - 1), host))
        return;
    uint32_t id = names_number(e->names, host);
    flow->host = id == INTERN_NONE ? 0 : id + 1;
}
