/*
 * base/hash: keyed hashing for tables that network input fills.
 * SPDX-License-Identifier: MIT
 *
 * A multiply-mix hash: fast, and keyed so that a sender cannot aim at one slot. The key is fixed for
 * offline analyses, whose results must be the same on every run; no output depends on table order.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/slice.h"

static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
    __uint128_t product = (__uint128_t)(a ^ 0x9e3779b97f4a7c15ULL) * (b ^ 0xe7037ed1a0b428dbULL);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t hash_bytes(uint64_t key, struct slice s);

#endif
