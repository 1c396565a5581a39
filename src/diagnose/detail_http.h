/*
 * diagnose/detail_http: particulars of responses, downloads and proxies.
 * SPDX-License-Identifier: MIT
 *
 * Private to diagnose.
 */
#ifndef DIAGNOSE_DETAIL_HTTP_H
#define DIAGNOSE_DETAIL_HTTP_H

#include "judge.h"

/* Appends the particulars of an HTTP finding to the scratch text. */
void detail_http(struct judge *j, const struct draft *d);
/* Appends at which of its steps the connectivity check stops, where the finding is about one. */
void detail_probe(struct judge *j, const struct draft *d);

#endif
