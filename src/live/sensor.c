/*
 * live/sensor: frames and time, and what they do to devices.
 * SPDX-License-Identifier: MIT
 */
#include "sensor.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/decode.h"
#include "net/mirror.h"
#include "proto/proto.h"

/* The kernel holds a packet back for up to 100 ms: the clock is only trusted about what is older. */
#define CLOCK_LAG_NS (250 * NS_PER_MS)
/* How often a device is judged at most. */
#define JUDGE_EVERY_NS NS_PER_S
#define OVERDUE_NS     (TCP_PATIENCE_NS + NS_PER_S)
/* What concerns all devices takes so many ticks, a second: their ends, and losses. */
#define ROUND_TICKS 10
/* What a tick may take of the time between two, where thousands of devices change or end at once: packets wait in a
 * ring that is full in tenths of a second. */
#define JUDGE_NS      (3 * NS_PER_MS)
#define JUDGE_IDLE_NS (30 * NS_PER_MS)
#define END_NS        (20 * NS_PER_MS)
/* What a flow says is asked for so many packets ahead, when the flow itself has come. */
#define TALK_AHEAD 3
/* A client that asks for nothing of the list is watched for so long after its last packet. */
#define BYSTANDER_NS (120 * NS_PER_S)

/* ---- what engines say --------------------------------------------------------------------------- */

static const char *server_role(const struct tx *tx)
{
    if (tx->kind == TX_DNS && tx->outcome == TX_ANSWERED)
        return "resolver";
    if (tx->kind == TX_HTTP && tx->outcome == TX_ANSWERED && tx->u.http.to_proxy)
        return "proxy";
    return NULL;
}

/* A question for a host of the list, not only to a port of it: the deployment has begun. (The rest of a
 * connection is none: a last repeat may come long after its deployment has ended.) */
static void note_sign(struct sensor *s, struct device *d, const struct event *event, int64_t at_ns)
{
    if (!event->service || event->hostname.len == 0)
        return;
    d->active_ns = at_ns;
    if (d->sign_ns != 0 || event->flow->midstream)
        return;
    d->sign_ns = at_ns;
    s->counts.begun++;
    say_device(s, d, "deployment begins");
}

static void on_transaction(void *ctx, const struct event *event, const struct tx *tx)
{
    struct device *d = ctx;
    struct sensor *s = d->live;
    s->counts.transactions++;
    d->changed = true;
    note_sign(s, d, event, s->now_ns > s->packet_ns ? s->now_ns : s->packet_ns);
    if (s->events.kind != OUTBOX_NONE)
        eve_transaction(&s->eve, event, tx);
    if (tx->kind == TX_DHCP && tx->u.dhcp->last == DHCP_ACK)
        roster_own(&s->roster, d, &tx->u.dhcp->lease.address);
    const struct ip_addr *server = &event->flow->key.dst;
    if (server_role(tx) && roster_find(&s->roster, server) != d &&
        s->answering_count < ANSWERING_MAX)
        s->answering[s->answering_count++] = *server;
}

/* Who answers others is no device. One that was taken for it goes, but not while engines are at work. */
static void note_servers(struct sensor *s)
{
    while (s->answering_count > 0)
        roster_server(&s->roster, &s->answering[--s->answering_count]);
}

static void on_flow(void *ctx, const struct event *event, const struct flow_end *how)
{
    struct device *d = ctx;
    struct sensor *s = d->live;
    d->changed = true;
    if (s->events.kind != OUTBOX_NONE)
        eve_flow(&s->eve, event, how);
}

static void on_result(void *ctx, const struct result *result, const struct engine_stats *stats)
{
    struct device *d = ctx;
    struct sensor *s = d->live;
    if (s->ending == d && d->sign_ns)
        filing_ended(s, d, result, stats);
    else if (s->ending == d)
        return; /* it asked for nothing of the list: it leaves without a word, but for its events */
    else if (s->inquiry.out)
        filing_render(s, &s->inquiry, result, stats);
    else
        device_note(d, result);
}

