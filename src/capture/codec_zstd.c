/*
 * capture/codec_zstd: Zstandard, unpacked by libzstd (the only file with it), where the build has that.
 * SPDX-License-Identifier: MIT
 *
 * RFC 8878. The library passes over skippable frames and begins the next frame by itself.
 */
#include "codec.h"

#ifdef HAVE_LIBZSTD

#include <zstd.h>

/* Frames that refer back further than this (2^27 bytes) are refused, as by the command line tool: what
 * they unpack to would have to be kept. */
#define WINDOW_LOG_MAX 27

static void *zstd_open(void)
{
    ZSTD_DCtx *d = ZSTD_createDCtx();
    if (d && ZSTD_isError(ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
        (void)ZSTD_freeDCtx(d);
        return NULL;
    }
    return d;
}

static void zstd_close(void *state)
{
    (void)ZSTD_freeDCtx(state);
}

static enum codec_step zstd_step(void *state, struct cursor *packed, struct codec_room *room,
                                 const char **why)
{
    ZSTD_inBuffer in = {packed->pos, cur_left(packed), 0};
    ZSTD_outBuffer out = {room->at, room->left, 0};
    size_t result = ZSTD_decompressStream(state, &out, &in);
    cur_skip(packed, in.pos);
    room->at += out.pos;
    room->left -= out.pos;
    if (ZSTD_isError(result)) {
        *why = ZSTD_getErrorName(result);
        return CODEC_BROKEN;
    }
    return result == 0 ? CODEC_MEMBER_ENDS : CODEC_GOES_ON;
}

const struct codec *codec_zstd(void)
{
    static const struct codec codec = {zstd_open, zstd_close, zstd_step};
    return &codec;
}

#else

const struct codec *codec_zstd(void)
{
    return NULL;
}

#endif
