/*
 * diagnose/result: the words of a result.
 * SPDX-License-Identifier: MIT
 */
#include "diagnose/result.h"

const char *verdict_text(enum verdict_word v)
{
    static const char *const texts[] = {"clear", "inconclusive", "degraded", "blocked"};
    return texts[v];
}

const char *status_text(enum status_word s)
{
    static const char *const texts[] = {"not-seen", "reachable", "inconclusive", "degraded",
                                        "failed"};
    return texts[s];
}

const char *severity_text(enum severity s)
{
    static const char *const texts[] = {"info", "warning", "error"};
    return texts[s];
}

const char *confidence_text(enum confidence c)
{
    static const char *const texts[] = {"possible", "likely", "certain"};
    return texts[c];
}

const char *culprit_text(enum culprit c)
{
    static const char *const texts[] = {"",      "device",   "server",  "middlebox",
                                        "proxy", "resolver", "network", "capture"};
    return texts[c];
}

static const char *const kind_texts[FINDING_KIND_COUNT] = {
    [FINDING_DNS_NXDOMAIN] = "dns-nxdomain",
    [FINDING_DNS_SERVFAIL] = "dns-servfail",
    [FINDING_DNS_REFUSED] = "dns-refused",
    [FINDING_DNS_NO_REPLY] = "dns-no-reply",
    [FINDING_DNS_NO_ADDRESS] = "dns-no-address",
    [FINDING_DNS_UNEXPECTED_ADDRESS] = "dns-unexpected-address",
    [FINDING_DNS_INJECTED] = "dns-injected",
    [FINDING_DNS_TCP_BLOCKED] = "dns-tcp-blocked",
    [FINDING_DNS_SLOW] = "dns-slow",
    [FINDING_DNS_SINKHOLE] = "dns-sinkhole",
    [FINDING_TCP_NO_REPLY] = "tcp-no-reply",
    [FINDING_TCP_REFUSED] = "tcp-refused",
    [FINDING_TCP_UNREACHABLE] = "tcp-unreachable",
    [FINDING_TCP_IDLE_CUT] = "tcp-idle-cut",
    [FINDING_TCP_STALLED] = "tcp-stalled",
    [FINDING_TCP_RESET] = "tcp-reset",
    [FINDING_IPV6_BROKEN] = "ipv6-broken",
    [FINDING_PATH_SLOW] = "path-slow",
    [FINDING_PATH_LOSSY] = "path-lossy",
    [FINDING_NETWORK_LOST] = "network-lost",
    [FINDING_TLS_NO_SERVER_HELLO] = "tls-no-server-hello",
    [FINDING_TLS_RESET] = "tls-reset",
    [FINDING_TLS_ALERT] = "tls-alert",
    [FINDING_TLS_INCOMPLETE] = "tls-incomplete",
    [FINDING_TLS_INSPECTED] = "tls-inspected",
    [FINDING_TLS_CERTIFICATE_EXPIRED] = "tls-certificate-expired",
    [FINDING_TLS_CERTIFICATE_NOT_YET_VALID] = "tls-certificate-not-yet-valid",
    [FINDING_TLS_NAME_MISMATCH] = "tls-name-mismatch",
    [FINDING_TLS_STALLED] = "tls-stalled",
    [FINDING_HTTP_NO_RESPONSE] = "http-no-response",
    [FINDING_HTTP_ERROR] = "http-error",
    [FINDING_HTTP_PROXY_AUTH] = "http-proxy-auth",
    [FINDING_HTTP_CAPTIVE_PORTAL] = "http-captive-portal",
    [FINDING_HTTP_ALTERED] = "http-altered",
    [FINDING_HTTP_INTERCEPTED] = "http-intercepted",
    [FINDING_HTTP_RANGE_IGNORED] = "http-range-ignored",
    [FINDING_HTTP_CUT_SHORT] = "http-cut-short",
    [FINDING_PROXY_SEARCH_SLOW] = "proxy-search-slow",
    [FINDING_NTP_NO_REPLY] = "ntp-no-reply",
    [FINDING_NTP_KISS_OF_DEATH] = "ntp-kiss-of-death",
    [FINDING_NTP_UNSYNCHRONIZED] = "ntp-unsynchronized",
    [FINDING_NTP_WRONG_TIME] = "ntp-wrong-time",
    [FINDING_CLOCK_SKEW] = "clock-skew",
    [FINDING_EAP_NO_REQUEST] = "eap-no-request",
    [FINDING_EAP_FAILURE] = "eap-failure",
    [FINDING_NETWORK_DELAYED] = "network-delayed",
    [FINDING_NETWORK_CHANGED] = "network-changed",
    [FINDING_ADDRESS_CONFLICT] = "address-conflict",
    [FINDING_ADDRESS_SELF_ASSIGNED] = "address-self-assigned",
    [FINDING_DHCP_NO_OFFER] = "dhcp-no-offer",
    [FINDING_DHCP_OFFER_UNUSED] = "dhcp-offer-unused",
    [FINDING_DHCP_NO_ACK] = "dhcp-no-ack",
    [FINDING_DHCP_NAK] = "dhcp-nak",
    [FINDING_DHCP_DECLINED] = "dhcp-declined",
    [FINDING_DHCP_NO_RESOLVER] = "dhcp-no-resolver",
    [FINDING_DHCP_NO_ROUTER] = "dhcp-no-router",
    [FINDING_DHCP_SEVERAL_SERVERS] = "dhcp-several-servers",
    [FINDING_CAPTURE_ONE_WAY] = "capture-one-way",
    [FINDING_CAPTURE_GAPS] = "capture-gaps",
    [FINDING_CAPTURE_TRUNCATED] = "capture-truncated",
    [FINDING_CAPTURE_CLOCK] = "capture-clock",
};

const char *finding_kind_text(enum finding_kind k)
{
    return kind_texts[k];
}
