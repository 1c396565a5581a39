/*
 * diagnose/rules_tls: handshakes, certificates, and who signed them.
 * SPDX-License-Identifier: MIT
 *
 * RFC 5246, 8446, 5280, 6125. Inspection is judged over all devices: one authority that is not a public
 * one and signs for unrelated hosts is an inspecting box, whatever its name.
 */
#include "issuers.h"
#include "proto/proto.h"
#include "rules.h"

#define SLACK_NS         NS_PER_S
#define PERSISTENT       3 /* a device that gives up on a host this often in a row is not just tidy */
#define HTTPS_PORT       443
#define PERSISTENT_LARGE 2 /* long greetings that fail beside short ones that pass */
#define LEVEL_FATAL      2
#define FRESH_S \
    (12LL * 3600) /* an inspecting box signs when it is asked; others renew some times a year */
#define FAREWELL_MAX \
    160 /* bytes that a device sends when it leaves: its Finished at most, alerts, FIN */

/* ---- while it comes ---- */

/* RFC 6125 section 6.4.3: the wildcard stands for the whole left-most label. */
static bool name_fits(struct slice pattern, struct slice host)
{
    if (slice_eq_nocase(pattern, host))
        return true;
    if (!slice_starts(pattern, "*."))
        return false;
    size_t dot = slice_find(host, 0, '.');
    return dot > 0 &&
           slice_eq_nocase(slice_sub(pattern, 1, pattern.len), slice_sub(host, dot, host.len));
}

static bool certificate_names(const struct tls_certificate *c, struct slice host)
{
    for (uint32_t i = 0; i < c->name_count; i++) {
        if (name_fits(c->names[i], host))
            return true;
    }
    /* Without subjectAltName there is nothing to hold against the server for sure. */
    return c->name_count == 0;
}

static void claim(struct facts *f, struct watch *w, enum finding_kind kind, int64_t value,
                  struct slice text)
{
    struct failure *x = &w->claims[w->count];
    x->kind = (uint8_t)kind;
    x->value = value;
    x->code = 0;
    x->text = facts_text(f, text);
    w->count++;
}

/* Going through the tables of issuers costs more than all else of a handshake, and few issuers there are. */
static bool is_public(struct issuer_memo *m, struct slice issuer)
{
    uint32_t id = intern_find(m->names, issuer);
    if (id != INTERN_NONE)
        return m->is_public[id];
    bool known = issuer_is_public(issuer);
    id = intern_add(m->names, issuer);
    if (id != INTERN_NONE)
        m->is_public[id] = known;
    return known;
}

static bool shows_public_issuer(const struct facts *f, const struct tx_tls *tls)
{
    return tls->certificate && tls->certificate->issuer.len > 0 &&
           is_public(f->issuers, tls->certificate->issuer);
}

/* The list knows this issuer as one of the services that the host belongs to. */
static bool issuer_is_expected(const struct facts *f, struct slice host, struct slice issuer)
{
    struct service_match matches[SERVICE_MATCHES_MAX];
    uint32_t count = services_match(f->list, host, TRANSPORT_TCP, PORT_ANY, matches);
    for (uint32_t i = 0; i < count; i++) {
        const struct service *s = services_at(f->list, matches[i].service);
        for (uint32_t k = 0; k < s->issuer_count; k++) {
            if (slice_has_nocase(issuer, s->issuers[k]))
                return true;
        }
    }
    return false;
}

static uint16_t certificate_signs(const struct tx_tls *tls)
{
    uint8_t has = tls->certificate->extensions;
    uint16_t signs = (has & CERTIFICATE_LOGGED) != 0 ? CERT_LOGGED : 0;
    if (has == 0)
        signs |= CERT_BARE;
    if (tls->chain == 1)
        signs |= CERT_ALONE;
    return signs | (tls->chain_root ? CERT_BELOW_ROOT : 0);
}

