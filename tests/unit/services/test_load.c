/*
 * tests/unit/services/test_load.c: lists that load and lists that must not, each with its message.
 * SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "services/services.h"
#include "unit.h"

#define LISTS         "tests/unit/services/lists"
#define PATH_MAX_TEST 512

static struct service_list *must_load(const char *name)
{
    char path[PATH_MAX_TEST];
    struct err err = {0};
    (void)snprintf(path, sizeof path, LISTS "/valid/%s", name);
    struct service_list *list = services_load_file(path, &err);
    if (!list)
        fail_msg("%s: %s", err.where, err.text);
    return list;
}

static int is_list(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".json") == 0;
}

static void read_line(const char *path, char *out, size_t size)
{
    FILE *f = fopen(path, "r");
    if (!f)
        fail_msg("%s is missing", path);
    assert_non_null(fgets(out, (int)size, f));
    out[strcspn(out, "\n")] = '\0';
    (void)fclose(f);
}

/* Loads a list of the folder and compares the error line with what is expected. */
static void check_invalid(const char *name)
{
    char path[PATH_MAX_TEST];
    char expected[PATH_MAX_TEST];
    char got[8192];
    struct err err = {0};
    (void)snprintf(path, sizeof path, LISTS "/invalid/%s", name);
    struct service_list *list = services_load_file(path, &err);
    if (list)
        fail_msg("%s was loaded", name);
    const char *where = strrchr(err.where, '/');
    (void)snprintf(got, sizeof got, "%s: %s", where ? where + 1 : err.where, err.text);
    memcpy(strrchr(path, '.'), ".txt", 5);
    read_line(path, expected, sizeof expected);
    if (strncmp(got, expected, strlen(expected)) != 0)
        fail_msg("%s: got \"%s\", expected \"%s\"", name, got, expected);
    for (const char *c = got; *c; c++)
        assert_true(*c >= ' ' && *c <= '~');
}

