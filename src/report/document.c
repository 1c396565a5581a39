/*
 * report/document: the report as a JSON document, docs/report.schema.json (the only file here with Jansson).
 * SPDX-License-Identifier: MIT
 *
 * Jansson refuses text that is not UTF-8, so names from the network pass through text_of. When memory
 * runs out a member is missing; the writer's buffer says so.
 */
#include "document.h"

#include <stdlib.h>

#include <jansson.h>

#include "base/escape.h"
#include "base/version.h"
#include "report/report.h"

#define SCHEMA "oobescope-report/1"

/* ---- values ---- */

static json_t *text_of(const char *text)
{
    json_t *value = json_string(text);
    if (value)
        return value;
    struct buf safe;
    buf_init(&safe);
    escape_text(&safe, slice_str(text));
    value = json_stringn(safe.data, safe.len);
    buf_clear(&safe);
    return value;
}

static void put_text(json_t *o, const char *key, const char *text)
{
    json_object_set_new(o, key, text_of(text));
}

static void put_text_if(json_t *o, const char *key, const char *text)
{
    if (text && text[0] != '\0')
        put_text(o, key, text);
}

static void put_u64(json_t *o, const char *key, uint64_t value)
{
    json_object_set_new(o, key, json_integer((json_int_t)value));
}

static void put_time(json_t *o, const char *key, struct mark m)
{
    char text[TIME_TEXT_SIZE];
    if (mark_set(m))
        put_text(o, key, time_text(m.ts_ns, text));
}

static void put_addr_if(json_t *o, const char *key, const struct ip_addr *a)
{
    char text[ADDR_TEXT_SIZE];
    if (a->family != 0)
        put_text(o, key, addr_text(a, text));
}

static void put_texts(json_t *o, const char *key, const char *const *texts, uint32_t count)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(list, text_of(texts[i]));
    json_object_set_new(o, key, list);
}

static void put_ids(json_t *o, const char *key, const uint32_t *ids, uint32_t count)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(list, json_integer(ids[i]));
    json_object_set_new(o, key, list);
}

/* ---- findings and causes ---- */

static void put_culprit(json_t *o, const struct finding *f)
{
    put_text(o, "confidence", confidence_text(f->confidence));
    put_text_if(o, "culprit", culprit_text(f->culprit));
    if (f->hops >= 0)
        put_u64(o, "hops", (uint64_t)f->hops);
    put_texts(o, "proof", f->proof, f->proof_count);
    put_text_if(o, "disproof", f->disproof);
}

static json_t *finding_of(const struct finding *f, const struct document_files *files)
{
    json_t *o = json_object();
    put_u64(o, "id", f->id);
    put_text(o, "kind", finding_kind_text(f->kind));
    put_text(o, "severity", severity_text(f->severity));
    put_addr_if(o, "device", &f->device);
    if (f->service)
        put_text(o, "service", f->service->id);
    put_text_if(o, "host", f->host);
    put_addr_if(o, "server", &f->server);
    if (f->port)
        put_u64(o, "port", f->port);
    put_text_if(o, "proto", f->proto);
    put_u64(o, "count", f->count);
    if (files->count > 1 && f->first.file < files->count)
        put_text(o, "file", files->names[f->first.file]);
    if (mark_set(f->first))
        put_u64(o, "first_frame", f->first.frame);
    if (mark_set(f->last))
        put_u64(o, "last_frame", f->last.frame);
    put_time(o, "first", f->first);
    put_time(o, "last", f->last);
    put_text(o, "detail", f->detail);
    put_text(o, "summary", f->summary);
    put_text(o, "advice", f->advice);
    put_text(o, "display_filter", f->display_filter);
    put_culprit(o, f);
    json_object_set_new(o, "recovered", json_boolean(f->recovered));
    return o;
}

static json_t *cause_of(const struct cause *c)
{
    json_t *o = json_object();
    put_u64(o, "id", c->id);
    put_text(o, "kind", c->kind);
    put_text(o, "severity", severity_text(c->severity));
    put_text(o, "summary", c->summary);
    put_ids(o, "explains", c->explains, c->explain_count);
    put_text(o, "confidence", confidence_text(c->confidence));
    put_text(o, "advice", c->advice);
    return o;
}

