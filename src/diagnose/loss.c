/*
 * diagnose/loss: minutes in which packets were lost, and silences.
 * SPDX-License-Identifier: MIT
 */
#include "loss.h"

#define MINUTE_NS (60 * NS_PER_S)
#define SPAN_MAX  10 /* minutes; what may have been lost in any of more is lost at no time */
#define ANSWER_NS (5 * NS_PER_S) /* answers come so soon, or not at all */

static struct loss *minute_at(const struct losses *l, int64_t minute)
{
    uint32_t id = map_get(&l->by_minute, (uint64_t)minute);
    return id == MAP_NONE ? NULL : pool_at(&l->minutes, id);
}

/* The same, made when new; NULL at the cap. */
static struct loss *minute_of(struct losses *l, int64_t minute)
{
    struct loss *known = minute_at(l, minute);
    if (known)
        return known;
    uint32_t id = pool_add(&l->minutes);
    if (id == POOL_NONE || !map_put(&l->by_minute, (uint64_t)minute, id))
        return NULL;
    return pool_at(&l->minutes, id);
}

/* Adds to each minute of a span; false where there is none to add to. */
static bool add(struct losses *l, int64_t since_ns, int64_t until_ns, struct loss more)
{
    int64_t first = since_ns / MINUTE_NS, last = until_ns / MINUTE_NS;
    bool all = first <= last && last - first < SPAN_MAX;
    for (int64_t minute = first; all && minute <= last; minute++) {
        struct loss *known = minute_of(l, minute);
        if (!known)
            return false;
        known->drops += more.drops;
        known->gapped += more.gapped;
    }
    return all;
}

void loss_drops(struct losses *l, int64_t since_ns, int64_t until_ns, uint64_t frames)
{
    if (add(l, since_ns, until_ns, (struct loss){.drops = frames}))
        l->drops += frames;
}

void loss_gap(struct losses *l, int64_t since_ns, int64_t until_ns)
{
    (void)add(l, since_ns, until_ns, (struct loss){.gapped = 1});
}

void loss_silence(struct losses *l, int64_t since_ns)
{
    uint32_t id = pool_add(&l->silences);
    if (id != POOL_NONE)
        *(int64_t *)pool_at(&l->silences, id) = since_ns;
}

bool loss_silent(const struct losses *l, int64_t from_ns, int64_t until_ns)
{
    uint32_t low = 0, high = l->silences.count; /* the first one of `from_ns` or later */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (*(const int64_t *)pool_at(&l->silences, middle) < from_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low < l->silences.count && *(const int64_t *)pool_at(&l->silences, low) < until_ns;
}

struct loss loss_around(const struct losses *l, int64_t at_ns)
{
    struct loss worst = {0, 0};
    int64_t last = (at_ns + ANSWER_NS) / MINUTE_NS;
    for (int64_t minute = at_ns / MINUTE_NS; minute <= last; minute++) {
        const struct loss *here = minute_at(l, minute);
        if (here && here->drops > worst.drops)
            worst.drops = here->drops;
        if (here && here->gapped > worst.gapped)
            worst.gapped = here->gapped;
    }
    return worst;
}
