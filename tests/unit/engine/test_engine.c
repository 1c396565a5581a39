/*
 * Tests of engine: packets in, events out, in any order a mirror port may give.
 * SPDX-License-Identifier: MIT
 */
#include "bench.h"

static void a_question_and_its_answer_are_one_event(void **state)
{
    struct bench *b = *state;
    udp(b, query_way, query, sizeof query);
    udp(b, reply_way, answer, sizeof answer);
    assert_int_equal(b->seen.transactions, 1);
    assert_int_equal(b->seen.last.kind, TX_DNS);
    assert_int_equal(b->seen.last.outcome, TX_ANSWERED);
    assert_int_equal(b->seen.last.request.frame, 1);
    assert_int_equal(b->seen.last.reply.frame, 2);
    assert_true(b->seen.last.rtt_ns == NS_PER_MS);
    assert_string_equal(b->seen.host, "www.msftconnecttest.com");
    engine_finish(b->engine, &(struct capture_totals){.files = 1, .kernel_drops = 7});
    assert_int_equal(b->seen.flows, 1);
    assert_int_equal(b->seen.results, 1);
    assert_int_equal(stats_of(b).kernel_drops, 7);
}

/* The bench's last transaction is a good one, and all is over. */
static void probe_that_works(struct bench *b)
{
    udp(b, query_way, query, sizeof query);
    udp(b, reply_way, answer, sizeof answer);
    connect_and_ask(b);
    tcp(b, down, TCP_ACK | TCP_PSH, 901, 101 + sizeof request - 1, response);
    tcp(b, down, TCP_ACK | TCP_FIN, 901 + sizeof response - 1, 101 + sizeof request - 1, "");
    tcp(b, up, TCP_ACK | TCP_FIN, 101 + sizeof request - 1, 902 + sizeof response - 1, "");
    engine_finish(b->engine, &(struct capture_totals){.files = 1});
    assert_int_equal(b->seen.transactions, 2);
    assert_int_equal(b->seen.last.u.http.status, 200);
    assert_int_equal(b->seen.last.u.http.length, 22);
    assert_int_equal(b->seen.state, FLOW_CLOSED);
    assert_int_equal(b->seen.verdict, VERDICT_CLEAR);
}

static void a_probe_that_works_is_clear(void **state)
{
    probe_that_works(*state);
    assert_int_equal(stats_of(*state).duplicate_packets, 0);
}

/* An acknowledgement without an IP id may have been sent twice; it changes nothing. */
static void copies_are_counted_and_change_nothing(void **state)
{
    struct bench *b = *state;
    b->doubled = true;
    probe_that_works(b);
    struct engine_stats stats = stats_of(b);
    assert_int_equal(stats.packets, 18);
    assert_int_equal(stats.duplicate_packets, 8);
    assert_int_equal(b->seen.flows, 2);
}

/* The two directions of a mirror port may overtake each other. */
static void swapped_directions_change_nothing(void **state)
{
    struct bench *b = *state;
    udp(b, reply_way, answer, sizeof answer);
    udp(b, query_way, query, sizeof query);
    tcp(b, down, TCP_SYN | TCP_ACK, 900, 101, "");
    tcp(b, up, TCP_SYN, 100, 0, "");
    tcp(b, up, TCP_ACK, 101, 901, "");
    tcp(b, down, TCP_ACK | TCP_PSH, 901, 101 + sizeof request - 1, response);
    tcp(b, up, TCP_ACK | TCP_PSH, 101, 901, request);
    engine_finish(b->engine, &(struct capture_totals){.files = 1});
    assert_int_equal(b->seen.transactions, 2);
    assert_int_equal(b->seen.last.u.http.status, 200);
    assert_int_equal(b->seen.flows, 2);
}

/* Live, a device is judged again and again before its deployment ends. */
static void judging_in_between_changes_nothing(void **state)
{
    struct bench *b = *state;
    const struct capture_totals captured = {.files = 1};
    assert_true(
        subject_judge(engine_whole(b->engine), &captured)); /* nothing at all is known yet */
    assert_int_equal(b->seen.verdict, VERDICT_INCONCLUSIVE);
    udp(b, query_way, query, sizeof query);
    assert_true(subject_judge(engine_whole(b->engine), &captured));
    udp(b, reply_way, answer, sizeof answer);
    connect_and_ask(b);
    tcp(b, down, TCP_ACK | TCP_PSH, 901, 101 + sizeof request - 1, response);
    for (int i = 0; i < 3; i++) {
        assert_true(subject_judge(engine_whole(b->engine), &captured));
        assert_int_equal(b->seen.verdict, VERDICT_CLEAR);
    }
    engine_finish(b->engine, &captured);
    assert_int_equal(b->seen.transactions, 2);
    assert_int_equal(b->seen.verdict, VERDICT_CLEAR);
    assert_int_equal(b->seen.results, 6);
}

