/*
 * diagnose/rules_dns: questions, resolvers, and what is only noise.
 * SPDX-License-Identifier: MIT
 *
 * A question is judged over all servers and retries, A and AAAA together: it failed when nothing gave
 * an address. RFC 1035, 2308, 8020.
 */
#include <stdio.h>

#include "blockers.h"
#include "rules.h"

#define RETRY_NS       (15 * NS_PER_S) /* what a resolver client spends on one question */
#define SLACK_NS       (5 * NS_PER_S)  /* an address this fresh still serves */
#define TYPE_A         1
#define TYPE_CNAME     5
#define TYPE_AAAA      28
#define RCODE_NXDOMAIN 3
#define RCODE_REFUSED  5
#define EDE_FORGED     4 /* RFC 8914 */
#define EDE_BLOCKED    15
#define EDE_FILTERED   17

#define DNS_KINDS                                                                                \
    (1ULL << FINDING_DNS_NXDOMAIN | 1ULL << FINDING_DNS_SERVFAIL | 1ULL << FINDING_DNS_REFUSED | \
     1ULL << FINDING_DNS_NO_REPLY | 1ULL << FINDING_DNS_NO_ADDRESS |                             \
     1ULL << FINDING_DNS_TCP_BLOCKED | 1ULL << FINDING_DNS_SINKHOLE)

bool rule_first_label(struct slice name, const char *label)
{
    size_t len = strlen(label);
    return slice_starts(name, label) && (name.len == len || name.data[len] == '.');
}

/* No answer was captured of what the connection shows to be incomplete. */
static bool lies_in_gap(const struct flow *flow, const struct tx *tx)
{
    return tx->outcome == TX_NO_REPLY && flow_lacks(flow);
}

/* What the addresses of an answer look like. */
enum answer {
    ANSWER_NONE,
    ANSWER_PUBLIC,
    ANSWER_PRIVATE,
    ANSWER_NOWHERE, /* unspecified, loopback, or a block page */
};

/* An answer, looked at. */
struct look {
    enum answer what;
    struct ip_addr addr;
    const char *product; /* whose block page it is, or NULL */
    struct slice zone;   /* private link zone that a CNAME leads to */
    bool aliased;        /* a CNAME leads to a block page, whatever its address */
};

/* The best of several addresses counts. */
static void look_at_address(struct look *l, const struct ip_addr *a)
{
    const char *product = blocker_of_address(a);
    enum answer this = ANSWER_PUBLIC;
    if (product || addr_is_unspecified(a) || addr_is_loopback(a))
        this = ANSWER_NOWHERE;
    else if (addr_is_private(a))
        this = ANSWER_PRIVATE;
    if (l->aliased) {
        l->addr = *a;
    } else if (l->what == ANSWER_NONE || this < l->what) {
        l->what = this;
        l->addr = *a;
        l->product = product;
    }
}

/* "host.privatelink.blob.core.windows.net" lies in a zone that networks shadow with their own. */
static void look_at_alias(struct look *l, struct slice alias)
{
    const char *product = blocker_of_name(alias);
    size_t label = slice_find(alias, 0, '.') + 1;
    struct slice zone = slice_sub(alias, label, alias.len);
    if (product) {
        l->what = ANSWER_NOWHERE;
        l->product = product;
        l->aliased = true;
    } else if (slice_starts(zone, "privatelink.")) {
        l->zone = zone;
    }
}

static struct look look(const struct tx_dns *dns)
{
    struct look l = {.what = ANSWER_NONE};
    for (uint32_t i = 0; i < dns->answer_count; i++) {
        const struct dns_answer *a = &dns->answers[i];
        if (a->type == TYPE_CNAME)
            look_at_alias(&l, a->rdata);
        if (a->addr.family != 0)
            look_at_address(&l, &a->addr);
    }
    /* "Blocked", "Censored", "Filtered", "Forged": the resolver says it itself. */
    if (l.what != ANSWER_NONE && dns_said_filtered(dns->ede))
        l.what = ANSWER_NOWHERE;
    return l;
}

bool dns_said_filtered(int ede)
{
    return ede == EDE_FORGED || (ede >= EDE_BLOCKED && ede <= EDE_FILTERED);
}

