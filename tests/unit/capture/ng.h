/*
 * tests/unit/capture/ng: pcapng files, block by block, in either byte order.
 * SPDX-License-Identifier: MIT
 *
 *     ng_begin(&n);
 *     ng_u32(&n, 0); ...            the block's body
 *     ng_option(&n, 1, "text", 4);
 *     ng_end(&n, NG_PACKET);        padded, with its length on both sides
 */
#ifndef NG_H
#define NG_H

#include "files.h"

#define NG_SECTION    0x0a0d0d0aU
#define NG_INTERFACE  1
#define NG_OLD_PACKET 2
#define NG_SIMPLE     3
#define NG_NAMES      4
#define NG_STATISTICS 5
#define NG_PACKET     6
#define NG_JOURNAL    9
#define NG_SECRETS    0xa
#define NG_CUSTOM     0xbad

#define NS0 (T0 * 1000000000ULL)

struct ng {
    struct buf *out;
    enum order order;
    struct buf body;
};

static inline struct ng ng_to(struct buf *out, enum order order)
{
    struct ng n = {.out = out, .order = order};
    buf_init(&n.body);
    return n;
}

static inline void ng_begin(struct ng *n)
{
    buf_init(&n->body);
}

static inline void ng_u16(struct ng *n, uint32_t value)
{
    put(&n->body, n->order, 2, value);
}

static inline void ng_u32(struct ng *n, uint32_t value)
{
    put(&n->body, n->order, 4, value);
}

static inline void ng_u64(struct ng *n, uint64_t value)
{
    ng_u32(n, (uint32_t)(n->order == LITTLE ? value : value >> 32));
    ng_u32(n, (uint32_t)(n->order == LITTLE ? value >> 32 : value));
}

/* The upper half first, in either order. */
static inline void ng_ticks(struct ng *n, uint64_t ticks)
{
    ng_u32(n, (uint32_t)(ticks >> 32));
    ng_u32(n, (uint32_t)ticks);
}

static inline void ng_padded(struct ng *n, const void *data, size_t len)
{
    buf_bytes(&n->body, data, len);
    buf_bytes(&n->body, "\0\0\0", -len & 3);
}

static inline void ng_option(struct ng *n, uint32_t code, const void *data, size_t len)
{
    ng_u16(n, code);
    ng_u16(n, (uint32_t)len);
    ng_padded(n, data, len);
}

static inline void ng_text_option(struct ng *n, uint32_t code, const char *text)
{
    ng_option(n, code, text, strlen(text));
}

static inline void ng_u32_option(struct ng *n, uint32_t code, uint32_t value)
{
    ng_u16(n, code);
    ng_u16(n, 4);
    ng_u32(n, value);
}

static inline void ng_u64_option(struct ng *n, uint32_t code, uint64_t value)
{
    ng_u16(n, code);
    ng_u16(n, 8);
    ng_u64(n, value);
}

/* Writes the block and frees its body. */
static inline void ng_end(struct ng *n, uint32_t type)
{
    uint32_t padded = ((uint32_t)n->body.len + 3) & ~3U;
    put(n->out, n->order, 4, type);
    put(n->out, n->order, 4, padded + 12);
    buf_bytes(n->out, n->body.data, n->body.len);
    buf_bytes(n->out, "\0\0\0", padded - n->body.len);
    put(n->out, n->order, 4, padded + 12);
    buf_clear(&n->body);
}

/* ---- common blocks ------------------------------------------------------------------------------ */

/* The front of a section header, to which options may be added. */
static inline void ng_begin_section(struct ng *n)
{
    ng_begin(n);
    ng_u32(n, 0x1a2b3c4d);
    ng_u16(n, 1);
    ng_u16(n, 0);
    ng_u64(n, UINT64_MAX);
}

static inline void ng_section(struct ng *n)
{
    ng_begin_section(n);
    ng_end(n, NG_SECTION);
}

static inline void ng_begin_interface(struct ng *n, uint32_t linktype, uint32_t snaplen)
{
    ng_begin(n);
    ng_u16(n, linktype);
    ng_u16(n, 0);
    ng_u32(n, snaplen);
}

/* Time stamps in nanoseconds. */
static inline void ng_interface(struct ng *n, uint32_t linktype)
{
    ng_begin_interface(n, linktype, 0);
    ng_option(n, 9, "\x09", 1);
    ng_option(n, 0, "", 0);
    ng_end(n, NG_INTERFACE);
}

/* The front of a packet, to which options may be added; it was 1000 bytes long. */
static inline void ng_begin_packet(struct ng *n, uint32_t interface, uint64_t ticks,
                                   const char *data)
{
    ng_begin(n);
    ng_u32(n, interface);
    ng_ticks(n, ticks);
    ng_u32(n, (uint32_t)strlen(data));
    ng_u32(n, 1000);
    ng_padded(n, data, strlen(data));
}

static inline void ng_packet(struct ng *n, uint32_t interface, uint64_t ticks, const char *data)
{
    ng_begin_packet(n, interface, ticks, data);
    ng_end(n, NG_PACKET);
}

/* A section with one Ethernet interface. */
static inline struct ng ng_start(struct fixture *fx, enum order order)
{
    struct ng n = ng_to(&fx->b, order);
    ng_section(&n);
    ng_interface(&n, 1);
    return n;
}

static inline void ng_simple_packet(struct ng *n, uint32_t wire_len, const char *data)
{
    ng_begin(n);
    ng_u32(n, wire_len);
    ng_padded(n, data, strlen(data));
    ng_end(n, NG_SIMPLE);
}

static inline void ng_old_packet(struct ng *n, uint32_t interface, uint32_t drops, const char *data)
{
    ng_begin(n);
    ng_u16(n, interface);
    ng_u16(n, drops);
    ng_ticks(n, NS0);
    ng_u32(n, (uint32_t)strlen(data));
    ng_u32(n, 99);
    ng_padded(n, data, strlen(data));
    ng_u32_option(n, 2, 2);
    ng_option(n, 0, "", 0);
    ng_end(n, NG_OLD_PACKET);
}

static inline void ng_named_interface(struct ng *n, uint32_t linktype, const char *name,
                                      const char *description)
{
    ng_begin_interface(n, linktype, 96);
    if (name)
        ng_text_option(n, 2, name);
    if (description)
        ng_text_option(n, 3, description);
    ng_option(n, 0, "", 0);
    ng_end(n, NG_INTERFACE);
}

static inline void ng_statistics(struct ng *n, uint32_t interface, uint64_t ifdrop, uint64_t osdrop)
{
    ng_begin(n);
    ng_u32(n, interface);
    ng_ticks(n, NS0);
    ng_u64_option(n, 4, 1000); /* received: no matter */
    ng_u64_option(n, 5, ifdrop);
    ng_u64_option(n, 7, osdrop);
    ng_option(n, 0, "", 0);
    ng_end(n, NG_STATISTICS);
}

static inline void ng_block_of(struct ng *n, uint32_t type, const char *text)
{
    ng_begin(n);
    ng_padded(n, text, strlen(text));
    ng_end(n, type);
}

/* ---- reading ------------------------------------------------------------------------------------ */

static inline struct frame next(struct capture *c)
{
    struct frame f;
    assert_true(capture_next(c, &f));
    return f;
}

static inline void assert_whole(struct capture *c)
{
    struct frame f;
    assert_false(capture_next(c, &f));
    if (capture_file(c, 0)->damaged)
        fail_msg("%s", capture_file(c, 0)->damage.text);
    capture_close(c);
}

#endif
