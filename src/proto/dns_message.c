/*
 * proto/dns_message: header, question, names and the walk over the records.
 * SPDX-License-Identifier: MIT
 * RFC 1035 section 4 (message format, compression), RFC 6891 section 6 (OPT), RFC 8914 (extended errors).
 */
#include "dns_message.h"

#include "dns_text.h"

#define HEADER_LEN     12
#define NAME_WIRE_MAX  255
#define POINTER_HOPS   32 /* more is an attack, not compression */
#define RECORD_MIN     11 /* root name, type, class, TTL, length */
#define LABEL_KIND     0xc0
#define LABEL_POINTER  0xc0
#define OPTION_EDE     15
#define ESCAPED_LEN    4
#define FLAG_QR        0x8000
#define FLAG_AA        0x0400
#define FLAG_TC        0x0200
#define FLAG_RA        0x0080
#define OPCODE_OF(f)   ((f) >> 11 & 15)
#define RCODE_OF(f)    ((f)&15)
#define EXTENDED_SHIFT 4

enum section {
    QUESTION,
    ANSWER,
    AUTHORITY,
    ADDITIONAL
};

enum {
    TYPE_SOA = 6,
    TYPE_OPT = 41
};

/* ---- names ---- */

/* A character as text shows it, in lower case; 0 for those that are escaped: dot, backslash, and what is
 * not printable. Looked up, since names are a good part of all bytes that are read. */
static uint8_t plain_char(uint8_t c)
{
    static const char plain[] =
        "!\"#$%&'()*+,-\0/0123456789:;<=>?@abcdefghijklmnopqrstuvwxyz[\0]^_`"
        "abcdefghijklmnopqrstuvwxyz{|}~";
    unsigned at = c - (unsigned)'!';
    return at < sizeof plain ? (uint8_t)plain[at] : 0;
}

static void put_odd(struct text *t, uint8_t c)
{
    if (c == '.' || c == '\\') {
        text_char(t, '\\');
        text_char(t, c);
    } else {
        text_decimal_escape(t, c);
    }
}

static void put_odd_label(struct text *t, struct slice label)
{
    for (size_t i = 0; i < label.len; i++) {
        uint8_t c = label.data[i];
        if (plain_char(c) != 0)
            text_char(t, plain_char(c));
        else
            put_odd(t, c);
    }
}

static void put_label(struct text *t, struct slice label)
{
    if (t->len > 0)
        text_char(t, '.');
    if (t->cap - t->len < label.len * ESCAPED_LEN) {
        t->cut = true;
        return;
    }
    uint8_t *out = t->data + t->len; /* most labels are plain: nothing else is touched on the way */
    for (size_t i = 0; i < label.len; i++) {
        out[i] = plain_char(label.data[i]);
        if (out[i] == 0) {
            put_odd_label(t, label);
            return;
        }
    }
    t->len += (uint32_t)label.len;
}

static bool find_seen(const struct dns_message *m, size_t offset, struct slice *out)
{
    for (size_t i = 0; i < DNS_NAME_CACHE; i++) {
        if (m->names[i].offset == offset) {
            *out = m->names[i].text;
            return true;
        }
    }
    return false;
}

static void note_seen(struct dns_message *m, size_t offset, struct slice text)
{
    if (offset >= DNS_NAME_NONE)
        return;
    /* The first one is the question's: it stays. */
    m->names[m->names_next] = (struct dns_name_seen){text, (uint16_t)offset};
    m->names_next = m->names_next + 1 < DNS_NAME_CACHE ? (uint8_t)(m->names_next + 1) : 1;
}

/* A name on its way from wire to text. */
struct name_walk {
    struct cursor at;
    size_t limit; /* pointers must point before this place */
    size_t wire_len;
    unsigned hops;
};

/* Follows a pointer whose first byte was `high`. */
static void follow(const struct dns_message *m, struct name_walk *w, uint8_t high)
{
    size_t target = (size_t)(high & ~LABEL_KIND) << 8 | cur_u8(&w->at);
    if (w->at.verdict != VERDICT_OK)
        return;
    if (target >= w->limit || ++w->hops > POINTER_HOPS) {
        cur_fail(&w->at, VERDICT_BAD);
        return;
    }
    w->limit = target;
    /* Before the place it came from all bytes are there: running off is the sender's doing. */
    w->at = cursor_of(slice_sub(m->bytes, target, m->bytes.len), w->at.on_overrun);
}

