/*
 * Tests of engine/subject: many devices in one engine, each as if it were alone.
 * SPDX-License-Identifier: MIT
 */
#include "parties.h"

#define REQUEST_END (101 + (uint32_t)sizeof request - 1)
#define ANSWER_END  (901 + (uint32_t)sizeof response - 1)

enum {
    PARTIES = 2,
    STEPS = 10,
};

/* Step `i` of a device whose probe works. */
static const struct frame *that_works(struct bench *b, uint8_t device, unsigned i)
{
    const uint8_t data = TCP_ACK | TCP_PSH;
    switch (i) {
    case 0:
        return discover(b, device);
    case 1:
        return asks(b, device, 40000);
    case 2:
        return is_told(b, device, 40000);
    case 3:
        return sends(b, device, TCP_SYN, 100, 0, "");
    case 4:
        return gets(b, device, TCP_SYN | TCP_ACK, 900, 101, "");
    case 5:
        return sends(b, device, TCP_ACK, 101, 901, "");
    case 6:
        return sends(b, device, data, 101, 901, request);
    case 7:
        return gets(b, device, data, 901, REQUEST_END, response);
    case 8:
        return gets(b, device, TCP_ACK | TCP_FIN, ANSWER_END, REQUEST_END, "");
    default:
        return sends(b, device, TCP_ACK | TCP_FIN, REQUEST_END, ANSWER_END + 1, "");
    }
}

/* Of one that gets an address, but whose resolver, of which nobody else knows, never answers. */
static const struct frame *that_fails(struct bench *b, uint8_t device, unsigned i)
{
    const struct frame_ends ends = {device, RESOLVER + 1, (uint16_t)(40000 + i), 53};
    return i == 4 ? lease(b, DHCP_ACK, device)
                  : frame_udp(&b->maker, ends, slice_of(query, sizeof query - 1));
}

static const struct frame *step_of(struct bench *b, uint8_t device, unsigned i)
{
    return device == 5 ? that_works(b, device, i) : that_fails(b, device, i);
}

/* A device's packets have the same times and numbers, whoever else is there. */
static void set_clock(struct bench *b, unsigned party, unsigned i)
{
    unsigned n = i * PARTIES + party;
    b->maker.frame.at = (struct mark){START_NS + n * NS_PER_MS, n, 0};
}

#define END_NS (START_NS + 200 * NS_PER_S)

/* ---- each as if it were alone ---- */

static void interleave(struct bench *b, struct party *parties)
{
    for (unsigned i = 0; i < STEPS; i++) {
        for (unsigned k = 0; k < PARTIES; k++) {
            set_clock(b, k, i);
            (void)hand(&parties[k], step_of(b, parties[k].device, i));
        }
    }
    engine_time(b->engine, END_NS);
    for (unsigned k = 0; k < PARTIES; k++)
        subject_finish(parties[k].subject, &one_file);
}

/* The same frames in an engine of their own, as those of a capture file. */
static void alone(struct bench *b, struct party *p, unsigned party, uint8_t device)
{
    struct err err;
    *p = (struct party){.bench = b, .device = device};
    buf_init(&p->json);
    const struct engine_options options = {
        .services = b->services,
        .sink = {p, on_transaction, on_flow, on_party_result},
    };
    struct engine *e = engine_new(&options, &err);
    assert_non_null(e);
    for (unsigned i = 0; i < STEPS; i++) {
        set_clock(b, party, i);
        engine_packet(e, step_of(b, device, i));
    }
    engine_time(e, END_NS);
    engine_finish(e, &one_file);
    engine_free(e);
}

static void assert_same(const struct party *a, const struct party *b)
{
    assert_int_equal(a->seen.transactions, b->seen.transactions);
    assert_int_equal(a->seen.flows, b->seen.flows);
    assert_int_equal(a->seen.verdict, b->seen.verdict);
    assert_int_equal(a->stats.packets, b->stats.packets);
    assert_int_equal(a->stats.flows.created, b->stats.flows.created);
    assert_int_equal(a->json.len, b->json.len);
    assert_memory_equal(a->json.data, b->json.data, b->json.len);
}