static void good_answer(struct facts *f, struct row *head, const struct tx *tx)
{
    if (tx->reply.ts_ns > head->dns_ok_ns) {
        head->dns_ok_ns = tx->reply.ts_ns;
        head->flags &= (uint8_t)~ROW_OWN_ZONE;
        head->flags |= tx->u.dns.authoritative ? ROW_OWN_ZONE : 0;
    }
    if (tx->u.dns.qtype == TYPE_A)
        head->flags |= ROW_A_GOOD;
    facts_heal(f, head, DNS_KINDS, tx->reply.ts_ns);
}

static enum finding_kind kind_of_rcode(int rcode)
{
    if (rcode == RCODE_NXDOMAIN)
        return FINDING_DNS_NXDOMAIN;
    return rcode == RCODE_REFUSED ? FINDING_DNS_REFUSED : FINDING_DNS_SERVFAIL;
}

/* What a bad reply said beside its code: a set of DNS_SAID_*, and the extended error from DNS_EDE_SHIFT on.
 * The zone that answered becomes the text where it is one of the site's own. */
static void note_saying(struct facts *f, struct failure *x, const struct tx_dns *dns,
                        const struct look *l)
{
    bool denied = x->kind == FINDING_DNS_NXDOMAIN;
    bool azure = slice_starts_nocase(dns->soa_server, "azureprivatedns.net");
    bool own = azure || blocker_is_inner_name(dns->soa_server) ||
               (denied && dns->soa.len > 0 && slice_eq(dns->soa, dns->qname));
    x->value |= dns->authoritative ? DNS_SAID_AA : 0;
    x->value |= own ? DNS_SAID_OWN_ZONE : 0;
    x->value |= l->zone.len > 0 ? DNS_SAID_LINK : 0;
    x->value |= dns->edns ? DNS_SAID_EDNS : 0;
    x->value |= denied && dns->soa.len == 0 ? DNS_SAID_NO_SOA : 0;
    x->value |= (int64_t)(dns->ede + 1) << DNS_EDE_SHIFT;
    if (l->zone.len > 0)
        x->text = facts_text(f, l->zone);
    else if (own)
        x->text = facts_text(f, dns->soa_server.len > 0 ? dns->soa_server : dns->soa);
}

static void bad_answer(struct facts *f, struct row *head, const struct flow *flow,
                       const struct tx *tx, enum finding_kind kind)
{
    const struct tx_dns *dns = &tx->u.dns;
    struct failure x = rule_failure(flow, kind, tx->first);
    struct look l = look(dns);
    x.group = dns->qtype == TYPE_A ? 0 : FAIL_NOT_A;
    x.tries = dns->attempts;
    if (tx->outcome == TX_ANSWERED) {
        x.code = (uint16_t)dns->rcode;
        note_saying(f, &x, dns, &l);
    } else if (flow->signs && flow->signs->icmp_from.family != 0) {
        x.code = (uint16_t)(flow->signs->icmp_type << 8 | flow->signs->icmp_code);
        x.icmp_from = flow->signs->icmp_from;
    }
    facts_fail(f, head, &x);
    /* Facts come in order of completion: a retry may have been answered before this was given up. */
    struct failure kept;
    for (uint32_t at = head->failures; facts_next_failure(f, &at, &kept);) {
        if (kept.kind == x.kind && kept.group == x.group && kept.healed_ns == 0 &&
            head->dns_ok_ns >= kept.last.ts_ns) {
            kept.healed_ns = head->dns_ok_ns;
            facts_keep_failure(f, &kept);
        }
    }
}

static void note_sinkhole(struct facts *f, struct row *head, const struct flow *flow,
                          const struct tx *tx, const struct look *l)
{
    struct failure x = rule_failure(flow, FINDING_DNS_SINKHOLE, tx->first);
    char text[ADDR_TEXT_SIZE + BLOCKER_TEXT_MAX];
    char address[ADDR_TEXT_SIZE];
    if (l->addr.family != 0)
        addr_text(&l->addr, address);
    else
        address[0] = '\0';
    (void)snprintf(text, sizeof text, "%s%s%.40s%s", address, l->product ? " (" : "",
                   l->product ? l->product : "", l->product ? ")" : "");
    x.group = tx->u.dns.qtype == TYPE_A ? 0 : FAIL_NOT_A;
    if (l->what == ANSWER_PRIVATE) {
        x.group = FAIL_PRIVATE;
        good_answer(f, head, tx);
    }
    x.value = (int64_t)(tx->u.dns.ede + 1) << DNS_EDE_SHIFT;
    x.text = facts_text(f, slice_str(text));
    facts_fail(f, head, &x);
}

