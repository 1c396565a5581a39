/*
 * live/evidence: the packets of deployments that failed.
 * SPDX-License-Identifier: MIT
 *
 * What proves a finding is at the beginning of things: of connections, of exchanges within them. Bulk would
 * push it out: so of each device there are two rings. `front` has what has no connection (DHCP is one of
 * those, ARP, ICMP) and the beginning of each; `later`, the smaller one, has of connections that still tell
 * something the beginning of each later exchange, and how they end. Nothing more is kept of a settled flow,
 * not even its end: a hole would look like packets that the capture lost.
 *
 * Mirror copies are not kept. Packets are written as they were captured; comments say what they prove.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/escape.h"
#include "base/version.h"
#include "capture/pcapng_write.h"
#include "sensor.h"

#define TOTAL_BYTES    (512U << 20) /* of all devices */
#define FRONT_BYTES    65536U       /* payload of a flow that is its beginning, */
#define SETTLED_BYTES  16384U       /* of one that tells nothing any more, */
#define EXCHANGE_BYTES 4096U        /* of each side of an exchange */
#define LATER_SHARE    4            /* one part in so many of a device's bytes */
#define WATCHED_SHARE  8 /* the same before its deployment begins: most clients never begin one */

#define COMMENTS_MAX 8 /* of one packet */
#define BLOCK_EXTRA  64

bool evidence_open(struct evidence *e, const char *path, size_t bytes,
                   const struct rights_user *user, struct err *err)
{
    e->device_bytes = bytes;
    e->store.most = TOTAL_BYTES;
    return folder_open(&e->folder, path, user, err);
}

void evidence_forget(struct evidence *e, struct device *d)
{
    ring_clear(&e->store, &d->front);
    ring_clear(&e->store, &d->later);
}

/* ---- what is kept ------------------------------------------------------------------------------- */

static void count_exchange(struct flow_side *side, uint32_t bytes)
{
    uint32_t sum = side->exchange + bytes;
    side->exchange = sum > UINT16_MAX || sum < bytes ? UINT16_MAX : (uint16_t)sum;
}

/* Whether the packet is at the beginning of its exchange, which begins where the client speaks for the first
 * time after the server: neither a long request nor a long answer hides the beginning of the other. */
static bool begins_exchange(struct flow *f, const struct packet *p)
{
    bool sent = p->tuple.src_port == f->key.src_port && addr_eq(&p->tuple.src, &f->key.src);
    struct flow_side *client = &f->side[DIR_TO_SERVER];
    struct flow_side *server = &f->side[DIR_TO_CLIENT];
    if (sent && p->payload_len > 0 && server->exchange > 0)
        client->exchange = server->exchange = 0;
    count_exchange(sent ? client : server, p->payload_len);
    bool client_begins = client->exchange <= EXCHANGE_BYTES;
    bool server_begins = server->exchange <= EXCHANGE_BYTES;
    if (p->payload_len == 0)
        return client_begins && server_begins;
    return sent ? client_begins : server_begins;
}

enum place {
    NOWHERE,
    FRONT,
    LATER,
};

static enum place place_in_flow(const struct packet *p, struct flow *f)
{
    uint64_t bytes = f->side[DIR_TO_SERVER].bytes + f->side[DIR_TO_CLIENT].bytes;
    bool begins = begins_exchange(f, p);
    if (bytes <= (f->settled ? SETTLED_BYTES : FRONT_BYTES))
        return FRONT;
    bool ends = p->kind == PACKET_TCP && (p->tcp.flags & (TCP_FIN | TCP_RST));
    return !f->settled && (ends || begins) ? LATER : NOWHERE;
}

/* Devices without an address have one flow of DHCP between them, which tells nothing of one of them. */
static enum place place_of(const struct packet *p, struct flow *flow)
{
    bool is_dhcp = p->kind == PACKET_UDP && !roster_is_conversation(p);
    if (flow && !is_dhcp)
        return place_in_flow(p, flow);
    bool counts =
        is_dhcp || p->kind == PACKET_ARP || p->kind == PACKET_EAPOL || p->kind == PACKET_ICMP;
    return counts ? FRONT : LATER;
}

