/*
 * diagnose/phase: the clock of a deployment.
 * SPDX-License-Identifier: MIT
 */
#include "phase.h"

#include "judge.h"

static const char *const names[PHASE_COUNT] = {
    [PHASE_LINK] = "link",
    [PHASE_ADDRESS] = "address",
    [PHASE_PROXY_SEARCH] = "proxy-search",
    [PHASE_CONNECTIVITY] = "connectivity",
    [PHASE_TIME] = "time",
    [PHASE_DEVICE_IDENTITY] = "device-identity",
    [PHASE_PROFILE] = "profile",
    [PHASE_ACTIVATION] = "activation",
    [PHASE_SIGN_IN] = "sign-in",
    [PHASE_REGISTRATION] = "registration",
    [PHASE_ENROLLMENT] = "enrollment",
    [PHASE_AGENT] = "agent",
    [PHASE_APPS] = "apps",
    [PHASE_DONE] = "done",
};

/* Words of lists that stand for a phase; the others may happen at any time. */
#define WORD_IDENTITY "identity" /* the whole of sign-in and registration */
#define WORD_SYNC     "sync" /* a management sync: begins the apps, and ends them when it comes after */

static enum phase phase_of(const char *word)
{
    if (strcmp(word, WORD_IDENTITY) == 0)
        return PHASE_SIGN_IN;
    if (strcmp(word, WORD_SYNC) == 0)
        return PHASE_DONE;
    for (int p = PHASE_ADDRESS; p < PHASE_DONE; p++) {
        if (strcmp(word, names[p]) == 0)
            return (enum phase)p;
    }
    return PHASE_COUNT;
}

static void note_ok(struct phase_tally *t, struct mark ok)
{
    if (mark_set(ok) && (!mark_set(t->ok) || ok.ts_ns > t->ok.ts_ns))
        t->ok = ok;
}

static void note_failed(struct phase_tally *t, struct mark failed)
{
    if (mark_set(failed) && (!mark_set(t->failed) || failed.ts_ns < t->failed.ts_ns))
        t->failed = failed;
}

void phase_note(struct phase_tally tallies[PHASE_COUNT], const char *word, struct mark ok,
                struct mark failed)
{
    enum phase p = phase_of(word);
    if (p == PHASE_COUNT)
        return;
    note_ok(&tallies[p], ok);
    /* A sync that fails is an app phase that fails. */
    note_failed(&tallies[p == PHASE_DONE ? PHASE_APPS : p], failed);
}

/* ---- what is no host ---- */

static void note_link(struct judge *j, const struct station *st)
{
    note_ok(&j->phases[PHASE_LINK], st->eap_success.last);
    note_ok(&j->phases[PHASE_LINK], st->asked);
    if (st->seeker != POOL_NONE) {
        const struct seeker *k = pool_at(&j->f->stations.seekers, st->seeker);
        note_ok(&j->phases[PHASE_LINK], k->first);
        note_ok(&j->phases[PHASE_ADDRESS], k->address ? k->answered : (struct mark){0, 0, 0});
    }
    note_ok(&j->phases[PHASE_ADDRESS], st->lease.at);
    if (st->lease.proxy != INTERN_NONE)
        note_ok(&j->phases[PHASE_PROXY_SEARCH], st->lease.at);
}

static void note_proxies(struct judge *j)
{
    for (uint32_t i = facts_at(j->f, j->j.device)->peers; i != POOL_NONE;) {
        const struct peer *p = pool_at(&j->f->peers, i);
        i = p->next;
        if (p->role != PEER_PROXY)
            continue;
        note_ok(&j->phases[PHASE_PROXY_SEARCH], p->last_answered);
        if (p->answered == 0)
            note_failed(&j->phases[PHASE_PROXY_SEARCH], p->first_unanswered);
    }
}

static void note_findings(struct judge *j)
{
    for (uint32_t i = j->first_draft; i < j->drafts.count; i++) {
        const struct finding *f = &((const struct draft *)pool_at(&j->drafts, i))->f;
        if (f->severity < SEVERITY_WARNING)
            continue;
        if (f->kind == FINDING_EAP_NO_REQUEST || f->kind == FINDING_EAP_FAILURE)
            note_failed(&j->phases[PHASE_LINK], f->first);
        else if ((f->kind >= FINDING_DHCP_NO_OFFER && f->kind <= FINDING_DHCP_NO_ROUTER) ||
                 f->kind == FINDING_ADDRESS_SELF_ASSIGNED)
            note_failed(&j->phases[PHASE_ADDRESS], f->first);
    }
}

/* A sync after the newest app content ends the deployment; any other one belongs to the apps. */
static void split_sync(struct phase_tally phases[PHASE_COUNT])
{
    struct phase_tally *apps = &phases[PHASE_APPS], *done = &phases[PHASE_DONE];
    bool ends = mark_set(apps->ok) && mark_set(done->ok) && done->ok.ts_ns > apps->ok.ts_ns &&
                !mark_set(apps->failed);
    if (ends || !mark_set(done->ok))
        return;
    note_ok(apps, done->ok);
    done->ok = (struct mark){0, 0, 0};
}

/* ---- telling ---- */

/* The first phase after the last one seen that a deployment must come to. What is before that one and
 * was not seen came before the capture did. */
static const char *missing_after(int seen)
{
    static const bool firm[PHASE_COUNT] = {
        [PHASE_ADDRESS] = true,      [PHASE_CONNECTIVITY] = true, [PHASE_DEVICE_IDENTITY] = true,
        [PHASE_PROFILE] = true,      [PHASE_ACTIVATION] = true,   [PHASE_SIGN_IN] = true,
        [PHASE_REGISTRATION] = true, [PHASE_ENROLLMENT] = true,   [PHASE_AGENT] = true,
        [PHASE_APPS] = true,
    };
    for (int p = seen + 1; p < PHASE_COUNT; p++) {
        if (firm[p])
            return names[p];
    }
    return "";
}

void phase_judge(struct judge *j, struct device_result *d)
{
    struct phase_tally *phases = j->phases;
    struct phase_result *results = arena_alloc(j->arena, PHASE_COUNT * sizeof *results);
    if (j->j.station)
        note_link(j, j->j.station);
    note_proxies(j);
    note_findings(j);
    split_sync(phases);
    d->phase = "";
    d->stopped_at = "";
    d->next_phase = "";
    if (!results) {
        j->failed = true;
        return;
    }
    d->phases = results;
    int seen = -1;
    for (int p = 0; p < PHASE_COUNT; p++) {
        const struct phase_tally *t = &phases[p];
        bool failed = mark_set(t->failed);
        if (!failed && !mark_set(t->ok))
            continue;
        seen = p;
        results[d->phase_count++] = (struct phase_result){names[p], failed, t->ok, t->failed};
        if (!failed) {
            d->phase = names[p];
            d->phase_mark = t->ok;
        }
        /* Without the time a deployment goes on. */
        if (failed && p != PHASE_TIME && d->stopped_at[0] == '\0') {
            d->stopped_at = names[p];
            d->stopped_mark = t->failed;
        }
    }
    d->next_phase = missing_after(seen);
}
