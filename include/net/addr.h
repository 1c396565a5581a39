/*
 * net/addr: IP and MAC addresses.
 * SPDX-License-Identifier: MIT
 *
 * An IPv4 address lies in the first four bytes, the rest is zero, so that addresses compare and hash
 * as 16 bytes and a family. Text is RFC 5952 (IPv6) and dotted decimal.
 */
#ifndef NET_ADDR_H
#define NET_ADDR_H

#include "base/hash.h"
#include "base/slice.h"

struct ip_addr {
    uint8_t bytes[16];
    uint8_t family; /* 4, 6, or 0 for none */
};

struct mac_addr {
    uint8_t bytes[6];
};

#define ADDR_TEXT_SIZE 46
#define MAC_TEXT_SIZE  18

struct ip_addr addr_v4(uint32_t host_order);
struct ip_addr addr_from_bytes(struct slice bytes); /* 4 or 16 bytes; else family 0 */
bool addr_parse(struct ip_addr *out, const char *text);
const char *addr_text(const struct ip_addr *a, char out[ADDR_TEXT_SIZE]);
const char *mac_text(const struct mac_addr *m, char out[MAC_TEXT_SIZE]);

static inline bool addr_eq(const struct ip_addr *a, const struct ip_addr *b)
{
    uint64_t x[2], y[2]; /* two words: packets and flows are compared all the time */
    memcpy(x, a->bytes, sizeof x);
    memcpy(y, b->bytes, sizeof y);
    return a->family == b->family && ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
}

/* Orders by family, then bytes. */
int addr_cmp(const struct ip_addr *a, const struct ip_addr *b);
uint64_t addr_hash(uint64_t key, const struct ip_addr *a);

struct ip_range {
    struct ip_addr first;
    uint8_t bits; /* of the address that all in it share */
};

/* "192.0.2.0/24", "2001:db8::/32" */
bool addr_parse_range(struct ip_range *out, const char *text);
bool addr_in_range(const struct ip_addr *a, const struct ip_range *range);

bool addr_is_unspecified(const struct ip_addr *a);
bool addr_is_loopback(const struct ip_addr *a);
bool addr_is_multicast(const struct ip_addr *a); /* 255.255.255.255 counts too */
bool addr_is_link_local(const struct ip_addr *a);
bool addr_is_site_local(const struct ip_addr *a); /* fec0::/10, which RFC 3879 took back */
bool addr_is_private(const struct ip_addr *a);    /* RFC 1918, RFC 6598, RFC 4193 */

#endif
