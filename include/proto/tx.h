/*
 * proto/tx: the transactions that dissectors rebuild.
 * SPDX-License-Identifier: MIT
 *
 * One DNS question with its reply, one TLS or QUIC handshake, one HTTP request with its response, one
 * NTP request with its reply, one DHCP exchange. Slices and lists are valid for the emit call only. Names are bytes from
 * the wire, not yet safe to print.
 */
#ifndef PROTO_TX_H
#define PROTO_TX_H

#include "base/mark.h"
#include "base/slice.h"
#include "net/packet.h"

enum tx_kind {
    TX_DNS,
    TX_TLS,
    TX_HTTP,
    TX_NTP,
    TX_DHCP,
};

enum tx_outcome {
    TX_ANSWERED,
    TX_NO_REPLY, /* http: no-response */
    TX_PENDING,  /* unanswered, but the capture ended too soon to say so */
    TX_REPLY_ONLY,
};

/* ---- DNS: RFC 1035, 6891 (EDNS), 8914 (extended errors), 9460 (SVCB) ---- */

struct dns_answer {
    struct slice name; /* lower case, no trailing dot, odd bytes as \DDD */
    struct slice
        rdata; /* presentation form, cut at DNS_RDATA_TEXT_MAX; empty where `addr` is set */
    struct ip_addr addr; /* of A and AAAA; else family 0 */
    uint32_t ttl;
    uint16_t type;
};

struct tx_dns {
    struct slice qname; /* lower case, no trailing dot, odd bytes as \DDD; root is empty */
    const struct dns_answer *answers; /* answer section; authority SOA is in `soa` */
    struct slice soa;                 /* owner of the SOA in the authority section; empty without */
    struct slice soa_server;          /* its MNAME */
    uint32_t answer_count;            /* listed */
    uint32_t attempts;                /* identical queries, 1 or more */
    uint16_t id;
    uint16_t qtype;
    uint16_t qclass;
    int16_t rcode;      /* with EDNS extension; -1 without reply */
    int16_t ede;        /* extended error of RFC 8914; -1 without */
    bool truncated;     /* TC in the reply */
    bool authoritative; /* AA */
    bool recursion_available;
    bool edns;         /* the query had additional records: EDNS, as a rule */
    bool second_reply; /* REPLY_ONLY: another answer to a question that was answered already */
};

/* ---- TLS and QUIC: RFC 5246, 8446, 9000, 9001, 9369 ---- */

enum tls_outcome {
    TLS_COMPLETED,
    TLS_NO_SERVER_HELLO, /* the server side stays silent */
    TLS_RESET_BY_CLIENT,
    TLS_RESET_BY_SERVER,
    TLS_CLOSED, /* FIN before the end of the handshake */
    TLS_ALERT,  /* fatal alert before the end of the handshake */
    TLS_INCOMPLETE,
    TLS_PENDING,
};

#define TLS_ALERTS_MAX 8

struct tls_alert {
    enum dir from; /* DIR_TO_SERVER: sent by the client */
    uint8_t level; /* 1 warning, 2 fatal */
    uint8_t code;
};

/* Extensions of a certificate that tell whose it is. */
enum {
    CERTIFICATE_LOGGED = 1,  /* signed certificate timestamps: it is in public logs (RFC 6962) */
    CERTIFICATE_POINTED = 2, /* authority information access: where its issuer is found */
};

struct tls_certificate {
    struct slice issuer;       /* RFC 4514 text */
    struct slice subject;      /* RFC 4514 text */
    const struct slice *names; /* subjectAltName: dNSName and iPAddress as text */
    uint32_t name_count;
    int64_t not_before; /* seconds since 1970 */
    int64_t not_after;
    uint8_t extensions; /* a set of CERTIFICATE_... */
    bool self_issued;
};

