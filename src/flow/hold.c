/*
 * flow/hold: bytes in order that a reader has not consumed yet.
 * SPDX-License-Identifier: MIT
 */
#include "hold.h"

#include <stdlib.h>

#define SIZE_FIRST 512
/* A hello takes two or three packets, a chain of certificates four to eight. Later ones are taken for
 * the last of these. */
#define PIECES 8

struct piece {
    struct mark at;
    size_t end; /* offset behind its last byte */
};

struct hold {
    size_t len;
    size_t cap;
    size_t pieces;
    struct piece piece[PIECES];
    uint8_t data[];
};

static bool grow(struct hold **h, size_t need)
{
    size_t cap = *h ? (*h)->cap : SIZE_FIRST;
    while (cap < need)
        cap *= 2;
    struct hold *bigger = realloc(*h, sizeof *bigger + cap);
    if (!bigger)
        return false;
    if (!*h)
        bigger->len = bigger->pieces = 0;
    bigger->cap = cap;
    *h = bigger;
    return true;
}

bool hold_append(struct hold **h, struct slice bytes, const struct mark *at)
{
    size_t len = *h ? (*h)->len + bytes.len : bytes.len;
    if (bytes.len == 0)
        return true;
    if ((!*h || (*h)->cap < len) && !grow(h, len))
        return false;
    struct hold *b = *h;
    memcpy(b->data + b->len, bytes.data, bytes.len);
    b->len = len;
    if (b->pieces < PIECES)
        b->piece[b->pieces++].at = *at;
    b->piece[b->pieces - 1].end = len;
    return true;
}

void hold_drop(struct hold **h, size_t n)
{
    struct hold *b = *h;
    if (!b || n == 0)
        return;
    if (n >= b->len) {
        hold_free(h);
        return;
    }
    memmove(b->data, b->data + n, b->len - n);
    b->len -= n;
    size_t kept = 0;
    for (size_t i = 0; i < b->pieces; i++) {
        if (b->piece[i].end > n)
            b->piece[kept++] = (struct piece){b->piece[i].at, b->piece[i].end - n};
    }
    b->pieces = kept;
}

void hold_free(struct hold **h)
{
    free(*h);
    *h = NULL;
}

struct slice hold_view(const struct hold *h)
{
    return h ? slice_of(h->data, h->len) : slice_of(NULL, 0);
}

struct mark hold_mark(const struct hold *h, size_t offset)
{
    size_t i = 0;
    while (i + 1 < h->pieces && h->piece[i].end <= offset)
        i++;
    return h->piece[i].at;
}
