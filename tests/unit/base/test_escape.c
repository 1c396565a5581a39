/*
 * Tests of base/escape and base/mark: what leaves the program as text.
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>

#include <jansson.h>

#include "base/err.h"
#include "base/escape.h"
#include "base/mark.h"
#include "unit.h"

static void check_text(struct slice in, const char *want)
{
    struct buf b;
    buf_init(&b);
    escape_text(&b, in);
    assert_slice_equal(buf_view(&b), want);
    buf_clear(&b);
}

static void terminal_text_has_no_controls(void **state)
{
    (void)state;
    check_text(slice_str("plain.example"), "plain.example");
    check_text(slice_str("b\xc3\xbc"
                         "cher.example"),
               "b\xc3\xbc"
               "cher.example");
    check_text(slice_str("\033[2Jx\n\x7f"), "\\x1b[2Jx\\x0a\\x7f");
    check_text(slice_of("a\0b", 3), "a\\x00b");
    check_text(slice_str("\xc2\x9b"), "\\xc2\\x9b");                   /* C1 CSI */
    check_text(slice_str("\xe2\x80\xae"), "\\xe2\\x80\\xae");          /* right-to-left override */
    check_text(slice_str("\xc0\xaf\xff"), "\\xc0\\xaf\\xff");          /* overlong, invalid */
    check_text(slice_str("\xed\xa0\x80"), "\\xed\\xa0\\x80");          /* surrogate */
    check_text(slice_str("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"); /* above U+10FFFF */
    check_text(slice_str("\xe2\x82"), "\\xe2\\x82");                   /* cut */
}

static void check_json(const char *in, const char *want)
{
    struct buf b;
    buf_init(&b);
    escape_json(&b, slice_str(in));
    assert_true(slice_eq(buf_view(&b), slice_str(want)));
    json_error_t error;
    json_t *s = json_loadb(b.data, b.len, JSON_DECODE_ANY, &error);
    assert_non_null(s);
    assert_string_equal(json_string_value(s), in);
    json_decref(s);
    buf_clear(&b);
}

