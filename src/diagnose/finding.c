/*
 * diagnose/finding: what a finding says to its reader.
 * SPDX-License-Identifier: MIT
 *
 * Texts are a table by kind; details, filters and blame come from the facts. TTL arithmetic: senders
 * begin at 64, 128 or 255, so the distance is what is missing to the next of these.
 */
#include <stdlib.h>

#include "issuers.h"
#include "judge.h"

#define TTL_SLACK 2 /* load balancers differ by this much */

struct told {
    const char *what; /* after "HOST: " */
    const char *advice;
    const char *disproof;
    enum culprit culprit;
    enum confidence confidence;
};

static const struct told told_of[FINDING_KIND_COUNT] = {
    [FINDING_DNS_NXDOMAIN] = {"the resolver says that the name does not exist",
                              "Let the resolver forward this name to the internet; look for a zone "
                              "of its own or a filter "
                              "that shadows it.",
                              "A public resolver that gives the same answer.", CULPRIT_RESOLVER,
                              CONFIDENCE_LIKELY},
    [FINDING_DNS_SERVFAIL] =
        {"the resolver could not resolve the name",
         "Check the resolver's forwarders and DNSSEC validation for this name.",
         "The same failure from a resolver outside the network.", CULPRIT_RESOLVER,
         CONFIDENCE_LIKELY},
    [FINDING_DNS_REFUSED] =
        {"the resolver refuses to answer for the name",
         "Allow the deployment network in the resolver's access list and policy.",
         "An answer for other public names from the same resolver to the same device.",
         CULPRIT_RESOLVER, CONFIDENCE_CERTAIN},
    [FINDING_DNS_NO_REPLY] =
        {"no resolver answers the question",
         "Check that the resolver handed out by DHCP is up, and that UDP and TCP port 53 to it are "
         "open from the deployment network.",
         "Replies that took a path past the capture point.", CULPRIT_NETWORK, CONFIDENCE_LIKELY},
    [FINDING_DNS_NO_ADDRESS] =
        {"the name exists but the resolver gives no address",
         "Let the resolver forward this name; look for an empty zone of its own.",
         "A public resolver that gives no address either.", CULPRIT_RESOLVER, CONFIDENCE_LIKELY},
    [FINDING_DNS_SINKHOLE] = {"the resolver answers with an address that leads nowhere",
                              "Exempt the name from the DNS filter.",
                              "A service that really lives at the address.", CULPRIT_RESOLVER,
                              CONFIDENCE_LIKELY},
    [FINDING_TCP_NO_REPLY] = {"connection attempts stay without any answer",
                              "Allow this host and port from the deployment network; a silent drop "
                              "on the way is likely.",
                              "The same host answering on this port from the same network.",
                              CULPRIT_NETWORK, CONFIDENCE_LIKELY},
    [FINDING_TCP_REFUSED] = {"connection attempts are refused with a reset",
                             "Look for a firewall rule that rejects this host and port.",
                             "A server that is known to have closed the port.", CULPRIT_MIDDLEBOX,
                             CONFIDENCE_POSSIBLE},
    [FINDING_TCP_UNREACHABLE] =
        {"ICMP reports the host as unreachable",
         "Check the route and the access list of the router that sent the ICMP message.",
         "A later connection over the same path.", CULPRIT_NETWORK, CONFIDENCE_CERTAIN},
    [FINDING_TLS_NO_SERVER_HELLO] =
        {"the connection stands but the TLS greeting stays without answer",
         "Look for a filter on TLS server names, and for a path MTU problem.",
         "Smaller or other greetings to the same address that fail too.", CULPRIT_NETWORK,
         CONFIDENCE_LIKELY},
    [FINDING_TLS_RESET] = {"the connection is cut during the TLS handshake",
                           "Exempt the host from TLS and URL filtering.",
                           "A server that is known to cut such connections.", CULPRIT_NONE,
                           CONFIDENCE_POSSIBLE},
    [FINDING_TLS_ALERT] = {"the TLS handshake ends with an alert",
                           "Compare the certificate and the TLS versions on this path with those "
                           "outside the network.",
                           "The same alert from outside the network.", CULPRIT_NONE,
                           CONFIDENCE_LIKELY},
    [FINDING_TLS_INCOMPLETE] =
        {"the TLS handshake stops half-way",
         "Exempt the host from TLS inspection, and test it from the deployment network.",
         "Another connection to the host that was needed instead.", CULPRIT_NONE,
         CONFIDENCE_POSSIBLE},
    [FINDING_TLS_INSPECTED] =
        {"the certificate was not issued by a public authority",
         "Exempt the host from TLS inspection: a device under deployment does not trust the "
         "inspecting authority yet.",
         "The same issuer seen from a network without inspection.", CULPRIT_MIDDLEBOX,
         CONFIDENCE_LIKELY},
    [FINDING_TLS_CERTIFICATE_EXPIRED] =
        {"the server's certificate has expired",
         "Check who presents this certificate; renew it where it is an inspecting box's or a "
         "proxy's.",
         "A wrong clock of the machine that captured.", CULPRIT_SERVER, CONFIDENCE_CERTAIN},
    [FINDING_TLS_CERTIFICATE_NOT_YET_VALID] =
        {"the server's certificate is not valid yet",
         "Check who presents this certificate, and the clock of the box that signed it.",
         "A wrong clock of the machine that captured.", CULPRIT_SERVER, CONFIDENCE_CERTAIN},
    [FINDING_TLS_NAME_MISMATCH] =
        {"the server's certificate is for another name",
         "Check where the name leads: a portal, a sinkhole or a block page answers in its place.",
         "A name in the certificate that the capture did not show.", CULPRIT_SERVER,
         CONFIDENCE_CERTAIN},
    [FINDING_HTTP_NO_RESPONSE] = {"requests stay without response",
                                  "Look for a transparent proxy or filter that holds the request.",
                                  "A response that arrived after the capture ended.",
                                  CULPRIT_NETWORK, CONFIDENCE_LIKELY},
    [FINDING_HTTP_ERROR] = {"requests are answered with an error",
                            "Find out who answers with this status, and allow the host there.",
                            "The same status from outside the network.", CULPRIT_SERVER,
                            CONFIDENCE_POSSIBLE},
    [FINDING_HTTP_PROXY_AUTH] =
        {"the proxy asks for credentials that a device under deployment does not have",
         "Let the proxy pass the required hosts without authentication, or give the deployment "
         "network a direct way.",
         "A later request that the proxy lets pass.", CULPRIT_PROXY, CONFIDENCE_CERTAIN},
    [FINDING_HTTP_CAPTIVE_PORTAL] =
        {"the connectivity check is answered by something else than Microsoft's server",
         "Let deployment devices past the portal (by MAC address or a network of their own).",
         "A later check that is answered as expected.", CULPRIT_MIDDLEBOX, CONFIDENCE_CERTAIN},
    [FINDING_NTP_NO_REPLY] =
        {"the time server does not answer",
         "Open UDP port 123 to the time server, or hand out an internal one by DHCP.",
         "Time taken from another source.", CULPRIT_NETWORK, CONFIDENCE_LIKELY},
    [FINDING_NTP_KISS_OF_DEATH] =
        {"the time server refuses to serve the device",
         "Use a time server that accepts the deployment network; look for too many clients behind "
         "one address.",
         "A later answer with the time.", CULPRIT_SERVER, CONFIDENCE_CERTAIN},
    [FINDING_NTP_UNSYNCHRONIZED] = {"the time server does not know the time itself",
                                    "Repair the time server's own source, or use another one.",
                                    "A later answer with the time.", CULPRIT_SERVER,
                                    CONFIDENCE_CERTAIN},
    [FINDING_CLOCK_SKEW] = {"the device's clock is wrong",
                            "Set the clock in the firmware and let the device reach a time server.",
                            "A wrong clock of the server or of the machine that captured.",
                            CULPRIT_DEVICE, CONFIDENCE_LIKELY},
    [FINDING_CAPTURE_ONE_WAY] =
        {"the capture shows one direction of the conversations only",
         "Capture again with both directions (mirror receive and transmit).",
         "Conversations with both directions.", CULPRIT_CAPTURE, CONFIDENCE_CERTAIN},
    [FINDING_CAPTURE_GAPS] = {"the capture lacks bytes that the receivers had",
                              "Capture with a larger buffer or at a less busy point.", "",
                              CULPRIT_CAPTURE, CONFIDENCE_CERTAIN},
    [FINDING_CAPTURE_TRUNCATED] = {"packets were captured in part only",
                                   "Capture again without a snapshot length.", "", CULPRIT_CAPTURE,
                                   CONFIDENCE_CERTAIN},
};

