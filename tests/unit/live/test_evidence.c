/*
 * Tests of live/evidence: which packets are kept, and what is written of them.
 * SPDX-License-Identifier: MIT
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "../../../src/live/sensor.h"
#include "unit.h"

#define BYTES (256U << 10)

struct bench {
    struct sensor s;
    struct capture_interface interfaces[2];
    struct capture_file files[2];
    struct device d;
    struct flow flow;
    struct past past;
    struct finding findings[4];
    struct result result;
    struct engine_stats stats;
    uint8_t bytes[2000];
    char folder[64];
    char path[256]; /* of the file that was written */
    uint32_t frame;
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    const struct rights_user user = {.change = false};
    struct err err;
    assert_non_null(b);
    for (int i = 0; i < 2; i++) {
        b->interfaces[i] = (struct capture_interface){
            .name = i ? "eth\x1b" : "eth0", .linktype = 1, .snaplen = 262144};
        b->files[i] = (struct capture_file){.interfaces = &b->interfaces[i], .interface_count = 1};
    }
    const struct capture_file *files[] = {&b->files[0], &b->files[1]};
    b->s.view = capture_view(files, 2);
    assert_non_null(b->s.view);
    (void)snprintf(b->folder, sizeof b->folder, "/tmp/evidence-test-XXXXXX");
    assert_non_null(mkdtemp(b->folder));
    assert_true(evidence_open(&b->s.evidence, b->folder, BYTES, &user, &err));
    b->d = (struct device){.number = 7, .sign_ns = 1, .end = DEVICE_FAILED, .address_count = 1};
    assert_true(addr_parse(&b->d.addresses[0], "10.20.0.31"));
    b->d.summary.finding_count = 1;
    b->d.summary.verdict = VERDICT_BLOCKED;
    assert_true(addr_parse(&b->flow.key.src, "10.20.0.31"));
    b->flow.key.src_port = 50000;
    b->result.findings = b->findings;
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    evidence_forget(&b->s.evidence, &b->d);
    assert_int_equal(b->s.evidence.store.bytes, 0);
    if (b->path[0])
        assert_int_equal(unlink(b->path), 0);
    assert_int_equal(rmdir(b->folder), 0); /* nothing half-written is left in it */
    folder_close(&b->s.evidence.folder);
    capture_close(b->s.view);
    free(b);
    return 0;
}

/* ---- what is kept -------------------------------------------------------------------------------- */

static void keep(struct bench *b, const struct packet *p, struct flow *flow)
{
    const struct frame frame = {
        .at = {1700000000 * NS_PER_S + ++b->frame * NS_PER_MS, b->frame, b->frame % 2},
        .wire_len = 60 + p->payload_len,
        .bytes = slice_of(b->bytes, 60 + p->payload_len),
    };
    evidence_keep(&b->s.evidence, &b->d, &frame, p, flow);
}

/* A segment of the bench's flow; true when it was kept. */
static bool segment(struct bench *b, enum dir dir, uint8_t flags, uint32_t len)
{
    struct packet p = {.kind = PACKET_TCP, .payload_len = len};
    uint32_t before = b->d.front.packets + b->d.later.packets;
    if (dir == DIR_TO_SERVER) {
        p.tuple.src = b->flow.key.src;
        p.tuple.src_port = b->flow.key.src_port;
    }
    p.tcp.flags = flags;
    b->flow.side[dir].bytes += len;
    keep(b, &p, &b->flow);
    return b->d.front.packets + b->d.later.packets != before;
}

static unsigned segments(struct bench *b, enum dir dir, unsigned count, uint32_t len)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < count; i++)
        kept += segment(b, dir, TCP_ACK, len);
    return kept;
}

static void a_download_leaves_its_beginning(void **state)
{
    struct bench *b = *state;
    assert_true(segment(b, DIR_TO_SERVER, TCP_SYN, 0));
    assert_true(segment(b, DIR_TO_SERVER, TCP_ACK, 536));
    assert_int_equal(segments(b, DIR_TO_CLIENT, 5000, 1000), 65);
    assert_false(segment(b, DIR_TO_SERVER, TCP_ACK, 0));
    assert_int_equal(b->d.later.packets, 0);
    assert_int_equal(b->d.left_out, 5000 - 65 + 1);
    assert_int_equal(b->s.evidence.left_out, b->d.left_out);
    /* The next exchange, and the end. */
    assert_true(segment(b, DIR_TO_SERVER, TCP_ACK, 500));
    assert_true(segment(b, DIR_TO_SERVER, TCP_ACK, 96));
    assert_true(segment(b, DIR_TO_CLIENT, TCP_ACK, 0));
    assert_int_equal(segments(b, DIR_TO_CLIENT, 100, 1000), 4);
    assert_false(segment(b, DIR_TO_SERVER, TCP_ACK, 0));
    assert_true(segment(b, DIR_TO_CLIENT, TCP_ACK | TCP_FIN, 1000));
    assert_true(segment(b, DIR_TO_SERVER, TCP_RST, 0));
    assert_int_equal(b->d.later.packets, 9);
}

