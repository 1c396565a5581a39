/*
 * diagnose/faces: the table of faces; the first that fits is shown.
 * SPDX-License-Identifier: MIT
 */
#include "faces.h"

#include "blame.h"

#define DENIED (BIT(FINDING_DNS_NXDOMAIN) | BIT(FINDING_DNS_NO_ADDRESS))

#define ANY_CONNECTION                                                                     \
    (BIT(FINDING_TCP_NO_REPLY) | BIT(FINDING_TCP_REFUSED) | BIT(FINDING_TCP_UNREACHABLE) | \
     BIT(FINDING_TLS_NO_SERVER_HELLO) | BIT(FINDING_TLS_RESET) | BIT(FINDING_TLS_ALERT) |  \
     BIT(FINDING_TLS_INCOMPLETE) | DENIED | BIT(FINDING_DNS_SINKHOLE))

enum {
    RCODE_FORMERR = 1,
    RCODE_NOTIMP = 4,
    RCODE_BADVERS = 16,
};

static bool says_filtered(const struct judge *j, const struct draft *d)
{
    (void)j;
    return d->x.value >= 0 && dns_said_filtered((int)(d->x.value >> DNS_EDE_SHIFT) - 1);
}

static bool works_in_part(const struct judge *j, const struct draft *d)
{
    (void)j;
    return d->x.value != 0;
}

static bool in_link_zone(const struct judge *j, const struct draft *d)
{
    (void)j;
    return (d->x.value & DNS_SAID_LINK) != 0;
}

static bool in_own_zone(const struct judge *j, const struct draft *d)
{
    return (d->x.value & DNS_SAID_OWN_ZONE) != 0 ||
           ((d->x.value & DNS_SAID_AA) != 0 && resolver_zones_tell(j->f, d->client));
}

static bool form_rejected(const struct judge *j, const struct draft *d)
{
    (void)j;
    return d->x.code == RCODE_FORMERR || d->x.code == RCODE_NOTIMP || d->x.code == RCODE_BADVERS;
}

static bool icmp_by_server(const struct judge *j, const struct draft *d)
{
    (void)j;
    return d->x.icmp_from.family != 0 && addr_eq(&d->x.icmp_from, &d->f.server);
}

static bool icmp_by_other(const struct judge *j, const struct draft *d)
{
    (void)j;
    return d->x.icmp_from.family != 0;
}

static bool others_answered(const struct judge *j, const struct draft *d)
{
    return d->f.host[0] != '\0' && dns_resolvers(j->f, d->client) == RESOLVERS_FINE;
}

static bool not_a_probe(const struct judge *j, const struct draft *d)
{
    (void)j;
    return (d->x.value & HTTP_SAID_PROBE) == 0;
}

static bool tunnel_denied(const struct judge *j, const struct draft *d)
{
    (void)j;
    return (d->x.value & HTTP_SAID_CONNECT) != 0 && d->x.code < 500;
}

static bool tunnel_failed(const struct judge *j, const struct draft *d)
{
    (void)j;
    return (d->x.value & HTTP_SAID_CONNECT) != 0;
}

/* RFC 5246 section 7.2.2: bad_certificate, certificate_unknown, unknown_ca of the device. */
static bool distrusted(const struct judge *j, const struct draft *d)
{
    (void)j;
    return (d->x.group & FAIL_BY_CLIENT) != 0 &&
           (d->x.code == 42 || d->x.code == 46 || d->x.code == 48);
}

/* An alert of the server's side. */
static bool alert_is(const struct draft *d, uint16_t code)
{
    return (d->x.group & FAIL_BY_CLIENT) == 0 && d->x.code == code;
}

/* RFC 6066 section 3. */
static bool name_unknown(const struct judge *j, const struct draft *d)
{
    (void)j;
    return alert_is(d, 112);
}

/* RFC 8446 section 6.2: certificate_required; of servers also what is said about certificates that they got. */
static bool wants_certificate(const struct judge *j, const struct draft *d)
{
    (void)j;
    return alert_is(d, 116) || alert_is(d, 42) || alert_is(d, 46) || alert_is(d, 48) ||
           alert_is(d, 49);
}

static bool broken_inside(const struct judge *j, const struct draft *d)
{
    (void)j;
    return alert_is(d, 80);
}

