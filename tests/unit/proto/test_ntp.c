/*
 * NTP requests and replies of one flow.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "proto/ntp.h"
#include "unit.h"

#define PACKET_LEN 48
#define START_S    1772352000 /* 2026-03-01 08:00 UTC */
#define NTP_EPOCH  UINT64_C(2208988800)

struct lab {
    struct arena arena;
    struct proto_env env;
    void *session;
    struct mark at;
    enum feed_state state;
    struct tx told[128];
    unsigned count;
};

static void lab_emit(void *ctx, const struct tx *tx)
{
    struct lab *lab = ctx;
    assert_int_equal(tx->kind, TX_NTP);
    assert_true(lab->count < sizeof lab->told / sizeof *lab->told);
    lab->told[lab->count++] = *tx;
}

static struct lab *lab_open(void)
{
    struct lab *lab = calloc(1, sizeof *lab);
    assert_non_null(lab);
    arena_init(&lab->arena, 1 << 16);
    lab->env = (struct proto_env){.arena = &lab->arena, .emit = lab_emit, .ctx = lab};
    lab->session = calloc(1, ntp_ops.session_size);
    assert_non_null(lab->session);
    ntp_ops.begin(lab->session, &(struct proto_begin){.server_port = 123, .datagram = true},
                  &lab->env);
    lab->at = (struct mark){START_S * NS_PER_S, 0, 0};
    return lab;
}

static void lab_close(struct lab *lab)
{
    arena_clear(&lab->arena);
    free(lab->session);
    free(lab);
}

struct packet_fields {
    uint8_t head; /* leap, version, mode */
    uint8_t stratum;
    uint8_t precision;
    const char *reference; /* 4 bytes */
    uint64_t origin, receive, transmit;
};

static void put_u64(uint8_t *out, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++)
        out[i] = (uint8_t)(v >> (56 - 8 * i));
}

static void make(uint8_t out[PACKET_LEN], const struct packet_fields *f)
{
    memset(out, 0, PACKET_LEN);
    out[0] = f->head;
    out[1] = f->stratum;
    out[3] = f->precision;
    for (unsigned i = 0; i < 4 && f->reference; i++)
        out[12 + i] = (uint8_t)f->reference[i];
    put_u64(out + 24, f->origin);
    put_u64(out + 32, f->receive);
    put_u64(out + 40, f->transmit);
}

static void lab_bytes(struct lab *lab, enum dir dir, int ms, const void *bytes, size_t len)
{
    lab->at.ts_ns += ms * NS_PER_MS;
    lab->at.frame++;
    uint8_t *copy = unit_copy(bytes, len);
    struct feed feed =
        ntp_ops.data(lab->session, dir, slice_of(copy, len), &lab->at, &lab->at, &lab->env);
    assert_int_equal(feed.take.consumed, len);
    lab->state = feed.state;
    if (ntp_ops.idle(lab->session))
        arena_rewind(&lab->arena, 0);
    free(copy);
}

static void lab_packet(struct lab *lab, enum dir dir, int ms, const struct packet_fields *f)
{
    uint8_t bytes[PACKET_LEN];
    make(bytes, f);
    lab_bytes(lab, dir, ms, bytes, sizeof bytes);
}

/* A request as Windows sends it. */
static void lab_request(struct lab *lab, int ms, uint64_t transmit)
{
    struct packet_fields f = {
        .head = 0xdb, .precision = 0xe9, .reference = "\1\2\3\4", .transmit = transmit};
    lab_packet(lab, DIR_TO_SERVER, ms, &f);
}

static void lab_reply(struct lab *lab, int ms, uint64_t origin, uint64_t time)
{
    struct packet_fields f = {.head = 0x24,
                              .stratum = 3,
                              .precision = 0xe9,
                              .reference = "\x0a\0\0\1",
                              .origin = origin,
                              .receive = time,
                              .transmit = time};
    lab_packet(lab, DIR_TO_CLIENT, ms, &f);
}

static void lab_end(struct lab *lab, int ms, enum end_reason reason)
{
    struct flow_end how = {.reason = reason, .at = {lab->at.ts_ns + ms * NS_PER_MS, 0, 0}};
    ntp_ops.end(lab->session, &how, &lab->env);
}

/* Seconds since 1970 as an NTP timestamp. */
static uint64_t stamp(int64_t unix_s)
{
    return ((uint64_t)unix_s + NTP_EPOCH) << 32;
}

