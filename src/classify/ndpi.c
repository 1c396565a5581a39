/*
 * classify/ndpi: names of what the first bytes do not say plainly, by nDPI 4.2 to 5.x.
 * SPDX-License-Identifier: MIT
 *
 * What differs between the versions stands in the first part of this file, and nowhere else:
 *
 *     since   what
 *     4.4     nothing that matters here
 *     4.6     a packet comes with hints about its flow (NULL: none)
 *     4.10    the module takes a context that modules share (NULL: none); giving up takes no wish to guess
 *     4.11    master and application protocol moved into a struct of their own
 *     5.0     all protocols are on from the start; giving up does not say whether it guessed
 *
 * Size and layout of nDPI's flow are the library's: it is asked for the size and frees it.
 */
#include "classify/ndpi.h"

#include <stdlib.h>

#include <ndpi_api.h>

#include "base/buf.h"
#include "base/intern.h"
#include "base/map.h"

#define NDPI_AT_LEAST(major, minor) (NDPI_MAJOR * 100 + NDPI_MINOR >= (major)*100 + (minor))

#define LABELS_MAX     4096
#define LABEL_TEXT_MAX 80
#define PACKET_MAX     UINT16_MAX

/* ---- one face for all versions ---- */

static struct ndpi_detection_module_struct *module_new(void)
{
#if NDPI_AT_LEAST(4, 10)
    struct ndpi_detection_module_struct *module = ndpi_init_detection_module(NULL);
#else
    struct ndpi_detection_module_struct *module = ndpi_init_detection_module(ndpi_no_prefs);
#endif
    if (!module)
        return NULL;
#if !NDPI_AT_LEAST(5, 0)
    NDPI_PROTOCOL_BITMASK all;
    NDPI_BITMASK_SET_ALL(all);
    ndpi_set_protocol_detection_bitmask2(module, &all);
#endif
    /* Where it tells (from 4.10 on), 0 is success. */
    ndpi_finalize_initialization(module);
    return module;
}

static ndpi_protocol show_packet(struct ndpi_detection_module_struct *module,
                                 struct ndpi_flow_struct *flow, struct slice ip, uint64_t time_ms)
{
    unsigned short len = (unsigned short)(ip.len < PACKET_MAX ? ip.len : PACKET_MAX);
#if NDPI_AT_LEAST(4, 6)
    return ndpi_detection_process_packet(module, flow, ip.data, len, time_ms, NULL);
#else
    return ndpi_detection_process_packet(module, flow, ip.data, len, time_ms);
#endif
}

static ndpi_protocol give_up(struct ndpi_detection_module_struct *module,
                             struct ndpi_flow_struct *flow)
{
#if NDPI_AT_LEAST(5, 0)
    return ndpi_detection_giveup(module, flow);
#elif NDPI_AT_LEAST(4, 10)
    u_int8_t guessed;
    return ndpi_detection_giveup(module, flow, &guessed);
#else
    u_int8_t guessed;
    return ndpi_detection_giveup(module, flow, 1, &guessed);
#endif
}

static uint16_t master_of(const ndpi_protocol *p)
{
#if NDPI_AT_LEAST(4, 11)
    return p->proto.master_protocol;
#else
    return p->master_protocol;
#endif
}

static uint16_t app_of(const ndpi_protocol *p)
{
#if NDPI_AT_LEAST(4, 11)
    return p->proto.app_protocol;
#else
    return p->app_protocol;
#endif
}

/* ---- labels ---- */

struct labeller {
    struct ndpi_detection_module_struct
        *module; /* NULL until a flow needs it: making it takes as long
                                                    as fifty thousand packets */
    bool failed; /* to make it */
    struct intern *texts;
    struct map labels; /* master and application protocol to text */
};

struct labeller_flow {
    struct ndpi_flow_struct *flow;
    const char *label;
};

static uint32_t add_label(struct labeller *l, uint16_t master, uint16_t app)
{
    struct buf text;
    buf_init(&text);
    if (master != NDPI_PROTOCOL_UNKNOWN && master != app) {
        buf_str(&text, ndpi_get_proto_name(l->module, master));
        if (app != NDPI_PROTOCOL_UNKNOWN)
            buf_char(&text, '.');
    }
    if (app != NDPI_PROTOCOL_UNKNOWN)
        buf_str(&text, ndpi_get_proto_name(l->module, app));
    uint32_t id = text.failed ? INTERN_NONE : intern_add(l->texts, buf_view(&text));
    buf_clear(&text);
    if (id != INTERN_NONE && !map_put(&l->labels, (uint64_t)master << 16 | app, id))
        return INTERN_NONE;
    return id;
}

/* NULL when it is unknown. */
static const char *label_of(struct labeller *l, const ndpi_protocol *p)
{
    uint16_t master = master_of(p);
    uint16_t app = app_of(p);
    if (master == NDPI_PROTOCOL_UNKNOWN && app == NDPI_PROTOCOL_UNKNOWN)
        return NULL;
    uint32_t id = map_get(&l->labels, (uint64_t)master << 16 | app);
    if (id == MAP_NONE)
        id = add_label(l, master, app);
    return id == INTERN_NONE ? NULL : (const char *)intern_name(l->texts, id).data;
}

/* ---- the labeller ---- */

struct labeller *labeller_new(struct err *err)
{
    if (ndpi_get_api_version() != NDPI_API_VERSION) {
        err_set(err, NULL, "nDPI %s is installed, but this program was built for another version",
                ndpi_revision());
        return NULL;
    }
    struct labeller *l = calloc(1, sizeof *l);
    if (l) {
        map_init(&l->labels, LABELS_MAX);
        l->texts = intern_new(LABELS_MAX, (size_t)LABELS_MAX * LABEL_TEXT_MAX);
    }
    if (!l || !l->texts) {
        labeller_free(l);
        err_set(err, NULL, "nDPI cannot be started: out of memory");
        return NULL;
    }
    return l;
}

void labeller_free(struct labeller *l)
{
    if (!l)
        return;
    if (l->module)
        ndpi_exit_detection_module(l->module);
    intern_free(l->texts);
    map_clear(&l->labels);
    free(l);
}

bool labeller_prepare(struct labeller *l)
{
    if (!l->module && !l->failed) {
        l->module = module_new();
        l->failed = !l->module;
    }
    return !l->failed;
}

struct labeller_flow *labeller_flow_new(struct labeller *l)
{
    if (!labeller_prepare(l))
        return NULL;
    size_t size = ndpi_detection_get_sizeof_ndpi_flow_struct();
    struct labeller_flow *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->flow = ndpi_flow_malloc(size);
    if (!f->flow) {
        free(f);
        return NULL;
    }
    memset(f->flow, 0, size);
    return f;
}

void labeller_flow_free(struct labeller_flow *f)
{
    if (!f)
        return;
    ndpi_free_flow(f->flow);
    free(f);
}

const char *labeller_feed(struct labeller *l, struct labeller_flow *f, const struct packet *p)
{
    if (f->label || p->ip.len == 0)
        return f->label;
    uint64_t time_ms = p->at.ts_ns > 0 ? (uint64_t)(p->at.ts_ns / NS_PER_MS) : 0;
    ndpi_protocol found = show_packet(l->module, f->flow, p->ip, time_ms);
    f->label = label_of(l, &found);
    return f->label;
}

const char *labeller_guess(struct labeller *l, struct labeller_flow *f, const struct tuple *key)
{
    (void)key; /* nDPI keeps what it needs of the packets it was shown */
    if (!f->label) {
        ndpi_protocol found = give_up(l->module, f->flow);
        f->label = label_of(l, &found);
    }
    return f->label;
}
