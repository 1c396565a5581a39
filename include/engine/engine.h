/*
 * engine/engine: the order of all the others, nothing else.
 * SPDX-License-Identifier: MIT
 *
 * Takes frames, hands events to a sink. src/engine/engine.c shows the whole way of a packet on one page.
 * An analysis is a pure function of its input.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "capture/capture.h"
#include "diagnose/diagnose.h"
#include "flow/flow.h"
#include "proto/tx.h"
#include "services/services.h"

/* What every event says besides its own. Valid for the call. */
struct event {
    const struct flow *flow;
    uint64_t flow_id; /* its own among all subjects of all engines */
    struct ip_addr device;
    const struct service *service; /* or NULL */
    struct slice hostname; /* SNI, Host, or from the device's DNS answers; empty when unknown */
    const char *app;       /* what our dissectors made of the flow */
    const char *label;     /* nDPI's, or "" */
};

/* What each packet changes stands first. */
struct engine_stats {
    uint64_t packets;
    uint64_t bytes; /* captured */
    struct mark first;
    struct mark last;
    uint64_t truncated_packets;
    uint64_t duplicate_packets;
    uint64_t
        aggregated_packets; /* behind others in an 802.11 frame, and undecoded or not followed */
    uint64_t undecoded_packets; /* no header of ours fits, or it contradicts itself */
    uint64_t other_packets;     /* not TCP, UDP or ICMP */
    uint64_t fragments;
    uint64_t one_way_flows;
    uint64_t gap_bytes;
    uint64_t gaps;
    uint64_t transactions;
    uint64_t dropped;      /* for want of memory, or at a cap */
    uint64_t kernel_drops; /* frames that the capture missed, by its own count; told at the end */
    uint32_t clock_steps;  /* how often the capturing clock was set back */
    int64_t set_back_ns;   /* by how much in all: times are as if it had gone on */
    struct flow_stats flows;
    struct mark first_truncated; /* without truncated packets: of nothing */
    struct mark last_truncated;
};

/* Who hears of it. Members may be NULL. */
struct sink {
    void *ctx;
    void (*transaction)(void *ctx, const struct event *event, const struct tx *tx);
    void (*flow)(void *ctx, const struct event *event, const struct flow_end *how);
    /* From engine_finish, subject_judge and subject_finish. */
    void (*result)(void *ctx, const struct result *result, const struct engine_stats *stats);
};

struct engine_options {
    const struct service_list *services;
    bool ndpi;        /* label what our own dissectors do not know */
    bool many;        /* for subjects of its own, see engine/subject.h: frames are theirs */
    struct sink sink; /* where it is not for many */
};

struct engine;

struct engine *engine_new(const struct engine_options *options, struct err *err);
/* Its subjects go before it. */
void engine_free(struct engine *e);

/* Does now what otherwise waits for the first packet that needs it, and that a process without rights
 * cannot do. False when memory is out. */
bool engine_prepare(struct engine *e);

/* Takes frames in order. Several at once are faster: memory that the later ones need is on its way while
 * the first are looked at. */
#define ENGINE_BATCH 16
void engine_frames(struct engine *e, const struct frame *frames,
                   size_t count); /* up to ENGINE_BATCH */

static inline void engine_packet(struct engine *e, const struct frame *frame)
{
    engine_frames(e, frame, 1);
}

/* It is `now_ns` though no packet came: what has timed out ends, and silence until now counts. */
void engine_time(struct engine *e, int64_t now_ns);

/* Ends all flows and judges. `captured` says what the files told of themselves; silence until the capture
 * ended counts. */
void engine_finish(struct engine *e, const struct capture_totals *captured);

#endif