/* ---- families ----------------------------------------------------------------------------------- */

static bool begin_family(struct sensor *s, struct err *err)
{
    const struct engine_options options = {
        .services = s->options->services,
        .ndpi = s->options->ndpi,
        .many = true,
    };
    return family_begin(&s->family, &options, s->now_ns, err);
}

static void renew_family(struct sensor *s)
{
    struct err err;
    if (family_is_old(s->family, s->now_ns))
        (void)begin_family(s, &err); /* without memory the old one goes on */
}

/* ---- frames ------------------------------------------------------------------------------------- */

/* Nobody knows whose the lost packets were: each device hears of those lost since its first. */
static void tell_losses(const struct sensor *s, struct device *d)
{
    struct loss_span lost[DROPS_KEPT];
    uint32_t count = drops_after(&s->drops, d->first_ns, lost);
    d->drops_before = drops_frames(&s->drops);
    for (uint32_t i = 0; i < count; i++) {
        d->drops_before -= lost[i].frames;
        subject_drops(d->subject, lost[i].since_ns, lost[i].until_ns, lost[i].frames);
    }
}

static bool begin(struct sensor *s, struct device *d)
{
    const struct sink sink = {d, on_transaction, on_flow, on_result};
    d->live = s;
    d->subject = subject_new(s->family->engine, &sink, d->number, DEVICE_FLOWS_MAX);
    if (!d->subject)
        return false;
    tell_losses(s, d);
    d->family = s->family;
    d->family->devices++;
    return true;
}

/* A frame decoded, and what will be asked for it. */
struct arrival {
    struct packet packet;
    uint64_t hash;
    struct flow_place place;   /* with the newest family */
    struct roster_place whose; /* where no flow was known */
    struct subject *owner;     /* of its flow, or NULL */
    struct device *device;     /* NULL: see route */
};

static void bring_device(const struct device *d)
{
    bring(d);
    if (d->subject)
        subject_bring(d->subject);
}

static void feed(struct sensor *s, struct device *d, struct arrival *a, const struct frame *frame,
                 bool copy)
{
    struct packet *p = &a->packet;
    if (!d->subject && !begin(s, d)) {
        s->counts.unassigned++;
        return;
    }
    size_t captured = p->part == 0 ? frame->bytes.len : 0;
    if (p->at.ts_ns > d->last_ns)
        d->last_ns = p->at.ts_ns;
    struct flow_place place =
        d->family == s->family ? a->place : engine_expect(d->family->engine, p);
    struct flow *flow = subject_packet(d->subject, p, place, captured, copy);
    if (s->evidence.folder.fd >= 0 && !copy)
        evidence_keep(&s->evidence, d, frame, p, flow);
}

static void arrive(const struct sensor *s, struct arrival *a, const struct frame *frame)
{
    net_decode(&a->packet, frame->linktype, frame->bytes, frame->wire_len, &frame->at);
    a->hash = mirror_expect(s->mirror, &a->packet);
    a->place = engine_expect(s->family->engine, &a->packet);
    a->owner = NULL;
    a->device = NULL;
}

/* Whose the packet's flow is, where that is known: most often it is. DHCP speaks for others. */
static struct subject *owner_of(const struct sensor *s, const struct arrival *a)
{
    return roster_is_conversation(&a->packet)
               ? engine_owner(s->family->engine, &a->packet, &a->place)
               : NULL;
}

/* Where things are has to be read step by step, for all frames at once. */
static void look_ahead(const struct sensor *s, struct arrival *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        engine_bring_flow(s->family->engine, &all[i].place);
        if (!all[i].place.node)
            roster_bring(&s->roster, &all[i].packet, &all[i].whose);
    }
    for (size_t i = 0; i < count; i++) {
        if (!all[i].place.node)
            roster_bring_devices(&s->roster, &all[i].whose);
        else if ((all[i].owner = owner_of(s, &all[i])))
            subject_bring(all[i].owner);
    }
    for (size_t i = 0; i < count; i++) {
        if (all[i].owner)
            all[i].device = subject_listener(all[i].owner);
        else if (!all[i].place.node)
            all[i].device = roster_expect(&all[i].packet, &all[i].whose);
        if (all[i].device)
            bring_device(all[i].device);
    }
}

