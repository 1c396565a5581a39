/*
 * live/terminal: raw mode, sizes, keys.
 * SPDX-License-Identifier: MIT
 */
#include "terminal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/mark.h"

/* Alternate screen, no cursor, lines that are too long are cut; and all of it back. */
#define ENTER "\x1b[?1049h\x1b[?25l\x1b[?7l"
#define LEAVE "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"

#define WIDTH_DEFAULT  80
#define HEIGHT_DEFAULT 24
#define WIDTH_MAX      500
#define HEIGHT_MAX     300
#define READ_BYTES     64
#define CLOSE_TRIES    20 /* of 10 ms */

bool terminal_there(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

bool terminal_open(struct terminal *t, struct err *err)
{
    if (tcgetattr(STDIN_FILENO, &t->before) != 0 || !outbox_stream(&t->out, STDOUT_FILENO, err)) {
        err_set(err, NULL, "the terminal cannot be used; try --lines");
        return false;
    }
    struct termios raw = t->before;
    /* Ctrl-C comes as a key: the terminal is given back before the program ends. */
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    raw.c_iflag &= ~(tcflag_t)(ICRNL | IXON);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    t->shown = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
    if (t->shown) {
        outbox_put(&t->out, slice_str(ENTER));
        return true;
    }
    outbox_close(&t->out);
    err_set(err, NULL, "the terminal cannot be used; try --lines");
    return false;
}

void terminal_close(struct terminal *t)
{
    if (!t->shown)
        return;
    t->shown = false;
    outbox_put(&t->out, slice_str(LEAVE));
    for (int i = 0; i < CLOSE_TRIES && !t->gone && !terminal_ready(t, INT64_MAX); i++) {
        const struct timespec nap = {0, 10 * NS_PER_MS};
        (void)nanosleep(&nap, NULL);
    }
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &t->before);
    outbox_close(&t->out);
}

int terminal_fd(const struct terminal *t)
{
    return t->shown && !t->gone ? STDIN_FILENO : -1;
}

static unsigned clamp(unsigned value, unsigned otherwise, unsigned most)
{
    if (value == 0)
        return otherwise;
    return value < most ? value : most;
}

void terminal_size(unsigned *width, unsigned *height)
{
    struct winsize size = {0};
    (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    *width = clamp(size.ws_col, WIDTH_DEFAULT, WIDTH_MAX);
    *height = clamp(size.ws_row, HEIGHT_DEFAULT, HEIGHT_MAX);
}

/* ---- keys --------------------------------------------------------------------------------------- */

/* "\x1b[A", "\x1bOA", "\x1b[5~": what a key sends that is no character. Returns its length. */
static size_t parse_sequence(struct slice s, int *key)
{
    static const struct {
        const char *bytes;
        int key;
    } known[] = {
        {"[A", KEY_UP},       {"[B", KEY_DOWN},       {"OA", KEY_UP},    {"OB", KEY_DOWN},
        {"[5~", KEY_PAGE_UP}, {"[6~", KEY_PAGE_DOWN}, {"[H", KEY_HOME},  {"[F", KEY_END},
        {"OH", KEY_HOME},     {"OF", KEY_END},        {"[1~", KEY_HOME}, {"[4~", KEY_END},
        {"[C", KEY_ENTER},    {"[D", KEY_BACK},       {"OC", KEY_ENTER}, {"OD", KEY_BACK},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (slice_starts(s, known[i].bytes)) {
            *key = known[i].key;
            return strlen(known[i].bytes);
        }
    }
    *key = KEY_NONE;
    if (s.len == 0)
        *key = KEY_BACK; /* the key Esc alone */
    if (s.len == 0 || (s.data[0] != '[' && s.data[0] != 'O'))
        return 0;
    size_t len = 1; /* an unknown sequence ends with its first letter or "~" */
    while (len < s.len && s.data[len] < '@')
        len++;
    return len < s.len ? len + 1 : len;
}

static int plain_key(uint8_t c)
{
    switch (c) {
    case 3:
        return KEY_STOP;
    case '\r':
    case '\n':
        return KEY_ENTER;
    case ' ':
        return KEY_PAGE_DOWN;
    case 127:
    case '\b':
        return KEY_BACK;
    case 'k':
        return KEY_UP;
    case 'j':
        return KEY_DOWN;
    default:
        return c;
    }
}

unsigned terminal_parse(struct slice bytes, int *keys, unsigned max)
{
    unsigned count = 0;
    for (size_t i = 0; i < bytes.len && count < max;) {
        int key = plain_key(bytes.data[i]);
        bool escape = bytes.data[i++] == 0x1b;
        if (escape)
            i += parse_sequence(slice_sub(bytes, i, bytes.len), &key);
        if (key != KEY_NONE)
            keys[count++] = key;
    }
    return count;
}

unsigned terminal_keys(struct terminal *t, int *keys, unsigned max)
{
    struct pollfd fds = {.fd = STDIN_FILENO, .events = POLLIN};
    char bytes[READ_BYTES];
    if (t->gone || poll(&fds, 1, 0) <= 0)
        return 0;
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
    t->gone = n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
    return n > 0 ? terminal_parse(slice_of(bytes, (size_t)n), keys, max) : 0;
}

/* ---- showing ------------------------------------------------------------------------------------ */

bool terminal_ready(struct terminal *t, int64_t now_ns)
{
    outbox_drain(&t->out, now_ns);
    return t->out.waiting.len == 0;
}

void terminal_show(struct terminal *t, struct slice screen, int64_t now_ns)
{
    outbox_put(&t->out, screen);
    outbox_drain(&t->out, now_ns);
}
