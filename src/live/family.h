/*
 * live/family: devices that began about the same time, and the engine they share.
 * SPDX-License-Identifier: MIT
 *
 * Devices of a network learn together what it lets pass, and their flows lie in one table. What was learned
 * gets old, and an engine keeps the memory of its busiest minute: so now and then a new family begins, and an
 * old one goes with its last device.
 */
#ifndef LIVE_FAMILY_H
#define LIVE_FAMILY_H

#include "engine/subject.h"

struct family {
    struct engine *engine;
    uint32_t devices;
    int64_t since_ns;
    struct family *older; /* or NULL */
};

/* A family for devices that begin from now on, in front of the others. False, with `err` filled and nothing
 * changed, when memory is out. */
bool family_begin(struct family **newest, const struct engine_options *options, int64_t now_ns,
                  struct err *err);

/* Whether the newest family is so old that another should begin: in age, or because its clock was set back. */
bool family_is_old(const struct family *newest, int64_t now_ns);

/* One device less; what nobody needs any more goes. */
void family_leave(struct family **newest, struct family *f);

/* It is `now_ns` for all of them. */
void family_time(const struct family *newest, int64_t now_ns);

/* At the end, when all devices are gone. */
void family_clear(struct family **newest);

#endif
