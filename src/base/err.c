/*
 * base/err: filling the struct that carries an error to cli.
 * SPDX-License-Identifier: MIT
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

/* POSIX's strerror_r: this file must not define _GNU_SOURCE, which brings another one. */
const char *err_reason(int code, char out[ERR_REASON_SIZE])
{
    if (strerror_r(code, out, ERR_REASON_SIZE) != 0)
        (void)snprintf(out, ERR_REASON_SIZE, "error %d", code);
    return out;
}
