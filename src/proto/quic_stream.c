/*
 * proto/quic_stream: CRYPTO frames put in order.
 * SPDX-License-Identifier: MIT
 *
 * RFC 9000 sections 7.5 and 19.6.
 */
#include "quic_stream.h"

#define ROOM_FIRST 2048 /* a ClientHello with a post-quantum key share fits */

static bool make_room(struct quic_stream *s, size_t need, struct arena *a)
{
    if (need <= s->room)
        return true;
    size_t room = need <= ROOM_FIRST ? ROOM_FIRST : QUIC_STREAM_MAX;
    uint8_t *data = arena_alloc(a, room);
    if (!data)
        return false;
    if (s->room > 0)
        memcpy(data, s->data, s->room);
    s->data = data;
    s->room = (uint32_t)room;
    return true;
}

/* Adds a range and joins what touches it; false when there are too many. */
static bool add_range(struct quic_stream *s, struct quic_range r)
{
    uint32_t at = 0;
    while (at < s->count && s->ranges[at].to < r.from)
        at++;
    uint32_t end = at;
    while (end < s->count && s->ranges[end].from <= r.to) {
        if (s->ranges[end].from < r.from)
            r.from = s->ranges[end].from;
        if (s->ranges[end].to > r.to)
            r.to = s->ranges[end].to;
        end++;
    }
    if (end == at && s->count == QUIC_RANGES_MAX)
        return false;
    memmove(&s->ranges[at + 1], &s->ranges[end], (s->count - end) * sizeof r);
    s->ranges[at] = r;
    s->count = s->count + 1 - (end - at);
    return true;
}

void quic_stream_add(struct quic_stream *s, uint64_t offset, struct slice data, struct arena *a)
{
    if (data.len == 0 || offset >= QUIC_STREAM_MAX)
        return;
    data = slice_sub(data, 0, QUIC_STREAM_MAX - (size_t)offset);
    size_t to = (size_t)offset + data.len;
    if (!make_room(s, to, a))
        return;
    if (add_range(s, (struct quic_range){(uint16_t)offset, (uint16_t)to}))
        memcpy(s->data + offset, data.data, data.len);
}

struct slice quic_stream_head(const struct quic_stream *s)
{
    if (s->count == 0 || s->ranges[0].from != 0)
        return slice_of(NULL, 0);
    return slice_of(s->data, s->ranges[0].to);
}

void quic_stream_reset(struct quic_stream *s)
{
    s->count = 0;
}
