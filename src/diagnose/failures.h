/*
 * diagnose/failures: the ways in which hosts failed, kept small.
 * SPDX-License-Identifier: MIT
 *
 * A fleet has some for each of its devices. Most happened once and to a plain request: what only others have
 * (the time of the last one, what the headers of its connection said) lies apart, and addresses are numbers
 * of servers. Outside they are whole: a struct failure is a copy. Private to diagnose.
 */
#ifndef DIAGNOSE_FAILURES_H
#define DIAGNOSE_FAILURES_H

#include "facts.h"

struct kept_failure {
    struct mark first;
    int64_t healed_ns;
    int64_t value;
    uint32_t next; /* of the row, POOL_NONE at the end */
    uint32_t rest; /* a kept_rest, POOL_NONE where there is none */
    uint32_t count;
    uint32_t tries;
    uint32_t since_ok;
    uint32_t text;
    uint32_t server;
    uint16_t group;
    uint16_t code;
    uint16_t port;
    uint8_t kind;
    uint8_t ttl_server; /* of the clue, where that says nothing else */
    bool servers;
};

/* As in struct failure. Without it: `last` is `first`, and there was no ICMP error. */
struct kept_rest {
    struct mark last;
    struct ip_addr icmp_from;
    struct clue clue;
};

#endif