static size_t limit_of(const struct evidence *e, const struct device *d, enum place place)
{
    size_t later = e->device_bytes / LATER_SHARE;
    size_t limit = place == LATER ? later : e->device_bytes - later;
    if (d->sign_ns == 0)
        limit /= WATCHED_SHARE;
    return limit < RING_BLOCK ? RING_BLOCK : limit;
}

void evidence_keep(struct evidence *e, struct device *d, const struct frame *frame,
                   const struct packet *p, struct flow *flow)
{
    const struct ring_packet kept = {frame->at, frame->wire_len, frame->bytes};
    enum place place = place_of(p, flow);
    /* Of a frame that holds several packets the first one that is kept brings the others. */
    if (p->part > 0 && d->kept.frame == frame->at.frame && d->kept.file == frame->at.file)
        return;
    struct ring *r = place == FRONT ? &d->front : &d->later;
    if (place != NOWHERE && ring_keep(&e->store, r, limit_of(e, d, place), &kept)) {
        d->kept = frame->at;
        return;
    }
    d->left_out++;
    e->left_out++;
}

/* Both rings in order of time. Zeroed but for `rings` to begin with. */
struct walk {
    const struct ring *rings[2];
    struct ring_place places[2];
    struct ring_packet next[2];
    bool has[2];
    bool begun;
};

static void step(struct walk *w, int i)
{
    w->has[i] = ring_next(w->rings[i], &w->places[i], &w->next[i]);
}

static bool walk_next(struct walk *w, struct ring_packet *out)
{
    for (int i = 0; i < 2 && !w->begun; i++)
        step(w, i);
    w->begun = true;
    bool second = w->has[1] && (!w->has[0] || w->next[1].at.ts_ns < w->next[0].at.ts_ns);
    if (!w->has[second])
        return false;
    *out = w->next[second];
    step(w, second);
    return true;
}

static struct walk walk_of(const struct device *d)
{
    return (struct walk){.rings = {&d->front, &d->later}};
}

/* ---- what packets prove ------------------------------------------------------------------------- */

/* A frame that a finding names. */
struct point {
    struct mark at;
    const struct finding *finding;
    const char *which; /* of the finding's exchanges; NULL: it has but one */
    bool here;
};

struct points {
    struct point *all; /* in order of interface and frame */
    uint32_t count;
};

static int compare_frames(struct mark a, struct mark b)
{
    if (a.file != b.file)
        return a.file < b.file ? -1 : 1;
    return (a.frame > b.frame) - (a.frame < b.frame);
}

static int compare(const void *a, const void *b)
{
    const struct point *one = a;
    const struct point *two = b;
    int order = compare_frames(one->at, two->at);
    return order ? order : (one->finding > two->finding) - (one->finding < two->finding);
}

/* Findings about the capture itself name no packet. False when memory is out. */
static bool find_points(struct points *p, const struct result *r)
{
    *p = (struct points){.all = calloc((size_t)r->finding_count * 2 + 1, sizeof *p->all)};
    if (!p->all)
        return false;
    for (uint32_t i = 0; i < r->finding_count; i++) {
        const struct finding *f = &r->findings[i];
        if (f->device.family == 0 || !mark_set(f->first))
            continue;
        bool several = mark_set(f->last) && compare_frames(f->first, f->last) != 0;
        p->all[p->count++] = (struct point){f->first, f, several ? "first" : NULL, false};
        if (several)
            p->all[p->count++] = (struct point){f->last, f, "last", false};
    }
    qsort(p->all, p->count, sizeof *p->all, compare);
    return true;
}

