/*
 * tests/unit/diagnose/lab: deployments by script, without a packet.
 * SPDX-License-Identifier: MIT
 *
 * Each helper tells the diagnosis of one exchange that begins `at` milliseconds after the capture did.
 * Frame numbers count up with every exchange.
 */
#ifndef DIAGNOSE_LAB_H
#define DIAGNOSE_LAB_H

#include "diagnose/diagnose.h"
#include "unit.h"

#define LAB_START (1767225600LL * NS_PER_S) /* 2026-01-01T00:00:00Z */
#define LAB_TTL   57

static const char LAB_LIST[] =
    "{\"format\": \"oobescope-services/1\", \"as_of\": \"2026-01-01\", \"sources\": {}, "
    "\"services\": ["
    "{\"id\": \"profile\", \"name\": \"Profiles\", \"need\": \"required\", \"phase\": \"profile\","
    " \"endpoints\": ["
    "  {\"host\": \"ztd.example.com\", \"ports\": [443], \"need\": \"required\"},"
    "  {\"host\": \"login.example.net\", \"ports\": [443], \"need\": \"required\"},"
    "  {\"host\": \"extra.example.com\", \"ports\": [443], \"need\": \"optional\"}]},"
    "{\"id\": \"activation\", \"name\": \"Activation\", \"need\": \"required\", \"phase\": "
    "\"activation\","
    " \"endpoints\": ["
    "  {\"host\": \"login.example.net\", \"ports\": [443], \"need\": \"required\", \"shared\": "
    "true},"
    "  {\"host\": \"act.example.org\", \"ports\": [443, 80], \"need\": \"required\"}]},"
    "{\"id\": \"store\", \"name\": \"Store\", \"need\": \"conditional\", \"phase\": \"apps\","
    " \"endpoints\": ["
    "  {\"host\": \"*.store.example.com\", \"ports\": [443], \"need\": \"required\"}]},"
    "{\"id\": \"telemetry\", \"name\": \"Telemetry\", \"need\": \"optional\", \"phase\": "
    "\"telemetry\","
    " \"endpoints\": ["
    "  {\"host\": \"events.example.com\", \"ports\": [443], \"need\": \"optional\"},"
    "  {\"host\": \"more.example.com\", \"ports\": [443], \"need\": \"optional\"}]},"
    "{\"id\": \"ntp\", \"name\": \"Time\", \"need\": \"conditional\", \"phase\": \"time\", "
    "\"endpoints\": ["
    "  {\"host\": \"time.example.com\", \"ports\": [123], \"transport\": \"udp\","
    "   \"protocol\": \"ntp\", \"need\": \"required\"}]},"
    "{\"id\": \"dns\", \"name\": \"DNS\", \"need\": \"required\", \"phase\": \"network\", "
    "\"endpoints\": ["
    "  {\"host\": null, \"match\": \"port\", \"ports\": [53], \"transport\": \"udp\", "
    "\"protocol\": \"dns\","
    "   \"need\": \"required\"}]},"
    "{\"id\": \"ncsi\", \"name\": \"Connectivity check\", \"need\": \"required\","
    " \"phase\": \"connectivity\", \"endpoints\": ["
    "  {\"host\": \"www.probe.example\", \"ports\": [80], \"protocol\": \"http\","
    "   \"need\": \"required\", \"probe_path\": \"/connecttest.txt\", \"probe_status\": 200,"
    "   \"probe_body\": \"Microsoft Connect Test\"},"
    "  {\"host\": \"dns.probe.example\", \"ports\": [53], \"transport\": \"udp\","
    "   \"protocol\": \"dns\", \"need\": \"optional\", \"probe_dns_a\": \"192.0.2.55\","
    "   \"probe_dns_aaaa\": \"2001:db8::55\"},"
    "  {\"host\": \"ipv6.probe.example\", \"ports\": [80], \"protocol\": \"http\","
    "   \"need\": \"optional\"}]},"
    "{\"id\": \"crl\", \"name\": \"Revocation\", \"need\": \"conditional\", \"phase\": \"network\","
    " \"endpoints\": ["
    "  {\"host\": \"crl.example.org\", \"ports\": [80], \"protocol\": \"http\","
    "   \"need\": \"required\", \"role\": \"crl\"}]},"
    "{\"id\": \"proxy\", \"name\": \"Proxy\", \"need\": \"conditional\", \"phase\": \"network\","
    " \"endpoints\": ["
    "  {\"host\": \"wpad\", \"ports\": [80], \"protocol\": \"http\", \"need\": \"optional\"},"
    "  {\"host\": \"wpad.*\", \"ports\": [80], \"protocol\": \"http\", \"need\": \"optional\"}]},"
    "{\"id\": \"dhcp\", \"name\": \"DHCP\", \"need\": \"conditional\", \"phase\": \"address\","
    " \"endpoints\": ["
    "  {\"host\": null, \"match\": \"port\", \"ports\": [67, 68], \"transport\": \"udp\","
    "   \"protocol\": \"dhcp\", \"need\": \"required\"}]}"
    "]}";

