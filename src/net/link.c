/*
 * net/link: the link layers other than Ethernet, and what lies between them and IP.
 * SPDX-License-Identifier: MIT
 *
 * RFC 2516 (PPPoE), RFC 1661, 1662 (PPP), RFC 3032, 5462, 4448, 4385 (MPLS and pseudowires), RFC 1042
 * (LLC and SNAP), IEEE 802.1BR (E-tag), Cisco's VN-tag, tcpdump.org/linktypes.
 */
#include "rare.h"

#define LABELS_MAX     16
#define ATTRIBUTES_MAX 32

/* Address and control of Cisco's HDLC. */
#define CISCO_UNICAST   0x0f00
#define CISCO_BROADCAST 0x8f00

/* DSAP, SSAP, control and organisation of LLC with SNAP. */
#define SNAP_RFC1042       0xaaaa03000000U
#define SNAP_BRIDGE_TUNNEL 0xaaaa030000f8U

/* Cooked headers have the sender's address only, and not on every device: no MAC is better than half
 * of a pair. */
enum step link_sll(struct decode *d)
{
    cur_skip(&d->c, 14); /* packet type, ARPHRD, address length, address */
    return step_of_ethertype(cur_be16(&d->c));
}

enum step link_sll2(struct decode *d)
{
    uint16_t type = cur_be16(&d->c);
    cur_skip(&d->c, 18); /* reserved, interface, ARPHRD, packet type, address length, address */
    return step_of_ethertype(type);
}

/* An address family in the byte order of the host that captured. IPv6 has another number on every
 * system: Linux 10, Windows 23, NetBSD and OpenBSD 24, FreeBSD 28, macOS 30. */
enum step link_bsd_null(struct decode *d)
{
    uint32_t family = cur_be32(&d->c);
    if (family > 0xffff)
        family = __builtin_bswap32(family);
    switch (family) {
    case 2:
        return STEP_IPV4;
    case 10:
    case 23:
    case 24:
    case 28:
    case 30:
        return STEP_IPV6;
    default:
        return STEP_END;
    }
}

/* ---- MPLS --------------------------------------------------------------------------------------- */

/* What follows the last label is not said: IP, or a pseudowire's Ethernet frame with or without a control
 * word, whose first nibble is 0. A frame's first nibble may be IP's, an address look like a frame's type:
 * where both can be, IP's checksum and length decide. */
static enum step below_labels(struct decode *d)
{
    struct cursor look = d->c;
    unsigned nibble = cur_u8(&look) >> 4;
    bool frame = tunnel_frame_begins(d, 0);
    if (look.verdict != VERDICT_OK)
        return STEP_IP; /* the capture ends here */
    if (nibble == 4 && (!frame || (tunnel_ip_fits(d) && tunnel_checksum_fits(d))))
        return STEP_IPV4;
    if (nibble == 6 && (!frame || tunnel_ip_fits(d)))
        return STEP_IPV6;
    if (!frame) {
        if (nibble != 0 || !tunnel_frame_begins(d, 4))
            return STEP_END;
        cur_skip(&d->c, 4);
    }
    return tunnel_enter_frame(d);
}

enum step link_mpls(struct decode *d)
{
    for (int i = 0; i < LABELS_MAX; i++) {
        bool bottom = cur_be32(&d->c) & 0x100;
        if (d->c.verdict != VERDICT_OK)
            return STEP_END;
        if (bottom)
            return below_labels(d);
    }
    return step_bad(d);
}

/* ---- PPP ---------------------------------------------------------------------------------------- */

enum step link_pppoe(struct decode *d)
{
    uint8_t version = cur_u8(&d->c);
    uint8_t code = cur_u8(&d->c);
    cur_skip(&d->c, 2); /* session */
    size_t len = cur_be16(&d->c);
    if (d->c.verdict != VERDICT_OK)
        return STEP_END;
    if (version != 0x11)
        return step_bad(d);
    if (code != 0)
        return STEP_END;
    announce(d, len);
    return STEP_PPP;
}

/* One byte says which way the frame went. */
enum step link_direction(struct decode *d)
{
    cur_skip(&d->c, 1);
    return STEP_PPP;
}

/* Address and control (ff 03) and the first byte of the protocol may be left out: the last byte of a
 * protocol number is the odd one. pppd writes the direction (0 or 1) in place of the address; a file of
 * this link type may hold Cisco's framing as well. */
