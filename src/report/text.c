/*
 * report/text: the report for people.
 * SPDX-License-Identifier: MIT
 *
 * From the verdict down: what stopped the deployment, which services, then the proof. Fits the terminal.
 */
#include <stdio.h>

#include "capture_notes.h"
#include "page.h"
#include "report/report.h"

/* Causes in the report's head; the rest follows as findings. */
#define HEAD_CAUSES_MAX 3
#define OTHER_NAMES_MAX 10
/* Files named in the head; of more only the count is told. */
#define FILES_MAX 3

static enum tone verdict_tone(enum verdict_word v)
{
    static const enum tone tones[] = {
        [VERDICT_CLEAR] = TONE_GOOD,
        [VERDICT_INCONCLUSIVE] = TONE_WARN,
        [VERDICT_DEGRADED] = TONE_WARN,
        [VERDICT_BLOCKED] = TONE_BAD,
    };
    return tones[v];
}

static enum tone status_tone(enum status_word s)
{
    static const enum tone tones[] = {
        [STATUS_NOT_SEEN] = TONE_DIM,      [STATUS_REACHABLE] = TONE_GOOD,
        [STATUS_INCONCLUSIVE] = TONE_WARN, [STATUS_DEGRADED] = TONE_WARN,
        [STATUS_FAILED] = TONE_BAD,
    };
    return tones[s];
}

static enum tone severity_tone(enum severity s)
{
    static const enum tone tones[] = {
        [SEVERITY_INFO] = TONE_DIM,
        [SEVERITY_WARNING] = TONE_WARN,
        [SEVERITY_ERROR] = TONE_BAD,
    };
    return tones[s];
}

/* ---- head ---- */

static void put_verdict(struct page *p, const struct report *r)
{
    static const char *const meaning[] = {
        [VERDICT_CLEAR] = "nothing in this capture kept the deployment from its services",
        [VERDICT_INCONCLUSIVE] = "this capture cannot tell whether the deployment had its services",
        [VERDICT_DEGRADED] = "the deployment can go on, but not everything it uses works",
        [VERDICT_BLOCKED] = "a service that the deployment requires could not be used",
    };
    enum verdict_word v = r->result->verdict;
    page_cell(p, "Verdict: ", 0, TONE_BOLD);
    page_cell(p, verdict_text(v), 0, verdict_tone(v));
    page_end_line(p);
    page_item(p, 0, "", TONE_PLAIN, meaning[v]);
}

static void put_capture(struct page *p, const struct report *r)
{
    char text[256];
    char first[TIME_TEXT_SIZE];
    unsigned count = capture_file_count(r->capture);
    for (unsigned i = 0; i < count && count <= FILES_MAX; i++)
        page_item(p, 0, "Capture: ", TONE_DIM, capture_file(r->capture, i)->name);
    if (count > FILES_MAX) {
        (void)snprintf(text, sizeof text, "%u files", count);
        page_item(p, 0, "Capture: ", TONE_DIM, text);
    }
    const struct engine_stats *s = r->stats;
    if (s->packets == 0)
        (void)snprintf(text, sizeof text, "no packets");
    else
        (void)snprintf(text, sizeof text, "%llu packet%s, %.1f s from %s; %u device%s",
                       (unsigned long long)s->packets, s->packets == 1 ? "" : "s",
                       (double)(s->last.ts_ns - s->first.ts_ns) / (double)NS_PER_S,
                       time_text(s->first.ts_ns, first), (unsigned)r->result->device_count,
                       r->result->device_count == 1 ? "" : "s");
    page_item(p, 0, "         ", TONE_DIM, text);
    capture_notes(p, r->capture, s);
}

static void put_causes(struct page *p, const struct result *r)
{
    if (r->cause_count == 0) {
        for (uint32_t i = 0; i < r->reason_count; i++)
            page_item(p, 0, "- ", TONE_PLAIN, r->reasons[i]);
        return;
    }
    page_heading(p, "What is wrong");
    for (uint32_t i = 0; i < r->cause_count && i < HEAD_CAUSES_MAX; i++) {
        const struct cause *c = &r->causes[i];
        char label[16];
        char extent[96];
        (void)snprintf(label, sizeof label, "%u. ", (unsigned)c->id);
        page_item(p, 0, label, severity_tone(c->severity), c->summary);
        page_item(p, 3, "Ask: ", TONE_BOLD, c->advice);
        (void)snprintf(extent, sizeof extent, "(%s; explains %u finding%s)",
                       confidence_text(c->confidence), (unsigned)c->explain_count,
                       c->explain_count == 1 ? "" : "s");
        page_item(p, 3, "", TONE_PLAIN, extent);
    }
    if (r->cause_count > HEAD_CAUSES_MAX) {
        char more[64];
        (void)snprintf(more, sizeof more, "and %u lesser ones: see the findings below",
                       (unsigned)(r->cause_count - HEAD_CAUSES_MAX));
        page_item(p, 3, "", TONE_PLAIN, more);
    }
}

