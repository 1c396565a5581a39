/*
 * The parser of DNS messages: names, records, texts.
 * SPDX-License-Identifier: MIT
 */
#include "dns_lab.h"

/* www.a.test A: CNAME b.a.test, A 192.0.2.1, AAAA 2001:db8::1; SOA of a.test; EDNS with an extended
 * error "Blocked" and the upper half of BADVERS. */
static const uint8_t whole[] =
    "\x12\x34\x85\x80\0\1\0\3\0\1\0\1"
    "\3wWw\1a\4tEst\0\0\1\0\1"                  /* 12: question */
    "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\4\1b\xc0\x10" /* 28: CNAME, target at 40 */
    "\xc0\x28\0\1\0\1\0\0\0\x3d\0\4\xc0\0\2\1"  /* 44: A */
    "\xc0\x28\0\x1c\0\1\0\0\0\x3e\0\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
    "\xc0\x10\0\6\0\1\0\0\0\x3c\0\x18\xc0\x10\xc0\x28\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5"
    "\0\0\x29\4\xd0\1\0\0\0\0\6\0\x0f\0\2\0\x0f";
#define WHOLE_LEN    (sizeof whole - 1)
#define QUESTION_END 28

static enum verdict parse_copy(struct dns_message *m, const void *bytes, size_t len)
{
    uint8_t *copy = unit_copy(bytes, len);
    enum verdict verdict = dns_parse(m, slice_of(copy, len));
    free(copy);
    return verdict;
}

/* Data of a record as writers show it. */
static struct slice shown(const struct dns_answer *a)
{
    static char text[ADDR_TEXT_SIZE];
    if (a->addr.family == 0)
        return a->rdata;
    assert_int_equal(a->rdata.len, 0);
    return slice_str(addr_text(&a->addr, text));
}

static void test_whole(void **state)
{
    (void)state;
    struct dns_message m;
    assert_int_equal(parse_copy(&m, whole, WHOLE_LEN), VERDICT_OK);
    assert_true(m.is_reply && m.authoritative && m.recursion_available && !m.truncated);
    assert_int_equal(m.id, 0x1234);
    assert_slice_equal(m.qname, "www.a.test");
    assert_int_equal(m.rcode, 16);
    assert_int_equal(m.ede, 15);
    assert_slice_equal(m.soa, "a.test");
    assert_slice_equal(m.soa_server, "a.test");
    assert_int_equal(m.answer_count, 3);
    assert_slice_equal(m.answers[0].name, "www.a.test");
    assert_slice_equal(m.answers[0].rdata, "b.a.test");
    assert_int_equal(m.answers[0].addr.family, 0);
    assert_slice_equal(m.answers[1].name, "b.a.test");
    assert_slice_equal(shown(&m.answers[1]), "192.0.2.1");
    assert_int_equal(m.answers[1].addr.family, 4);
    assert_int_equal(m.answers[1].ttl, 0x3d);
    assert_slice_equal(shown(&m.answers[2]), "2001:db8::1");
    assert_int_equal(m.answers[2].addr.family, 6);
}

static void test_every_prefix(void **state)
{
    (void)state;
    for (size_t len = 0; len < WHOLE_LEN; len++) {
        struct dns_message m;
        assert_int_equal(parse_copy(&m, whole, len), VERDICT_SHORT);
        assert_true(m.has_question == (len >= QUESTION_END));
        assert_int_equal(m.answer_count, len < 44 ? 0 : len < 60 ? 1 : len < 88 ? 2 : 3);
        assert_int_equal(m.soa.len, len < 124 ? 0 : 6);
    }
}

static void test_every_byte_flipped(void **state)
{
    (void)state;
    for (size_t i = 0; i < WHOLE_LEN; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            uint8_t bytes[sizeof whole];
            memcpy(bytes, whole, sizeof whole);
            bytes[i] ^= (uint8_t)(1 << bit);
            struct dns_message m;
            parse_copy(&m, bytes, WHOLE_LEN);
            assert_true(m.text_len <= DNS_TEXT_MAX && m.answer_count <= DNS_ANSWERS_MAX);
            assert_true(m.qname.len <= DNS_NAME_TEXT_MAX);
        }
    }
}

