/*
 * capture/pcapng: reads pcapng files in blocks, without copying frames.
 * SPDX-License-Identifier: MIT
 *
 * draft-ietf-opsawg-pcapng; pcapng.h draws a block. A section header gives the byte order of what follows
 * and forgets the interfaces before it. Each interface has its own link type and clock. What says nothing
 * of packets (names, keys, other programs' blocks) is passed over. A length that cannot be ends reading: no
 * block after it could be found with certainty, and the same goes for an interface without a certain
 * clock. Other blocks that are broken inside cost only themselves.
 */
#include "pcapng.h"

#include <stdlib.h>

#include "clock.h"
#include "source.h"
#include "told.h"

#define BLOCK_FRAME 12 /* type and the two lengths */
#define SECTION_MIN 28

/* No program writes bigger blocks; Wireshark draws the line here too. */
#define BLOCK_BYTES_MAX (16U * 1024 * 1024)

#define INTERFACES_MAX 65536U

/* Nothing waits for longer than this. */
#define SILENCE_MAX (3600 * NS_PER_S)

#define ORDER_BIG    PCAPNG_ORDER
#define ORDER_LITTLE 0x4d3c2b1aU

/* Of an old packet block's 16-bit count of drops: not counted. */
#define DROPS_UNKNOWN 0xffff

#define FLAGS_DIRECTION 3U /* 0: unknown, 1: inbound, 2: outbound */

/* epb_verdict: the first byte says who decided, the number behind it what. etl2pcapng writes pktmon's drops
 * as those of XDP. */
#define DECIDED_BY_TC  1 /* Linux traffic control */
#define DECIDED_BY_XDP 2
#define TC_ACT_SHOT    2
#define XDP_DROP       1

struct interface {
    int linktype;
    uint32_t snaplen; /* 0: none */
    struct clock clock;
    struct capture_interface *told;
    uint32_t told_index;
    uint64_t packets;       /* given so far */
    uint64_t drops_counted; /* by statistics: from the capture's start, so the last is the sum */
    uint64_t drops_met;     /* between packets, summed up: the same drops, told another way */
    uint64_t drops;         /* added to the file's so far */
};

struct pcapng {
    struct source source;
    bool swapped;      /* the section is little-endian: the cursor reads big-endian */
    uint32_t frames;   /* numbers given so far */
    int64_t latest_ns; /* time of the last packet that had one */
    struct interface *interfaces;
    uint32_t count; /* of the section's interfaces */
    uint32_t room;
    struct told told;
};

struct block {
    uint32_t type;
    uint32_t len; /* as written, with all around the body */
    struct cursor body;
};

struct option {
    uint16_t code;
    struct cursor value;
};

