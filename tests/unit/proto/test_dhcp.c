/*
 * DHCP exchanges, put together from messages.
 * SPDX-License-Identifier: MIT
 */
#include "dhcp_made.h"

#define START_NS (INT64_C(1772352000) * NS_PER_S) /* 2026-03-01 08:00 UTC */

struct told {
    enum tx_outcome outcome;
    struct tx_dhcp dhcp; /* its texts are gone */
    int64_t rtt_ns;
    struct mark first, reply;
    char name[64], proxy[64];
};

struct lab {
    struct dhcp *dhcp;
    struct mark at;
    struct told told[2048];
    unsigned count;
};

static void copy_text(char out[64], struct slice s)
{
    size_t len = s.len < 63 ? s.len : 63;
    memcpy(out, s.len ? s.data : (const uint8_t *)"", len);
    out[len] = '\0';
}

static void lab_emit(void *ctx, const struct tx *tx)
{
    struct lab *lab = ctx;
    assert_int_equal(tx->kind, TX_DHCP);
    assert_true(lab->count < sizeof lab->told / sizeof *lab->told);
    struct told *t = &lab->told[lab->count++];
    *t = (struct told){.outcome = tx->outcome,
                       .dhcp = *tx->u.dhcp,
                       .rtt_ns = tx->rtt_ns,
                       .first = tx->first,
                       .reply = tx->reply};
    copy_text(t->name, tx->u.dhcp->name);
    copy_text(t->proxy, tx->u.dhcp->lease.proxy);
}

static struct lab *lab_open(void)
{
    struct lab *lab = calloc(1, sizeof *lab);
    assert_non_null(lab);
    lab->dhcp = dhcp_new(lab_emit, lab);
    assert_non_null(lab->dhcp);
    lab->at = (struct mark){START_NS, 0, 0};
    return lab;
}

static void lab_close(struct lab *lab)
{
    dhcp_free(lab->dhcp);
    free(lab);
}

static void lab_raw(struct lab *lab, int ms, const struct message *m)
{
    bool reply = m->bytes[0] == 2;
    lab->at.ts_ns += ms * NS_PER_MS;
    lab->at.frame++;
    uint8_t *copy = unit_copy(m->bytes, m->len);
    struct packet p = {.kind = PACKET_UDP, .at = lab->at, .payload = slice_of(copy, m->len)};
    p.tuple.src = addr_v4(reply ? 0x0a140001 : 0);
    p.tuple.dst = addr_v4(UINT32_MAX);
    p.tuple.src_port = reply ? 67 : 68;
    p.tuple.dst_port = reply ? 68 : 67;
    assert_true(dhcp_is(&p));
    dhcp_datagram(lab->dhcp, &p);
    free(copy);
}

static void lab_say(struct lab *lab, int ms, enum dhcp_type type, uint32_t id)
{
    struct message m =
        type == DHCP_OFFER || type == DHCP_ACK ? lease_of(type, id, 7) : message_of(type, id, 7);
    if (type == DHCP_DISCOVER)
        option_text(&m, 12, "DESKTOP-1");
    if (type == DHCP_REQUEST || type == DHCP_DECLINE)
        option_u32(&m, 50, 0x0a14001f);
    lab_raw(lab, ms, &m);
}

