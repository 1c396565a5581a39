/*
 * live/notify: tells the service manager how the process does.
 * SPDX-License-Identifier: MIT
 *
 * sd_notify(3): datagrams to the socket that NOTIFY_SOCKET names. The protocol is small and stable, so no
 * library is used for it. Without the variable nothing happens.
 */
#ifndef LIVE_NOTIFY_H
#define LIVE_NOTIFY_H

#include <stdint.h>

struct notify {
    int fd;              /* -1: nobody wants to know */
    int64_t watchdog_ns; /* the manager wants a sign of life so often; 0: it does not */
    int64_t told_ns;
};

/* Before rights are dropped. */
void notify_open(struct notify *n);
void notify_close(struct notify *n);
void notify_send(const struct notify *n, const char *state); /* "READY=1" */
/* A sign of life, when one is due. */
void notify_alive(struct notify *n, int64_t now_ns);

#endif