/* What speaks against a certificate: at most WATCH_CLAIMS claims. */
static void check_certificate(struct facts *f, const struct row *row, const struct tx *tx,
                              struct watch *w)
{
    const struct tls_certificate *c = tx->u.tls.certificate;
    if (!c)
        return;
    int64_t now = tx->first.ts_ns / NS_PER_S;
    if (c->not_after != 0 && now > c->not_after)
        claim(f, w, FINDING_TLS_CERTIFICATE_EXPIRED, c->not_after, c->issuer);
    if (now < c->not_before)
        claim(f, w, FINDING_TLS_CERTIFICATE_NOT_YET_VALID, c->not_before, c->issuer);
    if (tx->u.tls.sni.len > 0 && !certificate_names(c, tx->u.tls.sni))
        claim(f, w, FINDING_TLS_NAME_MISMATCH, 0, c->name_count ? c->names[0] : c->subject);
    if (c->issuer.len > 0 && !is_public(f->issuers, c->issuer) &&
        !issuer_is_expected(f, intern_name(f->listed, row->name), c->issuer)) {
        claim(f, w, FINDING_TLS_INSPECTED, c->not_before, c->issuer);
        w->claims[w->count - 1].code = certificate_signs(&tx->u.tls);
    }
}

/* What all claims of a flow have in common is looked up only where there are some. */
static void complete_claims(struct watch *w, const struct flow *flow, struct mark first)
{
    for (uint32_t i = 0; i < w->count; i++) {
        const struct failure *claimed = &w->claims[i];
        struct failure x = rule_failure(flow, (enum finding_kind)claimed->kind, first);
        x.value = claimed->value;
        x.code = claimed->code;
        x.text = claimed->text;
        w->claims[i] = x;
    }
}

/* What the device did on the certificate it was shown. */
enum reaction {
    WENT_ON,
    LEFT, /* with no request */
    UNSEEN,
};

static void settle(struct facts *f, const struct watch *w, enum reaction reaction)
{
    static const uint8_t groups[] = {[WENT_ON] = FAIL_ACCEPTED, [UNSEEN] = FAIL_CUT};
    for (uint32_t i = 0; i < w->count; i++) {
        struct failure x = w->claims[i];
        x.group |= groups[reaction];
        facts_fail(f, w->row, &x);
    }
    if (reaction == WENT_ON)
        facts_ok(f, w->row, &w->done);
    struct failure x = w->claims[0];
    if (reaction != LEFT || w->count > 1 || x.kind != FINDING_TLS_INSPECTED)
        return;
    x.kind = FINDING_TLS_INCOMPLETE;
    x.value = 0;
    x.code = 0;
    x.group |= FAIL_BY_CLIENT;
    facts_fail(f, w->row, &x);
}

/* Flows that end give their watches to those that begin: how many there are goes by the flows at once. */
static uint32_t take_watch(struct facts *f)
{
    uint32_t id = f->spare_watch;
    if (id == POOL_NONE)
        return pool_add(&f->watches);
    f->spare_watch = ((const struct watch *)pool_at(&f->watches, id))->next;
    return id;
}

static void give_watch(struct facts *f, uint32_t id)
{
    ((struct watch *)pool_at(&f->watches, id))->next = f->spare_watch;
    f->spare_watch = id;
}

/* In TLS 1.2 a handshake can be over before the device looked at the certificate. */
static void await_request(struct facts *f, const struct flow *flow, const struct watch *w)
{
    uint32_t id = take_watch(f);
    if (id == POOL_NONE || !map_put(&f->by_flow, flow->id, id)) {
        if (id != POOL_NONE)
            give_watch(f, id);
        settle(f, w, WENT_ON);
        return;
    }
    struct watch *kept = pool_at(&f->watches, id);
    *kept = *w;
    kept->seq_end = flow->side[DIR_TO_SERVER].seq_end;
}

void tls_flow_fact(struct facts *f, const struct flow *flow)
{
    uint32_t id = f->watches.count ? map_get(&f->by_flow, flow->id) : MAP_NONE;
    if (id == MAP_NONE)
        return;
    const struct watch *w = pool_at(&f->watches, id);
    uint32_t sent = flow->side[DIR_TO_SERVER].seq_end - w->seq_end;
    bool left = mark_set(flow_ended_at(flow)) && sent <= FAREWELL_MAX;
    if (left && rule_lacks(w->row, flow))
        settle(f, w, UNSEEN);
    else
        settle(f, w, left ? LEFT : WENT_ON);
    map_remove(&f->by_flow, flow->id);
    give_watch(f, id);
}

