/*
 * engine/subject: whom an analysis is of.
 * SPDX-License-Identifier: MIT
 *
 * All frames of a capture are of one subject. A sensor has one for each device: they come and go while the
 * engine goes on, each is judged on its own packets, and what is known of it goes with it. What the engine
 * itself keeps (flows, names, certificates) is of all, so that a packet costs no more than in a capture file.
 */
#ifndef ENGINE_SUBJECT_H
#define ENGINE_SUBJECT_H

#include "base/bring.h"
#include "engine/engine.h"

struct subject;

/* One of an engine for many. `number` is its own among all subjects: flow ids are made of it. `max_flows` is the
 * most it may have at once. NULL when memory is out. */
struct subject *subject_new(struct engine *e, const struct sink *sink, uint32_t number,
                            uint32_t max_flows);
/* Its flows go without a word. Not from within its sink. */
void subject_free(struct subject *s);

/* Whom its sink talks to. */
void *subject_listener(const struct subject *s);

/* All that engine_frames takes is of this one. */
struct subject *engine_whole(struct engine *e);

/* Where the flow of a packet is expected: it will do, whatever happens meanwhile. What later packets need comes
 * near, without waiting for it, in these steps, each some time before the next. */
struct flow_place engine_expect(const struct engine *e, const struct packet *p);
void engine_bring_flow(const struct engine *e, struct flow_place *place);
struct subject *engine_owner(const struct engine *e, const struct packet *p,
                             const struct flow_place *place); /* of its flow; NULL: a new one */
void subject_bring(const struct subject *s);

/* The subject's next packet, decoded, of `captured` bytes. Changes `p`. `copy`: a mirror's copy of a packet
 * before (net/mirror.h), which an engine for many does not look for itself. The packet's flow, NULL when it has
 * none; valid until the next call. Flows of other subjects may end meanwhile, whose sinks hear of it. */
struct flow *subject_packet(struct subject *s, struct packet *p, struct flow_place place,
                            size_t captured, bool copy);

/* The capture missed `frames` at some time from `since_ns` to `until_ns` (as packets have their times). To be
 * counted among the kernel_drops that judging is told, too. */
void subject_drops(struct subject *s, int64_t since_ns, int64_t until_ns, uint64_t frames);

/* Judges what is known by now (of open flows: those nobody has answered) and tells the sink the result; the
 * analysis goes on. False when memory is out. */
bool subject_judge(struct subject *s, const struct capture_totals *captured);

/* Ends the subject's flows and judges: its last result. */
void subject_finish(struct subject *s, const struct capture_totals *captured);

struct engine_stats subject_stats(const struct subject *s);

#endif