/* One step; false at the end of the name or of the bytes. */
static bool step_name(const struct dns_message *m, struct name_walk *w, struct text *t)
{
    uint8_t n = cur_u8(&w->at);
    if (n == 0)
        return false;
    if ((n & LABEL_KIND) == LABEL_POINTER) {
        follow(m, w, n);
        return true;
    }
    w->wire_len += (size_t)n + 1;
    if ((n & LABEL_KIND) || w->wire_len >= NAME_WIRE_MAX) {
        cur_fail(&w->at, VERDICT_BAD);
        return false;
    }
    put_label(t, cur_take(&w->at, n));
    return true;
}

/* Passes over a name without looking where it points. */
static void skip_name(struct cursor *c)
{
    for (;;) {
        uint8_t n = cur_u8(c);
        if (n == 0)
            return;
        if ((n & LABEL_KIND) == LABEL_POINTER) {
            cur_skip(c, 1);
            return;
        }
        if (n & LABEL_KIND)
            cur_fail(c, VERDICT_BAD);
        cur_skip(c, n);
    }
}

/* The whole name is a pointer to one that is known. */
static bool read_seen(const struct dns_message *m, struct cursor *c, struct slice *out)
{
    struct cursor peek = *c;
    uint16_t pointer = cur_be16(&peek);
    if (peek.verdict != VERDICT_OK || pointer >> 14 != 3)
        return false;
    if (!find_seen(m, pointer & 0x3fff, out))
        return false;
    *c = peek;
    return true;
}

void dns_read_name(struct dns_message *m, struct cursor *c, size_t end, struct slice *out)
{
    *out = slice_of(m->text, 0);
    if (read_seen(m, c, out))
        return;
    size_t offset = end - cur_left(c);
    struct name_walk w = {.at = *c, .limit = offset};
    struct text t = {m->text + m->text_len, 0, DNS_TEXT_MAX - m->text_len, false};
    while (step_name(m, &w, &t)) {
    }
    if (w.hops == 0)
        *c = w.at;
    else
        skip_name(c);
    if (w.at.verdict != VERDICT_OK || t.cut) {
        cur_fail(c, w.at.verdict != VERDICT_OK ? w.at.verdict : VERDICT_BAD);
        return;
    }
    if (c->verdict != VERDICT_OK)
        return;
    *out = text_view(&t);
    m->text_len += t.len;
    note_seen(m, offset, *out);
}

/* ---- header and question ---- */

static void read_header(struct dns_message *m, struct cursor *c)
{
    m->id = cur_be16(c);
    m->flags = cur_be16(c);
    for (size_t i = 0; i < 4; i++)
        m->counts[i] = cur_be16(c);
    m->is_reply = m->flags & FLAG_QR;
    m->opcode = OPCODE_OF(m->flags);
    m->rcode = (int16_t)RCODE_OF(m->flags);
    m->authoritative = m->flags & FLAG_AA;
    m->truncated = m->flags & FLAG_TC;
    m->recursion_available = m->flags & FLAG_RA;
}

/* Everything but the big lists, which count what is in them. */
static void reset(struct dns_message *m, struct slice bytes)
{
    m->bytes = bytes;
    m->qname = slice_of(m->text, 0);
    m->soa = slice_of(m->text, 0);
    m->soa_server = slice_of(m->text, 0);
    m->qtype = 0;
    m->qclass = 0;
    m->ede = -1;
    m->has_question = false;
    m->names_next = 0;
    m->answer_count = 0;
    m->text_len = 0;
    for (size_t i = 0; i < DNS_NAME_CACHE; i++)
        m->names[i] = (struct dns_name_seen){{NULL, 0}, DNS_NAME_NONE};
}

static void read_first_question(struct dns_message *m, struct cursor *c)
{
    dns_read_name(m, c, m->bytes.len, &m->qname);
    m->qtype = cur_be16(c);
    m->qclass = cur_be16(c);
    m->has_question = c->verdict == VERDICT_OK;
}

