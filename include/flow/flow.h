/*
 * flow/flow: the table of flows, their TCP state and how they end.
 * SPDX-License-Identifier: MIT
 *
 * A flow is a 5-tuple in both directions, oriented from client to server: by the SYN, else by the port
 * (the well-known one is the server's), else by the first packet; flow_reverse corrects it. A flow ends
 * through one callback, for whatever reason: some time after FIN or RST (packets that a mirror port
 * swapped, or that betray a forged RST, still belong to it), after silence, at the cap (the one nearest
 * to its time-out goes first), when its tuple starts anew with a SYN, or with the capture. RFC 9293.
 *
 * How it ended: END_FIN or END_RST by the first of these, however it was silenced later; END_ICMP when
 * nothing but an ICMP error answered; else END_TIMEOUT, also for a flow whose tuple a new SYN took
 * over, END_EVICTED or END_CAPTURE.
 */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include "base/bring.h"
#include "flow/signs.h"
#include "net/end.h"
#include "net/packet.h"

enum flow_state {
    FLOW_NO_REPLY,    /* only the client's side sent */
    FLOW_REFUSED,     /* RST answered the SYN */
    FLOW_UNREACHABLE, /* ICMP said so and nothing else answered */
    FLOW_ESTABLISHED, /* both sides sent (TCP: handshake seen, or picked up mid-stream) */
    FLOW_CLOSED,      /* FIN from both sides, or from one and silence */
    FLOW_RESET,
};

/* What the headers of one side showed, for those who ask who did it. */
struct flow_side {
    uint64_t bytes; /* of payload, as announced by headers */
    uint32_t packets;
    uint32_t isn;      /* of the SYN or SYN-ACK; mid-stream: one less than the first packet's */
    uint32_t seq_end;  /* highest sequence number sent, plus one */
    uint32_t ack;      /* highest acknowledgement sent */
    uint16_t ip_id;    /* of the newest packet */
    uint16_t exchange; /* a sensor's: bytes since the newest exchange began; stays at 65535 */
    uint8_t ttl;       /* of the first packet */
    uint8_t data_ttl;  /* of the first payload */
    bool syn : 1;      /* seen */
    bool fin : 1;
    bool rst : 1;
    bool data : 1; /* payload seen (a keep-alive's byte is none) */
};

/* Laid out by cache lines: a packet of a settled flow touches the first two only. Aligned so that it
 * fills the third. What few flows have lies elsewhere. */
struct flow {
    _Alignas(16) struct tuple key; /* src is the client */
    struct mark last;
    uint32_t seen;    /* the table's: when it was last touched, on the table's clock */
    uint8_t app_kind; /* the engine's: an enum app */
    bool settled : 1; /* the engine's: nothing more is wanted of its payload */
    bool has_mac : 1;
    bool midstream : 1;  /* the capture has not the SYN */
    bool rst_first : 1;  /* the first FIN or RST was a RST */
    unsigned end_by : 1; /* who sent the first FIN or RST: an enum dir */
    unsigned timer : 3;  /* the table's: which time-out applies */
    uint16_t vlan;
    struct flow_side side[2]; /* indexed by the direction the side sends in */

    struct mark first; /* the client's SYN where there is one (its answer may be captured a
                                 moment earlier), else the first packet */
    union {
        void *app;         /* the engine's, until it is settled: what it says, or NULL */
        const char *label; /* the engine's, when it is: nDPI's name of it, or NULL; borrowed */
    };
    struct flow_signs *signs; /* NULL: it goes on, and nothing odd happened; owned */
    int64_t answered_ns;      /* first packet of the server's side, if it has any */
    uint32_t id;              /* counts up from 1 in order of first sight */
    uint32_t host;            /* the engine's: 1 + number of its host name, 0 without */
    uint32_t rtt_us;          /* SYN to its first answer (SYN-ACK or RST), 0 unknown */
    uint16_t transactions;    /* the engine's: told so far */
    uint16_t syns;            /* SYNs of the client, repeats too; stays at 65535 */
    struct mac_addr client_mac;
    uint8_t began; /* who sent the first packet: an enum dir */
};

struct flow_config {
    uint32_t max_flows; /* cap of the table */
    uint32_t
        max_queued; /* cap of the TCP flows that nobody answered yet; the same of UDP flows, and of
                               DNS flows with all their answers; 0: max_flows */
    int64_t tcp_idle_ns; /* established */
    int64_t syn_idle_ns; /* not answered yet */
    int64_t udp_idle_ns;
    int64_t linger_ns; /* after RST, or FIN from both sides */
    bool grouped;      /* each flow is of a group */
};

/* The values for offline analyses. */
struct flow_config flow_config_default(void);

struct flow_table;

struct flow_stats {
    uint64_t created;
    uint64_t evicted;  /* by the cap */
    uint32_t open;     /* now */
    uint32_t open_max; /* most at once */
};

/* Flows of one table that belong to one of many, a device say: they are counted, capped and ended together.
 * Zeroed but for `max_flows`. It may not move while it has flows. */
struct flow_group {
    uint32_t max_flows;   /* where it has so many, its oldest goes first */
    uint32_t first, last; /* the table's: its flows in order of their ids; 0: none */
    struct flow_stats stats;
};

typedef void flow_end_fn(void *ctx, struct flow *flow, const struct flow_end *how);

