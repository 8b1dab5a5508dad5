/* Real sockets, server and clients in one loop. Deadlines are short; nothing sleeps for a fixed
 * time, each wait has a condition and an upper bound. */
#include "daemon/http.h"

#include "daemon/http_inner.h"
#include "tests/unit/daemon/messages.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "base/clock.h"
#include "base/log.h"

#define PATIENCE_MS 5000
#define HELD_MAX 80

/* What the server was asked, and what it is to do. The handler answers by path:
 *   /hold: not at all, the exchange goes to held[]; /stream: begins a stream and holds it;
 *   /sink: takes the body in pieces, pausing after each while sink_pauses, answers with their sum;
 *   /sink-no: answers the first piece with 403, /sink-leave abandons it, /sink-none answers before
 *   any; /empty: 204; /abandon: abandons; else 200 and "METHOD path body". */
struct fixture {
    struct event_base *base;
    struct http_server *server;
    struct http_limits limits;
    char unix_path[60];
    unsigned handled_n;
    unsigned admitted_n;
    unsigned closed_n;
    bool closed_abandons;
    bool drained;
    struct http_exchange *held[HELD_MAX];
    size_t held_n;
    int problem_status;
    bool sink_pauses;
    unsigned pieces_n;
    size_t sunk_bytes;
    unsigned long sunk_sum;
    struct http_exchange *sinking;
};

struct client {
    int fd;
    struct buf in; /* owned; all that came */
    bool ended;    /* the server closed */
};

static void note_closed(struct http_exchange *x, void *arg)
{
    struct fixture *f = arg;

    f->closed_n++;
    if (f->closed_abandons) {
        f->held_n = 0;
        http_abandon(x);
    }
}

static void hold(struct fixture *f, struct http_exchange *x)
{
    http_on_closed(x, note_closed, f);
    f->held[f->held_n++ % HELD_MAX] = x;
}

static bool sink(struct http_exchange *x, const void *bytes, size_t n, bool is_last, void *arg)
{
    struct fixture *f = arg;
    char path[200];
    char out[64];

    assert_true(n <= HTTP_PIECE_MAX);
    f->pieces_n++;
    f->sunk_bytes += n;
    for (size_t i = 0; i < n; i++)
        f->sunk_sum = f->sunk_sum * 31 + ((const unsigned char *)bytes)[i];
    assert_true(head_path_decode(http_head(x), path, sizeof path));
    if (!strcmp(path, "/sink-no")) {
        http_reply(x, 403, "text/plain", "no", 2);
        return false;
    }
    if (!strcmp(path, "/sink-leave")) {
        http_abandon(x);
        return false;
    }
    if (is_last) {
        f->sinking = NULL;
        snprintf(out, sizeof out, "sunk %zu %lu", f->sunk_bytes, f->sunk_sum);
        http_reply(x, 200, "text/plain", out, strlen(out));
    }
    return !f->sink_pauses;
}

static void answer(struct http_exchange *x, void *arg)
{
    struct fixture *f = arg;
    BUF_AUTO struct buf out = {0};
    char path[200];
    size_t body_bytes;
    const char *body = http_body(x, &body_bytes);

    f->handled_n++;
    if (!head_path_decode(http_head(x), path, sizeof path))
        path[0] = '\0';
    if (!strcmp(path, "/hold")) {
        hold(f, x);
    } else if (!strcmp(path, "/stream")) {
        hold(f, x);
        http_stream_begin(x, 200, "text/event-stream");
        http_stream_write(x, "retry: 5000\n\n", 13);
    } else if (!strcmp(path, "/sink-none")) {
        http_reply(x, 409, "text/plain", "never", 5);
    } else if (!strncmp(path, "/sink", 5)) {
        http_on_closed(x, note_closed, f);
        f->sinking = x;
        http_body_begin(x, sink, f);
    } else if (!strcmp(path, "/empty")) {
        http_reply(x, 204, NULL, NULL, 0);
    } else if (!strcmp(path, "/abandon")) {
        http_abandon(x);
    } else if (!strcmp(path, "/big")) {
        char *big = mem_new(8 << 20, 1);

        http_reply(x, 200, "application/octet-stream", big, 8 << 20);
        free(big);
    } else if (!strcmp(path, "/headers")) {
        http_add_header(x, "cache-control", "private, no-cache");
        http_add_header(x, "Location", "/a\r\nSet-Cookie: b");
        http_add_header(x, "Link", "<1>");
        http_add_header(x, "Link", "<2>");
        http_reply(x, 201, "text/plain", "made", 4);
    } else {
        buf_printf(&out, "%s %s ", head_method_name(http_method(x)), path);
        buf_add(&out, body, body_bytes);
        http_reply(x, 200, "text/plain", out.text, out.bytes);
    }
}

/* /secret is refused, /small takes 5 bytes. */
static bool admit(struct http_exchange *x, size_t *ret_body_bytes, void *arg)
{
    struct fixture *f = arg;
    char path[200];

    f->admitted_n++;
    if (!head_path_decode(http_head(x), path, sizeof path))
        return true;
    if (!strcmp(path, "/small"))
        *ret_body_bytes = 5;
    if (!strncmp(path, "/sink", 5)) {
        *ret_body_bytes = HEAD_BODY_MAX;
        http_body_defer(x);
    }
    if (strcmp(path, "/secret") != 0)
        return true;
    http_add_header(x, "WWW-Authenticate", "Bearer realm=\"liaison\"");
    http_reply(x, 401, "text/plain", "who?", 4);
    return false;
}

static void problem(struct http_exchange *x, int status, const char *reason, void *arg)
{
    struct fixture *f = arg;

    f->problem_status = status;
    http_reply(x, status, "text/plain", reason, strlen(reason));
}

static void note_drained(void *arg)
{
    ((struct fixture *)arg)->drained = true;
}

/* --- set-up --- */

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    if (!f)
        return -1;
    f->base = event_base_new();
    http_limits_default(&f->limits);
    snprintf(f->unix_path, sizeof f->unix_path, "/tmp/liaison-http-%d.sock", (int)getpid());
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    http_server_free(f->server);
    event_base_free(f->base);
    unlink(f->unix_path);
    free(f);
    return 0;
}

static void listen_on(struct fixture *f, const char *where)
{
    struct err e = {0};

    if (http_server_listen(f->server, where, &e) != ERR_OK)
        fail_msg("%s", e.detail);
}

/* After f->limits have been set as the test wants them. */
static void start(struct fixture *f)
{
    f->server = http_server_new(f->base, &f->limits, answer, f);
    http_server_on_admit(f->server, admit);
    listen_on(f, "127.0.0.1:0");
    assert_true(http_server_port(f->server) > 0);
}

/* --- clients --- */

static struct client connect_tcp(struct fixture *f)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    struct client c = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};

    to.sin_port = htons((uint16_t)http_server_port(f->server));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(c.fd >= 0);
    assert_int_equal(connect(c.fd, (struct sockaddr *)&to, sizeof to), 0);
    return c;
}

static struct client connect_unix(struct fixture *f)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct client c = {.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};

    snprintf(to.sun_path, sizeof to.sun_path, "%s", f->unix_path);
    assert_true(c.fd >= 0);
    assert_int_equal(connect(c.fd, (struct sockaddr *)&to, sizeof to), 0);
    return c;
}

