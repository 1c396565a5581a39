/*
 * live/http: libmicrohttpd behind one epoll descriptor.
 * SPDX-License-Identifier: MIT
 *
 * The library runs without threads of its own (MHD_USE_EPOLL and MHD_run): its epoll descriptor is one
 * more in the loop's poll(2), and all it calls after it was opened is accept, recv, send and their kin.
 */
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mark.h"
#include "net/addr.h"

#define BACKLOG       16
#define PORT_TEXT_MAX 5
#define PORT_MAX      65535

/* A connection from when it was accepted on. */
struct visit {
    int fd; /* the library's; -1: free */
    int64_t since_ns;
};

struct http {
    struct MHD_Daemon *daemon;
    struct visit visits[HTTP_CONNECTIONS_MAX];
    int64_t now_ns;
    int fd; /* the daemon's epoll set */
    unsigned port;
    bool loopback; /* only this machine can ask */
    http_page_fn *page;
    void *ctx;
};

/* ---- where -------------------------------------------------------------------------------------- */

static bool parse_port(const char *text, uint16_t *port)
{
    size_t len = strspn(text, "0123456789");
    unsigned long value = strtoul(text, NULL, 10);
    *port = (uint16_t)value;
    return len > 0 && len <= PORT_TEXT_MAX && text[len] == '\0' && value <= PORT_MAX;
}

static bool parse_where(const char *where, struct ip_addr *addr, uint16_t *port)
{
    char text[ADDR_TEXT_SIZE + 2];
    const char *colon = strrchr(where, ':');
    size_t len = colon ? (size_t)(colon - where) : 0;
    (void)addr_parse(addr, "127.0.0.1");
    if (!colon)
        return parse_port(where, port);
    bool brackets = len > 2 && where[0] == '[' && where[len - 1] == ']';
    if (brackets) {
        where++;
        len -= 2;
    }
    if (len >= sizeof text || !parse_port(colon + 1, port))
        return false;
    memcpy(text, where, len);
    text[len] = '\0';
    return addr_parse(addr, text) && brackets == (addr->family == 6);
}

static socklen_t socket_address(const struct ip_addr *addr, uint16_t port,
                                struct sockaddr_storage *out)
{
    const uint8_t wire[2] = {(uint8_t)(port >> 8), (uint8_t)port};
    memset(out, 0, sizeof *out);
    if (addr->family == 4) {
        struct sockaddr_in v4 = {.sin_family = AF_INET};
        memcpy(&v4.sin_port, wire, sizeof wire);
        memcpy(&v4.sin_addr, addr->bytes, sizeof v4.sin_addr);
        memcpy(out, &v4, sizeof v4);
        return sizeof v4;
    }
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    memcpy(&v6.sin6_port, wire, sizeof wire);
    memcpy(&v6.sin6_addr, addr->bytes, sizeof v6.sin6_addr);
    memcpy(out, &v6, sizeof v6);
    return sizeof v6;
}

