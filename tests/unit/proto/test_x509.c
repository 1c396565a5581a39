/*
 * tests/unit/proto/test_x509: what a certificate says about itself.
 * SPDX-License-Identifier: MIT
 */
#include "certificate.h"
#include "proto/x509.h"
#include "unit.h"

#define ARENA_CAP (16 * 1024)

static void test_good(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, ARENA_CAP);
    struct tls_certificate c;
    assert_true(x509_parse(slice_of(certificate_der, sizeof certificate_der), &a, &c));
    assert_slice_equal(c.issuer, "CN=Example CA 1,O=Example Trust,C=US");
    assert_slice_equal(c.subject, "CN=login.example.net,O=Example\\, Inc.,C=US");
    assert_int_equal(c.not_before, 1767225600);
    assert_int_equal(c.not_after, 1798761600);
    assert_false(c.self_issued);
    assert_int_equal(c.name_count, 4);
    assert_slice_equal(c.names[1], "*.example.net");
    assert_slice_equal(c.names[3], "2001:db8::7");
    arena_clear(&a);
}

static void test_extensions(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, ARENA_CAP);
    struct tls_certificate c;
    assert_true(x509_parse(slice_of(certificate_der, sizeof certificate_der), &a, &c));
    assert_int_equal(c.extensions, 0);
    assert_true(x509_parse(slice_of(logged_der, sizeof logged_der), &a, &c));
    assert_int_equal(c.extensions, CERTIFICATE_LOGGED | CERTIFICATE_POINTED);
    assert_int_equal(c.name_count, 1);
    assert_slice_equal(c.names[0], "a.example.net");
    assert_false(c.self_issued);
    assert_true(x509_parse(slice_of(root_der, sizeof root_der), &a, &c));
    assert_int_equal(c.extensions, 0);
    assert_true(c.self_issued);
    arena_clear(&a);
}

static void test_roots(void **state)
{
    (void)state;
    assert_true(x509_self_issued(slice_of(root_der, sizeof root_der)));
    assert_false(x509_self_issued(slice_of(logged_der, sizeof logged_der)));
    for (size_t len = 0; len < sizeof root_der; len++) {
        uint8_t *copy = unit_copy(root_der, len);
        assert_false(x509_self_issued(slice_of(copy, len)));
        free(copy);
    }
}

static void test_prefixes(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof certificate_der; len++) {
        struct arena a;
        struct tls_certificate c;
        uint8_t *copy = unit_copy(certificate_der, len);
        arena_init(&a, ARENA_CAP);
        assert_false(x509_parse(slice_of(copy, len), &a, &c));
        arena_clear(&a);
        free(copy);
    }
}

static void test_flipped_bytes(void **state)
{
    (void)state;
    int good = 0;
    for (size_t i = 0; i < sizeof certificate_der; i++) {
        struct arena a;
        struct tls_certificate c;
        uint8_t *copy = unit_copy(certificate_der, sizeof certificate_der);
        copy[i] ^= 0xff;
        arena_init(&a, ARENA_CAP);
        good += x509_parse(slice_of(copy, sizeof certificate_der), &a, &c);
        assert_true(c.name_count <= X509_NAMES_MAX);
        arena_clear(&a);
        free(copy);
    }
    assert_in_range(good, 1, sizeof certificate_der - 1);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct arena a;
    struct tls_certificate c;
    arena_init(&a, 16);
    assert_false(x509_parse(slice_of(certificate_der, sizeof certificate_der), &a, &c));
    arena_clear(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),          cmocka_unit_test(test_extensions),
        cmocka_unit_test(test_roots),         cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_flipped_bytes), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
