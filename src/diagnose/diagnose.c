/*
 * diagnose/diagnose: the way from facts to a result.
 * SPDX-License-Identifier: MIT
 */
#include "diagnose/diagnose.h"

#include <assert.h>
#include <stdlib.h>

#include "ahead.h"
#include "judge.h"

#define RESULT_BYTES_MAX ((size_t)1 << 30)
#define ENTRIES_MAX      (1U << 20)

struct diagnosis {
    struct facts facts;
    struct ahead *ahead; /* own_ahead, or that of a kin */
    struct ahead own_ahead;
    struct arena arena; /* of the result */
    struct result result;
};

struct diagnosis *diagnosis_new(const struct service_list *list, struct diagnosis *kin,
                                uint32_t number)
{
    struct diagnosis *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    arena_init(&d->arena, RESULT_BYTES_MAX);
    d->ahead = kin ? kin->ahead : &d->own_ahead;
    if (!facts_init(&d->facts, list, kin ? &kin->facts : NULL, number)) {
        diagnosis_free(d);
        return NULL;
    }
    return d;
}

struct diagnosis *diagnosis_copy(struct diagnosis *d)
{
    struct diagnosis *copy = calloc(1, sizeof *copy);
    if (!copy)
        return NULL;
    arena_init(&copy->arena, RESULT_BYTES_MAX);
    if (facts_copy(&copy->facts, &d->facts))
        return copy;
    diagnosis_free(copy);
    return NULL;
}

void diagnosis_free(struct diagnosis *d)
{
    if (!d)
        return;
    if (d->ahead)
        ahead_forget(d->ahead, &d->facts);
    facts_clear(&d->facts);
    arena_clear(&d->arena);
    free(d);
}

/* ---- while it comes ---- */

void diagnosis_transaction(struct diagnosis *d, const struct flow *flow, const struct tx *tx,
                           struct slice host)
{
    switch (tx->kind) {
    case TX_DNS:
        dns_fact(&d->facts, flow, tx);
        break;
    case TX_TLS:
        tls_fact(&d->facts, flow, tx, host);
        revocation_tls_fact(&d->facts, flow, tx, host);
        break;
    case TX_HTTP:
        http_fact(&d->facts, flow, tx, host);
        clock_fact(&d->facts, flow, tx);
        break;
    case TX_NTP:
        ntp_fact(&d->facts, flow, tx, host);
        break;
    case TX_DHCP:
        dhcp_fact(&d->facts, tx);
        return;
    }
    station_saw(&d->facts, flow);
}

void diagnosis_link(struct diagnosis *d, const struct packet *p)
{
    link_fact(&d->facts, p);
}

void diagnosis_advert(struct diagnosis *d, const struct packet *p, const struct ndp_advert *a)
{
    advert_fact(&d->facts, p, a);
}

void diagnosis_dhcp6(struct diagnosis *d, const struct packet *p, const struct dhcp6_message *m)
{
    dhcp6_fact(&d->facts, p, m);
}

void diagnosis_drops(struct diagnosis *d, int64_t since_ns, int64_t until_ns, uint64_t frames)
{
    loss_drops(&d->facts.losses, since_ns, until_ns, frames);
}

void diagnosis_expect(struct diagnosis *d, const struct flow *begun)
{
    ahead_packet(d->ahead, &d->facts, begun);
}

void diagnosis_silence(struct diagnosis *d, int64_t since_ns)
{
    loss_silence(&d->facts.losses, since_ns);
}

void diagnosis_flow(struct diagnosis *d, const struct flow *flow, const struct flow_end *how,
                    struct slice host, const char *app, uint32_t transactions)
{
    if (transactions == 0)
        station_saw(&d->facts, flow);
    tls_flow_fact(&d->facts, flow);
    resolver_flow_fact(&d->facts, flow, how);
    revocation_flow_fact(&d->facts, flow, how, host);
    search_flow_fact(&d->facts, flow);
    stall_flow_fact(&d->facts, flow, host, app);
    idle_flow_fact(&d->facts, flow, how, host);
    path_flow_fact(&d->facts, flow);
    if (flow->key.proto == IP_PROTO_TCP)
        tcp_fact(&d->facts, flow, how, host, app, transactions);
    else
        lost_flow_fact(&d->facts, flow);
}

void diagnosis_unanswered(struct diagnosis *copy, const struct flow *flow, int64_t now_ns,
                          struct slice host)
{
    const struct flow_end now = {.at = {.ts_ns = now_ns}};
    assert(copy->facts.is_copy);
    tcp_fact(&copy->facts, flow, &now, host, "unknown", flow->transactions);
}

