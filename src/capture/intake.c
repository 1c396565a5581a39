/*
 * capture/intake: the bytes of a file or pipe, a block at a time, unpacked where they are compressed.
 * SPDX-License-Identifier: MIT
 */
#include "intake.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static void show(struct intake *in, size_t len)
{
    in->unread = cursor_of(slice_of(in->block, len), VERDICT_SHORT);
}

bool intake_init(struct intake *in, int fd, size_t room)
{
    *in = (struct intake){.fd = fd, .room = room, .block = malloc(room)};
    show(in, 0);
    return in->block != NULL;
}

void intake_clear(struct intake *in)
{
    if (in->unpack)
        unpack_clear(in->unpack);
    free(in->unpack);
    in->unpack = NULL;
    free(in->block);
    in->block = NULL;
    in->room = 0;
    intake_stop(in);
}

void intake_stop(struct intake *in)
{
    in->ended = true;
    show(in, 0);
}

bool intake_unpack(struct intake *in, const struct packing *packing)
{
    uint8_t *block = malloc(in->room);
    struct unpack *unpack = malloc(sizeof *unpack);
    struct slice unread = slice_of(in->unread.pos, cur_left(&in->unread));
    if (!block || !unpack || !unpack_init(unpack, packing, in->block, in->room, unread)) {
        free(block);
        free(unpack);
        return false;
    }
    in->block = block;
    in->unpack = unpack;
    show(in, 0);
    return true;
}

/* Moves what is unread to the front of a block that has room for `need`. */
static bool make_room(struct intake *in, size_t need, size_t left)
{
    if (need <= in->room) {
        if (left > 0)
            memmove(in->block, in->unread.pos, left);
        return true;
    }
    uint8_t *bigger = malloc(need);
    if (!bigger)
        return false;
    if (left > 0)
        memcpy(bigger, in->unread.pos, left);
    free(in->block);
    in->block = bigger;
    in->room = need;
    return true;
}

/* 0 at the end, and at an error, which is noted. */
static size_t read_some(struct intake *in, uint8_t *to, size_t room)
{
    ssize_t got;
    do
        got = read(in->fd, to, room);
    while (got < 0 && errno == EINTR);
    in->error = got < 0 ? errno : 0;
    in->taken += got > 0 ? (uint64_t)got : 0;
    return got > 0 ? (size_t)got : 0;
}

static size_t read_packed(struct intake *in, uint8_t *to, size_t room)
{
    struct unpack *u = in->unpack;
    size_t got;
    while ((got = unpack_some(u, to, room)) == 0 && !unpack_over(u))
        unpack_add(u, read_some(in, u->block, u->room));
    return got;
}

bool intake_more(struct intake *in, size_t need)
{
    if (in->ended || in->pinned)
        return false;
    size_t left = cur_left(&in->unread);
    if (!make_room(in, need, left)) {
        in->error = ENOMEM;
        in->ended = true;
        return false;
    }
    uint8_t *to = &in->block[left];
    size_t room = in->room - left;
    size_t got = in->unpack ? read_packed(in, to, room) : read_some(in, to, room);
    in->ended = got == 0;
    show(in, left + got);
    return got > 0;
}