static enum verdict parse_name(struct dns_message *m, const void *name, size_t len)
{
    struct wire w;
    wire_header(&w, 1, 0, 1, 0);
    wire_bytes(&w, name, len);
    wire_u16(&w, T_A);
    wire_u16(&w, 1);
    return parse_copy(m, w.bytes, w.len);
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *text;
    } good[] = {
        {"\0", 1, ""},
        {"\1A\2-_\0", 6, "a.-_"},
        {"\3a.b\1\\\0", 7, "a\\.b.\\\\"},
        {"\4\0\x7f\xc3 \0", 6, "\\000\\127\\195\\032"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct dns_message m;
        assert_int_equal(parse_name(&m, good[i].bytes, good[i].len), VERDICT_OK);
        assert_slice_equal(m.qname, good[i].text);
    }
}

static void test_bad_names(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } bad[] = {
        {"\x40", 1},        {"\x80\0", 2}, {"\xc0\x0c", 2}, /* itself */
        {"\1a\xc0\x0c", 4},                                 /* its own beginning */
        {"\xc0\x0e", 2},                                    /* forward */
        {"\xff\xff", 2},                                    /* beyond the end */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct dns_message m;
        assert_int_equal(parse_name(&m, bad[i].bytes, bad[i].len), VERDICT_BAD);
        assert_false(m.has_question);
        assert_int_equal(m.qname.len, 0);
    }
}

/* Labels of 63, 63, 63 and `last` bytes. */
static size_t long_name(uint8_t *out, size_t last)
{
    const size_t labels[] = {63, 63, 63, last};
    size_t at = 0;
    for (size_t i = 0; i < 4; i++) {
        out[at] = (uint8_t)labels[i];
        memset(out + at + 1, 1, labels[i]);
        at += labels[i] + 1;
    }
    out[at] = 0;
    return at + 1;
}

static void test_name_length(void **state)
{
    (void)state;
    uint8_t name[260];
    struct dns_message m;
    assert_int_equal(long_name(name, 61), 255);
    assert_int_equal(parse_name(&m, name, 255), VERDICT_OK);
    assert_int_equal(m.qname.len, 250 * 4 + 3);
    assert_true(m.qname.len <= DNS_NAME_TEXT_MAX);
    assert_int_equal(long_name(name, 62), 256);
    assert_int_equal(parse_name(&m, name, 256), VERDICT_BAD);
}

/* Pointers that each point to the one before: some are compression, many are an attack. */
static void test_pointer_chain(void **state)
{
    (void)state;
    for (unsigned hops = 1; hops < 60; hops++) {
        struct wire w;
        wire_header(&w, 1, 0x8000, 0, 2);
        /* One record of unknown type at 12 whose data are the pointers; they end at its root owner. */
        wire_bytes(&w, "\0\xff\x01\0\1\0\0\0\0", 9);
        wire_u16(&w, hops * 2);
        wire_u16(&w, 0xc00c);
        for (unsigned i = 1; i < hops; i++)
            wire_u16(&w, 0xc000 | (23 + 2 * (i - 1)));
        wire_u16(&w, 0xc000 | (23 + 2 * (hops - 1)));
        wire_bytes(&w, "\0\1\0\1\0\0\0\0\0\4\1\2\3\4", 14);
        struct dns_message m;
        enum verdict verdict = parse_copy(&m, w.bytes, w.len);
        assert_int_equal(verdict, hops < 32 ? VERDICT_OK : VERDICT_BAD);
        assert_int_equal(m.answer_count, hops < 32 ? 2 : 1);
    }
}

/* What a record that is given up had read is forgotten, also for a pointer to the first byte of all: here
 * that is a root. */
static void test_pointer_to_header(void **state)
{
    (void)state;
    struct wire w;
    wire_header(&w, 1, 0x8000, 1, 2);
    wire_name(&w, "a.test");
    wire_bytes(&w, "\0\1\0\1", 4);
    wire_record(&w, T_CNAME, "\2ns\0x", 5);
    wire_record(&w, T_CNAME, "\xc0\0", 2);
    struct dns_message m;
    assert_int_equal(parse_copy(&m, w.bytes, w.len), VERDICT_OK);
    assert_slice_equal(m.answers[0].rdata, "\\# 5 026e730078");
    assert_slice_equal(m.answers[1].rdata, ".");
}

/* ---- record data ---- */

