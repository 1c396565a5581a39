/*
 * cli/services: shows the list, explains matches, checks files.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"

static void print_ports(const struct endpoint *e)
{
    for (unsigned i = 0; i < e->port_count; i++)
        (void)printf("%s%u", i ? "," : "", (unsigned)e->ports[i]);
    (void)printf("/%s", e->transport == TRANSPORT_TCP ? "tcp" : "udp");
}

static void print_list(const struct service_list *list)
{
    (void)printf("%s, as of %s, sha256 %s\n", services_name(list), services_as_of(list),
                 services_sha256(list));
    for (uint32_t i = 0; i < services_count(list); i++) {
        const struct service *s = services_at(list, i);
        (void)printf("\n%s (%s): %s\n", s->id, need_name(s->need), s->name);
        for (uint32_t k = 0; k < s->endpoint_count; k++) {
            const struct endpoint *e = &s->endpoints[k];
            (void)printf("  %-11s %-52s ", need_name(e->need), e->pattern ? e->pattern : "*");
            print_ports(e);
            (void)putchar('\n');
        }
    }
}

static int list_services(const char *path)
{
    struct err err;
    struct service_list *list = open_services(path, NULL, &err);
    if (!list)
        return complain(&err);
    print_list(list);
    services_free(list);
    return EXIT_CLEAR;
}

static int check(int argc, char **argv)
{
    if (argc != 1)
        return complain_text("services check", "takes one file");
    struct err err;
    struct service_list *list = services_load_file(argv[0], &err);
    if (!list)
        return complain(&err);
    uint32_t endpoints = 0;
    for (uint32_t i = 0; i < services_count(list); i++)
        endpoints += services_at(list, i)->endpoint_count;
    (void)printf("%s: fine: %u service%s, %u endpoint%s\n", argv[0], (unsigned)services_count(list),
                 services_count(list) == 1 ? "" : "s", (unsigned)endpoints,
                 endpoints == 1 ? "" : "s");
    services_free(list);
    return EXIT_CLEAR;
}

/* Why this pattern: its kind, and that it is the most specific one of its service. */
static void print_match(const struct service_list *list, const struct service_match *m)
{
    const struct service *s = services_at(list, m->service);
    const struct endpoint *e = &s->endpoints[m->endpoint];
    (void)printf("  %s (%s): %s, %s, ", s->id, need_name(s->need), e->pattern,
                 match_kind_name(e->match));
    print_ports(e);
    (void)printf(", %s%s\n", need_name(e->need), e->shared ? ", shared" : "");
}

/* A URL, a port or a pattern would only seem to be in no list. */
static bool is_host_name(const char *text)
{
    size_t taken =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    return taken > 0 && text[taken] == '\0' && text[0] != '.' && !strstr(text, "..");
}

static int match(int argc, char **argv)
{
    if (argc < 1)
        return complain_text("services match", "takes one or more names");
    for (int i = 0; i < argc; i++) {
        if (!is_host_name(argv[i]))
            return complain_text(argv[i][0] ? argv[i] : "''",
                                 "is no host name; leave out scheme, port and path");
    }
    struct err err;
    struct service_list *list = open_services(NULL, NULL, &err);
    if (!list)
        return complain(&err);
    int status = EXIT_CLEAR;
    for (int i = 0; i < argc; i++) {
        struct service_match matches[SERVICE_MATCHES_MAX];
        uint32_t count = services_match(list, slice_str(argv[i]), TRANSPORT_TCP, PORT_ANY, matches);
        (void)printf("%s\n", argv[i]);
        if (count == 0) {
            (void)printf("  no service lists it\n");
            status = EXIT_FAILING;
        }
        for (uint32_t k = 0; k < count; k++)
            print_match(list, &matches[k]);
    }
    services_free(list);
    return status;
}

int command_services(int argc, char **argv)
{
    if (argc < 2)
        return list_services(NULL);
    if (strcmp(argv[1], "match") == 0)
        return match(argc - 2, argv + 2);
    if (strcmp(argv[1], "check") == 0)
        return check(argc - 2, argv + 2);
    if (strcmp(argv[1], "--services") == 0 && argc == 3)
        return list_services(argv[2]);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return print_usage();
    return complain_text(argv[1], "unknown; see oobescope --help");
}
