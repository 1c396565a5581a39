/*
 * diagnose/clue: what the headers of one failed connection say about who ended it, and how.
 * SPDX-License-Identifier: MIT
 *
 * Taken from the flow when it ended; blame and the rules of causes weigh it. Private to diagnose.
 */
#ifndef DIAGNOSE_CLUE_H
#define DIAGNOSE_CLUE_H

#include "flow/flow.h"
#include "proto/tx.h"

/* A segment this long can be too long for a path; what every path carries is shorter. */
#define FULL_SEGMENT 1200

#define CLUE_FAREWELL 64 /* bytes of an alert, which no answer is expected to */
#define CLUE_SOON_NS \
    (10 * NS_PER_S) /* what stands for longer has worked, and was forgotten on the way since */

enum hole_way {
    HOLE_NONE,
    HOLE_UP,   /* what the device sent in large segments did not arrive */
    HOLE_DOWN, /* what the server sent */
};

struct clue {
    uint32_t rtt_us;       /* SYN to its answer; 0 unknown */
    uint32_t stood_us;     /* the server's first answer to the end by its side; 0 unknown */
    uint32_t reply_us;     /* the whole ClientHello to that end or its answer; 0 unknown */
    uint32_t waited_us;    /* the server's first TLS answer to the device's end of it; 0 unknown */
    uint16_t hello_len;    /* bytes of the ClientHello; 0: none */
    uint16_t hybrid;       /* its post-quantum group; 0: none */
    uint16_t offered;      /* its highest version */
    uint16_t hole_bytes;   /* of the hole, of the segments at it, or sent behind it in vain */
    uint16_t hole_reports; /* how often the receiver told of it */
    uint16_t shrunk_from;  /* see flow_hole */
    uint16_t shrunk_to;
    uint8_t hole;       /* enum hole_way: one that stayed to the end */
    uint8_t ttl_server; /* of the server's first packet; 0 unknown */
    uint8_t ttl_data;   /* of its first payload */
    uint8_t ttl_end;    /* of its FIN or RST that ended the connection */
    uint8_t ttl_icmp;   /* of the ICMP error */
    uint8_t rst_marks;  /* RST_... (flow/signs.h) */
    bool by_server : 1; /* its side sent the first FIN or RST */
    bool too_big : 1;   /* ICMP said "too big" */
    bool acked : 1;     /* the server acknowledged some of what the device sent */
    bool
        left : 1; /* the device left right after the server's flight, or said it does not trust it */
};

struct clue clue_of_flow(const struct flow *flow);
/* The same with what its TLS handshake adds. */
struct clue clue_of_tls(const struct flow *flow, const struct tx *tx);

/* Whether a young connection's device sent something again and again of which nothing was acknowledged to the
 * end: in a hole that the receiver says nothing of. Its bytes are put into hole_bytes. */
bool clue_unheard(const struct flow *flow, struct clue *c);

/* Whether it says anything but how far away the server is. */
bool clue_says(const struct clue *c);

/* How many routers a packet passed: senders begin at 64, 128 or 255. */
int clue_hops(uint8_t ttl);

#endif
