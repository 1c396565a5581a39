/*
 * diagnose/filter: the Wireshark display filter that shows a finding's frames.
 * SPDX-License-Identifier: MIT
 *
 * Private to diagnose.
 */
#ifndef DIAGNOSE_FILTER_H
#define DIAGNOSE_FILTER_H

#include "judge.h"

/* Writes to the judge's scratch text. */
void filter_write(struct judge *j, const struct draft *d);

#endif
