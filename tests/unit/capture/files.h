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
    if (capture_file(c, 0)->unread)
        fail_msg("%s: %s", name, capture_file(c, 0)->damage.text);
    return c;
}

static inline void assert_one_line(const struct err *e)
{
    assert_true(strlen(e->text) > 10);
    assert_null(strchr(e->text, '\n'));
    assert_int_not_equal(e->text[strlen(e->text) - 1], '.');
}

/* Nothing of the file can be read, with a word of `expected` in the text. */
static inline void assert_refused(const char *name, const char *expected)
{
    struct err err = {"", ""};
    struct capture *c = capture_open(&name, 1, NULL, &err);
    assert_non_null(c);
    const struct capture_file *file = capture_file(c, 0);
    struct frame f;
    assert_false(capture_next(c, &f));
    assert_true(file->unread);
    assert_true(file->damaged);
    assert_one_line(&file->damage);
    if (!strstr(file->damage.text, expected))
        fail_msg("%s: no \"%s\"", file->damage.text, expected);
    assert_string_equal(file->damage.where, strcmp(name, "-") ? name : "standard input");
    assert_string_equal(file->name, name);
    assert_int_equal(file->packets, 0);
    assert_int_equal(file->interface_count, 0);
    capture_close(c);
}

/* The file is damaged, with a word of `expected` in the text; what could be read was. */
static inline void assert_damaged(const struct capture *c, const char *expected)
{
    const struct capture_file *file = capture_file(c, 0);
    assert_true(file->damaged);
    assert_false(file->unread);
    assert_one_line(&file->damage);
    if (!strstr(file->damage.text, expected))
        fail_msg("%s: no \"%s\"", file->damage.text, expected);
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

#endif
