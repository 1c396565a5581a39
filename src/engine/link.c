/*
 * engine/link: what belongs to no flow: ARP, 802.1X, DHCP and what IPv6 has instead, which speak of a MAC
 * address.
 * SPDX-License-Identifier: MIT
 *
 * The datagrams of DHCP are counted as flows too; what they say is joined here by client and id.
 */
#include "engine.h"

/* Of the flow of the first message: where many have no address yet it is one of all, and the first one's. */
static uint64_t flow_id_of(const struct subject *s, const struct tuple *key)
{
    struct flow_table *flows = s->engine->flows;
    enum dir dir;
    const struct flow *flow = flow_find(flows, key, &dir);
    if (!flow || !s->engine->options.many)
        return flow ? talk_flow_id(s, flow) : 0;
    struct flow_place place = flow_expect(flows, key);
    flow_bring(flows, &place);
    struct flow_group *group = flow_group_of(flows, &place, key);
    return talk_flow_id(group ? subject_of(group) : s, flow);
}

/* An exchange over: its event stands for the flow of its first message. */
static void emit(void *ctx, const struct tx *tx)
{
    struct subject *s = ctx;
    const struct tx_dhcp *dhcp = tx->u.dhcp;
    struct flow flow = {.key = dhcp->key, .vlan = dhcp->vlan};
    s->stats.transactions++;
    diagnosis_transaction(s->diagnosis, &flow, tx, slice_of(NULL, 0));
    if (!s->sink.transaction)
        return;
    struct ip_addr address = dhcp->lease.address.family ? dhcp->lease.address : dhcp->key.src;
    struct event event = {
        .flow = &flow,
        .device = diagnosis_device_of(s->diagnosis, &address),
        .service =
            diagnosis_service_of(s->diagnosis, slice_of(NULL, 0), TRANSPORT_UDP, DHCP_PORT_SERVER),
        .hostname = slice_of(NULL, 0),
        .app = "dhcp",
        .label = "",
        .flow_id = flow_id_of(s, &dhcp->key),
    };
    s->sink.transaction(s->sink.ctx, &event, tx);
}

/* Not every device asks: its memory waits for the first. */
static void datagram(struct subject *s, const struct packet *p)
{
    if (!s->dhcp)
        s->dhcp = dhcp_new(emit, s);
    if (s->dhcp)
        dhcp_datagram(s->dhcp, p);
    else
        s->stats.dropped++;
}

static enum verdict overrun(const struct packet *p)
{
    return p->cut ? VERDICT_SHORT : VERDICT_BAD;
}

static void message6(struct subject *s, const struct packet *p)
{
    struct dhcp6_message m;
    if (dhcp6_parse(&m, p->payload, overrun(p)) != VERDICT_BAD)
        diagnosis_dhcp6(s->diagnosis, p, &m);
}

static void advert(struct subject *s, const struct packet *p)
{
    struct ndp_advert a;
    if (ndp_advert_parse(&a, p->payload, overrun(p)) != VERDICT_BAD)
        diagnosis_advert(s->diagnosis, p, &a);
}

void link_packet(struct subject *s, const struct packet *p)
{
    if (p->kind == PACKET_ICMP && p->icmp.type == NDP_ROUTER_ADVERT)
        advert(s, p);
    else if (p->kind != PACKET_UDP)
        diagnosis_link(s->diagnosis, p);
    else if (dhcp6_is(p))
        message6(s, p);
    else
        datagram(s, p);
}
