/*
 * live/roster: which device a packet belongs to.
 * SPDX-License-Identifier: MIT
 *
 * A device is a client: an address that asks, or a MAC address that asks for one. IPv6 addresses join the
 * IPv4 address of their MAC where it has one only. A device may get another IPv4 address in mid-run: then
 * DHCP gives it to its MAC, or ARP announces it. A MAC with several IPv4 addresses of which neither tells is
 * a router's, and they are devices of their own. (The same is done when a capture file is diagnosed.)
 *
 * Whoever sends packets decides what is in here, so everything is bounded: the number of devices, and how
 * fast new ones are taken in. A device that asked for nothing of the list goes first.
 */
#ifndef LIVE_ROSTER_H
#define LIVE_ROSTER_H

#include "base/map.h"
#include "device.h"
#include "net/packet.h"

#define ROSTER_DEVICES_MAX 65536U
#define ROSTER_SERVERS_MAX 65536U
#define ROSTER_OWNERS_MAX  2 /* devices one packet can concern */

struct roster {
    struct device *devices[ROSTER_DEVICES_MAX]; /* NULL: free */
    uint32_t top;                               /* slots used so far */
    uint32_t count;
    uint32_t spare[ROSTER_DEVICES_MAX]; /* those of them that are free again, the last one next */
    uint32_t spare_count;
    uint32_t suspect; /* slot from which on one is looked for that may go */
    struct map by_addr;
    struct map by_mac;
    struct map servers;  /* hashes of addresses that answer others: never devices */
    uint32_t next;       /* number of the next device */
    uint32_t tokens;     /* devices that may be taken in now */
    int64_t refilled_ns; /* when tokens were last counted up */
    uint64_t turned_away;
    uint32_t changes; /* counts whatever makes the answers of roster_expect void */
    void (*drop)(void *ctx, struct device *d); /* before a device is freed to make room */
    void *ctx;
};

void roster_init(struct roster *r, void (*drop)(void *ctx, struct device *d), void *ctx);
void roster_clear(struct roster *r);

/* The devices a packet concerns, new ones taken in; their number. A new one has no engine yet. */
unsigned roster_route(struct roster *r, const struct packet *p,
                      struct device *owners[ROSTER_OWNERS_MAX]);

/* Whether a packet is of a flow between a device and another, and no more. */
bool roster_is_conversation(const struct packet *p);

/* Where the devices of a packet's addresses are expected. */
struct roster_place {
    uint64_t src_key, dst_key;
    struct device *src, *dst; /* NULL: none is known */
};

/* For who knows packets ahead: what roster_route will look at comes near, in two steps some time apart. Then
 * roster_expect says the one device that a packet concerns, or NULL where only roster_route tells. A place and
 * the device hold for as long as `changes` does not move; the device is that of roster_route. */
void roster_bring(const struct roster *r, const struct packet *p, struct roster_place *place);
void roster_bring_devices(const struct roster *r, struct roster_place *place);
struct device *roster_expect(const struct packet *p, const struct roster_place *place);

struct device *roster_find(const struct roster *r, const struct ip_addr *addr);

/* `addr` is the device's own, whether it used it yet or not, unless another device has it. */
void roster_own(struct roster *r, struct device *d, const struct ip_addr *addr);

/* `addr` answers others: it is no device, and one that was taken for it goes. */
void roster_server(struct roster *r, const struct ip_addr *addr);

/* Forgets and frees a device. */
void roster_remove(struct roster *r, struct device *d);

#endif