static void note_answer(struct facts *f, struct row *head, const struct flow *flow,
                        const struct tx *tx)
{
    const struct tx_dns *dns = &tx->u.dns;
    if (dns->rcode != 0) {
        bad_answer(f, head, flow, tx, kind_of_rcode(dns->rcode));
        return;
    }
    struct look l = look(dns);
    switch (l.what) {
    case ANSWER_NONE:
        /* A name without IPv6 is nothing to remember. */
        if (dns->truncated)
            bad_answer(f, head, flow, tx, FINDING_DNS_TCP_BLOCKED);
        else if (dns->qtype == TYPE_A)
            bad_answer(f, head, flow, tx, FINDING_DNS_NO_ADDRESS);
        break;
    case ANSWER_NOWHERE:
    case ANSWER_PRIVATE:
        note_sinkhole(f, head, flow, tx, &l);
        break;
    case ANSWER_PUBLIC:
        good_answer(f, head, tx);
        break;
    }
}

/* Windows knows which address some names have: another one means that the resolver makes addresses up. */
static void check_probe(struct facts *f, struct row *head, const struct flow *flow,
                        const struct tx *tx)
{
    const struct probe_name *probe = &f->probes[head->name];
    const struct tx_dns *dns = &tx->u.dns;
    const struct ip_addr *want = dns->qtype == TYPE_A ? &probe->v4 : &probe->v6;
    for (uint32_t i = 0; want->family != 0 && i < dns->answer_count; i++) {
        const struct ip_addr *got = &dns->answers[i].addr;
        if (got->family != want->family)
            continue;
        if (addr_eq(got, want)) {
            facts_heal(f, head, 1ULL << FINDING_DNS_UNEXPECTED_ADDRESS, tx->reply.ts_ns);
            return;
        }
        struct failure x = rule_failure(flow, FINDING_DNS_UNEXPECTED_ADDRESS, tx->first);
        char text[ADDR_TEXT_SIZE];
        x.group = dns->qtype == TYPE_A ? 0 : FAIL_NOT_A;
        x.text = facts_text(f, slice_str(addr_text(got, text)));
        facts_fail(f, head, &x);
        return;
    }
}

/* A second, different answer to one question: somebody answers in the resolver's name. */
static void injected_fact(struct facts *f, const struct flow *flow, const struct tx *tx)
{
    char addr[ADDR_TEXT_SIZE];
    uint32_t name = facts_name(f, tx->u.dns.qname, false);
    uint32_t client = facts_find(f, &flow->key.src);
    struct row *head =
        name == INTERN_NONE || client == POOL_NONE ? NULL : facts_head(f, client, name);
    if (!head)
        return;
    struct look l = look(&tx->u.dns);
    struct failure x = rule_failure(flow, FINDING_DNS_INJECTED, tx->first);
    x.code = (uint16_t)tx->u.dns.rcode;
    if (l.addr.family != 0)
        x.text = facts_text(f, slice_str(addr_text(&l.addr, addr)));
    facts_fail(f, head, &x);
}

static bool is_wpad(struct facts *f, uint32_t client, const struct flow *flow, const struct tx *tx,
                    struct slice qname)
{
    if (!rule_first_label(qname, "wpad"))
        return false;
    search_fact(f, client, flow, tx);
    if (tx->outcome == TX_ANSWERED && look(&tx->u.dns).what != ANSWER_NONE)
        facts_at(f, client)->flags |= CLIENT_WPAD;
    return true;
}

/* The question was lost, unless it was sent before the capture began. */
static void note_orphan(struct facts *f, const struct tx *tx)
{
    f->orphans++;
    f->orphan_ns = tx->reply.ts_ns > f->orphan_ns ? tx->reply.ts_ns : f->orphan_ns;
    loss_gap(&f->losses, tx->reply.ts_ns, tx->reply.ts_ns);
}

static void no_answer(struct facts *f, struct row *head, const struct flow *flow,
                      const struct tx *tx, struct slice qname)
{
    bad_answer(f, head, flow, tx, FINDING_DNS_NO_REPLY);
    revocation_wait(f, flow, qname, tx->first);
}

