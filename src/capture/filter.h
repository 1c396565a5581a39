/*
 * capture/filter: BPF expressions over frames of any link type.
 * SPDX-License-Identifier: MIT
 *
 * An expression is compiled once for each link type, when that is first met.
 */
#ifndef CAPTURE_FILTER_H
#define CAPTURE_FILTER_H

#include "capture/capture.h"

struct filter;

/* `expression` must outlive the filter. NULL when memory is out. */
struct filter *filter_new(const char *expression, struct err *err);
void filter_free(struct filter *f);

/* Compiles for a link type; false with `err` filled when that cannot be. */
bool filter_compile(struct filter *f, int linktype, struct err *err);

/* Frames of a link type for which the expression has no meaning never match. */
bool filter_match(struct filter *f, const struct frame *frame);

#endif
