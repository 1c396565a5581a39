/*
 * diagnose/host: one host of one device: its failures judged, its findings made, its services told.
 * SPDX-License-Identifier: MIT
 */
#include <assert.h>

#include "judge.h"

/* The rule of each kind that lies on a row. */
static ruling_fn *const rules[FINDING_KIND_COUNT] = {
    [FINDING_DNS_NXDOMAIN] = dns_ruling,
    [FINDING_DNS_SERVFAIL] = dns_ruling,
    [FINDING_DNS_REFUSED] = dns_ruling,
    [FINDING_DNS_NO_REPLY] = dns_ruling,
    [FINDING_DNS_NO_ADDRESS] = dns_ruling,
    [FINDING_DNS_SINKHOLE] = sinkhole_ruling,
    [FINDING_DNS_UNEXPECTED_ADDRESS] = probe_name_ruling,
    [FINDING_DNS_INJECTED] = injection_ruling,
    [FINDING_DNS_TCP_BLOCKED] = dns_ruling,
    [FINDING_TCP_NO_REPLY] = tcp_ruling,
    [FINDING_TCP_REFUSED] = tcp_ruling,
    [FINDING_TCP_UNREACHABLE] = tcp_ruling,
    [FINDING_TCP_IDLE_CUT] = idle_ruling,
    [FINDING_TCP_STALLED] = stalled_ruling,
    [FINDING_TCP_RESET] = request_ruling,
    [FINDING_TLS_NO_SERVER_HELLO] = tls_ruling,
    [FINDING_TLS_RESET] = tls_ruling,
    [FINDING_TLS_ALERT] = tls_ruling,
    [FINDING_TLS_INCOMPLETE] = tls_ruling,
    [FINDING_TLS_INSPECTED] = inspection_ruling,
    [FINDING_TLS_CERTIFICATE_EXPIRED] = certificate_ruling,
    [FINDING_TLS_CERTIFICATE_NOT_YET_VALID] = certificate_ruling,
    [FINDING_TLS_NAME_MISMATCH] = certificate_ruling,
    [FINDING_TLS_STALLED] = stall_ruling,
    [FINDING_HTTP_NO_RESPONSE] = http_ruling,
    [FINDING_HTTP_ERROR] = http_ruling,
    [FINDING_HTTP_PROXY_AUTH] = http_ruling,
    [FINDING_HTTP_CAPTIVE_PORTAL] = http_ruling,
    [FINDING_HTTP_ALTERED] = http_ruling,
    [FINDING_HTTP_INTERCEPTED] = intercept_ruling,
    [FINDING_HTTP_RANGE_IGNORED] = content_ruling,
    [FINDING_HTTP_CUT_SHORT] = content_ruling,
    [FINDING_NTP_NO_REPLY] = ntp_ruling,
    [FINDING_NTP_KISS_OF_DEATH] = ntp_ruling,
    [FINDING_NTP_UNSYNCHRONIZED] = ntp_ruling,
};

/* All failures of one kind of the host. */
struct slot {
    enum ruling ruling;
    struct failure x; /* the one with the worst ruling; counts and marks are of all such */
    const struct row *row;
    uint32_t draft; /* POOL_NONE: no finding */
};

struct host {
    struct judge *j;
    const struct row *head;
    uint64_t met; /* bits of the kinds whose slots say something */
    struct slot
        slots[FINDING_KIND_COUNT]; /* of others: not set. Most hosts have no failure at all */
};

_Static_assert(FINDING_KIND_COUNT <= 64, "kinds are bits of a word");

/* The next one of the kinds left, which must be some. */
static enum finding_kind next_kind(uint64_t *left)
{
    int kind = __builtin_ctzll(*left);
    *left &= *left - 1;
    return (enum finding_kind)kind;
}

static bool is_dns(enum finding_kind kind)
{
    return kind <= FINDING_DNS_SINKHOLE;
}

static void join(struct host *h, enum ruling ruling, const struct row *row, const struct failure *x)
{
    struct slot *slot = &h->slots[x->kind];
    bool news = (h->met >> x->kind & 1) == 0;
    if (ruling == RULING_DROP || (!news && ruling < slot->ruling))
        return;
    h->met |= 1ULL << x->kind;
    if (news || ruling > slot->ruling) {
        slot->ruling = ruling;
        slot->x = *x;
        slot->row = row;
        return;
    }
    struct failure old = slot->x;
    if (x->last.ts_ns > old.last.ts_ns) {
        slot->x = *x;
        slot->row = row;
    }
    slot->x.first = old.first.ts_ns < x->first.ts_ns ? old.first : x->first;
    slot->x.count = old.count + x->count;
    slot->x.servers = old.servers || x->servers || !addr_eq(&old.server, &x->server);
}

