/*
 * Unit tests of net/wifi: 802.11 data frames in the clear.
 * SPDX-License-Identifier: MIT
 */
#include "tunnels.h"

#define WIFI     105
#define PRISM    119
#define RADIOTAP 127
#define AVS      163
#define PPI      192
#define SNAP     "aaaa03 000000 0800 "
/* Station 02:..:01 by access point 02:..:03 to 02:..:02, and the same from the other side of it */
#define TO_AP   "0000 020000000003 020000000001 020000000002 1000 "
#define FROM_AP "0000 020000000002 020000000003 020000000001 1000 "
#define FRAME   "08 01 " TO_AP SNAP TCP_DATA

static const struct tunnel frames[] = {
    {FRAME, WIFI, 0, true, false},
    {"08 02 " FROM_AP SNAP TCP_DATA, WIFI, 0, true, false},
    /* a retry; between stations; between access points */
    {"08 09 " TO_AP SNAP TCP_DATA, WIFI, 0, true, false},
    {"08 00 0000 020000000002 020000000001 020000000003 1000 " SNAP TCP_DATA, WIFI, 0, true, false},
    {"08 03 0000 020000000003 020000000004 020000000002 1000 020000000001 " SNAP TCP_DATA, WIFI, 0,
     true, false},
    /* QoS; with HT control; with padding behind the header; several frames in one, the first */
    {"88 01 " TO_AP "0000 " SNAP TCP_DATA, WIFI, 0, true, false},
    {"88 81 " TO_AP "0000 00000000 " SNAP TCP_DATA, WIFI, 0, true, false},
    {"88 01 " TO_AP "0000 0000 " SNAP TCP_DATA, WIFI, 0, true, true},
    {"88 01 " TO_AP "8000 020000000002 020000000001 0038 " SNAP TCP_DATA, WIFI, 0, true, false},
    /* data with an acknowledgement */
    {"18 01 " TO_AP SNAP TCP_DATA, WIFI, 0, true, false},
    /* radiotap: no fields; flags with a checksum behind the frame; a time stamp; two words of fields */
    {"00 00 0800 00000000 " FRAME, RADIOTAP, 0, true, false},
    {"00 00 0900 02000000 10 " FRAME, RADIOTAP, 0, true, false},
    {"00 00 1100 03000000 0000000000000040 10 " FRAME, RADIOTAP, 0, true, false},
    {"00 00 1900 03000080 00000000 00000000 4040404040404040 10 " FRAME, RADIOTAP, 0, true, false},
    {"00 00 0800 69000000 " FRAME, PPI, 0, true, false},
    {"00 00 2000 69000000 0200 1400 " DATA8 DATA8 "00000000 " FRAME, PPI, 0, true, false},
    {"00 00 0800 01000000 " TCP_FRAME, PPI, 0, true, false},
    {"44000000 10000000 " DATA8 FRAME, PRISM, 0, true, false},
    {"00000044 00000010 " DATA8 FRAME, PRISM, 0, true, false},
    {"80211001 00000010 " DATA8 FRAME, PRISM, 0, true, false},
    {"80211001 00000010 " DATA8 FRAME, AVS, 0, true, false},
};

static void test_frames(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        assert_true(net_linktype_known(frames[i].linktype));
        assert_tunnel(&frames[i]);
    }
}

static void test_every_bit_flipped(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++)
        assert_flips(&frames[i]);
}

static void test_checksum_is_no_payload(void **state)
{
    (void)state;
    struct decoded d = decode_hex(WIFI, FRAME "deadbeef");
    assert_tcp4(&d);
    free(d.bytes);
}

/* Which of several frames in one is the last, a checksum of the whole behind it. */
static void test_several_frames_in_one(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        bool more;
    } rows[] = {
        {FRAME, false},
        {"88 01 " TO_AP "8000 020000000002 020000000001 0038 " SNAP TCP_DATA, false},
        {"88 01 " TO_AP "8000 020000000002 020000000001 0038 " SNAP TCP_DATA "0000 deadbeef",
         false},
        {"88 01 " TO_AP "8000 020000000002 020000000001 0038 " SNAP TCP_DATA
         "0000 020000000002 020000000001 0038 " SNAP TCP_DATA,
         true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct decoded d = decode_hex(WIFI, rows[i].hex);
        assert_tcp4(&d);
        assert_int_equal(d.p.has_more, rows[i].more);
        free(d.bytes);
    }
}

/* ---- frames put together in one (A-MSDU) ---- */

