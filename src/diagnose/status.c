/*
 * diagnose/status: from hosts to services.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "judge.h"

static void link_findings(struct judge *j, struct entry *total, const struct entry *e)
{
    for (uint32_t i = 0; i < e->finding_count; i++) {
        uint32_t id = pool_add(&j->links);
        if (id == POOL_NONE)
            return;
        *(struct link *)pool_at(&j->links, id) = (struct link){e->findings[i], total->findings[0]};
        total->findings[0] = id;
        total->finding_count++;
    }
}

/* Adds to what all devices saw of the host: findings are a list of links there. */
static void add_total(struct judge *j, const struct entry *e)
{
    uint64_t key = hash_mix((uint64_t)e->service << 16 | e->endpoint, e->name);
    uint32_t id = map_get(&j->by_total, key);
    if (id == MAP_NONE) {
        id = pool_add(&j->totals);
        if (id == POOL_NONE || !map_put(&j->by_total, key, id)) {
            j->failed = true;
            return;
        }
        struct entry *new = pool_at(&j->totals, id);
        *new = *e;
        new->finding_count = 0;
        new->findings[0] = POOL_NONE;
    } else {
        struct entry *old = pool_at(&j->totals, id);
        old->attempts += e->attempts;
        old->successes += e->successes;
        if (e->status > old->status)
            old->status = e->status;
    }
    link_findings(j, pool_at(&j->totals, id), e);
}

void status_add(struct judge *j, const struct entry *e)
{
    const struct endpoint *endpoint = &services_at(j->f->list, e->service)->endpoints[e->endpoint];
    struct tally *t = &j->tallies[e->service];
    bool required = endpoint->need == NEED_REQUIRED;
    add_total(j, e);
    switch (e->status) {
    case STATUS_FAILED:
        t->failed_required |= required;
        t->failed_other |= !required;
        break;
    case STATUS_DEGRADED:
        t->warned_required |= required;
        t->warned_other |= !required;
        t->worked |= !endpoint->shared;
        break;
    case STATUS_REACHABLE:
        t->worked |= !endpoint->shared;
        break;
    case STATUS_INCONCLUSIVE:
        t->tried |= !endpoint->shared;
        t->unseen |= required && e->unseen;
        break;
    case STATUS_NOT_SEEN:
        break;
    }
}

static bool has_required(const struct service *s)
{
    for (uint32_t i = 0; i < s->endpoint_count; i++) {
        if (s->endpoints[i].need == NEED_REQUIRED)
            return true;
    }
    return false;
}

static enum status_word dns_status(const struct judge *j)
{
    switch (dns_resolvers(j->f, j->j.device)) {
    case RESOLVERS_SILENT:
        return STATUS_FAILED;
    case RESOLVERS_ONE_SILENT:
        return STATUS_DEGRADED;
    case RESOLVERS_FINE:
        return resolver_slow(j->f, j->j.device) ? STATUS_DEGRADED : STATUS_REACHABLE;
    case RESOLVERS_UNKNOWN:
        break;
    }
    for (uint32_t i = facts_at(j->f, j->j.device)->peers; i != POOL_NONE;) {
        const struct peer *p = pool_at(&j->f->peers, i);
        if (p->role == PEER_RESOLVER)
            return STATUS_INCONCLUSIVE;
        i = p->next;
    }
    return STATUS_NOT_SEEN;
}

/* What a proxy refused and the device got by another way is no failure. */
static bool proxy_missed(const struct judge *j)
{
    for (uint32_t i = j->first_draft; i < j->drafts.count; i++) {
        const struct draft *d = pool_at(&j->drafts, i);
        if (d->f.severity >= SEVERITY_WARNING && (d->x.group & FAIL_PROXY) != 0)
            return true;
    }
    return false;
}

/* Seen only when a proxy is used, or WPAD is answered. */
static enum status_word proxy_status(const struct judge *j)
{
    const struct client *c = facts_at(j->f, j->j.device);
    enum status_word word = STATUS_NOT_SEEN;
    for (uint32_t i = c->peers; i != POOL_NONE;) {
        const struct peer *p = pool_at(&j->f->peers, i);
        i = p->next;
        if (p->role != PEER_PROXY)
            continue;
        enum status_word this = STATUS_INCONCLUSIVE;
        if (p->answered > 0 || (p->unanswered == 0 && p->refused > 0 && !proxy_missed(j)))
            this = STATUS_REACHABLE;
        else if (p->refused + p->unanswered > 0)
            this = STATUS_FAILED;
        word = this > word ? this : word;
    }
    if (word == STATUS_NOT_SEEN && (c->flags & CLIENT_WPAD))
        return STATUS_REACHABLE;
    return word;
}

