/*
 * capture/pcapng_write: blocks and options.
 * SPDX-License-Identifier: MIT
 * draft-ietf-opsawg-pcapng 3.1 (blocks), 3.5 (options), 4.1-4.4, 4.6; src/capture/pcapng.h draws a block.
 */
#include "capture/pcapng_write.h"

#include "pcapng.h"

#define NANOSECONDS 9 /* if_tsresol: 10^-9 */

static void put(struct buf *b, unsigned size, uint64_t value)
{
    for (unsigned i = 0; i < size; i++)
        buf_char(b, (char)(uint8_t)(value >> 8 * i));
}

/* Two 32-bit words, the upper one first. */
static void put_time(struct buf *b, int64_t ts_ns)
{
    put(b, 4, (uint64_t)ts_ns >> 32);
    put(b, 4, (uint64_t)ts_ns & UINT32_MAX);
}

static void put_padded(struct buf *b, struct slice bytes)
{
    buf_slice(b, bytes);
    put(b, -(unsigned)bytes.len & PCAPNG_PADDING, 0);
}

/* ---- blocks ------------------------------------------------------------------------------------- */

/* Returns where the block begins, for end_block. */
static size_t begin_block(struct buf *b, enum pcapng_block type)
{
    size_t at = b->len;
    put(b, 4, type);
    put(b, 4, 0); /* its length, once that is known */
    return at;
}

static void end_block(struct buf *b, size_t begin)
{
    size_t len = b->len - begin + 4;
    put(b, 4, len);
    if (b->failed)
        return;
    for (unsigned i = 0; i < 4; i++)
        b->data[begin + 4 + i] = (char)(uint8_t)(len >> 8 * i);
}

/* ---- options ------------------------------------------------------------------------------------ */

static void put_option(struct buf *b, enum pcapng_option code, struct slice value)
{
    put(b, 2, code);
    put(b, 2, value.len);
    put_padded(b, value);
}

static void put_number(struct buf *b, enum pcapng_option code, uint64_t value)
{
    put(b, 2, code);
    put(b, 2, 8);
    put(b, 8, value);
}

static void put_text(struct buf *b, enum pcapng_option code, struct slice text)
{
    size_t len = text.len < PCAPNG_TEXT_MAX ? text.len : PCAPNG_TEXT_MAX;
    while (len > 0 && len < text.len && (text.data[len] & 0xc0) == 0x80)
        len--;
    put_option(b, code, slice_sub(text, 0, len));
}

static void put_comments(struct buf *b, const struct pcapng_texts *comments)
{
    for (unsigned i = 0; i < comments->count; i++)
        put_text(b, OPTION_COMMENT, comments->texts[i]);
}

static void end_options(struct buf *b)
{
    put_option(b, OPTION_END, slice_of(NULL, 0));
}

/* ---- what a file is made of --------------------------------------------------------------------- */

void pcapng_write_section(struct buf *b, const char *program, const struct pcapng_texts *comments)
{
    size_t begin = begin_block(b, BLOCK_SECTION);
    put(b, 4, PCAPNG_ORDER);
    put(b, 2, 1); /* version 1.0 */
    put(b, 2, 0);
    put(b, 8, UINT64_MAX); /* the section's length is not said */
    put_text(b, OPTION_SHB_USERAPPL, slice_str(program));
    put_comments(b, comments);
    end_options(b);
    end_block(b, begin);
}

void pcapng_write_interface(struct buf *b, const char *name, int linktype, uint32_t snaplen)
{
    static const uint8_t resolution = NANOSECONDS;
    size_t begin = begin_block(b, BLOCK_INTERFACE);
    put(b, 2, (uint64_t)linktype);
    put(b, 2, 0);
    put(b, 4, snaplen);
    put_text(b, OPTION_IF_NAME, slice_str(name));
    put_option(b, OPTION_IF_TSRESOL, slice_of(&resolution, 1));
    end_options(b);
    end_block(b, begin);
}

void pcapng_write_packet(struct buf *b, const struct pcapng_packet *p,
                         const struct pcapng_texts *comments)
{
    size_t begin = begin_block(b, BLOCK_PACKET);
    put(b, 4, p->interface);
    put_time(b, p->ts_ns);
    put(b, 4, p->bytes.len);
    put(b, 4, p->wire_len);
    put_padded(b, p->bytes);
    put_comments(b, comments);
    if (p->id)
        put_number(b, OPTION_EPB_PACKETID, p->id);
    if (p->id || comments->count > 0)
        end_options(b);
    end_block(b, begin);
}

void pcapng_write_statistics(struct buf *b, uint32_t interface, const struct pcapng_statistics *s)
{
    size_t begin = begin_block(b, BLOCK_STATISTICS);
    put(b, 4, interface);
    put_time(b, s->end_ns);
    put(b, 2, OPTION_ISB_ENDTIME);
    put(b, 2, 8);
    put_time(b, s->end_ns);
    put_number(b, OPTION_ISB_OSDROP, s->drops);
    put_number(b, OPTION_ISB_USRDELIV, s->packets);
    end_options(b);
    end_block(b, begin);
}
