/*
 * report/capture_notes (private): what a reader must know of the capture itself.
 * SPDX-License-Identifier: MIT
 */
#ifndef SRC_REPORT_CAPTURE_NOTES_H
#define SRC_REPORT_CAPTURE_NOTES_H

#include "capture/capture.h"
#include "engine/engine.h"
#include "page.h"

/* One item each: what the capture missed, what the device stopped, what is not decoded or read, steps of its clock, comments, damage.
 * Nothing where there is nothing to say. */
void capture_notes(struct page *p, const struct capture *c, const struct engine_stats *s);

/* What of a file could not be read, with its name where there are several. */
void capture_damage(struct buf *b, const struct capture *c, unsigned index);

#endif
