/*
 * Unit tests of net/decode: link layers, IP, transports.
 * SPDX-License-Identifier: MIT
 */
#include "frames.h"
#include "same.h"

#define ETHERNET 1
#define RAW      101

static void test_ethernet_tcp(void **state)
{
    (void)state;
    struct decoded d = decode_hex(ETHERNET, ETH("0800") TCP_DATA);
    const struct packet *p = &d.p;
    assert_tcp4(&d);
    assert_int_equal(p->at.frame, 7);
    assert_int_equal(p->at.file, 1);
    assert_int_equal(p->wire_len, 62);
    assert_true(p->has_mac);
    assert_mac(&p->src_mac, "02:00:00:00:00:01");
    assert_mac(&p->dst_mac, "02:00:00:00:00:02");
    assert_int_equal(p->vlan, 0);
    assert_true(p->dont_fragment);
    assert_int_equal(p->tcp.seq, 0x01020304);
    assert_int_equal(p->tcp.ack, 0x05060708);
    assert_int_equal(p->tcp.window, 0x2000);
    assert_int_equal(p->tcp.flags, TCP_PSH | TCP_ACK);
    assert_int_equal(p->tcp.mss, 0);
    assert_false(p->tcp.has_timestamp);
    assert_false(p->icmp.has_quote);
    assert_int_equal(p->frag.offset, 0);
    assert_int_equal(p->ip.len, 48);
    assert_ptr_equal(p->ip.data, d.bytes + 14);
    free(d.bytes);
}

static void test_every_prefix_is_short(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        size_t headers; /* from here on only payload is cut */
    } cases[] = {
        {ETH("0800") TCP_DATA, 54},
        {ETH("86dd") TCP6_DATA, 74},
        {ETH("8100") "0064 0800 " TCP_DATA, 58},
        {ETH("8864") "1100 0001 0032 0021 " TCP_DATA, 62},
        {ETH("8847") "00010140 " TCP_DATA, 58},
        {ETH("0800") IPV4("0024", "0000", "11") UDP("0010") DATA8, 42},
        {ETH("0800") IPV4("0024", "0000", "01") "0800 0000 0001 0001 " DATA8, 42},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len;
        uint8_t *bytes = hex_bytes(cases[i].hex, &len);
        for (size_t cut = 0; cut < len; cut++) {
            uint8_t *copy = unit_copy(bytes, cut);
            struct packet p;
            net_decode(&p, ETHERNET, slice_of(copy, cut), (uint32_t)len, &test_mark);
            assert_true(p.cut);
            if (cut < cases[i].headers)
                assert_int_equal(p.kind, PACKET_SHORT);
            else
                assert_in_range(p.kind, PACKET_TCP, PACKET_ICMP);
            /* A frame that was no longer on the wire contradicts itself, unless IP said more. */
            net_decode(&p, ETHERNET, slice_of(copy, cut), (uint32_t)cut, &test_mark);
            assert_int_not_equal(p.kind, PACKET_OTHER);
            if (cut < cases[i].headers)
                assert_true(p.kind == PACKET_BAD || p.kind == PACKET_SHORT);
            free(copy);
        }
        free(bytes);
    }
}

static void test_every_byte_flipped(void **state)
{
    (void)state;
    static const char *const frames[] = {
        ETH("0800") TCP_DATA, ETH("86dd") TCP6_DATA,
        ETH("8100") "0064 8847 00010140 " IPV4("0024", "2000", "11") UDP("0010") DATA8};
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        size_t len;
        uint8_t *bytes = hex_bytes(frames[i], &len);
        for (size_t at = 0; at < len * 8; at++) {
            bytes[at / 8] ^= (uint8_t)(1U << at % 8);
            struct packet p;
            net_decode(&p, ETHERNET, slice_of(bytes, len), (uint32_t)len, &test_mark);
            assert_true(p.payload.len <= len);
            assert_true(p.payload_len >= p.payload.len);
            assert_int_equal(p.cut, p.cut ? 1 : 0);
            bytes[at / 8] ^= (uint8_t)(1U << at % 8);
        }
        free(bytes);
    }
}

