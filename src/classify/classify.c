/*
 * classify/classify: the signatures in their order, and the ports where bytes cannot tell.
 * SPDX-License-Identifier: MIT
 */
#include "classify/classify.h"

#include "signature.h"

enum {
    PORT_DNS = 53,
    PORT_DHCP_SERVER = 67,
    PORT_DHCP_CLIENT = 68,
    PORT_NTP = 123,
    PORT_NBNS = 137,
    PORT_HTTPS = 443,
    PORT_SSDP = 1900,
    PORT_MDNS = 5353,
    PORT_LLMNR = 5355,
};

static bool on_port(const struct classify_input *in, uint16_t port)
{
    return in->client_port == port || in->server_port == port;
}

static bool is_match(enum match m)
{
    return m == MATCH_CLIENT || m == MATCH_SERVER || m == MATCH_EITHER;
}

static struct classify_result result_of(const struct classify_input *in, enum app app, enum match m)
{
    bool from_client = in->dir == DIR_TO_SERVER;
    bool reversed = from_client ? m == MATCH_SERVER : m == MATCH_CLIENT;
    return (struct classify_result){app, reversed};
}

static struct classify_result classify_stream(const struct classify_input *in)
{
    const struct {
        enum app app;
        enum match match;
    } tries[] = {
        {APP_TLS, tls_signature(in->bytes)},
        {APP_HTTP, http_signature(in->bytes)},
        {APP_SOCKS, socks_signature(in->bytes)},
        {APP_DNS, dns_stream_signature(in->bytes, !on_port(in, PORT_DNS))},
    };
    bool maybe = in->bytes.len == 0;
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        if (is_match(tries[i].match))
            return result_of(in, tries[i].app, tries[i].match);
        maybe |= tries[i].match == MATCH_MAYBE;
    }
    return (struct classify_result){maybe ? APP_UNKNOWN : APP_OTHER, false};
}

/* Names of the local link, told by their ports. */
static enum app local_name_service(const struct classify_input *in)
{
    if (dns_signature(in->bytes, false) == MATCH_NO)
        return APP_OTHER;
    if (on_port(in, PORT_MDNS))
        return APP_MDNS;
    return on_port(in, PORT_LLMNR) ? APP_LLMNR : APP_NBNS;
}

static struct classify_result classify_datagram(const struct classify_input *in)
{
    struct slice s = in->bytes;
    enum match m = quic_signature(s);
    if (is_match(m))
        return result_of(in, APP_QUIC, m);
    /* An ephemeral port may happen to be one of these: a resolver's port on the other side decides. */
    bool local = on_port(in, PORT_MDNS) || on_port(in, PORT_LLMNR) || on_port(in, PORT_NBNS);
    if (local && !on_port(in, PORT_DNS))
        return (struct classify_result){local_name_service(in), false};
    if (on_port(in, PORT_SSDP) && is_match(ssdp_signature(s)))
        return (struct classify_result){APP_SSDP, false};
    if (on_port(in, PORT_DHCP_SERVER) || on_port(in, PORT_DHCP_CLIENT)) {
        m = dhcp_signature(s);
        return is_match(m) ? result_of(in, APP_DHCP, m)
                           : (struct classify_result){APP_OTHER, false};
    }
    if (on_port(in, PORT_NTP) && is_match(m = ntp_signature(s)))
        return result_of(in, APP_NTP, m);
    if (!in->multicast && is_match(m = dns_signature(s, !on_port(in, PORT_DNS))))
        return result_of(in, APP_DNS, m);
    /* A first datagram may be cut or odd where the next one is not. */
    bool more = on_port(in, PORT_DNS) || on_port(in, PORT_NTP) || on_port(in, PORT_HTTPS);
    return (struct classify_result){more ? APP_UNKNOWN : APP_OTHER, false};
}

struct classify_result classify_bytes(const struct classify_input *in)
{
    return in->tcp ? classify_stream(in) : classify_datagram(in);
}

const char *app_name(enum app app)
{
    static const char *const names[] = {
        [APP_UNKNOWN] = "unknown", [APP_OTHER] = "other", [APP_DNS] = "dns",
        [APP_TLS] = "tls",         [APP_QUIC] = "quic",   [APP_HTTP] = "http",
        [APP_NTP] = "ntp",         [APP_SOCKS] = "socks", [APP_MDNS] = "mdns",
        [APP_LLMNR] = "llmnr",     [APP_NBNS] = "nbns",   [APP_SSDP] = "ssdp",
        [APP_DHCP] = "dhcp",
    };
    return (size_t)app < sizeof names / sizeof names[0] ? names[app] : "unknown";
}