struct draft *finding_add(struct judge *j, uint32_t *number)
{
    *number = pool_add(&j->drafts);
    if (*number == POOL_NONE)
        return NULL;
    struct draft *d = pool_at(&j->drafts, *number);
    *d = (struct draft){.client = POOL_NONE, .name = INTERN_NONE, .cause = POOL_NONE};
    d->x.text = INTERN_NONE;
    d->f.hops = -1;
    d->f.host = d->f.proto = d->f.detail = d->f.summary = d->f.advice = "";
    d->f.display_filter = d->f.disproof = "";
    return d;
}

const char *judge_keep(struct judge *j)
{
    struct slice copy = arena_copy(j->arena, buf_view(&j->text));
    if (!copy.data || j->text.failed)
        j->failed = true;
    buf_reset(&j->text);
    return copy.data ? (const char *)copy.data : "";
}

static void add_address(struct buf *b, const struct ip_addr *a)
{
    char text[ADDR_TEXT_SIZE];
    buf_str(b, addr_text(a, text));
}

static void add_fact(struct judge *j, struct draft *d)
{
    if (d->f.proof_count < FINDING_PROOF_MAX && j->text.len > 0)
        d->f.proof[d->f.proof_count++] = judge_keep(j);
    else
        buf_reset(&j->text);
}

