/*
 * diagnose/detail: the particulars of a finding, in a few words.
 * SPDX-License-Identifier: MIT
 *
 * Private to diagnose.
 */
#ifndef DIAGNOSE_DETAIL_H
#define DIAGNOSE_DETAIL_H

#include "judge.h"

/* Writes to the judge's scratch text; nothing where the kind says all. */
void detail_write(struct judge *j, const struct draft *d);

/* The ICMP message of a draft that has one: type, code, what they mean, sender. */
void detail_icmp(struct buf *b, const struct draft *d);

#endif