enum step link_ppp(struct decode *d)
{
    struct cursor look = d->c;
    uint16_t head = cur_be16(&look);
    if (look.verdict == VERDICT_SHORT) {
        d->c = look;
        return STEP_END;
    }
    if (head == CISCO_UNICAST || head == CISCO_BROADCAST)
        return STEP_CISCO_HDLC;
    if (head == 0xff03 || head == 0x0003 || head == 0x0103)
        d->c = look;
    uint32_t protocol = cur_u8(&d->c);
    if (!(protocol & 1))
        protocol = protocol << 8 | cur_u8(&d->c);
    switch (protocol) {
    case PPP_IPV4:
        return STEP_IPV4;
    case PPP_IPV6:
        return STEP_IPV6;
    case PPP_MPLS:
        return STEP_MPLS;
    default:
        return STEP_END;
    }
}

enum step link_cisco_hdlc(struct decode *d)
{
    cur_skip(&d->c, 2); /* address, control */
    return step_of_ethertype(cur_be16(&d->c));
}

enum step link_cisco_hdlc_direction(struct decode *d)
{
    cur_skip(&d->c, 1);
    return STEP_CISCO_HDLC;
}

/* ---- between Ethernet and IP -------------------------------------------------------------------- */

/* An Ethernet type in SNAP; other LLC is spanning trees and the like. */
enum step link_llc(struct decode *d)
{
    if (cur_left(&d->c) < 8 && d->missing == 0)
        return STEP_END;
    uint64_t snap = cur_be64(&d->c);
    uint64_t organisation = snap >> 16;
    if (organisation != SNAP_RFC1042 && organisation != SNAP_BRIDGE_TUNNEL)
        return STEP_END;
    return step_of_ethertype((uint16_t)snap);
}

enum step link_vn_tag(struct decode *d)
{
    cur_skip(&d->c, 4);
    return step_of_ethertype(cur_be16(&d->c));
}

enum step link_e_tag(struct decode *d)
{
    cur_skip(&d->c, 6);
    return step_of_ethertype(cur_be16(&d->c));
}

/* ---- NFLOG -------------------------------------------------------------------------------------- */

/* Attributes in the byte order of the host that logged; one of them is the packet. */
enum step link_nflog(struct decode *d)
{
    cur_skip(&d->c, 4); /* family, version, resource */
    for (int i = 0; i < ATTRIBUTES_MAX && d->c.verdict == VERDICT_OK; i++) {
        size_t len = cur_le16(&d->c);
        uint16_t type = cur_le16(&d->c);
        /* A length above 255 whose bytes are swapped: a big-endian host. */
        if (type >= 256) {
            len = len >> 8 | (len & 0xff) << 8;
            type = (uint16_t)(type >> 8 | type << 8);
        }
        if (len < 4)
            return step_bad(d);
        if (type == NFLOG_PAYLOAD) {
            announce(d, len - 4);
            return STEP_IP;
        }
        cur_skip(&d->c, (len - 1) / 4 * 4);
    }
    return STEP_END;
}

/* ---- where a frame begins ---- */

enum step step_of_linktype(int linktype)
{
    if (linktype == LINK_ETHERNET) /* most are */
        return STEP_ETHERNET;
    switch (linktype) {
    case LINK_SLL:
        return STEP_SLL;
    case LINK_SLL2:
        return STEP_SLL2;
    case LINK_NFLOG:
        return STEP_NFLOG;
    case LINK_WIFI:
        return STEP_WIFI;
    case LINK_WIFI_RADIOTAP:
        return STEP_RADIOTAP;
    case LINK_WIFI_PRISM:
        return STEP_PRISM;
    case LINK_WIFI_AVS:
        return STEP_AVS;
    case LINK_PPI:
        return STEP_PPI;
    case LINK_NULL:
    case LINK_LOOP:
        return STEP_BSD_NULL;
    case LINK_PPP:
    case LINK_PPP_HDLC:
    case LINK_PPP_PPPD:
        return STEP_PPP;
    case LINK_PPP_WITH_DIR:
        return STEP_DIRECTION;
    case LINK_PPP_ETHER:
        return STEP_PPPOE;
    case LINK_CISCO_HDLC:
        return STEP_CISCO_HDLC;
    case LINK_CISCO_HDLC_WITH_DIR:
        return STEP_CISCO_HDLC_DIRECTION;
    case LINK_MPLS:
        return STEP_MPLS;
    case LINK_RAW_BSD:
    case LINK_RAW_OPENBSD:
    case LINK_RAW:
        return STEP_IP;
    case LINK_IPV4:
        return STEP_IPV4;
    case LINK_IPV6:
        return STEP_IPV6;
    default:
        return STEP_END;
    }
}
