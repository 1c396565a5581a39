/*
 * services/names: the name a device asked for before it went to an address.
 * SPDX-License-Identifier: MIT
 *
 * Learns from a device's own DNS answers: an address at the end of a CNAME chain stands for the name
 * that was asked. Names a flow that carries neither SNI nor Host. Bounded; the newest answer wins.
 *
 * `device` may be any address of the device, but the same one for learning and asking: a device that
 * resolves over IPv4 and connects over IPv6 is found by its primary address alone.
 */
#ifndef SERVICES_NAMES_H
#define SERVICES_NAMES_H

#include "base/intern.h"
#include "proto/tx.h"

/* Numbers of texts that can be kept: those of a table with no more names than this. */
#define NAMES_TEXTS_MAX ((1U << 20) - 1)

/* Sets of eight addresses: for a capture (8 MiB when all are used; pages that are not cost nothing), and
 * for one device. */
#define NAMES_LARGE (1U << 17)
#define NAMES_SMALL (1U << 7)

struct names;

/* `sets` is a power of two. Names are kept as numbers in `texts`, which must outlive it. NULL when memory is out. */
struct names *names_new(struct intern *texts, uint32_t sets);
void names_free(struct names *n);

/* Takes the addresses of an answered A or AAAA question. */
void names_learn(struct names *n, const struct ip_addr *device, const struct tx_dns *dns);

/* The number of the name `device` asked for to get `server`; INTERN_NONE when it did not. */
uint32_t names_find(struct names *n, const struct ip_addr *device, const struct ip_addr *server);

#endif
