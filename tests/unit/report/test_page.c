/*
 * Tests of report/page: wrapping, padding, colour, hostile names.
 * SPDX-License-Identifier: MIT
 */
#include "../../../src/report/page.h"
#include "unit.h"

static struct buf buf;

static int set_up(void **state)
{
    (void)state;
    buf_init(&buf);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_clear(&buf);
    return 0;
}

static void wraps_at_blanks_and_indents(void **state)
{
    (void)state;
    struct page p = {&buf, 40, false};
    page_item(&p, 2, "ask: ", TONE_BOLD, "let the provisioning network reach the name");
    assert_slice_equal(buf_view(&buf), "  ask: let the provisioning network\n"
                                       "       reach the name\n");
}

static void breaks_words_longer_than_a_line(void **state)
{
    (void)state;
    struct page p = {&buf, 24, false};
    page_item(&p, 4, "", TONE_PLAIN, "abcdefghijklmnopqrstuvwxyz");
    assert_slice_equal(buf_view(&buf), "    abcdefghijklmnopqrst\n    uvwxyz\n");
}

static void cells_are_padded_and_cut(void **state)
{
    (void)state;
    struct page p = {&buf, 80, false};
    page_cell(&p, "short", 8, TONE_GOOD);
    page_cell(&p, "a name that is too long", 10, TONE_PLAIN);
    page_cell(&p, "x", 5, TONE_PLAIN);
    page_end_line(&p);
    assert_slice_equal(buf_view(&buf), "short   a name ...x\n");
}

static void colour_only_when_asked(void **state)
{
    (void)state;
    struct page p = {&buf, 80, true};
    page_cell(&p, "failed", 8, TONE_BAD);
    page_end_line(&p);
    assert_slice_equal(buf_view(&buf), "\033[1;31mfailed\033[0m\n");
}

static void names_cannot_steer_the_terminal(void **state)
{
    (void)state;
    struct page p = {&buf, 80, false};
    page_item(&p, 0, "", TONE_PLAIN, "evil\033[2J\n.example");
    assert_slice_equal(buf_view(&buf), "evil\\x1b[2J\\x0a.example\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(wraps_at_blanks_and_indents, set_up, tear_down),
        cmocka_unit_test_setup_teardown(breaks_words_longer_than_a_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cells_are_padded_and_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(colour_only_when_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_cannot_steer_the_terminal, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
