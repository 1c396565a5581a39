/*
 * diagnose/answer: probes, pages, redirects, files.
 * SPDX-License-Identifier: MIT
 *
 * RFC 5280 (CRL), 6960 (OCSP): DER, which begins with a SEQUENCE.
 */
#include "answer.h"

#include "blockers.h"
#include "rules.h"

#define HTTP_PORT    80
#define HTTPS_PORT   443
#define DER_SEQUENCE 0x30
#define GZIP_MAGIC   0x1f
#define PEM_DASH     '-'

bool answer_is_connect(const struct tx_http *http)
{
    return slice_eq(http->method, slice_str("CONNECT"));
}

/* ---- the question ---- */

/* The path of a target in origin or absolute form. */
static struct slice path_of(struct slice target)
{
    size_t from = 0;
    if (slice_starts_nocase(target, "http://"))
        from = slice_find(target, strlen("http://"), '/');
    return slice_sub(target, from, target.len);
}

static uint16_t port_after(struct slice authority, uint16_t otherwise)
{
    size_t colon = authority.len;
    while (colon > 0 && authority.data[colon - 1] >= '0' && authority.data[colon - 1] <= '9')
        colon--;
    if (colon == 0 || colon == authority.len || authority.data[colon - 1] != ':')
        return otherwise;
    uint32_t port = 0;
    for (size_t i = colon; i < authority.len && port <= UINT16_MAX; i++)
        port = port * 10 + (uint32_t)(authority.data[i] - '0');
    return port > 0 && port <= UINT16_MAX ? (uint16_t)port : otherwise;
}

/* The port of the host that was meant: through a proxy, not the proxy's own. */
static uint16_t port_of(const struct flow *flow, const struct tx_http *http)
{
    if (!http->to_proxy)
        return flow->key.dst_port;
    if (answer_is_connect(http))
        return port_after(http->target, HTTPS_PORT);
    size_t from = strlen("http://");
    size_t end = slice_find(http->target, from, '/');
    return port_after(slice_sub(http->target, from, end - from), HTTP_PORT);
}

static const struct endpoint *endpoint_of(const struct facts *f, const struct question *q)
{
    struct service_match matches[SERVICE_MATCHES_MAX];
    uint32_t name = intern_find(f->listed, q->host);
    uint32_t count =
        name == INTERN_NONE ? 0 : matches_find(f->matches, name, TRANSPORT_TCP, q->port, matches);
    const struct endpoint *best = NULL;
    for (uint32_t i = 0; i < count; i++) {
        const struct endpoint *e =
            &services_at(f->list, matches[i].service)->endpoints[matches[i].endpoint];
        if (e->probe_path && slice_eq_nocase(q->path, slice_str(e->probe_path)))
            return e;
        if (!best || (!best->role && e->role && !best->probe_path))
            best = e;
    }
    return best;
}

struct question answer_question(const struct facts *f, const struct flow *flow,
                                const struct tx_http *http, struct slice host)
{
    struct question q = {.host = host, .path = path_of(http->target), .port = port_of(flow, http)};
    q.endpoint = endpoint_of(f, &q);
    return q;
}

/* ---- redirects ---- */

/* The host of a Location; empty for one without (the same server). */
static struct slice redirect_host(struct slice location)
{
    size_t scheme = slice_find(location, 0, ':');
    struct slice rest = slice_sub(location, scheme + 1, location.len);
    if (slice_starts(location, "//"))
        rest = location;
    else if (!slice_starts(rest, "//"))
        return slice_sub(location, location.len, 0);
    rest = slice_sub(rest, 2, rest.len);
    size_t end = 0;
    while (end < rest.len && rest.data[end] != '/' && rest.data[end] != '?' &&
           rest.data[end] != '#' && rest.data[end] != ':')
        end++;
    return slice_sub(rest, 0, end);
}

static bool is_inner_address(struct slice host)
{
    char text[ADDR_TEXT_SIZE];
    struct ip_addr a;
    if (host.len == 0 || host.len >= sizeof text)
        return false;
    memcpy(text, host.data, host.len);
    text[host.len] = '\0';
    return addr_parse(&a, text) &&
           (addr_is_private(&a) || addr_is_loopback(&a) || addr_is_unspecified(&a));
}

static bool has_role(const struct endpoint *e)
{
    return e && e->role;
}

/* A redirect to a place of the site's own, to a known filter, or, where files of an authority are asked
 * for, to a stranger. Everybody else may send the device on: short links and content networks do. */
static bool leads_astray(const struct facts *f, const struct question *q,
                         const struct tx_http *http)
{
    struct slice to = redirect_host(http->location);
    if (to.len == 0 || slice_eq_nocase(to, q->host))
        return false;
    if (is_inner_address(to) || blocker_is_inner_name(to) || blocker_of_name(to))
        return true;
    if (!has_role(q->endpoint) || slice_eq_nocase(rule_domain(to), rule_domain(q->host)))
        return false;
    struct service_match matches[SERVICE_MATCHES_MAX];
    return services_match(f->list, to, TRANSPORT_TCP, PORT_ANY, matches) == 0;
}

