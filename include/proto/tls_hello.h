/*
 * proto/tls_hello: ClientHello and ServerHello, as TLS and QUIC carry them.
 * SPDX-License-Identifier: MIT
 *
 * Reads one handshake message without its four-byte header. Slices borrow the message. Whatever the
 * verdict, the fields read until then stand; `random` is empty when even the fixed part is missing.
 */
#ifndef PROTO_TLS_HELLO_H
#define PROTO_TLS_HELLO_H

#include "base/cursor.h"

enum {
    TLS_MSG_CLIENT_HELLO = 1,
    TLS_MSG_SERVER_HELLO = 2,
    TLS_MSG_NEW_SESSION_TICKET = 4,
    TLS_MSG_CERTIFICATE = 11,
    TLS_MSG_SERVER_HELLO_DONE = 14,
};

enum {
    TLS_1_0 = 0x0301,
    TLS_1_2 = 0x0303,
    TLS_1_3 = 0x0304,
};

struct tls_client_hello {
    struct slice random;
    struct slice sni;  /* the host_name as on the wire */
    struct slice alpn; /* first protocol offered */
    uint16_t version;  /* highest offered */
    uint16_t hybrid;   /* group of a post-quantum hybrid key share, 0 without */
    bool ech;          /* RFC 9849: encrypted_client_hello */
};

struct tls_server_hello {
    struct slice random;
    struct slice alpn; /* where it is in the clear: TLS 1.2 and older */
    uint16_t version;  /* negotiated */
    uint16_t cipher;
    uint32_t
        shape;  /* digest of version, cipher, order of extensions and group: what a TLS stack and
                       its configuration answer alike to the same kind of client */
    bool retry; /* a HelloRetryRequest */
};

/* `on_overrun`: VERDICT_BAD when `body` is the whole message, VERDICT_SHORT when more may follow. */
enum verdict tls_client_hello_parse(struct slice body, enum verdict on_overrun,
                                    struct tls_client_hello *out);
enum verdict tls_server_hello_parse(struct slice body, enum verdict on_overrun,
                                    struct tls_server_hello *out);

/* GREASE values (RFC 8701): 0x0a0a, 0x1a1a, ... 0xfafa. */
static inline bool tls_is_grease(uint16_t v)
{
    return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

#endif
