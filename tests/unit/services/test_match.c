/*
 * tests/unit/services/test_match: which services a name belongs to, and why.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "services/services.h"
#include "unit.h"

#define S(text) slice_str(text)

static struct service_list *must_load(const char *json)
{
    struct err err = {0};
    struct service_list *list = services_load(S(json), "test.json", &err);
    if (!list)
        fail_msg("%s: %s", err.where, err.text);
    return list;
}

static struct service_list *embedded(void)
{
    struct err err = {0};
    struct service_list *list = services_embedded(&err);
    if (!list)
        fail_msg("%s: %s", err.where, err.text);
    return list;
}

/* "service pattern, service pattern" of what a name meets, the most important first. */
static const char *met(const struct service_list *list, struct slice host, enum transport transport,
                       uint16_t port, char out[2048])
{
    struct service_match matches[SERVICE_MATCHES_MAX];
    uint32_t count = services_match(list, host, transport, port, matches);
    size_t len = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < count; i++) {
        const struct service *s = services_at(list, matches[i].service);
        const struct endpoint *e = &s->endpoints[matches[i].endpoint];
        len += (size_t)snprintf(out + len, 2048 - len, "%s%s %s", i ? ", " : "", s->id,
                                e->pattern ? e->pattern : "-");
    }
    return out;
}

struct row {
    const char *host;
    enum transport transport;
    uint16_t port;
    const char *expected;
};

static void check_rows(const struct service_list *list, const struct row *rows, size_t count)
{
    char out[2048];
    for (size_t i = 0; i < count; i++) {
        /* An exact-size copy: nothing may be read behind the name. */
        size_t len = strlen(rows[i].host);
        uint8_t *host = unit_copy(rows[i].host, len);
        met(list, slice_of(host, len), rows[i].transport, rows[i].port, out);
        free(host);
        if (strcmp(out, rows[i].expected) != 0)
            fail_msg("row %zu, \"%s\" %u: got \"%s\", expected \"%s\"", i, rows[i].host,
                     rows[i].port, out, rows[i].expected);
    }
}

#define CHECK_ROWS(list, rows) check_rows(list, rows, sizeof(rows) / sizeof(rows)[0])

static const char kinds_json[] =
    "{\"services\": [{\"id\": \"s\", \"need\": \"required\", \"endpoints\": ["
    "{\"host\": \"www.example.com\"},"
    "{\"host\": \"*.example.com\"},"
    "{\"host\": \"*.deep.example.com\"},"
    "{\"host\": \"a*.deep.example.com\"},"
    "{\"host\": \"*x.deep.example.com\"},"
    "{\"host\": \"mid.*.example.net\"},"
    "{\"host\": \"open.*\"},"
    "{\"host\": \"wpad\"},"
    "{\"host\": \"*cdn.example.org\"},"
    "{\"match\": \"port\", \"ports\": [53], \"transport\": \"udp\"}"
    "]}]}";

