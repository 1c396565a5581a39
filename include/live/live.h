/*
 * live/live: a sensor: devices under deployment on network interfaces, reported as they end.
 * SPDX-License-Identifier: MIT
 *
 * Opens interfaces and outputs, gives every right up, then reads packets until it is told to stop. The
 * engine, the rules and the reports are those of an analysis of files.
 */
#ifndef LIVE_LIVE_H
#define LIVE_LIVE_H

#include "base/err.h"
#include "capture/tap.h"
#include "diagnose/result.h"

#define EVIDENCE_BYTES_MIN     (256U << 10)
#define EVIDENCE_BYTES_DEFAULT (4U << 20)
#define EVIDENCE_BYTES_MAX     (64U << 20)

struct live_options {
    const char *const *interfaces;
    unsigned interface_count;
    struct tap_options tap;
    const struct service_list *services;
    bool ndpi;
    const char *user;        /* to become, or NULL */
    const char *reports;     /* folder for reports, or NULL */
    const char *evidence;    /* folder for packets of deployments that failed, or NULL */
    uint32_t evidence_bytes; /* kept of one device, EVIDENCE_BYTES_MIN or more */
    const char *eve;         /* file, "-" or "unix:PATH" for events, or NULL */
    const char *http;        /* where to answer HTTP, as live/http takes it, or NULL */
    bool lines;              /* on a terminal too, instead of a screen */
    bool color;              /* on the screen */
    int64_t timeout_ns;      /* silence that ends a deployment */
    unsigned exit_after;     /* stop when so many deployments have ended; 0: never */
};

struct live_outcome {
    unsigned ended;          /* deployments */
    enum verdict_word worst; /* of them */
    bool lost_interface;     /* stopped since no interface was left */
};

/* False with `err` filled when it could not begin, or not with its rights given up: nothing was read
 * then. Else what came of it. */
bool live_run(const struct live_options *options, struct live_outcome *outcome, struct err *err);

#endif
