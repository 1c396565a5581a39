/*
 * Tests of live/pages, live/rows and live/metrics: documents that parse, whatever devices call themselves.
 * SPDX-License-Identifier: MIT
 */
#include <ctype.h>
#include <stdio.h>

#include <jansson.h>

#include "../../../src/live/sensor.h"
#include "unit.h"

#define EVIL "a\"b\n\x1b[31m\\{}"

struct bench {
    struct sensor s;
    struct live_options options;
    struct device running;
    struct device bystander;
    struct http_answer answer;
};

static struct past *end_one(struct sensor *s, uint32_t number)
{
    struct past *p = &s->past[s->past_next];
    s->past_next = (s->past_next + 1) % PAST_MAX;
    s->past_count += s->past_count < PAST_MAX;
    *p = (struct past){.row = {.number = number, .end = DEVICE_FAILED, .ended_ns = 9 * NS_PER_S}};
    (void)snprintf(p->row.address, sizeof p->row.address, "10.20.0.%u", (unsigned)number);
    p->row.summary.judged = true;
    p->row.summary.verdict = VERDICT_BLOCKED;
    (void)snprintf(p->row.summary.causes[0], DEVICE_TEXT_MAX, "%s", EVIL);
    return p;
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->options.interface_count = 2;
    b->s.options = &b->options;
    b->s.open_interfaces = 2;
    b->s.packet_ns = 1234567890123456789;
    b->s.counts.packets = 7;
    b->s.drops.all.tap = (struct tap_drops){3, 4};
    b->s.counts.verdicts[VERDICT_BLOCKED] = 2;
    b->running = (struct device){.number = 5, .sign_ns = 1, .address_count = 1};
    assert_true(addr_parse(&b->running.addresses[0], "10.20.0.5"));
    (void)snprintf(b->running.summary.name, sizeof b->running.summary.name, "%s", EVIL);
    b->bystander = (struct device){.number = 6};
    b->s.roster.devices[0] = &b->bystander;
    b->s.roster.devices[2] = &b->running;
    b->s.roster.top = 3;
    b->s.roster.count = 2;
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    buf_clear(&b->answer.body);
    for (int i = 0; i < PAST_MAX; i++) {
        buf_clear(&b->s.past[i].json);
        buf_clear(&b->s.past[i].text);
    }
    free(b);
    return 0;
}

/* The body, ended by NUL. */
static const char *get(struct bench *b, const char *path, unsigned status)
{
    buf_reset(&b->answer.body);
    b->answer.status = 200;
    b->answer.type = NULL;
    pages_answer(&b->s, path, &b->answer);
    assert_int_equal(b->answer.status, status);
    buf_char(&b->answer.body, '\0');
    return b->answer.body.data;
}

/* ---- Prometheus text, by the rules of its format ------------------------------------------------- */

static bool is_name(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)text[i]) && text[i] != '_')
            return false;
    }
    return len > 0 && !isdigit((unsigned char)text[0]);
}

static void check_sample(const char *line, const char *family)
{
    size_t len = strcspn(line, "{ ");
    assert_true(is_name(line, len));
    assert_int_equal(len, strlen(family));
    assert_memory_equal(line, family, len);
    const char *at = line + len;
    if (*at == '{') {
        size_t label = strcspn(at + 1, "=");
        assert_true(is_name(at + 1, label));
        at += 1 + label;
        assert_memory_equal(at, "=\"", 2);
        at += 2 + strcspn(at + 2, "\"\\\n");
        assert_memory_equal(at, "\"}", 2);
        at += 2;
    }
    char *end;
    assert_int_equal(*at, ' ');
    assert_true(isdigit((unsigned char)at[1]));
    (void)strtod(at + 1, &end);
    assert_int_equal(*end, '\0');
}

/* Lines of `text` that begin with the first `len` bytes of `line`. */
static unsigned count_lines(const char *text, const char *line, size_t len)
{
    unsigned count = 0;
    for (const char *p = text; *p; p += strcspn(p, "\n") + 1)
        count += strncmp(p, line, len) == 0;
    return count;
}

/* HELP, TYPE, then samples, family by family, nothing twice; counters end in _total, and only they. */
static void metrics_follow_the_format(void **state)
{
    struct bench *b = *state;
    char family[128] = "";
    unsigned families = 0, samples = 0, after_head = 1;
    bool typed = true;
    const char *text = get(b, "/metrics", 200);
    for (const char *p = text; *p;) {
        char line[256], type[16], name[128];
        size_t len = strcspn(p, "\n");
        assert_true(len > 0 && len < sizeof line && p[len] == '\n');
        memcpy(line, p, len);
        line[len] = '\0';
        p += len + 1;
        if (strncmp(line, "# HELP ", 7) == 0) {
            assert_true(typed && after_head > 0);
            assert_int_equal(sscanf(line, "# HELP %127s %15s", family, type), 2);
            assert_true(is_name(family, strlen(family)));
            assert_int_equal(count_lines(text, line, strlen("# HELP ") + strlen(family) + 1), 1);
            typed = false;
            families++;
        } else if (line[0] == '#') {
            assert_int_equal(sscanf(line, "# TYPE %127s %15s", name, type), 2);
            assert_string_equal(name, family);
            bool total = strlen(name) > 6 && strcmp(name + strlen(name) - 6, "_total") == 0;
            assert_string_equal(type, total ? "counter" : "gauge");
            typed = true;
            after_head = 0;
        } else {
            assert_true(typed);
            check_sample(line, family);
            /* No label has a space in it: the series ends at the first. */
            assert_int_equal(count_lines(text, line, strcspn(line, " ") + 1), 1);
            after_head++;
            samples++;
        }
    }
    assert_true(families >= 14 && samples > families);
    assert_non_null(strstr(b->answer.type, "version=0.0.4"));
}

