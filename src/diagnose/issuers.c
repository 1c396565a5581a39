/*
 * diagnose/issuers: tables of public authorities and of inspecting products.
 * SPDX-License-Identifier: MIT
 *
 * A name that is in neither table proves nothing: rules_tls weighs it.
 */
#include "issuers.h"

#include <stddef.h>

/* Organizations (O=) of public authorities, and of Microsoft's private ones. */
static const char *const public_organizations[] = {
    "Microsoft Corporation",
    "Microsoft",
    "DigiCert Inc",
    "DigiCert, Inc.",
    "DigiCert Ireland Limited",
    "Verizon Business",
    "Cybertrust",
    "Baltimore",
    "GlobalSign nv-sa",
    "GlobalSign",
    "Entrust, Inc.",
    "Entrust Limited",
    "Sectigo Limited",
    "COMODO CA Limited",
    "The USERTRUST Network",
    "USERTRUST",
    "Let's Encrypt",
    "Internet Security Research Group",
    "Amazon",
    "Google Trust Services",
    "Google Trust Services LLC",
    "GoDaddy.com, Inc.",
    "Starfield Technologies, Inc.",
    "IdenTrust",
    "SSL Corporation",
    "SSL Corp",
    "QuoVadis Limited",
    "VeriSign, Inc.",
    "Symantec Corporation",
    "thawte, Inc.",
    "GeoTrust Inc.",
    "Cloudflare, Inc.",
    "Apple Inc.",
    "Akamai Technologies, Inc.",
    "Buypass AS-983163327",
    "SwissSign AG",
    "Actalis S.p.A.",
    "T-Systems International GmbH",
    "Deutsche Telekom Security GmbH",
    "Certum",
    "Unizeto Technologies S.A.",
    "Asseco Data Systems S.A.",
    "TrustAsia Technologies, Inc.",
    "HARICA",
    "Hellenic Academic and Research Institutions CA",
    "WISeKey",
    "ZeroSSL",
    "Intel Corporation",
    "Infineon Technologies AG",
    "Advanced Micro Devices",
};

/* Beginnings of common names (CN=) for authorities whose name carries no organization. */
static const char *const public_common_names[] = {
    "Microsoft Azure",
    "Microsoft RSA",
    "Microsoft ECC",
    "Microsoft TLS",
    "Microsoft Update Secure Server CA",
    "Microsoft Secure Server CA",
    "Microsoft IT TLS CA",
    "Microsoft Root Certificate Authority",
    "DigiCert",
    "GlobalSign",
    "Baltimore CyberTrust",
};

/* What stands in a signing name of an inspecting product, and the product. */
struct product {
    const char *mark;
    const char *name;
};

static const struct product products[] = {
    {"zscaler", "Zscaler"},
    {"fortigate", "Fortinet FortiGate"},
    {"fortinet", "Fortinet"},
    {"cisco umbrella", "Cisco Umbrella"},
    {"cisco secure access", "Cisco Secure Access"},
    {"netskope", "Netskope"},
    {"goskope", "Netskope"},
    {"palo alto", "Palo Alto Networks"},
    {"prisma access", "Palo Alto Networks Prisma Access"},
    {"blue coat", "Blue Coat"},
    {"bluecoat", "Blue Coat"},
    {"proxysg", "Blue Coat ProxySG"},
    {"symantec web security", "Symantec Web Security"},
    {"forcepoint", "Forcepoint"},
    {"websense", "Forcepoint (Websense)"},
    {"skyhigh", "Skyhigh Security"},
    {"mcafee web gateway", "McAfee Web Gateway"},
    {"sophos", "Sophos"},
    {"check point", "Check Point"},
    {"barracuda", "Barracuda"},
    {"watchguard", "WatchGuard"},
    {"fireware", "WatchGuard Fireware"},
    {"untangle", "Untangle"},
    {"sonicwall", "SonicWall"},
    {"contentkeeper", "ContentKeeper"},
    {"squid", "Squid"},
    {"trend micro", "Trend Micro"},
    {"iboss", "iboss"},
    {"lightspeed", "Lightspeed"},
    {"securly", "Securly"},
    {"smoothwall", "Smoothwall"},
    {"menlo security", "Menlo Security"},
    {"gateway ca - cloudflare", "Cloudflare Gateway"},
    {"cato networks", "Cato Networks"},
    {"stormshield", "Stormshield"},
    {"clavister", "Clavister"},
    {"kerio", "Kerio Control"},
    {"opnsense", "OPNsense"},
    {"pfsense", "pfSense"},
    {"mitmproxy", "mitmproxy"},
    {"fiddler", "Fiddler"},
    {"charles proxy", "Charles Proxy"},
    {"portswigger", "Burp Suite"},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The value of the first attribute `type` ("O=") of a name, still escaped. */
static struct slice attribute(struct slice dn, const char *type)
{
    size_t len = strlen(type);
    bool start = true;
    for (size_t i = 0; i < dn.len; i++) {
        if (start && slice_starts_nocase(slice_sub(dn, i, len), type)) {
            size_t end = i + len;
            while (end < dn.len && dn.data[end] != ',' && dn.data[end] != '+')
                end += dn.data[end] == '\\' ? 2 : 1;
            return slice_sub(dn, i + len, end - i - len);
        }
        if (dn.data[i] == '\\') {
            i++;
            start = false;
            continue;
        }
        bool between = dn.data[i] == ',' || dn.data[i] == '+';
        start = between || (start && dn.data[i] == ' ');
    }
    return slice_of(NULL, 0);
}

/* Equal but for case and for escaping backslashes. */
static bool same(struct slice value, const char *text)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] == '\\' && i + 1 < value.len)
            i++;
        if (*text == '\0' || ascii_lower(value.data[i]) != ascii_lower((uint8_t)*text))
            return false;
        text++;
    }
    return *text == '\0';
}

bool issuer_is_public(struct slice dn)
{
    if (issuer_product(dn))
        return false;
    struct slice organization = attribute(dn, "O=");
    for (size_t i = 0; i < COUNT(public_organizations); i++) {
        if (same(organization, public_organizations[i]))
            return true;
    }
    struct slice common = attribute(dn, "CN=");
    for (size_t i = 0; i < COUNT(public_common_names); i++) {
        if (organization.len == 0 && slice_starts_nocase(common, public_common_names[i]))
            return true;
    }
    return false;
}

const char *issuer_product(struct slice dn)
{
    for (size_t p = 0; p < COUNT(products); p++) {
        for (size_t i = 0; i < dn.len; i++) {
            struct slice rest = slice_sub(dn, i, dn.len);
            if (slice_starts_nocase(rest, products[p].mark))
                return products[p].name;
        }
    }
    return NULL;
}

struct slice issuer_label(struct slice dn)
{
    struct slice label = attribute(dn, "O=");
    if (label.len == 0)
        label = attribute(dn, "CN=");
    return label.len ? label : dn;
}
