/*
 * Unit tests of capture: what a pcapng file tells of itself: interfaces, drops, comments.
 * SPDX-License-Identifier: MIT
 */
#include "ng.h"

/* ---- interfaces and sections -------------------------------------------------------------------- */

static enum order other(enum order order)
{
    return order == LITTLE ? BIG : LITTLE;
}

static void test_mixed_interfaces(void **state)
{
    struct fixture *fx = *state;
    struct ng n = ng_to(&fx->b, LITTLE);
    ng_section(&n);
    ng_named_interface(&n, 1, "\\Device\\NPF_{1}", "Wi-Fi");
    ng_packet(&n, 0, 0, "first");
    ng_named_interface(&n, 101, NULL, NULL);
    ng_packet(&n, 1, 0, "second");
    ng_packet(&n, 0, 0, "third");
    ng_named_interface(&n, 113, "never used", NULL);
    struct capture *c = open_with(save(fx, 0), NULL);
    struct frame f = next(c);
    assert_int_equal(f.linktype, 1);
    assert_int_equal(f.interface, 0);
    f = next(c);
    assert_int_equal(f.linktype, 101);
    assert_int_equal(f.interface, 1);
    assert_int_equal(next(c).interface, 0);
    const struct capture_file *file = capture_file(c, 0);
    assert_false(capture_next(c, &f));
    assert_int_equal(file->interface_count, 3);
    assert_string_equal(file->interfaces[0].name, "\\Device\\NPF_{1}");
    assert_string_equal(file->interfaces[0].description, "Wi-Fi");
    assert_int_equal(file->interfaces[0].snaplen, 96);
    assert_int_equal(file->interfaces[0].packets, 2);
    assert_string_equal(file->interfaces[1].name, "");
    assert_string_equal(file->interfaces[1].description, "");
    assert_int_equal(file->interfaces[1].linktype, 101);
    assert_int_equal(file->interfaces[1].packets, 1);
    assert_string_equal(file->interfaces[2].name, "never used");
    assert_int_equal(file->interfaces[2].packets, 0);
    assert_whole(c);
}

/* Each section has its own byte order and interfaces; those that are the same are told as one. */
static void test_sections(void **state)
{
    struct fixture *fx = *state;
    for (enum order order = LITTLE; order <= BIG; order++) {
        struct ng n = ng_to(&fx->b, order);
        ng_section(&n);
        ng_named_interface(&n, 1, "eth0", NULL);
        ng_named_interface(&n, 101, "tun0", NULL);
        ng_packet(&n, 1, 1000000, "a");
        n.order = other(order);
        ng_section(&n);
        ng_named_interface(&n, 1, "eth0", NULL);
        ng_packet(&n, 0, 2000000, "b");
        ng_section(&n);
        ng_named_interface(&n, 101, "eth0", NULL);
        ng_packet(&n, 0, 3000000, "c");
        struct capture *c = open_with(save(fx, 0), NULL);
        struct frame f = next(c);
        assert_int_equal(f.linktype, 101);
        assert_int_equal(f.interface, 1);
        f = next(c);
        assert_true(f.at.ts_ns == 2 * NS_PER_S);
        assert_int_equal(f.linktype, 1);
        assert_int_equal(f.interface, 0);
        assert_int_equal(f.at.frame, 2);
        f = next(c);
        assert_int_equal(f.linktype, 101);
        assert_int_equal(f.interface, 2);
        assert_int_equal(capture_file(c, 0)->interface_count, 3);
        assert_whole(c);
    }
}

/* More interfaces than are told: their packets are read all the same. */
static void test_many_interfaces(void **state)
{
    struct fixture *fx = *state;
    struct ng n = ng_to(&fx->b, LITTLE);
    ng_section(&n);
    for (uint32_t i = 0; i < CAPTURE_INTERFACES_MAX + 20; i++)
        ng_named_interface(&n, i, "same name", NULL);
    ng_packet(&n, CAPTURE_INTERFACES_MAX - 1, 0, "last told");
    ng_packet(&n, CAPTURE_INTERFACES_MAX + 10, 0, "beyond");
    struct capture *c = open_with(save(fx, 0), NULL);
    struct frame f = next(c);
    assert_int_equal(f.interface, CAPTURE_INTERFACES_MAX - 1);
    assert_int_equal(f.linktype, CAPTURE_INTERFACES_MAX - 1);
    f = next(c);
    assert_int_equal(f.interface, CAPTURE_INTERFACES_MAX);
    assert_int_equal(f.linktype, CAPTURE_INTERFACES_MAX + 10);
    assert_int_equal(capture_file(c, 0)->interface_count, CAPTURE_INTERFACES_MAX);
    assert_int_equal(capture_file(c, 0)->packets, 2);
    assert_whole(c);
}

