/*
 * tests/unit/diagnose/test_clock: the device's clock against that of the capture.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "lab.h"

#define NTP  "time.example.com"
#define CRL  "crl.example.org"
#define HOST "ztd.example.com"

/* An answer of a server whose date is `offset_s` after the capture's time. */
static void lab_dated(struct lab *l, int64_t at, const char *server, int64_t offset_s)
{
    struct flow f = lab_flow(l, at, IP_PROTO_TCP, server, 80);
    struct tx tx = {.kind = TX_HTTP, .outcome = TX_ANSWERED, .first = f.first, .request = f.first};
    tx.reply = tx.done = lab_mark(l, at + 10);
    tx.u.http.method = slice_str("GET");
    tx.u.http.target = slice_str("/");
    tx.u.http.host = slice_str(CRL);
    tx.u.http.status = 200;
    tx.u.http.content_length = -1;
    tx.u.http.date = tx.reply.ts_ns / NS_PER_S + offset_s;
    f.side[DIR_TO_CLIENT] = (struct flow_side){.packets = 2, .ttl = LAB_TTL};
    diagnosis_transaction(l->d, &f, &tx, slice_str(CRL));
}

static void unanswered_requests(void **state)
{
    static const struct {
        int64_t dates[2]; /* 0: right; 1: no such answer */
        int64_t offset_s; /* of the device, by the capture's clock */
        bool accused;
        enum confidence confidence;
    } ROWS[] = {
        {{1, 1}, 7200, true, CONFIDENCE_POSSIBLE},     /* nobody else says */
        {{0, 1}, 7200, true, CONFIDENCE_LIKELY},       /* a server confirms the capture */
        {{-7200, -7201}, 7200, false, 0},              /* the capture is two hours fast */
        {{-7200, 1}, 7200, true, CONFIDENCE_POSSIBLE}, /* one server may be wrong itself */
        {{-7200, -90}, 7200, true, CONFIDENCE_LIKELY}, /* an old answer from a cache */
        {{-7200, -86400}, 7200, true, CONFIDENCE_POSSIBLE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        if (ROWS[i].dates[0] != 1)
            lab_dated(&l, 0, "203.0.113.1", ROWS[i].dates[0]);
        if (ROWS[i].dates[1] != 1)
            lab_dated(&l, 100, "203.0.113.2", ROWS[i].dates[1]);
        lab_resolve(&l, 1000, NTP);
        lab_ntp(&l, 2000, NTP, (struct lab_ntp){.unanswered = true, .offset_s = ROWS[i].offset_s});
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_CLOCK_SKEW, NTP);
        assert_int_equal(f != NULL, ROWS[i].accused);
        if (f)
            assert_int_equal(f->confidence, ROWS[i].confidence);
        lab_close(&l);
    }
}

