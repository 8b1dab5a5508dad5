/* Dead letters: requests that the router gave up after eight attempts, and notices that could not
 * be delivered. Ids, times and reasons only: operators never see content.
 *
 *   dead_begin -> dead_listed -> notices_listed
 *   dead_show_begin, requeue_begin, dead_delete_begin
 *     -> letter_found | notice_found -> letter_is -> one step by what was asked:
 *        show:    answered
 *        requeue: noted -> requeued
 *        delete:  noted -> of a request: record_read -> handed_over; of a notice: deleted
 *
 * A request that was accepted is never deleted: given up by the router for good, it goes to the
 * coordinator's desk. */
#include "daemon/operations.h"

#include "base/clock.h"
#include "base/log.h"
#include "daemon/task.h"
#include "protocol/transition.h"
#include "protocol/view.h"
#include "store/control_store.h"
#include "store/notice_store.h"
#include "store/queue_store.h"

#include <stdlib.h>
#include <string.h>

enum { DEAD_MAX = 200 };

/* --- all of them ------------------------------------------------------------------------------ */

struct dead {
    struct task *task;
    json_t *items; /* owned */
};

static void dead_listed(void *arg, json_t *items, const struct err *e);
static void notices_listed(void *arg, json_t *items, const struct err *e);

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

/* --- one of them ------------------------------------------------------------------------------ */

enum letter_wish { LETTER_SHOW, LETTER_REQUEUE, LETTER_DELETE };

struct letter {
    struct task *task; /* held */
    enum letter_wish wish;
    bool is_notice;
    json_t *doc; /* owned: what is shown */
};

static void letter_found(void *arg, const struct dead_letter *d, const struct err *e);
static void notice_found(void *arg, const struct notice *n, const struct err *e);
static void letter_is(struct letter *op);
static void noted(void *arg, const struct err *e);
static void requeued(void *arg, int64_t found, int64_t unused, const struct err *e);
static void record_read(void *arg, struct stored *list, size_t n, const struct err *e);
static void handed_over(void *arg, enum store_outcome outcome, const struct err *e);
static void deleted(void *arg, int64_t found, int64_t unused, const struct err *e);

static struct task *letter_end(struct letter *op)
{
    struct task *t = op->task;

    json_decref(op->doc);
    free(op);
    return t;
}

static void letter_problem(struct letter *op, enum err_code code, const char *detail)
{
    struct err e = {.code = code};

    strncat(e.detail, detail, sizeof e.detail - 1);
    task_problem(letter_end(op), &e);
}

static void letter_begin(struct task *t, enum letter_wish wish)
{
    struct letter *op = mem_new(1, sizeof *op);

    op->task = t;
    op->wish = wish;
    op->is_notice = id_is(t->id, "ntc_");
    if (op->is_notice)
        notice_store_read(t->app->store, t->id, notice_found, op);
    else if (id_is(t->id, "req_"))
        queue_store_dead_letter(t->app->store, t->id, letter_found, op);
    else
        letter_problem(op, ERR_NOT_FOUND, "no such id");
}

void dead_show_begin(struct task *t)
{
    letter_begin(t, LETTER_SHOW);
}

void requeue_begin(struct task *t)
{
    letter_begin(t, LETTER_REQUEUE);
}

void dead_delete_begin(struct task *t)
{
    letter_begin(t, LETTER_DELETE);
}

static void letter_found(void *arg, const struct dead_letter *d, const struct err *e)
{
    struct letter *op = arg;
    char text[CLOCK_TEXT_BYTES];

    if (e->code != ERR_OK || !d->since_ms) {
        letter_problem(op, e->code != ERR_OK ? e->code : ERR_NOT_FOUND,
                       e->code != ERR_OK ? e->detail : "not a dead letter");
        return;
    }
    op->doc = json_pack("{s:s, s:s, s:s, s:I, s:s}", "id", op->task->id, "queue", "route", "since",
                        clock_text(d->since_ms, text), "attempts", (json_int_t)d->attempts, "why",
                        d->why);
    letter_is(op);
}

static void notice_found(void *arg, const struct notice *n, const struct err *e)
{
    struct letter *op = arg;
    char text[CLOCK_TEXT_BYTES];

    if (e->code != ERR_OK || !n || strcmp(n->state, "dead") != 0) {
        letter_problem(op, e->code != ERR_OK ? e->code : ERR_NOT_FOUND,
                       e->code != ERR_OK ? e->detail : "not a dead letter");
        return;
    }
    op->doc = json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:I}", "id", op->task->id, "queue",
                        "deliver", "since", clock_text(n->last_ms ? n->last_ms : n->made_ms, text),
                        "attempts", (json_int_t)n->tries, "kind", notice_kind_words[n->kind],
                        "request", n->event.request, "status", (json_int_t)n->status);
    letter_is(op);
}

