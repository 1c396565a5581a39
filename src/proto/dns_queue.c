/*
 * proto/dns_queue: the queries of a flow, open and lately answered.
 * SPDX-License-Identifier: MIT
 */
#include "dns_queue.h"

#define NAME_ROOM  40 /* at least, so that a record suits most later names */
#define NAME_STEP  32
#define SPARE_LOOK 8 /* spare records that are tried for one that is long enough */

/* ---- lists ---- */

static void list_append(struct dns_list *list, struct dns_query *query)
{
    query->next = NULL;
    query->prev = list->tail;
    if (list->tail)
        list->tail->next = query;
    else
        list->head = query;
    list->tail = query;
}

static void list_remove(struct dns_list *list, struct dns_query *query)
{
    if (query->prev)
        query->prev->next = query->next;
    else
        list->head = query->next;
    if (query->next)
        query->next->prev = query->prev;
    else
        list->tail = query->prev;
}

static void put_spare(struct dns_queue *q, struct dns_query *query)
{
    query->next = q->spare;
    q->spare = query;
}

/* ---- index ---- */

static size_t bucket_of(uint16_t id)
{
    return id & (DNS_INDEX_SIZE - 1);
}

static void index_add(struct dns_queue *q, struct dns_query *query)
{
    struct dns_query **bucket = &q->index->heads[bucket_of(query->id)];
    query->chain = *bucket;
    *bucket = query;
}

static void index_remove(struct dns_queue *q, const struct dns_query *query)
{
    struct dns_query **link = &q->index->heads[bucket_of(query->id)];
    while (*link && *link != query)
        link = &(*link)->chain;
    if (*link)
        *link = query->chain;
}

/* Without memory for it the list is searched as before. */
static void index_build(struct dns_queue *q, struct arena *arena)
{
    q->index = arena_alloc(arena, sizeof *q->index);
    if (!q->index)
        return;
    for (struct dns_query *query = q->open.head; query; query = query->next)
        index_add(q, query);
}

/* ---- finding ---- */

static bool matches(const struct dns_query *query, const struct dns_key *key)
{
    if (query->id != key->id)
        return false;
    if (!key->has_question)
        return true;
    return query->qtype == key->qtype &&
           slice_eq(slice_of(query->name, query->name_len), key->name);
}

struct dns_query *dns_queue_find_open(const struct dns_queue *q, const struct dns_key *key)
{
    if (!q->index) {
        struct dns_query *query = q->open.head;
        while (query && !matches(query, key))
            query = query->next;
        return query;
    }
    /* The newest is in front of its chain, the longest waiting one is meant. */
    struct dns_query *found = NULL;
    for (struct dns_query *query = q->index->heads[bucket_of(key->id)]; query;
         query = query->chain) {
        if (matches(query, key))
            found = query;
    }
    return found;
}

struct dns_query *dns_queue_find_answered(const struct dns_queue *q, const struct dns_key *key)
{
    struct dns_query *query = q->answered.tail;
    while (query && !matches(query, key))
        query = query->prev;
    return query;
}

/* ---- records ---- */

static struct dns_query *take_spare(struct dns_queue *q, size_t name_len)
{
    struct dns_query **link = &q->spare;
    for (unsigned i = 0; *link && i < SPARE_LOOK; i++) {
        struct dns_query *query = *link;
        if (query->name_cap >= name_len) {
            *link = query->next;
            return query;
        }
        link = &query->next;
    }
    return NULL;
}

static struct dns_query *new_record(struct dns_queue *q, size_t name_len, struct arena *arena)
{
    struct dns_query *query = take_spare(q, name_len);
    if (query)
        return query;
    size_t cap = NAME_ROOM;
    while (cap < name_len)
        cap += NAME_STEP;
    query = arena_alloc(arena, sizeof *query + cap);
    if (query)
        query->name_cap = (uint16_t)cap;
    return query;
}

struct dns_query *dns_queue_add(struct dns_queue *q, const struct dns_key *key, struct arena *arena)
{
    if (key->name.len > DNS_NAME_TEXT_MAX)
        return NULL;
    struct dns_query *query = new_record(q, key->name.len, arena);
    if (!query)
        return NULL;
    uint16_t name_cap = query->name_cap;
    *query = (struct dns_query){.id = key->id,
                                .qtype = key->qtype,
                                .attempts = 1,
                                .name_len = (uint16_t)key->name.len,
                                .name_cap = name_cap};
    if (key->name.len > 0)
        memcpy(query->name, key->name.data, key->name.len);
    list_append(&q->open, query);
    q->open_count++;
    if (q->index)
        index_add(q, query);
    else if (q->open_count == DNS_INDEX_FROM)
        index_build(q, arena);
    return query;
}

void dns_queue_touch(struct dns_queue *q, struct dns_query *query)
{
    list_remove(&q->open, query);
    list_append(&q->open, query);
}

static void take_open(struct dns_queue *q, struct dns_query *query)
{
    list_remove(&q->open, query);
    q->open_count--;
    if (q->index)
        index_remove(q, query);
}

void dns_queue_remove(struct dns_queue *q, struct dns_query *query)
{
    take_open(q, query);
    put_spare(q, query);
}

static void forget_oldest(struct dns_queue *q)
{
    struct dns_query *query = q->answered.head;
    list_remove(&q->answered, query);
    q->answered_count--;
    put_spare(q, query);
}

void dns_queue_answer(struct dns_queue *q, struct dns_query *query)
{
    take_open(q, query);
    list_append(&q->answered, query);
    if (++q->answered_count > DNS_ANSWERED_MAX)
        forget_oldest(q);
}

void dns_queue_forget(struct dns_queue *q, int64_t before_ns)
{
    while (q->answered.head && q->answered.head->last.ts_ns < before_ns)
        forget_oldest(q);
}
