/*
 * Tests of flow/early: answers that a mirror port put before what they answer.
 * SPDX-License-Identifier: MIT
 */
#include "bench.h"

/* A router says that packets of this client port do not arrive. */
static void error(struct bench *b, int64_t ms, uint16_t port, uint8_t code)
{
    struct packet p = packet(b, ms, DOWN);
    p.kind = PACKET_ICMP;
    p.tuple = (struct tuple){v4(0x0a0000fe), v4(CLIENT), 0, 0, IP_PROTO_ICMP};
    p.icmp = (struct packet_icmp){.type = 3, .code = code, .has_quote = true};
    p.icmp.quote = (struct tuple){v4(CLIENT), v4(SERVER), port, SERVER_PORT, IP_PROTO_TCP};
    flow_table_icmp(b->table, &p);
}

static void an_error_in_order(void **state)
{
    struct bench *b = *state;
    struct flow *f = up(b, 0, S, ISN_C, 0, 0);
    error(b, 5, CLIENT_PORT, 13);
    assert_int_equal(flow_state(f), FLOW_UNREACHABLE);
}

static void an_error_before_its_packet(void **state)
{
    struct bench *b = *state;
    for (uint16_t i = 1; i <= 3; i++)
        error(b, 0, CLIENT_PORT + i, 1);
    error(b, 1, CLIENT_PORT, 13);
    struct flow *f = up(b, 2, S, ISN_C, 0, 0);
    assert_int_equal(flow_state(f), FLOW_UNREACHABLE);
    assert_int_equal(f->signs->icmp_code, 13);
    /* It is taken once. */
    finish(b, 3);
    f = up(b, 4, S, ISN_C, 0, 0);
    assert_int_equal(flow_state(f), FLOW_NO_REPLY);
}

static void an_old_error_is_not_meant(void **state)
{
    struct bench *b = *state;
    error(b, 0, CLIENT_PORT, 13);
    assert_int_equal(flow_state(up(b, 60, S, ISN_C, 0, 0)), FLOW_NO_REPLY);
}

static void only_the_newest_wait(void **state)
{
    struct bench *b = *state;
    error(b, 0, CLIENT_PORT, 13);
    for (uint16_t i = 1; i <= 4; i++)
        error(b, 1, CLIENT_PORT + i, 13);
    assert_int_equal(flow_state(up(b, 2, S, ISN_C, 0, 0)), FLOW_NO_REPLY);
}

/* The ACK of the handshake may come before the SYN-ACK that it answers. */
static void a_swapped_handshake_has_its_round_trip(void **state)
{
    struct bench *b = *state;
    up(b, 0, S, ISN_C, 0, 0);
    up(b, 19, A, ISN_C + 1, ISN_S + 1, 0);
    struct flow *f = down(b, 20, SA, ISN_S, ISN_C + 1, 0);
    assert_int_equal(f->rtt_us, 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_error_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_error_before_its_packet, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_old_error_is_not_meant, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_the_newest_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_swapped_handshake_has_its_round_trip, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
