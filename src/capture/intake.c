/*
 * capture/intake: the bytes of a file or pipe, a block at a time.
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

bool intake_more(struct intake *in, size_t need)
{
    if (in->ended)
        return false;
    size_t left = cur_left(&in->unread);
    if (!make_room(in, need, left)) {
        in->error = ENOMEM;
        in->ended = true;
        return false;
    }
    ssize_t got;
    do
        got = read(in->fd, &in->block[left], in->room - left);
    while (got < 0 && errno == EINTR);
    in->ended = got <= 0;
    in->error = got < 0 ? errno : 0;
    show(in, left + (got > 0 ? (size_t)got : 0));
    return got > 0;
}
