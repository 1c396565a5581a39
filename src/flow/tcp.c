/*
 * flow/tcp: orientation, TCP state and ends of one flow.
 * SPDX-License-Identifier: MIT
 * RFC 9293 (3.5 opening, 3.6 closing, 3.4 sequence numbers), RFC 1122 4.2.3.6 (keep-alives),
 * RFC 792 and RFC 4443 (errors)
 */
#include "tcp.h"

#include "signs.h"

#define PORT_DNS 53
/* A RST further ahead than a client sends before it is acknowledged is not meant for the connection. */
#define RST_AHEAD_MAX (1 << 20)
/* Sooner than this no client tries again after a refusal. */
#define SYN_AGAIN_NS (450 * NS_PER_MS)

/* ---- orientation ----------------------------------------------------------------------------- */

/* Ports above 1023 that servers listen on, and those below that clients never use, in order. */
static const uint16_t server_ports[] = {
    53,   67,   80,   88,   123,  389,  443,  547,  636,  853,  1688, 1900,
    3128, 3268, 3389, 3478, 5223, 5353, 5355, 7680, 8080, 8443, 8530, 8531,
};

/* The higher, the likelier the port is a server's. */
static int port_rank(uint16_t port)
{
    for (size_t i = 0; i < sizeof server_ports / sizeof *server_ports; i++) {
        if (server_ports[i] == port)
            return 2;
    }
    return port < 1024;
}

enum dir flow_first_dir(const struct packet *p)
{
    if (p->kind == PACKET_TCP && p->tcp.flags & TCP_SYN)
        return p->tcp.flags & TCP_ACK ? DIR_TO_CLIENT : DIR_TO_SERVER;
    return port_rank(p->tuple.src_port) > port_rank(p->tuple.dst_port) ? DIR_TO_CLIENT
                                                                       : DIR_TO_SERVER;
}