static void each_has_the_result_it_has_alone(void **state)
{
    struct bench *b = *state;
    struct party together[PARTIES];
    for (unsigned k = 0; k < PARTIES; k++)
        begin(b, &together[k], (uint8_t)(5 + k), 0);
    interleave(b, together);
    for (unsigned k = 0; k < PARTIES; k++) {
        struct party own;
        alone(b, &own, k, together[k].device);
        assert_same(&together[k], &own);
        assert_int_equal(own.seen.verdict, k == 0 ? VERDICT_CLEAR : VERDICT_BLOCKED);
        leave(&own);
        leave(&together[k]);
    }
    assert_int_equal(b->seen.transactions + b->seen.flows,
                     0); /* the engine itself has no listener */
}

/* The server that refuses one device answers another: only together is that known. */
static void what_a_network_lets_pass_is_learned_together(void **state)
{
    struct bench *b = *state;
    for (int together = 0; together < 2; together++) {
        struct party works, refused;
        begin(b, &works, (uint8_t)(5 + 2 * together), 0);
        begin(b, &refused, (uint8_t)(6 + 2 * together), 0);
        for (unsigned i = 1; together && i < STEPS; i++)
            (void)hand(&works, that_works(b, works.device, i));
        engine_time(b->engine, b->maker.frame.at.ts_ns += 5 * NS_PER_S);
        for (unsigned i = 1; i < 4; i++)
            (void)hand(&refused, that_works(b, refused.device, i));
        (void)hand(&refused, gets(b, refused.device, TCP_RST | TCP_ACK, 0, 101, ""));
        subject_finish(refused.subject, &one_file);
        buf_char(&refused.json, '\0');
        assert_int_equal(strstr(refused.json.data, "source-filtered") != NULL, together);
        assert_int_equal(strstr(refused.json.data, "host-unreachable") != NULL, !together);
        leave(&works);
        leave(&refused);
    }
}

/* ---- going in the middle of everything ---- */

/* An open question, an exchange under way, half a request, and one more segment behind a gap. */
static void leave_all_open(struct party *p)
{
    struct bench *b = p->bench;
    uint8_t device = p->device;
    (void)hand(p, asks(b, device, 40001));
    (void)hand(p, discover(b, device));
    (void)hand(p, lease(b, DHCP_OFFER, device));
    (void)hand(p, sends(b, device, TCP_SYN, 100, 0, ""));
    (void)hand(p, gets(b, device, TCP_SYN | TCP_ACK, 900, 101, ""));
    (void)hand(p, sends(b, device, TCP_ACK | TCP_PSH, 101, 901, "GET /connect"));
    (void)hand(p, sends(b, device, TCP_ACK | TCP_PSH, 200, 901, "somewhere later"));
    (void)hand(p, gets(b, device, TCP_ACK | TCP_PSH, 1000, 101, "behind a gap"));
}

static void one_that_goes_leaves_the_others_alone(void **state)
{
    struct bench *b = *state;
    struct party stays, goes, own;
    begin(b, &stays, 5, 0);
    for (unsigned i = 0; i < STEPS; i++) { /* again and again, at each step of the other */
        set_clock(b, 0, i);
        (void)hand(&stays, that_works(b, 5, i));
        begin(b, &goes, 6, 0);
        leave_all_open(&goes);
        assert_int_equal(subject_stats(goes.subject).flows.open, 3);
        assert_ptr_equal(owner(b, asks(b, 6, 40001)), goes.subject);
        leave(&goes);
        assert_int_equal(goes.seen.transactions + goes.seen.flows + goes.seen.results, 0);
        assert_null(owner(b, asks(b, 6, 40001)));
        assert_null(owner(b, sends(b, 6, TCP_ACK, 101, 901, "")));
    }
    engine_time(b->engine, END_NS);
    subject_finish(stays.subject, &one_file);
    alone(b, &own, 0, 5);
    assert_same(&stays, &own);
    assert_int_equal(own.seen.verdict, VERDICT_CLEAR);
    leave(&own);
    leave(&stays);
}

/* Each packet counts for whom it is handed in for; but what the flow says is the first one's. */
static void a_flow_stays_its_first_packets(void **state)
{
    struct bench *b = *state;
    struct party first, other;
    begin(b, &first, 5, 0);
    begin(b, &other, 6, 0);
    (void)hand(&first, sends(b, 5, TCP_SYN, 100, 0, ""));
    const struct flow *flow = hand(&other, gets(b, 5, TCP_SYN | TCP_ACK, 900, 101, ""));
    (void)hand(&other, sends(b, 5, TCP_ACK, 101, 901, ""));
    assert_ptr_equal(hand(&other, sends(b, 5, TCP_ACK | TCP_PSH, 101, 901, request)), flow);
    assert_ptr_equal(owner(b, gets(b, 5, TCP_ACK, 901, 101, "")), first.subject);
    assert_int_equal(subject_stats(other.subject).packets, 3);
    assert_int_equal(subject_stats(other.subject).flows.created, 0);
    leave(&other);
    (void)hand(&first, gets(b, 5, TCP_ACK | TCP_PSH, 901, REQUEST_END, response));
    assert_int_equal(first.seen.transactions, 1);
    assert_int_equal(first.seen.last.u.http.status, 200);
    subject_finish(first.subject, &one_file);
    assert_int_equal(first.seen.flows, 1);
    assert_int_equal(first.stats.transactions, 1);
    leave(&first);
}