static void four_messages_are_one_exchange(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    lab_say(lab, 0, DHCP_DISCOVER, 1);
    lab_say(lab, 4, DHCP_DISCOVER, 1); /* the mirror's second copy */
    lab_say(lab, 26, DHCP_OFFER, 1);
    lab_say(lab, 1, DHCP_REQUEST, 1);
    assert_int_equal(lab->count, 0);
    lab_say(lab, 9, DHCP_ACK, 1);
    assert_int_equal(lab->count, 1);
    const struct told *t = &lab->told[0];
    assert_int_equal(t->outcome, TX_ANSWERED);
    assert_int_equal(t->rtt_ns, 40 * NS_PER_MS);
    assert_int_equal(t->first.frame, 1);
    assert_int_equal(t->reply.frame, 5);
    assert_int_equal(t->dhcp.attempts, 1);
    assert_int_equal(t->dhcp.types,
                     1 << DHCP_DISCOVER | 1 << DHCP_OFFER | 1 << DHCP_REQUEST | 1 << DHCP_ACK);
    assert_addr(&t->dhcp.lease.address, "10.20.0.31");
    assert_addr(&t->dhcp.requested, "10.20.0.31");
    assert_string_equal(t->name, "DESKTOP-1");
    assert_string_equal(t->proxy, "http://wpad/wpad.dat");
    /* A copy of the end is not told again, nor at the end of all. */
    lab_say(lab, 100, DHCP_ACK, 1);
    lab_say(lab, 1, DHCP_REQUEST, 1);
    dhcp_finish(lab->dhcp, lab->at.ts_ns);
    assert_int_equal(lab->count, 1);
    lab_close(lab);
}

static void silence_is_told_with_patience(void **state)
{
    (void)state;
    static const struct {
        int wait_ms;
        enum tx_outcome outcome;
    } rows[] = {{9000, TX_PENDING}, {10000, TX_NO_REPLY}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lab *lab = lab_open();
        lab_say(lab, 0, DHCP_DISCOVER, 1);
        lab_say(lab, 4000, DHCP_DISCOVER, 1);
        dhcp_finish(lab->dhcp, START_NS + rows[i].wait_ms * NS_PER_MS);
        assert_int_equal(lab->count, 1);
        assert_int_equal(lab->told[0].outcome, rows[i].outcome);
        assert_int_equal(lab->told[0].dhcp.attempts, 2);
        assert_int_equal(lab->told[0].rtt_ns, -1);
        lab_close(lab);
    }
    /* Another message of the network tells of those that are silent for long. */
    struct lab *lab = lab_open();
    lab_say(lab, 0, DHCP_DISCOVER, 1);
    lab_say(lab, 41000, DHCP_DISCOVER, 2);
    assert_int_equal(lab->count, 1);
    assert_int_equal(lab->told[0].outcome, TX_NO_REPLY);
    lab_close(lab);
}

static void an_offer_is_no_end(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    lab_say(lab, 0, DHCP_DISCOVER, 1);
    lab_say(lab, 10, DHCP_OFFER, 1);
    dhcp_finish(lab->dhcp, lab->at.ts_ns + 5 * NS_PER_S);
    assert_int_equal(lab->told[0].outcome, TX_PENDING);
    lab_close(lab);

    lab = lab_open();
    lab_say(lab, 0, DHCP_DISCOVER, 1);
    lab_say(lab, 10, DHCP_OFFER, 1);
    dhcp_finish(lab->dhcp, lab->at.ts_ns + 15 * NS_PER_S);
    assert_int_equal(lab->told[0].outcome, TX_ANSWERED);
    assert_int_equal(lab->told[0].dhcp.last, DHCP_OFFER);
    lab_close(lab);

    lab = lab_open();
    lab_say(lab, 0, DHCP_DISCOVER, 1);
    lab_say(lab, 10, DHCP_OFFER, 1);
    lab_say(lab, 10, DHCP_REQUEST, 1);
    dhcp_finish(lab->dhcp, lab->at.ts_ns + 15 * NS_PER_S);
    assert_int_equal(lab->told[0].outcome, TX_NO_REPLY);
    lab_close(lab);
}

