/*
 * Unit tests of net/overlay: tunnels over UDP, and datagrams that only look like them.
 * SPDX-License-Identifier: MIT
 */
#include "tunnels.h"

#define ETHERNET 1
/* A datagram between the outer addresses: length of IP, ports, length of UDP */
#define DATAGRAM(total, src, dst, len) ETH("0800") OUTER(total, "11") src " " dst " " len " 0000 "
#define VXLAN                          "08000000 00123400 "
/* TCP_DATA with its header's checksum */
#define CHECKED_DATA  "45 00 0030 1234 4000 40 06 f458 0a000001 c6336407 " TCP("50") DATA8
#define CHECKED_FRAME ETH("0800") CHECKED_DATA

static const struct tunnel tunnels[] = {
    /* VXLAN on its ports, with a group policy, tagged, and VXLAN-GPE of IPv4, Ethernet, NSH */
    {DATAGRAM("0062", "c001", "12b5", "004e") VXLAN TCP_FRAME, 1, 0, true, true},
    {DATAGRAM("0062", "c001", "2118", "004e") VXLAN TCP_FRAME, 1, 0, true, true},
    {DATAGRAM("0062", "c001", "12b5", "004e") "88000007 00123400 " TCP_FRAME, 1, 0, true, true},
    {DATAGRAM("0066", "c001", "12b5", "0052") VXLAN TAGGED_FRAME, 1, 200, true, true},
    {DATAGRAM("0054", "c001", "12b6", "0040") "0c000001 00123400 " TCP_DATA, 1, 0, false, true},
    {DATAGRAM("0062", "c001", "12b6", "004e") "0c000003 00123400 " TCP_FRAME, 1, 0, true, true},
    {DATAGRAM("005c", "c001", "12b6", "0048") "0c000004 00123400 0fc2 01 01 00000101 " TCP_DATA, 1,
     0, false, true},
    /* on any port, where all fits */
    {DATAGRAM("0062", "c001", "c002", "004e") VXLAN CHECKED_FRAME, 1, 0, true, true},
    {DATAGRAM("0066", "c001", "c002", "0052") VXLAN ETH("8100") "00c8 0800 " CHECKED_DATA, 1, 200,
     true, true},
    /* Geneve of Ethernet and IP, without and with options */
    {DATAGRAM("0062", "c001", "17c1", "004e") "0000 6558 00123400 " TCP_FRAME, 1, 0, true, true},
    {DATAGRAM("0054", "c001", "17c1", "0040") "0000 0800 00123400 " TCP_DATA, 1, 0, false, true},
    {DATAGRAM("006a", "c001", "17c1", "0056") "0240 6558 00123400 0101800100000001 " TCP_FRAME, 1,
     0, true, true},
    /* GTP-U: plain; with a sequence number; with two extensions */
    {DATAGRAM("0054", "0868", "0868", "0040") "30 ff 0030 00000001 " TCP_DATA, 1, 0, false, true},
    {DATAGRAM("0058", "0868", "0868", "0044") "32 ff 0034 00000001 0001 00 00 " TCP_DATA, 1, 0,
     false, true},
    {DATAGRAM("0060", "0868", "0868", "004c") "34 ff 003c 00000001 0000 00 85 "
                                              "01 0000 85 01 0001 00 " TCP_DATA,
     1, 0, false, true},
    /* L2TP: all fields; none */
    {DATAGRAM("005c", "06a5", "06a5", "0048") "4802 0040 0001 0001 0001 0000 ff03 0021 " TCP_DATA,
     1, 0, false, true},
    {DATAGRAM("0058", "06a5", "06a5", "0044") "0202 0001 0001 0002 0000 0021 " TCP_DATA, 1, 0,
     false, true},
    {DATAGRAM("0054", "c001", "06a5", "0040") "0002 0001 0001 0021 " TCP_DATA, 1, 0, false, true},
    /* CAPWAP: Ethernet; 802.11 as it is, and with its first two bytes swapped */
    {DATAGRAM("0062", "147f", "c001", "004e") "00 100000 0000 0000 " TCP_FRAME, 1, 0, true, true},
    {DATAGRAM("0074", "c001", "147f", "0060") "00 100300 0000 0000 "
                                              "0801 0000 020000000003 020000000001 020000000002 "
                                              "0000 aaaa03000000 0800 " TCP_DATA,
     1, 0, true, true},
    {DATAGRAM("0074", "c001", "147f", "0060") "00 100300 0000 0000 "
                                              "0108 0000 020000000003 020000000001 020000000002 "
                                              "0000 aaaa03000000 0800 " TCP_DATA,
     1, 0, true, true},
    /* with the radio's address and signal in the header */
    {DATAGRAM("0078", "147f", "c001", "0064") "00 300230 0000 0000 "
                                              "06 020000000003 00 04 00000000 000000 " TCP_FRAME,
     1, 0, true, true},
    /* TZSP of Ethernet and of 802.11, with tags */
    {DATAGRAM("005f", "c001", "9090", "004b") "01 00 0001 01 " TCP_FRAME, 1, 0, true, true},
    {DATAGRAM("0075", "c001", "9090", "0061") "01 00 0012 0a 01 c4 00 01 "
                                              "0801 0000 020000000003 020000000001 020000000002 "
                                              "0000 aaaa03000000 0800 " TCP_DATA,
     1, 0, true, true},
    /* VXLAN within VXLAN */
    {DATAGRAM("0094", "c001", "12b5", "0080") VXLAN DATAGRAM("0062", "c001", "12b5", "004e")
         VXLAN TCP_FRAME,
     1, 0, true, true},
};

