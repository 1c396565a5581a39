/*
 * diagnose/blame: whose doing it was, with the facts that say so.
 * SPDX-License-Identifier: MIT
 *
 * Private to diagnose.
 */
#ifndef DIAGNOSE_BLAME_H
#define DIAGNOSE_BLAME_H

#include "judge.h"

/* Sets culprit, hops and confidence of a draft that has the defaults of its kind, and adds its proof. */
void blame(struct judge *j, struct draft *d);

/* Whether what was never acknowledged may be too long for the path: nothing as long arrived at the server. */
bool blame_by_size(const struct judge *j, const struct draft *d);
/* Whether the device itself ended what failed. */
bool blame_by_client(const struct draft *d);

#endif