#define QOS_AMSDU "88 01 " TO_AP "8000 "
/* Of 70 and 90 bytes: the next one begins 72 and 92 bytes on. Then one that holds no IP. */
#define SUB_TCP   "020000000002 020000000001 0038 " SNAP TCP_DATA
#define SUB_TCP6  "020000000004 020000000001 004c aaaa03 000000 86dd " TCP6_DATA
#define SUB_EAPOL "020000000002 020000000001 000d aaaa03 000000 888e 02 03 0001 02 "
#define FIRST     QOS_AMSDU SUB_TCP "0000 "
#define SUB_HEAD  "020000000002 020000000001 "

/* Frames that hold a TCP packet over IPv4, one over IPv6 and an EAPOL key. */
static const struct {
    const char *hex;
    int linktype;
} several[] = {
    {QOS_AMSDU SUB_TCP "0000 " SUB_TCP6 "0000 " SUB_EAPOL, WIFI},
    /* padding that is not empty, and a checksum behind all */
    {QOS_AMSDU SUB_TCP "a5a5 " SUB_TCP6 "ffff " SUB_EAPOL "00 deadbeef", WIFI},
    {QOS_AMSDU SUB_TCP "0000 " SUB_TCP6 "0000 " SUB_EAPOL "deadbeef", WIFI},
    /* HT control; between access points, where the head of the frame does not say whose they are */
    {"88 81 " TO_AP "8000 00000000 " SUB_TCP "0000 " SUB_TCP6 "0000 " SUB_EAPOL, WIFI},
    {"88 03 0000 020000000003 020000000004 020000000003 1000 020000000004 8000 " SUB_TCP
     "0000 " SUB_TCP6 "0000 " SUB_EAPOL,
     WIFI},
    {"00 00 0900 02000000 10 " QOS_AMSDU SUB_TCP "0000 " SUB_TCP6 "0000 " SUB_EAPOL, RADIOTAP},
};

static bool decode_more(struct decoded *d)
{
    return net_decode_more(&d->p, &test_mark);
}

static void assert_part(const struct packet *p, unsigned part, bool more)
{
    assert_int_equal(p->part, part);
    assert_int_equal(p->has_more, more);
    assert_true(p->has_mac);
    assert_mac(&p->src_mac, "02:00:00:00:00:01");
    assert_int_equal(p->at.frame, test_mark.frame);
}

static void test_each_of_several(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof several / sizeof *several; i++) {
        struct decoded d = decode_hex(several[i].linktype, several[i].hex);
        assert_tcp4(&d);
        assert_part(&d.p, 0, true);
        assert_int_equal(d.p.wire_len, d.len);
        d.p.at = (struct mark){0}; /* an engine may change it */
        assert_true(decode_more(&d));
        assert_tcp6(&d);
        assert_false(d.p.cut);
        assert_part(&d.p, 1, true);
        assert_mac(&d.p.dst_mac, "02:00:00:00:00:04");
        assert_int_equal(d.p.wire_len, 0);
        assert_true(decode_more(&d));
        assert_int_equal(d.p.kind, PACKET_EAPOL);
        assert_int_equal(d.p.tuple.proto, 0);
        assert_part(&d.p, 2, false);
        assert_false(decode_more(&d));
        free(d.bytes);
    }
}

/* A tag is the packet's own that has it. */
static void test_tags_are_one_packets_own(void **state)
{
    (void)state;
    struct decoded d = decode_hex(WIFI, QOS_AMSDU SUB_HEAD
                                  "003c aaaa03 000000 8100 00c8 0800 " TCP_DATA "0000 " SUB_TCP);
    assert_tcp4(&d);
    assert_int_equal(d.p.vlan, 200);
    assert_true(decode_more(&d));
    assert_tcp4(&d);
    assert_int_equal(d.p.vlan, 0);
    assert_int_equal(d.p.vlan_outer, 0);
    assert_int_equal(d.p.vlan_count, 0);
    free(d.bytes);
}

/* Of each beginning of a frame, the packets that are there are whole; one may be cut within, and that others
 * came behind it shows in one more. */
static void test_beginnings_of_several(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof several / sizeof *several; i++) {
        size_t len;
        uint8_t *bytes = hex_bytes(several[i].hex, &len);
        unsigned before = 0;
        for (size_t cut = 0; cut < len; cut++) {
            uint8_t *copy = unit_copy(bytes, cut);
            struct packet p;
            unsigned whole = 0;
            unsigned lost = 0;
            net_decode(&p, several[i].linktype, slice_of(copy, cut), (uint32_t)len, &test_mark);
            do {
                whole += !p.cut;
                lost += p.cut;
                assert_true(p.payload.len <= p.payload_len);
                if (!p.cut)
                    assert_true(p.kind == PACKET_TCP || p.kind == PACKET_EAPOL);
            } while (net_decode_more(&p, &test_mark));
            assert_true(whole >= before && whole + lost <= 3 && lost <= 2);
            assert_int_equal(lost > 0, whole < 3);
            before = whole;
            free(copy);
        }
        free(bytes);
    }
}

