/*
 * Tests of live/ring: what is kept, what goes, and what all of it takes.
 * SPDX-License-Identifier: MIT
 */
#include "../../../src/live/ring.h"
#include "unit.h"

#define LIMIT (4 * RING_BLOCK)

struct bench {
    struct ring_store store;
    struct ring rings[3];
    uint8_t bytes[2 * RING_FRAME_MAX];
};

static int set_up(void **state)
{
    static struct bench bench;
    memset(&bench, 0, sizeof bench);
    bench.store.most = 2 * LIMIT;
    for (size_t i = 0; i < sizeof bench.bytes; i++)
        bench.bytes[i] = (uint8_t)(i * 7);
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    for (int i = 0; i < 3; i++)
        ring_clear(&b->store, &b->rings[i]);
    assert_int_equal(b->store.bytes, 0);
    assert_null(b->store.oldest);
    assert_null(b->store.newest);
    return 0;
}

static bool keep(struct bench *b, int ring, uint32_t number, size_t len)
{
    struct ring_packet p = {{number * NS_PER_MS, number, (uint32_t)ring}, 70000, {b->bytes, len}};
    return ring_keep(&b->store, &b->rings[ring], LIMIT, &p);
}

/* The packets of a ring are those with consecutive numbers up to `last`; returns the first. */
static uint32_t first_of(struct bench *b, int ring, uint32_t last)
{
    struct ring_place place = {NULL, 0};
    struct ring_packet p;
    uint32_t count = 0, first = 0;
    while (ring_next(&b->rings[ring], &place, &p)) {
        if (count == 0)
            first = p.at.frame;
        assert_int_equal(p.at.frame, first + count);
        assert_int_equal(p.at.file, ring);
        assert_memory_equal(p.bytes.data, b->bytes, p.bytes.len);
        count++;
    }
    assert_false(ring_next(&b->rings[ring], &place, &p)); /* the end stays the end */
    assert_int_equal(count, b->rings[ring].packets);
    assert_int_equal(count, last + 1 - first);
    return first;
}

static void packets_come_back_in_order(void **state)
{
    struct bench *b = *state;
    struct ring_place place = {NULL, 0};
    struct ring_packet p;
    static const size_t lens[] = {60, 0, 1514, 1, 9000};
    assert_false(ring_next(&b->rings[0], &place, &p));
    for (uint32_t i = 0; i < 5; i++)
        assert_true(keep(b, 0, i + 1, lens[i]));
    for (uint32_t i = 0; i < 5; i++) {
        assert_true(ring_next(&b->rings[0], &place, &p));
        assert_int_equal(p.at.frame, i + 1);
        assert_true(p.at.ts_ns == (i + 1) * NS_PER_MS);
        assert_int_equal(p.wire_len, 70000);
        assert_int_equal(p.bytes.len, lens[i]);
    }
    assert_int_equal(b->store.bytes, RING_BLOCK);
}

static void the_oldest_go_first(void **state)
{
    struct bench *b = *state;
    for (uint32_t i = 1; i <= 1000; i++) {
        assert_true(keep(b, 0, i, 1000));
        assert_true(b->rings[0].bytes <= LIMIT);
        uint32_t first = first_of(b, 0, i);
        assert_int_equal(b->rings[0].pushed_out, first - 1);
    }
    /* 15 packets to a block; the newest of four blocks is being filled. */
    assert_true(b->rings[0].packets > 45 && b->rings[0].packets <= 60);
    assert_int_equal(b->store.pushed_out, b->rings[0].pushed_out);
}

/* Three rings want more than there is for all: the oldest packets go, whosever they are. */
static void all_together_are_bounded(void **state)
{
    struct bench *b = *state;
    for (uint32_t i = 1; i <= 60; i++)
        assert_true(keep(b, 0, i, 1000));
    for (uint32_t i = 1; i <= 60; i++)
        assert_true(keep(b, 1, i, 1000));
    assert_int_equal(b->store.bytes, 2 * LIMIT);
    assert_int_equal(first_of(b, 0, 60), 1);
    assert_true(keep(b, 2, 1, 1000));
    assert_int_equal(first_of(b, 0, 60), 16);
    for (uint32_t i = 2; i <= 60; i++)
        assert_true(keep(b, 2, i, 1000));
    assert_int_equal(b->rings[0].packets, 0);
    assert_int_equal(b->rings[0].pushed_out, 60);
    assert_int_equal(b->rings[0].bytes, 0);
    assert_int_equal(first_of(b, 1, 60), 1);
    assert_int_equal(first_of(b, 2, 60), 1);
    assert_true(keep(b, 0, 61, 1000)); /* and again it may have some */
    assert_int_equal(first_of(b, 1, 60), 16);
    assert_int_equal(b->store.bytes, 2 * LIMIT);
}

static void a_ring_that_goes_makes_room(void **state)
{
    struct bench *b = *state;
    for (uint32_t i = 1; i <= 40; i++) {
        for (int r = 0; r < 3; r++)
            assert_true(keep(b, r, i, 1000));
    }
    size_t others = b->rings[0].bytes + b->rings[2].bytes;
    ring_clear(&b->store, &b->rings[1]);
    assert_int_equal(b->store.bytes, others);
    assert_int_equal(b->rings[1].packets, 0);
    (void)first_of(b, 0, 40);
    (void)first_of(b, 2, 40);
}

/* Larger than a block, and larger than any packet can be. */
static void large_packets(void **state)
{
    struct bench *b = *state;
    struct ring_place place = {NULL, 0};
    struct ring_packet p;
    struct ring_packet huge = {{1, 1, 0}, 200000, {b->bytes, sizeof b->bytes}};
    b->store.most = SIZE_MAX;
    assert_false(ring_keep(&b->store, &b->rings[0], RING_BLOCK, &huge));
    assert_int_equal(b->rings[0].bytes, 0);
    assert_true(ring_keep(&b->store, &b->rings[0], RING_FRAME_MAX + RING_BLOCK, &huge));
    assert_true(ring_next(&b->rings[0], &place, &p));
    assert_int_equal(p.bytes.len, RING_FRAME_MAX);
    assert_int_equal(p.wire_len, 200000);
    assert_memory_equal(p.bytes.data, b->bytes, RING_FRAME_MAX);
    assert_true(keep(b, 0, 2, 20000)); /* does not fit beside it */
    assert_int_equal(first_of(b, 0, 2), 2);
}

/* What a ring may take can grow and shrink while it fills. */
static void the_limit_may_change(void **state)
{
    struct bench *b = *state;
    struct ring_packet p = {{1, 1, 0}, 1000, {b->bytes, 1000}};
    for (int i = 0; i < 100; i++)
        assert_true(ring_keep(&b->store, &b->rings[0], RING_BLOCK, &p));
    assert_int_equal(b->rings[0].bytes, RING_BLOCK);
    for (int i = 0; i < 100; i++)
        assert_true(ring_keep(&b->store, &b->rings[0], LIMIT, &p));
    assert_int_equal(b->rings[0].bytes, LIMIT);
    for (int i = 0; i < 16; i++)
        assert_true(ring_keep(&b->store, &b->rings[0], RING_BLOCK, &p));
    assert_int_equal(b->rings[0].bytes, RING_BLOCK);
    assert_false(ring_keep(&b->store, &b->rings[1], RING_BLOCK - 1, &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(packets_come_back_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_go_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_together_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_ring_that_goes_makes_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(large_packets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_limit_may_change, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("live/ring", tests, NULL, NULL);
}
