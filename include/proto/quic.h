/*
 * proto/quic: handshakes of QUIC connections.
 * SPDX-License-Identifier: MIT
 *
 * Opens Initial packets (versions 1, 2, drafts 23 to 34) for the ClientHello and the ServerHello, and
 * emits the same transaction as TLS. Other versions and version negotiation give none.
 *
 * A handshake counts as completed once the client sends a packet with a short header after the
 * ServerHello: its keys need the server's Finished. A CONNECTION_CLOSE that is in the clear enough to
 * be read (in an Initial packet) makes the outcome TLS_ALERT when it carries an alert's code, else
 * TLS_CLOSED; it is told in `quic_error`, not among the alerts, which are TLS records.
 */
#ifndef PROTO_QUIC_H
#define PROTO_QUIC_H

#include "proto/proto.h"

extern const struct proto_ops quic_ops;

#endif
