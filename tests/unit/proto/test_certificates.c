/*
 * tests/unit/proto/test_certificates: certificates are read once, and never taken for another.
 * SPDX-License-Identifier: MIT
 */
#include "certificate.h"
#include "proto/certificates.h"
#include "unit.h"

#define ARENA_CAP (16 * 1024)
#define FLOOD     4000 /* more than are kept */

static const struct slice good = {certificate_der, sizeof certificate_der};

static void test_read_once(void **state)
{
    (void)state;
    struct certificates *c = certificates_new();
    struct arena a;
    arena_init(&a, 0); /* nothing is to be read into it */
    const struct tls_certificate *first = certificates_get(c, good, &a);
    assert_non_null(first);
    assert_slice_equal(first->issuer, "CN=Example CA 1,O=Example Trust,C=US");
    uint8_t *copy = unit_copy(good.data, good.len);
    assert_ptr_equal(certificates_get(c, slice_of(copy, good.len), &a), first);
    free(copy);
    certificates_free(c);
}

/* One byte makes another certificate: of the subject here, which must show. */
static void test_other_bytes(void **state)
{
    (void)state;
    struct certificates *c = certificates_new();
    struct arena a;
    arena_init(&a, 0);
    uint8_t *copy = unit_copy(good.data, good.len);
    for (size_t i = 0; i + 5 <= good.len; i++) {
        if (memcmp(copy + i, "login", 5) == 0)
            copy[i] = 'L';
    }
    const struct tls_certificate *one = certificates_get(c, good, &a);
    const struct tls_certificate *other = certificates_get(c, slice_of(copy, good.len), &a);
    assert_non_null(other);
    assert_ptr_not_equal(one, other);
    assert_slice_equal(one->subject, "CN=login.example.net,O=Example\\, Inc.,C=US");
    assert_slice_equal(other->subject, "CN=Login.example.net,O=Example\\, Inc.,C=US");
    free(copy);
    certificates_free(c);
}

static void test_bad(void **state)
{
    (void)state;
    struct certificates *c = certificates_new();
    struct arena a;
    arena_init(&a, ARENA_CAP);
    struct slice cut = slice_sub(good, 0, good.len - 1);
    assert_null(certificates_get(c, cut, &a));
    assert_null(certificates_get(c, cut, &a)); /* and is remembered as such */
    assert_null(certificates_get(c, slice_of(NULL, 0), &a));
    certificates_free(c);
    arena_clear(&a);
}

/* Without a store, and when the store is full, the caller's arena takes it. */
static void test_no_room(void **state)
{
    (void)state;
    struct certificates *c = certificates_new();
    struct arena none;
    arena_init(&none, 0);
    assert_null(certificates_get(NULL, good, &none));
    uint8_t *copy = unit_copy(good.data, good.len);
    for (uint32_t i = 0; i < FLOOD; i++) {
        memcpy(copy + good.len - sizeof i, &i, sizeof i); /* of the signature */
        (void)certificates_get(c, slice_of(copy, good.len), &none);
    }
    assert_null(certificates_get(c, slice_of(copy, good.len), &none));
    struct arena a;
    arena_init(&a, ARENA_CAP);
    const struct tls_certificate *late = certificates_get(c, slice_of(copy, good.len), &a);
    assert_non_null(late);
    assert_int_equal(late->name_count, 4);
    assert_ptr_not_equal(certificates_get(c, slice_of(copy, good.len), &a), late);
    arena_clear(&a);
    free(copy);
    certificates_free(c);
}

static void test_too_big(void **state)
{
    (void)state;
    struct certificates *c = certificates_new();
    struct arena none;
    arena_init(&none, 0);
    uint8_t *big = calloc(1, 100000);
    memcpy(big, good.data, good.len);
    assert_null(certificates_get(c, slice_of(big, 100000), &none));
    free(big);
    certificates_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_once), cmocka_unit_test(test_other_bytes),
        cmocka_unit_test(test_bad),       cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_too_big),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
