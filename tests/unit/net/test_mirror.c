/*
 * Unit tests of net/mirror: copies, and what senders repeat themselves.
 * SPDX-License-Identifier: MIT
 */
#include "frames.h"
#include "net/mirror.h"

#define MS NS_PER_MS
#define US NS_PER_US

static int setup(void **state)
{
    *state = mirror_new();
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    mirror_free(*state);
    return 0;
}

/* A segment of 100 bytes with an IP id. */
static struct packet segment(void)
{
    return (struct packet){
        .at = {.ts_ns = test_mark.ts_ns, .frame = 1},
        .kind = PACKET_TCP,
        .tuple = {.src = addr_v4(0x0a000001),
                  .dst = addr_v4(0xc6336407),
                  .src_port = 49152,
                  .dst_port = 443,
                  .proto = IP_PROTO_TCP},
        .ttl = 64,
        .ip_id = 0x1234,
        .tcp = {.seq = 1000, .ack = 2000, .window = 512, .flags = TCP_ACK | TCP_PSH},
        .payload_len = 100,
    };
}

/* The same over IPv6. */
static struct packet segment6(void)
{
    struct packet p = segment();
    assert_true(addr_parse(&p.tuple.src, "2001:db8::1"));
    assert_true(addr_parse(&p.tuple.dst, "2001:db8::2"));
    p.ip_id = 0;
    return p;
}

static struct packet datagram(struct slice payload)
{
    struct packet p = segment();
    p.kind = PACKET_UDP;
    p.tuple.proto = IP_PROTO_UDP;
    p.tcp = (struct packet_tcp){0};
    p.payload = payload;
    p.payload_len = (uint32_t)payload.len;
    return p;
}

/* Whether `second`, so much later than `first`, is a copy of it. `first` is none. */
static bool is_copy(struct mirror *m, const struct packet *first, const struct packet *second,
                    int64_t later_ns)
{
    struct packet p = *second;
    assert_false(mirror_is_copy(m, first, 0));
    p.at.ts_ns = first->at.ts_ns + later_ns;
    return mirror_is_copy(m, &p, 0);
}

/* The packet comes again so much later. */
static bool repeats(const struct packet *p, int64_t later_ns)
{
    struct mirror *m = mirror_new();
    assert_non_null(m);
    bool copy = is_copy(m, p, p, later_ns);
    mirror_free(m);
    return copy;
}

static void test_copy(void **state)
{
    struct packet p = segment();
    assert_true(repeats(&p, 0));
    assert_true(repeats(&p, 10 * US));
    assert_true(repeats(&p, 49 * MS));
    assert_false(repeats(&p, 52 * MS));
    assert_true(repeats(&p, -MS)); /* the other clock is behind */
    assert_false(repeats(&p, -52 * MS));
    /* every further one */
    assert_true(is_copy(*state, &p, &p, US));
    for (int i = 0; i < 5; i++)
        assert_true(mirror_is_copy(*state, &p, 0));
}

/* What a way changes makes no other packet. */
static void test_copy_behind_a_router(void **state)
{
    struct packet p = segment();
    struct packet other = p;
    other.ttl = 61;
    other.has_mac = true;
    other.src_mac.bytes[5] = 9;
    other.vlan = other.vlan_outer = 20;
    other.vlan_count = 1;
    other.wire_len = 200;
    assert_true(is_copy(*state, &p, &other, 100 * US));
}

static void test_copy_in_a_tunnel(void **state)
{
    static const char *const frames[] = {
        ETH("0800") TCP_DATA,
        ETH("8100") "0014 0800 " TCP_DATA,
        ETH("0800") "45 00 0062 0001 0000 ff 11 0000 c0000201 c0000202 c001 12b5 004e 0000 "
                    "08000000 00123400 " TCP_FRAME,
        ETH("0800") "45 00 0062 0002 0000 ff 2f 0000 c0000201 c0000202 1000 88be 00000001 "
                    "10640801 00000000 " TCP_FRAME,
    };
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        struct decoded d = decode_hex(1, frames[i]);
        assert_int_equal(mirror_is_copy(*state, &d.p, 0), i > 0);
        free(d.bytes);
    }
}

