/*
 * report/document: the report as a JSON document, docs/report.schema.json.
 * SPDX-License-Identifier: MIT
 *
 * Written as it goes, so that a fleet's report takes no more memory than its largest part.
 */
#include "document.h"

#include "base/version.h"
#include "report/report.h"

#define SCHEMA "oobescope-report/1"

/* ---- values ---- */

static void put_time(struct json *j, const char *key, struct mark m)
{
    if (mark_set(m))
        json_time(j, key, m.ts_ns);
}

/* Frames have their numbers in their file, which is named where there are several. */
static void put_frame(struct json *j, const char *key, const char *file_key, struct mark m,
                      const struct document_files *files)
{
    if (!mark_set(m))
        return;
    json_u64(j, key, m.frame);
    if (files->count > 1 && m.file < files->count)
        json_text(j, file_key, files->names[m.file]);
}

static void put_texts(struct json *j, const char *key, const char *const *texts, uint32_t count)
{
    json_open(j, key, '[');
    for (uint32_t i = 0; i < count; i++)
        json_text(j, NULL, texts[i]);
    json_close(j, ']');
}

static void put_ids(struct json *j, const char *key, const uint32_t *ids, uint32_t count)
{
    json_open(j, key, '[');
    for (uint32_t i = 0; i < count; i++)
        json_u64(j, NULL, ids[i]);
    json_close(j, ']');
}

/* ---- findings and causes ---- */

static void put_culprit(struct json *j, const struct finding *f)
{
    json_text(j, "confidence", confidence_text(f->confidence));
    json_text_if(j, "culprit", culprit_text(f->culprit));
    if (f->hops >= 0)
        json_u64(j, "hops", (uint64_t)f->hops);
    put_texts(j, "proof", f->proof, f->proof_count);
    json_text_if(j, "disproof", f->disproof);
}

void document_finding(struct json *j, const char *key, const struct finding *f,
                      const struct document_files *files)
{
    json_open(j, key, '{');
    json_u64(j, "id", f->id);
    json_text(j, "kind", finding_kind_text(f->kind));
    json_text(j, "severity", severity_text(f->severity));
    json_addr_if(j, "device", &f->device);
    if (f->service)
        json_text(j, "service", f->service->id);
    json_text_if(j, "host", f->host);
    json_addr_if(j, "server", &f->server);
    if (f->port)
        json_u64(j, "port", f->port);
    json_text_if(j, "proto", f->proto);
    json_u64(j, "count", f->count);
    if (files->count > 1 && f->first.file < files->count)
        json_text(j, "file", files->names[f->first.file]);
    if (mark_set(f->first))
        json_u64(j, "first_frame", f->first.frame);
    if (mark_set(f->last))
        json_u64(j, "last_frame", f->last.frame);
    if (f->last.file != f->first.file && f->last.file < files->count)
        json_text(j, "last_file", files->names[f->last.file]);
    put_time(j, "first", f->first);
    put_time(j, "last", f->last);
    json_text(j, "detail", f->detail);
    json_text(j, "summary", f->summary);
    json_text(j, "advice", f->advice);
    json_text(j, "display_filter", f->display_filter);
    put_culprit(j, f);
    json_bool(j, "recovered", f->recovered);
    json_close(j, '}');
}

void document_cause(struct json *j, const char *key, const struct cause *c)
{
    json_open(j, key, '{');
    json_u64(j, "id", c->id);
    json_text(j, "kind", c->kind);
    json_text(j, "severity", severity_text(c->severity));
    json_text(j, "summary", c->summary);
    put_ids(j, "explains", c->explains, c->explain_count);
    json_text(j, "confidence", confidence_text(c->confidence));
    json_text(j, "advice", c->advice);
    json_close(j, '}');
}

/* ---- services and devices ---- */