struct lab {
    struct service_list *list;
    struct diagnosis *d;
    const char *device; /* who acts */
    const char *server; /* who is acted on; NULL: a default */
    const char *resolver;
    struct mac_addr mac;
    bool has_mac;
    uint32_t frame;
    uint32_t flows;
    struct capture_facts capture;
};

static inline struct ip_addr lab_addr(const char *text)
{
    struct ip_addr a;
    assert_true(addr_parse(&a, text));
    return a;
}

static inline void lab_open_with(struct lab *l, const char *json)
{
    struct err err = {0};
    *l = (struct lab){.device = "10.0.0.5", .resolver = "10.0.0.53"};
    l->list = services_load(slice_str(json), "lab.json", &err);
    if (!l->list)
        fail_msg("%s: %s", err.where, err.text);
    l->d = diagnosis_new(l->list, NULL, 0);
    assert_non_null(l->d);
    l->capture.first = (struct mark){LAB_START, 1, 0};
    l->capture.last = (struct mark){LAB_START + 600 * NS_PER_S, 100000, 0};
    l->capture.packets = 100000;
    l->capture.file_count = 1;
}

static inline void lab_open(struct lab *l)
{
    lab_open_with(l, LAB_LIST);
}

static inline void lab_close(struct lab *l)
{
    diagnosis_free(l->d);
    services_free(l->list);
}

static inline const struct result *lab_judge(struct lab *l)
{
    const struct result *r = diagnosis_finish(l->d, &l->capture);
    assert_non_null(r);
    return r;
}

static inline struct mark lab_mark(struct lab *l, int64_t ms)
{
    return (struct mark){LAB_START + ms * NS_PER_MS, ++l->frame, 0};
}

static inline struct flow lab_flow(struct lab *l, int64_t at, uint8_t proto, const char *server,
                                   uint16_t port)
{
    struct flow f = {0};
    f.key.src = lab_addr(l->device);
    f.key.dst = lab_addr(server);
    f.key.src_port = (uint16_t)(49152 + l->flows % 16000);
    f.key.dst_port = port;
    f.key.proto = proto;
    f.id = ++l->flows;
    f.first = lab_mark(l, at);
    f.last = f.first;
    f.side[DIR_TO_SERVER] = (struct flow_side){.packets = 1, .bytes = 40, .ttl = 128};
    f.has_mac = l->has_mac;
    f.client_mac = l->mac;
    return f;
}

/* ---- DNS ---- */

enum {
    LAB_A = 1,
    LAB_AAAA = 28,
    NO_REPLY = -1,
    NOT_YET = -2,
    LAB_OK = 0,
    SERVFAIL = 2,
    NXDOMAIN = 3,
    REFUSED = 5
};

/* `rcode` as on the wire, NO_REPLY or NOT_YET; `address` NULL: none in the answer. */
static inline void lab_dns(struct lab *l, int64_t at, const char *name, uint16_t type, int rcode,
                           const char *address)
{
    struct flow f = lab_flow(l, at, IP_PROTO_UDP, l->resolver, 53);
    struct dns_answer answer = {.name = slice_str(name), .type = type};
    struct tx tx = {.kind = TX_DNS, .first = f.first, .request = f.first, .rtt_ns = -1};
    tx.u.dns.qname = slice_str(name);
    tx.u.dns.qtype = type;
    tx.u.dns.qclass = 1;
    tx.u.dns.attempts = 1;
    tx.u.dns.rcode = (int16_t)(rcode < 0 ? -1 : rcode);
    tx.u.dns.ede = -1;
    tx.outcome = rcode == NO_REPLY ? TX_NO_REPLY : rcode == NOT_YET ? TX_PENDING : TX_ANSWERED;
    if (tx.outcome == TX_ANSWERED) {
        tx.reply = lab_mark(l, at + 10);
        tx.rtt_ns = 10 * NS_PER_MS;
    }
    tx.done = mark_set(tx.reply) ? tx.reply : tx.first;
    if (address) {
        answer.addr = lab_addr(address);
        tx.u.dns.answers = &answer;
        tx.u.dns.answer_count = 1;
    }
    diagnosis_transaction(l->d, &f, &tx, slice_str(""));
}

