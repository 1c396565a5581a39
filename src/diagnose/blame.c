/*
 * diagnose/blame: culprits by headers, times and messages.
 * SPDX-License-Identifier: MIT
 *
 * Each fact that the named server could not have made is either decisive (it excludes the server) or a
 * hint; two hints of different kinds exclude it too. What a server's own site does looks like the
 * server: balancers answer in its place from the same distance. See Weaver, Sommer and Paxson,
 * "Detecting Forged TCP Reset Packets" (2009).
 */
#include "blame.h"

#include <stdlib.h>

#include "firewall.h"
#include "proto/tls.h"

#define HOPS_SLACK    2 /* balancers differ by this much */
#define FLOOR_SERVERS 3 /* so many hosts tell how near the internet is */
#define PROOF_HINTS   2

/* What speaks against the server having sent it. */
struct weight {
    int decisive;
    int hints;
};

bool blame_by_client(const struct draft *d)
{
    return (d->x.group & FAIL_BY_CLIENT) != 0;
}

bool blame_by_size(const struct judge *j, const struct draft *d)
{
    const struct clue *c = &d->x.clue;
    if ((d->x.group & FAIL_UNHEARD) == 0 || c->hole_bytes < FULL_SEGMENT || !c->acked)
        return false;
    for (const struct route *r = route_of_addr(j->f->routes, &d->x.server); r;
         r = route_at(j->f->routes, r->next_addr)) {
        if (r->hello_passed >= FULL_SEGMENT)
            return false;
    }
    return true;
}

static double ms(uint32_t us)
{
    return (double)us / 1000.0;
}

static bool same_distance(uint8_t ttl, uint8_t other)
{
    return abs(clue_hops(ttl) - clue_hops(other)) <= HOPS_SLACK;
}

/* ---- the pieces ---- */

/* A packet of the server's side came from nearer or farther than the server. */
static void weigh_distance(struct judge *j, struct draft *d, struct weight *w, uint8_t ttl,
                           const char *what)
{
    uint8_t server = d->x.clue.ttl_server;
    if (ttl == 0 || server == 0)
        return;
    buf_printf(&j->text, "TTL of the %s is %u, of the server's first packet %u", what, ttl, server);
    finding_prove(j, d);
    if (same_distance(ttl, server))
        return;
    w->hints++;
    if (clue_hops(ttl) < clue_hops(server))
        d->f.hops = clue_hops(ttl);
}

/* A server cannot answer before it was asked: its end of the connection comes a round trip after the
 * device's first packet behind the handshake at the earliest. */
static void weigh_time(struct judge *j, struct draft *d, struct weight *w)
{
    const struct clue *c = &d->x.clue;
    if (c->rtt_us == 0 || c->stood_us == 0)
        return;
    if (c->stood_us < c->rtt_us / 2) {
        w->decisive++;
        buf_printf(&j->text,
                   "it came %.1f ms after the connection stood; a round trip takes %.1f ms",
                   ms(c->stood_us), ms(c->rtt_us));
    } else if (c->reply_us != 0 && c->reply_us < c->rtt_us / 2) {
        w->hints++;
        buf_printf(&j->text, "it came %.1f ms after the greeting; a round trip takes %.1f ms",
                   ms(c->reply_us), ms(c->rtt_us));
    }
    finding_prove(j, d);
}

static void weigh_marks(struct judge *j, struct draft *d, struct weight *w)
{
    static const struct {
        uint8_t mark;
        bool decisive;
        const char *text;
    } signs[] = {
        {RST_OUTLIVED, true,
         "the server's side sent on after the reset, as if it knew nothing of it"},
        {RST_ID_COPIED, false, "the reset carries the IP ID of the device's last packet"},
        {RST_DIFFERS, false, "several resets with different sequence numbers came"},
        {RST_AHEAD, false, "the reset's sequence number is beyond all that the server sent"},
    };
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (!(d->x.clue.rst_marks & signs[i].mark))
            continue;
        w->decisive += signs[i].decisive;
        w->hints += !signs[i].decisive;
        buf_str(&j->text, signs[i].text);
        finding_prove(j, d);
    }
}

/* The server is excluded, or all that is known fits it. */
static void settle(struct draft *d, struct weight w, bool fits_server)
{
    if (w.decisive + w.hints > 0) {
        bool certain = w.decisive > 0 || w.hints >= PROOF_HINTS;
        d->f.culprit = CULPRIT_MIDDLEBOX;
        d->f.confidence = certain ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
        d->f.disproof = "A second way to the server that these packets took.";
    } else if (fits_server) {
        d->f.culprit = CULPRIT_SERVER;
    }
}

/* ---- by kind ---- */

/* A device that does not like what it was shown leaves at once; one that leaves after a long silence gave
 * up on the rest of the server's answer. */
