/*
 * tests/unit/flow/test_flow: the flow table by script: packets in, flows and ends out.
 * SPDX-License-Identifier: MIT
 */
#include "bench.h"

static int64_t answered_ms(const struct flow *f)
{
    return (f->answered_ns - START_NS) / NS_PER_MS;
}

static void test_connection(void **state)
{
    struct bench *b = *state;
    struct flow *f = handshake(b, 0);
    assert_int_equal(flow_state(f), FLOW_ESTABLISHED);
    assert_int_equal(f->id, 1);
    assert_int_equal(f->syns, 1);
    assert_int_equal(f->rtt_us, 20000);
    assert_int_equal(f->first.frame, 1);
    assert_int_equal(answered_ms(f), 20);
    assert_int_equal(f->side[UP].isn, ISN_C);
    assert_int_equal(f->side[DOWN].isn, ISN_S);
    assert_int_equal(f->client_mac.bytes[0], 1);
    assert_false(f->midstream);
    up(b, 30, A, ISN_C + 1, ISN_S + 1, 100);
    f = down(b, 40, A, ISN_S + 1, ISN_C + 101, 1400);
    assert_int_equal(f->side[UP].seq_end, ISN_C + 101);
    assert_int_equal(f->side[UP].bytes, 100);
    assert_int_equal(f->side[DOWN].ack, ISN_C + 101);
    assert_int_equal(f->side[DOWN].packets, 2);
    assert_true(f->side[DOWN].data);
    f = down(b, 50, F, ISN_S + 1401, ISN_C + 101, 0);
    assert_int_equal(flow_ended_at(f).frame, 6);
    up(b, 60, F, ISN_C + 101, ISN_S + 1402, 0);
    f = down(b, 70, A, ISN_S + 1402, ISN_C + 102, 0);
    assert_int_equal(flow_state(f), FLOW_CLOSED);
    assert_int_equal(b->ends, 0);
    expire(b, 1900);
    assert_int_equal(b->ends, 0);
    expire(b, 3500);
    assert_int_equal(b->ends, 1);
    assert_int_equal(b->ended[0].how.reason, END_FIN);
    assert_int_equal(b->ended[0].how.by, DIR_TO_CLIENT);
    assert_int_equal(b->ended[0].how.at.frame, 6);
    assert_int_equal(flow_table_stats(b->table).open, 0);
}

static void test_syn_without_answer(void **state)
{
    struct bench *b = *state;
    const int64_t at[] = {0, 1000, 3000, 7000, 15000, 31000, 63000};
    struct flow *f = NULL;
    for (size_t i = 0; i < sizeof at / sizeof *at; i++)
        f = up(b, at[i], S, ISN_C, 0, 0);
    assert_int_equal(f->syns, 7);
    assert_int_equal(flow_state(f), FLOW_NO_REPLY);
    assert_int_equal(flow_table_stats(b->table).created, 1);
    expire(b, 182000);
    assert_int_equal(b->ends, 0);
    expire(b, 184000);
    assert_int_equal(b->ends, 1);
    assert_int_equal(b->ended[0].how.reason, END_TIMEOUT);
    assert_int_equal(b->ended[0].how.at.frame, 0);
    assert_int_equal(b->ended[0].state, FLOW_NO_REPLY);
    /* When the silence was long enough, not when it was noticed. */
    int64_t end_ms = b->ended[0].how.at.ts_ns / NS_PER_MS - 1000000;
    assert_true(end_ms > 182900 && end_ms <= 183000);
}

static void test_refused(void **state)
{
    struct bench *b = *state;
    up(b, 0, S, ISN_C, 0, 0);
    struct flow *f = down(b, 20, RA, 0, ISN_C + 1, 0);
    assert_int_equal(flow_state(f), FLOW_REFUSED);
    assert_int_equal(f->signs->rst_ttl, 64);
    assert_int_equal(f->rtt_us, 20000);
    up(b, 520, S, ISN_C, 0, 0);
    down(b, 540, RA, 0, ISN_C + 1, 0);
    up(b, 1040, S, ISN_C + 77777, 0, 0); /* some systems try with a new number */
    f = down(b, 1060, RA, 0, ISN_C + 77778, 0);
    assert_int_equal(flow_state(f), FLOW_REFUSED);
    assert_int_equal(f->syns, 3);
    assert_int_equal(flow_table_stats(b->table).created, 1);
    finish(b, 1100);
    assert_int_equal(b->ended[0].how.reason, END_RST);
    assert_int_equal(b->ended[0].how.by, DIR_TO_CLIENT);
    assert_int_equal(b->ended[0].how.at.frame, 2);
}

