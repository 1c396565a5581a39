/*
 * diagnose/rules_dhcp: whether a device got an address, from whom, and what came with it.
 * SPDX-License-Identifier: MIT
 *
 * RFC 2131, 3927 (self-assigned addresses), 5227 (conflicts). Not judged: a renewal or a DHCPINFORM
 * without reply, a NAK or silence that an ACK follows.
 */
#include "judge.h"
#include "proto/dhcp.h"

#define SETTLE_NS   (10 * NS_PER_S) /* after an ACK, before it may be said what it did not lead to */
#define DELAY_NS    (20 * NS_PER_S) /* a port that opens this late was waiting for something */
#define PREFIX_BITS 24              /* where no mask is known */

/* ---- while it comes ---- */

bool rule_same_network(const struct ip_addr *a, const struct ip_addr *b, const struct ip_addr *mask)
{
    if (a->family != b->family)
        return false;
    for (size_t i = 0; i < 4; i++) {
        uint8_t bits = mask->family == 4 ? mask->bytes[i] : i < PREFIX_BITS / 8 ? 0xff : 0;
        if ((a->bytes[i] & bits) != (b->bytes[i] & bits))
            return false;
    }
    return true;
}

bool rule_addrs_have(const struct dhcp_addrs *list, const struct ip_addr *a)
{
    for (uint8_t i = 0; i < list->count; i++) {
        if (addr_eq(&list->at[i], a))
            return true;
    }
    return false;
}

static bool lists_agree(const struct dhcp_addrs *a, const struct dhcp_addrs *b)
{
    for (uint8_t i = 0; i < a->count; i++) {
        if (rule_addrs_have(b, &a->at[i]))
            return true;
    }
    return a->count == 0 || b->count == 0;
}

/* Two servers of one network offer its addresses and its router: a pair that share the work. */
static bool offers_agree(const struct dhcp_lease *a, const struct dhcp_lease *b)
{
    return rule_same_network(&a->address, &b->address, &a->mask) &&
           lists_agree(&a->routers, &b->routers) && lists_agree(&a->resolvers, &b->resolvers);
}

static void compare_offers(struct station *st, const struct tx *tx)
{
    const struct tx_dhcp *t = tx->u.dhcp;
    for (uint32_t i = 1; i < t->offer_count && !st->split; i++) {
        if (offers_agree(&t->offers[0], &t->offers[i]))
            continue;
        bool first = addr_eq(&t->lease.server, &t->offers[i].server);
        st->split = true;
        st->other = t->offers[first ? 0 : i].server;
        st->other_at = t->offered;
    }
}

static void keep_lease(struct facts *f, struct station *st, const struct tx *tx)
{
    const struct dhcp_lease *l = &tx->u.dhcp->lease;
    st->lease = (struct lease){
        .at = tx->reply,
        .began = tx->first,
        .address = l->address,
        .server = l->server,
        .mask = l->mask,
        .routers = l->routers,
        .resolvers = l->resolvers,
        .time_servers = l->time_servers,
        .lease_s = l->lease_s,
        .default_route = l->default_route,
        .cut = l->cut || tx->outcome == TX_REPLY_ONLY,
        .domain = facts_text(f, l->domain),
        .search = facts_text(f, l->search),
        .proxy = facts_text(f, l->proxy),
        .portal = facts_text(f, l->portal),
    };
    if (l->address.family == 0)
        return;
    station_owns(&f->stations, st, &l->address, tx->u.dhcp->vlan);
    station_leased(&f->stations, st);
    struct claim *claim = station_claim(&f->stations, &l->address, true);
    if (claim) {
        claim->wanter = st->mac;
        claim->wanted = tx->reply;
    }
}

/* An ACK to a DHCPINFORM gives options to an address that the device has; what it does not repeat
 * stays. */
static void keep_informed(struct facts *f, struct station *st, const struct dhcp_lease *l)
{
    struct lease *to = &st->lease;
    if (l->resolvers.count > 0)
        to->resolvers = l->resolvers;
    if (l->time_servers.count > 0)
        to->time_servers = l->time_servers;
    if (l->proxy.len > 0)
        to->proxy = facts_text(f, l->proxy);
    if (l->portal.len > 0)
        to->portal = facts_text(f, l->portal);
}