struct ip_addr diagnosis_device_of(const struct diagnosis *d, const struct ip_addr *client)
{
    uint32_t id = facts_find(&d->facts, client);
    if (id == POOL_NONE)
        return *client;
    return facts_at(&d->facts, facts_primary(&d->facts, id))->addr;
}

struct ip_addr diagnosis_sender_of(const struct diagnosis *d, const struct flow *flow)
{
    const struct facts *f = &d->facts;
    uint32_t id = facts_find(f, &flow->key.src);
    if (id == POOL_NONE || facts_at(f, id)->mac == POOL_NONE)
        id = flow->has_mac ? facts_of_mac(f, &flow->client_mac) : POOL_NONE;
    return id == POOL_NONE ? flow->key.src : facts_at(f, facts_primary(f, id))->addr;
}

const struct service *diagnosis_service_of(struct diagnosis *d, struct slice host,
                                           enum transport transport, uint16_t port)
{
    struct facts *f = &d->facts;
    char text[NAME_MAX_BYTES + 1];
    struct slice name = facts_host(host, text);
    uint32_t id = facts_name(f, name, false);
    struct service_match matches[SERVICE_MATCHES_MAX];
    uint32_t count = matches_find(f->matches, id, transport, port, matches);
    return count ? services_at(f->list, matches[0].service) : NULL;
}

const struct intern *diagnosis_names(const struct diagnosis *d)
{
    return d->facts.listed;
}

/* ---- numbers ---- */

uint32_t *judge_ids(struct judge *j, uint32_t count)
{
    uint32_t list = count ? pool_add(&j->id_lists) : POOL_NONE;
    uint32_t *ids = list == POOL_NONE ? NULL : arena_alloc(j->arena, count * sizeof *ids);
    if (ids)
        *(struct id_list *)pool_at(&j->id_lists, list) = (struct id_list){ids, count};
    return ids;
}

static int draft_cmp(const void *left, const void *right)
{
    const struct draft *const *l = left;
    const struct draft *const *r = right;
    const struct finding *a = &(*l)->f, *b = &(*r)->f;
    if (a->severity != b->severity)
        return a->severity > b->severity ? -1 : 1;
    if (a->first.ts_ns != b->first.ts_ns)
        return a->first.ts_ns < b->first.ts_ns ? -1 : 1;
    if (a->first.frame != b->first.frame)
        return a->first.frame < b->first.frame ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

static int id_cmp(const void *left, const void *right)
{
    const uint32_t *a = left;
    const uint32_t *b = right;
    return *a < *b ? -1 : *a > *b;
}

/* Gives findings their final order: `order` gets the draft of each. */
static bool number_findings(struct judge *j, uint32_t *order)
{
    uint32_t count = j->drafts.count;
    struct draft **sorted = malloc((count + 1) * sizeof(struct draft *));
    if (!sorted)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        sorted[i] = pool_at(&j->drafts, i);
        sorted[i]->f.id = i;
    }
    qsort(sorted, count, sizeof(struct draft *), draft_cmp);
    for (uint32_t i = 0; i < count; i++) {
        order[i] = sorted[i]->f.id;
        sorted[i]->f.id = i + 1;
    }
    free(sorted);
    return true;
}

static void renumber(struct judge *j)
{
    for (uint32_t i = 0; i < j->id_lists.count; i++) {
        const struct id_list *list = pool_at(&j->id_lists, i);
        for (uint32_t k = 0; k < list->count; k++)
            list->ids[k] = ((const struct draft *)pool_at(&j->drafts, list->ids[k]))->f.id;
        qsort(list->ids, list->count, sizeof *list->ids, id_cmp);
    }
}

static void conclude_findings(struct judge *j, struct result *r)
{
    uint32_t count = j->drafts.count;
    uint32_t *order = malloc((count + 1) * sizeof *order);
    struct finding *findings = arena_alloc(j->arena, (count + 1) * sizeof *findings);
    if (!order || !findings || !number_findings(j, order)) {
        j->failed = true;
    } else {
        cause_find(j, order, count, r);
        for (uint32_t i = 0; i < count; i++)
            findings[i] = ((const struct draft *)pool_at(&j->drafts, order[i]))->f;
        r->findings = findings;
        r->finding_count = count;
        renumber(j);
    }
    free(order);
}

/* ---- other names ---- */

static int other_cmp(const void *left, const void *right)
{
    const struct other_name *a = left;
    const struct other_name *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return strcmp(a->name, b->name);
}

