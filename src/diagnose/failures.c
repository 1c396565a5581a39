/*
 * diagnose/failures: adding to failures, healing them, walking them.
 * SPDX-License-Identifier: MIT
 */
#include "failures.h"

/* ---- keeping ---- */

static struct kept_failure *kept_at(const struct facts *f, uint32_t index)
{
    return index == POOL_NONE ? NULL : pool_at(&f->failures, index);
}

static struct kept_rest *rest_of(const struct facts *f, const struct kept_failure *kept)
{
    return kept->rest == POOL_NONE ? NULL : pool_at(&f->rests, kept->rest);
}

static int64_t last_ns(const struct facts *f, const struct kept_failure *kept)
{
    const struct kept_rest *rest = rest_of(f, kept);
    return rest ? rest->last.ts_ns : kept->first.ts_ns;
}

static struct failure whole(const struct facts *f, uint32_t index)
{
    const struct kept_failure *kept = pool_at(&f->failures, index);
    const struct kept_rest *rest = rest_of(f, kept);
    const struct server *server = facts_server_at(f, kept->server);
    struct failure x = {
        .first = kept->first,
        .last = kept->first,
        .healed_ns = kept->healed_ns,
        .value = kept->value,
        .index = index,
        .count = kept->count,
        .tries = kept->tries,
        .since_ok = kept->since_ok,
        .text = kept->text,
        .servers = kept->servers,
        .kind = kept->kind,
        .group = kept->group,
        .code = kept->code,
        .port = kept->port,
        .clue.ttl_server = kept->ttl_server,
    };
    if (server)
        x.server = server->addr;
    if (rest) {
        x.last = rest->last;
        x.icmp_from = rest->icmp_from;
        x.clue = rest->clue;
    }
    return x;
}

static bool has_rest(const struct failure *x)
{
    return x->last.ts_ns != x->first.ts_ns || x->last.frame != x->first.frame ||
           x->last.file != x->first.file || x->icmp_from.family != 0 || clue_says(&x->clue);
}

void facts_keep_failure(struct facts *f, const struct failure *x)
{
    struct kept_failure *kept = pool_at(&f->failures, x->index);
    kept->first = x->first;
    kept->healed_ns = x->healed_ns;
    kept->value = x->value;
    kept->count = x->count;
    kept->tries = x->tries;
    kept->since_ok = x->since_ok;
    kept->text = x->text;
    kept->server = facts_server(f, &x->server);
    kept->servers = x->servers;
    kept->kind = x->kind;
    kept->group = x->group;
    kept->code = x->code;
    kept->port = x->port;
    kept->ttl_server = x->clue.ttl_server;
    if (kept->rest == POOL_NONE && has_rest(x))
        kept->rest = pool_add(&f->rests);
    struct kept_rest *rest = rest_of(f, kept);
    if (rest)
        *rest = (struct kept_rest){x->last, x->icmp_from, x->clue};
}

/* ---- walking ---- */

bool facts_next_failure(const struct facts *f, uint32_t *at, struct failure *out)
{
    if (*at == POOL_NONE)
        return false;
    const struct kept_failure *kept = pool_at(&f->failures, *at);
    *out = whole(f, *at);
    *at = kept->next;
    return true;
}

bool facts_find_failure(const struct facts *f, const struct row *row, enum finding_kind kind,
                        struct failure *out)
{
    uint32_t at = row->failures;
    while (facts_next_failure(f, &at, out)) {
        if (out->kind == (uint8_t)kind)
            return true;
    }
    return false;
}

/* ---- adding ---- */

/* The one of its kind and group. */
static uint32_t find_same(const struct facts *f, const struct row *row, const struct failure *one)
{
    uint32_t at = row->failures;
    const struct kept_failure *kept = kept_at(f, at);
    while (kept && (kept->kind != one->kind || kept->group != one->group)) {
        at = kept->next;
        kept = kept_at(f, at);
    }
    return at;
}

static void join_failure(struct failure *old, const struct failure *one)
{
    old->count += one->count;
    old->tries += one->tries;
    old->since_ok += one->since_ok;
    if (!addr_eq(&old->server, &one->server))
        old->servers = true;
    if (one->first.ts_ns < old->first.ts_ns)
        old->first = one->first;
    if (one->last.ts_ns < old->last.ts_ns)
        return;
    struct failure newest = *one;
    newest.first = old->first;
    newest.count = old->count;
    newest.tries = old->tries;
    newest.since_ok = old->since_ok;
    newest.servers = old->servers || one->servers;
    newest.index = old->index;
    *old = newest;
}

void facts_put_failure(struct facts *f, struct row *row, const struct failure *one)
{
    struct failure x = *one;
    x.index = find_same(f, row, one);
    if (x.index != POOL_NONE) {
        x = whole(f, x.index);
        join_failure(&x, one);
    } else {
        x.index = pool_add(&f->failures);
        if (x.index == POOL_NONE)
            return;
        struct kept_failure *kept = pool_at(&f->failures, x.index);
        kept->rest = POOL_NONE;
        kept->next = row->failures;
        row->failures = x.index;
    }
    facts_keep_failure(f, &x);
}

void facts_fail(struct facts *f, struct row *row, const struct failure *one)
{
    struct failure copy = *one;
    copy.count = 1;
    copy.tries = one->tries > 0 ? one->tries : 1;
    copy.last = copy.first;
    copy.since_ok = mark_set(row->ok) && copy.first.ts_ns <= row->ok.ts_ns ? 0 : 1;
    copy.healed_ns = copy.since_ok ? 0 : row->ok.ts_ns;
    copy.port = row->port;
    facts_put_failure(f, row, &copy);
}

/* ---- healing ---- */

void facts_heal(struct facts *f, const struct row *row, uint64_t kinds, int64_t ts_ns)
{
    for (struct kept_failure *x = kept_at(f, row->failures); x; x = kept_at(f, x->next)) {
        if ((kinds >> x->kind & 1) != 0 && x->healed_ns == 0 && ts_ns >= last_ns(f, x))
            x->healed_ns = ts_ns;
    }
}

void facts_ok(struct facts *f, struct row *row, const struct mark *at)
{
    row->successes++;
    if (!mark_set(row->ok) || at->ts_ns > row->ok.ts_ns)
        row->ok = *at;
    for (struct kept_failure *x = kept_at(f, row->failures); x; x = kept_at(f, x->next)) {
        if (row->ok.ts_ns >= last_ns(f, x)) {
            x->since_ok = 0;
            if (x->healed_ns == 0)
                x->healed_ns = at->ts_ns;
        }
    }
}