/* ---- who ---- */

static int hops_from(uint8_t ttl)
{
    int start = ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255;
    return start - ttl;
}

static bool by_client(const struct draft *d)
{
    return (d->x.group & FAIL_BY_CLIENT) != 0;
}

/* A reset whose TTL does not fit the server's was sent by something on the way. */
static void blame_reset(struct judge *j, struct draft *d)
{
    int away = d->x.ttl_rst - d->x.ttl_server;
    if (by_client(d)) {
        d->f.culprit = CULPRIT_DEVICE;
        return;
    }
    if (d->x.ttl_rst == 0 || d->x.ttl_server == 0)
        return;
    buf_printf(&j->text, "TTL of the reset is %u, of the server's first packet %u", d->x.ttl_rst,
               d->x.ttl_server);
    add_fact(j, d);
    if (abs(away) > TTL_SLACK) {
        d->f.culprit = CULPRIT_MIDDLEBOX;
        d->f.hops = hops_from(d->x.ttl_rst);
        d->f.confidence = CONFIDENCE_LIKELY;
    } else {
        d->f.culprit = CULPRIT_SERVER;
    }
}

static void blame(struct judge *j, struct draft *d)
{
    switch ((int)d->f.kind) {
    case FINDING_TLS_RESET:
        blame_reset(j, d);
        break;
    case FINDING_TLS_ALERT:
    case FINDING_TLS_INCOMPLETE:
        if (by_client(d))
            d->f.culprit = CULPRIT_DEVICE;
        else if (d->f.kind == FINDING_TLS_ALERT)
            d->f.culprit = CULPRIT_SERVER;
        break;
    case FINDING_TLS_INSPECTED:
        if (d->x.text != INTERN_NONE)
            d->f.confidence = (enum confidence)(j->j.suspects[d->x.text] - SUSPECT_POSSIBLE);
        break;
    case FINDING_HTTP_ERROR:
        if (d->x.group & FAIL_PROXY)
            d->f.culprit = CULPRIT_PROXY;
        break;
    case FINDING_TCP_UNREACHABLE:
        if ((d->x.code >> 8) == 3 &&
            ((d->x.code & 0xff) == 9 || (d->x.code & 0xff) == 10 || (d->x.code & 0xff) == 13))
            d->f.culprit = CULPRIT_MIDDLEBOX;
        break;
    case FINDING_CLOCK_SKEW:
        d->f.confidence = d->x.code ? CONFIDENCE_CERTAIN : CONFIDENCE_POSSIBLE;
        break;
    default:
        break;
    }
}

/* ---- details ---- */

static const char *alert_name(uint16_t code)
{
    static const struct {
        uint16_t code;
        const char *name;
    } alerts[] = {
        {0, "close_notify"},
        {10, "unexpected_message"},
        {20, "bad_record_mac"},
        {22, "record_overflow"},
        {40, "handshake_failure"},
        {42, "bad_certificate"},
        {43, "unsupported_certificate"},
        {44, "certificate_revoked"},
        {45, "certificate_expired"},
        {46, "certificate_unknown"},
        {47, "illegal_parameter"},
        {48, "unknown_ca"},
        {49, "access_denied"},
        {50, "decode_error"},
        {51, "decrypt_error"},
        {70, "protocol_version"},
        {71, "insufficient_security"},
        {80, "internal_error"},
        {86, "inappropriate_fallback"},
        {90, "user_canceled"},
        {109, "missing_extension"},
        {110, "unsupported_extension"},
        {112, "unrecognized_name"},
        {113, "bad_certificate_status_response"},
        {115, "unknown_psk_identity"},
        {116, "certificate_required"},
        {120, "no_application_protocol"},
    };
    for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++) {
        if (alerts[i].code == code)
            return alerts[i].name;
    }
    return "unknown alert";
}