static void invalid_lists(void **state)
{
    (void)state;
    struct dirent **entries = NULL;
    int count = scandir(LISTS "/invalid", &entries, is_list, alphasort);
    assert_in_range(count, 100, 1000);
    for (int i = 0; i < count; i++) {
        check_invalid(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

static void smallest_list(void **state)
{
    (void)state;
    struct service_list *list = must_load("minimal.json");
    const struct service *s = services_find(list, "proxy");
    assert_non_null(s);
    assert_string_equal(s->name, "proxy");
    assert_string_equal(s->phase, "other");
    assert_null(s->when_unreachable);
    assert_int_equal(s->need, NEED_REQUIRED);
    assert_int_equal(s->endpoint_count, 1);
    const struct endpoint *e = &s->endpoints[0];
    assert_int_equal(e->match, MATCH_EXACT);
    assert_int_equal(e->port_count, 1);
    assert_int_equal(e->ports[0], 443);
    assert_int_equal(e->transport, TRANSPORT_TCP);
    assert_int_equal(e->need, NEED_REQUIRED);
    assert_string_equal(e->protocol, "tls");
    assert_string_equal(services_as_of(list), "unknown");
    assert_string_equal(services_name(list), LISTS "/valid/minimal.json");
    assert_null(services_find(list, "other"));
    assert_int_equal(services_count(list), 1);
    services_free(list);
}

static void byte_order_mark_and_upper_case(void **state)
{
    (void)state;
    struct service_list *list = must_load("byte-order-mark.json");
    const struct endpoint *e = &services_at(list, 0)->endpoints[0];
    assert_string_equal(e->pattern, "proxy.corp.example");
    assert_string_equal(e->protocol, "other");
    services_free(list);
}

static void every_key(void **state)
{
    (void)state;
    struct service_list *list = must_load("own-keys.json");
    const struct service *s = services_at(list, 0);
    assert_string_equal(services_as_of(list), "2026-11-01");
    assert_string_equal(s->name, "Inventory agent");
    assert_string_equal(s->phase, "apps");
    assert_null(s->when_unreachable);
    assert_string_equal(s->notes, "Written by the agent team.");
    assert_int_equal(s->issuer_count, 2);
    assert_string_equal(s->issuers[1], "CN=Contoso Device CA");
    assert_int_equal(s->range_count, 1);
    assert_string_equal(s->ranges[0], "192.0.2.0/24");
    assert_int_equal(s->endpoint_count, 7);
    const struct endpoint *e = s->endpoints;
    assert_true(e[0].pinned && e[0].no_inspection && !e[0].shared);
    assert_int_equal(e[0].port_count, 2);
    assert_int_equal(e[0].ports[1], 8443);
    assert_int_equal(e[1].match, MATCH_SUFFIX);
    assert_true(e[1].shared && e[1].legacy && !e[1].observed);
    assert_string_equal(e[1].region, "europe");
    assert_string_equal(e[1].note, "older agents");
    assert_int_equal(e[2].match, MATCH_GLOB);
    assert_string_equal(e[2].role, "crl");
    assert_string_equal(e[2].protocol, "http");
    assert_string_equal(e[2].probe_path, "/ok.txt");
    assert_int_equal(e[2].probe_status, 200);
    assert_string_equal(e[3].protocol, "ntp");
    assert_string_equal(e[4].probe_dns_aaaa, "2001:db8::1");
    assert_int_equal(e[5].match, MATCH_LABEL);
    assert_string_equal(e[5].protocol, "dns");
    assert_int_equal(e[6].match, MATCH_PORT);
    assert_null(e[6].pattern);
    services_free(list);
}

static void office365(void **state)
{
    (void)state;
    struct service_list *list = must_load("office365.json");
    assert_int_equal(services_count(list), 4);
    assert_string_equal(services_at(list, 0)->id, "m365-exchange");
    assert_string_equal(services_at(list, 1)->id, "m365-skype");
    assert_string_equal(services_at(list, 1)->name, "Microsoft Teams");
    assert_string_equal(services_at(list, 2)->id, "m365-sharepoint");
    assert_string_equal(services_at(list, 3)->id, "m365-common");

    const struct service *exchange = services_at(list, 0);
    assert_int_equal(exchange->need, NEED_CONDITIONAL);
    assert_int_equal(exchange->endpoint_count, 7); /* three names over TCP and UDP, one over TCP */
    assert_string_equal(exchange->endpoints[0].protocol, "web");
    assert_string_equal(exchange->endpoints[1].protocol, "quic");
    assert_int_equal(exchange->endpoints[0].need, NEED_REQUIRED);
    assert_int_equal(exchange->endpoints[6].need, NEED_OPTIONAL);
    assert_int_equal(exchange->endpoints[6].port_count, 4);

    /* Three names; TCP fits one endpoint, the ten UDP ports need two. The set without URLs adds none. */
    const struct service *teams = services_at(list, 1);
    assert_int_equal(teams->endpoint_count, 9);
    assert_int_equal(teams->endpoints[1].port_count, 8);
    assert_int_equal(teams->endpoints[2].port_count, 2);
    assert_int_equal(teams->endpoints[2].ports[1], 3486);

    struct service_match out[SERVICE_MATCHES_MAX];
    assert_int_equal(
        services_match(list, slice_str("x-files.sharepoint.com"), TRANSPORT_TCP, 443, out), 1);
    assert_int_equal(out[0].service, 2);
    assert_int_equal(
        services_match(list, slice_str("autodiscover.a.onmicrosoft.com"), TRANSPORT_TCP, 443, out),
        1);
    assert_int_equal(services_match(list, slice_str("www.office.com"), TRANSPORT_TCP, 443, out), 1);
    assert_string_equal(services_at(list, 3)->endpoints[1].pattern, "*.office.com");
    services_free(list);
}

static void every_prefix_of_a_list_is_refused(void **state)
{
    (void)state;
    static const char json[] =
        "{\"services\": [{\"id\": \"a\", \"need\": \"required\", \"endpoints\":"
        " [{\"host\": \"*.example\", \"ports\": [80, 443]}]}]}";
    for (size_t len = 0; len < sizeof json - 1; len++) {
        struct err err = {0};
        uint8_t *copy = unit_copy(json, len);
        assert_null(services_load(slice_of(copy, len), "x", &err));
        assert_true(err.text[0] != '\0' && strncmp(err.where, "x:1:", 4) == 0);
        free(copy);
    }
    struct service_list *list = services_load(slice_str(json), "x", NULL);
    assert_non_null(list);
    services_free(list);
    assert_null(services_load(slice_str("{"), "x", NULL));
}

static void every_byte_flipped(void **state)
{
    (void)state;
    static const char json[] =
        "{\"as_of\": \"2026\", \"services\": [{\"id\": \"a\", \"need\": \"required\", "
        "\"issuers\": [\"x\"], \"endpoints\": [{\"host\": \"a*.example\", \"ports\": [80, "
        "443]}]}]}";
    uint8_t *copy = unit_copy(json, sizeof json - 1);
    for (size_t i = 0; i < sizeof json - 1; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct err err = {0};
            copy[i] ^= (uint8_t)(1U << bit);
            struct service_list *list = services_load(slice_of(copy, sizeof json - 1), "x", &err);
            assert_int_equal(list == NULL, err.text[0] != '\0');
            services_free(list);
            copy[i] ^= (uint8_t)(1U << bit);
        }
    }
    free(copy);
}

static void files_that_cannot_be_read(void **state)
{
    (void)state;
    struct err err = {0};
    assert_null(services_load_file(LISTS "/none.json", &err));
    assert_string_equal(err.where, LISTS "/none.json");
    assert_non_null(strstr(err.text, "No such file"));
    assert_null(services_load_file(LISTS, &err));
    assert_non_null(strstr(err.text, "cannot read"));
}

static void files_that_are_too_large(void **state)
{
    (void)state;
    char path[] = "/tmp/oobescope-list-XXXXXX";
    struct err err = {0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, SERVICES_FILE_MAX + 1), 0);
    assert_null(services_load_file(path, &err));
    assert_string_equal(err.text, "larger than 16 MiB, which no service list is");
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(path), 0);
}

/* One service more than SERVICES_ENDPOINTS_MAX endpoints allow. */
static void too_many_endpoints(void **state)
{
    (void)state;
    struct err err = {0};
    struct buf json;
    buf_init(&json);
    buf_str(&json, "{\"services\": [{\"id\": \"a\", \"need\": \"required\",\n\"endpoints\": [");
    for (int i = 0; i <= SERVICES_ENDPOINTS_MAX; i++)
        buf_printf(&json, "%s{\"host\": \"h%d.test\"}", i ? "," : "", i);
    buf_str(&json, "]}]}");
    assert_false(json.failed);
    assert_null(services_load(buf_view(&json), "big", &err));
    assert_string_equal(err.where, "big:2:14");
    assert_string_equal(err.text, "more than 65535 endpoints in the list");
    buf_clear(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invalid_lists),
        cmocka_unit_test(smallest_list),
        cmocka_unit_test(byte_order_mark_and_upper_case),
        cmocka_unit_test(every_key),
        cmocka_unit_test(office365),
        cmocka_unit_test(every_prefix_of_a_list_is_refused),
        cmocka_unit_test(every_byte_flipped),
        cmocka_unit_test(files_that_cannot_be_read),
        cmocka_unit_test(files_that_are_too_large),
        cmocka_unit_test(too_many_endpoints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
