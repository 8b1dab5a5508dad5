#include "workers/intake.h"

#include "base/clock.h"
#include "base/log.h"
#include "workers/route.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* intake_ready -> intake_prepared -> intake_read <-> intake_came -> route_begin ..
 *
 * Beside it, on timers: one partition after the other is searched for entries left behind, woken
 * and reconciled. Entries left behind may have ended the worker that had them, so they are
 * counted and worked on one at a time, apart: innocent neighbours must not share their fate. */
enum { BACKLOG_MAX = 1024, LEFT_MAX = 64, ROUND_MS = 1000, RECONCILE_N = 100 };

struct intake {
    struct crew *crew;     /* borrowed */
    struct corpus *corpus; /* owned */
    bool placed;           /* no event is missed: the corpus may be loaded */

    struct work backlog[BACKLOG_MAX]; /* read, not begun; a ring */
    size_t backlog_at, backlog_n;
    unsigned working_n;
    bool prepared, reading;
    struct event *retry; /* owned: prepare or read again after a failure */

    struct work left[LEFT_MAX]; /* taken over */
    size_t left_n;
    bool left_working;
    bool taking;

    struct event *round; /* owned: take over and wake */
    unsigned round_partition;
    struct event *reconcile; /* owned */
    unsigned reconcile_partition;
    int64_t reconcile_rank;
    bool reconciling;

    struct config *fresh_config; /* owned until taken over; NULL: nothing new */
    struct engine *fresh_engine;
    int64_t rebuilt_ms; /* when somebody last wanted the index anew and it was */
    bool rebuild;       /* it is to be built anew when nothing is in work */

    void (*stopped)(void *arg);
    void *stopped_arg;
};

static void intake_read(struct intake *i);
static void intake_fill(struct intake *i);
static void left_next(struct intake *i);

static void arm(struct event *timer, int64_t ms)
{
    struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

    evtimer_add(timer, &tv);
}

static void intake_stock(struct intake *i)
{
    struct crew *crew = i->crew;
    const struct corpus_options options = {.base = crew->base,
                                           .store = crew->store,
                                           .engine = crew->engine,
                                           .sweep_ms = crew->settings.reconcile_ms};

    i->corpus = corpus_new(&options);
    if (i->placed)
        corpus_load(i->corpus);
}

/* Readings and the corpus point into the old data, so it goes only when nothing is in work. */
static void intake_take_fresh(struct intake *i)
{
    struct crew *crew = i->crew;

    corpus_free(i->corpus);
    engine_free(crew->engine);
    config_free(crew->config);
    crew->config = i->fresh_config;
    crew->engine = i->fresh_engine;
    i->fresh_config = NULL;
    i->fresh_engine = NULL;
    intake_stock(i);
    log_info("reloaded", "ruleset=%s", crew->config->ruleset);
}

/* An operator doubts what is in memory: the same data, read from the store again. */
static void intake_rebuild(struct intake *i)
{
    i->rebuild = false;
    corpus_free(i->corpus);
    intake_stock(i);
    log_info("index_rebuilding", "slot=%s", i->crew->slot);
}

/* Called whenever an entry is finished: what waited for empty hands may happen now. */
static void intake_idle(struct intake *i)
{
    void (*stopped)(void *) = i->stopped;

    if (i->working_n || i->left_working)
        return;
    if (i->fresh_config)
        intake_take_fresh(i);
    else if (i->rebuild && !i->crew->stopping)
        intake_rebuild(i);
    if (i->crew->stopping && stopped) {
        i->stopped = NULL;
        stopped(i->stopped_arg);
    }
}

/* --- new entries ------------------------------------------------------------------------------ */

static void intake_worked(void *arg)
{
    struct intake *i = arg;

    i->working_n--;
    intake_idle(i);
    if (!i->crew->stopping)
        intake_fill(i);
}

static bool is_ours(const struct crew *crew, const struct work *w)
{
    if (*w->id)
        return true;
    log_error("strange_entry", "partition=%u entry=%s", w->partition, w->entry);
    queue_store_settle(crew->store, w);
    return false;
}

/* What a quiet worker has read it still does; a paused queue is left as it is. */
static bool is_paused(const struct crew *crew)
{
    const struct controls *c = control_watch_now(crew->controls);

    return !c || c->paused_ms[QUEUE_ROUTE];
}