static void blame_device(struct judge *j, struct draft *d)
{
    const struct clue *c = &d->x.clue;
    bool silence = c->waited_us >= TLS_PATIENCE_NS / NS_PER_US;
    d->f.culprit = silence || c->hole != HOLE_NONE ? CULPRIT_NETWORK : CULPRIT_DEVICE;
    if (!silence)
        return;
    buf_printf(&j->text, "the server began to answer; the device gave up %.1f s later",
               ms(c->waited_us) / 1000.0);
    finding_prove(j, d);
}

/* RST or FIN of the server's side during a handshake. */
static void blame_cut(struct judge *j, struct draft *d)
{
    const struct clue *c = &d->x.clue;
    struct weight w = {0, 0};
    if (blame_by_client(d)) {
        blame_device(j, d);
        return;
    }
    weigh_distance(j, d, &w, c->ttl_end, d->x.value ? "FIN" : "reset");
    weigh_time(j, d, &w);
    weigh_marks(j, d, &w);
    bool in_time = c->rtt_us == 0 || c->reply_us == 0 || c->reply_us >= c->rtt_us / 4 * 3;
    settle(d, w, c->ttl_end != 0 && c->ttl_server != 0 && in_time);
}

static void blame_alert(struct judge *j, struct draft *d)
{
    struct weight w = {0, 0};
    if (blame_by_client(d)) {
        d->f.culprit = CULPRIT_DEVICE;
        return;
    }
    weigh_distance(j, d, &w, d->x.clue.ttl_data, "alert");
    settle(d, w, true);
    char version[TLS_TEXT_SIZE];
    if (d->x.clue.offered == 0)
        return;
    buf_printf(&j->text, "the device offers up to %s",
               tls_version_text(d->x.clue.offered, version));
    finding_prove(j, d);
}

struct distance {
    uint32_t rtt_us;
    int hops;
    bool own; /* of the address itself, by its other connections */
    bool known;
};

/* How far away the address is known to be, else how near the nearest hosts are. */
static struct distance known_distance(const struct judge *j, const struct draft *d)
{
    for (const struct route *r = route_of_addr(j->f->routes, &d->x.server); r;
         r = route_at(j->f->routes, r->next_addr)) {
        if (r->rtt_us != 0 && r->ttl != 0)
            return (struct distance){r->rtt_us, clue_hops(r->ttl), true, true};
    }
    bool known = j->floor.servers >= FLOOR_SERVERS && !addr_is_private(&d->x.server);
    return (struct distance){j->floor.rtt_us, j->floor.hops, false, known};
}

/* A server does not accept what it has just refused. */
static void weigh_acceptance(struct judge *j, struct draft *d, struct weight *w)
{
    if (!(d->x.clue.rst_marks & RST_OVERTOOK))
        return;
    w->decisive++;
    buf_str(&j->text, "the server accepted the same attempt after the reset, as if it knew nothing "
                      "of it");
    finding_prove(j, d);
}

/* RST to a SYN: a closed port at the server, or a rule that rejects. */
static void blame_refusal(struct judge *j, struct draft *d)
{
    const struct clue *c = &d->x.clue;
    struct distance other = known_distance(j, d);
    struct weight w = {0, 0};
    weigh_acceptance(j, d, &w);
    if (!other.known || c->rtt_us == 0 || c->ttl_end == 0) {
        settle(d, w, false);
        return;
    }
    int away = clue_hops(c->ttl_end);
    buf_printf(&j->text,
               "the reset came after %.1f ms from %d hop%s away; %s %.1f ms and %d hop%s away",
               ms(c->rtt_us), away, away == 1 ? "" : "s",
               other.own ? "the address is" : "no other server is less than", ms(other.rtt_us),
               other.hops, other.hops == 1 ? "" : "s");
    finding_prove(j, d);
    w.hints += c->rtt_us < other.rtt_us / 2;
    w.hints += away < other.hops - HOPS_SLACK;
    settle(d, w, true);
    if (d->f.culprit == CULPRIT_MIDDLEBOX) {
        d->f.hops = away;
        return;
    }
    d->f.confidence = CONFIDENCE_LIKELY;
    d->f.disproof = "A connection to the same address and port from outside the network.";
}

/* RFC 792, 1812 section 5.2.7.1, RFC 4443 section 3.1. */
static bool icmp_prohibits(const struct draft *d)
{
    unsigned code = d->x.code & 0xffU;
    if (d->x.icmp_from.family == 6)
        return d->x.code >> 8 == 1 && (code == 1 || code == 5 || code == 6);
    return d->x.code >> 8 == 3 && (code == 9 || code == 10 || code == 13);
}

