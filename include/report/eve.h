/*
 * report/eve: events as newline-delimited JSON with the key names of Suricata's EVE.
 * SPDX-License-Identifier: MIT
 *
 * One line an event, in order of completion, written straight into the output buffer: this is on the
 * packet path. docs/OUTPUT.md describes the keys.
 */
#ifndef REPORT_EVE_H
#define REPORT_EVE_H

#include "engine/engine.h"
#include "report/out.h"

struct eve {
    struct out *out;
    const char *const *files; /* names of the capture files, indexed by mark.file */
    uint32_t file_count;
    struct time_memo times; /* the writer's */
};

void eve_transaction(struct eve *w, const struct event *event, const struct tx *tx);
void eve_flow(struct eve *w, const struct event *event, const struct flow_end *how);

/* Findings, causes, services and the verdict, then the counters. */
void eve_result(struct eve *w, const struct result *result, const struct engine_stats *stats);

#endif
