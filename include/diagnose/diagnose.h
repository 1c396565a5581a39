/*
 * diagnose/diagnose: facts to findings, findings to causes, causes to verdicts, device by device.
 * SPDX-License-Identifier: MIT
 *
 * Fed with transactions and ended flows as they come, it keeps a small row for each host of each device
 * and the failures among them, not the transactions: memory grows with devices and hosts, not with time.
 * Sees facts, no bytes; makes results, no output. All judging happens in diagnosis_finish.
 *
 * Findings are about hosts of the list, resolvers, proxies, clocks and the capture itself. Names that no
 * list has are only counted, whatever becomes of them.
 */
#ifndef DIAGNOSE_DIAGNOSE_H
#define DIAGNOSE_DIAGNOSE_H

#include "base/intern.h"
#include "diagnose/result.h"
#include "flow/flow.h"
#include "proto/dhcp6.h"
#include "proto/ndp.h"
#include "services/services.h"

struct diagnosis;

/* What the capture as a whole allows to say. */
struct capture_facts {
    struct mark first;
    struct mark last; /* END of the capture: time-outs are judged against it */
    uint64_t packets;
    uint64_t truncated_packets;
    struct mark first_truncated;
    struct mark last_truncated;
    uint64_t gap_bytes;    /* of streams: bytes the receiver had but the capture has not */
    uint64_t kernel_drops; /* frames that the capture missed, by its own count; 0 where none tells.
                         Those of diagnosis_drops are among them */
    uint32_t file_count;
    bool complete;          /* it is known to have all packets that came: silence is silence */
    uint32_t damaged_files; /* of which something could not be read */
};

/* NULL when memory is out. The list must outlive the diagnosis. One for each device, side by side, are kin of
 * one that they leave to learn, together, what the network lets pass: it must outlive them, and each has a
 * number of its own. An analysis has no kin and the number 0. */
struct diagnosis *diagnosis_new(const struct service_list *list, struct diagnosis *kin,
                                uint32_t number);
void diagnosis_free(struct diagnosis *d);

/* One completed transaction on `flow`. `host` is the name it counts for: SNI, Host, or the name from the
 * device's DNS answers; empty when unknown (DNS: ignored, the question's name counts). */
void diagnosis_transaction(struct diagnosis *d, const struct flow *flow, const struct tx *tx,
                           struct slice host);

/* A packet came; `begun` is the flow that it began, or NULL. Nothing is noted, but what is known of the flow's
 * device will soon be wanted. */
void diagnosis_expect(struct diagnosis *d, const struct flow *begun);

/* A flow that ended. `host` as above, of connections; `app` is what it spoke ("tls", "unknown", ...); `transactions`
 * how many were told of it before. */
void diagnosis_flow(struct diagnosis *d, const struct flow *flow, const struct flow_end *how,
                    struct slice host, const char *app, uint32_t transactions);

/* A packet of ARP or 802.1X, or a question for routers. */
void diagnosis_link(struct diagnosis *d, const struct packet *p);
/* What a router advertises, and what DHCPv6 says, in `p`. */
void diagnosis_advert(struct diagnosis *d, const struct packet *p, const struct ndp_advert *a);
void diagnosis_dhcp6(struct diagnosis *d, const struct packet *p, const struct dhcp6_message *m);

/* The capture missed `frames` at some time from `since_ns` to `until_ns`: findings of silence in these
 * minutes lose confidence. What is not told so counts for all of the capture. */
void diagnosis_drops(struct diagnosis *d, int64_t since_ns, int64_t until_ns, uint64_t frames);

/* From `since_ns` on no packet at all was captured for so long, and then some were: whether a single request
 * without answer before it was answered, or repeated, meanwhile, nobody knows. To be told in order of time. */
#define DIAGNOSIS_SILENCE_NS (2 * NS_PER_S)
void diagnosis_silence(struct diagnosis *d, int64_t since_ns);

/* The primary address of the device an address belongs to, as far as known now (IPv4 where its MAC has
 * exactly one); the address itself where nothing is known. */
struct ip_addr diagnosis_device_of(const struct diagnosis *d, const struct ip_addr *client);

/* The primary address of the device that sent a flow, which may be its first over IPv6: a device asks one
 * resolver for the addresses of both families. The flow's own client where nothing is known. */
struct ip_addr diagnosis_sender_of(const struct diagnosis *d, const struct flow *flow);

/* The service a name matters most to, NULL when no list has it. Cached: meant for every event. */
const struct service *diagnosis_service_of(struct diagnosis *d, struct slice host,
                                           enum transport transport, uint16_t port);

/* The names of required services that were met so far, in lower case: NAMES_LISTED_MAX at most. */
const struct intern *diagnosis_names(const struct diagnosis *d);

/* The same facts once more, to be judged while this diagnosis goes on: judging works on the facts it is
 * given. To be freed before this one. NULL when memory is out. */
struct diagnosis *diagnosis_copy(struct diagnosis *d);

/* To a copy: a TCP connection that nobody has answered by `now_ns`. It may still be answered, so a diagnosis
 * that goes on must not be told. `host` as above. */
void diagnosis_unanswered(struct diagnosis *copy, const struct flow *flow, int64_t now_ns,
                          struct slice host);

/* Judges. Call once; the result lives as long as the diagnosis. NULL when memory is out. */
const struct result *diagnosis_finish(struct diagnosis *d, const struct capture_facts *facts);

#endif
