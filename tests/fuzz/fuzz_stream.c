/*
 * tests/fuzz/fuzz_stream: segments, acknowledgements and a reader's answers against a model.
 * SPDX-License-Identifier: MIT
 *
 * Four bytes a step. The model knows for each position which segment claimed it first, with which byte
 * or with none (cut by the capture). Whatever the reader is shown has to be those bytes, without a hole,
 * up to the place the stream's counters name; and no gap may cover a byte that was captured.
 */
#include <stdlib.h>

#include "flow/stream.h"
#include "fuzz.h"

#define BASE    0xffff8000U /* so that sequence numbers wrap within a run */
#define FIRST   2048U       /* position of the first byte */
#define SIZE    ((size_t)768 * 1024)
#define LEN_MAX ((size_t)255 * 64)
#define STEPS   200
#define CHECKED 64 /* steps between two counts of what waits */

static void check(bool ok)
{
    if (!ok)
        abort();
}

enum claim {
    FREE,
    CAPTURED,
    CUT
};

struct model {
    uint8_t claim[SIZE];
    uint8_t content[SIZE];
    struct stream *s;
    uint64_t high;    /* behind the last position claimed */
    uint32_t origin;  /* position of the stream's first byte */
    uint64_t place;   /* where the reader is: position of the first byte it did not consume */
    uint64_t checked; /* what was shown is right up to this place */
    uint64_t gap_bytes;
    struct mark at;
    uint8_t answer;
    uint8_t version; /* of the bytes: repetitions differ */
    bool pending;    /* picked up in the middle and not settled where it begins */
    bool rest;
};

/* Position behind all that was handed over, skipped or lost. */
static uint64_t reached(const struct model *m)
{
    struct stream_stats stats = stream_stats(m->s);
    return m->origin + stats.bytes + stats.gap_bytes;
}

static struct take answer(struct model *m, size_t shown)
{
    uint8_t n = m->answer >> 3;
    switch (m->answer & 7) {
    case 0:
        return (struct take){0, 0, 0};
    case 1:
        return (struct take){shown / 2, 0, n};
    case 2:
        return (struct take){shown, n * 40ULL, 0};
    case 3:
        return (struct take){shown < 3 ? shown : 3, n, n};
    case 4:
        return (struct take){0, 0, shown + n};
    case 5:
        if (n == 31)
            return (struct take){0, TAKE_REST, 0};
        return (struct take){SIZE_MAX, 0, 0};
    default:
        return (struct take){shown, 0, 0};
    }
}

static struct take on_data(void *ctx, struct slice bytes, const struct mark *first,
                           const struct mark *at)
{
    struct model *m = ctx;
    check(!m->rest && bytes.len > 0 && bytes.len <= STREAM_HOLD_MAX + LEN_MAX);
    check(first->frame > 0 && first->frame <= at->frame && at->frame == m->at.frame);
    check(m->place + bytes.len == reached(m) && reached(m) <= SIZE);
    for (size_t i = m->checked > m->place ? m->checked - m->place : 0; i < bytes.len; i++) {
        check(m->claim[m->place + i] == CAPTURED);
        check(m->content[m->place + i] == bytes.data[i]);
    }
    m->checked = m->place + bytes.len;
    struct take take = answer(m, bytes.len);
    m->rest = take.skip == TAKE_REST;
    if (!m->rest)
        m->place += (take.consumed < bytes.len ? take.consumed : bytes.len) + take.skip;
    return take;
}

static struct take on_gap(void *ctx, uint64_t len, const struct mark *at)
{
    struct model *m = ctx;
    uint64_t end = reached(m);
    uint64_t lost = stream_stats(m->s).gap_bytes - m->gap_bytes;
    check(!m->rest && len > 0 && at->frame == m->at.frame);
    if (lost > 0) {
        check(lost == len);
        for (uint64_t i = end - len; i < end; i++)
            check(m->claim[i] != CAPTURED);
    } else {
        /* The reader let too much pile up. */
        check(m->place + len == end && len > STREAM_HOLD_MAX);
    }
    m->gap_bytes += lost;
    m->place = end;
    struct take take = answer(m, 0);
    m->rest = take.skip == TAKE_REST;
    if (!m->rest)
        m->place += take.skip;
    return take;
}