static void test_accepted_after_refusal(void **state)
{
    struct bench *b = *state;
    up(b, 0, S, ISN_C, 0, 0);
    down(b, 20, RA, 0, ISN_C + 1, 0);
    up(b, 520, S, ISN_C, 0, 0);
    struct flow *f = down(b, 540, SA, ISN_S, ISN_C + 1, 0);
    assert_int_equal(flow_state(f), FLOW_ESTABLISHED);
    assert_int_equal(flow_ended_at(f).frame, 0);
    finish(b, 1000);
    assert_int_equal(b->ended[0].how.reason, END_CAPTURE);
}

static void test_answer_before_question(void **state)
{
    struct bench *b = *state;
    struct flow *f = down(b, 0, SA, ISN_S, ISN_C + 1, 0);
    assert_true(f->midstream);
    assert_true(flow_is_stray(f));
    assert_int_equal(f->client_mac.bytes[0], 1);
    f = up(b, 1, S, ISN_C, 0, 0);
    assert_false(f->midstream);
    assert_int_equal(f->syns, 1);
    assert_int_equal(f->first.frame, 2);
    assert_int_equal(answered_ms(f), 0);
    assert_int_equal(f->rtt_us, 0);
    assert_int_equal(flow_state(f), FLOW_ESTABLISHED);
    assert_int_equal(flow_table_stats(b->table).created, 1);
}

/* Neither port is known, so the answerer looks like the client until the SYN comes. */
static void test_refusal_before_question(void **state)
{
    struct bench *b = *state;
    struct packet rst = packet(b, 0, DOWN);
    struct packet syn = packet(b, 1, UP);
    rst.tuple.src_port = syn.tuple.dst_port = 40000;
    rst.tcp.flags = RA;
    rst.tcp.ack = ISN_C + 1;
    syn.tcp.flags = S;
    syn.tcp.seq = ISN_C;
    enum dir dir;
    assert_non_null(flow_lookup(b->table, &rst, &dir));
    assert_int_equal(dir, UP);
    const struct flow *f = flow_lookup(b->table, &syn, &dir);
    assert_int_equal(dir, UP);
    assert_int_equal(f->key.dst_port, 40000);
    assert_int_equal(flow_state(f), FLOW_REFUSED);
    assert_int_equal(f->end_by, DOWN);
    assert_int_equal(answered_ms(f), 0);
    assert_int_equal(f->first.frame, 2);
    assert_int_equal(flow_table_stats(b->table).created, 1);
}

static void test_tuple_starts_anew(void **state)
{
    struct bench *b = *state;
    handshake(b, 0);
    up(b, 30, F, ISN_C + 1, ISN_S + 1, 0);
    down(b, 40, F, ISN_S + 1, ISN_C + 2, 0);
    struct flow *f = up(b, 500, S, ISN_C + 50000, 0, 0);
    assert_int_equal(f->id, 2);
    assert_int_equal(b->ends, 1);
    assert_int_equal(b->ended[0].how.reason, END_FIN);
    assert_int_equal(b->ended[0].how.by, DIR_TO_SERVER);
    down(b, 510, SA, ISN_S + 3, ISN_C + 50001, 0);
    /* A repeated SYN of the same connection does not start another. */
    f = up(b, 511, S, ISN_C + 50000, 0, 0);
    assert_int_equal(f->id, 2);
    assert_int_equal(f->syns, 2);
    /* The answer of a third one comes before its SYN. */
    f = down(b, 600, SA, ISN_S + 99, ISN_C + 70001, 0);
    assert_int_equal(f->id, 3);
    assert_int_equal(b->ended[1].how.reason, END_TIMEOUT);
    f = up(b, 601, S, ISN_C + 70000, 0, 0);
    assert_int_equal(f->id, 3);
}

