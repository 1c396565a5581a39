/*
 * base/hash: hashing byte strings.
 * SPDX-License-Identifier: MIT
 */
#include "base/hash.h"

/* Up to 8 bytes, little end first; names are short, so a plain loop is good enough at the tail. */
static uint64_t load(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    if (n == 8) {
        memcpy(&v, p, 8);
        return v;
    }
    for (size_t i = 0; i < n; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

uint64_t hash_bytes(uint64_t key, struct slice s)
{
    uint64_t h = hash_mix(key, s.len);
    size_t at = 0;
    for (; s.len - at >= 16; at += 16)
        h = hash_mix(h ^ load(s.data + at, 8), load(s.data + at + 8, 8));
    for (; at < s.len; at += 8)
        h = hash_mix(h, load(s.data + at, s.len - at < 8 ? s.len - at : 8));
    return h;
}
