/*
 * proto/dhcp: one message.
 * SPDX-License-Identifier: MIT
 *
 * RFC 2131 section 2 (header), RFC 2132 section 2 (options) and 9.3 (overload), RFC 3396 (options in
 * several parts).
 *
 *    op (1) htype (1) hlen (1) hops (1) xid (4) secs (2) flags (2) ciaddr (4) yiaddr (4) siaddr (4)
 *    giaddr (4) chaddr (16) sname (64) file (128) cookie (4) options
 */
#include "proto/dhcp.h"

#define COOKIE       0x63825363
#define OP_REQUEST   1
#define OP_REPLY     2
#define SNAME_LEN    64
#define FILE_LEN     128
#define OPTIONS_MAX  512 /* read of one area */
#define CODES        255 /* of options: 0 and 255 are none */
#define NAMES_MAX    64  /* labels and jumps of a search list, in all */
#define LABEL_MAX    63
#define ROUTES_MAX   64
#define FQDN_ENCODED 0x04 /* option 81: the name is in DNS form */

enum option {
    OPT_PAD = 0,
    OPT_MASK = 1,
    OPT_ROUTERS = 3,
    OPT_RESOLVERS = 6,
    OPT_NAME = 12,
    OPT_DOMAIN = 15,
    OPT_NTP = 42,
    OPT_REQUESTED = 50,
    OPT_LEASE = 51,
    OPT_OVERLOAD = 52,
    OPT_TYPE = 53,
    OPT_SERVER = 54,
    OPT_MESSAGE = 56,
    OPT_VENDOR = 60,
    OPT_FQDN = 81,
    OPT_PORTAL = 114,
    OPT_SEARCH = 119,
    OPT_ROUTES = 121,
    OPT_ROUTES_WINDOWS = 249, /* the same, from before it had a number of its own */
    OPT_PROXY = 252,
    OPT_END = 255,
};

enum {
    OVERLOAD_FILE = 1,
    OVERLOAD_SNAME = 2,
};

/* ---- values ---- */

static struct ip_addr read_addr(struct cursor *c)
{
    uint32_t bits = cur_be32(c);
    return bits ? addr_v4(bits) : (struct ip_addr){.family = 0};
}

/* What has one value may come twice all the same: then the first counts. */
static void keep_addr(struct ip_addr *out, struct cursor value)
{
    if (cur_left(&value) % 4 == 0)
        *out = read_addr(&value);
}

static bool has_addr(const struct dhcp_addrs *list, const struct ip_addr *a)
{
    for (uint8_t i = 0; i < list->count; i++) {
        if (addr_eq(&list->at[i], a))
            return true;
    }
    return false;
}

static void keep_addrs(struct dhcp_addrs *out, struct cursor value)
{
    while (cur_left(&value) >= 4 && out->count < DHCP_ADDRS_MAX) {
        struct ip_addr a = read_addr(&value);
        if (a.family != 0 && !has_addr(out, &a))
            out->at[out->count++] = a;
    }
}

/* Text without the NULs and line ends that some servers append. */
static void keep_text(struct slice *out, struct slice text)
{
    while (text.len > 0 && text.data[text.len - 1] <= ' ')
        text.len--;
    *out = text;
}

/* Names in DNS form on their way to one text, joined by spaces. */
struct names {
    struct slice list;
    uint8_t *text;
    size_t len;
    size_t whole; /* of `len`: names that were read to their end */
    size_t cap;
    unsigned budget; /* labels and jumps left */
    bool full;
};

static struct names names_of(struct slice list, struct arena *arena)
{
    size_t cap = 2 * list.len;
    return (struct names){.list = list,
                          .text = cap ? arena_alloc(arena, cap) : NULL,
                          .cap = cap,
                          .budget = NAMES_MAX};
}

static void put_label(struct names *n, struct slice label)
{
    size_t need = label.len + (n->len > 0);
    if (!n->text || n->cap - n->len < need) {
        n->full = true;
        return;
    }
    if (n->len > 0)
        n->text[n->len] = n->len == n->whole ? ' ' : '.';
    n->len += n->len > 0;
    memcpy(n->text + n->len, label.data, label.len);
    n->len += label.len;
}

