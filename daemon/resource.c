#include "daemon/resource.h"

#include "base/clock.h"
#include "protocol/etag.h"
#include "protocol/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* resource_reply -> (resource_pairs_read) -> resource_answer */
struct resource {
    struct task *task; /* held */
    int status;
    struct stored stored; /* owned */
};

enum { PAIRS_MAX = 16 };

static void resource_answer(struct resource *op)
{
    struct task *t = op->task;
    char location[64];
    json_t *doc = view_resource(&op->stored.record, op->stored.body, op->stored.inner, &t->who,
                                clock_now_ms(), false);
    int64_t version = op->stored.record.version;

    if (op->status == 201) {
        snprintf(location, sizeof location, "/v1/requests/%s", op->stored.record.id);
        http_add_header(t->http, "Location", location);
    }
    stored_clear(&op->stored);
    task_reply_json(t, op->status, doc, version);
    free(op);
}

/* A pair's other half: listed only to those who may read it, its words only to full readers. */
static void resource_pairs_read(void *arg, struct stored *list, size_t n, const struct err *e)
{
    struct resource *op = arg;
    json_t *pairs = json_object_get(op->stored.inner, "duplicates");
    json_t *seen = json_array();

    (void)e; /* on failure n is 0: nothing is shown that could not be checked */
    for (size_t i = 0; i < n && i < json_array_size(pairs); i++) {
        json_t *pair = json_array_get(pairs, i);
        enum record_view view =
            *list[i].record.id ? record_view_of(&list[i].record, &op->task->who) : RECORD_HIDDEN;

        if (view == RECORD_HIDDEN)
            continue;
        if (view != RECORD_FULL) {
            json_object_del(pair, "probability"); /* it tells how alike the words are */
            json_object_del(pair, "shared");
            json_object_del(pair, "differs");
        }
        json_array_append(seen, pair);
    }
    json_object_set_new(op->stored.inner, "duplicates", seen);
    resource_answer(op);
}

void resource_reply(struct task *t, int status, struct stored *stored)
{
    struct resource *op = mem_new(1, sizeof *op);
    char ids[PAIRS_MAX][ID_BYTES];
    json_t *pairs = json_object_get(stored->inner, "duplicates");
    size_t n = 0;

    op->task = t;
    op->status = status;
    op->stored = *stored;
    *stored = (struct stored){0};
    if (record_view_of(&op->stored.record, &t->who) == RECORD_HIDDEN) {
        stored_clear(&op->stored);
        free(op);
        task_problem(t, &(struct err){ERR_NOT_FOUND, "hidden"});
        return;
    }
    for (; n < PAIRS_MAX && n < json_array_size(pairs); n++) {
        const char *id = json_string_value(json_object_get(json_array_get(pairs, n), "id"));

        snprintf(ids[n], ID_BYTES, "%s", id && id_is(id, "req_") ? id : op->stored.record.id);
    }
    /* A country reads all its own requests, and pairs are of one country. */
    if (n == 0 || t->who.role == ROLE_COUNTRY)
        resource_answer(op);
    else
        request_store_read_many(t->app->store, (const char(*)[ID_BYTES])ids, n, resource_pairs_read,
                                op);
}

struct reread {
    struct task *task;
    int status;
};

static void resource_read(void *arg, struct stored *stored, const struct err *e)
{
    struct reread op = *(struct reread *)arg;

    free(arg);
    if (stored)
        resource_reply(op.task, op.status, stored);
    else
        task_problem(op.task, e);
}

void resource_reread(struct task *t, int status, const char *id)
{
    struct reread *op = mem_new(1, sizeof *op);

    *op = (struct reread){t, status};
    request_store_read(t->app->store, id, &t->who, resource_read, op);
}
