/*
 * Tests of diagnose: what a capture lost takes confidence from what did not come.
 * SPDX-License-Identifier: MIT
 */
#include "../../../src/diagnose/loss.h"
#include "lab.h"

#define HOST  "ztd.example.com"
#define OTHER "act.example.org"

#define MINUTE_MS 60000
#define AT_MS     (2 * MINUTE_MS + 1000) /* of what fails: in the third minute */

/* A reply on a port from which nothing was asked. */
static void lab_answer(struct lab *l, int64_t at, const char *name)
{
    struct flow f = lab_flow(l, at, IP_PROTO_UDP, l->resolver, 53);
    f.side[DIR_TO_CLIENT] = f.side[DIR_TO_SERVER];
    f.side[DIR_TO_SERVER] = (struct flow_side){.packets = 0};
    struct tx tx = {.kind = TX_DNS, .first = f.first, .reply = f.first, .done = f.first};
    tx.outcome = TX_REPLY_ONLY;
    tx.u.dns.qname = slice_str(name);
    tx.u.dns.qtype = LAB_A;
    diagnosis_transaction(l->d, &f, &tx, slice_str(""));
}

enum told {
    NOBODY,   /* lost nothing */
    DATED,    /* dropped in the minute of what fails */
    ELSEWHEN, /* dropped in another */
    TOTAL,    /* dropped some time */
    FEW,      /* the same, too few to matter */
    GAP,      /* a connection of that minute lacks bytes */
    GAP_ELSEWHEN,
};

static void drop(struct lab *l, int64_t at, uint64_t frames)
{
    int64_t ns = LAB_START + at * NS_PER_MS;
    diagnosis_drops(l->d, ns, ns + NS_PER_S, frames);
    l->capture.kernel_drops += frames;
}

static void lose(struct lab *l, enum told how)
{
    struct lab_tls lost = {.outcome = TLS_COMPLETED, .lost = true};
    if (how == DATED)
        drop(l, AT_MS, 3);
    if (how == ELSEWHEN)
        drop(l, AT_MS + 3 * MINUTE_MS, 5000);
    if (how == TOTAL)
        l->capture.kernel_drops = 700;
    if (how == FEW)
        l->capture.kernel_drops = 70;
    if (how == GAP)
        lab_tls(l, AT_MS + 5000, OTHER, lost);
    if (how == GAP_ELSEWHEN)
        lab_tls(l, AT_MS + 3 * MINUTE_MS, OTHER, lost);
}

static void silence_near_losses_is_less_sure(void **state)
{
    static const struct {
        enum told how;
        enum confidence confidence;
        const char *proof;
    } ROWS[] = {
        {NOBODY, CONFIDENCE_LIKELY, NULL},
        {DATED, CONFIDENCE_POSSIBLE, "3 were dropped by its own count in these minutes"},
        {ELSEWHEN, CONFIDENCE_LIKELY, NULL},
        {TOTAL, CONFIDENCE_POSSIBLE, "700 were dropped by its own count, it does not tell when"},
        {FEW, CONFIDENCE_LIKELY, NULL},
        {GAP, CONFIDENCE_POSSIBLE, "1 conversation of these minutes lacks some"},
        {GAP_ELSEWHEN, CONFIDENCE_LIKELY, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lose(&l, ROWS[i].how);
        lab_resolve(&l, AT_MS - 20, HOST);
        lab_tcp(&l, AT_MS, HOST, 443, (struct lab_tcp){0});
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_TCP_NO_REPLY, HOST);
        assert_non_null(f);
        assert_int_equal(f->severity, SEVERITY_ERROR);
        assert_int_equal(f->confidence, ROWS[i].confidence);
        assert_int_equal(lab_proves(f, "the capture lacks packets"), ROWS[i].proof != NULL);
        if (ROWS[i].proof)
            assert_true(lab_proves(f, ROWS[i].proof));
        const struct cause *c = &r->causes[0];
        assert_int_equal(c->explains[0], f->id);
        assert_int_equal(c->confidence, ROWS[i].confidence);
        lab_close(&l);
    }
}

/* What is there was not lost. */
static void what_came_is_as_sure_as_before(void **state)
{
    enum confidence before[3] = {CONFIDENCE_POSSIBLE};
    (void)state;
    for (int lossy = 0; lossy < 2; lossy++) {
        struct lab l;
        lab_open(&l);
        if (lossy)
            drop(&l, AT_MS, 5000);
        lab_dns(&l, AT_MS, HOST, LAB_A, NXDOMAIN, NULL);
        lab_resolve(&l, AT_MS, OTHER);
        lab_tls(&l, AT_MS + 10, OTHER,
                (struct lab_tls){.outcome = TLS_RESET_BY_SERVER, .rst_ttl = 63, .rtt_ms = 20});
        lab_resolve(&l, AT_MS, "login.example.net");
        lab_tcp(&l, AT_MS, "login.example.net", 443, (struct lab_tcp){.unreachable = true});
        const struct result *r = lab_judge(&l);
        const struct finding *found[3] = {
            lab_finding(r, FINDING_DNS_NXDOMAIN, HOST),
            lab_finding(r, FINDING_TLS_RESET, OTHER),
            lab_finding(r, FINDING_TCP_UNREACHABLE, "login.example.net"),
        };
        for (int i = 0; i < 3; i++) {
            assert_non_null(found[i]);
            assert_false(lab_proves(found[i], "the capture lacks packets"));
            if (lossy)
                assert_int_equal(found[i]->confidence, before[i]);
            before[i] = found[i]->confidence;
        }
        lab_close(&l);
    }
}

