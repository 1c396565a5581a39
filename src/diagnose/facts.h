/*
 * diagnose/facts: what is remembered of the traffic until it is judged.
 * SPDX-License-Identifier: MIT
 *
 * A client for each address that asks, a few bytes for each that is asked, a row for each host (and port)
 * of a client, and on a row one failure for each way it failed. Nothing is kept a transaction: memory
 * grows with clients and hosts. Rows exist for names that the list has; other names are only counted. A
 * deployment asks for some dozens of listed hosts, so a client's rows lie side by side in blocks of that
 * many, with their names in front: finding one takes two or three cache lines and no table. Private to
 * diagnose.
 */
#ifndef DIAGNOSE_FACTS_H
#define DIAGNOSE_FACTS_H

#include <stddef.h>

#include "base/bring.h"
#include "base/finder.h"
#include "base/intern.h"
#include "base/map.h"
#include "base/mark.h"
#include "clue.h"
#include "diagnose/result.h"
#include "flow/flow.h"
#include "loss.h"
#include "matches.h"
#include "path.h"
#include "pool.h"
#include "revocation.h"
#include "route.h"
#include "services/names.h"
#include "services/services.h"
#include "station.h"

#define CLIENTS_MAX       262144U
#define KIN_CLIENTS_MAX   4096U /* of one device, which may have several addresses */
#define SERVERS_MAX       524288U
#define ROW_BLOCKS_MAX    65536U
#define ROWS_A_BLOCK      48
#define BLOCKS_A_CLIENT   64 /* of rows */
#define FAILURES_MAX      262144U
#define PEERS_MAX         262144U
#define PEERS_A_CLIENT    16 /* resolvers and proxies remembered for one client */
#define LISTED_A_KIN_MAX  2048U
#define LISTED_BYTES_MAX  (8U << 20)
#define OTHER_NAMES_MAX   32768U
#define OTHER_BYTES_MAX   (2U << 20)
#define TEXTS_MAX         16384U
#define TEXTS_BYTES_MAX   (4U << 20)
#define NAME_MAX_BYTES    255
#define ISSUERS_MAX       1024U
#define ISSUERS_BYTES_MAX (1U << 20)

/* What is asked. */
struct server {
    struct ip_addr addr;
    uint8_t roles; /* CLIENT_RESOLVER... */
};

enum {
    CLIENT_RESOLVER = 1,  /* others ask it for names */
    CLIENT_PROXY = 2,     /* others send it proxy requests */
    CLIENT_SERVER = 4,    /* it answers others */
    CLIENT_LISTED = 8,    /* asked for a listed host */
    CLIENT_WPAD = 16,     /* got an address for a WPAD name */
    CLIENT_MERGED = 32,   /* belongs to another device */
    CLIENT_ASKED = 64,    /* sent a request of any kind */
    CLIENT_UNHEARD = 128, /* a station without a network: it could ask nothing */
};

/* Who asks: an address. */
struct client {
    struct ip_addr addr;
    uint8_t flags;
    uint8_t peer_count;
    uint8_t block_count;
    uint32_t mac;     /* in macs, POOL_NONE unknown */
    uint32_t peers;   /* first of its peers */
    uint32_t blocks;  /* of its rows: the newest one, which alone may have room */
    uint32_t skew;    /* POOL_NONE: none measured */
    uint32_t one_way; /* TCP flows that show one direction of a conversation */
    uint32_t two_way;
    uint32_t primary;      /* the client it is merged into; itself */
    uint32_t merged;       /* the next one that is merged into the same client, POOL_NONE */
    int32_t hello_ahead_s; /* the time that its TLS greetings carry, minus the capture's */
    int64_t first_flow_ns; /* of its first TCP flow; 0 without */
    int64_t heard_ns;      /* the newest sign in its flows that anything comes back to it; 0 none */
    int64_t time_ns;       /* newest answer of a server that told it the time, 0 none: pools give it
                              another server each time */
    uint32_t hello_time;   /* of the newest that may be one */
    uint8_t hellos;        /* that agree: 2 are no chance */
};

struct mac_entry {
    struct mac_addr mac;
    uint32_t v4_count; /* IPv4 clients seen with it */
    uint32_t v4;       /* the first of them */
    uint32_t v6_count;
};

enum peer_role {
    PEER_RESOLVER,
    PEER_PROXY,
    PEER_SEARCH, /* who is asked for WPAD names */
};

