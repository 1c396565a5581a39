/*
 * tests/fuzz/fuzz_dhcp: datagrams of a network.
 * SPDX-License-Identifier: MIT
 *
 * Input: datagrams of one control byte (bit 7: cut; low bits: so many seconds later each), two length
 * bytes and their bytes.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "proto/dhcp.h"

static volatile uint8_t sink;

static void read_all(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        sink ^= s.data[i];
}

static void check_tx(void *ctx, const struct tx *tx)
{
    const struct tx_dhcp *t = tx->u.dhcp;
    (void)ctx;
    if (tx->kind != TX_DHCP || t->types == 0 || t->last >= DHCP_TYPE_COUNT ||
        t->offer_count > DHCP_OFFERS_MAX || t->lease.routers.count > DHCP_ADDRS_MAX)
        abort();
    read_all(t->name);
    read_all(t->vendor);
    read_all(t->lease.search);
    read_all(t->lease.proxy);
    for (uint32_t i = 0; i < t->offer_count; i++)
        read_all(t->offers[i].search);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_of(slice_of(data, size), VERDICT_SHORT);
    struct packet p = {.kind = PACKET_UDP, .at = {INT64_C(1772352000) * NS_PER_S, 0, 0}};
    struct dhcp *d = dhcp_new(check_tx, NULL);
    if (!d)
        abort();
    p.tuple.dst_port = DHCP_PORT_SERVER;
    while (cur_left(&c) > 0) {
        uint8_t control = cur_u8(&c);
        size_t len = cur_be16(&c);
        p.at.ts_ns += (int64_t)(control & 0x7f) * NS_PER_S;
        p.at.frame++;
        p.cut = (control & 0x80) != 0;
        p.payload = cur_take(&c, len < cur_left(&c) ? len : cur_left(&c));
        dhcp_datagram(d, &p);
    }
    dhcp_finish(d, p.at.ts_ns);
    dhcp_free(d);
    return 0;
}