/* Names end at a NUL byte and are cut. */
static void test_odd_names(void **state)
{
    struct fixture *fx = *state;
    char longish[5000];
    memset(longish, 'x', sizeof longish);
    struct ng n = ng_to(&fx->b, LITTLE);
    ng_section(&n);
    ng_begin_interface(&n, 1, 0);
    ng_option(&n, 2, "eth0\0rubbish", 12);
    ng_option(&n, 3, longish, sizeof longish);
    ng_end(&n, NG_INTERFACE);
    struct capture *c = open_with(save(fx, 0), NULL);
    struct frame f;
    assert_false(capture_next(c, &f));
    const struct capture_interface *i = &capture_file(c, 0)->interfaces[0];
    assert_string_equal(i->name, "eth0");
    assert_int_equal(strlen(i->description), 256);
    assert_whole(c);
}

/* ---- drops -------------------------------------------------------------------------------------- */

static void test_statistics(void **state)
{
    struct fixture *fx = *state;
    for (enum order order = LITTLE; order <= BIG; order++) {
        struct ng n = ng_start(fx, order);
        ng_interface(&n, 101);
        ng_statistics(&n, 0, 2, 1);
        ng_statistics(&n, 0, 5, 5); /* counts from the start: 10 in all */
        ng_statistics(&n, 0, 4, 1); /* of another program: no less than before */
        ng_statistics(&n, 1, UINT64_MAX, 7);
        ng_section(&n);
        ng_interface(&n, 1);
        ng_statistics(&n, 0, 100, 0); /* another run of the same interface */
        struct capture *c = open_with(save(fx, 0), NULL);
        struct frame f;
        assert_false(capture_next(c, &f));
        const struct capture_file *file = capture_file(c, 0);
        assert_int_equal(file->interfaces[0].drops, 110);
        assert_int_equal(file->interfaces[1].drops, 7);
        assert_int_equal(file->kernel_drops, 117);
        assert_int_equal(capture_totals(c).kernel_drops, 117);
        assert_whole(c);
    }
}

/* The end that the statistics tell is believed where they count the packets that are there. */
static void test_end_of_capture(void **state)
{
    struct fixture *fx = *state;
    static const struct {
        uint64_t delivered;
        uint64_t after_ns; /* the last packet */
        int64_t told;
    } cases[] = {
        {2, 5000, 5000},
        {1, 5000, 0},
        {3, 5000, 0},
        {2, 0, 0},
        {2, 7200 * NS_PER_S, 3600 * NS_PER_S},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum order order = i % 2 ? BIG : LITTLE;
        struct ng n = ng_start(fx, order);
        ng_packet(&n, 0, NS0, "a");
        ng_packet(&n, 0, NS0 + 1, "b");
        ng_begin(&n);
        ng_u32(&n, 0);
        ng_ticks(&n, 0);
        ng_u16(&n, 3);
        ng_u16(&n, 8);
        ng_ticks(&n, NS0 + 1 + cases[i].after_ns);
        ng_u64_option(&n, 8, cases[i].delivered);
        ng_end(&n, NG_STATISTICS);
        struct capture *c = open_with(save(fx, 0), NULL);
        (void)next(c);
        (void)next(c);
        struct frame f;
        assert_false(capture_next(c, &f));
        int64_t expected = cases[i].told ? T0 * NS_PER_S + 1 + cases[i].told : 0;
        assert_true(capture_file(c, 0)->ended_ns == expected);
        assert_true(capture_totals(c).ended_ns == expected);
        assert_whole(c);
    }
}

/* Drops told packet by packet and in the statistics are the same drops. */
static void test_drop_counts(void **state)
{
    struct fixture *fx = *state;
    struct ng n = ng_start(fx, LITTLE);
    for (uint64_t drops = 0; drops < 3; drops++) {
        ng_begin_packet(&n, 0, NS0, "a");
        ng_u64_option(&n, 4, drops * 10);
        ng_end(&n, NG_PACKET);
    }
    ng_statistics(&n, 0, 25, 0);
    struct capture *c = open_with(save(fx, 0), NULL);
    (void)next(c);
    assert_int_equal(capture_file(c, 0)->kernel_drops, 0);
    (void)next(c);
    assert_int_equal(capture_file(c, 0)->kernel_drops, 10);
    (void)next(c);
    assert_int_equal(capture_file(c, 0)->kernel_drops, 30);
    assert_whole(c);
}