static void acknowledged(struct facts *f, struct station *st, const struct tx *tx)
{
    if (tx->u.dhcp->types >> DHCP_INFORM & 1) {
        keep_informed(f, st, &tx->u.dhcp->lease);
        return;
    }
    run_add(&st->ack, &tx->reply);
    keep_lease(f, st, tx);
}

static void unanswered(struct facts *f, struct station *st, const struct tx *tx)
{
    const struct tx_dhcp *t = tx->u.dhcp;
    if (t->began != DHCP_DISCOVER)
        return; /* a renewal; a device that gets no answer to it asks anew */
    if (tx->outcome == TX_PENDING) {
        st->dhcp_pending = true;
    } else if ((t->types >> DHCP_REQUEST & 1) != 0 && t->offer_count == 0) {
        /* It took up an offer that the capture has not. */
        st->dhcp_pending = true;
        f->one_way++;
    } else if (t->types >> DHCP_REQUEST & 1) {
        st->server = t->lease.server;
        run_add(&st->no_ack, &tx->first);
    } else if (t->offer_count == 0) {
        run_add(&st->no_offer, &tx->first);
    }
}

void dhcp_fact(struct facts *f, const struct tx *tx)
{
    const struct tx_dhcp *t = tx->u.dhcp;
    struct station *st = station_make(&f->stations, &t->client);
    if (!st)
        return;
    if (t->name.len > 0)
        st->name = facts_text(f, t->name);
    if (t->vendor.len > 0)
        st->vendor = facts_text(f, t->vendor);
    if (t->began != DHCP_INFORM && t->began != DHCP_RELEASE &&
        (!mark_set(st->asked) || tx->first.ts_ns < st->asked.ts_ns))
        st->asked = tx->first;
    st->carried |= t->carried;
    compare_offers(st, tx);
    if (t->last == DHCP_ACK) {
        acknowledged(f, st, tx);
    } else if (t->last == DHCP_NAK) {
        st->server = t->lease.server;
        st->refusal = facts_text(f, t->lease.refusal);
        run_add(&st->nak, &tx->reply);
    } else if (t->last == DHCP_DECLINE) {
        st->declined = t->requested;
        st->server = t->lease.server;
        run_add(&st->decline, &tx->first);
    } else if (t->last == DHCP_OFFER && tx->outcome == TX_ANSWERED) {
        st->server = t->lease.server;
        run_add(&st->offer_unused, &tx->first);
    } else {
        unanswered(f, st, tx);
    }
}

/* ---- judging ---- */

static struct draft *lease_finding(struct judge *j, enum finding_kind kind, enum severity severity,
                                   const struct run *run, const struct ip_addr *server)
{
    struct draft *d = finding_of_device(j, kind, severity);
    if (!d)
        return NULL;
    d->f.service = j->dhcp_service < 0 ? NULL : services_at(j->f->list, (uint32_t)j->dhcp_service);
    d->f.server = *server;
    d->f.port = DHCP_PORT_SERVER;
    d->f.proto = "UDP";
    d->f.count = run->count;
    d->f.first = run->first;
    d->f.last = run->last;
    return d;
}