/* RFC 3397 section 2: pointers are offsets from the beginning of the list. `c` ends behind the name;
 * false when it cannot be read. */
static bool read_name(struct names *n, struct cursor *c)
{
    struct cursor at = *c;
    bool jumped = false;
    for (; n->budget > 0 && !n->full; n->budget--) {
        uint8_t size = cur_u8(&at);
        if (size > LABEL_MAX) {
            size_t offset = (size_t)(size & LABEL_MAX) << 8 | cur_u8(&at);
            if (!jumped)
                *c = at;
            jumped = true;
            at = cursor_of(slice_sub(n->list, offset, n->list.len), VERDICT_BAD);
            continue;
        }
        struct slice label = cur_take(&at, size);
        if (at.verdict != VERDICT_OK)
            return false;
        if (size == 0) {
            if (!jumped)
                *c = at;
            n->whole = n->len;
            return true;
        }
        put_label(n, label);
    }
    return false;
}

static void keep_search(struct slice *out, struct cursor value, struct arena *arena)
{
    struct names n = names_of(slice_of(value.pos, cur_left(&value)), arena);
    while (cur_left(&value) > 0 && read_name(&n, &value)) {
    }
    *out = slice_of(n.text, n.whole);
}

/* RFC 4702 section 2: the name that the client wants, before what option 12 says. */
static void keep_fqdn(struct dhcp_message *m, struct cursor value, struct arena *arena)
{
    uint8_t flags = cur_u8(&value);
    cur_skip(&value, 2);
    struct slice name = {NULL, 0};
    if (flags & FQDN_ENCODED)
        keep_search(&name, value, arena);
    else
        keep_text(&name, cur_rest(&value));
    if (name.len > 0)
        m->name = name;
}

/* RFC 3442: width, as many bytes of the destination as it needs, router. */
static bool has_default_route(struct cursor value)
{
    for (int i = 0; i < ROUTES_MAX && cur_left(&value) > 0; i++) {
        uint8_t width = cur_u8(&value);
        cur_skip(&value, (width + 7U) / 8);
        struct ip_addr router = read_addr(&value);
        if (value.verdict == VERDICT_OK && width == 0 && router.family != 0)
            return true;
    }
    return false;
}

/* ---- options ---- */

static enum dhcp_type type_of(uint8_t type)
{
    return type < DHCP_TYPE_COUNT ? (enum dhcp_type)type : DHCP_NONE;
}

static void keep_option(struct dhcp_message *m, uint8_t code, struct cursor value,
                        struct arena *arena)
{
    struct dhcp_lease *l = &m->lease;
    struct slice text = slice_of(value.pos, cur_left(&value));
    switch (code) {
    case OPT_MASK:
        keep_addr(&l->mask, value);
        break;
    case OPT_ROUTERS:
        keep_addrs(&l->routers, value);
        break;
    case OPT_RESOLVERS:
        keep_addrs(&l->resolvers, value);
        break;
    case OPT_NTP:
        keep_addrs(&l->time_servers, value);
        break;
    case OPT_NAME:
        keep_text(&m->name, text);
        break;
    case OPT_DOMAIN:
        keep_text(&l->domain, text);
        break;
    case OPT_REQUESTED:
        keep_addr(&m->requested, value);
        break;
    case OPT_LEASE:
        l->lease_s = cur_be32(&value);
        break;
    case OPT_TYPE:
        m->type = type_of(cur_u8(&value));
        break;
    case OPT_SERVER:
        keep_addr(&l->server, value);
        break;
    case OPT_MESSAGE:
        keep_text(&l->refusal, text);
        break;
    case OPT_VENDOR:
        keep_text(&m->vendor, text);
        break;
    case OPT_FQDN:
        keep_fqdn(m, value, arena);
        break;
    case OPT_PORTAL:
        keep_text(&l->portal, text);
        break;
    case OPT_SEARCH:
        keep_search(&l->search, value, arena);
        break;
    case OPT_ROUTES:
    case OPT_ROUTES_WINDOWS:
        l->default_route |= has_default_route(value);
        break;
    case OPT_PROXY:
        keep_text(&l->proxy, text);
        break;
    default:
        break;
    }
}

