/*
 * tests/unit/services/test_list.c: the embedded list, joining lists, and memory that runs out.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "services/services.h"
#include "unit.h"

/* ---- memory that runs out ---- */

/* The program's own malloc and calloc stand before those of the C library and of the sanitizer, to
 * which they pass on what they let through. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,readability-identifier-naming): names of the libraries behind */
void *__interceptor_malloc(size_t size) __attribute__((weak));
void *__interceptor_calloc(size_t nmemb, size_t size) __attribute__((weak));
void *__interceptor_realloc(void *ptr, size_t size) __attribute__((weak));
void *__libc_malloc(size_t size) __attribute__((weak));
void *__libc_calloc(size_t nmemb, size_t size) __attribute__((weak));
void *__libc_realloc(void *ptr, size_t size) __attribute__((weak));

static long allocations_left = -1; /* -1: no limit. NOLINT(cppcoreguidelines-*) */

static bool allowed(void)
{
    if (allocations_left < 0)
        return true;
    if (allocations_left == 0)
        return false;
    allocations_left--;
    return true;
}

void *malloc(size_t size)
{
    if (!allowed())
        return NULL;
    return __interceptor_malloc ? __interceptor_malloc(size) : __libc_malloc(size);
}

void *calloc(size_t nmemb, size_t size)
{
    if (!allowed())
        return NULL;
    return __interceptor_calloc ? __interceptor_calloc(nmemb, size) : __libc_calloc(nmemb, size);
}

void *realloc(void *ptr, size_t size)
{
    if (!allowed())
        return NULL;
    return __interceptor_realloc ? __interceptor_realloc(ptr, size) : __libc_realloc(ptr, size);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,readability-identifier-naming) */

#define ALLOCATIONS_MAX 20000

static const char own_json[] =
    "{\"as_of\": \"2026\", \"services\": ["
    "{\"id\": \"a\", \"need\": \"required\", \"issuers\": [\"O=X\"], \"endpoints\": ["
    "{\"host\": \"a.test\"}, {\"host\": \"*.test\", \"note\": \"n\"}, {\"host\": \"b*.test\"},"
    "{\"match\": \"port\", \"ports\": [53], \"transport\": \"udp\"}]}]}";
static const char office_json[] =
    "[{\"serviceArea\": \"Common\", \"serviceAreaDisplayName\": \"C\", \"urls\": [\"*.a.test\", "
    "\"b.test\"], \"tcpPorts\": \"443\"}]";

/* Jansson calls a text that it has no memory to copy a wrong one. */
static void assert_out_of_memory(const struct err *err)
{
    if (strncmp(err->text, "not valid JSON: ", 16) != 0)
        assert_string_equal(err->text, "out of memory");
}

/* Loads with 0, 1, 2, ... allocations until it works; what failed before said so and left nothing. */
static void check_chaos(const char *json)
{
    struct service_list *list = NULL;
    long n = 0;
    for (; !list && n < ALLOCATIONS_MAX; n++) {
        struct err err = {0};
        allocations_left = n;
        list = services_load(slice_str(json), "x", &err);
        allocations_left = -1;
        if (!list)
            assert_out_of_memory(&err);
    }
    assert_non_null(list);
    assert_in_range(n, 5, ALLOCATIONS_MAX - 1);
    services_free(list);
}

static void loading_without_memory(void **state)
{
    (void)state;
    check_chaos(own_json);
    check_chaos(office_json);
}

static void appending_without_memory(void **state)
{
    (void)state;
    bool ok = false;
    for (long n = 0; !ok && n < ALLOCATIONS_MAX; n++) {
        struct err err = {0};
        struct service_list *list = services_load(slice_str(own_json), "x", &err);
        struct service_list *more = services_load(slice_str(office_json), "y", &err);
        assert_non_null(list);
        assert_non_null(more);
        allocations_left = n;
        ok = services_append(list, more, &err);
        allocations_left = -1;
        assert_int_equal(services_count(list), ok ? 2 : 1);
        assert_string_equal(services_name(list), ok ? "x, y" : "x");
        if (!ok)
            assert_string_equal(err.text, "out of memory");
        struct service_match out[SERVICE_MATCHES_MAX];
        assert_int_equal(services_match(list, slice_str("q.a.test"), TRANSPORT_TCP, 443, out),
                         ok ? 2 : 1);
        services_free(list);
    }
    assert_true(ok);
}