static void kinds_of_patterns(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"www.example.com", TRANSPORT_TCP, 443, "s www.example.com"},
        {"WWW.Example.COM", TRANSPORT_TCP, 443, "s www.example.com"},
        {"www.example.com.", TRANSPORT_TCP, 443, "s www.example.com"},
        {"www.example.com..", TRANSPORT_TCP, 443, ""},
        {"www2.example.com", TRANSPORT_TCP, 443, "s *.example.com"},
        {"a.b.example.com", TRANSPORT_TCP, 443, "s *.example.com"},
        {"example.com", TRANSPORT_TCP, 443, ""},
        {"notexample.com", TRANSPORT_TCP, 443, ""},
        {".example.com", TRANSPORT_TCP, 443, ""},
        {"example.com.evil", TRANSPORT_TCP, 443, ""},
        {"q.deep.example.com", TRANSPORT_TCP, 443, "s *.deep.example.com"},
        {"a1.deep.example.com", TRANSPORT_TCP, 443, "s a*.deep.example.com"},
        {"a.b.deep.example.com", TRANSPORT_TCP, 443, "s a*.deep.example.com"},
        {"ax.deep.example.com", TRANSPORT_TCP, 443, "s a*.deep.example.com"},
        {"bx.deep.example.com", TRANSPORT_TCP, 443, "s *x.deep.example.com"},
        {"deep.example.com", TRANSPORT_TCP, 443, "s *.example.com"},
        {"mid.eu.example.net", TRANSPORT_TCP, 443, "s mid.*.example.net"},
        {"mid.a.b.example.net", TRANSPORT_TCP, 443, "s mid.*.example.net"},
        {"mid.example.net", TRANSPORT_TCP, 443, ""},
        {"open.corp.local", TRANSPORT_TCP, 443, "s open.*"},
        {"open", TRANSPORT_TCP, 443, ""},
        {"open.", TRANSPORT_TCP, 443, ""},
        {"wpad", TRANSPORT_TCP, 443, "s wpad"},
        {"WPAD.", TRANSPORT_TCP, 443, "s wpad"},
        {"wpad.corp", TRANSPORT_TCP, 443, ""},
        {"cdn.example.org", TRANSPORT_TCP, 443, "s *cdn.example.org"},
        {"eu-cdn.example.org", TRANSPORT_TCP, 443, "s *cdn.example.org"},
        {"cdn.example.org.x", TRANSPORT_TCP, 443, ""},
        {"www.example.com", TRANSPORT_TCP, 80, ""},
        {"www.example.com", TRANSPORT_UDP, 443, ""},
        {"www.example.com", TRANSPORT_UDP, PORT_ANY, "s www.example.com"},
        {"", TRANSPORT_UDP, 53, "s -"},
        {"", TRANSPORT_TCP, 53, ""},
        {"", TRANSPORT_UDP, 54, ""},
        {"", TRANSPORT_UDP, PORT_ANY, ""},
        {"other.test", TRANSPORT_UDP, 53, ""},
        {".", TRANSPORT_UDP, 53, ""},
        {"www.exam\\032ple.com", TRANSPORT_TCP, 443, ""},
        {"www example.com", TRANSPORT_TCP, 443, ""},
        {"*.example.com", TRANSPORT_TCP, 443, ""},
        {"w\xc3\xbcst.example.com", TRANSPORT_TCP, 443, ""},
        {"_x.example.com", TRANSPORT_TCP, 443, "s *.example.com"},
    };
    struct service_list *list = must_load(kinds_json);
    CHECK_ROWS(list, rows);
    services_free(list);
}

static void embedded_zero_byte_in_name(void **state)
{
    (void)state;
    struct service_list *list = must_load(kinds_json);
    struct service_match out[SERVICE_MATCHES_MAX];
    static const char name[] = "www\0.example.com";
    assert_int_equal(services_match(list, slice_of(name, sizeof name - 1), TRANSPORT_TCP, 443, out),
                     0);
    services_free(list);
}

static void lengths_of_names(void **state)
{
    (void)state;
    struct service_list *list = must_load(kinds_json);
    struct service_match out[SERVICE_MATCHES_MAX];
    static const char tail[] = ".example.com";
    char name[512];
    /* "aa. ... .example.com": 253 characters are a name, 254 are none. */
    for (size_t len = 250; len <= 256; len++) {
        size_t head = len - (sizeof tail - 1);
        for (size_t i = 0; i < head; i++)
            name[i] = i % 3 == 2 && i + 1 < head ? '.' : 'a';
        memcpy(name + head, tail, sizeof tail);
        uint32_t count = services_match(list, slice_of(name, len), TRANSPORT_TCP, 443, out);
        assert_int_equal(count, len <= 253);
    }
    /* A label of 63 characters is one, of 64 is none. */
    memset(name, 'a', 64);
    memcpy(name + 63, tail, sizeof tail);
    assert_int_equal(services_match(list, slice_of(name, 75), TRANSPORT_TCP, 443, out), 1);
    memset(name, 'a', 64);
    memcpy(name + 64, tail, sizeof tail);
    assert_int_equal(services_match(list, slice_of(name, 76), TRANSPORT_TCP, 443, out), 0);
    services_free(list);
}