/* A question over UDP (or TCP) whose reply has more to say. */
struct lab_reply {
    uint16_t type; /* 0: A */
    int rcode;     /* or NO_REPLY */
    int ede;       /* extended error; 0: none */
    const char *address;
    const char *cname; /* the answer begins with a CNAME to it */
    const char *soa;
    const char *soa_server;
    int64_t rtt_ms; /* 0: 10 */
    bool aa, tc, edns, tcp;
    bool second;           /* another reply to an answered question */
    const char *icmp_from; /* port unreachable, instead of a reply */
};

static inline void lab_ask(struct lab *l, int64_t at, const char *name, struct lab_reply how)
{
    struct flow f = lab_flow(l, at, how.tcp ? IP_PROTO_TCP : IP_PROTO_UDP, l->resolver, 53);
    struct dns_answer answers[2] = {{.name = slice_str(name)}};
    struct tx tx = {.kind = TX_DNS, .first = f.first, .request = f.first, .rtt_ns = -1};
    struct tx_dns *dns = &tx.u.dns;
    struct flow_signs signs = {0};
    int64_t rtt_ms = how.rtt_ms ? how.rtt_ms : 10;
    *dns = (struct tx_dns){
        .qname = slice_str(name),
        .answers = answers,
        .soa = slice_str(how.soa ? how.soa : ""),
        .soa_server = slice_str(how.soa_server ? how.soa_server : ""),
        .attempts = 1,
        .qtype = how.type ? how.type : LAB_A,
        .qclass = 1,
        .rcode = (int16_t)(how.rcode < 0 ? -1 : how.rcode),
        .ede = (int16_t)(how.ede ? how.ede : -1),
        .truncated = how.tc,
        .authoritative = how.aa,
        .edns = how.edns,
        .second_reply = how.second,
    };
    if (how.cname) {
        answers[dns->answer_count].type = 5;
        answers[dns->answer_count++].rdata = slice_str(how.cname);
    }
    if (how.address) {
        answers[dns->answer_count].type = dns->qtype;
        answers[dns->answer_count++].addr = lab_addr(how.address);
    }
    tx.outcome = how.rcode == NO_REPLY ? TX_NO_REPLY : how.second ? TX_REPLY_ONLY : TX_ANSWERED;
    if (how.icmp_from) {
        signs.icmp_from = lab_addr(how.icmp_from);
        signs.icmp_type = signs.icmp_code = 3;
        f.signs = &signs;
    }
    if (how.rcode != NO_REPLY)
        tx.reply = lab_mark(l, at + rtt_ms);
    if (tx.outcome == TX_ANSWERED)
        tx.rtt_ns = rtt_ms * NS_PER_MS;
    tx.done = mark_set(tx.reply) ? tx.reply : tx.first;
    diagnosis_transaction(l->d, &f, &tx, slice_str(""));
}

/* The usual pair, answered. */
static inline void lab_resolve(struct lab *l, int64_t at, const char *name)
{
    lab_dns(l, at, name, LAB_A, LAB_OK, "203.0.113.7");
    lab_dns(l, at + 1, name, LAB_AAAA, LAB_OK, NULL);
}

/* ---- TLS ---- */

