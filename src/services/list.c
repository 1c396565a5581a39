/*
 * services/list: making, joining and asking lists.
 * SPDX-License-Identifier: MIT
 */
#include "list.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

#define LIST_BYTES_MAX (64UL * 1024 * 1024)

void services_free(struct service_list *list)
{
    if (!list)
        return;
    while (list->parts) {
        struct list_part *part = list->parts;
        list->parts = part->next;
        arena_clear(&part->memory);
        free(part);
    }
    index_clear(&list->index);
    arena_clear(&list->memory);
    free(list);
}

static bool out_of_memory(struct err *err, const char *name)
{
    err_set(err, name, "out of memory");
    return false;
}

void *list_alloc(struct service_list *list, const struct doc *d, size_t size)
{
    void *memory = arena_alloc(&list->memory, size ? size : 1);
    if (!memory)
        out_of_memory(d->err, d->name);
    return memory;
}

const char *list_copy(struct service_list *list, const struct doc *d, struct slice text)
{
    struct slice copy = arena_copy(&list->memory, text);
    if (!copy.data)
        out_of_memory(d->err, d->name);
    return (const char *)copy.data;
}

struct endpoint *list_endpoints(struct service_list *list, const struct doc *d, size_t count)
{
    if (count > SERVICES_ENDPOINTS_MAX - list->endpoint_count) {
        doc_fail(d, "more than %d endpoints in the list", SERVICES_ENDPOINTS_MAX);
        return NULL;
    }
    list->endpoint_count += (uint32_t)count;
    return list_alloc(list, d, count * sizeof(struct endpoint));
}

static bool read_document(struct service_list *list, struct slice json, const char *name,
                          struct err *err)
{
    struct doc d;
    if (!doc_open(&d, json, name, err))
        return false;
    list->name = list_copy(list, &d, slice_str(name));
    list->as_of = "unknown";
    bool ok =
        list->name && (doc_type(&d) == DOC_ARRAY ? office365_read(list, &d) : own_read(list, &d));
    doc_close(&d);
    return ok;
}

struct service_list *services_load(struct slice json, const char *name, struct err *err)
{
    if (json.len > SERVICES_FILE_MAX) {
        err_set(err, name, "larger than %lu MiB, which no service list is",
                SERVICES_FILE_MAX >> 20);
        return NULL;
    }
    struct service_list *list = calloc(1, sizeof *list);
    if (!list) {
        out_of_memory(err, name);
        return NULL;
    }
    arena_init(&list->memory, LIST_BYTES_MAX);
    if (!read_document(list, json, name, err))
        goto fail;
    if (!digest_hex(json, list->sha256) ||
        !index_build(&list->index, list->services, list->count)) {
        out_of_memory(err, name);
        goto fail;
    }
    return list;
fail:
    services_free(list);
    return NULL;
}

static bool fail_errno(struct err *err, const char *path, int error)
{
    char reason[ERR_REASON_SIZE];
    err_set(err, path, "cannot read the service list: %s", err_reason(error, reason));
    return false;
}

static bool read_file(struct buf *out, const char *path, struct err *err)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return fail_errno(err, path, errno);
    int error = 0;
    while (out->len <= SERVICES_FILE_MAX && buf_reserve(out, 65536)) {
        errno = 0;
        size_t got = fread(out->data + out->len, 1, 65536, file);
        error = ferror(file) ? errno : 0;
        out->len += got;
        if (got == 0)
            break;
    }
    (void)fclose(file);
    if (out->failed)
        return out_of_memory(err, path);
    return error ? fail_errno(err, path, error) : true;
}

struct service_list *services_load_file(const char *path, struct err *err)
{
    struct buf text;
    buf_init(&text);
    struct service_list *list = NULL;
    if (read_file(&text, path, err))
        list = services_load(buf_view(&text), path, err);
    buf_clear(&text);
    return list;
}

/* ---- joining ---- */

static const char *twice(const struct service_list *list, const struct service_list *more)
{
    for (uint32_t i = 0; i < more->count; i++) {
        if (services_find(list, more->services[i].id))
            return more->services[i].id;
    }
    return NULL;
}

static bool may_join(const struct service_list *list, const struct service_list *more,
                     struct err *err)
{
    const char *id = twice(list, more);
    if (id) {
        err_set(err, more->name, "the service \"%s\" is already in %s; give it another id", id,
                list->name);
        return false;
    }
    if (more->count > SERVICES_MAX - list->count ||
        more->endpoint_count > SERVICES_ENDPOINTS_MAX - list->endpoint_count) {
        err_set(err, more->name, "together with %s more than %d services or %d endpoints",
                list->name, SERVICES_MAX, SERVICES_ENDPOINTS_MAX);
        return false;
    }
    return true;
}

static bool join_digests(const struct service_list *a, const struct service_list *b,
                         char out[DIGEST_HEX_SIZE])
{
    char both[2 * (DIGEST_HEX_SIZE - 1)];
    memcpy(both, a->sha256, DIGEST_HEX_SIZE - 1);
    memcpy(both + DIGEST_HEX_SIZE - 1, b->sha256, DIGEST_HEX_SIZE - 1);
    return digest_hex(slice_of(both, sizeof both), out);
}

static const char *join_names(struct arena *memory, const char *a, const char *b)
{
    size_t size = strlen(a) + strlen(b) + 3;
    char *name = arena_alloc(memory, size);
    if (name)
        (void)snprintf(name, size, "%s, %s", a, b);
    return name;
}

/* All that can fail goes into `joined`; the list changes only when everything is there. */
static bool join(struct service_list *list, struct service_list *more)
{
    struct service_list joined = *list;
    struct list_part *part = malloc(sizeof *part);
    joined.index = (struct services_index){0};
    joined.count = list->count + more->count;
    joined.endpoint_count = list->endpoint_count + more->endpoint_count;
    joined.services = arena_alloc(&more->memory, joined.count * sizeof(struct service) + 1);
    joined.name = join_names(&more->memory, list->name, more->name);
    if (!part || !joined.services || !joined.name || !join_digests(list, more, joined.sha256))
        goto fail;
    memcpy(joined.services, list->services, list->count * sizeof(struct service));
    memcpy(joined.services + list->count, more->services, more->count * sizeof(struct service));
    if (!index_build(&joined.index, joined.services, joined.count))
        goto fail;
    index_clear(&list->index);
    *part = (struct list_part){more->memory, list->parts};
    joined.parts = part;
    *list = joined;
    arena_init(&more->memory, 0); /* it is the part's now */
    return true;
fail:
    free(part);
    return false;
}

bool services_append(struct service_list *list, struct service_list *more, struct err *err)
{
    bool ok = may_join(list, more, err);
    if (ok && !join(list, more))
        ok = out_of_memory(err, more->name);
    /* What was appended to `more` before comes along. */
    struct list_part **last = &list->parts;
    while (*last)
        last = &(*last)->next;
    if (ok) {
        *last = more->parts;
        more->parts = NULL;
    }
    services_free(more);
    return ok;
}

/* ---- asking ---- */

const char *services_name(const struct service_list *list)
{
    return list->name;
}

const char *services_as_of(const struct service_list *list)
{
    return list->as_of;
}

const char *services_sha256(const struct service_list *list)
{
    return list->sha256;
}

uint32_t services_count(const struct service_list *list)
{
    return list->count;
}

const struct service *services_at(const struct service_list *list, uint32_t index)
{
    assert(index < list->count);
    return &list->services[index];
}

const struct service *services_find(const struct service_list *list, const char *id)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (strcmp(list->services[i].id, id) == 0)
            return &list->services[i];
    }
    return NULL;
}