enum status_word status_of(const struct judge *j, uint32_t service)
{
    if ((int)service == j->dns_service)
        return dns_status(j);
    if ((int)service == j->proxy_service)
        return proxy_status(j);
    if ((int)service == j->dhcp_service)
        return j->dhcp_word;
    const struct tally *t = &j->tallies[service];
    bool strict = has_required(services_at(j->f->list, service));
    if (t->failed_required || (!strict && t->failed_other))
        return STATUS_FAILED;
    if (t->failed_other || t->warned_required || (!strict && t->warned_other))
        return STATUS_DEGRADED;
    if (t->worked)
        return STATUS_REACHABLE;
    return t->tried ? STATUS_INCONCLUSIVE : STATUS_NOT_SEEN;
}

/* ---- results ---- */

static int entry_cmp(const void *left, const void *right)
{
    const struct entry *const *a = left;
    const struct entry *const *b = right;
    if ((*a)->service != (*b)->service)
        return (*a)->service < (*b)->service ? -1 : 1;
    if ((*a)->endpoint != (*b)->endpoint)
        return (*a)->endpoint < (*b)->endpoint ? -1 : 1;
    return (*a)->name < (*b)->name ? -1 : (*a)->name > (*b)->name;
}

static const uint32_t *copy_findings(struct judge *j, const struct entry *e)
{
    if (e->finding_count == 0)
        return NULL;
    uint32_t *ids = judge_ids(j, e->finding_count);
    uint32_t link = e->findings[0];
    for (uint32_t i = 0; ids && i < e->finding_count; i++) {
        const struct link *l = pool_at(&j->links, link);
        ids[i] = l->draft;
        link = l->next;
    }
    return ids;
}

static void add_host(struct judge *j, struct host_result *hosts, uint32_t *count,
                     const struct entry *e)
{
    const char *name = (const char *)intern_name(j->f->listed, e->name).data;
    struct host_result *h = *count > 0 ? &hosts[*count - 1] : NULL;
    if (h && h->host == name) {
        /* The same host on another port of the endpoint. */
        h->attempts += e->attempts;
        h->successes += e->successes;
        h->status = e->status > h->status ? e->status : h->status;
        if (e->finding_count > h->finding_count) {
            h->findings = copy_findings(j, e);
            h->finding_count = h->findings ? e->finding_count : 0;
        }
        return;
    }
    h = &hosts[(*count)++];
    h->host = name;
    h->attempts = e->attempts;
    h->successes = e->successes;
    h->status = e->status;
    h->findings = copy_findings(j, e);
    h->finding_count = h->findings ? e->finding_count : 0;
}

/* The entries [from, to) of one service as endpoints with hosts. */
static void fill_service(struct judge *j, struct service_result *out, struct entry *const *sorted,
                         uint32_t count)
{
    uint32_t endpoints = 0;
    for (uint32_t i = 0; i < count; i++)
        endpoints += i == 0 || sorted[i]->endpoint != sorted[i - 1]->endpoint;
    struct endpoint_result *results = arena_alloc(j->arena, endpoints * sizeof *results);
    struct host_result *hosts = arena_alloc(j->arena, count * sizeof *hosts);
    if (!results || !hosts) {
        j->failed = true;
        return;
    }
    out->endpoints = results;
    out->endpoint_count = endpoints;
    struct endpoint_result *at = results;
    for (uint32_t i = 0; i < count;) {
        uint32_t n = 0, first = i;
        for (; i < count && sorted[i]->endpoint == sorted[first]->endpoint; i++)
            add_host(j, hosts, &n, sorted[i]);
        *at++ =
            (struct endpoint_result){&out->service->endpoints[sorted[first]->endpoint], hosts, n};
        hosts += n;
    }
}

const struct service_result *status_totals(struct judge *j)
{
    const struct pool *entries = &j->totals;
    struct service_result *results = arena_alloc(j->arena, j->service_count * sizeof *results);
    struct entry **sorted = malloc((entries->count + 1) * sizeof(struct entry *));
    if (!results || !sorted) {
        j->failed = true;
        free(sorted);
        return NULL;
    }
    for (uint32_t i = 0; i < entries->count; i++)
        sorted[i] = pool_at(entries, i);
    qsort(sorted, entries->count, sizeof(struct entry *), entry_cmp);
    uint32_t at = 0;
    for (uint32_t s = 0; s < j->service_count; s++) {
        results[s].service = services_at(j->f->list, s);
        results[s].status = j->worst[s];
        uint32_t from = at;
        while (at < entries->count && sorted[at]->service == s)
            at++;
        if (at > from)
            fill_service(j, &results[s], sorted + from, at - from);
    }
    free(sorted);
    return results;
}