static void test_another_segment(void **state)
{
    struct packet p = segment();
    struct packet others[10];
    for (size_t i = 0; i < 10; i++)
        others[i] = p;
    others[0].ip_id++; /* sent again */
    others[1].tcp.seq++;
    others[2].tcp.ack++;
    others[3].tcp.flags |= TCP_FIN;
    others[4].tcp.window++;
    others[5].payload_len++;
    others[6].tuple.src_port++;
    others[7].tuple.dst_port++;
    others[8].tuple.src = addr_v4(0x0a000002);
    others[9].cut = true; /* and then the whole one */
    assert_false(mirror_is_copy(*state, &p, 0));
    for (size_t i = 0; i < 10; i++)
        assert_false(mirror_is_copy(*state, &others[i], 0));
}

/* Without an id only the wait tells a copy from a retransmission. */
static void test_segments_without_id(void **state)
{
    (void)state;
    struct packet four = segment();
    four.ip_id = 0;
    struct packet six = segment6();
    struct packet *both[] = {&four, &six};
    for (size_t i = 0; i < 2; i++) {
        struct packet p = *both[i];
        assert_true(repeats(&p, 100 * US));
        assert_false(repeats(&p, 3 * MS));
        assert_false(repeats(&p, 200 * MS));
        p.tcp.flags = TCP_ACK | TCP_FIN;
        p.payload_len = 0;
        assert_true(repeats(&p, 100 * US));
        assert_false(repeats(&p, 3 * MS));
        /* nobody sends a SYN again so soon */
        p.tcp.flags = TCP_SYN;
        assert_true(repeats(&p, 8 * MS));
        assert_false(repeats(&p, 500 * MS));
    }
}

static void test_time_stamps(void **state)
{
    struct packet p = segment6();
    p.tcp.timestamp = 77;
    assert_true(repeats(&p, 8 * MS));
    struct packet later = p;
    later.tcp.timestamp = 78;
    assert_false(is_copy(*state, &p, &later, 100 * US));
    /* acknowledgements of one tick may be several */
    p.payload_len = 0;
    p.tcp.flags = TCP_ACK;
    assert_false(repeats(&p, 100 * US));
}

static void test_acknowledgements(void **state)
{
    struct packet p = segment();
    p.payload_len = 0;
    p.tcp.flags = TCP_ACK;
    assert_true(repeats(&p, 100 * US));
    p.tcp.flags = TCP_RST;
    assert_true(repeats(&p, 100 * US));
    struct packet p6 = segment6();
    p6.payload_len = 0;
    p6.tcp.flags = TCP_ACK;
    assert_false(repeats(&p6, 0));
    struct packet sack = p6;
    sack.tcp.sack = 3000;
    assert_false(is_copy(*state, &p6, &sack, 0));
    p6.tcp.flags = TCP_RST;
    assert_false(repeats(&p6, 0));
}

static void test_keep_alives(void **state)
{
    (void)state;
    struct packet p = segment();
    p.tcp.flags = TCP_ACK;
    p.payload_len = 1;
    assert_false(repeats(&p, NS_PER_S));
    struct packet p6 = segment6();
    p6.tcp.flags = TCP_ACK;
    p6.payload_len = 1;
    assert_false(repeats(&p6, NS_PER_S));
    p6.payload_len = 0;
    assert_false(repeats(&p6, NS_PER_S));
    assert_false(repeats(&p6, 100 * US));
}

/* Feeds copies of segments with ids until they are frequent. */
static int64_t make_frequent(struct mirror *m, int copies)
{
    struct packet p = segment();
    for (int i = 0; i < copies; i++) {
        p.ip_id++;
        p.at.ts_ns += MS;
        assert_false(mirror_is_copy(m, &p, 0));
        assert_true(mirror_is_copy(m, &p, 0));
    }
    return p.at.ts_ns;
}