enum tls_stage {
    TLS_STAGE_CLIENT_HELLO,
    TLS_STAGE_SERVER_HELLO, /* ServerHello (not HelloRetryRequest) seen */
    TLS_STAGE_SERVER_DONE, /* the server's flight is complete (<= 1.2: ServerHelloDone; 1.3: some) */
    TLS_STAGE_CLIENT_DONE, /* client's ChangeCipherSpec or second flight */
    TLS_STAGE_COMPLETED,
};

struct tx_tls {
    struct slice sni;  /* lower case; empty without */
    struct slice alpn; /* the server's choice, else the client's first offer; empty without */
    struct tls_alert alerts[TLS_ALERTS_MAX];   /* plaintext ones */
    const struct tls_certificate *certificate; /* the leaf, or NULL */
    const char *via;                           /* "http", "socks", "starttls", or NULL */
    struct mark hello_retry;                   /* HelloRetryRequest; frame 0 without */
    uint32_t quic_version;                     /* 0 for TCP */
    uint16_t quic_error;                       /* of a CONNECTION_CLOSE in an Initial packet: 0x0100
                                                  plus an alert's code, or QUIC's own; 0 without */
    enum dir quic_error_by;                    /* DIR_TO_SERVER: sent by the client */
    uint32_t hello_len;                        /* bytes of the ClientHello message */
    uint32_t hello_time;                       /* TCP: gmt_unix_time, the first bytes of its random,
                                                  which most clients fill with chance */
    uint32_t attempts;                         /* ClientHello flights seen (QUIC retransmissions) */
    uint16_t version;                          /* negotiated; 0 without ServerHello */
    uint16_t offered_version;                  /* highest in the ClientHello */
    uint16_t cipher;                           /* 0 without ServerHello */
    uint16_t hybrid;                           /* group of the ClientHello's post-quantum hybrid key
                                                  share, 0 without */
    uint32_t server_shape;                     /* see tls_hello.h; TCP only */
    uint8_t alert_count;
    uint8_t chain;   /* certificates sent, the leaf among them; 0 unknown */
    bool chain_root; /* the second of them is a root */
    bool ech;
    bool server_hello;
    bool hello_cut;   /* the ClientHello was not captured whole */
    bool gap;         /* the capture lacks bytes of either side */
    bool client_data; /* TLS <= 1.2: the client's data came before the handshake was seen over */
    enum tls_stage stage;
    enum tls_outcome outcome;
};

/* ---- HTTP/1.x: RFC 9110, 9112 ---- */

#define HTTP_BODY_HEAD_MAX 64  /* of a body */
#define HTTP_PAGE_HEAD_MAX 320 /* of an error's or a page's: whose page it is stands in its title */

struct tx_http {
    struct slice method;
    struct slice target; /* as sent */
    struct slice
        host; /* of the absolute or authority form, else the Host field; with port if it had one */
    struct slice host_field; /* the Host field alone, as sent; empty without */
    struct slice version;    /* of the request: "HTTP/1.1" */
    struct slice location;
    struct slice via; /* Via of the response */
    struct slice server;
    struct slice proxy_authenticate;
    struct slice user_agent;
    struct slice content_type;
    struct slice box; /* what only a box in between says of itself: Proxy-Agent, X-Squid-Error,
                               X-Cache-Lookup, X-Bluecoat-Via */
    struct slice body_head; /* first bytes of the response body; HTTP_PAGE_HEAD_MAX at most */
    uint64_t length;        /* response body bytes seen */
    int64_t content_length; /* announced by the response, -1 without */
    int64_t date;           /* Date of the response, seconds since 1970; -1 without */
    int64_t range_from;     /* first byte asked for; -1: no range, or counted from the end */
    int64_t range_to;       /* last byte asked for; -1: to the end */
    int64_t content_from;   /* first byte of Content-Range; -1 without */
    uint16_t status;        /* 0 without response */
    bool to_proxy;          /* absolute form or CONNECT */
    bool range;             /* the request asked for a range */
    bool no_ranges;         /* Accept-Ranges: none */
    bool recoded;           /* the response has a content coding that the request did not ask for */
    bool cookie;            /* the response sets a cookie */
    bool
        cut; /* the server's side ended the connection before the end of the response body; `length`
                 then is short of what came by less than 64 KiB */
};

