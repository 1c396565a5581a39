/*
 * capture/unpack: compressed bytes to plain ones, whatever the codec.
 * SPDX-License-Identifier: MIT
 */
#include "unpack.h"

#include <stdlib.h>

const struct packing *packing_of(uint32_t head)
{
    static const struct {
        uint32_t head;
        uint32_t mask;
        struct packing packing;
    } known[] = {
        {0x1f8b0800, 0xffffff00, {"gzip", "zlib", "gunzip", codec_gzip}},
        {0x28b52ffd, 0xffffffff, {"Zstandard", "libzstd", "unzstd", codec_zstd}},
        /* Skippable frames are lz4's too, but only tools of Zstandard begin files with them. */
        {0x502a4d18, 0xf0ffffff, {"Zstandard", "libzstd", "unzstd", codec_zstd}},
        {0x04224d18, 0xffffffff, {"LZ4", "liblz4", "unlz4", codec_lz4}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if ((head & known[i].mask) == known[i].head)
            return &known[i].packing;
    }
    return NULL;
}

bool unpack_init(struct unpack *u, const struct packing *packing, uint8_t *block, size_t room,
                 struct slice unread)
{
    *u = (struct unpack){.packing = packing, .codec = packing->codec(), .room = room};
    u->state = u->codec->open();
    if (!u->state)
        return false;
    u->block = block;
    u->packed = cursor_of(unread, VERDICT_SHORT);
    u->added = unread.len;
    return true;
}

void unpack_clear(struct unpack *u)
{
    u->codec->close(u->state);
    free(u->block);
}

/* One step of the codec. False when another makes no sense. */
static bool step(struct unpack *u, struct codec_room *room)
{
    if (cur_left(&u->packed) == 0 && (u->between || !u->pending))
        return false;
    const size_t packed = cur_left(&u->packed);
    const size_t space = room->left;
    const char *why = NULL;
    enum codec_step result = u->codec->step(u->state, &u->packed, room, &why);
    u->between = result == CODEC_MEMBER_ENDS;
    u->pending = room->left == 0;
    bool moved = cur_left(&u->packed) < packed || room->left < space;
    if (result == CODEC_BROKEN)
        u->trouble = why ? why : "broken";
    else if (!moved && packed > 0)
        u->trouble = "leads nowhere";
    return moved && !u->trouble;
}

size_t unpack_some(struct unpack *u, uint8_t *to, size_t room)
{
    struct codec_room left;
    left.at = to;
    left.left = room;
    while (!unpack_over(u) && left.left > 0 && step(u, &left))
        continue;
    return room - left.left;
}

bool unpack_over(const struct unpack *u)
{
    return u->ended || u->trouble;
}

void unpack_add(struct unpack *u, size_t len)
{
    u->packed = cursor_of(slice_of(u->block, len), VERDICT_SHORT);
    u->added += len;
    u->ended = len == 0;
    if (u->ended && !u->between)
        u->trouble = "cut off";
}

uint64_t unpack_position(const struct unpack *u)
{
    return u->added - cur_left(&u->packed);
}
