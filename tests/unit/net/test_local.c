/*
 * Unit tests of net/local: ARP and IEEE 802.1X.
 * SPDX-License-Identifier: MIT
 */
#include "frames.h"

#define ETHERNET 1
#define SLL      113
/* who has 10.0.0.254, tell 10.0.0.1 */
#define ARP_ASK "0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a0000fe "
/* 10.0.0.254 is at 02:00:00:00:00:fe */
#define ARP_TELL "0001 0800 06 04 0002 0200000000fe 0a0000fe 020000000001 0a000001 "
/* EAP request 7, identity */
#define EAP_ASK "02 00 0005 01 07 0005 01 "

static void test_arp(void **state)
{
    (void)state;
    struct decoded d = decode_hex(ETHERNET, ETH("0806") ARP_ASK "000000000000000000000000");
    assert_int_equal(d.p.kind, PACKET_ARP);
    assert_int_equal(d.p.arp.op, ARP_REQUEST);
    assert_int_equal(d.p.payload.len, 28);
    assert_mac(&d.p.arp.sender_mac, "02:00:00:00:00:01");
    assert_addr(&d.p.arp.sender, "10.0.0.1");
    assert_mac(&d.p.arp.target_mac, "00:00:00:00:00:00");
    assert_addr(&d.p.arp.target, "10.0.0.254");
    assert_true(d.p.has_mac);
    assert_int_equal(d.p.tuple.src.family, 0);
    free(d.bytes);
    d = decode_hex(ETHERNET, ETH("8100") "0064 0806 " ARP_TELL);
    assert_int_equal(d.p.kind, PACKET_ARP);
    assert_int_equal(d.p.arp.op, ARP_REPLY);
    assert_mac(&d.p.arp.sender_mac, "02:00:00:00:00:fe");
    assert_addr(&d.p.arp.sender, "10.0.0.254");
    assert_mac(&d.p.arp.target_mac, "02:00:00:00:00:01");
    assert_addr(&d.p.arp.target, "10.0.0.1");
    assert_int_equal(d.p.vlan, 100);
    free(d.bytes);
    assert_int_equal(kind_of(SLL, "0000 0001 0006 020000000001 0000 0806 " ARP_TELL), PACKET_ARP);
}

static void test_arp_of_others(void **state)
{
    (void)state;
    /* ATM, and AppleTalk addresses */
    assert_int_equal(kind_of(ETHERNET, ETH("0806") "0013 0800 06 04 0001 00"), PACKET_OTHER);
    assert_int_equal(kind_of(ETHERNET, ETH("0806") "0001 809b 06 04 0001 00"), PACKET_OTHER);
    /* addresses of lengths that these kinds do not have */
    assert_int_equal(kind_of(ETHERNET, ETH("0806") "0001 0800 08 04 0001 " DATA8 DATA8 DATA8),
                     PACKET_BAD);
    assert_int_equal(kind_of(ETHERNET, ETH("0806") "0001 0800 06 10 0001 " DATA8 DATA8 DATA8),
                     PACKET_BAD);
    /* cut while it was sent */
    assert_int_equal(kind_of(ETHERNET, ETH("0806") "0001 0800 06 04 0001 0200"), PACKET_BAD);
}