/* Nothing gave the device an address, although it asked for one: the first that fits says why. */
static void no_lease(struct judge *j, const struct station *st)
{
    static const struct ip_addr nobody = {.family = 0};
    const struct {
        enum finding_kind kind;
        const struct run *run;
        const struct ip_addr *server;
    } ways[] = {
        {FINDING_DHCP_DECLINED, &st->decline, &st->server},
        {FINDING_DHCP_NAK, &st->nak, &st->server},
        {FINDING_DHCP_NO_ACK, &st->no_ack, &st->server},
        {FINDING_DHCP_OFFER_UNUSED, &st->offer_unused, &st->server},
        {FINDING_DHCP_NO_OFFER, &st->no_offer, &nobody},
    };
    /* An address of its own, set by hand or got before the capture began, is enough. */
    bool other = rule_device_ok_ns(j) > 0 || j->j.one_way;
    enum severity severity = other ? SEVERITY_INFO : SEVERITY_ERROR;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const struct run *run = ways[i].run;
        bool declined = ways[i].kind == FINDING_DHCP_DECLINED;
        bool later = mark_set(st->ack.last) && st->ack.last.ts_ns >= run->last.ts_ns;
        /* With a lease it asks for another one, or again; that it gave one back is worth a note. */
        if (run->count == 0 || (mark_set(st->ack.last) && !declined))
            continue;
        struct draft *d =
            lease_finding(j, ways[i].kind, later ? SEVERITY_INFO : severity, run, ways[i].server);
        if (!d)
            return;
        d->f.recovered = later;
        d->x.text = ways[i].kind == FINDING_DHCP_NAK ? st->refusal : INTERN_NONE;
        d->x.server = ways[i].kind == FINDING_DHCP_DECLINED ? st->declined : st->self;
        if (ways[i].kind == FINDING_DHCP_NO_OFFER && d->f.severity == SEVERITY_ERROR)
            dhcp6_stand_in(j, d);
        finding_tell(j, d);
        return;
    }
}

static bool asked_a_resolver(const struct judge *j)
{
    for (uint32_t i = facts_at(j->f, j->j.device)->peers; i != POOL_NONE;) {
        const struct peer *p = pool_at(&j->f->peers, i);
        if (p->role == PEER_RESOLVER)
            return true;
        i = p->next;
    }
    return false;
}

/* Whether the device reached anything beyond its own network after `since_ns`, or something did so for it. A
 * resolver next to it answers without a router. */
static bool got_out(const struct judge *j, const struct lease *l, int64_t since_ns)
{
    struct hosts at = facts_hosts(j->f, j->j.device);
    for (const struct row *row = facts_next_host(j->f, &at); row;
         row = facts_next_host(j->f, &at)) {
        if (rule_host_ok_ns(&j->j, row) > since_ns)
            return true;
    }
    for (uint32_t i = facts_at(j->f, j->j.device)->peers; i != POOL_NONE;) {
        const struct peer *p = pool_at(&j->f->peers, i);
        if (p->last_answered.ts_ns > since_ns &&
            !rule_same_network(&p->server, &l->address, &l->mask))
            return true;
        i = p->next;
    }
    return false;
}

/* A lease that lacks what a deployment needs, unless the device has it from elsewhere. */
static void poor_lease(struct judge *j, const struct station *st)
{
    const struct lease *l = &st->lease;
    struct run run = {l->at, l->at, 1};
    struct draft *d = NULL;
    if (l->cut || l->lease_s == 0 || j->j.capture->last.ts_ns - l->at.ts_ns < SETTLE_NS)
        return;
    if (l->resolvers.count == 0) {
        bool other = asked_a_resolver(j);
        d = lease_finding(j, FINDING_DHCP_NO_RESOLVER, other ? SEVERITY_INFO : SEVERITY_ERROR, &run,
                          &l->server);
        if (d)
            finding_tell(j, d);
    }
    if (l->routers.count == 0 && !l->default_route) {
        bool other = got_out(j, l, l->at.ts_ns);
        d = lease_finding(j, FINDING_DHCP_NO_ROUTER, other ? SEVERITY_INFO : SEVERITY_ERROR, &run,
                          &l->server);
        if (d)
            finding_tell(j, d);
    }
}

static void several_servers(struct judge *j, const struct station *st)
{
    struct run run = {st->other_at, st->other_at, 1};
    struct draft *d =
        lease_finding(j, FINDING_DHCP_SEVERAL_SERVERS, SEVERITY_WARNING, &run, &st->other);
    if (!d)
        return;
    d->x.server = st->lease.server;
    finding_tell(j, d);
}

/* The address came late: a port that is opened by MAC address after 802.1X timed out does this, and
 * spanning tree. */
static void late_lease(struct judge *j, const struct station *st)
{
    struct mark began =
        mark_set(st->eap_start.first) &&
                (!mark_set(st->asked) || st->eap_start.first.ts_ns < st->asked.ts_ns)
            ? st->eap_start.first
            : st->asked;
    struct mark end = st->ack.first;
    if (!mark_set(began) || !mark_set(end) || end.ts_ns - began.ts_ns < DELAY_NS)
        return;
    struct draft *d = finding_of_device(j, FINDING_NETWORK_DELAYED, SEVERITY_INFO);
    if (!d)
        return;
    d->x.value = end.ts_ns - began.ts_ns;
    d->f.recovered = true;
    d->f.count = 1;
    d->f.first = began;
    d->f.last = end;
    finding_tell(j, d);
}

