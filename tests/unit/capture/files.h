/*
 * tests/unit/capture/files: small captures written byte by byte into a folder of their own.
 * SPDX-License-Identifier: MIT
 */
#ifndef FILES_H
#define FILES_H

#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "capture/capture.h"
#include "unit.h"

#define T0 1700000000

enum order {
    LITTLE,
    BIG
};

struct fixture {
    char folder[64];
    char path[4][96]; /* of the files the tests write */
    struct buf b;     /* the file under construction */
};

static inline int setup(void **state)
{
    static struct fixture fx;
    fx = (struct fixture){.folder = "/tmp/capture-test-XXXXXX"};
    assert_non_null(mkdtemp(fx.folder));
    for (int i = 0; i < 4; i++) {
        memcpy(fx.path[i], fx.folder, strlen(fx.folder));
        memcpy(&fx.path[i][strlen(fx.folder)], "/0.pcap", sizeof "/0.pcap");
        fx.path[i][strlen(fx.folder) + 1] = (char)('0' + i);
    }
    buf_init(&fx.b);
    *state = &fx;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *fx = *state;
    buf_clear(&fx->b);
    for (int i = 0; i < 4; i++)
        (void)unlink(fx->path[i]);
    return rmdir(fx->folder);
}

/* ---- writing ------------------------------------------------------------------------------------ */

static inline void put(struct buf *b, enum order order, unsigned size, uint32_t value)
{
    for (unsigned i = 0; i < size; i++)
        buf_char(b, (char)(value >> 8 * (order == LITTLE ? i : size - 1 - i)));
}

static inline void put_header(struct buf *b, enum order order, uint32_t magic, uint32_t network)
{
    put(b, order, 4, magic);
    put(b, order, 2, 2);
    put(b, order, 2, 4);
    put(b, order, 4, 0);
    put(b, order, 4, 0);
    put(b, order, 4, 262144);
    put(b, order, 4, network);
}

/* A record of `len` bytes, each `fill`, that was `wire_len` bytes long. */
static inline void put_record(struct buf *b, enum order order, uint32_t second, uint32_t fraction,
                              uint32_t len, uint32_t wire_len, char fill)
{
    put(b, order, 4, second);
    put(b, order, 4, fraction);
    put(b, order, 4, len);
    put(b, order, 4, wire_len);
    for (uint32_t i = 0; i < len; i++)
        buf_char(b, fill);
}

static inline void simple_record(struct buf *b, uint32_t second, char fill)
{
    put_record(b, LITTLE, T0 + second, 0, 20, 20, fill);
}

static inline void write_bytes(const char *path, const void *data, size_t len)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

/* Writes what was put so far as file number `index` and begins anew. */
static inline const char *save(struct fixture *fx, int index)
{
    assert_false(fx->b.failed);
    write_bytes(fx->path[index], fx->b.data, fx->b.len);
    buf_reset(&fx->b);
    return fx->path[index];
}

static inline void begin(struct fixture *fx)
{
    put_header(&fx->b, LITTLE, 0xa1b2c3d4, 1);
}

/* ---- reading ------------------------------------------------------------------------------------ */

static inline struct capture *open_with(const char *name, const char *filter)
{
    struct err err = {"", ""};
    const struct capture_options options = {.filter = filter};
    struct capture *c = capture_open(&name, 1, &options, &err);
    if (!c)
        fail_msg("%s: %s", err.where, err.text);
    return c;
}

static inline void assert_one_line(const struct err *e)
{
    assert_true(strlen(e->text) > 10);
    assert_null(strchr(e->text, '\n'));
    assert_int_not_equal(e->text[strlen(e->text) - 1], '.');
}

/* Opening fails, with a word of `expected` in the text. */
static inline void assert_refused(const char *name, const char *expected)
{
    struct err err = {"", ""};
    struct capture *c = capture_open(&name, 1, NULL, &err);
    assert_null(c);
    assert_one_line(&err);
    assert_non_null(strstr(err.text, expected));
    assert_string_equal(err.where, strcmp(name, "-") ? name : "standard input");
}

/* First bytes of the frames left, as text. */
static inline const char *drain(struct capture *c, char out[64])
{
    struct frame f;
    size_t n = 0;
    while (capture_next(c, &f) && n < 63)
        out[n++] = f.bytes.len ? (char)f.bytes.data[0] : '0';
    out[n] = '\0';
    assert_false(capture_next(c, &f)); /* the end stays the end */
    return out;
}

/* ---- pcapng ------------------------------------------------------------------------------------- */

/* A block of a little-endian pcapng file. */
static inline void put_block(struct buf *b, uint32_t type, const void *body, uint32_t len)
{
    uint32_t padded = (len + 3) & ~3U;
    put(b, LITTLE, 4, type);
    put(b, LITTLE, 4, padded + 12);
    buf_bytes(b, body, len);
    buf_bytes(b, "\0\0\0", padded - len);
    put(b, LITTLE, 4, padded + 12);
}

static inline void put_section(struct buf *b)
{
    put_block(b, 0x0a0d0d0a, "\x4d\x3c\x2b\x1a\x01\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff",
              16);
}

/* Time stamps in nanoseconds. */
static inline void put_interface(struct buf *b, uint8_t linktype)
{
    char body[20] = {(char)linktype, 0, 0, 0, 0, 0, 4, 0, 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0};
    put_block(b, 1, body, sizeof body);
}

static inline void put_packet(struct buf *b, uint8_t interface, uint64_t ts_ns, const char *data)
{
    struct buf body;
    buf_init(&body);
    put(&body, LITTLE, 4, interface);
    put(&body, LITTLE, 4, (uint32_t)(ts_ns >> 32));
    put(&body, LITTLE, 4, (uint32_t)ts_ns);
    put(&body, LITTLE, 4, (uint32_t)strlen(data));
    put(&body, LITTLE, 4, 1000);
    buf_str(&body, data);
    put_block(b, 6, body.data, (uint32_t)body.len);
    buf_clear(&body);
}

#endif
