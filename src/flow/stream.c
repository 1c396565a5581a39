/*
 * flow/stream: one direction of a TCP connection as bytes in order.
 * SPDX-License-Identifier: MIT
 * RFC 9293 3.4 (sequence numbers), 3.10.7.4 (segments in the window); RFC 7413 (data in a SYN)
 *
 *        shown, held        next_seq     hole      waiting        acked
 *     ----------------------->|..............|==========|...........|
 *
 * Sequence numbers wrap: they are compared by their difference as a signed 32-bit number.
 */
#include "flow/stream.h"

#include <stdlib.h>

#include "hold.h"

/* A segment further from the place than any window reaches belongs to something else. */
#define FAR (1 << 30)
/* A skip moves ahead of the newest segment by no more than this, so that differences stay clear. */
#define SKIP_AHEAD (1U << 29)
/* Segments that wait behind holes, at most. */
#define WAIT_SEGMENTS 256
/* Bytes that were acknowledged and do not come were not captured, but a mirror port can put an
 * acknowledgement before its data: so much of the capture has to pass. */
#define GAP_NS       NS_PER_S
#define GAP_SEGMENTS 32

struct wait {
    struct wait *next;
    struct mark at;
    uint32_t seq;
    uint32_t len;  /* as announced */
    uint32_t have; /* as captured */
    uint8_t data[];
};

enum anchor {
    ANCHORED,
    ANCHOR_OPEN,  /* nothing came yet */
    ANCHOR_FIRST, /* the first segment waits for one that may precede it */
};

struct stream {
    struct hold *hold;
    struct wait *wait; /* by sequence number, not overlapping, all behind next_seq */
    uint64_t bytes;
    uint64_t gap_bytes;
    uint64_t skip_left; /* of a skip, beyond next_seq */
    int64_t hole_ns;    /* since when a hole is known */
    uint32_t next_seq;
    uint32_t acked; /* not before next_seq */
    uint32_t wait_bytes;
    uint32_t want;
    uint32_t retransmitted;
    uint32_t skip_from; /* the newest skipped range */
    uint32_t skip_end;
    uint16_t wait_count;
    uint8_t hole_segments; /* that came since the hole is known */
    unsigned anchor : 2;   /* an enum anchor */
    bool hole : 1;
    bool done : 1;
};

_Static_assert(sizeof(struct stream) <= 96, "two for every TCP flow that is not settled");

struct segment {
    struct slice have;
    uint32_t seq;
    uint32_t len;          /* as announced */
    const struct mark *by; /* the packet that brought it */
    const struct mark *at; /* the packet under way */
};

