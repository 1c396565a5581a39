/*
 * tests/unit/flow/test_flow_caps: tables that are full, or have many flows.
 * SPDX-License-Identifier: MIT
 */
#include "bench.h"

static void test_half_open_cap(void **state)
{
    struct bench *b = *state;
    flow_table_free(b->table);
    b->config.max_queued = 8;
    b->table = flow_table_new(&b->config, on_end, b);
    handshake(b, 0);
    for (uint32_t i = 0; i < 20; i++) {
        struct packet p = packet(b, 10 + i, UP);
        p.tuple.src = v4(0x0b000000 + i);
        p.tcp.flags = S;
        enum dir dir;
        assert_non_null(flow_lookup(b->table, &p, &dir));
    }
    assert_int_equal(b->ends, 12);
    for (uint32_t i = 0; i < 12; i++) {
        assert_int_equal(b->ended[i].flow.key.src.bytes[3], i);
        assert_int_equal(b->ended[i].how.reason, END_EVICTED);
    }
    struct flow_stats stats = flow_table_stats(b->table);
    assert_int_equal(stats.open, 9);
    assert_int_equal(stats.evicted, 12);
}

/* Queries and their answers, then queries alone: each kind has its own cap. */
static void test_udp_caps(void **state)
{
    struct bench *b = *state;
    flow_table_free(b->table);
    b->config.max_queued = 8;
    b->table = flow_table_new(&b->config, on_end, b);
    udp(b, 0, UP, 40000, 443);
    udp(b, 1, DOWN, 40000, 443);
    for (uint16_t i = 0; i < 20; i++) {
        udp(b, 10 + i, UP, (uint16_t)(50000 + i), 53);
        udp(b, 10 + i, DOWN, (uint16_t)(50000 + i), 53);
    }
    assert_int_equal(b->ends, 12);
    udp(b, 30, UP, 50012, 53); /* the oldest asks once more: it leaves its queue, and comes back */
    udp(b, 31, DOWN, 50012, 53);
    udp(b, 32, UP, 50020, 53);
    udp(b, 32, DOWN, 50020, 53);
    assert_int_equal(b->ends, 13);
    assert_int_equal(b->ended[12].flow.key.src_port, 50013);
    for (uint16_t i = 0; i < 20; i++)
        udp(b, 40 + i, UP, (uint16_t)(60000 + i), (uint16_t)(i % 2 ? 53 : 9999));
    assert_int_equal(b->ends, 25);
    for (uint16_t i = 0; i < 12; i++) {
        assert_int_equal(b->ended[i].flow.key.src_port, 50000 + i);
        assert_int_equal(b->ended[13 + i].flow.key.src_port, 60000 + i);
        assert_int_equal(b->ended[13 + i].how.reason, END_EVICTED);
    }
    struct flow_stats stats = flow_table_stats(b->table);
    assert_int_equal(stats.open, 17);
    assert_int_equal(stats.evicted, 25);
}

struct seen {
    unsigned count;
    uint8_t last[FLOW_UNANSWERED_MAX]; /* byte of the source */
};

static void see(void *ctx, const struct flow *flow)
{
    struct seen *s = ctx;
    assert_true(s->count < FLOW_UNANSWERED_MAX);
    s->last[s->count++] = flow->key.src.bytes[3];
}

static void syn_from(struct bench *b, int64_t ms, uint32_t source)
{
    struct packet p = packet(b, ms, UP);
    enum dir dir;
    p.tuple.src = v4(source);
    p.tcp.flags = S;
    assert_non_null(flow_lookup(b->table, &p, &dir));
}

static void test_unanswered(void **state)
{
    struct bench *b = *state;
    struct seen seen = {0};
    flow_table_unanswered(b->table, NULL, see, &seen);
    assert_int_equal(seen.count, 0);
    handshake(b, 0);
    for (uint32_t i = 1; i <= 3; i++)
        syn_from(b, 10 + i, 0x0b000000 + i);
    syn_from(b, 3000, 0x0b000001); /* again: it is the least silent now */
    flow_table_unanswered(b->table, NULL, see, &seen);
    assert_int_equal(seen.count, 3);
    assert_memory_equal(seen.last, ((uint8_t[]){2, 3, 1}), 3);
    for (uint32_t i = 0; i < 2 * FLOW_UNANSWERED_MAX; i++)
        syn_from(b, 4000, 0x0c000000 + i);
    seen.count = 0;
    flow_table_unanswered(b->table, NULL, see, &seen);
    assert_int_equal(seen.count, FLOW_UNANSWERED_MAX);
}