static void list_others(struct judge *j, struct result *r)
{
    uint32_t total = intern_count(j->f->others);
    struct other_name *names = malloc((total + 1) * sizeof *names);
    if (!names) {
        j->failed = true;
        return;
    }
    uint32_t met = 0;
    for (uint32_t i = 0; i < total; i++) {
        const char *name = (const char *)intern_name(j->f->others, i).data;
        if (i < j->f->other_room && j->f->other_counts[i] > 0)
            names[met++] = (struct other_name){name, j->f->other_counts[i]};
    }
    qsort(names, met, sizeof *names, other_cmp);
    r->other_name_total = met;
    r->other_name_count = met < OTHER_NAMES_TOP ? met : OTHER_NAMES_TOP;
    struct other_name *top = arena_alloc(j->arena, (OTHER_NAMES_TOP + 1) * sizeof *top);
    if (top)
        memcpy(top, names, r->other_name_count * sizeof *top);
    else
        r->other_name_count = 0;
    r->other_names = top;
    free(names);
}

/* ---- the whole ---- */

static int service_index(const struct service_list *list, const char *id)
{
    for (uint32_t s = 0; s < services_count(list); s++) {
        if (strcmp(services_at(list, s)->id, id) == 0)
            return (int)s;
    }
    return -1;
}

static bool judge_init(struct judge *j, struct diagnosis *d, const struct capture_facts *capture,
                       uint32_t *suspects)
{
    *j = (struct judge){.f = &d->facts, .arena = &d->arena};
    j->j = (struct judging){
        .f = &d->facts, .capture = capture, .suspects = suspects, .cut = capture_cut(capture)};
    pool_init(&j->drafts, sizeof(struct draft), FINDINGS_MAX, POOL_BLOCK);
    pool_init(&j->totals, sizeof(struct entry), ENTRIES_MAX, POOL_BLOCK);
    pool_init(&j->links, sizeof(struct link), ENTRIES_MAX, POOL_BLOCK);
    pool_init(&j->id_lists, sizeof(struct id_list), ENTRIES_MAX, POOL_BLOCK);
    map_init(&j->by_total, ENTRIES_MAX);
    map_init(&j->ports_ok, ENTRIES_MAX);
    buf_init(&j->text);
    j->service_count = services_count(d->facts.list);
    j->dns_service = service_index(d->facts.list, "dns");
    j->proxy_service = service_index(d->facts.list, "proxy");
    j->dhcp_service = service_index(d->facts.list, "dhcp");
    j->tallies = calloc(j->service_count + 1, sizeof *j->tallies);
    j->worst = calloc(j->service_count + 1, sizeof *j->worst);
    if (!suspects || !j->tallies || !j->worst)
        return false;
    tls_suspects(&d->facts, suspects);
    j->floor = d->facts.routes->floor;
    d->facts.lossy = capture_lossy(&d->facts, capture);
    d->facts.complete = capture->complete;
    j->inspection = inspection_of(d->facts.routes);
    return true;
}

static void judge_clear(struct judge *j)
{
    pool_clear(&j->drafts);
    pool_clear(&j->totals);
    pool_clear(&j->links);
    pool_clear(&j->id_lists);
    map_clear(&j->by_total);
    map_clear(&j->ports_ok);
    buf_clear(&j->text);
    free(j->tallies);
    free(j->worst);
}

static void judge_all(struct judge *j, struct result *r)
{
    r->verdict = j->device_count ? VERDICT_CLEAR : VERDICT_INCONCLUSIVE;
    for (uint32_t i = 0; i < j->device_count; i++) {
        device_judge(j, i);
        if (j->devices[i].verdict > r->verdict)
            r->verdict = j->devices[i].verdict;
    }
    capture_findings(j);
    r->devices = j->devices;
    r->device_count = j->device_count;
    r->services = status_totals(j);
    r->service_count = r->services ? j->service_count : 0;
    verdict_reasons(j, r);
    conclude_findings(j, r);
    list_others(j, r);
}

const struct result *diagnosis_finish(struct diagnosis *d, const struct capture_facts *facts)
{
    struct judge j;
    uint32_t *suspects = NULL;
    facts_merge(&d->facts);
    station_devices(&d->facts);
    suspects = calloc(intern_count(d->facts.texts) + 1, sizeof *suspects);
    bool good =
        revocation_settle(&d->facts) && judge_init(&j, d, facts, suspects) && device_select(&j);
    if (good)
        judge_all(&j, &d->result);
    good = good && !j.failed;
    judge_clear(&j);
    free(suspects);
    return good ? &d->result : NULL;
}
