#include "workers/deliver.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/notice_store.h"
#include "store/totals.h"
#include "workers/announce.h"
#include "workers/caller.h"
#include "workers/hooks.h"
#include "workers/mailer.h"
#include "workers/transfer.h"

#include <event2/event.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Two loops beside each other:
 *
 *   tell_begin -> tell_prepared -> tell_read <-> tell_came -> announce_begin ..   events to notices
 *   send_look -> send_taken -> send_begun -> mailer_send .. -> send_ended         notices to the
 * wire
 *
 * A round on a timer looks at all partitions for notices that are due, and at some after the others
 * for events that another worker left behind. */
enum { EVENTS_N = 4, LEFT_N = 32, LEFT_PARTITIONS = 4, ROUND_MS = 500, QUEUE_MAX = 1024 };

/* Waits before the attempts after the first one, for a deliver_retry_ms of 5 s. After the last one
 * a notice is a dead letter. Source: conventions, section 2. */
static const int64_t waits_ms[] = {5000,     300000,   1800000,  7200000, 18000000,
                                   36000000, 50400000, 72000000, 86400000};
enum { WAITS_N = sizeof waits_ms / sizeof waits_ms[0] };

struct deliver {
    struct crew *crew;           /* borrowed */
    struct store *events;        /* owned: blocking reads, nothing else */
    struct transfers *transfers; /* owned */
    struct mailer *mailer;       /* owned */
    struct caller *caller;       /* owned */
    struct hooks *hooks;         /* owned */
    struct heard {
        struct happening *list; /* owned */
        size_t n;
    } heard, next; /* read, to be told once the webhooks are known; read meanwhile */
    bool asking;   /* for the webhooks */
    bool prepared, reading;
    unsigned telling_n, sending_n;
    struct event *retry; /* owned: prepare or read again after a failure */
    struct event *round; /* owned */
    unsigned partition;
    struct {
        char id[ID_BYTES];
        int64_t taken_mono_ms;
    } due[QUEUE_MAX]; /* taken, not begun */
    size_t due_n;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

/* One attempt. */
struct sending {
    struct deliver *deliver;
    struct notice notice; /* without what it borrows */
    int64_t began_mono_ms;
};

static void tell_read(struct deliver *d);
static void send_next(struct deliver *d);

static void arm(struct event *timer, int64_t ms)
{
    struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};

    evtimer_add(timer, &wait);
}

static void deliver_idle(struct deliver *d)
{
    void (*stopped)(void *) = d->stopped;

    if (d->telling_n || d->sending_n || !stopped)
        return;
    d->stopped = NULL;
    stopped(d->stopped_arg);
}

/* --- events to notices ------------------------------------------------------------------------ */

static void tell_done(void *arg)
{
    struct deliver *d = arg;

    d->telling_n--;
    arm(d->round, 0); /* what was announced is due */
    if (!d->telling_n && !d->crew->stopping)
        tell_read(d);
    deliver_idle(d);
}

static void tell_known(void *arg, const struct err *e);

/* What came while the webhooks were asked for may be of newer ones: they are asked for again. */
static void tell_next(struct deliver *d)
{
    if (d->asking || !d->next.n)
        return;
    d->heard = d->next;
    d->next = (struct heard){.n = 0};
    d->asking = true;
    hooks_refresh(d->hooks, tell_known, d);
}

/* The store did not say who is to be told: the events stay with the group and are taken over. */
static void tell_known(void *arg, const struct err *e)
{
    struct deliver *d = arg;
    struct heard heard = d->heard;

    d->heard = (struct heard){.n = 0};
    d->asking = false;
    if (e->code != ERR_OK) {
        d->telling_n -= (unsigned)heard.n;
        arm(d->retry, 200);
    } else {
        for (size_t i = 0; i < heard.n; i++)
            announce_begin(d->crew, d->hooks, &heard.list[i], tell_done, d);
    }
    free(heard.list);
    if (!d->crew->hushed)
        tell_next(d);
    deliver_idle(d);
}

static void tell_all(struct deliver *d, const struct happening *list, size_t n)
{
    d->next.list = mem_grow(d->next.list, d->next.n + n, sizeof *list);
    memcpy(d->next.list + d->next.n, list, n * sizeof *list);
    d->next.n += n;
    d->telling_n += (unsigned)n;
    tell_next(d);
}

static void tell_came(void *arg, const struct happening *list, size_t n, const struct err *e)
{
    struct deliver *d = arg;

    d->reading = false;
    if (e->code != ERR_OK) {
        d->prepared &= !strstr(e->detail, "NOGROUP"); /* somebody dropped it */
        arm(d->retry, 200);
        return;
    }
    if (d->crew->stopping) /* what was read stays with the group */
        return;
    if (n)
        tell_all(d, list, n);
    if (!d->telling_n)
        tell_read(d);
}

/* The next ones are read when these are done: what is read and not begun would wait for us alone.
 */
