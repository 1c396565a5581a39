/*
 * net/wifi: 802.11 data frames in the clear, with and without the headers that captures put before them.
 * SPDX-License-Identifier: MIT
 *
 * IEEE 802.11-2020 section 9.3.2, radiotap.org, the PPI header specification, tcpdump.org/linktypes (Prism,
 * AVS).
 *
 * Encrypted frames, fragments of frames, management and control are nothing more than other packets. Of
 * frames put together in one (A-MSDU, section 9.3.2.2) the first is followed, and where the others stand
 * is noted with its packet.
 */
#include "rare.h"

/* First byte of frame control: version in bits 0-1, type in 2-3, subtype in 4-7. */
enum {
    FC_VERSION = 0x03,
    FC_TYPE = 0x0c,
    FC_DATA = 0x08,
    FC_NO_DATA = 0x40,
    FC_QOS = 0x80,
};

/* Second byte. */
enum {
    FC_TO_DS = 0x01,
    FC_FROM_DS = 0x02,
    FC_MORE_FRAGMENTS = 0x04,
    FC_PROTECTED = 0x40,
    FC_ORDER = 0x80,
};

#define SEQ_FRAGMENT     0x000f
#define QOS_AMSDU        0x0080
#define HT_CONTROL_LEN   4
#define SUBFRAME_HEAD    14 /* each but the last is filled up to a multiple of 4 */
#define LLC_LEN_LEAST    3
#define AVS_MAGIC        0x80211001U
#define RADIOTAP_TSFT    0x00000001U
#define RADIOTAP_FLAGS   0x00000002U
#define RADIOTAP_MORE    0x80000000U
#define RADIOTAP_BAD_FCS 0x40
#define RADIOTAP_WORDS   8
#define PRISM_LEN_MAX    1024
#define SNAP_HEAD        0xaaaa0300U

static void read_mac(struct mac_addr *out, struct cursor *c)
{
    struct slice bytes = cur_take(c, sizeof out->bytes);
    if (bytes.len == sizeof out->bytes)
        memcpy(out->bytes, bytes.data, bytes.len);
}

/* Destination, source and BSSID have their places by the direction. False for a part of a frame. */
static bool read_addresses(struct decode *d, uint8_t flags)
{
    struct mac_addr a[4] = {{{0}}};
    for (int i = 0; i < 3; i++)
        read_mac(&a[i], &d->c);
    uint16_t sequence = cur_le16(&d->c);
    bool to_ds = flags & FC_TO_DS;
    bool from_ds = flags & FC_FROM_DS;
    if (to_ds && from_ds)
        read_mac(&a[3], &d->c);
    d->p->dst_mac = to_ds ? a[2] : a[0];
    d->p->src_mac = !from_ds ? a[1] : to_ds ? a[3] : a[2];
    d->p->has_mac = true;
    return !(sequence & SEQ_FRAGMENT);
}

/* Some chips put two bytes between a header of 26 bytes and what follows it. */
static void skip_padding(struct decode *d)
{
    struct cursor look = d->c;
    if (cur_be32(&look) >> 8 == SNAP_HEAD >> 8)
        return;
    look = d->c;
    cur_skip(&look, 2);
    struct cursor padded = look;
    if (cur_be32(&look) >> 8 == SNAP_HEAD >> 8)
        d->c = padded;
}

/* `before` bytes on, other subframes stand. What is shorter than the head of one is a checksum. */
static void note_more(struct decode *d, size_t before)
{
    if (announced(d) <= before + SUBFRAME_HEAD)
        return;
    struct cursor look = d->c;
    cur_skip(&look, before);
    d->p->has_more = true;
    d->p->more = cur_rest(&look);
    d->p->more_len = (uint32_t)(announced(d) - before);
}

/* One of several: destination, source, length. */
enum step wifi_subframe(struct decode *d)
{
    read_mac(&d->p->dst_mac, &d->c);
    read_mac(&d->p->src_mac, &d->c);
    size_t len = cur_be16(&d->c);
    if (d->c.verdict != VERDICT_OK)
        return STEP_END;
    if (len < LLC_LEN_LEAST)
        return step_bad(d);
    d->p->has_mac = true;
    note_more(d, (SUBFRAME_HEAD + len + 3) / 4 * 4 - SUBFRAME_HEAD);
    announce(d, len);
    return STEP_LLC;
}

