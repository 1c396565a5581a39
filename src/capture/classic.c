/*
 * capture/classic: reads pcap files in blocks, without copying frames.
 * SPDX-License-Identifier: MIT
 *
 * The format: tcpdump.org/manpages/pcap-savefile.5. Big captures are mostly bulk download, and the cost
 * of an analysis is then the cost of reading: frames are handed out where read(2) put them.
 *
 * Files may stand behind each other, as cat puts them into a pipe. Of a file header the time zone and the
 * accuracy stand where a record has its lengths, and are 0: no packet is on record without a byte on the wire.
 */
#include <stdio.h>
#include <stdlib.h>

#include "pcapng.h"
#include "source.h"
#include "told.h"

#define FILE_HEADER   24
#define RECORD_HEADER 16
#define RECORD_PATCH  8 /* interface, protocol, direction */

/* No capture program writes bigger frames. */
#define FRAME_BYTES_MAX 262144

/* Before version 2.4 the lengths of a record stand in another order. */
#define OLDEST_MINOR 4

#define MAGIC_MICRO   0xa1b2c3d4U
#define MAGIC_NANO    0xa1b23c4dU
#define MAGIC_PATCHED 0xa1b2cd34U

#define HEAD_TEXT_SIZE 16

/* What a file header says. */
struct layout {
    bool swapped;     /* the file is little-endian: the cursor reads big-endian */
    bool patched;     /* eight more bytes in the header of a record */
    uint32_t tick_ns; /* of the fraction of a second */
    uint32_t major, minor;
    uint32_t snaplen;
    int linktype;
};

struct classic {
    struct source source;
    struct layout layout;
    struct capture_interface *interface; /* told; each file behind another may have its own */
    uint32_t number;                     /* of it */
    uint64_t counted; /* packets of all files that are told with their interface */
    struct told told;
};

/* ---- reading ------------------------------------------------------------------------------------ */

struct record {
    uint32_t seconds, fraction, len, wire_len;
};

/* False where less than its header is there. */
static bool read_record(const struct classic *c, struct cursor *look, struct record *r)
{
    *r = (struct record){0, 0, 0, 0};
    if (!cur_need(look, RECORD_HEADER))
        return false;
    struct cursor h = cur_sub(look, RECORD_HEADER);
    r->seconds = source_u32(&h, c->layout.swapped);
    r->fraction = source_u32(&h, c->layout.swapped);
    r->len = source_u32(&h, c->layout.swapped);
    r->wire_len = source_u32(&h, c->layout.swapped);
    if (c->layout.patched)
        cur_skip(look, RECORD_PATCH);
    return look->verdict == VERDICT_OK;
}

/* Byte order, clock and kind of records by the magic number. */
static bool read_magic(struct layout *l, uint32_t magic)
{
    l->swapped = (magic & 0xff) == 0xa1;
    if (l->swapped)
        magic = __builtin_bswap32(magic);
    l->tick_ns = magic == MAGIC_NANO ? 1 : 1000;
    l->patched = magic == MAGIC_PATCHED;
    return magic == MAGIC_MICRO || magic == MAGIC_NANO || l->patched;
}

/* False where the magic number is another's; what lacks bytes shows in the cursor. */
static bool read_layout(struct layout *l, struct cursor *look)
{
    uint32_t magic = cur_be32(look);
    if (!read_magic(l, magic) && look->verdict == VERDICT_OK)
        return false;
    uint32_t version = source_u32(look, l->swapped);
    cur_skip(look, 8); /* time zone, accuracy */
    l->snaplen = source_u32(look, l->swapped);
    l->linktype = (int)(source_u32(look, l->swapped) & 0x03ffffff); /* above: length of the FCS */
    /* Two 16-bit numbers: in a swapped file the minor one comes first. */
    l->major = l->swapped ? version & 0xffff : version >> 16;
    l->minor = l->swapped ? version >> 16 : version & 0xffff;
    return true;
}

