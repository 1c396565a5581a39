/*
 * capture/filter: BPF expressions, compiled and run by libpcap.
 * SPDX-License-Identifier: MIT
 *
 * pcap-filter(7). Files are read without libpcap: it refuses interfaces of different link types in one
 * file, hides their names and drops, and takes four times as long.
 */
#include "filter.h"

#include <stdlib.h>

#include <pcap/pcap.h>

#define LINKTYPE_RAW 101

/* More in one deployment is damage or an attack. */
#define FILTER_LINKTYPES_MAX 16

#define SNAPLEN 262144

struct program {
    int linktype;
    bool compiled; /* else the expression has no meaning for this link type */
    struct bpf_program code;
};

struct filter {
    const char *expression;
    unsigned count;
    struct program programs[FILTER_LINKTYPES_MAX];
};

/* The two numberings differ here only, among those that are decoded. */
static int dlt_of_linktype(int linktype)
{
    return linktype == LINKTYPE_RAW ? DLT_RAW : linktype;
}

struct filter *filter_new(const char *expression, struct err *err)
{
    struct filter *f = calloc(1, sizeof *f);
    if (!f)
        err_set(err, expression, "cannot be compiled: out of memory");
    else
        f->expression = expression;
    return f;
}

void filter_free(struct filter *f)
{
    if (!f)
        return;
    for (unsigned i = 0; i < f->count; i++) {
        if (f->programs[i].compiled)
            pcap_freecode(&f->programs[i].code);
    }
    free(f);
}

static bool compile(struct program *p, const char *expression, struct err *err)
{
    pcap_t *dead = pcap_open_dead(dlt_of_linktype(p->linktype), SNAPLEN);
    if (!dead) {
        err_set(err, expression, "cannot be compiled: out of memory");
        return false;
    }
    p->compiled = pcap_compile(dead, &p->code, expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (!p->compiled)
        err_set(err, expression, "is no capture filter: %.160s; see pcap-filter(7)",
                pcap_geterr(dead));
    pcap_close(dead);
    return p->compiled;
}

static struct program *find(struct filter *f, int linktype)
{
    for (unsigned i = 0; i < f->count; i++) {
        if (f->programs[i].linktype == linktype)
            return &f->programs[i];
    }
    return NULL;
}

bool filter_compile(struct filter *f, int linktype, struct err *err)
{
    struct program *p = find(f, linktype);
    if (p && p->compiled)
        return true;
    if (!p && f->count == FILTER_LINKTYPES_MAX) {
        err_set(err, f->expression, "cannot be compiled for more than %d link types",
                FILTER_LINKTYPES_MAX);
        return false;
    }
    if (!p)
        p = &f->programs[f->count++];
    p->linktype = linktype;
    return compile(p, f->expression, err);
}

bool filter_match(struct filter *f, const struct frame *frame)
{
    const struct program *p = find(f, frame->linktype);
    if (!p && filter_compile(f, frame->linktype, NULL))
        p = find(f, frame->linktype);
    if (!p || !p->compiled)
        return false;
    const struct pcap_pkthdr header = {.caplen = (bpf_u_int32)frame->bytes.len,
                                       .len = frame->wire_len};
    return pcap_offline_filter(&p->code, &header, frame->bytes.data) != 0;
}
