/*
 * flow/early: errors before their cause.
 * SPDX-License-Identifier: MIT
 */
#include "early.h"

#define WAIT_NS (50 * NS_PER_MS) /* how far a mirror port puts packets out of order */

void early_keep(struct early *e, const struct packet *icmp)
{
    uint32_t place = e->next++ % EARLY_MAX;
    e->errors[place] = *icmp;
    e->errors[place].ip = e->errors[place].payload = slice_of(NULL, 0);
    e->waiting |= 1U << place;
}

static bool quotes(const struct packet *icmp, const struct flow *f)
{
    const struct tuple *quote = &icmp->icmp.quote;
    return quote->proto == f->key.proto && quote->src_port == f->key.src_port &&
           quote->dst_port == f->key.dst_port && addr_eq(&quote->src, &f->key.src) &&
           addr_eq(&quote->dst, &f->key.dst);
}

void early_claim(struct early *e, struct flow *f)
{
    for (uint32_t place = 0; place < EARLY_MAX && e->waiting; place++) {
        const struct packet *icmp = &e->errors[place];
        if (!(e->waiting >> place & 1))
            continue;
        int64_t later_ns = f->first.ts_ns - icmp->at.ts_ns;
        bool mine = quotes(icmp, f);
        if (mine && later_ns <= WAIT_NS)
            flow_icmp(f, icmp);
        if (mine || later_ns > WAIT_NS)
            e->waiting &= ~(1U << place);
    }
}