/* ---- services ---- */

/* A failing service's row is followed by what the deployment loses. */
static void put_service(struct page *p, const struct service_result *s)
{
    unsigned name_width = p->width - 2 - 13 - 13;
    page_cell(p, "  ", 0, TONE_PLAIN);
    page_cell(p, status_text(s->status), 13, status_tone(s->status));
    page_cell(p, need_name(s->service->need), 13, TONE_PLAIN);
    page_cell(p, s->service->name, name_width, TONE_PLAIN);
    page_end_line(p);
    if (s->status >= STATUS_DEGRADED && s->service->when_unreachable)
        page_item(p, 28, "", TONE_PLAIN, s->service->when_unreachable);
}

static void put_services(struct page *p, const struct result *r)
{
    page_heading(p, "Services");
    for (int status = STATUS_FAILED; status > STATUS_NOT_SEEN; status--) {
        for (uint32_t i = 0; i < r->service_count; i++) {
            if (r->services[i].status == (enum status_word)status)
                put_service(p, &r->services[i]);
        }
    }
    struct buf names;
    buf_init(&names);
    for (uint32_t i = 0; i < r->service_count; i++) {
        if (r->services[i].status != STATUS_NOT_SEEN)
            continue;
        buf_str(&names, names.len > 0 ? ", " : "");
        buf_str(&names, r->services[i].service->id);
    }
    if (names.len > 0) {
        buf_char(&names, '\0');
        page_item(p, 2, "not tried: ", TONE_DIM, names.failed ? "" : names.data);
    }
    buf_clear(&names);
}

/* Frames have their numbers in their file. */
static void put_frame(struct buf *b, const struct report *r, const struct mark *at)
{
    buf_printf(b, "%u", (unsigned)at->frame);
    if (capture_file_count(r->capture) > 1)
        buf_printf(b, " of %s", capture_file(r->capture, at->file)->name);
}

static void put_phase_at(struct buf *b, const struct report *r, const char *what, const char *phase,
                         const struct mark *at)
{
    buf_printf(b, "%s%s %s (frame ", b->len > 0 ? "; " : "", what, phase);
    put_frame(b, r, at);
    buf_char(b, ')');
}

/* How far the device came, and what it could not try for that reason. */
static void put_phase(struct page *p, const struct report *r, const struct device_result *d)
{
    struct buf text;
    buf_init(&text);
    if (d->phase[0])
        put_phase_at(&text, r, "reached", d->phase, &d->phase_mark);
    if (d->stopped_at[0])
        put_phase_at(&text, r, "failed at", d->stopped_at, &d->stopped_mark);
    if (d->next_phase[0])
        buf_printf(&text, "%snot seen: %s and later", text.len > 0 ? "; " : "", d->next_phase);
    if (text.len > 0) {
        buf_char(&text, '\0');
        page_item(p, 4, "", TONE_PLAIN, text.failed ? "" : text.data);
    }
    buf_clear(&text);
}

static void put_devices(struct page *p, const struct report *report)
{
    const struct result *r = report->result;
    if (r->device_count == 0)
        return;
    page_heading(p, r->device_count == 1 ? "Device" : "Devices");
    for (uint32_t i = 0; i < r->device_count; i++) {
        const struct device_result *d = &r->devices[i];
        char address[ADDR_TEXT_SIZE];
        char mac[MAC_TEXT_SIZE];
        page_cell(p, "  ", 0, TONE_PLAIN);
        page_cell(p, verdict_text(d->verdict), 14, verdict_tone(d->verdict));
        page_cell(p, addr_text(&d->address, address), 26, TONE_PLAIN);
        page_cell(p, d->has_mac ? mac_text(&d->mac, mac) : "", 19, TONE_DIM);
        page_cell(p, d->name, 0, TONE_PLAIN);
        page_end_line(p);
        put_phase(p, report, d);
    }
}

/* ---- findings ---- */

