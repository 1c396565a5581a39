/*
 * Tests of flow/group: flows of one table that are counted and ended by whom they belong to.
 * SPDX-License-Identifier: MIT
 */
#include "book.h"

static void counts_are_of_each_group(void **state)
{
    struct book *b = *state;
    for (uint16_t i = 0; i < 6; i++)
        (void)ask(b, i % 3 == 0, 0, (uint16_t)(50000 + i)); /* groups 1, 0, 0, 1, 0, 0 */
    check(b);
    assert_int_equal(b->owners[0].group.stats.open, 4);
    assert_int_equal(b->owners[1].group.stats.open, 2);
    (void)ask(b, 1, 50000, 50000);
    flow_table_expire(b->table, START_NS + 90 * NS_PER_S,
                      UINT32_MAX); /* all but the one that went on */
    check(b);
    assert_int_equal(b->owners[0].group.stats.open, 0);
    assert_int_equal(b->owners[0].group.stats.open_max, 4);
    assert_int_equal(b->owners[0].last_reason, END_TIMEOUT);
    assert_int_equal(b->owners[1].group.stats.open, 1);
    assert_int_equal(b->owners[1].group.stats.open_max, 2);
    (void)ask(b, 0, 91000, 50009);
    assert_int_equal(b->owners[0].group.stats.created, 5);
    assert_int_equal(b->owners[0].group.stats.open_max, 4);
    assert_int_equal(b->owners[2].group.stats.created, 0);
    check(b);
}

/* Twelve flows, every third one of each of three groups; a second time only those begin that have ended. */
static void mixed(struct book *b)
{
    for (uint16_t i = 0; i < 12; i++)
        (void)(i % 2 ? syn(b, i % 3, i, (uint16_t)(50000 + i))
                     : ask(b, i % 3, i, (uint16_t)(50000 + i)));
    check(b);
}

static void the_others_are_found(struct book *b)
{
    enum dir dir;
    for (uint16_t i = 0; i < 12; i++) {
        struct packet p = i % 2 ? segment(b, 100, (uint16_t)(50000 + i), S, ISN_C)
                                : datagram(b, 100, (uint16_t)(50000 + i));
        const struct flow *f = flow_find(b->table, &p.tuple, &dir);
        assert_int_equal(f != NULL, i % 3 != 0);
        assert_ptr_equal(group_of(b, &p), f ? &b->owners[i % 3].group : NULL);
        if (f)
            assert_int_equal(take(b, 4, &p)->id, f->id);
    }
    assert_int_equal(b->owners[4].created, 0);
}

static void an_empty_group_is_used_again(struct book *b)
{
    assert_int_equal(b->owners[0].group.first, 0);
    assert_int_equal(b->owners[0].group.last, 0);
    check(b);
    uint32_t before = b->newest;
    mixed(b);
    assert_int_equal(b->newest, before + 4); /* those of the others went on */
    assert_int_equal(b->owners[0].group.stats.created, 8);
}

/* A group, and how its flows ended. */
struct last_ones {
    struct flow_group group;
    uint32_t told;
    struct flow_end how[12];
    uint32_t id[12];
};

static void tell_last(void *ctx, struct flow *flow, const struct flow_end *how)
{
    struct last_ones *l = ctx;
    l->id[l->told] = flow->id;
    l->how[l->told++] = *how;
}

static void finishing_ends_flows_in_their_order(void **state)
{
    struct book *b = *state;
    struct last_ones last = {.group.max_flows = 12};
    struct last_ones other = {.group.max_flows = 12};
    struct flow_table *t = flow_table_new(&b->config, tell_last, NULL);
    assert_non_null(t);
    for (uint16_t i = 0; i < 12; i++) {
        struct packet p = datagram(b, i, (uint16_t)(50000 + i * 7919 % 12));
        struct flow_place place = flow_expect(t, &p.tuple);
        enum dir dir;
        (void)flow_take(t, i % 3 ? &last.group : &other.group, &p, &place, &dir);
    }
    flow_group_finish(t, &last.group, START_NS + 77);
    assert_int_equal(last.told, 8);
    assert_int_equal(other.told, 0);
    for (uint32_t i = 0; i < last.told; i++) {
        assert_int_equal(last.id[i], i + 2 + i / 2); /* 2, 3, 5, 6, 8, ... */
        assert_int_equal(last.how[i].reason, END_CAPTURE);
        assert_true(last.how[i].at.ts_ns == START_NS + 77);
    }
    assert_int_equal(flow_table_stats(t).open, 4);
    flow_table_finish(t, START_NS + 78);
    assert_int_equal(other.told, 4);
    assert_int_equal(other.group.stats.open, 0);
    assert_int_equal(other.group.first, 0);
    flow_table_free(t);
}

static void finishing_leaves_the_others_alone(void **state)
{
    struct book *b = *state;
    mixed(b);
    flow_group_finish(b->table, &b->owners[0].group, START_NS + 50 * NS_PER_MS);
    assert_int_equal(b->owners[0].ended, 4);
    assert_int_equal(b->owners[0].last_reason, END_CAPTURE);
    assert_int_equal(b->owners[1].ended + b->owners[2].ended, 0);
    the_others_are_found(b);
    an_empty_group_is_used_again(b);
    flow_group_finish(b->table, &b->owners[3].group, START_NS); /* it has none */
    check(b);
}

