/* One connection, from accept to close. Before all of it, where there is TLS or a front that says
 * whom it speaks for: GREET, for greet_ms at most, then
 *
 *            first byte     complete head         body         http_reply     all sent
 *   IDLE ------------> HEAD ------------> (admit) ----> WORK ------------> WRITE ----> IDLE
 *    | idle_ms          | head_ms    \-> BODY ->/        | http_stream_begin  | write_ms
 *    v                  v 408             | body_ms 408  v                    v last answer
 *   close                                              STREAM --- end ----> LINGER -> close
 *
 * conn_enter is the only place that changes the state; it sets the deadline, which no byte
 * extends, and how much may be read. One request is in work at a time: what is pipelined behind it
 * waits in the input buffer, which takes one head at most, or in the kernel.
 *
 * Any call of a hook, a handler or a closed_fn may free the connection: it is the last thing each
 * function here does. */
#include "daemon/http_inner.h"
#include "daemon/proxy.h"
#include "daemon/tls.h"

#include <stdlib.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

static void conn_enter(struct http_conn *conn, enum http_conn_state state);
static void conn_readable(struct bufferevent *bev, void *arg);
static void conn_take_proxy(struct http_conn *conn);
static void conn_next(struct http_conn *conn);
static void conn_take_head(struct http_conn *conn);
static void conn_headed(struct http_conn *conn);
static void conn_await_body(struct http_conn *conn);
static void conn_take_body(struct http_conn *conn);
static void conn_take_piece(struct http_conn *conn);
static void conn_handle(struct http_conn *conn);
static void conn_problem(struct http_conn *conn, int status, const char *reason);
static void conn_written(struct bufferevent *bev, void *arg);
static void conn_drained(struct http_conn *conn);
static void conn_answered(struct http_conn *conn);
static void conn_event(struct bufferevent *bev, short what, void *arg);
static void conn_ended(struct http_conn *conn);
static void conn_late(evutil_socket_t fd, short what, void *arg);

static struct evbuffer *conn_input(const struct http_conn *conn)
{
    return bufferevent_get_input(conn->bev);
}

void http_conn_new(struct http_server *server, int fd, const struct peer *peer, bool is_unix)
{
    struct http_conn *conn = mem_new(1, sizeof *conn);

    conn->server = server;
    conn->peer = *peer;
    conn->has_tls = !is_unix && server->tls;
    conn->awaits_proxy = is_unix && server->has_proxy;
    conn->bev = conn->has_tls ? tls_accept(server->tls, server->base, fd)
                              : bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
    conn->deadline = evtimer_new(server->base, conn_late, conn);
    if (!conn->bev || !conn->deadline)
        bug("out of memory: connection");
    bufferevent_setcb(conn->bev, conn_readable, conn_written, conn_event, conn);
    LIST_INSERT_HEAD(&server->conns, conn, entry);
    server->stats.connections_n++;
    bufferevent_enable(conn->bev, EV_WRITE);
    conn_enter(conn, conn->has_tls || conn->awaits_proxy ? CONN_GREET : CONN_IDLE);
}

void http_conn_free(struct http_conn *conn)
{
    struct http_server *server = conn->server;
    struct http_exchange *x = conn->x;

    if (x)
        x->conn = NULL;
    if (x && conn->state == CONN_BODY)
        http_exchange_free(x);
    LIST_REMOVE(conn, entry);
    server->stats.connections_n--;
    peer_table_drop(server->peers, &conn->peer);
    event_free(conn->deadline);
    bufferevent_free(conn->bev);
    free(conn);
    http_server_settle(server);
}

void http_conn_drop(struct http_conn *conn)
{
    struct http_exchange *x = conn->state == CONN_BODY ? NULL : conn->x;
    http_closed_fn closed = x ? x->closed : NULL;

    http_conn_free(conn);
    if (!closed)
        return;
    x->closed = NULL;
    closed(x, x->closed_arg);
}

/* --- states ------------------------------------------------------------------------------- */

/* 0: none; the operation has its own. */
static int conn_deadline_ms(const struct http_conn *conn)
{
    const struct http_limits *limits = &conn->server->limits;

    switch (conn->state) {
    case CONN_GREET:
        return limits->greet_ms;
    case CONN_IDLE:
        return limits->idle_ms;
    case CONN_HEAD:
        return limits->head_ms;
    case CONN_BODY:
    case CONN_SINK: /* at most HEAD_BODY_MAX bytes, so it fits */
        return limits->body_ms +
               (int)(conn->x->head.content_length * 1000 / limits->body_bytes_per_s);
    case CONN_WORK:
    case CONN_STREAM:
        return 0;
    case CONN_WRITE:
        return limits->write_ms;
    case CONN_LINGER:
        return limits->linger_ms;
    }
    return 0;
}

