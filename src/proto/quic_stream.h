/*
 * proto/quic_stream: CRYPTO frames put in order.
 * SPDX-License-Identifier: MIT
 */
#ifndef PROTO_QUIC_STREAM_H
#define PROTO_QUIC_STREAM_H

#include "base/arena.h"

#define QUIC_STREAM_MAX 16384U /* bytes put together */
#define QUIC_RANGES_MAX 48     /* islands kept: browsers shuffle a hello into a dozen */

struct quic_range {
    uint16_t from;
    uint16_t to;
};

struct quic_stream {
    uint8_t *data; /* in the arena */
    uint32_t room;
    uint32_t count;
    struct quic_range ranges[QUIC_RANGES_MAX]; /* in order, apart */
};

/* Adds the bytes of a frame, in any order, more than once; what lies beyond a cap is dropped. */
void quic_stream_add(struct quic_stream *s, uint64_t offset, struct slice data, struct arena *a);

/* What is there from the first byte on. */
struct slice quic_stream_head(const struct quic_stream *s);

/* Starts anew and keeps the memory. */
void quic_stream_reset(struct quic_stream *s);

#endif
