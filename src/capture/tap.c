/*
 * capture/tap: live capture by libpcap.
 * SPDX-License-Identifier: MIT
 *
 * pcap(3PCAP). On Linux the ring is a TPACKET_V3 one: the kernel hands over blocks of frames, a block
 * at the latest after TIMEOUT_MS.
 */
#include "capture/tap.h"

#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#define TIMEOUT_MS   100
#define READ_FRAMES  8192
#define LINKTYPE_RAW 101

#define ROOM_LEN   2048U /* a longer frame is handed out alone, where it lies */
#define ROOM_ALIGN 64U   /* frames begin a cache line */

struct interface {
    pcap_t *pcap; /* NULL once it is gone */
    int fd;
    struct capture_file file;
    struct capture_interface info;
    struct tap_drops drops;
    int64_t newest_ns; /* of its frames */
};

struct tap {
    unsigned count;
    struct interface interfaces[TAP_INTERFACES_MAX];
    uint8_t room[TAP_BATCH * ROOM_LEN];
};

/* ---- opening ------------------------------------------------------------------------------------ */

static void explain(struct err *err, const char *name, pcap_t *p, int code)
{
    switch (code) {
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        err_set(err, name,
                "may not be captured by this user; run as root, or give the program the right: "
                "setcap cap_net_raw,cap_net_admin=ep /path/to/oobescope");
        break;
    case PCAP_ERROR_NO_SUCH_DEVICE:
        err_set(err, name, "no such interface; oobescope live --list names those there are");
        break;
    case PCAP_ERROR_IFACE_NOT_UP:
        err_set(err, name, "is down; bring it up: ip link set %.64s up", name);
        break;
    default:
        err_set(err, name, "cannot be captured: %.120s; try a smaller --buffer, or see dmesg",
                pcap_geterr(p));
    }
}

static bool set_filter(pcap_t *p, const char *name, const char *expression, struct err *err)
{
    struct bpf_program code;
    if (!expression)
        return true;
    if (pcap_compile(p, &code, expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        err_set(err, expression, "is no capture filter for %.64s: %.120s; see pcap-filter(7)", name,
                pcap_geterr(p));
        return false;
    }
    bool set = pcap_setfilter(p, &code) == 0;
    pcap_freecode(&code);
    if (!set)
        err_set(err, name, "takes no filter: %.160s", pcap_geterr(p));
    return set;
}

/* Everything that must be said before the interface is opened. */
static bool prepare(pcap_t *p, const struct tap_options *o)
{
    return pcap_set_snaplen(p, (int)o->snaplen) == 0 && pcap_set_timeout(p, TIMEOUT_MS) == 0 &&
           pcap_set_promisc(p, o->promiscuous) == 0 &&
           pcap_set_buffer_size(p, (int)o->buffer_bytes) == 0 &&
           (pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO) == 0 ||
            pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_MICRO) == 0);
}

static bool open_interface(struct interface *in, const char *name, const struct tap_options *o,
                           struct err *err)
{
    char text[PCAP_ERRBUF_SIZE];
    in->pcap = pcap_create(name, text);
    if (!in->pcap || !prepare(in->pcap, o)) {
        err_set(err, name, "cannot be prepared: %.160s", in->pcap ? pcap_geterr(in->pcap) : text);
        return false;
    }
    int code = pcap_activate(in->pcap);
    if (code < 0) {
        explain(err, name, in->pcap, code);
        return false;
    }
    in->fd = pcap_get_selectable_fd(in->pcap);
    if (!set_filter(in->pcap, name, o->filter, err))
        return false;
    if (in->fd < 0 || pcap_setnonblock(in->pcap, 1, text) != 0) {
        err_set(err, name, "cannot be waited for; capture another interface");
        return false;
    }
    int linktype = pcap_datalink(in->pcap);
    in->info = (struct capture_interface){
        .name = name,
        .description = "",
        .linktype = linktype == DLT_RAW ? LINKTYPE_RAW : linktype,
        .snaplen = o->snaplen,
    };
    in->file = (struct capture_file){.name = name, .interfaces = &in->info, .interface_count = 1};
    return true;
}

struct tap *tap_open(const char *const *names, unsigned count, const struct tap_options *options,
                     struct err *err)
{
    if (count == 0 || count > TAP_INTERFACES_MAX) {
        err_set(err, "-i", "1 to %d interfaces can be captured at once, not %u", TAP_INTERFACES_MAX,
                count);
        return NULL;
    }
    struct tap *t = calloc(1, sizeof *t);
    if (!t) {
        err_set(err, NULL, "out of memory");
        return NULL;
    }
    for (unsigned i = 0; i < count; i++) {
        t->count = i + 1;
        if (!open_interface(&t->interfaces[i], names[i], options, err)) {
            tap_close(t);
            return NULL;
        }
    }
    return t;
}

void tap_close(struct tap *t)
{
    if (!t)
        return;
    for (unsigned i = 0; i < t->count; i++) {
        if (t->interfaces[i].pcap)
            pcap_close(t->interfaces[i].pcap);
    }
    free(t);
}

