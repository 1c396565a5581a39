/*
 * proto/dns_rdata: record data in presentation form.
 * SPDX-License-Identifier: MIT
 * RFC 1035 section 3.3, RFC 2782 (SRV), 3596 (AAAA), 4034 (DS), 4255 (SSHFP), 6698 (TLSA), 8659 (CAA),
 * 9460 section 2.1 (SVCB, HTTPS), 3597 section 5 (all others).
 *
 * A type is a row of fields. Data that does not fit its type is shown as that of an unknown one.
 */
#include "dns_message.h"
#include "dns_text.h"

#define FIELDS_MAX   7
#define COUNT(table) (sizeof(table) / sizeof(table)[0])

enum field {
    F_END,
    F_NAME,
    F_U8,
    F_U16,
    F_U32,
    F_STRING,  /* length and bytes, in quotes */
    F_STRINGS, /* as many as there are */
    F_TAG,     /* length and bytes, bare */
    F_QUOTED,  /* the rest in quotes */
    F_HEX,     /* the rest in hex */
    F_PARAMS,  /* the rest: parameters of SVCB */
};

struct layout {
    uint16_t type;
    uint8_t fields[FIELDS_MAX + 1];
};

static const struct layout layouts[] = {
    {2, {F_NAME}},                                              /* NS */
    {5, {F_NAME}},                                              /* CNAME */
    {6, {F_NAME, F_NAME, F_U32, F_U32, F_U32, F_U32, F_U32}},   /* SOA */
    {12, {F_NAME}},                                             /* PTR */
    {13, {F_STRING, F_STRING}},                                 /* HINFO */
    {15, {F_U16, F_NAME}},                                      /* MX */
    {16, {F_STRINGS}},                                          /* TXT */
    {33, {F_U16, F_U16, F_U16, F_NAME}},                        /* SRV */
    {35, {F_U16, F_U16, F_STRING, F_STRING, F_STRING, F_NAME}}, /* NAPTR */
    {39, {F_NAME}},                                             /* DNAME */
    {43, {F_U16, F_U8, F_U8, F_HEX}},                           /* DS */
    {44, {F_U8, F_U8, F_HEX}},                                  /* SSHFP */
    {52, {F_U8, F_U8, F_U8, F_HEX}},                            /* TLSA */
    {59, {F_U16, F_U8, F_U8, F_HEX}},                           /* CDS */
    {64, {F_U16, F_NAME, F_PARAMS}},                            /* SVCB */
    {65, {F_U16, F_NAME, F_PARAMS}},                            /* HTTPS */
    {99, {F_STRINGS}},                                          /* SPF */
    {256, {F_U16, F_U16, F_QUOTED}},                            /* URI */
    {257, {F_U8, F_TAG, F_QUOTED}},                             /* CAA */
};

/* One record's data on its way to text. */
struct rdata {
    struct dns_message *m;
    struct cursor c;
    size_t end;
    struct text t;
};

/* ---- addresses ---- */

static void put_address(struct text *t, struct slice bytes)
{
    char out[ADDR_TEXT_SIZE];
    struct ip_addr a = addr_from_bytes(bytes);
    text_str(t, addr_text(&a, out));
}

/* ---- parameters of SVCB and HTTPS ---- */

enum {
    KEY_MANDATORY,
    KEY_ALPN,
    KEY_NO_DEFAULT_ALPN,
    KEY_PORT,
    KEY_IPV4HINT,
    KEY_ECH,
    KEY_IPV6HINT,
};

static const char *const key_names[] = {
    "mandatory", "alpn",     "no-default-alpn", "port",  "ipv4hint",
    "ech",       "ipv6hint", "dohpath",         "ohttp",
};

static void put_key(struct text *t, uint16_t key)
{
    if (key < COUNT(key_names)) {
        text_str(t, key_names[key]);
        return;
    }
    text_str(t, "key");
    text_u32(t, key);
}

static void put_alpns(struct text *t, struct cursor *c)
{
    text_char(t, '"');
    for (bool first = true; cur_left(c) > 0 && !t->cut; first = false) {
        struct slice id = cur_take(c, cur_u8(c));
        if (!first)
            text_char(t, ',');
        for (size_t i = 0; i < id.len; i++) {
            uint8_t b = id.data[i];
            if (b <= ' ' || b > '~' || b == '"' || b == '\\' || b == ',')
                text_decimal_escape(t, b);
            else
                text_char(t, b);
        }
    }
    text_char(t, '"');
}

static void put_list(struct text *t, struct cursor *c, uint16_t key)
{
    for (bool first = true; cur_left(c) > 0 && !t->cut; first = false) {
        if (!first)
            text_char(t, ',');
        if (key == KEY_MANDATORY) {
            put_key(t, cur_be16(c));
            continue;
        }
        struct slice address = cur_take(c, key == KEY_IPV4HINT ? 4 : 16);
        if (address.len > 0)
            put_address(t, address);
    }
}

static void put_value(struct text *t, struct cursor *c, uint16_t key)
{
    switch (key) {
    case KEY_MANDATORY:
    case KEY_IPV4HINT:
    case KEY_IPV6HINT:
        put_list(t, c, key);
        break;
    case KEY_ALPN:
        put_alpns(t, c);
        break;
    case KEY_PORT:
        text_u32(t, cur_be16(c));
        break;
    case KEY_ECH:
        text_base64(t, cur_rest(c));
        break;
    default:
        text_quoted(t, cur_rest(c));
        break;
    }
}