static void client_close(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    buf_clear(&c->in);
}

/* One turn of the loop, then what the client has got by then. */
static void turn(struct fixture *f, struct client *c)
{
    char bytes[65536];
    ssize_t n;

    event_base_loop(f->base, EVLOOP_NONBLOCK);
    if (!c || c->fd < 0)
        return;
    n = recv(c->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0)
        buf_add(&c->in, bytes, (size_t)n);
    else if (n == 0 || errno != EAGAIN)
        c->ended = true;
}

/* Until the condition holds; it may use f and c. */
#define wait_for(f, c, condition)                                                                  \
    do {                                                                                           \
        int64_t late_mono_ms = clock_mono_ms() + PATIENCE_MS;                                      \
        while (!(condition)) {                                                                     \
            turn((f), (c));                                                                        \
            poll(NULL, 0, 1);                                                                      \
            if (clock_mono_ms() > late_mono_ms)                                                    \
                fail_msg("waited in vain for " #condition);                                        \
        }                                                                                          \
    } while (0)

/* As many bytes as the kernel takes while the loop runs; false when the server has closed. */
static bool send_bytes(struct fixture *f, struct client *c, const char *bytes, size_t n)
{
    int64_t late_mono_ms = clock_mono_ms() + PATIENCE_MS;

    while (n > 0 && clock_mono_ms() < late_mono_ms) {
        ssize_t sent = send(c->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent < 0 && errno != EAGAIN)
            return false;
        if (sent > 0) {
            bytes += sent;
            n -= (size_t)sent;
        }
        turn(f, c);
    }
    return n == 0;
}

static void say(struct fixture *f, struct client *c, const char *text)
{
    assert_true(send_bytes(f, c, text, strlen(text)));
}

static bool has(const struct client *c, const char *text)
{
    return strstr(buf_text(&c->in), text) != NULL;
}

static unsigned count(const struct client *c, const char *text)
{
    unsigned n = 0;

    for (const char *at = buf_text(&c->in); (at = strstr(at, text)); at++)
        n++;
    return n;
}

static void assert_has(const struct client *c, const char *text)
{
    if (!has(c, text))
        fail_msg("no \"%s\" in \"%s\"", text, buf_text(&c->in));
}

static void assert_lacks(const struct client *c, const char *text)
{
    if (has(c, text))
        fail_msg("\"%s\" in \"%s\"", text, buf_text(&c->in));
}

static struct http_stats stats(const struct fixture *f)
{
    struct http_stats s;

    http_server_stats(f->server, &s);
    return s;
}

/* Longer than the answer to anything takes; for things that must not happen. */
static void let_pass(struct fixture *f, struct client *c, int ms)
{
    int64_t until_mono_ms = clock_mono_ms() + ms;

    while (clock_mono_ms() < until_mono_ms) {
        turn(f, c);
        poll(NULL, 0, 1);
    }
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST(path, length) "POST " path " HTTP/1.1\r\nHost: a\r\nContent-Length: " length "\r\n"

/* --- answers --- */

static void test_an_answer_has_all_its_headers(void **state)
{
    static const char *const lines[] = {
        "HTTP/1.1 200 OK\r\n",
        "\r\nContent-Type: text/plain\r\n",
        "\r\nContent-Length: 7\r\n",
        "\r\nX-Content-Type-Options: nosniff\r\n",
        "\r\nReferrer-Policy: same-origin\r\n",
        "\r\nCache-Control: no-store\r\n",
        "\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n",
        "\r\nX-Request-Id: rid_",
        "\r\nDate: Tue, 03 Mar 2026 14:05:09 GMT\r\n",
        "\r\n\r\nGET /a ",
    };
    struct fixture *f = *state;
    struct client c;
    int64_t now_ms;

    start(f);
    assert_true(clock_read("2026-03-03T14:05:09Z", &now_ms));
    clock_set(now_ms);
    c = connect_tcp(f);
    say(f, &c, GET("/a"));
    wait_for(f, &c, has(&c, "GET /a "));
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        assert_has(&c, lines[i]);
    assert_lacks(&c, "Connection:");
    clock_set(-1);
    client_close(&c);
}

static void test_headers_of_the_handler_replace_defaults_and_cannot_be_split(void **state)
{
    struct fixture *f = *state;
    struct client c;

    start(f);
    c = connect_tcp(f);
    say(f, &c, GET("/headers"));
    wait_for(f, &c, has(&c, "made"));
    assert_has(&c, "HTTP/1.1 201 Created\r\n");
    assert_has(&c, "\r\ncache-control: private, no-cache\r\n");
    assert_lacks(&c, "no-store");
    assert_has(&c, "\r\nLocation: /a  Set-Cookie: b\r\n");
    assert_has(&c, "\r\nLink: <1>\r\nLink: <2>\r\n");
    client_close(&c);
}

#define ID_16 "0123456789abcDEF"
#define ID_64 ID_16 ID_16 ID_16 ID_16

static void test_a_request_id_is_echoed_if_it_is_a_good_one(void **state)
{
    static const struct {
        const char *sent, *expected;
    } cases[] = {
        {"a.B-c_9", "X-Request-Id: a.B-c_9\r\n"  },
        {"a b",     "X-Request-Id: rid_"         },
        {"",        "X-Request-Id: rid_"         },
        {"a<b",     "X-Request-Id: rid_"         },
        {ID_64,     "X-Request-Id: " ID_64 "\r\n"},
        {ID_64 "a", "X-Request-Id: rid_"         },
    };
    struct fixture *f = *state;

    start(f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct client c = connect_tcp(f);
        char text[300];

        snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: %s\r\n\r\n",
                 cases[i].sent);
        say(f, &c, text);
        wait_for(f, &c, has(&c, "GET / "));
        assert_has(&c, cases[i].expected);
        client_close(&c);
    }
}

static void test_a_head_request_gets_no_body(void **state)
{
    struct fixture *f = *state;
    struct client c;

    start(f);
    c = connect_tcp(f);
    say(f, &c, "HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n" GET("/b"));
    wait_for(f, &c, has(&c, "GET /b "));
    assert_has(&c, "Content-Length: 8\r\n");
    assert_lacks(&c, "HEAD /a");
    client_close(&c);
}

static void test_a_204_has_neither_body_nor_length(void **state)
{
    struct fixture *f = *state;
    struct client c;

    start(f);
    c = connect_tcp(f);
    say(f, &c, GET("/empty"));
    wait_for(f, &c, has(&c, "\r\n\r\n"));
    assert_has(&c, "HTTP/1.1 204 No Content\r\n");
    assert_lacks(&c, "Content-Length");
    client_close(&c);
}

/* --- one connection, many requests --- */

static void test_a_connection_is_used_again(void **state)
{
    struct fixture *f = *state;
    struct client c;

    start(f);
    c = connect_tcp(f);
    say(f, &c, GET("/a"));
    wait_for(f, &c, has(&c, "GET /a "));
    say(f, &c, POST("/b", "5") "\r\nhello");
    wait_for(f, &c, has(&c, "POST /b hello"));
    assert_false(c.ended);
    assert_int_equal(stats(f).accepted_n, 1);
    assert_int_equal(stats(f).requests_n, 2);
    assert_int_equal(stats(f).in_flight_n, 0);
    client_close(&c);
    wait_for(f, NULL, stats(f).connections_n == 0);
}

static void test_pipelined_requests_are_answered_in_order(void **state)
{
    struct fixture *f = *state;
    struct client c;

    start(f);
    c = connect_tcp(f);
    say(f, &c, GET("/1") POST("/2", "3") "\r\ntwo" GET("/3"));
    wait_for(f, &c, has(&c, "GET /3 "));
    assert_int_equal(count(&c, "HTTP/1.1 200 OK"), 3);
    assert_true(strstr(c.in.text, "GET /1 ") < strstr(c.in.text, "POST /2 two"));
    assert_true(strstr(c.in.text, "POST /2 two") < strstr(c.in.text, "GET /3 "));
    client_close(&c);
}

static void test_one_request_is_in_work_at_a_time(void **state)
{
    struct fixture *f = *state;
    struct client c;

    start(f);
    c = connect_tcp(f);
    say(f, &c, GET("/hold") GET("/2"));
    wait_for(f, &c, f->held_n == 1);
    let_pass(f, &c, 30);
    assert_int_equal(f->handled_n, 1);
    assert_int_equal(c.in.bytes, 0);
    http_reply(f->held[0], 200, "text/plain", "first", 5);
    wait_for(f, &c, has(&c, "GET /2 "));
    assert_has(&c, "first");
    client_close(&c);
}

static void test_what_is_pipelined_behind_a_waiting_request_stays_small(void **state)
{
    struct fixture *f = *state;
    struct client c;
    char junk[65536];
    size_t most = 0;
    bool full = false;

    start(f);
    memset(junk, 'a', sizeof junk);
    c = connect_tcp(f);
    say(f, &c, GET("/hold"));
    wait_for(f, &c, f->held_n == 1);
    for (int i = 0; i < 1000 && !full; i++) {
        size_t here;

        full = send(c.fd, junk, sizeof junk, MSG_DONTWAIT | MSG_NOSIGNAL) < 0;
        turn(f, &c);
        here = evbuffer_get_length(bufferevent_get_input(f->held[0]->conn->bev));
        most = here > most ? here : most;
    }
    assert_true(full); /* the server has stopped reading */
    assert_true(most <= HEAD_BYTES_MAX);
    client_close(&c);
    http_reply(f->held[0], 200, NULL, NULL, 0);
    wait_for(f, NULL, stats(f).connections_n == 0);
}

static void test_a_bad_request_after_a_good_one_is_the_last(void **state)
{
    struct fixture *f = *state;
    struct client c;

    start(f);
    c = connect_tcp(f);
    say(f, &c, GET("/a") "GET / HTTP/1.1\r\nHost : a\r\n\r\n" GET("/c"));
    wait_for(f, &c, c.ended);
    assert_has(&c, "GET /a ");
    assert_has(&c, "HTTP/1.1 400 Bad Request\r\n");
    assert_has(&c, "Connection: close\r\n");
    assert_lacks(&c, "GET /c ");
    assert_int_equal(f->handled_n, 1);
    client_close(&c);
}

static void test_the_last_request_of_a_connection_says_so(void **state)
{
    struct fixture *f = *state;
    struct client c;

    f->limits.requests_n = 3;
    start(f);
    c = connect_tcp(f);
    say(f, &c, GET("/1") GET("/2") GET("/3") GET("/4"));
    wait_for(f, &c, c.ended);
    assert_int_equal(f->handled_n, 3);
    assert_int_equal(count(&c, "Connection: close\r\n"), 1);
    client_close(&c);
}

static void test_a_client_may_ask_to_close(void **state)
{
    static const char *const requests[] = {
        "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /a HTTP/1.0\r\n\r\n",
    };
    struct fixture *f = *state;

    start(f);
    for (size_t i = 0; i < 2; i++) {
        struct client c = connect_tcp(f);

        say(f, &c, requests[i]);
        wait_for(f, &c, c.ended);
        assert_has(&c, "HTTP/1.1 200 OK\r\n");
        assert_has(&c, "Connection: close\r\n");
        assert_has(&c, "GET /a ");
        client_close(&c);
    }
}

static void test_a_request_may_come_byte_by_byte(void **state)
{
    static const char request[] = "\r\n" POST("/b", "5") "\r\nhello";
    struct fixture *f = *state;
    struct client c;

    start(f);
    listen_on(f, "[::1]:0");
    c = connect_tcp(f);
    for (size_t i = 0; i < sizeof request - 1; i++) {
        assert_true(send_bytes(f, &c, request + i, 1));
        let_pass(f, &c, 1);
    }
    wait_for(f, &c, has(&c, "POST /b hello"));
    client_close(&c);
}

/* --- bodies --- */

static void test_a_body_too_large_is_refused_before_it_is_read(void **state)
{
    struct fixture *f = *state;
    struct client c;

    start(f);
    c = connect_tcp(f);
    say(f, &c, POST("/a", "65537") "Expect: 100-continue\r\n\r\n");
    wait_for(f, &c, c.ended);
    assert_has(&c, "HTTP/1.1 413 ");
    assert_lacks(&c, "100 Continue");
    assert_has(&c, "Connection: close\r\n");
    client_close(&c);
    c = connect_tcp(f);
    say(f, &c, POST("/small", "6") "\r\n");
    wait_for(f, &c, c.ended);
    assert_has(&c, "HTTP/1.1 413 ");
    assert_int_equal(f->handled_n, 0);
    client_close(&c);
}

static void test_a_body_at_the_limit_is_taken(void **state)
{
    struct fixture *f = *state;
    struct client c;
    char body[65536];

    start(f);
    memset(body, 'b', sizeof body);
    c = connect_tcp(f);
    say(f, &c, POST("/a", "65536") "\r\n");
    assert_true(send_bytes(f, &c, body, sizeof body));
    say(f, &c, GET("/next"));
    wait_for(f, &c, has(&c, "GET /next "));
    assert_has(&c, "Content-Length: 65544\r\n");
    client_close(&c);
}

static void test_a_client_still_sending_gets_to_read_its_refusal(void **state)
{
    struct fixture *f = *state;
    struct client c;
    char body[65536];

    start(f);
    memset(body, 'b', sizeof body);
    c = connect_tcp(f);
    say(f, &c, POST("/a", "1000000") "\r\n");
    for (int i = 0; i < 16; i++)
        (void)send_bytes(f, &c, body, sizeof body);
    wait_for(f, &c, c.ended);
    assert_has(&c, "HTTP/1.1 413 ");
    client_close(&c);
}

static void test_who_may_not_is_told_before_the_body(void **state)
{
    struct fixture *f = *state;
    struct client c;

    start(f);
    c = connect_tcp(f);
    say(f, &c, POST("/secret", "5") "Expect: 100-continue\r\n\r\n");
    wait_for(f, &c, c.ended);
    assert_has(&c, "HTTP/1.1 401 Unauthorized\r\n");
    assert_has(&c, "WWW-Authenticate: Bearer");
    assert_has(&c, "Connection: close\r\n");
    assert_lacks(&c, "100 Continue");
    client_close(&c);

    c = connect_tcp(f); /* without a body there is no reason to close */
    say(f, &c, GET("/secret") GET("/a"));
    wait_for(f, &c, has(&c, "GET /a "));
    assert_lacks(&c, "Connection: close");
    client_close(&c);
}

static void test_a_client_that_asks_is_told_to_go_on(void **state)
{
    struct fixture *f = *state;
    struct client c;

    start(f);
    c = connect_tcp(f);
    say(f, &c, POST("/a", "5") "Expect: 100-continue\r\n\r\n");
    wait_for(f, &c, has(&c, "HTTP/1.1 100 Continue\r\n\r\n"));
    say(f, &c, "hello");
    wait_for(f, &c, has(&c, "POST /a hello"));
    client_close(&c);

    c = connect_tcp(f); /* the body is there already */
    say(f, &c, POST("/a", "5") "Expect: 100-continue\r\n\r\nhello");
    wait_for(f, &c, has(&c, "POST /a hello"));
    assert_lacks(&c, "100 Continue");
    client_close(&c);
}

static void test_a_body_cut_off_is_not_handled(void **state)
{
    struct fixture *f = *state;

    start(f);
    for (int half = 0; half < 2; half++) {
        struct client c = connect_tcp(f);

        say(f, &c, POST("/a", "5") "\r\nhell");
        wait_for(f, &c, stats(f).in_flight_n == 1);
        if (half)
            shutdown(c.fd, SHUT_WR);
        else
            client_close(&c);
        wait_for(f, &c, stats(f).connections_n == 0);
        assert_int_equal(c.in.bytes, 0);
        client_close(&c);
    }
    assert_int_equal(f->handled_n, 0);
    assert_int_equal(stats(f).in_flight_n, 0);
}

/* --- bodies in pieces --- */

static unsigned long sum_of(const char *bytes, size_t n)
{
    unsigned long sum = 0;

    for (size_t i = 0; i < n; i++)
        sum = sum * 31 + (unsigned char)bytes[i];
    return sum;
}

/* POST target with n bytes of some pattern, and a request behind it. Returns what it sums up to. */
static unsigned long say_long(struct fixture *f, struct client *c, const char *target, size_t n)
{
    BUF_AUTO struct buf text = {0};
    unsigned long sum;
    size_t from;

    buf_printf(&text, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", target, n);
    from = text.bytes;
    for (size_t i = 0; i < n; i++)
        buf_add(&text, &"abcdefghijklmnopqrstuvwxyz0123456789"[i * i % 36], 1);
    sum = sum_of(text.text + from, n);
    buf_add_text(&text, GET("/behind"));
    say(f, c, text.text);
    return sum;
}

static void test_a_deferred_body_comes_in_pieces(void **state)
{
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 1000000};
    struct fixture *f = *state;

    start(f);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct client c = connect_tcp(f);
        char expected[64];

        f->sunk_bytes = f->pieces_n = 0;
        f->sunk_sum = 0;
        snprintf(expected, sizeof expected, "sunk %zu %lu", sizes[i],
                 say_long(f, &c, "/sink", sizes[i]));
        wait_for(f, &c, has(&c, "GET /behind "));
        assert_has(&c, expected);
        assert_true(f->pieces_n > sizes[i] / HTTP_PIECE_MAX);
        client_close(&c);
    }
    assert_int_equal(f->closed_n, 0);
    wait_for(f, NULL, stats(f).connections_n == 0);
    assert_int_equal(stats(f).in_flight_n, 0);
}

