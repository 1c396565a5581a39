/*
 * proto/quic_packet: headers and frames of QUIC.
 * SPDX-License-Identifier: MIT
 */
#ifndef PROTO_QUIC_PACKET_H
#define PROTO_QUIC_PACKET_H

#include "base/cursor.h"

enum quic_type {
    QUIC_INITIAL,
    QUIC_ZERO_RTT,
    QUIC_HANDSHAKE,
    QUIC_RETRY,
    QUIC_VERSION_NEGOTIATION,
    QUIC_ONE_RTT, /* short header */
};

struct quic_header {
    enum quic_type type;
    uint32_t version; /* 0 with a short header */
    struct slice dcid;
    struct slice scid;
    struct slice packet; /* with its header, up to the next packet of the datagram */
    size_t pn_offset;    /* in `packet` */
};

/* The next packet of a datagram. A packet with a short header, a Retry or a version negotiation takes
 * all that is left. BAD: no QUIC of a known version; SHORT: the capture cut it. */
enum verdict quic_header_next(struct cursor *datagram, struct quic_header *out);

/* QUIC's variable-length integer. */
uint64_t quic_varint(struct cursor *c);

enum quic_frame_kind {
    QUIC_FRAME_OTHER,
    QUIC_FRAME_CRYPTO,
    QUIC_FRAME_CLOSE,
};

struct quic_frame {
    enum quic_frame_kind kind;
    uint64_t offset;   /* of CRYPTO */
    struct slice data; /* of CRYPTO */
    uint64_t error;    /* of CONNECTION_CLOSE */
    bool application;  /* CONNECTION_CLOSE of type 0x1d */
};

/* The next frame of an Initial packet's payload; false at the end or at a frame that cannot be there. */
bool quic_frame_next(struct cursor *payload, struct quic_frame *out);

#endif
