/*
 * diagnose/detail_link: particulars of what DHCP, ARP and 802.1X said.
 * SPDX-License-Identifier: MIT
 *
 * Private to diagnose.
 */
#ifndef DIAGNOSE_DETAIL_LINK_H
#define DIAGNOSE_DETAIL_LINK_H

#include "judge.h"

/* Appends the particulars of a finding about the network itself to the scratch text. */
void detail_link(struct judge *j, const struct draft *d);

#endif