static void test_tunnels(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tunnels / sizeof *tunnels; i++)
        assert_tunnel(&tunnels[i]);
}

static void test_every_bit_flipped(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tunnels / sizeof *tunnels; i++)
        assert_flips(&tunnels[i]);
}

/* Behind a good beginning that the capture cut, the packet is short, not a datagram of its own. */
static void test_cut_within(void **state)
{
    (void)state;
    static const char *const frames[] = {
        DATAGRAM("0062", "c001", "12b5", "004e") VXLAN "020000000002 0200",
        DATAGRAM("0062", "c001", "17c1", "004e") "0000 6558 00123400 ",
        DATAGRAM("0054", "0868", "0868", "0040") "30 ff 0030 00000001 4500",
        DATAGRAM("005f", "c001", "9090", "004b") "01 00 0001 01 0200",
    };
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        struct decoded d = decode_cut(ETHERNET, frames[i], 60);
        assert_int_equal(d.p.kind, PACKET_SHORT);
        free(d.bytes);
    }
}

/* IPv6 of hosts keeps the frame's addresses. */
static void test_ipv6_of_hosts(void **state)
{
    (void)state;
    static const char *const frames[] = {
        DATAGRAM("0060", "c001", "0dd8", "004c") TCP6_DATA,
        DATAGRAM("0060", "0dd8", "c001", "004c") TCP6_DATA,
        /* an origin; authentication without and with a client, and an origin */
        DATAGRAM("0068", "0dd8", "c001", "0054") "0000 3fff 3fffffff " TCP6_DATA,
        DATAGRAM("006d", "c001", "0dd8", "0059") "0001 00 00 0102030405060708 00 " TCP6_DATA,
        DATAGRAM("007a", "0dd8", "c001", "0066") "0001 02 03 6162 636465 0102030405060708 00 "
                                                 "0000 3fff 3fffffff " TCP6_DATA,
        /* AYIYA: 16 bytes of identity, 20 of signature */
        DATAGRAM("008c", "c001", "13d0", "0078") "41 52 11 29 00000000 " V6_SRC V6_SRC
                                                 "00000000 " TCP6_DATA,
    };
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        struct decoded d = decode_hex(ETHERNET, frames[i]);
        assert_tcp6(&d);
        assert_true(d.p.has_mac);
        free(d.bytes);
    }
}

/* A datagram that fails the check is what it says it is. */
static void assert_datagram(const char *hex, uint16_t dst_port)
{
    struct decoded d = decode_hex(ETHERNET, hex);
    assert_int_equal(d.p.kind, PACKET_UDP);
    assert_addr(&d.p.tuple.src, "192.0.2.1");
    assert_int_equal(d.p.tuple.dst_port, dst_port);
    assert_int_equal(d.p.tuple.proto, IP_PROTO_UDP);
    assert_int_equal(d.p.ttl, 255);
    assert_true(d.p.has_mac);
    assert_true(d.p.payload_len > 0 && d.p.payload.len == d.p.payload_len);
    free(d.bytes);
}

