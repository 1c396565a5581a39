/*
 * services/doc: JSON documents by Jansson, with places.
 * SPDX-License-Identifier: MIT
 */
#include "doc.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include <jansson.h>

static void printable(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
            *text = '?';
    }
}

const char *doc_quote(struct slice s, char out[DOC_QUOTE_SIZE])
{
    const char *more = s.len > DOC_QUOTE_SIZE - 6 ? "..." : "";
    int len = s.len > DOC_QUOTE_SIZE - 6 ? DOC_QUOTE_SIZE - 6 : (int)s.len;
    (void)snprintf(out, DOC_QUOTE_SIZE, "\"%.*s%s\"", len, (const char *)s.data, more);
    printable(out);
    return out;
}

static void fail_at(const struct doc *d, struct place place, const char *text)
{
    char where[sizeof d->err->where];
    (void)snprintf(where, sizeof where, "%.3900s:%zu:%zu", d->name, place.line, place.column);
    err_set(d->err, where, "%s", text);
}

bool doc_fail(const struct doc *d, const char *format, ...)
{
    char text[sizeof d->err->text];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fail_at(d, place_find(d->text, d->path, d->depth), text);
    return false;
}

static bool fail_parse(const struct doc *d, const json_error_t *error)
{
    /* Without memory Jansson often says nothing at all. */
    if (json_error_code(error) == json_error_out_of_memory || error->text[0] == '\0') {
        err_set(d->err, d->name, "out of memory");
        return false;
    }
    char text[sizeof d->err->text];
    (void)snprintf(text, sizeof text, "not valid JSON: %s", error->text);
    printable(text);
    struct place place = {error->line > 0 ? (size_t)error->line : 1,
                          error->column > 0 ? (size_t)error->column : 1};
    fail_at(d, place, text);
    return false;
}

bool doc_open(struct doc *d, struct slice text, const char *name, struct err *err)
{
    *d = (struct doc){.text = text, .name = name, .err = err};
    if (text.len >= 2 && (text.data[0] == 0xff || text.data[0] == 0xfe) && text.data[1] >= 0xfe) {
        err_set(err, name, "the file is UTF-16 text; save it as UTF-8");
        return false;
    }
    /* Editors on Windows begin UTF-8 files with a byte order mark; JSON has none. */
    if (slice_starts(text, "\xef\xbb\xbf"))
        d->text = slice_sub(text, 3, text.len);
    json_error_t error;
    d->nodes[0] =
        json_loadb((const char *)d->text.data, d->text.len, JSON_REJECT_DUPLICATES, &error);
    return d->nodes[0] ? true : fail_parse(d, &error);
}

void doc_close(struct doc *d)
{
    json_decref(d->nodes[0]);
    d->nodes[0] = NULL;
}

static json_t *current(const struct doc *d)
{
    return d->nodes[d->depth];
}

enum doc_type doc_type(const struct doc *d)
{
    static const enum doc_type types[] = {
        [JSON_OBJECT] = DOC_OBJECT,   [JSON_ARRAY] = DOC_ARRAY, [JSON_STRING] = DOC_STRING,
        [JSON_INTEGER] = DOC_INTEGER, [JSON_REAL] = DOC_OTHER,  [JSON_TRUE] = DOC_BOOL,
        [JSON_FALSE] = DOC_BOOL,      [JSON_NULL] = DOC_NULL,
    };
    return types[json_typeof(current(d))];
}

size_t doc_count(const struct doc *d)
{
    return json_is_array(current(d)) ? json_array_size(current(d)) : json_object_size(current(d));
}

static bool push(struct doc *d, json_t *node, const char *key, size_t index)
{
    if (!node)
        return false;
    assert(d->depth < DOC_DEPTH_MAX); /* the readers' nesting is fixed, whatever the input's is */
    d->path[d->depth] = (struct place_step){key, index};
    d->nodes[++d->depth] = node;
    return true;
}

bool doc_enter(struct doc *d, const char *key)
{
    return push(d, json_object_get(current(d), key), key, 0);
}

bool doc_first(struct doc *d)
{
    json_t *node = current(d);
    if (json_is_array(node))
        return push(d, json_array_get(node, 0), NULL, 0);
    void *member = json_object_iter(node);
    return member && push(d, json_object_iter_value(member), json_object_iter_key(member), 0);
}

bool doc_next(struct doc *d)
{
    struct place_step last = d->path[d->depth - 1];
    doc_leave(d);
    json_t *node = current(d);
    if (!last.key)
        return push(d, json_array_get(node, last.index + 1), NULL, last.index + 1);
    void *member = json_object_iter_next(node, json_object_iter_at(node, last.key));
    return member && push(d, json_object_iter_value(member), json_object_iter_key(member), 0);
}

void doc_leave(struct doc *d)
{
    assert(d->depth > 0);
    d->depth--;
}

struct slice doc_text(const struct doc *d)
{
    return slice_of(json_string_value(current(d)), json_string_length(current(d)));
}

long long doc_integer(const struct doc *d)
{
    return json_integer_value(current(d));
}

bool doc_true(const struct doc *d)
{
    return json_is_true(current(d));
}

const char *doc_key(const struct doc *d)
{
    return d->depth > 0 ? d->path[d->depth - 1].key : NULL;
}

bool doc_in_table(const struct doc *d, const char *table)
{
    const char *key = json_string_value(current(d));
    return key && json_object_get(json_object_get(d->nodes[0], table), key) != NULL;
}
