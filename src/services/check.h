/*
 * services/check: what a list may say: words, host patterns, ports.
 * SPDX-License-Identifier: MIT
 */
#ifndef SERVICES_CHECK_H
#define SERVICES_CHECK_H

#include "base/slice.h"
#include "services/services.h"

#define WORD_NONE UINT32_MAX

/* Position of `text` in a list of words that NULL ends; WORD_NONE when it is none of them. */
uint32_t word_find(const char *const *words, struct slice text);
/* The word that `text` was probably meant to be; NULL when none is near. */
const char *word_near(const char *const *words, struct slice text);
/* The words as "a, b, c". */
const char *word_list(const char *const *words, char *out, size_t size);

/* The words of enum need, match_kind and transport, in their order. */
extern const char *const need_words[];
extern const char *const match_words[];
extern const char *const transport_words[];

bool id_valid(struct slice id); /* lower case letters, digits and '-' */

/* What a pattern is without the list saying so. */
enum match_kind pattern_kind(struct slice pattern);
/* NULL when a lower-case pattern is fit for its kind, else what is wrong with it. */
const char *pattern_fault(struct slice pattern, enum match_kind kind);

/* The protocol that ports stand for: "tls" for TCP 443 and so on. */
const char *port_protocol(enum transport transport, const uint16_t *ports, uint16_t count);

#endif