/* The devices that were looked up ahead. */
static void forget(struct arrival *all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        all[i].device = NULL;
}

/* The devices a packet concerns: most often that of its flow, which stays its device's. */
static unsigned route(struct sensor *s, const struct arrival *a,
                      struct device *owners[ROSTER_OWNERS_MAX])
{
    const struct subject *owner = a->device ? NULL : owner_of(s, a);
    owners[0] = owner ? subject_listener(owner) : a->device;
    return owners[0] ? 1 : roster_route(&s->roster, &a->packet, owners);
}

static void take(struct sensor *s, struct arrival *a, const struct frame *frame)
{
    struct device *owners[ROSTER_OWNERS_MAX];
    struct packet *p = &a->packet;
    s->counts.packets++;
    if (p->at.ts_ns > s->packet_ns)
        s->packet_ns = p->at.ts_ns;
    unsigned count = route(s, a, owners);
    bool is_copy = mirror_knows(s->mirror, p, a->hash, frame->group);
    s->counts.unassigned += count == 0;
    if (count > 1) {
        struct arrival other = *a; /* an engine changes its packet */
        feed(s, owners[1], &other, frame, is_copy);
    }
    if (count > 0)
        feed(s, owners[0], a, frame, is_copy);
    note_servers(s);
}

/* The packets of an 802.11 frame that holds several. */
__attribute__((cold, noinline)) static void take_several(struct sensor *s, struct arrival *first,
                                                         const struct frame *frame)
{
    struct packet p = first->packet;
    take(s, first, frame);
    while (net_decode_more(&p, &frame->at)) {
        struct arrival next = {.packet = p,
                               .hash = mirror_expect(s->mirror, &p),
                               .place = engine_expect(s->family->engine, &p)};
        take(s, &next, frame);
    }
}

void sensor_frames(void *ctx, const struct frame *frames, size_t count)
{
    struct sensor *s = ctx;
    struct arrival all[TAP_BATCH];
    assert(count <= TAP_BATCH);
    for (size_t i = 0; i < count; i++)
        arrive(s, &all[i], &frames[i]);
    look_ahead(s, all, count);
    uint32_t changes = s->roster.changes;
    for (size_t i = 0; i < count; i++) {
        if (s->roster.changes != changes) /* a frame may make devices come and go */
            forget(&all[i], count - i);
        changes = s->roster.changes;
        if (i + TALK_AHEAD < count)
            flow_bring_app(&all[i + TALK_AHEAD].place);
        if (all[i].packet.has_more)
            take_several(s, &all[i], &frames[i]);
        else
            take(s, &all[i], &frames[i]);
    }
}

/* ---- the end of a deployment -------------------------------------------------------------------- */

static void on_drop(void *ctx, struct device *d)
{
    struct sensor *s = ctx;
    if (d->sign_ns && d->end == DEVICE_RUNNING) {
        s->counts.withdrawn++;
        say_device(s, d, "answers others: a server, and no deployment");
    }
    subject_free(d->subject);
    d->subject = NULL;
    evidence_forget(&s->evidence, d);
    if (d->family)
        family_leave(&s->family, d->family);
    d->family = NULL;
}

static struct capture_totals totals(const struct sensor *s, const struct device *d)
{
    return (struct capture_totals){.files = tap_count(s->tap),
                                   .kernel_drops = drops_frames(&s->drops) - d->drops_before};
}

/* What was still open may show only now that a deployment had begun. */
static void end(struct sensor *s, struct device *d, enum device_end why)
{
    d->end = why;
    struct capture_totals captured = totals(s, d);
    family_time(s->family, s->now_ns);
    s->ending = d;
    subject_finish(d->subject, &captured);
    s->ending = NULL;
    out_flush(&s->out);
    roster_remove(&s->roster, d);
    note_servers(s);
}