static void test_ordinary_datagrams(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        uint16_t dst_port;
    } cases[] = {
        /* DNS to a client whose port is a tunnel's: VXLAN, Geneve, GTP, L2TP, CAPWAP, TZSP, Teredo */
        {DATAGRAM("0028", "0035", "12b5", "0014") "0801 8180 0001 0001 0000 0000 ", 4789},
        {DATAGRAM("0028", "0035", "17c1", "0014") "0001 8180 0001 0001 0000 0000 ", 6081},
        {DATAGRAM("0028", "0035", "0868", "0014") "30ff 8180 0001 0001 0000 0000 ", 2152},
        {DATAGRAM("0028", "0035", "06a5", "0014") "0002 8180 0001 0001 0000 0000 ", 1701},
        {DATAGRAM("0028", "0035", "147f", "0014") "0010 8400 0001 0001 0000 0000 ", 5247},
        {DATAGRAM("0028", "0035", "9090", "0014") "0100 8180 0001 0001 0000 0000 ", 37008},
        {DATAGRAM("0028", "0035", "0dd8", "0014") "6001 8180 0001 0001 0000 0000 ", 3544},
        {DATAGRAM("0028", "0035", "13d0", "0014") "4111 8180 0001 0001 0000 0000 ", 5072},
        /* VXLAN: flags that must be zero, no network, no room for a frame */
        {DATAGRAM("0062", "c001", "12b5", "004e") "08000001 00123400 " TCP_FRAME, 4789},
        {DATAGRAM("0062", "c001", "12b5", "004e") "00000000 00123400 " TCP_FRAME, 4789},
        {DATAGRAM("0062", "c001", "12b5", "004e") "18000000 00123400 " TCP_FRAME, 4789},
        {DATAGRAM("0030", "c001", "12b5", "001c") VXLAN "020000000002 020000000001 ", 4789},
        {DATAGRAM("0062", "c001", "12b6", "004e") "0c000009 00123400 " TCP_FRAME, 4790},
        /* on another port: a wrong checksum, bytes behind the packet, a reserved byte, not IP */
        {DATAGRAM("0062", "c001", "c002", "004e") VXLAN TCP_FRAME, 0xc002},
        {DATAGRAM("0062", "c001", "c002", "004e") "08000000 00123401 " CHECKED_FRAME, 0xc002},
        {DATAGRAM("00b2", "c001", "c002", "009e")
             VXLAN CHECKED_FRAME CHECKED_DATA TCP("50") "000000000000000000000000 ",
         0xc002},
        {DATAGRAM("0062", "c001", "c002", "004e") VXLAN ETH("88cc") CHECKED_DATA, 0xc002},
        {DATAGRAM("0054", "c001", "c002", "0040") "30 ff 0030 00000001 " TCP_DATA, 0xc002},
        /* Geneve: a version, reserved bits, an unknown protocol, options beyond the datagram */
        {DATAGRAM("0062", "c001", "17c1", "004e") "4000 6558 00123400 " TCP_FRAME, 6081},
        {DATAGRAM("0062", "c001", "17c1", "004e") "0001 6558 00123400 " TCP_FRAME, 6081},
        {DATAGRAM("0062", "c001", "17c1", "004e") "0000 6558 00123401 " TCP_FRAME, 6081},
        {DATAGRAM("0062", "c001", "17c1", "004e") "0000 6559 00123400 " TCP_FRAME, 6081},
        {DATAGRAM("0062", "c001", "17c1", "004e") "3f00 6558 00123400 " TCP_FRAME, 6081},
        {DATAGRAM("0054", "c001", "17c1", "0040") "3f00 0800 00123400 " TCP_DATA, 6081},
        /* GTP: echo, control, a length too big, an extension without length, a chain without end */
        {DATAGRAM("0028", "0868", "0868", "0014") "32 01 0004 00000000 00010000 ", 2152},
        {DATAGRAM("0054", "0868", "0868", "0040") "48 ff 0030 00000001 " TCP_DATA, 2152},
        {DATAGRAM("0054", "0868", "0868", "0040") "30 ff 0031 00000001 " TCP_DATA, 2152},
        {DATAGRAM("0054", "0868", "0868", "0040") "30 ff 0030 00000001 "
                                                  "00" TCP("50") DATA8
         "00000000000000000000000000000000000000 ",
         2152},
        {DATAGRAM("005c", "0868", "0868",
                  "0048") "34 ff 0038 00000001 0000 00 85 00 0000 00 " TCP_DATA,
         2152},
        {DATAGRAM("0058", "0868", "0868", "0044") "34 ff 0034 00000001 0000 00 85 "
                                                  "01 0000 85 01 0000 85 01 0000 85 01 0000 85 "
                                                  "01 0000 85 01 0000 85 01 0000 85 01 0000 85 "
                                                  "01 0000 85 01 0000 85 01 0000 85 01 0000 00 ",
         2152},
        /* Teredo: a packet of another length, none, STUN */
        {DATAGRAM("0064", "c001", "0dd8", "0050") TCP6_DATA "00000000 ", 3544},
        {DATAGRAM("0024", "c001", "0dd8", "0010") "0000 3fff 3fffffff ", 3544},
        {DATAGRAM("0030", "c001", "0dd8", "001c") "0001 0000 2112a442 000102030405060708090a0b ",
         3544},
        /* AYIYA: another operation, another protocol */
        {DATAGRAM("006c", "c001", "13d0", "0058") "01 00 12 29 00000000 00 000000 " TCP6_DATA,
         5072},
        {DATAGRAM("006c", "c001", "13d0", "0058") "01 00 11 3b 00000000 00 000000 " TCP6_DATA,
         5072},
        /* L2TP: control, another version, LCP, a length too big */
        {DATAGRAM("0028", "06a5", "06a5", "0014") "c802 000c 0001 0000 0001 0001 ", 1701},
        {DATAGRAM("0054", "06a5", "06a5", "0040") "0003 0001 0001 0021 " TCP_DATA, 1701},
        {DATAGRAM("0028", "06a5", "06a5", "0014") "0002 0001 0001 c021 01010004 ", 1701},
        {DATAGRAM("0056", "06a5", "06a5", "0042") "4002 0043 0001 0001 0021 " TCP_DATA, 1701},
        /* CAPWAP: DTLS, keep-alive, fragment, a header too short, an unknown radio, not ours */
        {DATAGRAM("0062", "c001", "147f", "004e") "01 100000 0000 0000 " TCP_FRAME, 5247},
        {DATAGRAM("0062", "c001", "147f", "004e") "00 100008 0000 0000 " TCP_FRAME, 5247},
        {DATAGRAM("0062", "c001", "147f", "004e") "00 100080 0000 0000 " TCP_FRAME, 5247},
        {DATAGRAM("0062", "c001", "147f", "004e") "00 080000 0000 0000 " TCP_FRAME, 5247},
        {DATAGRAM("0062", "c001", "147f", "004e") "00 100700 0000 0000 " TCP_FRAME, 5247},
        {DATAGRAM("0062", "c001", "147f", "004e") "00 100000 0000 0000 " ETH("88cc") TCP_DATA,
         5247},
        {DATAGRAM("0062", "c001", "147f", "004e") "00 100300 0000 0000 "
                                                  "0303" TCP_DATA "000000000000000000000000 ",
         5247},
        /* TZSP: a keep-alive, another version and protocol, tags without an end, not ours */
        {DATAGRAM("0021", "c001", "9090", "000d") "01 04 0001 01 ", 37008},
        {DATAGRAM("005f", "c001", "9090", "004b") "02 00 0001 01 " TCP_FRAME, 37008},
        {DATAGRAM("005f", "c001", "9090", "004b") "01 00 0002 01 " TCP_FRAME, 37008},
        {DATAGRAM("0024", "c001", "9090", "0010") "01 00 0001 0a 09 0000 ", 37008},
        {DATAGRAM("005f", "c001", "9090", "004b") "01 00 0001 01 " ETH("88cc") TCP_DATA, 37008},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_datagram(cases[i].hex, cases[i].dst_port);
}

