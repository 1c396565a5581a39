/*
 * diagnose/faces: what a finding says where its kind has more than one face.
 * SPDX-License-Identifier: MIT
 *
 * The facts of the case choose among texts; where none fits, the kind's own (told) stand. Private to
 * diagnose.
 */
#ifndef DIAGNOSE_FACES_H
#define DIAGNOSE_FACES_H

#include "judge.h"
#include "told.h"

/* Whether what a proxy refused was got without it, which let nothing pass. */
bool face_went_round(const struct judge *j, const struct draft *d);
const struct told *face_of(const struct judge *j, const struct draft *d);
/* The advice of a finding that has been blamed on somebody. */
const char *face_advice(const struct draft *d);

#endif