static json_t *findings_of(const struct result *r, const struct document_files *files)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < r->finding_count; i++)
        json_array_append_new(list, finding_of(&r->findings[i], files));
    return list;
}

static json_t *causes_of(const struct result *r)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < r->cause_count; i++)
        json_array_append_new(list, cause_of(&r->causes[i]));
    return list;
}

/* ---- services and devices ---- */

static json_t *host_of(const struct host_result *h)
{
    json_t *o = json_object();
    put_text(o, "host", h->host);
    put_u64(o, "attempts", h->attempts);
    put_u64(o, "successes", h->successes);
    put_text(o, "status", status_text(h->status));
    put_ids(o, "findings", h->findings, h->finding_count);
    return o;
}

static json_t *endpoint_of(const struct endpoint_result *e)
{
    json_t *o = json_object();
    put_text(o, "pattern", e->endpoint->pattern ? e->endpoint->pattern : "*");
    put_text(o, "need", need_name(e->endpoint->need));
    json_t *hosts = json_array();
    for (uint32_t i = 0; i < e->host_count; i++)
        json_array_append_new(hosts, host_of(&e->hosts[i]));
    json_object_set_new(o, "hosts", hosts);
    return o;
}

static json_t *service_of(const struct service_result *s)
{
    json_t *o = json_object();
    put_text(o, "id", s->service->id);
    put_text(o, "name", s->service->name);
    put_text(o, "need", need_name(s->service->need));
    put_text(o, "status", status_text(s->status));
    if (s->service->when_unreachable)
        put_text(o, "when_unreachable", s->service->when_unreachable);
    else
        json_object_set_new(o, "when_unreachable", json_null());
    json_t *endpoints = json_array();
    for (uint32_t i = 0; i < s->endpoint_count; i++)
        json_array_append_new(endpoints, endpoint_of(&s->endpoints[i]));
    json_object_set_new(o, "endpoints", endpoints);
    return o;
}

static json_t *services_of(const struct service_result *services, uint32_t count)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(list, service_of(&services[i]));
    return list;
}

/* A device has the status of each service; the hosts are told once, at the top. */
static json_t *statuses_of(const struct service_result *services, uint32_t count)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++) {
        json_t *o = json_object();
        put_text(o, "id", services[i].service->id);
        put_text(o, "status", status_text(services[i].status));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *device_of(const struct device_result *d, uint32_t service_count)
{
    json_t *o = json_object();
    char text[MAC_TEXT_SIZE];
    put_addr_if(o, "address", &d->address);
    json_t *addresses = json_array();
    for (uint32_t i = 0; i < d->address_count; i++) {
        char address[ADDR_TEXT_SIZE];
        json_array_append_new(addresses, text_of(addr_text(&d->addresses[i], address)));
    }
    json_object_set_new(o, "addresses", addresses);
    if (d->has_mac)
        put_text(o, "mac", mac_text(&d->mac, text));
    put_text_if(o, "name", d->name);
    put_text(o, "verdict", verdict_text(d->verdict));
    json_object_set_new(o, "services", statuses_of(d->services, service_count));
    put_ids(o, "findings", d->findings, d->finding_count);
    put_ids(o, "causes", d->causes, d->cause_count);
    put_text_if(o, "phase", d->phase);
    if (mark_set(d->phase_mark))
        put_u64(o, "phase_frame", d->phase_mark.frame);
    put_text_if(o, "stopped_at", d->stopped_at);
    put_texts(o, "not_tested", d->not_tested, d->not_tested_count);
    return o;
}

static json_t *devices_of(const struct result *r)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < r->device_count; i++)
        json_array_append_new(list, device_of(&r->devices[i], r->service_count));
    return list;
}

static json_t *other_names_of(const struct result *r)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < r->other_name_count; i++) {
        json_t *o = json_object();
        put_text(o, "name", r->other_names[i].name);
        put_u64(o, "count", r->other_names[i].count);
        json_array_append_new(list, o);
    }
    return list;
}

/* ---- capture ---- */

