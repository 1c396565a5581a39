/*
 * diagnose/judge: the work of diagnosis_finish, step by step.
 * SPDX-License-Identifier: MIT
 *
 * Devices are judged one after the other: hosts to findings (finding), hosts to the status of services
 * (status), statuses to verdicts (verdict); then findings are numbered and explained (cause). What is
 * made lives in the arena of the result. Private to diagnose.
 */
#ifndef DIAGNOSE_JUDGE_H
#define DIAGNOSE_JUDGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "inspection.h"
#include "phase.h"
#include "rules.h"

#define BIT(kind) (1ULL << (kind)) /* of a set of finding kinds */

/* What a network that leads nowhere looks like. */
#define SILENCE_KINDS                                                                           \
    (BIT(FINDING_DNS_NO_REPLY) | BIT(FINDING_TCP_NO_REPLY) | BIT(FINDING_TLS_NO_SERVER_HELLO) | \
     BIT(FINDING_HTTP_NO_RESPONSE) | BIT(FINDING_NTP_NO_REPLY))
/* The same, where it worked before. */
#define LOST_SIGNS                                                         \
    (SILENCE_KINDS | BIT(FINDING_TCP_STALLED) | BIT(FINDING_TLS_STALLED) | \
     BIT(FINDING_DHCP_NO_OFFER) | BIT(FINDING_DHCP_NO_ACK) | BIT(FINDING_ADDRESS_SELF_ASSIGNED))

#define FINDINGS_MAX    20000U /* more are not listed; statuses and verdicts still know them */
#define OTHER_NAMES_TOP 50U
#define REASONS_MAX     16U

/* What a filter on the way seems to go by. */
enum wall {
    WALL_UNKNOWN,
    WALL_NAME,    /* the server name in the ClientHello */
    WALL_ADDRESS, /* some addresses of the name */
    WALL_PORT,    /* a port of an address that answers on others */
    WALL_SOURCE,  /* the device */
};

/* What a finding has to do with its device's network, which went away (rules_link_lost). */
enum lost {
    LOST_NOT,
    LOST_SOMEWHERE,
    LOST_GATEWAY, /* its router does not answer ARP any more */
    LOST_BEYOND,  /* it does */
};

/* A finding while it is made. */
struct draft {
    struct finding f;
    struct failure x; /* the failure that decides; zero where there is none */
    uint32_t client;  /* POOL_NONE: the capture as a whole */
    uint32_t name;    /* of a listed host, INTERN_NONE without */
    uint32_t cause;   /* index, POOL_NONE without */
    bool lossy;       /* rests on silence where the capture lost packets */
    bool weighs;      /* of the capture: verdict or status rest on it, though nothing failed */
    enum wall wall;   /* where something on the way filters */
    enum lost lost;
};

/* One host under one endpoint of one service, for one device. */
struct entry {
    uint32_t name;
    uint32_t attempts;
    uint32_t successes;
    uint16_t service;
    uint16_t endpoint;
    enum status_word status;
    bool unseen; /* the capture lacks what would tell */
    uint32_t finding_count;
    uint32_t findings[8]; /* draft numbers */
};

/* What a device's hosts add up to for one service. */
struct tally {
    bool failed_required;
    bool failed_other;
    bool warned_required;
    bool warned_other;
    bool worked; /* by a host that is the service's own */
    bool tried;
    bool unseen; /* of a required endpoint the capture lacks what would tell */
};

struct id_list {
    uint32_t *ids; /* in the arena: draft numbers until judge_number */
    uint32_t count;
};

struct judge {
    struct judging j;
    struct facts *f;
    struct arena *arena;
    struct pool drafts;   /* struct draft */
    struct pool id_lists; /* struct id_list */
    struct pool totals;   /* struct entry of all devices */
    struct pool links;    /* findings of totals: struct link */
    struct map by_total;
    struct map ports_ok;          /* client and port: something worked */
    struct route_floor floor;     /* how near servers of the internet are */
    struct inspection inspection; /* under TLS 1.3 */
    struct tally *tallies;        /* of the device at hand, one a service */
    enum status_word *worst;      /* over devices, one a service */
    struct device_result *devices;
    uint32_t *device_clients; /* client numbers of devices */
    uint32_t device_count;
    struct buf text;      /* scratch */
    uint32_t first_draft; /* of the device at hand, like the next ones */
    struct phase_tally phases[PHASE_COUNT];
    uint32_t service_count;
    int dns_service; /* index, -1 without */
    int proxy_service;
    int dhcp_service;
    enum status_word dhcp_word; /* of the device at hand */
    int64_t
        capture_clock_ns; /* what a device and its time server say that the capture's clock lacks */
    bool half; /* the device at hand: connections to listed hosts of which one direction is there */
    bool unseen;          /* a verdict is inconclusive for what the capture lacks */
    bool oobe;            /* some device asked for a listed host */
    bool without_network; /* some device has none */
    bool failed;          /* memory is out */
};

