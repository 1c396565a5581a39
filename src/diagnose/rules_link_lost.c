/*
 * diagnose/rules_link_lost: a network that goes away while the device works.
 * SPDX-License-Identifier: MIT
 *
 * RFC 826, 1122 section 2.3.2.1 (neighbours that are asked anew). From one moment on nothing comes back, to the
 * end of what the capture has of the device, though it asks again and again what had answered: a resolver and
 * other servers, or servers enough of one port. A single server that falls silent, one family of addresses, or
 * a device that falls silent itself is none of it. Where the router of its lease does not answer ARP either, that
 * and anything asked in vain is enough.
 */
#include "judge.h"

#define BEFORE_NS    (2 * NS_PER_S)  /* what began so shortly before was cut by it */
#define KEEPS_NS     (5 * NS_PER_S)  /* the device tries for as long, */
#define WATCHED_NS   (15 * NS_PER_S) /* and the capture watches for as long, at least */
#define SERVERS      3               /* silent on one port */
#define ARP_REQUESTS 3
#define PORT_DNS     53
#define PORT_NTP     123

/* ---- while it comes ---- */

/* The device sent what nobody acknowledged or ended a connection on its own: when it heard of it last is not
 * known. */
static bool ends_in_vain(const struct flow *flow)
{
    const struct flow_side *device = &flow->side[DIR_TO_SERVER];
    const struct flow_side *server = &flow->side[DIR_TO_CLIENT];
    bool open = (int32_t)(device->seq_end - server->ack) > 0;
    return open || ((device->fin || device->rst) && !server->fin && !server->rst);
}

int64_t lost_heard_ns(const struct flow *flow)
{
    if (flow->signs && flow->signs->icmp_from.family != 0)
        return flow->signs->end_at.ts_ns;
    if (flow_is_one_way(flow)) /* of what it heard the capture has nothing */
        return flow->last.ts_ns;
    if (flow->side[DIR_TO_CLIENT].packets == 0)
        return 0;
    bool vain = flow->key.proto == IP_PROTO_TCP && ends_in_vain(flow);
    return vain ? flow->answered_ns : flow->last.ts_ns;
}

void lost_flow_fact(struct facts *f, const struct flow *flow)
{
    bool tells = flow->key.dst_port == PORT_DNS || flow->key.dst_port == PORT_NTP;
    int64_t heard_ns = tells ? 0 : lost_heard_ns(flow);
    uint32_t client = heard_ns == 0 ? POOL_NONE : facts_find(f, &flow->key.src);
    if (client == POOL_NONE)
        return;
    struct client *c = facts_at(f, client);
    if (heard_ns > c->heard_ns)
        c->heard_ns = heard_ns;
}

/* ---- what stayed silent ---- */

struct silence {
    int64_t heard_ns;  /* nothing came back since */
    struct mark first; /* asked in vain */
    struct mark last;
    uint32_t findings;
    uint32_t exchanges;
    uint32_t questions;
    enum severity severity;
    struct ip_addr servers[SERVERS]; /* that had answered; without resolvers */
    uint16_t ports[SERVERS];
    uint32_t server_count;
    bool resolver;  /* one that had answered */
    bool otherwise; /* another finding explains it */
};

static int64_t heard_ns(const struct judge *j)
{
    int64_t heard = facts_at(j->f, j->j.device)->heard_ns;
    int64_t ok = rule_device_ok_ns(j);
    const struct station *st = j->j.station;
    heard = ok > heard ? ok : heard;
    return st && st->ack.last.ts_ns > heard ? st->ack.last.ts_ns : heard;
}

static const struct ip_addr *server_of(const struct draft *d)
{
    return d->x.server.family != 0 ? &d->x.server : &d->f.server;
}

/* When the resolver that a finding is about answered last; 0 never. */
static int64_t resolver_ok_ns(const struct judge *j, const struct draft *d)
{
    for (uint32_t i = facts_at(j->f, j->j.device)->peers; i != POOL_NONE;) {
        const struct peer *p = pool_at(&j->f->peers, i);
        i = p->next;
        if (p->role == PEER_RESOLVER && addr_eq(&p->server, server_of(d)))
            return p->last_answered.ts_ns;
    }
    return 0;
}

