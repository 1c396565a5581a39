/*
 * tests/unit/classify/test_ndpi: labels of a few packets; which ones depends on nDPI's version.
 * SPDX-License-Identifier: MIT
 */
#include "classify/ndpi.h"
#include "unit.h"

/* IPv4 10.0.0.1:50000 -> 10.0.0.2:22, TCP PSH ACK: "SSH-2.0-OpenSSH_9.2\r\n" */
static const char ssh[] =
    "\x45\x00\x00\x3d\x00\x01\x40\x00\x40\x06\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02"
    "\xc3\x50\x00\x16\x00\x00\x00\x01\x00\x00\x00\x01\x50\x18\x10\x00\x00\x00\x00\x00"
    "SSH-2.0-OpenSSH_9.2\r\n";

static struct packet packet_of(const uint8_t *data, size_t len)
{
    return (struct packet){.at = {NS_PER_S, 1, 0}, .ip = slice_of(data, len)};
}

static const char *label_after(struct labeller *l, const void *data, size_t len, unsigned packets)
{
    struct labeller_flow *f = labeller_flow_new(l);
    assert_non_null(f);
    uint8_t *copy = unit_copy(data, len);
    struct packet p = packet_of(copy, len);
    const char *label = NULL;
    for (unsigned i = 0; i < packets; i++)
        label = labeller_feed(l, f, &p);
    struct tuple key = {.proto = IP_PROTO_TCP};
    const char *guess = labeller_guess(l, f, &key);
    assert_true(!label || label == guess);
    labeller_flow_free(f);
    free(copy);
    return guess;
}

static void test_label(void **state)
{
    (void)state;
    struct err err;
    struct labeller *l = labeller_new(&err);
    assert_non_null(l);
    const char *label = label_after(l, ssh, sizeof ssh - 1, LABEL_PACKETS_MAX);
    assert_non_null(label);
    assert_string_equal(label, "SSH");
    assert_ptr_equal(label_after(l, ssh, sizeof ssh - 1, LABEL_PACKETS_MAX), label);
    labeller_free(l);
}

static void test_nothing_to_go_by(void **state)
{
    (void)state;
    struct labeller *l = labeller_new(NULL);
    assert_non_null(l);
    assert_null(label_after(l, "", 0, 1));
    assert_null(label_after(l, ssh, 0, 0));
    labeller_free(l);
    labeller_free(NULL);
    labeller_flow_free(NULL);
}

static void test_prefixes(void **state)
{
    (void)state;
    struct labeller *l = labeller_new(NULL);
    assert_non_null(l);
    for (size_t len = 0; len < sizeof ssh; len++) {
        const char *label = label_after(l, ssh, len, 1);
        assert_true(!label || strlen(label) > 0);
    }
    labeller_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_label),
        cmocka_unit_test(test_nothing_to_go_by),
        cmocka_unit_test(test_prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