/* The values of all options by code, put together from their parts. */
struct options {
    struct slice of[CODES];
    struct arena *arena; /* for values of several parts */
};

/* RFC 3396 section 7: parts of an option are one value, in the order in which they stand, wherever it
 * was split. What finds no room is left out. */
static void put_part(struct options *o, uint8_t code, struct slice part)
{
    struct slice *value = &o->of[code];
    if (value->len == 0) {
        *value = part;
        return;
    }
    uint8_t *joined = part.len > 0 ? arena_alloc(o->arena, value->len + part.len) : NULL;
    if (!joined)
        return;
    memcpy(joined, value->data, value->len);
    memcpy(joined + value->len, part.data, part.len);
    *value = slice_of(joined, value->len + part.len);
}

/* The parts in one area. */
static void read_area(struct cursor *c, struct options *o)
{
    for (int i = 0; i < OPTIONS_MAX && cur_left(c) > 0; i++) {
        uint8_t code = cur_u8(c);
        if (code == OPT_END)
            return;
        if (code == OPT_PAD)
            continue;
        struct slice part = cur_take(c, cur_u8(c));
        if (c->verdict != VERDICT_OK)
            return;
        put_part(o, code, part);
    }
}

/* The overload option says which header fields go on where the options end: `file`, then `sname` (RFC 3396
 * section 5). */
static void read_options(struct dhcp_message *m, struct cursor *c, struct cursor *file,
                         struct cursor *sname, struct arena *arena)
{
    struct options o = {.arena = arena};
    read_area(c, &o);
    struct slice overload = o.of[OPT_OVERLOAD];
    uint8_t fields = overload.len > 0 ? overload.data[0] : 0;
    if (fields & OVERLOAD_FILE)
        read_area(file, &o);
    if (fields & OVERLOAD_SNAME)
        read_area(sname, &o);
    for (unsigned code = OPT_PAD + 1; code < OPT_END; code++) {
        if (o.of[code].len > 0)
            keep_option(m, (uint8_t)code, cursor_of(o.of[code], VERDICT_BAD), arena);
    }
}

enum verdict dhcp_parse(struct dhcp_message *m, struct slice bytes, enum verdict on_overrun,
                        struct arena *arena)
{
    struct cursor c = cursor_of(bytes, on_overrun);
    *m = (struct dhcp_message){.type = DHCP_NONE};
    uint8_t op = cur_u8(&c);
    uint8_t hardware = cur_u8(&c);
    uint8_t hardware_len = cur_u8(&c);
    cur_skip(&c, 1);
    m->id = cur_be32(&c);
    cur_skip(&c, 4);
    m->client_addr = read_addr(&c);
    m->lease.address = read_addr(&c);
    cur_skip(&c, 4);
    m->relay = read_addr(&c);
    struct slice address = cur_take(&c, sizeof m->client.bytes);
    cur_skip(&c, 10);
    struct cursor sname = cur_sub(&c, SNAME_LEN);
    struct cursor file = cur_sub(&c, FILE_LEN);
    if (cur_be32(&c) != COOKIE || (op != OP_REQUEST && op != OP_REPLY) || hardware != 1 ||
        hardware_len != sizeof m->client.bytes)
        cur_fail(&c, VERDICT_BAD);
    if (c.verdict != VERDICT_OK)
        return c.verdict;
    m->reply = op == OP_REPLY;
    memcpy(m->client.bytes, address.data, sizeof m->client.bytes);
    read_options(m, &c, &file, &sname, arena);
    m->lease.cut = c.verdict == VERDICT_SHORT;
    return c.verdict;
}

const char *dhcp_type_text(enum dhcp_type type)
{
    static const char *const names[DHCP_TYPE_COUNT] = {
        [DHCP_NONE] = "none",       [DHCP_DISCOVER] = "discover", [DHCP_OFFER] = "offer",
        [DHCP_REQUEST] = "request", [DHCP_DECLINE] = "decline",   [DHCP_ACK] = "ack",
        [DHCP_NAK] = "nak",         [DHCP_RELEASE] = "release",   [DHCP_INFORM] = "inform",
    };
    return names[type];
}
