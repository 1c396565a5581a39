/*
 * proto/ntp: requests of NTP clients and their replies.
 * SPDX-License-Identifier: MIT
 *
 * A mode 3 packet to the server and the mode 4 packet that carries its transmit timestamp as origin
 * timestamp. Other modes are passed over. Between request and reply the packets' times count, so the
 * offset does not depend on the clock of the capture; without a reply it does. RFC 5905.
 */
#ifndef PROTO_NTP_H
#define PROTO_NTP_H

#include "proto/proto.h"

extern const struct proto_ops ntp_ops;

#endif
