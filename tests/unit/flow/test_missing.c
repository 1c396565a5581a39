/*
 * Tests of flow/missing: directions and bytes that the capture has not.
 * SPDX-License-Identifier: MIT
 */
#include "bench.h"

static void one_direction(void **state)
{
    struct bench *b = *state;
    struct flow *f = up(b, 0, S, ISN_C, 0, 0);
    assert_false(flow_is_one_way(f)); /* nobody answers, as far as one can see */
    f = up(b, 10, A, ISN_C + 1, ISN_S + 1, 0);
    assert_true(flow_is_one_way(f)); /* somebody did */
    f = down(b, 20, A, ISN_S + 1, ISN_C + 1, 0);
    assert_false(flow_is_one_way(f));
    assert_true(flow_is_one_way(udp(b, 30, DOWN, 50001, 53)));
    assert_false(flow_is_one_way(udp(b, 30, UP, 50002, 53)));
}

static void nothing_is_missing(void **state)
{
    struct bench *b = *state;
    struct flow *f = handshake(b, 0);
    assert_int_equal(flow_missing(f, DOWN), 0);
    f = up(b, 30, A, ISN_C + 1, ISN_S + 1, 500);
    f = down(b, 40, A, ISN_S + 1, ISN_C + 501, 1400);
    f = down(b, 41, A, ISN_S + 1401, ISN_C + 501, 600); /* not acknowledged yet */
    assert_false(flow_lacks(f));
    f = up(b, 50, F, ISN_C + 501, ISN_S + 2001, 0);
    f = down(b, 60, F, ISN_S + 2001, ISN_C + 502, 0);
    f = up(b, 70, A, ISN_C + 502, ISN_S + 2002, 0);
    assert_false(flow_lacks(f));
}

static void a_segment_in_the_middle(void **state)
{
    struct bench *b = *state;
    struct flow *f = handshake(b, 0);
    f = down(b, 40, A, ISN_S + 1, ISN_C + 1, 1400);
    f = down(b, 41, A, ISN_S + 2801, ISN_C + 1, 600);
    assert_int_equal(flow_missing(f, DOWN), 1400);
    assert_int_equal(flow_missing(f, UP), 0);
    assert_true(flow_lacks(f));
    /* Sent again, and captured this time. */
    f = down(b, 60, A, ISN_S + 1401, ISN_C + 1, 1400);
    assert_int_equal(flow_missing(f, DOWN), 0);
}

/* What the receiver says it lacks the network lost. */
static void a_segment_that_never_arrived(void **state)
{
    struct bench *b = *state;
    handshake(b, 0);
    down(b, 40, A, ISN_S + 1, ISN_C + 1, 1400);
    up(b, 41, A, ISN_C + 1, ISN_S + 1401, 0);
    down(b, 42, A, ISN_S + 2801, ISN_C + 1, 600);
    struct flow *f = up(b, 43, A, ISN_C + 1, ISN_S + 1401, 0);
    assert_false(flow_lacks(f));
    f = up(b, 90, A, ISN_C + 1, ISN_S + 3401, 0);
    assert_int_equal(flow_missing(f, DOWN), 1400);
}

static void the_last_segment(void **state)
{
    struct bench *b = *state;
    struct flow *f = handshake(b, 0);
    f = up(b, 30, A, ISN_C + 1, ISN_S + 1, 500);
    f = up(b, 40, A, ISN_C + 501, ISN_S + 701, 0);
    assert_int_equal(flow_missing(f, DOWN), 700);
    f = down(b, 50, F, ISN_S + 701, ISN_C + 501, 0);
    f = up(b, 60, A, ISN_C + 501, ISN_S + 702, 0);
    assert_int_equal(flow_missing(f, DOWN), 700); /* a FIN is no byte */
}

/* A FIN that was not captured is not worth a word. */
static void one_number_is_a_fin(void **state)
{
    struct bench *b = *state;
    struct flow *f = handshake(b, 0);
    f = up(b, 40, F, ISN_C + 1, ISN_S + 2, 0);
    assert_int_equal(flow_missing(f, DOWN), 0);
}

/* Whoever forges a RST does not know what the server sent. */
static void a_reset_acknowledges_nothing(void **state)
{
    struct bench *b = *state;
    struct flow *f = handshake(b, 0);
    f = up(b, 30, A, ISN_C + 1, ISN_S + 1, 500);
    f = down(b, 31, RA, ISN_S + 1, ISN_C + 9000, 0);
    f = up(b, 32, RA, ISN_C + 501, ISN_S + 7777, 0);
    assert_false(flow_lacks(f));
}

/* A client knows what it sent before it gives up. */
static void a_clients_reset_lies_behind_its_data(void **state)
{
    struct bench *b = *state;
    handshake(b, 0);
    struct flow *f = up(b, 30, R, ISN_C + 8, 0, 0);
    assert_int_equal(flow_missing(f, UP), 7);
    f = up(b, 31, R, 0x70000000U, 0, 0);
    assert_int_equal(flow_missing(f, UP), 7);
}

static void picked_up_in_the_middle(void **state)
{
    struct bench *b = *state;
    struct flow *f = down(b, 0, A, ISN_S + 5000, ISN_C + 300, 1000);
    f = up(b, 10, A, ISN_C + 300, ISN_S + 6000, 40);
    assert_false(flow_lacks(f));
    f = up(b, 20, A, ISN_C + 340, ISN_S + 8000, 0);
    assert_int_equal(flow_missing(f, DOWN), 2000);
    f = down(b, 30, A, ISN_S + 8000, ISN_C + 340, 0);
    assert_int_equal(flow_missing(f, UP), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_direction, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_missing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_segment_in_the_middle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_segment_that_never_arrived, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_last_segment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_number_is_a_fin, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reset_acknowledges_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_clients_reset_lies_behind_its_data, set_up, tear_down),
        cmocka_unit_test_setup_teardown(picked_up_in_the_middle, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
