/*
 * base/bring: memory that will be wanted soon.
 * SPDX-License-Identifier: MIT
 *
 * Tables of a fleet are bigger than caches, and waiting for memory takes longer than most of what is done with
 * it. Nothing that is seen depends on this.
 */
#ifndef BASE_BRING_H
#define BASE_BRING_H

/* Before a function that does nothing else: a compiler takes such a function for one without effect, and drops
 * calls of it. */
#define BRINGS __attribute__((always_inline)) static inline

/* Has the cache line at `p` brought near, without waiting for it. */
BRINGS void bring(const void *p)
{
    __builtin_prefetch(p);
}

#endif
