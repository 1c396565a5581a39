/*
 * cli/live: the sensor's options.
 * SPDX-License-Identifier: MIT
 */
#include "live/live.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pages.h"
#include "cli.h"

#define BUFFER_DEFAULT  64U /* MiB */
#define TIMEOUT_DEFAULT 300U
#define TIMEOUT_MAX     86400U
#define EXIT_AFTER_MAX  1000000U
/* About what thousands of devices take: of more the kernel would keep what they gave back. */
#define HEAP_HUGE ((size_t)128 << 20)

static const char usage[] =
    "usage: oobescope live -i INTERFACE [-i INTERFACE...] [options]\n"
    "       oobescope live --list                 interfaces that can be captured\n"
    "\n"
    "Watches devices under deployment, and reports each as it ends.\n"
    "\n"
    "  -i, --interface NAME    capture there; several are one network\n"
    "  --reports DIR           a report of each deployment, as JSON and text\n"
    "  --evidence DIR          a capture of each that failed, its packets commented\n"
    "  --evidence-bytes N      kept of a device for that, 262144 to 67108864 (4194304)\n"
    "  --eve FILE|-|unix:PATH  events, one a line; FILE is opened anew on SIGHUP\n"
    "  --http ADDRESS:PORT     answer /metrics, /healthz and /api/devices there\n"
    "  --lines                 on a terminal too: a line an event, no table\n"
    "  --device-timeout S      a device silent for so long has ended (300)\n"
    "  --exit-after N          stop when N deployments have ended\n"
    "  --user NAME             become this user before the first packet (nobody)\n"
    "  --buffer MIB            ring of each interface in the kernel (64)\n"
    "  --snaplen BYTES         kept of a packet (all)\n"
    "  --filter EXPRESSION     only packets that match (pcap-filter syntax)\n"
    "  --no-promiscuous        only packets for this machine\n"
    "  --services FILE, --more-services FILE, --no-ndpi    as for analyze\n"
    "\n"
    "SIGTERM ends and writes the last reports, SIGUSR1 prints the state.\n"
    "Exit status: 0 every deployment was clear, 1 one was degraded or blocked, 2 trouble,\n"
    "3 inconclusive.\n";

struct options {
    struct live_options live;
    const char *interfaces[TAP_INTERFACES_MAX];
    const char *services;
    const char *more_services;
    bool list;
    bool help;
};

enum option_code {
    OPTION_INTERFACE = 'i',
    OPTION_LIST = 256,
    OPTION_HELP,
    OPTION_REPORTS,
    OPTION_EVIDENCE,
    OPTION_EVIDENCE_BYTES,
    OPTION_EVE,
    OPTION_HTTP,
    OPTION_TIMEOUT,
    OPTION_EXIT_AFTER,
    OPTION_USER,
    OPTION_BUFFER,
    OPTION_SNAPLEN,
    OPTION_FILTER,
    OPTION_NO_PROMISCUOUS,
    OPTION_LINES,
    OPTION_SERVICES,
    OPTION_MORE_SERVICES,
    OPTION_NO_NDPI,
};

static bool number(const char *name, uint32_t least, uint32_t most, uint32_t *out)
{
    char *end;
    unsigned long value = strtoul(optarg, &end, 10);
    if (optarg[0] >= '0' && optarg[0] <= '9' && *end == '\0' && value >= least && value <= most) {
        *out = (uint32_t)value;
        return true;
    }
    struct err err;
    err_set(&err, name, "is a number from %u to %u, not %.64s", (unsigned)least, (unsigned)most,
            optarg);
    (void)complain(&err);
    return false;
}

static bool take_interface(struct options *o)
{
    if (o->live.interface_count == TAP_INTERFACES_MAX) {
        (void)complain_text("-i", "too many interfaces");
        return false;
    }
    o->interfaces[o->live.interface_count++] = optarg;
    return true;
}

static bool take_number(struct options *o, int code)
{
    uint32_t n;
    switch (code) {
    case OPTION_TIMEOUT:
        if (!number("--device-timeout", 1, TIMEOUT_MAX, &n))
            return false;
        o->live.timeout_ns = n * NS_PER_S;
        return true;
    case OPTION_EXIT_AFTER:
        return number("--exit-after", 1, EXIT_AFTER_MAX, &o->live.exit_after);
    case OPTION_EVIDENCE_BYTES:
        return number("--evidence-bytes", EVIDENCE_BYTES_MIN, EVIDENCE_BYTES_MAX,
                      &o->live.evidence_bytes);
    case OPTION_BUFFER:
        if (!number("--buffer", TAP_BUFFER_MIN >> 20, TAP_BUFFER_MAX >> 20, &n))
            return false;
        o->live.tap.buffer_bytes = n << 20;
        return true;
    case OPTION_SNAPLEN:
        return number("--snaplen", 64, TAP_SNAPLEN_MAX, &o->live.tap.snaplen);
    default:
        return false;
    }
}

static bool take_flag(struct options *o, int code)
{
    switch (code) {
    case OPTION_LIST:
        o->list = true;
        return true;
    case OPTION_HELP:
        o->help = true;
        return true;
    case OPTION_NO_PROMISCUOUS:
        o->live.tap.promiscuous = false;
        return true;
    case OPTION_LINES:
        o->live.lines = true;
        return true;
    case OPTION_NO_NDPI:
        o->live.ndpi = false;
        return true;
    default:
        return take_number(o, code);
    }
}