static void conn_arm(struct http_conn *conn, int ms)
{
    struct timeval tv = {ms / 1000, ms % 1000 * 1000L};

    evtimer_add(conn->deadline, &tv);
}

static void conn_enter(struct http_conn *conn, enum http_conn_state state)
{
    size_t body_bytes = 0; /* low and high mark alike: no call before all of it is here */
    size_t most = state == CONN_SINK ? HTTP_PIECE_MAX : HEAD_BYTES_MAX;
    int ms;

    conn->state = state;
    evtimer_del(conn->deadline);
    ms = conn_deadline_ms(conn);
    if (ms > 0)
        conn_arm(conn, ms);

    /* Reading goes on while an operation works, else we would not see the client leave. */
    if (state == CONN_BODY)
        body_bytes = (size_t)conn->x->head.content_length;
    bufferevent_setwatermark(conn->bev, EV_READ, body_bytes, body_bytes ? body_bytes : most);
    if (!conn->has_ended)
        bufferevent_enable(conn->bev, EV_READ);
}

/* --- reading ------------------------------------------------------------------------------ */

static void conn_readable(struct bufferevent *bev, void *arg)
{
    struct http_conn *conn = arg;

    switch (conn->state) {
    case CONN_GREET:
        if (conn->awaits_proxy)
            conn_take_proxy(conn);
        break;
    case CONN_IDLE:
        if (evbuffer_get_length(conn_input(conn)) == 0)
            break; /* a late echo of http_conn_sink_go_on */
        conn_enter(conn, CONN_HEAD);
        conn_take_head(conn);
        break;
    case CONN_HEAD:
        conn_take_head(conn);
        break;
    case CONN_BODY:
        conn_take_body(conn);
        break;
    case CONN_SINK:
        conn_take_piece(conn);
        break;
    case CONN_WORK:
    case CONN_WRITE:
        /* The next request; it waits. libevent 2.1 calls again and again while the input is at
         * its high watermark, so the watermark alone would spin. */
        if (evbuffer_get_length(conn_input(conn)) >= HEAD_BYTES_MAX)
            bufferevent_disable(bev, EV_READ);
        break;
    case CONN_STREAM:
    case CONN_LINGER:
        evbuffer_drain(conn_input(conn), evbuffer_get_length(conn_input(conn)));
        break;
    }
}

/* Who the front speaks for counts from here on, like one who came by himself. */
static void conn_take_proxy(struct http_conn *conn)
{
    struct http_server *server = conn->server;
    struct evbuffer *input = conn_input(conn);
    size_t n = evbuffer_get_length(input);
    struct peer peer = conn->peer;
    size_t bytes = 0;

    n = n > PROXY_BYTES_MAX ? PROXY_BYTES_MAX : n;
    switch (proxy_read(evbuffer_pullup(input, (ev_ssize_t)n), n, &peer, &bytes)) {
    case PROXY_INCOMPLETE:
        return;
    case PROXY_BROKEN:
        server->stats.refused_n++;
        http_conn_drop(conn);
        return;
    case PROXY_CLIENT:
        if (!peer_table_add(server->peers, &peer, server->limits.peer_connections_n)) {
            server->stats.refused_n++;
            http_conn_drop(conn);
            return;
        }
        conn->peer = peer;
        break;
    case PROXY_OWN:
        break;
    }
    evbuffer_drain(input, bytes);
    conn->awaits_proxy = false;
    conn_next(conn);
}

/* After an answer: what is here already counts as arriving now. */
static void conn_next(struct http_conn *conn)
{
    conn->scan = (struct head_scan){0};
    if (evbuffer_get_length(conn_input(conn)) > 0) {
        conn_enter(conn, CONN_HEAD);
        conn_take_head(conn);
    } else if (conn->has_ended || conn->server->is_draining) {
        http_conn_free(conn);
    } else {
        conn_enter(conn, CONN_IDLE);
    }
}

