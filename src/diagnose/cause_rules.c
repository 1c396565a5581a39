/*
 * diagnose/cause_rules: the table, and what its rows ask.
 * SPDX-License-Identifier: MIT
 */
#include "cause_rules.h"

#include "cause_path.h"

#define PORT_HOSTS 2 /* so many hosts silent on a port are a blocked port */

#define CERTIFICATE_KINDS                                                                \
    (BIT(FINDING_TLS_CERTIFICATE_EXPIRED) | BIT(FINDING_TLS_CERTIFICATE_NOT_YET_VALID) | \
     BIT(FINDING_TLS_NAME_MISMATCH))
#define PORTAL_OWN_KINDS                                            \
    (BIT(FINDING_HTTP_CAPTIVE_PORTAL) | BIT(FINDING_DNS_SINKHOLE) | \
     BIT(FINDING_DNS_UNEXPECTED_ADDRESS))
#define PORTAL_KINDS (PORTAL_OWN_KINDS | BIT(FINDING_TLS_NAME_MISMATCH))
#define REVOCATION_KINDS                                                  \
    (AFTER_KINDS | BIT(FINDING_TLS_STALLED) | BIT(FINDING_HTTP_ALTERED) | \
     BIT(FINDING_HTTP_CAPTIVE_PORTAL))
#define DENIED_KINDS                                                                    \
    (BIT(FINDING_DNS_NXDOMAIN) | BIT(FINDING_DNS_SERVFAIL) | BIT(FINDING_DNS_REFUSED) | \
     BIT(FINDING_DNS_NO_ADDRESS))
#define SIZE_KINDS                                                                        \
    (BIT(FINDING_TLS_NO_SERVER_HELLO) | BIT(FINDING_TLS_RESET) | BIT(FINDING_TLS_ALERT) | \
     BIT(FINDING_TLS_INCOMPLETE) | BIT(FINDING_HTTP_NO_RESPONSE) | BIT(FINDING_TCP_STALLED))
#define ADDRESS_KINDS                                                                         \
    (BIT(FINDING_DHCP_NO_OFFER) | BIT(FINDING_DHCP_OFFER_UNUSED) | BIT(FINDING_DHCP_NO_ACK) | \
     BIT(FINDING_DHCP_NAK) | BIT(FINDING_ADDRESS_SELF_ASSIGNED))
#define LOST_KINDS (BIT(FINDING_NETWORK_LOST) | LOST_SIGNS)
#define STOPPED_KINDS \
    (BIT(FINDING_TLS_ALERT) | BIT(FINDING_TLS_INCOMPLETE) | BIT(FINDING_TLS_RESET))

/* ---- what else is known of the device or the host ---- */

uint64_t cause_have_key(uint32_t client, uint32_t name, enum finding_kind kind)
{
    return hash_mix((uint64_t)client << 32 | name, (uint64_t)kind + 1);
}

uint64_t cause_portal_key(const struct draft *d)
{
    return addr_hash(hash_mix(d->client, FINDING_HTTP_CAPTIVE_PORTAL), &d->f.server);
}

static bool host_has(const struct causing *c, const struct draft *d, enum finding_kind kind)
{
    return map_get(&c->have, cause_have_key(d->client, d->name, kind)) != MAP_NONE;
}

static bool device_has(const struct causing *c, const struct draft *d, enum finding_kind kind)
{
    return map_get(&c->have, cause_have_key(d->client, INTERN_NONE, kind)) != MAP_NONE;
}

/* Behind a closed port nobody hands out addresses. */
static bool port_closed(const struct causing *c, const struct draft *d)
{
    return d->f.kind == FINDING_EAP_NO_REQUEST || d->f.kind == FINDING_EAP_FAILURE ||
           device_has(c, d, FINDING_EAP_NO_REQUEST) || device_has(c, d, FINDING_EAP_FAILURE);
}

/* Answers go to the other machine. */
static bool address_shared(const struct causing *c, const struct draft *d)
{
    return d->f.kind == FINDING_DHCP_DECLINED || d->f.kind == FINDING_ADDRESS_CONFLICT ||
           device_has(c, d, FINDING_ADDRESS_CONFLICT);
}