static void test_answered(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    lab_request(lab, 0, stamp(START_S - 600) + 1);
    lab_reply(lab, 40, stamp(START_S - 600) + 1, stamp(START_S));
    assert_int_equal(lab->count, 1);
    const struct tx *tx = &lab->told[0];
    assert_int_equal(tx->outcome, TX_ANSWERED);
    assert_int_equal(tx->rtt_ns, 40 * NS_PER_MS);
    assert_int_equal(tx->request.frame, 1);
    assert_int_equal(tx->reply.frame, 2);
    assert_int_equal(tx->u.ntp.stratum, 3);
    assert_int_equal(tx->u.ntp.version, 3);
    assert_int_equal(tx->u.ntp.attempts, 1);
    assert_string_equal(tx->u.ntp.reference_id, "10.0.0.1");
    assert_string_equal(tx->u.ntp.kiss_code, "");
    assert_int_equal(lab->arena.used, 0); /* nothing waits */
    assert_true(tx->u.ntp.has_offset);
    /* Ten minutes slow, less half the way there. */
    assert_int_equal(tx->u.ntp.offset_ns, 600 * NS_PER_S - 20 * NS_PER_MS);
    assert_true(tx->u.ntp.has_server_time);
    assert_int_equal(tx->u.ntp.server_ns, -40 * NS_PER_MS); /* sent when the request came */
    lab_end(lab, 0, END_TIMEOUT);
    assert_int_equal(lab->count, 1);
    lab_close(lab);
}

