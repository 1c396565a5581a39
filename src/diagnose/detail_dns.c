/*
 * diagnose/detail_dns: codes, zones, addresses.
 * SPDX-License-Identifier: MIT
 * RFC 8914 (extended errors).
 */
#include "detail_dns.h"

#include "detail.h"

#define RCODE_SERVFAIL 2

static void join(struct buf *b)
{
    if (b->len > 0)
        buf_str(b, ", ");
}

static const char *filter_word(int64_t ede)
{
    static const struct {
        int64_t ede;
        const char *word;
    } words[] = {{4, "forged answer"}, {15, "blocked"}, {16, "censored"}, {17, "filtered"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (words[i].ede == ede)
            return words[i].word;
    }
    return NULL;
}

static void said(struct judge *j, const struct draft *d, struct slice text)
{
    struct buf *b = &j->text;
    int64_t ede = (d->x.value >> DNS_EDE_SHIFT) - 1;
    if (d->f.kind == FINDING_DNS_SERVFAIL && d->x.code != RCODE_SERVFAIL)
        buf_printf(b, "response code %u%s", d->x.code,
                   d->x.value & DNS_SAID_EDNS ? " to a question with EDNS" : "");
    if (text.len > 0 && (d->x.value & (DNS_SAID_LINK | DNS_SAID_OWN_ZONE))) {
        join(b);
        buf_str(b, d->x.value & DNS_SAID_LINK ? "CNAME into " : "zone of ");
        buf_slice(b, text);
    }
    bool denies = d->f.kind == FINDING_DNS_NXDOMAIN || d->f.kind == FINDING_DNS_NO_ADDRESS;
    if (denies && (d->x.value & DNS_SAID_AA) && resolver_zones_tell(j->f, d->client)) {
        join(b);
        buf_str(b, "answered with authority");
    }
    if (d->x.value & DNS_SAID_NO_SOA) {
        join(b);
        buf_str(b, "no SOA came with it");
    }
    if (ede >= 0) {
        join(b);
        buf_printf(b, "extended error %d", (int)ede);
        if (filter_word(ede))
            buf_printf(b, " (%s)", filter_word(ede));
    }
}

void detail_dns(struct judge *j, const struct draft *d)
{
    struct buf *b = &j->text;
    struct slice text =
        d->x.text == INTERN_NONE ? slice_str("") : intern_name(j->f->texts, d->x.text);
    switch ((int)d->f.kind) {
    case FINDING_DNS_NO_REPLY:
        if (d->x.icmp_from.family == 0)
            break;
        detail_icmp(b, d);
        break;
    case FINDING_DNS_SLOW:
        buf_printf(b, "%u of %u answers took more than a second, the slowest %.1f s", d->f.count,
                   d->x.code, (double)d->x.value / 1000);
        break;
    case FINDING_DNS_SINKHOLE:
    case FINDING_DNS_UNEXPECTED_ADDRESS:
    case FINDING_DNS_INJECTED:
        if (text.len > 0) {
            buf_str(b, d->f.kind == FINDING_DNS_INJECTED ? "the other one is " : "resolves to ");
            buf_slice(b, text);
        }
        if (d->f.kind == FINDING_DNS_SINKHOLE)
            said(j, d, slice_str(""));
        break;
    default:
        said(j, d, text);
        break;
    }
}
