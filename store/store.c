#include "store/store.h"

#include "base/clock.h"
#include "base/log.h"
#include "config/file.h"
#include "store/check.h"
#include "store/reply.h"
#include "store/totals.h"

#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum { WAITING_MAX = 1024 };

/* One call, from store_call to its one answer:
 *   waiting (no link) <-> sent --reply--> answered
 * The deadline answers a sent call too; its reply, if it still comes, only frees it. */
struct call {
    TAILQ_ENTRY(call) entry; /* in waiting, unless it is in flight or answered */
    struct store *store;     /* borrowed */
    struct args args;        /* owned */
    store_reply_fn fn;       /* NULL once answered */
    void *arg;
    struct event *deadline; /* owned */
    int64_t due_mono_ms, began_mono_ms;
    struct store_time *time; /* borrowed from the store */
    bool in_flight;
};
TAILQ_HEAD(calls, call);

struct store {
    struct event_base *base; /* borrowed */
    struct store_options options;
    struct link *link;   /* owned */
    struct check *check; /* owned */
    char *password;      /* owned, guarded; NULL: nobody signs in */
    struct calls waiting;
    unsigned waiting_n;
    int64_t lost_mono_ms;  /* since when there is no link; 0: there is one */
    struct totals *totals; /* owned */
    struct store_time times[STORE_TIMES_MAX];
    size_t times_n;
};

static bool call_send(struct call *c);
static void store_send_waiting(struct store *s);

const double store_time_bounds[STORE_TIME_BOUNDS_N] = {.001, .002, .005, .01, .025,
                                                       .05,  .1,   .5,   1,   2};

/* The row of a command; a function by its own name. The last row is for all that have none. */
static struct store_time *time_of(struct store *s, const struct args *a)
{
    bool is_function = a->n > 1 && !strncmp(a->bytes.text, "FCALL", 5);
    size_t begin = is_function ? a->ends[0] : 0;
    size_t n = a->ends[is_function] - begin;
    size_t i = 0;

    while (i < s->times_n &&
           (strncmp(s->times[i].command, a->bytes.text + begin, n) != 0 || s->times[i].command[n]))
        i++;
    if (i == s->times_n && (i == STORE_TIMES_MAX - 1 || n >= sizeof s->times[i].command)) {
        i = STORE_TIMES_MAX - 1;
        strcpy(s->times[i].command, "other");
    } else if (i == s->times_n) {
        snprintf(s->times[s->times_n++].command, sizeof s->times[i].command, "%.*s", (int)n,
                 a->bytes.text + begin);
    }
    return &s->times[i];
}

static void time_count(struct store_time *t, int64_t ms)
{
    unsigned i = 0;

    while (i < STORE_TIME_BOUNDS_N && (double)ms / 1000 > store_time_bounds[i])
        i++;
    t->took[i]++;
    t->took_s += (double)ms / 1000;
    t->n++;
}

static void call_free(struct call *c)
{
    event_free(c->deadline);
    args_clear(&c->args);
    free(c);
}

/* Answers once. The call stays allocated while its reply may still come. */
static void call_answer(struct call *c, const struct redisReply *reply, const struct err *e)
{
    store_reply_fn fn = c->fn;
    struct store *s = c->store;

    c->fn = NULL;
    if (!c->in_flight) {
        TAILQ_REMOVE(&s->waiting, c, entry);
        s->waiting_n--;
    }
    evtimer_del(c->deadline);
    time_count(c->time, clock_mono_ms() - c->began_mono_ms);
    fn(c->arg, reply, e);
}

static void call_replied(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct call *c = arg;
    struct store *s = c->store;
    struct err fault = {0};

    if (!c->fn) { /* the deadline was first */
        call_free(c);
        store_send_waiting(s);
        return;
    }
    if (!reply && e->code == ERR_UNAVAILABLE && clock_mono_ms() < c->due_mono_ms &&
        c->store->link) { /* outcome unknown: again, on the next link */
        c->in_flight = false;
        TAILQ_INSERT_TAIL(&c->store->waiting, c, entry);
        c->store->waiting_n++;
        return;
    }
    if (reply && reply_check(reply, &fault) != ERR_OK) {
        bool reload = reply_lacks_function(reply);
        struct link *link = c->store->link;

        call_answer(c, NULL, &fault);
        call_free(c);
        if (reload)
            link_drop(link, "the function library is gone");
        return;
    }
    call_answer(c, reply, e);
    call_free(c);
    store_send_waiting(s);
}

static void call_late(evutil_socket_t fd, short what, void *arg)
{
    struct call *c = arg;
    bool in_flight = c->in_flight;

    (void)fd, (void)what;
    call_answer(c, NULL, &(struct err){ERR_UNAVAILABLE, "the store did not answer in time"});
    if (!in_flight)
        call_free(c);
}