static void test_reset(void **state)
{
    struct bench *b = *state;
    handshake(b, 0);
    up(b, 30, A, ISN_C + 1, ISN_S + 1, 500);
    struct packet p = packet(b, 35, DOWN);
    p.tcp.flags = R;
    p.tcp.seq = ISN_S + 1;
    p.ttl = 120;
    p.ip_id = 4242;
    enum dir dir;
    struct flow *f = flow_lookup(b->table, &p, &dir);
    assert_int_equal(flow_state(f), FLOW_RESET);
    assert_true(f->rst_first);
    assert_int_equal(f->signs->end_ttl, 120);
    assert_int_equal(f->signs->rst_ttl, 120);
    assert_int_equal(f->signs->rst_ip_id, 4242);
    /* What the real server sent in the meantime still belongs to the flow. */
    f = down(b, 50, A, ISN_S + 1, ISN_C + 501, 1400);
    assert_int_equal(f->id, 1);
    assert_int_equal(f->signs->rst_ttl, 120);
    assert_int_equal(f->side[DOWN].bytes, 1400);
    f = up(b, 60, R, ISN_C + 501, 0, 0);
    assert_false(flow_is_one_way(f));
    expire(b, 5000);
    assert_int_equal(b->ends, 1);
    assert_int_equal(b->ended[0].how.reason, END_RST);
    assert_int_equal(b->ended[0].how.by, DIR_TO_CLIENT);
    assert_int_equal(b->ended[0].how.at.frame, 5);
}

static void test_fin_then_rst(void **state)
{
    struct bench *b = *state;
    handshake(b, 0);
    up(b, 30, F, ISN_C + 1, ISN_S + 1, 0);
    up(b, 35, RA, ISN_C + 2, ISN_S + 1, 0);
    expire(b, 5000);
    assert_int_equal(b->ends, 1);
    assert_int_equal(b->ended[0].how.reason, END_FIN);
    assert_int_equal(b->ended[0].how.by, DIR_TO_SERVER);
    assert_int_equal(b->ended[0].state, FLOW_CLOSED);
}

static void test_one_fin(void **state)
{
    struct bench *b = *state;
    handshake(b, 0);
    up(b, 1000, F, ISN_C + 1, ISN_S + 1, 0);
    down(b, 50000, A, ISN_S + 1, ISN_C + 2, 1400);
    expire(b, 109000);
    assert_int_equal(b->ends, 0);
    expire(b, 112000);
    assert_int_equal(b->ends, 1);
    assert_int_equal(b->ended[0].how.reason, END_FIN);
    assert_int_equal(b->ended[0].how.at.frame, 4);
}

static void test_idle(void **state)
{
    struct bench *b = *state;
    handshake(b, 0);
    struct flow *f = NULL;
    /* Keep-alives count as life, but their byte is no data. */
    for (int64_t minute = 1; minute <= 40; minute += 10) {
        up(b, minute * 60000, A, ISN_C, ISN_S + 1, 1);
        f = down(b, minute * 60000 + 20, A, ISN_S + 1, ISN_C + 1, 0);
        assert_int_equal(f->id, 1);
    }
    assert_false(f->side[UP].data);
    assert_int_equal(f->side[UP].seq_end, ISN_C + 1);
    expire(b, 2700000);
    assert_int_equal(b->ends, 0);
    expire(b, 46 * 60000 + 3000);
    assert_int_equal(b->ends, 1);
    assert_int_equal(b->ended[0].how.reason, END_TIMEOUT);
}

/* The table looks at the flow when a packet comes, even if nobody called expire. */
static void test_late_packet_is_another_flow(void **state)
{
    struct bench *b = *state;
    struct packet p = packet(b, 0, UP);
    p.kind = PACKET_UDP;
    p.tuple.proto = IP_PROTO_UDP;
    enum dir dir;
    assert_int_equal(flow_lookup(b->table, &p, &dir)->id, 1);
    p.at.ts_ns += 59 * NS_PER_S;
    assert_int_equal(flow_lookup(b->table, &p, &dir)->id, 1);
    p.at.ts_ns += 61 * NS_PER_S;
    assert_int_equal(flow_lookup(b->table, &p, &dir)->id, 2);
    assert_int_equal(b->ends, 1);
}

