/*
 * diagnose/rules_tcp: connections that never became a conversation.
 * SPDX-License-Identifier: MIT
 *
 * RFC 9293, RFC 792, RFC 4443, RFC 8305 (two families race; the loser is no failure).
 */
#include "proto/proto.h"
#include "rules.h"

#define SLACK_NS   (5 * NS_PER_S) /* attempts this close to a success ran beside it */
#define PERSISTENT 3 /* one dead address costs a connection so often before it counts */

struct failure rule_failure(const struct flow *flow, enum finding_kind kind, struct mark first)
{
    struct failure x = {
        .first = first,
        .kind = (uint8_t)kind,
        .group = flow->key.dst.family == 6 ? FAIL_V6 : 0,
        .server = flow->key.dst,
        .text = INTERN_NONE,
        .clue = clue_of_flow(flow),
    };
    return x;
}

uint32_t rule_tries(const struct flow *flow, const struct tx *tx)
{
    return flow->last.ts_ns - tx->request.ts_ns >= NS_PER_S ? 2 : 1;
}

bool rule_lacks(struct row *row, const struct flow *flow)
{
    if (!flow_lacks(flow))
        return false;
    row->flags |= ROW_LACKS;
    return true;
}

static void count_sides(struct facts *f, const struct flow *flow)
{
    const struct flow_side *client = &flow->side[DIR_TO_SERVER];
    const struct flow_side *server = &flow->side[DIR_TO_CLIENT];
    bool half = flow_is_one_way(flow);
    bool both = client->packets > 0 && server->packets > 0;
    f->one_way += half;
    f->two_way += both;
    if (both && flow_lacks(flow)) {
        f->gapped++;
        loss_gap(&f->losses, flow->first.ts_ns, flow->last.ts_ns);
    }
    uint32_t id = facts_find(f, &flow->key.src);
    if (id == POOL_NONE)
        return;
    struct client *c = facts_at(f, id);
    c->one_way += half;
    c->two_way += both;
    if (c->first_flow_ns == 0 || flow->first.ts_ns < c->first_flow_ns)
        c->first_flow_ns = flow->first.ts_ns;
    int64_t heard_ns = lost_heard_ns(flow);
    if (heard_ns > c->heard_ns)
        c->heard_ns = heard_ns;
}

static void unanswered(struct facts *f, struct row *row, const struct flow *flow,
                       const struct flow_end *how)
{
    if (how->at.ts_ns - flow->first.ts_ns < TCP_PATIENCE_NS) {
        row->flags |= ROW_PENDING;
        return;
    }
    struct failure x = rule_failure(flow, FINDING_TCP_NO_REPLY, flow->first);
    x.tries = flow->syns;
    facts_fail(f, row, &x);
}

static void established(struct facts *f, struct row *row, const struct flow *flow)
{
    if (flow->side[DIR_TO_SERVER].data && flow->side[DIR_TO_CLIENT].data)
        facts_ok(f, row, &flow->last);
    else
        row->flags |= ROW_CONNECTED;
}

/* What spoke TLS was told as a handshake; packets of a half conversation tell of no answer. A copy has the
 * routes of its original, and nothing is over that it is told. */
static void note_route(struct facts *f, const struct flow *flow, uint32_t name, const char *app)
{
    if (f->is_copy)
        return;
    uint32_t client = strcmp(app, "tls") == 0 ? POOL_NONE : facts_find(f, &flow->key.src);
    if (client != POOL_NONE && !flow_is_one_way(flow))
        route_flow(f->routes, facts_token(f, client), name, flow);
}

void tcp_fact(struct facts *f, const struct flow *flow, const struct flow_end *how,
              struct slice host, const char *app, uint32_t transactions)
{
    count_sides(f, flow);
    char text[NAME_MAX_BYTES + 1];
    bool alone = transactions == 0;
    uint32_t name = facts_name(f, facts_host(host, text), alone);
    uint32_t client = alone && name != INTERN_NONE ? facts_asks(f, flow) : POOL_NONE;
    note_route(f, flow, name, app);
    struct row *row =
        client == POOL_NONE ? NULL : facts_row(f, client, name, TRANSPORT_TCP, flow->key.dst_port);
    if (!row)
        return;
    row->attempts++;
    row->flags |= ROW_TCP_TRIED;
    if (rule_lacks(row, flow))
        return;
    struct failure x = rule_failure(flow, FINDING_TCP_REFUSED, flow->first);
    switch (flow_state(flow)) {
    case FLOW_NO_REPLY:
        unanswered(f, row, flow, how);
        break;
    case FLOW_REFUSED:
        facts_fail(f, row, &x);
        break;
    case FLOW_UNREACHABLE:
        x.kind = FINDING_TCP_UNREACHABLE;
        x.code = (uint16_t)(flow->signs->icmp_type << 8 | flow->signs->icmp_code);
        x.icmp_from = flow->signs->icmp_from;
        facts_fail(f, row, &x);
        break;
    case FLOW_ESTABLISHED:
    case FLOW_CLOSED:
    case FLOW_RESET:
        established(f, row, flow);
        break;
    }
}

/* One of the host's addresses is shut, and the device runs into it again and again. */
static bool keeps_failing(const struct judging *j, const struct row *head, const struct row *row,
                          const struct failure *x)
{
    return x->count >= PERSISTENT && route_shut(j->f->routes, head->name, &x->server, row->port) &&
           route_elsewhere(j->f->routes, head->name, &x->server, row->port);
}

enum ruling tcp_ruling(const struct judging *j, const struct row *head, const struct row *row,
                       const struct failure *x)
{
    if (mark_set(row->ok)) {
        if (x->group & FAIL_V6)
            return j->ipv6_told ? RULING_DROP : RULING_HARMLESS;
        if (keeps_failing(j, head, row, x))
            return RULING_WARNS;
        if (row->ok.ts_ns >= x->last.ts_ns - SLACK_NS)
            return RULING_RECOVERED;
    }
    /* A device with both families tries IPv4, too: what became of that decides, and may not be seen. */
    if ((x->group & FAIL_V6) != 0 && facts_at(j->f, j->device)->addr.family == 4)
        return RULING_DOUBT;
    if (rule_first_label(intern_name(j->f->listed, head->name), "ipv6"))
        return RULING_HARMLESS;
    return RULING_FAILED;
}