void dns_fact(struct facts *f, const struct flow *flow, const struct tx *tx)
{
    if (addr_is_multicast(&flow->key.dst))
        return;
    if (tx->outcome == TX_REPLY_ONLY) {
        if (tx->u.dns.second_reply)
            injected_fact(f, flow, tx);
        else if (flow_is_one_way(flow))
            note_orphan(f, tx);
        return;
    }
    uint32_t client = facts_asks(f, flow);
    if (client == POOL_NONE || lies_in_gap(flow, tx))
        return;
    resolver_fact(f, client, flow, tx);

    struct slice qname = tx->u.dns.qname; /* in lower case, without the last dot */
    if (is_wpad(f, client, flow, tx, qname))
        return;
    uint32_t name = facts_name(f, qname, true);
    struct row *head = name == INTERN_NONE ? NULL : facts_head(f, client, name);
    if (!head)
        return;
    if (head->questions < UINT16_MAX)
        head->questions++;
    if (tx->u.dns.qtype != TYPE_A && tx->u.dns.qtype != TYPE_AAAA)
        return;
    if (tx->outcome == TX_PENDING)
        head->flags |= ROW_DNS_PENDING;
    else if (tx->outcome == TX_NO_REPLY)
        no_answer(f, head, flow, tx, qname);
    else
        note_answer(f, head, flow, tx);
    if (tx->outcome == TX_ANSWERED && name < f->probe_count)
        check_probe(f, head, flow, tx);
}

/* ---- judging ---- */

/* The address of a probe alone decides nothing while the page of the probe is right. */
enum ruling probe_name_ruling(const struct judging *j, const struct row *head,
                              const struct row *row, const struct failure *x)
{
    (void)row;
    if (x->healed_ns != 0)
        return RULING_RECOVERED;
    return rule_service_worked(j, head->name) ? RULING_HARMLESS : RULING_FAILED;
}

/* Which of two answers came from the resolver does not matter where the host works. */
enum ruling injection_ruling(const struct judging *j, const struct row *head, const struct row *row,
                             const struct failure *x)
{
    (void)row;
    if (rule_host_ok_ns(j, head) >= x->last.ts_ns)
        return RULING_HARMLESS;
    return head->attempts > 0 ? RULING_FAILED : RULING_WARNS;
}

/* A listed or otherwise asked name followed by a search suffix: "www.example.com.corp.local". */
static bool has_search_suffix(const struct judging *j, const struct row *head)
{
    struct slice name = intern_name(j->f->listed, head->name);
    struct service_match matches[SERVICE_MATCHES_MAX];
    for (size_t end = slice_find(name, 0, '.'); end < name.len;
         end = slice_find(name, end + 1, '.')) {
        struct slice prefix = slice_sub(name, 0, end);
        if (slice_find(prefix, 0, '.') < prefix.len &&
            services_match(j->f->list, prefix, TRANSPORT_TCP, PORT_ANY, matches) > 0)
            return true;
    }
    return false;
}

/* Whether another DNS failure of the host is the final answer rather than this one. */
static bool outdone(const struct judging *j, const struct row *head, const struct failure *x)
{
    struct failure o;
    for (uint32_t at = head->failures; facts_next_failure(j->f, &at, &o);) {
        if (o.kind == x->kind || (DNS_KINDS >> o.kind & 1) == 0 || (o.group & FAIL_PRIVATE) ||
            ((o.group & FAIL_NOT_A) != 0 && (x->group & FAIL_NOT_A) == 0))
            continue;
        int64_t by = o.last.ts_ns - x->last.ts_ns;
        bool silent = x->kind == FINDING_DNS_NO_REPLY, other = o.kind == FINDING_DNS_NO_REPLY;
        if (silent && !other && by >= -RETRY_NS)
            return true;
        if (silent == other && (by > 0 || (by == 0 && o.kind < x->kind)))
            return true;
        if (!silent && other && by > RETRY_NS)
            return true;
    }
    return false;
}

static bool a_failed(const struct judging *j, const struct row *head)
{
    struct failure o;
    for (uint32_t at = head->failures; facts_next_failure(j->f, &at, &o);) {
        if ((DNS_KINDS >> o.kind & 1) != 0 && o.group == 0)
            return true;
    }
    return false;
}

