/*
 * tests/unit/proto/test_quic_packet: keys, headers, frames.
 * SPDX-License-Identifier: MIT
 */
#include "proto/quic_packet.h"
#include "quic_lab.h"

static const uint8_t rfc_dcid[8] = {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};

static void expect_hex(const uint8_t *data, size_t len, const char *hex)
{
    char text[65];
    assert_true(len <= 32);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(snprintf(text + 2 * i, 3, "%02x", data[i]), 2);
    assert_string_equal(text, hex);
}

/* RFC 9001 A.1 */
static void test_keys_v1(void **state)
{
    (void)state;
    struct quic_keys k[2];
    assert_true(quic_initial_keys(QUIC_V1, slice_of(rfc_dcid, sizeof rfc_dcid), k));
    expect_hex(k[DIR_TO_SERVER].key, 16, "1f369613dd76d5467730efcbe3b1a22d");
    expect_hex(k[DIR_TO_SERVER].iv, 12, "fa044b2f42a3fd3b46fb255c");
    expect_hex(k[DIR_TO_SERVER].hp, 16, "9f50449e04a0e810283a1e9933adedd2");
    expect_hex(k[DIR_TO_CLIENT].key, 16, "cf3a5331653c364c88f0f379b6067e37");
    expect_hex(k[DIR_TO_CLIENT].iv, 12, "0ac1493ca1905853b0bba03e");
    expect_hex(k[DIR_TO_CLIENT].hp, 16, "c206b8d9b9f0f37644430b490eeaa314");
}

/* RFC 9369 A.1 */
static void test_keys_v2(void **state)
{
    (void)state;
    struct quic_keys k[2];
    assert_true(quic_initial_keys(QUIC_V2, slice_of(rfc_dcid, sizeof rfc_dcid), k));
    expect_hex(k[DIR_TO_SERVER].key, 16, "8b1a0bc121284290a29e0971b5cd045d");
    expect_hex(k[DIR_TO_SERVER].iv, 12, "91f73e2351d8fa91660e909f");
    expect_hex(k[DIR_TO_SERVER].hp, 16, "45b95e15235d6f45a6b19cbcb0294ba9");
    expect_hex(k[DIR_TO_CLIENT].key, 16, "82db637861d55e1d011f19ea71d5d2a7");
}

static void test_versions(void **state)
{
    (void)state;
    struct quic_keys k[2];
    assert_true(quic_version_known(0xff000017));
    assert_true(quic_version_known(0xff00001d));
    assert_true(quic_version_known(0xff000022));
    assert_false(quic_version_known(0xff000016));
    assert_false(quic_version_known(0));
    assert_false(quic_version_known(0x51303433)); /* gQUIC "Q043" */
    assert_false(quic_initial_keys(2, slice_of(rfc_dcid, sizeof rfc_dcid), k));
}

static void test_open_client_initial(void **state)
{
    (void)state;
    struct quic_keys k[2];
    struct quic_header h;
    uint8_t out[QUIC_PACKET_MAX];
    struct slice plain;
    struct cursor c =
        cursor_of(slice_of(rfc_client_initial, sizeof rfc_client_initial), VERDICT_BAD);
    assert_int_equal(quic_header_next(&c, &h), VERDICT_OK);
    assert_int_equal(h.type, QUIC_INITIAL);
    assert_int_equal(h.version, QUIC_V1);
    assert_int_equal(h.dcid.len, 8);
    assert_int_equal(h.scid.len, 0);
    assert_int_equal(h.pn_offset, 18);
    assert_int_equal(h.packet.len, 1200);
    assert_int_equal(cur_left(&c), 0);
    assert_true(quic_initial_keys(h.version, h.dcid, k));
    assert_true(quic_open(&k[DIR_TO_SERVER], h.packet, h.pn_offset, out, &plain));
    assert_int_equal(plain.len, 1162);
    assert_memory_equal(plain.data, rfc_crypto_frame, sizeof rfc_crypto_frame);
    assert_false(quic_open(&k[DIR_TO_CLIENT], h.packet, h.pn_offset, out, &plain));
    h.packet.len--;
    assert_false(quic_open(&k[DIR_TO_SERVER], h.packet, h.pn_offset, out, &plain));
    h.packet.len = h.pn_offset + 19;
    assert_false(quic_open(&k[DIR_TO_SERVER], h.packet, h.pn_offset, out, &plain));
}

