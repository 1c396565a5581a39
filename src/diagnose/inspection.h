/*
 * diagnose/inspection: TLS inspection that TLS 1.3 hides, told from signs.
 * SPDX-License-Identifier: MIT
 *
 * TLS 1.3 encrypts the certificate. What a box that opens all connections cannot hide: it answers from
 * nearby, and in its own words, whichever server is meant; and devices that do not trust it leave. One
 * sign is none: a box that only ends TCP is near as well, servers of one make answer alike. Private to diagnose.
 */
#ifndef DIAGNOSE_INSPECTION_H
#define DIAGNOSE_INSPECTION_H

#include "base/buf.h"
#include "route.h"
#include "rules.h"

struct inspection {
    enum suspicion suspicion;
    uint32_t servers;  /* addresses that were weighed */
    uint32_t rejected; /* of them that devices left at the certificate and never used */
    int hops;          /* of the nearest answer */
    bool near;         /* all answer from two hops or less */
    bool early;        /* all accept at once, and greet a round trip to the internet later */
    bool alike;        /* all send the same ServerHello */
    bool retries;      /* all ask for a second ClientHello */
    struct mark first; /* of the connections weighed */
    struct mark last;
};

/* Over all routes; none where a certificate of a public authority was seen. */
struct inspection inspection_of(const struct routes *r);
/* The signs that were found, as text. */
void inspection_text(struct buf *b, const struct inspection *i);

#endif
