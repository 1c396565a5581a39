/*
 * Tests of report/json_line and report/out: lines that parse, files that are whole.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <unistd.h>

#include "../../../src/report/json_line.h"
#include "report/out.h"
#include "unit.h"

static void writes_one_object(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    struct ip_addr a = addr_v4(0x0a000001);
    line_open(&b, NULL, '{');
    line_u64(&b, "n", 5);
    line_text(&b, "t", "a\"b");
    line_bool(&b, "f", false);
    line_ms(&b, "ms", 1234567890);
    line_ms(&b, "neg", -1500);
    line_addr(&b, "ip", &a);
    line_text_if(&b, "none", "");
    line_open(&b, "list", '[');
    line_text(&b, NULL, "x");
    line_open(&b, NULL, '{');
    line_close(&b, '}');
    line_close(&b, ']');
    line_close(&b, '}');
    assert_slice_equal(buf_view(&b),
                       "{\"n\":5,\"t\":\"a\\\"b\",\"f\":false,\"ms\":1234.567,\"neg\":-0.001,"
                       "\"ip\":\"10.0.0.1\",\"list\":[\"x\",{}]}");
    buf_clear(&b);
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
        cmocka_unit_test(writes_one_object),
        cmocka_unit_test(a_file_appears_only_when_committed),
        cmocka_unit_test(errors_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
