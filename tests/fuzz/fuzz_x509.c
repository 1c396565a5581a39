/*
 * tests/fuzz/fuzz_x509: certificates in DER.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "fuzz.h"
#include "proto/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct tls_certificate certificate;
    arena_init(&arena, (size_t)64 * 1024);
    if (x509_parse(slice_of(data, size), &arena, &certificate) &&
        certificate.name_count > X509_NAMES_MAX)
        abort();
    arena_clear(&arena);
    return 0;
}
