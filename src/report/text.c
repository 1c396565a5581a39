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

/* How far the device came, and what it could not try for that reason. */
static void put_phase(struct page *p, const struct device_result *d)
{
    char text[160];
    size_t n = 0;
    if (d->phase[0])
        n = (size_t)snprintf(text, sizeof text, "reached %s (frame %u)", d->phase,
                             (unsigned)d->phase_mark.frame);
    if (d->stopped_at[0])
        n += (size_t)snprintf(text + n, sizeof text - n, "%sfailed at %s (frame %u)", n ? "; " : "",
                              d->stopped_at, (unsigned)d->stopped_mark.frame);
    if (d->next_phase[0])
        n += (size_t)snprintf(text + n, sizeof text - n, "%snot seen: %s and later", n ? "; " : "",
                              d->next_phase);
    if (n > 0)
        page_item(p, 4, "", TONE_PLAIN, text);
}

static void put_devices(struct page *p, const struct result *r)
{
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
        put_phase(p, d);
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

static void put_frames(struct page *p, const struct finding *f)
{
    char text[128];
    if (!mark_set(f->first))
        return;
    (void)snprintf(text, sizeof text, "%u to %u, %u time%s", (unsigned)f->first.frame,
                   (unsigned)f->last.frame, (unsigned)f->count, f->count == 1 ? "" : "s");
    page_item(p, 4, "frames: ", TONE_DIM, text);
}

static void put_finding(struct page *p, const struct finding *f)
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
    put_frames(p, f);
    page_item(p, 4, "filter: ", TONE_DIM, f->display_filter);
    if (f->service && f->service->when_unreachable && f->severity > SEVERITY_INFO)
        page_item(p, 4, "loses:  ", TONE_DIM, f->service->when_unreachable);
    if (f->advice[0])
        page_item(p, 4, "ask:    ", TONE_DIM, f->advice);
}

static void put_findings(struct page *p, const struct result *r)
{
    if (r->finding_count == 0)
        return;
    page_heading(p, "Findings");
    for (uint32_t i = 0; i < r->finding_count; i++)
        put_finding(p, &r->findings[i]);
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
    put_devices(&page, r->result);
    put_findings(&page, r->result);
    put_other_names(&page, r->result);
    out_wrote(out);
}
