/*
 * Tests of live/drops: when packets were lost, as far as counts that are looked at now and then tell.
 * SPDX-License-Identifier: MIT
 */
#include "../../../src/live/drops.h"
#include "unit.h"

static struct drop_counts counts(uint64_t kernel, uint64_t interface, uint64_t turned_away)
{
    return (struct drop_counts){{kernel, interface}, turned_away};
}

static void a_loss_lies_between_two_looks(void **state)
{
    struct drops d = {.looked_ns = 0};
    (void)state;
    assert_false(drops_look(&d, counts(0, 0, 0), 100));
    assert_true(drops_look(&d, counts(5, 2, 0), 200));
    struct loss_span lost = drops_newest(&d);
    assert_int_equal(lost.since_ns, 100);
    assert_int_equal(lost.until_ns, 200);
    assert_int_equal(lost.frames, 7);
    /* Who was turned away was read. */
    assert_false(drops_look(&d, counts(5, 2, 9), 300));
    assert_int_equal(drops_frames(&d), 7);
    /* The clock was set back: no span ends before it begins. */
    assert_true(drops_look(&d, counts(6, 2, 9), 50));
    assert_int_equal(drops_newest(&d).since_ns, 50);
    assert_int_equal(drops_newest(&d).until_ns, 50);
}

static void losses_from_the_first_packet_on_count(void **state)
{
    struct drops d = {.looked_ns = 0};
    struct loss_span out[DROPS_KEPT];
    (void)state;
    assert_int_equal(drops_after(&d, 0, out), 0);
    for (int i = 1; i <= 3; i++)
        assert_true(drops_look(&d, counts((uint64_t)i, 0, 0), i * 100));
    assert_int_equal(drops_after(&d, 0, out), 3);
    assert_int_equal(out[0].until_ns, 100);
    assert_int_equal(drops_after(&d, 201, out), 1);
    assert_int_equal(out[0].since_ns, 200);
    assert_int_equal(drops_after(&d, 301, out), 0);
    for (int i = 4; i <= 1000; i++)
        assert_true(drops_look(&d, counts((uint64_t)i, 0, 0), i * 100));
    assert_int_equal(drops_after(&d, 0, out), DROPS_KEPT);
    assert_int_equal(out[DROPS_KEPT - 1].until_ns, 100000);
    assert_int_equal(out[0].until_ns, 100000 - 100 * (DROPS_KEPT - 1));
}

static void every_minute_is_counted_for_itself(void **state)
{
    struct drops d = {.looked_ns = 0};
    (void)state;
    assert_false(drops_minute(&d, NS_PER_S));
    (void)drops_look(&d, counts(5, 1, 2), 30 * NS_PER_S);
    assert_false(drops_minute(&d, 60 * NS_PER_S));
    assert_true(drops_minute(&d, 61 * NS_PER_S));
    assert_int_equal(d.minute.tap.kernel, 5);
    assert_int_equal(d.minute.turned_away, 2);
    (void)drops_look(&d, counts(5, 4, 2), 90 * NS_PER_S);
    assert_true(drops_minute(&d, 121 * NS_PER_S));
    assert_int_equal(d.minute.tap.kernel, 0);
    assert_int_equal(d.minute.tap.interface, 3);
    assert_int_equal(d.minute.turned_away, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loss_lies_between_two_looks),
        cmocka_unit_test(losses_from_the_first_packet_on_count),
        cmocka_unit_test(every_minute_is_counted_for_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