/* Usual frames are read at one go: whole, cut, with any bit another one, and with bytes behind them they read
 * like the steps would have it. */
static void test_usual_frames_read_like_others(void **state)
{
    (void)state;
    static const char *const frames[] = {
        ETH("0800") TCP_DATA,
        ETH("0800") TCP_DATA "000000000000 ",
        ETH("0800") IPV4("0028", "0000", "06") TCP("50"),
        ETH("0800") IPV4("003c", "4000", "06") TCP("80") "0101080a0000000100000002 " DATA8,
        ETH("0800") IPV4("003c", "4000", "06") TCP("80") "020405b40402080a00000001 " DATA8,
        ETH("0800") IPV4("003c", "4000", "06") TCP("80") "0101050a0506070905060719 " DATA8,
        ETH("0800") "46 00 0034 1234 4000 40 06 0000 0a000001 c6336407 94040000 " TCP("50") DATA8,
        ETH("0800") IPV4("0024", "0000", "11") UDP("0010") DATA8 "0000 ",
        ETH("0800") IPV4("0024", "0000", "11") UDP("0000") DATA8,
        ETH("0800") IPV4("0024", "0000", "11") UDP("000c") DATA8,
        ETH("0800") IPV4("001c", "0000", "11") UDP("0008"),
        ETH("0800") IPV4("0032", "0000", "11") "cf0812b5001e0000 0800000000000100 "
                                               "020000000002020000000001 08004500 ",
        ETH("0800") IPV4("0024", "0000", "01") "0800 0000 0001 0001 " DATA8,
        ETH("0800") IPV4("0024", "2000", "11") UDP("0010") DATA8};
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        size_t len;
        uint8_t *bytes = hex_bytes(frames[i], &len);
        for (size_t cut = SAME_ETHERNET; cut <= len; cut++) {
            uint8_t *copy = unit_copy(bytes, cut);
            for (size_t bit = SAME_ETHERNET * 8; bit < cut * 8; bit++) {
                assert_true(same_both_ways(slice_of(copy, cut), (uint32_t)(len - cut), &test_mark));
                copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
                assert_true(same_both_ways(slice_of(copy, cut), 0, &test_mark));
                copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
            }
            free(copy);
        }
        free(bytes);
    }
}

static void test_cut_payload(void **state)
{
    (void)state;
    /* total length 0x05dc, the capture stopped 1440 bytes early */
    struct decoded d =
        decode_cut(ETHERNET, ETH("0800") IPV4("05dc", "4000", "06") TCP("50") DATA8, 1452);
    assert_int_equal(d.p.kind, PACKET_TCP);
    assert_true(d.p.cut);
    assert_int_equal(d.p.payload.len, 8);
    assert_int_equal(d.p.payload_len, 1460);
    free(d.bytes);
}

/* A header within cannot announce more than the one around it; the length of a frame is no such bound,
 * since tools that cut frames forget what they were. */
static void test_inner_length_is_bounded(void **state)
{
    (void)state;
    struct decoded d =
        decode_hex(ETHERNET, ETH("8864") "1100 0001 0032 0021 " IPV4("0036", "4000", "06") TCP("50")
                                 DATA8 "000000000000");
    assert_tcp4(&d);
    free(d.bytes);
    d = decode_hex(ETHERNET, ETH("0800") IPV4("0036", "4000", "06") TCP("50") DATA8);
    assert_int_equal(d.p.kind, PACKET_TCP);
    assert_true(d.p.cut);
    assert_int_equal(d.p.payload_len, 14);
    free(d.bytes);
}

static void test_padding_is_no_payload(void **state)
{
    (void)state;
    struct decoded d =
        decode_hex(ETHERNET, ETH("0800") IPV4("0028", "4000", "06") TCP("50") "000000000000 ");
    assert_int_equal(d.p.kind, PACKET_TCP);
    assert_int_equal(d.p.payload.len, 0);
    assert_int_equal(d.p.payload_len, 0);
    assert_int_equal(d.p.ip.len, 40);
    assert_false(d.p.cut);
    free(d.bytes);
    /* cut within the padding: nothing of the packet is missing */
    d = decode_cut(ETHERNET, ETH("0800") IPV4("0028", "4000", "06") TCP("50") "0000 ", 4);
    assert_int_equal(d.p.kind, PACKET_TCP);
    assert_false(d.p.cut);
    free(d.bytes);
}

