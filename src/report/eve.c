/*
 * report/eve: transactions and flows as they complete.
 * SPDX-License-Identifier: MIT
 */
#include "report/eve.h"

#include "document.h"
#include "json_line.h"
#include "proto/dns.h"
#include "proto/tls.h"

static const char *const outcome_names[] = {
    [TX_ANSWERED] = "answered",
    [TX_NO_REPLY] = "no-reply",
    [TX_PENDING] = "pending",
    [TX_REPLY_ONLY] = "reply-only",
};

static const char *const flow_state_names[] = {
    [FLOW_NO_REPLY] = "no-reply",       [FLOW_REFUSED] = "refused",
    [FLOW_UNREACHABLE] = "unreachable", [FLOW_ESTABLISHED] = "established",
    [FLOW_CLOSED] = "closed",           [FLOW_RESET] = "reset",
};

static const char *const end_reason_names[] = {
    [END_FIN] = "fin",   [END_RST] = "rst",         [END_TIMEOUT] = "timeout",
    [END_ICMP] = "icmp", [END_CAPTURE] = "capture", [END_EVICTED] = "evicted",
};

/* ---- what all events have ---- */

static void open_event(struct eve *w, const struct event *e, const char *type,
                       const struct mark *first, const struct mark *request)
{
    struct buf *b = &w->out->buf;
    const struct tuple *key = &e->flow->key;
    line_open(b, NULL, '{');
    line_time(b, "timestamp", first->ts_ns);
    line_text(b, "event_type", type);
    line_u64(b, "flow_id", e->flow->id);
    line_addr(b, "src_ip", &key->src);
    line_u64(b, "src_port", key->src_port);
    line_addr(b, "dest_ip", &key->dst);
    line_u64(b, "dest_port", key->dst_port);
    line_text(b, "proto", key->proto == IP_PROTO_TCP ? "TCP" : "UDP");
    if (mark_set(*request))
        line_u64(b, "pcap_cnt", request->frame);
    if (request->file < w->file_count)
        line_text(b, "pcap_filename", w->files[request->file]);
    line_addr(b, "device", &e->device);
    if (e->service)
        line_text(b, "service", e->service->id);
    if (e->flow->vlan)
        line_u64(b, "vlan", e->flow->vlan);
    line_open(b, type, '{');
}

static void close_event(struct eve *w)
{
    buf_bytes(&w->out->buf, "}}\n", 3);
    out_wrote(w->out);
}

static void put_reply(struct buf *b, const struct tx *tx)
{
    if (tx->rtt_ns >= 0)
        line_ms(b, "rtt_ms", tx->rtt_ns);
    if (mark_set(tx->reply))
        line_u64(b, "reply_frame", tx->reply.frame);
}

/* ---- one function a protocol ---- */

static void put_answer(struct buf *b, const struct dns_answer *answer)
{
    char type[DNS_MNEMONIC_SIZE];
    line_open(b, NULL, '{');
    line_slice(b, "rrname", answer->name);
    line_text(b, "rrtype", dns_type_text(answer->type, type));
    line_u64(b, "ttl", answer->ttl);
    line_slice(b, "rdata", answer->rdata);
    line_close(b, '}');
}

static void put_dns(struct buf *b, const struct tx *tx)
{
    const struct tx_dns *dns = &tx->u.dns;
    char text[DNS_MNEMONIC_SIZE];
    line_u64(b, "id", dns->id);
    line_slice(b, "rrname", dns->qname);
    line_text(b, "rrtype", dns_type_text(dns->qtype, text));
    if (dns->rcode >= 0)
        line_text(b, "rcode", dns_rcode_text(dns->rcode, text));
    line_text(b, "outcome", outcome_names[tx->outcome]);
    line_u64(b, "attempts", dns->attempts);
    if (dns->answer_count > 0) {
        line_open(b, "answers", '[');
        for (uint32_t i = 0; i < dns->answer_count; i++)
            put_answer(b, &dns->answers[i]);
        line_close(b, ']');
    }
    if (dns->ede >= 0)
        line_u64(b, "ede", (uint64_t)dns->ede);
    if (dns->rcode >= 0)
        line_bool(b, "tc", dns->truncated);
    put_reply(b, tx);
}

