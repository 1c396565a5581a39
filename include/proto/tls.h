/*
 * proto/tls: TLS handshakes over a stream.
 * SPDX-License-Identifier: MIT
 *
 * Follows both directions record by record until the handshake is over, one way or the other, and
 * emits one transaction a connection. A connection whose ClientHello is not in the capture gives none.
 *
 * When a handshake counts as completed:
 * - TLS 1.2 and older: ChangeCipherSpec from both sides, or application data from the server.
 * - TLS 1.3: the client's Finished (an encrypted record of the length that the cipher suite gives it)
 *   and after it a record longer than any alert. Where no record has that length (client certificates,
 *   padding), client data, server data and client data again. A client that sends its Finished and
 *   then no more than an alert is TLS_INCOMPLETE: plaintext does not tell why.
 */
#ifndef PROTO_TLS_H
#define PROTO_TLS_H

#include "proto/proto.h"

extern const struct proto_ops tls_ops;

#define TLS_TEXT_SIZE 64

/* "TLS 1.2", "SSLv3"; an unknown one in hex: "0xfb1a". Returns a constant, or `out`. */
const char *tls_version_text(uint16_t version, char out[TLS_TEXT_SIZE]);
/* IANA's name of a cipher suite that is in use; else in hex. Returns a constant, or `out`. */
const char *tls_cipher_text(uint16_t cipher, char out[TLS_TEXT_SIZE]);
/* IANA's name of a post-quantum hybrid group; else in hex. Returns a constant, or `out`. */
const char *tls_group_text(uint16_t group, char out[TLS_TEXT_SIZE]);
/* "handshake_failure"; an unknown one as "alert_99". Returns a constant, or `out`. */
const char *tls_alert_text(uint8_t code, char out[TLS_TEXT_SIZE]);
/* "no-server-hello" */
const char *tls_outcome_text(enum tls_outcome outcome);

#endif
