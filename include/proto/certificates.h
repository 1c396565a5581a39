/*
 * proto/certificates: certificates that were read before.
 * SPDX-License-Identifier: MIT
 *
 * A deployment shows the same few hundred certificates again and again, and reading one costs as much as
 * hundreds of packets. Known by all of their bytes, so that no other certificate can pass for one. Bounded:
 * what finds no room any more is read anew each time.
 */
#ifndef PROTO_CERTIFICATES_H
#define PROTO_CERTIFICATES_H

#include "base/arena.h"
#include "proto/tx.h"

struct certificates;

/* NULL when memory is out. */
struct certificates *certificates_new(void);
void certificates_free(struct certificates *c);

/* What the certificate in DER says; NULL when it is none, or memory is out. Lives as long as `c` and `a`
 * both do. `c` may be NULL: then it is always read anew. */
const struct tls_certificate *certificates_get(struct certificates *c, struct slice der,
                                               struct arena *a);

#endif
