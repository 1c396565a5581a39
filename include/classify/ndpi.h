/*
 * classify/ndpi: the only file that knows nDPI.
 * SPDX-License-Identifier: MIT
 *
 * Labels flows whose first bytes nothing of ours recognises. Compiles with nDPI 4.2 to 5.x. A label is
 * for people: no verdict may rest on it.
 */
#ifndef CLASSIFY_NDPI_H
#define CLASSIFY_NDPI_H

#include "base/err.h"
#include "net/packet.h"

/* Payload packets a flow is shown at most. */
#define LABEL_PACKETS_MAX 2

struct labeller;      /* the module: one a process */
struct labeller_flow; /* the state of one flow */

struct labeller *labeller_new(struct err *err);
void labeller_free(struct labeller *l);

/* Does now what otherwise waits for the first flow: nDPI and its libraries look at files then, which a
 * process that is about to give up its rights cannot later. False when memory is out. */
bool labeller_prepare(struct labeller *l);

/* NULL when memory is out. */
struct labeller_flow *labeller_flow_new(struct labeller *l);
void labeller_flow_free(struct labeller_flow *f);

/* Shows a packet (its ip slice). Returns the label once there is one ("QUIC", "TLS.Azure"), else NULL.
 * The text lives as long as the labeller. */
const char *labeller_feed(struct labeller *l, struct labeller_flow *f, const struct packet *p);
/* The best guess after the last packet; NULL when there is none. */
const char *labeller_guess(struct labeller *l, struct labeller_flow *f, const struct tuple *key);

#endif
