/*
 * services/names: the name a device asked for before it went to an address.
 * SPDX-License-Identifier: MIT
 *
 * Learns from a device's own DNS answers: an address at the end of a CNAME chain stands for the name
 * that was asked. Names a flow that carries neither SNI nor Host. Bounded; the newest answer wins.
 *
 * Names are known by number. Those that the required services have are kept already, by who judges them,
 * and in the end nearly all are such: of them nothing is kept once more.
 *
 * `device` may be any address of the device, but the same one for learning and asking: a device that
 * resolves over IPv4 and connects over IPv6 is found by its primary address alone. Where one address may be of
 * several, in turn, `owner` tells them apart.
 */
#ifndef SERVICES_NAMES_H
#define SERVICES_NAMES_H

#include "base/intern.h"
#include "proto/tx.h"

/* The most names of the required services, and of others: numbers of both fit 20 bits. */
#define NAMES_LISTED_MAX 65535U
#define NAMES_OTHERS_MAX ((1U << 20) - 1 - NAMES_LISTED_MAX)

struct names;

/* `listed` has the names of required services and may grow meanwhile; it must outlive this. NULL when memory
 * is out. */
struct names *names_new(const struct intern *listed);
void names_free(struct names *n);

/* The number of a name, INTERN_NONE when there are too many. */
uint32_t names_number(struct names *n, struct slice name);
/* The name of a number. */
struct slice names_text(const struct names *n, uint32_t number);

/* Takes the addresses of an answered A or AAAA question. */
void names_learn(struct names *n, uint32_t owner, const struct ip_addr *device,
                 const struct tx_dns *dns);

/* The number of the name `device` asked for to get `server`; INTERN_NONE when it did not. */
uint32_t names_find(struct names *n, uint32_t owner, const struct ip_addr *device,
                    const struct ip_addr *server);

#endif
