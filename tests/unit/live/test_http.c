/*
 * Tests of live/http: what is answered, what is refused, and that nothing waits.
 * SPDX-License-Identifier: MIT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../../src/live/http.h"
#include "base/mark.h"
#include "unit.h"

#define ROUNDS     200
#define BIG_BYTES  3000000U
#define HUGE_BYTES 24000000U /* more than the kernel holds for a reader */

struct bench {
    struct http *http;
    unsigned asked; /* pages */
    int64_t now_ns;
};

static void page(void *ctx, const char *path, struct http_answer *a)
{
    struct bench *b = ctx;
    b->asked++;
    if (strcmp(path, "/big") == 0 || strcmp(path, "/huge") == 0) {
        for (size_t i = 0; i < (path[1] == 'b' ? BIG_BYTES : HUGE_BYTES); i++)
            buf_char(&a->body, 'x');
    } else if (strcmp(path, "/memory") == 0) {
        a->body.failed = true;
    } else if (strcmp(path, "/none") == 0) {
        a->status = 404;
        buf_str(&a->body, "nothing\n");
    } else {
        a->type = "application/json";
        buf_str(&a->body, "{}");
    }
}

static int set_up(void **state)
{
    static struct bench b;
    struct err err;
    b = (struct bench){0};
    b.http = http_open("127.0.0.1:0", page, &b, &err);
    assert_non_null(b.http);
    *state = &b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    http_close(b->http);
    return 0;
}

static int dial(const struct bench *b)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)http_port(b->http))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* As the loop does. */
static void serve(const struct bench *b)
{
    struct pollfd fds = {.fd = http_fd(b->http), .events = POLLIN};
    (void)poll(&fds, 1, http_wait_ms(b->http, 5));
    http_run(b->http, b->now_ns);
}

/* All that comes back until the server closes; the caller clears it. False when it does not close. */
static bool answer_of(const struct bench *b, int fd, struct buf *got)
{
    char bytes[65536];
    buf_init(got);
    for (int i = 0; i < ROUNDS; i++) {
        serve(b);
        ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno == ECONNRESET))
            return true;
        if (n > 0)
            buf_bytes(got, bytes, (size_t)n);
    }
    return false;
}

/* Sends a request and returns the answer, ended by NUL. */
static struct buf ask(const struct bench *b, const char *request)
{
    struct buf got;
    int fd = dial(b);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    assert_true(answer_of(b, fd, &got));
    assert_int_equal(close(fd), 0);
    buf_char(&got, '\0');
    return got;
}

static void expect(const struct bench *b, const char *request, const char *first, const char *has)
{
    struct buf got = ask(b, request);
    assert_true(slice_starts(buf_view(&got), first));
    assert_non_null(strstr(got.data, has));
    buf_clear(&got);
}

static void a_page_is_given_once_a_connection(void **state)
{
    struct bench *b = *state;
    expect(b, "GET /x HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\nGET /y HTTP/1.1\r\nHost: a\r\n\r\n",
           "HTTP/1.1 200", "\r\nContent-Type: application/json\r\n");
    assert_int_equal(b->asked, 1);
    expect(b, "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200", "\r\n\r\n{}");
    expect(b, "GET /x HTTP/1.1\r\nHost: [::1]:9180\r\n\r\n", "HTTP/1.1 200", "Connection: close");
}

static void head_has_no_body(void **state)
{
    struct bench *b = *state;
    struct buf got = ask(b, "HEAD /x HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_true(slice_starts(buf_view(&got), "HTTP/1.1 200"));
    assert_non_null(strstr(got.data, "Content-Length: 2\r\n"));
    assert_null(strstr(got.data, "{}"));
    buf_clear(&got);
}

static void other_methods_are_refused(void **state)
{
    struct bench *b = *state;
    static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "get", "TRACE"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        char request[128];
        (void)snprintf(request, sizeof request,
                       "%s /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
                       methods[i]);
        expect(b, request, "HTTP/1.1 405", "Allow: GET, HEAD\r\n");
    }
    assert_int_equal(b->asked, 0);
}

static void foreign_names_are_refused(void **state)
{
    struct bench *b = *state;
    expect(b, "GET /x HTTP/1.1\r\nHost: evil.example:9180\r\n\r\n", "HTTP/1.1 403", "by address");
    expect(b, "GET /x HTTP/1.1\r\nHost: ::1\r\n\r\n", "HTTP/1.1 403", "");
    expect(b, "GET /x HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n\r\n", "HTTP/1.1 403", "");
    assert_int_equal(b->asked, 0);
}

static void a_status_of_the_page_is_given(void **state)
{
    struct bench *b = *state;
    expect(b, "GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 404", "nothing\n");
    expect(b, "GET /memory HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 500", "\r\n\r\n");
}

