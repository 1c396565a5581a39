/*
 * net/quote: the packet that an ICMP error quotes.
 * SPDX-License-Identifier: MIT
 */
#ifndef NET_QUOTE_H
#define NET_QUOTE_H

#include "net/packet.h"

/* Whether messages of this type are errors that quote the packet they are about. */
bool quote_follows_icmp(uint8_t type);
bool quote_follows_icmpv6(uint8_t type);

/* Fills `out` from what is there of the quoted packet; ports stay 0 where they were cut. False, with
 * `out` empty, when the addresses are not there. */
bool quote_parse(struct tuple *out, struct slice quoted);

#endif
