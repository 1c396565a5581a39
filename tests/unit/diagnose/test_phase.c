/*
 * tests/unit/diagnose/test_phase: how far deployments came.
 * SPDX-License-Identifier: MIT
 */
#include "lab.h"

static const char LIST[] =
    "{\"services\": ["
    "{\"id\": \"dns\", \"need\": \"required\", \"phase\": \"network\", \"endpoints\": ["
    " {\"match\": \"port\", \"ports\": [53], \"transport\": \"udp\"}]},"
    "{\"id\": \"dhcp\", \"need\": \"conditional\", \"phase\": \"address\", \"endpoints\": ["
    " {\"match\": \"port\", \"ports\": [67, 68], \"transport\": \"udp\"}]},"
    "{\"id\": \"ntp\", \"need\": \"conditional\", \"phase\": \"time\", \"endpoints\": ["
    " {\"host\": \"time.example.com\", \"ports\": [123], \"transport\": \"udp\"}]},"
    "{\"id\": \"profile\", \"need\": \"required\", \"phase\": \"profile\", \"endpoints\": ["
    " {\"host\": \"ztd.example.com\"},"
    " {\"host\": \"login.example.net\", \"phase\": \"device-identity\"}]},"
    "{\"id\": \"activation\", \"need\": \"required\", \"phase\": \"activation\", \"endpoints\": ["
    " {\"host\": \"act.example.org\"},"
    " {\"host\": \"login.example.net\", \"shared\": true}]},"
    "{\"id\": \"entra\", \"need\": \"required\", \"phase\": \"identity\", \"endpoints\": ["
    " {\"host\": \"sign.example.com\"},"
    " {\"host\": \"join.example.com\", \"phase\": \"registration\"}]},"
    "{\"id\": \"mdm\", \"need\": \"required\", \"phase\": \"enrollment\", \"endpoints\": ["
    " {\"host\": \"*.mdm.example.com\"},"
    " {\"host\": \"sync.mdm.example.com\", \"phase\": \"sync\"}]},"
    "{\"id\": \"agent\", \"need\": \"required\", \"phase\": \"apps\", \"endpoints\": ["
    " {\"host\": \"ime.mdm.example.com\", \"phase\": \"agent\"},"
    " {\"host\": \"content.example.com\"}]},"
    "{\"id\": \"office\", \"need\": \"conditional\", \"phase\": \"apps\", \"endpoints\": ["
    " {\"host\": \"office.example.com\"}]}"
    "]}";

static const char *const ORDER[] = {
    "login.example.net", "ztd.example.com",        "act.example.org",     "sign.example.com",
    "join.example.com",  "enroll.mdm.example.com", "ime.mdm.example.com",
};
static const char *const PHASES[] = {
    "device-identity", "profile", "activation", "sign-in", "registration", "enrollment", "agent",
};

#define STEPS (sizeof ORDER / sizeof *ORDER)

static void each_host_is_a_step(void **state)
{
    (void)state;
    for (size_t steps = 1; steps <= STEPS; steps++) {
        struct lab l;
        lab_open_with(&l, LIST);
        for (size_t i = 0; i < steps; i++)
            lab_use(&l, (int64_t)i * 1000, ORDER[i]);
        const struct result *r = lab_judge(&l);
        const struct device_result *d = &r->devices[0];
        assert_string_equal(d->phase, PHASES[steps - 1]);
        assert_int_equal(d->phase_mark.ts_ns,
                         LAB_START + ((int64_t)steps * 1000 - 920) * NS_PER_MS);
        assert_string_equal(d->stopped_at, "");
        assert_string_equal(d->next_phase, steps < STEPS ? PHASES[steps] : "apps");
        assert_int_equal(d->phase_count, steps);
        assert_int_equal(r->verdict, VERDICT_CLEAR);
        lab_close(&l);
    }
}

static void the_first_failure_stops(void **state)
{
    struct lab l;
    (void)state;
    lab_open_with(&l, LIST);
    lab_use(&l, 0, "login.example.net");
    lab_resolve(&l, 1000, "act.example.org");
    lab_tcp(&l, 1100, "act.example.org", 443, (struct lab_tcp){.watched_ms = 0});
    lab_resolve(&l, 30000, "join.example.com");
    lab_tcp(&l, 30100, "join.example.com", 443, (struct lab_tcp){.refused = true});
    const struct result *r = lab_judge(&l);
    const struct device_result *d = &r->devices[0];
    assert_string_equal(d->phase, "device-identity");
    assert_string_equal(d->stopped_at, "activation");
    assert_int_equal(d->stopped_mark.ts_ns, LAB_START + 1100 * NS_PER_MS);
    assert_string_equal(d->next_phase, "enrollment");
    assert_int_equal(d->phase_count, 3);
    assert_true(d->phases[1].failed);
    assert_false(mark_set(d->phases[1].ok));
    lab_close(&l);
}

