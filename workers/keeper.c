#include "workers/keeper.h"

#include "base/clock.h"
#include "base/log.h"
#include "protocol/timer.h"
#include "protocol/view.h"
#include "store/deadline_store.h"
#include "store/request_store.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TICK_MS = 500,
    APART_MS = 60000 /* clocks that differ by more are worth a line */,
    UNREADABLE_MS = 3600000
};

static const struct principal the_clock = {.role = ROLE_SYSTEM};

struct keeper {
    struct crew *crew;   /* borrowed */
    struct event *timer; /* owned */
    unsigned open_n;     /* calls that have not been answered */
    int64_t now_ms;      /* of this tick */
    bool is_apart;
    struct look {
        struct keeper *keeper;
        struct deadline list[DEADLINES_MAX];
        size_t n;
    } looks[ID_PARTITIONS];
};

/* One demand that is being met. */
struct demand {
    struct keeper *keeper;
    struct timer_act act;
    char id[ID_BYTES];
    char operation[OPERATION_BYTES];
    enum state from, to;
    int64_t late_ms;
};

static void keeper_timed(void *arg, int64_t store_ms, const struct err *e);
static void keeper_due(void *arg, const struct deadline *list, size_t n, const struct err *e);
static void keeper_read(void *arg, struct stored *list, size_t n, const struct err *e);
static void keeper_moved(void *arg, enum store_outcome outcome, const struct err *e);

static const struct calendars *calendars_of(const struct keeper *k)
{
    return &k->crew->config->calendars.all;
}

static void keeper_tick(evutil_socket_t fd, short what, void *arg)
{
    struct keeper *k = arg;

    (void)fd, (void)what;
    if (k->crew->stopping || k->open_n || !store_is_ready(k->crew->store) || crew_is_quiet(k->crew))
        return;
    k->open_n++;
    deadline_store_time(k->crew->store, keeper_timed, k);
}

static void keeper_timed(void *arg, int64_t store_ms, const struct err *e)
{
    struct keeper *k = arg;
    int64_t own_ms = clock_now_ms();
    int64_t apart_ms = own_ms > store_ms ? own_ms - store_ms : store_ms - own_ms;

    k->open_n--;
    if (e->code != ERR_OK || k->crew->stopping)
        return;
    if ((apart_ms > APART_MS) != k->is_apart) {
        k->is_apart = !k->is_apart;
        if (k->is_apart)
            log_error("clocks_differ", "own_ms=%lld store_ms=%lld", (long long)own_ms,
                      (long long)store_ms);
        else
            log_info("clocks_agree", "own_ms=%lld", (long long)own_ms);
    }
    k->now_ms = own_ms < store_ms ? own_ms : store_ms;
    for (unsigned p = 0; p < ID_PARTITIONS; p++) {
        k->open_n++;
        deadline_store_due(k->crew->store, p, k->now_ms, keeper_due, &k->looks[p]);
    }
}

static void keeper_due(void *arg, const struct deadline *list, size_t n, const struct err *e)
{
    struct look *look = arg;
    struct keeper *k = look->keeper;
    char ids[DEADLINES_MAX][ID_BYTES];

    k->open_n--;
    if (e->code != ERR_OK || n == 0 || k->crew->stopping)
        return;
    memcpy(look->list, list, n * sizeof *list);
    look->n = n;
    for (size_t i = 0; i < n; i++)
        memcpy(ids[i], list[i].id, ID_BYTES);
    k->open_n++;
    request_store_read_records(k->crew->store, (const char(*)[ID_BYTES])ids, n, keeper_read, look);
}

static void keeper_meet(struct keeper *k, struct record *r, const struct timer_act *act)
{
    const struct idempotency none = {.name = ""};
    struct demand *d = mem_new(1, sizeof *d);
    struct transition_input in = transition_silent;
    struct record before = *r;
    const struct lifecycle_row *row;
    struct change change = {.before = &before, .after = r};
    struct movement what = {.changes = &change,
                            .changes_n = 1,
                            .action = act->action,
                            .who = &the_clock,
                            .idempotency = &none,
                            .operation = d->operation,
                            .degree = act->degree,
                            .whom = act->whom};
    struct err e = {0};
    json_t *line;

    in.calendars = calendars_of(k);
    in.act = act;
    if (transition_apply(r, act->action, &the_clock, &in, k->now_ms, &row, &e) != ERR_OK)
        bug("the clock may not %s", e.detail);
    d->keeper = k;
    d->act = *act;
    d->from = before.state;
    d->to = r->state;
    d->late_ms = k->now_ms - before.wake_ms;
    memcpy(d->id, r->id, sizeof d->id);
    request_store_operation(d->operation);
    line = view_history(&before, r, act->action, &the_clock, &in, k->now_ms);
    change.history = line;
    k->open_n++;
    request_store_move(k->crew->store, &what, keeper_moved, d);
    json_decref(line);
}

/* In the order asked for. One that the calendars give another time by now only stands at the wrong
 * place; one that cannot be read waits for somebody to act. */
static void keeper_read(void *arg, struct stored *list, size_t n, const struct err *e)
{
    struct look *look = arg;
    struct keeper *k = look->keeper;

    k->open_n--;
    for (size_t i = 0; e->code == ERR_OK && i < n && i < look->n && !k->crew->stopping; i++) {
        struct record *r = &list[i].record;
        struct timer_act act;

        if (*r->id && timer_due(r, calendars_of(k), k->now_ms, &act)) {
            keeper_meet(k, r, &act);
            continue;
        }
        if (*r->id) {
            timer_set(r, calendars_of(k));
            deadline_store_shift(k->crew->store, &look->list[i], r->wake_ms);
        } else {
            log_error("clock_unreadable", "request=%s", look->list[i].id);
            deadline_store_shift(k->crew->store, &look->list[i], k->now_ms + UNREADABLE_MS);
        }
    }
}

static void keeper_moved(void *arg, enum store_outcome outcome, const struct err *e)
{
    struct demand *d = arg;
    struct keeper *k = d->keeper;

    k->open_n--;
    if (e->code != ERR_OK)
        log_warning("clock_failed", "request=%s action=%s why=\"%s\"", d->id,
                    action_words[d->act.action], e->detail);
    else if (outcome == STORE_DONE) {
        k->crew->done_n++;
        log_info("clock", "request=%s action=%s degree=%d from=%s to=%s late_ms=%lld", d->id,
                 action_words[d->act.action], d->act.degree, state_words[d->from],
                 state_words[d->to], (long long)d->late_ms);
    } /* else somebody moved it meanwhile: looked at again when it is due again */
    free(d);
}

struct keeper *keeper_new(struct crew *crew)
{
    struct keeper *k = mem_new(1, sizeof *k);

    k->crew = crew;
    for (unsigned p = 0; p < ID_PARTITIONS; p++)
        k->looks[p].keeper = k;
    k->timer = event_new(crew->base, -1, EV_PERSIST, keeper_tick, k);
    if (!k->timer)
        bug("out of memory");
    event_add(k->timer, &(struct timeval){.tv_usec = TICK_MS * 1000});
    return k;
}

void keeper_free(struct keeper *k)
{
    if (!k)
        return;
    event_free(k->timer);
    free(k);
}
