/*
 * cli/main: picks the command.
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
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

/* Names of files and what a list has in place of a word may hold anything: the line stays one. */
int complain(const struct err *err)
{
    struct buf line;
    buf_init(&line);
    buf_str(&line, "oobescope: ");
    escape_text(&line, slice_str(err->where));
    buf_str(&line, err->where[0] ? ": " : "");
    escape_text(&line, slice_str(err->text));
    buf_str(&line, "\n");
    buf_char(&line, '\0');
    (void)fputs(line.failed ? "oobescope: out of memory\n" : line.data, stderr);
    buf_clear(&line);
    return EXIT_TROUBLE;
}

int complain_text(const char *where, const char *text)
{
    struct err err;
    err_set(&err, where, "%s", text);
    return complain(&err);
}

int complain_option(int code, char *const *argv, const char *help)
{
    struct err err;
    char letter[] = {'-', (char)optopt, '\0'};
    bool is_letter = code == '?' && optopt > 0 && optopt <= UCHAR_MAX;
    err_set(&err, is_letter ? letter : argv[optind - 1], "%s; see %s",
            code == ':' ? "needs a value" : "is no option", help);
    return complain(&err);
}

int print_usage(void)
{
    return fputs(usage, stdout) < 0 ? EXIT_TROUBLE : EXIT_CLEAR;
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

static int run_command(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "services") == 0)
        return command_services(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "live") == 0)
        return command_live(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "analyze") == 0)
        return command_analyze(argc - 1, argv + 1);
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

/* Reports check their own writing; lists, matches and usage are printed, and checked here. */
static int check_printed(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    char reason[ERR_REASON_SIZE];
    struct err err;
    err_set(&err, "standard output", "cannot write the output: %s", err_reason(errno, reason));
    return complain(&err);
}

int main(int argc, char **argv)
{
    /* A reader that goes away ends the writing with an error, not the process with a signal. */
    (void)signal(SIGPIPE, SIG_IGN);
    return check_printed(run_command(argc, argv));
}