/* Where all is doubled, so are the packets that alone say nothing. */
static void test_frequent_copies(void **state)
{
    struct mirror *m = *state;
    struct packet acks[3] = {segment6(), segment6(), segment6()};
    acks[0].payload_len = 0;
    acks[0].tcp.flags = TCP_ACK;
    acks[1].payload_len = 0;
    acks[1].tcp.flags = TCP_RST;
    acks[2].payload_len = 200;
    int64_t now = make_frequent(m, 20);
    for (size_t i = 0; i < 3; i++) {
        acks[i].at.ts_ns = now;
        assert_true(is_copy(m, &acks[i], &acks[i], 8 * MS));
    }
    /* and no longer when the doubling has ended */
    struct packet p = segment();
    p.at.ts_ns = now;
    for (int i = 0; i < 1000; i++) {
        p.tcp.seq++;
        assert_false(mirror_is_copy(m, &p, 0));
    }
    acks[0].at.ts_ns = now + NS_PER_S;
    assert_false(is_copy(m, &acks[0], &acks[0], 100 * US));
}

/* One packet in fifty is a copy: that is not frequent. */
static void test_rare_copies(void **state)
{
    struct mirror *m = *state;
    struct packet p = segment();
    for (int i = 0; i < 5000; i++) {
        p.tcp.seq++;
        assert_false(mirror_is_copy(m, &p, 0));
        if (i % 50 == 0)
            assert_true(mirror_is_copy(m, &p, 0));
    }
    struct packet ack = segment6();
    ack.payload_len = 0;
    ack.tcp.flags = TCP_ACK;
    assert_false(is_copy(m, &ack, &ack, 10 * US));
}

/* A capture of a host says which frames may be copies. */
static void test_groups(void **state)
{
    struct mirror *m = *state;
    struct packet ack = segment6();
    ack.payload_len = 0;
    ack.tcp.flags = TCP_ACK;
    assert_false(mirror_is_copy(m, &ack, 5));
    assert_true(mirror_is_copy(m, &ack, 5));
    assert_false(mirror_is_copy(m, &ack, 6)); /* sent twice */
    ack.at.file = 1;
    assert_false(mirror_is_copy(m, &ack, 6)); /* groups are of one file */
    struct packet other = ack;
    other.tcp.seq++;
    assert_false(mirror_is_copy(m, &other, 6)); /* sent down together */
    struct packet p = segment();
    assert_false(mirror_is_copy(m, &p, 7));
    assert_true(mirror_is_copy(m, &p, 0)); /* a capture of another place */
}

static void test_datagrams(void **state)
{
    struct packet query = datagram(slice_str("\x12\x34 a query"));
    assert_true(repeats(&query, 8 * MS));
    assert_false(repeats(&query, NS_PER_S));
    query.ip_id = 0;
    assert_true(repeats(&query, 8 * MS));
    assert_false(repeats(&query, NS_PER_S));
    struct packet other = datagram(slice_str("\x12\x35 a query"));
    other.ip_id = 0;
    assert_false(is_copy(*state, &query, &other, US));
    /* announcements are sent several times */
    query.tuple.dst = addr_v4(0xeffffffa);
    assert_false(repeats(&query, US));
    query.ip_id = 7;
    assert_true(repeats(&query, US));
}

/* DHCP's answers differ far behind the beginning, encrypted ones at the end. */
static void test_long_datagrams(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        size_t at;
    } cases[] = {{300, 242}, {300, 299}, {330, 329}, {1200, 242}, {1200, 1150}, {1200, 1199}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t first[1200] = {1};
        uint8_t second[1200] = {1};
        second[cases[i].at] = 5;
        struct packet a = datagram(slice_of(first, cases[i].len));
        struct packet b = datagram(slice_of(second, cases[i].len));
        struct mirror *m = mirror_new();
        assert_non_null(m);
        assert_false(is_copy(m, &a, &b, US));
        assert_true(mirror_is_copy(m, &b, 0));
        mirror_free(m);
    }
}

