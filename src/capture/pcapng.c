/*
 * capture/pcapng: reads pcapng files in blocks, without copying frames.
 * SPDX-License-Identifier: MIT
 *
 * draft-ietf-opsawg-pcapng. A file is a row of blocks:
 *
 *     type (4) | total length (4) | body, padded to 4 bytes | total length again (4)
 *
 * A section header gives the byte order of what follows and forgets the interfaces before it. Each
 * interface has its own link type and clock. What says nothing of packets (names, keys, other
 * programs' blocks) is passed over. A length that cannot be ends reading: no block after it could be
 * found with certainty.
 */
#include <stdlib.h>

#include "source.h"

#define BLOCK_FRAME  12 /* type and the two lengths */
#define SECTION_MIN  28
#define PADDING_MASK 3U

/* No program writes bigger blocks; Wireshark draws the line here too. */
#define BLOCK_BYTES_MAX (16U * 1024 * 1024)

#define INTERFACES_MAX      65536U
#define INTERFACE_NAMES_MAX 64
#define INTERFACE_BYTES_MAX 16384U

#define ORDER_BIG    0x1a2b3c4dU
#define ORDER_LITTLE 0x4d3c2b1aU

#define POWERS_OF_TEN        20 /* 10^19 is the last that 64 bits hold */
#define NANO_EXPONENT        9
#define DEFAULT_RESOLUTION   6    /* microseconds */
#define RESOLUTION_IS_BINARY 0x80 /* the rest is a negative power of 2, not of 10 */

enum block_type {
    BLOCK_INTERFACE = 1,
    BLOCK_OLD_PACKET = 2,
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_STATISTICS = 5,
    BLOCK_PACKET = 6,
    /* What follows holds no packets but has frame numbers in Wireshark. */
    BLOCK_JOURNAL = 9,
    BLOCK_SYSDIG = 0x204,
    BLOCK_SYSDIG_2 = 0x216,
    BLOCK_SYSDIG_2_LARGE = 0x221,
    BLOCK_CUSTOM = 0xbad,
    BLOCK_CUSTOM_LOCAL = 0x40000bad,
    BLOCK_SECTION = 0x0a0d0d0a,
};

enum option_code {
    OPTION_END = 0,
    OPTION_IF_NAME = 2,
    OPTION_IF_TSRESOL = 9,
    OPTION_IF_TSOFFSET = 14,
    OPTION_ISB_IFDROP = 5,
    OPTION_ISB_OSDROP = 7,
};

/* ns = (ticks * multiply >> shift) / divide + offset_ns */
struct clock {
    uint64_t multiply;
    uint64_t divide;
    unsigned shift;
    int64_t offset_ns;
};

struct interface {
    int linktype;
    uint32_t snaplen; /* 0: none */
    struct clock clock;
    uint64_t drops; /* counted from the capture's start: the last count is the sum */
};

struct pcapng {
    struct source source;
    bool swapped;      /* the section is little-endian: the cursor reads big-endian */
    uint32_t frames;   /* numbers given so far */
    int64_t latest_ns; /* time of the last packet that had one */
    struct interface *interfaces;
    uint32_t count; /* of the section's interfaces */
    uint32_t room;
    struct intern *names;
};

struct block {
    uint32_t type;
    uint32_t len; /* with all around the body */
    struct cursor body;
};

struct option {
    uint16_t code;
    struct cursor value;
};

/* A packet block's words before the packet. */
struct packet_head {
    uint32_t interface;
    uint32_t len;
    uint32_t wire_len;
    int64_t ts_ns;
};

static uint32_t read_u32(const struct pcapng *p, struct cursor *c)
{
    return source_u32(c, p->swapped);
}

static uint16_t read_u16(const struct pcapng *p, struct cursor *c)
{
    return p->swapped ? cur_le16(c) : cur_be16(c);
}

static uint64_t read_u64(const struct pcapng *p, struct cursor *c)
{
    uint64_t first = read_u32(p, c);
    uint64_t second = read_u32(p, c);
    return p->swapped ? second << 32 | first : first << 32 | second;
}

/* Two 32-bit words, the upper one first in either byte order. */
static uint64_t read_ticks(const struct pcapng *p, struct cursor *c)
{
    uint64_t high = read_u32(p, c);
    return high << 32 | read_u32(p, c);
}

/* ---- clocks ------------------------------------------------------------------------------------- */

