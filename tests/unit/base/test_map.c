/*
 * Tests of base/map: storing, replacing, forgetting, copying.
 * SPDX-License-Identifier: MIT
 */
#include "base/map.h"
#include "unit.h"

#define MANY 1000U

/* Keys in no order, as hashes are. */
static uint64_t key_of(uint32_t i)
{
    return (uint64_t)i * 0x9e3779b97f4a7c15ULL;
}

static void fill(struct map *m)
{
    map_init(m, MANY);
    for (uint32_t i = 0; i < MANY; i++)
        assert_true(map_put(m, key_of(i), i));
}

static void a_full_map_takes_no_more(void **state)
{
    (void)state;
    struct map m;
    fill(&m);
    assert_false(map_put(&m, key_of(MANY), 1));
    assert_true(map_put(&m, key_of(3), 33));
    assert_int_equal(map_get(&m, key_of(3)), 33);
    map_clear(&m);
    assert_int_equal(map_get(&m, key_of(3)), MAP_NONE);
}

static void what_is_removed_is_gone_and_the_rest_is_found(void **state)
{
    (void)state;
    struct map m;
    fill(&m);
    for (uint32_t i = 0; i < MANY; i += 3)
        map_remove(&m, key_of(i));
    map_remove(&m, key_of(MANY + 1));
    assert_int_equal(m.count, MANY - (MANY + 2) / 3);
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(map_get(&m, key_of(i)), i % 3 ? i : MAP_NONE);
    for (uint32_t i = 0; i < MANY; i += 3)
        assert_true(map_put(&m, key_of(i), i + 1));
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(map_get(&m, key_of(i)), i % 3 ? i : i + 1);
    map_clear(&m);
}

/* Coming and going for long leaves nothing behind that slows it down or fills it up. */
static void coming_and_going_needs_no_room(void **state)
{
    (void)state;
    struct map m;
    map_init(&m, 8);
    map_remove(&m, 1);
    for (uint32_t i = 0; i < 100 * MANY; i++) {
        assert_true(map_put(&m, key_of(i), i));
        if (i >= 4)
            map_remove(&m, key_of(i - 4));
        assert_true(m.count <= 5);
    }
    assert_int_equal(m.size, 16);
    map_clear(&m);
}

static void a_copy_is_its_own(void **state)
{
    (void)state;
    struct map m, copy;
    map_init(&m, 4);
    assert_true(map_copy(&copy, &m));
    assert_true(map_put(&copy, 1, 11));
    assert_int_equal(map_get(&m, 1), MAP_NONE);
    map_clear(&copy);
    assert_true(map_put(&m, 2, 22));
    assert_true(map_copy(&copy, &m));
    assert_true(map_put(&m, 2, 23));
    map_remove(&m, 2);
    assert_int_equal(map_get(&copy, 2), 22);
    map_clear(&copy);
    map_clear(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_map_takes_no_more),
        cmocka_unit_test(what_is_removed_is_gone_and_the_rest_is_found),
        cmocka_unit_test(coming_and_going_needs_no_room),
        cmocka_unit_test(a_copy_is_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
