/*
 * tests/fuzz/capture: capture files of every format, compressed or not.
 * SPDX-License-Identifier: MIT
 *
 * Input: the file. It is read alone, three times at once (other block sizes, merging), and, where something could
 * be read of it, compressed: frames are the same each way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "capture/capture.h"
#include "fuzz.h"

struct seen {
    uint64_t frames;
    uint64_t sum;
    uint64_t drops;
    int64_t ended_ns;
    bool unread;
    bool damaged;
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

static uint64_t sum_of(const void *bytes, size_t len)
{
    uint64_t sum = len;
    for (size_t i = 0; i < len; i++)
        sum = sum * 31 + ((const uint8_t *)bytes)[i];
    return sum;
}

/* Everything that is told of a file can be read. */
static void look_at_file(const struct capture_file *file)
{
    require(file->interface_count <= CAPTURE_INTERFACES_MAX);
    require(file->comment_count <= CAPTURE_COMMENTS_MAX);
    uint64_t packets = 0;
    for (uint32_t i = 0; i < file->interface_count; i++) {
        const struct capture_interface *interface = &file->interfaces[i];
        require(strlen(interface->name) <= 256 && strlen(interface->description) <= 256);
        require(interface->inbound + interface->outbound <= interface->packets + 1);
        packets += interface->packets;
    }
    require(packets <= file->packets);
    for (uint32_t i = 0; i < file->comment_count; i++)
        require(file->comments[i].text[0] != '\0');
    require(!file->damaged || (file->damage.text[0] && !strchr(file->damage.text, '\n')));
    require(!file->unread || (file->damaged && file->packets == 0));
}

static void look_at_frame(const struct frame *f, const struct capture_file *file)
{
    require(f->bytes.len <= f->wire_len && f->at.frame > 0);
    require(f->interface < file->interface_count || f->interface == CAPTURE_INTERFACES_MAX);
}

/* Reads `count` times the same file at once; what came of the last. */
static struct seen read_file(const char *path, unsigned count)
{
    const char *names[] = {path, path, path};
    struct err err;
    struct capture *c = capture_open(names, count, NULL, &err);
    require(c != NULL);
    struct seen seen = {0, 0, 0, 0, false, false};
    struct frame f;
    uint32_t last = 0;
    while (capture_next(c, &f)) {
        const struct capture_file *file = capture_file(c, f.at.file);
        look_at_frame(&f, file);
        if (f.at.file != count - 1)
            continue;
        require(f.at.frame > last);
        last = f.at.frame;
        seen.frames++;
        seen.sum = seen.sum * 31 + sum_of(f.bytes.data, f.bytes.len) + (uint64_t)f.at.ts_ns +
                   f.at.frame + f.wire_len + f.group + f.interface + (uint64_t)f.linktype;
    }
    require(!capture_next(c, &f));
    const struct capture_file *file = capture_file(c, count - 1);
    look_at_file(file);
    require(file->packets == seen.frames);
    seen.drops = file->kernel_drops;
    seen.ended_ns = file->ended_ns;
    seen.unread = file->unread;
    seen.damaged = file->damaged;
    capture_close(c);
    return seen;
}

static void require_same(const struct seen *a, const struct seen *b)
{
    require(a->frames == b->frames && a->sum == b->sum && a->drops == b->drops);
    require(a->unread == b->unread && a->damaged == b->damaged && a->ended_ns == b->ended_ns);
}

/* A file with these bytes, and a path to it. */
static FILE *file_of(const uint8_t *data, size_t size, char path[32])
{
    FILE *f = tmpfile();
    require(f && fwrite(data, 1, size, f) == size && fflush(f) == 0);
    snprintf(path, 32, "/dev/fd/%d", fileno(f));
    return f;
}

static struct seen read_compressed(const uint8_t *data, size_t size)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)size};
    require(deflateInit2(&z, 1, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    size_t bound = deflateBound(&z, (uLong)size);
    uint8_t *packed = malloc(bound);
    require(packed != NULL);
    z.next_out = packed;
    z.avail_out = (uInt)bound;
    require(deflate(&z, Z_FINISH) == Z_STREAM_END);
    char path[32];
    FILE *f = file_of(packed, bound - z.avail_out, path);
    struct seen seen = read_file(path, 1);
    fclose(f);
    free(packed);
    deflateEnd(&z);
    return seen;
}

static bool is_compressed(const uint8_t *data, size_t size)
{
    return size >= 4 && (data[0] == 0x1f || data[0] == 0x28 || data[0] == 0x04 || data[3] == 0x18);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[32];
    FILE *f = file_of(data, size, path);
    struct seen alone = read_file(path, 1);
    struct seen merged = read_file(path, 3);
    require_same(&alone, &merged);
    fclose(f);
    if (!alone.unread && !is_compressed(data, size)) {
        struct seen compressed = read_compressed(data, size);
        require_same(&alone, &compressed);
    }
    return 0;
}
