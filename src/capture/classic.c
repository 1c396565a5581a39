/*
 * capture/classic: reads pcap files in blocks, without copying frames.
 * SPDX-License-Identifier: MIT
 *
 * The format: tcpdump.org/manpages/pcap-savefile.5. Big captures are mostly bulk download, and the cost
 * of an analysis is then the cost of reading: frames are handed out where read(2) put them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "source.h"

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

struct classic {
    struct source source;
    struct capture_interface interface; /* the only one */
    bool swapped;                       /* the file is little-endian: the cursor reads big-endian */
    bool patched;                       /* eight more bytes in the header of a record */
    uint32_t tick_ns;                   /* of the fraction of a second */
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
    r->seconds = source_u32(&h, c->swapped);
    r->fraction = source_u32(&h, c->swapped);
    r->len = source_u32(&h, c->swapped);
    r->wire_len = source_u32(&h, c->swapped);
    if (c->patched)
        cur_skip(look, RECORD_PATCH);
    return look->verdict == VERDICT_OK;
}

static bool classic_next(struct source *s, struct frame *out)
{
    struct classic *c = (struct classic *)s;
    for (;;) {
        struct cursor look = s->intake.unread;
        struct record r;
        bool have_header = read_record(c, &look, &r);
        if (have_header && r.len > FRAME_BYTES_MAX)
            return source_broken(s, "a record of %u bytes", r.len);
        struct slice bytes = cur_take(&look, r.len);
        if (look.verdict == VERDICT_OK) {
            s->position += cur_left(&s->intake.unread) - cur_left(&look);
            s->intake.unread = look;
            s->file.packets++;
            s->file.bytes += r.len;
            out->at.ts_ns = r.seconds * NS_PER_S + (int64_t)r.fraction * c->tick_ns;
            out->at.frame = (uint32_t)s->file.packets;
            out->linktype = c->interface.linktype;
            out->wire_len = r.wire_len < r.len ? r.len : r.wire_len;
            out->bytes = bytes;
            out->interface = 0;
            out->direction = FRAME_DIRECTION_UNKNOWN;
            out->dropped = false;
            out->group = 0;
            c->interface.packets++;
            return true;
        }
        if (!intake_more(&s->intake, RECORD_HEADER + RECORD_PATCH + (have_header ? r.len : 0)))
            return source_end(s);
    }
}

static void classic_free(struct source *s)
{
    free(s);
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

/* Byte order, clock and kind of records by the magic number. */
static bool read_magic(struct classic *c, uint32_t magic)
{
    c->swapped = (magic & 0xff) == 0xa1;
    if (c->swapped)
        magic = __builtin_bswap32(magic);
    c->tick_ns = magic == MAGIC_NANO ? 1 : 1000;
    c->patched = magic == MAGIC_PATCHED;
    return magic == MAGIC_MICRO || magic == MAGIC_NANO || c->patched;
}

static bool read_file_header(struct classic *c, const char *where, struct err *err)
{
    struct intake *in = &c->source.intake;
    while (cur_left(&in->unread) < FILE_HEADER && intake_more(in, FILE_HEADER))
        continue;
    struct cursor look = in->unread;
    uint32_t magic = cur_be32(&look);
    if (look.verdict == VERDICT_OK && !read_magic(c, magic)) {
        not_a_capture(err, where, magic, in->unpack);
        return false;
    }
    uint32_t version = source_u32(&look, c->swapped);
    cur_skip(&look, 8); /* time zone, accuracy */
    uint32_t snaplen = source_u32(&look, c->swapped);
    uint32_t network = source_u32(&look, c->swapped);
    if (look.verdict != VERDICT_OK) {
        err_set(err, where, "is cut off within its file header (%zu bytes); capture again",
                cur_left(&in->unread));
        return false;
    }
    /* Two 16-bit numbers: in a swapped file the minor one comes first. */
    uint32_t major = c->swapped ? version & 0xffff : version >> 16;
    uint32_t minor = c->swapped ? version >> 16 : version & 0xffff;
    if (major != 2 || minor < OLDEST_MINOR) {
        err_set(err, where, "is pcap of version %u.%u; convert it with editcap -F pcap", major,
                minor);
        return false;
    }
    c->interface = (struct capture_interface){
        .name = "",
        .description = "",
        .linktype = (int)(network & 0x03ffffff), /* above: length of the FCS */
        .snaplen = snaplen,
    };
    c->source.file.interfaces = &c->interface;
    c->source.file.interface_count = 1;
    c->source.position = FILE_HEADER;
    in->unread = look;
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
    if (read_file_header(c, where, err))
        return &c->source;
    *in = c->source.intake;
    free(c);
    return NULL;
}
