/*
 * diagnose/faces: the table of faces; the first that fits is shown.
 * SPDX-License-Identifier: MIT
 */
#include "faces.h"

#define BIT(kind) (1ULL << (kind))

#define DENIED (BIT(FINDING_DNS_NXDOMAIN) | BIT(FINDING_DNS_NO_ADDRESS))

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

static const struct face {
    uint64_t kinds;
    bool (*fits)(const struct judge *j, const struct draft *d);
    struct told told;
} faces[] = {
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
};

const struct told *face_of(const struct judge *j, const struct draft *d)
{
    for (size_t i = 0; i < sizeof faces / sizeof *faces; i++) {
        if ((faces[i].kinds >> d->f.kind & 1) != 0 && faces[i].fits(j, d))
            return &faces[i].told;
    }
    return told_of(d->f.kind);
}
