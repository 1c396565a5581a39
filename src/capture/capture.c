/*
 * capture/capture: frames of one or several sources in time order.
 * SPDX-License-Identifier: MIT
 *
 * Each source shows its next frame; a heap holds the sources by its time. A source moves on only when
 * the caller comes back for more, so the frame handed out stays where it is. A single source is read
 * without any of this, and gives several frames of a block at once.
 */
#include "capture/capture.h"

#include <stdlib.h>

#include "filter.h"
#include "source.h"

/* One file is read in blocks that leave most of a core's cache to the tables; of many, all blocks together
 * should stay small. */
#define BLOCK_ONE  (128 * 1024)
#define BLOCK_MANY (64 * 1024)

/* Progress is told once in so many batches. */
#define PROGRESS_BATCHES 1024

/* A filter is checked against this where a file has no interface yet. */
#define LINKTYPE_ETHERNET 1

struct input {
    struct source *source;
    struct frame head; /* what it shows, while it is in the heap */
};

struct capture {
    struct input *inputs;
    unsigned count;
    const struct capture_file **files;
    unsigned *heap; /* of indexes of inputs, the earliest first */
    unsigned heap_len;
    bool started;
    unsigned until_progress;
    struct filter *filter; /* or NULL */
    struct capture_options options;
};

/* ---- opening ------------------------------------------------------------------------------------ */

void capture_close(struct capture *c)
{
    if (!c)
        return;
    for (unsigned i = 0; c->inputs && i < c->count; i++)
        source_close(c->inputs[i].source);
    filter_free(c->filter);
    free(c->inputs);
    free(c->files);
    free(c->heap);
    free(c);
}

static bool check_names(const char *const *names, unsigned count, struct err *err)
{
    if (count == 0 || count > CAPTURE_FILES_MAX) {
        err_set(err, NULL, "1 to %d capture files can be read at once, not %u", CAPTURE_FILES_MAX,
                count);
        return false;
    }
    unsigned stdins = 0;
    for (unsigned i = 0; i < count; i++)
        stdins += strcmp(names[i], "-") == 0;
    if (stdins > 1)
        err_set(err, "-", "standard input can be read only once");
    return stdins <= 1;
}

static bool open_input(struct capture *c, unsigned index, const char *name, struct err *err)
{
    struct input *in = &c->inputs[index];
    in->source = source_open(name, c->count == 1 ? BLOCK_ONE : BLOCK_MANY);
    if (!in->source) {
        err_set(err, name, "cannot be read: out of memory");
        return false;
    }
    c->files[index] = &in->source->file;
    in->head.at.file = index;
    if (!c->filter)
        return true;
    const struct capture_file *file = &in->source->file;
    return filter_compile(
        c->filter, file->interface_count > 0 ? file->interfaces[0].linktype : LINKTYPE_ETHERNET,
        err);
}

