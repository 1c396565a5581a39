/*
 * diagnose/issuers: who signs certificates in public, and which products sign their own.
 * SPDX-License-Identifier: MIT
 *
 * Private to diagnose. Distinguished names are RFC 4514 text.
 */
#ifndef DIAGNOSE_ISSUERS_H
#define DIAGNOSE_ISSUERS_H

#include "base/slice.h"

/* An authority that signs for public services, or for Microsoft's own. */
bool issuer_is_public(struct slice dn);
/* The inspecting product that a name betrays; NULL when it betrays none. */
const char *issuer_product(struct slice dn);
/* The organization of a name, else its common name, else all of it. */
struct slice issuer_label(struct slice dn);

#endif
