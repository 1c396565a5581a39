/*
 * tests/unit/diagnose/test_inspection: TLS inspection under TLS 1.3, and what only looks like it.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "lab.h"

#define HOSTS 6
#define OURS  0x5eed

/* How the connections of a device to six hosts in six networks look. */
struct look {
    const char *what;
    int hosts;        /* 0: six */
    int rejected;     /* so many the device leaves at the certificate, twice */
    uint8_t ttl;      /* of the SYN-ACKs */
    int64_t rtt_ms;   /* to the SYN-ACK */
    uint32_t wait_ms; /* to the ServerHello */
    bool shapes;      /* each host has its own ServerHello */
    bool genuine;     /* one shows the certificate of a public authority */
    bool one_network;
    int severity; /* of the finding, -1: none */
};

static void connect_all(struct lab *l, const struct look *look)
{
    static const char *const NAMES[] = {"ztd.example.com",    "login.example.net",
                                        "act.example.org",    "a.store.example.com",
                                        "events.example.com", "more.example.com"};
    static char addresses[HOSTS][16];
    for (int i = 0; i < (look->hosts ? look->hosts : HOSTS); i++) {
        (void)snprintf(addresses[i], sizeof addresses[i], "198.%d.113.%d",
                       look->one_network ? 51 : 51 + i, 7 + i);
        l->server = addresses[i];
        struct lab_tls how = {.outcome = TLS_COMPLETED,
                              .ttl = look->ttl,
                              .rtt_ms = look->rtt_ms,
                              .wait_ms = look->wait_ms,
                              .end_ms = look->wait_ms + 5,
                              .shape = look->shapes ? OURS + (uint32_t)i : OURS};
        if (i == 0 && look->genuine)
            how.issuer = "CN=Microsoft Azure RSA TLS Issuing CA 04,O=Microsoft Corporation,C=US";
        if (i < look->rejected) {
            how.outcome = TLS_INCOMPLETE;
            how.client_ends = true;
            lab_tls(l, 1000 * i + 500, NAMES[i], how);
        }
        lab_resolve(l, 1000 * i, NAMES[i]);
        lab_tls(l, 1000 * i + 20, NAMES[i], how);
    }
}

