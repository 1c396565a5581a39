/*
 * diagnose/rules_http: responses, the connectivity probe, proxies.
 * SPDX-License-Identifier: MIT
 *
 * RFC 9110, 9111, 6585 (511), 7725 (451). Any answer of the server shows that it can be reached; only
 * those count as failures that keep a service from working.
 */
#include "rules.h"

#define RETRY_NS   (15 * NS_PER_S) /* NTLM and Negotiate need refusals on the way to a 200 */
#define HTTP_PORT  80
#define HTTPS_PORT 443

enum answer {
    ANSWER_GOOD,
    ANSWER_BAD,
    ANSWER_CAPTIVE,
    ANSWER_PROXY_AUTH,
    ANSWER_UNSEEN, /* the capture has not what decides */
};

static bool is_connect(const struct tx_http *http)
{
    return slice_eq(http->method, slice_str("CONNECT"));
}

/* The path of a target in origin or absolute form. */
static struct slice path_of(struct slice target)
{
    size_t from = 0;
    if (slice_starts_nocase(target, "http://"))
        from = slice_find(target, strlen("http://"), '/');
    return slice_sub(target, from, target.len);
}

static uint16_t port_after(struct slice authority, uint16_t otherwise)
{
    size_t colon = authority.len;
    while (colon > 0 && authority.data[colon - 1] >= '0' && authority.data[colon - 1] <= '9')
        colon--;
    if (colon == 0 || colon == authority.len || authority.data[colon - 1] != ':')
        return otherwise;
    uint32_t port = 0;
    for (size_t i = colon; i < authority.len && port <= UINT16_MAX; i++)
        port = port * 10 + (uint32_t)(authority.data[i] - '0');
    return port > 0 && port <= UINT16_MAX ? (uint16_t)port : otherwise;
}

/* The port of the host that was meant: through a proxy, not the proxy's own. */
static uint16_t port_of(const struct flow *flow, const struct tx_http *http)
{
    if (!http->to_proxy)
        return flow->key.dst_port;
    if (is_connect(http))
        return port_after(http->target, HTTPS_PORT);
    size_t from = strlen("http://");
    size_t end = slice_find(http->target, from, '/');
    return port_after(slice_sub(http->target, from, end - from), HTTP_PORT);
}

static const struct endpoint *endpoint_of(const struct facts *f, struct slice host, uint16_t port,
                                          struct slice path)
{
    struct service_match matches[SERVICE_MATCHES_MAX];
    uint32_t count = services_match(f->list, host, TRANSPORT_TCP, port, matches);
    const struct endpoint *best = NULL;
    for (uint32_t i = 0; i < count; i++) {
        const struct endpoint *e =
            &services_at(f->list, matches[i].service)->endpoints[matches[i].endpoint];
        if (e->probe_path && slice_eq_nocase(path, slice_str(e->probe_path)))
            return e;
        if (!best || (!best->role && e->role && !best->probe_path))
            best = e;
    }
    return best;
}

static enum answer probe_answer(const struct tx_http *http, const struct endpoint *e)
{
    if (http->status == 511 || (http->status >= 300 && http->status < 400))
        return ANSWER_CAPTIVE;
    if (http->status >= 400)
        return ANSWER_BAD;
    if (e->probe_status != 0 && http->status != e->probe_status)
        return ANSWER_CAPTIVE;
    if (!e->probe_body)
        return ANSWER_GOOD;
    if (slice_starts(http->body_head, e->probe_body))
        return ANSWER_GOOD;
    /* Nothing of the body was captured: its length decides, where there is one. */
    size_t expected = strlen(e->probe_body);
    if (http->body_head.len == 0 && http->content_length != 0)
        return http->content_length == (int64_t)expected ? ANSWER_GOOD : ANSWER_UNSEEN;
    bool begins = http->body_head.len > 0 && http->body_head.len < expected &&
                  memcmp(http->body_head.data, e->probe_body, http->body_head.len) == 0;
    return begins ? ANSWER_UNSEEN : ANSWER_CAPTIVE;
}

/* A delta CRL that the authority does not have is no fault; a base CRL is. */
static bool is_delta(struct slice path)
{
    return slice_find(path, 0, '+') < path.len;
}

static enum answer judge_answer(const struct tx_http *http, const struct endpoint *e,
                                struct slice path)
{
    uint16_t status = http->status;
    if (status == 407)
        return ANSWER_PROXY_AUTH;
    if (is_connect(http))
        return status < 300 ? ANSWER_GOOD : ANSWER_BAD;
    if (e && e->probe_path && slice_eq_nocase(path, slice_str(e->probe_path)))
        return probe_answer(http, e);
    if (status == 511)
        return ANSWER_CAPTIVE;
    if (status >= 500 || status == 403 || status == 451)
        return ANSWER_BAD;
    if (status == 404 && e && e->role && slice_starts(slice_str(e->role), "crl") && !is_delta(path))
        return ANSWER_BAD;
    return ANSWER_GOOD;
}