static void what_is_not_required_does_not_stop(void **state)
{
    struct lab l;
    (void)state;
    lab_open_with(&l, LIST);
    lab_use(&l, 0, "login.example.net");
    lab_resolve(&l, 1000, "time.example.com");
    lab_ntp(&l, 1100, "time.example.com", (struct lab_ntp){.unanswered = true});
    lab_resolve(&l, 2000, "office.example.com");
    lab_tcp(&l, 2100, "office.example.com", 443, (struct lab_tcp){.refused = true});
    const struct result *r = lab_judge(&l);
    const struct device_result *d = &r->devices[0];
    assert_string_equal(d->stopped_at, "");
    assert_string_equal(d->phase, "device-identity");
    assert_int_equal(d->phase_count, 2);
    assert_string_equal(d->phases[0].name, "time");
    assert_true(d->phases[0].failed);
    lab_close(&l);
}

static void a_shared_host_is_its_own_services_step(void **state)
{
    struct lab l;
    (void)state;
    lab_open_with(&l, LIST);
    lab_use(&l, 0, "login.example.net");
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->devices[0].phase_count, 1);
    assert_string_equal(r->devices[0].phases[0].name, "device-identity");
    lab_close(&l);
}

static void a_sync_after_the_apps_is_the_end(void **state)
{
    struct lab l;
    (void)state;
    /* The first one comes before the content. */
    lab_open_with(&l, LIST);
    lab_use(&l, 0, "sync.mdm.example.com");
    const struct result *r = lab_judge(&l);
    assert_string_equal(r->devices[0].phase, "apps");
    lab_close(&l);

    lab_open_with(&l, LIST);
    lab_use(&l, 0, "sync.mdm.example.com");
    lab_use(&l, 1000, "content.example.com");
    r = lab_judge(&l);
    assert_string_equal(r->devices[0].phase, "apps");
    lab_close(&l);

    lab_open_with(&l, LIST);
    lab_use(&l, 0, "sync.mdm.example.com");
    lab_use(&l, 1000, "content.example.com");
    lab_use(&l, 2000, "sync.mdm.example.com");
    r = lab_judge(&l);
    assert_string_equal(r->devices[0].phase, "done");
    assert_string_equal(r->devices[0].next_phase, "");
    lab_close(&l);

    /* Not while an app fails. */
    lab_open_with(&l, LIST);
    lab_use(&l, 0, "content.example.com");
    lab_tcp(&l, 1000, "content.example.com", 443, (struct lab_tcp){.watched_ms = 0});
    lab_tcp(&l, 30000, "content.example.com", 443, (struct lab_tcp){.watched_ms = 0});
    lab_use(&l, 60000, "sync.mdm.example.com");
    r = lab_judge(&l);
    assert_string_equal(r->devices[0].phase, "");
    assert_string_equal(r->devices[0].stopped_at, "apps");
    lab_close(&l);
}

static void lab_lease(struct lab *l, int64_t at, enum tx_outcome outcome)
{
    struct tx_dhcp t = {.began = DHCP_DISCOVER, .last = DHCP_DISCOVER, .attempts = 1};
    struct tx tx = {.kind = TX_DHCP, .outcome = outcome, .rtt_ns = -1, .u.dhcp = &t};
    struct flow f = {.id = 0};
    t.types = 1 << DHCP_DISCOVER;
    t.client = l->mac;
    tx.first = tx.request = lab_mark(l, at);
    if (outcome == TX_ANSWERED) {
        t.types |= 1 << DHCP_OFFER | 1 << DHCP_REQUEST | 1 << DHCP_ACK;
        t.last = DHCP_ACK;
        t.lease.address = lab_addr(l->device);
        t.lease.server = lab_addr("10.0.0.1");
        t.lease.lease_s = 600;
        t.lease.routers.at[0] = t.lease.resolvers.at[0] = t.lease.server;
        t.lease.routers.count = t.lease.resolvers.count = 1;
        t.lease.proxy = slice_str("http://wpad/wpad.dat");
        tx.reply = lab_mark(l, at + 5);
    }
    diagnosis_transaction(l->d, &f, &tx, slice_str(""));
}

static void before_the_first_host(void **state)
{
    struct lab l;
    (void)state;
    lab_open_with(&l, LIST);
    l.has_mac = true;
    lab_lease(&l, 0, TX_ANSWERED);
    const struct result *r = lab_judge(&l);
    const struct device_result *d = &r->devices[0];
    assert_string_equal(d->phase, "proxy-search"); /* DHCP names the proxy script */
    assert_string_equal(d->phases[0].name, "link");
    assert_string_equal(d->phases[1].name, "address");
    assert_string_equal(d->next_phase, "connectivity");
    lab_close(&l);

    lab_open_with(&l, LIST);
    lab_lease(&l, 0, TX_NO_REPLY);
    r = lab_judge(&l);
    d = &r->devices[0];
    assert_string_equal(d->phase, "link");
    assert_string_equal(d->stopped_at, "address");
    assert_string_equal(d->next_phase, "connectivity");
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_host_is_a_step),
        cmocka_unit_test(the_first_failure_stops),
        cmocka_unit_test(what_is_not_required_does_not_stop),
        cmocka_unit_test(a_shared_host_is_its_own_services_step),
        cmocka_unit_test(a_sync_after_the_apps_is_the_end),
        cmocka_unit_test(before_the_first_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