static void drop(void *ctx, const struct flow *flow)
{
    struct owner *o = ctx;
    assert_int_equal(flow->id, o->ids[0]);
    strike(o, flow->id);
    o->dropped++;
}

static void dropping_tells_nobody_else(void **state)
{
    struct book *b = *state;
    mixed(b);
    flow_group_drop(b->table, &b->owners[0].group, drop, &b->owners[0]);
    assert_int_equal(b->owners[0].dropped, 4);
    assert_int_equal(b->owners[0].ended, 0);
    assert_int_equal(b->owners[0].group.stats.evicted, 0);
    the_others_are_found(b);
    an_empty_group_is_used_again(b);
    flow_group_drop(b->table, &b->owners[3].group, drop, &b->owners[3]);
    assert_int_equal(b->owners[3].dropped, 0);
    check(b);
}

static void a_place_tells_the_group(void **state)
{
    struct book *b = *state;
    struct packet p = datagram(b, 0, 50000);
    struct packet back = datagram(b, 0, 50000);
    back.tuple = (struct tuple){p.tuple.dst, p.tuple.src, SERVER_PORT, 50000, IP_PROTO_UDP};
    struct packet tcp = segment(b, 0, 50000, S, ISN_C);
    struct packet next = datagram(b, 200001, 50001);
    assert_null(group_of(b, &p));
    (void)take(b, 2, &p);
    assert_ptr_equal(group_of(b, &p), &b->owners[2].group);
    assert_ptr_equal(group_of(b, &back), &b->owners[2].group);
    assert_null(group_of(b, &tcp));
    struct flow_place unread = flow_expect(b->table, &p.tuple);
    assert_null(flow_group_of(b->table, &unread, &p.tuple));
    struct flow_place place = expect(b, &p);
    assert_null(flow_group_of(b->table, &place, &next.tuple));
    flow_table_expire(b->table, START_NS + 200 * NS_PER_S, UINT32_MAX);
    assert_null(flow_group_of(b->table, &place, &p.tuple)); /* it has ended */
    (void)take(b, 1, &next);
    assert_ptr_equal(expect(b, &next).flow, place.flow); /* its memory is another's */
    assert_null(flow_group_of(b->table, &place, &p.tuple));
    assert_ptr_equal(flow_group_of(b->table, &place, &next.tuple), &b->owners[1].group);
    assert_ptr_equal(group_of(b, &next), &b->owners[1].group);
}

static void a_flow_stays_with_its_first_group(void **state)
{
    struct book *b = *state;
    uint32_t id = syn(b, 0, 0, 50000);
    struct packet p = answer(b, 1, 50000, SA, ISN_C + 1);
    assert_int_equal(take(b, 1, &p)->id, id);
    check(b);
    assert_int_equal(b->owners[1].group.stats.created, 0);
    flow_group_drop(b->table, &b->owners[1].group, drop, &b->owners[1]);
    assert_ptr_equal(group_of(b, &p), &b->owners[0].group);
    flow_group_finish(b->table, &b->owners[0].group, START_NS + NS_PER_MS);
    assert_int_equal(b->owners[0].last_ended, id);
    assert_null(group_of(b, &p));
}

/* The old connection ends for whom it was, the new one is whose the SYN is. */
static void a_syn_that_restarts_a_tuple_is_the_new_ones(void **state)
{
    struct book *b = *state;
    uint32_t old = syn(b, 0, 0, 50000);
    struct packet p = answer(b, 1, 50000, SA, ISN_C + 1);
    (void)take(b, 0, &p);
    uint32_t kept = syn(b, 0, 2, 50001);
    p = segment(b, 1000, 50000, S, ISN_C + 500000);
    uint32_t id = take(b, 1, &p)->id;
    assert_int_equal(b->owners[0].last_ended, old);
    assert_int_equal(b->owners[0].last_reason, END_TIMEOUT);
    assert_int_equal(b->owners[0].ids[0], kept);
    assert_int_equal(b->owners[1].ids[0], id);
    assert_ptr_equal(group_of(b, &p), &b->owners[1].group);
    check(b);
}

struct seen {
    uint32_t count;
    uint16_t port[FLOW_UNANSWERED_MAX];
};

static void see(void *ctx, const struct flow *flow)
{
    struct seen *s = ctx;
    assert_true(s->count < FLOW_UNANSWERED_MAX);
    s->port[s->count++] = flow->key.src_port;
}