static void tell_read(struct deliver *d)
{
    const int64_t block_ms = 1000;

    if (d->reading || !d->prepared || d->crew->stopping || crew_is_quiet(d->crew))
        return;
    d->reading = true;
    notice_store_events(d->events, d->crew->slot, EVENTS_N, block_ms, tell_came, d);
}

static void tell_prepared(void *arg, const struct err *e)
{
    struct deliver *d = arg;

    d->reading = false;
    d->prepared = e->code == ERR_OK;
    if (d->prepared)
        tell_read(d);
    else
        arm(d->retry, 200);
}

static void tell_begin(evutil_socket_t fd, short what, void *arg)
{
    struct deliver *d = arg;

    (void)fd, (void)what;
    if (d->reading || d->crew->stopping)
        return;
    if (d->prepared) {
        tell_read(d);
        return;
    }
    d->reading = true;
    notice_store_prepare(d->crew->store, tell_prepared, d);
}

static void left_came(void *arg, const struct happening *list, size_t n, const struct err *e)
{
    struct deliver *d = arg;

    if (e->code != ERR_OK || d->crew->stopping || !n)
        return;
    log_info("taken_over", "events=%zu", n);
    tell_all(d, list, n);
}

/* --- notices to the wire ---------------------------------------------------------------------- */

/* By the schedule, give or take a fifth, and not before the receiver wishes; -1: no more. */
static int64_t wait_after(const struct deliver *d, int64_t tries, int64_t at_least_ms)
{
    double scale = (double)d->crew->settings.deliver_retry_ms / (double)waits_ms[0];
    double chance = 0.8 + 0.4 * (double)randombytes_uniform(1000) / 1000;
    int64_t ms;

    if (tries < 1 || tries > WAITS_N)
        return -1;
    ms = (int64_t)((double)waits_ms[tries - 1] * scale * chance);
    return ms < at_least_ms ? at_least_ms : ms;
}

static void send_settled(void *arg, int64_t first, int64_t second, const struct err *e)
{
    struct deliver *d = arg;

    (void)first, (void)second;
    if (e->code != ERR_OK) /* it comes back when its lease ends, under the same id */
        log_warning("not_settled", "why=\"%s\"", e->detail);
    d->sending_n--;
    send_next(d);
    deliver_idle(d);
}

static void send_ended(void *arg, const struct attempt_result *result)
{
    struct sending *one = arg;
    struct deliver *d = one->deliver;
    const struct notice *n = &one->notice;
    struct settlement how = {
        .outcome = result->outcome, .status = result->status, .answer = result->answer};
    int64_t now_ms = clock_now_ms();
    int64_t wait_ms = wait_after(d, n->tries, result->wait_ms);

    if (d->crew->hushed) {
        d->sending_n--;
        free(one);
        return;
    }
    if (how.outcome == NOTICE_LATER && wait_ms < 0)
        how.outcome = NOTICE_DEAD;
    if (how.outcome == NOTICE_BACK)
        wait_ms = result->wait_ms;
    how.due_ms = now_ms + (wait_ms > 0 ? wait_ms : 0);
    if (how.outcome == NOTICE_BACK)
        log_debug("put_back", "notice=%s why=\"%s\"", n->id, result->why);
    else if (how.outcome == NOTICE_SENT)
        log_info("delivered", "notice=%s kind=%s request=%s tries=%lld", n->id,
                 notice_kind_words[n->kind], n->event.request, (long long)n->tries);
    else
        log_event(how.outcome == NOTICE_DEAD ? LOG_ERROR : LOG_WARNING,
                  how.outcome == NOTICE_DEAD      ? "dead_letter"
                  : how.outcome == NOTICE_DROPPED ? "dropped"
                                                  : "not_delivered",
                  "notice=%s kind=%s request=%s tries=%lld status=%ld why=\"%s\"", n->id,
                  notice_kind_words[n->kind], n->event.request, (long long)n->tries, result->status,
                  result->why);
    totals_time(store_totals(d->crew->store), "run", "deliver", totals_run_bounds,
                clock_mono_ms() - one->began_mono_ms);
    notice_store_settle(d->crew->store, n, &how, now_ms, send_settled, d);
    free(one);
}

/* An event whose telling had failed and which an operator has requeued. */
static void send_told(void *arg)
{
    send_ended(arg, &(struct attempt_result){.outcome = NOTICE_SENT, .why = "", .answer = ""});
}

static void send_begun(void *arg, const struct notice *n, const struct err *e)
{
    struct deliver *d = arg;
    struct sending *one;

    if (!n) { /* settled by another worker; or the store is away and it comes back */
        (void)e;
        d->sending_n--;
        send_next(d);
        deliver_idle(d);
        return;
    }
    one = mem_new(1, sizeof *one);
    one->deliver = d;
    one->notice = *n;
    one->began_mono_ms = clock_mono_ms();
    one->notice.person = NULL;
    one->notice.state = one->notice.payload = one->notice.answer = "";
    switch (n->kind) {
    case NOTICE_MAIL:
        mailer_send(d->mailer, n, send_ended, one);
        return;
    case NOTICE_EVENT:
        announce_begin(d->crew, d->hooks, &n->event, send_told, one);
        return;
    case NOTICE_HOOK:
        caller_send(d->caller, n, send_ended, one);
        return;
    case NOTICE_KINDS_N:
        break;
    }
    bug("notice of kind %d", n->kind);
}