/* A question that stays open is a failure once time has passed, though no packet came. */
static void silence_counts(void **state)
{
    struct bench *b = *state;
    udp(b, query_way, query, sizeof query);
    engine_time(b->engine, b->maker.frame.at.ts_ns + 120 * NS_PER_S);
    assert_int_equal(b->seen.transactions, 1);
    assert_int_equal(b->seen.last.outcome, TX_NO_REPLY);
    assert_int_equal(b->seen.flows, 1);
    engine_time(b->engine, 0); /* time does not go back */
    assert_true(stats_of(b).last.ts_ns > b->maker.frame.at.ts_ns);
}

/* The same at the end of a file that says how long it listened. */
static void silence_until_the_end_counts(void **state)
{
    struct bench *b = *state;
    udp(b, query_way, query, sizeof query);
    int64_t end_ns = b->maker.frame.at.ts_ns + 10 * NS_PER_S;
    engine_finish(b->engine, &(struct capture_totals){.files = 1, .ended_ns = end_ns});
    assert_int_equal(b->seen.last.outcome, TX_NO_REPLY);
    assert_int_equal(b->seen.verdict, VERDICT_BLOCKED);
}

/* A connection that nobody answers is judged while it may still be answered, and forgotten when it is. */
static void an_open_connection_that_nobody_answers_is_judged(void **state)
{
    struct bench *b = *state;
    const struct capture_totals captured = {.files = 1};
    udp(b, query_way, query, sizeof query);
    udp(b, reply_way, answer, sizeof answer);
    tcp(b, up, TCP_SYN, 100, 0, "");
    assert_true(subject_judge(engine_whole(b->engine), &captured));
    assert_int_equal(b->seen.verdict, VERDICT_INCONCLUSIVE);
    engine_time(b->engine, b->maker.frame.at.ts_ns + 4 * NS_PER_S);
    unsigned ended = b->seen.flows;
    for (int i = 0; i < 3; i++) {
        assert_true(subject_judge(engine_whole(b->engine), &captured));
        assert_int_equal(b->seen.verdict, VERDICT_BLOCKED);
        assert_int_equal(b->seen.flows, ended);
    }
    b->maker.frame.at.ts_ns += 5 * NS_PER_S;
    tcp(b, up, TCP_SYN, 100, 0, "");
    tcp(b, down, TCP_SYN | TCP_ACK, 900, 101, "");
    tcp(b, up, TCP_ACK, 101, 901, "");
    tcp(b, up, TCP_ACK | TCP_PSH, 101, 901, request);
    tcp(b, down, TCP_ACK | TCP_PSH, 901, 101 + sizeof request - 1, response);
    assert_true(subject_judge(engine_whole(b->engine), &captured));
    assert_int_equal(b->seen.verdict, VERDICT_CLEAR);
    engine_finish(b->engine, &captured);
    assert_int_equal(b->seen.verdict, VERDICT_CLEAR);
}

/* Drops count where they were told of, in the time that packets have after the clock was set back. */
static void drops_have_their_minutes(void **state)
{
    struct bench *b = *state;
    b->maker.frame.at.ts_ns += 3600 * NS_PER_S;
    tcp(b, up, TCP_SYN, 100, 0, "");
    b->maker.frame.at.ts_ns -= 3600 * NS_PER_S;
    udp(b, query_way, query, sizeof query);
    int64_t asked = b->maker.frame.at.ts_ns;
    engine_time(b->engine, asked + 2 * 3600 * NS_PER_S);
    const struct capture_totals captured = {.files = 1, .kernel_drops = 1};
    subject_drops(engine_whole(b->engine), asked + 1200 * NS_PER_S, asked + 1201 * NS_PER_S, 1);
    assert_true(subject_judge(engine_whole(b->engine), &captured));
    assert_int_equal(b->seen.verdict, VERDICT_BLOCKED);
    subject_drops(engine_whole(b->engine), asked - NS_PER_S, asked + NS_PER_S, 1);
    assert_true(subject_judge(engine_whole(b->engine), &captured));
    assert_int_equal(b->seen.verdict, VERDICT_INCONCLUSIVE);
}

