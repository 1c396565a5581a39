/*
 * proto/proto: what every dissector is to the engine.
 * SPDX-License-Identifier: MIT
 *
 * A dissector turns the bytes of one flow into transactions. It knows no flow, no table and no output:
 * it gets bytes in order, direction by direction, and emits. Its session is zeroed memory of
 * session_size bytes in the flow's arena; begin sets it up; end is called once, unless the dissector
 * itself said FEED_DONE, FEED_UPGRADE or FEED_NOT_MINE before: then it has emitted all. Keep sessions
 * small: there is one a flow, and hundreds of thousands of flows.
 *
 * Streams: `bytes` is everything in order that was not yet consumed. What the dissector does not consume
 * is shown again, with more behind it. Datagrams: `bytes` is one datagram, consumed whole.
 */
#ifndef PROTO_PROTO_H
#define PROTO_PROTO_H

#include "base/arena.h"
#include "base/take.h"
#include "net/end.h"
#include "proto/tx.h"

/* Bytes of an incomplete message the caller keeps for a dissector, at most. A dissector that sees this
 * many and can consume none gives up with FEED_NOT_MINE or FEED_DONE. */
#define PROTO_HOLD_MAX 65536U

enum feed_state {
    FEED_MORE,     /* goes on */
    FEED_DONE,     /* both directions have nothing more to tell: the flow is settled */
    FEED_UPGRADE,  /* from here on, in both directions, another protocol speaks (CONNECT, SOCKS) */
    FEED_NOT_MINE, /* this is not the protocol after all */
};

struct feed {
    struct take take;
    enum feed_state state;
};

struct certificates;

struct proto_env {
    struct arena *arena; /* the flow's: lives as long as the session */
    void (*emit)(void *ctx, const struct tx *tx);
    void *ctx;
    struct certificates
        *certificates; /* those that any flow showed before; outlives sessions, or NULL */
};

struct proto_begin {
    uint16_t server_port;
    bool datagram;
    bool midstream; /* the capture has not the beginning of the connection */
    const char
        *via; /* after an upgrade: the outer protocol ("http", "socks", "starttls"); else NULL */
};

struct proto_ops {
    const char *name; /* as in `app_proto` */
    size_t session_size;
    void (*begin)(void *session, const struct proto_begin *how, struct proto_env *env);
    /* `at` is the packet that brought the newest bytes; `first` the packet that brought bytes.data[0]. */
    struct feed (*data)(void *session, enum dir dir, struct slice bytes, const struct mark *first,
                        const struct mark *at, struct proto_env *env);
    /* `len` bytes of the stream are lost (0: unknown); what was held before them is gone. NULL for
     * datagram protocols. */
    struct feed (*gap)(void *session, enum dir dir, uint64_t len, const struct mark *at,
                       struct proto_env *env);
    /* One direction ended with FIN (no more bytes come); NULL where it does not matter. */
    void (*fin)(void *session, enum dir dir, const struct mark *at, struct proto_env *env);
    void (*end)(void *session, const struct flow_end *how, struct proto_env *env);
    /* Between exchanges, when all that the session got from the arena since it began can go: forgets it and
     * returns true. NULL: it never says. Flows are silent most of the time. */
    bool (*idle)(void *session);
};

/* How long after its first packet an unanswered request is a failure; before that it is pending. */
#define DNS_PATIENCE_NS  (2 * NS_PER_S)
#define NTP_PATIENCE_NS  (2 * NS_PER_S)
#define TCP_PATIENCE_NS  (3 * NS_PER_S)
#define TLS_PATIENCE_NS  (5 * NS_PER_S)
#define HTTP_PATIENCE_NS (5 * NS_PER_S)

#endif
