/* GET /v1/requests/{id}/history: every transition, oldest first.
 *
 *   history_begin -> history_allowed -> history_read -> (history_others_read) -> history_answer */
#include "daemon/operations.h"

#include "daemon/task.h"
#include "protocol/others.h"
#include "protocol/view.h"

#include <stdio.h>
#include <stdlib.h>

enum { LINES_MAX = 100, FROM_MAX = 1000000000 };

struct history {
    struct task *task; /* held */
    enum record_view view;
    int64_t from;
    json_t *inner; /* owned: of the request */
    json_t *lines; /* owned */
    bool more;
};

static void history_allowed(void *arg, struct stored *stored, const struct err *e);
static void history_read(void *arg, json_t *lines, const struct err *e);
static void history_others_read(void *arg, struct stored *list, size_t n, const struct err *e);
static void history_answer(struct history *op, const struct stored *list, size_t n);

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

    op->view = stored ? record_view_of(&stored->record, &t->who) : RECORD_HIDDEN;
    if (op->view == RECORD_HIDDEN) {
        task_problem(t, stored ? &(struct err){ERR_NOT_FOUND, "hidden"} : e);
        free(op);
        return;
    }
    op->inner = json_incref(stored->inner);
    request_store_history(t->app->store, stored->record.country, t->id, op->from, LINES_MAX,
                          history_read, op);
}

static void history_read(void *arg, json_t *lines, const struct err *e)
{
    struct history *op = arg;
    struct task *t = op->task;
    char ids[OTHERS_MAX][ID_BYTES];
    size_t n;

    if (e->code != ERR_OK) {
        json_decref(op->inner);
        free(op);
        task_problem(t, e);
        return;
    }
    op->lines = json_incref(lines);
    op->more = json_array_size(lines) == LINES_MAX;
    n = others_of_lines(lines, ids);
    if (n == 0)
        history_answer(op, NULL, 0);
    else
        request_store_read_many(t->app->store, (const char(*)[ID_BYTES])ids, n, history_others_read,
                                op);
}

static void history_others_read(void *arg, struct stored *list, size_t n, const struct err *e)
{
    (void)e; /* on failure n is 0: nobody is named who could not be checked */
    history_answer(arg, list, n);
}

static void history_answer(struct history *op, const struct stored *list, size_t n)
{
    struct task *t = op->task;
    struct other others[OTHERS_MAX];
    json_t *line, *doc;
    char next[128];
    size_t i;

    for (i = 0; i < n; i++)
        others[i] = (struct other){&list[i].record, list[i].body};
    others_narrow(op->lines, op->inner, &t->who, others, n);
    json_array_foreach (op->lines, i, line)
        view_history_narrow(line, op->view);
    snprintf(next, sizeof next, "/v1/requests/%s/history?from=%lld", t->id,
             (long long)op->from + LINES_MAX);
    doc = json_pack("{s:o, s:o}", "items", op->lines, "next",
                    op->more ? json_string(next) : json_null());
    json_decref(op->inner);
    free(op);
    task_reply_json(t, 200, doc, NULL);
}