/* One question, and nothing at all was captured for a while: the capture may have missed the answer. */
static void silence_of_the_capture_is_doubt(void **state)
{
    struct bench *b = *state;
    udp(b, query_way, query, sizeof query);
    b->maker.frame.at.ts_ns += 60 * NS_PER_S;
    tcp(b, up, TCP_SYN, 100, 0, "");
    b->maker.frame.at.ts_ns += 60 * NS_PER_S;
    /* A file that has all packets that came was not deaf. */
    engine_time(b->engine, b->maker.frame.at.ts_ns + 120 * NS_PER_S);
    const struct capture_totals complete = {.files = 1, .ended_ns = b->maker.frame.at.ts_ns};
    assert_true(subject_judge(engine_whole(b->engine), &complete));
    assert_int_equal(b->seen.verdict, VERDICT_BLOCKED);
    engine_finish(b->engine, &(struct capture_totals){.files = 1});
    assert_int_equal(b->seen.verdict, VERDICT_INCONCLUSIVE);
}

/* The capturing clock is set back by an hour between a question and its answer, and again later. */
static void a_clock_that_is_set_back_changes_nothing(void **state)
{
    struct bench *b = *state;
    udp(b, query_way, query, sizeof query);
    int64_t asked = stats_of(b).last.ts_ns;
    b->maker.frame.at.ts_ns -= 3600 * NS_PER_S;
    udp(b, reply_way, answer, sizeof answer);
    assert_int_equal(b->seen.last.outcome, TX_ANSWERED);
    assert_true(b->seen.last.rtt_ns == 0);
    connect_and_ask(b);
    b->maker.frame.at.ts_ns -= 60 * NS_PER_S;
    tcp(b, down, TCP_ACK | TCP_PSH, 901, 101 + sizeof request - 1, response);
    engine_finish(b->engine, &(struct capture_totals){.files = 1});
    assert_int_equal(b->seen.transactions, 2);
    assert_int_equal(b->seen.verdict, VERDICT_CLEAR);
    assert_int_equal(stats_of(b).clock_steps, 2);
    /* Each step back hides the millisecond in which it happened. */
    assert_true(stats_of(b).last.ts_ns == asked + 4 * NS_PER_MS);
}

