/*
 * engine/subject: whom an analysis is of: coming, being judged, going.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "engine.h"

/* ---- coming and going --------------------------------------------------------------------------- */

static struct subject *create(struct engine *e, struct diagnosis *kin, uint32_t number)
{
    struct subject *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->engine = e;
    s->number = number;
    s->before = e->clock;
    s->diagnosis = diagnosis_new(e->options.services, kin, number);
    if (s->diagnosis)
        return s;
    free(s);
    return NULL;
}

struct subject *subject_whole(struct engine *e)
{
    struct subject *s = create(e, NULL, 0);
    if (s)
        s->sink = e->options.sink;
    return s;
}

struct subject *subject_new(struct engine *e, const struct sink *sink, uint32_t number,
                            uint32_t max_flows)
{
    struct subject *s = create(e, e->whole->diagnosis, number);
    if (!s)
        return NULL;
    s->sink = *sink;
    s->flows.max_flows = max_flows;
    return s;
}

void subject_free(struct subject *s)
{
    if (!s)
        return;
    if (s->flows.first)
        flow_group_drop(s->engine->flows, &s->flows, talk_drop, NULL);
    dhcp_free(s->dhcp);
    diagnosis_free(s->diagnosis);
    free(s);
}

struct subject *engine_whole(struct engine *e)
{
    return e->whole;
}

void *subject_listener(const struct subject *s)
{
    return s->sink.ctx;
}

void subject_bring(const struct subject *s)
{
    bring_bytes(s, offsetof(struct subject, stats.truncated_packets));
}

void subject_drops(struct subject *s, int64_t since_ns, int64_t until_ns, uint64_t frames)
{
    int64_t back_ns = s->engine->clock.set_back_ns;
    diagnosis_drops(s->diagnosis, since_ns + back_ns, until_ns + back_ns, frames);
}

struct engine_stats subject_stats(const struct subject *s)
{
    const struct engine *e = s->engine;
    struct engine_stats stats = s->stats;
    stats.flows = e->options.many ? s->flows.stats : flow_table_stats(e->flows);
    stats.clock_steps = e->clock.steps - s->before.steps;
    stats.set_back_ns = e->clock.set_back_ns - s->before.set_back_ns;
    if (mark_set(stats.last) && e->clock.last_ns > stats.last.ts_ns)
        stats.last.ts_ns = e->clock.last_ns;
    return stats;
}

/* ---- judging ------------------------------------------------------------------------------------ */

bool subject_conclude(struct subject *s, struct diagnosis *diagnosis,
                      const struct capture_totals *captured)
{
    s->stats.kernel_drops = captured->kernel_drops;
    struct engine_stats stats = subject_stats(s);
    struct capture_facts facts = {
        .first = stats.first,
        .last = stats.last,
        .packets = stats.packets,
        .truncated_packets = stats.truncated_packets,
        .first_truncated = stats.first_truncated,
        .last_truncated = stats.last_truncated,
        .gap_bytes = stats.gap_bytes,
        .kernel_drops = captured->kernel_drops,
        .file_count = captured->files,
        .complete = captured->files == 1 && captured->ended_ns != 0,
        .damaged_files = captured->damaged_files,
    };
    const struct result *result = diagnosis ? diagnosis_finish(diagnosis, &facts) : NULL;
    if (!result)
        s->stats.dropped++;
    else if (s->sink.result)
        s->sink.result(s->sink.ctx, result, &stats);
    return result != NULL;
}

struct judged_copy {
    const struct subject *subject;
    struct diagnosis *diagnosis;
};

static void tell_unanswered(void *ctx, const struct flow *flow)
{
    const struct judged_copy *c = ctx;
    diagnosis_unanswered(c->diagnosis, flow, c->subject->engine->clock.last_ns,
                         subject_host_of_device(c->subject, flow));
}

bool subject_judge(struct subject *s, const struct capture_totals *captured)
{
    struct diagnosis *copy = diagnosis_copy(s->diagnosis);
    if (copy)
        flow_table_unanswered(s->engine->flows, s->engine->options.many ? &s->flows : NULL,
                              tell_unanswered, &(struct judged_copy){s, copy});
    bool judged = subject_conclude(s, copy, captured);
    diagnosis_free(copy);
    return judged;
}

void subject_finish(struct subject *s, const struct capture_totals *captured)
{
    int64_t now_ns = s->engine->clock.last_ns;
    if (s->dhcp)
        dhcp_finish(s->dhcp, now_ns);
    flow_group_finish(s->engine->flows, &s->flows, now_ns);
    (void)subject_conclude(s, s->diagnosis, captured);
}