static void ports_decide_between_endpoints(void **state)
{
    (void)state;
    static const char json[] =
        "{\"services\": [{\"id\": \"s\", \"need\": \"required\", \"endpoints\": ["
        "{\"host\": \"a.example\", \"ports\": [80], \"need\": \"optional\"},"
        "{\"host\": \"a.example\", \"ports\": [443]},"
        "{\"host\": \"*.example\", \"ports\": [8080], \"need\": \"optional\"}]}]}";
    static const struct row rows[] = {
        {"a.example", TRANSPORT_TCP, 80, "s a.example"},
        {"a.example", TRANSPORT_TCP, 443, "s a.example"},
        {"a.example", TRANSPORT_TCP, 8080, "s *.example"},
        {"a.example", TRANSPORT_TCP, 25, ""},
    };
    struct service_list *list = must_load(json);
    struct service_match out[SERVICE_MATCHES_MAX];
    CHECK_ROWS(list, rows);
    assert_int_equal(services_match(list, S("a.example"), TRANSPORT_TCP, 80, out), 1);
    assert_int_equal(out[0].endpoint, 0);
    /* By name only, the endpoint with the greater need stands for the service. */
    assert_int_equal(services_match(list, S("a.example"), TRANSPORT_TCP, PORT_ANY, out), 1);
    assert_int_equal(out[0].endpoint, 1);
    services_free(list);
}

static void order_of_services(void **state)
{
    (void)state;
    static const char json[] =
        "{\"services\": ["
        "{\"id\": \"opt\", \"need\": \"optional\", \"endpoints\": [{\"host\": \"a.test\"}]},"
        "{\"id\": \"req-opt\", \"need\": \"required\", \"endpoints\":"
        "  [{\"host\": \"a.test\", \"need\": \"optional\"}]},"
        "{\"id\": \"req-shared\", \"need\": \"required\", \"endpoints\":"
        "  [{\"host\": \"a.test\", \"shared\": true}]},"
        "{\"id\": \"req\", \"need\": \"required\", \"endpoints\": [{\"host\": \"*.test\"}]},"
        "{\"id\": \"req2\", \"need\": \"required\", \"endpoints\": [{\"host\": \"a.test\"}]},"
        "{\"id\": \"cond\", \"need\": \"conditional\", \"endpoints\": [{\"host\": \"a.test\"}]}]}";
    static const struct row rows[] = {
        {"a.test", TRANSPORT_TCP, 443,
         "req *.test, req2 a.test, req-shared a.test, req-opt a.test, cond a.test, opt a.test"},
    };
    struct service_list *list = must_load(json);
    CHECK_ROWS(list, rows);
    services_free(list);
}

/* More services than fit: those that matter most stay. */
static void more_services_than_fit(void **state)
{
    (void)state;
    char json[16384];
    size_t len = (size_t)snprintf(json, sizeof json, "{\"services\": [");
    for (int i = 0; i < 40; i++)
        len += (size_t)snprintf(json + len, sizeof json - len,
                                "%s{\"id\": \"s%d\", \"need\": \"%s\", \"endpoints\": [{\"host\": "
                                "\"%s.test\"}]}",
                                i ? "," : "", i, i % 4 == 3 ? "required" : "optional",
                                i % 2 ? "*" : "a");
    (void)snprintf(json + len, sizeof json - len, "]}");
    struct service_list *list = must_load(json);
    struct service_match out[SERVICE_MATCHES_MAX];
    uint32_t count = services_match(list, S("a.test"), TRANSPORT_TCP, 443, out);
    assert_int_equal(count, SERVICE_MATCHES_MAX);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(out[i].service, i < 10 ? 4 * i + 3 : i - 10 + (i - 10) / 3);
    services_free(list);
}

