/*
 * base/err: filling the struct that carries an error to cli.
 * SPDX-License-Identifier: MIT
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

void err_set(struct err *e, const char *where, const char *format, ...)
{
    if (!e)
        return;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    (void)snprintf(e->where, sizeof e->where, "%s", where ? where : "");
}