struct lab_tls {
    enum tls_outcome outcome;
    uint8_t alert; /* with TLS_ALERT */
    bool alert_from_client;
    bool client_ends;
    bool quic;
    uint8_t rst_ttl;
    const char *issuer; /* NULL: TLS 1.3, no certificate seen */
    const char *subject_name;
    uint8_t extensions; /* of the certificate */
    uint8_t chain;
    bool chain_root;
    int64_t valid_from; /* seconds after the capture's start; both 0: valid */
    int64_t valid_to;
    const char *via;
    bool hello_cut;
    bool leaves;      /* after the handshake, with no request */
    int64_t stall_ms; /* between the server's greeting and the end of the handshake */
    /* The connection under it. */
    int64_t rtt_ms;    /* SYN to SYN-ACK, ClientHello to ServerHello; 0 unknown */
    int64_t end_ms;    /* the ClientHello to what ended it; 0: 50. Completed: to the last packet */
    uint8_t ttl;       /* of the SYN-ACK; 0: LAB_TTL */
    uint8_t alert_ttl; /* 0: the same */
    uint8_t rst_marks;
    uint16_t hello_len;
    uint16_t hybrid;
    uint16_t offered;
    uint32_t shape;
    uint32_t wait_ms; /* ClientHello to ServerHello; 0: rtt_ms */
    struct flow_hole hole_up, hole_down;
    uint32_t packets; /* each way; 0: 2 */
    uint16_t syns;    /* 0: 1 */
    bool half;        /* the client's packets only */
    bool gap;         /* the capture lacks bytes of the handshake */
    bool lost;        /* it lacks bytes of the server that the client acknowledged */
    int64_t clock_s;  /* the time that the greeting carries, minus the capture's; 0: none */
    uint32_t
        refused; /* completed: bytes behind it that a reset with rst_ttl answers, unacknowledged */
    uint32_t heard; /* bytes of the client that the server acknowledged */
    bool early;     /* the client's data came before the handshake was over */
};

#define LAB_ISN 1000U

/* What the packets of the connection under a handshake showed. */
static inline void lab_under_tls(struct lab *l, struct flow *f, struct flow_signs *signs,
                                 int64_t at, const struct lab_tls *how)
{
    *signs =
        (struct flow_signs){.rst_marks = how->rst_marks, .hole = {how->hole_up, how->hole_down}};
    f->signs = signs;
    f->rtt_us = (uint32_t)(how->rtt_ms * 1000);
    f->syns = how->syns ? how->syns : 1;
    f->answered_ns = lab_mark(l, at).ts_ns;
    uint32_t packets = how->packets ? how->packets : 2;
    f->side[DIR_TO_SERVER] = (struct flow_side){.packets = packets,
                                                .bytes = 600,
                                                .syn = true,
                                                .data = true,
                                                .isn = LAB_ISN,
                                                .ack = 1,
                                                .ttl = 128};
    f->side[DIR_TO_CLIENT] = (struct flow_side){.packets = packets,
                                                .syn = true,
                                                .ack = LAB_ISN + 1 + how->heard,
                                                .ttl = how->ttl ? how->ttl : LAB_TTL};
    f->side[DIR_TO_CLIENT].data_ttl = how->alert_ttl ? how->alert_ttl : f->side[DIR_TO_CLIENT].ttl;
    if (how->outcome == TLS_COMPLETED || how->outcome == TLS_PENDING)
        return;
    signs->end_at = lab_mark(l, at + (how->end_ms ? how->end_ms : 50));
    f->end_by = how->client_ends ? DIR_TO_SERVER : DIR_TO_CLIENT;
    f->rst_first = how->outcome == TLS_RESET_BY_SERVER || how->outcome == TLS_RESET_BY_CLIENT;
    signs->end_ttl = how->rst_ttl;
    f->side[f->end_by].rst = f->rst_first;
    f->side[f->end_by].fin = how->outcome == TLS_CLOSED;
    f->last = signs->end_at;
}

