/*
 * diagnose/result: what a diagnosis says.
 * SPDX-License-Identifier: MIT
 *
 * Read-only for everyone but diagnose; lives as long as the diagnosis. Texts are safe bytes but may hold
 * names from the network: writers escape them. docs/OUTPUT.md describes each member.
 */
#ifndef DIAGNOSE_RESULT_H
#define DIAGNOSE_RESULT_H

#include "base/mark.h"
#include "net/addr.h"
#include "proto/tx.h"
#include "services/services.h"

enum verdict_word {
    VERDICT_CLEAR,
    VERDICT_INCONCLUSIVE,
    VERDICT_DEGRADED,
    VERDICT_BLOCKED, /* greater is worse */
};

enum status_word {
    STATUS_NOT_SEEN,
    STATUS_REACHABLE,
    STATUS_INCONCLUSIVE,
    STATUS_DEGRADED,
    STATUS_FAILED, /* greater is worse */
};

enum severity {
    SEVERITY_INFO,
    SEVERITY_WARNING,
    SEVERITY_ERROR,
};

enum confidence {
    CONFIDENCE_POSSIBLE,
    CONFIDENCE_LIKELY,
    CONFIDENCE_CERTAIN,
};

enum culprit {
    CULPRIT_NONE, /* not said */
    CULPRIT_DEVICE,
    CULPRIT_SERVER,
    CULPRIT_MIDDLEBOX,
    CULPRIT_PROXY,
    CULPRIT_RESOLVER,
    CULPRIT_NETWORK, /* silence */
    CULPRIT_CAPTURE,
};

enum finding_kind {
    FINDING_DNS_NXDOMAIN,
    FINDING_DNS_SERVFAIL,
    FINDING_DNS_REFUSED,
    FINDING_DNS_NO_REPLY,
    FINDING_DNS_NO_ADDRESS,
    FINDING_DNS_UNEXPECTED_ADDRESS,
    FINDING_DNS_INJECTED,
    FINDING_DNS_TCP_BLOCKED,
    FINDING_DNS_SLOW,
    FINDING_DNS_SINKHOLE,
    FINDING_TCP_NO_REPLY,
    FINDING_TCP_REFUSED,
    FINDING_TCP_UNREACHABLE,
    FINDING_TCP_IDLE_CUT,
    FINDING_TCP_STALLED,
    FINDING_TCP_RESET,
    FINDING_IPV6_BROKEN,
    FINDING_PATH_SLOW,
    FINDING_PATH_LOSSY,
    FINDING_NETWORK_LOST,
    FINDING_TLS_NO_SERVER_HELLO,
    FINDING_TLS_RESET,
    FINDING_TLS_ALERT,
    FINDING_TLS_INCOMPLETE,
    FINDING_TLS_INSPECTED,
    FINDING_TLS_CERTIFICATE_EXPIRED,
    FINDING_TLS_CERTIFICATE_NOT_YET_VALID,
    FINDING_TLS_NAME_MISMATCH,
    FINDING_TLS_STALLED,
    FINDING_HTTP_NO_RESPONSE,
    FINDING_HTTP_ERROR,
    FINDING_HTTP_PROXY_AUTH,
    FINDING_HTTP_CAPTIVE_PORTAL,
    FINDING_HTTP_ALTERED,
    FINDING_HTTP_INTERCEPTED,
    FINDING_HTTP_RANGE_IGNORED,
    FINDING_HTTP_CUT_SHORT,
    FINDING_PROXY_SEARCH_SLOW,
    FINDING_NTP_NO_REPLY,
    FINDING_NTP_KISS_OF_DEATH,
    FINDING_NTP_UNSYNCHRONIZED,
    FINDING_NTP_WRONG_TIME,
    FINDING_CLOCK_SKEW,
    FINDING_EAP_NO_REQUEST,
    FINDING_EAP_FAILURE,
    FINDING_NETWORK_DELAYED,
    FINDING_NETWORK_CHANGED,
    FINDING_ADDRESS_CONFLICT,
    FINDING_ADDRESS_SELF_ASSIGNED,
    FINDING_DHCP_NO_OFFER,
    FINDING_DHCP_OFFER_UNUSED,
    FINDING_DHCP_NO_ACK,
    FINDING_DHCP_NAK,
    FINDING_DHCP_DECLINED,
    FINDING_DHCP_NO_RESOLVER,
    FINDING_DHCP_NO_ROUTER,
    FINDING_DHCP_SEVERAL_SERVERS,
    FINDING_CAPTURE_ONE_WAY,
    FINDING_CAPTURE_GAPS,
    FINDING_CAPTURE_TRUNCATED,
    FINDING_CAPTURE_CLOCK,
    FINDING_KIND_COUNT,
};

#define FINDING_PROOF_MAX 8

