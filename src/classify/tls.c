/*
 * classify/tls: TLS records and the hello of SSL 2.
 * SPDX-License-Identifier: MIT
 * RFC 8446 section 5.1, RFC 5246 appendix E.2.
 */
#include "base/cursor.h"
#include "classify/classify.h"
#include "signature.h"

#define RECORD_MAX 0x4800 /* TLS 1.2 allows 2^14 + 2048 */

enum {
    RECORD_CHANGE_CIPHER_SPEC = 20,
    RECORD_ALERT = 21,
    RECORD_HANDSHAKE = 22,
    RECORD_DATA = 23,
    HANDSHAKE_CLIENT_HELLO = 1,
    HANDSHAKE_SERVER_HELLO = 2,
};

/* What the first handshake message in a record is; the record may hold a piece of it only. */
static enum match hello_in(struct cursor *c, uint16_t len)
{
    uint8_t message = cur_u8(c);
    if (c->verdict == VERDICT_SHORT)
        return MATCH_MAYBE;
    if (message != HANDSHAKE_CLIENT_HELLO && message != HANDSHAKE_SERVER_HELLO)
        return MATCH_NO;
    uint32_t message_len = cur_be24(c);
    uint8_t major = cur_u8(c); /* legacy_version */
    if (len >= 5 && c->verdict == VERDICT_SHORT)
        return MATCH_MAYBE;
    if (len >= 5 && (message_len < 34 || message_len > 0x20000 || major != 3))
        return MATCH_NO;
    return message == HANDSHAKE_CLIENT_HELLO ? MATCH_CLIENT : MATCH_SERVER;
}

static enum match ssl2_hello(struct slice s)
{
    struct cursor c = cursor_of(s, VERDICT_SHORT);
    uint16_t header = cur_be16(&c);
    uint8_t message = cur_u8(&c);
    uint8_t major = cur_u8(&c);
    uint8_t minor = cur_u8(&c);
    uint16_t ciphers = cur_be16(&c);
    uint16_t session = cur_be16(&c);
    uint16_t challenge = cur_be16(&c);
    if (c.verdict != VERDICT_OK || !(header & 0x8000) || message != HANDSHAKE_CLIENT_HELLO)
        return MATCH_NO;
    bool version = (major == 3 && minor <= 4) || (major == 0 && minor == 2);
    bool parts = ciphers > 0 && ciphers % 3 == 0 && (session == 0 || session == 16) &&
                 challenge >= 16 && challenge <= 32;
    bool length = (header & 0x7fff) == 9 + ciphers + session + challenge;
    return version && parts && length ? MATCH_CLIENT : MATCH_NO;
}

enum match tls_signature(struct slice s)
{
    struct cursor c = cursor_of(s, VERDICT_SHORT);
    uint8_t type = cur_u8(&c);
    uint8_t major = cur_u8(&c);
    uint8_t minor = cur_u8(&c);
    uint16_t len = cur_be16(&c);
    if (type & 0x80)
        return ssl2_hello(s);
    if (type < RECORD_CHANGE_CIPHER_SPEC || type > RECORD_DATA)
        return MATCH_NO;
    if ((s.len > 1 && major != 3) || (s.len > 2 && minor > 4))
        return MATCH_NO;
    if (c.verdict != VERDICT_OK)
        return MATCH_MAYBE;
    if (len == 0 || len > RECORD_MAX)
        return MATCH_NO;
    if (type == RECORD_HANDSHAKE)
        return hello_in(&c, len);
    if (type == RECORD_ALERT)
        return len == 2 || len >= 16 ? MATCH_EITHER : MATCH_NO;
    if (type == RECORD_CHANGE_CIPHER_SPEC)
        return len == 1 ? MATCH_EITHER : MATCH_NO;
    return len >= 16 ? MATCH_EITHER : MATCH_NO;
}

bool classify_is_client_hello(struct slice bytes)
{
    struct cursor c = cursor_of(bytes, VERDICT_SHORT);
    uint8_t type = cur_u8(&c);
    uint8_t major = cur_u8(&c);
    uint8_t minor = cur_u8(&c);
    uint16_t len = cur_be16(&c);
    uint8_t message = cur_u8(&c);
    uint32_t message_len = cur_be24(&c);
    uint16_t version = cur_be16(&c);
    return c.verdict == VERDICT_OK && type == RECORD_HANDSHAKE && major == 3 && minor <= 4 &&
           len >= 6 && len <= RECORD_MAX && message == HANDSHAKE_CLIENT_HELLO &&
           message_len >= 38 && message_len <= 0x20000 && version >= 0x300 && version <= 0x304;
}
