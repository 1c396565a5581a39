/*
 * Unit tests of net/tunnel and of pseudowires: frames and packets within packets.
 * SPDX-License-Identifier: MIT
 */
#include "tunnels.h"

#define ETHERNET   1
#define GRE(total) ETH("0800") OUTER(total, "2f")

static const struct tunnel tunnels[] = {
    /* GRE: plain; checksum; key; sequence; all; source routes; in a VLAN of the transport's */
    {GRE("0048") "0000 0800 " TCP_DATA, 1, 0, false, false},
    {GRE("004c") "8000 0800 ffff0000 " TCP_DATA, 1, 0, false, false},
    {GRE("004c") "2000 0800 00000001 " TCP_DATA, 1, 0, false, false},
    {GRE("004c") "1000 0800 00000001 " TCP_DATA, 1, 0, false, false},
    {GRE("0054") "b000 0800 ffff0000 00000001 00000002 " TCP_DATA, 1, 0, false, false},
    {GRE("0058") "4000 0800 00000000 0800 00 04 c0000203 0000 00 00 " TCP_DATA, 1, 0, false, false},
    {ETH("8100") "0007 0800 " OUTER("0048", "2f") "0000 0800 " TCP_DATA, 1, 0, false, false},
    /* NVGRE, with and without a VLAN of the inner frame */
    {GRE("005a") "2000 6558 00123401 " TCP_FRAME, 1, 0, true, false},
    {ETH("8100") "0007 0800 " OUTER("005e", "2f") "2000 6558 00123401 " TAGGED_FRAME, 1, 200, true,
     false},
    /* MPLS; WCCP with and without a redirect header; NSH */
    {GRE("004c") "0000 8847 00010140 " TCP_DATA, 1, 0, false, false},
    {GRE("0048") "0000 883e " TCP_DATA, 1, 0, false, false},
    {GRE("004c") "0000 883e 00000000 " TCP_DATA, 1, 0, false, false},
    {GRE("0050") "0000 894f 0fc2 01 01 00000101 " TCP_DATA, 1, 0, false, false},
    {GRE("005e") "0000 894f 0fc2 01 03 00000101 " TCP_FRAME, 1, 0, true, false},
    {GRE("0054") "0000 894f 0fc2 01 05 00000101 00010140 " TCP_DATA, 1, 0, false, false},
    /* Aruba's 802.11: from the station to the server behind its access point */
    {GRE("0068") "0000 8200 0801 0000 020000000003 020000000001 020000000002 0000 "
                 "aaaa03000000 0800 " TCP_DATA,
     1, 0, true, false},
    /* PPTP: key, sequence, acknowledgement; a protocol of one byte */
    {GRE("0058") "3081 880b 0034 0001 00000005 00000004 ff03 0021 " TCP_DATA, 1, 0, false, false},
    {GRE("0051") "3001 880b 0031 0001 00000005 21 " TCP_DATA, 1, 0, false, false},
    /* ERSPAN I, II, III, III with 8 more bytes, III of an IP packet */
    {GRE("0056") "0000 88be " TCP_FRAME, 1, 0, true, false},
    {GRE("0062") "1000 88be 00000001 1064 0801 00000000 " TCP_FRAME, 1, 0, true, false},
    {GRE("0066") "1000 88be 00000001 1064 1801 00000000 " TAGGED_FRAME, 1, 200, true, false},
    {GRE("0066") "1000 22eb 00000001 2064 0001 00000000 0000 8000 " TCP_FRAME, 1, 0, true, false},
    {GRE("006e") "1000 22eb 00000001 2064 0001 00000000 0000 8001 1400000000000000 " TCP_FRAME, 1,
     0, true, false},
    {GRE("0058") "1000 22eb 00000001 2064 0001 00000000 0000 0800 " TCP_DATA, 1, 0, false, false},
    /* EtherIP; Ethernet as a protocol; MPLS as one; a provider's bridge */
    {ETH("0800") OUTER("0054", "61") "3000 " TCP_FRAME, 1, 0, true, false},
    {ETH("0800") OUTER("0052", "8f") TCP_FRAME, 1, 0, true, false},
    {ETH("0800") OUTER("0048", "89") "00010140 " TCP_DATA, 1, 0, true, false},
    {ETH("88a8") "0007 88e7 00001234 " TAGGED_FRAME, 1, 200, true, false},
    /* IP in IP: the frame's addresses and VLAN are of the host that made it */
    {ETH("8100") "00c8 0800 " OUTER("0044", "04") TCP_DATA, 1, 200, true, false},
    /* pseudowires, with a control word and without */
    {ETH("8847") "00010140 00000000 " TCP_FRAME, 1, 0, true, true},
    {ETH("8847") "00010140 00000005 " TAGGED_FRAME, 1, 200, true, true},
    {ETH("8847") "00010140 " TCP_FRAME, 1, 0, true, true},
    {ETH("8847") "00010040 00020140 " TAGGED_FRAME, 1, 200, true, true},
    /* four tunnels */
    {GRE("0078") "0000 0800 " OUTER("0060", "04")
         OUTER("004c", "2f") "2000 0800 00000001 " TCP_DATA,
     1, 0, false, false},
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

/* A pseudowire whose first MAC address could begin an IP packet, and an IP packet whose addresses
 * could be a frame's type. */
static void test_pseudowire_or_ip(void **state)
{
    (void)state;
    struct decoded d =
        decode_hex(ETHERNET, ETH("8847") "00010140 480000300000 020000000001 0800 " TCP_DATA);
    assert_tcp4(&d);
    assert_mac(&d.p.dst_mac, "48:00:00:30:00:00");
    free(d.bytes);
    d = decode_hex(ETHERNET, ETH("8847") "00010140 60000000ffff 020000000001 0800 " TCP_DATA);
    assert_tcp4(&d);
    free(d.bytes);
    /* 8.0.0.1 (type 0800), with its checksum */
    d = decode_hex(
        ETHERNET,
        ETH("8847") "00010140 4500 0030 1234 4000 40 06 f658 08000001 c6336407 " TCP("50") DATA8);
    assert_int_equal(d.p.kind, PACKET_TCP);
    assert_addr(&d.p.tuple.src, "8.0.0.1");
    free(d.bytes);
    /* 2001:db8:800::1: its third group is a type */
    d = decode_hex(ETHERNET,
                   ETH("8847") "00010140 60000000 001c 06 40 "
                               "20010db8080000000000000000000001 " V6_DST TCP("50") DATA8);
    assert_int_equal(d.p.kind, PACKET_TCP);
    assert_addr(&d.p.tuple.src, "2001:db8:800::1");
    free(d.bytes);
    /* operation and maintenance of a pseudowire */
    assert_int_equal(kind_of(ETHERNET, ETH("8847") "00010140 10000007 20c80318000000000000"),
                     PACKET_OTHER);
}

/* What the mirror cut off an inner frame is missing, not contradicting. */
static void test_frame_cut_by_the_mirror(void **state)
{
    (void)state;
    struct decoded d = decode_hex(ETHERNET, GRE("0056") "0000 88be " ETH("0800")
                                                IPV4("05dc", "4000", "06") TCP("50") DATA8);
    assert_int_equal(d.p.kind, PACKET_TCP);
    assert_true(d.p.cut);
    assert_slice_equal(d.p.payload, "datadata");
    assert_int_equal(d.p.payload_len, 1460);
    free(d.bytes);
    /* an IP packet in a tunnel is bounded by the one around it */
    d = decode_hex(ETHERNET, GRE("0048") "0000 0800 " IPV4("05dc", "4000", "06") TCP("50") DATA8);
    assert_int_equal(d.p.payload_len, 8);
    assert_false(d.p.cut);
    free(d.bytes);
}

/* What was said of the outer packet is not the inner one's. */
static void test_nothing_of_the_outer_stays(void **state)
{
    (void)state;
    struct decoded d = decode_hex(ETHERNET, GRE("002c") "0000 6558 ffffffffffff 020000000001 88cc");
    assert_int_equal(d.p.kind, PACKET_OTHER);
    assert_int_equal(d.p.tuple.src.family, 0);
    assert_int_equal(d.p.tuple.proto, 0);
    assert_int_equal(d.p.ip.len, 0);
    free(d.bytes);
    d = decode_hex(ETHERNET,
                   ETH("8100") "0007 0800 " OUTER("0042", "2f") "0000 6558 " ETH(
                       "0806") "0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a0000fe");
    assert_int_equal(d.p.kind, PACKET_ARP);
    assert_addr(&d.p.arp.target, "10.0.0.254");
    assert_int_equal(d.p.ip_id, 0);
    assert_int_equal(d.p.ttl, 0);
    assert_int_equal(d.p.vlan, 0);
    free(d.bytes);
    d = decode_hex(ETHERNET,
                   GRE("0034") "0000 0800 " IPV4("001c", "0000", "01") "0800 0000 0001 0001 ");
    assert_int_equal(d.p.kind, PACKET_ICMP);
    assert_int_equal(d.p.tuple.src_port, 0);
    assert_addr(&d.p.tuple.dst, "198.51.100.7");
    free(d.bytes);
}

static void test_fragments_within(void **state)
{
    (void)state;
    struct decoded d = decode_hex(ETHERNET, GRE("005a") "2000 6558 00123401 " ETH("0800")
                                                IPV4("0030", "2000", "06") TCP("50") DATA8);
    assert_int_equal(d.p.kind, PACKET_FRAGMENT);
    assert_addr(&d.p.tuple.src, "10.0.0.1");
    assert_int_equal(d.p.frag.id, 0x1234);
    assert_int_equal(d.p.payload_len, 28);
    free(d.bytes);
}

static void test_contradictions(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum packet_kind kind;
    } cases[] = {
        /* GRE: unknown version and protocol, keep-alive, headers and routes beyond the packet */
        {GRE("0048") "0002 0800 " TCP_DATA, PACKET_OTHER},
        {GRE("0048") "0001 0800 " TCP_DATA, PACKET_OTHER},
        {GRE("0048") "0000 0801 " TCP_DATA, PACKET_OTHER},
        {GRE("0018") "0000 0000 ", PACKET_OTHER},
        {GRE("0016") "0000 ", PACKET_BAD},
        {GRE("001a") "2000 0800 0000 ", PACKET_BAD},
        {GRE("0020") "4000 0800 00000000 0800 00 04 ", PACKET_BAD},
        {GRE("0048") "0000 0800 " IPV6("001c", "06"), PACKET_BAD},
        /* PPTP: an acknowledgement alone, and a length that is too big is bounded */
        {GRE("0020") "2081 880b 0000 0001 00000004 ", PACKET_OTHER},
        {GRE("0024") "3001 880b ffff 0001 00000005 0021 45 00 ", PACKET_BAD},
        /* ERSPAN III of neither Ethernet nor IP; a header that is not all there */
        {GRE("0028") "1000 22eb 00000001 2064 0001 00000000 0000 0400 ", PACKET_OTHER},
        {GRE("0020") "1000 88be 00000001 1064 0801 ", PACKET_BAD},
        {ETH("0800") OUTER("0054", "61") "2000 " TCP_FRAME, PACKET_BAD},
        {GRE("0050") "0000 894f 0fc1 01 01 00000101 " TCP_DATA, PACKET_BAD},
        {GRE("0050") "0000 894f 0fc2 01 04 00000101 " TCP_DATA, PACKET_OTHER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(kind_of(ETHERNET, cases[i].hex), cases[i].kind);
}

/* IP in IP in IP ... to the end of the frame ends at the cap; so do source routes. */
static void test_depth_is_capped(void **state)
{
    (void)state;
    uint8_t frame[60 * 20];
    memset(frame, 0, sizeof frame);
    for (size_t at = 0; at < sizeof frame; at += 20) {
        frame[at] = 0x45;
        frame[at + 2] = (uint8_t)((sizeof frame - at) >> 8);
        frame[at + 3] = (uint8_t)(sizeof frame - at);
        frame[at + 9] = 4;
    }
    struct packet p;
    net_decode(&p, 101, slice_of(frame, sizeof frame), sizeof frame, &test_mark);
    assert_int_equal(p.kind, PACKET_BAD);

    static const uint8_t gre[] = {0x45, 0, 0,  0, 0, 1, 0,    0, 64, 47, 0, 0, 10, 0,
                                  0,    1, 10, 0, 0, 2, 0x40, 0, 8,  0,  0, 0, 0,  0};
    memset(frame, 0, sizeof frame);
    memcpy(frame, gre, sizeof gre);
    for (size_t at = sizeof gre; at + 8 <= sizeof frame; at += 8)
        frame[at + 3] = 4;
    net_decode(&p, 101, slice_of(frame, sizeof frame), sizeof frame, &test_mark);
    assert_int_equal(p.kind, PACKET_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tunnels),
        cmocka_unit_test(test_every_bit_flipped),
        cmocka_unit_test(test_pseudowire_or_ip),
        cmocka_unit_test(test_frame_cut_by_the_mirror),
        cmocka_unit_test(test_nothing_of_the_outer_stays),
        cmocka_unit_test(test_fragments_within),
        cmocka_unit_test(test_contradictions),
        cmocka_unit_test(test_depth_is_capped),
    };
    return cmocka_run_group_tests_name("net/tunnel", tests, NULL, NULL);
}
