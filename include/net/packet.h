/*
 * net/packet: one frame, decoded down to its transport payload.
 * SPDX-License-Identifier: MIT
 *
 * Slices borrow the frame's bytes (or the reassembled datagram's) and are valid for the call that
 * received the packet. Checksums are not verified: captures taken on the host show offloaded ones.
 */
#ifndef NET_PACKET_H
#define NET_PACKET_H

#include "base/mark.h"
#include "net/addr.h"

/* Side of a flow a packet comes from. */
enum dir {
    DIR_TO_SERVER,
    DIR_TO_CLIENT,
};

static inline enum dir dir_other(enum dir d)
{
    return d == DIR_TO_SERVER ? DIR_TO_CLIENT : DIR_TO_SERVER;
}

enum {
    IP_PROTO_ICMP = 1,
    IP_PROTO_TCP = 6,
    IP_PROTO_UDP = 17,
    IP_PROTO_ICMPV6 = 58,
};

enum {
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_PSH = 0x08,
    TCP_ACK = 0x10,
};

/* Source and destination as the packet carries them. */
struct tuple {
    struct ip_addr src;
    struct ip_addr dst;
    uint16_t src_port; /* 0 where the protocol has none */
    uint16_t dst_port;
    uint8_t proto; /* IP protocol number */
};

enum packet_kind {
    PACKET_OTHER,    /* no IP, or a transport that is not followed (IGMP, ESP, ...) */
    PACKET_FRAGMENT, /* an IP fragment that waits for others: frag is set, payload is the fragment */
    PACKET_TCP,
    PACKET_UDP,
    PACKET_ICMP,  /* ICMP or ICMPv6 */
    PACKET_ARP,   /* no addresses in the tuple: see packet.arp */
    PACKET_EAPOL, /* IEEE 802.1X, see packet.eapol */
    PACKET_BAD,   /* a header contradicts itself */
    PACKET_SHORT, /* the capture cut it within a header */
};

struct packet_tcp {
    uint32_t seq;
    uint32_t ack;
    uint32_t sack;      /* where the first SACK block beyond `ack` begins; 0 without */
    uint32_t timestamp; /* the sender's, 0 without */
    uint16_t window;
    uint16_t mss; /* option of a SYN, 0 without */
    uint8_t flags;
    bool has_timestamp;
};

struct packet_icmp {
    uint8_t type;
    uint8_t code;
    uint16_t mtu;       /* of ICMP 3/4 and ICMPv6 2/0, cut to 16 bits; else 0 */
    bool has_quote;     /* an error message that quotes a packet with its addresses */
    struct tuple quote; /* the quoted packet; ports 0 where they were cut */
};

enum {
    ARP_REQUEST = 1,
    ARP_REPLY = 2,
};

/* RFC 826, for Ethernet and IPv4. A probe has the sender 0.0.0.0 (RFC 5227). */
struct packet_arp {
    uint16_t op;
    struct mac_addr sender_mac;
    struct mac_addr target_mac; /* of a request: of no meaning, zero as a rule */
    struct ip_addr sender;
    struct ip_addr target;
};

enum {
    EAPOL_EAP = 0,
    EAPOL_START = 1,
    EAPOL_LOGOFF = 2,
    EAPOL_KEY = 3,
};

enum {
    EAP_REQUEST = 1,
    EAP_RESPONSE = 2,
    EAP_SUCCESS = 3,
    EAP_FAILURE = 4,
};

/* IEEE 802.1X-2010 section 11, RFC 3748. */
struct packet_eapol {
    uint8_t type;
    uint8_t eap_code; /* of EAPOL_EAP, else 0 */
    uint8_t eap_id;   /* pairs a response with its request */
    uint8_t
        eap_type; /* of a request or response: 1 identity, 3 NAK, 13 TLS, 25 PEAP, ...; else 0 */
};

struct packet_frag {
    uint32_t id;
    uint32_t offset; /* in bytes */
    bool more;
};

struct packet {
    struct mark at;
    uint32_t wire_len; /* of the frame, before the capture cut it; 0 where `part` is not */
    enum packet_kind kind;
    bool cut; /* the capture has fewer payload bytes than the headers announce */
    bool
        has_more; /* others of the same 802.11 frame (A-MSDU) stand behind it: see net_decode_more */
    uint8_t part; /* how many of the same frame stand before it: 0 of any other frame */
    bool has_mac;
    struct mac_addr src_mac;
    struct mac_addr dst_mac;
    uint16_t vlan;       /* id of the innermost tag, 0 without */
    uint16_t vlan_outer; /* of the outermost one: `vlan` where there is but one */
    uint8_t vlan_count;  /* tags */
    struct tuple tuple;
    uint8_t ttl;    /* or hop limit */
    uint16_t ip_id; /* IPv4; 0 for IPv6 */
    bool dont_fragment;
    struct packet_tcp tcp;
    struct packet_icmp icmp;
    struct packet_frag frag;
    union { /* set where the kind says so, else of no meaning */
        struct packet_arp arp;
        struct packet_eapol eapol;
    };
    struct slice payload; /* of TCP or UDP as captured; of a fragment: its part of the datagram; of
                             ICMP what follows the checksum; of ARP and EAPOL the message */
    uint32_t payload_len; /* as the headers announce: payload.len or more */
    uint32_t more_len;    /* of `more`, as the frame announces: more.len or more */
    struct slice ip;      /* the innermost IP header and what follows, as captured */
    struct slice more; /* the others, where there are more; else of no meaning, as is its length */
};

#endif
