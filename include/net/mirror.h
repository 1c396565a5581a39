/*
 * net/mirror: which packets are copies of one that the capture has just shown.
 * SPDX-License-Identifier: MIT
 *
 * Mirror ports that watch a packet's way in and out, taps merged into one file and capture filters at
 * several layers of a host show a packet twice. A copy may differ in what the way changes: MAC addresses,
 * VLAN, tunnel, TTL, traffic class, checksums. What its sender wrote is the same: the IP id and the
 * transport header, the message of what is not TCP.
 *
 * A sender that repeats itself uses another IP id or time stamp, and waits for longer than copies are apart.
 * Packets without id (IPv6, or IP id 0) have nothing but that wait. A fast retransmission on a local network
 * comes within a few milliseconds: such a segment is a copy only when it comes within a shorter time.
 * Acknowledgements, resets, multicast and ICMPv6 are sent several times in a row: without an id they are
 * copies only where copies are frequent.
 *
 * Not recognised: copies whose addresses were translated on the way, copies that were cut or segmented
 * otherwise, copies farther apart.
 */
#ifndef NET_MIRROR_H
#define NET_MIRROR_H

#include "net/packet.h"

/* How far apart copies are at most. */
#define MIRROR_WINDOW_NS (50 * NS_PER_MS)
/* The same of TCP segments without id and time stamp. */
#define MIRROR_BRIEF_NS (2 * NS_PER_MS)

struct mirror;

struct mirror *mirror_new(void); /* NULL: out of memory */
void mirror_free(struct mirror *m);

/* What a packet's copies have in common. The memory that mirror_knows will look at is asked for. */
uint64_t mirror_expect(const struct mirror *m, const struct packet *p);

/* Whether `p` with this hash is a copy. Packets of the kinds PACKET_OTHER, PACKET_BAD and PACKET_SHORT are never.
 * `group` is a number that the capture gives to packets that may be copies of each other, 0 without:
 * within a group of a file the same bytes are a copy even where bytes alone would not tell. */
bool mirror_knows(struct mirror *m, const struct packet *p, uint64_t hash, uint64_t group);

static inline bool mirror_is_copy(struct mirror *m, const struct packet *p, uint64_t group)
{
    return mirror_knows(m, p, mirror_expect(m, p), group);
}

#endif