/* The first point of a frame, and how many there are of it. */
static struct point *points_at(const struct points *p, struct mark at, uint32_t *count)
{
    uint32_t low = 0;
    uint32_t high = p->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare_frames(p->all[middle].at, at) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (*count = 0; low + *count < p->count; ++*count) {
        if (compare_frames(p->all[low + *count].at, at) != 0)
            break;
    }
    return &p->all[low];
}

static uint32_t mark_points(const struct points *p, const struct device *d)
{
    struct walk walk = walk_of(d);
    struct ring_packet packet;
    uint32_t packets = 0;
    while (walk_next(&walk, &packet)) {
        uint32_t count;
        struct point *at = points_at(p, packet.at, &count);
        for (uint32_t i = 0; i < count; i++)
            at[i].here = true;
        packets++;
    }
    return packets;
}

/* ---- the file ----------------------------------------------------------------------------------- */

struct sheet {
    const struct sensor *s;
    const struct device *d;
    const struct points *points;
    struct buf *out;
    struct buf text; /* of comments */
    uint64_t packets[TAP_INTERFACES_MAX];
};

static const struct capture_interface *interface_at(const struct sheet *e, uint32_t index)
{
    return &capture_file(e->s->view, index)->interfaces[0];
}

/* Texts hold names from the network. Returns where the escaped text ends. */
static size_t add_text(struct sheet *e, const struct buf *text)
{
    escape_text(&e->text, buf_view(text));
    return e->text.len;
}

static size_t add_point(struct sheet *e, const struct point *at)
{
    const struct finding *f = at->finding;
    struct buf b;
    buf_init(&b);
    buf_printf(&b, "finding %u (%s): %s", f->id, severity_text(f->severity),
               finding_kind_text(f->kind));
    if (f->host[0] != '\0')
        buf_printf(&b, " %s", f->host);
    if (f->detail[0] != '\0')
        buf_printf(&b, ": %s", f->detail);
    buf_str(&b, "; ");
    if (at->which)
        buf_printf(&b, "%s of %u, ", at->which, f->count);
    buf_printf(&b, "frame %u of %s in the report", at->at.frame,
               interface_at(e, at->at.file)->name);
    size_t end = add_text(e, &b);
    e->text.failed |= b.failed;
    buf_clear(&b);
    return end;
}

static void put_packet(struct sheet *e, const struct ring_packet *p)
{
    struct slice texts[COMMENTS_MAX];
    size_t ends[COMMENTS_MAX + 1] = {0};
    uint32_t count;
    const struct point *at = points_at(e->points, p->at, &count);
    count = count < COMMENTS_MAX ? count : COMMENTS_MAX;
    buf_reset(&e->text);
    for (uint32_t i = 0; i < count; i++)
        ends[i + 1] = add_point(e, &at[i]);
    for (uint32_t i = 0; i < count; i++)
        texts[i] = slice_sub(buf_view(&e->text), ends[i], ends[i + 1] - ends[i]);
    const struct pcapng_packet packet = {
        .interface = p->at.file,
        .ts_ns = p->at.ts_ns,
        .wire_len = p->wire_len,
        .id = (uint64_t)p->at.file << 32 | p->at.frame,
        .bytes = p->bytes,
    };
    pcapng_write_packet(e->out, &packet, &(struct pcapng_texts){texts, count});
    e->packets[p->at.file]++;
}

static void say_missing(struct buf *b, const struct points *p)
{
    uint32_t told = 0; /* a finding */
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->all[i].here || p->all[i].finding->id == told)
            continue;
        buf_str(b, told == 0 ? " Some frames of these findings are not here: " : ", ");
        told = p->all[i].finding->id;
        buf_u64(b, told);
    }
    buf_str(b, told == 0 ? "" : ".");
}

