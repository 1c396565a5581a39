/*
 * cli/analyze: capture files to a report.
 * SPDX-License-Identifier: MIT
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/pages.h"
#include "capture/capture.h"
#include "cli.h"
#include "engine/subject.h"
#include "report/eve.h"
#include "report/report.h"

/* Files from here on show how far reading has come. */
#define PROGRESS_BYTES (64ULL << 20)
#define HEAP_HUGE      ((size_t)64 << 20) /* more than most captures need */
#define WIDTH_DEFAULT  80
#define WIDTH_MIN      60
#define WIDTH_MAX      120

enum format {
    FORMAT_TEXT,
    FORMAT_JSON,
    FORMAT_EVE,
};

struct options {
    enum format format;
    const char *output;
    const char *filter;
    const char *services;
    const char *more_services;
    bool each;
    bool no_ndpi;
    bool stats;
    bool help;
};

/* One analysis: its inputs, its writers, and what came of it. */
struct run {
    const struct options *options;
    const struct service_list *services;
    struct out *out;
    struct capture *capture;
    struct eve eve;
    enum verdict_word verdict;
    bool judged;
};

/* ---- options ---- */

static bool parse_format(const char *text, enum format *out)
{
    static const char *const names[] = {"text", "json", "eve"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (enum format)i;
            return true;
        }
    }
    return false;
}

enum option_code {
    OPTION_FORMAT = 'f',
    OPTION_OUTPUT = 'o',
    OPTION_FILTER = 256,
    OPTION_SERVICES,
    OPTION_MORE_SERVICES,
    OPTION_EACH,
    OPTION_NO_NDPI,
    OPTION_STATS,
    OPTION_HELP = 'h',
};

static bool take_option(struct options *o, int code)
{
    switch (code) {
    case OPTION_FORMAT:
        if (parse_format(optarg, &o->format))
            return true;
        (void)complain_text("--format", "is one of text, json, eve");
        return false;
    case OPTION_OUTPUT:
        o->output = optarg;
        if (optarg[0] != '\0')
            return true;
        (void)complain_text("--output", "needs the name of a file; - is standard output");
        return false;
    case OPTION_FILTER:
        o->filter = optarg;
        return true;
    case OPTION_SERVICES:
        o->services = optarg;
        return true;
    case OPTION_MORE_SERVICES:
        o->more_services = optarg;
        return true;
    case OPTION_EACH:
        o->each = true;
        return true;
    case OPTION_NO_NDPI:
        o->no_ndpi = true;
        return true;
    case OPTION_STATS:
        o->stats = true;
        return true;
    case OPTION_HELP:
        o->help = true;
        return true;
    default:
        return false;
    }
}

static bool parse_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        {"format", required_argument, NULL, OPTION_FORMAT},
        {"output", required_argument, NULL, OPTION_OUTPUT},
        {"filter", required_argument, NULL, OPTION_FILTER},
        {"services", required_argument, NULL, OPTION_SERVICES},
        {"more-services", required_argument, NULL, OPTION_MORE_SERVICES},
        {"each", no_argument, NULL, OPTION_EACH},
        {"no-ndpi", no_argument, NULL, OPTION_NO_NDPI},
        {"stats", no_argument, NULL, OPTION_STATS},
        {"help", no_argument, NULL, OPTION_HELP},
        {NULL, 0, NULL, 0},
    };
    *o = (struct options){.format = FORMAT_TEXT};
    int code;
    /* Parsed before any thread could exist: getopt's state is this function's alone. */
    // NOLINTNEXTLINE(concurrency-mt-unsafe)
    while ((code = getopt_long(argc, argv, ":f:o:h", known, NULL)) != -1) {
        if (code == '?' || code == ':')
            (void)complain_option(code, argv, "oobescope --help");
        if (!take_option(o, code))
            return false;
    }
    if (optind == argc && !o->help) {
        (void)complain_text(NULL, "no capture file given; see oobescope --help");
        return false;
    }
    return true;
}

/* ---- terminal ---- */