static void test_offload_lengths(void **state)
{
    (void)state;
    struct decoded d = decode_hex(ETHERNET, ETH("0800") IPV4("0000", "4000", "06") TCP("50") DATA8);
    assert_tcp4(&d);
    free(d.bytes);
    d = decode_hex(ETHERNET, ETH("86dd") IPV6("0000", "06") TCP("50") DATA8);
    assert_tcp6(&d);
    free(d.bytes);
    d = decode_hex(ETHERNET, ETH("0800") IPV4("0000", "4000", "11") UDP("0000") DATA8);
    assert_int_equal(d.p.kind, PACKET_UDP);
    assert_slice_equal(d.p.payload, "datadata");
    free(d.bytes);
    d = decode_cut(ETHERNET, ETH("0800") IPV4("0000", "4000", "06") TCP("50") DATA8, 100);
    assert_true(d.p.cut);
    assert_int_equal(d.p.payload_len, 108);
    free(d.bytes);
}

static void test_vlan(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        uint16_t vlan;
        uint16_t outer;
        uint8_t count;
    } cases[] = {
        {ETH("0800") TCP_DATA, 0, 0, 0},
        {ETH("8100") "0064 0800 " TCP_DATA, 100, 100, 1},
        {ETH("8100") "e064 0800 " TCP_DATA, 100, 100, 1}, /* priority 7 */
        {ETH("88a8") "000a 8100 0064 0800 " TCP_DATA, 100, 10, 2},
        {ETH("9100") "000a 8100 0065 0800 " TCP_DATA, 101, 10, 2},
        {ETH("8100") "0001 8100 0002 8100 0fff 0800 " TCP_DATA, 4095, 1, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decoded d = decode_hex(ETHERNET, cases[i].hex);
        assert_tcp4(&d);
        assert_int_equal(d.p.vlan, cases[i].vlan);
        assert_int_equal(d.p.vlan_outer, cases[i].outer);
        assert_int_equal(d.p.vlan_count, cases[i].count);
        free(d.bytes);
    }
}

/* Tags to the end of a frame of any size end at the cap. */
static void test_tag_stack_is_capped(void **state)
{
    (void)state;
    uint8_t frame[14 + 4 * 200];
    memset(frame, 2, 12);
    for (size_t at = 12; at < sizeof frame; at++)
        frame[at] = at % 4 == 0 ? 0x81 : 0;
    struct packet p;
    net_decode(&p, ETHERNET, slice_of(frame, sizeof frame), sizeof frame, &test_mark);
    assert_int_equal(p.kind, PACKET_BAD);
}

