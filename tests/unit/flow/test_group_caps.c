/*
 * Tests of flow/group: where there is no room for all flows, or no time to end them.
 * SPDX-License-Identifier: MIT
 */
#include "book.h"

#define SHARE 256 /* flows that a group may have while others make room for it */

/* The oldest is the first that began, however lately it spoke. */
static void a_full_group_loses_its_own_oldest(void **state)
{
    struct book *b = *state;
    b->owners[1].group.max_flows = 3;
    uint32_t other = ask(b, 0, 0, 40000);
    uint32_t ids[5];
    for (uint16_t i = 0; i < 3; i++)
        ids[i] = ask(b, 1, 1 + i, (uint16_t)(50000 + i));
    assert_int_equal(ask(b, 1, 10, 50000), ids[0]);
    for (uint16_t i = 3; i < 5; i++) {
        ids[i] = ask(b, 1, 11 + i, (uint16_t)(50000 + i));
        assert_int_equal(b->owners[1].last_ended, ids[i - 3]);
        assert_int_equal(b->owners[1].last_reason, END_EVICTED);
        check(b);
    }
    assert_int_equal(b->owners[1].group.stats.evicted, 2);
    assert_int_equal(b->owners[1].group.stats.open_max, 3);
    assert_int_equal(b->owners[0].ended, 0);
    assert_int_equal(ask(b, 0, 20, 40000), other);
    for (uint16_t i = 0; i < 10; i++)
        (void)ask(b, 0, 21, (uint16_t)(41000 + i));
    assert_int_equal(b->owners[1].ended, 2);
    check(b);
}

/* Whoever is nearest to the time-out goes, whosever it is. */
static void a_full_table_takes_from_all(void **state)
{
    struct book *b = *state;
    b->config.max_flows = 6;
    make_table(b);
    uint32_t first = ask(b, 0, 0, 50000);
    for (uint16_t i = 1; i < 6; i++)
        (void)ask(b, 1, 2000 * i, (uint16_t)(50000 + i));
    assert_int_equal(ask(b, 2, 20000, 60000), first + 6);
    assert_int_equal(b->owners[0].last_ended, first);
    assert_int_equal(b->owners[0].last_reason, END_EVICTED);
    assert_int_equal(b->owners[0].group.stats.evicted, 1);
    assert_int_equal(b->owners[0].group.first, 0);
    assert_int_equal(b->owners[1].ended + b->owners[2].ended, 0);
    check(b);
}

static void a_full_queue_takes_from_all(void **state)
{
    struct book *b = *state;
    b->config.max_queued = 4;
    make_table(b);
    uint32_t first = syn(b, 0, 0, 50000);
    (void)ask(b, 0, 0, 50000); /* of another queue */
    for (uint16_t i = 1; i < 5; i++)
        (void)syn(b, 1, i, (uint16_t)(50000 + i));
    assert_int_equal(b->owners[0].last_ended, first);
    assert_int_equal(b->owners[0].group.stats.evicted, 1);
    assert_int_equal(b->owners[0].open, 1);
    assert_int_equal(b->owners[1].ended, 0);
    (void)syn(b, 2, 10, 50005);
    assert_int_equal(b->owners[1].group.stats.evicted, 1);
    check(b);
}

/* A table that is full because of one group: that one makes room for itself, and so for the others. */
static void who_floods_makes_room(void **state)
{
    struct book *b = *state;
    b->config.max_flows = SHARE + 3;
    make_table(b);
    uint32_t quiet = ask(b, 0, 0, 50000); /* nearest to its time-out */
    for (uint16_t i = 0; i < 2 * SHARE; i++)
        (void)ask(b, 1, 1 + i, (uint16_t)(10000 + i));
    assert_int_equal(b->owners[0].open, 1);
    assert_int_equal(b->owners[0].ids[0], quiet);
    assert_int_equal(b->owners[1].open, SHARE + 2);
    assert_int_equal(b->owners[1].group.stats.evicted, SHARE - 2);
    check(b);
}

/* So many end with a call, and the rest with later ones. */
static void time_ends_a_few_at_once(void **state)
{
    struct book *b = *state;
    for (uint16_t i = 0; i < 10; i++)
        (void)ask(b, 0, i, (uint16_t)(50000 + i));
    static const uint32_t open[] = {7, 4, 1, 0, 0};
    for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
        flow_table_expire(b->table, START_NS + 200 * NS_PER_S, 3);
        assert_int_equal(b->owners[0].open, open[i]);
    }
    check(b);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_book, close_book)
    const struct CMUnitTest tests[] = {
        TEST(a_full_group_loses_its_own_oldest), TEST(a_full_table_takes_from_all),
        TEST(a_full_queue_takes_from_all),       TEST(who_floods_makes_room),
        TEST(time_ends_a_few_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
