/*
 * Unit tests of capture/pcapng_write: what it writes is what our own reader reads.
 * SPDX-License-Identifier: MIT
 *
 * (That Wireshark reads it, too, is checked where a sensor writes such a file: tests/live.)
 */
#include "capture/pcapng_write.h"
#include "files.h"

#define TS (T0 * NS_PER_S + 123456789)

static const struct pcapng_texts none = {NULL, 0};

static void packet(struct buf *b, uint32_t interface, uint64_t id, const char *bytes,
                   const struct pcapng_texts *comments)
{
    const struct pcapng_packet p = {
        .interface = interface, .ts_ns = TS, .wire_len = 1500, .id = id, .bytes = slice_str(bytes)};
    pcapng_write_packet(b, &p, comments);
}

static void everything_comes_back(void **state)
{
    struct fixture *fx = *state;
    const struct slice words[] = {slice_str("the first"), slice_str("the second")};
    const struct pcapng_texts two = {words, 2};
    const struct pcapng_texts one = {words, 1};
    struct frame f;
    pcapng_write_section(&fx->b, "a test", &one);
    pcapng_write_interface(&fx->b, "eth0", 1, 0);
    pcapng_write_interface(&fx->b, "wlan0", 127, 96);
    packet(&fx->b, 0, 0, "", &none);
    packet(&fx->b, 1, 0x123456789abcdef0, "abcde", &two);
    pcapng_write_statistics(&fx->b, 0, &(struct pcapng_statistics){TS, 1, 0});
    pcapng_write_statistics(&fx->b, 1, &(struct pcapng_statistics){TS + 5, 1, 77});
    struct capture *c = open_with(save(fx, 0), NULL);
    assert_true(capture_next(c, &f));
    assert_true(f.at.ts_ns == TS);
    assert_int_equal(f.at.frame, 1);
    assert_int_equal(f.linktype, 1);
    assert_int_equal(f.bytes.len, 0);
    assert_true(f.group == 0);
    assert_true(capture_next(c, &f));
    assert_true(f.at.ts_ns == TS);
    assert_int_equal(f.linktype, 127);
    assert_int_equal(f.interface, 1);
    assert_int_equal(f.wire_len, 1500);
    assert_true(f.group == 0x123456789abcdef0);
    assert_slice_equal(f.bytes, "abcde");
    assert_false(capture_next(c, &f));
    const struct capture_file *file = capture_file(c, 0);
    assert_false(file->damaged);
    assert_int_equal(file->interface_count, 2);
    assert_string_equal(file->interfaces[0].name, "eth0");
    assert_int_equal(file->interfaces[0].snaplen, 0);
    assert_string_equal(file->interfaces[1].name, "wlan0");
    assert_int_equal(file->interfaces[1].snaplen, 96);
    assert_int_equal(file->interfaces[1].drops, 77);
    assert_true(file->ended_ns == TS + 5);
    assert_int_equal(file->comment_count, 3);
    assert_int_equal(file->comments[0].frame, 0);
    assert_string_equal(file->comments[0].text, "the first");
    assert_int_equal(file->comments[1].frame, 2);
    assert_int_equal(file->comments[2].frame, 2);
    assert_string_equal(file->comments[2].text, "the second");
    capture_close(c);
}

/* Each block stands at a multiple of 4 and ends with its length, whatever lies in it. */
static void blocks_are_padded(void **state)
{
    struct fixture *fx = *state;
    for (size_t len = 0; len < 9; len++) {
        const struct slice words[] = {slice_of("12345678", len)};
        size_t before = fx->b.len;
        packet(&fx->b, 0, 0, "12345678" + len, &(struct pcapng_texts){words, 1});
        size_t size = fx->b.len - before;
        assert_int_equal(size % 4, 0);
        assert_int_equal((uint8_t)fx->b.data[before + 4], size);
        assert_int_equal((uint8_t)fx->b.data[fx->b.len - 4], size);
    }
}

/* Byte for byte, by the draft. */
static void a_packet_in_bytes(void **state)
{
    struct fixture *fx = *state;
    static const uint8_t expected[] = {
        6,    0,    0,    0,    60,   0,    0,    0,                /* enhanced packet, 60 bytes */
        2,    0,    0,    0,                                        /* interface */
        0xfe, 0x9c, 0x97, 0x17, 0x15, 0xcd, 0x85, 0x3d,             /* time, the upper half first */
        1,    0,    0,    0,    0xdc, 5,    0,    0,                /* 1 of 1500 bytes */
        'x',  0,    0,    0,                                        /* the packet */
        1,    0,    2,    0,    'h',  'i',  0,    0,                /* opt_comment */
        5,    0,    8,    0,    9,    0,    0,    0,    0, 0, 0, 0, /* epb_packetid */
        0,    0,    0,    0,                                        /* opt_endofopt */
        60,   0,    0,    0,
    };
    const struct slice words[] = {slice_str("hi")};
    packet(&fx->b, 2, 9, "x", &(struct pcapng_texts){words, 1});
    assert_int_equal(fx->b.len, sizeof expected);
    assert_memory_equal(fx->b.data, expected, sizeof expected);
}

/* "ä" is two bytes: none of them is left alone. */
static void long_texts_are_cut_between_characters(void **state)
{
    struct fixture *fx = *state;
    char text[2 * PCAPNG_TEXT_MAX];
    for (size_t odd = 0; odd < 2; odd++) {
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = "\xc3\xa4"[(i + odd) % 2];
        const struct slice words[] = {slice_of(text, sizeof text)};
        pcapng_write_section(&fx->b, "", &(struct pcapng_texts){words, 1});
        /* Behind the header of 24 bytes and the empty name of the program: code and length. */
        uint8_t low = (uint8_t)fx->b.data[30], high = (uint8_t)fx->b.data[31];
        assert_int_equal(low | high << 8, PCAPNG_TEXT_MAX - odd);
        buf_reset(&fx->b);
    }
}

static void short_memory_is_told(void **state)
{
    struct fixture *fx = *state;
    pcapng_write_section(&fx->b, "a test", &none);
    fx->b.failed = true;
    fx->b.cap = fx->b.len; /* full, and no more to be had */
    size_t before = fx->b.len;
    packet(&fx->b, 0, 1, "abc", &none);
    assert_true(fx->b.failed);
    assert_int_equal(fx->b.len, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(blocks_are_padded, setup, teardown),
        cmocka_unit_test_setup_teardown(a_packet_in_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(long_texts_are_cut_between_characters, setup, teardown),
        cmocka_unit_test_setup_teardown(short_memory_is_told, setup, teardown),
    };
    return cmocka_run_group_tests_name("capture/pcapng_write", tests, NULL, NULL);
}
