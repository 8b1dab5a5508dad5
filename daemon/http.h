/* HTTP/1.1 connections over libevent: limits, reading, answering once. No evhttp (reliability.md
 * 6.1). Above this file there are only exchanges: one request, wholly read, and its one answer.
 *
 *   accept -> head -> admit -> body -> handler -> http_reply -> the next head, or close
 *
 * Who owns an exchange: when a hook or the handler is called, the exchange is given to it. It
 * stays valid, whether the client is still there or not, until exactly one of http_reply,
 * http_abandon or http_stream_end gives it back; after that the pointer is dead. So an operation
 * that waits need not know if the client has gone: its reply then only lets go of the exchange. */
#ifndef DAEMON_HTTP_H
#define DAEMON_HTTP_H

#include "base/err.h"
#include "daemon/head.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct http_server;
struct http_exchange;
struct peer;
struct tls;

/* All deadlines are total: bytes that arrive do not extend them. */
struct http_limits {
    int head_ms;                 /* H-1: first byte to complete head, then 408 */
    int body_ms;                 /* H-2: head to complete body, then 408; plus: */
    int body_bytes_per_s;        /*      length / this */
    int greet_ms;                /* H-9: accepted to TLS agreed or PROXY header read, then close */
    int idle_ms;                 /* H-3: between requests, then close */
    int write_ms;                /* H-4: answer to the last byte sent, then close */
    int linger_ms;               /* after a last answer: for the client to close first */
    int drain_ms;                /* http_server_drain: for what is in flight */
    unsigned requests_n;         /* H-3: on one connection */
    unsigned connections_n;      /* H-7: in all; above: accept and close */
    unsigned peer_connections_n; /* H-7: for one IPv4 address or IPv6 /64; not for unix peers */
    size_t body_bytes;           /* H-6: where no admit hook says otherwise */
    size_t stream_bytes;         /* unsent output of a stream; above: closed */
};

void http_limits_default(struct http_limits *ret_limits);

/* The request is wholly read. x is given. May reply before it returns. */
typedef void (*http_handler_fn)(struct http_exchange *x, void *arg);

/* The head is complete, no byte of the body was read and no 100 was sent. True: read a body of up
 * to *ret_body_bytes (preset to limits.body_bytes; a longer one is answered with 413), then call
 * the handler; x is not given. False: x was given and has been replied to or abandoned. Cannot
 * wait. */
typedef bool (*http_admit_fn)(struct http_exchange *x, size_t *ret_body_bytes, void *arg);

/* For an admit hook: the handler is called as soon as the head is complete, and takes the body
 * piece by piece with http_body_begin, or answers without it, which closes the connection. */
void http_body_defer(struct http_exchange *x);

/* The request cannot be read: x is given, to be answered with this status. http_head(x) is all zero
 * if the head was the trouble. reason: constant English, no input in it. The connection closes
 * after the answer. */
typedef void (*http_problem_fn)(struct http_exchange *x, int status, const char *reason, void *arg);

/* The client has closed its side, or the connection broke. A hint for an operation that waits:
 * called at most once, from the event loop only (never from within a function of this header),
 * never after x was given back. x remains valid; the operation may let go of it right here. A
 * reply is still allowed: a client that has only stopped sending gets it. A client that has
 * pipelined more than HEAD_BYTES_MAX bytes leaves unnoticed, until the reply. */
typedef void (*http_closed_fn)(struct http_exchange *x, void *arg);

/* --- server ------------------------------------------------------------------------------- */

/* Never NULL. base is borrowed and outlives the server; limits are copied; arg is handed to
 * handler and hooks. Ignores SIGPIPE in this process. */
struct http_server *http_server_new(struct event_base *base, const struct http_limits *limits,
                                    http_handler_fn handler, void *arg);
/* Without a hook every body up to limits.body_bytes is read, and problems are fixed JSON. */
void http_server_on_admit(struct http_server *server, http_admit_fn admit);
void http_server_on_problem(struct http_server *server, http_problem_fn problem);

/* From now on connections over TCP begin with TLS, NULL: without. tls is borrowed, until another
 * one takes its place; connections go on with what they began with. */
void http_server_use_tls(struct http_server *server, const struct tls *tls);
/* Those over unix sockets begin with a PROXY header (proxy.h); its client is the peer from there
 * on. */
void http_server_use_proxy(struct http_server *server);

/* where: "127.0.0.1:8080", "[::1]:8080" (port 0: any) or "unix:/path" (mode 0660; a stale socket
 * there is replaced). May be called several times. ERR_CONFIG: not such a text; ERR_IO. */
ERR_CHECK enum err_code http_server_listen(struct http_server *server, const char *where,
                                           struct err *e);
/* A socket that already listens (systemd). fd is given, also on failure. ERR_IO. */
ERR_CHECK enum err_code http_server_listen_fd(struct http_server *server, int fd, struct err *e);
/* Port of the first TCP listener; 0 if there is none. */
int http_server_port(const struct http_server *server);

