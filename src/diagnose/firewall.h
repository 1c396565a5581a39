/*
 * diagnose/firewall: which rule a filter on the way seems to have, told from control pairs.
 * SPDX-License-Identifier: MIT
 *
 * A failed connection alone does not show whether a name, an address, a port or a device is filtered;
 * what else the same address, name or port did in the capture does. Private to diagnose.
 */
#ifndef DIAGNOSE_FIREWALL_H
#define DIAGNOSE_FIREWALL_H

#include "judge.h"

/* The rule that fits, and the control as proof of the draft. Sets d->wall. */
void firewall_rule(struct judge *j, struct draft *d);

/* Whether no connection to `addr` on the port was ever answered, though some were tried. */
bool firewall_shut(const struct judge *j, uint32_t name, const struct ip_addr *addr, uint16_t port);

#endif