static bool is_syn(const struct packet *p)
{
    return p->kind == PACKET_TCP && (p->tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

static bool is_syn_ack(const struct packet *p)
{
    return p->kind == PACKET_TCP && (p->tcp.flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
}

static bool ended(const struct flow *f)
{
    return f->side[0].fin || f->side[0].rst || f->side[1].fin || f->side[1].rst;
}

/* A server that accepted what a RST had refused before it did not send that RST. */
static bool overtaken(const struct flow *f)
{
    return f->signs && (f->signs->rst_marks & RST_OVERTOOK) != 0;
}

static bool refused(const struct flow *f)
{
    const struct flow_side *server = &f->side[DIR_TO_CLIENT];
    return f->side[DIR_TO_SERVER].syn && server->rst && !server->data &&
           (!server->syn || overtaken(f));
}

bool flow_turns(const struct flow *f, const struct packet *p, enum dir dir)
{
    if (f->side[0].syn || f->side[1].syn)
        return false;
    return (is_syn(p) && dir == DIR_TO_CLIENT) || (is_syn_ack(p) && dir == DIR_TO_SERVER);
}

/* A mirror port can put an answer (SYN-ACK or RST) before the SYN it answers. */
static bool answered_already(const struct flow_side *answerer, uint32_t isn)
{
    return (answerer->syn || answerer->rst) && answerer->ack == isn + 1;
}

static bool syn_restarts(const struct flow *f, uint32_t isn, enum dir dir)
{
    const struct flow_side *from = &f->side[dir];
    const struct flow_side *to = &f->side[dir_other(dir)];
    if (from->syn && from->isn == isn)
        return false;
    if (answered_already(to, isn))
        return false;
    /* A client that was refused tries again, some with a new sequence number. */
    if (dir == DIR_TO_SERVER && refused(f))
        return false;
    /* Both sides open at once. */
    return from->packets > 0 || !to->syn || to->data;
}

static bool syn_ack_restarts(const struct flow *f, const struct packet *p, enum dir dir)
{
    const struct flow_side *from = &f->side[dir];
    const struct flow_side *to = &f->side[dir_other(dir)];
    if (!from->syn || from->isn == p->tcp.seq)
        return false;
    /* A balancer may answer a repeated SYN from another server. */
    return !(to->syn && p->tcp.ack == to->isn + 1);
}

bool flow_restarts(const struct flow *f, const struct packet *p, enum dir dir)
{
    if (is_syn(p))
        return syn_restarts(f, p->tcp.seq, dir);
    return is_syn_ack(p) && syn_ack_restarts(f, p, dir);
}

/* ---- state ----------------------------------------------------------------------------------- */

static void note_end(struct flow *f, const struct packet *p, enum dir dir, bool rst)
{
    if (ended(f))
        return;
    f->end_by = dir == DIR_TO_CLIENT;
    f->rst_first = rst;
    struct flow_signs *s = signs_of(f);
    if (!s)
        return;
    s->end_at = p->at;
    s->end_ttl = p->ttl;
}

static void update_syn(struct flow *f, const struct packet *p, enum dir dir)
{
    struct flow_side *side = &f->side[dir];
    if (dir == DIR_TO_SERVER) {
        if (!side->syn)
            f->first = p->at;
        if (f->syns < UINT16_MAX)
            f->syns++;
        f->midstream = false;
    }
    if (!side->syn || side->isn != p->tcp.seq)
        side->seq_end = p->tcp.seq + 1;
    side->syn = true;
    side->isn = p->tcp.seq;
}

/* From the newest SYN to its first answer. A mirror port may have put the ACK before the SYN-ACK. */
static void note_rtt(struct flow *f, const struct packet *p, enum dir dir)
{
    const struct flow_side *peer = &f->side[dir_other(dir)];
    int64_t syn_ns = f->syns == 1 ? f->first.ts_ns : f->last.ts_ns;
    int64_t rtt_us = (p->at.ts_ns - syn_ns) / NS_PER_US;
    if (!peer->syn || f->side[dir].packets > 0 || p->at.ts_ns < syn_ns)
        return;
    if (f->syns > 1 && peer->packets > f->syns)
        return;
    f->rtt_us = rtt_us < 1 ? 1 : rtt_us > UINT32_MAX ? UINT32_MAX : (uint32_t)rtt_us;
}

/* Whether a SYN-ACK answers a SYN that a RST has answered. A RST that a mirror port put before the SYN-ACK
 * knows its sequence number; and the SYN that it does answer may not have been captured. */
static bool overtakes(const struct flow *f, const struct packet *p)
{
    const struct flow_signs *s = f->signs;
    bool soon = f->syns == 1 && p->at.ts_ns - f->first.ts_ns < SYN_AGAIN_NS;
    return s && s->rst_ttl != 0 && s->rst_syns == f->syns && p->tcp.seq + 1 != s->rst_seq &&
           (soon || overtaken(f));
}

/* The connection stands all the same: the refusal did not end the flow. */
static void forgive_refusal(struct flow *f)
{
    f->side[DIR_TO_CLIENT].rst = false;
    f->rst_first = false;
    if (f->signs) {
        f->signs->end_at = (struct mark){0, 0, 0};
        f->signs->rst_ttl = 0;
        f->signs->rst_marks = 0;
    }
}

static void update_syn_ack(struct flow *f, const struct packet *p, enum dir dir)
{
    struct flow_side *side = &f->side[dir];
    if (refused(f) && dir == DIR_TO_CLIENT) {
        if (overtakes(f, p))
            f->signs->rst_marks |= RST_OVERTOOK;
        else
            forgive_refusal(f);
    }
    note_rtt(f, p, dir);
    if (!side->syn || side->isn != p->tcp.seq)
        side->seq_end = p->tcp.seq + 1;
    side->syn = true;
    side->isn = p->tcp.seq;
}

static void update_rst(struct flow *f, const struct packet *p, enum dir dir)
{
    note_end(f, p, dir, true);
    if (dir == DIR_TO_CLIENT && !f->side[dir].syn)
        note_rtt(f, p, dir);
    signs_rst(f, p, dir);
    f->side[dir].rst = true;
}

/* Sequence numbers: where the side is, and whether it sent data. A client's RST is its `own` as a rule:
 * it lies behind all that the client sent. */
static void update_seq(struct flow_side *side, const struct packet *p, bool own)
{
    uint8_t flags = p->tcp.flags;
    uint32_t end =
        p->tcp.seq + p->payload_len + (flags & TCP_FIN ? 1 : 0) + (flags & TCP_SYN ? 1 : 0);
    bool keep_alive = side->packets > 0 && p->payload_len == 1 && end == side->seq_end;
    if (p->payload_len > 0 && !keep_alive && !(flags & TCP_RST))
        side->data = true;
    bool rst = (flags & TCP_RST) != 0;
    if (side->packets == 0 && !side->syn)
        side->isn = p->tcp.seq - 1;
    int32_t news = (int32_t)(end - side->seq_end);
    if (side->packets == 0 || (news > 0 && (!rst || (own && news <= RST_AHEAD_MAX))))
        side->seq_end = end;
    /* Whoever forges a RST can only guess what the other side sent. */
    if (flags & TCP_ACK && (side->ack == 0 || (!rst && (int32_t)(p->tcp.ack - side->ack) > 0)))
        side->ack = p->tcp.ack;
}

static void update_tcp(struct flow *f, const struct packet *p, enum dir dir)
{
    uint8_t flags = p->tcp.flags;
    if (flags & (TCP_SYN | TCP_FIN | TCP_RST)) {
        if (is_syn(p))
            update_syn(f, p, dir);
        else if (flags & TCP_SYN)
            update_syn_ack(f, p, dir);
        if (flags & TCP_RST) {
            update_rst(f, p, dir);
        } else if (flags & TCP_FIN) {
            note_end(f, p, dir, false);
            f->side[dir].fin = true;
        }
    }
    if (!f->settled && p->payload_len > 0 && dir == DIR_TO_SERVER && overtaken(f) && refused(f))
        forgive_refusal(f); /* the client took no notice of the RST */
    if (!f->settled || signs_of_loss(f, p, dir))
        signs_segment(f, p, dir);
    update_seq(&f->side[dir], p, dir == DIR_TO_SERVER);
}

void flow_update(struct flow *f, const struct packet *p, enum dir dir)
{
    struct flow_side *side = &f->side[dir];
    if (p->kind == PACKET_TCP)
        update_tcp(f, p, dir);
    else if (p->payload_len > 0)
        side->data = true;
    if (side->packets == 0) {
        side->ttl = p->ttl;
        if (dir == DIR_TO_CLIENT)
            f->answered_ns = p->at.ts_ns;
    }
    side->packets++;
    side->bytes += p->payload_len;
    side->ip_id = p->ip_id;
    f->last = p->at;
    if (!f->has_mac && p->has_mac) {
        f->client_mac = dir == DIR_TO_SERVER ? p->src_mac : p->dst_mac;
        f->has_mac = true;
    }
}

enum flow_timer flow_timer(const struct flow *f)
{
    const struct flow_side *client = &f->side[DIR_TO_SERVER];
    const struct flow_side *server = &f->side[DIR_TO_CLIENT];
    if (f->key.proto != IP_PROTO_TCP) {
        if (f->key.dst_port == PORT_DNS && server->packets >= client->packets)
            return TIMER_ANSWERED;
        return server->packets == 0 || client->packets == 0 ? TIMER_ONE_SIDED : TIMER_UDP;
    }
    if (client->rst || server->rst || (client->fin && server->fin))
        return TIMER_LINGER;
    if (client->fin || server->fin)
        return TIMER_HALF_CLOSED;
    if (client->data || server->data || (client->packets && server->packets))
        return TIMER_TCP;
    return TIMER_HALF_OPEN;
}

/* ---- ends ------------------------------------------------------------------------------------ */

/* Destination unreachable (but for "fragmentation needed", which asks for smaller packets) and time
 * exceeded: the packet did not arrive. */
static bool icmp_is_hard(uint8_t family, uint8_t type, uint8_t code)
{
    if (family == 4)
        return (type == 3 && code != 4) || type == 11;
    return type == 1 || type == 3;
}

static bool icmp_is_error(uint8_t family, uint8_t type)
{
    return family == 4 ? type == 3 || type == 11 || type == 12 : type >= 1 && type <= 4;
}

static bool unreachable(const struct flow *f)
{
    const struct flow_signs *s = f->signs;
    return s && s->icmp_from.family != 0 && f->side[DIR_TO_CLIENT].packets == 0 &&
           icmp_is_hard(s->icmp_from.family, s->icmp_type, s->icmp_code);
}

void flow_icmp(struct flow *f, const struct packet *p)
{
    uint8_t family = p->tuple.src.family;
    struct flow_signs *s = icmp_is_error(family, p->icmp.type) ? signs_of(f) : NULL;
    if (!s)
        return;
    /* The first one counts, but one that stops packets counts more than one that does not. */
    if (s->icmp_from.family != 0 &&
        (icmp_is_hard(s->icmp_from.family, s->icmp_type, s->icmp_code) ||
         !icmp_is_hard(family, p->icmp.type, p->icmp.code)))
        return;
    s->icmp_from = p->tuple.src;
    s->icmp_type = p->icmp.type;
    s->icmp_code = p->icmp.code;
    s->icmp_ttl = p->ttl;
    if (!ended(f))
        s->end_at = p->at;
}

struct flow_end flow_end_of(const struct flow *f, enum end_reason otherwise, int64_t ts_ns)
{
    enum dir by = f->end_by ? DIR_TO_CLIENT : DIR_TO_SERVER;
    if (ended(f)) {
        struct mark at = f->signs ? f->signs->end_at : f->last; /* memory was out */
        return (struct flow_end){f->rst_first ? END_RST : END_FIN, by, at};
    }
    if (unreachable(f))
        return (struct flow_end){END_ICMP, DIR_TO_CLIENT, flow_ended_at(f)};
    return (struct flow_end){otherwise, DIR_TO_SERVER, {ts_ns, 0, 0}};
}

enum flow_state flow_state(const struct flow *f)
{
    if (unreachable(f))
        return FLOW_UNREACHABLE;
    if (f->side[DIR_TO_CLIENT].packets == 0)
        return FLOW_NO_REPLY;
    if (refused(f))
        return FLOW_REFUSED;
    if (!ended(f))
        return FLOW_ESTABLISHED;
    return f->rst_first ? FLOW_RESET : FLOW_CLOSED;
}

void flow_turn(struct flow *f)
{
    struct flow_side side = f->side[0];
    f->side[0] = f->side[1];
    f->side[1] = side;
    if (f->signs) {
        struct flow_hole hole = f->signs->hole[0];
        f->signs->hole[0] = f->signs->hole[1];
        f->signs->hole[1] = hole;
    }
    struct tuple key = f->key;
    f->key.src = key.dst;
    f->key.dst = key.src;
    f->key.src_port = key.dst_port;
    f->key.dst_port = key.src_port;
    f->end_by = !f->end_by;
    f->began = (uint8_t)dir_other((enum dir)f->began);
    /* The first packet of the other side is known only when that side began. */
    f->answered_ns = f->began == DIR_TO_CLIENT ? f->first.ts_ns : f->last.ts_ns;
    /* The next packet shows the other MAC. */
    f->has_mac = false;
}