/* VXLAN in VXLAN ... to the end of the frame ends at the cap. */
static void test_depth_is_capped(void **state)
{
    (void)state;
    enum {
        LAYER = 14 + 20 + 8 + 8,
        LAYERS = 40
    };
    size_t len;
    uint8_t *layer = hex_bytes(DATAGRAM("0000", "c001", "12b5", "0000") VXLAN, &len);
    assert_int_equal(len, LAYER);
    uint8_t *frame = malloc((size_t)LAYER * LAYERS);
    assert_non_null(frame);
    for (size_t i = 0; i < LAYERS; i++)
        memcpy(frame + i * LAYER, layer, LAYER);
    struct packet p;
    net_decode(&p, ETHERNET, slice_of(frame, (size_t)LAYER * LAYERS), LAYER * LAYERS, &test_mark);
    assert_int_equal(p.kind, PACKET_BAD);
    free(frame);
    free(layer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tunnels),
        cmocka_unit_test(test_every_bit_flipped),
        cmocka_unit_test(test_cut_within),
        cmocka_unit_test(test_ipv6_of_hosts),
        cmocka_unit_test(test_ordinary_datagrams),
        cmocka_unit_test(test_depth_is_capped),
    };
    return cmocka_run_group_tests_name("net/overlay", tests, NULL, NULL);
}
