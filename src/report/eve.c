/*
 * report/eve: transactions and flows as they complete.
 * SPDX-License-Identifier: MIT
 */
#include "report/eve.h"

#include <stdio.h>

#include "document.h"
#include "proto/dhcp.h"
#include "proto/dns.h"
#include "proto/tls.h"
#include "report/json.h"

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

static struct json open_event(struct eve *w, const struct event *e, const char *type,
                              const struct mark *first, const struct mark *request)
{
    struct json line = {.buf = &w->out->buf, .times = &w->times};
    struct json *j = &line;
    const struct tuple *key = &e->flow->key;
    json_open(j, NULL, '{');
    json_time(j, "timestamp", first->ts_ns);
    json_text(j, "event_type", type);
    json_u64(j, "flow_id", e->flow_id);
    json_addr(j, "src_ip", &key->src);
    json_u64(j, "src_port", key->src_port);
    json_addr(j, "dest_ip", &key->dst);
    json_u64(j, "dest_port", key->dst_port);
    json_text(j, "proto", key->proto == IP_PROTO_TCP ? "TCP" : "UDP");
    if (mark_set(*request))
        json_u64(j, "pcap_cnt", request->frame);
    if (request->file < w->file_count)
        json_text(j, "pcap_filename", w->files[request->file]);
    json_addr(j, "device", &e->device);
    if (e->service)
        json_text(j, "service", e->service->id);
    if (e->flow->vlan)
        json_u64(j, "vlan", e->flow->vlan);
    json_open(j, type, '{');
    return line;
}

static void close_event(struct eve *w, struct json *j)
{
    json_close(j, '}');
    json_close(j, '}');
    buf_char(j->buf, '\n');
    out_wrote(w->out);
}

static void put_reply(struct json *j, const struct tx *tx)
{
    if (tx->rtt_ns >= 0)
        json_ms(j, "rtt_ms", tx->rtt_ns);
    if (mark_set(tx->reply))
        json_u64(j, "reply_frame", tx->reply.frame);
}

/* ---- one function a protocol ---- */

static void put_answer(struct json *j, const struct dns_answer *answer)
{
    char type[DNS_MNEMONIC_SIZE];
    json_open(j, NULL, '{');
    json_slice(j, "rrname", answer->name);
    json_text(j, "rrtype", dns_type_text(answer->type, type));
    json_u64(j, "ttl", answer->ttl);
    if (answer->addr.family)
        json_addr(j, "rdata", &answer->addr);
    else
        json_slice(j, "rdata", answer->rdata);
    json_close(j, '}');
}

static void put_dns(struct json *j, const struct tx *tx)
{
    const struct tx_dns *dns = &tx->u.dns;
    char text[DNS_MNEMONIC_SIZE];
    json_u64(j, "id", dns->id);
    json_slice(j, "rrname", dns->qname);
    json_text(j, "rrtype", dns_type_text(dns->qtype, text));
    if (dns->rcode >= 0)
        json_text(j, "rcode", dns_rcode_text(dns->rcode, text));
    json_text(j, "outcome", outcome_names[tx->outcome]);
    json_u64(j, "attempts", dns->attempts);
    if (dns->answer_count > 0) {
        json_open(j, "answers", '[');
        for (uint32_t i = 0; i < dns->answer_count; i++)
            put_answer(j, &dns->answers[i]);
        json_close(j, ']');
    }
    if (dns->ede >= 0)
        json_u64(j, "ede", (uint64_t)dns->ede);
    if (dns->rcode >= 0)
        json_bool(j, "tc", dns->truncated);
    put_reply(j, tx);
}

static void put_certificate(struct json *j, const struct tls_certificate *c)
{
    json_slice(j, "issuerdn", c->issuer);
    json_slice(j, "subject", c->subject);
    json_open(j, "subject_alt_names", '[');
    for (uint32_t i = 0; i < c->name_count; i++)
        json_slice(j, NULL, c->names[i]);
    json_close(j, ']');
    json_time(j, "notbefore", c->not_before * NS_PER_S);
    json_time(j, "notafter", c->not_after * NS_PER_S);
}

