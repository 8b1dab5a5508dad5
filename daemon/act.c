/* POST /v1/requests/{id}/{action}: every action of the life cycle goes this way.
 *
 *   act_begin -> act_read -> act_moved -> the resource
 *      ^            |            |
 *      |            |            +-- the record moved on meanwhile: read again, decide again
 *      |            +-- refused -> act_seen: perhaps it was ours, answered before (idempotency)
 *
 * The decision is transition_apply, pure; the store writes it only on the version it was made
 * on. So of many at once exactly one succeeds, and the others decide anew on what it left. */
#include "daemon/operations.h"

#include "base/clock.h"
#include "base/log.h"
#include "daemon/pair.h"
#include "daemon/refusal.h"
#include "daemon/resource.h"
#include "daemon/task.h"
#include "protocol/lesson.h"
#include "protocol/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 8 };

struct act {
    struct task *task; /* held */
    enum action action;
    json_t *doc; /* owned, NULL: no body; input borrows from it */
    struct transition_input input;
    char operation[OPERATION_BYTES];
    unsigned rounds;
    struct stored stored; /* owned: as read, then as it will be */
    struct record before;
    struct err refusal;
};

static void act_read(void *arg, struct stored *stored, const struct err *e);
static void act_refused(struct act *op, const struct err *e);
static void act_seen(void *arg, enum store_outcome outcome, const struct err *e);
static void act_moved(void *arg, enum store_outcome outcome, const struct err *e);
static void act_problem(struct act *op, const struct err *e);

static struct task *act_end(struct act *op)
{
    struct task *t = op->task;

    stored_clear(&op->stored);
    json_decref(op->doc);
    free(op);
    return t;
}

/* A claim makes a claim: 201. */
static int act_status(const struct act *op)
{
    return op->action == ACTION_CLAIM ? 201 : 200;
}

void act_begin(struct task *t)
{
    struct act *op = mem_new(1, sizeof *op);
    struct faults faults = {.n = 0};
    struct err e = {0};
    int action = word_index(action_words, t->action);

    op->task = t;
    if (!id_is(t->id, "req_") || action < ACTION_CLAIM) {
        task_problem(act_end(op), &(struct err){ERR_NOT_FOUND, "no such request or action"});
        return;
    }
    op->action = (enum action)action;
    if (task_read_json(t, false, &op->doc, &faults, &e) != ERR_OK) {
        task_faults(act_end(op), &e, &faults);
        return;
    }
    if (!transition_decode(op->action, op->doc, &t->app->codes, &op->input, &faults)) {
        err_set(&e, ERR_VALIDATION, "%zu faults", faults.n);
        task_faults(act_end(op), &e, &faults);
        return;
    }
    if (pair_takes(op->action)) {
        pair_begin(t, op->action, op->doc, &op->input);
        op->doc = NULL;
        act_end(op);
        return;
    }
    request_store_operation(op->operation);
    request_store_read(t->app->store, t->id, &t->who, act_read, op);
}

