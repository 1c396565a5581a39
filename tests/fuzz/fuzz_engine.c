/*
 * tests/fuzz/engine: the whole way of packets, from frames to every report.
 * SPDX-License-Identifier: MIT
 *
 * Input: a byte whose lower bits pick the link type, then records of {2 bytes length, 2 bytes milliseconds
 * since the last one, frame}; with the top bit of the length the frame was longer on the wire. Events are
 * written as they come; the result is told as events, as text and as JSON. With the top bit of the first byte
 * the capture file has everything to tell of itself; with the next one packets are those of two subjects, of
 * which one comes and goes. seeds.py makes seeds of captures.
 *
 * Half of the mutations are ours: they change one frame, or the order of frames, and leave records whole.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/hash.h"
#include "engine/subject.h"
#include "fuzz.h"
#include "net/decode.h"
#include "report/eve.h"
#include "report/report.h"

#define START_NS  (1772352000 * NS_PER_S)
#define FLOWS_MAX 200 /* of a subject; few: inputs come to the cap as well */

#define TALKATIVE    0x80U /* in the first byte */
#define MANY         0x40U
#define STAY         32U /* frames after which one subject leaves and the other is judged */
#define HANDED_WRONG 16U /* one frame of so many is said to be the other's */

#define RECORD_HEAD 4U
#define CUT         0x8000U /* in the length */
#define CUT_BYTES   700U
#define RECORDS_MAX 1024U

/* What all inputs share: reading the list takes longer than an analysis. */
struct setting {
    struct service_list *services;
    struct capture *plain;
    struct capture *talkative;
};