static struct slice text_of(const struct judge *j, const struct draft *d)
{
    return d->x.text == INTERN_NONE ? slice_str("") : intern_name(j->f->texts, d->x.text);
}

static void detail_skew(struct buf *b, const struct draft *d)
{
    int64_t s = d->x.value / NS_PER_S;
    buf_printf(b, "clock is %lld s %s, against %s", (long long)(s < 0 ? -s : s),
               s < 0 ? "fast" : "slow", d->x.code ? "the time server" : "the capture's clock");
}

static void detail_reset(struct buf *b, const struct draft *d)
{
    buf_printf(b, "%s by the %s", d->x.value ? "closed (FIN)" : "reset",
               by_client(d) ? "device" : "server's side");
    if (d->f.culprit == CULPRIT_MIDDLEBOX)
        buf_printf(b, ", injected about %d hops from the capture point", d->f.hops);
}

static void detail_labelled(struct buf *b, const char *label, struct slice text)
{
    if (text.len == 0)
        return;
    buf_str(b, label);
    buf_slice(b, text);
}

static void detail_issuer(struct buf *b, struct slice issuer)
{
    const char *product = issuer_product(issuer);
    detail_labelled(b, "issuer ", issuer);
    if (product)
        buf_printf(b, " (%s)", product);
}

static void detail_date(struct buf *b, const char *label, const struct judge *j,
                        const struct draft *d)
{
    char text[TIME_TEXT_SIZE];
    int64_t limit = INT64_MAX / NS_PER_S;
    int64_t s = d->x.value > limit ? limit : d->x.value < -limit ? -limit : d->x.value;
    buf_printf(b, "%s %s", label, time_text(s * NS_PER_S, text));
    detail_labelled(b, ", issuer ", text_of(j, d));
}

static void detail_http(struct buf *b, const struct judge *j, const struct draft *d)
{
    buf_printf(b, "status %u", d->x.code);
    if (d->f.kind == FINDING_HTTP_CAPTIVE_PORTAL)
        detail_labelled(b, ", redirected to ", text_of(j, d));
    else if (d->f.kind == FINDING_HTTP_PROXY_AUTH)
        detail_labelled(b, ", asks for ", text_of(j, d));
    else
        detail_labelled(b, ", from ", text_of(j, d));
}

static void add_detail(struct judge *j, const struct draft *d)
{
    struct buf *b = &j->text;
    switch ((int)d->f.kind) {
    case FINDING_DNS_SERVFAIL:
        if (d->x.code != 2)
            buf_printf(b, "response code %u", d->x.code);
        break;
    case FINDING_DNS_SINKHOLE:
        detail_labelled(b, "resolves to ", text_of(j, d));
        break;
    case FINDING_TCP_UNREACHABLE:
        buf_printf(b, "ICMP type %u code %u from ", d->x.code >> 8, d->x.code & 0xff);
        add_address(b, &d->x.icmp_from);
        break;
    case FINDING_TLS_RESET:
        detail_reset(b, d);
        break;
    case FINDING_TLS_ALERT:
        buf_printf(b, "%s sent %s", by_client(d) ? "client" : "server", alert_name(d->x.code));
        break;
    case FINDING_TLS_INSPECTED:
        detail_issuer(b, text_of(j, d));
        break;
    case FINDING_TLS_CERTIFICATE_EXPIRED:
        detail_date(b, "expired", j, d);
        break;
    case FINDING_TLS_CERTIFICATE_NOT_YET_VALID:
        detail_date(b, "valid from", j, d);
        break;
    case FINDING_TLS_NAME_MISMATCH:
        detail_labelled(b, "certificate is for ", text_of(j, d));
        break;
    case FINDING_HTTP_ERROR:
    case FINDING_HTTP_PROXY_AUTH:
    case FINDING_HTTP_CAPTIVE_PORTAL:
        detail_http(b, j, d);
        break;
    case FINDING_NTP_KISS_OF_DEATH:
        detail_labelled(b, "kiss code ", text_of(j, d));
        break;
    case FINDING_NTP_UNSYNCHRONIZED:
        buf_printf(b, "leap %u, stratum %u", d->x.code >> 8, d->x.code & 0xff);
        break;
    case FINDING_CLOCK_SKEW:
        detail_skew(b, d);
        break;
    case FINDING_CAPTURE_GAPS:
        buf_printf(b, "%lld bytes are missing", (long long)d->x.value);
        break;
    default:
        break;
    }
}

