/*
 * tests/fuzz/engine: the whole way of packets, from frames to the report.
 * SPDX-License-Identifier: MIT
 *
 * Input: records of {2 bytes length, 2 bytes milliseconds since the last one, frame}; the first byte
 * of the input picks the link type.
 */
#include <stdlib.h>

#include "base/cursor.h"
#include "engine/engine.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int linktypes[] = {1, 101, 113, 276, 0, 108};
    struct err err;
    struct service_list *services = services_embedded(&err);
    struct engine_options options = {.services = services, .ndpi = false};
    struct engine *engine = services ? engine_new(&options, &err) : NULL;
    if (!engine)
        abort();
    struct cursor c = cursor_of(slice_of(data, size), VERDICT_SHORT);
    struct frame frame = {.at = {1772352000 * NS_PER_S, 0, 0}};
    frame.linktype = linktypes[cur_u8(&c) % (sizeof linktypes / sizeof *linktypes)];
    while (cur_left(&c) > 4) {
        size_t len = cur_be16(&c);
        frame.at.ts_ns += cur_be16(&c) * NS_PER_MS;
        frame.at.frame++;
        frame.bytes = cur_take(&c, len < cur_left(&c) ? len : cur_left(&c));
        frame.wire_len = (uint32_t)frame.bytes.len;
        engine_packet(engine, &frame);
    }
    engine_finish(engine, &(struct capture_totals){.files = 1});
    engine_free(engine);
    services_free(services);
    return 0;
}