static void put_section(struct sheet *e, uint32_t packets)
{
    const struct device *d = e->d;
    uint64_t pushed_out = d->front.pushed_out + d->later.pushed_out;
    char address[ADDR_TEXT_SIZE];
    char mac[MAC_TEXT_SIZE];
    char name[FOLDER_NAME_MAX];
    struct buf b;
    filing_name(d, name);
    buf_init(&b);
    buf_printf(&b, "Evidence of device %u, %s%s%s: ended %s, verdict %s, report %s. ", d->number,
               device_address(d, address), d->has_mac ? " " : "",
               d->has_mac ? mac_text(&d->mac, mac) : "", device_end_text(d->end),
               verdict_text(d->summary.verdict), name);
    buf_printf(&b, "%u packets are here", packets);
    if (d->left_out > 0)
        buf_printf(&b, ", %llu were left out as bulk", (unsigned long long)d->left_out);
    if (pushed_out > 0)
        buf_printf(&b, ", %llu older ones made room", (unsigned long long)pushed_out);
    buf_str(&b, "; packet ids are frame numbers of the report.");
    say_missing(&b, e->points);
    (void)add_text(e, &b);
    e->text.failed |= b.failed;
    buf_clear(&b);
    const struct slice text = buf_view(&e->text);
    pcapng_write_section(e->out, "oobescope " OOBESCOPE_VERSION " live",
                         &(struct pcapng_texts){&text, 1});
}

/* Nobody knows whose the lost packets were, nor where: the first interface stands for all. */
static void put_file(struct sheet *e, uint32_t packets, uint64_t drops)
{
    const struct sensor *s = e->s;
    struct walk walk = walk_of(e->d);
    struct ring_packet packet;
    buf_reserve(e->out, e->d->front.bytes + e->d->later.bytes + (size_t)packets * BLOCK_EXTRA);
    put_section(e, packets);
    for (unsigned i = 0; i < capture_file_count(s->view); i++) {
        const struct capture_interface *in = interface_at(e, i);
        pcapng_write_interface(e->out, in->name, in->linktype, in->snaplen);
    }
    while (walk_next(&walk, &packet))
        put_packet(e, &packet);
    for (unsigned i = 0; i < capture_file_count(s->view); i++) {
        const struct pcapng_statistics statistics = {s->now_ns, e->packets[i], i ? 0 : drops};
        pcapng_write_statistics(e->out, i, &statistics);
    }
    e->out->failed |= e->text.failed;
}

/* The number of packets; `out` failed when memory is out. */
static uint32_t render(const struct sensor *s, const struct device *d, const struct result *r,
                       uint64_t drops, struct buf *out)
{
    struct points points;
    struct sheet sheet = {.s = s, .d = d, .points = &points, .out = out};
    buf_init(&sheet.text);
    uint32_t packets = 0;
    if (find_points(&points, r)) {
        packets = mark_points(&points, d);
        put_file(&sheet, packets, drops);
    } else {
        out->failed = true;
    }
    free(points.all);
    buf_clear(&sheet.text);
    return packets;
}

void evidence_ended(struct sensor *s, const struct device *d, const struct result *r,
                    const struct engine_stats *stats, struct row *row)
{
    struct evidence *e = &s->evidence;
    if (e->folder.fd < 0 || d->summary.finding_count == 0)
        return;
    struct err err;
    struct buf out;
    char name[FOLDER_NAME_MAX];
    filing_name(d, name);
    (void)snprintf(row->evidence, sizeof row->evidence, "%s.pcapng", name);
    buf_init(&out);
    uint32_t packets = render(s, d, r, stats->kernel_drops, &out);
    if (out.failed)
        err_set(&err, e->folder.path, "out of memory");
    if (!out.failed && folder_put(&e->folder, row->evidence, buf_view(&out), &err)) {
        e->files++;
        say(s, "device %u: %u packets in %s", (unsigned)d->number, packets, row->evidence);
    } else {
        e->lost++;
        say(s, "evidence %s is lost: %s: %s", row->evidence, err.where, err.text);
        row->evidence[0] = '\0';
    }
    buf_clear(&out);
}
