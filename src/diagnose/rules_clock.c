/*
 * diagnose/rules_clock: whose clock is wrong, the device's or that of the machine that captured.
 * SPDX-License-Identifier: MIT
 *
 * RFC 9110 section 6.6.1 (Date). Servers that agree with each other know the time; a cached answer has an
 * old date, but not the same one as another server's.
 */
#include "rules.h"

#define AGREE_NS (60 * NS_PER_S)  /* dates have whole seconds, and answers their way */
#define RIGHT_NS (300 * NS_PER_S) /* a clock this near is right enough for certificates */

void clock_fact(struct facts *f, const struct flow *flow, const struct tx *tx)
{
    const struct tx_http *http = &tx->u.http;
    struct clock_samples *c = &f->clocks;
    if (http->status == 0 || http->date < 0 || http->date > INT64_MAX / NS_PER_S ||
        !mark_set(tx->reply) || c->count == CLOCK_SAMPLES_MAX)
        return;
    for (uint32_t i = 0; i < c->count; i++) {
        if (addr_eq(&c->at[i].server, &flow->key.dst))
            return;
    }
    c->at[c->count].server = flow->key.dst;
    c->at[c->count++].offset_ns = http->date * NS_PER_S - tx->reply.ts_ns;
}

static bool near(int64_t a, int64_t b, int64_t limit)
{
    return a - b <= limit && b - a <= limit;
}

bool clock_of_capture(const struct facts *f, int64_t *offset_ns)
{
    const struct clock_samples *c = &f->clocks;
    uint32_t best = 1;
    *offset_ns = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        if (near(c->at[i].offset_ns, 0,
                 RIGHT_NS)) { /* one that agrees with the capture is enough */
            *offset_ns = 0;
            return true;
        }
        uint32_t agree = 0;
        for (uint32_t k = 0; k < c->count; k++)
            agree += near(c->at[i].offset_ns, c->at[k].offset_ns, AGREE_NS);
        if (agree > best) {
            best = agree;
            *offset_ns = c->at[i].offset_ns;
        }
    }
    return best > 1;
}

bool clock_is_right(int64_t offset_ns)
{
    return near(offset_ns, 0, RIGHT_NS);
}
