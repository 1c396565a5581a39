/*
 * Tests of base/finder: records found by their hash, also after growing, replacing and copying.
 * SPDX-License-Identifier: MIT
 */
#include "base/finder.h"
#include "unit.h"

#define KEY  0x74657374U
#define MANY 5000U

/* The table's records are their keys. */
static uint64_t hash_of(const void *table, uint32_t number)
{
    const uint32_t *records = table;
    return hash_mix(KEY, records[number]);
}

static uint32_t find(const struct finder *f, const uint32_t *records, uint32_t key)
{
    uint64_t hash = hash_mix(KEY, key);
    uint32_t step = 0;
    uint32_t number = finder_next(f, hash, &step);
    while (number != FINDER_NONE && records[number] != key)
        number = finder_next(f, hash, &step);
    return number;
}

static void fill(struct finder *f, uint32_t *records)
{
    finder_init(f);
    for (uint32_t i = 0; i < MANY; i++) {
        records[i] = i * 3;
        assert_int_equal(find(f, records, records[i]), FINDER_NONE);
        assert_true(finder_add(f, hash_of(records, i), i, hash_of, records));
    }
}

static void what_was_added_is_found_and_nothing_else(void **state)
{
    uint32_t records[MANY];
    struct finder f;
    (void)state;
    fill(&f, records);
    assert_int_equal(f.count, MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        assert_int_equal(find(&f, records, i * 3), i);
        assert_int_equal(find(&f, records, i * 3 + 1), FINDER_NONE);
    }
    finder_clear(&f);
    assert_int_equal(find(&f, records, 0), FINDER_NONE);
}

/* Hashes that are equal, or differ in bits that no slot keeps: the caller is offered all of them. */
static uint64_t same_hash(const void *table, uint32_t number)
{
    (void)table;
    return number < 20 ? 77 : 77 | 1ULL << 40;
}

static void records_of_one_hash_are_offered_in_turn(void **state)
{
    struct finder f;
    (void)state;
    finder_init(&f);
    for (uint32_t i = 0; i < 40; i++)
        assert_true(finder_add(&f, same_hash(NULL, i), i, same_hash, NULL));
    uint64_t met = 0;
    uint32_t step = 0;
    for (uint32_t number = finder_next(&f, 77, &step); number != FINDER_NONE;
         number = finder_next(&f, 77, &step)) {
        assert_int_equal(met >> number & 1, 0);
        met |= 1ULL << number;
    }
    assert_true(met == (1ULL << 40) - 1);
    finder_clear(&f);
}

static void a_record_takes_the_place_of_another(void **state)
{
    uint32_t records[MANY + 1];
    struct finder f;
    (void)state;
    fill(&f, records);
    records[MANY] = records[7];
    finder_replace(&f, hash_of(records, 7), 7, MANY);
    records[7] = 1;
    assert_int_equal(find(&f, records, 21), MANY);
    assert_int_equal(f.count, MANY);
    finder_clear(&f);
}

static void a_copy_is_its_own(void **state)
{
    uint32_t records[MANY + 1];
    struct finder f, copy;
    (void)state;
    finder_init(&f);
    assert_true(finder_copy(&copy, &f));
    assert_int_equal(copy.count, 0);
    fill(&f, records);
    assert_true(finder_copy(&copy, &f));
    records[MANY] = 1;
    assert_true(finder_add(&copy, hash_of(records, MANY), MANY, hash_of, records));
    assert_int_equal(find(&copy, records, 1), MANY);
    assert_int_equal(find(&f, records, 1), FINDER_NONE);
    finder_clear(&f);
    assert_int_equal(find(&copy, records, 30), 10);
    finder_clear(&copy);
}

static void numbers_have_a_limit(void **state)
{
    struct finder f;
    (void)state;
    finder_init(&f);
    assert_false(finder_add(&f, 5, FINDER_MAX, same_hash, NULL));
    assert_true(finder_add(&f, 5, FINDER_MAX - 1, same_hash, NULL));
    uint32_t step = 0;
    assert_int_equal(finder_next(&f, 5, &step), FINDER_MAX - 1);
    finder_clear(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_is_found_and_nothing_else),
        cmocka_unit_test(records_of_one_hash_are_offered_in_turn),
        cmocka_unit_test(a_record_takes_the_place_of_another),
        cmocka_unit_test(a_copy_is_its_own),
        cmocka_unit_test(numbers_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
