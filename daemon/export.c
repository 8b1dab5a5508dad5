/* GET /v1/requests with Accept: application/x-ndjson or text/csv: all that the reader may see and
 * has asked for, however much that is; with ?of=history the lines of their histories instead.
 *
 *   export_begin -> export_read -> export_go -> (export_past) -> export_flush -> export_drained
 *                        ^             |                                              |
 *                        +-------------+<---------------------------------------------+
 *
 * A few requests are in memory at a time, and no more are read before the client has taken what was
 * written. The last of the lines is a summary: without it the answer broke off. */
#include "daemon/export.h"

#include "base/clock.h"
#include "base/csv_text.h"
#include "base/log.h"
#include "daemon/absence.h"
#include "daemon/past.h"
#include "daemon/resource.h"
#include "daemon/selection.h"
#include "protocol/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { STEP = 20, SLICE_BYTES = 65536, EXPORTS_MAX = 8, COLUMNS_MAX = 24 };

enum format { FORMAT_PAGE, FORMAT_LINES, FORMAT_TABLE };

static const char *const request_columns[] = {
    "reference",    "id",         "country", "state", "urgency", "language", "disclosure",
    "submitted_at", "updated_at", "due_at",  "ball",  "holder",  "outcome",  "title",
    "description",  "themes",     "offers",  "plan",  "answer",  NULL};
static const char *const history_columns[] = {"reference", "id",   "at", "version", "action",
                                              "actor",     "from", "to", "reason",  "outcome",
                                              "role",      "text", NULL};

struct export
{
    struct task *task; /* held */
    struct selection selection;
    enum format format;
    bool of_history;
    bool has_begun;           /* headers are sent */
    bool is_gone;             /* the client has; ends when nothing is under way */
    bool is_busy;             /* a read is under way */
    struct stored list[STEP]; /* owned: read, not dealt with */
    size_t n, at;
    int64_t from;   /* of the history of list[at] */
    struct buf out; /* owned: to be written .. */
    size_t out_at;  /* .. from here on */
    uint64_t rows_n;
};

static void export_read(void *arg, const struct cursor *rows, struct stored *list, size_t n,
                        const struct err *e);
static void export_go(struct export *op);
static void export_past(void *arg, json_t *lines, bool has_more, const struct err *e);
static bool export_flush(struct export *op);
static void export_drained(struct http_exchange *x, void *arg);
static void export_left(struct http_exchange *x, void *arg);

/* The first of the media types that we have. */
static enum format format_wanted(const struct task *t)
{
    static const struct {
        const char *media;
        enum format format;
    } known[] = {
        {"application/json",     FORMAT_PAGE },
        {"application/x-ndjson", FORMAT_LINES},
        {"text/csv",             FORMAT_TABLE},
        {"*/*",                  FORMAT_PAGE },
    };
    const struct head_slice *accept = head_find(http_head(t->http), "Accept");
    const char *at = accept ? accept->text : NULL;
    const char *end = accept ? at + accept->bytes : NULL;

    while (at && at < end) {
        size_t n;

        while (at < end && (*at == ' ' || *at == ',' || *at == '\t'))
            at++;
        for (n = 0; at + n < end && !strchr(",; \t", at[n]);)
            n++;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            if (strlen(known[i].media) == n && !strncasecmp(known[i].media, at, n))
                return known[i].format;
        at = memchr(at, ',', (size_t)(end - at));
    }
    return FORMAT_PAGE;
}

bool export_is_wanted(const struct task *t)
{
    return format_wanted(t) != FORMAT_PAGE;
}

static struct task *export_free(struct export *op)
{
    struct task *t = op->task;

    for (size_t i = op->at; i < op->n; i++)
        stored_clear(&op->list[i]);
    buf_clear(&op->out);
    t->app->exports_n--;
    free(op);
    return t;
}