static void test_a_paused_body_waits_outside(void **state)
{
    struct fixture *f = *state;
    struct client c;
    unsigned long sum;
    char expected[64];

    start(f);
    f->sink_pauses = true;
    c = connect_tcp(f);
    sum = say_long(f, &c, "/sink", 600000);
    snprintf(expected, sizeof expected, "sunk 600000 %lu", sum);
    while (f->sinking || f->pieces_n == 0) {
        unsigned n = f->pieces_n;

        if (f->sinking && n > 0)
            http_body_go_on(f->sinking);
        wait_for(f, &c, f->pieces_n == n + 1);
        for (int turn = 0; turn < 5; turn++)
            event_base_loop(f->base, EVLOOP_NONBLOCK);
        assert_int_equal(f->pieces_n, n + 1); /* no other one unasked */
    }
    wait_for(f, &c, has(&c, "GET /behind "));
    assert_has(&c, expected);
    client_close(&c);
}

static void test_a_deferred_body_may_be_answered_early(void **state)
{
    static const char *const paths[] = {"/sink-no", "/sink-none", "/sink-leave"};
    struct fixture *f = *state;

    start(f);
    for (size_t i = 0; i < 3; i++) {
        struct client c = connect_tcp(f);

        say_long(f, &c, paths[i], 300000);
        wait_for(f, &c, c.ended);
        assert_int_equal(has(&c, "403 Forbidden"), i == 0);
        assert_int_equal(has(&c, "409 Conflict"), i == 1);
        assert_lacks(&c, "GET /behind");
        client_close(&c);
        wait_for(f, NULL, stats(f).connections_n == 0);
        assert_int_equal(stats(f).in_flight_n, 0);
    }
}