struct rdata_case {
    uint16_t type;
    uint16_t len;
    const char *bytes;
    const char *text;
};

#define CASE(type, bytes, text)              \
    {                                        \
        type, sizeof(bytes) - 1, bytes, text \
    }

static const struct rdata_case rdata_cases[] = {
    CASE(1, "\x7f\0\0\1", "127.0.0.1"),
    CASE(1, "\x7f\0\0", "\\# 3 7f0000"),
    CASE(28, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", "::1"),
    CASE(28, "\0", "\\# 1 00"),
    CASE(2, "\2ns\xc0\x0c", "ns.a.test"),
    CASE(5, "\0", "."),
    CASE(5, "\2ns\xc0\x0cx", "\\# 6 026e73c00c78"),
    CASE(5, "\5ns", "\\# 3 056e73"),
    CASE(6, "\xc0\x0c\1h\xc0\x0c\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\xff\xff\xff\xff",
         "a.test h.a.test 1 2 3 4 4294967295"),
    CASE(12, "\xc0\x0c", "a.test"),
    CASE(13, "\1x\2\"\\", "\"x\" \"\\\"\\\\\""),
    CASE(15, "\0\x0a\2mx\xc0\x0c", "10 mx.a.test"),
    CASE(16, "\5v=a b\0\1\xff", "\"v=a b\" \"\" \"\\255\""),
    CASE(16, "\5v=a", "\\# 4 05763d61"),
    CASE(33, "\0\1\0\2\1\xbb\1s\xc0\x0c", "1 2 443 s.a.test"),
    CASE(35, "\0\1\0\2\1s\1t\0\0", "1 2 \"s\" \"t\" \"\" ."),
    CASE(43, "\x30\x39\x08\2\xab\xcd", "12345 8 2 abcd"),
    CASE(44, "\1\2\xab", "1 2 ab"),
    CASE(52, "\3\1\1\x12\x34", "3 1 1 1234"),
    CASE(65, "\0\0\xc0\x0c", "0 a.test"),
    CASE(65, "\0\1\0\0\1\0\6\2h2\2h3\0\3\0\2\1\xbb\0\4\0\4\xc0\0\2\1\0\5\0\4\1\2\3\4",
         "1 . alpn=\"h2,h3\" port=443 ipv4hint=192.0.2.1 ech=AQIDBA=="),
    CASE(64, "\0\1\0\0\0\0\4\0\1\0\4\0\2\0\0\2\x9b\0\2ab",
         "1 . mandatory=alpn,ipv4hint no-default-alpn key667=\"ab\""),
    CASE(64, "\0\1\0\0\1\0\4\3a,\"", "1 . alpn=\"a\\044\\034\""),
    CASE(64, "\0\1\0\0\1\0\4\4a,\"", "\\# 11 0001000001000404612c22"),
    CASE(65, "\0\1\0\0\4\0\3\1\2\3", "\\# 10 00010000040003010203"),
    CASE(65, "\0\1\0\0\3\0\2\1\xbb\0\6\0\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1",
         "1 . port=443 ipv6hint=2001:db8::1"),
    CASE(256, "\0\1\0\2a:b", "1 2 \"a:b\""),
    CASE(257, "\0\5issueca.test", "0 issue \"ca.test\""),
    CASE(257, "\x80\2\0 x", "128 \\000\\032 \"x\""),
    CASE(999, "\1\xab", "\\# 2 01ab"),
    CASE(10, "", "\\# 0"),
};

static void test_rdata(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rdata_cases / sizeof *rdata_cases; i++) {
        const struct rdata_case *c = &rdata_cases[i];
        struct wire w = wire_reply(1, "a.test", c->type, 0, 0);
        w.bytes[7] = 2;
        wire_record(&w, c->type, c->bytes, c->len);
        wire_record(&w, T_A, "\1\2\3\4", 4); /* what follows is read whatever that was */
        struct dns_message m;
        assert_int_equal(parse_copy(&m, w.bytes, w.len), VERDICT_OK);
        assert_int_equal(m.answer_count, 2);
        assert_slice_equal(shown(&m.answers[0]), c->text);
        assert_slice_equal(shown(&m.answers[1]), "1.2.3.4");
        assert_slice_equal(m.answers[1].name, "a.test");
    }
}

