/*
 * cli/main: picks the command.
 * SPDX-License-Identifier: MIT
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/version.h"
#include "cli.h"

static const char usage[] =
    "usage: oobescope [analyze] [options] CAPTURE...   what failed, why, whose doing it was\n"
    "       oobescope live -i INTERFACE                devices on a network, as they deploy\n"
    "       oobescope services                         the required service list\n"
    "       oobescope services match NAME...           which services a name belongs to, and why\n"
    "       oobescope services check FILE              validates a list\n"
    "       oobescope --help | --version\n"
    "\n"
    "CAPTURE is a pcap or pcapng file, as it is or compressed (gzip, zstd, lz4), or - for\n"
    "standard input. Several files are one deployment, merged by time.\n"
    "\n"
    "  --format text|json|eve  text for people (default), one JSON document, or one event a line\n"
    "  -o, --output FILE       write there, in one piece, instead of to standard output\n"
    "  --each                  one report for each file\n"
    "  --filter EXPRESSION     only packets that match (pcap-filter syntax)\n"
    "  --services FILE         use this service list instead of the embedded one\n"
    "  --more-services FILE    use this list too (ours, or Microsoft's endpoints web service)\n"
    "  --no-ndpi               no labels for traffic of other protocols (verdicts are the same)\n"
    "  --stats                 counters of the run on standard error\n"
    "\n"
    "Exit status: 0 clear, 1 degraded or blocked, 2 trouble, 3 inconclusive.\n";

int complain(const struct err *err)
{
    if (err->where[0] != '\0')
        (void)fprintf(stderr, "oobescope: %s: %s\n", err->where, err->text);
    else
        (void)fprintf(stderr, "oobescope: %s\n", err->text);
    return EXIT_TROUBLE;
}

int complain_text(const char *where, const char *text)
{
    struct err err;
    err_set(&err, where, "%s", text);
    return complain(&err);
}

struct service_list *open_services(const char *path, const char *more, struct err *err)
{
    struct service_list *list = path ? services_load_file(path, err) : services_embedded(err);
    if (!list || !more)
        return list;
    struct service_list *added = services_load_file(more, err);
    if (!added || !services_append(list, added, err)) {
        services_free(list);
        return NULL;
    }
    return list;
}

int main(int argc, char **argv)
{
    /* A reader that goes away ends the writing with an error, not the process with a signal. */
    (void)signal(SIGPIPE, SIG_IGN);
    if (argc > 1 && strcmp(argv[1], "services") == 0)
        return command_services(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "live") == 0)
        return command_live(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "analyze") == 0)
        return command_analyze(argc - 1, argv + 1);
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        (void)fputs(usage, stdout);
        return EXIT_CLEAR;
    }
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        (void)puts("oobescope " OOBESCOPE_VERSION);
        return EXIT_CLEAR;
    }
    if (argc < 2) {
        (void)fputs(usage, stderr);
        return EXIT_TROUBLE;
    }
    return command_analyze(argc, argv);
}