static void put_alerts(struct json *j, const struct tx_tls *tls)
{
    json_open(j, "alerts", '[');
    for (int i = 0; i < tls->alert_count; i++) {
        const struct tls_alert *alert = &tls->alerts[i];
        char text[TLS_TEXT_SIZE];
        json_open(j, NULL, '{');
        json_text(j, "from", alert->from == DIR_TO_SERVER ? "client" : "server");
        json_text(j, "level", alert->level == 2 ? "fatal" : "warning");
        json_text(j, "description", tls_alert_text(alert->code, text));
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void put_quic_version(struct json *j, uint32_t version)
{
    char text[sizeof "0x00000000"];
    (void)snprintf(text, sizeof text, "0x%08x", (unsigned)version);
    json_text(j, "quic_version", text);
}

static void put_tls(struct json *j, const struct tx *tx)
{
    const struct tx_tls *tls = &tx->u.tls;
    char text[TLS_TEXT_SIZE];
    json_slice_if(j, "sni", tls->sni);
    if (tls->version)
        json_text(j, "version", tls_version_text(tls->version, text));
    json_slice_if(j, "alpn", tls->alpn);
    if (tls->server_hello)
        json_text(j, "cipher", tls_cipher_text(tls->cipher, text));
    json_bool(j, "server_hello", tls->server_hello);
    json_text(j, "outcome", tls_outcome_text(tls->outcome));
    if (tls->alert_count > 0)
        put_alerts(j, tls);
    if (tls->certificate)
        put_certificate(j, tls->certificate);
    json_bool(j, "ech", tls->ech);
    if (tls->outcome == TLS_COMPLETED)
        json_ms(j, "handshake_ms", tx->done.ts_ns - tx->first.ts_ns);
    if (tls->quic_version)
        put_quic_version(j, tls->quic_version);
    json_text_if(j, "via", tls->via);
    put_reply(j, tx);
}

static void put_http(struct json *j, const struct tx *tx)
{
    const struct tx_http *http = &tx->u.http;
    json_slice_if(j, "hostname", http->host_field);
    json_slice(j, "url", http->target);
    json_slice(j, "http_method", http->method);
    json_slice_if(j, "protocol", http->version);
    if (http->status)
        json_u64(j, "status", http->status);
    json_slice_if(j, "redirect", http->location);
    json_bool(j, "via_proxy", http->to_proxy);
    json_text(j, "outcome",
              tx->outcome == TX_NO_REPLY ? "no-response" : outcome_names[tx->outcome]);
    json_u64(j, "length", http->length);
    put_reply(j, tx);
}

static void put_ntp(struct json *j, const struct tx *tx)
{
    const struct tx_ntp *ntp = &tx->u.ntp;
    json_text(j, "outcome", outcome_names[tx->outcome]);
    if (tx->outcome == TX_ANSWERED) {
        json_u64(j, "stratum", ntp->stratum);
        json_text(j, "reference_id", ntp->reference_id);
        json_u64(j, "leap", ntp->leap);
        json_text_if(j, "kiss_code", ntp->kiss_code);
    }
    if (ntp->has_offset)
        json_ms(j, "offset_ms", ntp->offset_ns);
    json_u64(j, "attempts", ntp->attempts);
    put_reply(j, tx);
}

static void put_addrs(struct json *j, const char *key, const struct dhcp_addrs *addrs)
{
    if (addrs->count == 0)
        return;
    json_open(j, key, '[');
    for (uint8_t i = 0; i < addrs->count; i++)
        json_addr(j, NULL, &addrs->at[i]);
    json_close(j, ']');
}

static void put_lease(struct json *j, const struct dhcp_lease *l)
{
    json_addr_if(j, "assigned_ip", &l->address);
    json_addr_if(j, "server_id", &l->server);
    json_addr_if(j, "subnet_mask", &l->mask);
    put_addrs(j, "routers", &l->routers);
    put_addrs(j, "dns_servers", &l->resolvers);
    put_addrs(j, "ntp_servers", &l->time_servers);
    if (l->lease_s)
        json_u64(j, "lease_time", l->lease_s);
    json_slice_if(j, "domain", l->domain);
    json_slice_if(j, "domain_search", l->search);
    json_slice_if(j, "proxy_url", l->proxy);
    json_slice_if(j, "portal_url", l->portal);
    json_slice_if(j, "message", l->refusal);
}

static void put_dhcp(struct json *j, const struct tx *tx)
{
    const struct tx_dhcp *dhcp = tx->u.dhcp;
    char mac[MAC_TEXT_SIZE];
    json_u64(j, "id", dhcp->id);
    json_text(j, "client_mac", mac_text(&dhcp->client, mac));
    json_text(j, "dhcp_type", dhcp_type_text(dhcp->last));
    json_open(j, "messages", '[');
    for (unsigned type = DHCP_DISCOVER; type < DHCP_TYPE_COUNT; type++) {
        if (dhcp->types >> type & 1)
            json_text(j, NULL, dhcp_type_text((enum dhcp_type)type));
    }
    json_close(j, ']');
    json_text(j, "outcome", outcome_names[tx->outcome]);
    json_u64(j, "attempts", dhcp->attempts);
    json_addr_if(j, "requested_ip", &dhcp->requested);
    json_addr_if(j, "relay_ip", &dhcp->relay);
    json_slice_if(j, "hostname", dhcp->name);
    json_slice_if(j, "vendor_class_identifier", dhcp->vendor);
    put_lease(j, &dhcp->lease);
    put_reply(j, tx);
}

void eve_transaction(struct eve *w, const struct event *event, const struct tx *tx)
{
    static const struct {
        const char *name;
        void (*put)(struct json *j, const struct tx *tx);
    } kinds[] = {
        [TX_DNS] = {"dns", put_dns}, [TX_TLS] = {"tls", put_tls},    [TX_HTTP] = {"http", put_http},
        [TX_NTP] = {"ntp", put_ntp}, [TX_DHCP] = {"dhcp", put_dhcp},
    };
    struct json j = open_event(w, event, kinds[tx->kind].name, &tx->first, &tx->request);
    kinds[tx->kind].put(&j, tx);
    close_event(w, &j);
}

void eve_flow(struct eve *w, const struct event *event, const struct flow_end *how)
{
    const struct flow *f = event->flow;
    struct json j = open_event(w, event, "flow", &f->first, &f->first);
    json_u64(&j, "pkts_toserver", f->side[DIR_TO_SERVER].packets);
    json_u64(&j, "pkts_toclient", f->side[DIR_TO_CLIENT].packets);
    json_u64(&j, "bytes_toserver", f->side[DIR_TO_SERVER].bytes);
    json_u64(&j, "bytes_toclient", f->side[DIR_TO_CLIENT].bytes);
    json_time(&j, "start", f->first.ts_ns);
    json_time(&j, "end", f->last.ts_ns);
    json_text(&j, "state", flow_state_names[flow_state(f)]);
    json_text(&j, "app_proto", event->app);
    json_text_if(&j, "ndpi_proto", event->label);
    json_slice_if(&j, "hostname", event->hostname);
    json_text(&j, "reason", end_reason_names[how->reason]);
    close_event(w, &j);
}

/* ---- the result ---- */

/* A line with one object of its own: `{"event_type":"finding","finding":{...}}`. */
static struct json open_line(struct eve *w, const char *type, int64_t ts_ns)
{
    struct json j = {.buf = &w->out->buf};
    json_open(&j, NULL, '{');
    json_time(&j, "timestamp", ts_ns);
    json_text(&j, "event_type", type);
    return j;
}

static void close_line(struct eve *w, struct json *j)
{
    json_close(j, '}');
    buf_char(j->buf, '\n');
    out_wrote(w->out);
}

static void put_stats(struct json *j, const char *key, const struct engine_stats *s)
{
    json_open(j, key, '{');
    json_u64(j, "packets", s->packets);
    json_u64(j, "bytes", s->bytes);
    json_u64(j, "truncated_packets", s->truncated_packets);
    json_u64(j, "undecoded_packets", s->undecoded_packets);
    json_u64(j, "other_packets", s->other_packets);
    json_u64(j, "fragments", s->fragments);
    json_u64(j, "drops", s->dropped);
    json_u64(j, "kernel_drops", s->kernel_drops);
    json_u64(j, "transactions", s->transactions);
    json_u64(j, "gap_bytes", s->gap_bytes);
    json_u64(j, "flows", s->flows.created);
    json_u64(j, "flows_open_max", s->flows.open_max);
    json_u64(j, "flows_evicted", s->flows.evicted);
    json_close(j, '}');
}

void eve_result(struct eve *w, const struct result *result, const struct engine_stats *stats)
{
    struct document_files files = {w->files, w->file_count};
    int64_t now = stats->last.ts_ns;
    for (uint32_t i = 0; i < result->finding_count; i++) {
        struct json j = open_line(w, "finding", result->findings[i].first.ts_ns);
        document_finding(&j, "finding", &result->findings[i], &files);
        close_line(w, &j);
    }
    for (uint32_t i = 0; i < result->cause_count; i++) {
        struct json j = open_line(w, "cause", now);
        document_cause(&j, "cause", &result->causes[i]);
        close_line(w, &j);
    }
    for (uint32_t i = 0; i < result->service_count; i++) {
        struct json j = open_line(w, "service", now);
        document_service(&j, "service", &result->services[i]);
        close_line(w, &j);
    }
    struct json verdict = open_line(w, "verdict", now);
    document_verdict(&verdict, "verdict", result);
    close_line(w, &verdict);
    struct json counters = open_line(w, "stats", now);
    put_stats(&counters, "stats", stats);
    close_line(w, &counters);
}
