/*
 * base/pages: large tables, on huge pages where the system has them.
 * SPDX-License-Identifier: MIT
 *
 * Look-ups all over a table of many small pages wait for the addresses of pages as long as for the memory itself.
 */
#ifndef BASE_PAGES_H
#define BASE_PAGES_H

#include <stddef.h>

/* From so many bytes on, pages are worth their while: smaller tables belong to calloc. */
#define PAGES_LEAST ((size_t)2 << 20)

/* Zeroed memory that begins on a page of PAGES_LEAST bytes. NULL when memory is out. */
void *pages_new(size_t bytes);
/* `bytes` as they were asked for. NULL is fine. */
void pages_free(void *memory, size_t bytes);

/* Asks for huge pages for memory that is aligned to PAGES_LEAST and as long, or a multiple. */
void pages_advise(void *memory, size_t bytes);

/* Asks the same for the first `bytes` that malloc hands out from here on, where the C library can be told. Once, at
 * the start of a program that fills many tables of moderate size. */
void pages_heap(size_t bytes);

#endif
