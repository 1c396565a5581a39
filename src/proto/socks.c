/*
 * proto/socks: the messages before a SOCKS proxy lets bytes through.
 * SPDX-License-Identifier: MIT
 * RFC 1928 sections 3 to 6; RFC 1929 section 2; SOCKS 4 and 4a as their authors' memos describe them.
 *
 *     version 5, client:  05 n methods   [01 n user n password]   05 command 00 type address port
 *                server:  05 method      [01 status]              05 reply   00 type address port
 *     version 4, client:  04 command port address user NUL [name NUL]
 *                server:  00 reply port address
 */
#include "proto/socks.h"

#include "base/cursor.h"

#define TEXT_MAX 512 /* of a user or host name in version 4 */

enum {
    VERSION_4 = 4,
    VERSION_5 = 5,
    VERSION_AUTH = 1, /* of the exchange of user name and password */
    COMMAND_CONNECT = 1,
    GRANTED_4 = 90,
    GRANTED_5 = 0,
    METHOD_NONE = 0,
    METHOD_PASSWORD = 2,
    ADDRESS_V4 = 1,
    ADDRESS_NAME = 3,
    ADDRESS_V6 = 4,
};

enum stage {
    STAGE_START,
    STAGE_OPEN,     /* version 5: methods are agreed or being so */
    STAGE_PASSWORD, /* server: the verdict on the password comes first */
    STAGE_OVER,     /* client: has asked; server: has granted */
};

struct socks_session {
    uint8_t stage[2]; /* enum stage, by direction */
    bool refused;     /* or asked for what is no connection */
};

/* ---- messages; each is read from the front of a cursor ---- */

static void read_address(struct cursor *c)
{
    cur_skip(c, 1); /* reserved */
    switch (cur_u8(c)) {
    case ADDRESS_V4:
        cur_skip(c, 4);
        break;
    case ADDRESS_NAME:
        cur_skip(c, cur_u8(c));
        break;
    case ADDRESS_V6:
        cur_skip(c, 16);
        break;
    default:
        cur_fail(c, VERDICT_BAD);
        break;
    }
    cur_skip(c, 2); /* port */
}

static void read_text(struct cursor *c)
{
    for (unsigned n = 0; n <= TEXT_MAX; n++) {
        if (cur_u8(c) == 0)
            return;
    }
    cur_fail(c, VERDICT_BAD);
}

/* Fails unless the next byte is `value`. */
static void expect(struct cursor *c, uint8_t value)
{
    if (cur_u8(c) != value)
        cur_fail(c, VERDICT_BAD); /* has no effect where the byte was not there */
}

static enum stage read_request4(struct cursor *c, struct socks_session *s)
{
    uint8_t command = cur_u8(c);
    cur_skip(c, 2);
    uint32_t address = cur_be32(c);
    read_text(c);
    if (address > 0 && address < 256) /* 0.0.0.x: the name follows */
        read_text(c);
    s->refused |= c->verdict == VERDICT_OK && command != COMMAND_CONNECT;
    return STAGE_OVER;
}

static enum stage read_client(struct cursor *c, struct socks_session *s)
{
    uint8_t version = cur_u8(c);
    if (s->stage[DIR_TO_SERVER] == STAGE_START) {
        if (version == VERSION_4)
            return read_request4(c, s);
        if (version != VERSION_5)
            cur_fail(c, VERDICT_BAD);
        uint8_t methods = cur_u8(c);
        cur_skip(c, methods);
        if (methods == 0)
            cur_fail(c, VERDICT_BAD); /* stays SHORT where the byte is not there yet */
        return STAGE_OPEN;
    }
    if (version == VERSION_AUTH) {
        cur_skip(c, cur_u8(c));
        cur_skip(c, cur_u8(c));
        return STAGE_OPEN;
    }
    if (version != VERSION_5)
        cur_fail(c, VERDICT_BAD);
    uint8_t command = cur_u8(c);
    read_address(c);
    s->refused |= c->verdict == VERDICT_OK && command != COMMAND_CONNECT;
    return STAGE_OVER;
}