static void test_udp_time_outs(void **state)
{
    struct bench *b = *state;
    udp(b, 0, UP, 50001, 53);
    udp(b, 10, UP, 50002, 53);
    struct flow *f = udp(b, 30, DOWN, 50001, 53);
    assert_int_equal(flow_state(f), FLOW_ESTABLISHED);
    assert_int_equal(answered_ms(f), 30);
    udp(b, 40, DOWN, 50003, 53); /* the answer first: the port says who the server is */
    udp(b, 50, UP, 50003, 53);
    udp(b, 60, UP, 50004, 443);
    expire(b, 3900);
    assert_int_equal(b->ends, 0);
    expire(b, 6000);
    assert_int_equal(b->ends, 2);
    assert_int_equal(b->ended[0].flow.key.src_port, 50001);
    assert_int_equal(b->ended[1].flow.key.src_port, 50003);
    expire(b, 63000);
    assert_int_equal(b->ends, 4);
    assert_int_equal(b->ended[2].state, FLOW_NO_REPLY);
    /* A DNS port that asks again after its answer waits for as long as any other. */
    udp(b, 70000, UP, 50005, 53);
    udp(b, 70010, DOWN, 50005, 53);
    udp(b, 70020, UP, 50005, 53);
    expire(b, 128000);
    assert_int_equal(b->ends, 4);
    expire(b, 132000);
    assert_int_equal(b->ends, 5);
}

static void test_orientation(void **state)
{
    static const struct {
        uint16_t from, to;
        enum dir dir;
    } cases[] = {
        {50000, 443, UP},   {443, 50000, DOWN}, {50000, 8080, UP},  {8080, 50000, DOWN},
        {700, 50000, DOWN}, {123, 123, UP},     {40000, 50000, UP}, {50000, 40000, UP},
        {68, 67, UP},       {67, 68, DOWN},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct packet p = packet(b, 0, UP);
        p.tuple.src.bytes[3] = (uint8_t)(i + 10);
        p.tuple.src_port = cases[i].from;
        p.tuple.dst_port = cases[i].to;
        p.tcp.flags = A;
        p.payload_len = 10;
        enum dir dir;
        const struct flow *f = flow_lookup(b->table, &p, &dir);
        assert_int_equal(dir, cases[i].dir);
        assert_int_equal(f->key.src_port, dir == UP ? cases[i].from : cases[i].to);
        assert_true(f->midstream);
        assert_false(flow_is_stray(f));
        assert_int_equal(f->side[DOWN].packets, dir == DOWN);
        assert_int_equal(f->began, dir);
        assert_true(dir == UP || f->answered_ns == f->first.ts_ns);
    }
}

static void test_reverse(void **state)
{
    struct bench *b = *state;
    udp(b, 0, UP, 50000, 40000);
    struct flow *f = udp(b, 10, DOWN, 50000, 40000);
    flow_reverse(b->table, f);
    assert_int_equal(f->key.src_port, 40000);
    assert_int_equal(f->began, DOWN);
    assert_int_equal(answered_ms(f), 0);
    enum dir dir;
    struct packet p = packet(b, 20, UP);
    p.kind = PACKET_UDP;
    p.tuple.proto = IP_PROTO_UDP;
    p.tuple.dst_port = 40000;
    struct flow *again = flow_lookup(b->table, &p, &dir);
    assert_ptr_equal(again, f);
    assert_int_equal(dir, DOWN);
    assert_int_equal(f->side[DOWN].packets, 2);
    assert_int_equal(f->client_mac.bytes[0], 2);
}

static void test_icmp(void **state)
{
    struct bench *b = *state;
    struct flow *f = up(b, 0, S, ISN_C, 0, 0);
    enum dir dir;
    struct packet icmp = packet(b, 5, DOWN);
    icmp.kind = PACKET_ICMP;
    icmp.tuple = (struct tuple){v4(0x0a0000fe), v4(CLIENT), 0, 0, IP_PROTO_ICMP};
    icmp.icmp = (struct packet_icmp){.type = 3, .code = 4, .mtu = 1400, .has_quote = true};
    icmp.icmp.quote =
        (struct tuple){v4(CLIENT), v4(SERVER), CLIENT_PORT, SERVER_PORT, IP_PROTO_TCP};
    struct flow *quoted = flow_find(b->table, &icmp.icmp.quote, &dir);
    assert_ptr_equal(quoted, f);
    assert_int_equal(dir, UP);
    flow_icmp(f, &icmp);
    assert_int_equal(flow_state(f), FLOW_NO_REPLY); /* smaller packets may still arrive */
    icmp.icmp.code = 13;
    flow_icmp(f, &icmp);
    assert_int_equal(flow_state(f), FLOW_UNREACHABLE);
    icmp.icmp.code = 1;
    flow_icmp(f, &icmp);
    assert_int_equal(f->signs->icmp_code, 13);
    assert_int_equal(f->signs->icmp_from.bytes[3], 0xfe);
    icmp.icmp.quote.src_port = 1;
    assert_null(flow_find(b->table, &icmp.icmp.quote, &dir));
    expire(b, 130000);
    assert_int_equal(b->ends, 1);
    assert_int_equal(b->ended[0].how.reason, END_ICMP);
    assert_int_equal(b->ended[0].how.at.frame, 2);
    /* An answer makes it an ordinary flow. */
    f = up(b, 200000, S, ISN_C, 0, 0);
    icmp.icmp.code = 1;
    flow_icmp(f, &icmp);
    f = down(b, 200100, SA, ISN_S, ISN_C + 1, 0);
    assert_int_equal(flow_state(f), FLOW_ESTABLISHED);
    finish(b, 200200);
    assert_int_equal(b->ended[1].how.reason, END_CAPTURE);
}

