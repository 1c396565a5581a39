/*
 * diagnose/detail_http: statuses, boxes, sizes, waits.
 * SPDX-License-Identifier: MIT
 */
#include "detail_http.h"

static void labelled(struct buf *b, const char *label, struct slice text)
{
    if (text.len == 0)
        return;
    buf_str(b, label);
    buf_slice(b, text);
}

static void size(struct buf *b, int64_t bytes)
{
    if (bytes < 10000)
        buf_printf(b, "%lld bytes", (long long)bytes);
    else if (bytes < 1000000)
        buf_printf(b, "%.1f kB", (double)bytes / 1e3);
    else
        buf_printf(b, "%.1f MB", (double)bytes / 1e6);
}

static void cut(struct buf *b, const struct draft *d)
{
    buf_str(b, "the server's side ends the body after about ");
    size(b, d->x.value);
    if (d->x.code > 1)
        buf_printf(b, ", %u times in a row at this size", d->x.code);
}

static void answer(struct buf *b, const struct draft *d, struct slice text)
{
    buf_printf(b, "status %u", d->x.code);
    labelled(b, ", from ", text);
    if (d->x.value & HTTP_SAID_CODED)
        buf_str(b, ", with a content coding that nobody asked for");
    else if (d->f.kind == FINDING_HTTP_ALTERED)
        buf_str(b, d->x.value & HTTP_SAID_PAGE ? ", a page in place of the file"
                                               : ", with another content");
    else if (d->x.value & HTTP_SAID_BLOCK)
        buf_str(b, ", a page that says \"blocked\"");
}

void detail_http(struct judge *j, const struct draft *d)
{
    struct buf *b = &j->text;
    struct slice text =
        d->x.text == INTERN_NONE ? slice_str("") : intern_name(j->f->texts, d->x.text);
    switch ((int)d->f.kind) {
    case FINDING_TLS_STALLED:
        buf_printf(b, "%.1f s after the server's greeting, while ", (double)d->x.value / 1e9);
        buf_slice(b, text);
        buf_str(b, " did not answer");
        break;
    case FINDING_HTTP_CUT_SHORT:
        cut(b, d);
        break;
    case FINDING_HTTP_RANGE_IGNORED:
        buf_printf(b, "status %u to a range", d->x.code);
        labelled(b, ", ", text);
        break;
    case FINDING_HTTP_INTERCEPTED:
        labelled(b, "", text);
        if (d->x.code != INTERCEPTED_BY_COOKIE && d->x.clue.rtt_us > 0 && d->x.value > 0)
            buf_printf(b, "; SYN answered after %.1f ms, request after %.1f ms",
                       (double)d->x.clue.rtt_us / 1e3, (double)d->x.value / 1e6);
        break;
    case FINDING_HTTP_CAPTIVE_PORTAL:
        buf_printf(b, "status %u", d->x.code);
        labelled(b, ", redirected to ", text);
        break;
    case FINDING_HTTP_PROXY_AUTH:
        buf_printf(b, "status %u", d->x.code);
        labelled(b, ", asks for ", text);
        break;
    case FINDING_PROXY_SEARCH_SLOW:
        buf_printf(b, "%.1f s from the first question to the first connection",
                   (double)d->x.value / 1e9);
        break;
    default:
        answer(b, d, text);
        break;
    }
}

static bool is_probe(const struct judge *j, const struct draft *d)
{
    struct service_match matches[SERVICE_MATCHES_MAX];
    if (d->name == INTERN_NONE || d->f.severity == SEVERITY_INFO)
        return false;
    uint32_t count = services_match(j->f->list, intern_name(j->f->listed, d->name), TRANSPORT_TCP,
                                    PORT_ANY, matches);
    for (uint32_t i = 0; i < count; i++) {
        if (services_at(j->f->list, matches[i].service)->endpoints[matches[i].endpoint].probe_path)
            return true;
    }
    return false;
}

void detail_probe(struct judge *j, const struct draft *d)
{
    enum finding_kind kind = d->f.kind;
    /* A private address may be a portal's: then the answer tells. */
    if ((d->x.group & FAIL_PRIVATE) != 0 || !is_probe(j, d))
        return;
    const char *step = "answer";
    if (kind <= FINDING_DNS_SINKHOLE)
        step = "name";
    else if (kind <= FINDING_TCP_IDLE_CUT)
        step = "connection";
    else if (kind == FINDING_HTTP_NO_RESPONSE)
        step = "request";
    buf_printf(&j->text, "%sthe connectivity check stops at its %s", j->text.len ? "; " : "", step);
}
