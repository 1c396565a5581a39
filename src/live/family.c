/*
 * live/family: a list of engines, the newest first.
 * SPDX-License-Identifier: MIT
 */
#include "family.h"

#include <stdlib.h>

#define FAMILY_NS (3600 * NS_PER_S)
#define STEP_NS \
    (60 * NS_PER_S) /* a clock that is set all the time makes no more families than that */

static void family_free(struct family *f)
{
    engine_free(f->engine);
    free(f);
}

/* Those without devices, but for the newest, which waits for some. */
static void sweep(struct family *newest)
{
    struct family **at = &newest->older;
    while (*at) {
        struct family *f = *at;
        if (f->devices > 0) {
            at = &f->older;
            continue;
        }
        *at = f->older;
        family_free(f);
    }
}

bool family_begin(struct family **newest, const struct engine_options *options, int64_t now_ns,
                  struct err *err)
{
    struct family *f = calloc(1, sizeof *f);
    if (!f) {
        err_set(err, NULL, "out of memory");
        return false;
    }
    f->engine = engine_new(options, err);
    if (!f->engine) {
        free(f);
        return false;
    }
    if (!engine_prepare(f->engine)) {
        err_set(err, NULL, "out of memory");
        family_free(f);
        return false;
    }
    f->since_ns = now_ns;
    f->older = *newest;
    *newest = f;
    sweep(f);
    return true;
}

bool family_is_old(const struct family *newest, int64_t now_ns)
{
    int64_t age_ns = now_ns - newest->since_ns;
    return age_ns >= FAMILY_NS ||
           (age_ns >= STEP_NS && subject_stats(engine_whole(newest->engine)).clock_steps > 0);
}

void family_leave(struct family **newest, struct family *f)
{
    if (--f->devices == 0)
        sweep(*newest);
}

void family_time(const struct family *newest, int64_t now_ns)
{
    for (const struct family *f = newest; f; f = f->older)
        engine_time(f->engine, now_ns);
}

void family_clear(struct family **newest)
{
    while (*newest) {
        struct family *f = *newest;
        *newest = f->older;
        family_free(f);
    }
}
