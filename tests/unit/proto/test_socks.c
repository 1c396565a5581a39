/*
 * tests/unit/proto/test_socks: openings that are granted, refused, cut, swapped.
 * SPDX-License-Identifier: MIT
 */
#include "proto/socks.h"
#include "unit.h"

#define BYTES(text) text, sizeof(text) - 1

#define GREETING5 "\x05\x01\x00"
#define PASSWORDS "\x05\x02\x00\x02"
#define PASSWORD  "\x01\x04user\x02pw"
#define CONNECT5           \
    "\x05\x01\x00\x03\x09" \
    "a.example\x01\xbb"
#define CONNECT5A "\x05\x01\x00\x01\x0a\x00\x00\x01\x01\xbb"
#define CONNECT56      \
    "\x05\x01\x00\x04" \
    "0123456789abcdef\x01\xbb"
#define BIND5    "\x05\x02\x00\x01\x0a\x00\x00\x01\x01\xbb"
#define GRANTED5 "\x05\x00\x00\x01\x0a\x00\x00\x01\x01\xbb"
#define REFUSED5 "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"
#define CONNECT4 "\x04\x01\x01\xbb\x0a\x00\x00\x01user\x00"
#define CONNECT4A                          \
    "\x04\x01\x01\xbb\x00\x00\x00\x01\x00" \
    "a.example\x00"
#define GRANTED4 "\x00\x5a\x01\xbb\x0a\x00\x00\x01"
#define REFUSED4 "\x00\x5b\x00\x00\x00\x00\x00\x00"

struct talk {
    uint8_t session[16];
    size_t left[2]; /* bytes not consumed */
    enum feed_state state;
};

static void never(void *ctx, const struct tx *tx)
{
    (void)ctx;
    (void)tx;
    fail();
}

static void talk_begin(struct talk *t)
{
    *t = (struct talk){.state = FEED_MORE};
    assert_true(socks_ops.session_size <= sizeof t->session);
    struct proto_env env = {.arena = NULL, .emit = never, .ctx = NULL};
    socks_ops.begin(t->session, &(struct proto_begin){.server_port = 1080}, &env);
}

/* One direction, `step` bytes at a time. */
static void say(struct talk *t, enum dir dir, const char *data, size_t len, size_t step)
{
    struct mark at = {NS_PER_S, 1, 0};
    struct proto_env env = {.arena = NULL, .emit = never, .ctx = NULL};
    size_t from = 0;
    for (size_t shown = step; t->state == FEED_MORE; shown += step) {
        if (shown > len)
            shown = len;
        uint8_t *copy = unit_copy(data + from, shown - from);
        struct feed feed =
            socks_ops.data(t->session, dir, slice_of(copy, shown - from), &at, &at, &env);
        free(copy);
        from += feed.take.consumed;
        assert_true(from <= shown);
        t->state = feed.state;
        if (shown == len)
            break;
    }
    t->left[dir] = len - from;
}

static const struct {
    const char *client;
    size_t client_len;
    const char *server;
    size_t server_len;
    enum feed_state state;
} talks[] = {
    {BYTES(GREETING5 CONNECT5), BYTES("\x05\x00" GRANTED5), FEED_UPGRADE},
    {BYTES(GREETING5 CONNECT5A), BYTES("\x05\x00" GRANTED5), FEED_UPGRADE},
    {BYTES(GREETING5 CONNECT56), BYTES("\x05\x00" GRANTED5), FEED_UPGRADE},
    {BYTES(PASSWORDS PASSWORD CONNECT5), BYTES("\x05\x02\x01\x00" GRANTED5), FEED_UPGRADE},
    {BYTES(CONNECT4), BYTES(GRANTED4), FEED_UPGRADE},
    {BYTES(CONNECT4A), BYTES(GRANTED4), FEED_UPGRADE},
    {BYTES(GREETING5 CONNECT5), BYTES("\x05\x00" REFUSED5), FEED_DONE},
    {BYTES(PASSWORDS PASSWORD), BYTES("\x05\x02\x01\x01"), FEED_DONE},
    {BYTES(GREETING5), BYTES("\x05\xff"), FEED_DONE},
    {BYTES(GREETING5 BIND5), BYTES("\x05\x00" GRANTED5), FEED_DONE},
    {BYTES(CONNECT4), BYTES(REFUSED4), FEED_DONE},
    {BYTES("\x06\x01\x00"), BYTES(""), FEED_NOT_MINE},
    {BYTES("\x05\x00"), BYTES(""), FEED_NOT_MINE},
    {BYTES(GREETING5 "GET"), BYTES(""), FEED_NOT_MINE},
    {BYTES(GREETING5 "\x05\x01\x00\x02\x00"), BYTES(""), FEED_NOT_MINE},
    {BYTES(GREETING5 CONNECT5), BYTES("\x05\x00\x04"), FEED_NOT_MINE},
};

