/*
 * tests/unit/diagnose/test_content: downloads: ranges, bodies that end early, delivery without its service.
 * SPDX-License-Identifier: MIT
 */
#include "lab_web.h"

static void ranges_that_are_not_served(void **state)
{
    static const struct {
        struct lab_http how;
        bool bad;
    } ROWS[] = {
        {{.status = 200, .range_from = 1000000, .range_to = 1999999, .length = 90000000}, true},
        {{.status = 200, .range_to = 999999, .length = 90000000, .no_ranges = true}, true},
        {{.status = 501, .range_to = 999999}, false}, /* an error already */
        {{.status = 416, .range_to = 999999}, true},
        {{.status = 206, .range_from = 1000, .range_to = 1999, .length = 1000}, true}, /* from 0 */
        {{.status = 206, .range_from = 1000, .range_to = 1999, .content_from = 1000}, false},
        {{.status = 416, .range_from = 90000000, .range_to = 91000000}, false}, /* behind the end */
        {{.status = 200, .range_from = 0, .range_to = 4095, .length = 4096}, false}, /* the whole */
        {{.status = 200, .range_from = 10, .range_to = 20, .length = 30000}, false}, /* small */
        {{.status = 200, .length = 90000000}, false}, /* no range asked for */
        /* chunked: no length is announced */
        {{.status = 200, .range_from = 1000000, .range_to = 1999999, .came = 90000000}, true},
        {{.status = 200, .range_from = 10, .range_to = 20, .came = 30000}, false},
        {{.status = 200, .range_to = 99999, .came = 100000}, false}, /* the whole */
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        open_web(&l);
        lab_http(&l, 1000, FILES, ROWS[i].how);
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_HTTP_RANGE_IGNORED, FILES);
        assert_int_equal(f != NULL, ROWS[i].bad);
        if (f) {
            assert_int_equal(f->severity, SEVERITY_WARNING);
            assert_int_equal(lab_status(r, "delivery-optimization"), STATUS_DEGRADED);
            assert_non_null(lab_cause(r, "ranges-ignored"));
        }
        lab_close(&l);
    }
}

static void ranges_that_work_later_are_a_note(void **state)
{
    struct lab l;
    (void)state;
    open_web(&l);
    lab_http(&l, 1000, FILES,
             (struct lab_http){.status = 200, .range_to = 999999, .length = 90000000});
    lab_http(&l, 2000, FILES,
             (struct lab_http){.status = 206, .range_to = 999999, .length = 1000000});
    const struct result *r = lab_judge(&l);
    assert_int_equal(lab_finding(r, FINDING_HTTP_RANGE_IGNORED, FILES)->severity, SEVERITY_INFO);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

static void download(struct lab *l, int64_t at, int64_t came, bool cut)
{
    lab_http(l, at, FILES,
             (struct lab_http){.status = 200, .length = 90000000, .came = came, .cut = cut});
}

static void downloads_cut_at_one_size(void **state)
{
    struct lab l;
    (void)state;
    open_web(&l);
    download(&l, 1000, 10485760, true);
    download(&l, 2000, 10450000, true);
    download(&l, 3000, 10485000, true);
    const struct result *r = lab_judge(&l);
    const struct finding *f = lab_finding(r, FINDING_HTTP_CUT_SHORT, FILES);
    assert_int_equal(f->severity, SEVERITY_ERROR);
    assert_string_equal(f->detail,
                        "the server's side ends the body after about 10.5 MB, 3 times in a row "
                        "at this size");
    assert_non_null(lab_cause(r, "downloads-cut"));
    assert_int_equal(r->verdict, VERDICT_DEGRADED); /* an optional service */
    lab_close(&l);
}

static void other_cuts_are_notes(void **state)
{
    struct lab l;
    (void)state;
    /* Once, and at different sizes: a network that is bad, no limit. */
    open_web(&l);
    download(&l, 1000, 10485760, true);
    download(&l, 2000, 3000000, true);
    const struct result *r = lab_judge(&l);
    const struct finding *f = lab_finding(r, FINDING_HTTP_CUT_SHORT, FILES);
    assert_int_equal(f->severity, SEVERITY_INFO);
    assert_int_equal(f->culprit, CULPRIT_NONE); /* nothing tells */
    assert_int_equal(f->confidence, CONFIDENCE_POSSIBLE);
    lab_close(&l);
    /* The whole came in the end. */
    open_web(&l);
    download(&l, 1000, 10485760, true);
    download(&l, 2000, 10485760, true);
    download(&l, 3000, 90000000, false);
    r = lab_judge(&l);
    assert_int_equal(lab_finding(r, FINDING_HTTP_CUT_SHORT, FILES)->severity, SEVERITY_INFO);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
    /* Content by address comes from a cache of the site: nobody's business. */
    open_web(&l);
    lab_http(&l, 1000, "10.0.0.77",
             (struct lab_http){.status = 200, .range_to = 999999, .length = 90000000});
    r = lab_judge(&l);
    assert_int_equal(r->finding_count, 0);
    lab_close(&l);
}

static void delivery_without_its_service_goes_on(void **state)
{
    (void)state;
    for (int content = 0; content < 2; content++) {
        struct lab l;
        open_web(&l);
        lab_tcp(&l, 1000, TRACK, 443, (struct lab_tcp){0});
        if (content)
            download(&l, 2000, 90000000, false);
        const struct result *r = lab_judge(&l);
        assert_int_equal(r->verdict, VERDICT_DEGRADED);
        assert_int_equal(r->cause_count, 1);
        assert_string_equal(r->causes[0].kind,
                            content ? "delivery-optimization" : "host-unreachable");
        lab_close(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_that_are_not_served),
        cmocka_unit_test(ranges_that_work_later_are_a_note),
        cmocka_unit_test(downloads_cut_at_one_size),
        cmocka_unit_test(other_cuts_are_notes),
        cmocka_unit_test(delivery_without_its_service_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
