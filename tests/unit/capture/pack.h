/*
 * tests/unit/capture/pack: compresses what the tests read.
 * SPDX-License-Identifier: MIT
 */
#ifndef PACK_H
#define PACK_H

#include <zlib.h>
#ifdef HAVE_LIBZSTD
#include <zstd.h>
#endif
#ifdef HAVE_LIBLZ4
#include <lz4frame.h>
#endif

#include "files.h"

struct packer {
    const char *name;                               /* as in messages */
    void (*pack)(struct buf *out, struct slice in); /* appends one member */
    const char *skippable;                          /* a member without content */
    size_t skippable_len;
};

static inline void pack_gzip(struct buf *out, struct slice in)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)in.data, .avail_in = (uInt)in.len};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t bound = deflateBound(&z, (uLong)in.len);
    assert_true(buf_reserve(out, bound));
    z.next_out = (Bytef *)out->data + out->len;
    z.avail_out = (uInt)bound;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->len += bound - z.avail_out;
    (void)deflateEnd(&z);
}

#ifdef HAVE_LIBZSTD
static inline void pack_zstd(struct buf *out, struct slice in)
{
    size_t bound = ZSTD_compressBound(in.len);
    assert_true(buf_reserve(out, bound));
    size_t len = ZSTD_compress(out->data + out->len, bound, in.data, in.len, 3);
    assert_false(ZSTD_isError(len));
    out->len += len;
}
#endif

#ifdef HAVE_LIBLZ4
static inline void pack_lz4(struct buf *out, struct slice in)
{
    /* As the command line tool does: with a check sum over the content. */
    const LZ4F_preferences_t how = {
        .frameInfo = {.contentChecksumFlag = LZ4F_contentChecksumEnabled}};
    size_t bound = LZ4F_compressFrameBound(in.len, &how);
    assert_true(buf_reserve(out, bound));
    size_t len = LZ4F_compressFrame(out->data + out->len, bound, in.data, in.len, &how);
    assert_false(LZ4F_isError(len));
    out->len += len;
}
#endif

/* Those that the build has. */
static const struct packer packers[] = {
    /* An empty member, with a file name as gzip(1) writes it. */
    {"gzip", pack_gzip, "\x1f\x8b\x08\x08\0\0\0\0\0\3a.pcap\0\3\0\0\0\0\0\0\0\0\0", 27},
#ifdef HAVE_LIBZSTD
    {"Zstandard", pack_zstd, "\x53\x2a\x4d\x18\3\0\0\0abc", 11},
#endif
#ifdef HAVE_LIBLZ4
    {"LZ4", pack_lz4, "\x53\x2a\x4d\x18\3\0\0\0abc", 11},
#endif
};

#define PACKER_COUNT (sizeof packers / sizeof *packers)

#endif
