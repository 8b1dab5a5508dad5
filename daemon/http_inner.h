/* What http.c (the server), http_conn.c (a connection) and http_exchange.c (a request and its
 * answer) share; nobody else includes this.
 *
 *   server 1 --- * conn 1 --- 0..1 exchange          the exchange may outlive conn and server */
#ifndef DAEMON_HTTP_INNER_H
#define DAEMON_HTTP_INNER_H

#include "base/buf.h"
#include "daemon/http.h"
#include "daemon/peer.h"

#include <sys/queue.h>
#include <time.h>

#define HTTP_DATE_BYTES 30       /* "Sun, 06 Nov 1994 08:49:37 GMT" and NUL */
#define HTTP_REQUEST_ID_BYTES 65 /* 64 and NUL */

struct bufferevent;
struct event;
struct http_listener;

struct http_server {
    struct event_base *base; /* borrowed */
    struct http_limits limits;
    http_handler_fn handler;
    http_admit_fn admit;     /* or NULL */
    http_problem_fn problem; /* never NULL */
    void *arg;               /* borrowed, of the three above */
    const struct tls *tls;   /* borrowed; NULL: none */
    bool has_proxy;          /* on unix sockets */

    LIST_HEAD(, http_listener) listeners; /* owned; empty once draining */
    LIST_HEAD(, http_conn) conns;         /* owned */
    LIST_HEAD(, http_exchange) exchanges; /* borrowed, only to orphan them at the end */
    struct peer_table *peers;             /* owned */
    struct event *accept_pause;           /* owned; pending: out of descriptors, not accepting */
    struct http_stats stats;
    int64_t date_s; /* the second that date[] shows */
    char date[HTTP_DATE_BYTES];

    bool is_draining;
    struct event *drain_turn;  /* owned */
    int64_t drain_due_mono_ms; /* 0: the first turn is still to come */
    void (*drain_done)(void *arg);
    void *drain_arg;
};

enum http_conn_state {
    CONN_GREET,  /* TLS is not agreed, or the PROXY header not whole */
    CONN_IDLE,   /* no byte of the next head is here */
    CONN_HEAD,   /* some are */
    CONN_BODY,   /* head admitted, waiting for the body; the exchange is the connection's */
    CONN_SINK,   /* the same, but the exchange is its operation's, which takes it piece by piece */
    CONN_WORK,   /* the exchange is with a hook, a handler, an operation; theirs from here on */
    CONN_STREAM, /* the same, headers sent */
    CONN_WRITE,  /* exchange given back, its answer is on the way */
    CONN_LINGER, /* our side is closed: waiting for theirs, so that the answer is not lost */
};

struct http_conn {
    struct http_server *server; /* borrowed, outlives each connection */
    struct bufferevent *bev;    /* owned, with its socket */
    struct event *deadline;     /* owned; the state's only timer */
    enum http_conn_state state;
    struct head_scan scan;   /* of the head under way */
    struct http_exchange *x; /* NULL in GREET, IDLE, HEAD, WRITE, LINGER */
    struct peer peer;
    unsigned requests_n;
    bool has_ended;  /* the client sends no more */
    bool must_close; /* after the present answer */
    bool has_tls;
    bool awaits_proxy; /* in GREET: its header is still to come */
    LIST_ENTRY(http_conn) entry;
};

struct http_exchange {
    struct http_server *server; /* borrowed; NULL once it is freed */
    struct http_conn *conn;     /* borrowed; NULL once it is closed */
    char *head_bytes;           /* owned; head points into it; NULL: no good head */
    struct head head;
    bool is_bodiless; /* the answer: a HEAD */
    char *body;       /* owned, NUL behind it; NULL: none, or not read */
    size_t body_bytes;
    bool is_deferred;  /* the body is not read here */
    size_t body_left;  /* bytes of it that the operation has not been given */
    bool is_paused;    /* the operation has enough for now */
    http_body_fn sink; /* in CONN_SINK */
    void *sink_arg;
    char request_id[HTTP_REQUEST_ID_BYTES];
    struct peer peer;
    void *arg; /* the operation's */
    http_closed_fn closed;
    void *closed_arg;
    http_drained_fn drained;
    void *drained_arg;
    int64_t stream_bytes; /* of a stream whose length is known, else 0 */
    struct buf headers;   /* of the answer, whole lines */
    unsigned replaced;    /* bit i: row i of the default headers is not wanted */
    LIST_ENTRY(http_exchange) entry;
};

/* --- http.c --- */
/* A connection or an exchange is gone: draining may be over. */
void http_server_settle(struct http_server *server);
/* The Date of now; borrowed, until the next call. */
const char *http_server_date(struct http_server *server);

/* --- http_conn.c --- */
/* fd is given; the peer is counted already. */
void http_conn_new(struct http_server *server, int fd, const struct peer *peer, bool is_unix);
/* Closes without a word. A given exchange is detached, its operation not told. */
void http_conn_free(struct http_conn *conn);
/* The same, and tells it. */
void http_conn_drop(struct http_conn *conn);
void http_conn_send(struct http_conn *conn, const void *bytes, size_t n);
size_t http_conn_unsent(const struct http_conn *conn);
/* The exchange was given back; its whole answer has been handed to http_conn_send. */
void http_conn_finish(struct http_conn *conn);
/* The body goes to x->sink from now on; again, after it had enough. */
void http_conn_sink(struct http_conn *conn);
void http_conn_sink_go_on(struct http_conn *conn);
/* From now on the exchange streams. */
void http_conn_stream(struct http_conn *conn);
/* Something was sent on a stream: it must be on its way within limits.write_ms. */
void http_conn_hurry(struct http_conn *conn);

/* --- http_exchange.c --- */
/* head: n bytes of a complete head, copied; NULL and 0 when there is none. */
struct http_exchange *http_exchange_new(struct http_conn *conn, const char *head, size_t n);
/* Parses the copy. False: *ret_refusal says why. */
bool http_exchange_parse(struct http_exchange *x, struct head_refusal *ret_refusal);
void http_exchange_free(struct http_exchange *x);
/* The hook of servers that set none. */
void http_problem_plain(struct http_exchange *x, int status, const char *reason, void *arg);

#endif