static void test_fragments(void **state)
{
    struct packet p = datagram(slice_str("part"));
    p.kind = PACKET_FRAGMENT;
    p.frag = (struct packet_frag){.id = 0x1234, .offset = 1480, .more = true};
    struct packet next = p;
    next.frag.offset = 2960;
    struct packet last = p;
    last.frag.more = false;
    struct packet other = p;
    other.frag.id++;
    assert_true(is_copy(*state, &p, &p, MS));
    assert_false(mirror_is_copy(*state, &next, 0));
    assert_false(mirror_is_copy(*state, &last, 0));
    assert_false(mirror_is_copy(*state, &other, 0));
    p.ip_id = 0; /* IPv6 */
    assert_true(repeats(&p, MS));
}

static void test_icmp(void **state)
{
    struct decoded echo =
        decode_hex(101, IPV4("0020", "0000", "01") "0800 0000 0001 0001 61626364");
    struct decoded next =
        decode_hex(101, IPV4("0020", "0000", "01") "0800 0000 0001 0002 61626364");
    assert_true(is_copy(*state, &echo.p, &echo.p, MS));
    assert_false(mirror_is_copy(*state, &next.p, 0));
    free(echo.bytes);
    free(next.bytes);
    /* listener reports are sent several times */
    struct decoded report = decode_hex(
        229, IPV6("001c", "3a") "8f00 0000 0000 0001 04000000 ff020000000000000000000000000002");
    assert_false(repeats(&report.p, US));
    free(report.bytes);
}

static void test_local_packets(void **state)
{
    (void)state;
    struct decoded arp = decode_hex(1, ETH("0806") "0001 0800 06 04 0001 020000000001 0a000001 "
                                                   "000000000000 0a0000fe");
    assert_true(repeats(&arp.p, US));
    assert_false(repeats(&arp.p, NS_PER_S));
    free(arp.bytes);
    struct decoded eapol = decode_hex(1, ETH("888e") "02 00 0005 01 07 0005 01");
    assert_true(repeats(&eapol.p, US));
    assert_false(repeats(&eapol.p, NS_PER_S));
    free(eapol.bytes);
}

static void test_others_are_never_copies(void **state)
{
    (void)state;
    static const enum packet_kind kinds[] = {PACKET_OTHER, PACKET_BAD, PACKET_SHORT};
    struct packet p = segment();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        p.kind = kinds[i];
        assert_false(repeats(&p, 0));
    }
}

/* A copy is recognised across some packets of others. */
static void test_packets_between(void **state)
{
    struct packet p = segment();
    assert_false(mirror_is_copy(*state, &p, 0));
    struct packet other = segment();
    for (uint32_t i = 1; i <= 50; i++) {
        other.tcp.seq = i * 1460;
        assert_false(mirror_is_copy(*state, &other, 0));
    }
    assert_true(mirror_is_copy(*state, &p, 0));
}

#define MIRROR_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MIRROR_TEST(test_copy),
        MIRROR_TEST(test_copy_behind_a_router),
        MIRROR_TEST(test_copy_in_a_tunnel),
        MIRROR_TEST(test_another_segment),
        MIRROR_TEST(test_segments_without_id),
        MIRROR_TEST(test_time_stamps),
        MIRROR_TEST(test_acknowledgements),
        MIRROR_TEST(test_keep_alives),
        MIRROR_TEST(test_frequent_copies),
        MIRROR_TEST(test_rare_copies),
        MIRROR_TEST(test_groups),
        MIRROR_TEST(test_datagrams),
        MIRROR_TEST(test_long_datagrams),
        MIRROR_TEST(test_fragments),
        MIRROR_TEST(test_icmp),
        MIRROR_TEST(test_local_packets),
        MIRROR_TEST(test_others_are_never_copies),
        MIRROR_TEST(test_packets_between),
    };
    return cmocka_run_group_tests_name("net/mirror", tests, NULL, NULL);
}