static void letter_is(struct letter *op)
{
    static const char *const actions[] = {
        [LETTER_REQUEUE] = "dead.requeue", [LETTER_DELETE] = "dead.delete"};
    struct task *t = op->task;
    json_t *doc = op->doc;

    if (!doc)
        bug("dead letter");
    if (op->wish == LETTER_SHOW) {
        op->doc = NULL;
        task_reply_json(letter_end(op), 200, doc, NULL);
        return;
    }
    control_store_note(t->app->store, &(struct operated){actions[op->wish], t->id, &t->who},
                       clock_now_ms(), noted, op);
}

static void noted(void *arg, const struct err *e)
{
    struct letter *op = arg;
    struct task *t = op->task;
    int64_t now_ms = clock_now_ms();
    int64_t keep_ms = t->app->settings.reply_days * CLOCK_DAY_MS;
    char ids[1][ID_BYTES] = {""};

    if (e->code != ERR_OK) {
        letter_problem(op, e->code, e->detail);
        return;
    }
    if (op->wish == LETTER_REQUEUE && op->is_notice) {
        notice_store_requeue(t->app->store, t->id, now_ms, keep_ms, false, requeued, op);
    } else if (op->wish == LETTER_REQUEUE) {
        queue_store_requeue(t->app->store, t->id, requeued, op);
    } else if (op->is_notice) {
        notice_store_delete(t->app->store, t->id, keep_ms, deleted, op);
    } else {
        strncat(ids[0], t->id, ID_BYTES - 1);
        request_store_read_records(t->app->store, (const char(*)[ID_BYTES])ids, 1, record_read, op);
    }
}

/* became: what the dead letter is now. */
static void letter_answer(struct letter *op, const char *event, const char *became)
{
    struct task *t = letter_end(op);

    log_info(event, "id=%s became=%s request=%s", t->id, became, http_request_id(t->http));
    task_reply_json(t, 200,
                    json_pack("{s:s, s:s, s:s}", "id", t->id, "queue",
                              id_is(t->id, "ntc_") ? "deliver" : "route", "became", became),
                    NULL);
}

/* found: a dead letter with that id. */
static void letter_done(struct letter *op, int64_t found, const struct err *e, const char *event,
                        const char *became)
{
    if (e->code != ERR_OK)
        letter_problem(op, e->code, e->detail);
    else if (!found)
        letter_problem(op, ERR_NOT_FOUND, "not a dead letter");
    else
        letter_answer(op, event, became);
}

static void requeued(void *arg, int64_t found, int64_t unused, const struct err *e)
{
    (void)unused;
    letter_done(arg, found, e, "requeued", "waiting");
}

static void deleted(void *arg, int64_t found, int64_t unused, const struct err *e)
{
    (void)unused;
    letter_done(arg, found, e, "dead_deleted", "dropped");
}

/* The router's other way out: a person decides. Its texts are not needed for this. */
static void record_read(void *arg, struct stored *list, size_t n, const struct err *e)
{
    static const struct principal router = {.role = ROLE_SYSTEM};
    const struct idempotency none = {.name = ""};
    struct letter *op = arg;
    struct task *t = op->task;
    struct transition_input in = transition_silent;
    char operation[OPERATION_BYTES];
    const struct lifecycle_row *row;
    struct record before, after;
    struct change change = {.before = &before, .after = &after};
    struct movement what = {.changes = &change,
                            .changes_n = 1,
                            .action = ACTION_HOLD,
                            .who = &router,
                            .idempotency = &none,
                            .operation = operation};
    struct err refusal = {0};
    json_t *line;

    if (e->code != ERR_OK || n != 1 || !*list[0].record.id) {
        letter_problem(op, e->code != ERR_OK ? e->code : ERR_INTERNAL,
                       e->code != ERR_OK ? e->detail : "the record cannot be read");
        return;
    }
    before = after = list[0].record;
    in.calendars = &t->app->config->calendars.all;
    if (transition_apply(&after, ACTION_HOLD, &router, &in, clock_now_ms(), &row, &refusal) !=
        ERR_OK) { /* withdrawn, say, meanwhile: no dead letter any more */
        letter_problem(op, ERR_NOT_FOUND, "not a dead letter");
        return;
    }
    line = view_history(&before, &after, ACTION_HOLD, &router, NULL, clock_now_ms());
    change.history = line;
    request_store_operation(operation);
    request_store_move(t->app->store, &what, handed_over, op);
    json_decref(line);
}

static void handed_over(void *arg, enum store_outcome outcome, const struct err *e)
{
    struct letter *op = arg;

    if (e->code != ERR_OK)
        letter_problem(op, e->code, e->detail);
    else if (outcome != STORE_DONE)
        letter_problem(op, ERR_NOT_FOUND, "not a dead letter");
    else
        letter_answer(op, "dead_deleted", "triage");
}