static void test_cap(void **state)
{
    struct bench *b = *state;
    flow_table_free(b->table);
    b->config.max_flows = 10;
    b->table = flow_table_new(&b->config, on_end, b);
    for (uint16_t i = 0; i < 10; i++)
        udp(b, i * INT64_C(2000), UP, (uint16_t)(50000 + i), 443);
    /* The first one goes on, so the second is the one nearest to its time-out. */
    udp(b, 20000, UP, 50000, 443);
    udp(b, 20001, UP, 50010, 443);
    assert_int_equal(b->ends, 1);
    assert_int_equal(b->ended[0].flow.key.src_port, 50001);
    assert_int_equal(b->ended[0].how.reason, END_EVICTED);
    assert_int_equal(flow_table_stats(b->table).open_max, 10);
    finish(b, 30000);
    assert_int_equal(b->ends, 11);
    for (size_t i = 2; i < b->ends; i++)
        assert_true(b->ended[i - 1].flow.id < b->ended[i].flow.id);
}

/* Many flows come, go in another order and come again: the index finds each of them, and only once. */
static void test_many(void **state)
{
    enum {
        FLOWS = 20000
    };
    struct bench *b = *state;
    struct packet p = packet(b, 0, UP);
    enum dir dir;
    p.kind = PACKET_UDP;
    p.tuple.proto = IP_PROTO_UDP;
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < FLOWS; i++) {
            p.tuple.src = v4(0x0b000000 + i * 7919 % FLOWS);
            struct flow *f = flow_lookup(b->table, &p, &dir);
            assert_non_null(f);
            assert_int_equal(f->side[UP].packets, round + 1);
        }
    }
    assert_int_equal(flow_table_stats(b->table).open, FLOWS);
    for (uint32_t i = 0; i < FLOWS; i++) {
        struct tuple back = {v4(SERVER), v4(0x0b000000 + i), SERVER_PORT, CLIENT_PORT,
                             IP_PROTO_UDP};
        assert_non_null(flow_find(b->table, &back, &dir));
        assert_int_equal(dir, DOWN);
    }
}

static void ignore_end(void *ctx, struct flow *flow, const struct flow_end *how)
{
    size_t *count = ctx;
    *count += flow->id != 0 && how->reason == END_TIMEOUT;
}

static void test_many_removed(void **state)
{
    enum {
        FLOWS = 6000
    };
    struct bench *b = *state;
    size_t ended = 0;
    struct flow_table *t = flow_table_new(&b->config, ignore_end, &ended);
    struct packet p = packet(b, 0, UP);
    enum dir dir;
    p.kind = PACKET_UDP;
    p.tuple.proto = IP_PROTO_UDP;
    for (uint32_t i = 0; i < FLOWS; i++) {
        p.at.ts_ns = (int64_t)(i * 7919 % FLOWS) * 20 * NS_PER_MS;
        p.tuple.src = v4(0x0b000000 + i);
        flow_lookup(t, &p, &dir);
    }
    for (int64_t s = 0; s < 300; s++) {
        flow_table_expire(t, s * NS_PER_S, UINT32_MAX);
        uint32_t open = flow_table_stats(t).open;
        assert_int_equal(open + ended, FLOWS);
        uint32_t found = 0;
        for (uint32_t i = 0; i < FLOWS && s % 50 == 0; i++) {
            p.tuple.src = v4(0x0b000000 + i);
            found += flow_find(t, &p.tuple, &dir) != NULL;
        }
        assert_true(s % 50 != 0 || found == open);
    }
    assert_int_equal(ended, FLOWS);
    flow_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_half_open_cap, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_udp_caps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unanswered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cap, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_removed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
