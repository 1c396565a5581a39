/*
 * tests/unit/proto/quic_lab: QUIC packets built and protected by hand.
 * SPDX-License-Identifier: MIT
 */
#ifndef QUIC_LAB_H
#define QUIC_LAB_H

#include <openssl/evp.h>

#include "proto/quic.h"
#include "proto/quic_crypto.h"
#include "quic_vectors.h"
#include "tls_lab.h"

struct initial {
    uint32_t version;
    enum dir dir;
    struct slice origin; /* what the keys are derived from */
    struct slice dcid;
    struct slice scid;
    uint8_t number;
};

static inline void put_varint(struct bytes *b, size_t value)
{
    assert_true(value < 0x4000);
    put_int(b, (uint32_t)value | 0x4000, 2);
}

static inline void put_crypto_frame(struct bytes *b, size_t offset, const uint8_t *data, size_t len)
{
    put_int(b, 0x06, 1);
    put_varint(b, offset);
    put_varint(b, len);
    put(b, data, len);
}

static inline void put_close_frame(struct bytes *b, size_t error)
{
    put_int(b, 0x1c, 1);
    put_varint(b, error);
    put_varint(b, 6);
    put_varint(b, 3);
    put(b, "bye", 3);
}

static inline void seal_payload(const struct quic_keys *keys, uint8_t number, struct slice header,
                                struct bytes payload, uint8_t *out)
{
    uint8_t nonce[12];
    int len = 0;
    memcpy(nonce, keys->iv, sizeof nonce);
    nonce[11] ^= number;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, keys->key, nonce), 1);
    assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &len, header.data, (int)header.len), 1);
    assert_int_equal(EVP_EncryptUpdate(ctx, out, &len, payload.data, (int)payload.len), 1);
    assert_int_equal(EVP_EncryptFinal_ex(ctx, out + len, &len), 1);
    assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, 16, out + payload.len), 1);
    EVP_CIPHER_CTX_free(ctx);
}

static inline void hide_number(const struct quic_keys *keys, uint8_t *packet, size_t pn_offset)
{
    uint8_t mask[32];
    int len = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, keys->hp, NULL), 1);
    assert_int_equal(EVP_EncryptUpdate(ctx, mask, &len, packet + pn_offset + 4, 16), 1);
    EVP_CIPHER_CTX_free(ctx);
    packet[0] ^= mask[0] & 0x0f;
    packet[pn_offset] ^= mask[1];
}

/* Appends a protected Initial packet with a packet number of one byte. */
static inline void put_initial(struct bytes *b, const struct initial *p, struct bytes frames)
{
    struct quic_keys keys[2];
    struct bytes packet = {.len = 0};
    assert_true(quic_initial_keys(p->version, p->origin, keys));
    if (frames.len < 32)
        put_fill(&frames, 0, 32 - frames.len);
    put_int(&packet, p->version == QUIC_V2 ? 0xd0 : 0xc0, 1);
    put_int(&packet, p->version, 4);
    put_block(&packet, 1, p->dcid.data, p->dcid.len);
    put_block(&packet, 1, p->scid.data, p->scid.len);
    put_int(&packet, 0, 1); /* no token */
    put_varint(&packet, 1 + frames.len + 16);
    size_t pn_offset = packet.len;
    put_int(&packet, p->number, 1);
    struct slice header = slice_of(packet.data, packet.len);
    size_t payload_at = packet.len;
    packet.len += frames.len + 16;
    assert_true(packet.len <= sizeof packet.data);
    seal_payload(&keys[p->dir], p->number, header, frames, packet.data + payload_at);
    hide_number(&keys[p->dir], packet.data, pn_offset);
    put(b, packet.data, packet.len);
}

/* A Handshake packet (version 1) that nobody here can open. */
static inline void put_handshake(struct bytes *b)
{
    put_int(b, 0xe0, 1);
    put_int(b, QUIC_V1, 4);
    put_block(b, 1, "\1\2\3\4", 4);
    put_block(b, 1, "\5\6\7\10", 4);
    put_varint(b, 40);
    put_fill(b, 0xe5, 40);
}

/* One datagram of its own. */
static inline void lab_datagram(struct lab *lab, enum dir dir, struct bytes b)
{
    lab_tick(lab);
    if (lab->state != FEED_MORE)
        return;
    uint8_t *copy = unit_copy(b.data, b.len);
    struct feed f =
        lab->ops->data(lab->session, dir, slice_of(copy, b.len), &lab->now, &lab->now, &lab->env);
    lab->state = f.state;
    assert_int_equal(f.take.consumed, b.len);
    free(copy);
}

#endif