static void test_reference(void **state)
{
    (void)state;
    static const struct {
        uint8_t stratum;
        const char *bytes;
        const char *text;
        const char *kiss;
    } cases[] = {
        {1, "GPS\0", "GPS", ""},
        {1, "PPS ", "PPS", ""},
        {1, "\1\2\3\4", "01020304", ""},
        {1, "\0\0\0\0", "00000000", ""},
        {0, "RATE", "RATE", "RATE"},
        {0, "A\0B\0", "41004200", ""},
        {2, "\xff\xff\xff\xff", "255.255.255.255", ""},
        {16, "INIT", "73.78.73.84", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lab *lab = lab_open();
        lab_request(lab, 0, stamp(START_S));
        struct packet_fields f = {.head = 0xe4,
                                  .stratum = cases[i].stratum,
                                  .reference = cases[i].bytes,
                                  .origin = stamp(START_S)};
        lab_packet(lab, DIR_TO_CLIENT, 1, &f);
        assert_int_equal(lab->count, 1);
        assert_string_equal(lab->told[0].u.ntp.reference_id, cases[i].text);
        assert_string_equal(lab->told[0].u.ntp.kiss_code, cases[i].kiss);
        assert_int_equal(lab->told[0].u.ntp.leap, 3);
        assert_false(lab->told[0].u.ntp.has_offset); /* the reply has no times */
        assert_false(lab->told[0].u.ntp.has_server_time);
        lab_close(lab);
    }
}

/* What a transmit timestamp says of the device's clock. */
static void test_offsets(void **state)
{
    (void)state;
    const int64_t year = 31536000;
    const struct {
        bool bare; /* nothing in the request but its timestamp */
        uint8_t precision;
        bool reply;
        bool has;
        int64_t device_s; /* its clock; 0: no timestamp */
    } cases[] = {
        {false, 0xe9, false, true, START_S - 7200},
        {false, 0xe9, true, true, START_S - 7200},
        {false, 0xe9, true, true, 946684800},
        {false, 0xe9, false, false, 946684800},
        {false, 0xe9, true, true, 2085978496 + 5}, /* the second era */
        {true, 0, false, true, START_S - year / 2},
        {true, 0, true, true, START_S + year / 2},
        {true, 0, true, false, START_S + 2 * year},
        {true, 0x20, true, false, START_S},
        {false, 0xe9, true, false, 0},
        {false, 0xe9, false, false, 0},
        {false, 0xe9, true, false, START_S + 70 * year},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lab *lab = lab_open();
        uint64_t t1 = cases[i].device_s ? stamp(cases[i].device_s) : 0;
        struct packet_fields f = {.head = 0x23,
                                  .precision = cases[i].precision,
                                  .reference = cases[i].bare ? "\0\0\0\0" : "\1\2\3\4",
                                  .transmit = t1};
        lab_packet(lab, DIR_TO_SERVER, 0, &f);
        if (cases[i].reply)
            lab_reply(lab, 0, t1, stamp(START_S));
        lab_end(lab, 3000, END_CAPTURE);
        assert_int_equal(lab->count, 1);
        assert_int_equal(lab->told[0].outcome, cases[i].reply ? TX_ANSWERED : TX_NO_REPLY);
        assert_int_equal(lab->told[0].u.ntp.has_offset, cases[i].has);
        if (cases[i].has)
            assert_int_equal(lab->told[0].u.ntp.offset_ns,
                             (START_S - cases[i].device_s) * NS_PER_S);
        lab_close(lab);
    }
}

static void test_repeats(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    lab_request(lab, 0, 5);
    lab_request(lab, 1, 5); /* captured twice */
    lab_request(lab, 1000, 5);
    lab_request(lab, 0, 6);
    lab_reply(lab, 10, 5, 7);
    lab_reply(lab, 0, 5, 7); /* captured twice */
    lab_request(lab, 0, 5);  /* captured once more */
    assert_int_equal(lab->count, 1);
    assert_int_equal(lab->told[0].u.ntp.attempts, 2);
    lab_end(lab, 1989, END_CAPTURE);
    assert_int_equal(lab->count, 2);
    assert_int_equal(lab->told[1].outcome, TX_PENDING);
    assert_int_equal(lab->told[1].request.frame, 4);
    lab_close(lab);
}

static void test_early_reply(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    lab_reply(lab, 0, 5, 7);
    lab_reply(lab, 0, 5, 7);
    lab_request(lab, 2, 5);
    assert_int_equal(lab->count, 1);
    assert_int_equal(lab->told[0].outcome, TX_ANSWERED);
    assert_int_equal(lab->told[0].rtt_ns, 0);
    lab_reply(lab, 1, 9, 7);
    lab_request(lab, 1000, 9);
    assert_int_equal(lab->count, 2);
    assert_int_equal(lab->told[1].outcome, TX_REPLY_ONLY);
    lab_end(lab, 0, END_TIMEOUT);
    assert_int_equal(lab->count, 3);
    assert_int_equal(lab->told[2].outcome, TX_NO_REPLY);
    lab_close(lab);
}

static void test_caps(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    for (unsigned i = 1; i <= 70; i++)
        lab_request(lab, 0, i);
    assert_int_equal(lab->count, 6); /* gave way */
    for (unsigned i = 0; i < 8; i++)
        lab_reply(lab, 0, 1000 + i, 1);
    assert_int_equal(lab->count, 10);
    lab_request(lab, 20000, 1);
    assert_int_equal(lab->count, 78); /* given up */
    lab_end(lab, 0, END_EVICTED);
    assert_int_equal(lab->told[78].outcome, TX_PENDING);
    assert_true(lab->arena.used < 8192);
    lab_close(lab);
}

static void test_every_prefix(void **state)
{
    (void)state;
    uint8_t bytes[PACKET_LEN];
    struct packet_fields f = {.head = 0x23, .transmit = 5};
    make(bytes, &f);
    for (size_t len = 0; len <= PACKET_LEN; len++) {
        struct lab *lab = lab_open();
        lab_bytes(lab, DIR_TO_SERVER, 0, bytes, len);
        lab_end(lab, 0, END_TIMEOUT);
        assert_int_equal(lab->count, len == PACKET_LEN);
        lab_close(lab);
    }
}

static void test_passed_over(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    for (uint8_t mode = 0; mode < 8; mode++) {
        struct packet_fields f = {.head = (uint8_t)(0x20 | mode), .transmit = 5};
        if (mode != 3)
            lab_packet(lab, DIR_TO_SERVER, 0, &f);
        if (mode != 4)
            lab_packet(lab, DIR_TO_CLIENT, 0, &f);
        assert_int_equal(lab->state, FEED_MORE);
    }
    lab_end(lab, 0, END_TIMEOUT);
    assert_int_equal(lab->count, 0);
    lab_close(lab);

    lab = lab_open();
    struct packet_fields f = {.head = 0x3b};
    lab_packet(lab, DIR_TO_SERVER, 0, &f); /* version 7 */
    assert_int_equal(lab->state, FEED_NOT_MINE);
    lab_close(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answered),     cmocka_unit_test(test_reference),
        cmocka_unit_test(test_offsets),      cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_early_reply),  cmocka_unit_test(test_caps),
        cmocka_unit_test(test_every_prefix), cmocka_unit_test(test_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