/* All devices without an address speak in one flow, but each has an exchange of its own. */
static void exchanges_are_whose_they_are(void **state)
{
    struct bench *b = *state;
    struct party first, other;
    begin(b, &first, 5, 0);
    begin(b, &other, 6, 0);
    const struct flow *flow = hand(&first, discover(b, 5));
    assert_ptr_equal(hand(&other, discover(b, 6)), flow);
    (void)hand(&first, lease(b, DHCP_OFFER, 5));
    leave(&first);
    assert_null(owner(b, discover(b, 6)));
    (void)hand(&other, lease(b, DHCP_ACK, 6));
    assert_int_equal(other.seen.transactions, 1);
    assert_int_equal(other.seen.last.kind, TX_DHCP);
    assert_int_equal(other.seen.last.outcome, TX_ANSWERED);
    (void)hand(&other, discover(b, 6));
    assert_ptr_equal(owner(b, discover(b, 6)), other.subject);
    leave(&other);
}

/* Of those that have no address yet all speak in the first one's flow: its events are found by that number. */
static void an_exchange_is_of_the_flow_that_is_told(void **state)
{
    struct bench *b = *state;
    struct party first, other;
    begin(b, &first, 5, 0);
    begin(b, &other, 6, 0);
    (void)hand(&first, discover(b, 5));
    (void)hand(&other, discover(b, 6));
    (void)hand(&other, lease(b, DHCP_OFFER, 6));
    (void)hand(&other, lease(b, DHCP_ACK, 6));
    assert_int_equal(other.seen.transactions, 1);
    subject_finish(first.subject, &one_file);
    assert_int_equal(first.seen.flow_id >> 32, 5);
    assert_true(other.seen.said_in == first.seen.flow_id);
    leave(&first);
    leave(&other);
}

/* ---- numbers and caps ---- */

static void a_cap_is_of_one(void **state)
{
    struct bench *b = *state;
    struct party full, other;
    begin(b, &full, 7, 4);
    begin(b, &other, 6, 0);
    (void)hand(&other, asks(b, 6, 40000));
    (void)hand(&full, asks(b, 7, 40000));
    (void)hand(&full, is_told(b, 7, 40000));
    for (uint16_t port = 1; port <= 300; port++) {
        const struct frame_ends ends = {7, SERVER, (uint16_t)(20000 + port), 9};
        (void)hand(&full, frame_udp(&b->maker, ends, slice_str("x")));
    }
    struct flow_stats stats = subject_stats(full.subject).flows;
    assert_int_equal(stats.open_max, 4);
    assert_int_equal(stats.open, 4);
    assert_int_equal(stats.evicted, 297);
    assert_int_equal(full.seen.flow_id >> 32, 7);
    subject_finish(full.subject, &one_file);
    assert_int_equal(full.seen.transactions, 1);
    assert_int_equal(full.seen.flows, 301);
    assert_int_equal(full.stats.flows.evicted, 297);
    assert_int_equal(other.seen.flows, 0);
    assert_int_equal(subject_stats(other.subject).flows.evicted, 0);
    subject_finish(other.subject, &one_file);
    assert_int_equal(other.seen.flows, 1);
    assert_int_equal(other.seen.flow_id, UINT64_C(6) << 32 | 1);
    leave(&full);
    leave(&other);
}

/* ---- judging and ending ---- */