/* RFC 9001 A.3: an ACK and a CRYPTO frame. */
static void test_open_server_initial(void **state)
{
    (void)state;
    struct quic_keys k[2];
    struct quic_header h;
    struct quic_frame frame;
    uint8_t out[QUIC_PACKET_MAX];
    struct slice plain;
    struct cursor c =
        cursor_of(slice_of(rfc_server_initial, sizeof rfc_server_initial), VERDICT_BAD);
    assert_int_equal(quic_header_next(&c, &h), VERDICT_OK);
    assert_true(quic_initial_keys(QUIC_V1, slice_of(rfc_dcid, sizeof rfc_dcid), k));
    assert_true(quic_open(&k[DIR_TO_CLIENT], h.packet, h.pn_offset, out, &plain));
    struct cursor frames = cursor_of(plain, VERDICT_BAD);
    assert_true(quic_frame_next(&frames, &frame));
    assert_int_equal(frame.kind, QUIC_FRAME_OTHER);
    assert_true(quic_frame_next(&frames, &frame));
    assert_int_equal(frame.kind, QUIC_FRAME_CRYPTO);
    assert_int_equal(frame.offset, 0);
    assert_int_equal(frame.data.len, 90);
    assert_false(quic_frame_next(&frames, &frame));
    assert_int_equal(frames.verdict, VERDICT_OK);
}

static void test_flipped_bytes_do_not_open(void **state)
{
    (void)state;
    struct quic_keys k[2];
    assert_true(quic_initial_keys(QUIC_V1, slice_of(rfc_dcid, sizeof rfc_dcid), k));
    for (size_t i = 0; i < sizeof rfc_server_initial; i++) {
        uint8_t *copy = unit_copy(rfc_server_initial, sizeof rfc_server_initial);
        uint8_t out[QUIC_PACKET_MAX];
        struct quic_header h;
        struct slice plain;
        copy[i] ^= 0xff;
        struct cursor c = cursor_of(slice_of(copy, sizeof rfc_server_initial), VERDICT_BAD);
        if (quic_header_next(&c, &h) == VERDICT_OK && h.type == QUIC_INITIAL)
            assert_false(quic_open(&k[DIR_TO_CLIENT], h.packet, h.pn_offset, out, &plain));
        free(copy);
    }
}

static void test_header_prefixes(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof rfc_server_initial; len++) {
        uint8_t *copy = unit_copy(rfc_server_initial, len);
        struct quic_header h;
        struct cursor c = cursor_of(slice_of(copy, len), VERDICT_SHORT);
        assert_int_equal(quic_header_next(&c, &h), VERDICT_SHORT);
        free(copy);
    }
}

static void test_coalesced(void **state)
{
    (void)state;
    struct bytes b = {.len = 0};
    struct quic_header h;
    put(&b, rfc_server_initial, sizeof rfc_server_initial);
    put_handshake(&b);
    put(&b, "\x45zzzzzzzzz", 10);
    struct cursor c = cursor_of(slice_of(b.data, b.len), VERDICT_BAD);
    assert_int_equal(quic_header_next(&c, &h), VERDICT_OK);
    assert_int_equal(h.type, QUIC_INITIAL);
    assert_int_equal(quic_header_next(&c, &h), VERDICT_OK);
    assert_int_equal(h.type, QUIC_HANDSHAKE);
    assert_int_equal(h.dcid.len, 4);
    assert_int_equal(quic_header_next(&c, &h), VERDICT_OK);
    assert_int_equal(h.type, QUIC_ONE_RTT);
    assert_int_equal(h.packet.len, 10);
    assert_int_equal(cur_left(&c), 0);
}

