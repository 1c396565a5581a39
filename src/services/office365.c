/*
 * services/office365: the document of Microsoft's "Office 365 IP Address and URL web service".
 * SPDX-License-Identifier: MIT
 *
 * An array of endpoint sets: {"id", "serviceArea", "serviceAreaDisplayName", "urls", "tcpPorts":
 * "80,443", "udpPorts", "required", ...}. Each service area becomes a service, each URL an endpoint for
 * each transport. What the areas are needed for is not in the document, so the services are
 * conditional. Other keys are not looked at: the format is not ours. Sets without URLs hold addresses
 * alone and are passed over.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "list.h"

#define SETS_MAX      4096
#define AREAS_MAX     64 /* each is a walk over all sets */
#define AREA_MAX      48
#define SET_PORTS_MAX 64
#define HTTPS         443

struct ports {
    uint16_t list[SET_PORTS_MAX];
    uint32_t count;
};

/* The current endpoint set. */
struct set {
    struct ports ports[2]; /* by transport */
    enum need need;
};

struct office {
    struct service_list *list;
    struct doc *doc;
};

/* ---- values ---- */

static bool is_text(const struct doc *d)
{
    return doc_type(d) == DOC_STRING;
}

static bool get_text(struct doc *d, const char *key, struct slice *out)
{
    *out = slice_of("", 0);
    if (!doc_enter(d, key))
        return true;
    if (is_text(d))
        *out = doc_text(d);
    else if (doc_type(d) != DOC_NULL)
        return doc_fail(d, "%s must be a text", key);
    doc_leave(d);
    return true;
}

/* ---- ports: "80,443" or "50000-50059" ---- */

static size_t read_number(struct slice text, size_t pos, uint32_t *out)
{
    *out = 0;
    while (pos < text.len && text.data[pos] >= '0' && text.data[pos] <= '9' && *out <= 65535)
        *out = *out * 10 + (uint32_t)(text.data[pos++] - '0');
    return pos;
}

/* One "A" or "A-B" without spaces around it. */
static bool add_range(struct ports *ports, struct slice text)
{
    uint32_t first = 0;
    uint32_t last = 0;
    size_t pos = read_number(text, 0, &first);
    last = first;
    if (pos < text.len && text.data[pos] == '-')
        pos = read_number(text, pos + 1, &last);
    if (pos != text.len || first < 1 || last > 65535 || last < first ||
        last - first >= SET_PORTS_MAX - ports->count)
        return false;
    for (uint32_t port = first; port <= last; port++)
        ports->list[ports->count++] = (uint16_t)port;
    return true;
}

static bool read_ports(struct doc *d, const char *key, struct ports *ports)
{
    struct slice text;
    ports->count = 0;
    if (!get_text(d, key, &text))
        return false;
    for (size_t at = 0; at < text.len;) {
        size_t comma = slice_find(text, at, ',');
        if (!add_range(ports, slice_trim(slice_sub(text, at, comma - at)))) {
            (void)doc_enter(d, key);
            return doc_fail(d, "%s must be ports such as \"80,443\", %d at most", key,
                            SET_PORTS_MAX);
        }
        at = comma + 1;
    }
    return true;
}

static bool read_set(struct doc *d, struct set *set)
{
    if (!read_ports(d, "tcpPorts", &set->ports[TRANSPORT_TCP]) ||
        !read_ports(d, "udpPorts", &set->ports[TRANSPORT_UDP]))
        return false;
    if (set->ports[TRANSPORT_TCP].count + set->ports[TRANSPORT_UDP].count == 0) {
        set->ports[TRANSPORT_TCP].list[0] = HTTPS;
        set->ports[TRANSPORT_TCP].count = 1;
    }
    set->need = NEED_OPTIONAL;
    if (doc_enter(d, "required")) {
        if (doc_type(d) == DOC_BOOL && doc_true(d))
            set->need = NEED_REQUIRED;
        doc_leave(d);
    }
    return true;
}

/* ---- endpoints ---- */

static uint32_t groups(const struct ports *ports)
{
    return (ports->count + ENDPOINT_PORTS_MAX - 1) / ENDPOINT_PORTS_MAX;
}

/* The endpoints of one pattern: one for each transport and ENDPOINT_PORTS_MAX ports. */
static uint32_t fill(struct endpoint *out, const char *pattern, enum match_kind kind,
                     const struct set *set)
{
    uint32_t made = 0;
    for (enum transport t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++) {
        const struct ports *ports = &set->ports[t];
        for (uint32_t p = 0; p < ports->count; p++) {
            struct endpoint *e = &out[made + p / ENDPOINT_PORTS_MAX];
            e->ports[e->port_count++] = ports->list[p];
        }
        for (uint32_t g = 0; g < groups(ports); g++) {
            struct endpoint *e = &out[made++];
            e->pattern = pattern;
            e->match = kind;
            e->transport = t;
            e->need = set->need;
            e->protocol = port_protocol(t, e->ports, e->port_count);
        }
    }
    return made;
}

