/*
 * live/say: lines for people, one an event.
 * SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "sensor.h"

#define LINE_MAX_BYTES 1024

/* It is escaped when it is shown. */
static void show(struct sensor *s, const char *time, const char *text)
{
    (void)snprintf(s->said[s->said_next], SAID_BYTES, "%.19sZ %.*s", time, SAID_BYTES - 24, text);
    s->said_next = (s->said_next + 1) % SAID_LINES;
}

void say(struct sensor *s, const char *format, ...)
{
    char text[LINE_MAX_BYTES];
    char time[TIME_TEXT_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)time_text(s->now_ns, time);
    if (s->on_screen) {
        show(s, time, text);
        return;
    }
    struct buf line;
    buf_init(&line);
    buf_str(&line, time);
    buf_char(&line, ' ');
    escape_text(&line, slice_str(text)); /* names in it come from the network */
    buf_char(&line, '\n');
    if (!line.failed)
        outbox_put(&s->lines, buf_view(&line));
    buf_clear(&line);
}

void say_device(struct sensor *s, const struct device *d, const char *what)
{
    char address[ADDR_TEXT_SIZE];
    char mac[MAC_TEXT_SIZE];
    const struct device_summary *m = &d->summary;
    say(s, "device %u %s%s%s: %s%s%s%s%s%s%s", (unsigned)d->number, device_address(d, address),
        d->has_mac ? " " : "", d->has_mac ? mac_text(&d->mac, mac) : "", what,
        m->judged ? ", " : "", m->judged ? verdict_text(m->verdict) : "",
        m->phase[0] ? ", phase " : "", m->phase, m->stopped_at[0] ? ", stopped at " : "",
        m->stopped_at);
}

void say_state(struct sensor *s)
{
    const struct sensor_counts *c = &s->counts;
    say(s,
        "state: %u devices, %llu deployments begun, %u ended, %llu of servers; packets %llu, of no "
        "device %llu; "
        "dropped by the kernel %llu, by the interface %llu; transactions %llu; events %llu, lost "
        "%llu; reports lost %llu",
        (unsigned)s->roster.count, (unsigned long long)c->begun, sensor_ended(s),
        (unsigned long long)c->withdrawn, (unsigned long long)c->packets,
        (unsigned long long)c->unassigned, (unsigned long long)s->drops.all.tap.kernel,
        (unsigned long long)s->drops.all.tap.interface, (unsigned long long)c->transactions,
        (unsigned long long)s->events.lines, (unsigned long long)s->events.lost,
        (unsigned long long)c->reports_lost);
    if (s->evidence.folder.fd >= 0)
        say(s, "evidence: files %llu, lost %llu; packets kept now take %llu bytes, %llu pushed out",
            (unsigned long long)s->evidence.files, (unsigned long long)s->evidence.lost,
            (unsigned long long)s->evidence.store.bytes,
            (unsigned long long)s->evidence.store.pushed_out);
    for (uint32_t i = 0; i < s->roster.top; i++) {
        const struct device *d = s->roster.devices[i];
        if (d && d->sign_ns)
            say_device(s, d, "running");
    }
}