/* False: the link is full; the call waits on until a reply has made room. */
static bool call_send(struct call *c)
{
    struct store *s = c->store;
    const char **argv = mem_new(c->args.n, sizeof *argv);
    size_t *lengths = mem_new(c->args.n, sizeof *lengths);
    int64_t left_ms = c->due_mono_ms - clock_mono_ms();

    args_vector(&c->args, argv, lengths);
    /* The link gets some time beyond our deadline: a reply that is merely late must not cost all
     * other calls their connection. */
    if (link_call(s->link, c->args.n, argv, lengths, (left_ms > 0 ? left_ms : 0) + 1000,
                  call_replied, c, NULL) == ERR_OK) {
        TAILQ_REMOVE(&s->waiting, c, entry);
        s->waiting_n--;
        c->in_flight = true;
    }
    free(lengths);
    free(argv);
    return c->in_flight;
}

static void store_send_waiting(struct store *s)
{
    int64_t now = clock_mono_ms();
    struct call *c, *next;

    if (!s->link || !link_is_ready(s->link))
        return;
    for (c = TAILQ_FIRST(&s->waiting); c; c = next) {
        next = TAILQ_NEXT(c, entry);
        if (c->due_mono_ms > now && !call_send(c))
            return;
    }
}

void store_call(struct store *s, unsigned partition, struct args *args, int64_t wait_ms,
                store_reply_fn fn, void *arg)
{
    struct call *c = mem_new(1, sizeof *c);
    int64_t now = clock_mono_ms();
    int64_t given_ms = wait_ms ? wait_ms : s->options.timeout_ms;
    struct timeval tv;

    (void)partition; /* one Redis holds all partitions; a cluster will choose its node here */
    /* No link for longer than a call may take, or a crowd already waits: answer at once. */
    if (s->waiting_n >= WAITING_MAX || (s->lost_mono_ms && now - s->lost_mono_ms > given_ms))
        given_ms = 0;
    c->store = s;
    c->args = *args;
    c->time = time_of(s, args);
    c->began_mono_ms = now;
    *args = (struct args){0};
    c->fn = fn;
    c->arg = arg;
    c->due_mono_ms = now + given_ms;
    c->deadline = evtimer_new(s->base, call_late, c);
    if (!c->deadline)
        bug("out of memory");
    tv = (struct timeval){given_ms / 1000, (given_ms % 1000) * 1000};
    evtimer_add(c->deadline, &tv);
    TAILQ_INSERT_TAIL(&s->waiting, c, entry);
    s->waiting_n++;
    if (given_ms && s->link && link_is_ready(s->link))
        call_send(c);
}

static void store_link_changed(void *arg, bool is_ready)
{
    struct store *s = arg;

    s->lost_mono_ms = is_ready ? 0 : clock_mono_ms();
    if (is_ready)
        store_send_waiting(s);
    if (s->options.changed)
        s->options.changed(s->options.arg, is_ready);
}

static void store_link_up(struct link *l, void *arg)
{
    struct store *s = arg;

    check_begin(s->check, l);
}

static enum err_code password_read(struct store *s, struct err *e)
{
    const struct store_options *options = &s->options;
    enum err_code rc;
    char *path;

    if (!options->passwords || !*options->passwords)
        return ERR_OK;
    path = file_path(options->passwords, options->user);
    rc = file_secret_read(path, &s->password, e);
    free(path);
    return rc;
}

enum err_code store_new(struct event_base *base, const struct store_options *options,
                        struct store **ret_store, struct err *e)
{
    struct store *s = mem_new(1, sizeof *s);
    enum err_code rc;

    s->base = base;
    s->options = *options;
    TAILQ_INIT(&s->waiting);
    s->lost_mono_ms = clock_mono_ms();
    s->totals = totals_new();
    rc = password_read(s, e);
    s->check = check_new(options->check, options->ring, options->user, s->password, options->unfit,
                         options->arg);
    if (rc == ERR_OK)
        rc = link_new(base, options->where, NULL, store_link_up, s, &s->link, e);
    if (rc != ERR_OK) {
        check_free(s->check);
        totals_free(s->totals);
        sodium_free(s->password);
        free(s);
        return rc;
    }
    link_on_change(s->link, store_link_changed, s);
    *ret_store = s;
    return ERR_OK;
}

void store_free(struct store *s)
{
    struct link *link;
    struct call *c;
    struct err stopping = {ERR_UNAVAILABLE, "stopping"};

    if (!s)
        return;
    link = s->link;
    s->link = NULL; /* from here on nothing is sent again */
    s->options.changed = NULL;
    link_free(link);
    while ((c = TAILQ_FIRST(&s->waiting))) {
        call_answer(c, NULL, &stopping);
        call_free(c);
    }
    check_free(s->check);
    sodium_free(s->password);
    totals_free(s->totals);
    free(s);
}

struct totals *store_totals(struct store *s)
{
    return s->totals;
}

const struct store_time *store_times(const struct store *s, size_t *ret_n)
{
    *ret_n = s->times[STORE_TIMES_MAX - 1].n ? STORE_TIMES_MAX : s->times_n;
    return s->times;
}

bool store_is_ready(const struct store *s)
{
    return link_is_ready(s->link);
}

const struct keyring *store_keyring(const struct store *s)
{
    return s->options.ring;
}