/* ---- joining ---- */

static void joined_lists(void **state)
{
    (void)state;
    struct err err = {0};
    struct service_list *list = services_embedded(&err);
    struct service_list *office = services_load(slice_str(office_json), "office.json", &err);
    struct service_list *own = services_load(slice_str(own_json), "own.json", &err);
    assert_true(list && office && own);
    uint32_t count = services_count(list);
    char digest[65];
    memcpy(digest, services_sha256(list), sizeof digest);
    /* A list that was joined before may be joined again. */
    assert_true(services_append(office, own, &err));
    assert_true(services_append(list, office, &err));
    assert_int_equal(services_count(list), count + 2);
    assert_string_equal(services_name(list), "embedded, office.json, own.json");
    assert_string_equal(services_as_of(list), "2026-11-23");
    assert_int_equal(strlen(services_sha256(list)), 64);
    assert_string_not_equal(services_sha256(list), digest);
    assert_non_null(services_find(list, "m365-common"));
    struct service_match out[SERVICE_MATCHES_MAX];
    assert_int_equal(services_match(list, slice_str("q.a.test"), TRANSPORT_TCP, 443, out), 2);
    assert_string_equal(services_at(list, out[0].service)->id, "a");
    assert_int_equal(
        services_match(list, slice_str("ztd.dds.microsoft.com"), TRANSPORT_TCP, 443, out), 1);
    assert_int_equal(services_match(list, slice_str(""), TRANSPORT_UDP, 53, out), 2);
    services_free(list);
}

static void the_same_id_twice(void **state)
{
    (void)state;
    struct err err = {0};
    struct service_list *list = services_load(slice_str(own_json), "x", &err);
    struct service_list *more = services_load(slice_str(own_json), "y", &err);
    assert_true(list && more);
    assert_false(services_append(list, more, &err));
    assert_string_equal(err.where, "y");
    assert_string_equal(err.text, "the service \"a\" is already in x; give it another id");
    assert_int_equal(services_count(list), 1);
    services_free(list);
}

/* ---- the embedded list ---- */

static void embedded_services(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        const char *phase;
        enum need need;
        uint32_t endpoints;
        bool says_effect;
    } expected[] = {
        {"deployment-service", "profile", NEED_REQUIRED, 5, true},
        {"windows-activation", "activation", NEED_REQUIRED, 15, true},
        {"entra-id", "sign-in", NEED_REQUIRED, 46, false},
        {"intune", "enrollment", NEED_REQUIRED, 30, false},
        {"intune-apps-scripts", "apps", NEED_REQUIRED, 50, true},
        {"diagnostics-collection", "telemetry", NEED_OPTIONAL, 6, true},
        {"windows-update", "updates", NEED_OPTIONAL, 23, true},
        {"delivery-optimization", "updates", NEED_OPTIONAL, 18, true},
        {"ntp", "time", NEED_CONDITIONAL, 1, false},
        {"dns", "network", NEED_REQUIRED, 2, false},
        {"diagnostics-data", "telemetry", NEED_OPTIONAL, 32, true},
        {"ncsi", "connectivity", NEED_REQUIRED, 7, true},
        {"wns", "notification", NEED_OPTIONAL, 12, true},
        {"microsoft-store", "apps", NEED_CONDITIONAL, 15, true},
        {"microsoft-365", "apps", NEED_CONDITIONAL, 59, true},
        {"crl", "network", NEED_CONDITIONAL, 57, false},
        {"proxy", "proxy-search", NEED_CONDITIONAL, 8, true},
        {"dhcp", "address", NEED_CONDITIONAL, 2, false},
        {"tpm-attestation", "other", NEED_CONDITIONAL, 4, true},
        {"device-health-attestation", "other", NEED_CONDITIONAL, 18, true},
        {"windows-background", "telemetry", NEED_OPTIONAL, 39, false},
    };
    struct err err = {0};
    struct service_list *list = services_embedded(&err);
    if (!list)
        fail_msg("%s: %s", err.where, err.text);
    assert_string_equal(services_name(list), "embedded");
    assert_int_equal(services_count(list), sizeof expected / sizeof expected[0]);
    for (uint32_t i = 0; i < services_count(list); i++) {
        const struct service *s = services_at(list, i);
        assert_string_equal(s->id, expected[i].id);
        assert_string_equal(s->phase, expected[i].phase);
        assert_int_equal(s->need, expected[i].need);
        assert_int_equal(s->endpoint_count, expected[i].endpoints);
        assert_int_equal(s->when_unreachable != NULL, expected[i].says_effect);
        assert_ptr_equal(services_find(list, s->id), s);
    }
    services_free(list);
}

