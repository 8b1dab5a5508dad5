/* One request and its one answer. The way back is always the same: http_reply, http_abandon or
 * http_stream_end detaches the exchange from its connection, if there still is one, and frees it.
 */
#include "daemon/http_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/id.h"

/* In every answer, unless http_add_header set another. */
static const struct {
    const char *name;
    const char *value;
} defaults[] = {
    {"X-Content-Type-Options",  "nosniff"                                   },
    {"Referrer-Policy",         "same-origin"                               },
    {"Cache-Control",           "no-store"                                  },
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
};

#define DEFAULTS_N (sizeof defaults / sizeof defaults[0])

/* Written here, so nobody else may. */
static const char *const reserved[] = {
    "Date", "Content-Type", "Content-Length", "Connection", "Transfer-Encoding", "X-Request-Id",
};

static const struct {
    int status;
    const char *phrase;
} phrases[] = {
    {200, "OK"                             },
    {201, "Created"                        },
    {202, "Accepted"                       },
    {204, "No Content"                     },
    {303, "See Other"                      },
    {304, "Not Modified"                   },
    {400, "Bad Request"                    },
    {401, "Unauthorized"                   },
    {403, "Forbidden"                      },
    {404, "Not Found"                      },
    {405, "Method Not Allowed"             },
    {406, "Not Acceptable"                 },
    {408, "Request Timeout"                },
    {409, "Conflict"                       },
    {410, "Gone"                           },
    {411, "Length Required"                },
    {412, "Precondition Failed"            },
    {413, "Content Too Large"              },
    {414, "URI Too Long"                   },
    {415, "Unsupported Media Type"         },
    {417, "Expectation Failed"             },
    {422, "Unprocessable Content"          },
    {428, "Precondition Required"          },
    {429, "Too Many Requests"              },
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"          },
    {501, "Not Implemented"                },
    {503, "Service Unavailable"            },
    {505, "HTTP Version Not Supported"     },
};

/* The phrase means nothing to a program; "" is allowed (RFC 9112 section 4). */
static const char *status_phrase(int status)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "";
}

/* --- coming and going --------------------------------------------------------------------- */

struct http_exchange *http_exchange_new(struct http_conn *conn, const char *head, size_t n)
{
    struct http_exchange *x = mem_new(1, sizeof *x);

    x->server = conn->server;
    x->conn = conn;
    if (head)
        x->head_bytes = mem_text_n(head, n);
    x->is_bodiless = conn->scan.method == METHOD_HEAD;
    x->peer = conn->peer;
    id_new("rid_", 0, clock_now_ms(), x->request_id);
    LIST_INSERT_HEAD(&x->server->exchanges, x, entry);
    x->server->stats.in_flight_n++;
    return x;
}

static bool is_request_id(const struct head_slice *s)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

    for (size_t i = 0; i < s->bytes; i++)
        if (!memchr(allowed, s->text[i], sizeof allowed - 1))
            return false;
    return s->bytes > 0 && s->bytes < HTTP_REQUEST_ID_BYTES;
}

bool http_exchange_parse(struct http_exchange *x, struct head_refusal *ret_refusal)
{
    const struct head_slice *id;

    if (!head_parse(x->head_bytes, x->conn->scan.bytes, &x->head, ret_refusal))
        return false;
    if (x->head.content_length > 0)
        x->body_left = (size_t)x->head.content_length;
    id = head_find(&x->head, "X-Request-Id");
    if (id && is_request_id(id)) {
        memcpy(x->request_id, id->text, id->bytes);
        x->request_id[id->bytes] = '\0';
    }
    return true;
}

void http_exchange_free(struct http_exchange *x)
{
    struct http_server *server = x->server;

    if (server) {
        LIST_REMOVE(x, entry);
        server->stats.in_flight_n--;
        http_server_settle(server);
    }
    free(x->head_bytes);
    free(x->body);
    buf_clear(&x->headers);
    free(x);
}

/* --- the request -------------------------------------------------------------------------- */

enum head_method http_method(const struct http_exchange *x)
{
    return x->head.method;
}

const struct head *http_head(const struct http_exchange *x)
{
    return &x->head;
}

const char *http_body(const struct http_exchange *x, size_t *ret_bytes)
{
    if (ret_bytes)
        *ret_bytes = x->body_bytes;
    return x->body ? x->body : "";
}

const struct peer *http_peer_of(const struct http_exchange *x)
{
    return &x->peer;
}

const char *http_peer(const struct http_exchange *x)
{
    return x->peer.text;
}

const char *http_request_id(const struct http_exchange *x)
{
    return x->request_id;
}

void http_set_arg(struct http_exchange *x, void *arg)
{
    x->arg = arg;
}

void *http_arg(const struct http_exchange *x)
{
    return x->arg;
}

void http_body_defer(struct http_exchange *x)
{
    x->is_deferred = true;
}

void http_body_begin(struct http_exchange *x, http_body_fn fn, void *arg)
{
    if (!x->is_deferred || !x->conn || x->sink)
        bug("no body to begin with");
    x->sink = fn;
    x->sink_arg = arg;
    http_conn_sink(x->conn);
}

