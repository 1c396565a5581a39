/*
 * proto/ndp: router advertisements.
 * SPDX-License-Identifier: MIT
 *
 * RFC 4861 section 4.2: what follows the checksum is
 *
 *    hop limit (1) flags (1) lifetime (2) reachable time (4) retransmission timer (4) options
 *
 * and each option is type (1), length in units of 8 bytes (1), value.
 */
#include "proto/ndp.h"

#define UNIT        8
#define OPTIONS_MAX 64
#define PREFIX_BITS 64 /* RFC 4862: of a prefix that leaves room for the device's half */

enum {
    OPTION_PREFIX = 3,
    OPTION_RESOLVERS = 25,
};

enum {
    FLAG_MANAGED = 0x80,
    FLAG_OTHER = 0x40,
    FLAG_AUTONOMOUS = 0x40, /* of a prefix */
};

/* prefix length (1), flags (1), valid lifetime (4), preferred lifetime (4), reserved (4), prefix (16) */
static void read_prefix(struct ndp_advert *a, struct cursor *c)
{
    uint8_t bits = cur_u8(c);
    uint8_t flags = cur_u8(c);
    uint32_t valid_s = cur_be32(c);
    cur_skip(c, 8);
    struct ip_addr prefix = addr_from_bytes(cur_take(c, 16));
    if (c->verdict != VERDICT_OK || !(flags & FLAG_AUTONOMOUS) || valid_s == 0 ||
        bits != PREFIX_BITS || addr_is_link_local(&prefix))
        return;
    a->autonomous = true;
    a->global |= !addr_is_private(&prefix);
}

/* reserved (2), lifetime (4), addresses (16 each); a lifetime of 0 takes them back */
static void read_resolvers(struct ndp_advert *a, struct cursor *c)
{
    cur_skip(c, 2);
    uint32_t lifetime_s = cur_be32(c);
    while (lifetime_s > 0 && cur_left(c) >= 16 && a->resolvers.count < DHCP_ADDRS_MAX)
        a->resolvers.at[a->resolvers.count++] = addr_from_bytes(cur_take(c, 16));
}

/* The value of the next option; empty where `c` fails. */
static struct slice next_option(struct cursor *c, uint8_t *type)
{
    *type = cur_u8(c);
    size_t units = cur_u8(c);
    if (units > 0)
        return cur_take(c, units * UNIT - 2);
    cur_fail(c, VERDICT_BAD);
    return slice_of(c->end, 0);
}

enum verdict ndp_advert_parse(struct ndp_advert *a, struct slice message, enum verdict on_overrun)
{
    struct cursor c = cursor_of(message, on_overrun);
    *a = (struct ndp_advert){.lifetime_s = 0};
    cur_skip(&c, 1);
    uint8_t flags = cur_u8(&c);
    a->lifetime_s = cur_be16(&c);
    cur_skip(&c, 8);
    if (c.verdict == VERDICT_OK) {
        a->managed = (flags & FLAG_MANAGED) != 0;
        a->other = (flags & FLAG_OTHER) != 0;
    }
    for (int i = 0; i < OPTIONS_MAX && cur_left(&c) > 0; i++) {
        uint8_t type;
        struct slice value = next_option(&c, &type);
        struct cursor option = cursor_of(value, VERDICT_BAD);
        if (type == OPTION_PREFIX)
            read_prefix(a, &option);
        else if (type == OPTION_RESOLVERS)
            read_resolvers(a, &option);
    }
    return c.verdict;
}
