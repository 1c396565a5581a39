/*
 * diagnose/firewall: control pairs.
 * SPDX-License-Identifier: MIT
 */
#include "firewall.h"

static bool stands(const struct route *route)
{
    return route->answered;
}

static const char *name_of(const struct judge *j, uint32_t name)
{
    return name == INTERN_NONE ? "another name"
                               : (const char *)intern_name(j->f->listed, name).data;
}

/* ---- connections that do not come to stand ---- */

/* The device itself came through at some time: then nothing filters by its address. */
static bool device_connected(const struct judge *j, const struct draft *d)
{
    const struct row *head = facts_head(j->f, d->client, d->name);
    for (const struct row *row = head; row; row = facts_row_at(j->f, row->next)) {
        if (row->port == d->f.port && (row->successes > 0 || (row->flags & ROW_CONNECTED) != 0))
            return true;
    }
    return false;
}

/* What the same address answers: another device, or another port. */
static enum wall wall_of_address(struct judge *j, const struct draft *d)
{
    enum wall wall = WALL_UNKNOWN;
    for (const struct route *r = route_of_addr(j->f->routes, &d->x.server); r;
         r = route_at(j->f->routes, r->next_addr)) {
        if (!stands(r))
            continue;
        bool another = r->clients || !facts_is_token(j->f, r->client, d->client);
        if (r->port == d->f.port && another && !device_connected(j, d)) {
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

/* Lists of addresses in firewalls lag behind what the services publish. */
static void prove_range(struct judge *j, struct draft *d)
{
    for (uint32_t i = 0; i < j->service_count; i++) {
        const struct service *s = services_at(j->f->list, i);
        for (uint32_t k = 0; k < s->range_count; k++) {
            struct ip_range range;
            if (!addr_parse_range(&range, s->ranges[k]) || !addr_in_range(&d->x.server, &range))
                continue;
            buf_printf(&j->text, "it lies in %s, published for %s", s->ranges[k], s->name);
            finding_prove(j, d);
            return;
        }
    }
}

static void connection_rule(struct judge *j, struct draft *d)
{
    const struct routes *routes = j->f->routes;
    const struct route *other = route_elsewhere(routes, d->name, &d->x.server, d->f.port);
    if (other && route_shut(routes, d->name, &d->x.server, d->f.port)) {
        d->wall = WALL_ADDRESS;
        judge_address(&j->text, &d->x.server);
        buf_str(&j->text, " never answers, ");
        judge_address(&j->text, &other->addr);
        buf_str(&j->text, " does for the same name");
        finding_prove(j, d);
        prove_range(j, d);
    } else {
        d->wall = wall_of_address(j, d);
    }
    finding_prove(j, d);
}

/* ---- handshakes that die on connections that stand ---- */

static const struct route *other_name(const struct judge *j, const struct draft *d)
{
    for (const struct route *r = route_of_addr(j->f->routes, &d->x.server); r;
         r = route_at(j->f->routes, r->next_addr)) {
        if (r->port == d->f.port && r->name != d->name && r->completed)
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
    other = route_elsewhere(j->f->routes, d->name, &d->x.server, d->f.port);
    if (other && other->completed) {
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
    /* What fails by its length fails with any name. */
    if ((d->x.group & FAIL_LARGE) != 0 &&
        route_longest_hello(j->f->routes, d->name, &d->x.server, d->x.clue.hello_len) > 0)
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

/* ---- what names have in common ---- */

static struct slice common_suffix(struct slice a, struct slice b)
{
    size_t n = 0;
    while (n < a.len && n < b.len && a.data[a.len - 1 - n] == b.data[b.len - 1 - n])
        n++;
    /* Whole labels: what begins behind a dot, or is one of the names. */
    while (n > 0 && !(n < a.len ? a.data[a.len - 1 - n] == '.' &&
                                      (n == b.len || b.data[b.len - 1 - n] == '.')
                                : n == b.len || b.data[b.len - 1 - n] == '.'))
        n--;
    return slice_sub(a, a.len - n, n);
}

static bool some_name_works(const struct judge *j, struct slice suffix)
{
    for (uint32_t i = 0; i < j->f->routes->pool.count; i++) {
        const struct route *r = route_at(j->f->routes, i);
        if (r->name == INTERN_NONE || !r->completed)
            continue;
        struct slice name = intern_name(j->f->listed, r->name);
        if (name.len >= suffix.len &&
            slice_eq(slice_sub(name, name.len - suffix.len, suffix.len), suffix))
            return true;
    }
    return false;
}

struct slice firewall_suffix(const struct judge *j, const uint32_t *names, uint32_t count)
{
    struct slice suffix = slice_of(NULL, 0);
    for (uint32_t i = 0; i < count; i++) {
        struct slice name = intern_name(j->f->listed, names[i]);
        suffix = i == 0 ? name : common_suffix(suffix, name);
    }
    bool domain = slice_find(suffix, 0, '.') < suffix.len;
    return domain && !some_name_works(j, suffix) ? suffix : slice_of(NULL, 0);
}