static bool recoded(const struct judge *j, const struct draft *d)
{
    (void)j;
    return (d->x.value & HTTP_SAID_CODED) != 0;
}

static bool by_cookie(const struct judge *j, const struct draft *d)
{
    (void)j;
    return d->x.code == INTERCEPTED_BY_COOKIE;
}

static bool page_blocks(const struct judge *j, const struct draft *d)
{
    (void)j;
    return (d->x.value & (HTTP_SAID_BLOCK | HTTP_SAID_BOX)) != 0 && (d->x.group & FAIL_PROXY) == 0;
}

bool face_went_round(const struct judge *j, const struct draft *d)
{
    return d->f.kind == FINDING_HTTP_PROXY_AUTH && d->f.recovered &&
           !proxy_lets_pass(j->f, d->client);
}

static bool must_pass(const struct judge *j, const struct draft *d)
{
    struct service_match matches[SERVICE_MATCHES_MAX];
    uint32_t count = services_match(j->f->list, intern_name(j->f->listed, d->name), TRANSPORT_TCP,
                                    PORT_ANY, matches);
    for (uint32_t i = 0; i < count; i++) {
        if (services_at(j->f->list, matches[i].service)
                ->endpoints[matches[i].endpoint]
                .no_proxy_auth)
            return true;
    }
    return false;
}

static bool other_modes_need(const struct judge *j, const struct draft *d)
{
    (void)j;
    return d->f.service && d->f.service->other_modes && !d->f.recovered;
}

static bool seen_by_signs(const struct judge *j, const struct draft *d)
{
    (void)j;
    return d->x.text == INTERN_NONE;
}

/* A download or two that ended early: devices start again, servers restart. A rule shows by its size. */
static bool cut_by_chance(const struct judge *j, const struct draft *d)
{
    (void)j;
    return d->x.code < CUT_BY_RULE;
}

static bool lost_by_size(const struct judge *j, const struct draft *d)
{
    (void)j;
    return d->x.clue.hole != HOLE_NONE && !d->x.clue.too_big;
}

static bool unheard(const struct judge *j, const struct draft *d)
{
    (void)j;
    return (d->x.group & FAIL_UNHEARD) != 0;
}

static bool lost_by_length(const struct judge *j, const struct draft *d)
{
    return (d->x.group & (FAIL_LARGE | FAIL_QUIC)) == FAIL_LARGE &&
           route_longest_hello(j->f->routes, d->name, &d->x.server, d->x.clue.hello_len) > 0;
}

static bool by_quic(const struct judge *j, const struct draft *d)
{
    (void)j;
    return (d->x.group & FAIL_QUIC) != 0;
}

static bool by_ipv6(const struct judge *j, const struct draft *d)
{
    (void)j;
    return (d->x.group & FAIL_V6) != 0;
}

static bool nor_by_ipv6(const struct judge *j, const struct draft *d)
{
    (void)j;
    return d->x.value == DHCP_SAID_NO_RESOLVER6;
}

