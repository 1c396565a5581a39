/*
 * services/own: the project's own list format.
 * SPDX-License-Identifier: MIT
 *
 * docs/SERVICES.md describes it. A key that is not known is an error, since a misspelt "shared" would
 * change verdicts in silence.
 */
#include <string.h>

#include "check.h"
#include "list.h"

#define FORMAT_WORD "oobescope-services/1"
#define TEXT_MAX    2000
#define NAME_MAX    200
#define TEXTS_MAX   32

static const char *const root_keys[] = {"format", "as_of", "about", "sources", "services", NULL};

static const char *const service_keys[] = {
    "id",   "name",   "need",    "phase",     "when_unreachable", "endpoints", "notes",
    "note", "source", "issuers", "ip_ranges", "other_modes",      NULL,
};

static const char *const endpoint_keys[] = {
    "host",           "match",       "ports",      "transport",  "protocol",      "need",
    "role",           "region",      "shared",     "pinned",     "no_inspection", "no_proxy_auth",
    "legacy",         "observed",    "probe_path", "probe_body", "probe_status",  "probe_dns_a",
    "probe_dns_aaaa", "note",        "source",     "doc_row",    "doc_category",  "unverified",
    "url_path",       "dhcp_option", "phase",      NULL,
};

static const char *const phase_words[] = {
    "network",    "address",    "proxy-search", "connectivity", "time",         "device-identity",
    "profile",    "activation", "updates",      "identity",     "sign-in",      "registration",
    "enrollment", "agent",      "apps",         "sync",         "notification", "telemetry",
    "other",      NULL,
};

static const char *const protocol_words[] = {
    "tls",    "http",  "web",  "quic",    "ntp",        "dns",   "dhcp",
    "teredo", "llmnr", "nbns", "do-peer", "http-proxy", "other", NULL,
};

static const char *const role_words[] = {"crl", "ocsp", "aia", "ctl", "crl,aia", NULL};

struct reader {
    struct service_list *list;
    struct doc *doc;
};

/* ---- values ---- */

static bool is_type(const struct doc *d, enum doc_type type, const char *what)
{
    if (doc_type(d) == type)
        return true;
    const char *key = doc_key(d);
    return doc_fail(d, "%s must be %s", key ? key : "this", what);
}

static bool is_note(const char *key)
{
    return strncmp(key, "x_", 2) == 0;
}

static bool check_keys(struct doc *d, const char *const *known)
{
    for (bool more = doc_first(d); more; more = doc_next(d)) {
        const char *name = doc_key(d) ? doc_key(d) : "";
        struct slice key = slice_str(name);
        if (is_note(name) || word_find(known, key) != WORD_NONE)
            continue;
        char quoted[DOC_QUOTE_SIZE];
        const char *near = word_near(known, key);
        if (near)
            return doc_fail(d, "unknown key %s; did you mean \"%s\"?", doc_quote(key, quoted),
                            near);
        return doc_fail(d, "unknown key %s; keys of your own must begin with \"x_\"",
                        doc_quote(key, quoted));
    }
    return true;
}

/* The current value as text of 1 to `max` bytes, kept with the list. */
static bool copy_text(struct reader *r, size_t max, const char **out)
{
    if (!is_type(r->doc, DOC_STRING, "a text in double quotes"))
        return false;
    struct slice text = doc_text(r->doc);
    const char *key = doc_key(r->doc);
    if (text.len == 0)
        return doc_fail(r->doc, "%s is empty", key ? key : "this text");
    if (text.len > max)
        return doc_fail(r->doc, "%s is longer than %zu bytes", key ? key : "this text", max);
    *out = list_copy(r->list, r->doc, text);
    return *out != NULL;
}

/* These take an absent key, and null for texts, as nothing said. */
static bool get_text(struct reader *r, const char *key, size_t max, const char **out)
{
    if (!doc_enter(r->doc, key))
        return true;
    bool ok = doc_type(r->doc) == DOC_NULL ? true : copy_text(r, max, out);
    if (ok)
        doc_leave(r->doc);
    return ok;
}

static bool get_bool(struct reader *r, const char *key, bool *out)
{
    if (!doc_enter(r->doc, key))
        return true;
    if (!is_type(r->doc, DOC_BOOL, "true or false"))
        return false;
    *out = doc_true(r->doc);
    doc_leave(r->doc);
    return true;
}

