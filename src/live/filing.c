/*
 * live/filing: what is written of a deployment that ended.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "report/report.h"
#include "sensor.h"

#define REPORT_WIDTH 80

/* "20260301T080000Z-10.20.0.31-7": sorts by time, and no two are the same. */
static void name_report(const struct device *d, char out[FOLDER_NAME_MAX])
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

static void put_report(struct sensor *s, const struct report *report, const char *name, bool json)
{
    struct buf text;
    struct out out;
    struct err err;
    char file[FOLDER_NAME_MAX + 8];
    buf_init(&text);
    struct text_options options = {.width = REPORT_WIDTH};
    out_open_deliver(&out, gather, &text);
    if (json)
        report_json(&out, report);
    else
        report_text(&out, report, &options);
    out_flush(&out);
    out_close(&out);
    (void)snprintf(file, sizeof file, "%s.%s", name, json ? "json" : "txt");
    if (text.failed)
        err_set(&err, file, "out of memory");
    if (text.failed || !folder_put(&s->reports, file, buf_view(&text), &err)) {
        s->counts.reports_lost++;
        say(s, "report %s is lost: %s: %s", file, err.where, err.text);
    }
    buf_clear(&text);
}

static void put_reports(struct sensor *s, struct past *p, const struct device *d,
                        const struct result *r, const struct engine_stats *stats)
{
    struct timespec wall = {0};
    (void)clock_gettime(CLOCK_REALTIME, &wall);
    struct report report = {
        .result = r,
        .stats = stats,
        .capture = s->view,
        .services = s->options->services,
        .generated_ns = wall.tv_sec * NS_PER_S + wall.tv_nsec,
    };
    name_report(d, p->file);
    put_report(s, &report, p->file, true);
    put_report(s, &report, p->file, false);
}

static struct past *remember(struct sensor *s, const struct device *d)
{
    struct past *p = &s->past[s->past_next];
    s->past_next = (s->past_next + 1) % PAST_MAX;
    s->past_count += s->past_count < PAST_MAX;
    *p = (struct past){
        .number = d->number,
        .mac = d->mac,
        .has_mac = d->has_mac,
        .first_ns = d->first_ns,
        .ended_ns = s->now_ns,
        .end = d->end,
        .summary = d->summary,
    };
    (void)device_address(d, p->address);
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
    if (s->reports.fd >= 0)
        put_reports(s, p, d, r, stats);
    if (s->events.kind != OUTBOX_NONE)
        eve_result(&s->eve, r, stats);
    say_device(s, d, device_end_text(d->end));
    for (int i = 0; i < DEVICE_CAUSES_SHOWN && d->summary.causes[i][0]; i++)
        say(s, "device %u: %s", (unsigned)d->number, d->summary.causes[i]);
}
