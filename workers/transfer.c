#include "workers/transfer.h"

#include "base/err.h"

#include <event2/event.h>
#include <stdlib.h>
#include <sys/queue.h>

/* libcurl says which sockets and which timer it waits for; we tell it when one of them is ready
 * (curl_multi_socket_action), then look who is done. */
struct transfer {
    TAILQ_ENTRY(transfer) entry;
    CURL *easy; /* owned */
    transfer_fn fn;
    void *arg;
};

struct transfers {
    struct event_base *base; /* borrowed */
    CURLM *multi;            /* owned */
    struct event *timer;     /* owned */
    TAILQ_HEAD(, transfer) list;
};

static void transfers_look(struct transfers *t)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(t->multi, &left))) {
        CURLcode code = message->data.result;
        CURL *easy = message->easy_handle;
        struct transfer *one;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&one);
        curl_multi_remove_handle(t->multi, easy);
        TAILQ_REMOVE(&t->list, one, entry);
        one->fn(one->arg, easy, code);
        curl_easy_cleanup(easy);
        free(one);
    }
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
    struct transfers *t = arg;
    int running;

    curl_multi_socket_action(t->multi, fd,
                             (what & EV_READ ? CURL_CSELECT_IN : 0) |
                                 (what & EV_WRITE ? CURL_CSELECT_OUT : 0),
                             &running);
    transfers_look(t);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct transfers *t = arg;
    int running;

    (void)fd, (void)what;
    curl_multi_socket_action(t->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    transfers_look(t);
}

static int set_timer(CURLM *multi, long ms, void *arg)
{
    struct transfers *t = arg;
    struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};

    (void)multi;
    if (ms < 0)
        evtimer_del(t->timer);
    else
        evtimer_add(t->timer, &wait);
    return 0;
}

/* The event of a socket lives from its first wish to CURL_POLL_REMOVE. */
static int set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *of_socket)
{
    struct transfers *t = arg;
    struct event *event = of_socket;

    (void)easy;
    if (event)
        event_free(event);
    if (what == CURL_POLL_REMOVE) {
        curl_multi_assign(t->multi, fd, NULL);
        return 0;
    }
    event = event_new(t->base, fd,
                      (short)((what & CURL_POLL_IN ? EV_READ : 0) |
                              (what & CURL_POLL_OUT ? EV_WRITE : 0) | EV_PERSIST),
                      on_socket, t);
    if (!event)
        bug("out of memory");
    event_add(event, NULL);
    curl_multi_assign(t->multi, fd, event);
    return 0;
}

struct transfers *transfers_new(struct event_base *base)
{
    struct transfers *t = mem_new(1, sizeof *t);

    t->base = base;
    TAILQ_INIT(&t->list);
    t->multi = curl_multi_init();
    t->timer = evtimer_new(base, on_timer, t);
    if (!t->multi || !t->timer)
        bug("out of memory");
    curl_multi_setopt(t->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
    curl_multi_setopt(t->multi, CURLMOPT_SOCKETDATA, t);
    curl_multi_setopt(t->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(t->multi, CURLMOPT_TIMERDATA, t);
    return t;
}

void transfers_free(struct transfers *t)
{
    struct transfer *one;

    if (!t)
        return;
    while ((one = TAILQ_FIRST(&t->list))) {
        TAILQ_REMOVE(&t->list, one, entry);
        curl_multi_remove_handle(t->multi, one->easy);
        one->fn(one->arg, one->easy, CURLE_ABORTED_BY_CALLBACK);
        curl_easy_cleanup(one->easy);
        free(one);
    }
    curl_multi_cleanup(t->multi); /* closes kept connections: their events go with them */
    event_free(t->timer);
    free(t);
}

void transfers_add(struct transfers *t, CURL *easy, transfer_fn fn, void *arg)
{
    struct transfer *one = mem_new(1, sizeof *one);

    *one = (struct transfer){.easy = easy, .fn = fn, .arg = arg};
    TAILQ_INSERT_TAIL(&t->list, one, entry);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, one);
    curl_multi_add_handle(t->multi, easy);
}
