/*
 * net/rare: the table of steps that a usual frame does not take.
 * SPDX-License-Identifier: MIT
 */
#include "rare.h"

static rare_fn *const rows[] = {
    [STEP_SLL - STEP_RARE] = link_sll,
    [STEP_SLL2 - STEP_RARE] = link_sll2,
    [STEP_BSD_NULL - STEP_RARE] = link_bsd_null,
    [STEP_NFLOG - STEP_RARE] = link_nflog,
    [STEP_DIRECTION - STEP_RARE] = link_direction,
    [STEP_PPP - STEP_RARE] = link_ppp,
    [STEP_CISCO_HDLC - STEP_RARE] = link_cisco_hdlc,
    [STEP_CISCO_HDLC_DIRECTION - STEP_RARE] = link_cisco_hdlc_direction,
    [STEP_PPPOE - STEP_RARE] = link_pppoe,
    [STEP_MPLS - STEP_RARE] = link_mpls,
    [STEP_LLC - STEP_RARE] = link_llc,
    [STEP_VN_TAG - STEP_RARE] = link_vn_tag,
    [STEP_E_TAG - STEP_RARE] = link_e_tag,
    [STEP_WIFI - STEP_RARE] = wifi_frame,
    [STEP_WIFI_SWAPPED - STEP_RARE] = wifi_frame_swapped,
    [STEP_SUBFRAME - STEP_RARE] = wifi_subframe,
    [STEP_RADIOTAP - STEP_RARE] = wifi_radiotap,
    [STEP_PRISM - STEP_RARE] = wifi_prism,
    [STEP_AVS - STEP_RARE] = wifi_avs,
    [STEP_PPI - STEP_RARE] = wifi_ppi,
    [STEP_ARP - STEP_RARE] = local_arp,
    [STEP_EAPOL - STEP_RARE] = local_eapol,
    [STEP_GRE - STEP_RARE] = tunnel_gre,
    [STEP_ERSPAN_II - STEP_RARE] = tunnel_erspan_ii,
    [STEP_ERSPAN_III - STEP_RARE] = tunnel_erspan_iii,
    [STEP_WCCP - STEP_RARE] = tunnel_wccp,
    [STEP_NSH - STEP_RARE] = tunnel_nsh,
    [STEP_ETHERIP - STEP_RARE] = tunnel_etherip,
    [STEP_BRIDGED - STEP_RARE] = tunnel_bridged,
    [STEP_PBB - STEP_RARE] = tunnel_pbb,
};

_Static_assert(sizeof rows / sizeof *rows == STEPS - STEP_RARE, "a row for each rare step");

enum step rare_step(struct decode *d, enum step step)
{
    return rows[step - STEP_RARE](d);
}