static void put_host(struct json *j, const struct host_result *h)
{
    json_open(j, NULL, '{');
    json_text(j, "host", h->host);
    json_u64(j, "attempts", h->attempts);
    json_u64(j, "successes", h->successes);
    json_text(j, "status", status_text(h->status));
    put_ids(j, "findings", h->findings, h->finding_count);
    json_close(j, '}');
}

static void put_endpoint(struct json *j, const struct endpoint_result *e)
{
    json_open(j, NULL, '{');
    json_text(j, "pattern", e->endpoint->pattern ? e->endpoint->pattern : "*");
    json_text(j, "need", need_name(e->endpoint->need));
    json_open(j, "hosts", '[');
    for (uint32_t i = 0; i < e->host_count; i++)
        put_host(j, &e->hosts[i]);
    json_close(j, ']');
    json_close(j, '}');
}

void document_service(struct json *j, const char *key, const struct service_result *s)
{
    json_open(j, key, '{');
    json_text(j, "id", s->service->id);
    json_text(j, "name", s->service->name);
    json_text(j, "need", need_name(s->service->need));
    json_text(j, "status", status_text(s->status));
    if (s->service->when_unreachable)
        json_text(j, "when_unreachable", s->service->when_unreachable);
    else
        json_null(j, "when_unreachable");
    json_open(j, "endpoints", '[');
    for (uint32_t i = 0; i < s->endpoint_count; i++)
        put_endpoint(j, &s->endpoints[i]);
    json_close(j, ']');
    json_close(j, '}');
}

