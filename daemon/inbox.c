/* GET /v1/inbox: what waits for this secretariat (or for the coordinator) in working order:
 * urgency, then the share of the norm that is used up, then countries with few means, then the
 * older request, then its reference (domain reference 7).
 *
 *   inbox_begin -> inbox_rows -> inbox_read */
#include "daemon/operations.h"

#include "base/clock.h"
#include "daemon/absence.h"
#include "daemon/task.h"
#include "protocol/timer.h"
#include "protocol/view.h"
#include "store/list_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INBOX_MAX = 200 };

struct inbox {
    struct task *task;           /* held */
    char officer[OFFICER_BYTES]; /* whose alone; "": of all */
    int64_t total;
};

struct rank {
    const struct stored *stored;
    int used;       /* share of the norm in percent, more than 100 when overdue */
    bool few_means; /* LDC or SIDS */
};

static void inbox_rows(void *arg, const struct cursor *rows, size_t n, int64_t total,
                       const struct err *e);
static void inbox_read(void *arg, struct stored *list, size_t n, const struct err *e);

static void inbox_end(struct inbox *op, json_t *items)
{
    struct task *t = op->task;
    json_t *doc = json_pack("{s:o, s:n, s:{s:I, s:s}}", "items", items, "next", "total", "value",
                            (json_int_t)op->total, "relation", "eq");

    free(op);
    task_reply_json(t, 200, doc, NULL);
}

void inbox_begin(struct task *t)
{
    struct inbox *op = mem_new(1, sizeof *op);
    char offers[40] = "coordinator";
    char claims[40];
    struct list_query query = {
        .name = "inbox", .rest = {offers}, .partition = -1, .order = LIST_OLDEST, .n = INBOX_MAX};

    op->task = t;
    if (!task_query(t, "officer", op->officer, sizeof op->officer) ||
        (*op->officer && !absence_is_officer(op->officer))) {
        struct faults faults = {.n = 0};

        free(op);
        fault_add(&faults, "?officer", NULL, "not_an_officer");
        task_faults(t, &(struct err){ERR_MALFORMED, "officer"}, &faults);
        return;
    }
    if (t->who.role == ROLE_SECRETARIAT) {
        snprintf(offers, sizeof offers, "offer:%s", t->who.of);
        snprintf(claims, sizeof claims, "claim:%s", t->who.of);
        query.rest[1] = claims;
    }
    list_store_read(t->app->store, &query, inbox_rows, op);
}

static void inbox_rows(void *arg, const struct cursor *rows, size_t n, int64_t total,
                       const struct err *e)
{
    struct inbox *op = arg;
    char(*ids)[ID_BYTES];

    if (e->code != ERR_OK) {
        task_problem(op->task, e);
        free(op);
        return;
    }
    op->total = total;
    if (n == 0) {
        inbox_end(op, json_array());
        return;
    }
    ids = mem_new(n, sizeof *ids);
    for (size_t i = 0; i < n; i++)
        memcpy(ids[i], rows[i].id, ID_BYTES);
    request_store_read_many(op->task->app->store, (const char(*)[ID_BYTES])ids, n, inbox_read, op);
    free(ids);
}

static int compare_ranks(const void *a, const void *b)
{
    const struct rank *x = a;
    const struct rank *y = b;
    const struct record *p = &x->stored->record;
    const struct record *q = &y->stored->record;

    if (p->urgency != q->urgency)
        return p->urgency < q->urgency ? -1 : 1;
    if (x->used != y->used)
        return x->used > y->used ? -1 : 1;
    if (x->few_means != y->few_means)
        return x->few_means ? -1 : 1;
    if (p->submitted_ms != q->submitted_ms)
        return p->submitted_ms < q->submitted_ms ? -1 : 1;
    return strcmp(p->reference, q->reference);
}

static struct rank rank_of(const struct app *app, const struct stored *s, int64_t now_ms)
{
    const struct country *country = world_country(&app->config->world, s->record.country);

    return (struct rank){.stored = s,
                         .used = timer_percent(&s->record, &app->config->calendars.all, now_ms),
                         .few_means = country && (country->ldc || country->sids)};
}

/* Of one officer's: what that one answers for now, and what nobody in particular does. */
static bool waits_for(const struct inbox *op, const struct record *r, int64_t now_ms)
{
    char acting[OFFICER_BYTES];

    return !*op->officer || strcmp(r->lead, op->task->who.of) != 0 ||
           !*absence_acting_of(op->task->app, r, now_ms, acting) || !strcmp(acting, op->officer);
}

static void inbox_read(void *arg, struct stored *list, size_t n, const struct err *e)
{
    struct inbox *op = arg;
    struct rank ranks[INBOX_MAX];
    int64_t now_ms = clock_now_ms();
    json_t *items;
    size_t kept = 0;

    if (e->code != ERR_OK) {
        task_problem(op->task, e);
        free(op);
        return;
    }
    for (size_t i = 0; i < n && kept < INBOX_MAX; i++)
        if (*list[i].record.id && waits_for(op, &list[i].record, now_ms) &&
            record_view_of(&list[i].record, &op->task->who) != RECORD_HIDDEN)
            ranks[kept++] = rank_of(op->task->app, &list[i], now_ms);
    qsort(ranks, kept, sizeof ranks[0], compare_ranks);
    items = json_array();
    for (size_t i = 0; i < kept; i++) {
        const struct stored *s = ranks[i].stored;
        json_t *item = view_resource(&s->record, s->body, s->inner, &op->task->who, now_ms, true);

        absence_add(op->task->app, &s->record, item);
        json_array_append_new(items, item);
    }
    inbox_end(op, items);
}
