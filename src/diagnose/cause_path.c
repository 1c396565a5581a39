/*
 * diagnose/cause_path: predicates of causes on the way to a server.
 * SPDX-License-Identifier: MIT
 *
 * RFC 2923 (MTU black holes), RFC 6888 (ports of address translation), RFC 8446 section 6.2 (alerts).
 */
#include "cause_path.h"

#include <stdlib.h>

#include "blame.h"

#define LEFT_HOSTS  2               /* so many hosts, or times, are no accident */
#define BURST_NS    (30 * NS_PER_S) /* connections that starve within it starve together */
#define BURST_HOSTS 4
#define BURST_ROOM  4096U

/* ---- size ---- */

static bool hole(const struct draft *d, enum hole_way way)
{
    return d->x.clue.hole == way && !d->x.clue.too_big;
}

bool path_hole_up(const struct causing *c, const struct draft *d)
{
    (void)c;
    return hole(d, HOLE_UP);
}

bool path_hole_down(const struct causing *c, const struct draft *d)
{
    (void)c;
    return hole(d, HOLE_DOWN);
}

bool path_unheard_large(const struct causing *c, const struct draft *d)
{
    return blame_by_size(c->j, d);
}

bool path_long_hello(const struct causing *c, const struct draft *d)
{
    return (d->x.group & FAIL_LARGE) != 0 && (d->x.group & FAIL_QUIC) == 0 &&
           route_longest_hello(c->j->f->routes, d->name, &d->x.server, d->x.clue.hello_len) > 0;
}

/* ---- certificate, parameters ---- */

bool path_left(const struct causing *c, const struct draft *d)
{
    uint32_t hosts = map_get(&c->alike, (uint64_t)d->f.kind);
    return d->x.clue.left &&
           (d->f.count >= LEFT_HOSTS || (hosts != MAP_NONE && hosts >= LEFT_HOSTS));
}

bool path_no_parameters(const struct causing *c, const struct draft *d)
{
    static const uint8_t codes[] = {
        40,  /* handshake_failure */
        47,  /* illegal_parameter */
        70,  /* protocol_version */
        71,  /* insufficient_security */
        86,  /* inappropriate_fallback */
        120, /* no_application_protocol */
    };
    (void)c;
    if (d->x.group & FAIL_BY_CLIENT)
        return false;
    for (size_t i = 0; i < sizeof codes; i++) {
        if (d->x.code == codes[i])
            return true;
    }
    return false;
}

/* ---- filters ---- */

bool path_address_gap(const struct causing *c, const struct draft *d)
{
    (void)c;
    return d->wall == WALL_ADDRESS;
}

bool path_by_source(const struct causing *c, const struct draft *d)
{
    (void)c;
    return d->wall == WALL_SOURCE;
}

bool path_rejected(const struct causing *c, const struct draft *d)
{
    (void)c;
    return d->f.culprit == CULPRIT_MIDDLEBOX && d->f.kind != FINDING_TCP_NO_REPLY;
}

bool path_by_name(const struct causing *c, const struct draft *d)
{
    (void)c;
    return d->f.culprit == CULPRIT_MIDDLEBOX;
}

/* ---- bursts ---- */

/* An address that answers at other times stayed silent. */
static bool may_have_starved(const struct causing *c, const struct draft *d)
{
    if (d->f.kind != FINDING_TCP_NO_REPLY || d->f.severity < SEVERITY_WARNING ||
        d->wall == WALL_SOURCE || (d->x.group & FAIL_V6) != 0 || addr_is_private(&d->x.server))
        return false;
    const struct route *r = route_of_addr(c->j->f->routes, &d->x.server);
    while (r && (r->port != d->f.port || !r->answered))
        r = route_at(c->j->f->routes, r->next_addr);
    return r != NULL;
}

struct starved {
    int64_t ts_ns;
    uint32_t net; /* of the address */
};

static int starved_cmp(const void *left, const void *right)
{
    const struct starved *a = left;
    const struct starved *b = right;
    if (a->ts_ns != b->ts_ns)
        return a->ts_ns < b->ts_ns ? -1 : 1;
    return a->net < b->net ? -1 : a->net > b->net;
}

static uint32_t net_of(const struct ip_addr *a)
{
    return (uint32_t)addr_hash(
        0,
        &(struct ip_addr){.bytes = {a->bytes[0], a->bytes[1], a->bytes[2]}, .family = a->family});
}

/* Distinct networks among the first `n`. */
static uint32_t networks(const struct starved *s, uint32_t n)
{
    uint32_t distinct = 0;
    for (uint32_t i = 0; i < n && distinct < BURST_HOSTS; i++) {
        bool seen = false;
        for (uint32_t k = 0; k < i; k++)
            seen |= s[k].net == s[i].net;
        distinct += !seen;
    }
    return distinct;
}

void path_find_burst(struct causing *c, uint32_t findings)
{
    struct starved *all = malloc(BURST_ROOM * sizeof *all);
    uint32_t count = 0;
    for (uint32_t i = 0; all && i < findings && count < BURST_ROOM; i++) {
        const struct draft *d = pool_at(&c->j->drafts, c->order[i]);
        if (may_have_starved(c, d))
            all[count++] = (struct starved){d->x.last.ts_ns, net_of(&d->x.server)};
    }
    if (count > 0)
        qsort(all, count, sizeof *all, starved_cmp);
    uint32_t most = 0;
    for (uint32_t from = 0, to = 0; from < count; from++) {
        while (to < count && all[to].ts_ns - all[from].ts_ns <= BURST_NS)
            to++;
        if (to - from > most && networks(all + from, to - from) >= BURST_HOSTS) {
            most = to - from;
            c->burst_ns = all[from].ts_ns;
        }
    }
    c->burst = most > 0;
    free(all);
}

bool path_starved(const struct causing *c, const struct draft *d)
{
    int64_t since_ns = d->x.last.ts_ns - c->burst_ns;
    return c->burst && since_ns >= 0 && since_ns <= BURST_NS && may_have_starved(c, d);
}