/* A device has the status of each service; the hosts are told once, at the top. */
static void put_statuses(struct json *j, const struct device_result *d, const struct result *r)
{
    json_open(j, "services", '[');
    for (uint32_t i = 0; i < r->service_count; i++) {
        json_open(j, NULL, '{');
        json_text(j, "id", r->services[i].service->id);
        json_text(j, "status", status_text(d->statuses[i]));
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void put_list(struct json *j, const char *key, const struct dhcp_addrs *list)
{
    if (list->count == 0)
        return;
    json_open(j, key, '[');
    for (uint8_t i = 0; i < list->count; i++)
        json_addr(j, NULL, &list->at[i]);
    json_close(j, ']');
}

/* With the names that events have. */
static void put_lease(struct json *j, const struct lease_result *l,
                      const struct document_files *files)
{
    json_open(j, "dhcp", '{');
    json_addr_if(j, "assigned_ip", &l->address);
    json_addr_if(j, "server_id", &l->server);
    json_addr_if(j, "subnet_mask", &l->mask);
    put_list(j, "routers", &l->routers);
    put_list(j, "dns_servers", &l->resolvers);
    put_list(j, "ntp_servers", &l->time_servers);
    json_u64(j, "lease_time", l->lease_s);
    json_text_if(j, "domain", l->domain);
    json_text_if(j, "domain_search", l->search);
    json_text_if(j, "proxy_url", l->proxy);
    json_text_if(j, "portal_url", l->portal);
    json_text_if(j, "vendor_class_identifier", l->vendor);
    put_frame(j, "reply_frame", "reply_file", l->at, files);
    json_close(j, '}');
}

static void put_phases(struct json *j, const struct device_result *d,
                       const struct document_files *files)
{
    json_open(j, "phases", '[');
    for (uint32_t i = 0; i < d->phase_count; i++) {
        const struct phase_result *p = &d->phases[i];
        json_open(j, NULL, '{');
        json_text(j, "phase", p->name);
        json_text(j, "state", p->failed ? "failed" : "reached");
        put_frame(j, "phase_frame", "phase_file", p->ok, files);
        put_frame(j, "first_frame", "first_file", p->failed_mark, files);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void put_device(struct json *j, const struct device_result *d, const struct result *r,
                       const struct document_files *files)
{
    char text[MAC_TEXT_SIZE];
    json_open(j, NULL, '{');
    json_addr_if(j, "address", &d->address);
    json_open(j, "addresses", '[');
    for (uint32_t i = 0; i < d->address_count; i++)
        json_addr(j, NULL, &d->addresses[i]);
    json_close(j, ']');
    if (d->has_mac)
        json_text(j, "mac", mac_text(&d->mac, text));
    json_text_if(j, "name", d->name);
    if (d->lease)
        put_lease(j, d->lease, files);
    json_text(j, "verdict", verdict_text(d->verdict));
    put_statuses(j, d, r);
    put_ids(j, "findings", d->findings, d->finding_count);
    put_ids(j, "causes", d->causes, d->cause_count);
    json_text_if(j, "phase", d->phase);
    put_frame(j, "phase_frame", "phase_file", d->phase_mark, files);
    json_text_if(j, "stopped_at", d->stopped_at);
    json_text_if(j, "next_phase", d->next_phase);
    put_phases(j, d, files);
    put_texts(j, "not_tested", d->not_tested, d->not_tested_count);
    json_close(j, '}');
}

static void put_other_names(struct json *j, const struct result *r)
{
    json_open(j, "other_names", '[');
    for (uint32_t i = 0; i < r->other_name_count; i++) {
        json_open(j, NULL, '{');
        json_text(j, "name", r->other_names[i].name);
        json_u64(j, "count", r->other_names[i].count);
        json_close(j, '}');
    }
    json_close(j, ']');
    json_u64(j, "other_names_total", r->other_name_total);
}

/* ---- the whole ---- */

static void put_origin(struct json *j, const struct report *r)
{
    json_text(j, "schema", SCHEMA);
    json_open(j, "tool", '{');
    json_text(j, "name", "oobescope");
    json_text(j, "version", OOBESCOPE_VERSION);
    json_close(j, '}');
    json_time(j, "generated", r->generated_ns);
    document_capture(j, r->capture, r->stats);
    json_open(j, "services_list", '{');
    json_text(j, "name", services_name(r->services));
    json_text(j, "as_of", services_as_of(r->services));
    json_text(j, "sha256", services_sha256(r->services));
    json_close(j, '}');
}

static void put_verdict(struct json *j, const struct result *r)
{
    json_text(j, "verdict", verdict_text(r->verdict));
    put_texts(j, "reasons", r->reasons, r->reason_count);
}

void document_verdict(struct json *j, const char *key, const struct result *r)
{
    json_open(j, key, '{');
    put_verdict(j, r);
    json_close(j, '}');
}

static void put_findings(struct json *j, struct out *out, const struct report *r,
                         const struct document_files *files)
{
    json_open(j, "findings", '[');
    for (uint32_t i = 0; i < r->result->finding_count; i++) {
        document_finding(j, NULL, &r->result->findings[i], files);
        out_wrote(out);
    }
    json_close(j, ']');
}

void report_json(struct out *out, const struct report *r)
{
    const struct result *result = r->result;
    const char *names[CAPTURE_FILES_MAX];
    struct document_files files = {names, capture_file_count(r->capture)};
    for (uint32_t i = 0; i < files.count; i++)
        names[i] = capture_file(r->capture, i)->name;
    struct json j = {.buf = &out->buf, .indented = true};
    json_open(&j, NULL, '{');
    put_origin(&j, r);
    put_verdict(&j, result);
    json_open(&j, "causes", '[');
    for (uint32_t i = 0; i < result->cause_count; i++)
        document_cause(&j, NULL, &result->causes[i]);
    json_close(&j, ']');
    put_findings(&j, out, r, &files);
    json_open(&j, "services", '[');
    for (uint32_t i = 0; i < result->service_count; i++) {
        document_service(&j, NULL, &result->services[i]);
        out_wrote(out);
    }
    json_close(&j, ']');
    json_open(&j, "devices", '[');
    for (uint32_t i = 0; i < result->device_count; i++) {
        put_device(&j, &result->devices[i], result, &files);
        out_wrote(out);
    }
    json_close(&j, ']');
    put_other_names(&j, result);
    json_close(&j, '}');
    buf_char(&out->buf, '\n');
    out_wrote(out);
}
