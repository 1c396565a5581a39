/*
 * base/hash: hashing byte strings.
 * SPDX-License-Identifier: MIT
 */
#include "base/hash.h"

#define WORD sizeof(uint64_t)

static uint64_t load(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, WORD);
    return v;
}

/* Fewer bytes than a word, little end first. */
static uint64_t load_short(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

/* Two words a step. The last ones are taken from the end: together with some bytes before them. */
uint64_t hash_bytes(uint64_t key, struct slice s)
{
    uint64_t h = hash_mix(key, s.len);
    if (s.len < WORD)
        return hash_mix(h, load_short(s.data, s.len));
    const uint8_t *p = s.data;
    size_t left = s.len;
    for (; left > 2 * WORD; left -= 2 * WORD, p += 2 * WORD)
        h = hash_mix(h ^ load(p), load(p + WORD));
    uint64_t last = load(p + left - WORD);
    return left > WORD ? hash_mix(h ^ load(p), last) : hash_mix(h, last);
}
