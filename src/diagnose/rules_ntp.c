/*
 * diagnose/rules_ntp: time servers and the device's clock.
 * SPDX-License-Identifier: MIT
 *
 * RFC 5905 sections 7.3 (leap, stratum) and 7.4 (kiss codes).
 */
#include "rules.h"

#define SKEW_MAX_NS    (300 * NS_PER_S)
#define LEAP_UNSYNC    3
#define STRATUM_UNSYNC 16
#define NTP_PORT       123

static bool is_refusal(const char *kiss)
{
    static const char *const refusals[] = {"DENY", "RSTR", "RATE"};
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (strcmp(kiss, refusals[i]) == 0)
            return true;
    }
    return false;
}

static bool is_synchronized(const struct tx_ntp *ntp)
{
    return ntp->leap != LEAP_UNSYNC && ntp->stratum != 0 && ntp->stratum < STRATUM_UNSYNC;
}

static int64_t size_of(int64_t ns)
{
    return ns < 0 ? -ns : ns;
}

/* How far apart the clocks are that an exchange shows. */
static int64_t spread_of(int64_t offset_ns, int64_t server_ns)
{
    int64_t offset = size_of(offset_ns), server = size_of(server_ns);
    return offset > server ? offset : server;
}

static void note_clock(struct facts *f, uint32_t client, const struct flow *flow,
                       const struct tx *tx, uint32_t name)
{
    const struct tx_ntp *ntp = &tx->u.ntp;
    bool from_reply = tx->outcome == TX_ANSWERED;
    if (!ntp->has_offset || (from_reply && !is_synchronized(ntp)))
        return;
    int64_t spread = spread_of(ntp->offset_ns, ntp->server_ns);
    struct skew *s = facts_skew(f, client, spread > SKEW_MAX_NS);
    if (!s)
        return;
    if (spread <= SKEW_MAX_NS) {
        if (tx->first.ts_ns >= s->last.ts_ns)
            s->healed_ns = tx->first.ts_ns;
        return;
    }
    int64_t worst = spread_of(s->offset_ns, s->server_ns);
    if (s->count == 0 || tx->first.ts_ns < s->first.ts_ns)
        s->first = tx->first;
    if (s->count == 0 || tx->first.ts_ns >= s->last.ts_ns) {
        bool follows = s->count > 0 && size_of(ntp->offset_ns) <= SKEW_MAX_NS &&
                       size_of(s->offset_ns) > SKEW_MAX_NS;
        s->last = tx->first;
        s->healed_ns = follows ? tx->first.ts_ns : 0;
    }
    s->count++;
    if ((from_reply && !s->from_reply) || (from_reply == s->from_reply && spread > worst)) {
        s->offset_ns = ntp->offset_ns;
        s->server_ns = ntp->server_ns;
        s->has_server_time = ntp->has_server_time;
        s->from_reply = from_reply;
        s->server = flow->key.dst;
        s->name = name;
    }
}

static void answered(struct facts *f, struct row *row, const struct flow *flow, const struct tx *tx)
{
    const struct tx_ntp *ntp = &tx->u.ntp;
    struct failure x = rule_failure(flow, FINDING_NTP_KISS_OF_DEATH, tx->first);
    if (ntp->kiss_code[0] != '\0' && is_refusal(ntp->kiss_code)) {
        x.text = facts_text(f, slice_str(ntp->kiss_code));
        facts_fail(f, row, &x);
        return;
    }
    if (!is_synchronized(ntp)) {
        x.kind = FINDING_NTP_UNSYNCHRONIZED;
        x.code = (uint16_t)(ntp->leap << 8 | ntp->stratum);
        facts_fail(f, row, &x);
        return;
    }
    facts_ok(f, row, mark_set(tx->reply) ? &tx->reply : &tx->done);
}

void ntp_fact(struct facts *f, const struct flow *flow, const struct tx *tx, struct slice host)
{
    if (tx->outcome == TX_REPLY_ONLY || addr_is_multicast(&flow->key.dst))
        return;
    uint32_t client = facts_asks(f, flow);
    if (client == POOL_NONE)
        return;
    if (tx->outcome == TX_ANSWERED)
        facts_role(f, &flow->key.dst, CLIENT_SERVER);
    struct client *c = facts_at(f, client);
    if (tx->outcome == TX_ANSWERED && is_synchronized(&tx->u.ntp) && tx->reply.ts_ns > c->time_ns)
        c->time_ns = tx->reply.ts_ns;
    if (tx->u.ntp.has_server_time && is_synchronized(&tx->u.ntp))
        clock_sample(f, &flow->key.dst, tx->u.ntp.server_ns, true);
    char text[NAME_MAX_BYTES + 1];
    uint32_t name = facts_name(f, facts_host(host, text), true);
    note_clock(f, client, flow, tx, name);
    struct row *row =
        name == INTERN_NONE ? NULL : facts_row(f, client, name, TRANSPORT_UDP, NTP_PORT);
    if (!row)
        return;
    row->attempts++;
    if (tx->outcome == TX_PENDING) {
        row->flags |= ROW_PENDING;
    } else if (tx->outcome == TX_NO_REPLY) {
        struct failure x = rule_failure(flow, FINDING_NTP_NO_REPLY, tx->first);
        x.tries = tx->u.ntp.attempts;
        facts_fail(f, row, &x);
    } else {
        answered(f, row, flow, tx);
    }
}

enum ruling ntp_ruling(const struct judging *j, const struct row *head, const struct row *row,
                       const struct failure *x)
{
    (void)head;
    if (mark_set(row->ok) && row->ok.ts_ns >= x->last.ts_ns)
        return x->kind == FINDING_NTP_NO_REPLY ? RULING_DROP : RULING_RECOVERED;
    /* A server that asks for patience has answered well before. */
    if (mark_set(row->ok) && x->kind == FINDING_NTP_KISS_OF_DEATH && x->since_ok < 2)
        return RULING_HARMLESS;
    /* Another server, such as DHCP hands out (option 42), gives the time. */
    if (x->kind == FINDING_NTP_NO_REPLY && facts_at(j->f, j->device)->time_ns != 0)
        return RULING_HARMLESS;
    return RULING_FAILED;
}