static void test_a_deferred_body_that_breaks_off_is_told(void **state)
{
    struct fixture *f = *state;

    start(f);
    for (unsigned half = 0; half < 2; half++) {
        struct client c = connect_tcp(f);

        f->sunk_bytes = 0;
        say(f, &c, POST("/sink", "100") "\r\nhell");
        wait_for(f, &c, f->sunk_bytes == 4);
        if (half)
            shutdown(c.fd, SHUT_WR);
        else
            client_close(&c);
        wait_for(f, &c, f->closed_n == half + 1);
        http_abandon(f->sinking);
        wait_for(f, &c, stats(f).connections_n == 0);
        assert_int_equal(stats(f).in_flight_n, 0);
        client_close(&c);
    }
}

static void test_a_deferred_body_has_its_deadline(void **state)
{
    struct fixture *f = *state;
    struct client c;

    f->limits.body_ms = 50;
    start(f);
    c = connect_tcp(f);
    say(f, &c, POST("/sink", "100") "\r\nhell");
    wait_for(f, &c, f->closed_n == 1);
    http_abandon(f->sinking);
    wait_for(f, &c, c.ended);
    client_close(&c);
}

static void test_a_deferred_body_is_asked_for_when_it_is_wanted(void **state)
{
    struct fixture *f = *state;
    struct client c;

    start(f);
    c = connect_tcp(f);
    say(f, &c, POST("/sink", "5") "Expect: 100-continue\r\n\r\n");
    wait_for(f, &c, has(&c, "HTTP/1.1 100 Continue\r\n\r\n"));
    say(f, &c, "hello");
    wait_for(f, &c, has(&c, "sunk 5 "));
    client_close(&c);
    c = connect_tcp(f);
    say(f, &c, POST("/sink-none", "5") "Expect: 100-continue\r\n\r\n");
    wait_for(f, &c, c.ended);
    assert_has(&c, "409 Conflict");
    assert_lacks(&c, "100 Continue");
    client_close(&c);
    c = connect_tcp(f);
    say(f, &c, POST("/sink", "10485761") "\r\n");
    wait_for(f, &c, c.ended);
    assert_has(&c, "413 ");
    client_close(&c);
}

