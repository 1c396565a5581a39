/*
 * diagnose/cause: the smallest explanation of the findings.
 * SPDX-License-Identifier: MIT
 *
 * Rules are tried in their order; the first that fits takes the finding. Findings that a rule takes for
 * the same subject (a resolver, an issuer, a port, a host) are one cause, over all devices. The order
 * of the table is the order of a deployment: bootstrap, trust, reachability, content.
 */
#include <stdlib.h>

#include "issuers.h"
#include "judge.h"

#define CAUSES_MAX 4096U
#define ALIKE      4 /* so many hosts that fail alike are one cause */
#define PORT_HOSTS 2 /* so many hosts silent on a port are a blocked port */

enum subject {
    SUBJECT_NONE,
    SUBJECT_SERVER, /* resolver or proxy */
    SUBJECT_DEVICE,
    SUBJECT_ISSUER,
    SUBJECT_PORT,
    SUBJECT_HOST,
};

struct causing {
    struct judge *j;
    const uint32_t *order; /* drafts by finding number */
    struct map have;       /* hash of client, name, kind: a finding of severity warning or more */
    struct map alike;      /* hash of kind and name seen; hash of kind: number of names */
    struct map ports;      /* client and port: hosts that fail to connect */
    struct map by_subject;
    struct pool groups;
};

struct rule {
    const char *kind;
    const char *what; /* the summary, before what it affects */
    const char *advice;
    uint64_t kinds;                                               /* of findings, as bits */
    bool (*fits)(const struct causing *c, const struct draft *d); /* NULL: always */
    enum subject subject;
    enum confidence confidence;
};

/* A cause while it grows. */
struct group {
    const struct rule *rule;
    uint32_t rank;
    uint32_t first; /* finding number it began with, 0-based */
    uint32_t count;
    uint32_t hosts;
    uint32_t devices;
    uint32_t impact;
    enum severity severity;
    enum confidence confidence;
};

#define BIT(kind) (1ULL << (kind))

#define TCP_KINDS \
    (BIT(FINDING_TCP_NO_REPLY) | BIT(FINDING_TCP_REFUSED) | BIT(FINDING_TCP_UNREACHABLE))
#define CERTIFICATE_KINDS                                                                \
    (BIT(FINDING_TLS_CERTIFICATE_EXPIRED) | BIT(FINDING_TLS_CERTIFICATE_NOT_YET_VALID) | \
     BIT(FINDING_TLS_NAME_MISMATCH))
#define STOPPED_KINDS \
    (BIT(FINDING_TLS_ALERT) | BIT(FINDING_TLS_INCOMPLETE) | BIT(FINDING_TLS_RESET))

/* ---- what else is known of the device or the host ---- */

static uint64_t have_key(uint32_t client, uint32_t name, enum finding_kind kind)
{
    return hash_mix((uint64_t)client << 32 | name, (uint64_t)kind + 1);
}

static bool host_has(const struct causing *c, const struct draft *d, enum finding_kind kind)
{
    return map_get(&c->have, have_key(d->client, d->name, kind)) != MAP_NONE;
}

static bool device_has(const struct causing *c, const struct draft *d, enum finding_kind kind)
{
    return map_get(&c->have, have_key(d->client, INTERN_NONE, kind)) != MAP_NONE;
}

static bool resolver_silent(const struct causing *c, const struct draft *d)
{
    return d->f.host[0] == '\0' || dns_resolvers(c->j->f, d->client) == RESOLVERS_SILENT;
}

static bool clock_known_wrong(const struct causing *c, const struct draft *d)
{
    if (d->f.kind == FINDING_CLOCK_SKEW)
        return true;
    if (!device_has(c, d, FINDING_CLOCK_SKEW))
        return false;
    /* A host whose certificate is not the public one is refused by a right clock too. */
    return !host_has(c, d, FINDING_TLS_INSPECTED) && !host_has(c, d, FINDING_TLS_NAME_MISMATCH) &&
           (d->x.group & FAIL_BY_CLIENT) != 0;
}

static bool host_inspected(const struct causing *c, const struct draft *d)
{
    return d->f.kind == FINDING_TLS_INSPECTED || host_has(c, d, FINDING_TLS_INSPECTED);
}

/* The device says that it does not trust what it was shown: unknown_ca, bad_certificate and kin. */
static bool device_distrusts(const struct causing *c, const struct draft *d)
{
    (void)c;
    return (d->x.group & FAIL_BY_CLIENT) != 0 &&
           (d->x.code == 42 || d->x.code == 46 || d->x.code == 48);
}

