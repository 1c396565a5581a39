/*
 * classify/classify: what protocol a flow speaks, on any port.
 * SPDX-License-Identifier: MIT
 *
 * The first bytes of a flow decide; a port only where bytes cannot (DNS and NTP over UDP), never
 * against them. nDPI is asked for the label of the rest and changes no verdict.
 */
#ifndef CLASSIFY_CLASSIFY_H
#define CLASSIFY_CLASSIFY_H

#include "net/packet.h"

enum app {
    APP_UNKNOWN, /* not decided: more bytes may tell */
    APP_OTHER,   /* decided: none of those below */
    APP_DNS,
    APP_TLS,
    APP_QUIC,
    APP_HTTP,
    APP_NTP,
    APP_SOCKS,
    APP_MDNS, /* the rest is labelled only */
    APP_LLMNR,
    APP_NBNS,
    APP_SSDP,
    APP_DHCP,
};

struct classify_input {
    bool tcp;
    uint16_t client_port;
    uint16_t server_port;
    bool multicast;     /* the server's address is multicast or broadcast */
    enum dir dir;       /* which side sent `bytes` */
    struct slice bytes; /* TCP: in order, not consumed yet, of this direction; UDP: the datagram */
};

struct classify_result {
    enum app app;
    bool reversed; /* the bytes show that the side taken for the server is the client */
};

/* Looks at the first bytes of a direction (or of what follows an upgrade or an unknown dialogue). */
struct classify_result classify_bytes(const struct classify_input *in);

/* Whether `bytes` begin with a TLS record that holds a ClientHello: where a dialogue in another
 * protocol turns to TLS (STARTTLS and its kin). Strict. */
bool classify_is_client_hello(struct slice bytes);

const char *app_name(enum app app); /* "dns", "tls", ...; "unknown" */

#endif