static void act_read(void *arg, struct stored *stored, const struct err *e)
{
    struct act *op = arg;
    struct task *t = op->task;
    const struct lifecycle_row *row;
    struct change change = {.before = &op->before, .after = &op->stored.record};
    struct judgement judgements[JUDGEMENTS_MAX];
    struct movement what = {.changes = &change,
                            .changes_n = 1,
                            .action = op->action,
                            .who = &t->who,
                            .judgements = judgements,
                            .idempotency = &t->idempotency,
                            .operation = op->operation};
    struct faults faults = {.n = 0};
    struct err refusal = {0};
    int64_t now_ms = clock_now_ms();
    json_t *line, *lesson;
    bool remembers;

    stored_clear(&op->stored);
    if (!stored || record_view_of(&stored->record, &t->who) == RECORD_HIDDEN) {
        task_problem(act_end(op), stored ? &(struct err){ERR_NOT_FOUND, "hidden"} : e);
        return;
    }
    op->stored = *stored;
    *stored = (struct stored){0};
    op->before = op->stored.record;
    op->input.officer = t->officer;
    op->input.calendars = &t->app->config->calendars.all; /* a reload may have come between */
    if (refusal_check_match(t, &op->before, &refusal) != ERR_OK ||
        transition_apply(&op->stored.record, op->action, &t->who, &op->input, now_ms, &row,
                         &refusal) != ERR_OK) {
        act_refused(op, &refusal);
        return;
    }
    transition_check(&op->before, op->action, &t->who, &op->input, now_ms, &faults);
    if (op->action == ACTION_ROUTE)
        what.judgements_n =
            judgement_of_route(&op->before, op->stored.inner, op->input.not_of, &t->who, now_ms,
                               judgements, "#/not_duplicate_of", &faults);
    if (faults.n) {
        task_faults(act_end(op), &(struct err){ERR_VALIDATION, "not of this request"}, &faults);
        return;
    }
    remembers = view_remember(op->stored.inner, &op->stored.record, op->action, &t->who, &op->input,
                              now_ms);
    line = view_history(&op->before, &op->stored.record, op->action, &t->who, &op->input, now_ms);
    change.inner = remembers ? op->stored.inner : NULL;
    change.history = line;
    lesson = lesson_json(&op->before, &op->stored.record, op->action, &t->who, &op->input,
                         json_object_get(op->stored.inner, "grounds"), now_ms);
    what.lesson = lesson;
    what.lessons_kept = t->app->settings.lessons;
    if (op->action == ACTION_ESCALATE)
        what.degree = op->stored.record.level;
    if (op->action == ACTION_ASK && op->stored.record.asked_n > QUESTIONS_MANY)
        what.degree = QUESTIONS_MANY + 1;
    if (op->action == ACTION_CONTRIBUTE && op->input.dissents)
        what.degree = 1;
    request_store_move(t->app->store, &what, act_moved, op);
    json_decref(lesson);
    json_decref(line);
}

/* The refusal may be the echo of this very action's first success: ask before saying no. */
static void act_refused(struct act *op, const struct err *e)
{
    struct task *t = op->task;

    op->refusal = *e;
    if (*t->idempotency.name)
        request_store_seen(t->app->store, id_partition(t->id), &t->idempotency, act_seen, op);
    else
        act_problem(op, e);
}

static void act_seen(void *arg, enum store_outcome outcome, const struct err *e)
{
    struct act *op = arg;

    if (e->code != ERR_OK || outcome == STORE_ABSENT)
        act_problem(op, e->code != ERR_OK ? e : &op->refusal);
    else
        act_moved(op, outcome, e);
}

static void act_moved(void *arg, enum store_outcome outcome, const struct err *e)
{
    struct act *op = arg;
    struct task *t = op->task;
    int status = act_status(op);
    char actor[PRINCIPAL_TEXT_BYTES];
    char trace[TASK_TRACE_BYTES];
    struct stored stored;

    if (e->code != ERR_OK) {
        act_problem(op, e);
        return;
    }
    switch (outcome) {
    case STORE_DONE:
        log_info("moved", "request=%s action=%s by=%s to=%s via=%s trace=%s", t->id,
                 action_words[op->action], principal_text(&t->who, actor),
                 state_words[op->stored.record.state], http_request_id(t->http),
                 task_trace(t, trace));
        stored = op->stored;
        op->stored = (struct stored){0};
        resource_reply(act_end(op), status, &stored);
        return;
    case STORE_REPLAYED:
        http_add_header(t->http, "Idempotent-Replayed", "true");
        act_end(op);
        resource_reread(t, status, t->id);
        return;
    case STORE_STALE:
    case STORE_REFUSED:
        if (++op->rounds < ROUNDS_MAX) {
            request_store_read(t->app->store, t->id, &t->who, act_read, op);
            return;
        }
        act_problem(op, &(struct err){ERR_UNAVAILABLE, "the request keeps changing"});
        return;
    case STORE_REUSED:
        act_problem(op, &(struct err){ERR_KEY_REUSED, "other body"});
        return;
    case STORE_ABSENT:
    case STORE_EPOCH:
        act_problem(op, &(struct err){ERR_NOT_FOUND, "gone"});
        return;
    }
}

static void act_problem(struct act *op, const struct err *e)
{
    struct record before = op->before;
    struct err fault = *e; /* may be op's own */

    refusal_reply(act_end(op), &before, NULL, &fault);
}
