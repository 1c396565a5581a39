/*
 * diagnose/cause: the smallest explanation of the findings.
 * SPDX-License-Identifier: MIT
 *
 * Findings that a rule (cause_rules) takes for the same subject (a resolver, an issuer, a port, a host)
 * are one cause, over all devices.
 */
#include <stdlib.h>

#include "cause_path.h"
#include "firewall.h"
#include "issuers.h"

#define CAUSES_MAX       4096U
#define DOMAIN_NAMES_MAX 64
#define ALIKE            4 /* so many hosts that fail alike are one cause */

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
    bool firm; /* some finding does not rest on what the capture may have lost */
};

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
    (void)map_put(&c->have, cause_have_key(d->client, d->name, d->f.kind), 1);
    (void)map_put(&c->have, cause_have_key(d->client, INTERN_NONE, d->f.kind), 1);
    if (d->f.kind == FINDING_TLS_INSPECTED && d->name == INTERN_NONE)
        (void)map_put(&c->have, cause_wide_key(d->client), 1);
    if (d->f.kind == FINDING_HTTP_CAPTIVE_PORTAL)
        (void)map_put(&c->have, cause_portal_key(d), 1);
    if (TCP_KINDS >> d->f.kind & 1)
        count_up(&c->ports, cause_port_key(d));
    uint64_t name = hash_mix(d->name, (uint64_t)d->f.kind + 1);
    if (d->name != INTERN_NONE && map_get(&c->alike, name) == MAP_NONE &&
        map_put(&c->alike, name, 0))
        count_up(&c->alike, (uint64_t)d->f.kind);
}