static void one_ends_and_the_others_go_on(void **state)
{
    struct bench *b = *state;
    struct party ends, goes_on;
    begin(b, &ends, 6, 0);
    begin(b, &goes_on, 5, 0);
    for (unsigned i = 0; i < STEPS; i++) {
        if (i == 5) {
            (void)hand(&ends, asks(b, 6, 40000));
            (void)hand(&ends, lease(b, DHCP_OFFER, 6));
            engine_time(b->engine, b->maker.frame.at.ts_ns += 11 * NS_PER_S);
            unsigned flows = goes_on.seen.flows;
            subject_finish(ends.subject, &one_file);
            assert_int_equal(goes_on.seen.flows, flows);
            assert_int_equal(ends.seen.results, 1);
            assert_int_equal(ends.seen.flows, 2);
            assert_int_equal(ends.seen.verdict, VERDICT_BLOCKED);
            assert_int_equal(ends.stats.flows.open, 0);
            leave(&ends);
        }
        (void)hand(&goes_on, that_works(b, 5, i));
    }
    assert_int_equal(goes_on.seen.results, 0);
    subject_finish(goes_on.subject, &one_file);
    assert_int_equal(goes_on.seen.results, 1);
    assert_int_equal(goes_on.seen.transactions, 3);
    assert_int_equal(goes_on.seen.flows, 3);
    assert_int_equal(goes_on.stats.flows.open, 0);
    leave(&goes_on);
}

/* Of open connections each is judged by its own. */
static void each_is_judged_by_its_own(void **state)
{
    struct bench *b = *state;
    struct party waits, works;
    begin(b, &waits, 6, 0);
    begin(b, &works, 5, 0);
    for (unsigned i = 1; i < 8; i++) {
        (void)hand(&works, that_works(b, 5, i));
        if (i < 4)
            (void)hand(&waits, that_works(b, 6, i));
    }
    engine_time(b->engine, b->maker.frame.at.ts_ns + 4 * NS_PER_S);
    unsigned flows = waits.seen.flows;
    for (int i = 0; i < 3; i++) {
        assert_true(subject_judge(waits.subject, &one_file));
        assert_true(subject_judge(works.subject, &one_file));
        assert_int_equal(waits.seen.verdict, VERDICT_BLOCKED);
        assert_int_equal(works.seen.verdict, VERDICT_CLEAR);
        assert_int_equal(waits.seen.flows, flows);
    }
    leave(&waits);
    leave(&works);
}

/* Of the silence of one device among many nothing follows. */
static void silence_of_one_is_no_doubt(void **state)
{
    struct bench *b = *state;
    struct party p;
    begin(b, &p, 5, 4);
    (void)hand(&p, asks(b, 5, 40000));
    b->maker.frame.at.ts_ns += 60 * NS_PER_S;
    (void)hand(&p, sends(b, 5, TCP_SYN, 100, 0, ""));
    subject_finish(p.subject, &one_file);
    assert_int_equal(p.seen.verdict, VERDICT_BLOCKED);
    leave(&p);
}

/* A device that gets the address of one that left has not asked what that one asked. */
static void an_heir_of_an_address_knows_nothing(void **state)
{
    struct bench *b = *state;
    struct party before, heir;
    begin(b, &before, 5, 0);
    (void)hand(&before, asks(b, 5, 40000));
    (void)hand(&before, is_told(b, 5, 40000));
    leave(&before);
    b->maker.frame.at.ts_ns += 300 * NS_PER_S;
    begin(b, &heir, 6, 0);
    for (int i = 0; i < 2; i++) {
        (void)hand(&heir, sends(b, 5, TCP_SYN, 100, 0, ""));
        b->maker.frame.at.ts_ns += 3 * NS_PER_S;
    }
    engine_time(b->engine, b->maker.frame.at.ts_ns + 200 * NS_PER_S);
    subject_finish(heir.subject, &one_file);
    assert_int_equal(heir.seen.verdict, VERDICT_INCONCLUSIVE);
    leave(&heir);
}

/* ---- time ---- */

static void time_passes_for_all(void **state)
{
    struct bench *b = *state;
    struct party parties[PARTIES];
    for (unsigned k = 0; k < PARTIES; k++) {
        begin(b, &parties[k], (uint8_t)(5 + k), 0);
        (void)hand(&parties[k], asks(b, parties[k].device, 40000));
    }
    int64_t now_ns = b->maker.frame.at.ts_ns + 120 * NS_PER_S;
    engine_time(b->engine, now_ns);
    for (unsigned k = 0; k < PARTIES; k++) {
        assert_int_equal(parties[k].seen.transactions, 1);
        assert_int_equal(parties[k].seen.last.outcome, TX_NO_REPLY);
        assert_int_equal(parties[k].seen.flows, 1);
        assert_int_equal(subject_stats(parties[k].subject).flows.open, 0);
        assert_true(subject_stats(parties[k].subject).last.ts_ns == now_ns);
        leave(&parties[k]);
    }
}