static void put_certificate(struct buf *b, const struct tls_certificate *c)
{
    line_slice(b, "issuerdn", c->issuer);
    line_slice(b, "subject", c->subject);
    line_open(b, "subject_alt_names", '[');
    for (uint32_t i = 0; i < c->name_count; i++)
        line_slice(b, NULL, c->names[i]);
    line_close(b, ']');
    line_time(b, "notbefore", c->not_before * NS_PER_S);
    line_time(b, "notafter", c->not_after * NS_PER_S);
}

static void put_alerts(struct buf *b, const struct tx_tls *tls)
{
    line_open(b, "alerts", '[');
    for (int i = 0; i < tls->alert_count; i++) {
        const struct tls_alert *alert = &tls->alerts[i];
        char text[TLS_TEXT_SIZE];
        line_open(b, NULL, '{');
        line_text(b, "from", alert->from == DIR_TO_SERVER ? "client" : "server");
        line_text(b, "level", alert->level == 2 ? "fatal" : "warning");
        line_text(b, "description", tls_alert_text(alert->code, text));
        line_close(b, '}');
    }
    line_close(b, ']');
}

static void put_tls(struct buf *b, const struct tx *tx)
{
    const struct tx_tls *tls = &tx->u.tls;
    char text[TLS_TEXT_SIZE];
    line_slice_if(b, "sni", tls->sni);
    if (tls->version)
        line_text(b, "version", tls_version_text(tls->version, text));
    line_slice_if(b, "alpn", tls->alpn);
    if (tls->server_hello)
        line_text(b, "cipher", tls_cipher_text(tls->cipher, text));
    line_bool(b, "server_hello", tls->server_hello);
    line_text(b, "outcome", tls_outcome_text(tls->outcome));
    if (tls->alert_count > 0)
        put_alerts(b, tls);
    if (tls->certificate)
        put_certificate(b, tls->certificate);
    line_bool(b, "ech", tls->ech);
    if (tls->outcome == TLS_COMPLETED)
        line_ms(b, "handshake_ms", tx->done.ts_ns - tx->first.ts_ns);
    if (tls->quic_version)
        buf_printf(b, ",\"quic_version\":\"0x%08x\"", (unsigned)tls->quic_version);
    line_text_if(b, "via", tls->via);
    put_reply(b, tx);
}

static void put_http(struct buf *b, const struct tx *tx)
{
    const struct tx_http *http = &tx->u.http;
    line_slice_if(b, "hostname", http->host_field);
    line_slice(b, "url", http->target);
    line_slice(b, "http_method", http->method);
    line_slice_if(b, "protocol", http->version);
    if (http->status)
        line_u64(b, "status", http->status);
    line_slice_if(b, "redirect", http->location);
    line_bool(b, "via_proxy", http->to_proxy);
    line_text(b, "outcome",
              tx->outcome == TX_NO_REPLY ? "no-response" : outcome_names[tx->outcome]);
    line_u64(b, "length", http->length);
    put_reply(b, tx);
}

static void put_ntp(struct buf *b, const struct tx *tx)
{
    const struct tx_ntp *ntp = &tx->u.ntp;
    line_text(b, "outcome", outcome_names[tx->outcome]);
    if (tx->outcome == TX_ANSWERED) {
        line_u64(b, "stratum", ntp->stratum);
        line_text(b, "reference_id", ntp->reference_id);
        line_u64(b, "leap", ntp->leap);
        line_text_if(b, "kiss_code", ntp->kiss_code);
    }
    if (ntp->has_offset)
        line_ms(b, "offset_ms", ntp->offset_ns);
    line_u64(b, "attempts", ntp->attempts);
    put_reply(b, tx);
}