static void an_upload_does_too(void **state)
{
    struct bench *b = *state;
    assert_int_equal(segments(b, DIR_TO_SERVER, 5000, 1000), 65);
    assert_false(segment(b, DIR_TO_CLIENT, TCP_ACK, 0));
    assert_true(segment(b, DIR_TO_CLIENT, TCP_ACK, 100));
    assert_int_equal(segments(b, DIR_TO_SERVER, 100, 1000), 4); /* another one */
}

static void of_settled_flows_nothing_follows(void **state)
{
    struct bench *b = *state;
    b->flow.settled = true;
    assert_int_equal(segments(b, DIR_TO_CLIENT, 100, 1000), 16);
    assert_false(segment(b, DIR_TO_SERVER, TCP_ACK, 500));
    assert_false(segment(b, DIR_TO_SERVER, TCP_ACK | TCP_FIN, 0));
    assert_int_equal(b->d.later.packets, 0);
}

/* What has no flow and proves something stays with the beginnings; a tunnel's bulk does not push them out. */
static void packets_without_a_flow(void **state)
{
    struct bench *b = *state;
    static const enum packet_kind kinds[] = {PACKET_ARP, PACKET_EAPOL, PACKET_ICMP};
    for (size_t i = 0; i < 3; i++)
        keep(b, &(struct packet){.kind = kinds[i]}, NULL);
    assert_int_equal(b->d.front.packets, 3);
    for (int i = 0; i < 1000; i++)
        keep(b, &(struct packet){.kind = PACKET_OTHER, .payload_len = 1400}, NULL);
    assert_int_equal(b->d.front.packets, 3);
    assert_true(b->d.later.packets > 30);
    assert_true(b->d.later.bytes <= BYTES / 4);
    assert_int_equal(b->d.later.packets + b->d.later.pushed_out, 1000);
}

/* A frame that holds several packets is kept once, with the first of them that is worth it. */
/* The flow of DHCP without an address is of all devices: however much others said in it, it is kept. */
static void dhcp_is_kept_whatever_its_flow(void **state)
{
    struct bench *b = *state;
    struct packet p = {.kind = PACKET_UDP, .payload_len = 300};
    p.tuple.src_port = 68;
    p.tuple.dst_port = 67;
    b->flow.settled = true;
    b->flow.side[DIR_TO_SERVER].bytes = 1U << 20;
    keep(b, &p, &b->flow);
    assert_int_equal(b->d.front.packets, 1);
    p.tuple.dst_port = 5000;
    p.tuple.src_port = 5001;
    keep(b, &p, &b->flow);
    assert_int_equal(b->d.front.packets + b->d.later.packets, 1);
}

static void a_frame_of_several_packets_is_kept_once(void **state)
{
    struct bench *b = *state;
    const struct packet icmp = {.kind = PACKET_ICMP};
    const struct packet other = {.kind = PACKET_OTHER, .part = 1};
    struct packet bulk = {.kind = PACKET_TCP, .payload_len = 1000};
    b->flow.side[DIR_TO_CLIENT].bytes = 1U << 20;
    b->flow.side[DIR_TO_CLIENT].exchange = UINT16_MAX;
    keep(b, &icmp, NULL);
    b->frame--; /* the same frame */
    keep(b, &other, NULL);
    assert_int_equal(b->d.front.packets, 1);
    assert_int_equal(b->d.later.packets, 0);
    keep(b, &bulk, &b->flow);
    b->frame--;
    bulk.part = 1;
    keep(b, &bulk, &b->flow);
    b->frame--;
    keep(b, &other, NULL);
    b->frame--;
    keep(b, &other, NULL);
    assert_int_equal(b->d.front.packets, 1);
    assert_int_equal(b->d.later.packets, 1);
    assert_int_equal(b->d.left_out, 2);
    keep(b, &(struct packet){.kind = PACKET_OTHER, .part = 2}, NULL); /* of another one */
    assert_int_equal(b->d.later.packets, 2);
}

static void bounds(void **state)
{
    struct bench *b = *state;
    b->d.sign_ns = 0;
    for (int i = 0; i < 1000; i++)
        keep(b, &(struct packet){.kind = PACKET_ICMP, .payload_len = 1400}, NULL);
    assert_true(b->d.front.bytes <= BYTES / 8);
    b->d.sign_ns = 1;
    for (int i = 0; i < 1000; i++)
        keep(b, &(struct packet){.kind = PACKET_ICMP, .payload_len = 1400}, NULL);
    assert_true(b->d.front.bytes > BYTES / 2 && b->d.front.bytes <= BYTES * 3 / 4);
    b->s.evidence.store.most = 0;
    evidence_forget(&b->s.evidence, &b->d);
    keep(b, &(struct packet){.kind = PACKET_ICMP}, NULL);
    assert_int_equal(b->d.front.packets, 0);
    assert_int_equal(b->d.left_out, 1);
}

/* ---- what is written ----------------------------------------------------------------------------- */

