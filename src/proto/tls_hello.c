/*
 * proto/tls_hello: ClientHello and ServerHello, as TLS and QUIC carry them.
 * SPDX-License-Identifier: MIT
 *
 * RFC 5246 section 7.4.1, RFC 8446 section 4.1, RFC 6066 section 3 (server_name), RFC 7301 (ALPN),
 * RFC 8701 (GREASE), RFC 9849 (ECH).
 */
#include "proto/tls_hello.h"

#include "base/hash.h"

#define RANDOM_LEN         32
#define SESSION_ID_MAX     32
#define EXTENSIONS_MAX     128 /* read; browsers send about 20 */
#define LIST_MAX           64  /* entries read of a list within an extension */
#define SNI_TYPE_HOST_NAME 0

enum extension {
    EXT_SERVER_NAME = 0,
    EXT_ALPN = 16,
    EXT_SUPPORTED_VERSIONS = 43,
    EXT_KEY_SHARE = 51,
    EXT_ECH = 0xfe0d,
};

/* RFC 8446 section 4.1.3: the random that makes a ServerHello a HelloRetryRequest. */
static const uint8_t retry_random[RANDOM_LEN] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

static bool is_hybrid_group(uint16_t group)
{
    switch (group) {
    case 0x11eb: /* SecP256r1MLKEM768 */
    case 0x11ec: /* X25519MLKEM768 */
    case 0x11ed: /* SecP384r1MLKEM1024 */
    case 0x6399: /* X25519Kyber768Draft00 */
    case 0x639a: /* SecP256r1Kyber768Draft00 */
        return true;
    default:
        return false;
    }
}

static void read_server_name(struct cursor *ext, struct tls_client_hello *out)
{
    struct cursor list = cur_sub(ext, cur_be16(ext));
    for (int i = 0; i < LIST_MAX && cur_left(&list) > 0; i++) {
        uint8_t type = cur_u8(&list);
        struct slice name = cur_take(&list, cur_be16(&list));
        if (list.verdict == VERDICT_OK && type == SNI_TYPE_HOST_NAME && out->sni.len == 0)
            out->sni = name;
    }
}

/* The first protocol of the list that is no GREASE. */
static struct slice read_alpn(struct cursor *ext)
{
    struct cursor list = cur_sub(ext, cur_be16(ext));
    for (int i = 0; i < LIST_MAX && cur_left(&list) > 0; i++) {
        struct slice name = cur_take(&list, cur_u8(&list));
        bool grease = name.len == 2 && tls_is_grease((uint16_t)(name.data[0] << 8 | name.data[1]));
        if (list.verdict == VERDICT_OK && name.len > 0 && !grease)
            return name;
    }
    return slice_of(NULL, 0);
}

/* Draft numbers (0x7f1c) are below no release that could win over them: the highest counts. */
static void read_offered_versions(struct cursor *ext, struct tls_client_hello *out)
{
    struct cursor list = cur_sub(ext, cur_u8(ext));
    for (int i = 0; i < LIST_MAX && cur_left(&list) >= 2; i++) {
        uint16_t version = cur_be16(&list);
        if (!tls_is_grease(version) && version > out->version)
            out->version = version;
    }
}

static void read_key_shares(struct cursor *ext, struct tls_client_hello *out)
{
    struct cursor list = cur_sub(ext, cur_be16(ext));
    for (int i = 0; i < LIST_MAX && cur_left(&list) >= 4; i++) {
        /* The group alone says it: a share that was cut away after it counts too. */
        uint16_t group = cur_be16(&list);
        if (is_hybrid_group(group) && out->hybrid == 0)
            out->hybrid = group;
        cur_skip(&list, cur_be16(&list));
    }
}

static void read_client_extension(uint16_t type, struct cursor *ext, struct tls_client_hello *out)
{
    switch (type) {
    case EXT_SERVER_NAME:
        read_server_name(ext, out);
        break;
    case EXT_ALPN:
        if (out->alpn.len == 0)
            out->alpn = read_alpn(ext);
        break;
    case EXT_SUPPORTED_VERSIONS:
        read_offered_versions(ext, out);
        break;
    case EXT_KEY_SHARE:
        read_key_shares(ext, out);
        break;
    case EXT_ECH:
        out->ech = true;
        break;
    default:
        break;
    }
}

