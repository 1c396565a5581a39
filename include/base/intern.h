/*
 * base/intern: each distinct name stored once, known by a small number.
 * SPDX-License-Identifier: MIT
 *
 * Numbers count up from 0 in order of first sight. Names stay valid until intern_free.
 */
#ifndef BASE_INTERN_H
#define BASE_INTERN_H

#include "base/slice.h"

#define INTERN_NONE UINT32_MAX

struct intern;

/* At most `cap_names` names (FINDER_MAX the most) of `cap_bytes` in all. NULL when memory is out. */
struct intern *intern_new(uint32_t cap_names, size_t cap_bytes);
void intern_free(struct intern *t);

/* The number of `name`, added when new; INTERN_NONE at a cap. */
uint32_t intern_add(struct intern *t, struct slice name);
/* The number of `name`, INTERN_NONE when it was never added. */
uint32_t intern_find(const struct intern *t, struct slice name);
/* The same two for a name that several tables are asked for: `hash` is its intern_hash. */
uint32_t intern_find_hashed(const struct intern *t, struct slice name, uint64_t hash);
uint32_t intern_add_hashed(struct intern *t, struct slice name, uint64_t hash);
uint64_t intern_hash(struct slice name);
/* The name of a number below intern_count(); NUL-terminated. */
struct slice intern_name(const struct intern *t, uint32_t id);
uint32_t intern_count(const struct intern *t);

#endif
