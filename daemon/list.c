/* GET /v1/requests: what this reader may see, newest change first, page by page.
 *
 *   list_begin -> list_rows -> list_read -> (list_rows ..) -> list_answer
 *
 * One index is read (the reader's own, or the narrowest the filters name) and what it cannot tell
 * is filtered on the records. A page looks at a bounded number of records, so it may come back
 * short with a `next`. */
#include "daemon/operations.h"

#include "base/clock.h"
#include "daemon/task.h"
#include "protocol/cursor.h"
#include "protocol/merge.h"
#include "protocol/partition.h"
#include "protocol/view.h"
#include "store/list_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 200, SCAN_MAX = 2000, SCAN_STEP = 201, FILTER_BYTES = 96 };

/* The filters, in one table: name, and whether a record passes one of its comma-parted values. */
typedef bool (*filter_fn)(const struct stored *s, const char *value);

static bool pass_state(const struct stored *s, const char *value)
{
    return !strcmp(state_words[s->record.state], value);
}

static bool pass_country(const struct stored *s, const char *value)
{
    return !strcmp(s->record.country, value);
}

static bool pass_secretariat(const struct stored *s, const char *value)
{
    return record_offer_find(&s->record, value) != NULL;
}

static bool pass_urgency(const struct stored *s, const char *value)
{
    return !strcmp(urgency_words[s->record.urgency], value);
}

static bool pass_language(const struct stored *s, const char *value)
{
    return !strcmp(language_words[s->record.language], value);
}

static bool array_has(const json_t *list, const char *value)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (text && !strcasecmp(text, value))
            return true;
    }
    return false;
}

static bool pass_theme(const struct stored *s, const char *value)
{
    json_auto_t *themes = merge_union(s->body, s->inner, "themes");

    return array_has(themes, value) ||
           array_has(json_object_get(json_object_get(s->inner, "routing"), "topics"), value);
}

static bool pass_q(const struct stored *s, const char *value)
{
    const char *title = json_string_value(json_object_get(s->body, "title"));
    const char *description = json_string_value(json_object_get(s->body, "description"));

    return !strcasecmp(s->record.reference, value) || (title && strcasestr(title, value)) ||
           (description && strcasestr(description, value));
}

static bool pass_since(const struct stored *s, const char *value)
{
    int64_t since_ms;

    return clock_read(value, &since_ms) && s->record.updated_ms >= since_ms;
}

static const struct {
    const char *name;
    filter_fn passes;
    bool needs_words;         /* looks at people's words: only where the reader may see them */
    const char *const *words; /* what may be asked for; NULL: anything */
} filters[] = {
    {"state",         pass_state,       false, state_words   },
    {"country",       pass_country,     false, NULL          },
    {"secretariat",   pass_secretariat, false, NULL          },
    {"theme",         pass_theme,       true,  NULL          },
    {"urgency",       pass_urgency,     false, urgency_words },
    {"language",      pass_language,    false, language_words},
    {"q",             pass_q,           true,  NULL          },
    {"updated_since", pass_since,       false, NULL          },
};

enum { FILTERS_N = sizeof filters / sizeof filters[0] };

struct list {
    struct task *task;                    /* held */
    char values[FILTERS_N][FILTER_BYTES]; /* "" when not asked for */
    bool filtered;                        /* beyond what the index tells */
    struct list_query query;
    struct cursor *rows; /* owned: where each record that is being read stands in the index */
    char rest[2][40];
    unsigned limit, scanned;
    json_t *items; /* owned */
    struct cursor last;
    bool more;
    int64_t total;
};

static void list_rows(void *arg, const struct cursor *rows, size_t n, int64_t total,
                      const struct err *e);
static void list_read(void *arg, struct stored *list, size_t n, const struct err *e);
static void list_answer(struct list *op);