static void test_drops_do_not_overflow(void **state)
{
    struct fixture *fx = *state;
    struct ng n = ng_start(fx, LITTLE);
    ng_interface(&n, 101);
    ng_statistics(&n, 0, UINT64_MAX - 1, UINT64_MAX - 1);
    ng_statistics(&n, 1, UINT64_MAX - 1, 0);
    const char *name = save(fx, 0);
    const char *names[] = {name, name};
    struct capture *c = capture_open(names, 2, NULL, NULL);
    assert_non_null(c);
    struct frame f;
    assert_false(capture_next(c, &f));
    assert_true(capture_file(c, 0)->kernel_drops == UINT64_MAX);
    assert_true(capture_totals(c).kernel_drops == UINT64_MAX);
    capture_close(c);
}

/* ---- comments ----------------------------------------------------------------------------------- */

static void test_comments(void **state)
{
    struct fixture *fx = *state;
    for (enum order order = LITTLE; order <= BIG; order++) {
        struct ng n = ng_to(&fx->b, order);
        ng_begin_section(&n);
        ng_text_option(&n, 4, "Dumpcap");
        ng_text_option(&n, 1, "floor 3, mirror port");
        ng_option(&n, 0, "", 0);
        ng_end(&n, NG_SECTION);
        ng_interface(&n, 1);
        ng_packet(&n, 0, NS0, "a");
        ng_begin_packet(&n, 0, NS0, "b");
        ng_text_option(&n, 1, "error 0x800705b4 on the screen");
        ng_text_option(&n, 1, " and again ");
        ng_end(&n, NG_PACKET);
        ng_begin_packet(&n, 0, NS0, "c");
        ng_text_option(&n, 1, "PID=4 TID=128"); /* etl2pcapng's: on every packet */
        ng_end(&n, NG_PACKET);
        ng_begin_packet(&n, 0, NS0, "d");
        ng_text_option(&n, 1, "  ");
        ng_option(&n, 1, "\0hidden", 7);
        ng_end(&n, NG_PACKET);
        struct capture *c = open_with(save(fx, 0), NULL);
        char seen[64];
        assert_string_equal(drain(c, seen), "abcd");
        const struct capture_file *file = capture_file(c, 0);
        assert_int_equal(file->comment_count, 3);
        assert_int_equal(file->comments[0].frame, 0);
        assert_string_equal(file->comments[0].text, "floor 3, mirror port");
        assert_int_equal(file->comments[1].frame, 2);
        assert_string_equal(file->comments[1].text, "error 0x800705b4 on the screen");
        assert_int_equal(file->comments[2].frame, 2);
        assert_string_equal(file->comments[2].text, "and again");
        assert_whole(c);
    }
}

static void test_comments_are_capped(void **state)
{
    struct fixture *fx = *state;
    char longish[3000];
    memset(longish, 'x', sizeof longish);
    struct ng n = ng_start(fx, LITTLE);
    for (uint32_t i = 0; i < CAPTURE_COMMENTS_MAX + 10; i++) {
        ng_begin_packet(&n, 0, NS0, "a");
        ng_option(&n, 1, longish, sizeof longish - i);
        ng_end(&n, NG_PACKET);
    }
    struct capture *c = open_with(save(fx, 0), NULL);
    struct frame f;
    while (capture_next(c, &f))
        continue;
    const struct capture_file *file = capture_file(c, 0);
    assert_int_equal(file->comment_count, CAPTURE_COMMENTS_MAX);
    assert_int_equal(file->packets, CAPTURE_COMMENTS_MAX + 10);
    assert_int_equal(strlen(file->comments[CAPTURE_COMMENTS_MAX - 1].text), 512);
    assert_whole(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_mixed_interfaces, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sections, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_interfaces, setup, teardown),
        cmocka_unit_test_setup_teardown(test_odd_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_statistics, setup, teardown),
        cmocka_unit_test_setup_teardown(test_end_of_capture, setup, teardown),
        cmocka_unit_test_setup_teardown(test_drop_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_drops_do_not_overflow, setup, teardown),
        cmocka_unit_test_setup_teardown(test_comments, setup, teardown),
        cmocka_unit_test_setup_teardown(test_comments_are_capped, setup, teardown),
    };
    return cmocka_run_group_tests_name("capture/told", tests, NULL, NULL);
}
