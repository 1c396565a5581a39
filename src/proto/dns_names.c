/*
 * proto/dns_names: mnemonics of record types and response codes.
 * SPDX-License-Identifier: MIT
 * IANA registry "Domain Name System (DNS) Parameters"; RFC 3597 section 5 (TYPE123).
 */
#include <stdio.h>

#include "proto/dns.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* Types that are not obsolete beyond sight, by number. */
static const char *const low_types[] = {
    [1] = "A",         [2] = "NS",          [3] = "MD",          [4] = "MF",      [5] = "CNAME",
    [6] = "SOA",       [7] = "MB",          [8] = "MG",          [9] = "MR",      [10] = "NULL",
    [11] = "WKS",      [12] = "PTR",        [13] = "HINFO",      [14] = "MINFO",  [15] = "MX",
    [16] = "TXT",      [17] = "RP",         [18] = "AFSDB",      [19] = "X25",    [20] = "ISDN",
    [21] = "RT",       [22] = "NSAP",       [23] = "NSAP-PTR",   [24] = "SIG",    [25] = "KEY",
    [26] = "PX",       [27] = "GPOS",       [28] = "AAAA",       [29] = "LOC",    [30] = "NXT",
    [33] = "SRV",      [35] = "NAPTR",      [36] = "KX",         [37] = "CERT",   [38] = "A6",
    [39] = "DNAME",    [41] = "OPT",        [42] = "APL",        [43] = "DS",     [44] = "SSHFP",
    [45] = "IPSECKEY", [46] = "RRSIG",      [47] = "NSEC",       [48] = "DNSKEY", [49] = "DHCID",
    [50] = "NSEC3",    [51] = "NSEC3PARAM", [52] = "TLSA",       [53] = "SMIMEA", [55] = "HIP",
    [59] = "CDS",      [60] = "CDNSKEY",    [61] = "OPENPGPKEY", [62] = "CSYNC",  [63] = "ZONEMD",
    [64] = "SVCB",     [65] = "HTTPS",      [99] = "SPF",        [108] = "EUI48", [109] = "EUI64",
    [249] = "TKEY",    [250] = "TSIG",      [251] = "IXFR",      [252] = "AXFR",  [253] = "MAILB",
    [254] = "MAILA",   [255] = "ANY",       [256] = "URI",       [257] = "CAA",
};

static const char *const rcodes[] = {
    [0] = "NOERROR",  [1] = "FORMERR",    [2] = "SERVFAIL", [3] = "NXDOMAIN",  [4] = "NOTIMP",
    [5] = "REFUSED",  [6] = "YXDOMAIN",   [7] = "YXRRSET",  [8] = "NXRRSET",   [9] = "NOTAUTH",
    [10] = "NOTZONE", [11] = "DSOTYPENI", [16] = "BADVERS", [17] = "BADKEY",   [18] = "BADTIME",
    [19] = "BADMODE", [20] = "BADNAME",   [21] = "BADALG",  [22] = "BADTRUNC", [23] = "BADCOOKIE",
};

static const char *high_type(uint16_t type)
{
    enum {
        TYPE_TA = 32768,
        TYPE_DLV = 32769
    };
    if (type == TYPE_TA)
        return "TA";
    return type == TYPE_DLV ? "DLV" : NULL;
}

static const char *put(char out[DNS_MNEMONIC_SIZE], const char *name, const char *prefix,
                       unsigned number)
{
    if (name)
        return name;
    (void)snprintf(out, DNS_MNEMONIC_SIZE, "%s%u", prefix, number);
    return out;
}

const char *dns_type_text(uint16_t type, char out[DNS_MNEMONIC_SIZE])
{
    const char *name = type < COUNT(low_types) ? low_types[type] : high_type(type);
    return put(out, name, "TYPE", type);
}

const char *dns_rcode_text(int rcode, char out[DNS_MNEMONIC_SIZE])
{
    unsigned number = (unsigned)rcode & 0xfff;
    return put(out, number < COUNT(rcodes) ? rcodes[number] : NULL, "RCODE", number);
}
