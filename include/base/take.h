/*
 * base/take: what a reader of a byte stream took of the bytes it was shown.
 * SPDX-License-Identifier: MIT
 */
#ifndef BASE_TAKE_H
#define BASE_TAKE_H

#include <stddef.h>
#include <stdint.h>

#define TAKE_REST UINT64_MAX

struct take {
    size_t consumed; /* from the front; the rest is shown again with more behind it */
    uint64_t skip;   /* then this many bytes of the stream need not be shown at all (a body);
                        TAKE_REST: nothing more of this direction is wanted */
    size_t want;     /* not to be called again before this many bytes are there; 0: any more */
};

#endif
