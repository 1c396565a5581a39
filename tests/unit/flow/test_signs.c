/*
 * tests/unit/flow/test_signs: resets that do not fit their server, holes that receivers report.
 * SPDX-License-Identifier: MIT
 */
#include "bench.h"

/* A reset of the server's side. */
static struct flow *reset(struct bench *b, int64_t ms, uint32_t seq, uint16_t ip_id)
{
    struct packet p = packet(b, ms, DOWN);
    p.tcp.flags = R;
    p.tcp.seq = seq;
    p.ttl = 62;
    p.ip_id = ip_id;
    return look_up(b, &p, DOWN);
}

/* An acknowledgement of the client or server with a SACK block. */
static struct flow *sack(struct bench *b, int64_t ms, enum dir dir, uint32_t seq, uint32_t ack,
                         uint32_t from)
{
    struct packet p = packet(b, ms, dir);
    p.tcp.flags = A;
    p.tcp.seq = seq;
    p.tcp.ack = ack;
    p.tcp.sack = from;
    return look_up(b, &p, dir);
}

static struct flow *greeting(struct bench *b)
{
    handshake(b, 0);
    return up(b, 30, A, ISN_C + 1, ISN_S + 1, 500);
}

static void a_good_connection_has_none(void **state)
{
    struct bench *b = *state;
    greeting(b);
    down(b, 50, A, ISN_S + 1, ISN_C + 501, 1400);
    struct flow *f = up(b, 60, A, ISN_C + 501, ISN_S + 1401, 0);
    down(b, 70, A, ISN_S + 1401, ISN_C + 501, 1400);
    down(b, 71, A, ISN_S + 2801, ISN_C + 501, 1400);
    up(b, 72, A, ISN_C + 501, ISN_S + 4201, 0);
    assert_null(f->signs);
    down(b, 80, F, ISN_S + 4201, ISN_C + 501, 0);
    up(b, 90, F, ISN_C + 501, ISN_S + 4202, 0);
    assert_int_equal(f->signs->end_at.ts_ns, START_NS + 80 * NS_PER_MS);
    assert_int_equal(f->signs->rst_ttl, 0);
    assert_int_equal(f->signs->rst_marks, 0);
    assert_int_equal(f->signs->icmp_from.family, 0);
    assert_int_equal(f->signs->hole[UP].reports, 0);
    assert_int_equal(f->signs->hole[DOWN].reports, 0);
    assert_int_equal(f->side[DOWN].data_ttl, 64);
    assert_int_equal(f->signs->end_ttl, 64);
}

static void a_reset_is_held_against_the_server(void **state)
{
    struct bench *b = *state;
    greeting(b); /* frame 4 of the client, 2 of the server: those are their IP IDs */
    struct flow *f = reset(b, 32, ISN_S + 1, 5);
    assert_int_equal(f->signs->rst_ttl, 62);
    assert_int_equal(f->signs->rst_marks, RST_ID_FITS);
    down(b, 50, A, ISN_S + 1, ISN_C + 501, 1400); /* the server knows nothing of it */
    assert_int_equal(f->signs->rst_marks, RST_ID_FITS | RST_OUTLIVED);
}

static void a_forged_reset_copies_and_guesses(void **state)
{
    struct bench *b = *state;
    greeting(b);
    struct flow *f = reset(b, 32, ISN_S + 1461, 4);
    assert_int_equal(f->signs->rst_marks, RST_ID_COPIED | RST_ID_FITS | RST_AHEAD);
    reset(b, 32, ISN_S + 1461, 4);
    assert_int_equal(f->signs->rst_marks & RST_DIFFERS, 0);
    reset(b, 32, ISN_S + 4381, 4);
    assert_int_equal(f->signs->rst_marks & RST_DIFFERS, RST_DIFFERS);
}

static void what_a_mirror_port_swapped_outlives_nothing(void **state)
{
    struct bench *b = *state;
    greeting(b);
    struct flow *f = reset(b, 60, ISN_S + 1401, 900);
    down(b, 60, A, ISN_S + 1, ISN_C + 501, 1400); /* sent before the reset */
    assert_int_equal(f->signs->rst_marks & RST_OUTLIVED, 0);
}

