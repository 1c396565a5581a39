/*
 * Unit tests of net/ipfrag.
 * SPDX-License-Identifier: MIT
 */
#include "base/mark.h"
#include "frames.h"
#include "net/ipfrag.h"

/* A UDP datagram of 8 + 40 bytes, cut into fragments by the tests: its payload counts 0, 1, 2... */
#define DATAGRAM 48

struct fixture {
    struct ipfrag *f;
    uint8_t datagram[DATAGRAM];
    int64_t now_ns;
};

static int setup(void **state)
{
    static struct fixture fx;
    fx = (struct fixture){.f = ipfrag_new(), .now_ns = 1000 * NS_PER_S};
    assert_non_null(fx.f);
    memcpy(fx.datagram, "\xcf\x08\x00\x35\x00\x30\x00\x00", 8);
    for (uint8_t i = 8; i < DATAGRAM; i++)
        fx.datagram[i] = (uint8_t)(i - 8);
    *state = &fx;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fx = *state;
    ipfrag_free(fx->f);
    return 0;
}

/* A fragment of `announced` bytes of which `part` was captured. */
static struct packet fragment(const struct fixture *fx, uint32_t id, uint32_t offset,
                              struct slice part, uint32_t announced)
{
    struct packet p = {
        .at = {.ts_ns = fx->now_ns, .frame = 1},
        .kind = PACKET_FRAGMENT,
        .tuple = {.src = addr_v4(0x0a000001), .dst = addr_v4(0x0a000002), .proto = IP_PROTO_UDP},
        .frag = {.id = id, .offset = offset},
        .payload = part,
        .payload_len = announced,
        .cut = part.len < announced};
    p.frag.more = offset + announced < DATAGRAM;
    return p;
}

/* The bytes [from, to) of the datagram, in a heap copy that is gone when the push returns. */
static bool push(struct fixture *fx, uint32_t id, uint32_t from, uint32_t to, struct packet *out)
{
    uint8_t *copy = unit_copy(&fx->datagram[from], to - from);
    *out = fragment(fx, id, from, slice_of(copy, to - from), to - from);
    bool whole = ipfrag_push(fx->f, out);
    free(copy);
    return whole;
}

static void assert_whole(const struct fixture *fx, const struct packet *p)
{
    assert_int_equal(p->kind, PACKET_UDP);
    assert_int_equal(p->tuple.src_port, 53000);
    assert_int_equal(p->tuple.dst_port, 53);
    assert_int_equal(p->payload_len, DATAGRAM - 8);
    assert_int_equal(p->payload.len, DATAGRAM - 8);
    assert_memory_equal(p->payload.data, &fx->datagram[8], DATAGRAM - 8);
    assert_false(p->cut);
}