/* Record data is cut at its limit; names within what was given up are not found again. */
static void test_rdata_limit(void **state)
{
    (void)state;
    struct wire w = wire_reply(1, "a.test", 16, 0, 0);
    uint8_t text[2048];
    memset(text, 200, sizeof text);
    wire_record(&w, 10, text, sizeof text);
    w.bytes[7] = 2;
    uint8_t names[600];
    size_t first = long_name(names, 61);
    memcpy(names + first, names, first);
    memset(names + 2 * first, 0, 20);
    wire_record(&w, 6, names, 2 * first + 20);
    struct dns_message m;
    assert_int_equal(parse_copy(&m, w.bytes, w.len), VERDICT_OK);
    assert_int_equal(m.answer_count, 2);
    assert_int_equal(m.answers[0].rdata.len, DNS_RDATA_TEXT_MAX);
    assert_memory_equal(m.answers[0].rdata.data, "\\# 2048 c8c8", 12);
    assert_int_equal(m.answers[1].rdata.len, DNS_RDATA_TEXT_MAX);
}

static void test_answers_cap(void **state)
{
    (void)state;
    struct wire w = wire_reply(1, "a.test", T_A, 0, 0);
    w.bytes[7] = 100;
    for (unsigned i = 0; i < 100; i++)
        wire_record(&w, T_A, "\1\2\3\4", 4);
    struct dns_message m;
    assert_int_equal(parse_copy(&m, w.bytes, w.len), VERDICT_OK);
    assert_int_equal(m.answer_count, DNS_ANSWERS_MAX);
    assert_int_equal(cur_left(&m.rest), 0);
}

/* The text runs out before the answers do. */
static void test_text_cap(void **state)
{
    (void)state;
    struct wire w = wire_reply(1, "a.test", 10, 0, 0);
    uint8_t text[300] = {0};
    w.bytes[7] = 25;
    for (unsigned i = 0; i < 25; i++)
        wire_record(&w, 10, text, sizeof text);
    struct dns_message m;
    assert_int_equal(parse_copy(&m, w.bytes, w.len), VERDICT_OK);
    assert_int_equal(m.answer_count, 25);
    assert_true(m.text_len <= DNS_TEXT_MAX);
    assert_int_equal(m.answers[0].rdata.len, 607);
}

static void test_record_too_long(void **state)
{
    (void)state;
    struct wire w = wire_reply(1, "a.test", T_A, 0, 1);
    w.bytes[w.len - 5] = 5; /* the length of the data */
    struct dns_message m;
    assert_int_equal(parse_copy(&m, w.bytes, w.len), VERDICT_SHORT);
    assert_int_equal(m.answer_count, 0);
    assert_true(m.has_question);
}

static void test_mnemonics(void **state)
{
    (void)state;
    static const struct {
        uint16_t number;
        const char *type;
        const char *rcode;
    } cases[] = {
        {0, "TYPE0", "NOERROR"},      {1, "A", "FORMERR"},           {3, "MD", "NXDOMAIN"},
        {5, "CNAME", "REFUSED"},      {11, "WKS", "DSOTYPENI"},      {12, "PTR", "RCODE12"},
        {16, "TXT", "BADVERS"},       {23, "NSAP-PTR", "BADCOOKIE"}, {24, "SIG", "RCODE24"},
        {65, "HTTPS", "RCODE65"},     {255, "ANY", "RCODE255"},      {257, "CAA", "RCODE257"},
        {258, "TYPE258", "RCODE258"},
    };
    char out[DNS_MNEMONIC_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(dns_type_text(cases[i].number, out), cases[i].type);
        assert_string_equal(dns_rcode_text(cases[i].number, out), cases[i].rcode);
    }
    assert_string_equal(dns_type_text(32769, out), "DLV");
    assert_string_equal(dns_type_text(65535, out), "TYPE65535");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_every_byte_flipped),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_bad_names),
        cmocka_unit_test(test_name_length),
        cmocka_unit_test(test_pointer_chain),
        cmocka_unit_test(test_pointer_to_header),
        cmocka_unit_test(test_rdata),
        cmocka_unit_test(test_rdata_limit),
        cmocka_unit_test(test_answers_cap),
        cmocka_unit_test(test_text_cap),
        cmocka_unit_test(test_record_too_long),
        cmocka_unit_test(test_mnemonics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
