#include "store/link.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/reader.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/util.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>

const struct link_limits link_limits_default = {.connect_ms = 1000,
                                                .reply_ms = 2000,
                                                .ping_ms = 5000,
                                                .calls_n = 1024,
                                                .out_bytes = 8u << 20u,
                                                .reply_bytes = 64u << 20u,
                                                .reply_elements = 1u << 20u};

enum link_state { LINK_DOWN, LINK_CONNECTING, LINK_UP, LINK_READY };

struct pending {
    TAILQ_ENTRY(pending) entry;
    link_reply_fn fn;
    void *arg; /* borrowed from the caller */
    int64_t due_mono_ms;
};
TAILQ_HEAD(pendings, pending);

struct link {
    struct event_base *base; /* borrowed */
    struct link_limits limits;
    struct sockaddr_storage address;
    socklen_t address_n;
    link_up_fn on_up;
    void *up_arg;
    void (*changed)(void *arg, bool is_ready);
    void *changed_arg;

    enum link_state state;
    struct bufferevent *bev; /* owned; NULL while down */
    struct reader *reader;   /* owned; NULL while down */
    struct pendings calls;   /* in the order sent */
    unsigned calls_n;
    struct event *timer; /* connect, reply or ping time-out, or the next attempt */
    unsigned attempts;
    int64_t ready_mono_ms;
    int64_t spoke_mono_ms;
};

static void link_connect(struct link *l);
static void link_arm(struct link *l);

int64_t link_backoff_ms(unsigned n)
{
    const int64_t most_ms = 5000;
    int64_t bound = n > 10 ? most_ms : INT64_C(50) << n;

    return randombytes_uniform((uint32_t)(bound < most_ms ? bound : most_ms) + 1);
}

static bool address_read(const char *where, struct sockaddr_storage *ret_a, socklen_t *ret_n)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int n = sizeof *ret_a;

    if (!strncmp(where, "unix:", 5) && strlen(where + 5) < sizeof un.sun_path && where[5]) {
        snprintf(un.sun_path, sizeof un.sun_path, "%s", where + 5);
        memcpy(ret_a, &un, sizeof un);
        *ret_n = sizeof un;
        return true;
    }
    if (strncmp(where, "tcp:", 4) != 0 ||
        evutil_parse_sockaddr_port(where + 4, (struct sockaddr *)ret_a, &n) != 0)
        return false;
    *ret_n = (socklen_t)n;
    return true;
}

static void tell_change(struct link *l, bool is_ready)
{
    if (l->changed)
        l->changed(l->changed_arg, is_ready);
}

/* All in flight end with "outcome unknown". The list is taken off first: a callback may already
 * make new calls. */
static void fail_calls(struct link *l, const char *why)
{
    struct pendings taken = TAILQ_HEAD_INITIALIZER(taken);
    struct pending *p;
    struct err e = {0};

    err_set(&e, ERR_UNAVAILABLE, "store: %s", why);
    TAILQ_CONCAT(&taken, &l->calls, entry);
    l->calls_n = 0;
    while ((p = TAILQ_FIRST(&taken))) {
        TAILQ_REMOVE(&taken, p, entry);
        p->fn(p->arg, NULL, &e);
        free(p);
    }
}

static void link_close(struct link *l)
{
    if (l->bev)
        bufferevent_free(l->bev);
    l->bev = NULL;
    reader_free(l->reader);
    l->reader = NULL;
    l->state = LINK_DOWN;
}

void link_drop(struct link *l, const char *why)
{
    bool was_ready = l->state == LINK_READY;

    if (l->state == LINK_DOWN)
        return;
    if (was_ready || l->attempts % 16 == 0)
        log_warning("store_lost", "why=\"%s\" attempt=%u", why, l->attempts);
    if (was_ready && clock_mono_ms() - l->ready_mono_ms > 10000)
        l->attempts = 0; /* ten healthy seconds: start over */
    link_close(l);
    link_arm(l);
    if (was_ready)
        tell_change(l, false);
    fail_calls(l, why);
}

