/*
 * diagnose/rules_capture: what the capture itself keeps from being said.
 * SPDX-License-Identifier: MIT
 */
#include "judge.h"
#include "proto/proto.h"

#define CUT_SHARE  10   /* one packet in so many cut short makes missing bytes doubtful */
#define HALF_SHARE 4    /* so many half conversations to a whole one are a one-way capture */
#define GAP_SHARE  200  /* to so many connections one conversation that lacks packets, or */
#define DROP_SHARE 1000 /* one packet in so many dropped: single packets may be missing anywhere */

#define SILENT_KINDS                                                          \
    (1ULL << FINDING_DNS_NO_REPLY | 1ULL << FINDING_TCP_NO_REPLY |            \
     1ULL << FINDING_TLS_NO_SERVER_HELLO | 1ULL << FINDING_HTTP_NO_RESPONSE | \
     1ULL << FINDING_NTP_NO_REPLY)

/* What never came is all that speaks in these, too. (A download that is cut short is told by the length that
 * came, in sequence numbers.) */
#define ABSENT_KINDS                                                                   \
    (SILENT_KINDS | 1ULL << FINDING_DNS_TCP_BLOCKED | 1ULL << FINDING_TLS_INCOMPLETE | \
     1ULL << FINDING_TLS_STALLED | 1ULL << FINDING_PROXY_SEARCH_SLOW |                 \
     1ULL << FINDING_EAP_NO_REQUEST | 1ULL << FINDING_DHCP_NO_OFFER |                  \
     1ULL << FINDING_DHCP_OFFER_UNUSED | 1ULL << FINDING_DHCP_NO_ACK)

/* Conversations that lack something without a direction missing. */
static uint64_t gapped(const struct facts *f, const struct capture_facts *c)
{
    bool begun = f->orphan_ns - c->first.ts_ns > DNS_PATIENCE_NS;
    return f->gapped + (begun ? f->orphans : 0);
}

static bool many_gapped(const struct facts *f, const struct capture_facts *c)
{
    uint64_t count = gapped(f, c);
    return count > 0 && count >= f->two_way / GAP_SHARE;
}

/* Drops that nobody told the time of: they may be anywhere. 0 where they are few. */
static uint64_t undated_drops(const struct facts *f, const struct capture_facts *c)
{
    uint64_t drops = c->kernel_drops > f->losses.drops ? c->kernel_drops - f->losses.drops : 0;
    return drops >= c->packets / DROP_SHARE ? drops : 0;
}

bool capture_lossy(const struct facts *f, const struct capture_facts *c)
{
    return many_gapped(f, c) || undated_drops(f, c) > 0;
}

/* What was lost around an exchange, of what weighs. */
static struct loss lost_around(const struct judge *j, int64_t at_ns)
{
    struct loss lost = loss_around(&j->f->losses, at_ns);
    if (!many_gapped(j->f, j->j.capture))
        lost.gapped = 0;
    return lost;
}

static bool is_lost(struct loss lost)
{
    return lost.drops > 0 || lost.gapped > 0;
}

bool capture_may_have_lost(const struct facts *f, int64_t at_ns)
{
    return f->lossy || loss_around(&f->losses, at_ns).drops > 0 ||
           (!f->complete && loss_silent(&f->losses, at_ns, at_ns + DIAGNOSIS_SILENCE_NS));
}

/* A device that got its answer does not ask again: who repeats has heard nothing, whatever the capture
 * lacks. */
enum ruling capture_ruling(const struct judging *j, const struct failure *x, enum ruling ruling)
{
    if (ruling != RULING_FAILED)
        return ruling;
    bool silent = ((SILENT_KINDS | 1ULL << FINDING_TLS_INCOMPLETE) >> x->kind & 1) != 0;
    bool lossy = silent && x->tries < 2 && capture_may_have_lost(j->f, x->first.ts_ns);
    bool unsure = j->one_way || (x->group & FAIL_CUT) || lossy;
    return unsure ? RULING_DOUBT : RULING_FAILED;
}

/* Messages say what they say; so does a receiver that tells what it lacks. */
static bool rests_on_absence(const struct draft *d)
{
    if (d->x.clue.hole != HOLE_NONE || d->x.icmp_from.family != 0)
        return false;
    if (d->f.kind == FINDING_IPV6_BROKEN)
        return d->x.kind == FINDING_TCP_NO_REPLY;
    bool gave_up = d->f.kind == FINDING_TLS_RESET && d->f.culprit == CULPRIT_NETWORK;
    return gave_up || (ABSENT_KINDS >> d->f.kind & 1) != 0;
}

/* Losses between exchanges that failed do not matter: the first and the last stand for all of them. */
void capture_weigh(struct judge *j, struct draft *d)
{
    if (!rests_on_absence(d))
        return;
    uint64_t undated = undated_drops(j->f, j->j.capture);
    struct loss lost = lost_around(j, d->f.first.ts_ns);
    if (!undated && !(is_lost(lost) && is_lost(lost_around(j, d->f.last.ts_ns))))
        return;
    struct buf *b = &j->text;
    buf_str(b, "the capture lacks packets: ");
    if (undated + lost.drops > 0)
        buf_printf(b, "%llu were dropped by its own count%s",
                   (unsigned long long)(undated ? undated : lost.drops),
                   undated ? ", it does not tell when" : " in these minutes");
    if (lost.gapped > 0)
        buf_printf(b, "%s%u conversation%s of these minutes lack%s some",
                   undated + lost.drops > 0 ? "; " : "", lost.gapped, lost.gapped == 1 ? "" : "s",
                   lost.gapped == 1 ? "s" : "");
    finding_prove(j, d);
    d->lossy = true;
    if (d->f.confidence > CONFIDENCE_POSSIBLE)
        d->f.confidence--;
}

bool capture_one_way(const struct judge *j, uint32_t client)
{
    const struct client *c = facts_at(j->f, client);
    if (c->two_way == 0 && resolver_unheard(j->f, client) > 0)
        return true;
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
            d->f.first = c->first_truncated;
            d->f.last = c->last_truncated;
            finding_tell(j, d);
        }
    }
    int64_t clock_ns = clock_lacks(j);
    d = clock_ns != 0 ? capture_finding(j, FINDING_CAPTURE_CLOCK, 0) : NULL;
    if (d) {
        clock_of_capture_judge(j, d, clock_ns);
        finding_tell(j, d);
    }
}
