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

/* The domain that all the filtered names (numbers of listed ones) lie in while no name in it works;
 * empty where there is none. */
struct slice firewall_suffix(const struct judge *j, const uint32_t *names, uint32_t count);

#endif
