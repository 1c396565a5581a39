/*
 * proto/socks: the opening of a SOCKS connection, versions 4, 4a and 5.
 * SPDX-License-Identifier: MIT
 *
 * Tells no transaction: once the proxy has granted the connection the bytes belong to another protocol
 * (FEED_UPGRADE); otherwise nothing more is told. RFC 1928, RFC 1929.
 */
#ifndef PROTO_SOCKS_H
#define PROTO_SOCKS_H

#include "proto/proto.h"

extern const struct proto_ops socks_ops;

/* Whether `bytes` are a client's whole opening: a SOCKS 5 greeting or a SOCKS 4 request. */
bool socks_is_greeting(struct slice bytes);

#endif