/* What a client's resolver or proxy did for it. */
struct peer {
    uint32_t next;
    uint8_t role;
    bool names_differ; /* more than one name went unanswered */
    bool asked_again;  /* the first unanswered question */
    bool tcp_worked;   /* resolver: over TCP */
    bool tcp_failed;
    struct ip_addr server;
    uint16_t port;
    uint32_t name;     /* the first unanswered one (listed or not: hashed) */
    uint32_t question; /* the same with its type */
    uint32_t answered;
    uint32_t refused; /* proxy: 407 and errors of its own */
    uint32_t unanswered;
    uint32_t tries;            /* unanswered, repeats too */
    uint32_t unanswered_since; /* since it answered last */
    struct mark first_unanswered;
    struct mark last_unanswered;
    struct mark last_answered;
    /* Resolvers only. */
    struct mark first_slow;
    uint32_t authoritative; /* answers with AA */
    uint32_t slow;          /* answers that took more than a second */
    uint32_t worst_ms;
    uint16_t icmp; /* type and code of an error to a question, from icmp_from */
    struct ip_addr icmp_from;
};

/* The device's clock, a server's and that of the capture, where they do not agree. */
struct skew {
    int64_t
        offset_ns; /* the server's clock, or that of the capture, minus the device's: the worst */
    int64_t server_ns; /* the server's minus that of the capture; 0 unknown */
    struct mark first;
    struct mark last;
    int64_t healed_ns; /* a later measurement was fine; 0 never */
    struct ip_addr server;
    bool from_reply;
    bool has_server_time;
    uint32_t count; /* 0: the marks are those of TLS greetings */
    uint32_t name;  /* listed name asked, INTERN_NONE unknown */
};

enum {
    ROW_PENDING = 1,     /* something was unanswered when the capture ended */
    ROW_DNS_PENDING = 2, /* head rows only, like the next ones */
    ROW_A_GOOD = 4,      /* an A question brought addresses */
    ROW_VIA_PROXY = 8,   /* a proxy carried it */
    ROW_TCP_TRIED = 16,
    ROW_CONNECTED = 32, /* a connection stood, no exchange was seen on it */
    ROW_OWN_ZONE = 64,  /* head rows: the resolver's newest address came with AA */
    ROW_LACKS = 128,    /* the outcome of an exchange lies in what the capture lacks */
};

/* A host of a client on one port; the first row of a host (its head) holds the DNS side too. 48 bytes:
 * there is one for every host of every device. */
struct row {
    struct mark ok;    /* end of the newest exchange that worked */
    int64_t dns_ok_ns; /* newest answer with an address, 0 none */
    uint32_t next;     /* row of another port of the host; of the last: POOL_NONE */
    uint32_t failures;
    uint32_t attempts;
    uint32_t successes;
    uint16_t name;
    uint16_t questions; /* DNS, saturating */
    uint16_t port;      /* 0: none used yet */
    uint8_t transport;
    uint8_t flags;
};

#define NO_HEAD UINT16_MAX

struct row_block {
    uint32_t next; /* the client's older block, POOL_NONE */
    uint32_t count;
    uint16_t heads[ROWS_A_BLOCK]; /* names of head rows, NO_HEAD of others */
    struct row rows[ROWS_A_BLOCK];
};

enum {
    FAIL_V6 = 1,
    FAIL_QUIC = 2,
    FAIL_BY_CLIENT = 4, /* the device ended it */
    FAIL_NOT_A = 8,     /* DNS: another question than A */
    FAIL_PROXY = 16,    /* a proxy said so, or stood between */
    FAIL_ACCEPTED = 32, /* certificates: the device went on regardless */
    FAIL_PRIVATE = 64,  /* sinkhole: a private address, alone no proof */
    FAIL_CUT = 128,     /* the capture has not all of it: proves nothing */
    FAIL_LARGE = 256,   /* TLS: on a greeting of more than one segment */
    FAIL_UNHEARD = 512, /* TCP: nothing that the device sent from then on was acknowledged */
};

/* One way in which a row failed; those that differ in kind or group are apart. Kept smaller: failures.h. */
struct failure {
    struct mark first; /* the first packet of the first one */
    struct mark last;  /* the first packet of the last one */
    int64_t healed_ns; /* a later step worked; 0: none did */
    int64_t value;     /* a date of a certificate, an offset */
    uint32_t index;    /* where it is kept */
    uint32_t count;
    uint32_t tries;    /* what was sent in vain, repeats too */
    uint32_t since_ok; /* of them after the newest exchange that worked */
    uint32_t text;     /* issuer, location, alert...; INTERN_NONE without */
    struct ip_addr server;
    bool servers; /* several */
    uint8_t kind;
    uint16_t group;
    uint16_t code; /* alert, rcode, HTTP status, ICMP type and code */
    struct ip_addr icmp_from;
    uint16_t port;
    struct clue clue; /* TCP: of the newest one */
};

