/*
 * diagnose/rules_ipv6: IPv6 that fails a device where IPv4 works, and what the attempts cost.
 * SPDX-License-Identifier: MIT
 *
 * RFC 8305: a device tries IPv6 first and IPv4 a moment later, or once IPv6 has failed. A race that IPv6
 * loses is answered all the same, late; only attempts that got no answer, or an error, are told of. Read
 * from the failures of rows and from the routes when all is known.
 */
#include "judge.h"

#define COST_MAX_NS (60 * NS_PER_S) /* later connections have other reasons */
#define LEAST       2 /* hosts, or failures of one host where nothing over IPv6 works */
#define NAMES_TOLD  3

#define V6_KINDS \
    (1ULL << FINDING_TCP_NO_REPLY | 1ULL << FINDING_TCP_REFUSED | 1ULL << FINDING_TCP_UNREACHABLE)

struct names_told {
    uint32_t count;
    uint32_t names[NAMES_TOLD];
};

struct tally6 {
    struct names_told broken;
    struct names_told works;
    bool others_work; /* hosts that no list has */
    uint32_t connections;
    uint32_t silent; /* of them, like the next two */
    uint32_t refused;
    uint32_t rejected;
    struct ip_addr rejected_by;
    uint16_t icmp; /* of it: type and code */
    struct mark first, last;
    uint32_t measured; /* hosts whose first attempt over IPv4 is known */
    int64_t worst_ns;
    int64_t sum_ns;
};

static void add_name(struct names_told *n, uint32_t name)
{
    if (n->count < NAMES_TOLD)
        n->names[n->count] = name;
    n->count++;
}

/* Other devices' answers count where they cannot be told apart. */
static bool has_answered(const struct judge *j, const struct route *r, uint8_t family)
{
    return r->addr.family == family && r->answered &&
           (r->clients || facts_is_token(j->f, r->client, j->j.device));
}

static bool is_answered(const struct judge *j, uint32_t name, uint8_t family)
{
    const struct route *r = route_of_name(j->f->routes, name);
    while (r && !has_answered(j, r, family))
        r = route_at(j->f->routes, r->next_name);
    return r != NULL;
}

static bool others_answered(const struct judge *j)
{
    for (uint32_t i = 0; i < j->f->routes->pool.count; i++) {
        const struct route *r = route_at(j->f->routes, i);
        if (r->name == INTERN_NONE && has_answered(j, r, 6))
            return true;
    }
    return false;
}

/* From the first SYN over IPv6 to the host's first connection over IPv4; -1 where that is not known to be
 * this device's, or was before. */
static int64_t fallback_ns(const struct judge *j, uint32_t name, const struct row *row,
                           int64_t since_ns)
{
    int64_t first_ns = INT64_MAX;
    for (const struct route *r = route_of_name(j->f->routes, name); r;
         r = route_at(j->f->routes, r->next_name)) {
        if (r->addr.family != 4 || r->port != row->port)
            continue;
        if (r->clients || !facts_is_token(j->f, r->client, j->j.device))
            return -1;
        if (r->first.ts_ns < first_ns)
            first_ns = r->first.ts_ns;
    }
    bool known = first_ns != INT64_MAX && first_ns >= since_ns;
    return known && first_ns - since_ns <= COST_MAX_NS ? first_ns - since_ns : -1;
}

/* A failure over IPv6 that the capture proves. */
static bool is_proven(const struct judge *j, const struct failure *x)
{
    bool ours = (x->group & FAIL_V6) != 0 && (V6_KINDS >> x->kind & 1) != 0;
    return ours && !link_cut(&j->j, x) && capture_ruling(&j->j, x, RULING_FAILED) == RULING_FAILED;
}

static void add_failure(struct tally6 *t, const struct failure *x)
{
    t->connections += x->count;
    if (x->kind == FINDING_TCP_NO_REPLY)
        t->silent += x->count;
    else if (x->kind == FINDING_TCP_REFUSED)
        t->refused += x->count;
    else
        t->rejected += x->count;
    if (x->kind == FINDING_TCP_UNREACHABLE) {
        t->rejected_by = x->icmp_from;
        t->icmp = x->code;
    }
    if (!mark_set(t->first) || x->first.ts_ns < t->first.ts_ns)
        t->first = x->first;
    if (!mark_set(t->last) || x->last.ts_ns > t->last.ts_ns)
        t->last = x->last;
}

static bool add_row(const struct judge *j, struct tally6 *t, const struct row *row)
{
    int64_t since_ns = INT64_MAX;
    struct failure x;
    for (uint32_t at = row->failures; mark_set(row->ok) && facts_next_failure(j->f, &at, &x);) {
        if (!is_proven(j, &x))
            continue;
        add_failure(t, &x);
        if (x.first.ts_ns < since_ns)
            since_ns = x.first.ts_ns;
    }
    if (since_ns == INT64_MAX)
        return false;
    int64_t cost_ns = fallback_ns(j, row->name, row, since_ns);
    if (cost_ns >= 0) {
        t->measured++;
        t->sum_ns += cost_ns;
        t->worst_ns = cost_ns > t->worst_ns ? cost_ns : t->worst_ns;
    }
    return true;
}