/* --- deadlines --- */

/* Sends one byte after the other until the server closes; returns how long that took. */
static int64_t drip(struct fixture *f, struct client *c)
{
    int64_t start_mono_ms = clock_mono_ms();

    while (!c->ended && clock_mono_ms() < start_mono_ms + PATIENCE_MS) {
        (void)send(c->fd, "a", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        let_pass(f, c, 5);
    }
    assert_true(c->ended);
    return clock_mono_ms() - start_mono_ms;
}

static void test_bytes_do_not_extend_the_time_for_a_head(void **state)
{
    struct fixture *f = *state;
    struct client c;
    int64_t took_ms;

    f->limits.head_ms = 100;
    f->limits.linger_ms = 50;
    start(f);
    c = connect_tcp(f);
    say(f, &c, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    took_ms = drip(f, &c);
    assert_has(&c, "HTTP/1.1 408 Request Timeout\r\n");
    assert_has(&c, "Connection: close\r\n");
    assert_true(took_ms >= 90 && took_ms < 1000);
    client_close(&c);
    wait_for(f, NULL, stats(f).connections_n == 0);
}

static void test_bytes_do_not_extend_the_time_for_a_body(void **state)
{
    struct fixture *f = *state;
    struct client c;
    int64_t took_ms;

    f->limits.body_ms = 50;
    f->limits.body_bytes_per_s = 10000; /* 1,000 bytes: 100 ms more */
    f->limits.linger_ms = 50;
    start(f);
    c = connect_tcp(f);
    say(f, &c, POST("/a", "1000") "\r\n");
    took_ms = drip(f, &c);
    assert_has(&c, "HTTP/1.1 408 ");
    assert_true(took_ms >= 140 && took_ms < 1000);
    assert_int_equal(f->handled_n, 0);
    client_close(&c);
}

static void test_an_idle_connection_is_closed_without_a_word(void **state)
{
    struct fixture *f = *state;
    struct client c;

    f->limits.idle_ms = 50;
    start(f);
    c = connect_tcp(f);
    wait_for(f, &c, c.ended);
    assert_int_equal(c.in.bytes, 0);
    client_close(&c);
    c = connect_tcp(f);
    say(f, &c, GET("/a"));
    wait_for(f, &c, c.ended);
    assert_int_equal(count(&c, "HTTP/1.1 "), 1);
    assert_has(&c, "GET /a ");
    client_close(&c);
}

static void test_a_client_that_does_not_read_is_closed(void **state)
{
    struct fixture *f = *state;
    struct client c;

    f->limits.write_ms = 100;
    start(f);
    c = connect_tcp(f);
    assert_int_equal(send(c.fd, GET("/big"), strlen(GET("/big")), 0), strlen(GET("/big")));
    wait_for(f, NULL, f->handled_n == 1);
    wait_for(f, NULL, stats(f).connections_n == 0);
    client_close(&c);
}

static void test_a_long_answer_arrives_whole(void **state)
{
    struct fixture *f = *state;
    struct client c;

    start(f);
    c = connect_tcp(f);
    say(f, &c, GET("/big"));
    wait_for(f, &c, c.in.bytes > 8 << 20);
    assert_false(c.ended);
    client_close(&c);
}

static void test_a_client_that_does_not_close_is_not_waited_for(void **state)
{
    struct fixture *f = *state;
    struct client c;

    f->limits.linger_ms = 50;
    start(f);
    c = connect_tcp(f);
    say(f, &c, "GET / HTTP/1.0\r\n\r\n");
    wait_for(f, &c, c.ended);
    wait_for(f, NULL, stats(f).connections_n == 0);
    client_close(&c);
}

/* --- clients that go --- */

static void test_an_operation_learns_that_the_client_has_gone(void **state)
{
    struct fixture *f = *state;
    struct client c;

    start(f);
    c = connect_tcp(f);
    say(f, &c, GET("/hold"));
    wait_for(f, &c, f->held_n == 1);
    client_close(&c);
    wait_for(f, NULL, f->closed_n == 1);
    assert_int_equal(stats(f).in_flight_n, 1);
    http_reply(f->held[0], 200, "text/plain", "late", 4);
    assert_int_equal(stats(f).in_flight_n, 0);
    wait_for(f, NULL, stats(f).connections_n == 0);
    assert_int_equal(f->closed_n, 1);
}

static void test_an_operation_may_let_go_when_it_learns_so(void **state)
{
    struct fixture *f = *state;
    struct client c;

    f->closed_abandons = true;
    start(f);
    c = connect_tcp(f);
    say(f, &c, GET("/hold"));
    wait_for(f, &c, f->held_n == 1);
    client_close(&c);
    wait_for(f, NULL, stats(f).connections_n == 0);
    assert_int_equal(f->closed_n, 1);
    assert_int_equal(stats(f).in_flight_n, 0);
}

static void test_a_broken_connection_is_told_too(void **state)
{
    struct linger now = {1, 0};
    struct fixture *f = *state;
    struct client c;

    start(f);
    c = connect_tcp(f);
    say(f, &c, GET("/hold"));
    wait_for(f, &c, f->held_n == 1);
    setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now); /* close sends a reset */
    client_close(&c);
    wait_for(f, NULL, f->closed_n == 1);
    assert_true(http_is_gone(f->held[0]));
    assert_int_equal(stats(f).connections_n, 0);
    http_reply(f->held[0], 200, NULL, NULL, 0);
    assert_int_equal(stats(f).in_flight_n, 0);
}

static void test_a_client_that_only_stops_sending_gets_its_answers(void **state)
{
    struct fixture *f = *state;
    struct client c;

    start(f);
    c = connect_tcp(f);
    say(f, &c, GET("/hold") GET("/2") "GET /half");
    wait_for(f, &c, f->held_n == 1);
    shutdown(c.fd, SHUT_WR);
    wait_for(f, &c, f->closed_n == 1);
    http_reply(f->held[0], 200, "text/plain", "first", 5);
    wait_for(f, &c, c.ended);
    assert_has(&c, "first");
    assert_has(&c, "GET /2 ");
    assert_int_equal(count(&c, "HTTP/1.1 "), 2);
    client_close(&c);
    wait_for(f, NULL, stats(f).connections_n == 0);
}

static void test_a_client_that_has_stopped_sending_is_closed_after_the_last_answer(void **state)
{
    static const char *const requests[] = {
        "GET /hold HTTP/1.0\r\n\r\n",
        GET("/hold"),
        GET("/hold") POST("/cut", "5") "\r\nhell",
    };
    struct fixture *f = *state;

    start(f);
    for (size_t i = 0; i < 3; i++) {
        struct client c = connect_tcp(f);

        say(f, &c, requests[i]);
        wait_for(f, &c, f->held_n == i + 1);
        shutdown(c.fd, SHUT_WR);
        wait_for(f, &c, f->closed_n == i + 1);
        http_reply(f->held[i], 200, "text/plain", "first", 5);
        wait_for(f, &c, c.ended);
        assert_int_equal(count(&c, "HTTP/1.1 200"), 1);
        assert_int_equal(stats(f).connections_n, 0);
        client_close(&c);
    }
    assert_int_equal(stats(f).in_flight_n, 0);
}

static void test_an_abandoned_exchange_closes(void **state)
{
    struct fixture *f = *state;
    struct client c;

    start(f);
    c = connect_tcp(f);
    say(f, &c, GET("/abandon"));
    wait_for(f, &c, c.ended);
    assert_int_equal(c.in.bytes, 0);
    assert_int_equal(stats(f).in_flight_n, 0);
    client_close(&c);
}

static void test_the_server_may_end_before_the_operations(void **state)
{
    struct fixture *f = *state;
    struct client c;

    start(f);
    c = connect_tcp(f);
    say(f, &c, GET("/hold"));
    wait_for(f, &c, f->held_n == 1);
    http_server_free(f->server);
    f->server = NULL;
    assert_int_equal(f->closed_n, 1);
    assert_true(http_is_gone(f->held[0]));
    http_reply(f->held[0], 200, NULL, NULL, 0);
    client_close(&c);
}

/* --- how many --- */

static void test_one_address_has_so_many_connections_and_unix_any(void **state)
{
    struct fixture *f = *state;
    struct client c[4];
    char where[80];

    f->limits.peer_connections_n = 2;
    start(f);
    snprintf(where, sizeof where, "unix:%s", f->unix_path);
    listen_on(f, where);
    for (int i = 0; i < 3; i++) {
        c[i] = connect_tcp(f);
        wait_for(f, NULL, stats(f).accepted_n == (unsigned)i + 1);
    }
    wait_for(f, &c[2], c[2].ended);
    assert_int_equal(stats(f).connections_n, 2);
    assert_int_equal(stats(f).refused_n, 1);
    client_close(&c[0]);
    client_close(&c[2]);
    wait_for(f, NULL, stats(f).connections_n == 1);
    c[0] = connect_tcp(f); /* there is room again */
    say(f, &c[0], GET("/a"));
    wait_for(f, &c[0], has(&c[0], "GET /a "));
    client_close(&c[0]);
    client_close(&c[1]);
    wait_for(f, NULL, stats(f).connections_n == 0);
    for (int i = 0; i < 4; i++)
        c[i] = connect_unix(f);
    wait_for(f, NULL, stats(f).connections_n == 4);
    for (int i = 0; i < 4; i++)
        client_close(&c[i]);
}

static void test_there_are_only_so_many_connections(void **state)
{
    struct fixture *f = *state;
    struct client c[2];

    f->limits.connections_n = 1;
    start(f);
    c[0] = connect_tcp(f);
    wait_for(f, NULL, stats(f).connections_n == 1);
    c[1] = connect_tcp(f);
    wait_for(f, &c[1], c[1].ended);
    assert_int_equal(stats(f).refused_n, 1);
    client_close(&c[0]);
    client_close(&c[1]);
}

static void test_out_of_descriptors_it_waits_and_goes_on(void **state)
{
    struct fixture *f = *state;
    struct rlimit before, none;
    struct client c;

    start(f);
    c = connect_tcp(f);
    log_set_level(LOG_ERROR);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = (rlim_t)dup(c.fd); /* the lowest free one */
    close((int)none.rlim_cur);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    wait_for(f, &c, evtimer_pending(f->server->accept_pause, NULL));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(stats(f).accepted_n, 0);
    say(f, &c, GET("/a"));
    wait_for(f, &c, has(&c, "GET /a "));
    log_set_level(LOG_INFO);
    client_close(&c);
}

static void test_an_ipv6_network_counts_as_one_peer(void **state)
{
    static const struct {
        const char *address, *text;
        bool fits;
    } cases[] = {
        {"2001:db8::1",      "2001:db8::1",      true },
        {"2001:db8::ffff:1", "2001:db8::ffff:1", false},
        {"2001:db8:0:1::1",  "2001:db8:0:1::1",  true },
        {"::ffff:192.0.2.1", "192.0.2.1",        true },
        {"::ffff:192.0.2.1", "192.0.2.1",        false},
        {"::ffff:192.0.2.2", "192.0.2.2",        true },
    };
    struct peer_table *t = peer_table_new();
    struct peer peers[6];

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
        struct sockaddr_storage any = {0};

        assert_int_equal(inet_pton(AF_INET6, cases[i].address, &v6.sin6_addr), 1);
        memcpy(&any, &v6, sizeof v6);
        peer_read(&peers[i], (struct sockaddr *)&any);
        assert_string_equal(peers[i].text, cases[i].text);
        assert_int_equal(peer_table_add(t, &peers[i], 1), cases[i].fits);
    }
    peer_table_drop(t, &peers[0]);
    assert_true(peer_table_add(t, &peers[1], 1));
    peer_table_free(t);
}