int64_t rule_host_ok_ns(const struct judging *j, const struct row *head)
{
    int64_t ok = 0;
    for (const struct row *row = head; row; row = facts_row_at(j->f, row->next)) {
        if (mark_set(row->ok) && row->ok.ts_ns > ok)
            ok = row->ok.ts_ns;
    }
    return ok;
}

/* Whether another host of a service that lists `name` worked for the device. */
bool rule_service_worked(const struct judging *j, uint32_t name)
{
    struct service_match mine[SERVICE_MATCHES_MAX], its[SERVICE_MATCHES_MAX];
    uint32_t count =
        services_match(j->f->list, intern_name(j->f->listed, name), TRANSPORT_TCP, PORT_ANY, mine);
    struct hosts at = facts_hosts(j->f, j->device);
    for (const struct row *host = facts_next_host(j->f, &at); count > 0 && host;
         host = facts_next_host(j->f, &at)) {
        if (host->name == name || rule_host_ok_ns(j, host) == 0)
            continue;
        uint32_t n = services_match(j->f->list, intern_name(j->f->listed, host->name),
                                    TRANSPORT_TCP, PORT_ANY, its);
        if (n > 0 && its[0].service == mine[0].service)
            return true;
    }
    return false;
}

enum ruling dns_ruling(const struct judging *j, const struct row *head, const struct row *row,
                       const struct failure *x)
{
    (void)row;
    if ((x->group & FAIL_NOT_A) != 0 && (head->dns_ok_ns != 0 || a_failed(j, head)))
        return RULING_DROP;
    if (x->kind == FINDING_DNS_NO_ADDRESS && j->cut)
        return RULING_DOUBT;
    if (x->kind == FINDING_DNS_NXDOMAIN && has_search_suffix(j, head))
        return RULING_DROP;
    if (x->healed_ns != 0 && x->healed_ns - x->last.ts_ns <= RETRY_NS)
        return RULING_DROP;
    if (head->dns_ok_ns != 0 && head->dns_ok_ns >= x->last.ts_ns - SLACK_NS)
        return x->healed_ns ? RULING_RECOVERED : RULING_DROP;
    if ((head->flags & ROW_VIA_PROXY) || rule_host_ok_ns(j, head) >= x->last.ts_ns)
        return RULING_RECOVERED;
    if (outdone(j, head, x))
        return RULING_DROP;
    if (x->kind == FINDING_DNS_TCP_BLOCKED && !resolver_tcp_shut(j->f, j->device))
        return RULING_DOUBT; /* the device did not ask again where it could be seen */
    if (rule_first_label(intern_name(j->f->listed, head->name), "ipv6"))
        return RULING_HARMLESS;
    return RULING_FAILED;
}

struct slice rule_domain(struct slice name)
{
    size_t dots = 0;
    for (size_t i = name.len; i-- > 0;) {
        if (name.data[i] == '.' && ++dots == 2)
            return slice_sub(name, i + 1, name.len);
    }
    return name;
}

/* Whether the host failed in the same way, with the same text. */
static bool has_same(const struct judging *j, const struct row *host, const struct failure *x)
{
    struct failure o;
    for (uint32_t at = host->failures; facts_next_failure(j->f, &at, &o);) {
        if (o.kind == x->kind && o.group == x->group && o.text == x->text)
            return true;
    }
    return false;
}

/* A private address is a sinkhole when it stands for unrelated names and none of them works. */
enum ruling sinkhole_ruling(const struct judging *j, const struct row *head, const struct row *row,
                            const struct failure *x)
{
    if (!(x->group & FAIL_PRIVATE))
        return dns_ruling(j, head, row, x);
    struct slice mine = rule_domain(intern_name(j->f->listed, head->name));
    bool unrelated = false;
    struct hosts at = facts_hosts(j->f, j->device);
    for (const struct row *host = facts_next_host(j->f, &at); host;
         host = facts_next_host(j->f, &at)) {
        if (!has_same(j, host, x))
            continue;
        if (rule_host_ok_ns(j, host) != 0)
            return RULING_DROP;
        if (!slice_eq(mine, rule_domain(intern_name(j->f->listed, host->name))))
            unrelated = true;
    }
    return unrelated && head->attempts > 0 ? RULING_FAILED : RULING_DROP;
}
