/*
 * services/digest: the SHA-256 of a document, by libcrypto.
 * SPDX-License-Identifier: MIT
 */
#include <openssl/evp.h>

#include "list.h"

bool digest_hex(struct slice data, char out[DIGEST_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    if (EVP_Digest(data.data, data.len, digest, &len, EVP_sha256(), NULL) != 1 || len != 32)
        return false;
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[DIGEST_HEX_SIZE - 1] = '\0';
    return true;
}
