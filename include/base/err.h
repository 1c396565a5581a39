/*
 * base/err: what went wrong in the environment (files, options, lists, memory).
 * SPDX-License-Identifier: MIT
 *
 * Functions that can fail so return false or NULL and fill the struct; only cli prints it and exits.
 * What packets do wrong is never an err: it is counted where it is seen.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

struct err {
    char text[256];   /* what is wrong and what to do, one line, no full stop */
    char where[4096]; /* file, option or position; empty when there is none */
};

#define ERR_REASON_SIZE 128

/* Fills `e` (which may be NULL); `where` may be NULL. Longer texts are cut. */
void err_set(struct err *e, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The system's words for an errno, written to `out`, which is returned. */
const char *err_reason(int code, char out[ERR_REASON_SIZE]);

#endif