/* The position of a word in its list; `*out` stays where the key is absent. */
static bool get_word(struct reader *r, const char *key, const char *const *words, uint32_t *out)
{
    if (!doc_enter(r->doc, key))
        return true;
    char list[224];
    char quoted[DOC_QUOTE_SIZE];
    if (!is_type(r->doc, DOC_STRING, "a text in double quotes"))
        return false;
    *out = word_find(words, doc_text(r->doc));
    if (*out == WORD_NONE)
        return doc_fail(r->doc, "%s is %s; it must be one of: %s", key,
                        doc_quote(doc_text(r->doc), quoted), word_list(words, list, sizeof list));
    doc_leave(r->doc);
    return true;
}

static bool get_number(struct reader *r, const char *key, long long least, long long most,
                       uint16_t *out)
{
    if (!doc_enter(r->doc, key))
        return true;
    if (!is_type(r->doc, DOC_INTEGER, "a whole number"))
        return false;
    long long number = doc_integer(r->doc);
    if (number < least || number > most)
        return doc_fail(r->doc, "%s must be %lld to %lld", key, least, most);
    *out = (uint16_t)number;
    doc_leave(r->doc);
    return true;
}

/* ---- endpoints ---- */

static bool read_sources(struct reader *r)
{
    struct doc *d = r->doc;
    if (!doc_enter(d, "source"))
        return true;
    if (!is_type(d, DOC_ARRAY, "a list of source ids"))
        return false;
    for (bool more = doc_first(d); more; more = doc_next(d)) {
        char quoted[DOC_QUOTE_SIZE];
        if (!is_type(d, DOC_STRING, "a source id in double quotes"))
            return false;
        if (!doc_in_table(d, "sources"))
            return doc_fail(d, "the source %s is not in the table \"sources\"",
                            doc_quote(doc_text(d), quoted));
    }
    doc_leave(d);
    return true;
}

static bool add_port(struct doc *d, struct endpoint *e)
{
    if (!is_type(d, DOC_INTEGER, "a whole number"))
        return false;
    long long port = doc_integer(d);
    if (port < 1 || port > 65535)
        return doc_fail(d, "a port must be 1 to 65535");
    for (uint16_t i = 0; i < e->port_count; i++) {
        if (e->ports[i] == port)
            return doc_fail(d, "port %lld is listed twice", port);
    }
    if (e->port_count == ENDPOINT_PORTS_MAX)
        return doc_fail(d, "more than %d ports; write a second endpoint", ENDPOINT_PORTS_MAX);
    e->ports[e->port_count++] = (uint16_t)port;
    return true;
}

static bool read_ports(struct reader *r, struct endpoint *e)
{
    struct doc *d = r->doc;
    if (!doc_enter(d, "ports")) {
        if (e->match == MATCH_PORT)
            return doc_fail(d, "an endpoint without host needs ports");
        e->ports[e->port_count++] = 443;
        return true;
    }
    if (!is_type(d, DOC_ARRAY, "a list of whole numbers such as [443]"))
        return false;
    if (doc_count(d) == 0)
        return doc_fail(d, "ports is empty");
    for (bool more = doc_first(d); more; more = doc_next(d)) {
        if (!add_port(d, e))
            return false;
    }
    doc_leave(d);
    return true;
}

static bool check_pattern(const struct doc *d, struct slice pattern, enum match_kind kind)
{
    char quoted[DOC_QUOTE_SIZE];
    const char *fault = pattern_fault(pattern, kind);
    return fault ? doc_fail(d, "host %s %s", doc_quote(pattern, quoted), fault) : true;
}

/* The pattern in lower case, and how it matches. */
static bool read_pattern(struct reader *r, struct endpoint *e)
{
    struct doc *d = r->doc;
    uint32_t kind = WORD_NONE;
    if (!get_word(r, "match", match_words, &kind))
        return false;
    bool has_host = doc_enter(d, "host");
    if (has_host && doc_type(d) == DOC_NULL) {
        doc_leave(d); /* null */
        has_host = false;
    }
    if (!has_host) {
        e->match = MATCH_PORT;
        return kind == MATCH_PORT ||
               doc_fail(d, "the endpoint has no host; to match by port alone say \"match\": "
                           "\"port\"");
    }
    if (!is_type(d, DOC_STRING, "a text in double quotes"))
        return false;
    if (kind == MATCH_PORT)
        return doc_fail(d, "an endpoint that matches by port has no host");
    struct slice text = doc_text(d);
    uint8_t *lower = list_alloc(r->list, d, text.len + 1); /* zeroed: ends with NUL */
    if (!lower)
        return false;
    for (size_t i = 0; i < text.len; i++)
        lower[i] = ascii_lower(text.data[i]);
    struct slice pattern = slice_of(lower, text.len);
    e->pattern = (const char *)lower;
    e->match = kind == WORD_NONE ? pattern_kind(pattern) : (enum match_kind)kind;
    if (!check_pattern(d, pattern, e->match))
        return false;
    doc_leave(d);
    return true;
}