static void send_next(struct deliver *d)
{
    while (d->due_n && !d->crew->stopping && crew_may_take(d->crew, QUEUE_DELIVER) &&
           d->sending_n < (unsigned)d->crew->settings.deliver_parallel) {
        d->due_n--;
        if (clock_mono_ms() - d->due[d->due_n].taken_mono_ms >
            d->crew->settings.deliver_lease_ms / 4)
            continue; /* too late to be sure that it is ours alone: it comes back */
        d->sending_n++;
        notice_store_begin(d->crew->store, d->due[d->due_n].id, send_begun, d);
    }
}

static void send_taken(void *arg, const char (*ids)[ID_BYTES], size_t n, const struct err *e)
{
    struct deliver *d = arg;

    if (e->code != ERR_OK)
        return;
    for (size_t i = 0; i < n && d->due_n < QUEUE_MAX; i++) { /* any others come back */
        memcpy(d->due[d->due_n].id, ids[i], ID_BYTES);
        d->due[d->due_n++].taken_mono_ms = clock_mono_ms();
    }
    send_next(d);
}

/* Takes no more than can be begun at once: the rest is for other workers. */
static void send_look(struct deliver *d, unsigned partition)
{
    const struct settings *s = &d->crew->settings;
    unsigned under_way = d->sending_n + (unsigned)d->due_n;

    if (under_way < (unsigned)s->deliver_parallel && crew_may_take(d->crew, QUEUE_DELIVER))
        notice_store_take(d->crew->store, partition, clock_now_ms(), s->deliver_lease_ms,
                          (unsigned)s->deliver_parallel - under_way, send_taken, d);
}

static void deliver_round(evutil_socket_t fd, short what, void *arg)
{
    struct deliver *d = arg;
    struct crew *crew = d->crew;

    (void)fd, (void)what;
    if (!crew->stopping && d->prepared && store_is_ready(crew->store)) {
        for (unsigned p = 0; p < ID_PARTITIONS; p++)
            send_look(d, p);
        for (unsigned i = 0; i < LEFT_PARTITIONS && !crew_is_quiet(crew); i++) {
            notice_store_events_left(crew->store, d->partition, crew->slot,
                                     crew->settings.worker_takeover_ms, LEFT_N, left_came, d);
            d->partition = (d->partition + 1) % ID_PARTITIONS;
        }
    }
    arm(d->round, ROUND_MS);
}

/* --- life ------------------------------------------------------------------------------------- */

void deliver_switched(struct deliver *d)
{
    if (d->crew->stopping)
        return;
    if (!crew_may_take(d->crew, QUEUE_DELIVER))
        d->due_n = 0; /* comes back when its lease ends */
    arm(d->retry, 0);
}

unsigned deliver_busy(const struct deliver *d)
{
    return d->telling_n + d->sending_n;
}

enum err_code deliver_new(struct crew *crew, const struct store_options *options,
                          struct deliver **ret_deliver, struct err *e)
{
    struct deliver *d = mem_new(1, sizeof *d);
    struct store_options own = *options;
    enum err_code rc;

    own.unfit = NULL; /* the main link says it once */
    own.changed = NULL;
    d->crew = crew;
    d->transfers = transfers_new(crew->base);
    d->caller = caller_new(crew, d->transfers);
    d->hooks = hooks_new(crew->store);
    if ((rc = mailer_new(crew, d->transfers, &d->mailer, e)) != ERR_OK ||
        (rc = store_new(crew->base, &own, &d->events, e)) != ERR_OK) {
        deliver_free(d);
        return rc;
    }
    d->retry = evtimer_new(crew->base, tell_begin, d);
    d->round = evtimer_new(crew->base, deliver_round, d);
    if (!d->retry || !d->round)
        bug("out of memory");
    arm(d->retry, 0);
    arm(d->round, ROUND_MS);
    if (!crew_mails(crew))
        log_warning("no_mail", "why=\"smtp_url or mail_from is not set\"");
    *ret_deliver = d;
    return ERR_OK;
}

void deliver_stop(struct deliver *d, void (*done)(void *arg), void *arg)
{
    d->due_n = 0; /* comes back when its lease ends */
    d->stopped = done;
    d->stopped_arg = arg;
    deliver_idle(d);
}

void deliver_hush(struct deliver *d)
{
    if (!d)
        return;
    d->crew->hushed = true;
    store_free(d->events);
    d->events = NULL;
    transfers_free(d->transfers);
    d->transfers = NULL;
}

void deliver_free(struct deliver *d)
{
    if (!d)
        return;
    store_free(d->events);
    transfers_free(d->transfers);
    mailer_free(d->mailer);
    caller_free(d->caller);
    hooks_free(d->hooks);
    free(d->heard.list);
    free(d->next.list);
    if (d->retry)
        event_free(d->retry);
    if (d->round)
        event_free(d->round);
    free(d);
}