static bool is_readable(const struct layout *l)
{
    return l->major == 2 && l->minor >= OLDEST_MINOR;
}

bool classic_begins(struct cursor look)
{
    struct layout l = {0};
    struct cursor start = cur_sub(&look, 8); /* up to the version */
    return look.verdict == VERDICT_OK && read_layout(&l, &start) && is_readable(&l);
}

/* Told now and then: a packet has one count to add to, not two. */
static void count_packets(struct classic *c)
{
    if (c->interface)
        c->interface->packets += c->source.file.packets - c->counted;
    c->counted = c->source.file.packets;
}

/* A file begins whose header was read up to `behind`. */
static void begin_file(struct classic *c, const struct layout *l, struct cursor behind)
{
    const struct slice none = slice_of(behind.pos, 0);
    const struct description d = {
        .linktype = l->linktype, .snaplen = l->snaplen, .name = none, .text = none};
    count_packets(c);
    c->layout = *l;
    c->number = told_interface(&c->told, &d);
    c->interface = &c->told.interfaces[c->number];
    c->source.position += FILE_HEADER;
    c->source.intake.unread = behind;
}

enum odd {
    ODD_EMPTY, /* a record of no bytes */
    ODD_FILE,  /* none: another file has begun, or more of its header has come */
    ODD_END,
};

/* A record without bytes or with too many of them. */
__attribute__((cold, noinline)) static enum odd look_at_odd(struct classic *c, uint32_t len,
                                                            uint32_t wire_len)
{
    struct source *s = &c->source;
    struct cursor look = s->intake.unread;
    struct layout l = {0};
    if (pcapng_begins(look))
        (void)source_followed(s, "pcapng");
    else if (len > FRAME_BYTES_MAX)
        (void)source_broken(s, "a record of %u bytes", len);
    else if (wire_len != 0 || !read_layout(&l, &look))
        return ODD_EMPTY;
    else if (look.verdict != VERDICT_OK)
        return intake_more(&s->intake, FILE_HEADER) || source_end(s) ? ODD_FILE : ODD_END;
    else if (!is_readable(&l))
        (void)source_broken(s, "a file of version %u.%u", l.major, l.minor);
    else {
        begin_file(c, &l, look);
        return ODD_FILE;
    }
    return ODD_END;
}

static inline bool read_next(struct classic *c, struct frame *out)
{
    struct source *s = &c->source;
    for (;;) {
        struct cursor look = s->intake.unread;
        struct record r;
        bool have_header = read_record(c, &look, &r);
        if (have_header && r.len - 1 >= FRAME_BYTES_MAX) {
            enum odd odd = look_at_odd(c, r.len, r.wire_len);
            if (odd == ODD_END)
                return false;
            if (odd == ODD_FILE)
                continue;
        }
        struct slice bytes = cur_take(&look, r.len);
        if (look.verdict == VERDICT_OK) {
            s->position += cur_left(&s->intake.unread) - cur_left(&look);
            s->intake.unread = look;
            s->file.packets++;
            s->file.bytes += r.len;
            out->at.ts_ns = r.seconds * NS_PER_S + (int64_t)r.fraction * c->layout.tick_ns;
            out->at.frame = (uint32_t)s->file.packets;
            out->linktype = c->layout.linktype;
            out->wire_len = r.wire_len < r.len ? r.len : r.wire_len;
            out->bytes = bytes;
            out->interface = c->number;
            out->direction = FRAME_DIRECTION_UNKNOWN;
            out->dropped = false;
            out->group = 0;
            return true;
        }
        if (!intake_more(&s->intake, RECORD_HEADER + RECORD_PATCH + (have_header ? r.len : 0)))
            return source_end(s);
    }
}

static bool classic_next(struct source *s, struct frame *out)
{
    struct classic *c = (struct classic *)s;
    if (read_next(c, out))
        return true;
    count_packets(c);
    return false;
}

