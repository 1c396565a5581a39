/*
 * diagnose/rules_path: a network that is slow or loses packets, whatever the server.
 * SPDX-License-Identifier: MIT
 *
 * The round trip is that of the TCP handshake, which a server's system answers by itself: a slow service does
 * not make it longer. Lost is what a receiver lacked and got when it was sent again (RFC 2018, RFC 5681): a
 * capture that lost packets makes none of it. A server on the way's far end tells for itself only, so several
 * are wanted. A connection whose SYN was repeated says how long it took at least.
 */
#include "judge.h"

#define SLOW_US     500000
#define SLOW_LEAST  5 /* connections, of which more than half were slow */
#define LOST_LEAST  8
#define LOST_SHARE  50 /* one in so many */
#define LOSSY_LEAST 3  /* connections */

/* ---- while it comes ---- */

static bool is_slow(const struct flow *flow)
{
    return flow->rtt_us > SLOW_US;
}

static uint16_t lost_on(const struct flow *flow, enum dir dir)
{
    return flow->signs ? flow->signs->hole[dir].repaired : 0;
}

static bool is_lossy(const struct flow *flow)
{
    return lost_on(flow, DIR_TO_SERVER) > 0 || lost_on(flow, DIR_TO_CLIENT) > 0;
}

static void add_server(struct path_trouble *t, uint32_t server)
{
    for (uint8_t i = 0; i < t->server_count; i++) {
        if (t->servers[i] == server)
            return;
    }
    if (t->server_count < PATH_SERVERS)
        t->servers[t->server_count++] = server;
}

static void add_flow(struct path_trouble *t, const struct flow *flow)
{
    if (t->flows == 0 || flow->first.ts_ns < t->first.ts_ns)
        t->first = flow->first;
    if (t->flows++ == 0 || flow->first.ts_ns >= t->last.ts_ns)
        t->last = flow->first;
    add_server(t, (uint32_t)addr_hash(0, &flow->key.dst));
}

static void note_time(struct path *p, const struct flow *flow)
{
    if (flow->rtt_us == 0 || (flow->syns > 1 && !is_slow(flow)))
        return;
    if (p->measured == 0 || flow->rtt_us < p->least_us)
        p->least_us = flow->rtt_us;
    if (flow->rtt_us > p->most_us)
        p->most_us = flow->rtt_us;
    p->measured++;
}

static void note_losses(struct path *p, const struct flow *flow)
{
    for (unsigned dir = 0; dir < 2; dir++) {
        p->packets[dir] += flow->side[dir].packets;
        p->lost[dir] += lost_on(flow, (enum dir)dir);
    }
}

/* NULL where there is none, or (`make`) at the cap. */
static struct path *path_of(struct facts *f, uint32_t client, bool make)
{
    uint32_t id = map_get(&f->paths.by_client, client);
    if (id == MAP_NONE && make) {
        id = pool_add(&f->paths.all);
        if (id == POOL_NONE || !map_put(&f->paths.by_client, client, id))
            return NULL;
    }
    return id == MAP_NONE ? NULL : pool_at(&f->paths.all, id);
}

void path_flow_fact(struct facts *f, const struct flow *flow)
{
    bool slow = is_slow(flow), lossy = is_lossy(flow);
    if ((f->paths.all.count == 0 && !slow && !lossy) || flow->key.proto != IP_PROTO_TCP ||
        !flow->side[DIR_TO_CLIENT].syn || addr_is_private(&flow->key.dst))
        return;
    uint32_t client = facts_find(f, &flow->key.src);
    struct path *p = client == POOL_NONE ? NULL : path_of(f, client, slow || lossy);
    if (!p)
        return;
    if (slow)
        add_flow(&p->slow, flow);
    if (lossy)
        add_flow(&p->lossy, flow);
    if (p->slow.flows > 0)
        note_time(p, flow);
    if (p->lossy.flows > 0)
        note_losses(p, flow);
}

/* ---- judging ---- */