static void test_any_order(void **state)
{
    struct fixture *fx = *state;
    static const uint32_t cuts[][2] = {{0, 16}, {16, 32}, {32, DATAGRAM}};
    static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                    {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (uint32_t i = 0; i < 6; i++) {
        struct packet p;
        const int *order = orders[i];
        assert_false(push(fx, i, cuts[order[0]][0], cuts[order[0]][1], &p));
        assert_false(push(fx, i, cuts[order[1]][0], cuts[order[1]][1], &p));
        assert_true(push(fx, i, cuts[order[2]][0], cuts[order[2]][1], &p));
        assert_whole(fx, &p);
    }
    assert_int_equal(ipfrag_stats(fx->f).datagrams, 6);
    assert_int_equal(ipfrag_stats(fx->f).fragments, 18);
    assert_int_equal(ipfrag_stats(fx->f).given_up, 0);
}

static void test_duplicates(void **state)
{
    struct fixture *fx = *state;
    struct packet p;
    assert_false(push(fx, 1, 0, 24, &p));
    assert_false(push(fx, 1, 0, 24, &p));
    assert_true(push(fx, 1, 24, DATAGRAM, &p));
    assert_whole(fx, &p);
}

/* Datagrams that differ in id, protocol or address do not mix. */
static void test_keys(void **state)
{
    struct fixture *fx = *state;
    struct packet p;
    assert_false(push(fx, 1, 0, 24, &p));
    assert_false(push(fx, 2, 24, DATAGRAM, &p));
    p = fragment(fx, 1, 24, slice_of(&fx->datagram[24], 24), 24);
    p.tuple.proto = IP_PROTO_ICMP;
    assert_false(ipfrag_push(fx->f, &p));
    p = fragment(fx, 1, 24, slice_of(&fx->datagram[24], 24), 24);
    p.tuple.src = addr_v4(0x0a000003);
    assert_false(ipfrag_push(fx->f, &p));
    assert_true(push(fx, 1, 24, DATAGRAM, &p));
    assert_whole(fx, &p);
}

static void test_first_bytes_stay(void **state)
{
    struct fixture *fx = *state;
    uint8_t forged[32];
    memset(forged, 0xff, sizeof forged);
    struct packet p;
    assert_false(push(fx, 1, 8, 24, &p));
    p = fragment(fx, 1, 8, slice_of(forged, 24), 24); /* [8, 24) again, [24, 32) anew */
    assert_false(ipfrag_push(fx->f, &p));
    assert_false(push(fx, 1, 0, 8, &p));
    assert_true(push(fx, 1, 24, DATAGRAM, &p));
    assert_int_equal(p.payload.len, DATAGRAM - 8);
    assert_memory_equal(p.payload.data, &fx->datagram[8], 16);
    assert_memory_equal(&p.payload.data[16], forged, 8);
    assert_memory_equal(&p.payload.data[24], &fx->datagram[32], 16);
}

/* Where the capture cut the fragments, the datagram is known up to the first hole. */
static void test_cut_fragments(void **state)
{
    struct fixture *fx = *state;
    struct packet p = fragment(fx, 1, 0, slice_of(fx->datagram, 20), 24);
    assert_false(ipfrag_push(fx->f, &p));
    assert_true(push(fx, 1, 24, DATAGRAM, &p));
    assert_int_equal(p.kind, PACKET_UDP);
    assert_true(p.cut);
    assert_int_equal(p.payload.len, 12);
    assert_int_equal(p.payload_len, DATAGRAM - 8);
    assert_memory_equal(p.payload.data, &fx->datagram[8], 12);
    p = fragment(fx, 2, 0, slice_of(fx->datagram, 3), 24);
    assert_false(ipfrag_push(fx->f, &p));
    assert_true(push(fx, 2, 24, DATAGRAM, &p));
    assert_int_equal(p.kind, PACKET_SHORT);
}

static void test_inconsistent(void **state)
{
    struct fixture *fx = *state;
    struct packet p;
    /* two ends */
    assert_false(push(fx, 1, 24, DATAGRAM, &p));
    p = fragment(fx, 1, 24, slice_of(&fx->datagram[24], 16), 16);
    p.frag.more = false;
    assert_false(ipfrag_push(fx->f, &p));
    assert_int_equal(ipfrag_stats(fx->f).given_up, 1);
    /* beyond the end, before and after it is known */
    p = fragment(fx, 2, 16, slice_of(&fx->datagram[16], 8), 8);
    p.frag.more = false;
    assert_false(ipfrag_push(fx->f, &p));
    assert_false(push(fx, 2, 24, 32, &p));
    assert_int_equal(ipfrag_stats(fx->f).given_up, 2);
    assert_false(push(fx, 3, 24, 32, &p));
    p = fragment(fx, 3, 16, slice_of(&fx->datagram[16], 8), 8);
    p.frag.more = false;
    assert_false(ipfrag_push(fx->f, &p));
    assert_int_equal(ipfrag_stats(fx->f).given_up, 3);
    /* not the last, but no multiple of 8; empty; longer than IP can be */
    assert_false(push(fx, 4, 0, 20, &p));
    assert_false(push(fx, 5, 8, 8, &p));
    p = fragment(fx, 6, 65528, slice_of(fx->datagram, 16), 16);
    p.frag.more = false;
    assert_false(ipfrag_push(fx->f, &p));
    p = fragment(fx, 7, 65528, slice_of(fx->datagram, 16), UINT32_MAX - 8);
    p.frag.more = false;
    assert_false(ipfrag_push(fx->f, &p));
    assert_int_equal(ipfrag_stats(fx->f).given_up, 7);
    assert_int_equal(ipfrag_stats(fx->f).datagrams, 0);
}

static void test_time_out(void **state)
{
    struct fixture *fx = *state;
    struct packet p;
    assert_false(push(fx, 1, 0, 24, &p));
    fx->now_ns += 30 * NS_PER_S;
    assert_true(push(fx, 1, 24, DATAGRAM, &p));
    assert_false(push(fx, 1, 0, 24, &p));
    fx->now_ns += 30 * NS_PER_S + 1;
    assert_false(push(fx, 1, 24, DATAGRAM, &p));
    assert_int_equal(ipfrag_stats(fx->f).given_up, 1);
    assert_true(push(fx, 1, 0, 24, &p)); /* the late half waits for its own time */
    assert_whole(fx, &p);
}

static void test_oldest_goes_first(void **state)
{
    struct fixture *fx = *state;
    struct packet p;
    for (uint32_t id = 0; id < 129; id++) /* one more than there are slots */
        assert_false(push(fx, id, 0, 24, &p));
    assert_int_equal(ipfrag_stats(fx->f).given_up, 1);
    assert_true(push(fx, 1, 24, DATAGRAM, &p));
    assert_whole(fx, &p);
    assert_false(push(fx, 0, 24, DATAGRAM, &p));
}

/* Big datagrams reach the cap in bytes before the one in number. */
static void test_memory_cap(void **state)
{
    struct fixture *fx = *state;
    enum {
        BIG = 60000
    };
    uint8_t *big = calloc(1, BIG);
    assert_non_null(big);
    for (uint32_t id = 0; id < 100; id++) {
        struct packet p = fragment(fx, id, 0, slice_of(big, BIG), BIG);
        p.frag.more = true;
        assert_false(ipfrag_push(fx->f, &p));
    }
    assert_int_equal(ipfrag_stats(fx->f).given_up, 100 - 4 * 1024 * 1024 / 65536);
    struct packet p = fragment(fx, 99, BIG, slice_of(big, 8), 8);
    assert_true(ipfrag_push(fx->f, &p));
    free(big);
}

/* The transport header is that of the fragment with offset 0; IPv6 counts ids over all protocols. */
static void test_ipv6(void **state)
{
    struct fixture *fx = *state;
    struct decoded first = decode_hex(
        229, IPV6("0018", "2c") "3c 00 0001 00000009 11 00 010400000000 cf08 0035 0010 0000 ");
    struct decoded last = decode_hex(229, IPV6("0010", "2c") "3b 00 0010 00000009 " DATA8);
    assert_int_equal(first.p.kind, PACKET_FRAGMENT);
    assert_int_equal(last.p.kind, PACKET_FRAGMENT);
    assert_false(ipfrag_push(fx->f, &last.p));
    assert_true(ipfrag_push(fx->f, &first.p));
    assert_int_equal(first.p.kind, PACKET_UDP);
    assert_int_equal(first.p.tuple.proto, IP_PROTO_UDP);
    assert_slice_equal(first.p.payload, "datadata");
    free(first.bytes);
    free(last.bytes);
}

/* Pushes an IP packet as the payload of a tunnel, itself in two fragments. */
static bool push_tunnelled(struct fixture *fx, uint32_t id, const char *hex, struct packet *p)
{
    size_t len;
    uint8_t *bytes = hex_bytes(hex, &len);
    *p = fragment(fx, id, 0, slice_of(bytes, 16), 16);
    p->tuple.proto = 4;
    assert_false(ipfrag_push(fx->f, p));
    *p = fragment(fx, id, 16, slice_of(&bytes[16], len - 16), (uint32_t)len - 16);
    p->tuple.proto = 4;
    p->frag.more = false;
    bool whole = ipfrag_push(fx->f, p);
    free(bytes);
    return whole;
}

static void test_fragments_within_fragments(void **state)
{
    struct fixture *fx = *state;
    struct packet p;
    assert_false(push_tunnelled(fx, 1, IPV4("0024", "2000", "11") UDP("0018") DATA8, &p));
    assert_true(push_tunnelled(fx, 2, IPV4("001c", "0002", "11") "4d4f524521212121 ", &p));
    assert_int_equal(p.kind, PACKET_UDP);
    assert_int_equal(p.tuple.dst_port, 53);
    assert_int_equal(p.tuple.src.bytes[3], 1); /* 10.0.0.1, the inner one */
    assert_slice_equal(p.payload, "datadataMORE!!!!");
    assert_int_equal(ipfrag_stats(fx->f).datagrams, 3);
}

/* The payload of a packet, in fragments of 24 bytes. */
static struct packet push_pieces(struct fixture *fx, uint8_t proto, uint32_t id,
                                 const uint8_t *bytes, size_t len)
{
    struct packet p = {0};
    for (size_t at = 0; at < len; at += 24) {
        size_t piece = len - at < 24 ? len - at : 24;
        uint8_t *copy = unit_copy(&bytes[at], piece);
        p = fragment(fx, id, (uint32_t)at, slice_of(copy, piece), (uint32_t)piece);
        bool last = at + piece == len;
        p.frag.more = !last;
        p.tuple.proto = proto;
        bool whole = ipfrag_push(fx->f, &p);
        assert_int_equal(whole, last);
        free(copy);
    }
    return p;
}

/* A mirror's frame that its transport cut is put together and then decoded on. */
static void test_tunnels_in_fragments(void **state)
{
    struct fixture *fx = *state;
    static const struct {
        uint8_t proto;
        const char *hex;
    } cases[] = {
        {IP_PROTO_UDP, "c001 12b5 004e 0000 08000000 00123400 " TCP_FRAME},
        {IP_PROTO_UDP, "c001 17c1 004e 0000 0000 6558 00123400 " TCP_FRAME},
        {47, "1000 88be 00000001 10640801 00000000 " TCP_FRAME},
        {47, "2000 0800 00000001 " TCP_DATA},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len;
        uint8_t *bytes = hex_bytes(cases[i].hex, &len);
        struct decoded d = {.p = push_pieces(fx, cases[i].proto, i, bytes, len)};
        assert_tcp4(&d);
        assert_int_equal(d.p.has_mac, i < 3);
        free(bytes);
    }
    assert_int_equal(ipfrag_stats(fx->f).datagrams, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_any_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_duplicates, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_first_bytes_stay, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut_fragments, setup, teardown),
        cmocka_unit_test_setup_teardown(test_inconsistent, setup, teardown),
        cmocka_unit_test_setup_teardown(test_time_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_oldest_goes_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory_cap, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ipv6, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fragments_within_fragments, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tunnels_in_fragments, setup, teardown),
    };
    return cmocka_run_group_tests_name("net/ipfrag", tests, NULL, NULL);
}