/* The same string for who parses it, but nothing that turns the text round for who looks at it. */
static void json_shows_controls(void **state)
{
    (void)state;
    check_json("a\xe2\x80\xae"
               "b",
               "\"a\\u202eb\""); /* right-to-left override */
    check_json("\xe2\x81\xa6x\xe2\x81\xa9", "\"\\u2066x\\u2069\"");
    check_json("\xe2\x80\x8b\xef\xbb\xbf", "\"\\u200b\\ufeff\"");
    check_json("\xc2\x9b", "\"\\u009b\""); /* C1 CSI */
    check_json("\x7f\x01", "\"\\u007f\\u0001\"");
    check_json("\xe2\x81\xa5\xe2\x82\xac\xf0\x9f\x98\x80",
               "\"\xe2\x81\xa5\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

/* Jansson must read back what it could have written: every byte alone, and between letters. */
static void json_strings_parse(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        uint8_t in[3] = {'a', (uint8_t)byte, 'z'};
        struct buf b;
        buf_init(&b);
        buf_char(&b, '[');
        escape_json(&b, slice_of(in, 3));
        buf_char(&b, ']');
        json_error_t error;
        json_t *list = json_loadb(b.data, b.len, JSON_ALLOW_NUL, &error);
        assert_non_null(list);
        json_t *s = json_array_get(list, 0);
        if (byte < 0x80) {
            assert_int_equal(json_string_length(s), 3);
            assert_memory_equal(json_string_value(s), in, 3);
        } else {
            assert_string_equal(json_string_value(s), "a\xef\xbf\xbdz");
        }
        json_decref(list);
        buf_clear(&b);
    }
}

/* Long texts are looked at eight bytes at a time: an odd byte is found wherever it is, and pairs of them. */
static void json_strings_of_any_length(void **state)
{
    (void)state;
    for (size_t len = 1; len <= 24; len++) {
        for (size_t at = 0; at < len; at++) {
            for (unsigned byte = 0; byte < 0x80; byte++) {
                uint8_t in[24];
                memset(in, 'a', sizeof in);
                in[at] = (uint8_t)byte;
                in[len - 1 - at] = (uint8_t)(byte ^ 1);
                struct buf b;
                buf_init(&b);
                escape_json(&b, slice_of(in, len));
                json_error_t error;
                json_t *s = json_loadb(b.data, b.len, JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);
                assert_non_null(s);
                assert_int_equal(json_string_length(s), len);
                assert_memory_equal(json_string_value(s), in, len);
                json_decref(s);
                buf_clear(&b);
            }
        }
    }
}

static void lengths_of_characters(void **state)
{
    (void)state;
    assert_int_equal(utf8_length(slice_str("")), 0);
    assert_int_equal(utf8_length(slice_str("a")), 1);
    assert_int_equal(utf8_length(slice_str("\xc3\xbc")), 2);
    assert_int_equal(utf8_length(slice_str("\xe2\x82\xac")), 3);
    assert_int_equal(utf8_length(slice_str("\xf0\x9f\x98\x80")), 4);
    assert_int_equal(utf8_length(slice_str("\x80")), 0);
}

static void check_time(int64_t ns, const char *want)
{
    char text[TIME_TEXT_SIZE];
    assert_string_equal(time_text(ns, text), want);
}

static void times_are_utc(void **state)
{
    (void)state;
    check_time(0, "1970-01-01T00:00:00.000000Z");
    check_time(-1, "1969-12-31T23:59:59.999999Z");
    check_time(951782400 * NS_PER_S, "2000-02-29T00:00:00.000000Z");
    check_time(1772352000 * NS_PER_S + 123456789, "2026-03-01T08:00:00.123456Z");
    check_time(4107542399 * NS_PER_S, "2100-02-28T23:59:59.000000Z");
    check_time(4107542400 * NS_PER_S, "2100-03-01T00:00:00.000000Z");
    check_time(INT64_MAX, "2262-04-11T23:47:16.854775Z");
    check_time(INT64_MIN, "1677-09-21T00:12:43.145224Z");
}

/* A memo says what time_text says, whatever it said before. */
static void times_of_one_second(void **state)
{
    (void)state;
    static const int64_t times[] = {
        1767225600000000000,
        1767225600999999999,
        1767225600000001000,
        1767225601000000000,
        0,
        1,
        999999999,
        1000000000,
        1000000001,
        -1,
        -1500000000,
        1500000000,
        INT64_MAX,
        INT64_MIN,
        1767225600123456789,
    };
    struct time_memo memo = {0};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char text[TIME_TEXT_SIZE];
        assert_string_equal(time_text_memo(times[i], &memo), time_text(times[i], text));
        assert_string_equal(time_text_memo(times[i], &memo), text);
    }
}

static void errors_are_cut_not_overrun(void **state)
{
    (void)state;
    struct err e;
    char longer[1000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    err_set(&e, NULL, "%s", longer);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
    assert_string_equal(e.where, "");
    err_set(&e, "file", "n %d", 5);
    assert_string_equal(e.text, "n 5");
    assert_string_equal(e.where, "file");
    err_set(NULL, "file", "nobody listens");
}

static void errors_have_reasons(void **state)
{
    (void)state;
    char reason[ERR_REASON_SIZE];
    assert_string_equal(err_reason(ENOENT, reason), "No such file or directory");
    assert_ptr_equal(err_reason(EACCES, reason), reason);
    assert_non_null(strstr(err_reason(987654, reason), "987654"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terminal_text_has_no_controls),
        cmocka_unit_test(json_shows_controls),
        cmocka_unit_test(json_strings_parse),
        cmocka_unit_test(json_strings_of_any_length),
        cmocka_unit_test(lengths_of_characters),
        cmocka_unit_test(times_are_utc),
        cmocka_unit_test(times_of_one_second),
        cmocka_unit_test(errors_are_cut_not_overrun),
        cmocka_unit_test(errors_have_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
