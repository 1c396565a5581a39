/*
 * cli/cli (private): what the commands share.
 * SPDX-License-Identifier: MIT
 *
 * The only layer that prints errors and decides exit statuses.
 */
#ifndef SRC_CLI_CLI_H
#define SRC_CLI_CLI_H

#include "base/err.h"
#include "services/services.h"

enum exit_status {
    EXIT_CLEAR = 0,
    EXIT_FAILING = 1, /* degraded or blocked */
    EXIT_TROUBLE = 2, /* usage, unreadable or damaged input, output that could not be written */
    EXIT_INCONCLUSIVE = 3, /* the capture cannot answer */
};

/* A command gets the arguments behind its name; argv[0] is the program's. */
int command_analyze(int argc, char **argv);
int command_services(int argc, char **argv);
int command_live(int argc, char **argv);

/* One line on standard error: "oobescope: WHERE: TEXT". Returns EXIT_TROUBLE. */
int complain(const struct err *err);
int complain_text(const char *where, const char *text);
/* The same for what getopt_long, told to be silent by a leading ':', does not take: `code` is '?' or ':'. */
int complain_option(int code, char *const *argv, const char *help);

/* What --help prints. */
int print_usage(void);

/* The list to use: `path` or, when NULL, the embedded one, with `more` (may be NULL) added. */
struct service_list *open_services(const char *path, const char *more, struct err *err);

#endif