/* Losses in one minute do not explain what failed in others, too. */
static void one_bad_minute_of_several(void **state)
{
    (void)state;
    for (int minutes = 1; minutes <= 2; minutes++) {
        struct lab l;
        lab_open(&l);
        lab_resolve(&l, AT_MS - 20, HOST);
        lab_tcp(&l, AT_MS, HOST, 443, (struct lab_tcp){0});
        lab_tcp(&l, AT_MS + 2 * MINUTE_MS, HOST, 443, (struct lab_tcp){0});
        drop(&l, AT_MS, 10);
        if (minutes == 2)
            drop(&l, AT_MS + 2 * MINUTE_MS, 10);
        const struct finding *f = lab_finding(lab_judge(&l), FINDING_TCP_NO_REPLY, HOST);
        assert_non_null(f);
        assert_int_equal(f->confidence, minutes == 2 ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY);
        lab_close(&l);
    }
}

/* A cause is as sure as what it rests on; one finding that lost nothing is enough. */
static void a_cause_follows_its_findings(void **state)
{
    (void)state;
    for (int both = 0; both < 2; both++) {
        struct lab l;
        lab_open(&l);
        drop(&l, AT_MS, 10);
        lab_resolve(&l, AT_MS - 20, HOST);
        lab_resolve(&l, AT_MS - 20, OTHER);
        lab_tcp(&l, AT_MS, HOST, 443, (struct lab_tcp){0});
        lab_tcp(&l, both ? AT_MS : AT_MS + 2 * MINUTE_MS, OTHER, 443, (struct lab_tcp){0});
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->cause_count, 1);
        assert_int_equal(r->causes[0].explain_count, 2);
        assert_int_equal(r->causes[0].confidence, both ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY);
        lab_close(&l);
    }
}

/* Who asks once and hears nothing has perhaps heard what the capture lost. */
static void one_question_in_a_bad_minute_is_doubt(void **state)
{
    (void)state;
    for (int lossy = 0; lossy < 2; lossy++) {
        struct lab l;
        lab_open(&l);
        lab_use(&l, 100, HOST);
        drop(&l, lossy ? AT_MS : AT_MS + 3 * MINUTE_MS, 1);
        lab_ntp(&l, AT_MS, "time.example.com", (struct lab_ntp){.unanswered = true});
        const struct result *r = lab_judge(&l);
        assert_int_equal(lab_status(r, "ntp"), lossy ? STATUS_INCONCLUSIVE : STATUS_FAILED);
        lab_close(&l);
    }
}

/* Nothing at all was captured when the answer, or the repeat, would have come. */
static void one_question_before_a_silence_is_doubt(void **state)
{
    static const struct {
        int64_t silent_ms; /* after the question; -1: never */
        enum status_word word;
        bool complete;
    } ROWS[] = {
        {-1, STATUS_FAILED, false},   {500, STATUS_INCONCLUSIVE, false},
        {500, STATUS_FAILED, true},   {1999, STATUS_INCONCLUSIVE, false},
        {2000, STATUS_FAILED, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        l.capture.complete = ROWS[i].complete;
        lab_use(&l, 100, HOST);
        diagnosis_silence(l.d, LAB_START + 1000 * NS_PER_MS);
        lab_ntp(&l, AT_MS, "time.example.com", (struct lab_ntp){.unanswered = true});
        if (ROWS[i].silent_ms >= 0)
            diagnosis_silence(l.d, LAB_START + (AT_MS + ROWS[i].silent_ms) * NS_PER_MS);
        diagnosis_silence(l.d, LAB_START + 5 * MINUTE_MS * NS_PER_MS);
        assert_int_equal(lab_status(lab_judge(&l), "ntp"), ROWS[i].word);
        lab_close(&l);
    }
}

/* An answer shows that its question was lost, unless that was before the capture began. */
static void answers_without_questions_are_losses(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct lab l;
        lab_open(&l);
        lab_use(&l, 100, HOST);
        lab_answer(&l, late ? 2500 : 1500, OTHER);
        lab_ntp(&l, AT_MS, "time.example.com", (struct lab_ntp){.unanswered = true});
        lab_resolve(&l, 3000, OTHER);
        lab_tcp(&l, 3020, OTHER, 443, (struct lab_tcp){0});
        const struct result *r = lab_judge(&l);
        assert_int_equal(lab_status(r, "ntp"), late ? STATUS_INCONCLUSIVE : STATUS_FAILED);
        assert_int_equal(lab_finding(r, FINDING_TCP_NO_REPLY, OTHER)->confidence,
                         late ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY);
        lab_close(&l);
    }
}

