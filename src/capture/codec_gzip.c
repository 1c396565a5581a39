/*
 * capture/codec_gzip: gzip, unpacked by zlib (the only file with it).
 * SPDX-License-Identifier: MIT
 *
 * RFC 1952. Zero bytes behind a member are padding, as tapes and some archivers leave it.
 */
#include <limits.h>
#include <stdlib.h>

#define ZLIB_CONST /* next_in points to const bytes */
#include <zlib.h>

#include "codec.h"

/* The biggest window there is, and gzip's header and check sum instead of zlib's. */
#define WINDOW_BITS_GZIP (MAX_WBITS + 16)

struct gzip {
    z_stream z;
    bool between; /* a member has ended and the next has not begun */
};

static void *gzip_open(void)
{
    struct gzip *g = calloc(1, sizeof *g);
    if (g && inflateInit2(&g->z, WINDOW_BITS_GZIP) != Z_OK) {
        free(g);
        return NULL;
    }
    return g;
}

static void gzip_close(void *state)
{
    struct gzip *g = state;
    (void)inflateEnd(&g->z);
    free(g);
}

static bool skip_padding(struct cursor *packed)
{
    struct cursor look = *packed;
    while (cur_left(&look) > 0 && cur_u8(&look) == 0)
        *packed = look;
    return cur_left(packed) == 0;
}

static unsigned clamped(size_t n)
{
    return n < UINT_MAX ? (unsigned)n : UINT_MAX;
}

static enum codec_step gzip_step(void *state, struct cursor *packed, struct codec_room *room,
                                 const char **why)
{
    struct gzip *g = state;
    if (g->between && skip_padding(packed))
        return CODEC_MEMBER_ENDS;
    if (g->between && inflateReset(&g->z) != Z_OK)
        return CODEC_BROKEN;
    g->between = false;
    const unsigned shown = clamped(cur_left(packed));
    const unsigned space = clamped(room->left);
    g->z.next_in = packed->pos;
    g->z.avail_in = shown;
    g->z.next_out = room->at;
    g->z.avail_out = space;
    int result = inflate(&g->z, Z_NO_FLUSH);
    cur_skip(packed, shown - g->z.avail_in);
    room->at += space - g->z.avail_out;
    room->left -= space - g->z.avail_out;
    g->between = result == Z_STREAM_END;
    if (g->between)
        return CODEC_MEMBER_ENDS;
    if (result == Z_OK || result == Z_BUF_ERROR)
        return CODEC_GOES_ON;
    *why = result == Z_MEM_ERROR ? "out of memory" : g->z.msg;
    return CODEC_BROKEN;
}

const struct codec *codec_gzip(void)
{
    static const struct codec codec = {gzip_open, gzip_close, gzip_step};
    return &codec;
}