static uint64_t subject_key(const struct causing *c, enum subject subject, uint64_t rank,
                            const struct draft *d)
{
    switch (subject) {
    case SUBJECT_SERVER:
        return addr_hash(rank, cause_server(c, d));
    case SUBJECT_DEVICE:
        return hash_mix(rank, d->client);
    case SUBJECT_ISSUER:
        return hash_mix(rank, d->x.text);
    case SUBJECT_PORT:
        return hash_mix(rank, cause_port(d));
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
    uint32_t rank;
    const struct rule *rule = cause_rule(c, d, &rank);
    if (!rule)
        return;
    uint64_t key = subject_key(c, rule->subject, (uint64_t)rank + 1, d);
    uint32_t id = map_get(&c->by_subject, key);
    struct group *g;
    if (id == MAP_NONE) {
        id = pool_add(&c->groups);
        if (id == POOL_NONE || !map_put(&c->by_subject, key, id))
            return;
        g = pool_at(&c->groups, id);
        *g = (struct group){.rule = rule, .rank = rank, .first = finding};
    }
    g = pool_at(&c->groups, id);
    d->cause = id;
    g->count++;
    uint32_t impact = impact_of(&d->f);
    g->impact = impact > g->impact ? impact : g->impact;
    g->severity = d->f.severity > g->severity ? d->f.severity : g->severity;
    g->firm |= !d->lossy;
    g->confidence = d->f.confidence > g->confidence ? d->f.confidence : g->confidence;
}

static int group_cmp(const void *left, const void *right)
{
    const struct group *const *a = left;
    const struct group *const *b = right;
    if ((*a)->impact != (*b)->impact)
        return (*a)->impact > (*b)->impact ? -1 : 1;
    if ((*a)->severity != (*b)->severity)
        return (*a)->severity > (*b)->severity ? -1 : 1;
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
        if (cause_server(c, d)->family != 0)
            buf_printf(b, " (%s)", addr_text(cause_server(c, d), address));
        break;
    case SUBJECT_PORT:
        buf_printf(b, " (%s %u)", d->f.proto, cause_port(d));
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

/* When a network went away; that of several devices at once went at several frames. */
static void say_moment(struct causing *c, const struct group *g, const uint32_t *explains)
{
    for (uint32_t i = 0; g->devices == 1 && i < g->count; i++) {
        const struct draft *d = draft_at(c, explains[i] - 1);
        if (d->f.kind == FINDING_NETWORK_LOST)
            buf_printf(&c->j->text, " (frame %u)", d->f.first.frame);
    }
}

/* A name rule is often one on a domain. */
static void say_domain(struct causing *c, const struct group *g, const uint32_t *explains)
{
    uint32_t names[DOMAIN_NAMES_MAX];
    uint32_t count = 0;
    if (!g->rule->by_domain || g->hosts < 2 || g->count > DOMAIN_NAMES_MAX)
        return;
    for (uint32_t i = 0; i < g->count; i++) {
        const struct draft *d = draft_at(c, explains[i] - 1);
        if (d->name != INTERN_NONE)
            names[count++] = d->name;
    }
    struct slice domain = firewall_suffix(c->j, names, count);
    if (domain.len == 0)
        return;
    buf_str(&c->j->text, " in ");
    buf_slice(&c->j->text, domain);
}

static const char *say(struct causing *c, const struct group *g, const uint32_t *explains)
{
    struct buf *b = &c->j->text;
    const struct draft *d = draft_at(c, g->first);
    buf_str(b, g->rule->what);
    say_subject(c, g);
    say_moment(c, g, explains);
    if (g->hosts == 1 && d->f.host[0] != '\0')
        buf_printf(b, ": %s", d->f.host);
    else if (g->hosts > 0)
        buf_printf(b, ": %u host%s", g->hosts, g->hosts == 1 ? "" : "s");
    say_domain(c, g, explains);
    if (c->j->device_count > 1 && g->devices > 0)
        buf_printf(b, ", %u of %u devices", g->devices, c->j->device_count);
    return judge_keep(c->j);
}

/* What a rule adds to its findings is no surer than they are where the capture lost packets. */
static enum confidence confidence_of(const struct group *g)
{
    enum confidence least = g->rule->confidence;
    if (!g->firm && least > CONFIDENCE_POSSIBLE)
        least--;
    return g->confidence > least ? g->confidence : least;
}

/* What stalls only waits for what failed elsewhere, and what fails on a link that lacks something does so for
 * that. */
static int weight(const struct draft *d)
{
    bool link = d->f.kind >= FINDING_EAP_NO_REQUEST && d->f.kind <= FINDING_DHCP_SEVERAL_SERVERS;
    if (d->f.kind == FINDING_TLS_STALLED)
        return 0;
    return link && d->f.severity == SEVERITY_ERROR ? 2 : 1;
}

/* The finding that speaks for the cause: the first of the kind that most of those have that weigh most. */
static const struct draft *spokesman(const struct causing *c, const struct group *g,
                                     const uint32_t *explains)
{
    uint32_t counts[FINDING_KIND_COUNT] = {0};
    const struct draft *best = draft_at(c, g->first);
    for (uint32_t i = 0; i < g->count; i++)
        counts[draft_at(c, explains[i] - 1)->f.kind]++;
    for (uint32_t i = 0; i < g->count; i++) {
        const struct draft *d = draft_at(c, explains[i] - 1);
        bool like = weight(d) == weight(best) && d->f.severity == best->f.severity;
        if (weight(d) > weight(best) || (like && counts[d->f.kind] > counts[best->f.kind]))
            best = d;
    }
    return best;
}

/* What only comes of a cause is not mended where it shows: which kinds each kind of root brings about. */
static bool is_consequence(const struct rule *rule, enum finding_kind kind)
{
    static const struct {
        uint64_t root, consequences;
    } chains[] = {
        {BIT(FINDING_HTTP_CAPTIVE_PORTAL), ~BIT(FINDING_HTTP_CAPTIVE_PORTAL)},
        {BIT(FINDING_DNS_SINKHOLE) | BIT(FINDING_DNS_NXDOMAIN), AFTER_KINDS},
        {BIT(FINDING_HTTP_PROXY_AUTH), ~BIT(FINDING_HTTP_PROXY_AUTH)},
        {BIT(FINDING_CLOCK_SKEW), BIT(FINDING_TLS_ALERT) | BIT(FINDING_TLS_INCOMPLETE)},
        {BIT(FINDING_TLS_INSPECTED), ~BIT(FINDING_TLS_INSPECTED)},
        {BIT(FINDING_NETWORK_LOST), ~0ULL},
    };
    for (size_t i = 0; i < sizeof chains / sizeof *chains; i++) {
        if ((rule->kinds & chains[i].root) != 0)
            return (chains[i].consequences >> kind & 1) != 0;
    }
    return false;
}

static void advise_consequences(struct causing *c, const struct rule *rule,
                                const uint32_t *explains, uint32_t count)
{
    for (uint32_t i = 0; rule->advice && i < count; i++) {
        struct draft *d = pool_at(&c->j->drafts, c->order[explains[i] - 1]);
        if (is_consequence(rule, d->f.kind))
            d->f.advice = rule->advice;
    }
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
    out->summary = say(c, g, explains);
    out->advice = g->rule->advice ? g->rule->advice : spokesman(c, g, explains)->f.advice;
    out->confidence = confidence_of(g);
    out->severity = g->severity;
    out->explains = explains;
    out->explain_count = n;
    advise_consequences(c, g->rule, explains, n);
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
    pool_init(&c.groups, sizeof(struct group), CAUSES_MAX, POOL_BLOCK);
    for (uint32_t i = 0; i < count; i++)
        note(&c, draft_at(&c, i));
    path_find_burst(&c, count);
    for (uint32_t i = 0; i < count; i++) {
        if (draft_at(&c, i)->f.severity >= SEVERITY_WARNING || draft_at(&c, i)->weighs)
            take(&c, i);
    }
    number_groups(&c, count, r);
    map_clear(&c.have);
    map_clear(&c.alike);
    map_clear(&c.ports);
    map_clear(&c.by_subject);
    pool_clear(&c.groups);
}