static void test_an_endless_header_is_stopped(void **state)
{
    struct fixture *f = *state;
    struct client c;
    char junk[65536];
    bool closed = false;

    start(f);
    memset(junk, 'a', sizeof junk);
    c = connect_tcp(f);
    say(f, &c, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    for (int i = 0; i < 160 && !closed; i++)
        closed = !send_bytes(f, &c, junk, sizeof junk) || c.ended;
    wait_for(f, &c, c.ended);
    assert_has(&c, "HTTP/1.1 431 ");
    client_close(&c);
}

/* --- every message of the table --- */

static void test_every_message_gets_its_status_over_a_socket(void **state)
{
    struct fixture *f = *state;
    struct messages *all = messages_read();
    unsigned cut_n = 0;

    f->limits.body_bytes = HEAD_BODY_MAX;
    start(f);
    for (size_t i = 0; i < all->rows_n; i++) {
        const struct message *m = &all->rows[i];
        struct client c = connect_tcp(f);
        char expected[32];

        (void)send_bytes(f, &c, m->bytes.text, m->bytes.bytes);
        shutdown(c.fd, SHUT_WR);
        wait_for(f, &c, c.ended);
        wait_for(f, NULL, stats(f).connections_n == 0);
        snprintf(expected, sizeof expected, "HTTP/1.1 %d ", m->status);
        if (m->status == 200 && !has(&c, expected))
            c.in.bytes = 0; /* announced a body that the file does not hold; at most a 100 */
        else if (m->status == 0 ? c.in.bytes > 0
                                : strncmp(buf_text(&c.in), expected, strlen(expected)) != 0)
            fail_msg("%s: not %d: %s", m->note, m->status, buf_text(&c.in));
        if (m->status == 200 && c.in.bytes == 0)
            cut_n++;
        if (m->status >= 400 && !has(&c, "\r\nConnection: close\r\n"))
            fail_msg("%s: not closed: %s", m->note, buf_text(&c.in));
        client_close(&c);
    }
    assert_int_equal(stats(f).in_flight_n, 0);
    assert_true(cut_n <= 2);
    messages_free(all);
}

static void test_problems_can_be_worded_elsewhere(void **state)
{
    struct fixture *f = *state;
    struct client c;

    start(f);
    c = connect_tcp(f);
    say(f, &c, "get / HTTP/1.1\r\n");
    wait_for(f, &c, c.ended);
    assert_has(&c, "{\"type\":\"about:blank\",\"title\":\"Not Implemented\",\"status\":501,");
    assert_has(&c, "Content-Type: application/problem+json\r\n");
    client_close(&c);

    http_server_on_problem(f->server, problem);
    c = connect_tcp(f);
    say(f, &c, "get / HTTP/1.1\r\n");
    wait_for(f, &c, c.ended);
    assert_int_equal(f->problem_status, 501);
    assert_has(&c, "\r\n\r\nmethod not implemented");
    client_close(&c);

    c = connect_tcp(f); /* a refused HEAD has no body either */
    say(f, &c, "HEAD / HTTP/1.1\r\n\r\n");
    wait_for(f, &c, c.ended);
    assert_has(&c, "HTTP/1.1 400 ");
    assert_string_equal(strstr(c.in.text, "\r\n\r\n"), "\r\n\r\n");
    client_close(&c);
}

/* --- streams --- */

static void test_a_stream_goes_on_until_it_is_ended(void **state)
{
    struct fixture *f = *state;
    struct client c;

    start(f);
    c = connect_tcp(f);
    say(f, &c, GET("/stream") GET("/never"));
    wait_for(f, &c, has(&c, "retry: 5000\n\n"));
    assert_has(&c, "Connection: close\r\n");
    assert_lacks(&c, "Content-Length");
    assert_true(http_stream_write(f->held[0], "data: 1\n\n", 9));
    wait_for(f, &c, has(&c, "data: 1\n\n"));
    assert_int_equal(http_stream_unsent(f->held[0]), 0);
    assert_true(http_stream_write(f->held[0], "data: 2\n\n", 9));
    http_stream_end(f->held[0]);
    wait_for(f, &c, c.ended);
    assert_has(&c, "data: 2\n\n");
    assert_int_equal(f->handled_n, 1);
    assert_int_equal(f->closed_n, 0);
    client_close(&c);
    wait_for(f, NULL, stats(f).connections_n == 0);
}

static void test_a_stream_that_is_up_to_date_can_be_ended(void **state)
{
    struct fixture *f = *state;
    struct client c;

    start(f);
    c = connect_tcp(f);
    say(f, &c, GET("/stream"));
    wait_for(f, &c, has(&c, "retry") && http_stream_unsent(f->held[0]) == 0);
    http_stream_end(f->held[0]);
    wait_for(f, &c, c.ended);
    client_close(&c);
}

static void note_taken(struct http_exchange *x, void *arg)
{
    (void)x;
    ++*(int *)arg;
}

static void test_a_stream_says_once_when_all_is_taken(void **state)
{
    struct fixture *f = *state;
    struct client c;
    int drained_n = 0;

    start(f);
    c = connect_tcp(f);
    say(f, &c, GET("/stream"));
    wait_for(f, &c, has(&c, "retry") && http_stream_unsent(f->held[0]) == 0);
    http_on_drained(f->held[0], note_taken, &drained_n);
    assert_true(http_stream_write(f->held[0], "data: 1\n\n", 9));
    assert_int_equal(drained_n, 0);
    wait_for(f, &c, drained_n == 1);
    assert_true(http_stream_write(f->held[0], "data: 2\n\n", 9));
    wait_for(f, &c, has(&c, "data: 2\n\n") && http_stream_unsent(f->held[0]) == 0);
    assert_int_equal(drained_n, 1);
    http_on_drained(f->held[0], note_taken, &drained_n);
    assert_true(http_stream_write(f->held[0], "data: 3\n\n", 9));
    client_close(&c);
    wait_for(f, NULL, f->closed_n == 1);
    http_stream_end(f->held[0]);
    assert_true(drained_n <= 2);
}

static void test_a_stream_ends_with_its_client(void **state)
{
    struct fixture *f = *state;
    struct client c;

    start(f);
    c = connect_tcp(f);
    say(f, &c, GET("/stream"));
    wait_for(f, &c, has(&c, "retry"));
    client_close(&c);
    wait_for(f, NULL, f->closed_n == 1);
    assert_int_equal(stats(f).connections_n, 0);
    assert_false(http_stream_write(f->held[0], "data: 1\n\n", 9));
    http_stream_end(f->held[0]);
    assert_int_equal(stats(f).in_flight_n, 0);
}

static void test_a_stream_that_is_not_read_is_closed(void **state)
{
    struct fixture *f = *state;
    struct client c;
    char event[4096];
    int i = 0;

    start(f);
    memset(event, 'e', sizeof event);
    c = connect_tcp(f);
    say(f, &c, GET("/stream"));
    while (i < 10000 && http_stream_write(f->held[0], event, sizeof event)) {
        turn(f, NULL);
        i++;
    }
    assert_true(i < 10000);
    assert_int_equal(f->closed_n, 0); /* the writer knows already */
    assert_int_equal(stats(f).connections_n, 0);
    http_stream_end(f->held[0]);
    client_close(&c);
}

static void test_a_stream_that_falls_behind_is_closed(void **state)
{
    struct fixture *f = *state;
    struct client c;
    char event[4096];

    f->limits.write_ms = 100;
    f->limits.stream_bytes = 64 << 20;
    start(f);
    memset(event, 'e', sizeof event);
    c = connect_tcp(f);
    say(f, &c, GET("/stream"));
    for (int i = 0; i < 4000; i++)
        assert_true(http_stream_write(f->held[0], event, sizeof event));
    wait_for(f, NULL, f->closed_n == 1);
    http_stream_end(f->held[0]);
    client_close(&c);
}

/* --- stopping --- */

static void test_draining_finishes_what_is_in_work(void **state)
{
    struct fixture *f = *state;
    struct client busy, idle, body, stream;

    start(f);
    busy = connect_tcp(f);
    idle = connect_tcp(f);
    body = connect_tcp(f);
    stream = connect_tcp(f);
    say(f, &busy, GET("/hold"));
    wait_for(f, NULL, f->held_n == 1);
    say(f, &stream, GET("/stream"));
    say(f, &body, POST("/b", "5") "\r\nhe");
    wait_for(f, NULL, stats(f).in_flight_n == 3 && stats(f).connections_n == 4);
    http_server_drain(f->server, note_drained, f);
    assert_false(f->drained);
    wait_for(f, &idle, idle.ended);
    assert_int_equal(idle.in.bytes, 0);
    wait_for(f, &stream, stream.ended);
    assert_int_equal(f->closed_n, 1);
    http_stream_end(f->held[1]);
    say(f, &body, "llo");
    wait_for(f, &body, body.ended);
    assert_has(&body, "Connection: close\r\n");
    assert_has(&body, "POST /b hello");
    client_close(&body);
    assert_false(f->drained);
    http_reply(f->held[0], 200, "text/plain", "done", 4);
    wait_for(f, &busy, busy.ended);
    assert_has(&busy, "Connection: close\r\n");
    assert_has(&busy, "done");
    client_close(&busy);
    wait_for(f, NULL, f->drained);
    client_close(&idle);
    client_close(&stream);
}

static void test_draining_takes_no_new_connections(void **state)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    struct fixture *f = *state;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    start(f);
    to.sin_port = htons((uint16_t)http_server_port(f->server));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    http_server_drain(f->server, note_drained, f);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), -1);
    wait_for(f, NULL, f->drained);
    close(fd);
}

