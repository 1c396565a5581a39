/*
 * live/live: opens everything, gives the rights up, reads until it is told to stop.
 * SPDX-License-Identifier: MIT
 *
 * One thread and one poll(2): interfaces, signals, outputs, HTTP, keys. Outputs never wait (live/outbox), so
 * nothing comes between the kernel's ring and the engine but the engine itself; and while frames wait, who
 * asks by HTTP or from the screen gets a turn a tick.
 */
#include "live/live.h"

#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "capture/rights.h"
#include "http.h"
#include "notify.h"
#include "screen.h"
#include "terminal.h"

#define TICK_NS     (100 * NS_PER_MS)
#define POLL_MS     100
#define TROUBLE_NS  (60 * NS_PER_S) /* an output that does not take events is told so often */
#define ATTEND_REST 9               /* times as long */
#define DRAW_NS     (500 * NS_PER_MS)
#define KEYS_MAX    32
#define REST_NS     (30 * NS_PER_S)
#define DRAIN_TRIES 50 /* of 10 ms, at the end */
#define NAP_NS      (10 * NS_PER_MS)
#define TRIM_NS     (60 * NS_PER_S)   /* memory that devices left goes back so often */
#define HELD_NS     (200 * NS_PER_MS) /* longer than the kernel holds frames back */

struct live {
    const struct live_options *options;
    struct sensor sensor;
    struct notify notify;
    struct http *http; /* NULL: not wanted */
    struct terminal terminal;
    struct screen screen; /* where sensor.on_screen */
    struct buf drawn;
    int64_t attend_ns; /* when who asks gets the next turn while frames wait */
    int64_t draw_ns;   /* when to draw it again, of the clock that never steps */
    int signals;       /* descriptor they come by */
    int64_t tick_ns;   /* of the clock that never steps */
    int64_t trouble_ns;
    int64_t trim_ns;
    uint32_t trimmed_at; /* number of the next device at that time */
    uint64_t lost_told;
    bool stop;
};

/* ---- beginning ---------------------------------------------------------------------------------- */

static bool open_signals(struct live *l, struct err *err)
{
    static const int wanted[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGWINCH};
    sigset_t set;
    (void)sigemptyset(&set);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        (void)sigaddset(&set, wanted[i]);
    l->signals = pthread_sigmask(SIG_BLOCK, &set, NULL) == 0
                     ? signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)
                     : -1;
    if (l->signals < 0)
        err_set(err, NULL, "signals cannot be received; raise the limit with ulimit -n");
    return l->signals >= 0;
}

/* Standard output is for people, unless the events go there. */
static bool open_lines(struct sensor *s, struct err *err)
{
    bool taken = s->options->eve && strcmp(s->options->eve, "-") == 0;
    return outbox_stream(&s->lines, taken ? STDERR_FILENO : STDOUT_FILENO, err);
}

static bool open_outputs(struct live *l, const struct rights_user *user, struct err *err)
{
    struct sensor *s = &l->sensor;
    const struct live_options *o = l->options;
    return outbox_open(&s->events, o->eve, user, err) && open_lines(s, err) &&
           (!o->reports || folder_open(&s->reports, o->reports, user, err)) &&
           (!o->evidence || evidence_open(&s->evidence, o->evidence, o->evidence_bytes, user, err));
}

static bool open_http(struct live *l, struct err *err)
{
    struct sensor *s = &l->sensor;
    if (!l->options->http)
        return true;
    s->keep_reports = true;
    l->http = http_open(l->options->http, pages_answer, s, err);
    return l->http != NULL;
}

/* A screen where there is a terminal that nothing else is written to. */
static bool open_screen(struct live *l, struct err *err)
{
    struct sensor *s = &l->sensor;
    bool taken = l->options->eve && strcmp(l->options->eve, "-") == 0;
    if (l->options->lines || taken || !terminal_there())
        return true;
    s->keep_reports = s->on_screen = true;
    screen_init(&l->screen, l->options->color);
    return terminal_open(&l->terminal, err);
}

static void leave_screen(struct live *l)
{
    terminal_close(&l->terminal);
    l->sensor.on_screen = false;
}

/* What the user may not write is said now, not when the first report is lost. */
static bool check_outputs(const struct sensor *s, struct err *err)
{
    return (s->events.folder.fd < 0 || folder_check(&s->events.folder, err)) &&
           (s->reports.fd < 0 || folder_check(&s->reports, err)) &&
           (s->evidence.folder.fd < 0 || folder_check(&s->evidence.folder, err));
}

