/*
 * diagnose/rules_dns: questions, resolvers, and what is only noise.
 * SPDX-License-Identifier: MIT
 *
 * A question is judged over all servers and retries, A and AAAA together: it failed when nothing gave
 * an address. RFC 1035, 2308, 8020.
 */
#include "rules.h"

#define RETRY_NS       (15 * NS_PER_S) /* what a resolver client spends on one question */
#define SLACK_NS       (5 * NS_PER_S)  /* an address this fresh still serves */
#define SILENT_NAMES   2               /* a server among several is silent after this many names */
#define SILENT_AGAIN   4               /* one that answered before, after this many questions */
#define TYPE_A         1
#define TYPE_AAAA      28
#define RCODE_NXDOMAIN 3
#define RCODE_REFUSED  5

#define DNS_KINDS                                                                                \
    (1ULL << FINDING_DNS_NXDOMAIN | 1ULL << FINDING_DNS_SERVFAIL | 1ULL << FINDING_DNS_REFUSED | \
     1ULL << FINDING_DNS_NO_REPLY | 1ULL << FINDING_DNS_NO_ADDRESS | 1ULL << FINDING_DNS_SINKHOLE)

bool rule_first_label(struct slice name, const char *label)
{
    size_t len = strlen(label);
    return slice_starts(name, label) && (name.len == len || name.data[len] == '.');
}

static void note_resolver(struct facts *f, uint32_t client, const struct flow *flow,
                          const struct tx *tx)
{
    struct peer *p = facts_peer(f, client, PEER_RESOLVER, flow);
    if (!p || tx->outcome == TX_PENDING)
        return;
    if (tx->outcome == TX_ANSWERED) {
        p->answered++;
        if (tx->reply.ts_ns >= p->last_answered.ts_ns)
            p->last_answered = tx->reply;
        if (tx->reply.ts_ns >= p->last_unanswered.ts_ns)
            p->unanswered_since = 0;
        return;
    }
    uint32_t name = (uint32_t)hash_bytes(0, tx->u.dns.qname);
    if (p->unanswered++ == 0) {
        p->first_unanswered = tx->first;
        p->name = name;
    }
    if (tx->first.ts_ns < p->first_unanswered.ts_ns)
        p->first_unanswered = tx->first;
    if (tx->first.ts_ns >= p->last_unanswered.ts_ns)
        p->last_unanswered = tx->first;
    if (tx->first.ts_ns > p->last_answered.ts_ns)
        p->unanswered_since++;
    p->names_differ |= name != p->name;
}

/* What the addresses of an answer look like. */
enum answer {
    ANSWER_NONE,
    ANSWER_PUBLIC,
    ANSWER_PRIVATE,
    ANSWER_NOWHERE, /* unspecified or loopback */
};

static enum answer look(const struct tx_dns *dns, struct ip_addr *addr)
{
    enum answer found = ANSWER_NONE;
    for (uint32_t i = 0; i < dns->answer_count; i++) {
        const struct ip_addr *a = &dns->answers[i].addr;
        if (a->family == 0)
            continue;
        enum answer this = ANSWER_PUBLIC;
        if (addr_is_unspecified(a) || addr_is_loopback(a))
            this = ANSWER_NOWHERE;
        else if (addr_is_private(a))
            this = ANSWER_PRIVATE;
        if (found == ANSWER_NONE || this < found) {
            found = this;
            *addr = *a;
        }
    }
    return found;
}

