/*
 * report/report: the result of an analysis as a text for people and as a JSON document.
 * SPDX-License-Identifier: MIT
 *
 * Writers see findings, no rules: they judge nothing and leave nothing of the verdict out.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "capture/capture.h"
#include "engine/engine.h"
#include "report/out.h"

/* Everything a report is made from; borrowed for the call. */
struct report {
    const struct result *result;
    const struct engine_stats *stats;
    const struct capture *capture;
    const struct service_list *services;
    int64_t generated_ns; /* when the report was made, wall clock */
};

/* The JSON document of docs/OUTPUT.md and docs/report.schema.json. */
void report_json(struct out *out, const struct report *r);

struct text_options {
    unsigned width; /* columns, 60 or more */
    bool color;
};

/* Leads with the verdict and its causes, then the services as a table, then the findings. */
void report_text(struct out *out, const struct report *r, const struct text_options *options);

#endif