static void a_lost_full_segment_is_a_hole_upward(void **state)
{
    struct bench *b = *state;
    handshake(b, 0);
    up(b, 30, A, ISN_C + 1, ISN_S + 1, 1460);
    up(b, 30, A, ISN_C + 1461, ISN_S + 1, 240);
    sack(b, 50, DOWN, ISN_S + 1, ISN_C + 1, ISN_C + 1461);
    for (int i = 1; i <= 3; i++)
        up(b, 300 * i, A, ISN_C + 1, ISN_S + 1, 1460);
    struct flow *f = flow_find(
        b->table, &(struct tuple){v4(CLIENT), v4(SERVER), CLIENT_PORT, SERVER_PORT, IP_PROTO_TCP},
        &(enum dir){UP});
    const struct flow_hole *hole = &f->signs->hole[UP];
    assert_true(hole->open);
    assert_int_equal(hole->ack, ISN_C + 1);
    assert_int_equal(hole->beyond, ISN_C + 1461);
    assert_int_equal(hole->reports, 1);
    assert_int_equal(hole->repeats, 3);
    assert_int_equal(hole->most, 1460);
    assert_true(hole->since_ns == NS_PER_S * 1000 + 50 * NS_PER_MS);

    /* Smaller segments get through: that is the proof. */
    up(b, 3000, A, ISN_C + 1, ISN_S + 1, 536);
    down(b, 3020, A, ISN_S + 1, ISN_C + 537, 0);
    assert_false(hole->open);
    assert_int_equal(hole->shrunk_from, 1460);
    assert_int_equal(hole->shrunk_to, 536);
    assert_int_equal(hole->repaired, 0);
}

static void a_hole_downward_is_what_the_client_reports(void **state)
{
    struct bench *b = *state;
    greeting(b);
    down(b, 50, A, ISN_S + 2921, ISN_C + 501,
         300); /* the capture has not the two before it either */
    struct flow *f = sack(b, 51, UP, ISN_C + 501, ISN_S + 1, ISN_S + 2921);
    const struct flow_hole *hole = &f->signs->hole[DOWN];
    assert_true(hole->open);
    assert_int_equal(hole->beyond - hole->ack, 2920);
    assert_int_equal(hole->repeats, 0);
    assert_false(f->signs->hole[UP].open);
}

static void a_loss_that_is_made_good_leaves_no_hole(void **state)
{
    struct bench *b = *state;
    greeting(b);
    down(b, 50, A, ISN_S + 1461, ISN_C + 501, 300);
    struct flow *f = sack(b, 51, UP, ISN_C + 501, ISN_S + 1, ISN_S + 1461);
    assert_true(f->signs->hole[DOWN].open);
    down(b, 90, A, ISN_S + 1, ISN_C + 501, 1460);
    up(b, 91, A, ISN_C + 501, ISN_S + 1761, 0);
    assert_false(f->signs->hole[DOWN].open);
    assert_int_equal(f->signs->hole[DOWN].shrunk_to, 0);
    assert_int_equal(f->signs->hole[DOWN].repaired, 1);
}

static void overtaken_segments_are_not_lost(void **state)
{
    struct bench *b = *state;
    greeting(b);
    down(b, 50, A, ISN_S + 1461, ISN_C + 501, 300);
    struct flow *f = sack(b, 51, UP, ISN_C + 501, ISN_S + 1, ISN_S + 1461);
    f->rtt_us = 20000;
    down(b, 53, A, ISN_S + 1, ISN_C + 501, 1460);
    up(b, 54, A, ISN_C + 501, ISN_S + 1761, 0);
    assert_false(f->signs->hole[DOWN].open);
    assert_int_equal(f->signs->hole[DOWN].repaired, 0);
}

static void losses_that_were_made_good_are_counted(void **state)
{
    struct bench *b = *state;
    greeting(b);
    struct flow *f = NULL;
    uint32_t at = ISN_S + 1;
    for (uint16_t i = 0; i < 3; i++, at += 2920) {
        down(b, 50, A, at, ISN_C + 501, 1460);
        down(b, 50, A, at + 1460, ISN_C + 501, 1460);
        sack(b, 51, UP, ISN_C + 501, at, at + 1460);
        f = down(b, 90, A, at, ISN_C + 501, 1460);
        f = down(b, 95, A, at, ISN_C + 501, 1460); /* lost once more: still one segment */
        assert_int_equal(f->signs->hole[DOWN].repaired, i);
        up(b, 99, A, ISN_C + 501, at + 2920, 0);
        assert_int_equal(f->signs->hole[DOWN].repaired, i + 1);
    }
    /* The next hole tells that the last one is closed: of a settled flow nothing else is looked at. */
    down(b, 105, A, at + 1460, ISN_C + 501, 1460);
    sack(b, 110, UP, ISN_C + 501, at, at + 1460);
    down(b, 150, A, at, ISN_C + 501, 1460);
    sack(b, 151, UP, ISN_C + 501, at + 2920, at + 4380);
    assert_int_equal(f->signs->hole[DOWN].repaired, 4);
    assert_int_equal(f->signs->hole[UP].repaired, 0);
}

