/*
 * proto/x509: what a certificate says about itself.
 * SPDX-License-Identifier: MIT
 *
 * RFC 5280 section 4.1; names as RFC 4514. The only file of this layer that reads certificates with
 * OpenSSL. It is asked for names and times only: reading a whole certificate would have it decode the
 * public key, which takes a hundred times as long as all that is wanted here.
 */
#include "proto/x509.h"

#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/cursor.h"
#include "net/addr.h"

#define NAME_TEXT_MAX  1024 /* of issuer and subject */
#define EXTENSIONS_MAX 64
#define DER_MAX        1048576U /* bytes of a certificate */

/* RFC 4514, but UTF-8 stays as it is; control characters are escaped. */
#define NAME_FLAGS (XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB)

/* Places in the certificate, each with its tag and length. */
struct places {
    struct slice issuer;
    struct slice not_before;
    struct slice not_after;
    struct slice subject;
    struct slice alt_name; /* the value of the extension; empty without */
    uint8_t extensions;    /* a set of CERTIFICATE_... */
};

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_OCTETS = 0x04,
    DER_OID = 0x06,
    DER_SEQUENCE = 0x30,
    DER_VERSION = 0xa0,
    DER_EXTENSIONS = 0xa3,
};

/* ---- DER: ITU-T X.690 ------------------------------------------------------------------------ */

static uint8_t der_peek(struct cursor c)
{
    return cur_u8(&c);
}

/* The content of the next element. */
static struct cursor der_next(struct cursor *c, uint8_t *tag)
{
    *tag = cur_u8(c);
    size_t len = cur_u8(c);
    switch (len) {
    case 0x80: /* indefinite: not in DER */
        cur_fail(c, VERDICT_BAD);
        break;
    case 0x81:
        len = cur_u8(c);
        break;
    case 0x82:
        len = cur_be16(c);
        break;
    case 0x83:
        len = cur_be24(c);
        break;
    default:
        if (len > 0x83)
            cur_fail(c, VERDICT_BAD);
        break;
    }
    return cur_sub(c, len);
}

static struct cursor der_open(struct cursor *c, uint8_t want)
{
    uint8_t tag;
    struct cursor content = der_next(c, &tag);
    if (tag != want)
        cur_fail(&content, VERDICT_BAD);
    return content;
}

/* The next element with its tag and length. */
static struct slice der_whole(struct cursor *c)
{
    struct cursor start = *c;
    uint8_t tag;
    (void)der_next(c, &tag);
    return cur_take(&start, cur_left(&start) - cur_left(c));
}

/* `extension` stands behind its identifier. */
static void read_extension(struct slice oid, struct cursor extension, struct places *out)
{
    static const uint8_t subject_alt_name[] = {0x55, 0x1d, 0x11}; /* 2.5.29.17 */
    static const uint8_t access[] = {0x2b, 0x06, 0x01, 0x05,
                                     0x05, 0x07, 0x01, 0x01}; /* 1.3.6.1.5.5.7.1.1 */
    static const uint8_t timestamps[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6,
                                         0x79, 0x02, 0x04, 0x02}; /* 1.3.6.1.4.1.11129.2.4.2 */
    if (slice_eq(oid, slice_of(access, sizeof access)))
        out->extensions |= CERTIFICATE_POINTED;
    else if (slice_eq(oid, slice_of(timestamps, sizeof timestamps)))
        out->extensions |= CERTIFICATE_LOGGED;
    if (out->alt_name.len > 0 ||
        !slice_eq(oid, slice_of(subject_alt_name, sizeof subject_alt_name)))
        return;
    if (der_peek(extension) == DER_BOOLEAN)
        (void)der_whole(&extension);
    struct cursor value = der_open(&extension, DER_OCTETS);
    out->alt_name = cur_rest(&value);
}

static void find_extensions(struct cursor *tbs, struct places *out)
{
    struct cursor wrap = der_open(tbs, DER_EXTENSIONS);
    struct cursor list = der_open(&wrap, DER_SEQUENCE);
    for (int i = 0; i < EXTENSIONS_MAX && cur_left(&list) > 0; i++) {
        struct cursor extension = der_open(&list, DER_SEQUENCE);
        struct cursor oid = der_open(&extension, DER_OID);
        read_extension(cur_rest(&oid), extension, out);
    }
}

