/*
 * classify/signature: what the first bytes of each protocol look like.
 * SPDX-License-Identifier: MIT
 *
 * A signature looks at the beginning of one direction of a stream, or at a datagram, and says who would
 * have sent it. It reads no further than it must, and says MAYBE only of bytes that are too few.
 */
#ifndef CLASSIFY_SIGNATURE_H
#define CLASSIFY_SIGNATURE_H

#include "base/slice.h"

enum match {
    MATCH_NO,
    MATCH_MAYBE,  /* too few bytes to say */
    MATCH_CLIENT, /* yes, sent by a client */
    MATCH_SERVER, /* yes, sent by a server */
    MATCH_EITHER, /* yes, by whoever */
};

/* Streams. */
enum match tls_signature(struct slice s);
enum match http_signature(struct slice s);
enum match socks_signature(struct slice s);
enum match dns_stream_signature(struct slice s, bool strict);

/* Datagrams. Strict: every byte must fit, where no port speaks for it. */
enum match dns_signature(struct slice s, bool strict);
enum match quic_signature(struct slice s);
enum match ntp_signature(struct slice s);
enum match ssdp_signature(struct slice s);
enum match dhcp_signature(struct slice s);

#endif