static bool certificate_bad(const struct causing *c, const struct draft *d)
{
    if (CERTIFICATE_KINDS >> d->f.kind & 1)
        return true;
    return host_has(c, d, FINDING_TLS_CERTIFICATE_EXPIRED) ||
           host_has(c, d, FINDING_TLS_CERTIFICATE_NOT_YET_VALID) ||
           host_has(c, d, FINDING_TLS_NAME_MISMATCH);
}

static bool behind_portal(const struct causing *c, const struct draft *d)
{
    return d->f.kind == FINDING_HTTP_CAPTIVE_PORTAL ||
           device_has(c, d, FINDING_HTTP_CAPTIVE_PORTAL);
}

static bool by_proxy(const struct causing *c, const struct draft *d)
{
    (void)c;
    return (d->x.group & FAIL_PROXY) != 0;
}

static uint64_t port_key(const struct draft *d)
{
    return (uint64_t)d->client << 32 | d->f.port;
}

static bool port_dead(const struct causing *c, const struct draft *d)
{
    uint32_t hosts = map_get(&c->ports, port_key(d));
    return hosts != MAP_NONE && hosts >= PORT_HOSTS &&
           map_get(&c->j->ports_ok, port_key(d)) == MAP_NONE;
}

static bool middlebox(const struct causing *c, const struct draft *d)
{
    (void)c;
    return d->f.culprit == CULPRIT_MIDDLEBOX;
}

