#include "store/link.h"

#include "store/reader.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <hiredis/hiredis.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* How the server in this process answers a command. It is there to inject faults only. */
enum answer {
    ANSWER_ECHO,
    ANSWER_NOTHING,
    ANSWER_GARBAGE,
    ANSWER_TWICE,
    ANSWER_HALVES, /* the second half a little later */
    ANSWER_TOO_LONG,
    ANSWER_TOO_MANY,
    ANSWER_CLOSE
};

/* server <--socket--> link, both in one event base. */
struct scene {
    struct event_base *base;
    char folder[32], path[64], where[80];
    struct evconnlistener *listener;
    struct bufferevent *peer;
    struct reader *commands; /* what the link sends is an array of strings too */
    struct event *later;
    enum answer answer;
    unsigned accepted, received, pings;
    char rest[256]; /* what is still to come of a reply in halves */

    struct link *link;
    bool stay_up; /* on_up does not make it ready */
    unsigned ups, ready_n, lost_n;
    bool calling; /* inside link_call */
    unsigned answered_n;
    bool timed_out;
};

static struct link_limits limits;

/* --- the server ------------------------------------------------------------------------------- */

static void peer_close(struct scene *s)
{
    if (s->peer)
        bufferevent_free(s->peer);
    s->peer = NULL;
    reader_free(s->commands);
    s->commands = NULL;
}

static void peer_say(struct scene *s, const char *text)
{
    bufferevent_write(s->peer, text, strlen(text));
}

static void peer_finish(evutil_socket_t fd, short what, void *arg)
{
    struct scene *s = arg;

    (void)fd, (void)what;
    if (s->peer)
        peer_say(s, s->rest);
}

static void peer_answer(struct scene *s, const char *word)
{
    char wire[256];
    char large[4096];

    snprintf(wire, sizeof wire, "$%zu\r\n%s\r\n", strlen(word), word);
    switch (s->answer) {
    case ANSWER_ECHO:
        peer_say(s, wire);
        break;
    case ANSWER_NOTHING:
        break;
    case ANSWER_GARBAGE:
        peer_say(s, "HTTP/1.1 400 Bad Request\r\n\r\n");
        break;
    case ANSWER_TWICE:
        peer_say(s, wire);
        peer_say(s, wire);
        break;
    case ANSWER_HALVES:
        snprintf(s->rest, sizeof s->rest, "%s", wire + 3);
        wire[3] = '\0';
        peer_say(s, wire);
        evtimer_add(s->later, &(struct timeval){.tv_usec = 5000});
        break;
    case ANSWER_TOO_LONG:
        memset(large, 'x', sizeof large);
        peer_say(s, "$1000000\r\n");
        for (unsigned i = 0; i < 40; i++)
            bufferevent_write(s->peer, large, sizeof large);
        break;
    case ANSWER_TOO_MANY:
        peer_say(s, "*1001\r\n");
        break;
    case ANSWER_CLOSE:
        peer_close(s);
        break;
    }
}

static void peer_readable(struct bufferevent *bev, void *arg)
{
    struct scene *s = arg;
    char bytes[4096];
    size_t n;
    redisReply *command;

    while (s->peer == bev && (n = bufferevent_read(bev, bytes, sizeof bytes)) > 0) {
        assert_true(reader_feed(s->commands, bytes, n));
        while (s->commands && reader_next(s->commands, &command) == READER_REPLY) {
            s->received++;
            s->pings += !strcmp(command->element[0]->str, "PING");
            peer_answer(s, command->element[command->elements - 1]->str);
            freeReplyObject(command);
        }
    }
}

static void peer_event(struct bufferevent *bev, short what, void *arg)
{
    (void)bev, (void)what;
    peer_close(arg);
}

static void peer_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa,
                        int n, void *arg)
{
    struct scene *s = arg;

    (void)listener, (void)sa, (void)n;
    peer_close(s);
    s->accepted++;
    s->peer = bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE);
    s->commands = reader_new(64 << 20, 100);
    bufferevent_setcb(s->peer, peer_readable, NULL, peer_event, s);
    bufferevent_enable(s->peer, EV_READ | EV_WRITE);
}

