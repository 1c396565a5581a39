/*
 * capture/source: opens captures and finds their format.
 * SPDX-License-Identifier: MIT
 *
 * The first four bytes tell a compressed file, and pcapng from all others; names tell nothing.
 */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC_LEN    4
#define MAGIC_PCAPNG 0x0a0d0d0aU

#define HOW_SIZE 128

#define ADVICE_AGAIN "the report covers what was read; capture again or repair it with pcapfix"
#define ADVICE_COPY  "the report covers what was read; copy the file again"
#define ADVICE_EACH  "the report covers what was read; name each file on its own"
#define ADVICE_DISK  "the report covers what was read; check the file and its disk"

/* ---- damage ------------------------------------------------------------------------------------- */

/* Positions in a compressed file are positions in what it unpacks to. */
static const char *unit(const struct source *s)
{
    return s->intake.unpack ? " unpacked" : "";
}

/* Nothing more comes of the file, for the reason `how`. */
static bool end_damaged(struct source *s, const char *how, const char *advice)
{
    char before[48] = "";
    if (s->spoilt.count > 0)
        (void)snprintf(before, sizeof before, "; %u broken blocks before it", s->spoilt.count);
    s->file.damaged = true;
    err_set(&s->file.damage, s->where, "%s after packet %llu (byte offset %llu%s%s): %s", how,
            (unsigned long long)s->file.packets, (unsigned long long)s->position, unit(s), before,
            advice);
    intake_stop(&s->intake);
    return false;
}

static void end_unpacking(struct source *s)
{
    const struct unpack *u = s->intake.unpack;
    s->file.damaged = true;
    err_set(&s->file.damage, s->where,
            "its %s data ends at byte offset %llu (%s) after packet %llu: " ADVICE_COPY,
            u->packing->name, (unsigned long long)unpack_position(u), u->trouble,
            (unsigned long long)s->file.packets);
    intake_stop(&s->intake);
}

/* Said at the first one, and again at the end, when their number is known. */
static void tell_spoilt(struct source *s)
{
    char more[32] = "";
    if (s->spoilt.count > 1)
        (void)snprintf(more, sizeof more, ", and %u more later", s->spoilt.count - 1);
    s->file.damaged = true;
    err_set(&s->file.damage, s->where,
            "broken (%s) after packet %llu (byte offset %llu%s)%s: the report covers the rest; "
            "capture again",
            s->spoilt.what, (unsigned long long)s->spoilt.packets,
            (unsigned long long)s->spoilt.position, unit(s), more);
}

bool source_end(struct source *s)
{
    const struct intake *in = &s->intake;
    char how[HOW_SIZE];
    char reason[ERR_REASON_SIZE];
    if (s->over || in->pinned)
        return false;
    s->over = true;
    if (in->error == ENOMEM)
        return end_damaged(s, "not read any further (out of memory)", ADVICE_AGAIN);
    if (in->error != 0) {
        (void)snprintf(how, sizeof how, "cannot be read any further (%s)",
                       err_reason(in->error, reason));
        return end_damaged(s, how, ADVICE_DISK);
    }
    if (in->unpack && in->unpack->trouble)
        end_unpacking(s);
    else if (cur_left(&in->unread) > 0)
        return end_damaged(s, "cut off", ADVICE_AGAIN);
    else if (s->spoilt.count > 1)
        tell_spoilt(s);
    return false;
}

bool source_broken(struct source *s, const char *format, ...)
{
    char what[SPOILT_SIZE];
    char how[HOW_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    (void)snprintf(how, sizeof how, "broken (%s)", what);
    s->over = true;
    return end_damaged(s, how, ADVICE_AGAIN);
}

bool source_followed(struct source *s, const char *format)
{
    char how[HOW_SIZE];
    (void)snprintf(how, sizeof how, "a %s file begins", format);
    s->over = true;
    return end_damaged(s, how, ADVICE_EACH);
}

void source_spoilt(struct source *s, const char *format, ...)
{
    if (s->spoilt.count++ > 0)
        return;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(s->spoilt.what, sizeof s->spoilt.what, format, args);
    va_end(args);
    s->spoilt.packets = s->file.packets;
    s->spoilt.position = s->position;
    tell_spoilt(s);
}

/* ---- opening ------------------------------------------------------------------------------------ */

static void fail_errno(struct err *err, const char *where, int code)
{
    char reason[ERR_REASON_SIZE];
    const char *hint = code == ENOMEM                     ? "close other programs"
                       : code == ENOENT                   ? "check the path"
                       : code == EACCES || code == EPERM  ? "give yourself read permission"
                       : code == EMFILE || code == ENFILE ? "raise the limit with ulimit -n"
                                                          : "check the file and its disk";
    err_set(err, where, "cannot be read: %s; %s", err_reason(code, reason), hint);
}

static int open_input(const char *name, const char *where, struct err *err)
{
    bool is_stdin = strcmp(name, "-") == 0;
    if (is_stdin && isatty(STDIN_FILENO)) {
        err_set(err, where, "is a terminal; pipe a capture into it");
        return -1;
    }
    int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fail_errno(err, where, errno);
    return fd;
}

/* What the descriptor is; its size, 0 for pipes. */
static bool examine(int fd, const char *where, uint64_t *size, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        fail_errno(err, where, errno);
        return false;
    }
    if (S_ISDIR(st.st_mode)) {
        err_set(err, where, "is a directory; name the capture files in it");
        return false;
    }
    *size = S_ISREG(st.st_mode) && st.st_size > 0 ? (uint64_t)st.st_size : 0;
    return true;
}