static void test_several_with_every_bit_flipped(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof several / sizeof *several; i++) {
        size_t len;
        uint8_t *bytes = hex_bytes(several[i].hex, &len);
        for (size_t at = 0; at < len * 8; at++) {
            bytes[at / 8] ^= (uint8_t)(1U << at % 8);
            struct packet p;
            unsigned parts = 1;
            net_decode(&p, several[i].linktype, slice_of(bytes, len), (uint32_t)len, &test_mark);
            for (; net_decode_more(&p, &test_mark); parts++) {
                assert_true(p.payload.len <= len);
                assert_true(p.payload_len >= p.payload.len);
            }
            assert_in_range(parts, 1, 3);
            bytes[at / 8] ^= (uint8_t)(1U << at % 8);
        }
        free(bytes);
    }
}

/* What the second one of two comes to when its length is another. */
static void test_wrong_lengths(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum packet_kind kind;
        uint32_t payload;
        bool more;
    } rows[] = {
        {FIRST SUB_HEAD "0038 " SNAP TCP_DATA, PACKET_TCP, 8, false},
        {FIRST SUB_HEAD "0000 " SNAP TCP_DATA, PACKET_BAD, 0, false},
        {FIRST SUB_HEAD "0002 " SNAP TCP_DATA, PACKET_BAD, 0, false},
        {FIRST "000000000000 000000000000 0000 00000000 00000000", PACKET_BAD, 0, false},
        {FIRST SUB_HEAD "0003 424203 " SNAP TCP_DATA, PACKET_OTHER, 0, true},
        /* within the IP header; within the payload; beyond the frame */
        {FIRST SUB_HEAD "0018 " SNAP TCP_DATA, PACKET_BAD, 0, true},
        {FIRST SUB_HEAD "0037 " SNAP TCP_DATA, PACKET_TCP, 7, false},
        {FIRST SUB_HEAD "0039 " SNAP TCP_DATA, PACKET_TCP, 8, false},
        {FIRST SUB_HEAD "ffff " SNAP TCP_DATA, PACKET_TCP, 8, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct decoded d = decode_hex(WIFI, rows[i].hex);
        assert_tcp4(&d);
        assert_true(decode_more(&d));
        assert_int_equal(d.p.kind, rows[i].kind);
        assert_int_equal(d.p.payload_len, rows[i].payload);
        assert_int_equal(d.p.has_more, rows[i].more);
        assert_false(d.p.cut);
        free(d.bytes);
    }
}

static void test_cap_of_several(void **state)
{
    (void)state;
    enum {
        HEAD = 26,
        SUBFRAME = 20,
        COUNT = NET_PARTS_MAX + 12
    };
    uint8_t bytes[HEAD + SUBFRAME * COUNT] = {0x88, 1};
    bytes[24] = 0x80;
    for (size_t i = 0; i < COUNT; i++) {
        uint8_t *sub = &bytes[HEAD + SUBFRAME * i];
        sub[13] = 6;
        memset(sub + 14, 0x42, 6);
    }
    struct packet p;
    net_decode(&p, WIFI, slice_of(bytes, sizeof bytes), sizeof bytes, &test_mark);
    for (unsigned part = 0; part < NET_PARTS_MAX; part++) {
        assert_int_equal(p.kind, PACKET_OTHER);
        assert_int_equal(p.part, part);
        assert_true(net_decode_more(&p, &test_mark));
    }
    assert_int_equal(p.kind, PACKET_BAD);
    assert_int_equal(p.part, NET_PARTS_MAX);
    assert_false(net_decode_more(&p, &test_mark));
}

/* Nothing of what is encrypted, or of a part of a frame, is read. */
static void test_several_that_cannot_be_read(void **state)
{
    (void)state;
    static const char *const others[] = {
        "88 41 " TO_AP "8000 " SUB_TCP "0000 " SUB_TCP,
        "88 43 0000 020000000003 020000000004 020000000002 1000 020000000001 8000 " SUB_TCP
        "0000 " SUB_TCP,
        "88 05 " TO_AP "8000 " SUB_TCP "0000 " SUB_TCP,
        "88 01 0000 020000000003 020000000001 020000000002 1100 8000 " SUB_TCP "0000 " SUB_TCP,
        "c8 01 " TO_AP "8000 " SUB_TCP "0000 " SUB_TCP,
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct decoded d = decode_hex(WIFI, others[i]);
        assert_int_equal(d.p.kind, PACKET_OTHER);
        assert_false(decode_more(&d));
        free(d.bytes);
    }
}

