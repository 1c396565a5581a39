/*
 * net/mirror: recognises a packet's second copy by a hash of what its sender wrote.
 * SPDX-License-Identifier: MIT
 *
 * RFC 6864 (what an IPv4 id means), RFC 7323 section 3 (TCP time stamps), RFC 8985 (how soon senders repeat
 * themselves), RFC 4795 section 2.7 (the shortest pause of a datagram: 100 ms).
 *
 * A packet costs two multiplications and one cache line: a set holds two packets, the newer one first.
 * Copies are close together, so that few packets come between; where they are many, some copies are missed.
 */
#include "net/mirror.h"

#include <stdlib.h>

#include "base/bring.h"
#include "base/hash.h"

#define SETS     4096 /* a power of 2 */
#define HASH_KEY 0x6d6972726f72U
/* Bytes of a message that are compared: all that tells DHCP's answers apart, and an end that encryption
 * has made unlike any other. */
#define HEAD_MAX 320
#define TAIL_MAX 64

#define NEVER (-1)

/* A copy adds to the score, another packet takes 1 from it: copies are frequent when some ten of them came
 * and there is more than one for 8 other packets. */
#define SCORE_COPY     8
#define SCORE_FREQUENT 80
#define SCORE_MAX      160

/* A packet is 40 bits of its hash above 24 bits of its time, in units of 2^18 ns (0.26 ms): an hour until
 * the time comes again. */
#define TIME_BITS 24
#define TIME_MASK ((1U << TIME_BITS) - 1)
#define UNIT_BITS 18

struct mirror {
    uint64_t sets[SETS][2];
    int score;
};

struct mirror *mirror_new(void)
{
    return calloc(1, sizeof(struct mirror));
}

void mirror_free(struct mirror *m)
{
    free(m);
}

/* The ends of both addresses, where hosts differ. */
static uint64_t hosts(const struct tuple *t)
{
    uint32_t src;
    uint32_t dst;
    memcpy(&src, &t->src.bytes[t->src.family == 6 ? 12 : 0], sizeof src);
    memcpy(&dst, &t->dst.bytes[t->dst.family == 6 ? 12 : 0], sizeof dst);
    return (uint64_t)src << 32 | dst;
}

static uint64_t family(const struct packet *p)
{
    return p->tuple.src.family;
}

static uint64_t ports(const struct tuple *t)
{
    return (uint64_t)t->src_port << 16 | t->dst_port;
}

/* What tells a sender's segments apart: a number for each, or the time; 0 without. */
static uint32_t id_of(const struct packet *p)
{
    return p->ip_id != 0 ? p->ip_id : p->tcp.timestamp;
}

/* A copy that was cut is another packet: what the whole one has must not be lost. */
static uint64_t hash_segment(const struct packet *p)
{
    const struct packet_tcp *t = &p->tcp;
    uint64_t place = ((uint64_t)t->seq << 32 | t->ack) ^ ports(&p->tuple);
    uint64_t form = (uint64_t)t->sack << 16 | family(p) << 9 | (uint64_t)p->cut << 8 | t->flags;
    uint64_t rest = (uint64_t)p->payload_len << 48 | (uint64_t)t->window << 32 | id_of(p);
    return hash_mix(hash_mix(HASH_KEY ^ hosts(&p->tuple), place) ^ form, rest);
}

static uint64_t hash_message(const struct packet *p)
{
    const struct packet_frag *f = &p->frag;
    uint64_t form =
        (uint64_t)p->tuple.proto << 8 | (uint64_t)p->kind << 4 | family(p) << 1 | p->cut;
    uint64_t h = hash_mix(HASH_KEY ^ hosts(&p->tuple), ports(&p->tuple) << 16 | form);
    h = hash_mix(h, (uint64_t)f->id << 32 | f->offset << 1 | f->more);
    h = hash_mix(h, (uint64_t)p->payload_len << 32 | p->ip_id);
    h = hash_bytes(h, slice_sub(p->payload, 0, HEAD_MAX));
    if (p->payload.len <= HEAD_MAX)
        return h;
    size_t left = p->payload.len - HEAD_MAX;
    size_t tail = left < TAIL_MAX ? left : TAIL_MAX;
    return hash_bytes(h, slice_sub(p->payload, p->payload.len - tail, tail));
}

/* Repeated acknowledgements and resets come within one tick of the sender's clock. */
static int64_t window_of_segment(const struct packet *p)
{
    if (p->tcp.flags & TCP_SYN)
        return MIRROR_WINDOW_NS;
    if (p->tcp.flags & TCP_RST || (p->payload_len == 0 && !(p->tcp.flags & TCP_FIN)))
        return NEVER;
    return p->tcp.timestamp != 0 ? MIRROR_WINDOW_NS : MIRROR_BRIEF_NS;
}

/* How far apart two packets with the same hash can be copies. */
static int64_t window(const struct mirror *m, const struct packet *p)
{
    if (p->ip_id != 0 || m->score >= SCORE_FREQUENT)
        return MIRROR_WINDOW_NS;
    switch ((int)p->kind) {
    case PACKET_TCP:
        return window_of_segment(p);
    case PACKET_UDP:
        return addr_is_multicast(&p->tuple.dst) ? NEVER : MIRROR_WINDOW_NS;
    case PACKET_ICMP:
        return NEVER; /* multicast listeners report the same thing several times in a row */
    default:
        return MIRROR_WINDOW_NS;
    }
}

static bool is_same(uint64_t seen, uint64_t now)
{
    return (seen ^ now) >> TIME_BITS == 0;
}

static bool is_near(uint64_t seen, uint64_t now, int64_t window_ns)
{
    int64_t later = (int64_t)((now - seen) & TIME_MASK);
    int64_t earlier = (int64_t)((seen - now) & TIME_MASK);
    return is_same(seen, now) && (later < earlier ? later : earlier) <= window_ns >> UNIT_BITS;
}

__attribute__((noinline)) static bool has_near(const uint64_t *set, uint64_t now, int64_t window_ns)
{
    return is_near(set[0], now, window_ns) || is_near(set[1], now, window_ns);
}

/* Keeps the packet in the table unless it is a copy of one there. */
static inline bool is_known(struct mirror *m, uint64_t hash, const struct packet *p, bool grouped)
{
    uint64_t *set = m->sets[hash % SETS];
    uint64_t time = (uint64_t)p->at.ts_ns >> UNIT_BITS & TIME_MASK;
    uint64_t now = (hash & ~(uint64_t)TIME_MASK) | time;
    if ((is_same(set[0], now) || is_same(set[1], now)) &&
        has_near(set, now, grouped ? MIRROR_WINDOW_NS : window(m, p)))
        return true;
    set[1] = set[0];
    set[0] = now;
    return false;
}

uint64_t mirror_expect(const struct mirror *m, const struct packet *p)
{
    uint64_t hash = p->kind == PACKET_TCP ? hash_segment(p) : hash_message(p);
    bring(m->sets[hash % SETS]);
    return hash;
}

bool mirror_knows(struct mirror *m, const struct packet *p, uint64_t hash, uint64_t group)
{
    if (p->kind == PACKET_OTHER || p->kind == PACKET_BAD || p->kind == PACKET_SHORT)
        return false;
    bool copy = is_known(m, hash, p, false);
    if (group != 0 && is_known(m, hash_mix(hash + p->at.file, group), p, true))
        copy = true;
    if (copy)
        m->score = m->score + SCORE_COPY < SCORE_MAX ? m->score + SCORE_COPY : SCORE_MAX;
    else if (m->score > 0)
        m->score--;
    return copy;
}
