/*
 * tests/unit/diagnose/test_matches: kept matches are those of services_match.
 * SPDX-License-Identifier: MIT
 */
#include "../../../src/diagnose/matches.h"
#include "unit.h"

static struct service_list *list;

static int open_list(void **state)
{
    (void)state;
    struct err err;
    list = services_embedded(&err);
    return list ? 0 : -1;
}

static int close_list(void **state)
{
    (void)state;
    services_free(list);
    return 0;
}

static void check_same(struct matches *m, uint32_t name, struct slice host,
                       enum transport transport, uint16_t port)
{
    struct service_match want[SERVICE_MATCHES_MAX], got[SERVICE_MATCHES_MAX];
    uint32_t count = services_match(list, host, transport, port, want);
    for (int times = 0; times < 2; times++) { /* found, then kept */
        assert_int_equal(matches_find(m, name, transport, port, got), count);
        assert_memory_equal(got, want, count * sizeof *want);
    }
}

static void test_same(void **state)
{
    (void)state;
    static const char *const hosts[] = {"login.microsoftonline.com", "time.windows.com",
                                        "www.msftconnecttest.com", "nobody.example"};
    static const uint16_t ports[] = {PORT_ANY, 53, 80, 123, 443};
    struct intern *names = intern_new(100, 10000);
    struct matches *m = matches_new(list, names);
    assert_non_null(m);
    for (size_t h = 0; h < sizeof hosts / sizeof *hosts; h++) {
        uint32_t name = intern_add(names, slice_str(hosts[h]));
        for (size_t p = 0; p < sizeof ports / sizeof *ports; p++) {
            check_same(m, name, slice_str(hosts[h]), TRANSPORT_TCP, ports[p]);
            check_same(m, name, slice_str(hosts[h]), TRANSPORT_UDP, ports[p]);
            check_same(m, INTERN_NONE, slice_of(NULL, 0), TRANSPORT_UDP, ports[p]);
        }
    }
    matches_free(m);
    intern_free(names);
    matches_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same, open_list, close_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
