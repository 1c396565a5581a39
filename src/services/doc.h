/*
 * services/doc: a JSON document that is walked with its place kept, so that each error names line and
 * column.
 * SPDX-License-Identifier: MIT
 *
 * The walk has a current value: doc_enter goes to a member, doc_leave back. doc_first and doc_next go
 * through elements and members alike:
 *
 *     for (bool more = doc_first(d); more; more = doc_next(d))
 *         ... the current value is an element ...
 *
 * Once doc_fail was called the document is of no more use but to be closed.
 */
#ifndef SERVICES_DOC_H
#define SERVICES_DOC_H

#include "base/err.h"
#include "place.h"

#define DOC_DEPTH_MAX 8

struct json_t;

enum doc_type {
    DOC_OBJECT,
    DOC_ARRAY,
    DOC_STRING,
    DOC_INTEGER,
    DOC_BOOL,
    DOC_NULL,
    DOC_OTHER, /* a number with a fraction */
};

struct doc {
    struct slice text;
    const char *name;
    struct err *err;
    uint32_t depth;
    struct json_t *nodes[DOC_DEPTH_MAX + 1]; /* from the root to the current value */
    struct place_step path[DOC_DEPTH_MAX];
};

/* `text` and `name` must outlive the document. */
bool doc_open(struct doc *d, struct slice text, const char *name, struct err *err);
void doc_close(struct doc *d);

enum doc_type doc_type(const struct doc *d);
size_t doc_count(const struct doc *d); /* elements or members; 0 for other values */

bool doc_enter(struct doc *d, const char *key); /* false: no such member */
bool doc_first(struct doc *d);                  /* false: there is none; nothing was entered */
bool doc_next(struct doc *d);                   /* false: that was the last, and it was left */
void doc_leave(struct doc *d);

struct slice doc_text(const struct doc *d); /* of a string; valid as long as the document */
long long doc_integer(const struct doc *d);
bool doc_true(const struct doc *d);
const char *doc_key(const struct doc *d); /* of the current value; NULL for an element */

/* Whether the current text is a key of the root's member `table`. */
bool doc_in_table(const struct doc *d, const char *table);

/* Fills the err of doc_open with the place of the current value. Returns false. */
bool doc_fail(const struct doc *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define DOC_QUOTE_SIZE 52
/* A text of the document made fit for a message: cut, and without bytes that are not printable. */
const char *doc_quote(struct slice s, char out[DOC_QUOTE_SIZE]);

#endif
