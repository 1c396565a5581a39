/*
 * Tests of base/slice.
 * SPDX-License-Identifier: MIT
 */
#include "base/slice.h"
#include "unit.h"

static void compares(void **state)
{
    (void)state;
    assert_true(slice_eq(slice_str("abc"), slice_str("abc")));
    assert_false(slice_eq(slice_str("abc"), slice_str("abC")));
    assert_true(slice_eq_nocase(slice_str("aBc[`"), slice_str("AbC[`")));
    assert_false(slice_eq_nocase(slice_str("@"), slice_str("`")));
    assert_true(slice_eq(slice_of(NULL, 0), slice_str("")));
    assert_true(slice_starts(slice_str("HTTP/1.1"), "HTTP/"));
    assert_false(slice_starts(slice_str("HT"), "HTTP/"));
    assert_true(slice_starts_nocase(slice_str("host: x"), "Host:"));
}

static void cuts(void **state)
{
    (void)state;
    struct slice s = slice_str("name: value");
    assert_int_equal(slice_find(s, 0, ':'), 4);
    assert_int_equal(slice_find(s, 5, ':'), s.len);
    assert_int_equal(slice_find(s, 99, ':'), s.len);
    assert_slice_equal(slice_sub(s, 6, 99), "value");
    assert_int_equal(slice_sub(s, 99, 1).len, 0);
    assert_slice_equal(slice_trim(slice_str(" \t x y\t ")), "x y");
    assert_int_equal(slice_trim(slice_str(" \t")).len, 0);
}

static void finds_text_whatever_its_case(void **state)
{
    (void)state;
    assert_true(slice_has_nocase(slice_str("1.1 proxy (Squid/5.7)"), "squid"));
    assert_true(slice_has_nocase(slice_str("squid"), "SQUID"));
    assert_true(slice_has_nocase(slice_str(""), ""));
    assert_false(slice_has_nocase(slice_str("squi"), "squid"));
    assert_false(slice_has_nocase(slice_str("s quid"), "squid"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(compares), cmocka_unit_test(cuts),
                                       cmocka_unit_test(finds_text_whatever_its_case)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
