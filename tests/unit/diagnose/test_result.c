/*
 * tests/unit/diagnose/test_result: status of services, verdicts, devices.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "lab.h"

#define HOST "ztd.example.com"

static const struct lab_tls WORKS = {.outcome = TLS_COMPLETED};
static const struct lab_tls SILENT = {.outcome = TLS_NO_SERVER_HELLO};

/* ---- status ---- */

static void what_was_not_tried_is_not_seen(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, HOST);
    const struct result *r = lab_judge(&l);
    assert_int_equal(lab_status(r, "profile"), STATUS_REACHABLE);
    assert_int_equal(lab_status(r, "dns"), STATUS_REACHABLE);
    assert_int_equal(lab_status(r, "store"), STATUS_NOT_SEEN);
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    const struct device_result *d = &r->devices[0];
    assert_int_equal(d->not_tested_count, 8);
    assert_string_equal(d->not_tested[0], "activation");
    assert_string_equal(d->phase, "profile");
    assert_string_equal(d->stopped_at, "");
    lab_close(&l);
}

static void a_shared_host_speaks_for_its_own_service_only(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, "login.example.net");
    const struct result *r = lab_judge(&l);
    assert_int_equal(lab_status(r, "profile"), STATUS_REACHABLE);
    assert_int_equal(lab_status(r, "activation"), STATUS_NOT_SEEN);
    lab_close(&l);

    lab_open(&l);
    lab_tls(&l, 0, "login.example.net", SILENT);
    r = lab_judge(&l);
    assert_int_equal(lab_status(r, "profile"), STATUS_FAILED);
    assert_int_equal(lab_status(r, "activation"), STATUS_FAILED);
    assert_string_equal(r->findings[0].service->id, "profile"); /* not shared there */
    assert_int_equal(r->finding_count, 1);
    lab_close(&l);
}

static void an_optional_endpoint_only_degrades(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, HOST);
    lab_tls(&l, 1000, "extra.example.com", SILENT);
    const struct result *r = lab_judge(&l);
    assert_int_equal(lab_status(r, "profile"), STATUS_DEGRADED);
    assert_int_equal(r->findings[0].severity, SEVERITY_WARNING);
    assert_int_equal(r->verdict, VERDICT_DEGRADED);
    lab_close(&l);
}

static void without_required_endpoints_any_counts(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, HOST);
    lab_use(&l, 500, "more.example.com");
    lab_tls(&l, 1000, "events.example.com", SILENT);
    const struct result *r = lab_judge(&l);
    assert_int_equal(lab_status(r, "telemetry"), STATUS_FAILED);
    assert_int_equal(r->verdict, VERDICT_DEGRADED);
    lab_close(&l);
}

static void a_conditional_service_degrades_the_verdict(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, HOST);
    lab_tls(&l, 1000, "a.store.example.com", SILENT);
    const struct result *r = lab_judge(&l);
    assert_int_equal(lab_status(r, "store"), STATUS_FAILED);
    assert_int_equal(r->findings[0].severity, SEVERITY_ERROR);
    assert_int_equal(r->verdict, VERDICT_DEGRADED);
    assert_string_equal(r->devices[0].stopped_at, "");
    lab_close(&l);
}

static void hosts_are_listed_with_attempts_and_findings(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, HOST);
    lab_tls(&l, 1000, HOST, WORKS);
    lab_tls(&l, 60000, "login.example.net", SILENT);
    lab_tls(&l, 70000, "login.example.net", SILENT);
    const struct result *r = lab_judge(&l);
    const struct service_result *s = &r->services[0];
    assert_string_equal(s->service->id, "profile");
    assert_int_equal(s->endpoint_count, 2);
    const struct host_result *good = &s->endpoints[0].hosts[0];
    assert_string_equal(good->host, HOST);
    assert_int_equal(good->attempts, 2);
    assert_int_equal(good->successes, 2);
    assert_int_equal(good->finding_count, 0);
    const struct host_result *bad = &s->endpoints[1].hosts[0];
    assert_string_equal(bad->host, "login.example.net");
    assert_int_equal(bad->attempts, 2);
    assert_int_equal(bad->successes, 0);
    assert_int_equal(bad->status, STATUS_FAILED);
    assert_int_equal(bad->finding_count, 1);
    assert_int_equal(bad->findings[0], r->findings[0].id);
    assert_int_equal(r->devices[0].statuses[0], s->status);
    assert_int_equal(r->findings[0].count, 2);
    lab_close(&l);
}

