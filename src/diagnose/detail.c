/*
 * diagnose/detail: one writer a kind that has particulars.
 * SPDX-License-Identifier: MIT
 */
#include "detail.h"

#include "blame.h"
#include "detail_dns.h"
#include "detail_http.h"
#include "detail_link.h"
#include "issuers.h"
#include "proto/tls.h"

#define V6_COST_MAX_NS (60 * NS_PER_S) /* later connections have other reasons */

static void detail_alert(struct buf *b, const struct draft *d)
{
    char text[TLS_TEXT_SIZE];
    buf_printf(b, "%s sent %s", blame_by_client(d) ? "client" : "server",
               tls_alert_text((uint8_t)d->x.code, text));
}

static struct slice text_of(const struct judge *j, const struct draft *d)
{
    return d->x.text == INTERN_NONE ? slice_str("") : intern_name(j->f->texts, d->x.text);
}

/* Rounded: what the way adds must not turn a second. */
static void put_clock(struct buf *b, const char *whose, int64_t lacks_ns)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "days"}, {3600, "hours"}, {60, "minutes"}};
    bool fast = lacks_ns < 0;
    int64_t s = ((fast ? -lacks_ns : lacks_ns) + NS_PER_S / 2) / NS_PER_S;
    buf_printf(b, "%s %lld s", whose, (long long)s);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (s >= 2 * units[i].seconds) {
            buf_printf(b, " (%lld %s)", (long long)((s + units[i].seconds / 2) / units[i].seconds),
                       units[i].name);
            break;
        }
    }
    buf_str(b, fast ? " fast" : " slow");
}

/* RFC 792, 1812 section 5.2.7.1, 4443 section 3.1. */
void detail_icmp(struct buf *b, const struct draft *d)
{
    const struct ip_addr *from = &d->x.icmp_from;
    unsigned type = d->x.code >> 8;
    unsigned code = d->x.code & 0xff;
    static const struct {
        uint8_t family, type, code;
        const char *text;
    } known[] = {
        {4, 3, 0, "network unreachable"},
        {4, 3, 1, "host unreachable"},
        {4, 3, 3, "port unreachable"},
        {4, 3, 9, "network administratively prohibited"},
        {4, 3, 10, "host administratively prohibited"},
        {4, 3, 13, "administratively prohibited"},
        {6, 1, 0, "no route"},
        {6, 1, 1, "administratively prohibited"},
        {6, 1, 3, "address unreachable"},
        {6, 1, 4, "port unreachable"},
        {6, 1, 5, "source address refused by policy"},
        {6, 1, 6, "route rejected"},
    };
    buf_printf(b, "ICMP type %u code %u", type, code);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].family == from->family && known[i].type == type && known[i].code == code)
            buf_printf(b, " (%s)", known[i].text);
    }
    buf_str(b, " from ");
    judge_address(b, from);
}

static void detail_hops(struct buf *b, const struct draft *d)
{
    if (d->f.culprit == CULPRIT_MIDDLEBOX && d->f.hops >= 0)
        buf_printf(b, "%sinjected about %d hop%s from the capture point", b->len > 0 ? ", " : "",
                   d->f.hops, d->f.hops == 1 ? "" : "s");
}

static void detail_reset(struct buf *b, const struct draft *d)
{
    buf_printf(b, "%s by the %s", d->x.value ? "closed (FIN)" : "reset",
               blame_by_client(d) ? "device" : "server's side");
    detail_hops(b, d);
}

/* What waiting for IPv6 cost: until the first connection of the host over IPv4. */
static void detail_v6(struct buf *b, const struct judge *j, const struct draft *d)
{
    if ((d->x.group & FAIL_V6) == 0 || d->f.severity != SEVERITY_INFO)
        return;
    buf_str(b, "IPv6 only");
    const struct route *r = route_of_name(j->f->routes, d->name);
    while (r && (r->addr.family != 4 || r->port != d->f.port))
        r = route_at(j->f->routes, r->next_name);
    int64_t cost_ns = r ? r->first.ts_ns - d->x.first.ts_ns : -1;
    if (cost_ns >= 0 && cost_ns <= V6_COST_MAX_NS && !r->clients)
        buf_printf(b, "; IPv4 was tried %.1f s later", (double)cost_ns / (double)NS_PER_S);
}

static void detail_labelled(struct buf *b, const char *label, struct slice text)
{
    if (text.len == 0)
        return;
    buf_str(b, label);
    buf_slice(b, text);
}