static struct timeval after_ms(int64_t ms)
{
    if (ms < 0)
        ms = 0;
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};
}

/* One timer serves all: it is set for whatever is due first. */
static void link_arm(struct link *l)
{
    struct pending *first = TAILQ_FIRST(&l->calls);
    int64_t now = clock_mono_ms();
    struct timeval tv;

    if (l->state == LINK_DOWN)
        tv = after_ms(link_backoff_ms(l->attempts++));
    else if (l->state == LINK_CONNECTING)
        tv = after_ms(l->limits.connect_ms);
    else if (first)
        tv = after_ms(first->due_mono_ms - now);
    else
        tv = after_ms(l->spoke_mono_ms + l->limits.ping_ms - now);
    evtimer_add(l->timer, &tv);
}

static void ping_answered(void *arg, const struct redisReply *reply, const struct err *e)
{
    (void)arg, (void)reply, (void)e; /* silence is noticed by the time-out */
}

static void link_timer(evutil_socket_t fd, short what, void *arg)
{
    static const char *const ping[] = {"PING"};
    static const size_t ping_bytes[] = {4};
    struct link *l = arg;
    struct pending *first = TAILQ_FIRST(&l->calls);

    (void)fd, (void)what;
    if (l->state == LINK_DOWN)
        link_connect(l);
    else if (l->state == LINK_CONNECTING)
        link_drop(l, "connect timed out");
    else if (first && first->due_mono_ms <= clock_mono_ms())
        link_drop(l, "reply timed out"); /* replies would be out of step */
    else if (!first && l->state != LINK_READY)
        link_drop(l, "not checked in time");
    else if (first || link_call(l, 1, ping, ping_bytes, 0, ping_answered, NULL, NULL) != ERR_OK)
        link_arm(l);
}

static void link_answer(struct link *l, redisReply *reply)
{
    struct pending *p = TAILQ_FIRST(&l->calls);
    struct err none = {0};

    if (!p) { /* a reply nobody asked for: the stream cannot be trusted */
        freeReplyObject(reply);
        link_drop(l, "reply without a call");
        return;
    }
    TAILQ_REMOVE(&l->calls, p, entry);
    l->calls_n--;
    p->fn(p->arg, reply, &none);
    free(p);
    freeReplyObject(reply);
}

static void link_readable(struct bufferevent *bev, void *arg)
{
    struct link *l = arg;
    struct evbuffer *in = bufferevent_get_input(bev);
    char bytes[16384];
    int n;

    l->spoke_mono_ms = clock_mono_ms();
    while (l->bev == bev && (n = evbuffer_remove(in, bytes, sizeof bytes)) > 0) {
        enum reader_state state = READER_REPLY;
        redisReply *reply;

        if (!reader_feed(l->reader, bytes, (size_t)n)) {
            link_drop(l, "reply too large");
            return;
        }
        while (l->bev == bev && (state = reader_next(l->reader, &reply)) == READER_REPLY)
            link_answer(l, reply);
        if (state == READER_BROKEN) {
            link_drop(l, "not a Redis reply");
            return;
        }
    }
    if (l->bev == bev)
        link_arm(l);
}

static void link_event(struct bufferevent *bev, short what, void *arg)
{
    struct link *l = arg;

    (void)bev;
    if (what & BEV_EVENT_CONNECTED) {
        int on = 1;
        int user_timeout_ms = 5000;
        evutil_socket_t fd = bufferevent_getfd(l->bev);

        if (l->address.ss_family != AF_UNIX) {
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
            setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout_ms, sizeof user_timeout_ms);
        }
        l->state = LINK_UP;
        l->spoke_mono_ms = clock_mono_ms();
        link_arm(l);
        l->on_up(l, l->up_arg);
    } else {
        link_drop(l, what & BEV_EVENT_EOF ? "closed by the store" : "cannot reach the store");
    }
}

