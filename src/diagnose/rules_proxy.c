/*
 * diagnose/rules_proxy: proxies that are asked, searched for, or stand in the way unasked.
 * SPDX-License-Identifier: MIT
 *
 * RFC 9110 sections 7.6.3 (Via), 11.7 (407), 15.5.8. The search for a proxy (WPAD) asks DNS, then LLMNR and
 * NetBIOS, and everything else waits for it.
 */
#include "answer.h"
#include "blockers.h"
#include "judge.h"

#define PORT_LLMNR     5355
#define PORT_NBNS      137
#define SEARCH_SLOW_NS (3 * NS_PER_S)
#define SEARCH_NEXT_NS (2 * NS_PER_S) /* who waits for the search goes on so soon after it */
#define HTTP_PORT      80

/* ---- asked ---- */

void proxy_fact(struct facts *f, uint32_t client, const struct flow *flow, const struct tx *tx)
{
    if (!tx->u.http.to_proxy || tx->outcome == TX_PENDING)
        return;
    struct peer *p = facts_peer(f, client, PEER_PROXY, flow);
    if (!p)
        return;
    uint16_t status = tx->u.http.status;
    if (status == 0) {
        if (p->unanswered++ == 0)
            p->first_unanswered = tx->first;
        p->last_unanswered = tx->first;
    } else if (status == 407 || (answer_is_connect(&tx->u.http) && status >= 400)) {
        p->refused++;
    } else {
        p->answered++;
        if (tx->reply.ts_ns > p->last_answered.ts_ns)
            p->last_answered = tx->reply;
    }
}

static const struct peer *next_proxy(const struct facts *f, uint32_t *at)
{
    while (*at != POOL_NONE) {
        const struct peer *p = pool_at(&f->peers, *at);
        *at = p->next;
        if (p->role == PEER_PROXY)
            return p;
    }
    return NULL;
}

bool proxy_lets_pass(const struct facts *f, uint32_t client)
{
    uint32_t at = facts_at(f, client)->peers;
    const struct peer *p = next_proxy(f, &at);
    while (p && p->answered == 0)
        p = next_proxy(f, &at);
    return p != NULL;
}

const struct peer *proxy_refusing(const struct facts *f, uint32_t client)
{
    uint32_t at = facts_at(f, client)->peers;
    const struct peer *p = next_proxy(f, &at);
    while (p && (p->answered > 0 || p->refused == 0))
        p = next_proxy(f, &at);
    return p;
}

/* ---- in the way ---- */

/* Whether a Via names a product that sites use; content networks write one too. */
static bool via_box(struct facts *f, struct slice via)
{
    if (via.len == 0)
        return false;
    uint64_t key = hash_bytes(0, via);
    if (key != f->via_seen) {
        f->via_seen = key;
        f->via_box = blocker_of_text(via) != NULL;
    }
    return f->via_box;
}

/* `value` has the time to the first byte. */
void intercept_fact(struct facts *f, struct row *row, const struct flow *flow, const struct tx *tx,
                    bool marked)
{
    const struct tx_http *http = &tx->u.http;
    bool told = http->box.len > 0 || via_box(f, http->via);
    if (http->to_proxy || flow->key.dst_port != HTTP_PORT || !(told || marked))
        return;
    struct failure x = rule_failure(flow, FINDING_HTTP_INTERCEPTED, tx->first);
    struct slice text = http->via.len > 0 ? http->via : http->box;
    if (!told) {
        x.code = INTERCEPTED_BY_COOKIE;
        text = slice_str("sets a cookie");
    }
    x.text = facts_text(f, slice_sub(text, 0, NAME_MAX_BYTES));
    x.value = tx->rtt_ns;
    facts_fail(f, row, &x);
}

enum ruling intercept_ruling(const struct judging *j, const struct row *head, const struct row *row,
                             const struct failure *x)
{
    (void)j;
    (void)head;
    (void)row;
    (void)x;
    return RULING_HARMLESS; /* what it does wrong is told by the failures themselves */
}

/* ---- searched for ---- */

/* A search is kept as a peer: since when, until when, how many questions. */
static void note_search(struct peer *p, const struct mark *first, const struct mark *last)
{
    if (p->answered++ == 0)
        p->first_slow = *first;
    if (last->ts_ns > p->last_answered.ts_ns)
        p->last_answered = *last;
}

void search_fact(struct facts *f, uint32_t client, const struct flow *flow, const struct tx *tx)
{
    struct peer *p = facts_peer(f, client, PEER_SEARCH, flow);
    if (p)
        note_search(p, &tx->first, &tx->done);
}

/* LLMNR and NetBIOS are not read: within a search they are part of it. */
void search_flow_fact(struct facts *f, const struct flow *flow)
{
    bool local = flow->key.dst_port == PORT_LLMNR || flow->key.dst_port == PORT_NBNS;
    if (flow->key.proto != IP_PROTO_UDP || !local)
        return;
    uint32_t client = facts_find(f, &flow->key.src);
    if (client == POOL_NONE)
        return;
    for (uint32_t i = facts_at(f, client)->peers; i != POOL_NONE;) {
        struct peer *p = pool_at(&f->peers, i);
        if (p->role == PEER_SEARCH && flow->first.ts_ns >= p->first_slow.ts_ns &&
            flow->first.ts_ns - p->last_answered.ts_ns <= SEARCH_NEXT_NS)
            note_search(p, &flow->first, &flow->last);
        i = p->next;
    }
}

void search_finding(struct judge *j)
{
    const struct client *c = facts_at(j->f, j->j.device);
    const struct peer *search = NULL;
    for (uint32_t i = c->peers; i != POOL_NONE;) {
        const struct peer *p = pool_at(&j->f->peers, i);
        if (p->role == PEER_SEARCH && (!search || p->first_slow.ts_ns < search->first_slow.ts_ns))
            search = p;
        i = p->next;
    }
    if (!search || c->first_flow_ns == 0)
        return;
    int64_t waited = c->first_flow_ns - search->first_slow.ts_ns;
    int64_t after = c->first_flow_ns - search->last_answered.ts_ns;
    uint32_t number;
    bool slow = waited >= SEARCH_SLOW_NS && after >= 0 && after <= SEARCH_NEXT_NS;
    struct draft *d = slow ? finding_add(j, &number) : NULL;
    if (!d)
        return;
    d->client = j->j.device;
    d->f.kind = FINDING_PROXY_SEARCH_SLOW;
    d->f.severity = SEVERITY_INFO;
    d->f.device = c->addr;
    d->f.service =
        j->proxy_service < 0 ? NULL : services_at(j->f->list, (uint32_t)j->proxy_service);
    d->f.count = search->answered;
    d->f.first = search->first_slow;
    d->f.last = search->last_answered;
    d->x.value = waited;
    finding_tell(j, d);
}
