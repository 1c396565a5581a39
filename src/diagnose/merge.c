/*
 * diagnose/merge: the facts of a device's several addresses become those of one.
 * SPDX-License-Identifier: MIT
 */
#include "facts.h"

uint32_t facts_primary(const struct facts *f, uint32_t client)
{
    const struct client *c = facts_at(f, client);
    if (c->mac == POOL_NONE)
        return client;
    const struct mac_entry *m = pool_at(&f->macs, c->mac);
    bool one = m->v4_count == 1 && m->v6_count < DEVICE_ADDRESSES_MAX;
    if (m->v4_count > 1 && m->v4_count + m->v6_count <= DEVICE_ADDRESSES_MAX) {
        const struct station *st = station_find(&f->stations, &m->mac);
        one = st && station_is_one(&f->stations, st);
    }
    return one ? m->v4 : client;
}

static void fold_row(struct facts *f, struct row *to, const struct row *from)
{
    if (from->ok.ts_ns > to->ok.ts_ns)
        to->ok = from->ok;
    to->attempts += from->attempts;
    to->successes += from->successes;
    to->flags |=
        from->flags & (ROW_PENDING | ROW_TCP_TRIED | ROW_CONNECTED | ROW_VIA_PROXY | ROW_LACKS);
    struct failure x;
    for (uint32_t at = from->failures; facts_next_failure(f, &at, &x);)
        facts_put_failure(f, to, &x);
}

static void fold_host(struct facts *f, uint32_t client, const struct row *from)
{
    struct row *head = facts_head(f, client, from->name);
    if (!head)
        return;
    if (from->dns_ok_ns > head->dns_ok_ns)
        head->dns_ok_ns = from->dns_ok_ns;
    head->flags |= from->flags & (ROW_DNS_PENDING | ROW_A_GOOD | ROW_VIA_PROXY | ROW_OWN_ZONE);
    uint32_t questions = (uint32_t)head->questions + from->questions;
    head->questions = questions > UINT16_MAX ? UINT16_MAX : (uint16_t)questions;
    for (const struct row *row = from; row; row = facts_row_at(f, row->next)) {
        struct row *to = row->port == 0 ? head
                                        : facts_row(f, client, from->name,
                                                    (enum transport)row->transport, row->port);
        if (to)
            fold_row(f, to, row);
    }
}

static void fold_peers(struct facts *f, const struct client *from, uint32_t to)
{
    for (uint32_t i = from->peers; i != POOL_NONE;) {
        struct peer *p = pool_at(&f->peers, i);
        uint32_t next = p->next;
        p->next = facts_at(f, to)->peers;
        facts_at(f, to)->peers = i;
        i = next;
    }
}

static void fold_client(struct facts *f, uint32_t from, uint32_t to)
{
    struct client *c = facts_at(f, from);
    struct client *target = facts_at(f, to);
    struct hosts hosts = facts_hosts(f, from);
    for (const struct row *row = facts_next_host(f, &hosts); row; row = facts_next_host(f, &hosts))
        fold_host(f, to, row);
    fold_peers(f, c, to);
    c->blocks = POOL_NONE;
    c->peers = POOL_NONE;
    target->flags |= c->flags;
    target->one_way += c->one_way;
    target->two_way += c->two_way;
    if (target->skew == POOL_NONE)
        target->skew = c->skew;
    if (target->time_ns < c->time_ns)
        target->time_ns = c->time_ns;
    if (target->heard_ns < c->heard_ns)
        target->heard_ns = c->heard_ns;
    if (target->hellos < c->hellos) {
        target->hellos = c->hellos;
        target->hello_ahead_s = c->hello_ahead_s;
    }
    c->flags |= CLIENT_MERGED;
    c->primary = to;
    while (target->merged != POOL_NONE)
        target = facts_at(f, target->merged);
    target->merged = from;
}

/* What clients are to others. */
static void take_roles(struct facts *f)
{
    for (uint32_t i = 0; i < f->servers.count; i++) {
        const struct server *s = pool_at(&f->servers, i);
        uint32_t client = facts_find(f, &s->addr);
        if (client != POOL_NONE)
            facts_at(f, client)->flags |= s->roles;
    }
}

void facts_merge(struct facts *f)
{
    take_roles(f);
    for (uint32_t i = 0; i < f->clients.count; i++) {
        uint32_t to = facts_primary(f, i);
        if (to != i)
            fold_client(f, i, to);
    }
}
