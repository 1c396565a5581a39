/*
 * base/bring: memory that will be wanted soon.
 * SPDX-License-Identifier: MIT
 *
 * Tables of a fleet are bigger than caches, and waiting for memory takes longer than most of what is done with
 * it. Nothing that is seen depends on this.
 */
#ifndef BASE_BRING_H
#define BASE_BRING_H

#include <stddef.h>

#define BRING_LINE 64 /* bytes of a cache line */

/* Before a function that does nothing else: a compiler takes such a function for one without effect, and drops
 * calls of it. */
#define BRINGS __attribute__((always_inline)) static inline

/* Has the cache line at `p` brought near, without waiting for it. */
BRINGS void bring(const void *p)
{
    __builtin_prefetch(p);
}

/* The same for all lines of `len` bytes. Asking costs next to nothing, but for an address that is none: it is
 * looked up in vain each time. */
BRINGS void bring_bytes(const void *p, size_t len)
{
    for (size_t at = 0; at < len; at += BRING_LINE)
        bring((const char *)p + at);
}

#endif
