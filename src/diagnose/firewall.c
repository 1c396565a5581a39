/*
 * diagnose/firewall: control pairs.
 * SPDX-License-Identifier: MIT
 */
#include "firewall.h"

static bool stands(const struct route *route)
{
    return route->answered > 0;
}

static const char *name_of(const struct judge *j, uint32_t name)
{
    return name == INTERN_NONE ? "another name"
                               : (const char *)intern_name(j->f->listed, name).data;
}

/* ---- connections that do not come to stand ---- */

bool firewall_shut(const struct judge *j, uint32_t name, const struct ip_addr *addr, uint16_t port)
{
    bool tried = false;
    for (const struct route *r = route_of_addr(&j->f->routes, addr); r;
         r = route_at(&j->f->routes, r->next_addr)) {
        if (r->port == port && stands(r))
            return false;
        tried |= r->port == port && r->name == name;
    }
    return tried;
}

/* The same name on the same port works at another address. */
static const struct route *other_address(const struct judge *j, const struct draft *d)
{
    for (const struct route *r = route_of_name(&j->f->routes, d->name); r;
         r = route_at(&j->f->routes, r->next_name)) {
        if (r->port == d->f.port && stands(r) && r->addr.family == d->x.server.family &&
            !addr_eq(&r->addr, &d->x.server))
            return r;
    }
    return NULL;
}

/* What the same address answers: another device, or another port. */
static enum wall wall_of_address(struct judge *j, const struct draft *d)
{
    enum wall wall = WALL_UNKNOWN;
    for (const struct route *r = route_of_addr(&j->f->routes, &d->x.server); r;
         r = route_at(&j->f->routes, r->next_addr)) {
        if (!stands(r))
            continue;
        bool others_only = !r->clients && facts_primary(j->f, r->client) != d->client;
        if (r->port == d->f.port && (r->clients || others_only)) {
            buf_reset(&j->text);
            buf_str(&j->text, "the same address and port answer another device");
            return WALL_SOURCE;
        }
        if (r->port != d->f.port && wall == WALL_UNKNOWN) {
            buf_printf(&j->text, "the same address answers on port %u", r->port);
            wall = WALL_PORT;
        }
    }
    return wall;
}

static void connection_rule(struct judge *j, struct draft *d)
{
    const struct route *other = other_address(j, d);
    if (other && firewall_shut(j, d->name, &d->x.server, d->f.port)) {
        d->wall = WALL_ADDRESS;
        judge_address(&j->text, &d->x.server);
        buf_str(&j->text, " never answers, ");
        judge_address(&j->text, &other->addr);
        buf_str(&j->text, " does for the same name");
    } else {
        d->wall = wall_of_address(j, d);
    }
    finding_prove(j, d);
}

/* ---- handshakes that die on connections that stand ---- */

static const struct route *other_name(const struct judge *j, const struct draft *d)
{
    for (const struct route *r = route_of_addr(&j->f->routes, &d->x.server); r;
         r = route_at(&j->f->routes, r->next_addr)) {
        if (r->port == d->f.port && r->name != d->name && r->completed > 0)
            return r;
    }
    return NULL;
}

static void handshake_rule(struct judge *j, struct draft *d)
{
    const struct route *other = other_name(j, d);
    if (other) {
        d->wall = WALL_NAME;
        buf_printf(&j->text, "the same address completes handshakes for %s",
                   name_of(j, other->name));
        finding_prove(j, d);
        return;
    }
    other = other_address(j, d);
    if (other && other->completed > 0) {
        d->wall = WALL_ADDRESS;
        buf_str(&j->text, "the same name completes handshakes at ");
        judge_address(&j->text, &other->addr);
        finding_prove(j, d);
    }
}

void firewall_rule(struct judge *j, struct draft *d)
{
    bool one_server = d->x.server.family != 0 && d->name != INTERN_NONE;
    if (!one_server || (d->x.group & (FAIL_PROXY | FAIL_QUIC)) != 0)
        return;
    switch ((int)d->f.kind) {
    case FINDING_TCP_NO_REPLY:
    case FINDING_TCP_REFUSED:
    case FINDING_TCP_UNREACHABLE:
        connection_rule(j, d);
        break;
    case FINDING_TLS_NO_SERVER_HELLO:
    case FINDING_TLS_RESET:
        handshake_rule(j, d);
        break;
    default:
        break;
    }
}
