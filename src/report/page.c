/*
 * report/page: wrapping, padding and colour.
 * SPDX-License-Identifier: MIT
 */
#include "page.h"

#include "base/escape.h"

/* SGR sequences of ECMA-48. */
static const char *const tones[] = {
    [TONE_PLAIN] = "",        [TONE_BOLD] = "\033[1m",    [TONE_DIM] = "\033[2m",
    [TONE_GOOD] = "\033[32m", [TONE_WARN] = "\033[1;33m", [TONE_BAD] = "\033[1;31m",
};

static void tone_on(struct page *p, enum tone tone)
{
    if (p->color)
        buf_str(p->buf, tones[tone]);
}

static void tone_off(struct page *p, enum tone tone)
{
    if (p->color && tone != TONE_PLAIN)
        buf_str(p->buf, "\033[0m");
}

static void spaces(struct page *p, unsigned count)
{
    while (count-- > 0)
        buf_char(p->buf, ' ');
}

/* Columns of valid UTF-8: every character counts one, which is right for all but wide scripts. */
static unsigned columns(struct slice s)
{
    unsigned count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += (s.data[i] & 0xc0) != 0x80;
    return count;
}

/* Bytes of the first `count` columns. */
static size_t bytes_of(struct slice s, unsigned count)
{
    size_t i = 0;
    for (; i < s.len; i++) {
        if ((s.data[i] & 0xc0) != 0x80 && count-- == 0)
            break;
    }
    return i;
}

/* How many bytes of `s` go on a line of `room` columns: whole words where there are any. */
static size_t line_length(struct slice s, unsigned room)
{
    if (columns(s) <= room)
        return s.len;
    size_t most = bytes_of(s, room);
    for (size_t at = most; at > 0; at--) {
        if (s.data[at] == ' ')
            return at;
    }
    return most;
}

void page_item(struct page *p, unsigned indent, const char *label, enum tone tone, const char *text)
{
    struct buf safe;
    buf_init(&safe);
    escape_text(&safe, slice_str(text));
    struct slice rest = buf_view(&safe);

    unsigned at = indent + columns(slice_str(label));
    unsigned room = p->width > at + 20 ? p->width - at : 20;
    spaces(p, indent);
    tone_on(p, tone);
    buf_str(p->buf, label);
    tone_off(p, tone);
    for (;;) {
        size_t len = line_length(rest, room);
        buf_bytes(p->buf, rest.data, len);
        buf_char(p->buf, '\n');
        while (len < rest.len && rest.data[len] == ' ')
            len++;
        rest = slice_sub(rest, len, rest.len);
        if (rest.len == 0)
            break;
        spaces(p, at);
    }
    buf_clear(&safe);
}

void page_heading(struct page *p, const char *text)
{
    page_blank(p);
    page_cell(p, text, 0, TONE_BOLD);
    page_end_line(p);
}

void page_blank(struct page *p)
{
    buf_char(p->buf, '\n');
}

void page_cell(struct page *p, const char *text, unsigned width, enum tone tone)
{
    struct buf safe;
    buf_init(&safe);
    escape_text(&safe, slice_str(text));
    struct slice s = buf_view(&safe);
    unsigned used = columns(s);
    bool cut = width > 0 && used > width;
    if (cut)
        s = slice_sub(s, 0, bytes_of(s, width - 3));
    tone_on(p, tone);
    buf_slice(p->buf, s);
    if (cut)
        buf_str(p->buf, "...");
    tone_off(p, tone);
    if (used < width)
        spaces(p, width - used);
    buf_clear(&safe);
}

void page_end_line(struct page *p)
{
    while (p->buf->len > 0 && p->buf->data[p->buf->len - 1] == ' ')
        p->buf->len--;
    buf_char(p->buf, '\n');
}
