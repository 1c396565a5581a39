/*
 * Tests of live/screen and the keys of live/terminal: what is shown, whatever devices call themselves.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "../../../src/live/screen.h"
#include "../../../src/live/terminal.h"
#include "unit.h"

#define EVIL                 \
    "\x1b]0;x\a\x9b"         \
    "2J\xe2\x80\xae\xc3\xa4" \
    "b\nc"
#define LINES_MAX 64
#define LINE_ROOM 512

struct bench {
    struct sensor s;
    struct live_options options;
    struct screen v;
    char lines[LINES_MAX][LINE_ROOM]; /* as shown, without styles */
    unsigned count;
    unsigned reversed; /* the line that is */
};

static void end_one(struct bench *b, uint32_t number, enum verdict_word verdict, const char *name)
{
    struct past *p = &b->s.past[b->s.past_next++];
    b->s.past_count++;
    *p = (struct past){.row = {.number = number, .end = DEVICE_FAILED, .ended_ns = 1}};
    p->row.summary.judged = true;
    p->row.summary.verdict = verdict;
    (void)snprintf(p->row.address, sizeof p->row.address, "10.0.0.%u", 20 - (unsigned)number);
    (void)snprintf(p->row.summary.name, sizeof p->row.summary.name, "%s", name);
    for (unsigned i = 1; i <= 50; i++)
        buf_printf(&p->text, "line %u of %u\n", i, (unsigned)number);
}

static int set_up(void **state)
{
    static const char *const names[] = {"eth1"};
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->options.interface_count = b->s.open_interfaces = 1;
    b->options.interfaces = names;
    b->s.options = &b->options;
    screen_init(&b->v, true);
    b->v.width = 80;
    b->v.height = 24;
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    for (int i = 0; i < PAST_MAX; i++)
        buf_clear(&b->s.past[i].text);
    screen_clear(&b->v);
    free(b);
    return 0;
}

/* Takes what is drawn apart: only styles, "\x1b[H", "\x1b[K" and "\x1b[J" may be in it. */
static size_t take_escape(struct bench *b, const struct buf *screen, size_t at)
{
    size_t end = at + 1;
    assert_int_equal(screen->data[end++], '[');
    while (screen->data[end] >= '0' && screen->data[end] <= '9')
        end++;
    assert_non_null(memchr("mHKJ", screen->data[end], 4));
    if (end == at + 3 && screen->data[at + 2] == '7')
        b->reversed = b->count;
    return end;
}

static void draw(struct bench *b)
{
    struct buf screen;
    size_t column = 0;
    buf_init(&screen);
    screen_draw(&b->v, &b->s, &screen);
    assert_false(screen.failed);
    memset(b->lines, 0, sizeof b->lines);
    b->count = b->reversed = 0;
    for (size_t i = 0; i < screen.len; i++) {
        char c = screen.data[i];
        if (c == '\x1b') {
            i = take_escape(b, &screen, i);
        } else if (c == '\n') {
            b->count++;
            column = 0;
        } else if (c != '\r') {
            assert_true((unsigned char)c >= 0x20 && c != 0x7f);
            assert_true(b->count < LINES_MAX && column < LINE_ROOM - 1);
            b->lines[b->count][column++] = c;
        }
        assert_true(column <= b->v.width);
    }
    assert_int_equal(b->count + 1, b->v.height);
    buf_clear(&screen);
}

static void press(struct bench *b, int key)
{
    assert_false(screen_key(&b->v, key));
    draw(b);
}

/* ---- the table ---------------------------------------------------------------------------------- */

static void an_empty_table_says_so(void **state)
{
    struct bench *b = *state;
    draw(b);
    assert_non_null(strstr(b->lines[0], "live on eth1"));
    assert_non_null(strstr(b->lines[4], "no deployment yet"));
    press(b, KEY_DOWN);
    press(b, KEY_ENTER);
    assert_false(b->v.detail);
}

static void names_of_devices_are_harmless(void **state)
{
    struct bench *b = *state;
    end_one(b, 1, VERDICT_BLOCKED, EVIL);
    (void)snprintf(b->s.past[0].row.summary.causes[0], DEVICE_TEXT_MAX, "%s", EVIL);
    (void)snprintf(b->s.said[0], SAID_BYTES, "%s", EVIL);
    draw(b);
    assert_non_null(strstr(b->lines[3], "\\x1b]0;x\\x0"));
    press(b, KEY_ENTER);
    assert_non_null(strstr(b->lines[0], "\\x1b]0;x\\x07\\x9b2J"));
}

static const char *first_address(const struct bench *b)
{
    return b->lines[3] + 8;
}

static void rows_are_sorted(void **state)
{
    struct bench *b = *state;
    end_one(b, 1, VERDICT_CLEAR, "b");
    end_one(b, 2, VERDICT_BLOCKED, "c");
    end_one(b, 10, VERDICT_DEGRADED, "a");
    draw(b);
    assert_true(strncmp(first_address(b), "10.0.0.18 ", 10) == 0); /* the worst */
    press(b, 's');                                                 /* by number */
    assert_true(strncmp(first_address(b), "10.0.0.19 ", 10) == 0);
    press(b, 'r');
    assert_true(strncmp(first_address(b), "10.0.0.10 ", 10) == 0);
    press(b, 'r');
    press(b, 's'); /* by address: .10 before .18 */
    assert_true(strncmp(first_address(b), "10.0.0.10 ", 10) == 0);
    press(b, 's'); /* by name */
    assert_true(strncmp(first_address(b), "10.0.0.10 ", 10) == 0);
    for (int i = 0; i < SORT_COUNT; i++)
        press(b, 's');
    assert_int_equal(b->v.sort, SORT_NAME);
}