static const struct face {
    uint64_t kinds;
    bool (*fits)(const struct judge *j, const struct draft *d);
    struct told told;
} faces[] = {
    {ANY_CONNECTION,
     other_modes_need,
     {"the host cannot be used; device preparation does not need it",
      "Open the host before self-deploying mode, pre-provisioning or device association is used: "
      "these would fail.",
      "A later connection that works.", CULPRIT_NONE, CONFIDENCE_POSSIBLE}},
    {DENIED | BIT(FINDING_DNS_REFUSED) | BIT(FINDING_DNS_SERVFAIL) | BIT(FINDING_DNS_SINKHOLE),
     says_filtered,
     {"the resolver says itself that it filters the name", "Exempt the name from the DNS filter.",
      "The same answer from a resolver without a filter.", CULPRIT_RESOLVER, CONFIDENCE_CERTAIN}},
    {DENIED,
     in_link_zone,
     {"the resolver looks into a private link zone that does not have the name",
      "Let the private DNS zone fall back to the internet for names it lacks, or unlink it from "
      "the resolver of the deployment network.",
      "An address for the name from the same resolver.", CULPRIT_RESOLVER, CONFIDENCE_LIKELY}},
    {DENIED,
     in_own_zone,
     {"the resolver denies the name from a zone or filter of its own",
      "Remove the zone or the filter rule that shadows this public name from the resolver.",
      "A public resolver that gives the same answer.", CULPRIT_RESOLVER, CONFIDENCE_LIKELY}},
    {BIT(FINDING_DNS_SERVFAIL),
     form_rejected,
     {"the resolver rejects the form of the question",
      "Update or bypass the box that answers on port 53: it does not understand EDNS.",
      "The same reply to a question without EDNS.", CULPRIT_RESOLVER, CONFIDENCE_LIKELY}},
    {BIT(FINDING_HTTP_CAPTIVE_PORTAL),
     not_a_probe,
     {"requests are sent on to another place than the server would",
      "Let deployment devices past the portal or filter (by MAC address or a network of their "
      "own).",
      "The same redirect from outside the network.", CULPRIT_MIDDLEBOX, CONFIDENCE_LIKELY}},
    {BIT(FINDING_HTTP_ERROR),
     tunnel_denied,
     {"the proxy's policy does not let the host pass",
      "Allow the host in the proxy's policy, without authentication.",
      "A later request that the proxy lets pass.", CULPRIT_PROXY, CONFIDENCE_CERTAIN}},
    {BIT(FINDING_HTTP_ERROR),
     tunnel_failed,
     {"the proxy does not get through to the host",
      "Check the proxy's own way to the host: its resolver, its firewall, its upstream.",
      "The host itself being down.", CULPRIT_PROXY, CONFIDENCE_LIKELY}},
    {BIT(FINDING_HTTP_ERROR),
     page_blocks,
     {"a filter's page comes in place of the server's answer",
      "Exempt the host from URL filtering.", "The same page from outside the network.",
      CULPRIT_MIDDLEBOX, CONFIDENCE_LIKELY}},
    {BIT(FINDING_HTTP_CUT_SHORT),
     cut_by_chance,
     {"a download broke off before its end",
      "Nothing, unless more downloads break off at this size: then look for a size limit of virus "
      "scanning or caching.",
      "More downloads that break off at the same size.", CULPRIT_NONE, CONFIDENCE_POSSIBLE}},
    {BIT(FINDING_TLS_ALERT),
     distrusted,
     {"the device does not trust the certificate that it is shown",
      "Find out who signed the certificate that this path shows: exempt the host from TLS "
      "inspection, or set the device's clock and root certificates right.",
      "The same alert from outside the network, where the host shows its own certificate.",
      CULPRIT_NONE, CONFIDENCE_LIKELY}},
    {BIT(FINDING_TLS_ALERT),
     name_unknown,
     {"what answers does not serve this name",
      "Check that the name resolves to the host's own address (DNS answers, proxy, hosts file), "
      "and look for a filter on TLS server names.",
      "The same alert outside the network, where the name has the same address.", CULPRIT_NONE,
      CONFIDENCE_LIKELY}},
    {BIT(FINDING_TLS_ALERT),
     wants_certificate,
     {"what answers does not accept the device's certificate, or lacks one",
      "Exempt the host from TLS inspection, which cannot hand on the certificate of a device; else "
      "look into the device's own certificate.",
      "The same alert from outside the network.", CULPRIT_NONE, CONFIDENCE_LIKELY}},
    {BIT(FINDING_TLS_ALERT),
     broken_inside,
     {"what answers fails inside during the TLS handshake",
      "Look for TLS inspection whose own connection to the host fails, and exempt the host from "
      "it.",
      "The same alert from outside the network.", CULPRIT_NONE, CONFIDENCE_LIKELY}},
    {BIT(FINDING_HTTP_ALTERED),
     recoded,
     {"files come compressed though the device did not ask for it, so it cannot read them",
      "Turn compression of responses off in the proxy or accelerator on port 80, or exempt the "
      "host from it.",
      "The same coding from outside the network.", CULPRIT_MIDDLEBOX, CONFIDENCE_LIKELY}},
    {BIT(FINDING_HTTP_INTERCEPTED),
     by_cookie,
     {"a cookie comes with files that servers send without one",
      "Look for a proxy that nobody asked for on port 80, and exempt the host from it.",
      "The same cookie from outside the network.", CULPRIT_PROXY, CONFIDENCE_POSSIBLE}},
    {BIT(FINDING_HTTP_PROXY_AUTH),
     face_went_round,
     {"the proxy asks for credentials, so the device goes round it",
      "Take the proxy out of the configuration that the deployment network hands out, or let it "
      "pass the required hosts without authentication; keep the direct way open until then.",
      "A request that the proxy lets pass.", CULPRIT_PROXY, CONFIDENCE_CERTAIN}},
    {BIT(FINDING_HTTP_PROXY_AUTH),
     must_pass,
     {"the proxy asks for credentials where the list says that none may be needed",
      "Let the proxy pass this host without authentication: it is documented as one that must.",
      "A later request that the proxy lets pass.", CULPRIT_PROXY, CONFIDENCE_CERTAIN}},
    {BIT(FINDING_DNS_NO_REPLY),
     icmp_by_server,
     {"nothing listens on port 53 of the resolver",
      "Start the DNS service there, or hand out another resolver by DHCP.",
      "Replies from the same address.", CULPRIT_RESOLVER, CONFIDENCE_CERTAIN}},
    {BIT(FINDING_DNS_NO_REPLY),
     icmp_by_other,
     {"a router reports that the resolver cannot be reached",
      "Check the route and the access list of the router that sent the ICMP message.",
      "Replies that took a path past the capture point.", CULPRIT_MIDDLEBOX, CONFIDENCE_LIKELY}},
    {BIT(FINDING_DNS_NO_REPLY),
     others_answered,
     {"questions for this name stay without answer while others are answered",
      "Look for a DNS filter that drops questions for this name, and at the resolver's forwarders.",
      "Questions for other names that went unanswered at the same time.", CULPRIT_NETWORK,
      CONFIDENCE_POSSIBLE}},
    {BIT(FINDING_TLS_INSPECTED),
     seen_by_signs,
     {"TLS connections seem to be opened on the way",
      "Exempt the hosts of the list from TLS inspection: a device under deployment does not trust "
      "the inspecting authority yet.",
      "A box that only ends TCP, in front of servers that all answer alike.", CULPRIT_MIDDLEBOX,
      CONFIDENCE_POSSIBLE}},
    {BIT(FINDING_IPV6_BROKEN),
     works_in_part,
     {"connections over IPv6 to some hosts fail and fall back to IPv4",
      "Open the same hosts and ports over IPv6 as over IPv4, and check the IPv6 routes to them.",
      "The same silence or error of these servers over IPv6 from outside the network.",
      CULPRIT_NETWORK, CONFIDENCE_POSSIBLE}},
    {BIT(FINDING_DHCP_NO_RESOLVER),
     by_ipv6,
     {"the network gives the device IPv6 and no DNS resolver",
      "Name a resolver in the router advertisements (RDNSS, RFC 8106), or set their O flag and "
      "hand it out by DHCPv6 (option 23).",
      "A resolver, or IPv4, that the device has from elsewhere.", CULPRIT_NETWORK,
      CONFIDENCE_LIKELY}},
    {BIT(FINDING_DHCP_NO_OFFER),
     by_ipv6,
     {"no DHCPv6 server answers the device, and nothing else gives it an address",
      "Check the DHCPv6 relay of this network and the server's free addresses; or let devices make "
      "addresses of the advertised prefix (its A flag).",
      "Answers that the capture point could not see.", CULPRIT_NETWORK, CONFIDENCE_LIKELY}},
    {BIT(FINDING_DHCP_NO_OFFER),
     nor_by_ipv6,
     {"no DHCP server answers the device, and IPv6 comes without a DNS resolver",
      "Check the DHCP relay of this network, the server's free addresses, and the VLAN of the "
      "port; "
      "where IPv6 alone is meant to do, name a resolver in the router advertisements (RDNSS) or by "
      "DHCPv6 (option 23).",
      "Offers that the capture point could not see.", CULPRIT_NETWORK, CONFIDENCE_LIKELY}},
    {BIT(FINDING_TLS_NO_SERVER_HELLO),
     by_quic,
     {"the QUIC greeting stays without answer",
      "Open UDP port 443 to the host, or leave it closed where devices go on over TCP.",
      "A QUIC answer from the same address.", CULPRIT_NETWORK, CONFIDENCE_LIKELY}},
    {BIT(FINDING_TLS_NO_SERVER_HELLO) | BIT(FINDING_TLS_RESET) | BIT(FINDING_TLS_INCOMPLETE) |
         BIT(FINDING_HTTP_NO_RESPONSE) | BIT(FINDING_TCP_STALLED),
     lost_by_size,
     {"large packets are lost on the way",
      "Lower the MSS at the tunnel or router, and let ICMP \"fragmentation needed\" and \"packet "
      "too big\" through.",
      "Large packets that arrive on the same path.", CULPRIT_NETWORK, CONFIDENCE_LIKELY}},
    {BIT(FINDING_TCP_STALLED) | BIT(FINDING_HTTP_NO_RESPONSE),
     blame_by_size,
     {"requests in large packets are never acknowledged, what is shorter is",
      "Lower the MSS at the tunnel or router, and let ICMP \"fragmentation needed\" and \"packet "
      "too big\" through; where that does not help, look for a filter that holds long requests.",
      "Large packets that arrive on the same path.", CULPRIT_NETWORK, CONFIDENCE_POSSIBLE}},
    {BIT(FINDING_TCP_STALLED) | BIT(FINDING_HTTP_NO_RESPONSE),
     unheard,
     {"requests are never acknowledged, though the connection stands",
      "Look for a filter or inspection that drops connections once they carry a request, and "
      "exempt the host from it.",
      "A request to the host that is acknowledged.", CULPRIT_NETWORK, CONFIDENCE_LIKELY}},
    {BIT(FINDING_TLS_NO_SERVER_HELLO) | BIT(FINDING_TLS_RESET),
     lost_by_length,
     {"long TLS greetings do not get through, short ones do",
      "Update or exempt the box that reads TLS greetings: it must accept those of more than one "
      "packet.",
      "A long greeting that is answered at the same server.", CULPRIT_NETWORK, CONFIDENCE_LIKELY}},
};

