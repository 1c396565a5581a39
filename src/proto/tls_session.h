/*
 * proto/tls_session: the state of one TLS connection, shared by the files that follow it.
 * SPDX-License-Identifier: MIT
 */
#ifndef PROTO_TLS_SESSION_H
#define PROTO_TLS_SESSION_H

#include "proto/proto.h"
#include "proto/tls_hello.h"

#define TLS_MSG_HEAD_LEN 4

/* One direction. Its records and messages are framed without looking at the other's. */
struct tls_side {
    uint8_t *msg;      /* body of the message that spans records, in the arena; NULL: not wanted */
    uint32_t msg_room; /* bytes of it that are kept */
    uint32_t msg_have; /* bytes of it that came */
    uint32_t record_left;           /* bytes of the record under way that were not shown yet */
    uint8_t head[TLS_MSG_HEAD_LEN]; /* of the message under way */
    uint8_t head_have;              /* TLS_MSG_HEAD_LEN while its body comes */
    uint8_t strays;                 /* chunks that were no records */
    bool ccs;                       /* sent ChangeCipherSpec: what follows is encrypted */
    bool opaque;                    /* handshake records that cannot be read */
    bool resync; /* bytes are missing: only records that hold whole messages are read */
    bool spoke;
    bool fin;
};

/* What only some connections have. */
struct tls_extra {
    struct mark hello_retry;
    const struct tls_certificate *certificate; /* NULL until a good one came */
    struct tls_alert alerts[TLS_ALERTS_MAX];
    uint8_t alert_count;
    uint8_t chain; /* see tx.h */
    bool chain_root;
    bool fatal;
};

/* How far the client's encrypted flight of TLS 1.3 is known to be. */
enum tls_flight {
    FLIGHT_NONE,
    FLIGHT_SOME,     /* records that may hold certificates and Finished */
    FLIGHT_ANSWERED, /* and the server sent after them */
    FLIGHT_FINISHED,
};

enum tls_hello_state {
    HELLO_NONE,
    HELLO_PART, /* its fixed part was read, the rest has not come */
    HELLO_WHOLE,
};

struct tls_session {
    struct tls_side side[2];
    struct tls_extra *extra; /* NULL until something needs it */
    const char *via;
    struct mark first;   /* first packet of the ClientHello */
    struct mark request; /* completes it */
    struct mark reply;   /* completes the ServerHello */
    struct mark last;    /* newest packet that moved the handshake on */
    const uint8_t *sni;
    const uint8_t *alpn;
    uint32_t hello_len;
    uint32_t hello_time; /* see tx.h */
    uint16_t sni_len;
    uint16_t version;
    uint16_t offered;
    uint16_t cipher;
    uint16_t hybrid;
    uint32_t server_shape;
    uint8_t alpn_len;
    uint8_t hello;  /* enum tls_hello_state */
    uint8_t stage;  /* enum tls_stage */
    uint8_t flight; /* enum tls_flight */
    uint8_t end_by; /* enum dir of the first FIN */
    bool server_hello;
    bool gap;
    bool client_data;
    bool complete;
    bool ech;
};

/* One call of the dissector: what its helpers need. */
struct tls_step {
    struct tls_session *t;
    struct tls_side *side;
    enum dir dir;
    const struct mark *first; /* brought the first byte of what is looked at */
    const struct mark *at;    /* brought the newest byte */
    struct proto_env *env;
};

static inline bool tls_is_1_3(const struct tls_session *t)
{
    return t->version > TLS_1_2; /* drafts and experiments too */
}

static inline void tls_reach(struct tls_session *t, enum tls_stage stage)
{
    if (t->stage < stage)
        t->stage = (uint8_t)stage;
}

/* Made on first use; NULL when memory is out. */
struct tls_extra *tls_extra(struct tls_session *t, struct arena *a);

/* The payload of a plaintext handshake record: messages, or parts of them. */
void tls_handshake_bytes(struct tls_step *step, struct slice payload);

/* The client's first record has not come whole: reads of its ClientHello what is there, once. */
void tls_handshake_peek(struct tls_step *step, struct slice payload);

/* No more of the message under way comes: what is there of a ClientHello is used, the rest dropped. */
void tls_handshake_cut(struct tls_step *step);

/* An SSLv2 record that holds a ClientHello for SSLv3 or TLS: RFC 5246 appendix E.2. */
void tls_handshake_old_hello(struct tls_step *step, struct slice message);

#endif
