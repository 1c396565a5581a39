/*
 * proto/dns_message: what the readers of one message share.
 * SPDX-License-Identifier: MIT
 */
#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

#include "proto/dns.h"

/* A name as text. `end` is the place in the message at which `c` ends, so that pointers can be checked
 * to point backwards. On failure `c` is failed and `out` empty. */
void dns_read_name(struct dns_message *m, struct cursor *c, size_t end, struct slice *out);

/* Presentation form of a record's data, into the message's text; `a` has its type. */
void dns_read_rdata(struct dns_message *m, struct dns_answer *a, struct cursor rdata, size_t end);

#endif