static void test_talks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof talks / sizeof talks[0]; i++) {
        for (size_t step = 1; step < 40; step++) {
            struct talk t;
            talk_begin(&t);
            say(&t, DIR_TO_SERVER, talks[i].client, talks[i].client_len, step);
            say(&t, DIR_TO_CLIENT, talks[i].server, talks[i].server_len, step);
            assert_int_equal(t.state, talks[i].state);
        }
    }
}

/* A mirror port may show the proxy's side first. */
static void test_server_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < 7; i++) {
        struct talk t;
        talk_begin(&t);
        say(&t, DIR_TO_CLIENT, talks[i].server, talks[i].server_len, 100);
        if (t.state == FEED_MORE)
            say(&t, DIR_TO_SERVER, talks[i].client, talks[i].client_len, 100);
        assert_int_equal(t.state, talks[i].state);
    }
}

static void test_prefixes_wait(void **state)
{
    (void)state;
    static const char client[] = PASSWORDS PASSWORD CONNECT5;
    static const char server[] = "\x05\x02\x01\x00" GRANTED5;
    for (size_t len = 0; len < sizeof server - 1; len++) {
        struct talk t;
        talk_begin(&t);
        say(&t, DIR_TO_SERVER, client, sizeof client - 1, 100);
        say(&t, DIR_TO_CLIENT, server, len, 100);
        assert_int_equal(t.state, FEED_MORE);
    }
    for (size_t len = 0; len < sizeof client - 1; len++) {
        struct talk t;
        talk_begin(&t);
        say(&t, DIR_TO_SERVER, client, len, 100);
        say(&t, DIR_TO_CLIENT, server, sizeof server - 1, 100);
        assert_int_equal(t.state, FEED_MORE);
    }
}

static void test_rest_is_not_consumed(void **state)
{
    (void)state;
    static const char client[] = GREETING5 CONNECT5 "hello";
    static const char server[] = "\x05\x00" GRANTED5 "world!";
    struct talk t;
    talk_begin(&t);
    say(&t, DIR_TO_SERVER, client, sizeof client - 1, 100);
    say(&t, DIR_TO_CLIENT, server, sizeof server - 1, 100);
    assert_int_equal(t.state, FEED_UPGRADE);
    assert_int_equal(t.left[DIR_TO_SERVER], 5);
    assert_int_equal(t.left[DIR_TO_CLIENT], 6);
}

static void test_gap_ends_it(void **state)
{
    (void)state;
    struct talk t;
    talk_begin(&t);
    struct mark at = {NS_PER_S, 1, 0};
    struct proto_env env = {.arena = NULL, .emit = never, .ctx = NULL};
    assert_int_equal(socks_ops.gap(t.session, DIR_TO_CLIENT, 1, &at, &env).state, FEED_DONE);
    struct flow_end how = {.reason = END_FIN};
    socks_ops.end(t.session, &how, &env);
}

static void test_endless_name(void **state)
{
    (void)state;
    static const uint8_t head[8] = {4, 1, 1, 0xbb, 10, 0, 0, 1};
    char client[4096];
    memset(client, 'a', sizeof client);
    memcpy(client, head, sizeof head);
    struct talk t;
    talk_begin(&t);
    say(&t, DIR_TO_SERVER, client, sizeof client, 100);
    assert_int_equal(t.state, FEED_NOT_MINE);
}

static void test_greeting(void **state)
{
    (void)state;
    assert_true(socks_is_greeting(slice_of(BYTES(GREETING5))));
    assert_true(socks_is_greeting(slice_of(BYTES(CONNECT4A))));
    assert_false(socks_is_greeting(slice_of(BYTES(GREETING5 "x"))));
    assert_false(socks_is_greeting(slice_of(BYTES("\x05\x02\x00"))));
    assert_false(socks_is_greeting(slice_of(BYTES("GET"))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_talks),         cmocka_unit_test(test_server_first),
        cmocka_unit_test(test_prefixes_wait), cmocka_unit_test(test_rest_is_not_consumed),
        cmocka_unit_test(test_gap_ends_it),   cmocka_unit_test(test_endless_name),
        cmocka_unit_test(test_greeting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
