/*
 * diagnose/rules_capture: what the capture itself keeps from being said.
 * SPDX-License-Identifier: MIT
 */
#include "judge.h"

#define CUT_SHARE  10   /* one packet in so many cut short makes missing bytes doubtful */
#define HALF_SHARE 4    /* so many half conversations to a whole one are a one-way capture */
#define GAP_SHARE  200  /* one connection in so many that lacks bytes, or */
#define DROP_SHARE 1000 /* one packet in so many dropped: single packets may be missing anywhere */

#define SILENT_KINDS                                                          \
    (1ULL << FINDING_DNS_NO_REPLY | 1ULL << FINDING_TCP_NO_REPLY |            \
     1ULL << FINDING_TLS_NO_SERVER_HELLO | 1ULL << FINDING_HTTP_NO_RESPONSE | \
     1ULL << FINDING_NTP_NO_REPLY)

bool capture_lossy(const struct facts *f, const struct capture_facts *c)
{
    return (f->gapped > 0 && f->gapped >= f->two_way / GAP_SHARE) ||
           (c->kernel_drops > 0 && c->kernel_drops >= c->packets / DROP_SHARE);
}

/* A device that got its answer does not ask again: who repeats has heard nothing, whatever the capture
 * lacks. */
enum ruling capture_ruling(const struct judging *j, const struct failure *x, enum ruling ruling)
{
    if (ruling != RULING_FAILED)
        return ruling;
    bool silent = (SILENT_KINDS >> x->kind & 1) != 0;
    bool unsure = j->one_way || (x->group & FAIL_CUT) || (silent && j->f->lossy && x->tries < 2);
    return unsure ? RULING_DOUBT : RULING_FAILED;
}

bool capture_one_way(const struct judge *j, uint32_t client)
{
    const struct client *c = facts_at(j->f, client);
    return c->one_way > 0 && c->one_way / HALF_SHARE >= c->two_way;
}

bool capture_cut(const struct capture_facts *c)
{
    return c->truncated_packets > 0 && c->truncated_packets >= c->packets / CUT_SHARE;
}

static struct draft *capture_finding(struct judge *j, enum finding_kind kind, uint64_t count)
{
    uint32_t number;
    struct draft *d = finding_add(j, &number);
    if (!d)
        return NULL;
    d->f.kind = kind;
    d->f.count = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
    d->f.first = j->j.capture->first;
    d->f.last = j->j.capture->last;
    return d;
}

static bool one_way_told(const struct judge *j)
{
    for (uint32_t i = 0; i < j->drafts.count; i++) {
        const struct draft *d = pool_at(&j->drafts, i);
        if (d->f.kind == FINDING_CAPTURE_ONE_WAY)
            return true;
    }
    return false;
}

void capture_findings(struct judge *j)
{
    const struct capture_facts *c = j->j.capture;
    struct draft *d;
    bool half = j->f->one_way > 0 && j->f->one_way / HALF_SHARE >= j->f->two_way;
    if (half && !one_way_told(j)) {
        d = capture_finding(j, FINDING_CAPTURE_ONE_WAY, j->f->one_way);
        if (d) {
            d->weighs = true;
            d->x.value = (int64_t)(j->f->one_way + j->f->two_way);
            finding_tell(j, d);
        }
    }
    if (c->gap_bytes > 0 || c->kernel_drops > 0) {
        d = capture_finding(j, FINDING_CAPTURE_GAPS, j->f->gapped);
        if (d) {
            d->weighs = j->unseen;
            finding_tell(j, d);
        }
    }
    if (c->truncated_packets > 0) {
        d = capture_finding(j, FINDING_CAPTURE_TRUNCATED, c->truncated_packets);
        if (d) {
            d->weighs = capture_cut(c);
            finding_tell(j, d);
        }
    }
}
