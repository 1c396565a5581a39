/*
 * DHCP messages, and exchanges put together from them.
 * SPDX-License-Identifier: MIT
 */
#include "proto/dhcp.h"
#include "unit.h"

#define START_NS    (INT64_C(1772352000) * NS_PER_S) /* 2026-03-01 08:00 UTC */
#define MESSAGE_MAX 1024
#define OPTIONS_AT  240

/* ---- messages ---- */

struct message {
    uint8_t bytes[MESSAGE_MAX];
    size_t len;
};

static void put_u32(uint8_t *out, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        out[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void option(struct message *m, uint8_t code, const void *value, size_t len)
{
    m->bytes[m->len++] = code;
    m->bytes[m->len++] = (uint8_t)len;
    memcpy(m->bytes + m->len, value, len);
    m->len += len;
}

static void option_u32(struct message *m, uint8_t code, uint32_t value)
{
    uint8_t bytes[4];
    put_u32(bytes, value);
    option(m, code, bytes, sizeof bytes);
}

static void option_text(struct message *m, uint8_t code, const char *text)
{
    option(m, code, text, strlen(text));
}

/* A message of 02:00:00:00:00:`device` without options but its type. */
static struct message message_of(enum dhcp_type type, uint32_t id, uint8_t device)
{
    struct message m = {.len = OPTIONS_AT};
    bool reply = type == DHCP_OFFER || type == DHCP_ACK || type == DHCP_NAK;
    m.bytes[0] = reply ? 2 : 1;
    m.bytes[1] = 1;
    m.bytes[2] = 6;
    put_u32(m.bytes + 4, id);
    m.bytes[28] = 2;
    m.bytes[33] = device;
    put_u32(m.bytes + 236, 0x63825363);
    option(&m, 53, &(uint8_t){(uint8_t)type}, 1);
    return m;
}

/* What servers of an office network give: 10.20.0.31 from 10.20.0.1. */
static struct message lease_of(enum dhcp_type type, uint32_t id, uint8_t device)
{
    static const uint8_t search[] = "\4corp\7contoso\3com\0\3lab\300\5";
    static const uint8_t routes[] = {24, 10, 9, 8, 10, 20, 0, 9, 0, 10, 20, 0, 1};
    struct message m = message_of(type, id, device);
    put_u32(m.bytes + 16, 0x0a14001f);
    option_u32(&m, 54, 0x0a140001);
    option_u32(&m, 51, 3600);
    option_u32(&m, 1, 0xffffff00);
    option_u32(&m, 3, 0x0a140001);
    option(&m, 6, (uint8_t[]){10, 20, 0, 1, 10, 20, 0, 2}, 8);
    option_u32(&m, 42, 0x0a140007);
    option_text(&m, 15, "corp.contoso.com");
    option(&m, 119, search, sizeof search - 1);
    option(&m, 121, routes, sizeof routes);
    option_text(&m, 114, "https://portal.contoso.com/api");
    option(&m, 252, "http://wpad/wpad.dat\n\0", 22);
    m.bytes[m.len++] = 255;
    return m;
}

static enum verdict parse(struct dhcp_message *out, const void *bytes, size_t len,
                          struct arena *arena)
{
    uint8_t *copy = unit_copy(bytes, len);
    enum verdict verdict = dhcp_parse(out, slice_of(copy, len), VERDICT_SHORT, arena);
    free(copy);
    return verdict;
}

static void assert_slice(struct slice s, const char *text)
{
    assert_int_equal(s.len, strlen(text));
    assert_memory_equal(s.data, text, s.len);
}

static void assert_addr(const struct ip_addr *a, const char *text)
{
    char out[ADDR_TEXT_SIZE];
    assert_string_equal(addr_text(a, out), text);
}

static void all_options_are_read(void **state)
{
    (void)state;
    struct arena arena;
    struct dhcp_message m;
    struct message raw = lease_of(DHCP_ACK, 0x1234, 7);
    arena_init(&arena, 1 << 16);
    assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena), VERDICT_OK);
    assert_int_equal(m.type, DHCP_ACK);
    assert_true(m.reply);
    assert_int_equal(m.id, 0x1234);
    assert_int_equal(m.client.bytes[5], 7);
    assert_addr(&m.lease.address, "10.20.0.31");
    assert_addr(&m.lease.server, "10.20.0.1");
    assert_addr(&m.lease.mask, "255.255.255.0");
    assert_int_equal(m.lease.lease_s, 3600);
    assert_int_equal(m.lease.routers.count, 1);
    assert_int_equal(m.lease.resolvers.count, 2);
    assert_addr(&m.lease.resolvers.at[1], "10.20.0.2");
    assert_addr(&m.lease.time_servers.at[0], "10.20.0.7");
    assert_true(m.lease.default_route);
    assert_slice(m.lease.domain, "corp.contoso.com");
    assert_slice(m.lease.search, "corp.contoso.com lab.contoso.com");
    assert_slice(m.lease.portal, "https://portal.contoso.com/api");
    assert_slice(m.lease.proxy, "http://wpad/wpad.dat");
    arena_clear(&arena);
}