/* Where the option's text goes, NULL for the others. */
static const char **text_of(struct options *o, int code)
{
    const struct {
        int code;
        const char **text;
    } texts[] = {
        {OPTION_REPORTS, &o->live.reports}, {OPTION_EVE, &o->live.eve},
        {OPTION_USER, &o->live.user},       {OPTION_FILTER, &o->live.tap.filter},
        {OPTION_SERVICES, &o->services},    {OPTION_MORE_SERVICES, &o->more_services},
        {OPTION_HTTP, &o->live.http},       {OPTION_EVIDENCE, &o->live.evidence},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i].code == code)
            return texts[i].text;
    }
    return NULL;
}

static bool take_option(struct options *o, int code)
{
    const char **text = text_of(o, code);
    if (text)
        *text = optarg;
    return text || (code == OPTION_INTERFACE ? take_interface(o) : take_flag(o, code));
}

static bool parse_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        {"interface", required_argument, NULL, OPTION_INTERFACE},
        {"list", no_argument, NULL, OPTION_LIST},
        {"help", no_argument, NULL, OPTION_HELP},
        {"reports", required_argument, NULL, OPTION_REPORTS},
        {"evidence", required_argument, NULL, OPTION_EVIDENCE},
        {"evidence-bytes", required_argument, NULL, OPTION_EVIDENCE_BYTES},
        {"eve", required_argument, NULL, OPTION_EVE},
        {"http", required_argument, NULL, OPTION_HTTP},
        {"device-timeout", required_argument, NULL, OPTION_TIMEOUT},
        {"exit-after", required_argument, NULL, OPTION_EXIT_AFTER},
        {"user", required_argument, NULL, OPTION_USER},
        {"buffer", required_argument, NULL, OPTION_BUFFER},
        {"snaplen", required_argument, NULL, OPTION_SNAPLEN},
        {"filter", required_argument, NULL, OPTION_FILTER},
        {"no-promiscuous", no_argument, NULL, OPTION_NO_PROMISCUOUS},
        {"lines", no_argument, NULL, OPTION_LINES},
        {"services", required_argument, NULL, OPTION_SERVICES},
        {"more-services", required_argument, NULL, OPTION_MORE_SERVICES},
        {"no-ndpi", no_argument, NULL, OPTION_NO_NDPI},
        {NULL, 0, NULL, 0},
    };
    *o = (struct options){
        .live = {.tap = {.snaplen = TAP_SNAPLEN_MAX,
                         .buffer_bytes = BUFFER_DEFAULT << 20,
                         .promiscuous = true},
                 .ndpi = true,
                 .evidence_bytes = EVIDENCE_BYTES_DEFAULT,
                 .timeout_ns = TIMEOUT_DEFAULT * NS_PER_S},
    };
    int code;
    /* Parsed before any thread could exist: getopt's state is this function's alone. */
    // NOLINTNEXTLINE(concurrency-mt-unsafe)
    while ((code = getopt_long(argc, argv, ":i:", known, NULL)) != -1) {
        if (code == '?' || code == ':')
            (void)complain_option(code, argv, "oobescope live --help");
        if (!take_option(o, code))
            return false;
    }
    if (o->list || o->help || (optind == argc && o->live.interface_count > 0))
        return true;
    (void)complain_text(NULL, optind < argc ? "live takes no files; see oobescope live --help"
                                            : "name an interface with -i; oobescope live --list "
                                              "names them");
    return false;
}

static void print_interface(void *ctx, const char *name, const char *description)
{
    (void)ctx;
    (void)printf("%-20s %s\n", name, description);
}

static int list_interfaces(void)
{
    struct err err;
    return tap_list(print_interface, NULL, &err) ? EXIT_CLEAR : complain(&err);
}

static int status_of(const struct live_outcome *outcome)
{
    static const int statuses[] = {
        [VERDICT_CLEAR] = EXIT_CLEAR,
        [VERDICT_INCONCLUSIVE] = EXIT_INCONCLUSIVE,
        [VERDICT_DEGRADED] = EXIT_FAILING,
        [VERDICT_BLOCKED] = EXIT_FAILING,
    };
    if (outcome->lost_interface)
        return complain_text(NULL, "no interface is left to capture");
    return statuses[outcome->worst];
}

int command_live(int argc, char **argv)
{
    struct options o;
    struct err err;
    if (!parse_options(argc, argv, &o))
        return EXIT_TROUBLE;
    if (o.help)
        return fputs(usage, stdout) < 0 ? EXIT_TROUBLE : EXIT_CLEAR;
    if (o.list)
        return list_interfaces();
    pages_heap(HEAP_HUGE);
    struct service_list *services = open_services(o.services, o.more_services, &err);
    if (!services)
        return complain(&err);
    struct live_outcome outcome = {0};
    const char *no_color = getenv("NO_COLOR"); // NOLINT(concurrency-mt-unsafe)
    o.live.color = !(no_color && no_color[0] != '\0');
    o.live.interfaces = o.interfaces;
    o.live.services = services;
    bool ran = live_run(&o.live, &outcome, &err);
    services_free(services);
    return ran ? status_of(&outcome) : complain(&err);
}