/* `on_end` is called once a flow, before its memory goes, with the flow's group, or without groups
 * with `ctx`. NULL when memory is out. */
struct flow_table *flow_table_new(const struct flow_config *config, flow_end_fn *on_end, void *ctx);
/* Without calling on_end: what `app` of flows points to is to be freed before (flow_table_each). */
void flow_table_free(struct flow_table *t);

#define FLOW_APP_NEAR 192 /* bytes of what a flow says that are asked for ahead */

/* Where the flow of a packet is expected. */
struct flow_place {
    uint32_t tag;  /* of the tuple's hash, the same for both directions */
    uint32_t node; /* the table's number of it; 0: none yet */
    const struct flow *flow;
};

/* Memory takes longer than all that a packet costs. Who knows packets ahead asks for what flow_take will
 * need in three steps, each some time before the next: the tuple's slot, its flow (and what tells its group),
 * what the flow says. */
struct flow_place flow_expect(const struct flow_table *t, const struct tuple *tuple);
void flow_bring(const struct flow_table *t, struct flow_place *place);
BRINGS void flow_bring_app(const struct flow_place *place)
{
    if (place->node && !place->flow->settled && place->flow->app)
        bring_bytes(place->flow->app, FLOW_APP_NEAR);
}

/* The flow of a TCP or UDP packet, created when new, its counters and TCP state brought up to date;
 * `dir` says which side sent it. `place` is where flow_expect expected it, however long ago. A SYN that
 * starts the tuple anew ends the old flow first. A new flow becomes one of `group`, which is NULL in a table
 * without groups. NULL when memory is out. Valid until the next call that takes the table. */
struct flow *flow_take(struct flow_table *t, struct flow_group *group, const struct packet *p,
                       const struct flow_place *place, enum dir *dir);

/* In a table with groups, that of the flow at a place. NULL where there is none, or not of this tuple any more. */
struct flow_group *flow_group_of(const struct flow_table *t, const struct flow_place *place,
                                 const struct tuple *tuple);

static inline struct flow *flow_lookup(struct flow_table *t, const struct packet *p, enum dir *dir)
{
    struct flow_place place = flow_expect(t, &p->tuple);
    return flow_take(t, NULL, p, &place, dir);
}

/* The flow of a tuple in either direction, for ICMP quotes; NULL when there is none. */
struct flow *flow_find(struct flow_table *t, const struct tuple *tuple, enum dir *dir);

/* Notes an ICMP error that quoted the flow. */
void flow_icmp(struct flow *f, const struct packet *p);
/* The same for the flow that its quote names; where there is none yet, the next one may be it. */
void flow_table_icmp(struct flow_table *t, const struct packet *p);

/* Swaps client and server of a flow: everything in it is turned round. */
void flow_reverse(struct flow_table *t, struct flow *f);

/* Ends what has timed out by `now_ns`, at most so many flows: what is left ends with later calls. Many time out
 * together, once a second. Cheap: call it for every packet. */
void flow_table_expire(struct flow_table *t, int64_t now_ns, uint32_t most);

/* All flows. `fn` must leave the table as it is, here and below. */
typedef void flow_fn(void *ctx, const struct flow *flow);
void flow_table_each(const struct flow_table *t, flow_fn *fn, void *ctx);

/* TCP connections that nobody has answered yet, FLOW_UNANSWERED_MAX at most: of a group, the oldest first; NULL: of
 * all, longest silent first. */
#define FLOW_UNANSWERED_MAX 256
void flow_table_unanswered(const struct flow_table *t, const struct flow_group *group, flow_fn *fn,
                           void *ctx);

/* Ends all flows, as of `now_ns`, in order of their ids, and gives their memory back. */
void flow_table_finish(struct flow_table *t, int64_t now_ns);
/* The same for those of a group, which stays. */
void flow_group_finish(struct flow_table *t, struct flow_group *group, int64_t now_ns);
/* Lets the flows of a group go without calling on_end; `fn` hears of each before. */
void flow_group_drop(struct flow_table *t, struct flow_group *group, flow_fn *fn, void *ctx);

enum flow_state flow_state(const struct flow *f);

/* The first FIN or RST, or the ICMP error; frame 0 without. */
static inline struct mark flow_ended_at(const struct flow *f)
{
    return f->signs ? f->signs->end_at : (struct mark){0, 0, 0};
}

/* Packets of TCP that belong to nothing the capture shows: no SYN, no payload. */
static inline bool flow_is_stray(const struct flow *f)
{
    return f->key.proto == IP_PROTO_TCP && f->midstream && !f->side[0].data && !f->side[1].data;
}

/* Whether the capture shows one direction only: one side answers what is not there. */
bool flow_is_one_way(const struct flow *f);

/* Bytes that a side of a TCP flow sent, as later packets of it or acknowledgements show, but the capture
 * has not. Fewer than there are when some were sent twice; 0 for a side without any packet. */
uint32_t flow_missing(const struct flow *f, enum dir dir);

/* Whether anything of the flow is known to be missing: a direction, or bytes. */
static inline bool flow_lacks(const struct flow *f)
{
    return flow_is_one_way(f) || flow_missing(f, DIR_TO_SERVER) > 0 ||
           flow_missing(f, DIR_TO_CLIENT) > 0;
}

struct flow_stats flow_table_stats(const struct flow_table *t);

#endif