/* How a device is to end now; DEVICE_RUNNING: not yet. */
static enum device_end standing_of(const struct sensor *s, const struct device *d)
{
    int64_t silence_ns = s->now_ns - d->last_ns;
    if (d->sign_ns != 0)
        return device_standing(d, s->now_ns, s->options->timeout_ns);
    bool over = silence_ns >= BYSTANDER_NS && silence_ns >= s->options->timeout_ns;
    return over ? DEVICE_SILENT : DEVICE_RUNNING;
}

/* The next device in turn; NULL where a slot is free. */
static struct device *next_device(const struct sensor *s, uint32_t *next)
{
    if (*next >= s->roster.top)
        *next = 0;
    struct device *d = s->roster.devices[(*next)++];
    return d && d->subject ? d : NULL;
}

/* Each device has its turn once a round, unless many end: then it takes longer. */
static void look_round(struct sensor *s)
{
    int64_t until = steady_ns() + END_NS;
    uint32_t share = (s->roster.top + ROUND_TICKS - 1) / ROUND_TICKS;
    for (bool time = true; share > 0 && time; share--) {
        struct device *d = next_device(s, &s->look_next);
        enum device_end standing = d ? standing_of(s, d) : DEVICE_RUNNING;
        if (standing == DEVICE_RUNNING)
            continue;
        end(s, d, standing);
        time = steady_ns() < until;
    }
}

bool sensor_stop_next(struct sensor *s)
{
    for (uint32_t i = 0; i < s->roster.top; i++) {
        struct device *d = next_device(s, &s->look_next);
        if (!d)
            continue;
        end(s, d, DEVICE_STOPPED);
        return true;
    }
    return false;
}

unsigned sensor_ended(const struct sensor *s)
{
    unsigned sum = 0;
    for (int i = 0; i <= DEVICE_STOPPED; i++)
        sum += (unsigned)s->counts.ended[i];
    return sum;
}

/* ---- time --------------------------------------------------------------------------------------- */

int64_t wall_ns(void)
{
    struct timespec wall = {0};
    (void)clock_gettime(CLOCK_REALTIME, &wall);
    return wall.tv_sec * NS_PER_S + wall.tv_nsec;
}

