/*
 * flow/signs: resets that do not fit their server, and holes that receivers report.
 * SPDX-License-Identifier: MIT
 * RFC 9293 3.4 (sequence numbers), RFC 2018 (SACK), RFC 5681 2 (duplicate acknowledgements)
 */
#include "signs.h"

#include <stdlib.h>

#define ID_STEP_MAX  32 /* a server's counter goes on by so much between two packets of one flow */
#define OUTLIVED_MAX 65536
#define BIG_SEGMENT  1200 /* a segment this long can be too long for a path, a shorter one is not */

struct flow_signs *signs_of(struct flow *f)
{
    if (!f->signs)
        f->signs = calloc(1, sizeof *f->signs);
    return f->signs;
}

static bool at_or_after(uint32_t seq, uint32_t other)
{
    return (int32_t)(seq - other) >= 0;
}

/* ---- resets ---------------------------------------------------------------------------------- */

static uint8_t marks_of(const struct flow *f, const struct packet *p)
{
    const struct flow_side *server = &f->side[DIR_TO_CLIENT];
    const struct flow_side *client = &f->side[DIR_TO_SERVER];
    uint16_t step = (uint16_t)(p->ip_id - server->ip_id);
    uint8_t marks = 0;
    if (p->ip_id != 0 && client->packets > 0 && p->ip_id == client->ip_id)
        marks |= RST_ID_COPIED;
    if (server->packets > 0 && server->ip_id != 0 && step > 0 && step <= ID_STEP_MAX)
        marks |= RST_ID_FITS;
    if (server->syn && !server->data && (int32_t)(p->tcp.seq - server->seq_end) > 0)
        marks |= RST_AHEAD;
    return marks;
}

void signs_rst(struct flow *f, const struct packet *p, enum dir dir)
{
    struct flow_signs *s = dir == DIR_TO_CLIENT ? signs_of(f) : NULL;
    if (!s)
        return;
    s->rst_syns = f->syns;
    if (s->rst_ttl == 0) {
        s->rst_ttl = p->ttl;
        s->rst_ip_id = p->ip_id;
        s->rst_seq = p->tcp.seq;
        s->rst_marks = marks_of(f, p);
    } else if (p->tcp.seq != s->rst_seq && f->side[dir].syn && !f->side[dir].data) {
        s->rst_marks |= RST_DIFFERS;
    }
}

/* A server that had sent the RST itself would send nothing behind it. What a mirror port swapped lies
 * before it. */
static void note_outlived(struct flow_signs *s, const struct packet *p)
{
    bool sends = p->payload_len > 0 || (p->tcp.flags & TCP_FIN) != 0;
    if (s->rst_ttl != 0 && sends && p->tcp.seq - s->rst_seq < OUTLIVED_MAX)
        s->rst_marks |= RST_OUTLIVED;
}

/* ---- holes ----------------------------------------------------------------------------------- */

static void count_up(uint16_t *n)
{
    if (*n < UINT16_MAX)
        ++*n;
}

static void begin_hole(struct flow_hole *hole, uint32_t ack, int64_t ts_ns)
{
    if (hole->open && hole->ack == ack)
        return;
    if (hole->open && hole->again && (int32_t)(ack - hole->ack) > 0)
        count_up(&hole->repaired);
    *hole = (struct flow_hole){.since_ns = ts_ns,
                               .ack = ack,
                               .beyond = ack,
                               .repaired = hole->repaired,
                               .open = true,
                               .shrunk_from = hole->shrunk_from,
                               .shrunk_to = hole->shrunk_to};
}

static void close_hole(struct flow_hole *hole)
{
    if (hole->repeats > 0 && hole->most >= BIG_SEGMENT && hole->least < BIG_SEGMENT) {
        hole->shrunk_from = hole->most;
        hole->shrunk_to = hole->least;
    } else if (hole->again) {
        count_up(&hole->repaired);
    }
    hole->open = false;
}

/* Whether a segment at a hole is the second of its kind, though the first may have got lost before it could be
 * captured: it is the newest that was seen, or comes so long after the receiver asked that it can be the
 * answer. One that was overtaken comes sooner. */
static bool sent_again(const struct flow *f, const struct flow_hole *hole, const struct packet *p,
                       enum dir dir)
{
    int64_t late_us = (p->at.ts_ns - hole->since_ns) / NS_PER_US;
    return p->tcp.seq + p->payload_len == f->side[dir].seq_end ||
           (hole->reports > 0 && late_us >= f->rtt_us / 2);
}

/* The segment that the receiver waits for is sent again. */
static void note_repeat(struct flow *f, const struct packet *p, enum dir dir)
{
    const struct flow_side *from = &f->side[dir];
    const struct flow_side *to = &f->side[dir_other(dir)];
    bool waited_for = to->ack != 0 && p->tcp.seq == to->ack;
    bool known = at_or_after(from->seq_end, p->tcp.seq + 1) && p->payload_len > 1;
    struct flow_signs *s = waited_for && known ? signs_of(f) : NULL;
    if (!s)
        return;
    struct flow_hole *hole = &s->hole[dir];
    uint16_t len = p->payload_len > UINT16_MAX ? UINT16_MAX : (uint16_t)p->payload_len;
    begin_hole(hole, p->tcp.seq, p->at.ts_ns);
    count_up(&hole->repeats);
    hole->again |= sent_again(f, hole, p, dir);
    if (len > hole->most)
        hole->most = len;
    if (hole->repeats == 1 || len < hole->least)
        hole->least = len;
}

/* An acknowledgement of `dir` tells of a hole in what the other side sent, or of its end. */
static void note_ack(struct flow *f, const struct packet *p, enum dir dir)
{
    const struct flow_side *from = &f->side[dir];
    const struct flow_side *to = &f->side[dir_other(dir)];
    uint32_t ack = p->tcp.ack;
    if (f->signs) {
        struct flow_hole *hole = &f->signs->hole[dir_other(dir)];
        if (hole->open && (int32_t)(ack - hole->ack) > 0)
            close_hole(hole);
    }
    bool repeated = p->payload_len == 0 && from->packets > 0 && ack == from->ack &&
                    (int32_t)(to->seq_end - ack) > 0 && !(p->tcp.flags & TCP_FIN);
    bool sacks = p->tcp.sack != 0;
    struct flow_signs *s = sacks || repeated ? signs_of(f) : NULL;
    if (!s)
        return;
    struct flow_hole *hole = &s->hole[dir_other(dir)];
    begin_hole(hole, ack, p->at.ts_ns);
    count_up(&hole->reports);
    if (sacks)
        hole->beyond = p->tcp.sack;
}

void signs_segment(struct flow *f, const struct packet *p, enum dir dir)
{
    uint8_t flags = p->tcp.flags;
    if (flags & TCP_RST)
        return;
    if (dir == DIR_TO_CLIENT && f->signs)
        note_outlived(f->signs, p);
    if (p->payload_len > 0) {
        if (!f->side[dir].data)
            f->side[dir].data_ttl = p->ttl;
        note_repeat(f, p, dir);
    }
    if ((flags & (TCP_ACK | TCP_SYN)) == TCP_ACK)
        note_ack(f, p, dir);
}