/* Whether connections of the device stood over IPv6, by which it does without IPv4. */
static bool used_ipv6(const struct judge *j)
{
    for (uint32_t i = j->j.device; i != POOL_NONE; i = facts_at(j->f, i)->merged) {
        const struct client *c = facts_at(j->f, i);
        if (c->addr.family == 6 && c->two_way > 0)
            return true;
    }
    return false;
}

/* Of what kept the address away the capture may have nothing: it may begin later. */
static void self_assigned(struct judge *j, const struct station *st)
{
    bool unknown = j->j.one_way || j->j.cut; /* answers may be what is missing */
    if (st->self_assigned.count == 0 || unknown || used_ipv6(j) ||
        rule_device_ok_ns(j) > st->self_assigned.last.ts_ns ||
        (mark_set(st->ack.last) && st->ack.last.ts_ns >= st->self_assigned.last.ts_ns))
        return;
    struct draft *d = finding_of_device(j, FINDING_ADDRESS_SELF_ASSIGNED, SEVERITY_WARNING);
    if (!d)
        return;
    d->x.server = st->self;
    d->f.count = st->self_assigned.count;
    d->f.first = st->self_assigned.first;
    d->f.last = st->self_assigned.last;
    finding_tell(j, d);
}

void dhcp_judge(struct judge *j)
{
    const struct station *st = j->j.station;
    uint32_t first = j->drafts.count;
    j->dhcp_word = STATUS_NOT_SEEN;
    if (!st)
        return;
    if (mark_set(st->lease.at) && st->lease.address.family != 0)
        j->dhcp_word = STATUS_REACHABLE;
    else if (st->dhcp_pending)
        j->dhcp_word = STATUS_INCONCLUSIVE;
    no_lease(j, st);
    if (j->drafts.count == first)
        dhcp6_judge(j);
    if (mark_set(st->ack.last))
        poor_lease(j, st);
    if (st->split)
        several_servers(j, st);
    for (uint32_t i = first; i < j->drafts.count; i++) {
        enum severity severity = ((const struct draft *)pool_at(&j->drafts, i))->f.severity;
        if (severity == SEVERITY_ERROR)
            j->dhcp_word = STATUS_FAILED;
        else if (severity == SEVERITY_WARNING && j->dhcp_word != STATUS_FAILED)
            j->dhcp_word = STATUS_DEGRADED;
    }
    if (!verdict_without_network(j, j->first_draft))
        self_assigned(j, st);
    late_lease(j, st);
}

/* ---- what a lease explains ---- */

static void prove_text(struct judge *j, struct draft *d, const char *option, uint32_t text)
{
    if (text == INTERN_NONE)
        return;
    buf_printf(&j->text, "DHCP handed out %s: ", option);
    buf_slice(&j->text, intern_name(j->f->texts, text));
    finding_prove(j, d);
}

void dhcp_explain(struct judge *j, struct draft *d)
{
    const struct station *st = d->client == POOL_NONE ? NULL : j->j.station;
    if (!st || !mark_set(st->lease.at))
        return;
    const struct lease *l = &st->lease;
    if (d->f.kind == FINDING_DNS_NO_REPLY && d->f.server.family != 0 && l->resolvers.count > 0) {
        buf_str(&j->text, rule_addrs_have(&l->resolvers, &d->f.server)
                              ? "DHCP handed out this resolver, in frame "
                              : "this is no resolver of those that DHCP handed out in frame ");
        buf_printf(&j->text, "%u", l->at.frame);
        finding_prove(j, d);
    }
    if (d->f.kind == FINDING_HTTP_CAPTIVE_PORTAL)
        prove_text(j, d, "a captive portal (option 114)", l->portal);
    if (d->f.culprit == CULPRIT_PROXY)
        prove_text(j, d, "a proxy script (option 252)", l->proxy);
}