static void conn_take_head(struct http_conn *conn)
{
    struct evbuffer *input = conn_input(conn);
    size_t n = evbuffer_get_length(input);
    const char *bytes;

    if (n > HEAD_BYTES_MAX)
        n = HEAD_BYTES_MAX;
    bytes = (const char *)evbuffer_pullup(input, (ev_ssize_t)n);
    switch (head_scan(&conn->scan, bytes, n)) {
    case HEAD_INCOMPLETE:
        if (conn->has_ended)
            http_conn_free(conn);
        break;
    case HEAD_COMPLETE:
        conn->x = http_exchange_new(conn, bytes, conn->scan.bytes);
        evbuffer_drain(input, conn->scan.bytes);
        conn_headed(conn);
        break;
    case HEAD_REFUSED:
        conn_problem(conn, conn->scan.refusal.status, conn->scan.refusal.reason);
        break;
    }
}

static void conn_headed(struct http_conn *conn)
{
    struct http_server *server = conn->server;
    struct http_exchange *x = conn->x;
    struct head_refusal refusal;
    size_t body_bytes = server->limits.body_bytes;

    if (!http_exchange_parse(x, &refusal)) {
        conn_problem(conn, refusal.status, refusal.reason);
        return;
    }
    if (++conn->requests_n >= server->limits.requests_n)
        conn->must_close = true;
    conn_enter(conn, CONN_WORK);
    if (server->admit && !server->admit(x, &body_bytes, server->arg))
        return;
    if (x->head.content_length > (int64_t)body_bytes)
        conn_problem(conn, 413, "body too large");
    else if (x->is_deferred)
        conn_handle(conn);
    else if (x->head.content_length > 0)
        conn_await_body(conn);
    else
        conn_handle(conn);
}

static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

static void conn_await_body(struct http_conn *conn)
{
    size_t wanted = (size_t)conn->x->head.content_length;
    size_t here = evbuffer_get_length(conn_input(conn));

    conn_enter(conn, CONN_BODY);
    if (here >= wanted) {
        conn_take_body(conn);
    } else if (conn->has_ended) {
        http_conn_free(conn);
    } else if (conn->x->head.expect_continue && here == 0) {
        http_conn_send(conn, go_on, sizeof go_on - 1);
    }
}

/* The read watermark says that all of it is here. */
static void conn_take_body(struct http_conn *conn)
{
    struct http_exchange *x = conn->x;
    size_t n = (size_t)x->head.content_length;

    x->body = mem_new(n + 1, 1);
    x->body_bytes = n;
    x->body_left = 0;
    if (evbuffer_remove(conn_input(conn), x->body, n) != (int)n)
        bug("body of %zu bytes is not there", n);
    conn_handle(conn);
}

/* --- a body in pieces ---------------------------------------------------------------------- */