/* A packet block's words before the packet. */
struct packet_head {
    struct interface *interface;
    int64_t ts_ns;
    uint32_t len;
    uint32_t wire_len;
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

static void add_clamped(uint64_t *sum, uint64_t n)
{
    if (__builtin_add_overflow(*sum, n, sum))
        *sum = UINT64_MAX;
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

/* Some programs leave the padding out of the length that they write. */
static uint32_t block_size(const struct block *b)
{
    return (b->len + PCAPNG_PADDING) & ~PCAPNG_PADDING;
}

static bool length_possible(const struct block *b)
{
    uint32_t least = b->type == BLOCK_SECTION ? SECTION_MIN : BLOCK_FRAME;
    return b->len >= least && b->len <= BLOCK_BYTES_MAX;
}

bool pcapng_begins(struct cursor look)
{
    uint32_t type = cur_be32(&look);
    cur_skip(&look, 4);
    uint32_t order = cur_be32(&look);
    return type == BLOCK_SECTION && (order == ORDER_LITTLE || order == ORDER_BIG);
}

/* The next block as a whole. False at the end, also when that is damage. */
static bool next_block(struct pcapng *p, struct block *b)
{
    struct source *s = &p->source;
    for (;;) {
        struct cursor look = s->intake.unread;
        b->type = read_u32(p, &look);
        bool ordered = b->type != BLOCK_SECTION || take_order(p, look);
        b->len = read_u32(p, &look);
        if (b->type > BLOCK_SECTION && classic_begins(s->intake.unread))
            return source_followed(s, "pcap");
        if (!ordered)
            return source_broken(s, "a section without byte order");
        size_t need = SECTION_MIN;
        if (look.verdict == VERDICT_OK && cur_left(&look) >= 4) {
            if (!length_possible(b))
                return source_broken(s, "a block of %u bytes", b->len);
            need = block_size(b);
            b->body = cursor_of(cur_take(&look, need - BLOCK_FRAME), VERDICT_BAD);
            uint32_t again = read_u32(p, &look);
            if (look.verdict == VERDICT_OK && again != b->len)
                return source_broken(s, "a block of %u or %u bytes", b->len, again);
            if (look.verdict == VERDICT_OK) {
                s->intake.unread = look;
                return true;
            }
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
    cur_skip(list, -(unsigned)len & PCAPNG_PADDING);
    return list->verdict == VERDICT_OK && o->code != OPTION_END;
}

/* An option whose value is too short spoils the list: what stands in it is not certain. */
static void close_option(struct cursor *list, const struct option *o)
{
    if (o->value.verdict != VERDICT_OK)
        cur_fail(list, VERDICT_BAD);
}

/* ---- sections and interfaces -------------------------------------------------------------------- */

static void begin_section(struct pcapng *p, struct cursor body)
{
    cur_skip(&body, 4); /* the byte order */
    uint16_t major = read_u16(p, &body);
    uint16_t minor = read_u16(p, &body);
    cur_skip(&body, 8); /* length of the section, often unknown */
    p->count = 0;
    if (major != 1) {
        (void)source_broken(&p->source, "a section of version %u.%u", major, minor);
        return;
    }
    struct option o;
    while (next_option(p, &body, &o)) {
        if (o.code == OPTION_COMMENT)
            told_comment(&p->told, 0, cur_rest(&o.value));
    }
    if (body.verdict != VERDICT_OK)
        source_spoilt(&p->source, "the options of a section");
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

static void interface_options(const struct pcapng *p, struct cursor *list, struct clock *clock,
                              struct description *d)
{
    struct option o;
    while (next_option(p, list, &o)) {
        switch (o.code) {
        case OPTION_IF_NAME:
            d->name = cur_rest(&o.value);
            break;
        case OPTION_IF_DESCRIPTION:
            d->text = cur_rest(&o.value);
            break;
        case OPTION_IF_TSRESOL:
            clock_set_resolution(clock, cur_u8(&o.value));
            break;
        case OPTION_IF_TSOFFSET:
            clock_set_offset(clock, (int64_t)read_u64(p, &o.value));
            break;
        default:
            break;
        }
        close_option(list, &o);
    }
}

static void add_interface(struct pcapng *p, struct cursor body)
{
    struct clock clock = clock_default();
    struct description d = {.number = p->count, .linktype = read_u16(p, &body)};
    cur_skip(&body, 2); /* reserved */
    d.snaplen = read_u32(p, &body);
    interface_options(p, &body, &clock, &d);
    if (body.verdict != VERDICT_OK) {
        (void)source_broken(&p->source, "the description of interface %u", p->count);
        return;
    }
    if (!make_room(p))
        return;
    uint32_t index = told_interface(&p->told, &d);
    p->interfaces[p->count++] = (struct interface){
        .linktype = d.linktype,
        .snaplen = d.snaplen,
        .clock = clock,
        .told = &p->told.interfaces[index],
        .told_index = index,
    };
}

/* ---- drops -------------------------------------------------------------------------------------- */

static void tell_drops(struct pcapng *p, struct interface *i)
{
    uint64_t drops = i->drops_met > i->drops_counted ? i->drops_met : i->drops_counted;
    if (drops <= i->drops)
        return;
    add_clamped(&i->told->drops, drops - i->drops);
    add_clamped(&p->source.file.kernel_drops, drops - i->drops);
    i->drops = drops;
}

struct statistics {
    uint64_t drops;
    uint64_t delivered; /* packets that the capturing program got */
    uint64_t end_ticks;
};

static void statistics_options(const struct pcapng *p, struct cursor *list, struct statistics *out)
{
    struct option o;
    while (next_option(p, list, &o)) {
        uint64_t count = 0;
        if (o.code == OPTION_ISB_ENDTIME)
            out->end_ticks = read_ticks(p, &o.value);
        else if (o.code == OPTION_ISB_USRDELIV)
            out->delivered = read_u64(p, &o.value);
        else if (o.code == OPTION_ISB_IFDROP || o.code == OPTION_ISB_OSDROP)
            count = read_u64(p, &o.value);
        if (count != UINT64_MAX) /* all ones where the system does not count */
            add_clamped(&out->drops, count);
        close_option(list, &o);
    }
}

/* Silence at the end tells something, but only of a file that has all packets: who saves a part of one in
 * Wireshark saves the statistics of the whole. */
static void tell_end(struct pcapng *p, const struct interface *i, const struct statistics *s)
{
    int64_t end_ns = clock_ns(&i->clock, s->end_ticks);
    if (s->end_ticks == 0 || s->delivered != i->packets || end_ns <= p->latest_ns)
        return;
    if (end_ns - p->latest_ns > SILENCE_MAX)
        end_ns = p->latest_ns + SILENCE_MAX;
    if (end_ns > p->source.file.ended_ns)
        p->source.file.ended_ns = end_ns;
}

/* Statistics may come again and again, each counting from the start. */
static void take_statistics(struct pcapng *p, struct cursor body)
{
    uint32_t index = read_u32(p, &body);
    cur_skip(&body, 8); /* the time of counting */
    struct statistics s = {0};
    statistics_options(p, &body, &s);
    if (body.verdict != VERDICT_OK) {
        source_spoilt(&p->source, "the statistics of interface %u", index);
        return;
    }
    if (index >= p->count) {
        source_spoilt(&p->source, "statistics of interface %u of %u", index, p->count);
        return;
    }
    struct interface *i = &p->interfaces[index];
    if (s.drops > i->drops_counted) {
        i->drops_counted = s.drops;
        tell_drops(p, i);
    }
    tell_end(p, i, &s);
}

/* ---- packets ------------------------------------------------------------------------------------ */

static bool means_dropped(const struct pcapng *p, struct cursor *verdict)
{
    uint8_t type = cur_u8(verdict);
    if (type == DECIDED_BY_TC)
        return read_u64(p, verdict) == TC_ACT_SHOT;
    return type == DECIDED_BY_XDP && read_u64(p, verdict) == XDP_DROP;
}

static enum frame_direction direction_of(uint32_t flags)
{
    static const enum frame_direction directions[] = {FRAME_DIRECTION_UNKNOWN, FRAME_INBOUND,
                                                      FRAME_OUTBOUND, FRAME_DIRECTION_UNKNOWN};
    return directions[flags & FLAGS_DIRECTION];
}

/* What a packet's options say, into `out` and its interface's counters. */
static void packet_options(struct pcapng *p, struct interface *i, struct cursor *list,
                           struct frame *out)
{
    struct option o;
    while (next_option(p, list, &o)) {
        switch (o.code) {
        case OPTION_COMMENT:
            told_comment(&p->told, p->frames, cur_rest(&o.value));
            break;
        case OPTION_EPB_FLAGS:
            out->direction = direction_of(read_u32(p, &o.value));
            break;
        case OPTION_EPB_DROPCOUNT:
            add_clamped(&i->drops_met, read_u64(p, &o.value));
            break;
        case OPTION_EPB_PACKETID:
            out->group = read_u64(p, &o.value);
            break;
        case OPTION_EPB_VERDICT:
            out->dropped |= means_dropped(p, &o.value);
            break;
        default:
            break;
        }
        close_option(list, &o);
    }
    i->told->inbound += out->direction == FRAME_INBOUND;
    i->told->outbound += out->direction == FRAME_OUTBOUND;
    i->told->dropped += out->dropped;
    if (list->verdict != VERDICT_OK)
        source_spoilt(&p->source, "the options of a packet");
}

/* The interface of a packet, or NULL: then the block is spoilt. */
static struct interface *find_interface(struct pcapng *p, uint32_t index)
{
    if (index < p->count)
        return &p->interfaces[index];
    source_spoilt(&p->source, "a packet of interface %u of %u", index, p->count);
    return NULL;
}

/* The packet that stands next in a block's body, and the options behind it. */
static bool give(struct pcapng *p, const struct packet_head *h, const struct block *b,
                 struct cursor *body, struct frame *out)
{
    struct interface *i = h->interface;
    struct slice bytes = cur_take(body, h->len);
    if (body->verdict != VERDICT_OK) {
        source_spoilt(&p->source, "a packet of %u bytes in a block of %u", h->len, b->len);
        return false;
    }
    out->at.ts_ns = h->ts_ns;
    out->at.frame = p->frames;
    out->linktype = i->linktype;
    out->wire_len = h->wire_len < h->len ? h->len : h->wire_len;
    out->bytes = bytes;
    out->interface = i->told_index;
    out->direction = FRAME_DIRECTION_UNKNOWN;
    out->dropped = false;
    out->group = 0;
    if (cur_left(body) > PCAPNG_PADDING && b->type != BLOCK_SIMPLE_PACKET) {
        cur_skip(body, -h->len & PCAPNG_PADDING);
        packet_options(p, i, body, out);
    }
    if (i->drops_met > i->drops)
        tell_drops(p, i);
    i->told->packets++;
    i->packets++;
    p->latest_ns = h->ts_ns;
    p->source.file.packets++;
    p->source.file.bytes += bytes.len;
    return true;
}

/* Packets as written today, and as written before 2010: those have 16 bits for the interface and 16 for
 * a count of drops. */
static bool take_packet(struct pcapng *p, const struct block *b, struct frame *out)
{
    struct cursor body = b->body;
    bool old = b->type == BLOCK_OLD_PACKET;
    uint32_t index = old ? read_u16(p, &body) : read_u32(p, &body);
    uint16_t drops = old ? read_u16(p, &body) : 0;
    uint64_t ticks = read_ticks(p, &body);
    struct packet_head h = {.interface = find_interface(p, index)};
    h.len = read_u32(p, &body);
    h.wire_len = read_u32(p, &body);
    p->frames++;
    if (!h.interface)
        return false;
    h.ts_ns = clock_ns(&h.interface->clock, ticks);
    if (drops != DROPS_UNKNOWN)
        add_clamped(&h.interface->drops_met, drops);
    return give(p, &h, b, &body, out);
}

/* Simple packets are all of the first interface and have no time: they get that of the packet before
 * them, so that they stay in their place among other files' packets. */
static bool take_simple_packet(struct pcapng *p, const struct block *b, struct frame *out)
{
    struct cursor body = b->body;
    struct packet_head h = {.interface = find_interface(p, 0), .ts_ns = p->latest_ns};
    h.wire_len = read_u32(p, &body);
    p->frames++;
    if (!h.interface)
        return false;
    uint32_t snaplen = h.interface->snaplen;
    h.len = snaplen != 0 && snaplen < h.wire_len ? snaplen : h.wire_len;
    return give(p, &h, b, &body, out);
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
        if (!s->over)
            s->position += block_size(&b);
        if (is_frame)
            return true;
    }
    return false;
}

/* ---- opening ------------------------------------------------------------------------------------ */

static void pcapng_free(struct source *s)
{
    struct pcapng *p = (struct pcapng *)s;
    told_clear(&p->told);
    free(p->interfaces);
    free(p);
}

/* Reads up to the first interface, since filters want its link type; damage behind the section header
 * is told by the first pcapng_next. */
static bool read_start(struct pcapng *p, struct err *err)
{
    struct source *s = &p->source;
    struct frame none; /* without interfaces no packet is taken */
    struct block b = {0};
    while (p->count == 0 && next_block(p, &b)) {
        (void)take_block(p, &b, &none);
        if (!s->over)
            s->position += block_size(&b);
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
    if (!p) {
        err_set(err, where, "cannot be read: out of memory");
        return NULL;
    }
    p->source =
        (struct source){.next = pcapng_next, .free = pcapng_free, .where = where, .intake = *in};
    bool room = told_init(&p->told, &p->source.file);
    if (!room)
        err_set(err, where, "cannot be read: out of memory");
    if (room && read_start(p, err))
        return &p->source;
    *in = p->source.intake;
    pcapng_free(&p->source);
    return NULL;
}