/* ---- bodies ---- */

bool answer_is_page(const struct tx_http *http)
{
    struct slice body = slice_trim(http->body_head);
    return slice_starts_nocase(http->content_type, "text/html") ||
           slice_starts_nocase(body, "<!doctype") || slice_starts_nocase(body, "<html");
}

static bool ends_with(struct slice s, const char *end)
{
    size_t len = strlen(end);
    return s.len >= len && slice_eq_nocase(slice_sub(s, s.len - len, len), slice_str(end));
}

/* Whether the body of a revocation list, an OCSP answer, a certificate or a trust list is none. */
static bool is_wrong_file(const struct question *q, const struct tx_http *http)
{
    struct slice path = slice_sub(q->path, 0, slice_find(q->path, 0, '?'));
    bool ocsp = slice_starts(slice_str(q->endpoint->role), "ocsp");
    bool list = ends_with(path, ".crl");
    bool file = ocsp || list || ends_with(path, ".crt") || ends_with(path, ".cer") ||
                ends_with(path, ".cab") || ends_with(path, ".p7c");
    if (!file || http->status != 200)
        return false;
    if (answer_is_page(http))
        return true;
    uint8_t first = http->body_head.len > 0 ? http->body_head.data[0] : DER_SEQUENCE;
    return (ocsp || list) && first != DER_SEQUENCE && first != GZIP_MAGIC && first != PEM_DASH;
}

static bool is_good(const struct tx_http *http)
{
    return http->status >= 200 && http->status < 300;
}

bool answer_is_recoded(const struct question *q, const struct tx_http *http)
{
    return http->recoded && is_good(http) && (http->range || has_role(q->endpoint));
}

bool answer_is_marked(const struct question *q, const struct tx_http *http)
{
    bool file = has_role(q->endpoint) || (q->endpoint && q->endpoint->probe_path);
    return http->cookie && is_good(http) && file;
}

static enum answer probe_answer(const struct tx_http *http, const struct endpoint *e)
{
    if (http->status == 511 || (http->status >= 300 && http->status < 400))
        return ANSWER_CAPTIVE;
    if (http->status >= 400)
        return ANSWER_BAD;
    if (e->probe_status != 0 && http->status != e->probe_status)
        return ANSWER_CAPTIVE;
    if (!e->probe_body)
        return ANSWER_GOOD;
    if (http->recoded)
        return ANSWER_ALTERED;
    size_t expected = strlen(e->probe_body);
    if (slice_starts(http->body_head, e->probe_body)) {
        /* What follows was put there on the way. */
        struct slice more = slice_trim(slice_sub(http->body_head, expected, http->body_head.len));
        bool line_end = more.len > 0 && (more.data[0] == '\r' || more.data[0] == '\n');
        return more.len > 0 && !line_end ? ANSWER_ALTERED : ANSWER_GOOD;
    }
    /* Nothing of the body was captured: its length decides, where there is one. */
    if (http->body_head.len == 0 && http->content_length != 0)
        return http->content_length == (int64_t)expected ? ANSWER_GOOD : ANSWER_UNSEEN;
    bool begins = http->body_head.len > 0 && http->body_head.len < expected &&
                  memcmp(http->body_head.data, e->probe_body, http->body_head.len) == 0;
    return begins ? ANSWER_UNSEEN : ANSWER_CAPTIVE;
}

/* ---- judging ---- */

/* A delta CRL that the authority does not have is no fault; a base CRL is. */
static bool is_delta(struct slice path)
{
    return slice_find(path, 0, '+') < path.len;
}

enum answer answer_judge(const struct facts *f, const struct question *q,
                         const struct tx_http *http)
{
    const struct endpoint *e = q->endpoint;
    uint16_t status = http->status;
    if (status == 407)
        return ANSWER_PROXY_AUTH;
    if (answer_is_connect(http))
        return status < 300 ? ANSWER_GOOD : ANSWER_BAD;
    if (e && e->probe_path && slice_eq_nocase(q->path, slice_str(e->probe_path)))
        return probe_answer(http, e);
    if (status == 511)
        return ANSWER_CAPTIVE;
    if (status >= 500 || status == 403 || status == 451)
        return ANSWER_BAD;
    if (status >= 300 && status < 400 && leads_astray(f, q, http))
        return ANSWER_CAPTIVE;
    if (!has_role(e))
        return ANSWER_GOOD;
    if (status == 404 && slice_starts(slice_str(e->role), "crl") && !is_delta(q->path))
        return ANSWER_BAD;
    return is_wrong_file(q, http) ? ANSWER_ALTERED : ANSWER_GOOD;
}
