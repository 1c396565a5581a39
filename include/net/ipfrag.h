/*
 * net/ipfrag: IP fragments to datagrams.
 * SPDX-License-Identifier: MIT
 *
 * RFC 791 section 3.2, RFC 8200 section 4.5. Overlapping fragments: the bytes that came first stay
 * (RFC 5722 would drop the datagram; a passive reader shows what most receivers accept). Capped in
 * datagrams and bytes; the oldest goes first. Datagrams older than 30 s of packet time are given up.
 */
#ifndef NET_IPFRAG_H
#define NET_IPFRAG_H

#include "net/packet.h"

struct ipfrag;

struct ipfrag_stats {
    uint64_t fragments;
    uint64_t datagrams; /* completed */
    uint64_t given_up;  /* timed out, over a cap, or inconsistent */
};

struct ipfrag *ipfrag_new(void);
void ipfrag_free(struct ipfrag *f);

/* Takes a PACKET_FRAGMENT. When it completes its datagram, turns `p` into the whole packet (kind,
 * ports, payload) and returns true; the payload is valid until the next call. Its mark is that of the
 * completing fragment. */
bool ipfrag_push(struct ipfrag *f, struct packet *p);

struct ipfrag_stats ipfrag_stats(const struct ipfrag *f);

#endif