static void add_finding(struct bench *b, uint32_t first, uint32_t last, const char *host)
{
    struct finding *f = &b->findings[b->result.finding_count++];
    *f = (struct finding){.id = b->result.finding_count,
                          .kind = FINDING_TLS_RESET,
                          .severity = SEVERITY_ERROR,
                          .device = b->d.addresses[0],
                          .host = host,
                          .count = 5,
                          .first = {1, first, first % 2},
                          .last = {1, last, last % 2},
                          .detail = ""};
}

static struct capture *written(struct bench *b)
{
    struct err err;
    evidence_ended(&b->s, &b->d, &b->result, &b->stats, &b->past.row);
    assert_true(b->past.row.evidence[0]);
    (void)snprintf(b->path, sizeof b->path, "%s/%s", b->folder, b->past.row.evidence);
    const char *name = b->path;
    struct capture *c = capture_open(&name, 1, NULL, &err);
    assert_non_null(c);
    return c;
}

/* Frames 1 to 400 were seen; the oldest of them are gone. */
static void the_file_says_what_proves_what(void **state)
{
    struct bench *b = *state;
    struct frame f;
    uint32_t packets = 0;
    b->stats.kernel_drops = 3;
    b->s.now_ns = 1700000009 * NS_PER_S;
    for (int i = 0; i < 400; i++) {
        bool other = i % 4 == 0;
        keep(b, &(struct packet){.kind = other ? PACKET_OTHER : PACKET_ICMP, .payload_len = 1000},
             NULL);
    }
    uint32_t held = b->d.front.packets + b->d.later.packets;
    assert_true(held > 50 && held < 300);
    add_finding(b, 400, 399, "a.example");
    add_finding(b, 400, 400, "b\x1b[2J.example");
    add_finding(b, 1, 398, "");
    b->findings[3] = (struct finding){.id = 4, .first = {1, 397, 1}}; /* of the capture */
    b->result.finding_count = 4;
    struct capture *c = written(b);
    int64_t before = 0;
    while (capture_next(c, &f)) {
        assert_true(f.at.ts_ns > before);
        before = f.at.ts_ns;
        uint32_t number = (uint32_t)f.group;
        assert_int_equal(f.group >> 32, number % 2);
        assert_true(f.at.ts_ns == 1700000000 * NS_PER_S + number * NS_PER_MS);
        assert_int_equal(f.interface, number % 2);
        assert_int_equal(f.bytes.len, 1060);
        packets++;
    }
    assert_int_equal(packets, held);
    const struct capture_file *file = capture_file(c, 0);
    assert_false(file->damaged);
    assert_int_equal(file->kernel_drops, 3);
    assert_true(file->ended_ns == b->s.now_ns);
    assert_string_equal(file->interfaces[0].name, "eth0");
    static const char *const comments[] = {
        "finding 3 (error): tls-reset; last of 5, frame 398 of eth0 in the report",
        "finding 1 (error): tls-reset a.example; last of 5, frame 399 of eth\\x1b in the report",
        "finding 1 (error): tls-reset a.example; first of 5, frame 400 of eth0 in the report",
        "finding 2 (error): tls-reset b\\x1b[2J.example; frame 400 of eth0 in the report",
    };
    assert_int_equal(file->comment_count, 5);
    for (int i = 0; i < 4; i++)
        assert_string_equal(file->comments[i + 1].text, comments[i]);
    const char *about = file->comments[0].text;
    assert_non_null(strstr(about, "device 7, 10.20.0.31: ended failed, verdict blocked"));
    assert_non_null(strstr(about, "older ones made room"));
    assert_null(strstr(about, "left out"));
    assert_non_null(strstr(about, "Some frames of these findings are not here: 3."));
    assert_int_equal(b->s.evidence.files, 1);
    capture_close(c);
}

static void no_finding_no_file(void **state)
{
    struct bench *b = *state;
    b->d.summary.finding_count = 0;
    keep(b, &(struct packet){.kind = PACKET_ICMP}, NULL);
    evidence_ended(&b->s, &b->d, &b->result, &b->stats, &b->past.row);
    assert_string_equal(b->past.row.evidence, "");
    assert_int_equal(b->s.evidence.files + b->s.evidence.lost, 0);
}

static void a_file_that_cannot_be_written_is_counted(void **state)
{
    struct bench *b = *state;
    folder_close(&b->s.evidence.folder);
    b->s.evidence.folder.fd = open("/dev/null", O_RDONLY);
    assert_true(b->s.evidence.folder.fd >= 0);
    add_finding(b, 1, 1, "a.example");
    evidence_ended(&b->s, &b->d, &b->result, &b->stats, &b->past.row);
    assert_string_equal(b->past.row.evidence, "");
    assert_int_equal(b->s.evidence.lost, 1);
    assert_int_equal(b->s.evidence.files, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_download_leaves_its_beginning, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_upload_does_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_settled_flows_nothing_follows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(packets_without_a_flow, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dhcp_is_kept_whatever_its_flow, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_frame_of_several_packets_is_kept_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_file_says_what_proves_what, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_finding_no_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_written_is_counted, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("live/evidence", tests, NULL, NULL);
}
