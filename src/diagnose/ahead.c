/*
 * diagnose/ahead: prefetching in steps.
 * SPDX-License-Identifier: MIT
 */
#include "ahead.h"

/* The tables. */
BRINGS void first_step(struct step *s, const struct facts *f, const struct flow *flow)
{
    *s = (struct step){.client = MAP_NONE, .station = MAP_NONE};
    s->client_key = facts_key(&flow->key.src);
    finder_bring(&f->by_addr, s->client_key);
    if (!flow->has_mac)
        return;
    s->mac_key = station_key(&flow->client_mac);
    map_bring(&f->stations.by_mac, s->mac_key);
}

/* The records. */
BRINGS void second_step(struct step *s, const struct facts *f)
{
    if (s->client_key == 0)
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
BRINGS void third_step(const struct step *s, const struct facts *f)
{
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
    third_step(&a->steps[(a->newest + 2) % AHEAD_STEPS], f);
    second_step(&a->steps[a->newest], f);
    a->newest = (a->newest + 1) % AHEAD_STEPS;
    if (begun) {
        first_step(&a->steps[a->newest], f, begun);
        a->idle = 0;
    } else {
        a->steps[a->newest] = (struct step){.client = MAP_NONE, .station = MAP_NONE};
        a->idle++;
    }
}
