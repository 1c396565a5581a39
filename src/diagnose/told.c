/*
 * diagnose/told: the texts, a table by kind.
 * SPDX-License-Identifier: MIT
 */
#include "told.h"

static const struct told table[FINDING_KIND_COUNT] = {
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
    [FINDING_DNS_SINKHOLE] = {"the resolver answers with an address that is not the server's",
                              "Exempt the name from the DNS filter.",
                              "A service that really lives at the address.", CULPRIT_RESOLVER,
                              CONFIDENCE_LIKELY},
    [FINDING_DNS_UNEXPECTED_ADDRESS] =
        {"the resolver gives another address than Windows expects",
         "Let the resolver forward this name; look for a portal or filter that answers for all "
         "names.",
         "The expected address from the same resolver.", CULPRIT_RESOLVER, CONFIDENCE_LIKELY},
    [FINDING_DNS_INJECTED] =
        {"one question got two different answers",
         "Look for a box that answers DNS questions in the resolver's name; exempt the name there.",
         "A resolver that sends its answers twice.", CULPRIT_MIDDLEBOX, CONFIDENCE_LIKELY},
    [FINDING_DNS_TCP_BLOCKED] =
        {"the answer does not fit in a datagram, and DNS over TCP does not work",
         "Open TCP port 53 to the resolver.",
         "A TCP connection to port 53 of the resolver that works.", CULPRIT_NETWORK,
         CONFIDENCE_LIKELY},
    [FINDING_DNS_SLOW] = {"the resolver is slow", "Check the resolver's load and its forwarders.",
                          "Quick answers to the same questions.", CULPRIT_RESOLVER,
                          CONFIDENCE_LIKELY},
    [FINDING_TCP_NO_REPLY] = {"connection attempts stay without any answer",
                              "Allow this host and port from the deployment network; a silent drop "
                              "on the way is likely.",
                              "The same host answering on this port from the same network.",
                              CULPRIT_NETWORK, CONFIDENCE_LIKELY},
    [FINDING_TCP_REFUSED] = {"connection attempts are refused with a reset",
                             "Look for a firewall rule that rejects this host and port.",
                             "A server that is known to have closed the port.", CULPRIT_NONE,
                             CONFIDENCE_POSSIBLE},
    [FINDING_TCP_UNREACHABLE] =
        {"ICMP reports the host as unreachable",
         "Check the route and the access list of the router that sent the ICMP message.",
         "A later connection over the same path.", CULPRIT_NETWORK, CONFIDENCE_CERTAIN},
    [FINDING_TCP_IDLE_CUT] =
        {"long connections are reset after the same time again and again",
         "Raise the idle time-out of the firewall for connections to the push service.",
         "A connection to the host that lives longer.", CULPRIT_MIDDLEBOX, CONFIDENCE_LIKELY},
    [FINDING_TCP_STALLED] = {"connections stall behind their TLS handshake",
                             "Check the path for a smaller packet size than both ends believe in.",
                             "A connection on which large packets arrive.", CULPRIT_NETWORK,
                             CONFIDENCE_LIKELY},
    [FINDING_TCP_RESET] = {"connections are reset as soon as their request is sent",
                           "Exempt the host from TLS inspection and from filters that look at "
                           "connections behind the handshake.",
                           "A server that is known to cut such connections.", CULPRIT_NONE,
                           CONFIDENCE_POSSIBLE},
    [FINDING_IPV6_BROKEN] =
        {"connections over IPv6 fail and fall back to IPv4",
         "Repair IPv6 (routing, firewall), or do not announce it to the deployment network (router "
         "advertisements).",
         "Answers over IPv6 that took a path past the capture point.", CULPRIT_NETWORK,
         CONFIDENCE_LIKELY},
    [FINDING_PATH_SLOW] =
        {"connections take long to be answered, whatever the server",
         "Check the load and the delay of the network's way to the internet (uplink, tunnel, "
         "wireless): a round trip should take well below half a second.",
         "Other devices at the same place whose connections are answered sooner.", CULPRIT_NETWORK,
         CONFIDENCE_LIKELY},
    [FINDING_PATH_LOSSY] =
        {"packets are lost on the way to or from the internet",
         "Look for errors and full queues on the way to the internet: cables, duplex, wireless, "
         "uplink, traffic shaping.",
         "Packets that arrived late or in another order, and were sent again for nothing.",
         CULPRIT_NETWORK, CONFIDENCE_LIKELY},
    [FINDING_NETWORK_LOST] =
        {"the device's network went away while it worked",
         "Look at what the device hangs on at that time: cable, switch port, VLAN, Wi-Fi, and the "
         "gateway and uplink behind it.",
         "Answers of that time that took another way than past the capture point.", CULPRIT_NETWORK,
         CONFIDENCE_LIKELY},
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
        {"the certificate that is shown for the host has expired",
         "Compare it with the certificate that the host shows outside the network: where that is "
         "another one, find who shows this one, else tell who runs the host.",
         "A wrong clock of the machine that captured.", CULPRIT_SERVER, CONFIDENCE_LIKELY},
    [FINDING_TLS_CERTIFICATE_NOT_YET_VALID] =
        {"the certificate that is shown for the host is not valid yet",
         "Compare it with the certificate that the host shows outside the network: where that is "
         "another one, find who shows this one, else tell who runs the host.",
         "A wrong clock of the machine that captured.", CULPRIT_SERVER, CONFIDENCE_LIKELY},
    [FINDING_TLS_NAME_MISMATCH] =
        {"the certificate that is shown for the host is for another name",
         "Compare the address and the certificate with those outside the network: where they "
         "differ, a DNS filter, portal or block page stands in for the host.",
         "The same certificate for the host outside the network: then it is the server's own.",
         CULPRIT_NONE, CONFIDENCE_LIKELY},
    [FINDING_TLS_STALLED] = {"the handshake waits for a revocation check that nobody answers",
                             "Open port 80 to the revocation hosts, without authentication.",
                             "A device that was busy with something else.", CULPRIT_NETWORK,
                             CONFIDENCE_LIKELY},
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
    [FINDING_HTTP_ALTERED] = {"the response is not what the server sends",
                              "Exempt the host from filtering and rewriting on port 80.",
                              "The same content from outside the network.", CULPRIT_MIDDLEBOX,
                              CONFIDENCE_LIKELY},
    [FINDING_HTTP_INTERCEPTED] =
        {"a proxy that nobody asked for stands in the way of port 80",
         "Exempt revocation, update and connectivity-check hosts from caching and filtering.",
         "The same header from outside the network.", CULPRIT_PROXY, CONFIDENCE_LIKELY},
    [FINDING_HTTP_RANGE_IGNORED] =
        {"requests for a part of a file are not answered with that part",
         "Let range requests pass unchanged to this host: exempt it from caching and scanning.",
         "The same answer to a range from outside the network.", CULPRIT_MIDDLEBOX,
         CONFIDENCE_LIKELY},
    [FINDING_HTTP_CUT_SHORT] =
        {"downloads break off before their end",
         "Look for a size limit of virus scanning or caching on the way; exempt the host from it.",
         "A longer download from the host that is complete.", CULPRIT_MIDDLEBOX, CONFIDENCE_LIKELY},
    [FINDING_PROXY_SEARCH_SLOW] =
        {"the search for a proxy holds up the start",
         "Answer for the WPAD name (also with \"does not exist\"), or hand out the proxy by DHCP.",
         "Something else that the device waited for.", CULPRIT_NETWORK, CONFIDENCE_POSSIBLE},
    [FINDING_NTP_NO_REPLY] =
        {"the time server does not answer",
         "Open UDP port 123 to the time server, or hand out an internal one by DHCP.",
         "Replies that took a path past the capture point.", CULPRIT_NETWORK, CONFIDENCE_LIKELY},
    [FINDING_NTP_KISS_OF_DEATH] =
        {"the time server refuses to serve the device",
         "Use a time server that accepts the deployment network; look for too many clients behind "
         "one address.",
         "A later answer with the time.", CULPRIT_SERVER, CONFIDENCE_CERTAIN},
    [FINDING_NTP_UNSYNCHRONIZED] = {"the time server does not know the time itself",
                                    "Repair the time server's own source, or use another one.",
                                    "A later answer with the time.", CULPRIT_SERVER,
                                    CONFIDENCE_CERTAIN},
    [FINDING_NTP_WRONG_TIME] = {"the time server gives a wrong time",
                                "Set the time server right, or hand out another one by DHCP.",
                                "Another time server that gives the same time.", CULPRIT_SERVER,
                                CONFIDENCE_LIKELY},
    [FINDING_CLOCK_SKEW] = {"the device's clock is wrong",
                            "Set the clock in the firmware and let the device reach a time server.",
                            "A wrong clock of the server or of the machine that captured.",
                            CULPRIT_DEVICE, CONFIDENCE_LIKELY},
    [FINDING_EAP_NO_REQUEST] =
        {"the switch does not answer the device's 802.1X start",
         "Check the switch port: 802.1X, the fallback by MAC address, or a plain port for the "
         "deployment network.",
         "Answers of the switch that the capture point could not see.", CULPRIT_NETWORK,
         CONFIDENCE_LIKELY},
    [FINDING_EAP_FAILURE] =
        {"the network refuses the device by 802.1X",
         "Let new devices in by MAC address or through a deployment network: they have no "
         "certificate or credentials yet.",
         "A later success of the same device.", CULPRIT_NETWORK, CONFIDENCE_CERTAIN},
    [FINDING_NETWORK_DELAYED] =
        {"the device got its address late",
         "Shorten the 802.1X and spanning tree delays of the ports where devices are deployed.",
         "A device that was started before its cable was plugged in.", CULPRIT_NETWORK,
         CONFIDENCE_LIKELY},
    [FINDING_NETWORK_CHANGED] =
        {"the device was moved to another network while it worked",
         "Give the networks before and after the change the same access to the required services, "
         "and restart the port when it changes its VLAN.",
         "Two interfaces that share a MAC address.", CULPRIT_NETWORK, CONFIDENCE_LIKELY},
    [FINDING_ADDRESS_CONFLICT] =
        {"two machines claim the same address",
         "Find the second machine by its MAC address; take the address out of the DHCP range or "
         "off that machine.",
         "A pair of routers that share the address on purpose.", CULPRIT_NETWORK,
         CONFIDENCE_LIKELY},
    [FINDING_ADDRESS_SELF_ASSIGNED] =
        {"the device gave itself an address because nobody else did",
         "Check that DHCP reaches this network: server, relay, VLAN of the port.",
         "A network that is meant to work without DHCP.", CULPRIT_NETWORK, CONFIDENCE_LIKELY},
    [FINDING_DHCP_NO_OFFER] =
        {"no DHCP server answers the device",
         "Check the DHCP relay of this network, the server's free addresses, and the VLAN of the "
         "port.",
         "Offers that the capture point could not see.", CULPRIT_NETWORK, CONFIDENCE_LIKELY},
    [FINDING_DHCP_OFFER_UNUSED] =
        {"the device does not take the address that DHCP offers",
         "Check that offers reach the device: broadcast filters, DHCP snooping, the wireless "
         "controller.",
         "A request of the device that the capture point could not see.", CULPRIT_NETWORK,
         CONFIDENCE_POSSIBLE},
    [FINDING_DHCP_NO_ACK] =
        {"the DHCP server offers an address and then falls silent",
         "Look into the DHCP server's log, and for a filter between it and this network.",
         "An acknowledgement that the capture point could not see.", CULPRIT_NETWORK,
         CONFIDENCE_LIKELY},
    [FINDING_DHCP_NAK] = {"the DHCP server refuses the device an address",
                          "Look for a second DHCP server that is responsible for another network.",
                          "A later acknowledgement.", CULPRIT_SERVER, CONFIDENCE_CERTAIN},
    [FINDING_DHCP_DECLINED] =
        {"the device gives the address back: somebody else uses it",
         "Take the address out of the DHCP range, or off the machine that uses it.",
         "A later address that the device keeps.", CULPRIT_NETWORK, CONFIDENCE_LIKELY},
    [FINDING_DHCP_NO_RESOLVER] =
        {"DHCP hands out no DNS resolver",
         "Set the DNS servers (option 6) in the DHCP scope of the deployment network.",
         "A resolver that the device has from elsewhere.", CULPRIT_SERVER, CONFIDENCE_CERTAIN},
    [FINDING_DHCP_NO_ROUTER] =
        {"DHCP hands out no router",
         "Set the router (option 3) in the DHCP scope of the deployment network.",
         "A way out that the device has from elsewhere.", CULPRIT_SERVER, CONFIDENCE_CERTAIN},
    [FINDING_DHCP_SEVERAL_SERVERS] =
        {"two DHCP servers offer different networks",
         "Find the DHCP server that does not belong here, and block it (DHCP snooping).",
         "Two networks that are meant to share the wire.", CULPRIT_SERVER, CONFIDENCE_LIKELY},
    [FINDING_CAPTURE_ONE_WAY] =
        {"the capture shows one direction of the conversations only",
         "Capture again with both directions (mirror receive and transmit).",
         "Conversations with both directions.", CULPRIT_CAPTURE, CONFIDENCE_CERTAIN},
    [FINDING_CAPTURE_GAPS] = {"the capture lacks bytes that the receivers had",
                              "Capture with a larger buffer or at a less busy point.",
                              "A receiver that acknowledges what it never got.", CULPRIT_CAPTURE,
                              CONFIDENCE_CERTAIN},
    [FINDING_CAPTURE_TRUNCATED] = {"packets were captured in part only",
                                   "Capture again without a snapshot length.",
                                   "Packets that were as short on the wire.", CULPRIT_CAPTURE,
                                   CONFIDENCE_CERTAIN},
    [FINDING_CAPTURE_CLOCK] = {"the clock of the machine that captured is wrong",
                               "Read the times of this report with that in mind.",
                               "Answers that all came from one cache.", CULPRIT_CAPTURE,
                               CONFIDENCE_LIKELY},
};

const struct told *told_of(enum finding_kind kind)
{
    return &table[kind];
}
