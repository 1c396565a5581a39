/*
 * net/addr: addresses as text, in order, and what kind they are.
 * SPDX-License-Identifier: MIT
 *
 * RFC 4291, RFC 5952 (text), RFC 1918, RFC 6598, RFC 4193 (private), RFC 3927 (link local).
 */
#include "net/addr.h"

#include <arpa/inet.h>

#define V4_LEN     4
#define V6_LEN     16
#define V6_GROUPS  8
#define NO_RUN     V6_GROUPS
#define HEX_DIGITS "0123456789abcdef"

struct ip_addr addr_v4(uint32_t host_order)
{
    return (struct ip_addr){.bytes = {(uint8_t)(host_order >> 24), (uint8_t)(host_order >> 16),
                                      (uint8_t)(host_order >> 8), (uint8_t)host_order},
                            .family = 4};
}

struct ip_addr addr_from_bytes(struct slice bytes)
{
    struct ip_addr a = {.family = 0};
    if (bytes.len != V4_LEN && bytes.len != V6_LEN)
        return a;
    memcpy(a.bytes, bytes.data, bytes.len);
    a.family = bytes.len == V4_LEN ? 4 : 6;
    return a;
}

bool addr_parse(struct ip_addr *out, const char *text)
{
    *out = (struct ip_addr){.family = 0};
    if (inet_pton(AF_INET, text, out->bytes) == 1)
        out->family = 4;
    else if (inet_pton(AF_INET6, text, out->bytes) == 1)
        out->family = 6;
    return out->family != 0;
}

static char *put_decimal(char *at, unsigned value)
{
    if (value >= 100)
        *at++ = (char)('0' + value / 100);
    if (value >= 10)
        *at++ = (char)('0' + value / 10 % 10);
    *at++ = (char)('0' + value % 10);
    return at;
}

static char *put_hex(char *at, unsigned value)
{
    for (int shift = 12; shift >= 0; shift -= 4) {
        if (value >> shift || shift == 0)
            *at++ = HEX_DIGITS[value >> shift & 15];
    }
    return at;
}

static char *put_v4(char *at, const uint8_t *bytes)
{
    for (int i = 0; i < V4_LEN; i++) {
        if (i > 0)
            *at++ = '.';
        at = put_decimal(at, bytes[i]);
    }
    return at;
}

static unsigned group(const struct ip_addr *a, size_t i)
{
    return (unsigned)a->bytes[2 * i] << 8 | a->bytes[2 * i + 1];
}

/* The longest run of two or more zero groups, the first of equal ones: [start, end). */
static unsigned zero_run(const struct ip_addr *a, unsigned *end)
{
    unsigned best = NO_RUN;
    unsigned best_len = 1;
    for (unsigned i = 0; i < V6_GROUPS; i++) {
        unsigned start = i;
        while (i < V6_GROUPS && group(a, i) == 0)
            i++;
        if (i - start > best_len) {
            best = start;
            best_len = i - start;
        }
    }
    *end = best + best_len;
    return best;
}

static char *put_v6(char *at, const struct ip_addr *a)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (memcmp(a->bytes, mapped, sizeof mapped) == 0) {
        for (const char *head = "::ffff:"; *head; head++)
            *at++ = *head;
        return put_v4(at, &a->bytes[12]);
    }
    unsigned run_end = 0;
    unsigned run = zero_run(a, &run_end);
    for (unsigned i = 0; i < V6_GROUPS; i++) {
        if (i == run) {
            *at++ = ':';
            *at++ = ':';
            i = run_end;
            if (i == V6_GROUPS)
                break;
        } else if (i > 0) {
            *at++ = ':';
        }
        at = put_hex(at, group(a, i));
    }
    return at;
}

const char *addr_text(const struct ip_addr *a, char out[ADDR_TEXT_SIZE])
{
    char *end = out;
    if (a->family == 4)
        end = put_v4(out, a->bytes);
    else if (a->family == 6)
        end = put_v6(out, a);
    else
        *end++ = '-';
    *end = '\0';
    return out;
}

