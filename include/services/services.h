/*
 * services/services: the list of required services.
 * SPDX-License-Identifier: MIT
 *
 * Loads, checks and holds a list: the embedded one, a user's file, or the document of Microsoft's
 * "Office 365 IP Address and URL web service". A loaded list never changes. docs/SERVICES.md describes
 * the format.
 */
#ifndef SERVICES_SERVICES_H
#define SERVICES_SERVICES_H

#include "base/err.h"
#include "net/addr.h"

enum need {
    NEED_OPTIONAL,
    NEED_CONDITIONAL,
    NEED_REQUIRED, /* greater means more */
};

enum match_kind {
    MATCH_EXACT,
    MATCH_SUFFIX, /* "*.example.com": at least one more label */
    MATCH_GLOB,   /* '*' elsewhere, matches any text, dots too */
    MATCH_LABEL,  /* a single-label name */
    MATCH_PORT,   /* no host: by port and transport only */
};

enum transport {
    TRANSPORT_TCP,
    TRANSPORT_UDP,
};

#define ENDPOINT_PORTS_MAX 8

struct endpoint {
    const char *pattern;     /* host pattern in lower case; NULL for MATCH_PORT */
    const char *protocol;    /* "tls", "http", "web" (both), "quic", "ntp", "dns", ... */
    const char *role;        /* "crl", "ocsp", "aia", "ctl", "crl,aia", or NULL */
    const char *note;        /* or NULL */
    const char *region;      /* or NULL */
    const char *phase;       /* where it differs from its service's; else NULL */
    const char *probe_path;  /* of a content check, or NULL */
    const char *probe_body;  /* what the response body begins with, or NULL */
    const char *probe_dns_a; /* address Windows expects, or NULL */
    const char *probe_dns_aaaa;
    uint16_t ports[ENDPOINT_PORTS_MAX];
    uint16_t port_count;
    uint16_t probe_status;
    enum match_kind match;
    enum transport transport;
    enum need need;     /* for its service */
    bool shared;        /* a success alone does not make this service reachable */
    bool no_proxy_auth; /* documented: must pass a proxy without credentials */
    bool no_inspection; /* TLS inspection is documented as unsupported */
    bool pinned;        /* certificates are pinned */
    bool legacy;        /* an older or dropped name */
    bool observed;      /* seen in captures, maybe in no official table */
};

struct service {
    const char *id;
    const char *name;
    const char *phase; /* "network", "time", "profile", ...; "other" where the list does not say */
    const char *when_unreachable; /* what the deployment loses; NULL where no source says */
    const char *notes;            /* or NULL */
    const char *const
        *issuers;              /* texts within an issuer's name that are no sign of inspection here,
                                     though no public web authority */
    const char *const *ranges; /* published addresses, "192.0.2.0/24"; names decide, not these */
    const struct endpoint *endpoints;
    uint32_t issuer_count;
    uint32_t range_count;
    uint32_t endpoint_count;
    enum need need;
    bool other_modes; /* only other Autopilot modes than device preparation need it */
};

#define SERVICES_MAX           1024
#define SERVICES_ENDPOINTS_MAX 65535 /* of all services of a list */
#define SERVICES_FILE_MAX      (16UL * 1024 * 1024)

struct service_list;

/* The list built into the program. NULL only when memory is out. */
struct service_list *services_embedded(struct err *err);
/* A user's file. On errors NULL, with line, column ("FILE:LINE:COLUMN" in `where`) and what to do. */
struct service_list *services_load_file(const char *path, struct err *err);
/* The same from text; `name` stands for the file in errors. */
struct service_list *services_load(struct slice json, const char *name, struct err *err);
/* Adds the services of `more` behind those of `list`; `more` is taken and freed, also on errors. An id
 * that both have is an error; `list` is then as before. */
bool services_append(struct service_list *list, struct service_list *more, struct err *err);
void services_free(struct service_list *list);

const char *services_name(const struct service_list *list);  /* "embedded", file name; "a, b" */
const char *services_as_of(const struct service_list *list); /* of the first; "unknown" without */
/* Hex. Of one document its digest; after services_append the digest of both digests in hex. */
const char *services_sha256(const struct service_list *list);
uint32_t services_count(const struct service_list *list);
const struct service *services_at(const struct service_list *list, uint32_t index);   /* < count */
const struct service *services_find(const struct service_list *list, const char *id); /* or NULL */

#define SERVICE_MATCHES_MAX 16
#define PORT_ANY            0

struct service_match {
    uint16_t service;  /* index of the service */
    uint16_t endpoint; /* index of the endpoint within it: the most specific */
};

/* Which services a name belongs to, at most one endpoint each: those where the failure matters most
 * first (need of the service, need of the endpoint, not shared, order of the list). `host` in any case,
 * with or without a trailing dot; empty: by port only. `port` PORT_ANY (with any transport): by name
 * only. Returns how many.
 *
 * Within a service the most specific endpoint wins: an exact name before any pattern, then the pattern
 * with more literal characters, a suffix before a glob of the same length, the greater need, the first
 * in the list. Endpoints of other ports or the other transport do not take part. What cannot be a host
 * name (over 253 characters, other than letters, digits, '-', '_' and dots) meets nothing. */
uint32_t services_match(const struct service_list *list, struct slice host,
                        enum transport transport, uint16_t port,
                        struct service_match out[SERVICE_MATCHES_MAX]);

struct service_hit {
    struct service_match at;
    uint16_t literals; /* characters of the pattern that are not '*' */
    bool port_fits;
    bool chosen; /* what services_match takes for this service */
};

/* Every endpoint whose pattern meets `host` (empty: whose port fits), other ports too: by service in
 * the order of the list, the most specific first. Fills `cap` at most, returns how many there are. */
uint32_t services_explain(const struct service_list *list, struct slice host,
                          enum transport transport, uint16_t port, struct service_hit *out,
                          uint32_t cap);

const char *need_name(enum need need);             /* "required", ... */
const char *match_kind_name(enum match_kind kind); /* "exact", ... */
const char *transport_name(enum transport transport);

#endif