static void test_link_types(void **state)
{
    (void)state;
    static const struct {
        int linktype;
        const char *hex;
    } v4[] = {
        {113, "0000 0001 0006 020000000001 0000 0800 " TCP_DATA},
        {113, "0000 0001 0006 020000000001 0000 8100 0064 0800 " TCP_DATA},
        {276, "0800 0000 00000002 0001 00 06 020000000001 0000 " TCP_DATA},
        {12, TCP_DATA},
        {14, TCP_DATA},
        {101, TCP_DATA},
        {228, TCP_DATA},
        {0, "02000000 " TCP_DATA},
        {0, "00000002 " TCP_DATA},
        {108, "00000002 " TCP_DATA},
        {9, "0021 " TCP_DATA},
        {9, "21 " TCP_DATA},
        {9, "ff03 0021 " TCP_DATA},
        {50, "ff03 0021 " TCP_DATA},
        {50, "0f00 0800 " TCP_DATA},
        {51, "1100 0001 0032 0021 " TCP_DATA},
        {166, "0003 0021 " TCP_DATA},
        {166, "0103 0021 " TCP_DATA},
        {204, "00 ff03 0021 " TCP_DATA},
        {204, "01 0021 " TCP_DATA},
        {104, "0f00 0800 " TCP_DATA},
        {104, "8f00 8847 00010140 " TCP_DATA},
        {205, "01 0f00 0800 " TCP_DATA},
        {219, "00010140 " TCP_DATA},
        {239, "00 00 0000 0800 0a00 00000004 0700 0100 00000000 3400 0900 " TCP_DATA},
        {239, "00 00 0000 0008 000a 00000004 0007 0001 00000000 0034 0009 " TCP_DATA},
        {101, IPV4("0044", "4000", "04") TCP_DATA},
        {101, IPV6("0030", "04") TCP_DATA},
        {ETHERNET, ETH("8864") "1100 0001 0032 0021 " TCP_DATA},
        {ETHERNET, ETH("8847") "00010140 " TCP_DATA},
        {ETHERNET, ETH("8848") "00010040 00020140 " TCP_DATA},
        {ETHERNET, ETH("0038") "aaaa03 000000 0800 " TCP_DATA},
        {ETHERNET, ETH("0038") "aaaa03 0000f8 0800 " TCP_DATA},
        {ETHERNET, ETH("8926") "80010002 0800 " TCP_DATA},
        {ETHERNET, ETH("8926") "80010002 8100 0064 0800 " TCP_DATA},
        {ETHERNET, ETH("893f") "000000010000 0800 " TCP_DATA},
    };
    static const struct {
        int linktype;
        const char *hex;
    } v6[] = {
        {ETHERNET, ETH("86dd") TCP6_DATA},
        {113, "0000 0001 0006 020000000001 0000 86dd " TCP6_DATA},
        {276, "86dd 0000 00000002 0001 00 06 020000000001 0000 " TCP6_DATA},
        {101, TCP6_DATA},
        {229, TCP6_DATA},
        {0, "1e000000 " TCP6_DATA},
        {0, "18000000 " TCP6_DATA},
        {0, "1c000000 " TCP6_DATA},
        {0, "17000000 " TCP6_DATA},
        {108, "0000000a " TCP6_DATA},
        {9, "0057 " TCP6_DATA},
        {101, IPV4("0058", "4000", "29") TCP6_DATA},
        {101, IPV6("0044", "29") TCP6_DATA},
        {ETHERNET, ETH("8847") "00010140 " TCP6_DATA},
    };
    for (size_t i = 0; i < sizeof v4 / sizeof *v4; i++) {
        assert_true(net_linktype_known(v4[i].linktype));
        struct decoded d = decode_hex(v4[i].linktype, v4[i].hex);
        assert_tcp4(&d);
        assert_int_equal(d.p.has_mac, v4[i].linktype == ETHERNET);
        free(d.bytes);
    }
    for (size_t i = 0; i < sizeof v6 / sizeof *v6; i++) {
        assert_true(net_linktype_known(v6[i].linktype));
        struct decoded d = decode_hex(v6[i].linktype, v6[i].hex);
        assert_tcp6(&d);
        free(d.bytes);
    }
}

static void test_not_ip(void **state)
{
    (void)state;
    assert_int_equal(kind_of(ETHERNET, ETH("0806") "0001080006040001"), PACKET_BAD);
    /* LLC without SNAP, and SNAP of others */
    assert_int_equal(kind_of(ETHERNET, ETH("0006") "424203000000"), PACKET_OTHER);
    assert_int_equal(kind_of(ETHERNET, ETH("0026") "4242030000000000 00"), PACKET_OTHER);
    assert_int_equal(kind_of(ETHERNET, ETH("0026") "aaaa03 00000c 2000 02b4"), PACKET_OTHER);
    assert_int_equal(kind_of(104, "8f00 8035 00000002"), PACKET_OTHER); /* SLARP */
    assert_int_equal(kind_of(ETHERNET, ETH("8863") "11090000000401010000"), PACKET_OTHER);
    assert_int_equal(kind_of(ETHERNET, ETH("8864") "1100 0001 0006 c021 01010004"), PACKET_OTHER);
    assert_int_equal(kind_of(ETHERNET, ETH("8847") "00010140 00000000 020000000001"), PACKET_OTHER);
    assert_int_equal(kind_of(RAW, "0000"), PACKET_OTHER);
    assert_int_equal(kind_of(0, "07000000 4500"), PACKET_OTHER);
    assert_false(net_linktype_known(189)); /* USB */
    assert_int_equal(kind_of(189, TCP_DATA), PACKET_OTHER);
    assert_int_equal(kind_of(-1, TCP_DATA), PACKET_OTHER);
    assert_int_equal(kind_of(239, "00 00 0000 0800 0a00 00000004 "), PACKET_BAD);
    assert_int_equal(kind_of(239, "00 00 0000 0300 0a00 00000004 "), PACKET_BAD);
}

