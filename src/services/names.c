/*
 * services/names: addresses of a device's DNS answers, and the names it asked for to get them.
 * SPDX-License-Identifier: MIT
 * RFC 1034 section 3.6.2 (CNAME chains).
 *
 * An entry is a hash of device and address and the number of a name: 12 bytes in a table that is at
 * most three quarters full, so 32 at worst. Two tables take turns: when the young one is full the old
 * one is dropped, so a long run keeps what was learned last. Hits are not compared with the addresses:
 * at 64 bits two of them meet by chance once in ten million runs of full tables, and the cost is one
 * wrong label.
 */
#include "services/names.h"

#include <stdlib.h>

#include "base/intern.h"
#include "base/map.h"

#define NAMES_YOUNG_MAX (512U * 1024)        /* entries of one table */
#define NAMES_TEXTS_MAX (256U * 1024)        /* distinct names */
#define NAMES_BYTES_MAX (16UL * 1024 * 1024) /* of their text */
#define NAMES_KEY       0x6e616d6573ULL
#define DNS_TYPE_A      1
#define DNS_TYPE_AAAA   28

struct names {
    struct map young;
    struct map old;
    struct intern *texts;
};

struct names *names_new(void)
{
    struct names *n = calloc(1, sizeof *n);
    if (!n)
        return NULL;
    map_init(&n->young, NAMES_YOUNG_MAX);
    map_init(&n->old, NAMES_YOUNG_MAX);
    n->texts = intern_new(NAMES_TEXTS_MAX, NAMES_BYTES_MAX);
    if (!n->texts) {
        free(n);
        return NULL;
    }
    return n;
}

void names_free(struct names *n)
{
    if (!n)
        return;
    map_clear(&n->young);
    map_clear(&n->old);
    intern_free(n->texts);
    free(n);
}

static uint64_t key_of(const struct ip_addr *device, const struct ip_addr *server)
{
    return addr_hash(addr_hash(NAMES_KEY, device), server);
}

static void put(struct names *n, uint64_t key, uint32_t text)
{
    if (map_put(&n->young, key, text) || n->young.count < NAMES_YOUNG_MAX)
        return;
    map_clear(&n->old);
    n->old = n->young;
    map_init(&n->young, NAMES_YOUNG_MAX);
    (void)map_put(&n->young, key, text);
}

void names_learn(struct names *n, const struct ip_addr *device, const struct tx_dns *dns)
{
    bool asks_address = dns->qtype == DNS_TYPE_A || dns->qtype == DNS_TYPE_AAAA;
    if (!asks_address || dns->rcode != 0 || dns->qname.len == 0)
        return;
    uint32_t text = INTERN_NONE;
    for (uint32_t i = 0; i < dns->answer_count; i++) {
        const struct dns_answer *answer = &dns->answers[i];
        if (answer->addr.family == 0)
            continue;
        if (text == INTERN_NONE)
            text = intern_add(n->texts, dns->qname);
        if (text == INTERN_NONE)
            return;
        put(n, key_of(device, &answer->addr), text);
    }
}

struct slice names_find(const struct names *n, const struct ip_addr *device,
                        const struct ip_addr *server)
{
    uint64_t key = key_of(device, server);
    uint32_t text = map_get(&n->young, key);
    if (text == MAP_NONE)
        text = map_get(&n->old, key);
    return text == MAP_NONE ? slice_of("", 0) : intern_name(n->texts, text);
}