static void list_free(struct list *op)
{
    json_decref(op->items);
    free(op->rows);
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

/* Everything that must be the same on the next page. */
static void filter_text(const struct list *op, char *out, size_t n)
{
    char who[PRINCIPAL_TEXT_BYTES];
    size_t at = (size_t)snprintf(out, n, "%s %d", principal_text(&op->task->who, who),
                                 (int)op->query.order);

    for (unsigned i = 0; i < FILTERS_N && at < n; i++)
        at += (size_t)snprintf(out + at, n - at, "|%s", op->values[i]);
}

/* ?name=value faults point at the query member, as RFC 6901 has no form for it: "?name". */
static void refuse_query(struct faults *faults, const char *name, const char *code, int64_t max,
                         const char *const *words)
{
    char at[64];
    struct fault *fault;

    snprintf(at, sizeof at, "?%s", name);
    fault = fault_add(faults, at, NULL, code);
    if (!fault)
        return;
    fault->min = 1;
    fault->max = max;
    if (words)
        fault_words(fault, words);
}

static const char *const sort_words[] = {"updated_at", "-updated_at", NULL};

static void read_page(struct list *op, struct faults *faults)
{
    char text[CURSOR_TEXT_BYTES];
    char filter[1024];
    char *end;
    long limit = LIMIT_DEFAULT;

    if (!task_query(op->task, "limit", text, sizeof text) ||
        (*text && ((limit = strtol(text, &end, 10)) < 1 || limit > LIMIT_MAX || *end)))
        refuse_query(faults, "limit", "out_of_range", LIMIT_MAX, NULL);
    op->limit = (unsigned)limit;
    if (!task_query(op->task, "sort", text, sizeof text) ||
        (*text && word_index(sort_words, text) < 0))
        refuse_query(faults, "sort", "unknown_word", 0, sort_words);
    op->query.order = !strcmp(text, "updated_at") ? LIST_OLDEST : LIST_NEWEST;
    filter_text(op, filter, sizeof filter);
    if (!task_query(op->task, "cursor", text, sizeof text))
        refuse_query(faults, "cursor", "invalid_reference", 0, NULL);
    else if (*text) {
        op->query.from_cursor = true;
        if (!cursor_read(op->task->app->ring, text, filter, &op->query.cursor))
            refuse_query(faults, "cursor", "invalid_reference", 0, NULL);
    }
}

static void check_words(const struct list *op, unsigned i, struct faults *faults)
{
    char values[FILTER_BYTES];
    int64_t instant;

    memcpy(values, op->values[i], sizeof values);
    for (char *rest = values, *value; filters[i].words && (value = strsep(&rest, ","));)
        if (*value && word_index(filters[i].words, value) < 0)
            refuse_query(faults, filters[i].name, "unknown_word", 0, filters[i].words);
    if (filters[i].passes == pass_since && *op->values[i] && !clock_read(op->values[i], &instant))
        refuse_query(faults, filters[i].name, "not_a_date", 0, NULL);
}

static bool is_one(const char *value)
{
    return *value && !strchr(value, ',');
}

/* The narrowest index that holds all the reader may see. */
static void choose_index(struct list *op)
{
    const struct principal *who = &op->task->who;
    const char *state = op->values[0];
    const char *country = op->values[1];
    const char *secretariat = op->values[2];

    op->query.name = "by";
    op->query.partition = -1;
    if (who->role == ROLE_COUNTRY) {
        snprintf(op->rest[0], sizeof op->rest[0], "country:%s", who->of);
        op->query.partition = (int)partition_of(who->of);
    } else if (who->role == ROLE_SECRETARIAT) {
        snprintf(op->rest[0], sizeof op->rest[0], "sec:%s", who->of);
        snprintf(op->rest[1], sizeof op->rest[1], "open");
    } else if (is_one(country)) {
        snprintf(op->rest[0], sizeof op->rest[0], "country:%.3s", country);
        op->query.partition = (int)partition_of(country);
    } else if (is_one(state)) {
        snprintf(op->rest[0], sizeof op->rest[0], "state:%.20s", state);
    } else if (is_one(secretariat)) {
        snprintf(op->rest[0], sizeof op->rest[0], "sec:%.12s", secretariat);
    } else {
        snprintf(op->rest[0], sizeof op->rest[0], "all");
    }
}

void list_begin(struct task *t)
{
    struct list *op = mem_new(1, sizeof *op);
    struct faults faults = {.n = 0};
    struct err e = {0};

    op->task = t;
    op->items = json_array();
    for (unsigned i = 0; i < FILTERS_N; i++) {
        if (!task_query(t, filters[i].name, op->values[i], FILTER_BYTES))
            refuse_query(&faults, filters[i].name, "wrong_length", FILTER_BYTES - 1, NULL);
        check_words(op, i, &faults);
        op->filtered |= *op->values[i] != '\0';
    }
    read_page(op, &faults);
    if (faults.n) {
        err_set(&e, ERR_MALFORMED, "query");
        list_fail(op, &e, &faults);
        return;
    }
    choose_index(op);
    /* One more tells whether there is a next page. What is filtered afterwards is read in large
     * steps, so that a rare match does not cost a round for each record. */
    op->query.n = op->filtered ? SCAN_STEP : op->limit + 1;
    op->query.rest[0] = op->rest[0];
    op->query.rest[1] = *op->rest[1] ? op->rest[1] : NULL;
    list_store_read(t->app->store, &op->query, list_rows, op);
}

static void list_rows(void *arg, const struct cursor *rows, size_t n, int64_t total,
                      const struct err *e)
{
    struct list *op = arg;
    char(*ids)[ID_BYTES];

    if (e->code != ERR_OK) {
        list_fail(op, e, NULL);
        return;
    }
    if (!op->query.counted)
        op->total = total;
    op->query.counted = true;
    op->more = n == op->query.n;
    if (n == 0) {
        list_answer(op);
        return;
    }
    free(op->rows);
    op->rows = mem_new(n, sizeof *op->rows);
    memcpy(op->rows, rows, n * sizeof *rows);
    ids = mem_new(n, sizeof *ids);
    for (size_t i = 0; i < n; i++)
        memcpy(ids[i], rows[i].id, ID_BYTES);
    op->query.cursor = rows[n - 1]; /* where reading goes on, unless the page fills before */
    request_store_read_many(op->task->app->store, (const char(*)[ID_BYTES])ids, n, list_read, op);
    free(ids);
}

static bool passes(const struct list *op, const struct stored *s, enum record_view view)
{
    for (unsigned i = 0; i < FILTERS_N; i++) {
        char values[FILTER_BYTES];
        bool passed = false;

        if (!*op->values[i])
            continue;
        if (filters[i].needs_words && view != RECORD_FULL)
            return false;
        memcpy(values, op->values[i], sizeof values);
        for (char *rest = values, *value; (value = strsep(&rest, ","));)
            passed |= *value && filters[i].passes(s, value);
        if (!passed)
            return false;
    }
    return true;
}

static void list_read(void *arg, struct stored *list, size_t n, const struct err *e)
{
    struct list *op = arg;
    int64_t now_ms = clock_now_ms();

    if (e->code != ERR_OK) {
        list_fail(op, e, NULL);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const struct record *r = &list[i].record;
        enum record_view view = *r->id ? record_view_of(r, &op->task->who) : RECORD_HIDDEN;

        op->scanned++;
        if (view == RECORD_HIDDEN || !passes(op, &list[i], view))
            continue;
        if (json_array_size(op->items) == op->limit) {
            op->more = true;
            op->query.cursor = op->last;
            list_answer(op);
            return;
        }
        json_array_append_new(
            op->items, view_resource(r, list[i].body, list[i].inner, &op->task->who, now_ms, true));
        op->last = op->rows[i]; /* not the record's own time: it may have moved on since */
    }
    if (!op->more || op->scanned >= SCAN_MAX) {
        list_answer(op);
        return;
    }
    op->query.from_cursor = true;
    op->query.rest[0] = op->rest[0];
    op->query.rest[1] = *op->rest[1] ? op->rest[1] : NULL;
    list_store_read(op->task->app->store, &op->query, list_rows, op);
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

    filter_text(op, filter, sizeof filter);
    out_n = (size_t)snprintf(out, n, "/v1/requests?cursor=%s",
                             cursor_write(op->task->app->ring, &op->query.cursor, filter, cursor));
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
                    (json_int_t)(op->filtered ? found : op->total), "relation",
                    op->filtered && op->more ? "gte" : "eq");
    list_free(op);
    task_reply_json(t, 200, doc, NULL);
}
