/*
 * diagnose/rules_http: requests and what became of them.
 * SPDX-License-Identifier: MIT
 *
 * What a response means is answer's matter, proxies are rules_proxy's, downloads rules_content's.
 */
#include <stdio.h>

#include "answer.h"
#include "blockers.h"
#include "rules.h"

#define RETRY_NS      (15 * NS_PER_S) /* NTLM and Negotiate need refusals on the way to a 200 */
#define RETRY_SOON_NS NS_PER_S        /* who has another way takes it by then */
#define WHO_MAX       256
#define HTTPS_PORT    443

/* Who answered, in its own words: "squid/5.7 (ERR_ACCESS_DENIED 0)". */
static struct slice who(const struct tx_http *http, char out[WHO_MAX])
{
    bool via = http->via.len > 0 &&
               (http->to_proxy || http->server.len == 0 || blocker_of_text(http->via));
    struct slice name = via ? http->via : http->server;
    const char *product = name.len > 0 ? NULL : blocker_of_text(http->body_head);
    if (product)
        name = slice_str(product);
    bool both = name.len > 0 && http->box.len > 0;
    size_t blank = slice_find(name, 0, ' ');
    if (via && blank < name.len) /* the protocol that it received */
        name = slice_sub(name, blank + 1, name.len);
    name = slice_sub(name, 0, WHO_MAX / 2);
    struct slice box = slice_sub(http->box, 0, WHO_MAX / 2 - 4);
    int len = snprintf(out, WHO_MAX, "%.*s%s%.*s%s", (int)name.len,
                       name.len ? (const char *)name.data : "", both ? " (" : "", (int)box.len,
                       box.len ? (const char *)box.data : "", both ? ")" : "");
    return slice_of(out, len > 0 && len < WHO_MAX ? (size_t)len : 0);
}

/* What a bad answer shows beside its status: a set of HTTP_SAID_*. */
static int64_t saying(const struct tx_http *http, const struct question *q)
{
    bool product = blocker_of_text(http->server) || blocker_of_text(http->via) ||
                   blocker_of_text(http->body_head);
    int64_t said = http->box.len > 0 || product ? HTTP_SAID_BOX : 0;
    said |= answer_is_page(http) ? HTTP_SAID_PAGE : 0;
    said |= answer_is_page(http) && blocker_is_page(http->body_head) ? HTTP_SAID_BLOCK : 0;
    said |= answer_is_connect(http) ? HTTP_SAID_CONNECT : 0;
    said |= http->recoded ? HTTP_SAID_CODED : 0;
    said |= q->endpoint && q->endpoint->probe_path ? HTTP_SAID_PROBE : 0;
    return said | (http->status == 451 ? HTTP_SAID_BLOCK : 0);
}

static uint32_t text_for(struct facts *f, const struct tx_http *http, enum finding_kind kind)
{
    char text[WHO_MAX + WHO_MAX], name[WHO_MAX];
    if (kind == FINDING_HTTP_CAPTIVE_PORTAL)
        return facts_text(f, slice_sub(http->location, 0, WHO_MAX));
    if (kind == FINDING_HTTP_NO_RESPONSE)
        return INTERN_NONE;
    struct slice from = who(http, name);
    if (kind != FINDING_HTTP_PROXY_AUTH)
        return facts_text(f, from);
    struct slice schemes = slice_sub(http->proxy_authenticate, 0, WHO_MAX - 1);
    int len = snprintf(text, sizeof text, "%.*s%s%.*s", (int)schemes.len,
                       schemes.len ? (const char *)schemes.data : "", from.len ? ", from " : "",
                       (int)from.len, (const char *)from.data);
    return facts_text(f, slice_of(text, len > 0 ? (size_t)len : 0));
}

static void fail(struct facts *f, struct row *row, const struct flow *flow, const struct tx *tx,
                 const struct question *q, enum finding_kind kind)
{
    const struct tx_http *http = &tx->u.http;
    struct failure x = rule_failure(flow, kind, tx->first);
    if (http->to_proxy)
        x.group |= FAIL_PROXY;
    if (kind == FINDING_HTTP_NO_RESPONSE && rule_lacks(row, flow))
        x.group |= FAIL_CUT;
    if (kind == FINDING_HTTP_NO_RESPONSE && x.clue.hole == HOLE_NONE && clue_unheard(flow, &x.clue))
        x.group |= FAIL_UNHEARD;
    x.code = http->status;
    x.tries = rule_tries(flow, tx);
    x.value = http->status != 0 ? saying(http, q) : 0;
    x.text = text_for(f, http, kind);
    facts_fail(f, row, &x);
}

static void answered(struct facts *f, struct row *row, const struct flow *flow, const struct tx *tx,
                     const struct question *q, enum answer answer)
{
    switch (answer) {
    case ANSWER_GOOD:
        if (answer_is_connect(&tx->u.http))
            facts_heal(f, row, 1ULL << FINDING_HTTP_PROXY_AUTH | 1ULL << FINDING_HTTP_ERROR,
                       tx->reply.ts_ns);
        else
            content_fact(f, row, flow, tx);
        if (answer_is_recoded(q, &tx->u.http))
            fail(f, row, flow, tx, q, FINDING_HTTP_ALTERED);
        break;
    case ANSWER_BAD:
        fail(f, row, flow, tx, q, FINDING_HTTP_ERROR);
        break;
    case ANSWER_CAPTIVE:
        fail(f, row, flow, tx, q, FINDING_HTTP_CAPTIVE_PORTAL);
        break;
    case ANSWER_PROXY_AUTH:
        fail(f, row, flow, tx, q, FINDING_HTTP_PROXY_AUTH);
        break;
    case ANSWER_ALTERED:
        fail(f, row, flow, tx, q, FINDING_HTTP_ALTERED);
        break;
    case ANSWER_UNSEEN:
        row->flags |= ROW_PENDING;
        break;
    }
}

