/* The server: limits, listening, counting, draining. What happens on a connection is in
 * http_conn.c, what an answer looks like in http_exchange.c. */
#include "daemon/http_inner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/listener.h>

#include "base/clock.h"
#include "base/log.h"

#define LISTEN_BACKLOG 1024
#define ACCEPT_PAUSE_MS 100

struct http_listener {
    struct http_server *server;    /* borrowed, outlives it */
    struct evconnlistener *events; /* owned, with the socket */
    int port;                      /* 0: not TCP */
    char *path;                    /* owned; NULL, or a unix socket of our making ... */
    dev_t device;                  /* ... which was this file */
    ino_t inode;
    LIST_ENTRY(http_listener) entry;
};

static void server_accepted(struct evconnlistener *events, evutil_socket_t fd,
                            struct sockaddr *address, int address_bytes, void *arg);
static void server_accept_failed(struct evconnlistener *events, void *arg);
static void server_accept_again(evutil_socket_t fd, short what, void *arg);
static void server_drain_turn(evutil_socket_t fd, short what, void *arg);

void http_limits_default(struct http_limits *ret_limits)
{
    *ret_limits = (struct http_limits){
        .head_ms = 10000,
        .body_ms = 10000,
        .body_bytes_per_s = 8192,
        .greet_ms = 5000,
        .idle_ms = 30000,
        .write_ms = 30000,
        .linger_ms = 1000,
        .drain_ms = 15000,
        .requests_n = 1000,
        .connections_n = 8000,
        .peer_connections_n = 64,
        .body_bytes = 65536,
        .stream_bytes = 262144,
    };
}

static void timer_arm(struct event *timer, int64_t ms)
{
    struct timeval tv = {ms / 1000, ms % 1000 * 1000};

    evtimer_add(timer, &tv);
}

struct http_server *http_server_new(struct event_base *base, const struct http_limits *limits,
                                    http_handler_fn handler, void *arg)
{
    struct http_server *server = mem_new(1, sizeof *server);

    (void)signal(SIGPIPE, SIG_IGN);
    server->base = base;
    server->limits = *limits;
    server->handler = handler;
    server->problem = http_problem_plain;
    server->arg = arg;
    server->date_s = -1;
    LIST_INIT(&server->listeners);
    LIST_INIT(&server->conns);
    LIST_INIT(&server->exchanges);
    server->peers = peer_table_new();
    server->accept_pause = evtimer_new(base, server_accept_again, server);
    server->drain_turn = evtimer_new(base, server_drain_turn, server);
    if (!server->accept_pause || !server->drain_turn)
        bug("out of memory: timers");
    return server;
}

void http_server_on_admit(struct http_server *server, http_admit_fn admit)
{
    server->admit = admit;
}

void http_server_on_problem(struct http_server *server, http_problem_fn problem)
{
    server->problem = problem;
}

void http_server_use_tls(struct http_server *server, const struct tls *tls)
{
    server->tls = tls;
}

void http_server_use_proxy(struct http_server *server)
{
    server->has_proxy = true;
}

/* --- listening ---------------------------------------------------------------------------- */

/* "127.0.0.1:80" and "[::1]:80"; nothing is looked up. */
static bool address_read(const char *where, struct sockaddr_storage *ret, socklen_t *ret_bytes)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    const char *colon = strrchr(where, ':');
    char host[INET6_ADDRSTRLEN + 2] = "";
    size_t host_bytes = colon ? (size_t)(colon - where) : 0;
    unsigned long port;

    if (host_bytes == 0 || host_bytes >= sizeof host || strlen(colon + 1) > 5 || !colon[1] ||
        colon[1 + strspn(colon + 1, "0123456789")])
        return false;
    port = strtoul(colon + 1, NULL, 10);
    if (port > 65535)
        return false;
    memcpy(host, where, host_bytes);
    v4.sin_port = v6.sin6_port = htons((uint16_t)port);
    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
        memcpy(ret, &v4, *ret_bytes = sizeof v4);
        return true;
    }
    if (host[0] != '[' || host[host_bytes - 1] != ']')
        return false;
    host[host_bytes - 1] = '\0';
    if (inet_pton(AF_INET6, host + 1, &v6.sin6_addr) != 1)
        return false;
    memcpy(ret, &v6, *ret_bytes = sizeof v6);
    return true;
}

static bool path_read(const char *path, struct sockaddr_storage *ret, socklen_t *ret_bytes)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (!path[0] || strlen(path) >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path, path, strlen(path));
    memcpy(ret, &address, *ret_bytes = sizeof address);
    return true;
}

