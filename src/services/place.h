/*
 * services/place: where in a JSON text a value stands.
 * SPDX-License-Identifier: MIT
 *
 * Jansson forgets positions once it has parsed. A path of keys and indexes finds them again, in a text
 * that is known to be valid JSON; on anything else the place is the last step that could be followed.
 */
#ifndef SERVICES_PLACE_H
#define SERVICES_PLACE_H

#include "base/slice.h"

struct place_step {
    const char *key; /* of an object's member; NULL: an array's element */
    size_t index;
};

struct place {
    size_t line;   /* from 1 */
    size_t column; /* from 1, in characters */
};

struct place place_find(struct slice json, const struct place_step *path, size_t depth);

#endif
