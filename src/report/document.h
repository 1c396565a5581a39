/*
 * report/document (private): parts of the report as JSON text, for those who write them one by one.
 * SPDX-License-Identifier: MIT
 */
#ifndef SRC_REPORT_DOCUMENT_H
#define SRC_REPORT_DOCUMENT_H

#include "base/buf.h"
#include "capture/capture.h"
#include "diagnose/result.h"
#include "engine/engine.h"

/* Each appends one JSON object on one line. `files` names the capture files; with one file only, no
 * finding names it. */
struct document_files {
    const char *const *names;
    uint32_t count;
};

void document_finding(struct buf *b, const struct finding *f, const struct document_files *files);
void document_cause(struct buf *b, const struct cause *c);
void document_service(struct buf *b, const struct service_result *s);
void document_verdict(struct buf *b, const struct result *r);

#endif