/* Left behind by a process that was killed; anything but a socket stays, and bind fails. */
static void path_clean(const char *path)
{
    struct stat st;

    if (!lstat(path, &st) && S_ISSOCK(st.st_mode))
        unlink(path);
}

static bool socket_prepare(int fd, int family)
{
    int on = 1;

    if (family == AF_UNIX)
        return true;
    if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on))
        return false;
    /* No delay is inherited by accepted sockets. */
    return !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) &&
           !setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) &&
           !setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static int port_of(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t bytes = sizeof address;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    getsockname(fd, (struct sockaddr *)&address, &bytes);
    memcpy(&v4, &address, sizeof v4);
    memcpy(&v6, &address, sizeof v6);
    if (address.ss_family == AF_INET)
        return ntohs(v4.sin_port);
    return address.ss_family == AF_INET6 ? ntohs(v6.sin6_port) : 0;
}

/* fd and path are given. */
static enum err_code listener_new(struct http_server *server, int fd, char *path, struct err *e)
{
    struct http_listener *listener = mem_new(1, sizeof *listener);
    struct http_listener *last;
    struct stat st;

    listener->server = server;
    listener->path = path;
    listener->port = port_of(fd);
    if (path && !lstat(path, &st)) {
        listener->device = st.st_dev;
        listener->inode = st.st_ino;
    }
    if (evutil_make_socket_nonblocking(fd) == 0)
        listener->events =
            evconnlistener_new(server->base, server_accepted, listener,
                               LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, LISTEN_BACKLOG, fd);
    if (!listener->events) {
        err_set(e, ERR_IO, "cannot listen: %s", strerror(errno));
        close(fd);
        free(path);
        free(listener);
        return ERR_IO;
    }
    evconnlistener_set_error_cb(listener->events, server_accept_failed);
    last = LIST_FIRST(&server->listeners);
    while (last && LIST_NEXT(last, entry))
        last = LIST_NEXT(last, entry);
    if (last)
        LIST_INSERT_AFTER(last, listener, entry);
    else
        LIST_INSERT_HEAD(&server->listeners, listener, entry);
    return ERR_OK;
}

static void listener_free(struct http_listener *listener)
{
    struct stat st;

    LIST_REMOVE(listener, entry);
    evconnlistener_free(listener->events);
    /* A successor may have put its own socket there by now. */
    if (listener->path && !lstat(listener->path, &st) && st.st_dev == listener->device &&
        st.st_ino == listener->inode)
        unlink(listener->path);
    free(listener->path);
    free(listener);
}

enum err_code http_server_listen(struct http_server *server, const char *where, struct err *e)
{
    struct sockaddr_storage address = {0};
    socklen_t bytes = 0;
    const char *path = strncmp(where, "unix:", 5) ? NULL : where + 5;
    int fd = -1;

    if (path ? !path_read(path, &address, &bytes) : !address_read(where, &address, &bytes))
        return err_set(e, ERR_CONFIG,
                       "not an address: \"%s\" (127.0.0.1:8080, [::1]:8080, unix:/path)", where);
    if (path)
        path_clean(path);
    fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || !socket_prepare(fd, address.ss_family) ||
        bind(fd, (struct sockaddr *)&address, bytes) || (path && chmod(path, 0660))) {
        err_set(e, ERR_IO, "cannot listen on %s: %s", where, strerror(errno));
        if (fd >= 0)
            close(fd);
        return ERR_IO;
    }
    return listener_new(server, fd, path ? mem_text(path) : NULL, e);
}

enum err_code http_server_listen_fd(struct http_server *server, int fd, struct err *e)
{
    return listener_new(server, fd, NULL, e);
}

int http_server_port(const struct http_server *server)
{
    const struct http_listener *listener;

    for (listener = LIST_FIRST(&server->listeners); listener; listener = LIST_NEXT(listener, entry))
        if (listener->port)
            return listener->port;
    return 0;
}

/* --- accepting ---------------------------------------------------------------------------- */

/* Over the limit we close at once rather than not accept: a full backlog would lock out the
 * others. */
static void server_accepted(struct evconnlistener *events, evutil_socket_t fd,
                            struct sockaddr *address, int address_bytes, void *arg)
{
    struct http_server *server = ((struct http_listener *)arg)->server;
    struct peer peer;

    (void)events, (void)address_bytes;
    peer_read(&peer, address);
    server->stats.accepted_n++;
    if (server->stats.connections_n >= server->limits.connections_n ||
        !peer_table_add(server->peers, &peer, server->limits.peer_connections_n)) {
        server->stats.refused_n++;
        close(fd);
        return;
    }
    http_conn_new(server, fd, &peer, address->sa_family == AF_UNIX);
}