void eve_transaction(struct eve *w, const struct event *event, const struct tx *tx)
{
    static const struct {
        const char *name;
        void (*put)(struct buf *b, const struct tx *tx);
    } kinds[] = {
        [TX_DNS] = {"dns", put_dns},
        [TX_TLS] = {"tls", put_tls},
        [TX_HTTP] = {"http", put_http},
        [TX_NTP] = {"ntp", put_ntp},
    };
    open_event(w, event, kinds[tx->kind].name, &tx->first, &tx->request);
    kinds[tx->kind].put(&w->out->buf, tx);
    close_event(w);
}

void eve_flow(struct eve *w, const struct event *event, const struct flow_end *how)
{
    const struct flow *f = event->flow;
    struct buf *b = &w->out->buf;
    open_event(w, event, "flow", &f->first, &f->first);
    line_u64(b, "pkts_toserver", f->side[DIR_TO_SERVER].packets);
    line_u64(b, "pkts_toclient", f->side[DIR_TO_CLIENT].packets);
    line_u64(b, "bytes_toserver", f->side[DIR_TO_SERVER].bytes);
    line_u64(b, "bytes_toclient", f->side[DIR_TO_CLIENT].bytes);
    line_time(b, "start", f->first.ts_ns);
    line_time(b, "end", f->last.ts_ns);
    line_text(b, "state", flow_state_names[flow_state(f)]);
    line_text(b, "app_proto", event->app);
    line_text_if(b, "ndpi_proto", event->label);
    line_slice_if(b, "hostname", event->hostname);
    line_text(b, "reason", end_reason_names[how->reason]);
    close_event(w);
}

/* ---- the result ---- */

/* A line whose object is made by document.c: `{"event_type":"finding","finding":{...}}`. */
static void open_line(struct eve *w, const char *type, int64_t ts_ns)
{
    struct buf *b = &w->out->buf;
    line_open(b, NULL, '{');
    line_time(b, "timestamp", ts_ns);
    line_text(b, "event_type", type);
    line_key(b, type);
}

static void close_line(struct eve *w)
{
    buf_bytes(&w->out->buf, "}\n", 2);
    out_wrote(w->out);
}

static void put_stats(struct buf *b, const struct engine_stats *s)
{
    buf_char(b, '{');
    line_u64(b, "packets", s->packets);
    line_u64(b, "bytes", s->bytes);
    line_u64(b, "truncated_packets", s->truncated_packets);
    line_u64(b, "undecoded_packets", s->undecoded_packets);
    line_u64(b, "other_packets", s->other_packets);
    line_u64(b, "fragments", s->fragments);
    line_u64(b, "drops", s->dropped);
    line_u64(b, "kernel_drops", s->kernel_drops);
    line_u64(b, "transactions", s->transactions);
    line_u64(b, "gap_bytes", s->gap_bytes);
    line_u64(b, "flows", s->flows.created);
    line_u64(b, "flows_open_max", s->flows.open_max);
    line_u64(b, "flows_evicted", s->flows.evicted);
    buf_char(b, '}');
}

void eve_result(struct eve *w, const struct result *result, const struct engine_stats *stats)
{
    struct buf *b = &w->out->buf;
    struct document_files files = {w->files, w->file_count};
    int64_t now = stats->last.ts_ns;
    for (uint32_t i = 0; i < result->finding_count; i++) {
        open_line(w, "finding", result->findings[i].first.ts_ns);
        document_finding(b, &result->findings[i], &files);
        close_line(w);
    }
    for (uint32_t i = 0; i < result->cause_count; i++) {
        open_line(w, "cause", now);
        document_cause(b, &result->causes[i]);
        close_line(w);
    }
    for (uint32_t i = 0; i < result->service_count; i++) {
        open_line(w, "service", now);
        document_service(b, &result->services[i]);
        close_line(w);
    }
    open_line(w, "verdict", now);
    document_verdict(b, result);
    close_line(w);
    open_line(w, "stats", now);
    put_stats(b, stats);
    close_line(w);
}