static bool check_address(struct reader *r, const char *key, const char *text, uint8_t family)
{
    struct ip_addr addr;
    if (!text || (addr_parse(&addr, text) && addr.family == family))
        return true;
    (void)doc_enter(r->doc, key);
    return doc_fail(r->doc, "%s must be an IPv%u address", key, family);
}

static bool read_probe(struct reader *r, struct endpoint *e)
{
    if (!get_text(r, "probe_path", NAME_MAX, &e->probe_path) ||
        !get_text(r, "probe_body", NAME_MAX, &e->probe_body) ||
        !get_text(r, "probe_dns_a", NAME_MAX, &e->probe_dns_a) ||
        !get_text(r, "probe_dns_aaaa", NAME_MAX, &e->probe_dns_aaaa) ||
        !get_number(r, "probe_status", 100, 599, &e->probe_status))
        return false;
    if (e->probe_path && e->probe_path[0] != '/') {
        (void)doc_enter(r->doc, "probe_path");
        return doc_fail(r->doc, "probe_path must begin with '/'");
    }
    if (e->probe_path && e->probe_status == 0)
        e->probe_status = 200;
    return check_address(r, "probe_dns_a", e->probe_dns_a, 4) &&
           check_address(r, "probe_dns_aaaa", e->probe_dns_aaaa, 6);
}

static bool read_flags(struct reader *r, struct endpoint *e)
{
    return get_bool(r, "shared", &e->shared) && get_bool(r, "pinned", &e->pinned) &&
           get_bool(r, "no_inspection", &e->no_inspection) &&
           get_bool(r, "no_proxy_auth", &e->no_proxy_auth) && get_bool(r, "legacy", &e->legacy) &&
           get_bool(r, "observed", &e->observed);
}

static bool read_endpoint(struct reader *r, struct endpoint *e)
{
    uint32_t transport = TRANSPORT_TCP;
    uint32_t need = NEED_REQUIRED;
    uint32_t protocol = WORD_NONE;
    uint32_t role = WORD_NONE;
    uint32_t phase = WORD_NONE;
    if (!is_type(r->doc, DOC_OBJECT, "an object such as {\"host\": \"www.example.com\"}") ||
        !check_keys(r->doc, endpoint_keys) || !read_pattern(r, e) || !read_ports(r, e) ||
        !get_word(r, "transport", transport_words, &transport) ||
        !get_word(r, "need", need_words, &need) ||
        !get_word(r, "protocol", protocol_words, &protocol) ||
        !get_word(r, "role", role_words, &role) || !get_word(r, "phase", phase_words, &phase) ||
        !get_text(r, "region", NAME_MAX, &e->region) || !get_text(r, "note", TEXT_MAX, &e->note) ||
        !read_probe(r, e) || !read_flags(r, e) || !read_sources(r))
        return false;
    e->transport = (enum transport)transport;
    e->need = (enum need)need;
    e->phase = phase == WORD_NONE ? NULL : phase_words[phase];
    e->role = role == WORD_NONE ? NULL : role_words[role];
    e->protocol = protocol == WORD_NONE ? port_protocol(e->transport, e->ports, e->port_count)
                                        : protocol_words[protocol];
    return true;
}

/* ---- services ---- */

static bool read_endpoints(struct reader *r, struct service *s)
{
    struct doc *d = r->doc;
    if (!doc_enter(d, "endpoints"))
        return doc_fail(d, "the service \"%s\" has no endpoints", s->id);
    if (!is_type(d, DOC_ARRAY, "a list of endpoints"))
        return false;
    size_t count = doc_count(d);
    if (count == 0)
        return doc_fail(d, "endpoints is empty");
    struct endpoint *endpoints = list_endpoints(r->list, d, count);
    if (!endpoints)
        return false;
    s->endpoints = endpoints;
    for (bool more = doc_first(d); more; more = doc_next(d)) {
        if (!read_endpoint(r, &endpoints[s->endpoint_count]))
            return false;
        s->endpoint_count++;
    }
    doc_leave(d);
    return true;
}