bool tap_list(void (*fn)(void *ctx, const char *name, const char *description), void *ctx,
              struct err *err)
{
    char text[PCAP_ERRBUF_SIZE];
    pcap_if_t *all = NULL;
    if (pcap_findalldevs(&all, text) != 0) {
        err_set(err, NULL, "interfaces cannot be listed: %.160s; run as root", text);
        return false;
    }
    for (const pcap_if_t *at = all; at; at = at->next) {
        const char *state = (at->flags & PCAP_IF_LOOPBACK)   ? "loopback"
                            : !(at->flags & PCAP_IF_UP)      ? "down"
                            : !(at->flags & PCAP_IF_RUNNING) ? "no link"
                                                             : "up";
        fn(ctx, at->name, at->description ? at->description : state);
    }
    pcap_freealldevs(all);
    return true;
}

/* ---- reading ------------------------------------------------------------------------------------ */

/* libpcap's frames are valid for its call only: those of a batch are copied, so that who takes them can look
 * ahead. */
struct batch {
    struct interface *in;
    unsigned index;
    tap_frames_fn *fn;
    void *ctx;
    uint8_t *room;
    size_t used;
    size_t count;
    struct frame frames[TAP_BATCH];
};

static void hand_out(struct batch *b)
{
    if (b->count > 0)
        b->fn(b->ctx, b->frames, b->count);
    b->count = 0;
    b->used = 0;
}

static void add(struct batch *b, const struct frame *frame)
{
    size_t len = frame->bytes.len;
    if (len > ROOM_LEN) {
        hand_out(b);
        b->fn(b->ctx, frame, 1);
        return;
    }
    uint8_t *copy = &b->room[b->used];
    memcpy(copy, frame->bytes.data, len);
    b->used += (len + ROOM_ALIGN - 1) / ROOM_ALIGN * ROOM_ALIGN;
    b->frames[b->count] = *frame;
    b->frames[b->count++].bytes = slice_of(copy, len);
    if (b->count == TAP_BATCH)
        hand_out(b);
}

static void on_frame(u_char *user, const struct pcap_pkthdr *h, const u_char *bytes)
{
    /* libpcap hands back what it was given, as bytes. */
    struct batch *b = (void *)user;
    struct capture_file *file = &b->in->file;
    file->packets++;
    file->bytes += h->caplen;
    b->in->info.packets++;
    uint32_t number = (uint32_t)file->packets;
    struct frame frame = {
        /* tv_usec holds nanoseconds: so it was asked for. The count wraps, and 0 means never. */
        .at = {h->ts.tv_sec * NS_PER_S + h->ts.tv_usec, number ? number : 1, b->index},
        .linktype = b->in->info.linktype,
        .wire_len = h->len < h->caplen ? h->caplen : h->len,
        .bytes = {bytes, h->caplen},
    };
    b->in->newest_ns = frame.at.ts_ns;
    add(b, &frame);
}

enum tap_state tap_read(struct tap *t, unsigned index, tap_frames_fn *fn, void *ctx,
                        struct err *err)
{
    struct interface *in = &t->interfaces[index];
    if (!in->pcap)
        return TAP_IDLE;
    struct batch batch;
    batch.in = in;
    batch.index = index;
    batch.fn = fn;
    batch.ctx = ctx;
    batch.room = t->room;
    batch.used = 0;
    batch.count = 0;
    int n = pcap_dispatch(in->pcap, READ_FRAMES, on_frame, (u_char *)&batch);
    hand_out(&batch);
    if (n >= 0)
        return n > 0 ? TAP_MORE : TAP_IDLE;
    err_set(err, in->file.name, "capture ended: %.160s; start again when it is back",
            pcap_geterr(in->pcap));
    (void)tap_drops(t, index);
    pcap_close(in->pcap);
    in->pcap = NULL;
    in->fd = -1;
    return TAP_GONE;
}

/* ---- what is known of an interface -------------------------------------------------------------- */

unsigned tap_count(const struct tap *t)
{
    return t->count;
}

const struct capture_file *tap_file(const struct tap *t, unsigned index)
{
    return &t->interfaces[index].file;
}

int64_t tap_newest(const struct tap *t, unsigned index)
{
    return t->interfaces[index].newest_ns;
}

int tap_fd(const struct tap *t, unsigned index)
{
    return t->interfaces[index].fd;
}

/* libpcap counts in 32 bits: differences are right across a wrap. */
static void add_since(uint64_t *total, uint32_t now)
{
    *total += (uint32_t)(now - (uint32_t)*total);
}

struct tap_drops tap_drops(struct tap *t, unsigned index)
{
    struct interface *in = &t->interfaces[index];
    struct pcap_stat stat;
    if (in->pcap && pcap_stats(in->pcap, &stat) == 0) {
        add_since(&in->drops.kernel, stat.ps_drop);
        add_since(&in->drops.interface, stat.ps_ifdrop);
        in->info.drops = in->drops.kernel + in->drops.interface;
        in->file.kernel_drops = in->info.drops;
    }
    return in->drops;
}
