/*
 * tests/fuzz/fuzz_ipv6_setup: a router advertisement, or a message of DHCPv6.
 * SPDX-License-Identifier: MIT
 *
 * Input: one control byte (bit 7: cut; bit 0: DHCPv6), then the message.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "proto/dhcp6.h"
#include "proto/ndp.h"

static volatile uint8_t sink;

static void check_addrs(const struct dhcp_addrs *list)
{
    if (list->count > DHCP_ADDRS_MAX)
        abort();
    for (uint8_t i = 0; i < list->count; i++) {
        if (list->at[i].family != 6)
            abort();
    }
}

static void read_dhcp6(struct slice bytes, enum verdict on_overrun)
{
    struct dhcp6_message m;
    if (dhcp6_parse(&m, bytes, on_overrun) == VERDICT_OK && bytes.len < 4)
        abort();
    check_addrs(&m.resolvers);
    for (size_t i = 0; i < m.vendor.len; i++)
        sink ^= m.vendor.data[i];
}

static void read_advert(struct slice bytes, enum verdict on_overrun)
{
    struct ndp_advert a;
    if (ndp_advert_parse(&a, bytes, on_overrun) == VERDICT_OK && bytes.len < 12)
        abort();
    check_addrs(&a.resolvers);
    if (a.global && !a.autonomous)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_of(slice_of(data, size), VERDICT_SHORT);
    uint8_t control = cur_u8(&c);
    enum verdict on_overrun = control & 0x80 ? VERDICT_SHORT : VERDICT_BAD;
    if (control & 1)
        read_dhcp6(cur_rest(&c), on_overrun);
    else
        read_advert(cur_rest(&c), on_overrun);
    return 0;
}
