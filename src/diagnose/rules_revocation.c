/*
 * diagnose/rules_revocation: hosts of authorities, and the handshakes that wait for them.
 * SPDX-License-Identifier: MIT
 *
 * RFC 5280 (CRL), 6960 (OCSP). An authority has several hosts for the same: one that fails does no harm
 * where another answers after it.
 */
#include <stdlib.h>

#include "proto/proto.h"
#include "rules.h"

#define HTTP_PORT  80
#define HTTPS_PORT 443
#define STALL_NS   (3 * NS_PER_S)
#define BEFORE_NS  (500 * NS_PER_MS) /* a fetch this long before the stall may be its reason */
#define LEAST_NS   (1 * NS_PER_S)    /* of the stall it must have made up */

/* A request to an authority's host that nothing answered. */
struct wait {
    uint32_t client;
    uint32_t name;
    int64_t from_ns;
};

/* A handshake in which the device took its time after the server's greeting. */
struct stall {
    uint32_t client;
    uint32_t name;
    uint16_t port;
    struct failure x; /* `value`: how long */
};

void revocation_init(struct revocation *r, uint32_t block)
{
    pool_init(&r->waits, sizeof(struct wait), REVOCATION_MAX, block);
    pool_init(&r->stalls, sizeof(struct stall), REVOCATION_MAX, block);
}

void revocation_clear(struct revocation *r)
{
    pool_clear(&r->waits);
    pool_clear(&r->stalls);
}

bool revocation_host(const struct facts *f, uint32_t name)
{
    struct service_match matches[SERVICE_MATCHES_MAX];
    uint32_t count = matches_find(f->matches, name, TRANSPORT_TCP, PORT_ANY, matches);
    for (uint32_t i = 0; i < count; i++) {
        if (services_at(f->list, matches[i].service)->endpoints[matches[i].endpoint].role)
            return true;
    }
    return false;
}

/* ---- while it comes ---- */

void revocation_wait(struct facts *f, const struct flow *flow, struct slice host, struct mark first)
{
    uint32_t client = facts_find(f, &flow->key.src);
    char text[NAME_MAX_BYTES + 1];
    uint32_t name = facts_name(f, facts_host(host, text), false);
    bool waits = client != POOL_NONE && name != INTERN_NONE && revocation_host(f, name);
    uint32_t id = waits ? pool_add(&f->revocation.waits) : POOL_NONE;
    if (id != POOL_NONE)
        *(struct wait *)pool_at(&f->revocation.waits, id) =
            (struct wait){client, name, first.ts_ns};
}

void revocation_flow_fact(struct facts *f, const struct flow *flow, const struct flow_end *how,
                          struct slice host)
{
    if (flow->key.proto != IP_PROTO_TCP || flow->key.dst_port != HTTP_PORT || host.len == 0 ||
        flow_state(flow) != FLOW_NO_REPLY || how->at.ts_ns - flow->first.ts_ns < TCP_PATIENCE_NS)
        return;
    revocation_wait(f, flow, host, flow->first);
}

void revocation_tls_fact(struct facts *f, const struct flow *flow, const struct tx *tx,
                         struct slice host)
{
    int64_t gap_ns = tx->done.ts_ns - tx->reply.ts_ns;
    if (tx->u.tls.outcome != TLS_COMPLETED || !mark_set(tx->reply) || gap_ns < STALL_NS)
        return;
    char text[NAME_MAX_BYTES + 1];
    uint32_t client = facts_find(f, &flow->key.src);
    uint32_t name = facts_name(f, facts_host(host, text), false);
    bool known = client != POOL_NONE && name != INTERN_NONE;
    uint32_t id = known ? pool_add(&f->revocation.stalls) : POOL_NONE;
    if (id == POOL_NONE)
        return;
    struct stall *s = pool_at(&f->revocation.stalls, id);
    *s = (struct stall){.client = client,
                        .name = name,
                        .port = tx->u.tls.via ? HTTPS_PORT : flow->key.dst_port,
                        .x = rule_failure(flow, FINDING_TLS_STALLED, tx->reply)};
    s->x.value = gap_ns;
}

/* ---- when all is known ---- */

static int wait_cmp(const void *left, const void *right)
{
    const struct wait *a = left;
    const struct wait *b = right;
    if (a->client != b->client)
        return a->client < b->client ? -1 : 1;
    return a->from_ns < b->from_ns ? -1 : a->from_ns > b->from_ns;
}

/* The first wait that began within the stall; NULL without. */
static const struct wait *reason_of(const struct stall *s, const struct wait *sorted,
                                    uint32_t count)
{
    int64_t from_ns = s->x.first.ts_ns;
    struct wait least = {s->client, 0, from_ns - BEFORE_NS};
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (wait_cmp(&sorted[middle], &least) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool fits = low < count && sorted[low].client == s->client &&
                sorted[low].from_ns <= from_ns + s->x.value - LEAST_NS;
    return fits ? &sorted[low] : NULL;
}

static void settle_stall(struct facts *f, struct stall *s, const struct wait *reason)
{
    struct row *row = facts_row(f, s->client, s->name, TRANSPORT_TCP, s->port);
    if (!row)
        return;
    s->x.text = facts_text(f, intern_name(f->listed, reason->name));
    facts_fail(f, row, &s->x);
}

bool revocation_settle(struct facts *f)
{
    uint32_t count = f->revocation.waits.count;
    struct wait *sorted = malloc((count + 1) * sizeof *sorted);
    if (!sorted)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        sorted[i] = *(const struct wait *)pool_at(&f->revocation.waits, i);
        sorted[i].client = facts_at(f, sorted[i].client)->primary;
    }
    qsort(sorted, count, sizeof *sorted, wait_cmp);
    for (uint32_t i = 0; i < f->revocation.stalls.count; i++) {
        struct stall *s = pool_at(&f->revocation.stalls, i);
        s->client = facts_at(f, s->client)->primary;
        const struct wait *reason = reason_of(s, sorted, count);
        if (reason)
            settle_stall(f, s, reason);
    }
    free(sorted);
    return true;
}

enum ruling stall_ruling(const struct judging *j, const struct row *head, const struct row *row,
                         const struct failure *x)
{
    (void)j;
    (void)head;
    (void)row;
    (void)x;
    return RULING_WARNS;
}

bool revocation_covered(const struct judging *j, const struct row *head, const struct failure *x)
{
    struct slice mine = intern_name(j->f->listed, head->name);
    if (!revocation_host(j->f, head->name))
        return false;
    struct hosts at = facts_hosts(j->f, j->device);
    for (const struct row *host = facts_next_host(j->f, &at); host;
         host = facts_next_host(j->f, &at)) {
        struct slice name = intern_name(j->f->listed, host->name);
        if (host != head && slice_eq(rule_domain(name), rule_domain(mine)) &&
            rule_host_ok_ns(j, host) >= x->last.ts_ns && revocation_host(j->f, host->name))
            return true;
    }
    return false;
}