struct finding {
    uint32_t id; /* counts up from 1 */
    enum finding_kind kind;
    enum severity severity;
    enum confidence confidence;
    enum culprit culprit;
    int hops;                      /* of a middlebox; -1 unknown */
    struct ip_addr device;         /* family 0: the capture as a whole */
    const struct service *service; /* the one it matters most to; NULL where none lists the host */
    const char *host;              /* "" when unknown */
    struct ip_addr server;         /* family 0: several or none */
    uint16_t port;
    const char *proto; /* "UDP", "TCP", or "" */
    uint32_t count;    /* failed exchanges */
    struct mark first; /* of the first failed exchange: its query, SYN, ClientHello or request */
    struct mark last;
    const char *detail;
    const char *summary;
    const char *advice;
    const char *display_filter;           /* Wireshark */
    const char *proof[FINDING_PROOF_MAX]; /* facts, one line each */
    uint32_t proof_count;
    const char *disproof; /* what would show that this is wrong; may be "" */
    bool recovered;       /* a later attempt worked */
};

struct cause {
    uint32_t id; /* counts up from 1; most important first */
    const char *kind;
    const char *summary;
    const char *advice;
    enum confidence confidence;
    enum severity severity;   /* the worst it explains */
    const uint32_t *explains; /* finding ids */
    uint32_t explain_count;
};

struct host_result {
    const char *host;
    uint32_t attempts;
    uint32_t successes;
    enum status_word status;
    const uint32_t *findings; /* ids */
    uint32_t finding_count;
};

struct endpoint_result {
    const struct endpoint *endpoint;
    const struct host_result *hosts;
    uint32_t host_count;
};

struct service_result {
    const struct service *service;
    enum status_word status;
    const struct endpoint_result *endpoints; /* those with hosts, in order of the list */
    uint32_t endpoint_count;
};

/* What DHCP gave a device last. Addresses have family 0, lists count 0 and texts "" where it gave none. */
struct lease_result {
    struct mark at; /* the acknowledgement; frame 0: no lease was seen */
    struct ip_addr address;
    struct ip_addr server;
    struct ip_addr mask;
    struct dhcp_addrs routers;
    struct dhcp_addrs resolvers;
    struct dhcp_addrs time_servers;
    uint32_t lease_s;
    const char *domain;
    const char *search;
    const char *proxy;
    const char *portal;
    const char *vendor; /* class of the device */
};

/* A phase of the deployment that a device came to. */
struct phase_result {
    const char *name;
    bool failed;             /* something it requires failed */
    struct mark ok;          /* newest exchange that worked; frame 0 without */
    struct mark failed_mark; /* first one that failed; frame 0 without */
};

#define DEVICE_ADDRESSES_MAX 8

struct device_result {
    struct ip_addr address; /* primary: IPv4 where it has one */
    struct ip_addr addresses[DEVICE_ADDRESSES_MAX];
    uint32_t address_count;
    bool has_mac;
    struct mac_addr mac;
    const char *name;                 /* "" when unknown */
    const struct lease_result *lease; /* NULL when none was seen */
    enum verdict_word verdict;
    const enum status_word *statuses; /* of all services of the list, in its order */
    const uint32_t *findings;         /* ids */
    uint32_t finding_count;
    const uint32_t *causes; /* ids */
    uint32_t cause_count;
    const char *phase;        /* last phase reached; "" when none */
    struct mark phase_mark;   /* its last good frame */
    const char *stopped_at;   /* first phase that failed; "" when none */
    struct mark stopped_mark; /* its first failure */
    const char *next_phase;   /* first one after those seen that did not come; "" when none */
    const struct phase_result *phases; /* reached or failed, in their order */
    uint32_t phase_count;
    const char *const *not_tested; /* service ids that were never tried */
    uint32_t not_tested_count;
};

struct other_name {
    const char *name;
    uint32_t count;
};

struct result {
    enum verdict_word verdict;
    const char *const *reasons; /* why the verdict is what it is, one line each */
    uint32_t reason_count;
    const struct cause *causes;
    uint32_t cause_count;
    const struct finding *findings; /* in order of severity, then of first frame */
    uint32_t finding_count;
    const struct service_result *services; /* the worst of the devices */
    uint32_t service_count;
    const struct device_result *devices;
    uint32_t device_count;
    const struct other_name *other_names; /* most contacted first */
    uint32_t other_name_count;            /* listed */
    uint32_t other_name_total;            /* met */
};

const char *verdict_text(enum verdict_word v); /* "clear", ... */
const char *status_text(enum status_word s);   /* "not-seen", ... */
const char *severity_text(enum severity s);
const char *confidence_text(enum confidence c);
const char *culprit_text(enum culprit c);           /* "" for CULPRIT_NONE */
const char *finding_kind_text(enum finding_kind k); /* "dns-nxdomain", ... */

#endif
