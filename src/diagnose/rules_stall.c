/*
 * diagnose/rules_stall: connections that stall behind their TLS handshake.
 * SPDX-License-Identifier: MIT
 *
 * RFC 2923. A handshake can pass where large packets do not: a short greeting, a resumed session. Then the
 * first long request or answer never arrives, though what is shorter does. A device that waits for a server
 * is none of it: the receiver itself says what it lacks.
 */
#include "rules.h"

#define STALL_NS (5 * NS_PER_S) /* what comes later than this was given up before */
#define AGAIN    2              /* stalls that say something where other connections work */

/* A handshake that failed in the time of the flow tells of it already. */
static bool told_already(const struct facts *f, const struct row *row, const struct flow *flow)
{
    struct failure x;
    for (uint32_t at = row->failures; facts_next_failure(f, &at, &x);) {
        if (x.kind >= FINDING_TLS_NO_SERVER_HELLO && x.kind <= FINDING_TLS_INCOMPLETE &&
            x.last.ts_ns >= flow->first.ts_ns)
            return true;
    }
    return false;
}

static bool stalled(const struct flow *flow, const struct clue *clue)
{
    enum dir lacks = clue->hole == HOLE_UP ? DIR_TO_SERVER : DIR_TO_CLIENT;
    return clue->hole != HOLE_NONE &&
           flow->last.ts_ns - flow->signs->hole[lacks].since_ns >= STALL_NS;
}

void stall_flow_fact(struct facts *f, const struct flow *flow, struct slice host, const char *app)
{
    if (!flow->signs || host.len == 0 || strcmp(app, "tls") != 0)
        return;
    struct failure x = rule_failure(flow, FINDING_TCP_STALLED, flow->first);
    char text[NAME_MAX_BYTES + 1];
    uint32_t client = stalled(flow, &x.clue) ? facts_find(f, &flow->key.src) : POOL_NONE;
    uint32_t name =
        client == POOL_NONE ? INTERN_NONE : facts_name(f, facts_host(host, text), false);
    struct row *row =
        name == INTERN_NONE ? NULL : facts_row(f, client, name, TRANSPORT_TCP, flow->key.dst_port);
    if (row && row->ok.ts_ns >= flow->first.ts_ns && !told_already(f, row, flow))
        facts_fail(f, row, &x);
}

/* What stalled had worked until then. */
enum ruling stalled_ruling(const struct judging *j, const struct row *head, const struct row *row,
                           const struct failure *x)
{
    (void)j;
    (void)head;
    if (row->successes > x->count)
        return x->count >= AGAIN ? RULING_WARNS : RULING_RECOVERED;
    return RULING_FAILED;
}