struct capture *capture_open(const char *const *names, unsigned count,
                             const struct capture_options *options, struct err *err)
{
    if (!check_names(names, count, err))
        return NULL;
    struct capture *c = calloc(1, sizeof *c);
    if (c) {
        c->inputs = calloc(count, sizeof *c->inputs);
        c->files = calloc(count, sizeof(const struct capture_file *));
        c->heap = calloc(count, sizeof *c->heap);
    }
    if (!c || !c->inputs || !c->files || !c->heap) {
        err_set(err, NULL, "out of memory");
        capture_close(c);
        return NULL;
    }
    c->count = count;
    c->until_progress = PROGRESS_BATCHES;
    if (options)
        c->options = *options;
    if (c->options.filter) {
        c->filter = filter_new(c->options.filter, err);
        if (!c->filter) {
            capture_close(c);
            return NULL;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        if (!open_input(c, i, names[i], err)) {
            capture_close(c);
            return NULL;
        }
    }
    return c;
}

struct capture *capture_view(const struct capture_file *const *files, unsigned count)
{
    struct capture *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->count = count;
    c->files = calloc(count + 1, sizeof(const struct capture_file *));
    if (!c->files) {
        capture_close(c);
        return NULL;
    }
    for (unsigned i = 0; i < count; i++)
        c->files[i] = files[i];
    return c;
}

/* ---- order -------------------------------------------------------------------------------------- */

/* The next frame that passes the filter. */
static inline bool input_next(struct capture *c, struct input *in, struct frame *out)
{
    while (in->source->next(in->source, out)) {
        if (!c->filter || filter_match(c->filter, out))
            return true;
    }
    return false;
}

static bool before(const struct capture *c, unsigned a, unsigned b)
{
    int64_t time_a = c->inputs[a].head.at.ts_ns;
    int64_t time_b = c->inputs[b].head.at.ts_ns;
    return time_a != time_b ? time_a < time_b : a < b;
}

/* Lets the heap's entry at `at` sink to its place. */
static void sink(struct capture *c, unsigned at)
{
    unsigned moving = c->heap[at];
    for (unsigned child = 2 * at + 1; child < c->heap_len; child = 2 * at + 1) {
        if (child + 1 < c->heap_len && before(c, c->heap[child + 1], c->heap[child]))
            child++;
        if (!before(c, c->heap[child], moving))
            break;
        c->heap[at] = c->heap[child];
        at = child;
    }
    c->heap[at] = moving;
}

static void start(struct capture *c)
{
    c->started = true;
    for (unsigned i = 0; i < c->count; i++) {
        if (input_next(c, &c->inputs[i], &c->inputs[i].head))
            c->heap[c->heap_len++] = i;
    }
    for (unsigned at = c->heap_len / 2; at-- > 0;)
        sink(c, at);
}

static bool merge_next(struct capture *c, struct frame *out)
{
    if (!c->started) {
        start(c);
    } else if (c->heap_len > 0) {
        struct input *given = &c->inputs[c->heap[0]];
        if (!input_next(c, given, &given->head))
            c->heap[0] = c->heap[--c->heap_len];
        if (c->heap_len > 0)
            sink(c, 0);
    }
    if (c->heap_len == 0)
        return false;
    *out = c->inputs[c->heap[0]].head;
    return true;
}

static void tell_progress(struct capture *c)
{
    c->until_progress = PROGRESS_BATCHES;
    if (!c->options.progress)
        return;
    uint64_t done = 0;
    uint64_t total = 0;
    for (unsigned i = 0; i < c->count; i++) {
        done += c->inputs[i].source->intake.taken;
        total += c->inputs[i].source->size;
    }
    c->options.progress(c->options.progress_ctx, done, total);
}

/* The first frame may need another block; those behind it come from the same one. */
static size_t batch_of_one_file(struct capture *c, struct frame *out, size_t max)
{
    struct input *in = &c->inputs[0];
    size_t n = 0;
    for (; n < max; n++) {
        in->source->intake.pinned = n > 0;
        out[n].at.file = 0;
        if (!input_next(c, in, &out[n]))
            break;
    }
    in->source->intake.pinned = false;
    return n;
}

size_t capture_batch(struct capture *c, struct frame *out, size_t max)
{
    if (--c->until_progress == 0)
        tell_progress(c);
    return c->count > 1 ? merge_next(c, out) : batch_of_one_file(c, out, max);
}

unsigned capture_file_count(const struct capture *c)
{
    return c->count;
}

const struct capture_file *capture_file(const struct capture *c, unsigned index)
{
    return c->files[index];
}

struct capture_totals capture_totals(const struct capture *c)
{
    struct capture_totals totals = {.files = c->count};
    for (unsigned i = 0; i < c->count; i++) {
        const struct capture_file *file = capture_file(c, i);
        totals.unread_files += file->unread;
        totals.damaged_files += file->damaged;
        if (__builtin_add_overflow(totals.kernel_drops, file->kernel_drops, &totals.kernel_drops))
            totals.kernel_drops = UINT64_MAX;
        if (file->ended_ns > totals.ended_ns)
            totals.ended_ns = file->ended_ns;
    }
    return totals;
}