static void server_listen(struct scene *s)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};

    snprintf(un.sun_path, sizeof un.sun_path, "%s", s->path);
    unlink(s->path);
    s->listener = evconnlistener_new_bind(s->base, peer_accept, s, LEV_OPT_CLOSE_ON_FREE, 16,
                                          (struct sockaddr *)&un, sizeof un);
    assert_non_null(s->listener);
}

/* --- the scene -------------------------------------------------------------------------------- */

static void link_is_up(struct link *l, void *arg)
{
    struct scene *s = arg;

    s->ups++;
    if (!s->stay_up)
        link_ready(l);
}

static void link_changed(void *arg, bool is_ready)
{
    struct scene *s = arg;

    if (is_ready)
        s->ready_n++;
    else
        s->lost_n++;
    assert_int_equal(link_is_ready(s->link), is_ready);
}

static void link_begin(struct scene *s)
{
    struct err e = {0};

    if (link_new(s->base, s->where, &limits, link_is_up, s, &s->link, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    link_on_change(s->link, link_changed, s);
}

static int scene_make(void **state)
{
    struct scene *s = calloc(1, sizeof *s);

    *state = s;
    signal(SIGPIPE, SIG_IGN); /* as our programs do */
    limits = link_limits_default;
    s->base = event_base_new();
    s->later = evtimer_new(s->base, peer_finish, s);
    snprintf(s->folder, sizeof s->folder, "/tmp/liaison-link-XXXXXX");
    if (!mkdtemp(s->folder))
        return -1;
    snprintf(s->path, sizeof s->path, "%s/socket", s->folder);
    snprintf(s->where, sizeof s->where, "unix:%s", s->path);
    return 0;
}

static int scene_drop(void **state)
{
    struct scene *s = *state;

    link_free(s->link);
    peer_close(s);
    if (s->listener)
        evconnlistener_free(s->listener);
    event_free(s->later);
    event_base_free(s->base);
    unlink(s->path);
    rmdir(s->folder);
    free(s);
    return 0;
}

static void on_guard(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    ((struct scene *)arg)->timed_out = true;
}

/* Runs the loop until *count is n, ten seconds at most. */
static void run_until(struct scene *s, const unsigned *count, unsigned n, const char *what)
{
    struct event *guard = evtimer_new(s->base, on_guard, s);

    evtimer_add(guard, &(struct timeval){.tv_sec = 10});
    while (*count < n && !s->timed_out)
        event_base_loop(s->base, EVLOOP_ONCE);
    event_free(guard);
    if (s->timed_out)
        fail_msg("%s: %u of %u", what, *count, n);
}

/* Runs the loop for a while. */
static void run_ms(struct scene *s, int ms)
{
    event_base_loopexit(s->base, &(struct timeval){.tv_usec = ms * 1000});
    event_base_dispatch(s->base);
}

static struct scene *connected(void **state)
{
    struct scene *s = *state;

    server_listen(s);
    link_begin(s);
    run_until(s, &s->ready_n, 1, "ready");
    return s;
}

/* --- calls ------------------------------------------------------------------------------------ */

/* Calls of tests are static: when a test fails, they are answered after it is over. */
struct call {
    struct scene *scene;
    unsigned answers, place; /* place: the how many-th answer of all this was */
    enum err_code code;
    char text[32];
    bool drops;        /* its callback drops the link */
    struct call *next; /* its callback sends this one */
};

static enum err_code call_send(struct call *c, struct scene *s, const char *word);

static void call_answered(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct call *c = arg;

    assert_false(c->scene->calling); /* never before link_call returned */
    assert_int_equal(reply == NULL, e->code != ERR_OK);
    c->answers++;
    c->place = ++c->scene->answered_n;
    c->code = e->code;
    snprintf(c->text, sizeof c->text, "%s", reply && reply->str ? reply->str : "");
    if (c->drops)
        link_drop(c->scene->link, "as the test wants");
    if (c->next)
        c->next->code = call_send(c->next, c->scene, "next");
}

static enum err_code call_send(struct call *c, struct scene *s, const char *word)
{
    const char *argv[] = {"ECHO", word};
    const size_t bytes[] = {4, strlen(word)};
    struct err e = {0};
    enum err_code rc;

    c->scene = s;
    s->calling = true;
    rc = link_call(s->link, 2, argv, bytes, 0, call_answered, c, &e);
    s->calling = false;
    assert_int_equal(e.code, rc);
    return rc;
}

static void calls_send(struct call *calls, unsigned n, struct scene *s)
{
    for (unsigned i = 0; i < n; i++) {
        char word[16];

        snprintf(word, sizeof word, "word-%u", i);
        assert_int_equal(call_send(&calls[i], s, word), ERR_OK);
    }
    assert_int_equal(link_in_flight(s->link), n);
}

static void assert_all_failed_once(const struct call *calls, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (calls[i].answers != 1 || calls[i].code != ERR_UNAVAILABLE || calls[i].place != i + 1)
            fail_msg("call %u: %u answers, code %d, place %u", i, calls[i].answers,
                     (int)calls[i].code, calls[i].place);
}

static void assert_works_again(struct scene *s, unsigned connections)
{
    static struct call c;
    unsigned before = s->answered_n;

    c = (struct call){0};
    s->answer = ANSWER_ECHO;
    run_until(s, &s->ready_n, connections, "ready again");
    assert_int_equal(s->accepted, connections);
    assert_int_equal(call_send(&c, s, "hello"), ERR_OK);
    run_until(s, &s->answered_n, before + 1, "answer after reconnecting");
    assert_int_equal(c.code, ERR_OK);
    assert_string_equal(c.text, "hello");
}

static void test_replies_come_in_the_order_of_the_calls(void **state)
{
    struct scene *s = connected(state);
    static struct call calls[300];

    calls_send(calls, 300, s);
    assert_int_equal(s->answered_n, 0);
    run_until(s, &s->answered_n, 300, "answers");
    for (unsigned i = 0; i < 300; i++) {
        char word[16];

        snprintf(word, sizeof word, "word-%u", i);
        if (calls[i].answers != 1 || calls[i].place != i + 1 || strcmp(calls[i].text, word) != 0)
            fail_msg("call %u: %u answers, place %u, %s", i, calls[i].answers, calls[i].place,
                     calls[i].text);
    }
    assert_int_equal(link_in_flight(s->link), 0);
    assert_int_equal(s->accepted, 1);
}

static void test_a_reply_in_pieces_is_one_reply(void **state)
{
    struct scene *s = connected(state);
    static struct call c;

    s->answer = ANSWER_HALVES;
    assert_int_equal(call_send(&c, s, "pieces"), ERR_OK);
    run_until(s, &s->answered_n, 1, "answer");
    assert_string_equal(c.text, "pieces");
}

static void test_a_missing_reply_drops_the_link_and_answers_all_in_flight_once(void **state)
{
    static struct call calls[5];
    struct scene *s;

    limits.reply_ms = 200;
    s = connected(state);
    s->answer = ANSWER_NOTHING;
    calls_send(calls, 5, s);
    run_until(s, &s->answered_n, 5, "time-out");
    assert_all_failed_once(calls, 5);
    assert_false(link_is_ready(s->link));
    assert_int_equal(link_in_flight(s->link), 0);
    assert_int_equal(s->lost_n, 1);
    assert_works_again(s, 2);
    run_ms(s, 250);
    assert_all_failed_once(calls, 5); /* nobody is answered again */
    assert_int_equal(s->lost_n, 1);
}

static void test_a_call_may_wait_longer_than_the_others(void **state)
{
    const char *argv[] = {"BLPOP"};
    const size_t bytes[] = {5};
    static struct call c;
    struct scene *s;

    limits.reply_ms = 30;
    s = connected(state);
    s->answer = ANSWER_NOTHING;
    c.scene = s;
    assert_int_equal(link_call(s->link, 1, argv, bytes, 5000, call_answered, &c, NULL), ERR_OK);
    run_ms(s, 90);
    assert_int_equal(c.answers, 0);
    assert_true(link_is_ready(s->link));
    peer_say(s, "+late\r\n");
    run_until(s, &s->answered_n, 1, "answer");
    assert_string_equal(c.text, "late");
}

static void test_what_breaks_the_stream_drops_the_link(void **state)
{
    static const struct {
        const char *what;
        enum answer answer;
    } cases[] = {
        {"garbage",           ANSWER_GARBAGE },
        {"too long a reply",  ANSWER_TOO_LONG},
        {"too many elements", ANSWER_TOO_MANY},
        {"closed",            ANSWER_CLOSE   },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static struct call calls[3];
        struct scene *s = *state;

        memset(calls, 0, sizeof calls);
        limits.reply_bytes = 100000;
        limits.reply_elements = 1000;
        s = i ? s : connected(state);
        s->answered_n = 0;
        s->answer = cases[i].answer;
        calls_send(calls, 3, s);
        run_until(s, &s->answered_n, 3, cases[i].what);
        assert_all_failed_once(calls, 3);
        assert_int_equal(s->lost_n, i + 1);
        assert_works_again(s, (unsigned)i + 2);
    }
}

static void test_a_reply_nobody_asked_for_drops_the_link(void **state)
{
    struct scene *s = connected(state);

    run_until(s, &s->accepted, 1, "accepted");
    peer_say(s, "+surprise\r\n");
    run_until(s, &s->lost_n, 1, "lost");
    assert_int_equal(s->answered_n, 0);
    assert_works_again(s, 2);
}

static void test_a_second_reply_to_one_call_drops_the_link(void **state)
{
    struct scene *s = connected(state);
    static struct call c;

    s->answer = ANSWER_TWICE;
    assert_int_equal(call_send(&c, s, "once"), ERR_OK);
    run_until(s, &s->lost_n, 1, "lost");
    assert_int_equal(c.answers, 1);
    assert_int_equal(c.code, ERR_OK);
    assert_string_equal(c.text, "once");
    assert_works_again(s, 2);
}

static void test_no_more_calls_are_in_flight_than_allowed(void **state)
{
    static struct call calls[4];
    static struct call over;
    struct scene *s;

    limits.calls_n = 4;
    s = connected(state);
    calls_send(calls, 4, s);
    assert_int_equal(call_send(&over, s, "over"), ERR_UNAVAILABLE);
    run_until(s, &s->answered_n, 4, "answers");
    assert_int_equal(over.answers, 0);
    assert_int_equal(s->received, 4);
    assert_int_equal(call_send(&over, s, "now"), ERR_OK); /* there is room again */
    run_until(s, &s->answered_n, 5, "answer");
    assert_int_equal(over.answers, 1);
}

static void test_no_more_is_waiting_to_be_sent_than_allowed(void **state)
{
    char large[5000];
    static struct call first;
    static struct call second;
    struct scene *s;

    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    limits.out_bytes = 4000;
    s = connected(state);
    s->answer = ANSWER_NOTHING;
    assert_int_equal(call_send(&first, s, large), ERR_OK);
    assert_int_equal(call_send(&second, s, "x"), ERR_UNAVAILABLE);
    run_until(s, &s->received, 1, "received");
    assert_int_equal(call_send(&second, s, "x"), ERR_OK);
}

static void test_nothing_is_sent_before_the_link_is_ready(void **state)
{
    struct scene *s = *state;
    static struct call c;

    link_begin(s);
    assert_false(link_is_ready(s->link));
    assert_int_equal(call_send(&c, s, "early"), ERR_UNAVAILABLE);
    s->stay_up = true;
    server_listen(s);
    run_until(s, &s->ups, 1, "up");
    assert_false(link_is_ready(s->link));
    assert_int_equal(call_send(&c, s, "early"), ERR_UNAVAILABLE);
    assert_int_equal(c.answers, 0);
}

static void test_checks_may_call_early_and_make_it_ready(void **state)
{
    const char *argv[] = {"ECHO", "check"};
    const size_t bytes[] = {4, 5};
    struct scene *s = *state;
    static struct call c;

    c.scene = s;
    s->stay_up = true;
    server_listen(s);
    link_begin(s);
    assert_int_equal(link_call_early(s->link, 2, argv, bytes, call_answered, &c, NULL),
                     ERR_UNAVAILABLE); /* not even connected */
    run_until(s, &s->ups, 1, "up");
    assert_int_equal(link_call_early(s->link, 2, argv, bytes, call_answered, &c, NULL), ERR_OK);
    run_until(s, &s->answered_n, 1, "answer");
    assert_string_equal(c.text, "check");
    assert_int_equal(s->ready_n, 0);
    link_ready(s->link);
    link_ready(s->link); /* once is enough */
    assert_int_equal(s->ready_n, 1);
}

static void test_a_link_that_is_never_made_ready_is_given_up(void **state)
{
    struct scene *s = *state;

    limits.ping_ms = 20;
    s->stay_up = true;
    server_listen(s);
    link_begin(s);
    run_until(s, &s->ups, 2, "up a second time");
    assert_int_equal(s->ready_n + s->lost_n, 0);
}

static void test_it_connects_as_soon_as_there_is_a_server(void **state)
{
    struct scene *s = *state;

    link_begin(s);
    run_ms(s, 100);
    assert_int_equal(s->ups, 0);
    server_listen(s);
    run_until(s, &s->ready_n, 1, "ready");
    assert_works_again(s, 1);
}

static void test_it_reconnects_each_time_and_says_so(void **state)
{
    struct scene *s = connected(state);

    for (unsigned i = 1; i < 6; i++) {
        run_until(s, &s->accepted, i, "accepted");
        peer_close(s);
        run_until(s, &s->lost_n, i, "lost");
        run_until(s, &s->ready_n, i + 1, "ready");
    }
    assert_int_equal(s->lost_n, 5);
    assert_int_equal(s->ready_n, 6);
}

static void test_an_idle_link_is_asked_whether_it_lives(void **state)
{
    struct scene *s;

    limits.ping_ms = 20;
    limits.reply_ms = 300;
    s = connected(state);
    run_until(s, &s->pings, 3, "pings");
    assert_true(link_is_ready(s->link));
    s->answer = ANSWER_NOTHING; /* a server that is there and says nothing */
    run_until(s, &s->lost_n, 1, "lost");
    assert_int_equal(s->answered_n, 0);
}

static void test_a_callback_may_drop_the_link(void **state)
{
    struct scene *s = connected(state);
    static struct call calls[4];

    calls[1].drops = true;
    calls_send(calls, 4, s);
    run_until(s, &s->answered_n, 4, "answers");
    assert_int_equal(calls[0].code, ERR_OK);
    assert_int_equal(calls[1].code, ERR_OK);
    assert_int_equal(calls[2].code, ERR_UNAVAILABLE); /* its reply was there already */
    assert_int_equal(calls[3].code, ERR_UNAVAILABLE);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(calls[i].answers, 1);
    assert_works_again(s, 2);
}

static void test_a_callback_may_call_again(void **state)
{
    struct scene *s = connected(state);
    static struct call second;
    static struct call first = {.next = &second};
    static struct call refused;
    static struct call lost = {.next = &refused};

    assert_int_equal(call_send(&first, s, "first"), ERR_OK);
    run_until(s, &s->answered_n, 2, "answers");
    assert_string_equal(second.text, "next");
    s->answer = ANSWER_CLOSE;
    assert_int_equal(call_send(&lost, s, "lost"), ERR_OK);
    run_until(s, &s->answered_n, 3, "answer");
    assert_int_equal(refused.code, ERR_UNAVAILABLE); /* there is no link at this moment */
    assert_int_equal(refused.answers, 0);
}

static void test_stopping_answers_what_is_in_flight_once(void **state)
{
    struct scene *s = connected(state);
    static struct call calls[3];

    s->answer = ANSWER_NOTHING;
    calls_send(calls, 3, s);
    link_free(s->link);
    s->link = NULL;
    assert_all_failed_once(calls, 3);
    assert_int_equal(s->lost_n, 0); /* whoever stops it knows */
    run_ms(s, 30);
    assert_all_failed_once(calls, 3);
    link_free(NULL);
}

static void test_a_server_may_be_reached_by_tcp(void **state)
{
    struct scene *s = *state;
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof in;

    s->listener = evconnlistener_new_bind(s->base, peer_accept, s, LEV_OPT_CLOSE_ON_FREE, 16,
                                          (struct sockaddr *)&in, sizeof in);
    assert_non_null(s->listener);
    assert_int_equal(getsockname(evconnlistener_get_fd(s->listener), (struct sockaddr *)&in, &n),
                     0);
    snprintf(s->where, sizeof s->where, "tcp:127.0.0.1:%u", ntohs(in.sin_port));
    link_begin(s);
    run_until(s, &s->ready_n, 1, "ready");
    assert_works_again(s, 1);
}

static void test_other_addresses_are_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "redis",
        "/run/redis.sock",
        "unix:",
        "tcp:",
        "tcp:localhost:6379",
        "tcp:127.0.0.1:99999",
        "udp:127.0.0.1:1",
        "tcp:1.2.3:4",
        "unix:/a-path-that-is-longer-than-a-socket-address-can-hold/"
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"};
    struct scene *s = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct link *l = NULL;
        struct err e = {0};

        if (link_new(s->base, cases[i], NULL, link_is_up, s, &l, &e) != ERR_CONFIG || l)
            fail_msg("%s", cases[i]);
    }
}