static void names_of_clients(void **state)
{
    (void)state;
    static const uint8_t plain[] = "\0\0\0PC-81.corp";
    static const uint8_t encoded[] = "\4\0\0\5PC-81\4corp\0";
    struct arena arena;
    struct dhcp_message m;
    arena_init(&arena, 1 << 16);

    struct message raw = message_of(DHCP_REQUEST, 1, 1);
    option_text(&raw, 12, "PC-12");
    option_text(&raw, 60, "MSFT 5.0");
    assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena), VERDICT_OK);
    assert_slice(m.name, "PC-12");
    assert_slice(m.vendor, "MSFT 5.0");

    option(&raw, 81, plain, sizeof plain - 1);
    assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena), VERDICT_OK);
    assert_slice(m.name, "PC-81.corp");

    raw = message_of(DHCP_REQUEST, 1, 1);
    option(&raw, 81, encoded, sizeof encoded - 1);
    option_text(&raw, 12, "PC-12");
    assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena), VERDICT_OK);
    assert_slice(m.name, "PC-81.corp");
    arena_clear(&arena);
}

static void overload_reads_the_other_fields(void **state)
{
    (void)state;
    struct arena arena;
    struct dhcp_message m;
    struct message raw = message_of(DHCP_OFFER, 1, 1);
    arena_init(&arena, 1 << 16);
    memcpy(raw.bytes + 44, "\3\4\12\24\0\1\377", 7);              /* sname: router 10.20.0.1 */
    memcpy(raw.bytes + 108, "\6\4\12\24\0\2\377\0\0\17\2zz", 13); /* file: resolver; end */
    static const struct {
        uint8_t overload, routers, resolvers;
    } rows[] = {{0, 0, 0}, {1, 0, 1}, {2, 1, 0}, {3, 1, 1}};
    size_t len = raw.len;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        raw.len = len;
        option(&raw, 52, &rows[i].overload, 1);
        assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena),
                         VERDICT_OK);
        assert_int_equal(m.lease.routers.count, rows[i].routers);
        assert_int_equal(m.lease.resolvers.count, rows[i].resolvers);
        assert_int_equal(m.lease.domain.len, 0);
    }
    arena_clear(&arena);
}

/* RFC 3396: the value goes on in the next instance, wherever the server split it. */
static void parts_are_put_together(void **state)
{
    (void)state;
    static const uint8_t routes[] = {24, 10, 9, 8, 10, 20, 0, 9, 0, 10, 20, 0, 1};
    static const uint8_t search[] = "\4corp\7contoso\3com\0\3lab\300\5";
    for (size_t cut = 0; cut <= sizeof routes; cut++) {
        struct arena arena;
        struct dhcp_message m;
        struct message raw = message_of(DHCP_ACK, 1, 1);
        arena_init(&arena, 1 << 16);
        option(&raw, 121, routes, cut);
        option(&raw, 119, search, cut);
        option(&raw, 6, "\12\24\0\1\12", 5);
        option(&raw, 119, search + cut, 6);
        option(&raw, 121, routes + cut, sizeof routes - cut);
        option(&raw, 119, search + cut + 6, sizeof search - 1 - cut - 6);
        option(&raw, 6, "\24\0\2", 3);
        raw.bytes[raw.len++] = 255;
        assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena),
                         VERDICT_OK);
        assert_true(m.lease.default_route);
        assert_slice(m.lease.search, "corp.contoso.com lab.contoso.com");
        assert_int_equal(m.lease.resolvers.count, 2);
        assert_addr(&m.lease.resolvers.at[1], "10.20.0.2");
        arena_clear(&arena);
    }
}

/* RFC 3396 section 5: options, then `file`, then `sname`. */
static void parts_go_on_in_the_other_fields(void **state)
{
    (void)state;
    struct arena arena;
    struct dhcp_message m;
    struct message raw = message_of(DHCP_ACK, 1, 1);
    arena_init(&arena, 1 << 16);
    option(&raw, 121, (uint8_t[]){24, 10, 9}, 3);
    option(&raw, 52, &(uint8_t){3}, 1);
    raw.bytes[raw.len++] = 255;
    memcpy(raw.bytes + 108, "\171\5\10\12\24\0\11\377", 8); /* file: the first route's end */
    memcpy(raw.bytes + 44, "\171\5\0\12\24\0\1\377", 8);    /* sname: 0.0.0.0/0 */
    assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena), VERDICT_OK);
    assert_true(m.lease.default_route);
    assert_false(m.lease.cut);
    arena_clear(&arena);
}

