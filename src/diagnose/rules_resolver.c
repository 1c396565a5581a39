/*
 * diagnose/rules_resolver: the resolvers themselves, whatever they are asked for.
 * SPDX-License-Identifier: MIT
 *
 * RFC 1035, RFC 7766 (over TCP). A resolver is silent, slow, or its TCP side is shut; what it says of a
 * name is rules_dns' matter.
 */
#include "judge.h"
#include "proto/proto.h"

#define SILENT_NAMES 2 /* a server among several is silent after this many names */
#define SILENT_AGAIN 4 /* one that answered before, after this many questions */
#define UNHEARD      8 /* so many questions, none asked twice, were answered */
#define SLOW_NS      (1 * NS_PER_S)
#define SLOW_LEAST   4 /* so many slow answers, and */
#define SLOW_SHARE   5 /* one in so many of all, make a slow resolver */
#define ZONE_SHARE   4 /* AA in one answer of so many at most is no habit */
#define PORT_DNS     53

static void note_answered(struct peer *p, const struct tx *tx)
{
    p->answered++;
    p->authoritative += tx->u.dns.authoritative;
    if (tx->reply.ts_ns >= p->last_answered.ts_ns)
        p->last_answered = tx->reply;
    if (tx->reply.ts_ns >= p->last_unanswered.ts_ns)
        p->unanswered_since = 0;
    if (tx->rtt_ns < SLOW_NS)
        return;
    if (p->slow++ == 0)
        p->first_slow = tx->first;
    uint32_t ms = (uint32_t)(tx->rtt_ns / NS_PER_MS);
    p->worst_ms = ms > p->worst_ms ? ms : p->worst_ms;
}

static void note_unanswered(struct peer *p, const struct flow *flow, const struct tx *tx)
{
    uint32_t name = (uint32_t)hash_bytes(0, tx->u.dns.qname);
    uint32_t question = (uint32_t)hash_mix(name, tx->u.dns.qtype);
    p->asked_again |= tx->u.dns.attempts > 1 || (p->unanswered > 0 && question == p->question);
    if (p->unanswered++ == 0) {
        p->first_unanswered = tx->first;
        p->name = name;
        p->question = question;
    }
    if (tx->first.ts_ns < p->first_unanswered.ts_ns)
        p->first_unanswered = tx->first;
    if (tx->first.ts_ns >= p->last_unanswered.ts_ns)
        p->last_unanswered = tx->first;
    if (tx->first.ts_ns > p->last_answered.ts_ns)
        p->unanswered_since++;
    p->tries += tx->u.dns.attempts;
    p->names_differ |= name != p->name;
    if (flow->signs && flow->signs->icmp_from.family != 0) {
        p->icmp_from = flow->signs->icmp_from;
        p->icmp = (uint16_t)(flow->signs->icmp_type << 8 | flow->signs->icmp_code);
    }
}

void resolver_fact(struct facts *f, uint32_t client, const struct flow *flow, const struct tx *tx)
{
    struct peer *p = facts_peer(f, client, PEER_RESOLVER, flow);
    if (!p || tx->outcome == TX_PENDING)
        return;
    if (tx->outcome != TX_ANSWERED)
        note_unanswered(p, flow, tx);
    else
        note_answered(p, tx);
    if (flow->key.proto != IP_PROTO_TCP)
        return;
    p->tcp_worked |= tx->outcome == TX_ANSWERED;
    p->tcp_failed |= tx->outcome == TX_NO_REPLY;
}

void resolver_flow_fact(struct facts *f, const struct flow *flow, const struct flow_end *how)
{
    if (flow->key.dst_port != PORT_DNS || flow->key.proto != IP_PROTO_TCP)
        return;
    uint32_t client = facts_find(f, &flow->key.src);
    enum flow_state state = flow_state(flow);
    bool waited = how->at.ts_ns - flow->first.ts_ns >= TCP_PATIENCE_NS;
    bool failed = (state == FLOW_NO_REPLY && waited) || state == FLOW_REFUSED ||
                  state == FLOW_UNREACHABLE || (state == FLOW_RESET && flow->transactions == 0);
    struct peer *p =
        failed && client != POOL_NONE ? facts_peer(f, client, PEER_RESOLVER, flow) : NULL;
    if (p)
        p->tcp_failed = true;
}

