/*
 * diagnose/blockers: what is known of the products that filter.
 * SPDX-License-Identifier: MIT
 *
 * Signs that are a product's own: addresses and names of block pages, words of its pages and headers. A
 * sign that is not here proves nothing. Private to diagnose.
 */
#ifndef DIAGNOSE_BLOCKERS_H
#define DIAGNOSE_BLOCKERS_H

#include "base/slice.h"
#include "net/addr.h"

#define BLOCKER_TEXT_MAX 48 /* the longest name of a product, with what stands around it */

/* The product whose block page an address or a host name is; NULL for none known. */
const char *blocker_of_address(const struct ip_addr *a);
const char *blocker_of_name(struct slice name);

/* The product that a header's value (Via, Server and the like) or the beginning of a page names; NULL for
 * none known. */
const char *blocker_of_text(struct slice text);

/* Whether the beginning of a page says in words that access is blocked, whoever says it. Pages of the big content networks
 * that say "denied" are no sign. */
bool blocker_is_page(struct slice body);

/* Whether a name is one of a site rather than of the internet: "dc1.corp.local", "gateway". */
bool blocker_is_inner_name(struct slice name);

#endif
