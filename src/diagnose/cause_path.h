/*
 * diagnose/cause_path: what the rules of causes ask about paths: size, name, address, source, burst.
 * SPDX-License-Identifier: MIT
 *
 * Predicates for the table in cause_rules. Private to diagnose.
 */
#ifndef DIAGNOSE_CAUSE_PATH_H
#define DIAGNOSE_CAUSE_PATH_H

#include "cause_rules.h"

/* Finds the time in which most connections to unrelated hosts starved; before the rules are asked. */
void path_find_burst(struct causing *c, uint32_t findings);

/* Large packets are lost towards the internet, from it. */
bool path_hole_up(const struct causing *c, const struct draft *d);
bool path_hole_down(const struct causing *c, const struct draft *d);
/* Nothing of what the device sent behind its handshake was acknowledged, and its size may be why. */
bool path_unheard_large(const struct causing *c, const struct draft *d);
/* A greeting of several segments fails where shorter ones pass. */
bool path_long_hello(const struct causing *c, const struct draft *d);
/* The device leaves right after it has seen the certificate, more than once. */
bool path_left(const struct causing *c, const struct draft *d);
/* Some addresses of the name are shut. */
bool path_address_gap(const struct causing *c, const struct draft *d);
/* The same address and port serve another device. */
bool path_by_source(const struct causing *c, const struct draft *d);
/* A box on the way rejects the connection. */
bool path_rejected(const struct causing *c, const struct draft *d);
/* A box on the way ends handshakes, or the control pair shows that the name decides. */
bool path_by_name(const struct causing *c, const struct draft *d);
/* Device and server (or box) agree on no version or cipher suite. */
bool path_no_parameters(const struct causing *c, const struct draft *d);
/* One of many connections to unrelated hosts that starved at the same time, and worked at others. */
bool path_starved(const struct causing *c, const struct draft *d);

#endif
