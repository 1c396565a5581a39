/*
 * net/decode: a frame of any supported link type to a struct packet.
 * SPDX-License-Identifier: MIT
 *
 * Link types: Ethernet, Linux SLL and SLL2, raw IP (five numbers), BSD null and loop (both byte
 * orders), PPP and Cisco HDLC (seven numbers), MPLS, NFLOG, 802.11 alone and behind radiotap, PPI, Prism
 * or AVS. Within them tags and tunnels: see the heads of src/net/link.c, wifi.c, tunnel.c, overlay.c.
 * Stateless. The innermost IP packet counts, with the MAC addresses and tags of the innermost Ethernet or
 * 802.11 frame; a packet in a tunnel without a frame of its own has none, unless hosts make such tunnels.
 * A frame has at most a fixed number of headers: more are PACKET_BAD.
 * Sources: RFC 791, 8200, 9293, 768, 792, 4443, IEEE 802.1Q, tcpdump.org/linktypes.
 */
#ifndef NET_DECODE_H
#define NET_DECODE_H

#include "net/packet.h"

/* Whether net_decode knows the link type (a LINKTYPE_ value of the capture file). */
bool net_linktype_known(int linktype);

/* Fills every field of `out`. `bytes` are the captured ones, `wire_len` the frame's length before
 * cutting. The kind says how far it came; the tuple is valid from PACKET_FRAGMENT to PACKET_ICMP. */
void net_decode(struct packet *out, int linktype, struct slice bytes, uint32_t wire_len,
                const struct mark *at);

/* The most packets of one frame: 7,935 bytes, all that most access points put in one, have room for 124
 * acknowledgements. */
#define NET_PARTS_MAX 128

/* Turns `p`, of a frame with this mark, into the next packet of the same 802.11 frame; false where there is
 * none. It counts no bytes of its own: its wire_len is 0. What is broken, cut off or beyond the cap is one
 * last packet, PACKET_BAD or PACKET_SHORT. */
bool net_decode_more(struct packet *p, const struct mark *at);

/* Decodes the transport header of an IP payload into `p`, whose IP fields are set: for datagrams put
 * together from fragments. `announced` is the length of the whole payload: ip_payload.len or more. */
void net_decode_transport(struct packet *p, struct slice ip_payload, uint32_t announced);

#endif