/* An absent list is an empty one. */
static bool get_texts(struct reader *r, const char *key, const char *const **texts, uint32_t *count)
{
    struct doc *d = r->doc;
    if (!doc_enter(d, key))
        return true;
    if (!is_type(d, DOC_ARRAY, "a list of texts"))
        return false;
    if (doc_count(d) > TEXTS_MAX)
        return doc_fail(d, "more than %d %s", TEXTS_MAX, key);
    const char **list = list_alloc(r->list, d, doc_count(d) * sizeof *list);
    if (!list)
        return false;
    *texts = list;
    for (bool more = doc_first(d); more; more = doc_next(d)) {
        if (!copy_text(r, NAME_MAX, &list[*count]))
            return false;
        ++*count;
    }
    doc_leave(d);
    return true;
}

static bool read_ranges(struct reader *r, struct service *s)
{
    if (!get_texts(r, "ip_ranges", &s->ranges, &s->range_count))
        return false;
    for (uint32_t i = 0; i < s->range_count; i++) {
        struct ip_range range;
        if (!addr_parse_range(&range, s->ranges[i]))
            return doc_fail(r->doc, "\"%s\" is no range such as 192.0.2.0/24", s->ranges[i]);
    }
    return true;
}

static bool read_id(struct reader *r, struct service *s)
{
    struct doc *d = r->doc;
    if (!doc_enter(d, "id"))
        return doc_fail(d, "the service has no id");
    if (!copy_text(r, NAME_MAX, &s->id))
        return false;
    if (!id_valid(slice_str(s->id)))
        return doc_fail(d, "id must be 1 to 64 lower-case letters, digits and '-'");
    if (services_find(r->list, s->id))
        return doc_fail(d, "a service with the id \"%s\" stands before", s->id);
    doc_leave(d);
    return true;
}

static bool read_service(struct reader *r, struct service *s)
{
    uint32_t need = WORD_NONE;
    uint32_t phase = WORD_NONE;
    if (!is_type(r->doc, DOC_OBJECT, "an object with id, need and endpoints") ||
        !check_keys(r->doc, service_keys) || !read_id(r, s))
        return false;
    s->name = s->id;
    if (!get_text(r, "name", NAME_MAX, &s->name) || !get_word(r, "need", need_words, &need) ||
        !get_word(r, "phase", phase_words, &phase) ||
        !get_text(r, "when_unreachable", TEXT_MAX, &s->when_unreachable) ||
        !get_text(r, "notes", TEXT_MAX, &s->notes) ||
        !get_bool(r, "other_modes", &s->other_modes) ||
        !get_texts(r, "issuers", &s->issuers, &s->issuer_count) || !read_ranges(r, s) ||
        !read_sources(r))
        return false;
    if (need == WORD_NONE)
        return doc_fail(r->doc, "the service \"%s\" has no need: required, conditional or optional",
                        s->id);
    s->need = (enum need)need;
    s->phase = phase == WORD_NONE ? "other" : phase_words[phase];
    return read_endpoints(r, s);
}

static bool read_services(struct reader *r)
{
    struct doc *d = r->doc;
    if (!doc_enter(d, "services"))
        return doc_fail(d, "the list has no \"services\"");
    if (!is_type(d, DOC_ARRAY, "a list of services"))
        return false;
    size_t count = doc_count(d);
    if (count == 0 || count > SERVICES_MAX)
        return doc_fail(d, "a list must have 1 to %d services", SERVICES_MAX);
    r->list->services = list_alloc(r->list, d, count * sizeof *r->list->services);
    if (!r->list->services)
        return false;
    for (bool more = doc_first(d); more; more = doc_next(d)) {
        if (!read_service(r, &r->list->services[r->list->count]))
            return false;
        r->list->count++;
    }
    doc_leave(d);
    return true;
}

static bool check_format(struct reader *r)
{
    struct doc *d = r->doc;
    if (!doc_enter(d, "format"))
        return true;
    if (!is_type(d, DOC_STRING, "a text in double quotes"))
        return false;
    if (!slice_eq(doc_text(d), slice_str(FORMAT_WORD)))
        return doc_fail(d, "format must be \"%s\"; another one needs another version", FORMAT_WORD);
    doc_leave(d);
    return true;
}

bool own_read(struct service_list *list, struct doc *d)
{
    struct reader r = {list, d};
    if (!is_type(d, DOC_OBJECT,
                 "an object with \"services\", or the list of the Office 365 service"))
        return false;
    return check_keys(d, root_keys) && check_format(&r) &&
           get_text(&r, "as_of", NAME_MAX, &list->as_of) && read_services(&r);
}