static void intake_fill(struct intake *i)
{
    while (i->backlog_n && !i->fresh_config && !i->rebuild && !is_paused(i->crew) &&
           i->working_n < (unsigned)i->crew->settings.worker_parallel) {
        const struct work *w = &i->backlog[i->backlog_at];

        i->backlog_at = (i->backlog_at + 1) % BACKLOG_MAX;
        i->backlog_n--;
        if (!is_ours(i->crew, w))
            continue;
        i->working_n++;
        route_begin(i->crew, i->corpus, w, intake_worked, i);
    }
    intake_read(i);
}

static void intake_came(void *arg, const struct work *list, size_t n, const struct err *e)
{
    struct intake *i = arg;

    i->reading = false;
    for (size_t k = 0; k < n; k++) {
        if (i->backlog_n == BACKLOG_MAX)
            bug("more work than was asked for");
        i->backlog[(i->backlog_at + i->backlog_n++) % BACKLOG_MAX] = list[k];
    }
    if (e->code != ERR_OK) {
        if (strstr(e->detail, "NOGROUP"))
            i->prepared = false; /* somebody dropped it: made anew from the start */
        arm(i->retry, 200);
    } else if (!i->crew->stopping) {
        intake_fill(i);
    }
}

/* Reads only when hands are nearly free: what is read and not begun would wait for nobody else. */
static void intake_read(struct intake *i)
{
    const int64_t block_ms = 1000;
    const unsigned per_partition = 8;

    if (i->reading || i->crew->stopping || !i->prepared || i->backlog_n ||
        !crew_may_take(i->crew, QUEUE_ROUTE))
        return;
    i->reading = true;
    queue_store_read(i->crew->reader, i->crew->slot, per_partition, block_ms, intake_came, i);
}

static void intake_prepared(void *arg, const struct err *e)
{
    struct intake *i = arg;

    i->reading = false;
    i->prepared = e->code == ERR_OK;
    if (i->prepared)
        intake_read(i);
    else
        arm(i->retry, 200);
}

static void intake_begin(evutil_socket_t fd, short what, void *arg)
{
    struct intake *i = arg;

    (void)fd, (void)what;
    if (i->reading || i->crew->stopping)
        return;
    if (i->prepared) {
        intake_fill(i);
        return;
    }
    i->reading = true;
    queue_store_prepare(i->crew->store, intake_prepared, i);
}

/* --- entries left behind -----------------------------------------------------------------------
 */

static void left_worked(void *arg)
{
    struct intake *i = arg;

    i->left_working = false;
    intake_idle(i);
    if (!i->crew->stopping)
        intake_fill(i);
    left_next(i);
}

static void left_counted(void *arg, enum attempt_outcome outcome, int64_t attempts,
                         const struct err *e)
{
    struct intake *i = arg;
    struct work w = i->left[--i->left_n];

    if (e->code == ERR_OK && outcome == ATTEMPT_GO) {
        log_info("taken_over", "request=%s attempts=%lld", w.id, (long long)attempts);
        route_begin(i->crew, i->corpus, &w, left_worked, i);
        return;
    }
    if (outcome == ATTEMPT_DEAD)
        log_error("dead_letter", "request=%s attempts=%lld", w.id, (long long)attempts);
    left_worked(i);
}

static void left_next(struct intake *i)
{
    while (i->left_n && !is_ours(i->crew, &i->left[i->left_n - 1]))
        i->left_n--;
    if (!i->left_n || i->left_working || i->crew->stopping || i->fresh_config || i->rebuild ||
        is_paused(i->crew))
        return;
    i->left_working = true;
    queue_store_attempt(i->crew->store, &i->left[i->left_n - 1], clock_now_ms(), -1,
                        "its worker ended or stood still", left_counted, i);
}

static void left_taken(void *arg, const struct work *list, size_t n, const char *cursor,
                       size_t lost, const struct err *e)
{
    struct intake *i = arg;

    (void)cursor; /* the next round starts over: what was taken is no longer idle */
    i->taking = false;
    if (e->code != ERR_OK)
        return;
    if (lost) /* an entry was deleted while pending; the reconciler mends it */
        log_error("entries_lost", "partition=%u n=%zu", i->round_partition, lost);
    for (size_t k = 0; k < n && i->left_n < LEFT_MAX; k++)
        i->left[i->left_n++] = list[k];
    left_next(i);
}

static void round_woken(void *arg, int64_t woken, int64_t unused, const struct err *e)
{
    (void)arg, (void)unused;
    if (e->code == ERR_OK && woken)
        log_info("woken", "entries=%lld", (long long)woken);
}

