/*
 * flow/stream: one direction of a TCP connection as bytes in order.
 * SPDX-License-Identifier: MIT
 *
 * Retransmissions and overlaps are cut (the bytes that came first stay), segments out of order wait,
 * keep-alives are passed over, and bytes that never come are reported as a gap: when the other side has
 * acknowledged them and the capture went on, when too much waits behind them, or at the end. A segment
 * that the capture cut (fewer bytes than announced) leaves a gap of its own. Bytes in order are handed
 * on without a copy; only what the reader does not consume, and what waits, is kept, up to a cap.
 * RFC 9293 sections 3.4, 3.10.
 */
#ifndef FLOW_STREAM_H
#define FLOW_STREAM_H

#include "base/arena.h"
#include "base/take.h"
#include "net/packet.h"

struct stream;

/* Who reads the stream. Calls come from within stream_push, stream_acked and stream_finish. */
struct stream_reader {
    /* All bytes in order that were not consumed yet; `first` brought the first of them, `at` is the
     * packet that made them complete. Called again at once for what is left of them as long as it
     * takes (consumes or skips) some, and `want` allows it. */
    struct take (*data)(void *ctx, struct slice bytes, const struct mark *first,
                        const struct mark *at);
    /* `len` bytes will never come; what was held before them is gone. (Where too much was held, `len`
     * is just that, and not part of stream_stats.gap_bytes.) */
    struct take (*gap)(void *ctx, uint64_t len, const struct mark *at);
    void *ctx;
};

/* Bytes held for a reader that does not consume them, at most; then they are dropped as a gap. */
#define STREAM_HOLD_MAX 65536U
/* Bytes that wait behind a hole, at most. */
#define STREAM_WAIT_MAX 262144U

/* A stream whose first byte has sequence number `seq` (ISN + 1), in `a`, which outlives it; what it holds
 * is its own. NULL when memory is out. */
struct stream *stream_new(uint32_t seq, struct arena *a);
/* A stream picked up in the middle: its first segment decides, but one that directly precedes it and
 * comes next is still put in front. So the first one is held until the next segment of the direction,
 * an acknowledgement of the other (stream_acked: call it before pushing the other side's payload), or
 * the end. */
struct stream *stream_new_midstream(struct arena *a);
void stream_free(struct stream *s);

/* A segment with payload (p->tcp.seq, p->payload, p->payload_len). */
void stream_push(struct stream *s, const struct packet *p, const struct stream_reader *r);
/* The other side acknowledged all before `ack`: a segment of it with the ACK flag. */
void stream_acked(struct stream *s, uint32_t ack, const struct mark *at,
                  const struct stream_reader *r);
/* No more comes: hands over what waits, with its gaps, and what `want` kept back. */
void stream_finish(struct stream *s, const struct mark *at, const struct stream_reader *r);

/* Shows the bytes held to a new reader (after an upgrade of the protocol). */
void stream_resume(struct stream *s, const struct mark *at, const struct stream_reader *r);

/* Whether all bytes before sequence number `seq` were handed over (or given up). */
bool stream_reached(const struct stream *s, uint32_t seq);

/* The reader wants nothing more (it answered TAKE_REST): what is held can be freed by stream_free. */
bool stream_done(const struct stream *s);

struct stream_stats {
    uint64_t bytes; /* in order so far, or skipped (a skip counts in full when it begins) */
    uint64_t gap_bytes;
    uint32_t retransmitted; /* segments that brought nothing new; not counted in what is skipped */
};

struct stream_stats stream_stats(const struct stream *s);

#endif
