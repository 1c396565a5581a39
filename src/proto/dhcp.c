/*
 * proto/dhcp: messages to exchanges.
 * SPDX-License-Identifier: MIT
 * RFC 2131 sections 3 and 4.
 */
#include "proto/dhcp.h"

#include <stdlib.h>

#define OPEN_MAX     1024     /* exchanges at once; the oldest one gives way */
#define ROOM_FIRST   4        /* of them: a device has one or two, and a sensor many devices */
#define EXCHANGE_MAX 16384    /* bytes of text of one exchange */
#define SWEEP_NS     NS_PER_S /* how often the silent ones are looked for */
#define SILENCE_NS   (40 * NS_PER_S)  /* clients wait 32 s at most before they repeat themselves */
#define TOLD_NS      (10 * NS_PER_S)  /* so long, copies of what ended an exchange belong to it */
#define DUPLICATE_NS (10 * NS_PER_MS) /* the same message this soon was captured twice */
#define SERVER_TYPES (1U << DHCP_OFFER | 1U << DHCP_ACK | 1U << DHCP_NAK)
#define SILENT_TYPES (1U << DHCP_DECLINE | 1U << DHCP_RELEASE) /* want no answer */

struct exchange {
    struct arena arena; /* its texts */
    struct tx_dhcp dhcp;
    struct mark first; /* of the client; of anyone while the client was not heard */
    struct mark last;
    struct mark last_of[DHCP_TYPE_COUNT];
    struct mark reply; /* newest answer */
    bool heard;        /* the client */
    bool told;
};

struct dhcp {
    dhcp_emit_fn *emit;
    void *ctx;
    struct arena scratch; /* of the message at hand */
    int64_t swept_ns;
    uint32_t count;
    uint32_t room;  /* of the next two */
    uint64_t *keys; /* of client and id, beside the exchange: what is looked through */
    struct exchange **open;
};

struct dhcp *dhcp_new(dhcp_emit_fn *emit, void *ctx)
{
    struct dhcp *d = calloc(1, sizeof *d);
    if (d) {
        d->emit = emit;
        d->ctx = ctx;
    }
    return d;
}

static void release(struct exchange *x)
{
    arena_clear(&x->arena);
    free(x);
}

void dhcp_free(struct dhcp *d)
{
    if (!d)
        return;
    for (uint32_t i = 0; i < d->count; i++)
        release(d->open[i]);
    arena_clear(&d->scratch);
    free(d->keys);
    free(d->open);
    free(d);
}

/* ---- telling ---- */

/* Whether the newest message is an answer, or wants none. An offer is one that the client may still be
 * about to take. */
static bool is_answered(const struct tx_dhcp *t)
{
    return ((SERVER_TYPES | SILENT_TYPES) >> t->last & 1) != 0;
}

static void tell(struct dhcp *d, struct exchange *x, int64_t now_ns)
{
    struct tx tx = {.kind = TX_DHCP,
                    .first = x->first,
                    .request = x->first,
                    .reply = x->reply,
                    .done = x->last,
                    .rtt_ns = -1};
    if (!x->heard)
        tx.outcome = TX_REPLY_ONLY;
    else if (is_answered(&x->dhcp) &&
             (x->dhcp.last != DHCP_OFFER || now_ns - x->last.ts_ns >= DHCP_PATIENCE_NS))
        tx.outcome = TX_ANSWERED;
    else
        tx.outcome = now_ns - x->first.ts_ns >= DHCP_PATIENCE_NS ? TX_NO_REPLY : TX_PENDING;
    if (x->heard && mark_set(x->reply))
        tx.rtt_ns = x->reply.ts_ns > x->first.ts_ns ? x->reply.ts_ns - x->first.ts_ns : 0;
    tx.u.dhcp = &x->dhcp;
    x->told = true;
    d->emit(d->ctx, &tx);
}

static void drop(struct dhcp *d, uint32_t at, int64_t now_ns)
{
    struct exchange *x = d->open[at];
    if (!x->told)
        tell(d, x, now_ns);
    d->count--;
    memmove(d->open + at, d->open + at + 1, (d->count - at) * sizeof(struct exchange *));
    memmove(d->keys + at, d->keys + at + 1, (d->count - at) * sizeof *d->keys);
    release(x);
}

static void expire(struct dhcp *d, int64_t now_ns)
{
    if (now_ns - d->swept_ns < SWEEP_NS && now_ns >= d->swept_ns)
        return;
    d->swept_ns = now_ns;
    for (uint32_t i = d->count; i-- > 0;) {
        int64_t silence = now_ns - d->open[i]->last.ts_ns;
        if (silence > (d->open[i]->told ? TOLD_NS : SILENCE_NS))
            drop(d, i, now_ns);
    }
}

void dhcp_finish(struct dhcp *d, int64_t now_ns)
{
    while (d->count > 0)
        drop(d, 0, now_ns);
}

/* ---- exchanges ---- */

static uint64_t key_of(const struct dhcp_message *m)
{
    uint64_t key = m->id;
    for (size_t i = 0; i < sizeof m->client.bytes; i++)
        key = hash_mix(key, m->client.bytes[i]);
    return key;
}

static uint32_t find(const struct dhcp *d, const struct dhcp_message *m, uint64_t key)
{
    for (uint32_t i = d->count; i-- > 0;) {
        if (d->keys[i] != key)
            continue;
        const struct tx_dhcp *t = &d->open[i]->dhcp;
        if (t->id == m->id && memcmp(&t->client, &m->client, sizeof m->client) == 0)
            return i;
    }
    return OPEN_MAX;
}