static void what_only_the_capture_lost_is_no_hole(void **state)
{
    struct bench *b = *state;
    greeting(b);
    down(b, 50, A, ISN_S + 1461, ISN_C + 501, 300);
    struct flow *f = up(b, 51, A, ISN_C + 501, ISN_S + 1761, 0);
    assert_null(f->signs);
}

/* Losses are seen all the same; what is no loss leaves nothing behind. */
static void a_settled_flow_tells_of_losses_only(void **state)
{
    struct bench *b = *state;
    struct flow *f = greeting(b);
    f->settled = true;
    down(b, 50, A, ISN_S + 1, ISN_C + 501, 1460);
    up(b, 51, A, ISN_C + 501, ISN_S + 1461, 0);
    up(b, 52, A, ISN_C + 501, ISN_S + 1461, 0);
    up(b, 53, A, ISN_C + 501, ISN_S + 1461, 300);
    down(b, 60, A, ISN_S + 1461, ISN_C + 801, 1460);
    assert_null(f->signs);
    up(b, 61, A, ISN_C + 801, ISN_S + 2921, 1460);
    up(b, 61, A, ISN_C + 2261, ISN_S + 2921, 300);
    sack(b, 80, DOWN, ISN_S + 2921, ISN_C + 801, ISN_C + 2261);
    up(b, 400, A, ISN_C + 801, ISN_S + 2921, 1460);
    const struct flow_hole *hole = &f->signs->hole[UP];
    assert_true(hole->open);
    assert_int_equal(hole->ack, ISN_C + 801);
    assert_int_equal(hole->reports, 1);
    assert_int_equal(hole->repeats, 1);
    assert_int_equal(hole->most, 1460);
    assert_int_equal(f->side[DOWN].ack, hole->ack);
    down(b, 420, A, ISN_S + 2921, ISN_C + 2561, 0); /* made good: the acknowledgement tells */
    assert_true((int32_t)(f->side[DOWN].ack - hole->ack) > 0);
}

/* A RST answers the SYN, and the server accepts it a moment later. */
static void a_refusal_that_the_server_knows_nothing_of(void **state)
{
    static const struct {
        const char *what;
        uint32_t rst_seq;
        int64_t again_ms;  /* the client sends its SYN again; 0: not */
        int64_t accept_ms; /* the SYN-ACK */
        bool goes_on;      /* the client and the server send data */
        bool overtook;
        enum flow_state state;
    } ROWS[] = {
        {"forged", 0, 0, 20, false, true, FLOW_REFUSED},
        {"a second try succeeds", 0, 500, 520, false, false, FLOW_ESTABLISHED},
        {"a second try that was not captured", 0, 0, 520, false, false, FLOW_ESTABLISHED},
        {"a mirror port swapped accept and reset", ISN_S + 1, 0, 20, false, false,
         FLOW_ESTABLISHED},
        {"the client took no notice", 0, 0, 20, true, false, FLOW_ESTABLISHED},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        int64_t at = (int64_t)i * 7200000;
        up(b, at, S, ISN_C, 0, 0);
        down(b, at + 2, RA, ROWS[i].rst_seq, ISN_C + 1, 0);
        if (ROWS[i].again_ms)
            up(b, at + ROWS[i].again_ms, S, ISN_C, 0, 0);
        struct flow *f = down(b, at + ROWS[i].accept_ms, SA, ISN_S, ISN_C + 1, 0);
        if (ROWS[i].goes_on) {
            up(b, at + 30, A, ISN_C + 1, ISN_S + 1, 300);
            down(b, at + 50, A, ISN_S + 1, ISN_C + 301, 1400);
        }
        if (flow_state(f) != ROWS[i].state ||
            ((f->signs->rst_marks & RST_OVERTOOK) != 0) != ROWS[i].overtook)
            fail_msg("%s", ROWS[i].what);
        expire(b, at + 7100000);
    }
}

static void holes_turn_with_the_flow(void **state)
{
    struct bench *b = *state;
    greeting(b);
    down(b, 50, A, ISN_S + 2921, ISN_C + 501, 300);
    struct flow *f = sack(b, 51, UP, ISN_C + 501, ISN_S + 1, ISN_S + 2921);
    flow_reverse(b->table, f);
    assert_true(f->signs->hole[UP].open);
    assert_false(f->signs->hole[DOWN].open);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_good_connection_has_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reset_is_held_against_the_server, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_forged_reset_copies_and_guesses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_mirror_port_swapped_outlives_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_lost_full_segment_is_a_hole_upward, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hole_downward_is_what_the_client_reports, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_loss_that_is_made_good_leaves_no_hole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(overtaken_segments_are_not_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(losses_that_were_made_good_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_only_the_capture_lost_is_no_hole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_settled_flow_tells_of_losses_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refusal_that_the_server_knows_nothing_of, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(holes_turn_with_the_flow, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