static void a_name_resolved_but_not_used_is_inconclusive(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_resolve(&l, 0, HOST);
    const struct result *r = lab_judge(&l);
    assert_int_equal(lab_status(r, "profile"), STATUS_INCONCLUSIVE);
    assert_int_equal(r->verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(r->finding_count, 0);
    lab_close(&l);
}

/* ---- devices ---- */

static void the_top_is_the_worst_of_the_devices(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, HOST);
    l.device = "10.0.0.6";
    lab_tls(&l, 100, HOST, SILENT);
    l.device = "10.0.0.7";
    lab_tls(&l, 200, HOST, SILENT);
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->device_count, 3);
    assert_int_equal(lab_device(r, "10.0.0.5")->verdict, VERDICT_CLEAR);
    assert_int_equal(lab_device(r, "10.0.0.5")->finding_count, 0);
    const struct device_result *bad = lab_device(r, "10.0.0.6");
    assert_int_equal(bad->verdict, VERDICT_BLOCKED);
    assert_int_equal(bad->finding_count, 1);
    assert_int_equal(bad->findings[0], 1);
    assert_int_equal(bad->cause_count, 1);
    assert_int_equal(r->verdict, VERDICT_BLOCKED);
    assert_int_equal(lab_status(r, "profile"), STATUS_FAILED);
    assert_int_equal(r->finding_count, 2);
    assert_int_equal(r->cause_count, 1); /* one cause for both */
    assert_int_equal(r->causes[0].explain_count, 2);
    lab_close(&l);
}

static void those_that_are_asked_are_no_devices(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    lab_use(&l, 0, HOST);
    lab_connect(&l, 100, HOST ":443", 200);
    /* The resolver asks on for its clients, the proxy connects for its own. */
    l.device = "10.0.0.53";
    l.resolver = "192.0.2.1";
    lab_dns(&l, 200, HOST, LAB_A, NO_REPLY, NULL);
    l.device = "203.0.113.7"; /* the server of the lab, here the proxy too */
    lab_tls(&l, 300, HOST, SILENT);
    /* A bystander that wants nothing of the list. */
    l.device = "10.0.0.99";
    l.resolver = "10.0.0.53";
    lab_dns(&l, 400, "www.elsewhere.test", LAB_A, NXDOMAIN, NULL);
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->device_count, 1);
    assert_non_null(lab_device(r, "10.0.0.5"));
    assert_int_equal(r->verdict, VERDICT_CLEAR);
    lab_close(&l);
}

static void addresses_of_one_mac_are_one_device(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    l.has_mac = true;
    l.mac = (struct mac_addr){{2, 0, 0, 0, 0, 5}};
    l.device = "2001:db8::5";
    l.server = "2001:db8:1::7";
    lab_tls(&l, 0, "act.example.org", WORKS);
    l.device = "2001:db8::55";
    lab_tls(&l, 10, HOST, SILENT);
    l.device = "10.0.0.5";
    l.server = NULL;
    lab_use(&l, 100, HOST);
    struct ip_addr v6 = lab_addr("2001:db8::55"), v4 = lab_addr("10.0.0.5");
    struct ip_addr known = diagnosis_device_of(l.d, &v6);
    assert_true(addr_eq(&known, &v4));
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->device_count, 1);
    const struct device_result *d = lab_device(r, "10.0.0.5");
    assert_non_null(d);
    assert_int_equal(d->address_count, 3);
    assert_true(d->has_mac);
    assert_int_equal(d->verdict, VERDICT_CLEAR);
    assert_int_equal(lab_status(r, "activation"), STATUS_REACHABLE);
    assert_int_equal(lab_troubles(r), 0);
    /* The filter of an IPv6 exchange does not ask for the IPv4 address. */
    assert_string_equal(r->findings[0].display_filter,
                        "ipv6.addr == 2001:db8:1::7 && tcp.port == 443");
    lab_close(&l);
}

