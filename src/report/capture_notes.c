/*
 * report/capture_notes: what a reader must know of the capture itself.
 * SPDX-License-Identifier: MIT
 */
#include "capture_notes.h"

#include <stdio.h>

#include "capture/linktype.h"
#include "net/decode.h"

/* Of more only the number is told. */
#define COMMENTS_MAX   5
#define INTERFACES_MAX 4

/* A count of packets that each interface has. */
typedef uint64_t count_of(const struct capture_interface *i);

static uint64_t missed(const struct capture_interface *i)
{
    return i->drops;
}

static uint64_t stopped(const struct capture_interface *i)
{
    return i->dropped;
}

static uint64_t undecoded(const struct capture_interface *i)
{
    return net_linktype_known(i->linktype) ? 0 : i->packets;
}

static void put_name(struct buf *b, const struct capture_interface *i)
{
    const char *type = linktype_name(i->linktype);
    if (i->name[0] != '\0')
        buf_str(b, i->name);
    else if (i->description[0] != '\0')
        buf_str(b, i->description);
    else if (type)
        buf_str(b, type);
    else
        buf_printf(b, "link type %d", i->linktype);
}

/* "12 packets, WHAT (eth0 10, wlan0 2)"; nothing when `total` is 0. */
static void put_counts(struct page *p, const char *label, uint64_t total, const char *what,
                       const struct buf *names)
{
    if (total == 0)
        return;
    struct buf text;
    buf_init(&text);
    buf_printf(&text, "%llu packet%s %s (", (unsigned long long)total, total == 1 ? "" : "s", what);
    buf_slice(&text, buf_view(names));
    buf_bytes(&text, ")", 2);
    if (!text.failed)
        page_item(p, 0, label, TONE_WARN, text.data);
    buf_clear(&text);
}

/* Appends each interface's name and count; returns the sum. */
static uint64_t name_counts(struct buf *names, const struct capture *c, count_of *count)
{
    uint64_t total = 0;
    unsigned named = 0;
    for (unsigned f = 0; f < capture_file_count(c); f++) {
        const struct capture_file *file = capture_file(c, f);
        for (uint32_t i = 0; i < file->interface_count; i++) {
            uint64_t n = count(&file->interfaces[i]);
            total += n;
            if (n == 0 || ++named > INTERFACES_MAX)
                continue;
            buf_str(names, named > 1 ? ", " : "");
            put_name(names, &file->interfaces[i]);
            buf_printf(names, " %llu", (unsigned long long)n);
        }
    }
    if (named > INTERFACES_MAX)
        buf_printf(names, ", and %u more", named - INTERFACES_MAX);
    return total;
}

static void put_interfaces(struct page *p, const struct capture *c)
{
    static const struct {
        const char *label;
        const char *what;
        count_of *count;
    } notes[] = {
        {"Missed:  ", "were missed by the capture itself", missed},
        {"Stopped: ", "went no further on the device itself: a firewall or filter", stopped},
        {"Unknown: ", "have a link type that is not decoded", undecoded},
    };
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        struct buf names;
        buf_init(&names);
        uint64_t total = name_counts(&names, c, notes[i].count);
        put_counts(p, notes[i].label, total, notes[i].what, &names);
        buf_clear(&names);
    }
}

static void put_comment(struct page *p, const struct capture_comment *comment)
{
    struct buf text;
    buf_init(&text);
    if (comment->frame > 0)
        buf_printf(&text, "packet %u: ", comment->frame);
    for (const char *at = comment->text; *at; at++) {
        if (*at == '\r' || *at == '\n' || *at == '\t')
            buf_char(&text, ' ');
        else
            buf_char(&text, *at);
    }
    buf_char(&text, '\0');
    if (!text.failed)
        page_item(p, 0, "Comment: ", TONE_DIM, text.data);
    buf_clear(&text);
}

static void put_comments(struct page *p, const struct capture *c)
{
    uint32_t seen = 0;
    for (unsigned f = 0; f < capture_file_count(c); f++) {
        const struct capture_file *file = capture_file(c, f);
        for (uint32_t i = 0; i < file->comment_count; i++) {
            if (++seen <= COMMENTS_MAX)
                put_comment(p, &file->comments[i]);
        }
    }
    if (seen > COMMENTS_MAX) {
        char more[64];
        (void)snprintf(more, sizeof more, "and %u more: see the JSON report", seen - COMMENTS_MAX);
        page_item(p, 0, "         ", TONE_DIM, more);
    }
}

void capture_damage(struct buf *b, const struct capture *c, unsigned index)
{
    const struct err *damage = &capture_file(c, index)->damage;
    if (capture_file_count(c) > 1)
        buf_printf(b, "%s: ", damage->where);
    buf_str(b, damage->text);
}

static void put_damage(struct page *p, const struct capture *c)
{
    for (unsigned f = 0; f < capture_file_count(c); f++) {
        const struct capture_file *file = capture_file(c, f);
        if (!file->damaged)
            continue;
        struct buf text;
        buf_init(&text);
        capture_damage(&text, c, f);
        buf_char(&text, '\0');
        if (!text.failed)
            page_item(p, 0, "Damaged: ", TONE_WARN, text.data);
        buf_clear(&text);
    }
}

static void put_aggregated(struct page *p, const struct engine_stats *s)
{
    char text[96];
    if (s->aggregated_packets == 0)
        return;
    (void)snprintf(text, sizeof text,
                   "%llu packet%s behind others in one 802.11 frame: broken, cut off or too many",
                   (unsigned long long)s->aggregated_packets,
                   s->aggregated_packets == 1 ? "" : "s");
    page_item(p, 0, "Unread:  ", TONE_WARN, text);
}

static void put_clock(struct page *p, const struct engine_stats *s)
{
    char text[96];
    if (s->clock_steps == 0)
        return;
    (void)snprintf(text, sizeof text,
                   "was set back %u time%s, %.1f s in all; times are told as if it had gone on",
                   s->clock_steps, s->clock_steps == 1 ? "" : "s",
                   (double)s->set_back_ns / (double)NS_PER_S);
    page_item(p, 0, "Clock:   ", TONE_WARN, text);
}

void capture_notes(struct page *p, const struct capture *c, const struct engine_stats *s)
{
    put_interfaces(p, c);
    put_aggregated(p, s);
    put_clock(p, s);
    put_comments(p, c);
    put_damage(p, c);
}
