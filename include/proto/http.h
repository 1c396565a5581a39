/*
 * proto/http: HTTP/1.x requests and their responses.
 * SPDX-License-Identifier: MIT
 *
 * Every request of a connection is paired with its response, in order: pipelining, keep-alive, chunked
 * and counted bodies, 1xx, HEAD, CONNECT. Bodies are passed over but for the first bytes of a response's
 * body. After a 2xx to CONNECT the bytes belong to another protocol (FEED_UPGRADE); after 101 nothing
 * more is told. HTTP/0.9, HTTP/2, RTSP, SIP and SSDP are not HTTP here. RFC 9110, RFC 9112.
 */
#ifndef PROTO_HTTP_H
#define PROTO_HTTP_H

#include "proto/proto.h"

extern const struct proto_ops http_ops;

/* Whether `bytes` begin with a whole request line or status line of HTTP/1.x. */
bool http_is_request(struct slice bytes);
bool http_is_response(struct slice bytes);

#endif
