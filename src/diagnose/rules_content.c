/*
 * diagnose/rules_content: downloads: ranges that are ignored, bodies that break off.
 * SPDX-License-Identifier: MIT
 *
 * RFC 9110 section 14. Windows fetches updates and apps in ranges; a box that stores or scans files answers
 * them whole or refuses them, one with a size limit ends them always at the same size. A device that ends a
 * download itself does as it likes.
 */
#include <stdlib.h>

#include "rules.h"

#define SMALL_FILE    65536   /* who answers a range of less with the whole does no harm */
#define SAME_SIZE     65536LL /* sizes of long bodies are known so exactly */
#define STATUS_PART   206
#define STATUS_WHOLE  200
#define STATUS_NONE   416
#define STATUS_UNABLE 501

/* Whether a range that would have been small enough to matter was answered with all. Who rewrites bodies may
 * leave their length out: then what came counts. */
static bool range_ignored(const struct tx_http *http)
{
    int64_t came = http->length > INT64_MAX ? INT64_MAX : (int64_t)http->length;
    int64_t size = http->content_length >= 0 ? http->content_length : came;
    bool all = http->range_from == 0 && (http->range_to < 0 || http->range_to >= size - 1);
    return http->range && http->status == STATUS_WHOLE && size >= SMALL_FILE && !all;
}

/* Beyond the end of a file nothing can be sent: only from its beginning on is a refusal odd. */
static bool range_refused(const struct tx_http *http)
{
    return http->range && ((http->status == STATUS_NONE && http->range_from == 0) ||
                           http->status == STATUS_UNABLE);
}

static bool range_shifted(const struct tx_http *http)
{
    return http->status == STATUS_PART && http->range_from >= 0 && http->content_from >= 0 &&
           http->content_from != http->range_from;
}

/* In `value`: whether ranges worked later. */
static void note_range(struct facts *f, struct row *row, const struct flow *flow,
                       const struct tx *tx)
{
    const struct tx_http *http = &tx->u.http;
    if (range_ignored(http) || range_refused(http) || range_shifted(http)) {
        struct failure x = rule_failure(flow, FINDING_HTTP_RANGE_IGNORED, tx->first);
        x.code = http->status;
        x.text = facts_text(f, slice_str(http->no_ranges ? "Accept-Ranges: none" : ""));
        facts_fail(f, row, &x);
    } else if (http->range && http->status == STATUS_PART) {
        struct failure x;
        if (facts_find_failure(f, row, FINDING_HTTP_RANGE_IGNORED, &x) &&
            tx->first.ts_ns >= x.last.ts_ns) {
            x.value = 1;
            facts_keep_failure(f, &x);
        }
    }
}

/* Long bodies are counted in strides; of a connection with one response the headers know more. */
static int64_t came(const struct flow *flow, const struct tx_http *http)
{
    uint64_t bytes = flow->side[DIR_TO_CLIENT].bytes;
    bool one = flow->transactions <= 1 && bytes > http->length &&
               bytes < http->length + 2 * (uint64_t)SAME_SIZE;
    return (int64_t)(one ? bytes : http->length);
}

/* `value` is the size, `code` how many in a row broke off there; 0: a longer one was complete later. */
static void note_cut(struct facts *f, struct row *row, const struct flow *flow, const struct tx *tx)
{
    const struct tx_http *http = &tx->u.http;
    struct failure old;
    bool again = facts_find_failure(f, row, FINDING_HTTP_CUT_SHORT, &old);
    if (!http->cut) {
        if (again && (int64_t)http->length > old.value) {
            old.code = 0;
            facts_keep_failure(f, &old);
        }
        return;
    }
    struct failure x = rule_failure(flow, FINDING_HTTP_CUT_SHORT, tx->first);
    x.value = came(flow, http);
    x.code = 1;
    if (again && llabs(old.value - x.value) <= SAME_SIZE && old.code < UINT16_MAX)
        x.code = (uint16_t)(old.code + 1);
    facts_fail(f, row, &x);
}

void content_fact(struct facts *f, struct row *row, const struct flow *flow, const struct tx *tx)
{
    facts_ok(f, row, mark_set(tx->reply) ? &tx->reply : &tx->done);
    note_range(f, row, flow, tx);
    note_cut(f, row, flow, tx);
}

enum ruling content_ruling(const struct judging *j, const struct row *head, const struct row *row,
                           const struct failure *x)
{
    (void)head;
    (void)row;
    if (x->kind == FINDING_HTTP_RANGE_IGNORED)
        return x->value != 0 ? RULING_RECOVERED : RULING_WARNS;
    if (x->code == 0)
        return RULING_RECOVERED;
    if (j->cut)
        return RULING_DOUBT;
    return x->code >= CUT_BY_RULE ? RULING_FAILED : RULING_HARMLESS;
}
