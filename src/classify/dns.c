/*
 * classify/dns: the header of a DNS message, and its structure where no port speaks for it.
 * SPDX-License-Identifier: MIT
 * RFC 1035 sections 4.1, 4.2.2.
 */
#include "base/cursor.h"
#include "signature.h"

#define RECORDS_MAX 256
#define LABELS_MAX  128
#define TYPE_OPT    41

struct dns_header {
    uint16_t flags;
    uint16_t questions;
    uint32_t records; /* of the other three sections */
};

static struct dns_header read_header(struct cursor *c)
{
    struct dns_header h;
    cur_skip(c, 2);
    h.flags = cur_be16(c);
    h.questions = cur_be16(c);
    h.records = cur_be16(c);
    h.records += cur_be16(c);
    h.records += cur_be16(c);
    return h;
}

/* Few enough to be a header where port 53 speaks for it. */
static bool is_sane(const struct dns_header *h)
{
    unsigned opcode = h->flags >> 11 & 15;
    return opcode <= 6 && h->questions <= 64 && h->records <= 4096;
}

static bool is_strict(const struct dns_header *h)
{
    bool reply = h->flags & 0x8000;
    bool query_only = (h->flags & 0x000f) != 0 || (h->flags & 0x0480) != 0; /* rcode, AA, RA */
    unsigned opcode = h->flags >> 11 & 15;
    if (opcode != 0 || (h->flags & 0x0040) || h->questions != 1)
        return false;
    return reply ? h->records <= RECORDS_MAX : !query_only && h->records <= 2;
}

/* Passes a name; false when it is none. Names of questions consist of printable characters. */
static bool pass_name(struct cursor *c, bool question)
{
    for (unsigned labels = 0; labels < LABELS_MAX; labels++) {
        uint8_t len = cur_u8(c);
        if (len == 0)
            return c->verdict == VERDICT_OK;
        if ((len & 0xc0) == 0xc0 && !question) {
            cur_skip(c, 1);
            return c->verdict == VERDICT_OK;
        }
        if (len > 63)
            return false;
        struct cursor label = cur_sub(c, len);
        while (question && cur_left(&label) > 0) {
            uint8_t byte = cur_u8(&label);
            if (byte <= 0x20 || byte >= 0x7f)
                return false;
        }
    }
    return false;
}

static bool pass_record(struct cursor *c)
{
    if (!pass_name(c, false))
        return false;
    cur_skip(c, 8); /* type, class, TTL */
    uint16_t len = cur_be16(c);
    cur_skip(c, len);
    return c->verdict == VERDICT_OK;
}

/* Whether the message is one question with whole records, and nothing more. */
static bool is_whole(struct cursor *c, const struct dns_header *h)
{
    if (!is_strict(h) || !pass_name(c, true))
        return false;
    uint16_t type = cur_be16(c);
    uint16_t class = cur_be16(c);
    bool known = type > 0 && type != TYPE_OPT && (class == 1 || class == 255);
    for (uint32_t i = 0; known && i < h->records; i++)
        known = pass_record(c);
    return known && c->verdict == VERDICT_OK && cur_left(c) == 0;
}

enum match dns_signature(struct slice s, bool strict)
{
    struct cursor c = cursor_of(s, VERDICT_BAD);
    struct dns_header h = read_header(&c);
    if (c.verdict != VERDICT_OK || !(strict ? is_whole(&c, &h) : is_sane(&h)))
        return MATCH_NO;
    return h.flags & 0x8000 ? MATCH_SERVER : MATCH_CLIENT;
}

enum match dns_stream_signature(struct slice s, bool strict)
{
    struct cursor c = cursor_of(s, VERDICT_SHORT);
    uint16_t len = cur_be16(&c);
    if (c.verdict == VERDICT_OK && len < 12)
        return MATCH_NO;
    /* Strict: a message that comes alone, whole, in the first packet. */
    if (strict)
        return cur_left(&c) == len ? dns_signature(cur_rest(&c), true) : MATCH_NO;
    struct dns_header h = read_header(&c);
    if (c.verdict != VERDICT_OK)
        return MATCH_MAYBE;
    if (!is_sane(&h))
        return MATCH_NO;
    return h.flags & 0x8000 ? MATCH_SERVER : MATCH_CLIENT;
}
