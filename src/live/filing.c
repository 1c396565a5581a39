/*
 * live/filing: what is written of a deployment that ended.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sensor.h"

#define REPORT_WIDTH 80

/* "20260301T080000Z-10.20.0.31-7": sorts by time, and no two are the same. */
void filing_name(const struct device *d, char out[FOLDER_NAME_MAX])
{
    char time[TIME_TEXT_SIZE];
    char address[ADDR_TEXT_SIZE];
    char stamp[TIME_TEXT_SIZE];
    size_t n = 0;
    for (const char *p = time_text(d->first_ns, time); *p && *p != '.'; p++) {
        if (*p != '-' && *p != ':')
            stamp[n++] = *p;
    }
    stamp[n] = '\0';
    (void)snprintf(out, FOLDER_NAME_MAX, "%sZ-%s-%u", stamp, device_address(d, address),
                   (unsigned)d->number);
}

static void gather(void *ctx, struct slice bytes)
{
    struct buf *text = ctx;
    buf_slice(text, bytes);
}

void filing_render(const struct sensor *s, const struct inquiry *how, const struct result *r,
                   const struct engine_stats *stats)
{
    struct timespec wall = {0};
    struct out out;
    (void)clock_gettime(CLOCK_REALTIME, &wall);
    struct report report = {
        .result = r,
        .stats = stats,
        .capture = s->view,
        .services = s->options->services,
        .generated_ns = wall.tv_sec * NS_PER_S + wall.tv_nsec,
    };
    out_open_deliver(&out, gather, how->out);
    if (how->json)
        report_json(&out, &report);
    else
        report_text(&out, &report, &how->text);
    out_flush(&out);
    how->out->failed |= out.buf.failed;
    out_close(&out);
}

static void put_report(struct sensor *s, const struct past *p, const struct buf *text,
                       const char *ending)
{
    struct err err;
    char file[FOLDER_NAME_MAX + 8];
    if (s->reports.fd < 0)
        return;
    (void)snprintf(file, sizeof file, "%s.%s", p->row.file, ending);
    if (text->failed)
        err_set(&err, file, "out of memory");
    if (text->failed || !folder_put(&s->reports, file, buf_view(text), &err)) {
        s->counts.reports_lost++;
        say(s, "report %s is lost: %s: %s", file, err.where, err.text);
    }
}

/* What nobody will ask for, or is no whole report, is let go. */
static void keep_report(const struct sensor *s, struct buf *text)
{
    if (!s->keep_reports || text->failed || text->len > PAST_REPORT_MAX)
        buf_clear(text);
}

static void put_reports(struct sensor *s, struct past *p, const struct device *d,
                        const struct result *r, const struct engine_stats *stats)
{
    struct inquiry json = {.json = true, .out = &p->json};
    struct inquiry text = {.text = {.width = REPORT_WIDTH}, .out = &p->text};
    if (s->reports.fd >= 0)
        filing_name(d, p->row.file);
    filing_render(s, &json, r, stats);
    put_report(s, p, &p->json, "json");
    keep_report(s, &p->json);
    filing_render(s, &text, r, stats);
    put_report(s, p, &p->text, "txt");
    keep_report(s, &p->text);
}

static struct past *remember(struct sensor *s, const struct device *d)
{
    struct past *p = &s->past[s->past_next];
    s->past_next = (s->past_next + 1) % PAST_MAX;
    s->past_count += s->past_count < PAST_MAX;
    buf_clear(&p->json);
    buf_clear(&p->text);
    row_of(d, &p->row);
    p->row.ended_ns = s->now_ns;
    return p;
}

void filing_ended(struct sensor *s, struct device *d, const struct result *r,
                  const struct engine_stats *stats)
{
    device_note(d, r);
    struct past *p = remember(s, d);
    s->counts.ended[d->end]++;
    s->counts.verdicts[d->summary.verdict]++;
    if (d->summary.verdict > s->worst)
        s->worst = d->summary.verdict;
    if (s->reports.fd >= 0 || s->keep_reports)
        put_reports(s, p, d, r, stats);
    evidence_ended(s, d, r, stats, &p->row);
    if (s->events.kind != OUTBOX_NONE)
        eve_result(&s->eve, r, stats);
    say_device(s, d, device_end_text(d->end));
    for (int i = 0; i < DEVICE_CAUSES_SHOWN && d->summary.causes[i][0]; i++)
        say(s, "device %u: %s", (unsigned)d->number, d->summary.causes[i]);
}