static const struct rule rules[] = {
    {"capture-limits", "The capture itself limits what can be said", NULL,
     BIT(FINDING_CAPTURE_ONE_WAY) | BIT(FINDING_CAPTURE_GAPS) | BIT(FINDING_CAPTURE_TRUNCATED),
     NULL, SUBJECT_NONE, CONFIDENCE_CERTAIN},
    {"resolver-silent", "The DNS resolver does not answer", NULL, BIT(FINDING_DNS_NO_REPLY),
     resolver_silent, SUBJECT_SERVER, CONFIDENCE_LIKELY},
    {"resolver-refuses", "The DNS resolver refuses to answer", NULL, BIT(FINDING_DNS_REFUSED), NULL,
     SUBJECT_SERVER, CONFIDENCE_CERTAIN},
    {"captive-portal", "A captive portal stands between the network and the internet",
     "Let deployment devices past the portal (by MAC address or a network of their own).",
     BIT(FINDING_HTTP_CAPTIVE_PORTAL) | BIT(FINDING_TLS_NAME_MISMATCH) | BIT(FINDING_DNS_SINKHOLE),
     behind_portal, SUBJECT_NONE, CONFIDENCE_CERTAIN},
    {"proxy-auth", "The proxy wants credentials that devices under deployment do not have", NULL,
     BIT(FINDING_HTTP_PROXY_AUTH), NULL, SUBJECT_SERVER, CONFIDENCE_CERTAIN},
    {"proxy-refuses", "The proxy does not let requests pass", NULL,
     BIT(FINDING_HTTP_ERROR) | BIT(FINDING_HTTP_NO_RESPONSE), by_proxy, SUBJECT_SERVER,
     CONFIDENCE_LIKELY},
    {"clock-wrong", "The device's clock is wrong",
     "Set the clock in the firmware and let the device reach a time server.",
     BIT(FINDING_CLOCK_SKEW) | BIT(FINDING_TLS_ALERT) | BIT(FINDING_TLS_INCOMPLETE),
     clock_known_wrong, SUBJECT_NONE, CONFIDENCE_LIKELY},
    {"tls-inspection", "TLS connections are inspected on the way",
     "Exempt the hosts of the list from TLS inspection: a device under deployment does not trust "
     "the inspecting authority yet.",
     BIT(FINDING_TLS_INSPECTED) | STOPPED_KINDS | CERTIFICATE_KINDS, host_inspected, SUBJECT_NONE,
     CONFIDENCE_LIKELY},
    {"server-certificate", "A server presents a certificate that cannot be accepted", NULL,
     CERTIFICATE_KINDS | STOPPED_KINDS, certificate_bad, SUBJECT_HOST, CONFIDENCE_CERTAIN},
    {"untrusted-certificate", "The device does not trust the certificate it is shown",
     "Look for TLS inspection on this path; else update the device's root certificates.",
     BIT(FINDING_TLS_ALERT), device_distrusts, SUBJECT_NONE, CONFIDENCE_LIKELY},
    {"dns-filtered", "The resolver sends names to a dead end", NULL, BIT(FINDING_DNS_SINKHOLE),
     NULL, SUBJECT_NONE, CONFIDENCE_LIKELY},
    {"name-not-found", "The resolver denies that a name exists", NULL, BIT(FINDING_DNS_NXDOMAIN),
     NULL, SUBJECT_HOST, CONFIDENCE_LIKELY},
    {"name-without-address", "The resolver gives no address for a name", NULL,
     BIT(FINDING_DNS_NO_ADDRESS), NULL, SUBJECT_HOST, CONFIDENCE_LIKELY},
    {"resolver-failing", "The resolver cannot resolve a name", NULL, BIT(FINDING_DNS_SERVFAIL),
     NULL, SUBJECT_HOST, CONFIDENCE_LIKELY},
    {"name-unanswered", "Questions for a name stay without answer", NULL, BIT(FINDING_DNS_NO_REPLY),
     NULL, SUBJECT_HOST, CONFIDENCE_LIKELY},
    {"port-blocked", "A port is blocked", "Open the port towards the internet for this network.",
     TCP_KINDS, port_dead, SUBJECT_PORT, CONFIDENCE_LIKELY},
    {"ntp-blocked", "Time servers do not answer", NULL, BIT(FINDING_NTP_NO_REPLY), NULL,
     SUBJECT_NONE, CONFIDENCE_LIKELY},
    {"ntp-refused", "The time server refuses to serve", NULL, BIT(FINDING_NTP_KISS_OF_DEATH), NULL,
     SUBJECT_NONE, CONFIDENCE_CERTAIN},
    {"ntp-unsynchronized", "The time server does not know the time", NULL,
     BIT(FINDING_NTP_UNSYNCHRONIZED), NULL, SUBJECT_NONE, CONFIDENCE_CERTAIN},
    {"host-filtered", "A box on the way cuts connections by name", NULL, STOPPED_KINDS, middlebox,
     SUBJECT_HOST, CONFIDENCE_LIKELY},
    {"host-unreachable", "A host cannot be reached", NULL, TCP_KINDS, NULL, SUBJECT_HOST,
     CONFIDENCE_LIKELY},
    {"tls-silent", "TLS greetings stay without answer", NULL, BIT(FINDING_TLS_NO_SERVER_HELLO),
     NULL, SUBJECT_HOST, CONFIDENCE_LIKELY},
    {"tls-cut", "Connections are cut during the TLS handshake", NULL, BIT(FINDING_TLS_RESET), NULL,
     SUBJECT_HOST, CONFIDENCE_POSSIBLE},
    {"tls-refused", "TLS handshakes end with an alert", NULL, BIT(FINDING_TLS_ALERT), NULL,
     SUBJECT_HOST, CONFIDENCE_LIKELY},
    {"tls-stopped", "TLS handshakes stop half-way", NULL, BIT(FINDING_TLS_INCOMPLETE), NULL,
     SUBJECT_HOST, CONFIDENCE_POSSIBLE},
    {"server-silent", "Requests stay without response", NULL, BIT(FINDING_HTTP_NO_RESPONSE), NULL,
     SUBJECT_HOST, CONFIDENCE_LIKELY},
    {"server-error", "Requests are answered with an error", NULL, BIT(FINDING_HTTP_ERROR), NULL,
     SUBJECT_HOST, CONFIDENCE_LIKELY},
};

#define RULE_COUNT (sizeof rules / sizeof *rules)

static const struct draft *draft_at(const struct causing *c, uint32_t finding)
{
    return pool_at(&c->j->drafts, c->order[finding]);
}

static void count_up(struct map *m, uint64_t key)
{
    uint32_t n = map_get(m, key);
    (void)map_put(m, key, n == MAP_NONE ? 1 : n + 1);
}

/* What the rules ask about: kinds by host and device, names that fail alike, hosts silent on a port. */
static void note(struct causing *c, const struct draft *d)
{
    if (d->f.severity < SEVERITY_WARNING)
        return;
    (void)map_put(&c->have, have_key(d->client, d->name, d->f.kind), 1);
    (void)map_put(&c->have, have_key(d->client, INTERN_NONE, d->f.kind), 1);
    if (TCP_KINDS >> d->f.kind & 1)
        count_up(&c->ports, port_key(d));
    uint64_t name = hash_mix(d->name, (uint64_t)d->f.kind + 1);
    if (d->name != INTERN_NONE && map_get(&c->alike, name) == MAP_NONE &&
        map_put(&c->alike, name, 0))
        count_up(&c->alike, (uint64_t)d->f.kind);
}

