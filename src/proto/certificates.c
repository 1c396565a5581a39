/*
 * proto/certificates: parsed certificates, found by their bytes.
 * SPDX-License-Identifier: MIT
 *
 * Nothing is ever replaced: sessions hold what they got, and a flood of made-up certificates gains no
 * more than that those after it cost what they would cost without this.
 */
#include "proto/certificates.h"

#include <stdlib.h>

#include "base/intern.h"
#include "proto/x509.h"

#define KEPT_MAX       1024U
#define KEPT_BYTES_MAX (2U << 20) /* of DER */
#define KEPT_TEXTS_MAX (8U << 20)
#define KEPT_DER_MAX   8192U /* a bigger certificate is not kept */

struct certificates {
    struct intern *ders;
    struct arena texts;
    const struct tls_certificate *known[KEPT_MAX]; /* by number in ders; NULL: is none */
};

struct certificates *certificates_new(void)
{
    struct certificates *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    arena_init(&c->texts, KEPT_TEXTS_MAX);
    c->ders = intern_new(KEPT_MAX, KEPT_BYTES_MAX);
    if (!c->ders) {
        certificates_free(c);
        return NULL;
    }
    return c;
}

void certificates_free(struct certificates *c)
{
    if (!c)
        return;
    intern_free(c->ders);
    arena_clear(&c->texts);
    free(c);
}

static const struct tls_certificate *parse(struct slice der, struct arena *a)
{
    struct tls_certificate *out = arena_alloc(a, sizeof *out);
    return out && x509_parse(der, a, out) ? out : NULL;
}

/* Whether one more certificate and its texts find room for sure: what fails for want of room must not be
 * taken for a bad certificate. */
static bool has_room(const struct certificates *c, struct slice der)
{
    return der.len <= KEPT_DER_MAX && c->texts.used < KEPT_TEXTS_MAX / 2;
}

const struct tls_certificate *certificates_get(struct certificates *c, struct slice der,
                                               struct arena *a)
{
    uint32_t id = c ? intern_find(c->ders, der) : INTERN_NONE;
    if (id != INTERN_NONE)
        return c->known[id];
    if (c && has_room(c, der))
        id = intern_add(c->ders, der);
    if (id == INTERN_NONE)
        return parse(der, a);
    c->known[id] = parse(der, &c->texts);
    return c->known[id];
}
