/*
 * capture/classic: reads pcap files in blocks, without copying frames.
 * SPDX-License-Identifier: MIT
 *
 * The format: tcpdump.org/manpages/pcap-savefile.5. Big captures are mostly bulk download, and the cost
 * of an analysis is then the cost of reading: frames are handed out where read(2) put them, which takes
 * a quarter of the time of libpcap's loop. A record that straddles the end of the block is moved to
 * its front before the next read; a pipe gives what has arrived.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cursor.h"
#include "source.h"

#define FILE_HEADER   24
#define RECORD_HEADER 16

#define MAGIC_MICRO   0xa1b2c3d4U
#define MAGIC_NANO    0xa1b23c4dU
#define MAGIC_PATCHED 0xa1b2cd34U
#define MAGIC_NAVTEL  0xa12b3c4dU

struct classic {
    struct source source;
    int fd;
    bool swapped;     /* the file is little-endian: the cursor reads big-endian */
    bool ended;       /* read(2) said so */
    uint32_t tick_ns; /* of the fraction of a second */
    uint8_t *block;
    size_t room; /* of the block */
    struct cursor unread;
};

/* ---- reading ------------------------------------------------------------------------------------ */

/* Moves what is unread to the front and reads more behind it; at least `need` bytes fit in all. False
 * when nothing came. */
static bool refill(struct classic *c, size_t need)
{
    if (c->ended)
        return false;
    size_t left = cur_left(&c->unread);
    if (need > c->room) {
        uint8_t *bigger = malloc(need);
        if (!bigger) {
            source_damage(&c->source, "not read any further (out of memory)");
            return false;
        }
        memcpy(bigger, c->unread.pos, left);
        free(c->block);
        c->block = bigger;
        c->room = need;
    } else if (left > 0) {
        memmove(c->block, c->unread.pos, left);
    }
    long got = source_read(c->fd, &c->block[left], c->room - left);
    c->ended = got <= 0;
    if (got < 0)
        source_damage(&c->source, "cannot be read any further");
    c->unread = cursor_of(slice_of(c->block, left + (got > 0 ? (size_t)got : 0)), VERDICT_SHORT);
    return got > 0;
}

static inline uint32_t read_u32(struct cursor *c, bool swapped)
{
    uint32_t v = cur_be32(c);
    return swapped ? __builtin_bswap32(v) : v;
}

/* Why there is no next record. */
static bool at_end(struct classic *c, bool too_big, uint32_t len)
{
    struct source *s = &c->source;
    if (too_big) {
        char how[64];
        (void)snprintf(how, sizeof how, "broken (a record of %u bytes)", len);
        source_damage(s, how);
    } else if (cur_left(&c->unread) > 0 && !s->file.damaged) {
        source_damage(s, "cut off");
    }
    c->unread = cursor_of(slice_of(c->block, 0), VERDICT_SHORT);
    c->ended = true;
    return false;
}

static bool classic_next(struct source *s, struct frame *out)
{
    struct classic *c = (struct classic *)s;
    for (;;) {
        struct cursor look = c->unread;
        uint32_t seconds = read_u32(&look, c->swapped);
        uint32_t fraction = read_u32(&look, c->swapped);
        uint32_t len = read_u32(&look, c->swapped);
        uint32_t wire_len = read_u32(&look, c->swapped);
        bool have_header = look.verdict == VERDICT_OK;
        if (have_header && len > FRAME_BYTES_MAX)
            return at_end(c, true, len);
        struct slice bytes = cur_take(&look, len);
        if (look.verdict == VERDICT_OK) {
            c->unread = look;
            s->position += RECORD_HEADER + len;
            s->file.packets++;
            s->file.bytes += len;
            out->at.ts_ns = seconds * NS_PER_S + (int64_t)fraction * c->tick_ns;
            out->at.frame = (uint32_t)s->file.packets;
            out->linktype = s->file.linktype;
            out->wire_len = wire_len < len ? len : wire_len;
            out->bytes = bytes;
            return true;
        }
        if (!refill(c, RECORD_HEADER + (have_header ? len : 0)))
            return at_end(c, false, 0);
    }
}

static void classic_close(struct source *s)
{
    struct classic *c = (struct classic *)s;
    (void)close(c->fd);
    free(c->block);
    free(c);
}

/* ---- opening ------------------------------------------------------------------------------------ */