static void test_contradictions(void **state)
{
    (void)state;
    assert_int_equal(kind_of(ETHERNET, ""), PACKET_BAD);
    assert_int_equal(kind_of(ETHERNET, ETH("0800") TCP6_DATA), PACKET_BAD);
    assert_int_equal(kind_of(ETHERNET, ETH("86dd") TCP_DATA), PACKET_BAD);
    assert_int_equal(kind_of(ETHERNET, ETH("8864") "2200 0001 0032 0021 " TCP_DATA), PACKET_BAD);
    /* header length 16; total length shorter than the header; header longer than the total */
    assert_int_equal(kind_of(RAW, "44 00 0030 1234 4000 40 06 0000 0a000001 c6336407 " TCP("50")),
                     PACKET_BAD);
    assert_int_equal(kind_of(RAW, IPV4("0013", "4000", "06") TCP("50")), PACKET_BAD);
    assert_int_equal(kind_of(RAW, "4f 00 0028 1234 4000 40 06 0000 0a000001 c6336407 " TCP("50")),
                     PACKET_BAD);
    /* TCP data offset 16, and beyond the packet */
    assert_int_equal(kind_of(RAW, IPV4("0028", "4000", "06") TCP("40")), PACKET_BAD);
    assert_int_equal(kind_of(RAW, IPV4("0028", "4000", "06") TCP("60")), PACKET_BAD);
    /* UDP length below its header, and beyond the packet */
    assert_int_equal(kind_of(RAW, IPV4("0024", "0000", "11") UDP("0007") DATA8), PACKET_BAD);
    assert_int_equal(kind_of(RAW, IPV4("0024", "0000", "11") UDP("0011") DATA8), PACKET_BAD);
    /* labels without an end */
    assert_int_equal(kind_of(ETHERNET, ETH("8847") "00010040 00010040 00010040 00010040 "
                                                   "00010040 00010040 00010040 00010040 "
                                                   "00010040 00010040 00010040 00010040 "
                                                   "00010040 00010040 00010040 00010040 "
                                                   "00010140 " TCP_DATA),
                     PACKET_BAD);
}

static void test_udp(void **state)
{
    (void)state;
    struct decoded d = decode_hex(RAW, IPV4("0024", "0000", "11") UDP("0010") DATA8);
    assert_int_equal(d.p.kind, PACKET_UDP);
    assert_int_equal(d.p.tuple.src_port, 53000);
    assert_int_equal(d.p.tuple.dst_port, 53);
    assert_int_equal(d.p.payload_len, 8);
    assert_false(d.p.dont_fragment);
    free(d.bytes);
    /* bytes behind the UDP length are no payload */
    d = decode_hex(RAW, IPV4("0024", "0000", "11") UDP("000c") DATA8);
    assert_slice_equal(d.p.payload, "data");
    assert_int_equal(d.p.payload_len, 4);
    free(d.bytes);
}

static void test_ipv4_options(void **state)
{
    (void)state;
    struct decoded d = decode_hex(RAW, "46 00 0034 1234 4000 40 06 0000 0a000001 c6336407 "
                                       "94040000 " TCP("50") DATA8);
    assert_tcp4(&d);
    free(d.bytes);
}

