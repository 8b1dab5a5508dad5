/* GET /v1/dead-letters and POST /v1/dead-letters/{id}/requeue: what the router gave up after eight
 * attempts. Ids and times only: operators never see content.
 *
 *   dead_begin -> dead_listed          requeue_begin -> requeued */
#include "daemon/operations.h"

#include "base/log.h"
#include "daemon/task.h"
#include "store/queue_store.h"

enum { DEAD_MAX = 200 };

static void dead_listed(void *arg, json_t *items, const struct err *e);
static void requeued(void *arg, int64_t found, int64_t unused, const struct err *e);

void dead_begin(struct task *t)
{
    queue_store_dead(t->app->store, DEAD_MAX, dead_listed, t);
}

static void dead_listed(void *arg, json_t *items, const struct err *e)
{
    struct task *t = arg;

    if (e->code != ERR_OK)
        task_problem(t, e);
    else
        task_reply_json(t, 200, json_pack("{s:O}", "items", items), NULL);
}

void requeue_begin(struct task *t)
{
    if (id_is(t->id, "req_"))
        queue_store_requeue(t->app->store, t->id, requeued, t);
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
        log_info("requeued", "request=%s", t->id);
        task_reply_json(t, 200, json_pack("{s:s, s:s}", "id", t->id, "queue", "route"), NULL);
    }
}
