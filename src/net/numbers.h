/*
 * net/numbers: link types, Ethernet types, PPP and IP protocol numbers that decode knows.
 * SPDX-License-Identifier: MIT
 *
 * tcpdump.org/linktypes, and IANA's registries of the others.
 */
#ifndef NET_NUMBERS_H
#define NET_NUMBERS_H

enum {
    LINK_NULL = 0,
    LINK_ETHERNET = 1,
    LINK_PPP = 9,
    LINK_RAW_BSD = 12,
    LINK_RAW_OPENBSD = 14,
    LINK_PPP_HDLC = 50,
    LINK_PPP_ETHER = 51,
    LINK_RAW = 101,
    LINK_CISCO_HDLC = 104,
    LINK_WIFI = 105,
    LINK_LOOP = 108,
    LINK_SLL = 113,
    LINK_WIFI_PRISM = 119,
    LINK_WIFI_RADIOTAP = 127,
    LINK_WIFI_AVS = 163,
    LINK_PPP_PPPD = 166,
    LINK_PPI = 192,
    LINK_PPP_WITH_DIR = 204,
    LINK_CISCO_HDLC_WITH_DIR = 205,
    LINK_MPLS = 219,
    LINK_IPV4 = 228,
    LINK_IPV6 = 229,
    LINK_NFLOG = 239,
    LINK_SLL2 = 276,
};

enum {
    ETHERTYPE_LEAST = 0x0600, /* below it is a length, and LLC follows */
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_ARP = 0x0806,
    ETHERTYPE_ERSPAN_III = 0x22eb,
    ETHERTYPE_BRIDGED = 0x6558, /* transparent Ethernet bridging */
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_ARUBA = 0x8200, /* in GRE: an 802.11 frame; so are the next ones */
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_PPP = 0x880b,
    ETHERTYPE_WCCP = 0x883e,
    ETHERTYPE_MPLS = 0x8847,
    ETHERTYPE_MPLS_UPSTREAM = 0x8848,
    ETHERTYPE_PPPOE_SESSION = 0x8864,
    ETHERTYPE_EAPOL = 0x888e,
    ETHERTYPE_QINQ = 0x88a8,
    ETHERTYPE_ERSPAN = 0x88be,
    ETHERTYPE_PBB = 0x88e7,
    ETHERTYPE_VN_TAG = 0x8926,
    ETHERTYPE_E_TAG = 0x893f,
    ETHERTYPE_NSH = 0x894f,
    ETHERTYPE_QINQ_OLD = 0x9100,
};

/* UDP ports of tunnels. */
enum {
    PORT_L2TP = 1701,
    PORT_GTP_U = 2152,
    PORT_TEREDO = 3544,
    PORT_VXLAN = 4789,
    PORT_VXLAN_GPE = 4790,
    PORT_AYIYA = 5072,
    PORT_CAPWAP_DATA = 5247,
    PORT_GENEVE = 6081,
    PORT_VXLAN_OLD = 8472, /* Linux's first choice */
    PORT_TZSP = 37008,
};

/* The I flag and nothing else. */
#define VXLAN_FIRST_WORD 0x08000000U

enum {
    PPP_IPV4 = 0x0021,
    PPP_IPV6 = 0x0057,
    PPP_MPLS = 0x0281,
};

enum {
    NFLOG_PAYLOAD = 9,
};

enum {
    NEXT_IPV4 = 4,
    NEXT_IPV6 = 41,
    NEXT_HOP_BY_HOP = 0,
    NEXT_ROUTING = 43,
    NEXT_FRAGMENT = 44,
    NEXT_GRE = 47,
    NEXT_AH = 51,
    NEXT_DEST_OPTIONS = 60,
    NEXT_ETHERIP = 97,
    NEXT_MOBILITY = 135,
    NEXT_MPLS = 137,
    NEXT_HIP = 139,
    NEXT_SHIM6 = 140,
    NEXT_ETHERNET = 143,
};

#endif
