/*
 * diagnose/finding: a finding put together: texts, blame, particulars, filter.
 * SPDX-License-Identifier: MIT
 *
 * Each part has a room of its own (told, blame, detail, filter); this one keeps their order.
 */
#include "blame.h"
#include "detail.h"
#include "faces.h"
#include "filter.h"
#include "judge.h"

struct draft *finding_add(struct judge *j, uint32_t *number)
{
    *number = pool_add(&j->drafts);
    if (*number == POOL_NONE)
        return NULL;
    struct draft *d = pool_at(&j->drafts, *number);
    *d = (struct draft){.client = POOL_NONE, .name = INTERN_NONE, .cause = POOL_NONE};
    d->x.text = INTERN_NONE;
    d->f.hops = -1;
    d->f.host = d->f.proto = d->f.detail = d->f.summary = d->f.advice = "";
    d->f.display_filter = d->f.disproof = "";
    return d;
}

struct draft *finding_of_device(struct judge *j, enum finding_kind kind, enum severity severity)
{
    uint32_t number;
    struct draft *d = finding_add(j, &number);
    if (!d)
        return NULL;
    d->client = j->j.device;
    d->f.kind = kind;
    d->f.severity = severity;
    d->f.device = facts_at(j->f, d->client)->addr;
    return d;
}

const char *judge_keep(struct judge *j)
{
    struct slice copy = arena_copy(j->arena, buf_view(&j->text));
    if (!copy.data || j->text.failed)
        j->failed = true;
    buf_reset(&j->text);
    return copy.data ? (const char *)copy.data : "";
}

void judge_address(struct buf *b, const struct ip_addr *a)
{
    char text[ADDR_TEXT_SIZE];
    buf_str(b, addr_text(a, text));
}

void finding_prove(struct judge *j, struct draft *d)
{
    if (d->f.proof_count < FINDING_PROOF_MAX && j->text.len > 0)
        d->f.proof[d->f.proof_count++] = judge_keep(j);
    else
        buf_reset(&j->text);
}

static void add_summary(struct judge *j, const struct draft *d)
{
    struct buf *b = &j->text;
    const struct finding *f = &d->f;
    if (f->host[0] != '\0' && f->kind != FINDING_CLOCK_SKEW)
        buf_printf(b, "%s: ", f->host);
    if (f->kind == FINDING_DNS_NO_REPLY && f->host[0] == '\0') {
        buf_str(b, d->x.servers ? "the resolvers do not answer" : "resolver ");
        if (!d->x.servers) {
            judge_address(b, &f->server);
            buf_str(b, " does not answer");
        }
    } else {
        buf_str(b, face_of(j, d)->what);
    }
    if (f->recovered)
        buf_str(b, face_went_round(j, d) ? "; the direct way works" : "; later it worked");
}

static void add_server_proof(struct judge *j, struct draft *d)
{
    bool by_signs = d->f.kind == FINDING_TLS_INSPECTED && d->x.text == INTERN_NONE;
    bool by_greetings = d->f.kind == FINDING_CLOCK_SKEW && d->f.server.family == 0;
    if (d->f.kind >= FINDING_EAP_NO_REQUEST || by_signs || by_greetings)
        return;
    bool proxy = (d->x.group & FAIL_PROXY) != 0;
    buf_printf(&j->text, "seen in %u exchange%s", d->f.count, d->f.count == 1 ? "" : "s");
    if (d->f.server.family != 0) {
        buf_str(&j->text, proxy ? " with the proxy " : " with ");
        judge_address(&j->text, &d->f.server);
        if (d->f.port != 0 && !proxy) /* the port is the host's */
            buf_printf(&j->text, " port %u", d->f.port);
    } else {
        buf_str(&j->text, " with several servers");
    }
    finding_prove(j, d);
}

void finding_tell(struct judge *j, struct draft *d)
{
    const struct told *told = face_of(j, d);
    d->f.culprit = told->culprit;
    d->f.confidence = told->confidence;
    d->f.advice = told->advice;
    d->f.disproof = told->disproof;
    blame(j, d);
    d->f.advice = face_advice(d);
    add_server_proof(j, d);
    dhcp_explain(j, d);
    capture_weigh(j, d);
    detail_write(j, d);
    d->f.detail = judge_keep(j);
    add_summary(j, d);
    d->f.summary = judge_keep(j);
    filter_write(j, d);
    d->f.display_filter = judge_keep(j);
}
