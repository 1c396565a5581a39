/*
 * net/rare: the steps that a usual frame does not take, one function a header.
 * SPDX-License-Identifier: MIT
 */
#ifndef NET_RARE_H
#define NET_RARE_H

#include "steps.h"

typedef enum step rare_fn(struct decode *d);

/* src/net/link.c */
rare_fn link_sll, link_sll2, link_bsd_null, link_nflog, link_direction, link_ppp, link_cisco_hdlc,
    link_cisco_hdlc_direction, link_pppoe, link_mpls, link_llc, link_vn_tag, link_e_tag;

/* src/net/wifi.c */
rare_fn wifi_frame, wifi_frame_swapped, wifi_subframe, wifi_radiotap, wifi_prism, wifi_avs,
    wifi_ppi;

/* src/net/local.c */
rare_fn local_arp, local_eapol;

/* src/net/tunnel.c */
rare_fn tunnel_gre, tunnel_erspan_ii, tunnel_erspan_iii, tunnel_wccp, tunnel_nsh, tunnel_etherip,
    tunnel_bridged, tunnel_pbb;

/* A packet begins within another one: what was said of the outer one is not the inner one's. */
void tunnel_enter(struct decode *d);

/* The same for a frame. A mirror may have cut it: it is as long as its own headers say. */
enum step tunnel_enter_frame(struct decode *d);

/* Whether a frame of a type of ours begins `skip` bytes on. */
bool tunnel_frame_begins(const struct decode *d, size_t skip);

/* Whether an IP packet begins at the cursor and ends within what is announced. */
bool tunnel_ip_fits(const struct decode *d);

/* Whether the checksum of the IPv4 header at the cursor is right. */
bool tunnel_checksum_fits(const struct decode *d);

#endif