static void only_a_groups_own_are_unanswered(void **state)
{
    struct book *b = *state;
    struct seen seen = {0};
    for (unsigned g = 0; g < GROUPS; g++)
        b->owners[g].group.max_flows = UINT32_MAX;
    flow_table_unanswered(b->table, &b->owners[0].group, see, &seen);
    assert_int_equal(seen.count, 0);
    for (uint16_t i = 0; i < 8; i++)
        (void)syn(b, i % 2, i, (uint16_t)(50000 + i));
    (void)ask(b, 0, 8, 40000);
    struct packet p = answer(b, 9, 50002, SA, ISN_C + 1);
    (void)take(b, 0, &p);
    (void)syn(b, 0, 3000, 50000); /* again: it is the oldest none the less */
    flow_table_unanswered(b->table, &b->owners[0].group, see, &seen);
    assert_int_equal(seen.count, 3);
    assert_memory_equal(seen.port, ((uint16_t[]){50000, 50004, 50006}), 3 * sizeof *seen.port);
    seen.count = 0;
    flow_table_unanswered(b->table, &b->owners[2].group, see, &seen);
    assert_int_equal(seen.count, 0);
    check(b);
}

static void the_unanswered_of_a_flood_are_bounded(void **state)
{
    struct book *b = *state;
    struct flow_group flooded = {.max_flows = 2 * OPEN_MAX};
    struct seen seen = {0};
    enum dir dir;
    for (uint16_t i = 0; i < FLOW_UNANSWERED_MAX + 44; i++) {
        struct packet p = segment(b, i, (uint16_t)(20000 + i), S, ISN_C);
        struct flow_place place = expect(b, &p);
        assert_non_null(flow_take(b->table, &flooded, &p, &place, &dir));
        (void)syn(b, 0, i, (uint16_t)(40000 + i % 100));
    }
    flow_table_unanswered(b->table, &flooded, see, &seen);
    assert_int_equal(seen.count, FLOW_UNANSWERED_MAX);
    for (uint16_t i = 0; i < FLOW_UNANSWERED_MAX; i++)
        assert_int_equal(seen.port[i], 20000 + i);
    seen.count = 0;
    flow_table_unanswered(b->table, NULL, see, &seen);
    assert_int_equal(seen.count, FLOW_UNANSWERED_MAX);
}

/* ---- everything at once ---- */

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

/* A packet of one of 300 tuples, in any state, for any group: whoever began a tuple keeps it. */
static void random_packet(struct book *b, uint32_t *random, int64_t ms)
{
    static const uint8_t flags[] = {S, S, A, F, RA};
    static const uint8_t answers[] = {SA, A, F, RA};
    uint16_t port = (uint16_t)(50000 + next_random(random) % 300);
    uint32_t what = next_random(random) % 10;
    unsigned g = next_random(random) % GROUPS;
    struct packet p =
        what < 4   ? datagram(b, ms, port)
        : what < 8 ? segment(b, ms, port, flags[next_random(random) % sizeof flags],
                             next_random(random) % 3 ? ISN_C : ISN_C + 400000)
                   : answer(b, ms, port, answers[next_random(random) % sizeof answers], ISN_C + 1);
    struct flow_place place = expect(b, &p);
    const struct flow_group *before = flow_group_of(b->table, &place, &p.tuple);
    uint32_t id = before ? place.flow->id : 0;
    const struct flow *f = take(b, g, &p);
    assert_ptr_equal(group_of(b, &p), f->id == id ? before : &b->owners[g].group);
}

static void many_operations_keep_the_lists_right(void **state)
{
    struct book *b = *state;
    uint32_t random = 20261127;
    int64_t ms = 0;
    b->config.max_flows = 150;
    b->config.max_queued = 60;
    make_table(b);
    for (unsigned g = 0; g < GROUPS; g++)
        b->owners[g].group.max_flows = 20 + 20 * g;
    for (int i = 0; i < 60000; i++) {
        struct owner *o = &b->owners[next_random(&random) % GROUPS];
        uint32_t what = next_random(&random) % 1000;
        ms += next_random(&random) % 50;
        if (what == 0)
            ms += 30000;
        if (what == 1)
            flow_group_finish(b->table, &o->group, START_NS + ms * NS_PER_MS);
        if (what == 2)
            flow_group_drop(b->table, &o->group, drop, o);
        random_packet(b, &random, ms);
        check(b);
    }
    for (unsigned g = 0; g < GROUPS; g++) {
        assert_true(b->owners[g].ended > 100 && b->owners[g].dropped > 10);
        assert_true(b->owners[g].evicted > 50 && b->owners[g].evicted < b->owners[g].ended);
    }
    flow_table_finish(b->table, START_NS + ms * NS_PER_MS);
    for (unsigned g = 0; g < GROUPS; g++)
        assert_int_equal(b->owners[g].group.first | b->owners[g].group.last, 0);
    check(b);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_book, close_book)
    const struct CMUnitTest tests[] = {
        TEST(counts_are_of_each_group),
        TEST(finishing_ends_flows_in_their_order),
        TEST(finishing_leaves_the_others_alone),
        TEST(dropping_tells_nobody_else),
        TEST(a_place_tells_the_group),
        TEST(a_flow_stays_with_its_first_group),
        TEST(a_syn_that_restarts_a_tuple_is_the_new_ones),
        TEST(only_a_groups_own_are_unanswered),
        TEST(the_unanswered_of_a_flood_are_bounded),
        TEST(many_operations_keep_the_lists_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
