/*
 * live/sensor: the devices of a sensor, from frames to reports. Private to the layer.
 * SPDX-License-Identifier: MIT
 *
 * live.c owns the loop and the descriptors; sensor.c what frames and time do to devices; family.c the engines
 * they share; filing.c what is written when a deployment ends; evidence.c the packets that are kept for it;
 * rows.c what can be asked of the devices; say.c the lines for people.
 */
#ifndef LIVE_SENSOR_H
#define LIVE_SENSOR_H

#include "drops.h"
#include "http.h"
#include "live/live.h"
#include "outbox.h"
#include "report/eve.h"
#include "report/report.h"
#include "roster.h"

#define PAST_MAX        256     /* deployments that ended and are still shown */
#define PAST_REPORT_MAX 131072U /* bytes of a report that is kept for one */

/* Servers noticed while one packet is looked at, or in a tick; of more, later answers tell. */
#define ANSWERING_MAX 16

/* Lines for people that a screen shows. */
#define SAID_LINES 3
#define SAID_BYTES 256

/* A deployment as it is shown: one that runs, or one that ended. */
struct row {
    uint32_t number;
    char address[ADDR_TEXT_SIZE];
    struct mac_addr mac;
    bool has_mac;
    enum device_end end;
    int64_t first_ns;
    int64_t last_ns;
    int64_t ended_ns; /* 0: running */
    struct device_summary summary;
    char file[FOLDER_NAME_MAX];         /* of its report, without ending; "" without */
    char evidence[FOLDER_NAME_MAX + 8]; /* the file of its packets; "" without */
};

/* A deployment that ended. */
struct past {
    struct row row;
    struct buf json; /* its report, where it is asked for and not too large */
    struct buf text;
};

/* A report somebody asks for while its device runs. */
struct inquiry {
    bool json;
    struct text_options text; /* where it is not JSON */
    struct buf *out;          /* NULL: nobody asks */
};

/* Packets of devices, for a file each where something failed. */
struct evidence {
    struct folder folder; /* fd -1: not wanted */
    size_t device_bytes;  /* kept of one */
    struct ring_store store;
    uint64_t left_out; /* packets that were not kept, as bulk or for want of room */
    uint64_t files;
    uint64_t lost; /* files that could not be written */
};

struct sensor_counts {
    uint64_t packets;
    uint64_t unassigned; /* packets that are no device's */
    uint64_t begun;      /* deployments */
    uint64_t ended[DEVICE_STOPPED + 1];
    uint64_t withdrawn; /* those of what turned out to be a server */
    uint64_t verdicts[VERDICT_BLOCKED + 1];
    uint64_t transactions;
    uint64_t reports_lost;
};

struct sensor {
    const struct live_options *options;
    struct tap *tap;
    unsigned open_interfaces; /* of the tap's, that are not gone */
    struct capture *view;     /* the interfaces, as reports see them */
    struct mirror *mirror;    /* of all devices' packets */
    struct roster roster;
    struct family *family;                   /* of devices that begin now, and older ones */
    struct ip_addr answering[ANSWERING_MAX]; /* servers that were noticed: see sensor.c */
    uint32_t answering_count;
    struct outbox events;
    struct outbox lines; /* for people */
    bool on_screen;      /* those lines are shown on a screen instead, the newest of them */
    char said[SAID_LINES][SAID_BYTES];
    unsigned said_next;
    struct out out; /* what eve's writers fill */
    struct eve eve;
    struct folder reports;
    struct evidence evidence;
    struct past past[PAST_MAX];
    uint32_t past_next;
    uint32_t past_count;
    bool keep_reports; /* of deployments that ended, in memory */
    struct sensor_counts counts;
    struct drops drops;
    int64_t packet_ns; /* time of the newest packet */
    int64_t now_ns;    /* see sensor_clock */
    enum verdict_word worst;
    uint32_t judge_next;   /* slot to begin with in the next round */
    uint32_t look_next;    /* the same, of devices that may have ended */
    uint32_t round_tick;   /* of a round, a second */
    struct device *ending; /* whose last result is being made */
    struct inquiry inquiry;
};

/* Everything but the descriptors of `s` is made ready. */
bool sensor_init(struct sensor *s, struct err *err);
void sensor_clear(struct sensor *s);

/* For tap_read; `ctx` is the sensor. */
void sensor_frames(void *ctx, const struct frame *frames, size_t count);

/* Of the clock that stamps packets, and of the one that never steps. */
int64_t wall_ns(void);
int64_t steady_ns(void);

/* Packets say what time it is; when none wait, the clock does. */
void sensor_clock(struct sensor *s, bool idle);

/* Looks at what interfaces lost by now. */
void sensor_drops(struct sensor *s);

/* Ten times a second: judges what changed, ends what is over and counts drops, each in its turn. `idle`: no frames
 * wait. */
void sensor_tick(struct sensor *s, bool idle);

/* What `d` is judged on now, as sink on_result. False when memory is out. */
bool sensor_ask(struct sensor *s, struct device *d, const struct inquiry *how);

/* At the end: ends one more deployment, with what it writes. False when there is none left. */
bool sensor_stop_next(struct sensor *s);

unsigned sensor_ended(const struct sensor *s);

/* ---- filing.c ---- */

/* Reports, events and the memory of a deployment whose last result is `r`. */
void filing_ended(struct sensor *s, struct device *d, const struct result *r,
                  const struct engine_stats *stats);

/* The report of a result, as it is asked for, appended. */
void filing_render(const struct sensor *s, const struct inquiry *how, const struct result *r,
                   const struct engine_stats *stats);

/* The name of a deployment's files, without ending. */
void filing_name(const struct device *d, char out[FOLDER_NAME_MAX]);

/* ---- evidence.c ---- */

/* Opens the folder; up to `bytes` are kept of a device. */
bool evidence_open(struct evidence *e, const char *path, size_t bytes,
                   const struct rights_user *user, struct err *err);

/* Keeps a packet of `d`, decoded as `p`, that the engine said to be of `flow` (or NULL). Only where the
 * folder is open. */
void evidence_keep(struct evidence *e, struct device *d, const struct frame *frame,
                   const struct packet *p, struct flow *flow);

/* Writes the packets of a deployment whose last result is `r`, where it has findings that count, and notes
 * the file's name in `row`. */
void evidence_ended(struct sensor *s, const struct device *d, const struct result *r,
                    const struct engine_stats *stats, struct row *row);

/* The packets of a device that goes. */
void evidence_forget(struct evidence *e, struct device *d);

/* ---- rows.c ---- */

void row_of(const struct device *d, struct row *out);

/* Deployments that run, then those that ended, the newest first. The row is valid for the call. */
typedef void row_fn(void *ctx, const struct row *row);
void sensor_rows(const struct sensor *s, row_fn *fn, void *ctx);

/* One of them; false when there is none of that number. */
bool sensor_row(const struct sensor *s, uint32_t number, struct row *out);

/* Appends the report of a deployment: of a running one as it stands now. Nothing where it is not there
 * any more, or was too large to be kept. */
void sensor_report(struct sensor *s, uint32_t number, const struct inquiry *how);

/* ---- metrics.c, pages.c ---- */

/* Prometheus text format 0.0.4. */
void metrics_text(const struct sensor *s, struct buf *out);

/* What `path` shows, for live/http; `ctx` is the sensor. */
void pages_answer(void *ctx, const char *path, struct http_answer *answer);

/* ---- say.c ---- */

void say(struct sensor *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void say_device(struct sensor *s, const struct device *d, const char *what);
/* The state of everything, for SIGUSR1. */
void say_state(struct sensor *s);

#endif
