/*
 * services/list: what a loaded list holds, for the files of this layer.
 * SPDX-License-Identifier: MIT
 *
 * Texts, services and endpoints lie in arenas, one a document, and never move. The index is made anew
 * when a list is appended.
 */
#ifndef SERVICES_LIST_H
#define SERVICES_LIST_H

#include "base/arena.h"
#include "base/map.h"
#include "doc.h"
#include "services/services.h"

#define DIGEST_HEX_SIZE 65

struct index_entry {
    uint32_t next; /* an entry of the same hash, MAP_NONE at the end */
    uint16_t service;
    uint16_t endpoint;
    uint16_t literals; /* characters of the pattern that are no wildcards */
    uint16_t length;   /* of a glob */
};

struct services_index {
    struct map exact;   /* hash of the name -> first entry */
    struct map suffix;  /* hash of what follows "*." -> first entry */
    uint32_t *globs;    /* entries, the most literal characters first */
    uint32_t *any_host; /* entries of MATCH_PORT, in the order of the list */
    struct index_entry *entries;
    uint32_t entry_count;
    uint32_t glob_count;
    uint32_t any_host_count;
};

/* An appended document's memory. */
struct list_part {
    struct arena memory;
    struct list_part *next;
};

struct service_list {
    struct arena memory;
    struct list_part *parts;
    const char *name;
    const char *as_of;
    struct service *services;
    uint32_t count;
    uint32_t endpoint_count;
    struct services_index index;
    char sha256[DIGEST_HEX_SIZE];
};

/* list.c: building. All return false or NULL with the err of `d` filled. */
const char *list_copy(struct service_list *list, const struct doc *d, struct slice text);
void *list_alloc(struct service_list *list, const struct doc *d, size_t size);
/* Room for the endpoints of a service; counts them against the cap of the list. */
struct endpoint *list_endpoints(struct service_list *list, const struct doc *d, size_t count);

/* office365.c: the current value of `d` is the array of the web service. */
bool office365_read(struct service_list *list, struct doc *d);

/* own.c: the current value of `d` is the object of the project's own format. */
bool own_read(struct service_list *list, struct doc *d);

/* index.c */
bool index_build(struct services_index *index, const struct service *services, uint32_t count);
void index_clear(struct services_index *index);
uint64_t index_hash(struct slice name);
uint16_t pattern_literals(const char *pattern);

/* digest.c: SHA-256 as hex; false when memory is out. */
bool digest_hex(struct slice data, char out[DIGEST_HEX_SIZE]);

#endif
