/*
 * live/device: what is kept of a device's results.
 * SPDX-License-Identifier: MIT
 */
#include "device.h"

#include <stdio.h>
#include <string.h>

const char *device_end_text(enum device_end e)
{
    static const char *const texts[] = {"running", "done", "failed", "silent", "stopped"};
    return texts[e];
}

/* A self-assigned address is better than none. */
static int rank(const struct ip_addr *a)
{
    return (a->family == 4) * 2 + !addr_is_link_local(a);
}

const char *device_address(const struct device *d, char out[ADDR_TEXT_SIZE])
{
    _Static_assert(ADDR_TEXT_SIZE >= MAC_TEXT_SIZE, "either fits");
    const struct ip_addr *best = d->address_count ? &d->addresses[0] : NULL;
    for (uint32_t i = 1; i < d->address_count; i++) {
        if (rank(&d->addresses[i]) > rank(best))
            best = &d->addresses[i];
    }
    return best ? addr_text(best, out) : mac_text(&d->mac, out);
}

static void copy(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text);
}

/* A result is of one device, but for addresses whose MAC nobody could see. */
static const struct device_result *own(const struct device *d, const struct result *r)
{
    char address[ADDR_TEXT_SIZE];
    char other[ADDR_TEXT_SIZE];
    (void)device_address(d, address);
    for (uint32_t i = 0; i < r->device_count; i++) {
        if (strcmp(addr_text(&r->devices[i].address, other), address) == 0)
            return &r->devices[i];
    }
    return r->device_count ? &r->devices[0] : NULL;
}

static void note_services(struct device_summary *s, const struct device_result *d,
                          const struct result *r)
{
    s->all_required = r->service_count > 0;
    for (uint32_t i = 0; i < r->service_count; i++) {
        enum status_word status = d->statuses[i];
        s->services[status]++;
        if (r->services[i].service->need == NEED_REQUIRED)
            s->all_required &= status == STATUS_REACHABLE || status == STATUS_DEGRADED;
    }
}

void device_note(struct device *d, const struct result *r)
{
    struct device_summary *s = &d->summary;
    const struct device_result *mine = own(d, r);
    memset(s, 0, sizeof *s);
    s->judged = true;
    s->verdict = r->verdict;
    if (mine) {
        s->verdict = mine->verdict;
        copy(s->name, sizeof s->name, mine->name);
        copy(s->phase, sizeof s->phase, mine->phase);
        copy(s->stopped_at, sizeof s->stopped_at, mine->stopped_at);
        note_services(s, mine, r);
    }
    for (uint32_t i = 0; i < r->finding_count; i++)
        s->finding_count += r->findings[i].severity >= SEVERITY_WARNING;
    for (uint32_t i = 0; i < r->cause_count && i < DEVICE_CAUSES_SHOWN; i++)
        copy(s->causes[i], sizeof s->causes[i], r->causes[i].summary);
}

enum device_end device_standing(const struct device *d, int64_t now_ns, int64_t timeout_ns)
{
    if (now_ns - d->last_ns >= timeout_ns)
        return DEVICE_SILENT;
    /* It still talks, but no longer of its deployment. */
    if (!d->summary.judged || d->changed || now_ns - d->active_ns < timeout_ns)
        return DEVICE_RUNNING;
    if (d->summary.verdict == VERDICT_BLOCKED)
        return DEVICE_FAILED;
    return d->summary.all_required ? DEVICE_DONE : DEVICE_RUNNING;
}
