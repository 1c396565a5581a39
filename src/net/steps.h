/*
 * net/steps: what the steps of decode share.
 * SPDX-License-Identifier: MIT
 *
 * A step reads one header and names the next one: no recursion, any nesting, and a new encapsulation is
 * one more row. A header says how many bytes follow it; what a header within says cannot be more.
 */
#ifndef NET_STEPS_H
#define NET_STEPS_H

#include "base/cursor.h"
#include "net/packet.h"
#include "numbers.h"

enum step {
    STEP_END, /* nothing more that is followed; must stay 0: the default of the tables */
    STEP_ETHERNET,
    STEP_VLAN,
    STEP_IP, /* version by its first nibble */
    STEP_IPV4,
    STEP_IPV6,
    STEP_IPV6_EXTENSION,
    STEP_IPV6_FRAGMENT,
    STEP_AH,
    STEP_TCP,
    STEP_UDP,
    STEP_ICMP,
    STEP_ICMPV6,
    /* From here on the rarer ones: a row each in src/net/steps.c. */
    STEP_RARE,
    STEP_SLL = STEP_RARE,
    STEP_SLL2,
    STEP_BSD_NULL,
    STEP_NFLOG,
    STEP_DIRECTION,
    STEP_PPP,
    STEP_CISCO_HDLC,
    STEP_CISCO_HDLC_DIRECTION,
    STEP_PPPOE,
    STEP_MPLS,
    STEP_LLC,
    STEP_VN_TAG,
    STEP_E_TAG,
    STEP_WIFI,
    STEP_WIFI_SWAPPED, /* the two bytes of frame control are */
    STEP_SUBFRAME,
    STEP_RADIOTAP,
    STEP_PRISM,
    STEP_AVS,
    STEP_PPI,
    STEP_ARP,
    STEP_EAPOL,
    STEP_GRE,
    STEP_ERSPAN_II,
    STEP_ERSPAN_III,
    STEP_WCCP,
    STEP_NSH,
    STEP_ETHERIP,
    STEP_BRIDGED,
    STEP_PBB,
    STEPS
};

struct decode {
    struct packet *p;
    struct cursor c;  /* what is left of the innermost length announced */
    uint32_t missing; /* bytes announced behind the cursor's end that the capture has not */
    bool bounded;     /* a header announced where it ends, not only the length of the frame */
};

/* A header says that `len` bytes follow from here on. */
static inline void announce(struct decode *d, size_t len)
{
    size_t have = cur_left(&d->c);
    if (len > have) {
        if (d->bounded && len > have + d->missing)
            len = have + d->missing;
        d->missing = (uint32_t)(len - have);
        d->c.on_overrun = len > have ? VERDICT_SHORT : VERDICT_BAD;
    } else {
        d->missing = 0;
        d->c = cursor_of(cur_take(&d->c, len), VERDICT_BAD);
    }
    d->bounded = true;
}

/* Bytes that the headers so far announce from here on, captured or not. */
static inline size_t announced(const struct decode *d)
{
    return cur_left(&d->c) + d->missing;
}

static inline enum step step_bad(struct decode *d)
{
    cur_fail(&d->c, VERDICT_BAD);
    return STEP_END;
}

static inline enum step step_of_ethertype(uint16_t type)
{
    if (type == ETHERTYPE_IPV4) /* most are */
        return STEP_IPV4;
    switch (type) {
    case ETHERTYPE_IPV6:
        return STEP_IPV6;
    case ETHERTYPE_VLAN:
    case ETHERTYPE_QINQ:
    case ETHERTYPE_QINQ_OLD:
        return STEP_VLAN;
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_UPSTREAM:
        return STEP_MPLS;
    case ETHERTYPE_PPPOE_SESSION:
        return STEP_PPPOE;
    case ETHERTYPE_ARP:
        return STEP_ARP;
    case ETHERTYPE_EAPOL:
        return STEP_EAPOL;
    case ETHERTYPE_VN_TAG:
        return STEP_VN_TAG;
    case ETHERTYPE_E_TAG:
        return STEP_E_TAG;
    case ETHERTYPE_PBB:
        return STEP_PBB;
    case ETHERTYPE_NSH:
        return STEP_NSH;
    default:
        return type < ETHERTYPE_LEAST ? STEP_LLC : STEP_END;
    }
}

/* The first header of a link type's frames; STEP_END where it is not known: src/net/link.c. */
enum step step_of_linktype(int linktype);

/* The step of a UDP payload that is a tunnel's; STEP_END, and `d` spent, where it is none: src/net/overlay.c. */
__attribute__((cold)) enum step overlay_step(struct decode *d);

/* A step from STEP_RARE on. */
__attribute__((cold)) enum step rare_step(struct decode *d, enum step step);

#endif
