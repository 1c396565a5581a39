/*
 * live/ring: blocks in two queues, their ring's and everybody's.
 * SPDX-License-Identifier: MIT
 */
#include "ring.h"

#include <stdlib.h>

struct ring_block {
    struct ring *ring;
    struct ring_block *newer;  /* of its ring */
    struct ring_block *before; /* of all */
    struct ring_block *after;
    size_t size;
    size_t used;
    uint32_t packets;
    uint8_t data[];
};

/* What stands before the bytes of a packet, unaligned. */
struct record {
    struct mark at;
    uint32_t wire_len;
    uint32_t len;
};

/* The oldest block of its ring. */
static void free_oldest(struct ring_store *s, struct ring *r)
{
    struct ring_block *b = r->oldest;
    r->oldest = b->newer;
    if (!r->oldest)
        r->newest = NULL;
    *(b->before ? &b->before->after : &s->oldest) = b->after;
    *(b->after ? &b->after->before : &s->newest) = b->before;
    r->packets -= b->packets;
    r->bytes -= b->size;
    s->bytes -= b->size;
    free(b);
}

static void push_out(struct ring_store *s, struct ring *r)
{
    r->pushed_out += r->oldest->packets;
    s->pushed_out += r->oldest->packets;
    free_oldest(s, r);
}

/* A ring's blocks are in the same order in both queues: the oldest of all is the oldest of its ring. */
static bool make_room(struct ring_store *s, struct ring *r, size_t limit, size_t size)
{
    if (size > limit || size > s->most)
        return false;
    while (r->bytes + size > limit)
        push_out(s, r);
    while (s->bytes + size > s->most)
        push_out(s, s->oldest->ring);
    return true;
}

static struct ring_block *add_block(struct ring_store *s, struct ring *r, size_t limit, size_t need)
{
    size_t size = sizeof(struct ring_block) + need;
    if (size < RING_BLOCK)
        size = RING_BLOCK;
    struct ring_block *b = make_room(s, r, limit, size) ? malloc(size) : NULL;
    if (!b)
        return NULL;
    *b = (struct ring_block){.ring = r, .before = s->newest, .size = size};
    *(s->newest ? &s->newest->after : &s->oldest) = b;
    s->newest = b;
    *(r->newest ? &r->newest->newer : &r->oldest) = b;
    r->newest = b;
    r->bytes += size;
    s->bytes += size;
    return b;
}

static bool has_room(const struct ring_block *b, size_t need)
{
    return b && b->size - sizeof *b - b->used >= need;
}

bool ring_keep(struct ring_store *s, struct ring *r, size_t limit, const struct ring_packet *p)
{
    struct slice bytes = slice_sub(p->bytes, 0, RING_FRAME_MAX);
    struct record head = {p->at, p->wire_len, (uint32_t)bytes.len};
    size_t need = sizeof head + bytes.len;
    struct ring_block *b = has_room(r->newest, need) ? r->newest : add_block(s, r, limit, need);
    if (!b)
        return false;
    memcpy(&b->data[b->used], &head, sizeof head);
    if (bytes.len > 0)
        memcpy(&b->data[b->used + sizeof head], bytes.data, bytes.len);
    b->used += need;
    b->packets++;
    r->packets++;
    return true;
}

bool ring_next(const struct ring *r, struct ring_place *place, struct ring_packet *out)
{
    const struct ring_block *b = place->block ? place->block : r->oldest;
    size_t at = place->at;
    while (b && at == b->used) {
        b = b->newer;
        at = 0;
    }
    if (!b)
        return false;
    struct record head;
    memcpy(&head, &b->data[at], sizeof head);
    *out = (struct ring_packet){head.at, head.wire_len,
                                slice_of(&b->data[at + sizeof head], head.len)};
    *place = (struct ring_place){b, at + sizeof head + head.len};
    return true;
}

void ring_clear(struct ring_store *s, struct ring *r)
{
    while (r->oldest)
        free_oldest(s, r);
}
