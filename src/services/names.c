/*
 * services/names: addresses of a device's DNS answers, and the names it asked for to get them.
 * SPDX-License-Identifier: MIT
 * RFC 1034 section 3.6.2 (CNAME chains).
 *
 * Sets of eight entries, each set a cache line: a look-up costs one, and memory does not grow. An entry is
 * a hash of device and address and the number of a name; a new one goes in front and pushes the oldest of
 * its set out, so that what was learned last stays. Hits are not compared with the addresses: with the 61
 * bits that tell entries apart two of them meet by chance once in a hundred thousand runs of full
 * tables, and the cost is one wrong label.
 */
#include "services/names.h"

#include <stdlib.h>

#include "base/bring.h"
#include "base/pages.h"

#define WAYS             8
#define SETS             (1U << 17) /* 8 MiB when all are used; pages that are not cost nothing */
#define TEXT_BITS        20
#define TEXT_MASK        ((1U << TEXT_BITS) - 1)
#define NAMES_KEY        0x6e616d6573ULL
#define TYPE_A           1
#define TYPE_AAAA        28
#define OTHERS_BYTES_MAX (64U << 20)
/* Addresses that are learned of one reply. */
#define NAMES_A_REPLY 64

struct set {
    uint64_t entries[WAYS]; /* upper bits of the hash, 1 + number of the name; 0: empty */
};

struct names {
    struct set *sets; /* each a cache line */
    const struct intern *listed;
    struct intern *others;
    /* The newest answer's addresses, which wait for their sets to come from memory. */
    uint64_t waiting[NAMES_A_REPLY];
    unsigned waiting_count;
    uint32_t waiting_text;
};

struct names *names_new(const struct intern *listed)
{
    struct names *n = calloc(1, sizeof *n);
    if (!n)
        return NULL;
    n->listed = listed;
    n->others = intern_new(NAMES_OTHERS_MAX, OTHERS_BYTES_MAX);
    n->sets = pages_new(SETS * sizeof *n->sets);
    if (n->sets && n->others)
        return n;
    names_free(n);
    return NULL;
}

void names_free(struct names *n)
{
    if (!n)
        return;
    intern_free(n->others);
    pages_free(n->sets, SETS * sizeof *n->sets);
    free(n);
}

/* ---- numbers: those of listed names, behind them those of others ---- */

uint32_t names_number(struct names *n, struct slice name)
{
    uint64_t hash = intern_hash(name);
    uint32_t id = intern_find_hashed(n->listed, name, hash);
    if (id < NAMES_LISTED_MAX)
        return id;
    id = intern_add_hashed(n->others, name, hash);
    return id == INTERN_NONE ? INTERN_NONE : id + NAMES_LISTED_MAX;
}

struct slice names_text(const struct names *n, uint32_t number)
{
    return number < NAMES_LISTED_MAX ? intern_name(n->listed, number)
                                     : intern_name(n->others, number - NAMES_LISTED_MAX);
}

/* ---- addresses ---- */

static uint64_t hash_of(uint32_t owner, const struct ip_addr *device, const struct ip_addr *server)
{
    return addr_hash(addr_hash(NAMES_KEY ^ (uint64_t)owner << 32, device), server);
}

static struct set *set_of(const struct names *n, uint64_t hash)
{
    return &n->sets[hash & (SETS - 1)];
}

/* The place of the entry with this hash; WAYS when there is none. */
static unsigned find(const struct set *set, uint64_t hash)
{
    unsigned at = 0;
    while (at < WAYS && (set->entries[at] ^ hash) >> TEXT_BITS != 0)
        at++;
    return at;
}

static void put(struct names *n, uint64_t hash, uint32_t text)
{
    struct set *set = set_of(n, hash);
    unsigned at = find(set, hash);
    for (at = at < WAYS ? at : WAYS - 1; at > 0; at--)
        set->entries[at] = set->entries[at - 1];
    set->entries[0] = (hash & ~(uint64_t)TEXT_MASK) | (text + 1);
}

static void put_waiting(struct names *n)
{
    for (unsigned i = 0; i < n->waiting_count; i++)
        put(n, n->waiting[i], n->waiting_text);
    n->waiting_count = 0;
}

/* An answer's addresses wait, NAMES_A_REPLY at most. */
static void let_wait(struct names *n, uint32_t owner, const struct ip_addr *device,
                     const struct tx_dns *dns)
{
    for (uint32_t i = 0; i < dns->answer_count && n->waiting_count < NAMES_A_REPLY; i++) {
        if (dns->answers[i].addr.family == 0)
            continue;
        uint64_t hash = hash_of(owner, device, &dns->answers[i].addr);
        bring(set_of(n, hash));
        n->waiting[n->waiting_count++] = hash;
    }
}

void names_learn(struct names *n, uint32_t owner, const struct ip_addr *device,
                 const struct tx_dns *dns)
{
    bool asks_address = dns->qtype == TYPE_A || dns->qtype == TYPE_AAAA;
    if (!asks_address || dns->rcode != 0 || dns->qname.len == 0)
        return;
    put_waiting(n);
    let_wait(n, owner, device, dns);
    if (n->waiting_count == 0)
        return;
    n->waiting_text = names_number(n, dns->qname);
    if (n->waiting_text == INTERN_NONE)
        n->waiting_count = 0;
}

uint32_t names_find(struct names *n, uint32_t owner, const struct ip_addr *device,
                    const struct ip_addr *server)
{
    put_waiting(n);
    uint64_t hash = hash_of(owner, device, server);
    const struct set *set = set_of(n, hash);
    unsigned at = find(set, hash);
    uint32_t text = at < WAYS ? (uint32_t)set->entries[at] & TEXT_MASK : 0;
    return text > 0 ? text - 1 : INTERN_NONE;
}