struct run {
    const struct setting *setting;
    const struct capture *capture;
    struct eve *eve;
    bool judged;
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

static struct capture *view_of(const struct capture_file *file)
{
    struct capture *capture = capture_view(&file, 1);
    require(capture != NULL);
    return capture;
}

static const struct setting *setting(void)
{
    static const struct capture_interface interface = {
        .name = "eth\x1b[1m0", .description = "\xff\"", .linktype = 1, .snaplen = 64, .drops = 3};
    static const struct capture_comment comment = {.frame = 1, .text = "\x07 and \xf0\x9f"};
    static const struct capture_file plain = {.name = "fuzz.pcap"};
    static struct capture_file talkative = {
        .name = "fuzz.pcapng",
        .interfaces = &interface,
        .interface_count = 1,
        .comments = &comment,
        .comment_count = 1,
        .kernel_drops = 3,
        .damaged = true,
    };
    static struct setting all;
    if (!all.services) {
        struct err err;
        all.services = services_embedded(&err);
        require(all.services != NULL);
        err_set(&talkative.damage, "fuzz.pcapng", "the file is cut");
        all.plain = view_of(&plain);
        all.talkative = view_of(&talkative);
    }
    return &all;
}

/* Whole lines or a whole document: nothing else is asked of them here. */
static void look_at(void *ctx, struct slice bytes)
{
    (void)ctx;
    require(bytes.len == 0 || bytes.data[bytes.len - 1] == '\n');
    require(bytes.len == 0 || !memchr(bytes.data, '\0', bytes.len));
    require(bytes.len == 0 || !memchr(bytes.data, '\x1b', bytes.len));
}

static void on_transaction(void *ctx, const struct event *event, const struct tx *tx)
{
    const struct run *run = ctx;
    eve_transaction(run->eve, event, tx);
}

static void on_flow(void *ctx, const struct event *event, const struct flow_end *how)
{
    const struct run *run = ctx;
    eve_flow(run->eve, event, how);
}

static void on_result(void *ctx, const struct result *result, const struct engine_stats *stats)
{
    struct run *run = ctx;
    struct report report = {.result = result,
                            .stats = stats,
                            .capture = run->capture,
                            .services = run->setting->services,
                            .generated_ns = START_NS};
    struct out *out = run->eve->out;
    eve_result(run->eve, result, stats);
    out_flush(out);
    report_text(out, &report, &(struct text_options){.width = 60});
    out_flush(out);
    report_json(out, &report);
    out_flush(out);
    run->judged = true;
}

static bool next_frame(struct cursor *c, struct frame *frame)
{
    if (cur_left(c) < RECORD_HEAD)
        return false;
    size_t len = cur_be16(c);
    bool cut = len & CUT;
    len &= ~(size_t)CUT;
    frame->at.ts_ns += cur_be16(c) * NS_PER_MS;
    frame->at.frame++;
    frame->bytes = cur_take(c, len < cur_left(c) ? len : cur_left(c));
    frame->wire_len = (uint32_t)frame->bytes.len + (cut ? CUT_BYTES : 0);
    return true;
}

static struct frame first_frame(struct cursor *c)
{
    static const int linktypes[] = {1, 101, 113, 276, 0, 108, 127, 105};
    return (struct frame){.at = {START_NS, 0, 0},
                          .linktype =
                              linktypes[cur_u8(c) % (sizeof linktypes / sizeof *linktypes)]};
}

static void feed(struct engine *engine, struct slice input)
{
    struct cursor c = cursor_of(input, VERDICT_SHORT);
    struct frame frame = first_frame(&c);
    while (next_frame(&c, &frame))
        engine_packet(engine, &frame);
    engine_finish(engine, &(struct capture_totals){.files = 1});
}

/* ---- subjects ---- */

static struct subject *begin(struct engine *engine, struct run *run, uint32_t number)
{
    const struct sink sink = {run, on_transaction, on_flow, on_result};
    struct subject *s = subject_new(engine, &sink, number, FLOWS_MAX);
    require(s != NULL);
    return s;
}

static void hand(const struct engine *engine, struct subject *s, const struct packet *packet)
{
    struct packet p = *packet; /* which the engine changes */
    struct flow_place place = engine_expect(engine, &p);
    engine_bring_flow(engine, &place);
    const struct flow *flow = subject_packet(s, &p, place, p.wire_len, false);
    require(!flow || flow->id != 0);
}

static void feed_many(struct engine *engine, struct run *run, struct slice input)
{
    const struct capture_totals captured = {.files = 1};
    struct cursor c = cursor_of(input, VERDICT_SHORT);
    struct frame frame = first_frame(&c);
    struct subject *both[2] = {begin(engine, run, 1), begin(engine, run, 2)};
    while (next_frame(&c, &frame)) {
        struct packet p;
        net_decode(&p, frame.linktype, frame.bytes, frame.wire_len, &frame.at);
        unsigned wrong = frame.at.frame % HANDED_WRONG == 0;
        unsigned ports = (unsigned)p.tuple.src_port + p.tuple.dst_port;
        unsigned whose = (ports + wrong) & 1U;
        do
            hand(engine, both[whose], &p);
        while (p.has_more && net_decode_more(&p, &frame.at));
        if (frame.at.frame % STAY != 0)
            continue;
        subject_free(both[whose]);
        both[whose] = begin(engine, run, 2 + frame.at.frame);
        require(subject_judge(both[1 - whose], &captured));
    }
    engine_time(engine, frame.at.ts_ns + 100 * NS_PER_S);
    for (int i = 0; i < 2; i++) {
        subject_finish(both[i], &captured);
        require(subject_stats(both[i]).flows.open == 0);
        subject_free(both[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct out out;
    out_open_deliver(&out, look_at, NULL);
    struct eve eve = {.out = &out, .files = (const char *const[]){"fuzz.pcap"}, .file_count = 1};
    struct run run = {.setting = setting(), .eve = &eve};
    bool many = size > 0 && data[0] & MANY;
    run.capture = size > 0 && data[0] & TALKATIVE ? run.setting->talkative : run.setting->plain;
    struct engine_options options = {.services = run.setting->services,
                                     .many = many,
                                     .sink = {&run, on_transaction, on_flow, on_result}};
    struct err err;
    struct engine *engine = engine_new(&options, &err);
    require(engine != NULL);
    if (many)
        feed_many(engine, &run, slice_of(data, size));
    else
        feed(engine, slice_of(data, size));
    require(run.judged);
    engine_free(engine);
    out_close(&out);
    return 0;
}

/* ---- mutations that know of records ---- */

/* libFuzzer's; not there when seeds are replayed. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

struct record {
    size_t at;
    size_t len; /* with its head */
};

static size_t find_records(const uint8_t *data, size_t size, struct record *records)
{
    struct cursor c = cursor_of(slice_of(data, size), VERDICT_SHORT);
    struct frame frame = {0};
    size_t count = 0;
    (void)cur_u8(&c);
    for (size_t at = 1; count < RECORDS_MAX && next_frame(&c, &frame); count++) {
        records[count] = (struct record){at, RECORD_HEAD + frame.bytes.len};
        at += records[count].len;
    }
    return count;
}

static void put_be16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* Puts `len` bytes in place of a record; the new size, or the old one when they find no room. */
static size_t replace(uint8_t *data, size_t size, size_t max_size, const struct record *r,
                      const uint8_t *bytes, size_t len)
{
    if (size - r->len + len > max_size)
        return size;
    memmove(data + r->at + len, data + r->at + r->len, size - r->at - r->len);
    memcpy(data + r->at, bytes, len);
    return size - r->len + len;
}

static size_t change_frame(uint8_t *data, size_t size, size_t max_size, const struct record *r)
{
    uint8_t bytes[RECORD_HEAD + CUT];
    if (r->len > sizeof bytes)
        return size;
    memcpy(bytes, data + r->at, r->len);
    bool cut = bytes[0] & CUT >> 8;
    size_t room = r->len + 64 < sizeof bytes ? r->len + 64 : sizeof bytes;
    size_t len = LLVMFuzzerMutate(bytes + RECORD_HEAD, r->len - RECORD_HEAD, room - RECORD_HEAD);
    put_be16(bytes, len | (cut ? CUT : 0));
    return replace(data, size, max_size, r, bytes, len + RECORD_HEAD);
}

/* `a` comes before `b`. */
static void swap_records(uint8_t *data, const struct record *a, const struct record *b)
{
    uint8_t *copy = malloc(b->at + b->len - a->at);
    require(copy != NULL);
    size_t between = b->at - a->at - a->len;
    memcpy(copy, data + b->at, b->len);
    memcpy(copy + b->len, data + a->at + a->len, between);
    memcpy(copy + b->len + between, data + a->at, a->len);
    memcpy(data + a->at, copy, b->at + b->len - a->at);
    free(copy);
}

/* A second time: a copy of a mirror port, or a retransmission. */
static size_t repeat(uint8_t *data, size_t size, size_t max_size, const struct record *r,
                     const struct record *before)
{
    uint8_t *both = malloc(r->len + before->len);
    require(both != NULL);
    memcpy(both, data + r->at, r->len);
    memcpy(both + r->len, data + before->at, before->len);
    size_t now = replace(data, size, max_size, before, both, r->len + before->len);
    free(both);
    return now;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    struct record records[RECORDS_MAX];
    uint64_t dice = hash_mix(seed, 0x9e3779b97f4a7c15U);
    size_t count = size > 0 ? find_records(data, size, records) : 0;
    if (count == 0 || dice & 1)
        return LLVMFuzzerMutate(data, size, max_size);
    size_t one = (dice >> 8) % count;
    size_t other = (dice >> 24) % count;
    const struct record *a = &records[one < other ? one : other];
    const struct record *b = &records[one < other ? other : one];
    switch (dice >> 40 & 7) {
    case 0:
        return replace(data, size, max_size, a, data, 0);
    case 1:
        return repeat(data, size, max_size, a, b);
    case 2:
        put_be16(data + a->at + 2, dice >> 45 & 0xffff);
        return size;
    case 3:
        if (a != b)
            swap_records(data, a, b);
        return size;
    default:
        return change_frame(data, size, max_size, a);
    }
}