/* All partitions are visited once in ROUND_MS. */
static void intake_round(evutil_socket_t fd, short what, void *arg)
{
    struct intake *i = arg;
    struct crew *crew = i->crew;
    unsigned p = i->round_partition;

    (void)fd, (void)what;
    if (!crew->stopping && i->prepared && store_is_ready(crew->store)) {
        queue_store_wake(crew->store, p, clock_now_ms(), round_woken, i);
        if (!i->taking && i->left_n == 0 && !i->left_working && crew_may_take(crew, QUEUE_ROUTE)) {
            i->taking = true;
            queue_store_take_over(crew->store, p, crew->slot, crew->settings.worker_takeover_ms,
                                  "0-0", LEFT_MAX, left_taken, i);
        }
    }
    i->round_partition = (p + 1) % ID_PARTITIONS;
    arm(i->round, ROUND_MS / ID_PARTITIONS);
}

/* --- reconciling (R-27) ------------------------------------------------------------------------
 */

static void reconcile_done(void *arg, int64_t looked, int64_t mended, const struct err *e)
{
    struct intake *i = arg;

    i->reconciling = false;
    if (e->code == ERR_OK && mended)
        log_warning("mended", "partition=%u entries=%lld", i->reconcile_partition,
                    (long long)mended);
    if (e->code == ERR_OK && looked == RECONCILE_N) {
        i->reconcile_rank += looked; /* the same partition goes on */
        arm(i->reconcile, 10);
        return;
    }
    i->reconcile_rank = 0;
    i->reconcile_partition = (i->reconcile_partition + 1) % ID_PARTITIONS;
    arm(i->reconcile, i->crew->settings.reconcile_ms / ID_PARTITIONS);
}

static void intake_reconcile(evutil_socket_t fd, short what, void *arg)
{
    struct intake *i = arg;

    (void)fd, (void)what;
    if (i->reconciling || i->crew->stopping)
        return;
    i->reconciling = true;
    queue_store_reconcile(i->crew->store, i->reconcile_partition, i->reconcile_rank, RECONCILE_N,
                          reconcile_done, i);
}

/* --- life --------------------------------------------------------------------------------------
 */

void intake_tell(const struct intake *i, struct heartbeat *beat)
{
    struct corpus_figures f;

    corpus_figures(i->corpus, &f);
    beat->busy |= intake_busy(i) > 0;
    beat->corpus_requests_n = (int64_t)f.requests_n;
    beat->corpus_countries_n = (int64_t)f.countries_n;
    beat->corpus_load_ms = f.load_ms;
}

unsigned intake_busy(const struct intake *i)
{
    return i->working_n + i->left_working;
}

struct intake *intake_new(struct crew *crew)
{
    struct intake *i = mem_new(1, sizeof *i);

    i->crew = crew;
    intake_stock(i);
    i->retry = evtimer_new(crew->base, intake_begin, i);
    i->round = evtimer_new(crew->base, intake_round, i);
    i->reconcile = evtimer_new(crew->base, intake_reconcile, i);
    if (!i->retry || !i->round || !i->reconcile)
        bug("out of memory");
    arm(i->retry, 0);
    arm(i->round, ROUND_MS / ID_PARTITIONS);
    arm(i->reconcile, crew->settings.reconcile_ms / ID_PARTITIONS);
    return i;
}

void intake_placed(struct intake *i)
{
    i->placed = true;
    corpus_load(i->corpus);
}

void intake_hear(struct intake *i, const struct event *event)
{
    corpus_hear(i->corpus, event);
}

void intake_switched(struct intake *i)
{
    const struct controls *c = control_watch_now(i->crew->controls);

    if (c->rebuild_ms > i->rebuilt_ms) {
        i->rebuilt_ms = c->rebuild_ms;
        i->rebuild = c->rebuild_ms > i->crew->started_ms;
    }
    intake_idle(i);
    if (i->crew->stopping)
        return;
    arm(i->retry, 0); /* which reads again, or goes on with what was read */
    left_next(i);
}

void intake_renew(struct intake *i, struct config *config, struct engine *engine)
{
    engine_free(i->fresh_engine);
    config_free(i->fresh_config);
    i->fresh_config = config;
    i->fresh_engine = engine;
    intake_idle(i);
}

void intake_stop(struct intake *i, void (*done)(void *arg), void *arg)
{
    i->crew->stopping = true;
    i->stopped = done;
    i->stopped_arg = arg;
    intake_idle(i);
}

void intake_free(struct intake *i)
{
    if (!i)
        return;
    event_free(i->retry);
    event_free(i->round);
    event_free(i->reconcile);
    corpus_free(i->corpus);
    engine_free(i->fresh_engine);
    config_free(i->fresh_config);
    free(i);
}