void export_begin(struct task *t)
{
    struct export *op;
    struct faults faults = {.n = 0};
    char of[16];

    if (t->app->exports_n >= EXPORTS_MAX) {
        task_problem(t, &(struct err){ERR_UNAVAILABLE, "too many exports at a time"});
        return;
    }
    op = mem_new(1, sizeof *op);
    t->app->exports_n++;
    op->task = t;
    op->format = format_wanted(t);
    /* What changes meanwhile moves to the end, where it is told: perhaps twice, never not at all.
     */
    selection_read(&op->selection, t, LIST_OLDEST, &faults);
    if (!task_query(t, "of", of, sizeof of) ||
        (*of && strcmp(of, "requests") != 0 && strcmp(of, "history") != 0))
        selection_refuse(&faults, "of", "unknown_word", 0,
                         (const char *const[]){"requests", "history", NULL});
    op->of_history = !strcmp(of, "history");
    if (faults.n) {
        task_faults(export_free(op), &(struct err){ERR_MALFORMED, "query"}, &faults);
        return;
    }
    op->selection.query.n = STEP;
    http_on_closed(t->http, export_left, op);
    op->is_busy = true;
    selection_next(&op->selection, t->app->store, export_read, op);
}

/* Ends it, whole or not: what is not there any more cannot be said in the middle of an answer. */
static void export_end(struct export *op, const struct err *e)
{
    struct task *t;
    bool has_begun = op->has_begun;
    bool is_gone = op->is_gone;

    http_on_closed(op->task->http, NULL, NULL);
    http_on_drained(op->task->http, NULL, NULL);
    t = export_free(op);
    if (!has_begun && !is_gone) {
        task_problem(t, e);
    } else if (is_gone || e->code != ERR_OK) {
        if (!is_gone)
            log_error("export_broken", "request=%s why=\"%s\"", http_request_id(t->http),
                      e->detail);
        task_abandon(t);
    } else {
        task_stream_end(t);
    }
}

static void export_left(struct http_exchange *x, void *arg)
{
    struct export *op = arg;

    (void)x;
    op->is_gone = true;
    if (!op->is_busy)
        export_end(op, &(struct err){0});
}

/* --- rows ------------------------------------------------------------------------------------- */

static void cell_write(const json_t *value, struct buf *out)
{
    const json_t *one;
    size_t i;

    if (json_is_string(value)) {
        buf_add_text(out, json_string_value(value));
    } else if (json_is_integer(value)) {
        buf_printf(out, "%lld", (long long)json_integer_value(value));
    } else if (json_is_array(value)) {
        json_array_foreach (value, i, one) {
            if (i)
                buf_add_text(out, "; ");
            cell_write(one, out);
        }
    } else if (json_is_object(value) && json_object_get(value, "text")) {
        cell_write(json_object_get(value, "text"), out);
    } else if (json_is_object(value)) { /* an offer */
        cell_write(json_object_get(value, "secretariat"), out);
        buf_add_text(out, " ");
        cell_write(json_object_get(value, "role"), out);
        buf_add_text(out, " ");
        cell_write(json_object_get(value, "state"), out);
    }
}

static void table_add(struct export *op, const char *const *columns, const json_t *doc)
{
    struct buf cells[COLUMNS_MAX] = {0};
    const char *texts[COLUMNS_MAX] = {0};
    size_t n = 0;

    for (; columns[n]; n++) {
        cell_write(json_object_get(doc, columns[n]), &cells[n]);
        texts[n] = buf_text(&cells[n]);
    }
    csv_text_row(&op->out, texts, n);
    for (size_t i = 0; i < n; i++)
        buf_clear(&cells[i]);
}

/* doc is given. */
static void row_add(struct export *op, json_t *doc)
{
    if (op->format == FORMAT_TABLE) {
        table_add(op, op->of_history ? history_columns : request_columns, doc);
    } else {
        char *text = json_dumps(doc, JSON_COMPACT | JSON_REAL_PRECISION(6));

        if (!text)
            bug("cannot write JSON");
        buf_add_text(&op->out, text);
        buf_add_text(&op->out, "\n");
        free(text);
    }
    op->rows_n++;
    json_decref(doc);
}

static void request_add(struct export *op, const struct stored *s)
{
    json_t *doc =
        view_resource(&s->record, s->body, s->inner, &op->task->who, clock_now_ms(), false);

    json_object_del(doc, "allowed_actions");
    absence_add(op->task->app, &s->record, doc);
    resource_explain(op->task, doc, (int)s->record.language);
    row_add(op, doc);
}