static void test_tcp_options(void **state)
{
    (void)state;
#define OPTIONS(total, flags, bytes) \
    IPV4(total, "4000", "06")        \
    "c000 01bb 00000001 00000000 " flags " ffff 0000 0000 " bytes
    static const struct {
        const char *hex;
        uint16_t mss;
        bool timestamp;
        uint32_t sack;
    } cases[] = {
        /* MSS 1460, SACK permitted, time stamp, window scale: a SYN of Windows or Linux */
        {OPTIONS("003c", "a0 02", "020405b4 0402 080a0000000100000000 01 030307"), 1460, true, 0},
        {OPTIONS("002c", "60 12", "020405a0"), 1440, false, 0},
        {OPTIONS("0034", "80 10", "0101 080a0000000100000002"), 0, true, 0},
        {OPTIONS("002c", "60 10", "020405b4"), 0, false, 0},  /* no SYN */
        {OPTIONS("002c", "60 02", "00 0204b4"), 0, false, 0}, /* behind the end */
        {OPTIONS("002c", "60 02", "020005b4"), 0, false, 0},  /* length 0 */
        {OPTIONS("002c", "60 02", "020105b4"), 0, false, 0},  /* length 1 */
        {OPTIONS("002c", "60 02", "020805b4"), 0, false, 0},  /* beyond the options */
        {OPTIONS("002c", "60 02", "020305 01"), 0, false, 0}, /* wrong length of an MSS */
        {OPTIONS("002c", "60 02", "01010102"), 0, false, 0},  /* cut */
        /* SACK of 0x500 to 0x600 */
        {OPTIONS("0034", "80 10", "0101 050a0000050000000600"), 0, false, 0x500},
        /* the newest block first, the lowest counts: 0x700 to 0x800, 0x500 to 0x600 */
        {OPTIONS("003c", "a0 10", "0101 0512 0000070000000800 0000050000000600"), 0, false, 0x500},
        /* a duplicate, below the acknowledgement (0), tells of no hole */
        {OPTIONS("0034", "80 10", "0101 050afffffff000000000"), 0, false, 0},
        {OPTIONS("0034", "80 10", "0101 0509000005000000 0000"), 0, false, 0}, /* half a block */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decoded d = decode_hex(RAW, cases[i].hex);
        assert_int_equal(d.p.kind, PACKET_TCP);
        assert_int_equal(d.p.tcp.mss, cases[i].mss);
        assert_int_equal(d.p.tcp.has_timestamp, cases[i].timestamp);
        assert_int_equal(d.p.tcp.timestamp, cases[i].timestamp);
        assert_int_equal(d.p.tcp.sack, cases[i].sack);
        assert_int_equal(d.p.payload_len, 0);
        free(d.bytes);
    }
}

static void test_ipv6_extensions(void **state)
{
    (void)state;
    static const char *const good[] = {
        IPV6("0024", "00") "06 00 050200000100 " TCP("50") DATA8, /* hop-by-hop */
        IPV6("002c", "00") "3c 00 010400000000 06 00 010400000000 " TCP("50") DATA8,
        IPV6("0034", "2b") "06 02 0401 00000000 " V6_DST TCP("50") DATA8, /* routing */
        IPV6("0034", "33") "06 04 0000 00000001 00000001 000000000000000000000000 " TCP("50") DATA8,
        IPV6("0024", "2c") "06 00 0000 00000001 " TCP("50") DATA8, /* fragment that is all */
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct decoded d = decode_hex(229, good[i]);
        assert_tcp6(&d);
        assert_int_equal(d.p.payload_len, 8);
        free(d.bytes);
    }
    assert_int_equal(kind_of(229, IPV6("0008", "3b") DATA8), PACKET_OTHER); /* no next header */
    assert_int_equal(kind_of(229, IPV6("0008", "32") DATA8), PACKET_OTHER); /* ESP */
    assert_int_equal(kind_of(229, IPV6("0008", "00") "06 01 050200000100"), PACKET_BAD);
    assert_int_equal(kind_of(229, IPV6("0004", "2c") "06 00 0000"), PACKET_BAD);
}

