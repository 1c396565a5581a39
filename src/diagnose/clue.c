/*
 * diagnose/clue: from a flow's headers to what they say.
 * SPDX-License-Identifier: MIT
 *
 * RFC 2923 (black holes of path MTU discovery), RFC 8446.
 */
#include "clue.h"

#define HOLE_PATIENCE_NS (2 * NS_PER_S) /* what is only late came by then */
#define HOLE_REPORTS     3              /* repeated acknowledgements without SACK prove so often */
#define UNHEARD_NS       (5 * NS_PER_S) /* a sender that nobody hears goes on for so long, */
#define UNHEARD_REPEATS  3              /* so often */
#define LEFT_WITHIN_NS   (1500 * NS_PER_MS) /* of the server's flight */

int clue_hops(uint8_t ttl)
{
    int start = ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255;
    return start - ttl;
}

static uint32_t step_us(int64_t from_ns, int64_t to_ns)
{
    int64_t us = (to_ns - from_ns) / NS_PER_US;
    return to_ns < from_ns ? 0 : us < 1 ? 1 : us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static uint32_t span_us(struct mark from, struct mark to)
{
    return mark_set(from) && mark_set(to) ? step_us(from.ts_ns, to.ts_ns) : 0;
}

static uint16_t clamp16(uint32_t n)
{
    return n > UINT16_MAX ? UINT16_MAX : (uint16_t)n;
}

/* ---- holes ---- */

static bool hole_stayed(const struct flow *flow, enum dir dir)
{
    const struct flow_hole *hole = &flow->signs->hole[dir];
    bool told = hole->beyond != hole->ack ? hole->reports > 0 : hole->reports >= HOLE_REPORTS;
    bool passed = (int32_t)(flow->side[dir_other(dir)].ack - hole->ack) > 0;
    return hole->open && told && !passed && flow->last.ts_ns - hole->since_ns >= HOLE_PATIENCE_NS;
}

/* Upward the segments at the hole were seen; downward the capture may lack them like the client. */
static uint32_t hole_size(const struct flow_hole *hole, enum hole_way way)
{
    uint32_t gap = hole->beyond - hole->ack;
    return way == HOLE_UP || hole->repeats > 0 ? hole->most : gap;
}

static void note_holes(struct clue *c, const struct flow *flow)
{
    static const struct {
        enum dir dir;
        enum hole_way way;
    } ways[] = {{DIR_TO_SERVER, HOLE_UP}, {DIR_TO_CLIENT, HOLE_DOWN}};
    for (size_t i = 0; i < 2; i++) {
        const struct flow_hole *hole = &flow->signs->hole[ways[i].dir];
        if (hole->shrunk_to != 0) {
            c->shrunk_from = hole->shrunk_from;
            c->shrunk_to = hole->shrunk_to;
        }
        uint32_t size = hole_size(hole, ways[i].way);
        if (c->hole == HOLE_NONE && hole_stayed(flow, ways[i].dir) && size >= FULL_SEGMENT) {
            c->hole = (uint8_t)ways[i].way;
            c->hole_bytes = clamp16(size);
            c->hole_reports = hole->reports;
        }
    }
}

bool clue_unheard(const struct flow *flow, struct clue *c)
{
    const struct flow_hole *hole = flow->signs ? &flow->signs->hole[DIR_TO_SERVER] : NULL;
    if (!hole || !hole->open || hole->reports > 0 || hole->repeats < UNHEARD_REPEATS ||
        hole->most <= CLUE_FAREWELL || flow->side[DIR_TO_CLIENT].ack != hole->ack ||
        hole->since_ns - flow->first.ts_ns > CLUE_SOON_NS ||
        flow->last.ts_ns - hole->since_ns < UNHEARD_NS)
        return false;
    c->hole_bytes = hole->most;
    return true;
}

static bool says_too_big(const struct flow_signs *s)
{
    return s->icmp_from.family == 4 ? s->icmp_type == 3 && s->icmp_code == 4
                                    : s->icmp_from.family == 6 && s->icmp_type == 2;
}

/* ---- the whole ---- */

struct clue clue_of_flow(const struct flow *flow)
{
    const struct flow_side *client = &flow->side[DIR_TO_SERVER];
    const struct flow_side *server = &flow->side[DIR_TO_CLIENT];
    struct clue c = {
        .rtt_us = flow->rtt_us,
        .ttl_server = server->ttl,
        .ttl_data = server->data_ttl,
        .acked = client->syn && server->ack != 0 && server->ack - client->isn > 1,
    };
    struct mark end = flow_ended_at(flow);
    if (mark_set(end) && flow->end_by == DIR_TO_CLIENT && (server->rst || server->fin)) {
        c.by_server = true;
        c.ttl_end = flow->signs->end_ttl;
        c.stood_us = server->packets > 0 ? step_us(flow->answered_ns, end.ts_ns) : 0;
    }
    if (flow->signs) {
        c.ttl_icmp = flow->signs->icmp_ttl;
        c.rst_marks = flow->signs->rst_marks;
        c.too_big = says_too_big(flow->signs);
        note_holes(&c, flow);
    }
    return c;
}

/* bad_certificate, certificate_unknown, unknown_ca: the device does not trust what it was shown. */
static bool distrusts(const struct tx_tls *tls)
{
    for (uint32_t i = 0; tls->outcome == TLS_ALERT && i < tls->alert_count; i++) {
        uint8_t code = tls->alerts[i].code;
        if (tls->alerts[i].from == DIR_TO_SERVER && (code == 42 || code == 46 || code == 48))
            return true;
    }
    return false;
}

struct clue clue_of_tls(const struct flow *flow, const struct tx *tx)
{
    const struct tx_tls *tls = &tx->u.tls;
    struct clue c = clue_of_flow(flow);
    struct mark end = flow_ended_at(flow);
    c.hello_len = clamp16(tls->hello_len);
    c.hybrid = tls->hybrid;
    c.offered = tls->offered_version;
    if (c.by_server)
        c.reply_us = span_us(tx->request, end);
    else if (flow->end_by == DIR_TO_SERVER && tls->stage < TLS_STAGE_CLIENT_DONE)
        c.waited_us = span_us(tx->reply, end);
    bool quick =
        mark_set(tx->reply) && mark_set(end) && end.ts_ns - tx->reply.ts_ns <= LEFT_WITHIN_NS;
    bool leaves = tls->outcome == TLS_INCOMPLETE && tls->stage >= TLS_STAGE_SERVER_DONE && quick &&
                  flow->end_by == DIR_TO_SERVER;
    c.left = leaves || distrusts(tls);
    return c;
}

bool clue_says(const struct clue *c)
{
    uint32_t times = c->rtt_us | c->stood_us | c->reply_us | c->waited_us;
    int hello = c->hello_len | c->hybrid | c->offered;
    int hole = c->hole | c->hole_bytes | c->hole_reports | c->shrunk_from | c->shrunk_to;
    int end = c->ttl_data | c->ttl_end | c->ttl_icmp | c->rst_marks;
    return times != 0 || (hello | hole | end) != 0 || c->by_server || c->too_big || c->acked ||
           c->left;
}