static void claim(struct model *m, uint32_t from, const uint8_t *bytes, uint32_t have, uint32_t len)
{
    m->high = m->high > from + len ? m->high : from + len;
    for (uint32_t i = 0; i < len; i++) {
        if (m->claim[from + i] != FREE)
            continue;
        m->claim[from + i] = i < have ? CAPTURED : CUT;
        m->content[from + i] = i < have ? bytes[i] : 0;
    }
}

/* Where a stream picked up in the middle begins. */
static void settle_origin(struct model *m, uint32_t from, uint32_t len)
{
    static const uint32_t none = 0;
    if (m->origin == none) {
        m->origin = from;
    } else if (m->pending) {
        if (from < m->origin && from + len >= m->origin)
            m->origin = from;
        m->pending = false;
    }
    if (stream_stats(m->s).bytes + m->gap_bytes == 0)
        m->place = m->origin;
}

static void push(struct model *m, const uint8_t *step, const struct stream_reader *r)
{
    static const uint32_t scale[] = {1, 1, 16, 64};
    uint32_t unit = scale[step[0] >> 2 & 3];
    uint64_t near = m->origin ? reached(m) : FIRST;
    int64_t offset = (int64_t)(int8_t)step[1] * (int64_t)unit;
    uint32_t len = step[2] * unit;
    int64_t from = (int64_t)near + offset;
    if (from < 1 || (uint64_t)from + len >= SIZE || len == 0)
        return;
    uint32_t have = step[0] & 0x40 ? len / 2 : len;
    uint8_t *bytes = malloc(have ? have : 1);
    check(bytes != NULL);
    m->version++;
    for (uint32_t i = 0; i < have; i++)
        bytes[i] = (uint8_t)(i + m->version * 31U);
    struct packet p = {.at = m->at, .kind = PACKET_TCP, .payload_len = len};
    p.payload = slice_of(bytes, have);
    p.tcp.seq = BASE + (uint32_t)from;
    settle_origin(m, (uint32_t)from, len);
    if (!m->rest)
        claim(m, (uint32_t)from, bytes, have, len);
    stream_push(m->s, &p, r);
    free(bytes);
}

static void step_one(struct model *m, const uint8_t *step, const struct stream_reader *r)
{
    m->at.frame++;
    m->at.ts_ns += step[3] * (4 * NS_PER_MS);
    switch (step[0] & 3) {
    case 0:
        if (m->origin) {
            m->pending = false;
            uint32_t ack = (uint32_t)reached(m) + step[1] * 8U + step[2];
            if (ack < SIZE)
                stream_acked(m->s, BASE + ack, &m->at, r);
        }
        break;
    case 1:
        if (step[0] & 4 && m->origin && !m->pending)
            stream_resume(m->s, &m->at, r);
        else
            m->answer = step[1];
        break;
    default:
        push(m, step, r);
        break;
    }
    check(stream_done(m->s) == m->rest);
}

/* Captured bytes behind the place reached are those that wait. */
static uint64_t waiting(const struct model *m)
{
    uint64_t n = 0;
    for (uint64_t i = m->origin ? reached(m) : SIZE; i < m->high; i++)
        n += m->claim[i] == CAPTURED;
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct model *m = calloc(1, sizeof *m);
    bool midstream = size > 0 && data[0] & 1;
    check(m != NULL);
    struct arena arena;
    arena_init(&arena, 4096);
    m->s = midstream ? stream_new_midstream(&arena) : stream_new(BASE + FIRST, &arena);
    check(m->s != NULL);
    m->origin = midstream ? 0 : FIRST;
    m->place = m->origin;
    m->pending = midstream;
    struct stream_reader r = {on_data, on_gap, m};
    for (size_t i = 1; i + 4 <= size && i / 4 < STEPS; i += 4) {
        step_one(m, data + i, &r);
        if (i / 4 % CHECKED == 0)
            check(m->rest || m->pending || waiting(m) <= STREAM_WAIT_MAX);
    }
    m->at.frame++;
    stream_finish(m->s, &m->at, &r);
    check(m->rest || waiting(m) == 0);
    stream_free(m->s);
    arena_clear(&arena);
    free(m);
    return 0;
}