/* ---- NTP: RFC 5905 ---- */

struct tx_ntp {
    uint32_t attempts; /* identical repeats count */
    uint8_t version;
    uint8_t leap;          /* of the reply */
    uint8_t stratum;       /* of the reply; 0: kiss-o'-death */
    char reference_id[16]; /* text: four characters, an address, or hex; empty without reply */
    char kiss_code[5];     /* RFC 5905 section 7.4; empty without */
    bool has_offset;       /* offset_ns is known: from the reply, or from the request alone */
    int64_t offset_ns;     /* true time minus the device's clock */
    bool has_server_time;  /* server_ns is known */
    int64_t server_ns;     /* the server's clock minus that of the capture */
};

/* ---- DHCP: RFC 2131, 2132 ---- */

enum dhcp_type {
    DHCP_NONE,
    DHCP_DISCOVER,
    DHCP_OFFER,
    DHCP_REQUEST,
    DHCP_DECLINE,
    DHCP_ACK,
    DHCP_NAK,
    DHCP_RELEASE,
    DHCP_INFORM,
    DHCP_TYPE_COUNT,
};

#define DHCP_ADDRS_MAX  4
#define DHCP_OFFERS_MAX 4

struct dhcp_addrs {
    struct ip_addr at[DHCP_ADDRS_MAX];
    uint8_t count; /* kept */
};

/* What a server gives or would give. Addresses have family 0 where it says nothing. */
struct dhcp_lease {
    struct ip_addr address;
    struct ip_addr server; /* option 54, else the sender */
    struct ip_addr mask;
    struct dhcp_addrs routers;
    struct dhcp_addrs resolvers;
    struct dhcp_addrs time_servers; /* option 42 */
    uint32_t lease_s;
    bool default_route;   /* option 121 or 249 has a route to everywhere */
    bool cut;             /* the capture has not all options */
    struct slice domain;  /* option 15 */
    struct slice search;  /* option 119, names joined by spaces */
    struct slice proxy;   /* option 252: URL of a proxy script */
    struct slice portal;  /* option 114: URL of a captive portal's API */
    struct slice refusal; /* option 56: why */
};

struct tx_dhcp {
    struct tuple key; /* of the client's first message */
    uint16_t vlan;
    struct mac_addr client;
    uint32_t id;
    uint32_t attempts; /* of the message that began it */
    bool carried;   /* the client's messages came under another MAC: a tunnel's, or a repeater's */
    uint16_t types; /* messages seen: bits 1 << enum dhcp_type */
    enum dhcp_type began;
    enum dhcp_type last;
    struct ip_addr requested; /* what the client asks for, or has */
    struct ip_addr relay;
    struct slice name;                         /* of the client */
    struct slice vendor;                       /* vendor class of the client */
    struct dhcp_lease lease;                   /* of the ACK or NAK, else of the newest offer */
    struct dhcp_lease offers[DHCP_OFFERS_MAX]; /* the first of each server */
    uint32_t offer_count;                      /* kept */
    struct mark offered;                       /* first offer; frame 0 without */
};

struct tx {
    enum tx_kind kind;
    enum tx_outcome outcome; /* not for TLS */
    struct mark first;       /* first packet of the transaction */
    struct mark request;     /* the packet that completes the query, hello, request head */
    struct mark
        reply; /* the packet that completes the reply, response head or ServerHello; frame 0 without */
    struct mark done; /* TLS: handshake completed or ended; else the last packet */
    int64_t rtt_ns;   /* -1 without reply */
    union {
        struct tx_dns dns;
        struct tx_tls tls;
        struct tx_http http;
        struct tx_ntp ntp;
        const struct tx_dhcp *dhcp;
    } u;
};

#endif