static void test_waits_between_attempts_grow_to_five_seconds_and_are_spread(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 200; n++) {
        int64_t bound = n < 7 ? INT64_C(50) << n : 5000;
        int64_t least = INT64_MAX, most = -1;

        for (unsigned i = 0; i < 300; i++) {
            int64_t ms = link_backoff_ms(n);

            if (ms < 0 || ms > bound)
                fail_msg("attempt %u: %lld ms", n, (long long)ms);
            least = ms < least ? ms : least;
            most = ms > most ? ms : most;
        }
        if (least > bound / 4 || most < bound * 3 / 4)
            fail_msg("attempt %u: %lld to %lld ms", n, (long long)least, (long long)most);
    }
    assert_in_range(link_backoff_ms(UINT32_MAX), 0, 5000);
}

int main(void)
{
#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, scene_make, scene_drop)
    const struct CMUnitTest tests[] = {
        IN_SCENE(test_replies_come_in_the_order_of_the_calls),
        IN_SCENE(test_a_reply_in_pieces_is_one_reply),
        IN_SCENE(test_a_missing_reply_drops_the_link_and_answers_all_in_flight_once),
        IN_SCENE(test_a_call_may_wait_longer_than_the_others),
        IN_SCENE(test_what_breaks_the_stream_drops_the_link),
        IN_SCENE(test_a_reply_nobody_asked_for_drops_the_link),
        IN_SCENE(test_a_second_reply_to_one_call_drops_the_link),
        IN_SCENE(test_no_more_calls_are_in_flight_than_allowed),
        IN_SCENE(test_no_more_is_waiting_to_be_sent_than_allowed),
        IN_SCENE(test_nothing_is_sent_before_the_link_is_ready),
        IN_SCENE(test_checks_may_call_early_and_make_it_ready),
        IN_SCENE(test_a_link_that_is_never_made_ready_is_given_up),
        IN_SCENE(test_it_connects_as_soon_as_there_is_a_server),
        IN_SCENE(test_it_reconnects_each_time_and_says_so),
        IN_SCENE(test_an_idle_link_is_asked_whether_it_lives),
        IN_SCENE(test_a_callback_may_drop_the_link),
        IN_SCENE(test_a_callback_may_call_again),
        IN_SCENE(test_stopping_answers_what_is_in_flight_once),
        IN_SCENE(test_a_server_may_be_reached_by_tcp),
        IN_SCENE(test_other_addresses_are_refused),
        cmocka_unit_test(test_waits_between_attempts_grow_to_five_seconds_and_are_spread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