static void metrics_say_what_was_counted(void **state)
{
    struct bench *b = *state;
    static const char *const lines[] = {
        "\noobescope_packets_total 7\n",
        "\noobescope_packets_dropped_total{by=\"kernel\"} 3\n",
        "\noobescope_packets_dropped_total{by=\"interface\"} 4\n",
        "\noobescope_packet_time_seconds 1234567890.123456\n",
        "\noobescope_devices{state=\"deploying\"} 1\n",
        "\noobescope_devices{state=\"watched\"} 1\n",
        "\noobescope_verdicts_total{verdict=\"blocked\"} 2\n",
        "\noobescope_interfaces{state=\"gone\"} 0\n",
    };
    const char *text = get(b, "/metrics", 200);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_non_null(strstr(text, lines[i]));
}

/* ---- JSON --------------------------------------------------------------------------------------- */

static json_t *get_json(struct bench *b, const char *path)
{
    json_error_t error;
    json_t *doc = json_loads(get(b, path, 200), JSON_REJECT_DUPLICATES, &error);
    assert_non_null(doc);
    assert_string_equal(b->answer.type, "application/json");
    return doc;
}

static const char *text_of(json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void the_list_has_running_and_ended_ones(void **state)
{
    struct bench *b = *state;
    (void)end_one(&b->s, 3);
    (void)end_one(&b->s, 4);
    json_t *doc = get_json(b, "/api/devices");
    json_t *devices = json_object_get(doc, "devices");
    assert_int_equal(json_array_size(devices), 3); /* not the bystander */
    json_t *first = json_array_get(devices, 0);
    assert_int_equal(json_integer_value(json_object_get(first, "id")), 5);
    assert_string_equal(text_of(first, "state"), "running");
    assert_string_equal(text_of(first, "name"), EVIL);
    assert_true(json_is_null(json_object_get(first, "verdict")));
    json_t *second = json_array_get(devices, 1); /* the newest of the ended */
    assert_string_equal(text_of(second, "address"), "10.20.0.4");
    assert_string_equal(text_of(second, "verdict"), "blocked");
    assert_string_equal(json_string_value(json_array_get(json_object_get(second, "causes"), 0)),
                        EVIL);
    json_decref(doc);
}

static void a_device_has_its_report(void **state)
{
    struct bench *b = *state;
    buf_str(&end_one(&b->s, 3)->json, "{\"schema\": \"x\"}\n");
    (void)end_one(&b->s, 4); /* whose report was too large */
    json_t *doc = get_json(b, "/api/devices/3");
    assert_string_equal(text_of(json_object_get(doc, "report"), "schema"), "x");
    json_decref(doc);
    doc = get_json(b, "/api/devices/4");
    assert_true(json_is_null(json_object_get(doc, "report")));
    assert_string_equal(text_of(doc, "state"), "failed");
    json_decref(doc);
}

static void only_so_many_are_remembered(void **state)
{
    struct bench *b = *state;
    for (uint32_t i = 0; i < PAST_MAX + 3; i++)
        (void)end_one(&b->s, 100 + i);
    json_t *doc = get_json(b, "/api/devices");
    assert_int_equal(json_array_size(json_object_get(doc, "devices")), 1 + PAST_MAX);
    json_decref(doc);
    (void)get(b, "/api/devices/102", 404);
    json_decref(get_json(b, "/api/devices/103"));
}

static void other_paths_are_not_there(void **state)
{
    static const char *const paths[] = {
        "/",
        "",
        "/metrics/",
        "/api/devices/",
        "/api/devices/6",
        "/api/devices/0",
        "/api/devices/5x",
        "/api/devices/-5",
        "/api/devices/99999999999",
        "/api/devices/../5",
        "/etc/passwd",
    };
    struct bench *b = *state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        (void)get(b, paths[i], 404);
}

static void health_is_that_of_the_interfaces(void **state)
{
    struct bench *b = *state;
    assert_string_equal(get(b, "/healthz", 200), "ok\n");
    b->s.open_interfaces = 1;
    assert_string_equal(get(b, "/healthz", 503), "an interface is gone\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(metrics_follow_the_format, set_up, tear_down),
        cmocka_unit_test_setup_teardown(metrics_say_what_was_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_list_has_running_and_ended_ones, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_device_has_its_report, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_so_many_are_remembered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_paths_are_not_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(health_is_that_of_the_interfaces, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("live/pages", tests, NULL, NULL);
}