static void put_params(struct rdata *r)
{
    while (cur_left(&r->c) > 0 && !r->t.cut) {
        uint16_t key = cur_be16(&r->c);
        struct cursor value = cur_sub(&r->c, cur_be16(&r->c));
        text_char(&r->t, ' ');
        put_key(&r->t, key);
        if (cur_left(&value) > 0) {
            text_char(&r->t, '=');
            put_value(&r->t, &value, key);
        }
        cur_close(&r->c, &value);
    }
}

/* ---- fields ---- */

/* A name whose text lies elsewhere, or has no room: then it is cut where it lies. */
static void put_elsewhere(struct text *t, struct slice name)
{
    if (name.data != t->data + t->len) {
        text_bytes(t, name);
        return;
    }
    t->len = t->cap;
    t->cut = true;
}

/* The name's text comes to lie at the end of the message's text: it is written behind what the record
 * has already, and moved there. */
static void put_name(struct rdata *r)
{
    struct slice name;
    uint32_t before = r->m->text_len;
    r->m->text_len += r->t.len;
    dns_read_name(r->m, &r->c, r->end, &name);
    r->m->text_len = before;
    if (name.len == 0)
        text_char(&r->t, '.');
    else if (name.data == r->t.data + r->t.len && name.len <= r->t.cap - r->t.len)
        r->t.len += (uint32_t)name.len;
    else
        put_elsewhere(&r->t, name);
}

/* Letters and digits, if the sender keeps to the rules. */
static void put_tag(struct text *t, struct slice tag)
{
    for (size_t i = 0; i < tag.len; i++) {
        uint8_t c = tag.data[i];
        if (c <= ' ' || c > '~' || c == '"' || c == '\\')
            text_decimal_escape(t, c);
        else
            text_char(t, c);
    }
}

static void put_strings(struct rdata *r, bool many)
{
    do {
        text_quoted(&r->t, cur_take(&r->c, cur_u8(&r->c)));
        if (many && cur_left(&r->c) > 0)
            text_char(&r->t, ' ');
    } while (many && cur_left(&r->c) > 0);
}

static void put_field(struct rdata *r, enum field f)
{
    switch (f) {
    case F_NAME:
        put_name(r);
        break;
    case F_U8:
        text_u32(&r->t, cur_u8(&r->c));
        break;
    case F_U16:
        text_u32(&r->t, cur_be16(&r->c));
        break;
    case F_U32:
        text_u32(&r->t, cur_be32(&r->c));
        break;
    case F_STRING:
    case F_STRINGS:
        put_strings(r, f == F_STRINGS);
        break;
    case F_TAG:
        put_tag(&r->t, cur_take(&r->c, cur_u8(&r->c)));
        break;
    case F_QUOTED:
        text_quoted(&r->t, cur_rest(&r->c));
        break;
    case F_HEX:
        text_hex(&r->t, cur_rest(&r->c));
        break;
    case F_PARAMS:
        put_params(r);
        break;
    case F_END:
        break;
    }
}

static const struct layout *find_layout(uint16_t type)
{
    for (size_t i = 0; i < COUNT(layouts); i++) {
        if (layouts[i].type == type)
            return &layouts[i];
    }
    return NULL;
}

/* false when the data is not as its type says. */
static bool put_layout(struct rdata *r, const struct layout *layout)
{
    for (size_t i = 0; i < FIELDS_MAX && layout->fields[i] != F_END; i++) {
        if (i > 0 && layout->fields[i] != F_PARAMS)
            text_char(&r->t, ' ');
        put_field(r, (enum field)layout->fields[i]);
    }
    return r->t.cut || (r->c.verdict == VERDICT_OK && cur_left(&r->c) == 0);
}

static void put_unknown(struct text *t, struct slice bytes)
{
    text_str(t, "\\# ");
    text_u32(t, (uint32_t)bytes.len);
    if (bytes.len > 0)
        text_char(t, ' ');
    text_hex(t, bytes);
}

/* An address where type and length say so: its text is left to those who show it. */
static bool read_address(struct dns_answer *a, const struct cursor *rdata)
{
    enum {
        TYPE_A = 1,
        TYPE_AAAA = 28
    };
    struct cursor c = *rdata;
    struct slice bytes = cur_rest(&c);
    if (!(a->type == TYPE_A && bytes.len == 4) && !(a->type == TYPE_AAAA && bytes.len == 16))
        return false;
    a->addr = addr_from_bytes(bytes);
    return true;
}

/* Names within a text that is given up are no longer there. */
static void forget_names(struct dns_message *m)
{
    for (size_t i = 1; i < DNS_NAME_CACHE; i++)
        m->names[i].offset = DNS_NAME_NONE;
}

void dns_read_rdata(struct dns_message *m, struct dns_answer *a, struct cursor rdata, size_t end)
{
    a->rdata = slice_of(m->text, 0);
    if (read_address(a, &rdata))
        return;
    uint32_t room = DNS_TEXT_MAX - m->text_len;
    struct text empty = {m->text + m->text_len, 0,
                         room < DNS_RDATA_TEXT_MAX ? room : DNS_RDATA_TEXT_MAX, false};
    struct rdata r = {m, rdata, end, empty};
    const struct layout *layout = find_layout(a->type);
    if (!layout || !put_layout(&r, layout)) {
        forget_names(m);
        r.t = empty;
        struct cursor again = rdata;
        put_unknown(&r.t, cur_rest(&again));
    }
    if (r.t.cut)
        forget_names(m);
    a->rdata = text_view(&r.t);
    m->text_len += r.t.len;
}