static void note_proxy(struct facts *f, uint32_t client, const struct flow *flow,
                       const struct tx *tx)
{
    if (!tx->u.http.to_proxy || tx->outcome == TX_PENDING)
        return;
    facts_role(f, &flow->key.dst, CLIENT_PROXY);
    struct peer *p = facts_peer(f, client, PEER_PROXY, flow);
    if (!p)
        return;
    uint16_t status = tx->u.http.status;
    if (status == 0) {
        if (p->unanswered++ == 0)
            p->first_unanswered = tx->first;
        p->last_unanswered = tx->first;
    } else if (status == 407 || (is_connect(&tx->u.http) && status >= 400)) {
        p->refused++;
    } else {
        p->answered++;
        if (tx->reply.ts_ns > p->last_answered.ts_ns)
            p->last_answered = tx->reply;
    }
}

static void fail(struct facts *f, struct row *row, const struct flow *flow, const struct tx *tx,
                 enum finding_kind kind)
{
    const struct tx_http *http = &tx->u.http;
    struct failure x = rule_failure(flow, kind, tx->first);
    if (http->to_proxy)
        x.group |= FAIL_PROXY;
    x.code = http->status;
    struct slice text = http->location;
    if (kind == FINDING_HTTP_PROXY_AUTH)
        text = http->proxy_authenticate;
    else if (kind == FINDING_HTTP_ERROR)
        text = http->server;
    x.text = facts_text(f, slice_sub(text, 0, 200));
    facts_fail(f, row, &x);
}

static void answered(struct facts *f, struct row *row, const struct flow *flow, const struct tx *tx,
                     enum answer answer)
{
    switch (answer) {
    case ANSWER_GOOD:
        if (is_connect(&tx->u.http))
            facts_heal(f, row, 1ULL << FINDING_HTTP_PROXY_AUTH | 1ULL << FINDING_HTTP_ERROR,
                       tx->reply.ts_ns);
        else
            facts_ok(f, row, mark_set(tx->reply) ? &tx->reply : &tx->done);
        break;
    case ANSWER_BAD:
        fail(f, row, flow, tx, FINDING_HTTP_ERROR);
        break;
    case ANSWER_CAPTIVE:
        fail(f, row, flow, tx, FINDING_HTTP_CAPTIVE_PORTAL);
        break;
    case ANSWER_PROXY_AUTH:
        fail(f, row, flow, tx, FINDING_HTTP_PROXY_AUTH);
        break;
    case ANSWER_UNSEEN:
        row->flags |= ROW_PENDING;
        break;
    }
}

void http_fact(struct facts *f, const struct flow *flow, const struct tx *tx, struct slice host)
{
    const struct tx_http *http = &tx->u.http;
    uint32_t client = facts_asks(f, flow);
    if (client == POOL_NONE || tx->outcome == TX_REPLY_ONLY)
        return;
    note_proxy(f, client, flow, tx);
    if (tx->outcome == TX_ANSWERED && !http->to_proxy)
        facts_role(f, &flow->key.dst, CLIENT_SERVER);
    char text[NAME_MAX_BYTES + 1];
    struct slice known = facts_host(is_connect(http) ? http->target : host, text);
    if (rule_first_label(known, "wpad"))
        return;
    uint32_t name = facts_name(f, known, true);
    uint16_t port = port_of(flow, http);
    struct row *row = name == INTERN_NONE ? NULL : facts_row(f, client, name, TRANSPORT_TCP, port);
    if (!row)
        return;
    /* What a CONNECT leads to counts as the attempt, unless it leads nowhere. */
    if (!is_connect(http) || http->status == 0 || http->status >= 300)
        row->attempts++;
    row->flags |= ROW_TCP_TRIED;
    if (http->to_proxy)
        facts_head(f, client, name)->flags |= ROW_VIA_PROXY;
    if (tx->outcome == TX_PENDING) {
        row->flags |= ROW_PENDING;
        return;
    }
    if (tx->outcome == TX_NO_REPLY || http->status == 0) {
        fail(f, row, flow, tx, FINDING_HTTP_NO_RESPONSE);
        return;
    }
    struct slice path = path_of(http->target);
    const struct endpoint *e = endpoint_of(f, known, port, path);
    answered(f, row, flow, tx, judge_answer(http, e, path));
}

enum ruling http_ruling(const struct judging *j, const struct row *head, const struct row *row,
                        const struct failure *x)
{
    if (x->kind == FINDING_HTTP_PROXY_AUTH && x->healed_ns != 0)
        return x->healed_ns - x->last.ts_ns <= RETRY_NS ? RULING_DROP : RULING_RECOVERED;
    if (x->healed_ns != 0 && x->healed_ns >= x->last.ts_ns)
        return RULING_RECOVERED;
    if (mark_set(row->ok) && row->ok.ts_ns >= x->last.ts_ns)
        return RULING_RECOVERED;
    if (rule_first_label(intern_name(j->f->listed, head->name), "ipv6"))
        return RULING_HARMLESS;
    if (j->cut && x->kind == FINDING_HTTP_CAPTIVE_PORTAL && x->code < 300)
        return RULING_DOUBT;
    return RULING_FAILED;
}
