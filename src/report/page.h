/*
 * report/page (private): lines of text for a terminal.
 * SPDX-License-Identifier: MIT
 *
 * Knows columns, indents and colours; everything it is given is escaped, so names from the network
 * cannot steer the terminal.
 */
#ifndef SRC_REPORT_PAGE_H
#define SRC_REPORT_PAGE_H

#include "base/buf.h"

enum tone {
    TONE_PLAIN,
    TONE_BOLD,
    TONE_DIM,
    TONE_GOOD,
    TONE_WARN,
    TONE_BAD,
};

struct page {
    struct buf *buf;
    unsigned width;
    bool color;
};

/* A heading with an empty line before it. */
void page_heading(struct page *p, const char *text);
void page_blank(struct page *p);

/* Text, wrapped at blanks; `label` stands in front of the first line in `tone`, the others are indented
 * to where the text began. Words longer than a line are broken (names, filters). `indent` in columns. */
void page_item(struct page *p, unsigned indent, const char *label, enum tone tone,
               const char *text);

/* One word, padded to `width` columns (0: not), cut with an ellipsis if longer. */
void page_cell(struct page *p, const char *text, unsigned width, enum tone tone);
void page_end_line(struct page *p);

#endif
