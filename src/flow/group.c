/*
 * flow/group: flows that belong together, as a list within the table.
 * SPDX-License-Identifier: MIT
 */
#include "table.h"

/* Flows looked at for those that wait: who has more floods. */
#define LOOKED_AT_MAX 4096

/* Where the group's list goes on behind `node`, and before it; the list's own ends are at 0. */
static uint32_t *next_in(const struct flow_table *t, struct flow_group *group, uint32_t node)
{
    return node ? &table_member(t, node)->next : &group->first;
}

static uint32_t *prev_in(const struct flow_table *t, struct flow_group *group, uint32_t node)
{
    return node ? &table_member(t, node)->prev : &group->last;
}

void group_join(const struct flow_table *t, struct flow_group *group, uint32_t node)
{
    *table_member(t, node) = (struct member){group, group->last, 0};
    *next_in(t, group, group->last) = node;
    group->last = node;
    group->stats.created++;
    if (++group->stats.open > group->stats.open_max)
        group->stats.open_max = group->stats.open;
}

void group_leave(const struct flow_table *t, uint32_t node)
{
    const struct member *m = table_member(t, node);
    *next_in(t, m->group, m->prev) = m->next;
    *prev_in(t, m->group, m->next) = m->prev;
    m->group->stats.open--;
}

/* ---- who waits for an answer -------------------------------------------------------------------- */

static void all_unanswered(const struct flow_table *t, flow_fn *fn, void *ctx)
{
    uint32_t node = wheel_next_half_open(t, 0);
    for (int i = 0; node != 0 && i < FLOW_UNANSWERED_MAX; i++) {
        fn(ctx, table_flow(t, node));
        node = wheel_next_half_open(t, node);
    }
}

void flow_table_unanswered(const struct flow_table *t, const struct flow_group *group, flow_fn *fn,
                           void *ctx)
{
    if (!group) {
        all_unanswered(t, fn, ctx);
        return;
    }
    int told = 0;
    int left = LOOKED_AT_MAX;
    for (uint32_t node = group->first; node != 0 && told < FLOW_UNANSWERED_MAX && left > 0;
         node = table_member(t, node)->next, left--) {
        const struct flow *f = table_flow(t, node);
        if (f->timer != TIMER_HALF_OPEN)
            continue;
        fn(ctx, f);
        told++;
    }
}