/* ---- what a device's resolvers are ---- */

uint32_t resolver_unheard(const struct facts *f, uint32_t client)
{
    const struct peer *first = NULL;
    uint32_t questions = 0;
    for (uint32_t i = facts_at(f, client)->peers; i != POOL_NONE;) {
        const struct peer *p = pool_at(&f->peers, i);
        i = p->next;
        if (p->role != PEER_RESOLVER || p->answered + p->unanswered == 0)
            continue;
        bool again = p->asked_again || (first && first->question == p->question);
        if (p->answered > 0 || p->icmp != 0 || again)
            return 0;
        first = first ? first : p;
        questions += p->unanswered;
    }
    return questions >= UNHEARD ? questions : 0;
}

void resolver_forgive(struct judge *j)
{
    for (uint32_t i = facts_at(j->f, j->j.device)->peers; i != POOL_NONE;) {
        struct peer *p = pool_at(&j->f->peers, i);
        i = p->next;
        struct failure x = {.first = p->first_unanswered, .last = p->last_unanswered};
        if (p->role != PEER_RESOLVER || p->unanswered == 0 || !link_cut(&j->j, &x))
            continue;
        p->unanswered = p->unanswered_since = p->tries = 0;
        p->names_differ = p->asked_again = false;
    }
}

/* Windows asks fec0:0:0:ffff::1 to ::3 on its own where nobody names a resolver for IPv6. */
static bool nobody_named(const struct peer *p)
{
    return addr_is_site_local(&p->server);
}

bool resolver_unnamed(const struct facts *f, uint32_t client)
{
    bool unnamed = false;
    for (uint32_t i = facts_at(f, client)->peers; i != POOL_NONE;) {
        const struct peer *p = pool_at(&f->peers, i);
        i = p->next;
        if (p->role != PEER_RESOLVER)
            continue;
        if (!nobody_named(p) || p->answered > 0)
            return false;
        unnamed = true;
    }
    return unnamed;
}

bool dns_peer_silent(const struct facts *f, const struct peer *p, bool alone)
{
    if (!alone && nobody_named(p))
        return false;
    if (p->tries < 2 && capture_may_have_lost(f, p->first_unanswered.ts_ns))
        return false;
    if (p->answered == 0)
        return alone ? p->unanswered > 0 : p->names_differ && p->unanswered >= SILENT_NAMES;
    return p->unanswered_since >= SILENT_AGAIN && p->names_differ;
}

enum resolvers_state dns_resolvers(const struct facts *f, uint32_t client)
{
    uint32_t asked = 0, silent = 0, mute = 0, answered = 0;
    for (uint32_t i = facts_at(f, client)->peers; i != POOL_NONE;) {
        const struct peer *p = pool_at(&f->peers, i);
        if (p->role == PEER_RESOLVER && p->answered + p->unanswered > 0) {
            asked++;
            answered += p->answered > 0;
            mute += dns_peer_silent(f, p, true);
            silent += dns_peer_silent(f, p, false);
        }
        i = p->next;
    }
    if (asked == 0)
        return RESOLVERS_UNKNOWN;
    if (mute == asked)
        return RESOLVERS_SILENT;
    if (silent > 0)
        return RESOLVERS_ONE_SILENT;
    return answered > 0 ? RESOLVERS_FINE : RESOLVERS_UNKNOWN;
}

bool resolver_tcp_shut(const struct facts *f, uint32_t client)
{
    bool failed = false;
    for (uint32_t i = facts_at(f, client)->peers; i != POOL_NONE;) {
        const struct peer *p = pool_at(&f->peers, i);
        if (p->role == PEER_RESOLVER && p->tcp_worked)
            return false;
        failed |= p->role == PEER_RESOLVER && p->tcp_failed;
        i = p->next;
    }
    return failed;
}