static void test_fragments(void **state)
{
    (void)state;
    struct decoded d = decode_hex(RAW, IPV4("0024", "2000", "11") UDP("0020") DATA8);
    assert_int_equal(d.p.kind, PACKET_FRAGMENT);
    assert_int_equal(d.p.frag.id, 0x1234);
    assert_int_equal(d.p.frag.offset, 0);
    assert_true(d.p.frag.more);
    assert_int_equal(d.p.tuple.proto, IP_PROTO_UDP);
    assert_int_equal(d.p.tuple.src_port, 0);
    assert_int_equal(d.p.payload_len, 16);
    assert_addr(&d.p.tuple.src, "10.0.0.1");
    free(d.bytes);
    d = decode_hex(RAW, IPV4("001c", "00b9", "11") DATA8);
    assert_int_equal(d.p.kind, PACKET_FRAGMENT);
    assert_int_equal(d.p.frag.offset, 0xb9 * 8);
    assert_false(d.p.frag.more);
    assert_slice_equal(d.p.payload, "datadata");
    free(d.bytes);
    d = decode_cut(229, IPV6("0030", "2c") "11 00 05a9 deadbeef " DATA8, 32);
    assert_int_equal(d.p.kind, PACKET_FRAGMENT);
    assert_int_equal(d.p.frag.id, 0xdeadbeef);
    assert_int_equal(d.p.frag.offset, 0x05a8);
    assert_true(d.p.frag.more);
    assert_true(d.p.cut);
    assert_int_equal(d.p.payload_len, 40);
    free(d.bytes);
}

static void test_other_transports_keep_addresses(void **state)
{
    (void)state;
    struct decoded d = decode_hex(RAW, IPV4("001c", "0000", "02") "1600000000000000"); /* IGMP */
    assert_int_equal(d.p.kind, PACKET_OTHER);
    assert_int_equal(d.p.tuple.proto, 2);
    assert_addr(&d.p.tuple.dst, "198.51.100.7");
    assert_int_equal(d.p.payload.len, 0);
    free(d.bytes);
}

static void test_transport_alone(void **state)
{
    (void)state;
    struct decoded d = decode_hex(RAW, IPV4("0024", "2000", "11") UDP("0010") DATA8);
    net_decode_transport(&d.p, d.p.payload, 16);
    assert_int_equal(d.p.kind, PACKET_UDP);
    assert_int_equal(d.p.tuple.dst_port, 53);
    assert_slice_equal(d.p.payload, "datadata");
    assert_false(d.p.frag.more);
    free(d.bytes);
    d = decode_hex(RAW, IPV4("0024", "2000", "11") UDP("0020") DATA8);
    net_decode_transport(&d.p, d.p.payload, 32);
    assert_int_equal(d.p.kind, PACKET_UDP);
    assert_int_equal(d.p.payload_len, 24);
    assert_true(d.p.cut);
    free(d.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ethernet_tcp),
        cmocka_unit_test(test_every_prefix_is_short),
        cmocka_unit_test(test_every_byte_flipped),
        cmocka_unit_test(test_usual_frames_read_like_others),
        cmocka_unit_test(test_cut_payload),
        cmocka_unit_test(test_inner_length_is_bounded),
        cmocka_unit_test(test_padding_is_no_payload),
        cmocka_unit_test(test_offload_lengths),
        cmocka_unit_test(test_vlan),
        cmocka_unit_test(test_tag_stack_is_capped),
        cmocka_unit_test(test_link_types),
        cmocka_unit_test(test_not_ip),
        cmocka_unit_test(test_contradictions),
        cmocka_unit_test(test_udp),
        cmocka_unit_test(test_ipv4_options),
        cmocka_unit_test(test_tcp_options),
        cmocka_unit_test(test_ipv6_extensions),
        cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_other_transports_keep_addresses),
        cmocka_unit_test(test_transport_alone),
    };
    return cmocka_run_group_tests_name("net/decode", tests, NULL, NULL);
}
