/*
 * report/document (private): parts of the report in JSON, for those who write them one by one.
 * SPDX-License-Identifier: MIT
 */
#ifndef SRC_REPORT_DOCUMENT_H
#define SRC_REPORT_DOCUMENT_H

#include "capture/capture.h"
#include "diagnose/result.h"
#include "engine/engine.h"
#include "report/json.h"

/* Each writes one member, an object; key NULL in an array. `files` names the capture files; with one file
 * only, no finding names it. */
struct document_files {
    const char *const *names;
    uint32_t count;
};

void document_finding(struct json *j, const char *key, const struct finding *f,
                      const struct document_files *files);
void document_cause(struct json *j, const char *key, const struct cause *c);
void document_service(struct json *j, const char *key, const struct service_result *s);
void document_verdict(struct json *j, const char *key, const struct result *r);

/* The member "capture". */
void document_capture(struct json *j, const struct capture *c, const struct engine_stats *s);

#endif
