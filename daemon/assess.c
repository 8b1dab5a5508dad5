/* POST /v1/requests:assess: where a draft would go and which requests of its country it resembles,
 * without keeping anything of it.
 *
 *   assess_begin -> assess_entered -> assess_compared
 *         ^               |
 *         +---------------+  a reload came in between
 *
 * The draft is read anew when it is its turn: an operation keeps no pointer into the reference data
 * over a wait (app.h). */
#include "daemon/operations.h"

#include "corpus/compare.h"
#include "daemon/resource.h"
#include "daemon/task.h"
#include "protocol/document.h"
#include "protocol/request.h"
#include "routing/decision.h"
#include "routing/draft.h"

#include <stdlib.h>
#include <string.h>

struct assess {
    struct task *task;     /* held */
    json_t *doc;           /* owned */
    json_t *routing;       /* owned; NULL: not decided yet */
    struct corpus *corpus; /* borrowed, compared with the app's only */
};

static void assess_enter(struct assess *op);
static void assess_entered(void *arg, struct corpus_place *place, const struct err *e);
static void assess_compared(void *arg, const struct comparison *c, const struct err *e);

/* Ends the operation with the task still in hand. */
static struct task *assess_end(struct assess *op)
{
    struct task *t = op->task;

    json_decref(op->doc);
    json_decref(op->routing);
    free(op);
    return t;
}

void assess_begin(struct task *t)
{
    struct assess *op = mem_new(1, sizeof *op);
    const char *country = t->who.role == ROLE_COUNTRY ? t->who.of : NULL;
    struct faults faults = {.n = 0};
    struct request request;
    struct err e = {0};

    op->task = t;
    if (task_read_json(t, true, &op->doc, &faults, &e) != ERR_OK) {
        task_faults(assess_end(op), &e, &faults);
        return;
    }
    if (!request_decode(op->doc, country, &t->app->codes, &request, &faults)) {
        err_set(&e, ERR_VALIDATION, "%zu faults", faults.n);
        task_faults(assess_end(op), &e, &faults);
        return;
    }
    assess_enter(op);
}

static void assess_enter(struct assess *op)
{
    op->corpus = op->task->app->corpus;
    corpus_enter(op->corpus, json_string_value(json_object_get(op->doc, "country")), assess_entered,
                 op);
}

static void assess_entered(void *arg, struct corpus_place *place, const struct err *e)
{
    struct assess *op = arg;
    const struct app *app = op->task->app;
    const char *themes[DRAFT_THEMES_MAX + 1];
    struct grounds grounds;
    struct decision decision;
    struct reading *r;
    struct draft d;
    struct err fault = {0};

    if (!place && op->corpus != app->corpus) {
        assess_enter(op);
        return;
    }
    if (!place) {
        task_problem(assess_end(op), e);
        return;
    }
    if (draft_read(&app->config->mandate, op->doc, themes, &d, &fault) != ERR_OK)
        bug("a request that is no draft: %s", fault.detail);
    r = reading_new(app->engine, &d);
    decision_read(app->engine, r, &d, &grounds, &decision);
    op->routing = decision_json(app->engine, &decision);
    compare_begin(place, app->store, r, COMPARE_DUPLICATES, assess_compared, op);
    corpus_leave(place);
    reading_free(r);
}

/* Likeness tells what is in the other one, and the draft was chosen by the caller: only those that
 * they may read in full are listed or counted. */
static json_t *duplicates_json(const struct comparison *c, const struct principal *who,
                               enum similar_verdict *ret_best)
{
    json_t *list = json_array();

    *ret_best = SIMILAR_NONE;
    for (size_t i = 0; i < c->duplicates_n; i++) {
        const struct match *m = &c->duplicates[i];
        const struct record *r = &m->stored.record;
        json_t *pair;

        if (record_view_of(r, who) != RECORD_FULL)
            continue;
        pair = compare_json(m);
        json_object_set(pair, "title", json_object_get(m->stored.body, "title"));
        json_object_set_new(pair, "language", json_string(language_words[r->language]));
        json_object_set_new(pair, "state", json_string(state_words[r->state]));
        json_array_append_new(list, pair);
        if (m->hit.verdict > *ret_best)
            *ret_best = m->hit.verdict;
    }
    return list;
}

static void assess_compared(void *arg, const struct comparison *c, const struct err *e)
{
    struct assess *op = arg;
    enum similar_verdict best;
    json_t *duplicates;
    json_t *doc;

    if (!c) {
        task_problem(assess_end(op), e);
        return;
    }
    duplicates = duplicates_json(c, &op->task->who, &best);
    if (best >= SIMILAR_LIKELY) /* as the router would: it waits for a person */
        json_object_set_new(op->routing, "outcome", json_string("triage"));
    doc = json_pack("{s:O, s:o}", "routing", op->routing, "duplicates", duplicates);
    resource_explain(op->task, doc, language_find(document_text(op->doc, "language")));
    task_reply_json(assess_end(op), 200, doc, NULL);
}
