/*
 * live/screen: the devices as a table, and one of them with its causes and findings.
 * SPDX-License-Identifier: MIT
 *
 * Draws what the sensor knows into a buffer and takes keys; knows no terminal. Plain ECMA-48 sequences
 * and no curses: a screen of lines from top to bottom needs nothing of it, every terminal of the last
 * decades knows the few sequences used, and a library with state of its own and files to read has no
 * place in a process that gives its rights up.
 *
 * Whatever came from the network is escaped, and in the table cut to ASCII, so that a character is a column.
 */
#ifndef LIVE_SCREEN_H
#define LIVE_SCREEN_H

#include "sensor.h"

enum screen_sort {
    SORT_VERDICT, /* the worst first */
    SORT_NUMBER,
    SORT_ADDRESS,
    SORT_NAME,
    SORT_PHASE,
    SORT_STATE, /* running ones first */
    SORT_COUNT,
};

struct screen {
    unsigned width;
    unsigned height;
    bool color;
    enum screen_sort sort;
    bool reversed;
    bool asking;       /* whether to stop */
    uint32_t selected; /* number of a device; 0: the first */
    uint32_t top;      /* row the table begins with */
    bool detail;       /* of the selected one */
    uint32_t scroll;   /* line the detail begins with */
    struct row *rows;  /* of the newest drawing */
    uint32_t count;
    uint32_t room;
};

void screen_init(struct screen *v, bool color);
void screen_clear(struct screen *v);

/* Appends a whole screen of width and height. */
void screen_draw(struct screen *v, struct sensor *s, struct buf *out);

/* Takes a key of live/terminal. True: the sensor is to stop. */
bool screen_key(struct screen *v, int key);

#endif