static bool make_room(struct dhcp *d)
{
    if (d->count < d->room)
        return true;
    uint32_t room = d->room ? d->room * 2 : ROOM_FIRST;
    uint64_t *keys = realloc(d->keys, room * sizeof *keys);
    if (keys)
        d->keys = keys;
    struct exchange **open = realloc(d->open, room * sizeof(struct exchange *));
    if (open)
        d->open = open;
    if (!keys || !open)
        return false;
    d->room = room;
    return true;
}

static struct exchange *add(struct dhcp *d, const struct dhcp_message *m, uint64_t key,
                            const struct packet *p)
{
    if (d->count == OPEN_MAX)
        drop(d, 0, p->at.ts_ns);
    struct exchange *x = make_room(d) ? calloc(1, sizeof *x) : NULL;
    if (!x)
        return NULL;
    arena_init(&x->arena, EXCHANGE_MAX);
    x->first = p->at;
    x->dhcp.client = m->client;
    x->dhcp.id = m->id;
    x->dhcp.began = m->type;
    x->dhcp.key = p->tuple;
    x->dhcp.vlan = p->vlan;
    d->keys[d->count] = key;
    d->open[d->count++] = x;
    return x;
}

/* What follows the end of an exchange under the same id: a copy, or something new. */
static bool is_copy(const struct exchange *x, const struct dhcp_message *m, const struct mark *at)
{
    if (m->type == DHCP_OFFER || m->type == DHCP_ACK || m->type == DHCP_NAK)
        return true;
    bool seen = (x->dhcp.types >> m->type & 1) != 0;
    return seen &&
           (m->type == DHCP_REQUEST || at->ts_ns - x->last_of[m->type].ts_ns <= DUPLICATE_NS);
}

static void copy(struct exchange *x, struct slice *text)
{
    *text = text->len ? arena_copy(&x->arena, *text) : slice_of(NULL, 0);
    if (!text->data)
        text->len = 0;
}

static struct dhcp_lease lease_of(struct exchange *x, const struct dhcp_message *m,
                                  const struct packet *p)
{
    struct dhcp_lease l = m->lease;
    if (l.server.family == 0 && m->relay.family == 0)
        l.server = p->tuple.src;
    copy(x, &l.domain);
    copy(x, &l.search);
    copy(x, &l.proxy);
    copy(x, &l.portal);
    copy(x, &l.refusal);
    return l;
}

static void from_server(struct exchange *x, const struct dhcp_message *m, const struct packet *p)
{
    struct tx_dhcp *t = &x->dhcp;
    struct dhcp_lease l = lease_of(x, m, p);
    x->reply = p->at;
    if (m->type == DHCP_OFFER) {
        uint32_t i = 0;
        while (i < t->offer_count && !addr_eq(&t->offers[i].server, &l.server))
            i++;
        if (i == t->offer_count && i < DHCP_OFFERS_MAX)
            t->offers[t->offer_count++] = l;
        if (!mark_set(t->offered))
            t->offered = p->at;
    }
    t->lease = l;
}

static void from_client(struct exchange *x, const struct dhcp_message *m, const struct packet *p)
{
    struct tx_dhcp *t = &x->dhcp;
    if (!x->heard) {
        x->heard = true;
        x->first = p->at;
        t->began = m->type;
        t->key = p->tuple;
        t->vlan = p->vlan;
    }
    if (m->type == t->began)
        t->attempts++;
    t->carried |= p->has_mac && addr_is_unspecified(&p->tuple.src) &&
                  memcmp(&p->src_mac, &m->client, sizeof m->client) != 0;
    if (m->requested.family != 0)
        t->requested = m->requested;
    else if (m->client_addr.family != 0)
        t->requested = m->client_addr;
    if (t->name.len == 0) {
        t->name = m->name;
        copy(x, &t->name);
    }
    if (t->vendor.len == 0) {
        t->vendor = m->vendor;
        copy(x, &t->vendor);
    }
}

static void take(struct dhcp *d, struct exchange *x, const struct dhcp_message *m,
                 const struct packet *p)
{
    /* A relay's copy of a message, or a mirror port's, is no other message. */
    bool again = (x->dhcp.types >> m->type & 1) != 0 &&
                 p->at.ts_ns - x->last_of[m->type].ts_ns <= DUPLICATE_NS;
    x->last = p->at;
    x->last_of[m->type] = p->at;
    if (m->relay.family != 0)
        x->dhcp.relay = m->relay;
    if (again && !m->reply)
        return;
    x->dhcp.types |= (uint16_t)(1U << m->type);
    x->dhcp.last = m->type;
    if (m->reply)
        from_server(x, m, p);
    else
        from_client(x, m, p);
    if (m->type == DHCP_ACK || m->type == DHCP_NAK || (SILENT_TYPES >> m->type & 1) != 0)
        tell(d, x, p->at.ts_ns);
}

void dhcp_datagram(struct dhcp *d, const struct packet *p)
{
    struct dhcp_message m;
    arena_clear(&d->scratch);
    arena_init(&d->scratch, EXCHANGE_MAX);
    enum verdict verdict =
        dhcp_parse(&m, p->payload, p->cut ? VERDICT_SHORT : VERDICT_BAD, &d->scratch);
    bool server = (SERVER_TYPES >> m.type & 1) != 0;
    if (verdict == VERDICT_BAD || m.type == DHCP_NONE || m.reply != server)
        return;
    expire(d, p->at.ts_ns);
    uint64_t key = key_of(&m);
    uint32_t at = find(d, &m, key);
    struct exchange *x = at < d->count ? d->open[at] : NULL;
    if (x && x->told) {
        if (is_copy(x, &m, &p->at))
            return;
        drop(d, at, p->at.ts_ns);
        x = NULL;
    }
    if (!x)
        x = add(d, &m, key, p);
    if (x)
        take(d, x, &m, p);
}
