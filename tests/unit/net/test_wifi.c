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
        cmocka_unit_test(test_eapol_key),
        cmocka_unit_test(test_frames_without_data),
        cmocka_unit_test(test_contradictions),
    };
    return cmocka_run_group_tests_name("net/wifi", tests, NULL, NULL);
}