static enum ruling weigh_row(struct host *h, const struct row *row)
{
    enum ruling worst = RULING_DROP;
    struct failure x;
    for (uint32_t at = row->failures; facts_next_failure(h->j->f, &at, &x);) {
        ruling_fn *rule = rules[x.kind];
        enum ruling ruling = rule ? rule(&h->j->j, h->head, row, &x) : RULING_DROP;
        ruling = capture_ruling(&h->j->j, &x, ruling);
        if (ruling == RULING_FAILED && link_cut(&h->j->j, &x))
            ruling = RULING_DOUBT;
        if (ruling == RULING_FAILED && revocation_covered(&h->j->j, h->head, &x))
            ruling = RULING_RECOVERED;
        join(h, ruling, row, &x);
        if (!is_dns((enum finding_kind)x.kind) && ruling > worst)
            worst = ruling;
    }
    return worst;
}

static enum ruling dns_worst(const struct host *h)
{
    enum ruling worst = RULING_DROP;
    for (uint64_t left = h->met; left;) {
        enum finding_kind kind = next_kind(&left);
        if (is_dns(kind) && h->slots[kind].ruling > worst)
            worst = h->slots[kind].ruling;
    }
    return worst;
}

const struct service *judge_service(const struct judge *j, uint32_t name, enum transport transport,
                                    uint16_t port, bool *required)
{
    struct service_match matches[SERVICE_MATCHES_MAX];
    uint32_t count = matches_find(j->f->matches, name, transport, port, matches);
    *required = false;
    for (uint32_t i = 0; i < count; i++) {
        const struct service *s = services_at(j->f->list, matches[i].service);
        if (s->endpoints[matches[i].endpoint].need == NEED_REQUIRED)
            *required = true;
    }
    return count ? services_at(j->f->list, matches[0].service) : NULL;
}

static enum severity severity_of(enum ruling ruling, bool required)
{
    if (ruling == RULING_FAILED)
        return required ? SEVERITY_ERROR : SEVERITY_WARNING;
    return ruling == RULING_WARNS ? SEVERITY_WARNING : SEVERITY_INFO;
}

static void make_finding(struct host *h, enum finding_kind kind)
{
    struct slot *slot = &h->slots[kind];
    slot->draft = POOL_NONE;
    if (slot->ruling == RULING_DOUBT)
        return;
    uint16_t port = is_dns(kind) ? PORT_ANY : slot->row->port;
    enum transport transport = (enum transport)slot->row->transport;
    bool required = false;
    const struct service *service = judge_service(h->j, h->head->name, transport, port, &required);
    struct draft *d = service ? finding_add(h->j, &slot->draft) : NULL;
    if (!d)
        return;
    d->x = slot->x;
    d->client = h->j->j.device;
    d->name = h->head->name;
    d->f.kind = kind;
    d->f.severity = service->other_modes ? SEVERITY_INFO : severity_of(slot->ruling, required);
    d->f.device = facts_at(h->j->f, d->client)->addr;
    d->f.service = service;
    d->f.host = (const char *)intern_name(h->j->f->listed, d->name).data;
    d->f.port = port;
    d->f.proto = transport == TRANSPORT_UDP || (d->x.group & FAIL_QUIC) ? "UDP" : "TCP";
    if (is_dns(kind)) {
        d->f.port = 53;
        d->f.proto = "UDP";
    }
    if (!d->x.servers)
        d->f.server = d->x.server;
    d->f.count = d->x.count;
    d->f.first = d->x.first;
    d->f.last = d->x.last;
    d->f.recovered = slot->ruling == RULING_RECOVERED;
    finding_tell(h->j, d);
}

static void attach(const struct host *h, const struct row *row, struct entry *e)
{
    for (uint64_t left = h->met; left;) {
        enum finding_kind kind = next_kind(&left);
        const struct slot *slot = &h->slots[kind];
        bool mine = is_dns(kind) || slot->row == row || !row;
        if (slot->draft != POOL_NONE && mine &&
            e->finding_count < sizeof e->findings / sizeof *e->findings)
            e->findings[e->finding_count++] = slot->draft;
    }
}

static enum status_word word_of(enum ruling worst, bool worked)
{
    if (worst == RULING_FAILED)
        return STATUS_FAILED;
    if (!worked)
        return STATUS_INCONCLUSIVE;
    return worst == RULING_WARNS ? STATUS_DEGRADED : STATUS_REACHABLE;
}

static struct mark first_failure(const struct host *h)
{
    struct mark first = {0, 0, 0};
    for (uint64_t left = h->met; left;) {
        const struct slot *slot = &h->slots[next_kind(&left)];
        if (slot->ruling == RULING_FAILED &&
            (!mark_set(first) || slot->x.first.ts_ns < first.ts_ns))
            first = slot->x.first;
    }
    return first;
}