bool resolver_zones_tell(const struct facts *f, uint32_t client)
{
    uint32_t answered = 0, authoritative = 0;
    for (uint32_t i = facts_at(f, client)->peers; i != POOL_NONE;) {
        const struct peer *p = pool_at(&f->peers, i);
        if (p->role == PEER_RESOLVER) {
            answered += p->answered;
            authoritative += p->authoritative;
        }
        i = p->next;
    }
    return authoritative * ZONE_SHARE <= answered;
}

const struct peer *resolver_slow(const struct facts *f, uint32_t client)
{
    const struct peer *slow = NULL;
    for (uint32_t i = facts_at(f, client)->peers; i != POOL_NONE;) {
        const struct peer *p = pool_at(&f->peers, i);
        if (p->role == PEER_RESOLVER && p->slow >= SLOW_LEAST &&
            p->slow >= p->answered / SLOW_SHARE && (!slow || p->slow > slow->slow))
            slow = p;
        i = p->next;
    }
    return slow;
}

/* ---- findings ---- */

static bool tells_more(const struct peer *a, const struct peer *b)
{
    if (nobody_named(a) != nobody_named(b))
        return nobody_named(b);
    return a->first_unanswered.ts_ns < b->first_unanswered.ts_ns;
}

static const struct peer *silent_resolver(const struct judge *j, bool all, uint32_t *silent,
                                          uint32_t *questions)
{
    const struct peer *first = NULL;
    for (uint32_t i = facts_at(j->f, j->j.device)->peers; i != POOL_NONE;) {
        const struct peer *p = pool_at(&j->f->peers, i);
        i = p->next;
        if (p->role != PEER_RESOLVER || p->unanswered == 0 || !dns_peer_silent(j->f, p, all))
            continue;
        ++*silent;
        *questions += p->unanswered;
        if (!first || tells_more(p, first))
            first = p;
    }
    return first;
}

static struct draft *add(struct judge *j, const struct peer *p, enum finding_kind kind)
{
    struct draft *d = finding_of_device(j, kind, SEVERITY_WARNING);
    if (!d)
        return NULL;
    d->f.service = j->dns_service < 0 ? NULL : services_at(j->f->list, (uint32_t)j->dns_service);
    d->f.port = p->port;
    d->f.proto = "UDP";
    d->f.server = p->server;
    return d;
}

static void silent_finding(struct judge *j)
{
    enum resolvers_state state = dns_resolvers(j->f, j->j.device);
    if (state != RESOLVERS_SILENT && state != RESOLVERS_ONE_SILENT)
        return;
    uint32_t silent = 0, questions = 0;
    const struct peer *p = silent_resolver(j, state == RESOLVERS_SILENT, &silent, &questions);
    struct draft *d = p ? add(j, p, FINDING_DNS_NO_REPLY) : NULL;
    if (!d)
        return;
    if (state == RESOLVERS_SILENT)
        d->f.severity = SEVERITY_ERROR;
    d->f.count = questions;
    d->f.first = p->first_unanswered;
    d->f.last = p->last_unanswered;
    d->x.servers = silent > 1;
    d->x.icmp_from = p->icmp_from;
    d->x.code = p->icmp;
    finding_tell(j, d);
}

static void slow_finding(struct judge *j)
{
    const struct peer *slow = resolver_slow(j->f, j->j.device);
    struct draft *d = slow ? add(j, slow, FINDING_DNS_SLOW) : NULL;
    if (!d)
        return;
    d->f.count = slow->slow;
    d->f.first = slow->first_slow;
    d->f.last = slow->last_answered;
    d->x.value = slow->worst_ms;
    d->x.code = (uint16_t)(slow->answered > UINT16_MAX ? UINT16_MAX : slow->answered);
    finding_tell(j, d);
}

void resolver_findings(struct judge *j)
{
    silent_finding(j);
    slow_finding(j);
}
