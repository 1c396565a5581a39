/*
 * engine/link: what belongs to no flow: ARP, 802.1X, DHCP and what IPv6 has instead, which speak of a MAC
 * address.
 * SPDX-License-Identifier: MIT
 *
 * The datagrams of DHCP are counted as flows too; what they say is joined here by client and id.
 */
#include "engine.h"

/* An exchange over: its event stands for the flow of its first message. */
static void emit(void *ctx, const struct tx *tx)
{
    struct engine *e = ctx;
    const struct tx_dhcp *dhcp = tx->u.dhcp;
    struct flow flow = {.key = dhcp->key, .vlan = dhcp->vlan};
    enum dir dir;
    const struct flow *seen = flow_find(e->flows, &dhcp->key, &dir);
    flow.id = seen ? seen->id : 0;
    e->stats.transactions++;
    diagnosis_transaction(e->diagnosis, &flow, tx, slice_of(NULL, 0));
    if (!e->options.sink.transaction)
        return;
    struct ip_addr address = dhcp->lease.address.family ? dhcp->lease.address : dhcp->key.src;
    struct event event = {
        .flow = &flow,
        .device = diagnosis_device_of(e->diagnosis, &address),
        .service =
            diagnosis_service_of(e->diagnosis, slice_of(NULL, 0), TRANSPORT_UDP, DHCP_PORT_SERVER),
        .hostname = slice_of(NULL, 0),
        .app = "dhcp",
        .label = "",
    };
    e->options.sink.transaction(e->options.sink.ctx, &event, tx);
}

/* Not every device asks: its memory waits for the first. */
static void datagram(struct engine *e, const struct packet *p)
{
    if (!e->dhcp)
        e->dhcp = dhcp_new(emit, e);
    if (e->dhcp)
        dhcp_datagram(e->dhcp, p);
    else
        e->stats.dropped++;
}

static enum verdict overrun(const struct packet *p)
{
    return p->cut ? VERDICT_SHORT : VERDICT_BAD;
}

static void message6(struct engine *e, const struct packet *p)
{
    struct dhcp6_message m;
    if (dhcp6_parse(&m, p->payload, overrun(p)) != VERDICT_BAD)
        diagnosis_dhcp6(e->diagnosis, p, &m);
}

static void advert(struct engine *e, const struct packet *p)
{
    struct ndp_advert a;
    if (ndp_advert_parse(&a, p->payload, overrun(p)) != VERDICT_BAD)
        diagnosis_advert(e->diagnosis, p, &a);
}

void link_packet(struct engine *e, const struct packet *p)
{
    if (p->kind == PACKET_ICMP && p->icmp.type == NDP_ROUTER_ADVERT)
        advert(e, p);
    else if (p->kind != PACKET_UDP)
        diagnosis_link(e->diagnosis, p);
    else if (dhcp6_is(p))
        message6(e, p);
    else
        datagram(e, p);
}