static enum stage read_method(struct cursor *c, struct socks_session *s)
{
    uint8_t method = cur_u8(c);
    /* GSSAPI wraps what follows; 255 means none. */
    s->refused |= c->verdict == VERDICT_OK && method != METHOD_NONE && method != METHOD_PASSWORD;
    return method == METHOD_PASSWORD ? STAGE_PASSWORD : STAGE_OPEN;
}

static enum stage read_server(struct cursor *c, struct socks_session *s)
{
    enum stage stage = (enum stage)s->stage[DIR_TO_CLIENT];
    if (stage == STAGE_PASSWORD) {
        expect(c, VERSION_AUTH);
        s->refused |= cur_u8(c) != 0;
        return STAGE_OPEN;
    }
    uint8_t version = cur_u8(c);
    if (stage == STAGE_START && version == VERSION_5)
        return read_method(c, s);
    bool five = stage == STAGE_OPEN;
    if (version != (five ? VERSION_5 : 0))
        cur_fail(c, VERDICT_BAD);
    uint8_t reply = cur_u8(c);
    if (five)
        read_address(c);
    else
        cur_skip(c, 6);
    s->refused |= c->verdict == VERDICT_OK && reply != (five ? GRANTED_5 : GRANTED_4);
    return STAGE_OVER;
}

/* ---- the dissector ---- */

static void socks_begin(void *session, const struct proto_begin *how, struct proto_env *env)
{
    (void)session;
    (void)how;
    (void)env;
}

static enum feed_state state_of(const struct socks_session *s)
{
    if (s->refused)
        return FEED_DONE;
    bool over = s->stage[DIR_TO_SERVER] == STAGE_OVER && s->stage[DIR_TO_CLIENT] == STAGE_OVER;
    return over ? FEED_UPGRADE : FEED_MORE;
}

static struct feed socks_data(void *session, enum dir dir, struct slice bytes,
                              const struct mark *first, const struct mark *at,
                              struct proto_env *env)
{
    struct socks_session *s = session;
    struct feed feed = {.state = FEED_MORE};
    (void)first;
    (void)at;
    (void)env;
    struct cursor c = cursor_of(bytes, VERDICT_SHORT);
    while (feed.state == FEED_MORE && cur_left(&c) > 0 && s->stage[dir] != STAGE_OVER) {
        enum stage next = dir == DIR_TO_SERVER ? read_client(&c, s) : read_server(&c, s);
        if (c.verdict == VERDICT_BAD)
            feed.state = FEED_NOT_MINE;
        if (c.verdict != VERDICT_OK)
            return feed;
        s->stage[dir] = (uint8_t)next;
        feed.take.consumed = bytes.len - cur_left(&c);
        feed.state = state_of(s);
    }
    return feed;
}

static struct feed socks_gap(void *session, enum dir dir, uint64_t len, const struct mark *at,
                             struct proto_env *env)
{
    (void)session;
    (void)dir;
    (void)len;
    (void)at;
    (void)env;
    return (struct feed){.state = FEED_DONE};
}

static void socks_end(void *session, const struct flow_end *how, struct proto_env *env)
{
    (void)session;
    (void)how;
    (void)env;
}

const struct proto_ops socks_ops = {
    .name = "socks",
    .session_size = sizeof(struct socks_session),
    .begin = socks_begin,
    .data = socks_data,
    .gap = socks_gap,
    .end = socks_end,
};

bool socks_is_greeting(struct slice bytes)
{
    struct socks_session s = {.refused = false};
    struct cursor c = cursor_of(bytes, VERDICT_SHORT);
    read_client(&c, &s);
    return c.verdict == VERDICT_OK && cur_left(&c) == 0 && !s.refused;
}
