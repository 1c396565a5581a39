/*
 * net/link: the link layers other than Ethernet, and what lies between them and IP.
 * SPDX-License-Identifier: MIT
 *
 * RFC 2516 (PPPoE), RFC 1661, 1662 (PPP), RFC 3032, 5462 (MPLS), tcpdump.org/linktypes.
 */
#include "steps.h"

#define LABELS_MAX     16
#define ATTRIBUTES_MAX 32

/* Cooked headers have the sender's address only, and not on every device: no MAC is better than half
 * of a pair. */
static enum step sll(struct decode *d)
{
    cur_skip(&d->c, 14); /* packet type, ARPHRD, address length, address */
    return step_of_ethertype(cur_be16(&d->c));
}

static enum step sll2(struct decode *d)
{
    uint16_t type = cur_be16(&d->c);
    cur_skip(&d->c, 18); /* reserved, interface, ARPHRD, packet type, address length, address */
    return step_of_ethertype(type);
}

/* An address family in the byte order of the host that captured. IPv6 has another number on every
 * system: Linux 10, Windows 23, NetBSD and OpenBSD 24, FreeBSD 28, macOS 30. */
static enum step bsd_null(struct decode *d)
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

/* What follows the last label is not said: it is IP if it looks like it. */
static enum step mpls(struct decode *d)
{
    for (int i = 0; i < LABELS_MAX; i++) {
        bool bottom = cur_be32(&d->c) & 0x100;
        if (d->c.verdict != VERDICT_OK)
            return STEP_END;
        if (bottom)
            return STEP_IP;
    }
    return step_bad(d);
}

static enum step pppoe(struct decode *d)
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

/* Address and control (ff 03) and the first byte of the protocol may be left out: the last byte of a
 * protocol number is the odd one. */
static enum step ppp(struct decode *d)
{
    struct cursor look = d->c;
    if (cur_be16(&look) == 0xff03)
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

/* Attributes in the byte order of the host that logged; one of them is the packet. */
static enum step nflog(struct decode *d)
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

enum step link_step(struct decode *d, enum step step)
{
    switch ((int)step) {
    case STEP_SLL:
        return sll(d);
    case STEP_SLL2:
        return sll2(d);
    case STEP_BSD_NULL:
        return bsd_null(d);
    case STEP_MPLS:
        return mpls(d);
    case STEP_PPPOE:
        return pppoe(d);
    case STEP_PPP:
        return ppp(d);
    case STEP_NFLOG:
        return nflog(d);
    default:
        return STEP_END;
    }
}
