/*
 * capture/pcap: all that libpcap does for us: pcapng, rare variants of pcap, BPF filters.
 * SPDX-License-Identifier: MIT
 *
 * pcap(3PCAP). Times are asked for in nanoseconds whatever the file has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "source.h"

#define LINKTYPE_RAW 101

struct pcap_source {
    struct source source;
    pcap_t *pcap;
    char *buffer; /* stdio's own is too small to be fast */
};

/* The two numberings differ here only, among those that are decoded. */
static int linktype_of_dlt(int dlt)
{
    return dlt == DLT_RAW ? LINKTYPE_RAW : dlt;
}

static int dlt_of_linktype(int linktype)
{
    return linktype == LINKTYPE_RAW ? DLT_RAW : linktype;
}

/* ---- files -------------------------------------------------------------------------------------- */

/* libpcap's words are all it says of the kind of error. */
static void note_error(struct source *s, const char *reason)
{
    if (strstr(reason, "different from the type of the first interface")) {
        s->file.damaged = true;
        err_set(&s->file.damage, s->where,
                "not read after packet %llu: its interfaces differ in link type; "
                "split it with tshark -Y frame.interface_id==0 -F pcap",
                (unsigned long long)s->file.packets);
        return;
    }
    char how[128];
    (void)snprintf(how, sizeof how, "cut off or broken (%.90s)", reason);
    source_damage(s, how);
}

static bool pcap_source_next(struct source *s, struct frame *out)
{
    struct pcap_source *p = (struct pcap_source *)s;
    struct pcap_pkthdr *header = NULL;
    const u_char *data = NULL;
    int got = s->file.damaged ? PCAP_ERROR_BREAK : pcap_next_ex(p->pcap, &header, &data);
    if (got != 1) {
        if (got == PCAP_ERROR)
            note_error(s, pcap_geterr(p->pcap));
        return false;
    }
    long position = ftell(pcap_file(p->pcap));
    if (position > 0)
        s->position = (uint64_t)position;
    s->file.packets++;
    s->file.bytes += header->caplen;
    /* With nanoseconds asked for, tv_usec holds them. */
    out->at.ts_ns = (int64_t)header->ts.tv_sec * NS_PER_S + header->ts.tv_usec;
    out->at.frame = (uint32_t)s->file.packets;
    out->linktype = s->file.linktype;
    out->wire_len = header->len < header->caplen ? header->caplen : header->len;
    out->bytes = slice_of(data, header->caplen);
    return true;
}

static void pcap_source_close(struct source *s)
{
    struct pcap_source *p = (struct pcap_source *)s;
    pcap_close(p->pcap);
    free(p->buffer);
    free(p);
}

/* A stream over a copy of the descriptor: the caller's is closed on success only. */
static FILE *open_stream(const struct source_input *in, bool unread, char *buffer)
{
    int fd = dup(in->fd);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "rb");
    if (!f) {
        if (fd >= 0)
            (void)close(fd);
        return NULL;
    }
    if (setvbuf(f, buffer, _IOFBF, in->block) != 0 || (unread && ungetc(in->first, f) == EOF)) {
        (void)fclose(f);
        return NULL;
    }
    return f;
}

struct source *pcap_source_open(const struct source_input *in, bool unread, struct err *err)
{
    char reason[PCAP_ERRBUF_SIZE] = "out of memory";
    struct pcap_source *p = calloc(1, sizeof *p);
    char *buffer = malloc(in->block);
    FILE *f = p && buffer ? open_stream(in, unread, buffer) : NULL;
    pcap_t *pcap =
        f ? pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, reason) : NULL;
    if (!pcap) {
        err_set(err, in->where, "is no capture that can be read (%.160s); capture again", reason);
        if (f)
            (void)fclose(f);
        free(buffer);
        free(p);
        return NULL;
    }
    (void)close(in->fd);
    p->source = (struct source){.next = pcap_source_next, .close = pcap_source_close};
    p->pcap = pcap;
    p->buffer = buffer;
    p->source.file.linktype = linktype_of_dlt(pcap_datalink(pcap));
    p->source.file.snaplen = (uint32_t)pcap_snapshot(pcap);
    return &p->source;
}

/* ---- filters ------------------------------------------------------------------------------------ */

struct filter {
    struct bpf_program program;
};

struct filter *filter_new(const char *expression, int linktype, struct err *err)
{
    struct filter *f = calloc(1, sizeof *f);
    pcap_t *dead = f ? pcap_open_dead(dlt_of_linktype(linktype), FRAME_BYTES_MAX) : NULL;
    if (!dead) {
        err_set(err, expression, "cannot be compiled: out of memory");
        free(f);
        return NULL;
    }
    if (pcap_compile(dead, &f->program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        err_set(err, expression, "is no capture filter: %.160s; see pcap-filter(7)",
                pcap_geterr(dead));
        free(f);
        f = NULL;
    }
    pcap_close(dead);
    return f;
}

bool filter_match(const struct filter *f, const struct frame *frame)
{
    const struct pcap_pkthdr header = {.caplen = (bpf_u_int32)frame->bytes.len,
                                       .len = frame->wire_len};
    return pcap_offline_filter(&f->program, &header, frame->bytes.data) != 0;
}

void filter_free(struct filter *f)
{
    if (!f)
        return;
    pcap_freecode(&f->program);
    free(f);
}
