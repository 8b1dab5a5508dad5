/* GET /v1/requests: what this reader may see, newest change first, page by page, or as a whole when
 * lines or a table are asked for (export.c).
 *
 *   list_begin -> list_read -> (list_read ..) -> list_answer
 *              -> export_begin
 *
 * One index is read (the reader's own, or the narrowest the filters name) and what it cannot tell
 * is filtered on the records. A page looks at a bounded number of records, so it may come back
 * short with a `next`. */
#include "daemon/operations.h"

#include "base/clock.h"
#include "daemon/absence.h"
#include "daemon/export.h"
#include "daemon/selection.h"
#include "daemon/task.h"
#include "protocol/cursor.h"
#include "protocol/view.h"

#include <stdio.h>
#include <stdlib.h>

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 200, SCAN_MAX = 2000, SCAN_STEP = 201 };

struct list {
    struct task *task; /* held */
    struct selection selection;
    unsigned limit, scanned;
    json_t *items; /* owned */
    struct cursor last;
    bool more;
};

static void list_read(void *arg, const struct cursor *rows, struct stored *list, size_t n,
                      const struct err *e);
static void list_answer(struct list *op);

static void list_free(struct list *op)
{
    json_decref(op->items);
    free(op);
}

static void list_fail(struct list *op, const struct err *e, const struct faults *faults)
{
    struct task *t = op->task;

    list_free(op);
    if (faults)
        task_faults(t, e, faults);
    else
        task_problem(t, e);
}

static void read_page(struct list *op, struct faults *faults)
{
    char text[CURSOR_TEXT_BYTES];
    char filter[1024];
    char *end;
    long limit = LIMIT_DEFAULT;

    if (!task_query(op->task, "limit", text, sizeof text) ||
        (*text && ((limit = strtol(text, &end, 10)) < 1 || limit > LIMIT_MAX || *end)))
        selection_refuse(faults, "limit", "out_of_range", LIMIT_MAX, NULL);
    op->limit = (unsigned)limit;
    selection_text(&op->selection, filter, sizeof filter);
    if (!task_query(op->task, "cursor", text, sizeof text))
        selection_refuse(faults, "cursor", "invalid_reference", 0, NULL);
    else if (*text) {
        op->selection.query.from_cursor = true;
        if (!cursor_read(op->task->app->ring, text, filter, &op->selection.query.cursor))
            selection_refuse(faults, "cursor", "invalid_reference", 0, NULL);
    }
}

void list_begin(struct task *t)
{
    struct list *op;
    struct faults faults = {.n = 0};

    if (export_is_wanted(t)) {
        export_begin(t);
        return;
    }
    op = mem_new(1, sizeof *op);
    op->task = t;
    op->items = json_array();
    selection_read(&op->selection, t, LIST_NEWEST, &faults);
    read_page(op, &faults);
    if (faults.n) {
        list_fail(op, &(struct err){ERR_MALFORMED, "query"}, &faults);
        return;
    }
    /* One more tells whether there is a next page. What is filtered afterwards is read in large
     * steps, so that a rare match does not cost a round for each record. */
    op->selection.query.n = op->selection.is_filtered ? SCAN_STEP : op->limit + 1;
    selection_next(&op->selection, t->app->store, list_read, op);
}

static void list_read(void *arg, const struct cursor *rows, struct stored *list, size_t n,
                      const struct err *e)
{
    struct list *op = arg;
    const struct principal *who = &op->task->who;
    int64_t now_ms = clock_now_ms();

    if (e->code != ERR_OK) {
        list_fail(op, e, NULL);
        return;
    }
    op->more = op->selection.has_more;
    for (size_t i = 0; i < n; i++) {
        const struct record *r = &list[i].record;
        json_t *item;
        enum record_view view = *r->id ? record_view_of(r, who) : RECORD_HIDDEN;

        op->scanned++;
        if (view == RECORD_HIDDEN || !selection_passes(&op->selection, &list[i], view))
            continue;
        if (json_array_size(op->items) == op->limit) {
            op->more = true;
            op->selection.query.cursor = op->last;
            list_answer(op);
            return;
        }
        item = view_resource(r, list[i].body, list[i].inner, who, now_ms, true);
        absence_add(op->task->app, r, item);
        json_array_append_new(op->items, item);
        op->last = rows[i]; /* not the record's own time: it may have moved on since */
    }
    if (!op->more || op->scanned >= SCAN_MAX)
        list_answer(op);
    else
        selection_next(&op->selection, op->task->app->store, list_read, op);
}

/* The same query with another cursor. */
static void next_write(const struct list *op, char *out, size_t n)
{
    const struct head *head = http_head(op->task->http);
    struct head_slice name, value;
    char filter[1024];
    char cursor[CURSOR_TEXT_BYTES];
    size_t at = 0;
    size_t out_n;

    selection_text(&op->selection, filter, sizeof filter);
    out_n = (size_t)snprintf(
        out, n, "/v1/requests?cursor=%s",
        cursor_write(op->task->app->ring, &op->selection.query.cursor, filter, cursor));
    while (head_query_next(head, &at, &name, &value))
        if (!head_slice_is(&name, "cursor") && out_n < n)
            out_n += (size_t)snprintf(out + out_n, n - out_n, "&%.*s=%.*s", (int)name.bytes,
                                      name.text, (int)value.bytes, value.text);
}

static void list_answer(struct list *op)
{
    struct task *t = op->task;
    char next[3000];
    char link[3100];
    int64_t found = (int64_t)json_array_size(op->items);
    json_t *doc;

    if (op->more) {
        next_write(op, next, sizeof next);
        snprintf(link, sizeof link, "<%s>; rel=\"next\"", next);
        http_add_header(t->http, "Link", link);
    }
    /* With a filter the whole is not counted: what was found is a lower bound. */
    doc = json_pack("{s:O, s:o, s:{s:I, s:s}}", "items", op->items, "next",
                    op->more ? json_string(next) : json_null(), "total", "value",
                    (json_int_t)(op->selection.is_filtered ? found : op->selection.total),
                    "relation", op->selection.is_filtered && op->more ? "gte" : "eq");
    list_free(op);
    task_reply_json(t, 200, doc, NULL);
}
