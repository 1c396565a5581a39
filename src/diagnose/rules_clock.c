/*
 * diagnose/rules_clock: whose clock is wrong, the device's, a time server's, or that of the machine that captured.
 * SPDX-License-Identifier: MIT
 *
 * RFC 9110 section 6.6.1 (Date). Servers that agree with each other know the time; a cached answer has an
 * old date, but not the same one as another server's. Nobody is accused by one witness where another one
 * speaks for him.
 */
#include "judge.h"

#define AGREE_NS     (60 * NS_PER_S)  /* dates have whole seconds, and answers their way */
#define RIGHT_NS     (300 * NS_PER_S) /* a clock this near is right enough for certificates */
#define WITNESSES    2                /* against a server that the device agrees with */
#define HTTPS_PORT   443
#define HELLOS       2 /* TLS greetings that carry one time: by chance once in 400 million */
#define HELLO_OFF_S  (20LL * 365 * 86400) /* farther off it is no time */
#define HELLO_NEAR_S 5

/* ---- while it comes ---- */

static bool near(int64_t a, int64_t b, int64_t limit)
{
    return a - b <= limit && b - a <= limit;
}

void clock_sample(struct facts *f, const struct ip_addr *server, int64_t offset_ns, bool by_ntp)
{
    struct clock_samples *c = &f->clocks;
    if (c->count >= (by_ntp ? CLOCK_SAMPLES_MAX : CLOCK_DATES_MAX))
        return;
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->at[i].by_ntp == by_ntp && addr_eq(&c->at[i].server, server))
            return;
    }
    c->at[c->count++] = (struct clock_sample){*server, by_ntp, offset_ns};
}

void clock_fact(struct facts *f, const struct flow *flow, const struct tx *tx)
{
    const struct tx_http *http = &tx->u.http;
    if (http->status == 0 || http->date < 0 || http->date > INT64_MAX / NS_PER_S ||
        !mark_set(tx->reply))
        return;
    clock_sample(f, &flow->key.dst, http->date * NS_PER_S - tx->reply.ts_ns, false);
}

static void note_hellos(struct facts *f, uint32_t client, const struct mark *at)
{
    struct skew *s = facts_skew(f, client, true);
    if (!s || s->count > 0)
        return;
    if (!mark_set(s->first)) {
        s->first = *at;
        s->name = INTERN_NONE;
    }
    s->last = *at;
}

/* RFC 5246 section 7.4.1.2: the random of older clients begins with their time. Chance gives no time twice. */
void hello_fact(struct facts *f, uint32_t client, const struct tx *tx)
{
    struct client *c = facts_at(f, client);
    uint32_t time = tx->u.tls.hello_time;
    int64_t ahead_s = (int64_t)time - tx->request.ts_ns / NS_PER_S;
    if (ahead_s > HELLO_OFF_S || ahead_s < -HELLO_OFF_S || time == c->hello_time)
        return;
    c->hello_time = time;
    if (c->hellos > 0 && near(ahead_s, c->hello_ahead_s, HELLO_NEAR_S)) {
        if (c->hellos < UINT8_MAX)
            c->hellos++;
        note_hellos(f, client, &tx->request);
    } else if (c->hellos < HELLOS) {
        c->hellos = 1;
        c->hello_ahead_s = (int32_t)ahead_s;
    }
}

/* ---- the clock of the capture ---- */

bool clock_is_right(int64_t offset_ns)
{
    return near(offset_ns, 0, RIGHT_NS);
}

/* How many servers say so; one address is one server. `but` may be NULL. */
static uint32_t witnesses(const struct facts *f, int64_t offset_ns, int64_t limit,
                          const struct ip_addr *but)
{
    const struct clock_samples *c = &f->clocks;
    uint32_t agree = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        bool again = but && addr_eq(&c->at[i].server, but);
        for (uint32_t k = 0; k < i && !again; k++)
            again = addr_eq(&c->at[k].server, &c->at[i].server);
        agree += !again && near(c->at[i].offset_ns, offset_ns, limit);
    }
    return agree;
}