static enum step frame(struct decode *d, uint8_t control, uint8_t flags)
{
    cur_skip(&d->c, 2); /* duration */
    if (d->c.verdict != VERDICT_OK || (control & (FC_VERSION | FC_TYPE)) != FC_DATA ||
        control & FC_NO_DATA || flags & (FC_PROTECTED | FC_MORE_FRAGMENTS))
        return STEP_END;
    if (!read_addresses(d, flags))
        return STEP_END;
    if (!(control & FC_QOS)) {
        skip_padding(d);
        return STEP_LLC;
    }
    uint16_t qos = cur_le16(&d->c);
    if (flags & FC_ORDER)
        cur_skip(&d->c, HT_CONTROL_LEN);
    if (qos & QOS_AMSDU)
        return wifi_subframe(d);
    skip_padding(d);
    return STEP_LLC;
}

enum step wifi_frame(struct decode *d)
{
    uint8_t control = cur_u8(&d->c);
    uint8_t flags = cur_u8(&d->c);
    return frame(d, control, flags);
}

enum step wifi_frame_swapped(struct decode *d)
{
    uint8_t flags = cur_u8(&d->c);
    uint8_t control = cur_u8(&d->c);
    return frame(d, control, flags);
}

/* Whether the flags of a radiotap header, `d` behind its length, say that the checksum was wrong. They
 * come first but for a time stamp, which is aligned to 8 bytes. */
static bool is_damaged(struct cursor header)
{
    uint32_t present = cur_le32(&header);
    uint32_t more = present;
    size_t at = 8;
    for (int i = 0; more & RADIOTAP_MORE && i < RADIOTAP_WORDS; i++, at += 4)
        more = cur_le32(&header);
    if (!(present & RADIOTAP_FLAGS))
        return false;
    if (present & RADIOTAP_TSFT)
        cur_skip(&header, 8 + (8 - at % 8) % 8);
    return cur_u8(&header) & RADIOTAP_BAD_FCS;
}

enum step wifi_radiotap(struct decode *d)
{
    uint8_t version = cur_u8(&d->c);
    cur_skip(&d->c, 1);
    size_t len = cur_le16(&d->c);
    if (d->c.verdict != VERDICT_OK)
        return STEP_END;
    if (version != 0 || len < 8)
        return step_bad(d);
    struct cursor header = cur_sub(&d->c, len - 4);
    if (is_damaged(header))
        return step_bad(d);
    return STEP_WIFI;
}

/* Length in the byte order of the host that captured; files of this type may hold AVS headers. */
enum step wifi_prism(struct decode *d)
{
    struct cursor look = d->c;
    if ((cur_be32(&look) & ~0xfU) == (AVS_MAGIC & ~0xfU))
        return STEP_AVS;
    cur_skip(&d->c, 4); /* kind of message */
    size_t len = cur_le32(&d->c);
    if (d->c.verdict != VERDICT_OK)
        return STEP_END;
    if (len > PRISM_LEN_MAX)
        len = __builtin_bswap32((uint32_t)len);
    if (len < 8 || len > PRISM_LEN_MAX)
        return step_bad(d);
    cur_skip(&d->c, len - 8);
    return STEP_WIFI;
}

enum step wifi_avs(struct decode *d)
{
    cur_skip(&d->c, 4); /* version */
    size_t len = cur_be32(&d->c);
    if (d->c.verdict != VERDICT_OK)
        return STEP_END;
    if (len < 8)
        return step_bad(d);
    cur_skip(&d->c, len - 8);
    return STEP_WIFI;
}

enum step wifi_ppi(struct decode *d)
{
    cur_skip(&d->c, 2); /* version, flags */
    size_t len = cur_le16(&d->c);
    uint32_t linktype = cur_le32(&d->c);
    if (d->c.verdict != VERDICT_OK)
        return STEP_END;
    if (len < 8)
        return step_bad(d);
    cur_skip(&d->c, len - 8);
    if (linktype == LINK_WIFI)
        return STEP_WIFI;
    return linktype == LINK_ETHERNET ? STEP_ETHERNET : STEP_END;
}