/* What people name by mistake, by its first bytes. */
static void not_a_capture(struct err *err, const struct source_input *in, uint32_t head)
{
    static const struct {
        uint32_t head;
        uint32_t mask;
        const char *text;
    } known[] = {
        {0x1f8b0000, 0xffff0000, "is compressed (gzip); unpack it first with gunzip"},
        {0x28b52ffd, 0xffffffff, "is compressed (Zstandard); unpack it first with unzstd"},
        {0xfd377a58, 0xffffffff, "is compressed (xz); unpack it first with unxz"},
        {0x425a6800, 0xffffff00, "is compressed (bzip2); unpack it first with bunzip2"},
        {0x04224d18, 0xffffffff, "is compressed (LZ4); unpack it first with unlz4"},
        {0x504b0304, 0xffffffff, "is a ZIP archive; unpack it first with unzip"},
        {0x4d534346, 0xffffffff, "is a cabinet archive; unpack it first with cabextract"},
        {0x736e6f6f, 0xffffffff, "is a snoop capture; convert it with editcap -F pcap"},
        {0x474d4255, 0xffffffff, "is a Network Monitor capture; convert it with editcap -F pcap"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if ((head & known[i].mask) == known[i].head) {
            err_set(err, in->where, "%s", known[i].text);
            return;
        }
    }
    err_set(err, in->where,
            "is no capture file (begins with %02x %02x %02x %02x); pcap and pcapng are read, "
            "convert an .etl trace with pktmon etl2pcap",
            head >> 24, head >> 16 & 255, head >> 8 & 255, head & 255);
}

/* Byte order and clock by the magic number. */
static bool read_magic(struct classic *c, uint32_t magic, bool *odd)
{
    c->swapped = (magic & 0xff) == 0xa1;
    if (c->swapped)
        magic = __builtin_bswap32(magic);
    c->tick_ns = magic == MAGIC_NANO ? 1 : 1000;
    *odd = magic == MAGIC_PATCHED || magic == MAGIC_NAVTEL;
    return magic == MAGIC_MICRO || magic == MAGIC_NANO;
}

static bool read_file_header(struct classic *c, const struct source_input *in, bool *odd,
                             struct err *err)
{
    while (cur_left(&c->unread) < FILE_HEADER && refill(c, FILE_HEADER))
        continue;
    if (c->source.file.damaged) {
        *err = c->source.file.damage;
        return false;
    }
    struct cursor look = c->unread;
    uint32_t magic = cur_be32(&look);
    if (look.verdict == VERDICT_OK && !read_magic(c, magic, odd)) {
        if (!*odd)
            not_a_capture(err, in, magic);
        return false;
    }
    uint32_t version = read_u32(&look, c->swapped);
    cur_skip(&look, 8); /* time zone, accuracy */
    c->source.file.snaplen = read_u32(&look, c->swapped);
    uint32_t network = read_u32(&look, c->swapped);
    if (look.verdict != VERDICT_OK) {
        err_set(err, in->where, "is cut off within its file header (%zu bytes); capture again",
                cur_left(&c->unread));
        return false;
    }
    /* Two 16-bit numbers: in a swapped file the minor one comes first. Older ones differ in records. */
    uint32_t major = c->swapped ? version & 0xffff : version >> 16;
    uint32_t minor = c->swapped ? version >> 16 : version & 0xffff;
    *odd = major != 2 || minor < 4 || minor == 543;
    c->source.file.linktype = (int)(network & 0x03ffffff); /* above: length of the FCS */
    c->source.position = FILE_HEADER;
    c->unread = look;
    return !*odd;
}

struct source *classic_open(const struct source_input *in, bool *odd, struct err *err)
{
    struct classic *c = calloc(1, sizeof *c);
    uint8_t *block = malloc(in->block);
    if (!c || !block) {
        err_set(err, in->where, "cannot be read: out of memory");
        free(c);
        free(block);
        return NULL;
    }
    block[0] = in->first;
    c->source = (struct source){.next = classic_next, .close = classic_close, .where = in->where};
    c->fd = in->fd;
    c->block = block;
    c->room = in->block;
    c->unread = cursor_of(slice_of(block, 1), VERDICT_SHORT);
    if (!read_file_header(c, in, odd, err)) {
        free(c->block);
        free(c);
        return NULL;
    }
    return &c->source;
}