static void long_lists_of_routes(void **state)
{
    (void)state;
    uint8_t routes[264] = {0};
    for (size_t i = 0; i < 256; i += 8)
        memcpy(routes + i, (uint8_t[]){24, 10, 9, (uint8_t)i, 10, 20, 0, 9}, 8);
    memcpy(routes + 256, (uint8_t[]){0, 10, 20, 0, 1}, 5);
    static const uint8_t codes[] = {121, 249};
    for (size_t i = 0; i < sizeof codes; i++) {
        struct arena arena;
        struct dhcp_message m;
        struct message raw = message_of(DHCP_ACK, 1, 1);
        arena_init(&arena, 1 << 16);
        option(&raw, codes[i], routes, 255);
        option(&raw, codes[i], routes + 255, 6);
        assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena),
                         VERDICT_OK);
        assert_true(m.lease.default_route);
        arena_clear(&arena);

        /* Without room for the whole of it the beginning stays. */
        arena_init(&arena, 64);
        assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena),
                         VERDICT_OK);
        assert_false(m.lease.default_route);
        arena_clear(&arena);
    }
}

/* What has one value may come twice. */
static void repeated_options(void **state)
{
    (void)state;
    struct arena arena;
    struct dhcp_message m;
    struct message raw = lease_of(DHCP_ACK, 1, 1);
    arena_init(&arena, 1 << 16);
    raw.len--;
    option_u32(&raw, 1, 0xffff0000);
    option_u32(&raw, 54, 0x0a140002);
    option_u32(&raw, 51, 60);
    option_u32(&raw, 3, 0x0a140001);
    option(&raw, 53, &(uint8_t){DHCP_NAK}, 1);
    assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena), VERDICT_OK);
    assert_int_equal(m.type, DHCP_ACK);
    assert_addr(&m.lease.mask, "255.255.255.0");
    assert_addr(&m.lease.server, "10.20.0.1");
    assert_int_equal(m.lease.lease_s, 3600);
    assert_int_equal(m.lease.routers.count, 1);
    arena_clear(&arena);
}

static void every_prefix_is_short(void **state)
{
    (void)state;
    struct message raw = lease_of(DHCP_ACK, 1, 1);
    for (size_t len = 0; len < raw.len; len++) {
        struct arena arena;
        struct dhcp_message m;
        arena_init(&arena, 1 << 16);
        enum verdict verdict = parse(&m, raw.bytes, len, &arena);
        /* Between two options a message may end: the last one is not compulsory in practice. */
        size_t at = OPTIONS_AT;
        while (at < len && raw.bytes[at] != 255)
            at += 2U + raw.bytes[at + 1];
        assert_int_equal(verdict, at == len ? VERDICT_OK : VERDICT_SHORT);
        assert_int_equal(m.lease.cut, at > len && len >= OPTIONS_AT);
        arena_clear(&arena);
    }
}

static void wrong_lengths_and_flipped_bytes(void **state)
{
    (void)state;
    struct message raw = lease_of(DHCP_ACK, 1, 1);
    struct arena arena;
    struct dhcp_message m;
    arena_init(&arena, 1 << 16);
    struct message bad = raw;
    bad.bytes[raw.len - 24] = 200; /* option 252 runs over the end */
    assert_int_equal(dhcp_parse(&m, slice_of(bad.bytes, bad.len), VERDICT_BAD, &arena),
                     VERDICT_BAD);
    static const size_t fixed[] = {0, 1, 2, 236};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        bad = raw;
        bad.bytes[fixed[i]] ^= 0xff;
        assert_int_equal(parse(&m, bad.bytes, bad.len, &arena), VERDICT_BAD);
    }
    for (size_t i = 0; i < raw.len; i++) {
        bad = raw;
        bad.bytes[i] ^= 0xff;
        (void)parse(&m, bad.bytes, bad.len, &arena);
    }
    arena_clear(&arena);
}

static void search_lists_that_never_end(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *text;
    } rows[] = {
        {"\300\0", 2, ""},            /* points at itself */
        {"\1a\300\0", 4, ""},         /* a.a.a.a... */
        {"\1a\0\77", 4, "a"},         /* the second one is cut */
        {"\1a\0\1b\300\377", 7, "a"}, /* points behind the end */
        {"\0\1a\0", 4, "a"},
        {"\77a", 2, ""},
        {"", 0, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena;
        struct dhcp_message m;
        struct message raw = message_of(DHCP_ACK, 1, 1);
        arena_init(&arena, 1 << 16);
        option(&raw, 119, rows[i].bytes, rows[i].len);
        assert_int_equal(dhcp_parse(&m, slice_of(raw.bytes, raw.len), VERDICT_BAD, &arena),
                         VERDICT_OK);
        assert_slice(m.lease.search, rows[i].text);
        arena_clear(&arena);
    }
}

/* ---- exchanges ---- */

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
        cmocka_unit_test(all_options_are_read),
        cmocka_unit_test(names_of_clients),
        cmocka_unit_test(overload_reads_the_other_fields),
        cmocka_unit_test(parts_are_put_together),
        cmocka_unit_test(parts_go_on_in_the_other_fields),
        cmocka_unit_test(long_lists_of_routes),
        cmocka_unit_test(repeated_options),
        cmocka_unit_test(every_prefix_is_short),
        cmocka_unit_test(wrong_lengths_and_flipped_bytes),
        cmocka_unit_test(search_lists_that_never_end),
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