/* ---- when it is known whose doing it was ---- */

#define CUT_KINDS (BIT(FINDING_TLS_RESET) | BIT(FINDING_TCP_RESET) | BIT(FINDING_HTTP_NO_RESPONSE))

static bool by_server(const struct draft *d)
{
    return d->f.culprit == CULPRIT_SERVER;
}

static bool by_name(const struct draft *d)
{
    return d->wall == WALL_NAME;
}

/* A greeting too short for any path to lose it by its size, of which not even the arrival was told. */
static bool short_swallowed(const struct draft *d)
{
    return (d->x.group & FAIL_QUIC) == 0 && d->x.clue.hole == HOLE_NONE && !d->x.clue.acked &&
           d->x.clue.hello_len > 0 && d->x.clue.hello_len < FULL_SEGMENT;
}

static const struct {
    uint64_t kinds;
    bool (*fits)(const struct draft *d);
    const char *advice;
} advices[] = {
    {BIT(FINDING_TCP_REFUSED), by_server,
     "Check that the name resolves to the host's own address; where it does, tell who runs the "
     "host that its port is closed: the refusal seems to be the server's own."},
    {CUT_KINDS, by_server,
     "Try the host from outside the network; where it fails there too, tell who runs it: the end "
     "of the connection seems to be the server's own."},
    {BIT(FINDING_TLS_NO_SERVER_HELLO) | BIT(FINDING_TLS_RESET), by_name,
     "Exempt the host from the filter that goes by TLS server names."},
    {BIT(FINDING_TLS_NO_SERVER_HELLO), short_swallowed,
     "Look for a filter that drops connections to the host as soon as they carry data; such "
     "filters go by the TLS server name as a rule."},
};

const char *face_advice(const struct draft *d)
{
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++) {
        if ((advices[i].kinds >> d->f.kind & 1) != 0 && advices[i].fits(d))
            return advices[i].advice;
    }
    return d->f.advice;
}

const struct told *face_of(const struct judge *j, const struct draft *d)
{
    for (size_t i = 0; i < sizeof faces / sizeof *faces; i++) {
        if ((faces[i].kinds >> d->f.kind & 1) != 0 && faces[i].fits(j, d))
            return &faces[i].told;
    }
    return told_of(d->f.kind);
}
