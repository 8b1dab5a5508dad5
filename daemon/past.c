#include "daemon/past.h"

#include "protocol/others.h"
#include "protocol/view.h"

#include <stdlib.h>

/* past_read -> past_came -> (past_others_read) -> past_end */
struct past {
    const struct task *task; /* borrowed */
    enum record_view view;
    json_t *inner; /* owned: of the request */
    json_t *lines; /* owned */
    bool has_more;
    past_fn fn;
    void *arg;
};

static void past_came(void *arg, json_t *lines, const struct err *e);
static void past_others_read(void *arg, struct stored *list, size_t n, const struct err *e);

void past_read(const struct task *t, const struct record *r, json_t *inner, int64_t from,
               past_fn fn, void *arg)
{
    struct past *op = mem_new(1, sizeof *op);

    op->task = t;
    op->view = record_view_of(r, &t->who);
    op->inner = json_incref(inner);
    op->fn = fn;
    op->arg = arg;
    request_store_history(t->app->store, r->country, r->id, from, PAST_LINES_MAX, past_came, op);
}

static void past_end(struct past *op, const struct stored *list, size_t n, const struct err *e)
{
    struct other others[OTHERS_MAX];
    json_t *line;
    size_t i;

    for (i = 0; i < n; i++)
        others[i] = (struct other){&list[i].record, list[i].body};
    others_narrow(op->lines, op->inner, &op->task->who, others, n);
    json_array_foreach (op->lines, i, line)
        view_history_narrow(line, op->view, &op->task->who);
    op->fn(op->arg, op->lines, op->has_more, e);
    json_decref(op->lines);
    json_decref(op->inner);
    free(op);
}

static void past_came(void *arg, json_t *lines, const struct err *e)
{
    struct past *op = arg;
    char ids[OTHERS_MAX][ID_BYTES];
    size_t n;

    if (e->code != ERR_OK) {
        op->fn(op->arg, NULL, false, e);
        json_decref(op->inner);
        free(op);
        return;
    }
    op->lines = json_incref(lines);
    op->has_more = json_array_size(lines) == PAST_LINES_MAX;
    n = others_of_lines(lines, ids);
    if (n == 0)
        past_end(op, NULL, 0, e);
    else
        request_store_read_many(op->task->app->store, (const char(*)[ID_BYTES])ids, n,
                                past_others_read, op);
}

static void past_others_read(void *arg, struct stored *list, size_t n, const struct err *e)
{
    (void)e; /* on failure n is 0: nobody is named who could not be checked */
    past_end(arg, list, n, &(struct err){0});
}
