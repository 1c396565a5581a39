/*
 * live/rows: what can be asked of deployments, running and ended.
 * SPDX-License-Identifier: MIT
 */
#include "sensor.h"

void row_of(const struct device *d, struct row *out)
{
    *out = (struct row){
        .number = d->number,
        .mac = d->mac,
        .has_mac = d->has_mac,
        .end = d->end,
        .first_ns = d->first_ns,
        .last_ns = d->last_ns,
        .summary = d->summary,
    };
    (void)device_address(d, out->address);
}

static const struct past *past_at(const struct sensor *s, uint32_t age)
{
    return &s->past[(s->past_next + PAST_MAX - 1 - age) % PAST_MAX];
}

void sensor_rows(const struct sensor *s, row_fn *fn, void *ctx)
{
    for (uint32_t i = 0; i < s->roster.top; i++) {
        const struct device *d = s->roster.devices[i];
        struct row row;
        if (!d || d->sign_ns == 0)
            continue;
        row_of(d, &row);
        fn(ctx, &row);
    }
    for (uint32_t i = 0; i < s->past_count; i++)
        fn(ctx, &past_at(s, i)->row);
}

static struct device *find_running(const struct sensor *s, uint32_t number)
{
    for (uint32_t i = 0; i < s->roster.top; i++) {
        struct device *d = s->roster.devices[i];
        if (d && d->sign_ns != 0 && d->number == number)
            return d;
    }
    return NULL;
}

static const struct past *find_past(const struct sensor *s, uint32_t number)
{
    for (uint32_t i = 0; i < s->past_count; i++) {
        if (past_at(s, i)->row.number == number)
            return past_at(s, i);
    }
    return NULL;
}

bool sensor_row(const struct sensor *s, uint32_t number, struct row *out)
{
    const struct device *d = find_running(s, number);
    const struct past *p = d ? NULL : find_past(s, number);
    if (d)
        row_of(d, out);
    else if (p)
        *out = p->row;
    return d || p;
}

void sensor_report(struct sensor *s, uint32_t number, const struct inquiry *how)
{
    struct device *d = find_running(s, number);
    const struct past *p = d ? NULL : find_past(s, number);
    if (d && !sensor_ask(s, d, how))
        how->out->failed = true;
    if (p)
        buf_slice(how->out, buf_view(how->json ? &p->json : &p->text));
}
