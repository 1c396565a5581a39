/*
 * diagnose/rules_dhcp6: what a device gets from IPv6's own configuration where it has no IPv4.
 * SPDX-License-Identifier: MIT
 *
 * RFC 4861, 4862, 8106 (router advertisements), 8415 (DHCPv6), 6724. Judged is only a device of which no IPv4
 * address and no answer was seen: with IPv4 it needs none of this. Not judged: Windows asks for DHCPv6 also where
 * the router does not point to it; an answer may lie in what the capture lacks.
 */
#include "judge.h"
#include "proto/dhcp6.h"

#define SETTLE_NS \
    (10 * NS_PER_S) /* from an advertisement on, before it is said to lack something */
#define PATIENCE_NS (10 * NS_PER_S) /* of a client that asks for DHCPv6 */
#define REPEATS     2
#define SLACK_NS    (5 * NS_PER_S)
#define COPY_NS     (500 * NS_PER_MS)

/* ---- while it comes ---- */

static struct seeker *seeker_of(struct facts *f, const struct packet *p)
{
    struct station *st = p->has_mac ? station_make(&f->stations, &p->src_mac) : NULL;
    struct seeker *k = st ? station_seeker(&f->stations, st, true) : NULL;
    if (!k)
        return NULL;
    if (!mark_set(k->first))
        k->first = p->at;
    k->vlan = p->vlan;
    if (!addr_is_unspecified(&p->tuple.src))
        k->own = p->tuple.src;
    return k;
}

void seeker_fact(struct facts *f, const struct packet *p)
{
    (void)seeker_of(f, p);
}

static void join_resolvers(struct dhcp_addrs *to, const struct dhcp_addrs *from)
{
    for (uint8_t i = 0; i < from->count; i++) {
        if (to->count < DHCP_ADDRS_MAX && !rule_addrs_have(to, &from->at[i]))
            to->at[to->count++] = from->at[i];
    }
}

void advert_fact(struct facts *f, const struct packet *p, const struct ndp_advert *a)
{
    struct router *r = addr_is_link_local(&p->tuple.src)
                           ? station_router(&f->stations, &p->tuple.src, p->vlan)
                           : NULL;
    if (!r)
        return;
    if (!mark_set(r->at))
        r->at = p->at;
    r->cut |= p->cut;
    r->said.managed |= a->managed;
    r->said.other |= a->other;
    r->said.autonomous |= a->autonomous;
    r->said.global |= a->global;
    r->said.lifetime_s = a->lifetime_s > r->said.lifetime_s ? a->lifetime_s : r->said.lifetime_s;
    join_resolvers(&r->said.resolvers, &a->resolvers);
}

/* A mirror's copies come sooner than anybody asks again. */
static void add_request(struct run *run, const struct mark *at)
{
    if (run->count == 0 || at->ts_ns - run->last.ts_ns > COPY_NS)
        run_add(run, at);
}

static void dhcp6_asked(struct facts *f, const struct packet *p, const struct dhcp6_message *m)
{
    struct seeker *k = seeker_of(f, p);
    if (!k)
        return;
    struct station *st = station_find(&f->stations, &p->src_mac);
    if (m->vendor.len > 0 && st->vendor == INTERN_NONE)
        st->vendor = facts_text(f, m->vendor);
    if (m->type == DHCP6_SOLICIT)
        add_request(&k->solicit, &p->at);
    else if (m->type == DHCP6_INFORMATION_REQUEST)
        add_request(&k->inform, &p->at);
    else
        k->cut = true; /* it has had an answer: to this one it will have another */
}

static void dhcp6_answered(struct facts *f, const struct packet *p, const struct dhcp6_message *m)
{
    struct station *st = p->has_mac ? station_find(&f->stations, &p->dst_mac) : NULL;
    struct seeker *k = st ? station_seeker(&f->stations, st, false) : NULL;
    if (!k)
        return;
    k->cut = p->cut || (k->cut && m->type != DHCP6_REPLY);
    k->answered = p->at;
    k->server = p->tuple.src;
    k->address |= m->address.family != 0 && m->type == DHCP6_REPLY;
    k->resolver |= m->resolvers.count > 0;
    k->solicit = k->inform = (struct run){.count = 0};
}

