/*
 * proto/quic_crypto: keys of QUIC's Initial packets, which anyone on the path can derive.
 * SPDX-License-Identifier: MIT
 *
 * RFC 9001 section 5 and appendix A, RFC 9369 section 3.3, RFC 5869 (HKDF), RFC 8446 section 7.1. The
 * only file of this layer that decrypts with OpenSSL. Contexts are made per call: a connection needs
 * a handful of calls, and sessions then own nothing that must be freed.
 */
#include "proto/quic_crypto.h"

#include <openssl/evp.h>

#include "base/cursor.h"

#define HASH_LEN      32
#define HASH_BLOCK    64
#define SAMPLE_LEN    16
#define SAMPLE_OFFSET 4 /* from the packet number, whatever its length */
#define TAG_LEN       16
#define INFO_MAX      64

static const uint8_t salt_draft_23[20] = {0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb,
                                          0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4,
                                          0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02};
static const uint8_t salt_draft_29[20] = {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2,
                                          0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61,
                                          0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99};
static const uint8_t salt_v1[20] = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                                    0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
static const uint8_t salt_v2[20] = {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
                                    0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};

static const struct {
    uint32_t from, to;
    const uint8_t *salt;
} salts[] = {
    {QUIC_V1, QUIC_V1, salt_v1},
    {QUIC_V2, QUIC_V2, salt_v2},
    {QUIC_DRAFT_23, QUIC_DRAFT_29 - 1, salt_draft_23},
    {QUIC_DRAFT_29, QUIC_DRAFT_33 - 1, salt_draft_29},
    {QUIC_DRAFT_33, QUIC_DRAFT_34, salt_v1},
};

static const uint8_t *salt_of(uint32_t version)
{
    for (size_t i = 0; i < sizeof salts / sizeof salts[0]; i++)
        if (version >= salts[i].from && version <= salts[i].to)
            return salts[i].salt;
    return NULL;
}

bool quic_version_known(uint32_t version)
{
    return salt_of(version) != NULL;
}

/* ---- HKDF ------------------------------------------------------------------------------------ */

/* One pass of HMAC (RFC 2104): pad, then the key's block and the text. */
static bool hash_padded(EVP_MD_CTX *md, struct slice key, uint8_t pad, struct slice text,
                        uint8_t out[HASH_LEN])
{
    uint8_t block[HASH_BLOCK];
    memset(block, pad, sizeof block);
    for (size_t i = 0; i < key.len && i < sizeof block; i++)
        block[i] ^= key.data[i];
    /* Without a type the context starts anew with the one it has: fetching it is the costly part. */
    const EVP_MD *type = EVP_MD_CTX_get0_md(md) ? NULL : EVP_sha256();
    return EVP_DigestInit_ex(md, type, NULL) == 1 &&
           EVP_DigestUpdate(md, block, sizeof block) == 1 &&
           EVP_DigestUpdate(md, text.data, text.len) == 1 && EVP_DigestFinal_ex(md, out, NULL) == 1;
}

static bool hmac(EVP_MD_CTX *md, struct slice key, struct slice text, uint8_t out[HASH_LEN])
{
    uint8_t inner[HASH_LEN];
    return hash_padded(md, key, 0x36, text, inner) &&
           hash_padded(md, key, 0x5c, slice_of(inner, sizeof inner), out);
}

/* HKDF-Expand-Label without context, of one block at most. */
static bool expand_label(EVP_MD_CTX *md, const uint8_t secret[HASH_LEN], const char *prefix,
                         const char *label, uint8_t *out, size_t len)
{
    char text[INFO_MAX];
    uint8_t info[INFO_MAX + 5];
    uint8_t block[HASH_LEN];
    size_t used = 0;
    const char *parts[] = {"tls13 ", prefix, label};
    for (size_t i = 0; i < 3; i++) {
        struct slice part = slice_str(parts[i]);
        memcpy(text + used, part.data, part.len);
        used += part.len;
    }
    info[0] = 0;
    info[1] = (uint8_t)len;
    info[2] = (uint8_t)used;
    memcpy(info + 3, text, used);
    info[3 + used] = 0; /* no context */
    info[4 + used] = 1; /* the first block */
    if (!hmac(md, slice_of(secret, HASH_LEN), slice_of(info, used + 5), block))
        return false;
    memcpy(out, block, len);
    return true;
}