static void blame_icmp(struct judge *j, struct draft *d)
{
    bool from_server = addr_eq(&d->x.icmp_from, &d->x.server);
    if (from_server) {
        d->f.culprit = CULPRIT_SERVER;
    } else if (icmp_prohibits(d)) {
        d->f.culprit = CULPRIT_MIDDLEBOX;
        d->f.hops = d->x.clue.ttl_icmp ? clue_hops(d->x.clue.ttl_icmp) : -1;
    }
    buf_str(&j->text, "ICMP was sent by ");
    judge_address(&j->text, &d->x.icmp_from);
    buf_str(&j->text, from_server ? ", the server itself" : "");
    finding_prove(j, d);
}

/* A greeting of more than one segment fails where shorter ones are answered. */
static void prove_length(struct judge *j, struct draft *d)
{
    uint16_t len = d->x.clue.hello_len;
    uint16_t passed =
        len >= FULL_SEGMENT ? route_longest_hello(j->f->routes, d->name, &d->x.server, len) : 0;
    if (passed == 0)
        return;
    buf_printf(&j->text, "a greeting of %u bytes is answered there, none of %u was", passed, len);
    finding_prove(j, d);
}

/* How long before the certificate was made, where that is odd. */
static void prove_fresh(struct judge *j, struct draft *d)
{
    int64_t age_s;
    if (d->x.text == INTERN_NONE || !tls_fresh(j->f, &d->x, &age_s))
        return;
    buf_printf(&j->text, "the certificate is valid since %.1f hours before it was shown",
               (double)age_s / 3600.0);
    finding_prove(j, d);
}

/* What stands beside the issuer, and accuses nobody by itself. */
static void prove_signs(struct judge *j, struct draft *d)
{
    static const struct {
        uint16_t sign;
        const char *text;
    } signs[] = {
        {CERT_BARE,
         "the certificate names no public log (SCT) and no place of its issuer (AIA), as "
         "those of public authorities do"},
        {CERT_ALONE, "it came without the certificate of its issuer"},
        {CERT_BELOW_ROOT, "a root signed it directly, and was sent with it"},
        {CERT_LOGGED, "it says that it is in public logs (SCT)"},
    };
    for (size_t i = 0; i < sizeof signs / sizeof *signs && d->x.text != INTERN_NONE; i++) {
        if (!(d->x.code & signs[i].sign))
            continue;
        buf_str(&j->text, signs[i].text);
        finding_prove(j, d);
    }
}

static void blame_inspection(struct judge *j, struct draft *d)
{
    enum suspicion how = d->x.text != INTERN_NONE ? (enum suspicion)j->j.suspects[d->x.text]
                                                  : j->inspection.suspicion;
    d->f.confidence = (enum confidence)(how - SUSPECT_POSSIBLE);
    if (d->x.text == INTERN_NONE && j->inspection.near)
        d->f.hops = j->inspection.hops;
    prove_fresh(j, d);
    prove_signs(j, d);
}

/* Who shows a certificate: the server, unless an inspecting authority signed it. It is past its time, unless
 * the capture's clock is wrong, for which others may speak. */
static void blame_certificate(struct judge *j, struct draft *d)
{
    int64_t offset_ns;
    if (d->x.text != INTERN_NONE && j->j.suspects[d->x.text] >= SUSPECT_LIKELY)
        d->f.culprit = CULPRIT_MIDDLEBOX;
    if (!clock_of_capture(j->f, &offset_ns) || !clock_is_right(offset_ns))
        return;
    buf_str(&j->text, "the times that servers tell agree with the clock of the capture");
    finding_prove(j, d);
    d->f.disproof = "Another certificate for the host outside the network: then the server's own "
                    "never came.";
}

/* A response that the server's side broke off, or kept back: that only the headers of the end tell of a box. */
static void blame_body(struct judge *j, struct draft *d, bool fits_server)
{
    struct weight w = {0, 0};
    if (d->x.clue.ttl_end == 0 || !d->x.clue.by_server)
        return;
    weigh_distance(j, d, &w, d->x.clue.ttl_end, "end of the connection");
    weigh_marks(j, d, &w);
    settle(d, w, fits_server && d->x.clue.ttl_server != 0);
}

static void prove_hello(struct judge *j, struct draft *d)
{
    const struct clue *c = &d->x.clue;
    if (c->hello_len == 0 || c->hole != HOLE_NONE || (d->x.group & FAIL_QUIC) != 0)
        return;
    char group[TLS_TEXT_SIZE];
    buf_printf(&j->text, "the connection stood, the greeting of %u bytes", c->hello_len);
    if (c->hybrid)
        buf_printf(&j->text, " (%s)", tls_group_text(c->hybrid, group));
    buf_str(&j->text, c->acked ? " was acknowledged but not answered" : " was never acknowledged");
    finding_prove(j, d);
}