/* ---- Wireshark ---- */

static void filter_address(struct buf *b, const struct ip_addr *a)
{
    if (a->family == 0)
        return;
    if (b->len > 0)
        buf_str(b, " && ");
    buf_str(b, a->family == 6 ? "ipv6.addr == " : "ip.addr == ");
    add_address(b, a);
}

/* A string of a filter: quotes and backslashes escaped, other odd bytes in hex. */
static void filter_string(struct buf *b, const char *text)
{
    buf_char(b, '"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            buf_char(b, '\\');
        if (c < 0x20 || c > 0x7e)
            buf_printf(b, "\\x%02x", c);
        else
            buf_char(b, *text);
    }
    buf_char(b, '"');
}

static void filter_subject(struct buf *b, const struct finding *f)
{
    enum finding_kind kind = f->kind;
    if (b->len > 0)
        buf_str(b, " && ");
    if (kind <= FINDING_DNS_SINKHOLE) {
        if (f->host[0] == '\0') {
            buf_str(b, "dns");
            return;
        }
        buf_str(b, "dns.qry.name == ");
        filter_string(b, f->host);
    } else if (kind >= FINDING_NTP_NO_REPLY && kind <= FINDING_CLOCK_SKEW) {
        buf_str(b, "ntp");
    } else {
        buf_printf(b, "%s.port == %u", strcmp(f->proto, "UDP") == 0 ? "udp" : "tcp", f->port);
    }
}

static void add_filter(struct judge *j, const struct draft *d, const struct ip_addr *server,
                       bool via_proxy)
{
    struct buf *b = &j->text;
    const struct finding *f = &d->f;
    if (f->kind >= FINDING_CAPTURE_ONE_WAY) {
        if (f->kind == FINDING_CAPTURE_TRUNCATED)
            buf_str(b, "frame.cap_len < frame.len");
        else if (f->kind == FINDING_CAPTURE_GAPS)
            buf_str(b, "tcp.analysis.ack_lost_segment || tcp.analysis.lost_segment");
        else
            filter_address(b, &f->device);
        return;
    }
    /* A device has addresses of both families; its primary one is in no packet of the other. */
    if (server->family == 0 || server->family == f->device.family)
        filter_address(b, &f->device);
    if (f->kind > FINDING_DNS_SINKHOLE || f->host[0] == '\0')
        filter_address(b, server);
    if (via_proxy)
        buf_str(b, " && tcp");
    else
        filter_subject(b, f);
}

/* ---- all of it ---- */

static void add_summary(struct judge *j, const struct draft *d)
{
    struct buf *b = &j->text;
    const struct finding *f = &d->f;
    if (f->host[0] != '\0' && f->kind != FINDING_CLOCK_SKEW)
        buf_printf(b, "%s: ", f->host);
    if (f->kind == FINDING_DNS_NO_REPLY && f->host[0] == '\0') {
        buf_str(b, d->x.servers ? "the resolvers do not answer" : "resolver ");
        if (!d->x.servers) {
            add_address(b, &f->server);
            buf_str(b, " does not answer");
        }
    } else {
        buf_str(b, told_of[f->kind].what);
    }
    if (f->recovered)
        buf_str(b, "; later it worked");
}

static void add_server_proof(struct judge *j, struct draft *d)
{
    if (d->f.kind >= FINDING_CAPTURE_ONE_WAY)
        return;
    buf_printf(&j->text, "%u failed exchange%s", d->f.count, d->f.count == 1 ? "" : "s");
    if (d->f.server.family != 0) {
        buf_str(&j->text, " with ");
        add_address(&j->text, &d->f.server);
        if (d->f.port != 0)
            buf_printf(&j->text, " port %u", d->f.port);
    } else {
        buf_str(&j->text, " with several servers");
    }
    add_fact(j, d);
}

void finding_tell(struct judge *j, struct draft *d)
{
    const struct told *told = &told_of[d->f.kind];
    d->f.culprit = told->culprit;
    d->f.confidence = told->confidence;
    d->f.advice = told->advice;
    d->f.disproof = told->disproof;
    blame(j, d);
    add_server_proof(j, d);
    add_detail(j, d);
    d->f.detail = judge_keep(j);
    add_summary(j, d);
    d->f.summary = judge_keep(j);
    add_filter(j, d, &d->f.server, (d->x.group & FAIL_PROXY) != 0);
    d->f.display_filter = judge_keep(j);
}
