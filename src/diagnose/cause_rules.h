/*
 * diagnose/cause_rules: which findings are one cause, as a table.
 * SPDX-License-Identifier: MIT
 *
 * Rules are tried in their order; the first that fits takes the finding. The order of the table is the
 * order of a deployment: bootstrap, trust, reachability, content. Private to diagnose.
 */
#ifndef DIAGNOSE_CAUSE_RULES_H
#define DIAGNOSE_CAUSE_RULES_H

#include "judge.h"

#define TCP_KINDS \
    (BIT(FINDING_TCP_NO_REPLY) | BIT(FINDING_TCP_REFUSED) | BIT(FINDING_TCP_UNREACHABLE))

/* What comes of a name that led to the wrong place. */
#define AFTER_KINDS                                                                      \
    (TCP_KINDS | BIT(FINDING_TLS_NO_SERVER_HELLO) | BIT(FINDING_TLS_RESET) |             \
     BIT(FINDING_TLS_ALERT) | BIT(FINDING_TLS_INCOMPLETE) | BIT(FINDING_TLS_INSPECTED) | \
     BIT(FINDING_TLS_NAME_MISMATCH) | BIT(FINDING_HTTP_NO_RESPONSE) | BIT(FINDING_HTTP_ERROR))

/* What findings of one rule must share to be one cause. */
enum subject {
    SUBJECT_NONE,
    SUBJECT_SERVER, /* resolver or proxy */
    SUBJECT_DEVICE,
    SUBJECT_ISSUER,
    SUBJECT_PORT,
    SUBJECT_HOST,
};

/* What is known of all findings while causes are sought. */
struct causing {
    struct judge *j;
    const uint32_t *order; /* drafts by finding number */
    struct map have;       /* hash of client, name, kind: a finding of severity warning or more; and
                              portals by address */
    struct map alike;      /* hash of kind and name seen; hash of kind: number of names */
    struct map ports;      /* client and port: hosts that fail to connect */
    struct map by_subject;
    bool burst; /* connections to unrelated hosts starved together, from burst_ns on */
    int64_t burst_ns;
    struct pool groups; /* struct group */
};

struct rule {
    const char *kind;
    const char *what; /* the summary, before what it affects */
    const char *advice;
    uint64_t kinds;                                               /* of findings, as bits */
    bool (*fits)(const struct causing *c, const struct draft *d); /* NULL: always */
    enum subject subject;
    enum confidence confidence;
    bool by_domain; /* names the domain that its hosts have in common */
};

/* Keys of the maps above. */
uint64_t cause_have_key(uint32_t client, uint32_t name, enum finding_kind kind);
/* A portal at the finding's server, for its device. */
uint64_t cause_portal_key(const struct draft *d);
uint64_t cause_port_key(const struct draft *d);
uint16_t cause_port(const struct draft *d); /* the port a finding is about */
/* The server that a cause of SUBJECT_SERVER is about: of what failed on the way round a proxy, the proxy. */
const struct ip_addr *cause_server(const struct causing *c, const struct draft *d);
/* All TLS of the device is inspected. */
uint64_t cause_wide_key(uint32_t client);

/* The first rule that fits, NULL when none does. `rank` is its place in the table. */
const struct rule *cause_rule(const struct causing *c, const struct draft *d, uint32_t *rank);

#endif
