/*
 * diagnose/phase: how far a deployment came.
 * SPDX-License-Identifier: MIT
 *
 * The phases of a device preparation in their order. Firm: an address before the connectivity check, that
 * before everything on the internet; device identity before profile; sign-in before registration before
 * enrollment before the agent before apps. Time, profile and activation may overlap, and a device that is
 * not registered for classic Autopilot gets no profile. Private to diagnose.
 */
#ifndef DIAGNOSE_PHASE_H
#define DIAGNOSE_PHASE_H

#include "diagnose/result.h"

enum phase {
    PHASE_LINK,
    PHASE_ADDRESS,
    PHASE_PROXY_SEARCH,
    PHASE_CONNECTIVITY,
    PHASE_TIME,
    PHASE_DEVICE_IDENTITY,
    PHASE_PROFILE,
    PHASE_ACTIVATION,
    PHASE_SIGN_IN,
    PHASE_REGISTRATION,
    PHASE_ENROLLMENT,
    PHASE_AGENT,
    PHASE_APPS,
    PHASE_DONE,
    PHASE_COUNT,
};

/* What a device's traffic says of one phase. */
struct phase_tally {
    struct mark ok;     /* newest exchange that worked; frame 0 none */
    struct mark failed; /* first one that failed for good */
};

struct judge;

/* A host's part: `word` is the phase of its endpoint or service; `ok` its newest success, `failed` its first
 * failure where the host is required and failed; frame 0 without. */
void phase_note(struct phase_tally tallies[PHASE_COUNT], const char *word, struct mark ok,
                struct mark failed);

/* Fills the phases of the device at hand, whose hosts and findings are judged. */
void phase_judge(struct judge *j, struct device_result *d);

#endif