static void globs_end_in_time(void **state)
{
    (void)state;
    static const char json[] =
        "{\"services\": [{\"id\": \"s\", \"need\": \"required\", \"endpoints\": ["
        "{\"host\": \"*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b\"}]}]}";
    struct service_list *list = must_load(json);
    struct service_match out[SERVICE_MATCHES_MAX];
    char name[253];
    for (size_t i = 0; i < sizeof name; i++)
        name[i] = i % 60 == 59 ? '.' : 'a';
    for (int i = 0; i < 1000; i++)
        assert_int_equal(services_match(list, slice_of(name, sizeof name), TRANSPORT_TCP, 443, out),
                         0);
    name[252] = 'b';
    assert_int_equal(services_match(list, slice_of(name, sizeof name), TRANSPORT_TCP, 443, out), 1);
    services_free(list);
}

static void names_of_the_embedded_list(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"ztd.dds.microsoft.com", TRANSPORT_TCP, 443, "deployment-service ztd.dds.microsoft.com"},
        {"aad.cs.dds.microsoft.com", TRANSPORT_TCP, 443,
         "deployment-service aad.cs.dds.microsoft.com"},
        {"new.dds.microsoft.com", TRANSPORT_TCP, 443, "deployment-service *.dds.microsoft.com"},
        {"LOGIN.microsoftonline.com.", TRANSPORT_TCP, 443,
         "entra-id login.microsoftonline.com, wns login.microsoftonline.com"},
        {"enterpriseregistration.windows.net", TRANSPORT_TCP, 443,
         "entra-id enterpriseregistration.windows.net"},
        {"enterpriseregistration.contoso.example", TRANSPORT_TCP, 443,
         "entra-id enterpriseregistration.*"},
        {"enterpriseenrollment.contoso.example", TRANSPORT_TCP, 443,
         "intune enterpriseenrollment.*"},
        {"manage.microsoft.com", TRANSPORT_TCP, 443, "intune manage.microsoft.com"},
        {"r.manage.microsoft.com", TRANSPORT_TCP, 443, "intune r.manage.microsoft.com"},
        {"time.windows.com", TRANSPORT_UDP, 123, "ntp time.windows.com"},
        {"www.msftconnecttest.com", TRANSPORT_TCP, 80, "ncsi www.msftconnecttest.com"},
        {"a.msftconnecttest.com", TRANSPORT_TCP, 80, "ncsi *.msftconnecttest.com"},
        {"kv801.prod.do.dsp.mp.microsoft.com", TRANSPORT_TCP, 443,
         "delivery-optimization kv*.prod.do.dsp.mp.microsoft.com, "
         "windows-update *.prod.do.dsp.mp.microsoft.com"},
        {"us-v10c.events.data.microsoft.com", TRANSPORT_TCP, 443,
         "intune *.events.data.microsoft.com, intune-apps-scripts *.events.data.microsoft.com, "
         "microsoft-365 *.events.data.microsoft.com, "
         "diagnostics-data us-v10c.events.data.microsoft.com"},
        {"wpad", TRANSPORT_UDP, PORT_ANY, "proxy wpad"},
        {"wpad.corp.example", TRANSPORT_TCP, 80, "proxy wpad.*"},
        {"", TRANSPORT_UDP, 53, "dns -"},
        {"", TRANSPORT_UDP, 67, "dhcp -, proxy -"},
        {"www.example.org", TRANSPORT_TCP, 443, ""},
    };
    struct service_list *list = embedded();
    CHECK_ROWS(list, rows);
    services_free(list);
}

static void shared_host_matters_to_required_first(void **state)
{
    (void)state;
    struct service_list *list = embedded();
    struct service_match out[SERVICE_MATCHES_MAX];
    uint32_t count = services_match(list, S("login.live.com"), TRANSPORT_TCP, 443, out);
    assert_true(count >= 5);
    assert_string_equal(services_at(list, out[0].service)->id, "deployment-service");
    services_free(list);
}

