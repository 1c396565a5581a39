/*
 * services/match: which services a name belongs to.
 * SPDX-License-Identifier: MIT
 *
 * All patterns that meet a name are walked from the most specific to the least, so the first one of a
 * service is that service's. Exact names and suffixes cost a look-up for each label of the name.
 */
#include <stdlib.h>

#include "list.h"

#define NAME_MAX_LEN  253
#define LABEL_MAX_LEN 63

struct question {
    const struct service_list *list;
    struct slice name; /* lower case, no trailing dot */
    enum transport transport;
    uint16_t port;
};

struct visitor {
    void (*visit)(struct visitor *v, const struct question *q, const struct index_entry *entry);
};

/* ---- names ---- */

static bool name_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* Copies `host` in lower case without its trailing dot; empty when it cannot be a host name. */
static struct slice normalize(struct slice host, uint8_t out[NAME_MAX_LEN])
{
    const struct slice none = {out, 0};
    if (host.len > 0 && host.data[host.len - 1] == '.')
        host.len--;
    if (host.len > NAME_MAX_LEN)
        return none;
    size_t label = 0;
    for (size_t i = 0; i < host.len; i++) {
        out[i] = ascii_lower(host.data[i]);
        bool dot = out[i] == '.';
        if (!name_char(out[i]) || (dot && label == 0) || (!dot && label == LABEL_MAX_LEN))
            return none;
        label = dot ? 0 : label + 1;
    }
    return label > 0 ? slice_of(out, host.len) : none;
}

static uint8_t last(struct slice s)
{
    return s.data[s.len - 1];
}

static bool begins_alike(struct slice pattern, struct slice name)
{
    return pattern.len == 0 || pattern.data[0] == '*' ||
           (name.len > 0 && name.data[0] == pattern.data[0]);
}

/* The first character must be the name's, and what follows the last '*' must end it, which most names
 * fail at once. Then, on a mismatch, the last '*' takes one character more, and earlier ones never change
 * again: enough for '*', and at most the product of both lengths. */
static bool glob_meets(struct slice pattern, struct slice name)
{
    if (!begins_alike(pattern, name))
        return false;
    for (; pattern.len > 0 && last(pattern) != '*'; pattern.len--, name.len--) {
        if (name.len == 0 || last(name) != last(pattern))
            return false;
    }
    size_t p = 0;
    size_t n = 0;
    size_t star = SIZE_MAX;
    size_t resume = 0;
    while (n < name.len) {
        if (p < pattern.len && pattern.data[p] == '*') {
            star = p++;
            resume = n;
        } else if (p < pattern.len && pattern.data[p] == name.data[n]) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.data[p] == '*')
        p++;
    return p == pattern.len;
}

/* ---- the walk ---- */

static const struct endpoint *endpoint_of(const struct question *q, struct service_match at)
{
    return &q->list->services[at.service].endpoints[at.endpoint];
}

static struct service_match match_of(const struct index_entry *entry)
{
    return (struct service_match){entry->service, entry->endpoint};
}

static bool port_fits(const struct question *q, const struct endpoint *endpoint)
{
    if (q->port == PORT_ANY)
        return true;
    bool found = false;
    for (uint16_t i = 0; i < endpoint->port_count; i++)
        found = found || endpoint->ports[i] == q->port;
    return found && endpoint->transport == q->transport;
}

/* Entries of a hash whose pattern, behind its first `skip` characters, is `text`. */
static void visit_chain(const struct question *q, struct visitor *v, const struct map *map,
                        struct slice text, size_t skip)
{
    const struct services_index *index = &q->list->index;
    uint32_t at = map_get(map, index_hash(text));
    while (at != MAP_NONE) {
        const struct index_entry *entry = &index->entries[at];
        if (slice_eq(slice_str(endpoint_of(q, match_of(entry))->pattern + skip), text))
            v->visit(v, q, entry);
        at = entry->next;
    }
}

/* Globs of more than `literals` literal characters, from `from` on; returns where it stopped. */
static uint32_t visit_globs(const struct question *q, struct visitor *v, uint32_t from,
                            size_t literals)
{
    const struct services_index *index = &q->list->index;
    uint32_t i = from;
    for (; i < index->glob_count; i++) {
        const struct index_entry *entry = &index->entries[index->globs[i]];
        if (entry->literals <= literals)
            break;
        const char *pattern = endpoint_of(q, match_of(entry))->pattern;
        if (glob_meets(slice_of(pattern, entry->length), q->name))
            v->visit(v, q, entry);
    }
    return i;
}