static const struct rule *rule_for(const struct causing *c, const struct draft *d)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if ((rules[i].kinds >> d->f.kind & 1) != 0 && (!rules[i].fits || rules[i].fits(c, d)))
            return &rules[i];
    }
    return NULL;
}

static uint64_t subject_key(const struct causing *c, const struct rule *rule, const struct draft *d)
{
    uint64_t rank = (uint64_t)(rule - rules) + 1;
    switch (rule->subject) {
    case SUBJECT_SERVER:
        return addr_hash(rank, &d->f.server);
    case SUBJECT_DEVICE:
        return hash_mix(rank, d->client);
    case SUBJECT_ISSUER:
        return hash_mix(rank, d->x.text);
    case SUBJECT_PORT:
        return hash_mix(rank, d->f.port);
    case SUBJECT_HOST: {
        uint32_t alike = map_get(&c->alike, (uint64_t)d->f.kind);
        return alike != MAP_NONE && alike >= ALIKE ? hash_mix(rank, rank)
                                                   : hash_mix(rank, (uint64_t)d->name << 8);
    }
    case SUBJECT_NONE:
        break;
    }
    return rank;
}

static uint32_t impact_of(const struct finding *f)
{
    if (f->severity != SEVERITY_ERROR || !f->service)
        return 0;
    return (uint32_t)f->service->need + 1;
}

static void take(struct causing *c, uint32_t finding)
{
    struct draft *d = pool_at(&c->j->drafts, c->order[finding]);
    const struct rule *rule = rule_for(c, d);
    if (!rule)
        return;
    uint64_t key = subject_key(c, rule, d);
    uint32_t id = map_get(&c->by_subject, key);
    struct group *g;
    if (id == MAP_NONE) {
        id = pool_add(&c->groups);
        if (id == POOL_NONE || !map_put(&c->by_subject, key, id))
            return;
        g = pool_at(&c->groups, id);
        *g = (struct group){.rule = rule, .rank = (uint32_t)(rule - rules), .first = finding};
    }
    g = pool_at(&c->groups, id);
    d->cause = id;
    g->count++;
    uint32_t impact = impact_of(&d->f);
    g->impact = impact > g->impact ? impact : g->impact;
    g->severity = d->f.severity > g->severity ? d->f.severity : g->severity;
    g->confidence = d->f.confidence > g->confidence ? d->f.confidence : g->confidence;
}

static int group_cmp(const void *left, const void *right)
{
    const struct group *const *a = left;
    const struct group *const *b = right;
    if ((*a)->impact != (*b)->impact)
        return (*a)->impact > (*b)->impact ? -1 : 1;
    if ((*a)->rank != (*b)->rank)
        return (*a)->rank < (*b)->rank ? -1 : 1;
    return (*a)->first < (*b)->first ? -1 : (*a)->first > (*b)->first;
}

/* ---- words ---- */

/* Distinct hosts and devices of a cause; findings are many, so this counts by sets. */
static void count_distinct(const struct causing *c, struct group *g, const uint32_t *explains)
{
    struct map hosts, devices;
    map_init(&hosts, FINDINGS_MAX);
    map_init(&devices, FINDINGS_MAX);
    for (uint32_t i = 0; i < g->count; i++) {
        const struct draft *d = draft_at(c, explains[i] - 1);
        if (d->name != INTERN_NONE)
            (void)map_put(&hosts, d->name, 1);
        if (d->client != POOL_NONE)
            (void)map_put(&devices, d->client, 1);
    }
    g->hosts = hosts.count;
    g->devices = devices.count;
    map_clear(&hosts);
    map_clear(&devices);
}

static void say_subject(struct causing *c, const struct group *g)
{
    struct buf *b = &c->j->text;
    const struct draft *d = draft_at(c, g->first);
    char address[ADDR_TEXT_SIZE];
    switch (g->rule->subject) {
    case SUBJECT_SERVER:
        if (d->f.server.family != 0)
            buf_printf(b, " (%s)", addr_text(&d->f.server, address));
        break;
    case SUBJECT_PORT:
        buf_printf(b, " (%s %u)", d->f.proto, d->f.port);
        break;
    case SUBJECT_HOST:
    case SUBJECT_DEVICE:
    case SUBJECT_ISSUER:
    case SUBJECT_NONE:
        break;
    }
    if (g->rule->kinds & BIT(FINDING_TLS_INSPECTED) && d->x.text != INTERN_NONE &&
        d->f.kind == FINDING_TLS_INSPECTED) {
        buf_str(b, " by ");
        buf_slice(b, issuer_label(intern_name(c->j->f->texts, d->x.text)));
    }
}

