/*
 * diagnose/blame: culprits by headers and messages.
 * SPDX-License-Identifier: MIT
 *
 * TTL arithmetic: senders begin at 64, 128 or 255, so the distance is what is missing to the next of
 * these.
 */
#include "blame.h"

#include <stdlib.h>

#define TTL_SLACK 2 /* load balancers differ by this much */

static int hops_from(uint8_t ttl)
{
    int start = ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255;
    return start - ttl;
}

bool blame_by_client(const struct draft *d)
{
    return (d->x.group & FAIL_BY_CLIENT) != 0;
}

/* A reset whose TTL does not fit the server's was sent by something on the way. */
static void blame_reset(struct judge *j, struct draft *d)
{
    int away = d->x.ttl_rst - d->x.ttl_server;
    if (blame_by_client(d)) {
        d->f.culprit = CULPRIT_DEVICE;
        return;
    }
    if (d->x.ttl_rst == 0 || d->x.ttl_server == 0)
        return;
    buf_printf(&j->text, "TTL of the reset is %u, of the server's first packet %u", d->x.ttl_rst,
               d->x.ttl_server);
    finding_prove(j, d);
    if (abs(away) > TTL_SLACK) {
        d->f.culprit = CULPRIT_MIDDLEBOX;
        d->f.hops = hops_from(d->x.ttl_rst);
        d->f.confidence = CONFIDENCE_LIKELY;
    } else {
        d->f.culprit = CULPRIT_SERVER;
    }
}

void blame(struct judge *j, struct draft *d)
{
    switch ((int)d->f.kind) {
    case FINDING_TLS_RESET:
        blame_reset(j, d);
        break;
    case FINDING_TLS_ALERT:
    case FINDING_TLS_INCOMPLETE:
        if (blame_by_client(d))
            d->f.culprit = CULPRIT_DEVICE;
        else if (d->f.kind == FINDING_TLS_ALERT)
            d->f.culprit = CULPRIT_SERVER;
        break;
    case FINDING_TLS_INSPECTED:
        if (d->x.text != INTERN_NONE)
            d->f.confidence = (enum confidence)(j->j.suspects[d->x.text] - SUSPECT_POSSIBLE);
        break;
    case FINDING_HTTP_ERROR:
        if (d->x.group & FAIL_PROXY)
            d->f.culprit = CULPRIT_PROXY;
        break;
    case FINDING_TCP_UNREACHABLE:
        if ((d->x.code >> 8) == 3 &&
            ((d->x.code & 0xff) == 9 || (d->x.code & 0xff) == 10 || (d->x.code & 0xff) == 13))
            d->f.culprit = CULPRIT_MIDDLEBOX;
        break;
    case FINDING_CLOCK_SKEW:
        d->f.confidence = d->x.code ? CONFIDENCE_CERTAIN : CONFIDENCE_POSSIBLE;
        break;
    default:
        break;
    }
}