static void join_trouble(struct path_trouble *to, const struct path_trouble *t)
{
    if (t->flows == 0)
        return;
    if (to->flows == 0 || t->first.ts_ns < to->first.ts_ns)
        to->first = t->first;
    if (to->flows == 0 || t->last.ts_ns >= to->last.ts_ns)
        to->last = t->last;
    to->flows += t->flows;
    for (uint8_t i = 0; i < t->server_count; i++)
        add_server(to, t->servers[i]);
}

/* Of all addresses of the device. */
static struct path path_of_device(const struct judge *j)
{
    struct path all = {.measured = 0};
    for (uint32_t c = j->j.device; c != POOL_NONE; c = facts_at(j->f, c)->merged) {
        const struct path *p = path_of(j->f, c, false);
        if (!p)
            continue;
        join_trouble(&all.slow, &p->slow);
        join_trouble(&all.lossy, &p->lossy);
        if (p->measured > 0 && (all.measured == 0 || p->least_us < all.least_us))
            all.least_us = p->least_us;
        if (p->most_us > all.most_us)
            all.most_us = p->most_us;
        all.measured += p->measured;
        for (unsigned dir = 0; dir < 2; dir++) {
            all.packets[dir] += p->packets[dir];
            all.lost[dir] += p->lost[dir];
        }
    }
    return all;
}

static struct draft *path_finding(struct judge *j, enum finding_kind kind,
                                  const struct path_trouble *t)
{
    struct draft *d = finding_of_device(j, kind, SEVERITY_WARNING);
    if (!d)
        return NULL;
    d->f.proto = "TCP";
    d->f.count = t->flows;
    d->f.first = t->first;
    d->f.last = t->last;
    return d;
}

static void slow_judge(struct judge *j, const struct path *p)
{
    const struct path_trouble *t = &p->slow;
    struct draft *d = NULL;
    if (t->flows >= SLOW_LEAST && t->flows > p->measured / 2 && t->server_count == PATH_SERVERS)
        d = path_finding(j, FINDING_PATH_SLOW, t);
    if (!d)
        return;
    buf_printf(&j->text, "the quickest answer to a SYN since then took %u ms", p->least_us / 1000);
    finding_prove(j, d);
    finding_tell(j, d);
    buf_printf(&j->text,
               "%u of %u connections were answered after more than %u ms, the last after %u ms",
               t->flows, p->measured, SLOW_US / 1000, p->most_us / 1000);
    d->f.detail = judge_keep(j);
}

static bool loses(const struct path *p, enum dir dir)
{
    return p->lost[dir] >= LOST_LEAST && p->lost[dir] > p->packets[dir] / LOST_SHARE;
}

static void put_losses(struct buf *b, const struct path *p, enum dir dir)
{
    if (!loses(p, dir))
        return;
    buf_printf(b, "%s%u of %u packets %s the internet (%.1f %%)", b->len > 0 ? ", " : "",
               p->lost[dir], p->packets[dir], dir == DIR_TO_SERVER ? "to" : "from",
               100.0 * p->lost[dir] / p->packets[dir]);
}

static void loss_judge(struct judge *j, const struct path *p)
{
    const struct path_trouble *t = &p->lossy;
    bool lossy = loses(p, DIR_TO_SERVER) || loses(p, DIR_TO_CLIENT);
    struct draft *d = NULL;
    if (lossy && t->flows >= LOSSY_LEAST && t->server_count == PATH_SERVERS)
        d = path_finding(j, FINDING_PATH_LOSSY, t);
    if (!d)
        return;
    buf_str(&j->text, "receivers asked for what they lacked, and it was sent again");
    finding_prove(j, d);
    finding_tell(j, d);
    put_losses(&j->text, p, DIR_TO_SERVER);
    put_losses(&j->text, p, DIR_TO_CLIENT);
    buf_printf(&j->text, ", in %u connections", t->flows);
    d->f.detail = judge_keep(j);
}

void path_judge(struct judge *j)
{
    if (j->j.one_way || j->f->paths.all.count == 0)
        return;
    struct path p = path_of_device(j);
    slow_judge(j, &p);
    loss_judge(j, &p);
}
