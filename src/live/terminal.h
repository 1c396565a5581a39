/*
 * live/terminal: a terminal that shows whole screens, and its keys. Nothing here waits.
 * SPDX-License-Identifier: MIT
 *
 * ECMA-48 sequences, termios(3). The alternate screen is used, so that what was there comes back.
 */
#ifndef LIVE_TERMINAL_H
#define LIVE_TERMINAL_H

#include <termios.h>

#include "outbox.h"

enum terminal_key {
    KEY_NONE,
    KEY_UP = 256, /* below: the byte itself */
    KEY_DOWN,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_HOME,
    KEY_END,
    KEY_ENTER,
    KEY_BACK,
    KEY_STOP, /* Ctrl-C */
};

struct terminal {
    bool shown;
    bool gone; /* nobody is there any more */
    struct termios before;
    struct outbox out;
};

/* Whether standard input and output are a terminal that this process may use. */
bool terminal_there(void);

/* Before rights are dropped. */
bool terminal_open(struct terminal *t, struct err *err);
/* Gives the terminal back as it was; it may be closed already. */
void terminal_close(struct terminal *t);

/* Polls readable when keys were pressed; -1 when nothing is shown. */
int terminal_fd(const struct terminal *t);

void terminal_size(unsigned *width, unsigned *height);

/* The keys that were pressed, at most `max`; their number. */
unsigned terminal_keys(struct terminal *t, int *keys, unsigned max);

/* Whether everything shown so far went out: a slow terminal gets no second screen before. */
bool terminal_ready(struct terminal *t, int64_t now_ns);
void terminal_show(struct terminal *t, struct slice screen, int64_t now_ns);

/* The keys in what was read, at most `max`; their number. */
unsigned terminal_parse(struct slice bytes, int *keys, unsigned max);

#endif
