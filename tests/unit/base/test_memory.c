/*
 * Tests of base/arena, base/buf, base/map, base/intern and base/pages: growth, caps, what survives.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/intern.h"
#include "base/map.h"
#include "base/pages.h"
#include "unit.h"

static void arena_hands_out_zeroed_memory_up_to_its_cap(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 10000);
    size_t got = 0;
    for (;;) {
        uint8_t *p = arena_alloc(&a, 24);
        if (!p)
            break;
        for (int i = 0; i < 24; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, 24);
        got += 24;
    }
    assert_true(got > 9900 && got <= 10000);
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_copy(&a, slice_str("a text longer than what is left")).data);
    arena_clear(&a);
    assert_non_null(arena_alloc(&a, 9000));
    arena_clear(&a);
}

/* What one arena gave back, the next one gets, zeroed; what is too big for the pool comes from elsewhere. */
static void arenas_share_a_pool(void **state)
{
    (void)state;
    struct arena_pool pool;
    arena_pool_init(&pool, 368);
    struct arena a, b;
    arena_init_pooled(&a, 200000, &pool);
    arena_init_pooled(&b, 100000, &pool);
    uint8_t *first = arena_alloc(&a, 100);
    assert_non_null(first);
    memset(first, 0xff, 100);
    for (int i = 0; i < 500; i++)
        assert_non_null(arena_alloc(&a, (size_t)i));
    uint8_t *other = arena_alloc(&b, 100);
    assert_ptr_not_equal(first, other);
    arena_clear(&a);
    uint8_t *again = arena_alloc(&a, 300);
    assert_ptr_equal(again, first);
    for (int i = 0; i < 300; i++)
        assert_int_equal(again[i], 0);
    arena_clear(&b);
    arena_pool_clear(&pool); /* takes what `a` has in the pool along */
}

/* What came last goes first, over blocks of the pool and bigger ones; what stays is as it was. */
static void arenas_take_back_what_came_last(void **state)
{
    (void)state;
    static const size_t sizes[] = {40, 200, 8, 152, 1000, 16, 3000, 152, 152};
    enum {
        COUNT = sizeof sizes / sizeof *sizes
    };
    struct arena_pool pool;
    arena_pool_init(&pool, 152);
    struct arena a;
    arena_init_pooled(&a, 100000, &pool);
    for (size_t back = 0; back <= COUNT; back++) {
        uint8_t *got[COUNT];
        size_t used[COUNT + 1] = {0};
        for (size_t i = 0; i < COUNT; i++) {
            got[i] = arena_alloc(&a, sizes[i]);
            assert_non_null(got[i]);
            for (size_t at = 0; at < sizes[i]; at++)
                assert_int_equal(got[i][at], 0);
            memset(got[i], (int)i + 1, sizes[i]);
            used[i + 1] = a.used;
        }
        arena_rewind(&a, used[back]);
        assert_int_equal(a.used, used[back]);
        for (size_t i = 0; i < back; i++)
            assert_int_equal(got[i][sizes[i] - 1], i + 1);
        arena_rewind(&a, 0);
        assert_null(a.blocks);
    }
    arena_pool_clear(&pool);
}

static void arena_copies_end_in_nul(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1000);
    struct slice copy = arena_copy(&a, slice_str("name"));
    assert_slice_equal(copy, "name");
    assert_int_equal(copy.data[4], 0);
    struct slice empty = arena_copy(&a, slice_of(NULL, 0));
    assert_non_null(empty.data);
    assert_int_equal(empty.len, 0);
    assert_ptr_equal(empty.data, copy.data + 5);
    assert_int_equal((uintptr_t)arena_alloc(&a, 8) % sizeof(void *), 0);
    arena_clear(&a);
}

static void buf_grows_and_formats(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    buf_u64(&b, 0);
    buf_char(&b, ' ');
    buf_u64(&b, UINT64_MAX);
    buf_char(&b, ' ');
    buf_i64(&b, INT64_MIN);
    buf_printf(&b, " %s-%d", "x", 5);
    assert_slice_equal(buf_view(&b), "0 18446744073709551615 -9223372036854775808 x-5");
    for (int i = 0; i < 5000; i++)
        buf_str(&b, "0123456789");
    assert_int_equal(b.len, 47 + 50000);
    assert_false(b.failed);
    buf_reset(&b);
    assert_int_equal(b.len, 0);
    assert_false(buf_reserve(&b, SIZE_MAX - 5));
    assert_true(b.failed);
    buf_clear(&b);
}

static void map_keeps_all_up_to_its_cap(void **state)
{
    (void)state;
    struct map m;
    map_init(&m, 1000);
    assert_int_equal(map_get(&m, 1), MAP_NONE);
    for (uint64_t i = 0; i < 1000; i++)
        assert_true(map_put(&m, i << 32 | 7, (uint32_t)i));
    assert_false(map_put(&m, 5, 5));
    assert_true(map_put(&m, 3ULL << 32 | 7, 77));
    for (uint64_t i = 0; i < 1000; i++)
        assert_int_equal(map_get(&m, i << 32 | 7), i == 3 ? 77 : i);
    assert_int_equal(map_get(&m, 5), MAP_NONE);
    map_clear(&m);
    assert_int_equal(map_get(&m, 7), MAP_NONE);
}

static void intern_numbers_names_once(void **state)
{
    (void)state;
    struct intern *t = intern_new(500, 1 << 20);
    assert_non_null(t);
    assert_int_equal(intern_find(t, slice_str("n1")), INTERN_NONE);
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 500; i++) {
            char name[16];
            (void)snprintf(name, sizeof name, "n%u", (unsigned)i);
            assert_int_equal(intern_add(t, slice_str(name)), i);
        }
    }
    assert_int_equal(intern_count(t), 500);
    assert_int_equal(intern_add(t, slice_str("one more")), INTERN_NONE);
    assert_int_equal(intern_find(t, slice_str("n77")), 77);
    assert_slice_equal(intern_name(t, 77), "n77");
    intern_free(t);
    intern_free(NULL);
}

static void pages_are_zeroed_aligned_and_whole(void **state)
{
    (void)state;
    for (size_t bytes = 1; bytes <= 2 * PAGES_LEAST + 1; bytes += PAGES_LEAST) {
        uint8_t *p = pages_new(bytes);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % PAGES_LEAST, 0);
        for (size_t i = 0; i < bytes; i += 4096)
            assert_int_equal(p[i], 0);
        p[0] = p[bytes - 1] = 1;
        pages_free(p, bytes);
    }
    assert_null(pages_new(SIZE_MAX / 4));
    pages_free(NULL, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_hands_out_zeroed_memory_up_to_its_cap),
        cmocka_unit_test(arenas_share_a_pool),
        cmocka_unit_test(arenas_take_back_what_came_last),
        cmocka_unit_test(arena_copies_end_in_nul),
        cmocka_unit_test(buf_grows_and_formats),
        cmocka_unit_test(map_keeps_all_up_to_its_cap),
        cmocka_unit_test(intern_numbers_names_once),
        cmocka_unit_test(pages_are_zeroed_aligned_and_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