static void good_answer(struct facts *f, struct row *head, const struct tx *tx)
{
    if (tx->reply.ts_ns > head->dns_ok_ns)
        head->dns_ok_ns = tx->reply.ts_ns;
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

static void bad_answer(struct facts *f, struct row *head, const struct flow *flow,
                       const struct tx *tx, enum finding_kind kind)
{
    struct failure x = rule_failure(flow, kind, tx->first);
    x.group = tx->u.dns.qtype == TYPE_A ? 0 : FAIL_NOT_A;
    x.code = tx->u.dns.rcode < 0 ? 0 : (uint16_t)tx->u.dns.rcode;
    x.ttl_server = 0;
    facts_fail(f, head, &x);
    /* Facts come in order of completion: a retry may have been answered before this was given up. */
    struct failure *kept = facts_failure(f, head->failures);
    while (kept && (kept->kind != x.kind || kept->group != x.group))
        kept = facts_failure(f, kept->next);
    if (kept && kept->healed_ns == 0 && head->dns_ok_ns >= kept->last.ts_ns)
        kept->healed_ns = head->dns_ok_ns;
}

static void note_answer(struct facts *f, struct row *head, const struct flow *flow,
                        const struct tx *tx)
{
    const struct tx_dns *dns = &tx->u.dns;
    struct ip_addr addr = {{0}, 0};
    if (dns->rcode != 0) {
        bad_answer(f, head, flow, tx, kind_of_rcode(dns->rcode));
        return;
    }
    switch (look(dns, &addr)) {
    case ANSWER_NONE:
        /* A name without IPv6 is nothing to remember. */
        if (!dns->truncated && dns->qtype == TYPE_A)
            bad_answer(f, head, flow, tx, FINDING_DNS_NO_ADDRESS);
        break;
    case ANSWER_NOWHERE: {
        struct failure x = rule_failure(flow, FINDING_DNS_SINKHOLE, tx->first);
        x.group = dns->qtype == TYPE_A ? 0 : FAIL_NOT_A;
        char text[ADDR_TEXT_SIZE];
        x.text = facts_text(f, slice_str(addr_text(&addr, text)));
        facts_fail(f, head, &x);
        break;
    }
    case ANSWER_PRIVATE: {
        struct failure x = rule_failure(flow, FINDING_DNS_SINKHOLE, tx->first);
        x.group = FAIL_PRIVATE;
        char text[ADDR_TEXT_SIZE];
        x.text = facts_text(f, slice_str(addr_text(&addr, text)));
        good_answer(f, head, tx);
        facts_fail(f, head, &x);
        break;
    }
    case ANSWER_PUBLIC:
        good_answer(f, head, tx);
        break;
    }
}

void dns_fact(struct facts *f, const struct flow *flow, const struct tx *tx)
{
    if (tx->outcome == TX_REPLY_ONLY || addr_is_multicast(&flow->key.dst))
        return;
    uint32_t client = facts_asks(f, flow);
    if (client == POOL_NONE)
        return;
    facts_role(f, &flow->key.dst, CLIENT_RESOLVER);
    note_resolver(f, client, flow, tx);

    char text[NAME_MAX_BYTES + 1];
    struct slice qname = facts_host(tx->u.dns.qname, text);
    if (rule_first_label(qname, "wpad")) {
        struct ip_addr addr;
        if (tx->outcome == TX_ANSWERED && look(&tx->u.dns, &addr) != ANSWER_NONE)
            facts_at(f, client)->flags |= CLIENT_WPAD;
        return;
    }
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
        bad_answer(f, head, flow, tx, FINDING_DNS_NO_REPLY);
    else
        note_answer(f, head, flow, tx);
}

/* ---- judging ---- */

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
    for (const struct failure *o = facts_failure(j->f, head->failures); o;
         o = facts_failure(j->f, o->next)) {
        if (o->kind == x->kind || (DNS_KINDS >> o->kind & 1) == 0 || (o->group & FAIL_PRIVATE) ||
            ((o->group & FAIL_NOT_A) != 0 && (x->group & FAIL_NOT_A) == 0))
            continue;
        int64_t by = o->last.ts_ns - x->last.ts_ns;
        bool silent = x->kind == FINDING_DNS_NO_REPLY, other = o->kind == FINDING_DNS_NO_REPLY;
        if (silent && !other && by >= -RETRY_NS)
            return true;
        if (silent == other && (by > 0 || (by == 0 && o->kind < x->kind)))
            return true;
        if (!silent && other && by > RETRY_NS)
            return true;
    }
    return false;
}

static bool a_failed(const struct judging *j, const struct row *head)
{
    for (const struct failure *o = facts_failure(j->f, head->failures); o;
         o = facts_failure(j->f, o->next)) {
        if ((DNS_KINDS >> o->kind & 1) != 0 && o->group == 0)
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
    if (rule_first_label(intern_name(j->f->listed, head->name), "ipv6"))
        return RULING_HARMLESS;
    return RULING_FAILED;
}

/* The last two labels: names that differ here are unrelated. */
static struct slice domain_of(struct slice name)
{
    size_t dots = 0;
    for (size_t i = name.len; i-- > 0;) {
        if (name.data[i] == '.' && ++dots == 2)
            return slice_sub(name, i + 1, name.len);
    }
    return name;
}

/* A private address is a sinkhole when it stands for unrelated names and none of them works. */
enum ruling sinkhole_ruling(const struct judging *j, const struct row *head, const struct row *row,
                            const struct failure *x)
{
    if (!(x->group & FAIL_PRIVATE))
        return dns_ruling(j, head, row, x);
    struct slice mine = domain_of(intern_name(j->f->listed, head->name));
    bool unrelated = false;
    struct hosts at = facts_hosts(j->f, j->device);
    for (const struct row *host = facts_next_host(j->f, &at); host;
         host = facts_next_host(j->f, &at)) {
        const struct failure *o = facts_failure(j->f, host->failures);
        while (o && (o->kind != x->kind || o->group != x->group || o->text != x->text))
            o = facts_failure(j->f, o->next);
        if (!o)
            continue;
        if (rule_host_ok_ns(j, host) != 0)
            return RULING_DROP;
        if (!slice_eq(mine, domain_of(intern_name(j->f->listed, host->name))))
            unrelated = true;
    }
    return unrelated && head->attempts > 0 ? RULING_FAILED : RULING_DROP;
}

/* ---- resolvers ---- */

bool dns_peer_silent(const struct peer *p, bool alone)
{
    if (p->answered == 0)
        return alone ? p->unanswered > 0 : p->names_differ && p->unanswered >= SILENT_NAMES;
    return p->unanswered_since >= SILENT_AGAIN && p->names_differ;
}

enum resolvers_state dns_resolvers(const struct facts *f, uint32_t client)
{
    uint32_t asked = 0, silent = 0, mute = 0;
    for (uint32_t i = facts_at(f, client)->peers; i != POOL_NONE;) {
        const struct peer *p = pool_at(&f->peers, i);
        if (p->role == PEER_RESOLVER && p->answered + p->unanswered > 0) {
            asked++;
            mute += dns_peer_silent(p, true);
            silent += dns_peer_silent(p, false);
        }
        i = p->next;
    }
    if (asked == 0)
        return RESOLVERS_UNKNOWN;
    if (mute == asked)
        return RESOLVERS_SILENT;
    return silent > 0 ? RESOLVERS_ONE_SILENT : RESOLVERS_FINE;
}