int64_t steady_ns(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

void sensor_clock(struct sensor *s, bool idle)
{
    if (s->packet_ns > s->now_ns)
        s->now_ns = s->packet_ns;
    if (!idle)
        return;
    int64_t clock_ns = wall_ns() - CLOCK_LAG_NS;
    if (clock_ns > s->now_ns)
        s->now_ns = clock_ns;
}

static void judge(struct sensor *s, struct device *d)
{
    enum verdict_word before = d->summary.verdict;
    bool known = d->summary.judged;
    struct capture_totals captured = totals(s, d);
    d->judged_ns = s->now_ns;
    d->changed = false;
    if (subject_judge(d->subject, &captured) && (!known || before != d->summary.verdict))
        say_device(s, d, "now");
}

bool sensor_ask(struct sensor *s, struct device *d, const struct inquiry *how)
{
    struct capture_totals captured = totals(s, d);
    s->inquiry = *how;
    bool judged = subject_judge(d->subject, &captured);
    s->inquiry.out = NULL;
    return judged;
}

/* What was asked shortly before the last judgement may be overdue by now, though nothing happened. */
static bool is_due(const struct device *d, int64_t now_ns)
{
    int64_t since = now_ns - d->judged_ns;
    return d->changed ? since >= JUDGE_EVERY_NS
                      : since >= OVERDUE_NS && d->last_ns > d->judged_ns - OVERDUE_NS;
}

/* Round robin, so that each gets its turn however many change all the time. */
static void judge_changed(struct sensor *s, int64_t budget_ns)
{
    int64_t until = steady_ns() + budget_ns;
    bool time = true;
    for (uint32_t i = 0; i < s->roster.top && time; i++) {
        struct device *d = next_device(s, &s->judge_next);
        if (!d || !d->sign_ns || !is_due(d, s->now_ns))
            continue;
        judge(s, d);
        time = steady_ns() < until;
    }
}

static void spread_loss(struct sensor *s)
{
    struct loss_span lost = drops_newest(&s->drops);
    for (uint32_t i = 0; i < s->roster.top; i++) {
        struct device *d = s->roster.devices[i];
        if (!d || !d->subject)
            continue;
        subject_drops(d->subject, lost.since_ns, lost.until_ns, lost.frames);
        d->changed = true;
    }
}

static void say_minute(struct sensor *s, const struct drop_counts *minute)
{
    if (minute->tap.kernel + minute->tap.interface > 0)
        say(s,
            "packets lost in the last minute: %llu by the kernel (raise --buffer, or use "
            "--filter), %llu by the interface",
            (unsigned long long)minute->tap.kernel, (unsigned long long)minute->tap.interface);
    if (minute->turned_away > 0)
        say(s,
            "packets of devices there was no room for in the last minute: %llu (%u at once, or too "
            "many new ones; use --filter)",
            (unsigned long long)minute->turned_away, ROSTER_DEVICES_MAX);
}

void sensor_drops(struct sensor *s)
{
    struct drop_counts now = {.turned_away = s->roster.turned_away};
    int64_t clock_ns = wall_ns();
    for (unsigned i = 0; i < tap_count(s->tap); i++) {
        struct tap_drops one = tap_drops(s->tap, i);
        now.tap.kernel += one.kernel;
        now.tap.interface += one.interface;
    }
    if (drops_look(&s->drops, now, clock_ns))
        spread_loss(s);
    if (drops_minute(&s->drops, clock_ns))
        say_minute(s, &s->drops.minute);
}

void sensor_tick(struct sensor *s, bool idle)
{
    s->round_tick = (s->round_tick + 1) % ROUND_TICKS;
    if (s->round_tick == 0)
        sensor_drops(s);
    renew_family(s);
    family_time(s->family, s->now_ns); /* a question that stays open may be a first sign */
    note_servers(s);
    judge_changed(s, idle ? JUDGE_IDLE_NS : JUDGE_NS);
    look_round(s);
    out_flush(&s->out);
}

/* ---- beginning and end -------------------------------------------------------------------------- */

/* The flows of thousands of devices may end at once: what can be written then does not wait for the loop. */
static void deliver(void *ctx, struct slice bytes)
{
    struct sensor *s = ctx;
    outbox_put(&s->events, bytes);
    if (s->events.waiting.len - s->events.sent > OUTBOX_BYTES_MAX / 4)
        outbox_drain(&s->events, steady_ns());
}

bool sensor_init(struct sensor *s, struct err *err)
{
    sensor_clock(s, true);
    roster_init(&s->roster, on_drop, s);
    out_open_deliver(&s->out, deliver, s);
    s->eve = (struct eve){
        .out = &s->out, .files = s->options->interfaces, .file_count = s->options->interface_count};
    const struct capture_file *files[TAP_INTERFACES_MAX];
    for (unsigned i = 0; i < tap_count(s->tap); i++)
        files[i] = tap_file(s->tap, i);
    s->view = capture_view(files, tap_count(s->tap));
    s->mirror = mirror_new();
    if (!s->view || !s->mirror) {
        err_set(err, NULL, "out of memory");
        return false;
    }
    return begin_family(s, err);
}

void sensor_clear(struct sensor *s)
{
    roster_clear(&s->roster);
    for (int i = 0; i < PAST_MAX; i++) {
        buf_clear(&s->past[i].json);
        buf_clear(&s->past[i].text);
    }
    family_clear(&s->family);
    mirror_free(s->mirror);
    capture_close(s->view);
    out_close(&s->out);
}