/* The same of the host, or of the resolver where a finding has no host. */
static int64_t worked_ns(const struct judge *j, const struct draft *d)
{
    if (d->name == INTERN_NONE)
        return d->f.kind == FINDING_DNS_NO_REPLY ? resolver_ok_ns(j, d) : 0;
    const struct row *head = facts_head(j->f, d->client, d->name);
    if (!head)
        return 0;
    return d->f.kind == FINDING_DNS_NO_REPLY ? head->dns_ok_ns : rule_host_ok_ns(&j->j, head);
}

/* What failed, worked and failed again began with the latter. */
static struct mark began(const struct judge *j, const struct draft *d)
{
    int64_t ok = worked_ns(j, d);
    return ok > d->f.first.ts_ns && ok < d->f.last.ts_ns ? d->f.last : d->f.first;
}

static bool is_sign(const struct draft *d)
{
    return d->f.severity >= SEVERITY_WARNING && (LOST_SIGNS >> d->f.kind & 1) != 0;
}

static bool is_since(const struct judge *j, const struct silence *s, const struct draft *d)
{
    return is_sign(d) && began(j, d).ts_ns > s->heard_ns - BEFORE_NS;
}

/* Servers that had answered, each once. Who asks again has heard nothing, whatever the capture lacks. */
static void add_server(const struct judge *j, struct silence *s, const struct draft *d)
{
    const struct ip_addr *server = server_of(d);
    bool again = d->f.count > 1 || d->x.tries > 1;
    if (!again || server->family == 0)
        return;
    if (d->f.kind == FINDING_DNS_NO_REPLY) {
        s->resolver |= resolver_ok_ns(j, d) != 0;
        return;
    }
    if (worked_ns(j, d) == 0 || s->server_count == SERVERS)
        return;
    for (uint32_t i = 0; i < s->server_count; i++) {
        if (addr_eq(&s->servers[i], server))
            return;
    }
    s->ports[s->server_count] = d->f.port;
    s->servers[s->server_count++] = *server;
}

static void add_finding(const struct judge *j, struct silence *s, const struct draft *d)
{
    struct mark first = began(j, d);
    if (s->findings++ == 0 || first.ts_ns < s->first.ts_ns)
        s->first = first;
    if (d->f.last.ts_ns > s->last.ts_ns)
        s->last = d->f.last;
    /* A resolver's own count has the questions for all hosts. */
    uint32_t *count = d->name == INTERN_NONE ? &s->questions : &s->exchanges;
    *count += d->f.count;
    s->severity = d->f.severity > s->severity ? d->f.severity : s->severity;
    add_server(j, s, d);
}

/* Most devices have none, and are looked at no further. */
static bool has_signs(const struct judge *j)
{
    for (uint32_t i = j->first_draft; i < j->drafts.count; i++) {
        if (is_sign(pool_at(&j->drafts, i)))
            return true;
    }
    return false;
}

static struct silence silence_of(const struct judge *j)
{
    struct silence s = {.heard_ns = heard_ns(j)};
    for (uint32_t i = j->first_draft; i < j->drafts.count; i++) {
        const struct draft *d = pool_at(&j->drafts, i);
        if (is_since(j, &s, d))
            add_finding(j, &s, d);
        else if (d->f.kind >= FINDING_EAP_NO_REQUEST && d->f.severity >= SEVERITY_WARNING)
            s.otherwise = true;
    }
    return s;
}

/* ---- the router ---- */

static bool knows_router(const struct judge *j)
{
    return j->j.station && j->j.station->lease.routers.count > 0;
}

/* A router of the lease; where none is known, whomever the device asks for. */
static bool may_be_router(const struct judge *j, const struct neighbour *n)
{
    return !knows_router(j) || rule_addrs_have(&j->j.station->lease.routers, &n->addr);
}