static unsigned bound_port(int fd)
{
    struct sockaddr_storage at;
    struct sockaddr_in v4;
    uint8_t wire[2];
    socklen_t len = sizeof at;
    memset(&at, 0, sizeof at);
    if (getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        return 0;
    /* The port stands at the same place for both families. */
    memcpy(&v4, &at, sizeof v4);
    memcpy(wire, &v4.sin_port, sizeof wire);
    return (unsigned)wire[0] << 8 | wire[1];
}

static int listen_at(const struct ip_addr *addr, uint16_t port, const char *where, struct err *err)
{
    struct sockaddr_storage to;
    char reason[ERR_REASON_SIZE];
    const int on = 1;
    socklen_t len = socket_address(addr, port, &to);
    int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, (const struct sockaddr *)&to, len) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    err_set(err, where, "cannot listen there for HTTP: %s; name another --http ADDRESS:PORT",
            err_reason(errno, reason));
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

/* ---- answering ---------------------------------------------------------------------------------- */

/* A page of some web site must not get at this one by a name of its own that it points here ("DNS
 * rebinding"): whoever means this machine names it by address, or as localhost. */
static bool host_is_ours(const struct http *h, struct MHD_Connection *connection)
{
    const char *host =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    struct ip_addr addr;
    char text[ADDR_TEXT_SIZE];
    if (!h->loopback || !host)
        return true;
    if (host[0] == '[')
        return true; /* an IPv6 address: no name begins so */
    size_t len = strcspn(host, ":");
    if (len >= sizeof text)
        return false;
    memcpy(text, host, len);
    text[len] = '\0';
    return addr_parse(&addr, text) || slice_eq_nocase(slice_str(text), slice_str("localhost"));
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, struct http_answer *a)
{
    static const char *const headers[][2] = {
        {MHD_HTTP_HEADER_CONNECTION, "close"},
        {MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
        {"X-Content-Type-Options", "nosniff"},
    };
    if (a->body.failed) {
        buf_clear(&a->body);
        a->status = MHD_HTTP_INTERNAL_SERVER_ERROR;
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(a->body.len, a->body.data, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        (void)MHD_add_response_header(response, headers[i][0], headers[i][1]);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, a->type);
    if (a->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result queued = MHD_queue_response(connection, a->status, response);
    MHD_destroy_response(response);
    return queued;
}

static void refuse(struct http_answer *a, unsigned status, const char *why)
{
    a->status = status;
    buf_str(&a->body, why);
}

/* The library's callback: once when the headers are there, then for each piece of a body, then to have
 * the answer. A request that is refused is so at once; one with a body is cut off. */
// NOLINTBEGIN(readability-function-size,readability-non-const-parameter): the library's type
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **state)
// NOLINTEND(readability-function-size,readability-non-const-parameter)
{
    struct http *h = ctx;
    struct http_answer a = {.status = MHD_HTTP_OK, .type = "text/plain; charset=utf-8"};
    bool reads =
        strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    bool ours = host_is_ours(h, connection);
    (void)version;
    (void)upload;
    if (*upload_size > 0)
        return MHD_NO;
    if (reads && ours && !*state) {
        *state = h;
        return MHD_YES;
    }
    buf_init(&a.body);
    if (!reads)
        refuse(&a, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    else if (!ours)
        refuse(&a, MHD_HTTP_FORBIDDEN, "ask by address, or as localhost\n");
    else
        h->page(h->ctx, url, &a);
    enum MHD_Result result = send_answer(connection, &a);
    buf_clear(&a.body);
    return result;
}

/* ---- deadlines ---------------------------------------------------------------------------------- */

static struct visit *visit_of(struct http *h, int fd)
{
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        if (h->visits[i].fd == fd)
            return &h->visits[i];
    }
    return NULL;
}

/* The library's callback when a connection was accepted and before its socket is closed. */
// NOLINTNEXTLINE(readability-non-const-parameter): the library's type
static void on_connection(void *ctx, struct MHD_Connection *connection, void **state,
                          enum MHD_ConnectionNotificationCode what)
{
    struct http *h = ctx;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    bool begins = what == MHD_CONNECTION_NOTIFY_STARTED;
    struct visit *visit = info ? visit_of(h, begins ? -1 : info->connect_fd) : NULL;
    (void)state;
    if (visit)
        *visit = (struct visit){begins ? info->connect_fd : -1, h->now_ns};
}

/* The library only knows silence: a byte a second would hold a connection for ever. It finds the socket
 * shut and closes it. */
static void end_visits(struct http *h)
{
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        const struct visit *v = &h->visits[i];
        if (v->fd >= 0 && h->now_ns - v->since_ns >= HTTP_DEADLINE_S * NS_PER_S)
            (void)shutdown(v->fd, SHUT_RDWR);
    }
}

/* ---- the server --------------------------------------------------------------------------------- */

static bool start(struct http *h, int listener)
{
    h->daemon = MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, on_request, h, MHD_OPTION_LISTEN_SOCKET, listener,
        MHD_OPTION_CONNECTION_LIMIT, HTTP_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        HTTP_PER_HOST_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_REQUEST_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, HTTP_SILENCE_S, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
        h, MHD_OPTION_END);
    if (!h->daemon)
        return false;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info)
        h->fd = info->epoll_fd;
    return info != NULL;
}

struct http *http_open(const char *where, http_page_fn *page, void *ctx, struct err *err)
{
    struct ip_addr addr;
    uint16_t port;
    if (!parse_where(where, &addr, &port)) {
        err_set(err, where, "is no ADDRESS:PORT to listen at; 127.0.0.1:9180 is one");
        return NULL;
    }
    int listener = listen_at(&addr, port, where, err);
    if (listener < 0)
        return NULL;
    struct http *h = calloc(1, sizeof *h);
    if (h) {
        *h = (struct http){.fd = -1, .page = page, .ctx = ctx};
        for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++)
            h->visits[i].fd = -1;
        h->port = bound_port(listener);
        h->loopback = addr_is_loopback(&addr);
        if (start(h, listener))
            return h;
    }
    err_set(err, where, "the HTTP server cannot start; raise the limit with ulimit -n");
    if (!h || !h->daemon)
        (void)close(listener);
    http_close(h);
    return NULL;
}

void http_close(struct http *h)
{
    if (h && h->daemon)
        MHD_stop_daemon(h->daemon);
    free(h);
}

int http_fd(const struct http *h)
{
    return h ? h->fd : -1;
}

int http_wait_ms(const struct http *h, int most)
{
    MHD_UNSIGNED_LONG_LONG wait = (MHD_UNSIGNED_LONG_LONG)most;
    if (!h || MHD_get_timeout(h->daemon, &wait) != MHD_YES)
        return most;
    return wait < (MHD_UNSIGNED_LONG_LONG)most ? (int)wait : most;
}

void http_run(struct http *h, int64_t steady_ns)
{
    if (!h)
        return;
    h->now_ns = steady_ns;
    end_visits(h);
    (void)MHD_run(h->daemon);
}

unsigned http_port(const struct http *h)
{
    return h->port;
}