static void link_connect(struct link *l)
{
    l->state = LINK_CONNECTING;
    l->bev = bufferevent_socket_new(l->base, -1, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    l->reader = reader_new(l->limits.reply_bytes, l->limits.reply_elements);
    if (!l->bev)
        bug("out of memory");
    bufferevent_setcb(l->bev, link_readable, NULL, link_event, l);
    bufferevent_enable(l->bev, EV_READ | EV_WRITE);
    link_arm(l);
    if (bufferevent_socket_connect(l->bev, (struct sockaddr *)&l->address, (int)l->address_n) != 0)
        link_drop(l, "cannot connect");
}

enum err_code link_new(struct event_base *base, const char *where, const struct link_limits *limits,
                       link_up_fn on_up, void *arg, struct link **ret_link, struct err *e)
{
    struct link *l = mem_new(1, sizeof *l);

    if (!address_read(where, &l->address, &l->address_n)) {
        free(l);
        return err_set(e, ERR_CONFIG, "store: not `unix:/path` or `tcp:address:port`: %s", where);
    }
    l->base = base;
    l->limits = limits ? *limits : link_limits_default;
    l->on_up = on_up;
    l->up_arg = arg;
    TAILQ_INIT(&l->calls);
    l->timer = evtimer_new(base, link_timer, l);
    if (!l->timer)
        bug("out of memory");
    evtimer_add(l->timer, &(struct timeval){0});
    *ret_link = l;
    return ERR_OK;
}

void link_free(struct link *l)
{
    if (!l)
        return;
    l->changed = NULL;
    link_close(l);
    fail_calls(l, "stopping");
    event_free(l->timer);
    free(l);
}

bool link_is_ready(const struct link *l)
{
    return l->state == LINK_READY;
}

void link_on_change(struct link *l, void (*changed)(void *arg, bool is_ready), void *arg)
{
    l->changed = changed;
    l->changed_arg = arg;
}

unsigned link_in_flight(const struct link *l)
{
    return l->calls_n;
}

void link_ready(struct link *l)
{
    if (l->state != LINK_UP)
        return;
    l->state = LINK_READY;
    l->ready_mono_ms = clock_mono_ms();
    tell_change(l, true);
}

static enum err_code link_send(struct link *l, size_t argc, const char *const *argv,
                               const size_t *bytes, int64_t wait_ms, link_reply_fn fn, void *arg,
                               struct err *e)
{
    struct pending *p;
    char *wire = NULL;
    int n;

    if (l->calls_n >= l->limits.calls_n ||
        evbuffer_get_length(bufferevent_get_output(l->bev)) > l->limits.out_bytes)
        return err_set(e, ERR_UNAVAILABLE, "store: too much in flight");
    n = redisFormatCommandArgv(&wire, (int)argc, (const char **)(uintptr_t)argv, bytes);
    if (n < 0)
        bug("cannot format a command");
    bufferevent_write(l->bev, wire, (size_t)n);
    redisFreeCommand(wire);
    p = mem_new(1, sizeof *p);
    p->fn = fn;
    p->arg = arg;
    p->due_mono_ms = clock_mono_ms() + (wait_ms ? wait_ms : l->limits.reply_ms);
    TAILQ_INSERT_TAIL(&l->calls, p, entry);
    if (l->calls_n++ == 0)
        link_arm(l);
    return ERR_OK;
}

enum err_code link_call(struct link *l, size_t argc, const char *const *argv, const size_t *bytes,
                        int64_t wait_ms, link_reply_fn fn, void *arg, struct err *e)
{
    if (l->state != LINK_READY)
        return err_set(e, ERR_UNAVAILABLE, "store: not connected");
    return link_send(l, argc, argv, bytes, wait_ms, fn, arg, e);
}

enum err_code link_call_early(struct link *l, size_t argc, const char *const *argv,
                              const size_t *bytes, link_reply_fn fn, void *arg, struct err *e)
{
    if (l->state != LINK_UP && l->state != LINK_READY)
        return err_set(e, ERR_UNAVAILABLE, "store: not connected");
    return link_send(l, argc, argv, bytes, 0, fn, arg, e);
}