static void a_router_mac_joins_nobody(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    l.has_mac = true;
    l.mac = (struct mac_addr){{2, 0, 0, 0, 0, 1}};
    lab_use(&l, 0, HOST);
    l.device = "10.0.0.6";
    lab_use(&l, 100, HOST);
    l.device = "2001:db8::5";
    l.server = "2001:db8:1::7";
    lab_tls(&l, 200, HOST, WORKS);
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->device_count, 3);
    assert_false(lab_device(r, "10.0.0.5")->has_mac);
    lab_close(&l);
}

static void nothing_of_the_list_is_inconclusive(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(r->device_count, 0);
    assert_int_equal(r->reason_count, 1);
    lab_close(&l);

    lab_open(&l);
    lab_use(&l, 0, "www.elsewhere.test");
    lab_dns(&l, 100, "www.elsewhere.test", LAB_A, NXDOMAIN, NULL);
    lab_dns(&l, 200, "b.elsewhere.test", LAB_A, NXDOMAIN, NULL);
    r = lab_judge(&l);
    assert_int_equal(r->verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(r->finding_count, 0);
    assert_int_equal(r->other_name_total, 2);
    assert_string_equal(r->other_names[0].name, "www.elsewhere.test");
    assert_int_equal(r->other_names[0].count, 4);
    lab_close(&l);
}

/* ---- order, sizes ---- */

/* A mixed deployment of several devices; everything about its result as text. */
static char *story(size_t *len)
{
    static const char *const DEVICES[] = {"10.0.0.5", "10.0.0.6", "10.0.0.7"};
    struct lab l;
    char *out = NULL;
    lab_open(&l);
    for (int i = 0; i < 3; i++) {
        l.device = DEVICES[i];
        lab_use(&l, 1000 * i, HOST);
        lab_tcp(&l, 1000 * i + 100, "act.example.org", 443, (struct lab_tcp){0});
        lab_tcp(&l, 1000 * i + 200, "act.example.org", 80, (struct lab_tcp){.refused = true});
        lab_dns(&l, 1000 * i + 300, "a.store.example.com", LAB_A, NXDOMAIN, NULL);
        lab_tls(&l, 1000 * i + 400, "events.example.com", (struct lab_tls){.outcome = TLS_CLOSED});
        lab_ntp(&l, 1000 * i + 500, "time.example.com", (struct lab_ntp){.offset_s = 4000});
    }
    const struct result *r = lab_judge(&l);
    FILE *f = open_memstream(&out, len);
    assert_non_null(f);
    for (uint32_t i = 0; i < r->finding_count; i++)
        fprintf(f, "%u %s %s %u\n", r->findings[i].id, finding_kind_text(r->findings[i].kind),
                r->findings[i].summary, r->findings[i].first.frame);
    for (uint32_t i = 0; i < r->cause_count; i++)
        fprintf(f, "%u %s %s %u\n", r->causes[i].id, r->causes[i].kind, r->causes[i].summary,
                r->causes[i].explain_count);
    assert_int_equal(fclose(f), 0);
    lab_close(&l);
    return out;
}

static void results_are_the_same_on_every_run(void **state)
{
    size_t a_len = 0, b_len = 0;
    (void)state;
    char *a = story(&a_len), *b = story(&b_len);
    assert_string_equal(a, b);
    assert_true(a_len > 100);
    free(a);
    free(b);
}

static void every_trouble_has_exactly_one_cause(void **state)
{
    static const char *const HOSTS[] = {HOST, "login.example.net", "act.example.org",
                                        "a.store.example.com", "events.example.com"};
    struct lab l;
    (void)state;
    lab_open(&l);
    for (int i = 0; i < 5; i++) {
        lab_dns(&l, 100 * i, HOSTS[i], LAB_A, i % 2 ? SERVFAIL : NXDOMAIN, NULL);
        lab_tls(&l, 100 * i + 10, HOSTS[i],
                i % 2 ? SILENT : (struct lab_tls){.outcome = TLS_ALERT});
        lab_tcp(&l, 100 * i + 20, HOSTS[i], 443, (struct lab_tcp){.refused = i % 2});
        lab_http(&l, 100 * i + 30, HOSTS[i], (struct lab_http){.status = 503});
    }
    lab_ntp(&l, 9000, "time.example.com", (struct lab_ntp){.kiss = "DENY", .offset_s = 99999});
    const struct result *r = lab_judge(&l);
    uint32_t explained = 0;
    for (uint32_t i = 0; i < r->cause_count; i++) {
        assert_int_equal(r->causes[i].id, i + 1);
        explained += r->causes[i].explain_count;
        assert_true(r->causes[i].summary[0] != '\0');
        assert_true(r->causes[i].advice[0] != '\0');
        for (uint32_t k = 0; k < r->causes[i].explain_count; k++)
            assert_in_range(r->causes[i].explains[k], 1, r->finding_count);
    }
    assert_int_equal(explained, lab_troubles(r));
    for (uint32_t i = 0; i < r->finding_count; i++) {
        assert_int_equal(r->findings[i].id, i + 1);
        assert_true(i == 0 || r->findings[i].severity <= r->findings[i - 1].severity);
        assert_true(r->findings[i].display_filter[0] != '\0');
    }
    lab_close(&l);
}

static void names_from_the_network_stay_within_their_quotes(void **state)
{
    struct lab l;
    (void)state;
    lab_open_with(&l, LAB_LIST);
    lab_dns(&l, 0, "x\"y\\z\n.store.example.com", LAB_A, NXDOMAIN, NULL);
    const struct result *r = lab_judge(&l);
    for (uint32_t i = 0; i < r->finding_count; i++)
        assert_null(strchr(r->findings[i].display_filter, '\n'));
    assert_int_equal(r->device_count, 1);
    lab_close(&l);
}

static void services_of_names_are_cached(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    for (int i = 0; i < 2; i++) {
        const struct service *s =
            diagnosis_service_of(l.d, slice_str("ZTD.example.com."), TRANSPORT_TCP, 443);
        assert_non_null(s);
        assert_string_equal(s->id, "profile");
        s = diagnosis_service_of(l.d, slice_str("no.such.test"), TRANSPORT_UDP, 53);
        assert_non_null(s);
        assert_string_equal(s->id, "dns");
        assert_null(diagnosis_service_of(l.d, slice_str("no.such.test"), TRANSPORT_TCP, 443));
        assert_null(diagnosis_service_of(l.d, slice_str(HOST), TRANSPORT_TCP, 9));
    }
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_not_tried_is_not_seen),
        cmocka_unit_test(a_shared_host_speaks_for_its_own_service_only),
        cmocka_unit_test(an_optional_endpoint_only_degrades),
        cmocka_unit_test(without_required_endpoints_any_counts),
        cmocka_unit_test(a_conditional_service_degrades_the_verdict),
        cmocka_unit_test(hosts_are_listed_with_attempts_and_findings),
        cmocka_unit_test(a_name_resolved_but_not_used_is_inconclusive),
        cmocka_unit_test(the_top_is_the_worst_of_the_devices),
        cmocka_unit_test(those_that_are_asked_are_no_devices),
        cmocka_unit_test(addresses_of_one_mac_are_one_device),
        cmocka_unit_test(a_router_mac_joins_nobody),
        cmocka_unit_test(nothing_of_the_list_is_inconclusive),
        cmocka_unit_test(results_are_the_same_on_every_run),
        cmocka_unit_test(every_trouble_has_exactly_one_cause),
        cmocka_unit_test(names_from_the_network_stay_within_their_quotes),
        cmocka_unit_test(services_of_names_are_cached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