static void visit_name(const struct question *q, struct visitor *v)
{
    const struct services_index *index = &q->list->index;
    visit_chain(q, v, &index->exact, q->name, 0);
    uint32_t glob = 0;
    size_t dot = slice_find(q->name, 0, '.');
    while (dot < q->name.len) {
        /* ".example.com" are the literal characters of "*.example.com". */
        glob = visit_globs(q, v, glob, q->name.len - dot);
        struct slice rest = slice_sub(q->name, dot + 1, q->name.len);
        visit_chain(q, v, &index->suffix, rest, 2);
        dot = slice_find(q->name, dot + 1, '.');
    }
    (void)visit_globs(q, v, glob, 0);
}

static void visit_any_host(const struct question *q, struct visitor *v)
{
    const struct services_index *index = &q->list->index;
    for (uint32_t i = 0; i < index->any_host_count; i++)
        v->visit(v, q, &index->entries[index->any_host[i]]);
}

static void walk(const struct service_list *list, struct slice host, enum transport transport,
                 uint16_t port, struct visitor *v)
{
    uint8_t lower[NAME_MAX_LEN];
    struct question q = {list, normalize(host, lower), transport, port};
    if (q.name.len > 0)
        visit_name(&q, v);
    else if (host.len == 0 && port != PORT_ANY)
        visit_any_host(&q, v);
}

/* ---- services_match ---- */

struct seen {
    uint8_t bits[SERVICES_MAX / 8];
};

/* Whether this service comes for the first time. */
static bool first_of(struct seen *seen, uint16_t service)
{
    uint8_t bit = (uint8_t)(1U << (service % 8));
    bool first = !(seen->bits[service / 8] & bit);
    seen->bits[service / 8] |= bit;
    return first;
}

struct matcher {
    struct visitor visitor;
    struct service_match *out;
    uint32_t count;
    struct seen seen;
};

/* Greater means a failure matters more. */
static uint32_t weight(const struct question *q, struct service_match at)
{
    const struct endpoint *endpoint = endpoint_of(q, at);
    return (uint32_t)q->list->services[at.service].need * 8 + (uint32_t)endpoint->need * 2 +
           !endpoint->shared;
}

static bool matters_more(const struct question *q, struct service_match a, struct service_match b)
{
    uint32_t weight_a = weight(q, a);
    uint32_t weight_b = weight(q, b);
    return weight_a != weight_b ? weight_a > weight_b : a.service < b.service;
}

static void visit_match(struct visitor *v, const struct question *q,
                        const struct index_entry *entry)
{
    struct matcher *m = (struct matcher *)v; /* its first member */
    struct service_match new = match_of(entry);
    if (!port_fits(q, endpoint_of(q, new)) || !first_of(&m->seen, entry->service))
        return;
    if (m->count == SERVICE_MATCHES_MAX) {
        if (!matters_more(q, new, m->out[m->count - 1]))
            return;
        m->count--;
    }
    uint32_t at = m->count++;
    for (; at > 0 && matters_more(q, new, m->out[at - 1]); at--)
        m->out[at] = m->out[at - 1];
    m->out[at] = new;
}

uint32_t services_match(const struct service_list *list, struct slice host,
                        enum transport transport, uint16_t port,
                        struct service_match out[SERVICE_MATCHES_MAX])
{
    struct matcher m = {.visitor = {visit_match}, .out = out};
    walk(list, host, transport, port, &m.visitor);
    return m.count;
}

/* ---- services_explain ---- */

struct explainer {
    struct visitor visitor;
    struct service_hit *out;
    uint32_t count;
    uint32_t cap;
    struct seen seen;
};

/* Insertion keeps the order of the walk within a service. */
static void visit_hit(struct visitor *v, const struct question *q, const struct index_entry *entry)
{
    struct explainer *x = (struct explainer *)v; /* its first member */
    bool fits = port_fits(q, endpoint_of(q, match_of(entry)));
    if (q->name.len == 0 && !fits)
        return;
    bool chosen = fits && first_of(&x->seen, entry->service);
    uint32_t at = x->count < x->cap ? x->count : x->cap;
    x->count++;
    for (; at > 0 && x->out[at - 1].at.service > entry->service; at--) {
        if (at < x->cap)
            x->out[at] = x->out[at - 1];
    }
    if (at < x->cap)
        x->out[at] = (struct service_hit){match_of(entry), entry->literals, fits, chosen};
}

uint32_t services_explain(const struct service_list *list, struct slice host,
                          enum transport transport, uint16_t port, struct service_hit *out,
                          uint32_t cap)
{
    struct explainer x = {.visitor = {visit_hit}, .out = out, .cap = cap};
    walk(list, host, transport, port, &x.visitor);
    return x.count;
}
