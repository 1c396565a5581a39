/*
 * diagnose/device: who is a device, and all there is to say about one.
 * SPDX-License-Identifier: MIT
 *
 * A device asks; resolvers, proxies and servers are asked. Where some clients ask for listed hosts, the
 * others are bystanders.
 */
#include <stdlib.h>

#include "judge.h"

#define HTTPS_PORT 443

static bool is_client(const struct client *c)
{
    return (c->flags & CLIENT_ASKED) != 0 && (c->flags & CLIENT_MERGED) == 0 &&
           (c->flags & (CLIENT_RESOLVER | CLIENT_PROXY | CLIENT_SERVER)) == 0 &&
           (!addr_is_unspecified(&c->addr) || (c->flags & CLIENT_UNHEARD) != 0) &&
           !addr_is_multicast(&c->addr);
}

bool device_select(struct judge *j)
{
    uint32_t listed = 0, all = 0;
    for (uint32_t i = 0; i < j->f->clients.count; i++) {
        const struct client *c = facts_at(j->f, i);
        all += is_client(c);
        listed += is_client(c) && (c->flags & CLIENT_LISTED) != 0;
    }
    j->oobe = listed > 0;
    uint32_t count = listed ? listed : all;
    j->devices = arena_alloc(j->arena, (count + 1) * sizeof *j->devices);
    j->device_clients = arena_alloc(j->arena, (count + 1) * sizeof *j->device_clients);
    if (!j->devices || !j->device_clients)
        return false;
    for (uint32_t i = 0; i < j->f->clients.count; i++) {
        const struct client *c = facts_at(j->f, i);
        if (is_client(c) && (!j->oobe || (c->flags & CLIENT_LISTED) != 0))
            j->device_clients[j->device_count++] = i;
    }
    return true;
}

/* ---- findings of the device itself ---- */

/* From the first to the last that failed of what the device tried from this address; the whole capture where
 * the half that it has shows none. */
static void span_of_failures(const struct judge *j, struct finding *f)
{
    struct hosts at = facts_hosts(j->f, j->j.device);
    struct mark first = {0, 0, 0}, last = {0, 0, 0};
    for (const struct row *row = facts_next_host(j->f, &at); row;
         row = facts_next_host(j->f, &at)) {
        struct failure x;
        for (uint32_t i = row->failures; facts_next_failure(j->f, &i, &x);) {
            if (x.server.family != f->device.family)
                continue;
            if (!mark_set(first) || x.first.ts_ns < first.ts_ns)
                first = x.first;
            if (x.last.ts_ns > last.ts_ns)
                last = x.last;
        }
    }
    f->first = mark_set(first) ? first : j->j.capture->first;
    f->last = mark_set(first) ? last : j->j.capture->last;
}

static void half_finding(struct judge *j, bool weighs)
{
    const struct client *c = facts_at(j->f, j->j.device);
    struct draft *d = finding_of_device(j, FINDING_CAPTURE_ONE_WAY, SEVERITY_INFO);
    if (!d)
        return;
    d->weighs = weighs;
    d->x.value = (int64_t)c->one_way + c->two_way;
    d->f.count = c->one_way > 0 ? c->one_way : resolver_unheard(j->f, j->j.device);
    span_of_failures(j, &d->f);
    finding_tell(j, d);
}

int64_t rule_device_ok_ns(const struct judge *j)
{
    const struct client *c = facts_at(j->f, j->j.device);
    int64_t newest = c->time_ns;
    struct hosts at = facts_hosts(j->f, j->j.device);
    for (const struct row *row = facts_next_host(j->f, &at); row;
         row = facts_next_host(j->f, &at)) {
        int64_t ok = rule_host_ok_ns(&j->j, row);
        ok = ok > row->dns_ok_ns ? ok : row->dns_ok_ns;
        newest = ok > newest ? ok : newest;
    }
    for (uint32_t i = c->peers; i != POOL_NONE;) {
        const struct peer *p = pool_at(&j->f->peers, i);
        i = p->next;
        if (p->role != PEER_SEARCH && p->last_answered.ts_ns > newest)
            newest = p->last_answered.ts_ns;
    }
    return newest;
}

static bool used_tls(const struct judge *j, uint32_t client)
{
    for (uint32_t i = 0; i < j->f->routes->pool.count; i++) {
        const struct route *r = route_at(j->f->routes, i);
        if (r->shape != 0 && (r->clients || facts_is_token(j->f, r->client, client)))
            return true;
    }
    return false;
}

/* Inspection that TLS 1.3 hides is about all connections, none in particular. */
static void inspection_finding(struct judge *j)
{
    const struct inspection *i = &j->inspection;
    uint32_t number;
    struct draft *d =
        i->suspicion != SUSPECT_NONE && used_tls(j, j->j.device) ? finding_add(j, &number) : NULL;
    if (!d)
        return;
    d->client = j->j.device;
    d->f.kind = FINDING_TLS_INSPECTED;
    d->f.severity = i->suspicion >= SUSPECT_LIKELY ? SEVERITY_WARNING : SEVERITY_INFO;
    d->f.device = facts_at(j->f, d->client)->addr;
    d->f.port = HTTPS_PORT;
    d->f.proto = "TCP";
    d->f.count = i->servers;
    d->f.first = i->first;
    d->f.last = i->last;
    finding_tell(j, d);
}

/* ---- judging ---- */

