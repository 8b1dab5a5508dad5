/* GET /v1/requests/{id}/history: every transition, oldest first.
 *
 *   history_begin -> history_allowed -> (past.c) -> history_answer */
#include "daemon/operations.h"

#include "daemon/past.h"
#include "daemon/task.h"

#include <stdio.h>
#include <stdlib.h>

enum { FROM_MAX = 1000000000 };

struct history {
    struct task *task; /* held */
    int64_t from;
};

static void history_allowed(void *arg, struct stored *stored, const struct err *e);
static void history_answer(void *arg, json_t *lines, bool has_more, const struct err *e);

void history_begin(struct task *t)
{
    struct history *op;
    struct faults faults = {.n = 0};
    char from[24];
    char *end;

    if (!id_is(t->id, "req_")) {
        task_problem(t, &(struct err){ERR_NOT_FOUND, "no such request"});
        return;
    }
    op = mem_new(1, sizeof *op);
    op->task = t;
    if (!task_query(t, "from", from, sizeof from) ||
        (*from && ((op->from = strtoll(from, &end, 10)) < 0 || op->from > FROM_MAX || *end))) {
        struct fault *fault = fault_add(&faults, "?from", NULL, "out_of_range");

        fault->max = FROM_MAX;
        free(op);
        task_faults(t, &(struct err){ERR_MALFORMED, "from"}, &faults);
        return;
    }
    request_store_read(t->app->store, t->id, &t->who, history_allowed, op);
}

static void history_allowed(void *arg, struct stored *stored, const struct err *e)
{
    struct history *op = arg;
    struct task *t = op->task;

    if (!stored || record_view_of(&stored->record, &t->who) == RECORD_HIDDEN) {
        task_problem(t, stored ? &(struct err){ERR_NOT_FOUND, "hidden"} : e);
        free(op);
        return;
    }
    past_read(t, &stored->record, stored->inner, op->from, history_answer, op);
}

static void history_answer(void *arg, json_t *lines, bool has_more, const struct err *e)
{
    struct history op = *(struct history *)arg;
    struct task *t = op.task;
    char next[128];

    free(arg);
    if (!lines) {
        task_problem(t, e);
        return;
    }
    snprintf(next, sizeof next, "/v1/requests/%s/history?from=%lld", t->id,
             (long long)op.from + PAST_LINES_MAX);
    task_reply_json(
        t, 200,
        json_pack("{s:O, s:o}", "items", lines, "next", has_more ? json_string(next) : json_null()),
        NULL);
}
