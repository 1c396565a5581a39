/*
 * diagnose/detail_link: which device, which address, which servers.
 * SPDX-License-Identifier: MIT
 */
#include "detail_link.h"

static void put_change(const struct judge *j, struct buf *b)
{
    const struct stay *from = j->j.change.from, *to = j->j.change.to;
    if (from->vlan != to->vlan)
        buf_printf(b, "VLAN %u to %u, ", from->vlan, to->vlan);
    if (addr_eq(&from->addr, &to->addr)) {
        buf_str(b, "address stays ");
    } else {
        buf_str(b, "address ");
        judge_address(b, &from->addr);
        buf_str(b, " to ");
    }
    judge_address(b, &to->addr);
}

static void put_servers(struct buf *b, const struct draft *d)
{
    buf_str(b, "servers ");
    judge_address(b, &d->x.server);
    buf_str(b, " and ");
    judge_address(b, &d->f.server);
}

/* What the device is, and the address that its trouble is about. */
static void put_device(const struct judge *j, struct buf *b, const struct draft *d)
{
    char mac[MAC_TEXT_SIZE];
    buf_printf(b, "device %s", mac_text(&j->j.station->mac, mac));
    if (d->x.server.family != 0) {
        buf_str(b, ", address ");
        judge_address(b, &d->x.server);
    }
    if (d->x.text != INTERN_NONE) {
        buf_str(b, ", server says: ");
        buf_slice(b, intern_name(j->f->texts, d->x.text));
    }
}

void detail_link(struct judge *j, const struct draft *d)
{
    switch ((int)d->f.kind) {
    case FINDING_NETWORK_DELAYED:
        buf_printf(&j->text, "after %lld s", (long long)(d->x.value / NS_PER_S));
        break;
    case FINDING_NETWORK_CHANGED:
        put_change(j, &j->text);
        break;
    case FINDING_DHCP_SEVERAL_SERVERS:
        put_servers(&j->text, d);
        break;
    case FINDING_DHCP_NO_RESOLVER:
    case FINDING_DHCP_NO_ROUTER:
        buf_str(&j->text, d->x.group & FAIL_V6 && d->f.port == 0 ? "router " : "server ");
        judge_address(&j->text, &d->f.server);
        break;
    default:
        put_device(j, &j->text, d);
        break;
    }
}