/* Windows asks resolvers of its own choice where the network names none: nobody is there. */
static bool asks_nobody(const struct causing *c, const struct draft *d)
{
    return d->f.kind == FINDING_DNS_NO_REPLY && d->client != POOL_NONE &&
           resolver_unnamed(c->j->f, d->client);
}

/* Without a router nothing beyond the own network answers. */
static bool lease_poor(const struct causing *c, const struct draft *d)
{
    return d->f.kind == FINDING_DHCP_NO_RESOLVER || d->f.kind == FINDING_DHCP_NO_ROUTER ||
           device_has(c, d, FINDING_DHCP_NO_ROUTER) ||
           (device_has(c, d, FINDING_DHCP_NO_RESOLVER) && asks_nobody(c, d));
}

/* Nor has it any use for resolvers then. */
static bool without_address(const struct causing *c, const struct draft *d)
{
    return d->f.kind != FINDING_DNS_NO_REPLY ||
           (device_has(c, d, FINDING_DHCP_NO_OFFER) && asks_nobody(c, d));
}

/* A device that did not work again after the change: what it tried since then is the change's. */
static bool network_changed(const struct causing *c, const struct draft *d)
{
    return d->f.kind == FINDING_NETWORK_CHANGED || device_has(c, d, FINDING_NETWORK_CHANGED);
}

static bool lost_gateway(const struct causing *c, const struct draft *d)
{
    (void)c;
    return d->lost == LOST_GATEWAY;
}

static bool lost_beyond(const struct causing *c, const struct draft *d)
{
    (void)c;
    return d->lost == LOST_BEYOND;
}

static bool lost_somewhere(const struct causing *c, const struct draft *d)
{
    (void)c;
    return d->lost == LOST_SOMEWHERE;
}

static bool resolver_silent(const struct causing *c, const struct draft *d)
{
    return d->f.host[0] == '\0' || dns_resolvers(c->j->f, d->client) == RESOLVERS_SILENT;
}

static bool clock_known_wrong(const struct causing *c, const struct draft *d)
{
    if (d->f.kind == FINDING_CLOCK_SKEW)
        return true;
    if (!device_has(c, d, FINDING_CLOCK_SKEW))
        return false;
    /* A host whose certificate is not the public one is refused by a right clock too. */
    return !host_has(c, d, FINDING_TLS_INSPECTED) && !host_has(c, d, FINDING_TLS_NAME_MISMATCH) &&
           (d->x.group & FAIL_BY_CLIENT) != 0;
}

/* A device that was set by a wrong time server has that one's trouble. */
static bool clock_set_wrong(const struct causing *c, const struct draft *d)
{
    return d->f.kind == FINDING_NTP_WRONG_TIME ||
           (device_has(c, d, FINDING_NTP_WRONG_TIME) && clock_known_wrong(c, d));
}

uint64_t cause_wide_key(uint32_t client)
{
    return cause_have_key(client, INTERN_NONE, FINDING_KIND_COUNT);
}

/* Where everything is inspected, a device that ends handshakes itself does so for that. */
static bool host_inspected(const struct causing *c, const struct draft *d)
{
    if (d->f.kind == FINDING_TLS_INSPECTED || host_has(c, d, FINDING_TLS_INSPECTED))
        return true;
    return (d->x.group & FAIL_BY_CLIENT) != 0 &&
           map_get(&c->have, cause_wide_key(d->client)) != MAP_NONE;
}

/* The device says that it does not trust what it was shown: unknown_ca, bad_certificate and kin. */
static bool device_distrusts(const struct causing *c, const struct draft *d)
{
    (void)c;
    return (d->x.group & FAIL_BY_CLIENT) != 0 &&
           (d->x.code == 42 || d->x.code == 46 || d->x.code == 48);
}

static bool certificate_bad(const struct causing *c, const struct draft *d)
{
    if (CERTIFICATE_KINDS >> d->f.kind & 1)
        return true;
    return host_has(c, d, FINDING_TLS_CERTIFICATE_EXPIRED) ||
           host_has(c, d, FINDING_TLS_CERTIFICATE_NOT_YET_VALID) ||
           host_has(c, d, FINDING_TLS_NAME_MISMATCH);
}