/* Makes the first bytes visible, as many as there are up to a magic number's. */
static uint32_t read_magic(struct intake *in)
{
    while (cur_left(&in->unread) < MAGIC_LEN && intake_more(in, MAGIC_LEN))
        continue;
    struct cursor look = in->unread;
    return cur_be32(&look);
}

/* Unpacks from here on; the first bytes are then those of the capture. */
static bool begin_unpacking(struct intake *in, const struct packing *packing, const char *where,
                            struct err *err)
{
    if (!packing->codec()) {
        err_set(err, where,
                "is compressed (%s), and this oobescope was built without %s; unpack it first with "
                "%s",
                packing->name, packing->library, packing->tool);
        return false;
    }
    if (!intake_unpack(in, packing)) {
        fail_errno(err, where, ENOMEM);
        return false;
    }
    const struct packing *inner = packing_of(read_magic(in));
    if (inner) {
        err_set(err, where, "is compressed twice (%s within %s); unpack it once with %s",
                inner->name, packing->name, packing->tool);
        return false;
    }
    if (cur_left(&in->unread) < MAGIC_LEN && in->unpack->trouble) {
        err_set(err, where, "is %s without content: ends at byte offset %llu (%s); copy it again",
                packing->name, (unsigned long long)unpack_position(in->unpack),
                in->unpack->trouble);
        return false;
    }
    return true;
}

/* The reader that knows the first four bytes; the classic one knows what else people name. */
static struct source *open_format(struct intake *in, const char *where, struct err *err)
{
    const struct packing *packing = packing_of(read_magic(in));
    if (packing && !begin_unpacking(in, packing, where, err))
        return NULL;
    if (in->error != 0) {
        fail_errno(err, where, in->error);
        return NULL;
    }
    if (cur_left(&in->unread) == 0) {
        err_set(err, where, "is empty%s, not even a file header; capture again",
                packing ? " within its compression" : " (0 bytes)");
        return NULL;
    }
    return read_magic(in) == MAGIC_PCAPNG ? pcapng_open(in, where, err)
                                          : classic_open(in, where, err);
}

static struct source *open_intake(int fd, const char *where, size_t block, struct err *err)
{
    struct intake in;
    if (!intake_init(&in, fd, block)) {
        fail_errno(err, where, ENOMEM);
        return NULL;
    }
    struct source *s = open_format(&in, where, err);
    if (!s)
        intake_clear(&in);
    return s;
}

static struct source *open_file(const char *name, const char *where, size_t block, struct err *err)
{
    int fd = open_input(name, where, err);
    if (fd < 0)
        return NULL;
    uint64_t size = 0;
    struct source *s = examine(fd, where, &size, err) ? open_intake(fd, where, block, err) : NULL;
    if (!s) {
        (void)close(fd);
        return NULL;
    }
    s->size = size;
    return s;
}

/* ---- files that cannot be read -------------------------------------------------------------------- */

static bool none_next(struct source *s, struct frame *out)
{
    (void)s;
    (void)out;
    return false;
}

static void none_free(struct source *s)
{
    free(s);
}

static struct source *none_open(const char *where, const struct err *err)
{
    struct source *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    *s = (struct source){.next = none_next, .free = none_free, .where = where, .over = true};
    s->intake.fd = -1;
    s->file.damaged = true;
    s->file.unread = true;
    s->file.damage = *err;
    return s;
}

struct source *source_open(const char *name, size_t block)
{
    const char *where = strcmp(name, "-") == 0 ? "standard input" : name;
    struct err err;
    struct source *s = open_file(name, where, block, &err);
    if (!s)
        s = none_open(where, &err);
    if (s)
        s->file.name = name;
    return s;
}

void source_close(struct source *s)
{
    if (!s)
        return;
    if (s->intake.fd >= 0)
        (void)close(s->intake.fd);
    intake_clear(&s->intake);
    s->free(s);
}