/* Three clocks that do not agree: the device's, the server's, and that of the capture. */
static void answers_are_held_against_other_servers(void **state)
{
    enum {
        RIGHT,
        DEVICE,
        SERVER,
        BOTH
    };
    static const struct {
        int64_t offset_s; /* the server's minus the device's */
        int64_t server_s; /* the server's minus the capture's */
        int64_t dates[2]; /* minus the capture's; 1: no such answer */
        int wrong;
        enum confidence confidence; /* of the device's finding, else of the server's */
        bool capture;               /* its clock is said to be wrong */
    } ROWS[] = {
        {7200, 0, {1, 1}, DEVICE, CONFIDENCE_CERTAIN, false}, /* server and capture agree */
        {7200, -7200, {-7200, -7201}, DEVICE, CONFIDENCE_CERTAIN, true}, /* all three differ */
        {7200, 7200, {7199, 7200}, DEVICE, CONFIDENCE_CERTAIN, true}, /* captured on the device */
        {7200, 7200, {1, 1}, DEVICE, CONFIDENCE_LIKELY, false},       /* nobody else says */
        {7200, 7200, {0, 1}, SERVER, CONFIDENCE_LIKELY, false},
        {7200, 7200, {-1, 0}, SERVER, CONFIDENCE_CERTAIN, false},
        {7200, 7200, {-86400, 1}, DEVICE, CONFIDENCE_LIKELY, false}, /* from a cache */
        {0, 7200, {0, -1}, BOTH, CONFIDENCE_CERTAIN, false},         /* it follows the server */
        {0, 7200, {0, 1}, RIGHT, 0, false}, /* two against two: one date may be from a cache */
        {0, 7200, {7200, 7201}, RIGHT, 0, true},
        {0, 7200, {1, 1}, RIGHT, 0, true},
        {0, 100, {0, 0}, RIGHT, 0, false},
        {3600, 7200, {0, 0}, BOTH, CONFIDENCE_CERTAIN, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_use(&l, 0, HOST);
        if (ROWS[i].dates[0] != 1)
            lab_dated(&l, 100, "203.0.113.1", ROWS[i].dates[0]);
        if (ROWS[i].dates[1] != 1)
            lab_dated(&l, 200, "203.0.113.2", ROWS[i].dates[1]);
        lab_resolve(&l, 1000, NTP);
        lab_ntp(&l, 2000, NTP,
                (struct lab_ntp){.offset_s = ROWS[i].offset_s, .server_s = ROWS[i].server_s});
        const struct result *r = lab_judge(&l);
        const struct finding *device = lab_finding(r, FINDING_CLOCK_SKEW, NTP);
        const struct finding *server = lab_finding(r, FINDING_NTP_WRONG_TIME, NTP);
        const struct finding *capture = lab_finding(r, FINDING_CAPTURE_CLOCK, "");
        assert_int_equal(device != NULL, ROWS[i].wrong == DEVICE || ROWS[i].wrong == BOTH);
        assert_int_equal(server != NULL, ROWS[i].wrong >= SERVER);
        assert_int_equal(capture != NULL, ROWS[i].capture);
        if (device || server)
            assert_int_equal((device ? device : server)->confidence, ROWS[i].confidence);
        if (server)
            assert_int_equal(server->culprit, CULPRIT_SERVER);
        if (capture)
            assert_int_equal(capture->severity, SEVERITY_INFO);
        assert_int_equal(r->verdict, ROWS[i].wrong ? VERDICT_DEGRADED : VERDICT_CLEAR);
        lab_close(&l);
    }
}

static void a_device_that_follows_a_wrong_server(void **state)
{
    (void)state;
    for (int confirmed = 0; confirmed < 2; confirmed++) {
        struct lab l;
        lab_open(&l);
        lab_use(&l, 0, HOST);
        lab_dated(&l, 100, "203.0.113.1", confirmed ? 0 : 7200);
        lab_dated(&l, 200, "203.0.113.2", confirmed ? 0 : 7200);
        lab_resolve(&l, 1000, NTP);
        lab_ntp(&l, 2000, NTP, (struct lab_ntp){.offset_s = 7200, .server_s = 7200});
        lab_ntp(&l, 9000, NTP, (struct lab_ntp){.offset_s = 0, .server_s = 7200});
        lab_tls(&l, 10000, HOST,
                (struct lab_tls){.outcome = TLS_ALERT,
                                 .alert = 45,
                                 .alert_from_client = true,
                                 .issuer = "CN=DigiCert SHA2 Secure Server CA,O=DigiCert Inc"});
        const struct result *r = lab_judge(&l);
        const struct finding *device = lab_finding(r, FINDING_CLOCK_SKEW, NTP);
        assert_non_null(device);
        assert_int_equal(device->recovered, !confirmed);
        const struct cause *c = lab_cause(r, "ntp-wrong-time");
        assert_int_equal(c != NULL, confirmed);
        if (c) /* the server, the device, and the certificate that it refuses */
            assert_int_equal(c->explain_count, 3);
        lab_close(&l);
    }
}

/* Answers of other time servers say as much as dates of HTTP. */
static void time_servers_confirm_the_capture(void **state)
{
    static const struct {
        int64_t server_s;
        enum confidence confidence;
    } ROWS[] = {{0, CONFIDENCE_LIKELY}, {-86400, CONFIDENCE_POSSIBLE}};
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_resolve(&l, 1000, NTP);
        lab_ntp(&l, 2000, NTP, (struct lab_ntp){.unanswered = true, .offset_s = 7200});
        l.device = "10.0.0.6";
        lab_resolve(&l, 1000, NTP);
        lab_ntp(&l, 3000, NTP, (struct lab_ntp){.offset_s = 0, .server_s = ROWS[i].server_s});
        const struct finding *f = lab_finding(lab_judge(&l), FINDING_CLOCK_SKEW, NTP);
        assert_non_null(f);
        assert_int_equal(f->confidence, ROWS[i].confidence);
        lab_close(&l);
    }
}

/* The random of older TLS greetings begins with the device's time. */
static void greetings_tell_the_time(void **state)
{
    static const struct {
        int64_t clock_s[3]; /* of greetings, minus the capture's */
        int64_t date_s;     /* of two servers; 1: none */
        bool asked;         /* a time server says that the clock is right */
        bool accused;
        enum confidence confidence;
    } ROWS[] = {
        {{-7200, -7201, -7199}, 1, false, true, CONFIDENCE_POSSIBLE},
        {{-7200, -7201, -7199}, 0, false, true, CONFIDENCE_LIKELY},
        {{-7200, -7201, -7199}, -7200, false, false, 0},   /* the capture is two hours fast */
        {{1, 2, 1}, 7200, false, true, CONFIDENCE_LIKELY}, /* captured on the device */
        {{1, 2, 1}, 0, false, false, 0},
        {{-7200, -7201, -7199}, 0, true, false, 0},
        {{-7200, 90000, 5000000}, 0, false, false, 0},              /* chance */
        {{-7200, -7200 - 1000, 0}, 0, false, false, 0},             /* the same random again */
        {{-900000000, -900000001, -900000002}, 0, false, false, 0}, /* no time of a clock */
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        lab_resolve(&l, 0, HOST);
        for (size_t k = 0; k < 3; k++)
            lab_tls(&l, 1000000 * (int64_t)k, HOST,
                    (struct lab_tls){.outcome = TLS_COMPLETED, .clock_s = ROWS[i].clock_s[k]});
        for (int k = 0; k < 2 && ROWS[i].date_s != 1; k++)
            lab_dated(&l, 100, k ? "203.0.113.1" : "203.0.113.2", ROWS[i].date_s);
        if (ROWS[i].asked)
            lab_ntp(&l, 2000, NTP, (struct lab_ntp){.offset_s = 1});
        const struct finding *f = lab_finding(lab_judge(&l), FINDING_CLOCK_SKEW, "");
        if ((f != NULL) != ROWS[i].accused)
            fail_msg("row %zu", i);
        if (f) {
            assert_int_equal(f->confidence, ROWS[i].confidence);
            assert_int_equal(f->severity, f->confidence == CONFIDENCE_POSSIBLE ? SEVERITY_INFO
                                                                               : SEVERITY_WARNING);
            assert_int_equal(f->culprit, CULPRIT_DEVICE);
            assert_true(lab_proves(f, "3 of the device's TLS greetings carry this time"));
            assert_non_null(strstr(f->display_filter, "tls.handshake.type == 1"));
        }
        lab_close(&l);
    }
}

