/*
 * capture/told: what a file tells of itself: its interfaces and people's comments.
 * SPDX-License-Identifier: MIT
 */
#include "told.h"

#include <stdlib.h>

#include "base/buf.h"

#define NAME_LEN_MAX    256
#define COMMENT_LEN_MAX 512

/* An interface is kept as the numbers it is recognised by, its name, a NUL byte and its description. */
#define NUMBERS_LEN      (3 * sizeof(uint32_t))
#define DESCRIPTION_LEN  (NUMBERS_LEN + NAME_LEN_MAX + 1 + NAME_LEN_MAX)
#define ARENA_SLACK      16 /* for the arena's NUL byte and alignment */
#define DESCRIPTION_ROOM (DESCRIPTION_LEN + ARENA_SLACK)
#define COMMENT_ROOM     (COMMENT_LEN_MAX + ARENA_SLACK)

bool told_init(struct told *t, struct capture_file *file)
{
    *t = (struct told){.file = file};
    t->descriptions = intern_new(CAPTURE_INTERFACES_MAX, CAPTURE_INTERFACES_MAX * DESCRIPTION_ROOM);
    t->interfaces = calloc(CAPTURE_INTERFACES_MAX + 1, sizeof *t->interfaces);
    t->comments = calloc(CAPTURE_COMMENTS_MAX, sizeof *t->comments);
    arena_init(&t->texts, (size_t)CAPTURE_COMMENTS_MAX * COMMENT_ROOM);
    file->interfaces = t->interfaces;
    file->comments = t->comments;
    return t->descriptions && t->interfaces && t->comments;
}

void told_clear(struct told *t)
{
    intern_free(t->descriptions);
    free(t->interfaces);
    free(t->comments);
    arena_clear(&t->texts);
}

/* Text ends at a NUL byte, wherever its option ends. */
static struct slice text_of(struct slice value, size_t max)
{
    value = slice_sub(value, 0, max);
    return slice_sub(value, 0, slice_find(value, 0, '\0'));
}

uint32_t told_interface(struct told *t, const struct description *d)
{
    const uint32_t numbers[] = {d->number, (uint32_t)d->linktype, d->snaplen};
    struct slice name = text_of(d->name, NAME_LEN_MAX);
    struct buf key;
    buf_init(&key);
    buf_bytes(&key, numbers, sizeof numbers);
    buf_slice(&key, name);
    buf_char(&key, '\0');
    buf_slice(&key, text_of(d->text, NAME_LEN_MAX));
    uint32_t id = key.failed ? INTERN_NONE : intern_add(t->descriptions, buf_view(&key));
    buf_clear(&key);
    if (id == INTERN_NONE)
        return CAPTURE_INTERFACES_MAX;
    if (id == t->file->interface_count) {
        const char *kept = (const char *)intern_name(t->descriptions, id).data + NUMBERS_LEN;
        t->interfaces[id] = (struct capture_interface){.name = kept,
                                                       .description = kept + name.len + 1,
                                                       .linktype = d->linktype,
                                                       .snaplen = d->snaplen};
        t->file->interface_count++;
    }
    return id;
}

/* etl2pcapng notes the process on every packet; since drivers run in whichever process is there, it is
 * seldom the one that a packet belongs to. */
static bool is_written_by_program(struct slice text)
{
    return slice_starts(text, "PID=");
}

void told_comment(struct told *t, uint32_t frame, struct slice text)
{
    text = slice_trim(text_of(text, COMMENT_LEN_MAX));
    if (text.len == 0 || is_written_by_program(text) ||
        t->file->comment_count == CAPTURE_COMMENTS_MAX)
        return;
    struct slice kept = arena_copy(&t->texts, text);
    if (kept.data)
        t->comments[t->file->comment_count++] =
            (struct capture_comment){frame, (const char *)kept.data};
}