static void test_stray(void **state)
{
    struct bench *b = *state;
    struct flow *f = down(b, 0, RA, ISN_S, ISN_C, 0);
    assert_true(flow_is_stray(f));
    f = up(b, 1, A, ISN_C, ISN_S, 10);
    assert_false(flow_is_stray(f));
}

static void test_clock_steps(void **state)
{
    struct bench *b = *state;
    udp(b, 0, UP, 50001, 443);
    /* A little back: another interface's packet. */
    assert_int_equal(udp(b, -5000, UP, 50002, 443)->id, 2);
    /* Far back: the clock was set. Both flows go on living from there. */
    assert_int_equal(udp(b, -900000, UP, 50001, 443)->id, 1);
    assert_int_equal(udp(b, -850000, UP, 50001, 443)->id, 1);
    assert_int_equal(b->ends, 0);
    expire(b, -838000);
    assert_int_equal(b->ends, 1); /* 62 s of the second's silence passed */
    assert_int_equal(b->ended[0].flow.id, 2);
    /* One packet from the far future ends what is there, and time goes on. */
    udp(b, INT64_C(1000000000000), UP, 50003, 443);
    assert_int_equal(b->ends, 2);
    udp(b, 1000, UP, 50003, 443);
    assert_int_equal(udp(b, 2000, UP, 50003, 443)->id, 3);
    expire(b, 70000);
    assert_int_equal(b->ends, 3);
}

static void test_extreme_times(void **state)
{
    struct bench *b = *state;
    struct packet p = packet(b, 0, UP);
    enum dir dir;
    const int64_t times[] = {INT64_MIN, INT64_MAX, 0, INT64_MAX, INT64_MIN, -1, 1};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        p.at.ts_ns = times[i];
        flow_table_expire(b->table, times[i], UINT32_MAX);
        assert_non_null(flow_lookup(b->table, &p, &dir));
    }
    flow_table_finish(b->table, INT64_MAX);
    assert_true(b->ends >= 1);
}

static void test_ipv6_and_protocols_apart(void **state)
{
    struct bench *b = *state;
    struct packet p = packet(b, 0, UP);
    enum dir dir;
    struct flow *four = flow_lookup(b->table, &p, &dir);
    p.tuple.src.family = p.tuple.dst.family = 6;
    struct flow *six = flow_lookup(b->table, &p, &dir);
    p.kind = PACKET_UDP;
    p.tuple.proto = IP_PROTO_UDP;
    struct flow *six_udp = flow_lookup(b->table, &p, &dir);
    assert_int_equal(four->id, 1);
    assert_int_equal(six->id, 2);
    assert_int_equal(six_udp->id, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_connection),
        TEST(test_syn_without_answer),
        TEST(test_refused),
        TEST(test_accepted_after_refusal),
        TEST(test_answer_before_question),
        TEST(test_refusal_before_question),
        TEST(test_tuple_starts_anew),
        TEST(test_reset),
        TEST(test_fin_then_rst),
        TEST(test_one_fin),
        TEST(test_idle),
        TEST(test_late_packet_is_another_flow),
        TEST(test_udp_time_outs),
        TEST(test_orientation),
        TEST(test_reverse),
        TEST(test_icmp),
        TEST(test_stray),
        TEST(test_clock_steps),
        TEST(test_extreme_times),
        TEST(test_ipv6_and_protocols_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
