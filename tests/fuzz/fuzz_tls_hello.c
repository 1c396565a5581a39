/*
 * tests/fuzz/fuzz_tls_hello: ClientHello and ServerHello. The first byte chooses.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "fuzz.h"
#include "proto/tls_hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tls_client_hello client;
    struct tls_server_hello server;
    struct cursor c = cursor_of(slice_of(data, size), VERDICT_SHORT);
    uint8_t choice = cur_u8(&c);
    struct slice body = cur_rest(&c);
    enum verdict overrun = choice & 2 ? VERDICT_SHORT : VERDICT_BAD;
    if (choice & 1)
        (void)tls_client_hello_parse(body, overrun, &client);
    else
        (void)tls_server_hello_parse(body, overrun, &server);
    if ((choice & 1) && client.sni.len + client.alpn.len > body.len)
        abort();
    return 0;
}