static inline void lab_tls(struct lab *l, int64_t at, const char *host, struct lab_tls how)
{
    struct flow f = lab_flow(l, at, how.quic ? IP_PROTO_UDP : IP_PROTO_TCP,
                             l->server ? l->server : "203.0.113.7", how.via ? 8080 : 443);
    struct slice names[1] = {slice_str(how.subject_name ? how.subject_name : host)};
    struct tls_certificate certificate = {
        .issuer = slice_str(how.issuer ? how.issuer : ""),
        .names = names,
        .name_count = 1,
        .extensions = how.extensions,
        .not_before = LAB_START / NS_PER_S + (how.valid_from ? how.valid_from : -86400),
        .not_after = LAB_START / NS_PER_S + (how.valid_to ? how.valid_to : 86400),
    };
    struct tx tx = {.kind = TX_TLS, .first = f.first, .request = f.first, .rtt_ns = -1};
    tx.u.tls.sni = slice_str(host);
    tx.u.tls.outcome = how.outcome;
    tx.u.tls.via = how.via;
    tx.u.tls.hello_cut = how.hello_cut;
    tx.u.tls.quic_version = how.quic ? 1 : 0;
    tx.u.tls.server_hello =
        how.outcome == TLS_COMPLETED || how.outcome == TLS_INCOMPLETE || how.issuer;
    tx.u.tls.stage = tx.u.tls.server_hello ? TLS_STAGE_SERVER_DONE : TLS_STAGE_CLIENT_HELLO;
    tx.u.tls.server_shape = how.shape;
    tx.u.tls.chain = how.chain;
    tx.u.tls.chain_root = how.chain_root;
    tx.u.tls.hello_len = how.hello_len;
    if (how.clock_s)
        tx.u.tls.hello_time = (uint32_t)(f.first.ts_ns / NS_PER_S + how.clock_s);
    tx.u.tls.hybrid = how.hybrid;
    tx.u.tls.offered_version = how.offered;
    if (tx.u.tls.server_hello) {
        tx.rtt_ns = (how.wait_ms ? how.wait_ms : how.rtt_ms) * NS_PER_MS;
        tx.reply = lab_mark(l, at + tx.rtt_ns / NS_PER_MS);
    }
    if (how.issuer)
        tx.u.tls.certificate = &certificate;
    if (how.outcome == TLS_ALERT) {
        tx.u.tls.alert_count = 1;
        tx.u.tls.alerts[0] =
            (struct tls_alert){how.alert_from_client ? DIR_TO_SERVER : DIR_TO_CLIENT, 2, how.alert};
    }
    struct flow_signs signs;
    lab_under_tls(l, &f, &signs, at, &how);
    tx.u.tls.gap = how.gap;
    tx.u.tls.client_data = how.early;
    if (how.lost || (how.half && !how.hole_down.open))
        f.side[DIR_TO_SERVER].ack = 1461;
    if (how.half)
        f.side[DIR_TO_CLIENT] = (struct flow_side){.packets = 0};
    tx.done = lab_mark(l, at + 60 + how.stall_ms);
    f.side[DIR_TO_SERVER].seq_end = 1000;
    diagnosis_transaction(l->d, &f, &tx, slice_str(host));
    struct flow_end end = {END_FIN, DIR_TO_SERVER, lab_mark(l, at + 90 + how.stall_ms)};
    f.side[DIR_TO_SERVER].seq_end = how.leaves ? 1032 : 1600;
    if (how.outcome == TLS_COMPLETED && how.end_ms)
        f.last = lab_mark(l, at + how.end_ms);
    if (!mark_set(signs.end_at))
        signs.end_at = end.at;
    if (how.refused) {
        f.rst_first = f.side[DIR_TO_CLIENT].rst = true;
        f.end_by = DIR_TO_CLIENT;
        signs.end_at = f.last;
        signs.end_ttl = how.rst_ttl;
        f.side[DIR_TO_CLIENT].ack = f.side[DIR_TO_SERVER].seq_end - how.refused;
    }
    diagnosis_flow(l->d, &f, &end, slice_str(host), "tls", 1);
}

/* A host resolved and used over TLS 1.3. */
static inline void lab_use(struct lab *l, int64_t at, const char *host)
{
    lab_resolve(l, at, host);
    lab_tls(l, at + 20, host, (struct lab_tls){.outcome = TLS_COMPLETED});
}

/* ---- HTTP ---- */

struct lab_http {
    uint16_t status; /* 0: no response */
    bool pending;
    const char *method;
    const char *target;
    const char *location;
    const char *body;
    bool to_proxy;
    const char *authenticate;
    const char *via, *server, *box, *type;
    int64_t length;     /* announced; 0: that of the body */
    int64_t came;       /* of the body */
    int64_t range_from; /* asked for, with range_to; both 0: no range */
    int64_t range_to;
    int64_t content_from;
    int64_t rtt_ms; /* 0: 20 */
    bool cut, no_ranges, recoded, cookie;
};

