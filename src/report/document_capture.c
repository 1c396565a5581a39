/*
 * report/document_capture: the report's member "capture", docs/report.schema.json.
 * SPDX-License-Identifier: MIT
 */
#include "capture/linktype.h"
#include "capture_notes.h"
#include "document.h"
#include "net/decode.h"

/* `file` names the capture file where there are several, else NULL. */
static void put_interface(struct json *j, const struct capture_interface *i, const char *file)
{
    json_open(j, NULL, '{');
    json_text_if(j, "file", file);
    json_text_if(j, "name", i->name);
    json_text_if(j, "description", i->description);
    json_u64(j, "link_type", (uint64_t)i->linktype);
    json_text_if(j, "link_type_name", linktype_name(i->linktype));
    json_bool(j, "decoded", net_linktype_known(i->linktype));
    json_u64(j, "snaplen", i->snaplen);
    json_u64(j, "packets", i->packets);
    if (i->inbound + i->outbound > 0) {
        json_u64(j, "inbound", i->inbound);
        json_u64(j, "outbound", i->outbound);
    }
    json_u64(j, "stopped", i->dropped);
    json_u64(j, "drops", i->drops);
    json_close(j, '}');
}

static void put_comment(struct json *j, const struct capture_comment *comment, const char *file)
{
    json_open(j, NULL, '{');
    json_text_if(j, "file", file);
    if (comment->frame > 0)
        json_u64(j, "frame", comment->frame);
    json_text(j, "text", comment->text);
    json_close(j, '}');
}

static void put_damage(struct json *j, const struct capture *c, unsigned index)
{
    struct buf text;
    buf_init(&text);
    capture_damage(&text, c, index);
    json_slice(j, NULL, buf_view(&text));
    buf_clear(&text);
}

static void put_files(struct json *j, const struct capture *c)
{
    unsigned count = capture_file_count(c);
    json_open(j, "files", '[');
    for (unsigned i = 0; i < count; i++)
        json_text(j, NULL, capture_file(c, i)->name);
    json_close(j, ']');
    json_open(j, "interfaces", '[');
    for (unsigned i = 0; i < count; i++) {
        const struct capture_file *f = capture_file(c, i);
        for (uint32_t n = 0; n < f->interface_count; n++)
            put_interface(j, &f->interfaces[n], count > 1 ? f->name : NULL);
    }
    json_close(j, ']');
    json_open(j, "comments", '[');
    for (unsigned i = 0; i < count; i++) {
        const struct capture_file *f = capture_file(c, i);
        for (uint32_t n = 0; n < f->comment_count; n++)
            put_comment(j, &f->comments[n], count > 1 ? f->name : NULL);
    }
    json_close(j, ']');
    json_open(j, "damage", '[');
    for (unsigned i = 0; i < count; i++) {
        if (capture_file(c, i)->damaged)
            put_damage(j, c, i);
    }
    json_close(j, ']');
}

void document_capture(struct json *j, const struct capture *c, const struct engine_stats *s)
{
    json_open(j, "capture", '{');
    put_files(j, c);
    json_u64(j, "packets", s->packets);
    json_u64(j, "bytes", s->bytes);
    if (mark_set(s->first)) {
        json_time(j, "first", s->first.ts_ns);
        json_time(j, "last", s->last.ts_ns);
    }
    json_real(j, "duration_s", (double)(s->last.ts_ns - s->first.ts_ns) / (double)NS_PER_S);
    json_u64(j, "truncated_packets", s->truncated_packets);
    json_u64(j, "duplicate_packets", s->duplicate_packets);
    json_u64(j, "undecoded_packets", s->undecoded_packets);
    json_u64(j, "one_way_flows", s->one_way_flows);
    json_u64(j, "kernel_drops", s->kernel_drops);
    json_u64(j, "gaps", s->gaps);
    if (s->aggregated_packets > 0)
        json_u64(j, "aggregated_packets", s->aggregated_packets);
    if (s->clock_steps > 0) {
        json_u64(j, "clock_steps", s->clock_steps);
        json_real(j, "clock_set_back_s", (double)s->set_back_ns / (double)NS_PER_S);
    }
    json_close(j, '}');
}
