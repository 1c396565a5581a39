/*
 * tests/fuzz/fuzz_dns: one message, and both directions of a flow.
 * SPDX-License-Identifier: MIT
 *
 * Input: a byte (bit 0: TCP, bit 1: midstream), then pieces of one control byte (bit 7: to the client;
 * bit 6: a gap before it; bits 5 and 4: 0, 5, 100, 20000 ms later), a length byte and their bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "fuzz.h"
#include "proto/dns.h"

#define HELD_MAX PROTO_HOLD_MAX

struct flow {
    struct arena arena;
    struct proto_env env;
    void *session;
    struct mark at;
    uint8_t *held[2];
    size_t held_len[2];
    bool stream;
};

static void check_text(struct slice s, size_t max)
{
    if (s.len > max)
        abort();
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] < ' ' || s.data[i] > '~')
            abort();
    }
}

static void check_answers(const struct dns_answer *answers, uint32_t count)
{
    if (count > DNS_ANSWERS_MAX)
        abort();
    for (uint32_t i = 0; i < count; i++) {
        check_text(answers[i].name, DNS_NAME_TEXT_MAX);
        check_text(answers[i].rdata, DNS_RDATA_TEXT_MAX);
    }
}

static void check_tx(void *ctx, const struct tx *tx)
{
    const struct tx_dns *d = &tx->u.dns;
    (void)ctx;
    if (tx->kind != TX_DNS || d->attempts == 0)
        abort();
    if ((d->rcode >= 0) != (tx->outcome == TX_ANSWERED || tx->outcome == TX_REPLY_ONLY))
        abort();
    check_text(d->qname, DNS_NAME_TEXT_MAX);
    check_text(d->soa, DNS_NAME_TEXT_MAX);
    check_text(d->soa_server, DNS_NAME_TEXT_MAX);
    check_answers(d->answers, d->answer_count);
}

static void fuzz_message(struct slice bytes)
{
    struct dns_message m;
    enum verdict verdict = dns_parse(&m, bytes);
    if (verdict == VERDICT_OK && bytes.len < 12)
        abort();
    check_text(m.qname, DNS_NAME_TEXT_MAX);
    check_answers(m.answers, m.answer_count);
}

static bool show(struct flow *f, enum dir dir, struct slice piece)
{
    size_t before = f->held_len[dir];
    if (before + piece.len > HELD_MAX)
        return false;
    uint8_t *exact = malloc(before + piece.len + !piece.len);
    if (!exact)
        abort();
    if (before > 0)
        memcpy(exact, f->held[dir], before);
    memcpy(exact + before, piece.data, piece.len);
    struct slice shown = slice_of(exact, before + piece.len);
    struct feed feed = dns_ops.data(f->session, dir, shown, &f->at, &f->at, &f->env);
    if (feed.take.consumed > shown.len || (!f->stream && feed.take.consumed != shown.len))
        abort();
    f->held_len[dir] = shown.len - feed.take.consumed;
    memmove(exact, exact + feed.take.consumed, f->held_len[dir]);
    free(f->held[dir]);
    f->held[dir] = exact;
    return feed.state == FEED_MORE;
}

static bool step(struct flow *f, struct cursor *c)
{
    static const int64_t later_ms[4] = {0, 5, 100, 20000};
    uint8_t control = cur_u8(c);
    enum dir dir = control & 0x80 ? DIR_TO_CLIENT : DIR_TO_SERVER;
    size_t len = cur_u8(c);
    f->at.ts_ns += later_ms[control >> 4 & 3] * NS_PER_MS;
    f->at.frame++;
    if (f->stream && (control & 0x40)) {
        f->held_len[dir] = 0;
        dns_ops.gap(f->session, dir, 1, &f->at, &f->env);
    }
    return show(f, dir, cur_take(c, len < cur_left(c) ? len : cur_left(c)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_of(slice_of(data, size), VERDICT_SHORT);
    fuzz_message(slice_of(data, size));
    uint8_t kind = cur_u8(&c);
    struct flow f = {.env = {.arena = &f.arena, .emit = check_tx}, .stream = kind & 1};
    struct proto_begin how = {.server_port = 53, .datagram = !f.stream, .midstream = kind & 2};
    arena_init(&f.arena, 4096);
    f.session = calloc(1, dns_ops.session_size);
    if (!f.session)
        abort();
    dns_ops.begin(f.session, &how, &f.env);
    bool goes_on = true;
    while (goes_on && cur_left(&c) > 0)
        goes_on = step(&f, &c);
    struct flow_end end = {.reason = END_CAPTURE, .at = f.at};
    if (goes_on)
        dns_ops.end(f.session, &end, &f.env);
    free(f.held[0]);
    free(f.held[1]);
    free(f.session);
    arena_clear(&f.arena);
    return 0;
}
