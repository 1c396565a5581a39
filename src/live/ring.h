/*
 * live/ring: the newest packets of each of many devices, within bounds.
 * SPDX-License-Identifier: MIT
 *
 * A ring is a queue of blocks; packets are copied into the newest, and where there is no room the oldest
 * block goes as a whole. Each ring has a bound of its own, and all blocks together one more: there the
 * oldest block goes, whosever it is. So a room full of devices takes what one device alone could not, and
 * what is kept is what came last.
 */
#ifndef LIVE_RING_H
#define LIVE_RING_H

#include "base/mark.h"
#include "base/slice.h"

#define RING_BLOCK     16384U /* bytes of a block */
#define RING_FRAME_MAX 65600U /* bytes kept of one packet: all that an IP packet can have */

struct ring_block;

/* All rings. Zeroed but for `most`. */
struct ring_store {
    size_t most;               /* bytes of all blocks */
    size_t bytes;              /* of them in use */
    struct ring_block *oldest; /* of all rings' */
    struct ring_block *newest;
    uint64_t pushed_out; /* packets that went to make room */
};

/* Packets of one device. Zeroed to begin with; takes no memory while it is empty. It may not move. */
struct ring {
    struct ring_block *oldest;
    struct ring_block *newest;
    size_t bytes;
    uint32_t packets;
    uint64_t pushed_out;
};

struct ring_packet {
    struct mark at;
    uint32_t wire_len;
    struct slice bytes; /* valid until the next ring_keep of any ring */
};

/* Copies a packet; `limit` is what the ring may take now. False when there is no room, nor can be made. */
bool ring_keep(struct ring_store *s, struct ring *r, size_t limit, const struct ring_packet *p);

/* Where the next packet is looked for; zeroed to begin with the oldest. */
struct ring_place {
    const struct ring_block *block;
    size_t at;
};

bool ring_next(const struct ring *r, struct ring_place *place, struct ring_packet *out);

/* Lets all packets go. */
void ring_clear(struct ring_store *s, struct ring *r);

#endif
