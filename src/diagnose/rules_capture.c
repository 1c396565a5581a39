/*
 * diagnose/rules_capture: what the capture itself keeps from being said.
 * SPDX-License-Identifier: MIT
 */
#include "judge.h"

#define CUT_SHARE  10 /* one packet in so many cut short makes missing bytes doubtful */
#define HALF_SHARE 4  /* so many half conversations to a whole one are a one-way capture */

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

void capture_findings(struct judge *j)
{
    const struct capture_facts *c = j->j.capture;
    struct draft *d;
    bool half = j->f->one_way > 0 && j->f->one_way / HALF_SHARE >= j->f->two_way;
    if (half && j->device_count == 0) {
        d = capture_finding(j, FINDING_CAPTURE_ONE_WAY, j->f->one_way);
        if (d) {
            d->weighs = true;
            finding_tell(j, d);
        }
    }
    if (c->gap_bytes > 0) {
        d = capture_finding(j, FINDING_CAPTURE_GAPS, 1);
        if (d) {
            d->x.value = c->gap_bytes > INT64_MAX ? INT64_MAX : (int64_t)c->gap_bytes;
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
