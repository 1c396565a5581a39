/*
 * proto/quic_crypto: keys of QUIC's Initial packets, which anyone on the path can derive.
 * SPDX-License-Identifier: MIT
 */
#ifndef PROTO_QUIC_CRYPTO_H
#define PROTO_QUIC_CRYPTO_H

#include "base/slice.h"
#include "net/packet.h"

#define QUIC_CID_MAX    20
#define QUIC_PACKET_MAX 4096 /* longer Initial packets are not opened */

#define QUIC_V1       0x00000001U
#define QUIC_V2       0x6b3343cfU
#define QUIC_DRAFT_23 0xff000017U
#define QUIC_DRAFT_29 0xff00001dU
#define QUIC_DRAFT_33 0xff000021U
#define QUIC_DRAFT_34 0xff000022U

struct quic_keys {
    uint8_t key[16];
    uint8_t iv[12];
    uint8_t hp[16];
};

/* Versions whose Initial packets can be opened: 1, 2, drafts 23 to 34. */
bool quic_version_known(uint32_t version);

/* The keys that protect Initial packets from the client (DIR_TO_SERVER) and to it, by the Destination
 * Connection ID of the client's first one. false for an unknown version, or when memory is out. */
bool quic_initial_keys(uint32_t version, struct slice dcid, struct quic_keys keys[2]);

/* Opens a protected packet: `packet` from its first byte to the end of its payload, with the packet
 * number at `pn_offset`. The plaintext is written to `out`. False when it does not authenticate. */
bool quic_open(const struct quic_keys *keys, struct slice packet, size_t pn_offset,
               uint8_t out[QUIC_PACKET_MAX], struct slice *plain);

#endif
