/*
 * proto/x509: what a certificate says about itself.
 * SPDX-License-Identifier: MIT
 *
 * Nothing is verified: no signature, no chain.
 */
#ifndef PROTO_X509_H
#define PROTO_X509_H

#include "base/arena.h"
#include "proto/tx.h"

#define X509_NAMES_MAX 256 /* subjectAltName entries listed */

/* Reads a certificate in DER; texts and lists are in `a`. false when it is none, or memory is out. */
bool x509_parse(struct slice der, struct arena *a, struct tls_certificate *out);

/* Whether a certificate in DER names itself as its issuer: a root. */
bool x509_self_issued(struct slice der);

#endif
