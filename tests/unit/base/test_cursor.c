/*
 * Tests of base/cursor: every width, overruns, sub-cursors.
 * SPDX-License-Identifier: MIT
 */
#include "base/cursor.h"
#include "unit.h"

static const uint8_t bytes[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a};

static void reads_each_width(void **state)
{
    (void)state;
    struct cursor c = cursor_of(slice_of(bytes, sizeof bytes), VERDICT_BAD);
    struct cursor little = c;
    assert_int_equal(cur_u8(&c), 0x01);
    assert_int_equal(cur_be16(&c), 0x0203);
    assert_int_equal(cur_be24(&c), 0x040506);
    assert_int_equal(cur_be32(&c), 0x0708090a);
    assert_int_equal(cur_left(&c), 0);
    assert_int_equal(c.verdict, VERDICT_OK);
    assert_int_equal(cur_le16(&little), 0x0201);
    assert_int_equal(cur_le32(&little), 0x06050403);
    struct cursor wide = cursor_of(slice_of(bytes, 8), VERDICT_BAD);
    assert_true(cur_be64(&wide) == 0x0102030405060708ULL);
}

static void overrun_sticks(void **state)
{
    (void)state;
    struct cursor c = cursor_of(slice_of(bytes, 3), VERDICT_SHORT);
    assert_int_equal(cur_be32(&c), 0);
    assert_int_equal(c.verdict, VERDICT_SHORT);
    assert_int_equal(cur_left(&c), 0);
    assert_int_equal(cur_u8(&c), 0);
    assert_int_equal(cur_take(&c, 1).len, 0);
    cur_fail(&c, VERDICT_BAD);
    assert_int_equal(c.verdict, VERDICT_SHORT);
}

static void sub_cursor_must_be_read_whole(void **state)
{
    (void)state;
    struct cursor c = cursor_of(slice_of(bytes, sizeof bytes), VERDICT_SHORT);
    struct cursor child = cur_sub(&c, 4);
    assert_int_equal(cur_be16(&child), 0x0102);
    struct cursor unread = c;
    cur_close(&unread, &child);
    assert_int_equal(unread.verdict, VERDICT_BAD);
    assert_int_equal(cur_rest(&child).len, 2);
    cur_close(&c, &child);
    assert_int_equal(c.verdict, VERDICT_OK);
    assert_int_equal(cur_u8(&c), 0x05);
}

static void overrun_of_a_known_length_is_bad(void **state)
{
    (void)state;
    struct cursor c = cursor_of(slice_of(bytes, sizeof bytes), VERDICT_SHORT);
    struct cursor child = cur_sub(&c, 2);
    cur_skip(&child, 3);
    cur_close(&c, &child);
    assert_int_equal(c.verdict, VERDICT_BAD);
}

static void block_that_still_arrives_is_short(void **state)
{
    (void)state;
    struct cursor c = cursor_of(slice_of(bytes, 4), VERDICT_SHORT);
    struct cursor child = cur_sub(&c, 100);
    assert_int_equal(c.verdict, VERDICT_SHORT);
    assert_int_equal(cur_be16(&child), 0x0102);
    assert_int_equal(cur_be32(&child), 0);
    assert_int_equal(child.verdict, VERDICT_SHORT);
}

static void every_prefix_ends_within_bounds(void **state)
{
    (void)state;
    for (size_t len = 0; len <= sizeof bytes; len++) {
        uint8_t *copy = unit_copy(bytes, len);
        struct cursor c = cursor_of(slice_of(copy, len), VERDICT_SHORT);
        cur_be64(&c);
        cur_be16(&c);
        assert_int_equal(c.verdict, len == sizeof bytes ? VERDICT_OK : VERDICT_SHORT);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_width),
        cmocka_unit_test(overrun_sticks),
        cmocka_unit_test(sub_cursor_must_be_read_whole),
        cmocka_unit_test(overrun_of_a_known_length_is_bad),
        cmocka_unit_test(block_that_still_arrives_is_short),
        cmocka_unit_test(every_prefix_ends_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