/* A copy that is judged in between knows of the losses so far. */
static void copies_remember(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    drop(&l, AT_MS, 10);
    lab_resolve(&l, AT_MS - 20, HOST);
    lab_tcp(&l, AT_MS, HOST, 443, (struct lab_tcp){0});
    struct diagnosis *copy = diagnosis_copy(l.d);
    assert_non_null(copy);
    const struct result *r = diagnosis_finish(copy, &l.capture);
    assert_non_null(r);
    assert_int_equal(lab_finding(r, FINDING_TCP_NO_REPLY, HOST)->confidence, CONFIDENCE_POSSIBLE);
    diagnosis_free(copy);
    lab_close(&l);
}

/* ---- the minutes themselves ---- */

static int make(void **state)
{
    static struct losses l;
    l = (struct losses){.drops = 0};
    map_init(&l.by_minute, LOSS_MINUTES_MAX);
    pool_init(&l.minutes, sizeof(struct loss), LOSS_MINUTES_MAX, POOL_BLOCK);
    pool_init(&l.silences, sizeof(int64_t), LOSS_SILENCES_MAX, POOL_BLOCK);
    *state = &l;
    return 0;
}

static int unmake(void **state)
{
    struct losses *l = *state;
    map_clear(&l->by_minute);
    pool_clear(&l->minutes);
    pool_clear(&l->silences);
    return 0;
}

#define S NS_PER_S

static void an_answer_may_come_in_the_next_minute(void **state)
{
    struct losses *l = *state;
    loss_drops(l, 60 * S, 61 * S, 4);
    loss_drops(l, 119 * S, 120 * S, 2); /* the second and the third minute */
    assert_int_equal(l->drops, 6);
    assert_int_equal(loss_around(l, 54 * S).drops, 0);
    assert_int_equal(loss_around(l, 55 * S).drops, 6);
    assert_int_equal(loss_around(l, 119 * S).drops, 6);
    assert_int_equal(loss_around(l, 120 * S).drops, 2);
    assert_int_equal(loss_around(l, 180 * S).drops, 0);
    assert_int_equal(loss_around(l, 55 * S).gapped, 0);
}

/* What may have been at any time of many minutes has none. */
static void long_spans_tell_no_time(void **state)
{
    struct losses *l = *state;
    loss_gap(l, 0, 599 * S);
    loss_gap(l, 0, 600 * S);
    loss_gap(l, 10 * S, 9 * S); /* the same minute: order does not matter */
    loss_gap(l, 120 * S, 60 * S);
    loss_drops(l, 0, 600 * S, 7);
    loss_drops(l, INT64_MIN / 2, INT64_MAX / 2, 7);
    assert_int_equal(l->drops, 0);
    assert_int_equal(loss_around(l, 300 * S).gapped, 1);
    assert_int_equal(loss_around(l, 300 * S).drops, 0);
    assert_int_equal(loss_around(l, 0).gapped, 2);
}

/* Beyond the cap drops are told of, but of no minute. */
static void a_week_is_enough(void **state)
{
    struct losses *l = *state;
    for (int64_t i = 0; i < LOSS_MINUTES_MAX + 9; i++)
        loss_drops(l, i * 60 * S, i * 60 * S, 1);
    assert_int_equal(l->minutes.count, LOSS_MINUTES_MAX);
    assert_int_equal(l->drops, LOSS_MINUTES_MAX);
    assert_int_equal(loss_around(l, (LOSS_MINUTES_MAX + 1) * 60 * S).drops, 0);
}

static void silences_are_found_by_time(void **state)
{
    struct losses *l = *state;
    assert_false(loss_silent(l, 0, INT64_MAX));
    for (int64_t i = 1; i <= LOSS_SILENCES_MAX + 5; i++)
        loss_silence(l, i * 10);
    assert_int_equal(l->silences.count, LOSS_SILENCES_MAX);
    assert_false(loss_silent(l, 0, 10));
    assert_true(loss_silent(l, 0, 11));
    assert_true(loss_silent(l, 500, 501));
    assert_false(loss_silent(l, 501, 510));
    assert_true(loss_silent(l, 501, 511));
    assert_true(loss_silent(l, LOSS_SILENCES_MAX * 10, INT64_MAX));
    assert_false(loss_silent(l, LOSS_SILENCES_MAX * 10 + 1, INT64_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_near_losses_is_less_sure),
        cmocka_unit_test(what_came_is_as_sure_as_before),
        cmocka_unit_test(one_bad_minute_of_several),
        cmocka_unit_test(a_cause_follows_its_findings),
        cmocka_unit_test(one_question_in_a_bad_minute_is_doubt),
        cmocka_unit_test(one_question_before_a_silence_is_doubt),
        cmocka_unit_test(answers_without_questions_are_losses),
        cmocka_unit_test(copies_remember),
        cmocka_unit_test_setup_teardown(an_answer_may_come_in_the_next_minute, make, unmake),
        cmocka_unit_test_setup_teardown(long_spans_tell_no_time, make, unmake),
        cmocka_unit_test_setup_teardown(a_week_is_enough, make, unmake),
        cmocka_unit_test_setup_teardown(silences_are_found_by_time, make, unmake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