struct link {
    uint32_t draft;
    uint32_t next;
};

/* ---- finding ---- */

/* A new draft with its number in `number`; NULL at the cap. Kind, severity and the rest are the caller's. */
struct draft *finding_add(struct judge *j, uint32_t *number);
/* Fills summary, detail, advice, filter, culprit, proof of a draft whose facts are set. */
void finding_tell(struct judge *j, struct draft *d);
/* A draft about the device at hand itself; NULL at the cap. The caller sets what it knows and tells it. */
struct draft *finding_of_device(struct judge *j, enum finding_kind kind, enum severity severity);
/* Adds the scratch text, if any, to the finding's proof. */
void finding_prove(struct judge *j, struct draft *d);
const char *judge_keep(struct judge *j); /* the scratch text as a string of the arena; resets it */
void judge_address(struct buf *b, const struct ip_addr *a); /* appends it as text */
/* The service a host fails for most, and whether a required endpoint is among those it meets. */
const struct service *judge_service(const struct judge *j, uint32_t name, enum transport transport,
                                    uint16_t port, bool *required);

/* ---- host, device ---- */

void host_judge(struct judge *j, const struct row *head);
bool device_select(struct judge *j);
void device_judge(struct judge *j, uint32_t index);

/* ---- resolvers ---- */

void resolver_findings(struct judge *j);
/* Questions that were under way when the device changed its network say nothing of a resolver. */
void resolver_forgive(struct judge *j);
void search_finding(struct judge *j);
/* When anything the device asked for was answered, newest; 0 never. */
int64_t rule_device_ok_ns(const struct judge *j);

/* ---- clocks ---- */

void clock_judge(struct judge *j); /* of the device at hand */
int64_t
clock_lacks(const struct judge *j); /* the capture's, to the true time; 0 when it is right */
/* Fills a finding about it with who says so. */
void clock_of_capture_judge(struct judge *j, struct draft *d, int64_t offset_ns);

/* ---- IPv6 that fails where IPv4 works ---- */

void ipv6_judge(struct judge *j); /* before the device's hosts: sets j->j.ipv6_told */

/* ---- a network that is slow or loses packets ---- */

void path_judge(struct judge *j);

/* ---- a network that goes away: src/diagnose/rules_link_lost.c; after all other findings of the device ---- */

void lost_judge(struct judge *j);

/* ---- DHCP, ARP, 802.1X: src/diagnose/rules_dhcp.c, rules_link.c ---- */

void dhcp_judge(struct judge *j); /* the device's findings, and j->dhcp_word */
void eap_judge(struct judge *j);
void link_judge(struct judge *j);
void link_changes(struct judge *j); /* fills j->j.change */
/* IPv6's own configuration, where it is all that a device has: what it lacks, as a finding of its own; or as proof to
 * a DHCP server's silence, of which IPv6 makes nothing better (`x.value`). */
void dhcp6_judge(struct judge *j);
void dhcp6_stand_in(struct judge *j, struct draft *d);
/* The router of the device's link that advertises itself as the way out; NULL where none is known. */
const struct router *dhcp6_router(const struct judge *j);
/* What the device's lease says about a finding, as proof. */
void dhcp_explain(struct judge *j, struct draft *d);

/* ---- status ---- */

void status_add(struct judge *j, const struct entry *e);
enum status_word status_of(const struct judge *j, uint32_t service);
const struct service_result *status_totals(struct judge *j);

/* ---- capture ---- */

/* What is left of a ruling by what the capture can show. */
enum ruling capture_ruling(const struct judging *j, const struct failure *x, enum ruling ruling);
/* Whether so much is missing that a single request without answer says nothing. */
bool capture_lossy(const struct facts *f, const struct capture_facts *c);
/* Whether the answer to a single request of that time may be lost. */
bool capture_may_have_lost(const struct facts *f, int64_t at_ns);
/* Takes confidence from a finding that rests on what did not come, where it may have been lost. */
void capture_weigh(struct judge *j, struct draft *d);
bool capture_one_way(const struct judge *j, uint32_t client);
bool capture_cut(const struct capture_facts *c);
void capture_findings(struct judge *j);

/* ---- verdict ---- */

bool verdict_without_network(const struct judge *j, uint32_t first_draft);
enum verdict_word verdict_of(struct judge *j, const enum status_word *words, uint32_t first_draft);
void verdict_reasons(struct judge *j, struct result *r);

/* ---- numbers, causes ---- */

uint32_t *judge_ids(struct judge *j, uint32_t count); /* an array that judge_number will renumber */
const struct finding *judge_number(struct judge *j, uint32_t *count);
/* `order[i]`: the draft that became finding i + 1. */
void cause_find(struct judge *j, const uint32_t *order, uint32_t count, struct result *r);

#endif
