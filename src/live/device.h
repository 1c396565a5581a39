/*
 * live/device: one device under deployment, from its first packet to its report.
 * SPDX-License-Identifier: MIT
 *
 * A deployment is an analysis of the device's own packets: each device is a subject of its own, as a capture
 * file is one, and all that was learned of it goes when its report is written. So nothing grows with the time
 * a sensor runs, and what a device does fills its own flows and facts before those of others.
 */
#ifndef LIVE_DEVICE_H
#define LIVE_DEVICE_H

#include "family.h"
#include "ring.h"

#define DEVICE_ADDRESSES    16
#define DEVICE_FLOWS_MAX    16384U
#define DEVICE_CAUSES_SHOWN 3
#define DEVICE_TEXT_MAX     256

enum device_end {
    DEVICE_RUNNING,
    DEVICE_DONE,    /* everything required worked, and nothing more was asked */
    DEVICE_FAILED,  /* something required failed, and nothing more was tried */
    DEVICE_SILENT,  /* no packet for the time-out */
    DEVICE_STOPPED, /* the sensor was stopped */
};

/* What is known of a deployment now, or was when it ended. */
struct device_summary {
    bool judged;
    enum verdict_word verdict;
    bool all_required; /* every required service that can be seen in packets worked */
    uint32_t services[STATUS_FAILED + 1]; /* how many have each status */
    uint32_t finding_count;               /* of severity warning and error */
    char name[64];
    char phase[32];
    char stopped_at[32];
    char causes[DEVICE_CAUSES_SHOWN][DEVICE_TEXT_MAX];
};

/* What each packet touches stands first. */
struct device {
    struct subject *subject; /* NULL: not begun */
    int64_t last_ns;         /* of its newest packet */
    struct family *family;   /* the sensor's */
    uint32_t address_count;
    uint32_t slot; /* the roster's */
    struct ip_addr addresses[DEVICE_ADDRESSES];
    uint32_t number; /* counts up from 1 */
    struct mac_addr mac;
    bool has_mac;
    bool mac_shared; /* by several IPv4 addresses: a router's */
    bool has_v4;
    bool changed; /* since it was judged */
    int64_t first_ns;
    int64_t sign_ns;   /* of its first question for a listed host; 0: none yet */
    int64_t active_ns; /* of the newest such */
    int64_t judged_ns;
    enum device_end end;
    struct device_summary summary;
    struct ring front;     /* live/evidence: the beginning of everything */
    struct ring later;     /* and what came later */
    struct mark kept;      /* the newest frame of either */
    uint64_t left_out;     /* packets of neither */
    uint64_t drops_before; /* of the kernel, when it was first seen */
    void *live;            /* whom the subject's sink talks to */
};

const char *device_end_text(enum device_end e); /* "running", "done", ... */

/* The address it is known by: IPv4 where it has one; else its MAC. */
const char *device_address(const struct device *d, char out[ADDR_TEXT_SIZE]);

/* Takes over what a result says of the device. */
void device_note(struct device *d, const struct result *r);

/* How the deployment stands at `now_ns` when silence may last `timeout_ns`. */
enum device_end device_standing(const struct device *d, int64_t now_ns, int64_t timeout_ns);

#endif