static void prove_unheard(struct judge *j, struct draft *d)
{
    if (!(d->x.group & FAIL_UNHEARD))
        return;
    buf_printf(&j->text, "%u bytes were sent again and again and never acknowledged",
               d->x.clue.hole_bytes);
    if (d->x.clue.acked)
        buf_str(&j->text, ", what came before them was");
    finding_prove(j, d);
}

/* What the receiver itself says it lacks was lost between the capture point and it, or before both. */
static void prove_hole(struct judge *j, struct draft *d)
{
    const struct clue *c = &d->x.clue;
    prove_unheard(j, d);
    if (c->hole == HOLE_NONE)
        return;
    buf_printf(&j->text,
               "the %s has what follows, but lacks %u bytes before it; it said so %u time%s",
               c->hole == HOLE_UP ? "server" : "device", c->hole_bytes, c->hole_reports,
               c->hole_reports == 1 ? "" : "s");
    finding_prove(j, d);
    buf_printf(&j->text, "%s ICMP message told to send smaller packets", c->too_big ? "an" : "no");
    finding_prove(j, d);
    d->f.culprit = CULPRIT_NETWORK;
    d->f.confidence = CONFIDENCE_LIKELY;
    const struct route_shrunk *shrunk = &j->f->routes->shrunk;
    if (shrunk->at.family == 0)
        return;
    buf_printf(&j->text, "segments of %u bytes were lost until %u bytes replaced them, to ",
               shrunk->from, shrunk->to);
    judge_address(&j->text, &shrunk->at);
    finding_prove(j, d);
    d->f.confidence = CONFIDENCE_CERTAIN;
}

/* A reset behind the handshake. */
static void blame_reset(struct judge *j, struct draft *d)
{
    const struct clue *c = &d->x.clue;
    struct weight w = {0, 0};
    buf_printf(&j->text,
               "the handshake passed; the reset came when %u more bytes of the device were not yet "
               "acknowledged",
               c->hole_bytes);
    finding_prove(j, d);
    weigh_distance(j, d, &w, c->ttl_end, "reset");
    weigh_marks(j, d, &w);
    settle(d, w, c->ttl_end != 0 && c->ttl_server != 0);
}

/* ---- the whole ---- */

/* Silence or an end without marks: the control pair tells that something on the way did it. */
static void blame_wall(struct draft *d)
{
    bool open = d->f.culprit == CULPRIT_NETWORK || d->f.culprit == CULPRIT_NONE;
    bool silent = d->f.kind == FINDING_TCP_NO_REPLY || d->f.kind == FINDING_TLS_NO_SERVER_HELLO;
    bool alive = d->wall == WALL_NAME || d->wall == WALL_PORT || d->wall == WALL_SOURCE;
    if (!open || !silent || !alive || d->x.clue.hole != HOLE_NONE)
        return;
    d->f.culprit = CULPRIT_MIDDLEBOX;
    d->f.confidence = CONFIDENCE_LIKELY;
}

void blame(struct judge *j, struct draft *d)
{
    switch ((int)d->f.kind) {
    case FINDING_TLS_RESET:
        blame_cut(j, d);
        prove_length(j, d);
        prove_hole(j, d);
        break;
    case FINDING_TLS_ALERT:
        blame_alert(j, d);
        break;
    case FINDING_TLS_INCOMPLETE:
        if (blame_by_client(d))
            blame_device(j, d);
        prove_hole(j, d);
        break;
    case FINDING_TLS_NO_SERVER_HELLO:
        prove_hello(j, d);
        prove_length(j, d);
        prove_hole(j, d);
        break;
    case FINDING_HTTP_NO_RESPONSE:
        blame_body(j, d, (d->x.group & FAIL_PROXY) == 0);
        prove_hole(j, d);
        break;
    case FINDING_TCP_STALLED:
        prove_hole(j, d);
        break;
    case FINDING_TCP_RESET:
        blame_reset(j, d);
        break;
    case FINDING_TCP_REFUSED:
        blame_refusal(j, d);
        break;
    case FINDING_TCP_UNREACHABLE:
        blame_icmp(j, d);
        break;
    case FINDING_TLS_INSPECTED:
        blame_inspection(j, d);
        break;
    case FINDING_TLS_CERTIFICATE_EXPIRED:
    case FINDING_TLS_CERTIFICATE_NOT_YET_VALID:
        blame_certificate(j, d);
        break;
    case FINDING_HTTP_CUT_SHORT:
        blame_body(j, d, false);
        break;
    case FINDING_HTTP_ERROR:
        if (d->x.group & FAIL_PROXY)
            d->f.culprit = CULPRIT_PROXY;
        break;
    case FINDING_CLOCK_SKEW:
    case FINDING_NTP_WRONG_TIME:
    case FINDING_CAPTURE_CLOCK:
        d->f.confidence = (enum confidence)d->x.count;
        break;
    default:
        break;
    }
    firewall_rule(j, d);
    blame_wall(d);
}
