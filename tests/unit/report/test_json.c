/*
 * Tests of report/json and report/out: texts that parse, files that are whole.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <unistd.h>

#include "report/json.h"
#include "report/out.h"
#include "unit.h"

static void put_some(struct json *j)
{
    struct ip_addr a = addr_v4(0x0a000001);
    struct ip_addr none = {.family = 0};
    json_open(j, NULL, '{');
    json_u64(j, "n", 5);
    json_text(j, "t", "a\"b");
    json_bool(j, "f", false);
    json_null(j, "z");
    json_ms(j, "ms", 1234567890);
    json_ms(j, "neg", -1500);
    json_addr(j, "ip", &a);
    json_addr_if(j, "no", &none);
    json_text_if(j, "none", "");
    json_open(j, "list", '[');
    json_text(j, NULL, "x");
    json_open(j, NULL, '{');
    json_close(j, '}');
    json_close(j, ']');
    json_close(j, '}');
}

static void writes_one_line(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    struct json j = {.buf = &b};
    put_some(&j);
    assert_int_equal(j.depth, 0);
    assert_slice_equal(buf_view(&b),
                       "{\"n\":5,\"t\":\"a\\\"b\",\"f\":false,\"z\":null,\"ms\":1234.567,"
                       "\"neg\":-0.001,\"ip\":\"10.0.0.1\",\"list\":[\"x\",{}]}");
    buf_clear(&b);
}

static void writes_indented(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    struct json j = {.buf = &b, .indented = true};
    json_open(&j, NULL, '{');
    json_open(&j, "empty", '[');
    json_close(&j, ']');
    json_open(&j, "list", '[');
    json_u64(&j, NULL, 1);
    buf_reset(&b); /* flushed between members */
    json_u64(&j, NULL, 2);
    json_close(&j, ']');
    json_close(&j, '}');
    assert_slice_equal(buf_view(&b), ",\n    2\n  ]\n}");
    buf_clear(&b);
}

static void reals_stay_reals(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } rows[] = {{0, "0.0"}, {12, "12.0"}, {1.5, "1.5"}, {598.123456789, "598.123456789"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b;
        buf_init(&b);
        struct json j = {.buf = &b};
        json_real(&j, NULL, rows[i].value);
        assert_slice_equal(buf_view(&b), rows[i].text);
        buf_clear(&b);
    }
}

static void a_file_appears_only_when_committed(void **state)
{
    (void)state;
    char folder[] = "/tmp/oobescope-out.XXXXXX";
    assert_non_null(mkdtemp(folder));
    char path[64];
    (void)snprintf(path, sizeof path, "%s/report", folder);

    struct out out;
    assert_true(out_open(&out, path));
    buf_str(&out.buf, "never finished");
    out_flush(&out);
    assert_int_equal(access(path, F_OK), -1);
    out_close(&out);

    assert_true(out_open(&out, path));
    buf_str(&out.buf, "whole");
    assert_true(out_commit(&out));
    out_close(&out);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    char text[16] = "";
    assert_non_null(fgets(text, sizeof text, f));
    (void)fclose(f);
    assert_string_equal(text, "whole");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); /* nothing else was left in it */
}

static void errors_are_kept(void **state)
{
    (void)state;
    struct out out;
    assert_false(out_open(&out, "/nonexistent/folder/report"));
    assert_non_null(strstr(out.err.where, "/nonexistent"));
    out_close(&out);
    assert_true(out_open(&out, "/dev/full"));
    buf_str(&out.buf, "x");
    assert_false(out_commit(&out));
    assert_string_equal(out.err.where, "/dev/full");
    out_close(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_one_line),  cmocka_unit_test(writes_indented),
        cmocka_unit_test(reals_stay_reals), cmocka_unit_test(a_file_appears_only_when_committed),
        cmocka_unit_test(errors_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
