/*
 * diagnose/detail_dns: particulars of what resolvers said.
 * SPDX-License-Identifier: MIT
 *
 * Private to diagnose.
 */
#ifndef DIAGNOSE_DETAIL_DNS_H
#define DIAGNOSE_DETAIL_DNS_H

#include "judge.h"

/* Appends the particulars of a DNS finding to the scratch text. */
void detail_dns(struct judge *j, const struct draft *d);

#endif
