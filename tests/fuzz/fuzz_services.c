/*
 * tests/fuzz/fuzz_services: a list from any bytes, and names of any bytes against it.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "fuzz.h"
#include "services/services.h"

#define HITS 8

/* Names of the list itself meet it often; the bytes themselves seldom do. */
static void ask(const struct service_list *list, struct slice host, uint16_t port)
{
    struct service_match out[SERVICE_MATCHES_MAX];
    struct service_hit hits[HITS];
    uint32_t count = services_match(list, host, TRANSPORT_TCP, port, out);
    uint32_t all = services_explain(list, host, TRANSPORT_TCP, port, hits, HITS);
    if (all < count || count > SERVICE_MATCHES_MAX)
        abort();
    for (uint32_t i = 0; i < count; i++) {
        if (out[i].endpoint >= services_at(list, out[i].service)->endpoint_count)
            abort();
    }
}

static void ask_for_patterns(const struct service_list *list)
{
    for (uint32_t i = 0; i < services_count(list) && i < HITS; i++) {
        const struct service *s = services_at(list, i);
        for (uint32_t j = 0; j < s->endpoint_count && j < HITS; j++) {
            const struct endpoint *e = &s->endpoints[j];
            struct slice host = slice_str(e->pattern ? e->pattern : "");
            ask(list, host, e->ports[0]);
            ask(list, slice_sub(host, slice_find(host, 0, '*') + 1, host.len), PORT_ANY);
        }
    }
}

/* "pattern pattern NUL name": a small list around patterns of any bytes but those that end texts. */
static struct service_list *from_pattern(struct slice pattern)
{
    static const char head[] =
        "{\"services\": [{\"id\": \"a\", \"need\": \"required\", \"endpoints\": [{\"host\": \"";
    static const char tail[] = "\"}]}]}";
    char json[1024];
    size_t len = sizeof head - 1;
    memcpy(json, head, len);
    for (size_t i = 0; i < pattern.len && len < sizeof json - 8; i++) {
        if (pattern.data[i] > ' ' && pattern.data[i] < 0x7f && pattern.data[i] != '"' &&
            pattern.data[i] != '\\')
            json[len++] = (char)pattern.data[i];
    }
    memcpy(json + len, tail, sizeof tail);
    return services_load(slice_of(json, len + sizeof tail - 1), "fuzz", NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err;
    struct slice input = slice_of(data, size);
    struct service_list *list = services_load(input, "fuzz", &err);
    if (list) {
        ask_for_patterns(list);
        services_free(list);
        return 0;
    }
    size_t end = slice_find(input, 0, 0);
    list = from_pattern(slice_sub(input, 0, end));
    if (list)
        ask(list, slice_sub(input, end + 1, size), PORT_ANY);
    services_free(list);
    return 0;
}
