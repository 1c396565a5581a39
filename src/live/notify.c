/*
 * live/notify: the protocol of sd_notify(3).
 * SPDX-License-Identifier: MIT
 */
#include "notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mark.h"

void notify_open(struct notify *n)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    *n = (struct notify){.fd = -1};
    /* Read once, before anything could change the environment. */
    const char *path = getenv("NOTIFY_SOCKET");     // NOLINT(concurrency-mt-unsafe)
    const char *watchdog = getenv("WATCHDOG_USEC"); // NOLINT(concurrency-mt-unsafe)
    if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof to.sun_path)
        return;
    size_t len = strlen(path);
    memcpy(to.sun_path, path, len);
    if (path[0] == '@')
        to.sun_path[0] = '\0'; /* an abstract name */
    n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    if (n->fd >= 0 && connect(n->fd, (const struct sockaddr *)&to, size) != 0)
        notify_close(n);
    if (n->fd >= 0 && watchdog)
        n->watchdog_ns = strtoll(watchdog, NULL, 10) * NS_PER_US;
}

void notify_close(struct notify *n)
{
    if (n->fd >= 0)
        (void)close(n->fd);
    n->fd = -1;
}

void notify_send(const struct notify *n, const char *state)
{
    /* Nobody to tell when it fails: the manager notices itself. */
    if (n->fd >= 0)
        (void)send(n->fd, state, strlen(state), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void notify_alive(struct notify *n, int64_t now_ns)
{
    if (n->watchdog_ns == 0 || now_ns - n->told_ns < n->watchdog_ns / 3)
        return;
    n->told_ns = now_ns;
    notify_send(n, "WATCHDOG=1");
}
