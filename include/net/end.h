/*
 * net/end: how a flow ended.
 * SPDX-License-Identifier: MIT
 */
#ifndef NET_END_H
#define NET_END_H

#include "net/packet.h"

enum end_reason {
    END_FIN,
    END_RST,
    END_TIMEOUT, /* silence of the capture's clock */
    END_ICMP,    /* an ICMP error quoted the flow and nothing answered */
    END_CAPTURE, /* the capture ended */
    END_EVICTED, /* a table was full */
};

struct flow_end {
    enum end_reason reason;
    enum dir by; /* of END_FIN (the first one) and END_RST: DIR_TO_SERVER means the client did it */
    struct mark at; /* the packet that ended it; END_TIMEOUT, END_CAPTURE, END_EVICTED: frame 0, the
                       time up to which nothing more came */
};

#endif