static void note_outcome(struct facts *f, struct row *row, const struct flow *flow,
                         const struct tx *tx, const struct question *q)
{
    const struct tx_http *http = &tx->u.http;
    if (tx->outcome == TX_PENDING) {
        row->flags |= ROW_PENDING;
        (void)rule_lacks(row, flow);
    } else if (tx->outcome == TX_NO_REPLY || http->status == 0) {
        fail(f, row, flow, tx, q, FINDING_HTTP_NO_RESPONSE);
        revocation_wait(f, flow, q->host, tx->first);
    } else {
        answered(f, row, flow, tx, q, answer_judge(f, q, http));
        intercept_fact(f, row, flow, tx, answer_is_marked(q, http));
    }
}

void http_fact(struct facts *f, const struct flow *flow, const struct tx *tx, struct slice host)
{
    const struct tx_http *http = &tx->u.http;
    uint32_t client = facts_asks(f, flow);
    if (client == POOL_NONE || tx->outcome == TX_REPLY_ONLY)
        return;
    proxy_fact(f, client, flow, tx);
    if (tx->outcome == TX_ANSWERED && !http->to_proxy)
        facts_role(f, &flow->key.dst, CLIENT_SERVER);
    char text[NAME_MAX_BYTES + 1];
    struct slice known = facts_host(answer_is_connect(http) ? http->target : host, text);
    if (rule_first_label(known, "wpad"))
        return;
    uint32_t name = facts_name(f, known, true);
    if (name == INTERN_NONE)
        return;
    struct question q = answer_question(f, flow, http, known);
    struct row *row = facts_row(f, client, name, TRANSPORT_TCP, q.port);
    if (!row)
        return;
    /* What a CONNECT leads to counts as the attempt, unless it leads nowhere. */
    if (!answer_is_connect(http) || http->status == 0 || http->status >= 300)
        row->attempts++;
    row->flags |= ROW_TCP_TRIED;
    if (http->to_proxy)
        facts_head(f, client, name)->flags |= ROW_VIA_PROXY;
    note_outcome(f, row, flow, tx, &q);
}

/* Whether the device came through to anything by TLS, which a portal does not answer for. */
static bool came_through(const struct judging *j, int64_t after_ns)
{
    struct hosts at = facts_hosts(j->f, j->device);
    for (const struct row *row = facts_next_host(j->f, &at); row;
         row = facts_next_host(j->f, &at)) {
        for (; row; row = facts_row_at(j->f, row->next)) {
            if (row->port == HTTPS_PORT && row->ok.ts_ns > after_ns)
                return true;
        }
    }
    return false;
}

/* Whether the device had another way than the proxy that refused it, of which the capture does not tell what
 * came of it, or had no time to. */
static bool way_unseen(const struct judging *j, const struct row *row, const struct failure *x)
{
    uint32_t explained = row->successes;
    bool shaky = false;
    struct failure o;
    for (uint32_t at = row->failures; facts_next_failure(j->f, &at, &o);) {
        bool tried = o.kind > FINDING_DNS_SINKHOLE;
        explained += tried ? o.count : 0;
        shaky |= tried && o.kind != FINDING_HTTP_PROXY_AUTH && (o.group & FAIL_PROXY) == 0 &&
                 ((o.group & FAIL_CUT) != 0 || j->f->lossy);
    }
    bool late = x->count == 1 && j->capture->last.ts_ns - x->last.ts_ns < RETRY_SOON_NS;
    bool round = j->f->lossy && !proxy_lets_pass(j->f, j->device) && came_through(j, x->last.ts_ns);
    return late || shaky || round || row->attempts > explained;
}

enum ruling http_ruling(const struct judging *j, const struct row *head, const struct row *row,
                        const struct failure *x)
{
    if (x->kind == FINDING_HTTP_PROXY_AUTH && x->healed_ns != 0) {
        bool negotiated =
            x->healed_ns - x->last.ts_ns <= RETRY_NS && proxy_lets_pass(j->f, j->device);
        return negotiated ? RULING_DROP : RULING_RECOVERED;
    }
    if (x->kind == FINDING_HTTP_PROXY_AUTH && way_unseen(j, row, x))
        return RULING_DOUBT;
    /* The server was reached, but what came is of no use. */
    if ((x->value & (HTTP_SAID_CODED | HTTP_SAID_PAGE | HTTP_SAID_PROBE)) == HTTP_SAID_CODED &&
        x->kind == FINDING_HTTP_ALTERED)
        return RULING_WARNS;
    if (x->healed_ns != 0 && x->healed_ns >= x->last.ts_ns)
        return RULING_RECOVERED;
    if (mark_set(row->ok) && row->ok.ts_ns >= x->last.ts_ns)
        return RULING_RECOVERED;
    if (rule_first_label(intern_name(j->f->listed, head->name), "ipv6"))
        return RULING_HARMLESS;
    /* The check that was let pass may be among what the capture lost. */
    if (x->kind == FINDING_HTTP_CAPTIVE_PORTAL && j->f->lossy && came_through(j, x->last.ts_ns))
        return RULING_HARMLESS;
    bool by_body = x->kind == FINDING_HTTP_ALTERED || x->kind == FINDING_HTTP_CAPTIVE_PORTAL;
    if (j->cut && by_body && x->code < 300)
        return RULING_DOUBT;
    return RULING_FAILED;
}
