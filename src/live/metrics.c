/*
 * live/metrics: the sensor's numbers in Prometheus' text format.
 * SPDX-License-Identifier: MIT
 *
 * Exposition format 0.0.4: HELP and TYPE before a family's samples, counters end in _total. Labels have
 * values of our own only: nothing a device sends becomes a label, neither as text nor as a new series.
 */
#include "base/version.h"
#include "sensor.h"

#define PREFIX "oobescope_"

struct metrics {
    struct buf *out;
    const char *name; /* of the family whose samples follow */
};

static void family(struct metrics *m, const char *name, const char *type, const char *help)
{
    m->name = name;
    buf_printf(m->out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

static void sample(const struct metrics *m, const char *label, const char *value, uint64_t number)
{
    buf_printf(m->out, PREFIX "%s", m->name);
    if (label)
        buf_printf(m->out, "{%s=\"%s\"}", label, value);
    buf_printf(m->out, " %llu\n", (unsigned long long)number);
}

/* A family of one sample. */
static void single(struct metrics *m, const char *name, const char *type, const char *help,
                   uint64_t number)
{
    family(m, name, type, help);
    sample(m, NULL, NULL, number);
}

static void put_packets(struct metrics *m, const struct sensor *s)
{
    const struct sensor_counts *c = &s->counts;
    single(m, "packets_total", "counter", "Packets read from all interfaces.", c->packets);
    single(m, "packets_unassigned_total", "counter", "Packets that are of no device.",
           c->unassigned);
    family(m, "packets_dropped_total", "counter", "Packets that were lost before they were read.");
    sample(m, "by", "kernel", s->drops.all.tap.kernel);
    sample(m, "by", "interface", s->drops.all.tap.interface);
    family(m, "packet_time_seconds", "gauge", "Time of the newest packet, seconds since 1970.");
    buf_printf(m->out, PREFIX "packet_time_seconds %lld.%06lld\n",
               (long long)(s->packet_ns / NS_PER_S),
               (long long)(s->packet_ns % NS_PER_S / NS_PER_US));
}

static void put_interfaces(struct metrics *m, const struct sensor *s)
{
    family(m, "interfaces", "gauge", "Interfaces that are captured, and that are gone.");
    sample(m, "state", "captured", s->open_interfaces);
    sample(m, "state", "gone", s->options->interface_count - s->open_interfaces);
}

static void put_devices(struct metrics *m, const struct sensor *s)
{
    unsigned running = 0;
    for (uint32_t i = 0; i < s->roster.top; i++) {
        const struct device *d = s->roster.devices[i];
        running += d && d->sign_ns != 0;
    }
    family(m, "devices", "gauge",
           "Devices under deployment, and others that are watched for the beginning of one.");
    sample(m, "state", "deploying", running);
    sample(m, "state", "watched", s->roster.count - running);
    single(m, "devices_turned_away_total", "counter",
           "Times a device was not taken in, since there were too many.", s->roster.turned_away);
}

static void put_deployments(struct metrics *m, const struct sensor *s)
{
    const struct sensor_counts *c = &s->counts;
    single(m, "deployments_begun_total", "counter", "Deployments that began.", c->begun);
    family(m, "deployments_ended_total", "counter", "Deployments that ended, by how.");
    for (int e = DEVICE_DONE; e <= DEVICE_STOPPED; e++)
        sample(m, "end", device_end_text((enum device_end)e), c->ended[e]);
    single(m, "deployments_withdrawn_total", "counter",
           "Deployments of what turned out to be a server.", c->withdrawn);
    family(m, "verdicts_total", "counter", "Deployments that ended, by verdict.");
    for (int v = VERDICT_CLEAR; v <= VERDICT_BLOCKED; v++)
        sample(m, "verdict", verdict_text((enum verdict_word)v), c->verdicts[v]);
}

static void put_outputs(struct metrics *m, const struct sensor *s)
{
    const struct sensor_counts *c = &s->counts;
    single(m, "transactions_total", "counter", "DNS, TLS, HTTP and other exchanges seen.",
           c->transactions);
    single(m, "events_total", "counter", "Events for --eve.", s->events.lines);
    single(m, "events_lost_total", "counter", "Events that --eve's reader or disk did not take.",
           s->events.lost);
    single(m, "reports_lost_total", "counter", "Reports that could not be written.",
           c->reports_lost);
}

static void put_evidence(struct metrics *m, const struct evidence *e)
{
    single(m, "evidence_files_total", "counter", "Captures of deployments that failed.", e->files);
    single(m, "evidence_lost_total", "counter", "The same that could not be written.", e->lost);
    single(m, "evidence_bytes", "gauge", "Memory that packets kept for them take.", e->store.bytes);
    family(m, "evidence_packets_missed_total", "counter",
           "Packets that are not kept for them: left out at once, or pushed out by newer ones.");
    sample(m, "how", "left-out", e->left_out);
    sample(m, "how", "pushed-out", e->store.pushed_out);
}

void metrics_text(const struct sensor *s, struct buf *out)
{
    struct metrics m = {.out = out};
    family(&m, "build_info", "gauge", "Always 1; its label is the version.");
    sample(&m, "version", OOBESCOPE_VERSION, 1);
    put_interfaces(&m, s);
    put_packets(&m, s);
    put_devices(&m, s);
    put_deployments(&m, s);
    put_outputs(&m, s);
    put_evidence(&m, &s->evidence);
}