bool clock_of_capture(const struct facts *f, int64_t *offset_ns)
{
    const struct clock_samples *c = &f->clocks;
    uint32_t best = 1;
    *offset_ns = 0;
    if (witnesses(f, 0, RIGHT_NS, NULL) > 0) /* one that agrees with the capture is enough */
        return true;
    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t agree = witnesses(f, c->at[i].offset_ns, AGREE_NS, NULL);
        if (agree > best) {
            best = agree;
            *offset_ns = c->at[i].offset_ns;
        }
    }
    return best > 1;
}

/* ---- the device's clock, and its time server's ---- */

/* What clocks lack to the true time. */
struct clocks {
    int64_t device_ns;
    int64_t server_ns;
    int64_t capture_ns;
    enum confidence confidence;
};

/* Without an answer the clock of the capture is the measure: servers may have confirmed or corrected it. */
static struct clocks clocks_alone(const struct facts *f, const struct skew *s)
{
    struct clocks c = {.confidence = CONFIDENCE_POSSIBLE};
    if (clock_of_capture(f, &c.capture_ns))
        c.confidence = CONFIDENCE_LIKELY;
    c.device_ns = s->offset_ns + c.capture_ns;
    return c;
}

/* The time server is believed, unless the device or others speak for the clock of the capture, from which it
 * differs. A capture made on the device itself has the device's clock, so their agreement proves nothing. */
static struct clocks clocks_asked(const struct facts *f, const struct skew *s)
{
    int64_t device = s->server_ns - s->offset_ns; /* minus the capture's */
    uint32_t others = witnesses(f, 0, RIGHT_NS, &s->server);
    bool apart = s->has_server_time && !clock_is_right(s->server_ns);
    if (apart && others >= (clock_is_right(s->offset_ns) ? WITNESSES : 1))
        return (struct clocks){
            .device_ns = s->healed_ns ? -s->server_ns : -device,
            .server_ns = -s->server_ns,
            .confidence = others >= WITNESSES ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY,
        };
    bool backed = !apart || witnesses(f, s->server_ns, AGREE_NS, &s->server) > 0;
    return (struct clocks){
        .device_ns = s->offset_ns,
        .capture_ns = s->server_ns,
        .confidence = backed && s->has_server_time ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY,
    };
}

static void fill(struct judge *j, struct draft *d, const struct skew *s, int64_t off_ns)
{
    bool required;
    d->name = s->name;
    d->x.value = off_ns;
    d->x.code = s->from_reply;
    if (s->name != INTERN_NONE) {
        d->f.host = (const char *)intern_name(j->f->listed, s->name).data;
        d->f.service = judge_service(j, s->name, TRANSPORT_UDP, 123, &required);
    }
    d->f.server = s->server;
    d->f.port = 123;
    d->f.proto = "UDP";
    d->f.count = s->count;
    d->f.first = s->first;
    d->f.last = s->last;
}

/* What the greetings say of the device's clock, minus that of the capture. */
static bool greetings_say(const struct judge *j, int64_t *ahead_ns)
{
    const struct client *c = facts_at(j->f, j->j.device);
    *ahead_ns = c->hello_ahead_s * NS_PER_S;
    return c->hellos >= HELLOS;
}

static void prove_greetings(struct judge *j, struct draft *d, const char *what)
{
    uint32_t hellos = facts_at(j->f, j->j.device)->hellos;
    buf_printf(&j->text, "%u%s of the device's TLS greetings carry %s", hellos,
               hellos == UINT8_MAX ? " or more" : "", what);
    finding_prove(j, d);
}