/* Out of descriptors or memory: the listener stays readable, so without a pause the loop would
 * spin. */
static void server_accept_failed(struct evconnlistener *events, void *arg)
{
    struct http_server *server = ((struct http_listener *)arg)->server;
    struct http_listener *listener;

    (void)events;
    log_warning("accept_failed", "error=\"%s\" pause_ms=%d", strerror(errno), ACCEPT_PAUSE_MS);
    for (listener = LIST_FIRST(&server->listeners); listener; listener = LIST_NEXT(listener, entry))
        evconnlistener_disable(listener->events);
    timer_arm(server->accept_pause, ACCEPT_PAUSE_MS);
}

static void server_accept_again(evutil_socket_t fd, short what, void *arg)
{
    struct http_server *server = arg;
    struct http_listener *listener;

    (void)fd, (void)what;
    for (listener = LIST_FIRST(&server->listeners); listener; listener = LIST_NEXT(listener, entry))
        evconnlistener_enable(listener->events);
}

/* --- counting, telling the time ------------------------------------------------------------- */

void http_server_stats(const struct http_server *server, struct http_stats *ret_stats)
{
    *ret_stats = server->stats;
}

/* RFC 9110 section 5.6.7, in English whatever the locale. */
const char *http_server_date(struct http_server *server)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t now_s = (time_t)(clock_now_ms() / 1000);
    struct tm tm;

    if (now_s != server->date_s && gmtime_r(&now_s, &tm)) {
        server->date_s = now_s;
        snprintf(server->date, sizeof server->date, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
                 days + (size_t)tm.tm_wday * 3, (unsigned)tm.tm_mday % 100u,
                 months + (size_t)tm.tm_mon * 3, ((unsigned)tm.tm_year + 1900u) % 10000u,
                 (unsigned)tm.tm_hour % 100u, (unsigned)tm.tm_min % 100u,
                 (unsigned)tm.tm_sec % 100u);
    }
    return server->date;
}

/* --- stopping ----------------------------------------------------------------------------- */

static void server_close_all(struct http_server *server)
{
    while (!LIST_EMPTY(&server->conns))
        http_conn_drop(LIST_FIRST(&server->conns));
}

void http_server_drain(struct http_server *server, void (*done)(void *arg), void *arg)
{
    server->is_draining = true;
    server->drain_done = done;
    server->drain_arg = arg;
    evtimer_del(server->accept_pause);
    while (!LIST_EMPTY(&server->listeners))
        listener_free(LIST_FIRST(&server->listeners));
    timer_arm(server->drain_turn, 0);
}

/* Not at once: whoever lets go of the last connection is still in the middle of something. */
void http_server_settle(struct http_server *server)
{
    if (server->is_draining && server->drain_due_mono_ms)
        timer_arm(server->drain_turn, 0);
}

/* Nobody waits for an idle connection or for the end of a stream. */
static void drain_begin(struct http_server *server)
{
    struct http_conn *conn = LIST_FIRST(&server->conns);

    server->drain_due_mono_ms = clock_mono_ms() + server->limits.drain_ms;
    while (conn) {
        struct http_conn *next = LIST_NEXT(conn, entry);
        bool is_stream = conn->state == CONN_STREAM;

        if (is_stream || conn->state == CONN_IDLE || conn->state == CONN_GREET)
            http_conn_drop(conn);
        /* What is told of its stream's end may end others. */
        conn = is_stream ? LIST_FIRST(&server->conns) : next;
    }
}

static void server_drain_turn(evutil_socket_t fd, short what, void *arg)
{
    struct http_server *server = arg;
    int64_t left_ms;

    (void)fd, (void)what;
    if (!server->drain_due_mono_ms)
        drain_begin(server);
    left_ms = server->drain_due_mono_ms - clock_mono_ms();
    if (left_ms <= 0)
        server_close_all(server);
    if (left_ms > 0 && (server->stats.connections_n > 0 || server->stats.in_flight_n > 0)) {
        timer_arm(server->drain_turn, left_ms);
        return;
    }
    evtimer_del(server->drain_turn);
    server->is_draining = false;
    server->drain_done(server->drain_arg); /* may free the server */
}

void http_server_free(struct http_server *server)
{
    struct http_exchange *x;

    if (!server)
        return;
    server->is_draining = false;
    while (!LIST_EMPTY(&server->listeners))
        listener_free(LIST_FIRST(&server->listeners));
    server_close_all(server);
    while ((x = LIST_FIRST(&server->exchanges))) {
        LIST_REMOVE(x, entry);
        x->server = NULL;
    }
    peer_table_free(server->peers);
    event_free(server->accept_pause);
    event_free(server->drain_turn);
    free(server);
}