static void detail_time(struct judge *j, const struct draft *d)
{
    struct buf *b = &j->text;
    switch ((int)d->f.kind) {
    case FINDING_NTP_KISS_OF_DEATH:
        detail_labelled(b, "kiss code ", text_of(j, d));
        break;
    case FINDING_NTP_UNSYNCHRONIZED:
        buf_printf(b, "leap %u, stratum %u", d->x.code >> 8, d->x.code & 0xff);
        break;
    case FINDING_NTP_WRONG_TIME:
        put_clock(b, "the server is", d->x.value);
        break;
    case FINDING_CAPTURE_CLOCK:
        put_clock(b, "it is", d->x.value);
        break;
    default:
        put_clock(b, "clock is", d->x.value);
        buf_printf(b, ", against %s", d->x.code ? "the time server" : "the capture's clock");
        break;
    }
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

static void detail_capture(struct buf *b, const struct draft *d, const struct capture_facts *c)
{
    if (d->f.kind == FINDING_CAPTURE_ONE_WAY && d->x.value > 0)
        buf_printf(b, "%u of %lld connections", d->f.count, (long long)d->x.value);
    else if (d->f.kind == FINDING_CAPTURE_ONE_WAY)
        buf_printf(b, "%u DNS questions without answer, none of which the device asked again",
                   d->f.count);
    if (d->f.kind != FINDING_CAPTURE_GAPS)
        return;
    if (c->gap_bytes > 0)
        buf_printf(b, "%llu bytes are missing", (unsigned long long)c->gap_bytes);
    if (c->kernel_drops > 0)
        buf_printf(b, "%s%llu packets were dropped by the capture's own count",
                   c->gap_bytes > 0 ? ", " : "", (unsigned long long)c->kernel_drops);
}

static void detail_row(struct buf *b, const struct draft *d)
{
    if (d->x.value > 1)
        buf_printf(b, "%lld in a row", (long long)d->x.value);
}

static void detail_connection(struct judge *j, const struct draft *d)
{
    struct buf *b = &j->text;
    switch ((int)d->f.kind) {
    case FINDING_TCP_NO_REPLY:
        detail_v6(b, j, d);
        break;
    case FINDING_TLS_NO_SERVER_HELLO:
        if ((d->x.group & FAIL_QUIC) != 0 && d->f.severity == SEVERITY_INFO)
            buf_str(b, "QUIC only: the device goes on over TCP");
        break;
    case FINDING_TCP_UNREACHABLE:
        detail_icmp(b, d);
        break;
    case FINDING_TCP_IDLE_CUT:
        buf_printf(b, "the last %u were reset after %lld s", d->x.code,
                   (long long)(d->x.value / NS_PER_S));
        break;
    case FINDING_TCP_STALLED:
        if (d->x.group & FAIL_UNHEARD)
            detail_row(b, d);
        break;
    case FINDING_TCP_RESET:
        detail_row(b, d);
        detail_hops(b, d);
        break;
    case FINDING_TLS_RESET:
        detail_reset(b, d);
        break;
    case FINDING_TLS_ALERT:
        detail_alert(b, d);
        break;
    case FINDING_TLS_INSPECTED:
        if (d->x.text == INTERN_NONE)
            inspection_text(b, &j->inspection);
        else
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
    default:
        break;
    }
}

void detail_write(struct judge *j, const struct draft *d)
{
    switch ((int)d->f.kind) {
    case FINDING_DNS_NXDOMAIN:
    case FINDING_DNS_SERVFAIL:
    case FINDING_DNS_REFUSED:
    case FINDING_DNS_NO_REPLY:
    case FINDING_DNS_NO_ADDRESS:
    case FINDING_DNS_SINKHOLE:
    case FINDING_DNS_UNEXPECTED_ADDRESS:
    case FINDING_DNS_INJECTED:
    case FINDING_DNS_TCP_BLOCKED:
    case FINDING_DNS_SLOW:
        detail_dns(j, d);
        break;
    case FINDING_TCP_NO_REPLY:
    case FINDING_TCP_UNREACHABLE:
    case FINDING_TCP_IDLE_CUT:
    case FINDING_TCP_STALLED:
    case FINDING_TCP_RESET:
    case FINDING_TLS_NO_SERVER_HELLO:
    case FINDING_TLS_RESET:
    case FINDING_TLS_ALERT:
    case FINDING_TLS_INSPECTED:
    case FINDING_TLS_CERTIFICATE_EXPIRED:
    case FINDING_TLS_CERTIFICATE_NOT_YET_VALID:
    case FINDING_TLS_NAME_MISMATCH:
        detail_connection(j, d);
        break;
    case FINDING_TLS_STALLED:
    case FINDING_HTTP_ERROR:
    case FINDING_HTTP_PROXY_AUTH:
    case FINDING_HTTP_CAPTIVE_PORTAL:
    case FINDING_HTTP_ALTERED:
    case FINDING_HTTP_INTERCEPTED:
    case FINDING_HTTP_RANGE_IGNORED:
    case FINDING_HTTP_CUT_SHORT:
    case FINDING_PROXY_SEARCH_SLOW:
        detail_http(j, d);
        break;
    case FINDING_NTP_KISS_OF_DEATH:
    case FINDING_NTP_UNSYNCHRONIZED:
    case FINDING_NTP_WRONG_TIME:
    case FINDING_CLOCK_SKEW:
    case FINDING_CAPTURE_CLOCK:
        detail_time(j, d);
        break;
    default:
        if (d->f.kind >= FINDING_EAP_NO_REQUEST && d->f.kind <= FINDING_DHCP_SEVERAL_SERVERS)
            detail_link(j, d);
        else
            detail_capture(&j->text, d, j->j.capture);
        break;
    }
    detail_probe(j, d);
}
