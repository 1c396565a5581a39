/*
 * proto/http_queue: records, their texts and their order.
 * SPDX-License-Identifier: MIT
 */
#include "http_queue.h"

#define TEXT_MIN 256

struct http_record *http_record_new(struct http_queue *q, struct arena *arena)
{
    struct http_record *r = q->free;
    if (!r)
        return arena_alloc(arena, sizeof *r);
    q->free = r->next;
    *r = (struct http_record){.text = r->text, .text_size = r->text_size};
    return r;
}

void http_record_release(struct http_queue *q, struct http_record *r)
{
    r->next = q->free;
    q->free = r;
}

void http_queue_push(struct http_queue *q, struct http_record *r)
{
    r->next = NULL;
    if (q->tail)
        q->tail->next = r;
    else
        q->head = r;
    q->tail = r;
    q->count++;
}

struct http_record *http_queue_pop(struct http_queue *q)
{
    struct http_record *r = q->head;
    if (!r)
        return NULL;
    q->head = r->next;
    if (!q->head)
        q->tail = NULL;
    q->count--;
    return r;
}

/* ---- texts ---- */

static bool text_reserve(struct http_record *r, size_t more, struct arena *arena)
{
    size_t need = r->text_used + more;
    if (need <= r->text_size)
        return true;
    size_t size = r->text_size > 0 ? r->text_size : TEXT_MIN;
    while (size < need)
        size *= 2;
    if (size > UINT16_MAX)
        size = UINT16_MAX;
    if (size < need)
        return false;
    uint8_t *text = arena_alloc(arena, size);
    if (!text)
        return false;
    if (r->text_used > 0)
        memcpy(text, r->text, r->text_used);
    r->text = text;
    r->text_size = (uint16_t)size;
    return true;
}

/* There is room. */
static void text_add(struct http_record *r, size_t which, struct slice s)
{
    if (s.len == 0)
        return;
    if (r->text_len[which] == 0)
        r->text_at[which] = r->text_used;
    memcpy(&r->text[r->text_used], s.data, s.len);
    r->text_used = (uint16_t)(r->text_used + s.len);
    r->text_len[which] = (uint16_t)(r->text_len[which] + s.len);
}

static struct slice text_of(const struct http_record *r, size_t which)
{
    struct slice all = slice_of(r->text, r->text_used);
    return slice_sub(all, r->text_at[which], r->text_len[which]);
}

bool http_record_keep(struct http_record *r, const struct http_head *head, struct arena *arena)
{
    bool request = head->status == 0;
    size_t need = request ? head->host_field.len : HTTP_BODY_HEAD_MAX;
    for (size_t i = 0; i < HTTP_FIELDS; i++)
        need += head->field[i].len;
    if (!text_reserve(r, need, arena))
        return false;
    for (size_t i = 0; i < HTTP_FIELDS; i++) {
        bool of_request = i <= HTTP_USER_AGENT;
        if (of_request == request)
            text_add(r, i, head->field[i]);
    }
    if (request)
        text_add(r, HTTP_TEXT_HOST_FIELD, head->host_field);
    return true;
}

void http_record_body(struct http_record *r, struct slice content)
{
    size_t have = r->text_len[HTTP_TEXT_BODY];
    struct slice part = slice_sub(content, 0, HTTP_BODY_HEAD_MAX - have);
    if (part.len == 0 || r->body_cut)
        return;
    /* Its pieces lie side by side: not when the texts of a late request came between them. */
    bool last = have == 0 || r->text_at[HTTP_TEXT_BODY] + have == r->text_used;
    if (last && part.len <= (size_t)(r->text_size - r->text_used))
        text_add(r, HTTP_TEXT_BODY, part);
    else
        r->body_cut = true;
}

bool http_record_method_is(const struct http_record *r, const char *method)
{
    return slice_eq(text_of(r, HTTP_METHOD), slice_str(method));
}

void http_record_emit(const struct http_record *r, enum tx_outcome outcome, struct proto_env *env)
{
    bool paired = r->has_request && mark_set(r->reply);
    struct tx tx = {
        .kind = TX_HTTP,
        .outcome = outcome,
        .first = r->first,
        .request = r->request,
        .reply = r->reply,
        .done = r->done,
        .rtt_ns = paired && !r->lost ? r->reply.ts_ns - r->request.ts_ns : -1,
        .u.http =
            {
                .method = text_of(r, HTTP_METHOD),
                .target = text_of(r, HTTP_TARGET),
                .host = text_of(r, HTTP_HOST),
                .host_field = text_of(r, HTTP_TEXT_HOST_FIELD),
                .version = text_of(r, HTTP_VERSION),
                .location = text_of(r, HTTP_LOCATION),
                .via = text_of(r, HTTP_VIA),
                .server = text_of(r, HTTP_SERVER),
                .proxy_authenticate = text_of(r, HTTP_PROXY_AUTHENTICATE),
                .user_agent = text_of(r, HTTP_USER_AGENT),
                .content_type = text_of(r, HTTP_CONTENT_TYPE),
                .body_head = text_of(r, HTTP_TEXT_BODY),
                .length = r->length,
                .content_length = mark_set(r->reply) ? r->content_length : -1,
                .date = mark_set(r->reply) ? r->date : -1,
                .status = r->status,
                .to_proxy = r->to_proxy,
                .range = r->range,
            },
    };
    env->emit(env->ctx, &tx);
}
