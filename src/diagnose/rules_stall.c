/*
 * diagnose/rules_stall: connections that come to nothing behind their TLS handshake.
 * SPDX-License-Identifier: MIT
 *
 * RFC 2923. A handshake can pass where large packets do not: a short greeting, a resumed session. Then the
 * first long request or answer never arrives, though what is shorter does. A device that waits for a server
 * is none of it: the receiver itself says what it lacks. Or a box lets handshakes pass and swallows, or
 * resets on, what comes next: once that is an accident, and in a row a rule.
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

/* ---- one connection ---- */

static bool stalled(const struct flow *flow, const struct clue *clue)
{
    enum dir lacks = clue->hole == HOLE_UP ? DIR_TO_SERVER : DIR_TO_CLIENT;
    return clue->hole != HOLE_NONE &&
           flow->last.ts_ns - flow->signs->hole[lacks].since_ns >= STALL_NS;
}

/* Bytes of the device that the server's side answered with a reset, and had not even acknowledged. */
static uint16_t refused_bytes(const struct flow *flow)
{
    const struct flow_side *server = &flow->side[DIR_TO_CLIENT];
    bool by_reset = flow->rst_first && flow->end_by == DIR_TO_CLIENT && server->rst;
    if (!by_reset || flow->signs->end_at.ts_ns - flow->first.ts_ns > CLUE_SOON_NS ||
        flow_lacks(flow))
        return 0;
    int32_t open = (int32_t)(flow->side[DIR_TO_SERVER].seq_end - server->ack);
    return open <= CLUE_FAREWELL ? 0 : open > UINT16_MAX ? UINT16_MAX : (uint16_t)open;
}

/* What became of the connection; false when nothing is wrong with it. */
static bool ended_badly(const struct flow *flow, struct failure *x)
{
    if (!flow->signs)
        return false;
    if (stalled(flow, &x->clue))
        return true;
    x->clue.hole = HOLE_NONE;
    if (clue_unheard(flow, &x->clue)) {
        x->group |= FAIL_UNHEARD;
        return true;
    }
    x->kind = FINDING_TCP_RESET;
    x->clue.hole_bytes = refused_bytes(flow);
    return x->clue.hole_bytes > 0;
}

/* ---- in a row ---- */

static bool in_row(const struct failure *x)
{
    return x->kind == FINDING_TCP_RESET ||
           (x->kind == FINDING_TCP_STALLED && (x->group & FAIL_UNHEARD) != 0);
}

/* `code` has how many connections ended so with no good one since, `value` the most that did. */
static void count_row(struct facts *f, const struct row *row, struct failure *x)
{
    struct failure old;
    x->value = x->code = 1;
    for (uint32_t at = row->failures; facts_next_failure(f, &at, &old);) {
        if (old.kind != x->kind || old.group != x->group)
            continue;
        if (old.code < UINT16_MAX)
            x->code = (uint16_t)(old.code + 1);
        x->value = old.value > x->code ? old.value : x->code;
    }
    f->rows_of_ends = true;
}

static void end_rows(struct facts *f, const struct row *row)
{
    struct failure x;
    for (uint32_t at = row->failures; facts_next_failure(f, &at, &x);) {
        if (!in_row(&x))
            continue;
        x.code = 0;
        facts_keep_failure(f, &x);
    }
}

void stall_flow_fact(struct facts *f, const struct flow *flow, struct slice host, const char *app)
{
    if ((!flow->signs && !f->rows_of_ends) || host.len == 0 || strcmp(app, "tls") != 0)
        return;
    struct failure x = rule_failure(flow, FINDING_TCP_STALLED, flow->first);
    char text[NAME_MAX_BYTES + 1];
    bool bad = ended_badly(flow, &x);
    uint32_t client = bad || f->rows_of_ends ? facts_find(f, &flow->key.src) : POOL_NONE;
    uint32_t name =
        client == POOL_NONE ? INTERN_NONE : facts_name(f, facts_host(host, text), false);
    struct row *row =
        name == INTERN_NONE ? NULL : facts_row(f, client, name, TRANSPORT_TCP, flow->key.dst_port);
    if (!row || row->ok.ts_ns < flow->first.ts_ns || told_already(f, row, flow))
        return;
    if (!bad) {
        end_rows(f, row);
        return;
    }
    if (in_row(&x))
        count_row(f, row, &x);
    facts_fail(f, row, &x);
}

/* ---- judging ---- */

enum ruling request_ruling(const struct judging *j, const struct row *head, const struct row *row,
                           const struct failure *x)
{
    (void)j;
    (void)head;
    (void)row;
    bool worked = x->code == 0;
    if (x->value < ENDS_IN_A_ROW)
        return worked ? RULING_RECOVERED : RULING_HARMLESS;
    return worked ? RULING_WARNS : RULING_FAILED;
}

/* What stalled had worked until then. */
enum ruling stalled_ruling(const struct judging *j, const struct row *head, const struct row *row,
                           const struct failure *x)
{
    if (x->group & FAIL_UNHEARD)
        return request_ruling(j, head, row, x);
    if (row->successes > x->count)
        return x->count >= AGAIN ? RULING_WARNS : RULING_RECOVERED;
    return RULING_FAILED;
}