const char *mac_text(const struct mac_addr *m, char out[MAC_TEXT_SIZE])
{
    char *at = out;
    for (size_t i = 0; i < sizeof m->bytes; i++) {
        *at++ = HEX_DIGITS[m->bytes[i] >> 4];
        *at++ = HEX_DIGITS[m->bytes[i] & 15];
        *at++ = ':';
    }
    out[MAC_TEXT_SIZE - 1] = '\0';
    return out;
}

int addr_cmp(const struct ip_addr *a, const struct ip_addr *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

uint64_t addr_hash(uint64_t key, const struct ip_addr *a)
{
    uint64_t words[2];
    memcpy(words, a->bytes, sizeof words);
    return hash_mix(hash_mix(key ^ a->family, words[0]), words[1]);
}

bool addr_parse_range(struct ip_range *out, const char *text)
{
    char address[ADDR_TEXT_SIZE];
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : sizeof address;
    if (len >= sizeof address)
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    unsigned bits = 0;
    const char *digit = slash + 1;
    for (; *digit >= '0' && *digit <= '9' && bits <= 128; digit++)
        bits = bits * 10 + (unsigned)(*digit - '0');
    if (digit == slash + 1 || *digit != '\0' || !addr_parse(&out->first, address))
        return false;
    out->bits = (uint8_t)bits;
    return bits <= (out->first.family == 4 ? 32U : 128U);
}

bool addr_in_range(const struct ip_addr *a, const struct ip_range *range)
{
    if (a->family != range->first.family)
        return false;
    size_t whole = range->bits / 8;
    unsigned rest = range->bits % 8;
    if (memcmp(a->bytes, range->first.bytes, whole) != 0)
        return false;
    return rest == 0 || (a->bytes[whole] ^ range->first.bytes[whole]) >> (8 - rest) == 0;
}

/* Whether the first `bits` bits are those of `prefix`. */
static bool begins(const struct ip_addr *a, uint32_t prefix, unsigned bits)
{
    uint32_t head = (uint32_t)a->bytes[0] << 24 | (uint32_t)a->bytes[1] << 16 |
                    (uint32_t)a->bytes[2] << 8 | a->bytes[3];
    return (head ^ prefix) >> (32 - bits) == 0;
}

/* Whether all bytes are zero but the last, which is `last`. */
static bool is_v6_small(const struct ip_addr *a, uint8_t last)
{
    const struct ip_addr small = {.bytes = {[15] = last}, .family = 6};
    return addr_eq(a, &small);
}

bool addr_is_unspecified(const struct ip_addr *a)
{
    return a->family == 4 ? begins(a, 0, 32) : is_v6_small(a, 0);
}

bool addr_is_loopback(const struct ip_addr *a)
{
    return a->family == 4 ? begins(a, 0x7f000000, 8) : is_v6_small(a, 1);
}

bool addr_is_multicast(const struct ip_addr *a)
{
    if (a->family == 4)
        return begins(a, 0xe0000000, 4) || begins(a, 0xffffffff, 32);
    return a->family == 6 && begins(a, 0xff000000, 8);
}

bool addr_is_link_local(const struct ip_addr *a)
{
    if (a->family == 4)
        return begins(a, 0xa9fe0000, 16);
    return a->family == 6 && begins(a, 0xfe800000, 10);
}

bool addr_is_site_local(const struct ip_addr *a)
{
    return a->family == 6 && begins(a, 0xfec00000, 10);
}

bool addr_is_private(const struct ip_addr *a)
{
    if (a->family == 4)
        return begins(a, 0x0a000000, 8) || begins(a, 0xac100000, 12) || begins(a, 0xc0a80000, 16) ||
               begins(a, 0x64400000, 10);
    return a->family == 6 && begins(a, 0xfc000000, 7);
}