/* A packet of one may show that the flow of another has timed out. */
static void a_packet_of_one_ends_what_is_over(void **state)
{
    struct bench *b = *state;
    struct party silent, talks;
    begin(b, &silent, 5, 0);
    begin(b, &talks, 6, 0);
    (void)hand(&silent, asks(b, 5, 40000));
    b->maker.frame.at.ts_ns += 120 * NS_PER_S;
    (void)hand(&talks, asks(b, 6, 40000));
    assert_int_equal(silent.seen.flows, 1);
    assert_int_equal(silent.seen.last.outcome, TX_NO_REPLY);
    assert_int_equal(talks.seen.flows, 0);
    leave(&silent);
    leave(&talks);
}

static void a_clock_set_back_is_news_to_those_that_were_there(void **state)
{
    struct bench *b = *state;
    struct party early, late;
    begin(b, &early, 5, 0);
    (void)hand(&early, asks(b, 5, 40000));
    b->maker.frame.at.ts_ns -= 3600 * NS_PER_S;
    (void)hand(&early, is_told(b, 5, 40000));
    begin(b, &late, 6, 0);
    (void)hand(&late, asks(b, 6, 40000));
    (void)hand(&late, is_told(b, 6, 40000));
    struct engine_stats stats = subject_stats(early.subject);
    assert_int_equal(stats.clock_steps, 1);
    assert_in_range(stats.set_back_ns, 3599 * NS_PER_S, 3600 * NS_PER_S);
    assert_int_equal(early.seen.last.outcome, TX_ANSWERED);
    stats = subject_stats(late.subject);
    assert_int_equal(stats.clock_steps, 0);
    assert_true(stats.set_back_ns == 0);
    assert_true(stats.first.ts_ns >= START_NS); /* in the time that goes on */
    b->maker.frame.at.ts_ns -= 60 * NS_PER_S;
    (void)hand(&late, asks(b, 6, 40001));
    assert_int_equal(subject_stats(early.subject).clock_steps, 2);
    assert_int_equal(subject_stats(late.subject).clock_steps, 1);
    assert_int_equal(subject_stats(engine_whole(b->engine)).clock_steps, 2);
    leave(&early);
    leave(&late);
}

/* ---- whose a flow is ---- */

static void the_owner_of_a_flow_is_found(void **state)
{
    struct bench *b = *state;
    struct party parties[PARTIES];
    for (unsigned k = 0; k < PARTIES; k++) {
        begin(b, &parties[k], (uint8_t)(5 + k), 0);
        assert_null(owner(b, asks(b, parties[k].device, 40000)));
        (void)hand(&parties[k], asks(b, parties[k].device, 40000));
    }
    for (unsigned k = 0; k < PARTIES; k++) {
        assert_ptr_equal(owner(b, asks(b, parties[k].device, 40000)), parties[k].subject);
        assert_ptr_equal(owner(b, is_told(b, parties[k].device, 40000)), parties[k].subject);
        assert_null(owner(b, asks(b, parties[k].device, 40001)));
    }
    struct packet p = decoded(asks(b, 5, 40000));
    struct flow_place place = engine_expect(b->engine, &p);
    assert_null(engine_owner(b->engine, &p, &place)); /* nobody has looked yet */
    engine_bring_flow(b->engine, &place);
    engine_time(b->engine, b->maker.frame.at.ts_ns + 120 * NS_PER_S);
    assert_null(engine_owner(b->engine, &p, &place)); /* it has ended since */
    assert_null(owner(b, is_told(b, 5, 40000)));
    leave(&parties[0]);
    leave(&parties[1]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_many, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_has_the_result_it_has_alone),
        TEST(what_a_network_lets_pass_is_learned_together),
        TEST(one_that_goes_leaves_the_others_alone),
        TEST(a_flow_stays_its_first_packets),
        TEST(exchanges_are_whose_they_are),
        TEST(an_exchange_is_of_the_flow_that_is_told),
        TEST(a_cap_is_of_one),
        TEST(one_ends_and_the_others_go_on),
        TEST(each_is_judged_by_its_own),
        TEST(silence_of_one_is_no_doubt),
        TEST(an_heir_of_an_address_knows_nothing),
        TEST(time_passes_for_all),
        TEST(a_packet_of_one_ends_what_is_over),
        TEST(a_clock_set_back_is_news_to_those_that_were_there),
        TEST(the_owner_of_a_flow_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