static void device_finding(struct judge *j, const struct skew *s, const struct clocks *c)
{
    bool healed = s->healed_ns != 0 && clock_is_right(c->server_ns);
    struct draft *d =
        finding_of_device(j, FINDING_CLOCK_SKEW, healed ? SEVERITY_INFO : SEVERITY_WARNING);
    if (!d)
        return;
    fill(j, d, s, c->device_ns);
    d->x.code &= clock_is_right(c->server_ns);
    d->x.count = c->confidence;
    d->f.recovered = healed;
    int64_t ahead_ns;
    if (greetings_say(j, &ahead_ns) && near(-ahead_ns, c->device_ns - c->capture_ns, AGREE_NS))
        prove_greetings(j, d, "the same time");
    finding_tell(j, d);
}

/* Nothing but its greetings tells the device's time. */
static void greeting_finding(struct judge *j, const struct skew *s)
{
    int64_t ahead_ns, capture_ns;
    bool known = clock_of_capture(j->f, &capture_ns);
    if (!greetings_say(j, &ahead_ns) || clock_is_right(capture_ns - ahead_ns))
        return;
    /* Two clocks that differ, and no third one: a note. */
    struct draft *d =
        finding_of_device(j, FINDING_CLOCK_SKEW, known ? SEVERITY_WARNING : SEVERITY_INFO);
    if (!d)
        return;
    d->x.value = capture_ns - ahead_ns;
    d->x.count = known ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
    d->f.port = HTTPS_PORT;
    d->f.proto = "TCP";
    d->f.count = facts_at(j->f, j->j.device)->hellos;
    d->f.first = s->first;
    d->f.last = s->last;
    prove_greetings(j, d, "this time");
    finding_tell(j, d);
}

static void server_finding(struct judge *j, const struct skew *s, const struct clocks *c)
{
    struct draft *d = finding_of_device(j, FINDING_NTP_WRONG_TIME, SEVERITY_WARNING);
    if (!d)
        return;
    fill(j, d, s, c->server_ns);
    d->x.count = c->confidence;
    buf_printf(&j->text, "%u other server%s the time that the capture has",
               witnesses(j->f, 0, RIGHT_NS, &s->server),
               witnesses(j->f, 0, RIGHT_NS, &s->server) == 1 ? " gives" : "s give");
    finding_prove(j, d);
    finding_tell(j, d);
}

void clock_judge(struct judge *j)
{
    const struct skew *s = facts_skew(j->f, j->j.device, false);
    /* A time server may have said that the clock is right. */
    if (s && s->count == 0 && facts_at(j->f, j->j.device)->time_ns == 0)
        greeting_finding(j, s);
    if (!s || s->count == 0)
        return;
    struct clocks c = s->from_reply ? clocks_asked(j->f, s) : clocks_alone(j->f, s);
    if (!clock_is_right(c.server_ns))
        server_finding(j, s, &c);
    if (!clock_is_right(c.device_ns))
        device_finding(j, s, &c);
    else if (s->from_reply && !clock_is_right(c.capture_ns))
        j->capture_clock_ns = c.capture_ns;
}

/* ---- the capture's ---- */

/* Dates that lie behind the clock of the capture may all have come from one cache. */
static bool may_be_old(const struct facts *f, int64_t offset_ns)
{
    const struct clock_samples *c = &f->clocks;
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->at[i].by_ntp && near(c->at[i].offset_ns, offset_ns, AGREE_NS))
            return false;
    }
    return offset_ns < 0;
}

void clock_of_capture_judge(struct judge *j, struct draft *d, int64_t offset_ns)
{
    uint32_t servers = witnesses(j->f, offset_ns, AGREE_NS, NULL);
    d->x.value = offset_ns;
    d->x.count = may_be_old(j->f, offset_ns) ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY;
    d->f.count = servers;
    buf_printf(&j->text, "%u server%s so", servers, servers == 1 ? " says" : "s say");
    finding_prove(j, d);
}

int64_t clock_lacks(const struct judge *j)
{
    int64_t offset_ns;
    if (!clock_of_capture(j->f, &offset_ns))
        offset_ns = j->capture_clock_ns;
    return clock_is_right(offset_ns) ? 0 : offset_ns;
}