static void classic_free(struct source *s)
{
    struct classic *c = (struct classic *)s;
    told_clear(&c->told);
    free(c);
}

/* ---- opening ------------------------------------------------------------------------------------ */

/* Four bytes, as text where they are text: a log's first word says more than its hexadecimal. */
static const char *head_text(uint32_t head, char out[HEAD_TEXT_SIZE])
{
    const unsigned b[] = {head >> 24, head >> 16 & 255, head >> 8 & 255, head & 255};
    bool printable = true;
    for (size_t i = 0; i < sizeof b / sizeof *b; i++)
        printable = printable && b[i] >= ' ' && b[i] <= '~' && b[i] != '"';
    if (printable)
        (void)snprintf(out, HEAD_TEXT_SIZE, "\"%c%c%c%c\"", b[0], b[1], b[2], b[3]);
    else
        (void)snprintf(out, HEAD_TEXT_SIZE, "%02x %02x %02x %02x", b[0], b[1], b[2], b[3]);
    return out;
}

/* What people name by mistake, by its first bytes. */
static void not_a_capture(struct err *err, const char *where, uint32_t head, bool unpacked)
{
    static const struct {
        uint32_t head;
        uint32_t mask;
        const char *text;
    } known[] = {
        {0xfd377a58, 0xffffffff, "is compressed (xz); unpack it first with unxz"},
        {0x425a6800, 0xffffff00, "is compressed (bzip2); unpack it first with bunzip2"},
        {0x02214c18, 0xffffffff, "is compressed (LZ4, the old format); unpack it first with unlz4"},
        {0x504b0304, 0xffffffff, "is a ZIP archive; unpack it first with unzip"},
        {0x4d534346, 0xffffffff, "is a cabinet archive; unpack it first with cabextract"},
        {0x736e6f6f, 0xffffffff, "is a snoop capture; convert it with editcap -F pcap"},
        {0x474d4255, 0xffffffff, "is a Network Monitor capture; convert it with editcap -F pcap"},
    };
    char text[HEAD_TEXT_SIZE];
    const char *state = unpacked ? "unpacked, it " : "";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if ((head & known[i].mask) == known[i].head) {
            err_set(err, where, "%s%s", state, known[i].text);
            return;
        }
    }
    err_set(
        err, where,
        "%sis no capture file (begins with %s); pcap and pcapng are read, convert an .etl trace "
        "with pktmon etl2pcap",
        state, head_text(head, text));
}

static bool read_file_header(struct classic *c, const char *where, struct err *err)
{
    struct intake *in = &c->source.intake;
    while (cur_left(&in->unread) < FILE_HEADER && intake_more(in, FILE_HEADER))
        continue;
    struct cursor look = in->unread;
    struct cursor start = look;
    struct layout l = {0};
    if (!read_layout(&l, &look)) {
        not_a_capture(err, where, cur_be32(&start), in->unpack);
        return false;
    }
    if (look.verdict != VERDICT_OK) {
        err_set(err, where, "is cut off within its file header (%zu bytes); capture again",
                cur_left(&in->unread));
        return false;
    }
    if (!is_readable(&l)) {
        err_set(err, where, "is pcap of version %u.%u; convert it with editcap -F pcap", l.major,
                l.minor);
        return false;
    }
    begin_file(c, &l, look);
    return true;
}

struct source *classic_open(struct intake *in, const char *where, struct err *err)
{
    struct classic *c = calloc(1, sizeof *c);
    if (!c) {
        err_set(err, where, "cannot be read: out of memory");
        return NULL;
    }
    c->source =
        (struct source){.next = classic_next, .free = classic_free, .where = where, .intake = *in};
    bool room = told_init(&c->told, &c->source.file);
    if (!room)
        err_set(err, where, "cannot be read: out of memory");
    if (room && read_file_header(c, where, err))
        return &c->source;
    *in = c->source.intake;
    classic_free(&c->source);
    return NULL;
}
