/* POST /v1/queue/{pause,resume,drain,reconcile,rebuild} and /v1/workers/{id}/{quiet,resume}: what
 * operators switch. Each switch is in the store, with an event for the audit log in the same step;
 * daemons and workers obey within two seconds.
 *
 *   pause_begin, resume_begin, drain_begin, quiet_begin, unquiet_begin, rebuild_begin -> switched
 *   reconcile_begin -> reconcile_noted -> reconciled .. (all partitions, some requests a call) */
#include "daemon/control.h"

#include "base/clock.h"
#include "base/log.h"
#include "daemon/gauge.h"
#include "daemon/operations.h"
#include "daemon/route.h"
#include "daemon/task.h"
#include "store/control_store.h"
#include "store/queue_store.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    CLOSED_RETRY_S = 60,
    RECONCILE_N = 100,
    RECONCILE_MAX = 200000 /* of one call; the workers' own round does the rest */
};

static const unsigned worked = 1u << QUEUE_ROUTE | 1u << QUEUE_DELIVER;

struct control_wish {
    int queue; /* -1: none was named */
};

/* clang-format off */
#define END {NULL, FIELD_TEXT, false, 0, 0, 0, NULL, NULL, 0, NULL}
const struct field control_fields[] = {
    {"queue", FIELD_WORD, false, 0, 0, 0, queue_words, NULL, offsetof(struct control_wish, queue), "which; without it pause means route and deliver, resume means all"},
    END};
static const struct field no_fields[] = {END};
/* clang-format on */

int64_t control_paused_ms(const struct app *app, unsigned queue)
{
    const struct controls *c = control_watch_now(app->controls);

    return c ? c->paused_ms[queue] : 0;
}

bool control_is_closed(struct task *t)
{
    bool is_full = gauge_is_full(t->app->gauge);

    if (!is_full && !control_paused_ms(t->app, QUEUE_INTAKE))
        return false;
    t->variant = is_full ? "full" : "paused";
    t->retry_s = CLOSED_RETRY_S;
    return true;
}

/* --- switches --------------------------------------------------------------------------------- */

static json_t *controls_json(const struct controls *c)
{
    json_t *paused = json_object();
    char text[CLOCK_TEXT_BYTES];

    for (unsigned i = 0; i < QUEUES_N; i++)
        json_object_set_new(paused, queue_words[i],
                            c->paused_ms[i] ? json_string(clock_text(c->paused_ms[i], text))
                                            : json_null());
    return json_pack("{s:o}", "paused_since", paused);
}

static void switched(void *arg, int64_t changed, const struct controls *c, const struct err *e)
{
    struct task *t = arg;
    json_t *doc;

    if (e->code != ERR_OK) {
        task_problem(t, e);
        return;
    }
    control_watch_set(t->app->controls, c);
    if (changed < 0) {
        task_problem(t, &(struct err){ERR_NOT_FOUND, "no such worker"});
        return;
    }
    log_info("switched", "route=\"%s\" worker=%s changed=%lld request=%s", t->route->path,
             *t->id ? t->id : "-", (long long)changed, http_request_id(t->http));
    doc = controls_json(c);
    json_object_set_new(doc, "changed", json_boolean(changed > 0));
    if (*t->id)
        json_object_set_new(doc, "worker", json_string(t->id));
    task_reply_json(t, 200, doc, NULL);
}

/* False: it was answered. */
static bool wish_read(struct task *t, const struct field *fields, struct control_wish *wish)
{
    struct faults faults = {.n = 0};
    json_t *doc = NULL;
    struct err e = {0};
    bool good;

    wish->queue = -1;
    good = task_read_json(t, false, &doc, &faults, &e) == ERR_OK &&
           (!doc || field_decode(doc, "#", fields, NULL, wish, &faults));
    json_decref(doc);
    if (good)
        return true;
    if (e.code == ERR_OK)
        err_set(&e, ERR_VALIDATION, "control");
    task_faults(t, &e, &faults);
    return false;
}