/* What else happened at the portal's address is the portal's doing. */
static bool behind_portal(const struct causing *c, const struct draft *d)
{
    if (d->f.kind == FINDING_HTTP_CAPTIVE_PORTAL)
        return true;
    if (!device_has(c, d, FINDING_HTTP_CAPTIVE_PORTAL))
        return false;
    return (PORTAL_KINDS >> d->f.kind & 1) != 0 ||
           (d->f.server.family != 0 && map_get(&c->have, cause_portal_key(d)) != MAP_NONE);
}

static bool misled(const struct causing *c, const struct draft *d, enum finding_kind kind)
{
    return d->f.kind == kind || ((AFTER_KINDS >> d->f.kind & 1) != 0 && host_has(c, d, kind));
}

static bool name_filtered(const struct causing *c, const struct draft *d)
{
    if (misled(c, d, FINDING_DNS_SINKHOLE))
        return true;
    bool replied = (DENIED_KINDS >> d->f.kind & 1) != 0;
    return replied && dns_said_filtered((int)(d->x.value >> DNS_EDE_SHIFT) - 1);
}

static bool name_injected(const struct causing *c, const struct draft *d)
{
    return misled(c, d, FINDING_DNS_INJECTED);
}

static bool name_linked(const struct causing *c, const struct draft *d)
{
    (void)c;
    return (d->x.value & DNS_SAID_LINK) != 0;
}

/* The resolver has a zone of its own: it denied the name, or its address leads nowhere. */
static bool name_shadowed(const struct causing *c, const struct draft *d)
{
    bool tells = resolver_zones_tell(c->j->f, d->client);
    if ((BIT(FINDING_DNS_NXDOMAIN) | BIT(FINDING_DNS_NO_ADDRESS)) >> d->f.kind & 1)
        return (d->x.value & DNS_SAID_OWN_ZONE) || (tells && (d->x.value & DNS_SAID_AA));
    const struct row *head =
        d->name == INTERN_NONE ? NULL : facts_head(c->j->f, d->client, d->name);
    return tells && head && (head->flags & ROW_OWN_ZONE);
}

static bool form_rejected(const struct causing *c, const struct draft *d)
{
    (void)c;
    return d->x.code == 1 || d->x.code == 4 || d->x.code == 16; /* FORMERR, NOTIMP, BADVERS */
}

/* The direct way, which networks with a proxy keep shut: to a host that it refused, or to any on a port on
 * which nothing answers. */
static bool proxy_wants_credentials(const struct causing *c, const struct draft *d)
{
    if (d->f.kind == FINDING_HTTP_PROXY_AUTH)
        return true;
    if (d->client == POOL_NONE || !proxy_refusing(c->j->f, d->client))
        return false;
    bool shut = (TCP_KINDS >> d->f.kind & 1) != 0 &&
                map_get(&c->j->ports_ok, cause_port_key(d)) == MAP_NONE;
    return host_has(c, d, FINDING_HTTP_PROXY_AUTH) ||
           (shut && device_has(c, d, FINDING_HTTP_PROXY_AUTH));
}

const struct ip_addr *cause_server(const struct causing *c, const struct draft *d)
{
    bool direct = (AFTER_KINDS >> d->f.kind & 1) != 0 && (d->x.group & FAIL_PROXY) == 0 &&
                  d->client != POOL_NONE;
    const struct peer *proxy = direct ? proxy_refusing(c->j->f, d->client) : NULL;
    return proxy ? &proxy->server : &d->f.server;
}

static bool by_proxy(const struct causing *c, const struct draft *d)
{
    (void)c;
    return (d->x.group & FAIL_PROXY) != 0;
}

static bool by_filter(const struct causing *c, const struct draft *d)
{
    (void)c;
    return (d->x.value & (HTTP_SAID_BLOCK | HTTP_SAID_BOX)) != 0;
}

static bool is_revocation(const struct causing *c, const struct draft *d)
{
    return d->f.kind == FINDING_TLS_STALLED ||
           (d->name != INTERN_NONE && revocation_host(c->j->f, d->name));
}