static const char *say(struct causing *c, const struct group *g)
{
    struct buf *b = &c->j->text;
    const struct draft *d = draft_at(c, g->first);
    buf_str(b, g->rule->what);
    say_subject(c, g);
    if (g->hosts == 1 && d->f.host[0] != '\0')
        buf_printf(b, ": %s", d->f.host);
    else if (g->hosts > 0)
        buf_printf(b, ": %u host%s", g->hosts, g->hosts == 1 ? "" : "s");
    if (c->j->device_count > 1 && g->devices > 0)
        buf_printf(b, ", %u of %u devices", g->devices, c->j->device_count);
    return judge_keep(c->j);
}

static void fill_cause(struct causing *c, struct cause *out, uint32_t id, struct group *g,
                       uint32_t findings)
{
    uint32_t *explains = arena_alloc(c->j->arena, (g->count + 1) * sizeof *explains);
    if (!explains)
        return;
    uint32_t n = 0;
    for (uint32_t i = g->first; i < findings && n < g->count; i++) {
        if (draft_at(c, i)->cause == id)
            explains[n++] = i + 1;
    }
    g->count = n;
    count_distinct(c, g, explains);
    out->kind = g->rule->kind;
    out->summary = say(c, g);
    out->advice = g->rule->advice ? g->rule->advice : draft_at(c, g->first)->f.advice;
    out->confidence = g->confidence > g->rule->confidence ? g->confidence : g->rule->confidence;
    out->severity = g->severity;
    out->explains = explains;
    out->explain_count = n;
}

/* ---- devices know the causes of their findings ---- */

static void tell_device(struct causing *c, struct device_result *d, const uint32_t *numbers)
{
    struct map seen;
    map_init(&seen, CAUSES_MAX);
    for (uint32_t i = 0; i < d->finding_count; i++) {
        const struct draft *draft = pool_at(&c->j->drafts, d->findings[i]);
        if (draft->cause != POOL_NONE)
            (void)map_put(&seen, numbers[draft->cause], 1);
    }
    uint32_t *ids = seen.count ? arena_alloc(c->j->arena, seen.count * sizeof *ids) : NULL;
    for (uint32_t id = 1; ids && id <= c->groups.count; id++) {
        if (map_get(&seen, id) != MAP_NONE)
            ids[d->cause_count++] = id;
    }
    d->causes = ids;
    map_clear(&seen);
}

static void number_groups(struct causing *c, uint32_t findings, struct result *r)
{
    uint32_t count = c->groups.count;
    struct group **sorted = malloc((count + 1) * sizeof(struct group *));
    uint32_t *numbers = malloc((count + 1) * sizeof *numbers);
    struct cause *causes = arena_alloc(c->j->arena, (count + 1) * sizeof *causes);
    if (!sorted || !numbers || !causes) {
        c->j->failed = true;
        goto out;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct group *g = pool_at(&c->groups, i);
        sorted[i] = g;
    }
    qsort(sorted, count, sizeof(struct group *), group_cmp);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t id = draft_at(c, sorted[i]->first)->cause;
        numbers[id] = i + 1;
        causes[i].id = i + 1;
        fill_cause(c, &causes[i], id, sorted[i], findings);
    }
    r->causes = causes;
    r->cause_count = count;
    for (uint32_t i = 0; i < c->j->device_count; i++)
        tell_device(c, &c->j->devices[i], numbers);
out:
    free(sorted);
    free(numbers);
}

void cause_find(struct judge *j, const uint32_t *order, uint32_t count, struct result *r)
{
    struct causing c = {.j = j, .order = order};
    map_init(&c.have, FINDINGS_MAX * 2);
    map_init(&c.alike, FINDINGS_MAX * 2);
    map_init(&c.ports, FINDINGS_MAX);
    map_init(&c.by_subject, CAUSES_MAX);
    pool_init(&c.groups, sizeof(struct group), CAUSES_MAX);
    for (uint32_t i = 0; i < count; i++)
        note(&c, draft_at(&c, i));
    for (uint32_t i = 0; i < count; i++) {
        if (draft_at(&c, i)->f.severity >= SEVERITY_WARNING)
            take(&c, i);
    }
    number_groups(&c, count, r);
    map_clear(&c.have);
    map_clear(&c.alike);
    map_clear(&c.ports);
    map_clear(&c.by_subject);
    pool_clear(&c.groups);
}