void http_body_go_on(struct http_exchange *x)
{
    x->is_paused = false;
    if (x->conn)
        http_conn_sink_go_on(x->conn);
}

void http_on_closed(struct http_exchange *x, http_closed_fn closed, void *arg)
{
    x->closed = closed;
    x->closed_arg = arg;
}

bool http_is_gone(const struct http_exchange *x)
{
    return !x->conn;
}

/* --- the answer --------------------------------------------------------------------------- */

void http_add_header(struct http_exchange *x, const char *name, const char *value)
{
    size_t from;

    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (!strcasecmp(name, reserved[i]))
            bug("header %s is not for handlers", name);
    for (size_t i = 0; i < DEFAULTS_N; i++)
        if (!strcasecmp(name, defaults[i].name))
            x->replaced |= 1u << i;
    buf_printf(&x->headers, "%s: ", name);
    from = x->headers.bytes;
    buf_add_text(&x->headers, value);
    for (char *c = x->headers.text + from; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' '; /* a line end would start a header of its own */
    buf_add_text(&x->headers, "\r\n");
}

/* A 204 must not have a Content-Length, and that of a 304 would be another answer's. */
static bool status_has_body(int status)
{
    return status != 204 && status != 304;
}

static bool body_is_unread(const struct http_exchange *x)
{
    return x->body_left > 0;
}

/* Everything up to the empty line. length: -1 for a stream. */
static void answer_write_head(struct http_exchange *x, int status, const char *content_type,
                              int64_t length, struct buf *out)
{
    buf_printf(out, "HTTP/1.1 %d %s\r\nDate: %s\r\nX-Request-Id: %s\r\n", status,
               status_phrase(status), http_server_date(x->server), x->request_id);
    for (size_t i = 0; i < DEFAULTS_N; i++)
        if (!(x->replaced & 1u << i))
            buf_printf(out, "%s: %s\r\n", defaults[i].name, defaults[i].value);
    if (x->conn->has_tls)
        buf_add_text(out, "Strict-Transport-Security: max-age=63072000\r\n");
    buf_add_text(out, buf_text(&x->headers));
    if (content_type)
        buf_printf(out, "Content-Type: %s\r\n", content_type);
    if (length >= 0 && status_has_body(status))
        buf_printf(out, "Content-Length: %lld\r\n", (long long)length);
    if (x->conn->must_close)
        buf_add_text(out, "Connection: close\r\n");
    buf_add_text(out, "\r\n");
}

void http_reply(struct http_exchange *x, int status, const char *content_type, const void *body,
                size_t n)
{
    BUF_AUTO struct buf out = {0};
    struct http_conn *conn = x->conn;

    if (conn) {
        if (conn->state != CONN_WORK && conn->state != CONN_SINK)
            bug("answer in connection state %d", (int)conn->state);
        if (!x->head.keep_alive || body_is_unread(x) || x->server->is_draining)
            conn->must_close = true;
        answer_write_head(x, status, content_type, (int64_t)n, &out);
        http_conn_send(conn, out.text, out.bytes);
        if (!x->is_bodiless && status_has_body(status) && n > 0)
            http_conn_send(conn, body, n);
        http_conn_finish(conn);
    }
    http_exchange_free(x);
}

void http_abandon(struct http_exchange *x)
{
    if (x->conn)
        http_conn_free(x->conn);
    http_exchange_free(x);
}

void http_problem_plain(struct http_exchange *x, int status, const char *reason, void *arg)
{
    BUF_AUTO struct buf body = {0};

    (void)arg;
    buf_printf(&body,
               "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"}\n",
               status_phrase(status), status, reason);
    http_reply(x, status, "application/problem+json", body.text, body.bytes);
}

/* --- an answer without end ------------------------------------------------------------------ */

void http_stream_begin(struct http_exchange *x, int status, const char *content_type)
{
    BUF_AUTO struct buf out = {0};

    if (!x->conn)
        return;
    if (x->conn->state != CONN_WORK)
        bug("stream in connection state %d", (int)x->conn->state);
    x->conn->must_close = true;
    answer_write_head(x, status, content_type, x->stream_bytes ? x->stream_bytes : -1, &out);
    http_conn_stream(x->conn);
    http_conn_send(x->conn, out.text, out.bytes);
    http_conn_hurry(x->conn);
}

bool http_stream_write(struct http_exchange *x, const void *bytes, size_t n)
{
    if (!x->conn)
        return false;
    if (x->is_bodiless || n == 0)
        return true;
    if (http_conn_unsent(x->conn) + n > x->server->limits.stream_bytes) {
        http_conn_free(x->conn);
        return false;
    }
    http_conn_send(x->conn, bytes, n);
    http_conn_hurry(x->conn);
    return true;
}

void http_stream_length(struct http_exchange *x, int64_t bytes)
{
    x->stream_bytes = bytes;
}

void http_on_drained(struct http_exchange *x, http_drained_fn drained, void *arg)
{
    x->drained = drained;
    x->drained_arg = arg;
}

size_t http_stream_unsent(const struct http_exchange *x)
{
    return x->conn ? http_conn_unsent(x->conn) : 0;
}

void http_stream_end(struct http_exchange *x)
{
    if (x->conn)
        http_conn_finish(x->conn);
    http_exchange_free(x);
}