static inline void lab_http(struct lab *l, int64_t at, const char *host, struct lab_http how)
{
    struct flow f = lab_flow(l, at, IP_PROTO_TCP, l->server ? l->server : "203.0.113.7",
                             how.to_proxy ? 8080 : 80);
    struct tx tx = {.kind = TX_HTTP, .first = f.first, .request = f.first, .rtt_ns = -1};
    tx.outcome = how.pending ? TX_PENDING : how.status ? TX_ANSWERED : TX_NO_REPLY;
    if (how.status)
        tx.reply = lab_mark(l, at + (how.rtt_ms ? how.rtt_ms : 20));
    tx.done = mark_set(tx.reply) ? tx.reply : tx.first;
    tx.rtt_ns = how.status ? (how.rtt_ms ? how.rtt_ms : 20) * NS_PER_MS : -1;
    f.rtt_us = 1000;
    tx.u.http.method = slice_str(how.method ? how.method : "GET");
    tx.u.http.target = slice_str(how.target ? how.target : "/");
    tx.u.http.host = slice_str(host);
    tx.u.http.location = slice_str(how.location ? how.location : "");
    tx.u.http.body_head = slice_str(how.body ? how.body : "");
    tx.u.http.content_length = how.body ? (int64_t)strlen(how.body) : -1;
    tx.u.http.proxy_authenticate = slice_str(how.authenticate ? how.authenticate : "");
    tx.u.http.status = how.status;
    tx.u.http.to_proxy = how.to_proxy;
    tx.u.http.date = -1;
    tx.u.http.via = slice_str(how.via ? how.via : "");
    tx.u.http.server = slice_str(how.server ? how.server : "");
    tx.u.http.box = slice_str(how.box ? how.box : "");
    tx.u.http.content_type = slice_str(how.type ? how.type : "");
    if (how.length)
        tx.u.http.content_length = how.length;
    tx.u.http.length = (uint64_t)how.came;
    tx.u.http.range = how.range_from != 0 || how.range_to != 0;
    tx.u.http.range_from = tx.u.http.range ? how.range_from : -1;
    tx.u.http.range_to = tx.u.http.range ? how.range_to : -1;
    tx.u.http.content_from = how.status == 206 ? how.content_from : -1;
    tx.u.http.cut = how.cut;
    tx.u.http.no_ranges = how.no_ranges;
    tx.u.http.recoded = how.recoded;
    tx.u.http.cookie = how.cookie;
    f.side[DIR_TO_CLIENT] = (struct flow_side){.packets = 2, .ttl = LAB_TTL};
    diagnosis_transaction(l->d, &f, &tx, slice_str(host));
}

static inline void lab_probe(struct lab *l, int64_t at)
{
    lab_resolve(l, at, "www.probe.example");
    lab_http(l, at + 20, "www.probe.example",
             (struct lab_http){
                 .status = 200, .target = "/connecttest.txt", .body = "Microsoft Connect Test"});
}

static inline void lab_connect(struct lab *l, int64_t at, const char *authority, uint16_t status)
{
    lab_http(l, at, authority,
             (struct lab_http){.status = status,
                               .method = "CONNECT",
                               .target = authority,
                               .to_proxy = true,
                               .authenticate = status == 407 ? "Negotiate" : NULL});
}

/* ---- NTP ---- */

struct lab_ntp {
    bool unanswered;
    bool pending;
    uint8_t stratum;
    uint8_t leap;
    const char *kiss;
    int64_t offset_s;   /* the server's clock minus the device's */
    int64_t server_s;   /* the server's minus that of the capture */
    const char *server; /* NULL: a default */
};

static inline void lab_ntp(struct lab *l, int64_t at, const char *host, struct lab_ntp how)
{
    struct flow f = lab_flow(l, at, IP_PROTO_UDP, how.server ? how.server : "203.0.113.123", 123);
    struct tx tx = {.kind = TX_NTP, .first = f.first, .request = f.first, .rtt_ns = -1};
    tx.outcome = how.pending ? TX_PENDING : how.unanswered ? TX_NO_REPLY : TX_ANSWERED;
    if (tx.outcome == TX_ANSWERED)
        tx.reply = lab_mark(l, at + 20);
    tx.done = mark_set(tx.reply) ? tx.reply : tx.first;
    tx.u.ntp.stratum = how.kiss ? 0 : how.stratum ? how.stratum : 2;
    tx.u.ntp.leap = how.leap;
    if (how.kiss)
        memcpy(tx.u.ntp.kiss_code, how.kiss, 4);
    tx.u.ntp.has_offset = true;
    tx.u.ntp.offset_ns = how.offset_s * NS_PER_S;
    tx.u.ntp.has_server_time = tx.outcome == TX_ANSWERED;
    tx.u.ntp.server_ns = how.server_s * NS_PER_S;
    diagnosis_transaction(l->d, &f, &tx, slice_str(host));
}

/* ---- TCP flows without transactions ---- */