static void signs_are_weighed_together(void **state)
{
    static const struct look ROWS[] = {
        {.what = "near, early, alike, trusted",
         .ttl = 63,
         .rtt_ms = 1,
         .wait_ms = 30,
         .severity = 1},
        {.what = "near and devices leave",
         .rejected = 2,
         .ttl = 63,
         .rtt_ms = 1,
         .wait_ms = 2,
         .shapes = true,
         .severity = 1},
        {.what = "early from afar and devices leave",
         .rejected = 3,
         .ttl = 50,
         .rtt_ms = 1,
         .wait_ms = 30,
         .shapes = true,
         .severity = 1},
        {.what = "near and alike", .ttl = 63, .rtt_ms = 1, .wait_ms = 2, .severity = 0},
        /* Look-alikes. */
        {.what = "a box that only ends TCP",
         .ttl = 63,
         .rtt_ms = 1,
         .wait_ms = 30,
         .shapes = true,
         .severity = -1},
        {.what = "servers of one make, far away",
         .ttl = 52,
         .rtt_ms = 20,
         .wait_ms = 20,
         .severity = -1},
        {.what = "a device that leaves, far away",
         .rejected = 3,
         .ttl = 52,
         .rtt_ms = 20,
         .wait_ms = 20,
         .shapes = true,
         .severity = -1},
        {.what = "a genuine certificate",
         .ttl = 63,
         .rtt_ms = 1,
         .wait_ms = 30,
         .genuine = true,
         .severity = -1},
        {.what = "four servers", .hosts = 4, .ttl = 63, .rtt_ms = 1, .wait_ms = 30, .severity = -1},
        {.what = "one site's servers",
         .ttl = 63,
         .rtt_ms = 1,
         .wait_ms = 30,
         .one_network = true,
         .severity = -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        lab_open(&l);
        connect_all(&l, &ROWS[i]);
        const struct result *r = lab_judge(&l);
        const struct finding *f = lab_finding(r, FINDING_TLS_INSPECTED, "");
        if ((f ? (int)f->severity : -1) != ROWS[i].severity)
            fail_msg("%s: %s", ROWS[i].what, f ? f->detail : "none");
        if (f) {
            assert_int_equal(f->culprit, CULPRIT_MIDDLEBOX);
            assert_int_equal(f->confidence, f->severity ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE);
        } else {
            assert_null(lab_cause(r, "tls-inspection"));
        }
        lab_close(&l);
    }
}

static void what_devices_leave_is_folded_into_it(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    connect_all(&l, &(struct look){.rejected = HOSTS, .ttl = 63, .rtt_ms = 1, .wait_ms = 30});
    const struct result *r = lab_judge(&l);
    assert_int_equal(r->verdict, VERDICT_BLOCKED);
    assert_int_equal(r->cause_count, 1);
    assert_string_equal(r->causes[0].kind, "tls-inspection");
    assert_int_equal(r->causes[0].explain_count, HOSTS + 1);
    const struct finding *f = lab_finding(r, FINDING_TLS_INSPECTED, "");
    assert_string_equal(f->detail,
                        "signs at 6 servers: all answer from at most 2 hops away; "
                        "connections are accepted long before the server can know of them; all "
                        "send the same ServerHello; devices leave at the certificate of 6; TLS 1.3 "
                        "hides the certificates");
    assert_int_equal(f->hops, 1);
    lab_close(&l);
}

#define HOST    "ztd.example.com"
#define OTHER   "act.example.org"
#define UNKNOWN "CN=Example Issuing CA 7,O=Example Trust Services"
#define BOTH    (CERTIFICATE_LOGGED | CERTIFICATE_POINTED)

/* What stands beside an issuer that no table knows: hosts of two services show its certificates. */
static void signs_beside_the_issuer(void **state)
{
    static const struct {
        struct lab_tls how;
        bool two;
        int severity; /* of the finding, -1: none */
        enum confidence confidence;
        const char *proof; /* NULL: none of these signs */
    } ROWS[] = {
        /* In public logs: a public authority, however many hosts have it, and however new it is. */
        {{.extensions = BOTH, .chain = 2}, true, -1, CONFIDENCE_POSSIBLE, NULL},
        {{.extensions = BOTH, .chain = 2, .valid_from = -3600},
         true,
         -1,
         CONFIDENCE_POSSIBLE,
         NULL},
        /* The device does not trust it all the same. */
        {{.extensions = BOTH, .outcome = TLS_ALERT, .alert = 48, .alert_from_client = true},
         true,
         SEVERITY_INFO,
         CONFIDENCE_POSSIBLE,
         "it is in public logs"},
        /* Signs of a private authority: one host alone may have one. */
        {{.chain = 1}, false, SEVERITY_INFO, CONFIDENCE_POSSIBLE, "names no public log"},
        {{.chain = 1}, false, SEVERITY_INFO, CONFIDENCE_POSSIBLE, "without the certificate of"},
        {{.chain = 2, .chain_root = true}, false, SEVERITY_INFO, CONFIDENCE_POSSIBLE, "a root"},
        {{.extensions = CERTIFICATE_POINTED, .chain = 2},
         false,
         SEVERITY_INFO,
         CONFIDENCE_POSSIBLE,
         NULL},
        /* With what accuses they are proof. */
        {{.chain = 2, .chain_root = true, .valid_from = -3600},
         false,
         SEVERITY_WARNING,
         CONFIDENCE_LIKELY,
         "a root signed it directly"},
        {{.chain = 1}, true, SEVERITY_WARNING, CONFIDENCE_LIKELY, "names no public log"},
        {{.chain = 1, .valid_from = -3600},
         true,
         SEVERITY_WARNING,
         CONFIDENCE_CERTAIN,
         "names no public log"},
    };
    static const char *const SIGNS[] = {"public log", "certificate of its issuer", "a root"};
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lab l;
        struct lab_tls how = ROWS[i].how;
        how.issuer = UNKNOWN;
        lab_open(&l);
        for (int k = 0; k < (ROWS[i].two ? 2 : 1); k++) {
            lab_resolve(&l, 1000 * k, k ? OTHER : HOST);
            lab_tls(&l, 1000 * k + 100, k ? OTHER : HOST, how);
        }
        const struct finding *f = lab_finding(lab_judge(&l), FINDING_TLS_INSPECTED, HOST);
        assert_int_equal(f ? (int)f->severity : -1, ROWS[i].severity);
        if (f) {
            assert_int_equal(f->confidence, ROWS[i].confidence);
            bool proved = false;
            for (size_t s = 0; s < sizeof SIGNS / sizeof *SIGNS; s++)
                proved |= lab_proves(f, SIGNS[s]);
            assert_int_equal(proved, ROWS[i].proof != NULL);
            assert_true(!ROWS[i].proof || lab_proves(f, ROWS[i].proof));
        }
        lab_close(&l);
    }
}

/* Devices of a sensor have the signs in common: of each that used TLS they are told. */
static void signs_of_kin(void **state)
{
    struct lab l;
    (void)state;
    lab_open(&l);
    struct diagnosis *shared = l.d;
    for (int silent = 0; silent < 2; silent++) {
        l.d = diagnosis_new(l.list, shared, 7 + (uint32_t)silent);
        assert_non_null(l.d);
        if (silent)
            lab_resolve(&l, 0, "ztd.example.com");
        else
            connect_all(&l, &(struct look){.ttl = 63, .rtt_ms = 1, .wait_ms = 30});
        const struct finding *f = lab_finding(lab_judge(&l), FINDING_TLS_INSPECTED, "");
        assert_int_equal(f == NULL, silent);
        diagnosis_free(l.d);
    }
    l.d = shared;
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_are_weighed_together),
        cmocka_unit_test(signs_beside_the_issuer),
        cmocka_unit_test(what_devices_leave_is_folded_into_it),
        cmocka_unit_test(signs_of_kin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
