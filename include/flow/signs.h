/*
 * flow/signs: how a connection ended, and what only one in trouble shows, for those who ask whose doing it was.
 * SPDX-License-Identifier: MIT
 *
 * Most flows have none yet: it is made by the first FIN, RST, ICMP error, or hole. A hole is a place
 * in what one side sent that the other lacks while it may have what comes behind: the receiver says so
 * itself (RFC 2018, RFC 5681), so bytes that only the capture lost make none. Of a settled flow only
 * SACKs and repeats are looked at: where the receiver went on from a hole since, its newest acknowledgement shows.
 */
#ifndef FLOW_SIGNS_H
#define FLOW_SIGNS_H

#include "net/packet.h"

enum {
    RST_ID_COPIED = 1, /* its IP ID is that of the client's newest packet */
    RST_ID_FITS = 2,   /* its IP ID goes on where the server's last packet was */
    RST_AHEAD = 4,     /* its sequence number is beyond all that the server sent */
    RST_DIFFERS = 8,   /* several, with different sequence numbers, by a server that sent no data */
    RST_OUTLIVED = 16, /* the server's side sent data or FIN after it, beyond its sequence number */
    RST_OVERTOOK = 32, /* the server accepted the very SYN that it refused, a moment later */
};

struct flow_hole {
    int64_t since_ns;
    uint32_t ack;    /* where the receiver stands: the first byte it lacks */
    uint32_t beyond; /* the first byte it has behind the hole, by SACK; `ack` when it did not say */
    uint16_t reports; /* acknowledgements that told of it */
    uint16_t repeats; /* segments at the hole that were sent again, as far as they were captured */
    uint16_t most;    /* payload of the greatest of these */
    uint16_t least;
    uint16_t repaired; /* earlier holes: segments that were sent again closed them */
    bool again;        /* one of them was no segment that others had overtaken */
    bool open;
    uint16_t
        shrunk_from; /* an earlier hole closed when segments of `shrunk_to` bytes replaced those */
    uint16_t shrunk_to; /* of `shrunk_from`; 0: none did */
};

struct flow_signs {
    struct mark end_at;       /* first FIN or RST, or the ICMP error; frame 0: none yet */
    struct ip_addr icmp_from; /* who sent the ICMP error; family 0: nobody */
    uint8_t icmp_type, icmp_code;
    uint8_t icmp_ttl;
    uint8_t end_ttl;          /* of the first FIN or RST */
    uint8_t rst_ttl;          /* of the server's first RST; 0: none */
    uint8_t rst_marks;        /* RST_... of the server's RSTs */
    uint16_t rst_ip_id;       /* of the server's first RST */
    uint16_t rst_syns;        /* SYNs of the client before the server's newest RST */
    uint32_t rst_seq;         /* the same */
    struct flow_hole hole[2]; /* by the direction of what is lacking */
};

#endif
