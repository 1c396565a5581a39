/*
 * diagnose/told: what a kind of finding says before the facts of the case speak.
 * SPDX-License-Identifier: MIT
 *
 * Texts in our own words, one row a kind. Private to diagnose.
 */
#ifndef DIAGNOSE_TOLD_H
#define DIAGNOSE_TOLD_H

#include "diagnose/result.h"

struct told {
    const char *what; /* after "HOST: " */
    const char *advice;
    const char *disproof;
    enum culprit culprit; /* unless the facts say otherwise */
    enum confidence confidence;
};

const struct told *told_of(enum finding_kind kind);

#endif