static struct tally6 tally(const struct judge *j)
{
    struct tally6 t = {0};
    struct hosts at = facts_hosts(j->f, j->j.device);
    for (const struct row *head = facts_next_host(j->f, &at); head;
         head = facts_next_host(j->f, &at)) {
        bool broken = false;
        if (is_answered(j, head->name, 6)) {
            add_name(&t.works, head->name);
        } else if (is_answered(j, head->name, 4)) {
            for (const struct row *row = head; row; row = facts_row_at(j->f, row->next))
                broken |= add_row(j, &t, row);
        }
        if (broken)
            add_name(&t.broken, head->name);
    }
    t.others_work = t.broken.count > 0 && others_answered(j);
    return t;
}

/* ---- telling ---- */

static void prove_names(struct judge *j, struct draft *d, const char *what,
                        const struct names_told *n)
{
    struct buf *b = &j->text;
    uint32_t told = n->count < NAMES_TOLD ? n->count : NAMES_TOLD;
    for (uint32_t i = 0; i < told; i++) {
        buf_str(b, i ? ", " : what);
        buf_slice(b, intern_name(j->f->listed, n->names[i]));
    }
    if (n->count > told)
        buf_printf(b, " and %u more", n->count - told);
    finding_prove(j, d);
}

/* RFC 4443 section 3.1. */
static const char *icmp_says(uint16_t type_code)
{
    switch (type_code) {
    case 1 << 8:
        return "there is no route";
    case 1 << 8 | 5:
        return "the device's address is not let through";
    case 1 << 8 | 6:
        return "the route is a rejecting one";
    default:
        return NULL;
    }
}

/* Who made the device try: a router that says that it is the way out. */
static void prove_router(struct judge *j, struct draft *d, const struct tally6 *t)
{
    const struct router *r = dhcp6_router(j);
    const char *says = t->rejected > 0 ? icmp_says(t->icmp) : NULL;
    if (!r)
        return;
    buf_str(&j->text, "router ");
    judge_address(&j->text, &r->addr);
    buf_printf(&j->text, " advertises itself as the way out in frame %u", r->at.frame);
    if (r->said.autonomous && !r->said.global)
        buf_str(&j->text, ", with private addresses only (RFC 4193)");
    if (says)
        buf_printf(&j->text, "; ICMPv6 says that %s", says);
    finding_prove(j, d);
}

static void put_count(struct buf *b, uint32_t count, const char *what)
{
    if (count > 0)
        buf_printf(b, "%s%u %s", b->len > 0 ? ", " : "", count, what);
}

static void put_detail(struct judge *j, const struct tally6 *t)
{
    struct buf *b = &j->text;
    put_count(b, t->silent, "not answered");
    put_count(b, t->refused, "refused");
    put_count(b, t->rejected, "rejected by ICMP");
    if (t->rejected_by.family != 0) {
        buf_str(b, " from ");
        judge_address(b, &t->rejected_by);
    }
    buf_printf(b, ", to %u host%s", t->broken.count, t->broken.count == 1 ? "" : "s");
    if (t->measured > 0)
        buf_printf(b, "; IPv4 was first tried up to %.1f s later",
                   (double)t->worst_ns / (double)NS_PER_S);
    if (t->measured > 1)
        buf_printf(b, ", %.1f s in all at most", (double)t->sum_ns / (double)NS_PER_S);
}

static bool some_works(const struct tally6 *t)
{
    return t->works.count > 0 || t->others_work;
}

static bool is_worth_telling(const struct tally6 *t)
{
    return t->broken.count >= LEAST || (!some_works(t) && t->connections >= LEAST);
}

void ipv6_judge(struct judge *j)
{
    j->j.ipv6_told = false;
    if (j->j.one_way)
        return;
    struct tally6 t = tally(j);
    struct draft *d =
        is_worth_telling(&t) ? finding_of_device(j, FINDING_IPV6_BROKEN, SEVERITY_INFO) : NULL;
    if (!d)
        return;
    j->j.ipv6_told = true;
    d->f.proto = "TCP";
    d->f.count = t.connections;
    d->f.first = t.first;
    d->f.last = t.last;
    d->x.value = some_works(&t);
    d->x.kind = t.silent > 0 ? FINDING_TCP_NO_REPLY : FINDING_TCP_UNREACHABLE;
    prove_names(j, d, "IPv4 stood in for ", &t.broken);
    prove_names(j, d, "IPv6 works with ", &t.works);
    if (t.others_work && t.works.count == 0)
        buf_str(&j->text, "IPv6 works with hosts that no service lists");
    finding_prove(j, d);
    prove_router(j, d, &t);
    finding_tell(j, d);
    put_detail(j, &t);
    d->f.detail = judge_keep(j);
}
