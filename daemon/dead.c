/* GET /v1/dead-letters and POST /v1/dead-letters/{id}/requeue: requests that the router gave up
 * after eight attempts, and notices that could not be delivered. Ids and times only: operators
 * never see content.
 *
 *   dead_begin -> dead_listed -> notices_listed          requeue_begin -> requeued */
#include "daemon/operations.h"

#include "base/clock.h"
#include "base/log.h"
#include "daemon/task.h"
#include "store/notice_store.h"
#include "store/queue_store.h"

#include <stdlib.h>

enum { DEAD_MAX = 200 };

struct dead {
    struct task *task;
    json_t *items; /* owned */
};

static void dead_listed(void *arg, json_t *items, const struct err *e);
static void notices_listed(void *arg, json_t *items, const struct err *e);
static void requeued(void *arg, int64_t found, int64_t unused, const struct err *e);

void dead_begin(struct task *t)
{
    queue_store_dead(t->app->store, DEAD_MAX, dead_listed, t);
}

static void dead_listed(void *arg, json_t *items, const struct err *e)
{
    struct task *t = arg;
    struct dead *op;

    if (e->code != ERR_OK) {
        task_problem(t, e);
        return;
    }
    op = mem_new(1, sizeof *op);
    op->task = t;
    op->items = json_incref(items);
    notice_store_dead(t->app->store, DEAD_MAX, notices_listed, op);
}

static void notices_listed(void *arg, json_t *items, const struct err *e)
{
    struct dead op = *(struct dead *)arg;

    free(arg);
    json_array_extend(op.items, items);
    if (e->code == ERR_OK) {
        task_reply_json(op.task, 200, json_pack("{s:o}", "items", op.items), NULL);
        return;
    }
    json_decref(op.items);
    task_problem(op.task, e);
}

void requeue_begin(struct task *t)
{
    if (id_is(t->id, "req_"))
        queue_store_requeue(t->app->store, t->id, requeued, t);
    else if (id_is(t->id, "ntc_"))
        notice_store_requeue(t->app->store, t->id, clock_now_ms(),
                             t->app->settings.reply_days * CLOCK_DAY_MS, false, requeued, t);
    else
        task_problem(t, &(struct err){ERR_NOT_FOUND, "no such id"});
}

static void requeued(void *arg, int64_t found, int64_t unused, const struct err *e)
{
    struct task *t = arg;

    (void)unused;
    if (e->code != ERR_OK) {
        task_problem(t, e);
    } else if (!found) {
        task_problem(t, &(struct err){ERR_NOT_FOUND, "not a dead letter"});
    } else {
        log_info("requeued", "id=%s", t->id);
        task_reply_json(t, 200,
                        json_pack("{s:s, s:s}", "id", t->id, "queue",
                                  id_is(t->id, "ntc_") ? "deliver" : "route"),
                        NULL);
    }
}