static void switch_begin(struct task *t, const char *action, unsigned pause, unsigned resume)
{
    unsigned all = pause | resume;
    const char *object = "all";

    for (unsigned i = 0; i < QUEUES_N; i++)
        if (all == 1u << i)
            object = queue_words[i];
    control_store_switch(t->app->store, &(struct operated){action, object, &t->who}, pause, resume,
                         clock_now_ms(), switched, t);
}

void pause_begin(struct task *t)
{
    struct control_wish wish;

    if (wish_read(t, control_fields, &wish))
        switch_begin(t, "queue.pause", wish.queue < 0 ? worked : 1u << wish.queue, 0);
}

void resume_begin(struct task *t)
{
    struct control_wish wish;

    if (wish_read(t, control_fields, &wish))
        switch_begin(t, "queue.resume", 0, wish.queue < 0 ? QUEUE_ALL : 1u << wish.queue);
}

/* Nothing comes in, and what is there is worked off: `drained` in GET /v1/queue says when. */
void drain_begin(struct task *t)
{
    struct control_wish wish;

    if (wish_read(t, no_fields, &wish))
        switch_begin(t, "queue.drain", 1u << QUEUE_INTAKE, worked);
}

static void worker_begin(struct task *t, const char *action, bool quiet)
{
    control_store_quiet(t->app->store, &(struct operated){action, t->id, &t->who}, quiet,
                        clock_now_ms(), switched, t);
}

void quiet_begin(struct task *t)
{
    worker_begin(t, "worker.quiet", true);
}

void unquiet_begin(struct task *t)
{
    worker_begin(t, "worker.resume", false);
}

void rebuild_begin(struct task *t)
{
    control_store_rebuild(t->app->store, &(struct operated){"index.rebuild", "all", &t->who},
                          clock_now_ms(), switched, t);
}

/* --- reconciling ------------------------------------------------------------------------------ */

struct reconcile {
    struct task *task; /* held */
    unsigned partition;
    int64_t rank; /* in the partition */
    int64_t looked, mended;
};

static void reconciled(void *arg, int64_t looked, int64_t mended, const struct err *e);

static void reconcile_next(struct reconcile *op)
{
    queue_store_reconcile(op->task->app->store, op->partition, op->rank, RECONCILE_N, reconciled,
                          op);
}

static void reconcile_noted(void *arg, const struct err *e)
{
    struct task *t = arg;
    struct reconcile *op;

    if (e->code != ERR_OK) {
        task_problem(t, e);
        return;
    }
    op = mem_new(1, sizeof *op);
    op->task = t;
    reconcile_next(op);
}

static void reconciled(void *arg, int64_t looked, int64_t mended, const struct err *e)
{
    struct reconcile *op = arg;
    struct task *t = op->task;
    json_t *doc;

    if (e->code != ERR_OK) {
        free(op);
        task_problem(t, e);
        return;
    }
    op->looked += looked;
    op->mended += mended;
    op->rank += looked;
    if (looked < RECONCILE_N) {
        op->rank = 0;
        op->partition++;
    }
    if (op->partition < ID_PARTITIONS && op->looked < RECONCILE_MAX) {
        reconcile_next(op);
        return;
    }
    log_info("reconciled", "looked=%lld mended=%lld request=%s", (long long)op->looked,
             (long long)op->mended, http_request_id(t->http));
    doc = json_pack("{s:I, s:I, s:b}", "looked_at", (json_int_t)op->looked, "mended",
                    (json_int_t)op->mended, "complete", op->partition == ID_PARTITIONS);
    free(op);
    task_reply_json(t, 200, doc, NULL);
}

void reconcile_begin(struct task *t)
{
    control_store_note(t->app->store, &(struct operated){"queue.reconcile", "route", &t->who},
                       clock_now_ms(), reconcile_noted, t);
}