static int row_cmp(const void *left, const void *right)
{
    const struct row *const *a = left;
    const struct row *const *b = right;
    return (*a)->name < (*b)->name ? -1 : (*a)->name > (*b)->name;
}

/* Hosts in the order in which their names were first seen. */
static void judge_hosts(struct judge *j, uint32_t client)
{
    size_t most = (size_t)facts_at(j->f, client)->block_count * ROWS_A_BLOCK;
    const struct row **rows = malloc((most + 1) * sizeof(const struct row *));
    if (!rows) {
        j->failed = true;
        return;
    }
    uint32_t n = 0;
    struct hosts at = facts_hosts(j->f, client);
    for (const struct row *row = facts_next_host(j->f, &at); row; row = facts_next_host(j->f, &at))
        rows[n++] = row;
    qsort(rows, n, sizeof(const struct row *), row_cmp);
    for (uint32_t i = 0; i < n; i++)
        host_judge(j, rows[i]);
    free(rows);
}

static void fill_addresses(struct judge *j, struct device_result *d, uint32_t client)
{
    const struct client *c = facts_at(j->f, client);
    d->address = c->addr;
    d->addresses[d->address_count++] = c->addr;
    const struct station *st = j->j.station;
    if (c->mac != POOL_NONE) {
        const struct mac_entry *m = pool_at(&j->f->macs, c->mac);
        d->has_mac = m->v4_count <= 1 || (st && station_is_one(&j->f->stations, st));
        d->mac = m->mac;
    }
    for (uint32_t i = c->merged; i != POOL_NONE && d->address_count < DEVICE_ADDRESSES_MAX;
         i = facts_at(j->f, i)->merged)
        d->addresses[d->address_count++] = facts_at(j->f, i)->addr;
}

static const char *text_at(const struct judge *j, uint32_t text)
{
    return text == INTERN_NONE ? "" : (const char *)intern_name(j->f->texts, text).data;
}

static void fill_station(struct judge *j, struct device_result *d)
{
    const struct station *st = j->j.station;
    d->name = st ? text_at(j, st->name) : "";
    if (!st || !mark_set(st->lease.at))
        return;
    const struct lease *l = &st->lease;
    struct lease_result *out = arena_alloc(j->arena, sizeof *out);
    if (!out)
        return;
    *out = (struct lease_result){
        .at = l->at,
        .address = l->address,
        .server = l->server,
        .mask = l->mask,
        .routers = l->routers,
        .resolvers = l->resolvers,
        .time_servers = l->time_servers,
        .lease_s = l->lease_s,
        .domain = text_at(j, l->domain),
        .search = text_at(j, l->search),
        .proxy = text_at(j, l->proxy),
        .portal = text_at(j, l->portal),
        .vendor = text_at(j, st->vendor),
    };
    d->lease = out;
}

static void fill_findings(struct judge *j, struct device_result *d, uint32_t first)
{
    uint32_t count = j->drafts.count - first;
    uint32_t *ids = judge_ids(j, count);
    for (uint32_t i = 0; ids && i < count; i++)
        ids[i] = first + i;
    d->findings = ids;
    d->finding_count = ids ? count : 0;
}

static void fill_not_tested(struct judge *j, struct device_result *d, const enum status_word *words)
{
    const char **ids = arena_alloc(j->arena, (j->service_count + 1) * sizeof *ids);
    if (!ids)
        return;
    for (uint32_t s = 0; s < j->service_count; s++) {
        if (words[s] == STATUS_NOT_SEEN)
            ids[d->not_tested_count++] = services_at(j->f->list, s)->id;
    }
    d->not_tested = ids;
}

static void fill_services(struct judge *j, struct device_result *d, enum status_word *words)
{
    for (uint32_t s = 0; s < j->service_count; s++) {
        words[s] = status_of(j, s);
        if (j->j.one_way && words[s] > STATUS_REACHABLE)
            words[s] = STATUS_INCONCLUSIVE;
        if (words[s] > j->worst[s])
            j->worst[s] = words[s];
    }
    d->statuses = words;
    fill_not_tested(j, d, words);
}

void device_judge(struct judge *j, uint32_t index)
{
    struct device_result *d = &j->devices[index];
    uint32_t client = j->device_clients[index];
    uint32_t first = j->drafts.count;
    enum status_word *words = arena_alloc(j->arena, (j->service_count + 1) * sizeof *words);
    if (!words) {
        j->failed = true;
        return;
    }
    j->j.device = client;
    j->first_draft = first;
    j->j.one_way = capture_one_way(j, client);
    j->j.station = station_of(j->f, client);
    link_changes(j);
    resolver_forgive(j);
    memset(j->phases, 0, sizeof j->phases);
    memset(j->tallies, 0, j->service_count * sizeof *j->tallies);
    fill_addresses(j, d, client);
    fill_station(j, d);
    j->half = j->j.one_way;
    ipv6_judge(j);
    judge_hosts(j, client);
    if (!j->j.one_way)
        resolver_findings(j);
    search_finding(j);
    clock_judge(j);
    eap_judge(j);
    dhcp_judge(j);
    link_judge(j);
    path_judge(j);
    lost_judge(j);
    inspection_finding(j);
    fill_services(j, d, words);
    d->verdict = verdict_of(j, words, first);
    if (j->half)
        half_finding(j, d->verdict == VERDICT_INCONCLUSIVE);
    fill_findings(j, d, first);
    phase_judge(j, d);
}