void dhcp6_fact(struct facts *f, const struct packet *p, const struct dhcp6_message *m)
{
    if (p->tuple.dst_port == DHCP6_PORT_SERVER)
        dhcp6_asked(f, p, m);
    else if (m->type == DHCP6_ADVERTISE || m->type == DHCP6_REPLY)
        dhcp6_answered(f, p, m);
}

/* ---- what IPv6 gives ---- */

enum six_lack {
    SIX_UNKNOWN, /* nothing can be said, or nothing is missing */
    SIX_NO_ADDRESS,
    SIX_NO_RESOLVER,
};

/* The routers of a device's link, as one. */
struct link6 {
    const struct router *router; /* the first that is a way out; NULL without */
    bool managed;
    bool other;
    bool autonomous;
    bool resolver;
    bool cut;
};

static struct link6 link_of(const struct stations *s, uint16_t vlan)
{
    struct link6 l = {.router = NULL};
    for (uint32_t i = 0; i < s->routers.count; i++) {
        const struct router *r = pool_at(&s->routers, i);
        if (r->vlan != vlan)
            continue;
        if (!l.router && r->said.lifetime_s > 0)
            l.router = r;
        l.managed |= r->said.managed;
        l.other |= r->said.other;
        l.autonomous |= r->said.autonomous;
        l.resolver |= r->said.resolvers.count > 0;
        l.cut |= r->cut;
    }
    return l;
}

const struct router *dhcp6_router(const struct judge *j)
{
    struct station *st = station_of(j->f, j->j.device);
    const struct seeker *k = st ? station_seeker(&j->f->stations, st, false) : NULL;
    return k ? link_of(&j->f->stations, k->vlan).router : NULL;
}

/* Clients wait twice as long each time: one that goes on asking would ask again before long. One that stopped may
 * have got an answer that the capture has not. */
static bool unanswered(const struct judge *j, const struct run *run)
{
    int64_t end_ns = j->j.capture->last.ts_ns;
    return run->count >= REPEATS && end_ns - run->first.ts_ns >= PATIENCE_NS &&
           end_ns - run->last.ts_ns <= 2 * (run->last.ts_ns - run->first.ts_ns) + SLACK_NS;
}

static const struct run *asked_in_vain(const struct judge *j, const struct seeker *k)
{
    if (unanswered(j, &k->solicit))
        return &k->solicit;
    return unanswered(j, &k->inform) ? &k->inform : NULL;
}

static bool has_ipv4(const struct stations *s, const struct station *st)
{
    for (const struct stay *stay = station_stay(s, st->stays); stay;
         stay = station_stay(s, stay->next)) {
        if (stay->addr.family == 4 && !addr_is_link_local(&stay->addr))
            return true;
    }
    return mark_set(st->lease.at);
}

static bool asked_nobody(const struct judge *j)
{
    return dns_resolvers(j->f, j->j.device) == RESOLVERS_UNKNOWN;
}

/* A device that shows that it found no resolver: it asks those of nobody, or IPv4 failed it before. */
static bool shows_lack(const struct judge *j, const struct station *st)
{
    bool failed = st->no_offer.count > 0 || st->self_assigned.count > 0;
    return resolver_unnamed(j->f, j->j.device) || (failed && asked_nobody(j));
}

static enum six_lack lack_of(const struct judge *j, const struct station *st,
                             const struct seeker *k, const struct link6 *l)
{
    int64_t end_ns = j->j.capture->last.ts_ns;
    if (!l->router || l->cut || k->cut || j->j.one_way || has_ipv4(&j->f->stations, st) ||
        rule_device_ok_ns(j) > 0 || end_ns - l->router->at.ts_ns < SETTLE_NS)
        return SIX_UNKNOWN;
    if (!l->autonomous && !k->address)
        return l->managed && unanswered(j, &k->solicit) && asked_nobody(j) ? SIX_NO_ADDRESS
                                                                           : SIX_UNKNOWN;
    if (l->resolver || k->resolver || !shows_lack(j, st))
        return SIX_UNKNOWN;
    bool known = (!l->managed && !l->other) || mark_set(k->answered) || asked_in_vain(j, k);
    return known ? SIX_NO_RESOLVER : SIX_UNKNOWN;
}