static void show_progress(void *ctx, uint64_t done, uint64_t total)
{
    (void)ctx;
    if (total >= PROGRESS_BYTES)
        (void)fprintf(stderr, "\r%3u%% of %llu MB", (unsigned)(done * 100 / total),
                      (unsigned long long)(total >> 20));
}

static void end_progress(void)
{
    (void)fprintf(stderr, "\r%30s\r", "");
}

static struct text_options text_options(const struct options *o)
{
    struct text_options text = {.width = WIDTH_DEFAULT, .color = false};
    bool to_terminal = !o->output && isatty(STDOUT_FILENO);
    const char *no_color = getenv("NO_COLOR"); // NOLINT(concurrency-mt-unsafe)
    text.color = to_terminal && !(no_color && no_color[0] != '\0');
    struct winsize size;
    if (to_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        text.width = size.ws_col < WIDTH_MIN   ? WIDTH_MIN
                     : size.ws_col > WIDTH_MAX ? WIDTH_MAX
                                               : size.ws_col;
    return text;
}

/* Wall clock, or SOURCE_DATE_EPOCH where a build or a test wants the same bytes every time; what is no
 * time in seconds is passed over. */
static int64_t generated_ns(void)
{
    const char *fixed = getenv("SOURCE_DATE_EPOCH"); // NOLINT(concurrency-mt-unsafe)
    char *end = NULL;
    long long seconds = fixed ? strtoll(fixed, &end, 10) : -1;
    if (end != fixed && end && *end == '\0' && seconds >= 0 && seconds <= INT64_MAX / NS_PER_S)
        return seconds * NS_PER_S;
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* `name`: the file that is counted alone; NULL: all files together. */
static void print_stats(const struct engine_stats *s, const char *name)
{
    struct rusage use = {0};
    (void)getrusage(RUSAGE_SELF, &use);
    struct buf file;
    buf_init(&file);
    if (name)
        escape_text(&file, slice_str(name));
    if (file.len > 0)
        (void)fprintf(stderr, "file %.*s\n", (int)file.len, file.data);
    buf_clear(&file);
    (void)fprintf(stderr,
                  "packets %llu\nbytes %llu\nundecoded %llu\nother %llu\nfragments %llu\n"
                  "flows %llu\nflows_open_max %u\nflows_evicted %llu\ntransactions %llu\n"
                  "gap_bytes %llu\ndropped %llu\npeak_kib %ld\n",
                  (unsigned long long)s->packets, (unsigned long long)s->bytes,
                  (unsigned long long)s->undecoded_packets, (unsigned long long)s->other_packets,
                  (unsigned long long)s->fragments, (unsigned long long)s->flows.created,
                  (unsigned)s->flows.open_max, (unsigned long long)s->flows.evicted,
                  (unsigned long long)s->transactions, (unsigned long long)s->gap_bytes,
                  (unsigned long long)s->dropped, use.ru_maxrss);
}

/* ---- one analysis ---- */

static void on_transaction(void *ctx, const struct event *event, const struct tx *tx)
{
    struct run *run = ctx;
    eve_transaction(&run->eve, event, tx);
}

static void on_flow(void *ctx, const struct event *event, const struct flow_end *how)
{
    struct run *run = ctx;
    eve_flow(&run->eve, event, how);
}

static void on_result(void *ctx, const struct result *result, const struct engine_stats *stats)
{
    struct run *run = ctx;
    struct report report = {
        .result = result,
        .stats = stats,
        .capture = run->capture,
        .services = run->services,
        .generated_ns = generated_ns(),
    };
    struct text_options text = text_options(run->options);
    switch (run->options->format) {
    case FORMAT_TEXT:
        report_text(run->out, &report, &text);
        break;
    case FORMAT_JSON:
        report_json(run->out, &report);
        break;
    case FORMAT_EVE:
        eve_result(&run->eve, result, stats);
        break;
    }
    run->verdict = result->verdict;
    run->judged = true;
}

/* One line for each file of which something could not be read. */
static bool complain_damage(const struct capture *capture)
{
    bool any = false;
    for (unsigned i = 0; i < capture_file_count(capture); i++) {
        const struct capture_file *file = capture_file(capture, i);
        if (file->damaged)
            (void)complain(&file->damage);
        any = any || file->damaged;
    }
    return any;
}

static int status_of(const struct run *run)
{
    static const int statuses[] = {
        [VERDICT_CLEAR] = EXIT_CLEAR,
        [VERDICT_INCONCLUSIVE] = EXIT_INCONCLUSIVE,
        [VERDICT_DEGRADED] = EXIT_FAILING,
        [VERDICT_BLOCKED] = EXIT_FAILING,
    };
    int status = run->judged ? statuses[run->verdict] : complain_text(NULL, "out of memory");
    return complain_damage(run->capture) ? EXIT_TROUBLE : status;
}

static int feed(struct run *run, struct engine *engine)
{
    struct frame frames[ENGINE_BATCH];
    size_t count;
    while (!run->out->failed && (count = capture_batch(run->capture, frames, ENGINE_BATCH)) > 0)
        engine_frames(engine, frames, count);
    if (isatty(STDERR_FILENO))
        end_progress();
    struct capture_totals totals = capture_totals(run->capture);
    engine_finish(engine, &totals);
    if (run->options->stats) {
        struct engine_stats stats = subject_stats(engine_whole(engine));
        print_stats(&stats, run->options->each ? capture_file(run->capture, 0)->name : NULL);
    }
    return status_of(run);
}

static int run_engine(struct run *run)
{
    struct err err;
    bool eve = run->options->format == FORMAT_EVE;
    struct engine_options options = {
        .services = run->services,
        .ndpi = !run->options->no_ndpi,
        .sink = {run, eve ? on_transaction : NULL, eve ? on_flow : NULL, on_result},
    };
    struct engine *engine = engine_new(&options, &err);
    int status = engine ? feed(run, engine) : complain(&err);
    engine_free(engine);
    return status;
}

static int analyze(const struct options *o, const struct service_list *services, struct out *out,
                   const char *const *names, unsigned count)
{
    struct err err;
    struct capture_options how = {
        .filter = o->filter,
        .progress = isatty(STDERR_FILENO) ? show_progress : NULL,
    };
    struct capture *capture = capture_open(names, count, &how, &err);
    if (!capture)
        return complain(&err);
    struct run run = {.options = o, .services = services, .out = out, .capture = capture};
    run.eve = (struct eve){.out = out, .files = names, .file_count = count};
    int status = EXIT_TROUBLE;
    if (capture_totals(capture).unread_files == count)
        (void)complain_damage(capture); /* a report of nothing would only hide it */
    else
        status = run_engine(&run);
    capture_close(capture);
    return status;
}

/* Trouble is worst, then failing, then inconclusive, then clear. */
static int worse(int a, int b)
{
    static const int rank[] = {0, 2, 3, 1};
    return rank[a] >= rank[b] ? a : b;
}

static int analyze_all(const struct options *o, const struct service_list *services,
                       const char *const *names, unsigned count)
{
    struct out out;
    if (!out_open(&out, o->output)) {
        int status = complain(&out.err);
        out_close(&out);
        return status;
    }
    int status = EXIT_CLEAR;
    unsigned step = o->each ? 1 : count;
    for (unsigned i = 0; i < count; i += step)
        status = worse(status, analyze(o, services, &out, names + i, step));
    if (!out_commit(&out))
        status = complain(&out.err);
    out_close(&out);
    return status;
}

int command_analyze(int argc, char **argv)
{
    struct options o;
    if (!parse_options(argc, argv, &o))
        return EXIT_TROUBLE;
    if (o.help)
        return print_usage();
    pages_heap(HEAP_HUGE);
    struct err err;
    struct service_list *services = open_services(o.services, o.more_services, &err);
    if (!services)
        return complain(&err);
    int status =
        analyze_all(&o, services, (const char *const *)argv + optind, (unsigned)(argc - optind));
    services_free(services);
    return status;
}
