/*
 * diagnose/verdict: from the status of services to one word and its reasons.
 * SPDX-License-Identifier: MIT
 */
#include "judge.h"

/* Whether a finding that weighs on the verdict by itself stands for the device. */
static bool finding_stands(const struct judge *j, uint32_t first_draft)
{
    for (uint32_t i = first_draft; i < j->drafts.count; i++) {
        const struct finding *f = &((const struct draft *)pool_at(&j->drafts, i))->f;
        if ((f->kind == FINDING_TLS_INSPECTED || f->kind == FINDING_CLOCK_SKEW ||
             f->kind == FINDING_NTP_WRONG_TIME || f->kind == FINDING_ADDRESS_CONFLICT ||
             f->kind == FINDING_ADDRESS_SELF_ASSIGNED || f->kind == FINDING_PATH_SLOW ||
             f->kind == FINDING_PATH_LOSSY || f->kind == FINDING_NETWORK_LOST) &&
            f->severity >= SEVERITY_WARNING)
            return true;
    }
    return false;
}

/* Findings that leave the device without a usable network: nothing it requires can be reached. */
bool verdict_without_network(const struct judge *j, uint32_t first_draft)
{
    for (uint32_t i = first_draft; i < j->drafts.count; i++) {
        const struct finding *f = &((const struct draft *)pool_at(&j->drafts, i))->f;
        if (f->kind >= FINDING_EAP_NO_REQUEST && f->kind <= FINDING_DHCP_SEVERAL_SERVERS &&
            f->severity == SEVERITY_ERROR)
            return true;
    }
    return false;
}

enum verdict_word verdict_of(struct judge *j, const enum status_word *words, uint32_t first_draft)
{
    bool degraded = false, shown = false, failed = false, unseen = false;
    for (uint32_t s = 0; s < j->service_count; s++) {
        enum need need = services_at(j->f->list, s)->need;
        if (services_at(j->f->list, s)->other_modes)
            continue;
        failed |= need == NEED_REQUIRED && words[s] == STATUS_FAILED;
        unseen |= words[s] == STATUS_INCONCLUSIVE && need == NEED_REQUIRED &&
                  (j->tallies[s].unseen || j->f->lossy);
        degraded |= words[s] == STATUS_FAILED || words[s] == STATUS_DEGRADED;
        shown |= words[s] == STATUS_REACHABLE && (int)s != j->dns_service &&
                 (int)s != j->dhcp_service && (int)s != j->proxy_service;
    }
    if (j->j.one_way)
        return VERDICT_INCONCLUSIVE;
    bool cut_off = verdict_without_network(j, first_draft);
    j->without_network |= cut_off;
    if (failed || cut_off)
        return VERDICT_BLOCKED;
    if (degraded || finding_stands(j, first_draft))
        return VERDICT_DEGRADED;
    j->unseen |= unseen;
    return shown && !unseen && !j->j.cut ? VERDICT_CLEAR : VERDICT_INCONCLUSIVE;
}

/* ---- reasons ---- */

static void add_reason(struct judge *j, struct result *r, const char **reasons)
{
    if (r->reason_count < REASONS_MAX)
        reasons[r->reason_count++] = judge_keep(j);
    else
        buf_reset(&j->text);
}

/* Appends the services of a status, after `first`; false when there are none. */
static bool name_services(struct judge *j, enum status_word word, bool required, const char *first)
{
    uint32_t named = 0;
    for (uint32_t s = 0; s < j->service_count; s++) {
        const struct service *service = services_at(j->f->list, s);
        if (j->worst[s] != word || service->other_modes ||
            (service->need == NEED_REQUIRED) != required)
            continue;
        buf_str(&j->text, named++ ? ", " : first);
        buf_str(&j->text, service->name);
    }
    return named > 0;
}

static void services_reason(struct judge *j, struct result *r, const char **reasons,
                            enum status_word word, bool required)
{
    if (!name_services(j, word, required, required ? "required: " : "not required: "))
        return;
    buf_str(&j->text, word == STATUS_FAILED ? " failed" : " worked only in part");
    add_reason(j, r, reasons);
}

static void findings_reason(struct judge *j, struct result *r, const char **reasons,
                            enum finding_kind kind, const char *text)
{
    for (uint32_t i = 0; i < j->drafts.count; i++) {
        const struct draft *d = pool_at(&j->drafts, i);
        if (d->f.kind == kind && (d->f.severity >= SEVERITY_WARNING || d->weighs)) {
            buf_str(&j->text, text);
            add_reason(j, r, reasons);
            return;
        }
    }
}

static void say_clear(struct judge *j)
{
    if (!name_services(j, STATUS_INCONCLUSIVE, true,
                       "nothing failed, but the capture does not show whether these worked: "))
        buf_str(&j->text, "every required service that was tried could be reached");
}

void verdict_reasons(struct judge *j, struct result *r)
{
    const char **reasons = arena_alloc(j->arena, REASONS_MAX * sizeof *reasons);
    if (!reasons)
        return;
    r->reasons = reasons;
    services_reason(j, r, reasons, STATUS_FAILED, true);
    services_reason(j, r, reasons, STATUS_DEGRADED, true);
    services_reason(j, r, reasons, STATUS_FAILED, false);
    services_reason(j, r, reasons, STATUS_DEGRADED, false);
    findings_reason(j, r, reasons, FINDING_TLS_INSPECTED,
                    "TLS connections are opened and signed anew on the way");
    findings_reason(j, r, reasons, FINDING_CLOCK_SKEW,
                    "the clock of a device is off by more than five minutes");
    findings_reason(j, r, reasons, FINDING_NTP_WRONG_TIME, "a time server gives a wrong time");
    findings_reason(j, r, reasons, FINDING_ADDRESS_CONFLICT, "two machines claim one address");
    findings_reason(j, r, reasons, FINDING_ADDRESS_SELF_ASSIGNED,
                    "a device gave itself an address because nobody else did");
    findings_reason(j, r, reasons, FINDING_PATH_SLOW,
                    "the network takes more than half a second to the internet and back");
    findings_reason(j, r, reasons, FINDING_PATH_LOSSY,
                    "the network loses more than two percent of the packets");
    findings_reason(j, r, reasons, FINDING_NETWORK_LOST,
                    "the network of a device went away while it worked");
    findings_reason(
        j, r, reasons, FINDING_CAPTURE_ONE_WAY,
        "the capture has one direction only of what would decide: no failure can be told "
        "from silence");
    findings_reason(j, r, reasons, FINDING_CAPTURE_GAPS,
                    "packets are missing from the capture: what they would tell cannot be judged");
    findings_reason(j, r, reasons, FINDING_CAPTURE_TRUNCATED,
                    "packets were captured in part: what is missing cannot be judged");
    if (j->without_network) {
        buf_str(&j->text, "a device did not get a usable network connection");
        add_reason(j, r, reasons);
    }
    if (r->verdict == VERDICT_CLEAR)
        say_clear(j);
    else if (!j->oobe)
        buf_str(&j->text, "no traffic to any service of the list was seen");
    else if (r->reason_count == 0)
        buf_str(&j->text, "the capture ended before any outcome could be seen");
    if (j->text.len > 0)
        add_reason(j, r, reasons);
    if (j->j.capture->damaged_files > 0) {
        buf_str(&j->text, "part of the capture could not be read: what it held is not judged");
        add_reason(j, r, reasons);
    }
}