/* The alert that ended a handshake: the last fatal one. */
static const struct tls_alert *fatal_alert(const struct tx_tls *tls)
{
    for (uint32_t i = tls->alert_count; i-- > 0;) {
        if (tls->alerts[i].level == LEVEL_FATAL)
            return &tls->alerts[i];
    }
    return tls->alert_count ? &tls->alerts[tls->alert_count - 1] : NULL;
}

/* How a handshake failed of which the capture has the device's packets only: by how the device ended it. */
static enum tls_outcome end_of_device(const struct flow *flow)
{
    if (!mark_set(flow_ended_at(flow)))
        return TLS_INCOMPLETE;
    return flow->rst_first ? TLS_RESET_BY_CLIENT : TLS_CLOSED;
}

static void fail_handshake(struct facts *f, struct row *row, const struct flow *flow,
                           const struct tx *tx)
{
    static const uint8_t kinds[] = {
        [TLS_COMPLETED] = FINDING_TLS_INCOMPLETE,
        [TLS_NO_SERVER_HELLO] = FINDING_TLS_NO_SERVER_HELLO,
        [TLS_RESET_BY_CLIENT] = FINDING_TLS_RESET,
        [TLS_RESET_BY_SERVER] = FINDING_TLS_RESET,
        [TLS_CLOSED] = FINDING_TLS_RESET,
        [TLS_ALERT] = FINDING_TLS_ALERT,
        [TLS_INCOMPLETE] = FINDING_TLS_INCOMPLETE,
        [TLS_PENDING] = FINDING_TLS_INCOMPLETE,
    };
    const struct tx_tls *tls = &tx->u.tls;
    struct clue clue = clue_of_tls(flow, tx);
    /* What the device itself says it lacks, the capture did not lose. */
    bool lost = clue.hole == HOLE_DOWN;
    enum tls_outcome outcome = lost && flow_is_one_way(flow) ? end_of_device(flow) : tls->outcome;
    struct failure x = rule_failure(flow, (enum finding_kind)kinds[outcome], tx->first);
    const struct tls_alert *alert = fatal_alert(tls);
    x.clue = clue;
    if (x.clue.hello_len >= FULL_SEGMENT)
        x.group |= FAIL_LARGE;
    bool by_client = outcome == TLS_RESET_BY_CLIENT;
    if (outcome == TLS_CLOSED || outcome == TLS_INCOMPLETE)
        by_client = mark_set(flow_ended_at(flow)) && flow->end_by == DIR_TO_SERVER;
    if (outcome == TLS_ALERT && alert) {
        by_client = alert->from == DIR_TO_SERVER;
        x.code = alert->code;
    }
    if (outcome == TLS_CLOSED)
        x.value = 1; /* FIN, not RST */
    if (by_client)
        x.group |= FAIL_BY_CLIENT;
    if (tls->quic_version != 0)
        x.group |= FAIL_QUIC;
    bool lacks = !lost && (rule_lacks(row, flow) || tls->hello_cut || tls->gap);
    /* An alert says what it says. */
    if (lacks && x.kind != FINDING_TLS_ALERT)
        x.group |= FAIL_CUT;
    x.tries = rule_tries(flow, tx);
    facts_fail(f, row, &x);
}

void tls_fact(struct facts *f, const struct flow *flow, const struct tx *tx, struct slice host)
{
    const struct tx_tls *tls = &tx->u.tls;
    uint32_t client = facts_asks(f, flow);
    if (client == POOL_NONE)
        return;
    if (tls->server_hello && !tls->via)
        facts_role(f, &flow->key.dst, CLIENT_SERVER);
    char text[NAME_MAX_BYTES + 1];
    uint32_t name = facts_name(f, facts_host(host, text), true);
    if (tls->quic_version == 0 && !tls->via)
        route_tls(f->routes, facts_token(f, client), name, flow, tx, shows_public_issuer(f, tls));
    if (tls->quic_version == 0)
        hello_fact(f, client, tx);
    if (name == INTERN_NONE)
        return;
    bool proxied = tls->via && strcmp(tls->via, "starttls") != 0;
    struct row *row =
        facts_row(f, client, name, TRANSPORT_TCP, proxied ? HTTPS_PORT : flow->key.dst_port);
    if (!row)
        return;
    row->attempts++;
    if (tls->quic_version == 0)
        row->flags |= ROW_TCP_TRIED;
    if (proxied)
        facts_head(f, client, name)->flags |= ROW_VIA_PROXY;
    if (tls->outcome == TLS_PENDING) {
        row->flags |= ROW_PENDING;
        (void)rule_lacks(row, flow);
        return;
    }
    struct watch w; /* big, and hardly ever is there a claim */
    w.row = row;
    w.done = mark_set(tx->done) ? tx->done : tx->request;
    w.count = 0;
    check_certificate(f, row, tx, &w);
    complete_claims(&w, flow, tx->first);
    if (tls->outcome == TLS_COMPLETED) {
        if (w.count > 0 && tls->client_data)
            settle(f, &w, WENT_ON);
        else if (w.count > 0)
            await_request(f, flow, &w);
        else
            facts_ok(f, row, &w.done);
        return;
    }
    for (uint32_t i = 0; i < w.count; i++)
        facts_fail(f, row, &w.claims[i]);
    fail_handshake(f, row, flow, tx);
}