static uint64_t power_of_ten(unsigned exponent)
{
    uint64_t power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

static void set_resolution(struct clock *clock, uint8_t resolution)
{
    unsigned exponent = resolution & (RESOLUTION_IS_BINARY - 1U);
    clock->shift = 0;
    clock->divide = 1;
    if (resolution & RESOLUTION_IS_BINARY) {
        clock->multiply = NS_PER_S;
        clock->shift = exponent;
    } else if (exponent <= NANO_EXPONENT) {
        clock->multiply = power_of_ten(NANO_EXPONENT - exponent);
    } else if (exponent < NANO_EXPONENT + POWERS_OF_TEN) {
        clock->multiply = 1;
        clock->divide = power_of_ten(exponent - NANO_EXPONENT);
    } else {
        clock->multiply = 0; /* all that 64 bits count is less than a nanosecond */
    }
}

static int64_t clamped_sum(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return b < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

static void set_offset(struct clock *clock, int64_t seconds)
{
    if (__builtin_mul_overflow(seconds, NS_PER_S, &clock->offset_ns))
        clock->offset_ns = seconds < 0 ? INT64_MIN : INT64_MAX;
}

static int64_t clock_ns(const struct clock *clock, uint64_t ticks)
{
    __uint128_t scaled = (__uint128_t)ticks * clock->multiply >> clock->shift;
    if (clock->divide != 1)
        scaled /= clock->divide;
    int64_t ns = scaled > INT64_MAX ? INT64_MAX : (int64_t)scaled;
    return clamped_sum(ns, clock->offset_ns);
}

/* ---- blocks ------------------------------------------------------------------------------------- */

/* Takes the byte order from the front of a section header's body, which stays unread. */
static bool take_order(struct pcapng *p, struct cursor after_type)
{
    cur_skip(&after_type, 4);
    uint32_t order = cur_be32(&after_type);
    p->swapped = order == ORDER_LITTLE;
    return after_type.verdict != VERDICT_OK || order == ORDER_LITTLE || order == ORDER_BIG;
}

static bool length_possible(const struct block *b)
{
    uint32_t least = b->type == BLOCK_SECTION ? SECTION_MIN : BLOCK_FRAME;
    return b->len >= least && b->len <= BLOCK_BYTES_MAX && (b->len & PADDING_MASK) == 0;
}

/* The next block as a whole. False at the end, also when that is damage. */
static bool next_block(struct pcapng *p, struct block *b)
{
    struct source *s = &p->source;
    for (;;) {
        struct cursor look = s->intake.unread;
        b->type = read_u32(p, &look);
        if (b->type == BLOCK_SECTION && !take_order(p, look))
            return source_broken(s, "a section without byte order");
        b->len = read_u32(p, &look);
        size_t need = SECTION_MIN;
        if (look.verdict == VERDICT_OK && cur_left(&look) >= 4) {
            if (!length_possible(b))
                return source_broken(s, "a block of %u bytes", b->len);
            b->body = cursor_of(cur_take(&look, b->len - BLOCK_FRAME), VERDICT_BAD);
            uint32_t again = read_u32(p, &look);
            if (look.verdict == VERDICT_OK && again != b->len)
                return source_broken(s, "a block of %u or %u bytes", b->len, again);
            if (look.verdict == VERDICT_OK) {
                s->intake.unread = look;
                return true;
            }
            need = b->len;
        }
        if (!intake_more(&s->intake, need))
            return source_end(s);
    }
}

/* The next option of a list. False at its end, and when it overruns: see the verdict. */
static bool next_option(const struct pcapng *p, struct cursor *list, struct option *o)
{
    if (cur_left(list) == 0)
        return false;
    o->code = read_u16(p, list);
    uint16_t len = read_u16(p, list);
    o->value = cur_sub(list, len);
    cur_skip(list, -(unsigned)len & PADDING_MASK);
    return list->verdict == VERDICT_OK && o->code != OPTION_END;
}

/* ---- sections and interfaces -------------------------------------------------------------------- */

static void begin_section(struct pcapng *p, struct cursor body)
{
    cur_skip(&body, 4); /* the byte order */
    uint16_t major = read_u16(p, &body);
    uint16_t minor = read_u16(p, &body);
    if (major != 1)
        (void)source_broken(&p->source, "a section of version %u.%u", major, minor);
    p->count = 0;
}

/* What follows a NUL byte is no name. */
static void keep_name(struct pcapng *p, struct slice name)
{
    name = slice_sub(name, 0, slice_find(name, 0, '\0'));
    if (name.len > 0)
        (void)intern_add(p->names, name); /* beyond the cap a report has names enough */
}

static void interface_option(struct pcapng *p, struct interface *i, struct option *o)
{
    switch (o->code) {
    case OPTION_IF_NAME:
        keep_name(p, cur_rest(&o->value));
        break;
    case OPTION_IF_TSRESOL:
        set_resolution(&i->clock, cur_u8(&o->value));
        break;
    case OPTION_IF_TSOFFSET:
        set_offset(&i->clock, (int64_t)read_u64(p, &o->value));
        break;
    default:
        break;
    }
}

static bool make_room(struct pcapng *p)
{
    if (p->count < p->room)
        return true;
    if (p->count == INTERFACES_MAX)
        return source_broken(&p->source, "more than %u interfaces", INTERFACES_MAX);
    uint32_t room = p->room ? p->room * 2 : 16;
    struct interface *more = realloc(p->interfaces, room * sizeof *more);
    if (!more)
        return source_broken(&p->source, "no memory for %u interfaces", room);
    p->interfaces = more;
    p->room = room;
    return true;
}

static void add_interface(struct pcapng *p, struct cursor body)
{
    struct interface i = {.linktype = read_u16(p, &body)};
    cur_skip(&body, 2); /* reserved */
    i.snaplen = read_u32(p, &body);
    set_resolution(&i.clock, DEFAULT_RESOLUTION);
    struct option o;
    while (next_option(p, &body, &o) && o.value.verdict == VERDICT_OK) {
        interface_option(p, &i, &o);
        if (o.value.verdict != VERDICT_OK)
            cur_fail(&body, VERDICT_BAD);
    }
    if (body.verdict != VERDICT_OK) {
        (void)source_broken(&p->source, "interface %u", p->count);
        return;
    }
    if (!make_room(p))
        return;
    struct capture_file *file = &p->source.file;
    if (file->linktype == LINKTYPE_UNKNOWN) {
        file->linktype = i.linktype;
        file->snaplen = i.snaplen;
    }
    p->interfaces[p->count++] = i;
}

/* Statistics may come again and again, each counting from the start. Broken ones cost no packets. */
static void take_statistics(struct pcapng *p, struct cursor body)
{
    uint32_t index = read_u32(p, &body);
    cur_skip(&body, 8); /* the time of counting */
    uint64_t drops = 0;
    struct option o;
    while (next_option(p, &body, &o)) {
        if (o.code != OPTION_ISB_IFDROP && o.code != OPTION_ISB_OSDROP)
            continue;
        uint64_t count = read_u64(p, &o.value);
        /* All ones where the system does not count. */
        if (o.value.verdict == VERDICT_OK && count != UINT64_MAX &&
            __builtin_add_overflow(drops, count, &drops))
            drops = UINT64_MAX;
    }
    if (index >= p->count || drops <= p->interfaces[index].drops)
        return;
    uint64_t *sum = &p->source.file.kernel_drops;
    if (__builtin_add_overflow(*sum, drops - p->interfaces[index].drops, sum))
        *sum = UINT64_MAX;
    p->interfaces[index].drops = drops;
}

/* ---- packets ------------------------------------------------------------------------------------ */

static bool give(struct pcapng *p, const struct packet_head *h, struct slice bytes,
                 struct frame *out)
{
    p->latest_ns = h->ts_ns;
    p->source.file.packets++;
    p->source.file.bytes += bytes.len;
    out->at.ts_ns = h->ts_ns;
    out->at.frame = ++p->frames;
    out->linktype = p->interfaces[h->interface].linktype;
    out->wire_len = h->wire_len < bytes.len ? (uint32_t)bytes.len : h->wire_len;
    out->bytes = bytes;
    return true;
}

static bool known_interface(struct pcapng *p, uint32_t index)
{
    return index < p->count ||
           source_broken(&p->source, "a packet of interface %u of %u", index, p->count);
}

/* Packets as written today, and as written before 2010: those have a 16-bit interface and a count of
 * drops, which may also be in the statistics. */
static bool take_packet(struct pcapng *p, const struct block *b, struct frame *out)
{
    struct cursor body = b->body;
    struct packet_head h;
    if (b->type == BLOCK_OLD_PACKET) {
        h.interface = read_u16(p, &body);
        cur_skip(&body, 2);
    } else {
        h.interface = read_u32(p, &body);
    }
    uint64_t ticks = read_ticks(p, &body);
    h.len = read_u32(p, &body);
    h.wire_len = read_u32(p, &body);
    struct slice bytes = cur_take(&body, h.len);
    if (body.verdict != VERDICT_OK)
        return source_broken(&p->source, "a packet of %u bytes in a block of %u", h.len, b->len);
    if (!known_interface(p, h.interface))
        return false;
    h.ts_ns = clock_ns(&p->interfaces[h.interface].clock, ticks);
    return give(p, &h, bytes, out);
}

/* Simple packets are all of the first interface and have no time: they get that of the packet before
 * them, so that they stay in their place among other files' packets. */
static bool take_simple_packet(struct pcapng *p, const struct block *b, struct frame *out)
{
    struct cursor body = b->body;
    struct packet_head h = {.interface = 0, .ts_ns = p->latest_ns};
    h.wire_len = read_u32(p, &body);
    if (!known_interface(p, 0))
        return false;
    uint32_t snaplen = p->interfaces[0].snaplen;
    h.len = snaplen != 0 && snaplen < h.wire_len ? snaplen : h.wire_len;
    struct slice bytes = cur_take(&body, h.len);
    if (body.verdict != VERDICT_OK)
        return source_broken(&p->source, "a packet of %u bytes in a block of %u", h.len, b->len);
    return give(p, &h, bytes, out);
}

/* True when the block is a frame to hand out. */
static bool take_block(struct pcapng *p, const struct block *b, struct frame *out)
{
    switch (b->type) {
    case BLOCK_PACKET:
    case BLOCK_OLD_PACKET:
        return take_packet(p, b, out);
    case BLOCK_SIMPLE_PACKET:
        return take_simple_packet(p, b, out);
    case BLOCK_SECTION:
        begin_section(p, b->body);
        return false;
    case BLOCK_INTERFACE:
        add_interface(p, b->body);
        return false;
    case BLOCK_STATISTICS:
        take_statistics(p, b->body);
        return false;
    case BLOCK_JOURNAL:
    case BLOCK_SYSDIG:
    case BLOCK_SYSDIG_2:
    case BLOCK_SYSDIG_2_LARGE:
    case BLOCK_CUSTOM:
    case BLOCK_CUSTOM_LOCAL:
        p->frames++;
        return false;
    default:
        return false;
    }
}

static bool pcapng_next(struct source *s, struct frame *out)
{
    struct pcapng *p = (struct pcapng *)s;
    struct block b;
    while (next_block(p, &b)) {
        bool is_frame = take_block(p, &b, out);
        if (!s->file.damaged)
            s->position += b.len;
        if (is_frame)
            return true;
    }
    return false;
}

/* ---- opening ------------------------------------------------------------------------------------ */

static void pcapng_free(struct source *s)
{
    struct pcapng *p = (struct pcapng *)s;
    intern_free(p->names);
    free(p->interfaces);
    free(p);
}

/* Reads up to the first interface, since filters want its link type; damage behind the section header
 * is told by the first pcapng_next. */
static bool read_start(struct pcapng *p, struct err *err)
{
    struct source *s = &p->source;
    struct frame none; /* without interfaces a packet is damage */
    struct block b = {0};
    while (p->count == 0 && next_block(p, &b)) {
        (void)take_block(p, &b, &none);
        if (!s->file.damaged)
            s->position += b.len;
    }
    if (s->position == 0)
        err_set(err, s->where,
                "is broken or cut off within its file header; capture again or repair it with "
                "pcapfix");
    return s->position > 0;
}

struct source *pcapng_open(struct intake *in, const char *where, struct err *err)
{
    struct pcapng *p = calloc(1, sizeof *p);
    struct intern *names = intern_new(INTERFACE_NAMES_MAX, INTERFACE_BYTES_MAX);
    if (!p || !names) {
        err_set(err, where, "cannot be read: out of memory");
        intern_free(names);
        free(p);
        return NULL;
    }
    p->source =
        (struct source){.next = pcapng_next, .free = pcapng_free, .where = where, .intake = *in};
    p->source.file.linktype = LINKTYPE_UNKNOWN;
    p->source.file.interfaces = names;
    p->names = names;
    if (read_start(p, err))
        return &p->source;
    *in = p->source.intake;
    pcapng_free(&p->source);
    return NULL;
}