static void test_draining_has_an_end(void **state)
{
    struct fixture *f = *state;
    struct client c;

    f->limits.drain_ms = 50;
    start(f);
    c = connect_tcp(f);
    say(f, &c, GET("/hold"));
    wait_for(f, &c, f->held_n == 1);
    http_server_drain(f->server, note_drained, f);
    wait_for(f, NULL, f->drained);
    assert_int_equal(f->closed_n, 1);
    assert_int_equal(stats(f).connections_n, 0);
    http_reply(f->held[0], 200, NULL, NULL, 0);
    client_close(&c);
}

/* --- listening --- */

static void test_addresses_are_read_strictly(void **state)
{
    static const char *const bad[] = {
        "",      "8080",         "127.0.0.1", "127.0.0.1:",      "127.0.0.1:x",
        ":8080", "localhost:80", "::1:80",    "127.0.0.1:65536", "127.0.0.1:-1",
        "[::1]", "[::1:80",      "unix:",     "127.0.0.1:80 ",   "[::1]x:80",
    };
    struct fixture *f = *state;
    char path[200] = "unix:/";

    start(f);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err e = {0};

        if (http_server_listen(f->server, bad[i], &e) != ERR_CONFIG || !e.detail[0])
            fail_msg("accepted: \"%s\"", bad[i]);
    }
    memset(path + 6, 'a', 150);
    assert_int_equal(http_server_listen(f->server, path, NULL), ERR_CONFIG);
    assert_int_equal(http_server_listen(f->server, "unix:/nowhere/at/all", NULL), ERR_IO);
    assert_int_equal(http_server_listen(f->server, "192.0.2.1:1", NULL), ERR_IO);
}