/* The selected device stays selected wherever it moves, and in sight. */
static void the_selection_stays_with_its_device(void **state)
{
    struct bench *b = *state;
    for (uint32_t i = 1; i <= 60; i++)
        end_one(b, i, VERDICT_CLEAR, "");
    draw(b);
    press(b, KEY_END);
    assert_int_equal(b->v.selected, 60);
    assert_non_null(strstr(b->lines[b->reversed], "   60 "));
    press(b, 'r');
    assert_int_equal(b->v.selected, 60);
    assert_int_equal(b->reversed, 3);
    press(b, KEY_PAGE_DOWN);
    assert_int_equal(b->v.selected, 60 - 17);
    b->v.height = 8;
    draw(b);
    assert_non_null(strstr(b->lines[b->reversed], "   43 "));
    press(b, KEY_HOME);
    press(b, KEY_UP);
    assert_int_equal(b->v.selected, 60);
}

static void any_size_is_filled(void **state)
{
    struct bench *b = *state;
    for (uint32_t i = 1; i <= 30; i++)
        end_one(b, i, VERDICT_BLOCKED, EVIL);
    for (b->v.height = 5; b->v.height < 60; b->v.height++) {
        for (b->v.width = 1; b->v.width < 200; b->v.width += 13)
            draw(b);
    }
}

/* ---- the detail --------------------------------------------------------------------------------- */

static void a_report_is_scrolled(void **state)
{
    struct bench *b = *state;
    end_one(b, 7, VERDICT_BLOCKED, "x");
    draw(b);
    press(b, KEY_ENTER);
    assert_non_null(strstr(b->lines[0], "device 7  10.0.0.13"));
    assert_string_equal(b->lines[1], "line 1 of 7");
    press(b, KEY_DOWN);
    assert_string_equal(b->lines[1], "line 2 of 7");
    press(b, KEY_END);
    assert_string_equal(b->lines[22], "line 50 of 7");
    press(b, KEY_UP);
    assert_string_equal(b->lines[22], "line 49 of 7");
    press(b, KEY_HOME);
    assert_string_equal(b->lines[1], "line 1 of 7");
    press(b, KEY_BACK);
    assert_non_null(strstr(b->lines[2], "ADDRESS"));
}

static void a_report_that_is_gone_is_said(void **state)
{
    struct bench *b = *state;
    end_one(b, 7, VERDICT_BLOCKED, "x");
    buf_clear(&b->s.past[0].text);
    draw(b);
    press(b, KEY_ENTER);
    assert_non_null(strstr(b->lines[2], "too large"));
}

/* ---- keys --------------------------------------------------------------------------------------- */

static void stopping_is_asked_for(void **state)
{
    struct bench *b = *state;
    draw(b);
    press(b, 'q');
    assert_non_null(strstr(b->lines[23], "y/n"));
    press(b, 'n');
    assert_null(strstr(b->lines[23], "y/n"));
    assert_false(screen_key(&b->v, 'y'));
    assert_false(screen_key(&b->v, 'q'));
    assert_true(screen_key(&b->v, 'y'));
    assert_true(screen_key(&b->v, KEY_STOP));
}

static void keys_are_told_apart(void **state)
{
    static const struct {
        const char *bytes;
        int keys[4];
    } cases[] = {
        {"\x1b[A\x1b[B", {KEY_UP, KEY_DOWN}},
        {"\x1bOA", {KEY_UP}},
        {"\x1b[5~\x1b[6~s", {KEY_PAGE_UP, KEY_PAGE_DOWN, 's'}},
        {"\x1b", {KEY_BACK}},
        {"\x1b[1;5A"
         "r",
         {'r'}},
        {"\x1b[", {0}},
        {"\x1b[12", {0}},
        {"\r\x03"
         "jk",
         {KEY_ENTER, KEY_STOP, KEY_DOWN, KEY_UP}},
    };
    int keys[4];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memset(keys, 0, sizeof keys);
        size_t len = strlen(cases[i].bytes);
        uint8_t *copy = unit_copy(cases[i].bytes, len);
        unsigned count = terminal_parse(slice_of(copy, len), keys, 4);
        assert_memory_equal(keys, cases[i].keys, sizeof keys);
        assert_true(count == 4 || keys[count] == 0);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_table_says_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_of_devices_are_harmless, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_are_sorted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_selection_stays_with_its_device, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_size_is_filled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_report_is_scrolled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_report_that_is_gone_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stopping_is_asked_for, set_up, tear_down),
        cmocka_unit_test(keys_are_told_apart),
    };
    return cmocka_run_group_tests_name("live/screen", tests, NULL, NULL);
}
