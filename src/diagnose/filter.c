/*
 * diagnose/filter: display filters (wireshark-filter(4)).
 * SPDX-License-Identifier: MIT
 */
#include "filter.h"

static void filter_address(struct buf *b, const struct ip_addr *a)
{
    if (a->family == 0)
        return;
    if (b->len > 0)
        buf_str(b, " && ");
    buf_str(b, a->family == 6 ? "ipv6.addr == " : "ip.addr == ");
    judge_address(b, a);
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
    } else if (kind == FINDING_CLOCK_SKEW && strcmp(f->proto, "TCP") == 0) {
        buf_str(b, "tls.handshake.type == 1");
    } else if (kind >= FINDING_NTP_NO_REPLY && kind <= FINDING_CLOCK_SKEW) {
        buf_str(b, "ntp");
    } else {
        buf_printf(b, "%s.port == %u", strcmp(f->proto, "UDP") == 0 ? "udp" : "tcp", f->port);
    }
}

/* Who says that the address is his. */
static void filter_claims(struct buf *b, const struct ip_addr *a)
{
    buf_str(b, "arp.src.proto_ipv4 == ");
    judge_address(b, a);
}

/* What speaks of a MAC address. A switch answers by 802.1X to a group's address. */
static void filter_link(struct judge *j, const struct draft *d)
{
    enum finding_kind kind = d->f.kind;
    char mac[MAC_TEXT_SIZE];
    (void)mac_text(&j->j.station->mac, mac);
    if (d->x.group & FAIL_V6)
        buf_printf(&j->text, "icmpv6.type == 134 || (eth.addr == %s && dhcpv6)", mac);
    else if (kind >= FINDING_DHCP_NO_OFFER)
        buf_printf(&j->text, "dhcp.hw.mac_addr == %s", mac);
    else if (kind == FINDING_ADDRESS_CONFLICT)
        filter_claims(&j->text, &d->x.server);
    else if (kind == FINDING_NETWORK_CHANGED)
        buf_printf(&j->text, "eth.addr == %s && (!tcp || tcp.flags.syn == 1)", mac);
    else
        buf_printf(&j->text, "eapol || (eth.addr == %s && (dhcp || arp))", mac);
}

/* How connections began, and what was sent again. */
static void filter_path(struct buf *b, const struct finding *f)
{
    filter_address(b, &f->device);
    if (f->kind == FINDING_NETWORK_LOST) {
        buf_str(b, " || arp");
        return;
    }
    buf_str(b, f->kind == FINDING_PATH_SLOW
                   ? " && tcp.flags.syn == 1"
                   : " && (tcp.flags.syn == 1 || tcp.analysis.retransmission)");
}

void filter_write(struct judge *j, const struct draft *d)
{
    struct buf *b = &j->text;
    const struct finding *f = &d->f;
    const struct ip_addr *server = &f->server;
    if (f->kind >= FINDING_CAPTURE_ONE_WAY) {
        if (f->kind == FINDING_CAPTURE_TRUNCATED)
            buf_str(b, "frame.cap_len < frame.len");
        else if (f->kind == FINDING_CAPTURE_CLOCK)
            buf_str(b, "http.date || ntp");
        else if (f->kind == FINDING_CAPTURE_GAPS)
            buf_str(b, "tcp.analysis.ack_lost_segment || tcp.analysis.lost_segment");
        else
            filter_address(b, &f->device);
        return;
    }
    if (f->kind >= FINDING_PATH_SLOW && f->kind <= FINDING_NETWORK_LOST) {
        filter_path(b, f);
        return;
    }
    if (f->kind >= FINDING_EAP_NO_REQUEST) {
        filter_link(j, d);
        return;
    }
    if (f->kind == FINDING_IPV6_BROKEN) {
        buf_str(b, "ipv6 && (tcp.flags.syn == 1 || tcp.flags.reset == 1 || icmpv6.type == 1)");
        return;
    }
    /* A device has addresses of both families; its primary one is in no packet of the other. */
    if (server->family == 0 || server->family == f->device.family)
        filter_address(b, &f->device);
    if (f->kind > FINDING_DNS_SINKHOLE || f->host[0] == '\0')
        filter_address(b, server);
    if (d->x.group & FAIL_PROXY)
        buf_str(b, " && tcp");
    else
        filter_subject(b, f);
}
