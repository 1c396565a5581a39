/*
 * tests/fuzz/fuzz_quic_packet: headers, frames and CRYPTO reassembly. The first byte chooses.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "../../src/proto/quic_stream.h"
#include "fuzz.h"
#include "proto/quic_packet.h"

static void read_headers(struct cursor c)
{
    struct quic_header h;
    while (cur_left(&c) > 0 && quic_header_next(&c, &h) == VERDICT_OK)
        if (h.pn_offset > h.packet.len)
            abort();
}

static void read_frames(struct cursor c)
{
    struct arena arena;
    struct quic_frame frame;
    arena_init(&arena, (size_t)64 * 1024);
    struct quic_stream *s = arena_alloc(&arena, sizeof *s);
    while (s && quic_frame_next(&c, &frame)) {
        if (frame.kind != QUIC_FRAME_CRYPTO)
            continue;
        quic_stream_add(s, frame.offset, frame.data, &arena);
        for (uint32_t i = 1; i < s->count; i++)
            if (s->ranges[i].from <= s->ranges[i - 1].to)
                abort();
        if (s->count > QUIC_RANGES_MAX || quic_stream_head(s).len > s->room)
            abort();
    }
    arena_clear(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_of(slice_of(data, size), VERDICT_BAD);
    if (cur_u8(&c) & 1)
        read_frames(c);
    else
        read_headers(c);
    return 0;
}
