/*
 * Tests of diagnose/route: how near the nearest servers are, kept up to date with each answer.
 * SPDX-License-Identifier: MIT
 */
#include "../../../src/diagnose/route.h"
#include "base/intern.h"
#include "unit.h"

#define NAME_ONE 1
#define NAME_TWO 2

/* A connection that was answered after `rtt_us` by a server `ttl` hops' worth away. */
static void answer(struct routes *r, uint32_t name, const char *server, uint32_t rtt_us,
                   uint8_t ttl)
{
    struct flow flow = {.rtt_us = rtt_us};
    flow.key.proto = IP_PROTO_TCP;
    flow.key.dst_port = 443;
    assert_true(addr_parse(&flow.key.dst, server));
    flow.side[DIR_TO_CLIENT].packets = 1;
    flow.side[DIR_TO_CLIENT].syn = true;
    flow.side[DIR_TO_CLIENT].ttl = ttl;
    route_flow(r, 0, name, &flow);
}

static void the_nearest_server_is_the_floor(void **state)
{
    struct routes r;
    (void)state;
    memset(&r, 0, sizeof r);
    routes_init(&r);
    assert_int_equal(r.floor.servers, 0);
    answer(&r, NAME_ONE, "203.0.113.1", 9000, 54);
    assert_int_equal(r.floor.servers, 1);
    assert_int_equal(r.floor.rtt_us, 9000);
    assert_int_equal(r.floor.hops, 10);
    /* The same address by another name, and again: still one server. */
    answer(&r, NAME_TWO, "203.0.113.1", 12000, 54);
    answer(&r, NAME_ONE, "203.0.113.1", 8000, 54);
    assert_int_equal(r.floor.servers, 1);
    assert_int_equal(r.floor.rtt_us, 8000);
    answer(&r, INTERN_NONE, "203.0.113.2", 10000, 60);
    assert_int_equal(r.floor.servers, 2);
    assert_int_equal(r.floor.rtt_us, 8000);
    assert_int_equal(r.floor.hops, 4);
    routes_clear(&r);
}

static void who_is_near_or_was_not_measured_does_not_count(void **state)
{
    struct routes r;
    (void)state;
    memset(&r, 0, sizeof r);
    routes_init(&r);
    answer(&r, NAME_ONE, "10.0.0.1", 100, 64);
    answer(&r, NAME_ONE, "203.0.113.1", 0, 54);
    assert_int_equal(r.floor.servers, 0);
    answer(&r, NAME_TWO, "203.0.113.1", 7000, 54);
    assert_int_equal(r.floor.servers, 1);
    assert_int_equal(r.floor.rtt_us, 7000);
    routes_clear(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_server_is_the_floor),
        cmocka_unit_test(who_is_near_or_was_not_measured_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