static void put_culprit(struct page *p, const struct finding *f)
{
    char text[96];
    if (f->culprit == CULPRIT_NONE)
        return;
    if (f->hops >= 0)
        (void)snprintf(text, sizeof text, "%s, %d hop%s away (%s)", culprit_text(f->culprit),
                       f->hops, f->hops == 1 ? "" : "s", confidence_text(f->confidence));
    else
        (void)snprintf(text, sizeof text, "%s (%s)", culprit_text(f->culprit),
                       confidence_text(f->confidence));
    page_item(p, 4, "whose:  ", TONE_DIM, text);
}

static void put_frames(struct page *p, const struct report *r, const struct finding *f)
{
    if (!mark_set(f->first))
        return;
    bool one_file = f->first.file == f->last.file;
    bool one = one_file && f->first.frame == f->last.frame;
    struct buf text;
    buf_init(&text);
    if (!one_file)
        put_frame(&text, r, &f->first);
    else if (!one)
        buf_printf(&text, "%u", (unsigned)f->first.frame);
    buf_str(&text, one ? "" : " to ");
    put_frame(&text, r, &f->last);
    if (f->count > 1)
        buf_printf(&text, ", %u times", (unsigned)f->count);
    buf_char(&text, '\0');
    page_item(p, 4, one ? "frame:  " : "frames: ", TONE_DIM, text.failed ? "" : text.data);
    buf_clear(&text);
}

static void put_finding(struct page *p, const struct report *r, const struct finding *f)
{
    char device[ADDR_TEXT_SIZE];
    page_blank(p);
    page_cell(p, "  ", 0, TONE_PLAIN);
    page_cell(p, severity_text(f->severity), 0, severity_tone(f->severity));
    page_cell(p, "  ", 0, TONE_PLAIN);
    page_cell(p, finding_kind_text(f->kind), 0, TONE_BOLD);
    page_cell(p, "  ", 0, TONE_PLAIN);
    page_cell(p, f->host, 0, TONE_PLAIN);
    if (f->device.family != 0) {
        page_cell(p, "  ", 0, TONE_PLAIN);
        page_cell(p, addr_text(&f->device, device), 0, TONE_DIM);
    }
    page_end_line(p);
    page_item(p, 4, "", TONE_PLAIN, f->summary);
    if (f->detail[0])
        page_item(p, 4, "detail: ", TONE_DIM, f->detail);
    put_culprit(p, f);
    for (uint32_t i = 0; i < f->proof_count; i++)
        page_item(p, 4, "proof:  ", TONE_DIM, f->proof[i]);
    if (f->disproof[0])
        page_item(p, 4, "unless: ", TONE_DIM, f->disproof);
    put_frames(p, r, f);
    page_item(p, 4, "filter: ", TONE_DIM, f->display_filter);
    if (f->service && f->service->when_unreachable && f->severity > SEVERITY_INFO)
        page_item(p, 4, f->severity == SEVERITY_ERROR ? "loses:  " : "risks:  ", TONE_DIM,
                  f->service->when_unreachable);
    if (f->advice[0])
        page_item(p, 4, "ask:    ", TONE_DIM, f->advice);
}

static void put_findings(struct page *p, const struct report *r)
{
    if (r->result->finding_count == 0)
        return;
    page_heading(p, "Findings");
    for (uint32_t i = 0; i < r->result->finding_count; i++)
        put_finding(p, r, &r->result->findings[i]);
}

static void put_other_names(struct page *p, const struct result *r)
{
    if (r->other_name_total == 0)
        return;
    page_heading(p, "Names that no service lists");
    for (uint32_t i = 0; i < r->other_name_count && i < OTHER_NAMES_MAX; i++) {
        char count[24];
        (void)snprintf(count, sizeof count, "%6u  ", (unsigned)r->other_names[i].count);
        page_item(p, 0, count, TONE_DIM, r->other_names[i].name);
    }
    if (r->other_name_total > OTHER_NAMES_MAX) {
        char more[48];
        (void)snprintf(more, sizeof more, "and %u more",
                       (unsigned)(r->other_name_total - OTHER_NAMES_MAX));
        page_item(p, 8, "", TONE_PLAIN, more);
    }
}

void report_text(struct out *out, const struct report *r, const struct text_options *options)
{
    struct page page = {&out->buf, options->width, options->color};
    put_verdict(&page, r);
    put_capture(&page, r);
    put_causes(&page, r->result);
    put_services(&page, r->result);
    put_devices(&page, r);
    put_findings(&page, r);
    put_other_names(&page, r->result);
    out_wrote(out);
}