/* The service itself is away while a host that has the content works. */
static bool content_comes(const struct causing *c, const struct draft *d)
{
    struct judging its = c->j->j;
    its.device = d->client;
    return d->f.service && strcmp(d->f.service->id, "delivery-optimization") == 0 &&
           d->client != POOL_NONE && rule_service_worked(&its, d->name);
}

uint16_t cause_port(const struct draft *d)
{
    return d->f.kind == FINDING_TLS_STALLED ? 80 : d->f.port; /* what it waits for */
}

uint64_t cause_port_key(const struct draft *d)
{
    return (uint64_t)d->client << 32 | cause_port(d);
}

static bool port_dead(const struct causing *c, const struct draft *d)
{
    uint32_t hosts = map_get(&c->ports, cause_port_key(d));
    return hosts != MAP_NONE && hosts >= PORT_HOSTS &&
           map_get(&c->j->ports_ok, cause_port_key(d)) == MAP_NONE;
}

static const struct rule rules[] = {
    {"capture-limits", "The capture itself limits what can be said", NULL,
     BIT(FINDING_CAPTURE_ONE_WAY) | BIT(FINDING_CAPTURE_GAPS) | BIT(FINDING_CAPTURE_TRUNCATED),
     NULL, SUBJECT_NONE, CONFIDENCE_CERTAIN, false},
    {"network-refuses", "The network does not let the device in", NULL,
     BIT(FINDING_EAP_NO_REQUEST) | BIT(FINDING_EAP_FAILURE) | ADDRESS_KINDS, port_closed,
     SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"address-conflict", "Two machines use the same address", NULL,
     BIT(FINDING_ADDRESS_CONFLICT) | BIT(FINDING_DHCP_DECLINED) | SILENCE_KINDS, address_shared,
     SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"network-lost", "The device's gateway went away while it worked",
     "Look at the way to the gateway at that time: the device's cable or Wi-Fi, its switch port "
     "and VLAN, the gateway itself.",
     LOST_KINDS, lost_gateway, SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"network-lost", "The network behind the gateway went away while the device worked",
     "The gateway is there: look at what lies behind it at that time, its uplink, its routes, its "
     "policy for the device.",
     LOST_KINDS, lost_beyond, SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"network-lost", "The device's network went away while it worked",
     "Look at what the device hangs on at that time: cable, switch port, VLAN, Wi-Fi, and the "
     "gateway and uplink behind it.",
     LOST_KINDS, lost_somewhere, SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"no-address", "Devices get no address from DHCP", NULL,
     ADDRESS_KINDS | BIT(FINDING_DNS_NO_REPLY), without_address, SUBJECT_NONE, CONFIDENCE_LIKELY,
     false},
    {"poor-lease", "The network does not hand out what devices need", NULL,
     BIT(FINDING_DHCP_NO_RESOLVER) | BIT(FINDING_DHCP_NO_ROUTER) | SILENCE_KINDS, lease_poor,
     SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"several-dhcp-servers", "Two DHCP servers offer different networks", NULL,
     BIT(FINDING_DHCP_SEVERAL_SERVERS), NULL, SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"network-changed", "Devices were moved to another network while they worked", NULL,
     BIT(FINDING_NETWORK_CHANGED) | SILENCE_KINDS, network_changed, SUBJECT_NONE, CONFIDENCE_LIKELY,
     false},
    {"resolver-silent", "The DNS resolver does not answer", NULL, BIT(FINDING_DNS_NO_REPLY),
     resolver_silent, SUBJECT_SERVER, CONFIDENCE_LIKELY, false},
    {"resolver-slow", "The DNS resolver is slow", NULL, BIT(FINDING_DNS_SLOW), NULL, SUBJECT_SERVER,
     CONFIDENCE_LIKELY, false},
    {"dns-tcp-blocked", "DNS over TCP is blocked", "Open TCP port 53 to the resolver.",
     BIT(FINDING_DNS_TCP_BLOCKED), NULL, SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"resolver-rejects-form", "The DNS resolver does not understand the device's questions", NULL,
     BIT(FINDING_DNS_SERVFAIL), form_rejected, SUBJECT_SERVER, CONFIDENCE_LIKELY, false},
    {"captive-portal", "A captive portal stands between the network and the internet",
     "Let deployment devices past the portal (by MAC address or a network of their own).",
     PORTAL_OWN_KINDS | AFTER_KINDS, behind_portal, SUBJECT_NONE, CONFIDENCE_CERTAIN, false},
    {"dns-filtered", "The resolver filters names", "Exempt the names from the DNS filter.",
     BIT(FINDING_DNS_SINKHOLE) | DENIED_KINDS | AFTER_KINDS, name_filtered, SUBJECT_NONE,
     CONFIDENCE_LIKELY, false},
    {"dns-injected", "A box on the way answers DNS questions in the resolver's name", NULL,
     BIT(FINDING_DNS_INJECTED) | AFTER_KINDS, name_injected, SUBJECT_NONE, CONFIDENCE_LIKELY,
     false},
    {"private-link", "A private link zone hides a public name", NULL,
     BIT(FINDING_DNS_NXDOMAIN) | BIT(FINDING_DNS_NO_ADDRESS), name_linked, SUBJECT_NONE,
     CONFIDENCE_LIKELY, false},
    {"private-zone", "The resolver answers for public names from a zone or filter of its own",
     "Remove the zones or filter rules that shadow public names from the resolver.",
     BIT(FINDING_DNS_NXDOMAIN) | BIT(FINDING_DNS_NO_ADDRESS) | AFTER_KINDS, name_shadowed,
     SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"resolver-refuses", "The DNS resolver refuses to answer", NULL, BIT(FINDING_DNS_REFUSED), NULL,
     SUBJECT_SERVER, CONFIDENCE_CERTAIN, false},
    {"proxy-auth", "The proxy wants credentials that devices under deployment do not have",
     "Let the proxy pass the required hosts without authentication, or give the deployment network "
     "a direct way.",
     BIT(FINDING_HTTP_PROXY_AUTH) | AFTER_KINDS, proxy_wants_credentials, SUBJECT_SERVER,
     CONFIDENCE_CERTAIN, false},
    {"proxy-refuses", "The proxy does not let requests pass", NULL,
     BIT(FINDING_HTTP_ERROR) | BIT(FINDING_HTTP_NO_RESPONSE), by_proxy, SUBJECT_SERVER,
     CONFIDENCE_LIKELY, false},
    {"web-filter", "A web filter answers in the servers' place",
     "Exempt the hosts of the list from URL filtering.",
     BIT(FINDING_HTTP_ERROR) | BIT(FINDING_HTTP_ALTERED), by_filter, SUBJECT_NONE,
     CONFIDENCE_LIKELY, false},
    {"ntp-wrong-time", "The time server gives a wrong time", NULL,
     BIT(FINDING_NTP_WRONG_TIME) | BIT(FINDING_CLOCK_SKEW) | BIT(FINDING_TLS_ALERT) |
         BIT(FINDING_TLS_INCOMPLETE),
     clock_set_wrong, SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"clock-wrong", "The device's clock is wrong",
     "Set the clock in the firmware and let the device reach a time server.",
     BIT(FINDING_CLOCK_SKEW) | BIT(FINDING_TLS_ALERT) | BIT(FINDING_TLS_INCOMPLETE),
     clock_known_wrong, SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"tls-inspection", "TLS connections are inspected on the way",
     "Exempt the hosts of the list from TLS inspection: a device under deployment does not trust "
     "the inspecting authority yet.",
     BIT(FINDING_TLS_INSPECTED) | STOPPED_KINDS | CERTIFICATE_KINDS, host_inspected, SUBJECT_NONE,
     CONFIDENCE_LIKELY, false},
    {"server-certificate", "A host is shown with a certificate that cannot be accepted", NULL,
     CERTIFICATE_KINDS | STOPPED_KINDS, certificate_bad, SUBJECT_HOST, CONFIDENCE_LIKELY, false},
    {"untrusted-certificate", "The device does not trust the certificate it is shown",
     "Look for TLS inspection on this path; else update the device's root certificates.",
     BIT(FINDING_TLS_ALERT), device_distrusts, SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"resolver-misleads", "The resolver gives another address than Windows expects", NULL,
     BIT(FINDING_DNS_UNEXPECTED_ADDRESS), NULL, SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"name-not-found", "The resolver denies that a name exists", NULL, BIT(FINDING_DNS_NXDOMAIN),
     NULL, SUBJECT_HOST, CONFIDENCE_LIKELY, false},
    {"name-without-address", "The resolver gives no address for a name", NULL,
     BIT(FINDING_DNS_NO_ADDRESS), NULL, SUBJECT_HOST, CONFIDENCE_LIKELY, false},
    {"resolver-failing", "The resolver cannot resolve a name", NULL, BIT(FINDING_DNS_SERVFAIL),
     NULL, SUBJECT_HOST, CONFIDENCE_LIKELY, false},
    {"name-unanswered", "Questions for a name stay without answer", NULL, BIT(FINDING_DNS_NO_REPLY),
     NULL, SUBJECT_HOST, CONFIDENCE_LIKELY, false},
    {"port-blocked", "A port is blocked", "Open the port towards the internet for this network.",
     TCP_KINDS | BIT(FINDING_TLS_STALLED), port_dead, SUBJECT_PORT, CONFIDENCE_LIKELY, false},
    {"connections-starve", "Connections to unrelated hosts starve at the same time",
     "Check the address translation for used-up ports, rate limits for the network's address, and "
     "the uplink at that time.",
     BIT(FINDING_TCP_NO_REPLY), path_starved, SUBJECT_NONE, CONFIDENCE_POSSIBLE, false},
    {"address-gap", "Some addresses of a name are blocked while others work",
     "Let the firewall go by names, or allow the whole published ranges (of Azure Front Door: "
     "13.107.219.0/24, 13.107.227.0/24, 13.107.228.0/23, 150.171.97.0/24, 2620:1ec:40::/48).",
     TCP_KINDS, path_address_gap, SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"source-filtered", "Servers answer one device and not another",
     "Compare address, VLAN and policy of the devices: the rule goes by the source.", TCP_KINDS,
     path_by_source, SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"revocation-unreachable", "Certificate revocation cannot be checked", NULL, REVOCATION_KINDS,
     is_revocation, SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"delivery-optimization",
     "Delivery Optimization cannot be reached; content comes from the "
     "internet all the same",
     "Open the Delivery Optimization hosts if peers and caches are to be used.", AFTER_KINDS,
     content_comes, SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"connection-rejected", "A box on the way rejects connections",
     "Allow the host and port in the access list that rejects them.", TCP_KINDS, path_rejected,
     SUBJECT_HOST, CONFIDENCE_LIKELY, false},
    {"mtu-black-hole", "Large packets are lost on the way to the internet",
     "Lower the MSS at the tunnel or router (clamp it to the path), and let ICMP \"fragmentation "
     "needed\" and \"packet too big\" through.",
     SIZE_KINDS, path_hole_up, SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"mtu-black-hole", "Large packets are lost on the way from the internet",
     "Lower the MSS at the tunnel or router (clamp it to the path), and let ICMP \"fragmentation "
     "needed\" and \"packet too big\" out to the internet.",
     SIZE_KINDS, path_hole_down, SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"mtu-black-hole", "Large packets seem to be lost on the way to the internet",
     "Lower the MSS at the tunnel or router (clamp it to the path), and let ICMP \"fragmentation "
     "needed\" and \"packet too big\" through; where that does not help, look for a filter "
     "that holds long requests.",
     BIT(FINDING_TCP_STALLED) | BIT(FINDING_HTTP_NO_RESPONSE), path_unheard_large, SUBJECT_NONE,
     CONFIDENCE_POSSIBLE, false},
    {"long-hello", "Long (post-quantum) TLS greetings do not get through",
     "Update or exempt the box that reads TLS greetings: it must accept those of more than one "
     "packet. Until then, turn post-quantum key agreement off in the browser by policy.",
     SIZE_KINDS, path_long_hello, SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"certificate-rejected", "The device leaves as soon as it has seen the certificate",
     "Look for TLS inspection on this path and exempt the hosts; else check the device's clock and "
     "root certificates.",
     BIT(FINDING_TLS_INCOMPLETE), path_left, SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"ntp-blocked", "Time servers do not answer", NULL, BIT(FINDING_NTP_NO_REPLY), NULL,
     SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"ntp-refused", "The time server refuses to serve", NULL, BIT(FINDING_NTP_KISS_OF_DEATH), NULL,
     SUBJECT_NONE, CONFIDENCE_CERTAIN, false},
    {"ntp-unsynchronized", "The time server does not know the time", NULL,
     BIT(FINDING_NTP_UNSYNCHRONIZED), NULL, SUBJECT_NONE, CONFIDENCE_CERTAIN, false},
    {"host-filtered", "A box on the way cuts connections by name", NULL,
     STOPPED_KINDS | BIT(FINDING_TLS_NO_SERVER_HELLO), path_by_name, SUBJECT_NONE,
     CONFIDENCE_LIKELY, true},
    {"host-unreachable", "A host cannot be reached", NULL, TCP_KINDS, NULL, SUBJECT_HOST,
     CONFIDENCE_LIKELY, false},
    {"connections-stall", "Connections stall behind their TLS handshake", NULL,
     BIT(FINDING_TCP_STALLED), NULL, SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"requests-reset", "Connections are reset as soon as their request is sent", NULL,
     BIT(FINDING_TCP_RESET), NULL, SUBJECT_HOST, CONFIDENCE_POSSIBLE, false},
    {"tls-silent", "TLS greetings stay without answer", NULL, BIT(FINDING_TLS_NO_SERVER_HELLO),
     NULL, SUBJECT_HOST, CONFIDENCE_LIKELY, false},
    {"tls-cut", "Connections are cut during the TLS handshake", NULL, BIT(FINDING_TLS_RESET), NULL,
     SUBJECT_HOST, CONFIDENCE_POSSIBLE, false},
    {"tls-parameters", "Device and server agree on no TLS version or cipher suite",
     "Compare the versions and cipher suites with those outside the network; look for a box with "
     "an outdated policy, and for a device policy that turns TLS versions off.",
     BIT(FINDING_TLS_ALERT), path_no_parameters, SUBJECT_HOST, CONFIDENCE_LIKELY, false},
    {"tls-refused", "TLS handshakes end with an alert", NULL, BIT(FINDING_TLS_ALERT), NULL,
     SUBJECT_HOST, CONFIDENCE_LIKELY, false},
    {"tls-stopped", "TLS handshakes stop half-way", NULL, BIT(FINDING_TLS_INCOMPLETE), NULL,
     SUBJECT_HOST, CONFIDENCE_POSSIBLE, false},
    {"path-slow", "The way to the internet is slow", NULL, BIT(FINDING_PATH_SLOW), NULL,
     SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"path-lossy", "The way to the internet loses packets", NULL, BIT(FINDING_PATH_LOSSY), NULL,
     SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"content-altered", "Content is changed on the way", NULL, BIT(FINDING_HTTP_ALTERED), NULL,
     SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"ranges-ignored", "Requests for parts of files are not answered with parts", NULL,
     BIT(FINDING_HTTP_RANGE_IGNORED), NULL, SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"downloads-cut", "Downloads break off at a certain size", NULL, BIT(FINDING_HTTP_CUT_SHORT),
     NULL, SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"idle-cut", "A firewall forgets long connections", NULL, BIT(FINDING_TCP_IDLE_CUT), NULL,
     SUBJECT_NONE, CONFIDENCE_LIKELY, false},
    {"server-silent", "Requests stay without response", NULL, BIT(FINDING_HTTP_NO_RESPONSE), NULL,
     SUBJECT_HOST, CONFIDENCE_LIKELY, false},
    {"server-error", "Requests are answered with an error", NULL, BIT(FINDING_HTTP_ERROR), NULL,
     SUBJECT_HOST, CONFIDENCE_LIKELY, false},
};

#define RULE_COUNT (sizeof rules / sizeof *rules)

const struct rule *cause_rule(const struct causing *c, const struct draft *d, uint32_t *rank)
{
    for (uint32_t i = 0; i < RULE_COUNT; i++) {
        if ((rules[i].kinds >> d->f.kind & 1) != 0 && (!rules[i].fits || rules[i].fits(c, d))) {
            *rank = i;
            return &rules[i];
        }
    }
    return NULL;
}
