/*
 * Tests of report/capture_notes: what a reader is told of the capture itself.
 * SPDX-License-Identifier: MIT
 */
#include "../../../src/report/capture_notes.h"
#include "capture/ng.h"

/* Reads the files to their ends and returns their notes, to be cleared. `steps`: of the clock. */
static struct buf notes_with(const char *const *names, unsigned count,
                             const struct engine_stats *stats)
{
    struct capture *c = capture_open(names, count, NULL, NULL);
    assert_non_null(c);
    struct frame f;
    while (capture_next(c, &f))
        continue;
    struct buf text;
    buf_init(&text);
    struct page p = {&text, 80, false};
    capture_notes(&p, c, stats);
    capture_close(c);
    return text;
}

static struct buf notes_of(const char *const *names, unsigned count)
{
    return notes_with(names, count, &(struct engine_stats){.packets = 0});
}

static void named_interface(struct ng *n, uint32_t linktype, const char *name)
{
    ng_begin_interface(n, linktype, 0);
    ng_text_option(n, 2, name);
    ng_end(n, NG_INTERFACE);
}

static void drops(struct ng *n, uint32_t interface, uint64_t count)
{
    ng_begin(n);
    ng_u32(n, interface);
    ng_ticks(n, 0);
    ng_u64_option(n, 5, count);
    ng_end(n, NG_STATISTICS);
}

static void a_good_capture_needs_no_notes(void **state)
{
    struct fixture *fx = *state;
    struct ng n = ng_start(fx, LITTLE);
    ng_packet(&n, 0, NS0, "a");
    const char *name = save(fx, 0);
    struct buf text = notes_of(&name, 1);
    assert_int_equal(text.len, 0);
    buf_clear(&text);
}

static void what_packets_showed_is_told(void **state)
{
    static const struct {
        struct engine_stats stats;
        const char *text;
    } ROWS[] = {
        {{.clock_steps = 1, .set_back_ns = 90 * NS_PER_S}, "set back 1 time, 90.0 s in all"},
        {{.clock_steps = 2, .set_back_ns = 180 * NS_PER_S}, "set back 2 times, 180.0 s in all"},
        {{.aggregated_packets = 1}, "1 packet behind others in one 802.11 frame: "},
        {{.aggregated_packets = 3}, "3 packets behind others in one 802.11 frame: "},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct fixture *fx = *state;
        struct ng n = ng_start(fx, LITTLE);
        ng_packet(&n, 0, NS0, "a");
        const char *name = save(fx, 0);
        struct buf text = notes_with(&name, 1, &ROWS[i].stats);
        buf_char(&text, '\0');
        assert_non_null(strstr(text.data, ROWS[i].text));
        buf_clear(&text);
    }
}

static void everything_has_its_note(void **state)
{
    struct fixture *fx = *state;
    struct ng n = ng_to(&fx->b, LITTLE);
    ng_begin_section(&n);
    ng_text_option(&n, 1, "floor 3\r\nmirror\033[1m port");
    ng_end(&n, NG_SECTION);
    named_interface(&n, 1, "Wi-Fi");
    named_interface(&n, 147, "");
    ng_begin_packet(&n, 0, NS0, "a");
    ng_text_option(&n, 1, "the screen says no");
    ng_option(&n, 7, "\2\1\0\0\0\0\0\0\0", 9);
    ng_end(&n, NG_PACKET);
    ng_packet(&n, 1, NS0, "b");
    ng_packet(&n, 1, NS0, "c");
    drops(&n, 0, 1200);
    drops(&n, 1, 34);
    ng_packet(&n, 9, NS0, "of no interface");
    const char *name = save(fx, 0);
    struct buf text = notes_of(&name, 1);
    assert_slice_equal(
        buf_view(&text),
        "Missed:  1234 packets were missed by the capture itself (Wi-Fi 1200, USER0 34)\n"
        "Stopped: 1 packet went no further on the device itself: a firewall or filter\n"
        "         (Wi-Fi 1)\n"
        "Unknown: 2 packets have a link type that is not decoded (USER0 2)\n"
        "Comment: floor 3  mirror\\x1b[1m port\n"
        "Comment: packet 1: the screen says no\n"
        "Damaged: broken (a packet of interface 9 of 2) after packet 3 (byte offset 332):\n"
        "         the report covers the rest; capture again\n");
    buf_clear(&text);
}

static void of_many_only_some_are_named(void **state)
{
    struct fixture *fx = *state;
    struct ng n = ng_to(&fx->b, LITTLE);
    ng_section(&n);
    for (uint32_t i = 0; i < 6; i++) {
        named_interface(&n, 1, "eth");
        drops(&n, i, 1);
        ng_begin_packet(&n, i, NS0, "a");
        ng_text_option(&n, 1, "again");
        ng_end(&n, NG_PACKET);
    }
    const char *name = save(fx, 0);
    struct buf text = notes_of(&name, 1);
    assert_slice_equal(
        buf_view(&text),
        "Missed:  6 packets were missed by the capture itself (eth 1, eth 1, eth 1, eth\n"
        "         1, and 2 more)\n"
        "Comment: packet 1: again\n"
        "Comment: packet 2: again\n"
        "Comment: packet 3: again\n"
        "Comment: packet 4: again\n"
        "Comment: packet 5: again\n"
        "         and 1 more: see the JSON report\n");
    buf_clear(&text);
}

/* With several files, damage is told with the name. */
static void damage_names_its_file(void **state)
{
    struct fixture *fx = *state;
    begin(fx);
    simple_record(&fx->b, 0, 'a');
    const char *names[] = {save(fx, 0), fx->path[1]};
    write_bytes(fx->path[1], "", 0);
    struct buf text = notes_of(names, 2);
    buf_char(&text, '\0');
    assert_non_null(strstr(text.data, "Damaged: "));
    assert_null(strstr(text.data, fx->path[0]));
    assert_non_null(strstr(text.data, "/1.pcap: is empty"));
    buf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_good_capture_needs_no_notes, setup, teardown),
        cmocka_unit_test_setup_teardown(what_packets_showed_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(everything_has_its_note, setup, teardown),
        cmocka_unit_test_setup_teardown(of_many_only_some_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(damage_names_its_file, setup, teardown),
    };
    return cmocka_run_group_tests_name("report/capture_notes", tests, NULL, NULL);
}
