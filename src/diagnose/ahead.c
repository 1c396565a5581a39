/*
 * diagnose/ahead: prefetching in steps.
 * SPDX-License-Identifier: MIT
 */
#include "ahead.h"

/* The store. */
BRINGS void first_step(struct step *s, const struct facts *f, const struct flow *flow)
{
    *s = (struct step){.facts = f, .client = MAP_NONE, .station = MAP_NONE};
    if (f->is_kin) /* what is alone is near */
        facts_bring_first(f);
    s->client_key = facts_key(&flow->key.src);
    if (flow->has_mac)
        s->mac_key = station_key(&flow->client_mac);
}

/* The tables. */
BRINGS void second_step(const struct step *s)
{
    if (!s->facts)
        return;
    finder_bring(&s->facts->by_addr, s->client_key);
    if (s->mac_key != 0)
        map_bring(&s->facts->stations.by_mac, s->mac_key);
}

/* The records. */
BRINGS void third_step(struct step *s)
{
    const struct facts *f = s->facts;
    if (!f)
        return;
    uint32_t step = 0;
    s->client =
        finder_next(&f->by_addr, s->client_key, &step); /* by far most often it is that one */
    s->station = map_get(&f->stations.by_mac, s->mac_key);
    if (s->client < f->clients.count)
        bring(pool_at(&f->clients, s->client));
    if (s->station < f->stations.all.count)
        bring(pool_at(&f->stations.all, s->station));
}

/* What they point at: the newest resolver or proxy, the names of rows, the newest address. */
BRINGS void fourth_step(const struct step *s)
{
    const struct facts *f = s->facts;
    if (!f)
        return;
    if (s->client < f->clients.count)
        facts_bring(f, s->client);
    if (s->station >= f->stations.all.count)
        return;
    const struct station *st = pool_at(&f->stations.all, s->station);
    if (st->stays != POOL_NONE)
        bring(pool_at(&f->stations.stays, st->stays));
}

void ahead_packet(struct ahead *a, const struct facts *f, const struct flow *begun)
{
    if (!begun && a->idle >= AHEAD_STEPS)
        return;
    fourth_step(&a->steps[(a->newest + 2) % AHEAD_STEPS]);
    third_step(&a->steps[(a->newest + 3) % AHEAD_STEPS]);
    second_step(&a->steps[a->newest]);
    a->newest = (a->newest + 1) % AHEAD_STEPS;
    a->steps[a->newest].facts = NULL;
    if (begun) {
        first_step(&a->steps[a->newest], f, begun);
        a->idle = 0;
    } else {
        a->idle++;
    }
}

void ahead_forget(struct ahead *a, const struct facts *f)
{
    for (int i = 0; i < AHEAD_STEPS; i++) {
        if (a->steps[i].facts == f)
            a->steps[i].facts = NULL;
    }
}
