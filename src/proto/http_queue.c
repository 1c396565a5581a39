/*
 * proto/http_queue: records, their texts and their order.
 * SPDX-License-Identifier: MIT
 */
#include "http_queue.h"

#define TEXT_STEP 64 /* buffers grow to multiples of it */

struct http_record *http_record_new(struct http_queue *q, struct arena *arena)
{
    struct http_record *r = q->free;
    if (!r)
        return arena_alloc(arena, sizeof *r);
    q->free = r->next;
    *r = (struct http_record){
        .request_texts = {r->request_texts.data, r->request_texts.size, 0},
        .response_texts = {r->response_texts.data, r->response_texts.size, 0},
    };
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

static bool is_of_request(size_t which)
{
    return which <= HTTP_USER_AGENT || which == HTTP_TEXT_HOST_FIELD;
}

/* An empty buffer for `need` bytes. */
static bool texts_reserve(struct http_texts *t, size_t need, struct arena *arena)
{
    t->used = 0;
    if (need <= t->size)
        return true;
    size_t size = (need + TEXT_STEP - 1) / TEXT_STEP * TEXT_STEP;
    uint8_t *data = size <= UINT16_MAX ? arena_alloc(arena, size) : NULL;
    if (!data)
        return false;
    t->data = data;
    t->size = (uint16_t)size;
    return true;
}

/* There is room. A text that comes in pieces comes last. */
static void text_add(struct http_record *r, size_t which, struct slice s)
{
    struct http_texts *t = is_of_request(which) ? &r->request_texts : &r->response_texts;
    if (s.len == 0)
        return;
    if (r->text_len[which] == 0)
        r->text_at[which] = t->used;
    memcpy(&t->data[t->used], s.data, s.len);
    t->used = (uint16_t)(t->used + s.len);
    r->text_len[which] = (uint16_t)(r->text_len[which] + s.len);
}

static struct slice text_of(const struct http_record *r, size_t which)
{
    const struct http_texts *t = is_of_request(which) ? &r->request_texts : &r->response_texts;
    return slice_sub(slice_of(t->data, t->used), r->text_at[which], r->text_len[which]);
}

static uint16_t body_room(const struct http_head *head)
{
    bool page =
        head->status >= 400 || slice_starts_nocase(head->field[HTTP_CONTENT_TYPE], "text/html");
    return page ? HTTP_PAGE_HEAD_MAX : HTTP_BODY_HEAD_MAX;
}

bool http_record_keep(struct http_record *r, const struct http_head *head, struct arena *arena)
{
    bool request = head->status == 0;
    if (!request)
        r->body_room = body_room(head);
    size_t need = request ? head->host_field.len : r->body_room;
    for (size_t i = 0; i < HTTP_FIELDS; i++)
        need += is_of_request(i) == request ? head->field[i].len : 0;
    if (!texts_reserve(request ? &r->request_texts : &r->response_texts, need, arena))
        return false;
    for (size_t i = 0; i < HTTP_FIELDS; i++) {
        if (is_of_request(i) == request)
            text_add(r, i, head->field[i]);
    }
    if (request)
        text_add(r, HTTP_TEXT_HOST_FIELD, head->host_field);
    return true;
}

void http_record_body(struct http_record *r, struct slice content)
{
    const struct http_texts *t = &r->response_texts;
    size_t room = (size_t)r->body_room - r->text_len[HTTP_TEXT_BODY];
    /* The room was reserved with the head's texts, or there is no memory and no text at all. */
    if ((size_t)(t->size - t->used) >= room)
        text_add(r, HTTP_TEXT_BODY, slice_sub(content, 0, room));
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
                .box = text_of(r, HTTP_BOX),
                .body_head = text_of(r, HTTP_TEXT_BODY),
                .length = r->length,
                .content_length = mark_set(r->reply) ? r->content_length : -1,
                .date = mark_set(r->reply) ? r->date : -1,
                .range_from = r->range_from,
                .range_to = r->range_to,
                .content_from = mark_set(r->reply) ? r->content_from : -1,
                .status = r->status,
                .to_proxy = r->to_proxy,
                .range = r->range,
                .no_ranges = r->no_ranges,
                .recoded = r->coded && r->has_request && !r->lost && !r->accepts,
                .cookie = r->cookie,
                .cut = r->cut,
            },
    };
    env->emit(env->ctx, &tx);
}