static json_t *capture_of(const struct report *r)
{
    const struct engine_stats *s = r->stats;
    json_t *o = json_object();
    json_t *files = json_array();
    json_t *interfaces = json_array();
    json_t *damage = json_array();
    for (unsigned i = 0; i < capture_file_count(r->capture); i++) {
        const struct capture_file *f = capture_file(r->capture, i);
        json_array_append_new(files, text_of(f->name));
        for (uint32_t n = 0; f->interfaces && n < intern_count(f->interfaces); n++)
            json_array_append_new(interfaces,
                                  text_of((const char *)intern_name(f->interfaces, n).data));
        if (f->damaged)
            json_array_append_new(damage, text_of(f->damage.text));
    }
    json_object_set_new(o, "files", files);
    json_object_set_new(o, "interfaces", interfaces);
    json_object_set_new(o, "damage", damage);
    put_u64(o, "packets", s->packets);
    put_u64(o, "bytes", s->bytes);
    put_time(o, "first", s->first);
    put_time(o, "last", s->last);
    double duration = (double)(s->last.ts_ns - s->first.ts_ns) / (double)NS_PER_S;
    json_object_set_new(o, "duration_s", json_real(duration));
    put_u64(o, "truncated_packets", s->truncated_packets);
    put_u64(o, "duplicate_packets", s->duplicate_packets);
    put_u64(o, "undecoded_packets", s->undecoded_packets);
    put_u64(o, "one_way_flows", s->one_way_flows);
    put_u64(o, "kernel_drops", s->kernel_drops);
    put_u64(o, "gaps", s->gaps);
    return o;
}

static json_t *tool_of(void)
{
    json_t *o = json_object();
    put_text(o, "name", "oobescope");
    put_text(o, "version", OOBESCOPE_VERSION);
    return o;
}

static json_t *list_of(const struct service_list *services)
{
    json_t *o = json_object();
    put_text(o, "name", services_name(services));
    put_text(o, "as_of", services_as_of(services));
    put_text(o, "sha256", services_sha256(services));
    return o;
}

/* ---- writing ---- */

static int append(const char *text, size_t len, void *ctx)
{
    struct buf *b = ctx;
    buf_bytes(b, text, len);
    return b->failed ? -1 : 0;
}

static void dump(struct buf *b, json_t *value, size_t flags)
{
    if (!value || json_dump_callback(value, append, b, flags) != 0)
        b->failed = true;
    json_decref(value);
}

void document_finding(struct buf *b, const struct finding *f, const struct document_files *files)
{
    dump(b, finding_of(f, files), JSON_COMPACT);
}

void document_cause(struct buf *b, const struct cause *c)
{
    dump(b, cause_of(c), JSON_COMPACT);
}

void document_service(struct buf *b, const struct service_result *s)
{
    dump(b, service_of(s), JSON_COMPACT);
}

void document_verdict(struct buf *b, const struct result *r)
{
    json_t *o = json_object();
    put_text(o, "verdict", verdict_text(r->verdict));
    put_texts(o, "reasons", r->reasons, r->reason_count);
    dump(b, o, JSON_COMPACT);
}

void report_json(struct out *out, const struct report *r)
{
    const struct result *result = r->result;
    const char *names[CAPTURE_FILES_MAX];
    struct document_files files = {names, capture_file_count(r->capture)};
    for (uint32_t i = 0; i < files.count; i++)
        names[i] = capture_file(r->capture, i)->name;

    char text[TIME_TEXT_SIZE];
    json_t *o = json_object();
    put_text(o, "schema", SCHEMA);
    json_object_set_new(o, "tool", tool_of());
    put_text(o, "generated", time_text(r->generated_ns, text));
    json_object_set_new(o, "capture", capture_of(r));
    json_object_set_new(o, "services_list", list_of(r->services));
    put_text(o, "verdict", verdict_text(result->verdict));
    put_texts(o, "reasons", result->reasons, result->reason_count);
    json_object_set_new(o, "causes", causes_of(result));
    json_object_set_new(o, "findings", findings_of(result, &files));
    json_object_set_new(o, "services", services_of(result->services, result->service_count));
    json_object_set_new(o, "devices", devices_of(result));
    json_object_set_new(o, "other_names", other_names_of(result));
    put_u64(o, "other_names_total", result->other_name_total);
    dump(&out->buf, o, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    buf_char(&out->buf, '\n');
    out_wrote(out);
}