static bool open_all(struct live *l, struct err *err)
{
    const struct live_options *o = l->options;
    struct rights_user user;
    if (!rights_user(&user, o->user, err) || !open_signals(l, err))
        return false;
    l->sensor.tap = tap_open(o->interfaces, o->interface_count, &o->tap, err);
    if (!l->sensor.tap || !open_outputs(l, &user, err) || !sensor_init(&l->sensor, err) ||
        !open_http(l, err) || !open_screen(l, err))
        return false;
    notify_open(&l->notify);
    return rights_drop(&user, err) && rights_confine(err) && check_outputs(&l->sensor, err);
}

static void close_all(struct live *l)
{
    struct sensor *s = &l->sensor;
    leave_screen(l);
    screen_clear(&l->screen);
    buf_clear(&l->drawn);
    http_close(l->http);
    sensor_clear(s);
    outbox_close(&s->events);
    outbox_close(&s->lines);
    folder_close(&s->reports);
    folder_close(&s->evidence.folder);
    tap_close(s->tap);
    notify_close(&l->notify);
    if (l->signals >= 0)
        (void)close(l->signals);
}

/* ---- the loop ----------------------------------------------------------------------------------- */

static void take_signals(struct live *l)
{
    struct signalfd_siginfo info;
    while (read(l->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        switch (info.ssi_signo) {
        case SIGHUP:
            outbox_reopen(&l->sensor.events);
            break;
        case SIGUSR1:
            say_state(&l->sensor);
            break;
        case SIGWINCH:
            l->draw_ns = 0;
            break;
        default:
            l->stop = true;
            break;
        }
    }
}

/* Whether no frames wait. */
static bool read_interfaces(struct live *l)
{
    struct sensor *s = &l->sensor;
    bool idle = true;
    for (unsigned i = 0; i < tap_count(s->tap); i++) {
        struct err err;
        enum tap_state state = tap_read(s->tap, i, sensor_frames, s, &err);
        idle &= state != TAP_MORE;
        if (state == TAP_GONE) {
            say(s, "%s: %s", err.where, err.text);
            l->sensor.open_interfaces--;
        }
    }
    return idle;
}

static void wait_for_frames(const struct live *l)
{
    struct pollfd fds[TAP_INTERFACES_MAX + 3];
    nfds_t count = 0;
    fds[count++] = (struct pollfd){.fd = l->signals, .events = POLLIN};
    fds[count++] = (struct pollfd){.fd = http_fd(l->http), .events = POLLIN};
    fds[count++] = (struct pollfd){.fd = terminal_fd(&l->terminal), .events = POLLIN};
    for (unsigned i = 0; i < tap_count(l->sensor.tap); i++)
        fds[count++] = (struct pollfd){.fd = tap_fd(l->sensor.tap, i), .events = POLLIN};
    (void)poll(fds, count, http_wait_ms(l->http, POLL_MS));
}

static void tell_trouble(struct live *l, int64_t steady)
{
    struct sensor *s = &l->sensor;
    if (s->events.lost == l->lost_told || steady < l->trouble_ns)
        return;
    char reason[ERR_REASON_SIZE];
    say(s, "events to %s: %llu of %llu lost (%s)", s->events.target,
        (unsigned long long)s->events.lost, (unsigned long long)s->events.lines,
        s->events.error ? err_reason(s->events.error, reason)
                        : "the reader or the disk is too slow");
    l->lost_told = s->events.lost;
    l->trouble_ns = steady + TROUBLE_NS;
}

static void take_keys(struct live *l)
{
    int keys[KEYS_MAX];
    unsigned count = terminal_keys(&l->terminal, keys, KEYS_MAX);
    for (unsigned i = 0; i < count; i++)
        l->stop |= screen_key(&l->screen, keys[i]);
    if (count > 0)
        l->draw_ns = 0;
    l->stop |= l->terminal.gone;
}

/* A slow terminal is shown less often. */
static void draw(struct live *l, int64_t steady)
{
    if (steady < l->draw_ns || !terminal_ready(&l->terminal, steady))
        return;
    l->draw_ns = steady + DRAW_NS;
    terminal_size(&l->screen.width, &l->screen.height);
    buf_reset(&l->drawn);
    screen_draw(&l->screen, &l->sensor, &l->drawn);
    if (!l->drawn.failed)
        terminal_show(&l->terminal, buf_view(&l->drawn), steady);
}

/* Who asks: by HTTP, or in front of the screen. While frames wait, a turn a tick, and no more than a
 * tenth of the time: a list of tens of thousands of devices takes tenths of a second, and who asks may ask again. */
static void attend(struct live *l, bool idle)
{
    int64_t begin = steady_ns();
    if (!idle && begin < l->attend_ns)
        return;
    http_run(l->http, begin);
    if (l->sensor.on_screen) {
        take_keys(l);
        draw(l, begin);
    }
    int64_t end = steady_ns();
    int64_t rest = ATTEND_REST * (end - begin);
    l->attend_ns = end + (rest > TICK_NS ? rest : TICK_NS);
}

static void tick(struct live *l, bool idle)
{
    struct sensor *s = &l->sensor;
    int64_t steady = steady_ns();
    if (steady < l->tick_ns)
        return;
    l->tick_ns = steady + TICK_NS;
    sensor_tick(s, idle);
    tell_trouble(l, steady);
    notify_alive(&l->notify, steady);
    unsigned most = l->options->exit_after;
    l->stop |= (most && sensor_ended(s) >= most) || l->sensor.open_interfaces == 0;
}

/* What devices had lies between what others still have: without this a sensor would stay as big as it was in
 * its busiest minute. It takes some milliseconds, so it waits for a moment without frames. */
static void give_back(struct live *l, bool idle)
{
    uint32_t next = l->sensor.roster.next;
    int64_t steady = steady_ns();
    if (!idle || steady < l->trim_ns || next == l->trimmed_at)
        return;
    (void)malloc_trim(0);
    l->trimmed_at = next;
    l->trim_ns = steady + TRIM_NS;
}

static void drain(struct sensor *s)
{
    int64_t steady = steady_ns();
    out_flush(&s->out);
    outbox_drain(&s->events, steady);
    outbox_drain(&s->lines, steady);
}

static void run(struct live *l)
{
    struct sensor *s = &l->sensor;
    bool idle = true;
    while (!l->stop) {
        if (idle)
            wait_for_frames(l);
        take_signals(l);
        idle = read_interfaces(l);
        sensor_clock(s, idle);
        tick(l, idle);
        attend(l, idle);
        give_back(l, idle);
        drain(s);
    }
}

static void nap(void)
{
    const struct timespec time = {0, NAP_NS};
    (void)nanosleep(&time, NULL);
}

/* The moment of the stop, by both clocks. */
struct stop {
    int64_t wall_ns;
    int64_t steady_ns;
};

/* Whether frames that were captured before the stop may still come; the kernel holds them back for a moment. */
static bool rest_may_come(const struct stop *stop, enum tap_state state, int64_t newest_ns)
{
    int64_t since = steady_ns() - stop->steady_ns;
    if (state == TAP_IDLE)
        return since < HELD_NS;
    return state == TAP_MORE && newest_ns < stop->wall_ns && since < REST_NS;
}

/* What the kernel held at the stop belongs to the deployments that end now. What comes after it does not, so
 * that this ends however much comes; nor does it take longer than whoever stops a service waits. */
static void read_rest(struct live *l)
{
    struct sensor *s = &l->sensor;
    struct stop stop = {wall_ns(), steady_ns()};
    struct err err;
    for (unsigned i = 0; i < tap_count(s->tap); i++) {
        enum tap_state state;
        do {
            state = tap_read(s->tap, i, sensor_frames, s, &err);
            sensor_clock(s, false);
            drain(s);
            if (state == TAP_IDLE)
                nap();
        } while (rest_may_come(&stop, state, tap_newest(s->tap, i)));
    }
    sensor_drops(s);
}

/* Everything is written, as far as readers take it. */
static void finish(struct live *l)
{
    struct sensor *s = &l->sensor;
    read_rest(l);
    while (sensor_stop_next(s))
        drain(s);
    tell_trouble(l, INT64_MAX - TROUBLE_NS);
    say_state(s);
    for (int i = 0; i < DRAIN_TRIES; i++) {
        drain(s);
        if (s->events.waiting.len == 0 && s->lines.waiting.len == 0)
            break;
        nap();
    }
}

bool live_run(const struct live_options *options, struct live_outcome *outcome, struct err *err)
{
    struct live *l = calloc(1, sizeof *l);
    if (!l) {
        err_set(err, NULL, "out of memory");
        return false;
    }
    l->options = options;
    l->signals = -1;
    l->notify.fd = -1;
    l->sensor.options = options;
    l->sensor.events.fd = -1;
    l->sensor.lines.fd = -1;
    l->sensor.events.folder.fd = -1;
    l->sensor.lines.folder.fd = -1;
    l->sensor.reports.fd = -1;
    l->sensor.evidence.folder.fd = -1;
    bool good = open_all(l, err);
    if (good) {
        l->sensor.open_interfaces = options->interface_count;
        notify_send(&l->notify, "READY=1");
        run(l);
        leave_screen(l);
        notify_send(&l->notify, "STOPPING=1");
        finish(l);
        *outcome = (struct live_outcome){
            .ended = sensor_ended(&l->sensor),
            .worst = l->sensor.worst,
            .lost_interface = l->sensor.open_interfaces == 0,
        };
    }
    close_all(l);
    free(l);
    return good;
}