/* Its newest word, to the device or to all. */
static struct mark spoke(struct judge *j, const struct neighbour *n)
{
    const struct claim *c = station_claim(&j->f->stations, &n->addr, false);
    return c && c->at.ts_ns > n->answered.ts_ns ? c->at : n->answered;
}

static bool is_gone(const struct silence *s, const struct neighbour *n, struct mark spoken)
{
    return n->asked.count >= ARP_REQUESTS && (n->known || mark_set(spoken)) &&
           n->asked.first.ts_ns > s->heard_ns - BEFORE_NS && n->asked.first.ts_ns > spoken.ts_ns;
}

/* Says in the scratch text what ARP shows of the router; neighbours of whom some answer tell nothing where none is
 * known to be the router. */
static enum lost ask_router(struct judge *j, const struct silence *s)
{
    const struct station *st = j->j.station;
    const struct neighbour *gone = NULL, *there = NULL;
    for (const struct neighbour *n = st ? station_neighbour_at(&j->f->stations, st->neighbours)
                                        : NULL;
         n; n = station_neighbour_at(&j->f->stations, n->next)) {
        struct mark spoken = spoke(j, n);
        if (may_be_router(j, n) && is_gone(s, n, spoken))
            gone = n;
        else if (may_be_router(j, n) && spoken.ts_ns > s->first.ts_ns)
            there = n;
    }
    if ((gone != NULL) == (there != NULL))
        return LOST_SOMEWHERE;
    buf_str(&j->text, knows_router(j) ? "the router " : "the neighbour ");
    judge_address(&j->text, gone ? &gone->addr : &there->addr);
    if (gone)
        buf_printf(&j->text, " answers none of %u ARP requests since frame %u", gone->asked.count,
                   gone->asked.first.frame);
    else
        buf_printf(&j->text, " still answers ARP, in frame %u", spoke(j, there).frame);
    return gone ? LOST_GATEWAY : LOST_BEYOND;
}

/* ---- judging ---- */

static bool enough(const struct silence *s)
{
    bool ports = s->server_count > 1 && s->ports[0] != s->ports[1];
    return s->server_count == SERVERS || ports || (s->server_count > 0 && s->resolver);
}

static bool is_lost(const struct judge *j, const struct silence *s)
{
    return s->findings > 0 && !s->otherwise && s->heard_ns != 0 &&
           s->last.ts_ns - s->first.ts_ns >= KEEPS_NS &&
           j->j.capture->last.ts_ns - s->first.ts_ns >= WATCHED_NS;
}

static bool may_be_the_captures(const struct judge *j, const struct silence *s)
{
    return j->j.one_way || j->half || j->f->lossy ||
           loss_around(&j->f->losses, s->first.ts_ns).drops > 0;
}

static void tell(struct judge *j, const struct silence *s, enum lost lost)
{
    for (uint32_t i = j->first_draft; i < j->drafts.count; i++) {
        struct draft *d = pool_at(&j->drafts, i);
        if (is_since(j, s, d))
            d->lost = lost;
    }
    struct draft *d = finding_of_device(j, FINDING_NETWORK_LOST, s->severity);
    if (!d) {
        buf_reset(&j->text);
        return;
    }
    d->lost = lost;
    d->f.count = s->exchanges > s->questions ? s->exchanges : s->questions;
    d->f.first = s->first;
    d->f.last = s->last;
    finding_prove(j, d);
    finding_tell(j, d);
    int64_t after_ns = s->first.ts_ns - j->j.capture->first.ts_ns;
    buf_printf(&j->text, "nothing comes back from frame %u on, %lld s after the capture began",
               s->first.frame, (long long)(after_ns / NS_PER_S));
    d->f.detail = judge_keep(j);
}

void lost_judge(struct judge *j)
{
    if (!has_signs(j))
        return;
    struct silence s = silence_of(j);
    if (!is_lost(j, &s) || may_be_the_captures(j, &s))
        return;
    enum lost lost = ask_router(j, &s);
    if ((lost == LOST_GATEWAY && knows_router(j)) || enough(&s))
        tell(j, &s, lost);
    else
        buf_reset(&j->text);
}