static bool find_places(struct slice der, struct places *out)
{
    *out = (struct places){.alt_name = slice_of(NULL, 0)};
    struct cursor c = cursor_of(der, VERDICT_BAD);
    struct cursor certificate = der_open(&c, DER_SEQUENCE);
    struct cursor tbs = der_open(&certificate, DER_SEQUENCE);
    if (der_peek(tbs) == DER_VERSION)
        (void)der_whole(&tbs);
    (void)der_whole(&tbs); /* serial number */
    (void)der_whole(&tbs); /* signature algorithm */
    out->issuer = der_whole(&tbs);
    struct cursor validity = der_open(&tbs, DER_SEQUENCE);
    out->not_before = der_whole(&validity);
    out->not_after = der_whole(&validity);
    out->subject = der_whole(&tbs);
    (void)der_whole(&tbs); /* public key */
    if (c.verdict != VERDICT_OK || tbs.verdict != VERDICT_OK || validity.verdict != VERDICT_OK)
        return false;
    while (cur_left(&tbs) > 0 && der_peek(tbs) != DER_EXTENSIONS)
        (void)der_whole(&tbs); /* unique identifiers */
    if (cur_left(&tbs) > 0)
        find_extensions(&tbs, out);
    return true;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static struct slice name_text(struct slice der, struct arena *a)
{
    const unsigned char *pos = der.data;
    X509_NAME *name = d2i_X509_NAME(NULL, &pos, (long)der.len);
    BIO *text = BIO_new(BIO_s_mem());
    struct slice copy = slice_of(NULL, 0);
    if (text && name && X509_NAME_print_ex(text, name, 0, NAME_FLAGS) >= 0) {
        char *data = NULL;
        long len = BIO_get_mem_data(text, &data);
        copy =
            arena_copy(a, slice_sub(slice_of(data, len > 0 ? (size_t)len : 0), 0, NAME_TEXT_MAX));
    }
    BIO_free(text);
    X509_NAME_free(name);
    return copy;
}

static bool unix_time(struct slice der, int64_t *out)
{
    const unsigned char *pos = der.data;
    ASN1_TIME *t = d2i_ASN1_TIME(NULL, &pos, (long)der.len);
    struct tm tm = {0};
    bool ok = t && ASN1_TIME_to_tm(t, &tm) == 1;
    if (ok)
        *out = timegm(&tm);
    ASN1_TIME_free(t);
    return ok;
}

static struct slice general_name_text(const GENERAL_NAME *name, struct arena *a)
{
    const ASN1_STRING *value = NULL;
    if (name->type == GEN_DNS)
        value = name->d.dNSName;
    else if (name->type == GEN_IPADD)
        value = name->d.iPAddress;
    if (!value)
        return slice_of(NULL, 0);
    int len = ASN1_STRING_length(value);
    struct slice bytes = slice_of(ASN1_STRING_get0_data(value), len > 0 ? (size_t)len : 0);
    if (name->type == GEN_DNS)
        return arena_copy(a, bytes);

    struct ip_addr addr = addr_from_bytes(bytes);
    char text[ADDR_TEXT_SIZE];
    if (addr.family == 0)
        return slice_of(NULL, 0);
    return arena_copy(a, slice_str(addr_text(&addr, text)));
}

static void read_names(struct slice der, struct arena *a, struct tls_certificate *out)
{
    const unsigned char *pos = der.data;
    GENERAL_NAMES *names = der.len > 0 ? d2i_GENERAL_NAMES(NULL, &pos, (long)der.len) : NULL;
    int count = sk_GENERAL_NAME_num(names);
    if (count > X509_NAMES_MAX)
        count = X509_NAMES_MAX;
    struct slice *list = count > 0 ? arena_alloc(a, (size_t)count * sizeof *list) : NULL;
    for (int i = 0; list && i < count; i++) {
        struct slice text = general_name_text(sk_GENERAL_NAME_value(names, i), a);
        if (text.len > 0)
            list[out->name_count++] = text;
    }
    out->names = list;
    GENERAL_NAMES_free(names);
}

bool x509_parse(struct slice der, struct arena *a, struct tls_certificate *out)
{
    struct places at;
    *out = (struct tls_certificate){0};
    if (der.len > DER_MAX || !find_places(der, &at))
        return false;
    bool ok =
        unix_time(at.not_before, &out->not_before) && unix_time(at.not_after, &out->not_after);
    if (ok) {
        out->issuer = name_text(at.issuer, a);
        out->subject = name_text(at.subject, a);
        out->self_issued = slice_eq(at.issuer, at.subject);
        out->extensions = at.extensions;
        read_names(at.alt_name, a, out);
        ok = out->issuer.data != NULL && out->subject.data != NULL;
    }
    ERR_clear_error(); /* the queue belongs to the thread, and nobody else reads it */
    return ok;
}

bool x509_self_issued(struct slice der)
{
    struct places at;
    return der.len <= DER_MAX && find_places(der, &at) && slice_eq(at.issuer, at.subject);
}
