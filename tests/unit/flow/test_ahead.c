/*
 * tests/unit/flow/test_ahead: what a packet was expected to find, when it is something else by then.
 * SPDX-License-Identifier: MIT
 */
#include "bench.h"

static struct packet client_syn(struct bench *b, int64_t ms, uint16_t port)
{
    struct packet p = packet(b, ms, DIR_TO_SERVER);
    p.tuple.src_port = port;
    p.tcp.flags = S;
    p.tcp.seq = ISN_C;
    return p;
}

static struct flow *add(struct bench *b, int64_t ms, uint16_t port)
{
    struct packet p = client_syn(b, ms, port);
    return look_up(b, &p, DIR_TO_SERVER);
}

static struct flow_place expect(struct bench *b, const struct packet *p)
{
    struct flow_place place = flow_expect(b->table, &p->tuple);
    flow_bring(b->table, &place);
    flow_bring_app(&place);
    return place;
}

static const struct flow *take(struct bench *b, const struct packet *p,
                               const struct flow_place *place)
{
    enum dir dir = DIR_TO_CLIENT;
    const struct flow *f = flow_take(b->table, NULL, p, place, &dir);
    assert_non_null(f);
    assert_int_equal(dir, DIR_TO_SERVER);
    assert_int_equal(f->key.src_port, p->tuple.src_port);
    return f;
}

static void test_expected(void **state)
{
    struct bench *b = *state;
    const struct flow *f = add(b, 0, 50000);
    struct packet p = client_syn(b, 1, 50000);
    struct flow_place place = expect(b, &p);
    assert_ptr_equal(place.flow, f);
    assert_ptr_equal(take(b, &p, &place), f);
    assert_int_equal(f->side[UP].packets, 2);
}

static void test_begun_meanwhile(void **state)
{
    struct bench *b = *state;
    struct packet p = client_syn(b, 1, 50000);
    struct flow_place place = expect(b, &p);
    assert_int_equal(place.node, 0);
    const struct flow *f = add(b, 0, 50000);
    assert_ptr_equal(take(b, &p, &place), f);
    assert_int_equal(flow_table_stats(b->table).created, 1);
}

static void test_ended_meanwhile(void **state)
{
    struct bench *b = *state;
    const struct flow *f = add(b, 0, 50000);
    struct packet p = client_syn(b, 200000, 50000);
    struct flow_place place = expect(b, &p);
    expire(b, 200000);
    assert_int_equal(b->ends, 1);
    assert_ptr_equal(take(b, &p, &place), f); /* the same memory, another flow */
    assert_int_equal(f->id, 2);
    assert_int_equal(f->side[UP].packets, 1);
}

/* The memory of the one that was expected is another's. */
static void test_replaced_meanwhile(void **state)
{
    struct bench *b = *state;
    const struct flow *old = add(b, 0, 50000);
    struct packet p = client_syn(b, 200001, 50000);
    struct flow_place place = expect(b, &p);
    expire(b, 200000);
    assert_ptr_equal(add(b, 200000, 50001), old);
    assert_ptr_not_equal(take(b, &p, &place), old);
    assert_int_equal(old->side[UP].packets, 1);
    assert_int_equal(flow_table_stats(b->table).open, 2);
}

/* The index has grown, and every flow lies in another slot of it. */
static void test_grown_meanwhile(void **state)
{
    struct bench *b = *state;
    const struct flow *f = add(b, 0, 50000);
    struct packet p = client_syn(b, 2, 50000);
    struct flow_place known = expect(b, &p);
    struct packet later = client_syn(b, 2, 1);
    struct flow_place unknown = expect(b, &later);
    for (uint16_t port = 1; port < 20000; port++)
        (void)add(b, 1, port);
    assert_ptr_equal(take(b, &p, &known), f);
    assert_int_equal(take(b, &later, &unknown)->id, 2);
    assert_int_equal(flow_table_stats(b->table).open, 20000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_expected),           TEST(test_begun_meanwhile), TEST(test_ended_meanwhile),
        TEST(test_replaced_meanwhile), TEST(test_grown_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
