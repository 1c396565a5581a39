/*
 * base/finder: finds the records of a table by a hash of each.
 * SPDX-License-Identifier: MIT
 *
 * For tables whose keys lie in their records: a slot is four bytes, the number of a record and some bits of
 * its hash. So the caller compares the few records that it is offered, and says their hashes again when
 * the finder grows. Where keys lie nowhere else, base/map keeps them. Nothing is ever taken out.
 */
#ifndef BASE_FINDER_H
#define BASE_FINDER_H

#include "base/bring.h"
#include "base/hash.h"

#define FINDER_NONE UINT32_MAX
#define FINDER_BITS 20
#define FINDER_MAX  ((1U << FINDER_BITS) - 1) /* most records; their numbers lie below */

struct finder {
    uint32_t *slots; /* the upper bits of a hash, 1 + number of the record; 0: empty */
    uint32_t count;
    uint32_t size; /* power of two, or 0 */
};

/* The hash of a record of the table. Both ends of it must be well mixed. */
typedef uint64_t finder_hash_fn(const void *table, uint32_t number);

void finder_init(struct finder *f);
void finder_clear(struct finder *f);
/* A finder of its own with the same entries. false when memory is out: `out` is empty then. */
bool finder_copy(struct finder *out, const struct finder *f);

/* What of a hash lies in a slot. */
static inline uint32_t finder_tag(uint64_t hash)
{
    return (uint32_t)(hash >> 32) & ~FINDER_MAX;
}

/* The next record that may have this hash, FINDER_NONE when there is none. `step` is 0 to begin with. */
static inline uint32_t finder_next(const struct finder *f, uint64_t hash, uint32_t *step)
{
    while (*step < f->size) {
        uint32_t slot = f->slots[((uint32_t)hash + (*step)++) & (f->size - 1)];
        if (slot == 0)
            break;
        if ((slot & ~FINDER_MAX) == finder_tag(hash))
            return (slot & FINDER_MAX) - 1;
    }
    return FINDER_NONE;
}

/* Has the slot of a hash brought near, for a look-up some time later. */
BRINGS void finder_bring(const struct finder *f, uint64_t hash)
{
    if (f->size)
        bring(&f->slots[(uint32_t)hash & (f->size - 1)]);
}

/* Adds a record that is not there yet. false at FINDER_MAX or out of memory. */
bool finder_add(struct finder *f, uint64_t hash, uint32_t number, finder_hash_fn *hash_of,
                const void *table);

/* Puts another record of the same hash in the place of one that is there. */
void finder_replace(const struct finder *f, uint64_t hash, uint32_t old, uint32_t number);

#endif