static void explain_ranks_all_patterns(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "a*.deep.example.com",
        "*x.deep.example.com",
        "*.deep.example.com",
        "*.example.com",
    };
    struct service_list *list = must_load(kinds_json);
    struct service_hit hits[8];
    uint32_t count = services_explain(list, S("ax.deep.example.com"), TRANSPORT_TCP, 443, hits, 8);
    assert_int_equal(count, 4);
    for (uint32_t i = 0; i < count; i++) {
        const struct endpoint *e = &services_at(list, 0)->endpoints[hits[i].at.endpoint];
        assert_string_equal(e->pattern, expected[i]);
        assert_int_equal(hits[i].chosen, i == 0);
        assert_true(hits[i].port_fits);
    }
    assert_int_equal(hits[0].literals, 18);
    assert_int_equal(hits[3].literals, 12);
    /* Another port: all are named, none fits. */
    count = services_explain(list, S("ax.deep.example.com"), TRANSPORT_TCP, 25, hits, 8);
    assert_int_equal(count, 4);
    assert_false(hits[0].port_fits || hits[0].chosen);
    /* Fewer places than hits: the count is of all. */
    assert_int_equal(services_explain(list, S("ax.deep.example.com"), TRANSPORT_TCP, 443, hits, 2),
                     4);
    assert_int_equal(services_explain(list, S("ax.deep.example.com"), TRANSPORT_TCP, 443, NULL, 0),
                     4);
    assert_int_equal(services_explain(list, S(""), TRANSPORT_UDP, 53, hits, 8), 1);
    assert_true(hits[0].chosen);
    services_free(list);
}

static void explain_keeps_the_order_of_services(void **state)
{
    (void)state;
    struct service_list *list = embedded();
    struct service_hit hits[64];
    uint32_t count = services_explain(list, S("login.live.com"), TRANSPORT_TCP, PORT_ANY, hits, 64);
    assert_in_range(count, 5, 64);
    for (uint32_t i = 1; i < count; i++)
        assert_true(hits[i - 1].at.service <= hits[i].at.service);
    /* A cut list holds the first services, not just any. */
    struct service_hit few[3];
    assert_int_equal(services_explain(list, S("login.live.com"), TRANSPORT_TCP, PORT_ANY, few, 3),
                     count);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(few[i].at.service, hits[i].at.service);
        assert_int_equal(few[i].at.endpoint, hits[i].at.endpoint);
    }
    services_free(list);
}

/* What services_explain calls chosen is what services_match takes, for every pattern of the list. */
static void explain_and_match_agree(void **state)
{
    (void)state;
    struct service_list *list = embedded();
    struct service_match out[SERVICE_MATCHES_MAX];
    struct service_hit hits[64];
    for (uint32_t i = 0; i < services_count(list); i++) {
        const struct service *s = services_at(list, i);
        for (uint32_t e = 0; e < s->endpoint_count; e++) {
            const struct endpoint *endpoint = &s->endpoints[e];
            struct slice host = slice_str(endpoint->pattern ? endpoint->pattern : "");
            if (endpoint->match == MATCH_SUFFIX || endpoint->match == MATCH_GLOB)
                host = slice_sub(host, slice_find(host, 0, '.') + 1, host.len);
            uint32_t count =
                services_match(list, host, endpoint->transport, endpoint->ports[0], out);
            uint32_t all =
                services_explain(list, host, endpoint->transport, endpoint->ports[0], hits, 64);
            uint32_t chosen = 0;
            for (uint32_t h = 0; h < all; h++)
                chosen += hits[h].chosen;
            assert_in_range(all, 0, 64);
            assert_int_equal(chosen, count);
            if (endpoint->match == MATCH_EXACT)
                assert_true(count >= 1);
        }
    }
    services_free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_of_patterns),
        cmocka_unit_test(embedded_zero_byte_in_name),
        cmocka_unit_test(lengths_of_names),
        cmocka_unit_test(ports_decide_between_endpoints),
        cmocka_unit_test(order_of_services),
        cmocka_unit_test(more_services_than_fit),
        cmocka_unit_test(globs_end_in_time),
        cmocka_unit_test(names_of_the_embedded_list),
        cmocka_unit_test(shared_host_matters_to_required_first),
        cmocka_unit_test(explain_ranks_all_patterns),
        cmocka_unit_test(explain_keeps_the_order_of_services),
        cmocka_unit_test(explain_and_match_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
