/*
 * tests/unit/engine/parties: devices in one engine, each a subject, and their packets.
 * SPDX-License-Identifier: MIT
 */
#ifndef ENGINE_PARTIES_H
#define ENGINE_PARTIES_H

#include "bench.h"
#include "proto/dhcp_made.h"
#include "report/report.h"

/* A device and what is heard of it. */
struct party {
    struct seen seen; /* first: the bench's sinks are called with it */
    struct subject *subject;
    struct bench *bench;
    uint8_t device;
    struct buf json; /* its last result */
    struct engine_stats stats;
};

static const struct capture_totals one_file = {.files = 1};

static inline void gather(void *ctx, struct slice bytes)
{
    buf_slice(ctx, bytes);
}

static inline void render(struct buf *json, const struct bench *b, const struct result *result,
                          const struct engine_stats *stats)
{
    struct out out;
    struct capture *view = capture_view(NULL, 0);
    assert_non_null(view);
    struct report report = {
        .result = result, .stats = stats, .capture = view, .services = b->services};
    buf_reset(json);
    out_open_deliver(&out, gather, json);
    report_json(&out, &report);
    out_flush(&out);
    out_close(&out);
    capture_close(view);
    assert_true(json->len > 100);
}

static inline void on_party_result(void *ctx, const struct result *result,
                                   const struct engine_stats *stats)
{
    struct party *p = ctx;
    on_result(ctx, result, stats);
    render(&p->json, p->bench, result, stats);
    p->stats = *stats;
}

/* The number of a party is its device's; `max_flows` 0: as many as it likes. */
static inline void begin(struct bench *b, struct party *p, uint8_t device, uint32_t max_flows)
{
    const struct sink sink = {p, on_transaction, on_flow, on_party_result};
    *p = (struct party){.bench = b, .device = device};
    buf_init(&p->json);
    p->subject = subject_new(b->engine, &sink, device, max_flows ? max_flows : 16384);
    assert_non_null(p->subject);
    assert_ptr_equal(subject_listener(p->subject), p);
}

static inline void leave(struct party *p)
{
    subject_free(p->subject);
    p->subject = NULL;
    buf_clear(&p->json);
}

static inline int set_up_many(void **state)
{
    (void)set_up(state);
    struct bench *b = *state;
    engine_free(b->engine);
    b->engine = new_engine(b, true);
    return 0;
}

/* ---- packets ---- */

static inline struct packet decoded(const struct frame *f)
{
    struct packet p;
    net_decode(&p, f->linktype, f->bytes, f->wire_len, &f->at);
    return p;
}

static inline struct subject *owner(const struct bench *b, const struct frame *f)
{
    struct packet p = decoded(f);
    struct flow_place place = engine_expect(b->engine, &p);
    engine_bring_flow(b->engine, &place);
    return engine_owner(b->engine, &p, &place);
}

/* The frame is handed in for a party; the next one comes 1 ms later. */
static inline struct flow *hand(struct party *to, const struct frame *f)
{
    struct bench *b = to->bench;
    struct packet p = decoded(f);
    struct flow *flow =
        subject_packet(to->subject, &p, engine_expect(b->engine, &p), f->bytes.len, false);
    b->maker.frame.at.ts_ns += NS_PER_MS;
    return flow;
}

static inline const struct frame *asks(struct bench *b, uint8_t device, uint16_t port)
{
    const struct frame_ends ends = {device, RESOLVER, port, 53};
    return frame_udp(&b->maker, ends, slice_of(query, sizeof query - 1));
}

static inline const struct frame *is_told(struct bench *b, uint8_t device, uint16_t port)
{
    const struct frame_ends ends = {RESOLVER, device, 53, port};
    return frame_udp(&b->maker, ends, slice_of(answer, sizeof answer - 1));
}

static inline const struct frame *sends(struct bench *b, uint8_t device, uint8_t flags,
                                        uint32_t seq, uint32_t ack, const char *text)
{
    const struct frame_ends ends = {device, SERVER, 50000, 80};
    return frame_tcp(&b->maker, ends, flags, seq, ack, slice_str(text));
}

static inline const struct frame *gets(struct bench *b, uint8_t device, uint8_t flags, uint32_t seq,
                                       uint32_t ack, const char *text)
{
    const struct frame_ends ends = {SERVER, device, 80, 50000};
    return frame_tcp(&b->maker, ends, flags, seq, ack, slice_str(text));
}

/* DHCP before there is an address: all devices have one tuple. */
static inline const struct frame *broadcast(struct bench *b, const struct message *m)
{
    bool reply_of_server = m->bytes[0] == 2;
    const struct frame_ends ends = {reply_of_server ? 1 : 0, 255, reply_of_server ? 67 : 68,
                                    reply_of_server ? 68 : 67};
    const struct frame *f = frame_udp(&b->maker, ends, slice_of(m->bytes, m->len));
    if (!reply_of_server)
        memset(&b->maker.bytes[26], 0, 4);
    memset(&b->maker.bytes[30], 255, 4);
    return f;
}

static inline const struct frame *discover(struct bench *b, uint8_t device)
{
    struct message m = message_of(DHCP_DISCOVER, device, device);
    m.bytes[m.len++] = 255;
    return broadcast(b, &m);
}

static inline const struct frame *lease(struct bench *b, enum dhcp_type type, uint8_t device)
{
    struct message m = lease_of(type, device, device);
    return broadcast(b, &m);
}

#endif
