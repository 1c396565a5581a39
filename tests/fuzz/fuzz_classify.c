/*
 * tests/fuzz/fuzz_classify: first bytes of a flow; ports and direction from the input.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "base/cursor.h"
#include "classify/classify.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t ports[] = {53, 67, 68, 80, 123, 137, 443, 1900, 5353, 5355, 1080, 50000};
    struct cursor c = cursor_of(slice_of(data, size), VERDICT_SHORT);
    uint8_t control = cur_u8(&c);
    struct classify_input in = {
        .tcp = control & 1,
        .dir = control & 2 ? DIR_TO_CLIENT : DIR_TO_SERVER,
        .multicast = control & 4,
        .client_port = 50000,
        .server_port = ports[(control >> 4) % 12],
        .bytes = cur_rest(&c),
    };
    struct classify_result r = classify_bytes(&in);
    if (r.app > APP_DHCP || !app_name(r.app))
        abort();
    if (classify_is_client_hello(in.bytes) && in.tcp && r.app != APP_TLS)
        abort();
    return 0;
}