/* a - b */
static int32_t seq_diff(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

static struct stream *new_stream(uint32_t seq, enum anchor anchor, struct arena *a)
{
    struct stream *s = arena_alloc(a, sizeof *s);
    if (!s)
        return NULL;
    s->next_seq = s->acked = s->skip_from = s->skip_end = seq;
    s->anchor = anchor & 3U;
    return s;
}

struct stream *stream_new(uint32_t seq, struct arena *a)
{
    return new_stream(seq, ANCHORED, a);
}

struct stream *stream_new_midstream(struct arena *a)
{
    return new_stream(0, ANCHOR_OPEN, a);
}

static void pop_wait(struct stream *s)
{
    struct wait *w = s->wait;
    s->wait = w->next;
    s->wait_bytes -= w->have;
    s->wait_count--;
    free(w);
}

static void drop_all(struct stream *s)
{
    hold_free(&s->hold);
    while (s->wait)
        pop_wait(s);
}

void stream_free(struct stream *s)
{
    if (s)
        drop_all(s);
}

/* ---- the reader ------------------------------------------------------------------------------ */

static void move_to(struct stream *s, uint32_t seq)
{
    s->next_seq = seq;
    s->hole = false;
    if (seq_diff(s->acked, seq) < 0)
        s->acked = seq;
}

/* As much of a long skip as keeps differences to `seen`, where the stream is known to be, clear. */
static void skip_on(struct stream *s, uint32_t seen)
{
    int32_t ahead = seq_diff(s->next_seq, seen);
    if (s->skip_left == 0 || ahead < -FAR || ahead >= (int32_t)SKIP_AHEAD)
        return;
    uint32_t room = (uint32_t)((int32_t)SKIP_AHEAD - ahead);
    uint32_t step = s->skip_left < room ? (uint32_t)s->skip_left : room;
    s->skip_left -= step;
    move_to(s, s->next_seq + step);
    s->skip_end = s->next_seq;
    if (s->skip_end - s->skip_from > (uint32_t)FAR)
        s->skip_from = s->skip_end - (uint32_t)FAR;
}

static void skip(struct stream *s, uint64_t n)
{
    s->bytes += n;
    s->skip_left = n;
    s->skip_from = s->next_seq;
    skip_on(s, s->next_seq);
}

/* What the reader said of `shown` bytes; returns how many of them are dealt with. */
static size_t apply(struct stream *s, const struct take *take, size_t shown)
{
    size_t used = take->consumed < shown ? take->consumed : shown;
    s->want = take->want < STREAM_HOLD_MAX ? (uint32_t)take->want : STREAM_HOLD_MAX;
    if (take->skip == TAKE_REST) {
        s->done = true;
        return shown;
    }
    if (take->skip <= shown - used)
        return used + (size_t)take->skip;
    skip(s, take->skip - (shown - used));
    return shown;
}

/* Shows what is held, or `bytes` (brought `by`) where nothing is; returns how many bytes are dealt
 * with. */
static size_t show(struct stream *s, struct slice bytes, const struct mark *by,
                   const struct mark *at, const struct stream_reader *r)
{
    size_t used = 0;
    while (!s->done && used < bytes.len && bytes.len - used >= s->want) {
        struct mark first = s->hold ? hold_mark(s->hold, used) : *by;
        struct slice rest = slice_sub(bytes, used, bytes.len - used);
        struct take take = r->data(r->ctx, rest, &first, at);
        size_t n = apply(s, &take, rest.len);
        if (n == 0)
            break;
        used += n;
    }
    return used;
}

static void show_held(struct stream *s, const struct mark *at, const struct stream_reader *r)
{
    size_t used = show(s, hold_view(s->hold), at, at, r);
    hold_drop(&s->hold, used);
}

static void tell_gap(struct stream *s, uint64_t len, const struct mark *at,
                     const struct stream_reader *r)
{
    hold_free(&s->hold);
    struct take take = r->gap(r->ctx, len, at);
    apply(s, &take, 0);
}

/* Bytes up to `seq` that will never come. */
static void lose_to(struct stream *s, uint32_t seq, const struct mark *at,
                    const struct stream_reader *r)
{
    uint32_t len = seq - s->next_seq;
    s->gap_bytes += len;
    move_to(s, seq);
    tell_gap(s, len, at, r);
}

/* Keeps bytes that the reader left; where there is no room for them, they are a gap to the reader. */
static void keep(struct stream *s, const struct segment *seg, struct slice bytes,
                 const struct stream_reader *r)
{
    size_t len = hold_view(s->hold).len + bytes.len;
    if (bytes.len > 0 && (len > STREAM_HOLD_MAX || !hold_append(&s->hold, bytes, seg->by)))
        tell_gap(s, len, seg->at, r);
}

/* Those bytes of the segment that lie at next_seq. */
static void feed(struct stream *s, const struct segment *seg, struct slice bytes,
                 const struct stream_reader *r)
{
    s->bytes += bytes.len;
    move_to(s, s->next_seq + (uint32_t)bytes.len);
    if (s->hold) {
        keep(s, seg, bytes, r);
        show_held(s, seg->at, r);
        return;
    }
    size_t used = show(s, bytes, seg->by, seg->at, r);
    if (!s->done)
        keep(s, seg, slice_sub(bytes, used, bytes.len - used), r);
}

/* ---- segments -------------------------------------------------------------------------------- */

/* A segment that reaches over next_seq. */
static void deliver(struct stream *s, const struct segment *seg, const struct stream_reader *r)
{
    uint32_t old = s->next_seq - seg->seq;
    uint32_t end = seg->seq + seg->len;
    if (seg->have.len > old)
        feed(s, seg, slice_sub(seg->have, old, seg->have.len - old), r);
    /* The capture cut it, and would cut a repetition as well. */
    if (!s->done && seq_diff(end, s->next_seq) > 0)
        lose_to(s, end, seg->at, r);
}

/* Hands over what waits at next_seq. `at` is the packet that made it complete. */
static void drain(struct stream *s, const struct mark *at, const struct stream_reader *r)
{
    while (s->wait && !s->done && seq_diff(s->wait->seq, s->next_seq) <= 0) {
        const struct wait *w = s->wait;
        struct segment seg = {slice_of(w->data, w->have), w->seq, w->len, &w->at, at};
        if (seq_diff(w->seq + w->len, s->next_seq) > 0)
            deliver(s, &seg, r);
        pop_wait(s);
    }
}

/* A copy of the first `len` bytes of the segment before `*link`; false when memory is out. */
static bool put_wait(struct stream *s, struct wait **link, const struct segment *seg, uint32_t len)
{
    uint32_t have = seg->have.len < len ? (uint32_t)seg->have.len : len;
    struct wait *w = malloc(sizeof *w + have);
    if (!w)
        return false;
    w->next = *link;
    w->at = *seg->by;
    w->seq = seg->seq;
    w->len = len;
    w->have = have;
    if (have > 0)
        memcpy(w->data, seg->have.data, have);
    *link = w;
    s->wait_bytes += have;
    s->wait_count++;
    return true;
}

static void cut_front(struct segment *seg, uint32_t n)
{
    seg->seq += n;
    seg->len -= n;
    seg->have = slice_sub(seg->have, n, seg->have.len);
}

/* Puts those parts of the segment that are new between the waiting ones. */
static void insert(struct stream *s, struct segment seg)
{
    struct wait **link = &s->wait;
    bool news = false;
    if (seq_diff(s->next_seq, seg.seq) > 0)
        cut_front(&seg, s->next_seq - seg.seq);
    for (;;) {
        while (*link && seq_diff((*link)->seq + (*link)->len, seg.seq) <= 0)
            link = &(*link)->next;
        uint32_t room = seg.len;
        if (*link && seq_diff((*link)->seq, seg.seq + seg.len) < 0)
            room = (*link)->seq - seg.seq;
        if ((int32_t)room > 0) {
            news = true;
            if (!put_wait(s, link, &seg, room))
                break;
            link = &(*link)->next;
        }
        if (room == seg.len)
            break;
        uint32_t over = (*link)->seq + (*link)->len - seg.seq;
        if (over >= seg.len)
            break;
        cut_front(&seg, over);
    }
    s->retransmitted += !news;
}

/* Where the bytes go on behind the hole at next_seq; next_seq when there is no hole. A single byte that
 * is acknowledged is the other side's FIN. */
static uint32_t hole_end(const struct stream *s)
{
    if (s->wait)
        return s->wait->seq;
    return seq_diff(s->acked, s->next_seq) > 1 ? s->acked : s->next_seq;
}

static bool hole_is_gap(const struct stream *s, uint32_t end, const struct mark *at)
{
    if (s->wait_bytes > STREAM_WAIT_MAX || s->wait_count > WAIT_SEGMENTS)
        return true;
    return seq_diff(s->acked, end) >= 0 &&
           (at->ts_ns - s->hole_ns >= GAP_NS || s->hole_segments >= GAP_SEGMENTS);
}

/* Gives up holes that will not be filled. */
static void check_hole(struct stream *s, const struct mark *at, const struct stream_reader *r)
{
    while (!s->done) {
        uint32_t end = hole_end(s);
        if (end == s->next_seq)
            return;
        if (!s->hole) {
            s->hole = true;
            s->hole_ns = s->wait ? s->wait->at.ts_ns : at->ts_ns;
            s->hole_segments = 0;
        }
        if (!hole_is_gap(s, end, at))
            return;
        lose_to(s, end, at, r);
        drain(s, at, r);
    }
}

/* Whether the first segment of a stream picked up in the middle can be handed over. */
static bool anchor(struct stream *s, const struct segment *seg)
{
    if (s->anchor == ANCHOR_OPEN) {
        s->anchor = ANCHOR_FIRST;
        s->skip_from = s->skip_end = seg->seq;
        s->acked = seg->seq;
        move_to(s, seg->seq);
        insert(s, *seg);
        return false;
    }
    s->anchor = ANCHORED;
    if (seq_diff(seg->seq, s->next_seq) < 0 && seq_diff(seg->seq + seg->len, s->next_seq) >= 0) {
        s->skip_from = s->skip_end = seg->seq;
        move_to(s, seg->seq);
    }
    return true;
}

/* Only segments before the skipped range, or behind it, are repetitions of what was seen. */
static void count_old(struct stream *s, const struct segment *seg)
{
    bool skipped = seg->seq - s->skip_from < s->skip_end - s->skip_from;
    bool keep_alive = seg->len == 1 && seg->seq + 1 == s->next_seq;
    s->retransmitted += !skipped && !keep_alive;
}

static void place(struct stream *s, const struct segment *seg, const struct stream_reader *r)
{
    uint32_t end = seg->seq + seg->len;
    if (seq_diff(end, s->next_seq) <= 0)
        count_old(s, seg);
    else if (seq_diff(seg->seq, s->next_seq) <= 0 && (!s->wait || seq_diff(end, s->wait->seq) <= 0))
        deliver(s, seg, r);
    else
        insert(s, *seg);
}

static void settle(struct stream *s, const struct mark *at, const struct stream_reader *r)
{
    drain(s, at, r);
    check_hole(s, at, r);
    if (s->done)
        drop_all(s);
}

void stream_push(struct stream *s, const struct packet *p, const struct stream_reader *r)
{
    if (s->done || p->payload_len == 0 || p->payload_len > (uint32_t)FAR)
        return;
    struct segment seg = {p->payload, p->tcp.seq + (p->tcp.flags & TCP_SYN ? 1 : 0), p->payload_len,
                          &p->at, &p->at};
    if (s->anchor != ANCHORED && !anchor(s, &seg))
        return;
    skip_on(s, seg.seq + seg.len);
    int32_t distance = seq_diff(seg.seq, s->next_seq);
    if (distance > FAR || distance < -FAR)
        return;
    if (s->hole && s->hole_segments < UINT8_MAX)
        s->hole_segments++;
    place(s, &seg, r);
    settle(s, &p->at, r);
}

void stream_acked(struct stream *s, uint32_t ack, const struct mark *at,
                  const struct stream_reader *r)
{
    if (s->done || s->anchor == ANCHOR_OPEN)
        return;
    bool released = s->anchor == ANCHOR_FIRST;
    s->anchor = ANCHORED;
    skip_on(s, ack);
    int32_t beyond = seq_diff(ack, s->next_seq);
    if (beyond > 0 && beyond <= FAR && seq_diff(ack, s->acked) > 0)
        s->acked = ack;
    if (released || s->wait || s->acked != s->next_seq)
        settle(s, at, r);
}

void stream_finish(struct stream *s, const struct mark *at, const struct stream_reader *r)
{
    if (s->done || s->anchor == ANCHOR_OPEN)
        return;
    s->anchor = ANCHORED;
    drain(s, at, r);
    while (!s->done && hole_end(s) != s->next_seq) {
        lose_to(s, hole_end(s), at, r);
        drain(s, at, r);
    }
    /* What is there is all there will be, wanted or not. */
    if (!s->done && s->want > 0 && s->hold) {
        s->want = 0;
        show_held(s, at, r);
    }
    if (s->done)
        drop_all(s);
}

void stream_resume(struct stream *s, const struct mark *at, const struct stream_reader *r)
{
    s->want = 0;
    if (!s->done && s->hold)
        show_held(s, at, r);
    settle(s, at, r);
}

bool stream_reached(const struct stream *s, uint32_t seq)
{
    return s->anchor == ANCHORED && !s->wait && seq_diff(seq, s->next_seq) <= 0;
}

bool stream_done(const struct stream *s)
{
    return s->done;
}

struct stream_stats stream_stats(const struct stream *s)
{
    return (struct stream_stats){s->bytes, s->gap_bytes, s->retransmitted};
}
