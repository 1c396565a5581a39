/*
 * capture/codec: one way of compressing, behind one library each.
 * SPDX-License-Identifier: MIT
 *
 * A codec is shown compressed bytes and gives what they unpack to, a piece at a time; how much memory it
 * takes does not depend on what it is shown. Members (gzip's word; frames elsewhere) may follow each
 * other in one file and unpack to one stream.
 */
#ifndef CAPTURE_CODEC_H
#define CAPTURE_CODEC_H

#include "base/cursor.h"

/* Where unpacked bytes go. */
struct codec_room {
    uint8_t *at;
    size_t left;
};

enum codec_step {
    CODEC_GOES_ON,     /* wants more bytes or more room */
    CODEC_MEMBER_ENDS, /* a member is complete: here the file may end */
    CODEC_BROKEN,      /* the bytes contradict the format: nothing more comes */
};

struct codec {
    void *(*open)(void); /* NULL when memory is out */
    void (*close)(void *state);
    /* Takes bytes from `packed` and fills `room`, as far as both reach. `why` is filled when the bytes
     * are broken; it stays valid while the codec is open. */
    enum codec_step (*step)(void *state, struct cursor *packed, struct codec_room *room,
                            const char **why);
};

/* NULL where the build has no such library. */
const struct codec *codec_gzip(void);
const struct codec *codec_zstd(void);
const struct codec *codec_lz4(void);

#endif