struct lab_tcp {
    bool refused;
    bool unreachable;
    bool half;          /* the client's data and acknowledgements only */
    bool conversation;  /* both sides sent data of no known protocol */
    int64_t watched_ms; /* how long the capture ran on; 0: long */
    int64_t rtt_ms;     /* SYN to its answer; 0: unknown */
    uint8_t ttl;        /* of the answer; 0: LAB_TTL */
    uint8_t rst_marks;
};

static inline void lab_tcp(struct lab *l, int64_t at, const char *host, uint16_t port,
                           struct lab_tcp how)
{
    struct flow f = lab_flow(l, at, IP_PROTO_TCP, l->server ? l->server : "203.0.113.7", port);
    struct flow_side *client = &f.side[DIR_TO_SERVER], *server = &f.side[DIR_TO_CLIENT];
    int64_t end = at + (how.watched_ms ? how.watched_ms : 21000);
    struct flow_end how_ended = {END_TIMEOUT, DIR_TO_SERVER, {LAB_START + end * NS_PER_MS, 0, 0}};
    struct flow_signs signs = {0};
    client->syn = true;
    f.syns = 3;
    f.rtt_us = (uint32_t)(how.rtt_ms * 1000);
    if (how.refused) {
        *server = (struct flow_side){.packets = 1, .ttl = how.ttl ? how.ttl : LAB_TTL, .rst = true};
        signs.end_at = lab_mark(l, at + 5);
        f.answered_ns = signs.end_at.ts_ns;
        f.end_by = DIR_TO_CLIENT;
        f.rst_first = true;
        signs.end_ttl = server->ttl;
        signs.rst_marks = how.rst_marks;
        f.signs = &signs;
    }
    if (how.unreachable) {
        signs.icmp_from = lab_addr("10.0.0.1");
        signs.icmp_type = 3;
        signs.icmp_code = 13;
        f.signs = &signs;
        signs.end_at = lab_mark(l, at + 5);
    }
    if (how.half || how.conversation) {
        client->data = true;
        client->ack = 1;
        client->packets = 9;
    }
    if (how.conversation) {
        *server = (struct flow_side){
            .packets = 9, .ttl = how.ttl ? how.ttl : LAB_TTL, .syn = true, .data = true};
        f.answered_ns = lab_mark(l, at + 5).ts_ns;
    }
    diagnosis_flow(l->d, &f, &how_ended, slice_str(host), "unknown", 0);
}

/* ---- reading results ---- */

static inline const struct device_result *lab_device(const struct result *r, const char *address)
{
    struct ip_addr a = lab_addr(address);
    for (uint32_t i = 0; i < r->device_count; i++) {
        if (addr_eq(&r->devices[i].address, &a))
            return &r->devices[i];
    }
    return NULL;
}

/* The finding of a kind for a host ("" for the device's own); NULL when there is none. */
static inline const struct finding *lab_finding(const struct result *r, enum finding_kind kind,
                                                const char *host)
{
    const struct finding *found = NULL;
    for (uint32_t i = 0; i < r->finding_count; i++) {
        const struct finding *f = &r->findings[i];
        if (f->kind != kind || strcmp(f->host, host) != 0)
            continue;
        assert_null(
            found); /* one a device, kind and host: tests with several devices look closer */
        found = f;
    }
    return found;
}

/* Whether a line of proof holds `text`. */
static inline bool lab_proves(const struct finding *f, const char *text)
{
    for (uint32_t i = 0; i < f->proof_count; i++) {
        if (strstr(f->proof[i], text))
            return true;
    }
    return false;
}

/* How many findings are worse than a note. */
static inline uint32_t lab_troubles(const struct result *r)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->finding_count; i++)
        n += r->findings[i].severity > SEVERITY_INFO;
    return n;
}

static inline enum status_word lab_status(const struct result *r, const char *service)
{
    for (uint32_t i = 0; i < r->service_count; i++) {
        if (strcmp(r->services[i].service->id, service) == 0)
            return r->services[i].status;
    }
    fail_msg("no service %s", service);
    return STATUS_NOT_SEEN;
}

static inline const struct cause *lab_cause(const struct result *r, const char *kind)
{
    for (uint32_t i = 0; i < r->cause_count; i++) {
        if (strcmp(r->causes[i].kind, kind) == 0)
            return &r->causes[i];
    }
    return NULL;
}

#endif