static void a_large_page_is_whole(void **state)
{
    struct bench *b = *state;
    struct buf got = ask(b, "GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const char *body = strstr(got.data, "\r\n\r\n");
    assert_non_null(body);
    assert_int_equal(strlen(body + 4), BIG_BYTES);
    buf_clear(&got);
}

static void a_request_too_large_is_refused(void **state)
{
    struct bench *b = *state;
    struct buf got;
    static const char line[] = "X-Filler: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n";
    struct buf request;
    buf_init(&request);
    buf_str(&request, "GET /x HTTP/1.1\r\nHost: localhost\r\n");
    for (size_t i = 0; i < 2 * HTTP_REQUEST_MAX / (sizeof line - 1); i++)
        buf_str(&request, line);
    int fd = dial(b);
    assert_true(send(fd, request.data, request.len, MSG_NOSIGNAL) > 0);
    assert_true(answer_of(b, fd, &got));
    assert_int_equal(b->asked, 0);
    assert_int_equal(close(fd), 0);
    buf_clear(&got);
    buf_clear(&request);
}

static void a_body_is_not_read(void **state)
{
    struct bench *b = *state;
    struct buf got = ask(b, "GET /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello");
    assert_int_equal(b->asked, 0);
    buf_clear(&got);
}

/* Every prefix of a request: the server neither answers nor waits, and takes the next one. */
static void half_requests_hold_nothing_up(void **state)
{
    struct bench *b = *state;
    static const char request[] = "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (size_t len = 1; len + 1 < sizeof request - 1; len++) {
        int fd = dial(b);
        assert_int_equal(send(fd, request, len, MSG_NOSIGNAL), len);
        serve(b);
        serve(b);
        assert_int_equal(b->asked, 0);
        assert_int_equal(close(fd), 0);
        serve(b);
    }
    expect(b, request, "HTTP/1.1 200", "{}");
}

/* More than may be: the rest waits in the kernel, and gets its turn. */
static void connections_are_limited(void **state)
{
    struct bench *b = *state;
    int fds[HTTP_PER_HOST_MAX + 4];
    size_t count = sizeof fds / sizeof *fds;
    unsigned closed = 0;
    char byte;
    for (size_t i = 0; i < count; i++)
        fds[i] = dial(b);
    for (int i = 0; i < 10; i++)
        serve(b);
    for (size_t i = 0; i < count; i++)
        closed += recv(fds[i], &byte, 1, MSG_DONTWAIT) == 0;
    assert_int_equal(closed, count - HTTP_PER_HOST_MAX);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(close(fds[i]), 0);
    for (int i = 0; i < 10; i++)
        serve(b);
    expect(b, "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200", "{}");
}

static bool is_closed(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

/* Something happens on each of them every second, and they hold all places of their address. */
static void who_trickles_is_cut_off_at_the_deadline(void **state)
{
    struct bench *b = *state;
    int fds[HTTP_PER_HOST_MAX];
    for (size_t i = 0; i < HTTP_PER_HOST_MAX; i++)
        fds[i] = dial(b);
    for (int second = 0; second < HTTP_DEADLINE_S; second++) {
        b->now_ns = second * NS_PER_S;
        for (size_t i = 0; i < HTTP_PER_HOST_MAX; i++)
            assert_int_equal(send(fds[i], &"GET /xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"[second], 1, 0),
                             1);
        serve(b);
    }
    for (size_t i = 0; i < HTTP_PER_HOST_MAX; i++)
        assert_false(is_closed(fds[i]));
    b->now_ns = HTTP_DEADLINE_S * NS_PER_S;
    for (int i = 0; i < 10; i++)
        serve(b);
    for (size_t i = 0; i < HTTP_PER_HOST_MAX; i++) {
        assert_true(is_closed(fds[i]));
        assert_int_equal(close(fds[i]), 0);
    }
    expect(b, "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200", "{}");
}

/* The page is made and waits; its reader takes a little of it now and then. */
static void a_slow_reader_is_cut_off_too(void **state)
{
    struct bench *b = *state;
    static const char request[] = "GET /huge HTTP/1.1\r\nHost: localhost\r\n\r\n";
    char bytes[1000];
    int fd = dial(b);
    size_t got = 0;
    assert_int_equal(send(fd, request, sizeof request - 1, 0), sizeof request - 1);
    for (int second = 0; second <= HTTP_DEADLINE_S; second++) {
        b->now_ns = second * NS_PER_S;
        serve(b);
        ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        got += n > 0 ? (size_t)n : 0;
    }
    struct buf rest;
    assert_true(answer_of(b, fd, &rest));
    assert_int_equal(b->asked, 1);
    assert_true(got + rest.len < HUGE_BYTES);
    assert_int_equal(close(fd), 0);
    buf_clear(&rest);
}

static void addresses_are_checked(void **state)
{
    static const char *const bad[] = {
        "",
        "x",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "::1:9180",
        "[::1]",
        "[127.0.0.1]:80",
        "localhost:80",
        "1.2.3:80",
        "[::1:9180",
        "127.0.0.1:-1",
        ":9180",
        "9180x",
        "127.0.0.1:+80",
        "1111111111111111111111111111111111111111111111111111111111111111:80",
    };
    struct err err;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_null(http_open(bad[i], page, NULL, &err));
    struct http *h = http_open("0", page, NULL, &err); /* a port of 127.0.0.1 */
    assert_non_null(h);
    char taken[32];
    (void)snprintf(taken, sizeof taken, "127.0.0.1:%u", http_port(h));
    assert_null(http_open(taken, page, NULL, &err));
    assert_non_null(strstr(err.text, "cannot listen"));
    http_close(h);
    assert_int_equal(http_fd(NULL), -1);
    assert_int_equal(http_wait_ms(NULL, 7), 7);
    http_run(NULL, 0);
    http_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_page_is_given_once_a_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(head_has_no_body, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_methods_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(foreign_names_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_status_of_the_page_is_given, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_large_page_is_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_too_large_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_body_is_not_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(half_requests_hold_nothing_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(connections_are_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_trickles_is_cut_off_at_the_deadline, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slow_reader_is_cut_off_too, set_up, tear_down),
        cmocka_unit_test(addresses_are_checked),
    };
    return cmocka_run_group_tests_name("live/http", tests, NULL, NULL);
}
