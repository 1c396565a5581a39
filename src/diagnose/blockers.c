/*
 * diagnose/blockers: tables of signs.
 * SPDX-License-Identifier: MIT
 *
 * RFC 6761, 6762, 8375, 9476 and the habits of sites for inner names.
 */
#include "blockers.h"

struct block_page {
    uint32_t first; /* addresses from this one to `last` */
    uint32_t last;
    const char *product;
};

static const struct block_page pages[] = {
    {0x92703d68, 0x92703d6e, "Cisco Umbrella"},              /* 146.112.61.104 to .110 */
    {0xd05b7037, 0xd05b7037, "FortiGuard"},                  /* 208.91.112.55 */
    {0x4805416f, 0x4805416f, "Palo Alto Networks sinkhole"}, /* 72.5.65.111 */
};

struct sign {
    const char *text; /* lower case */
    const char *product;
};

/* Ends of names that a filter's CNAME leads to. */
static const struct sign names[] = {
    {"sinkhole.paloaltonetworks.com", "Palo Alto Networks sinkhole"},
    {"opendns.com", "Cisco Umbrella"},
    {"block.quad9.net", "Quad9"},
};

static const struct sign texts[] = {
    {"squid", "Squid"},
    {"zscaler", "Zscaler"},
    {"fortigate", "FortiGate"},
    {"fortiguard", "FortiGuard"},
    {"fortinet", "Fortinet"},
    {"bluecoat", "Blue Coat"},
    {"blue coat", "Blue Coat"},
    {"proxysg", "Blue Coat"},
    {"cisco-wsa", "Cisco Secure Web Appliance"},
    {"ironport", "Cisco Secure Web Appliance"},
    {"umbrella", "Cisco Umbrella"},
    {"mcafee web gateway", "Skyhigh Web Gateway"},
    {"skyhigh", "Skyhigh Web Gateway"},
    {"websense", "Forcepoint"},
    {"forcepoint", "Forcepoint"},
    {"sophos", "Sophos"},
    {"barracuda", "Barracuda"},
    {"netskope", "Netskope"},
    {"palo alto networks", "Palo Alto Networks"},
    {"watchguard", "WatchGuard"},
    {"sonicwall", "SonicWall"},
    {"check point", "Check Point"},
    {"checkpoint", "Check Point"},
    {"untangle", "Untangle"},
    {"contentkeeper", "ContentKeeper"},
    {"iboss", "iboss"},
    {"smoothwall", "Smoothwall"},
    {"lightspeed", "Lightspeed"},
    {"trend micro", "Trend Micro"},
    {"privoxy", "Privoxy"},
};

static const char *const page_words[] = {
    "blocked",
    "web filter",
    "webfilter",
    "url filter",
    "content filter",
    "not permitted",
    "against company policy",
};

/* Last labels that the internet does not have. */
static const char *const inner_tops[] = {
    "local", "localdomain", "localhost", "internal", "intranet", "lan",
    "corp",  "private",     "home",      "invalid",  "test",     "domain",
};

/* The name itself, or one below it. */
static bool is_within(struct slice name, const char *zone)
{
    size_t len = strlen(zone);
    if (name.len < len || !slice_eq_nocase(slice_sub(name, name.len - len, len), slice_str(zone)))
        return false;
    return name.len == len || name.data[name.len - len - 1] == '.';
}

const char *blocker_of_address(const struct ip_addr *a)
{
    uint32_t v4 = (uint32_t)a->bytes[0] << 24 | (uint32_t)a->bytes[1] << 16 |
                  (uint32_t)a->bytes[2] << 8 | a->bytes[3];
    for (size_t i = 0; a->family == 4 && i < sizeof pages / sizeof *pages; i++) {
        if (v4 >= pages[i].first && v4 <= pages[i].last)
            return pages[i].product;
    }
    return NULL;
}

const char *blocker_of_name(struct slice name)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (is_within(name, names[i].text))
            return names[i].product;
    }
    return NULL;
}

const char *blocker_of_text(struct slice text)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (slice_has_nocase(text, texts[i].text))
            return texts[i].product;
    }
    return NULL;
}

bool blocker_is_page(struct slice body)
{
    for (size_t i = 0; i < sizeof page_words / sizeof *page_words; i++) {
        if (slice_has_nocase(body, page_words[i]))
            return true;
    }
    return false;
}

bool blocker_is_inner_name(struct slice name)
{
    size_t top = name.len;
    while (top > 0 && name.data[top - 1] != '.')
        top--;
    if (name.len == 0)
        return false;
    if (top == 0)
        return true;
    for (size_t i = 0; i < sizeof inner_tops / sizeof *inner_tops; i++) {
        if (slice_eq_nocase(slice_sub(name, top, name.len), slice_str(inner_tops[i])))
            return true;
    }
    return is_within(name, "home.arpa");
}