static void test_a_unix_socket_is_replaced_and_removed(void **state)
{
    struct fixture *f = *state;
    struct client c;
    struct stat st;
    char where[80];

    f->server = http_server_new(f->base, &f->limits, answer, f);
    snprintf(where, sizeof where, "unix:%s", f->unix_path);
    listen_on(f, where);
    assert_int_equal(http_server_port(f->server), 0);
    listen_on(f, where); /* the first one's file is stale now */
    assert_int_equal(stat(f->unix_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    c = connect_unix(f);
    say(f, &c, GET("/hold"));
    wait_for(f, &c, f->held_n == 1);
    assert_string_equal(http_peer(f->held[0]), "unix");
    assert_null(http_arg(f->held[0]));
    http_set_arg(f->held[0], f);
    assert_ptr_equal(http_arg(f->held[0]), f);
    assert_true(!strncmp(http_request_id(f->held[0]), "rid_", 4));
    http_reply(f->held[0], 200, "text/plain", "yes", 3);
    wait_for(f, &c, has(&c, "yes"));
    client_close(&c);
    http_server_free(f->server);
    f->server = NULL;
    assert_int_equal(stat(f->unix_path, &st), -1);
}

static void test_other_files_are_not_replaced(void **state)
{
    struct fixture *f = *state;
    char where[80];
    FILE *file;

    f->server = http_server_new(f->base, &f->limits, answer, f);
    file = fopen(f->unix_path, "we");
    assert_non_null(file);
    fclose(file);
    snprintf(where, sizeof where, "unix:%s", f->unix_path);
    assert_int_equal(http_server_listen(f->server, where, NULL), ERR_IO);
}

static void test_a_socket_of_the_service_manager_is_taken(void **state)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    struct fixture *f = *state;
    struct client c;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    f->server = http_server_new(f->base, &f->limits, answer, f);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(http_server_listen_fd(f->server, fd, NULL), ERR_OK);
    c = connect_tcp(f);
    say(f, &c, GET("/a"));
    wait_for(f, &c, has(&c, "GET /a "));
    client_close(&c);
    assert_int_equal(
        http_server_listen_fd(f->server, open("/dev/null", O_RDONLY | O_CLOEXEC), NULL), ERR_IO);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(test_an_answer_has_all_its_headers),
        test(test_headers_of_the_handler_replace_defaults_and_cannot_be_split),
        test(test_a_request_id_is_echoed_if_it_is_a_good_one),
        test(test_a_head_request_gets_no_body),
        test(test_a_204_has_neither_body_nor_length),
        test(test_a_connection_is_used_again),
        test(test_pipelined_requests_are_answered_in_order),
        test(test_one_request_is_in_work_at_a_time),
        test(test_what_is_pipelined_behind_a_waiting_request_stays_small),
        test(test_a_bad_request_after_a_good_one_is_the_last),
        test(test_the_last_request_of_a_connection_says_so),
        test(test_a_client_may_ask_to_close),
        test(test_a_request_may_come_byte_by_byte),
        test(test_a_body_too_large_is_refused_before_it_is_read),
        test(test_a_body_at_the_limit_is_taken),
        test(test_a_client_still_sending_gets_to_read_its_refusal),
        test(test_who_may_not_is_told_before_the_body),
        test(test_a_client_that_asks_is_told_to_go_on),
        test(test_a_body_cut_off_is_not_handled),
        test(test_a_deferred_body_comes_in_pieces),
        test(test_a_paused_body_waits_outside),
        test(test_a_deferred_body_may_be_answered_early),
        test(test_a_deferred_body_that_breaks_off_is_told),
        test(test_a_deferred_body_has_its_deadline),
        test(test_a_deferred_body_is_asked_for_when_it_is_wanted),
        test(test_bytes_do_not_extend_the_time_for_a_head),
        test(test_bytes_do_not_extend_the_time_for_a_body),
        test(test_an_idle_connection_is_closed_without_a_word),
        test(test_a_client_that_does_not_read_is_closed),
        test(test_a_long_answer_arrives_whole),
        test(test_a_client_that_does_not_close_is_not_waited_for),
        test(test_an_operation_learns_that_the_client_has_gone),
        test(test_an_operation_may_let_go_when_it_learns_so),
        test(test_a_broken_connection_is_told_too),
        test(test_a_client_that_only_stops_sending_gets_its_answers),
        test(test_a_client_that_has_stopped_sending_is_closed_after_the_last_answer),
        test(test_an_abandoned_exchange_closes),
        test(test_the_server_may_end_before_the_operations),
        test(test_one_address_has_so_many_connections_and_unix_any),
        test(test_there_are_only_so_many_connections),
        test(test_out_of_descriptors_it_waits_and_goes_on),
        test(test_an_ipv6_network_counts_as_one_peer),
        test(test_an_endless_header_is_stopped),
        test(test_every_message_gets_its_status_over_a_socket),
        test(test_problems_can_be_worded_elsewhere),
        test(test_a_stream_goes_on_until_it_is_ended),
        test(test_a_stream_that_is_up_to_date_can_be_ended),
        test(test_a_stream_says_once_when_all_is_taken),
        test(test_a_stream_ends_with_its_client),
        test(test_a_stream_that_is_not_read_is_closed),
        test(test_a_stream_that_falls_behind_is_closed),
        test(test_draining_finishes_what_is_in_work),
        test(test_draining_takes_no_new_connections),
        test(test_draining_has_an_end),
        test(test_addresses_are_read_strictly),
        test(test_a_unix_socket_is_replaced_and_removed),
        test(test_other_files_are_not_replaced),
        test(test_a_socket_of_the_service_manager_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
