/*
 * flow/missing: what of a flow the capture has not.
 * SPDX-License-Identifier: MIT
 * RFC 9293 3.4: what one side acknowledges the other has sent.
 */
#include "flow/flow.h"

bool flow_is_one_way(const struct flow *f)
{
    const struct flow_side *client = &f->side[DIR_TO_SERVER];
    const struct flow_side *server = &f->side[DIR_TO_CLIENT];
    if ((client->packets > 0 && server->packets > 0) || flow_is_stray(f))
        return false;
    /* What was acknowledged was sent; a server does not speak first over UDP. */
    return f->key.proto == IP_PROTO_TCP ? (client->ack | server->ack) != 0 : server->packets > 0;
}

uint32_t flow_missing(const struct flow *f, enum dir dir)
{
    const struct flow_side *side = &f->side[dir];
    const struct flow_side *peer = &f->side[dir_other(dir)];
    if (f->key.proto != IP_PROTO_TCP || side->packets == 0 || peer->packets == 0 || peer->ack == 0)
        return 0;
    bool lost = f->signs && f->signs->hole[dir].open;
    uint32_t end = peer->ack;
    /* What the side went past it sent, too; but where the other reports a hole the network lost it. */
    if (!lost && (int32_t)(side->seq_end - end) > 0)
        end = side->seq_end;
    uint32_t sent = end - side->isn - 1;
    if (side->fin && end == side->seq_end)
        sent--;
    int32_t missing = (int32_t)(sent - (uint32_t)side->bytes);
    int32_t fin = side->fin ? 0 : 1; /* the last one acknowledged may be that of a FIN */
    return missing > fin ? (uint32_t)missing : 0;
}
