/*
 * base/pages: large tables, on huge pages where the system has them.
 * SPDX-License-Identifier: MIT
 */
#include "base/pages.h"

#include <assert.h>
#include <limits.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE PAGES_LEAST
/* What is larger is no part of the heap; glibc takes no more. */
#define HEAP_BLOCK ((size_t)32 << 20)

static size_t whole(size_t bytes)
{
    return (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
}

/* One page more is mapped than is needed, and what lies before and behind the aligned part goes back. */
void *pages_new(size_t bytes)
{
    assert(bytes <= SIZE_MAX / 2);
    size_t need = whole(bytes);
    char *mapped =
        mmap(NULL, need + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
        return NULL;
    size_t before = (HUGE_PAGE - (uintptr_t)mapped % HUGE_PAGE) % HUGE_PAGE;
    if (before > 0)
        (void)munmap(mapped, before);
    if (before < HUGE_PAGE)
        (void)munmap(mapped + before + need, HUGE_PAGE - before);
    pages_advise(mapped + before, need);
    return mapped + before;
}

void pages_advise(void *memory, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    (void)madvise(memory, bytes, MADV_HUGEPAGE); /* where it is not taken, nothing is lost */
#else
    (void)memory;
    (void)bytes;
#endif
}

void pages_free(void *memory, size_t bytes)
{
    if (memory)
        (void)munmap(memory, whole(bytes));
}

/* The heap's next growth is as large as all that is advised: memory that nobody touches costs nothing. */
void pages_heap(size_t bytes)
{
    assert(bytes >= 2 * HUGE_PAGE && bytes <= INT_MAX);
#ifdef __GLIBC__
    // NOLINTBEGIN(concurrency-mt-unsafe): at the start of the program
    (void)mallopt(M_MMAP_THRESHOLD, (int)HEAP_BLOCK);
    (void)mallopt(M_TOP_PAD, (int)bytes);
    // NOLINTEND(concurrency-mt-unsafe)
    char *grown = malloc(HUGE_PAGE);
    if (!grown)
        return;
    pages_advise(grown + (HUGE_PAGE - (uintptr_t)grown % HUGE_PAGE), bytes - HUGE_PAGE);
    free(grown);
#else
    (void)bytes;
#endif
}