static void read_server_extension(uint16_t type, struct cursor *ext, struct tls_server_hello *out)
{
    /* The group of a key share is the server's choice; what other extensions hold differs each time. */
    struct cursor peek = *ext;
    uint16_t chosen = type == EXT_KEY_SHARE ? cur_be16(&peek) : 0;
    out->shape = (uint32_t)hash_mix(out->shape, (uint64_t)type << 16 | chosen);
    if (type == EXT_SUPPORTED_VERSIONS) {
        uint16_t version = cur_be16(ext);
        if (ext->verdict == VERDICT_OK)
            out->version = version;
    } else if (type == EXT_ALPN) {
        out->alpn = read_alpn(ext);
    }
}

/* The next extension as a cursor of its own; false at the end. What an extension holds beyond what is
 * read of it, or lies about its own lists, is the extension's affair: the hello stands. */
static bool next_extension(struct cursor *list, uint16_t *type, struct cursor *ext)
{
    if (cur_left(list) == 0)
        return false;
    *type = cur_be16(list);
    uint16_t len = cur_be16(list);
    if (list->verdict != VERDICT_OK)
        return false;
    *ext = cur_sub(list, len);
    return true;
}

static struct slice read_random(struct cursor *c)
{
    struct slice random = cur_take(c, RANDOM_LEN);
    uint8_t session_id_len = cur_u8(c);
    if (session_id_len > SESSION_ID_MAX)
        cur_fail(c, VERDICT_BAD);
    cur_skip(c, session_id_len);
    return random;
}

enum verdict tls_client_hello_parse(struct slice body, enum verdict on_overrun,
                                    struct tls_client_hello *out)
{
    *out = (struct tls_client_hello){0};
    struct cursor c = cursor_of(body, on_overrun);
    uint16_t version = cur_be16(&c);
    if (c.verdict == VERDICT_OK && version >> 8 != 3)
        cur_fail(&c, VERDICT_BAD);
    struct slice random = read_random(&c);
    cur_skip(&c, cur_be16(&c)); /* cipher suites */
    cur_skip(&c, cur_u8(&c));   /* compression methods */
    if (c.verdict != VERDICT_OK)
        return c.verdict;
    out->version = version;
    out->random = random;
    if (cur_left(&c) == 0 && on_overrun == VERDICT_BAD)
        return VERDICT_OK; /* SSLv3 knows no extensions */

    struct cursor list = cur_sub(&c, cur_be16(&c));
    struct cursor ext;
    uint16_t type;
    for (int i = 0; i < EXTENSIONS_MAX && next_extension(&list, &type, &ext); i++)
        read_client_extension(type, &ext, out);
    return list.verdict != VERDICT_OK ? list.verdict : c.verdict;
}

enum verdict tls_server_hello_parse(struct slice body, enum verdict on_overrun,
                                    struct tls_server_hello *out)
{
    *out = (struct tls_server_hello){0};
    struct cursor c = cursor_of(body, on_overrun);
    uint16_t version = cur_be16(&c);
    struct slice random = read_random(&c);
    uint16_t cipher = cur_be16(&c);
    cur_skip(&c, 1); /* compression method */
    if (c.verdict != VERDICT_OK)
        return c.verdict;
    out->version = version;
    out->random = random;
    out->cipher = cipher;
    out->retry = slice_eq(random, slice_of(retry_random, RANDOM_LEN));
    if (cur_left(&c) == 0 && on_overrun == VERDICT_BAD)
        return VERDICT_OK;

    struct cursor list = cur_sub(&c, cur_be16(&c));
    struct cursor ext;
    uint16_t type;
    for (int i = 0; i < EXTENSIONS_MAX && next_extension(&list, &type, &ext); i++)
        read_server_extension(type, &ext, out);
    out->shape = (uint32_t)hash_mix(out->shape, (uint64_t)out->version << 16 | cipher);
    return list.verdict != VERDICT_OK ? list.verdict : c.verdict;
}
