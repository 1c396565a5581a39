/*
 * diagnose/path: how well the network carries a device's connections, once it did badly.
 * SPDX-License-Identifier: MIT
 *
 * A record is made by the first connection that was answered late or lost something on the way, and counts from
 * there on, so devices of good networks cost nothing. Private to diagnose.
 */
#ifndef DIAGNOSE_PATH_H
#define DIAGNOSE_PATH_H

#include "base/map.h"
#include "base/mark.h"
#include "pool.h"

#define PATHS_MAX    65536U
#define PATH_SERVERS 3 /* told apart: with so many it is no single server's way */

/* The connections that did badly in one respect. */
struct path_trouble {
    struct mark first; /* of each: when it began */
    struct mark last;
    uint32_t flows;
    uint32_t servers[PATH_SERVERS]; /* hashes of addresses */
    uint8_t server_count;
};

struct path {
    struct path_trouble slow;
    struct path_trouble lossy;
    uint32_t measured; /* connections since the first slow one whose round trip is known */
    uint32_t least_us; /* the shortest and longest of them */
    uint32_t most_us;
    uint32_t packets[2]; /* since the first loss, by the direction of sending */
    uint32_t lost[2]; /* of them: segments that their receiver lacked until they were sent again */
};

struct paths {
    struct map by_client;
    struct pool all;
};

#endif
