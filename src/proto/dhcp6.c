/*
 * proto/dhcp6: one message.
 * SPDX-License-Identifier: MIT
 *
 * RFC 8415 section 8: type (1), transaction id (3), options; section 21.1: an option is code (2), length (2),
 * value.
 */
#include "proto/dhcp6.h"

#define OPTIONS_MAX 128 /* read of one area */

enum option {
    OPT_IA_NA = 3,
    OPT_IA_ADDR = 5,
    OPT_VENDOR_CLASS = 16,
    OPT_RESOLVERS = 23,
};

/* The next option's code and value; false at the end, or where `c` fails. */
static bool next_option(struct cursor *c, uint16_t *code, struct cursor *value)
{
    if (cur_left(c) == 0)
        return false;
    *code = cur_be16(c);
    struct slice bytes = cur_take(c, cur_be16(c));
    *value = cursor_of(bytes, VERDICT_BAD);
    return c->verdict == VERDICT_OK;
}

/* address (16), preferred lifetime (4), valid lifetime (4), options: section 21.6 */
static void read_address(struct dhcp6_message *m, struct cursor *value)
{
    struct ip_addr address = addr_from_bytes(cur_take(value, 16));
    cur_skip(value, 4);
    uint32_t valid_s = cur_be32(value);
    if (value->verdict == VERDICT_OK && valid_s > 0 && m->address.family == 0)
        m->address = address;
}

/* id (4), T1 (4), T2 (4), options: section 21.4 */
static void read_association(struct dhcp6_message *m, struct cursor *value)
{
    uint16_t code;
    struct cursor option;
    cur_skip(value, 12);
    for (int i = 0; i < OPTIONS_MAX && next_option(value, &code, &option); i++) {
        if (code == OPT_IA_ADDR)
            read_address(m, &option);
    }
}

static void read_resolvers(struct dhcp6_message *m, struct cursor *value)
{
    while (cur_left(value) >= 16 && m->resolvers.count < DHCP_ADDRS_MAX)
        m->resolvers.at[m->resolvers.count++] = addr_from_bytes(cur_take(value, 16));
}

/* enterprise (4), then texts of length (2) and bytes, of which the first says it: section 21.16 */
static void read_vendor(struct dhcp6_message *m, struct cursor *value)
{
    cur_skip(value, 4);
    m->vendor = cur_take(value, cur_be16(value));
}

enum verdict dhcp6_parse(struct dhcp6_message *m, struct slice bytes, enum verdict on_overrun)
{
    struct cursor c = cursor_of(bytes, on_overrun);
    uint16_t code;
    struct cursor value;
    *m = (struct dhcp6_message){.type = cur_u8(&c)};
    cur_skip(&c, 3);
    for (int i = 0; i < OPTIONS_MAX && next_option(&c, &code, &value); i++) {
        if (code == OPT_IA_NA)
            read_association(m, &value);
        else if (code == OPT_RESOLVERS)
            read_resolvers(m, &value);
        else if (code == OPT_VENDOR_CLASS)
            read_vendor(m, &value);
    }
    return c.verdict;
}
