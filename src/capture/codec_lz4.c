/*
 * capture/codec_lz4: LZ4 frames, unpacked by liblz4 (the only file with it), where the build has that.
 * SPDX-License-Identifier: MIT
 *
 * The frame format of lz4's documentation (lz4_Frame_format.md). The library passes over skippable frames
 * and begins the next frame by itself.
 */
#include "codec.h"

#ifdef HAVE_LIBLZ4

#include <lz4frame.h>

static void *lz4_open(void)
{
    LZ4F_dctx *d = NULL;
    return LZ4F_isError(LZ4F_createDecompressionContext(&d, LZ4F_VERSION)) ? NULL : d;
}

static void lz4_close(void *state)
{
    (void)LZ4F_freeDecompressionContext(state);
}

static enum codec_step lz4_step(void *state, struct cursor *packed, struct codec_room *room,
                                const char **why)
{
    size_t shown = cur_left(packed);
    size_t filled = room->left;
    size_t result = LZ4F_decompress(state, room->at, &filled, packed->pos, &shown, NULL);
    if (LZ4F_isError(result)) {
        *why = LZ4F_getErrorName(result);
        return CODEC_BROKEN;
    }
    cur_skip(packed, shown);
    room->at += filled;
    room->left -= filled;
    return result == 0 ? CODEC_MEMBER_ENDS : CODEC_GOES_ON;
}

const struct codec *codec_lz4(void)
{
    static const struct codec codec = {lz4_open, lz4_close, lz4_step};
    return &codec;
}

#else

const struct codec *codec_lz4(void)
{
    return NULL;
}

#endif