static void stream_begin(struct export *op)
{
    bool is_table = op->format == FORMAT_TABLE;
    const char *const *columns = op->of_history ? history_columns : request_columns;
    size_t n = 0;
    char name[80];

    snprintf(name, sizeof name, "attachment; filename=\"%s.%s\"",
             op->of_history ? "history" : "requests", is_table ? "csv" : "ndjson");
    http_add_header(op->task->http, "Content-Disposition", name);
    http_add_header(op->task->http, "Vary", "Accept, Accept-Encoding, Accept-Language");
    task_stream_begin(op->task, is_table ? "text/csv; charset=utf-8; header=present"
                                         : "application/x-ndjson");
    op->has_begun = true;
    while (columns[n])
        n++;
    if (is_table)
        csv_text_row(&op->out, columns, n);
}

/* --- going on --------------------------------------------------------------------------------- */

static void export_read(void *arg, const struct cursor *rows, struct stored *list, size_t n,
                        const struct err *e)
{
    struct export *op = arg;

    (void)rows;
    op->is_busy = false;
    if (op->is_gone || e->code != ERR_OK || op->task->app->draining) {
        export_end(op, e->code != ERR_OK ? e : &(struct err){ERR_UNAVAILABLE, "stopping"});
        return;
    }
    for (size_t i = 0; i < n; i++) {
        op->list[i] = list[i];
        list[i] = (struct stored){0};
    }
    op->n = n;
    op->at = 0;
    if (!op->has_begun)
        stream_begin(op);
    export_go(op);
}

static bool is_wanted(const struct export *op, const struct stored *s)
{
    enum record_view view =
        *s->record.id ? record_view_of(&s->record, &op->task->who) : RECORD_HIDDEN;

    return view != RECORD_HIDDEN && selection_passes(&op->selection, s, view);
}

static void export_finish(struct export *op)
{
    if (op->format == FORMAT_LINES)
        buf_printf(&op->out, "{\"summary\":{\"lines\":%llu}}\n", (unsigned long long)op->rows_n);
    op->selection.query.n = 0; /* said */
}

static void export_go(struct export *op)
{
    while (export_flush(op)) {
        struct stored *s = &op->list[op->at];

        if (op->at < op->n && is_wanted(op, s) && op->of_history) {
            op->is_busy = true;
            past_read(op->task, &s->record, s->inner, op->from, export_past, op);
            return;
        }
        if (op->at < op->n) {
            if (is_wanted(op, s))
                request_add(op, s);
            stored_clear(s);
            op->at++;
        } else if (op->selection.has_more) {
            op->is_busy = true;
            selection_next(&op->selection, op->task->app->store, export_read, op);
            return;
        } else if (op->selection.query.n) {
            export_finish(op);
        } else {
            export_end(op, &(struct err){0});
            return;
        }
    }
}

static void export_past(void *arg, json_t *lines, bool has_more, const struct err *e)
{
    struct export *op = arg;
    const struct record *r = &op->list[op->at].record;
    json_t *line;
    size_t i;

    op->is_busy = false;
    if (op->is_gone || !lines) {
        export_end(op, e);
        return;
    }
    json_array_foreach (lines, i, line) {
        json_t *row = json_pack("{s:s, s:s}", "reference", r->reference, "id", r->id);

        json_object_update(row, line);
        row_add(op, row);
    }
    op->from += PAST_LINES_MAX;
    if (!has_more) {
        op->from = 0;
        stored_clear(&op->list[op->at++]);
    }
    export_go(op);
}

/* True: all is with the connection, and there is room for more. False: export_drained goes on, or
 * the client has gone, and op with it. */
static bool export_flush(struct export *op)
{
    struct http_exchange *x = op->task->http;

    while (op->out_at < op->out.bytes) {
        size_t n = op->out.bytes - op->out_at;

        if (http_stream_unsent(x) > SLICE_BYTES) {
            http_on_drained(x, export_drained, op);
            return false;
        }
        n = n < SLICE_BYTES ? n : SLICE_BYTES;
        if (!http_stream_write(x, op->out.text + op->out_at, n)) {
            op->is_gone = true;
            export_end(op, &(struct err){0});
            return false;
        }
        op->out_at += n;
    }
    buf_clear(&op->out);
    op->out_at = 0;
    return true;
}

static void export_drained(struct http_exchange *x, void *arg)
{
    (void)x;
    export_go(arg);
}