static bool read_url(struct office *o, struct service *s, struct endpoint *out,
                     const struct set *set)
{
    char quoted[DOC_QUOTE_SIZE];
    if (!is_text(o->doc))
        return doc_fail(o->doc, "an element of urls must be a text");
    struct slice text = doc_text(o->doc);
    uint8_t *lower = list_alloc(o->list, o->doc, text.len + 1); /* zeroed: ends with NUL */
    if (!lower)
        return false;
    for (size_t i = 0; i < text.len; i++)
        lower[i] = ascii_lower(text.data[i]);
    struct slice pattern = slice_of(lower, text.len);
    enum match_kind kind = pattern_kind(pattern);
    const char *fault = pattern_fault(pattern, kind);
    if (fault)
        return doc_fail(o->doc, "host %s %s", doc_quote(text, quoted), fault);
    s->endpoint_count += fill(out + s->endpoint_count, (const char *)lower, kind, set);
    return true;
}

/* Goes to the URLs of a set; false when there are none, or on an error with `*ok` false. */
static bool enter_urls(struct doc *d, bool *ok)
{
    *ok = true;
    if (!doc_enter(d, "urls"))
        return false;
    if (doc_type(d) == DOC_ARRAY && doc_count(d) > 0)
        return true;
    if (doc_type(d) != DOC_ARRAY && doc_type(d) != DOC_NULL)
        *ok = doc_fail(d, "urls must be a list of host names");
    doc_leave(d);
    return false;
}

static bool read_urls(struct office *o, struct service *s, struct endpoint *out)
{
    struct doc *d = o->doc;
    struct set set;
    bool ok = true;
    if (!read_set(d, &set))
        return false;
    if (!enter_urls(d, &ok))
        return ok;
    for (bool more = doc_first(d); more; more = doc_next(d)) {
        if (!read_url(o, s, out, &set))
            return false;
    }
    doc_leave(d);
    return true;
}

/* ---- service areas ---- */

/* "m365-" and the area in lower case; odd characters become '-'. */
static bool area_id(struct doc *d, char out[AREA_MAX + 8])
{
    struct slice area;
    if (doc_type(d) != DOC_OBJECT)
        return doc_fail(d, "each element must be an object with serviceArea and urls");
    if (!get_text(d, "serviceArea", &area))
        return false;
    if (area.len == 0 || area.len > AREA_MAX)
        return doc_fail(d, "serviceArea must be a name such as \"Exchange\", %d bytes at most",
                        AREA_MAX);
    (void)snprintf(out, AREA_MAX + 8, "m365-%.*s", (int)area.len, (const char *)area.data);
    for (char *c = out; *c; c++) {
        *c = (char)ascii_lower((uint8_t)*c);
        if (!id_valid(slice_of(c, 1)))
            *c = '-';
    }
    return true;
}

/* How many endpoints the current set makes. */
static bool count_set(struct doc *d, size_t *count)
{
    struct set set;
    bool ok = true;
    if (!read_set(d, &set))
        return false;
    if (!enter_urls(d, &ok))
        return ok;
    *count +=
        doc_count(d) * (groups(&set.ports[TRANSPORT_TCP]) + groups(&set.ports[TRANSPORT_UDP]));
    doc_leave(d);
    return true;
}

/* Goes through the sets of one area: counts them into `count`, or reads them into `out`. */
static bool each_set(struct office *o, struct service *s, struct endpoint *out, size_t *count)
{
    struct doc *d = o->doc;
    char id[AREA_MAX + 8];
    for (bool more = doc_first(d); more; more = doc_next(d)) {
        if (!area_id(d, id))
            return false;
        if (strcmp(id, s->id) != 0)
            continue;
        if (!(out ? read_urls(o, s, out) : count_set(d, count)))
            return false;
    }
    return true;
}

/* A service for an area that comes for the first time. */
static bool add_area(struct office *o, const char *id)
{
    struct service_list *list = o->list;
    struct doc *d = o->doc;
    struct slice name;
    if (services_find(list, id))
        return true;
    if (list->count == AREAS_MAX)
        return doc_fail(d, "more than %d service areas", AREAS_MAX);
    if (!get_text(d, "serviceAreaDisplayName", &name))
        return false;
    struct service *s = &list->services[list->count];
    s->id = list_copy(list, d, slice_str(id));
    s->name = name.len ? list_copy(list, d, name) : s->id;
    s->phase = "apps";
    s->need = NEED_CONDITIONAL;
    list->count += s->id && s->name;
    return s->id && s->name;
}

static bool find_areas(struct office *o)
{
    struct doc *d = o->doc;
    char id[AREA_MAX + 8];
    size_t sets = doc_count(d);
    if (sets == 0 || sets > SETS_MAX)
        return doc_fail(d, "an Office 365 list must have 1 to %d endpoint sets", SETS_MAX);
    size_t most = sets < AREAS_MAX ? sets : AREAS_MAX;
    o->list->services = list_alloc(o->list, d, most * sizeof(struct service));
    if (!o->list->services)
        return false;
    for (bool more = doc_first(d); more; more = doc_next(d)) {
        if (!area_id(d, id) || !add_area(o, id))
            return false;
    }
    return true;
}

bool office365_read(struct service_list *list, struct doc *d)
{
    struct office o = {list, d};
    if (!find_areas(&o))
        return false;
    for (uint32_t i = 0; i < list->count; i++) {
        struct service *s = &list->services[i];
        size_t count = 0;
        if (!each_set(&o, s, NULL, &count))
            return false;
        struct endpoint *endpoints = list_endpoints(list, d, count);
        if (!endpoints)
            return false;
        s->endpoints = endpoints;
        if (!each_set(&o, s, endpoints, &count))
            return false;
    }
    return true;
}
