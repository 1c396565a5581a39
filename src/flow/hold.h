/*
 * flow/hold: bytes in order that a reader has not consumed yet. Private to the layer.
 * SPDX-License-Identifier: MIT
 *
 * Remembers which packet brought which bytes, for the first few packets.
 */
#ifndef FLOW_HOLD_H
#define FLOW_HOLD_H

#include "base/mark.h"
#include "base/slice.h"

struct hold;

/* Appends, creating the buffer where `*h` is NULL; false when memory is out (nothing changed). */
bool hold_append(struct hold **h, struct slice bytes, const struct mark *at);

/* Drops `n` bytes from the front; frees the buffer when it is empty. */
void hold_drop(struct hold **h, size_t n);
void hold_free(struct hold **h);

/* NULL holds nothing. Valid until the next change. */
struct slice hold_view(const struct hold *h);

/* Which packet brought the byte at `offset`. */
struct mark hold_mark(const struct hold *h, size_t offset);

#endif