/* ---- telling ---- */

static void prove_router(struct judge *j, struct draft *d, const struct link6 *l)
{
    struct buf *b = &j->text;
    buf_str(b, "router ");
    judge_address(b, &l->router->addr);
    buf_printf(b, " advertises itself in frame %u, names no resolver (RDNSS) and ",
               l->router->at.frame);
    buf_str(b, l->managed ? "leaves addresses to DHCPv6 (M flag)"
               : l->other ? "leaves other things to DHCPv6 (O flag)"
                          : "does not point to DHCPv6 (M and O flags are 0)");
    finding_prove(j, d);
}

static void prove_dhcp6(struct judge *j, struct draft *d, const struct seeker *k)
{
    struct buf *b = &j->text;
    const struct run *run = asked_in_vain(j, k);
    if (mark_set(k->answered)) {
        buf_str(b, "DHCPv6 server ");
        judge_address(b, &k->server);
        buf_printf(b, " answers in frame %u and names no resolver (option 23)", k->answered.frame);
    } else if (run) {
        buf_printf(b, "no DHCPv6 server answers: asked %u times, from frame %u to frame %u",
                   run->count, run->first.frame, run->last.frame);
    }
    finding_prove(j, d);
    if (resolver_unnamed(j->f, j->j.device))
        buf_str(b, "the device asks fec0:0:0:ffff::1, as Windows does where nobody names one");
    finding_prove(j, d);
}

/* The device's state of IPv6; SIX_UNKNOWN also where it never asked. */
static enum six_lack look(const struct judge *j, const struct seeker **k, struct link6 *l)
{
    struct station *st = station_of(j->f, j->j.device);
    *k = st && !st->many ? station_seeker(&j->f->stations, st, false) : NULL;
    if (!*k)
        return SIX_UNKNOWN;
    *l = link_of(&j->f->stations, (*k)->vlan);
    return lack_of(j, st, *k, l);
}

void dhcp6_stand_in(struct judge *j, struct draft *d)
{
    const struct seeker *k;
    struct link6 l;
    enum six_lack lack = look(j, &k, &l);
    if (lack == SIX_UNKNOWN)
        return;
    d->x.value = lack == SIX_NO_RESOLVER ? DHCP_SAID_NO_RESOLVER6 : DHCP_SAID_NO_ADDRESS6;
    prove_router(j, d, &l);
    prove_dhcp6(j, d, k);
}

void dhcp6_judge(struct judge *j)
{
    const struct seeker *k;
    struct link6 l;
    enum six_lack lack = look(j, &k, &l);
    enum finding_kind kind =
        lack == SIX_NO_ADDRESS ? FINDING_DHCP_NO_OFFER : FINDING_DHCP_NO_RESOLVER;
    struct draft *d = lack == SIX_UNKNOWN ? NULL : finding_of_device(j, kind, SEVERITY_ERROR);
    if (!d)
        return;
    const struct run *run = asked_in_vain(j, k);
    d->x.group = FAIL_V6;
    d->x.server = k->own;
    d->f.service = j->dhcp_service < 0 ? NULL : services_at(j->f->list, (uint32_t)j->dhcp_service);
    if (lack == SIX_NO_RESOLVER)
        d->f.server = mark_set(k->answered) ? k->server : l.router->addr;
    if (run || mark_set(k->answered)) {
        d->f.port = DHCP6_PORT_SERVER;
        d->f.proto = "UDP";
    }
    d->f.count = run ? run->count : 1;
    d->f.first = run ? run->first : l.router->at;
    d->f.last = run ? run->last : l.router->at;
    prove_router(j, d, &l);
    prove_dhcp6(j, d, k);
    finding_tell(j, d);
}