static void what_wants_no_answer_is_told_at_once(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    lab_say(lab, 0, DHCP_DISCOVER, 1);
    lab_say(lab, 10, DHCP_OFFER, 1);
    lab_say(lab, 10, DHCP_REQUEST, 1);
    lab_say(lab, 10, DHCP_ACK, 1);
    lab_say(lab, 10, DHCP_DECLINE, 1); /* the same id */
    assert_int_equal(lab->count, 2);
    assert_int_equal(lab->told[1].outcome, TX_ANSWERED);
    assert_int_equal(lab->told[1].dhcp.last, DHCP_DECLINE);
    assert_addr(&lab->told[1].dhcp.requested, "10.20.0.31");
    /* And then all anew, with the same id still. */
    lab_say(lab, 2000, DHCP_DISCOVER, 1);
    lab_say(lab, 10, DHCP_OFFER, 1);
    lab_say(lab, 10, DHCP_REQUEST, 1);
    lab_say(lab, 10, DHCP_NAK, 1);
    assert_int_equal(lab->count, 3);
    assert_int_equal(lab->told[2].dhcp.last, DHCP_NAK);
    lab_say(lab, 10, DHCP_RELEASE, 9);
    assert_int_equal(lab->count, 4);
    lab_close(lab);
}

static void offers_of_several_servers_are_kept(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    lab_say(lab, 0, DHCP_DISCOVER, 1);
    for (uint8_t i = 0; i < DHCP_OFFERS_MAX + 2; i++) {
        struct message m = lease_of(DHCP_OFFER, 1, 7);
        m.bytes[OPTIONS_AT + 5] = i; /* server 10.20.0.1 becomes i.20.0.1 */
        lab_raw(lab, 1, &m);
        lab_raw(lab, 1, &m);
    }
    lab_say(lab, 1, DHCP_REQUEST, 1);
    lab_say(lab, 1, DHCP_ACK, 1);
    assert_int_equal(lab->told[0].dhcp.offer_count, DHCP_OFFERS_MAX);
    assert_addr(&lab->told[0].dhcp.offers[1].server, "1.20.0.1");
    lab_close(lab);
}

static void answers_alone_and_nonsense(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    lab_say(lab, 0, DHCP_ACK, 1);
    assert_int_equal(lab->count, 1);
    assert_int_equal(lab->told[0].outcome, TX_REPLY_ONLY);
    struct message m = message_of(DHCP_DISCOVER, 2, 7);
    m.bytes[0] = 2; /* a server does not discover */
    lab_raw(lab, 1, &m);
    m = message_of(DHCP_DISCOVER, 3, 7);
    m.len = 100;
    lab_raw(lab, 1, &m);
    m = message_of(DHCP_NONE, 3, 7);
    lab_raw(lab, 1, &m);
    dhcp_finish(lab->dhcp, lab->at.ts_ns);
    assert_int_equal(lab->count, 1);
    lab_close(lab);
}

static void devices_do_not_mix(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    for (uint8_t device = 1; device <= 200; device++) {
        struct message m = message_of(DHCP_DISCOVER, 1, device); /* the same id */
        lab_raw(lab, 1, &m);
    }
    for (uint8_t device = 1; device <= 200; device++) {
        struct message m = lease_of(DHCP_ACK, 1, device);
        lab_raw(lab, 1, &m);
        assert_int_equal(lab->count, device);
        assert_int_equal(lab->told[device - 1].dhcp.client.bytes[5], device);
        assert_int_equal(lab->told[device - 1].first.frame, device);
    }
    lab_close(lab);
}

static void the_oldest_gives_way(void **state)
{
    (void)state;
    struct lab *lab = lab_open();
    for (uint32_t id = 1; id <= 1025; id++)
        lab_say(lab, 1, DHCP_DISCOVER, id);
    assert_int_equal(lab->count, 1);
    assert_int_equal(lab->told[0].dhcp.id, 1);
    assert_int_equal(lab->told[0].outcome, TX_PENDING);
    dhcp_finish(lab->dhcp, lab->at.ts_ns);
    assert_int_equal(lab->count, 1025);
    lab_close(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_messages_are_one_exchange),
        cmocka_unit_test(silence_is_told_with_patience),
        cmocka_unit_test(an_offer_is_no_end),
        cmocka_unit_test(what_wants_no_answer_is_told_at_once),
        cmocka_unit_test(offers_of_several_servers_are_kept),
        cmocka_unit_test(answers_alone_and_nonsense),
        cmocka_unit_test(devices_do_not_mix),
        cmocka_unit_test(the_oldest_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