#define WATCHED_MAX  65536U
#define WATCH_CLAIMS 4

/* A handshake that was completed on a certificate that speaks against it: what the device does next
 * decides whether it accepted. */
struct watch {
    struct row *row;  /* records of a pool stay where they are */
    uint32_t seq_end; /* of the client when the handshake was over */
    uint32_t next;    /* spare ones: the next, POOL_NONE */
    struct mark done;
    uint32_t count;
    struct failure claims[WATCH_CLAIMS];
};

#define PROBE_NAMES_MAX 16

/* A name whose address Windows knows; family 0: not known. */
struct probe_name {
    struct ip_addr v4;
    struct ip_addr v6;
};

#define CLOCK_SAMPLES_MAX 16
#define CLOCK_DATES_MAX   12 /* of them by HTTP: time servers find room */

/* What servers say of the clock of the capture: their time minus its time. One a server and protocol. */
struct clock_samples {
    struct clock_sample {
        struct ip_addr server;
        bool by_ntp;
        int64_t offset_ns;
    } at[CLOCK_SAMPLES_MAX];
    uint32_t count;
};

/* Issuers of certificates that were looked up before. */
struct issuer_memo {
    struct intern *names;
    bool is_public[ISSUERS_MAX];
};

struct facts {
    /* What nearly every exchange asks for stands first, and together: see ahead.h. */
    const struct service_list *list;
    struct intern *listed;
    struct intern *others;
    struct intern *texts;
    struct matches *matches;
    struct routes *routes; /* own_routes, or those of a kin */
    struct finder by_addr; /* clients */
    struct map by_mac;
    struct pool clients;
    struct pool peers;
    struct pool row_blocks;
    struct stations stations;

    struct finder by_server; /* servers */
    struct pool servers;     /* many more than clients are; some are both */
    struct pool macs;
    struct pool skews;
    struct pool failures; /* struct kept_failure, kept_rest */
    struct pool rests;
    struct issuer_memo *issuers;
    struct probe_name probes[PROBE_NAMES_MAX]; /* of the first names in `listed` */
    uint32_t probe_count;
    uint32_t *other_counts; /* by number in others */
    uint32_t other_room;
    uint32_t other_overflow; /* contacts of names that found no room */
    struct map by_flow;      /* to watches */
    struct pool watches;
    uint32_t spare_watch; /* the newest that is done, POOL_NONE */
    uint64_t via_seen;    /* the Via that was looked at last: it repeats */
    bool via_box;
    struct revocation revocation;
    struct clock_samples clocks;
    struct routes own_routes;
    uint32_t number;       /* of these facts among kin; 0 alone */
    uint32_t listed_added; /* names, by a kin */
    uint64_t one_way;      /* TCP flows */
    uint64_t two_way;
    uint64_t gapped;   /* that lack bytes */
    uint64_t orphans;  /* answers whose questions are not there */
    int64_t orphan_ns; /* the newest */
    struct losses losses;
    struct paths paths;
    bool lossy;        /* known when judging begins: the capture can have lost any single packet */
    bool complete;     /* likewise: where nothing was captured nothing was sent */
    bool rows_of_ends; /* connections were swallowed or reset on their requests: see rules_stall */
    bool is_kin;       /* `listed`, `matches`, `routes` and `issuers` are another one's */
    bool is_copy;      /* of another one, whose names it uses */
};

/* `kin` may be NULL: see diagnosis_new. */
bool facts_init(struct facts *f, const struct service_list *list, struct facts *kin,
                uint32_t number);
void facts_clear(struct facts *f);
/* A store to judge while this one goes on. It shares the names, so it goes first. Clear it, also when
 * memory was out (false). */
bool facts_copy(struct facts *out, struct facts *f);

/* A host as it is compared: lower case, no port, no trailing dot; empty when it is too long. */
struct slice facts_host(struct slice host, char out[NAME_MAX_BYTES + 1]);

/* The number of a listed name, INTERN_NONE for others, which are counted once (`contact`). */
uint32_t facts_name(struct facts *f, struct slice host, bool contact);