/* ---- judging ---- */

static bool has_other_failure(const struct judging *j, const struct row *row)
{
    struct failure o;
    for (uint32_t at = row->failures; facts_next_failure(j->f, &at, &o);) {
        if (o.kind >= FINDING_TCP_NO_REPLY && o.kind <= FINDING_TLS_INCOMPLETE &&
            !(o.group & FAIL_QUIC))
            return true;
    }
    return false;
}

/* A device that says why it leaves, in an alert, resets the connection then: the alert may be lost. */
static bool lacks_alert(const struct judging *j, const struct row *row, const struct failure *x)
{
    if (x->kind != FINDING_TLS_RESET || !(x->group & FAIL_BY_CLIENT) || !j->f->lossy)
        return false;
    struct failure o;
    uint32_t at = row->failures;
    bool found = false;
    while (!found && facts_next_failure(j->f, &at, &o))
        found = o.kind == FINDING_TLS_ALERT && (o.group & FAIL_BY_CLIENT);
    return found;
}

/* Long greetings fail again and again while short ones pass: what sends them never gets through. */
static bool keeps_failing(const struct judging *j, const struct row *head, const struct failure *x)
{
    return (x->group & FAIL_LARGE) != 0 && x->count >= PERSISTENT_LARGE &&
           route_longest_hello(j->f->routes, head->name, &x->server, x->clue.hello_len) > 0;
}

enum ruling tls_ruling(const struct judging *j, const struct row *head, const struct row *row,
                       const struct failure *x)
{
    if (x->group & FAIL_QUIC) {
        if (mark_set(row->ok) || has_other_failure(j, row))
            return RULING_HARMLESS;
        return row->flags & ROW_TCP_TRIED ? RULING_DOUBT : RULING_FAILED;
    }
    if (mark_set(row->ok)) {
        if (keeps_failing(j, head, x))
            return RULING_WARNS;
        if ((x->group & FAIL_V6) != 0 && x->since_ok < PERSISTENT)
            return RULING_HARMLESS;
        if ((x->group & FAIL_BY_CLIENT) != 0 && x->since_ok < PERSISTENT &&
            x->kind != FINDING_TLS_ALERT)
            return RULING_HARMLESS;
        if (row->ok.ts_ns >= x->last.ts_ns - SLACK_NS)
            return RULING_RECOVERED;
    }
    if (lacks_alert(j, row, x) || (j->cut && x->kind == FINDING_TLS_INCOMPLETE))
        return RULING_DOUBT;
    return RULING_FAILED;
}

/* A certificate that is out of date by the capture's clock alone. */
static bool valid_in_truth(const struct judging *j, const struct failure *x)
{
    int64_t offset_ns;
    if (!clock_of_capture(j->f, &offset_ns) || offset_ns == 0)
        return false;
    int64_t now = (x->last.ts_ns + offset_ns) / NS_PER_S;
    return (x->kind == FINDING_TLS_CERTIFICATE_EXPIRED && now <= x->value) ||
           (x->kind == FINDING_TLS_CERTIFICATE_NOT_YET_VALID && now >= x->value);
}

enum ruling certificate_ruling(const struct judging *j, const struct row *head,
                               const struct row *row, const struct failure *x)
{
    (void)head;
    if (x->group & FAIL_ACCEPTED)
        return RULING_HARMLESS;
    if (valid_in_truth(j, x))
        return RULING_DROP;
    return mark_set(row->ok) && row->ok.ts_ns >= x->last.ts_ns - SLACK_NS ? RULING_RECOVERED
                                                                          : RULING_FAILED;
}

