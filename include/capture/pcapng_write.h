/*
 * capture/pcapng_write: the blocks of a pcapng file, appended to a buffer.
 * SPDX-License-Identifier: MIT
 *
 * draft-ietf-opsawg-pcapng: a section header, then its interfaces (counted from 0 in the order they are
 * written), then packets. Little-endian, time stamps in nanoseconds. libpcap writes no comments and no
 * names; this is what is needed of the format and no more. As with all of base/buf, memory that ran out is
 * seen at the end: buf.failed.
 *
 * Texts are UTF-8 of the caller's making: escape what came from the network. Longer ones than
 * PCAPNG_TEXT_MAX are cut, between characters.
 */
#ifndef CAPTURE_PCAPNG_WRITE_H
#define CAPTURE_PCAPNG_WRITE_H

#include "base/buf.h"

#define PCAPNG_TEXT_MAX 4096U

struct pcapng_texts {
    const struct slice *texts;
    unsigned count;
};

/* One for the whole file, first. `program` is who wrote it. */
void pcapng_write_section(struct buf *b, const char *program, const struct pcapng_texts *comments);

/* `linktype` is a LINKTYPE_ value, `snaplen` 0 for none. */
void pcapng_write_interface(struct buf *b, const char *name, int linktype, uint32_t snaplen);

struct pcapng_packet {
    uint32_t interface;
    int64_t ts_ns; /* since 1970 */
    uint32_t wire_len;
    uint64_t id; /* epb_packetid, the packet's own; 0: none */
    struct slice bytes;
};

void pcapng_write_packet(struct buf *b, const struct pcapng_packet *p,
                         const struct pcapng_texts *comments);

struct pcapng_statistics {
    int64_t end_ns;   /* when the capture ended */
    uint64_t packets; /* of the interface, in the file */
    uint64_t drops;   /* packets that it lost */
};

/* What an interface's capture came to, once, behind its packets. */
void pcapng_write_statistics(struct buf *b, uint32_t interface, const struct pcapng_statistics *s);

#endif
