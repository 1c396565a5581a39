/*
 * live/drops: counts over time.
 * SPDX-License-Identifier: MIT
 */
#include "drops.h"

#define MINUTE_NS (60 * NS_PER_S)

bool drops_look(struct drops *d, struct drop_counts now, int64_t clock_ns)
{
    uint64_t before = drops_frames(d);
    int64_t since_ns = d->looked_ns && d->looked_ns < clock_ns ? d->looked_ns : clock_ns;
    d->all = now;
    d->looked_ns = clock_ns;
    uint64_t frames = drops_frames(d) - before;
    if (frames == 0)
        return false;
    d->kept[d->count++ % DROPS_KEPT] = (struct loss_span){since_ns, clock_ns, frames};
    return true;
}

struct loss_span drops_newest(const struct drops *d)
{
    return d->kept[(d->count + DROPS_KEPT - 1) % DROPS_KEPT];
}

bool drops_minute(struct drops *d, int64_t clock_ns)
{
    if (d->minute_ns == 0)
        d->minute_ns = clock_ns;
    if (clock_ns - d->minute_ns < MINUTE_NS)
        return false;
    const struct drop_counts *start = &d->minute_start;
    d->minute.tap.kernel = d->all.tap.kernel - start->tap.kernel;
    d->minute.tap.interface = d->all.tap.interface - start->tap.interface;
    d->minute.turned_away = d->all.turned_away - start->turned_away;
    d->minute_start = d->all;
    d->minute_ns = clock_ns;
    return true;
}

uint32_t drops_after(const struct drops *d, int64_t ts_ns, struct loss_span out[DROPS_KEPT])
{
    uint32_t first = d->count > DROPS_KEPT ? d->count - DROPS_KEPT : 0;
    uint32_t n = 0;
    for (uint32_t i = first; i < d->count; i++) {
        if (d->kept[i % DROPS_KEPT].until_ns >= ts_ns)
            out[n++] = d->kept[i % DROPS_KEPT];
    }
    return n;
}
