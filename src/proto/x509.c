/*
 * proto/x509: what a certificate says about itself.
 * SPDX-License-Identifier: MIT
 *
 * RFC 5280; names as RFC 4514. The only file of this layer that reads certificates with OpenSSL.
 */
#include "proto/x509.h"

#include <limits.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "net/addr.h"

#define NAME_TEXT_MAX 1024 /* of issuer and subject */

/* RFC 4514, but UTF-8 stays as it is; control characters are escaped. */
#define NAME_FLAGS (XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB)

static struct slice name_text(X509_NAME *name, struct arena *a)
{
    BIO *text = BIO_new(BIO_s_mem());
    struct slice copy = slice_of(NULL, 0);
    if (text && name && X509_NAME_print_ex(text, name, 0, NAME_FLAGS) >= 0) {
        char *data = NULL;
        long len = BIO_get_mem_data(text, &data);
        copy =
            arena_copy(a, slice_sub(slice_of(data, len > 0 ? (size_t)len : 0), 0, NAME_TEXT_MAX));
    }
    BIO_free(text);
    return copy;
}

static bool unix_time(const ASN1_TIME *t, int64_t *out)
{
    struct tm tm = {0};
    if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
        return false;
    *out = timegm(&tm);
    return true;
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

static void read_names(const X509 *cert, struct arena *a, struct tls_certificate *out)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
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
    *out = (struct tls_certificate){0};
    if (der.len == 0 || der.len > LONG_MAX)
        return false;
    const unsigned char *pos = der.data;
    X509 *cert = d2i_X509(NULL, &pos, (long)der.len);
    bool ok = cert != NULL && unix_time(X509_get0_notBefore(cert), &out->not_before) &&
              unix_time(X509_get0_notAfter(cert), &out->not_after);
    if (ok) {
        X509_NAME *issuer = X509_get_issuer_name(cert);
        X509_NAME *subject = X509_get_subject_name(cert);
        out->issuer = name_text(issuer, a);
        out->subject = name_text(subject, a);
        out->self_issued = X509_NAME_cmp(issuer, subject) == 0;
        read_names(cert, a, out);
        ok = out->issuer.data != NULL && out->subject.data != NULL;
    }
    X509_free(cert);
    ERR_clear_error(); /* the queue belongs to the thread, and nobody else reads it */
    return ok;
}