/* Stops accepting, closes idle connections and streams, ends each connection with its present
 * answer, and calls done(arg) from the event loop once no connection and no exchange is left, at
 * the latest after limits.drain_ms; then all connections have been closed (http_closed_fn is
 * called), but exchanges may still be with their operations. done may free the server. */
void http_server_drain(struct http_server *server, void (*done)(void *arg), void *arg);
/* Closes everything at once; calls http_closed_fn of exchanges in work. These stay valid until
 * given back. NULL is fine. Not from within a handler or hook. */
void http_server_free(struct http_server *server);

struct http_stats {
    unsigned connections_n; /* open now */
    unsigned in_flight_n;   /* exchanges with a hook, a handler or an operation, streams too */
    uint64_t accepted_n;    /* since the start, from here on */
    uint64_t refused_n;     /* closed at once: H-7 */
    uint64_t requests_n;    /* given to the handler */
    uint64_t problems_n;    /* 4xx and 5xx of this layer */
};

void http_server_stats(const struct http_server *server, struct http_stats *ret_stats);

/* --- the request; everything is borrowed from x --------------------------------------------- */

enum head_method http_method(const struct http_exchange *x);
const struct head *http_head(const struct http_exchange *x);
/* Contiguous, and a NUL behind it; "" and 0 when there is none. ret_bytes may be NULL. */
const char *http_body(const struct http_exchange *x, size_t *ret_bytes);
const struct peer *http_peer_of(const struct http_exchange *x);
/* "192.0.2.1", "2001:db8::1" (no port) or "unix". */
const char *http_peer(const struct http_exchange *x);
/* The client's X-Request-Id if it is 1-64 of [A-Za-z0-9._-], else one made here. */
const char *http_request_id(const struct http_exchange *x);
/* A pointer that travels with x, NULL at first; borrowed, never looked at here. */
void http_set_arg(struct http_exchange *x, void *arg);
void *http_arg(const struct http_exchange *x);
/* NULL takes it back. */
void http_on_closed(struct http_exchange *x, http_closed_fn closed, void *arg);
/* True once the connection is closed: a reply would reach nobody. */
bool http_is_gone(const struct http_exchange *x);

/* Of a deferred body: the next piece, borrowed for the call, at most HTTP_PIECE_MAX bytes; n may be
 * 0 in the last one. True: the next one may come. False: not before http_body_go_on. May reply or
 * abandon before it returns. */
enum { HTTP_PIECE_MAX = 65536 };
typedef bool (*http_body_fn)(struct http_exchange *x, const void *bytes, size_t n, bool is_last,
                             void *arg);
/* From now on fn is called, from the event loop only, until it was told the last piece, x is given
 * back, or the client has gone or is too slow (H-2; http_on_closed). Not when http_is_gone. */
void http_body_begin(struct http_exchange *x, http_body_fn fn, void *arg);
void http_body_go_on(struct http_exchange *x);

/* --- the answer --------------------------------------------------------------------------- */

/* For the answer to come; both are copied. name is a constant of ours and none of Date,
 * Content-Type, Content-Length, Connection, Transfer-Encoding, X-Request-Id. Replaces the default
 * of Cache-Control, Content-Security-Policy, Referrer-Policy; other names may repeat. Control
 * characters in value become spaces. */
void http_add_header(struct http_exchange *x, const char *name, const char *value);

/* Answers and takes x. content_type may be NULL; body is copied. The body is left out for HEAD,
 * 204 and 304. Adds Date, Content-Length, X-Request-Id, X-Content-Type-Options, Referrer-Policy,
 * Cache-Control, Content-Security-Policy. Closes afterwards if the body was not read. */
void http_reply(struct http_exchange *x, int status, const char *content_type, const void *body,
                size_t n);
/* Takes x without an answer and closes the connection. */
void http_abandon(struct http_exchange *x);

/* An answer without end: headers now (no Content-Length, Connection: close), then bytes. x stays
 * with the operation. Closing by the client ends the stream: see http_closed_fn, http_is_gone. */
void http_stream_begin(struct http_exchange *x, int status, const char *content_type);
/* For a stream that has an end: its length, said before http_stream_begin. */
void http_stream_length(struct http_exchange *x, int64_t bytes);
/* False: the client has gone, or was just closed because limits.stream_bytes were unsent;
 * http_stream_end is still due. Never calls back. A client that takes longer than limits.write_ms
 * to catch up is closed too. Nothing is sent to a HEAD. */
bool http_stream_write(struct http_exchange *x, const void *bytes, size_t n);
/* Called once, from the event loop, when everything written so far has been taken by the kernel:
 * the time to write more. Never after x was given back or the client has gone (http_on_closed). */
typedef void (*http_drained_fn)(struct http_exchange *x, void *arg);
void http_on_drained(struct http_exchange *x, http_drained_fn drained, void *arg);
/* Bytes not yet taken by the kernel. */
size_t http_stream_unsent(const struct http_exchange *x);
/* Takes x; what is unsent is sent, then the connection closes. */
void http_stream_end(struct http_exchange *x);

#endif