/* The phase of a host is that of its most specific endpoint. */
static void tell_phase(struct host *h, const struct row *row, const struct service_match *matches,
                       uint32_t count, enum status_word status)
{
    static const struct mark none = {0, 0, 0};
    const struct service *service = NULL;
    const struct endpoint *endpoint = NULL;
    size_t best = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct service *s = services_at(h->j->f->list, matches[i].service);
        const struct endpoint *e = &s->endpoints[matches[i].endpoint];
        size_t len = e->pattern ? strlen(e->pattern) : 0;
        if (e->shared || s->other_modes || len <= best)
            continue;
        best = len;
        service = s;
        endpoint = e;
    }
    if (!service)
        return;
    const char *word = endpoint->phase ? endpoint->phase : service->phase;
    bool required = endpoint->need == NEED_REQUIRED &&
                    (service->need == NEED_REQUIRED || strcmp(word, "time") == 0);
    bool failed = required && status == STATUS_FAILED;
    phase_note(h->j->phases, word, row && row->successes > 0 ? row->ok : none,
               failed ? first_failure(h) : none);
}

static void tell_services(struct host *h, const struct row *row, struct entry *e, uint16_t port)
{
    struct judge *j = h->j;
    struct service_match matches[SERVICE_MATCHES_MAX];
    uint32_t count =
        matches_find(j->f->matches, e->name, (enum transport)(row ? row->transport : TRANSPORT_TCP),
                     port, matches);
    attach(h, row, e);
    for (uint32_t i = 0; i < count; i++) {
        e->service = matches[i].service;
        e->endpoint = matches[i].endpoint;
        status_add(j, e);
    }
    tell_phase(h, row, matches, count, e->status);
}

/* The rows that were used, each on its port. */
static uint32_t tell_rows(struct host *h, const enum ruling *worst, enum ruling dns)
{
    uint32_t told = 0, index = 0;
    for (const struct row *row = h->head; row; row = facts_row_at(h->j->f, row->next), index++) {
        if (row->port == 0 || index >= SERVICE_MATCHES_MAX)
            continue;
        enum ruling ruling = worst[index] > dns ? worst[index] : dns;
        struct entry e = {
            .name = row->name,
            .attempts = row->attempts,
            .successes = row->successes,
            .status = word_of(ruling, row->successes > 0),
            .unseen = ruling == RULING_DOUBT || (row->flags & ROW_LACKS) != 0,
        };
        if (row->attempts == 0)
            continue;
        h->j->half |= row->successes == 0 && (row->flags & ROW_LACKS) != 0 &&
                      facts_at(h->j->f, h->j->j.device)->one_way > 0;
        if (row->successes > 0)
            (void)map_put(&h->j->ports_ok, (uint64_t)h->j->j.device << 32 | row->port, 1);
        tell_services(h, row, &e, row->port);
        told++;
    }
    return told;
}

/* Endpoints that are about the name itself ("dns" probes). */
static void tell_probe(struct host *h, enum ruling dns)
{
    struct service_match matches[SERVICE_MATCHES_MAX];
    struct judge *j = h->j;
    uint32_t count = matches_find(j->f->matches, h->head->name, TRANSPORT_UDP, 53, matches);
    for (uint32_t i = 0; i < count; i++) {
        const struct service *s = services_at(j->f->list, matches[i].service);
        const struct endpoint *endpoint = &s->endpoints[matches[i].endpoint];
        if (!endpoint->pattern || !endpoint->protocol || strcmp(endpoint->protocol, "dns") != 0)
            continue;
        bool worked = h->head->dns_ok_ns != 0;
        struct entry e = {
            .name = h->head->name,
            .attempts = h->head->questions,
            .successes = worked ? 1 : 0,
            .service = matches[i].service,
            .endpoint = matches[i].endpoint,
            .status = word_of(dns, worked),
        };
        attach(h, NULL, &e);
        status_add(j, &e);
    }
}

void host_judge(struct judge *j, const struct row *head)
{
    assert(head);
    struct host h;
    h.j = j;
    h.head = head;
    h.met = 0;
    enum ruling worst[SERVICE_MATCHES_MAX] = {RULING_DROP};
    uint32_t index = 0;
    for (const struct row *row = head; row; row = facts_row_at(j->f, row->next), index++) {
        enum ruling ruling = weigh_row(&h, row);
        if (index < SERVICE_MATCHES_MAX)
            worst[index] = ruling;
    }
    for (uint64_t left = h.met; left;)
        make_finding(&h, next_kind(&left));
    enum ruling dns = dns_worst(&h);
    uint32_t told = tell_rows(&h, worst, dns);
    tell_probe(&h, dns);
    if (told > 0 || head->questions == 0)
        return;
    struct entry e = {
        .name = head->name,
        .attempts = head->questions,
        .status = word_of(dns, false),
    };
    tell_services(&h, NULL, &e, PORT_ANY);
}