void http_conn_sink(struct http_conn *conn)
{
    if (conn->x->head.expect_continue && evbuffer_get_length(conn_input(conn)) == 0)
        http_conn_send(conn, go_on, sizeof go_on - 1);
    conn_enter(conn, CONN_SINK);
    bufferevent_trigger(conn->bev, EV_READ, BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

void http_conn_sink_go_on(struct http_conn *conn)
{
    if (conn->state == CONN_SINK && !conn->has_ended)
        bufferevent_enable(conn->bev, EV_READ);
    if (conn->state == CONN_SINK)
        bufferevent_trigger(conn->bev, EV_READ,
                            BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

/* All that is here of the body, at most one piece. Nothing is touched after the sink had it: it may
 * have answered. Called in vain when the sink has enough and nothing came. */
static void conn_take_piece(struct http_conn *conn)
{
    struct http_exchange *x = conn->x;
    struct evbuffer *input = conn_input(conn);
    size_t n = evbuffer_get_length(input);
    bool is_last;
    uint8_t *piece;

    if (x->is_paused)
        return;
    n = n > HTTP_PIECE_MAX ? HTTP_PIECE_MAX : n;
    n = n > x->body_left ? x->body_left : n;
    if (n == 0 && x->body_left > 0) {
        if (conn->has_ended)
            http_conn_drop(conn);
        return;
    }
    piece = mem_new(n + 1, 1);
    if (n > 0 && evbuffer_remove(input, piece, n) != (int)n)
        bug("a piece of %zu bytes is not there", n);
    x->body_left -= n;
    is_last = x->body_left == 0;
    /* Before the call, as there may be no connection after it. What comes meanwhile waits. */
    x->is_paused = true;
    bufferevent_disable(conn->bev, EV_READ);
    if (is_last)
        conn_enter(conn, CONN_WORK);
    if (x->sink(x, piece, n, is_last, x->sink_arg) && !is_last)
        http_body_go_on(x);
    free(piece);
}

static void conn_handle(struct http_conn *conn)
{
    struct http_server *server = conn->server;

    conn_enter(conn, CONN_WORK);
    server->stats.requests_n++;
    server->handler(conn->x, server->arg);
}

/* The rest of the input cannot be trusted, or is not wanted: this is the last answer. */
static void conn_problem(struct http_conn *conn, int status, const char *reason)
{
    struct http_server *server = conn->server;

    if (!conn->x)
        conn->x = http_exchange_new(conn, NULL, 0);
    conn->must_close = true;
    conn_enter(conn, CONN_WORK);
    server->stats.problems_n++;
    server->problem(conn->x, status, reason, server->arg);
}

/* --- writing ------------------------------------------------------------------------------ */

void http_conn_send(struct http_conn *conn, const void *bytes, size_t n)
{
    if (bufferevent_write(conn->bev, bytes, n) != 0)
        bug("out of memory: %zu bytes of output", n);
}

size_t http_conn_unsent(const struct http_conn *conn)
{
    return evbuffer_get_length(bufferevent_get_output(conn->bev));
}

void http_conn_finish(struct http_conn *conn)
{
    conn->x = NULL;
    if (http_conn_unsent(conn) > 0)
        conn_enter(conn, CONN_WRITE);
    else
        conn_answered(conn); /* a stream that was up to date */
}

void http_conn_stream(struct http_conn *conn)
{
    conn_enter(conn, CONN_STREAM);
    evbuffer_drain(conn_input(conn), evbuffer_get_length(conn_input(conn)));
}

void http_conn_hurry(struct http_conn *conn)
{
    if (!evtimer_pending(conn->deadline, NULL))
        conn_arm(conn, conn->server->limits.write_ms);
}

/* The output is empty. Also called when a 100 Continue has left. */
static void conn_written(struct bufferevent *bev, void *arg)
{
    struct http_conn *conn = arg;

    (void)bev;
    if (conn->state == CONN_WRITE)
        conn_answered(conn);
    else if (conn->state == CONN_STREAM)
        conn_drained(conn);
}

/* A stream is up to date; what comes next is its operation's. */
static void conn_drained(struct http_conn *conn)
{
    struct http_exchange *x = conn->x;
    http_drained_fn drained = x->drained;

    evtimer_del(conn->deadline);
    x->drained = NULL;
    if (drained)
        drained(x, x->drained_arg);
}

static void conn_answered(struct http_conn *conn)
{
    if (!conn->must_close) {
        conn_next(conn);
        return;
    }
    if (conn->has_ended) {
        http_conn_free(conn);
        return;
    }
    /* Closing now, with unread bytes of the client, would make the kernel send a reset, and the
     * client might lose the answer (RFC 9112 section 9.6). */
    if (conn->has_tls)
        tls_end(conn->bev);
    shutdown(bufferevent_getfd(conn->bev), SHUT_WR);
    conn_enter(conn, CONN_LINGER);
    evbuffer_drain(conn_input(conn), evbuffer_get_length(conn_input(conn)));
}

/* --- ending ------------------------------------------------------------------------------- */

static void conn_event(struct bufferevent *bev, short what, void *arg)
{
    (void)bev;
    if (what & BEV_EVENT_CONNECTED)
        conn_next(arg); /* TLS is agreed */
    else if (what & BEV_EVENT_ERROR)
        http_conn_drop(arg);
    else if (what & BEV_EVENT_EOF)
        conn_ended(arg);
}

/* The client sends no more. It may still wait for answers to what it has sent; but a request
 * that is not complete now never will be. */
static void conn_ended(struct http_conn *conn)
{
    struct http_exchange *x = conn->x;
    http_closed_fn closed;

    conn->has_ended = true;
    switch (conn->state) {
    case CONN_GREET:
    case CONN_IDLE:
    case CONN_HEAD:
    case CONN_BODY:
    case CONN_SINK:
    case CONN_STREAM:
    case CONN_LINGER:
        http_conn_drop(conn);
        break;
    case CONN_WRITE:
        break;
    case CONN_WORK:
        closed = x->closed;
        x->closed = NULL;
        if (closed)
            closed(x, x->closed_arg);
        break;
    }
}

static void conn_late(evutil_socket_t fd, short what, void *arg)
{
    struct http_conn *conn = arg;

    (void)fd, (void)what;
    if (conn->state == CONN_HEAD)
        conn_problem(conn, 408, "the head took too long");
    else if (conn->state == CONN_BODY)
        conn_problem(conn, 408, "the body took too long");
    else
        http_conn_drop(conn);
}