/* Where by_addr has an address. */
static inline uint64_t facts_key(const struct ip_addr *addr)
{
    return addr_hash(0x61646472U, addr);
}
/* Have brought near what stands first, and what a client's record points at (see ahead.h). */
BRINGS void facts_bring_first(const struct facts *f)
{
    bring_bytes(f, offsetof(struct facts, stations.stays) + sizeof f->stations.stays);
}
void facts_bring(const struct facts *f, uint32_t client);

/* The client of an address: number, or POOL_NONE when it is not known. */
uint32_t facts_find(const struct facts *f, const struct ip_addr *addr);
/* The same, made when new. */
uint32_t facts_client(struct facts *f, const struct ip_addr *addr);
/* The only IPv4 client of a MAC address; POOL_NONE where there is none, or several. */
uint32_t facts_of_mac(const struct facts *f, const struct mac_addr *mac);
/* Notes that an address sent a request in `flow`; its number. */
uint32_t facts_asks(struct facts *f, const struct flow *flow);
/* A client for a station that never asked; its address may be 0.0.0.0. */
uint32_t facts_unheard(struct facts *f, const struct ip_addr *addr, const struct mac_addr *mac);
/* The number of an address that is asked, made when new; POOL_NONE at the cap. */
uint32_t facts_server(struct facts *f, const struct ip_addr *addr);
struct server *facts_server_at(const struct facts *f, uint32_t server); /* NULL for POOL_NONE */
/* Notes a role of a server, which weighs where it is a client as well: from facts_merge on. */
void facts_role(struct facts *f, const struct ip_addr *addr, uint8_t flag);

struct client *facts_at(const struct facts *f, uint32_t client);
/* The server of `flow` as the client's peer, made when new, which notes its role; NULL at a cap. */
struct peer *facts_peer(struct facts *f, uint32_t client, enum peer_role role,
                        const struct flow *flow);

/* The head row of a host; NULL at a cap. */
struct row *facts_head(struct facts *f, uint32_t client, uint32_t name);
/* The row of a host on a port, which takes the head where that has none yet. */
struct row *facts_row(struct facts *f, uint32_t client, uint32_t name, enum transport transport,
                      uint16_t port);
struct row *facts_row_at(const struct facts *f, uint32_t index); /* NULL for POOL_NONE */
/* Walks the hosts of a client, in no order that matters: `struct hosts at = facts_hosts(f, client)`, then
 * their head rows until NULL. */
struct hosts {
    uint32_t block;
    uint32_t row;
};
struct hosts facts_hosts(const struct facts *f, uint32_t client);
struct row *facts_next_host(const struct facts *f, struct hosts *at);
/* Walks the failures of a row: `at` is row->failures to begin with, and goes on. false behind the last. */
bool facts_next_failure(const struct facts *f, uint32_t *at, struct failure *out);
/* The newest failure of a kind; false where there is none. */
bool facts_find_failure(const struct facts *f, const struct row *row, enum finding_kind kind,
                        struct failure *out);
/* Keeps what was changed in a failure that one of these two gave. */
void facts_keep_failure(struct facts *f, const struct failure *x);

/* Adds one failure (kind, group, first, server, codes of `one`) to the row. */
void facts_fail(struct facts *f, struct row *row, const struct failure *one);
/* Joins a failure as it is, with its counts and marks, to those of the row. */
void facts_put_failure(struct facts *f, struct row *row, const struct failure *one);
/* An exchange on the row that ended at `at` worked. */
void facts_ok(struct facts *f, struct row *row, const struct mark *at);
/* A step towards success at `ts_ns`: heals earlier failures of `kinds` (a bit set of finding kinds). */
void facts_heal(struct facts *f, const struct row *row, uint64_t kinds, int64_t ts_ns);

/* The worst measurement of a device's clock. */
struct skew *facts_skew(struct facts *f, uint32_t client, bool make);

uint32_t facts_text(struct facts *f, struct slice text); /* INTERN_NONE at the cap */

/* Joins the addresses of a device: IPv6 to its only IPv4 address, and the IPv4 addresses that it had in turn. Once, before judging. */
void facts_merge(struct facts *f);
/* ---- ways, which devices may learn together ---- */

/* A client's number in routes, and whether one there is that of a client or of an address merged into it. */
uint32_t facts_token(const struct facts *f, uint32_t client);
bool facts_is_token(const struct facts *f, uint32_t token, uint32_t client);
/* The client an address belongs to as far as known now. */
uint32_t facts_primary(const struct facts *f, uint32_t client);

#endif