enum verdict dns_parse_question(struct dns_message *m, struct slice bytes)
{
    reset(m, bytes);
    struct cursor c = cursor_of(bytes, VERDICT_SHORT);
    read_header(m, &c);
    if (c.verdict == VERDICT_OK && m->counts[QUESTION] > 0)
        read_first_question(m, &c);
    for (unsigned i = 1; i < m->counts[QUESTION] && c.verdict == VERDICT_OK; i++) {
        skip_name(&c);
        cur_skip(&c, 4);
    }
    m->rest = c;
    return c.verdict;
}

/* ---- records ---- */

struct record {
    struct cursor rdata;
    size_t rdata_end; /* in the message */
    uint32_t ttl;
    uint16_t type;
    uint16_t class;
};

/* What follows the owner's name. */
static bool read_record(const struct dns_message *m, struct cursor *c, struct record *r)
{
    r->type = cur_be16(c);
    r->class = cur_be16(c);
    r->ttl = cur_be32(c);
    r->rdata = cur_sub(c, cur_be16(c));
    r->rdata_end = m->bytes.len - cur_left(c);
    return c->verdict == VERDICT_OK;
}

static bool read_answer(struct dns_message *m, struct cursor *c)
{
    struct dns_answer *a = &m->answers[m->answer_count];
    struct record r;
    dns_read_name(m, c, m->bytes.len, &a->name);
    if (!read_record(m, c, &r))
        return false;
    a->type = r.type;
    a->ttl = r.ttl;
    a->addr.family = 0;
    dns_read_rdata(m, a, r.rdata, r.rdata_end);
    m->answer_count++;
    return true;
}

static void read_options(struct dns_message *m, const struct record *opt)
{
    struct cursor c = opt->rdata;
    m->rcode = (int16_t)((opt->ttl >> 24) << EXTENDED_SHIFT | RCODE_OF(m->flags));
    while (cur_left(&c) > 0) {
        uint16_t code = cur_be16(&c);
        struct cursor option = cur_sub(&c, cur_be16(&c));
        if (code != OPTION_EDE || m->ede >= 0)
            continue;
        uint16_t info = cur_be16(&option);
        if (option.verdict == VERDICT_OK && info <= INT16_MAX)
            m->ede = (int16_t)info;
    }
}

/* A record of the authority or additional section. */
static bool read_other(struct dns_message *m, struct cursor *c, enum section section)
{
    struct cursor owner = *c;
    struct record r;
    skip_name(c);
    if (!read_record(m, c, &r))
        return false;
    if (section == AUTHORITY && r.type == TYPE_SOA && m->soa.len == 0) {
        dns_read_name(m, &owner, m->bytes.len, &m->soa);
        dns_read_name(m, &r.rdata, r.rdata_end, &m->soa_server);
    }
    if (section == ADDITIONAL && r.type == TYPE_OPT && m->is_reply)
        read_options(m, &r);
    return true;
}

enum verdict dns_parse_records(struct dns_message *m)
{
    struct cursor c = m->rest;
    for (unsigned i = 0; i < m->counts[ANSWER] && cur_need(&c, RECORD_MIN); i++) {
        bool listed = m->answer_count < DNS_ANSWERS_MAX;
        if (!(listed ? read_answer(m, &c) : read_other(m, &c, ANSWER)))
            break;
    }
    for (unsigned i = 0; i < m->counts[AUTHORITY] && cur_need(&c, RECORD_MIN); i++) {
        if (!read_other(m, &c, AUTHORITY))
            break;
    }
    for (unsigned i = 0; i < m->counts[ADDITIONAL] && cur_need(&c, RECORD_MIN); i++) {
        if (!read_other(m, &c, ADDITIONAL))
            break;
    }
    m->rest = c;
    return c.verdict;
}

enum verdict dns_parse(struct dns_message *m, struct slice bytes)
{
    enum verdict verdict = dns_parse_question(m, bytes);
    return verdict == VERDICT_OK ? dns_parse_records(m) : verdict;
}