enum ruling inspection_ruling(const struct judging *j, const struct row *head,
                              const struct row *row, const struct failure *x)
{
    (void)head;
    (void)row;
    if (x->text == INTERN_NONE || j->suspects[x->text] == SUSPECT_NONE)
        return RULING_DROP;
    return j->suspects[x->text] == SUSPECT_POSSIBLE ? RULING_HARMLESS : RULING_WARNS;
}

/* ---- who inspects ---- */

/* What an issuer that is no public one was seen to sign. */
struct signer {
    struct slice first_domain;
    uint32_t first_name;
    uint32_t hosts; /* 1 may be 1, 2 means more than one */
    bool domains_differ;
    bool refused;  /* a device broke off when it saw the certificate */
    bool fresh;    /* a certificate was made hours before */
    bool unlogged; /* a certificate is in no public log */
};

bool tls_fresh(const struct facts *f, const struct failure *x, int64_t *age_s)
{
    int64_t offset_ns;
    (void)clock_of_capture(f, &offset_ns);
    *age_s = (x->last.ts_ns + offset_ns) / NS_PER_S - x->value;
    return *age_s >= 0 && *age_s <= FRESH_S;
}

static struct slice domain_of(struct slice name)
{
    size_t dots = 0;
    for (size_t i = name.len; i-- > 0;) {
        if (name.data[i] == '.' && ++dots == 2)
            return slice_sub(name, i + 1, name.len);
    }
    return name;
}

static enum suspicion weigh(const struct signer *s, struct slice issuer)
{
    if (s->hosts == 0)
        return SUSPECT_NONE;
    if (issuer_product(issuer))
        return SUSPECT_CERTAIN;
    /* A public authority that no table knows; a box may copy what the server's certificate has. */
    if (!s->unlogged)
        return s->refused ? SUSPECT_POSSIBLE : SUSPECT_NONE;
    /* That no list has the authority is the other explanation; but that one does not sign on demand, and devices
     * trust it. */
    if (s->domains_differ && (s->refused || s->fresh))
        return SUSPECT_CERTAIN;
    return s->domains_differ || s->hosts > 1 || s->refused || s->fresh ? SUSPECT_LIKELY
                                                                       : SUSPECT_POSSIBLE;
}

static void add_host(struct signer *s, uint32_t name, struct slice text, bool refused)
{
    struct slice domain = domain_of(text);
    s->refused |= refused;
    if (s->hosts == 0) {
        s->hosts = 1;
        s->first_name = name;
        s->first_domain = domain;
    } else if (s->first_name != name) {
        s->hosts = 2;
    }
    if (!slice_eq(s->first_domain, domain))
        s->domains_differ = true;
}

static void add_signers(const struct facts *f, const struct row *row, struct pool *signers)
{
    struct failure x;
    for (uint32_t at = row->failures; facts_next_failure(f, &at, &x);) {
        int64_t age_s;
        if (x.kind != FINDING_TLS_INSPECTED || x.text >= signers->count)
            continue;
        struct signer *s = pool_at(signers, x.text);
        add_host(s, row->name, intern_name(f->listed, row->name),
                 !(x.group & (FAIL_ACCEPTED | FAIL_CUT)));
        s->fresh |= tls_fresh(f, &x, &age_s);
        s->unlogged |= (x.code & CERT_LOGGED) == 0;
    }
}

void tls_suspects(const struct facts *f, uint32_t *out)
{
    uint32_t texts = intern_count(f->texts);
    for (uint32_t text = 0; text < texts; text++)
        out[text] = SUSPECT_NONE;
    struct pool signers; /* numbered like the texts */
    pool_init(&signers, sizeof(struct signer), texts, POOL_BLOCK);
    while (pool_add(&signers) != POOL_NONE) {
    }
    for (uint32_t i = 0; i < f->row_blocks.count; i++) {
        const struct row_block *block = pool_at(&f->row_blocks, i);
        for (uint32_t k = 0; k < block->count; k++)
            add_signers(f, &block->rows[k], &signers);
    }
    for (uint32_t text = 0; text < signers.count; text++)
        out[text] = weigh(pool_at(&signers, text), intern_name(f->texts, text));
    pool_clear(&signers);
}