static void greetings_back_the_time_server(void **state)
{
    (void)state;
    for (int agree = 0; agree < 2; agree++) {
        struct lab l;
        lab_open(&l);
        lab_resolve(&l, 0, HOST);
        for (int k = 0; k < 2; k++)
            lab_tls(&l, 5000 * k, HOST,
                    (struct lab_tls){.outcome = TLS_COMPLETED, .clock_s = agree ? -7200 : -3600});
        lab_ntp(&l, 2000, NTP, (struct lab_ntp){.offset_s = 7200});
        const struct finding *f = lab_finding(lab_judge(&l), FINDING_CLOCK_SKEW, NTP);
        assert_non_null(f);
        assert_int_equal(lab_proves(f, "TLS greetings carry the same time"), agree);
        lab_close(&l);
    }
}

static void certificates_by_the_true_time(void **state)
{
    (void)state;
    for (int wrong = 0; wrong < 3; wrong++) { /* 2: nobody tells */
        struct lab l;
        lab_open(&l);
        for (int k = 0; k < 2 && wrong < 2; k++)
            lab_dated(&l, 100 * k, k ? "203.0.113.2" : "203.0.113.1", wrong ? -7200 : 0);
        lab_resolve(&l, 1000, HOST);
        lab_tls(&l, 2000, HOST,
                (struct lab_tls){.outcome = TLS_COMPLETED,
                                 .issuer = "CN=DigiCert SHA2 Secure Server CA,O=DigiCert Inc",
                                 .valid_to = -3600,
                                 .leaves = true});
        const struct finding *f = lab_finding(lab_judge(&l), FINDING_TLS_CERTIFICATE_EXPIRED, HOST);
        assert_int_equal(f != NULL, wrong != 1);
        if (f)
            assert_int_equal(lab_proves(f, "agree with the clock of the capture"), wrong == 0);
        lab_close(&l);
    }
}

static void time_from_another_server(void **state)
{
    (void)state;
    for (int other = 0; other < 2; other++) {
        struct lab l;
        lab_open(&l);
        lab_use(&l, 0, HOST);
        if (other) /* one that no list has: DHCP handed it out */
            lab_ntp(&l, 500, "", (struct lab_ntp){.stratum = 2});
        lab_resolve(&l, 1000, NTP);
        lab_ntp(&l, 2000, NTP, (struct lab_ntp){.unanswered = true});
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_NTP_NO_REPLY, NTP);
        assert_non_null(f);
        assert_int_equal(f->severity == SEVERITY_INFO, other);
        assert_int_equal(r->verdict, other ? VERDICT_CLEAR : VERDICT_DEGRADED);
        lab_close(&l);
    }
}

/* A pool of time servers gives other addresses each time: they take no resolver's place. */
static void many_time_servers_hide_no_resolver(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    for (int i = 1; i <= 40; i++) {
        char server[ADDR_TEXT_SIZE];
        (void)snprintf(server, sizeof server, "198.51.100.%d", i);
        lab_ntp(&l, i * 100, "", (struct lab_ntp){.server = server});
    }
    lab_ask(&l, 5000, HOST, (struct lab_reply){.rcode = NO_REPLY});
    lab_ask(&l, 6000, NTP, (struct lab_reply){.rcode = NO_REPLY});
    const struct finding *f = lab_finding(lab_judge(&l), FINDING_DNS_NO_REPLY, "");
    assert_non_null(f);
    assert_int_equal(f->count, 2);
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unanswered_requests),
        cmocka_unit_test(answers_are_held_against_other_servers),
        cmocka_unit_test(a_device_that_follows_a_wrong_server),
        cmocka_unit_test(time_servers_confirm_the_capture),
        cmocka_unit_test(greetings_tell_the_time),
        cmocka_unit_test(greetings_back_the_time_server),
        cmocka_unit_test(certificates_by_the_true_time),
        cmocka_unit_test(time_from_another_server),
        cmocka_unit_test(many_time_servers_hide_no_resolver),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