static void test_other_headers(void **state)
{
    (void)state;
    static const uint8_t negotiation[] = {0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    static const uint8_t long_id[] = {0xc0, 0, 0, 0, 1, 21, 1, 2, 3};
    static const uint8_t unknown[] = {0xc3, 'Q', '0', '9', '9', 0, 0, 0, 0};
    struct quic_header h;
    struct cursor c = cursor_of(slice_of(negotiation, sizeof negotiation), VERDICT_BAD);
    assert_int_equal(quic_header_next(&c, &h), VERDICT_OK);
    assert_int_equal(h.type, QUIC_VERSION_NEGOTIATION);
    c = cursor_of(slice_of(long_id, sizeof long_id), VERDICT_SHORT);
    assert_int_equal(quic_header_next(&c, &h), VERDICT_BAD);
    c = cursor_of(slice_of(unknown, sizeof unknown), VERDICT_SHORT);
    assert_int_equal(quic_header_next(&c, &h), VERDICT_BAD);
    c = cursor_of(slice_of("\x01\x02", 2), VERDICT_SHORT); /* fixed bit cleared: RFC 9287 */
    assert_int_equal(quic_header_next(&c, &h), VERDICT_OK);
    assert_int_equal(h.type, QUIC_ONE_RTT);
}

static void test_varint(void **state)
{
    (void)state;
    /* RFC 9000 A.1 */
    static const uint8_t samples[] = {0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c, 0x9d,
                                      0x7f, 0x3e, 0x7d, 0x7b, 0xbd, 0x25, 0x40, 0x25};
    struct cursor c = cursor_of(slice_of(samples, sizeof samples), VERDICT_BAD);
    assert_true(quic_varint(&c) == 151288809941952652ULL);
    assert_int_equal(quic_varint(&c), 494878333);
    assert_int_equal(quic_varint(&c), 15293);
    assert_int_equal(quic_varint(&c), 37);
    assert_int_equal(quic_varint(&c), 37);
    assert_int_equal(c.verdict, VERDICT_OK);
    assert_int_equal(quic_varint(&c), 0);
    assert_int_equal(c.verdict, VERDICT_BAD);
}

static void test_frames(void **state)
{
    (void)state;
    struct bytes b = {.len = 0};
    struct quic_frame frame;
    put_fill(&b, 0, 5);
    put(&b, "\x01\x03\x05\x00\x01\x02\x01\x01\x01\x01\x01", 11); /* PING, ACK with ECN */
    put_crypto_frame(&b, 300, (const uint8_t *)"abc", 3);
    put_close_frame(&b, 0x128);
    put_int(&b, 0x08, 1); /* STREAM cannot be there */
    struct cursor c = cursor_of(slice_of(b.data, b.len), VERDICT_BAD);
    assert_true(quic_frame_next(&c, &frame));
    assert_true(quic_frame_next(&c, &frame));
    assert_int_equal(frame.kind, QUIC_FRAME_OTHER);
    assert_true(quic_frame_next(&c, &frame));
    assert_int_equal(frame.offset, 300);
    assert_slice_equal(frame.data, "abc");
    assert_true(quic_frame_next(&c, &frame));
    assert_int_equal(frame.kind, QUIC_FRAME_CLOSE);
    assert_int_equal(frame.error, 0x128);
    assert_false(quic_frame_next(&c, &frame));
    assert_int_equal(c.verdict, VERDICT_BAD);
}

static void test_frames_cut(void **state)
{
    (void)state;
    struct bytes b = {.len = 0};
    put_crypto_frame(&b, 300, (const uint8_t *)"abc", 3);
    for (size_t len = 1; len < b.len; len++) {
        uint8_t *copy = unit_copy(b.data, len);
        struct quic_frame frame;
        struct cursor c = cursor_of(slice_of(copy, len), VERDICT_BAD);
        assert_false(quic_frame_next(&c, &frame));
        assert_int_equal(c.verdict, VERDICT_BAD);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_v1),
        cmocka_unit_test(test_keys_v2),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_open_client_initial),
        cmocka_unit_test(test_open_server_initial),
        cmocka_unit_test(test_flipped_bytes_do_not_open),
        cmocka_unit_test(test_header_prefixes),
        cmocka_unit_test(test_coalesced),
        cmocka_unit_test(test_other_headers),
        cmocka_unit_test(test_varint),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_frames_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