static void embedded_counts(void **state)
{
    (void)state;
    uint32_t required = 0, shared = 0, inspection = 0, pinned = 0, legacy = 0, observed = 0;
    uint32_t roles = 0, regions = 0, udp = 0, probes = 0;
    struct service_list *list = services_embedded(NULL);
    assert_non_null(list);
    for (uint32_t i = 0; i < services_count(list); i++) {
        const struct service *s = services_at(list, i);
        for (uint32_t j = 0; j < s->endpoint_count; j++) {
            const struct endpoint *e = &s->endpoints[j];
            required += e->need == NEED_REQUIRED;
            shared += e->shared;
            inspection += e->no_inspection;
            pinned += e->pinned;
            legacy += e->legacy;
            observed += e->observed;
            roles += e->role != NULL;
            regions += e->region != NULL;
            udp += e->transport == TRANSPORT_UDP;
            probes += e->probe_path != NULL;
        }
    }
    assert_int_equal(required, 113);
    assert_int_equal(shared, 33);
    assert_int_equal(inspection, 88);
    assert_int_equal(pinned, 6);
    assert_int_equal(legacy, 33);
    assert_int_equal(observed, 22);
    assert_int_equal(roles, 39);
    assert_int_equal(regions, 57);
    assert_int_equal(udp, 16);
    assert_int_equal(probes, 4);
    services_free(list);
}

static void embedded_connectivity_check(void **state)
{
    (void)state;
    struct service_match out[SERVICE_MATCHES_MAX];
    struct service_list *list = services_embedded(NULL);
    assert_non_null(list);
    struct slice host = slice_str("www.msftconnecttest.com");
    assert_int_equal(services_match(list, host, TRANSPORT_TCP, 80, out), 1);
    const struct endpoint *e = &services_at(list, out[0].service)->endpoints[out[0].endpoint];
    assert_string_equal(e->probe_path, "/connecttest.txt");
    assert_string_equal(e->probe_body, "Microsoft Connect Test");
    assert_int_equal(e->probe_status, 200);
    host = slice_str("dns.msftncsi.com");
    assert_int_equal(services_match(list, host, TRANSPORT_UDP, PORT_ANY, out), 1);
    e = &services_at(list, out[0].service)->endpoints[out[0].endpoint];
    assert_string_equal(e->probe_dns_a, "131.107.255.255");
    assert_string_equal(e->probe_dns_aaaa, "fd3e:4f5a:5b81::1");
    services_free(list);
}

/* A printed path in the messages would be wrong elsewhere; the digest must be of the very bytes. */
static void digest_of_the_document(void **state)
{
    (void)state;
    struct service_list *list = services_load(slice_str(own_json), "x", NULL);
    struct service_list *same = services_load(slice_str(own_json), "y", NULL);
    struct service_list *other = services_load(slice_str(office_json), "x", NULL);
    assert_true(list && same && other);
    assert_string_equal(services_sha256(list), services_sha256(same));
    assert_string_not_equal(services_sha256(list), services_sha256(other));
    assert_int_equal(strspn(services_sha256(list), "0123456789abcdef"), 64);
    services_free(list);
    services_free(same);
    services_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* First: libcrypto makes its tables when it is first used, and must get memory for them. */
        cmocka_unit_test(digest_of_the_document),   cmocka_unit_test(loading_without_memory),
        cmocka_unit_test(appending_without_memory), cmocka_unit_test(joined_lists),
        cmocka_unit_test(the_same_id_twice),        cmocka_unit_test(embedded_services),
        cmocka_unit_test(embedded_counts),          cmocka_unit_test(embedded_connectivity_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
