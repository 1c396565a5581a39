/*
 * tests/unit/services/test_names.c: the name a device asked for to get an address.
 * SPDX-License-Identifier: MIT
 */
#include "services/names.h"
#include "unit.h"

#define TYPE_A     1
#define TYPE_CNAME 5
#define TYPE_AAAA  28
#define TYPE_TXT   16

static const struct ip_addr none = {{0}, 0};

/* Names that are kept elsewhere; "listed.test" is one. */
static struct intern *listed;

static struct names *new_names(void)
{
    listed = intern_new(NAMES_LISTED_MAX, 1 << 20);
    assert_non_null(listed);
    assert_int_equal(intern_add(listed, slice_str("listed.test")), 0);
    struct names *n = names_new(listed);
    assert_non_null(n);
    return n;
}

static void free_names(struct names *n)
{
    names_free(n);
    intern_free(listed);
}

/* Empty when there is none. */
static struct slice name_of(struct names *n, const struct ip_addr *device,
                            const struct ip_addr *server)
{
    uint32_t text = names_find(n, 0, device, server);
    return text == INTERN_NONE ? slice_of("", 0) : names_text(n, text);
}

static struct dns_answer answer(const char *name, uint16_t type, struct ip_addr addr)
{
    return (struct dns_answer){.name = slice_str(name), .addr = addr, .ttl = 60, .type = type};
}

static struct tx_dns reply(const char *qname, const struct dns_answer *answers, uint32_t count)
{
    return (struct tx_dns){.qname = slice_str(qname),
                           .answers = answers,
                           .answer_count = count,
                           .qtype = TYPE_A,
                           .qclass = 1,
                           .ede = -1};
}

static void cname_chain(void **state)
{
    (void)state;
    const struct ip_addr device = addr_v4(0x0a000005);
    const struct ip_addr first = addr_v4(0xc0000201);
    const struct ip_addr second = addr_v4(0xc0000202);
    const struct dns_answer answers[] = {
        answer("www.asked.test", TYPE_CNAME, none),
        answer("alias.cdn.test", TYPE_CNAME, none),
        answer("node.cdn.test", TYPE_A, first),
        answer("node.cdn.test", TYPE_A, second),
    };
    struct tx_dns dns = reply("www.asked.test", answers, 4);
    struct names *n = new_names();
    names_learn(n, 0, &device, &dns);
    assert_slice_equal(name_of(n, &device, &first), "www.asked.test");
    assert_slice_equal(name_of(n, &device, &second), "www.asked.test");
    const struct ip_addr other = addr_v4(0x0a000006);
    assert_int_equal(name_of(n, &other, &first).len, 0);
    assert_int_equal(name_of(n, &device, &other).len, 0);
    free_names(n);
}

static void newest_answer_wins(void **state)
{
    (void)state;
    const struct ip_addr device = addr_v4(0x0a000005);
    const struct ip_addr server = addr_v4(0xc0000201);
    const struct dns_answer answers[] = {answer("x", TYPE_A, server)};
    struct names *n = new_names();
    struct tx_dns dns = reply("old.test", answers, 1);
    names_learn(n, 0, &device, &dns);
    struct slice kept = name_of(n, &device, &server);
    dns = reply("new.test", answers, 1);
    names_learn(n, 0, &device, &dns);
    assert_slice_equal(name_of(n, &device, &server), "new.test");
    assert_slice_equal(kept, "old.test"); /* still readable */
    free_names(n);
}

static void both_families(void **state)
{
    (void)state;
    static const uint8_t bytes[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
    const struct ip_addr device = addr_from_bytes(slice_of(bytes, 16));
    static const uint8_t far_bytes[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 2};
    const struct ip_addr server = addr_from_bytes(slice_of(far_bytes, 16));
    const struct dns_answer answers[] = {answer("six.test", TYPE_AAAA, server)};
    struct tx_dns dns = reply("six.test", answers, 1);
    dns.qtype = TYPE_AAAA;
    struct names *n = new_names();
    names_learn(n, 0, &device, &dns);
    assert_slice_equal(name_of(n, &device, &server), "six.test");
    free_names(n);
}

static void nothing_to_learn(void **state)
{
    (void)state;
    const struct ip_addr device = addr_v4(0x0a000005);
    const struct ip_addr server = addr_v4(0xc0000201);
    const struct dns_answer answers[] = {answer("a.test", TYPE_A, server)};
    struct names *n = new_names();
    struct tx_dns dns = reply("a.test", answers, 1);
    dns.rcode = 3;
    names_learn(n, 0, &device, &dns);
    dns = reply("a.test", answers, 1);
    dns.rcode = -1;
    names_learn(n, 0, &device, &dns);
    dns = reply("a.test", answers, 1);
    dns.qtype = TYPE_TXT;
    names_learn(n, 0, &device, &dns);
    dns = reply("", answers, 1);
    names_learn(n, 0, &device, &dns);
    dns = reply("a.test", NULL, 0);
    names_learn(n, 0, &device, &dns);
    assert_int_equal(name_of(n, &device, &server).len, 0);
    free_names(n);
    names_free(NULL);
}

/* Far more entries than fit: those learned last are all there, the first are gone. */
static void bounded(void **state)
{
    (void)state;
    const struct ip_addr device = addr_v4(0x0a000005);
    const uint32_t total = 3000000;
    struct names *n = new_names();
    for (uint32_t i = 0; i < total; i++) {
        const struct dns_answer one = answer("a.test", TYPE_A, addr_v4(0x20000000 + i));
        struct tx_dns dns = reply(i % 2 ? "odd.test" : "even.test", &one, 1);
        names_learn(n, 0, &device, &dns);
    }
    for (uint32_t i = total - 100000; i < total; i++) {
        const struct ip_addr server = addr_v4(0x20000000 + i);
        assert_slice_equal(name_of(n, &device, &server), i % 2 ? "odd.test" : "even.test");
    }
    const struct ip_addr first = addr_v4(0x20000000);
    assert_int_equal(name_of(n, &device, &first).len, 0);
    free_names(n);
}

static void listed_names_are_not_kept_again(void **state)
{
    (void)state;
    const struct ip_addr device = addr_v4(0x0a000005), server = addr_v4(0xc0000201);
    struct names *n = new_names();
    assert_int_equal(names_number(n, slice_str("listed.test")), 0);
    uint32_t other = names_number(n, slice_str("other.test"));
    assert_int_equal(other, NAMES_LISTED_MAX);
    assert_int_equal(names_number(n, slice_str("later.test")), NAMES_LISTED_MAX + 1);
    /* A name that is listed from now on keeps the number that it had: both say the same. */
    uint32_t later = intern_add(listed, slice_str("later.test"));
    assert_int_equal(names_number(n, slice_str("later.test")), later);
    assert_slice_equal(names_text(n, later), "later.test");
    assert_slice_equal(names_text(n, NAMES_LISTED_MAX + 1), "later.test");
    assert_slice_equal(names_text(n, other), "other.test");
    const struct dns_answer answers[] = {answer("listed.test", TYPE_A, server)};
    struct tx_dns dns = reply("listed.test", answers, 1);
    names_learn(n, 0, &device, &dns);
    assert_int_equal(names_find(n, 0, &device, &server), 0);
    free_names(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listed_names_are_not_kept_again),
        cmocka_unit_test(cname_chain),
        cmocka_unit_test(newest_answer_wins),
        cmocka_unit_test(both_families),
        cmocka_unit_test(nothing_to_learn),
        cmocka_unit_test(bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