static bool side_keys(EVP_MD_CTX *md, const uint8_t initial[HASH_LEN], const char *side,
                      const char *prefix, struct quic_keys *out)
{
    uint8_t secret[HASH_LEN];
    return expand_label(md, initial, "", side, secret, sizeof secret) &&
           expand_label(md, secret, prefix, "key", out->key, sizeof out->key) &&
           expand_label(md, secret, prefix, "iv", out->iv, sizeof out->iv) &&
           expand_label(md, secret, prefix, "hp", out->hp, sizeof out->hp);
}

bool quic_initial_keys(uint32_t version, struct slice dcid, struct quic_keys keys[2])
{
    const uint8_t *salt = salt_of(version);
    const char *prefix = version == QUIC_V2 ? "quicv2 " : "quic ";
    uint8_t initial[HASH_LEN];
    if (!salt)
        return false;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ok = md && hmac(md, slice_of(salt, sizeof salt_v1), dcid, initial) &&
              side_keys(md, initial, "client in", prefix, &keys[DIR_TO_SERVER]) &&
              side_keys(md, initial, "server in", prefix, &keys[DIR_TO_CLIENT]);
    EVP_MD_CTX_free(md);
    return ok;
}

/* ---- packet protection ----------------------------------------------------------------------- */

/* RFC 9001 section 5.4.3: the mask over the first byte and the packet number. */
static bool header_mask(const uint8_t hp[16], struct slice sample, uint8_t mask[SAMPLE_LEN])
{
    int len = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool ok = ctx && EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, hp, NULL) == 1 &&
              EVP_EncryptUpdate(ctx, mask, &len, sample.data, (int)sample.len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return ok && len == SAMPLE_LEN;
}

/* The header as it was before protection, and the packet number's length. */
struct bare_header {
    uint8_t bytes[QUIC_PACKET_MAX];
    size_t len;
    size_t pn_len;
};

static void unmask_header(struct slice packet, size_t pn_offset, const uint8_t mask[SAMPLE_LEN],
                          struct bare_header *h)
{
    memcpy(h->bytes, packet.data, pn_offset + 4);
    h->bytes[0] ^= mask[0] & 0x0f; /* a long header */
    h->pn_len = (h->bytes[0] & 0x03U) + 1;
    for (size_t i = 0; i < h->pn_len; i++)
        h->bytes[pn_offset + i] ^= mask[1 + i];
    h->len = pn_offset + h->pn_len;
}

static bool gcm_open(const struct quic_keys *keys, const uint8_t nonce[12], struct slice header,
                     struct slice sealed, uint8_t *out)
{
    int len = 0;
    uint8_t tag[TAG_LEN];
    struct slice text = slice_sub(sealed, 0, sealed.len - TAG_LEN);
    memcpy(tag, slice_sub(sealed, text.len, TAG_LEN).data, TAG_LEN);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool ok = ctx && EVP_DecryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, keys->key, nonce) == 1 &&
              EVP_DecryptUpdate(ctx, NULL, &len, header.data, (int)header.len) == 1 &&
              EVP_DecryptUpdate(ctx, out, &len, text.data, (int)text.len) == 1 &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) == 1 &&
              EVP_DecryptFinal_ex(ctx, out + len, &len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

bool quic_open(const struct quic_keys *keys, struct slice packet, size_t pn_offset,
               uint8_t out[QUIC_PACKET_MAX], struct slice *plain)
{
    uint8_t mask[SAMPLE_LEN];
    struct bare_header h;
    *plain = slice_of(NULL, 0);
    if (packet.len > QUIC_PACKET_MAX || packet.len < pn_offset + SAMPLE_OFFSET + SAMPLE_LEN)
        return false;
    if (!header_mask(keys->hp, slice_sub(packet, pn_offset + SAMPLE_OFFSET, SAMPLE_LEN), mask))
        return false;
    unmask_header(packet, pn_offset, mask, &h);

    /* Initial packets are few: their truncated numbers are the whole ones. */
    uint8_t nonce[12];
    memcpy(nonce, keys->iv, sizeof nonce);
    for (size_t i = 0; i < h.pn_len; i++)
        nonce[sizeof nonce - h.pn_len + i] ^= h.bytes[pn_offset + i];
    struct slice sealed = slice_sub(packet, h.len, packet.len - h.len);
    if (!gcm_open(keys, nonce, slice_of(h.bytes, h.len), sealed, out))
        return false;
    *plain = slice_of(out, sealed.len - TAG_LEN);
    return true;
}