/* Of an asymmetric route one direction is captured: what it acknowledges shows that the other is there. */
static void one_direction_is_no_silence(void **state)
{
    struct bench *b = *state;
    uint32_t end = 101 + sizeof request - 1;
    udp(b, query_way, query, sizeof query);
    udp(b, reply_way, answer, sizeof answer);
    tcp(b, up, TCP_SYN, 100, 0, "");
    tcp(b, up, TCP_ACK, 101, 901, "");
    tcp(b, up, TCP_ACK | TCP_PSH, 101, 901, request);
    tcp(b, up, TCP_ACK, end, 901 + sizeof response - 1, "");
    b->maker.frame.at.ts_ns += 10 * NS_PER_S;
    tcp(b, up, TCP_ACK | TCP_FIN, end, 902 + sizeof response - 1, "");
    engine_finish(b->engine, &(struct capture_totals){.files = 1});
    assert_int_equal(b->seen.transactions, 2);
    assert_int_equal(b->seen.last.kind, TX_HTTP);
    assert_int_equal(b->seen.last.outcome, TX_PENDING);
    assert_int_equal(b->seen.verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(stats_of(b).one_way_flows, 1);
}

/* The response was not captured, but the device has it. */
static void an_answer_in_a_gap_is_no_silence(void **state)
{
    struct bench *b = *state;
    uint32_t end = 101 + sizeof request - 1;
    connect_and_ask(b);
    tcp(b, up, TCP_ACK, end, 901 + sizeof response - 1, "");
    b->maker.frame.at.ts_ns += 10 * NS_PER_S;
    tcp(b, up, TCP_ACK | TCP_FIN, end, 901 + sizeof response - 1, "");
    engine_finish(b->engine, &(struct capture_totals){.files = 1});
    assert_int_equal(b->seen.last.outcome, TX_PENDING);
    assert_int_equal(b->seen.verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(stats_of(b).gap_bytes, sizeof response - 1);
    assert_int_equal(stats_of(b).gaps, 1);
}

/* Bytes captured whole, but the file keeps only the first 40 of each packet. */
static void packets_cut_in_the_header_are_counted(void **state)
{
    struct bench *b = *state;
    struct frame cut = *frame_udp(&b->maker, query_way, slice_of(query, sizeof query - 1));
    cut.bytes.len = 30;
    push(b, &cut);
    struct engine_stats stats = stats_of(b);
    assert_int_equal(stats.undecoded_packets, 1);
    assert_int_equal(stats.truncated_packets, 1);
    assert_int_equal(stats.first_truncated.frame, stats.last.frame);
    assert_int_equal(stats.last_truncated.frame, stats.last.frame);
    engine_finish(b->engine, &(struct capture_totals){.files = 1});
    assert_int_equal(b->seen.verdict, VERDICT_INCONCLUSIVE);
}

static struct flow *decoded(struct bench *b, struct packet *p, size_t captured, bool copy)
{
    return subject_packet(engine_whole(b->engine), p, engine_expect(b->engine, p), captured, copy);
}

/* An 802.11 frame that holds several packets, from their Ethernet frames. */
struct wifi_maker {
    uint8_t bytes[FRAME_MAX];
    size_t len;
    struct frame frame;
};

static void wifi_begin(struct wifi_maker *w)
{
    static const uint8_t head[26] = {0x88, 0x02, [24] = 0x80};
    *w = (struct wifi_maker){.len = sizeof head};
    memcpy(w->bytes, head, sizeof head);
}

static void wifi_add(struct wifi_maker *w, const struct frame *f)
{
    size_t msdu = f->bytes.len - 12 + 6;
    size_t at = w->len + (6 - w->len % 4) % 4; /* subframes are aligned behind the head */
    assert_true(at + 14 + msdu <= sizeof w->bytes);
    memcpy(&w->bytes[at], f->bytes.data, 12);
    frame_put16(&w->bytes[at + 12], (unsigned)msdu);
    memcpy(&w->bytes[at + 14], "\xaa\xaa\3\0\0\0", 6);
    memcpy(&w->bytes[at + 20], f->bytes.data + 12, f->bytes.len - 12);
    w->len = at + 14 + msdu;
    w->frame = *f;
    w->frame.linktype = 105;
    w->frame.bytes = slice_of(w->bytes, w->len);
    w->frame.wire_len = (uint32_t)w->len;
}

/* Each counts, the frame's bytes once; and each has its copy in a copy of the frame. */
static void all_packets_of_a_frame_are_read(void **state)
{
    struct bench *b = *state;
    struct wifi_maker w;
    wifi_begin(&w);
    wifi_add(&w, frame_udp(&b->maker, query_way, slice_of(query, sizeof query - 1)));
    wifi_add(&w, frame_udp(&b->maker, reply_way, slice_of(answer, sizeof answer - 1)));
    push(b, &w.frame);
    assert_int_equal(b->seen.transactions, 1);
    assert_true(b->seen.last.outcome == TX_ANSWERED);
    assert_int_equal(b->seen.last.first.frame, w.frame.at.frame);
    push(b, &w.frame);
    struct engine_stats stats = stats_of(b);
    assert_int_equal(stats.packets, 4);
    assert_int_equal(stats.bytes, 2 * w.len);
    assert_int_equal(stats.duplicate_packets, 2);
    assert_int_equal(stats.transactions, 1);
    assert_int_equal(stats.aggregated_packets + stats.undecoded_packets, 0);
}

/* Datagrams that are put together change the packet that completes them: the others are not lost. */
static void fragments_stand_beside_others(void **state)
{
    struct bench *b = *state;
    struct wifi_maker w;
    const struct frame *f = frame_udp(&b->maker, query_way, slice_of(query, sizeof query - 1));
    struct frame_maker first = b->maker;
    struct frame_maker second = b->maker;
    size_t udp = f->bytes.len - 34;
    frame_put16(&first.bytes[16], 20 + 24);
    frame_put16(&first.bytes[20], 0x2000);
    first.frame.bytes = slice_of(first.bytes, 34 + 24);
    frame_put16(&second.bytes[16], (unsigned)(20 + udp - 24));
    frame_put16(&second.bytes[20], 24 / 8);
    memmove(&second.bytes[34], &second.bytes[34 + 24], udp - 24);
    second.frame.bytes = slice_of(second.bytes, 34 + udp - 24);
    wifi_begin(&w);
    wifi_add(&w, &first.frame);
    wifi_add(&w, &second.frame);
    wifi_add(&w, frame_udp(&b->maker, reply_way, slice_of(answer, sizeof answer - 1)));
    push(b, &w.frame);
    assert_int_equal(b->seen.transactions, 1);
    assert_true(b->seen.last.outcome == TX_ANSWERED);
    assert_int_equal(stats_of(b).fragments, 2);
}

static void what_cannot_be_read_of_a_frame_is_counted(void **state)
{
    struct bench *b = *state;
    struct wifi_maker w;
    wifi_begin(&w);
    wifi_add(&w, frame_udp(&b->maker, query_way, slice_of(query, sizeof query - 1)));
    size_t second = w.len + (6 - w.len % 4) % 4;
    wifi_add(&w, frame_udp(&b->maker, reply_way, slice_of(answer, sizeof answer - 1)));
    struct frame cut = w.frame;
    cut.bytes.len = second + 10;
    push(b, &cut);
    struct engine_stats stats = stats_of(b);
    assert_int_equal(stats.truncated_packets, 1);
    assert_int_equal(stats.aggregated_packets, 1);
    assert_int_equal(stats.undecoded_packets, 1);
    assert_int_equal(stats.packets, 2);
}

/* Whoever decodes packets himself is told their flow. */
static void the_flow_of_a_packet_is_told(void **state)
{
    struct bench *b = *state;
    struct packet p, arp = {.kind = PACKET_ARP, .at = {1, 1, 0}};
    const struct frame *f = frame_udp(&b->maker, query_way, slice_of(query, sizeof query - 1));
    net_decode(&p, f->linktype, f->bytes, f->wire_len, &f->at);
    assert_null(decoded(b, &p, f->bytes.len, true));
    const struct flow *flow = decoded(b, &p, f->bytes.len, false);
    assert_non_null(flow);
    assert_int_equal(flow->key.dst_port, 53);
    assert_int_equal(flow->side[DIR_TO_SERVER].packets, 1);
    f = frame_udp(&b->maker, reply_way, slice_of(answer, sizeof answer - 1));
    net_decode(&p, f->linktype, f->bytes, f->wire_len, &f->at);
    assert_ptr_equal(decoded(b, &p, f->bytes.len, false), flow);
    assert_null(decoded(b, &arp, 60, false));
}

/* A place looked for ahead, before or after the flow began, leads to the same flow. */
static void an_expected_flow_is_the_same(void **state)
{
    struct bench *b = *state;
    struct packet p, second;
    const struct frame *f = frame_udp(&b->maker, query_way, slice_of(query, sizeof query - 1));
    net_decode(&p, f->linktype, f->bytes, f->wire_len, &f->at);
    second = p;
    struct subject *whole = engine_whole(b->engine);
    subject_bring(whole);
    struct flow_place early = engine_expect(b->engine, &p);
    engine_bring_flow(b->engine, &early);
    assert_int_equal(early.node, 0);
    const struct flow *flow = subject_packet(whole, &p, early, f->bytes.len, false);
    assert_non_null(flow);
    p = second;
    assert_ptr_equal(subject_packet(whole, &p, early, f->bytes.len, false), flow);
    struct flow_place later = engine_expect(b->engine, &second);
    engine_bring_flow(b->engine, &later);
    assert_ptr_equal(later.flow, flow);
    assert_ptr_equal(subject_packet(whole, &second, later, f->bytes.len, false), flow);
    assert_int_equal(flow->side[DIR_TO_SERVER].packets, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_question_and_its_answer_are_one_event, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_probe_that_works_is_clear, set_up, tear_down),
        cmocka_unit_test_setup_teardown(copies_are_counted_and_change_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(swapped_directions_change_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(judging_in_between_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(silence_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(silence_until_the_end_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(silence_of_the_capture_is_doubt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_open_connection_that_nobody_answers_is_judged, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(drops_have_their_minutes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_clock_that_is_set_back_changes_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(all_packets_of_a_frame_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fragments_stand_beside_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_of_a_frame_is_counted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_direction_is_no_silence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_in_a_gap_is_no_silence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(packets_cut_in_the_header_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_expected_flow_is_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_flow_of_a_packet_is_told, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