static void test_eapol(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        struct packet_eapol want;
    } cases[] = {
        {ETH("888e") "01 01 0000 ", {EAPOL_START, 0, 0, 0}},
        {ETH("888e") "01 02 0000 ", {EAPOL_LOGOFF, 0, 0, 0}},
        {ETH("888e") "02 03 0005 02 0000 0000", {EAPOL_KEY, 0, 0, 0}},
        {ETH("888e") EAP_ASK, {EAPOL_EAP, EAP_REQUEST, 7, 1}},
        {ETH("888e") "01 00 000c 02 07 000c 01 686f73742f7063 ", {EAPOL_EAP, EAP_RESPONSE, 7, 1}},
        {ETH("888e") "02 00 0006 01 08 0006 19 20 ", {EAPOL_EAP, EAP_REQUEST, 8, 25}},
        {ETH("888e") "02 00 0004 03 09 0004 ", {EAPOL_EAP, EAP_SUCCESS, 9, 0}},
        {ETH("888e") "02 00 0004 04 09 0004 ", {EAPOL_EAP, EAP_FAILURE, 9, 0}},
        /* padding to the least size of a frame is no type */
        {ETH("888e") "02 00 0004 01 09 0004 ff ff ff", {EAPOL_EAP, EAP_REQUEST, 9, 0}},
        {ETH("888e") "02 00 0004 04 09 0004 19 00 00", {EAPOL_EAP, EAP_FAILURE, 9, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decoded d = decode_hex(ETHERNET, cases[i].hex);
        assert_int_equal(d.p.kind, PACKET_EAPOL);
        assert_int_equal(d.p.eapol.type, cases[i].want.type);
        assert_int_equal(d.p.eapol.eap_code, cases[i].want.eap_code);
        assert_int_equal(d.p.eapol.eap_id, cases[i].want.eap_id);
        assert_int_equal(d.p.eapol.eap_type, cases[i].want.eap_type);
        assert_mac(&d.p.src_mac, "02:00:00:00:00:01");
        free(d.bytes);
    }
}

static void test_eapol_lengths(void **state)
{
    (void)state;
    /* an EAP packet shorter than its header, and longer than what holds it */
    assert_int_equal(kind_of(ETHERNET, ETH("888e") "02 00 0005 01 07 0003 01 "), PACKET_BAD);
    assert_int_equal(kind_of(ETHERNET, ETH("888e") "02 00 0005 01 07 0006 01 "), PACKET_BAD);
    assert_int_equal(kind_of(ETHERNET, ETH("888e") "02 00 0003 01 07 0005 01 "), PACKET_BAD);
    /* one that says more than there is was cut */
    assert_int_equal(kind_of(ETHERNET, ETH("888e") "02 00 0006 01 07 "), PACKET_SHORT);
}

static void test_every_prefix_is_short(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        size_t whole; /* enough of it to say all */
    } cases[] = {
        {ETH("0806") ARP_ASK "0000 0000", 42},
        {ETH("888e") EAP_ASK, 23},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len;
        uint8_t *bytes = hex_bytes(cases[i].hex, &len);
        for (size_t cut = 0; cut <= len; cut++) {
            uint8_t *copy = unit_copy(bytes, cut);
            struct packet p;
            net_decode(&p, ETHERNET, slice_of(copy, cut), (uint32_t)len, &test_mark);
            if (cut < cases[i].whole)
                assert_int_equal(p.kind, PACKET_SHORT);
            else
                assert_in_range(p.kind, PACKET_ARP, PACKET_EAPOL);
            free(copy);
        }
        free(bytes);
    }
}

static void test_every_byte_flipped(void **state)
{
    (void)state;
    static const char *const frames[] = {ETH("0806") ARP_TELL, ETH("888e") EAP_ASK};
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        size_t len;
        uint8_t *bytes = hex_bytes(frames[i], &len);
        for (size_t at = 14 * 8; at < len * 8; at++) {
            bytes[at / 8] ^= (uint8_t)(1U << at % 8);
            struct packet p;
            net_decode(&p, ETHERNET, slice_of(bytes, len), (uint32_t)len, &test_mark);
            assert_true(p.kind == PACKET_ARP || p.kind == PACKET_EAPOL || p.kind == PACKET_OTHER ||
                        p.kind == PACKET_BAD || p.kind == PACKET_SHORT);
            assert_true(p.payload.len <= len - 14);
            bytes[at / 8] ^= (uint8_t)(1U << at % 8);
        }
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arp),
        cmocka_unit_test(test_arp_of_others),
        cmocka_unit_test(test_eapol),
        cmocka_unit_test(test_eapol_lengths),
        cmocka_unit_test(test_every_prefix_is_short),
        cmocka_unit_test(test_every_byte_flipped),
    };
    return cmocka_run_group_tests_name("net/local", tests, NULL, NULL);
}
