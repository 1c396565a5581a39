/*
 * net/local: packets by which the local network speaks of itself: ARP and IEEE 802.1X.
 * SPDX-License-Identifier: MIT
 *
 * RFC 826, RFC 5227, IEEE 802.1X-2010 section 11.3, RFC 3748 section 4.
 */
#include "rare.h"

enum {
    HARDWARE_ETHERNET = 1,
    HARDWARE_IEEE802 = 6,
};

#define ARP_LEN 28

static struct mac_addr read_mac(struct cursor *c)
{
    struct mac_addr mac = {{0}};
    struct slice bytes = cur_take(c, sizeof mac.bytes);
    if (bytes.len == sizeof mac.bytes)
        memcpy(mac.bytes, bytes.data, bytes.len);
    return mac;
}

static enum step end_message(struct decode *d, enum packet_kind kind, struct slice message)
{
    if (d->c.verdict != VERDICT_OK)
        return STEP_END;
    d->p->kind = kind;
    d->p->payload = message;
    d->p->payload_len = (uint32_t)message.len + d->missing;
    return STEP_END;
}

/*
 *    0                   1                   2                   3
 *   +-----------------+-----------------+--------+--------+-----------+
 *   | hardware (2)    | protocol (2)    | hlen   | plen   | op (2)    |
 *   +-----------------+-----------------+--------+--------+-----------+
 *   | sender MAC (6), sender IP (4), target MAC (6), target IP (4)    |
 */
enum step local_arp(struct decode *d)
{
    struct cursor message = d->c;
    uint16_t hardware = cur_be16(&d->c);
    uint16_t protocol = cur_be16(&d->c);
    uint16_t lengths = cur_be16(&d->c);
    struct packet_arp out = {.op = cur_be16(&d->c)};
    if (d->c.verdict != VERDICT_OK)
        return STEP_END;
    if ((hardware != HARDWARE_ETHERNET && hardware != HARDWARE_IEEE802) ||
        protocol != ETHERTYPE_IPV4)
        return STEP_END; /* another kind of network */
    if (lengths != 0x0604)
        return step_bad(d);
    out.sender_mac = read_mac(&d->c);
    out.sender = addr_v4(cur_be32(&d->c));
    out.target_mac = read_mac(&d->c);
    out.target = addr_v4(cur_be32(&d->c));
    d->missing = 0; /* what follows is padding */
    d->p->arp = out;
    return end_message(d, PACKET_ARP, cur_take(&message, ARP_LEN));
}

/* version (1), type (1), length (2); in an EAP packet: code (1), id (1), length (2), type (1) */
enum step local_eapol(struct decode *d)
{
    struct packet_eapol out = {0};
    cur_skip(&d->c, 1);
    out.type = cur_u8(&d->c);
    size_t len = cur_be16(&d->c);
    if (d->c.verdict != VERDICT_OK)
        return STEP_END;
    announce(d, len);
    struct cursor message = d->c;
    if (out.type == EAPOL_EAP) {
        out.eap_code = cur_u8(&d->c);
        out.eap_id = cur_u8(&d->c);
        size_t eap_len = cur_be16(&d->c);
        if (d->c.verdict == VERDICT_OK && (eap_len < 4 || eap_len > len))
            return step_bad(d);
        bool has_type = out.eap_code == EAP_REQUEST || out.eap_code == EAP_RESPONSE;
        if (has_type && eap_len > 4)
            out.eap_type = cur_u8(&d->c);
    }
    d->p->eapol = out;
    return end_message(d, PACKET_EAPOL, cur_rest(&message));
}