/* ---- the rest ---- */

static void test_eapol_key(void **state)
{
    (void)state;
    struct decoded d =
        decode_hex(WIFI, "88 02 " FROM_AP "0000 aaaa03 000000 888e 02 03 0005 02 0000 0000 ");
    assert_int_equal(d.p.kind, PACKET_EAPOL);
    assert_int_equal(d.p.eapol.type, EAPOL_KEY);
    assert_mac(&d.p.src_mac, "02:00:00:00:00:01");
    free(d.bytes);
}

static void test_frames_without_data(void **state)
{
    (void)state;
    static const char *const others[] = {
        "80 00 " TO_AP DATA8,                                               /* beacon */
        "d4 00 0000 020000000001 ",                                         /* acknowledgement */
        "48 01 " TO_AP,                                                     /* no data */
        "c8 01 " TO_AP "0000 ",                                             /* QoS, no data */
        "08 41 " TO_AP DATA8 TCP_DATA,                                      /* encrypted */
        "08 05 " TO_AP SNAP TCP_DATA,                                       /* first fragment */
        "08 01 0000 020000000003 020000000001 020000000002 1100 " TCP_DATA, /* second one */
        "09 01 " TO_AP SNAP TCP_DATA,                                       /* another version */
        "08 01 " TO_AP "424203 0000000000 ",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(kind_of(WIFI, others[i]), PACKET_OTHER);
    assert_int_equal(kind_of(PPI, "00 00 0800 93000000 " FRAME), PACKET_OTHER); /* a user's type */
}

static void test_contradictions(void **state)
{
    (void)state;
    assert_int_equal(kind_of(WIFI, "08 01 0000 020000000003 "), PACKET_BAD);
    assert_int_equal(kind_of(WIFI, "88 01 " TO_AP "8000 020000000002 "), PACKET_BAD);
    assert_int_equal(kind_of(RADIOTAP, "01 00 0800 00000000 " FRAME), PACKET_BAD);
    assert_int_equal(kind_of(RADIOTAP, "00 00 0700 00000000 " FRAME), PACKET_BAD);
    assert_int_equal(kind_of(RADIOTAP, "00 00 ff00 00000000 " FRAME), PACKET_BAD);
    /* the radio says that the checksum is wrong */
    assert_int_equal(kind_of(RADIOTAP, "00 00 0900 02000000 50 " FRAME), PACKET_BAD);
    assert_int_equal(kind_of(RADIOTAP, "00 00 1100 03000000 0000000000000000 50 " FRAME),
                     PACKET_BAD);
    assert_int_equal(
        kind_of(RADIOTAP, "00 00 1900 03000080 00000000 00000000 0000000000000000 40 " FRAME),
        PACKET_BAD);
    assert_int_equal(kind_of(PPI, "00 00 0700 69000000 " FRAME), PACKET_BAD);
    assert_int_equal(kind_of(PPI, "00 00 ff00 69000000 " FRAME), PACKET_BAD);
    assert_int_equal(kind_of(PRISM, "44000000 00040040 " FRAME), PACKET_BAD);
    assert_int_equal(kind_of(PRISM, "44000000 07000000 " FRAME), PACKET_BAD);
    assert_int_equal(kind_of(AVS, "80211001 00000007 " FRAME), PACKET_BAD);
    assert_int_equal(kind_of(AVS, "80211001 000000ff " FRAME), PACKET_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_every_bit_flipped),
        cmocka_unit_test(test_checksum_is_no_payload),
        cmocka_unit_test(test_several_frames_in_one),
        cmocka_unit_test(test_each_of_several),
        cmocka_unit_test(test_tags_are_one_packets_own),
        cmocka_unit_test(test_beginnings_of_several),
        cmocka_unit_test(test_several_with_every_bit_flipped),
        cmocka_unit_test(test_wrong_lengths),
        cmocka_unit_test(test_cap_of_several),
        cmocka_unit_test(test_several_that_cannot_be_read),
        cmocka_unit_test(test_eapol_key),
        cmocka_unit_test(test_frames_without_data),
        cmocka_unit_test(test_contradictions),
    };
    return cmocka_run_group_tests_name("net/wifi", tests, NULL, NULL);
}
