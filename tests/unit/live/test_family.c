/*
 * Tests of live/family: engines come and go with the devices that began with them.
 * SPDX-License-Identifier: MIT
 */
#include "../../../src/live/family.h"
#include "frames.h"
#include "net/decode.h"
#include "unit.h"

#define START_NS (1772352000 * NS_PER_S)
#define AGE_NS   (3600 * NS_PER_S) /* after which another one begins */

struct bench {
    struct service_list *services;
    struct family *newest;
    struct frame_maker maker;
};

static int set_up(void **state)
{
    static struct bench bench;
    struct err err;
    memset(&bench, 0, sizeof bench);
    bench.services = services_embedded(&err);
    assert_non_null(bench.services);
    bench.maker.frame.at.ts_ns = START_NS;
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    family_clear(&b->newest);
    services_free(b->services);
    return 0;
}

static struct family *begin(struct bench *b, int64_t now_ns)
{
    struct err err;
    const struct engine_options options = {.services = b->services, .many = true};
    const struct family *before = b->newest;
    assert_true(family_begin(&b->newest, &options, now_ns, &err));
    assert_ptr_not_equal(b->newest, before);
    assert_non_null(b->newest->engine);
    assert_int_equal(b->newest->devices, 0);
    assert_true(b->newest->since_ns == now_ns);
    return b->newest;
}

/* A device begins, as the sensor's do. */
static struct subject *join(struct family *f, uint32_t number)
{
    struct subject *s = subject_new(f->engine, &(struct sink){0}, number, 16);
    assert_non_null(s);
    f->devices++;
    return s;
}

static void leave(struct bench *b, struct family *f, struct subject *s)
{
    subject_free(s);
    family_leave(&b->newest, f);
}

/* The device sends something at this time. */
static void send(struct bench *b, struct family *f, struct subject *s, int64_t ts_ns)
{
    struct packet p;
    b->maker.frame.at.ts_ns = ts_ns;
    const struct frame *frame =
        frame_udp(&b->maker, (struct frame_ends){5, 80, 50000, 9}, slice_str("x"));
    net_decode(&p, frame->linktype, frame->bytes, frame->wire_len, &frame->at);
    assert_non_null(subject_packet(s, &p, engine_expect(f->engine, &p), frame->bytes.len, false));
}

static unsigned count(const struct bench *b)
{
    unsigned n = 0;
    for (const struct family *f = b->newest; f; f = f->older)
        n++;
    return n;
}

static void one_without_devices_goes_when_another_begins(void **state)
{
    struct bench *b = *state;
    const struct family *first = begin(b, START_NS);
    assert_null(first->older);
    for (int i = 1; i < 4; i++) {
        const struct family *next = begin(b, START_NS + i);
        assert_ptr_equal(b->newest, next);
        assert_null(next->older);
    }
}

static void the_newest_waits_for_devices(void **state)
{
    struct bench *b = *state;
    struct family *f = begin(b, START_NS);
    for (uint32_t i = 1; i < 4; i++) {
        struct subject *s = join(f, i);
        send(b, f, s, START_NS + i);
        leave(b, f, s);
        assert_ptr_equal(b->newest, f);
        assert_int_equal(f->devices, 0);
    }
    assert_int_equal(count(b), 1);
}

static void an_old_one_goes_with_its_last_device(void **state)
{
    struct bench *b = *state;
    struct family *old = begin(b, START_NS);
    struct subject *one = join(old, 1);
    struct subject *two = join(old, 2);
    struct family *middle = begin(b, START_NS + 1);
    struct subject *three = join(middle, 3);
    struct family *newest = begin(b, START_NS + 2);
    struct subject *four = join(newest, 4);
    assert_int_equal(count(b), 3);
    assert_ptr_equal(newest->older, middle);
    assert_ptr_equal(middle->older, old);
    leave(b, old, one);
    assert_int_equal(count(b), 3);
    send(b, old, two, START_NS + NS_PER_S); /* it works as before */
    leave(b, middle, three);
    assert_ptr_equal(newest->older, old);
    assert_null(old->older);
    leave(b, newest, four);
    assert_ptr_equal(b->newest, newest);
    leave(b, old, two);
    assert_int_equal(count(b), 1);
    assert_null(newest->older);
}

static void it_is_old_after_an_hour(void **state)
{
    struct bench *b = *state;
    const struct family *f = begin(b, START_NS);
    assert_false(family_is_old(f, START_NS));
    assert_false(family_is_old(f, START_NS + AGE_NS - 1));
    assert_true(family_is_old(f, START_NS + AGE_NS));
    f = begin(b, START_NS + AGE_NS);
    assert_false(family_is_old(f, START_NS + AGE_NS));
    assert_false(family_is_old(f, START_NS)); /* a clock that goes back makes none older */
}

static void it_is_old_when_its_clock_was_set_back(void **state)
{
    struct bench *b = *state;
    struct family *f = begin(b, START_NS);
    struct subject *s = join(f, 1);
    send(b, f, s, START_NS + NS_PER_S);
    send(b, f, s, START_NS); /* packets out of order are no sign */
    assert_false(family_is_old(f, START_NS + NS_PER_S));
    send(b, f, s, START_NS - 60 * NS_PER_S);
    assert_false(family_is_old(f, START_NS + 59 * NS_PER_S)); /* that may go on all the time */
    assert_true(family_is_old(f, START_NS + 60 * NS_PER_S));
    struct family *next = begin(b, START_NS - 60 * NS_PER_S);
    struct subject *late = join(next, 2);
    send(b, next, late, START_NS - 59 * NS_PER_S);
    assert_false(family_is_old(next, START_NS - 59 * NS_PER_S));
    leave(b, f, s);
    leave(b, next, late);
}

static void time_passes_for_all_of_them(void **state)
{
    struct bench *b = *state;
    struct family *families[3];
    struct subject *subjects[3];
    for (uint32_t i = 0; i < 3; i++) {
        families[i] = begin(b, START_NS + i);
        subjects[i] = join(families[i], i + 1);
        send(b, families[i], subjects[i], START_NS + i);
    }
    family_time(b->newest, START_NS + NS_PER_S);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(subject_stats(subjects[i]).flows.open, 1);
    family_time(b->newest, START_NS + 120 * NS_PER_S);
    for (uint32_t i = 0; i < 3; i++) {
        struct engine_stats stats = subject_stats(subjects[i]);
        assert_int_equal(stats.flows.open, 0);
        assert_true(stats.last.ts_ns == START_NS + 120 * NS_PER_S);
        leave(b, families[i], subjects[i]);
    }
    family_time(NULL, START_NS); /* none has begun */
}

/* What is left at the end goes, whether devices were counted out or not. */
static void all_go_at_the_end(void **state)
{
    struct bench *b = *state;
    for (uint32_t i = 0; i < 3; i++) {
        struct family *f = begin(b, START_NS + i);
        subject_free(join(f, i + 1));
    }
    assert_int_equal(count(b), 3);
    family_clear(&b->newest);
    assert_null(b->newest);
    family_clear(&b->newest);
    assert_null(b->newest);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(one_without_devices_goes_when_another_begins),
        TEST(the_newest_waits_for_devices),
        TEST(an_old_one_goes_with_its_last_device),
        TEST(it_is_old_after_an_hour),
        TEST(it_is_old_when_its_clock_was_set_back),
        TEST(time_passes_for_all_of_them),
        TEST(all_go_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
