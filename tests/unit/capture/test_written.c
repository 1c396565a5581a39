/*
 * Unit tests of capture: files that tcpdump, dumpcap, editcap, mergecap and compressors wrote.
 * SPDX-License-Identifier: MIT
 *
 * The expected values are what tshark and capinfos say of them; written/README.md has the commands.
 */
#include "files.h"

#define WRITTEN "tests/unit/capture/written/"

#define S (1795706660 * NS_PER_S)

struct expected {
    int64_t ts_ns;
    int linktype;
    uint32_t interface;
    uint32_t len;
    uint32_t wire_len;
};

static const struct expected dumpcap[] = {
    {S + 990348562, 1, 0, 48, 48},
    {S + 990369356, 1, 0, 76, 76},
    {S + 990348562, 113, 1, 50, 50},
};

static const struct expected tcpdump[] = {{S + 990348000, 1, 0, 48, 48}};
static const struct expected tcpdump_nano[] = {{S + 24 * NS_PER_S + 17584199, 1, 0, 40, 48}};

static const struct expected mergecap[] = {
    {S + 24 * NS_PER_S + 17584199, 1, 0, 40, 48},
    {S + 990348562, 1, 1, 48, 48},
    {S + 990369356, 1, 1, 76, 76},
    {S + 990348562, 113, 2, 50, 50},
};

static struct capture *check(const char *path, const struct expected *frames, uint32_t count)
{
    struct capture *c = open_with(path, NULL);
    struct frame f;
    for (uint32_t i = 0; i < count; i++) {
        assert_true(capture_next(c, &f));
        assert_int_equal(f.at.frame, i + 1);
        assert_true(f.at.ts_ns == frames[i].ts_ns);
        assert_int_equal(f.linktype, frames[i].linktype);
        assert_int_equal(f.interface, frames[i].interface);
        assert_int_equal(f.bytes.len, frames[i].len);
        assert_int_equal(f.wire_len, frames[i].wire_len);
    }
    assert_false(capture_next(c, &f));
    if (capture_file(c, 0)->damaged)
        fail_msg("%s: %s", path, capture_file(c, 0)->damage.text);
    assert_int_equal(capture_file(c, 0)->kernel_drops, 0);
    return c;
}

static void test_tcpdump(void **state)
{
    (void)state;
    capture_close(check(WRITTEN "tcpdump.pcap", tcpdump, 1));
    struct capture *c = check(WRITTEN "tcpdump-nano.pcap", tcpdump_nano, 1);
    assert_int_equal(capture_file(c, 0)->interfaces[0].snaplen, 40);
    capture_close(c);
}

static void check_dumpcap(const char *path)
{
    struct capture *c = check(path, dumpcap, 3);
    const struct capture_file *file = capture_file(c, 0);
    assert_int_equal(file->interface_count, 2);
    assert_string_equal(file->interfaces[0].name, "lo");
    assert_string_equal(file->interfaces[0].description, "Loopback");
    assert_int_equal(file->interfaces[0].packets, 2);
    assert_string_equal(file->interfaces[1].name, "any");
    assert_int_equal(file->interfaces[1].packets, 1);
    assert_int_equal(file->interfaces[1].snaplen, 262144);
    assert_int_equal(file->comment_count, 0);
    capture_close(c);
}

static void test_dumpcap(void **state)
{
    (void)state;
    check_dumpcap(WRITTEN "dumpcap.pcapng");
}

static void test_compressors(void **state)
{
    (void)state;
    check_dumpcap(WRITTEN "dumpcap.pcapng.gz");
#ifdef HAVE_LIBZSTD
    check_dumpcap(WRITTEN "dumpcap.pcapng.zst");
#endif
#ifdef HAVE_LIBLZ4
    check_dumpcap(WRITTEN "dumpcap.pcapng.lz4");
#endif
}

static void test_editcap(void **state)
{
    (void)state;
    struct capture *c = check(WRITTEN "editcap.pcapng", tcpdump, 1);
    const struct capture_file *file = capture_file(c, 0);
    assert_int_equal(file->comment_count, 1);
    assert_int_equal(file->comments[0].frame, 1);
    assert_string_equal(file->comments[0].text, "the device asks here");
    capture_close(c);
}

static void test_mergecap(void **state)
{
    (void)state;
    struct capture *c = check(WRITTEN "mergecap.pcapng", mergecap, 4);
    const struct capture_file *file = capture_file(c, 0);
    assert_int_equal(file->interface_count, 3);
    assert_string_equal(file->interfaces[0].name, "");
    assert_string_equal(file->interfaces[1].name, "lo");
    assert_string_equal(file->interfaces[2].name, "any");
    capture_close(c);
}

/* All of them at once: one deployment in time order. */
static void test_merged(void **state)
{
    (void)state;
    const char *names[] = {WRITTEN "tcpdump-nano.pcap", WRITTEN "dumpcap.pcapng.gz",
                           WRITTEN "tcpdump.pcap"};
    static const unsigned from[] = {2, 1, 1, 1, 0};
    struct capture *c = capture_open(names, 3, NULL, NULL);
    assert_non_null(c);
    struct frame f;
    for (int i = 0; i < 5; i++) {
        assert_true(capture_next(c, &f));
        assert_int_equal(f.at.file, from[i]);
    }
    assert_false(capture_next(c, &f));
    capture_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcpdump),     cmocka_unit_test(test_dumpcap),
        cmocka_unit_test(test_compressors), cmocka_unit_test(test_editcap),
        cmocka_unit_test(test_mergecap),    cmocka_unit_test(test_merged),
    };
    return cmocka_run_group_tests_name("capture/written", tests, NULL, NULL);
}
