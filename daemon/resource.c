#include "daemon/resource.h"

#include "base/clock.h"
#include "daemon/absence.h"
#include "daemon/outlook.h"
#include "protocol/etag.h"
#include "protocol/others.h"
#include "protocol/view.h"
#include "routing/explanation.h"

#include <stdio.h>
#include <stdlib.h>

/* resource_reply -> (resource_others_read) -> resource_answer -> (resource_expected) ->
 * resource_send */
struct resource {
    struct task *task; /* held */
    int status;
    struct stored stored; /* owned */
    json_t *doc;          /* owned: the answer */
};

const char *resource_language_tag(const struct task *t, const struct record *r)
{
    int language = task_language(t, (int)r->language);

    return language == (int)r->language ? "" : language_codes[language];
}

/* The decision was stored without sentences: each reader gets them in their language. */
void resource_explain(const struct task *t, json_t *doc, int own)
{
    const struct words *words = t->app->config->words;
    int language = task_language(t, own);
    json_t *routing = json_object_get(doc, "routing");

    if (json_is_object(routing))
        explanation_add(words, routing, language);
    explanation_add_duplicates(words, json_object_get(doc, "duplicates"), language);
    explanation_add_related(words, json_object_get(doc, "related"), language);
}

static void resource_expected(void *arg, json_t *expected);
static void resource_send(struct resource *op);

/* list: of the requests that this one speaks of. */
static void resource_answer(struct resource *op, const struct stored *list, size_t n)
{
    struct task *t = op->task;
    const struct record *r = &op->stored.record;
    struct other others[OTHERS_MAX];
    json_t *doc =
        view_resource(r, op->stored.body, op->stored.inner, &t->who, clock_now_ms(), false);

    for (size_t i = 0; i < n; i++)
        others[i] = (struct other){&list[i].record, list[i].body};
    absence_add(t->app, r, doc);
    json_object_update_new(doc, others_view(r, op->stored.inner, &t->who, others, n));
    resource_explain(t, doc, (int)r->language);
    op->doc = doc;
    if (outlook_is_for(r, &t->who))
        outlook_ask(t->app->outlook, r, task_language(t, (int)r->language), resource_expected, op);
    else
        resource_send(op);
}

static void resource_expected(void *arg, json_t *expected)
{
    struct resource *op = arg;

    if (expected)
        json_object_set_new(op->doc, "expected", expected);
    resource_send(op);
}

static void resource_send(struct resource *op)
{
    const struct record *r = &op->stored.record;
    struct task *t = op->task;
    char location[64];
    char tag[ETAG_BYTES];
    json_t *doc = op->doc;

    etag_write(r->version, resource_language_tag(t, r), tag);
    if (op->status == 201) {
        snprintf(location, sizeof location, "/v1/requests/%s", r->id);
        http_add_header(t->http, "Location", location);
    }
    stored_clear(&op->stored);
    task_reply_json(t, op->status, doc, tag);
    free(op);
}

static void resource_others_read(void *arg, struct stored *list, size_t n, const struct err *e)
{
    (void)e; /* on failure n is 0: nothing is shown that could not be checked */
    resource_answer(arg, list, n);
}

void resource_reply(struct task *t, int status, struct stored *stored)
{
    struct resource *op = mem_new(1, sizeof *op);
    char ids[OTHERS_MAX][ID_BYTES];
    size_t n;

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
    n = others_ids(&op->stored.record, op->stored.inner, ids);
    if (n == 0)
        resource_answer(op, NULL, 0);
    else
        request_store_read_many(t->app->store, (const char(*)[ID_BYTES])ids, n,
                                resource_others_read, op);
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
